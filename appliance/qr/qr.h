/*
 * qr - QR codes that a telephone reads: as lines of text for a screen, as a picture to print.
 *
 * Owns: nothing. May include: base; the only room that includes qrencode.h. Specified
 * by ISO/IEC 18004; the symbol is made by libqrencode, error correction level L.
 */
#ifndef QR_H
#define QR_H

#include "appliance/base/bytes.h"

#define QR_QUIET 2 /* modules of white around the symbol */
#define QR_LINES_MAX 30
#define QR_TEXT_MAX 512
#define QR_IMAGE_TEXT_MAX 1200 /* bytes in each symbol of an image */
#define QR_IMAGE_MAX 24	       /* symbols */

/* Each line is columns characters wide: two rows of modules in one row of text. */
struct qr {
	struct sn_buf text; /* half blocks in UTF-8, each line ends with LF */
	size_t lines, columns;
};

void qr_done(struct qr *q); /* NULL-safe, idempotent */

/*
 * The symbol of text, dark on light: to be shown in black on white. Text of digits,
 * upper-case letters and "$%*+-./: " makes a smaller one. SN_E_LIMIT when text is longer
 * than QR_TEXT_MAX or the symbol has more than QR_LINES_MAX lines. The caller owns ret.
 */
SN_MUST_USE enum sn_err qr_make(const char *text, struct qr *ret, struct sn_why *why);

/*
 * Append a picture of n symbols, one below the other, with the white around them that
 * the specification wants: a Windows bitmap of 1 bit per pixel, which everything opens.
 * SN_E_LIMIT when there are too many, or a text is too long.
 */
SN_MUST_USE enum sn_err qr_bmp(const char *const *texts, size_t n, struct sn_buf *ret,
    struct sn_why *why);

#endif
