/* The GHCB certificate table: written, read back, equal to the published ones, and refused. */
#include <string.h>

#include "firmware-cache/amd/ghcb.h"
#include "tests/lib/test.h"

#define ENTRY 24

static void
must(enum sn_err e, const struct sn_why *why)
{
	if (e != SN_OK)
		fail_msg("%s: %s", sn_err_name(e), why->text);
}

static void
tables_equal(const struct ghcb_table *a, const struct ghcb_table *b)
{
	for (enum ghcb_part p = GHCB_VCEK; p < GHCB_PARTS; p++)
		assert_true(bytes_equal(a->parts[p], b->parts[p]));
}

/* ---- published tables, and their parts as files of their own */

static const struct {
	const char *path;
	const char *parts[GHCB_PARTS];
} published[] = {
	{ "amd/assembled/genoa_cert_table.bin",
	    { [GHCB_VCEK] = "amd/assembled/kds-store/vcek/"
			    "b5f9a4c8280e63c97d288db6648577dc2b848884aa682d7a227ba40e50deb2b0"
			    "d112b599d87aaccda78d06f4254b1e81c4d953ef3c699db39d4e06013e9fa4ce/"
			    "bl10_tee00_snp27_ucode27_vcek.der",
		[GHCB_ASK] = "amd/ca/genoa/ask.der",
		[GHCB_ARK] = "amd/ca/genoa/ark.der",
		[GHCB_CRL] = "amd/kds/vcek_v1_Genoa_crl.der" } },
	{ "amd/assembled/milan_vlek_cert_table.bin",
	    { [GHCB_VLEK] = "amd/trustee-snp/test-vlek.der",
		[GHCB_ASK] = "amd/ca/milan/asvk.der",
		[GHCB_ARK] = "amd/ca/milan/ark.der" } },
};

static void
equals_published(void **state)
{
	size_t i = (size_t)(uintptr_t)*state - 1;
	struct test_bytes whole, files[GHCB_PARTS] = { 0 };
	struct ghcb_table t = { 0 }, back = { 0 };
	struct sn_buf out = { 0 };
	struct sn_why why = { 0 };

	test_need_data(published[i].path);
	whole = test_read_data(published[i].path);
	for (enum ghcb_part p = GHCB_VCEK; p < GHCB_PARTS; p++)
		if (published[i].parts[p] != NULL) {
			files[p] = test_read_data(published[i].parts[p]);
			t.parts[p] = (struct bytes){ files[p].data, files[p].len };
		}
	must(ghcb_write(&t, &out, &why), &why);
	assert_int_equal(out.n, whole.len);
	assert_memory_equal(out.p, whole.data, whole.len);
	must(ghcb_read((struct bytes){ whole.data, whole.len }, &back, &why), &why);
	tables_equal(&t, &back);
	for (enum ghcb_part p = GHCB_VCEK; p < GHCB_PARTS; p++)
		test_bytes_done(&files[p]);
	test_bytes_done(&whole);
	sn_buf_done(&out);
}

/* ---- made tables: a good one, changed in some places */

static const struct ghcb_table good = { .parts = { [GHCB_VCEK] = BYTES_STR("leaf"),
					    [GHCB_ASK] = BYTES_STR("intermediate"),
					    [GHCB_ARK] = BYTES_STR("root") } };
#define GOOD_LEN (4 * ENTRY + 4 + 12 + 4)

static void
round_trip(void **state SN_UNUSED)
{
	struct ghcb_table t = { 0 }, back = { 0 };
	struct sn_why why = { 0 };

	for (unsigned int set = 0; set < 1U << GHCB_PARTS; set++) {
		struct sn_buf out = { 0 };
		bool vcek = (set & 1U << GHCB_VCEK) != 0, vlek = (set & 1U << GHCB_VLEK) != 0;
		enum sn_err e;

		for (enum ghcb_part p = GHCB_VCEK; p < GHCB_PARTS; p++)
			t.parts[p] = (set & 1U << p) != 0 ? bytes_str(ghcb_part_name(p))
							  : (struct bytes){ 0 };
		sn_why_clear(&why);
		e = ghcb_write(&t, &out, &why);
		assert_int_equal(e, vcek != vlek ? SN_OK : SN_E_FORMAT);
		if (e == SN_OK) {
			must(ghcb_read(sn_buf_bytes(&out), &back, &why), &why);
			tables_equal(&t, &back);
		}
		sn_buf_done(&out);
	}
}

