/*
 * timeout: 300
 *
 * A year of a cache: imports, lapses, refreshes, and everything that would set it back.
 */
#include <fcntl.h>

#include "appliance/base/file.h"
#include "appliance/crypto/digest.h"
#include "firmware-cache/cache/import.h"
#include "firmware-cache/cache/status.h"
#include "firmware-cache/requests/record.h"
#include "tests/lib/cut.h"
#include "tests/firmware-cache/cmd/world.h"

#define TCB(tee, number, issued, until)                                                        \
	"{\"id\":\"" tee "\",\"version\":3,\"issueDate\":\"" issued                            \
	"T00:00:00Z\",\"nextUpdate\":\"" until                                                 \
	"T00:00:00Z\",\"fmspc\":\"00AA11BB22CC\",\"pceId\":\"0000\",\"tcbType\":0,"            \
	"\"tcbEvaluationDataNumber\":" number ",\"tcbLevels\":[{\"tcb\":{"                     \
	"\"sgxtcbcomponents\":" SVN16 ",\"pcesvn\":1},\"tcbDate\":\"2025-01-01T00:00:00Z\","   \
	"\"tcbStatus\":\"UpToDate\"}]}"
#define SVN4 "{\"svn\":1},{\"svn\":1},{\"svn\":1},{\"svn\":1}"
#define SVN16 "[" SVN4 "," SVN4 "," SVN4 "," SVN4 "]"
#define LABEL "TCB info SGX 00AA11BB22CC"

/* Strings that live as long as the program. */
static char *kept[1U << 14];

static char *
keep(char *s)
{
	static size_t n;

	assert_true(n < SN_NITEMS(kept));
	return kept[n++] = s;
}
#define path_of(...) keep(test_format(__VA_ARGS__))

/* A new folder for every test, with a cache and sets in it. */
static char *base;
static struct col_policy policy;

static char *
below(const char *name)
{
	return path_of("%s/%s", base, name);
}

static void
put(const char *path, struct bytes bytes)
{
	struct sn_why why = { 0 };

	must(sn_file_parents(AT_FDCWD, path, &why), &why);
	must(sn_file_write(AT_FDCWD, path, bytes, 0644, true, &why), &why);
}

static enum sn_err
put_item(void *arg, const char *path, struct bytes bytes, struct sn_why *why SN_UNUSED)
{
	put(path_of("%s/%s", (const char *)arg, path), bytes);
	return SN_OK;
}

static void
put_json(const char *set, const char *file, const char *body)
{
	struct sn_buf b = { 0 };
	struct sn_why why = { 0 };

	must(pki_sign_json(&pki, PKI_TCB_SIGNING, "tcbInfo", body, &b, &why), &why);
	put(below(path_of("%s/%s", set, file)), sn_buf_bytes(&b));
	sn_buf_done(&b);
}

static void
put_crl(const char *set, const char *file, enum pki_party issuer, const char *from,
    const char *to, uint32_t number)
{
	struct sn_buf b = { 0 };
	struct sn_why why = { 0 };

	must(cry_crl_issue(pki.keys[issuer], pki.certs[issuer], moment(from), moment(to),
		 number, NULL, 0, &b, &why),
	    &why);
	put(below(path_of("%s/%s", set, file)), sn_buf_bytes(&b));
	sn_buf_done(&b);
}

static struct cache_import
import_at(const char *set, const char *at, const char *reason, struct sn_buf *report)
{
	struct cache_import im = { .policy = &policy, .accept_older = reason };
	struct cache *c = NULL;
	struct sn_why why = { 0 };

	policy.at = im.now = moment(at);
	report->n = 0;
	must(cache_open(AT_FDCWD, below("cache"), CACHE_WRITE, &c, &why), &why);
	must(cache_import(c, AT_FDCWD, below(set), &im, report, &why), &why);
	cache_close(&c);
	return im;
}

