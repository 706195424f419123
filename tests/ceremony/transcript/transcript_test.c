/* The transcript: what is appended reads back; hostile lines and openings do not. */
#include <stdlib.h>
#include <string.h>

#include "appliance/base/text.h"
#include "ceremony/transcript/transcript.h"
#include "tests/lib/test.h"

#define T0 1767225600 /* 2026-01-01T00:00:00Z */
#define ORIGIN "cornerstone/rehearsal/000102030405060708090a0b0c0d0e0f"

static struct tr *
sample(void)
{
	const struct tr_arg open[] = {
		TR_ARG_PERSONAL("witness",
		    "Wilma \"W\" Wit\xc3\xb1"
		    "ess"),
		TR_ARG_INT("sequence", 1),
		TR_ARG_PERSONAL("administrator", "Ada Admin"),
	};
	const struct tr_arg shares[] = { TR_ARG_STR("custodian", "carol"),
		TR_ARG_INT("share", 2) };
	struct merkle_hash leaf;
	struct tr *t = NULL;

	assert_int_equal(tr_new(&t, NULL), SN_OK);
	assert_int_equal(tr_append(t, T0, "ceremony.opened", "open", open, 3, &leaf, NULL),
	    SN_OK);
	assert_int_equal(tr_append(t, T0, "share.typed-back", "shares", shares, 2, &leaf, NULL),
	    SN_OK);
	assert_int_equal(tr_append(t, T0 + 60, "transcript.closed", "close", NULL, 0, &leaf,
			     NULL),
	    SN_OK);
	return t;
}

static struct cry_key *
log_key(struct note_vkey *ret_vkey)
{
	static const uint8_t seed[32] = { 7 };
	struct cry_key *key = NULL;
	struct sn_buf raw = { 0 };

	assert_int_equal(cry_key_from_seed(CRY_ED25519, BYTES_OF(seed), &key, NULL), SN_OK);
	assert_int_equal(cry_key_raw(key, &raw, NULL), SN_OK);
	assert_int_equal(note_vkey_make(ORIGIN, raw.p, ret_vkey, NULL), SN_OK);
	sn_buf_done(&raw);
	return key;
}

static void
test_round(void **state)
{
	struct tr *t = sample();
	struct tr_read *r = NULL;
	struct merkle_hash root;
	struct sn_why why = { 0 };
	size_t commitments, opened;

	(void)state;
	assert_int_equal(tr_size(t), 3);
	assert_int_equal(tr_read_new(tr_records(t), &r, &why), SN_OK);
	assert_int_equal(tr_read_size(r), 3);
	assert_int_equal(tr_root(t, &root, NULL), SN_OK);
	assert_memory_equal(&root, tr_read_root(r), sizeof(root));
	assert_string_equal(tr_read_record(r, 1)->id, "share.typed-back");
	assert_int_equal(tr_read_record(r, 2)->time, T0 + 60);
	assert_null(tr_read_record(r, 3));
	assert_null(tr_read_opened(r, 0, "administrator"));
	assert_int_equal(tr_read_openings(r, tr_openings(t), &why), SN_OK);
	tr_read_count(r, &commitments, &opened);
	assert_int_equal(commitments, 2);
	assert_int_equal(opened, 2);
	assert_string_equal(tr_read_opened(r, 0, "administrator"), "Ada Admin");
	tr_read_free(&r);
	tr_read_free(&r);
	tr_free(&t);
	tr_free(&t);
}

/* No personal text in the records; the same name twice gives two commitments. */
static void
test_personal(void **state)
{
	struct tr *a = sample(), *b = sample();

	(void)state;
	assert_int_equal(bytes_find(tr_records(a), BYTES_STR("Ada")), SIZE_MAX);
	assert_int_not_equal(bytes_find(tr_openings(a), BYTES_STR("Ada Admin")), SIZE_MAX);
	assert_false(bytes_equal(tr_line(a, 0), tr_line(b, 0)));
	assert_true(bytes_equal(tr_line(a, 1), tr_line(b, 1)));
	tr_free(&a);
	tr_free(&b);
}

