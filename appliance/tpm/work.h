/*
 * work - what the TPM process does for the ceremony: the seed with its audit,
 * extending, quoting, the certificates of the attestation key and of our counter.
 *
 * Owns: the audit session while it runs. May include: base, crypto, entropy.
 * File formats: docs/TPM.md.
 */
#ifndef TPM_WORK_H
#define TPM_WORK_H

#include "appliance/tpm/ident.h"

/*
 * Gather, test, audit: everything of tpm_seed() but handing the seed on. On success
 * the caller owns *ret_seed (TPM_SEED_LEN bytes) and *ret.
 */
SN_MUST_USE enum sn_err tpm_work_seed(struct tpm_dev *d, const struct tpm_ident *i,
    const uint8_t qualifying[32], struct sn_secret *ret_seed, struct tpm_audit *ret,
    struct sn_why *why);

SN_MUST_USE enum sn_err tpm_work_quote(struct tpm_dev *d, const struct tpm_ident *i,
    const uint8_t qualifying[32], uint32_t mask, struct tpm_quoted *ret, struct sn_why *why);

/* tpm_creation() and tpm_counter(); the first call increments the counter. */
SN_MUST_USE enum sn_err tpm_work_creation(struct tpm_dev *d, const struct tpm_ident *i,
    const uint8_t qualifying[32], struct tpm_attested *ret, struct sn_why *why);
SN_MUST_USE enum sn_err tpm_work_counter(struct tpm_dev *d, struct tpm_ident *i,
    const uint8_t qualifying[32], struct tpm_counter *ret, struct sn_why *why);

/* The answer to a challenge; tpm_activate() says more. What is no challenge for these keys
 * is no fault of the device. */
SN_MUST_USE enum sn_err tpm_work_activate(struct tpm_dev *d, const struct tpm_ident *i,
    struct bytes challenge, struct sn_buf *ret, struct sn_why *why);

/*
 * The running digest of an audit session [TCG P1 31.4]: starts as zero bytes, and
 * takes in the digests of one command's and one response's parameters each time.
 */
struct tpm_fold {
	uint8_t digest[32];
	uint32_t commands;
};
/* Take in one exchange as it was on the wire (both with sessions, no handles) and
 * append its line to list. */
SN_MUST_USE enum sn_err tpm_fold_add(struct tpm_fold *f, struct bytes command,
    struct bytes response, struct sn_buf *list, struct sn_why *why);

/* The PCR values as `tpm2_quote -o` of tpm2-tools 5.7 writes them, appended. */
void tpm_work_pcr_file(uint32_t mask, uint8_t (*values)[32], struct sn_buf *ret);

#endif
