/*
 * The journal's borders: what a step brought is on the stick before the next one begins.
 * The root counts as made with the commit, behind all that leads to it.
 */
#include "ceremony/core/cer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appliance/base/text.h"

#define JOURNAL_FILE "journal.log"
#define IDENTITY_FILE "trust/identity.json"

void
cer_journal_done(struct cer_journal *j)
{
	journal_free(&j->j);
}

void
cer_journal_folder(const struct cer *c, char ret[CER_BUNDLE_FOLDER_MAX])
{
	char hex[17];

	sn_hex((struct bytes){ c->plan->digest, 8 }, hex);
	(void)snprintf(ret, CER_BUNDLE_FOLDER_MAX, "bundle-%s", hex);
}

/* Write what the stick lacks, and read all of it back. */
enum sn_err
cer_journal_sync(struct cer *c, struct sn_why *why)
{
	struct cer_journal *g = &c->journal;
	const struct med_file whole = { JOURNAL_FILE, journal_text(g->j) };

	if (g->kept == whole.data.n)
		return SN_OK;
	SN_TRY(med_extend(c->ports.media, CER_LABEL_JOURNAL, JOURNAL_FILE, whole.data, g->kept,
	    why));
	SN_TRY(med_compare(c->ports.media, CER_LABEL_JOURNAL, "", &whole, 1, why));
	g->kept = whole.data.n;
	return SN_OK;
}

/* ---- what a border adds */

/* What is new in the transcript since the last border. */
static enum sn_err
add_transcript(struct cer *c, struct sn_why *why)
{
	struct cer_journal *g = &c->journal;
	struct bytes records = tr_records(c->tr), openings = tr_openings(c->tr);

	SN_TRY(journal_add_records(g->j,
	    (struct bytes){ records.p + g->records, records.n - g->records }, why));
	SN_TRY(journal_add_openings(g->j,
	    (struct bytes){ openings.p + g->openings, openings.n - g->openings }, why));
	g->records = records.n;
	g->openings = openings.n;
	return SN_OK;
}

static enum sn_err
add_identity(struct cer *c, struct sn_why *why)
{
	for (size_t i = 0; i < c->files.n; i++)
		if (strcmp(c->files.file[i].path, IDENTITY_FILE) == 0)
			return journal_add_file(c->journal.j, IDENTITY_FILE,
			    c->files.file[i].data, why);
	return sn_fail(why, SN_E_INTERNAL, "the keeper made no " IDENTITY_FILE);
}

/* What only the machine that made the secret knows, and the bundle must show. */
static enum sn_err
add_evidence(struct cer *c, struct sn_why *why)
{
	const struct {
		const char *path;
		const struct sn_buf *data;
	} files[] = {
		{ "evidence/entropy.json", &c->entropy },
		{ "evidence/audit.msg", &c->audit.msg },
		{ "evidence/audit.sig", &c->audit.sig },
		{ "evidence/audit.list", &c->audit.list },
		{ "evidence/seed-ak.pem", &c->info.ak_pem },
		{ "evidence/seed-ak.pub", &c->info.ak_pub },
	};

	for (size_t i = 0; i < SN_NITEMS(files); i++)
		SN_TRY(journal_add_file(c->journal.j, files[i].path,
		    sn_buf_bytes(files[i].data), why));
	return SN_OK;
}

/* Does the step make a secret that nobody has shares of yet? */
static bool
makes_secret(const struct step *s)
{
	return s->enter == step_seed_enter || s->take == step_shares_take;
}

