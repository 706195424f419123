/*
 * The stick CS-LOG: what a ceremony without a bundle leaves behind. docs/FORMAT-TRANSCRIPT.md,
 * "The log stick".
 */
#include "ceremony/core/cer.h"

#include <stdio.h>
#include <string.h>

#include "appliance/base/text.h"
#include "ceremony/keys/identity.h"

#define LOG_OWN 3  /* files that every log has */
#define LOG_LATE 2 /* and what came after the transcript */

enum sn_err
cer_log_close(struct cer *c, struct sn_why *why)
{
	if (c->log_closed)
		return SN_OK;
	SN_TRY(CER_RECORD(c, "transcript.ended", why,
	    TR_ARG_INT("records", tr_size(c->tr) + 1)));
	c->log_closed = true;
	keeper_stop(&c->keeper);
	return SN_OK;
}

/* "check-20261125-151400": by the last record, so the same however often it is written. */
static void
log_folder(const struct cer *c, char ret[CER_LOG_FOLDER_MAX])
{
	char t[TEXT_TIME_LEN + 1];

	text_from_time(c->last_time, t);
	(void)snprintf(ret, CER_LOG_FOLDER_MAX, "%s-%.4s%.2s%.2s-%.2s%.2s%.2s",
	    c->plan != NULL ? plan_mode_name(c->plan->mode) : "none", t, t + 5, t + 8, t + 11,
	    t + 14, t + 17);
}

static enum sn_err
log_checkpoint(const struct cer *c, struct sn_buf *ret, struct sn_why *why)
{
	char origin[IDENTITY_LOG_NAME_MAX] = "cornerstone/none";

	if (c->plan != NULL)
		identity_log_name(c->plan->world, c->plan->sanctum_id, origin);
	return tr_checkpoint(c->tr, origin, ret, why);
}

enum sn_err
cer_log_files(struct cer *c, const char *label, const struct med_file *more, size_t nmore,
    struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf checkpoint = { 0 };
	struct med_file files[LOG_OWN + LOG_LATE + CER_LOG_MORE];
	size_t n = LOG_OWN;
	struct mark m = { 0 };
	bool has;
	enum sn_err e;

	if (nmore > CER_LOG_MORE)
		return sn_fail(why, SN_E_INTERNAL, "log: %zu files", nmore);
	SN_TRY(cer_log_close(c, why));
	SN_TRY(log_checkpoint(c, &checkpoint, why));
	files[0] = (struct med_file){ "records.jsonl", tr_records(c->tr) };
	files[1] = (struct med_file){ "openings.jsonl", tr_openings(c->tr) };
	files[2] = (struct med_file){ "checkpoint.unsigned", sn_buf_bytes(&checkpoint) };
	if (c->late != NULL) {
		files[n++] = (struct med_file){ "closing/events.jsonl", tr_records(c->late) };
		files[n++] =
		    (struct med_file){ "closing/openings.jsonl", tr_openings(c->late) };
	}
	for (size_t i = 0; i < nmore; i++)
		files[n++] = more[i];
	log_folder(c, c->log_folder);
	SN_TRY(cer_stick_judge(c, c->plan, label, &m, &has, why));
	if (!has)
		SN_TRY(cer_stick_make(c, label, &m, why));
	e = med_write(c->ports.media, label, c->log_folder, files, n, why);
	if (e == SN_OK && !has)
		e = cer_stick_write(c, label, &m, why);
	if (e == SN_OK)
		e = med_compare(c->ports.media, label, c->log_folder, files, n, why);
	if (e == SN_OK)
		med_eject(c->ports.media, label);
	c->log_files = n;
	return e;
}
