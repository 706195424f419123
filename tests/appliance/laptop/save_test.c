/* What a check leaves on a stick, and what people are told: what lies there stays. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "appliance/laptop/save.h"
#include "tests/lib/test.h"

#define OLD "an older file\n"
#define NEW "a new report\n"
#define LABEL "ANY"

/* ---- names */

static const struct save_row {
	const char *name;
	const char *there[3];		       /* on the stick; "NAME/": a folder */
	const char *report, *request, *answer; /* the names */
} rows[] = {
	{ "an empty stick", { NULL }, "laptop-report.txt", "tpm-request", "tpm-answer" },
	{ "one report is there", { "laptop-report.txt" }, "laptop-report-2.txt",
	    "tpm-request-2", "tpm-answer-2" },
	{ "two are there", { "laptop-report.txt", "laptop-report-2.txt" },
	    "laptop-report-3.txt", "tpm-request-3", "tpm-answer-3" },
	{ "the second only", { "laptop-report-2.txt" }, "laptop-report.txt", "tpm-request",
	    "tpm-answer" },
	{ "a folder of that name", { "laptop-report.txt/" }, "laptop-report-2.txt",
	    "tpm-request-2", "tpm-answer-2" },
	{ "a request alone", { "tpm-request/" }, "laptop-report-2.txt", "tpm-request-2",
	    "tpm-answer-2" },
	{ "an answer alone", { "tpm-answer/" }, "laptop-report-2.txt", "tpm-request-2",
	    "tpm-answer-2" },
	{ "a file for the request", { "tpm-request" }, "laptop-report-2.txt", "tpm-request-2",
	    "tpm-answer-2" },
	{ "request and answer apart", { "tpm-request/", "tpm-answer-2/" },
	    "laptop-report-3.txt", "tpm-request-3", "tpm-answer-3" },
};

struct stick {
	struct med *m;
	char *root;
};

static void
stick_open(struct stick *s)
{
	static unsigned int count;

	s->m = NULL;
	s->root = test_format("%s/stick%u", test_tmpdir(), count++);
	assert_int_equal(mkdir(s->root, 0755), 0);
	assert_int_equal(med_open_dir(&s->m, NULL), SN_OK);
	assert_int_equal(med_dir_insert(s->m, LABEL, s->root, NULL), SN_OK);
}

static void
stick_done(struct stick *s)
{
	med_free(&s->m);
	free(s->root);
}

static void
put(const struct stick *s, const char *name, struct bytes v)
{
	char *path = test_format("%s/%s", s->root, name), *slash = strrchr(path, '/');
	FILE *f;

	if (slash[1] == '\0') {
		assert_int_equal(mkdir(path, 0755), 0);
		free(path);
		return;
	}
	*slash = '\0';
	(void)mkdir(path, 0755);
	*slash = '/';
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(v.p, 1, v.n, f), v.n);
	assert_int_equal(fclose(f), 0);
	free(path);
}

static void
expect(const struct stick *s, const char *name, struct bytes want)
{
	char *path = test_format("%s/%s", s->root, name);
	struct test_bytes b = test_read(path);

	assert_int_equal(b.len, want.n);
	assert_memory_equal(b.data, want.p, want.n);
	test_bytes_done(&b);
	free(path);
}

static bool
there(const struct stick *s, const char *name)
{
	char *path = test_format("%s/%s", s->root, name);
	bool found = access(path, F_OK) == 0;

	free(path);
	return found;
}

static void
fill(struct tpm_info *i)
{
	sn_buf_str(&i->ek_pub, "an EK");
	sn_buf_str(&i->ak_pub, "an AK");
	memset(i->ak_name, 0xa1, sizeof(i->ak_name));
}

static void
test_save(void **state)
{
	const struct save_row *row = *state;
	struct save_offer o = { 0 };
	struct tpm_info tpm = { 0 };
	struct stick s;
	char *path;

	stick_open(&s);
	for (size_t i = 0; i < SN_NITEMS(row->there) && row->there[i] != NULL; i++)
		put(&s, row->there[i], BYTES_STR(OLD));
	assert_int_equal(laptop_offer(s.m, LABEL, true, &o, NULL), SN_OK);
	assert_string_equal(o.report, row->report);
	assert_string_equal(o.request, row->request);
	assert_string_equal(o.answer, row->answer);
	assert_int_equal(o.challenge.n, 0);
	fill(&tpm);
	assert_int_equal(laptop_save_report(s.m, &o, BYTES_STR(NEW), NULL), SN_OK);
	assert_int_equal(laptop_save_request(s.m, &o, &tpm, NULL), SN_OK);
	expect(&s, row->report, BYTES_STR(NEW));
	path = test_format("%s/ek.pub", row->request);
	expect(&s, path, BYTES_STR("an EK"));
	for (size_t i = 0; i < SN_NITEMS(row->there) && row->there[i] != NULL; i++)
		if (strchr(row->there[i], '/') == NULL)
			expect(&s, row->there[i], BYTES_STR(OLD));
	free(path);
	tpm_info_done(&tpm);
	laptop_offer_done(&o);
	stick_done(&s);
}

