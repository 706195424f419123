/*
 * timeout: 300
 *
 * Signed JSON of a generated PKI by the wrong signer, newer, from the future; and what is
 * reported of a judged store.
 */
#include "tests/firmware-cache/cmd/world.h"

/* ---- signed JSON */

#define QE(issued)                                                                             \
	"{\"id\":\"QE\",\"version\":2,\"issueDate\":\"" issued "\",\"nextUpdate\":\"" PKI_TO   \
	"\",\"tcbEvaluationDataNumber\":1,\"tcbLevels\":[{\"tcb\":{\"isvsvn\":2},"             \
	"\"tcbStatus\":\"UpToDate\"}]}"

static void
json_of_a_platform_ca(void **state SN_UNUSED)
{
	struct world w = { .drop = "intel/qe_identity.json" };
	struct sn_why why = { 0 };

	must(pki_sign_json(&pki, PKI_PLATFORM_CA, "enclaveIdentity", QE(PKI_FROM),
		 more(&w, "by-platform-ca.json"), &why),
	    &why);
	must(pki_sign_json(&pki, PKI_ROOT, "enclaveIdentity", QE(PKI_FROM),
		 more(&w, "by-root.json"), &why),
	    &why);
	must(pki_sign_json(&pki, PKI_TCB_SIGNING, "tcbInfo", QE(PKI_FROM),
		 more(&w, "as-tcb-info.json"), &why),
	    &why);
	judge(&w, NOW);
	expect(&w, "by-platform-ca.json", SN_E_SIGNATURE);
	expect(&w, "by-root.json", SN_E_SIGNATURE);
	expect(&w, "as-tcb-info.json", SN_E_FORMAT);
	world_done(&w);
}

static void
newer_supersedes(void **state SN_UNUSED)
{
	struct world w = { 0 };
	const struct col_row *first;
	struct sn_why why = { 0 };

	must(pki_sign_json(&pki, PKI_TCB_SIGNING, "enclaveIdentity", QE("2025-03-01T00:00:00Z"),
		 more(&w, "newer.json"), &why),
	    &why);
	judge(&w, NOW);
	expect(&w, "newer.json", SN_OK);
	expect(&w, "intel/qe_identity.json", SN_OK);
	assert_int_equal(row_of(&w, "newer.json")->notes, COL_NOTE_REHEARSAL);
	assert_int_equal(row_of(&w, "intel/qe_identity.json")->notes,
	    COL_NOTE_REHEARSAL | COL_NOTE_SUPERSEDED);
	first = col_store_first_to_lapse(w.s);
	assert_non_null(first);
	assert_true((first->notes & COL_NOTE_SUPERSEDED) == 0);
	world_done(&w);
}

static void
issued_in_the_future(void **state SN_UNUSED)
{
	struct world w = { 0 };
	struct sn_why why = { 0 };

	must(pki_sign_json(&pki, PKI_TCB_SIGNING, "enclaveIdentity", QE("2025-07-01T00:00:01Z"),
		 more(&w, "future.json"), &why),
	    &why);
	judge(&w, NOW);
	expect(&w, "future.json", SN_E_EXPIRED);
	world_done(&w);
}

/* ---- what is reported */

static enum sn_err
add_verified(void *arg, const struct col_verified *v, struct sn_why *why)
{
	return col_store_add(arg, col_verified_path(v), col_verified_bytes(v), why);
}

/* The accepted originals alone, judged again, are all accepted. */
static void
originals_stand_on_their_own(void **state SN_UNUSED)
{
	struct world w = { .drop = "intel/pck_processor_crl.der" };
	struct col_policy policy = { .at = moment(NOW), .rehearsal = true };
	struct col_store *again = NULL;
	struct sn_why why = { 0 };

	forge(more(&w, "ask-not-ca.der"), "SEV-Milan", PKI_ASK, PKI_ARK, false, -1, false);
	judge(&w, NOW);
	assert_int_equal(col_store_refused(w.s), 1);
	must(pki_roots(&pki, &policy.extra, &why), &why);
	must(col_store_new(&policy, &again, &why), &why);
	must(col_store_each(w.s, add_verified, again, &why), &why);
	must(col_store_check(again, &why), &why);
	assert_int_equal(col_store_accepted(again), ALL_FILES - 1);
	assert_int_equal(col_store_refused(again), 0);
	col_store_free(&again);
	world_done(&w);
}

static yyjson_val *
at_path(yyjson_doc *doc, const char *pointer)
{
	yyjson_val *v = yyjson_doc_ptr_get(doc, pointer);

	if (v == NULL)
		fail_msg("status.json has no %s", pointer);
	return v;
}

