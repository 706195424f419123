/*
 * priv - what the files of the store share: an item, what it claims, and its verdict.
 *
 * Owns: nothing of its own. May include: the store's own headers. Included by no other
 * room, so that nobody else can make a struct col_verified.
 */
#ifndef COL_PRIV_H
#define COL_PRIV_H

#include "firmware-cache/store/store.h"

/* A verified original. Made by check.c only. */
struct col_verified {
	const struct col_item *item; /* NULL: not verified */
};

/* The same for one that nothing here verifies. */
struct col_carried {
	const struct col_item *item;
};

struct col_item {
	char path[COL_PATH_MAX + 1];
	uint32_t fold; /* a hash of the path in lower case */
	struct sn_buf bytes;
	bool has_sha256;
	uint8_t sha256[32];
	struct col_claim claim;
	/* set by the check */
	bool refused;
	struct sn_why why;
	unsigned int notes;
	int64_t good_until;
	bool authentic;			   /* a CRL signed by its issuer, of any date */
	struct sn_why crl_why;		   /* of its CRL; err SN_OK: current */
	const struct col_cert *crl_issuer; /* whose signature an authentic CRL carries */
	struct col_verified verified;
	struct col_carried carried;
};

/* Certificates of accepted files: who may sign; and the CRLs that one of them has signed. */
struct col_pool {
	const struct col_cert **certs;
	size_t n;
	const struct col_item **crls;
	size_t ncrls;
};

struct col_store {
	struct col_policy policy;
	struct col_pool pool;	 /* complete once checked */
	struct col_item **items; /* of their own, so that pointers stay */
	size_t n, total;
	bool checked;
	struct col_row *rows;
};

/* Say what the bytes claim to be. Only memory and the library can fail. */
SN_MUST_USE enum sn_err col_claim_read(const char *path, struct bytes b, struct col_claim *ret,
    struct sn_why *why);

/* The table of vendors; vendors.c. NULL behind the last one, or for a vendor without a row. */
const struct col_vendor_ops *col_vendor_at(size_t i);
const struct col_vendor_ops *col_vendor_ops(enum col_vendor v);
/* The certificate's row in its vendor's table; never NULL. */
const struct col_role *col_role(const struct col_cert *c);

/* A file over its limit: a refused row without bytes. */
SN_MUST_USE enum sn_err col_store_add_oversize(struct col_store *s, const char *path,
    uint64_t size, struct sn_why *why);
/* Judge every item; check.c. */
SN_MUST_USE enum sn_err col_judge(struct col_store *s, struct sn_why *why);
/* Judge an item beside a checked store; only what is not its fault fails the call. */
SN_MUST_USE enum sn_err col_judge_machine(const struct col_store *s, struct col_item *it,
    struct sn_why *why);
/* What the item's verdict is; the row points into it. */
void col_fill_row(const struct col_item *it, struct col_row *row);

/* Note items whose counterparts are here under other numbers only; behind the verdicts. */
void col_note_mixed(struct col_store *s);
/* Put one more item in, refused for that reason, without bytes. Any path; it is shown. */
SN_MUST_USE enum sn_err col_store_add_refused(struct col_store *s, const char *path,
    const struct sn_why *own, struct sn_why *why);
/* The label of what is not known for anything else. */
void col_label_path(struct col_claim *c, const char *path);
/* Does the path agree with what the claim says, where that is said? */
SN_MUST_USE enum sn_err col_claim_named(const char *path, const struct col_claim *c,
    struct sn_why *why);

/* Failures that are not an item's fault. */
bool col_fatal(enum sn_err e);

#endif
