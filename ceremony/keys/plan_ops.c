/* The part of a plan that is about operations ceremonies. */
#include "ceremony/keys/plan_parts.h"

#include "appliance/base/json.h"

bool
plan_is_operations(const struct plan *p)
{
	return p->mode == PLAN_REFRESH || p->mode == PLAN_AMEND;
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

enum sn_err
plan_ops(struct plan *p, yyjson_val *root, struct sn_why *why)
{
	static const char *const keys[] = { "base_sha256", "previous_sha256" };

	if (plan_is_operations(p)) {
		SN_TRY(sn_json_hex(root, "base_sha256", p->base_sha256, sizeof(p->base_sha256),
		    WHAT, why));
		return ops_previous(p, root, why);
	}
	if (p->mode == PLAN_ROTATE || p->mode == PLAN_REBUILD || p->mode == PLAN_RESHARE)
		SN_TRY(follows_previous(p, root, why));
	for (size_t i = 0; i < SN_NITEMS(keys); i++)
		if (yyjson_obj_get(root, keys[i]) != NULL && !(i == 1 && p->has_previous))
			return sn_fail(why, SN_E_POLICY,
			    WHAT ": %s is for ceremonies that add to a bundle", keys[i]);
	return SN_OK;
}
