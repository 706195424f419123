/*
 * nodes - what a plan says of the machines that are to be attested.
 *
 * Owns: nothing. May include: base, firmware-cache/amd. Only what coverage needs is read: the
 * ceremony judges its plans itself. See docs/FORMAT-PLAN.md.
 */
#ifndef CACHE_NODES_H
#define CACHE_NODES_H

#include "firmware-cache/amd/amd.h"

#define CACHE_NODES_MAX 32
#define CACHE_NODE_NAME_MAX 16

struct cache_node {
	char name[CACHE_NODE_NAME_MAX + 1];
	enum amd_product product; /* AMD_PRODUCT_COUNT: an Intel node */
	uint8_t id[AMD_HWID_MAX]; /* hwid, or PPID */
	size_t id_len;		  /* 0 when the plan does not say it */
};

struct cache_plan {
	struct cache_node node[CACHE_NODES_MAX];
	size_t n;
	bool has_least[AMD_PRODUCT_COUNT];
	struct amd_tcb least[AMD_PRODUCT_COUNT]; /* the least firmware that is accepted */
	uint32_t evaluation; /* the least TCB evaluation data number, or 0 */
};

/* SN_E_FORMAT; a plan without nodes has n 0. what prefixes messages. */
SN_MUST_USE enum sn_err cache_plan_read(struct bytes text, const char *what,
    struct cache_plan *ret, struct sn_why *why);

#endif
