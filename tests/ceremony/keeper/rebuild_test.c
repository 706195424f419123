/*
 * A rebuild: any M shares and identity.json give a genesis' files again, byte for byte.
 * timeout: 120
 */
#include "tests/ceremony/keeper/rig.h"

#define M 2
#define N 3

static char *plan, *rebuild_plan;

/* What one genesis left behind. */
static char *texts[N];
static struct keeper_files made;
static uint8_t identity[32];

static struct keeper *
recovering(const char *with_plan)
{
	struct keeper *k = rig_keeper(with_plan, -1);

	RIG_OK(rig_approve(k, 0, KEEPER_APPROVE_PLAN, ""));
	RIG_OK(rig_approve(k, 1, KEEPER_APPROVE_PLAN, ""));
	return k;
}

/* Any M shares and identity.json give every file again, byte for byte. */
static void
test_rebuild(void **state)
{
	const size_t *pair = *state;
	struct keeper *k = recovering(rebuild_plan);
	struct keeper_files again = { 0 };
	uint8_t theirs[32];
	uint32_t index, needed, word;

	RIG_OK(keeper_rebuild(k, rig_file(&made, "trust/identity.json"), &why));
	for (size_t i = 0; i < M; i++) {
		RIG_OK(keeper_rebuild_share(k, bytes_str(texts[pair[i]]), &index, &needed,
		    &word, &why));
		assert_int_equal(index, pair[i] + 1);
		assert_int_equal(needed, M - 1 - i);
	}
	RIG_OK(keeper_derive(k, &again, theirs, &why));
	assert_memory_equal(theirs, identity, 32);
	assert_int_equal(again.n, made.n);
	for (size_t i = 0; i < made.n; i++)
		assert_true(bytes_equal(made.file[i].data,
		    rig_file(&again, made.file[i].path)));
	keeper_files_done(&again);
	keeper_stop(&k);
}

static void
test_rebuild_wrong_shares(void **state)
{
	struct keeper *k = recovering(rebuild_plan);
	struct keeper_files other = { 0 };
	char *foreign[N] = { NULL };
	uint8_t theirs[32];
	uint32_t index = 77, needed = 77, word = 77;
	struct keeper *other_keeper = rig_genesis(plan, N, foreign, &other, theirs);
	char *unknown = rig_third_word(texts[0], "zzzz");
	char *wrong = rig_third_word(texts[0], "acid");

	(void)state;
	keeper_stop(&other_keeper);
	RIG_OK(keeper_rebuild(k, rig_file(&made, "trust/identity.json"), &why));
	assert_int_equal(keeper_rebuild_share(k, bytes_str(unknown), &index, &needed, &word,
			     NULL),
	    SN_E_SHARE);
	assert_int_equal(word, 3);
	assert_int_equal(keeper_rebuild_share(k, bytes_str(wrong), &index, &needed, &word,
			     NULL),
	    SN_E_SHARE);
	assert_int_equal(word, 0);
	assert_int_equal(keeper_rebuild_share(k, bytes_str(foreign[0]), &index, &needed, &word,
			     NULL),
	    SN_E_SHARE);
	assert_int_equal(keeper_rebuild_share(k, BYTES_STR(""), &index, &needed, &word, NULL),
	    SN_E_SHARE);
	assert_int_equal(index, 77);
	RIG_OK(keeper_rebuild_share(k, bytes_str(texts[2]), &index, &needed, &word, &why));
	assert_int_equal(keeper_rebuild_share(k, bytes_str(texts[2]), &index, &needed, &word,
			     NULL),
	    SN_E_SHARE);
	assert_int_equal(keeper_derive(k, &other, theirs, NULL), SN_E_PROTO);
	RIG_OK(keeper_rebuild_share(k, bytes_str(texts[0]), &index, &needed, &word, &why));
	assert_int_equal(needed, 0);
	for (size_t i = 0; i < N; i++)
		free(foreign[i]);
	free(unknown);
	free(wrong);
	keeper_files_done(&other);
	keeper_stop(&k);
}

/* A production's share, typed in a rehearsal: named as such, and the next one is taken. */
static void
test_other_world(void **state)
{
	char *production = rig_production_plan(M, N), *real[N] = { NULL };
	struct keeper *k = recovering(rebuild_plan);
	struct keeper_files other = { 0 };
	uint8_t theirs[32];
	struct keeper *l = rig_genesis(production, N, real, &other, theirs);
	uint32_t index = 0, needed = 0, word = 0;
	struct sn_why said = { 0 };

	(void)state;
	RIG_OK(keeper_rebuild(k, rig_file(&made, "trust/identity.json"), &why));
	assert_int_equal(keeper_rebuild_share(k, bytes_str(real[0]), &index, &needed, &word,
			     &said),
	    SN_E_SHARE);
	assert_non_null(strstr(said.text, "a real share"));
	RIG_OK(keeper_rebuild_share(k, bytes_str(texts[0]), &index, &needed, &word, &why));
	RIG_OK(keeper_rebuild_share(k, bytes_str(texts[1]), &index, &needed, &word, &why));
	assert_int_equal(needed, 0);
	for (size_t i = 0; i < N; i++)
		free(real[i]);
	free(production);
	keeper_files_done(&other);
	keeper_stop(&k);
	keeper_stop(&l);
}

/* ---- the identity file against the plan that people approved */

/* What a plan says otherwise than the genesis did: each would give other certificates. */
struct plan_row {
	const char *name, *find, *put;
};

