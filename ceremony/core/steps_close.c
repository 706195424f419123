/*
 * The closing order, first half: transcript closed and checkpointed, records and layouts
 * written, statement. Then approvals (steps_approve.c), and steps_export.c.
 */
#include "ceremony/core/cer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appliance/base/text.h"
#include "appliance/crypto/key.h"
#include "ceremony/layouts/trustee.h"
#include "ceremony/record/record.h"
#include "firmware-cache/layouts/layouts.h"

static enum sn_err
close_add_collateral(void *arg, const struct col_verified *v, struct sn_why *why)
{
	struct cer *c = arg;

	return bun_add_collateral(c->bun, v, why);
}

static enum sn_err
close_add_carried(void *arg, const struct col_carried *item, struct sn_why *why)
{
	struct cer *c = arg;

	return bun_add_carried(c->bun, item, why);
}

/* The derived forms on their way into the bundle, and what they could not hold. */
struct close_derived {
	struct cer *c;
	struct sn_buf left_out;
};

static void
close_derived_done(struct close_derived *d)
{
	sn_buf_done(&d->left_out);
}

/* A derived file; what a bundle's files are from is in its statement, not in their times. */
static enum sn_err
close_layout_file(void *arg, const char *path, struct bytes data, int64_t mtime SN_UNUSED,
    struct sn_why *why)
{
	struct close_derived *d = arg;
	char below[sizeof("collateral/") + LAY_PATH_MAX];

	(void)snprintf(below, sizeof(below), "collateral/%s", path);
	return bun_add(d->c->bun, below, data, why);
}

static enum sn_err
close_left_out(void *arg, const char *layout, const char *what, const char *reason,
    struct sn_why *why)
{
	struct close_derived *d = arg;

	sn_buf_fmt(&d->left_out, "%s: %s: %s\n", layout, what, reason);
	return sn_buf_check(&d->left_out, why);
}

/* Verified vendor items, their status, and the forms that consumers load. */
static enum sn_err
close_collateral(struct cer *c, struct sn_why *why)
{
	SN_CLEANUP(close_derived_done) struct close_derived d = { .c = c };
	const struct lay_input in = { .store = c->col };
	const struct lay_out out = { close_layout_file, close_left_out, &d };
	SN_CLEANUP(sn_buf_done) struct sn_buf json = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf txt = { 0 };

	SN_TRY(col_store_each(c->col, close_add_collateral, c, why));
	SN_TRY(col_store_each_carried(c->col, close_add_carried, c, why));
	SN_TRY(col_store_status_json(c->col, &json, why));
	SN_TRY(col_store_status_txt(c->col, &txt, why));
	SN_TRY(bun_add(c->bun, "collateral/status.json", sn_buf_bytes(&json), why));
	SN_TRY(bun_add(c->bun, "collateral/status.txt", sn_buf_bytes(&txt), why));
	SN_TRY(lay_write_bundle(&in, &out, why));
	if (d.left_out.n == 0)
		return SN_OK;
	return bun_add(c->bun, "collateral/left-out.txt", sn_buf_bytes(&d.left_out), why);
}

enum sn_err
cer_approver_file(struct cer *c, const struct plan_approver *a, struct sn_why *why)
{
	SN_CLEANUP(cry_key_free) struct cry_key *key = NULL;
	SN_CLEANUP(sn_buf_done) struct sn_buf pem = { 0 };
	char path[64];

	SN_TRY(cry_key_from_spki((struct bytes){ a->sign, a->sign_len }, &key, why));
	SN_TRY(cry_key_pem(key, &pem, why));
	(void)snprintf(path, sizeof(path), "trust/approvers/%s.pem", a->name);
	return bun_add(c->bun, path, sn_buf_bytes(&pem), why);
}

static enum sn_err
close_trust(struct cer *c, struct sn_why *why)
{
	for (size_t i = 0; i < c->files.n; i++)
		SN_TRY(bun_add(c->bun, c->files.file[i].path, c->files.file[i].data, why));
	for (size_t i = 0; i < c->plan->napprovers; i++)
		SN_TRY(cer_approver_file(c, &c->plan->approvers[i], why));
	return SN_OK;
}