static enum sn_err
border_add(struct cer *c, struct sn_why *why)
{
	const struct step *s = c->steps[c->at], *next = c->steps[c->at + 1];
	struct journal *j = c->journal.j;
	enum journal_state state = journal_last(j)->state;
	bool commit = (s->makes & ART_KEYS) != 0 && state == JOURNAL_SECRET &&
	    c->plan->mode == PLAN_GENESIS;
	bool bundle = (s->makes & ART_BUNDLE) != 0 && state != JOURNAL_BUNDLED;

	if (state != JOURNAL_BUNDLED)
		SN_TRY(add_transcript(c, why));
	if (commit) {
		SN_TRY(add_identity(c, why));
		SN_TRY(add_evidence(c, why));
	}
	if (makes_secret(next))
		SN_TRY(journal_secret(j, why));
	SN_TRY(journal_border(j, s->id, why));
	if (commit)
		SN_TRY(journal_commit(j, c->identity, why));
	if (bundle)
		SN_TRY(bun_statement_sha256(c->bun, c->journal.statement, why));
	if (bundle)
		SN_TRY(journal_bundle(j, c->journal.statement, why));
	return c->at + 2 == c->nsteps ? journal_done(j, why) : SN_OK;
}

/* The finished bundle, before its line: from the moment the folder has its name, nothing
 * else can be exported under this number. */
static enum sn_err
keep_bundle(struct cer *c, struct sn_why *why)
{
	char folder[CER_BUNDLE_FOLDER_MAX];
	struct med_file *files = NULL;
	size_t n = bun_count(c->bun);
	enum sn_err e;

	cer_journal_folder(c, folder);
	SN_TRY(cer_bundle_files(c, &files, why));
	e = med_compare(c->ports.media, CER_LABEL_JOURNAL, folder, files, n, NULL);
	if (e != SN_OK)
		e = med_write(c->ports.media, CER_LABEL_JOURNAL, folder, files, n, why);
	if (e == SN_OK)
		e = med_compare(c->ports.media, CER_LABEL_JOURNAL, folder, files, n, why);
	free(files);
	return e;
}

/* ---- the border itself */

static enum sn_err
border_write(struct cer *c, struct sn_why *why)
{
	if ((c->steps[c->at]->makes & ART_BUNDLE) != 0 && c->journal.going != CER_EXPORT)
		SN_TRY(keep_bundle(c, why));
	return cer_journal_sync(c, why);
}

enum sn_err
cer_journal_border(struct cer *c, bool *ret_wait, struct sn_why *why)
{
	struct cer_journal *g = &c->journal;
	struct sn_why own = { 0 };
	enum sn_err e;

	*ret_wait = g->away;
	if (g->j == NULL || g->away || c->at + 1 == c->nsteps)
		return SN_OK;
	if (!g->added)
		SN_TRY(border_add(c, why));
	g->added = true;
	e = border_write(c, &own);
	if (e == SN_E_MEDIA || e == SN_E_MISSING) {
		cer_note_why(c, &own);
		*ret_wait = g->away = true;
		return SN_OK;
	}
	if (e != SN_OK)
		return sn_fail(why, e, "%s", own.text);
	g->added = false;
	return SN_OK;
}

enum sn_err
cer_journal_there(struct cer *c, struct sn_why *why)
{
	SN_TRY(border_write(c, why));
	c->journal.away = false;
	return SN_OK;
}

void
cer_journal_show(struct view *v)
{
	cer_view(v, VIEW_MEDIA, "back", "journal.head");
	v->step = "journal";
	view_say(v, "journal.back", CAT_ARGS({ "label", CER_LABEL_JOURNAL }));
	cer_view_media(v, CER_LABEL_JOURNAL);
}

enum sn_err
cer_journal_end(struct cer *c, struct sn_why *why)
{
	const struct step *s = c->steps[c->at];
	struct cer_journal *g = &c->journal;
	enum journal_state state;

	if (g->j == NULL || s->show == step_journal_show)
		return SN_OK;
	state = journal_last(g->j)->state;
	if (state != JOURNAL_DONE && state != JOURNAL_BUNDLED)
		SN_TRY(add_transcript(c, why));
	if (state != JOURNAL_DONE)
		SN_TRY(journal_done(g->j, why));
	return cer_journal_sync(c, why);
}