static void
test_pulled(void **state)
{
	SN_CLEANUP(med_free) struct med *m = NULL;
	struct save_offer o = { .label = LABEL, .report = "laptop-report.txt" };

	(void)state;
	assert_int_equal(med_open_dir(&m, NULL), SN_OK);
	assert_int_equal(laptop_offer(m, LABEL, true, &o, NULL), SN_E_MEDIA);
	assert_int_equal(laptop_save_report(m, &o, BYTES_STR(NEW), NULL), SN_E_MEDIA);
}

static void
test_full_of_reports(void **state)
{
	struct save_offer o = { 0 };
	struct stick s;

	(void)state;
	stick_open(&s);
	put(&s, "laptop-report.txt", BYTES_STR(OLD));
	for (unsigned int i = 2; i <= 99; i++) {
		char *name = test_format("laptop-report-%u.txt", i);

		put(&s, name, BYTES_STR(OLD));
		free(name);
	}
	assert_int_equal(laptop_offer(s.m, LABEL, true, &o, NULL), SN_E_LIMIT);
	stick_done(&s);
}

/* ---- request and answer */

static void
test_request(void **state)
{
	struct save_offer o = { 0 };
	struct tpm_info tpm = { 0 };
	struct stick s;
	char name[2 * TPM_NAME_LEN + 2] = "";

	(void)state;
	stick_open(&s);
	fill(&tpm);
	assert_int_equal(laptop_offer(s.m, LABEL, true, &o, NULL), SN_OK);
	assert_int_equal(laptop_save_request(s.m, &o, &tpm, NULL), SN_OK);
	for (size_t i = 0; i < TPM_NAME_LEN; i++)
		memcpy(name + 2 * i, "a1", 2);
	name[2 * TPM_NAME_LEN] = '\n';
	expect(&s, "tpm-request/ak.name", (struct bytes){ (uint8_t *)name, sizeof(name) - 1 });
	expect(&s, "tpm-request/ak.pub", BYTES_STR("an AK"));
	assert_false(there(&s, "tpm-request/ekcert.der"));
	assert_false(there(&s, "tpm-request/ek-chain.der"));
	/* once more there: nothing is written over */
	assert_int_equal(laptop_save_request(s.m, &o, &tpm, NULL), SN_E_MEDIA);
	laptop_offer_done(&o);
	sn_buf_str(&tpm.ek_cert, "a certificate");
	sn_buf_str(&tpm.ek_chain, "its issuers");
	assert_int_equal(laptop_offer(s.m, LABEL, true, &o, NULL), SN_OK);
	assert_int_equal(laptop_save_request(s.m, &o, &tpm, NULL), SN_OK);
	expect(&s, "tpm-request-2/ekcert.der", BYTES_STR("a certificate"));
	expect(&s, "tpm-request-2/ek-chain.der", BYTES_STR("its issuers"));
	tpm_info_done(&tpm);
	laptop_offer_done(&o);
	stick_done(&s);
}

static void
test_answer(void **state)
{
	struct save_offer o = { 0 };
	struct stick s;

	(void)state;
	stick_open(&s);
	put(&s, SAVE_CHALLENGE, BYTES_STR("a challenge"));
	assert_int_equal(laptop_offer(s.m, LABEL, false, &o, NULL), SN_OK);
	assert_int_equal(o.challenge.n, 0);
	laptop_offer_done(&o);
	assert_int_equal(laptop_offer(s.m, LABEL, true, &o, NULL), SN_OK);
	assert_string_equal(sn_buf_cstr(&o.challenge), "a challenge");
	assert_int_equal(laptop_save_answer(s.m, &o, BYTES_STR("the nonce"), NULL), SN_OK);
	expect(&s, "tpm-answer/secret.bin", BYTES_STR("the nonce"));
	laptop_offer_done(&o);
	stick_done(&s);
}

/* A challenge that is no file, or too large: another stick, not a guess. */
static void
test_bad_challenge(void **state)
{
	static const uint8_t large[SAVE_CHALLENGE_MAX + 1];
	struct save_offer o = { 0 };
	struct stick s;

	(void)state;
	stick_open(&s);
	put(&s, "tpm-challenge/", BYTES_STR(""));
	put(&s, SAVE_CHALLENGE, BYTES_OF(large));
	assert_int_equal(laptop_offer(s.m, LABEL, true, &o, NULL), SN_E_LIMIT);
	stick_done(&s);
	stick_open(&s);
	put(&s, "tpm-challenge/", BYTES_STR(""));
	put(&s, SAVE_CHALLENGE "/", BYTES_STR(""));
	assert_int_equal(laptop_offer(s.m, LABEL, true, &o, NULL), SN_E_FORMAT);
	stick_done(&s);
}