/* What ends first: certificates by the plan's dates, collateral by its own. */
static void
close_expiries(struct cer *c)
{
	const struct col_row *first = c->col != NULL ? col_store_first_to_lapse(c->col) : NULL;
	const struct bun_expiry fixed[] = {
		{ "root certificates", c->plan->root.to },
		{ "signing CA certificates", c->plan->signing.to },
		{ "statement signer certificates", c->plan->statement.to },
		{ "operations signer certificates", c->plan->operations.to },
		{ "token certificates", c->plan->token.to },
	};

	c->nexpires = 0;
	for (size_t i = 0; i < SN_NITEMS(fixed); i++)
		c->expires[c->nexpires++] = fixed[i];
	if (first == NULL)
		return;
	(void)snprintf(c->expiry_text, sizeof(c->expiry_text), "collateral: %s", first->label);
	c->expires[c->nexpires++] = (struct bun_expiry){ c->expiry_text, first->good_until };
}

const struct bun_expiry *
cer_first_expiry(const struct cer *c)
{
	const struct bun_expiry *first = &c->expires[0];

	for (size_t i = 1; i < c->nexpires; i++) {
		/* judged at a stated time, collateral's own dates do not count */
		if (c->expires[i].what == c->expiry_text && c->plan->has_collateral_time)
			continue;
		if (c->expires[i].at < first->at)
			first = &c->expires[i];
	}
	return first;
}

static enum sn_err
close_approvers(const struct cer *c, struct bun_approver *ret, size_t *ret_n,
    struct sn_why *why)
{
	const struct plan_approver *after = plan_approvers_after(c->plan, ret_n);

	for (size_t i = 0; i < *ret_n; i++) {
		const struct plan_approver *a = &after[i];

		ret[i].name = a->name;
		SN_TRY(cry_digest(CRY_SHA256, (struct bytes){ a->sign, a->sign_len },
		    ret[i].key_sha256, why));
	}
	return SN_OK;
}

/* The record for people: from the transcript, without the openings. */
static enum sn_err
close_record(struct cer *c, const struct bun_approver *approvers, size_t napprovers,
    struct sn_why *why)
{
	SN_CLEANUP(tr_read_free) struct tr_read *read = NULL;
	SN_CLEANUP(sn_buf_done) struct sn_buf out = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf status = { 0 };
	struct rec_approver who[PLAN_MAX_APPROVERS];
	struct rec_expiry expires[CER_EXPIRES];
	const struct plan *p = c->plan;
	struct rec_facts f = {
		.ceremony = p->ceremony,
		.sanctum_name = p->sanctum_name,
		.organization = p->organization,
		.world = plan_world_name(p->world),
		.mode = plan_mode_name(p->mode),
		.evidence_class = c->evidence_class,
		.sequence = p->sequence,
		.time = cer_now(c),
		.approvals = p->approvals,
		.share_threshold = p->share_threshold,
		.share_count = p->share_count,
		.ops_threshold = p->ops_threshold,
		.approvers = who,
		.napprovers = napprovers,
		.expires = expires,
		.nexpires = c->nexpires,
		.has_collateral_time = p->has_collateral_time,
		.collateral_time = p->collateral_time,
		.reduced = p->two,
		.exception = p->has_exception ? p->exception_reason : NULL,
		.text = cat_text,
	};
	const struct {
		const char *path;
		enum sn_err (*make)(const struct rec_facts *, struct sn_buf *, struct sn_why *);
	} files[] = {
		{ "record/record.txt", rec_text },
		{ "record/record.html", rec_html },
		{ "record/expiry.ics", rec_calendar },
	};

