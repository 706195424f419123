#include "ceremony/tui/tui.h"

#include <locale.h>
#include <ncurses.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "ceremony/tui/tui_secret.h"

#define POLL_MS 300
#define KEY_CTRL_C 0x03
#define KEY_CTRL_P 0x10 /* pauses, wherever something is asked */
#define KEY_CTRL_U 0x15
#define WORD_MAX 40
#define STICK_WORD_MAX 9   /* "exception" */
#define LINE_MAX_TYPED 200 /* bytes of VIEW_TEXT */
#define INPUT_COLS (VIEW_WIDTH - 3)

struct tui {
	const struct tui_ports *ports;
	struct cer *cer;
	struct view view;
	size_t page;
	char text[VIEW_TEXT_MAX + 1];
	size_t ntext;
	char
	    asked[80]; /* reference of the view before; a note on the same one keeps the text */
	bool over, again; /* again: the view is fetched once more, nobody has answered */
	bool pause;	  /* the key for it was pressed */
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
	mvaddnstr(SCREEN_INPUT_ROW, SCREEN_BODY_COL + 2,
	    t->text + (t->ntext > INPUT_COLS ? t->ntext - INPUT_COLS : 0), -1);
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

/* While an answer is taken the screen asks for nothing: opening a key takes seconds. */
static void
tui_busy(struct tui *t)
{
	t->view.kind = VIEW_BUSY;
	t->view.note[0] = '\0';
	(void)snprintf(t->view.prompt, sizeof(t->view.prompt), "%s", t->view.wait);
	tui_draw(t);
}

static enum sn_err
tui_answer(struct tui *t, struct bytes secret, struct sn_why *why)
{
	struct answer a = { .text = t->text, .secret = secret, .pause = t->pause };
	enum sn_err e;

	if (t->pause)
		a.text = "";
	t->pause = false;
	t->over = t->view.kind == VIEW_END;
	tui_busy(t);
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
	    &t->pause, why));
	SN_TRY(tui_answer(t, sn_secret_bytes(&typed), why));
	tui_forget(t);
	return SN_OK;
}

/* May this view's answer have one more letter? */
static bool
tui_may_type(const struct tui *t)
{
	enum view_kind k = t->view.kind;

	if (!tui_last_page(t) || k == VIEW_END)
		return false;
	return t->ntext < (k == VIEW_TEXT ? LINE_MAX_TYPED : WORD_MAX);
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
	} else if (key == KEY_CTRL_U) {
		t->ntext = 0;
		t->text[0] = '\0';
	} else if (key == KEY_CTRL_P && t->view.kind != VIEW_END) {
		t->pause = *ret_done = true;
	} else if (key >= 0x20 && key < 0x7f && tui_may_type(t)) {
		t->text[t->ntext++] = (char)key;
		t->text[t->ntext] = '\0';
	}
	if (key == KEY_RESIZE)
		clearok(stdscr, TRUE);
	tui_draw(t);
	return t->view.kind == VIEW_SHOW ? tui_secret_paint(t->ports, &t->view, why) : SN_OK;
}

static enum sn_err
tui_ask(struct tui *t, struct sn_why *why)
{
	bool done = false, shown;
	wint_t key;

	timeout(t->ports->watch ? POLL_MS : -1);
	while (!done) {
		int rc = get_wch(&key);

		if (rc == ERR && !t->ports->watch)
			return sn_fail(why, SN_E_IO, "the terminal is gone");
		if (rc != ERR)
			SN_TRY(tui_key(t, key, &done, why));
		else
			SN_TRY(cer_watch(t->cer, &t->again, why));
		if (t->again)
			return SN_OK;
	}
	shown = t->view.kind == VIEW_SHOW;
	SN_TRY(tui_answer(t, (struct bytes){ NULL, 0 }, why));
	if (shown)
		tui_forget(t);
	return SN_OK;
}

/* ---- sticks */

