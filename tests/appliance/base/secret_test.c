#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/appliance/base/secret_rig.h"
#include "tests/lib/test.h"

static void
a_new_secret_is_zero_and_counted(void **state)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret s = { 0 };

	(void)state;
	assert_int_equal(sn_secret_new(65, &s, NULL), SN_OK);
	assert_int_equal(s.n, 65);
	assert_int_equal(s.cap, 128);
	assert_true(all_zero(s.p, s.cap));
	assert_int_equal(sn_secret_alive(), 1);
	sn_secret_done(&s);
	sn_secret_done(&s);
	sn_secret_done(NULL);
	assert_null(s.p);
	assert_int_equal(sn_secret_alive(), 0);
}

static void
an_empty_secret_takes_no_room(void **state)
{
	struct sn_secret s = { (uint8_t *)1, 2, 3 };

	(void)state;
	assert_int_equal(sn_secret_new(0, &s, NULL), SN_OK);
	assert_null(s.p);
	assert_int_equal(s.n, 0);
	assert_int_equal(s.cap, 0);
	assert_int_equal(sn_secret_alive(), 0);
	assert_int_equal(sn_secret_append(&s, BYTES_STR("x"), NULL), SN_OK);
	assert_int_equal(sn_secret_alive(), 1);
	sn_secret_done(&s);
}

static void
freed_memory_is_wiped(void **state)
{
	struct sn_secret s;
	uint8_t *kept;

	(void)state;
	assert_int_equal(sn_secret_copy(BYTES_STR("correct horse battery"), &s, NULL), SN_OK);
	assert_memory_equal(s.p, "correct horse battery", 21);
	kept = s.p;
	memset(s.p + s.n, 0xaa, s.cap - s.n); /* what lies behind the end goes too */
	sn_secret_done(&s);
	assert_true(all_zero(kept, UNIT));
}

static void
truncating_wipes_the_rest(void **state)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret s = { 0 };

	(void)state;
	assert_int_equal(sn_secret_copy(BYTES_STR("abandon ability"), &s, NULL), SN_OK);
	sn_secret_truncate(&s, 99);
	assert_int_equal(s.n, 15);
	sn_secret_truncate(&s, 7);
	assert_int_equal(s.n, 7);
	assert_memory_equal(s.p, "abandon", 7);
	assert_true(all_zero(s.p + 7, 8));
	sn_secret_truncate(&s, 0);
	assert_true(all_zero(s.p, 15));
}

static void
growing_wipes_the_old_place(void **state)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret s = { 0 }, wall = { 0 };
	uint8_t *old;

	(void)state;
	assert_int_equal(sn_secret_copy(BYTES_STR("0123456789abcdef"), &s, NULL), SN_OK);
	assert_int_equal(sn_secret_new(1, &wall, NULL), SN_OK);
	old = s.p;
	/* Appending a secret to itself: the source must outlive the move. */
	for (size_t n = 16; n < 256; n *= 2)
		assert_int_equal(sn_secret_append(&s, sn_secret_bytes(&s), NULL), SN_OK);
	assert_int_equal(s.n, 256);
	assert_ptr_not_equal(s.p, old);
	assert_true(all_zero(old, UNIT));
	for (size_t i = 0; i < s.n; i += 16)
		assert_memory_equal(s.p + i, "0123456789abcdef", 16);
	assert_int_equal(sn_secret_alive(), 2);
}

static void
appending_in_place_does_not_move(void **state)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret s = { 0 };
	uint8_t *old;

	(void)state;
	assert_int_equal(sn_secret_copy(BYTES_STR("ab"), &s, NULL), SN_OK);
	old = s.p;
	for (size_t i = 0; i < 62; i++)
		assert_int_equal(sn_secret_append(&s, BYTES_STR("c"), NULL), SN_OK);
	assert_ptr_equal(s.p, old);
	assert_int_equal(s.n, 64);
	assert_int_equal(sn_secret_append(&s, BYTES_STR(""), NULL), SN_OK);
	assert_int_equal(s.n, 64);
}