/* The replay equals extending with the leaf that every append gave. */
static void
test_pcr(void **state)
{
	struct tr *t = NULL;
	struct tr_read *r = NULL;
	uint8_t pcr[32] = { 0 }, replay[32];
	struct merkle_hash leaf;

	(void)state;
	assert_int_equal(tr_new(&t, NULL), SN_OK);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(tr_append(t, T0 + i, "tick", "test", NULL, 0, &leaf, NULL),
		    SN_OK);
		const struct bytes parts[] = { BYTES_OF(pcr), BYTES_OF(leaf.h) };
		assert_int_equal(cry_digest_v(CRY_SHA256, parts, 2, pcr, NULL), SN_OK);
	}
	assert_int_equal(tr_read_new(tr_records(t), &r, NULL), SN_OK);
	assert_int_equal(tr_read_pcr15(r, replay, NULL), SN_OK);
	assert_memory_equal(pcr, replay, 32);
	tr_read_free(&r);
	tr_free(&t);
}

/* After a power cut PCR 15 starts again, with a record that names the old head. */
static void
test_segment(void **state)
{
	struct tr *t = sample();
	struct tr_read *r = NULL;
	struct merkle_hash head, leaf;
	uint8_t want[32] = { 0 }, replay[32];
	char hex[65];

	(void)state;
	assert_int_equal(tr_root(t, &head, NULL), SN_OK);
	sn_hex(BYTES_OF(head.h), hex);
	const struct tr_arg args[] = { TR_ARG_STR("head", hex) };
	assert_int_equal(tr_append(t, T0 + 99, TR_SEGMENT_ID, "resume", args, 1, &leaf, NULL),
	    SN_OK);
	const struct bytes parts[] = { BYTES_OF(want), BYTES_OF(leaf.h) };
	assert_int_equal(cry_digest_v(CRY_SHA256, parts, 2, want, NULL), SN_OK);
	assert_int_equal(tr_read_new(tr_records(t), &r, NULL), SN_OK);
	assert_int_equal(tr_read_pcr15(r, replay, NULL), SN_OK);
	assert_memory_equal(want, replay, 32);
	tr_read_free(&r);

	const struct tr_arg wrong[] = { TR_ARG_STR("head", hex) };
	assert_int_equal(tr_append(t, T0 + 99, TR_SEGMENT_ID, "resume", wrong, 1, &leaf, NULL),
	    SN_OK);
	assert_int_equal(tr_read_new(tr_records(t), &r, NULL), SN_E_SIGNATURE);
	assert_null(r);
	tr_free(&t);
}

static void
test_checkpoint(void **state)
{
	struct tr *t = sample(), *other = NULL;
	struct tr_read *r = NULL;
	struct note_vkey vkey, renamed;
	struct cry_key *key = log_key(&vkey);
	struct sn_buf body = { 0 }, note = { 0 };
	struct merkle_hash leaf;

	(void)state;
	assert_int_equal(tr_checkpoint(t, ORIGIN, &body, NULL), SN_OK);
	assert_int_equal(note_sign(sn_buf_bytes(&body), ORIGIN, key, &note, NULL), SN_OK);
	assert_int_equal(tr_read_new(tr_records(t), &r, NULL), SN_OK);
	assert_int_equal(tr_read_checkpoint(r, sn_buf_bytes(&note), &vkey, NULL), SN_OK);
	assert_int_equal(note_vkey_make("cornerstone/production/00", vkey.key, &renamed, NULL),
	    SN_OK);
	assert_int_equal(tr_read_checkpoint(r, sn_buf_bytes(&note), &renamed, NULL),
	    SN_E_SIGNATURE);
	tr_read_free(&r);

	/* A transcript of one record more, and one of the same length, are not it. */
	assert_int_equal(tr_append(t, T0 + 60, "late", "close", NULL, 0, &leaf, NULL), SN_OK);
	assert_int_equal(tr_read_new(tr_records(t), &r, NULL), SN_OK);
	assert_int_equal(tr_read_checkpoint(r, sn_buf_bytes(&note), &vkey, NULL),
	    SN_E_SIGNATURE);
	tr_read_free(&r);
	other = sample();
	assert_int_equal(tr_read_new(tr_records(other), &r, NULL), SN_OK);
	assert_int_equal(tr_read_checkpoint(r, sn_buf_bytes(&note), &vkey, NULL),
	    SN_E_SIGNATURE);
	tr_read_free(&r);
	tr_free(&t);
	tr_free(&other);
	cry_key_free(&key);
	sn_buf_done(&body);
	sn_buf_done(&note);
}

