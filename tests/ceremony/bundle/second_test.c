/*
 * The second checker, GnuTLS and no line of the first one's, refuses the same bad evidence,
 * which is signed again so that only the evidence is bad. timeout: 600
 */
#include "tests/ceremony/bundle/bad_chain.h"
#include "tests/ceremony/bundle/bad_evidence.h"
#include "tests/ceremony/bundle/second.h"

static struct fix prod, rehearsal;

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

static void
test_chain(void **state)
{
	const struct chain_row *row = *state;
	const struct fix_bundle make = { .more = chain_add,
		.arg = (void *)(uintptr_t)&row->fault };
	static unsigned int n;
	char *dir = test_format("%s/c%u", test_tmpdir(), n++);

	fix_write(&rehearsal, &make, dir);
	const int status = second_judge(&rehearsal, dir);
	if ((status == 0) != (row->want == SN_OK))
		fail_msg("exit status %d", status);
	free(dir);
}

int
main(void)
{
	struct test_list *l = test_list_new();

	fix_start();
	fix_make(&prod, 1, PLAN_PRODUCTION);
	fix_make(&rehearsal, 1, PLAN_REHEARSAL);
	pki_make(&pki);
	chain_of = &rehearsal;
	for (size_t i = 0; i < SN_NITEMS(bad_rows); i++)
		test_list_add(l, test_row, (void *)(uintptr_t)&bad_rows[i], "%s",
		    bad_rows[i].name);
	for (size_t i = 0; i < SN_NITEMS(chain_rows); i++)
		test_list_add(l, test_chain, (void *)(uintptr_t)&chain_rows[i], "chain: %s",
		    chain_rows[i].name);
	const int status = test_list_run(l, "second checker");
	pki_done(&pki);
	fix_done(&prod);
	fix_done(&rehearsal);
	return status;
}
