/*
 * trust - the table of certificates that both the identity file and the PEM files
 * are held against.
 *
 * Owns: nothing. May include: base, gnutls. See docs/FORMAT-KEYS.md.
 */
#ifndef CROSSCHECK_TRUST_H
#define CROSSCHECK_TRUST_H

#include "appliance/crosscheck/crosscheck.h"

enum xc_key { XC_P384, XC_P256, XC_MLDSA87 };
enum xc_profile { XC_IS_ROOT, XC_IS_CA, XC_IS_STATEMENT, XC_IS_OPERATIONS, XC_IS_TOKEN };

struct xc_cert_row {
	const char *label, *name;
	enum xc_cert_id issuer;
	enum xc_key key;
	enum xc_profile profile;
};
extern const struct xc_cert_row xc_cert_rows[XC_CERTS];

/* What the issuer's key signs with, as a DER AlgorithmIdentifier in hex. */
const char *xc_sig_alg(enum xc_cert_id id);
/* Name with organization and common name, both UTF8String. */
SN_MUST_USE enum sn_err xc_put_name(const struct xc *c, enum xc_cert_id id, struct sn_buf *ret,
    struct sn_why *why);
/* The certificate as docs/FORMAT-KEYS.md wants it, with this public key and signature. */
SN_MUST_USE enum sn_err xc_put_cert(const struct xc *c, enum xc_cert_id id,
    struct bytes signature, struct sn_buf *ret, struct sn_why *why);

#endif