/* ---- what cannot be appended */

struct append_row {
	const char *name;
	int64_t time;
	const char *id, *step;
	struct tr_arg args[3];
	size_t nargs;
	enum sn_err want;
};

static const struct append_row appends[] = {
	{ "plain", T0 + 60, "a.b-c", "step-1", { { 0 } }, 0, SN_OK },
	{ "largest integer", T0 + 60, "a", "s", { TR_ARG_INT("n", (1ULL << 53) - 1) }, 1,
	    SN_OK },
	{ "time goes back", T0 + 59, "a", "s", { { 0 } }, 0, SN_E_FORMAT },
	{ "upper-case id", T0 + 60, "A", "s", { { 0 } }, 0, SN_E_FORMAT },
	{ "empty id", T0 + 60, "", "s", { { 0 } }, 0, SN_E_FORMAT },
	{ "id with a blank", T0 + 60, "a b", "s", { { 0 } }, 0, SN_E_FORMAT },
	{ "step with a newline", T0 + 60, "a", "s\n", { { 0 } }, 0, SN_E_FORMAT },
	{ "argument name with a dot", T0 + 60, "a", "s", { TR_ARG_STR("a.b", "x") }, 1,
	    SN_E_FORMAT },
	{ "argument name that begins with a digit", T0 + 60, "a", "s",
	    { TR_ARG_STR("1a", "x") }, 1, SN_E_FORMAT },
	{ "argument twice", T0 + 60, "a", "s", { TR_ARG_STR("x", "1"), TR_ARG_INT("x", 1) }, 2,
	    SN_E_FORMAT },
	{ "control character in a text", T0 + 60, "a", "s", { TR_ARG_STR("x", "a\x1b[2J") }, 1,
	    SN_E_FORMAT },
	{ "newline in a personal text", T0 + 60, "a", "s", { TR_ARG_PERSONAL("x", "a\nb") }, 1,
	    SN_E_FORMAT },
	{ "text that changes direction", T0 + 60, "a", "s", { TR_ARG_STR("x", "\xe2\x80\xae") },
	    1, SN_E_FORMAT },
	{ "invalid UTF-8", T0 + 60, "a", "s", { TR_ARG_STR("x", "\xc3") }, 1, SN_E_FORMAT },
	{ "no text at all", T0 + 60, "a", "s", { TR_ARG_STR("x", NULL) }, 1, SN_E_FORMAT },
	{ "integer of 2^53", T0 + 60, "a", "s", { TR_ARG_INT("n", 1ULL << 53) }, 1,
	    SN_E_FORMAT },
};

static void
test_append(void **state)
{
	const struct append_row *row = *state;
	struct tr *t = sample();
	struct merkle_hash leaf;
	const size_t before = tr_records(t).n, openings = tr_openings(t).n;

	assert_int_equal(tr_append(t, row->time, row->id, row->step, row->args, row->nargs,
			     &leaf, NULL),
	    row->want);
	if (row->want != SN_OK) { /* and nothing is left of the attempt */
		assert_int_equal(tr_size(t), 3);
		assert_int_equal(tr_records(t).n, before);
		assert_int_equal(tr_openings(t).n, openings);
	}
	tr_free(&t);
}

/* ---- what cannot be read */

