/*
 * dev - the choke point: its files (dev*.c) are the only ones that call Esys functions.
 * Each call is refused after the first fault; what is secret (TPM2_GetRandom,
 * TPM2_ActivateCredential) is refused outside a session that encrypts it.
 *
 * Owns: the ESYS context and the loaded handles. May include: base, tss2. See
 * docs/TPM.md. Used inside the TPM process and by tests, nowhere else.
 */
#ifndef TPM_DEV_H
#define TPM_DEV_H

#include <tss2/tss2_esys.h>

#include "appliance/tpm/tcti.h"

struct tpm_dev {
	struct tpm_tcti tcti;
	ESYS_CONTEXT *esys;
	struct sn_why fault;	      /* latched: nothing works after it */
	enum tpm_condition condition; /* what that fault says of the TPM; else usable */
	ESYS_TR link; /* audits what is only read; ESYS_TR_NONE: nothing does yet */
};

struct tpm_object {
	ESYS_TR tr;
	TPM2B_PUBLIC pub;
	uint8_t name[TPM_NAME_LEN]; /* with SHA-256, whatever the key's own name algorithm */
	/* for TPM2_CertifyCreation [TCG P3 18.3] */
	TPM2B_CREATION_DATA creation;
	TPM2B_DIGEST creation_hash;
	TPMT_TK_CREATION ticket;
};

/* The wire must outlive the device. */
SN_MUST_USE enum sn_err tpm_dev_open(struct tpm_wire *wire, struct tpm_dev **ret,
    struct sn_why *why);
void tpm_dev_free(struct tpm_dev **dp); /* NULL-safe, idempotent */

/* TPM2_Startup(CLEAR) and the self-tests that are still due. */
SN_MUST_USE enum sn_err tpm_dev_startup(struct tpm_dev *d, struct sn_why *why);
/* What the TPM says of its self-tests, once they are all done: good, or SN_E_TPM. */
SN_MUST_USE enum sn_err tpm_dev_test_result(struct tpm_dev *d, struct sn_why *why);
/* n fixed properties from first on; a property that is not there is SN_E_TPM. */
SN_MUST_USE enum sn_err tpm_dev_properties(struct tpm_dev *d, uint32_t first, uint32_t n,
    uint32_t *ret, struct sn_why *why);
/* Any of these properties that the TPM knows; ret[i] is 0 for others. */
SN_MUST_USE enum sn_err tpm_dev_state(struct tpm_dev *d, struct tpm_state *ret,
    struct sn_why *why);
/* At most max of the NV indices from first to last, in order. */
SN_MUST_USE enum sn_err tpm_dev_nv_list(struct tpm_dev *d, uint32_t first, uint32_t last,
    size_t max, uint32_t *ret, size_t *ret_n, struct sn_why *why);
SN_MUST_USE enum sn_err tpm_dev_nv_exists(struct tpm_dev *d, uint32_t index, bool *ret,
    struct sn_why *why);
#define TPM_NV_MAX 4096
/* A whole NV index that exists. When the TPM does not let it be read, ret stays empty. */
SN_MUST_USE enum sn_err tpm_dev_nv_read(struct tpm_dev *d, uint32_t index, struct sn_buf *ret,
    struct sn_why *why);

/*
 * Create a primary key in the endorsement hierarchy, authorised by session (or
 * ESYS_TR_PASSWORD). What comes back must be the template but for its unique field.
 * When the TPM does not know such keys and ret_refused is not NULL: *ret_refused is
 * true, SN_OK, and nothing was created.
 */
SN_MUST_USE enum sn_err tpm_dev_primary(struct tpm_dev *d, ESYS_TR session,
    const TPM2B_PUBLIC *template, struct tpm_object *ret, bool *ret_refused,
    struct sn_why *why);
/* An HMAC session salted to key, AES-128-CFB, SHA-256, with these attributes. */
SN_MUST_USE enum sn_err tpm_dev_session(struct tpm_dev *d, ESYS_TR key, TPMA_SESSION attributes,
    ESYS_TR *ret, struct sn_why *why);
/* The same, for a policy; salted all the same. */
SN_MUST_USE enum sn_err tpm_dev_policy_session(struct tpm_dev *d, ESYS_TR key,
    TPMA_SESSION attributes, ESYS_TR *ret, struct sn_why *why);
/* PolicySecret of the endorsement hierarchy into policy, authorised by link. */
SN_MUST_USE enum sn_err tpm_dev_policy_endorsement(struct tpm_dev *d, ESYS_TR policy,
    ESYS_TR link, struct sn_why *why);
