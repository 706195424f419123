#include "ceremony/bundle/verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
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

enum sn_err
bun_as_bound(enum sn_err e, struct sn_why *why)
{
	if (e == SN_E_FORMAT || e == SN_E_LIMIT) {
		if (why != NULL)
			why->err = SN_E_FORMAT;
		return SN_E_FORMAT;
	}
	return bun_as_signature(e, why);
}

/* What makes a bundle authentic, in order; docs/FORMAT-BUNDLE.md has the same table. */
static const struct bun_check checks[] = {
	{ bun_check_listed, bun_as_bound },
	{ bun_check_digests, bun_as_signature },
	{ bun_check_sums, bun_as_signature },
	{ bun_check_roots, bun_as_bound },
	{ bun_check_cms, bun_as_signature },
	{ bun_check_approvals, bun_as_signature },
	{ bun_check_trust, bun_as_bound },
	{ bun_check_transcript, bun_as_bound },
	{ bun_check_quote, bun_as_signature },
	{ bun_check_boot, bun_as_bound },
	{ bun_check_story, bun_as_bound },
	{ bun_check_halts, bun_as_bound },
	{ bun_check_audit, bun_as_bound },
	{ bun_check_tpm, bun_as_bound },
	{ bun_check_chain, bun_as_bound },
	{ bun_check_collateral, bun_as_bound },
};

enum sn_err
bun_run_checks(struct bun_case *c, const struct bun_check *list, size_t n, struct sn_why *why)
{
	for (size_t i = 0; i < n; i++) {
		const enum sn_err e = list[i].run(c, why);

		if (e != SN_OK)
			return list[i].as(e, why);
	}
	return SN_OK;
}

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

/* The entries of one statement: those of collateral, or the others. */
static void
report_expiries(struct bun_report *r, const struct bun_statement *st, bool of_collateral)
{
	static const char collateral[] = "collateral";

	for (size_t i = st->nexpiries; i-- > 0;) {
		const struct bun_stated_expiry *e = &st->expiry[i];

		if (of_collateral !=
		    (strncmp(e->what, collateral, sizeof(collateral) - 1) == 0))
			continue;
		if (e->at <= r->good_until) { /* of equals the first in the list */
			r->good_until = e->at;
			snprintf(r->good_until_what, sizeof(r->good_until_what), "%s", e->what);
		}
	}
}

static void
report_judged_at(struct bun_case *c, const struct bun_statement *st)
{
	char when[TEXT_TIME_LEN + 1];

	if (!st->has_collateral_time)
		return;
	text_from_time(st->collateral_time, when);
	bun_note(c, "collateral was judged at %s; its own dates do not count", when);
	if (st->exception != NULL)
		bun_note(c, "exception " BUN_EXPIRED_COLLATERAL ": %s", st->exception);
}

/*
 * What ends first, of all that counts. Every certificate in trust/ counts, whatever the
 * statement says of it; of collateral the newest, unless it was judged at another time.
 */
static void
report_expiry(struct bun_case *c)
{
	const struct bun_statement *collateral = &bun_collateral_of(c)->st;
	struct bun_report *r = c->report;

	r->good_until = c->certs_until;
	snprintf(r->good_until_what, sizeof(r->good_until_what), "%s", c->certs_until_what);
	if (!collateral->has_collateral_time)
		report_expiries(r, collateral, true);
	for (uint32_t i = c->nops; i-- > 0;)
		report_expiries(r, &c->ops[i].st, false);
	report_expiries(r, &c->st, false);
	report_judged_at(c, collateral);
}

