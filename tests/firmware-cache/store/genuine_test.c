/* Published vendor items against the table of genuine.h. */
#include "tests/firmware-cache/store/genuine.h"

static void
check_accepted(const struct genuine *g, const struct col_row *row, struct bytes original)
{
	char until[TEXT_TIME_LEN + 1];

	text_from_time(row->good_until, until);
	until[10] = '\0';
	assert_string_equal(until, g->until);
	assert_int_equal(row->notes, g->notes);
	assert_non_null(row->verified);
	assert_true(bytes_equal(col_verified_bytes(row->verified), original));
	assert_int_equal(col_verified_kind(row->verified), g->kind);
}

static void
genuine(void **state)
{
	const struct genuine *g = *state;
	struct col_store *s;
	struct test_bytes b;
	struct sn_why why = { 0 };
	const struct col_row *row;
	char line[COL_LINE_MAX + 1];
	struct bytes original;

	test_need_data(g->path);
	s = set_store(g->set, g->at, g->root);
	b = test_read_data(g->path);
	original = (struct bytes){ b.data, b.len };
	must(col_store_add(s, "item.under.test", original, &why), &why);
	row = set_judge(s, original);
	assert_err(row->ok ? SN_OK : row->why.err, g->err, &row->why);
	assert_int_equal(row->kind, g->kind);
	if (g->label != NULL)
		assert_string_equal(row->label, g->label);
	col_row_line(row, line);
	assert_true(strlen(line) <= COL_LINE_MAX);
	if (g->err == SN_OK)
		check_accepted(g, row, original);
	else {
		assert_null(row->verified);
		assert_int_equal(row->good_until, 0);
		assert_true(row->why.text[0] != '\0');
	}
	test_bytes_done(&b);
	col_store_free(&s);
}

int
main(void)
{
	struct test_list *l = test_list_new();
	struct sn_why why = { 0 };

	if (cry_start(&why) != SN_OK)
		return 1;
	for (size_t i = 0; i < SN_NITEMS(genuine_rows); i++)
		test_list_add(l, genuine, &genuine_rows[i], "%s at %.7s %s%s",
		    genuine_rows[i].path, genuine_rows[i].at,
		    genuine_rows[i].err == SN_OK ? "accepted"
						 : sn_err_name(genuine_rows[i].err),
		    genuine_rows[i].root != NULL ? ", extra root" : "");
	return test_list_run(l, "genuine");
}
