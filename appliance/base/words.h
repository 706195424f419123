/*
 * words - bytes as words that people read aloud and compare: the PGP word list,
 * one word per byte, two-syllable words at even and three-syllable words at odd
 * positions, so that a swapped or lost word shows.
 *
 * Owns: nothing. May include: base. Source: the list of Juola and Zimmermann as
 * IANA uses it in the root key ceremonies. See docs/FORMAT-TRANSCRIPT.md.
 */
#ifndef WORDS_H
#define WORDS_H

#include "appliance/base/bytes.h"

#define WORDS_MAX_BYTES 64

/* The word for a byte at a position (0-based). Never NULL. */
const char *words_word(size_t position, uint8_t byte);

/* Append the words of v, separated by one space. */
void words_put(struct sn_buf *b, struct bytes v);

/*
 * Exactly n words (n <= WORDS_MAX_BYTES), upper or lower case, separated by
 * spaces, tabs or line breaks. SN_E_FORMAT names the first word that is not in
 * the list at its position; ret is untouched then.
 */
SN_MUST_USE enum sn_err words_parse(struct bytes text, void *ret, size_t n, const char *what,
    struct sn_why *why);

#endif
