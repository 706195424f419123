/* The one way in which data flows: each step's needs were made by an earlier one. */
#include <string.h>

#include "ceremony/core/cer.h"
#include "tests/lib/test.h"

#define STEPS_MAX 32

struct order {
	struct cer_step_facts step[STEPS_MAX];
	size_t n;
};

static void
order_read(unsigned int mode, struct order *ret)
{
	for (ret->n = 0; cer_step_facts(mode, ret->n, &ret->step[ret->n]); ret->n++)
		assert_true(ret->n + 1 < STEPS_MAX);
}

/* The first step whose needs nobody has made before it, or NULL. */
static const char *
order_broken(const struct order *o)
{
	unsigned int have = 0;

	for (size_t i = 0; i < o->n; i++) {
		if ((have & o->step[i].needs) != o->step[i].needs)
			return o->step[i].id;
		have |= o->step[i].makes;
	}
	return NULL;
}

static void
order_holds(void **state)
{
	struct order o;

	order_read(*(const unsigned int *)*state, &o);
	assert_true(o.n >= 5);
	assert_null(order_broken(&o));
	assert_string_equal(o.step[o.n - 1].id, "end");
}

struct before {
	const char *first, *then; /* first moved behind then must be noticed */
};

static const struct before befores[] = {
	{ "plan", "tpm" },
	{ "review", "dice" },
	{ "dice", "seed" },
	{ "seed", "shares" },
	{ "shares", "trial" },
	{ "trial", "keys" },
	{ "keys", "opshares" },
	{ "opshares", "close" },
	{ "collateral", "close" },
	{ "close", "approve" },
	{ "approve", "sign" },
	{ "sign", "export" },
	{ "export", "end" },
};

static size_t
order_find(const struct order *o, const char *id)
{
	for (size_t i = 0; i < o->n; i++) {
		if (strcmp(o->step[i].id, id) == 0)
			return i;
	}
	fail_msg("no step %s", id);
	return 0;
}

static void
later_is_noticed(void **state)
{
	const struct before *b = *state;
	struct order o;
	struct cer_step_facts moved;
	size_t from, to;

	order_read(0, &o);
	from = order_find(&o, b->first);
	to = order_find(&o, b->then);
	assert_true(from < to);
	moved = o.step[from];
	memmove(&o.step[from], &o.step[from + 1], (to - from) * sizeof(moved));
	o.step[to] = moved;
	assert_non_null(order_broken(&o));
}

static void
titles_are_in_the_catalogue(void **state)
{
	(void)state;
	for (size_t m = 0; m < cer_mode_count; m++) {
		for (size_t i = 0; i < cer_modes[m].n; i++) {
			const struct step *s = cer_modes[m].steps[i];

			assert_non_null(cat_text(s->title));
			assert_true(strlen(cat_text(s->title)) <= 15);
			if (s->busy != NULL)
				assert_non_null(cat_text(s->busy));
		}
	}
}

static void
catalogue_is_sound(void **state)
{
	(void)state;
	for (size_t i = 0; cat_id(i) != NULL; i++) {
		const char *text = cat_text(cat_id(i));
		int depth = 0;

		assert_true(text[0] != '\0');
		for (size_t k = i + 1; cat_id(k) != NULL; k++)
			assert_string_not_equal(cat_id(i), cat_id(k));
		for (const char *p = text; *p != '\0'; p++) {
			depth += (*p == '{') - (*p == '}');
			assert_in_range(depth, 0, 1);
		}
		assert_int_equal(depth, 0);
	}
	assert_null(cat_text("no.such.message"));
}

int
main(void)
{
	static const unsigned int modes[] = { 0, 1, 2, 3, 4, 5, 6, 7 };
	struct test_list *l = test_list_new();

	for (size_t m = 0; m < cer_mode_count; m++)
		if (cer_modes[m].n > 0)
			test_list_add(l, order_holds, &modes[m],
			    "%s: every need was made before",
			    plan_mode_name((enum plan_mode)m));
	for (size_t i = 0; i < SN_NITEMS(befores); i++)
		test_list_add(l, later_is_noticed, &befores[i], "%s after %s is noticed",
		    befores[i].first, befores[i].then);
	test_list_add(l, titles_are_in_the_catalogue, NULL, "titles are in the catalogue");
	test_list_add(l, catalogue_is_sound, NULL, "ids are unique and places closed");
	return test_list_run(l, "steps");
}