/* The state of the TCB info's line at a time, and the whole's verdict. */
static enum cover_state
state_at(const char *at, enum sn_err *ret_verdict)
{
	struct cache_status s = { 0 };
	struct cache *c = NULL;
	struct sn_why why = { 0 };
	enum cover_state state = COVER_STATES;

	policy.at = moment(at);
	must(cache_open(AT_FDCWD, below("cache"), CACHE_READ, &c, &why), &why);
	must(cache_status_make(c, &policy, NULL, &s, &why), &why);
	for (size_t i = 0; i < s.n; i++)
		if (strcmp(s.v[i].label, LABEL) == 0 && strcmp(s.v[i].channel, "standard") == 0)
			state = s.v[i].state;
	*ret_verdict = cache_status_verdict(&s, NULL);
	cache_status_done(&s);
	cache_close(&c);
	return state;
}

/* Every byte of the cache's files, to see that nothing changed. */
static enum sn_err
add_all(void *arg, const struct sn_walk_entry *e, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	struct sn_buf *all = arg;

	SN_TRY(sn_file_read(AT_FDCWD, below(path_of("cache/%s", e->path)), 1U << 24, &b, why));
	sn_buf_fmt(all, "%s %zu\n", e->path, b.n);
	sn_buf_put(all, sn_buf_bytes(&b));
	return SN_OK;
}

static void
everything(struct sn_buf *all)
{
	struct sn_why why = { 0 };

	must(sn_file_walk(AT_FDCWD, below("cache"), add_all, all, &why), &why);
}

static void
start(struct sn_buf *report)
{
	struct sn_why why = { 0 };
	struct cache_import im;
	static unsigned int n;

	base = path_of("%s/y%u", test_tmpdir(), n++);
	assert_int_equal(mkdir(base, 0755), 0);
	policy = (struct col_policy){ .rehearsal = true };
	must(pki_roots(&pki, &policy.extra, &why), &why);
	must(pki_each(&pki, put_item, below("january"), &why), &why);
	put_json("january", "tcb.json", TCB("SGX", "17", "2025-01-10", "2025-02-09"));
	im = import_at("january", "2025-01-15T00:00:00Z", NULL, report);
	assert_int_equal(im.taken, ALL_FILES + 1);
	assert_int_equal(im.verdict.err, SN_OK);
}

static void
says(struct sn_buf *report, const char *text)
{
	if (strstr(sn_buf_cstr(report), text) == NULL)
		fail_msg("no \"%s\" in:\n%s", text, sn_buf_cstr(report));
}

static void
a_year(void **state SN_UNUSED)
{
	struct sn_buf report = { 0 };
	struct cache_import im;
	enum sn_err verdict;

	start(&report);
	assert_int_equal(state_at("2025-01-15T00:00:00Z", &verdict), COVER_OK);
	assert_int_equal(verdict, SN_OK);
	assert_int_equal(state_at("2025-02-05T00:00:00Z", &verdict), COVER_SOON);
	assert_int_equal(verdict, SN_OK);
	assert_int_equal(state_at("2025-02-10T00:00:00Z", &verdict), COVER_LAPSED);
	assert_int_equal(verdict, SN_E_EXPIRED);

	/* February's alone: taken, and what it lacks is named. */
	put_json("february", "tcb.json", TCB("SGX", "17", "2025-02-08", "2025-03-09"));
	im = import_at("february", "2025-02-10T00:00:00Z", NULL, &report);
	assert_int_equal(im.taken, 1);
	assert_int_equal(im.verdict.err, SN_OK);
	says(&report, "not in this set: Intel root CA CRL (standard)");
	assert_null(strstr(sn_buf_cstr(&report), "AMD"));
	assert_int_equal(state_at("2025-02-10T00:00:00Z", &verdict), COVER_OK);
	assert_int_equal(verdict, SN_OK);

	/* A new evaluation, and the year's end. */
	put_json("july", "tcb.json", TCB("SGX", "18", "2025-07-01", "2025-07-31"));
	im = import_at("july", "2025-07-02T00:00:00Z", NULL, &report);
	assert_int_equal(im.taken, 1);
	assert_int_equal(state_at("2025-12-31T00:00:00Z", &verdict), COVER_LAPSED);
	assert_int_equal(verdict, SN_E_EXPIRED);
	sn_buf_done(&report);
}

