#include "ceremony/core/cer.h"

#include <string.h>

#include "ceremony/core/engine.h"

/* id, title, busy, needs, makes, enter, count, show, take, there */
static const struct step start = { "start", "start.title", NULL, 0, 0, step_start_enter,
	cer_one, step_start_show, NULL, NULL };
static const struct step plan = { "plan", "plan.title", NULL, 0, ART_PLAN, NULL,
	step_plan_count, step_plan_show, step_plan_take, step_plan_there };
static const struct step journal = { "journal", "plan.title", NULL, ART_PLAN, 0, NULL,
	step_journal_count, step_journal_show, step_journal_take, step_journal_there };
static const struct step again = { "again", "export.title", "again.busy", ART_PLAN, ART_BUNDLE,
	step_again_enter, cer_one, step_again_show, NULL, NULL };
static const struct step people = { "people", "people.title", NULL, ART_PLAN, 0, NULL,
	step_people_count, step_people_show, step_people_take, NULL };
/* Where a plan does not ask for these, they have no asks; and they stand under their
 * neighbours' titles. */
static const struct step seals = { "seals", "people.title", NULL, ART_PLAN, 0, NULL,
	step_seals_count, step_seals_show, step_seals_take, NULL };
static const struct step inspection = { "inspection", "people.title", NULL, ART_PLAN, 0, NULL,
	step_inspection_count, step_inspection_show, step_inspection_take, NULL };
static const struct step bags = { "bags", "close.title", NULL, ART_PLAN, 0, NULL,
	step_bags_count, step_bags_show, step_bags_take, NULL };
static const struct step log_bags = { "bags", "receipt.title", NULL, ART_PLAN, 0, NULL,
	step_bags_count, step_bags_show, step_bags_take, NULL };
static const struct step time = { "time", "time.title", NULL, ART_PLAN, 0, NULL,
	step_time_count, step_time_show, step_time_take, NULL };
static const struct step tpm = { "tpm", "tpm.title", "tpm.busy", ART_PLAN, ART_TPM,
	step_tpm_enter, step_tpm_count, step_tpm_show, step_tpm_take, NULL };
static const struct step collateral = { "collateral", "collateral.title", "collateral.busy",
	ART_PLAN, ART_COLLATERAL, step_collateral_enter, step_collateral_count,
	step_collateral_show, NULL, NULL };
static const struct step review = { "review", "review.title", NULL, ART_TPM | ART_COLLATERAL,
	ART_APPROVAL, NULL, step_review_count, step_review_show, step_review_take,
	step_review_there };
static const struct step dice = { "dice", "seed.title", NULL, ART_TPM | ART_APPROVAL, ART_DICE,
	NULL, step_dice_count, step_dice_show, step_dice_take, NULL };
static const struct step seed = { "seed", "seed.title", "seed.busy",
	ART_TPM | ART_APPROVAL | ART_DICE, ART_MASTER, step_seed_enter, cer_one, step_seed_show,
	NULL, NULL };
static const struct step shares = { "shares", "shares.title", NULL, ART_MASTER, ART_SHARES,
	NULL, step_shares_count, step_shares_show, step_shares_take, NULL };
static const struct step trial = { "trial", "trial.title", "trial.busy", ART_SHARES, ART_TRIAL,
	step_trial_enter, cer_one, step_trial_show, NULL, NULL };
static const struct step keys = { "keys", "keys.title", "keys.busy", ART_MASTER | ART_TRIAL,
	ART_KEYS, step_keys_enter, cer_one, step_keys_show, step_keys_take, NULL };
static const struct step opshares = { "opshares", "opshares.title", "opshares.busy", ART_KEYS,
	ART_OPS, NULL, step_opshares_count, step_opshares_show, NULL, step_opshares_there };
static const struct step close = { "close", "close.title", "close.busy",
	ART_KEYS | ART_OPS | ART_COLLATERAL, ART_STATEMENT, step_close_enter, cer_one,
	step_close_show, NULL, NULL };
static const struct step approve = { "approve", "approve.title", NULL, ART_STATEMENT,
	ART_SIGNED, NULL, step_approve_count, step_approve_show, step_approve_take,
	step_approve_there };