struct read_row {
	const char *name, *text;
	enum sn_err want;
};

#define T "\"t\":\"2026-01-01T00:00:00Z\"}\n"
#define L0 "{\"args\":{},\"id\":\"a\",\"n\":0,\"step\":\"s\"," T
#define L1 "{\"args\":{},\"id\":\"a\",\"n\":1,\"step\":\"s\"," T
#define ARG(a) "{\"args\":{" a "},\"id\":\"a\",\"n\":0,\"step\":\"s\"," T
#define HEX64 "000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f"

static const struct read_row reads[] = {
	{ "one record", L0, SN_OK },
	{ "two records", L0 L1, SN_OK },
	{ "a commitment", ARG("\"x\":{\"commit\":\"" HEX64 "\"}"), SN_OK },
	{ "empty", "", SN_E_FORMAT },
	{ "an empty line", "\n", SN_E_FORMAT },
	{ "an empty line between", L0 "\n" L1, SN_E_FORMAT },
	{ "no newline at the end", L0 "{}", SN_E_FORMAT },
	{ "bytes behind the last newline", L0 "x", SN_E_FORMAT },
	{ "number 1 first", L1, SN_E_FORMAT },
	{ "number 0 twice", L0 L0, SN_E_FORMAT },
	{ "a number left out", L0 "{\"args\":{},\"id\":\"a\",\"n\":2,\"step\":\"s\"," T,
	    SN_E_FORMAT },
	{ "time goes back",
	    L0
	    "{\"args\":{},\"id\":\"a\",\"n\":1,\"step\":\"s\",\"t\":\"2025-12-31T23:59:59Z\"}\n",
	    SN_E_FORMAT },
	{ "time with an offset",
	    "{\"args\":{},\"id\":\"a\",\"n\":0,\"step\":\"s\",\"t\":\"2026-01-01T00:00:00+00:00\"}\n",
	    SN_E_FORMAT },
	{ "members in another order", "{\"id\":\"a\",\"args\":{},\"n\":0,\"step\":\"s\"," T,
	    SN_E_FORMAT },
	{ "a blank between", "{\"args\":{}, \"id\":\"a\",\"n\":0,\"step\":\"s\"," T,
	    SN_E_FORMAT },
	{ "carriage return at the end",
	    "{\"args\":{},\"id\":\"a\",\"n\":0,\"step\":\"s\",\"t\":\"2026-01-01T00:00:00Z\"}\r\n",
	    SN_E_FORMAT },
	{ "an unknown member", "{\"args\":{},\"b\":1,\"id\":\"a\",\"n\":0,\"step\":\"s\"," T,
	    SN_E_FORMAT },
	{ "a member missing", "{\"args\":{},\"id\":\"a\",\"n\":0," T, SN_E_FORMAT },
	{ "a member twice", "{\"args\":{},\"id\":\"a\",\"id\":\"a\",\"n\":0,\"step\":\"s\"," T,
	    SN_E_FORMAT },
	{ "number as text", "{\"args\":{},\"id\":\"a\",\"n\":\"0\",\"step\":\"s\"," T,
	    SN_E_FORMAT },
	{ "number with a fraction", "{\"args\":{},\"id\":\"a\",\"n\":0.0,\"step\":\"s\"," T,
	    SN_E_FORMAT },
	{ "negative argument", ARG("\"x\":-1"), SN_E_FORMAT },
	{ "argument 2^53", ARG("\"x\":9007199254740992"), SN_E_FORMAT },
	{ "argument null", ARG("\"x\":null"), SN_E_FORMAT },
	{ "argument true", ARG("\"x\":true"), SN_E_FORMAT },
	{ "argument array", ARG("\"x\":[]"), SN_E_FORMAT },
	{ "nested object", ARG("\"x\":{\"y\":1}"), SN_E_FORMAT },
	{ "short commitment", ARG("\"x\":{\"commit\":\"00\"}"), SN_E_FORMAT },
	{ "commitment with company", ARG("\"x\":{\"commit\":\"" HEX64 "\",\"y\":1}"),
	    SN_E_FORMAT },
	{ "argument with an escaped NUL", ARG("\"x\":\"a\\u0000\""), SN_E_FORMAT },
	{ "upper-case message id", "{\"args\":{},\"id\":\"A\",\"n\":0,\"step\":\"s\"," T,
	    SN_E_FORMAT },
	{ "an array", "[]\n", SN_E_FORMAT },
	{ "a segment first",
	    "{\"args\":{\"head\":\"" HEX64
	    "\"},\"id\":\"segment.start\",\"n\":0,\"step\":\"s\"," T,
	    SN_E_FORMAT },
	{ "a segment without a head",
	    L0 "{\"args\":{},\"id\":\"segment.start\",\"n\":1,\"step\":\"s\"," T, SN_E_FORMAT },
	{ "a segment with another head",
	    L0 "{\"args\":{\"head\":\"" HEX64
	       "\"},\"id\":\"segment.start\",\"n\":1,\"step\":\"s\"," T,
	    SN_E_SIGNATURE },
};

