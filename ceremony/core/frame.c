#include <stdio.h>
#include <string.h>

#include "appliance/base/text.h"
#include "appliance/base/words.h"
#include "ceremony/core/cer.h"

#define DIGEST_WORDS 4 /* a line; the longest word has 11 letters */

void
cer_note(struct cer *c, const char *id, const struct cat_arg *args)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };

	cat_put(&b, id, args);
	view_copy(c->note, sizeof(c->note), sn_buf_cstr(&b));
}

void
cer_note_why(struct cer *c, const struct sn_why *why)
{
	view_copy(c->note, sizeof(c->note),
	    why->text[0] != '\0' ? why->text : sn_err_sentence(why->err));
}

void
cer_view(struct view *v, enum view_kind kind, const char *ask, const char *title)
{
	v->kind = kind;
	v->ask = ask;
	view_title(v, title, NULL);
	if (kind == VIEW_WORD || kind == VIEW_SHOW)
		v->word = kind == VIEW_WORD ? "agree" : "written";
}

void
cer_view_media(struct view *v, const char *label)
{
	(void)snprintf(v->label[v->nlabels], sizeof(v->label[0]), "%s", label);
	v->nlabels++;
}

void
cer_view_digest(struct view *v, const uint8_t digest[32])
{
	SN_CLEANUP(sn_buf_done) struct sn_buf line = { 0 };

	view_hex(v, (struct bytes){ digest, 32 });
	for (size_t i = 0; i < 32; i += DIGEST_WORDS) {
		line.n = 0;
		for (size_t k = i; k < 32 && k < i + DIGEST_WORDS; k++)
			sn_buf_fmt(&line, "%-13s ", words_word(k, digest[k]));
		view_line(v, "  %s", sn_buf_cstr(&line));
	}
}

const char *
cer_num_put(char ret[CER_NUM_LEN], uint64_t n)
{
	(void)snprintf(ret, CER_NUM_LEN, "%llu", (unsigned long long)n);
	return ret;
}

const char *
cer_minutes_put(char ret[CER_NUM_LEN], int64_t s)
{
	long long m = (s + (s < 0 ? -29 : 29)) / 60;

	(void)snprintf(ret, CER_NUM_LEN, m == 0 ? "%lld" : "%+lld", m);
	return ret;
}

const char *
cer_time_put(char ret[TEXT_TIME_LEN + 1], int64_t t)
{
	text_from_time(t, ret);
	return ret;
}

size_t
cer_one(const struct cer *c SN_UNUSED)
{
	return 1;
}

/* The one line that says what to do now, with the word, label or person filled in. */
static void
cer_prompt(struct view *v)
{
	static const char *const prompts[] = {
		[VIEW_INFO] = "ui.enter",
		[VIEW_WORD] = "ui.word",
		[VIEW_TEXT] = "ui.text",
		[VIEW_PASSPHRASE] = "ui.passphrase",
		[VIEW_SHOW] = "ui.written",
		[VIEW_WORDS] = "ui.typed",
		[VIEW_MEDIA] = "ui.media",
		[VIEW_REMOVE] = "ui.remove",
		[VIEW_BUSY] = "ui.busy",
		[VIEW_END] = "ui.end",
	};
	SN_CLEANUP(sn_buf_done) struct sn_buf labels = { 0 };

	if (v->prompt[0] != '\0')
		return; /* the step has its own */
	for (size_t i = 0; i < v->nlabels; i++)
		sn_buf_fmt(&labels, "%s%s", i > 0 ? " or " : "", v->label[i]);
	view_prompt(v, prompts[v->kind],
	    CAT_ARGS({ "word", v->word ? v->word : "" }, { "label", sn_buf_cstr(&labels) },
		{ "person", v->person ? v->person : cat_text("recover.person") }));
}

/* A workstation only rehearses; the image does not know before it has read the plan. */
static const char *
cer_world(const struct cer *c)
{
	if (c->plan == NULL)
		return c->ports.image ? "" : cat_text("ui.rehearsal");
	if (c->plan->world == PLAN_REHEARSAL)
		return cat_text(c->plan->two ? "ui.rehearsal-two" : "ui.rehearsal");
	return cat_text(c->plan->two ? "ui.production-two" : "ui.production");
}

/* What every view has in common, whatever the step. */
void
cer_frame(struct cer *c, struct view *v)
{
	const struct step *s = c->steps[c->at];

	v->mode = c->plan != NULL ? plan_mode_name(c->plan->mode) : "";
	v->sanctum = c->plan != NULL ? c->plan->sanctum_name : "";
	v->world = cer_world(c);
	if (v->step == NULL)
		v->step = s->id;
	cer_rail(c, v);
	if (c->halt_shown)
		cer_halt_frame(c, v);
	view_copy(v->note, sizeof(v->note), c->note);
	c->note[0] = '\0';
	cer_prompt(v);
	v->more = cat_text("ui.more");
	v->wait = cat_text("ui.busy");
	c->last_kind = v->kind;
	(void)snprintf(c->last_word, sizeof(c->last_word), "%s", v->word ? v->word : "");
	memcpy(c->last_label, v->label, sizeof(c->last_label));
	c->last_nlabels = v->nlabels;
	view_reference(v, c->last_ref);
}

/* The step that writes it is past its first question, or over. */
bool
cer_exported(const struct cer *c)
{
	return (c->have & ART_EXPORT) != 0 ||
	    ((c->steps[c->at]->makes & ART_EXPORT) != 0 && c->ask > 0);
}

const char *
cer_left(const struct cer *c)
{
	const bool reshare = c->plan != NULL && c->plan->mode == PLAN_RESHARE;

	if (reshare && (c->have & ART_EXPORT) != 0)
		return "end.reshared";
	if (cer_exported(c))
		return "end.exported";
	if (reshare)
		return "end.old-sheets";
	if ((c->have & ART_MASTER) == 0)
		return "end.nothing";
	if (c->plan->mode == PLAN_GENESIS && c->journal.going != CER_SHARES)
		return "end.sheets";
	return "end.same-sheets";
}