static void
status_json(void **state SN_UNUSED)
{
	struct world w = { 0 };
	struct sn_buf a = { 0 }, b = { 0 };
	struct sn_why why = { 0 };
	yyjson_doc *doc;

	sn_buf_str(more(&w, "zz.txt"), "not collateral");
	judge(&w, NOW);
	must(col_store_status_json(w.s, &a, &why), &why);
	must(col_store_status_json(w.s, &b, &why), &why);
	assert_true(bytes_equal(sn_buf_bytes(&a), sn_buf_bytes(&b)));
	doc = yyjson_read((const char *)a.p, a.n, 0);
	assert_non_null(doc);
	assert_string_equal(yyjson_get_str(at_path(doc, "/judged_at")), NOW);
	assert_true(yyjson_get_bool(at_path(doc, "/rehearsal_roots")));
	assert_int_equal(yyjson_get_uint(at_path(doc, "/accepted")), ALL_FILES);
	assert_int_equal(yyjson_get_uint(at_path(doc, "/refused")), 1);
	assert_int_equal(yyjson_arr_size(at_path(doc, "/items")), ALL_FILES + 1);
	assert_string_equal(yyjson_get_str(at_path(doc, "/items/13/error")), "SN_E_FORMAT");
	assert_string_equal(yyjson_get_str(at_path(doc, "/coverage/amd/0/product")), "Milan");
	assert_true(yyjson_get_bool(at_path(doc, "/coverage/amd/0/crl")));
	assert_string_equal(yyjson_get_str(at_path(doc, "/coverage/amd/0/vceks/0/tcb")),
	    "bl03_tee00_snp08_ucode209_vcek.der");
	assert_int_equal(yyjson_arr_size(at_path(doc, "/coverage/intel/tcb_info")), 2);
	assert_int_equal(yyjson_arr_size(at_path(doc, "/coverage/intel/identities")), 2);
	assert_string_equal(yyjson_get_str(at_path(doc, "/first_to_lapse/good_until")), PKI_TO);
	yyjson_doc_free(doc);
	sn_buf_done(&a);
	sn_buf_done(&b);
	world_done(&w);
}

static void
status_text(void **state SN_UNUSED)
{
	struct world w = { 0 };
	struct sn_buf b = { 0 };
	struct sn_why why = { 0 };
	const char *line, *end;

	sn_buf_str(more(&w,
		       "a/rather/long/path/of/something/that/is/not/collateral/at/all.txt"),
	    "not collateral");
	judge(&w, NOW);
	must(col_store_status_txt(w.s, &b, &why), &why);
	for (line = sn_buf_cstr(&b); *line != '\0'; line = end + 1) {
		end = strchr(line, '\n');
		assert_non_null(end);
		assert_true(end - line <= COL_LINE_MAX);
	}
	assert_non_null(strstr(sn_buf_cstr(&b), "13 accepted, 1 refused"));
	assert_non_null(strstr(sn_buf_cstr(&b), "Good until " PKI_TO));
	assert_non_null(strstr(sn_buf_cstr(&b), "AMD Milan, 1 VCEK, 0 VLEK, with its CRL"));
	assert_non_null(strstr(sn_buf_cstr(&b),
	    "ok      TCB info TDX 005245484541              until 2035-01-01, rehearsal\n"));
	sn_buf_done(&b);
	world_done(&w);
}

static void
empty_status(void **state SN_UNUSED)
{
	struct col_policy policy = { .at = moment(NOW) };
	struct col_store *s = NULL;
	struct sn_buf b = { 0 };
	struct sn_why why = { 0 };

	must(col_store_new(&policy, &s, &why), &why);
	assert_int_equal(col_store_status_json(s, &b, NULL), SN_E_INTERNAL);
	must(col_store_check(s, &why), &why);
	must(col_store_status_json(s, &b, &why), &why);
	must(col_store_status_txt(s, &b, &why), &why);
	sn_buf_done(&b);
	col_store_free(&s);
}

static const struct world_test tests[] = {
	{ "JSON signed by another role", json_of_a_platform_ca },
	{ "a newer item supersedes an older one", newer_supersedes },
	{ "an item issued in the future", issued_in_the_future },
	{ "accepted originals stand on their own", originals_stand_on_their_own },
	{ "status.json", status_json },
	{ "status.txt", status_text },
	{ "status of an empty store", empty_status },
};

int
main(void)
{
	return world_run(tests, SN_NITEMS(tests), "items");
}
