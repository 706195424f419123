/*
 * Reshare: the old shares give the secret, new shares of another splitting take their place,
 * and every certificate stays what it was.
 * timeout: 120
 */
#include "ceremony/keys/identity.h"
#include "tests/ceremony/keeper/rig.h"

#define M 2
#define N 3
#define NEW_M 3
#define NEW_N 4

static char *plan, *reshare_plan;
static char *old[N], *strangers[N];
static struct keeper_files made;
static uint8_t identity[32];

/* The plan of a reshare to m of n. */
static char *
plan_of(unsigned int m, unsigned int n)
{
	char *about = rig_plan_about("reshare", m, n, rig_file(&made, "trust/identity.json"));
	char *named = rig_replaced(about, "\"mode\":\"reshare\"",
	    "\"mode\":\"reshare\",\"previous_sha256\":\"" RIG_BASE "\"");

	free(about);
	return named;
}

static struct keeper *
recovering(const char *with_plan)
{
	struct keeper *k = rig_keeper(with_plan, -1);

	RIG_OK(rig_approve(k, 0, KEEPER_APPROVE_PLAN, ""));
	RIG_OK(rig_approve(k, 1, KEEPER_APPROVE_PLAN, ""));
	RIG_OK(keeper_rebuild(k, rig_file(&made, "trust/identity.json"), &why));
	return k;
}

static enum sn_err
enter(struct keeper *k, const char *text, struct sn_why *said)
{
	uint32_t index = 0, needed = 0, word = 0;

	return keeper_rebuild_share(k, bytes_str(text), &index, &needed, &word, said);
}

static struct keeper *
sharing(const char *with_plan)
{
	struct keeper *k = recovering(with_plan);

	RIG_OK(enter(k, old[2], &why));
	RIG_OK(enter(k, old[0], &why));
	return k;
}

static void
type_back(struct keeper *k, uint32_t i, char **ret)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret text = { 0 };
	uint32_t word;

	RIG_OK(keeper_share(k, i, &text, &why));
	*ret = test_format("%.*s", (int)text.n, (const char *)text.p);
	RIG_OK(keeper_share_check(k, i, sn_secret_bytes(&text), &word, &why));
}

/* A whole reshare to m of n, up to the derived keys. */
static struct keeper *
reshared(unsigned int m, unsigned int n, char **ret_texts, struct keeper_files *ret,
    uint32_t *ret_subsets)
{
	char *p = plan_of(m, n);
	struct keeper *k = sharing(p);
	uint8_t theirs[32];

	for (uint32_t i = 0; i < n; i++)
		type_back(k, i, &ret_texts[i]);
	RIG_OK(keeper_trial(k, ret_subsets, &why));
	RIG_OK(keeper_derive(k, ret, theirs, &why));
	assert_memory_equal(theirs, identity, 32);
	free(p);
	return k;
}

static void
same_but_identity(const struct keeper_files *again)
{
	assert_int_equal(again->n, made.n);
	for (size_t i = 0; i < made.n; i++)
		assert_true(bytes_equal(made.file[i].data,
				rig_file(again, made.file[i].path)) ==
		    (strcmp(made.file[i].path, "trust/identity.json") != 0));
}

/* New shares: the old certificates, and a rebuild from them alone gives these once more. */
struct size_row {
	unsigned int m, n, subsets;
};
static const struct size_row size_rows[] = { { 3, 4, 4 }, { 2, 3, 3 }, { 2, 2, 1 } };

static void
test_reshare(void **state)
{
	const struct size_row *row = *state;
	struct keeper_files files = { 0 }, again = { 0 };
	char *texts[NEW_N] = { NULL }, *rebuild;
	struct identity id;
	uint32_t subsets = 0;
	uint8_t theirs[32];
	struct keeper *k = reshared(row->m, row->n, texts, &files, &subsets);

	keeper_stop(&k);
	assert_int_equal(subsets, row->subsets);
	same_but_identity(&files);
	RIG_OK(identity_parse(rig_file(&files, "trust/identity.json"), &id, &why));
	assert_int_equal(id.share_threshold, row->m);
	assert_int_equal(id.share_count, row->n);
	rebuild = rig_rebuild_plan(row->m, row->n, rig_file(&files, "trust/identity.json"));
	k = rig_keeper(rebuild, -1);
	RIG_OK(rig_approve(k, 0, KEEPER_APPROVE_PLAN, ""));
	RIG_OK(rig_approve(k, 1, KEEPER_APPROVE_PLAN, ""));
	RIG_OK(keeper_rebuild(k, rig_file(&files, "trust/identity.json"), &why));
	for (size_t i = row->n; i > row->n - row->m; i--) {
		/* an old share beside new ones: another splitting, whatever its number */
		assert_int_equal(enter(k, old[i % N], NULL), SN_E_SHARE);
		RIG_OK(enter(k, texts[i - 1], &why));
	}
	RIG_OK(keeper_derive(k, &again, theirs, &why));
	assert_memory_equal(theirs, identity, 32);
	for (size_t i = 0; i < files.n; i++)
		assert_true(bytes_equal(files.file[i].data,
		    rig_file(&again, files.file[i].path)));
	for (size_t i = 0; i < row->n; i++)
		free(texts[i]);
	free(rebuild);
	keeper_files_done(&files);
	keeper_files_done(&again);
	keeper_stop(&k);
}

