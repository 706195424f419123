/*
 * Revocation: the keeper opens the sealed lists for K approvers, once, and nothing else.
 * timeout: 120
 */
#include "ceremony/keys/revoke.h"
#include "tests/ceremony/keeper/rig.h"

#define M 2
#define N 3

static struct keeper_files made;
static struct sn_buf share[RIG_APPROVERS];
static char *plan, *kill_plan, *refresh;

/* A keeper in which two approvers opened their shares under that plan. */
static struct keeper *
opened(const char *by_plan)
{
	const struct keeper_trust t = rig_trust(&made);
	struct keeper *k = rig_keeper(by_plan, -1);
	uint8_t identity[32];
	uint32_t missing = 9;

	RIG_OK(rig_approve(k, 0, KEEPER_APPROVE_PLAN, ""));
	RIG_OK(rig_approve(k, 1, KEEPER_APPROVE_PLAN, ""));
	RIG_OK(keeper_operations(k, &t, identity, &why));
	for (size_t i = 0; i < 2; i++) {
		const struct bytes file = sn_buf_bytes(&share[i]);

		RIG_OK(keeper_open_share(k, rig_approvers[i].name,
		    sn_buf_bytes(&rig_approvers[i].key), BYTES_STR(RIG_PASSPHRASE), &file, 1,
		    &missing, &why));
	}
	assert_int_equal(missing, 0);
	return k;
}

static void
test_lists(void **state)
{
	struct keeper *k = opened(kill_plan);
	SN_CLEANUP(sn_buf_done) struct sn_buf lists = { 0 };
	struct bytes b, der;
	struct identity id;

	(void)state;
	RIG_OK(identity_parse(rig_file(&made, "trust/identity.json"), &id, &why));
	RIG_OK(keeper_revoke(k, rig_file(&made, REVOKE_SEALED), &lists, &why));
	b = sn_buf_bytes(&lists);
	for (size_t i = 0; i < REVOKE_LISTS; i++) {
		SN_CLEANUP(cry_crl_free) struct cry_crl *crl = NULL;
		struct revoke_entry entry[REVOKE_ENTRIES_MAX];
		size_t n;

		RIG_OK(bytes_blob32(&b, CRY_CRL_MAX, &der, "list", &why));
		RIG_OK(cry_crl_parse(der, &crl, &why));
		RIG_OK(revoke_entries(&id, revoke_ca(i), REVOKE_KILL, entry, &n, &why));
		assert_int_equal(cry_crl_count(crl), n);
		assert_true(n > 0);
	}
	RIG_OK(bytes_end(&b, "lists", &why));
	/* once; the secret is gone */
	assert_int_equal(keeper_revoke(k, rig_file(&made, REVOKE_SEALED), &lists, NULL),
	    SN_E_PROTO);
	keeper_stop(&k);
}

/* What is not this sanctum's seal does not open, and the right one still does. */
static void
test_spoilt(void **state)
{
	struct keeper *k = opened(kill_plan);
	SN_CLEANUP(sn_buf_done) struct sn_buf spoilt = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf lists = { 0 };

	(void)state;
	sn_buf_put(&spoilt, rig_file(&made, REVOKE_SEALED));
	spoilt.p[spoilt.n - 1] ^= 1;
	assert_int_equal(keeper_revoke(k, sn_buf_bytes(&spoilt), &lists, NULL), SN_E_SIGNATURE);
	assert_int_equal(keeper_revoke(k, (struct bytes){ NULL, 0 }, &lists, NULL),
	    SN_E_FORMAT);
	assert_int_equal(lists.n, 0);
	RIG_OK(keeper_revoke(k, rig_file(&made, REVOKE_SEALED), &lists, &why));
	keeper_stop(&k);
}

