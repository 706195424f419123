/*
 * key - private and public keys: made from seeds, deterministic signatures,
 * verification with one named algorithm each.
 *
 * Owns: the EVP_PKEY inside. May include: base. Sources: C2SP det-keygen
 * (ECDSA from a seed), FIPS 204 (ML-DSA from xi), RFC 8032, RFC 6979.
 */
#ifndef CRY_KEY_H
#define CRY_KEY_H

#include "appliance/crypto/digest.h"

struct cry_key; /* opaque: one key pair, or a public key alone */

enum cry_alg {
	CRY_P256,    /* ECDSA P-256 with SHA-256 */
	CRY_P384,    /* ECDSA P-384 with SHA-384 */
	CRY_MLDSA87, /* pure ML-DSA-87, empty context */
	CRY_ED25519,
	CRY_P521, /* vendors' keys: public only, no seed */
	CRY_RSA,  /* verification only; PSS or PKCS#1 v1.5 chosen by the call */
};
const char *cry_alg_name(enum cry_alg a); /* "P-384" */

/*
 * A key pair from a seed, the same for ever. Seed lengths: P-256 32 bytes
 * (C2SP det-keygen), P-384 48, ML-DSA-87 32 (xi), Ed25519 32. Other lengths are
 * SN_E_FORMAT, except that the ECDSA ones take any length C2SP allows. The
 * result has passed a sign-and-verify test.
 */
SN_MUST_USE enum sn_err cry_key_from_seed(enum cry_alg alg, struct bytes seed,
    struct cry_key **ret, struct sn_why *why);
/* Public key from DER SubjectPublicKeyInfo; canonical DER, named curve, nothing
 * behind it. RSA 2048 to 8192 bits. */
SN_MUST_USE enum sn_err cry_key_from_spki(struct bytes spki, struct cry_key **ret,
    struct sn_why *why);
/* An uncompressed point X||Y of a curve (64, 96 or 132 bytes), checked on the curve. */
SN_MUST_USE enum sn_err cry_key_from_point(enum cry_alg alg, struct bytes xy,
    struct cry_key **ret, struct sn_why *why);
void cry_key_free(struct cry_key **kp); /* NULL-safe, idempotent */

enum cry_alg cry_key_alg(const struct cry_key *k);
/* Append DER SPKI. */
SN_MUST_USE enum sn_err cry_key_spki(const struct cry_key *k, struct sn_buf *ret,
    struct sn_why *why);
/* Append PEM "PUBLIC KEY". */
SN_MUST_USE enum sn_err cry_key_pem(const struct cry_key *k, struct sn_buf *ret,
    struct sn_why *why);
/* Raw public bytes: Ed25519 32, EC point 04||X||Y, ML-DSA-87 2592. Appended. */
SN_MUST_USE enum sn_err cry_key_raw(const struct cry_key *k, struct sn_buf *ret,
    struct sn_why *why);
/* The private scalar d of an EC key, big-endian, or the ML-DSA / Ed25519 seed:
 * for tests against published vectors and for wrapping. */
SN_MUST_USE enum sn_err cry_key_private(const struct cry_key *k, struct sn_secret *ret,
    struct sn_why *why);

/*
 * Sign data; deterministic (RFC 6979, ML-DSA deterministic variant), verified
 * before it is returned. ECDSA signatures are DER SEQUENCE{r,s}.
 */
SN_MUST_USE enum sn_err cry_sign(const struct cry_key *k, struct bytes data, struct sn_buf *ret,
    struct sn_why *why);
/* SN_E_SIGNATURE when it does not verify. Algorithm follows from the key; RSA refused. */
SN_MUST_USE enum sn_err cry_verify(const struct cry_key *k, struct bytes data, struct bytes sig,
    struct sn_why *why);
/* ECDSA with raw r||s (both the curve's length) over data with hash h. */
SN_MUST_USE enum sn_err cry_verify_raw_ecdsa(const struct cry_key *k, enum cry_hash h,
    struct bytes data, struct bytes rs, struct sn_why *why);

#endif
