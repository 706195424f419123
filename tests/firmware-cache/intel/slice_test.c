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

/* ---- bodies */

#define DATES "\"issueDate\":\"2025-01-01T00:00:00Z\",\"nextUpdate\":\"2025-02-01T00:00:00Z\""
#define PLATFORM                                                                               \
	"\"fmspc\":\"00a067110000\",\"pceId\":\"0000\",\"tcbType\":0,\"tcbEvaluationDataNumber\":17"
#define C4 "{\"svn\":1},{\"svn\":1},{\"svn\":1},{\"svn\":1}"
#define C16 "[" C4 "," C4 "," C4 "," C4 "]"
#define LEVEL(tcb) "\"tcbLevels\":[{\"tcb\":{" tcb "},\"tcbStatus\":\"UpToDate\"}]"
#define SGX16 "\"sgxtcbcomponents\":" C16
#define TDX16 "\"tdxtcbcomponents\":" C16

static const struct {
	const char *name;
	enum intel_json kind;
	const char *body;
	enum sn_err err;
	enum intel_id id;
} bodies[] = {
	{ "sgx-v3", INTEL_JSON_TCB_INFO,
	    "{\"id\":\"SGX\",\"version\":3," DATES "," PLATFORM "," LEVEL(SGX16) "}", SN_OK,
	    INTEL_ID_SGX },
	{ "tdx-v3", INTEL_JSON_TCB_INFO,
	    "{\"id\":\"TDX\",\"version\":3," DATES "," PLATFORM "," LEVEL(SGX16 "," TDX16) "}",
	    SN_OK, INTEL_ID_TDX },
	{ "sgx-v2", INTEL_JSON_TCB_INFO,
	    "{\"version\":2," DATES "," PLATFORM "," LEVEL("\"pcesvn\":1") "}", SN_OK,
	    INTEL_ID_SGX },
	{ "qe", INTEL_JSON_IDENTITY,
	    "{\"id\":\"QE\",\"version\":2," DATES
	    ",\"tcbEvaluationDataNumber\":1," LEVEL("\"isvsvn\":1") "}",
	    SN_OK, INTEL_ID_QE },
	{ "td-qe", INTEL_JSON_IDENTITY,
	    "{\"id\":\"TD_QE\",\"version\":2," DATES
	    ",\"tcbEvaluationDataNumber\":1," LEVEL("\"isvsvn\":1") "}",
	    SN_OK, INTEL_ID_TD_QE },
	{ "qve", INTEL_JSON_IDENTITY,
	    "{\"id\":\"QVE\",\"version\":2," DATES
	    ",\"tcbEvaluationDataNumber\":1," LEVEL("\"isvsvn\":1") "}",
	    SN_OK, INTEL_ID_QVE },
	{ "version-1", INTEL_JSON_TCB_INFO,
	    "{\"version\":1," DATES "," PLATFORM "," LEVEL(SGX16) "}", SN_E_FORMAT, 0 },
	{ "version-4", INTEL_JSON_TCB_INFO,
	    "{\"id\":\"SGX\",\"version\":4," DATES "," PLATFORM "," LEVEL(SGX16) "}",
	    SN_E_FORMAT, 0 },
	{ "version-2-with-id", INTEL_JSON_TCB_INFO,
	    "{\"id\":\"TDX\",\"version\":2," DATES "," PLATFORM "," LEVEL(SGX16) "}",
	    SN_E_FORMAT, 0 },
	{ "version-3-without-id", INTEL_JSON_TCB_INFO,
	    "{\"version\":3," DATES "," PLATFORM "," LEVEL(SGX16) "}", SN_E_FORMAT, 0 },
	{ "identity-version-3", INTEL_JSON_IDENTITY,
	    "{\"id\":\"QE\",\"version\":3," DATES
	    ",\"tcbEvaluationDataNumber\":1," LEVEL("\"isvsvn\":1") "}",
	    SN_E_FORMAT, 0 },
	{ "identity-id-in-tcb-info", INTEL_JSON_TCB_INFO,
	    "{\"id\":\"QE\",\"version\":3," DATES "," PLATFORM "," LEVEL(SGX16) "}",
	    SN_E_FORMAT, 0 },
	{ "tcb-info-id-in-identity", INTEL_JSON_IDENTITY,
	    "{\"id\":\"SGX\",\"version\":2," DATES
	    ",\"tcbEvaluationDataNumber\":1," LEVEL("\"isvsvn\":1") "}",
	    SN_E_FORMAT, 0 },
	{ "unknown-id", INTEL_JSON_TCB_INFO,
	    "{\"id\":\"ARM\",\"version\":3," DATES "," PLATFORM "," LEVEL(SGX16) "}",
	    SN_E_FORMAT, 0 },
	{ "id-case", INTEL_JSON_TCB_INFO,
	    "{\"id\":\"sgx\",\"version\":3," DATES "," PLATFORM "," LEVEL(SGX16) "}",
	    SN_E_FORMAT, 0 },
	{ "version-negative", INTEL_JSON_TCB_INFO,
	    "{\"id\":\"SGX\",\"version\":-3," DATES "," PLATFORM "," LEVEL(SGX16) "}",
	    SN_E_FORMAT, 0 },
	{ "version-string", INTEL_JSON_TCB_INFO,
	    "{\"id\":\"SGX\",\"version\":\"3\"," DATES "," PLATFORM "," LEVEL(SGX16) "}",
	    SN_E_FORMAT, 0 },
	{ "window-reversed", INTEL_JSON_TCB_INFO,
	    "{\"id\":\"SGX\",\"version\":3,\"issueDate\":\"2025-02-01T00:00:00Z\",\"nextUpdate\":\"2025-01-01T00:00:00Z\"," PLATFORM
	    "," LEVEL(SGX16) "}",
	    SN_E_FORMAT, 0 },
	{ "window-empty", INTEL_JSON_TCB_INFO,
	    "{\"id\":\"SGX\",\"version\":3,\"issueDate\":\"2025-01-01T00:00:00Z\",\"nextUpdate\":\"2025-01-01T00:00:00Z\"," PLATFORM
	    "," LEVEL(SGX16) "}",
	    SN_E_FORMAT, 0 },
	{ "no-next-update", INTEL_JSON_TCB_INFO,
	    "{\"id\":\"SGX\",\"version\":3,\"issueDate\":\"2025-01-01T00:00:00Z\"," PLATFORM
	    "," LEVEL(SGX16) "}",
	    SN_E_FORMAT, 0 },
	{ "date-with-offset", INTEL_JSON_TCB_INFO,
	    "{\"id\":\"SGX\",\"version\":3,\"issueDate\":\"2025-01-01T00:00:00+00:00\",\"nextUpdate\":\"2025-02-01T00:00:00Z\"," PLATFORM
	    "," LEVEL(SGX16) "}",
	    SN_E_FORMAT, 0 },
	{ "date-with-line-break", INTEL_JSON_TCB_INFO,
	    "{\"id\":\"SGX\",\"version\":3,\"issueDate\":\"2025-\\n01-01T00:00:00Z\",\"nextUpdate\":\"2025-02-01T00:00:00Z\"," PLATFORM
	    "," LEVEL(SGX16) "}",
	    SN_E_FORMAT, 0 },
	{ "fmspc-short", INTEL_JSON_TCB_INFO,
	    "{\"id\":\"SGX\",\"version\":3," DATES
	    ",\"fmspc\":\"00a0\",\"pceId\":\"0000\",\"tcbEvaluationDataNumber\":1," LEVEL(
		SGX16) "}",
	    SN_E_FORMAT, 0 },
	{ "fmspc-with-space", INTEL_JSON_TCB_INFO,
	    "{\"id\":\"SGX\",\"version\":3," DATES
	    ",\"fmspc\":\"00a06711000 \",\"pceId\":\"0000\",\"tcbEvaluationDataNumber\":1," LEVEL(
		SGX16) "}",
	    SN_E_FORMAT, 0 },
	{ "no-levels", INTEL_JSON_TCB_INFO,
	    "{\"id\":\"SGX\",\"version\":3," DATES "," PLATFORM ",\"tcbLevels\":[]}",
	    SN_E_FORMAT, 0 },
	{ "levels-of-strings", INTEL_JSON_TCB_INFO,
	    "{\"id\":\"SGX\",\"version\":3," DATES "," PLATFORM ",\"tcbLevels\":[\"x\"]}",
	    SN_E_FORMAT, 0 },
	{ "fifteen-components", INTEL_JSON_TCB_INFO,
	    "{\"id\":\"SGX\",\"version\":3," DATES "," PLATFORM
	    "," LEVEL("\"sgxtcbcomponents\":[" C4 "," C4 "," C4
		      ",{\"svn\":1},{\"svn\":1},{\"svn\":1}]") "}",
	    SN_E_FORMAT, 0 },
	{ "tdx-without-tdx-components", INTEL_JSON_TCB_INFO,
	    "{\"id\":\"TDX\",\"version\":3," DATES "," PLATFORM "," LEVEL(SGX16) "}",
	    SN_E_FORMAT, 0 },
	{ "no-evaluation-number", INTEL_JSON_IDENTITY,
	    "{\"id\":\"QE\",\"version\":2," DATES "," LEVEL("\"isvsvn\":1") "}", SN_E_FORMAT,
	    0 },
};

