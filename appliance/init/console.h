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

struct console {
	const char *name;   /* "framebuffer", "serial" */
	const char *device; /* "/dev/tty1" */
	const char *term;   /* its terminfo entry */
	bool serial;
	int fd; /* -1 when the machine has none */
};

struct consoles {
	struct console c[CONSOLES];
};

/* Open what there is, set each up, clear it. False when there is none at all. */
bool console_open(struct consoles *cs);
/* One line on every console. */
void console_print(const struct consoles *cs, const char *line);
void console_clear(const struct consoles *cs);
/* Wait until Enter is pressed on one; at most seconds when that is not 0. NULL: nobody did. */
struct console *console_wait_enter(struct consoles *cs, unsigned int seconds);
/*
 * In the ceremony's process: a session of its own with this terminal as standard
 * input, output and error, the link *keep at SN_CHILD_IN and SN_CHILD_OUT, everything else
 * closed, and the environment a terminal program needs. False when the terminal refuses.
 */
bool console_become(const struct console *c, struct sn_link *keep);

#endif
