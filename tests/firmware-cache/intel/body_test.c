/* What signed bodies say: five good ones, and each with one thing replaced. */
#include <stdlib.h>
#include <string.h>

#include "firmware-cache/intel/body.h"
#include "tests/lib/test.h"

#define HEX8 "0011223344556677"
#define HEX16 HEX8 HEX8
#define HEX48 HEX16 HEX16 HEX16
#define DATES "\"issueDate\":\"2025-01-01T00:00:00Z\",\"nextUpdate\":\"2025-02-01T00:00:00Z\","
#define NUMBER "\"tcbEvaluationDataNumber\":17,"
#define PLATFORM "\"fmspc\":\"00a067110000\",\"pceId\":\"0102\",\"tcbType\":0," NUMBER
#define C4(n) "{\"svn\":" n "},{\"svn\":1},{\"svn\":1},{\"svn\":1}"
#define C16(n) "[" C4(n) "," C4("1") "," C4("1") "," C4("1") "]"
#define TAIL(status) ",\"tcbDate\":\"2024-05-06T00:00:00Z\",\"tcbStatus\":\"" status "\"}"
#define SGX_LEVEL(n, pce, status)                                                              \
	"{\"tcb\":{\"sgxtcbcomponents\":" C16(n) ",\"pcesvn\":" pce "}" TAIL(status)
#define TDX_LEVEL(n, t, status)                                                                \
	"{\"tcb\":{\"sgxtcbcomponents\":" C16(n) ",\"pcesvn\":3,\"tdxtcbcomponents\":" C16(    \
	    t) "}" TAIL(status)
#define SVN_LEVEL(n, status) "{\"tcb\":{\"isvsvn\":" n "}" TAIL(status)
#define MODULE                                                                                 \
	"\"mrsigner\":\"" HEX48 "\",\"attributes\":\"" HEX8 "\",\"attributesMask\":\"" HEX8 "\""

/* Levels lowest first: their order must not matter. */
#define SGX                                                                                    \
	"{\"id\":\"SGX\",\"version\":3," DATES PLATFORM                                        \
	"\"tcbLevels\":[" SGX_LEVEL("2", "1", "OutOfDate") "," SGX_LEVEL("2", "9",             \
	    "SWHardeningNeeded") "," SGX_LEVEL("5", "3", "UpToDate") "]}"
#define TDX                                                                                    \
	"{\"id\":\"TDX\",\"version\":3," DATES PLATFORM "\"tdxModule\":{" MODULE               \
	"},\"tdxModuleIdentities\":[{\"id\":\"TDX_03\"," MODULE                                \
	",\"tcbLevels\":[" SVN_LEVEL("2", "OutOfDate") "," SVN_LEVEL("3",                      \
	    "UpToDate") "]},{\"id\":\"TDX_01\"," MODULE ",\"tcbLevels\":[" SVN_LEVEL("4",      \
	    "UpToDate") "]}],\"tcbLevels\":[" TDX_LEVEL("5", "1",                              \
	    "OutOfDate") "," TDX_LEVEL("5", "4", "UpToDate") "]}"
#define V2_4(a, b, c, d)                                                                       \
	"\"sgxtcbcomp" a "svn\":4,\"sgxtcbcomp" b "svn\":1,\"sgxtcbcomp" c                     \
	"svn\":1,\"sgxtcbcomp" d "svn\":1,"
#define V2                                                                                     \
	"{\"version\":2," DATES PLATFORM                                                       \
	"\"tcbLevels\":[{\"tcb\":{" V2_4("01", "02", "03", "04") V2_4("05", "06", "07", "08")  \
	    V2_4("09", "10", "11", "12")                                                       \
		V2_4("13", "14", "15", "16") "\"pcesvn\":7}" TAIL("Revoked") "]}"
#define QE                                                                                     \
	"{\"id\":\"QE\",\"version\":2," DATES NUMBER                                           \
	"\"miscselect\":\"00000001\",\"miscselectMask\":\"FFFFFFFF\",\"attributes\":\"" HEX16  \
	"\",\"attributesMask\":\"" HEX16 "\",\"mrsigner\":\"" HEX16 HEX16                      \
	"\",\"isvprodid\":2,\"tcbLevels\":[" SVN_LEVEL("6", "OutOfDate") "," SVN_LEVEL("8",    \
	    "UpToDate") "]}"
