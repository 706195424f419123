/*
 * priv - what the files of the store share: an item, what it claims, and its verdict.
 *
 * Owns: nothing of its own. May include: the store's own headers. Included by no other
 * room, so that nobody else can make a struct col_verified.
 */
#ifndef COL_PRIV_H
#define COL_PRIV_H

#include "firmware-cache/store/store.h"

#define COL_SCOPE_MAX 224

/* One certificate of an item, and its verdict. */
struct col_cert {
	struct cry_cert *x;
	uint8_t spki[32];
	enum amd_role amd;
	enum amd_product product;
	enum intel_role intel;
	/* set by the check */
	bool ok, rehearsal, no_crl;
	int64_t good_until;
	struct sn_why why;
};

/* What an item's bytes say; nothing in here is verified. */
struct col_claim {
	enum col_vendor vendor;
	enum col_kind kind;
	struct sn_why why; /* err is not SN_OK: refused already */
	struct col_cert certs[CRY_PEM_CHAIN_MAX];
	size_t ncerts;
	struct cry_crl *crl;
	struct intel_slice slice; /* views into the item's bytes */
	struct intel_claim json;
	int64_t issued;
	char label[COL_LABEL_MAX];
	char scope[COL_SCOPE_MAX]; /* same kind and scope: one may supersede the other */
};

/* A verified original. Made by check.c only. */
struct col_verified {
	const struct col_item *item; /* NULL: not verified */
	struct amd_leaf leaf;	     /* VCEK and VLEK: its verified extensions */
};

struct col_item {
	char path[COL_PATH_MAX + 1];
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
	const struct col_cert *crl_issuer; /* whose signature an authentic CRL carries */
	struct col_verified verified;
};

struct col_store {
	struct col_policy policy;
	struct col_item **items; /* of their own, so that pointers stay */
	size_t n, total;
	bool checked;
	struct col_row *rows;
};

/* Say what the bytes claim to be. Only memory and the library can fail. */
SN_MUST_USE enum sn_err col_claim_read(const char *path, struct bytes b, struct col_claim *ret,
    struct sn_why *why);
void col_claim_done(struct col_claim *c);

/* Judge every item; check.c. */
SN_MUST_USE enum sn_err col_judge(struct col_store *s, struct sn_why *why);

/* Failures that are not an item's fault. */
bool col_fatal(enum sn_err e);

#endif
