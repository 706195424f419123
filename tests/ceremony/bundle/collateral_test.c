/* Collateral in a bundle: what the store verified, all of it and nothing else. */
#include "firmware-cache/store/store.h"
#include "tests/ceremony/bundle/fixture.h"

#define AT 1751328000 /* 2025-07-01T00:00:00Z: the published items are current */
#define MILAN "amd/ca/milan/"

static struct fix prod;

/* Two judged stores: whole, and one without the ASVK. */
static struct col_store *whole, *less;
/* Two more of a vendor whose items are carried, and none accepted. */
static struct col_store *rim, *rims;

#define RIM(tag)                                                                               \
	BYTES_STR("<SoftwareIdentity name=\"X\" tagId=\"" tag                                  \
		  "\"><Entity name=\"NVIDIA Corporation\"/></SoftwareIdentity>")

static struct col_store *
carrying(size_t n)
{
	const struct col_policy policy = { .at = AT };
	struct col_store *s = NULL;

	FIX_OK(col_store_new(&policy, &s, why));
	FIX_OK(col_store_add(s, "nvidia/one.swidtag", RIM("1"), why));
	if (n > 1)
		FIX_OK(col_store_add(s, "nvidia/two.swidtag", RIM("2"), why));
	FIX_OK(col_store_check(s, why));
	assert_int_equal(col_store_carried(s), n);
	return s;
}

static struct col_store *
judged(bool asvk)
{
	static const char *const files[] = { MILAN "ark.der", MILAN "ask.der",
		"amd/kds/vcek_v1_Milan_crl.der", MILAN "asvk.der" };
	const struct col_policy policy = { .at = AT };
	struct col_store *s = NULL;

	FIX_OK(col_store_new(&policy, &s, why));
	for (size_t i = 0; i < SN_NITEMS(files) - (asvk ? 0 : 1); i++) {
		struct test_bytes b = test_read_data(files[i]);

		FIX_OK(col_store_add(s, files[i], (struct bytes){ b.data, b.len }, why));
		test_bytes_done(&b);
	}
	FIX_OK(col_store_add(s, "junk.txt", BYTES_STR("not from a vendor"), why));
	FIX_OK(col_store_check(s, why));
	return s;
}

static enum sn_err
add_carried(void *arg, const struct col_carried *item, struct sn_why *why)
{
	return bun_add_carried(arg, item, why);
}

static enum sn_err
add_item(void *arg, const struct col_verified *v, struct sn_why *why)
{
	return bun_add_collateral(arg, v, why);
}

struct row {
	const char *name;
	struct col_store **items, **status; /* NULL: left out */
	enum sn_err want;
};

static const struct row rows[] = {
	{ "items and their status", &whole, &whole, SN_OK },
	{ "no collateral", NULL, NULL, SN_OK },
	{ "an item less than the status accepts", &less, &whole, SN_E_MISSING },
	{ "an item more than the status accepts", &whole, &less, SN_E_SIGNATURE },
	{ "items without a status", &whole, NULL, SN_E_MISSING },
	{ "a status without items", NULL, &whole, SN_E_MISSING },
	{ "carried items and their status", &rims, &rims, SN_OK },
	{ "a carried item less than the status says", &rim, &rims, SN_E_MISSING },
	{ "a carried item more than the status says", &rims, &rim, SN_E_SIGNATURE },
	{ "carried items without a status", &rim, NULL, SN_E_MISSING },
};

static void
add_collateral(struct bun *b, void *arg)
{
	const struct row *row = arg;
	struct sn_buf json = { 0 };

	if (row->items != NULL) {
		FIX_OK(col_store_each(*row->items, add_item, b, why));
		FIX_OK(col_store_each_carried(*row->items, add_carried, b, why));
	}
	if (row->status != NULL) {
		FIX_OK(col_store_status_json(*row->status, &json, why));
		FIX_OK(bun_add(b, "collateral/status.json", sn_buf_bytes(&json), why));
	}
	sn_buf_done(&json);
}

static void
test_row(void **state)
{
	static unsigned int n;
	const struct row *row = *state;
	const struct fix_bundle make = { .more = add_collateral, .arg = *state };
	const struct bun_policy p = fix_policy(&prod);
	struct sn_why said = { 0 };
	char *dir;

	if (row->items == &whole || row->items == &less || row->status == &whole) {
		test_need_data(MILAN "ark.der");
		if (whole == NULL) {
			whole = judged(true);
			less = judged(false);
		}
	}
	dir = test_format("%s/c%u", test_tmpdir(), n++);
	fix_write(&prod, &make, dir);
	const enum sn_err e = fix_verify(dir, &p, NULL, &said);
	if (e != row->want)
		fail_msg("%s: %s", sn_err_name(e), said.text);
	free(dir);
}

/* An item was filed under the path it had, byte for byte; the refused one was not. */
static void
test_filed(void **state)
{
	struct row row = rows[0];
	const struct fix_bundle make = { .more = add_collateral, .arg = &row };
	char *dir = test_format("%s/filed", test_tmpdir()),
	     *junk = test_format("%s/collateral/original/junk.txt", dir);
	struct sn_buf data = { 0 };

	(void)state;
	test_need_data(MILAN "ark.der");
	assert_non_null(whole);
	fix_write(&prod, &make, dir);
	struct test_bytes want = test_read_data(MILAN "asvk.der");
	fix_get(dir, "collateral/original/" MILAN "asvk.der", &data);
	assert_true(bytes_equal(sn_buf_bytes(&data), (struct bytes){ want.data, want.len }));
	assert_int_not_equal(access(junk, F_OK), 0);
	test_bytes_done(&want);
	sn_buf_done(&data);
	free(junk);
	free(dir);
}

int
main(void)
{
	struct test_list *l = test_list_new();

	fix_start();
	fix_make(&prod, 1, PLAN_PRODUCTION);
	rim = carrying(1);
	rims = carrying(2);
	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		test_list_add(l, test_row, (void *)(uintptr_t)&rows[i], "%s", rows[i].name);
	test_list_add(l, test_filed, NULL, "originals are filed byte for byte");
	const int status = test_list_run(l, "collateral");
	col_store_free(&whole);
	col_store_free(&less);
	col_store_free(&rim);
	col_store_free(&rims);
	fix_done(&prod);
	return status;
}
