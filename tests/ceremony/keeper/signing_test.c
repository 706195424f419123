/*
 * What the keeper signs at the end: the statement of its own plan, after its approvals.
 * timeout: 120
 */
#include "appliance/crypto/cms.h"
#include "ceremony/keys/approver.h"
#include "tests/ceremony/keeper/rig.h"

#define M 2
#define N 3
#define NOON_2026 1767268800 /* 2026-01-01T12:00:00Z */

static char *plan;
static struct keeper_files made;
static uint8_t identity[32];
static struct keeper *signer; /* derived, waiting for the closing */

static void
check_cms(const char *root_path, struct bytes cms, const char *statement, enum cry_sigalg alg)
{
	struct cry_cert *root = NULL, *found = NULL;
	size_t n;

	RIG_OK(cry_cert_parse_pem(rig_file(&made, root_path), &root, &n, &why));
	RIG_OK(cry_cms_verify(cms, bytes_str(statement), root, alg, CRY_EKU_STATEMENT,
	    NOON_2026, &found, &why));
	cry_cert_free(&found);
	cry_cert_free(&root);
}

/* Neither approved nor signed, whatever has been approved. */
static void
check_unfit(struct keeper *k, const char *statement, enum sn_err expect, const char *about)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf p384 = { 0 }, mldsa = { 0 }, sig = { 0 };
	struct sn_why why = { 0 };

	assert_int_equal(keeper_approve(k, "ada", KEEPER_APPROVE_STATEMENT,
			     sn_buf_bytes(&rig_approvers[0].key), BYTES_STR(RIG_PASSPHRASE),
			     bytes_str(statement), &sig, &why),
	    expect);
	assert_non_null(strstr(why.text, about));
	why = (struct sn_why){ 0 };
	assert_int_equal(keeper_sign_statement(k, bytes_str(statement), &p384, &mldsa, &why),
	    expect);
	assert_non_null(strstr(why.text, about));
	assert_int_equal(p384.n + mldsa.n + sig.n, 0);
}

/* A good statement with one thing that the plan does not say. */
struct unfit_row {
	const char *name, *find, *put, *about;
	enum sn_err expect;
};

static const struct unfit_row unfit_rows[] = {
	{ "the other world", "\"world\":\"rehearsal\"", "\"world\":\"production\"", "world",
	    SN_E_POLICY },
	{ "the other mode", "\"mode\":\"genesis\"", "\"mode\":\"rebuild\"", "mode",
	    SN_E_POLICY },
	{ "another sequence", "\"sequence\":1,", "\"sequence\":2,", "sequence", SN_E_POLICY },
	{ "another sanctum id", "a0a1a2a3", "a0a1a2a4", "sanctum.id", SN_E_POLICY },
	{ "another sanctum name", "North", "South", "sanctum.name", SN_E_POLICY },
	{ "more approvals than the plan", "\"approvals\":2", "\"approvals\":3",
	    "thresholds.approvals", SN_E_POLICY },
	{ "another operations threshold", "\"operations\":2", "\"operations\":3",
	    "thresholds.operations", SN_E_POLICY },
	{ "another share threshold", "\"shares\":2", "\"shares\":3", "thresholds.shares",
	    SN_E_POLICY },
	{ "another number of shares", "\"shares_of\":3", "\"shares_of\":4",
	    "thresholds.shares_of", SN_E_POLICY },
	{ "a collateral time", "\"earliest_expiry\"",
	    "\"collateral_time\":\"2025-07-01T00:00:00Z\",\"earliest_expiry\"",
	    "collateral_time", SN_E_POLICY },
	{ "an exception that the plan does not make", "\"expires\"",
	    "\"exceptions\":[{\"reason\":\"haste\",\"what\":\"expired-collateral\"}],"
	    "\"expires\"",
	    "exceptions", SN_E_FORMAT },
	{ "reduced separation of a full team", "\"sequence\":1,",
	    "\"separation\":\"reduced\",\"sequence\":1,", "separation", SN_E_FORMAT },
	{ "another word for separation", "\"sequence\":1,",
	    "\"separation\":\"full\",\"sequence\":1,", "separation", SN_E_FORMAT },
	{ "a vendor's evidence", "\"software\"", "\"vendor\"", "evidence_class", SN_E_POLICY },
	{ "evidence that the plan does not pin", "\"software\"", "\"pinned\"", "evidence_class",
	    SN_E_POLICY },
	{ "a member that nobody knows", "\"world\"", "\"worlds\":1,\"world\"", "",
	    SN_E_FORMAT },
	{ "no subject", "\"name\":\"VERIFY.txt\"", "\"name\":\"\"", "", SN_E_FORMAT },
};

