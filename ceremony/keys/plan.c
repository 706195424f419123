#include "ceremony/keys/plan_parts.h"

#include <stdlib.h>
#include <string.h>

#include "appliance/base/json.h"
#include "appliance/base/text.h"
#include "appliance/crypto/key.h"

#define YEAR_SECONDS (366LL * 86400)

static const struct plan_word world_names[] = {
	{ "rehearsal", PLAN_REHEARSAL },
	{ "production", PLAN_PRODUCTION },
};
static const struct plan_word mode_names[] = {
	{ "genesis", PLAN_GENESIS },
	{ "rebuild", PLAN_REBUILD },
	{ "refresh", PLAN_REFRESH },
	{ "amend", PLAN_AMEND },
	{ "check", PLAN_CHECK },
	{ "rotate", PLAN_ROTATE },
	{ "reshare", PLAN_RESHARE },
	{ "revoke", PLAN_REVOKE },
};
static const struct plan_word tpm_names[] = { { "machine", 0 }, { "software", 1 } };
static const struct plan_word console_names[] = {
	{ "any", PLAN_CONSOLE_ANY },
	{ "serial", PLAN_CONSOLE_SERIAL },
	{ "framebuffer", PLAN_CONSOLE_FRAMEBUFFER },
};

static const char *const plan_keys[] = { "format", "world", "mode", "sequence", "ceremony",
	"window", "sanctum", "people", "shares", "approvers", "approvals", "operations",
	"dates", "tpm", "tpm_ek", "tpm_ak", "tpm_counter", "accept", "console",
	"collateral_time", "vendor_pki", "identity_sha256", "freshness", "nodes", "tcb",
	"profiles", "languages", "exceptions", "dice", "closing", "previous_closing",
	"base_sha256", "previous_sha256", "approvers_next", "team", "inspection", "seals",
	"journal", NULL };
static const char *const range_keys[] = { "from", "to", NULL };
static const char *const sanctum_keys[] = { "id", "name", "organization", NULL };
static const char *const date_keys[] = { "root", "signing", "statement", "operations", "token",
	NULL };

enum sn_err
plan_choice(yyjson_val *obj, const char *key, const struct plan_word *t, size_t n,
    unsigned int *ret, struct sn_why *why)
{
	const char *s = NULL;

	SN_TRY(sn_json_str(obj, key, 24, &s, WHAT, why));
	for (size_t i = 0; i < n; i++) {
		if (strcmp(s, t[i].name) == 0) {
			*ret = t[i].bit;
			return SN_OK;
		}
	}
	return sn_fail(why, SN_E_FORMAT, WHAT ": %s is \"%s\", which is not a choice here", key,
	    s);
}

/* Copy a printable string of at most max bytes into a fixed field. */
enum sn_err
plan_string(yyjson_val *obj, const char *key, char *ret, size_t max, struct sn_why *why)
{
	const char *s = NULL;

	SN_TRY(sn_json_str(obj, key, max, &s, WHAT, why));
	if (s[0] == '\0')
		return sn_fail(why, SN_E_FORMAT, WHAT ": %s is empty", key);
	memcpy(ret, s, strlen(s) + 1);
	return SN_OK;
}

enum sn_err
plan_range(yyjson_val *parent, const char *key, struct plan_dates *ret, struct sn_why *why)
{
	yyjson_val *o = NULL;

	SN_TRY(sn_json_obj(parent, key, &o, WHAT, why));
	SN_TRY(sn_json_only(o, range_keys, WHAT, why));
	SN_TRY(sn_json_time(o, "from", &ret->from, WHAT, why));
	SN_TRY(sn_json_time(o, "to", &ret->to, WHAT, why));
	if (ret->from >= ret->to)
		return sn_fail(why, SN_E_POLICY, WHAT ": %s ends before it begins", key);
	return SN_OK;
}

/* Who signs in this ceremony may do so then. Revoking signs nothing and is never too late. */
static enum sn_err
plan_window(const struct plan *p, struct sn_why *why)
{
	const struct {
		const char *name;
		const struct plan_dates *dates;
	} signers[] = { { "statement signer", &p->statement },
		{ "operations signer", &p->operations }, { "root", &p->root } };
	const size_t i = p->mode == PLAN_REVOKE ? 2 : plan_is_operations(p);

	if (p->window.from < signers[i].dates->from || p->window.to > signers[i].dates->to)
		return sn_fail(why, SN_E_POLICY,
		    WHAT ": window: the dates of the %s do not cover it", signers[i].name);
	return SN_OK;
}

/* Certificates must lie inside their issuer's dates. */
static enum sn_err
plan_dates_nest(const struct plan *p, struct sn_why *why)
{
	const struct {
		const char *name;
		struct plan_dates in, out;
	} nests[] = {
		{ "signing", p->signing, p->root },
		{ "statement", p->statement, p->signing },
		{ "operations", p->operations, p->signing },
		{ "token", p->token, p->root },
	};

	for (size_t i = 0; i < SN_NITEMS(nests); i++) {
		if (nests[i].in.from < nests[i].out.from || nests[i].in.to > nests[i].out.to)
			return sn_fail(why, SN_E_POLICY,
			    WHAT ": dates.%s do not lie inside those of the issuer",
			    nests[i].name);
	}
	if (p->operations.to - p->operations.from > 2 * YEAR_SECONDS)
		return sn_fail(why, SN_E_POLICY, WHAT ": dates.operations: more than 2 years");
	return plan_window(p, why);
}

