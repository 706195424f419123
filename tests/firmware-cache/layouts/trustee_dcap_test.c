/* platform_collaterals.json for Trustee: equal to the published sample, and what stays out. */
#include "tests/firmware-cache/layouts/lay.h"

#define FILE_PATH "trustee/dcap/platform_collaterals.json"
#define SAMPLE "intel/assembled/platform_collaterals.trustee.json"

/* From the TCB infos to the end: all that Trustee reads. */
static struct bytes
from_tcbinfos(struct bytes b)
{
	size_t at = bytes_find(b, BYTES_STR(", \"tcbinfos\": ["));

	assert_true(at != SIZE_MAX);
	return (struct bytes){ b.p + at, b.n - at };
}

static void
equals_the_sample(void **state SN_UNUSED)
{
	struct lay_files f = { 0 };
	struct test_bytes want;
	struct col_store *s;

	test_need_data(SAMPLE);
	want = test_read_data(SAMPLE);
	s = lay_sample_store();
	lay_check(s);
	lay_derive(&f, &(struct lay_input){ .store = s }, "trustee-dcap");
	lay_assert_same(from_tcbinfos(lay_file(&f, FILE_PATH)),
	    from_tcbinfos((struct bytes){ want.data, want.len }));
	assert_string_equal(sn_buf_cstr(&f.left_out), "");
	test_bytes_done(&want);
	lay_files_done(&f);
	col_store_free(&s);
}

/* Without each of these there is no file, and the reason is said. */
static const struct needed {
	const char *part, *says;
} needed[] = {
	{ "intel/phala/sgx_quote/pckcrl.der", "no accepted PCK Processor CA CRL" },
	{ "intel/phala/tdx_quote/pckcrl.der", "no accepted PCK Platform CA CRL" },
	{ "intel/phala/sgx_quote/pckcrl_issuer_chain.pem", "no accepted PCK Processor CA" },
	{ "intel/phala/tdx_quote/pckcrl_issuer_chain.pem", "no accepted PCK Platform CA" },
	{ "intel/phala/sgx_quote/tcb_issuer_chain.pem", "" },
	{ "intel/phala/sgx_quote/rootcacrl.der", "" },
};

static void
nothing_by_halves(void **state)
{
	const struct needed *m = *state;
	struct lay_files f = { 0 };
	struct col_store *s;

	test_need_data(SAMPLE);
	s = lay_store(MID_2025);
	for (size_t i = 0; i < SN_NITEMS(lay_sample_parts); i++)
		if (strcmp(lay_sample_parts[i], m->part) != 0)
			lay_add(s, lay_sample_parts[i], lay_sample_parts[i]);
	lay_check(s);
	lay_derive(&f, &(struct lay_input){ .store = s }, "trustee-dcap");
	assert_int_equal(f.n, 0);
	assert_non_null(strstr(sn_buf_cstr(&f.left_out), m->says));
	lay_files_done(&f);
	col_store_free(&s);
}

/* A TCB info with a lower-case FMSPC is verified, and named, and not in the file. */
static void
lower_case_stays_out(void **state SN_UNUSED)
{
	static const char *const parts[] = { "tcb_info.json", "qe_identity.json",
		"tcb_info_issuer_chain.pem", "pck_crl_issuer_chain.pem" };
	struct lay_files f = { 0 };
	struct col_store *s;
	char rel[128];

	test_need_data("intel/openenclave/tdx_endorsement/tcb_info.json");
	s = lay_store("2025-03-21T00:00:00Z");
	for (size_t i = 0; i < SN_NITEMS(parts); i++) {
		snprintf(rel, sizeof(rel), "intel/openenclave/tdx_endorsement/%s", parts[i]);
		lay_add(s, rel, parts[i]);
	}
	lay_add(s, "intel/phala/tdx_quote/rootcacrl.der", "root.der");
	lay_check(s);
	lay_derive(&f, &(struct lay_input){ .store = s }, "trustee-dcap");
	assert_int_equal(f.n, 0);
	assert_non_null(strstr(sn_buf_cstr(&f.left_out),
	    "trustee-dcap tcb_info.json: Trustee writes it anew with other bytes than were "
	    "signed; fetch it with an upper-case FMSPC"));
	lay_files_done(&f);
	col_store_free(&s);
}

/* A newer generation has a newer time, by which Trustee knows it. */
static void
newest_issue_date(void **state SN_UNUSED)
{
	struct lay_files f = { 0 };
	struct sn_why why = { 0 };
	struct col_store *s;
	int64_t newest = 0;

	test_need_data(SAMPLE);
	s = lay_sample_store();
	lay_check(s);
	lay_derive(&f, &(struct lay_input){ .store = s }, "trustee-dcap");
	must(text_to_time("2025-06-19T10:56:11Z", &newest, "newest", &why), &why);
	assert_int_equal(f.n, 2);
	assert_true(f.mtimes[0] >= newest && f.mtimes[0] == f.mtimes[1]);
	lay_files_done(&f);
	col_store_free(&s);
}

int
main(void)
{
	struct test_list *l = test_list_new();
	struct sn_why why = { 0 };

	if (cry_start(&why) != SN_OK)
		return 1;
	test_list_add(l, equals_the_sample, NULL, "equals the published sample");
	for (size_t i = 0; i < SN_NITEMS(needed); i++)
		test_list_add(l, nothing_by_halves, &needed[i], "no file without %s",
		    needed[i].part);
	test_list_add(l, lower_case_stays_out, NULL, "a lower-case FMSPC stays out");
	test_list_add(l, newest_issue_date, NULL, "the time is the newest issue date");
	return test_list_run(l, "trustee_dcap");
}
