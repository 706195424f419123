#include <stdio.h>
#include <string.h>

#include "appliance/base/json.h"
#include "tests/lib/test.h"

/* Parse with floats and write canonically: what the tests below are about. */
static enum sn_err
canon_of(struct bytes text, struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_json_free) yyjson_doc *doc = NULL;
	SN_CLEANUP(sn_json_mut_free) yyjson_mut_doc *mut = NULL;

	assert_int_equal(sn_json_parse(text, "in", true, &doc, NULL), SN_OK);
	mut = yyjson_doc_mut_copy(doc, NULL);
	assert_non_null(mut);
	return sn_json_canon(yyjson_mut_doc_get_root(mut), ret, why);
}

struct vector_row {
	const char *name;
	/* SN_E_FORMAT: holds floats, which our subset does not. */
	enum sn_err want_in, want_out;
};

static const struct vector_row vector_rows[] = {
	{ "arrays", SN_OK, SN_OK },
	{ "french", SN_OK, SN_OK },
	{ "structures", SN_E_FORMAT, SN_OK },
	{ "unicode", SN_OK, SN_OK },
	{ "values", SN_E_FORMAT, SN_E_FORMAT },
	{ "weird", SN_OK, SN_OK },
};

/* The RFC's author's own samples: input/NAME.json becomes output/NAME.json. */
static void
published_vector(void **state)
{
	const struct vector_row *row = *state;
	SN_CLEANUP(sn_buf_done) struct sn_buf got = { 0 };
	char in_name[64], out_name[64];
	struct test_bytes in, out;
	struct bytes want;

	snprintf(in_name, sizeof(in_name), "jcs/input/%s.json", row->name);
	snprintf(out_name, sizeof(out_name), "jcs/output/%s.json", row->name);
	test_need_data(in_name);
	in = test_read_data(in_name);
	out = test_read_data(out_name);
	want = (struct bytes){ out.data, out.len };
	assert_int_equal(canon_of((struct bytes){ in.data, in.len }, &got, NULL), row->want_in);
	if (row->want_in == SN_OK)
		assert_true(bytes_equal(sn_buf_bytes(&got), want));
	else
		assert_int_equal(got.n, 0);
	assert_int_equal(sn_json_is_canon(want, row->name, NULL), row->want_out);
	assert_int_equal(sn_json_is_canon((struct bytes){ in.data, in.len }, row->name, NULL),
	    SN_E_FORMAT);
	test_bytes_done(&in);
	test_bytes_done(&out);
}

struct canon_row {
	const char *name, *in, *out; /* out is NULL: refused */
};

static const struct canon_row canon_rows[] = {
	{ "scalars", "[ null,true,false,0,\"\" ]", "[null,true,false,0,\"\"]" },
	{ "empty containers", "[ {}, [ ] ,[{}]]", "[{},[],[{}]]" },
	{ "keys by byte", "{\"b\":1,\"a\":2,\"B\":3,\"\":4,\"aa\":5}",
	    "{\"\":4,\"B\":3,\"a\":2,\"aa\":5,\"b\":1}" },
	{ "keys in nested objects", "{\"z\":{\"y\":0,\"x\":1},\"a\":[{\"d\":0,\"c\":1}]}",
	    "{\"a\":[{\"c\":1,\"d\":0}],\"z\":{\"x\":1,\"y\":0}}" },
	{ "UTF-16 order: U+1F602 before U+FB33",
	    "{\"\xef\xac\xb3\":1,\"\xf0\x9f\x98\x82\":2,\"\xed\x9f\xbf\":3}",
	    "{\"\xed\x9f\xbf\":3,\"\xf0\x9f\x98\x82\":2,\"\xef\xac\xb3\":1}" },
	{ "UTF-16 order: two pairs", "{\"\xf0\x9f\x98\x83\":1,\"\xf0\x90\x80\x80\":2}",
	    "{\"\xf0\x90\x80\x80\":2,\"\xf0\x9f\x98\x83\":1}" },
	{ "short escapes", "\"\\u0008\\u0009\\u000a\\u000c\\u000d\\u0022\\u005c\"",
	    "\"\\b\\t\\n\\f\\r\\\"\\\\\"" },
	{ "long escapes are lower case", "\"\\u0000\\u000B\\u001F\"",
	    "\"\\u0000\\u000b\\u001f\"" },
	{ "not escaped: slash, DEL, U+2028", "\"\\/\\u007f\\u2028<\"",
	    "\"/\x7f\xe2\x80\xa8<\"" },
	{ "escapes in keys", "{\"\\n\":1}", "{\"\\n\":1}" },
	{ "largest integer", "9007199254740991", "9007199254740991" },
	{ "smallest integer", "-9007199254740991", "-9007199254740991" },
	{ "2^53", "9007199254740992", NULL },
	{ "-2^53", "-9007199254740992", NULL },
	{ "2^64-1", "18446744073709551615", NULL },
	{ "-2^63", "-9223372036854775808", NULL },
	{ "float", "[1.5]", NULL },
	{ "whole float", "[1.0]", NULL },
	{ "integer over 64 bits", "[18446744073709551616]", NULL },
};

