/*
 * cms - detached signatures and envelopes in CMS (RFC 5652), DER.
 *
 * Owns: nothing. May include: base, crypto headers. Signed attributes are
 * always there; no signing time, no S/MIME capabilities; the signer's and the
 * intermediate certificates are inside; ECDSA with RFC 6979 nonces.
 */
#ifndef CRY_CMS_H
#define CRY_CMS_H

#include "appliance/crypto/cert.h"

#define CRY_CMS_MAX (256U << 10)

/*
 * Detached SignedData with one signer. SHA-384 for P-384, SHA-512 for ML-DSA-87
 * (RFC 9882). extra are the issuing CA certificates to carry (not the root).
 * Self-checked before return. DER appended to ret.
 */
SN_MUST_USE enum sn_err cry_cms_sign(const struct cry_key *key, const struct cry_cert *signer,
    const struct cry_cert *const *extra, size_t nextra, struct bytes content,
    struct sn_buf *ret, struct sn_why *why);

/*
 * Verify: exactly one signer, its digest and signature over content, its chain
 * through the carried certificates (every one is in it, the root is not) to exactly
 * root at time at, alg the only signature algorithm in signer and chain, smimesign
 * purpose (emailProtection) and eku (may be NULL) on the signer, which is no CA. Only
 * the one form that cry_cms_sign() writes is accepted. On success *ret_signer is the
 * signer's certificate, owned by the caller.
 * SN_E_SIGNATURE, SN_E_CHAIN, SN_E_ROLE, SN_E_EXPIRED, SN_E_FORMAT.
 */
SN_MUST_USE enum sn_err cry_cms_verify(struct bytes cms, struct bytes content,
    const struct cry_cert *root, enum cry_sigalg alg, const char *eku, int64_t at,
    struct cry_cert **ret_signer, struct sn_why *why);

/*
 * AuthEnvelopedData (AES-256-GCM) for one P-384 key: ECDH ephemeral-static with
 * SHA-384 KDF and AES-256 wrap, recipient named by subjectKeyIdentifier (SHA-256 of
 * its SPKI, first 20 bytes). DER appended to ret; it differs each time. Stock tools:
 * `openssl cms -decrypt -inform DER -in FILE -inkey KEY.pem`, without a certificate.
 */
SN_MUST_USE enum sn_err cry_cms_encrypt(const struct cry_key *recipient, struct bytes plain,
    struct sn_buf *ret, struct sn_why *why);
/* SN_E_SIGNATURE when it is not for this key or was altered; ret is then untouched. */
SN_MUST_USE enum sn_err cry_cms_decrypt(const struct cry_key *recipient, struct bytes cms,
    struct sn_secret *ret, struct sn_why *why);

#endif
