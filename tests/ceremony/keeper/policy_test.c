/*
 * The keeper signs no other policy than that of the plan it was given.
 * timeout: 120
 */
#include "tests/ceremony/keeper/rig.h"

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define M 2
#define N 3

static char *plan;
static struct plan *parsed;
static struct keeper_files made;
static uint8_t identity[32];
static struct keeper *signer;

/* One bound file with its digest, as the statement has it. */
static char *
subject(const char *path, struct bytes data)
{
	uint8_t digest[32];
	char *hex, *s;

	assert_int_equal(cry_digest(CRY_SHA256, data, digest, NULL), SN_OK);
	hex = test_hex(digest, sizeof(digest));
	s = test_format("{\"digest\":{\"sha256\":\"%s\"},\"name\":\"%s\"}", hex, path);
	free(hex);
	return s;
}

#define MAX_SUBJECTS 5
#define OTHER "{}\n"
static const char verify_txt[] =
    "{\"digest\":{\"sha256\":\"" ZEROS "\"},\"name\":\"VERIFY.txt\"}";

/* What a statement binds of the policy, in place of what it should. */
struct row {
	const char *name;
	const char *other;   /* a file of the policy with other bytes */
	const char *missing; /* one that is not bound */
	const char *added;   /* one more */
	const char *profiles, *about;
	enum sn_err want;
};

static const struct row rows[] = {
	{ "another policy", "policy/policy.json", "", "", "[]", "policy/policy.json",
	    SN_E_POLICY },
	{ "another node", "nodes/n1.json", "", "", "[]", "nodes/n1.json", SN_E_POLICY },
	{ "no policy", "", "policy/policy.json", "", "[]", "2 files", SN_E_POLICY },
	{ "a node less", "", "nodes/n2.json", "", "[]", "2 files", SN_E_POLICY },
	{ "a node more", "", "", "nodes/n3.json", "[]", "4 files", SN_E_POLICY },
	{ "a node in the place of another", "", "nodes/n2.json", "nodes/n3.json", "[]",
	    "nodes/n2.json", SN_E_POLICY },
	{ "a second policy", "", "", "policy/more.json", "[]", "4 files", SN_E_POLICY },
	{ "a layout that nobody wanted", "", "", "", "[\"trustee-0.21\"]", "profiles",
	    SN_E_POLICY },
	{ "the plan's policy", "", "", "", "[]", "", SN_OK },
};

static void
put_subject(struct sn_buf *b, const char *path, struct bytes data)
{
	char *s = subject(path, data);

	sn_buf_fmt(b, "%s,", s);
	free(s);
}

/* In byte order of the paths: VERIFY.txt, nodes/n1 n2 n3, policy/more policy. */
static char *
subjects(const struct row *row)
{
	static const char *const order[] = { "nodes/n1.json", "nodes/n2.json", "nodes/n3.json",
		"policy/more.json", "policy/policy.json" };
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };

	sn_buf_fmt(&b, "%s,", verify_txt);
	for (size_t o = 0; o < SN_NITEMS(order); o++) {
		if (strcmp(order[o], row->added) == 0)
			put_subject(&b, order[o], BYTES_STR(OTHER));
		for (size_t i = 0; i < plan_policy_count(parsed); i++) {
			SN_CLEANUP(sn_buf_done) struct sn_buf file = { 0 };
			char path[PLAN_POLICY_PATH_MAX];

			RIG_OK(plan_policy_file(parsed, i, path, &file, &why));
			if (strcmp(path, order[o]) != 0 || strcmp(path, row->missing) == 0)
				continue;
			put_subject(&b, path,
			    strcmp(path, row->other) == 0 ? BYTES_STR(OTHER)
							  : sn_buf_bytes(&file));
		}
	}
	b.n--;
	assert_int_equal(sn_buf_check(&b, NULL), SN_OK);
	return test_format("%.*s", (int)b.n, (const char *)b.p);
}

static void
policy_is_judged(void **state)
{
	const struct row *row = *state;
	SN_CLEANUP(sn_buf_done) struct sn_buf sig = { 0 };
	char *bound = subjects(row), *base = rig_statement(plan, identity);
	char *next = rig_replaced(base, verify_txt, bound);
	char *profiles = test_format("\"profiles\":%s", row->profiles);
	char *statement = rig_replaced(next, "\"profiles\":[]", profiles);
	struct sn_why why = { 0 };

	assert_int_equal(keeper_approve(signer, "ada", KEEPER_APPROVE_STATEMENT,
			     sn_buf_bytes(&rig_approvers[0].key), BYTES_STR(RIG_PASSPHRASE),
			     bytes_str(statement), &sig, &why),
	    row->want);
	assert_non_null(strstr(why.text, row->about));
	free(bound);
	free(base);
	free(next);
	free(profiles);
	free(statement);
}

/* A plan is loaded once: a second one, even the same, is refused and changes nothing. */
static void
plan_is_loaded_once(void **state)
{
	struct keeper *k = rig_keeper(plan, rig_seed(RIG_SEED_LEN));
	char *other = rig_replaced(plan, "\"sequence\":1", "\"sequence\":2");
	const char *const again[] = { other, plan };

	(void)state;
	RIG_OK(rig_approve(k, 0, KEEPER_APPROVE_PLAN, ""));
	for (size_t i = 0; i < SN_NITEMS(again); i++)
		assert_int_equal(keeper_plan(k, bytes_str(again[i]), NULL), SN_E_PROTO);
	assert_int_equal(rig_approve(k, 0, KEEPER_APPROVE_PLAN, ""), SN_E_POLICY);
	RIG_OK(rig_approve(k, 1, KEEPER_APPROVE_PLAN, ""));
	keeper_stop(&k);
	free(other);
}

int
main(int argc, char **argv)
{
	struct test_list *l = test_list_new();
	char *without;
	int status;

	rig_start(argc, argv);
	without = rig_plan("genesis", M, N);
	plan = rig_replaced(without, "\"tpm\":",
	    "\"profiles\":[],\"nodes\":[{\"name\":\"n2\",\"hardware\":\"intel\"},"
	    "{\"name\":\"n1\",\"hardware\":\"amd\",\"product\":\"Genoa\"}],\"tpm\":");
	free(without);
	RIG_OK(plan_parse(bytes_str(plan), &parsed, &why));
	signer = rig_genesis(plan, N, NULL, &made, identity);
	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		test_list_add(l, policy_is_judged, &rows[i], "%s", rows[i].name);
	test_list_add(l, plan_is_loaded_once, NULL, "a plan that changes between approvals");
	status = test_list_run(l, "policy");
	keeper_stop(&signer);
	keeper_files_done(&made);
	plan_free(&parsed);
	free(plan);
	rig_stop();
	return status;
}
