/*
 * live - what only the running machine can tell: its clock's pace, its screen's size,
 * and what the TPM process says.
 *
 * Owns: nothing between calls. May include: base, tpm, report.h.
 */
#ifndef LAPTOP_LIVE_H
#define LAPTOP_LIVE_H

#include "appliance/laptop/report.h"

/* How often the PS/2 controller has called so far; -1 when the machine has none. */
int64_t laptop_live_interrupts(const struct init_machine *m);

/* Size and letters of the terminal. */
void laptop_live_screen(int terminal, struct laptop_live *ret);

/* Clock and TPM: takes as long as the TPM does, at least RTC_SECONDS. */
void laptop_live_look(const struct init_machine *m, struct laptop_live *ret);
#define RTC_SECONDS 3

/* Did the TPM say who it is? Only then can it be enrolled. */
bool laptop_live_enrols(const struct laptop_live *v);
/* Ask the TPM again, in a process of its own, for what the challenge holds for it. */
SN_MUST_USE enum sn_err laptop_live_activate(struct bytes challenge, struct sn_buf *ret,
    struct sn_why *why);

#endif
