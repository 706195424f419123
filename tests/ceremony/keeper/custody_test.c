/*
 * Custodian check: one share against its commitment, as often as wanted, and nothing else.
 * timeout: 120
 */
#include "tests/ceremony/keeper/rig.h"

#define M 2
#define N 3

/* What two geneses left behind; the second one's shares are strangers to the first. */
static char *plan, *check_plan;
static char *texts[N], *strangers[N], *real[N];
static struct keeper_files made;

static struct keeper *
checking(void)
{
	struct keeper *k = rig_keeper(check_plan, -1);

	RIG_OK(keeper_check(k, rig_file(&made, "trust/identity.json"), &why));
	return k;
}

static void
test_proven(void **state)
{
	struct keeper *k = checking();
	uint32_t word = 77;

	(void)state;
	for (uint32_t round = 0; round < 2; round++)
		for (uint32_t i = N; i > 0; i--)
			RIG_OK(keeper_check_share(k, i, bytes_str(texts[i - 1]), &word, &why));
	assert_int_equal(word, 0);
	keeper_stop(&k);
}

/* However many were proven, no secret was put together: nothing can be derived. */
static void
test_leads_nowhere(void **state)
{
	struct keeper *k = checking();
	struct keeper_files files = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf out = { 0 };
	struct bytes id = rig_file(&made, "trust/identity.json");
	uint8_t identity[32];
	uint32_t n = 0, needed = 0, word = 0;

	(void)state;
	for (uint32_t i = 1; i <= N; i++)
		RIG_OK(keeper_check_share(k, i, bytes_str(texts[i - 1]), &word, &why));
	assert_int_equal(keeper_derive(k, &files, identity, NULL), SN_E_PROTO);
	assert_int_equal(keeper_trial(k, &n, NULL), SN_E_PROTO);
	assert_int_equal(keeper_seed(k, &out, NULL), SN_E_PROTO);
	assert_int_equal(keeper_rebuild(k, id, NULL), SN_E_PROTO);
	assert_int_equal(keeper_rebuild_share(k, bytes_str(texts[0]), &n, &needed, &word, NULL),
	    SN_E_PROTO);
	assert_int_equal(rig_approve(k, 0, KEEPER_APPROVE_PLAN, ""), SN_E_PROTO);
	assert_int_equal(keeper_check(k, id, NULL), SN_E_PROTO);
	keeper_stop(&k);
}

/* A share that is not proven: said why, and the right one is taken after it. */
struct wrong_row {
	const char *name, *const *text, *said;
	uint32_t number, word;
};

static const char *unknown_word, *wrong_word, *empty = "", *longer;
static const struct wrong_row wrong_rows[] = {
	{ "a word that is not in the list", &unknown_word, "word 3", 1, 3 },
	{ "another word of the list", &wrong_word, "checksum", 1, 0 },
	{ "nothing", &empty, "words", 1, 0 },
	{ "a word too many", &longer, "words", 1, 0 },
	{ "another's share", (const char *const *)&texts[1], "this is share 2", 1, 0 },
	{ "a share of another splitting", (const char *const *)&strangers[0],
	    "another splitting", 1, 0 },
	{ "a share of a production", (const char *const *)&real[0], "a real share", 1, 0 },
};

static void
test_not_proven(void **state)
{
	const struct wrong_row *row = *state;
	struct keeper *k = checking();
	struct sn_why said = { 0 };
	uint32_t word = 0;

	assert_int_equal(keeper_check_share(k, row->number, bytes_str(*row->text), &word,
			     &said),
	    SN_E_SHARE);
	if (strstr(said.text, row->said) == NULL)
		fail_msg("it says: %s", said.text);
	assert_int_equal(word, row->word);
	RIG_OK(keeper_check_share(k, row->number, bytes_str(texts[row->number - 1]), &word,
	    &why));
	keeper_stop(&k);
}

static void
test_no_such_number(void **state)
{
	struct keeper *k = checking();
	uint32_t word = 0;

	(void)state;
	assert_int_equal(keeper_check_share(k, 0, bytes_str(texts[0]), &word, NULL),
	    SN_E_FORMAT);
	assert_int_equal(keeper_check_share(k, N + 1, bytes_str(texts[0]), &word, NULL),
	    SN_E_FORMAT);
	keeper_stop(&k);
}

