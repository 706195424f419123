#include "ceremony/core/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ceremony/core/cer.h"
#include "ceremony/screen/log.h"

enum sn_err
cer_new(const struct cer_ports *ports, struct cer **ret, struct sn_why *why)
{
	SN_CLEANUP(cer_free) struct cer *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return sn_fail(why, SN_E_NOMEM, "ceremony");
	c->ports = *ports;
	cer_mode_set(c, PLAN_GENESIS); /* until the plan says */
	c->result = SN_E_DECLINED;
	c->evidence_class = "software";
	SN_TRY(tr_new(&c->tr, why));
	SN_TRY(cer_halt_new(&c->halt, why));
	SN_TRY(view_log_new(&c->log, why));
	if (ports->usb != NULL)
		SN_TRY(cer_usb_new(&c->usb, why));
	*ret = SN_TAKE(c);
	return SN_OK;
}

/* Everything secret goes first: the keeper, then what the engine itself was shown. */
void
cer_wipe(struct cer *c)
{
	keeper_stop(&c->keeper);
	sn_secret_done(&c->shown);
	tpm_free(&c->tpm);
}

void
cer_free(struct cer **cp)
{
	struct cer *c = *cp;

	if (c == NULL)
		return;
	cer_wipe(c);
	cer_kill_free(&c->kill);
	tpm_info_done(&c->info);
	tpm_audit_done(&c->audit);
	cer_evidence_done(&c->evidence);
	att_verdict_done(&c->verdict);
	plan_free(&c->plan);
	tr_free(&c->tr);
	tr_free(&c->late);
	col_store_free(&c->col);
	keeper_files_done(&c->files);
	bun_free(&c->bun);
	for (size_t i = 0; i < PLAN_MAX_APPROVERS; i++)
		sn_buf_done(&c->approver[i].statement_sig);
	sn_buf_done(&c->identity_file);
	sn_buf_done(&c->previous_file);
	cer_previous_done(&c->previous);
	sn_buf_done(&c->entropy);
	sn_buf_done(&c->approver_file);
	cer_base_free(&c->base);
	cer_base_free(&c->refvals);
	for (size_t i = 0; i < KEEPER_SHARE_FILES; i++)
		sn_buf_done(&c->ops_file[i]);
	sn_buf_done(&c->checked);
	cer_journal_done(&c->journal);
	cer_usb_free(&c->usb);
	cer_halt_free(&c->halt);
	cer_screens_done(c);
	free(c);
	*cp = NULL;
}

enum sn_err
cer_result(const struct cer *c)
{
	return c->result;
}

bool
cer_failed(const struct cer *c)
{
	return c->why.err != SN_OK;
}

enum sn_err
cer_failure(const struct cer *c, struct sn_why *why)
{
	return sn_fail(why, c->result, "%s", c->why.text);
}

const uint8_t *
cer_identity(const struct cer *c)
{
	return c->has_identity ? c->identity : NULL;
}

int64_t
cer_now(struct cer *c)
{
	int64_t t = c->ports.now(c->ports.arg);

	if (t > c->last_time)
		c->last_time = t;
	return c->last_time;
}

enum sn_err
cer_extend_pending(struct cer *c, struct sn_why *why)
{
	for (; c->tpm != NULL && c->extended < tr_size(c->tr); c->extended++)
		SN_TRY(tpm_extend(c->tpm, TPM_PCR_TRANSCRIPT, c->leaf[c->extended].h, why));
	return SN_OK;
}

enum sn_err
cer_record(struct cer *c, const char *id, const struct tr_arg *args, size_t nargs,
    struct sn_why *why)
{
	struct merkle_hash late;
	struct tr *t = c->late != NULL ? c->late : c->tr;
	size_t n = tr_size(t);

	if (cat_text(id) == NULL)
		return sn_fail(why, SN_E_INTERNAL, "record %s is not in the catalogue", id);
	if (n >= TR_MAX_RECORDS)
		return sn_fail(why, SN_E_LIMIT, "transcript: more than %d records",
		    TR_MAX_RECORDS);
	SN_TRY(tr_append(t, cer_now(c), id, c->steps[c->at]->id, args, nargs,
	    c->late != NULL ? &late : &c->leaf[n], why));
	return cer_extend_pending(c, why);
}