/* What would set the cache back: each is refused, and not a byte changes. */
static const struct back {
	const char *name, *file, *body; /* body NULL: a CRL */
	enum pki_party issuer;
	const char *from, *to;
	uint32_t number;
} backs[] = {
	{ "an older TCB info", "tcb.json", TCB("SGX", "17", "2025-01-09", "2025-02-08"),
	    PKI_PARTIES, NULL, NULL, 0 },
	{ "a lower evaluation, issued later", "tcb.json",
	    TCB("SGX", "16", "2025-01-11", "2025-02-10"), PKI_PARTIES, NULL, NULL, 0 },
	{ "a higher evaluation, issued earlier", "tcb.json",
	    TCB("SGX", "18", "2025-01-01", "2025-02-10"), PKI_PARTIES, NULL, NULL, 0 },
	{ "an older Intel CRL: its number is always 1", "crl.der", NULL, PKI_ROOT,
	    "2024-12-01T00:00:00Z", "2026-01-01T00:00:00Z", 1 },
	{ "an older Intel CRL with a higher number", "crl.der", NULL, PKI_PLATFORM_CA,
	    "2024-12-01T00:00:00Z", "2026-01-01T00:00:00Z", 9 },
	{ "an AMD CRL with a lower number, issued later", "crl.der", NULL, PKI_ARK,
	    "2025-01-02T00:00:00Z", "2026-01-01T00:00:00Z", 0 },
};

static void
going_back(void **state)
{
	const struct back *b = *state;
	struct sn_buf report = { 0 }, before = { 0 }, after = { 0 };
	struct cache_import im;

	start(&report);
	if (b->body != NULL)
		put_json("old", b->file, b->body);
	else
		put_crl("old", b->file, b->issuer, b->from, b->to, b->number);
	everything(&before);
	im = import_at("old", "2025-01-20T00:00:00Z", NULL, &report);
	everything(&after);
	assert_int_equal(im.older, 1);
	assert_int_equal(im.taken, 0);
	assert_int_equal(im.verdict.err, SN_E_SEQUENCE);
	assert_non_null(strstr(im.verdict.text, "older than the newest seen here"));
	says(&report, "OLDER   ");
	assert_true(bytes_equal(sn_buf_bytes(&before), sn_buf_bytes(&after)));
	sn_buf_done(&report);
	sn_buf_done(&before);
	sn_buf_done(&after);
}

/* Another channel has its own numbers; one bad item keeps no good one out. */
static void
channels_and_bad_ones(void **state SN_UNUSED)
{
	struct sn_buf report = { 0 };
	struct cache_import im;

	start(&report);
	put_json("mixed", "tcb_early.json", TCB("SGX", "18", "2025-01-12", "2025-02-11"));
	put_json("mixed", "tcb.json", TCB("SGX", "16", "2025-01-12", "2025-02-11"));
	put_json("mixed", "later/tcb.json", TCB("SGX", "17", "2025-01-13", "2025-02-12"));
	put(below("mixed/readme.txt"), BYTES_STR("not collateral"));
	assert_int_equal(symlink("readme.txt", below("mixed/link")), 0);
	im = import_at("mixed", "2025-01-20T00:00:00Z", NULL, &report);
	assert_int_equal(im.taken, 2);
	assert_int_equal(im.older, 1);
	assert_int_equal(im.refused, 2);
	says(&report, "REFUSED link: a symbolic link");
	says(&report, "REFUSED readme.txt: ");
	/* a month later the standard one goes on from its own number */
	put_json("next", "tcb.json", TCB("SGX", "17", "2025-02-01", "2025-03-02"));
	im = import_at("next", "2025-02-02T00:00:00Z", NULL, &report);
	assert_int_equal(im.taken, 1);
	assert_int_equal(im.verdict.err, SN_OK);
	sn_buf_done(&report);
}

