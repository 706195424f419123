#include "ceremony/bundle/expect.h"

#include "appliance/base/json.h"
#include "appliance/base/text.h"
#include "ceremony/keys/plan.h"

static enum sn_err
zero_mask(yyjson_val *root, uint32_t *ret, const char *what, struct sn_why *why)
{
	yyjson_val *list, *v;
	size_t i, max;

	SN_TRY(sn_json_arr(root, "zero", 0, BUN_PCRS, &list, what, why));
	yyjson_arr_foreach(list, i, max, v)
	{
		if (!yyjson_is_uint(v) || yyjson_get_uint(v) >= BUN_PCRS - 1)
			return sn_fail(why, SN_E_FORMAT, "%s: zero: not registers", what);
		*ret |= 1U << yyjson_get_uint(v);
	}
	return SN_OK;
}

enum sn_err
bun_expect_measurements(struct bun_expect *x, struct bytes json, const char *what,
    struct sn_why *why)
{
	static const char *const keys[] = { "authenticode", "pcr4_sb", "pcr4_nosb",
		"pcr7_nokeys", "pcr7_sb", "pcr9", "pcr11", "sections", "zero", NULL };
	SN_CLEANUP(sn_json_free) yyjson_doc *doc = NULL;
	struct bun_measured m = { 0 };
	const struct {
		const char *key;
		uint8_t *value;
	} rows[] = { { "authenticode", m.image }, { "pcr4_sb", m.pcr4_sb },
		{ "pcr4_nosb", m.pcr4_nosb }, { "pcr9", m.pcr9 }, { "pcr11", m.pcr11 } };

	if (x->nmeasured == BUN_EXPECT_MAX)
		return sn_fail(why, SN_E_LIMIT, "%s: more than %d files of measurements", what,
		    BUN_EXPECT_MAX);
	SN_TRY(sn_json_parse(json, what, false, &doc, why));
	yyjson_val *root = yyjson_doc_get_root(doc);
	SN_TRY(sn_json_only(root, keys, what, why));
	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		SN_TRY(sn_json_hex(root, rows[i].key, rows[i].value, 32, what, why));
	SN_TRY(zero_mask(root, &m.zero, what, why));
	m.has_pcr7_sb = yyjson_obj_get(root, "pcr7_sb") != NULL;
	if (m.has_pcr7_sb)
		SN_TRY(sn_json_hex(root, "pcr7_sb", m.pcr7_sb, 32, what, why));
	x->measured[x->nmeasured++] = m;
	return SN_OK;
}

enum sn_err
bun_expect_pin(struct bun_pins *pins, const char *hex, const char *what, struct sn_why *why)
{
	if (pins->n == BUN_EXPECT_MAX)
		return sn_fail(why, SN_E_LIMIT, "%s: more than %d", what, BUN_EXPECT_MAX);
	SN_TRY(sn_hex_parse(hex, pins->digest[pins->n], 32, what, why));
	pins->n++;
	return SN_OK;
}

enum sn_err
bun_expect_plan(struct bun_expect *x, struct bytes text, const char *what, struct sn_why *why)
{
	struct sn_why inner = { 0 };
	enum sn_err e;

	if (x->nplans == BUN_EXPECT_MAX)
		return sn_fail(why, SN_E_LIMIT, "%s: more than %d plans", what, BUN_EXPECT_MAX);
	e = plan_parse(text, &x->plan[x->nplans], &inner);
	if (e != SN_OK)
		return sn_fail(why, e, "%s: %s", what, inner.text);
	x->nplans++;
	return SN_OK;
}

void
bun_expect_done(struct bun_expect *x)
{
	for (size_t i = 0; i < x->nplans; i++)
		plan_free(&x->plan[i]);
	x->nplans = 0;
}
