/*
 * run - a request list from start to end: what is there already, what is asked for, what
 * became of it.
 *
 * Owns: the rows of its record. May include: base, crypto, firmware-cache/requests. Clock and
 * sleep come from the program. See docs/FORMAT-REQUESTS.md.
 */
#ifndef CLT_RUN_H
#define CLT_RUN_H

#include "firmware-cache/collect/fetch.h"
#include "firmware-cache/collect/queue.h"
#include "firmware-cache/requests/record.h"

#define CLT_REQUESTS "requests.jsonl"
#define CLT_RECORD "collect.jsonl"
#define CLT_ORIGINALS "originals"

struct clt_ports {
	int64_t (*mono_ms)(void);     /* only goes forward */
	int64_t (*wall)(void);	      /* seconds since 1970, for the record */
	void (*sleep_ms)(int64_t ms); /* or until a signal */
	const volatile int *stop;     /* not 0: end soon, keep what there is */
};

/* One request and what is known of it. */
struct clt_row {
	struct req_result r;
	char *reason;	  /* r's own */
	enum sn_err err;  /* why it is not there; SN_OK with REQ_FETCHED */
	bool known, kept; /* kept: from an earlier run */
};

struct clt_counts {
	size_t total, fetched, kept, absent, refused, failed; /* kept are fetched, too */
};

/* Is told everything that happens; see progress.h. */
struct clt_watcher {
	void (*row)(void *arg, const struct clt_row *row, const struct clt_counts *n);
	void (*wait)(void *arg, const char *url, int64_t ms, const struct clt_counts *n);
	void *arg;
};

/*
 * Collect what DIR/requests.jsonl lists into DIR/originals. dir is an open folder. SN_OK when
 * everything is there but what is optional; else the failure of the first row that is not,
 * after everything else was tried. *ret is set in both cases.
 */
SN_MUST_USE enum sn_err clt_run(int dir, const struct req_list *list, struct clt_fetch *fetch,
    bool have_key, const struct clt_pace *pace, const struct clt_ports *ports,
    const struct clt_watcher *watcher, struct clt_counts *ret, struct sn_why *why);

#endif
