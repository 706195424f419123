/*
 * jail - give up what a process that only computes does not need: files,
 * children, core dumps, new privileges.
 *
 * Owns: nothing. May include: base. Irrevocable. Landlock is used where the
 * kernel has it; everything else is demanded. See docs/TPM.md.
 */
#ifndef SOFTTPM_JAIL_H
#define SOFTTPM_JAIL_H

#include "appliance/base/err.h"

SN_MUST_USE enum sn_err jail_enter(struct sn_why *why);

#endif
