#include <string.h>

#include "appliance/base/text.h"
#include "ceremony/record/parts.h"

#define FOLD 75 /* octets of a line before it is folded [RFC 5545 3.1] */

/* One content line with its CRLF, folded between characters. */
static void
put_line(struct sn_buf *b, const char *text)
{
	size_t column = 0;

	for (; *text != '\0'; text++) {
		size_t n = 1;

		while (((unsigned char)text[n] & 0xc0) == 0x80)
			n++;
		if (column + n > FOLD) {
			sn_buf_str(b, "\r\n ");
			column = 1;
		}
		sn_buf_put(b, (struct bytes){ (const uint8_t *)text, n });
		column += n;
		text += n - 1;
	}
	sn_buf_str(b, "\r\n");
}

/* "2026-01-01T00:00:00Z" as 20260101T000000Z. */
static void
put_time(struct sn_buf *b, const char *name, int64_t t)
{
	char when[TEXT_TIME_LEN + 1];

	text_from_time(t, when);
	sn_buf_fmt(b, "%s:%.4s%.2s%.2sT%.2s%.2s%.2sZ\r\n", name, when, when + 5, when + 8,
	    when + 11, when + 14, when + 17);
}

static void
put_text(struct sn_buf *b, const char *name, const char *what, const char *sanctum)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf line = { 0 };
	const char *const parts[] = { sanctum, ": expiry of ", what };

	sn_buf_fmt(&line, "%s:", name);
	for (size_t i = 0; i < SN_NITEMS(parts); i++)
		for (const char *p = parts[i]; *p != '\0'; p++) {
			if (strchr("\\;,", *p) != NULL)
				sn_buf_u8(&line, '\\');
			sn_buf_u8(&line, (uint8_t)*p);
		}
	put_line(b, sn_buf_cstr(&line));
}

static void
put_event(const struct rec_facts *f, size_t i, struct sn_buf *b)
{
	char id[33];

	sn_hex(BYTES_OF(f->sanctum_id), id);
	sn_buf_str(b, "BEGIN:VEVENT\r\n");
	sn_buf_fmt(b, "UID:%s-%u-%zu\r\n", id, f->sequence, i);
	put_time(b, "DTSTAMP", f->time);
	put_time(b, "DTSTART", f->expires[i].at);
	put_text(b, "SUMMARY", f->expires[i].what, f->sanctum_name);
	sn_buf_str(b, "TRANSP:TRANSPARENT\r\nBEGIN:VALARM\r\nACTION:DISPLAY\r\n");
	put_text(b, "DESCRIPTION", f->expires[i].what, f->sanctum_name);
	sn_buf_str(b, "TRIGGER:-P30D\r\nEND:VALARM\r\nEND:VEVENT\r\n");
}

enum sn_err
rec_calendar(const struct rec_facts *f, struct sn_buf *ret, struct sn_why *why)
{
	sn_buf_str(ret, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Cornerstone//EN\r\n");
	for (size_t i = 0; i < f->nexpires; i++)
		put_event(f, i, ret);
	sn_buf_str(ret, "END:VCALENDAR\r\n");
	return sn_buf_check(ret, why);
}
