#include <stdio.h>
#include <string.h>

#include "appliance/base/text.h"
#include "appliance/crypto/digest.h"
#include "firmware-cache/cache/status.h"

#define FOLD 75 /* octets of a content line, without CRLF [RFC 5545 3.1] */
#define UID_HEX 32
#define STAMP_LEN 16

/* One content line, folded, with the CRLF. Our text is ASCII but for names in a reason. */
static void
put_line(struct sn_buf *b, const char *text)
{
	size_t n = strlen(text), room = FOLD;

	for (size_t i = 0; i < n || i == 0;) {
		size_t cut = n - i < room ? n - i : room;

		while (cut > 1 && i + cut < n && ((unsigned char)text[i + cut] & 0xc0) == 0x80)
			cut--;
		sn_buf_fmt(b, "%s%.*s\r\n", i > 0 ? " " : "", (int)cut, text + i);
		i += cut;
		room = FOLD - 1;
		if (n == 0)
			break;
	}
}

/* A value of type TEXT [RFC 5545 3.3.11]. */
static void
put_escaped(struct sn_buf *b, const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s == ',' || *s == ';' || *s == '\\')
			sn_buf_u8(b, '\\');
		sn_buf_u8(b, (uint8_t)*s);
	}
}

/* "20250701T000000Z" */
static void
stamp(int64_t t, char ret[STAMP_LEN + 1])
{
	char text[TEXT_TIME_LEN + 1];
	size_t n = 0;

	text_from_time(t, text);
	for (const char *s = text; *s != '\0' && n < STAMP_LEN; s++)
		if (*s != '-' && *s != ':')
			ret[n++] = *s;
	ret[n] = '\0';
}

static bool
same_lapse(const struct status_line *a, const struct status_line *b)
{
	return cover_is_good(b->state) && a->good_until == b->good_until &&
	    strcmp(a->label, b->label) == 0 && strcmp(a->channel, b->channel) == 0;
}

static void
put_text_line(struct sn_buf *b, struct sn_buf *line)
{
	put_line(b, sn_buf_cstr(line));
	line->n = 0;
}

/* What is needed by whom, and what to do. */
static void
put_description(struct sn_buf *b, const struct cache_status *s, size_t i, struct sn_buf *line)
{
	bool first = true;

	sn_buf_str(line, "DESCRIPTION:");
	for (size_t k = i; k < s->n; k++) {
		if (!same_lapse(&s->v[i], &s->v[k]) || s->v[k].node[0] == '\0')
			continue;
		sn_buf_str(line, first ? "Needed by " : "\\, ");
		sn_buf_str(line, s->v[k].node);
		first = false;
	}
	sn_buf_fmt(line,
	    "%sFetch it again before this day: firmware-cache requests\\, collect\\, "
	    "import.",
	    first ? "" : ". ");
	put_text_line(b, line);
}

static enum sn_err
put_event(struct sn_buf *b, const struct cache_status *s, size_t i, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf line = { 0 };
	const struct status_line *l = &s->v[i];
	char hex[65], when[STAMP_LEN + 1];
	uint8_t digest[32];

	/* The same thing keeps its UID, so that a newer calendar moves the event. */
	sn_buf_fmt(&line, "%s/%s", l->label, l->channel);
	SN_TRY(cry_digest(CRY_SHA256, sn_buf_bytes(&line), digest, why));
	line.n = 0;
	sn_hex(BYTES_OF(digest), hex);
	put_line(b, "BEGIN:VEVENT");
	sn_buf_fmt(&line, "UID:%.*s@firmware-cache.cornerstone", UID_HEX, hex);
	put_text_line(b, &line);
	stamp(s->view.at, when);
	sn_buf_fmt(&line, "DTSTAMP:%s", when);
	put_text_line(b, &line);
	stamp(l->good_until, when);
	sn_buf_fmt(&line, "DTSTART:%s", when);
	put_text_line(b, &line);
	sn_buf_str(&line, "SUMMARY:Lapses: ");
	put_escaped(&line, l->label);
	put_text_line(b, &line);
	put_description(b, s, i, &line);
	put_line(b, "TRANSP:TRANSPARENT");
	put_line(b, "BEGIN:VALARM");
	put_line(b, "ACTION:DISPLAY");
	sn_buf_str(&line, "DESCRIPTION:Lapses in a week: ");
	put_escaped(&line, l->label);
	put_text_line(b, &line);
	put_line(b, "TRIGGER:-P7D");
	put_line(b, "END:VALARM");
	put_line(b, "END:VEVENT");
	return sn_buf_check(&line, why);
}

enum sn_err
cache_status_calendar(const struct cache_status *s, struct sn_buf *ret, struct sn_why *why)
{
	put_line(ret, "BEGIN:VCALENDAR");
	put_line(ret, "VERSION:2.0");
	put_line(ret, "PRODID:-//Cornerstone//firmware-cache//EN");
	for (size_t i = 0; i < s->n; i++) {
		bool again = false;

		for (size_t k = 0; k < i && !again; k++)
			again = same_lapse(&s->v[i], &s->v[k]);
		if (!again && cover_is_good(s->v[i].state))
			SN_TRY(put_event(ret, s, i, why));
	}
	put_line(ret, "END:VCALENDAR");
	return sn_buf_check(ret, why);
}
