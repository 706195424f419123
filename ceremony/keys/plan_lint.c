#include "ceremony/keys/plan_lint.h"

#include <stdio.h>
#include <string.h>

#define DAY 86400LL
#define YEAR (365LL * DAY)
#define WINDOW_DAYS 31
#define OPERATIONS_DAYS 90
#define MANY_ROLES 3

/* The sanctum of the sample plan that comes with the sources. */
static const uint8_t sample_id[16] = { 0x5a, 0x6b, 0x1c, 0x02, 0xd3, 0xe4, 0x4f, 0x55, 0x86,
	0x97, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd };

static void
put_who(char ret[PLAN_LINT_WHO_MAX], const char *a, const char *and, const char *b)
{
	(void)snprintf(ret, PLAN_LINT_WHO_MAX, "%s%s%s", a, and, b);
}

/* The first person who has all of these roles. */
static bool
who_has(const struct plan *p, unsigned int all, char ret[PLAN_LINT_WHO_MAX])
{
	for (size_t i = 0; i < p->npeople; i++) {
		if ((p->people[i].roles & all) != all)
			continue;
		put_who(ret, p->people[i].name, "", "");
		return true;
	}
	return false;
}

/* ---- can it end well? */

static bool
no_class(const struct plan *p, int64_t now SN_UNUSED, char *who SN_UNUSED)
{
	return !plan_may_reach(p, "vendor") && !plan_may_reach(p, "pinned") &&
	    !plan_may_reach(p, "software");
}

static bool
window_over(const struct plan *p, int64_t now, char *who SN_UNUSED)
{
	return p->window.to <= now;
}

static bool
sample_sanctum(const struct plan *p, int64_t now SN_UNUSED, char *who SN_UNUSED)
{
	static const uint8_t zero[sizeof(p->sanctum_id)];

	return memcmp(p->sanctum_id, zero, sizeof(zero)) == 0 ||
	    (p->world == PLAN_PRODUCTION &&
		memcmp(p->sanctum_id, sample_id, sizeof(sample_id)) == 0);
}

static bool
one_person_twice(const struct plan *p, int64_t now SN_UNUSED, char *who)
{
	for (size_t i = 0; i < p->npeople; i++)
		for (size_t k = 0; k < i; k++)
			if (strcmp(p->people[i].full, p->people[k].full) == 0) {
				put_who(who, p->people[k].name, " and ", p->people[i].name);
				return true;
			}
	return false;
}

/* ---- dates */

static bool
window_long(const struct plan *p, int64_t now SN_UNUSED, char *who SN_UNUSED)
{
	return p->window.to - p->window.from > WINDOW_DAYS * DAY;
}

/* Signers that are not good on every day on which it may be held. */
static bool
window_beyond(const struct plan *p, int64_t now SN_UNUSED, char *who)
{
	const struct {
		const char *name;
		const struct plan_dates *dates;
	} rows[] = { { "dates.operations", &p->operations }, { "dates.token", &p->token } };

	for (size_t i = 0; i < SN_NITEMS(rows); i++) {
		if (p->window.from >= rows[i].dates->from && p->window.to <= rows[i].dates->to)
			continue;
		put_who(who, rows[i].name, "", "");
		return true;
	}
	return false;
}

static bool
operations_short(const struct plan *p, int64_t now SN_UNUSED, char *who SN_UNUSED)
{
	return p->operations.to - p->window.to < OPERATIONS_DAYS * DAY;
}

static bool
root_short(const struct plan *p, int64_t now SN_UNUSED, char *who SN_UNUSED)
{
	return p->root.to - p->window.to < 5 * YEAR;
}

/* A CA that ends before what it signs could be renewed under it. */
static bool
signing_short(const struct plan *p, int64_t now SN_UNUSED, char *who SN_UNUSED)
{
	return p->signing.to - p->operations.to < YEAR;
}

/* ---- loss */

static bool
shares_all(const struct plan *p, int64_t now SN_UNUSED, char *who SN_UNUSED)
{
	return !p->two && p->share_threshold == p->share_count;
}