/* The last screen of a ceremony that failed: what, why, and that nothing is left. */
static void
cer_view_failed(struct cer *c, struct view *v)
{
	cer_view(v, VIEW_END, "failed", "end.failed-head");
	view_say(v, "end.failed", CAT_ARGS({ "sentence", sn_err_sentence(c->result) }));
	if (c->why.text[0] != '\0') {
		view_blank(v);
		view_say(v, "end.failed", CAT_ARGS({ "sentence", c->why.text }));
	}
	view_blank(v);
	view_say(v, cer_left(c), NULL);
	c->over = true;
}

static void
cer_fail(struct cer *c, enum sn_err e, const struct sn_why *why)
{
	cer_wipe(c);
	c->result = e;
	c->why = *why;
	c->note[0] = '\0';
}

/* Failures that the same person can mend at once. */
static bool
cer_mendable(enum sn_err e)
{
	return e == SN_E_SHARE || e == SN_E_PASSPHRASE || e == SN_E_MEDIA || e == SN_E_MISSING;
}

/* Is the last view a question that stands before those of the step? */
static bool
cer_aside(const struct cer *c)
{
	return c->usb_shown || c->halt_shown;
}

/* An ask was answered: go on, ask again with a note, or fail for good. */
static void
cer_settle(struct cer *c, enum sn_err e, const struct sn_why *why)
{
	if (e == SN_OK) {
		c->ask += !cer_aside(c);
		return;
	}
	if (!cer_mendable(e)) {
		struct sn_why final = *why;

		final.err = e;
		cer_fail(c, e, &final);
		return;
	}
	if (c->note[0] == '\0')
		cer_note_why(c, why);
}

/* The stick that is awaited is in: take it, or remember that this one will not do. */
static void
cer_take_stick(struct cer *c)
{
	const struct step *s = c->steps[c->at];
	struct sn_why own = { 0 };
	enum sn_err e = SN_OK;

	bool journal = c->journal.away && !c->halt_shown && !cer_usb_asks(c);

	if (c->halt_shown)
		e = cer_halt_there(c, c->pending, &own);
	else if (cer_usb_asks(c))
		e = cer_usb_there(c, c->pending, &own);
	else if (journal)
		e = cer_journal_there(c, &own);
	else if (s->there != NULL)
		e = s->there(c, c->ask, c->pending, &own);
	if (e != SN_OK)
		view_copy(c->refused, sizeof(c->refused), c->pending);
	c->pending[0] = '\0';
	if (!journal || e != SN_OK) /* the journal's is no ask of the step */
		cer_settle(c, e, &own);
}

/*
 * A stick was put in. Reading or writing it may take a while, so that a screen that
 * says so comes first where the step has one.
 */
static bool
cer_stick_busy(struct cer *c, struct view *v)
{
	const struct step *s = c->steps[c->at];

	if (c->pending[0] == '\0')
		return false;
	if (!c->busy_shown && s->enter == NULL && s->busy != NULL && !cer_aside(c) &&
	    !c->journal.away) {
		cer_view(v, VIEW_BUSY, "busy", s->title);
		view_say(v, s->busy, NULL);
		c->busy_shown = true;
		return true;
	}
	c->busy_shown = false;
	cer_take_stick(c);
	return false;
}

/* Go through steps until one has something to show. */
static enum sn_err
cer_walk(struct cer *c, struct view *v, struct sn_why *why)
{
	for (;;) {
		const struct step *s = c->steps[c->at];
		bool wait = false;

		if ((c->have & s->needs) != s->needs)
			return sn_fail(why, SN_E_INTERNAL, "step %s came too early", s->id);
		if (!c->entered && s->enter != NULL && s->busy != NULL && !c->busy_shown) {
			cer_view(v, VIEW_BUSY, "busy", s->title);
			view_say(v, s->busy, NULL);
			c->busy_shown = true;
			return SN_OK;
		}
		if (!c->entered && s->enter != NULL)
			SN_TRY(s->enter(c, why));
		c->entered = true;
		s = c->steps[c->at]; /* the plan may have changed the table */
		if (s->count != NULL && c->ask < s->count(c))
			return s->show(c, c->ask, v, why);
		SN_TRY(cer_journal_border(c, &wait, why));
		if (wait) {
			cer_journal_show(v);
			return SN_OK;
		}
		c->have |= s->makes;
		c->entered = c->busy_shown = false;
		c->ask = 0;
		c->at++;
		if (c->at == c->nsteps)
			return sn_fail(why, SN_E_INTERNAL, "the steps ran out");
	}
}

