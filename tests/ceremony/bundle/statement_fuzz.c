#include <stdlib.h>

#include "appliance/base/file.h"
#include "ceremony/bundle/statement.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is read as a statement is canonical, and keeps the promises of its struct. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SN_CLEANUP(bun_statement_done) struct bun_statement s = { 0 };
	struct bytes text = { data, size };

	/* The seed is a line of text; a statement has no newline. */
	if (size > 0 && data[size - 1] == '\n')
		text.n--;
	if (bun_statement_parse_kind(BUN_KIND_OPS, text, &s, NULL) == SN_OK) {
		bun_statement_done(&s);
		s = (struct bun_statement){ 0 };
	}
	if (bun_statement_parse(text, &s, NULL) != SN_OK) {
		if (s.doc != NULL || s.subject != NULL)
			abort();
		return 0;
	}
	if (sn_json_is_canon(text, "statement", NULL) != SN_OK || s.approvals < 2 ||
	    s.approvals > s.napprovers || s.nexpiries == 0)
		abort();
	for (size_t i = 0; i < s.nsubjects; i++)
		if (!sn_path_ok(s.subject[i].path) ||
		    bun_statement_subject(&s, s.subject[i].path) != &s.subject[i])
			abort();
	return 0;
}
