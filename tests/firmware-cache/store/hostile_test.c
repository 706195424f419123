/* Genuine items with one thing wrong: bytes flipped, too early or late, too many, too large. */
#include <stdlib.h>

#include "tests/firmware-cache/store/set.h"

#define MID_2025 "2025-07-01T00:00:00Z"

static struct bytes
view(struct test_bytes b)
{
	return (struct bytes){ b.data, b.len };
}

/* ---- one byte flipped: anywhere in an item, it must not be accepted */

#define FLIPS 40 /* positions tried, spread over the whole item */

struct flip {
	const char *path;
	enum set_name set;
};

static const struct flip flips[] = {
	{ "amd/ca/milan/ark.der", SET_NONE },
	{ "amd/ca/genoa/ask.der", SET_AMD },
	{ "amd/ca/turin/asvk.der", SET_AMD },
	{ "amd/milan-gosev/vcek.der", SET_AMD },
	{ "amd/virtee-sev/vcek_turin.der", SET_AMD },
	{ "amd/trustee-snp/test-vlek.der", SET_AMD },
	{ "amd/kds/vcek_v1_Genoa_crl.der", SET_AMD },
	{ "intel/root/IntelSGXRootCA.cert.der", SET_NONE },
	{ "intel/phala/tdx_quote/rootcacrl.der", SET_INTEL },
	{ "intel/phala/tdx_quote/pckcrl.der", SET_INTEL },
	{ "intel/phala/tdx_quote/tcb.json", SET_INTEL },
	{ "intel/phala/sgx_quote/tcb.json", SET_INTEL },
	{ "intel/phala/sgx_quote/qe_identity.json", SET_INTEL },
};

static void
flipped(void **state)
{
	const struct flip *f = *state;
	struct test_bytes b;

	test_need_data(f->path);
	b = test_read_data(f->path);
	for (size_t i = 0; i < FLIPS; i++) {
		size_t at = i * (b.len - 1) / (FLIPS - 1);
		struct col_store *s = set_store(f->set, MID_2025, NULL);
		struct sn_why why = { 0 };
		const struct col_row *row;

		b.data[at] ^= 0x04;
		must(col_store_add(s, "item.under.test", view(b), &why), &why);
		row = set_judge(s, view(b));
		if (row->ok)
			fail_msg("%s: accepted with byte %zu flipped", f->path, at);
		assert_null(row->verified);
		b.data[at] ^= 0x04;
		col_store_free(&s);
	}
	test_bytes_done(&b);
}

/* ---- the window's edges, to the second */

struct edge {
	const char *path, *at;
	enum set_name set;
	enum sn_err err;
};

static const struct edge edges[] = {
	{ "intel/phala/sgx_quote/qe_identity.json", "2025-06-19T10:01:17Z", SET_INTEL,
	    SN_E_EXPIRED },
	{ "intel/phala/sgx_quote/qe_identity.json", "2025-06-19T10:01:18Z", SET_INTEL, SN_OK },
	{ "intel/phala/sgx_quote/qe_identity.json", "2025-07-19T10:01:18Z", SET_INTEL, SN_OK },
	{ "intel/phala/sgx_quote/qe_identity.json", "2025-07-19T10:01:19Z", SET_INTEL,
	    SN_E_EXPIRED },
	{ "intel/phala/tdx_quote/pckcrl.der", "2025-06-19T10:00:34Z", SET_INTEL, SN_E_EXPIRED },
	{ "intel/phala/tdx_quote/pckcrl.der", "2025-06-19T10:00:35Z", SET_INTEL, SN_OK },
	{ "intel/phala/tdx_quote/pckcrl.der", "2025-07-19T10:00:35Z", SET_INTEL, SN_OK },
	{ "intel/phala/tdx_quote/pckcrl.der", "2025-07-19T10:00:36Z", SET_INTEL, SN_E_EXPIRED },
	{ "amd/trustee-snp/test-vcek.der", "2023-01-24T17:58:25Z", SET_AMD, SN_E_EXPIRED },
	{ "amd/trustee-snp/test-vcek.der", "2023-01-24T17:58:26Z", SET_AMD, SN_OK },
	{ "amd/trustee-snp/test-vcek.der", "2030-01-24T17:58:26Z", SET_AMD, SN_OK },
	{ "amd/trustee-snp/test-vcek.der", "2030-01-24T17:58:27Z", SET_AMD, SN_E_EXPIRED },
	{ "amd/ca/milan/ark.der", "2020-10-22T17:23:04Z", SET_NONE, SN_E_EXPIRED },
	{ "amd/ca/milan/ark.der", "2045-10-22T17:23:05Z", SET_NONE, SN_OK },
	{ "amd/ca/milan/ark.der", "2045-10-22T17:23:06Z", SET_NONE, SN_E_EXPIRED },
	{ "amd/kds/vcek_v1_Milan_crl.der", "2026-05-12T00:00:00Z", SET_AMD, SN_OK },
	{ "amd/kds/vcek_v1_Milan_crl.der", "2026-05-12T00:00:01Z", SET_AMD, SN_E_EXPIRED },
	/* the root's CRL lapses: what needs it is refused with it */
	{ "intel/phala/tdx_quote/tcb_issuer_chain.pem", "2026-04-03T11:21:57Z", SET_INTEL,
	    SN_OK },
	{ "intel/phala/tdx_quote/tcb_issuer_chain.pem", "2026-04-03T11:21:58Z", SET_INTEL,
	    SN_E_MISSING },
};