static const struct step sign = { "sign", "sign.title", "sign.busy", ART_STATEMENT | ART_SIGNED,
	ART_BUNDLE, step_sign_enter, cer_one, step_sign_show, NULL, NULL };
static const struct step export = { "export", "export.title", "export.busy", ART_BUNDLE,
	ART_EXPORT, NULL, step_export_count, step_export_show, NULL, step_export_there };
static const struct step closing = { "closing", "export.title", "closing.busy", ART_EXPORT, 0,
	NULL, step_closing_count, step_closing_show, NULL, step_closing_there };
static const struct step end = { "end", "end.title", NULL, ART_EXPORT, 0, step_end_enter,
	cer_one, step_end_show, NULL, NULL };
static const struct step known = { "known", "known.title", NULL, ART_PLAN, 0, NULL,
	step_known_count, step_known_show, step_known_take, NULL };
static const struct step recover = { "recover", "recover.title", NULL, ART_TPM | ART_APPROVAL,
	ART_MASTER | ART_SHARES | ART_TRIAL, step_recover_enter, step_recover_count,
	step_recover_show, step_recover_take, NULL };

static const struct step rotate = { "rotate", "rotate.title", NULL, ART_KEYS, ART_ROTATED,
	step_rotate_enter, cer_one, step_rotate_show, step_rotate_take, NULL };
static const struct step regain = { "recover", "recover.title", NULL, ART_TPM | ART_APPROVAL,
	ART_MASTER, step_recover_enter, step_recover_count, step_recover_show,
	step_recover_take, NULL };
static const struct step old = { "old", "old.title", "old.busy", ART_EXPORT, ART_OLD | ART_LOG,
	NULL, step_old_count, step_old_show, step_old_take, step_old_there };
static const struct step reshared = { "end", "end.title", NULL, ART_EXPORT | ART_OLD, 0,
	step_end_enter, cer_one, step_reshared_show, NULL, NULL };

static const struct step base = { "base", "base.title", "base.busy", ART_PLAN, ART_BASE,
	step_base_enter, cer_one, step_base_show, step_base_take, NULL };
static const struct step open = { "open", "open.title", "open.busy",
	ART_TPM | ART_BASE | ART_APPROVAL, ART_KEYS | ART_OPS, step_open_enter, step_open_count,
	step_open_show, step_open_take, step_open_there };
/* what is judged in place of collateral */
static const struct step amend = { "amend", "amend.title", NULL, ART_BASE, ART_COLLATERAL,
	step_amend_enter, step_amend_count, step_amend_show, step_amend_take, NULL };

/* A revocation makes nothing: what was sealed long ago is opened and goes out. */
static const struct step revoke = { "revoke", "revoke.title", NULL, ART_TPM | ART_BASE,
	ART_REVOKING, NULL, step_revoke_count, step_revoke_show, step_revoke_take, NULL };
static const struct step endorse = { "review", "review.title", NULL, ART_TPM | ART_REVOKING,
	ART_APPROVAL, NULL, step_review_count, step_review_show, step_review_take,
	step_review_there };
static const struct step lists = { "lists", "lists.title", "lists.busy",
	ART_BASE | ART_REVOKING | ART_OPS, ART_BUNDLE, step_lists_enter, cer_one,
	step_lists_show, NULL, NULL };
static const struct step revoked = { "end", "end.title", NULL, ART_EXPORT, 0, step_end_enter,
	cer_one, step_revoked_show, NULL, NULL };

static const struct step check = { "check", "check.title", NULL, ART_TPM, ART_CHECKED,
	step_check_enter, step_check_count, step_check_show, step_check_take, NULL };
static const struct step receipt = { "receipt", "receipt.title", NULL, ART_CHECKED, ART_LOG,
	step_receipt_enter, step_receipt_count, step_receipt_show, NULL, step_receipt_there };
static const struct step checked = { "end", "end.title", NULL, ART_LOG, 0, step_end_enter,
	cer_one, step_checked_show, NULL, NULL };

static const struct step *const genesis_steps[] = { &start, &plan, &journal, &people, &seals,
	&inspection, &time, &tpm, &collateral, &review, &dice, &seed, &shares, &trial, &keys,
	&opshares, &bags, &close, &approve, &sign, &export, &closing, &end };

