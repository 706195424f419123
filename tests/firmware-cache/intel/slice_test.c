/* Cutting signed JSON: which bytes are the body, and what is refused. */
#include <string.h>

#include "firmware-cache/intel/intel.h"
#include "tests/lib/test.h"

#define S64 "0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef"
#define SIG "\"signature\":\"" S64 S64 "\""
#define DEEP10(open) open open open open open open open open open open

struct row {
	const char *name, *json, *body; /* body: expected; NULL: refused */
	size_t len;			/* 0: strlen */
};

static const struct row rows[] = {
	{ "plain", "{\"tcbInfo\":{\"a\":1}," SIG "}", "{\"a\":1}", 0 },
	{ "signature-first", "{" SIG ",\"tcbInfo\":{\"a\":1}}", "{\"a\":1}", 0 },
	{ "identity", "{\"enclaveIdentity\":{}," SIG "}", "{}", 0 },
	{ "space-around", " {\n\t\"tcbInfo\" : {\"a\" : 1 } , " SIG "\r\n}\n", "{\"a\" : 1 }",
	    0 },
	{ "brackets-in-strings", "{\"tcbInfo\":{\"a\":\"}]{[\"}," SIG "}", "{\"a\":\"}]{[\"}",
	    0 },
	{ "escaped-quote-in-value", "{\"tcbInfo\":{\"a\":\"\\\"}\"}," SIG "}",
	    "{\"a\":\"\\\"}\"}", 0 },
	{ "backslash-at-end-of-value", "{\"tcbInfo\":{\"a\":\"\\\\\"}," SIG "}",
	    "{\"a\":\"\\\\\"}", 0 },
	{ "name-inside-string", "{\"tcbInfo\":{\"a\":\"\\\"tcbInfo\\\":{}\"}," SIG "}",
	    "{\"a\":\"\\\"tcbInfo\\\":{}\"}", 0 },
	{ "name-nested-deeper", "{\"tcbInfo\":{\"tcbInfo\":{\"a\":1}}," SIG "}",
	    "{\"tcbInfo\":{\"a\":1}}", 0 },
	{ "name-as-value", "{\"tcbInfo\":{\"a\":\"tcbInfo\"}," SIG "}", "{\"a\":\"tcbInfo\"}",
	    0 },
	{ "arrays-inside", "{\"tcbInfo\":{\"a\":[{},[{}],{}]}," SIG "}", "{\"a\":[{},[{}],{}]}",
	    0 },
	{ "empty", "", NULL, 0 },
	{ "empty-object", "{}", NULL, 0 },
	{ "no-signature", "{\"tcbInfo\":{\"a\":1}}", NULL, 0 },
	{ "no-body", "{" SIG "}", NULL, 0 },
	{ "two-bodies", "{\"tcbInfo\":{},\"enclaveIdentity\":{}}", NULL, 0 },
	{ "two-bodies-and-signature", "{\"tcbInfo\":{},\"enclaveIdentity\":{}," SIG "}", NULL,
	    0 },
	{ "third-member", "{\"tcbInfo\":{}," SIG ",\"x\":1}", NULL, 0 },
	{ "body-twice", "{\"tcbInfo\":{\"a\":1},\"tcbInfo\":{\"a\":2}}", NULL, 0 },
	{ "body-twice-and-signature", "{\"tcbInfo\":{\"a\":1}," SIG ",\"tcbInfo\":{\"a\":2}}",
	    NULL, 0 },
	{ "key-twice-inside", "{\"tcbInfo\":{\"a\":1,\"a\":2}," SIG "}", NULL, 0 },
	{ "key-twice-deep", "{\"tcbInfo\":{\"a\":[{\"b\":1,\"b\":2}]}," SIG "}", NULL, 0 },
	{ "key-twice-by-escape", "{\"tcbInfo\":{\"a\":1,\"\\u0061\":2}," SIG "}", NULL, 0 },
	{ "escaped-outer-key", "{\"tcbInf\\u006f\":{\"a\":1}," SIG "}", NULL, 0 },
	{ "escaped-signature-key",
	    "{\"tcbInfo\":{\"a\":1},\"\\u0073ignature\":\"" S64 S64 "\"}", NULL, 0 },
	{ "escaped-inner-key", "{\"tcbInfo\":{\"\\u0061\":1}," SIG "}", NULL, 0 },
	{ "body-is-array", "{\"tcbInfo\":[]," SIG "}", NULL, 0 },
	{ "body-is-string", "{\"tcbInfo\":\"{}\"," SIG "}", NULL, 0 },
	{ "body-is-null", "{\"tcbInfo\":null," SIG "}", NULL, 0 },
	{ "signature-short", "{\"tcbInfo\":{},\"signature\":\"" S64 "\"}", NULL, 0 },
	{ "signature-long", "{\"tcbInfo\":{},\"signature\":\"" S64 S64 "00\"}", NULL, 0 },
	{ "signature-odd", "{\"tcbInfo\":{},\"signature\":\"" S64 S64 "0\"}", NULL, 0 },
	{ "signature-not-hex",
	    "{\"tcbInfo\":{},\"signature\":\"" S64
	    "0x23456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef\"}",
	    NULL, 0 },
	{ "signature-number", "{\"tcbInfo\":{},\"signature\":1}", NULL, 0 },
	{ "float", "{\"tcbInfo\":{\"a\":1.5}," SIG "}", NULL, 0 },
	{ "exponent", "{\"tcbInfo\":{\"a\":1e3}," SIG "}", NULL, 0 },
	{ "number-too-large", "{\"tcbInfo\":{\"a\":99999999999999999999999}," SIG "}", NULL,
	    0 },
	{ "trailing-text", "{\"tcbInfo\":{}," SIG "}x", NULL, 0 },
	{ "two-values", "{\"tcbInfo\":{}," SIG "}{}", NULL, 0 },
	{ "trailing-comma", "{\"tcbInfo\":{}," SIG ",}", NULL, 0 },
	{ "comment", "{\"tcbInfo\":{}/**/," SIG "}", NULL, 0 },
	{ "byte-order-mark", "\xef\xbb\xbf{\"tcbInfo\":{}," SIG "}", NULL, 0 },
	{ "invalid-utf-8", "{\"tcbInfo\":{\"a\":\"\xc3\x28\"}," SIG "}", NULL, 0 },
	{ "nul-behind", "{\"tcbInfo\":{}," SIG "}\0", NULL,
	    sizeof("{\"tcbInfo\":{}," SIG "}") },
	{ "cut-in-string", "{\"tcbInfo\":{\"a\":\"", NULL, 0 },
	{ "cut-in-escape", "{\"tcbInfo\":{\"a\":\"\\", NULL, 0 },
	{ "too-deep",
	    "{\"tcbInfo\":{\"a\":" DEEP10("[") DEEP10("[") DEEP10("[") DEEP10("]") DEEP10("]")
		DEEP10("]") "}," SIG "}",
	    NULL, 0 },
};

