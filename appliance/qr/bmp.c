#include <errno.h>
#include <qrencode.h>
#include <string.h>

#include "appliance/qr/qr.h"

#define DARK 1	/* the lowest bit of libqrencode's modules */
#define QUIET 4 /* modules of white around each symbol [ISO/IEC 18004 9.1] */
#define SCALE 4 /* pixels of a module, each way */
#define FILE_HEADER 14
#define INFO_HEADER 40
#define PALETTE 8
#define PIXELS_PER_METRE 5906 /* 150 dpi */

struct symbols {
	QRcode *code[QR_IMAGE_MAX];
	size_t n, width, height; /* modules of the whole picture, white included */
};

static void
symbols_done(struct symbols *s)
{
	for (size_t i = 0; i < s->n; i++)
		QRcode_free(s->code[i]);
	s->n = 0;
}

static enum sn_err
symbols_make(const char *const *texts, size_t n, struct symbols *ret, struct sn_why *why)
{
	if (n == 0 || n > QR_IMAGE_MAX)
		return sn_fail(why, SN_E_LIMIT, "QR code: %zu symbols, at most %d", n,
		    QR_IMAGE_MAX);
	for (size_t i = 0; i < n; i++) {
		size_t side;

		if (strlen(texts[i]) > QR_IMAGE_TEXT_MAX)
			return sn_fail(why, SN_E_LIMIT, "QR code: more than %d bytes",
			    QR_IMAGE_TEXT_MAX);
		ret->code[i] = QRcode_encodeString(texts[i], 0, QR_ECLEVEL_L, QR_MODE_8, 1);
		if (ret->code[i] == NULL)
			return sn_fail(why, SN_E_NOMEM, "QR code: %s", strerror(errno));
		ret->n++;
		side = (size_t)ret->code[i]->width + 2 * QUIET;
		ret->width = side > ret->width ? side : ret->width;
		ret->height += side;
	}
	return SN_OK;
}

static bool
dark(const QRcode *code, size_t row, size_t column)
{
	const size_t w = (size_t)code->width;

	if (row < QUIET || column < QUIET || row >= w + QUIET || column >= w + QUIET)
		return false;
	return (code->data[(row - QUIET) * w + column - QUIET] & DARK) != 0;
}

static void
put_le(struct sn_buf *b, uint32_t v, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		sn_buf_u8(b, (uint8_t)(v >> (8 * i)));
}

/* BITMAPFILEHEADER, BITMAPINFOHEADER, and two colours: 0 is white, 1 is black. */
static void
put_header(struct sn_buf *b, const struct symbols *s, size_t stride)
{
	const size_t pixels = stride * s->height * SCALE;
	const size_t before = FILE_HEADER + INFO_HEADER + PALETTE;
	const struct {
		uint32_t v;
		size_t bytes;
	} fields[] = {
		{ 0x4d42, 2 }, /* "BM" */
		{ (uint32_t)(before + pixels), 4 },
		{ 0, 4 },
		{ (uint32_t)before, 4 },
		{ INFO_HEADER, 4 },
		{ (uint32_t)(s->width * SCALE), 4 },
		{ (uint32_t)(s->height * SCALE), 4 },
		{ 1, 2 }, /* planes */
		{ 1, 2 }, /* bits of a pixel */
		{ 0, 4 }, /* not compressed */
		{ (uint32_t)pixels, 4 },
		{ PIXELS_PER_METRE, 4 },
		{ PIXELS_PER_METRE, 4 },
		{ 2, 4 },
		{ 2, 4 },
		{ 0xffffff, 4 },
		{ 0, 4 },
	};

	for (size_t i = 0; i < SN_NITEMS(fields); i++)
		put_le(b, fields[i].v, fields[i].bytes);
}

/* SCALE rows of pixels for one row of modules. */
static void
put_row(struct sn_buf *b, const QRcode *code, size_t row, size_t stride)
{
	for (size_t again = 0; again < SCALE; again++)
		for (size_t byte = 0; byte < stride; byte++) {
			uint8_t v = 0;

			for (size_t bit = 0; bit < 8; bit++)
				v = (uint8_t)(v << 1 |
				    dark(code, row, (8 * byte + bit) / SCALE));
			sn_buf_u8(b, v);
		}
}

enum sn_err
qr_bmp(const char *const *texts, size_t n, struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(symbols_done) struct symbols s = { 0 };
	size_t stride;

	SN_TRY(symbols_make(texts, n, &s, why));
	stride = (s.width * SCALE + 31) / 32 * 4;
	put_header(ret, &s, stride);
	/* a bitmap begins with its lowest row */
	for (size_t i = s.n; i-- > 0;)
		for (size_t row = (size_t)s.code[i]->width + 2 * QUIET; row-- > 0;)
			put_row(ret, s.code[i], row, stride);
	return sn_buf_check(ret, why);
}
