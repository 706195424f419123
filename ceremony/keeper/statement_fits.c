/*
 * A statement against the keeper's own plan: whoever composed it cannot have other
 * people, thresholds or worlds signed than those that were approved.
 */
#include <string.h>

#include "ceremony/bundle/statement.h"
#include "ceremony/keeper/process.h"

#define WHAT "statement.json"

/* One row of the statement, and whether it says what the plan says. */
struct fit_rule {
	const char *what;
	bool same;
};

static enum sn_err
rules_hold(const struct fit_rule *rules, size_t n, struct sn_why *why)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!rules[i].same)
			return sn_fail(why, SN_E_POLICY, WHAT ": %s is not this ceremony's",
			    rules[i].what);
	return SN_OK;
}

static bool
previous_same(const struct bun_statement *s, const struct plan *plan)
{
	if (s->has_previous != plan->has_previous)
		return false;
	return !s->has_previous || memcmp(s->previous, plan->previous, 32) == 0;
}

static bool
collateral_time_same(const struct bun_statement *s, const struct plan *plan)
{
	if (s->has_collateral_time != plan->has_collateral_time)
		return false;
	return !s->has_collateral_time || s->collateral_time == plan->collateral_time;
}

static bool
exception_same(const struct bun_statement *s, const struct plan *plan)
{
	if ((s->exception != NULL) != plan->has_exception)
		return false;
	return s->exception == NULL || strcmp(s->exception, plan->exception_reason) == 0;
}

/* Exactly the plan's approvers: names are unique on both sides, so counting is enough. */
static enum sn_err
approvers_same(const struct bun_statement *s, const struct plan *plan, struct sn_why *why)
{
	size_t i, n;
	const struct plan_approver *after = plan_approvers_after(plan, &n);

	if (s->napprovers != n)
		return sn_fail(why, SN_E_POLICY, WHAT ": %zu approvers, but the plan has %zu",
		    s->napprovers, n);
	for (i = 0; i < n; i++) {
		const struct plan_approver *a = &after[i];
		const struct bun_stated_approver *stated = bun_statement_approver(s, a->name);
		uint8_t digest[CRY_MAX_HASH];

		SN_TRY(cry_digest(CRY_SHA256, (struct bytes){ a->sign, a->sign_len }, digest,
		    why));
		if (stated == NULL || memcmp(stated->key_sha256, digest, 32) != 0)
			return sn_fail(why, SN_E_POLICY,
			    WHAT ": approver %s is not there with the key that the plan names",
			    a->name);
	}
	return SN_OK;
}

static bool
is_policy(const char *path)
{
	return strncmp(path, PLAN_POLICY_FOLDER, strlen(PLAN_POLICY_FOLDER)) == 0 ||
	    strncmp(path, PLAN_NODES_FOLDER, strlen(PLAN_NODES_FOLDER)) == 0;
}

/* The policy that is bound is exactly the plan's, made here once more. */
static enum sn_err
policy_same(const struct bun_statement *s, const struct plan *plan, struct sn_why *why)
{
	size_t i, n = 0;

	for (i = 0; i < s->nsubjects; i++)
		n += is_policy(s->subject[i].path);
	if (n != plan_policy_count(plan))
		return sn_fail(why, SN_E_POLICY,
		    WHAT ": %zu files of policy/ and nodes/, but the plan makes %zu", n,
		    plan_policy_count(plan));
	for (i = 0; i < n; i++) {
		SN_CLEANUP(sn_buf_done) struct sn_buf file = { 0 };
		const struct bun_subject *bound;
		char path[PLAN_POLICY_PATH_MAX];
		uint8_t digest[CRY_MAX_HASH];

		SN_TRY(plan_policy_file(plan, i, path, &file, why));
		SN_TRY(cry_digest(CRY_SHA256, sn_buf_bytes(&file), digest, why));
		bound = bun_statement_subject(s, path);
		if (bound == NULL || memcmp(bound->sha256, digest, 32) != 0)
			return sn_fail(why, SN_E_POLICY, WHAT ": %s is not the plan's", path);
	}
	return SN_OK;
}

/* As many layouts as are wanted, and those; a plan that says nothing binds nothing. */
static bool
profiles_same(const struct bun_statement *s, const struct plan *plan)
{
	const char *name;
	size_t i;

	if (!plan->policy.given || plan_is_operations(plan))
		return true;
	for (i = 0; (name = plan_profile(plan, i)) != NULL; i++)
		if (!yyjson_equals_str(yyjson_arr_get(s->profiles, i), name))
			return false;
	return yyjson_arr_size(s->profiles) == i;
}

/* What the plan continues, and nothing but what its mode may bring. */
static enum sn_err
operations_fit(const struct bun_statement *s, const struct plan *plan, struct sn_why *why)
{
	const struct fit_rule rules[] = {
		{ "base_sha256", memcmp(s->base_sha256, plan->base_sha256, 32) == 0 },
	};

	SN_TRY(rules_hold(rules, SN_NITEMS(rules), why));
	for (size_t i = 0; i < s->nsubjects; i++)
		if (!bun_ops_scope(s->mode, s->subject[i].path))
			return sn_fail(why, SN_E_POLICY,
			    WHAT ": %s: operations signers may not sign this in mode %s",
			    s->subject[i].path, s->mode);
	return SN_OK;
}

enum sn_err
statement_fits(const struct process *p, struct bytes statement, struct sn_why *why)
{
	SN_CLEANUP(bun_statement_done) struct bun_statement s = { 0 };
	const struct plan *plan = p->plan;

	SN_TRY(bun_statement_parse_kind(plan_is_operations(plan) ? BUN_KIND_OPS
								 : BUN_KIND_BUNDLE,
	    statement, &s, why));
	const struct fit_rule rules[] = {
		{ "world", strcmp(s.world, plan_world_name(plan->world)) == 0 },
		{ "mode", strcmp(s.mode, plan_mode_name(plan->mode)) == 0 },
		{ "plan_sha256", memcmp(s.plan_sha256, plan->digest, 32) == 0 },
		{ "identity_sha256", memcmp(s.identity_sha256, p->identity_digest, 32) == 0 },
		{ "previous", previous_same(&s, plan) },
		{ "sequence", s.sequence == plan->sequence },
		{ "sanctum.id", memcmp(s.sanctum_id, plan->sanctum_id, 16) == 0 },
		{ "sanctum.name", strcmp(s.sanctum_name, plan->sanctum_name) == 0 },
		{ "thresholds.approvals", s.approvals == plan->approvals },
		{ "thresholds.operations", s.ops_threshold == plan->ops_threshold },
		{ "thresholds.shares", s.share_threshold == plan->share_threshold },
		{ "thresholds.shares_of", s.share_count == plan->share_count },
		{ "collateral_time", collateral_time_same(&s, plan) },
		{ "exceptions", exception_same(&s, plan) },
		{ "profiles", profiles_same(&s, plan) },
		{ "separation", s.reduced == plan->two },
		/* the class itself is judged where the TPM is */
		{ "evidence_class", plan_may_reach(plan, s.evidence_class) },
	};
	SN_TRY(rules_hold(rules, SN_NITEMS(rules), why));
	if (plan_is_operations(plan))
		SN_TRY(operations_fit(&s, plan, why));
	if (plan->mode != PLAN_REFRESH) /* which brings none */
		SN_TRY(policy_same(&s, plan, why));
	return approvers_same(&s, plan, why);
}
