#include "ceremony/keys/card.h"

#include <stdio.h>
#include <string.h>

#include "appliance/base/text.h"
#include "appliance/crypto/digest.h"
#include "ceremony/keys/identity.h"

#define CHECK_DIGITS 4 /* of SHA-256, behind each line */
#define END_DIGITS 16  /* behind the last one, over all */
#define END_WORD "end"
#define COMMENT '#'
#define MAX_ENCODED ((size_t)IDENTITY_MAX_BYTES * 3)

/* ---- the file as characters that every keyboard has, without blanks */

static bool
plain(uint8_t c)
{
	return c > ' ' && c < '~' && c != '_';
}

static void
encode(struct bytes file, struct sn_buf *ret)
{
	for (size_t i = 0; i < file.n; i++) {
		if (plain(file.p[i]))
			sn_buf_u8(ret, file.p[i]);
		else if (file.p[i] == ' ')
			sn_buf_u8(ret, '_');
		else
			sn_buf_fmt(ret, "~%02x", file.p[i]);
	}
}

/* The caller encodes the result again and compares: this need not find every fault. */
static enum sn_err
decode(struct bytes text, struct sn_buf *ret, struct sn_why *why)
{
	for (size_t i = 0; i < text.n; i++) {
		char hex[3] = { 0 };
		uint8_t v = text.p[i];

		if (v == '_')
			v = ' ';
		if (v == '~') {
			if (text.n - i < 3)
				return sn_fail(why, SN_E_FORMAT, "card: ends within ~");
			memcpy(hex, text.p + i + 1, 2);
			SN_TRY(sn_hex_parse(hex, &v, 1, "card: ~", why));
			i += 2;
		}
		sn_buf_u8(ret, v);
	}
	return sn_buf_check(ret, why);
}

/* ---- checksums */

/* The first digits of SHA-256( "cornerstone/v1/card" 00 || number (u32) || text ). */
static enum sn_err
check(uint32_t number, struct bytes text, size_t digits, char ret[END_DIGITS + 1],
    struct sn_why *why)
{
	uint8_t digest[CRY_SHA256_LEN], n[4];
	char hex[2 * CRY_SHA256_LEN + 1];
	const struct bytes parts[] = { { (const uint8_t *)"cornerstone/v1/card", 20 },
		BYTES_OF(n), text };

	for (size_t i = 0; i < sizeof(n); i++)
		n[i] = (uint8_t)(number >> (24 - 8 * i));
	SN_TRY(cry_digest_v(CRY_SHA256, parts, SN_NITEMS(parts), digest, why));
	sn_hex(BYTES_OF(digest), hex);
	memcpy(ret, hex, digits);
	ret[digits] = '\0';
	return SN_OK;
}

/* ---- writing */

static size_t
lines_of(size_t encoded)
{
	return (encoded + CARD_LINE_CHARS - 1) / CARD_LINE_CHARS;
}

size_t
card_count(struct bytes file)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf all = { 0 };

	if (file.n > IDENTITY_MAX_BYTES)
		return 0;
	encode(file, &all);
	return all.failed ? 0 : lines_of(all.n);
}

static enum sn_err
put_line(uint32_t number, struct bytes text, enum card_form form, struct sn_buf *ret,
    struct sn_why *why)
{
	char sum[END_DIGITS + 1];

	SN_TRY(check(number, text, CHECK_DIGITS, sum, why));
	sn_buf_fmt(ret, "%02u ", number);
	for (size_t i = 0; i < text.n; i++) {
		if (form == CARD_GROUPS && i % CARD_GROUP == 0)
			sn_buf_u8(ret, ' ');
		sn_buf_u8(ret, text.p[i]);
	}
	sn_buf_fmt(ret, "%s %s\n", form == CARD_GROUPS ? " " : "", sum);
	return SN_OK;
}

enum sn_err
card_lines(struct bytes file, enum card_form form, size_t from, size_t to, struct sn_buf *ret,
    struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf all = { 0 };
	char sum[END_DIGITS + 1];
	size_t count;

	if (file.n == 0 || file.n > IDENTITY_MAX_BYTES)
		return sn_fail(why, SN_E_LIMIT, "card: a file of %zu bytes, at most %d", file.n,
		    IDENTITY_MAX_BYTES);
	encode(file, &all);
	SN_TRY(sn_buf_check(&all, why));
	count = lines_of(all.n);
	for (size_t i = from; i < to && i < count; i++) {
		size_t at = i * CARD_LINE_CHARS, left = all.n - at;
		struct bytes text = { all.p + at,
			left < CARD_LINE_CHARS ? left : CARD_LINE_CHARS };

		SN_TRY(put_line((uint32_t)i + 1, text, form, ret, why));
	}
	if (to >= count) {
		SN_TRY(check(0, sn_buf_bytes(&all), END_DIGITS, sum, why));
		sn_buf_fmt(ret, END_WORD " %zu %s\n", count, sum);
	}
	return sn_buf_check(ret, why);
}

/* ---- reading */

struct card_line {
	char first[8], sum[END_DIGITS + 1]; /* what stands at its ends */
	char text[CARD_LINE_CHARS + 1];	    /* what is between, without blanks */
	size_t n;
};

static bool
blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct bytes
trimmed(struct bytes b)
{
	while (b.n > 0 && blank(b.p[0])) {
		b.p++;
		b.n--;
	}
	while (b.n > 0 && blank(b.p[b.n - 1]))
		b.n--;
	return b;
}

