/* The part of a plan that is about ceremonies after a bundle. */
#include "ceremony/keys/plan_parts.h"

#include <string.h>

#include "appliance/base/json.h"

bool
plan_is_operations(const struct plan *p)
{
	return p->mode == PLAN_REFRESH || p->mode == PLAN_AMEND;
}

bool
plan_needs_bundle(const struct plan *p)
{
	return plan_is_operations(p) || p->mode == PLAN_REVOKE;
}

/* The first operations statement of a bundle has none before it, and every later one has. */
static enum sn_err
ops_previous(struct plan *p, yyjson_val *root, struct sn_why *why)
{
	p->has_previous = yyjson_obj_get(root, "previous_sha256") != NULL;
	if (p->has_previous != (p->sequence > 1))
		return sn_fail(why, SN_E_POLICY,
		    WHAT ": previous_sha256 %s, but operations statement %u is %s",
		    p->has_previous ? "is there" : "is missing", p->sequence,
		    p->sequence > 1 ? "not the first" : "the first");
	if (!p->has_previous)
		return SN_OK;
	return sn_json_hex(root, "previous_sha256", p->previous, sizeof(p->previous), WHAT,
	    why);
}

/* A rotation and a reshare follow a statement; a rebuild does when its bundle is not lost. */
static enum sn_err
follows_previous(struct plan *p, yyjson_val *root, struct sn_why *why)
{
	if (yyjson_obj_get(root, "previous_sha256") == NULL && p->mode == PLAN_REBUILD)
		return SN_OK;
	if (yyjson_obj_get(root, "previous_sha256") == NULL)
		return sn_fail(why, SN_E_POLICY,
		    WHAT ": previous_sha256 is missing: a %s names the SHA-256 of the "
			 "statement.json that it follows",
		    plan_mode_name(p->mode));
	p->has_previous = true;
	return sn_json_hex(root, "previous_sha256", p->previous, sizeof(p->previous), WHAT,
	    why);
}

const struct plan_approver *
plan_next_approver(const struct plan *p, const char *name)
{
	for (size_t i = 0; i < p->nnext; i++)
		if (strcmp(p->next[i].name, name) == 0)
			return &p->next[i];
	return NULL;
}

const struct plan_approver *
plan_approvers_after(const struct plan *p, size_t *ret_n)
{
	*ret_n = p->nnext > 0 ? p->nnext : p->napprovers;
	return p->nnext > 0 ? p->next : p->approvers;
}

static bool
next_key_used(const struct plan *p, const uint8_t *spki, size_t n)
{
	for (size_t i = 0; i < p->nnext; i++) {
		const struct plan_approver *a = &p->next[i];

		if ((a->sign_len == n && memcmp(a->sign, spki, n) == 0) ||
		    (a->seal_len == n && memcmp(a->seal, spki, n) == 0))
			return true;
	}
	return false;
}

/* They need be nobody who is present: their sticks are. */
static enum sn_err
next_one(struct plan *p, yyjson_val *v, struct sn_why *why)
{
	static const char *const keys[] = { "name", "sign", "seal", NULL };
	struct plan_approver *a = &p->next[p->nnext];
	const char *fault;

	SN_TRY(sn_json_only(v, keys, WHAT, why));
	SN_TRY(plan_string(v, "name", a->name, PLAN_NAME_MAX, why));
	fault = plan_approver_name_fault(a->name);
	if (fault != NULL)
		return sn_fail(why, SN_E_POLICY, WHAT ": \"%s\" %s", a->name, fault);
	SN_TRY(plan_spki(v, "sign", a->sign, &a->sign_len, why));
	SN_TRY(plan_spki(v, "seal", a->seal, &a->seal_len, why));
	if (plan_next_approver(p, a->name) != NULL || next_key_used(p, a->sign, a->sign_len) ||
	    next_key_used(p, a->seal, a->seal_len) ||
	    (a->sign_len == a->seal_len && memcmp(a->sign, a->seal, a->sign_len) == 0))
		return sn_fail(why, SN_E_POLICY,
		    WHAT ": approvers_next: %s, or a key of it, is there twice", a->name);
	p->nnext++;
	return SN_OK;
}

/* Thresholds stay, so that they must be reachable. */
static enum sn_err
ops_next(struct plan *p, yyjson_val *root, struct sn_why *why)
{
	yyjson_val *arr = NULL, *v;
	size_t i, n;

	if (yyjson_obj_get(root, "approvers_next") == NULL)
		return SN_OK;
	SN_TRY(sn_json_arr(root, "approvers_next", 2, PLAN_MAX_APPROVERS, &arr, WHAT, why));
	yyjson_arr_foreach(arr, i, n, v) SN_TRY(next_one(p, v, why));
	if (p->nnext < p->approvals || p->nnext < p->ops_threshold)
		return sn_fail(why, SN_E_POLICY,
		    WHAT ": approvers_next: %zu, but %u approve and %u open", p->nnext,
		    p->approvals, p->ops_threshold);
	return SN_OK;
}

/* What an operations ceremony of this mode may bring. */
static enum sn_err
ops_brings(struct plan *p, yyjson_val *root, struct sn_why *why)
{
	if (p->mode == PLAN_AMEND)
		return ops_next(p, root, why);
	if (p->policy.given)
		return sn_fail(why, SN_E_POLICY,
		    WHAT ": a refresh changes no policy; that is for an amendment");
	return SN_OK;
}

enum sn_err
plan_ops(struct plan *p, yyjson_val *root, struct sn_why *why)
{
	static const char *const keys[] = { "base_sha256", "previous_sha256" };

	if (plan_needs_bundle(p))
		SN_TRY(sn_json_hex(root, keys[0], p->base_sha256, sizeof(p->base_sha256), WHAT,
		    why));
	if (plan_is_operations(p))
		SN_TRY(ops_brings(p, root, why));
	if (p->mode != PLAN_AMEND && yyjson_obj_get(root, "approvers_next") != NULL)
		return sn_fail(why, SN_E_POLICY,
		    WHAT ": approvers_next is for an amendment alone");
	if (plan_is_operations(p))
		return ops_previous(p, root, why);
	if (p->mode == PLAN_ROTATE || p->mode == PLAN_REBUILD || p->mode == PLAN_RESHARE)
		SN_TRY(follows_previous(p, root, why));
	const bool used[] = { plan_needs_bundle(p), p->has_previous };

	for (size_t i = 0; i < SN_NITEMS(keys); i++)
		if (yyjson_obj_get(root, keys[i]) != NULL && !used[i])
			return sn_fail(why, SN_E_POLICY,
			    WHAT ": %s is for ceremonies that add to a bundle", keys[i]);
	return SN_OK;
}