/* A refresh's approvals are none of a revocation, though the same shares were opened. */
static void
test_other_mode(void **state)
{
	struct keeper *k = opened(refresh);
	SN_CLEANUP(sn_buf_done) struct sn_buf lists = { 0 };

	(void)state;
	assert_int_equal(keeper_revoke(k, rig_file(&made, REVOKE_SEALED), &lists, NULL),
	    SN_E_PROTO);
	keeper_stop(&k);
}

/* Before the shares are open, and with one alone. */
static void
test_too_early(void **state)
{
	const struct keeper_trust t = rig_trust(&made);
	struct keeper *k = rig_keeper(kill_plan, -1);
	SN_CLEANUP(sn_buf_done) struct sn_buf lists = { 0 };
	const struct bytes sealed = rig_file(&made, REVOKE_SEALED);
	const struct bytes file = sn_buf_bytes(&share[0]);
	uint8_t identity[32];
	uint32_t missing;

	(void)state;
	assert_int_equal(keeper_revoke(k, sealed, &lists, NULL), SN_E_PROTO);
	RIG_OK(rig_approve(k, 0, KEEPER_APPROVE_PLAN, ""));
	assert_int_equal(keeper_operations(k, &t, identity, NULL), SN_E_PROTO);
	RIG_OK(rig_approve(k, 1, KEEPER_APPROVE_PLAN, ""));
	assert_int_equal(keeper_revoke(k, sealed, &lists, NULL), SN_E_PROTO);
	RIG_OK(keeper_operations(k, &t, identity, &why));
	RIG_OK(keeper_open_share(k, rig_approvers[0].name, sn_buf_bytes(&rig_approvers[0].key),
	    BYTES_STR(RIG_PASSPHRASE), &file, 1, &missing, &why));
	assert_int_equal(keeper_revoke(k, sealed, &lists, NULL), SN_E_PROTO);
	keeper_stop(&k);
}

/* A revocation signs no statement, and brings no master secret. */
static void
test_nothing_else(void **state)
{
	struct keeper *k = opened(kill_plan);
	SN_CLEANUP(sn_buf_done) struct sn_buf p384 = { 0 }, mldsa = { 0 };

	(void)state;
	assert_int_not_equal(keeper_sign_statement(k, BYTES_STR("{}"), &p384, &mldsa, NULL),
	    SN_OK);
	assert_int_equal(p384.n + mldsa.n, 0);
	assert_int_equal(keeper_derive(k, NULL, NULL, NULL), SN_E_PROTO);
	assert_int_equal(keeper_rebuild(k, rig_file(&made, "trust/identity.json"), NULL),
	    SN_E_PROTO);
	keeper_stop(&k);
}

int
main(int argc, char **argv)
{
	struct test_list *l = test_list_new();
	struct bytes card;
	struct keeper *k;
	uint8_t identity[32];
	int status;

	rig_start(argc, argv);
	plan = rig_plan("genesis", M, N);
	k = rig_genesis(plan, N, NULL, &made, identity);
	for (size_t i = 0; i < RIG_APPROVERS; i++)
		RIG_OK(keeper_ops_share(k, rig_approvers[i].name, &share[i], &why));
	keeper_stop(&k);
	card = rig_file(&made, "trust/identity.json");
	kill_plan = rig_ops_plan("revoke", M, N, card);
	refresh = rig_ops_plan("refresh", M, N, card);
	test_list_add(l, test_lists, NULL, "the lists, once");
	test_list_add(l, test_spoilt, NULL, "a seal that was changed, or none");
	test_list_add(l, test_other_mode, NULL, "a plan of another mode");
	test_list_add(l, test_too_early, NULL, "too early, and one share alone");
	test_list_add(l, test_nothing_else, NULL, "no statement, no master secret");
	status = test_list_run(l, "keeper's revocation");
	for (size_t i = 0; i < RIG_APPROVERS; i++)
		sn_buf_done(&share[i]);
	keeper_files_done(&made);
	free(plan);
	free(kill_plan);
	free(refresh);
	rig_stop();
	return status;
}
