/*
 * lines - the journal's inside: what each kind of line does to what is known.
 *
 * Owns: see struct journal. For the files of this folder only. May include: base, crypto.
 */
#ifndef JOURNAL_LINES_H
#define JOURNAL_LINES_H

#include "appliance/base/json.h"
#include "appliance/crypto/digest.h"
#include "ceremony/journal/journal.h"

#define WHAT "journal.log"
#define HEX_LEN (2 * CRY_SHA256_LEN)

struct journal_kept_file {
	char path[JOURNAL_NAME_MAX + 1];
	struct sn_buf data;
};

struct journal {
	struct sn_buf text;
	uint8_t head[CRY_SHA256_LEN]; /* digest of the last line */
	struct journal_ceremony ceremony[JOURNAL_MAX_CEREMONIES];
	size_t n;
	/* of the last ceremony */
	struct sn_buf records, openings;
	struct journal_kept_file file[JOURNAL_MAX_FILES];
	size_t nfiles;
};

struct journal_kind {
	const char *name;
	bool ends; /* a batch: what is behind the last such line was torn */
	bool json; /* rest is canonical JSON with exactly these keys */
	const char *const *keys;
	/* obj is NULL unless json */
	enum sn_err (*apply)(struct journal *j, struct bytes rest, yyjson_val *obj,
	    struct sn_why *why);
};

/* The kind with that name, or NULL. */
const struct journal_kind *journal_kind(struct bytes name);
/* Check a line's rest and take it in. */
SN_MUST_USE enum sn_err journal_apply(struct journal *j, const struct journal_kind *k,
    struct bytes rest, struct sn_why *why);
/* SHA-256(previous || "kind rest"). */
SN_MUST_USE enum sn_err journal_chain(const uint8_t previous[CRY_SHA256_LEN], struct bytes line,
    uint8_t ret[CRY_SHA256_LEN], struct sn_why *why);

#endif
