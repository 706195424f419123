/*
 * The journal stick: a ceremony begins on it, or goes on from what is there after a power cut.
 */
#include "ceremony/core/cer.h"

#include <stdio.h>
#include <string.h>

#include "appliance/base/json.h"
#include "appliance/base/text.h"

#define JOURNAL_FILE "journal.log"
#define STATEMENT_FILE "statement.json"
#define STATEMENT_MAX (1U << 20)

enum { ASK_STICK, ASK_AGREE };

size_t
step_journal_count(const struct cer *c)
{
	if (!c->plan->journal)
		return 0;
	return c->journal.going == CER_NEW ? ASK_AGREE : ASK_AGREE + 1;
}

enum sn_err
step_journal_show(struct cer *c, size_t i, struct view *v, struct sn_why *why SN_UNUSED)
{
	static const char *const how[] = {
		[CER_NEW] = NULL,
		[CER_AGAIN] = "journal.go-again",
		[CER_SHARES] = "journal.go-shares",
		[CER_EXPORT] = "journal.go-export",
	};

	if (i == ASK_STICK) {
		cer_view(v, VIEW_MEDIA, "stick", "journal.head");
		view_say(v, "journal.media", NULL);
		cer_view_media(v, CER_LABEL_JOURNAL);
		return SN_OK;
	}
	const struct journal_ceremony *l = journal_last(c->journal.j);

	cer_view(v, VIEW_WORD, "agree", "journal.cut-head");
	v->word = "resume";
	view_say(v, "journal.cut",
	    CAT_ARGS({ "ceremony", l->ceremony },
		{ "step", l->step[0] != '\0' ? l->step : "plan" },
		{ "records", cer_num(l->records) }, { "torn", cer_num(c->journal.torn) }));
	view_blank(v);
	view_say(v, how[c->journal.going],
	    CAT_ARGS({ "threshold", cer_num(c->plan->share_threshold) }));
	if (l->made) {
		view_blank(v);
		view_hex(v, BYTES_OF(l->identity));
	}
	return SN_OK;
}

/* ---- what the journal means for this plan */

static bool
same_sanctum(const struct plan *p, const struct journal_ceremony *k)
{
	return memcmp(k->sanctum, p->sanctum_id, sizeof(k->sanctum)) == 0 &&
	    strcmp(k->world, plan_world_name(p->world)) == 0;
}

/* Two roots never claim one sequence: what another ceremony of this sanctum has made. */
static enum sn_err
judge_other(const struct plan *p, const struct journal_ceremony *k, struct sn_why *why)
{
	if (!same_sanctum(p, k))
		return SN_OK;
	if (p->mode == PLAN_GENESIS && k->made)
		return sn_fail(why, SN_E_SEQUENCE,
		    "ceremony %s made the root of this sanctum; %s cannot make another. Go on "
		    "with that plan, or rebuild",
		    k->ceremony, p->ceremony);
	if (k->bundled && p->sequence <= k->sequence)
		return sn_fail(why, SN_E_SEQUENCE,
		    "sequence %u was given out in ceremony %s; this plan says %u", k->sequence,
		    k->ceremony, p->sequence);
	return SN_OK;
}

static enum sn_err
judge_same(const struct plan *p, const struct journal_ceremony *k, enum cer_going *ret,
    struct sn_why *why)
{
	if (memcmp(k->plan, p->digest, sizeof(k->plan)) != 0)
		return sn_fail(why, SN_E_POLICY,
		    "ceremony %s began under another plan; take that one, or a new number",
		    k->ceremony);
	switch (k->state) {
	case JOURNAL_OPEN:
		*ret = CER_AGAIN;
		return SN_OK;
	case JOURNAL_MADE:
		*ret = CER_SHARES;
		return SN_OK;
	case JOURNAL_BUNDLED:
		*ret = CER_EXPORT;
		return SN_OK;
	case JOURNAL_SECRET:
	case JOURNAL_DISCARDED:
		return sn_fail(why, SN_E_POLICY,
		    "ceremony %s was cut before its root counted; its sheets are void. Destroy "
		    "them and begin under a new number",
		    k->ceremony);
	case JOURNAL_DONE:
		return sn_fail(why, SN_E_SEQUENCE,
		    "ceremony %s came to its end; take a new number", k->ceremony);
	}
	return sn_fail(why, SN_E_INTERNAL, "journal: state %d", (int)k->state);
}

