/*
 * status - what a cache covers at a moment: for people, as JSON, a calendar, and metrics.
 *
 * Owns: what a status is made from, until freed. May include: base, crypto, the cache's own
 * headers. Sources: RFC 5545 (calendar), OpenMetrics 1.0. See docs/FORMAT-CACHE.md, "Status".
 */
#ifndef CACHE_STATUS_H
#define CACHE_STATUS_H

#include "firmware-cache/cache/cover.h"

#define STATUS_COLUMNS 80

/* One thing that lapses: of a node, or of the cache when there is no plan. */
struct status_line {
	const char *node;    /* "" without a plan */
	const char *item;    /* "tcb-sgx", or the kind */
	const char *channel; /* "" when it does not matter */
	char label[COL_LABEL_MAX];
	enum cover_state state;
	int64_t good_until; /* 0 unless good */
	const char *reason; /* "" when good */
	enum sn_err err;
	size_t count; /* machines' certificates of one product are one line */
};

struct cache_status {
	struct cache_view view;
	struct cache_fresh fresh;
	struct cache_plan plan;
	struct cover cover;
	bool planned;
	size_t accepted, superseded, carried, lapsed, refused;
	size_t absent; /* originals on record that are not here */
	struct status_line *v;
	size_t n;
	const struct status_line *first; /* to lapse, or NULL */
};

void cache_status_done(struct cache_status *s); /* NULL-safe, idempotent */

/* Judge a cache; plan is NULL without one. The cache outlives ret. */
SN_MUST_USE enum sn_err cache_status_make(const struct cache *c,
    const struct col_policy *policy, const struct cache_plan *plan, struct cache_status *ret,
    struct sn_why *why);

/* Is everything covered and current? Otherwise the failure says what is not: SN_E_MISSING,
 * SN_E_EXPIRED, or why something is refused. */
SN_MUST_USE enum sn_err cache_status_verdict(const struct cache_status *s, struct sn_why *why);

/* Appended to ret. Text has at most STATUS_COLUMNS columns. */
SN_MUST_USE enum sn_err cache_status_text(const struct cache_status *s, struct sn_buf *ret,
    struct sn_why *why);
SN_MUST_USE enum sn_err cache_status_json(const struct cache_status *s, struct sn_buf *ret,
    struct sn_why *why);
/* An event with an alarm for each lapse; the same lapse keeps its UID from run to run. */
SN_MUST_USE enum sn_err cache_status_calendar(const struct cache_status *s, struct sn_buf *ret,
    struct sn_why *why);
SN_MUST_USE enum sn_err cache_status_metrics(const struct cache_status *s, struct sn_buf *ret,
    struct sn_why *why);

#endif
