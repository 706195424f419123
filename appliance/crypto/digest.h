/*
 * digest - SHA-2, HMAC, derivations, AES-GCM over OpenSSL; Argon2id; random bytes.
 *
 * Owns: nothing. May include: base. Every function compares OpenSSL's result
 * with the exact success value.
 */
#ifndef CRY_DIGEST_H
#define CRY_DIGEST_H

#include "appliance/base/secret.h"

enum cry_hash { CRY_SHA256, CRY_SHA384, CRY_SHA512 };
#define CRY_MAX_HASH 64
#define CRY_SHA256_LEN 32
size_t cry_hash_len(enum cry_hash h);

/*
 * Before anything else in a process that uses OpenSSL: no configuration file,
 * secure heap of 64 KiB (CRYPTO_secure_malloc_init must return exactly 1),
 * known-answer checks that the algorithms and the `seed` key-generation
 * parameter exist in this libcrypto. SN_E_LOCK / SN_E_CRYPTO.
 */
SN_MUST_USE enum sn_err cry_start(struct sn_why *why);

/* ret has room for cry_hash_len(h) bytes. */
SN_MUST_USE enum sn_err cry_digest(enum cry_hash h, struct bytes data, uint8_t *ret,
    struct sn_why *why);
/* Digest of several pieces in order, as if they were one. */
SN_MUST_USE enum sn_err cry_digest_v(enum cry_hash h, const struct bytes *parts, size_t n,
    uint8_t *ret, struct sn_why *why);
SN_MUST_USE enum sn_err cry_hmac(enum cry_hash h, struct bytes key, struct bytes data,
    uint8_t *ret, struct sn_why *why);

/* RFC 5869. prk is a fresh secret of cry_hash_len(h); out a fresh secret of n bytes. */
SN_MUST_USE enum sn_err cry_hkdf_extract(enum cry_hash h, struct bytes salt, struct bytes ikm,
    struct sn_secret *ret_prk, struct sn_why *why);
SN_MUST_USE enum sn_err cry_hkdf_expand(enum cry_hash h, struct bytes prk, struct bytes info,
    size_t n, struct sn_secret *ret, struct sn_why *why);

/* PBKDF2-HMAC-SHA256 [RFC 8018], as SLIP-0039's rounds need; n bytes, fresh. */
SN_MUST_USE enum sn_err cry_pbkdf2_sha256(struct bytes password, struct bytes salt,
    uint32_t iterations, size_t n, struct sn_secret *ret, struct sn_why *why);

/* RFC 9106 Argon2id; memory in KiB; n bytes, fresh. The memory is wiped, not locked. */
SN_MUST_USE enum sn_err cry_argon2id(struct bytes passphrase, struct bytes salt,
    uint32_t memory_kib, uint32_t passes, uint32_t lanes, size_t n, struct sn_secret *ret,
    struct sn_why *why);

/* SP 800-108 in counter mode over HMAC, 32-bit counter and length, a zero byte behind the
 * label: the TPM's KDFa [TCG P1 11.4.10.2]. n bytes, fresh. */
SN_MUST_USE enum sn_err cry_kbkdf(enum cry_hash h, struct bytes key, struct bytes label,
    struct bytes context, size_t n, struct sn_secret *ret, struct sn_why *why);
/* SP 800-56C one-step with a hash over counter, z and info: the TPM's KDFe [TCG P1
 * 11.4.10.3]. n bytes, fresh. */
SN_MUST_USE enum sn_err cry_sskdf(enum cry_hash h, struct bytes z, struct bytes info, size_t n,
    struct sn_secret *ret, struct sn_why *why);

/* Kernel random bytes by getrandom(2), not OpenSSL's generator. */
SN_MUST_USE enum sn_err cry_random(void *ret, size_t n, struct sn_why *why);
SN_MUST_USE enum sn_err cry_random_secret(size_t n, struct sn_secret *ret, struct sn_why *why);

/* AES-256-GCM, 12-byte nonce, 16-byte tag behind the ciphertext. Open refuses
 * a wrong tag with SN_E_SIGNATURE and leaves ret untouched. */
SN_MUST_USE enum sn_err cry_aead_seal(struct bytes key32, struct bytes nonce12,
    struct bytes aad, struct bytes plain, struct sn_buf *ret, struct sn_why *why);
SN_MUST_USE enum sn_err cry_aead_open(struct bytes key32, struct bytes nonce12,
    struct bytes aad, struct bytes sealed, struct sn_secret *ret, struct sn_why *why);

#endif
