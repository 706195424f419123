/*
 * explain_evidence - what a bundle's TPM evidence proves and what it does not, in plain words.
 *
 * Owns: nothing. Only for ceremony/node. May include: base, measure, bundle.
 */
#ifndef NODE_EXPLAIN_EVIDENCE_H
#define NODE_EXPLAIN_EVIDENCE_H

#include "ceremony/bundle/verify.h"

#define EVIDENCE_LINES_MAX 40
#define EVIDENCE_TEXT_MAX 640

struct evidence_line {
	bool proven;
	const char *files; /* that it rests on, below evidence/; "" when on none */
	char text[EVIDENCE_TEXT_MAX];
};
struct evidence_words {
	struct evidence_line line[EVIDENCE_LINES_MAX];
	size_t n;
};

/* What a software TPM that was told the same came to. */
struct evidence_replay {
	bool done;
	unsigned int equal, differ; /* registers; of those that can be compared */
};

/* What the caller gave to compare with, and why the verdict is not "accepted"; "" when it is. */
struct evidence_given {
	bool ak, plan, image;
	const char *reason;
};

/*
 * What r->facts come to; r is of a bundle whose every check passed (consistent), else nothing
 * is proven and that is all it says.
 */
void evidence_explain(const struct bun_report *r, const struct evidence_given *given,
    const struct evidence_replay *replay, struct evidence_words *ret);

#endif
