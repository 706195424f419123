#include "ceremony/keys/identity.h"

#include <stdio.h>
#include <string.h>

#include "appliance/base/text.h"
#include "ceremony/keys/certs.h"
#include "ceremony/keys/slip39.h"

#define WHAT "identity.json"
#define REHEARSAL_CN "REHEARSAL "
#define GENESIS_GENERATION 1U

/* Which of the plan's dates a certificate takes. */
static const size_t dates_of[KEY_COUNT] = {
	[KEY_ROOT_P384] = offsetof(struct plan, root),
	[KEY_ROOT_MLDSA87] = offsetof(struct plan, root),
	[KEY_SIGNING_CA_P384] = offsetof(struct plan, signing),
	[KEY_SIGNING_CA_MLDSA87] = offsetof(struct plan, signing),
	[KEY_STATEMENT_P384] = offsetof(struct plan, statement),
	[KEY_STATEMENT_MLDSA87] = offsetof(struct plan, statement),
	[KEY_TOKEN_CA_P384] = offsetof(struct plan, root),
	[KEY_OPERATIONS_P384] = offsetof(struct plan, operations),
	[KEY_OPERATIONS_MLDSA87] = offsetof(struct plan, operations),
	[KEY_TOKEN_P256] = offsetof(struct plan, token),
};

struct derive_scope
identity_scope(const struct identity *id)
{
	struct derive_scope scope = { .world = id->world };

	memcpy(scope.sanctum_id, id->sanctum_id, sizeof(scope.sanctum_id));
	return scope;
}

uint32_t
identity_share_number(const struct identity *id, const uint8_t commitment[32])
{
	uint32_t i;

	for (i = 0; i < id->share_count; i++)
		if (memcmp(id->commitment[i], commitment, 32) == 0)
			return i + 1;
	return 0;
}

void
identity_log_name(enum plan_world world, const uint8_t sanctum_id[16],
    char ret[IDENTITY_LOG_NAME_MAX])
{
	char hex[33];

	sn_hex((struct bytes){ sanctum_id, 16 }, hex);
	(void)snprintf(ret, IDENTITY_LOG_NAME_MAX, "cornerstone/%s/%s", plan_world_name(world),
	    hex);
}

enum sn_err
identity_serial(const struct derive_scope *scope, const char *label, uint32_t generation,
    int64_t from, int64_t to, uint8_t ret[20], struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	uint8_t digest[CRY_MAX_HASH];

	sn_buf_put(&b, BYTES_OF("cornerstone/v1/serial")); /* with its NUL */
	sn_buf_str(&b, plan_world_name(scope->world));
	sn_buf_u8(&b, 0);
	sn_buf_put(&b, BYTES_OF(scope->sanctum_id));
	sn_buf_str(&b, label);
	sn_buf_u8(&b, 0);
	sn_buf_u32(&b, generation);
	sn_buf_u64(&b, (uint64_t)from);
	sn_buf_u64(&b, (uint64_t)to);
	SN_TRY(sn_buf_check(&b, why));
	SN_TRY(cry_digest(CRY_SHA256, sn_buf_bytes(&b), digest, why));
	memcpy(ret, digest, 20);
	/* positive, and always twenty bytes long in DER */
	ret[0] = (uint8_t)((ret[0] & 0x7f) | 0x40);
	return SN_OK;
}

enum sn_err
identity_past_serial(const struct identity *id, enum key_id key, uint32_t generation,
    uint8_t ret[20], struct sn_why *why)
{
	const struct derive_scope scope = identity_scope(id);
	const struct identity_past *p = &id->past[generation - 1];
	const bool token = key == KEY_TOKEN_P256;

	return identity_serial(&scope, key_row(key)->label, generation,
	    token ? p->token_from : p->operations_from, token ? p->token_to : p->operations_to,
	    ret, why);
}

/* ---- rules that hold for a new identity and for one that is read */

