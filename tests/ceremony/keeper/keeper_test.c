/*
 * The keeper in a process of its own: a whole genesis, and what it refuses on the way.
 * timeout: 180
 */
#include "appliance/base/json.h"
#include "ceremony/keys/certs.h"
#include "ceremony/keys/opshares.h"
#include "ceremony/transcript/note.h"
#include "tests/ceremony/keeper/rig.h"

#define M 2
#define N 3

static char *plan;

/* What one genesis left behind. */
static char *texts[N];
static struct keeper_files made;
static uint8_t identity[32];

/* ---- genesis */

static void
test_report(void **state)
{
	struct keeper *k = rig_keeper(plan, rig_seed(RIG_SEED_LEN));
	SN_CLEANUP(sn_buf_done) struct sn_buf report = { 0 };
	yyjson_doc *doc;
	yyjson_val *sources;

	(void)state;
	RIG_OK(rig_approve(k, 0, KEEPER_APPROVE_PLAN, ""));
	RIG_OK(rig_approve(k, 1, KEEPER_APPROVE_PLAN, ""));
	RIG_OK(keeper_seed(k, &report, &why));
	assert_true(report.n <= 1024); /* it becomes one argument of a record */
	doc = yyjson_read((const char *)report.p, report.n, 0);
	sources = yyjson_obj_get(yyjson_doc_get_root(doc), "sources");
	assert_int_equal(yyjson_arr_size(sources), 4);
	for (size_t i = 0; i < 2; i++) { /* tpm and kernel; the CPU's source may be absent */
		yyjson_val *s = yyjson_arr_get(sources, i);

		assert_int_equal(yyjson_get_uint(yyjson_obj_get(s, "bytes")), 512);
		assert_string_equal(yyjson_get_str(yyjson_obj_get(s, "health")), "passed");
		assert_true(yyjson_get_len(yyjson_obj_get(s, "name")) <= 16);
	}
	yyjson_doc_free(doc);
	keeper_stop(&k);
	assert_null(k);
	keeper_stop(&k);
}

#define ROLLS                                                                                  \
	"415326143562215346641352126435516243326154451263634215562314143652265413351426624531" \
	"413265526134352164461523215634543216"

/* Does the report let people with the paper compare? In production it says nothing of it. */
static void
check_dice_report(const struct sn_buf *report, bool told)
{
	yyjson_doc *doc = yyjson_read((const char *)report->p, report->n, 0);
	yyjson_val *root = yyjson_doc_get_root(doc), *row, *dice;
	SN_CLEANUP(sn_buf_done) struct sn_buf text = { 0 };
	uint8_t salt[16], want[32], got[CRY_MAX_HASH];

	row = yyjson_arr_get(yyjson_obj_get(root, "sources"), 3);
	assert_true(yyjson_equals_str(yyjson_obj_get(row, "name"), "dice"));
	assert_int_equal(yyjson_get_uint(yyjson_obj_get(row, "bytes")), strlen(ROLLS));
	assert_true(report->n <= 1024);
	dice = yyjson_obj_get(root, "dice");
	assert_int_equal(dice != NULL, told);
	if (told) {
		RIG_OK(sn_json_hex(dice, "salt", salt, sizeof(salt), "report", &why));
		RIG_OK(sn_json_hex(dice, "sha256", want, sizeof(want), "report", &why));
		sn_buf_put(&text, BYTES_OF(salt));
		sn_buf_str(&text, ROLLS);
		RIG_OK(cry_digest(CRY_SHA256, sn_buf_bytes(&text), got, &why));
		assert_memory_equal(got, want, sizeof(want));
	}
	assert_int_equal(bytes_find(sn_buf_bytes(report), BYTES_STR("415326")), SIZE_MAX);
	yyjson_doc_free(doc);
}

