#include <stdio.h>
#include <string.h>

#include "firmware-cache/collect/progress.h"

#define CELLS 24U
#define COLUMNS 79
#define TOLD_MS 2000 /* a shorter wait is not worth a line */

static size_t
settled(const struct clt_counts *n)
{
	return n->fetched + n->absent + n->refused + n->failed;
}

/* One line, written over the last one. */
static void
draw(struct clt_progress *p, const struct clt_counts *n, const char *more)
{
	size_t done = settled(n), cells = n->total != 0 ? CELLS * done / n->total : 0;
	char bar[CELLS + 1], line[COLUMNS + 1];

	memset(bar, '.', CELLS);
	memset(bar, '#', cells);
	bar[CELLS] = '\0';
	snprintf(line, sizeof(line), "[%s] %zu of %zu, %zu not fetched  %s", bar, done,
	    n->total, n->absent + n->refused + n->failed, more);
	fprintf(stderr, "\r%-*s", COLUMNS, line);
	fflush(stderr);
	p->drawn = true;
}

void
clt_progress_end(struct clt_progress *p)
{
	if (p->drawn)
		fprintf(stderr, "\r%*s\r", COLUMNS, "");
	p->drawn = false;
}

void
clt_progress_row(void *arg, const struct clt_row *row, const struct clt_counts *n)
{
	struct clt_progress *p = arg;
	const struct req_result *r = &row->r;

	p->told = 0;
	if (!p->bar || r->outcome != REQ_FETCHED) {
		clt_progress_end(p);
		if (r->outcome == REQ_FETCHED)
			fprintf(stderr, "%-7s %s  %u bytes\n", req_outcome_name(r->outcome),
			    r->file, r->bytes);
		else
			fprintf(stderr, "%-7s %s  %s\n", req_outcome_name(r->outcome), r->file,
			    r->reason);
	}
	if (p->bar)
		draw(p, n, "");
}

void
clt_progress_wait(void *arg, const char *url, int64_t ms, const struct clt_counts *n)
{
	struct clt_progress *p = arg;
	struct bytes host = { 0 };
	char more[COLUMNS];
	bool key = false;

	if (req_url_host(url, &host, &key, NULL) != SN_OK)
		return;
	snprintf(more, sizeof(more), "%.*s: in %lld s", (int)host.n, (const char *)host.p,
	    (long long)((ms + 999) / 1000));
	if (p->bar)
		draw(p, n, ms >= TOLD_MS ? more : "");
	else if (p->told == 0 && ms >= TOLD_MS) {
		fprintf(stderr, "wait    %s\n", more);
		p->told = ms;
	}
}

void
clt_summary(const struct clt_counts *n, char ret[CLT_SUMMARY_ROOM])
{
	snprintf(ret, CLT_SUMMARY_ROOM,
	    "%zu of %zu fetched (%zu of them before), %zu absent, %zu refused, %zu failed",
	    n->fetched, n->total, n->kept, n->absent, n->refused, n->failed);
}
