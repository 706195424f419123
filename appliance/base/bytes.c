#include "appliance/base/bytes.h"

#include <string.h>

struct bytes
bytes_str(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, strlen(s) };
}

enum sn_err
bytes_take(struct bytes *b, size_t n, struct bytes *ret, const char *what, struct sn_why *why)
{
	if (n > b->n)
		return sn_fail(why, SN_E_FORMAT, "%s: %zu bytes are needed, %zu are left", what,
		    n, b->n);
	*ret = (struct bytes){ b->p, n };
	if (n > 0)
		b->p += n;
	b->n -= n;
	return SN_OK;
}

/* A number of n bytes, n at most 8; its first byte is the highest, or the lowest. */
static enum sn_err
bytes_number(struct bytes *b, size_t n, bool little, uint64_t *ret, const char *what,
    struct sn_why *why)
{
	struct bytes field;
	uint64_t v = 0;

	SN_TRY(bytes_take(b, n, &field, what, why));
	for (size_t i = 0; i < n; i++)
		v = v << 8 | field.p[little ? n - 1 - i : i];
	*ret = v;
	return SN_OK;
}

enum sn_err
bytes_le16(struct bytes *b, uint16_t *ret, const char *what, struct sn_why *why)
{
	uint64_t v;

	SN_TRY(bytes_number(b, 2, true, &v, what, why));
	*ret = (uint16_t)v;
	return SN_OK;
}

enum sn_err
bytes_le32(struct bytes *b, uint32_t *ret, const char *what, struct sn_why *why)
{
	uint64_t v;

	SN_TRY(bytes_number(b, 4, true, &v, what, why));
	*ret = (uint32_t)v;
	return SN_OK;
}

enum sn_err
bytes_le64(struct bytes *b, uint64_t *ret, const char *what, struct sn_why *why)
{
	return bytes_number(b, 8, true, ret, what, why);
}

enum sn_err
bytes_slice(struct bytes b, uint64_t at, uint64_t n, struct bytes *ret, const char *what,
    struct sn_why *why)
{
	if (at > b.n || n > b.n - at)
		return sn_fail(why, SN_E_FORMAT,
		    "%s: bytes %llu to %llu are needed, there are %zu", what,
		    (unsigned long long)at, (unsigned long long)(at + n), b.n);
	*ret = (struct bytes){ b.p + at, (size_t)n };
	return SN_OK;
}

enum sn_err
bytes_u8(struct bytes *b, uint8_t *ret, const char *what, struct sn_why *why)
{
	uint64_t v;

	SN_TRY(bytes_number(b, 1, false, &v, what, why));
	*ret = (uint8_t)v;
	return SN_OK;
}

enum sn_err
bytes_u16(struct bytes *b, uint16_t *ret, const char *what, struct sn_why *why)
{
	uint64_t v;

	SN_TRY(bytes_number(b, 2, false, &v, what, why));
	*ret = (uint16_t)v;
	return SN_OK;
}

enum sn_err
bytes_u32(struct bytes *b, uint32_t *ret, const char *what, struct sn_why *why)
{
	uint64_t v;

	SN_TRY(bytes_number(b, 4, false, &v, what, why));
	*ret = (uint32_t)v;
	return SN_OK;
}

enum sn_err
bytes_u64(struct bytes *b, uint64_t *ret, const char *what, struct sn_why *why)
{
	return bytes_number(b, 8, false, ret, what, why);
}

enum sn_err
bytes_copy(struct bytes *b, void *ret, size_t n, const char *what, struct sn_why *why)
{
	struct bytes field;

	SN_TRY(bytes_take(b, n, &field, what, why));
	if (n > 0)
		memcpy(ret, field.p, n);
	return SN_OK;
}

enum sn_err
bytes_blob32(struct bytes *b, size_t max, struct bytes *ret, const char *what,
    struct sn_why *why)
{
	struct bytes at = *b;
	uint32_t n;

	SN_TRY(bytes_u32(&at, &n, what, why));
	if (n > max)
		return sn_fail(why, SN_E_LIMIT, "%s: %u bytes, at most %zu are allowed", what,
		    n, max);
	SN_TRY(bytes_take(&at, n, ret, what, why));
	*b = at;
	return SN_OK;
}

enum sn_err
bytes_end(const struct bytes *b, const char *what, struct sn_why *why)
{
	if (b->n != 0)
		return sn_fail(why, SN_E_FORMAT, "%s: %zu bytes too many at the end", what,
		    b->n);
	return SN_OK;
}

bool
bytes_equal(struct bytes a, struct bytes b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

size_t
bytes_find(struct bytes haystack, struct bytes needle)
{
	const uint8_t *hit;

	if (needle.n == 0)
		return 0;
	if (needle.n > haystack.n)
		return SIZE_MAX;
	hit = memmem(haystack.p, haystack.n, needle.p, needle.n);
	return hit != NULL ? (size_t)(hit - haystack.p) : SIZE_MAX;
}
