/*
 * plan_identity - the identity file, or the recovery card, as a source of a new plan.
 *
 * Owns: nothing. Only for ceremony/cmd. May include: base, keys.
 */
#ifndef CMD_PLAN_IDENTITY_H
#define CMD_PLAN_IDENTITY_H

#include "appliance/base/json.h"

/* The identity file that lies at path, or that the card at path holds; appended. */
SN_MUST_USE enum sn_err plan_identity_read(const char *path, struct sn_buf *ret,
    struct sn_why *why);

/*
 * World, sanctum, shares, operations and dates of the plan root as the identity at path
 * has them; signers whose time was over before from (the window's first second) begin anew.
 */
SN_MUST_USE enum sn_err plan_identity_put(yyjson_mut_doc *doc, yyjson_mut_val *root,
    const char *path, int64_t from, struct sn_why *why);

#endif
