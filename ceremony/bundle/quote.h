/*
 * quote - what a TPM signed: TPMS_ATTEST of a quote or a session audit, its
 * TPMT_SIGNATURE, and PCR values as tpm2-tools stores them.
 *
 * Owns: nothing. Only for ceremony/bundle. May include: base, crypto. Sources:
 * TPM 2.0 Library Part 2 (10.12 attestation, 11.2 signatures); docs/TPM.md.
 */
#ifndef BUNDLE_QUOTE_H
#define BUNDLE_QUOTE_H

#include "appliance/crypto/key.h"

#define QUOTE_PCRS 24

/* PCR values of the SHA-256 bank, from evidence/quote.pcr. */
struct quote_pcrs {
	uint32_t mask; /* bit n: PCR n is there */
	uint8_t value[QUOTE_PCRS][32];
};
SN_MUST_USE enum sn_err quote_pcrs_parse(struct bytes file, struct quote_pcrs *ret,
    struct sn_why *why);

/* The signature under the attestation key over msg; its form and its truth. */
SN_MUST_USE enum sn_err quote_signature(struct bytes msg, struct bytes sig,
    const struct cry_key *ak, const char *what, struct sn_why *why);

/* pub, a TPM2B_PUBLIC, is a restricted signing key that lives in a TPM, and is ak. */
SN_MUST_USE enum sn_err quote_key(struct bytes pub, const struct cry_key *ak,
    struct sn_why *why);

/* msg quotes exactly these PCRs over that qualifying data. */
SN_MUST_USE enum sn_err quote_check(struct bytes msg, const uint8_t qualifying[32],
    const struct quote_pcrs *pcrs, struct sn_why *why);

/*
 * msg is the audit of a session over the commands in list ("cphash rphash" lines),
 * exclusive, over that qualifying data. The commands are TPM2_GetRandom and no other:
 * of 32 bytes, QUOTE_DRAWS times at least, and behind those at most three of fewer bytes,
 * for what short draws left out. *ret_commands is how many.
 */
#define QUOTE_DRAWS 16
SN_MUST_USE enum sn_err quote_audit(struct bytes msg, const uint8_t qualifying[32],
    struct bytes list, size_t *ret_commands, struct sn_why *why);

#endif
