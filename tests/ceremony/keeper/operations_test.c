/*
 * Operations: K approvers' shares give the operations secret of this bundle, and nothing else.
 * timeout: 180
 */
#include "appliance/crypto/cms.h"
#include "ceremony/transcript/note.h"
#include "tests/ceremony/keeper/rig.h"

#define M 2
#define N 3
#define NOON_2026 1767268800 /* 2026-01-01T12:00:00Z */

/* One genesis, another under the same plan, and what each left with the approvers. */
struct sanctum {
	struct keeper_files made;
	uint8_t identity[32];
	struct sn_buf share[RIG_APPROVERS], again[RIG_APPROVERS];
};
static struct sanctum own, other;
static char *plan, *refresh;

static void
sanctum_make(struct sanctum *s)
{
	struct keeper *k = rig_genesis(plan, N, NULL, &s->made, s->identity);

	for (size_t i = 0; i < RIG_APPROVERS; i++) {
		RIG_OK(keeper_ops_share(k, rig_approvers[i].name, &s->share[i], &why));
		RIG_OK(keeper_ops_share(k, rig_approvers[i].name, &s->again[i], &why));
	}
	keeper_stop(&k);
}

static void
sanctum_done(struct sanctum *s)
{
	for (size_t i = 0; i < RIG_APPROVERS; i++) {
		sn_buf_done(&s->share[i]);
		sn_buf_done(&s->again[i]);
	}
	keeper_files_done(&s->made);
}

static struct keeper *
approved(const char *by_plan)
{
	struct keeper *k = rig_keeper(by_plan, -1);

	RIG_OK(rig_approve(k, 0, KEEPER_APPROVE_PLAN, ""));
	RIG_OK(rig_approve(k, 1, KEEPER_APPROVE_PLAN, ""));
	return k;
}

/* A keeper that waits for shares. */
static struct keeper *
opening(void)
{
	const struct keeper_trust t = rig_trust(&own.made);
	struct keeper *k = approved(refresh);
	uint8_t identity[32];

	RIG_OK(keeper_operations(k, &t, identity, &why));
	assert_memory_equal(identity, own.identity, 32);
	return k;
}

static enum sn_err
open_files(struct keeper *k, size_t who, const struct sn_buf *const *files, size_t n,
    uint32_t *missing)
{
	struct bytes shares[KEEPER_SHARE_FILES + 1];

	for (size_t i = 0; i < n; i++)
		shares[i] = sn_buf_bytes(files[i]);
	return keeper_open_share(k, rig_approvers[who].name,
	    sn_buf_bytes(&rig_approvers[who].key), BYTES_STR(RIG_PASSPHRASE), shares, n,
	    missing, NULL);
}

static enum sn_err
open_one(struct keeper *k, size_t who, const struct sn_buf *file, uint32_t *missing)
{
	return open_files(k, who, &file, 1, missing);
}

/* The key of the transcript's log is the one that the genesis published. */
static void
check_log_key(struct keeper *k)
{
	char *body = rig_checkpoint(RIG_LOG_NAME, 7, 1);
	SN_CLEANUP(sn_buf_done) struct sn_buf note = { 0 };
	struct bytes line = rig_file(&own.made, "trust/log.vkey");
	struct note_vkey key;
	struct bytes text;

	RIG_OK(keeper_sign_checkpoint(k, bytes_str(body), &note, &why));
	line.n--;
	RIG_OK(note_vkey_parse(line, &key, &why));
	RIG_OK(note_verify(sn_buf_bytes(&note), &key, &text, &why));
	free(body);
}

static void
test_open(void **state)
{
	const size_t *pair = *state;
	struct keeper *k = opening();
	uint32_t missing = 9;

	RIG_OK(open_one(k, pair[0], &own.share[pair[0]], &missing));
	assert_int_equal(missing, 1);
	assert_int_equal(open_one(k, pair[0], &own.share[pair[0]], &missing), SN_E_POLICY);
	RIG_OK(open_one(k, pair[1], &own.share[pair[1]], &missing));
	assert_int_equal(missing, 0);
	check_log_key(k);
	/* there is nothing else in it: no master secret, no other signers, no more shares */
	assert_int_equal(open_one(k, 3 - pair[0] - pair[1], &own.share[0], &missing),
	    SN_E_PROTO);
	assert_int_equal(keeper_derive(k, NULL, NULL, NULL), SN_E_PROTO);
	keeper_stop(&k);
}