static void
body(void **state)
{
	size_t i = (size_t)(uintptr_t)*state - 1;
	struct intel_slice s = { .kind = bodies[i].kind, .body = bytes_str(bodies[i].body) };
	struct intel_claim c = { 0 };
	struct sn_why why = { 0 };
	enum sn_err e = intel_body_parse(&s, &c, &why);

	if (e != bodies[i].err)
		fail_msg("%s, expected %s: %s", sn_err_name(e), sn_err_name(bodies[i].err),
		    why.text);
	if (e != SN_OK) {
		assert_int_equal(c.version, 0);
		return;
	}
	assert_int_equal(c.id, bodies[i].id);
	assert_int_equal(c.next_update - c.issued, 31 * 86400);
	if (c.kind == INTEL_JSON_TCB_INFO) {
		static const uint8_t fmspc[] = { 0x00, 0xa0, 0x67, 0x11, 0x00, 0x00 };

		assert_memory_equal(c.fmspc, fmspc, sizeof(fmspc));
		assert_true(c.lower_fmspc);
		assert_int_equal(c.evaluation, 17);
	}
}

int
main(void)
{
	struct test_list *l = test_list_new();

	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		test_list_add(l, slice, &rows[i], "%s: %s", rows[i].body ? "cut" : "refused",
		    rows[i].name);
	test_list_add(l, too_large, NULL, "refused: too-large");
	for (size_t i = 0; i < SN_NITEMS(bodies); i++)
		test_list_add(l, body, (const void *)(uintptr_t)(i + 1), "body %s: %s",
		    bodies[i].err == SN_OK ? "parsed" : "refused", bodies[i].name);
	return test_list_run(l, "slice");
}
