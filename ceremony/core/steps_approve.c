/*
 * Four eyes: approvers come with stick and passphrase, first for the plan, at the end
 * for the statement. Three asks each: insert the stick, type the passphrase, pull it.
 */
#include "ceremony/core/cer.h"

#include <stdio.h>
#include <string.h>

#include "appliance/base/text.h"
#include "ceremony/keys/approver.h"

#define OPS_NAMES KEEPER_SHARE_FILES /* shares that may be on one stick */

enum { ASK_STICK, ASK_PASS, ASK_PULL, ASKS_EACH };

static bool
approver_done(const struct cer *c, size_t who, enum keeper_approval kind)
{
	return kind == KEEPER_APPROVE_PLAN ? c->approver[who].plan : c->approver[who].statement;
}

static size_t
approvals_have(const struct cer *c, enum keeper_approval kind)
{
	size_t n = 0;

	for (size_t i = 0; i < c->plan->napprovers; i++)
		n += approver_done(c, i, kind);
	return n;
}

/* Three asks for every approval that is there, three for every one still missing, and
 * three for every stick that turned out to be the wrong one. */
static size_t
approvals_asks(const struct cer *c, enum keeper_approval kind)
{
	size_t begun = (c->ask + ASKS_EACH - 1) / ASKS_EACH;
	size_t have = approvals_have(c, kind), need = c->plan->approvals;

	if (have >= need)
		return begun * ASKS_EACH;
	return (begun + need - have) * ASKS_EACH;
}

void
cer_approver_label(const char *name, char ret[MED_LABEL_MAX + 1])
{
	(void)snprintf(ret, MED_LABEL_MAX + 1, "CS-%s", name);
}

size_t
cer_approver_index(const struct cer *c, const char *label)
{
	char own[MED_LABEL_MAX + 1];

	for (size_t i = 0; i < c->plan->napprovers; i++) {
		cer_approver_label(c->plan->approvers[i].name, own);
		if (strcmp(own, label) == 0)
			return i;
	}
	return 0;
}

/* The stick of whoever is at the keyboard. */
void
cer_approver_pull(const struct cer *c, struct view *v, const char *head)
{
	char label[MED_LABEL_MAX + 1];

	cer_approver_label(c->plan->approvers[c->who].name, label);
	cer_view(v, VIEW_REMOVE, "pull", head);
	cer_view_media(v, label);
}

/* Any approver who has not yet approved. */
static void
approver_sticks(const struct cer *c, struct view *v, enum keeper_approval kind,
    const char *head)
{
	char label[MED_LABEL_MAX + 1];

	cer_view(v, VIEW_MEDIA, "stick", head);
	for (size_t i = 0; i < c->plan->napprovers; i++) {
		if (approver_done(c, i, kind))
			continue;
		cer_approver_label(c->plan->approvers[i].name, label);
		cer_view_media(v, label);
	}
}

enum sn_err
cer_approver_read(struct cer *c, const char *label, struct sn_why *why)
{
	struct mark m;
	bool has;
	enum sn_err e;

	SN_TRY(cer_stick_judge(c, c->plan, label, &m, &has, why));
	sn_buf_done(&c->approver_file);
	c->who = cer_approver_index(c, label);
	e = med_read(c->ports.media, label, APPROVER_KEY, APPROVER_FILE_MAX, &c->approver_file,
	    why);
	return e == SN_E_LIMIT || e == SN_E_FORMAT ? SN_E_MEDIA
						   : e; /* not a key: another stick */
}

/*
 * A key that is not the pinned one cannot be mended with another passphrase: the
 * stick has to go, and three more asks follow (see approvals_asks).
 */
static enum sn_err
approver_sign(struct cer *c, enum keeper_approval kind, const struct answer *a,
    struct bytes message, struct sn_buf *ret, struct sn_why *why)
{
	const char *name = c->plan->approvers[c->who].name;
	enum sn_err e;

	if (a->secret.n == 0)
		return SN_OK; /* another approver instead */
	e = keeper_approve(c->keeper, name, kind, sn_buf_bytes(&c->approver_file), a->secret,
	    message, ret, why);

	if (e == SN_E_POLICY || e == SN_E_FORMAT || e == SN_E_LIMIT) {
		cer_note_why(c, why);
		return SN_OK;
	}
	return e;
}

/* ---- the plan */

size_t
step_review_count(const struct cer *c)
{
	return approvals_asks(c, KEEPER_APPROVE_PLAN);
}

static void
review_exception(const struct cer *c, struct view *v)
{
	if (c->plan->has_exception)
		view_say(v, "review.exception",
		    CAT_ARGS({ "time", cer_time_text(c->plan->collateral_time) }));
}

