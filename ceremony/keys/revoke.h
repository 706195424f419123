/*
 * revoke - the revocation lists of a sanctum: one per CA that is published with the
 * certificates, and one per CA that revokes all below it, made at the same time and sealed.
 *
 * Owns: nothing between calls. May include: base, crypto. Pure functions of the identity
 * and the secrets. Format: docs/FORMAT-KEYS.md, "Revocation lists".
 */
#ifndef REVOKE_H
#define REVOKE_H

#include "appliance/crypto/cert.h"
#include "ceremony/keys/identity.h"

#define REVOKE_LISTS 5 /* one per CA */
#define REVOKE_ENTRIES_MAX (4 + 2 * IDENTITY_PAST_MAX)
#define REVOKE_SEALED "trust/revocation.sealed"
#define REVOKE_SEALED_MAX (256U << 10)

/* PUBLISHED revokes what a rotation superseded; KILL everything that the CA issued. */
enum revoke_kind { REVOKE_PUBLISHED, REVOKE_KILL };

/* The i-th CA (0 to REVOKE_LISTS - 1), issuers before what they issue. */
enum key_id revoke_ca(size_t i);
/* Where its published list lies, "trust/crl/root-p384.pem"; static. */
const char *revoke_path(size_t i);
/* The CRL number: grows with every new generation, and a KILL list's is above. */
uint32_t revoke_number(const struct identity *id, enum revoke_kind kind);

/* One certificate that a list revokes. */
struct revoke_entry {
	enum key_id key;
	uint32_t generation;
	uint8_t serial[20];
};
/* All of the CA's list, *ret_n of them. */
SN_MUST_USE enum sn_err revoke_entries(const struct identity *id, enum key_id ca,
    enum revoke_kind kind, struct revoke_entry ret[REVOKE_ENTRIES_MAX], size_t *ret_n,
    struct sn_why *why);

/*
 * Is the list what the identity says: signed by the CA's certificate, good as long as that
 * is, its number, and exactly its entries? SN_E_SIGNATURE names the difference.
 */
SN_MUST_USE enum sn_err revoke_check(const struct identity *id, enum key_id ca,
    enum revoke_kind kind, const struct cry_crl *crl, const struct cry_cert *issuer,
    struct sn_why *why);

/* Issue the CA's list with its private key; DER appended. (revoke_make.c) */
SN_MUST_USE enum sn_err revoke_issue(const struct identity *id, enum key_id ca,
    enum revoke_kind kind, const struct cry_key *key, const struct cry_cert *cert,
    struct sn_buf *ret, struct sn_why *why);
/* Seal the KILL lists, DER, in the order of revoke_ca(), under the operations secret; the
 * file's bytes are appended. The same arguments give the same bytes. (revoke_make.c) */
SN_MUST_USE enum sn_err revoke_seal(const struct identity *id, struct bytes operations,
    const struct bytes der[REVOKE_LISTS], struct sn_buf *ret, struct sn_why *why);
/*
 * Open the file; ret_der points into *ret. SN_E_FORMAT, or SN_E_SIGNATURE when it is not
 * of this operations secret or was changed. (revoke_make.c)
 */
SN_MUST_USE enum sn_err revoke_open(const struct identity *id, struct bytes operations,
    struct bytes file, struct sn_secret *ret, struct bytes ret_der[REVOKE_LISTS],
    struct sn_why *why);

#endif