static enum sn_err
judge(const struct plan *p, const struct journal *j, enum cer_going *ret, struct sn_why *why)
{
	const struct journal_ceremony *last = journal_last(j);

	*ret = CER_NEW;
	for (size_t i = 0; i < journal_count(j); i++) {
		const struct journal_ceremony *k = journal_ceremony(j, i);

		if (strcmp(k->ceremony, p->ceremony) != 0 || !same_sanctum(p, k))
			SN_TRY(judge_other(p, k, why));
		else if (k != last && k->state != JOURNAL_OPEN)
			return sn_fail(why, SN_E_POLICY,
			    "ceremony %s is in the journal already; take a new number",
			    k->ceremony);
		else if (k == last)
			SN_TRY(judge_same(p, k, ret, why));
	}
	return SN_OK;
}

/* The folder may have its name while its line is still missing: then it counts. */
static enum sn_err
judge_bundle(struct cer *c, enum cer_going *going, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf st = { 0 };
	char path[CER_BUNDLE_FOLDER_MAX + sizeof("/" STATEMENT_FILE)];
	char folder[CER_BUNDLE_FOLDER_MAX];
	struct sn_why own = { 0 };
	enum sn_err e;

	if (*going != CER_AGAIN && *going != CER_SHARES)
		return SN_OK;
	cer_journal_folder(c, folder);
	(void)snprintf(path, sizeof(path), "%s/%s", folder, STATEMENT_FILE);
	e = med_read(c->ports.media, CER_LABEL_JOURNAL, path, STATEMENT_MAX, &st, &own);
	if (e == SN_E_MISSING)
		return SN_OK;
	if (e != SN_OK)
		return sn_fail(why, e, "%s", own.text);
	SN_TRY(cry_digest(CRY_SHA256, sn_buf_bytes(&st), c->journal.statement, why));
	*going = CER_EXPORT;
	return SN_OK;
}

/* ---- the stick is in */

static enum sn_err
begin(struct cer *c, struct sn_why *why)
{
	const struct plan *p = c->plan;
	struct journal_ceremony k = { .sequence = p->sequence };

	(void)snprintf(k.ceremony, sizeof(k.ceremony), "%s", p->ceremony);
	(void)snprintf(k.world, sizeof(k.world), "%s", plan_world_name(p->world));
	(void)snprintf(k.mode, sizeof(k.mode), "%s", plan_mode_name(p->mode));
	memcpy(k.plan, p->digest, sizeof(k.plan));
	memcpy(k.sanctum, p->sanctum_id, sizeof(k.sanctum));
	SN_TRY(journal_begin(c->journal.j, &k, why));
	return cer_journal_sync(c, why);
}

/* A secret that never counted is void from now on, whatever people try. */
static enum sn_err
discard(struct cer *c, const struct sn_why *reason, struct sn_why *why)
{
	SN_TRY(journal_discard(c->journal.j, why));
	SN_TRY(cer_journal_sync(c, why));
	return sn_fail(why, SN_E_POLICY, "%s", reason->text);
}

static enum sn_err
read_stick(struct cer *c, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf text = { 0 };
	struct sn_why own = { 0 };
	enum sn_err e;

	e = med_read(c->ports.media, CER_LABEL_JOURNAL, JOURNAL_FILE, JOURNAL_MAX_BYTES, &text,
	    &own);
	if (e != SN_E_MISSING && e != SN_OK)
		return sn_fail(why, e, "%s", own.text);
	e = journal_read(sn_buf_bytes(&text), &c->journal.j, &c->journal.torn, why);
	if (e == SN_E_FORMAT)
		return SN_E_MEDIA; /* not a journal: another stick */
	SN_TRY(e);
	c->journal.kept = text.n - c->journal.torn;
	return SN_OK;
}

/* Time goes on, too: this boot's first record follows the journal's last. */
static enum sn_err
judge_clock(const struct cer *c, struct sn_why *why)
{
	SN_CLEANUP(tr_read_free) struct tr_read *old = NULL;
	SN_CLEANUP(tr_read_free) struct tr_read *boot = NULL;
	int64_t last, first;

	if (journal_records(c->journal.j).n == 0)
		return SN_OK;
	SN_TRY(tr_read_new(journal_records(c->journal.j), &old, why));
	SN_TRY(tr_read_new(tr_records(c->tr), &boot, why));
	last = tr_read_record(old, tr_read_size(old) - 1)->time;
	first = tr_read_record(boot, 0)->time;
	if (first < last)
		return sn_fail(why, SN_E_POLICY,
		    "the clock said %s, but the journal ends at %s; set it in the firmware",
		    cer_time_text(first), cer_time_text(last));
	return SN_OK;
}

