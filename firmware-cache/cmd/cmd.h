/*
 * cmd - the commands of `firmware-cache`: one file each, one table in main.c.
 *
 * Owns: nothing between calls. May include: base, the firmware-cache rooms. What the
 * commands do: docs/COLLATERAL.md.
 */
#ifndef FC_CMD_H
#define FC_CMD_H

#include "firmware-cache/store/store.h"

/* A command gets what stands behind its name; its failure is the exit status. */
SN_MUST_USE enum sn_err cmd_collect(int argc, char **argv, struct sn_why *why);
SN_MUST_USE enum sn_err cmd_export(int argc, char **argv, struct sn_why *why);
SN_MUST_USE enum sn_err cmd_import(int argc, char **argv, struct sn_why *why);
SN_MUST_USE enum sn_err cmd_index(int argc, char **argv, struct sn_why *why);
SN_MUST_USE enum sn_err cmd_rehearsal_pki(int argc, char **argv, struct sn_why *why);
SN_MUST_USE enum sn_err cmd_requests(int argc, char **argv, struct sn_why *why);
SN_MUST_USE enum sn_err cmd_status(int argc, char **argv, struct sn_why *why);
SN_MUST_USE enum sn_err cmd_verify(int argc, char **argv, struct sn_why *why);

/* One option: with a value, or a flag. The values stay the command line's. */
struct fc_option {
	const char *name;   /* "--at" */
	const char **value; /* takes one value, once; or NULL */
	bool *flag;	    /* set when it is there; or NULL */
};

/*
 * Sort argv into options and exactly n operands, whose names are for messages ("DIR").
 * SN_E_USAGE says what is not understood or missing.
 */
SN_MUST_USE enum sn_err fc_args(int argc, char **argv, const struct fc_option *options,
    size_t noptions, const char *const *names, const char **operands, size_t n,
    struct sn_why *why);

/* ports.c: this program's only look at the clock. */
SN_MUST_USE enum sn_err fc_now(int64_t *ret, struct sn_why *why);

/* --at and --rehearsal as a policy; without at, now. */
SN_MUST_USE enum sn_err fc_policy(const char *at, const char *rehearsal, struct col_policy *ret,
    struct sn_why *why);

/* All of it to standard output. */
SN_MUST_USE enum sn_err fc_print(const struct sn_buf *out, struct sn_why *why);

#endif
