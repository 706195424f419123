/*
 * text - hex, base64, numbers, time and printable text, each in one strict form.
 *
 * Owns: nothing. May include: base.h, err.h, bytes.h, secret.h.
 */
#ifndef SN_TEXT_H
#define SN_TEXT_H

#include "appliance/base/secret.h"

/* Lower-case hex of v into ret, which has room for 2*v.n+1 bytes. */
void sn_hex(struct bytes v, char *ret);
void sn_buf_hex(struct sn_buf *b, struct bytes v);
/* Exactly n bytes from 2*n hex digits (either case), nothing else. */
SN_MUST_USE enum sn_err sn_hex_parse(const char *s, void *ret, size_t n, const char *what,
    struct sn_why *why);
/* Any even number of digits up to max bytes; appended to ret. */
SN_MUST_USE enum sn_err sn_hex_parse_buf(struct bytes s, size_t max, struct sn_buf *ret,
    const char *what, struct sn_why *why);

/* RFC 4648 section 4 with padding, no line breaks, canonical (spare bits 0). */
void sn_buf_base64(struct sn_buf *b, struct bytes v);
SN_MUST_USE enum sn_err sn_base64_parse(struct bytes s, size_t max, struct sn_buf *ret,
    const char *what, struct sn_why *why);

/* Decimal without sign, spaces or leading zeros, within [min, max]. */
SN_MUST_USE enum sn_err text_to_u32(const char *s, uint32_t min, uint32_t max, uint32_t *ret,
    const char *what, struct sn_why *why);

/* "2025-07-01T00:00:00Z" and nothing else, year 1970 to 9999; seconds since 1970. */
SN_MUST_USE enum sn_err text_to_time(const char *s, int64_t *ret, const char *what,
    struct sn_why *why);
#define TEXT_TIME_LEN 20
void text_from_time(int64_t t, char ret[TEXT_TIME_LEN + 1]); /* clamps to 0..9999 */

/*
 * May these bytes be shown to a person? Valid UTF-8 without control
 * characters, surrogates, line separators, or characters that change direction
 * or cannot be seen (U+061C, U+200E/F, U+2028-202E, U+2066-2069, U+FEFF,
 * U+FFF9-FFFB, U+E0000-E007F), at most max bytes.
 */
bool text_printable(struct bytes v, size_t max);
/* The next character of UTF-8; false at the end and at anything malformed, and
 * then view and output are untouched. */
bool text_utf8_next(struct bytes *b, uint32_t *ret);
/* A short name: [a-z0-9-], 1 to 16 bytes, starts with a letter. People and nodes. */
bool text_name_ok(const char *s);

/*
 * Append text in lines of at most columns bytes, each with indent before it, broken at blanks
 * where there are any, never inside a character. columns is more than indent has.
 */
void text_put_wrapped(struct sn_buf *b, size_t columns, const char *indent, const char *text);

#endif
