#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appliance/base/bytes.h"

#define BUF_FIRST_CAP 64

void
sn_buf_done(struct sn_buf *b)
{
	if (b == NULL)
		return;
	free(b->p);
	*b = (struct sn_buf){ 0 };
}

/* Room for n more bytes and the NUL behind them; false marks the buffer failed. */
static bool
buf_reserve(struct sn_buf *b, size_t n)
{
	size_t need, cap;
	uint8_t *p;

	if (b->failed)
		return false;
	if (n > SIZE_MAX / 4 - b->n - 1) {
		b->failed = true;
		return false;
	}
	need = b->n + n + 1;
	if (need <= b->cap)
		return true;
	cap = b->cap != 0 ? b->cap : BUF_FIRST_CAP;
	while (cap < need)
		cap *= 2;
	p = realloc(b->p, cap);
	if (p == NULL) {
		b->failed = true;
		return false;
	}
	b->p = p;
	b->cap = cap;
	return true;
}

void
sn_buf_put(struct sn_buf *b, struct bytes v)
{
	if (!buf_reserve(b, v.n))
		return;
	if (v.n > 0)
		memcpy(b->p + b->n, v.p, v.n);
	b->n += v.n;
	b->p[b->n] = '\0';
}

void
sn_buf_str(struct sn_buf *b, const char *s)
{
	sn_buf_put(b, bytes_str(s));
}

void
sn_buf_fmt(struct sn_buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0) {
		b->failed = true;
		return;
	}
	if (!buf_reserve(b, (size_t)n))
		return;

	va_start(ap, fmt);
	if (vsnprintf((char *)b->p + b->n, (size_t)n + 1, fmt, ap) == n)
		b->n += (size_t)n;
	else
		b->failed = true;
	va_end(ap);
}

static void
buf_number(struct sn_buf *b, uint64_t v, size_t n)
{
	uint8_t be[8];

	for (size_t i = 0; i < n; i++)
		be[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
	sn_buf_put(b, (struct bytes){ be, n });
}

void
sn_buf_u8(struct sn_buf *b, uint8_t v)
{
	buf_number(b, v, 1);
}

void
sn_buf_u16(struct sn_buf *b, uint16_t v)
{
	buf_number(b, v, 2);
}

void
sn_buf_u32(struct sn_buf *b, uint32_t v)
{
	buf_number(b, v, 4);
}

void
sn_buf_u64(struct sn_buf *b, uint64_t v)
{
	buf_number(b, v, 8);
}

void
sn_buf_blob32(struct sn_buf *b, struct bytes v)
{
	if (v.n > UINT32_MAX) {
		b->failed = true;
		return;
	}
	sn_buf_u32(b, (uint32_t)v.n);
	sn_buf_put(b, v);
}

enum sn_err
sn_buf_check(const struct sn_buf *b, struct sn_why *why)
{
	if (b->failed)
		return sn_fail(why, SN_E_NOMEM, "a buffer could not grow past %zu bytes", b->n);
	return SN_OK;
}

struct bytes
sn_buf_bytes(const struct sn_buf *b)
{
	return (struct bytes){ b->p, b->n };
}

const char *
sn_buf_cstr(struct sn_buf *b)
{
	return b->p != NULL && !b->failed ? (const char *)b->p : "";
}
