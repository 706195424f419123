/*
 * fetch - one request over HTTPS by libcurl (GnuTLS): the only code with a network.
 *
 * Owns: a connection that is used again, and Intel's subscription key. May include: base,
 * firmware-cache/requests. Nothing is followed, nothing is decoded, nothing comes from the
 * environment.
 */
#ifndef CLT_FETCH_H
#define CLT_FETCH_H

#include "firmware-cache/requests/requests.h"

#define CLT_HEADERS_MAX (64U << 10)
#define CLT_ERROR_MAX 160

struct clt_fetch; /* opaque */

struct clt_fetch_options {
	const char *ca;	   /* PEM file of the only CAs to trust; NULL: the system's */
	const char *via;   /* "HOST:PORT" to connect to, whatever the address says; or NULL */
	const char *proxy; /* NULL: none, whatever the environment says */
	struct bytes key;  /* Intel's subscription key; empty: none */
	uint32_t timeout;  /* seconds for one request */
	const volatile int *stop; /* not 0: give up now; or NULL */
};

enum clt_end {
	CLT_ANSWER,    /* a whole reply of any status came */
	CLT_NO_ANSWER, /* not reached, cut off, too slow */
	CLT_UNTRUSTED, /* reached somebody who is not the host */
	CLT_TOO_LARGE, /* over the request's limit, or headers over CLT_HEADERS_MAX */
	CLT_ENCODED,   /* compressed, though nobody asked for that */
};

struct clt_reply {
	enum clt_end end;
	uint32_t status;
	uint32_t retry_after;	     /* seconds; 0: not said */
	struct sn_buf body, headers; /* as they came; whole with CLT_ANSWER only */
	char error[CLT_ERROR_MAX];   /* why not, with all but CLT_ANSWER */
};
void clt_reply_done(struct clt_reply *r); /* frees, NULL-safe, idempotent */

/* SN_E_FORMAT when the key is none; SN_E_IO. The options' strings must outlive *ret. */
SN_MUST_USE enum sn_err clt_fetch_open(const struct clt_fetch_options *o,
    struct clt_fetch **ret, struct sn_why *why);
void clt_fetch_close(struct clt_fetch **fp); /* wipes the key; NULL-safe, idempotent */

/* Ask once. Only what ends the program is a failure: whatever the network does is a reply,
 * which the caller owns. */
SN_MUST_USE enum sn_err clt_fetch(struct clt_fetch *f, const struct req *r,
    struct clt_reply *ret, struct sn_why *why);

#endif