/* While old shares come in: strangers, new ones, the same one twice. */
static void
test_mixed(void **state)
{
	struct keeper_files files = { 0 };
	char *texts[NEW_N] = { NULL };
	struct sn_why said = { 0 };
	uint32_t subsets;
	struct keeper *k = reshared(NEW_M, NEW_N, texts, &files, &subsets);

	(void)state;
	keeper_stop(&k);
	k = recovering(reshare_plan);
	RIG_OK(enter(k, old[1], &why));
	assert_int_equal(enter(k, texts[0], &said), SN_E_SHARE);
	assert_non_null(strstr(said.text, "another splitting"));
	assert_int_equal(enter(k, strangers[0], NULL), SN_E_SHARE);
	said = (struct sn_why){ 0 };
	assert_int_equal(enter(k, old[1], &said), SN_E_SHARE);
	assert_non_null(strstr(said.text, "there already"));
	RIG_OK(enter(k, old[2], &why));
	assert_int_equal(enter(k, old[0], NULL), SN_E_PROTO);
	for (size_t i = 0; i < NEW_N; i++)
		free(texts[i]);
	keeper_files_done(&files);
	keeper_stop(&k);
}

/* An old share typed for a new one, another's new one; then the right one. */
static void
test_old_as_new(void **state)
{
	struct keeper *k = sharing(reshare_plan);
	struct keeper_files files = { 0 };
	char *texts[NEW_N] = { NULL };
	uint8_t theirs[32];
	uint32_t word = 0, n = 0;

	(void)state;
	type_back(k, 0, &texts[0]);
	for (size_t i = 0; i < N; i++)
		assert_int_equal(keeper_share_check(k, 1, bytes_str(old[i]), &word, NULL),
		    SN_E_SHARE);
	assert_int_equal(keeper_share_check(k, 1, bytes_str(texts[0]), &word, NULL),
	    SN_E_SHARE);
	/* nothing is to be had before all are typed and tried */
	assert_int_equal(keeper_trial(k, &n, NULL), SN_E_PROTO);
	assert_int_equal(keeper_derive(k, &files, theirs, NULL), SN_E_PROTO);
	for (uint32_t i = 1; i < NEW_N; i++)
		type_back(k, i, &texts[i]);
	assert_int_equal(keeper_derive(k, &files, theirs, NULL), SN_E_PROTO);
	RIG_OK(keeper_trial(k, &n, &why));
	for (size_t i = 0; i < NEW_N; i++)
		free(texts[i]);
	keeper_stop(&k);
}

/* Certificates stay: what the plan may not change. */
struct plan_row {
	const char *name, *find, *put;
};
static const struct plan_row plan_rows[] = {
	{ "another sanctum id", "acadaeaf", "acadaeae" },
	{ "another organization", "Example Bank", "Example Bark" },
	{ "another operations threshold", "\"operations\":2", "\"operations\":3" },
};

static void
test_other_plan(void **state)
{
	const struct plan_row *row = *state;
	char *other = rig_replaced(reshare_plan, row->find, row->put);
	struct keeper *k = rig_keeper(other, -1);

	RIG_OK(rig_approve(k, 0, KEEPER_APPROVE_PLAN, ""));
	RIG_OK(rig_approve(k, 1, KEEPER_APPROVE_PLAN, ""));
	assert_int_equal(keeper_rebuild(k, rig_file(&made, "trust/identity.json"), NULL),
	    SN_E_POLICY);
	free(other);
	keeper_stop(&k);
}

/* Only the statement that follows the one in the plan is approved. */
static void
test_previous(void **state)
{
	struct keeper_files files = { 0 };
	char *texts[NEW_N] = { NULL };
	uint32_t subsets;
	struct keeper *k = reshared(NEW_M, NEW_N, texts, &files, &subsets);
	char *first = rig_statement(reshare_plan, identity);
	char *other = rig_replaced(first, "\"previous\":\"\"",
	    "\"previous\":\"ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\"");
	char *right = rig_replaced(first, "\"previous\":\"\"", "\"previous\":\"" RIG_BASE "\"");

	(void)state;
	assert_int_equal(rig_approve(k, 0, KEEPER_APPROVE_STATEMENT, first), SN_E_POLICY);
	assert_int_equal(rig_approve(k, 0, KEEPER_APPROVE_STATEMENT, other), SN_E_POLICY);
	RIG_OK(rig_approve(k, 0, KEEPER_APPROVE_STATEMENT, right));
	for (size_t i = 0; i < NEW_N; i++)
		free(texts[i]);
	free(first);
	free(other);
	free(right);
	keeper_files_done(&files);
	keeper_stop(&k);
}

int
main(int argc, char **argv)
{
	struct test_list *l = test_list_new();
	struct keeper_files other = { 0 };
	uint8_t theirs[32];
	struct keeper *k;
	int status;

	rig_start(argc, argv);
	plan = rig_plan("genesis", M, N);
	k = rig_genesis(plan, N, strangers, &other, theirs);
	keeper_stop(&k);
	k = rig_genesis(plan, N, old, &made, identity);
	keeper_stop(&k);
	reshare_plan = plan_of(NEW_M, NEW_N);
	for (size_t i = 0; i < SN_NITEMS(size_rows); i++)
		test_list_add(l, test_reshare, &size_rows[i], "2 of 3 becomes %u of %u",
		    size_rows[i].m, size_rows[i].n);
	test_list_add(l, test_mixed, NULL, "new shares among old ones");
	test_list_add(l, test_old_as_new, NULL, "old shares typed as new ones");
	for (size_t i = 0; i < SN_NITEMS(plan_rows); i++)
		test_list_add(l, test_other_plan, &plan_rows[i], "the plan says: %s",
		    plan_rows[i].name);
	test_list_add(l, test_previous, NULL, "the statement that it follows");
	status = test_list_run(l, "reshare");
	keeper_files_done(&other);
	keeper_files_done(&made);
	for (size_t i = 0; i < N; i++) {
		free(old[i]);
		free(strangers[i]);
	}
	free(plan);
	free(reshare_plan);
	rig_stop();
	return status;
}
