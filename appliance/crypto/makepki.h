/*
 * makepki - a vendor-like PKI for rehearsals and tests: RSA keys, PSS
 * signatures, certificates with any extensions, raw ECDSA signatures.
 *
 * Owns: nothing. May include: base, crypto headers. No program that handles a
 * production ceremony calls this, and `sanctum` does not link it.
 */
#ifndef CRY_MAKEPKI_H
#define CRY_MAKEPKI_H

#include "appliance/crypto/cert.h"

/* A raw extension: dotted object identifier, critical, DER of the value. */
struct cry_raw_ext {
	const char *oid;
	bool critical;
	struct bytes der;
};

/* A random RSA key of 2048 to 4096 bits, public exponent 65537. */
SN_MUST_USE enum sn_err cry_key_generate_rsa(unsigned int bits, struct cry_key **ret,
    struct sn_why *why);

/*
 * As cry_cert_issue(), and: an RSA issuer signs with PSS, SHA-384, MGF1-SHA-384,
 * salt 48; the serial number may be zero; exts follow the profile's extensions.
 * Key identifiers are put in, except that with no_key_ids neither is (as in AMD's
 * VCEK), and an issuer without one leaves out the authority's. With RSA the DER
 * differs each time (the salt is random).
 */
SN_MUST_USE enum sn_err cry_cert_issue_raw(const struct cry_profile *profile,
    const struct cry_raw_ext *exts, size_t nexts, bool no_key_ids,
    const struct cry_key *subject, const struct cry_key *issuer,
    const struct cry_cert *issuer_cert, struct sn_buf *ret, struct sn_why *why);

/* How a curve's point and parameters are written into an SPKI: as everybody does, or not. */
enum cry_ec_form { CRY_EC_NAMED, CRY_EC_EXPLICIT, CRY_EC_COMPRESSED };
/* A random P-521 key, for IBM's host keys. */
SN_MUST_USE enum sn_err cry_key_generate_p521(enum cry_ec_form form, struct cry_key **ret,
    struct sn_why *why);

/*
 * As cry_cert_issue_raw(), but an RSA issuer signs with RSASSA-PKCS1-v1_5 and that hash
 * (IBM's and DigiCert's), so that the same arguments give the same DER; key identifiers are
 * put in, the authority's being that of akid_cert.
 */
SN_MUST_USE enum sn_err cry_cert_issue_v15(const struct cry_profile *profile,
    const struct cry_raw_ext *exts, size_t nexts, const struct cry_key *subject,
    const struct cry_key *issuer, const struct cry_cert *issuer_cert,
    const struct cry_cert *akid_cert, enum cry_hash hash, struct sn_buf *ret,
    struct sn_why *why);
/* As cry_crl_issue(), signed in that way. */
SN_MUST_USE enum sn_err cry_crl_issue_v15(const struct cry_key *issuer,
    const struct cry_cert *issuer_cert, int64_t this_update, int64_t next_update,
    const struct bytes *serials, size_t n, enum cry_hash hash, struct sn_buf *ret,
    struct sn_why *why);

/* ECDSA as r||s, each as long as the curve's order (Intel's JSON). Appended. */
SN_MUST_USE enum sn_err cry_sign_raw_ecdsa(const struct cry_key *k, struct bytes data,
    struct sn_buf *ret, struct sn_why *why);

#endif
