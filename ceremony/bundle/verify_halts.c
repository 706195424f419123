/*
 * What people may have typed instead of an answer: a ceremony that was ended makes no bundle,
 * and one that was paused went on because two different people let it.
 */
#include <string.h>

#include "ceremony/bundle/judge.h"

static enum sn_err
check_ended(const struct tr_record *r, size_t i, struct sn_why *why)
{
	static const char *const ended[] = { "ceremony.aborted", "ceremony.disagreed" };

	for (size_t k = 0; k < SN_NITEMS(ended); k++)
		if (strcmp(r->id, ended[k]) == 0)
			return sn_fail(why, SN_E_SIGNATURE,
			    BUN_RECORDS
			    ": record %zu, %s: that ceremony ended without a bundle",
			    i, ended[k]);
	return SN_OK;
}

static enum sn_err
check_two(const struct tr_record *r, size_t i, struct sn_why *why)
{
	const char *first, *second;

	SN_TRY(sn_json_str(r->args, "first", TR_MAX_TEXT, &first, BUN_RECORDS, why));
	SN_TRY(sn_json_str(r->args, "second", TR_MAX_TEXT, &second, BUN_RECORDS, why));
	if (strcmp(first, second) != 0)
		return SN_OK;
	return sn_fail(why, SN_E_SIGNATURE, BUN_RECORDS ": record %zu, %s: %s alone did it", i,
	    r->id, first);
}

/* What may happen during a pause: its screens, asking for an end, devices that come and go. */
static bool
meanwhile(const struct tr_record *r)
{
	const char *screen = yyjson_get_str(yyjson_obj_get(r->args, "screen"));

	if (strcmp(r->id, TR_SCREEN_ID) == 0)
		return screen != NULL &&
		    (strncmp(screen, "pause.", 6) == 0 || strncmp(screen, "abort.", 6) == 0 ||
			strncmp(screen, "disagree.", 9) == 0);
	return strncmp(r->id, "usb.", 4) == 0;
}

enum sn_err
bun_check_halts(struct bun_case *c, struct sn_why *why)
{
	bool paused = false;
	size_t pauses = 0, sheets = 0;

	for (size_t i = 0; i < tr_read_size(c->transcript); i++) {
		const struct tr_record *r = tr_read_record(c->transcript, i);
		const bool resumed = strcmp(r->id, "ceremony.resumed") == 0;
		const bool sheet = strcmp(r->id, "exception.sheet") == 0;

		SN_TRY(check_ended(r, i, why));
		if (strcmp(r->id, TR_SEGMENT_ID) == 0)
			paused = false; /* a power cut ends a pause; others let it go on */
		if (resumed || sheet)
			SN_TRY(check_two(r, i, why));
		if (resumed != paused && (resumed || !meanwhile(r)))
			return sn_fail(why, SN_E_SIGNATURE, BUN_RECORDS ": record %zu, %s: %s",
			    i, r->id,
			    resumed ? "nothing was paused" : "the ceremony was paused");
		paused = (paused && !resumed) || strcmp(r->id, "ceremony.paused") == 0;
		pauses += resumed;
		sheets += sheet;
	}
	if (paused)
		return sn_fail(why, SN_E_SIGNATURE,
		    BUN_RECORDS ": the ceremony was paused and did not go on");
	if (pauses > 0)
		bun_note(c, "%zu times the ceremony was paused, and two people let it go on",
		    pauses);
	if (sheets > 0)
		bun_note(c, "%zu exception sheets are in the transcript", sheets);
	return SN_OK;
}
