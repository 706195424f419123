/*
 * Every record of a transcript, changed in every simple way: always refused. First as it
 * stands, then with the numbers running on again, then as a forger without keys would do it:
 * numbers, times and the segment's head all fit, so that only the checkpoint's signature and
 * PCR 15 are left to notice, and each must, on its own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appliance/base/text.h"
#include "ceremony/transcript/transcript.h"
#include "tests/ceremony/transcript/edits.h"
#include "tests/lib/test.h"

#define T0 1767225600 /* 2026-01-01T00:00:00Z */
#define ORIGIN "cornerstone/rehearsal/000102030405060708090a0b0c0d0e0f"
#define MAX_LINES 96
#define NOT_ONE 1000 /* the number of a line that is none of the original's */

/* What the forger restates before showing the file. */
enum level { PLAIN, NUMBERED, FORGED };
static const char *const level_names[] = { "as it stands", "renumbered", "all restated" };

/* A transcript as lines without newlines; was[] says which of the original's each is. */
struct lines {
	size_t n;
	const char *line[MAX_LINES];
	size_t was[MAX_LINES];
};

static struct {
	struct lines lines;
	struct sn_buf records, note;
	struct note_vkey vkey;
	struct merkle_hash root;
	uint8_t pcr15[32];
	size_t segment; /* its first record */
} original;

static size_t mutations, by_reader, by_checkpoint;

/* ---- the transcript: every kind of record, about as long as a genesis */

struct person_row {
	const char *name, *role, *full;
};
static const struct person_row people[] = {
	{ "ada", "administrator", "Ada Admin" },
	{ "wilma", "witness",
	    "Wilma \"W\" Wit\xc3\xb1"
	    "ess" },
	{ "alice", "approver", "Alice Approver" },
	{ "bob", "approver", "Bob Approver" },
	{ "carol", "custodian", "Carol Custodian" },
	{ "dora", "custodian", "Dora Custodian" },
	{ "erin", "custodian", "Erin Custodian" },
};

static void
add(struct tr *t, const char *id, const char *step, const struct tr_arg *args, size_t nargs)
{
	/* Several records share a second, as in a ceremony. */
	const int64_t when = T0 + (int64_t)(tr_size(t) / 3) * 7;
	struct merkle_hash leaf;

	assert_int_equal(tr_append(t, when, id, step, args, nargs, &leaf, NULL), SN_OK);
}

static void
add_screen(struct tr *t, const char *step)
{
	char *text = test_format("{\"body\":[[\"%s.body\"],\"%zu\"],\"title\":[\"%s.head\"]}",
	    step, tr_size(t), step);
	const struct tr_arg args[] = { TR_ARG_INT("part", 1), TR_ARG_INT("parts", 1),
		TR_ARG_STR("screen", "plan.agree"), TR_ARG_STR("text1", text) };

	add(t, TR_SCREEN_ID, step, args, SN_NITEMS(args));
	free(text);
}

static void
add_segment(struct tr *t)
{
	struct merkle_hash head;
	char hex[2 * MERKLE_LEN + 1];

	assert_int_equal(tr_root(t, &head, NULL), SN_OK);
	sn_hex(BYTES_OF(head.h), hex);
	const struct tr_arg args[] = { TR_ARG_STR("head", hex), TR_ARG_STR("step", "shares") };
	add(t, TR_SEGMENT_ID, "resume", args, SN_NITEMS(args));
}

static struct tr *
ceremony(void)
{
	const struct tr_arg start[] = { TR_ARG_STR("mode", "genesis"),
		TR_ARG_STR("world", "rehearsal"), TR_ARG_STR("empty", "") };
	const struct tr_arg plan[] = { TR_ARG_INT("sequence", 1) };
	struct tr *t = NULL;

	assert_int_equal(tr_new(&t, NULL), SN_OK);
	add(t, "ceremony.start", "plan", start, SN_NITEMS(start));
	add(t, "plan.loaded", "plan", plan, SN_NITEMS(plan));
	for (size_t i = 0; i < SN_NITEMS(people); i++) {
		const struct tr_arg args[] = { TR_ARG_STR("name", people[i].name),
			TR_ARG_STR("role", people[i].role),
			TR_ARG_PERSONAL("full", people[i].full) };

		add_screen(t, "people");
		add(t, "person.present", "people", args, SN_NITEMS(args));
	}
	for (size_t i = 0; i < 16; i++) {
		char *label = test_format("collateral %zu", i);
		const struct tr_arg args[] = { TR_ARG_STR("label", label),
			TR_ARG_INT("size", 1000 + i) };

		add(t, "collateral.accepted", "collateral", args, SN_NITEMS(args));
		add_screen(t, "collateral");
		free(label);
	}
	add(t, "collateral.judged", "collateral", NULL, 0);
	add_segment(t);
	for (size_t i = 0; i < 12; i++) {
		const struct tr_arg args[] = { TR_ARG_STR("name", "carol"),
			TR_ARG_INT("number", i + 1), TR_ARG_INT("count", 12) };

		add_screen(t, "shares");
		add(t, "share.read-back", "shares", args, SN_NITEMS(args));
	}
	add(t, "transcript.closed", "close", NULL, 0);
	return t;
}

