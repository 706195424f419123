/*
 * transcript - the ceremony's record: one canonical JSON object a line, message
 * id and arguments, never prose; the lines are the leaves of an RFC 6962 tree.
 *
 * Owns: lines, leaf hashes and openings until tr_free(); a parsed transcript
 * until tr_read_free(). May include: base, crypto. See docs/FORMAT-TRANSCRIPT.md.
 */
#ifndef TRANSCRIPT_H
#define TRANSCRIPT_H

#include "appliance/base/json.h"
#include "ceremony/transcript/note.h"

#define TR_MAX_RECORDS 4096
#define TR_MAX_LINE (8U << 10)
#define TR_MAX_BYTES (4U << 20)
#define TR_MAX_ARGS 24
#define TR_MAX_TEXT 1024 /* bytes of one string argument */
#define TR_ID_MAX 64
#define TR_SALT_LEN 16
/* The first record of a boot segment after a resume; PCR 15 starts from zero there. */
/* What people saw: one screen, in one or more records. docs/FORMAT-TRANSCRIPT.md, "Screens". */
#define TR_SCREEN_ID "screen.shown"
#define TR_SEGMENT_ID "segment.start"

enum tr_kind {
	TR_STR,	     /* text, public */
	TR_INT,	     /* 0 to 2^53-1 */
	TR_PERSONAL, /* text that enters the record as a salted commitment only */
};

struct tr_arg {
	const char *name; /* [a-z][a-z0-9_]{0,31} */
	enum tr_kind kind;
	const char *text; /* TR_STR, TR_PERSONAL */
	uint64_t number;  /* TR_INT */
};
#define TR_ARG_STR(n, s) ((struct tr_arg){ (n), TR_STR, (s), 0 })
#define TR_ARG_INT(n, i) ((struct tr_arg){ (n), TR_INT, NULL, (i) })
#define TR_ARG_PERSONAL(n, s) ((struct tr_arg){ (n), TR_PERSONAL, (s), 0 })

/* ---- writing */

struct tr; /* opaque, append-only */

SN_MUST_USE enum sn_err tr_new(struct tr **ret, struct sn_why *why);
void tr_free(struct tr **tp); /* NULL-safe, idempotent */

/*
 * Append one record. time is ceremony time and must not go back; id and step are
 * [a-z0-9.-]. *ret_leaf is what PCR 15 is extended with, before the next append.
 */
SN_MUST_USE enum sn_err tr_append(struct tr *t, int64_t time, const char *id, const char *step,
    const struct tr_arg *args, size_t nargs, struct merkle_hash *ret_leaf, struct sn_why *why);

/*
 * Take over what an earlier boot of the same ceremony wrote, into a transcript that is empty.
 * Both are checked as tr_read_new() and tr_read_openings() do; what follows is a new segment.
 */
SN_MUST_USE enum sn_err tr_load(struct tr *t, struct bytes records, struct bytes openings,
    struct sn_why *why);

size_t tr_size(const struct tr *t);
/* Record i with its newline, for the journal; valid until the next append. */
struct bytes tr_line(const struct tr *t, size_t i);
struct bytes tr_records(const struct tr *t);  /* transcript/records.jsonl */
struct bytes tr_openings(const struct tr *t); /* transcript/openings.jsonl */
SN_MUST_USE enum sn_err tr_root(const struct tr *t, struct merkle_hash *ret,
    struct sn_why *why);
/* The checkpoint's text, to be signed by the log key. */
SN_MUST_USE enum sn_err tr_checkpoint(const struct tr *t, const char *origin,
    struct sn_buf *ret, struct sn_why *why);

/*
 * The commitment to a personal field, also for the statement's people:
 * SHA-256("cornerstone/v1/opening" 00 || salt || field 00 || text).
 */
SN_MUST_USE enum sn_err tr_commit(const uint8_t salt[TR_SALT_LEN], const char *field,
    struct bytes text, uint8_t ret[CRY_SHA256_LEN], struct sn_why *why);

/* ---- reading */

struct tr_record {
	uint64_t n;
	int64_t time;
	const char *id, *step;
	yyjson_val *args;  /* object */
	struct bytes line; /* without the newline */
	struct merkle_hash leaf;
};

struct tr_read; /* opaque: a checked transcript, or one that was just written */

/*
 * Read records.jsonl: every line canonical JSON of exactly the known form, n
 * consecutive from 0, times not going back, a segment's first record naming the
 * root before it. The caller owns *ret; it keeps its own copy of the bytes.
 */
SN_MUST_USE enum sn_err tr_read_new(struct bytes records, struct tr_read **ret,
    struct sn_why *why);
void tr_read_free(struct tr_read **rp); /* NULL-safe, idempotent */
size_t tr_read_size(const struct tr_read *r);
const struct tr_record *tr_read_record(const struct tr_read *r, size_t i);
/* Number of the last segment's first record: 0, unless the ceremony went on after a cut. */
size_t tr_read_segment(const struct tr_read *r);
const struct merkle_hash *tr_read_root(const struct tr_read *r);
/* PCR 15 (SHA-256 bank) after the last segment's records: pcr = SHA-256(pcr || leaf). */
SN_MUST_USE enum sn_err tr_read_pcr15(const struct tr_read *r, uint8_t ret[32],
    struct sn_why *why);
/* Signed by key, over exactly these records. Appends nothing, changes nothing. */
SN_MUST_USE enum sn_err tr_read_checkpoint(const struct tr_read *r, struct bytes note,
    const struct note_vkey *key, struct sn_why *why);
/* Check openings.jsonl against the commitments and keep them. Every line must open
 * one commitment, none twice; not every commitment needs an opening. */
SN_MUST_USE enum sn_err tr_read_openings(struct tr_read *r, struct bytes openings,
    struct sn_why *why);
/* The opened text of record i's field, or NULL when it was not opened. */
const char *tr_read_opened(const struct tr_read *r, size_t i, const char *field);
/* How many commitments there are, and how many are opened. */
void tr_read_count(const struct tr_read *r, size_t *ret_commitments, size_t *ret_opened);

#endif
