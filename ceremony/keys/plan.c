#include "ceremony/keys/plan.h"

#include <stdlib.h>
#include <string.h>

#include "appliance/base/json.h"
#include "appliance/base/text.h"
#include "appliance/crypto/key.h"

#define WHAT "plan.json"
#define YEAR_SECONDS (366LL * 86400)

struct name_bit {
	const char *name;
	unsigned int bit;
};

static const struct name_bit role_names[] = {
	{ "administrator", PLAN_ROLE_ADMINISTRATOR },
	{ "witness", PLAN_ROLE_WITNESS },
	{ "custodian", PLAN_ROLE_CUSTODIAN },
	{ "approver", PLAN_ROLE_APPROVER },
	{ "auditor", PLAN_ROLE_AUDITOR },
	{ "safe-controller", PLAN_ROLE_SAFE },
};
static const struct name_bit world_names[] = {
	{ "rehearsal", PLAN_REHEARSAL },
	{ "production", PLAN_PRODUCTION },
};
static const struct name_bit mode_names[] = {
	{ "genesis", PLAN_GENESIS },
	{ "rebuild", PLAN_REBUILD },
};
static const struct name_bit tpm_names[] = { { "machine", 0 }, { "software", 1 } };
static const struct name_bit console_names[] = {
	{ "any", PLAN_CONSOLE_ANY },
	{ "serial", PLAN_CONSOLE_SERIAL },
	{ "framebuffer", PLAN_CONSOLE_FRAMEBUFFER },
};

static const char *const plan_keys[] = { "format", "world", "mode", "sequence", "ceremony",
	"window", "sanctum", "people", "shares", "approvers", "approvals", "operations",
	"dates", "tpm", "tpm_ek", "accept", "console", "collateral_time", "vendor_pki",
	"identity_sha256", "exceptions", "dice", NULL };
static const char *const range_keys[] = { "from", "to", NULL };
static const char *const sanctum_keys[] = { "id", "name", "organization", NULL };
static const char *const person_keys[] = { "name", "full", "roles", NULL };
static const char *const share_keys[] = { "threshold", "count", NULL };
static const char *const approver_keys[] = { "name", "sign", "seal", NULL };
static const char *const date_keys[] = { "root", "signing", "statement", "operations", "token",
	NULL };
static const char *const exception_keys[] = { "what", "collateral_time", "reason", NULL };
static const char *const pki_keys[] = { "amd", "intel", NULL };
static const char *const amd_products[] = { "Milan", "Genoa", "Turin", NULL };