static void
keep_lines(const struct tr *t)
{
	for (size_t i = 0; i < tr_size(t); i++) {
		const struct bytes b = tr_line(t, i);

		original.lines.line[i] = test_format("%.*s", (int)b.n - 1, (const char *)b.p);
		original.lines.was[i] = i;
	}
	original.lines.n = tr_size(t);
}

/* Made once, and accepted as it stands. */
static void
test_original(void **state)
{
	static const uint8_t seed[32] = { 7 };
	SN_CLEANUP(cry_key_free) struct cry_key *key = NULL;
	SN_CLEANUP(sn_buf_done) struct sn_buf raw = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf body = { 0 };
	SN_CLEANUP(tr_read_free) struct tr_read *r = NULL;
	SN_CLEANUP(tr_free) struct tr *t = ceremony();

	(void)state;
	assert_int_equal(cry_key_from_seed(CRY_ED25519, BYTES_OF(seed), &key, NULL), SN_OK);
	assert_int_equal(cry_key_raw(key, &raw, NULL), SN_OK);
	assert_int_equal(note_vkey_make(ORIGIN, raw.p, &original.vkey, NULL), SN_OK);
	assert_int_equal(tr_checkpoint(t, ORIGIN, &body, NULL), SN_OK);
	assert_int_equal(note_sign(sn_buf_bytes(&body), ORIGIN, key, &original.note, NULL),
	    SN_OK);
	sn_buf_put(&original.records, tr_records(t));
	keep_lines(t);
	assert_int_equal(tr_read_new(tr_records(t), &r, NULL), SN_OK);
	original.root = *tr_read_root(r);
	original.segment = tr_read_segment(r);
	assert_true(original.segment > 0 && original.lines.n > 70);
	assert_int_equal(tr_read_checkpoint(r, sn_buf_bytes(&original.note), &original.vkey,
			     NULL),
	    SN_OK);
	assert_int_equal(tr_read_pcr15(r, original.pcr15, NULL), SN_OK);
}

/* ---- restating a file */

static bool
is_segment(const char *line)
{
	return strstr(line, "\"id\":\"" TR_SEGMENT_ID "\"") != NULL;
}

static char *
with_number(const char *line, size_t n)
{
	const char *at = NULL;

	for (const char *p = line; (p = strstr(p, ",\"n\":")) != NULL; p++)
		at = p; /* the last one: step and time hold none */
	return test_format("%.*s,\"n\":%zu%s", (int)(at - line), line, n,
	    strstr(at, ",\"step\":"));
}

/* The time does not go back: the later one of its own and of the line before. */
static void
fit_time(char *line, const char *before)
{
	char *own = line + strlen(line) - TIME_FROM_END;
	const char *last = before == NULL ? own : before + strlen(before) - TIME_FROM_END;

	if (strncmp(own, last, TEXT_TIME_LEN) < 0)
		memcpy(own, last, TEXT_TIME_LEN);
}

static void
fit_head(char *line, const struct merkle_hash *leaf, size_t n)
{
	struct merkle_hash head;
	char hex[2 * MERKLE_LEN + 1], *at = strstr(line, "\"head\":\"");

	assert_int_equal(merkle_root(leaf, n, &head, NULL), SN_OK);
	sn_hex(BYTES_OF(head.h), hex);
	if (at != NULL)
		memcpy(at + strlen("\"head\":\""), hex, sizeof(hex) - 1);
}

