/*
 * ek - an endorsement key's certificate, and the way from it to a vendor's root.
 *
 * Owns: the certificates in a heap. May include: base, crypto. Sources: RFC 5280, TCG EK
 * Credential Profile 2.6 (3.2 the certificate, 2.2.1.5 certificates in NV); docs/TPM.md.
 */
#ifndef ATT_EK_H
#define ATT_EK_H

#include "appliance/attest/attest.h"

#define ATT_HEAP_MAX 64 /* certificates */
#define ATT_DEPTH_MAX 6 /* certificates above the endorsement key's, the root included */

struct att_heap; /* opaque: certificates that nobody has verified, each once */
SN_MUST_USE enum sn_err att_heap_new(struct att_heap **ret, struct sn_why *why);
void att_heap_free(struct att_heap **hp); /* NULL-safe, idempotent */
size_t att_heap_count(const struct att_heap *h);
/*
 * Add all certificates of a file: PEM, text between them ignored, or DER, one behind the
 * other, nothing else. what is the file's name. On failure nothing of it is added:
 * SN_E_FORMAT when a certificate cannot be read or there is none, SN_E_LIMIT when there are
 * more than ATT_HEAP_MAX.
 */
SN_MUST_USE enum sn_err att_heap_file(struct att_heap *h, struct bytes file, const char *what,
    struct sn_why *why);
/* The same from NV indices: DER, then padding of zero or ff bytes; all padding is no error. */
SN_MUST_USE enum sn_err att_heap_nv(struct att_heap *h, struct bytes nv, const char *what,
    struct sn_why *why);

/* One certificate, DER, and only padding behind it: its bytes, within nv. */
SN_MUST_USE enum sn_err att_cert_in_nv(struct bytes nv, struct bytes *ret, struct sn_why *why);

/* The certificate in the heap that is for ek's key and no CA's; p NULL when there is none. */
SN_MUST_USE enum sn_err att_heap_find_ek(const struct att_heap *h, const struct att_ek *ek,
    struct bytes *ret, struct sn_why *why);

/* The path that was verified. */
#define ATT_TEXT_MAX 64
struct att_path {
	struct sn_buf pem;	 /* ek-chain.pem: from the issuer to the root, the root last */
	size_t n;		 /* certificates in it */
	char root[ATT_TEXT_MAX]; /* its name in the table of roots; for people */
	bool generated;		 /* the root is the plan's (vendor_pki.tpm), not a vendor's */
	/* what the certificate says of the TPM, printable, "" when it does not [3.2.9] */
	char manufacturer[ATT_TEXT_MAX], model[ATT_TEXT_MAX], version[ATT_TEXT_MAX];
};
void att_path_done(struct att_path *p); /* NULL-safe, idempotent */

/*
 * cert, DER, is an endorsement certificate for ek's key, and there is a path of certificates
 * of the heap, valid at the time, to a root of the table (roots.h), or, when extra is not
 * NULL, to one whose SPKI has that SHA-256. Signatures are RSA or ECDSA with SHA-2. There is
 * no revocation: a vendor's CRLs are not looked at. The caller calls att_path_done().
 * SN_E_FORMAT, SN_E_SIGNATURE, SN_E_ROLE, SN_E_EXPIRED, SN_E_CHAIN, SN_E_LIMIT.
 */
SN_MUST_USE enum sn_err att_ek_path(struct bytes cert, const struct att_ek *ek,
    const struct att_heap *h, const uint8_t *extra, int64_t at, struct att_path *ret,
    struct sn_why *why);
/* The same for an authority's certificate: no matter for which key, and no name of a TPM. */
SN_MUST_USE enum sn_err att_ca_path(struct bytes cert, const struct att_heap *h,
    const uint8_t *extra, int64_t at, struct att_path *ret, struct sn_why *why);

#endif
