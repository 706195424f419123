#include "ceremony/screen/texts.h"

/* What happens after the transcript is closed, and its records. */
static const struct text rows[] = {
	{ "closing.head", "What happened after the transcript" },
	{ "closing.busy", "Writing the log and reading it back from the stick itself." },
	{ "closing.media",
	    "The stick CS-LOG receives a copy of the transcript and, in closing/, what happened "
	    "after it was closed." },
	{ "closing.body",
	    "{events} events are in {label}, folder {folder}, file closing/events.jsonl, read back "
	    "and compared. The log closed with them." },
	{ "closing.digest",
	    "Its digest. Write it down: the next plan names it as \"previous_closing\"." },
	{ "closing.start",
	    "The transcript with the head {head} is bound by the statement {statement}." },
	{ "statement.approved", "{approver} approved the statement; signature {signature}." },
	{ "statement.signed",
	    "The statement {statement} was signed twice, quoted and accepted by the second checker." },
	{ "export.compared", "{files} files, {bytes} bytes are on {label}, stick {stick}." },
};
const struct texts texts_closing = { rows, SN_NITEMS(rows) };
