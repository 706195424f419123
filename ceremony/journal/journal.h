/*
 * journal - the form of the file that lets a ceremony go on after a power cut: chained
 * lines, several ceremonies one behind the other. No secret ever enters it.
 *
 * Owns: the file's text and what was read out of it, until journal_free(). May include:
 * base, crypto. See docs/FORMAT-JOURNAL.md. When what is written: ceremony/core/journal.c.
 */
#ifndef JOURNAL_H
#define JOURNAL_H

#include "appliance/base/bytes.h"

#define JOURNAL_MAX_BYTES (16U << 20)
#define JOURNAL_MAX_LINE (128U << 10)
#define JOURNAL_MAX_CEREMONIES 64
#define JOURNAL_MAX_FILES 16
#define JOURNAL_NAME_MAX 64

enum journal_state {
	JOURNAL_OPEN,	   /* no secret was begun */
	JOURNAL_SECRET,	   /* one was begun and does not count yet */
	JOURNAL_MADE,	   /* the root counts as made */
	JOURNAL_BUNDLED,   /* the finished bundle is on the stick */
	JOURNAL_DISCARDED, /* cut while a secret did not count: void */
	JOURNAL_DONE,	   /* it came to its end */
};

struct journal_ceremony {
	char ceremony[JOURNAL_NAME_MAX + 1]; /* its number, for people */
	char world[16], mode[16];
	uint8_t plan[32], sanctum[16];
	uint32_t sequence;
	enum journal_state state;
	char step[JOURNAL_NAME_MAX + 1]; /* the last border; "" before the first */
	uint32_t records;
	bool made;	       /* there is a commit */
	bool bundled;	       /* there is a bundle */
	uint8_t identity[32];  /* of the commit */
	uint8_t statement[32]; /* of the bundle */
};

struct journal; /* opaque, append-only */

SN_MUST_USE enum sn_err journal_new(struct journal **ret, struct sn_why *why);
/*
 * Read a file. *ret_cut is how many bytes at its end were torn by a cut and are not part of
 * the journal. SN_E_FORMAT: not a journal; SN_E_SIGNATURE: damaged in its middle; SN_E_LIMIT.
 */
SN_MUST_USE enum sn_err journal_read(struct bytes text, struct journal **ret, size_t *ret_cut,
    struct sn_why *why);
void journal_free(struct journal **jp); /* NULL-safe, idempotent */

/* What the file is to hold; valid until the next line is added. */
struct bytes journal_text(const struct journal *j);

size_t journal_count(const struct journal *j);
const struct journal_ceremony *journal_ceremony(const struct journal *j, size_t i);
/* The last ceremony, NULL when there is none, and what it holds. */
const struct journal_ceremony *journal_last(const struct journal *j);
struct bytes journal_records(const struct journal *j);	/* as in records.jsonl */
struct bytes journal_openings(const struct journal *j); /* as in openings.jsonl */
/* A file of the last ceremony; SN_E_MISSING names it. */
SN_MUST_USE enum sn_err journal_file(const struct journal *j, const char *path,
    struct bytes *ret, struct sn_why *why);

/* Add a line. Nothing is on the stick before the caller has written journal_text() there. */
SN_MUST_USE enum sn_err journal_begin(struct journal *j, const struct journal_ceremony *c,
    struct sn_why *why);
/* Whole lines of the transcript, each with its newline. */
SN_MUST_USE enum sn_err journal_add_records(struct journal *j, struct bytes lines,
    struct sn_why *why);
SN_MUST_USE enum sn_err journal_add_openings(struct journal *j, struct bytes lines,
    struct sn_why *why);
SN_MUST_USE enum sn_err journal_add_file(struct journal *j, const char *path, struct bytes data,
    struct sn_why *why);
SN_MUST_USE enum sn_err journal_secret(struct journal *j, struct sn_why *why);
SN_MUST_USE enum sn_err journal_border(struct journal *j, const char *step, struct sn_why *why);
SN_MUST_USE enum sn_err journal_commit(struct journal *j, const uint8_t identity[32],
    struct sn_why *why);
SN_MUST_USE enum sn_err journal_bundle(struct journal *j, const uint8_t statement[32],
    struct sn_why *why);
SN_MUST_USE enum sn_err journal_discard(struct journal *j, struct sn_why *why);
SN_MUST_USE enum sn_err journal_done(struct journal *j, struct sn_why *why);

#endif