/* The operator may take something older: that is recorded, and the newest seen stays. */
static void
a_decision(void **state SN_UNUSED)
{
	struct sn_buf report = { 0 }, all = { 0 };
	struct cache_import im;
	enum sn_err verdict;

	start(&report);
	put_json("july", "tcb.json", TCB("SGX", "18", "2025-07-01", "2025-07-31"));
	im = import_at("july", "2025-07-02T00:00:00Z", NULL, &report);
	assert_int_equal(im.taken, 1);
	put_json("old", "tcb.json", TCB("SGX", "17", "2025-07-05", "2025-09-04"));
	im = import_at("old", "2025-07-06T00:00:00Z", "18 was withdrawn", &report);
	assert_int_equal(im.taken, 1);
	assert_int_equal(im.verdict.err, SN_OK);
	says(&report, ", older");
	everything(&all);
	assert_true(bytes_find(sn_buf_bytes(&all),
			BYTES_STR("\"decision\":\"18 was withdrawn\"")) != SIZE_MAX);
	/* once more without a decision: it is here */
	im = import_at("old", "2025-07-06T00:00:00Z", NULL, &report);
	assert_int_equal(im.here, 1);
	assert_int_equal(im.verdict.err, SN_OK);
	/* after July's has lapsed, the decision's still counts */
	assert_int_equal(state_at("2025-08-02T00:00:00Z", &verdict), COVER_OK);
	put_json("old2", "tcb.json", TCB("SGX", "17", "2025-07-20", "2025-08-20"));
	im = import_at("old2", "2025-07-21T00:00:00Z", NULL, &report);
	assert_int_equal(im.verdict.err, SN_E_SEQUENCE);
	sn_buf_done(&report);
	sn_buf_done(&all);
}

/* Somebody takes the newest out of the folder: what is left does not pass for current. */
static void
newest_taken_away(void **state SN_UNUSED)
{
	struct sn_buf report = { 0 };
	struct cache_status s = { 0 };
	struct cache_import im;
	struct cache *c = NULL;
	struct sn_why why = { 0 };
	enum sn_err verdict;

	start(&report);
	put_json("later", "tcb.json", TCB("SGX", "17", "2025-01-14", "2025-02-13"));
	im = import_at("later", "2025-01-15T00:00:00Z", NULL, &report);
	assert_int_equal(im.taken, 1);
	must(cache_open(AT_FDCWD, below("cache"), CACHE_READ, &c, &why), &why);
	policy.at = moment("2025-01-16T00:00:00Z");
	must(cache_status_make(c, &policy, NULL, &s, &why), &why);
	assert_int_equal(s.superseded, 1);
	for (size_t i = 0; i < s.view.n; i++) {
		char hex[65];

		if (!s.view.v[i].ok || s.view.v[i].issued != moment("2025-01-14T00:00:00Z"))
			continue;
		sn_hex(BYTES_OF(s.view.v[i].sha256), hex);
		assert_int_equal(unlink(below(path_of("cache/originals/%.2s/%s", hex, hex))),
		    0);
	}
	cache_status_done(&s);
	cache_close(&c);
	assert_int_equal(state_at("2025-01-16T00:00:00Z", &verdict), COVER_REFUSED);
	assert_int_equal(verdict, SN_E_SEQUENCE);
	/* importing it again mends it */
	im = import_at("later", "2025-01-16T00:00:00Z", NULL, &report);
	assert_int_equal(im.taken, 1);
	assert_int_equal(state_at("2025-01-16T00:00:00Z", &verdict), COVER_OK);
	assert_int_equal(verdict, SN_OK);
	sn_buf_done(&report);
}

/* Nothing is written that is there already. */
static void
same_set_twice(void **state SN_UNUSED)
{
	struct sn_buf report = { 0 }, before = { 0 }, after = { 0 };
	struct cache_import im;
	struct cache *c = NULL;
	struct sn_why why = { 0 };

	start(&report);
	everything(&before);
	im = import_at("january", "2025-01-16T00:00:00Z", NULL, &report);
	assert_int_equal(im.here, ALL_FILES + 1);
	assert_int_equal(im.verdict.err, SN_OK);
	everything(&after);
	assert_true(bytes_equal(sn_buf_bytes(&before), sn_buf_bytes(&after)));
	/* index.json comes from what cannot be made again, at whatever time */
	assert_int_equal(unlink(below("cache/index.json")), 0);
	must(cache_open(AT_FDCWD, below("cache"), CACHE_WRITE, &c, &why), &why);
	policy.at = moment("2026-01-01T00:00:00Z");
	must(cache_rebuild(c, &policy, &why), &why);
	cache_close(&c);
	after.n = 0;
	everything(&after);
	assert_true(bytes_equal(sn_buf_bytes(&before), sn_buf_bytes(&after)));
	sn_buf_done(&report);
	sn_buf_done(&before);
	sn_buf_done(&after);
}

