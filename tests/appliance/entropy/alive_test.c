/* Sources that live, and pairs of samples from sources that do not. */
#include <string.h>

#include "appliance/crypto/digest.h"
#include "appliance/entropy/entropy.h"
#include "tests/lib/test.h"

static void
live(void **state)
{
	const struct sn_selftest *t = *state;
	struct sn_why why = { 0 };
	enum sn_err e = t->run(t, &why);

	if (e == SN_E_MISSING)
		skip();
	if (e != SN_OK)
		fail_msg("%s: %s", t->name, why.text);
}

/* The second sample begins as many bytes into the first one; -1: it is another one. */
static void
pair(struct ent_source two[2], int same_from)
{
	size_t at = same_from > 0 ? (size_t)same_from : 0;

	assert_int_equal(ent_kernel(&two[0], NULL), SN_OK);
	assert_int_equal(ent_kernel(&two[1], NULL), SN_OK);
	if (same_from >= 0)
		memcpy(two[1].bytes.p, two[0].bytes.p + at, ENT_SAMPLE_LEN - at);
}

static const struct row {
	const char *name;
	int same_from;
	int stuck; /* the sample that is all zeros, or -1 */
	enum sn_err want;
} rows[] = {
	{ "two samples", -1, -1, SN_OK },
	{ "the same sample again", 0, -1, SN_E_ENTROPY },
	{ "a sample that starts within the other", 100, -1, SN_E_ENTROPY },
	{ "the first is stuck", -1, 0, SN_E_ENTROPY },
	{ "the second is stuck", -1, 1, SN_E_ENTROPY },
};

static void
judge(void **state)
{
	const struct row *row = *state;
	struct ent_source two[2] = { 0 };

	pair(two, row->same_from);
	if (row->stuck >= 0)
		memset(two[row->stuck].bytes.p, 0, ENT_SAMPLE_LEN);
	assert_int_equal(ent_alive(two, NULL), row->want);
	ent_source_done(&two[0]);
	ent_source_done(&two[1]);
}

int
main(void)
{
	struct test_list *l = test_list_new();

	if (sn_secret_start(65536, NULL) != SN_OK || cry_start(NULL) != SN_OK)
		return 1;
	for (const struct sn_selftest *t = ent_selftests; t->name != NULL; t++)
		test_list_add(l, live, t, "%s lives", t->name);
	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		test_list_add(l, judge, &rows[i], "%s", rows[i].name);
	return test_list_run(l, "entropy alive");
}
