#include <stdlib.h>
#include <string.h>

#include "appliance/base/json.h"
#include "appliance/base/text.h"
#include "tests/lib/test.h"

#define TEN_OPEN "[[[[[[[[[["
#define TEN_CLOSE "]]]]]]]]]]"

struct parse_row {
	const char *name;
	struct bytes text;
	enum sn_err want, want_floats; /* refusing and allowing floats */
};

#define ROW(name, text, want) { name, BYTES_STR(text), want, want }

static const struct parse_row parse_rows[] = {
	ROW("object", "{\"a\":[1,-2,true,false,null,\"x\"]}", SN_OK),
	ROW("scalar", "7", SN_OK),
	ROW("white space around", " \t\r\n{ } \n", SN_OK),
	ROW("escapes", "\"\\u00e9\\n\\ud83d\\ude02\"", SN_OK),
	ROW("escaped NUL", "\"a\\u0000b\"", SN_OK),
	ROW("brackets in a string", "\"" TEN_OPEN TEN_OPEN TEN_OPEN "\"", SN_OK),
	ROW("brackets behind an escaped quote", "\"\\\"" TEN_OPEN TEN_OPEN TEN_OPEN "\"",
	    SN_OK),
	ROW("same key in two objects", "[{\"a\":1},{\"a\":{\"a\":2}}]", SN_OK),
	ROW("keys that differ by a NUL", "{\"a\":1,\"a\\u0000\":2}", SN_OK),
	ROW("depth 24", "[[[[" TEN_OPEN TEN_OPEN TEN_CLOSE TEN_CLOSE "]]]]", SN_OK),
	ROW("depth 25", "[[[[[" TEN_OPEN TEN_OPEN TEN_CLOSE TEN_CLOSE "]]]]]", SN_E_LIMIT),
	ROW("depth 25 never closed", "[[[[[" TEN_OPEN TEN_OPEN, SN_E_LIMIT),
	ROW("depth 25 in objects", "[[[[[[[[[[[[[[[[[[[[[[[{\"a\":{\"b\":1}}]", SN_E_LIMIT),
	ROW("duplicate key", "{\"a\":1,\"a\":1}", SN_E_FORMAT),
	ROW("duplicate key, far apart", "{\"a\":1,\"b\":2,\"c\":{},\"a\":3}", SN_E_FORMAT),
	ROW("duplicate key, escaped once", "{\"a\":1,\"\\u0061\":2}", SN_E_FORMAT),
	ROW("duplicate key, nested", "[0,{\"x\":[{\"k\":1,\"k\":2}]}]", SN_E_FORMAT),
	ROW("duplicate empty key", "{\"\":1,\"\":2}", SN_E_FORMAT),
	ROW("duplicate key behind an empty object", "[{},{\"k\":1,\"k\":2}]", SN_E_FORMAT),
	{ "float", BYTES_STR("[1.5]"), SN_E_FORMAT, SN_OK },
	{ "float in a nested object", BYTES_STR("{\"a\":{\"b\":[0,2e3]}}"), SN_E_FORMAT,
	    SN_OK },
	{ "whole float", BYTES_STR("56.0"), SN_E_FORMAT, SN_OK },
	{ "integer over 64 bits", BYTES_STR("18446744073709551616"), SN_E_FORMAT, SN_OK },
	ROW("number over all floats", "1e999", SN_E_FORMAT),
	ROW("NaN", "NaN", SN_E_FORMAT),
	ROW("infinity", "[-Infinity]", SN_E_FORMAT),
	ROW("leading zero", "[01]", SN_E_FORMAT),
	ROW("plus sign", "[+1]", SN_E_FORMAT),
	ROW("hexadecimal", "[0x10]", SN_E_FORMAT),
	ROW("lone point", "[1.]", SN_E_FORMAT),
	ROW("empty", "", SN_E_FORMAT),
	ROW("only white space", " \n", SN_E_FORMAT),
	ROW("trailing data", "{} {}", SN_E_FORMAT),
	ROW("trailing comma in an object", "{\"a\":1,}", SN_E_FORMAT),
	ROW("trailing comma in an array", "[1,]", SN_E_FORMAT),
	ROW("trailing NUL", "{}\0", SN_E_FORMAT),
	ROW("byte order mark", "\xef\xbb\xbf{}", SN_E_FORMAT),
	ROW("UTF-16", "{\0}\0", SN_E_FORMAT),
	ROW("comment", "{}/* x */", SN_E_FORMAT),
	ROW("line comment", "// x\n{}", SN_E_FORMAT),
	ROW("single quotes", "{'a':1}", SN_E_FORMAT),
	ROW("key without quotes", "{a:1}", SN_E_FORMAT),
	ROW("key that is a number", "{1:1}", SN_E_FORMAT),
	ROW("raw newline in a string", "\"a\nb\"", SN_E_FORMAT),
	ROW("raw NUL in a string", "\"a\0b\"", SN_E_FORMAT),
	ROW("unknown escape", "\"\\x41\"", SN_E_FORMAT),
	ROW("lone surrogate escape", "\"\\ud83d\"", SN_E_FORMAT),
	ROW("low surrogate escape first", "\"\\ude02\\ud83d\"", SN_E_FORMAT),
	ROW("invalid UTF-8", "\"\xff\"", SN_E_FORMAT),
	ROW("overlong UTF-8", "\"\xc0\xaf\"", SN_E_FORMAT),
	ROW("surrogate in UTF-8", "\"\xed\xa0\x80\"", SN_E_FORMAT),
	ROW("invalid UTF-8 in a key", "{\"\xe2\x82\":1}", SN_E_FORMAT),
	ROW("cut in a string", "{\"a\":\"b", SN_E_FORMAT),
	ROW("cut after an escape", "\"\\", SN_E_FORMAT),
	ROW("cut in an object", "{\"a\":1", SN_E_FORMAT),
	ROW("closing bracket first", "]", SN_E_FORMAT),
	ROW("brackets that do not match", "[}", SN_E_FORMAT),
	ROW("upper-case literal", "TRUE", SN_E_FORMAT),
};

