#include "ceremony/keys/plan_parts.h"

#include <string.h>

#include "appliance/base/json.h"
#include "appliance/base/text.h"
#include "appliance/crypto/key.h"

static const struct plan_word role_names[] = {
	{ "administrator", PLAN_ROLE_ADMINISTRATOR },
	{ "witness", PLAN_ROLE_WITNESS },
	{ "custodian", PLAN_ROLE_CUSTODIAN },
	{ "approver", PLAN_ROLE_APPROVER },
	{ "auditor", PLAN_ROLE_AUDITOR },
	{ "safe-controller", PLAN_ROLE_SAFE },
	{ "old-custodian", PLAN_ROLE_OLD },
};
static const char *const person_keys[] = { "name", "full", "roles", NULL };
static const char *const share_keys[] = { "threshold", "count", NULL };
static const char *const approver_keys[] = { "name", "sign", "seal", NULL };

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
	if ((p->roles & PLAN_ROLE_ADMINISTRATOR) != 0 &&
	    (p->roles & (PLAN_ROLE_CUSTODIAN | PLAN_ROLE_OLD)) != 0)
		return sn_fail(why, SN_E_POLICY,
		    WHAT ": %s is administrator and custodian; these must be two people",
		    p->name);
	return SN_OK;
}

enum sn_err
plan_people(struct plan *p, yyjson_val *root, struct sn_why *why)
{
	yyjson_val *arr = NULL, *v, *roles = NULL;
	size_t i, n;

	SN_TRY(sn_json_arr(root, "people", p->two ? 2 : 4, PLAN_MAX_PEOPLE, &arr, WHAT, why));
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

enum sn_err
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

enum sn_err
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

enum sn_err
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
	if (plan_first(p, PLAN_ROLE_OLD) != NULL && p->mode != PLAN_RESHARE)
		return sn_fail(why, SN_E_POLICY,
		    WHAT ": %s is old-custodian; only a reshare replaces shares",
		    plan_first(p, PLAN_ROLE_OLD)->name);
	if (custodians == 0 && plan_needs_bundle(p))
		return SN_OK; /* nobody's share is needed */
	if (custodians != p->share_count)
		return sn_fail(why, SN_E_POLICY,
		    WHAT ": %u shares for %u custodians; each holds exactly one",
		    p->share_count, custodians);
	return SN_OK;
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
