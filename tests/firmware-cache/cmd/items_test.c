/*
 * timeout: 300
 *
 * Signed JSON of a generated PKI by the wrong signer, newer, from the future; and what is
 * reported of a judged store.
 */
#include "tests/firmware-cache/cmd/world.h"

/* ---- signed JSON */

#define HEX16 "0000000000000000"
#define QE(issued) QE_OF(issued, "1")
#define QE_OF(issued, number)                                                                  \
	"{\"id\":\"QE\",\"version\":2,\"issueDate\":\"" issued "\",\"nextUpdate\":\"" PKI_TO   \
	"\",\"tcbEvaluationDataNumber\":" number ",\"miscselect\":\"00000000\","               \
	"\"miscselectMask\":\"FFFFFFFF\",\"attributes\":\"" HEX16 HEX16                        \
	"\",\"attributesMask\":\"" HEX16 HEX16 "\",\"mrsigner\":\"" HEX16 HEX16 HEX16 HEX16    \
	"\",\"isvprodid\":1,\"tcbLevels\":[{\"tcb\":{\"isvsvn\":2},"                           \
	"\"tcbDate\":\"2025-01-01T00:00:00Z\",\"tcbStatus\":\"UpToDate\"}]}"

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

/* ---- one set, several evaluation numbers */

static unsigned int
mixed(const struct world *w, const char *path)
{
	return row_of(w, path)->notes & COL_NOTE_MIXED;
}

static void
numbers_mixed(void **state SN_UNUSED)
{
	struct world w = { .drop = "intel/qe_identity.json" };
	struct sn_buf b = { 0 };
	struct sn_why why = { 0 };

	must(pki_sign_json(&pki, PKI_TCB_SIGNING, "enclaveIdentity", QE_OF(PKI_FROM, "2"),
		 more(&w, "early.json"), &why),
	    &why);
	judge(&w, NOW);
	expect(&w, "early.json", SN_OK);
	assert_true(mixed(&w, "early.json") && mixed(&w, "intel/tcb_sgx.json"));
	assert_false(mixed(&w, "intel/tcb_tdx.json") || mixed(&w, "intel/td_qe_identity.json"));
	must(col_store_status_txt(w.s, &b, &why), &why);
	assert_non_null(strstr(sn_buf_cstr(&b), "\n2 mixed: "));
	sn_buf_done(&b);
	world_done(&w);
}

/* The TCB info can be used; the identity of another number waits for its own. */
static void
numbers_of_two_channels(void **state SN_UNUSED)
{
	struct world w = { 0 };
	struct sn_why why = { 0 };

	must(pki_sign_json(&pki, PKI_TCB_SIGNING, "enclaveIdentity", QE_OF(PKI_FROM, "2"),
		 more(&w, "early.json"), &why),
	    &why);
	judge(&w, NOW);
	assert_true(mixed(&w, "early.json"));
	assert_false(mixed(&w, "intel/tcb_sgx.json") || mixed(&w, "intel/qe_identity.json"));
	world_done(&w);
}

/* ---- a bad item beside good ones */

struct good {
	char path[64];
	struct sn_buf b;
};
static struct good goods[ALL_FILES];
static size_t ngoods;

static enum sn_err
keep_good(void *arg SN_UNUSED, const char *path, struct bytes bytes, struct sn_why *why)
{
	struct good *g = &goods[ngoods++];

	snprintf(g->path, sizeof(g->path), "%s", path);
	sn_buf_put(&g->b, bytes);
	return sn_buf_check(&g->b, why);
}

static struct col_store *
judge_goods(const char *bad_path, struct bytes bad)
{
	struct col_policy policy = { .at = moment(NOW), .rehearsal = true };
	struct col_store *s = NULL;
	struct sn_why why = { 0 };

	must(pki_roots(&pki, &policy.extra, &why), &why);
	must(col_store_new(&policy, &s, &why), &why);
	if (bad_path != NULL)
		must(col_store_add(s, bad_path, bad, &why), &why);
	for (size_t i = 0; i < ngoods; i++)
		must(col_store_add(s, goods[i].path, sn_buf_bytes(&goods[i].b), &why), &why);
	must(col_store_check(s, &why), &why);
	return s;
}

static enum sn_err
not_bad(void *arg, const struct col_verified *v, struct sn_why *why)
{
	return strcmp(col_verified_path(v), arg) != 0
	    ? SN_OK
	    : sn_fail(why, SN_E_INTERNAL, "%s is handed out", col_verified_path(v));
}