/* No seed before two people typed the dice that the plan wants; then the dice are in it. */
static void
test_dice(void **state)
{
	const bool production = *state != NULL;
	char *made_as = production ? rig_production_plan(M, N) : rig_plan("genesis", M, N);
	char *dicing = rig_replaced(made_as, "\"tpm\"", "\"dice\":true,\"tpm\"");
	struct keeper *k = rig_keeper(dicing, rig_seed(RIG_SEED_LEN));
	SN_CLEANUP(sn_buf_done) struct sn_buf report = { 0 };
	uint32_t count = 0;

	assert_int_equal(keeper_dice(k, BYTES_STR(ROLLS), &count, NULL), SN_E_PROTO);
	RIG_OK(rig_approve(k, 0, KEEPER_APPROVE_PLAN, ""));
	RIG_OK(rig_approve(k, 1, KEEPER_APPROVE_PLAN, ""));
	assert_int_equal(keeper_seed(k, &report, NULL), SN_E_PROTO);
	assert_int_equal(keeper_dice_last(k, BYTES_STR("5634543216"), NULL), SN_E_PROTO);
	assert_int_equal(keeper_dice(k, BYTES_STR("123456"), &count, NULL), SN_E_MEDIA);
	assert_int_equal(keeper_dice_last(k, BYTES_STR("123456"), NULL), SN_E_PROTO);
	RIG_OK(keeper_dice(k, BYTES_STR(ROLLS), &count, &why));
	assert_int_equal(count, strlen(ROLLS));
	assert_int_equal(keeper_seed(k, &report, NULL), SN_E_PROTO);
	assert_int_equal(keeper_dice_last(k, BYTES_STR("5634543215"), NULL), SN_E_MEDIA);
	assert_int_equal(keeper_dice_last(k, BYTES_STR("634543216"), NULL), SN_E_MEDIA);
	assert_int_equal(keeper_dice_last(k, BYTES_STR(""), NULL), SN_E_MEDIA);
	RIG_OK(keeper_dice_last(k, BYTES_STR("56345 43216"), &why));
	RIG_OK(keeper_dice(k, BYTES_STR(ROLLS), &count, &why)); /* anew: the second, too */
	assert_int_equal(keeper_seed(k, &report, NULL), SN_E_PROTO);
	RIG_OK(keeper_dice_last(k, BYTES_STR("5634543216"), &why));
	RIG_OK(keeper_seed(k, &report, &why));
	check_dice_report(&report, !production);
	free(made_as);
	free(dicing);
	keeper_stop(&k);
}

/* Nobody slips dice in that the plan does not want. */
static void
test_unplanned_dice(void **state)
{
	struct keeper *k = rig_keeper(plan, rig_seed(RIG_SEED_LEN));
	uint32_t count = 0;

	(void)state;
	RIG_OK(rig_approve(k, 0, KEEPER_APPROVE_PLAN, ""));
	RIG_OK(rig_approve(k, 1, KEEPER_APPROVE_PLAN, ""));
	assert_int_equal(keeper_dice(k, BYTES_STR(ROLLS), &count, NULL), SN_E_POLICY);
	keeper_stop(&k);
}

static void
test_genesis_files(void **state)
{
	static const char *const paths[] = { "trust/crl/root-mldsa87.pem",
		"trust/crl/root-p384.pem", "trust/crl/signing-ca-mldsa87.pem",
		"trust/crl/signing-ca-p384.pem", "trust/crl/token-ca-p384.pem",
		"trust/revocation.sealed", "trust/identity.json", "trust/log.pem",
		"trust/log.vkey", "trust/operations-mldsa87-chain.pem",
		"trust/operations-p384-chain.pem", "trust/root-mldsa87.pem",
		"trust/root-p384.pem", "trust/statement-mldsa87-chain.pem",
		"trust/statement-p384-chain.pem", "trust/token-chain.pem" };
	struct cry_cert *roots[2] = { NULL, NULL };
	struct cry_key *keys[2] = { NULL, NULL };
	uint8_t digest[32];
	size_t n;

	(void)state;
	assert_int_equal(made.n, SN_NITEMS(paths));
	for (size_t i = 0; i < SN_NITEMS(paths); i++)
		assert_non_null(rig_file(&made, paths[i]).p);
	RIG_OK(cry_cert_parse_pem(rig_file(&made, "trust/root-p384.pem"), &roots[0], &n, &why));
	RIG_OK(cry_cert_parse_pem(rig_file(&made, "trust/root-mldsa87.pem"), &roots[1], &n,
	    &why));
	for (size_t i = 0; i < 2; i++)
		RIG_OK(cry_cert_key(roots[i], &keys[i], &why));
	RIG_OK(certs_identity_digest(keys[0], keys[1], digest, &why));
	assert_memory_equal(digest, identity, 32);
	for (size_t i = 0; i < 2; i++) {
		cry_cert_free(&roots[i]);
		cry_key_free(&keys[i]);
	}
}

