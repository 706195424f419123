#include "ceremony/keys/plan_parts.h"

#include <string.h>

#include "appliance/base/json.h"

static const char *const exception_keys[] = { "what", "collateral_time", "reason", NULL };
static const char *const pki_keys[] = { "amd", "intel", "ibm-se", "tpm", NULL };
static const char *const amd_products[] = { "Milan", "Genoa", "Turin", NULL };

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
	if (yyjson_obj_get(o, "ibm-se") != NULL) {
		SN_TRY(sn_json_hex(o, "ibm-se", p->ibm_root, 32, WHAT, why));
		p->has_ibm_root = true;
	}
	if (yyjson_obj_get(o, "tpm") != NULL) {
		SN_TRY(sn_json_hex(o, "tpm", p->tpm_root, 32, WHAT, why));
		p->has_tpm_root = true;
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

/* Approvals bind the identity that a ceremony works from, unless it makes one. */
static enum sn_err
plan_identity(struct plan *p, yyjson_val *root, struct sn_why *why)
{
	p->has_identity_sha256 = yyjson_obj_get(root, "identity_sha256") != NULL;
	if (p->has_identity_sha256 && p->mode == PLAN_GENESIS)
		return sn_fail(why, SN_E_POLICY,
		    WHAT ": identity_sha256: a genesis makes its identity; it cannot name one");
	if (!p->has_identity_sha256 && p->mode != PLAN_GENESIS)
		return sn_fail(why, SN_E_POLICY,
		    WHAT ": identity_sha256 is missing: a %s names the SHA-256 of the "
			 "identity.json that it works from",
		    plan_mode_name(p->mode));
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
plan_journal(struct plan *p, yyjson_val *root, struct sn_why *why)
{
	yyjson_val *v = yyjson_obj_get(root, "journal");

	if (v != NULL && !yyjson_is_bool(v))
		return sn_fail(why, SN_E_FORMAT, WHAT ": journal is neither true nor false");
	p->journal = v != NULL && yyjson_get_bool(v);
	if (p->journal && p->mode != PLAN_GENESIS && p->mode != PLAN_REBUILD &&
	    p->mode != PLAN_ROTATE && p->mode != PLAN_CHECK)
		return sn_fail(why, SN_E_POLICY,
		    WHAT ": journal: none is kept in a %s; cut, it begins again",
		    plan_mode_name(p->mode));
	return SN_OK;
}

static enum sn_err
plan_closing(struct plan *p, yyjson_val *root, struct sn_why *why)
{
	yyjson_val *v = yyjson_obj_get(root, "closing");

	if (v != NULL && !yyjson_is_bool(v))
		return sn_fail(why, SN_E_FORMAT, WHAT ": closing is neither true nor false");
	p->closing = v != NULL && yyjson_get_bool(v);
	if (p->closing && (p->mode == PLAN_CHECK || p->mode == PLAN_RESHARE))
		return sn_fail(why, SN_E_POLICY,
		    WHAT ": closing: the log of a %s has no part of its own for it",
		    plan_mode_name(p->mode));
	p->has_previous_closing = yyjson_obj_get(root, "previous_closing") != NULL;
	if (!p->has_previous_closing)
		return SN_OK;
	return sn_json_hex(root, "previous_closing", p->previous_closing,
	    sizeof(p->previous_closing), WHAT, why);
}

enum sn_err
plan_optional(struct plan *p, yyjson_val *root, struct sn_why *why)
{
	SN_TRY(plan_tpm(p, root, why));
	if (yyjson_obj_get(root, "collateral_time") != NULL) {
		SN_TRY(sn_json_time(root, "collateral_time", &p->collateral_time, WHAT, why));
		p->has_collateral_time = true;
	}
	SN_TRY(plan_dice(p, root, why));
	SN_TRY(plan_closing(p, root, why));
	SN_TRY(plan_room(p, root, why));
	SN_TRY(plan_journal(p, root, why));
	SN_TRY(plan_exceptions(p, root, why));
	SN_TRY(plan_policy(p, root, why));
	SN_TRY(plan_identity(p, root, why));
	SN_TRY(plan_ops(p, root, why));
	return plan_vendor_pki(p, root, why);
}
