/* A view laid out on 24 rows of 80 columns; see docs/SCREENS.md for the frame. */
#include "ceremony/screen/screen.h"

#include <stdio.h>
#include <string.h>

#define RAIL_COLS 19
#define NOTE_ROW 19 /* and the one below */
#define PROMPT_ROW 21
#define STATUS_ROW 23

static size_t
utf8_len(unsigned char c)
{
	return c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

/* Where column col begins in a row, in bytes. */
static size_t
row_offset(const char *row, size_t col)
{
	size_t i = 0;

	while (col-- > 0 && row[i] != '\0')
		i += utf8_len((unsigned char)row[i]);
	return i;
}

/* Put text at a column, over what is there, at most max columns. */
static void
row_put(char *row, size_t col, const char *text, size_t max)
{
	char tail[SCREEN_COLS * 4 + 1];
	size_t cols = 0, n = 0, from, to;

	while (text[n] != '\0' && cols < max && col + cols < SCREEN_COLS) {
		n += utf8_len((unsigned char)text[n]);
		cols++;
	}
	from = row_offset(row, col);
	to = row_offset(row, col + cols);
	memcpy(tail, row + to, strlen(row + to) + 1);
	memcpy(row + from, text, n);
	memcpy(row + from + n, tail, strlen(tail) + 1);
}

static size_t
text_cols(const char *s)
{
	size_t cols = 0;

	for (size_t i = 0; s[i] != '\0'; i += utf8_len((unsigned char)s[i]))
		cols++;
	return cols;
}

static void
row_put_right(char *row, const char *text)
{
	size_t cols = text_cols(text);

	if (cols < SCREEN_COLS)
		row_put(row, SCREEN_COLS - 1 - cols, text, cols);
}

size_t
view_pages(const struct view *v)
{
	return v->nlines == 0 ? 1 : (v->nlines + VIEW_ROWS - 1) / VIEW_ROWS;
}

static void
render_title(const struct view *v, struct screen *s)
{
	const size_t world = text_cols(v->world);
	char left[VIEW_WIDTH * 4];

	(void)snprintf(left, sizeof(left), " Cornerstone%s%s%s%s", v->mode[0] ? "  " : "",
	    v->mode, v->sanctum[0] ? " of " : "", v->sanctum);
	row_put(s->row[0], 0, left, SCREEN_COLS - 2 - (world < 10 ? 10 : world));
	row_put_right(s->row[0], v->world);
}

static void
render_rail(const struct view *v, struct screen *s)
{
	static const char *const marks[] = {
		[RAIL_TODO] = "   ",
		[RAIL_NOW] = " > ",
		[RAIL_DONE] = " + ",
	};

	const size_t rows = PROMPT_ROW - 2;
	size_t now = 0, first = 0;

	/* a rail that is longer than the screen: the step that is on stays in the middle */
	while (now < v->nrail && v->rail[now].state == RAIL_DONE)
		now++;
	if (v->nrail > rows && now > rows / 2)
		first = now - rows / 2 < v->nrail - rows ? now - rows / 2 : v->nrail - rows;
	for (size_t r = 1; r < STATUS_ROW; r++)
		row_put(s->row[r], RAIL_COLS, "\xe2\x94\x82", 1); /* a vertical line */
	for (size_t i = 0; i < rows && first + i < v->nrail; i++) {
		const struct view_rail *r = &v->rail[first + i];

		row_put(s->row[i + 2], 0, marks[r->state], 3);
		row_put(s->row[i + 2], 3, r->title, RAIL_COLS - 4);
	}
}

void
view_reference(const struct view *v, char ret[80])
{
	size_t n = 0;

	if (v->kind == VIEW_BUSY) {
		(void)snprintf(ret, 80, "...");
		return;
	}
	if (v->kind == VIEW_MEDIA || v->kind == VIEW_REMOVE) {
		n = (size_t)snprintf(ret, 80, "%s", v->kind == VIEW_MEDIA ? "media" : "remove");
		for (size_t i = 0; i < v->nlabels && n < 70; i++)
			n += (size_t)snprintf(ret + n, 80 - n, " %s", v->label[i]);
		return;
	}
	(void)snprintf(ret, 80, "%s.%s%s%s", v->step, v->ask, v->person != NULL ? "@" : "",
	    v->person != NULL ? v->person : "");
}

static void
render_status(const struct view *v, size_t page, struct screen *s)
{
	char ref[80], right[96];

	view_reference(v, ref);
	if (page + 1 < view_pages(v))
		(void)snprintf(right, sizeof(right), "page %zu of %zu [more]", page + 1,
		    view_pages(v));
	else
		(void)snprintf(right, sizeof(right), "[%s]", ref);
	row_put(s->row[STATUS_ROW], 1, v->person != NULL ? v->person : "", 20);
	row_put_right(s->row[STATUS_ROW], right);
}

/* Why the last answer was not taken: two rows, broken at a space if there is one. */
static void
render_note(const struct view *v, struct screen *s)
{
	const size_t max = VIEW_WIDTH - 3;
	char first[sizeof(v->note)];
	size_t cut = row_offset(v->note, max);

	if (v->note[0] == '\0')
		return;
	while (v->note[cut] != '\0' && cut > max / 2 && v->note[cut] != ' ')
		cut--;
	if (v->note[cut] != '\0' && v->note[cut] != ' ')
		cut = row_offset(v->note, max);
	(void)snprintf(first, sizeof(first), "%.*s", (int)cut, v->note);
	row_put(s->row[NOTE_ROW], SCREEN_BODY_COL, "!! ", 3);
	row_put(s->row[NOTE_ROW], SCREEN_BODY_COL + 3, first, max);
	row_put(s->row[NOTE_ROW + 1], SCREEN_BODY_COL + 3,
	    v->note + cut + (v->note[cut] == ' '), max);
}

void
view_render(const struct view *v, size_t page, struct screen *ret)
{
	size_t first = page * VIEW_ROWS;
	bool last = page + 1 >= view_pages(v);

	for (size_t r = 0; r < SCREEN_ROWS; r++) {
		memset(ret->row[r], ' ', SCREEN_COLS);
		ret->row[r][SCREEN_COLS] = '\0';
	}
	render_title(v, ret);
	render_rail(v, ret);
	row_put(ret->row[1], SCREEN_BODY_COL, v->title, VIEW_WIDTH);
	for (size_t i = 0; i < VIEW_ROWS && first + i < v->nlines; i++)
		row_put(ret->row[SCREEN_BODY_ROW + i], SCREEN_BODY_COL, v->line[first + i],
		    VIEW_WIDTH);
	render_note(v, ret);
	row_put(ret->row[PROMPT_ROW], SCREEN_BODY_COL, last ? v->prompt : v->more, VIEW_WIDTH);
	row_put(ret->row[SCREEN_INPUT_ROW], SCREEN_BODY_COL, "> ", 2);
	render_status(v, page, ret);
}

#define SHOW_COLUMNS 3
#define SHOW_CELL 19 /* "NN. " and a word of at most 8 letters, and space between */
#define SHOW_WORDS_MAX 60

/* Words are cut out of locked memory into locked memory; only positions are ours. */
enum sn_err
view_secret_rows(const struct view *v, struct sn_secret *ret, struct sn_why *why)
{
	struct bytes word[SHOW_WORDS_MAX];
	struct sn_secret s = { 0 };
	size_t n = 0, rows;

	for (size_t i = 0, from = 0; i <= v->secret.n; i++) {
		if (i < v->secret.n && v->secret.p[i] != ' ')
			continue;
		if (n == SHOW_WORDS_MAX || i == from || i - from > SHOW_CELL - 5)
			return sn_fail(why, SN_E_INTERNAL, "the words do not fit the screen");
		word[n++] = (struct bytes){ v->secret.p + from, i - from };
		from = i + 1;
	}
	rows = (n + SHOW_COLUMNS - 1) / SHOW_COLUMNS;
	SN_TRY(sn_secret_new(rows * (SHOW_COLUMNS * SHOW_CELL + 1), &s, why));
	memset(s.p, ' ', s.n);
	for (size_t i = 0; i < n; i++) {
		uint8_t *cell =
		    s.p + (i % rows) * (SHOW_COLUMNS * SHOW_CELL + 1) + (i / rows) * SHOW_CELL;
		size_t number = i + 1;

		cell[0] = number >= 10 ? (uint8_t)('0' + number / 10) : ' ';
		cell[1] = (uint8_t)('0' + number % 10);
		cell[2] = '.';
		memcpy(cell + 4, word[i].p, word[i].n);
	}
	for (size_t r = 0; r < rows; r++)
		s.p[(r + 1) * (SHOW_COLUMNS * SHOW_CELL + 1) - 1] = '\n';
	*ret = s;
	return SN_OK;
}
