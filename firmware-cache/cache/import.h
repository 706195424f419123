/*
 * import - a folder's good items into a cache, and the index of what is there.
 *
 * Owns: nothing between calls. May include: base, the cache's own headers. See
 * docs/FORMAT-CACHE.md.
 */
#ifndef CACHE_IMPORT_H
#define CACHE_IMPORT_H

#include "firmware-cache/cache/fresh.h"

struct cache_import {
	const struct col_policy *policy;
	int64_t now;		  /* recorded as the time of the import */
	const char *accept_older; /* the operator's reason, or NULL */
	/* set by the call */
	size_t taken, here, older, refused;
	struct sn_why verdict; /* of the first older item, else of the first refused one */
};

/*
 * Judge every file below dir (relative to dirfd) beside what the cache holds, keep what is
 * accepted, and say one line for each in report. A bad item does not fail the call: see
 * the verdict. Nothing is written when nothing is taken and nothing here is newer.
 */
SN_MUST_USE enum sn_err cache_import(struct cache *c, int dirfd, const char *dir,
    struct cache_import *im, struct sn_buf *report, struct sn_why *why);

/* index.json of a judged view of the cache, appended. */
SN_MUST_USE enum sn_err cache_index_json(const struct cache *c, const struct cache_view *v,
    struct sn_buf *ret, struct sn_why *why);
/* Make index.json again, and raise freshness.json to what is here. */
SN_MUST_USE enum sn_err cache_rebuild(struct cache *c, const struct col_policy *policy,
    struct sn_why *why);

#endif