/* ---- a cut anywhere in an import */

static int
import_child(const char *set)
{
	struct sn_buf report = { 0 };
	enum sn_err e = import_at(set, "2025-01-15T00:00:00Z", NULL, &report).verdict.err;

	sn_buf_done(&report);
	return e == SN_OK ? 0 : 1;
}

static void
small_set(void)
{
	struct sn_why why = { 0 };

	base = path_of("%s/cut", test_tmpdir());
	assert_int_equal(mkdir(base, 0755), 0);
	policy = (struct col_policy){ .rehearsal = true };
	must(pki_roots(&pki, &policy.extra, &why), &why);
	must(pki_each(&pki, put_item, below("all"), &why), &why);
	assert_int_equal(mkdir(below("set"), 0755), 0);
	assert_int_equal(rename(below("all/intel/tcb_signing_chain.pem"), below("set/chain")),
	    0);
	assert_int_equal(rename(below("all/intel/root_ca_crl.der"), below("set/crl")), 0);
	assert_int_equal(rename(below("all/intel/tcb_sgx.json"), below("set/tcb")), 0);
}

/* Whatever a cut leaves can be judged, holds nothing half, and the same import ends as an
 * uncut one does, byte for byte. */
static void
cut_everywhere(void **state SN_UNUSED)
{
	struct sn_buf report = { 0 }, want = { 0 };
	char *whole;
	int status = CUT, n = 0;

	small_set();
	assert_int_equal(import_child("set"), 0);
	everything(&want);
	whole = below("whole");
	assert_int_equal(rename(below("cache"), whole), 0);
	for (; status == CUT; n++) {
		struct sn_buf is = { 0 };
		struct cache_import im;
		struct cache *c = NULL;
		enum sn_err verdict;

		status = cut_at(n, import_child, "set");
		assert_true(status == CUT || status == 0);
		if (cache_open(AT_FDCWD, below("cache"), CACHE_READ, &c, NULL) == SN_OK) {
			cache_close(&c);
			(void)state_at("2025-01-15T00:00:00Z", &verdict);
			assert_true(verdict == SN_OK || verdict == SN_E_MISSING ||
			    verdict == SN_E_CHAIN);
		}
		im = import_at("set", "2025-01-15T00:00:00Z", NULL, &report);
		assert_int_equal(im.verdict.err, SN_OK);
		everything(&is);
		assert_true(bytes_equal(sn_buf_bytes(&is), sn_buf_bytes(&want)));
		sn_buf_done(&is);
		assert_int_equal(rename(below("cache"), below(path_of("done%d", n))), 0);
	}
	assert_true(n > 20);
	sn_buf_done(&report);
	sn_buf_done(&want);
}

/* ---- what collect left */

static void
put_record(struct sn_buf *b, const char *file, const char *url, enum req_outcome outcome)
{
	struct req_result r = { .file = file,
		.url = url,
		.outcome = outcome,
		.at = moment("2025-01-20T00:00:00Z"),
		.status = 200,
		.tries = 1 };
	struct sn_buf body = { 0 };
	struct sn_why why = { 0 };

	must(sn_file_read(AT_FDCWD, below(path_of("staging/originals/%s", file)), 1U << 20,
		 &body, &why),
	    &why);
	must(cry_digest(CRY_SHA256, sn_buf_bytes(&body), r.sha256, &why), &why);
	r.bytes = (uint32_t)body.n;
	must(req_result_write(&r, b, &why), &why);
	sn_buf_done(&body);
}

#define ASKED                                                                                  \
	"https://api.trustedservices.intel.com/sgx/certification/v4/tcb?fmspc=00AA11BB22CC&"