/* Two ceremonies under one plan have nothing in common. */
static void
test_genesis_fresh(void **state)
{
	struct keeper_files other = { 0 };
	uint8_t theirs[32];
	struct keeper *k = rig_genesis(plan, N, NULL, &other, theirs);

	(void)state;
	assert_memory_not_equal(theirs, identity, 32);
	keeper_files_done(&other);
	keeper_stop(&k);
}

/* ---- typing back */

struct typed_row {
	const char *name;
	enum sn_err expect;
	uint32_t word;
	bool drop_last, swap;
	const char *third;
};

static const struct typed_row typed_rows[] = {
	{ "the right words", SN_OK, 0, false, false, NULL },
	{ "an unknown word", SN_E_SHARE, 3, false, false, "zzzz" },
	{ "the last word missing", SN_E_SHARE, 0, true, false, NULL },
	{ "a word of another share", SN_E_SHARE, 0, false, true, NULL },
};

static void
test_typed(void **state)
{
	const struct typed_row *row = *state;
	struct keeper *k = rig_keeper(plan, rig_seed(RIG_SEED_LEN));
	SN_CLEANUP(sn_buf_done) struct sn_buf report = { 0 };
	SN_CLEANUP(sn_secret_done) struct sn_secret text = { 0 };
	char *typed, *shown;
	uint32_t word = 99;

	RIG_OK(rig_approve(k, 2, KEEPER_APPROVE_PLAN, ""));
	RIG_OK(rig_approve(k, 1, KEEPER_APPROVE_PLAN, ""));
	RIG_OK(keeper_seed(k, &report, &why));
	RIG_OK(keeper_share(k, 0, &text, &why));
	shown = test_format("%.*s", (int)text.n, (const char *)text.p);
	/* the other share is of another genesis: it differs in the identifier at least */
	typed = row->third != NULL ? rig_third_word(shown, row->third)
				   : test_format("%s", row->swap ? texts[0] : shown);
	if (row->drop_last)
		*strrchr(typed, ' ') = '\0';
	assert_int_equal(keeper_share_check(k, 0, bytes_str(typed), &word, NULL), row->expect);
	if (!row->swap)
		assert_int_equal(word, row->word);
	/* a wrong one may be shown and typed again; a right one is not shown again */
	sn_secret_done(&text);
	assert_int_equal(keeper_share(k, 0, &text, NULL),
	    row->expect == SN_OK ? SN_E_PROTO : SN_OK);
	if (row->expect != SN_OK)
		RIG_OK(keeper_share_check(k, 0, sn_secret_bytes(&text), &word, &why));
	free(typed);
	free(shown);
	keeper_stop(&k);
}

static void
test_share_turns(void **state)
{
	struct keeper *k = rig_keeper(plan, rig_seed(RIG_SEED_LEN));
	SN_CLEANUP(sn_buf_done) struct sn_buf report = { 0 };
	SN_CLEANUP(sn_secret_done) struct sn_secret text = { 0 };
	uint32_t word;

	(void)state;
	RIG_OK(rig_approve(k, 0, KEEPER_APPROVE_PLAN, ""));
	RIG_OK(rig_approve(k, 1, KEEPER_APPROVE_PLAN, ""));
	RIG_OK(keeper_seed(k, &report, &why));
	assert_int_equal(keeper_share(k, 1, &text, NULL), SN_E_PROTO);
	assert_int_equal(keeper_share(k, N, &text, NULL), SN_E_PROTO);
	assert_int_equal(keeper_share(k, UINT32_MAX, &text, NULL), SN_E_PROTO);
	assert_int_equal(keeper_share_check(k, 1, bytes_str(texts[1]), &word, NULL),
	    SN_E_PROTO);
	keeper_stop(&k);
}

static void
test_subsets(void **state)
{
	char *wide = rig_plan("genesis", 3, 5);
	struct keeper *k = rig_keeper(wide, rig_seed(RIG_SEED_LEN));
	SN_CLEANUP(sn_buf_done) struct sn_buf report = { 0 };
	uint32_t word, subsets;

	(void)state;
	RIG_OK(rig_approve(k, 0, KEEPER_APPROVE_PLAN, ""));
	RIG_OK(rig_approve(k, 1, KEEPER_APPROVE_PLAN, ""));
	RIG_OK(keeper_seed(k, &report, &why));
	for (uint32_t i = 0; i < 5; i++) {
		SN_CLEANUP(sn_secret_done) struct sn_secret text = { 0 };

		RIG_OK(keeper_share(k, i, &text, &why));
		RIG_OK(keeper_share_check(k, i, sn_secret_bytes(&text), &word, &why));
	}
	RIG_OK(keeper_trial(k, &subsets, &why));
	assert_int_equal(subsets, 10);
	free(wide);
	keeper_stop(&k);
}

