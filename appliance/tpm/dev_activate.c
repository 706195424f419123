/* Credential activation: the EK opens what was made for it and for one other key. */
#include "appliance/tpm/dev_call.h"

/* The reference code calls it a failure when an RSA key cannot unwrap the seed. A TPM that has
 * truly failed says so to the next command, too. */
static bool
activate_refused(TSS2_RC rc)
{
	return rc == TPM2_RC_FAILURE || tpm_dev_parameter_refused(rc);
}

enum sn_err
tpm_dev_policy_endorsement(struct tpm_dev *d, ESYS_TR policy, ESYS_TR link, struct sn_why *why)
{
	SN_CLEANUP(tpm_dev_release) TPM2B_TIMEOUT *timeout = NULL;
	SN_CLEANUP(tpm_dev_release) TPMT_TK_AUTH *ticket = NULL;

	SN_TRY(tpm_dev_ready(d, why));
	return tpm_dev_result(d, "TPM2_PolicySecret",
	    Esys_PolicySecret(d->esys, ESYS_TR_RH_ENDORSEMENT, policy, link, DEV_NONE, NULL,
		NULL, NULL, 0, &timeout, &ticket),
	    why);
}

enum sn_err
tpm_dev_activate(struct tpm_dev *d, ESYS_TR ak, ESYS_TR link, ESYS_TR ek, ESYS_TR session,
    const TPM2B_ID_OBJECT *blob, const TPM2B_ENCRYPTED_SECRET *wrapped, struct sn_buf *ret,
    struct sn_why *why)
{
	SN_CLEANUP(tpm_dev_release) TPM2B_DIGEST *got = NULL;
	TSS2_RC rc;

	SN_TRY(tpm_dev_ready(d, why));
	SN_TRY(tpm_dev_confidential(d, "TPM2_ActivateCredential", session, TPMA_SESSION_ENCRYPT,
	    why));
	rc = Esys_ActivateCredential(d->esys, ak, ek, link, session, ESYS_TR_NONE, blob,
	    wrapped, &got);
	if (activate_refused(rc))
		return sn_fail(why, SN_E_SIGNATURE,
		    "the challenge is not for this TPM and its attestation key, or it was "
		    "changed on the way (0x%x)",
		    rc);
	SN_TRY(tpm_dev_result(d, "TPM2_ActivateCredential", rc, why));
	if (got->size == 0 || got->size > sizeof(got->buffer))
		return tpm_dev_fault(d, "TPM2_ActivateCredential", "nothing, or too much", why);
	sn_buf_put(ret, (struct bytes){ got->buffer, got->size });
	return sn_buf_check(ret, why);
}
