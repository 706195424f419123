/*
 * One bad plan for each row of the lint, and that row alone speaks of it.
 */
#include "ceremony/keys/plan_lint.h"

#include <stdio.h>
#include <string.h>

#include "tests/ceremony/keys/fixture.h"

#define NOW 1767225600LL /* 2026-01-01T00:00:00Z */
#define DAY 86400LL
#define YEAR (365LL * DAY)

static void
add(struct plan *p, const char *name, unsigned int roles)
{
	struct plan_person *to = &p->people[p->npeople++];

	(void)snprintf(to->name, sizeof(to->name), "%s", name);
	(void)snprintf(to->full, sizeof(to->full), "The %s", name);
	to->roles = roles;
}

/* Nothing to say about it. */
static struct plan
good(void)
{
	struct plan p = fixture_plan(PLAN_REHEARSAL, 2, 3);

	p.sequence = 1;
	p.policy.profiles = PLAN_PROFILES_ALL;
	p.accept_software = true;
	p.window = (struct plan_dates){ NOW + DAY, NOW + 15 * DAY };
	p.token = p.statement;
	p.operations = (struct plan_dates){ NOW, NOW + 2 * YEAR };
	add(&p, "dora", PLAN_ROLE_ADMINISTRATOR);
	add(&p, "wim", PLAN_ROLE_WITNESS);
	add(&p, "carol", PLAN_ROLE_CUSTODIAN);
	add(&p, "dave", PLAN_ROLE_CUSTODIAN);
	add(&p, "erin", PLAN_ROLE_CUSTODIAN);
	add(&p, "alice", PLAN_ROLE_APPROVER);
	add(&p, "bob", PLAN_ROLE_APPROVER);
	add(&p, "frank", PLAN_ROLE_APPROVER);
	return p;
}

struct row {
	const char *name, *id, *who; /* what it is, the row that speaks, of whom */
	void (*spoil)(struct plan *p);
};

#define SPOIL(fn, statement)                                                                   \
	static void fn(struct plan *p)                                                         \
	{                                                                                      \
		statement;                                                                     \
	}
SPOIL(nothing, (void)p)
SPOIL(vendor_only, p->accept_software = false; p->accept_vendor = true)
SPOIL(pinned_without_key, p->accept_software = false; p->accept_pinned = true)
SPOIL(software_in_production, p->world = PLAN_PRODUCTION)
SPOIL(last_year, p->window.from = p->operations.from = NOW - DAY; p->window.to = NOW)
SPOIL(zero_sanctum, memset(p->sanctum_id, 0, sizeof(p->sanctum_id)))
SPOIL(twin, memcpy(p->people[4].full, p->people[2].full, sizeof(p->people[4].full)))
SPOIL(half_a_year, p->window.to = p->window.from + 180 * DAY)
SPOIL(signers_end_early, p->operations = ((struct plan_dates){ NOW, NOW + 10 * DAY }))
SPOIL(tokens_begin_late, p->token.from = p->window.from + 1)
SPOIL(rotation_due, p->operations.to = p->window.to + 30 * DAY)
SPOIL(root_ends, p->root.to = p->window.to + 5 * YEAR - 1)
SPOIL(signing_ends, p->signing.to = p->operations.to + 1)
SPOIL(three_of_three, p->share_threshold = 3)
SPOIL(two_of_four, p->share_count = 4; p->people[1].roles |= PLAN_ROLE_AUDITOR)
SPOIL(three_approvals, p->approvals = 3)
SPOIL(three_openers, p->ops_threshold = 3)
SPOIL(nobody_leads, p->people[0].roles = PLAN_ROLE_AUDITOR)
SPOIL(nobody_watches, p->people[1].roles = PLAN_ROLE_AUDITOR)
SPOIL(witness_is_busy, p->people[1].roles |= PLAN_ROLE_ADMINISTRATOR)
SPOIL(factotum, p->people[2].roles |= PLAN_ROLE_WITNESS | PLAN_ROLE_AUDITOR)
SPOIL(both_hands, p->people[5].roles |= PLAN_ROLE_CUSTODIAN)
SPOIL(own_approval, p->people[0].roles |= PLAN_ROLE_APPROVER)
SPOIL(own_key_to_the_safe, p->people[1].roles |= PLAN_ROLE_SAFE)
SPOIL(second_genesis, p->mode = PLAN_REBUILD)
SPOIL(first_amendment, p->mode = PLAN_AMEND)
SPOIL(first_check, p->mode = PLAN_CHECK)
SPOIL(old_news, p->has_collateral_time = true; p->collateral_time = NOW - YEAR)
SPOIL(any_firmware, memcpy(p->policy.node[0].name, "n1", 3); p->policy.nnodes = 1;
    p->policy.amd[PLAN_GENOA].given = p->policy.has_intel = true)
SPOIL(any_intel, memcpy(p->policy.node[0].name, "n1", 3); p->policy.nnodes = 1;
    p->policy.node[0].hardware = PLAN_INTEL; p->policy.amd[PLAN_MILAN].given = true)
SPOIL(nothing_wanted, p->policy.profiles = 0)
SPOIL(home_made_amd, p->namd_roots = 1)
SPOIL(home_made_intel, p->has_intel_root = true)
SPOIL(home_made_tpm, p->has_tpm_root = true)
SPOIL(enrolled, p->accept_software = false;
    p->accept_vendor = p->tpm_ak_pinned = p->tpm_ek_pinned = true)
SPOIL(any_ek, p->accept_vendor = p->tpm_ak_pinned = true)
SPOIL(any_ak, p->accept_pinned = p->tpm_ek_pinned = true)

