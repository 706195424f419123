/*
 * priv - what the files of appliance/attest share among themselves: numbers of the TPM
 * library and readers of its structures.
 *
 * Owns: nothing. May include: base, crypto. Included by no other room. Source: TPM 2.0
 * Library Part 2.
 */
#ifndef ATT_PRIV_H
#define ATT_PRIV_H

#include "appliance/attest/attest.h"

#define ALG_RSA 0x0001
#define ALG_AES 0x0006
#define ALG_SHA256 0x000b
#define ALG_SHA384 0x000c
#define ALG_NULL 0x0010
#define ALG_RSASSA 0x0014
#define ALG_RSAPSS 0x0016
#define ALG_ECDSA 0x0018
#define ALG_ECC 0x0023
#define RH_ENDORSEMENT 0x4000000bU

enum att_type {
	ATT_NV = 0x8014,
	ATT_AUDIT = 0x8016,
	ATT_QUOTE = 0x8018,
	ATT_CREATION = 0x801a,
};

/* TPM2B_*: u16 length and bytes, at most 1024 of them. */
SN_MUST_USE enum sn_err att_get_2b(struct bytes *b, struct bytes *ret, const char *what,
    struct sn_why *why);

/* 000b and the SHA-256 of all parts. */
SN_MUST_USE enum sn_err att_name_sha256(const struct bytes *parts, size_t n,
    struct att_name *ret, struct sn_why *why);

/*
 * The head of msg up to what is attested; *b is moved there. The signature, the type, the
 * signer and the qualifying data are checked. what is msg's file, sig_what that of sig.
 */
SN_MUST_USE enum sn_err att_open(const struct att_ak *ak, struct bytes *b, struct bytes sig,
    enum att_type type, const uint8_t qualifying[32], const char *what, const char *sig_what,
    struct att_clock *ret, struct sn_why *why);

#endif