static void
a_full_arena_refuses_and_recovers(void **state)
{
	struct sn_secret s[ARENA / UNIT], extra = { (uint8_t *)1, 2, 3 };
	struct sn_why why = { 0 };

	(void)state;
	for (size_t i = 0; i < SN_NITEMS(s); i++)
		assert_int_equal(sn_secret_new(UNIT, &s[i], NULL), SN_OK);
	assert_int_equal(sn_secret_new(1, &extra, &why), SN_E_NOMEM);
	assert_int_equal(why.err, SN_E_NOMEM);
	assert_ptr_equal(extra.p, (uint8_t *)1);
	/* A failed growth leaves the secret as it was. */
	memset(s[3].p, 0x33, UNIT);
	assert_int_equal(sn_secret_append(&s[3], BYTES_STR("x"), NULL), SN_E_NOMEM);
	assert_int_equal(s[3].n, UNIT);
	assert_int_equal(s[3].p[UNIT - 1], 0x33);
	/* Two holes that do not touch are no room for two units; that touch, they are. */
	sn_secret_done(&s[10]);
	sn_secret_done(&s[12]);
	assert_int_equal(sn_secret_new(2 * UNIT, &extra, NULL), SN_E_NOMEM);
	sn_secret_done(&s[11]);
	assert_int_equal(sn_secret_new(3 * UNIT, &extra, NULL), SN_OK);
	assert_ptr_equal(extra.p, s[9].p + UNIT);
	sn_secret_done(&extra);
	for (size_t i = 0; i < SN_NITEMS(s); i++)
		sn_secret_done(&s[i]);
	assert_int_equal(sn_secret_new(ARENA, &extra, NULL), SN_OK);
	sn_secret_done(&extra);
}

static void
sizes_that_cannot_be(void **state)
{
	struct sn_secret s = { (uint8_t *)1, 2, 3 }, small = { 0 };

	(void)state;
	assert_int_equal(sn_secret_new(ARENA + 1, &s, NULL), SN_E_NOMEM);
	assert_int_equal(sn_secret_new(SIZE_MAX, &s, NULL), SN_E_NOMEM);
	assert_int_equal(sn_secret_new(SIZE_MAX - 62, &s, NULL), SN_E_NOMEM);
	assert_ptr_equal(s.p, (uint8_t *)1);
	assert_int_equal(sn_secret_new(1, &small, NULL), SN_OK);
	assert_int_equal(sn_secret_append(&small, (struct bytes){ small.p, SIZE_MAX }, NULL),
	    SN_E_NOMEM);
	assert_int_equal(small.n, 1);
	sn_secret_done(&small);
}

/* Many secrets of many sizes come and go; none ever touches another. */
static void
blocks_do_not_overlap(void **state)
{
	struct sn_secret s[40] = { 0 };
	uint32_t x = 1;

	(void)state;
	for (size_t round = 0; round < 5000; round++) {
		size_t i;

		x = x * 1664525 + 1013904223;
		i = (x >> 16) % SN_NITEMS(s);
		for (size_t k = 0; k < s[i].n; k++)
			assert_int_equal(s[i].p[k], (uint8_t)(i + 1));
		sn_secret_done(&s[i]);
		assert_int_equal(sn_secret_new((x >> 8) % 1500, &s[i], NULL), SN_OK);
		assert_true(s[i].n == 0 || all_zero(s[i].p, s[i].cap));
		if (s[i].n > 0)
			memset(s[i].p, (int)i + 1, s[i].n);
	}
	for (size_t i = 0; i < SN_NITEMS(s); i++)
		sn_secret_done(&s[i]);
}

static void
starting_twice_is_refused(void **state)
{
	(void)state;
	assert_int_equal(sn_secret_start(ARENA, NULL), SN_E_INTERNAL);
}

static void
without_a_start_there_are_no_secrets(void **state)
{
	struct sn_secret s = { (uint8_t *)1, 2, 3 };
	struct sn_why why = { 0 };

	(void)state;
	assert_int_equal(sn_secret_new(1, &s, &why), SN_E_LOCK);
	assert_int_equal(why.err, SN_E_LOCK);
	assert_int_equal(sn_secret_copy(BYTES_STR("x"), &s, NULL), SN_E_LOCK);
	assert_ptr_equal(s.p, (uint8_t *)1);
	assert_int_equal(sn_secret_alive(), 0);
	sn_secret_stop();
}

static void
sizes_of_an_arena(void **state)
{
	(void)state;
	assert_int_equal(sn_secret_start(0, NULL), SN_E_LIMIT);
	assert_int_equal(sn_secret_start((4U << 20) + 1, NULL), SN_E_LIMIT);
	assert_int_equal(sn_secret_start(SIZE_MAX, NULL), SN_E_LIMIT);
	assert_int_equal(sn_secret_start(1, NULL), SN_OK);
	sn_secret_stop();
	assert_int_equal(sn_secret_start(4U << 20, NULL), SN_OK);
	sn_secret_stop();
}