static void
render(const struct lines *l, enum level level, struct sn_buf *ret)
{
	struct merkle_hash leaf[MAX_LINES];
	char *before = NULL;

	for (size_t i = 0; i < l->n; i++) {
		char *line =
		    level == PLAIN ? test_format("%s", l->line[i]) : with_number(l->line[i], i);

		if (level == FORGED) {
			fit_time(line, before);
			if (is_segment(line))
				fit_head(line, leaf, i);
			assert_int_equal(merkle_leaf(bytes_str(line), &leaf[i], NULL), SN_OK);
		}
		sn_buf_fmt(ret, "%s\n", line);
		free(before);
		before = line;
	}
	free(before);
	assert_int_equal(sn_buf_check(ret, NULL), SN_OK);
}

/* ---- judging one */

static void
refused_by_checkpoint(const struct tr_read *r, const char *what)
{
	struct sn_why why = { 0 };
	uint8_t pcr15[32];

	if (tr_read_checkpoint(r, sn_buf_bytes(&original.note), &original.vkey, &why) !=
		SN_E_SIGNATURE ||
	    strstr(why.text, "checkpoint: it is not over these") == NULL)
		fail_msg("%s: the checkpoint says: %s", what, why.text);
	if (memcmp(tr_read_root(r), &original.root, sizeof(original.root)) == 0)
		fail_msg("%s: the tree is the same", what);
	assert_int_equal(tr_read_pcr15(r, pcr15, NULL), SN_OK);
	if (memcmp(pcr15, original.pcr15, sizeof(pcr15)) == 0)
		fail_msg("%s: PCR 15 is the same", what);
}

static void
judge(struct bytes records, enum by want, const char *what)
{
	SN_CLEANUP(tr_read_free) struct tr_read *r = NULL;
	struct sn_why why = { 0 };
	enum sn_err e;

	if (bytes_equal(records, sn_buf_bytes(&original.records)))
		fail_msg("%s: nothing is changed", what);
	e = tr_read_new(records, &r, &why);
	mutations++;
	if (e == SN_OK) {
		if (want == READER)
			fail_msg("%s: reads well", what);
		refused_by_checkpoint(r, what);
		by_checkpoint++;
		return;
	}
	if ((e != SN_E_FORMAT && e != SN_E_SIGNATURE) || want == CHECKPOINT ||
	    strncmp(why.text, "records.jsonl", 13) != 0)
		fail_msg("%s: %d %s", what, e, why.text);
	by_reader++;
}

/* Who must refuse: the numbers tell, until they are restated; then nothing in the file does. */
static enum by
who_refuses(const struct lines *l, enum level level)
{
	if (l->n == 0 || (level != PLAIN && is_segment(l->line[0])))
		return READER;
	if (level == NUMBERED)
		return EITHER; /* times and the segment's head */
	for (size_t i = 0; level == PLAIN && i < l->n; i++)
		if (l->was[i] != i)
			return READER;
	return CHECKPOINT;
}

static void
judge_lines(const struct lines *l, enum level level, const char *name, size_t i, size_t j)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf records = { 0 };
	char *what = test_format("%s, %s: record %zu, %zu", name, level_names[level], i, j);

	render(l, level, &records);
	judge(sn_buf_bytes(&records), who_refuses(l, level), what);
	free(what);
}

/* ---- whole records */

static void
take_out(struct lines *l, size_t i)
{
	memmove(&l->line[i], &l->line[i + 1], (l->n - i - 1) * sizeof(l->line[0]));
	memmove(&l->was[i], &l->was[i + 1], (l->n - i - 1) * sizeof(l->was[0]));
	l->n--;
}

static void
put_in(struct lines *l, size_t i, const char *line, size_t was)
{
	memmove(&l->line[i + 1], &l->line[i], (l->n - i) * sizeof(l->line[0]));
	memmove(&l->was[i + 1], &l->was[i], (l->n - i) * sizeof(l->was[0]));
	l->line[i] = line;
	l->was[i] = was;
	l->n++;
}

