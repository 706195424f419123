#include "ceremony/core/halt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appliance/base/text.h"

enum sn_err
cer_halt_new(struct cer_halt **ret, struct sn_why *why)
{
	struct cer_halt *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return sn_fail(why, SN_E_NOMEM, "ceremony");
	*ret = h;
	return SN_OK;
}

void
cer_halt_free(struct cer_halt **hp)
{
	free(*hp);
	*hp = NULL;
}

bool
cer_halt_asks(const struct cer *c)
{
	return c->halt->kind != NULL;
}

/* A closed transcript takes no more records: its root is in the statement. closing/ does. */
static bool
recorded(const struct cer *c)
{
	return c->bun == NULL || c->late != NULL;
}

static void
go_on(struct cer *c)
{
	*c->halt = (struct cer_halt){ 0 };
}

/* ---- what follows the last question */

static enum sn_err
pause_done(struct cer *c, struct sn_why *why)
{
	const struct cer_halt *h = c->halt;

	if (recorded(c))
		SN_TRY(CER_RECORD(c, "ceremony.resumed", why,
		    TR_ARG_STR("first", h->who[0]->name),
		    TR_ARG_STR("second", h->who[1]->name)));
	go_on(c);
	return SN_OK;
}

static enum sn_err
exception_done(struct cer *c, struct sn_why *why)
{
	const struct cer_halt *h = c->halt;

	SN_TRY(CER_RECORD(c, "exception.sheet", why, TR_ARG_STR("first", h->who[0]->name),
	    TR_ARG_STR("second", h->who[1]->name), TR_ARG_PERSONAL("expected", h->text[0]),
	    TR_ARG_PERSONAL("happened", h->text[1]), TR_ARG_PERSONAL("decided", h->text[2])));
	go_on(c);
	cer_note(c, "exception.noted", NULL);
	return SN_OK;
}

static enum sn_err
abort_done(struct cer *c, struct sn_why *why)
{
	const struct cer_halt *h = c->halt;
	char reason[4 * PLAN_NAME_MAX];

	SN_TRY(CER_RECORD(c, "ceremony.aborted", why, TR_ARG_STR("first", h->who[0]->name),
	    TR_ARG_STR("second", h->who[1]->name), TR_ARG_PERSONAL("reason", h->text[0])));
	(void)snprintf(reason, sizeof(reason), "aborted by %s and %s", h->who[0]->name,
	    h->who[1]->name);
	halt_close(c, SN_E_ABORTED, reason);
	return SN_OK;
}

static enum sn_err
disagree_done(struct cer *c, struct sn_why *why)
{
	const struct cer_halt *h = c->halt;
	char reason[PLAN_NAME_MAX + 80];

	SN_TRY(CER_RECORD(c, "ceremony.disagreed", why, TR_ARG_STR("name", h->who[0]->name),
	    TR_ARG_PERSONAL("reason", h->text[0])));
	(void)snprintf(reason, sizeof(reason), "at \"%s\" %s typed \"no\"",
	    cat_text(c->steps[c->at]->title), h->who[0]->name);
	halt_close(c, SN_E_DECLINED, reason);
	return SN_OK;
}

/* ---- the four words */

#define TWO_PEOPLE                                                                             \
	{ "who", HALT_WHO }, { "agree", HALT_AGREE }, { "who", HALT_WHO },                     \
	{                                                                                      \
		"agree", HALT_AGREE                                                            \
	}
static const struct halt_ask pause_asks[] = { TWO_PEOPLE };
static const struct halt_ask abort_asks[] = { { "reason", HALT_TEXT }, TWO_PEOPLE };
static const struct halt_ask exception_asks[] = { { "expected", HALT_TEXT },
	{ "happened", HALT_TEXT }, { "decided", HALT_TEXT }, TWO_PEOPLE };
static const struct halt_ask disagree_asks[] = { { "who", HALT_WHO }, { "reason", HALT_TEXT } };

