/*
 * bytes - a bounded view of bytes that somebody else owns, and the only way
 * to read outside data.
 *
 * Owns: nothing. May include: base.h, err.h. Getters are big-endian, move the
 * view forward, and on failure leave view and output untouched.
 */
#ifndef SN_BYTES_H
#define SN_BYTES_H

#include "appliance/base/err.h"

struct bytes {
	const uint8_t *p;
	size_t n;
};

#define BYTES_OF(array) ((struct bytes){ (const uint8_t *)(array), sizeof(array) })
#define BYTES_STR(literal) ((struct bytes){ (const uint8_t *)(literal), sizeof(literal) - 1 })

struct bytes bytes_str(const char *s); /* without the NUL; s must not be NULL */

/* SN_E_FORMAT when fewer bytes are left than asked for. what names the field. */
SN_MUST_USE enum sn_err bytes_u8(struct bytes *b, uint8_t *ret, const char *what,
    struct sn_why *why);
SN_MUST_USE enum sn_err bytes_u16(struct bytes *b, uint16_t *ret, const char *what,
    struct sn_why *why);
SN_MUST_USE enum sn_err bytes_u32(struct bytes *b, uint32_t *ret, const char *what,
    struct sn_why *why);
SN_MUST_USE enum sn_err bytes_u64(struct bytes *b, uint64_t *ret, const char *what,
    struct sn_why *why);
SN_MUST_USE enum sn_err bytes_take(struct bytes *b, size_t n, struct bytes *ret,
    const char *what, struct sn_why *why);
/* Copy exactly n bytes into ret. */
SN_MUST_USE enum sn_err bytes_copy(struct bytes *b, void *ret, size_t n, const char *what,
    struct sn_why *why);
/* The same, little-endian: formats of PC firmware. */
SN_MUST_USE enum sn_err bytes_le16(struct bytes *b, uint16_t *ret, const char *what,
    struct sn_why *why);
SN_MUST_USE enum sn_err bytes_le32(struct bytes *b, uint32_t *ret, const char *what,
    struct sn_why *why);
SN_MUST_USE enum sn_err bytes_le64(struct bytes *b, uint64_t *ret, const char *what,
    struct sn_why *why);
/* The n bytes at offset at of b, which stays as it is. */
SN_MUST_USE enum sn_err bytes_slice(struct bytes b, uint64_t at, uint64_t n, struct bytes *ret,
    const char *what, struct sn_why *why);
/* u32 length, then that many bytes; SN_E_LIMIT when the length is over max. */
SN_MUST_USE enum sn_err bytes_blob32(struct bytes *b, size_t max, struct bytes *ret,
    const char *what, struct sn_why *why);
/* The mandatory last call: trailing bytes are SN_E_FORMAT. */
SN_MUST_USE enum sn_err bytes_end(const struct bytes *b, const char *what, struct sn_why *why);

bool bytes_equal(struct bytes a, struct bytes b); /* public data only */
/* Where needle begins in haystack, or SIZE_MAX. */
size_t bytes_find(struct bytes haystack, struct bytes needle);

/*
 * A growing buffer of public bytes. Zero-initialise, sn_buf_done() at the end.
 * When memory runs out the buffer is marked failed and stays failed;
 * sn_buf_check() says so once at the end, so that writers stay readable.
 */
struct sn_buf {
	uint8_t *p;
	size_t n, cap;
	bool failed;
};

void sn_buf_done(struct sn_buf *b); /* frees, NULL-safe, idempotent */
void sn_buf_put(struct sn_buf *b, struct bytes v);
void sn_buf_str(struct sn_buf *b, const char *s);
void sn_buf_fmt(struct sn_buf *b, const char *fmt, ...) SN_PRINTF(2, 3);
void sn_buf_u8(struct sn_buf *b, uint8_t v);
void sn_buf_u16(struct sn_buf *b, uint16_t v);
void sn_buf_u32(struct sn_buf *b, uint32_t v);
void sn_buf_u64(struct sn_buf *b, uint64_t v);
void sn_buf_blob32(struct sn_buf *b, struct bytes v); /* u32 length, bytes */
SN_MUST_USE enum sn_err sn_buf_check(const struct sn_buf *b, struct sn_why *why);
struct bytes sn_buf_bytes(const struct sn_buf *b);
/* The buffer as a C string (a NUL is kept behind the bytes); never NULL. */
const char *sn_buf_cstr(struct sn_buf *b);

#endif
