/*
 * cache - vendors' originals on disk, by digest and untouched, and where each came from.
 *
 * Owns: a lock while it is open for writing. May include: base, crypto. Nothing is judged
 * here: what is read from a cache is as untrusted as any file. See docs/FORMAT-CACHE.md.
 */
#ifndef CACHE_CACHE_H
#define CACHE_CACHE_H

#include "appliance/base/bytes.h"

#define CACHE_ITEMS_MAX 131072U
#define CACHE_ORIGINS_MAX 262144U
#define CACHE_ORIGINS_BYTES_MAX (64U << 20)
#define CACHE_URL_MAX 2048U
#define CACHE_CHANNEL_MAX 24U
#define CACHE_REASON_MAX 120U
#define CACHE_JSON_MAX (64U << 20)

#define CACHE_FRESHNESS "freshness.json"
#define CACHE_INDEX "index.json"

struct cache; /* opaque: an open cache */

/* One line of origins.jsonl. The strings are the cache's, or the caller's when adding. */
struct cache_origin {
	uint8_t sha256[32];
	int64_t at, fetched;  /* fetched is 0 when not known */
	const char *path;     /* sn_path_ok() */
	const char *url;      /* NULL when not known */
	const char *channel;  /* "standard" */
	const char *decision; /* NULL, or why something older was taken */
};

enum cache_mode { CACHE_READ, CACHE_WRITE };

/*
 * Open the cache at path (relative to dirfd). Writing makes it when it is not there, and
 * locks it. SN_E_MISSING no cache there; SN_E_IO locked by another, or a folder that holds
 * something else. The caller owns *ret.
 */
SN_MUST_USE enum sn_err cache_open(int dirfd, const char *path, enum cache_mode mode,
    struct cache **ret, struct sn_why *why);
void cache_close(struct cache **cp); /* NULL-safe, idempotent; gives the lock back */
int cache_fd(const struct cache *c); /* the folder, for the files beside the originals */

/* Every origin in order of arrival; valid until the next cache_record(). */
const struct cache_origin *cache_origins(const struct cache *c, size_t *ret_n);
/* The last origin of a digest, or NULL. */
const struct cache_origin *cache_origin_of(const struct cache *c, const uint8_t sha256[32]);
/* The i-th origin of a digest, the last first, or NULL. */
const struct cache_origin *cache_origin_nth(const struct cache *c, const uint8_t sha256[32],
    size_t i);
/* Append origins and write the file; those already there but for their times are left out. */
SN_MUST_USE enum sn_err cache_record(struct cache *c, const struct cache_origin *add, size_t n,
    struct sn_why *why);

/* Keep an original. The digest is that of the bytes; what is there and whole stays. */
SN_MUST_USE enum sn_err cache_put(struct cache *c, const uint8_t sha256[32], struct bytes bytes,
    struct sn_why *why);
/* SN_E_MISSING; SN_E_SIGNATURE when the bytes are not those of the digest. */
SN_MUST_USE enum sn_err cache_get(const struct cache *c, const uint8_t sha256[32],
    struct sn_buf *ret, struct sn_why *why);

/* What cache_each() finds: an original, or something that does not belong there. */
struct cache_entry {
	const char *path;	  /* below originals/: "ab/ab12..." */
	const uint8_t *sha256;	  /* NULL when the name is none */
	struct bytes bytes;	  /* empty when bad */
	const struct sn_why *bad; /* NULL, or why it is refused */
};
/* In byte order of the path; fn's failure ends it and is returned. */
SN_MUST_USE enum sn_err cache_each(const struct cache *c,
    enum sn_err (*fn)(void *arg, const struct cache_entry *entry, struct sn_why *why),
    void *arg, struct sn_why *why);

/* Write a file beside the originals, unless it is there with exactly these bytes. */
SN_MUST_USE enum sn_err cache_write(const struct cache *c, const char *name, struct bytes bytes,
    struct sn_why *why);

/* The channel that a URL (NULL when not known) and a path tell. Returns ret. */
const char *cache_channel(const char *url, const char *path, char ret[CACHE_CHANNEL_MAX]);

#endif
