#include "appliance/laptop/sheet.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MARGIN 2

void
sheet_clean(char *s)
{
	for (; *s != '\0'; s++)
		if (*s < 0x20 || *s > 0x7e)
			*s = '?';
}

void
sheet_title(struct sn_buf *b, const char *title)
{
	sn_buf_fmt(b, "\n%s\n", title);
	for (size_t i = 0; i < strlen(title); i++)
		sn_buf_str(b, "-");
	sn_buf_str(b, "\n");
}

/* How much of the text goes on a line of that width: up to a space, if there is one. */
static size_t
line_length(const char *text, size_t width)
{
	size_t n = strlen(text);

	if (n <= width)
		return n;
	for (n = width; n > 0 && text[n] != ' '; n--)
		continue;
	return n > 0 ? n : width;
}

/* The text behind what already stands on the line; further lines are indented. */
static void
put_wrapped(struct sn_buf *b, size_t indent, const char *text)
{
	for (;;) {
		size_t n = line_length(text, SHEET_COLUMNS - indent);

		sn_buf_put(b, (struct bytes){ (const uint8_t *)text, n });
		sn_buf_str(b, "\n");
		text += n;
		text += strspn(text, " ");
		if (*text == '\0')
			return;
		sn_buf_fmt(b, "%*s", (int)indent, "");
	}
}

void
sheet_item(struct sn_buf *b, const char *name, const char *fmt, ...)
{
	char text[SHEET_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	sheet_clean(text);
	sn_buf_fmt(b, "%*s%-*s ", MARGIN, "", SHEET_NAME, name);
	put_wrapped(b, MARGIN + SHEET_NAME + 1, text);
}

void
sheet_line(struct sn_buf *b, const char *fmt, ...)
{
	char text[SHEET_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	sheet_clean(text);
	sn_buf_fmt(b, "%*s", MARGIN, "");
	put_wrapped(b, MARGIN + 2, text);
}
