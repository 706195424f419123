/*
 * cert - X.509 certificates and CRLs: building ours byte for byte the same
 * every time, reading anybody's, and verifying chains at a given time.
 *
 * Owns: parsed objects until freed. May include: base. Sources: RFC 5280,
 * RFC 5480, RFC 9881 (ML-DSA), RFC 4055 (PSS).
 */
#ifndef CRY_CERT_H
#define CRY_CERT_H

#include "appliance/crypto/key.h"

/* Our own extended key usage for statement signers; each arc is below 2^31 so that every
 * parser can read it [ITU-T X.667]; docs/FORMAT-KEYS.md */
#define CRY_EKU_STATEMENT "2.25.1129532500.1"
/* and for operations statement signers */
#define CRY_EKU_OPERATIONS "2.25.1129532500.2"

#define CRY_CERT_MAX (64U << 10)
#define CRY_CRL_MAX (1U << 20)

struct cry_cert; /* opaque: one parsed certificate and its original DER */
struct cry_crl;	 /* opaque: one parsed CRL and its original DER */

/* What goes into a certificate of ours. All strings are the caller's. */
struct cry_profile {
	const char *common_name, *organization; /* UTF8String, organization first */
	uint8_t serial[20];			/* big-endian; top bit clear; not zero */
	int64_t not_before, not_after;
	bool ca;
	int pathlen; /* for a CA; -1 leaves it out */
	bool key_cert_sign, crl_sign, digital_signature, key_agreement;
	const char *const *ekus;      /* OIDs as text, NULL-ended; NULL for none */
	const char *const *dns_names; /* SAN, NULL-ended; NULL for none */
	/* More of the name, in this order before the organization; NULL leaves it out. */
	const char *country, *state, *locality;
	const char *organizational_unit; /* between organization and common name */
};

/*
 * Issue a certificate over subject's public key. Key identifiers are SHA-256 of
 * the SPKI truncated to 20 bytes. Self-signed when issuer_cert is NULL and
 * issuer == subject. Deterministic: the same arguments give the same DER.
 * The signature is verified before DER is appended to ret. (issue.c: a program
 * that only verifies does not link it. Vendor-like PKIs for tests: makepki.h.)
 */
SN_MUST_USE enum sn_err cry_cert_issue(const struct cry_profile *profile,
    const struct cry_key *subject, const struct cry_key *issuer,
    const struct cry_cert *issuer_cert, struct sn_buf *ret, struct sn_why *why);

/* Exactly one DER certificate, nothing behind it, at most CRY_CERT_MAX. */
SN_MUST_USE enum sn_err cry_cert_parse(struct bytes der, struct cry_cert **ret,
    struct sn_why *why);
#define CRY_PEM_CHAIN_MAX 8
/* One to CRY_PEM_CHAIN_MAX PEM certificates, only white space between them. ret[i]
 * owned by the caller; *ret_n is the count. */
SN_MUST_USE enum sn_err cry_cert_parse_pem(struct bytes pem, struct cry_cert **ret,
    size_t *ret_n, struct sn_why *why);
void cry_cert_free(struct cry_cert **cp); /* NULL-safe, idempotent */
void cry_cert_free_all(struct cry_cert **certs, size_t n);
/* Append "CERTIFICATE" PEM. */
SN_MUST_USE enum sn_err cry_cert_pem(struct bytes der, struct sn_buf *ret, struct sn_why *why);

struct bytes cry_cert_der(const struct cry_cert *c);	     /* the original bytes */
struct bytes cry_cert_subject_der(const struct cry_cert *c); /* the Name's DER */
struct bytes cry_cert_issuer_der(const struct cry_cert *c);
/* A Name's DER as text for people, RFC 2253 but in its own order, everything but printable
 * ASCII escaped, cut at max; "" when it is empty or no Name. */