static void
slice(void **state)
{
	const struct row *r = *state;
	struct bytes json = { (const uint8_t *)r->json,
		r->len != 0 ? r->len : strlen(r->json) };
	struct intel_slice s = { 0 };
	struct sn_why why = { 0 };
	enum sn_err e = intel_slice(json, &s, &why);

	if (r->body == NULL) {
		assert_true(e == SN_E_FORMAT || e == SN_E_LIMIT);
		assert_null(s.body.p);
		assert_true(why.text[0] != '\0');
		return;
	}
	if (e != SN_OK)
		fail_msg("%s: %s", sn_err_name(e), why.text);
	assert_int_equal(s.body.n, strlen(r->body));
	assert_memory_equal(s.body.p, r->body, s.body.n);
	assert_true(s.body.p > json.p && s.body.p + s.body.n < json.p + json.n);
	assert_int_equal(s.sig[0], 0x01);
	assert_int_equal(s.sig[INTEL_SIG_LEN - 1], 0xef);
}

static void
too_large(void **state SN_UNUSED)
{
	static uint8_t big[INTEL_JSON_MAX + 1];
	struct intel_slice s = { 0 };

	memset(big, ' ', sizeof(big));
	assert_int_equal(intel_slice(BYTES_OF(big), &s, NULL), SN_E_LIMIT);
}

int
main(void)
{
	struct test_list *l = test_list_new();

	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		test_list_add(l, slice, &rows[i], "%s: %s", rows[i].body ? "cut" : "refused",
		    rows[i].name);
	test_list_add(l, too_large, NULL, "refused: too-large");
	return test_list_run(l, "slice");
}
