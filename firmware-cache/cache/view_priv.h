/*
 * view_priv - what the files that make a view share.
 *
 * Owns: nothing. May include: the cache's own headers. Included by no other room.
 */
#ifndef CACHE_VIEW_PRIV_H
#define CACHE_VIEW_PRIV_H

#include "firmware-cache/cache/view.h"

/* A new item at the end; path is copied and made printable. Valid until the next. */
SN_MUST_USE enum sn_err cache_view_new(struct cache_view *v, const char *path,
    struct cache_item **ret, struct sn_why *why);
/* Refused, for a reason that is copied. */
SN_MUST_USE enum sn_err cache_item_refuse(struct cache_item *it, const struct sn_why *bad,
    struct sn_why *why);
void cache_item_add_channel(struct cache_item *it, const char *channel);
/* Same digest: one item. Sorted by digest afterwards. */
SN_MUST_USE enum sn_err cache_view_merge(struct cache_view *v, struct sn_why *why);

/* Does it look as if it could vouch for others: neither JSON nor one machine's certificate? */
bool cache_may_sign(struct bytes b);

#endif
