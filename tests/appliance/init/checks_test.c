/* All rules as one run: order, names, what a failure, a crash and a hang do. */
#include <signal.h>

#include "tests/appliance/init/rig.h"

static const struct machine_row bare = { .name = "nothing at all" };

static struct init_facts facts;

static bool
run(const struct init_ops *ops, const struct init_list *lists, size_t n)
{
	struct init_list all[INIT_LISTS_MAX];
	struct init_machine m = rig_machine("/does/not/exist");

	m.patience_s = 1;
	rig_row = &bare;
	facts.nchecks = 77;
	if (lists != NULL)
		return init_check_all(&m, lists, n, &facts);
	return init_check_all(&m, all, init_lists(ops, all, SN_NITEMS(all)), &facts);
}

static void
want(size_t i, const char *name, enum init_state state, const char *detail)
{
	assert_true(i < facts.nchecks);
	assert_string_equal(facts.check[i].name, name);
	assert_int_equal(facts.check[i].state, state);
	if (strstr(facts.check[i].detail, detail) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", detail, facts.check[i].detail);
}

static void
every_rule_runs_in_its_order(void **state)
{
	static const struct init_rule *const tables[] = { init_network_rules, init_kernel_rules,
		init_process_rules, init_machine_rules, init_fact_rules };
	size_t at = 0, failed = 0;

	(void)state;
	assert_false(run(&(struct init_ops){ .ceremony = NULL }, NULL, 0));
	for (size_t t = 0; t < SN_NITEMS(tables); t++)
		for (const struct init_rule *r = tables[t]; r->name != NULL; r++) {
			assert_string_equal(facts.check[at].name, r->name);
			assert_true(facts.check[at].detail[0] != '\0');
			failed += facts.check[at++].state == INIT_FAILED;
		}
	assert_int_equal(facts.nchecks, at);
	assert_true(failed >= 10);
	assert_true(at - failed >= 10);
	for (size_t i = 0; i < at; i++)
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(facts.check[i].name, facts.check[j].name);
}

/* ---- rules that misbehave */

static enum init_state
good(const struct init_machine *m SN_UNUSED, char detail[INIT_DETAIL])
{
	snprintf(detail, INIT_DETAIL, "fine");
	return INIT_OK;
}

static enum init_state
notes(const struct init_machine *m SN_UNUSED, char detail[INIT_DETAIL])
{
	snprintf(detail, INIT_DETAIL, "odd");
	return INIT_NOTE;
}

static enum init_state
crashes(const struct init_machine *m SN_UNUSED, char detail[INIT_DETAIL] SN_UNUSED)
{
	raise(SIGSEGV);
	return INIT_OK;
}

static enum init_state
leaves(const struct init_machine *m SN_UNUSED, char detail[INIT_DETAIL] SN_UNUSED)
{
	_exit(0);
}

static enum init_state
hangs(const struct init_machine *m SN_UNUSED, char detail[INIT_DETAIL] SN_UNUSED)
{
	for (;;)
		pause();
	return INIT_OK;
}

static enum init_state
nonsense(const struct init_machine *m SN_UNUSED, char detail[INIT_DETAIL])
{
	memset(detail, 'x', INIT_DETAIL); /* not even ended */
	return (enum init_state)7;
}

static void
the_others_outlive_a_bad_rule(void **state)
{
	static const struct init_rule rules[] = {
		{ "a", good, false },
		{ "segfault", crashes, false },
		{ "b", notes, false },
		{ "exit 0", leaves, false },
		{ "hang", hangs, false },
		{ "nonsense", nonsense, false },
		{ "last", crashes, false },
		{ NULL, NULL, false },
	};
	const struct init_list list = { .rules = rules };

	(void)state;
	signal(SIGSEGV, SIG_DFL); /* not the test library's */
	assert_false(run(NULL, &list, 1));
	assert_int_equal(facts.nchecks, 7);
	want(0, "a", INIT_OK, "fine");
	want(1, "segfault", INIT_FAILED, "signal 11");
	want(2, "b", INIT_NOTE, "odd");
	want(3, "exit 0", INIT_FAILED, "broke off (status 0)");
	want(4, "hang", INIT_FAILED, "no answer within 1 s");
	want(5, "nonsense", INIT_FAILED, "xxx");
	want(6, "last", INIT_FAILED, "broke off");
}

static void
notes_do_not_block(void **state)
{
	static const struct init_rule rules[] = {
		{ "a", good, false },
		{ "b", notes, false },
		{ NULL, NULL, false },
	};
	const struct init_list list = { .rules = rules };

	(void)state;
	assert_true(run(NULL, &list, 1));
}

static void
no_checks_are_no_success(void **state)
{
	static const struct init_rule none[] = { { NULL, NULL, false } };
	const struct init_list list = { .rules = none };

	(void)state;
	assert_false(run(NULL, &list, 1));
	assert_false(run(NULL, &list, 0));
}

static void
too_many_are_no_success(void **state)
{
	static struct init_rule rules[INIT_CHECKS_MAX + 3];
	const struct init_list list = { .rules = rules };

	(void)state;
	for (size_t i = 0; i < SN_NITEMS(rules) - 1; i++)
		rules[i] = (struct init_rule){ "again", good, false };
	assert_false(run(NULL, &list, 1));
	assert_int_equal(facts.nchecks, INIT_CHECKS_MAX);
}

/* ---- the program's tests */

static enum sn_err
by_kind(const struct sn_selftest *t, struct sn_why *why)
{
	return t->kind == SN_OK ? SN_OK : sn_fail(why, (enum sn_err)t->kind, "as wanted");
}

static enum sn_err
cannot_start(struct sn_why *why)
{
	return sn_fail(why, SN_E_LOCK, "no locked memory");
}

static void
tests_of_the_program(void **state)
{
	static const struct sn_selftest rows[] = {
		{ .name = "right", .source = "RFC 1", .run = by_kind, .kind = SN_OK },
		{ .name = "not there", .source = "-", .run = by_kind, .kind = SN_E_MISSING },
		{ .name = "wrong", .source = "-", .run = by_kind, .kind = SN_E_CRYPTO },
		{ .name = NULL },
	};
	const struct init_tests good_start = { NULL, rows }, bad_start = { cannot_start, rows };
	const struct init_list lists[] = { { .tests = &good_start }, { .tests = &bad_start } };

	(void)state;
	assert_false(run(NULL, lists, 2));
	assert_int_equal(facts.nchecks, 6);
	want(0, "right", INIT_OK, "RFC 1");
	want(1, "not there", INIT_NOTE, "as wanted");
	want(2, "wrong", INIT_FAILED, "as wanted");
	for (size_t i = 3; i < 6; i++)
		want(i, rows[i - 3].name, INIT_FAILED, "no locked memory");
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

	test_list_add(l, every_rule_runs_in_its_order, NULL, "every rule runs in its order");
	test_list_add(l, the_others_outlive_a_bad_rule, NULL, "the others outlive a bad rule");
	test_list_add(l, notes_do_not_block, NULL, "notes do not block");
	test_list_add(l, no_checks_are_no_success, NULL, "no checks are no success");
	test_list_add(l, too_many_are_no_success, NULL, "too many are no success");
	test_list_add(l, tests_of_the_program, NULL, "tests of the program");
	test_list_add(l, the_words_of_records_stay, NULL, "the words of records stay");
	return test_list_run(l, "init checks");
}