static void
test_read_row(void **state)
{
	const struct read_row *row = *state;
	struct tr_read *r = NULL;

	assert_int_equal(tr_read_new(bytes_str(row->text), &r, NULL), row->want);
	assert_true((r != NULL) == (row->want == SN_OK));
	tr_read_free(&r);
}

static void
test_line_too_long(void **state)
{
	char *filler = calloc(1, TR_MAX_LINE + 1), *text;
	struct tr_read *r = NULL;

	(void)state;
	memset(filler, 'x', TR_MAX_LINE);
	text = test_format("{\"args\":{\"x\":\"%s\"},\"id\":\"a\",\"n\":0,\"step\":\"s\"," T,
	    filler);
	assert_int_equal(tr_read_new(bytes_str(text), &r, NULL), SN_E_LIMIT);
	free(filler);
	free(text);
}

/* ---- openings: line numbers of the sample's file, which has two lines */

struct opening_row {
	const char *name;
	enum sn_err want;
	char *(*make)(const char *first, const char *second);
};

static char *
both(const char *a, const char *b)
{
	return test_format("%s%s", a, b);
}
static char *
only_second(const char *a, const char *b)
{
	(void)a;
	return test_format("%s", b);
}
static char *
withheld(const char *a, const char *b)
{
	(void)a;
	(void)b;
	return test_format("%s", "");
}
static char *
swapped(const char *a, const char *b)
{
	return test_format("%s%s", b, a);
}
static char *
twice(const char *a, const char *b)
{
	(void)b;
	return test_format("%s%s", a, a);
}
static char *
too_many(const char *a, const char *b)
{
	return test_format("%s%s%s", a, b, b);
}
static char *
cut(const char *a, const char *b)
{
	(void)b;
	return test_format("%.*s", (int)strlen(a) - 1, a);
}
static char *
replaced(const char *a, const char *from, const char *to)
{
	const char *at = strstr(a, from);

	assert_non_null(at);
	return test_format("%.*s%s%s", (int)(at - a), a, to, at + strlen(from));
}
static char *
other_text(const char *a, const char *b)
{
	(void)b;
	return replaced(a, "Ada", "Eve");
}
static char *
other_field(const char *a, const char *b)
{
	(void)b;
	return replaced(a, "administrator", "witness");
}
static char *
no_commitment(const char *a, const char *b)
{
	(void)b;
	return replaced(a, "administrator", "sequence");
}
static char *
other_record(const char *a, const char *b)
{
	(void)b;
	return replaced(a, "\"n\":0", "\"n\":1");
}
static char *
no_such_record(const char *a, const char *b)
{
	(void)b;
	return replaced(a, "\"n\":0", "\"n\":7");
}
static char *
short_salt(const char *a, const char *b)
{
	(void)b;
	return replaced(a, "\"salt\":\"", "\"salt\":\"00");
}
static char *
extra_member(const char *a, const char *b)
{
	(void)b;
	return replaced(a, "\"n\":0", "\"m\":0,\"n\":0");
}

