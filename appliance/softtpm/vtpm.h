/*
 * vtpm - one libtpms TPM 2.0 in this process, its NV in memory only.
 *
 * Owns: libtpms' global state; one TPM in a process' life. May include: base.
 * See docs/TPM.md, "The software TPM".
 */
#ifndef SOFTTPM_VTPM_H
#define SOFTTPM_VTPM_H

#include "appliance/base/bytes.h"

#define VTPM_MESSAGE_MAX 4096
#define VTPM_HEADER 10 /* u16 tag | u32 length | u32 code [TCG P1 18] */

/*
 * libtpms draws on OpenSSL's generator and, when that fails, silently on one
 * seeded with the time and the process id. SN_E_ENTROPY unless it works now.
 */
SN_MUST_USE enum sn_err vtpm_random_works(struct sn_why *why);

/* A fresh TPM, not started up. */
SN_MUST_USE enum sn_err vtpm_start(struct sn_why *why);
void vtpm_stop(void); /* wipes the NV; idempotent */

/* One command, one response (vtpm's, valid until the next call). */
SN_MUST_USE enum sn_err vtpm_command(struct bytes command, struct bytes *ret,
    struct sn_why *why);

#endif