static bool
shares_minority(const struct plan *p, int64_t now SN_UNUSED, char *who SN_UNUSED)
{
	return 2 * p->share_threshold <= p->share_count;
}

static bool
approvals_all(const struct plan *p, int64_t now SN_UNUSED, char *who SN_UNUSED)
{
	return !p->two && p->approvals == p->napprovers;
}

static bool
operations_all(const struct plan *p, int64_t now SN_UNUSED, char *who SN_UNUSED)
{
	return !p->two && p->ops_threshold == p->napprovers;
}

/* ---- people */

/* One warning instead of all that follow from it. */
static bool
team_of_two(const struct plan *p, int64_t now SN_UNUSED, char *who SN_UNUSED)
{
	return p->two;
}

static bool
no_administrator(const struct plan *p, int64_t now SN_UNUSED, char *who SN_UNUSED)
{
	return !p->two && plan_first(p, PLAN_ROLE_ADMINISTRATOR) == NULL;
}

static bool
no_witness(const struct plan *p, int64_t now SN_UNUSED, char *who SN_UNUSED)
{
	const unsigned int idle = PLAN_ROLE_WITNESS | PLAN_ROLE_AUDITOR | PLAN_ROLE_SAFE;

	for (size_t i = 0; i < p->npeople; i++)
		if ((p->people[i].roles & PLAN_ROLE_WITNESS) != 0 &&
		    (p->people[i].roles & ~idle) == 0)
			return false;
	return !p->two;
}

static bool
many_roles(const struct plan *p, int64_t now SN_UNUSED, char *who)
{
	for (size_t i = 0; i < p->npeople && !p->two; i++) {
		if (__builtin_popcount(p->people[i].roles) < MANY_ROLES)
			continue;
		put_who(who, p->people[i].name, "", "");
		return true;
	}
	return false;
}

static bool
approver_custodian(const struct plan *p, int64_t now SN_UNUSED, char *who)
{
	return !p->two && who_has(p, PLAN_ROLE_APPROVER | PLAN_ROLE_CUSTODIAN, who);
}

static bool
administrator_approver(const struct plan *p, int64_t now SN_UNUSED, char *who)
{
	return who_has(p, PLAN_ROLE_ADMINISTRATOR | PLAN_ROLE_APPROVER, who);
}

/* ---- trust */

static bool
first_sequence(const struct plan *p, int64_t now SN_UNUSED, char *who SN_UNUSED)
{
	/* operations statements count for themselves, a custodian check makes none */
	return p->mode != PLAN_GENESIS && p->mode != PLAN_CHECK && !plan_is_operations(p) &&
	    p->sequence == 1;
}

static bool
stale_collateral(const struct plan *p, int64_t now SN_UNUSED, char *who SN_UNUSED)
{
	return p->has_collateral_time && p->collateral_time < p->window.from;
}

static bool
generated_roots(const struct plan *p, int64_t now SN_UNUSED, char *who SN_UNUSED)
{
	return p->namd_roots > 0 || p->has_intel_root || p->has_ibm_root || p->has_tpm_root;
}

/*
 * The endorsement key alone says nothing of the key that signs the evidence, and the key that
 * signs nothing of whose certificate came with it: enrolment has shown them as a pair.
 */
static bool
half_enrolled(const struct plan *p, int64_t now SN_UNUSED, char *who SN_UNUSED)
{
	return p->tpm_ek_pinned != p->tpm_ak_pinned;
}

static bool
node_without_tcb(const struct plan *p, int64_t now SN_UNUSED, char *who)
{
	for (size_t i = 0; i < p->policy.nnodes; i++) {
		const struct plan_node *n = &p->policy.node[i];

		if (n->hardware == PLAN_INTEL ? p->policy.has_intel
					      : p->policy.amd[n->product].given)
			continue;
		put_who(who, n->name, "", "");
		return true;
	}
	return false;
}

