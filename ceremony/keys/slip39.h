/*
 * slip39 - splitting a secret into word shares and joining them again [SLIP-0039].
 *
 * Owns: nothing between calls. May include: base, crypto. Share values and
 * texts live in sn_secret only; arithmetic and word lookup do not branch on
 * them or index by them. What is public: a share's header fields, the number
 * of words and their lengths. See docs/FORMAT-KEYS.md, "Shares".
 */
#ifndef SLIP39_H
#define SLIP39_H

#include "appliance/crypto/digest.h"

#define SLIP39_MIN_SECRET 16
#define SLIP39_MAX_SECRET 32
#define SLIP39_MAX_SHARES 16 /* of one group, and of a whole combination */
#define SLIP39_WORDS 1024
#define SLIP39_WORD_MAX 8
#define SLIP39_MIN_WORDS 20
#define SLIP39_MAX_WORDS 33
#define SLIP39_TEXT_MAX (SLIP39_MAX_WORDS * (SLIP39_WORD_MAX + 1))
#define SLIP39_TYPED_MAX 1024 /* with the extra blanks of a person */
#define SLIP39_IDENTIFIER_MAX 0x7fffU
#define SLIP39_REHEARSAL 0x4000U /* the identifier's top bit: a rehearsal's share */
#define SLIP39_EXPONENT 1	 /* what we split with */

/* One share, its header taken apart. */
struct slip39_share {
	uint16_t identifier; /* 15 bits, the same in all shares of a splitting */
	bool extendable;
	uint8_t exponent;
	uint8_t group_index, group_threshold, group_count; /* index from 0 */
	uint8_t member_index, member_threshold;
	struct sn_secret value;
};
void slip39_share_done(struct slip39_share *s); /* wipes; NULL-safe, idempotent */

/*
 * What a person typed, as canonical text: lower-case whole words with one space
 * between. Blanks may repeat, case is ignored, the first four letters of a word
 * suffice. SN_E_SHARE names the first word that is not in the list, by number
 * (also in *ret_word, 1-based; 0 when the fault is not one word's).
 */
SN_MUST_USE enum sn_err slip39_canonical(struct bytes typed, struct sn_secret *ret,
    uint32_t *ret_word, struct sn_why *why);

/* Typed or canonical text to a share: words, checksum, padding, lengths. SN_E_SHARE. */
SN_MUST_USE enum sn_err slip39_decode(struct bytes typed, struct slip39_share *ret,
    struct sn_why *why);
/* A share to its canonical text, a fresh secret. */
SN_MUST_USE enum sn_err slip39_encode(const struct slip39_share *s, struct sn_secret *ret,
    struct sn_why *why);

/*
 * The first word in which typed differs from the canonical text expected:
 * *ret_word is its number from 1, or 0 when the number of words differs; SN_OK
 * when all are equal. SN_E_SHARE otherwise.
 */
SN_MUST_USE enum sn_err slip39_compare(struct bytes expected, struct bytes typed,
    uint32_t *ret_word, struct sn_why *why);

/*
 * Join shares: exactly the threshold's number of groups, of each exactly the
 * threshold's number of members, all of one splitting. The passphrase is empty
 * in production. SN_E_SHARE says which rule is broken.
 */
SN_MUST_USE enum sn_err slip39_combine(const struct slip39_share *shares, size_t n,
    struct bytes passphrase, struct sn_secret *ret, struct sn_why *why);

/* A fresh identifier: random bits, the top bit set for a rehearsal. */
SN_MUST_USE enum sn_err slip39_identifier(bool rehearsal, uint16_t *ret, struct sn_why *why);

/* Where random bytes come from: the kernel when NULL is given; tests pass their own. */
struct slip39_random {
	enum sn_err (*fill)(void *arg, void *ret, size_t n, struct sn_why *why);
	void *arg;
};

/*
 * Split secret (16 or 32 bytes) into n shares of which m are needed, 2 <= m <=
 * n <= SLIP39_MAX_SHARES: one group, extendable, SLIP39_EXPONENT, empty
 * passphrase. ret_shares has room for n; all are untouched on failure.
 */
SN_MUST_USE enum sn_err slip39_split(struct bytes secret, uint16_t identifier, uint32_t m,
    uint32_t n, const struct slip39_random *random, struct slip39_share *ret_shares,
    struct sn_why *why);

/*
 * May this share stand beside the others in a recovery? world_rehearsal and
 * identifier are what is expected; others are the nothers shares already taken.
 * SN_E_SHARE, with the fault named: the other world, another splitting, a share
 * that is there already. Another share mends each of them.
 */
SN_MUST_USE enum sn_err slip39_check(const struct slip39_share *s, bool world_rehearsal,
    uint16_t identifier, const struct slip39_share *others, size_t nothers, struct sn_why *why);

/* SHA-256("cornerstone/v1/share" 00 canonical text): names a share, reveals nothing. */
SN_MUST_USE enum sn_err slip39_commitment(struct bytes canonical, uint8_t ret[32],
    struct sn_why *why);

/* The word list (words.c): padded with NUL to SLIP39_WORD_MAX, not ended by one. */
extern const char slip39_words[SLIP39_WORDS][SLIP39_WORD_MAX];

#endif
