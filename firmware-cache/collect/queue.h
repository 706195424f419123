/*
 * queue - which request is next, and not before when: per host, politely.
 *
 * Owns: the places of requests, not the requests. May include: base, firmware-cache/requests.
 * Time is an argument: milliseconds of any clock that only goes forward.
 */
#ifndef CLT_QUEUE_H
#define CLT_QUEUE_H

#include "firmware-cache/requests/requests.h"

struct clt_queue; /* opaque */

struct clt_pace {
	uint32_t interval_ms; /* between two requests to a host, at least */
	uint32_t tries;	      /* of one request; and in a row, of a host */
	uint32_t max_wait_s;  /* a host that wants more is given up */
};

/* What becomes of a request after a try. */
enum clt_next {
	CLT_DONE,  /* it is through, one way or the other */
	CLT_LATER, /* once more, behind the others of its host */
	CLT_OVER,  /* it was tried often enough */
	CLT_HOST,  /* nothing more from that host: ask clt_queue_drop() for the rest */
};

/* Waits and doubles up to a minute, when nobody says how long. */
#define CLT_BACKOFF_MS 1000U
#define CLT_BACKOFF_MAX_MS 60000U

/* The caller owns *ret. The list must outlive it. */
SN_MUST_USE enum sn_err clt_queue_new(const struct req_list *l, const struct clt_pace *pace,
    struct clt_queue **ret, struct sn_why *why);
void clt_queue_free(struct clt_queue **qp); /* NULL-safe, idempotent */

/* Put the request with that number into its host's queue. */
SN_MUST_USE enum sn_err clt_queue_add(struct clt_queue *q, size_t i, struct sn_why *why);

/*
 * The request whose turn is first; it leaves the queue. False when none is left. *ret_at is
 * the moment before which it must not be asked: now, or later.
 */
bool clt_queue_next(struct clt_queue *q, int64_t now_ms, size_t *ret_i, int64_t *ret_at);

/* It was served, or refused for good: its host answers. */
void clt_queue_done(struct clt_queue *q, size_t i, int64_t now_ms);
/* Not now: status 429 or 5xx, after retry_after_s where it is not 0. Of one request: CLT_LATER
 * or CLT_OVER. Of the whole host: CLT_LATER, or CLT_HOST after as many in a row. CLT_HOST, too,
 * when the wait is over the longest. */
enum clt_next clt_queue_busy(struct clt_queue *q, size_t i, int64_t now_ms,
    uint32_t retry_after_s, bool whole_host);
/* No answer at all. CLT_LATER, CLT_OVER, or CLT_HOST after as many in a row. */
enum clt_next clt_queue_silent(struct clt_queue *q, size_t i, int64_t now_ms);
uint32_t clt_queue_tries(const struct clt_queue *q, size_t i);

/* Take out another request of i's host, or those that need the key; false: none is left. */
bool clt_queue_drop(struct clt_queue *q, size_t i, bool key_only, size_t *ret_other);

#endif