static void
at_edge(void **state)
{
	const struct edge *e = *state;
	struct col_store *s;
	struct test_bytes b;
	struct sn_why why = { 0 };
	const struct col_row *row;

	test_need_data(e->path);
	s = set_store(e->set, e->at, NULL);
	b = test_read_data(e->path);
	must(col_store_add(s, "item.under.test", view(b), &why), &why);
	row = set_judge(s, view(b));
	assert_err(row->ok ? SN_OK : row->why.err, e->err, &row->why);
	test_bytes_done(&b);
	col_store_free(&s);
}

/* ---- files that are not what they should be; no published data needed */

struct odd {
	const char *name, *text;
	size_t len; /* 0: strlen */
	enum sn_err err;
};

static const struct odd odds[] = {
	{ "nul-byte", "\0", 1, SN_E_FORMAT },
	{ "plain-text", "hello\n", 0, SN_E_FORMAT },
	{ "hex-text", "3082012230", 0, SN_E_FORMAT },
	{ "der-cut", "\x30\x82\x05\x4c\x30\x82", 6, SN_E_FORMAT },
	{ "der-indefinite-length", "\x30\x80\x02\x01\x01\x00\x00", 7, SN_E_FORMAT },
	{ "der-length-of-length", "\x30\xff\xff\xff\xff\xff\xff\xff\xff", 9, SN_E_FORMAT },
	{ "der-empty-sequence", "\x30\x00", 2, SN_E_FORMAT },
	{ "pem-without-end", "-----BEGIN CERTIFICATE-----\nMIIB\n", 0, SN_E_FORMAT },
	{ "pem-crl-without-end", "-----BEGIN X509 CRL-----\nMIIB\n", 0, SN_E_FORMAT },
	{ "pem-crl-not-base64", "-----BEGIN X509 CRL-----\n!!!!\n-----END X509 CRL-----\n", 0,
	    SN_E_FORMAT },
	{ "pem-crl-end-first", "-----BEGIN X509 CRL----------END X509 CRL-----x", 0,
	    SN_E_FORMAT },
	{ "private-key", "-----BEGIN PRIVATE KEY-----\nMC4=\n-----END PRIVATE KEY-----\n", 0,
	    SN_E_FORMAT },
	{ "json-nothing", "{}", 0, SN_E_FORMAT },
	{ "json-array", "[]", 0, SN_E_FORMAT },
	{ "json-three-members", "{\"tcbInfo\":{},\"signature\":\"00\",\"x\":1}", 0,
	    SN_E_FORMAT },
};

static void
odd(void **state)
{
	const struct odd *o = *state;
	struct bytes b = { (const uint8_t *)o->text, o->len != 0 ? o->len : strlen(o->text) };
	struct col_store *s = set_store(SET_NONE, MID_2025, NULL);
	struct sn_why why = { 0 };
	const struct col_row *row;
	char line[COL_LINE_MAX + 1];

	must(col_store_add(s, "some/file.bin", b, &why), &why);
	row = set_judge(s, b);
	assert_false(row->ok);
	assert_err(row->why.err, o->err, &row->why);
	assert_int_equal(row->kind, COL_KIND_UNKNOWN);
	col_row_line(row, line);
	assert_string_equal(line,
	    "REFUSED some/file.bin                          not recognised");
	col_store_free(&s);
}

/* ---- the store itself */

