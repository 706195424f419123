/*
 * Operations statements: each ops/<n>/ is judged like a small bundle, with the signers,
 * approvers and roots of the one that it adds to.
 */
#include <stdlib.h>
#include <string.h>

#include "ceremony/bundle/judge.h"

/* Every bound path is one that this mode may add. */
static enum sn_err
check_scope(struct bun_case *c, struct sn_why *why)
{
	for (size_t i = 0; i < c->st.nsubjects; i++)
		if (!bun_ops_scope(c->st.mode, c->st.subject[i].path))
			return sn_fail(why, SN_E_SIGNATURE,
			    "%s: operations signers may not sign this in mode %s",
			    c->st.subject[i].path, c->st.mode);
	if (strcmp(c->st.mode, BUN_OPS_REFRESH) == 0 &&
	    bun_dir_find(&c->dir, BUN_STATUS) == NULL)
		return sn_fail(why, SN_E_MISSING, BUN_STATUS ": is missing");
	return SN_OK;
}

/* Nothing lies there that no signature covers. */
static enum sn_err
check_covered(struct bun_case *c, struct sn_why *why)
{
	if (c->dir.later > 0)
		return sn_fail(why, SN_E_MISSING,
		    "closing/, " BUN_OPS ": %zu files there belong to no operations statement",
		    c->dir.later);
	return SN_OK;
}

/* It is about this bundle and about the operations statement before. */
static enum sn_err
check_place(struct bun_case *c, struct sn_why *why)
{
	const struct bun_case *base = c->base;
	const struct bun_case *before = c->number > 1 ? &base->ops[c->number - 2] : NULL;
	const int64_t earliest = before != NULL ? before->st.time : base->st.time;

	if (c->st.sequence != c->number)
		return sn_fail(why, SN_E_SEQUENCE, BUN_STATEMENT ": is number %u",
		    c->st.sequence);
	if (memcmp(c->st.base_sha256, base->report->statement_sha256, 32) != 0)
		return sn_fail(why, SN_E_SIGNATURE, BUN_STATEMENT ": adds to another bundle");
	if (before != NULL && memcmp(c->st.previous, before->report->statement_sha256, 32) != 0)
		return sn_fail(why, SN_E_SEQUENCE,
		    BUN_STATEMENT ": a fork, it follows another one than " BUN_OPS "%u/",
		    c->number - 1);
	if (c->st.time < earliest)
		return sn_fail(why, SN_E_SIGNATURE,
		    BUN_STATEMENT ": is older than what it follows");
	return SN_OK;
}

/* What an operations statement cannot change. */
static enum sn_err
check_same(struct bun_case *c, struct sn_why *why)
{
	const struct bun_statement *s = &c->st, *b = &c->base->st;
	const struct {
		const char *what;
		bool same;
	} rows[] = {
		{ "world", strcmp(s->world, b->world) == 0 },
		{ "identity_sha256", memcmp(s->identity_sha256, b->identity_sha256, 32) == 0 },
		{ "sanctum.id", memcmp(s->sanctum_id, b->sanctum_id, 16) == 0 },
		{ "sanctum.name", strcmp(s->sanctum_name, b->sanctum_name) == 0 },
		{ "thresholds.approvals", s->approvals == b->approvals },
		{ "thresholds.operations", s->ops_threshold == b->ops_threshold },
		{ "thresholds.shares", s->share_threshold == b->share_threshold },
		{ "thresholds.shares_of", s->share_count == b->share_count },
	};

	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		if (!rows[i].same)
			return sn_fail(why, SN_E_SIGNATURE,
			    BUN_STATEMENT ": %s is not the bundle's", rows[i].what);
	return SN_OK;
}

/* The two signers are the ones of the bundle's trust/. */
static enum sn_err
check_signer(const struct bun_case *c, const char *path, const struct cry_cert *signer,
    struct sn_why *why)
{
	struct cry_cert *certs[CRY_PEM_CHAIN_MAX] = { NULL };
	struct bytes pem;
	size_t n = 0;
	bool same;

