#include "appliance/qr/qr.h"

#include <errno.h>
#include <qrencode.h>
#include <string.h>

#define DARK 1 /* the lowest bit of libqrencode's modules */

static void
code_done(QRcode **code)
{
	QRcode_free(*code);
	*code = NULL;
}

void
qr_done(struct qr *q)
{
	if (q == NULL)
		return;
	sn_buf_done(&q->text);
	*q = (struct qr){ 0 };
}

static bool
dark(const QRcode *code, size_t row, size_t column)
{
	const size_t w = (size_t)code->width;

	if (row < QR_QUIET || column < QR_QUIET || row >= w + QR_QUIET ||
	    column >= w + QR_QUIET)
		return false;
	return (code->data[(row - QR_QUIET) * w + column - QR_QUIET] & DARK) != 0;
}

enum sn_err
qr_make(const char *text, struct qr *ret, struct sn_why *why)
{
	/* by which of the two modules are dark: upper, lower */
	static const char *const half[2][2] = { { " ", "▄" }, { "▀", "█" } };
	SN_CLEANUP(code_done) QRcode *code = NULL;
	SN_CLEANUP(qr_done) struct qr q = { 0 };

	if (strlen(text) > QR_TEXT_MAX)
		return sn_fail(why, SN_E_LIMIT, "QR code: more than %d bytes", QR_TEXT_MAX);
	code = QRcode_encodeString(text, 0, QR_ECLEVEL_L, QR_MODE_8, 1);
	if (code == NULL)
		return sn_fail(why, SN_E_NOMEM, "QR code: %s", strerror(errno));
	q.columns = (size_t)code->width + 2 * QR_QUIET;
	q.lines = (q.columns + 1) / 2;
	if (q.lines > QR_LINES_MAX)
		return sn_fail(why, SN_E_LIMIT, "QR code: %zu lines, at most %d fit", q.lines,
		    QR_LINES_MAX);
	for (size_t row = 0; row < 2 * q.lines; row += 2) {
		for (size_t i = 0; i < q.columns; i++)
			sn_buf_str(&q.text, half[dark(code, row, i)][dark(code, row + 1, i)]);
		sn_buf_u8(&q.text, '\n');
	}
	SN_TRY(sn_buf_check(&q.text, why));
	*ret = q;
	q = (struct qr){ 0 };
	return SN_OK;
}