/* Approvers and files that do not open; afterwards the right ones still do. */
static void
test_refused(void **state)
{
	struct keeper *k = opening();
	const struct bytes share = sn_buf_bytes(&own.share[0]);
	const struct sn_buf *many[KEEPER_SHARE_FILES + 1];
	uint32_t missing = 9;

	(void)state;
	for (size_t i = 0; i < SN_NITEMS(many); i++)
		many[i] = &own.share[0];
	assert_int_equal(keeper_open_share(k, "ada", sn_buf_bytes(&rig_approvers[0].key),
			     BYTES_STR("wrong horse"), &share, 1, &missing, NULL),
	    SN_E_PASSPHRASE);
	assert_int_equal(open_one(k, 3, &own.share[0], &missing), SN_E_POLICY);
	assert_int_equal(keeper_open_share(k, "ada", sn_buf_bytes(&rig_approvers[1].key),
			     BYTES_STR(RIG_PASSPHRASE), &share, 1, &missing, NULL),
	    SN_E_POLICY);
	assert_int_equal(open_one(k, 0, &own.share[1], &missing), SN_E_MEDIA);
	assert_int_equal(open_one(k, 0, &rig_approvers[0].pub, &missing), SN_E_MEDIA);
	assert_int_equal(open_files(k, 0, many, 0, &missing), SN_E_FORMAT);
	assert_int_equal(open_files(k, 0, many, SN_NITEMS(many), &missing), SN_E_FORMAT);
	assert_int_equal(missing, 9);
	RIG_OK(open_files(k, 0, many, KEEPER_SHARE_FILES, &missing));
	RIG_OK(open_one(k, 1, &own.share[1], &missing));
	assert_int_equal(missing, 0);
	keeper_stop(&k);
}

/* Shares of several ceremonies on a stick: those of this bundle are found among them. */
static void
test_among_others(void **state)
{
	struct keeper *k = opening();
	const struct sn_buf *ada[] = { &other.share[0], &own.share[1], &own.share[0] };
	const struct sn_buf *cyn[] = { &own.again[2], &other.share[2] };
	uint32_t missing = 9;

	(void)state;
	RIG_OK(open_files(k, 0, ada, SN_NITEMS(ada), &missing));
	assert_int_equal(missing, 1);
	RIG_OK(open_files(k, 2, cyn, SN_NITEMS(cyn), &missing));
	assert_int_equal(missing, 0);
	check_log_key(k);
	keeper_stop(&k);
}

/* Shares of another genesis give a secret, but not this bundle's. */
static void
test_other_secret(void **state)
{
	struct keeper *k = opening();
	uint32_t missing = 9;

	(void)state;
	RIG_OK(open_one(k, 0, &other.share[0], &missing));
	RIG_OK(open_one(k, 1, &other.share[1], &missing));
	assert_int_equal(missing, 1); /* somebody else's may help */
	assert_int_equal(open_one(k, 2, &own.share[2], &missing), SN_E_POLICY);
	assert_int_equal(open_one(k, 2, &own.share[2], &missing), SN_E_PROTO); /* dead */
	keeper_stop(&k);
}

/* One who brought a share of another splitting does no harm when enough others did not. */
static void
test_one_of_another(void **state)
{
	struct keeper *k = opening();
	uint32_t missing = 9;

	(void)state;
	RIG_OK(open_one(k, 0, &other.share[0], &missing));
	RIG_OK(open_one(k, 1, &own.share[1], &missing));
	assert_int_equal(missing, 1);
	RIG_OK(open_one(k, 2, &own.share[2], &missing));
	assert_int_equal(missing, 0);
	check_log_key(k);
	keeper_stop(&k);
}

/* ---- the bundle's trust files */

struct trust_row {
	const char *name;
	size_t from_other; /* which of the files is another genesis' */
	enum sn_err expect;
};
static const struct trust_row trust_rows[] = {
	{ "another identity file", 0, SN_E_POLICY },
	{ "another chain of the P-384 signer", 1, SN_E_CHAIN },
	{ "another chain of the ML-DSA-87 signer", 2, SN_E_CHAIN },
	{ "another P-384 root", 3, SN_E_CHAIN },
	{ "another ML-DSA-87 root", 4, SN_E_CHAIN },
};

