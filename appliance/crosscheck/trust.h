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
/* The same for what that certificate's own key signs. */
const char *xc_own_alg(enum xc_cert_id id);
/* Append UTCTime, or from 2050 on GeneralizedTime [RFC 5280 4.1.2.5]. */
SN_MUST_USE enum sn_err xc_put_time(struct sn_buf *b, int64_t t, struct sn_why *why);
/* Append head (hex) and the first 20 bytes of SHA-256 over the public key. */
SN_MUST_USE enum sn_err xc_put_key_id(struct sn_buf *b, const char *head, struct bytes spki,
    struct sn_why *why);
/* The serial number that fits label, generation and dates. */
SN_MUST_USE enum sn_err xc_serial(const struct xc *c, enum xc_cert_id id, uint32_t generation,
    int64_t from, int64_t to, uint8_t ret[20], struct sn_why *why);
/* Name with organization and common name, both UTF8String. */
SN_MUST_USE enum sn_err xc_put_name(const struct xc *c, enum xc_cert_id id, struct sn_buf *ret,
    struct sn_why *why);
/* The certificate as docs/FORMAT-KEYS.md wants it, with this public key and signature. */
SN_MUST_USE enum sn_err xc_put_cert(const struct xc *c, enum xc_cert_id id,
    struct bytes signature, struct sn_buf *ret, struct sn_why *why);

#endif