#define EVALUATION(n)                                                                          \
	"{\"tcbEvaluationDataNumber\":" n ",\"tcbRecoveryEventDate\":"                         \
	"\"2025-01-01T00:00:00Z\",\"tcbDate\":\"2025-01-01T00:00:00Z\"}"
#define NUMBERS                                                                                \
	"{\"id\":\"TDX\",\"version\":1," DATES                                                 \
	"\"tcbEvalNumbers\":[" EVALUATION("18") "," EVALUATION("17") "]}"

#define T INTEL_JSON_TCB_INFO
#define I INTEL_JSON_IDENTITY
#define E INTEL_JSON_EVALUATION

/* The first "from" of the body becomes "to"; says NULL: it is parsed still. */
static const struct row {
	const char *name;
	enum intel_json kind;
	const char *body, *from, *to, *says;
} rows[] = {
	{ "SGX", T, SGX, NULL, NULL, NULL },
	{ "TDX", T, TDX, NULL, NULL, NULL },
	{ "version 2", T, V2, NULL, NULL, NULL },
	{ "QE", I, QE, NULL, NULL, NULL },
	{ "TD QE", I, QE, "\"QE\"", "\"TD_QE\"", NULL },
	{ "QvE", I, QE, "\"QE\"", "\"QVE\"", NULL },
	{ "numbers", E, NUMBERS, NULL, NULL, NULL },
	{ "unknown members are the vendor's", T, SGX, "\"pceId\"", "\"x\":[1],\"pceId\"",
	    NULL },
	{ "advisories", T, SGX, "\"tcbStatus\"", "\"advisoryIDs\":[\"I\"],\"tcbStatus\"",
	    NULL },
	{ "a component no platform reaches", T, SGX, "\"svn\":5", "\"svn\":65473", NULL },
	{ "version 1", T, V2, "\"version\":2", "\"version\":1", "version 1 is not supported" },
	{ "version 4", T, SGX, "\"version\":3", "\"version\":4", "version 4 is not supported" },
	{ "version 2 with an id", T, SGX, "\"version\":3", "\"version\":2", "with an id" },
	{ "version 3 without an id", T, V2, "\"version\":2", "\"version\":3", "\"id\"" },
	{ "version negative", T, SGX, "\"version\":3", "\"version\":-3", "\"version\"" },
	{ "version in a string", T, SGX, "\"version\":3", "\"version\":\"3\"", "\"version\"" },
	{ "identity of version 3", I, QE, "\"version\":2", "\"version\":3", "version 3" },
	{ "numbers of version 2", E, NUMBERS, "\"version\":1", "\"version\":2", "version 2" },
	{ "id of an identity", T, SGX, "\"SGX\"", "\"QE\"", "\"QE\" is not known" },
	{ "id of a TCB info", I, QE, "\"QE\"", "\"SGX\"", "\"SGX\" is not known" },
	{ "id of numbers", E, NUMBERS, "\"TDX\"", "\"QE\"", "\"QE\" is not known" },
	{ "id unknown", T, SGX, "\"SGX\"", "\"ARM\"", "\"ARM\" is not known" },
	{ "id in lower case", T, SGX, "\"SGX\"", "\"sgx\"", "\"sgx\" is not known" },
	{ "window reversed", T, SGX, "2025-02", "2024-02", "not after issueDate" },
	{ "window empty", T, SGX, "2025-02", "2025-01", "not after issueDate" },
	{ "no nextUpdate", T, SGX, "nextUpdate", "lastUpdate", "\"nextUpdate\"" },
	{ "date with an offset", T, SGX, "00:00Z", "00:00+00:00", "\"issueDate\"" },
	{ "date with a line break", T, SGX, "2025-01", "2025-\\n01", "\"issueDate\"" },
	{ "fmspc short", T, SGX, "00a067110000", "00a0", "fmspc" },
	{ "fmspc with a blank", T, SGX, "00a067110000", "00a06711000 ", "fmspc" },
	{ "pceId long", T, SGX, "\"0102\"", "\"010203\"", "pceId" },
	{ "tcbType 1", T, SGX, "\"tcbType\":0", "\"tcbType\":1", "\"tcbType\"" },
	{ "no number", I, QE, "tcbEvaluationDataNumber", "number", "tcbEvaluationDataNumber" },
	{ "no levels", T, SGX, "tcbLevels", "levels", "\"tcbLevels\"" },
	{ "levels of strings", T, SGX, "[{\"tcb\"", "[\"x\",{\"tcb\"", "tcbLevels[0]" },
	{ "status unknown", T, SGX, "UpToDate", "Fine", "\"Fine\" is not known" },
	{ "status in lower case", I, QE, "UpToDate", "uptodate", "\"uptodate\" is not known" },
	{ "level without a date", T, SGX, "tcbDate", "date", "\"tcbDate\"" },
	{ "one TCB twice", T, SGX, "\"pcesvn\":9", "\"pcesvn\":1", "two levels of one TCB" },
	{ "one ISVSVN twice", I, QE, "\"isvsvn\":6", "\"isvsvn\":8", "two levels of one TCB" },
	{ "fifteen components", T, SGX, "{\"svn\":2},", "", "sgxtcbcomponents" },
	{ "component of a string", T, SGX, "{\"svn\":2}", "\"2\"", "is not an object" },
	{ "component 65536", T, SGX, "\"svn\":2", "\"svn\":65536", "\"svn\"" },
	{ "pcesvn 65536", T, SGX, "\"pcesvn\":1", "\"pcesvn\":65536", "\"pcesvn\"" },
	{ "no TDX components", T, TDX, "tdxtcbcomponents", "x", "\"tdxtcbcomponents\"" },
	{ "no tdxModule", T, TDX, "tdxModule\"", "module\"", "\"tdxModule\"" },
	{ "module signer short", T, TDX, HEX48, HEX16, "\"mrsigner\"" },
	{ "module twice", T, TDX, "TDX_03", "TDX_01", "TDX_01 twice" },
	{ "module id long", T, TDX, "TDX_03", "TDX_0000000000000", "\"id\"" },
	{ "module's ISVSVN twice", T, TDX, "\"isvsvn\":2", "\"isvsvn\":3", "of one TCB" },
	{ "version 2 lacks one", T, V2, "sgxtcbcomp16svn", "x", "\"sgxtcbcomp16svn\"" },
	{ "attributes short", I, QE, HEX16, HEX8, "\"attributes\"" },
	{ "isvprodid 65536", I, QE, "\"isvprodid\":2", "\"isvprodid\":65536", "\"isvprodid\"" },
	{ "number 0", E, NUMBERS, "\"tcbEvaluationDataNumber\":18",
	    "\"tcbEvaluationDataNumber\":0", "tcbEvaluationDataNumber" },
	{ "numbers of nothing", E, NUMBERS, "tcbEvalNumbers", "x", "\"tcbEvalNumbers\"" },
};

