/*
 * SLIP-0039 against the reference implementation (python3-shamir-mnemonic): the
 * same random bytes give the same words, and each joins what the other split.
 * timeout: 400
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ceremony/keys/slip39.h"
#include "tests/ceremony/keys/judge.h"
#include "tests/lib/test.h"

#define CASES 1000
#define LINE_MAX_LEN 16384
#define REFERENCE "python3 tests/ceremony/keys/slip39_reference.py"

struct cross_case {
	uint32_t m, n;
	size_t len;
	uint16_t identifier;
	uint8_t secret[32];
	uint8_t stream[SLIP39_MAX_SHARES * 32];
	size_t nstream;
	char *words;	 /* ours, joined by "/" */
	char *some;	 /* a random set of m of them */
	char *fewer;	 /* one less */
	char *answer[4]; /* the reference's: split, new, join, join of fewer */
};

static struct cross_case cases[CASES];

/* The recorded stream, byte by byte. */
struct stream {
	const uint8_t *p;
	size_t n;
};

static enum sn_err
stream_fill(void *arg, void *ret, size_t n, struct sn_why *why)
{
	struct stream *s = arg;

	if (n > s->n)
		return sn_fail(why, SN_E_INTERNAL, "the stream is at its end");
	memcpy(ret, s->p, n);
	s->p += n;
	s->n -= n;
	return SN_OK;
}

static uint32_t
pick(uint32_t from, uint32_t to)
{
	uint32_t r = 0;

	assert_int_equal(cry_random(&r, sizeof(r), NULL), SN_OK);
	return from + r % (to - from + 1);
}

static void
add_text(char **list, const struct sn_secret *text)
{
	char *old = *list;

	*list = test_format("%s%s%.*s", old != NULL ? old : "", old != NULL ? "/" : "",
	    (int)text->n, (const char *)text->p);
	free(old);
}

/* Our shares, from a recorded stream; and random sets of them. */
static void
our_split(struct cross_case *c)
{
	struct slip39_share shares[SLIP39_MAX_SHARES] = { 0 };
	struct stream s = { c->stream, c->nstream };
	const struct slip39_random source = { stream_fill, &s };
	uint32_t left = c->m, i;

	assert_int_equal(slip39_split((struct bytes){ c->secret, c->len }, c->identifier, c->m,
			     c->n, &source, shares, NULL),
	    SN_OK);
	assert_int_equal(s.n, 0);
	for (i = 0; i < c->n; i++) {
		struct sn_secret text = { 0 };

		assert_int_equal(slip39_encode(&shares[i], &text, NULL), SN_OK);
		add_text(&c->words, &text);
		if (left > 0 && pick(1, c->n - i) <= left) {
			add_text(&c->some, &text);
			if (--left > 0)
				add_text(&c->fewer, &text);
		}
		sn_secret_done(&text);
		slip39_share_done(&shares[i]);
	}
}

static void
make_case(struct cross_case *c)
{
	c->n = pick(2, 8);
	c->m = pick(2, c->n);
	c->len = pick(0, 3) == 0 ? 16 : 32;
	c->identifier = (uint16_t)pick(0, SLIP39_IDENTIFIER_MAX);
	assert_int_equal(cry_random(c->secret, c->len, NULL), SN_OK);
	c->nstream = (c->m - 2) * c->len + c->len - 4;
	assert_int_equal(cry_random(c->stream, c->nstream, NULL), SN_OK);
	our_split(c);
}

static void
write_requests(const char *path)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	for (size_t i = 0; i < CASES; i++) {
		struct cross_case *c = &cases[i];
		char *secret = test_hex(c->secret, c->len);
		char *stream = test_hex(c->stream, c->nstream);

		fprintf(f, "split %u %u %u %s %s\n", c->identifier, c->m, c->n, secret, stream);
		fprintf(f, "new %u %u %s\n", c->m, c->n, secret);
		fprintf(f, "join %s\njoin %s\n", c->some, c->fewer);
		free(secret);
		free(stream);
	}
	assert_int_equal(fclose(f), 0);
}

static char *
read_answer(FILE *f)
{
	char *line = malloc(LINE_MAX_LEN);

	assert_non_null(line);
	if (fgets(line, LINE_MAX_LEN, f) == NULL)
		line[0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return line;
}

/* Everything in one run of the interpreter. */
static int
ask_reference(void)
{
	char *requests = test_format("%s/requests", test_tmpdir());
	char *answers = test_format("%s/answers", test_tmpdir());
	char *command = test_format("exec %s <%s", REFERENCE, requests);
	FILE *f;
	int status;

	for (size_t i = 0; i < CASES; i++)
		make_case(&cases[i]);
	write_requests(requests);
	status = judge_sh(".", command, answers);
	f = fopen(answers, "r");
	assert_non_null(f);
	for (size_t i = 0; i < CASES; i++)
		for (size_t k = 0; k < SN_NITEMS(cases[i].answer); k++)
			cases[i].answer[k] = read_answer(f);
	fclose(f);
	free(requests);
	free(answers);
	free(command);
	return status;
}

static void
test_same_words(void **state)
{
	const struct cross_case *c = *state;

	assert_string_equal(c->answer[0], c->words);
}

static void
test_we_join(void **state)
{
	const struct cross_case *c = *state;
	struct slip39_share shares[SLIP39_MAX_SHARES] = { 0 };
	struct sn_secret got = { 0 };
	const char *one = c->answer[1];
	size_t n = 0;

	for (; n < c->m && *one != '\0'; one += strcspn(one, "/"), one += *one == '/' ? 1 : 0)
		assert_int_equal(slip39_decode((struct bytes){ (const uint8_t *)one,
						   strcspn(one, "/") },
				     &shares[n++], NULL),
		    SN_OK);
	assert_int_equal(n, c->m);
	assert_int_equal(slip39_combine(shares, n, (struct bytes){ NULL, 0 }, &got, NULL),
	    SN_OK);
	assert_int_equal(got.n, c->len);
	assert_memory_equal(got.p, c->secret, c->len);
	sn_secret_done(&got);
	while (n > 0)
		slip39_share_done(&shares[--n]);
}

static void
test_they_join(void **state)
{
	const struct cross_case *c = *state;
	char *want = test_hex(c->secret, c->len);

	assert_string_equal(c->answer[2], want);
	assert_string_equal(c->answer[3], "refused");
	free(want);
}

static void
test_skipped(void **state)
{
	(void)state;
	print_message("python3-shamir-mnemonic is not installed: cross-check skipped\n");
	skip();
}

int
main(void)
{
	struct test_list *l = test_list_new();
	struct sn_why why = { 0 };

	if (sn_secret_start(1U << 20, &why) != SN_OK || cry_start(&why) != SN_OK)
		return sn_err_exit(why.err);
	if (judge_sh(test_tmpdir(), "python3 -c 'import shamir_mnemonic'", "out") != 0) {
		test_list_add(l, test_skipped, NULL, "reference implementation");
		return test_list_run(l, "slip39 cross-check");
	}
	if (ask_reference() != 0)
		return 99;
	for (size_t i = 0; i < CASES; i++) {
		const struct cross_case *c = &cases[i];

		test_list_add(l, test_same_words, c, "same words %zu: %u of %u", i, c->m, c->n);
		test_list_add(l, test_we_join, c, "we join theirs %zu: %u of %u", i, c->m,
		    c->n);
		test_list_add(l, test_they_join, c, "they join ours %zu: %u of %u", i, c->m,
		    c->n);
	}
	return test_list_run(l, "slip39 cross-check");
}
