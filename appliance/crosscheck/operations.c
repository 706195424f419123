/*
 * Operations statements: what ops/<n>/ adds to the bundle, with the certificates and the log
 * key of the bundle and the approvers that are in force by then.
 */
#include <stdlib.h>
#include <string.h>

#include "appliance/crosscheck/trust.h"

#define REFRESH "refresh"
#define APPROVERS "trust/approvers/"

/* What each mode may bind beside what all may; docs/FORMAT-BUNDLE.md. */
static const struct scope {
	const char *mode, *path; /* mode NULL: every one */
} scopes[] = {
	{ NULL, XC_SUMS },
	{ NULL, "evidence/" },
	{ NULL, "record/" },
	{ NULL, "transcript/" },
	{ REFRESH, "collateral/" },
	{ "amend", APPROVERS },
	{ "amend", "nodes/" },
	{ "amend", "policy/" },
	{ "amend", "refvals/" },
};

static bool
in_scope(const char *mode, const char *path)
{
	for (size_t i = 0; i < SN_NITEMS(scopes); i++)
		if ((scopes[i].mode == NULL || strcmp(scopes[i].mode, mode) == 0) &&
		    strncmp(path, scopes[i].path, strlen(scopes[i].path)) == 0)
			return true;
	return false;
}

static enum sn_err
check_scope(const struct xc *c, struct sn_why *why)
{
	for (size_t i = 0; i < c->st.nsubjects; i++)
		if (!in_scope(c->st.mode, c->st.subject[i].path))
			return sn_fail(why, SN_E_SIGNATURE,
			    "%s: operations signers may not sign this in mode %s",
			    c->st.subject[i].path, c->st.mode);
	return SN_OK;
}

/* It is about this bundle, and follows the one before. */
static enum sn_err
check_place(const struct xc *c, struct sn_why *why)
{
	const struct xc *base = c->base, *before = c->number > 1 ? c - 1 : base;
	const struct xc_statement *s = &c->st, *b = &base->st;
	static const uint8_t none[32];
	const struct {
		const char *what;
		bool right;
	} rows[] = {
		{ "sequence", s->sequence == c->number },
		{ "base_sha256", memcmp(s->base_sha256, base->text_sha256, 32) == 0 },
		{ "previous",
		    memcmp(s->previous, c->number > 1 ? before->text_sha256 : none, 32) == 0 },
		{ "time", s->time >= before->st.time },
		{ "world", strcmp(s->world, b->world) == 0 },
		{ "sanctum.id", strcmp(s->sanctum_id, b->sanctum_id) == 0 },
		{ "identity_sha256", memcmp(s->identity_sha256, b->identity_sha256, 32) == 0 },
		{ "thresholds",
		    s->approvals == b->approvals && s->operations == b->operations &&
			s->shares == b->shares && s->shares_of == b->shares_of },
	};

	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		if (!rows[i].right)
			return sn_fail(why, SN_E_SIGNATURE,
			    XC_STATEMENT ": its %s does not fit the bundle and what is before "
					 "it",
			    rows[i].what);
	return SN_OK;
}

/* The chains were verified at the bundle's time; the signers must live at this one, too. */
static enum sn_err
check_dates(const struct xc *c, struct sn_why *why)
{
	static const enum xc_cert_id ids[] = { XC_OPERATIONS_P384, XC_OPERATIONS_MLDSA,
		XC_SIGNING_P384, XC_SIGNING_MLDSA, XC_ROOT_P384, XC_ROOT_MLDSA };

	for (size_t i = 0; i < SN_NITEMS(ids); i++)
		if (c->st.time < c->cert[ids[i]].from || c->st.time > c->cert[ids[i]].to)
			return sn_fail(why, SN_E_SIGNATURE, "%s: is not valid at the time",
			    xc_cert_rows[ids[i]].label);
	return SN_OK;
}

static size_t
approver_files(const struct xc *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		n += strncmp(c->file[i].path, APPROVERS, strlen(APPROVERS)) == 0;
	return n;
}

/* Those in force, or exactly those whose keys it brings. */
static enum sn_err
check_approvers(const struct xc *c, struct sn_why *why)
{
	const struct xc_statement *s = &c->st, *now = &c->approving->st;
	const size_t files = approver_files(c);
	bool same = s->napprovers == (files > 0 ? files : now->napprovers);

	for (size_t i = 0; same && i < s->napprovers; i++) {
		char path[64];

		(void)snprintf(path, sizeof(path), APPROVERS "%s.pem", s->approver[i].name);
		if (files > 0)
			same = xc_find(c, path) != NULL;
		else
			same = strcmp(s->approver[i].name, now->approver[i].name) == 0 &&
			    memcmp(s->approver[i].key_sha256, now->approver[i].key_sha256,
				32) == 0;
	}
	if (!same)
		return sn_fail(why, SN_E_SIGNATURE,
		    XC_STATEMENT ": names other approvers than are in force or brought");
	return SN_OK;
}

/* What nothing but a signature vouches for: a bad form is a bad signature. */
static enum sn_err
as_signature(enum sn_err e)
{
	return e == SN_E_FORMAT ? SN_E_SIGNATURE : e;
}

static enum sn_err
check_one(struct xc *c, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf line = { 0 };

	if (c->n == 0)
		return sn_fail(why, SN_E_MISSING, "is missing");
	SN_TRY(xc_check_statement(c, &line, why));
	SN_TRY(check_place(c, why));
	SN_TRY(xc_check_files(c, &line, why));
	SN_TRY(check_scope(c, why));
	SN_TRY(check_dates(c, why));
	SN_TRY(as_signature(xc_check_cms_p384(c, &line, why)));
	SN_TRY(as_signature(xc_check_cms_mldsa(c, &line, why)));
	SN_TRY(check_approvers(c, why));
	SN_TRY(as_signature(xc_check_approvals(c, &line, why)));
	SN_TRY(xc_check_transcript(c, &line, why));
	SN_TRY(as_signature(xc_check_openings(c, &line, why)));
	SN_TRY(xc_check_plan(c, &line, why));
	SN_TRY(xc_check_collateral(c, &line, why));
	SN_TRY(xc_check_keys(c, &line, why));
	SN_TRY(xc_check_creation(c, &line, why));
	SN_TRY(xc_check_counter(c, &line, why));
	return as_signature(xc_check_quote(c, &line, why));
}

enum sn_err
xc_check_operations(struct xc *c, struct sn_buf *line, struct sn_why *why)
{
	const struct xc *approving = c;

	for (uint32_t n = 1; n <= c->nops; n++) {
		struct xc *o = &c->ops[n - 1];
		struct sn_why inner = { 0 };
		enum sn_err e;

		o->number = n;
		o->base = c;
		o->approving = approving;
		o->organization = c->organization;
		memcpy(o->cert, c->cert, sizeof(o->cert)); /* borrowed, see xc_done() */
		e = check_one(o, &inner);
		if (e != SN_OK)
			return sn_fail(why, e, "ops/%u: %s", n, inner.text);
		if (approver_files(o) > 0)
			approving = o;
	}
	if (c->nops > 0)
		sn_buf_fmt(line, "%u statements, newest: %s", c->nops,
		    c->ops[c->nops - 1].st.mode);
	return SN_OK;
}
