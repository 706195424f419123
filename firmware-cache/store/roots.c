#include "appliance/base/json.h"
#include "firmware-cache/store/priv.h"

bool
col_roots_any(const struct col_roots *r)
{
	bool any = false;

	for (size_t v = 0; v < COL_VENDOR_COUNT; v++)
		for (size_t p = 0; p < COL_PRODUCTS_MAX; p++)
			any = any || r->has[v][p];
	return any;
}

/* {"Milan":"<64 hex>"}: a root for each product named. */
static enum sn_err
read_products(const struct col_vendor_ops *v, yyjson_val *obj, const char *what,
    struct col_roots *r, struct sn_why *why)
{
	const char *name = col_vendor_name(v->vendor);
	size_t i, n;
	yyjson_val *key, *value;

	if (!yyjson_is_obj(obj))
		return sn_fail(why, SN_E_FORMAT, "%s: %s is not an object", what, name);
	yyjson_obj_foreach(obj, i, n, key, value)
	{
		size_t p = 0;

		while (p < v->nproducts && !yyjson_equals_str(key, v->products[p]))
			p++;
		if (p == v->nproducts)
			return sn_fail(why, SN_E_FORMAT,
			    "%s: %s knows no product \"%s\"; look at docs/COLLATERAL.md", what,
			    name, yyjson_get_str(key));
		SN_TRY(sn_json_hex(obj, v->products[p], r->spki[v->vendor][p], 32, what, why));
		r->has[v->vendor][p] = true;
	}
	return SN_OK;
}

static enum sn_err
read_vendor(const struct col_vendor_ops *v, yyjson_val *vendor_pki, const char *what,
    struct col_roots *r, struct sn_why *why)
{
	const char *name = col_vendor_name(v->vendor);

	if (v->nproducts > 0)
		return read_products(v, yyjson_obj_get(vendor_pki, name), what, r, why);
	SN_TRY(sn_json_hex(vendor_pki, name, r->spki[v->vendor][0], 32, what, why));
	r->has[v->vendor][0] = true;
	return SN_OK;
}

enum sn_err
col_roots_from_json(yyjson_val *vendor_pki, const char *what, struct col_roots *ret,
    struct sn_why *why)
{
	const char *keys[COL_VENDOR_COUNT + 1] = { NULL };
	const struct col_vendor_ops *v;
	struct col_roots r = { 0 };
	size_t n = 0;

	if (!yyjson_is_obj(vendor_pki))
		return sn_fail(why, SN_E_FORMAT, "%s: not an object", what);
	for (size_t i = 0; (v = col_vendor_at(i)) != NULL; i++)
		if (v->pinned != NULL)
			keys[n++] = col_vendor_name(v->vendor);
	SN_TRY(sn_json_only(vendor_pki, keys, what, why));
	for (size_t i = 0; (v = col_vendor_at(i)) != NULL; i++)
		if (v->pinned != NULL &&
		    yyjson_obj_get(vendor_pki, col_vendor_name(v->vendor)) != NULL)
			SN_TRY(read_vendor(v, vendor_pki, what, &r, why));
	*ret = r;
	return SN_OK;
}