static enum sn_err
check_cert(const struct identity *id, enum key_id key, struct sn_why *why)
{
	const struct identity_cert *c = &id->cert[key];
	const struct identity_cert *issuer = &id->cert[certs_row(key)->issuer];
	const char *label = key_row(key)->label;
	struct derive_scope scope = identity_scope(id);
	bool marked = strncmp(c->cn, REHEARSAL_CN, strlen(REHEARSAL_CN)) == 0;
	uint8_t serial[20];

	if (marked != (id->world == PLAN_REHEARSAL))
		return sn_fail(why, SN_E_POLICY,
		    WHAT ": %s: the name \"%s\" does not belong to world %s", label, c->cn,
		    plan_world_name(id->world));
	if (c->generation == 0 ||
	    (key_row(key)->parent == KEY_OF_OPERATIONS &&
		c->generation != id->operations_generation))
		return sn_fail(why, SN_E_POLICY, WHAT ": %s: generation %u", label,
		    c->generation);
	if (c->from >= c->to || c->from < issuer->from || c->to > issuer->to)
		return sn_fail(why, SN_E_POLICY,
		    WHAT ": %s: the dates do not lie inside the issuer's", label);
	if ((key == KEY_OPERATIONS_P384 || key == KEY_OPERATIONS_MLDSA87) &&
	    c->to - c->from > IDENTITY_OPERATIONS_MAX)
		return sn_fail(why, SN_E_POLICY, WHAT ": %s: more than two years", label);
	SN_TRY(identity_serial(&scope, label, c->generation, c->from, c->to, serial, why));
	if (memcmp(serial, c->serial, sizeof(serial)) != 0)
		return sn_fail(why, SN_E_SIGNATURE,
		    WHAT ": %s: the serial number does not fit "
			 "the sanctum, the generation and the dates; something is mistyped",
		    label);
	return SN_OK;
}

/* Each earlier generation's certificates were as long as such may be, inside the issuer's. */
static enum sn_err
check_past(const struct identity *id, struct sn_why *why)
{
	const struct identity_cert *signing = &id->cert[KEY_SIGNING_CA_P384];
	const struct identity_cert *token = &id->cert[KEY_TOKEN_CA_P384];

	if (id->npast > IDENTITY_PAST_MAX || id->operations_generation != id->npast + 1)
		return sn_fail(why, SN_E_POLICY,
		    WHAT ": operations: generation %u, with %u superseded ones",
		    id->operations_generation, id->npast);
	for (uint32_t i = 0; i < id->npast; i++) {
		const struct identity_past *p = &id->past[i];

		if (p->operations_from >= p->operations_to || p->token_from >= p->token_to ||
		    p->operations_to - p->operations_from > IDENTITY_OPERATIONS_MAX ||
		    p->operations_from < signing->from || p->operations_to > signing->to ||
		    p->token_from < token->from || p->token_to > token->to)
			return sn_fail(why, SN_E_POLICY,
			    WHAT ": superseded: the dates of generation %u cannot be", i + 1);
	}
	return SN_OK;
}

enum sn_err
identity_check(const struct identity *id, struct sn_why *why)
{
	bool rehearsal = (id->share_identifier & SLIP39_REHEARSAL) != 0;
	unsigned int k;

	if (id->share_threshold < 2 || id->share_threshold > id->share_count ||
	    id->share_count > PLAN_MAX_SHARES)
		return sn_fail(why, SN_E_POLICY, WHAT ": shares: %u of %u", id->share_threshold,
		    id->share_count);
	if (rehearsal != (id->world == PLAN_REHEARSAL) ||
	    id->share_identifier > SLIP39_IDENTIFIER_MAX)
		return sn_fail(why, SN_E_POLICY,
		    WHAT ": shares: identifier %u does not belong to world %s",
		    id->share_identifier, plan_world_name(id->world));
	if (id->operations_threshold < 2 || id->operations_threshold > id->operations_count ||
	    id->operations_count > PLAN_MAX_APPROVERS || id->operations_generation == 0)
		return sn_fail(why, SN_E_POLICY, WHAT ": operations: %u of %u, generation %u",
		    id->operations_threshold, id->operations_count, id->operations_generation);
	for (k = 0; k < KEY_COUNT; k++)
		if (certs_row((enum key_id)k)->kind != CERTS_NONE)
			SN_TRY(check_cert(id, (enum key_id)k, why));
	return check_past(id, why);
}

/* ---- from a plan */

