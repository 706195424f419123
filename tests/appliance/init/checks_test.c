/* All rules as one run: order, names, what a failure does. */
#include "tests/appliance/init/rig.h"

static const struct machine_row bare = { .name = "nothing at all" };

static void
one_failure_fails_all(void **state)
{
	const struct init_machine m = { .root = "/does/not/exist", .call = rig_call };
	struct init_facts facts = { 0 };
	size_t failed = 0;

	(void)state;
	rig_row = &bare;
	assert_false(init_check_all(&m, &facts));
	for (size_t i = 0; i < facts.nchecks; i++) {
		assert_string_equal(facts.check[i].name, init_rule(i)->name);
		assert_true(facts.check[i].detail[0] != '\0');
		failed += facts.check[i].state == INIT_FAILED;
	}
	assert_null(init_rule(facts.nchecks));
	assert_true(failed >= 3);
}

static void
every_name_once(void **state)
{
	(void)state;
	for (size_t i = 0; init_rule(i) != NULL; i++)
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(init_rule(i)->name, init_rule(j)->name);
}

static void
the_words_of_records_stay(void **state)
{
	(void)state;
	assert_string_equal(init_state_name(INIT_OK), "ok");
	assert_string_equal(init_state_name(INIT_NOTE), "note");
	assert_string_equal(init_state_name(INIT_FAILED), "failed");
}

int
main(void)
{
	struct test_list *l = test_list_new();

	test_list_add(l, one_failure_fails_all, NULL, "one failure fails all");
	test_list_add(l, every_name_once, NULL, "every name once");
	test_list_add(l, the_words_of_records_stay, NULL, "the words of records stay");
	return test_list_run(l, "init checks");
}
