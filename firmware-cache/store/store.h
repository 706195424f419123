/*
 * store - vendor collateral as it came on the stick: told by content, verified
 * against pinned vendor root keys, kept byte for byte.
 *
 * Owns: a copy of every item. May include: base, crypto, firmware-cache/vendor and the
 * vendors' folders. Time is an argument, never the clock. See docs/COLLATERAL.md.
 */
#ifndef COL_STORE_H
#define COL_STORE_H

#include <yyjson.h>

#include "appliance/base/bytes.h"
#include "firmware-cache/amd/amd.h"
#include "firmware-cache/intel/vendor.h"
#include "firmware-cache/vendor/vendor.h"

#define COL_ITEMS_MAX 512U		/* items in one store, duplicates merged */
#define COL_ITEM_BYTES_MAX (1U << 20)	/* one item */
#define COL_TOTAL_BYTES_MAX (32U << 20) /* all items together */
#define COL_PATH_MAX 255
#define COL_LINE_MAX 76 /* columns of one line for people */

struct col_store;    /* opaque */
struct col_verified; /* opaque: only col_store_check() makes one */
struct col_carried;  /* opaque, the same: of what nothing here can verify */

/*
 * Read the plan's "vendor_pki": {"amd":{"Milan":"<64 hex>"},"intel":"<64 hex>"}; both
 * members optional, nothing else allowed. SN_E_FORMAT. what prefixes messages.
 */
SN_MUST_USE enum sn_err col_roots_from_json(yyjson_val *vendor_pki, const char *what,
    struct col_roots *ret, struct sn_why *why);
bool col_roots_any(const struct col_roots *r);

struct col_policy {
	int64_t at;		/* the moment at which everything is judged */
	bool rehearsal;		/* without it, extra roots are SN_E_REHEARSAL */
	struct col_roots extra; /* zero when there are none */
	/* How much is taken, on a staging machine; 0: COL_ITEMS_MAX, COL_TOTAL_BYTES_MAX. */
	size_t max_items, max_bytes;
};

/* The policy is copied. On success the caller owns *ret. */
SN_MUST_USE enum sn_err col_store_new(const struct col_policy *policy, struct col_store **ret,
    struct sn_why *why);
void col_store_free(struct col_store **sp); /* NULL-safe, idempotent */

/*
 * Add one file; path is relative to collateral/ (sn_path_ok) and only names it. The bytes are
 * copied. The same bytes again under another path are merged, unless that path says something
 * else of them. SN_E_FORMAT for a bad path or one that was there before, also in another case;
 * SN_E_LIMIT when there are too many or they are too large together. What the bytes are is
 * judged later and never fails here.
 */
SN_MUST_USE enum sn_err col_store_add(struct col_store *s, const char *path, struct bytes bytes,
    struct sn_why *why);

/*
 * Read every regular file below dir (relative to dirfd) and add it. What cannot be taken (a
 * name, a link, a device, over a limit) is a refused row and stops nothing; SN_E_LIMIT when
 * there are too many rows. SN_E_MISSING for dir itself.
 */
SN_MUST_USE enum sn_err col_store_add_dir(struct col_store *s, int dirfd, const char *dir,
    struct sn_why *why);

/*
 * Judge everything, once; nothing can be added afterwards. A bad item gets its verdict in
 * its row and does not fail the call: only memory or the library can. A store without
 * items is fine and has no rows.
 */
SN_MUST_USE enum sn_err col_store_check(struct col_store *s, struct sn_why *why);