static enum sn_err
take_stick(struct cer *c, struct sn_why *why)
{
	const struct journal_ceremony *last;
	struct sn_why reason = { 0 };
	enum cer_going going = CER_NEW;
	struct mark m = { 0 };
	enum sn_err e;
	bool has;

	SN_TRY(cer_stick_judge(c, c->plan, CER_LABEL_JOURNAL, &m, &has, why));
	SN_TRY(read_stick(c, why));
	e = judge(c->plan, c->journal.j, &going, &reason);
	last = journal_last(c->journal.j);
	if (e == SN_E_POLICY && last->state == JOURNAL_SECRET &&
	    memcmp(last->plan, c->plan->digest, sizeof(last->plan)) == 0)
		return discard(c, &reason, why);
	if (e != SN_OK)
		return sn_fail(why, e, "%s", reason.text);
	SN_TRY(judge_bundle(c, &going, why));
	c->journal.going = going;
	if (going == CER_NEW)
		return begin(c, why);
	if (going != CER_EXPORT)
		SN_TRY(judge_clock(c, why));
	memcpy(c->journal.identity, last->identity, sizeof(last->identity));
	if (last->bundled)
		memcpy(c->journal.statement, last->statement, sizeof(last->statement));
	return SN_OK;
}

enum sn_err
step_journal_there(struct cer *c, size_t i SN_UNUSED, const char *label SN_UNUSED,
    struct sn_why *why)
{
	enum sn_err e = take_stick(c, why);
	if (e != SN_OK)
		cer_journal_done(&c->journal); /* nothing of a stick that will not do stays */
	return e;
}

/* ---- going on */

/* An argument of a record that this boot wrote before it knew of the others. */
static enum sn_err
arg_again(const struct tr_read *boot, const struct tr_record *r, const char *name,
    yyjson_val *v, struct tr_arg *ret, struct sn_why *why)
{
	const char *opened = tr_read_opened(boot, r->n, name);

	if (yyjson_is_str(v))
		*ret = TR_ARG_STR(name, yyjson_get_str(v));
	else if (yyjson_is_uint(v))
		*ret = TR_ARG_INT(name, yyjson_get_uint(v));
	else if (opened != NULL)
		*ret = TR_ARG_PERSONAL(name, opened); /* committed to again */
	else
		return sn_fail(why, SN_E_INTERNAL, "record %s: no opening of %s", r->id, name);
	return SN_OK;
}

static enum sn_err
record_again(struct cer *c, const struct tr_read *boot, const struct tr_record *r,
    struct sn_why *why)
{
	struct tr_arg args[TR_MAX_ARGS];
	yyjson_obj_iter iter = yyjson_obj_iter_with(r->args);
	yyjson_val *key;
	size_t n = 0, at = tr_size(c->tr);

	while ((key = yyjson_obj_iter_next(&iter)) != NULL && n < TR_MAX_ARGS) {
		SN_TRY(arg_again(boot, r, yyjson_get_str(key), yyjson_obj_iter_get_val(key),
		    &args[n], why));
		n++;
	}
	if (at >= TR_MAX_RECORDS)
		return sn_fail(why, SN_E_LIMIT, "transcript: more than %d records",
		    TR_MAX_RECORDS);
	return tr_append(c->tr, r->time, r->id, r->step, args, n, &c->leaf[at], why);
}

/* The old records, the border between two boots, and those of this boot behind it. */
static enum sn_err
join(struct cer *c, const struct tr_read *boot, struct sn_why *why)
{
	const struct journal_ceremony *l = journal_last(c->journal.j);
	size_t at = tr_size(c->tr);
	struct merkle_hash head;
	char hex[65];

	SN_TRY(tr_root(c->tr, &head, why));
	sn_hex(BYTES_OF(head.h), hex);
	const struct tr_arg args[] = { TR_ARG_STR("head", hex),
		TR_ARG_STR("step", l->step[0] != '\0' ? l->step : "plan"),
		TR_ARG_INT("cut", c->journal.torn) };
	if (at >= TR_MAX_RECORDS)
		return sn_fail(why, SN_E_LIMIT, "transcript: more than %d records",
		    TR_MAX_RECORDS);
	SN_TRY(tr_append(c->tr, tr_read_record(boot, 0)->time, TR_SEGMENT_ID, "journal", args,
	    SN_NITEMS(args), &c->leaf[at], why));
	for (size_t i = 0; i < tr_read_size(boot); i++)
		SN_TRY(record_again(c, boot, tr_read_record(boot, i), why));
	c->extended = at; /* PCR 15 begins with the border */
	return SN_OK;
}

