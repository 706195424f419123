#include "ceremony/tui/tui.h"

#include <locale.h>
#include <ncurses.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "ceremony/tui/tui_secret.h"

#define POLL_MS 300
#define KEY_CTRL_C 0x03

struct tui {
	const struct tui_ports *ports;
	struct cer *cer;
	struct view view;
	size_t page;
	char text[VIEW_TEXT_MAX + 1];
	size_t ntext;
	bool over;
};

/* ---- drawing */

static void
tui_draw(struct tui *t)
{
	struct screen s;

	view_render(&t->view, t->page, &s);
	erase();
	for (int r = 0; r < SCREEN_ROWS; r++) {
		attrset(r == 0 || r == SCREEN_ROWS - 1 ? (int)A_REVERSE : (int)A_NORMAL);
		mvaddnstr(r, 0, s.row[r], -1);
	}
	attrset((int)A_BOLD);
	mvaddnstr(1, SCREEN_BODY_COL, t->view.title, VIEW_WIDTH);
	attrset((int)A_NORMAL);
	mvaddnstr(SCREEN_INPUT_ROW, SCREEN_BODY_COL + 2, t->text, -1);
	refresh();
}

/* The terminal must not keep what secrets stood on it: paint everything anew. */
static void
tui_forget(struct tui *t)
{
	clearok(stdscr, TRUE);
	tui_draw(t);
}

static bool
tui_last_page(const struct tui *t)
{
	return t->page + 1 >= view_pages(&t->view);
}

/* ---- answers */

static enum sn_err
tui_answer(struct tui *t, struct bytes secret, struct sn_why *why)
{
	struct answer a = { .text = t->text, .secret = secret };
	enum sn_err e;

	if (t->view.kind == VIEW_END)
		t->over = true;
	e = cer_answer(t->cer, &a, why);
	t->ntext = 0;
	t->text[0] = '\0';
	return e;
}

/* First free row below the body's text. */
static unsigned int
tui_words_row(const struct tui *t)
{
	size_t row = SCREEN_BODY_ROW + t->view.nlines + 1;

	return (unsigned int)row;
}

static enum sn_err
tui_ask_secret(struct tui *t, struct sn_why *why)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret typed = { 0 };

	SN_TRY(tui_secret_read(t->ports, t->view.kind == VIEW_WORDS, tui_words_row(t), &typed,
	    why));
	SN_TRY(tui_answer(t, sn_secret_bytes(&typed), why));
	tui_forget(t);
	return SN_OK;
}

/* One key of an answer in the open. *ret_done is set by Enter on the last page. */
static enum sn_err
tui_key(struct tui *t, wint_t key, bool *ret_done, struct sn_why *why)
{
	if (key == KEY_CTRL_C && t->ports->may_quit)
		return sn_fail(why, SN_E_DECLINED, "Ctrl-C");
	if (key == KEY_NPAGE ||
	    ((key == '\r' || key == '\n' || key == KEY_ENTER) && !tui_last_page(t))) {
		t->page += !tui_last_page(t);
	} else if (key == KEY_PPAGE) {
		t->page -= t->page > 0;
	} else if (key == '\r' || key == '\n' || key == KEY_ENTER) {
		*ret_done = true;
	} else if (key == KEY_BACKSPACE || key == 0x7f || key == 0x08) {
		if (t->ntext > 0)
			t->text[--t->ntext] = '\0';
	} else if (t->view.kind == VIEW_WORD && key >= 0x20 && key < 0x7f && t->ntext < 40) {
		t->text[t->ntext++] = (char)key;
		t->text[t->ntext] = '\0';
	}
	tui_draw(t);
	return SN_OK;
}

static enum sn_err
tui_ask(struct tui *t, struct sn_why *why)
{
	bool done = false;
	wint_t key;

	timeout(-1);
	while (!done) {
		int rc = get_wch(&key);

		if (rc == ERR)
			return sn_fail(why, SN_E_IO, "the terminal is gone");
		SN_TRY(tui_key(t, key, &done, why));
	}
	SN_TRY(tui_answer(t, (struct bytes){ NULL, 0 }, why));
	if (t->view.kind == VIEW_SHOW)
		tui_forget(t);
	return SN_OK;
}

/* ---- sticks */

/* Workstation: Enter puts the first awaited folder in (or pulls it), a digit another. */
static enum sn_err
tui_stick_key(struct tui *t, wint_t key, struct sn_why *why)
{
	size_t i = 0;

	if (key == KEY_CTRL_C && t->ports->may_quit)
		return sn_fail(why, SN_E_DECLINED, "Ctrl-C");
	if (t->ports->stick == NULL)
		return SN_OK;
	if (key >= '1' && key < '1' + t->view.nlabels)
		i = (size_t)(key - '1');
	else if (key != '\r' && key != '\n' && key != KEY_ENTER)
		return SN_OK;
	return t->ports->stick(t->ports->arg, t->view.label[i], t->view.kind == VIEW_MEDIA,
	    why);
}

static enum sn_err
tui_wait(struct tui *t, struct sn_why *why)
{
	bool there = false;
	wint_t key;

	timeout(POLL_MS);
	for (;;) {
		SN_TRY(cer_poll(t->cer, &there, why));
		if (there)
			return SN_OK;
		if (get_wch(&key) != ERR) {
			if (!tui_last_page(t) && (key == '\r' || key == KEY_NPAGE)) {
				t->page++;
				tui_draw(t);
				continue;
			}
			SN_TRY(tui_stick_key(t, key, why));
		}
	}
}

/* ---- the loop */

static enum sn_err
tui_view(struct tui *t, struct sn_why *why)
{
	SN_TRY(cer_next(t->cer, &t->view, why));
	t->page = 0;
	tui_draw(t);
	switch (t->view.kind) {
	case VIEW_BUSY:
		return SN_OK;
	case VIEW_MEDIA:
	case VIEW_REMOVE:
		return tui_wait(t, why);
	case VIEW_PASSPHRASE:
	case VIEW_WORDS:
		return tui_ask_secret(t, why);
	case VIEW_SHOW:
		SN_TRY(tui_secret_paint(t->ports, &t->view, why));
		return tui_ask(t, why);
	case VIEW_INFO:
	case VIEW_WORD:
	case VIEW_END:
		return tui_ask(t, why);
	}
	return sn_fail(why, SN_E_INTERNAL, "view kind %d", (int)t->view.kind);
}

enum sn_err
tui_run(struct cer *c, const struct tui_ports *ports, struct sn_why *why)
{
	struct tui *t = calloc(1, sizeof(*t));
	SCREEN *screen;
	enum sn_err e = SN_OK;

	if (t == NULL)
		return sn_fail(why, SN_E_NOMEM, "terminal");
	t->ports = ports;
	t->cer = c;
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	screen = newterm(NULL, stdout, stdin);
	if (screen == NULL) {
		free(t);
		return sn_fail(why, SN_E_IO, "this terminal cannot be used (TERM)");
	}
	raw();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	set_escdelay(50);
	while (e == SN_OK && !t->over)
		e = tui_view(t, why);
	erase();
	clearok(stdscr, TRUE);
	refresh();
	endwin();
	delscreen(screen);
	free(t);
	return e;
}