static void
parse_is_strict(void **state)
{
	const struct parse_row *row = *state;

	for (int floats = 0; floats < 2; floats++) {
		enum sn_err want = floats ? row->want_floats : row->want;
		/* On the heap and of this size, so that a sanitizer sees the next byte. */
		uint8_t *p = malloc(row->text.n + 1);
		yyjson_doc *doc = (yyjson_doc *)p;
		struct sn_why why = { 0 };

		assert_non_null(p);
		memcpy(p + 1, row->text.p, row->text.n);
		assert_int_equal(sn_json_parse((struct bytes){ p + 1, row->text.n }, "in.json",
				     floats, &doc, &why),
		    want);
		assert_int_equal(why.err, want);
		if (want == SN_OK) {
			assert_ptr_not_equal(doc, p);
			sn_json_free(&doc);
			assert_null(doc);
			sn_json_free(&doc);
		} else {
			assert_ptr_equal(doc, p);
			assert_memory_equal(why.text, "in.json: ", 9);
		}
		free(p);
	}
}

static void
size_is_limited(void **state)
{
	size_t n = SN_JSON_MAX_BYTES + 1;
	char *p = malloc(n);
	yyjson_doc *doc = NULL;

	(void)state;
	assert_non_null(p);
	memset(p, ' ', n);
	p[0] = '7';
	assert_int_equal(sn_json_parse((struct bytes){ (uint8_t *)p, n }, "big", false, &doc,
			     NULL),
	    SN_E_LIMIT);
	assert_int_equal(sn_json_parse((struct bytes){ (uint8_t *)p, n - 1 }, "big", false,
			     &doc, NULL),
	    SN_OK);
	sn_json_free(&doc);
	free(p);
}

/* 200 000 keys of which the last is there twice: found, and found in time. */
static void
one_duplicate_among_many(void **state)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	SN_CLEANUP(sn_json_free) yyjson_doc *doc = NULL;

	(void)state;
	for (int i = 0; i < 200000; i++)
		sn_buf_fmt(&b, "%c\"%x\":0", i == 0 ? '{' : ',', (unsigned int)i);
	sn_buf_str(&b, ",\"1869f\":1}");
	assert_int_equal(sn_json_parse(sn_buf_bytes(&b), "many", false, &doc, NULL),
	    SN_E_FORMAT);
	assert_null(doc);
}

