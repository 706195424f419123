/*
 * kill - what a revocation opened, and the files of it that go out.
 *
 * Owns: everything in struct cer_kill until cer_kill_free(). May include: base, crypto, keys,
 * media. Only for ceremony/core. See docs/FORMAT-BUNDLE.md, "Revocation".
 */
#ifndef CER_KILL_H
#define CER_KILL_H

#include "appliance/media/med.h"
#include "ceremony/keys/revoke.h"

#define CER_REVOCATION_DIR "revocation"

/* A revocation: the lists that were opened, and the files that go out. */
#define CER_KILL_FILES (2 * REVOKE_LISTS + 8)
struct cer_kill {
	struct sn_buf der[REVOKE_LISTS], pem[REVOKE_LISTS];
	struct sn_buf all, text, checkpoint, records, openings, sums;
	uint8_t digest[CRY_MAX_HASH]; /* SHA-256 of all */
	struct med_file file[CER_KILL_FILES];
	size_t n;
};
void cer_kill_free(struct cer_kill **kp); /* NULL-safe, idempotent */

#endif