static void
test_unfit(void **state)
{
	const struct unfit_row *row = *state;
	char *good = rig_statement(plan, identity);
	char *unfit = rig_replaced(good, row->find, row->put);

	check_unfit(signer, unfit, row->expect, row->about);
	free(good);
	free(unfit);
}

struct stated_row {
	const char *name;
	size_t n;
	struct rig_stated who[RIG_APPROVERS + 1];
};

static const struct stated_row stated_rows[] = {
	{ "one approver less", 2, { { "ada", 0 }, { "bob", 1 } } },
	{ "one approver more", 4, { { "ada", 0 }, { "bob", 1 }, { "cyn", 2 }, { "dan", 3 } } },
	{ "an approver with a stranger's key", 3,
	    { { "ada", 0 }, { "bob", 1 }, { "cyn", 3 } } },
	{ "an approver with another name", 3, { { "ada", 0 }, { "bob", 1 }, { "dan", 2 } } },
	{ "two approvers with each other's keys", 3,
	    { { "ada", 1 }, { "bob", 0 }, { "cyn", 2 } } },
};

static void
test_stated(void **state)
{
	const struct stated_row *row = *state;
	char *s = rig_statement_by(plan, identity, row->who, row->n);

	check_unfit(signer, s, SN_E_POLICY, "approver");
	free(s);
}

/* Digests cannot be replaced by a row: those of another plan and of another identity. */
static void
test_unfit_digests(void **state)
{
	char *next = rig_replaced(plan, "\"R-1\"", "\"R-2\"");
	char *other_plan = rig_statement(next, identity);
	char *other_identity = rig_statement(plan, (const uint8_t *)plan);

	(void)state;
	check_unfit(signer, other_plan, SN_E_POLICY, "plan_sha256");
	check_unfit(signer, other_identity, SN_E_POLICY, "identity_sha256");
	check_unfit(signer, "{}", SN_E_FORMAT, "");
	check_unfit(signer, "[]", SN_E_FORMAT, "");
	check_unfit(signer, "", SN_E_FORMAT, "");
	free(next);
	free(other_plan);
	free(other_identity);
}

/* A production that pins its TPM takes that class, and neither of the others. */
static void
test_production_evidence(void **state)
{
	char *made_as = rig_production_plan(M, N);
	char *pinning = rig_replaced(made_as, "\"machine\"",
	    "\"machine\",\"tpm_ek\":"
	    "\"0000000000000000000000000000000000000000000000000000000000000000\"");
	struct keeper_files files = { 0 };
	uint8_t theirs[32];
	struct keeper *k = rig_genesis(pinning, N, NULL, &files, theirs);
	char *software = rig_statement(pinning, theirs);
	char *vendor = rig_replaced(software, "\"software\"", "\"vendor\"");
	char *pinned = rig_replaced(software, "\"software\"", "\"pinned\"");

	(void)state;
	check_unfit(k, software, SN_E_POLICY, "evidence_class");
	check_unfit(k, vendor, SN_E_POLICY, "evidence_class");
	RIG_OK(rig_approve(k, 0, KEEPER_APPROVE_STATEMENT, pinned));
	free(made_as);
	free(pinning);
	free(software);
	free(vendor);
	free(pinned);
	keeper_files_done(&files);
	keeper_stop(&k);
}

/* The class vendor needs the plan's word for it, and the key that was enrolled. */
static void
test_vendor_evidence(void **state)
{
	char *made_as = rig_production_plan(M, N);
	char *naming = rig_replaced(made_as, "\"machine\"",
	    "\"machine\",\"tpm_ak\":"
	    "\"0000000000000000000000000000000000000000000000000000000000000000\"");
	struct keeper_files files = { 0 };
	uint8_t theirs[32];
	struct keeper *k = rig_genesis(naming, N, NULL, &files, theirs);
	char *software = rig_statement(naming, theirs);
	char *vendor = rig_replaced(software, "\"software\"", "\"vendor\"");
	char *pinned = rig_replaced(software, "\"software\"", "\"pinned\"");

	(void)state;
	check_unfit(k, software, SN_E_POLICY, "evidence_class");
	check_unfit(k, pinned, SN_E_POLICY, "evidence_class");
	RIG_OK(rig_approve(k, 0, KEEPER_APPROVE_STATEMENT, vendor));
	free(made_as);
	free(naming);
	free(software);
	free(vendor);
	free(pinned);
	keeper_files_done(&files);
	keeper_stop(&k);
}

