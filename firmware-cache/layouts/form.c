#include "firmware-cache/layouts/form.h"

#include <string.h>

#include "appliance/base/text.h"

#define HEX_UPPER "0123456789ABCDEF"

static bool
is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Copy tokens; strings whole, white space between tokens not at all. */
static void
put_tokens(struct sn_buf *b, struct bytes json, bool spaced)
{
	bool in_string = false;

	for (size_t i = 0; i < json.n; i++) {
		uint8_t c = json.p[i];

		if (!in_string && is_space(c))
			continue;
		sn_buf_u8(b, c);
		if (in_string && c == '\\' && i + 1 < json.n)
			sn_buf_u8(b, json.p[++i]);
		else if (c == '"')
			in_string = !in_string;
		else if (spaced && !in_string && (c == ',' || c == ':'))
			sn_buf_u8(b, ' ');
	}
}

void
lay_json_spaced(struct sn_buf *b, struct bytes json)
{
	put_tokens(b, json, true);
}

void
lay_json_compact(struct sn_buf *b, struct bytes json)
{
	put_tokens(b, json, false);
}

void
lay_json_string(struct sn_buf *b, struct bytes v)
{
	static const struct {
		uint8_t c;
		char escape;
	} shorts[] = { { '"', '"' }, { '\\', '\\' }, { '\b', 'b' }, { '\f', 'f' },
		{ '\n', 'n' }, { '\r', 'r' }, { '\t', 't' } };

	sn_buf_u8(b, '"');
	for (size_t i = 0; i < v.n; i++) {
		uint8_t c = v.p[i];
		bool done = false;

		for (size_t k = 0; k < SN_NITEMS(shorts) && !done; k++)
			if (shorts[k].c == c) {
				sn_buf_fmt(b, "\\%c", shorts[k].escape);
				done = true;
			}
		if (!done && c < ' ')
			sn_buf_fmt(b, "\\u%04x", c);
		else if (!done)
			sn_buf_u8(b, c);
	}
	sn_buf_u8(b, '"');
}

static bool
is_unreserved(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	    (c != '\0' && strchr("_.-~", c) != NULL);
}

void
lay_url_encode(struct sn_buf *b, struct bytes v)
{
	for (size_t i = 0; i < v.n; i++) {
		uint8_t c = v.p[i];

		if (is_unreserved(c))
			sn_buf_u8(b, c);
		else
			sn_buf_fmt(b, "%%%02X", c);
	}
}

enum sn_err
lay_url_decode(struct bytes v, struct sn_buf *ret, struct sn_why *why)
{
	for (size_t i = 0; i < v.n; i++) {
		const char *high, *low;
		uint8_t c;

		if (is_unreserved(v.p[i])) {
			sn_buf_u8(ret, v.p[i]);
			continue;
		}
		if (v.p[i] != '%' || i + 2 >= v.n || v.p[i + 1] == '\0' || v.p[i + 2] == '\0')
			return sn_fail(why, SN_E_FORMAT, "byte %zu is not URL-encoded", i);
		high = strchr(HEX_UPPER, v.p[i + 1]);
		low = strchr(HEX_UPPER, v.p[i + 2]);
		if (high == NULL || low == NULL)
			return sn_fail(why, SN_E_FORMAT, "byte %zu is not URL-encoded", i);
		c = (uint8_t)((size_t)(high - HEX_UPPER) << 4 | (size_t)(low - HEX_UPPER));
		if (is_unreserved(c))
			return sn_fail(why, SN_E_FORMAT, "byte %zu need not be URL-encoded", i);
		sn_buf_u8(ret, c);
		i += 2;
	}
	return sn_buf_check(ret, why);
}

void
lay_hex_upper(struct sn_buf *b, struct bytes v)
{
	for (size_t i = 0; i < v.n; i++) {
		sn_buf_u8(b, (uint8_t)HEX_UPPER[v.p[i] >> 4]);
		sn_buf_u8(b, (uint8_t)HEX_UPPER[v.p[i] & 0xf]);
	}
}

enum sn_err
lay_pem_chain(const struct cry_cert *leaf, const struct cry_cert *issuer, struct sn_buf *ret,
    struct sn_why *why)
{
	SN_TRY(cry_cert_pem(cry_cert_der(leaf), ret, why));
	return issuer != NULL ? cry_cert_pem(cry_cert_der(issuer), ret, why) : SN_OK;
}
