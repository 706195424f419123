/*
 * verify_args - the command line of `sanctum verify`, shared by what explains its verdict.
 *
 * Owns: lists, plans and folders that it opened, until verify_args_done(). Only for
 * ceremony/node. May include: base, crypto, transcript, bundle.
 */
#ifndef NODE_VERIFY_ARGS_H
#define NODE_VERIFY_ARGS_H

#include "ceremony/bundle/verify.h"
#include "ceremony/node/cmd.h"
#include "ceremony/node/crl.h"

#define VERIFY_WITNESSES_MAX 16

struct verify_args {
	struct bun_policy policy; /* points into this struct */
	struct bun_expect expect;
	const char *dir, *state;
	struct crl_files crls;
	struct note_vkey witness[VERIFY_WITNESSES_MAX];
	int dirfd, statefd; /* -1: not open */
	bool json, has_as_of;
};

/*
 * Read all of argv and open what it names; now is used unless --as-of is given. *ret must
 * stay where it is. Release it with verify_args_done(), after a failure too. SN_E_USAGE, or
 * what reading a named file came to.
 */
SN_MUST_USE enum sn_err verify_args_read(int argc, char **argv, int64_t now,
    struct verify_args *ret, struct sn_why *why);
void verify_args_done(struct verify_args *a); /* idempotent */

#endif