enum sn_err
identity_plan_cert(const struct identity *id, const struct plan *plan, enum key_id key,
    uint32_t generation, struct identity_cert *ret, struct sn_why *why)
{
	const struct plan_dates *dates =
	    (const struct plan_dates *)(const void *)((const char *)plan + dates_of[key]);
	SN_CLEANUP(sn_buf_done) struct sn_buf cn = { 0 };
	struct derive_scope scope = identity_scope(id);

	/* the sanctum's first four bytes tell two sanctums of one organisation apart */
	sn_buf_fmt(&cn, "%s%s ", id->world == PLAN_REHEARSAL ? REHEARSAL_CN : "",
	    certs_row(key)->cn);
	sn_buf_hex(&cn, (struct bytes){ id->sanctum_id, 4 });
	SN_TRY(sn_buf_check(&cn, why));
	if (cn.n > IDENTITY_CN_MAX)
		return sn_fail(why, SN_E_INTERNAL, "common name of %zu bytes", cn.n);
	memcpy(ret->cn, sn_buf_cstr(&cn), cn.n + 1);
	ret->generation = generation;
	ret->from = dates->from;
	ret->to = dates->to;
	return identity_serial(&scope, key_row(key)->label, ret->generation, ret->from, ret->to,
	    ret->serial, why);
}

enum sn_err
identity_build(const struct plan *plan, uint16_t share_identifier,
    const uint8_t (*commitments)[32], struct identity *ret, struct sn_why *why)
{
	struct identity id = {
		.world = plan->world,
		.share_threshold = plan->share_threshold,
		.share_count = plan->share_count,
		.share_identifier = share_identifier,
		.operations_generation = GENESIS_GENERATION,
		.operations_threshold = plan->ops_threshold,
		.operations_count = (uint32_t)plan->napprovers,
	};
	unsigned int k;

	if (plan->share_count > PLAN_MAX_SHARES)
		return sn_fail(why, SN_E_INTERNAL, "%u shares", plan->share_count);
	memcpy(id.sanctum_id, plan->sanctum_id, sizeof(id.sanctum_id));
	memcpy(id.sanctum_name, plan->sanctum_name, sizeof(id.sanctum_name));
	memcpy(id.organization, plan->organization, sizeof(id.organization));
	memcpy(id.commitment, commitments, plan->share_count * sizeof(id.commitment[0]));
	for (k = 0; k < KEY_COUNT; k++)
		if (certs_row((enum key_id)k)->kind != CERTS_NONE)
			SN_TRY(identity_plan_cert(&id, plan, (enum key_id)k, GENESIS_GENERATION,
			    &id.cert[k], why));
	SN_TRY(identity_check(&id, why));
	*ret = id;
	return SN_OK;
}

enum sn_err
identity_custody_fits(const struct identity *id, const struct plan *plan, struct sn_why *why)
{
	const struct {
		const char *what;
		bool same;
	} rules[] = {
		{ "world", id->world == plan->world },
		{ "sanctum id", memcmp(id->sanctum_id, plan->sanctum_id, 16) == 0 },
		{ "sanctum name", strcmp(id->sanctum_name, plan->sanctum_name) == 0 },
		{ "share threshold", id->share_threshold == plan->share_threshold },
		{ "number of shares", id->share_count == plan->share_count },
	};

	for (size_t i = 0; i < SN_NITEMS(rules); i++)
		if (!rules[i].same)
			return sn_fail(why, SN_E_POLICY, WHAT ": its %s is not the plan's",
			    rules[i].what);
	return SN_OK;
}

enum sn_err
identity_reshare(const struct plan *plan, uint16_t share_identifier,
    const uint8_t (*commitments)[32], struct identity *id, struct sn_why *why)
{
	if (share_identifier == id->share_identifier)
		return sn_fail(why, SN_E_POLICY,
		    WHAT ": shares: a new splitting with the identifier of the old one");
	id->share_threshold = plan->share_threshold;
	id->share_count = plan->share_count;
	id->share_identifier = share_identifier;
	memset(id->commitment, 0, sizeof(id->commitment));
	memcpy(id->commitment, commitments, plan->share_count * sizeof(id->commitment[0]));
	return identity_check(id, why);
}
