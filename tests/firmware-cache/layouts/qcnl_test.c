/* The reader of QCNL's cache files, against files that QCNL would delete. */
#include "firmware-cache/layouts/qcnl.h"
#include "tests/firmware-cache/layouts/lay.h"

#define SAMPLE "intel/assembled/dcap-qcnl/"
#define PCK_FILE SAMPLE "3987622ee6968a54977c8626ef471235_0000"
#define URL_FILE SAMPLE "ade76f72c35bb20ef591c146747f9f6bc27bbeaf001501e6e5dc12a88edde723"

static const struct row {
	const char *name, *hex;
	enum sn_err want;
} rows[] = {
	{ "a response",
	    "010002000000"
	    "0000000000000000"
	    "01000000"
	    "41"
	    "00000000",
	    SN_OK },
	{ "four parts",
	    "010004000000"
	    "0000000000000000"
	    "00000000"
	    "00000000"
	    "00000000"
	    "00000000",
	    SN_OK },
	{ "nothing", "", SN_E_FORMAT },
	{ "a header cut short", "0100020000000000", SN_E_FORMAT },
	{ "another version",
	    "020002000000"
	    "0000000000000000"
	    "00000000"
	    "00000000",
	    SN_E_FORMAT },
	{ "another type",
	    "010003000000"
	    "0000000000000000"
	    "00000000"
	    "00000000",
	    SN_E_FORMAT },
	{ "big-endian",
	    "000100000002"
	    "0000000000000000"
	    "00000000"
	    "00000000",
	    SN_E_FORMAT },
	{ "a time before 1970",
	    "010002000000"
	    "ffffffffffffffff"
	    "00000000"
	    "00000000",
	    SN_E_FORMAT },
	{ "a part too few",
	    "010002000000"
	    "0000000000000000"
	    "00000000",
	    SN_E_FORMAT },
	{ "a part too many",
	    "010002000000"
	    "0000000000000000"
	    "00000000"
	    "00000000"
	    "00000000",
	    SN_E_FORMAT },
	{ "a part longer than the file",
	    "010002000000"
	    "0000000000000000"
	    "02000000"
	    "41",
	    SN_E_FORMAT },
	{ "a part over the limit",
	    "010002000000"
	    "0000000000000000"
	    "ffffffff"
	    "41",
	    SN_E_LIMIT },
};

static void
parse(void **state)
{
	const struct row *r = *state;
	struct test_bytes b = test_unhex(r->hex);
	struct qcnl_file f = { 0 };
	struct sn_why why = { 0 };
	enum sn_err e = qcnl_parse((struct bytes){ b.data, b.len }, &f, &why);

	if (e != r->want)
		fail_msg("%s, expected %s: %s", sn_err_name(e), sn_err_name(r->want), why.text);
	test_bytes_done(&b);
}

static void
published(void **state SN_UNUSED)
{
	struct qcnl_file f = { 0 };
	struct sn_why why = { 0 };
	struct test_bytes b;

	test_need_data(PCK_FILE);
	b = test_read_data(PCK_FILE);
	must(qcnl_parse((struct bytes){ b.data, b.len }, &f, &why), &why);
	assert_int_equal(f.type, QCNL_MULTI_CERT);
	assert_int_equal(f.n, 4);
	assert_true(bytes_equal(f.parts[0], BYTES_STR("0B0B0202FF0100000000000000000000")));
	test_bytes_done(&b);
	b = test_read_data(URL_FILE);
	must(qcnl_parse((struct bytes){ b.data, b.len }, &f, &why), &why);
	assert_int_equal(f.type, QCNL_COLLATERAL);
	assert_int_equal(f.n, 2);
	test_bytes_done(&b);
}

/* Every length of a published file but its own is refused. */
static void
cut_anywhere(void **state SN_UNUSED)
{
	struct sn_why why = { 0 };
	struct test_bytes b;

	test_need_data(URL_FILE);
	b = test_read_data(URL_FILE);
	for (size_t n = 0; n < b.len; n++) {
		struct qcnl_file f = { 0 };

		assert_int_equal(qcnl_parse((struct bytes){ b.data, n }, &f, &why),
		    SN_E_FORMAT);
		assert_int_equal(f.n, 0);
	}
	test_bytes_done(&b);
}

int
main(void)
{
	struct test_list *l = test_list_new();

	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		test_list_add(l, parse, &rows[i], "%s: %s", rows[i].name,
		    rows[i].want == SN_OK ? "read" : sn_err_name(rows[i].want));
	test_list_add(l, published, NULL, "the published files");
	test_list_add(l, cut_anywhere, NULL, "a file cut anywhere");
	return test_list_run(l, "qcnl");
}