static void
test_trust(void **state)
{
	const struct trust_row *row = *state;
	struct keeper_trust t = rig_trust(&own.made), u = rig_trust(&other.made);
	struct bytes *to[] = { &t.identity, &t.operations_p384, &t.operations_mldsa,
		&t.root_p384, &t.root_mldsa };
	const struct bytes from[] = { u.identity, u.operations_p384, u.operations_mldsa,
		u.root_p384, u.root_mldsa };
	struct keeper *k = approved(refresh);
	uint8_t identity[32];
	uint32_t missing;

	*to[row->from_other] = from[row->from_other];
	assert_int_not_equal(keeper_operations(k, &t, identity, NULL), SN_OK);
	assert_int_equal(open_one(k, 0, &own.share[0], &missing), SN_E_PROTO);
	t = rig_trust(&own.made);
	RIG_OK(keeper_operations(k, &t, identity, &why)); /* the right ones go on */
	keeper_stop(&k);
}

/* A chain whose certificates are in the wrong places, or too few. */
static void
test_trust_places(void **state)
{
	struct keeper_trust t = rig_trust(&own.made);
	struct keeper *k = approved(refresh);
	uint8_t identity[32];

	(void)state;
	t.operations_p384 = rig_file(&own.made, "trust/statement-p384-chain.pem");
	assert_int_equal(keeper_operations(k, &t, identity, NULL), SN_E_POLICY);
	t.operations_p384 = t.root_p384;
	assert_int_equal(keeper_operations(k, &t, identity, NULL), SN_E_FORMAT);
	keeper_stop(&k);
}

/* Other plans have no use for it, and this plan has none for a seed or custodians. */
static void
test_modes(void **state)
{
	const struct keeper_trust t = rig_trust(&own.made);
	SN_CLEANUP(sn_buf_done) struct sn_buf report = { 0 };
	struct keeper *k = approved(plan), *l = approved(refresh);
	uint8_t identity[32];

	(void)state;
	assert_int_equal(keeper_operations(k, &t, identity, NULL), SN_E_PROTO);
	assert_int_equal(keeper_seed(l, &report, NULL), SN_E_PROTO);
	assert_int_equal(keeper_rebuild(l, t.identity, NULL), SN_E_PROTO);
	keeper_stop(&k);
	keeper_stop(&l);
}

/* ---- what is signed */

/* An operations statement by the plan: rig's, with what it has instead. */
static char *
ops_statement(const char *by_plan)
{
	static const char *const pairs[][2] = {
		{ "],\"earliest_expiry\"",
		    "],\"base_sha256\":\"" RIG_BASE "\",\"earliest_expiry\"" },
		{ "urn:cornerstone:statement:1", "urn:cornerstone:operations:1" },
		{ "VERIFY.txt", "SHA256SUMS" },
	};
	char *text = rig_statement(by_plan, own.identity), *next;

	for (size_t i = 0; i < SN_NITEMS(pairs); i++) {
		next = rig_replaced(text, pairs[i][0], pairs[i][1]);
		free(text);
		text = next;
	}
	return text;
}

struct unfit_row {
	const char *name, *find, *put, *about;
	enum sn_err expect;
};
static const struct unfit_row unfit_rows[] = {
	{ "of another bundle", "\"base_sha256\":\"00", "\"base_sha256\":\"01", "base_sha256",
	    SN_E_POLICY },
	{ "of another number", "\"sequence\":1,", "\"sequence\":2,", "", SN_E_FORMAT },
	{ "that follows one", "\"previous\":\"\"", "\"previous\":\"" RIG_BASE "\"", "",
	    SN_E_FORMAT },
	{ "of another mode", "\"mode\":\"refresh\"", "\"mode\":\"amend\"", "mode",
	    SN_E_POLICY },
	{ "of a whole bundle", "urn:cornerstone:operations:1", "urn:cornerstone:statement:1",
	    "", SN_E_FORMAT },
	{ "with a root", "\"name\":\"SHA256SUMS\"", "\"name\":\"trust/root-p384.pem\"",
	    "trust/root-p384.pem", SN_E_POLICY },
	{ "with policy", "\"name\":\"SHA256SUMS\"", "\"name\":\"policy/p.rego\"",
	    "policy/p.rego", SN_E_POLICY },
};

static struct keeper *
opened(void)
{
	struct keeper *k = opening();
	uint32_t missing;

	RIG_OK(open_one(k, 0, &own.share[0], &missing));
	RIG_OK(open_one(k, 1, &own.share[1], &missing));
	return k;
}

