/*
 * tcti - the only way from tpm2-tss to a TPM: deadlines per command, resubmission
 * when the TPM is busy, and the last exchange for the audit list.
 *
 * Owns: nothing; the wire is the caller's. May include: base, tss2. See docs/TPM.md.
 */
#ifndef TPM_TCTI_H
#define TPM_TCTI_H

#include <tss2/tss2_tcti.h>

#include "appliance/tpm/wire.h"

struct tpm_tcti {
	TSS2_TCTI_CONTEXT_COMMON_V2 common; /* first: tpm2-tss sees only this */
	struct tpm_wire *wire;
	struct tpm_msg command, response; /* the last exchange, as it was on the wire */
	bool pending;			  /* a command waits for its response */
	unsigned int timeout_ms;	  /* 0: the table in tcti.c; tests set less */
	uint32_t slowest_ms;		  /* the longest that one answer took */
	unsigned int pause_max_ms;	  /* between retries, 0: as in tcti.c; tests set less */
	struct sn_why why;		  /* the first thing that went wrong; latched */
};

void tpm_tcti_init(struct tpm_tcti *t, struct tpm_wire *wire);
TSS2_TCTI_CONTEXT *tpm_tcti_context(struct tpm_tcti *t);

#endif