static enum sn_err
plan_choice(yyjson_val *obj, const char *key, const struct name_bit *t, size_t n,
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
static enum sn_err
plan_string(yyjson_val *obj, const char *key, char *ret, size_t max, struct sn_why *why)
{
	const char *s = NULL;

	SN_TRY(sn_json_str(obj, key, max, &s, WHAT, why));
	if (s[0] == '\0')
		return sn_fail(why, SN_E_FORMAT, WHAT ": %s is empty", key);
	memcpy(ret, s, strlen(s) + 1);
	return SN_OK;
}

static enum sn_err
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

static enum sn_err
plan_roles(yyjson_val *arr, struct plan_person *p, struct sn_why *why)
{
	size_t i, n;
	yyjson_val *v;

	yyjson_arr_foreach(arr, i, n, v)
	{
		const char *s = yyjson_get_str(v);
		unsigned int bit = 0;

		for (size_t r = 0; s != NULL && r < SN_NITEMS(role_names); r++) {
			if (strcmp(s, role_names[r].name) == 0)
				bit = role_names[r].bit;
		}
		if (bit == 0 || (p->roles & bit) != 0)
			return sn_fail(why, SN_E_FORMAT,
			    WHAT ": %s has a role that is unknown or there twice", p->name);
		p->roles |= bit;
	}
	if ((p->roles & PLAN_ROLE_ADMINISTRATOR) != 0 && (p->roles & PLAN_ROLE_CUSTODIAN) != 0)
		return sn_fail(why, SN_E_POLICY,
		    WHAT ": %s is administrator and custodian; these must be two people",
		    p->name);
	return SN_OK;
}

static enum sn_err
plan_people(struct plan *p, yyjson_val *root, struct sn_why *why)
{
	yyjson_val *arr = NULL, *v, *roles = NULL;
	size_t i, n;

	SN_TRY(sn_json_arr(root, "people", 4, PLAN_MAX_PEOPLE, &arr, WHAT, why));
	yyjson_arr_foreach(arr, i, n, v)
	{
		struct plan_person *person = &p->people[p->npeople];

		SN_TRY(sn_json_only(v, person_keys, WHAT, why));
		SN_TRY(plan_string(v, "name", person->name, PLAN_NAME_MAX, why));
		SN_TRY(plan_string(v, "full", person->full, PLAN_FULL_MAX, why));
		if (!text_name_ok(person->name))
			return sn_fail(why, SN_E_FORMAT,
			    WHAT ": \"%s\" is not a name ([a-z][a-z0-9-]*)", person->name);
		if (plan_person(p, person->name) != NULL)
			return sn_fail(why, SN_E_POLICY, WHAT ": %s is there twice",
			    person->name);
		SN_TRY(sn_json_arr(v, "roles", 1, SN_NITEMS(role_names), &roles, WHAT, why));
		SN_TRY(plan_roles(roles, person, why));
		p->npeople++;
	}
	return SN_OK;
}

/* One public key of an approver: base64 DER SPKI of a P-384 key. */
static enum sn_err
plan_spki(yyjson_val *obj, const char *key, uint8_t *ret, size_t *ret_len, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf der = { 0 };
	SN_CLEANUP(cry_key_free) struct cry_key *k = NULL;
	const char *s = NULL;

	SN_TRY(sn_json_str(obj, key, 256, &s, WHAT, why));
	SN_TRY(sn_base64_parse(bytes_str(s), PLAN_SPKI_MAX, &der, WHAT, why));
	SN_TRY(cry_key_from_spki(sn_buf_bytes(&der), &k, why));
	if (cry_key_alg(k) != CRY_P384)
		return sn_fail(why, SN_E_POLICY, WHAT ": %s is not a P-384 key", key);
	memcpy(ret, der.p, der.n);
	*ret_len = der.n;
	return SN_OK;
}

static bool
plan_key_used(const struct plan *p, const uint8_t *spki, size_t n)
{
	for (size_t i = 0; i < p->napprovers; i++) {
		const struct plan_approver *a = &p->approvers[i];

		if (a->sign_len == n && memcmp(a->sign, spki, n) == 0)
			return true;
		if (a->seal_len == n && memcmp(a->seal, spki, n) == 0)
			return true;
	}
	return false;
}

const char *
plan_approver_name_fault(const char *name)
{
	static const char *const taken[] = { "in", "out", "out-a", "out-b", "log", "journal" };

	if (!text_name_ok(name))
		return "is not a name: a-z, 0-9 and -, beginning with a letter";
	if (strlen(name) > PLAN_APPROVER_NAME_MAX)
		return "has more than 8 characters: an approver's stick is labelled CS-<name>, "
		       "and a label has 11";
	for (size_t i = 0; i < SN_NITEMS(taken); i++)
		if (strcmp(name, taken[i]) == 0)
			return "cannot be an approver's name: the ceremony has another stick "
			       "with the label CS-<name>";
	return NULL;
}

static enum sn_err
plan_approver_one(struct plan *p, yyjson_val *v, struct sn_why *why)
{
	struct plan_approver *a = &p->approvers[p->napprovers];
	const struct plan_person *person;
	const char *fault;

	SN_TRY(sn_json_only(v, approver_keys, WHAT, why));
	SN_TRY(plan_string(v, "name", a->name, PLAN_NAME_MAX, why));
	fault = plan_approver_name_fault(a->name);
	if (fault != NULL)
		return sn_fail(why, SN_E_POLICY, WHAT ": \"%s\" %s", a->name, fault);
	person = plan_person(p, a->name);
	if (person == NULL || (person->roles & PLAN_ROLE_APPROVER) == 0)
		return sn_fail(why, SN_E_POLICY,
		    WHAT ": %s is no person with the role approver", a->name);
	if (plan_approver(p, a->name) != NULL)
		return sn_fail(why, SN_E_POLICY, WHAT ": approver %s is there twice", a->name);
	SN_TRY(plan_spki(v, "sign", a->sign, &a->sign_len, why));
	SN_TRY(plan_spki(v, "seal", a->seal, &a->seal_len, why));
	if ((a->sign_len == a->seal_len && memcmp(a->sign, a->seal, a->sign_len) == 0) ||
	    plan_key_used(p, a->sign, a->sign_len) || plan_key_used(p, a->seal, a->seal_len))
		return sn_fail(why, SN_E_POLICY,
		    WHAT ": a key of approver %s is used twice; every key must be its own",
		    a->name);
	p->napprovers++;
	return SN_OK;
}

static enum sn_err
plan_approvers(struct plan *p, yyjson_val *root, struct sn_why *why)
{
	yyjson_val *arr = NULL, *v;
	size_t i, n, holders = 0;

	SN_TRY(sn_json_arr(root, "approvers", 2, PLAN_MAX_APPROVERS, &arr, WHAT, why));
	yyjson_arr_foreach(arr, i, n, v)
	{
		SN_TRY(plan_approver_one(p, v, why));
	}
	for (i = 0; i < p->npeople; i++)
		holders += (p->people[i].roles & PLAN_ROLE_APPROVER) != 0;
	if (holders != p->napprovers)
		return sn_fail(why, SN_E_POLICY,
		    WHAT ": %zu people are approvers, but %zu have keys", holders,
		    p->napprovers);
	SN_TRY(sn_json_u32(root, "approvals", 2, (uint32_t)p->napprovers, &p->approvals, WHAT,
	    why));
	return sn_json_u32(root, "operations", 2, (uint32_t)p->napprovers, &p->ops_threshold,
	    WHAT, why);
}

static enum sn_err
plan_shares(struct plan *p, yyjson_val *root, struct sn_why *why)
{
	yyjson_val *o = NULL;
	uint32_t custodians = 0;

	SN_TRY(sn_json_obj(root, "shares", &o, WHAT, why));
	SN_TRY(sn_json_only(o, share_keys, WHAT, why));
	SN_TRY(sn_json_u32(o, "count", 2, PLAN_MAX_SHARES, &p->share_count, WHAT, why));
	SN_TRY(sn_json_u32(o, "threshold", 2, p->share_count, &p->share_threshold, WHAT, why));
	for (size_t i = 0; i < p->npeople; i++)
		custodians += (p->people[i].roles & PLAN_ROLE_CUSTODIAN) != 0;
	if (custodians != p->share_count)
		return sn_fail(why, SN_E_POLICY,
		    WHAT ": %u shares for %u custodians; each holds exactly one",
		    p->share_count, custodians);
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
	if (p->window.from < p->statement.from || p->window.to > p->statement.to)
		return sn_fail(why, SN_E_POLICY,
		    WHAT ": window: the statement signer's dates do not cover it");
	return SN_OK;
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

static enum sn_err
plan_accept(struct plan *p, yyjson_val *root, struct sn_why *why)
{
	yyjson_val *arr = NULL, *v;
	size_t i, n;

	SN_TRY(sn_json_arr(root, "accept", 1, 3, &arr, WHAT, why));
	yyjson_arr_foreach(arr, i, n, v)
	{
		if (yyjson_equals_str(v, "vendor"))
			p->accept_vendor = true;
		else if (yyjson_equals_str(v, "pinned"))
			p->accept_pinned = true;
		else if (yyjson_equals_str(v, "software"))
			p->accept_software = true;
		else
			return sn_fail(why, SN_E_FORMAT, WHAT ": accept: unknown class");
	}
	return SN_OK;
}

static enum sn_err
plan_vendor_pki(struct plan *p, yyjson_val *root, struct sn_why *why)
{
	yyjson_val *o = NULL, *amd = NULL;

	if (yyjson_obj_get(root, "vendor_pki") == NULL)
		return SN_OK;
	SN_TRY(sn_json_obj(root, "vendor_pki", &o, WHAT, why));
	SN_TRY(sn_json_only(o, pki_keys, WHAT, why));
	if (yyjson_obj_get(o, "intel") != NULL) {
		SN_TRY(sn_json_hex(o, "intel", p->intel_root, 32, WHAT, why));
		p->has_intel_root = true;
	}
	if (yyjson_obj_get(o, "amd") == NULL)
		return SN_OK;
	SN_TRY(sn_json_obj(o, "amd", &amd, WHAT, why));
	SN_TRY(sn_json_only(amd, amd_products, WHAT, why));
	for (size_t i = 0; amd_products[i] != NULL; i++) {
		struct plan_amd_root *r = &p->amd_roots[p->namd_roots];

		if (yyjson_obj_get(amd, amd_products[i]) == NULL)
			continue;
		SN_TRY(sn_json_hex(amd, amd_products[i], r->spki, 32, WHAT, why));
		memcpy(r->product, amd_products[i], strlen(amd_products[i]) + 1);
		p->namd_roots++;
	}
	return SN_OK;
}

/* Approvals of a rebuild bind the file that it rebuilds from. */
static enum sn_err
plan_identity(struct plan *p, yyjson_val *root, struct sn_why *why)
{
	p->has_identity_sha256 = yyjson_obj_get(root, "identity_sha256") != NULL;
	if (p->has_identity_sha256 && p->mode != PLAN_REBUILD)
		return sn_fail(why, SN_E_POLICY,
		    WHAT ": identity_sha256: a genesis makes its identity; it cannot name one");
	if (!p->has_identity_sha256 && p->mode == PLAN_REBUILD)
		return sn_fail(why, SN_E_POLICY,
		    WHAT ": identity_sha256 is missing: a rebuild names the SHA-256 of the "
			 "identity.json that it rebuilds from");
	if (!p->has_identity_sha256)
		return SN_OK;
	return sn_json_hex(root, "identity_sha256", p->identity_sha256,
	    sizeof(p->identity_sha256), WHAT, why);
}

/*
 * The one exception there is: collateral is judged at an earlier time, because newer could not
 * be had. Whoever approves the plan approves it; hence a reason that people can judge.
 */
static enum sn_err
plan_exceptions(struct plan *p, yyjson_val *root, struct sn_why *why)
{
	yyjson_val *arr = NULL, *o;
	const char *what = NULL;

	if (yyjson_obj_get(root, "exceptions") == NULL)
		return SN_OK;
	SN_TRY(sn_json_arr(root, "exceptions", 1, 1, &arr, WHAT, why));
	o = yyjson_arr_get_first(arr);
	if (!yyjson_is_obj(o))
		return sn_fail(why, SN_E_FORMAT, WHAT ": exceptions: not an object");
	SN_TRY(sn_json_only(o, exception_keys, WHAT, why));
	SN_TRY(sn_json_str(o, "what", 32, &what, WHAT, why));
	if (strcmp(what, PLAN_EXPIRED_COLLATERAL) != 0)
		return sn_fail(why, SN_E_FORMAT,
		    WHAT ": exceptions: \"%s\" is not known; " PLAN_EXPIRED_COLLATERAL " is",
		    what);
	if (p->has_collateral_time)
		return sn_fail(why, SN_E_POLICY,
		    WHAT ": collateral_time is there twice; leave it to the exception");
	SN_TRY(sn_json_time(o, "collateral_time", &p->collateral_time, WHAT, why));
	SN_TRY(plan_string(o, "reason", p->exception_reason, PLAN_REASON_MAX, why));
	if (p->collateral_time >= p->window.from)
		return sn_fail(why, SN_E_POLICY,
		    WHAT ": exceptions: collateral_time is not before the window, so nothing "
			 "has expired");
	p->has_collateral_time = p->has_exception = true;
	return SN_OK;
}

static enum sn_err
plan_dice(struct plan *p, yyjson_val *root, struct sn_why *why)
{
	yyjson_val *v = yyjson_obj_get(root, "dice");

	if (v == NULL)
		return SN_OK;
	if (!yyjson_is_bool(v))
		return sn_fail(why, SN_E_FORMAT, WHAT ": dice is neither true nor false");
	p->dice = yyjson_get_bool(v);
	if (p->dice && p->mode != PLAN_GENESIS)
		return sn_fail(why, SN_E_POLICY,
		    WHAT ": dice: only a genesis makes a secret to mix them into");
	return SN_OK;
}

static enum sn_err
plan_optional(struct plan *p, yyjson_val *root, struct sn_why *why)
{
	if (yyjson_obj_get(root, "tpm_ek") != NULL) {
		SN_TRY(sn_json_hex(root, "tpm_ek", p->tpm_ek, 32, WHAT, why));
		p->tpm_ek_pinned = true;
	}
	if (yyjson_obj_get(root, "collateral_time") != NULL) {
		SN_TRY(sn_json_time(root, "collateral_time", &p->collateral_time, WHAT, why));
		p->has_collateral_time = true;
	}
	SN_TRY(plan_dice(p, root, why));
	SN_TRY(plan_exceptions(p, root, why));
	SN_TRY(plan_identity(p, root, why));
	return plan_vendor_pki(p, root, why);
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
		{ p->namd_roots > 0 || p->has_intel_root, "vendor_pki" },
		{ p->mode == PLAN_REBUILD, "mode: rebuild" },
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
	SN_TRY(plan_people(p, root, why));
	SN_TRY(plan_shares(p, root, why));
	SN_TRY(plan_approvers(p, root, why));
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

const struct plan_person *
plan_custodian(const struct plan *p, size_t i)
{
	for (size_t k = 0; k < p->npeople; k++) {
		if ((p->people[k].roles & PLAN_ROLE_CUSTODIAN) != 0 && i-- == 0)
			return &p->people[k];
	}
	return NULL;
}

const struct plan_person *
plan_person(const struct plan *p, const char *name)
{
	for (size_t i = 0; i < p->npeople; i++) {
		if (strcmp(p->people[i].name, name) == 0)
			return &p->people[i];
	}
	return NULL;
}

const struct plan_approver *
plan_approver(const struct plan *p, const char *name)
{
	for (size_t i = 0; i < p->napprovers; i++) {
		if (strcmp(p->approvers[i].name, name) == 0)
			return &p->approvers[i];
	}
	return NULL;
}

const struct plan_person *
plan_first(const struct plan *p, unsigned int role)
{
	for (size_t i = 0; i < p->npeople; i++) {
		if ((p->people[i].roles & role) != 0)
			return &p->people[i];
	}
	return NULL;
}
