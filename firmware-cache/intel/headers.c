#include "firmware-cache/intel/headers.h"

#include <string.h>

#include "appliance/base/text.h"

#define WHAT "response headers"
#define CHAIN_SUFFIX "-issuer-chain"

/* [RFC 3986 2.3] */
static bool
is_unreserved(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	    c == '-' || c == '_' || c == '.' || c == '~';
}

static int
hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

enum sn_err
intel_url_decode(struct bytes text, struct sn_buf *ret, struct sn_why *why)
{
	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = text.p[i];
		int high, low;

		if (is_unreserved(c)) {
			sn_buf_u8(ret, c);
			continue;
		}
		if (c != '%')
			return sn_fail(why, SN_E_FORMAT,
			    "URL-encoded text: byte 0x%02x at %zu is not encoded", c, i);
		high = i + 2 < text.n ? hex_digit(text.p[i + 1]) : -1;
		low = i + 2 < text.n ? hex_digit(text.p[i + 2]) : -1;
		if (high < 0 || low < 0)
			return sn_fail(why, SN_E_FORMAT,
			    "URL-encoded text: no two hex digits behind %% at %zu", i);
		if (high == 0 && low == 0)
			return sn_fail(why, SN_E_FORMAT, "URL-encoded text: a zero byte at %zu",
			    i);
		sn_buf_u8(ret, (uint8_t)(high << 4 | low));
		i += 2;
	}
	return sn_buf_check(ret, why);
}

void
intel_url_encode(struct bytes b, struct sn_buf *ret)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < b.n; i++) {
		if (is_unreserved(b.p[i])) {
			sn_buf_u8(ret, b.p[i]);
			continue;
		}
		sn_buf_u8(ret, '%');
		sn_buf_u8(ret, (uint8_t)digits[b.p[i] >> 4]);
		sn_buf_u8(ret, (uint8_t)digits[b.p[i] & 15]);
	}
}

bool
intel_looks_headers(struct bytes b)
{
	return b.n >= 5 && memcmp(b.p, "HTTP/", 5) == 0;
}

/* Take one line without its CR LF (or LF); SN_E_FORMAT when it has no end. */
static enum sn_err
take_line(struct bytes *b, struct bytes *ret, struct sn_why *why)
{
	const uint8_t *end = b->n > 0 ? memchr(b->p, '\n', b->n) : NULL;

	if (end == NULL)
		return sn_fail(why, SN_E_FORMAT, WHAT ": cut off; the empty line is missing");
	*ret = (struct bytes){ b->p, (size_t)(end - b->p) };
	b->n -= ret->n + 1;
	b->p = end + 1;
	if (ret->n > 0 && ret->p[ret->n - 1] == '\r')
		ret->n--;
	for (size_t i = 0; i < ret->n; i++)
		if ((ret->p[i] < ' ' && ret->p[i] != '\t') || ret->p[i] > '~')
			return sn_fail(why, SN_E_FORMAT, WHAT ": byte 0x%02x in a line",
			    ret->p[i]);
	return SN_OK;
}

/* "HTTP/1.1 200 OK", "HTTP/2 200": anything but 200 is no answer. */
static enum sn_err
check_status(struct bytes line, struct sn_why *why)
{
	const uint8_t *blank = memchr(line.p, ' ', line.n);
	size_t at = blank == NULL ? line.n : (size_t)(blank - line.p);

	if (line.n < at + 4 || (line.n > at + 4 && line.p[at + 4] != ' '))
		return sn_fail(why, SN_E_FORMAT, WHAT ": no status line");
	if (memcmp(line.p + at + 1, "200", 3) != 0)
		return sn_fail(why, SN_E_FORMAT,
		    WHAT ": status %.3s, not 200; the service refused to answer",
		    (const char *)line.p + at + 1);
	return SN_OK;
}

static bool
ends_in_chain(struct bytes name)
{
	size_t n = sizeof(CHAIN_SUFFIX) - 1;

	if (name.n <= n)
		return false;
	for (size_t i = 0; i < n; i++) {
		uint8_t c = name.p[name.n - n + i];

		if (c >= 'A' && c <= 'Z')
			c = (uint8_t)(c + ('a' - 'A'));
		if (c != (uint8_t)CHAIN_SUFFIX[i])
			return false;
	}
	return true;
}

static struct bytes
trim(struct bytes v)
{
	while (v.n > 0 && (v.p[0] == ' ' || v.p[0] == '\t')) {
		v.p++;
		v.n--;
	}
	while (v.n > 0 && (v.p[v.n - 1] == ' ' || v.p[v.n - 1] == '\t'))
		v.n--;
	return v;
}

/* [RFC 9112 5.1] no blank before the colon, no folded lines. */
static enum sn_err
read_field(struct bytes line, struct bytes *chain, struct sn_why *why)
{
	const uint8_t *colon = memchr(line.p, ':', line.n);
	struct bytes name, value;

	if (colon == NULL || colon == line.p)
		return sn_fail(why, SN_E_FORMAT, WHAT ": a line without a name");
	name = (struct bytes){ line.p, (size_t)(colon - line.p) };
	value = trim((struct bytes){ colon + 1, line.n - name.n - 1 });
	for (size_t i = 0; i < name.n; i++)
		if (!is_unreserved(name.p[i]))
			return sn_fail(why, SN_E_FORMAT, WHAT ": byte 0x%02x in a name",
			    name.p[i]);
	if (!ends_in_chain(name))
		return SN_OK;
	if (chain->p != NULL)
		return sn_fail(why, SN_E_FORMAT, WHAT ": two issuer chains");
	*chain = value;
	return SN_OK;
}

enum sn_err
intel_headers_chain(struct bytes b, struct bytes *ret, struct sn_why *why)
{
	struct bytes line = { 0 }, chain = { 0 };
	size_t lines = 0;

	if (b.n > INTEL_HEADERS_MAX)
		return sn_fail(why, SN_E_LIMIT, WHAT " have %zu bytes, at most %u are taken",
		    b.n, INTEL_HEADERS_MAX);
	SN_TRY(take_line(&b, &line, why));
	SN_TRY(check_status(line, why));
	for (;;) {
		SN_TRY(take_line(&b, &line, why));
		if (line.n == 0)
			break;
		if (++lines > INTEL_HEADER_LINES_MAX)
			return sn_fail(why, SN_E_LIMIT, WHAT ": more than %u lines",
			    INTEL_HEADER_LINES_MAX);
		SN_TRY(read_field(line, &chain, why));
	}
	SN_TRY(bytes_end(&b, WHAT, why));
	*ret = chain;
	return SN_OK;
}
