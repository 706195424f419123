/*
 * plan_parts - the parts of plan_parse(), shared by the files of the plan only.
 *
 * Owns: nothing. May include: base, plan.h. Each part reads its own keys of the root object
 * into the plan and refuses what is wrong there, with the field named: SN_E_FORMAT (form),
 * SN_E_POLICY (contents).
 */
#ifndef PLAN_PARTS_H
#define PLAN_PARTS_H

#include <yyjson.h>

#include "ceremony/keys/plan.h"

#define WHAT "plan.json"

struct plan_word {
	const char *name;
	unsigned int bit;
};

/* One of the n words of a table; *ret is its bit. */
SN_MUST_USE enum sn_err plan_choice(yyjson_val *obj, const char *key, const struct plan_word *t,
    size_t n, unsigned int *ret, struct sn_why *why);
/* Copy a printable string of 1 to max bytes into ret, which has max + 1. */
SN_MUST_USE enum sn_err plan_string(yyjson_val *obj, const char *key, char *ret, size_t max,
    struct sn_why *why);
/* {"from":T,"to":T}, the first before the second. */
SN_MUST_USE enum sn_err plan_range(yyjson_val *parent, const char *key, struct plan_dates *ret,
    struct sn_why *why);

/* plan_team.c: "team", before the people; its rules, behind people, shares and approvers. */
SN_MUST_USE enum sn_err plan_team(struct plan *p, yyjson_val *root, struct sn_why *why);
SN_MUST_USE enum sn_err plan_team_rules(const struct plan *p, struct sn_why *why);

/* plan_people.c: people; then shares (custodians); then approvers with their thresholds. */
SN_MUST_USE enum sn_err plan_people(struct plan *p, yyjson_val *root, struct sn_why *why);
SN_MUST_USE enum sn_err plan_shares(struct plan *p, yyjson_val *root, struct sn_why *why);
SN_MUST_USE enum sn_err plan_approvers(struct plan *p, yyjson_val *root, struct sn_why *why);

/* plan_tpm.c: evidence classes; then which TPM it must be (after "tpm"). */
SN_MUST_USE enum sn_err plan_accept(struct plan *p, yyjson_val *root, struct sn_why *why);
SN_MUST_USE enum sn_err plan_tpm(struct plan *p, yyjson_val *root, struct sn_why *why);

/* plan_optional.c: all that may be absent (after dates and mode). */
SN_MUST_USE enum sn_err plan_optional(struct plan *p, yyjson_val *root, struct sn_why *why);

/* plan_policy.c: nodes, least firmware, freshness, layouts, languages (after exceptions). */
SN_MUST_USE enum sn_err plan_policy(struct plan *p, yyjson_val *root, struct sn_why *why);

/* plan_room.c: seals and the inspection. */
SN_MUST_USE enum sn_err plan_room(struct plan *p, yyjson_val *root, struct sn_why *why);

/* One public key of an approver: base64 DER SPKI of a P-384 key. */
SN_MUST_USE enum sn_err plan_spki(yyjson_val *obj, const char *key, uint8_t *ret,
    size_t *ret_len, struct sn_why *why);
/* plan_ops.c: which bundle an operations ceremony continues (after mode and sequence). */
SN_MUST_USE enum sn_err plan_ops(struct plan *p, yyjson_val *root, struct sn_why *why);

#endif