/*
 * From here on what is only read (properties, NV, PCRs) comes through this session, which
 * its HMAC protects: an answer that was changed on the way is a fault. The session keeps
 * its other uses, and the attribute audit. Until it is flushed.
 */
SN_MUST_USE enum sn_err tpm_dev_protect(struct tpm_dev *d, ESYS_TR session, struct sn_why *why);
/* Flush an object or session; *tr becomes ESYS_TR_NONE. */
SN_MUST_USE enum sn_err tpm_dev_flush(struct tpm_dev *d, ESYS_TR *tr, struct sn_why *why);

/* TPM2_GetRandom; *ret_n is what came: at least 1 and at most n (n <= 32). A session that
 * does not encrypt and audit it is refused, and nothing is sent. */
SN_MUST_USE enum sn_err tpm_dev_random(struct tpm_dev *d, ESYS_TR session, size_t n,
    uint8_t *ret, size_t *ret_n, struct sn_why *why);

/* TPMS_ATTEST and TPMT_SIGNATURE, appended. */
SN_MUST_USE enum sn_err tpm_dev_audit_digest(struct tpm_dev *d, ESYS_TR ak, ESYS_TR session,
    const uint8_t qualifying[32], struct sn_buf *ret_msg, struct sn_buf *ret_sig,
    struct sn_why *why);
SN_MUST_USE enum sn_err tpm_dev_quote(struct tpm_dev *d, ESYS_TR ak,
    const uint8_t qualifying[32], uint32_t mask, struct sn_buf *ret_msg, struct sn_buf *ret_sig,
    struct sn_why *why);

/* TPM2_CertifyCreation of the attestation key by itself. */
SN_MUST_USE enum sn_err tpm_dev_creation(struct tpm_dev *d, const struct tpm_object *ak,
    const uint8_t qualifying[32], struct sn_buf *ret_msg, struct sn_buf *ret_sig,
    struct sn_why *why);

/*
 * The counter at index, opened, or made by the owner hierarchy over session. Not there and
 * not to be made, or something else there: *ret is ESYS_TR_NONE, *ret_reason says why, SN_OK.
 */
SN_MUST_USE enum sn_err tpm_dev_counter_open(struct tpm_dev *d, ESYS_TR session, uint32_t index,
    ESYS_TR *ret, const char **ret_reason, struct sn_why *why);
/* Increment it, authorised by session. */
SN_MUST_USE enum sn_err tpm_dev_counter_increment(struct tpm_dev *d, ESYS_TR session,
    ESYS_TR nv, struct sn_why *why);
/* TPM2_NV_Certify of its eight bytes; ret_public is TPMS_NV_PUBLIC, ret_name its name. */
SN_MUST_USE enum sn_err tpm_dev_counter_certify(struct tpm_dev *d, ESYS_TR ak, ESYS_TR nv,
    const uint8_t qualifying[32], struct sn_buf *ret_msg, struct sn_buf *ret_sig,
    struct sn_buf *ret_public, TPM2B_NAME *ret_name, struct sn_why *why);

/*
 * TPM2_ActivateCredential: ak authorised by link, ek by session, which must encrypt what comes
 * back (a fault otherwise, and nothing is sent). SN_E_SIGNATURE, without a fault, when the TPM
 * refuses blob or wrapped. What was in the challenge is appended.
 */
SN_MUST_USE enum sn_err tpm_dev_activate(struct tpm_dev *d, ESYS_TR ak, ESYS_TR link,
    ESYS_TR ek, ESYS_TR session, const TPM2B_ID_OBJECT *blob,
    const TPM2B_ENCRYPTED_SECRET *wrapped, struct sn_buf *ret, struct sn_why *why);

/* The PCRs in mask of the SHA-256 bank; all of one state of the TPM. */
SN_MUST_USE enum sn_err tpm_dev_pcr_read(struct tpm_dev *d, uint32_t mask,
    uint8_t ret[TPM_PCRS][32], struct sn_why *why);
SN_MUST_USE enum sn_err tpm_dev_pcr_extend(struct tpm_dev *d, ESYS_TR session, unsigned int pcr,
    const uint8_t digest[32], struct sn_why *why);

/* Selection of the SHA-256 bank, three bytes, as every TPM of a PC has it. */
TPML_PCR_SELECTION tpm_dev_selection(uint32_t mask);

#endif
