/*
 * priv - what the files of appliance/crypto share among themselves: the insides
 * of the opaque types, clean-up functions for OpenSSL's objects, failures.
 *
 * Owns: nothing. May include: base, crypto headers. Included by no other room.
 */
#ifndef CRY_PRIV_H
#define CRY_PRIV_H

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/cms.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "appliance/crypto/cert.h"

struct cry_key {
	EVP_PKEY *pkey;
	enum cry_alg alg;
	bool priv;
};

#define CRY_CN_MAX 128

#define CRY_EXTENSIONS_MAX 64

/* An extension where it stands in the X509. */
struct cry_ext {
	struct bytes oid; /* content octets */
	struct bytes value;
	bool critical;
};

struct cry_warm; /* cert_warm.c */

struct cry_cert {
	X509 *x;
	struct cry_warm *warm;	      /* NULL until cry_cert_warm() */
	struct sn_buf der;	      /* as it came */
	struct bytes subject, issuer; /* in the X509 */
	int64_t not_before, not_after;
	struct cry_ext *exts; /* nexts of them, owned */
	size_t nexts;
	bool plain;	     /* has no extension in which OpenSSL could find a fault */
	bool plain_critical; /* and a critical one that it does not know */
	bool key_known;	     /* then key_alg is set, and its size is right */
	enum cry_alg key_alg;
	char cn[CRY_CN_MAX + 1], shown[CRY_CN_MAX + 1];
};

struct cry_crl {
	X509_CRL *x;
	struct sn_buf der;   /* as it came */
	struct bytes issuer; /* in the X509_CRL */
	int64_t this_update, next_update;
};

/* What is the same for every algorithm but its numbers. */
struct cry_alg_info {
	const char *name;			 /* ours, "P-384" */
	const char *evp;			 /* OpenSSL's name of the key type */
	const char *group;			 /* OpenSSL's name of the curve, or NULL */
	const char *md;				 /* digest of a signature, or NULL */
	const char *drbg_pers;			 /* C2SP det-keygen's personalization string */
	int nid;				 /* curve, or 0 */
	size_t seed_min, seed_max, scalar, spki; /* bytes; spki 0 when it varies */
};
const struct cry_alg_info *cry_alg_info(enum cry_alg a);
const char *cry_hash_name(enum cry_hash h);

/* sn_fail with OpenSSL's newest reason behind the text; empties its queue. */
enum sn_err cry_fail(struct sn_why *why, enum sn_err err, const char *what);

/* Wrap a key that is ours from then on, also on failure (it is freed). */
SN_MUST_USE enum sn_err cry_key_wrap(EVP_PKEY *pkey, enum cry_alg alg, bool priv,
    struct cry_key **ret, struct sn_why *why);
/* Any public key of a kind we know, as found in an SPKI of that length. */
SN_MUST_USE enum sn_err cry_key_wrap_public(EVP_PKEY *pkey, size_t spki_len,
    struct cry_key **ret, struct sn_why *why);

/* Of which kind a public key is that OpenSSL took from an SPKI of that length. It takes no
 * point that is not on its curve [SP 800-56A 5.6.2.3.4: all there is to check where the
 * cofactor is 1]; the length excludes compressed points and curves by their parameters. */
SN_MUST_USE enum sn_err cry_key_kind(const EVP_PKEY *pkey, size_t spki_len, enum cry_alg *ret,
    struct sn_why *why);

/* First 20 bytes of SHA-256 over the SPKI [RFC 7093 section 2, method 4]. */
#define CRY_KEY_ID_LEN 20
SN_MUST_USE enum sn_err cry_key_id(const struct cry_key *k, uint8_t ret[CRY_KEY_ID_LEN],
    struct sn_why *why);

/*
 * Parameters that make a signature by k deterministic, for EVP_DigestSignInit_ex
 * and EVP_PKEY_CTX_set_params; up to CRY_DET_PARAMS entries with the end mark.
 */
#define CRY_DET_PARAMS 2
void cry_det_params(enum cry_alg alg, OSSL_PARAM params[CRY_DET_PARAMS]);

/* Append PEM with lines of 64 characters [RFC 7468]. */
SN_MUST_USE enum sn_err cry_pem(const char *label, struct bytes der, struct sn_buf *ret,
    struct sn_why *why);

