/* The journal reads back as written; torn tails are cut, damage and nonsense are refused. */
#include <stdlib.h>
#include <string.h>

#include "ceremony/journal/journal.h"
#include "tests/lib/test.h"

static const uint8_t digest_a[32] = { 0xa }, digest_b[32] = { 0xb };

static void
begin(struct journal *j, const char *name)
{
	struct journal_ceremony c = { .sequence = 7, .world = "rehearsal", .mode = "genesis" };

	memcpy(c.ceremony, name, strlen(name) + 1);
	memcpy(c.plan, digest_a, sizeof(c.plan));
	memset(c.sanctum, 5, sizeof(c.sanctum));
	assert_int_equal(journal_begin(j, &c, NULL), SN_OK);
}

/* A ceremony up to some step; more of it than the one before. */
enum reach { BEGUN, BORDER, SECRET, COMMIT, BUNDLE, DONE };

static struct journal *
sample(enum reach reach)
{
	struct journal *j = NULL;

	assert_int_equal(journal_new(&j, NULL), SN_OK);
	begin(j, "one");
	if (reach >= BORDER) {
		assert_int_equal(journal_add_records(j, BYTES_STR("r0\nr1\n"), NULL), SN_OK);
		assert_int_equal(journal_add_openings(j, BYTES_STR("o1\n"), NULL), SN_OK);
	}
	if (reach >= SECRET)
		assert_int_equal(journal_secret(j, NULL), SN_OK);
	if (reach >= BORDER)
		assert_int_equal(journal_border(j, "dice", NULL), SN_OK);
	if (reach >= COMMIT) {
		assert_int_equal(journal_add_file(j, "trust/identity.json", BYTES_STR("{}"),
				     NULL),
		    SN_OK);
		assert_int_equal(journal_border(j, "keys", NULL), SN_OK);
		assert_int_equal(journal_commit(j, digest_a, NULL), SN_OK);
	}
	if (reach >= BUNDLE)
		assert_int_equal(journal_bundle(j, digest_b, NULL), SN_OK);
	if (reach >= DONE)
		assert_int_equal(journal_done(j, NULL), SN_OK);
	return j;
}

static const struct {
	enum reach reach;
	enum journal_state state;
	const char *name;
} reaches[] = {
	{ BEGUN, JOURNAL_OPEN, "begun" },
	{ BORDER, JOURNAL_OPEN, "a border" },
	{ SECRET, JOURNAL_SECRET, "a secret" },
	{ COMMIT, JOURNAL_MADE, "a commit" },
	{ BUNDLE, JOURNAL_BUNDLED, "a bundle" },
	{ DONE, JOURNAL_DONE, "done" },
};

static void
test_round(void **state)
{
	const size_t i = *(const size_t *)*state;
	struct journal *j = sample(reaches[i].reach), *r = NULL;
	const struct journal_ceremony *c;
	struct bytes file;
	size_t cut = 9;

	assert_int_equal(journal_read(journal_text(j), &r, &cut, NULL), SN_OK);
	assert_int_equal(cut, 0);
	assert_int_equal(journal_count(r), 1);
	c = journal_last(r);
	assert_int_equal(c->state, reaches[i].state);
	assert_string_equal(c->ceremony, "one");
	assert_int_equal(c->sequence, 7);
	if (reaches[i].reach >= BORDER) {
		assert_true(bytes_equal(journal_records(r), BYTES_STR("r0\nr1\n")));
		assert_true(bytes_equal(journal_openings(r), BYTES_STR("o1\n")));
		assert_int_equal(c->records, 2);
	}
	if (reaches[i].reach >= COMMIT) {
		assert_int_equal(journal_file(r, "trust/identity.json", &file, NULL), SN_OK);
		assert_true(bytes_equal(file, BYTES_STR("{}")));
		assert_memory_equal(c->identity, digest_a, 32);
	}
	assert_int_equal(journal_file(r, "nothing", &file, NULL), SN_E_MISSING);
	/* both go on alike */
	begin(j, "two");
	begin(r, "two");
	assert_true(bytes_equal(journal_text(j), journal_text(r)));
	assert_int_equal(journal_records(r).n, 0);
	journal_free(&j);
	journal_free(&r);
}