static const struct opening_row openings[] = {
	{ "all", SN_OK, both },
	{ "one line withheld", SN_OK, only_second },
	{ "all withheld", SN_OK, withheld },
	{ "out of order", SN_E_FORMAT, swapped },
	{ "one line twice", SN_E_FORMAT, twice },
	{ "more openings than commitments", SN_E_LIMIT, too_many },
	{ "cut before the newline", SN_E_FORMAT, cut },
	{ "another text", SN_E_SIGNATURE, other_text },
	{ "another field's salt", SN_E_SIGNATURE, other_field },
	{ "a field that is no commitment", SN_E_SIGNATURE, no_commitment },
	{ "a record that has no such field", SN_E_SIGNATURE, other_record },
	{ "a record that is not there", SN_E_FORMAT, no_such_record },
	{ "a salt of 17 bytes", SN_E_FORMAT, short_salt },
	{ "an unknown member", SN_E_FORMAT, extra_member },
};

static void
test_opening(void **state)
{
	const struct opening_row *row = *state;
	struct tr *t = sample();
	struct tr_read *r = NULL;
	char *all = test_format("%.*s", (int)tr_openings(t).n, (const char *)tr_openings(t).p);
	char *second = strchr(all, '\n') + 1;
	char *first = test_format("%.*s", (int)(second - all), all);
	char *text = row->make(first, second);

	assert_int_equal(tr_read_new(tr_records(t), &r, NULL), SN_OK);
	assert_int_equal(tr_read_openings(r, bytes_str(text), NULL), row->want);
	tr_read_free(&r);
	tr_free(&t);
	free(text);
	free(first);
	free(all);
}

/* Every single bit of a record matters to the root, or the line is refused. */
static void
test_bits(void **state)
{
	struct tr *t = sample();
	struct bytes records = tr_records(t);
	uint8_t *copy = malloc(records.n);
	struct merkle_hash root;

	(void)state;
	assert_int_equal(tr_root(t, &root, NULL), SN_OK);
	for (size_t i = 0; i < records.n * 8; i += 3) {
		struct tr_read *r = NULL;

		memcpy(copy, records.p, records.n);
		copy[i / 8] ^= (uint8_t)(1U << (i % 8));
		if (tr_read_new((struct bytes){ copy, records.n }, &r, NULL) == SN_OK)
			assert_memory_not_equal(tr_read_root(r), &root, sizeof(root));
		tr_read_free(&r);
	}
	free(copy);
	tr_free(&t);
}

int
main(void)
{
	struct test_list *l = test_list_new();
	struct sn_why why = { 0 };

	if (sn_secret_start(1U << 18, &why) != SN_OK || cry_start(&why) != SN_OK)
		return sn_err_exit(why.err);
	test_list_add(l, test_round, NULL, "append and read back");
	test_list_add(l, test_personal, NULL, "personal fields are salted commitments");
	test_list_add(l, test_pcr, NULL, "PCR 15 replay");
	test_list_add(l, test_segment, NULL, "a new boot segment");
	test_list_add(l, test_checkpoint, NULL, "checkpoint over exactly these records");
	test_list_add(l, test_line_too_long, NULL, "read: a line too long");
	test_list_add(l, test_bits, NULL, "one flipped bit");
	for (size_t i = 0; i < SN_NITEMS(appends); i++)
		test_list_add(l, test_append, (void *)(uintptr_t)&appends[i], "append: %s",
		    appends[i].name);
	for (size_t i = 0; i < SN_NITEMS(reads); i++)
		test_list_add(l, test_read_row, (void *)(uintptr_t)&reads[i], "read: %s",
		    reads[i].name);
	for (size_t i = 0; i < SN_NITEMS(openings); i++)
		test_list_add(l, test_opening, (void *)(uintptr_t)&openings[i], "openings: %s",
		    openings[i].name);
	return test_list_run(l, "transcript");
}