/* May a question about a keyboard stand before this one? Not between a person and a secret. */
static bool
cer_may_wait(enum view_kind kind)
{
	return kind == VIEW_INFO || kind == VIEW_WORD || kind == VIEW_TEXT ||
	    kind == VIEW_MEDIA;
}

/* What to show: first what people called for, then a keyboard's questions, then the step's. */
static enum sn_err
cer_view_next(struct cer *c, struct view *v, struct sn_why *why)
{
	bool news;

	c->halt_shown = cer_halt_asks(c);
	if (c->halt_shown) {
		c->usb_shown = false;
		cer_halt_show(c, v);
		return SN_OK;
	}
	if (c->usb != NULL && (c->at > 0 || c->entered))
		SN_TRY(cer_usb_look(c, &news, why));
	c->usb_shown = false;
	if (!cer_usb_asks(c)) {
		SN_TRY(cer_walk(c, v, why));
		if (!cer_usb_due(c) || !cer_may_wait(v->kind))
			return SN_OK;
		SN_TRY(cer_usb_begin(c, why));
		view_log_begin(c->log, v);
	}
	cer_usb_show(c, v);
	c->usb_shown = true;
	return SN_OK;
}

/* The next view, with all that goes around it, and its record. */
static enum sn_err
cer_compose(struct cer *c, struct view *v, struct sn_why *why)
{
	view_log_begin(c->log, v);
	if (!cer_stick_busy(c, v)) {
		if (cer_failed(c))
			return SN_OK; /* taking the stick failed for good */
		SN_TRY(cer_view_next(c, v, why));
	}
	cer_frame(c, v);
	if (c->usb_shown)
		cer_usb_prompt(c, v);
	return cer_screen_record(c, v, why);
}

enum sn_err
cer_next(struct cer *c, struct view *ret, struct sn_why *why)
{
	struct sn_why own = { 0 };
	enum sn_err e = SN_OK;

	if (c->over)
		return sn_fail(why, SN_E_USAGE, "the ceremony is over");
	if (!cer_failed(c))
		e = cer_compose(c, ret, &own);
	if (e != SN_OK) {
		own.err = e;
		cer_fail(c, e, &own);
	}
	if (cer_failed(c)) {
		view_log_begin(c->log, ret);
		c->usb_shown = c->halt_shown = false;
		cer_view_failed(c, ret);
		cer_frame(c, ret);
	}
	ret->log = NULL; /* the engine's own */
	return SN_OK;
}

/* Is the answer this word? Blanks around it do not count. */
bool
cer_answer_is(struct bytes a, const char *word)
{
	size_t n = strlen(word);

	while (a.n > 0 && a.p[a.n - 1] == ' ')
		a.n--;
	while (a.n > 0 && a.p[0] == ' ') {
		a.p++;
		a.n--;
	}
	return a.n == n && memcmp(a.p, word, n) == 0;
}

/* Agreement is a typed word; anything else but "no" asks again. */
static enum sn_err
cer_word(struct cer *c, const char *text, struct sn_why *why)
{
	if (cer_answer_is(bytes_str(text), c->last_word))
		return SN_OK;
	cer_note(c, "ui.not-the-word", CAT_ARGS({ "word", c->last_word }));
	return sn_fail(why, SN_E_MEDIA, "another word");
}

/* Enter alone goes on; a word that means nothing here must not. */
static enum sn_err
cer_enter(struct cer *c, const char *text, struct sn_why *why)
{
	if (cer_answer_is(bytes_str(text), ""))
		return SN_OK;
	cer_note(c, "ui.not-enter", NULL);
	return sn_fail(why, SN_E_MEDIA, "more than Enter");
}

