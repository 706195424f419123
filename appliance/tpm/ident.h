/*
 * ident - which TPM this is: its facts, its endorsement key and certificate,
 * our attestation key, and the protected link to it.
 *
 * Owns: the two keys and the link session until tpm_ident_done(). May include:
 * base, crypto, tss2. Sources: TCG EK Credential Profile 2.x templates L-1, L-2.
 */
#ifndef TPM_IDENT_H
#define TPM_IDENT_H

#include "appliance/crypto/key.h"
#include "appliance/tpm/dev.h"

struct tpm_ident {
	struct tpm_object ek, ak;
	ESYS_TR link;		/* HMAC session salted to the EK, for authorisation */
	ESYS_TR counter;	/* our NV counter, once it was incremented; nothing to flush */
	struct cry_key *ak_key; /* NULL: the TPM is not usable, see info.condition */
	struct tpm_info info;
};

/*
 * Start the TPM and identify it. backend and device go into info. A TPM whose state
 * forbids that is no error: info.condition says so, and there is no ak_key.
 */
SN_MUST_USE enum sn_err tpm_ident_open(struct tpm_dev *d, enum tpm_backend backend,
    const char *device, struct tpm_ident *ret, struct sn_why *why);
/* Flush all that is loaded; with a faulted device only the memory is freed. */
void tpm_ident_done(struct tpm_dev *d, struct tpm_ident *i);

/*
 * Is msg an attestation of this type by the attestation key over qualifying?
 * On success *ret is its content. SN_E_SIGNATURE, SN_E_FORMAT.
 */
SN_MUST_USE enum sn_err tpm_attest_check(const struct tpm_ident *i, struct bytes msg,
    struct bytes sig, TPM2_ST type, const uint8_t qualifying[32], TPMS_ATTEST *ret,
    struct sn_why *why);

#endif
