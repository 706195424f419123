#include "appliance/base/text.h"

#include <stdio.h>
#include <string.h>

#define TIME_MAX INT64_C(253402300799) /* 9999-12-31T23:59:59Z */
#define NAME_MAX_LEN 16

static const char hex_digits[] = "0123456789abcdef";
static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void
sn_hex(struct bytes v, char *ret)
{
	for (size_t i = 0; i < v.n; i++) {
		ret[2 * i] = hex_digits[v.p[i] >> 4];
		ret[2 * i + 1] = hex_digits[v.p[i] & 15];
	}
	ret[2 * v.n] = '\0';
}

void
sn_buf_hex(struct sn_buf *b, struct bytes v)
{
	char pair[3];

	for (size_t i = 0; i < v.n; i++) {
		sn_hex((struct bytes){ v.p + i, 1 }, pair);
		sn_buf_put(b, (struct bytes){ (const uint8_t *)pair, 2 });
	}
}

/* The value of a hex digit, or -1. */
static int
hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static enum sn_err
hex_check(struct bytes s, const char *what, struct sn_why *why)
{
	for (size_t i = 0; i < s.n; i++)
		if (hex_value(s.p[i]) < 0)
			return sn_fail(why, SN_E_FORMAT, "%s: character %zu is not a hex digit",
			    what, i + 1);
	return SN_OK;
}

static uint8_t
hex_byte(const uint8_t *pair)
{
	return (uint8_t)(hex_value(pair[0]) << 4 | hex_value(pair[1]));
}

enum sn_err
sn_hex_parse(const char *s, void *ret, size_t n, const char *what, struct sn_why *why)
{
	struct bytes v = bytes_str(s);
	uint8_t *out = ret;

	SN_TRY(hex_check(v, what, why));
	if (v.n / 2 != n || v.n % 2 != 0)
		return sn_fail(why, SN_E_FORMAT, "%s: %zu hex digits, %zu are needed", what,
		    v.n, 2 * n);
	for (size_t i = 0; i < n; i++)
		out[i] = hex_byte(v.p + 2 * i);
	return SN_OK;
}

enum sn_err
sn_hex_parse_buf(struct bytes s, size_t max, struct sn_buf *ret, const char *what,
    struct sn_why *why)
{
	SN_TRY(hex_check(s, what, why));
	if (s.n % 2 != 0)
		return sn_fail(why, SN_E_FORMAT, "%s: an odd number of hex digits (%zu)", what,
		    s.n);
	if (s.n / 2 > max)
		return sn_fail(why, SN_E_LIMIT, "%s: %zu bytes, at most %zu are allowed", what,
		    s.n / 2, max);
	for (size_t i = 0; i < s.n; i += 2)
		sn_buf_u8(ret, hex_byte(s.p + i));
	return sn_buf_check(ret, why);
}

void
sn_buf_base64(struct sn_buf *b, struct bytes v)
{
	for (size_t i = 0; i < v.n; i += 3) {
		size_t have = v.n - i < 3 ? v.n - i : 3;
		uint32_t group = (uint32_t)v.p[i] << 16;
		char out[4];

		if (have > 1)
			group |= (uint32_t)v.p[i + 1] << 8;
		if (have > 2)
			group |= v.p[i + 2];
		out[0] = base64_digits[group >> 18];
		out[1] = base64_digits[group >> 12 & 63];
		out[2] = base64_digits[group >> 6 & 63];
		out[3] = base64_digits[group & 63];
		if (have < 3)
			out[3] = '=';
		if (have < 2)
			out[2] = '=';
		sn_buf_put(b, (struct bytes){ (const uint8_t *)out, 4 });
	}
}

