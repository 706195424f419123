/*
 * fleet - machine certificates by the ten thousand: judged one by one against a closed store
 * of signers, in as many processes as wanted, in memory that does not grow with their number.
 *
 * Owns: nothing between calls. May include: base, crypto, the store's headers. A machine
 * certificate is a DER file of a role that comes alone (VCEK, VLEK, PCK). See
 * docs/COLLATERAL.md.
 */
#ifndef COL_FLEET_H
#define COL_FLEET_H

#include "firmware-cache/store/store.h"

#define COL_FLEET_JOBS_MAX 64U
#define COL_FLEET_DIR_MAX 20000U /* entries of one directory */

/* May these bytes be a machine certificate? Looks for its common name; the judge decides. */
bool col_fleet_is_machine(struct bytes b);

/* What a walk saw: the next one must see the same. */
struct col_census {
	uint64_t files, digest; /* digest of names and sizes, against accidents */
	size_t machines;
};

/*
 * Read every regular file below dir (relative to dirfd), each directory in byte order, and add
 * those that are no machine certificates; ret counts all. With more than one job a second
 * process looks at half of the files. Errors as col_store_add_dir(), and SN_E_IO when the
 * two did not see the same.
 */
SN_MUST_USE enum sn_err col_fleet_add_dir(struct col_store *s, int dirfd, const char *dir,
    unsigned int jobs, struct col_census *ret, struct sn_why *why);

/*
 * Judge one machine certificate against a checked store, as col_store_check() would; only that
 * it is superseded is not said. Nothing is kept: verified and claim of *ret are NULL, and the
 * digest of an accepted one is "" until col_row_digest(), as few of many are ever shown. Only
 * memory and the library can fail the call.
 */
SN_MUST_USE enum sn_err col_store_judge(const struct col_store *s, const char *path,
    struct bytes b, struct col_row *ret, struct sn_why *why);
/* Fill in the SHA-256 of the bytes that the row is about. */
SN_MUST_USE enum sn_err col_row_digest(struct col_row *row, struct bytes b, struct sn_why *why);

/* What became of them all. */
struct col_fleet {
	size_t accepted, refused;
	struct col_row first_refused; /* in the order of the walk; when refused > 0 */
	struct col_row
	    first_to_lapse; /* when accepted > 0; of several, the first in the walk */
};

/*
 * Judge every machine certificate below dir in jobs processes (1 to COL_FLEET_JOBS_MAX; 1
 * starts none). Each refused row is given to line in the order of the walk, the same for any
 * number of jobs; its failure ends the call. A process that dies, or a folder that
 * changed since its census, is SN_E_IO: never fewer certificates than there were.
 */
SN_MUST_USE enum sn_err col_fleet_judge(const struct col_store *s, int dirfd, const char *dir,
    const struct col_census *census, unsigned int jobs,
    enum sn_err (*line)(void *arg, const struct col_row *row, struct sn_why *why), void *arg,
    struct col_fleet *ret, struct sn_why *why);

#endif
