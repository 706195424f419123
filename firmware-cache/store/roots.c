#include "appliance/base/json.h"
#include "firmware-cache/store/store.h"

bool
col_roots_any(const struct col_roots *r)
{
	bool any = r->has_intel;

	for (enum amd_product p = AMD_MILAN; p < AMD_PRODUCT_COUNT; p++)
		any = any || r->has_amd[p];
	return any;
}

static enum sn_err
read_amd(yyjson_val *obj, const char *what, struct col_roots *r, struct sn_why *why)
{
	size_t i, n;
	yyjson_val *key, *value;

	if (!yyjson_is_obj(obj))
		return sn_fail(why, SN_E_FORMAT, "%s: amd is not an object", what);
	yyjson_obj_foreach(obj, i, n, key, value)
	{
		const char *name = yyjson_get_str(key);
		enum amd_product p = amd_product_from_name((struct bytes){
		    (const uint8_t *)name, yyjson_get_len(key) });

		if (p == AMD_PRODUCT_COUNT)
			return sn_fail(why, SN_E_FORMAT,
			    "%s: amd knows no product \"%s\"; it knows Milan, Genoa, Turin",
			    what, name);
		SN_TRY(sn_json_hex(obj, amd_product_name(p), r->amd[p], 32, what, why));
		r->has_amd[p] = true;
	}
	return SN_OK;
}

enum sn_err
col_roots_from_json(yyjson_val *vendor_pki, const char *what, struct col_roots *ret,
    struct sn_why *why)
{
	static const char *const keys[] = { "amd", "intel", NULL };
	struct col_roots r = { 0 };
	yyjson_val *amd;

	if (!yyjson_is_obj(vendor_pki))
		return sn_fail(why, SN_E_FORMAT, "%s: not an object", what);
	SN_TRY(sn_json_only(vendor_pki, keys, what, why));
	amd = yyjson_obj_get(vendor_pki, "amd");
	if (amd != NULL)
		SN_TRY(read_amd(amd, what, &r, why));
	if (yyjson_obj_get(vendor_pki, "intel") != NULL) {
		SN_TRY(sn_json_hex(vendor_pki, "intel", r.intel, 32, what, why));
		r.has_intel = true;
	}
	*ret = r;
	return SN_OK;
}
