/*
 * progress - how it goes: a bar on a terminal, else a line for each request.
 *
 * Owns: nothing. May include: firmware-cache/collect. Writes to standard error.
 */
#ifndef CLT_PROGRESS_H
#define CLT_PROGRESS_H

#include "firmware-cache/collect/run.h"

struct clt_progress {
	bool bar;     /* a terminal, which is told so by the program */
	bool drawn;   /* the bar is on its line */
	int64_t told; /* the last wait that was told without a bar, in ms; or 0 */
};

/* For struct clt_watcher; arg is a struct clt_progress. */
void clt_progress_row(void *arg, const struct clt_row *row, const struct clt_counts *n);
void clt_progress_wait(void *arg, const char *url, int64_t ms, const struct clt_counts *n);
/* Leave the bar's line. */
void clt_progress_end(struct clt_progress *p);

/* "12 fetched (3 of them before), 1 absent, 0 refused, 2 failed" */
#define CLT_SUMMARY_ROOM 160
void clt_summary(const struct clt_counts *n, char ret[CLT_SUMMARY_ROOM]);

#endif