static const char sample[] =
    "{\"s\":\"text\",\"empty\":\"\",\"nul\":\"a\\u0000b\",\"bell\":\"\\u0007\","
    "\"bidi\":\"\\u202e\",\"n\":7,\"neg\":-1,\"big\":4294967296,\"null\":null,"
    "\"t\":\"2025-07-01T00:00:00Z\",\"badt\":\"2025-02-29T00:00:00Z\",\"longt\":"
    "\"2025-07-01T00:00:00.00Z\",\"h\":\"00fF\",\"hodd\":\"00f\",\"hbad\":\"00fg\","
    "\"o\":{\"k\":1},\"a\":[1,2,3],\"yes\":true}";

enum getter { STR, U32, TIME, HEX, OBJ, ARR };

struct get_row {
	enum getter get;
	const char *key;
	uint32_t min, max;
	enum sn_err want;
};

static const struct get_row get_rows[] = {
	{ STR, "s", 0, 4, SN_OK },
	{ STR, "s", 0, 3, SN_E_FORMAT },
	{ STR, "empty", 0, 3, SN_OK },
	{ STR, "absent", 0, 9, SN_E_FORMAT },
	{ STR, "null", 0, 9, SN_E_FORMAT },
	{ STR, "n", 0, 9, SN_E_FORMAT },
	{ STR, "nul", 0, 9, SN_E_FORMAT },
	{ STR, "bell", 0, 9, SN_E_FORMAT },
	{ STR, "bidi", 0, 9, SN_E_FORMAT },
	{ U32, "n", 7, 7, SN_OK },
	{ U32, "n", 8, 9, SN_E_FORMAT },
	{ U32, "n", 0, 6, SN_E_FORMAT },
	{ U32, "neg", 0, UINT32_MAX, SN_E_FORMAT },
	{ U32, "big", 0, UINT32_MAX, SN_E_FORMAT },
	{ U32, "s", 0, 9, SN_E_FORMAT },
	{ U32, "yes", 0, 9, SN_E_FORMAT },
	{ U32, "absent", 0, 9, SN_E_FORMAT },
	{ TIME, "t", 0, 0, SN_OK },
	{ TIME, "badt", 0, 0, SN_E_FORMAT },
	{ TIME, "longt", 0, 0, SN_E_FORMAT },
	{ TIME, "n", 0, 0, SN_E_FORMAT },
	{ HEX, "h", 2, 0, SN_OK },
	{ HEX, "h", 1, 0, SN_E_FORMAT },
	{ HEX, "h", 3, 0, SN_E_FORMAT },
	{ HEX, "hodd", 2, 0, SN_E_FORMAT },
	{ HEX, "hbad", 2, 0, SN_E_FORMAT },
	{ HEX, "absent", 2, 0, SN_E_FORMAT },
	{ OBJ, "o", 0, 0, SN_OK },
	{ OBJ, "a", 0, 0, SN_E_FORMAT },
	{ OBJ, "absent", 0, 0, SN_E_FORMAT },
	{ ARR, "a", 3, 3, SN_OK },
	{ ARR, "a", 4, 9, SN_E_FORMAT },
	{ ARR, "a", 0, 2, SN_E_FORMAT },
	{ ARR, "o", 0, 9, SN_E_FORMAT },
	{ ARR, "absent", 0, 9, SN_E_FORMAT },
};

static const char *const getter_names[] = { "str", "u32", "time", "hex", "obj", "arr" };

static enum sn_err
get(const struct get_row *row, yyjson_val *root, bool *ret_written, struct sn_why *why)
{
	const char *s = NULL;
	yyjson_val *v = NULL;
	uint8_t raw[4] = { 0xee, 0xee, 0xee, 0xee };
	uint32_t n = 99;
	int64_t t = 99;
	enum sn_err e = SN_E_INTERNAL;

	switch (row->get) {
	case STR:
		e = sn_json_str(root, row->key, row->max, &s, "in.json", why);
		break;
	case U32:
		e = sn_json_u32(root, row->key, row->min, row->max, &n, "in.json", why);
		break;
	case TIME:
		e = sn_json_time(root, row->key, &t, "in.json", why);
		break;
	case HEX:
		e = sn_json_hex(root, row->key, raw, row->min, "in.json", why);
		break;
	case OBJ:
		e = sn_json_obj(root, row->key, &v, "in.json", why);
		break;
	case ARR:
		e = sn_json_arr(root, row->key, row->min, row->max, &v, "in.json", why);
		break;
	}
	*ret_written = s != NULL || v != NULL || n != 99 || t != 99 || raw[0] != 0xee;
	return e;
}