/* ---- the seed */

struct seed_row {
	const char *name;
	size_t n;
	bool constant;
};

static const struct seed_row seed_rows[] = {
	{ "no bytes from the TPM", 0, false },
	{ "too few bytes from the TPM", RIG_SEED_LEN - 1, false },
	{ "a TPM that always says the same", RIG_SEED_LEN, true },
};

/* The ceremony cannot go on with that keeper: not seeded, not seeded again. */
static void
test_seed(void **state)
{
	const struct seed_row *row = *state;
	int fd = rig_seed(row->constant ? 0 : row->n);
	SN_CLEANUP(sn_buf_done) struct sn_buf report = { 0 };
	struct keeper *k;
	enum sn_err e;

	if (row->constant) {
		uint8_t same[RIG_SEED_LEN];
		int fds[2];

		close(fd);
		memset(same, 0x55, sizeof(same));
		assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
		assert_int_equal(write(fds[1], same, sizeof(same)), (ssize_t)sizeof(same));
		close(fds[1]);
		fd = fds[0];
	}
	k = rig_keeper(plan, fd);
	RIG_OK(rig_approve(k, 0, KEEPER_APPROVE_PLAN, ""));
	RIG_OK(rig_approve(k, 1, KEEPER_APPROVE_PLAN, ""));
	e = keeper_seed(k, &report, NULL);
	assert_int_not_equal(e, SN_OK);
	assert_int_equal(report.n, 0);
	assert_int_equal(keeper_seed(k, &report, NULL), SN_E_PROTO);
	keeper_stop(&k);
}

/* ---- approvals of the plan */

static void
test_plan_approvals(void **state)
{
	struct keeper *k = rig_keeper(plan, rig_seed(RIG_SEED_LEN));
	SN_CLEANUP(sn_buf_done) struct sn_buf report = { 0 }, sig = { 0 };
	struct rig_approver *ada = &rig_approvers[0];
	uint8_t digest[32];

	(void)state;
	assert_int_equal(rig_approve(k, 3, KEEPER_APPROVE_PLAN, ""), SN_E_POLICY);
	/* the right name with another's key, and with a wrong passphrase */
	assert_int_equal(keeper_approve(k, "ada", KEEPER_APPROVE_PLAN,
			     sn_buf_bytes(&rig_approvers[1].key), BYTES_STR(RIG_PASSPHRASE),
			     (struct bytes){ NULL, 0 }, &sig, NULL),
	    SN_E_POLICY);
	assert_int_equal(keeper_approve(k, "ada", KEEPER_APPROVE_PLAN, sn_buf_bytes(&ada->key),
			     BYTES_STR("wrong horse"), (struct bytes){ NULL, 0 }, &sig, NULL),
	    SN_E_PASSPHRASE);
	assert_int_equal(keeper_approve(k, "ada", KEEPER_APPROVE_PLAN, BYTES_STR("{}"),
			     BYTES_STR(RIG_PASSPHRASE), (struct bytes){ NULL, 0 }, &sig, NULL),
	    SN_E_FORMAT);
	assert_int_equal(sig.n, 0);
	RIG_OK(keeper_approve(k, "ada", KEEPER_APPROVE_PLAN, sn_buf_bytes(&ada->key),
	    BYTES_STR(RIG_PASSPHRASE), (struct bytes){ NULL, 0 }, &sig, &why));
	RIG_OK(cry_digest(CRY_SHA256, bytes_str(plan), digest, &why));
	RIG_OK(approver_check_plan(&ada->parsed, digest, sn_buf_bytes(&sig), &why));
	/* one is not two, and ada is not two people */
	assert_int_equal(rig_approve(k, 0, KEEPER_APPROVE_PLAN, ""), SN_E_POLICY);
	assert_int_equal(keeper_seed(k, &report, NULL), SN_E_PROTO);
	RIG_OK(rig_approve(k, 2, KEEPER_APPROVE_PLAN, ""));
	RIG_OK(rig_approve(k, 1, KEEPER_APPROVE_PLAN, ""));
	RIG_OK(keeper_seed(k, &report, &why));
	keeper_stop(&k);
}

