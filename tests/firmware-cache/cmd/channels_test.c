/* Which of several bodies of one subject goes where, under a generated PKI: one row a case. */
#include "tests/firmware-cache/cmd/world.h"

#include "appliance/base/json.h"
#include "firmware-cache/layouts/layouts.h"

#define DCAP "trustee/dcap/platform_collaterals.json"
#define BODIES 4
#define LEFT_OUT_ROOM 2048

#define SVN4 "{\"svn\":1},{\"svn\":1},{\"svn\":1},{\"svn\":1}"
#define SVN16 "[" SVN4 "," SVN4 "," SVN4 "," SVN4 "]"

/* One SGX TCB info more: its file, FMSPC and evaluation number; standard and early are what
 * the file has for the FMSPC 00906EA10000, 0 for nothing. */
static const struct row {
	const char *name;
	struct {
		const char *path, *fmspc;
		unsigned int number;
	} body[BODIES];
	unsigned int standard, early;
	const char *left_out; /* words that must be there, or NULL: nothing is left out */
} rows[] = {
	{ "one alone is standard", { { "a.json", "00906EA10000", 17 } }, 17, 0, NULL },
	{ "of two the higher is early",
	    { { "a.json", "00906EA10000", 18 }, { "b.json", "00906EA10000", 17 } }, 17, 18,
	    NULL },
	{ "in any order",
	    { { "a.json", "00906EA10000", 17 }, { "b.json", "00906EA10000", 18 } }, 17, 18,
	    NULL },
	{ "of three the lowest is left out",
	    { { "a.json", "00906EA10000", 17 }, { "b.json", "00906EA10000", 19 },
		{ "c.json", "00906EA10000", 18 } },
	    18, 19, "a.json: of another TCB evaluation number" },
	{ "names go before numbers",
	    { { "a_early.json", "00906EA10000", 17 },
		{ "b_standard.json", "00906EA10000", 18 } },
	    18, 17, NULL },
	{ "one called early is not standard", { { "a_early.json", "00906EA10000", 17 } }, 0, 17,
	    NULL },
	{ "unnamed above standard is early",
	    { { "a_standard.json", "00906EA10000", 17 }, { "b.json", "00906EA10000", 18 } }, 17,
	    18, NULL },
	{ "unnamed below standard is left out",
	    { { "a_standard.json", "00906EA10000", 18 }, { "b.json", "00906EA10000", 17 } }, 18,
	    0, "b.json: of another TCB evaluation number" },
	{ "unnamed below early is standard",
	    { { "a_early.json", "00906EA10000", 18 }, { "b.json", "00906EA10000", 17 } }, 17,
	    18, NULL },
	{ "a folder's name counts, too",
	    { { "early/a.json", "00906EA10000", 17 }, { "b.json", "00906EA10000", 16 } }, 16,
	    17, NULL },
	{ "a longer word does not", { { "nearly/earlybird.json", "00906EA10000", 17 } }, 17, 0,
	    NULL },
	{ "lower case does not survive, upper case does",
	    { { "a.json", "00906ea10000", 17 }, { "b.json", "00906EA10000", 18 } }, 0, 18,
	    "a.json: Trustee writes it anew" },
	{ "another FMSPC does not matter",
	    { { "a.json", "00906EA10000", 17 }, { "b.json", "00606A000000", 18 } }, 17, 0,
	    NULL },
};

struct result {
	struct sn_buf file, left_out;
};

static enum sn_err
keep(void *arg, const char *path, struct bytes bytes, int64_t mtime SN_UNUSED,
    struct sn_why *why SN_UNUSED)
{
	struct result *r = arg;

	if (strcmp(path, DCAP) == 0)
		sn_buf_put(&r->file, bytes);
	return SN_OK;
}

static enum sn_err
keep_left_out(void *arg, const char *layout SN_UNUSED, const char *what, const char *reason,
    struct sn_why *why SN_UNUSED)
{
	struct result *r = arg;

	sn_buf_fmt(&r->left_out, "%s: %s\n", what, reason);
	return SN_OK;
}

static void
derive(const struct world *w, struct result *ret)
{
	static const char *const name = "trustee-dcap";
	const struct lay_out out = { keep, keep_left_out, ret };
	struct sn_why why = { 0 };

	must(lay_write(&(struct lay_input){ .store = w->s }, &name, 1, &out, &why), &why);
}

static void
result_done(struct result *r)
{
	sn_buf_done(&r->file);
	sn_buf_done(&r->left_out);
}

static void
put_tcb_info(struct sn_buf *ret, enum pki_party signer, const char *fmspc, unsigned int number)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf body = { 0 };
	struct sn_why why = { 0 };

	sn_buf_fmt(&body,
	    "{\"id\":\"SGX\",\"version\":3,\"issueDate\":\"" PKI_FROM
	    "\",\"nextUpdate\":\"" PKI_TO
	    "\",\"fmspc\":\"%s\",\"pceId\":\"0000\",\"tcbType\":0,"
	    "\"tcbEvaluationDataNumber\":%u,\"tcbLevels\":[{\"tcb\":{\"sgxtcbcomponents\":" SVN16
	    ",\"pcesvn\":1},\"tcbDate\":\"" PKI_FROM "\",\"tcbStatus\":\"UpToDate\"}]}",
	    fmspc, number);
	must(pki_sign_json(&pki, signer, "tcbInfo", sn_buf_cstr(&body), ret, &why), &why);
}

