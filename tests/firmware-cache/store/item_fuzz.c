#include <stdlib.h>
#include <string.h>

#include "firmware-cache/store/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Carried, or refused with a reason; by itself, only a chain with a pinned root is accepted. */
static bool
is_judged(const struct col_row *row)
{
	if (row->ok)
		return !row->carried && row->verified != NULL &&
		    (row->kind == COL_KIND_AMD_CHAIN || row->kind == COL_KIND_INTEL_CHAIN ||
			row->kind == COL_KIND_IBM_CHAIN);
	return row->carried || (row->verified == NULL && row->why.text[0] != '\0');
}

/* Any bytes become one row. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SN_CLEANUP(col_store_free) struct col_store *s = NULL;
	SN_CLEANUP(sn_buf_done) struct sn_buf out = { 0 };
	struct col_policy policy = { .at = 1751328000 };
	const struct col_row *rows = NULL;
	char line[COL_LINE_MAX + 1];
	size_t n = 0;

	if (col_store_new(&policy, &s, NULL) != SN_OK ||
	    col_store_add(s, "item", (struct bytes){ data, size }, NULL) != SN_OK ||
	    col_store_check(s, NULL) != SN_OK || col_store_rows(s, &rows, &n, NULL) != SN_OK)
		abort();
	if (n != 1 || !is_judged(&rows[0]))
		abort();
	col_row_line(&rows[0], line);
	if (strlen(line) > COL_LINE_MAX || col_store_status_json(s, &out, NULL) != SN_OK ||
	    col_store_status_txt(s, &out, NULL) != SN_OK)
		abort();
	return 0;
}
