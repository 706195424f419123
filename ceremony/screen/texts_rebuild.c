/* A rebuild: what is known from before. */
#include "ceremony/screen/texts.h"

static const struct text rows[] = {
	{ "known.title", "From before" },
	{ "known.head", "What is known from before" },
	{ "known.sequence",
	    "{person}, what is the highest sequence number that a bundle of this sanctum has, as far "
	    "as you know? Take it from your own records, not from this "
	    "screen and not from somebody else's. Type the number." },
	{ "known.apart", "The two numbers differ. Look at the records, then both type again." },
	{ "known.stated",
	    "Two people state that sequence {stated} is the highest that was ever used. This ceremony "
	    "makes sequence {sequence}. Whoever has seen a higher one will refuse what is made here." },
	{ "known.nothing",
	    "The last statement is not on the IN stick. The new transcript says that the one before it "
	    "is not known." },
	{ "known.previous",
	    "The IN stick holds the statement of sequence {sequence}, whose transcript has {records} "
	    "records. The new transcript goes on from it. Digest of that statement:" },

	{ "sequence.stated", "{name} stated {sequence} as the highest sequence known." },
	{ "sequence.agreed",
	    "Both stated {stated} as the highest sequence known; this ceremony makes {sequence}." },
	{ "previous.unknown",
	    "The statement and the transcript before this one, of sequence {sequence} or below, are "
	    "not known." },
	{ "previous.head",
	    "This transcript goes on from the statement {statement} of sequence {sequence}, whose "
	    "transcript has {records} records and the root {root}." },
	{ "previous.unproved",
	    "The old head {root} was signed by the log of an earlier generation; this ceremony makes "
	    "the keys of generation {generation} alone, so its signature was not verified." },
	{ "previous.verified",
	    "The key of the transcript log, derived again, has signed the old head {root}." },
};
const struct texts texts_rebuild = { rows, SN_NITEMS(rows) };
