/*
 * script - the driver that plays an answer file: rehearsals and tests. It is
 * linked out of the image.
 *
 * Owns: the file in locked memory while it plays. May include: base, core/view.h.
 * Format and rules: docs/FORMAT-PLAY.md.
 */
#ifndef SCRIPT_H
#define SCRIPT_H

#include "ceremony/core/view.h"

#define SCRIPT_FILE_MAX (128U << 10)
#define SCRIPT_LINE_MAX 4096

struct script_ports {
	const char *play;  /* the answer file's path */
	int screens_dirfd; /* where each screen goes as NN-REFERENCE.txt; -1 for nowhere */
	const char *out;   /* what "OUT/" at the start of a path stands for */
	/* A stick goes in (path is a folder) or out (path NULL). */
	enum sn_err (*stick)(void *arg, const char *label, const char *path,
	    struct sn_why *why);
	int64_t (*now)(void *arg); /* what "@now" types, seconds since 1970 */
	void *arg;
};

/*
 * Drive the engine to its end. SN_E_PLAY names the line that does not fit; other
 * failures are reading the file or writing a screen. How the ceremony itself ended
 * is asked from the engine.
 */
SN_MUST_USE enum sn_err script_run(struct cer *c, const struct script_ports *ports,
    struct sn_why *why);

#endif
