/*
 * closing/: what happens after the transcript is closed, on the stick CS-LOG if the plan
 * wants it. docs/FORMAT-TRANSCRIPT.md, "Closing".
 */
#include "ceremony/core/cer.h"

#include <string.h>

enum { ASK_LOG, ASK_WRITTEN, ASK_PULL, CLOSING_ASKS };

enum sn_err
cer_closing_begin(struct cer *c, struct sn_why *why)
{
	char statement[65], head[65];
	struct merkle_hash root;
	uint8_t digest[32];

	if (!c->plan->closing)
		return SN_OK;
	SN_TRY(bun_statement_sha256(c->bun, digest, why));
	SN_TRY(tr_root(c->tr, &root, why));
	sn_hex(BYTES_OF(digest), statement);
	sn_hex(BYTES_OF(root.h), head);
	SN_TRY(tr_new(&c->late, why));
	return CER_RECORD(c, "closing.start", why, TR_ARG_STR("head", head),
	    TR_ARG_STR("statement", statement));
}

size_t
step_closing_count(const struct cer *c)
{
	return c->late != NULL ? CLOSING_ASKS : 0;
}

enum sn_err
step_closing_show(struct cer *c, size_t i, struct view *v, struct sn_why *why)
{
	uint8_t digest[32];

	switch (i) {
	case ASK_LOG:
		cer_view(v, VIEW_MEDIA, "log", "closing.head");
		view_say(v, "closing.media", NULL);
		cer_view_media(v, CER_LABEL_LOG);
		return SN_OK;
	case ASK_WRITTEN:
		SN_TRY(cry_digest(CRY_SHA256, tr_records(c->late), digest, why));
		cer_view(v, VIEW_INFO, "ok", "closing.head");
		view_say(v, "closing.body",
		    CAT_ARGS({ "events", cer_num(tr_size(c->late)) },
			{ "label", CER_LABEL_LOG }, { "folder", c->log_folder }));
		view_say(v, "closing.digest", NULL);
		view_hex(v, BYTES_OF(digest));
		return SN_OK;
	default:
		cer_view(v, VIEW_REMOVE, "pull", "closing.head");
		cer_view_media(v, CER_LABEL_LOG);
		return SN_OK;
	}
}

enum sn_err
step_closing_there(struct cer *c, size_t i SN_UNUSED, const char *label, struct sn_why *why)
{
	return cer_log_files(c, label, NULL, 0, why);
}