void cry_name_text(struct bytes der, char *ret, size_t max);
/* The magnitude without leading zero bytes; the number 0 is one zero byte. */
struct bytes cry_cert_serial(const struct cry_cert *c);
const char *cry_cert_cn(const struct cry_cert *c); /* subject CN, printable or "" */
/* What messages call it: its CN; its unit where the CN is only the organization again. */
const char *cry_cert_shown(const struct cry_cert *c);
int64_t cry_cert_not_before(const struct cry_cert *c);
int64_t cry_cert_not_after(const struct cry_cert *c);
bool cry_cert_is_ca(const struct cry_cert *c);
bool cry_cert_self_issued(const struct cry_cert *c);
int cry_cert_pathlen(const struct cry_cert *c); /* of a CA; -1 when there is no limit */
bool cry_cert_has_eku(const struct cry_cert *c, const char *oid);
/* The value bytes of the extension with that dotted OID; p NULL when absent;
 * SN_E_FORMAT when it is there twice. */
SN_MUST_USE enum sn_err cry_cert_ext(const struct cry_cert *c, const char *oid,
    struct bytes *ret, struct sn_why *why);
/* The same, by the object identifier's content octets: many times faster. No certificate that
 * was parsed has an extension twice. */
struct bytes cry_cert_ext_der(const struct cry_cert *c, struct bytes oid);
/* The public key, a new reference the caller frees. */
SN_MUST_USE enum sn_err cry_cert_key(const struct cry_cert *c, struct cry_key **ret,
    struct sn_why *why);
/* Of which kind the key is, without a reference to it; the same errors. */
SN_MUST_USE enum sn_err cry_cert_key_alg(const struct cry_cert *c, enum cry_alg *ret,
    struct sn_why *why);
/* How many bytes its SPKI has as it stands there; says which RSA keys have which exponent. */
size_t cry_cert_spki_len(const struct cry_cert *c);
/* SHA-256 over the SPKI. */
SN_MUST_USE enum sn_err cry_cert_spki_sha256(const struct cry_cert *c, uint8_t ret[32],
    struct sn_why *why);

/* How a signature must have been made; the verifier accepts nothing else. */
enum cry_sigalg {
	CRY_SIG_ECDSA_P256_SHA256,
	CRY_SIG_ECDSA_P384_SHA384,
	CRY_SIG_MLDSA87,
	CRY_SIG_RSA_PSS_SHA384, /* MGF1-SHA-384, salt 48, trailer 1 (explicit or absent) */
	CRY_SIG_RSA_SHA256,
	CRY_SIG_RSA_SHA384,
	CRY_SIG_RSA_SHA512,
	CRY_SIG_ANY,	  /* any of the above */
	CRY_SIG_RSA_SHA2, /* RSASSA-PKCS1-v1_5 with SHA-256, SHA-384 or SHA-512 */
	CRY_SIG_SHA2,	  /* that, or ECDSA on a NIST curve with any of these hashes */
};
/* Does issuer's key verify c's signature, names fit, signature algorithm inside
 * and outside TBS agree and equal alg? SN_E_SIGNATURE / SN_E_CHAIN / SN_E_FORMAT. */
SN_MUST_USE enum sn_err cry_cert_signed_by(const struct cry_cert *c,
    const struct cry_cert *issuer, enum cry_sigalg alg, struct sn_why *why);
/*
 * The same by the issuer's key alone: its name, and whether it is a CA, are the caller's to
 * judge. For a vendor whose signing certificate is no CA [IBM Secure Execution].
 */
SN_MUST_USE enum sn_err cry_cert_signed_by_key(const struct cry_cert *c,
    const struct cry_cert *issuer, enum cry_sigalg alg, struct sn_why *why);
/* Prepare for many signatures by this certificate's key: each is verified faster after it, with
 * the same verdict. Idempotent; does nothing for a key of a kind that is not used here. */
