#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "appliance/base/text.h"
#include "ceremony/screen/log.h"

/* Columns of UTF-8 text: one per character that is not a continuation byte. */
static size_t
text_columns(const char *s, size_t n)
{
	size_t cols = 0;

	for (size_t i = 0; i < n; i++)
		cols += ((unsigned char)s[i] & 0xc0) != 0x80;
	return cols;
}

/* How many bytes of s fit into max columns. */
static size_t
text_fit(const char *s, size_t n, size_t max)
{
	size_t i = 0;

	while (i < n && text_columns(s, i + 1) <= max)
		i++;
	while (i < n && ((unsigned char)s[i] & 0xc0) == 0x80)
		i++;
	return i;
}

void
view_copy(char *ret, size_t size, const char *text)
{
	size_t n = strlen(text);

	if (n > size - 1) {
		n = size - 1;
		while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
			n--;
	}
	memcpy(ret, text, n);
	ret[n] = '\0';
}

static void
view_put_line(struct view *v, const char *s, size_t n)
{
	if (v->nlines >= VIEW_MAX_LINES)
		return;
	n = text_fit(s, n, VIEW_WIDTH);
	if (n > sizeof(v->line[0]) - 1)
		n = sizeof(v->line[0]) - 1;
	memcpy(v->line[v->nlines], s, n);
	v->line[v->nlines][n] = '\0';
	v->nlines++;
}

/* One paragraph, broken at spaces. */
static void
view_wrap(struct view *v, const char *s, size_t n)
{
	do {
		size_t fit = text_fit(s, n, VIEW_WIDTH);
		size_t cut = fit;

		while (fit < n && cut > 0 && s[cut] != ' ')
			cut--;
		if (fit == n || cut == 0)
			cut = fit;
		view_put_line(v, s, cut);
		s += cut;
		n -= cut;
		while (n > 0 && *s == ' ') {
			s++;
			n--;
		}
	} while (n > 0);
}

void
view_say(struct view *v, const char *id, const struct cat_arg *args)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	const char *s;

	view_log_say(v->log, id, args);
	cat_put(&b, id, args);
	s = sn_buf_cstr(&b);
	while (*s != '\0') {
		size_t n = strcspn(s, "\n");

		view_wrap(v, s, n);
		s += n;
		if (*s == '\n')
			s++;
	}
}

void
view_title(struct view *v, const char *id, const struct cat_arg *args)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };

	view_log_title(v->log, id, args);
	cat_put(&b, id, args);
	view_copy(v->title, sizeof(v->title), sn_buf_cstr(&b));
}

void
view_prompt(struct view *v, const char *id, const struct cat_arg *args)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };

	view_log_prompt(v->log, id, args);
	cat_put(&b, id, args);
	view_copy(v->prompt, sizeof(v->prompt), sn_buf_cstr(&b));
}

void
view_line(struct view *v, const char *fmt, ...)
{
	char line[VIEW_WIDTH * 4 + 1];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	view_log_line(v->log, line);
	view_put_line(v, line, strlen(line));
}

void
view_blank(struct view *v)
{
	view_log_line(v->log, "");
	view_put_line(v, "", 0);
}

void
view_hex(struct view *v, struct bytes digest)
{
	char half[2][17];

	for (size_t i = 0; i + 16 <= digest.n; i += 16) {
		sn_hex((struct bytes){ digest.p + i, 8 }, half[0]);
		sn_hex((struct bytes){ digest.p + i + 8, 8 }, half[1]);
		view_line(v, "  %s %s", half[0], half[1]);
	}
}