static void
deleted(struct lines *l, size_t i, size_t j)
{
	(void)j;
	take_out(l, i);
}
static void
cut_behind(struct lines *l, size_t i, size_t j)
{
	(void)j;
	l->n = i;
}
static void
cut_before(struct lines *l, size_t i, size_t j)
{
	(void)j;
	for (size_t k = 0; k <= i; k++)
		take_out(l, 0);
}
static void
moved(struct lines *l, size_t i, size_t j)
{
	take_out(l, i);
	put_in(l, j, original.lines.line[i], i);
}
static void
swapped(struct lines *l, size_t i, size_t j)
{
	l->line[i] = original.lines.line[j];
	l->was[i] = j;
	l->line[j] = original.lines.line[i];
	l->was[j] = i;
}
static void
doubled(struct lines *l, size_t i, size_t j)
{
	put_in(l, j, original.lines.line[i], i);
}
static void
inserted(struct lines *l, size_t i, size_t j)
{
	(void)j;
	put_in(l, i,
	    "{\"args\":{},\"id\":\"late\",\"n\":1000,\"step\":\"s\",\"t\":\"2026-01-01T00:00:00Z\"}",
	    NOT_ONE);
}
static void
segment_inserted(struct lines *l, size_t i, size_t j)
{
	(void)j;
	put_in(l, i,
	    "{\"args\":{\"head\":\"0000000000000000000000000000000000000000000000000000000000000000\"},"
	    "\"id\":\"segment.start\",\"n\":1000,\"step\":\"s\",\"t\":\"2026-01-01T00:00:00Z\"}",
	    NOT_ONE);
}

enum places { ONE, OTHER, LATER }; /* which second place goes with record i */

struct mutation {
	const char *name;
	enum places places;
	void (*apply)(struct lines *l, size_t i, size_t j);
	enum level level;
};
#define AT_ALL(name, places, apply)                                                            \
	{ name, places, apply, PLAIN }, { name, places, apply, NUMBERED },                     \
	{                                                                                      \
		name, places, apply, FORGED                                                    \
	}

static const struct mutation whole[] = {
	AT_ALL("deleted", ONE, deleted),
	{ "this and all behind cut off", ONE, cut_behind, PLAIN },
	AT_ALL("this and all before cut off", ONE, cut_before),
	AT_ALL("moved to every other place", OTHER, moved),
	AT_ALL("swapped with every other", LATER, swapped),
	AT_ALL("doubled", ONE, doubled),
	AT_ALL("a record inserted before", ONE, inserted),
	AT_ALL("a segment's start inserted before", ONE, segment_inserted),
};

static bool
goes_with(enum places places, size_t i, size_t j)
{
	switch (places) {
	case ONE:
		return i == j;
	case OTHER: /* to the next place is what moving the next one here is */
		return i != j && j + 1 != i;
	case LATER:
		return i < j;
	}
	return false;
}

static void
test_whole(void **state)
{
	const struct mutation *m = *state;
	const size_t n = original.lines.n;

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++) {
			struct lines l = original.lines;

			if (!goes_with(m->places, i, j))
				continue;
			m->apply(&l, i, j);
			judge_lines(&l, m->level, m->name, i, j);
		}
}

/* Behind the last one, too. */
static void
test_behind(void **state)
{
	for (enum level level = PLAIN; level <= FORGED; level++)
		for (size_t i = 0; i < original.lines.n; i++) {
			struct lines l = original.lines;

			doubled(&l, i, l.n);
			judge_lines(&l, level, "doubled to the end", i, l.n);
		}
	(void)state;
}

/* ---- inside one record */

/* The changed line, or NULL when there is no argument k. */
static char *
edited(const struct edit *e, const char *line, size_t k)
{
	yyjson_doc *read = yyjson_read(line, strlen(line), 0);
	yyjson_mut_doc *doc = yyjson_doc_mut_copy(read, NULL);
	yyjson_mut_val *rec = yyjson_mut_doc_get_root(doc);
	SN_CLEANUP(sn_buf_done) struct sn_buf text = { 0 };
	char *found = NULL;

	if (e->apply(doc, rec, k)) {
		assert_int_equal(sn_json_canon(rec, &text, NULL), SN_OK);
		found = test_format("%s", sn_buf_cstr(&text));
	}
	yyjson_mut_doc_free(doc);
	yyjson_doc_free(read);
	return found;
}

static void
judge_edit(const struct edit *e, size_t i, size_t k, const char *line, enum level level)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf records = { 0 };
	struct lines l = original.lines;
	enum by want = level == PLAIN ? e->plain : CHECKPOINT;
	char *what =
	    test_format("%s, %s: record %zu, argument %zu", e->name, level_names[level], i, k);

	l.line[i] = line;
	if (i == original.segment && want == CHECKPOINT)
		want = EITHER; /* without a head it is refused at once */
	else if (i < original.segment && level == PLAIN)
		want = READER; /* the segment's head is over this record */
	render(&l, level, &records);
	if (!(i == original.segment && level == FORGED &&
		bytes_equal(sn_buf_bytes(&records), sn_buf_bytes(&original.records))))
		judge(sn_buf_bytes(&records), want, what); /* else the head was restated back */
	free(what);
}

