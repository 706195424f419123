/*
 * What the program hands to the boot's self-test: no row without a negative. A row with
 * parts fails when one of them is altered; the others are listed with the test that
 * makes them fail.
 */
#include "appliance/base/secret.h"
#include "appliance/init/checks.h"
#include "ceremony/cmd/cmd.h"
#include "tests/lib/spoil.h"

static const struct {
	const char *row, *negative;
} elsewhere[] = {
	{ "kernel randomness", "tests/appliance/entropy/alive_test.c" },
	{ "cpu randomness", "tests/appliance/entropy/alive_test.c" },
	{ "tpm self-test", "tests/appliance/tpm/selftest_test.c" },
};

static bool
has_parts(const struct sn_selftest *t)
{
	return t->key != NULL || t->salt != NULL || t->data != NULL || t->more != NULL ||
	    t->want != NULL;
}

static void
no_row_without_negative(void **state)
{
	const struct init_ops ops = cmd_image_ops();
	bool used[SN_NITEMS(elsewhere)] = { false };
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < ops.ntests; i++)
		for (const struct sn_selftest *t = ops.tests[i].tests; t->name != NULL; t++) {
			size_t j = 0;

			n++;
			if (has_parts(t))
				continue;
			while (j < SN_NITEMS(elsewhere) &&
			    strcmp(elsewhere[j].row, t->name) != 0)
				j++;
			if (j == SN_NITEMS(elsewhere))
				fail_msg("nothing makes the row \"%s\" fail", t->name);
			used[j] = true;
		}
	for (size_t j = 0; j < SN_NITEMS(elsewhere); j++)
		if (!used[j])
			fail_msg("there is no row \"%s\"", elsewhere[j].row);
	assert_true(n >= 20);
}

/* The second checker is not beside a test program. */
static void
a_missing_second_checker(void **state)
{
	static const struct sn_selftest row = { .name = "second checker",
		.data = "no-such-program" };
	struct sn_why why = { 0 };

	(void)state;
	assert_int_equal(cmd_crosscheck_selftest(&row, &why), SN_E_DISAGREE);
	assert_non_null(strstr(why.text, "status 12"));
}

static void
the_images_facts(void **state)
{
	const struct init_ops ops = cmd_image_ops();

	(void)state;
	assert_true(ops.build_date > 1750000000 && ops.build_date < 4000000000);
	assert_non_null(strstr(ops.command_line, "lockdown=confidentiality"));
	assert_null(strchr(ops.command_line, '\n'));
	assert_non_null(ops.ceremony);
}

/* The page for people has a row for each, under its own name. */
static void
every_row_is_documented(void **state)
{
	const struct init_ops ops = cmd_image_ops();
	struct test_bytes doc = test_read("docs/SELF-TEST.md");
	struct init_list lists[INIT_LISTS_MAX];
	const size_t n = init_lists(&ops, lists, SN_NITEMS(lists));

	(void)state;
	assert_int_equal(n, 5 + ops.ntests);
	for (size_t i = 0; i < n; i++)
		for (size_t row = 0;; row++) {
			const char *name = lists[i].rules != NULL
			    ? lists[i].rules[row].name
			    : lists[i].tests->tests[row].name;
			char *cell;

			if (name == NULL)
				break;
			cell = test_format("\n| %s | ", name);
			if (strstr((char *)doc.data, cell) == NULL)
				fail_msg("docs/SELF-TEST.md has no row \"%s\"", name);
			free(cell);
		}
	test_bytes_done(&doc);
}

int
main(void)
{
	const struct init_ops ops = cmd_image_ops();
	struct test_list *l = test_list_new();
	struct sn_why why = { 0 };

	if (ops.tests[0].start(&why) != SN_OK) {
		print_error("%s\n", why.text);
		return 1;
	}
	test_list_add(l, no_row_without_negative, NULL, "no row without a negative");
	test_list_add(l, a_missing_second_checker, NULL, "a missing second checker");
	test_list_add(l, every_row_is_documented, NULL, "every row is documented");
	test_list_add(l, the_images_facts, NULL, "the image's facts");
	for (size_t i = 0; i < ops.ntests; i++)
		for (const struct sn_selftest *t = ops.tests[i].tests; t->name != NULL; t++)
			if (has_parts(t))
				test_list_add(l, spoil_each_part, t, "%s: no part is idle",
				    t->name);
	return test_list_run(l, "what the image is tested with");
}
