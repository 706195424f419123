/*
 * pki - a freshly made, vendor-like PKI with collateral, for rehearsals without real items.
 *
 * Owns: its keys until freed; they are thrown away. May include: base, crypto, the
 * firmware-cache rooms. Its names are the vendors', so that roles are checked as always; the
 * organisation says REHEARSAL, and its roots are trusted only where a plan names them.
 */
#ifndef PKI_PKI_H
#define PKI_PKI_H

#include "firmware-cache/store/store.h"

#define PKI_FROM "2025-01-01T00:00:00Z"
#define PKI_TO "2035-01-01T00:00:00Z"

enum pki_party {
	PKI_ARK,
	PKI_ASK,
	PKI_VCEK,
	PKI_ROOT,
	PKI_TCB_SIGNING,
	PKI_PLATFORM_CA,
	PKI_PROCESSOR_CA,
	PKI_PARTIES,
};

struct pki {
	int64_t from, to;
	struct cry_key *keys[PKI_PARTIES];
	struct cry_cert *certs[PKI_PARTIES];
};

/* New keys and certificates; the caller owns ret (pki_done). Takes a few seconds. */
SN_MUST_USE enum sn_err pki_make(struct pki *ret, struct sn_why *why);
void pki_done(struct pki *p); /* NULL-safe, idempotent */

/* The digests that a rehearsal's plan names as vendor_pki. */
SN_MUST_USE enum sn_err pki_roots(const struct pki *p, struct col_roots *ret,
    struct sn_why *why);
/* The same as canonical JSON {"vendor_pki":{...}}, appended. */
SN_MUST_USE enum sn_err pki_roots_json(const struct pki *p, struct sn_buf *ret,
    struct sn_why *why);

/* Call fn for every file of the collateral, path relative to collateral/. */
SN_MUST_USE enum sn_err pki_each(const struct pki *p,
    enum sn_err (*fn)(void *arg, const char *path, struct bytes bytes, struct sn_why *why),
    void *arg, struct sn_why *why);

/* A CRL of a party over p's dates, revoking another's certificate, or none (PKI_PARTIES). */
SN_MUST_USE enum sn_err pki_crl(const struct pki *p, enum pki_party issuer,
    enum pki_party revoked, struct sn_buf *ret, struct sn_why *why);
/* body signed as {"<name>":body,"signature":"..."} by a party; appended. */
SN_MUST_USE enum sn_err pki_sign_json(const struct pki *p, enum pki_party signer,
    const char *name, const char *body, struct sn_buf *ret, struct sn_why *why);

#endif
