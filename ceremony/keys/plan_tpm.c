/* What a plan says of the TPM: classes of evidence, keys that are known, the least counter. */
#include <string.h>

#include "appliance/base/json.h"
#include "ceremony/keys/plan_parts.h"

enum sn_err
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

bool
plan_pins_tpm(const struct plan *p)
{
	return p->tpm_ek_pinned || p->tpm_ak_pinned || p->has_tpm_counter;
}

bool
plan_may_reach(const struct plan *p, const char *class)
{
	const struct {
		const char *class;
		bool reached;
	} rows[] = {
		{ "vendor", p->accept_vendor && p->tpm_ak_pinned },
		{ "pinned", p->accept_pinned && p->tpm_ek_pinned },
		{ "software", p->accept_software && p->world == PLAN_REHEARSAL },
	};

	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		if (strcmp(class, rows[i].class) == 0)
			return rows[i].reached;
	return false;
}

static enum sn_err
pin(yyjson_val *root, const char *key, uint8_t ret[32], bool *ret_given, struct sn_why *why)
{
	*ret_given = yyjson_obj_get(root, key) != NULL;
	return *ret_given ? sn_json_hex(root, key, ret, 32, WHAT, why) : SN_OK;
}

enum sn_err
plan_tpm(struct plan *p, yyjson_val *root, struct sn_why *why)
{
	SN_TRY(pin(root, "tpm_ek", p->tpm_ek, &p->tpm_ek_pinned, why));
	SN_TRY(pin(root, "tpm_ak", p->tpm_ak, &p->tpm_ak_pinned, why));
	p->has_tpm_counter = yyjson_obj_get(root, "tpm_counter") != NULL;
	if (p->has_tpm_counter)
		SN_TRY(sn_json_u64(root, "tpm_counter", SN_JSON_SAFE, &p->tpm_counter, WHAT,
		    why));
	if (p->software_tpm && plan_pins_tpm(p))
		return sn_fail(why, SN_E_POLICY,
		    WHAT
		    ": tpm: software, but tpm_ek, tpm_ak or tpm_counter: a software TPM is "
		    "new each time and never the one that they name; leave one out");
	return SN_OK;
}
