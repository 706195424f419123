/*
 * record - collect.jsonl: what became of each request.
 *
 * Owns: nothing between calls. May include: base. Written on the staging machine and read
 * by whoever takes the replies in; it says where they come from and proves nothing. See
 * docs/FORMAT-REQUESTS.md.
 */
#ifndef REQ_RECORD_H
#define REQ_RECORD_H

#include "firmware-cache/requests/requests.h"

#define REQ_REASON_MAX 200

enum req_outcome {
	REQ_FETCHED, /* the reply is in its file, its headers beside it */
	REQ_ABSENT,  /* there is no such thing: status 404 or 410 */
	REQ_REFUSED, /* the reply was not taken, or the vendor refused */
	REQ_FAILED,  /* not reached, or not served for as long as was tried */
	REQ_OUTCOME_COUNT,
};
const char *req_outcome_name(enum req_outcome o); /* "fetched" */

struct req_result {
	const char *file, *url; /* as in requests.jsonl */
	enum req_outcome outcome;
	int64_t at;	 /* when the last answer came, or was given up on */
	uint32_t status; /* of HTTP; 0 without an answer */
	uint32_t tries;	 /* 0: not asked at all */
	uint32_t bytes;	 /* of the reply; this and the digests with REQ_FETCHED only */
	uint8_t sha256[32], headers_sha256[32];
	const char *reason; /* printable; with all but REQ_FETCHED */
};

/* One line of collect.jsonl, appended. The strings must be fit for it, reason is made so. */
SN_MUST_USE enum sn_err req_result_write(const struct req_result *r, struct sn_buf *ret,
    struct sn_why *why);
/* Read strictly and call fn for every line, whose strings are gone afterwards; its failure
 * ends it and is returned. */
SN_MUST_USE enum sn_err req_results_parse(struct bytes text, const char *what,
    enum sn_err (*fn)(void *arg, const struct req_result *r, struct sn_why *why), void *arg,
    struct sn_why *why);

#endif
