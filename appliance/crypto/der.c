#include "appliance/crypto/der.h"

#define DER_MAX_DEPTH 32
#define TAG_LONG 0x1f
#define CONSTRUCTED 0x20

/* A length of more than one byte; first is its first, at is behind that. */
static enum sn_err
der_length(struct bytes *at, uint8_t first, size_t *ret, const char *what, struct sn_why *why)
{
	size_t n = 0;
	uint8_t b = 0;

	if (first == 0x80 || first > 0x84)
		return sn_fail(why, SN_E_FORMAT, "%s: DER length is indefinite or too long",
		    what);
	for (unsigned int i = 0; i < (first & 0x7fU); i++) {
		SN_TRY(bytes_u8(at, &b, what, why));
		if (i == 0 && b == 0)
			return sn_fail(why, SN_E_FORMAT, "%s: DER length is not the shortest",
			    what);
		n = n << 8 | b;
	}
	if (n < 0x80)
		return sn_fail(why, SN_E_FORMAT, "%s: DER length is not the shortest", what);
	*ret = n;
	return SN_OK;
}

/* The header of the element that v starts with. A certificate has hundreds, most of them of
 * two bytes. */
static inline enum sn_err
der_header(struct bytes v, uint8_t *tag, size_t *head, size_t *len, const char *what,
    struct sn_why *why)
{
	struct bytes at;
	size_t n;

	if (v.n < 2)
		return sn_fail(why, SN_E_FORMAT, "%s: %zu bytes are no DER element", what, v.n);
	if ((v.p[0] & TAG_LONG) == TAG_LONG)
		return sn_fail(why, SN_E_FORMAT, "%s: DER tag of more than one byte", what);
	at = (struct bytes){ v.p + 2, v.n - 2 };
	n = v.p[1];
	if (n >= 0x80)
		SN_TRY(der_length(&at, v.p[1], &n, what, why));
	if (n > at.n)
		return sn_fail(why, SN_E_FORMAT, "%s: DER element of %zu bytes, %zu are there",
		    what, n, at.n);
	*tag = v.p[0];
	*head = v.n - at.n;
	*len = n;
	return SN_OK;
}

enum sn_err
der_strict(struct bytes v, const char *what, struct sn_why *why)
{
	size_t end[DER_MAX_DEPTH] = { v.n };
	unsigned int depth = 0;
	size_t at = 0, head = 0, len = 0;
	uint8_t tag = 0;

	SN_TRY(der_header(v, &tag, &head, &len, what, why));
	if (head + len != v.n)
		return sn_fail(why, SN_E_FORMAT, "%s: %zu bytes behind it", what,
		    v.n - head - len);
	while (at < v.n) {
		while (at == end[depth])
			depth--;
		SN_TRY(der_header((struct bytes){ v.p + at, end[depth] - at }, &tag, &head,
		    &len, what, why));
		at += head;
		if ((tag & CONSTRUCTED) == 0) {
			at += len;
			continue;
		}
		if (len == 0)
			continue;
		if (++depth == DER_MAX_DEPTH)
			return sn_fail(why, SN_E_LIMIT, "%s: DER nested deeper than %d", what,
			    DER_MAX_DEPTH);
		end[depth] = at + len;
	}
	return SN_OK;
}

enum sn_err
der_take(struct bytes *v, uint8_t want, struct bytes *ret, const char *what, struct sn_why *why)
{
	size_t head = 0, len = 0;
	uint8_t tag = 0;

	SN_TRY(der_header(*v, &tag, &head, &len, what, why));
	if (tag != want)
		return sn_fail(why, SN_E_FORMAT, "%s: DER tag %02x, not %02x", what, tag, want);
	*ret = (struct bytes){ v->p + head, len };
	v->p += head + len;
	v->n -= head + len;
	return SN_OK;
}

void
der_put(struct sn_buf *b, uint8_t tag, struct bytes content)
{
	uint8_t len[8];
	size_t n = 0;

	sn_buf_u8(b, tag);
	if (content.n < 0x80) {
		sn_buf_u8(b, (uint8_t)content.n);
	} else {
		for (size_t l = content.n; l != 0; l >>= 8)
			len[n++] = (uint8_t)(l & 0xff);
		sn_buf_u8(b, (uint8_t)(0x80 | n));
		while (n != 0)
			sn_buf_u8(b, len[--n]);
	}
	sn_buf_put(b, content);
}