/* Seconds since 1970 of an X.509 time in the form that RFC 5280 demands. */
SN_MUST_USE enum sn_err cry_time(const ASN1_TIME *t, const char *what, int64_t *ret,
    struct sn_why *why);
/* A Name as it stood there; the name's. */
SN_MUST_USE enum sn_err cry_name_der(const X509_NAME *name, struct bytes *ret,
    struct sn_why *why);

/* What is the same for every signature algorithm but its row's values. */
struct cry_sigalg_info {
	const char *name;
	int nid;
	enum cry_alg key;
	int param;	/* V_ASN1_UNDEF absent, V_ASN1_NULL, V_ASN1_SEQUENCE for PSS */
	const char *md; /* OpenSSL's name of the digest that is signed; NULL: the data is */
	int pss_salt;	/* bytes; 0: no PSS */
};
const struct cry_sigalg_info *cry_sigalg_info(enum cry_sigalg a);
const char *cry_sigalg_name(enum cry_sigalg a);
/* Both AlgorithmIdentifiers are equal, and are want with a key of that kind; which of those
 * that want stands for; CRY_SIG_SHA2 itself for a curve and hash that have no row. */
SN_MUST_USE enum sn_err cry_sigalg_check(const X509_ALGOR *inside, const X509_ALGOR *outside,
    enum cry_alg key, enum cry_sigalg want, const char *what, enum cry_sigalg *ret,
    struct sn_why *why);
/* Is c's signature by issuer's key, under that one algorithm? */
bool cry_warm_verifies(const struct cry_cert *c, const struct cry_cert *issuer,
    enum cry_sigalg a);
void cry_warm_free(struct cry_warm **wp); /* NULL-safe, idempotent */
SN_MUST_USE enum sn_err cry_crl_signed_by(const struct cry_crl *crl,
    const struct cry_cert *issuer, enum cry_sigalg alg, struct sn_why *why);
SN_MUST_USE enum sn_err cry_crl_signed_by_key(const struct cry_crl *crl,
    const struct cry_cert *issuer, enum cry_sigalg alg, struct sn_why *why);
/* List the extensions of a certificate that has none yet: none twice, none malformed. */
SN_MUST_USE enum sn_err cry_cert_extensions(struct cry_cert *c, struct sn_why *why);
/* Has it a critical extension that nobody here knows? */
bool cry_cert_unknown_critical(const struct cry_cert *c);
/* cry_chain_verify with one algorithm for all, and an OpenSSL purpose (0: none). */
SN_MUST_USE enum sn_err cry_chain_check(const struct cry_cert *const *chain, size_t n,
    const struct cry_cert *root, int64_t at, enum cry_sigalg alg, int purpose, const char *eku,
    struct sn_why *why);

/* i2d of anything into an sn_buf. */
SN_MUST_USE enum sn_err cry_put_der(struct sn_buf *ret, int len, unsigned char *der,
    const char *what, struct sn_why *why);

static inline void
cry_pkey_done(EVP_PKEY **p)
{
	EVP_PKEY_free(*p);
	*p = NULL;
}

static inline void
cry_pkey_ctx_done(EVP_PKEY_CTX **p)
{
	EVP_PKEY_CTX_free(*p);
	*p = NULL;
}

static inline void
cry_md_ctx_done(EVP_MD_CTX **p)
{
	EVP_MD_CTX_free(*p);
	*p = NULL;
}

static inline void
cry_x509_done(X509 **p)
{
	X509_free(*p);
	*p = NULL;
}

static inline void
cry_x509_crl_done(X509_CRL **p)
{
	X509_CRL_free(*p);
	*p = NULL;
}

static inline void
cry_bn_done(BIGNUM **p)
{
	BN_clear_free(*p);
	*p = NULL;
}

static inline void
cry_bio_done(BIO **p)
{
	BIO_free_all(*p);
	*p = NULL;
}

static inline void
cry_obj_done(ASN1_OBJECT **p)
{
	ASN1_OBJECT_free(*p);
	*p = NULL;
}

static inline void
cry_octets_done(ASN1_OCTET_STRING **p)
{
	ASN1_OCTET_STRING_free(*p);
	*p = NULL;
}

static inline void
cry_integer_done(ASN1_INTEGER **p)
{
	ASN1_INTEGER_free(*p);
	*p = NULL;
}

#endif
