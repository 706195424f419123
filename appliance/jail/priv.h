/*
 * priv - the parts of jail_enter(), in the order in which it calls them.
 *
 * Owns: nothing. May include: jail.h. Only for this folder and its tests.
 */
#ifndef SN_JAIL_PRIV_H
#define SN_JAIL_PRIV_H

#include "appliance/jail/jail.h"

/*
 * The image's part, as root: make the empty directory the root, become user and group
 * id, which nothing can undo. Memory that is locked stays locked, and some more can be.
 */
SN_MUST_USE enum sn_err jail_leave_root(const char *empty, unsigned int id, struct sn_why *why);

/*
 * The same for a role that keeps files: root becomes the root directory, user and group
 * become id, and of all capabilities the one over files' modes stays (CAP_DAC_OVERRIDE).
 */
SN_MUST_USE enum sn_err jail_keep_root(const char *root, unsigned int id, struct sn_why *why);

/* No file but p->files, no TCP, no signal to outsiders. demanded: the
 * kernel must have it. Needs a free descriptor. */
SN_MUST_USE enum sn_err jail_landlock(const struct jail_policy *p, bool demanded,
    struct sn_why *why);

/* The workstation's part: any system call that is not in the list kills the process. */
SN_MUST_USE enum sn_err jail_filter(const struct jail_policy *p, struct sn_why *why);

#endif
