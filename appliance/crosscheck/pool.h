/*
 * pool - certificates and revocation lists that are not the sanctum's own: what signed
 * what, up to a root among them.
 *
 * Owns: what is put in, until xc_pool_done(). May include: base, gnutls. Sources: RFC 5280,
 * RFC 7468. Whose root it is, is not asked here: `sanctum verify` has the vendors' keys.
 */
#ifndef CROSSCHECK_POOL_H
#define CROSSCHECK_POOL_H

#include "appliance/crosscheck/crosscheck.h"

#define XC_MAX_DER (4U << 20)

/* How a certificate or list may hang on others. */
struct xc_pool_role {
	bool issues;	    /* its file is a chain: it may sign others */
	const char *vendor; /* only a certificate of the same may sign it; a literal */
	bool any_name;	    /* IBM's names do not fit, and its signing key is no CA */
};

struct xc_pool_cert {
	gnutls_x509_crt_t crt;
	gnutls_datum_t der;
	const char *path; /* the file that it came in */
	struct xc_pool_role role;
	bool good, root;
	size_t issuer; /* when it is good */
};
struct xc_pool_crl {
	gnutls_x509_crl_t crl;
	gnutls_datum_t der;
	const char *path;
	struct xc_pool_role role;
	size_t issuer;
};
struct xc_pool {
	struct xc_pool_cert *cert;
	struct xc_pool_crl *crl;
	size_t ncerts, cap_certs, ncrls, cap_crls;
	int64_t at; /* the time at which all must be valid */
};

void xc_pool_done(struct xc_pool *p); /* idempotent */

/*
 * The next certificate or list in PEM, wherever it stands: in a file of its own, in a string
 * of JSON, or with percent signs in a URL's part. *ret_end behind the last one. SN_E_FORMAT
 * for a block that has no end or is no base64.
 */
SN_MUST_USE enum sn_err xc_pem_next(struct bytes *text, struct sn_buf *ret_der,
    bool *ret_is_crl, bool *ret_end, const char *what, struct sn_why *why);

/* One certificate or list in DER; path must outlive the pool. A chain's are kept once. */
SN_MUST_USE enum sn_err xc_pool_add(struct xc_pool *p, bool is_crl, struct bytes der,
    const char *path, struct xc_pool_role role, struct sn_why *why);
/* Everything in a file: one thing in DER, or all blocks of PEM in it; one at least. */
SN_MUST_USE enum sn_err xc_pool_add_file(struct xc_pool *p, const struct xc_file *f,
    bool is_crl, struct xc_pool_role role, struct sn_why *why);

/*
 * Each certificate is signed by one that is good, up to a root that signs itself; each list,
 * too; all are valid at p->at, and no list here has a certificate here. SN_E_SIGNATURE
 * names the file.
 */
SN_MUST_USE enum sn_err xc_pool_verify(struct xc_pool *p, struct sn_why *why);

/* Is it here, byte for byte? */
bool xc_pool_has(const struct xc_pool *p, bool is_crl, struct bytes der);
/* Did key's certificate sign it? Name and role aside. */
bool xc_signed_by(struct bytes der, gnutls_sign_algorithm_t alg, gnutls_x509_crt_t issuer);

#endif