/* On a workstation, keys stand for hands: say which. */
static void
tui_stick_hint(const struct tui *t)
{
	char hint[VIEW_WIDTH * 2] = "(here: Enter";
	size_t n = strlen(hint);

	if (t->ports->stick == NULL || t->ntext > 0)
		return;
	for (size_t i = 1; i < t->view.nlabels && n < VIEW_WIDTH - 16; i++)
		n += (size_t)snprintf(hint + n, sizeof(hint) - n, ", %zu for %.14s", i + 1,
		    t->view.label[i]);
	(void)snprintf(hint + n, sizeof(hint) - n, ")");
	mvaddnstr(SCREEN_INPUT_ROW, SCREEN_BODY_COL + 2, hint, VIEW_WIDTH - 2);
	move(SCREEN_INPUT_ROW, SCREEN_BODY_COL + 2);
	refresh();
}

/* Put the i-th awaited folder in or pull it; Enter after a typed text is an answer. */
static enum sn_err
tui_stick_enter(struct tui *t, size_t i, struct sn_why *why)
{
	if (t->ntext > 0)
		return tui_answer(t, (struct bytes){ NULL, 0 }, why);
	if (t->ports->stick == NULL)
		return SN_OK;
	return t->ports->stick(t->ports->arg, t->view.label[i], t->view.kind == VIEW_MEDIA,
	    why);
}

/* One key while a stick is awaited. *ret_answered: a text was answered. */
static enum sn_err
tui_stick_key(struct tui *t, wint_t key, bool *ret_answered, struct sn_why *why)
{
	bool enter = key == '\r' || key == '\n' || key == KEY_ENTER;

	if (key == KEY_CTRL_C && t->ports->may_quit)
		return sn_fail(why, SN_E_DECLINED, "Ctrl-C");
	if (key == KEY_CTRL_P) {
		t->pause = *ret_answered = true;
		return tui_answer(t, (struct bytes){ NULL, 0 }, why);
	}
	if ((enter && t->ntext == 0 && !tui_last_page(t)) || key == KEY_NPAGE) {
		t->page += !tui_last_page(t);
	} else if (t->ntext == 0 && key >= '1' && key < '1' + t->view.nlabels) {
		return tui_stick_enter(t, (size_t)(key - '1'), why);
	} else if (enter) {
		*ret_answered = t->ntext > 0;
		return tui_stick_enter(t, 0, why);
	} else if (key >= 'a' && key <= 'z' && t->ntext < STICK_WORD_MAX) {
		t->text[t->ntext++] = (char)key;
		t->text[t->ntext] = '\0';
	} else if (t->ntext > 0) {
		t->text[--t->ntext] = '\0'; /* Backspace, or a key that means nothing here */
	}
	tui_draw(t);
	tui_stick_hint(t);
	return SN_OK;
}

static enum sn_err
tui_wait(struct tui *t, struct sn_why *why)
{
	bool there = false, answered = false;
	wint_t key;

	timeout(POLL_MS);
	tui_stick_hint(t);
	while (!there && !answered) {
		if (get_wch(&key) != ERR)
			SN_TRY(tui_stick_key(t, key, &answered, why));
		if (!answered)
			SN_TRY(cer_poll(t->cer, &there, why));
	}
	t->again = there; /* a note about another stick must not take what is being typed */
	return SN_OK;
}

/* ---- the loop */

static enum sn_err
tui_view(struct tui *t, struct sn_why *why)
{
	char asks[80];
	bool same;

	SN_TRY(cer_next(t->cer, &t->view, why));
	view_reference(&t->view, asks);
	same = t->again && strcmp(asks, t->asked) == 0;
	t->again = false;
	(void)snprintf(t->asked, sizeof(t->asked), "%s", asks);
	if (!same) {
		t->page = 0;
		t->ntext = 0;
		t->text[0] = '\0';
	}
	tui_draw(t);
	if (t->view.kind != VIEW_BUSY &&
	    !same) { /* what was typed before this was asked is no answer */
		(void)tcflush(t->ports->in, TCIFLUSH);
		flushinp();
	}
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
	case VIEW_TEXT:
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
	if (LINES < SCREEN_ROWS || COLS < SCREEN_COLS)
		e = sn_fail(why, SN_E_USAGE,
		    "the terminal has %d columns and %d rows; make it %d by %d", COLS, LINES,
		    SCREEN_COLS, SCREEN_ROWS);
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
