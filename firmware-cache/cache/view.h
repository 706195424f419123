/*
 * view - what a cache or a folder holds, every item judged at one moment.
 *
 * Owns: its items until freed. May include: base, crypto, firmware-cache/store and the vendors'
 * folders. No verdict comes from anywhere but the store, and none is kept on disk.
 */
#ifndef CACHE_VIEW_H
#define CACHE_VIEW_H

#include "firmware-cache/cache/cache.h"
#include "firmware-cache/intel/intel.h"
#include "firmware-cache/store/store.h"

#define CACHE_CHANNELS 3 /* that one item may have come by */
#define CACHE_FOLDER_BYTES_MAX (256U << 20)

/* The machine or platform that an item speaks of; parts that it does not are zero. */
struct cache_facts {
	enum amd_product product; /* AMD items; else AMD_PRODUCT_COUNT */
	size_t id_len;		  /* of a chip's hwid or a platform's PPID; 0 for neither */
	uint8_t id[AMD_HWID_MAX];
	struct amd_tcb tcb; /* VCEK */
	bool has_fmspc;
	uint8_t fmspc[INTEL_FMSPC_LEN];
	uint8_t pce_id[INTEL_PCEID_LEN]; /* PCK */
	enum intel_role ca;		 /* PCK: whose CA signed it; else INTEL_ROLE_NONE */
};

/* One item of a view. */
struct cache_item {
	char *path; /* printable; in a cache the last origin's, or its place there */
	size_t size;
	bool has_sha256; /* false: a stranger that is no item at all, and refused */
	uint8_t sha256[32];
	bool in_cache, in_folder;
	bool signer;	     /* may vouch for others */
	struct sn_buf bytes; /* empty for what a cache holds, but for signers */
	/* where it comes from */
	char *url;	      /* or NULL */
	int64_t fetched;      /* or 0 */
	const char *decision; /* the cache's, or NULL */
	char channel[CACHE_CHANNELS][CACHE_CHANNEL_MAX];
	size_t nchannels;
	char folder_channel[CACHE_CHANNEL_MAX]; /* by which the folder's came */
	/* the verdict */
	enum col_vendor vendor;
	enum col_kind kind;
	char label[COL_LABEL_MAX];
	bool judged, ok;
	bool carried; /* neither accepted nor refused: nothing here can verify it */
	bool older;   /* older than the newest seen; fresh.h */
	enum sn_err err;
	char *reason; /* owned; NULL when ok */
	unsigned int notes;
	int64_t issued, good_until;
	uint32_t number; /* TCB evaluation, or an AMD CRL's number */
	struct cache_facts facts;
};

/* In byte order of the digest once judged; strangers last. */
struct cache_view {
	struct cache_item *v;
	size_t n, cap;
	int64_t at;
};

void cache_view_done(struct cache_view *v); /* NULL-safe, idempotent */

/* Every original of a cache, and every stranger among them. The cache outlives the view. */
SN_MUST_USE enum sn_err cache_view_add_cache(struct cache_view *v, const struct cache *c,
    struct sn_why *why);
/*
 * Every file below dir (relative to dirfd). Links, devices, and names that are not accepted
 * become refused items, and are not followed. With the record of `collect` in it
 * (collect.jsonl), only what lies below its originals/, and URLs from the record.
 */
SN_MUST_USE enum sn_err cache_view_add_folder(struct cache_view *v, int dirfd, const char *dir,
    struct sn_why *why);
/* Judge all of it under the policy, signers first; the cache is where bytes are read again. */
SN_MUST_USE enum sn_err cache_view_judge(struct cache_view *v, const struct cache *c,
    const struct col_policy *policy, struct sn_why *why);

/* The item of a digest in a judged view, or NULL. */
struct cache_item *cache_view_find(const struct cache_view *v, const uint8_t sha256[32]);

/* Is freshness kept for this kind: does a newer one replace it? */
bool cache_kind_counts(enum col_kind k);
/* Belongs to one machine. */
bool cache_kind_leaf(enum col_kind k);
bool cache_item_has_channel(const struct cache_item *it, const char *channel);

#endif