static void
canon_writes(void **state)
{
	const struct canon_row *row = *state;
	SN_CLEANUP(sn_buf_done) struct sn_buf got = { 0 };
	struct sn_why why = { 0 };

	sn_buf_str(&got, ">");
	if (row->out == NULL) {
		assert_int_equal(canon_of(bytes_str(row->in), &got, &why), SN_E_FORMAT);
		assert_int_equal(why.err, SN_E_FORMAT);
		assert_string_equal(sn_buf_cstr(&got), ">");
		return;
	}
	assert_int_equal(canon_of(bytes_str(row->in), &got, &why), SN_OK);
	assert_string_equal(sn_buf_cstr(&got) + 1, row->out);
	assert_int_equal(sn_json_is_canon(bytes_str(row->out), "out", NULL), SN_OK);
}

struct form_row {
	const char *name, *text;
};

/* JSON, but not the one form of it: an auditor must not meet two. */
static const struct form_row form_rows[] = {
	{ "space", "{\"a\": 1}" },
	{ "newline at the end", "{}\n" },
	{ "keys out of order", "{\"b\":1,\"a\":2}" },
	{ "escape that is not needed", "\"\\u0061\"" },
	{ "escaped slash", "\"\\/\"" },
	{ "upper-case escape", "\"\\u001F\"" },
	{ "long escape for newline", "\"\\u000a\"" },
	{ "minus zero", "-0" },
	{ "float", "1.0" },
	{ "exponent", "1e2" },
	{ "duplicate key", "{\"a\":1,\"a\":1}" },
	{ "two values", "{}{}" },
	{ "empty", "" },
	{ "byte order mark", "\xef\xbb\xbf{}" },
};

static void
other_forms_are_refused(void **state)
{
	const struct form_row *row = *state;
	struct sn_why why = { 0 };

	assert_int_equal(sn_json_is_canon(bytes_str(row->text), "rec", &why), SN_E_FORMAT);
	assert_memory_equal(why.text, "rec: ", 5);
}

/* Trees that no parser makes: built in memory, refused all the same. */
static void
trees_that_no_parser_makes(void **state)
{
	SN_CLEANUP(sn_json_mut_free) yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	SN_CLEANUP(sn_buf_done) struct sn_buf got = { 0 };
	yyjson_mut_val *obj = yyjson_mut_obj(doc), *deep = yyjson_mut_arr(doc);

	(void)state;
	assert_int_equal(sn_json_canon(NULL, &got, NULL), SN_E_FORMAT);
	assert_int_equal(sn_json_canon(yyjson_mut_raw(doc, "{}"), &got, NULL), SN_E_FORMAT);
	assert_int_equal(sn_json_canon(yyjson_mut_str(doc, "\xff"), &got, NULL), SN_E_FORMAT);
	assert_int_equal(sn_json_canon(yyjson_mut_str(doc, "\xed\xa0\x80"), &got, NULL),
	    SN_E_FORMAT);

	yyjson_mut_obj_add_int(doc, obj, "k", 1);
	yyjson_mut_obj_add_int(doc, obj, "j", 2);
	yyjson_mut_obj_add_int(doc, obj, "k", 3);
	assert_int_equal(sn_json_canon(obj, &got, NULL), SN_E_FORMAT);
	obj = yyjson_mut_obj(doc);
	yyjson_mut_obj_add_int(doc, obj, "\xc0\xaf", 1);
	assert_int_equal(sn_json_canon(obj, &got, NULL), SN_E_FORMAT);

	for (int i = 1; i < SN_JSON_MAX_DEPTH; i++) {
		yyjson_mut_val *outer = yyjson_mut_arr(doc);

		yyjson_mut_arr_append(outer, deep);
		deep = outer;
	}
	assert_int_equal(got.n, 0);
	assert_int_equal(sn_json_canon(deep, &got, NULL), SN_OK);
	assert_int_equal(got.n, 2 * SN_JSON_MAX_DEPTH);
	obj = yyjson_mut_arr(doc);
	yyjson_mut_arr_append(obj, deep);
	assert_int_equal(sn_json_canon(obj, &got, NULL), SN_E_FORMAT);
	assert_int_equal(got.n, 2 * SN_JSON_MAX_DEPTH);
}

static void
free_takes_nothing_twice(void **state)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);

	(void)state;
	sn_json_mut_free(&doc);
	sn_json_mut_free(&doc);
	assert_null(doc);
	sn_json_mut_free(NULL);
	sn_json_free(NULL);
}

int
main(void)
{
	struct test_list *l = test_list_new();

	for (size_t i = 0; i < SN_NITEMS(vector_rows); i++)
		test_list_add(l, published_vector, &vector_rows[i], "published: %s%s",
		    vector_rows[i].name,
		    vector_rows[i].want_in == SN_OK ? "" : " (floats: refused)");
	for (size_t i = 0; i < SN_NITEMS(canon_rows); i++)
		test_list_add(l, canon_writes, &canon_rows[i], "write: %s", canon_rows[i].name);
	for (size_t i = 0; i < SN_NITEMS(form_rows); i++)
		test_list_add(l, other_forms_are_refused, &form_rows[i], "refused form: %s",
		    form_rows[i].name);
	test_list_add(l, trees_that_no_parser_makes, NULL, "trees that no parser makes");
	test_list_add(l, free_takes_nothing_twice, NULL, "free: twice, and NULL");
	return test_list_run(l, "canon");
}