struct size_row {
	const char *name;
	size_t file, phrase; /* 0: the right one */
	enum sn_err expect;
};

static const struct size_row size_rows[] = {
	{ "7 bytes of passphrase", 0, APPROVER_PASSPHRASE_MIN - 1, SN_E_PASSPHRASE },
	{ "257 bytes of passphrase", 0, APPROVER_PASSPHRASE_MAX + 1, SN_E_PASSPHRASE },
	{ "64 KiB of passphrase", 0, 65536, SN_E_PASSPHRASE },
	{ "an approver.key of 4097 bytes", APPROVER_FILE_MAX + 1, 0, SN_E_FORMAT },
	{ "an approver.key of 64 KiB", 65536, 0, SN_E_FORMAT },
};

/* Refused so that it can be mended: another passphrase, another stick. */
static void
test_approve_size(void **state)
{
	static const uint8_t filler[65536];
	const struct size_row *row = *state;
	struct keeper *k = rig_keeper(plan, -1);
	struct bytes file = sn_buf_bytes(&rig_approvers[0].key);
	struct bytes phrase = BYTES_STR(RIG_PASSPHRASE);
	SN_CLEANUP(sn_buf_done) struct sn_buf sig = { 0 };
	struct sn_why said = { 0 };

	if (row->file != 0)
		file = (struct bytes){ filler, row->file };
	if (row->phrase != 0)
		phrase = (struct bytes){ filler, row->phrase };
	assert_int_equal(keeper_approve(k, "ada", KEEPER_APPROVE_PLAN, file, phrase,
			     (struct bytes){ NULL, 0 }, &sig, &said),
	    row->expect);
	assert_non_null(strstr(said.text, row->file != 0 ? "at most" : "passphrase"));
	RIG_OK(rig_approve(k, 0, KEEPER_APPROVE_PLAN, ""));
	keeper_stop(&k);
}

static void
test_bad_plan(void **state)
{
	struct keeper *k = rig_keeper(NULL, -1);
	char *bad = test_format("%s", plan), *at = strstr(bad, "\"approvals\":2");

	(void)state;
	at[strlen("\"approvals\":")] = '9';
	assert_int_not_equal(keeper_plan(k, bytes_str(bad), NULL), SN_OK);
	assert_int_not_equal(keeper_plan(k, BYTES_STR("{}"), NULL), SN_OK);
	assert_int_not_equal(keeper_plan(k, (struct bytes){ NULL, 0 }, NULL), SN_OK);
	/* nothing of it stays: the right plan is taken */
	RIG_OK(keeper_plan(k, bytes_str(plan), &why));
	assert_int_equal(keeper_plan(k, bytes_str(plan), NULL), SN_E_PROTO);
	free(bad);
	keeper_stop(&k);
}

/* ---- operations shares and checkpoints */

static struct keeper *signer; /* derived, waiting for the closing */

static void
test_ops_shares(void **state)
{
	struct sn_secret opened[RIG_APPROVERS] = { 0 };
	struct bytes opened_bytes[RIG_APPROVERS];
	SN_CLEANUP(sn_secret_done) struct sn_secret operations = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf other = { 0 };

	(void)state;
	for (size_t i = 0; i < RIG_APPROVERS; i++) {
		struct approver_keys keys = { 0 };
		SN_CLEANUP(sn_buf_done) struct sn_buf cms = { 0 };

		RIG_OK(keeper_ops_share(signer, rig_approvers[i].name, &cms, &why));
		RIG_OK(approver_open(sn_buf_bytes(&rig_approvers[i].key),
		    BYTES_STR(RIG_PASSPHRASE), &keys, &why));
		RIG_OK(opshares_open(&keys, sn_buf_bytes(&cms), &opened[i], &why));
		opened_bytes[i] = sn_secret_bytes(&opened[i]);
		approver_keys_done(&keys);
	}
	RIG_OK(opshares_join(opened_bytes, 2, PLAN_REHEARSAL, &operations, &why));
	assert_int_equal(operations.n, DERIVE_OPERATIONS_LEN);
	assert_int_equal(keeper_ops_share(signer, "mallory", &other, NULL), SN_E_POLICY);
	assert_int_equal(keeper_ops_share(signer, "", &other, NULL), SN_E_POLICY);
	for (size_t i = 0; i < RIG_APPROVERS; i++)
		sn_secret_done(&opened[i]);
}

