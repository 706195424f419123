/*
 * fresh - the newest that a cache has ever seen, which never goes back.
 *
 * Owns: its entries until freed. May include: base, the cache's own headers. See
 * docs/FORMAT-CACHE.md, "freshness.json".
 */
#ifndef CACHE_FRESH_H
#define CACHE_FRESH_H

#include "firmware-cache/cache/view.h"

#define CACHE_FRESH_MAX 8192U

struct cache_newest {
	enum col_vendor vendor;
	enum col_kind kind;
	char subject[COL_LABEL_MAX], channel[CACHE_CHANNEL_MAX];
	int64_t issued;
	uint32_t number;
	uint8_t sha256[32]; /* of the item that said so last */
};

struct cache_fresh {
	struct cache_newest *v;
	size_t n, cap;
};

void cache_fresh_done(struct cache_fresh *f); /* NULL-safe, idempotent */

/* freshness.json; empty when there is none. */
SN_MUST_USE enum sn_err cache_fresh_load(const struct cache *c, struct cache_fresh *ret,
    struct sn_why *why);
SN_MUST_USE enum sn_err cache_fresh_save(struct cache_fresh *f, const struct cache *c,
    struct sn_why *why);
/* The text alone; writing sorts. */
SN_MUST_USE enum sn_err cache_fresh_parse(struct bytes text, struct cache_fresh *ret,
    struct sn_why *why);
SN_MUST_USE enum sn_err cache_fresh_write(struct cache_fresh *f, struct sn_buf *ret,
    struct sn_why *why);
/* Raise it to what an accepted item says. */
SN_MUST_USE enum sn_err cache_fresh_raise(struct cache_fresh *f, const struct cache_item *it,
    struct sn_why *why);
/* Is it older than the newest, by every channel that it came by? *ret_newest, when not NULL,
 * is the entry of the last channel. False for what is not counted. */
bool cache_fresh_older(const struct cache_fresh *f, const struct cache_item *it,
    const struct cache_newest **ret_newest);

/*
 * For a cache's own items: what is older than another one here is superseded; what is older
 * than the newest ever seen, without a decision on record, is refused (SN_E_SEQUENCE).
 */
SN_MUST_USE enum sn_err cache_fresh_apply(const struct cache_fresh *f, struct cache_view *v,
    struct sn_why *why);

/* A cache judged, its freshness applied: what status and export go by. The cache outlives
 * the view; the caller owns both. */
SN_MUST_USE enum sn_err cache_view_make(const struct cache *c, const struct col_policy *policy,
    struct cache_fresh *ret_fresh, struct cache_view *ret_view, struct sn_why *why);

#endif
