/*
 * init - the image's first process: mounts, self-tests, the proof that there is
 * no network, the choice of the console, the ceremony in a child, wiping, off.
 *
 * Owns: the machine. Never returns and never ends while the machine is on. May
 * include: base, media. Everything it found is handed to the ceremony as facts.
 */
#ifndef INIT_H
#define INIT_H

#include "appliance/base/frame.h"
#include "appliance/base/selftest.h"

#define INIT_RUN_DIR "/run/cornerstone" /* in memory; the only place that can be written */
#define INIT_MEDIA_DIR INIT_RUN_DIR "/sticks" /* where sticks are mounted below */
#define INIT_CHECKS_MAX 96
#define INIT_DETAIL 120

enum init_state {
	INIT_OK,
	INIT_NOTE,   /* recorded for people and plan to judge; does not block */
	INIT_FAILED, /* no ceremony on this machine */
};
const char *init_state_name(enum init_state s); /* "ok", "note", "failed" */

struct init_check {
	char name[40], detail[INIT_DETAIL];
	enum init_state state;
};

/* What the ceremony may rely on; no check failed, or it would not have been started. */
struct init_facts {
	const char *console; /* "framebuffer" or "serial" */
	struct init_check check[INIT_CHECKS_MAX];
	size_t nchecks;
	struct sn_link usb; /* to the USB guard; appliance/usb/usb.h */
};

/* Self-tests of what only the program links: they run in a process of their own. */
struct init_tests {
	enum sn_err (*start)(struct sn_why *why); /* before the first of them, or NULL */
	const struct sn_selftest *tests;	  /* ends with a row without a name */
};

struct init_ops {
	/*
	 * The ceremony: called in a child process that owns the chosen console as
	 * standard input, output and error (80 columns, 24 rows at least), with TERM
	 * and LC_CTYPE set and nothing else open but facts->usb. Returns its exit status.
	 */
	int (*ceremony)(const struct init_facts *facts, void *arg);
	void *arg;
	const char *command_line; /* of the kernel, as the image was built with */
	int64_t build_date;	  /* seconds since 1970 */
	const struct init_tests *tests;
	size_t ntests;
};

/* Be PID 1. */
_Noreturn void init_main(const struct init_ops *ops);

#endif