/* The bad one is refused and reaches nobody; the others have the verdicts they had alone. */
static void
beside(const char *what, const struct col_store *alone, struct bytes bad)
{
	/* before all others and behind them */
	static const char *const paths[] = { "a-bad", "zz/bad" };
	const struct col_row *want = NULL, *got = NULL;
	struct sn_why why = { 0 };
	size_t n = 0, m = 0;

	must(col_store_rows(alone, &want, &n, &why), &why);
	for (size_t p = 0; p < SN_NITEMS(paths); p++) {
		struct col_store *s = judge_goods(paths[p], bad);
		size_t k = 0;

		must(col_store_rows(s, &got, &m, &why), &why);
		assert_int_equal(m, n + 1);
		for (size_t i = 0; i < m; i++) {
			if (strcmp(got[i].path, paths[p]) == 0) {
				if (got[i].ok || got[i].carried)
					fail_msg("%s: accepted", what);
				continue;
			}
			if (strcmp(got[i].path, want[k].path) != 0 || got[i].ok != want[k].ok ||
			    got[i].notes != want[k].notes ||
			    got[i].good_until != want[k].good_until)
				fail_msg("%s: %s is judged otherwise: %s", what, got[i].path,
				    got[i].why.text);
			k++;
		}
		must(col_store_each(s, not_bad, (void *)(uintptr_t)paths[p], &why), &why);
		col_store_free(&s);
	}
}

enum damage { CUT, ADDED, FLIPPED_EARLY, FLIPPED_LATE, TWICE, DAMAGES };

static void
damaged(const struct sn_buf *good, enum damage d, struct sn_buf *ret)
{
	sn_buf_put(ret, sn_buf_bytes(good));
	switch (d) {
	case CUT:
		ret->n -= 2; /* a text file's last newline may go */
		break;
	case ADDED:
		sn_buf_u8(ret, '!');
		break;
	case FLIPPED_EARLY:
		ret->p[good->n / 3] ^= 0x04;
		break;
	case FLIPPED_LATE:
		ret->p[good->n - good->n / 16] ^= 0x04;
		break;
	case TWICE:
		sn_buf_put(ret, sn_buf_bytes(good));
		break;
	case DAMAGES:
		break;
	}
}

static void
bad_beside_good(void **state SN_UNUSED)
{
	static const char *const names[] = { "cut", "a byte more", "flipped early",
		"flipped late", "twice" };
	struct sn_why why = { 0 };
	struct col_store *alone;

	must(pki_each(&pki, keep_good, NULL, &why), &why);
	alone = judge_goods(NULL, (struct bytes){ 0 });
	assert_int_equal(col_store_accepted(alone), ALL_FILES);
	for (size_t i = 0; i < ngoods; i++)
		for (enum damage d = CUT; d < DAMAGES; d++) {
			struct sn_buf b = { 0 };
			char *what = test_format("%s, %s", goods[i].path, names[d]);

			damaged(&goods[i].b, d, &b);
			beside(what, alone, sn_buf_bytes(&b));
			free(what);
			sn_buf_done(&b);
		}
	beside("nothing", alone, (struct bytes){ 0 });
	beside("JSON", alone, BYTES_STR("{\"tcbInfo\":{},\"signature\":\"00\"}"));
	col_store_free(&alone);
	for (size_t i = 0; i < ngoods; i++)
		sn_buf_done(&goods[i].b);
}

/* Certificates and lists that somebody made under the vendors' names. */
static void
forged_beside_good(void **state SN_UNUSED)
{
	static const struct {
		const char *cn;
		enum pki_party key, issuer;
		bool ca;
	} forged[] = {
		{ "Intel SGX Root CA", PKI_TCB_SIGNING, PKI_TCB_SIGNING, true },
		{ "Intel SGX TCB Signing", PKI_PLATFORM_CA, PKI_PLATFORM_CA, false },
		{ "Intel SGX PCK Platform CA", PKI_PLATFORM_CA, PKI_PROCESSOR_CA, true },
		{ "ARK-Milan", PKI_ASK, PKI_ASK, true },
		{ "SEV-Milan", PKI_ASK, PKI_ASK, true },
		{ "SEV-VCEK", PKI_VCEK, PKI_VCEK, false },
	};
	struct sn_why why = { 0 };
	struct col_store *alone;

	ngoods = 0;
	must(pki_each(&pki, keep_good, NULL, &why), &why);
	alone = judge_goods(NULL, (struct bytes){ 0 });
	for (size_t i = 0; i < SN_NITEMS(forged); i++) {
		struct sn_buf b = { 0 };

		forge(&b, forged[i].cn, forged[i].key, forged[i].issuer, forged[i].ca,
		    forged[i].ca ? 1 : -1, forged[i].ca);
		beside(forged[i].cn, alone, sn_buf_bytes(&b));
		sn_buf_done(&b);
	}
	col_store_free(&alone);
	for (size_t i = 0; i < ngoods; i++)
		sn_buf_done(&goods[i].b);
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
	{ "TCB info and identity of two numbers", numbers_mixed },
	{ "a second channel with an identity alone", numbers_of_two_channels },
	{ "damaged items beside good ones", bad_beside_good },
	{ "forged items beside good ones", forged_beside_good },
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
