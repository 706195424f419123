/*
 * console - the screen and the serial line, and which of them the people use.
 *
 * Owns: the open terminals until the machine goes off. May include: base. From
 * the choice on, only the chosen one is read.
 */
#ifndef INIT_CONSOLE_H
#define INIT_CONSOLE_H

#include "appliance/base/frame.h"

#define CONSOLES 2
#define CONSOLE_LINE_MAX 16 /* bytes of a typed line with its NUL; more are dropped */

struct console {
	const char *name;   /* "framebuffer", "serial" */
	const char *device; /* "/dev/tty1" */
	const char *term;   /* its terminfo entry */
	bool serial;
	int fd;			      /* -1 when the machine has none */
	char typed[CONSOLE_LINE_MAX]; /* so far, of a line */
	size_t ntyped;
	bool after_cr; /* a line feed right behind it is the same Enter */
};

struct consoles {
	struct console c[CONSOLES];
	/* What to do when the power button is pressed while somebody waits; NULL: nothing. */
	void (*off)(struct consoles *cs);
	int power; /* from power_open(), when off is set */
};

/* Open what there is, set each up, clear it. False when there is none at all. */
bool console_open(struct consoles *cs);
/* The same again: a process whose terminal one of them was has ended, and hung it up. */
bool console_reopen(struct consoles *cs);
/* From now on no key that is pressed reaches a terminal's buffer; a serial line's may. */
void console_deafen(const struct consoles *cs);
/* One line on every console. */
void console_print(const struct consoles *cs, const char *line);
/* One line on every console but this one. */
void console_print_others(const struct consoles *cs, const struct console *but,
    const char *line);
/* Empty every console, and forget what was typed on it. */
void console_clear(struct consoles *cs);
/*
 * Wait until Enter is pressed on one: that console, and what was typed there since it was
 * cleared, printable ASCII, echoed. At most seconds when that is not 0; NULL: nobody did.
 */
struct console *console_wait_line(struct consoles *cs, unsigned int seconds,
    char ret[CONSOLE_LINE_MAX]);
/* The same, whatever was typed before Enter. */
struct console *console_wait_enter(struct consoles *cs, unsigned int seconds);
/*
 * In the ceremony's process: a session of its own with this terminal as standard
 * input, output and error, the link *keep at SN_CHILD_IN and SN_CHILD_OUT, everything else
 * closed, and the environment a terminal program needs. False when the terminal refuses.
 */
bool console_become(const struct console *c, struct sn_link *keep);

#endif
