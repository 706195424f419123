/*
 * After an abort or a "no": nothing secret is left, and what happened so far can be kept on
 * the stick CS-LOG. Nothing of it is signed, and no verifier takes it for a bundle.
 */
#include "ceremony/core/halt.h"

#include <stdio.h>
#include <string.h>

static void
forget(struct cer *c, enum sn_err e, const char *reason)
{
	cer_wipe(c);
	c->result = e;
	c->note[0] = '\0';
	(void)sn_fail(&c->halt->why, e, "%s", reason);
}

void
halt_close(struct cer *c, enum sn_err e, const char *reason)
{
	forget(c, e, reason);
	halt_journal(c);
}

void
cer_halt_refuse(struct cer *c, enum sn_err e, const char *reason)
{
	static const struct halt_kind refused = { .word = "", .id = "refused" };

	*c->halt = (struct cer_halt){ .kind = &refused, .stage = HALT_LOG };
	forget(c, e, reason);
}

void
halt_journal(struct cer *c)
{
	struct sn_why own = { 0 };

	c->halt->stage = HALT_LOG;
	if (cer_journal_end(c, &own) == SN_OK)
		return;
	cer_note_why(c, &own);
	if (med_present(c->ports.media, CER_LABEL_JOURNAL)) /* it has to go out and in again */
		view_copy(c->refused, sizeof(c->refused), CER_LABEL_JOURNAL);
	c->halt->stage = HALT_JOURNAL;
}

static void
show_end(const struct cer *c, struct view *v)
{
	const struct cer_halt *h = c->halt;
	const char *first = h->who[0] != NULL ? h->who[0]->name : "";
	const char *second = h->who[1] != NULL ? h->who[1]->name : "";
	char head[40], body[40];

	(void)snprintf(head, sizeof(head), "%s.end-head", h->kind->id);
	(void)snprintf(body, sizeof(body), "%s.end", h->kind->id);
	cer_view(v, VIEW_END, "end", head);
	view_say(v, body,
	    CAT_ARGS({ "first", first }, { "second", second }, { "reason", h->why.text }));
	view_blank(v);
	view_say(v, h->written ? "halt.log-written" : "halt.log-not", NULL);
	view_blank(v);
	if (h->unknown)
		view_say(v, "halt.journal-not", NULL);
	view_say(v, cer_left(c), NULL);
}

void
halt_log_show(const struct cer *c, struct view *v)
{
	if (c->halt->stage == HALT_END) {
		show_end(c, v);
		return;
	}
	if (c->halt->stage == HALT_PULL) {
		cer_view(v, VIEW_REMOVE, "pull", "halt.log-head");
		cer_view_media(v, CER_LABEL_LOG);
		return;
	}
	if (c->halt->stage == HALT_JOURNAL) {
		cer_view(v, VIEW_MEDIA, "journal", "halt.journal-head");
		cer_view_media(v, CER_LABEL_JOURNAL);
		view_say(v, "halt.journal", NULL);
		view_prompt(v, "halt.prompt-journal", NULL);
		return;
	}
	cer_view(v, VIEW_MEDIA, "log", "halt.log-head");
	cer_view_media(v, CER_LABEL_LOG);
	view_say(v, "halt.log", CAT_ARGS({ "records", cer_num(tr_size(c->tr)) }));
	view_prompt(v, "halt.prompt-log", NULL);
}

enum sn_err
halt_log_write(struct cer *c, const char *label, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf note = { 0 };

	cat_put(&note, cer_exported(c) ? "halt.file-exported" : "halt.file",
	    CAT_ARGS({ "how", c->halt->why.text }, { "time", cer_time_text(cer_now(c)) }));
	SN_TRY(sn_buf_check(&note, why));
	const struct med_file file = { "NO-BUNDLE.txt", sn_buf_bytes(&note) };
	SN_TRY(cer_log_files(c, label, &file, 1, why));
	c->halt->written = true;
	return SN_OK;
}
