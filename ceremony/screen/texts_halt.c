#include "ceremony/screen/texts.h"

/* What is typed instead of an answer: pause, abort, exception, no. */
static const struct text rows[] = {
	{ "people.words",
	    "At any question these can be typed, too: \"pause\", \"exception\", \"abort\", "
	    "\"no\". Where a secret is typed, Ctrl-P pauses." },
	{ "ui.not-enter", "Enter alone goes on; what was typed means nothing here." },

	{ "halt.prompt-who", "Type your name and Enter, or \"back\"." },
	{ "halt.prompt-text", "Type one line and Enter, or \"back\"." },
	{ "halt.prompt-pause", "Type your name and Enter." },
	{ "halt.prompt-log", "Insert the stick CS-LOG, or type \"skip\"." },
	{ "halt.prompt-journal", "Insert the stick CS-JOURNAL, or type \"skip\"." },
	{ "halt.journal-head", "The journal stick" },
	{ "halt.journal",
	    "Every secret is forgotten. The journal stick is not there, and must learn that this "
	    "ceremony is over: nobody is to go on with it." },
	{ "halt.journal-not",
	    "The journal stick does NOT know that the ceremony is over: destroy it." },
	{ "halt.early", "\"{word}\" can be typed once the plan, and so people, are there." },
	{ "halt.nobody",
	    "Nobody in the plan has that name. Names are those of the list of people." },
	{ "halt.same", "{person} has agreed already; another person is needed." },
	{ "halt.empty", "Type a line of plain text." },

	{ "pause.head", "Pause" },
	{ "pause.who",
	    "The ceremony is paused since\n\n      {time}\n\nNothing of it is on this screen; what "
	    "was typed of a secret is forgotten. Nobody stays alone with this machine, and nobody "
	    "leaves it alone.\n\nTwo different people of the plan go on together: each types the "
	    "own name, then \"agree\". Agreed: {have} of 2. \"abort\" and \"no\" can be typed, too." },
	{ "pause.agree",
	    "{person}: \"agree\" if nothing was touched and the ceremony is to go on." },

	{ "abort.head", "Abort" },
	{ "abort.reason",
	    "To abort is to forget every secret at once and to export nothing; there is no way "
	    "back, and the ceremony has to be held again under a new number. Two different people "
	    "abort it together.\n\nWhy? The transcript keeps the answer as a personal field." },
	{ "abort.who", "Who aborts the ceremony? Agreed: {have} of 2." },
	{ "abort.agree",
	    "{person}: \"agree\" aborts the ceremony as soon as two have typed it. Agreed: {have} "
	    "of 2. The reason that was typed:\n\n{expected}" },
	{ "abort.end-head", "The ceremony was aborted" },
	{ "abort.end", "{first} and {second} aborted it. Every secret is forgotten." },

	{ "exception.head", "Exception sheet" },
	{ "exception.expected",
	    "Something is not as the script has it. Three lines say what, two people agree, and "
	    "the ceremony goes on.\n\nFirst: what was EXPECTED?" },
	{ "exception.happened", "Expected:\n{expected}\n\nSecond: what HAPPENED?" },
	{ "exception.decided",
	    "Expected:\n{expected}\n\nHappened:\n{happened}\n\nThird: what was DECIDED?" },
	{ "exception.who",
	    "Expected:\n{expected}\n\nHappened:\n{happened}\n\nDecided:\n{decided}\n\nTwo different "
	    "people agree to this sheet. Agreed: {have} of 2." },
	{ "exception.agree",
	    "Expected:\n{expected}\n\nHappened:\n{happened}\n\nDecided:\n{decided}\n\n{person}: is "
	    "that so? Agreed: {have} of 2." },
	{ "exception.noted", "The exception sheet is in the transcript." },
	{ "exception.late",
	    "The transcript is closed and takes no exception sheet. Write it on paper, or \"abort\"." },

	{ "disagree.head", "Somebody does not agree" },
	{ "disagree.who",
	    "At \"{step}\" somebody typed \"no\". That ends the ceremony, and is a valid ending: "
	    "every secret is forgotten.\n\nWho does not agree?" },
	{ "disagree.reason",
	    "{person}: why? The transcript keeps the answer as a personal field. After this line "
	    "the ceremony is over." },
	{ "disagree.end-head", "The ceremony ended: no agreement" },
	{ "disagree.end",
	    "{first} does not agree. That is a valid ending. Every secret is forgotten." },

	/* after the end */
	{ "halt.log-head", "The transcript so far" },
	{ "halt.log",
	    "Every secret is forgotten. The transcript so far, {records} records, can be kept on "
	    "the stick CS-LOG, with the openings of names and reasons, and a note that says how it "
	    "ended." },
	{ "halt.log-written", "The transcript is on the stick CS-LOG, in its newest folder." },
	{ "halt.log-not", "The transcript was NOT written; it is forgotten with this screen." },
	{ "halt.file",
	    "This ceremony was stopped at {time}: {how}.\nNo bundle was made.\n\nrecords.jsonl is "
	    "its transcript; openings.jsonl opens the personal fields. Nothing "
	    "here is signed, and no verifier takes it for a bundle.\n" },
	{ "halt.file-exported",
	    "This ceremony was stopped at {time}: {how}.\nA whole bundle had been written to an OUT "
	    "stick before that.\n\nrecords.jsonl is its transcript, {records} records; "
	    "openings.jsonl opens the personal fields. Nothing here is signed.\n" },

	/* records */
	{ "ceremony.paused", "The ceremony was paused at [{at}]." },
	{ "ceremony.resumed", "{first} and {second} let the ceremony go on." },
	{ "ceremony.aborted", "{first} and {second} aborted the ceremony: {reason}" },
	{ "ceremony.disagreed", "{name} did not agree, and the ceremony ended: {reason}" },
	{ "exception.sheet",
	    "Exception sheet, agreed by {first} and {second}.\nExpected: {expected}\nHappened: "
	    "{happened}\nDecided: {decided}" },
};
const struct texts texts_halt = { rows, SN_NITEMS(rows) };
