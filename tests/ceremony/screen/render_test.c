/* Whatever a view holds, a screen is 24 rows of exactly 80 columns. */
#include <stdlib.h>
#include <string.h>

#include "ceremony/screen/catalogue.h"
#include "tests/lib/test.h"

static const char long_text[] =
    "A sentence that is much longer than any screen is wide, with \xc3\xa4 and \xe2\x82\xac in it, "
    "and_a_word_without_any_blank_that_is_longer_than_the_fifty_eight_columns_of_the_body_alone.";

struct row {
	const char *name;
	void (*fill)(struct view *v);
	size_t pages;
};

static void
fill_nothing(struct view *v)
{
	v->kind = VIEW_INFO;
}

static void
fill_long(struct view *v)
{
	view_copy(v->title, sizeof(v->title), long_text);
	view_copy(v->note, sizeof(v->note), long_text);
	view_copy(v->prompt, sizeof(v->prompt), long_text);
	v->sanctum = long_text;
	v->person = "abcdefghijklmnop";
	view_line(v, "%s", long_text);
}

static void
fill_rail(struct view *v)
{
	v->nrail = VIEW_MAX_RAIL;
	for (size_t i = 0; i < v->nrail; i++)
		v->rail[i] = (struct view_rail){ long_text, RAIL_NOW };
}

static void
fill_lines(struct view *v)
{
	for (size_t i = 0; i < VIEW_MAX_LINES + 5; i++)
		view_line(v, "line %zu", i);
}

static void
fill_labels(struct view *v)
{
	v->kind = VIEW_MEDIA;
	v->nlabels = VIEW_MAX_LABELS;
	for (size_t i = 0; i < v->nlabels; i++)
		view_copy(v->label[i], sizeof(v->label[0]), "CS-abcdefghijklmnop");
}

static const struct row rows[] = {
	{ "an empty view", fill_nothing, 1 },
	{ "texts longer than the screen", fill_long, 1 },
	{ "a full rail with long titles", fill_rail, 1 },
	{ "more lines than a view holds", fill_lines,
	    (VIEW_MAX_LINES + VIEW_ROWS - 1) / VIEW_ROWS },
	{ "eight sticks at once", fill_labels, 1 },
};

static size_t
columns(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static struct view *
view_new(void)
{
	struct view *v = calloc(1, sizeof(*v));

	assert_non_null(v);
	v->mode = v->sanctum = v->world = v->more = "";
	v->step = "step";
	v->ask = "ask";
	return v;
}

static void
screen_is_80_by_24(void **state)
{
	const struct row *row = *state;
	struct view *v = view_new();
	struct screen s;

	row->fill(v);
	assert_int_equal(view_pages(v), row->pages);
	for (size_t page = 0; page < row->pages; page++) {
		view_render(v, page, &s);
		for (size_t r = 0; r < SCREEN_ROWS; r++)
			assert_int_equal(columns(s.row[r]), SCREEN_COLS);
		assert_true((strstr(s.row[23], "[more]") != NULL) == (page + 1 < row->pages));
	}
	free(v);
}

static void
reference_stands_at_the_right(void **state)
{
	struct view *v = view_new();
	struct screen s;

	(void)state;
	v->kind = VIEW_WORDS;
	v->step = "shares";
	v->ask = "typed";
	v->person = "carol";
	view_render(v, 0, &s);
	assert_string_equal(s.row[23] + SCREEN_COLS - 21, "[shares.typed@carol] ");
	free(v);
}

static void
text_is_wrapped(void **state)
{
	struct view *v = view_new();

	(void)state;
	view_say(v, "start.body", NULL);
	assert_true(v->nlines >= 4);
	for (size_t i = 0; i < v->nlines; i++) {
		assert_true(columns(v->line[i]) <= VIEW_WIDTH);
		assert_true(v->line[i][0] != ' ');
	}
	free(v);
}

static void
places_are_filled(void **state)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };

	(void)state;
	cat_put(&b, "collateral.first", CAT_ARGS({ "label", "{time}" }, { "time", "2025" }));
	assert_string_equal(sn_buf_cstr(&b), "First to lapse: {time}, good until 2025.");
	b.n = 0;
	cat_put(&b, "nobody.knows", NULL);
	assert_string_equal(sn_buf_cstr(&b), "{nobody.knows}");
}

struct words_row {
	const char *name, *words, *first;
	enum sn_err want;
};

static const struct words_row words_rows[] = {
	{ "three words", "academic acid acne", " 1. academic ", SN_OK },
	{ "one word", "acid", " 1. acid ", SN_OK },
	{ "a word too long for its cell", "acid abcdefghijklmnopqrst", NULL, SN_E_INTERNAL },
	{ "two spaces", "acid  acne", NULL, SN_E_INTERNAL },
	{ "nothing", "", NULL, SN_E_INTERNAL },
};

static void
words_stand_in_columns(void **state)
{
	const struct words_row *row = *state;
	SN_CLEANUP(sn_secret_done) struct sn_secret rows_text = { 0 };
	struct view *v = view_new();

	v->secret = bytes_str(row->words);
	assert_int_equal(view_secret_rows(v, &rows_text, NULL), row->want);
	if (row->first != NULL)
		assert_memory_equal(rows_text.p, row->first, strlen(row->first));
	free(v);
}

static void
thirty_three_words_fit(void **state)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf words = { 0 };
	SN_CLEANUP(sn_secret_done) struct sn_secret rows_text = { 0 };
	struct view *v = view_new();
	size_t lines = 0;

	(void)state;
	for (int i = 0; i < 33; i++)
		sn_buf_fmt(&words, "%sacademic", i > 0 ? " " : "");
	v->secret = sn_buf_bytes(&words);
	assert_int_equal(view_secret_rows(v, &rows_text, NULL), SN_OK);
	for (size_t i = 0, col = 0; i < rows_text.n; i++) {
		if (rows_text.p[i] != '\n') {
			col++;
			continue;
		}
		assert_true(col <= VIEW_WIDTH);
		col = 0;
		lines++;
	}
	assert_true(lines <= VIEW_ROWS);
	free(v);
}

int
main(void)
{
	struct test_list *l = test_list_new();

	if (sn_secret_start(1U << 18, NULL) != SN_OK)
		return 1;
	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		test_list_add(l, screen_is_80_by_24, &rows[i], "80 by 24: %s", rows[i].name);
	test_list_add(l, reference_stands_at_the_right, NULL,
	    "the reference ends the last line");
	test_list_add(l, text_is_wrapped, NULL, "sentences are wrapped to the body");
	test_list_add(l, places_are_filled, NULL, "values are not expanded again");
	for (size_t i = 0; i < SN_NITEMS(words_rows); i++)
		test_list_add(l, words_stand_in_columns, &words_rows[i], "words: %s",
		    words_rows[i].name);
	test_list_add(l, thirty_three_words_fit, NULL, "33 words of eight letters fit");
	return test_list_run(l, "render");
}
