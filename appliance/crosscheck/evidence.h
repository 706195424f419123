/*
 * evidence - attestations of the ceremony's TPM, as GnuTLS sees them.
 *
 * Owns: nothing. May include: base, gnutls. See docs/TPM.md; TCG TPM 2.0 Library Part 2.
 */
#ifndef CROSSCHECK_EVIDENCE_H
#define CROSSCHECK_EVIDENCE_H

#include "appliance/crosscheck/crosscheck.h"

/* [TCG P2 6.3, 6.9] */
#define XC_ALG_SHA256 0x000b
#define XC_ST_NV 0x8014
#define XC_ST_AUDIT 0x8016
#define XC_ST_QUOTE 0x8018
#define XC_ST_CREATION 0x801a

/* One attestation: which files, and what it must be. */
struct xc_attest_row {
	const char *ak, *msg, *sig; /* paths */
	uint16_t type;
	bool this_boot; /* all these have equal resets and restarts */
};

/* TPM2B: two bytes of length, then that many. */
SN_MUST_USE enum sn_err xc_get_2b(struct bytes *b, struct bytes *ret, const char *what,
    struct sn_why *why);
/* Open what the files of a row say, over these 32 bytes, signed; *ret is the attested part. */
SN_MUST_USE enum sn_err xc_attest_open(struct xc *c, const struct xc_attest_row *row,
    const uint8_t qualifying[32], struct bytes *ret, struct sn_why *why);

#endif