/* The evaluation number of a body of the FMSPC in the file; 0 when it is not there. */
static unsigned int
number_of(yyjson_val *root, const char *key)
{
	yyjson_val *infos = yyjson_obj_get(yyjson_obj_get(root, "collaterals"), "tcbinfos");
	yyjson_val *one;
	size_t i, n;

	yyjson_arr_foreach(infos, i, n, one)
	{
		yyjson_val *info = yyjson_obj_get(yyjson_obj_get(one, key), "tcbInfo");

		if (yyjson_equals_str(yyjson_obj_get(one, "fmspc"), "00906EA10000"))
			return (unsigned int)yyjson_get_uint(yyjson_obj_get(info,
			    "tcbEvaluationDataNumber"));
	}
	return 0;
}

static void
channel(void **state)
{
	const struct row *r = *state;
	struct world w = { 0 };
	struct result got = { 0 };
	struct sn_why why = { 0 };
	yyjson_doc *doc = NULL;

	for (size_t i = 0; i < BODIES && r->body[i].path != NULL; i++)
		put_tcb_info(more(&w, r->body[i].path), PKI_TCB_SIGNING, r->body[i].fmspc,
		    r->body[i].number);
	judge(&w, NOW);
	assert_int_equal(col_store_refused(w.s), 0);
	derive(&w, &got);
	must(sn_json_parse(sn_buf_bytes(&got.file), "file", false, &doc, &why), &why);
	assert_int_equal(number_of(yyjson_doc_get_root(doc), "sgx_tcbinfo"), r->standard);
	assert_int_equal(number_of(yyjson_doc_get_root(doc), "sgx_tcbinfo_early"), r->early);
	if (r->left_out == NULL)
		assert_string_equal(sn_buf_cstr(&got.left_out), "");
	else if (strstr(sn_buf_cstr(&got.left_out), r->left_out) == NULL)
		fail_msg("left out: %s", sn_buf_cstr(&got.left_out));
	yyjson_doc_free(doc);
	result_done(&got);
	world_done(&w);
}

/* A body signed by anybody else is refused, and changes nothing. */
static void
refused_changes_nothing(void **state SN_UNUSED)
{
	struct world plain = { 0 }, with = { 0 };
	struct result a = { 0 }, b = { 0 };

	put_tcb_info(more(&with, "zz.json"), PKI_PLATFORM_CA, "00906EA10000", 17);
	judge(&plain, NOW);
	judge(&with, NOW);
	assert_int_equal(col_store_refused(with.s), 1);
	derive(&plain, &a);
	derive(&with, &b);
	assert_true(a.file.n > 0 && bytes_equal(sn_buf_bytes(&a.file), sn_buf_bytes(&b.file)));
	result_done(&a);
	result_done(&b);
	world_done(&plain);
	world_done(&with);
}

/* Nothing there, nothing said: a ceremony with AMD machines alone. */
static void
nothing_of_intel(void **state SN_UNUSED)
{
	struct col_policy policy = { .at = moment(NOW) };
	struct world w = { 0 };
	struct result got = { 0 };
	struct sn_why why = { 0 };

	must(col_store_new(&policy, &w.s, &why), &why);
	must(col_store_check(w.s, &why), &why);
	derive(&w, &got);
	assert_int_equal(got.file.n, 0);
	assert_string_equal(sn_buf_cstr(&got.left_out), "");
	result_done(&got);
	world_done(&w);
}

static void
unknown_layout(void **state SN_UNUSED)
{
	static const char *const names[] = { "trustee-dcap", "no-such" };
	struct world w = { 0 };
	struct sn_why why = { 0 };

	judge(&w, NOW);
	assert_int_equal(lay_write(&(struct lay_input){ .store = w.s }, names, 2,
			     &(struct lay_out){ keep, keep_left_out, NULL }, &why),
	    SN_E_USAGE);
	assert_null(lay_find("no-such"));
	assert_non_null(lay_find("trustee-dcap"));
	world_done(&w);
}

int
main(void)
{
	struct test_list *l = test_list_new();
	struct sn_why why = { 0 };
	int status;

	if (cry_start(&why) != SN_OK || sn_secret_start(SECRETS, &why) != SN_OK ||
	    pki_make(&pki, &why) != SN_OK) {
		fprintf(stderr, "%s: %s\n", sn_err_name(why.err), why.text);
		return 1;
	}
	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		test_list_add(l, channel, &rows[i], "%s", rows[i].name);
	test_list_add(l, refused_changes_nothing, NULL, "what is refused changes nothing");
	test_list_add(l, nothing_of_intel, NULL, "nothing of Intel, no file");
	test_list_add(l, unknown_layout, NULL, "a layout of another name");
	status = test_list_run(l, "channels");
	pki_done(&pki);
	return status;
}
