#include "appliance/base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "appliance/base/text.h"

struct err_row {
	const char *name;
	int status;
	const char *sentence;
};

#define ERR_ROW_(name, status, text) [name] = { #name, status, text },
static const struct err_row err_rows[] = { SN_ERR_LIST(ERR_ROW_) };

static const struct err_row *
err_row(enum sn_err err)
{
	size_t i = (size_t)err;

	return &err_rows[i < SN_NITEMS(err_rows) ? i : (size_t)SN_E_INTERNAL];
}

/* A character that vsnprintf cut in two would spoil the whole text: drop it. */
static size_t
err_whole_characters(const char *s, size_t n)
{
	size_t at = n;
	struct bytes last;
	uint32_t c;

	while (at > 0 && n - at < 3 && ((uint8_t)s[at - 1] & 0xc0) == 0x80)
		at--;
	if (at == 0 || (uint8_t)s[at - 1] < 0xc0)
		return n;
	last = bytes_str(s + at - 1);
	return text_utf8_next(&last, &c) ? n : at - 1;
}

/* Control bytes become '?'; so does every byte of what is not honest UTF-8. */
static void
err_make_printable(char *s, bool was_cut)
{
	size_t n = strlen(s);

	if (was_cut) {
		n = err_whole_characters(s, n);
		s[n] = '\0';
	}
	for (size_t i = 0; i < n; i++)
		if ((uint8_t)s[i] < 0x20 || s[i] == 0x7f)
			s[i] = '?';
	if (text_printable(bytes_str(s), n))
		return;
	for (size_t i = 0; i < n; i++)
		if ((uint8_t)s[i] >= 0x80)
			s[i] = '?';
}

enum sn_err(sn_fail)(struct sn_why *why, enum sn_err err, const char *fmt, ...)
{
	va_list ap;
	int n;

	/* A failure that calls itself success must not pass as one. */
	if (err <= SN_OK || err >= SN_ERR_COUNT)
		err = SN_E_INTERNAL;
	if (why == NULL || why->err != SN_OK)
		return err;

	va_start(ap, fmt);
	n = vsnprintf(why->text, sizeof(why->text), fmt, ap);
	va_end(ap);
	if (n < 0)
		why->text[0] = '\0';
	err_make_printable(why->text, n >= (int)sizeof(why->text));
	why->err = err;
	return err;
}

void
sn_why_clear(struct sn_why *why)
{
	if (why != NULL)
		*why = (struct sn_why){ .err = SN_OK };
}

const char *
sn_err_name(enum sn_err err)
{
	return err_row(err)->name;
}

const char *
sn_err_sentence(enum sn_err err)
{
	return err_row(err)->sentence;
}

int
sn_err_exit(enum sn_err err)
{
	return err_row(err)->status;
}

void
sn_err_print(const char *program, enum sn_err err, const struct sn_why *why)
{
	const char *text = why != NULL ? why->text : "";

	fprintf(stderr, "%s: %s%s%s\n", program, sn_err_sentence(err),
	    text[0] != '\0' ? ": " : "", text);
}
