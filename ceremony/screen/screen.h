/*
 * screen - one view of the ceremony: what to show, what to ask; and how it looks on 80x24.
 *
 * Owns: nothing; a view's pointers are the engine's and hold until the next call. May include:
 * base.
 */
#ifndef SCREEN_SCREEN_H
#define SCREEN_SCREEN_H

#include "appliance/base/secret.h"

#define VIEW_WIDTH 58 /* columns of the body */
#define VIEW_ROWS 16  /* rows of the body on one page */
#define VIEW_MAX_LINES 200
#define VIEW_MAX_RAIL 32
#define VIEW_MAX_LABELS 8
#define VIEW_LABEL_MAX 24
#define VIEW_TEXT_MAX 400    /* bytes of an answer in the open */
#define VIEW_SECRET_MAX 1024 /* bytes of a secret answer */

enum view_kind {
	VIEW_INFO,	 /* read it; Enter alone goes on */
	VIEW_WORD,	 /* type view.word to agree; "no" ends the ceremony */
	VIEW_TEXT,	 /* a line of text that everybody may see; "no" ends it, too */
	VIEW_PASSPHRASE, /* a passphrase, not echoed */
	VIEW_SHOW,	 /* secret words for one person; view.word when written down */
	VIEW_WORDS,	 /* secret words typed by that person */
	VIEW_MEDIA,	 /* wait until a stick with one of view.labels is there */
	VIEW_REMOVE,	 /* wait until the stick labels[0] has been pulled */
	VIEW_BUSY,	 /* show it and ask for the next view; nothing to answer */
	VIEW_END,	 /* the last one; Enter ends */
};

enum view_rail_state { RAIL_TODO, RAIL_NOW, RAIL_DONE };

struct view_rail {
	const char *title;
	enum view_rail_state state;
};

struct view_log; /* log.h */

struct view {
	enum view_kind kind;
	const char *mode;	/* "genesis" */
	const char *sanctum;	/* its name, or "" before the plan is read */
	const char *world;	/* "REHEARSAL", "PRODUCTION", or "" before the plan is read */
	const char *step, *ask; /* "shares", "typed": together the reference */
	const char *person;	/* a person's name, or NULL */
	char title[VIEW_WIDTH * 2];
	char line[VIEW_MAX_LINES][VIEW_WIDTH * 4 + 1]; /* UTF-8, each <= VIEW_WIDTH columns */
	size_t nlines;
	char prompt[VIEW_WIDTH * 2];   /* one line: what to do now */
	const char *more;	       /* the same on all pages but the last */
	const char *wait;	       /* the same while an answer is taken */
	const char *word;	       /* VIEW_WORD */
	char note[VIEW_WIDTH * 2 + 1]; /* why the last answer was not taken, or "" */
	struct bytes secret;	       /* VIEW_SHOW: words with single spaces, locked memory */
	char label[VIEW_MAX_LABELS][VIEW_LABEL_MAX + 1]; /* VIEW_MEDIA: any of these */
	size_t nlabels;
	struct view_rail rail[VIEW_MAX_RAIL];
	size_t nrail;
	bool personal;	      /* full names or free text are in the body */
	struct view_log *log; /* what was said, as data; NULL: nobody wants it */
};

struct answer {
	const char *text;    /* INFO "", WORD and the typed text; never NULL */
	struct bytes secret; /* PASSPHRASE, WORDS: in locked memory */
	bool pause;	     /* the key for a pause, instead of all this (text is "") */
};

#define SCREEN_ROWS 24
#define SCREEN_COLS 80
#define SCREEN_BODY_ROW 3   /* first row of the body, from 0 */
#define SCREEN_BODY_COL 21  /* first column of the body */
#define SCREEN_INPUT_ROW 22 /* where answers are typed, at SCREEN_BODY_COL + 2 */

/* One screen as text: each row is UTF-8 of exactly SCREEN_COLS columns. Never holds
 * a secret: the place of secret words is empty. */
struct screen {
	char row[SCREEN_ROWS][SCREEN_COLS * 4 + 1];
};
size_t view_pages(const struct view *v); /* at least 1 */
/* Lay out page (0-based) of a view: title, step rail, body, note, prompt, status. */
void view_render(const struct view *v, size_t page, struct screen *ret);

/* The words of VIEW_SHOW as numbered columns, rows ended by '\n', in locked memory. */
SN_MUST_USE enum sn_err view_secret_rows(const struct view *v, struct sn_secret *ret,
    struct sn_why *why);

/* Write "STEP.ASK@person" (or "media LABEL ...") into ret, 80 bytes. */
void view_reference(const struct view *v, char ret[80]);

#endif