static void
test_unfit(void **state)
{
	const struct unfit_row *row = *state;
	struct keeper *k = opened();
	char *good = ops_statement(refresh), *unfit = rig_replaced(good, row->find, row->put);
	SN_CLEANUP(sn_buf_done) struct sn_buf sig = { 0 };
	struct sn_why why = { 0 };

	assert_int_equal(keeper_approve(k, "ada", KEEPER_APPROVE_STATEMENT,
			     sn_buf_bytes(&rig_approvers[0].key), BYTES_STR(RIG_PASSPHRASE),
			     bytes_str(unfit), &sig, &why),
	    row->expect);
	assert_non_null(strstr(why.text, row->about));
	free(good);
	free(unfit);
	keeper_stop(&k);
}

static void
check_cms(const char *root_path, struct bytes cms, const char *statement, enum cry_sigalg alg)
{
	struct cry_cert *root = NULL, *found = NULL;
	const struct bytes text = bytes_str(statement);
	size_t n;

	RIG_OK(cry_cert_parse_pem(rig_file(&own.made, root_path), &root, &n, &why));
	RIG_OK(cry_cms_verify(cms, text, root, alg, CRY_EKU_OPERATIONS, NOON_2026, &found,
	    &why));
	cry_cert_free(&found);
	assert_int_not_equal(cry_cms_verify(cms, text, root, alg, CRY_EKU_STATEMENT, NOON_2026,
				 &found, NULL),
	    SN_OK);
	cry_cert_free(&root);
}

static void
test_sign(void **state)
{
	struct keeper *k = opened();
	char *good = ops_statement(refresh);
	SN_CLEANUP(sn_buf_done) struct sn_buf p384 = { 0 }, mldsa = { 0 };

	(void)state;
	RIG_OK(rig_approve(k, 1, KEEPER_APPROVE_STATEMENT, good));
	assert_int_equal(keeper_sign_statement(k, bytes_str(good), &p384, &mldsa, NULL),
	    SN_E_POLICY);
	RIG_OK(rig_approve(k, 2, KEEPER_APPROVE_STATEMENT, good));
	RIG_OK(keeper_sign_statement(k, bytes_str(good), &p384, &mldsa, &why));
	check_cms("trust/root-p384.pem", sn_buf_bytes(&p384), good, CRY_SIG_ECDSA_P384_SHA384);
	check_cms("trust/root-mldsa87.pem", sn_buf_bytes(&mldsa), good, CRY_SIG_MLDSA87);
	assert_int_equal(keeper_sign_statement(k, bytes_str(good), &p384, &mldsa, NULL),
	    SN_E_PROTO);
	free(good);
	keeper_stop(&k);
}

int
main(int argc, char **argv)
{
	static const size_t pairs[][2] = { { 0, 1 }, { 1, 2 }, { 2, 0 } };
	struct test_list *l = test_list_new();
	int status;

	rig_start(argc, argv);
	plan = rig_plan("genesis", M, N);
	sanctum_make(&own);
	sanctum_make(&other);
	refresh = rig_ops_plan("refresh", M, N, rig_file(&own.made, "trust/identity.json"));
	for (size_t i = 0; i < SN_NITEMS(pairs); i++)
		test_list_add(l, test_open, pairs[i], "opened by %s and %s",
		    rig_approvers[pairs[i][0]].name, rig_approvers[pairs[i][1]].name);
	test_list_add(l, test_refused, NULL, "people and files that open nothing");
	test_list_add(l, test_among_others, NULL, "among shares of other ceremonies");
	test_list_add(l, test_other_secret, NULL, "shares of another genesis");
	test_list_add(l, test_one_of_another, NULL, "one share of another splitting");
	for (size_t i = 0; i < SN_NITEMS(trust_rows); i++)
		test_list_add(l, test_trust, &trust_rows[i], "refused: %s", trust_rows[i].name);
	test_list_add(l, test_trust_places, NULL, "refused: certificates out of place");
	test_list_add(l, test_modes, NULL, "plans of other modes");
	for (size_t i = 0; i < SN_NITEMS(unfit_rows); i++)
		test_list_add(l, test_unfit, &unfit_rows[i], "not signed: %s",
		    unfit_rows[i].name);
	test_list_add(l, test_sign, NULL, "signed by the operations signers alone");
	status = test_list_run(l, "keeper's operations");
	sanctum_done(&own);
	sanctum_done(&other);
	free(plan);
	free(refresh);
	rig_stop();
	return status;
}
