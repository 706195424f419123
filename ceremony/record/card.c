#include "ceremony/record/card.h"

#include <stdio.h>
#include <string.h>

#include "appliance/base/text.h"
#include "appliance/base/words.h"
#include "ceremony/record/parts.h"

#define WORDS 33	/* of a share [SLIP-0039]: 256 bits */
#define WORD_COLUMNS 3U /* of places for them */
#define DIGEST_WORDS 4

/* A paragraph; every line begins with start. */
static void
say(struct sn_buf *b, const char *start, const char *text)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf wrapped = { 0 };
	const char *s;

	rec_wrap(&wrapped, "", strlen(start), text);
	for (s = sn_buf_cstr(&wrapped); *s != '\0';) {
		const size_t n = strcspn(s, "\n");
		const size_t skip = strspn(s, " ");

		sn_buf_fmt(b, "%s%.*s\n", start, (int)(n - skip), s + skip);
		s += n + 1;
	}
}

/* Eight groups of eight digits, then rows of words. */
static void
put_digest(struct sn_buf *b, const char *start, const uint8_t digest[32])
{
	for (size_t i = 0; i < 32; i += 4) {
		sn_buf_str(b, i % 16 == 0 ? start : " ");
		sn_buf_str(b, i % 16 == 0 ? "  " : "");
		sn_buf_hex(b, (struct bytes){ digest + i, 4 });
		sn_buf_str(b, i % 16 == 12 ? "\n" : "");
	}
	for (size_t i = 0; i < 32; i++) {
		sn_buf_str(b, i % DIGEST_WORDS == 0 ? start : "");
		sn_buf_fmt(b, i % DIGEST_WORDS == 0 ? "  %s" : " %s", words_word(i, digest[i]));
		sn_buf_str(b, i % DIGEST_WORDS == DIGEST_WORDS - 1 ? "\n" : "");
	}
}

static void
put_sanctum(struct sn_buf *b, const char *start, const struct rec_card *c)
{
	char line[256], id[33];

	sn_hex(BYTES_OF(c->sanctum_id), id);
	(void)snprintf(line, sizeof(line), "Sanctum: %s (%s), id %s", c->sanctum_name,
	    c->organization, id);
	say(b, start, line);
	if (strcmp(c->world, "rehearsal") == 0)
		say(b, start, "THIS WAS A REHEARSAL. Nothing of it is for production.");
}

enum sn_err
rec_card_text(const struct rec_card *c, struct sn_buf *ret, struct sn_why *why)
{
	static const char start[] = "# ";
	char text[400];

	sn_buf_str(ret, "# Recovery card\n# =============\n#\n");
	put_sanctum(ret, start, c);
	(void)snprintf(text, sizeof(text),
	    "With this card and the shares of any %u of the %u custodians the same keys and "
	    "certificates are made again, on any laptop. It holds no secret. Keep a "
	    "copy with each custodian's sheet.",
	    c->share_threshold, c->share_count);
	sn_buf_str(ret, "#\n");
	say(ret, start, text);
	sn_buf_str(ret, "#\n# Identity digest, to be compared with the sheets:\n");
	put_digest(ret, "#", c->identity_sha256);
	sn_buf_str(ret, "#\n# A rebuild's plan names this file (identity_sha256):\n");
	for (size_t i = 0; i < 32; i += 16) {
		sn_buf_str(ret, "#   ");
		sn_buf_hex(ret, (struct bytes){ c->file_sha256 + i, 16 });
		sn_buf_u8(ret, '\n');
	}
	sn_buf_str(ret, "#\n");
	say(ret, start,
	    "To use it put this file, or the lines below typed again, or what a telephone "
	    "reads from the QR codes in order, on the IN stick as recovery-card.txt. Blanks "
	    "within a line do not count; '_' is a blank and '~' begins two digits. Each line "
	    "ends with its own check.");
	sn_buf_str(ret, "#\n");
	sn_buf_put(ret, c->lines);
	return sn_buf_check(ret, why);
}

static void
put_sheet(const struct rec_card *c, const char *ceremony, const char *name, uint32_t number,
    struct sn_buf *b)
{
	const size_t rows = WORDS / WORD_COLUMNS;
	char text[400];

	(void)snprintf(text, sizeof(text), "Share %u of %u: %s", number, c->share_count, name);
	sn_buf_fmt(b, "%s\n", text);
	for (size_t i = strlen(text); i > 0; i--)
		sn_buf_u8(b, '=');
	sn_buf_str(b, "\n\n");
	put_sanctum(b, "", c);
	(void)snprintf(text, sizeof(text),
	    "Ceremony %s. Any %u of the %u shares, with the recovery card, make the master "
	    "secret again; fewer tell nothing.",
	    ceremony, c->share_threshold, c->share_count);
	say(b, "", text);
	sn_buf_str(b, "\nIdentity digest:\n");
	put_digest(b, "", c->identity_sha256);
	sn_buf_str(b, "\nThe words, by hand and in capitals:\n\n");
	for (size_t row = 0; row < rows; row++)
		for (size_t col = 0; col < WORD_COLUMNS; col++)
			sn_buf_fmt(b, "%2zu. ________________%s", col * rows + row + 1,
			    col + 1 < WORD_COLUMNS ? "   " : "\n\n");
	sn_buf_str(b,
	    "Bag or envelope, its serial:  ____________________________\n\n"
	    "Received, nobody else saw the words (signature, date):\n\n"
	    "____________________________  ____________________________\n");
}

enum sn_err
rec_sheets_text(const struct rec_card *c, const char *ceremony, const char *const *names,
    struct sn_buf *ret, struct sn_why *why)
{
	for (uint32_t i = 0; i < c->share_count; i++) {
		if (i > 0)
			sn_buf_u8(ret, '\f');
		put_sheet(c, ceremony, names[i], i + 1, ret);
	}
	return sn_buf_check(ret, why);
}
