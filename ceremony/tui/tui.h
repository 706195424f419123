/*
 * tui - the ncurses driver: 24 rows of 80 columns, one question at a time.
 *
 * Owns: the terminal while it runs. May include: base, core/view.h. Secrets never
 * pass through ncurses: tui_secret.c reads and paints them.
 */
#ifndef TUI_H
#define TUI_H

#include "ceremony/core/view.h"

struct tui_ports {
	int in, out;   /* the terminal */
	bool watch;    /* something may happen while nobody types: cer_watch() */
	bool may_quit; /* Ctrl-C ends it (workstation); in the image nothing does */
	/* Workstation: put the folder that stands for this stick in, or pull it. NULL in the
	 * image, where people do that with their hands. */
	enum sn_err (*stick)(void *arg, const char *label, bool in, struct sn_why *why);
	void *arg;
};

/* Drive the engine to its end. SN_E_IO when the terminal fails, SN_E_DECLINED after
 * Ctrl-C. */
SN_MUST_USE enum sn_err tui_run(struct cer *c, const struct tui_ports *ports,
    struct sn_why *why);

#endif