struct checkpoint_row {
	const char *name, *origin;
	unsigned int size;
	int fill;
	enum sn_err expect;
};

/* One after the other, on one keeper. */
static const struct checkpoint_row checkpoint_rows[] = {
	{ "another log", "cornerstone/rehearsal/b0", 5, 1, SN_E_POLICY },
	{ "the other world", "cornerstone/production/a0a1a2a3a4a5a6a7a8a9aaabacadaeaf", 5, 1,
	    SN_E_POLICY },
	{ "an empty tree", RIG_LOG_NAME, 0, 1, SN_E_POLICY },
	{ "the log", RIG_LOG_NAME, 5, 1, SN_OK },
	{ "the same again", RIG_LOG_NAME, 5, 1, SN_OK },
	{ "another tree of the same size", RIG_LOG_NAME, 5, 2, SN_E_POLICY },
	{ "a smaller tree", RIG_LOG_NAME, 4, 1, SN_E_POLICY },
	{ "a larger tree", RIG_LOG_NAME, 6, 3, SN_OK },
};

static void
test_checkpoint(void **state)
{
	const struct checkpoint_row *row = *state;
	char *body = rig_checkpoint(row->origin, row->size, row->fill);
	SN_CLEANUP(sn_buf_done) struct sn_buf note = { 0 };
	struct note_vkey vkey;
	struct bytes text;

	assert_int_equal(keeper_sign_checkpoint(signer, bytes_str(body), &note, NULL),
	    row->expect);
	if (row->expect == SN_OK) {
		RIG_OK(note_vkey_parse(rig_file(&made, "trust/log.vkey"), &vkey, &why));
		RIG_OK(note_verify(sn_buf_bytes(&note), &vkey, &text, &why));
		assert_true(bytes_equal(text, bytes_str(body)));
	}
	free(body);
}

/* ---- the process */

static void
test_no_program(void **state)
{
	struct keeper *k = NULL;

	(void)state;
	assert_int_not_equal(keeper_start("/nonexistent", -1, &k, NULL), SN_OK);
	assert_int_not_equal(keeper_start("/bin/true", -1, &k, NULL), SN_OK);
	assert_null(k);
}

static void
add_all(struct test_list *l)
{
	size_t i;

	test_list_add(l, test_genesis_files, NULL, "a genesis makes the trust files");
	test_list_add(l, test_genesis_fresh, NULL, "another genesis makes others");
	test_list_add(l, test_report, NULL, "the entropy report");
	test_list_add(l, test_dice, NULL, "dice in a rehearsal");
	test_list_add(l, test_dice, "production", "dice in production");
	test_list_add(l, test_unplanned_dice, NULL, "dice without a plan for them");
	for (i = 0; i < SN_NITEMS(seed_rows); i++)
		test_list_add(l, test_seed, &seed_rows[i], "no seed: %s", seed_rows[i].name);
	test_list_add(l, test_plan_approvals, NULL, "two different pinned approvers");
	for (i = 0; i < SN_NITEMS(size_rows); i++)
		test_list_add(l, test_approve_size, &size_rows[i], "no approval: %s",
		    size_rows[i].name);
	test_list_add(l, test_bad_plan, NULL, "a plan that does not hold");
	for (i = 0; i < SN_NITEMS(typed_rows); i++)
		test_list_add(l, test_typed, &typed_rows[i], "typed back: %s",
		    typed_rows[i].name);
	test_list_add(l, test_share_turns, NULL, "one custodian at a time");
	test_list_add(l, test_subsets, NULL, "trial recovery of all ten sets of 3 of 5");
	test_list_add(l, test_ops_shares, NULL, "operations shares");
	for (i = 0; i < SN_NITEMS(checkpoint_rows); i++)
		test_list_add(l, test_checkpoint, &checkpoint_rows[i], "checkpoint: %s",
		    checkpoint_rows[i].name);
	test_list_add(l, test_no_program, NULL, "a program that is not a keeper");
}

int
main(int argc, char **argv)
{
	struct test_list *l = test_list_new();
	int status;

	rig_start(argc, argv);
	plan = rig_plan("genesis", M, N);
	signer = rig_genesis(plan, N, texts, &made, identity);
	add_all(l);
	status = test_list_run(l, "keeper");
	keeper_stop(&signer);
	keeper_files_done(&made);
	for (size_t i = 0; i < N; i++)
		free(texts[i]);
	free(plan);
	rig_stop();
	return status;
}
