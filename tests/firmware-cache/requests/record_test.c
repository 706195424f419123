/* collect.jsonl: what is written is read, and only that. */
#include <string.h>

#include "firmware-cache/requests/record.h"
#include "tests/lib/test.h"

#define CRL "https://kdsintf.amd.com/vcek/v1/Milan/crl"
#define HEX64 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define AT "{\"at\":\"2026-01-01T00:00:00Z\","
#define FETCHED(file, status, url)                                                             \
	AT "\"bytes\":3,\"file\":\"" file "\",\"headers_sha256\":\"" HEX64                     \
	   "\",\"outcome\":\"fetched\",\"sha256\":\"" HEX64 "\",\"status\":" status            \
	   ",\"tries\":1,\"url\":\"" url "\"}\n"
#define OTHER(outcome, reason)                                                                 \
	AT "\"file\":\"a\",\"outcome\":\"" outcome "\",\"reason\":\"" reason                   \
	   "\",\"status\":404,\"tries\":1,\"url\":\"" CRL "\"}\n"

static const struct {
	const char *name, *text;
	enum sn_err want;
} records[] = {
	{ "fetched", FETCHED("a/b.der", "200", CRL), SN_OK },
	{ "absent", OTHER("absent", "status 404"), SN_OK },
	{ "two", FETCHED("a", "200", CRL) OTHER("failed", "x"), SN_OK },
	{ "nothing", "", SN_OK },
	{ "cut off", AT, SN_E_FORMAT },
	{ "a time with a zone", "{\"at\":\"2026-01-01T00:00:00+01:00\"}\n", SN_E_FORMAT },
	{ "out of the folder", FETCHED("../b", "200", CRL), SN_E_FORMAT },
	{ "a status that is none", FETCHED("a", "1000", CRL), SN_E_FORMAT },
	{ "a status of two forms", FETCHED("a", "200.0", CRL), SN_E_FORMAT },
	{ "another host", FETCHED("a", "200", "https://example.org/a"), SN_E_POLICY },
	{ "an outcome that is none", OTHER("stolen", "x"), SN_E_FORMAT },
	{ "a reason beyond ASCII", OTHER("absent", "\xc3\xa4"), SN_E_FORMAT },
	{ "a reason with a quote", OTHER("absent", "\\\"x"), SN_E_FORMAT },
	{ "a reason that moves the cursor", OTHER("absent", "\\u001b[2J"), SN_E_FORMAT },
	{ "fetched without a digest", OTHER("fetched", "x"), SN_E_FORMAT },
	{ "absent with one",
	    AT "\"file\":\"a\",\"outcome\":\"absent\",\"reason\":\"x\",\"sha256\":\"" HEX64
	       "\",\"status\":404,\"tries\":1,\"url\":\"" CRL "\"}\n",
	    SN_E_FORMAT },
};

static void
must(enum sn_err e, const struct sn_why *why)
{
	if (e != SN_OK)
		fail_msg("%s: %s", sn_err_name(e), why->text);
}

static enum sn_err
write_again(void *arg, const struct req_result *r, struct sn_why *why)
{
	return req_result_write(r, arg, why);
}

static void
record_row(void **state)
{
	size_t i = (size_t)(uintptr_t)*state - 1;
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	struct sn_why why = { 0 };
	enum sn_err e = req_results_parse(bytes_str(records[i].text), "collect.jsonl",
	    write_again, &b, &why);

	if (e != records[i].want)
		fail_msg("%s, not %s: %s", sn_err_name(e), sn_err_name(records[i].want),
		    why.text);
	if (e == SN_OK)
		assert_string_equal(sn_buf_cstr(&b), records[i].text);
}

/* Whatever a server says stays on its line. */
static void
reason_is_plain(void **state)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 }, again = { 0 };
	const struct req_result r = { .file = "a",
		.url = CRL,
		.outcome = REQ_FAILED,
		.reason = "a\n\"b\\\x1b[1m\xc3\xa4" };
	struct sn_why why = { 0 };

	(void)state;
	must(req_result_write(&r, &b, &why), &why);
	assert_non_null(strstr(sn_buf_cstr(&b), "\"reason\":\"a??b??[1m??\","));
	must(req_results_parse(sn_buf_bytes(&b), "collect.jsonl", write_again, &again, &why),
	    &why);
	assert_string_equal(sn_buf_cstr(&again), sn_buf_cstr(&b));
}

int
main(void)
{
	struct test_list *l = test_list_new();

	for (size_t i = 0; i < SN_NITEMS(records); i++)
		test_list_add(l, record_row, (void *)(uintptr_t)(i + 1), "record: %s",
		    records[i].name);
	test_list_add(l, reason_is_plain, NULL, "record: a reason of any bytes");
	return test_list_run(l, "record");
}
