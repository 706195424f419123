/*
 * cover - which node of a plan has what it needs, and until when.
 *
 * Owns: nothing; a cover points into the view it was made from. May include: base, the
 * cache's own headers. See docs/FORMAT-CACHE.md, "Coverage".
 */
#ifndef CACHE_COVER_H
#define CACHE_COVER_H

#include "firmware-cache/cache/fresh.h"
#include "firmware-cache/cache/nodes.h"

#define COVER_SOON_DAYS 7
#define COVER_DAY 86400
#define COVER_REASON_MAX 160

enum cover_state {
	COVER_NOT_NEEDED,
	COVER_OK,
	COVER_SOON,    /* good now, lapses in at most COVER_SOON_DAYS */
	COVER_LAPSED,  /* was here, and its time is over */
	COVER_REFUSED, /* is here, and not accepted for another reason */
	COVER_MISSING,
	COVER_STATES,
};
const char *cover_state_name(enum cover_state s); /* "soon" */
bool cover_is_good(enum cover_state s);		  /* nothing is wanting */

/* What a node can need. */
enum cover_item {
	COVER_AMD_CHAIN,
	COVER_AMD_CRL,
	COVER_AMD_VCEK,
	COVER_INTEL_ROOT_CRL,
	COVER_INTEL_PCK_CRL,
	COVER_INTEL_PCK,
	COVER_INTEL_TCB_SGX,
	COVER_INTEL_TCB_TDX,
	COVER_INTEL_QE,
	COVER_INTEL_TD_QE,
	COVER_ITEMS,
};
const char *cover_item_name(enum cover_item i); /* "tcb-sgx" */

struct cover_cell {
	enum cover_state state;
	const struct cache_item *item; /* the best that is here, or NULL */
	int64_t good_until;	       /* 0 unless good */
	char wanted[COL_LABEL_MAX];    /* "TCB info TDX B0C06F000000" */
	char reason[COVER_REASON_MAX]; /* when it is not good */
};

struct cover_row {
	const struct cache_node *node;
	struct cover_cell cell[COVER_ITEMS];
};

struct cover {
	struct cover_row row[CACHE_NODES_MAX];
	size_t n;
	/* of all cells that are needed */
	const struct cover_row *first_row; /* the first to lapse, or NULL */
	const struct cover_cell *first;
	enum cover_state worst; /* the last in the enum's order */
	size_t wanting;		/* cells that are not good */
};

/* fresh says what was here once. The plan and the view outlive ret. */
void cache_cover(const struct cache_view *v, const struct cache_fresh *fresh,
    const struct cache_plan *plan, struct cover *ret);

/* Whole days from at until t, rounded down; 0 when it is over. */
int64_t cover_days(int64_t at, int64_t t);

#endif
