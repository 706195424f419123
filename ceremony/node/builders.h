/*
 * builders - who signed the list of a release, and how many of those the auditor trusts.
 *
 * Owns: the keys inside struct builders. May include: base, crypto. Signatures are raw
 * Ed25519 over the bytes of SHA256SUMS, as iso/attest and openssl pkeyutl make them; see
 * docs/PROVENANCE.md.
 */
#ifndef NODE_BUILDERS_H
#define NODE_BUILDERS_H

#include "appliance/crypto/key.h"

#define BUILDERS_MAX 64
#define BUILDER_NAME_MAX 32
#define BUILDER_FOLDER "attest" /* of the release: NAME.sig, NAME.pem */

/* A public key that the auditor trusts, under the file name it came with. */
struct builder {
	char name[BUILDER_NAME_MAX + 1];
	struct cry_key *key;
	size_t same_as; /* the first builder with the same key: its own index, or a lower one */
	bool signed_it; /* only ever set at same_as */
};

struct builders {
	struct builder one[BUILDERS_MAX]; /* sorted by name */
	size_t n;
};

void builders_done(struct builders *b);

/*
 * Read NAME.pem of every trusted builder in the folder; other endings are ignored.
 * SN_E_FORMAT when one is no Ed25519 public key in the PEM that openssl writes, or has no
 * proper name; SN_E_UNANCHORED when there is none; SN_E_LIMIT above BUILDERS_MAX.
 */
SN_MUST_USE enum sn_err builders_read(int dirfd, struct builders *ret, struct sn_why *why);

/* How many distinct keys there are. */
size_t builders_distinct(const struct builders *b);

enum builders_saw {
	BUILDERS_COUNTS,  /* a trusted key's first signature */
	BUILDERS_AGAIN,	  /* another signature by a key that has been counted */
	BUILDERS_UNKNOWN, /* valid, by a key that is not trusted */
};

/* One valid signature: the name it lies under, the name of the trusted key (NULL when
 * unknown), SHA-256 of the key's SPKI. */
typedef void builders_tell(void *arg, enum builders_saw saw, const char *file,
    const char *trusted, const uint8_t key[32]);

/*
 * Judge all signatures in the release's folder BUILDER_FOLDER over list, the bytes of
 * SHA256SUMS: *ret is how many distinct trusted keys signed. tell is called for each, in
 * byte order of the names. A signature that fits neither a trusted key nor the public key
 * beside it is SN_E_SIGNATURE; a file that is no NAME.sig or NAME.pem, or a key without
 * signature, is SN_E_MISSING. A missing folder holds no signature.
 */
SN_MUST_USE enum sn_err builders_count(int dirfd, struct bytes list, struct builders *b,
    builders_tell *tell, void *arg, size_t *ret, struct sn_why *why);

#endif
