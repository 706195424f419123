/*
 * dev_call - what the files of the choke point (dev*.c) share: the latched fault, and how
 * an answer of ESYS becomes one of ours.
 *
 * Owns: nothing. Only for appliance/tpm/dev*.c. May include: base, tss2.
 */
#ifndef TPM_DEV_CALL_H
#define TPM_DEV_CALL_H

#include "appliance/tpm/dev.h"

#define DEV_NONE ESYS_TR_NONE, ESYS_TR_NONE

/* For SN_CLEANUP on anything that tpm2-tss allocated. */
void tpm_dev_release(void *pp);
/* SN_OK, or the latched fault. */
SN_MUST_USE enum sn_err tpm_dev_ready(const struct tpm_dev *d, struct sn_why *why);
/* Latch a fault, in the words of whoever noticed; always an error. */
SN_MUST_USE enum sn_err tpm_dev_fault(struct tpm_dev *d, const char *command, const char *text,
    struct sn_why *why);
/* SN_OK for TSS2_RC_SUCCESS; anything else is latched, with what an operator can do. */
SN_MUST_USE enum sn_err tpm_dev_result(struct tpm_dev *d, const char *command, TSS2_RC rc,
    struct sn_why *why);
/* Has this session all these attributes? If not: a fault, before anything is sent. */
SN_MUST_USE enum sn_err tpm_dev_confidential(struct tpm_dev *d, const char *command,
    ESYS_TR session, TPMA_SESSION attributes, struct sn_why *why);
/* Did the TPM itself refuse, the exchange being whole? Then nothing is wrong with the link. */
bool tpm_dev_refused(TSS2_RC rc);
/* Did it refuse a parameter, as for an algorithm that it lacks [TCG P2 6.6]? */
bool tpm_dev_parameter_refused(TSS2_RC rc);
/* What an operator can do about such an answer; "refused" when nothing is known. */
const char *tpm_dev_meaning(const char *command, TSS2_RC rc);

/* Qualifying data of an attestation. */
TPM2B_DATA tpm_dev_qualifying(const uint8_t qualifying[32]);
/* TPMS_ATTEST and TPMT_SIGNATURE of a response, appended. */
SN_MUST_USE enum sn_err tpm_dev_attested(struct tpm_dev *d, const char *command,
    const TPM2B_ATTEST *attest, const TPMT_SIGNATURE *sig, struct sn_buf *ret_msg,
    struct sn_buf *ret_sig, struct sn_why *why);

#endif