/* ---- what people read: screens/NAME.txt; after a wanted change GOLDEN=write */

static const struct text_row {
	const char *name, *label;
	bool challenge, with_tpm;
	unsigned int number;
	bool written; /* the page behind; report, folder, and what went wrong */
	bool report;
	const char *folder, *refused, *failed;
} texts[] = {
	{ "stick-report", "CS-LOG", false, false, 1, false, false, NULL, NULL, NULL },
	{ "stick-request", "CS-LOG", false, true, 1, false, false, NULL, NULL, NULL },
	{ "stick-no-label-99", "", false, true, 99, false, false, NULL, NULL, NULL },
	{ "stick-challenge", "CS-LOG", true, true, 1, false, false, NULL, NULL, NULL },
	{ "stick-challenge-99", "CS-LOG-LONGEST-LABEL-24C", true, true, 99, false, false, NULL,
	    NULL, NULL },
	{ "done-report", "CS-LOG", false, false, 1, true, true, NULL, NULL, NULL },
	{ "done-request", "CS-LOG", false, true, 1, true, true, "tpm-request", NULL, NULL },
	{ "done-answer", "CS-LOG", true, true, 99, true, true, "tpm-answer-99", NULL, NULL },
	{ "done-challenge-refused", "CS-LOG", true, true, 2, true, true, "tpm-request-2",
	    "the challenge is not for this TPM and its attestation key, or it was changed on "
	    "the way (0x1df)",
	    NULL },
	{ "done-request-failed", "CS-LOG", false, true, 1, true, true, NULL, NULL,
	    "CS-LOG: tpm-request: No space left on device" },
	{ "done-nothing", "CS-LOG", false, true, 1, true, false, NULL, NULL,
	    "CS-LOG: it went away" },
};

static void
text_of(const struct text_row *r, struct sn_buf *ret)
{
	SN_CLEANUP(laptop_offer_done) struct save_offer o = { 0 };
	struct sn_why refused = { 0 }, why = { 0 };
	char suffix[12] = "";

	if (r->number > 1)
		snprintf(suffix, sizeof(suffix), "-%u", r->number);
	snprintf(o.label, sizeof(o.label), "%s", r->label);
	snprintf(o.report, sizeof(o.report), "laptop-report%s.txt", suffix);
	snprintf(o.request, sizeof(o.request), "tpm-request%s", suffix);
	snprintf(o.answer, sizeof(o.answer), "tpm-answer%s", suffix);
	if (r->challenge)
		sn_buf_str(&o.challenge, "x");
	if (!r->written) {
		laptop_offer_text(&o, r->with_tpm, ret);
		return;
	}
	if (r->refused != NULL)
		(void)sn_fail(&refused, SN_E_SIGNATURE, "%s", r->refused);
	if (r->failed != NULL)
		(void)sn_fail(&why, SN_E_MEDIA, "%s", r->failed);
	laptop_saved_text(&o, r->report, r->folder, &refused, &why, ret);
}

static void
test_text(void **state)
{
	const struct text_row *r = *state;
	SN_CLEANUP(sn_buf_done) struct sn_buf got = { 0 };
	char *path = test_format("tests/appliance/laptop/screens/%s.txt", r->name);
	const char *golden = getenv("GOLDEN");
	struct test_bytes want;
	size_t column = 0;
	FILE *f;

	text_of(r, &got);
	if (golden != NULL && strcmp(golden, "write") == 0) {
		f = fopen(path, "w");
		assert_non_null(f);
		fputs(sn_buf_cstr(&got), f);
		assert_int_equal(fclose(f), 0);
	}
	want = test_read(path);
	assert_string_equal(sn_buf_cstr(&got), (const char *)want.data);
	for (size_t i = 0; i < got.n; i++) {
		column = got.p[i] == '\n' ? 0 : column + 1;
		assert_true(column <= 80);
	}
	test_bytes_done(&want);
	free(path);
}

int
main(void)
{
	struct test_list *l = test_list_new();

	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		test_list_add(l, test_save, &rows[i], "save: %s", rows[i].name);
	test_list_add(l, test_pulled, NULL, "save: a stick that is not there");
	test_list_add(l, test_full_of_reports, NULL, "save: 99 reports are enough");
	test_list_add(l, test_request, NULL, "save: the request");
	test_list_add(l, test_answer, NULL, "save: the answer");
	test_list_add(l, test_bad_challenge, NULL, "save: a challenge that is none");
	for (size_t i = 0; i < SN_NITEMS(texts); i++)
		test_list_add(l, test_text, &texts[i], "text: %s", texts[i].name);
	return test_list_run(l, "laptop save");
}
