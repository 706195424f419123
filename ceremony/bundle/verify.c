#include "ceremony/bundle/verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ceremony/bundle/judge.h"

/* A clock that runs a little ahead at the ceremony is no reason to refuse. */
#define FUTURE_GRACE (24 * 60 * 60)

void
bun_note(struct bun_case *c, const char *fmt, ...)
{
	struct bun_report *r = c->report;
	va_list ap;

	if (r->nnotes == BUN_NOTES_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(r->note[r->nnotes], BUN_NOTE_LEN, fmt, ap);
	va_end(ap);
	r->nnotes++;
}

enum sn_err
bun_as_signature(enum sn_err e, struct sn_why *why)
{
	if (e == SN_OK || e == SN_E_MISSING || e == SN_E_IO || e == SN_E_NOMEM ||
	    e == SN_E_INTERNAL)
		return e;
	if (why != NULL)
		why->err = SN_E_SIGNATURE;
	return SN_E_SIGNATURE;
}

/* Refusals of bound files' contents: the form stays a matter of form. */
static enum sn_err
as_bound(enum sn_err e, struct sn_why *why)
{
	if (e == SN_E_FORMAT || e == SN_E_LIMIT) {
		if (why != NULL)
			why->err = SN_E_FORMAT;
		return SN_E_FORMAT;
	}
	return bun_as_signature(e, why);
}

struct check {
	enum sn_err (*run)(struct bun_case *c, struct sn_why *why);
	enum sn_err (*as)(enum sn_err e, struct sn_why *why);
};

/* What makes a bundle authentic, in order; docs/FORMAT-BUNDLE.md has the same table. */
static const struct check checks[] = {
	{ bun_check_listed, as_bound },
	{ bun_check_digests, bun_as_signature },
	{ bun_check_sums, bun_as_signature },
	{ bun_check_roots, as_bound },
	{ bun_check_cms, bun_as_signature },
	{ bun_check_approvals, bun_as_signature },
	{ bun_check_trust, as_bound },
	{ bun_check_transcript, as_bound },
	{ bun_check_quote, bun_as_signature },
	{ bun_check_story, as_bound },
	{ bun_check_audit, as_bound },
	{ bun_check_collateral, as_bound },
};

static void
report_statement(struct bun_case *c)
{
	struct bun_report *r = c->report;
	const struct bun_statement *s = &c->st;

	snprintf(r->world, sizeof(r->world), "%s", s->world);
	snprintf(r->mode, sizeof(r->mode), "%s", s->mode);
	snprintf(r->evidence_class, sizeof(r->evidence_class), "%s", s->evidence_class);
	snprintf(r->sanctum_name, sizeof(r->sanctum_name), "%s", s->sanctum_name);
	sn_hex(BYTES_OF(s->sanctum_id), r->sanctum_id);
	r->sequence = s->sequence;
	r->time = s->time;
}

/*
 * What ends first, of all that counts. Every certificate in trust/ counts, whatever the
 * statement says of it; collateral does not when it was judged at another time.
 */
static void
report_expiry(struct bun_case *c)
{
	static const char collateral[] = "collateral";
	struct bun_report *r = c->report;
	const char *first = c->certs_until_what;
	char when[TEXT_TIME_LEN + 1];

	r->good_until = c->certs_until;
	for (size_t i = c->st.nexpiries; i-- > 0;) {
		const struct bun_stated_expiry *e = &c->st.expiry[i];

		if (c->st.has_collateral_time &&
		    strncmp(e->what, collateral, sizeof(collateral) - 1) == 0)
			continue;
		if (e->at <= r->good_until) { /* of equals the first in the list */
			r->good_until = e->at;
			first = e->what;
		}
	}
	snprintf(r->good_until_what, sizeof(r->good_until_what), "%s", first);
	if (c->st.has_collateral_time) {
		text_from_time(c->st.collateral_time, when);
		bun_note(c, "collateral was judged at %s; its own dates do not count", when);
		if (c->st.exception != NULL)
			bun_note(c, "exception " BUN_EXPIRED_COLLATERAL ": %s",
			    c->st.exception);
	}
}

static enum sn_err
check_current(const struct bun_case *c, struct sn_why *why)
{
	const struct bun_report *r = c->report;
	char when[TEXT_TIME_LEN + 1];

	if (r->time - FUTURE_GRACE > c->policy->as_of) {
		text_from_time(r->time, when);
		return sn_fail(why, SN_E_EXPIRED, BUN_STATEMENT ": is of %s, the future", when);
	}
	if (r->good_until < c->policy->as_of) {
		text_from_time(r->good_until, when);
		return sn_fail(why, SN_E_EXPIRED, BUN_STATEMENT ": %s was good until %s",
		    r->good_until_what, when);
	}
	return SN_OK;
}

static enum sn_err
check_world(const struct bun_case *c, struct sn_why *why)
{
	if (strcmp(c->st.world, "rehearsal") == 0 && !c->policy->rehearsal)
		return sn_fail(why, SN_E_REHEARSAL, BUN_STATEMENT ": its world is rehearsal");
	return SN_OK;
}

static enum sn_err
check_evidence(const struct bun_case *c, struct sn_why *why)
{
	const struct bun_policy *p = c->policy;
	const bool software =
	    p->accept_software || (p->rehearsal && strcmp(c->st.world, "rehearsal") == 0);
	const char *class = c->st.evidence_class;

	if (strcmp(class, "vendor") == 0)
		return sn_fail(why, SN_E_EVIDENCE,
		    BUN_STATEMENT ": claims evidence of class vendor, which this version "
				  "cannot verify (chains of endorsement keys)");
	if ((strcmp(class, "pinned") == 0 && p->accept_pinned) ||
	    (strcmp(class, "software") == 0 && software))
		return SN_OK;
	return sn_fail(why, SN_E_EVIDENCE, BUN_STATEMENT ": its evidence is of class %s",
	    class);
}

static enum sn_err
check_sequence(const struct bun_case *c, struct sn_why *why)
{
	const struct bun_policy *p = c->policy;

	if (p->has_min_sequence && c->st.sequence < p->min_sequence)
		return sn_fail(why, SN_E_SEQUENCE,
		    BUN_STATEMENT ": sequence %u is older than %u", c->st.sequence,
		    p->min_sequence);
	if (p->state_dirfd < 0)
		return SN_OK;
	return bun_state_check(p->state_dirfd, c->report->identity, c->st.sequence,
	    c->report->statement_sha256, why);
}

/* The caller's policy over an authentic bundle. */
static enum sn_err
judge_policy(struct bun_case *c, struct sn_why *why)
{
	struct sn_why late = { 0 };
	const enum sn_err current = check_current(c, &late);

	c->report->current = current == SN_OK;
	SN_TRY(check_world(c, why));
	SN_TRY(check_evidence(c, why));
	SN_TRY(check_sequence(c, why));
	if (current != SN_OK)
		return sn_fail(why, current, "%s", late.text);
	if (!c->policy->has_identity)
		return sn_fail(why, SN_E_UNANCHORED,
		    BUN_ROOT_P384 ": no identity digest was given");
	if (c->policy->state_dirfd >= 0)
		SN_TRY(bun_state_raise(c->policy->state_dirfd, c->report->identity,
		    c->st.sequence, c->report->statement_sha256, why));
	c->report->accepted = true;
	return SN_OK;
}

static enum sn_err
judge(struct bun_case *c, int dirfd, struct sn_why *why)
{
	SN_TRY(bun_check_load(c, dirfd, why));
	report_statement(c);
	SN_TRY(cry_digest(CRY_SHA256, c->text, c->report->statement_sha256, why));
	for (size_t i = 0; i < SN_NITEMS(checks); i++) {
		const enum sn_err e = checks[i].run(c, why);

		if (e != SN_OK)
			return checks[i].as(e, why);
	}
	report_expiry(c);
	c->report->authentic = c->policy->has_identity;
	return judge_policy(c, why);
}

enum sn_err
bun_verify(int dirfd, const struct bun_policy *policy, struct bun_report *ret,
    struct sn_why *why)
{
	struct bun_case c = { .policy = policy, .report = ret };

	*ret = (struct bun_report){ 0 };
	ret->verdict = judge(&c, dirfd, why);
	tr_read_free(&c.transcript);
	cry_cert_free(&c.root_p384);
	cry_cert_free(&c.root_mldsa);
	for (size_t i = 0; i < BUN_SIGNERS; i++)
		cry_cert_free(&c.signer[i]);
	bun_statement_done(&c.st);
	bun_dir_done(&c.dir);
	return ret->verdict;
}
