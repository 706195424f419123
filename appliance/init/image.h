/*
 * image - which image was started: its digest, and who says so.
 *
 * Owns: nothing. May include: base, measure, checks.h. The digest is the Authenticode
 * SHA-256 of the unified kernel image, as `sanctum explain measurements` prints it. See
 * docs/MEASUREMENTS.md.
 */
#ifndef INIT_IMAGE_H
#define INIT_IMAGE_H

#include "appliance/init/checks.h"

/*
 * Find the digest: from the firmware's event log, when that gives what the TPM holds in
 * PCR 4; on a machine without a TPM from the only USB stick that holds an image, which
 * proves nothing; else ret says why it is not known. Reads at most DISK_IMAGE_MAX bytes
 * of a stick, waits IMAGE_STICK_WAIT_S for one, and parses in a child process, so that
 * nothing that firmware or stick says can harm the caller.
 */
void init_image_find(const struct init_machine *m, struct init_image *ret);
#define IMAGE_STICK_WAIT_S 3

/* The same in this process: for tests. */
void init_image_look(const struct init_machine *m, struct init_image *ret);

/* The release that /etc/os-release names; unknown fields stay empty. */
void init_release_read(const struct init_machine *m, struct init_release *ret);

#define IMAGE_PCRS 16
/* A register as the TPM holds it now; false without a TPM. */
bool init_pcr_read(const struct init_machine *m, unsigned int pcr, uint8_t ret[32]);

#endif