#define ASKS(a) (a), SN_NITEMS(a)
static const struct halt_kind kinds[] = {
	{ "pause", "pause", ASKS(pause_asks), false, pause_done },
	{ "abort", "abort", ASKS(abort_asks), true, abort_done },
	{ "exception", "exception", ASKS(exception_asks), true, exception_done },
	{ "no", "disagree", ASKS(disagree_asks), true, disagree_done },
};
#define KIND_PAUSE (&kinds[0])
#define KIND_EXCEPTION (&kinds[2])

const struct halt_kind *
halt_find(struct bytes word)
{
	for (size_t i = 0; i < SN_NITEMS(kinds); i++)
		if (cer_answer_is(word, kinds[i].word))
			return &kinds[i];
	return NULL;
}

static enum sn_err
begin(struct cer *c, const struct halt_kind *kind, struct sn_why *why)
{
	if (kind == KIND_EXCEPTION && !recorded(c)) {
		cer_note(c, "exception.late", NULL);
		return SN_OK;
	}
	go_on(c);
	sn_secret_done(&c->shown);
	c->halt->since = cer_now(c);
	if (kind == KIND_PAUSE && recorded(c))
		SN_TRY(CER_RECORD(c, "ceremony.paused", why, TR_ARG_STR("at", c->last_ref)));
	c->halt->kind = kind;
	return SN_OK;
}

/*
 * Where a secret is typed, only "no" is a word: any other could be part of a secret, so that
 * the pause is a key there. Names are in the plan; without one there is nothing to halt.
 */
enum sn_err
cer_halt_called(struct cer *c, const struct answer *a, bool *ret_called, struct sn_why *why)
{
	bool secret = c->last_kind == VIEW_PASSPHRASE || c->last_kind == VIEW_WORDS;
	const struct halt_kind *kind = halt_find(secret ? a->secret : bytes_str(a->text));

	if (secret && kind != NULL && !cer_answer_is(a->secret, "no"))
		kind = NULL;
	if (a->pause)
		kind = KIND_PAUSE;
	*ret_called = kind != NULL;
	if (kind == NULL)
		return SN_OK;
	if (c->plan != NULL)
		return begin(c, kind, why);
	if (strcmp(kind->word, "no") == 0)
		return sn_fail(why, SN_E_DECLINED, "at \"%s\" somebody typed \"no\"",
		    cat_text(c->steps[c->at]->title));
	cer_note(c, "halt.early", CAT_ARGS({ "word", kind->word }));
	return SN_OK;
}

/* ---- questions */

static void
show_ask(const struct cer *c, struct view *v)
{
	static const char *const prompts[] = { [HALT_TEXT] = "halt.prompt-text",
		[HALT_WHO] = "halt.prompt-who",
		[HALT_AGREE] = NULL };
	const struct cer_halt *h = c->halt;
	const struct halt_ask *ask = &h->kind->asks[h->at];
	const char *prompt = prompts[ask->kind];
	char head[40], body[40];

	(void)snprintf(head, sizeof(head), "%s.head", h->kind->id);
	(void)snprintf(body, sizeof(body), "%s.%s", h->kind->id, ask->id);
	cer_view(v, ask->kind == HALT_AGREE ? VIEW_WORD : VIEW_TEXT, ask->id, head);
	if (ask->kind == HALT_AGREE)
		v->person = h->who[h->nwho]->name;
	else if (h->nwho == 0 && h->who[0] != NULL)
		v->person = h->who[0]->name; /* whose reason it is */
	if (prompt != NULL)
		view_prompt(v, h->kind->back ? prompt : "halt.prompt-pause", NULL);
	v->personal = h->ntext > 0;
	view_say(v, body,
	    CAT_ARGS({ "person", v->person != NULL ? v->person : "" },
		{ "have", cer_num(h->nwho) }, { "time", cer_time_text(h->since) },
		{ "step", cat_text(c->steps[c->at]->title) }, { "expected", h->text[0] },
		{ "happened", h->text[1] }, { "decided", h->text[2] }));
}

void
cer_halt_show(const struct cer *c, struct view *v)
{
	if (c->halt->stage == HALT_ASKS)
		show_ask(c, v);
	else
		halt_log_show(c, v);
	v->step = c->halt->kind->id;
}

/* Nothing of the ceremony stays on the screen while it is paused. */
void
cer_halt_frame(const struct cer *c, struct view *v)
{
	if (c->halt->kind != KIND_PAUSE)
		return;
	v->mode = v->sanctum = "";
	v->nrail = 0;
}