SN_MUST_USE enum sn_err cry_cert_warm(struct cry_cert *c, struct sn_why *why);
/* SN_E_EXPIRED unless not_before <= at <= not_after. */
SN_MUST_USE enum sn_err cry_cert_valid_at(const struct cry_cert *c, int64_t at,
    struct sn_why *why);

/*
 * RFC 5280 path validation at a time, trusting exactly the given self-signed
 * root: chain[0] is the leaf, then its issuers (without the root); strict flags,
 * no partial chain; purpose check by eku (dotted) on the leaf when not NULL.
 */
SN_MUST_USE enum sn_err cry_chain_verify(const struct cry_cert *const *chain, size_t n,
    const struct cry_cert *root, int64_t at, const char *eku, struct sn_why *why);

/*
 * The same for PKIs of many vendors, whose certificates keep to RFC 5280 but not to all that
 * strict flags ask for, and sign with CRY_SIG_SHA2: anchor is trusted, whether self-signed or
 * not, and whatever signed it.
 */
SN_MUST_USE enum sn_err cry_path_verify(const struct cry_cert *const *chain, size_t n,
    const struct cry_cert *anchor, int64_t at, struct sn_why *why);

SN_MUST_USE enum sn_err cry_crl_parse(struct bytes der, struct cry_crl **ret,
    struct sn_why *why);
void cry_crl_free(struct cry_crl **cp);
struct bytes cry_crl_issuer_der(const struct cry_crl *c);
int64_t cry_crl_this_update(const struct cry_crl *c);
int64_t cry_crl_next_update(const struct cry_crl *c); /* parse refuses a CRL without */
/* Signed by issuer under alg, names fit, valid at the time, no delta, no
 * issuingDistributionPoint or unknown critical extension. */
SN_MUST_USE enum sn_err cry_crl_verify(const struct cry_crl *crl, const struct cry_cert *issuer,
    enum cry_sigalg alg, int64_t at, struct sn_why *why);
/* As cry_cert_signed_by_key(); and current at the time. */
SN_MUST_USE enum sn_err cry_crl_verify_key(const struct cry_crl *crl,
    const struct cry_cert *issuer, enum cry_sigalg alg, int64_t at, struct sn_why *why);
/* As cry_cert_ext(), of a CRL. */
SN_MUST_USE enum sn_err cry_crl_ext(const struct cry_crl *crl, const char *oid,
    struct bytes *ret, struct sn_why *why);
/* How many certificates it revokes. */
size_t cry_crl_count(const struct cry_crl *crl);
/* Its CRL number; SN_E_FORMAT when there is none or it has more than 32 bits. */
SN_MUST_USE enum sn_err cry_crl_number(const struct cry_crl *crl, uint32_t *ret,
    struct sn_why *why);
struct bytes cry_crl_der(const struct cry_crl *c); /* the original bytes */
/* Append "X509 CRL" PEM. */
SN_MUST_USE enum sn_err cry_crl_pem(struct bytes der, struct sn_buf *ret, struct sn_why *why);
/*
 * The CRL that pem starts with, PEM in exactly the form of cry_crl_pem(); pem is moved
 * behind it, so that a caller who wants one calls bytes_end().
 */
SN_MUST_USE enum sn_err cry_crl_next_pem(struct bytes *pem, struct cry_crl **ret,
    struct sn_why *why);
bool cry_crl_revokes(const struct cry_crl *crl, struct bytes serial);

/*
 * A version 2 CRL of issuer with a CRL number and authorityKeyIdentifier (when the
 * issuer has a key identifier), revoking the serial numbers (big-endian). Every
 * entry's revocation date is this_update. The signature is verified before DER is
 * appended. (issue_crl.c: a program that only verifies does not link it.)
 */
SN_MUST_USE enum sn_err cry_crl_issue(const struct cry_key *issuer,
    const struct cry_cert *issuer_cert, int64_t this_update, int64_t next_update,
    uint32_t number, const struct bytes *serials, size_t n, struct sn_buf *ret,
    struct sn_why *why);

#endif
