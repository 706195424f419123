/*
 * A TPM in any state. One that cannot do its work ends a production, with what to do about it;
 * a rehearsal goes on without it when people say so. What else people should know of it is
 * shown and recorded. Nothing here changes a TPM.
 */
#include "ceremony/core/cer.h"

#include <stdio.h>

#define REFUSED "refused"
#define GO_ON "go-on"

/* What it is, and what can be done about it. */
static const char *const conditions[TPM_CONDITIONS] = {
	[TPM_ABSENT] = "tpm.absent",
	[TPM_FAILED] = "tpm.failed",
	[TPM_DISABLED] = "tpm.disabled",
	[TPM_OWNED] = "tpm.owned",
	[TPM_NO_ROOM] = "tpm.no-room",
};

bool
cer_tpm_may_do_without(const struct cer *c)
{
	return c->plan->world == PLAN_REHEARSAL && c->plan->accept_software &&
	    c->ports.softtpm != NULL;
}

void
cer_tpm_state_show(const struct cer *c, struct view *v)
{
	const bool may = cer_tpm_may_do_without(c);

	cer_view(v, may ? VIEW_WORD : VIEW_INFO, "state", "tpm.state-head");
	view_say(v, conditions[c->condition], NULL);
	view_blank(v);
	if (c->problem[0] != '\0') {
		view_say(v, "tpm.problem", CAT_ARGS({ "problem", c->problem }));
		view_blank(v);
	}
	view_say(v, may ? "tpm.without" : "tpm.needed", NULL);
	if (may)
		v->word = "software";
	else
		view_prompt(v, "tpm.prompt-end", NULL);
}

enum sn_err
cer_tpm_state_record(struct cer *c, const char *state, const char *decision, struct sn_why *why)
{
	return CER_RECORD(c, "tpm.state", why, TR_ARG_STR("state", state),
	    TR_ARG_STR("decision", decision));
}

enum sn_err
cer_tpm_refuse(struct cer *c, struct sn_why *why)
{
	const char *state = tpm_condition_name(c->condition);
	char reason[SN_WHY_MAX];

	SN_TRY(cer_tpm_state_record(c, state, REFUSED, why));
	if (c->condition != TPM_ABSENT)
		(void)snprintf(reason, sizeof(reason), "the TPM cannot be used (%s): %.*s",
		    state, SN_WHY_MAX / 2, c->problem);
	else
		(void)snprintf(reason, sizeof(reason),
		    "there is no TPM, and this ceremony needs one; switch it on in the "
		    "firmware");
	cer_halt_refuse(c, SN_E_TPM, reason);
	return SN_OK;
}

/* ---- what does not stop a ceremony, but should be known */

static bool
no_counter(const struct cer *c)
{
	return !c->evidence.counter.present;
}

static bool
in_lockout(const struct cer *c)
{
	return (c->info.state.permanent & TPM_IN_LOCKOUT) != 0;
}

static bool
no_certificate(const struct cer *c)
{
	return c->info.backend != TPM_SOFTWARE && c->verdict.ek_cert.n == 0;
}

static bool
slow(const struct cer *c)
{
	return c->info.slowest_ms > TPM_SLOW_MS;
}

static const struct {
	const char *state, *text; /* in the record, on the screen; NULL: the class says it */
	bool (*is)(const struct cer *c);
} facts[] = {
	{ "no-counter", "tpm.no-counter", no_counter },
	{ "lockout", "tpm.lockout", in_lockout },
	{ "no-certificate", NULL, no_certificate },
	{ "slow", "tpm.slow", slow },
};

void
cer_tpm_facts_show(const struct cer *c, struct view *v)
{
	for (size_t i = 0; i < SN_NITEMS(facts); i++) {
		if (facts[i].text == NULL || !facts[i].is(c))
			continue;
		view_blank(v);
		view_say(v, facts[i].text,
		    CAT_ARGS({ "reason", c->evidence.no_counter },
			{ "seconds", cer_num(c->info.slowest_ms / 1000) },
			{ "recovery", cer_num(c->info.state.lockout_recovery) }));
	}
}

enum sn_err
cer_tpm_facts_record(struct cer *c, struct sn_why *why)
{
	for (size_t i = 0; i < SN_NITEMS(facts); i++)
		if (facts[i].is(c))
			SN_TRY(cer_tpm_state_record(c, facts[i].state, GO_ON, why));
	return SN_OK;
}