static enum sn_err
check_current(const struct bun_case *c, struct sn_why *why)
{
	const struct bun_report *r = c->report;
	char when[TEXT_TIME_LEN + 1];

	const int64_t made = c->nops > 0 ? c->ops[c->nops - 1].st.time : r->time;

	if (made - FUTURE_GRACE > c->policy->as_of) {
		text_from_time(made, when);
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

/* What one statement's evidence is worth, with what the caller knows. */
static enum sn_err
check_evidence_of(const struct bun_case *c, bool newest, struct sn_why *why)
{
	SN_TRY(bun_check_class(c, why));
	SN_TRY(bun_check_measured(c, why));
	return bun_check_counter(c, newest, why);
}

/* An operations statement is worth no more than the TPM that it was made with. */
static enum sn_err
check_evidence(struct bun_case *c, struct sn_why *why)
{
	SN_TRY(bun_check_plans(c, why));
	SN_TRY(check_evidence_of(c, c->nops == 0, why));
	for (uint32_t i = 0; i < c->nops; i++) {
		struct sn_why inner = { 0 };
		const enum sn_err e = check_evidence_of(&c->ops[i], i + 1 == c->nops, &inner);

		if (e != SN_OK)
			return sn_fail(why, e, BUN_OPS "%u: %s", i + 1, inner.text);
		bun_note(c, BUN_OPS "%u/: evidence of class %s, as far as it is proven", i + 1,
		    c->ops[i].report->facts.class);
	}
	return SN_OK;
}

static enum sn_err
check_sequence(const struct bun_case *c, struct sn_why *why)
{
	const struct bun_policy *p = c->policy;

	if (p->has_min_sequence && c->st.sequence < p->min_sequence)
		return sn_fail(why, SN_E_SEQUENCE,
		    BUN_STATEMENT ": sequence %u is older than %u", c->st.sequence,
		    p->min_sequence);
	if (p->has_min_sequence && c->st.sequence == p->min_sequence &&
	    c->nops < p->min_operations)
		return sn_fail(why, SN_E_SEQUENCE,
		    BUN_OPS ": %u operations statements, %u are known of sequence %u", c->nops,
		    p->min_operations, p->min_sequence);
	return p->state_dirfd < 0 ? SN_OK : bun_state_check(c, why);
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
		SN_TRY(bun_state_raise(c, why));
	c->report->accepted = true;
	return SN_OK;
}

static enum sn_err
judge(struct bun_case *c, const struct bun_source *source, struct sn_why *why)
{
	SN_TRY(bun_check_load(c, source, why));
	report_statement(c);
	SN_TRY(cry_digest(CRY_SHA256, c->text, c->report->statement_sha256, why));
	SN_TRY(bun_run_checks(c, checks, SN_NITEMS(checks), why));
	SN_TRY(bun_check_operations(c, source, why));
	SN_TRY(bun_check_cosignatures(c, source, why));
	report_expiry(c);
	c->report->consistent = true;
	c->report->authentic = c->policy->has_identity;
	return judge_policy(c, why);
}

void
bun_case_done(struct bun_case *c)
{
	for (uint32_t i = 0; i < c->nops; i++)
		bun_case_done(&c->ops[i]);
	free(c->ops);
	c->ops = NULL;
	c->nops = 0;
	if (c->kind == BUN_KIND_OPS)
		free(c->report); /* its own: nobody sees it */
	tr_read_free(&c->transcript);
	att_ak_done(&c->ak);
	for (size_t i = 0; i < BUN_SIGNERS; i++)
		cry_cert_free(&c->signer[i]);
	bun_statement_done(&c->st);
	bun_dir_done(&c->dir);
}

static enum sn_err
verify(const struct bun_source *source, const struct bun_policy *policy, struct bun_report *ret,
    struct sn_why *why)
{
	struct bun_case c = { .policy = policy, .report = ret };

	c.base = c.approving = &c;
	*ret = (struct bun_report){ 0 };
	ret->verdict = judge(&c, source, why);
	if (ret->consistent) {
		const enum sn_err e = bun_replay_facts(&c, ret->verdict == SN_OK ? why : NULL);

		ret->verdict = ret->verdict == SN_OK ? e : ret->verdict;
	}
	cry_cert_free(&c.root_p384);
	cry_cert_free(&c.root_mldsa);
	bun_case_done(&c);
	return ret->verdict;
}

enum sn_err
bun_verify(int dirfd, const struct bun_policy *policy, struct bun_report *ret,
    struct sn_why *why)
{
	const struct bun_source source = { dirfd, NULL, 0 };

	return verify(&source, policy, ret, why);
}

enum sn_err
bun_verify_files(const struct bun_file *files, size_t n, const struct bun_policy *policy,
    struct bun_report *ret, struct sn_why *why)
{
	const struct bun_source source = { -1, files, n };

	return verify(&source, policy, ret, why);
}