/* What the approvers are told that this ceremony makes. */
static const char *
review_text(enum plan_mode mode)
{
	static const struct {
		enum plan_mode mode;
		const char *id;
	} rows[] = {
		{ PLAN_GENESIS, "review.body" },
		{ PLAN_ROTATE, "review.rotate" },
		{ PLAN_RESHARE, "review.reshare" },
		{ PLAN_REFRESH, "review.refresh" },
		{ PLAN_AMEND, "review.amend" },
		{ PLAN_REVOKE, "review.revoke" },
	};

	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		if (rows[i].mode == mode)
			return rows[i].id;
	return "review.rebuild";
}

static void
review_body(const struct cer *c, struct view *v)
{
	view_say(v,
	    c->journal.going == CER_SHARES ? "review.rebuild" : review_text(c->plan->mode),
	    CAT_ARGS({ "sanctum", c->plan->sanctum_name },
		{ "old_threshold", cer_num(c->custody.old_threshold) },
		{ "old_count", cer_num(c->custody.old_count) },
		{ "threshold", cer_num(c->plan->share_threshold) },
		{ "count", cer_num(c->plan->share_count) },
		{ "have", cer_num(approvals_have(c, KEEPER_APPROVE_PLAN)) },
		{ "need", cer_num(c->plan->approvals) }));
	review_exception(c, v);
	view_blank(v);
}

enum sn_err
step_review_show(struct cer *c, size_t i, struct view *v, struct sn_why *why SN_UNUSED)
{
	const char *name = c->plan->approvers[c->who].name;

	switch (i % ASKS_EACH) {
	case ASK_STICK:
		approver_sticks(c, v, KEEPER_APPROVE_PLAN, "review.head");
		review_body(c, v);
		view_say(v, "review.media", NULL);
		break;
	case ASK_PASS:
		cer_view(v, VIEW_PASSPHRASE, "pass", "review.head");
		v->person = name;
		if (c->plan->has_exception) /* a passphrase is asked for on one page */
			review_exception(c, v);
		else
			review_body(c, v);
		view_say(v, "review.pass", CAT_ARGS({ "person", name }));
		cer_view_digest(v, c->plan->digest);
		break;
	default:
		cer_approver_pull(c, v, "review.head");
		break;
	}
	return SN_OK;
}

enum sn_err
step_review_there(struct cer *c, size_t i SN_UNUSED, const char *label, struct sn_why *why)
{
	return cer_approver_read(c, label, why);
}

enum sn_err
step_review_take(struct cer *c, size_t i, const struct answer *a, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf sig = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf text = { 0 };
	const char *name = c->plan->approvers[c->who].name;

	if (i % ASKS_EACH != ASK_PASS)
		return SN_OK;
	SN_TRY(approver_sign(c, KEEPER_APPROVE_PLAN, a, BYTES_OF(c->plan->digest), &sig, why));
	if (sig.n == 0)
		return SN_OK; /* not the pinned key: pull it, see step_review_there */
	c->approver[c->who].plan = true;
	sn_buf_base64(&text, sn_buf_bytes(&sig));
	SN_TRY(sn_buf_check(&text, why));
	return CER_RECORD(c, "plan.approved", why, TR_ARG_STR("approver", name),
	    TR_ARG_STR("signature", sn_buf_cstr(&text)));
}

/* ---- the statement */

size_t
step_approve_count(const struct cer *c)
{
	return approvals_asks(c, KEEPER_APPROVE_STATEMENT);
}

enum sn_err
step_approve_show(struct cer *c, size_t i, struct view *v, struct sn_why *why)
{
	const char *name = c->plan->approvers[c->who].name;
	uint8_t digest[32];

	SN_TRY(bun_statement_sha256(c->bun, digest, why));
	switch (i % ASKS_EACH) {
	case ASK_STICK:
		approver_sticks(c, v, KEEPER_APPROVE_STATEMENT, "approve.head");
		view_say(v, "approve.media",
		    CAT_ARGS({ "have", cer_num(approvals_have(c, KEEPER_APPROVE_STATEMENT)) },
			{ "need", cer_num(c->plan->approvals) }));
		view_blank(v);
		cer_view_digest(v, digest);
		break;
	case ASK_PASS:
		cer_view(v, VIEW_PASSPHRASE, "pass", "approve.head");
		v->person = name;
		view_say(v, "approve.body", CAT_ARGS({ "person", name }));
		view_blank(v);
		cer_view_digest(v, digest);
		break;
	default:
		cer_approver_pull(c, v, "approve.head");
		break;
	}
	return SN_OK;
}

enum sn_err
step_approve_there(struct cer *c, size_t i SN_UNUSED, const char *label, struct sn_why *why)
{
	return cer_approver_read(c, label, why);
}

/* The transcript is closed: this is for closing/. */
static enum sn_err
statement_approved(struct cer *c, struct bytes sig, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf text = { 0 };

	sn_buf_base64(&text, sig);
	SN_TRY(sn_buf_check(&text, why));
	return CER_RECORD(c, "statement.approved", why,
	    TR_ARG_STR("approver", c->plan->approvers[c->who].name),
	    TR_ARG_STR("signature", sn_buf_cstr(&text)));
}