#define EXCEPTION                                                                              \
	"\"exceptions\":[{\"what\":\"expired-collateral\",\"collateral_time\":"                \
	"\"2024-07-01T00:00:00Z\",\"reason\":\"air gap\"}],\"tpm\""
#define STATED_TIME "\"collateral_time\":\"2024-07-01T00:00:00Z\",\"earliest_expiry\""
#define STATED(reason)                                                                         \
	"\"exceptions\":[{\"reason\":\"" reason "\",\"what\":\"expired-collateral\"}],"        \
	"\"expires\""

/* An exception is stated word for word, and only if the plan makes it. */
static void
test_exception(void **state)
{
	char *excepting = rig_replaced(plan, "\"tpm\"", EXCEPTION);
	struct keeper_files files = { 0 };
	uint8_t theirs[32];
	struct keeper *k = rig_genesis(excepting, N, NULL, &files, theirs);
	char *none = rig_statement(excepting, theirs);
	char *quiet = rig_replaced(none, "\"earliest_expiry\"", STATED_TIME);
	char *other = rig_replaced(quiet, "\"expires\"", STATED("haste"));
	char *good = rig_replaced(quiet, "\"expires\"", STATED("air gap"));
	char *unplanned = rig_statement(plan, identity);
	char *timed = rig_replaced(unplanned, "\"earliest_expiry\"", STATED_TIME);
	char *made_up = rig_replaced(timed, "\"expires\"", STATED("air gap"));

	(void)state;
	check_unfit(k, none, SN_E_POLICY, "collateral_time");
	check_unfit(k, quiet, SN_E_POLICY, "exceptions");
	check_unfit(k, other, SN_E_POLICY, "exceptions");
	check_unfit(signer, made_up, SN_E_POLICY, "collateral_time");
	RIG_OK(rig_approve(k, 0, KEEPER_APPROVE_STATEMENT, good));
	free(excepting);
	free(none);
	free(quiet);
	free(other);
	free(good);
	free(unplanned);
	free(timed);
	free(made_up);
	keeper_files_done(&files);
	keeper_stop(&k);
}

/* What an approver signed for a rehearsal approves no production, nor the reverse. */
static void
test_approvals_of_worlds(void **state)
{
	char *text[2] = { rig_plan("genesis", M, N), rig_production_plan(M, N) };
	struct sn_buf sig[2] = { { 0 }, { 0 } };
	struct plan *p[2] = { NULL };

	(void)state;
	for (size_t w = 0; w < 2; w++) {
		struct keeper *k = rig_keeper(text[w], rig_seed(RIG_SEED_LEN));

		RIG_OK(plan_parse(bytes_str(text[w]), &p[w], &why));
		RIG_OK(keeper_approve(k, "ada", KEEPER_APPROVE_PLAN,
		    sn_buf_bytes(&rig_approvers[0].key), BYTES_STR(RIG_PASSPHRASE),
		    BYTES_OF(p[w]->digest), &sig[w], &why));
		keeper_stop(&k);
	}
	for (size_t w = 0; w < 2; w++) {
		RIG_OK(approver_check_plan(&p[w]->approvers[0], p[w]->digest,
		    sn_buf_bytes(&sig[w]), &why));
		assert_int_equal(approver_check_plan(&p[w]->approvers[0], p[w]->digest,
				     sn_buf_bytes(&sig[!w]), NULL),
		    SN_E_SIGNATURE);
	}
	for (size_t w = 0; w < 2; w++) {
		free(text[w]);
		sn_buf_done(&sig[w]);
		plan_free(&p[w]);
	}
}

