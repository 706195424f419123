/*
 * priv - what a run's files share: its rows, and what it takes over from an earlier run.
 *
 * Owns: nothing. May include: what run.h may.
 */
#ifndef CLT_PRIV_H
#define CLT_PRIV_H

#include "firmware-cache/collect/run.h"

struct clt_rows {
	const struct req_list *list;
	struct clt_row *v; /* one for each request, in the list's order */
	struct clt_counts n;
};

SN_MUST_USE enum sn_err clt_rows_new(const struct req_list *l, struct clt_rows *ret,
    struct sn_why *why);
void clt_rows_done(struct clt_rows *r); /* NULL-safe, idempotent */

/* Say what became of request i; reason may be NULL with REQ_FETCHED only. Once for each. */
SN_MUST_USE enum sn_err clt_rows_set(struct clt_rows *r, size_t i, const struct req_result *x,
    enum sn_err err, struct sn_why *why);
/* Take over what an earlier run fetched, if it is there and whole, and what was absent. What
 * is not whole is removed. */
SN_MUST_USE enum sn_err clt_rows_resume(struct clt_rows *r, int dir, int originals,
    struct sn_why *why);
/* Write collect.jsonl. */
SN_MUST_USE enum sn_err clt_rows_write(const struct clt_rows *r, int dir, struct sn_why *why);
/* The failure of the first row that is not as it should be. */
SN_MUST_USE enum sn_err clt_rows_verdict(const struct clt_rows *r, struct sn_why *why);

/* "FILE.hdr" */
#define CLT_NAME_ROOM (REQ_FILE_MAX + 8)
void clt_headers_name(const char *file, char ret[CLT_NAME_ROOM]);

#endif