#define FROM "{\"from\":\"2025-01-01T00:00:00Z\",\"to\":\"2035-01-01T00:00:00Z\"}"
#define LATER "{\"from\":\"2025-01-01T00:00:00Z\",\"to\":\"2036-01-01T00:00:00Z\"}"
#define EARLIER "{\"from\":\"2025-01-01T00:00:00Z\",\"to\":\"2034-01-01T00:00:00Z\"}"
static const struct plan_row plan_rows[] = {
	{ "another sanctum id", "acadaeaf", "acadaeae" },
	{ "another sanctum name", "\"North\"", "\"South\"" },
	{ "another organization", "Example Bank", "Example Bark" },
	{ "another threshold", "\"threshold\":2", "\"threshold\":3" },
	{ "another operations threshold", "\"operations\":2", "\"operations\":3" },
	{ "roots that live longer", "\"root\":" FROM, "\"root\":" LATER },
	{ "token certificates that end sooner", "\"token\":" FROM, "\"token\":" EARLIER },
	{ "operations signers that begin later", "2026-01-01T00:00:00Z",
	    "2026-06-01T00:00:00Z" },
};

static void
test_other_plan(void **state)
{
	const struct plan_row *row = *state;
	char *other = rig_replaced(rebuild_plan, row->find, row->put);
	struct keeper *k = recovering(other);
	struct sn_why why = { 0 };

	assert_int_equal(keeper_rebuild(k, rig_file(&made, "trust/identity.json"), &why),
	    SN_E_POLICY);
	assert_non_null(strstr(why.text, "the plan"));
	assert_null(strstr(why.text, "identity_sha256"));
	free(other);
	keeper_stop(&k);
}

/* One share and one custodian more than the genesis had. */
static void
test_other_count(void **state)
{
	struct bytes file = rig_file(&made, "trust/identity.json");
	char *wide = rig_rebuild_plan(M, N + 1, file);
	struct keeper *k = recovering(wide);
	struct sn_why why = { 0 };

	(void)state;
	assert_int_equal(keeper_rebuild(k, file, &why), SN_E_POLICY);
	assert_non_null(strstr(why.text, "number of shares"));
	free(wide);
	keeper_stop(&k);
}

/* A good identity file, but not the one that was approved; then the right one. */
static void
test_other_identity(void **state)
{
	struct bytes right = rig_file(&made, "trust/identity.json");
	char *line = test_format("%.*s\n", (int)right.n, (const char *)right.p);
	struct keeper *k = recovering(rebuild_plan);
	struct keeper_files other = { 0 };
	uint8_t theirs[32];
	struct keeper *l = rig_genesis(plan, N, NULL, &other, theirs);
	const struct bytes wrong[] = { rig_file(&other, "trust/identity.json"), bytes_str(line),
		BYTES_STR("{}"), { NULL, 0 } };

	(void)state;
	for (size_t i = 0; i < SN_NITEMS(wrong); i++) {
		struct sn_why why = { 0 };

		assert_int_equal(keeper_rebuild(k, wrong[i], &why), SN_E_POLICY);
		assert_non_null(strstr(why.text, "identity_sha256"));
	}
	RIG_OK(keeper_rebuild(k, right, &why));
	free(line);
	keeper_files_done(&other);
	keeper_stop(&k);
	keeper_stop(&l);
}

/* That the plan names it does not make it an identity file. */
static void
test_named_nonsense(void **state)
{
	char *named = rig_rebuild_plan(M, N, BYTES_STR("{}"));
	struct keeper *k = recovering(named);

	(void)state;
	assert_int_equal(keeper_rebuild(k, BYTES_STR("{}"), NULL), SN_E_FORMAT);
	free(named);
	keeper_stop(&k);
}

static void
test_modes(void **state)
{
	struct keeper *g = recovering(plan), *r = recovering(rebuild_plan);
	SN_CLEANUP(sn_buf_done) struct sn_buf report = { 0 };

	(void)state;
	assert_int_equal(keeper_rebuild(g, rig_file(&made, "trust/identity.json"), NULL),
	    SN_E_PROTO);
	assert_int_equal(keeper_seed(r, &report, NULL), SN_E_PROTO);
	keeper_stop(&g);
	keeper_stop(&r);
}

int
main(int argc, char **argv)
{
	static const size_t pairs[][M] = { { 0, 1 }, { 2, 0 }, { 1, 2 } };
	struct test_list *l = test_list_new();
	struct keeper *k;
	int status;

	rig_start(argc, argv);
	plan = rig_plan("genesis", M, N);
	k = rig_genesis(plan, N, texts, &made, identity);
	rebuild_plan = rig_rebuild_plan(M, N, rig_file(&made, "trust/identity.json"));
	keeper_stop(&k);
	for (size_t i = 0; i < SN_NITEMS(pairs); i++)
		test_list_add(l, test_rebuild, pairs[i], "from shares %zu and %zu",
		    pairs[i][0] + 1, pairs[i][1] + 1);
	test_list_add(l, test_rebuild_wrong_shares, NULL, "wrong shares");
	test_list_add(l, test_other_world, NULL, "a share of the other world");
	for (size_t i = 0; i < SN_NITEMS(plan_rows); i++)
		test_list_add(l, test_other_plan, &plan_rows[i], "the plan says: %s",
		    plan_rows[i].name);
	test_list_add(l, test_other_count, NULL, "the plan says: another number of shares");
	test_list_add(l, test_other_identity, NULL, "an identity file that was not approved");
	test_list_add(l, test_named_nonsense, NULL, "nonsense that was approved");
	test_list_add(l, test_modes, NULL, "no seed in a rebuild, no rebuild in a genesis");
	status = test_list_run(l, "rebuild");
	keeper_files_done(&made);
	for (size_t i = 0; i < N; i++)
		free(texts[i]);
	free(plan);
	free(rebuild_plan);
	rig_stop();
	return status;
}
