/*
 * setup - the file systems and kernel switches of the image, and putting them
 * away again.
 *
 * Owns: the mounts. May include: base. Tables only; nothing to configure.
 */
#ifndef INIT_SETUP_H
#define INIT_SETUP_H

#include "appliance/base/err.h"

/* Mount everything and set the kernel's switches. SN_E_IO names what was refused. */
SN_MUST_USE enum sn_err init_setup(struct sn_why *why);

/* The kernel's switches; the self-test reads them back. */
struct init_switch {
	const char *path, *value;
};
extern const struct init_switch init_switches[];
extern const size_t init_nswitches;

/* Unmount what the ceremony wrote to, and let the kernel wipe what it freed. */
void init_putaway(void);

#endif
