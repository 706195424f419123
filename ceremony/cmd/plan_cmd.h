/*
 * plan_cmd - what the subcommands of `ceremony plan` share.
 *
 * Owns: nothing. May include: what the layer table gives ceremony/cmd. Only for
 * ceremony/cmd. See docs/FORMAT-PLAN.md.
 */
#ifndef PLAN_CMD_H
#define PLAN_CMD_H

#include "ceremony/cmd/cmd.h"
#include "ceremony/keys/plan.h"

/* Mode, sanctum and digest, as hex and as words, on standard output. */
SN_MUST_USE enum sn_err plan_print(const struct plan *p, struct sn_why *why);

/*
 * Go from this plan to a signed statement with throw-away approvers, in a keeper started
 * from the program file self. Appends one line about what was done. Nothing is written.
 */
SN_MUST_USE enum sn_err plan_dry_run(const struct plan *p, const char *self, struct sn_buf *ret,
    struct sn_why *why);

/* The rows of the lint that speak at time now, a line each, to standard output; SN_E_POLICY
 * when one of them refuses. */
SN_MUST_USE enum sn_err plan_lint_print(const struct plan *p, int64_t now, struct sn_why *why);

#endif