/* An identity file that is not the one, and plans that do not fit the one that is. */
static void
test_other_identity(void **state)
{
	struct keeper *k = rig_keeper(check_plan, -1);
	struct bytes right = rig_file(&made, "trust/identity.json");
	char *line = test_format("%.*s\n", (int)right.n, (const char *)right.p);

	(void)state;
	assert_int_equal(keeper_check(k, bytes_str(line), NULL), SN_E_POLICY);
	assert_int_equal(keeper_check(k, BYTES_STR("{}"), NULL), SN_E_POLICY);
	RIG_OK(keeper_check(k, right, &why));
	free(line);
	keeper_stop(&k);
}

struct plan_row {
	const char *name, *find, *put, *said;
};
static const struct plan_row plan_rows[] = {
	{ "another sanctum id", "acadaeaf", "acadaeae", "sanctum id" },
	{ "another sanctum name", "\"North\"", "\"South\"", "sanctum name" },
	{ "another threshold", "\"threshold\":2", "\"threshold\":3", "share threshold" },
	{ "a genesis", "\"mode\":\"check\"", "\"mode\":\"rebuild\"", "not a custodian check" },
};

static void
test_other_plan(void **state)
{
	const struct plan_row *row = *state;
	char *other = rig_replaced(check_plan, row->find, row->put);
	struct keeper *k = rig_keeper(other, -1);
	struct sn_why said = { 0 };

	assert_int_not_equal(keeper_check(k, rig_file(&made, "trust/identity.json"), &said),
	    SN_OK);
	assert_non_null(strstr(said.text, row->said));
	free(other);
	keeper_stop(&k);
}

static void
geneses(void)
{
	struct keeper_files other = { 0 }, third = { 0 };
	char *production = rig_production_plan(M, N);
	uint8_t identity[32];
	struct keeper *k = rig_genesis(plan, N, texts, &made, identity);

	keeper_stop(&k);
	k = rig_genesis(plan, N, strangers, &other, identity);
	keeper_stop(&k);
	k = rig_genesis(production, N, real, &third, identity);
	keeper_stop(&k);
	keeper_files_done(&other);
	keeper_files_done(&third);
	free(production);
	check_plan = rig_plan_about("check", M, N, rig_file(&made, "trust/identity.json"));
	unknown_word = rig_third_word(texts[0], "zzzz");
	wrong_word = rig_third_word(texts[0], strstr(texts[0], " acid ") ? "acne" : "acid");
	longer = test_format("%s acid", texts[0]);
}

int
main(int argc, char **argv)
{
	struct test_list *l = test_list_new();
	int status;

	rig_start(argc, argv);
	plan = rig_plan("genesis", M, N);
	geneses();
	test_list_add(l, test_proven, NULL, "every share is proven, twice");
	test_list_add(l, test_leads_nowhere, NULL, "all shares proven lead to no key");
	for (size_t i = 0; i < SN_NITEMS(wrong_rows); i++)
		test_list_add(l, test_not_proven, &wrong_rows[i], "not proven: %s",
		    wrong_rows[i].name);
	test_list_add(l, test_no_such_number, NULL, "a share number that is not there");
	test_list_add(l, test_other_identity, NULL,
	    "an identity file that the plan does not name");
	for (size_t i = 0; i < SN_NITEMS(plan_rows); i++)
		test_list_add(l, test_other_plan, &plan_rows[i], "the plan says: %s",
		    plan_rows[i].name);
	status = test_list_run(l, "custody");
	keeper_files_done(&made);
	for (size_t i = 0; i < N; i++) {
		free(texts[i]);
		free(strangers[i]);
		free(real[i]);
	}
	free((void *)(uintptr_t)unknown_word);
	free((void *)(uintptr_t)wrong_word);
	free((void *)(uintptr_t)longer);
	free(check_plan);
	free(plan);
	rig_stop();
	return status;
}
