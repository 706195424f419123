#include <stdio.h>
#include <string.h>

#include "appliance/base/text.h"
#include "firmware-cache/cache/status.h"

#define NAME_COLUMNS 16
#define CELL_COLUMNS 9
#define DATE_LEN 10
#define INDENT "    "
#define LINES_MAX 200 /* of items, without a plan: the file and --json hold all */

struct column {
	enum cover_item item;
	const char *heading;
};

static const struct column amd_columns[] = {
	{ COVER_AMD_CHAIN, "chain" },
	{ COVER_AMD_CRL, "CRL" },
	{ COVER_AMD_VCEK, "VCEK" },
};

static const struct column intel_columns[] = {
	{ COVER_INTEL_ROOT_CRL, "root CRL" },
	{ COVER_INTEL_PCK_CRL, "PCK CRL" },
	{ COVER_INTEL_PCK, "PCK" },
	{ COVER_INTEL_TCB_SGX, "TCB SGX" },
	{ COVER_INTEL_TCB_TDX, "TCB TDX" },
	{ COVER_INTEL_QE, "QE" },
	{ COVER_INTEL_TD_QE, "TD QE" },
};

static void
put_cell(struct sn_buf *b, int64_t at, const struct cover_cell *c)
{
	static const char *const words[COVER_STATES] = {
		[COVER_NOT_NEEDED] = "-",
		[COVER_LAPSED] = "LAPSED",
		[COVER_REFUSED] = "REFUSED",
		[COVER_MISSING] = "MISSING",
	};
	char days[24];

	if (words[c->state] != NULL) {
		sn_buf_fmt(b, "%*s", CELL_COLUMNS, words[c->state]);
		return;
	}
	snprintf(days, sizeof(days), "%lldd%s", (long long)cover_days(at, c->good_until),
	    c->state == COVER_SOON ? "!" : "");
	sn_buf_fmt(b, "%*s", CELL_COLUMNS, days);
}

static void
put_matrix(struct sn_buf *b, const struct cache_status *s, bool intel)
{
	const struct column *columns = intel ? intel_columns : amd_columns;
	size_t n = intel ? SN_NITEMS(intel_columns) : SN_NITEMS(amd_columns);
	bool heading = false;

	for (size_t i = 0; i < s->cover.n; i++) {
		const struct cover_row *r = &s->cover.row[i];

		if ((r->node->product == AMD_PRODUCT_COUNT) != intel)
			continue;
		if (!heading) {
			sn_buf_fmt(b, "\n%-*s", NAME_COLUMNS, intel ? "Intel" : "AMD");
			for (size_t k = 0; k < n; k++)
				sn_buf_fmt(b, "%*s", CELL_COLUMNS, columns[k].heading);
			sn_buf_str(b, "\n");
			heading = true;
		}
		sn_buf_fmt(b, "%-*s", NAME_COLUMNS, r->node->name);
		for (size_t k = 0; k < n; k++)
			put_cell(b, s->view.at, &r->cell[columns[k].item]);
		sn_buf_str(b, "\n");
	}
}

/* What is wanting, and what soon will be, in words. */
static void
put_lines(struct sn_buf *b, const struct cache_status *s, enum cover_state state,
    const char *heading)
{
	char until[TEXT_TIME_LEN + 1], line[256];
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct status_line *l = &s->v[i];

		if (l->state != state)
			continue;
		if (n++ == 0)
			sn_buf_fmt(b, "\n%s\n", heading);
		if (n > LINES_MAX)
			continue;
		text_from_time(l->good_until, until);
		sn_buf_fmt(b, "  %s%s%s\n", l->node, l->node[0] != '\0' ? ": " : "", l->label);
		if (cover_is_good(state))
			snprintf(line, sizeof(line), "until %s", until);
		else
			snprintf(line, sizeof(line), "%.250s", l->reason);
		text_put_wrapped(b, STATUS_COLUMNS, INDENT, line);
	}
	if (n > LINES_MAX)
		sn_buf_fmt(b, "  and %zu more; --json has all\n", n - LINES_MAX);
}

static void
put_items(struct sn_buf *b, const struct cache_status *s)
{
	char until[TEXT_TIME_LEN + 1];
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct status_line *l = &s->v[i];

		if (!cover_is_good(l->state) || n++ >= LINES_MAX)
			continue;
		if (n == 1)
			sn_buf_fmt(b, "\n%-38s %-11s %-11s %s\n", "Item", "channel", "until",
			    "days");
		text_from_time(l->good_until, until);
		sn_buf_fmt(b, "%-38.38s %-11.11s %-11.*s %5lld", l->label, l->channel, DATE_LEN,
		    until, (long long)cover_days(s->view.at, l->good_until));
		if (l->count > 1)
			sn_buf_fmt(b, " x%zu", l->count);
		sn_buf_str(b, "\n");
	}
	if (n > LINES_MAX)
		sn_buf_fmt(b, "and %zu more; --json has all\n", n - LINES_MAX);
}

enum sn_err
cache_status_text(const struct cache_status *s, struct sn_buf *ret, struct sn_why *why)
{
	char when[TEXT_TIME_LEN + 1];
	size_t wanting = 0;

	text_from_time(s->view.at, when);
	sn_buf_fmt(ret, "Cache, judged at %s\n%zu good, %zu superseded, %zu lapsed, ", when,
	    s->accepted, s->superseded, s->lapsed);
	sn_buf_fmt(ret, "%zu refused, %zu carried\n", s->refused, s->carried);
	if (s->absent > 0)
		sn_buf_fmt(ret, "%zu on record, but not here; import them again\n", s->absent);
	for (size_t i = 0; i < s->n; i++)
		wanting += !cover_is_good(s->v[i].state);
	if (wanting > 0)
		sn_buf_fmt(ret, "%zu of %zu wanting\n", wanting, s->n);
	if (s->first != NULL) {
		text_from_time(s->first->good_until, when);
		sn_buf_fmt(ret, "Good until %.*s, first to lapse: %s\n", DATE_LEN, when,
		    s->first->label);
	}
	if (s->planned) {
		put_matrix(ret, s, false);
		put_matrix(ret, s, true);
	} else {
		put_items(ret, s);
	}
	put_lines(ret, s, COVER_MISSING, "Missing");
	put_lines(ret, s, COVER_LAPSED, "Lapsed");
	put_lines(ret, s, COVER_REFUSED, "Refused");
	put_lines(ret, s, COVER_SOON, "Lapses within a week");
	return sn_buf_check(ret, why);
}
