#include "appliance/tpm/dev_call.h"

#include <string.h>

#include <tss2/tss2_mu.h>

enum sn_err
tpm_dev_attested(struct tpm_dev *d, const char *command, const TPM2B_ATTEST *attest,
    const TPMT_SIGNATURE *sig, struct sn_buf *ret_msg, struct sn_buf *ret_sig,
    struct sn_why *why)
{
	uint8_t out[sizeof(TPMT_SIGNATURE)];
	size_t n = 0;

	if (attest->size == 0 || attest->size > sizeof(attest->attestationData))
		return tpm_dev_fault(d, command, "an attestation of impossible size", why);
	if (Tss2_MU_TPMT_SIGNATURE_Marshal(sig, out, sizeof(out), &n) != TSS2_RC_SUCCESS)
		return tpm_dev_fault(d, command, "a signature of unknown form", why);
	sn_buf_put(ret_msg, (struct bytes){ attest->attestationData, attest->size });
	sn_buf_put(ret_sig, (struct bytes){ out, n });
	SN_TRY(sn_buf_check(ret_msg, why));
	return sn_buf_check(ret_sig, why);
}

TPM2B_DATA
tpm_dev_qualifying(const uint8_t qualifying[32])
{
	TPM2B_DATA q = { .size = 32 };

	memcpy(q.buffer, qualifying, 32);
	return q;
}

enum sn_err
tpm_dev_audit_digest(struct tpm_dev *d, ESYS_TR ak, ESYS_TR session,
    const uint8_t qualifying[32], struct sn_buf *ret_msg, struct sn_buf *ret_sig,
    struct sn_why *why)
{
	SN_CLEANUP(tpm_dev_release) TPM2B_ATTEST *attest = NULL;
	SN_CLEANUP(tpm_dev_release) TPMT_SIGNATURE *sig = NULL;
	const TPMT_SIG_SCHEME scheme = { .scheme = TPM2_ALG_NULL };
	const TPM2B_DATA q = tpm_dev_qualifying(qualifying);

	SN_TRY(tpm_dev_ready(d, why));
	SN_TRY(tpm_dev_result(d, "TPM2_GetSessionAuditDigest",
	    Esys_GetSessionAuditDigest(d->esys, ESYS_TR_RH_ENDORSEMENT, ak, session,
		ESYS_TR_PASSWORD, ESYS_TR_PASSWORD, ESYS_TR_NONE, &q, &scheme, &attest, &sig),
	    why));
	return tpm_dev_attested(d, "TPM2_GetSessionAuditDigest", attest, sig, ret_msg, ret_sig,
	    why);
}

enum sn_err
tpm_dev_quote(struct tpm_dev *d, ESYS_TR ak, const uint8_t qualifying[32], uint32_t mask,
    struct sn_buf *ret_msg, struct sn_buf *ret_sig, struct sn_why *why)
{
	SN_CLEANUP(tpm_dev_release) TPM2B_ATTEST *attest = NULL;
	SN_CLEANUP(tpm_dev_release) TPMT_SIGNATURE *sig = NULL;
	const TPMT_SIG_SCHEME scheme = { .scheme = TPM2_ALG_NULL };
	const TPML_PCR_SELECTION selection = tpm_dev_selection(mask);
	const TPM2B_DATA q = tpm_dev_qualifying(qualifying);

	SN_TRY(tpm_dev_ready(d, why));
	SN_TRY(tpm_dev_result(d, "TPM2_Quote",
	    Esys_Quote(d->esys, ak, ESYS_TR_PASSWORD, DEV_NONE, &q, &scheme, &selection,
		&attest, &sig),
	    why));
	return tpm_dev_attested(d, "TPM2_Quote", attest, sig, ret_msg, ret_sig, why);
}

enum sn_err
tpm_dev_creation(struct tpm_dev *d, const struct tpm_object *ak, const uint8_t qualifying[32],
    struct sn_buf *ret_msg, struct sn_buf *ret_sig, struct sn_why *why)
{
	SN_CLEANUP(tpm_dev_release) TPM2B_ATTEST *attest = NULL;
	SN_CLEANUP(tpm_dev_release) TPMT_SIGNATURE *sig = NULL;
	const TPMT_SIG_SCHEME scheme = { .scheme = TPM2_ALG_NULL };
	const TPM2B_DATA q = tpm_dev_qualifying(qualifying);

	SN_TRY(tpm_dev_ready(d, why));
	SN_TRY(tpm_dev_result(d, "TPM2_CertifyCreation",
	    Esys_CertifyCreation(d->esys, ak->tr, ak->tr, ESYS_TR_PASSWORD, DEV_NONE, &q,
		&ak->creation_hash, &scheme, &ak->ticket, &attest, &sig),
	    why));
	return tpm_dev_attested(d, "TPM2_CertifyCreation", attest, sig, ret_msg, ret_sig, why);
}