/* Two different people for one keyboard; what they signed holds for no other. */
static void
test_keyboard(void **state)
{
	static const char one[] = "7 keyboard 046d:c31c at 1-2";
	static const char other[] = "8 keyboard 046d:c31c at 1-2";
	SN_CLEANUP(sn_buf_done) struct sn_buf sig = { 0 };
	struct plan *p = NULL;

	(void)state;
	RIG_OK(plan_parse(bytes_str(plan), &p, &why));
	RIG_OK(keeper_approve(signer, "ada", KEEPER_ACCEPT_USB,
	    sn_buf_bytes(&rig_approvers[0].key), BYTES_STR(RIG_PASSPHRASE), bytes_str(one),
	    &sig, &why));
	RIG_OK(approver_check_usb(&p->approvers[0], p->digest, bytes_str(one),
	    sn_buf_bytes(&sig), &why));
	assert_int_equal(approver_check_usb(&p->approvers[0], p->digest, bytes_str(other),
			     sn_buf_bytes(&sig), NULL),
	    SN_E_SIGNATURE);
	assert_int_equal(approver_check_usb(&p->approvers[1], p->digest, bytes_str(one),
			     sn_buf_bytes(&sig), NULL),
	    SN_E_SIGNATURE);
	assert_int_equal(rig_approve(signer, 0, KEEPER_ACCEPT_USB, one), SN_E_POLICY);
	assert_int_equal(rig_approve(signer, 3, KEEPER_ACCEPT_USB, one), SN_E_POLICY);
	RIG_OK(rig_approve(signer, 1, KEEPER_ACCEPT_USB, one));
	RIG_OK(rig_approve(signer, 0, KEEPER_ACCEPT_USB, other));
	RIG_OK(rig_approve(signer, 0, KEEPER_ACCEPT_USB, one)); /* begun anew in between */
	assert_int_equal(rig_approve(signer, 0, KEEPER_ACCEPT_USB, ""), SN_E_FORMAT);
	assert_int_equal(rig_approve(signer, 0, KEEPER_ACCEPT_USB, "\033[2J"), SN_E_FORMAT);
	plan_free(&p);
}

static void
test_statement(void **state)
{
	char *good = rig_statement(plan, identity);
	char *changed = rig_replaced(good, "\"size\":7", "\"size\":8");
	SN_CLEANUP(sn_buf_done) struct sn_buf p384 = { 0 }, mldsa = { 0 };

	(void)state;
	assert_int_equal(keeper_sign_statement(signer, bytes_str(good), &p384, &mldsa, NULL),
	    SN_E_POLICY);
	RIG_OK(rig_approve(signer, 0, KEEPER_APPROVE_STATEMENT, good));
	assert_int_equal(rig_approve(signer, 0, KEEPER_APPROVE_STATEMENT, good), SN_E_POLICY);
	assert_int_equal(rig_approve(signer, 1, KEEPER_APPROVE_STATEMENT, changed),
	    SN_E_POLICY);
	assert_int_equal(rig_approve(signer, 3, KEEPER_APPROVE_STATEMENT, good), SN_E_POLICY);
	assert_int_equal(keeper_sign_statement(signer, bytes_str(good), &p384, &mldsa, NULL),
	    SN_E_POLICY);
	RIG_OK(rig_approve(signer, 2, KEEPER_APPROVE_STATEMENT, good));
	assert_int_equal(keeper_sign_statement(signer, bytes_str(changed), &p384, &mldsa, NULL),
	    SN_E_POLICY);
	assert_int_equal(p384.n + mldsa.n, 0);
	RIG_OK(keeper_sign_statement(signer, bytes_str(good), &p384, &mldsa, &why));
	check_cms("trust/root-p384.pem", sn_buf_bytes(&p384), good, CRY_SIG_ECDSA_P384_SHA384);
	check_cms("trust/root-mldsa87.pem", sn_buf_bytes(&mldsa), good, CRY_SIG_MLDSA87);
	/* nothing is left to sign with */
	assert_int_equal(keeper_sign_statement(signer, bytes_str(good), &p384, &mldsa, NULL),
	    SN_E_PROTO);
	free(good);
	free(changed);
}

int
main(int argc, char **argv)
{
	struct test_list *l = test_list_new();
	int status;
	size_t i;

	rig_start(argc, argv);
	plan = rig_plan("genesis", M, N);
	signer = rig_genesis(plan, N, NULL, &made, identity);
	for (i = 0; i < SN_NITEMS(unfit_rows); i++)
		test_list_add(l, test_unfit, &unfit_rows[i], "not signed: %s",
		    unfit_rows[i].name);
	for (i = 0; i < SN_NITEMS(stated_rows); i++)
		test_list_add(l, test_stated, &stated_rows[i], "not signed: %s",
		    stated_rows[i].name);
	test_list_add(l, test_unfit_digests, NULL, "not signed: another plan, identity");
	test_list_add(l, test_production_evidence, NULL, "evidence of a production");
	test_list_add(l, test_vendor_evidence, NULL, "evidence by an enrolled key");
	test_list_add(l, test_exception, NULL, "an exception, word for word");
	test_list_add(l, test_approvals_of_worlds, NULL, "approvals of the other world");
	test_list_add(l, test_keyboard, NULL, "a keyboard by two different people");
	test_list_add(l, test_statement, NULL, "a statement only after its approvals");
	status = test_list_run(l, "keeper's signatures");
	keeper_stop(&signer);
	keeper_files_done(&made);
	free(plan);
	rig_stop();
	return status;
}