	SN_TRY(bun_dir_get(&c->base->dir, path, &pem, why));
	SN_TRY(cry_cert_parse_pem(pem, certs, &n, why));
	same = bytes_equal(cry_cert_der(certs[0]), cry_cert_der(signer));
	cry_cert_free_all(certs, n);
	if (!same)
		return sn_fail(why, SN_E_SIGNATURE,
		    BUN_STATEMENT ": its signer is not the one of %s", path);
	return SN_OK;
}

static enum sn_err
check_signers(struct bun_case *c, struct sn_why *why)
{
	SN_TRY(check_signer(c, "trust/operations-p384-chain.pem", c->signer[BUN_SIGNER_P384],
	    why));
	return check_signer(c, "trust/operations-mldsa87-chain.pem",
	    c->signer[BUN_SIGNER_MLDSA], why);
}

static bool
has_approvers(const struct bun_case *c)
{
	for (size_t i = 0; i < c->dir.n; i++)
		if (strncmp(c->dir.file[i].path, BUN_APPROVERS, strlen(BUN_APPROVERS)) == 0)
			return true;
	return false;
}

/* No key lies in trust/approvers/ but those that the statement names. */
static enum sn_err
check_new_approvers(const struct bun_case *c, struct sn_why *why)
{
	size_t files = 0;

	for (size_t i = 0; i < c->dir.n; i++)
		files +=
		    strncmp(c->dir.file[i].path, BUN_APPROVERS, strlen(BUN_APPROVERS)) == 0;
	for (size_t i = 0; i < c->st.napprovers; i++) {
		SN_CLEANUP(cry_key_free) struct cry_key *key = NULL;

		SN_TRY(bun_approver_key(c, &c->st.approver[i], &key, why));
	}
	if (files != c->st.napprovers)
		return sn_fail(why, SN_E_SIGNATURE,
		    BUN_APPROVERS ": %zu keys for %zu approvers", files, c->st.napprovers);
	return SN_OK;
}

/* The approvers that the statement names: those in force, or others that it brings. */
static enum sn_err
check_approvers(struct bun_case *c, struct sn_why *why)
{
	const struct bun_statement *s = &c->st, *in_force = &c->approving->st;

	if (has_approvers(c))
		return check_new_approvers(c, why);
	for (size_t i = 0; i < s->napprovers; i++)
		if (s->napprovers != in_force->napprovers ||
		    strcmp(s->approver[i].name, in_force->approver[i].name) != 0 ||
		    memcmp(s->approver[i].key_sha256, in_force->approver[i].key_sha256, 32) !=
			0)
			return sn_fail(why, SN_E_SIGNATURE,
			    BUN_STATEMENT ": names other approvers than are in force");
	return SN_OK;
}

static const struct bun_check checks[] = {
	{ bun_check_listed, bun_as_bound },
	{ check_covered, bun_as_bound },
	{ bun_check_digests, bun_as_signature },
	{ bun_check_sums, bun_as_signature },
	{ check_scope, bun_as_bound },
	{ check_same, bun_as_bound },
	{ bun_check_cms, bun_as_signature },
	{ check_signers, bun_as_signature },
	{ check_approvers, bun_as_bound },
	{ bun_check_approvals, bun_as_signature },
	{ bun_check_transcript, bun_as_bound },
	{ bun_check_quote, bun_as_signature },
	{ bun_check_boot, bun_as_bound },
	{ bun_check_story, bun_as_bound },
	{ bun_check_halts, bun_as_bound },
	{ bun_check_tpm, bun_as_bound },
	{ bun_check_chain, bun_as_bound },
	{ bun_check_collateral, bun_as_bound },
};

