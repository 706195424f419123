/*
 * sums - the list of files and digests that builders of the image sign: SHA256SUMS.
 *
 * Owns: nothing. May include: base. The form is coreutils': 64 lower-case hex digits, two
 * spaces, a path, a line break; see docs/PROVENANCE.md.
 */
#ifndef NODE_SUMS_H
#define NODE_SUMS_H

#include "appliance/base/bytes.h"

#define SUMS_MAX 32 /* files */
#define SUMS_PATH_MAX 128
#define SUMS_BYTES_MAX (SUMS_MAX * (64U + 2 + SUMS_PATH_MAX + 1))

struct sums_row {
	char path[SUMS_PATH_MAX + 1]; /* sn_path_ok() */
	uint8_t sha256[32];
};

struct sums {
	struct sums_row row[SUMS_MAX];
	size_t n;
};

/*
 * Read the list strictly: no path leads out of the folder, none is there twice, nothing is
 * left over. SN_E_FORMAT names the line, SN_E_LIMIT when there are more than SUMS_MAX. An
 * empty list is SN_E_FORMAT.
 */
SN_MUST_USE enum sn_err sums_parse(struct bytes text, struct sums *ret, struct sn_why *why);

/* The row of that path, or NULL. */
const struct sums_row *sums_find(const struct sums *s, const char *path);

#endif