/* Addresses tell the channel, names do not; the record itself is not an item. */
static void
collected(void **state SN_UNUSED)
{
	struct sn_buf report = { 0 }, record = { 0 }, all = { 0 };
	struct cache_import im;

	start(&report);
	put_json("staging/originals", "a.json", TCB("SGX", "17", "2025-01-18", "2025-02-17"));
	put_json("staging/originals", "b.json", TCB("SGX", "18", "2025-01-19", "2025-02-18"));
	put_json("staging/originals", "c.json", TCB("SGX", "16", "2025-01-19", "2025-02-18"));
	put(below("staging/originals/a.json.hdr"), BYTES_STR("HTTP/1.1 200 OK\r\n\r\n"));
	put_record(&record, "a.json", ASKED "update=standard", REQ_FETCHED);
	put_record(&record, "b.json", ASKED "update=early", REQ_FETCHED);
	put_record(&record, "c.json", ASKED "tcbEvaluationDataNumber=16", REQ_FETCHED);
	put(below("staging/collect.jsonl"), sn_buf_bytes(&record));
	put(below("staging/requests.jsonl"), BYTES_STR(""));
	im = import_at("staging", "2025-01-21T00:00:00Z", NULL, &report);
	assert_int_equal(im.verdict.err, SN_OK);
	assert_int_equal(im.older, 0);
	assert_true(im.taken >= 3);
	everything(&all);
	assert_true(bytes_find(sn_buf_bytes(&all),
			BYTES_STR("\"channel\":\"early\",\"fetched\":"
				  "\"2025-01-20T00:00:00Z\",\"path\":\"b.json\"")) != SIZE_MAX);
	assert_true(bytes_find(sn_buf_bytes(&all), BYTES_STR("\"number-16\"")) != SIZE_MAX);
	sn_buf_done(&report);
	sn_buf_done(&record);
	sn_buf_done(&all);
}

/* ---- more than one store holds */

#define MANY (COL_ITEMS_MAX + 8)

static void
more_than_a_store(void **state SN_UNUSED)
{
	struct sn_buf report = { 0 };
	struct cache_import im;

	start(&report);
	for (size_t i = 0; i < MANY; i++) {
		char *body = path_of("%s", TCB("SGX", "1", "2025-01-18", "2025-02-17"));
		char *at = strstr(body, "00AA11BB22CC"), fmspc[13];
		struct sn_buf b = { 0 };
		struct sn_why why = { 0 };
		FILE *f;

		snprintf(fmspc, sizeof(fmspc), "%012zX", i);
		memcpy(at, fmspc, 12);
		must(pki_sign_json(&pki, PKI_TCB_SIGNING, "tcbInfo", body, &b, &why), &why);
		if (i == 0)
			assert_int_equal(mkdir(below("many"), 0755), 0);
		f = fopen(below(path_of("many/%s.json", fmspc)), "w");
		assert_non_null(f);
		assert_int_equal(fwrite(b.p, 1, b.n, f), b.n);
		assert_int_equal(fclose(f), 0);
		sn_buf_done(&b);
	}
	im = import_at("many", "2025-01-21T00:00:00Z", NULL, &report);
	assert_int_equal(im.taken, MANY);
	assert_int_equal(im.refused, 0);
	sn_buf_done(&report);
}

int
main(void)
{
	static struct world_test tests[16] = {
		{ "a year", a_year },
		{ "channels, and bad ones", channels_and_bad_ones },
		{ "a decision", a_decision },
		{ "the newest is taken away", newest_taken_away },
		{ "the same set twice, and the index", same_set_twice },
		{ "a cut at every write", cut_everywhere },
		{ "what collect left", collected },
		{ "more than a store holds", more_than_a_store },
	};
	struct test_list *l = test_list_new();
	struct sn_why why = { 0 };
	int status;

	if (cry_start(&why) != SN_OK || sn_secret_start(SECRETS, &why) != SN_OK ||
	    pki_make(&pki, &why) != SN_OK) {
		fprintf(stderr, "%s: %s\n", sn_err_name(why.err), why.text);
		return 1;
	}
	for (size_t i = 0; i < SN_NITEMS(tests) && tests[i].fn != NULL; i++)
		test_list_add(l, tests[i].fn, NULL, "%s", tests[i].name);
	for (size_t i = 0; i < SN_NITEMS(backs); i++)
		test_list_add(l, going_back, &backs[i], "%s", backs[i].name);
	status = test_list_run(l, "year");
	pki_done(&pki);
	return sn_secret_alive() == 0 ? status : 1;
}
