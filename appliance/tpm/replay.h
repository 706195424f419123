/*
 * replay - a new software TPM that is told what another TPM was told: registers are extended
 * with the same digests, and read. Raw commands; nothing here is evidence of anything.
 *
 * Owns: the softtpm program, until tpm_replay_free(). May include: base. See docs/TPM.md.
 */
#ifndef TPM_REPLAY_H
#define TPM_REPLAY_H

#include "appliance/base/bytes.h"

struct tpm_replay; /* opaque: a started TPM with all registers at their start */

/* path is the softtpm program. SN_E_IO, SN_E_TPM. */
SN_MUST_USE enum sn_err tpm_replay_open(const char *path, struct tpm_replay **ret,
    struct sn_why *why);
void tpm_replay_free(struct tpm_replay **rp); /* ends the program; NULL-safe, idempotent */

/* The SHA-256 bank, registers 0 to 15. SN_E_TPM. */
SN_MUST_USE enum sn_err tpm_replay_extend(struct tpm_replay *r, unsigned int pcr,
    const uint8_t digest[32], struct sn_why *why);
SN_MUST_USE enum sn_err tpm_replay_read(struct tpm_replay *r, unsigned int pcr, uint8_t ret[32],
    struct sn_why *why);

#endif
