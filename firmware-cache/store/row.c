#include <stdio.h>

#include "appliance/base/text.h"
#include "firmware-cache/store/priv.h"

#define DATE_LEN 10 /* the day is enough on a line; status.json has the second */

/* In order of weight: a line has room for the first that applies. */
static const struct {
	enum col_note note;
	const char *phrase;
} notes[] = {
	{ COL_NOTE_NO_CRL, "no CRL here" },
	{ COL_NOTE_SUPERSEDED, "superseded" },
	{ COL_NOTE_MIXED, "mixed set" },
	{ COL_NOTE_LOWER_FMSPC, "lower case" },
	{ COL_NOTE_REHEARSAL, "rehearsal" },
};

static const struct {
	enum sn_err err;
	const char *phrase;
} refusals[] = {
	{ SN_E_FORMAT, "bad form" },
	{ SN_E_SIGNATURE, "bad signature" },
	{ SN_E_EXPIRED, "expired or not yet valid" },
	{ SN_E_REVOKED, "revoked by its issuer" },
	{ SN_E_CHAIN, "no chain to a pinned root" },
	{ SN_E_ROLE, "in a role not its own" },
	{ SN_E_LIMIT, "over a limit" },
	{ SN_E_MISSING, "no current CRL of its issuer" },
};

const char *
col_refusal_phrase(const struct col_row *row)
{
	if (row->kind == COL_KIND_UNKNOWN && row->why.err == SN_E_FORMAT)
		return "not recognised";
	for (size_t i = 0; i < SN_NITEMS(refusals); i++)
		if (refusals[i].err == row->why.err)
			return refusals[i].phrase;
	return "not accepted";
}

const char *
col_note_phrase(unsigned int set, size_t nth)
{
	for (size_t i = 0; i < SN_NITEMS(notes); i++)
		if ((set & notes[i].note) != 0 && nth-- == 0)
			return notes[i].phrase;
	return NULL;
}

void
col_row_line(const struct col_row *row, char ret[COL_LINE_MAX + 1])
{
	const char *note = col_note_phrase(row->notes, 0);
	char until[TEXT_TIME_LEN + 1];

	if (row->carried) {
		snprintf(ret, COL_LINE_MAX + 1, "carried %-38.38s not verified here",
		    row->label);
		return;
	}
	if (!row->ok) {
		snprintf(ret, COL_LINE_MAX + 1, "REFUSED %-38.38s %.29s", row->label,
		    col_refusal_phrase(row));
		return;
	}
	text_from_time(row->good_until, until);
	snprintf(ret, COL_LINE_MAX + 1, "ok      %-38.38s until %.*s%s%.11s", row->label,
	    DATE_LEN, until, note != NULL ? ", " : "", note != NULL ? note : "");
}
