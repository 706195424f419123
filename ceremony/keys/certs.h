/*
 * certs - all certificates and public trust files from a secret and the identity.
 *
 * Owns: parsed certificates and files until *_done(). May include: base,
 * crypto. A pure function: the same inputs give the same bytes. Profiles:
 * docs/FORMAT-KEYS.md, "Certificates".
 */
#ifndef CERTS_H
#define CERTS_H

#include "appliance/crypto/cert.h"
#include "ceremony/keys/revoke.h"

/* The extended key usage of the attestation token's signer: id-kp-jwt [RFC 9509]. Consumers
 * see this certificate, so it is a registered one. */
#define CERTS_EKU_TOKEN "1.3.6.1.5.5.7.3.37"

/* What a key's certificate is: one row per enum key_id, CERTS_NONE for the log key. */
enum certs_kind { CERTS_NONE, CERTS_ROOT, CERTS_CA, CERTS_LEAF };
struct certs_row {
	enum certs_kind kind;
	enum key_id issuer;	 /* itself for a root */
	const char *cn;		 /* what the common name says it is */
	const char *const *ekus; /* NULL for a CA */
};
const struct certs_row *certs_row(enum key_id id);

/* The keys of one sanctum with their certificates. */
struct certs {
	struct cry_key *key[KEY_COUNT];
	struct cry_cert *cert[KEY_COUNT]; /* NULL where there is none */
	struct sn_buf crl[REVOKE_LISTS];  /* DER, in the order of revoke_ca() */
	struct sn_buf sealed;		  /* revocation.sealed */
};
void certs_done(struct certs *c); /* NULL-safe, idempotent */

/*
 * Every key, certificate and revocation list from the master secret. Each certificate has been
 * verified against its issuer before this returns.
 */
SN_MUST_USE enum sn_err certs_make(const struct identity *id, struct bytes master,
    struct certs *ret, struct sn_why *why);

#define CERTS_MAX_FILES 24
struct certs_file {
	const char *path; /* static: "trust/root-p384.pem" */
	struct sn_buf data;
};
struct certs_files {
	struct certs_file file[CERTS_MAX_FILES];
	size_t n;
};
void certs_files_done(struct certs_files *f); /* NULL-safe, idempotent */

/* trust/identity.json and all trust files, in byte order of their paths. */
SN_MUST_USE enum sn_err certs_files(const struct identity *id, const struct certs *c,
    struct certs_files *ret, struct sn_why *why);

/*
 * The identity digest: SHA-256 over both root public keys, P-384 first, each a
 * u32 length and its DER SubjectPublicKeyInfo.
 */
SN_MUST_USE enum sn_err certs_identity_digest(const struct cry_key *root_p384,
    const struct cry_key *root_mldsa87, uint8_t ret[32], struct sn_why *why);

#endif
