#include "ceremony/screen/texts.h"

/* The journal, and what people read after a power cut. */
static const struct text rows[] = {
	{ "journal.head", "The journal" },
	{ "journal.media",
	    "The stick CS-JOURNAL stays in until the end. It holds what was recorded so far and no "
	    "secret, so that a power cut does not lose the day." },
	{ "journal.back",
	    "The journal is not on this stick, or the stick is not in. Nothing is lost: put "
	    "{label} back, and what is missing is written." },
	{ "journal.cut-head", "This ceremony was cut" },
	{ "journal.cut",
	    "The journal knows ceremony {ceremony}: step \"{step}\" was done, {records} records are "
	    "kept, {torn} torn bytes behind them are cut off." },
	{ "journal.go-again",
	    "No secret was made yet. Everything is asked again; the record goes on behind the "
	    "old one." },
	{ "journal.go-shares",
	    "The root counts as made. {threshold} custodians type their shares; the identity must be "
	    "this one:" },
	{ "journal.go-export",
	    "The bundle was signed and is on this stick. It is checked again and written to the "
	    "OUT sticks; nothing else can come of this number." },
	{ "again.busy", "The second checker looks at the bundle of the journal stick." },
	{ "again.head", "The bundle from before the cut" },
	{ "again.body",
	    "{files} files were read from the journal stick; the second checker agrees with them. "
	    "The statement's digest:" },
	{ "end.resumed",
	    "The bundle from before the cut was exported. Nothing is left on this machine." },
	{ "segment.start",
	    "After a power cut a new segment began; step {step} had been done, the head of the old "
	    "records is {head}, {cut} torn bytes were cut off." },
};
const struct texts texts_journal = { rows, SN_NITEMS(rows) };