struct col_row {
	char path[COL_PATH_MAX + 1]; /* the first path it was added under */
	char sha256[65];	     /* lower-case hex */
	char label[COL_LABEL_MAX];   /* "AMD Milan CRL", "TCB info SGX 00A067110000" */
	enum col_vendor vendor;
	enum col_kind kind;
	bool ok;	    /* accepted */
	bool carried;	    /* neither accepted nor refused: nothing here can verify it */
	unsigned int notes; /* enum col_note; 0 when refused */
	int64_t issued;	    /* issueDate, thisUpdate or latest notBefore; 0 when unknown */
	int64_t good_until; /* last good second; 0 when refused */
	struct sn_why why;  /* what was refused and why; err SN_OK when ok */
	const struct col_verified *verified; /* NULL when refused */
	/* What the item says, also when it is refused: true only when ok. The store's. */
	const struct col_claim *claim;
};

/* In byte order of path, stable until the store is freed. SN_E_INTERNAL before the check. */
SN_MUST_USE enum sn_err col_store_rows(const struct col_store *s,
    const struct col_row **ret_rows, size_t *ret_n, struct sn_why *why);
size_t col_store_accepted(const struct col_store *s);
size_t col_store_refused(const struct col_store *s);
size_t col_store_carried(const struct col_store *s);
/* The accepted, not superseded row that lapses first, or NULL when nothing was accepted. */
const struct col_row *col_store_first_to_lapse(const struct col_store *s);

/* The one line for people, at most COL_LINE_MAX columns, ASCII, no newline. */
void col_row_line(const struct col_row *row, char ret[COL_LINE_MAX + 1]);
/* The row as in status.txt (its line, path and reason) and as in status.json; appended. */
void col_row_text(const struct col_row *row, struct sn_buf *ret);
SN_MUST_USE enum sn_err col_row_json(const struct col_row *row, struct sn_buf *ret,
    struct sn_why *why);
/* A short phrase for a refused row: "not recognised", "bad signature". */
const char *col_refusal_phrase(const struct col_row *row);
/* The nth phrase for a set of notes, or NULL: "no CRL here". */
const char *col_note_phrase(unsigned int notes, size_t nth);

/* A verified original: exactly the bytes that were read and verified. */
struct bytes col_verified_bytes(const struct col_verified *v);
const char *col_verified_path(const struct col_verified *v);
const uint8_t *col_verified_sha256(const struct col_verified *v); /* 32 bytes */
enum col_kind col_verified_kind(const struct col_verified *v);
/* For a VCEK or VLEK: what its extensions say, and its DER; else NULL and empty. */
const struct amd_leaf *col_verified_amd_leaf(const struct col_verified *v);
struct bytes col_verified_leaf_der(const struct col_verified *v);
/* For a PCK certificate or a set of them: what their extensions say; else NULL. */
const struct intel_pck_facts *col_verified_intel_pcks(const struct col_verified *v);
/* The nth certificate of an item, or NULL behind the last; its CRL, or NULL. */
const struct cry_cert *col_verified_cert(const struct col_verified *v, size_t nth);
const struct cry_crl *col_verified_crl(const struct col_verified *v);

/* Every verified original in byte order of path; fn's failure ends it and is returned. */
SN_MUST_USE enum sn_err col_store_each(const struct col_store *s,
    enum sn_err (*fn)(void *arg, const struct col_verified *v, struct sn_why *why), void *arg,
    struct sn_why *why);

/* A carried original: the bytes that were read, which nothing here has verified. */
struct bytes col_carried_bytes(const struct col_carried *c);
const char *col_carried_path(const struct col_carried *c);

/* Every carried original in byte order of path; as col_store_each(). */
SN_MUST_USE enum sn_err col_store_each_carried(const struct col_store *s,
    enum sn_err (*fn)(void *arg, const struct col_carried *c, struct sn_why *why), void *arg,
    struct sn_why *why);

/*
 * collateral/status.json (canonical JSON) and collateral/status.txt: what was accepted
 * and refused, what is covered, until when, what lapses first. Appended to ret.
 */
SN_MUST_USE enum sn_err col_store_status_json(const struct col_store *s, struct sn_buf *ret,
    struct sn_why *why);
SN_MUST_USE enum sn_err col_store_status_txt(const struct col_store *s, struct sn_buf *ret,
    struct sn_why *why);

#endif
