#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/test.h"

struct hex_row {
	const char *name, *hex;
	size_t len;
};

static const struct hex_row hex_rows[] = {
	{ "empty", "", 0 },
	{ "one byte", "00", 1 },
	{ "all digits", "0123456789abcdef", 8 },
};

static void
hex_goes_round(void **state)
{
	const struct hex_row *row = *state;
	struct test_bytes b = test_unhex(row->hex);
	char *back = test_hex(b.data, b.len);

	assert_int_equal(b.len, row->len);
	assert_string_equal(back, row->hex);
	free(back);
	test_bytes_done(&b);
}

static void
upper_case_hex_is_read(void **state)
{
	struct test_bytes b = test_unhex("FF0a");

	(void)state;
	assert_memory_equal(b.data, "\xff\x0a", 2);
	test_bytes_done(&b);
}

static void
tmpdir_is_one_and_writable(void **state)
{
	char *path = test_format("%s/x", test_tmpdir());
	FILE *f = fopen(path, "w");
	struct test_bytes b;

	(void)state;
	assert_non_null(f);
	fputs("text", f);
	fclose(f);
	b = test_read(path);
	assert_string_equal((const char *)b.data, "text");
	assert_string_equal(test_tmpdir(), test_tmpdir());
	test_bytes_done(&b);
	free(path);
}

static void
missing_data_is_not_there(void **state)
{
	(void)state;
	assert_false(test_have_data("no-such-file"));
}

int
main(void)
{
	struct test_list *l = test_list_new();

	for (size_t i = 0; i < sizeof(hex_rows) / sizeof(hex_rows[0]); i++)
		test_list_add(l, hex_goes_round, &hex_rows[i], "hex goes round: %s",
		    hex_rows[i].name);
	test_list_add(l, upper_case_hex_is_read, NULL, "upper-case hex is read");
	test_list_add(l, tmpdir_is_one_and_writable, NULL, "the scratch directory");
	test_list_add(l, missing_data_is_not_there, NULL, "missing data is seen");
	return test_list_run(l, "test");
}