static enum sn_err
plan_all_dates(struct plan *p, yyjson_val *root, struct sn_why *why)
{
	yyjson_val *o = NULL;

	SN_TRY(plan_range(root, "window", &p->window, why));
	SN_TRY(sn_json_obj(root, "dates", &o, WHAT, why));
	SN_TRY(sn_json_only(o, date_keys, WHAT, why));
	SN_TRY(plan_range(o, "root", &p->root, why));
	SN_TRY(plan_range(o, "signing", &p->signing, why));
	SN_TRY(plan_range(o, "statement", &p->statement, why));
	SN_TRY(plan_range(o, "operations", &p->operations, why));
	SN_TRY(plan_range(o, "token", &p->token, why));
	return plan_dates_nest(p, why);
}

/* What only a rehearsal may do. */
static enum sn_err
plan_world_rules(const struct plan *p, struct sn_why *why)
{
	const struct {
		bool is;
		const char *what;
	} rehearsal_only[] = {
		{ p->software_tpm, "tpm: software" },
		{ p->accept_software, "accept: software" },
		{ p->has_collateral_time && !p->has_exception, "collateral_time" },
		{ p->namd_roots > 0 || p->has_intel_root || p->has_ibm_root || p->has_tpm_root,
		    "vendor_pki" },
	};

	if (p->world == PLAN_REHEARSAL)
		return SN_OK;
	for (size_t i = 0; i < SN_NITEMS(rehearsal_only); i++) {
		if (rehearsal_only[i].is)
			return sn_fail(why, SN_E_POLICY, WHAT ": %s is for rehearsals only",
			    rehearsal_only[i].what);
	}
	return SN_OK;
}

static enum sn_err
plan_head(struct plan *p, yyjson_val *root, struct sn_why *why)
{
	yyjson_val *o = NULL;
	const char *format = NULL;
	unsigned int v = 0;

	SN_TRY(sn_json_only(root, plan_keys, WHAT, why));
	SN_TRY(sn_json_str(root, "format", 32, &format, WHAT, why));
	if (strcmp(format, "cornerstone-plan-1") != 0)
		return sn_fail(why, SN_E_FORMAT, WHAT ": format \"%s\" is not known here",
		    format);
	SN_TRY(plan_choice(root, "world", world_names, SN_NITEMS(world_names), &v, why));
	p->world = (enum plan_world)v;
	SN_TRY(plan_choice(root, "mode", mode_names, SN_NITEMS(mode_names), &v, why));
	p->mode = (enum plan_mode)v;
	SN_TRY(plan_choice(root, "console", console_names, SN_NITEMS(console_names), &v, why));
	p->console = (enum plan_console)v;
	SN_TRY(plan_choice(root, "tpm", tpm_names, SN_NITEMS(tpm_names), &v, why));
	p->software_tpm = v == 1;
	SN_TRY(sn_json_u32(root, "sequence", 1, UINT32_MAX, &p->sequence, WHAT, why));
	SN_TRY(plan_string(root, "ceremony", p->ceremony, sizeof(p->ceremony) - 1, why));
	SN_TRY(sn_json_obj(root, "sanctum", &o, WHAT, why));
	SN_TRY(sn_json_only(o, sanctum_keys, WHAT, why));
	SN_TRY(sn_json_hex(o, "id", p->sanctum_id, sizeof(p->sanctum_id), WHAT, why));
	SN_TRY(plan_string(o, "name", p->sanctum_name, PLAN_FULL_MAX, why));
	return plan_string(o, "organization", p->organization, PLAN_FULL_MAX, why);
}

enum sn_err
plan_parse(struct bytes text, struct plan **ret, struct sn_why *why)
{
	SN_CLEANUP(plan_free) struct plan *p = calloc(1, sizeof(*p));
	SN_CLEANUP(sn_json_free) yyjson_doc *doc = NULL;
	yyjson_val *root;

	if (p == NULL)
		return sn_fail(why, SN_E_NOMEM, WHAT);
	if (text.n > PLAN_MAX_BYTES)
		return sn_fail(why, SN_E_LIMIT, WHAT ": %zu bytes, at most %u", text.n,
		    PLAN_MAX_BYTES);
	SN_TRY(sn_json_parse(text, WHAT, false, &doc, why));
	root = yyjson_doc_get_root(doc);
	SN_TRY(plan_head(p, root, why));
	SN_TRY(plan_team(p, root, why));
	SN_TRY(plan_people(p, root, why));
	SN_TRY(plan_shares(p, root, why));
	SN_TRY(plan_approvers(p, root, why));
	SN_TRY(plan_team_rules(p, why));
	SN_TRY(plan_all_dates(p, root, why));
	SN_TRY(plan_accept(p, root, why));
	SN_TRY(plan_optional(p, root, why));
	SN_TRY(plan_world_rules(p, why));
	sn_buf_put(&p->bytes, text);
	SN_TRY(sn_buf_check(&p->bytes, why));
	SN_TRY(cry_digest(CRY_SHA256, text, p->digest, why));
	*ret = SN_TAKE(p);
	return SN_OK;
}

void
plan_free(struct plan **pp)
{
	if (pp == NULL || *pp == NULL)
		return;
	sn_buf_done(&(*pp)->bytes);
	free(*pp);
	*pp = NULL;
}

const char *
plan_world_name(enum plan_world w)
{
	return world_names[w].name;
}

const char *
plan_mode_name(enum plan_mode m)
{
	return mode_names[m].name;
}
