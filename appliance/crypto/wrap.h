/*
 * wrap - what wraps a small secret for a public key in the way of a TPM: RSA OAEP with a
 * label, ECDH with a key used once, AES-CFB with a key used once.
 *
 * Owns: nothing. May include: base. Sources: RFC 8017 7.1, SP 800-56A 5.7.1.2, SP 800-38A
 * 6.3; how a TPM puts them together: appliance/attest/credential.h.
 */
#ifndef CRY_WRAP_H
#define CRY_WRAP_H

#include "appliance/crypto/key.h"

/* RSAES-OAEP under an RSA key, hash and MGF1 with h; appended, as long as the modulus. */
SN_MUST_USE enum sn_err cry_oaep_encrypt(const struct cry_key *k, enum cry_hash h,
    struct bytes label, struct bytes plain, struct sn_buf *ret, struct sn_why *why);

/*
 * A fresh key on peer's curve (P-256, P-384) that is forgotten at once: its point X||Y, each
 * as long as the field, appended to ret_xy, and the X that it shares with peer, as long.
 */
SN_MUST_USE enum sn_err cry_ecdh_once(const struct cry_key *peer, struct sn_buf *ret_xy,
    struct sn_secret *ret_x, struct sn_why *why);

/* AES-CFB-128 under a key of 16 or 32 bytes that encrypts nothing else: the IV is zero. */
SN_MUST_USE enum sn_err cry_cfb_once(struct bytes key, struct bytes plain, struct sn_buf *ret,
    struct sn_why *why);

#endif