static void
empty_file(void **state SN_UNUSED)
{
	struct col_store *s = set_store(SET_NONE, MID_2025, NULL);
	struct sn_why why = { 0 };
	const struct col_row *row;

	must(col_store_add(s, "empty", (struct bytes){ 0 }, &why), &why);
	row = set_judge(s, (struct bytes){ 0 });
	assert_false(row->ok);
	assert_int_equal(row->why.err, SN_E_FORMAT);
	col_store_free(&s);
}

static void
oversize_is_a_row(void **state SN_UNUSED)
{
	struct col_store *s = set_store(SET_NONE, MID_2025, NULL);
	uint8_t *big = calloc(1, COL_ITEM_BYTES_MAX + 1);
	const struct col_row *rows = NULL;
	struct sn_why why = { 0 };
	size_t n = 0;

	must(col_store_add(s, "big", (struct bytes){ big, COL_ITEM_BYTES_MAX + 1 }, &why),
	    &why);
	must(col_store_check(s, &why), &why);
	must(col_store_rows(s, &rows, &n, &why), &why);
	assert_int_equal(n, 1);
	assert_false(rows[0].ok);
	assert_int_equal(rows[0].why.err, SN_E_LIMIT);
	free(big);
	col_store_free(&s);
}

static void
too_many_items(void **state SN_UNUSED)
{
	struct col_store *s = set_store(SET_NONE, MID_2025, NULL);
	struct sn_why why = { 0 };
	enum sn_err e = SN_OK;
	uint32_t i;

	for (i = 0; i <= COL_ITEMS_MAX && e == SN_OK; i++) {
		char path[16];

		snprintf(path, sizeof(path), "f%u", i);
		e = col_store_add(s, path, BYTES_OF(path), &why);
	}
	assert_int_equal(e, SN_E_LIMIT);
	assert_int_equal(i, COL_ITEMS_MAX + 1);
	col_store_free(&s);
}

static void
too_much_in_total(void **state SN_UNUSED)
{
	struct col_store *s = set_store(SET_NONE, MID_2025, NULL);
	uint8_t *big = calloc(1, COL_ITEM_BYTES_MAX);
	struct sn_why why = { 0 };
	enum sn_err e = SN_OK;
	size_t i;

	for (i = 0; i < 40 && e == SN_OK; i++) {
		char path[16];

		snprintf(path, sizeof(path), "f%zu", i);
		big[0] = (uint8_t)i;
		e = col_store_add(s, path, (struct bytes){ big, COL_ITEM_BYTES_MAX }, &why);
	}
	assert_int_equal(e, SN_E_LIMIT);
	assert_int_equal(i, COL_TOTAL_BYTES_MAX / COL_ITEM_BYTES_MAX + 1);
	free(big);
	col_store_free(&s);
}

static void
bad_paths(void **state SN_UNUSED)
{
	static const char *const paths[] = { "../x", "/x", "a//b", "", "a/./b", "x\n",
		"vcek?bl=1" };
	struct col_store *s = set_store(SET_NONE, MID_2025, NULL);

	for (size_t i = 0; i < SN_NITEMS(paths); i++) {
		struct sn_why why = { 0 };

		assert_int_equal(col_store_add(s, paths[i], BYTES_STR("x"), &why), SN_E_FORMAT);
	}
	assert_int_equal(col_store_refused(s), 0);
	col_store_free(&s);
}

static void
same_path_other_bytes(void **state SN_UNUSED)
{
	struct col_store *s = set_store(SET_NONE, MID_2025, NULL);
	struct sn_why why = { 0 };

	must(col_store_add(s, "x", BYTES_STR("one"), &why), &why);
	assert_int_equal(col_store_add(s, "x", BYTES_STR("two"), &why), SN_E_FORMAT);
	col_store_free(&s);
}

static void
closed_after_check(void **state SN_UNUSED)
{
	struct col_store *s = set_store(SET_NONE, MID_2025, NULL);
	const struct col_row *rows = NULL;
	struct sn_why why = { 0 };
	size_t n = 0;

	assert_int_equal(col_store_rows(s, &rows, &n, &why), SN_E_INTERNAL);
	sn_why_clear(&why);
	must(col_store_check(s, &why), &why);
	must(col_store_rows(s, &rows, &n, &why), &why);
	assert_int_equal(n, 0);
	assert_null(col_store_first_to_lapse(s));
	assert_int_equal(col_store_add(s, "x", BYTES_STR("x"), NULL), SN_E_INTERNAL);
	assert_int_equal(col_store_check(s, NULL), SN_E_INTERNAL);
	col_store_free(&s);
	col_store_free(&s);
}

