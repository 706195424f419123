/*
 * The second checker, GnuTLS and no line of the first one's, refuses the same bad evidence,
 * which is signed again so that only the evidence is bad. timeout: 600
 */
#include "tests/ceremony/bundle/bad_evidence.h"
#include "tests/ceremony/bundle/second.h"

static struct fix prod;

/* It does not read tpm.json, as docs/FORMAT-BUNDLE.md says, nor compare anything with it. */
static bool
is_unread(const struct bad_row *row)
{
	return strncmp(row->name, "tpm.json", 8) == 0 ||
	    (row->what == FIX_COUNTER && row->change == BAD_BODY);
}

static void
test_row(void **state)
{
	const struct bad_row *row = *state;
	static unsigned int n;
	char *dir = test_format("%s/x%u", test_tmpdir(), n++);
	const int status = (bad_write(&prod, row, dir), second_judge(&prod, dir));

	if (is_unread(row) ? status != 0 : status != 10 && status != 11)
		fail_msg("exit status %d", status);
	free(dir);
}

int
main(void)
{
	struct test_list *l = test_list_new();

	fix_start();
	fix_make(&prod, 1, PLAN_PRODUCTION);
	for (size_t i = 0; i < SN_NITEMS(bad_rows); i++)
		test_list_add(l, test_row, (void *)(uintptr_t)&bad_rows[i], "%s",
		    bad_rows[i].name);
	const int status = test_list_run(l, "second checker");
	fix_done(&prod);
	return status;
}