	memcpy(f.sanctum_id, p->sanctum_id, sizeof(f.sanctum_id));
	memcpy(f.plan_sha256, p->digest, 32);
	memcpy(f.identity_sha256, c->identity, 32);
	for (size_t i = 0; i < napprovers; i++) {
		who[i].name = approvers[i].name;
		memcpy(who[i].key_sha256, approvers[i].key_sha256, 32);
	}
	for (size_t i = 0; i < c->nexpires; i++)
		expires[i] = (struct rec_expiry){ c->expires[i].what, c->expires[i].at };
	SN_TRY(tr_read_new(tr_records(c->tr), &read, why));
	f.transcript = read;
	if (c->col != NULL)
		SN_TRY(col_store_status_txt(c->col, &status, why));
	f.collateral = sn_buf_bytes(&status);
	for (size_t i = 0; i < SN_NITEMS(files); i++) {
		out.n = 0;
		SN_TRY(files[i].make(&f, &out, why));
		SN_TRY(bun_add(c->bun, files[i].path, sn_buf_bytes(&out), why));
	}
	return SN_OK;
}

static enum sn_err
close_transcript(struct cer *c, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf body = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf note = { 0 };
	char origin[80], id[33];

	SN_TRY(CER_RECORD(c, "transcript.closed", why,
	    TR_ARG_INT("records", tr_size(c->tr) + 1)));
	sn_hex(BYTES_OF(c->plan->sanctum_id), id);
	(void)snprintf(origin, sizeof(origin), "cornerstone/%s/%s",
	    plan_world_name(c->plan->world), id);
	SN_TRY(tr_checkpoint(c->tr, origin, &body, why));
	SN_TRY(keeper_sign_checkpoint(c->keeper, sn_buf_bytes(&body), &note, why));
	SN_TRY(bun_add(c->bun, "transcript/records.jsonl", tr_records(c->tr), why));
	SN_TRY(bun_add(c->bun, "transcript/checkpoint", sn_buf_bytes(&note), why));
	return bun_set_openings(c->bun, tr_openings(c->tr), why);
}

/* People in the statement are the commitments that the transcript already holds. */
static enum sn_err
close_people(const struct tr_read *read, struct bun_person *ret, size_t *ret_n,
    struct sn_why *why)
{
	size_t n = 0;

	for (size_t i = 0; i < tr_read_size(read); i++) {
		const struct tr_record *r = tr_read_record(read, i);
		yyjson_val *full = NULL;

		if (strcmp(r->id, TR_SEGMENT_ID) == 0)
			n = 0; /* after a cut everybody is asked again: these are here now */
		if (strcmp(r->id, "person.present") != 0)
			continue;
		if (n == PLAN_MAX_PEOPLE)
			return sn_fail(why, SN_E_INTERNAL, "transcript: too many people");
		SN_TRY(sn_json_str(r->args, "roles", TR_MAX_TEXT, &ret[n].role, "transcript",
		    why));
		SN_TRY(sn_json_obj(r->args, "full", &full, "transcript", why));
		SN_TRY(sn_json_hex(full, "commit", ret[n].commit, 32, "transcript", why));
		n++;
	}
	*ret_n = n;
	return SN_OK;
}

static enum sn_err
close_statement(struct cer *c, const struct bun_approver *approvers, size_t napprovers,
    struct sn_why *why)
{
	const char *profiles[PLAN_MAX_PROFILES];
	SN_CLEANUP(tr_read_free) struct tr_read *read = NULL;
	struct bun_person people[PLAN_MAX_PEOPLE];
	struct merkle_hash root;
	const struct plan *p = c->plan;
	struct bun_predicate pred = {
		.time = cer_now(c),
		.world = plan_world_name(p->world),
		.mode = plan_mode_name(p->mode),
		.sequence = p->sequence,
		.previous = p->has_previous ? p->previous : NULL,
		.sanctum_name = p->sanctum_name,
		.approvals = p->approvals,
		.share_threshold = p->share_threshold,
		.share_count = p->share_count,
		.ops_threshold = p->ops_threshold,
		.approvers = approvers,
		.napprovers = napprovers,
		.people = people,
		.profiles = profiles,
		.evidence_class = c->evidence_class,
		.has_collateral_time = p->has_collateral_time,
		.collateral_time = p->collateral_time,
		.reduced = p->two,
		.exception = p->has_exception ? p->exception_reason : NULL,
		.expires = c->expires,
		.nexpires = c->nexpires,
		.transcript_size = tr_size(c->tr),
	};