enum sn_err
cer_answer(struct cer *c, const struct answer *a, struct sn_why *why SN_UNUSED)
{
	struct sn_why own = { 0 };
	const struct step *s = c->steps[c->at];
	enum sn_err e = SN_OK;
	bool called = false;

	if (c->last_kind == VIEW_END) {
		cer_halt_over(c);
		c->over = true;
		return SN_OK;
	}
	if (!c->halt_shown)
		e = cer_halt_called(c, a, &called, &own);
	if (e == SN_OK && called)
		return SN_OK;
	if (e == SN_OK && cer_aside(c)) {
		e = c->halt_shown ? cer_halt_take(c, a, &own) : cer_usb_take(c, a, &own);
		cer_settle(c, e, &own);
		return SN_OK;
	}
	if (e == SN_OK && (c->last_kind == VIEW_MEDIA || c->last_kind == VIEW_REMOVE))
		return SN_OK; /* what ends these is the stick */
	if (e == SN_OK && c->last_kind == VIEW_INFO)
		e = cer_enter(c, a->text, &own);
	if (e == SN_OK && (c->last_kind == VIEW_WORD || c->last_kind == VIEW_SHOW))
		e = cer_word(c, a->text, &own);
	if (e == SN_OK && s->take != NULL)
		e = s->take(c, c->ask, a, &own);
	cer_settle(c, e, &own);
	return SN_OK;
}

static bool
label_in(const char *label, const char (*labels)[MED_LABEL_MAX + 1], size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(labels[i], label) == 0)
			return true;
	}
	return false;
}

enum sn_err
cer_poll(struct cer *c, bool *ret_there, struct sn_why *why SN_UNUSED)
{
	char labels[MED_STICKS_MAX][MED_LABEL_MAX + 1];
	struct sn_why own = { 0 };
	size_t n = 0;

	*ret_there = false;
	if (cer_usb_look(c, ret_there, &own) != SN_OK) {
		cer_fail(c, own.err, &own);
		*ret_there = true;
	}
	if (*ret_there || (cer_usb_due(c) && c->last_kind == VIEW_MEDIA && !c->halt_shown)) {
		*ret_there = true;
		return SN_OK;
	}
	if (med_scan(c->ports.media, labels, &n, &own) != SN_OK) {
		/* two sticks with one label, say: shown once, until it is mended */
		*ret_there = !c->scan_failed;
		c->scan_failed = true;
		if (*ret_there)
			cer_note_why(c, &own);
		return SN_OK;
	}
	c->scan_failed = false;
	if (!label_in(c->refused, labels, n))
		c->refused[0] = '\0';
	if (c->last_kind == VIEW_REMOVE) {
		*ret_there = !label_in(c->last_label[0], labels, n);
		c->ask += *ret_there && !cer_aside(c);
		if (*ret_there && c->usb_shown)
			cer_usb_pulled(c);
		if (*ret_there && c->halt_shown)
			cer_halt_pulled(c);
		return SN_OK;
	}
	for (size_t i = 0; i < c->last_nlabels && !*ret_there; i++) {
		const char *label = c->last_label[i];

		if (strcmp(label, c->refused) == 0 || !label_in(label, labels, n))
			continue;
		view_copy(c->pending, sizeof(c->pending), label); /* taken by cer_next() */
		*ret_there = true;
	}
	if (!*ret_there)
		*ret_there = cer_stick_wrong(c, labels, n);
	return SN_OK;
}

enum sn_err
cer_watch(struct cer *c, bool *ret_again, struct sn_why *why SN_UNUSED)
{
	struct sn_why own = { 0 };

	*ret_again = false;
	if (c->usb == NULL || cer_failed(c) || !cer_may_wait(c->last_kind))
		return SN_OK;
	if (cer_usb_look(c, ret_again, &own) != SN_OK) {
		cer_fail(c, own.err, &own);
		*ret_again = true;
	}
	*ret_again = *ret_again || (cer_usb_due(c) && !c->halt_shown);
	return SN_OK;
}