/* ---- answers */

static enum sn_err
take_who(struct cer *c, const char *text)
{
	struct cer_halt *h = c->halt;
	const struct plan_person *p = plan_person(c->plan, text);

	if (p == NULL)
		cer_note(c, "halt.nobody", NULL);
	else if (h->nwho > 0 && p == h->who[0])
		cer_note(c, "halt.same", CAT_ARGS({ "person", p->name }));
	else
		h->who[h->nwho] = p;
	h->at += h->who[h->nwho] != NULL;
	return SN_OK;
}

static enum sn_err
take_text(struct cer *c, const char *text)
{
	struct cer_halt *h = c->halt;

	if (text[0] == '\0' || !text_printable(bytes_str(text), VIEW_TEXT_MAX)) {
		cer_note(c, "halt.empty", NULL);
		return SN_OK;
	}
	view_copy(h->text[h->ntext++], sizeof(h->text[0]), text);
	h->at++;
	return SN_OK;
}

static enum sn_err
take_agree(struct cer *c, const char *text)
{
	struct cer_halt *h = c->halt;

	if (!cer_answer_is(bytes_str(text), "agree")) {
		cer_note(c, "ui.not-the-word", CAT_ARGS({ "word", "agree" }));
		return SN_OK;
	}
	h->nwho++;
	h->at++;
	return SN_OK;
}

/* "no" and "abort" are heard here, too, but for the reason of one who does not agree. */
static const struct halt_kind *
called_again(const struct cer_halt *h, const char *text)
{
	const struct halt_kind *kind = halt_find(bytes_str(text));

	if (kind == NULL || kind == h->kind || h->kind->done == disagree_done)
		return NULL;
	return kind->done == abort_done || kind->done == disagree_done ? kind : NULL;
}

static enum sn_err
take_ask(struct cer *c, const char *text, struct sn_why *why)
{
	struct cer_halt *h = c->halt;
	const struct halt_kind *other = called_again(h, text);
	const bool paused = h->paused || h->kind == KIND_PAUSE;
	const int64_t since = h->since;

	if (other == NULL && h->kind->back && cer_answer_is(bytes_str(text), "back")) {
		if (!paused) {
			go_on(c);
			return SN_OK;
		}
		other = KIND_PAUSE;
	}
	if (other != NULL) {
		*h = (struct cer_halt){ .kind = other, .paused = paused, .since = since };
		return SN_OK;
	}
	switch (h->kind->asks[h->at].kind) {
	case HALT_TEXT:
		SN_TRY(take_text(c, text));
		break;
	case HALT_WHO:
		SN_TRY(take_who(c, text));
		break;
	case HALT_AGREE:
		SN_TRY(take_agree(c, text));
		break;
	}
	return h->at == h->kind->n ? h->kind->done(c, why) : SN_OK;
}

enum sn_err
cer_halt_take(struct cer *c, const struct answer *a, struct sn_why *why)
{
	struct cer_halt *h = c->halt;

	if (h->stage == HALT_ASKS)
		return take_ask(c, a->text, why);
	if (!cer_answer_is(bytes_str(a->text), "skip"))
		return SN_OK;
	h->unknown = h->unknown || h->stage == HALT_JOURNAL;
	if (h->stage == HALT_JOURNAL)
		h->stage = HALT_LOG;
	else if (h->stage == HALT_LOG)
		h->stage = HALT_END;
	return SN_OK;
}

enum sn_err
cer_halt_there(struct cer *c, const char *label, struct sn_why *why)
{
	if (c->halt->stage == HALT_JOURNAL) {
		halt_journal(c);
		return SN_OK;
	}
	SN_TRY(halt_log_write(c, label, why));
	c->halt->stage = HALT_PULL;
	return SN_OK;
}

void
cer_halt_pulled(struct cer *c)
{
	if (c->halt->stage == HALT_PULL)
		c->halt->stage = HALT_END;
}

void
cer_halt_over(struct cer *c)
{
	if (c->halt->stage == HALT_END)
		c->why = c->halt->why;
}