static bool
no_layout(const struct plan *p, int64_t now SN_UNUSED, char *who SN_UNUSED)
{
	return p->policy.profiles == 0;
}

static const struct plan_lint_row rows[] = {
	{ "accept-reach", PLAN_LINT_REFUSE,
	    "no class in accept can be reached: vendor needs tpm_ak, pinned tpm_ek, software a rehearsal",
	    no_class },
	{ "window-over", PLAN_LINT_REFUSE, "the window is over; give it new dates",
	    window_over },
	{ "sample-sanctum", PLAN_LINT_REFUSE,
	    "sanctum.id is zero or the sample's; take one from `ceremony plan new`",
	    sample_sanctum },
	{ "same-person", PLAN_LINT_REFUSE,
	    "two names for one full name; nobody may stand in two places", one_person_twice },
	{ "window-long", PLAN_LINT_WARN,
	    "the window is longer than 31 days; a shorter one leaves less time to a plan that was lost",
	    window_long },
	{ "window-beyond", PLAN_LINT_WARN,
	    "these certificates are not good during the whole window", window_beyond },
	{ "operations-short", PLAN_LINT_WARN,
	    "operations certificates end within 90 days of the window; a rotation is due at once",
	    operations_short },
	{ "root-short", PLAN_LINT_WARN,
	    "the roots end within 5 years; every machine must then be given new ones",
	    root_short },
	{ "signing-short", PLAN_LINT_WARN,
	    "the signing CA ends less than a year after dates.operations; the next generation would be short",
	    signing_short },
	{ "shares-all", PLAN_LINT_WARN,
	    "every share is needed; losing one sheet loses everything", shares_all },
	{ "shares-minority", PLAN_LINT_WARN,
	    "half of the custodians or fewer can rebuild the secret; a threshold over the half is usual",
	    shares_minority },
	{ "approvals-all", PLAN_LINT_WARN,
	    "every approver must be there; if one is missing nothing can be approved",
	    approvals_all },
	{ "operations-all", PLAN_LINT_WARN,
	    "every approver is needed to open the operations secret; if one key is lost the custodians must come",
	    operations_all },
	{ "team-of-two", PLAN_LINT_WARN,
	    "reduced separation: two people hold every role, and losing one sheet loses everything",
	    team_of_two },
	{ "no-administrator", PLAN_LINT_WARN, "nobody is administrator; who is at the machine?",
	    no_administrator },
	{ "no-witness", PLAN_LINT_WARN,
	    "nobody is witness (or auditor) alone; who only watches?", no_witness },
	{ "many-roles", PLAN_LINT_WARN,
	    "has three roles or more; separate them if there are people", many_roles },
	{ "approver-custodian", PLAN_LINT_WARN,
	    "is approver and custodian; one person then holds an approval and a share",
	    approver_custodian },
	{ "administrator-approver", PLAN_LINT_WARN,
	    "is administrator and approver; who operates the machine then approves it",
	    administrator_approver },
	{ "first-sequence", PLAN_LINT_WARN,
	    "sequence 1 in another mode than genesis; importers refuse what is not newer",
	    first_sequence },
	{ "stale-collateral", PLAN_LINT_WARN,
	    "collateral is judged at a time before the window; verifiers will say so",
	    stale_collateral },
	{ "node-tcb", PLAN_LINT_WARN,
	    "tcb states no least firmware for this node's hardware; any will do",
	    node_without_tcb },
	{ "no-layout", PLAN_LINT_WARN,
	    "profiles is empty; no consumer gets a ready configuration", no_layout },
	{ "ak-enrolled", PLAN_LINT_WARN,
	    "tpm_ek or tpm_ak alone; enrolment has shown that this pair is in one TPM: name both",
	    half_enrolled },
	{ "generated-roots", PLAN_LINT_WARN,
	    "vendor_pki names generated roots; this can only practise", generated_roots },
};

const struct plan_lint_row *
plan_lint_row(size_t i)
{
	return i < SN_NITEMS(rows) ? &rows[i] : NULL;
}