static void
test_edit(void **state)
{
	const struct edit *e = *state;
	size_t done = 0;

	for (size_t i = 0; i < original.lines.n; i++)
		for (size_t k = 0; k < TR_MAX_ARGS; k++) {
			char *line = edited(e, original.lines.line[i], k);

			if (line == NULL)
				break;
			judge_edit(e, i, k, line, PLAIN);
			if (e->restated)
				judge_edit(e, i, k, line, FORGED);
			done++;
			free(line);
		}
	assert_true(done >= original.lines.n);
}

/* ---- the bytes of the file around record i */

struct cut_row {
	const char *name;
	bool rest;	  /* all behind it stays */
	size_t percent;	  /* of the line, before what is put in */
	size_t drop;	  /* bytes left out there; of the line with its newline */
	const char *text; /* put in */
};
static const struct cut_row cuts[] = {
	{ "the file ends before its newline", false, 100, 0, "" },
	{ "the file ends in its middle", false, 50, 0, "" },
	{ "the file ends in its middle, with a newline", false, 50, 0, "\n" },
	{ "the file ends at its brace", false, 0, 0, "{" },
	{ "joined with the next, or no newline at the end", true, 100, 1, "" },
	{ "a comma in place of its newline", true, 100, 1, "," },
	{ "a newline in its middle", true, 50, 0, "\n" },
	{ "a byte out of its middle", true, 50, 1, "" },
	{ "a blank behind it", true, 100, 0, " " },
	{ "a carriage return behind it", true, 100, 0, "\r" },
	{ "an empty line behind it", true, 100, 0, "\n" },
	{ "an empty line before it", true, 0, 0, "\n" },
	{ "a blank before it", true, 0, 0, " " },
	{ "an empty object before it", true, 0, 0, "{}\n" },
};

static void
test_cut(void **state)
{
	const struct cut_row *row = *state;
	size_t start = 0;

	for (size_t i = 0; i < original.lines.n; i++) {
		SN_CLEANUP(sn_buf_done) struct sn_buf made = { 0 };
		const struct bytes all = sn_buf_bytes(&original.records);
		const size_t len = strlen(original.lines.line[i]);
		const size_t at = start + len * row->percent / 100, to = at + row->drop;

		sn_buf_put(&made, (struct bytes){ all.p, at });
		sn_buf_str(&made, row->text);
		if (row->rest)
			sn_buf_put(&made, (struct bytes){ all.p + to, all.n - to });
		/* A byte out of a text is a record that reads; before the segment none does. */
		judge(sn_buf_bytes(&made),
		    row->drop == 1 && row->percent == 50 ? EITHER : READER, row->name);
		start += len + 1;
	}
}

/* Cut anywhere in the last record. */
static void
test_last_bytes(void **state)
{
	const struct bytes all = sn_buf_bytes(&original.records);
	const size_t len = strlen(original.lines.line[original.lines.n - 1]);

	(void)state;
	for (size_t cut = 1; cut <= len; cut++)
		judge((struct bytes){ all.p, all.n - cut }, READER, "cut in the last record");
}

int
main(void)
{
	struct test_list *l = test_list_new();
	struct sn_why why = { 0 };
	int status;

	if (sn_secret_start(1U << 18, &why) != SN_OK || cry_start(&why) != SN_OK)
		return sn_err_exit(why.err);
	test_list_add(l, test_original, NULL, "the original is accepted");
	for (size_t i = 0; i < SN_NITEMS(whole); i++)
		test_list_add(l, test_whole, &whole[i], "%s, %s", whole[i].name,
		    level_names[whole[i].level]);
	test_list_add(l, test_behind, NULL, "doubled to the end");
	for (size_t i = 0; i < SN_NITEMS(edits); i++)
		test_list_add(l, test_edit, &edits[i], "edited: %s", edits[i].name);
	for (size_t i = 0; i < SN_NITEMS(cuts); i++)
		test_list_add(l, test_cut, &cuts[i], "bytes: %s", cuts[i].name);
	test_list_add(l, test_last_bytes, NULL, "bytes: cut in the last record");
	status = test_list_run(l, "mutation");
	printf(
	    "# %zu records, %zu mutations: %zu refused by the reader, %zu by the checkpoint\n",
	    original.lines.n, mutations, by_reader, by_checkpoint);
	return status;
}