/* Bytes put at a place; the length that is then read. */
static const struct {
	const char *name;
	struct {
		size_t at, n;
		const char *v;
	} puts[3];
	size_t len; /* 0: all of it */
	enum sn_err err;
	const char *says;
} bad[] = {
	{ "empty", { { 0 } }, 1, SN_E_FORMAT, "GUID" },
	{ "cut-in-entries", { { 0 } }, 2 * ENTRY, SN_E_FORMAT, "VCEK: bytes 96 to 100" },
	{ "cut-in-last-part", { { 0 } }, GOOD_LEN - 1, SN_E_FORMAT, "ARK" },
	{ "byte-behind", { { 0 } }, GOOD_LEN + 1, SN_E_FORMAT, "1 bytes behind" },
	{ "unknown-guid", { { 0, 1, "\x64" } }, 0, SN_E_FORMAT, "64da758d is not known" },
	{ "guid-mixed-endian", { { 0, 4, "\x8d\x75\xda\x63" } }, 0, SN_E_FORMAT,
	    "8d75da63 is not known" },
	{ "ark-twice",
	    { { ENTRY, 16,
		"\xc0\xb4\x06\xa4\xa8\x03\x49\x52\x97\x43\x3f\xb6\x01\x4c\xd0\xae" } },
	    0, SN_E_FORMAT, "two entries for the ARK" },
	{ "vcek-and-vlek",
	    { { ENTRY, 16,
		"\xa8\x07\x4b\xc2\xa2\x5a\x48\x3e\xaa\xe6\x39\xc0\x45\xa0\xb8\xa1" } },
	    0, SN_E_FORMAT, "not both" },
	{ "no-leaf",
	    { { 0, 16, "\x92\xf8\x1b\xc3\x58\x11\x4d\x3d\x97\xff\xd1\x9f\x88\xdc\x67\xea" } },
	    0, SN_E_FORMAT, "either a VCEK or a VLEK" },
	{ "empty-part", { { ENTRY - 4, 4, "\0\0\0\0" } }, 0, SN_E_FORMAT, "VCEK is empty" },
	{ "overlap", { { 2 * ENTRY - 8, 1, "\x62" } }, 0, SN_E_FORMAT, "ASK is at 98" },
	{ "gap", { { 2 * ENTRY - 8, 1, "\x65" } }, 0, SN_E_FORMAT, "ASK is at 101" },
	{ "part-inside-entries",
	    { { ENTRY - 8, 1, "\x5c" }, { 2 * ENTRY - 8, 1, "\x60" },
		{ 3 * ENTRY - 8, 1, "\x6c" } },
	    0, SN_E_FORMAT, "begin at 92" },
	{ "offset-outside", { { ENTRY - 8, 4, "\xff\xff\xff\xff" } }, 0, SN_E_FORMAT, "VCEK" },
	{ "length-outside", { { ENTRY - 4, 4, "\xff\xff\xff\xff" } }, 0, SN_E_FORMAT, "VCEK" },
	{ "big-endian", { { ENTRY - 8, 8, "\0\0\0\x60\0\0\0\x04" } }, 0, SN_E_FORMAT, "VCEK" },
	{ "last-entry-with-length", { { 4 * ENTRY - 1, 1, "\x01" } }, 0, SN_E_FORMAT,
	    "not all zero" },
};

static void
refused(void **state)
{
	size_t i = (size_t)(uintptr_t)*state - 1;
	struct ghcb_table t = { 0 };
	struct sn_buf out = { 0 };
	struct sn_why why = { 0 };
	enum sn_err e;

	must(ghcb_write(&good, &out, &why), &why);
	assert_int_equal(out.n, GOOD_LEN);
	for (size_t k = 0; k < SN_NITEMS(bad[i].puts); k++)
		memcpy(out.p + bad[i].puts[k].at,
		    bad[i].puts[k].v != NULL ? bad[i].puts[k].v : "", bad[i].puts[k].n);
	sn_buf_u8(&out, 0);
	e = ghcb_read((struct bytes){ out.p, bad[i].len != 0 ? bad[i].len : GOOD_LEN }, &t,
	    &why);
	if (e != bad[i].err)
		fail_msg("%s: %s", sn_err_name(e), why.text);
	if (strstr(why.text, bad[i].says) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", why.text, bad[i].says);
	assert_null(t.parts[GHCB_ARK].p);
	sn_buf_done(&out);
}

static void
over_the_limit(void **state SN_UNUSED)
{
	static const uint8_t big[GHCB_PART_MAX + 1];
	struct ghcb_table t = good;
	struct sn_buf out = { 0 };
	struct sn_why why = { 0 };

	t.parts[GHCB_CRL] = BYTES_OF(big);
	assert_int_equal(ghcb_write(&t, &out, &why), SN_E_LIMIT);
	t.parts[GHCB_CRL].n--;
	sn_why_clear(&why);
	must(ghcb_write(&t, &out, &why), &why);
	sn_buf_done(&out);
}

int
main(void)
{
	struct test_list *l = test_list_new();

	for (size_t i = 0; i < SN_NITEMS(published); i++)
		test_list_add(l, equals_published, (const void *)(uintptr_t)(i + 1),
		    "equals %s", published[i].path);
	test_list_add(l, round_trip, NULL, "every set of parts reads back, or is refused");
	for (size_t i = 0; i < SN_NITEMS(bad); i++)
		test_list_add(l, refused, (const void *)(uintptr_t)(i + 1), "refused: %s",
		    bad[i].name);
	test_list_add(l, over_the_limit, NULL, "a part over the limit");
	return test_list_run(l, "ghcb");
}