/* The same identity from the shares: recovery instead of entropy, shares and trial. */
static const struct step *const rebuild_steps[] = { &start, &plan, &journal, &people, &seals,
	&inspection, &time, &known, &tpm, &collateral, &review, &recover, &keys, &opshares,
	&bags, &close, &approve, &sign, &export, &closing, &end };

/* New collateral for a bundle: no custodian, no master secret. */
static const struct step *const refresh_steps[] = { &start, &plan, &people, &time, &base, &tpm,
	&collateral, &review, &open, &close, &approve, &sign, &export, &closing, &end };

/* Approvers, policy, nodes, reference values: a diff instead of collateral. */
static const struct step *const amend_steps[] = { &start, &plan, &people, &time, &base, &tpm,
	&amend, &review, &open, &opshares, &close, &approve, &sign, &export, &closing, &end };

/* Shares are proven one by one: no approvals, no keys, no bundle. */
static const struct step *const check_steps[] = { &start, &plan, &journal, &people, &seals,
	&inspection, &time, &tpm, &check, &log_bags, &receipt, &checked };

/* The same roots from the shares, and the next generation below them. */
static const struct step *const rotate_steps[] = { &start, &plan, &journal, &people, &seals,
	&inspection, &time, &tpm, &collateral, &review, &recover, &keys, &rotate, &opshares,
	&bags, &close, &approve, &sign, &export, &closing, &end };

/* After a cut: the root counts as made, so it comes from the shares; the bundle is there. */
static const struct step *const resumed_steps[] = { &start, &plan, &journal, &people, &seals,
	&inspection, &time, &tpm, &collateral, &review, &recover, &keys, &opshares, &bags,
	&close, &approve, &sign, &export, &closing, &end };
static const struct step *const reexport_steps[] = { &start, &plan, &journal, &again, &export,
	&end };

/* The same identity and secret, but new shares; the old sheets go at the end. */
static const struct step *const reshare_steps[] = { &start, &plan, &people, &seals, &inspection,
	&time, &known, &tpm, &collateral, &review, &regain, &shares, &trial, &keys, &opshares,
	&bags, &close, &approve, &sign, &export, &old, &reshared };

/* The end: no custodian, no statement, no way back. */
static const struct step *const revoke_steps[] = { &start, &plan, &people, &time, &base, &tpm,
	&revoke, &endorse, &open, &lists, &export, &revoked };

#define MODE(t) { t, SN_NITEMS(t) }
const struct cer_mode cer_modes[] = {
	[PLAN_GENESIS] = MODE(genesis_steps),
	[PLAN_REBUILD] = MODE(rebuild_steps),
	[PLAN_REFRESH] = MODE(refresh_steps),
	[PLAN_AMEND] = MODE(amend_steps),
	[PLAN_CHECK] = MODE(check_steps),
	[PLAN_ROTATE] = MODE(rotate_steps),
	[PLAN_RESHARE] = MODE(reshare_steps),
	[PLAN_REVOKE] = MODE(revoke_steps),
};
const struct cer_mode cer_resumed = MODE(resumed_steps);
const struct cer_mode cer_reexport = MODE(reexport_steps);
const size_t cer_mode_count = SN_NITEMS(cer_modes);

void
cer_mode_set(struct cer *c, enum plan_mode mode)
{
	c->steps = cer_modes[mode].steps;
	c->nsteps = cer_modes[mode].n;
}

bool
cer_step_facts(unsigned int mode, size_t i, struct cer_step_facts *ret)
{
	const struct cer_mode *m = &cer_modes[mode];

	if (mode >= cer_mode_count || i >= m->n)
		return false;
	*ret =
	    (struct cer_step_facts){ m->steps[i]->id, m->steps[i]->needs, m->steps[i]->makes };
	return true;
}

/* Neighbours with one title share a row. */
void
cer_rail(const struct cer *c, struct view *v)
{
	v->nrail = 0;
	for (size_t i = 0; i < c->nsteps; i++) {
		const char *title = c->steps[i]->title;

		if (i == 0 || strcmp(title, c->steps[i - 1]->title) != 0) {
			v->rail[v->nrail].title = cat_text(title);
			v->rail[v->nrail].state = i < c->at ? RAIL_DONE : RAIL_TODO;
			v->nrail++;
		}
		if (i == c->at)
			v->rail[v->nrail - 1].state = RAIL_NOW;
	}
}