static void
a_secret_may_outlive_the_arena(void **state)
{
	struct sn_secret s;

	(void)state;
	assert_int_equal(sn_secret_start(ARENA, NULL), SN_OK);
	assert_int_equal(sn_secret_new(1, &s, NULL), SN_OK);
	sn_secret_stop();
	sn_secret_done(&s);
	assert_null(s.p);
	assert_int_equal(sn_secret_alive(), 0);
}

struct equal_row {
	const char *name;
	struct bytes a, b;
	bool want;
};

static const struct equal_row equal_rows[] = {
	{ "same", BYTES_STR("abcdefgh"), BYTES_STR("abcdefgh"), true },
	{ "first byte", BYTES_STR("Abcdefgh"), BYTES_STR("abcdefgh"), false },
	{ "last byte", BYTES_STR("abcdefgH"), BYTES_STR("abcdefgh"), false },
	{ "two differences that cancel", BYTES_STR("ab"), BYTES_STR("ba"), false },
	{ "top bit", BYTES_STR("\x80"), BYTES_STR("\0"), false },
	{ "shorter", BYTES_STR("abc"), BYTES_STR("abcd"), false },
	{ "empty", { NULL, 0 }, BYTES_STR(""), true },
};

static void
equal_looks_at_every_byte(void **state)
{
	const struct equal_row *row = *state;

	assert_int_equal(sn_secret_equal(row->a, row->b), row->want);
	assert_int_equal(sn_secret_equal(row->b, row->a), row->want);
}

static void
wipe_wipes(void **state)
{
	uint8_t a[20];

	(void)state;
	memset(a, 7, sizeof(a));
	sn_wipe(a + 1, 18);
	assert_int_equal(a[0], 7);
	assert_true(all_zero(a + 1, 18));
	assert_int_equal(a[19], 7);
	sn_wipe(NULL, 0);
	sn_wipe(NULL, 5);
}

struct plain_row {
	const char *name;
	CMUnitTestFunction fn;
};

/* With an arena; each of these ends with no secret alive, or the group fails. */
static const struct plain_row inside_rows[] = {
	{ "new: zero and counted", a_new_secret_is_zero_and_counted },
	{ "new: empty", an_empty_secret_takes_no_room },
	{ "new: full arena", a_full_arena_refuses_and_recovers },
	{ "new: impossible sizes", sizes_that_cannot_be },
	{ "new: no overlap", blocks_do_not_overlap },
	{ "done: wiped", freed_memory_is_wiped },
	{ "truncate: wiped", truncating_wipes_the_rest },
	{ "append: old place wiped", growing_wipes_the_old_place },
	{ "append: in place", appending_in_place_does_not_move },
	{ "start: twice", starting_twice_is_refused },
};

static const struct plain_row outside_rows[] = {
	{ "start: not done", without_a_start_there_are_no_secrets },
	{ "start: sizes", sizes_of_an_arena },
	{ "stop: a secret alive", a_secret_may_outlive_the_arena },
	{ "wipe", wipe_wipes },
};

/* A row's test between start() and stop(), which say what they think themselves. */
static void
run_inside(void **state, CMUnitTestFunction fn)
{
	(void)stop(); /* what a failed test left */
	assert_int_equal(start(), 0);
	fn(state);
	assert_int_equal(stop(), 0);
}

static void
inside(void **state)
{
	const struct plain_row *row = *state;

	run_inside(state, row->fn);
}

int
main(void)
{
	struct test_list *l = test_list_new();

	for (size_t i = 0; i < SN_NITEMS(outside_rows); i++)
		test_list_add(l, outside_rows[i].fn, NULL, "%s", outside_rows[i].name);
	for (size_t i = 0; i < SN_NITEMS(inside_rows); i++)
		test_list_add(l, inside, &inside_rows[i], "%s", inside_rows[i].name);
	for (size_t i = 0; i < SN_NITEMS(equal_rows); i++)
		test_list_add(l, equal_looks_at_every_byte, &equal_rows[i], "equal: %s",
		    equal_rows[i].name);
	return test_list_run(l, "secret");
}
