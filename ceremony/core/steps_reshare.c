/*
 * Reshare: the same secret in new shares. What is its own: the old splitting, and at the end,
 * when the new bundle is on its stick, the destruction of the old sheets.
 */
#include "ceremony/core/cer.h"

#include <string.h>

#include "appliance/base/text.h"
#include "ceremony/keys/identity.h"

#define WORD_DESTROYED "destroyed"
#define WORD_KEPT "kept"

/* Behind one ask for every old sheet. */
enum { ASK_STICK, ASK_WRITTEN, ASK_PULL, LOG_ASKS };

enum sn_err
cer_old_shares(struct cer *c, struct sn_why *why)
{
	struct identity id;

	SN_TRY(identity_parse(sn_buf_bytes(&c->identity_file), &id, why));
	c->custody.old_threshold = id.share_threshold;
	c->custody.old_count = id.share_count;
	c->custody.old_identifier = id.share_identifier;
	return SN_OK;
}

size_t
step_old_count(const struct cer *c)
{
	return c->custody.old_count + LOG_ASKS;
}

static void
old_sheet(const struct cer *c, size_t i, struct view *v)
{
	cer_view(v, VIEW_TEXT, "sheet", "old.head");
	v->person = cer_pair(c->plan, 1)->name;
	view_say(v, "old.valid",
	    CAT_ARGS({ "threshold", cer_num(c->custody.old_threshold) },
		{ "count", cer_num(c->custody.old_count) }));
	view_blank(v);
	view_say(v, "old.sheet",
	    CAT_ARGS({ "number", cer_num(i + 1) }, { "count", cer_num(c->custody.old_count) },
		{ "identifier", cer_num(c->custody.old_identifier) },
		{ "witness", v->person }));
}

enum sn_err
step_old_show(struct cer *c, size_t i, struct view *v, struct sn_why *why SN_UNUSED)
{
	if (i < c->custody.old_count) {
		old_sheet(c, i, v);
		return SN_OK;
	}
	switch (i - c->custody.old_count) {
	case ASK_STICK:
		cer_view(v, VIEW_MEDIA, "stick", "old.head");
		view_say(v, "old.media", NULL);
		cer_view_media(v, CER_LABEL_LOG);
		break;
	case ASK_WRITTEN:
		cer_view(v, VIEW_INFO, "ok", "old.head");
		view_say(v, "receipt.body",
		    CAT_ARGS({ "files", cer_num(c->log_files) }, { "label", CER_LABEL_LOG },
			{ "folder", c->log_folder }));
		break;
	default:
		cer_view(v, VIEW_REMOVE, "pull", "old.head");
		cer_view_media(v, CER_LABEL_LOG);
		break;
	}
	return SN_OK;
}

enum sn_err
step_old_take(struct cer *c, size_t i, const struct answer *a, struct sn_why *why)
{
	const char *witness = cer_pair(c->plan, 1)->name;
	bool destroyed = strcmp(a->text, WORD_DESTROYED) == 0;

	if (i >= c->custody.old_count)
		return SN_OK;
	if (!destroyed && strcmp(a->text, WORD_KEPT) != 0)
		return sn_fail(why, SN_E_MEDIA,
		    "type \"" WORD_DESTROYED "\", or \"" WORD_KEPT
		    "\" when that sheet is not here");
	c->custody.kept += !destroyed;
	return CER_RECORD(c, destroyed ? "share.destroyed" : "share.kept", why,
	    TR_ARG_INT("number", i + 1), TR_ARG_INT("identifier", c->custody.old_identifier),
	    TR_ARG_STR("witness", witness));
}

enum sn_err
step_old_there(struct cer *c, size_t i SN_UNUSED, const char *label, struct sn_why *why)
{
	return cer_log_files(c, label, NULL, 0, why);
}

enum sn_err
step_reshared_show(struct cer *c, size_t i, struct view *v, struct sn_why *why)
{
	SN_TRY(step_end_show(c, i, v, why));
	if (c->custody.kept > 0)
		view_say(v, "reshared.kept",
		    CAT_ARGS({ "kept", cer_num(c->custody.kept) },
			{ "threshold", cer_num(c->custody.old_threshold) }));
	return SN_OK;
}
