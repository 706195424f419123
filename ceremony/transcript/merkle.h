/*
 * merkle - the hash tree of RFC 6962 section 2.1, with SHA-256.
 *
 * Owns: nothing. May include: base, crypto. Leaf = SHA-256(00 || record), node =
 * SHA-256(01 || left || right), the empty tree's root is SHA-256("").
 */
#ifndef MERKLE_H
#define MERKLE_H

#include "appliance/crypto/digest.h"

#define MERKLE_LEN CRY_SHA256_LEN
#define MERKLE_PROOF_MAX 64 /* hashes in a proof; a tree of 2^64 leaves */

struct merkle_hash {
	uint8_t h[MERKLE_LEN];
};

SN_MUST_USE enum sn_err merkle_leaf(struct bytes record, struct merkle_hash *ret,
    struct sn_why *why);
SN_MUST_USE enum sn_err merkle_node(const struct merkle_hash *left,
    const struct merkle_hash *right, struct merkle_hash *ret, struct sn_why *why);
/* The root over n leaf hashes. */
SN_MUST_USE enum sn_err merkle_root(const struct merkle_hash *leaves, size_t n,
    struct merkle_hash *ret, struct sn_why *why);

/* Is leaf number index in the tree of that size and root? SN_E_SIGNATURE if not. */
SN_MUST_USE enum sn_err merkle_check_inclusion(uint64_t index, uint64_t size,
    const struct merkle_hash *leaf, const struct merkle_hash *proof, size_t nproof,
    const struct merkle_hash *root, struct sn_why *why);
/* Is the tree (size1, root1) a prefix of (size2, root2)? SN_E_SIGNATURE if not. */
SN_MUST_USE enum sn_err merkle_check_consistency(uint64_t size1, uint64_t size2,
    const struct merkle_hash *root1, const struct merkle_hash *root2,
    const struct merkle_hash *proof, size_t nproof, struct sn_why *why);

#endif
