/*
 * credential - a challenge that one TPM alone can answer, and only while it holds one key:
 * TPM2_MakeCredential in software.
 *
 * Owns: nothing. May include: base, crypto. Sources: TCG TPM 2.0 Library part 1, 24 (credential
 * protection) and B.10.4, C.6.4 (how the seed goes to an RSA, an ECC key). See docs/TPM.md,
 * "Enrolment".
 */
#ifndef ATT_CREDENTIAL_H
#define ATT_CREDENTIAL_H

#include "appliance/attest/attest.h"

#define ATT_CREDENTIAL_LEN 32	/* bytes of the secret */
#define ATT_CREDENTIAL_MAX 1024 /* of the file */
#define ATT_CREDENTIAL_FILE "credential.blob"

/*
 * Wrap secret (ATT_CREDENTIAL_LEN bytes) so that only the TPM with that endorsement key opens
 * it, and only when the object of that name is loaded there. ret is what tpm2_makecredential
 * of tpm2-tools writes and tpm2_activatecredential reads.
 */
SN_MUST_USE enum sn_err att_credential_make(const struct att_ek *ek,
    const struct att_name *object, struct bytes secret, struct sn_buf *ret, struct sn_why *why);

#endif