static void
getter_refuses(void **state)
{
	const struct get_row *row = *state;
	SN_CLEANUP(sn_json_free) yyjson_doc *doc = NULL;
	struct sn_why why = { 0 };
	bool written;

	assert_int_equal(sn_json_parse(bytes_str(sample), "in.json", false, &doc, NULL), SN_OK);
	assert_int_equal(get(row, yyjson_doc_get_root(doc), &written, &why), row->want);
	assert_int_equal(written, row->want == SN_OK);
	assert_int_equal(why.err, row->want);
	if (row->want != SN_OK) {
		assert_memory_equal(why.text, "in.json: \"", 10);
		assert_non_null(strstr(why.text, row->key));
	}
	/* On what is no object, and on nothing, every getter refuses. */
	assert_int_equal(get(row, yyjson_doc_get_root(doc) + 1, &written, NULL), SN_E_FORMAT);
	assert_int_equal(get(row, NULL, &written, NULL), SN_E_FORMAT);
}

static void
getters_give_values(void **state)
{
	SN_CLEANUP(sn_json_free) yyjson_doc *doc = NULL;
	yyjson_val *root, *v;
	const char *s;
	uint8_t raw[2];
	uint32_t n;
	int64_t t;

	(void)state;
	assert_int_equal(sn_json_parse(bytes_str(sample), "in.json", false, &doc, NULL), SN_OK);
	root = yyjson_doc_get_root(doc);
	assert_int_equal(sn_json_str(root, "s", 9, &s, "x", NULL), SN_OK);
	assert_string_equal(s, "text");
	assert_int_equal(sn_json_u32(root, "n", 0, 9, &n, "x", NULL), SN_OK);
	assert_int_equal(n, 7);
	assert_int_equal(sn_json_time(root, "t", &t, "x", NULL), SN_OK);
	assert_int_equal(t, 1751328000);
	assert_int_equal(sn_json_hex(root, "h", raw, 2, "x", NULL), SN_OK);
	assert_memory_equal(raw, "\x00\xff", 2);
	assert_int_equal(sn_json_obj(root, "o", &v, "x", NULL), SN_OK);
	assert_int_equal(sn_json_u32(v, "k", 1, 1, &n, "x", NULL), SN_OK);
	assert_int_equal(sn_json_arr(root, "a", 1, 9, &v, "x", NULL), SN_OK);
	assert_int_equal(yyjson_arr_size(v), 3);
}

static void
unknown_keys_are_refused(void **state)
{
	static const char *const all[] = { "k", "s", NULL }, *const none[] = { NULL };
	SN_CLEANUP(sn_json_free) yyjson_doc *doc = NULL;
	struct sn_why why = { 0 };
	yyjson_val *root;

	(void)state;
	assert_int_equal(sn_json_parse(bytes_str("{\"k\":1,\"s\":[]}"), "x", false, &doc, NULL),
	    SN_OK);
	root = yyjson_doc_get_root(doc);
	assert_int_equal(sn_json_only(root, all, "x", &why), SN_OK);
	assert_int_equal(sn_json_only(root, all + 1, "x", &why), SN_E_FORMAT);
	assert_string_equal(why.text, "x: the key \"k\" is not known here");
	assert_int_equal(sn_json_only(root, none, "x", NULL), SN_E_FORMAT);
	assert_int_equal(sn_json_only(yyjson_obj_get(root, "s"), all, "x", NULL), SN_E_FORMAT);
	assert_int_equal(sn_json_only(NULL, all, "x", NULL), SN_E_FORMAT);
}

int
main(void)
{
	struct test_list *l = test_list_new();

	for (size_t i = 0; i < SN_NITEMS(parse_rows); i++)
		test_list_add(l, parse_is_strict, &parse_rows[i], "parse: %s",
		    parse_rows[i].name);
	for (size_t i = 0; i < SN_NITEMS(get_rows); i++)
		test_list_add(l, getter_refuses, &get_rows[i], "get %s: \"%s\" %u..%u %s",
		    getter_names[get_rows[i].get], get_rows[i].key, get_rows[i].min,
		    get_rows[i].max, sn_err_name(get_rows[i].want));
	test_list_add(l, size_is_limited, NULL, "parse: too large");
	test_list_add(l, one_duplicate_among_many, NULL, "parse: 200000 keys, one twice");
	test_list_add(l, getters_give_values, NULL, "getters give values");
	test_list_add(l, unknown_keys_are_refused, NULL, "unknown keys are refused");
	return test_list_run(l, "json");
}
