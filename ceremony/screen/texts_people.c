#include "ceremony/screen/texts.h"

/* A team of two. */
static const struct text rows[] = {
	/* on every screen of it */
	{ "ui.rehearsal-two", "reduced separation  REHEARSAL" },
	{ "ui.production-two", "reduced separation  PRODUCTION" },

	{ "team.head", "Reduced separation: a team of two" },
	{ "team.word", "losing one sheet loses everything" },
	{ "team.body",
	    "{person}: this team is two people. Each of you holds one of two shares, and there is "
	    "no spare: if one sheet is lost, burnt or unreadable, nobody can ever rebuild the "
	    "master secret, and this identity ends with its certificates.\n\nEach of you approves "
	    "what the other does; nobody else watches. Together you can do anything. The statement "
	    "and the record say so, and every verifier shows it." },
	{ "team.prompt", "Type: {word}" },
};
const struct texts texts_people = { rows, SN_NITEMS(rows) };