static enum sn_err
judge(struct bun_case *c, const struct bun_source *source, struct sn_why *why)
{
	c->report = calloc(1, sizeof(*c->report));
	if (c->report == NULL)
		return sn_fail(why, SN_E_NOMEM, "report");
	memcpy(c->report->identity, c->base->report->identity, 32);
	SN_TRY(bun_check_load(c, source, why));
	SN_TRY(cry_digest(CRY_SHA256, c->text, c->report->statement_sha256, why));
	SN_TRY(check_place(c, why)); /* an exit status of its own: before all others */
	return bun_run_checks(c, checks, SN_NITEMS(checks), why);
}

/* Whose approvers count for the operations statement of that number. */
static const struct bun_case *
approving(const struct bun_case *base, uint32_t number)
{
	for (uint32_t i = number - 1; i > 0; i--)
		if (has_approvers(&base->ops[i - 1]))
			return &base->ops[i - 1];
	return base;
}

static void
report(struct bun_case *base)
{
	const struct bun_case *newest = &base->ops[base->nops - 1];
	struct bun_report *r = base->report;
	char when[TEXT_TIME_LEN + 1];

	r->operations = base->nops;
	r->operations_time = newest->st.time;
	snprintf(r->operations_mode, sizeof(r->operations_mode), "%s", newest->st.mode);
	memcpy(r->operations_sha256, newest->report->statement_sha256, 32);
	for (uint32_t i = 0; i < base->nops; i++) {
		const struct bun_case *c = &base->ops[i];

		text_from_time(c->st.time, when);
		bun_note(base, BUN_OPS "%u/: %s of %s, %zu files, approved by %zu%s", c->number,
		    c->st.mode, when, c->dir.n, c->report->approvals,
		    has_approvers(c) ? "; OTHER APPROVERS" : "");
	}
}

static void
report_approvers(struct bun_case *base)
{
	const struct bun_statement *s = &approving(base, base->nops + 1)->st;
	struct bun_report *r = base->report;

	_Static_assert(BUN_REPORT_APPROVERS == BUN_MAX_APPROVERS, "all fit");
	r->napprovers = s->napprovers;
	for (size_t i = 0; i < s->napprovers; i++) {
		snprintf(r->approver[i].name, sizeof(r->approver[i].name), "%s",
		    s->approver[i].name);
		memcpy(r->approver[i].key_sha256, s->approver[i].key_sha256, 32);
	}
}

static enum sn_err
judge_all(struct bun_case *base, const struct bun_source *source, struct sn_why *why)
{
	for (uint32_t n = 1; n <= base->dir.ops; n++) {
		struct bun_case *c = &base->ops[n - 1];
		struct sn_why inner = { 0 };
		enum sn_err e;

		*c = (struct bun_case){ .kind = BUN_KIND_OPS,
			.number = n,
			.base = base,
			.approving = approving(base, n),
			.policy = base->policy,
			.root_p384 = base->root_p384,
			.root_mldsa = base->root_mldsa };
		base->nops = n;
		e = judge(c, source, &inner);
		if (e != SN_OK)
			return sn_fail(why, e, BUN_OPS "%u: %s", n, inner.text);
	}
	return SN_OK;
}

enum sn_err
bun_check_operations(struct bun_case *c, const struct bun_source *source, struct sn_why *why)
{
	if (c->dir.strays > 0)
		return sn_fail(why, SN_E_MISSING,
		    BUN_OPS ": %zu files there belong to no operations statement",
		    c->dir.strays);
	if (c->dir.ops > 0) {
		c->ops = calloc(c->dir.ops, sizeof(*c->ops));
		if (c->ops == NULL)
			return sn_fail(why, SN_E_NOMEM, "operations statements");
		SN_TRY(judge_all(c, source, why));
		report(c);
	}
	report_approvers(c);
	return SN_OK;
}

const struct bun_case *
bun_collateral_of(const struct bun_case *c)
{
	for (uint32_t i = c->nops; i > 0; i--)
		if (strcmp(c->ops[i - 1].st.mode, BUN_OPS_REFRESH) == 0)
			return &c->ops[i - 1];
	return c;
}
