/*
 * plan_lint - what in a plan people may not have meant, beyond what plan_parse() refuses.
 *
 * Owns: nothing. May include: base, crypto. The rows are one table; docs/FORMAT-PLAN.md,
 * "Lint", says what each is about.
 */
#ifndef PLAN_LINT_H
#define PLAN_LINT_H

#include "ceremony/keys/plan.h"

enum plan_lint_severity {
	PLAN_LINT_WARN,	  /* people judge it */
	PLAN_LINT_REFUSE, /* the ceremony could not end well */
};
#define PLAN_LINT_WHO_MAX 64

struct plan_lint_row {
	const char *id; /* "approvals-all" */
	enum plan_lint_severity severity;
	const char *say; /* a sentence: what is so, and what to do */
	/* Is it so? now: seconds since 1970. ret_who: of whom or what, or "". */
	bool (*hit)(const struct plan *p, int64_t now, char ret_who[PLAN_LINT_WHO_MAX]);
};

/* Row i of the table, in the order in which they are judged; NULL past the end. */
const struct plan_lint_row *plan_lint_row(size_t i);

#endif
