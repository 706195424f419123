/*
 * priv - what the files of the cache share.
 *
 * Owns: nothing of its own. May include: the cache's own headers. Included by no other room.
 */
#ifndef CACHE_PRIV_H
#define CACHE_PRIV_H

#include "firmware-cache/cache/cache.h"

struct cache {
	int fd, originals, lock; /* lock is -1 when reading */
	struct cache_origin *origins;
	char **texts; /* texts[i] holds the strings of origins[i] */
	size_t n, cap;
	uint32_t *sorted; /* places in origins, by digest, then in order of arrival */
	size_t nsorted;
};

/* origins.c: the file's text; and from and to the text alone. */
SN_MUST_USE enum sn_err cache_origins_load(struct cache *c, struct sn_why *why);
SN_MUST_USE enum sn_err cache_origins_parse(struct cache *c, struct bytes text,
    struct sn_why *why);
SN_MUST_USE enum sn_err cache_origins_write(const struct cache *c, struct sn_buf *ret,
    struct sn_why *why);
void cache_origins_done(struct cache *c);

#endif