static void
sample_in_production(struct plan *p)
{
	p->world = PLAN_PRODUCTION;
	p->accept_pinned = p->tpm_ek_pinned = p->tpm_ak_pinned = true;
	assert_int_equal(sn_hex_parse("5a6b1c02d3e44f5586978899aabbccdd", p->sanctum_id, 16,
			     "id", NULL),
	    SN_OK);
}

static void
two_people(struct plan *p)
{
	p->two = true;
	p->npeople = p->share_count = p->napprovers = 2;
	p->people[0].roles = p->people[1].roles = PLAN_ROLE_CUSTODIAN | PLAN_ROLE_APPROVER;
}

static const struct row rows[] = {
	{ "a good plan", NULL, "", nothing },
	{ "the witness has the safe's key", NULL, "", own_key_to_the_safe },
	{ "the first amendment of a bundle", NULL, "", first_amendment },
	{ "the first custodian check", NULL, "", first_check },
	{ "two people for everything", "team-of-two", "", two_people },
	{ "an enrolled pair, for class vendor", NULL, "", enrolled },
	{ "an attestation key with any endorsement key", "ak-enrolled", "", any_ek },
	{ "an endorsement key with any attestation key", "ak-enrolled", "", any_ak },
	{ "class vendor without an enrolled key", "accept-reach", "", vendor_only },
	{ "pinned without a key", "accept-reach", "", pinned_without_key },
	{ "software evidence in production", "accept-reach", "", software_in_production },
	{ "a window of last year", "window-over", "", last_year },
	{ "a sanctum called zero", "sample-sanctum", "", zero_sanctum },
	{ "the sample's sanctum in production", "sample-sanctum", "", sample_in_production },
	{ "one person under two names", "same-person", "carol and erin", twin },
	{ "half a year to lose a plan in", "window-long", "", half_a_year },
	{ "tokens begin within the window", "window-beyond", "dates.token", tokens_begin_late },
	{ "a rotation is due at once", "operations-short", "", rotation_due },
	{ "roots end soon", "root-short", "", root_ends },
	{ "the CA ends with its signers", "signing-short", "", signing_ends },
	{ "three of three", "shares-all", "", three_of_three },
	{ "two of four", "shares-minority", "", two_of_four },
	{ "all approve", "approvals-all", "", three_approvals },
	{ "all open", "operations-all", "", three_openers },
	{ "nobody leads", "no-administrator", "", nobody_leads },
	{ "nobody watches", "no-witness", "", nobody_watches },
	{ "the witness is at the machine", "no-witness", "", witness_is_busy },
	{ "one person does everything", "many-roles", "carol", factotum },
	{ "an approver who holds a share", "approver-custodian", "alice", both_hands },
	{ "an administrator who approves", "administrator-approver", "dora", own_approval },
	{ "a rebuild that is the first", "first-sequence", "", second_genesis },
	{ "collateral of last year", "stale-collateral", "", old_news },
	{ "a node on any firmware", "node-tcb", "n1", any_firmware },
	{ "an Intel node on any firmware", "node-tcb", "n1", any_intel },
	{ "no layout", "no-layout", "", nothing_wanted },
	{ "generated AMD roots", "generated-roots", "", home_made_amd },
	{ "a generated Intel root", "generated-roots", "", home_made_intel },
	{ "a generated TPM root", "generated-roots", "", home_made_tpm },
};

/* Rows that cannot be hit alone. */
static const struct row more_rows[] = {
	{ "signers end within the window", "window-beyond", "dates.operations",
	    signers_end_early },
};

static void
judge(const struct row *row, bool alone)
{
	const struct plan_lint_row *l;
	struct plan p = good();
	bool found = row->id == NULL;

	row->spoil(&p);
	for (size_t i = 0; (l = plan_lint_row(i)) != NULL; i++) {
		char who[PLAN_LINT_WHO_MAX] = "";
		bool mine = row->id != NULL && strcmp(l->id, row->id) == 0;

		if (!l->hit(&p, NOW, who))
			continue;
		if (!mine && alone)
			fail_msg("%s speaks of it", l->id);
		if (mine)
			assert_string_equal(who, row->who);
		found = found || mine;
	}
	assert_true(found);
}

static void
row_speaks_alone(void **state)
{
	judge(*state, true);
}

static void
row_speaks(void **state)
{
	judge(*state, false);
}

/* The table's own form; and no row without a bad plan above. */
static void
table_is_covered(void **state)
{
	const struct plan_lint_row *l;

	(void)state;
	for (size_t i = 0; (l = plan_lint_row(i)) != NULL; i++) {
		size_t n = 0;

		for (size_t k = 0; k < SN_NITEMS(rows); k++)
			n += rows[k].id != NULL && strcmp(rows[k].id, l->id) == 0;
		if (n == 0)
			fail_msg("no bad plan for %s", l->id);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(plan_lint_row(k)->id, l->id);
		assert_true(strlen(l->say) > 20 && l->say[strlen(l->say) - 1] != '.');
	}
}

int
main(void)
{
	struct test_list *l = test_list_new();

	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		test_list_add(l, row_speaks_alone, &rows[i], "%s", rows[i].name);
	for (size_t i = 0; i < SN_NITEMS(more_rows); i++)
		test_list_add(l, row_speaks, &more_rows[i], "%s", more_rows[i].name);
	test_list_add(l, table_is_covered, NULL, "every row has a bad plan");
	return test_list_run(l, "plan_lint");
}