/* Cut at every byte: never a failure, never more than was there, always a state it had. */
static void
test_cut_anywhere(void **state)
{
	struct journal *j = sample(DONE);
	struct bytes all = journal_text(j);
	enum journal_state before = JOURNAL_OPEN;

	(void)state;
	for (size_t n = 0; n <= all.n; n++) {
		struct journal *r = NULL;
		size_t cut = 0;

		assert_int_equal(journal_read((struct bytes){ all.p, n }, &r, &cut, NULL),
		    SN_OK);
		assert_int_equal(journal_text(r).n + cut, n);
		assert_memory_equal(journal_text(r).p, all.p, journal_text(r).n);
		if (journal_last(r) != NULL) {
			assert_true(journal_last(r)->state >= before);
			before = journal_last(r)->state;
		}
		journal_free(&r);
	}
	assert_int_equal(before, JOURNAL_DONE);
	journal_free(&j);
}

/* Every byte changed: the last line is torn, any other is damage. */
static void
test_damage(void **state)
{
	struct journal *j = sample(DONE);
	struct bytes all = journal_text(j);
	uint8_t *copy = malloc(all.n);
	size_t last = all.n - 1;

	(void)state;
	while (all.p[last - 1] != '\n')
		last--;
	for (size_t i = 0; i < all.n; i++) {
		struct journal *r = NULL;
		size_t cut = 0;
		enum sn_err e;

		memcpy(copy, all.p, all.n);
		copy[i] ^= 1;
		e = journal_read((struct bytes){ copy, all.n }, &r, &cut, NULL);
		if (e == SN_OK)
			assert_true(journal_text(r).n <= i && cut > 0);
		else
			assert_int_equal(e, SN_E_SIGNATURE);
		/* two lines behind it hang together: nobody may take it for a cut */
		assert_true(i >= last || e == SN_E_SIGNATURE || all.n - i < 300);
		journal_free(&r);
	}
	free(copy);
	journal_free(&j);
}

static void
test_orders(void **state)
{
	struct journal *j = NULL;

	(void)state;
	assert_int_equal(journal_new(&j, NULL), SN_OK);
	assert_int_equal(journal_border(j, "plan", NULL), SN_E_FORMAT);
	begin(j, "one");
	assert_int_equal(journal_commit(j, digest_a, NULL), SN_E_FORMAT);
	assert_int_equal(journal_discard(j, NULL), SN_E_FORMAT);
	assert_int_equal(journal_secret(j, NULL), SN_OK);
	assert_int_equal(journal_discard(j, NULL), SN_OK);
	assert_int_equal(journal_last(j)->state, JOURNAL_DISCARDED);
	assert_int_equal(journal_commit(j, digest_a, NULL), SN_E_FORMAT);
	assert_int_equal(journal_secret(j, NULL), SN_E_FORMAT);
	assert_int_equal(journal_done(j, NULL), SN_E_FORMAT);
	begin(j, "two");
	assert_int_equal(journal_count(j), 2);
	journal_free(&j);
	j = sample(DONE);
	assert_int_equal(journal_add_records(j, BYTES_STR("r2\n"), NULL), SN_E_FORMAT);
	assert_int_equal(journal_bundle(j, digest_a, NULL), SN_E_FORMAT);
	journal_free(&j);
}

static void
test_not_a_journal(void **state)
{
	struct journal *r = NULL;
	size_t cut = 0;

	(void)state;
	assert_int_equal(journal_read(BYTES_STR("a shopping list\nbread\n"), &r, &cut, NULL),
	    SN_E_FORMAT);
	assert_null(r);
}

int
main(void)
{
	static size_t numbers[SN_NITEMS(reaches)];
	struct test_list *l = test_list_new();

	for (size_t i = 0; i < SN_NITEMS(reaches); i++) {
		numbers[i] = i;
		test_list_add(l, test_round, &numbers[i], "%s, read back", reaches[i].name);
	}
	test_list_add(l, test_cut_anywhere, NULL, "cut at every byte");
	test_list_add(l, test_damage, NULL, "every byte changed");
	test_list_add(l, test_orders, NULL, "lines that cannot stand there");
	test_list_add(l, test_not_a_journal, NULL, "something else");
	return test_list_run(l, "journal");
}