static char *
replaced(const struct row *r)
{
	const char *at = r->from != NULL ? strstr(r->body, r->from) : r->body + strlen(r->body);

	assert_non_null(at);
	return test_format("%.*s%s%s", (int)(at - r->body), r->body, r->to != NULL ? r->to : "",
	    at + (r->from != NULL ? strlen(r->from) : 0));
}

static void
one(void **state)
{
	const struct row *r = *state;
	char *text = replaced(r);
	struct intel_slice s = { .kind = r->kind, .body = bytes_str(text) };
	struct intel_body b = { 0 };
	struct intel_claim c = { 0 };
	struct sn_why why = { 0 };
	enum sn_err e = intel_body_read(&s, &b, &why);

	assert_int_equal(intel_body_parse(&s, &c, NULL), e);
	if (e != (r->says == NULL ? SN_OK : SN_E_FORMAT))
		fail_msg("%s: %s", sn_err_name(e), why.text);
	if (r->says != NULL && strstr(why.text, r->says) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", why.text, r->says);
	if (e == SN_OK)
		assert_int_equal(b.claim.next_update - b.claim.issued, 31 * 86400);
	else
		assert_null(b.levels);
	assert_int_equal(c.version, e == SN_OK ? b.claim.version : 0);
	intel_body_done(&b);
	intel_body_done(&b);
	free(text);
}

static void
read_good(enum intel_json kind, const char *text, struct intel_body *b)
{
	struct intel_slice s = { .kind = kind, .body = bytes_str(text) };
	struct sn_why why = { 0 };

	if (intel_body_read(&s, b, &why) != SN_OK)
		fail_msg("%s", why.text);
}

static void
says_sgx(void **state SN_UNUSED)
{
	static const uint8_t fmspc[] = { 0x00, 0xa0, 0x67, 0x11, 0x00, 0x00 };
	struct intel_body b = { 0 };

	read_good(T, SGX, &b);
	assert_int_equal(b.claim.id, INTEL_ID_SGX);
	assert_memory_equal(b.claim.fmspc, fmspc, sizeof(fmspc));
	assert_true(b.claim.lower_fmspc);
	assert_int_equal(b.claim.evaluation, 17);
	assert_memory_equal(b.pce_id, "\1\2", 2);
	assert_int_equal(b.nlevels, 3);
	assert_int_equal(b.levels[0].tcb.component[0], 5);
	assert_int_equal(b.levels[0].status, INTEL_STATUS_UP_TO_DATE);
	assert_int_equal(b.levels[1].tcb.pce_svn, 9);
	assert_int_equal(b.levels[2].tcb.pce_svn, 1);
	assert_string_equal(intel_status_name(b.levels[1].status), "SWHardeningNeeded");
	intel_body_done(&b);
}

static void
says_tdx(void **state SN_UNUSED)
{
	struct intel_body b = { 0 };

	read_good(T, TDX, &b);
	assert_int_equal(b.nlevels, 2);
	assert_int_equal(b.levels[0].tdx[0], 4);
	assert_int_equal(b.module.mrsigner[47], 0x77);
	assert_int_equal(b.nmodules, 2);
	assert_string_equal(b.modules[0].id, "TDX_03");
	assert_int_equal(b.modules[0].nlevels, 2);
	assert_int_equal(b.modules[0].levels[0].isv_svn, 3);
	assert_int_equal(b.modules[1].levels[0].status, INTEL_STATUS_UP_TO_DATE);
	intel_body_done(&b);
	read_good(T, V2, &b);
	assert_int_equal(b.levels[0].tcb.component[12], 4);
	assert_int_equal(b.levels[0].tcb.pce_svn, 7);
	assert_int_equal(b.levels[0].status, INTEL_STATUS_REVOKED);
	intel_body_done(&b);
	read_good(I, QE, &b);
	assert_int_equal(b.enclave.isv_prod_id, 2);
	assert_int_equal(b.enclave.miscselect[3], 1);
	assert_int_equal(b.levels[0].isv_svn, 8);
	intel_body_done(&b);
	read_good(E, NUMBERS, &b);
	assert_int_equal(b.claim.evaluation, 18);
	assert_null(b.levels);
	intel_body_done(&b);
}

/* ---- which level a platform is in */

static const struct place {
	const char *name, *body;
	struct intel_tcb tcb;
	int want; /* enum intel_status, or -1 */
} places[] = {
#define ONES 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1
	{ "the highest", SGX, { { 5, ONES }, 3 }, INTEL_STATUS_UP_TO_DATE },
	{ "above all", SGX, { { 255, ONES }, 65535 }, INTEL_STATUS_UP_TO_DATE },
	{ "high components, PCESVN too low for the highest", SGX, { { 5, ONES }, 2 },
	    INTEL_STATUS_OUT_OF_DATE },
	{ "the second", SGX, { { 4, ONES }, 9 }, INTEL_STATUS_SW_HARDENING },
	{ "the last", SGX, { { 2, ONES }, 1 }, INTEL_STATUS_OUT_OF_DATE },
	{ "PCESVN below all", SGX, { { 9, ONES }, 0 }, -1 },
	{ "one component below all", SGX, { { 9, 0 }, 9 }, -1 },
	{ "an identity has none", QE, { { 9, ONES }, 9 }, -1 },
};

static void
place(void **state)
{
	const struct place *g = *state;
	const struct intel_level *level;
	struct intel_body b = { 0 };

	read_good(strstr(g->body, "\"QE\"") != NULL ? I : T, g->body, &b);
	level = intel_level_of(&b, &g->tcb);
	assert_int_equal(level == NULL ? -1 : (int)level->status, g->want);
	intel_body_done(&b);
}

int
main(void)
{
	struct test_list *l = test_list_new();

	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		test_list_add(l, one, &rows[i], "%s: %s",
		    rows[i].says == NULL ? "parsed" : "refused", rows[i].name);
	test_list_add(l, says_sgx, NULL, "what an SGX TCB info says");
	test_list_add(l, says_tdx, NULL, "what TDX, version 2, QE and numbers say");
	for (size_t i = 0; i < SN_NITEMS(places); i++)
		test_list_add(l, place, &places[i], "level: %s", places[i].name);
	return test_list_run(l, "body");
}