static void
extra_roots_need_a_rehearsal(void **state SN_UNUSED)
{
	struct col_policy policy = { .at = 1, .extra = { .has[COL_VENDOR_INTEL][0] = true } };
	struct col_store *s = NULL;
	struct sn_why why = { 0 };

	assert_int_equal(col_store_new(&policy, &s, &why), SN_E_REHEARSAL);
	assert_null(s);
}

/* ---- the plan's vendor_pki */

#define HEX64 "a0af031289f5d5d4132f9186068a7fc13628633ba235777472e29b6b6c67a49e"

static const struct {
	const char *name, *json;
	enum sn_err err;
} plans[] = {
	{ "both", "{\"amd\":{\"Milan\":\"" HEX64 "\"},\"intel\":\"" HEX64 "\"}", SN_OK },
	{ "amd-only", "{\"amd\":{\"Turin\":\"" HEX64 "\",\"Genoa\":\"" HEX64 "\"}}", SN_OK },
	{ "empty", "{}", SN_OK },
	{ "unknown-product", "{\"amd\":{\"Rome\":\"" HEX64 "\"}}", SN_E_FORMAT },
	{ "product-case", "{\"amd\":{\"milan\":\"" HEX64 "\"}}", SN_E_FORMAT },
	{ "short-digest", "{\"intel\":\"a0af\"}", SN_E_FORMAT },
	{ "digest-is-number", "{\"intel\":1}", SN_E_FORMAT },
	{ "amd-is-string", "{\"amd\":\"" HEX64 "\"}", SN_E_FORMAT },
	{ "unknown-vendor", "{\"arm\":\"" HEX64 "\"}", SN_E_FORMAT },
	{ "array", "[]", SN_E_FORMAT },
};

static void
plan(void **state)
{
	size_t i = (size_t)(uintptr_t)*state - 1;
	yyjson_doc *doc = yyjson_read(plans[i].json, strlen(plans[i].json), 0);
	struct col_roots r = { 0 };
	struct sn_why why = { 0 };
	enum sn_err e = col_roots_from_json(yyjson_doc_get_root(doc), "vendor_pki", &r, &why);

	assert_err(e, plans[i].err, &why);
	if (e != SN_OK)
		assert_false(col_roots_any(&r));
	if (strcmp(plans[i].name, "both") == 0) {
		assert_true(r.has[COL_VENDOR_INTEL][0] && r.has[COL_VENDOR_AMD][AMD_MILAN] &&
		    !r.has[COL_VENDOR_AMD][AMD_GENOA]);
		assert_true(intel_root_pinned(r.spki[COL_VENDOR_INTEL][0]));
	}
	yyjson_doc_free(doc);
}

int
main(void)
{
	struct test_list *l = test_list_new();
	struct sn_why why = { 0 };

	if (cry_start(&why) != SN_OK)
		return 1;
	for (size_t i = 0; i < SN_NITEMS(flips); i++)
		test_list_add(l, flipped, &flips[i], "one byte flipped in %s", flips[i].path);
	for (size_t i = 0; i < SN_NITEMS(edges); i++)
		test_list_add(l, at_edge, &edges[i], "%s at %s: %s", edges[i].path, edges[i].at,
		    sn_err_name(edges[i].err));
	for (size_t i = 0; i < SN_NITEMS(odds); i++)
		test_list_add(l, odd, &odds[i], "refused: %s", odds[i].name);
	for (size_t i = 0; i < SN_NITEMS(plans); i++)
		test_list_add(l, plan, (const void *)(uintptr_t)(i + 1), "vendor_pki: %s",
		    plans[i].name);
	test_list_add(l, empty_file, NULL, "an empty file is refused");
	test_list_add(l, oversize_is_a_row, NULL, "a file over the limit is a refused row");
	test_list_add(l, too_many_items, NULL, "too many items");
	test_list_add(l, too_much_in_total, NULL, "too many bytes in total");
	test_list_add(l, bad_paths, NULL, "paths that are not accepted");
	test_list_add(l, same_path_other_bytes, NULL, "one path, two contents");
	test_list_add(l, closed_after_check, NULL, "nothing is added after the check");
	test_list_add(l, extra_roots_need_a_rehearsal, NULL, "extra roots need a rehearsal");
	return test_list_run(l, "hostile");
}