/* The value of a base64 digit, or -1. */
static int
base64_value(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

/* Everything that makes s base64 in its one form; *ret_pads is 0, 1 or 2. */
static enum sn_err
base64_check(struct bytes s, size_t *ret_pads, const char *what, struct sn_why *why)
{
	size_t pads = 0, digits;
	int last;

	if (s.n % 4 != 0)
		return sn_fail(why, SN_E_FORMAT, "%s: %zu characters are not whole base64",
		    what, s.n);
	while (pads < 2 && pads < s.n && s.p[s.n - 1 - pads] == '=')
		pads++;
	digits = s.n - pads;
	for (size_t i = 0; i < digits; i++)
		if (base64_value(s.p[i]) < 0)
			return sn_fail(why, SN_E_FORMAT, "%s: character %zu is not base64",
			    what, i + 1);
	last = pads > 0 ? base64_value(s.p[digits - 1]) : 0;
	if ((last & (pads == 2 ? 15 : 3)) != 0)
		return sn_fail(why, SN_E_FORMAT, "%s: unused bits at the end of base64", what);
	*ret_pads = pads;
	return SN_OK;
}

enum sn_err
sn_base64_parse(struct bytes s, size_t max, struct sn_buf *ret, const char *what,
    struct sn_why *why)
{
	size_t pads, n;

	SN_TRY(base64_check(s, &pads, what, why));
	n = s.n / 4 * 3 - pads;
	if (n > max)
		return sn_fail(why, SN_E_LIMIT, "%s: %zu bytes, at most %zu are allowed", what,
		    n, max);
	for (size_t i = 0; i < s.n; i += 4) {
		uint32_t group = 0;
		size_t have = i + 4 == s.n ? 3 - pads : 3;

		for (size_t j = 0; j < 4; j++) {
			int v = base64_value(s.p[i + j]);

			group = group << 6 | (uint32_t)(v < 0 ? 0 : v); /* '=' counts 0 */
		}
		for (size_t j = 0; j < have; j++)
			sn_buf_u8(ret, (uint8_t)(group >> (16 - 8 * j)));
	}
	return sn_buf_check(ret, why);
}

enum sn_err
text_to_u32(const char *s, uint32_t min, uint32_t max, uint32_t *ret, const char *what,
    struct sn_why *why)
{
	size_t n = strlen(s);
	uint64_t v = 0;

	if (n == 0 || n > 10 || strspn(s, "0123456789") != n || (n > 1 && s[0] == '0'))
		return sn_fail(why, SN_E_FORMAT, "%s: not a plain decimal number", what);
	for (size_t i = 0; i < n; i++)
		v = v * 10 + (uint64_t)(s[i] - '0');
	if (v < min || v > max)
		return sn_fail(why, SN_E_FORMAT, "%s: %s, a number from %u to %u is needed",
		    what, s, min, max);
	*ret = (uint32_t)v;
	return SN_OK;
}

static bool
time_is_leap(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int64_t
time_days_in_month(int64_t year, int64_t month)
{
	static const int64_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return days[month - 1] + (month == 2 && time_is_leap(year) ? 1 : 0);
}

/* Days from 1970-01-01 to the first of January of year. */
static int64_t
time_days_to_year(int64_t year)
{
	int64_t y = year - 1;

	return 365 * (year - 1970) + (y / 4 - 1969 / 4) - (y / 100 - 1969 / 100) +
	    (y / 400 - 1969 / 400);
}

enum sn_err
text_to_time(const char *s, int64_t *ret, const char *what, struct sn_why *why)
{
	static const char form[] = "dddd-dd-ddTdd:dd:ddZ";
	enum { YEAR, MONTH, DAY, HOUR, MINUTE, SECOND };
	int64_t f[6] = { 0 };
	size_t field = 0;
	bool ok = strlen(s) == TEXT_TIME_LEN;

	for (size_t i = 0; ok && i < TEXT_TIME_LEN; i++) {
		if (form[i] != 'd') {
			ok = s[i] == form[i];
			field++;
			continue;
		}
		ok = s[i] >= '0' && s[i] <= '9';
		f[field] = f[field] * 10 + (s[i] - '0');
	}
	if (!ok)
		return sn_fail(why, SN_E_FORMAT,
		    "%s: not a time of the form 2025-07-01T00:00:00Z", what);
	if (f[YEAR] < 1970 || f[MONTH] < 1 || f[MONTH] > 12 || f[DAY] < 1 ||
	    f[DAY] > time_days_in_month(f[YEAR], f[MONTH]) || f[HOUR] > 23 || f[MINUTE] > 59 ||
	    f[SECOND] > 59)
		return sn_fail(why, SN_E_FORMAT, "%s: %s is not in the calendar", what, s);

	for (int64_t m = 1; m < f[MONTH]; m++)
		f[DAY] += time_days_in_month(f[YEAR], m);
	*ret = ((time_days_to_year(f[YEAR]) + f[DAY] - 1) * 24 + f[HOUR]) * 3600 +
	    f[MINUTE] * 60 + f[SECOND];
	return SN_OK;
}

void
text_from_time(int64_t t, char ret[TEXT_TIME_LEN + 1])
{
	int64_t days, year, month = 1;

	t = t < 0 ? 0 : t > TIME_MAX ? TIME_MAX : t;
	days = t / 86400;
	t %= 86400;
	year = 1970 + days / 366; /* never too late; at most a few years early */
	while (time_days_to_year(year + 1) <= days)
		year++;
	days -= time_days_to_year(year);
	while (days >= time_days_in_month(year, month))
		days -= time_days_in_month(year, month++);
	snprintf(ret, TEXT_TIME_LEN + 1, "%04u-%02u-%02uT%02u:%02u:%02uZ",
	    (unsigned int)year % 10000, (unsigned int)month % 100,
	    (unsigned int)(days + 1) % 100, (unsigned int)(t / 3600) % 100,
	    (unsigned int)(t / 60 % 60), (unsigned int)(t % 60));
}

bool
text_utf8_next(struct bytes *b, uint32_t *ret)
{
	/* Lead byte: value & mask == match; n bytes; the least character of that length. */
	static const struct {
		uint8_t mask, match, n;
		uint32_t least;
	} forms[] = {
		{ 0x80, 0x00, 1, 0 },
		{ 0xe0, 0xc0, 2, 0x80 },
		{ 0xf0, 0xe0, 3, 0x800 },
		{ 0xf8, 0xf0, 4, 0x10000 },
	};
	size_t k = 0;
	uint32_t c;

	if (b->n == 0)
		return false;
	while (k < SN_NITEMS(forms) && (b->p[0] & forms[k].mask) != forms[k].match)
		k++;
	if (k == SN_NITEMS(forms) || b->n < forms[k].n)
		return false;
	c = b->p[0] & (uint8_t)~forms[k].mask;
	for (size_t i = 1; i < forms[k].n; i++) {
		if ((b->p[i] & 0xc0) != 0x80)
			return false;
		c = c << 6 | (b->p[i] & 0x3f);
	}
	if (c < forms[k].least || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return false;
	b->p += forms[k].n;
	b->n -= forms[k].n;
	*ret = c;
	return true;
}

bool
text_printable(struct bytes v, size_t max)
{
	/* Controls, line separators, and what changes direction or cannot be seen. */
	static const struct {
		uint32_t first, last;
	} refused[] = {
		{ 0x0000, 0x001f },
		{ 0x007f, 0x009f },
		{ 0x061c, 0x061c },
		{ 0x200e, 0x200f },
		{ 0x2028, 0x202e },
		{ 0x2066, 0x2069 },
		{ 0xfeff, 0xfeff },
		{ 0xfff9, 0xfffb },
		{ 0xe0000, 0xe007f },
	};
	uint32_t c;

	if (v.n > max)
		return false;
	while (v.n > 0) {
		if (!text_utf8_next(&v, &c))
			return false;
		for (size_t i = 0; i < SN_NITEMS(refused); i++)
			if (c >= refused[i].first && c <= refused[i].last)
				return false;
	}
	return true;
}

bool
text_name_ok(const char *s)
{
	size_t n = strlen(s);

	return n >= 1 && n <= NAME_MAX_LEN && s[0] >= 'a' && s[0] <= 'z' &&
	    strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == n;
}

void
text_put_wrapped(struct sn_buf *b, size_t columns, const char *indent, const char *text)
{
	size_t room = columns - strlen(indent);

	while (*text != '\0') {
		size_t n = strlen(text), cut = n;

		if (n > room)
			for (cut = room; cut > 0 && text[cut] != ' ';)
				cut--;
		if (cut == 0)
			cut = room;
		while (cut < n && cut > 1 && ((unsigned char)text[cut] & 0xc0) == 0x80)
			cut--; /* not inside a character */
		sn_buf_fmt(b, "%s%.*s\n", indent, (int)cut, text);
		text += cut;
		text += *text == ' ';
	}
}