/* The word at the beginning, or at the end, of b, which loses it. */
static bool
take_word(struct bytes *b, bool last, char *ret, size_t size)
{
	size_t n = 0;

	*b = trimmed(*b);
	while (n < b->n && !blank(b->p[last ? b->n - 1 - n : n]))
		n++;
	if (n == 0 || n >= size)
		return false;
	memcpy(ret, last ? b->p + b->n - n : b->p, n);
	ret[n] = '\0';
	if (!last)
		b->p += n;
	b->n -= n;
	return true;
}

static enum sn_err
split_line(struct bytes line, uint32_t expect, struct card_line *ret, struct sn_why *why)
{
	*ret = (struct card_line){ 0 };
	if (!take_word(&line, false, ret->first, sizeof(ret->first)) ||
	    !take_word(&line, true, ret->sum, sizeof(ret->sum)))
		return sn_fail(why, SN_E_FORMAT,
		    "card: line %u needs a number, characters and %d digits", expect,
		    CHECK_DIGITS);
	for (size_t i = 0; i < line.n; i++) {
		if (blank(line.p[i]))
			continue;
		if (ret->n == CARD_LINE_CHARS)
			return sn_fail(why, SN_E_FORMAT,
			    "card: line %u has more than %d characters", expect,
			    CARD_LINE_CHARS);
		ret->text[ret->n++] = (char)line.p[i];
	}
	return SN_OK;
}

static enum sn_err
read_line(const struct card_line *l, uint32_t expect, struct sn_buf *all, struct sn_why *why)
{
	const struct bytes text = { (const uint8_t *)l->text, l->n };
	const char *digits = l->first[0] == '0' ? l->first + 1 : l->first;
	char sum[END_DIGITS + 1];
	uint32_t number;

	if (text_to_u32(digits, 1, CARD_MAX_LINES, &number, "line", NULL) != SN_OK)
		return sn_fail(why, SN_E_FORMAT, "card: line %u begins with %s, not its number",
		    expect, l->first);
	if (number > expect)
		return sn_fail(why, SN_E_FORMAT, "card: line %u is missing", expect);
	if (number < expect)
		return sn_fail(why, SN_E_FORMAT, "card: line %u is there twice, or too late",
		    number);
	if (all->n % CARD_LINE_CHARS != 0)
		return sn_fail(why, SN_E_FORMAT, "card: line %u is too short", expect - 1);
	SN_TRY(check(number, text, CHECK_DIGITS, sum, why));
	if (strcmp(sum, l->sum) != 0)
		return sn_fail(why, SN_E_FORMAT,
		    "card: line %u has a mistake: its check is %s, the line says %s", number,
		    sum, l->sum);
	sn_buf_put(all, text);
	return sn_buf_check(all, why);
}

static enum sn_err
read_end(const struct card_line *l, uint32_t lines, struct bytes all, struct sn_why *why)
{
	char sum[END_DIGITS + 1], count[16];

	(void)snprintf(count, sizeof(count), "%u", lines);
	if (strncmp(l->text, count, sizeof(count)) != 0)
		return sn_fail(why, SN_E_FORMAT,
		    "card: it ends after line %u; its end says %.8s", lines, l->text);
	SN_TRY(check(0, all, END_DIGITS, sum, why));
	if (strcmp(sum, l->sum) != 0)
		return sn_fail(why, SN_E_FORMAT,
		    "card: the check of the whole is %s, its end says %s", sum, l->sum);
	return SN_OK;
}

/* All lines up to the end; nothing but comments may follow. */
static enum sn_err
read_lines(struct bytes text, struct sn_buf *all, struct sn_why *why)
{
	uint32_t lines = 0;
	bool over = false;

	while (text.n > 0) {
		const uint8_t *nl = memchr(text.p, '\n', text.n);
		size_t n = nl == NULL ? text.n : (size_t)(nl - text.p);
		struct bytes line = trimmed((struct bytes){ text.p, n });
		struct card_line l;

		n += nl == NULL ? 0 : 1;
		text = (struct bytes){ text.p + n, text.n - n };
		if (line.n == 0 || line.p[0] == COMMENT)
			continue;
		if (over)
			return sn_fail(why, SN_E_FORMAT, "card: more lines behind its end");
		SN_TRY(split_line(line, lines + 1, &l, why));
		over = strcmp(l.first, END_WORD) == 0;
		SN_TRY(over ? read_end(&l, lines, sn_buf_bytes(all), why)
			    : read_line(&l, ++lines, all, why));
	}
	return over
	    ? SN_OK
	    : sn_fail(why, SN_E_FORMAT, "card: its end is missing, after line %u", lines);
}

enum sn_err
card_read(struct bytes text, struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf all = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf file = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf again = { 0 };

	if (text.n > CARD_TEXT_MAX)
		return sn_fail(why, SN_E_LIMIT, "card: %zu bytes, at most %u", text.n,
		    CARD_TEXT_MAX);
	SN_TRY(read_lines(text, &all, why));
	if (all.n > MAX_ENCODED)
		return sn_fail(why, SN_E_LIMIT, "card: too long");
	SN_TRY(decode(sn_buf_bytes(&all), &file, why));
	if (file.n > IDENTITY_MAX_BYTES)
		return sn_fail(why, SN_E_LIMIT, "card: a file of %zu bytes, at most %d", file.n,
		    IDENTITY_MAX_BYTES);
	encode(sn_buf_bytes(&file), &again);
	if (!bytes_equal(sn_buf_bytes(&all), sn_buf_bytes(&again)))
		return sn_fail(why, SN_E_FORMAT,
		    "card: a character is not written in its one form");
	sn_buf_put(ret, sn_buf_bytes(&file));
	return sn_buf_check(ret, why);
}

bool
card_is(struct bytes text)
{
	return text.n > 0 && text.p[0] != '{';
}