	while (pred.nprofiles < SN_NITEMS(profiles) &&
	    (profiles[pred.nprofiles] = plan_profile(p, pred.nprofiles)) != NULL)
		pred.nprofiles++;
	if (plan_is_operations(p)) {
		pred.base_sha256 = p->base_sha256;
		pred.nprofiles = 0;
	}
	memcpy(pred.plan_sha256, p->digest, 32);
	memcpy(pred.identity_sha256, c->identity, 32);
	memcpy(pred.sanctum_id, p->sanctum_id, 16);
	SN_TRY(tr_read_new(tr_records(c->tr), &read, why));
	SN_TRY(close_people(read, people, &pred.npeople, why));
	SN_TRY(tr_root(c->tr, &root, why));
	memcpy(pred.transcript_root, root.h, 32);
	return bun_seal(c->bun, &pred, why);
}

/* The layouts that the plan wants. */
static enum sn_err
close_layouts(struct cer *c, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf toml = { 0 };

	if (!plan_wants(c->plan, LAYOUT_TRUSTEE_PROFILE))
		return SN_OK;
	SN_TRY(layout_trustee_config(c->plan->sanctum_name, &toml, why));
	return bun_add(c->bun, LAYOUT_TRUSTEE_PATH, sn_buf_bytes(&toml), why);
}

enum sn_err
step_close_enter(struct cer *c, struct sn_why *why)
{
	struct bun_approver approvers[PLAN_MAX_APPROVERS];
	const bool ops = plan_is_operations(c->plan);
	size_t n;

	SN_TRY(ops ? cer_ops_bundle(c, why) : bun_new(&c->bun, why));
	SN_TRY(close_transcript(c, why));
	if (!ops)
		SN_TRY(close_trust(c, why));
	if (c->col != NULL)
		SN_TRY(close_collateral(c, why));
	SN_TRY(cer_evidence_files(c, why));
	if (c->plan->mode != PLAN_REFRESH)
		SN_TRY(cer_policy_files(c, why));
	if (c->plan->mode == PLAN_AMEND)
		SN_TRY(cer_amend_files(c, why));
	if (!ops)
		SN_TRY(close_layouts(c, why));
	close_expiries(c);
	SN_TRY(close_approvers(c, approvers, &n, why));
	SN_TRY(close_record(c, approvers, n, why));
	if (c->plan->mode == PLAN_ROTATE)
		SN_TRY(cer_rotate_close(c, why));
	SN_TRY(close_statement(c, approvers, n, why));
	return cer_closing_begin(c, why);
}

/* How many files the statement binds: counted in the statement itself. */
static size_t
close_subjects(const struct cer *c)
{
	struct bytes s = bun_statement(c->bun);
	const struct bytes mark = BYTES_STR("{\"digest\":{\"sha256\":");
	size_t n = 0, at;

	while ((at = bytes_find(s, mark)) != SIZE_MAX) {
		s.p += at + mark.n;
		s.n -= at + mark.n;
		n++;
	}
	return n;
}

enum sn_err
step_close_show(struct cer *c, size_t i SN_UNUSED, struct view *v, struct sn_why *why)
{
	const struct bun_expiry *first = cer_first_expiry(c);
	uint8_t digest[32];

	SN_TRY(bun_statement_sha256(c->bun, digest, why));
	cer_view(v, VIEW_INFO, "ok", "close.head");
	view_say(v, "close.body",
	    CAT_ARGS({ "records", cer_num(tr_size(c->tr)) },
		{ "files", cer_num(close_subjects(c)) }, { "class", c->evidence_class },
		{ "expiry", cer_time_text(first->at) }, { "what", first->what }));
	if (c->plan->has_collateral_time)
		view_say(v, "close.collateral",
		    CAT_ARGS({ "time", cer_time_text(c->plan->collateral_time) }));
	view_say(v, "close.digest", NULL);
	cer_view_digest(v, digest);
	return SN_OK;
}
