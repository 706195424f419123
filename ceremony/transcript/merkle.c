#include "ceremony/transcript/merkle.h"

#include <string.h>

enum sn_err
merkle_leaf(struct bytes record, struct merkle_hash *ret, struct sn_why *why)
{
	static const uint8_t prefix = 0x00;
	const struct bytes parts[] = { { &prefix, 1 }, record };

	return cry_digest_v(CRY_SHA256, parts, SN_NITEMS(parts), ret->h, why);
}

enum sn_err
merkle_node(const struct merkle_hash *left, const struct merkle_hash *right,
    struct merkle_hash *ret, struct sn_why *why)
{
	static const uint8_t prefix = 0x01;
	const struct bytes parts[] = {
		{ &prefix, 1 },
		{ left->h, MERKLE_LEN },
		{ right->h, MERKLE_LEN },
	};

	return cry_digest_v(CRY_SHA256, parts, SN_NITEMS(parts), ret->h, why);
}

/*
 * Leaves are merged as in binary addition: stack[i] covers a full subtree, the
 * sizes fall, and what is left at the end is folded from the right. That is RFC
 * 6962's split at the largest power of two, without recursion.
 */
enum sn_err
merkle_root(const struct merkle_hash *leaves, size_t n, struct merkle_hash *ret,
    struct sn_why *why)
{
	struct merkle_hash stack[65], acc;
	size_t depth = 0;

	if (n == 0)
		return cry_digest(CRY_SHA256, (struct bytes){ NULL, 0 }, ret->h, why);
	for (size_t i = 0; i < n; i++) {
		acc = leaves[i];
		for (size_t full = i; (full & 1) != 0; full >>= 1) {
			SN_TRY(merkle_node(&stack[depth - 1], &acc, &acc, why));
			depth--;
		}
		stack[depth++] = acc;
	}
	acc = stack[--depth];
	while (depth > 0) {
		SN_TRY(merkle_node(&stack[depth - 1], &acc, &acc, why));
		depth--;
	}
	*ret = acc;
	return SN_OK;
}

static enum sn_err
same_root(const struct merkle_hash *computed, const struct merkle_hash *root, const char *what,
    struct sn_why *why)
{
	if (memcmp(computed->h, root->h, MERKLE_LEN) != 0)
		return sn_fail(why, SN_E_SIGNATURE, "%s: the proof gives another root", what);
	return SN_OK;
}

/* [RFC 9162 2.1.3.2], the iterative form of RFC 6962's audit path. */
enum sn_err
merkle_check_inclusion(uint64_t index, uint64_t size, const struct merkle_hash *leaf,
    const struct merkle_hash *proof, size_t nproof, const struct merkle_hash *root,
    struct sn_why *why)
{
	struct merkle_hash acc = *leaf;
	uint64_t fn = index, sn = size - 1;

	if (index >= size)
		return sn_fail(why, SN_E_SIGNATURE, "inclusion: leaf %llu of a tree of %llu",
		    (unsigned long long)index, (unsigned long long)size);
	for (size_t i = 0; i < nproof; i++) {
		if (sn == 0)
			return sn_fail(why, SN_E_SIGNATURE, "inclusion: the proof is too long");
		if ((fn & 1) != 0 || fn == sn) {
			SN_TRY(merkle_node(&proof[i], &acc, &acc, why));
			while ((fn & 1) == 0 && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			SN_TRY(merkle_node(&acc, &proof[i], &acc, why));
		}
		fn >>= 1;
		sn >>= 1;
	}
	if (sn != 0)
		return sn_fail(why, SN_E_SIGNATURE, "inclusion: the proof is too short");
	return same_root(&acc, root, "inclusion", why);
}

/* [RFC 9162 2.1.4.2]: rebuild both roots from the same proof. */
static enum sn_err
fold_consistency(uint64_t size1, uint64_t size2, const struct merkle_hash *first,
    const struct merkle_hash *proof, size_t nproof, struct merkle_hash *ret_old,
    struct merkle_hash *ret_new, struct sn_why *why)
{
	struct merkle_hash old = *first, new = *first;
	uint64_t fn = size1 - 1, sn = size2 - 1;

	while ((fn & 1) != 0) {
		fn >>= 1;
		sn >>= 1;
	}
	for (size_t i = 0; i < nproof; i++) {
		if (sn == 0)
			return sn_fail(why, SN_E_SIGNATURE,
			    "consistency: the proof is too long");
		if ((fn & 1) != 0 || fn == sn) {
			SN_TRY(merkle_node(&proof[i], &old, &old, why));
			SN_TRY(merkle_node(&proof[i], &new, &new, why));
			while ((fn & 1) == 0 && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			SN_TRY(merkle_node(&new, &proof[i], &new, why));
		}
		fn >>= 1;
		sn >>= 1;
	}
	if (sn != 0)
		return sn_fail(why, SN_E_SIGNATURE, "consistency: the proof is too short");
	*ret_old = old;
	*ret_new = new;
	return SN_OK;
}

enum sn_err
merkle_check_consistency(uint64_t size1, uint64_t size2, const struct merkle_hash *root1,
    const struct merkle_hash *root2, const struct merkle_hash *proof, size_t nproof,
    struct sn_why *why)
{
	struct merkle_hash old, new;
	const struct merkle_hash *first = root1;

	if (size1 > size2)
		return sn_fail(why, SN_E_SIGNATURE, "consistency: the tree has shrunk");
	if (size1 == 0)
		return sn_fail(why, SN_E_SIGNATURE,
		    "consistency: an empty tree is a prefix of anything, it proves nothing");
	if (size1 == size2) {
		if (nproof != 0)
			return sn_fail(why, SN_E_SIGNATURE,
			    "consistency: a proof where none belongs");
		return same_root(root1, root2, "consistency", why);
	}
	if (nproof == 0)
		return sn_fail(why, SN_E_SIGNATURE, "consistency: no proof");
	/* An old tree that is one full subtree is itself the first node. */
	if ((size1 & (size1 - 1)) != 0) {
		first = proof++;
		nproof--;
	}
	SN_TRY(fold_consistency(size1, size2, first, proof, nproof, &old, &new, why));
	SN_TRY(same_root(&old, root1, "consistency, old root", why));
	return same_root(&new, root2, "consistency, new root", why);
}
