#include "ceremony/tui/tui_secret.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "appliance/base/file.h"

#define KEY_CTRL_C 0x03
#define KEY_CTRL_P 0x10
#define KEY_CTRL_U 0x15
#define KEY_ESC 0x1b
#define WORDS_COLS 56
#define WORDS_MAX 450 /* eight rows; 33 words of eight letters have 296 */
#define ESCAPE_MS 50

/* Move the cursor: 0-based row and column. */
static enum sn_err
term_move(int fd, unsigned int row, unsigned int col, struct sn_why *why)
{
	char seq[24];
	int n = snprintf(seq, sizeof(seq), "\033[%u;%uH", row + 1, col + 1);

	return sn_fd_write(fd, (struct bytes){ (const uint8_t *)seq, (size_t)n }, why);
}

enum sn_err
tui_secret_paint(const struct tui_ports *t, const struct view *v, struct sn_why *why)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret rows = { 0 };
	unsigned int row = SCREEN_BODY_ROW;
	size_t from = 0;

	SN_TRY(view_secret_rows(v, &rows, why));
	for (size_t i = 0; i < rows.n; i++) {
		if (rows.p[i] != '\n')
			continue;
		SN_TRY(term_move(t->out, row++, SCREEN_BODY_COL, why));
		SN_TRY(sn_fd_write(t->out, (struct bytes){ rows.p + from, i - from }, why));
		from = i + 1;
	}
	return term_move(t->out, SCREEN_INPUT_ROW, SCREEN_BODY_COL + 2, why);
}

/* Where the n-th typed character stands. */
static enum sn_err
place_of(const struct tui_ports *t, bool words, unsigned int first, size_t n,
    struct sn_why *why)
{
	if (words)
		return term_move(t->out, first + (unsigned int)(n / WORDS_COLS),
		    SCREEN_BODY_COL + (unsigned int)(n % WORDS_COLS), why);
	return term_move(t->out, SCREEN_INPUT_ROW,
	    SCREEN_BODY_COL + 2 + (unsigned int)(n < 50 ? n : 50), why);
}

static enum sn_err
echo(const struct tui_ports *t, bool words, unsigned int first, size_t n, struct bytes key,
    struct sn_why *why)
{
	SN_TRY(place_of(t, words, first, n, why));
	return sn_fd_write(t->out, words ? key : BYTES_STR("*"), why);
}

static enum sn_err
erase_to(const struct tui_ports *t, bool words, unsigned int first, struct sn_secret *s,
    size_t keep, struct sn_why *why)
{
	while (s->n > keep) {
		SN_TRY(place_of(t, words, first, s->n - 1, why));
		SN_TRY(sn_fd_write(t->out, BYTES_STR(" "), why));
		sn_secret_truncate(s, s->n - 1);
	}
	return place_of(t, words, first, s->n, why);
}

static enum sn_err
read_key(int fd, uint8_t *ret, struct sn_why *why)
{
	ssize_t n;

	do
		n = read(fd, ret, 1);
	while (n < 0 && errno == EINTR);
	return n == 1 ? SN_OK : sn_fail(why, SN_E_IO, "the terminal is gone");
}

/* An escape sequence: drop it to its final byte. */
static enum sn_err
drop_escape(int fd, struct sn_why *why)
{
	uint8_t k = 0;

	if (poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, ESCAPE_MS) <= 0)
		return SN_OK; /* the key itself */
	SN_TRY(read_key(fd, &k, why));
	if (k != '[' && k != 'O')
		return SN_OK;
	do
		SN_TRY(read_key(fd, &k, why));
	while (k < 0x40 || k > 0x7e);
	return SN_OK;
}

enum sn_err
tui_secret_read(const struct tui_ports *t, bool words, unsigned int first,
    struct sn_secret *ret, bool *ret_pause, struct sn_why *why)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret s = { 0 };
	uint8_t k = 0;

	*ret_pause = false;
	SN_TRY(sn_secret_new(VIEW_SECRET_MAX, &s, why));
	sn_secret_truncate(&s, 0);
	SN_TRY(place_of(t, words, first, 0, why));
	for (;;) {
		SN_TRY(read_key(t->in, &k, why));
		if (k == '\r' || k == '\n')
			break;
		if (k == KEY_CTRL_P) {
			*ret_pause = true;
			return erase_to(t, words, first, &s, 0, why);
		}
		if (k == KEY_CTRL_C && t->may_quit)
			return sn_fail(why, SN_E_DECLINED, "Ctrl-C");
		if (k == KEY_ESC)
			SN_TRY(drop_escape(t->in, why));
		else if (k == 0x7f || k == 0x08)
			SN_TRY(erase_to(t, words, first, &s, s.n > 0 ? s.n - 1 : 0, why));
		else if (k == KEY_CTRL_U)
			SN_TRY(erase_to(t, words, first, &s, 0, why));
		else if (k >= 0x20 && s.n < (words ? WORDS_MAX : VIEW_SECRET_MAX)) {
			SN_TRY(echo(t, words, first, s.n, (struct bytes){ &k, 1 }, why));
			SN_TRY(sn_secret_append(&s, (struct bytes){ &k, 1 }, why));
		}
	}
	sn_wipe(&k, sizeof(k));
	SN_TRY(sn_secret_copy(sn_secret_bytes(&s), ret, why));
	return erase_to(t, words, first, &s, 0, why);
}