enum sn_err
step_approve_take(struct cer *c, size_t i, const struct answer *a, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf sig = { 0 };
	struct cer_approver *who = &c->approver[c->who];

	if (i % ASKS_EACH != ASK_PASS)
		return SN_OK;
	SN_TRY(approver_sign(c, KEEPER_APPROVE_STATEMENT, a, bun_statement(c->bun), &sig, why));
	if (sig.n == 0)
		return SN_OK;
	SN_TRY(bun_add_approval(c->bun, c->plan->approvers[c->who].name, sn_buf_bytes(&sig),
	    why));
	if (c->late != NULL)
		SN_TRY(statement_approved(c, sn_buf_bytes(&sig), why));
	sn_buf_put(&who->statement_sig, sn_buf_bytes(&sig));
	who->statement = true;
	return sn_buf_check(&who->statement_sig, why);
}

/* ---- every approver's share of the operations secret, onto the own stick */

enum { OPS_STICK, OPS_PULL, OPS_EACH };

/* An amendment that leaves the approvers as they are writes no shares. */
size_t
step_opshares_count(const struct cer *c)
{
	size_t n;

	if (plan_is_operations(c->plan) && c->plan->nnext == 0)
		return 0;
	(void)plan_approvers_after(c->plan, &n);
	return n * OPS_EACH;
}

enum sn_err
step_opshares_show(struct cer *c, size_t i, struct view *v, struct sn_why *why SN_UNUSED)
{
	char label[MED_LABEL_MAX + 1];
	size_t n, have = 0;
	const struct plan_approver *to = plan_approvers_after(c->plan, &n);

	if (i % OPS_EACH == OPS_PULL) {
		cer_approver_label(to[c->who].name, label);
		cer_view(v, VIEW_REMOVE, "pull", "opshares.head");
		cer_view_media(v, label);
		return SN_OK;
	}
	for (size_t k = 0; k < n; k++)
		have += c->approver[k].share;
	cer_view(v, VIEW_MEDIA, "stick", "opshares.head");
	view_say(v, "opshares.media",
	    CAT_ARGS({ "have", cer_num(have) }, { "need", cer_num(n) }));
	for (size_t k = 0; k < n; k++) {
		if (c->approver[k].share)
			continue;
		cer_approver_label(to[k].name, label);
		cer_view_media(v, label);
	}
	return SN_OK;
}

/* The sequence of the bundle whose operations secret it is. */
static uint32_t
opshares_sequence(const struct cer *c)
{
	return c->base != NULL ? c->base->report.sequence : c->plan->sequence;
}

/* Whose stick it is, by number. */
static size_t
opshares_index(const struct plan_approver *to, size_t n, const char *label)
{
	char own[MED_LABEL_MAX + 1];

	for (size_t k = 0; k < n; k++) {
		cer_approver_label(to[k].name, own);
		if (strcmp(own, label) == 0)
			return k;
	}
	return 0;
}

void
cer_ops_name(uint32_t sequence, unsigned int i, char ret[CER_OPS_NAME_MAX])
{
	(void)snprintf(ret, CER_OPS_NAME_MAX, "operations-%u-%u.p7m", sequence, i);
}

/* A name that is not on the stick yet: a stick may hold the shares of earlier ceremonies. */
static enum sn_err
opshares_name(struct cer *c, const char *label, char ret[CER_OPS_NAME_MAX], struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf old = { 0 };

	for (unsigned int i = 1; i <= OPS_NAMES; i++) {
		struct sn_why none = { 0 };

		cer_ops_name(opshares_sequence(c), i, ret);
		if (med_read(c->ports.media, label, ret, PLAN_MAX_BYTES, &old, &none) ==
		    SN_E_MISSING)
			return SN_OK;
	}
	return sn_fail(why, SN_E_MEDIA,
	    "%d operations shares of sequence %u are on this stick; move old ones away",
	    OPS_NAMES, opshares_sequence(c));
}

enum sn_err
step_opshares_there(struct cer *c, size_t i SN_UNUSED, const char *label, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf cms = { 0 };
	char path[CER_OPS_NAME_MAX];
	struct med_file file;
	const char *name;
	size_t n;
	const struct plan_approver *to = plan_approvers_after(c->plan, &n);

	c->who = opshares_index(to, n, label);
	name = to[c->who].name;
	SN_TRY(keeper_ops_share(c->keeper, name, &cms, why));
	SN_TRY(opshares_name(c, label, path, why));
	file = (struct med_file){ path, sn_buf_bytes(&cms) };
	SN_TRY(med_write(c->ports.media, label, "", &file, 1, why));
	SN_TRY(med_compare(c->ports.media, label, "", &file, 1, why));
	med_eject(c->ports.media, label);
	c->approver[c->who].share = true;
	return CER_RECORD(c, "operations.share-written", why, TR_ARG_STR("approver", name),
	    TR_ARG_STR("label", label));
}