static enum sn_err
go_on(struct cer *c, struct sn_why *why)
{
	SN_CLEANUP(tr_read_free) struct tr_read *boot = NULL;
	SN_CLEANUP(tr_free) struct tr *t = NULL;
	struct bytes records = journal_records(c->journal.j);
	struct bytes openings = journal_openings(c->journal.j);

	c->journal.records = records.n;
	c->journal.openings = openings.n;
	if (records.n == 0) /* cut before the first border */
		return SN_OK;
	SN_TRY(tr_read_new(tr_records(c->tr), &boot, why));
	if (tr_openings(c->tr).n > 0)
		SN_TRY(tr_read_openings(boot, tr_openings(c->tr), why));
	SN_TRY(tr_new(&t, why));
	SN_TRY(tr_load(t, records, openings, why));
	tr_free(&c->tr);
	c->tr = SN_TAKE(t);
	return join(c, boot, why);
}

/* What the machine that made the secret left: identity, entropy, audit. */
static enum sn_err
take_files(struct cer *c, struct sn_why *why)
{
	const struct {
		const char *path;
		struct sn_buf *to;
	} files[] = {
		{ "trust/identity.json", &c->identity_file },
		{ "evidence/entropy.json", &c->entropy },
		{ "evidence/audit.msg", &c->audit.msg },
		{ "evidence/audit.sig", &c->audit.sig },
		{ "evidence/audit.list", &c->audit.list },
	};

	for (size_t i = 0; i < SN_NITEMS(files); i++) {
		struct bytes data;

		SN_TRY(journal_file(c->journal.j, files[i].path, &data, why));
		sn_buf_put(files[i].to, data);
		SN_TRY(sn_buf_check(files[i].to, why));
	}
	return SN_OK;
}

static void
use_table(struct cer *c, const struct cer_mode *m)
{
	c->steps = m->steps;
	c->nsteps = m->n;
}

enum sn_err
step_journal_take(struct cer *c, size_t i SN_UNUSED, const struct answer *a SN_UNUSED,
    struct sn_why *why)
{
	if (c->journal.going == CER_EXPORT) {
		use_table(c, &cer_reexport);
		return SN_OK;
	}
	if (c->journal.going == CER_SHARES) {
		SN_TRY(take_files(c, why));
		use_table(c, &cer_resumed);
	}
	return go_on(c, why);
}

/* ---- the bundle that was finished before the cut */

static enum sn_err
again_add(void *arg, const char *path, struct bytes data, struct sn_why *why)
{
	struct cer *c = arg;

	return bun_adopt(c->bun, path, data, why);
}

/* The identity that the statement names; people compare it with their sheets. */
static enum sn_err
again_identity(struct cer *c, struct sn_why *why)
{
	SN_CLEANUP(sn_json_free) yyjson_doc *doc = NULL;
	yyjson_val *predicate = NULL;

	SN_TRY(sn_json_parse(bun_statement(c->bun), STATEMENT_FILE, false, &doc, why));
	SN_TRY(sn_json_obj(yyjson_doc_get_root(doc), "predicate", &predicate, STATEMENT_FILE,
	    why));
	SN_TRY(sn_json_hex(predicate, "identity_sha256", c->identity, sizeof(c->identity),
	    STATEMENT_FILE, why));
	if (journal_last(c->journal.j)->made &&
	    memcmp(c->identity, c->journal.identity, sizeof(c->identity)) != 0)
		return sn_fail(why, SN_E_POLICY,
		    "the bundle on the journal stick is of another identity");
	c->has_identity = true;
	return SN_OK;
}

enum sn_err
step_again_enter(struct cer *c, struct sn_why *why)
{
	char folder[CER_BUNDLE_FOLDER_MAX];
	uint8_t statement[32];

	cer_journal_folder(c, folder);
	SN_TRY(bun_new(&c->bun, why));
	SN_TRY(med_read_tree(c->ports.media, CER_LABEL_JOURNAL, folder, COL_ITEM_BYTES_MAX,
	    again_add, NULL, c, why));
	SN_TRY(bun_adopted(c->bun, statement, why));
	if (memcmp(statement, c->journal.statement, sizeof(statement)) != 0)
		return sn_fail(why, SN_E_SIGNATURE,
		    "the bundle on the journal stick is not the one that was signed");
	SN_TRY(again_identity(c, why));
	med_eject(c->ports.media, CER_LABEL_IN);
	return c->ports.crosscheck(c->ports.arg, c->bun, c->identity, &c->checked, why);
}

enum sn_err
step_again_show(struct cer *c, size_t i SN_UNUSED, struct view *v, struct sn_why *why)
{
	uint8_t digest[32];

	SN_TRY(bun_statement_sha256(c->bun, digest, why));
	cer_view(v, VIEW_INFO, "ok", "again.head");
	view_say(v, "again.body", CAT_ARGS({ "files", cer_num(bun_count(c->bun)) }));
	cer_view_digest(v, digest);
	return SN_OK;
}
