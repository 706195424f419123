/*
 * release - the folder that `make iso` leaves: are its files the listed ones, and do they
 * say the same about the image?
 *
 * Owns: nothing between calls. May include: base, crypto, measure. See docs/PROVENANCE.md.
 */
#ifndef NODE_RELEASE_H
#define NODE_RELEASE_H

#include "ceremony/node/sums.h"

#define RELEASE_WORD_MAX 64

struct release {
	uint8_t image[32];		     /* the image digest, Authenticode SHA-256 */
	char commit[RELEASE_WORD_MAX + 1];   /* of the source, or "unknown" */
	char packages[RELEASE_WORD_MAX + 1]; /* "locked" or "unlocked" */
	bool dirty;			     /* the tree was not the commit's */
	size_t files;
};

/*
 * Check the folder against its list sums (SHA256SUMS itself is not read again):
 * SN_E_MISSING when a file is missing, one that must be listed is not, or one lies there
 * unlisted that could be taken for the image or its papers; SN_E_SIGNATURE when a digest
 * differs, or when ISO, unified kernel image, kernel, initramfs, measurements, bill of
 * materials and provenance contradict each other; SN_E_FORMAT when one of them is none.
 */
SN_MUST_USE enum sn_err release_check(int dirfd, const struct sums *sums, struct release *ret,
    struct sn_why *why);

#endif
