/* The writer: its closing order, what it refuses to add, and the files that it makes. */
#include "ceremony/bundle/format.h"
#include "firmware-cache/store/store.h"
#include "tests/ceremony/bundle/fixture.h"

static struct fix prod;

/* A bundle with everything that sealing wants. */
static struct bun *
filled(struct tr **ret_t)
{
	static const struct fix_bundle plain;
	struct bun *b = NULL;

	*ret_t = fix_transcript(&prod, &fix_plain);
	FIX_OK(bun_new(&b, why));
	fix_add_trust(&prod, &plain, b);
	fix_add_transcript(&prod, &plain, *ret_t, b);
	fix_audit(&prod, &plain, b);
	fix_tpm(&prod, &plain, b);
	return b;
}

static void
approve(struct bun *b, size_t i, enum sn_err want)
{
	struct sn_buf sig = { 0 };

	FIX_OK(cry_sign(prod.approver[i], bun_statement(b), &sig, why));
	assert_int_equal(bun_add_approval(b, fix_names[i], sn_buf_bytes(&sig), NULL), want);
	sn_buf_done(&sig);
}

/* Every call in every state but its own is refused and changes nothing. */
static void
test_order(void **state)
{
	static const struct fix_bundle plain;
	const struct bytes x = BYTES_STR("x");
	struct tr *t = NULL;
	struct bun *b = filled(&t);
	uint8_t digest[32];

	(void)state;
	assert_int_equal(bun_statement(b).n, 0);
	assert_int_equal(bun_statement_sha256(b, digest, NULL), SN_E_BUNDLE);
	assert_int_equal(bun_add_approval(b, "alice", x, NULL), SN_E_BUNDLE);
	assert_int_equal(bun_set_cms(b, x, x, NULL), SN_E_BUNDLE);
	assert_int_equal(bun_set_quote(b, x, x, x, NULL), SN_E_BUNDLE);
	assert_int_equal(bun_write(b, -1, NULL), SN_E_BUNDLE);
	assert_int_equal(bun_count(b), 0);

	fix_seal(&prod, &plain, t, b);
	assert_int_equal(bun_add(b, "late.txt", x, NULL), SN_E_BUNDLE);
	assert_int_equal(bun_set_openings(b, x, NULL), SN_E_BUNDLE);
	assert_int_equal(bun_set_cms(b, x, x, NULL), SN_E_BUNDLE); /* no approvals */
	approve(b, 0, SN_OK);
	approve(b, 0, SN_E_BUNDLE);				   /* the same again */
	assert_int_equal(bun_set_cms(b, x, x, NULL), SN_E_BUNDLE); /* one of two */
	assert_int_equal(bun_set_quote(b, x, x, x, NULL), SN_E_BUNDLE);
	approve(b, 1, SN_OK);
	assert_int_equal(bun_set_cms(b, x, x, NULL), SN_OK);
	approve(b, 2, SN_E_BUNDLE); /* after the signatures */
	assert_int_equal(bun_set_cms(b, x, x, NULL), SN_E_BUNDLE);
	assert_int_equal(bun_count(b), 0);
	assert_int_equal(bun_set_quote(b, x, x, x, NULL), SN_OK);
	assert_int_equal(bun_set_quote(b, x, x, x, NULL), SN_E_BUNDLE);
	assert_in_range(bun_count(b), 20, 60);
	for (size_t i = 1; i < bun_count(b); i++)
		assert_true(strcmp(bun_file(b, i - 1).path, bun_file(b, i).path) < 0);
	assert_null(bun_file(b, bun_count(b)).path);
	bun_free(&b);
	bun_free(&b);
	tr_free(&t);
}

static void
test_false_approval(void **state)
{
	static const struct fix_bundle plain;
	struct tr *t = NULL;
	struct bun *b = filled(&t);
	struct sn_buf sig = { 0 };

	(void)state;
	fix_seal(&prod, &plain, t, b);
	FIX_OK(cry_sign(prod.approver[0], bun_statement(b), &sig, why));
	assert_int_equal(bun_add_approval(b, "bob", sn_buf_bytes(&sig), NULL), SN_E_SIGNATURE);
	assert_int_equal(bun_add_approval(b, "mallory", sn_buf_bytes(&sig), NULL), SN_E_BUNDLE);
	sig.p[10] ^= 1;
	assert_int_not_equal(bun_add_approval(b, "alice", sn_buf_bytes(&sig), NULL), SN_OK);
	sn_buf_done(&sig);
	bun_free(&b);
	tr_free(&t);
}

struct path_row {
	const char *path;
	enum sn_err want;
};

/* After "a/file" and "b" are there. */
static const struct path_row paths[] = {
	{ "a/other", SN_OK },
	{ "evidence/measurements.json", SN_OK },
	{ "secrets/node-1/token.key.cms", SN_OK },
	{ "a/file", SN_E_BUNDLE },
	{ "A/FILE", SN_E_BUNDLE },
	{ "a", SN_E_BUNDLE },
	{ "B/c", SN_E_BUNDLE },
	{ "/absolute", SN_E_BUNDLE },
	{ "../up", SN_E_BUNDLE },
	{ "a/../b2", SN_E_BUNDLE },
	{ "with blank", SN_E_BUNDLE },
	{ "back\\slash", SN_E_BUNDLE },
	{ "", SN_E_BUNDLE },
	{ "a//b", SN_E_BUNDLE },
	{ ".hidden", SN_E_BUNDLE },
	{ "statement.json", SN_E_BUNDLE },
	{ "statement.p384.p7s", SN_E_BUNDLE },
	{ "SHA256SUMS", SN_E_BUNDLE },
	{ "sha256sums", SN_E_BUNDLE },
	{ "VERIFY.txt", SN_E_BUNDLE },
	{ "approvals/alice.sig", SN_E_BUNDLE },
	{ "approvals/other.txt", SN_E_BUNDLE },
	{ "evidence/quote.msg", SN_E_BUNDLE },
	{ "transcript/openings.jsonl", SN_E_BUNDLE },
	{ "transcript/cosignatures/w.note", SN_E_BUNDLE },
	{ "closing/x", SN_E_BUNDLE },
	{ "ops/1/statement.json", SN_E_BUNDLE },
	{ "collateral/original/crl.der", SN_E_BUNDLE },
	{ "Collateral/Original/crl.der", SN_E_BUNDLE },
	{ "collateral/carried/rim.xml", SN_E_BUNDLE },
	{ "Collateral/Carried/rim.xml", SN_E_BUNDLE },
};

static void
test_path(void **state)
{
	const struct path_row *row = *state;
	struct bun *b = NULL;

	FIX_OK(bun_new(&b, why));
	FIX_OK(bun_add(b, "a/file", BYTES_STR("1"), why));
	FIX_OK(bun_add(b, "b", BYTES_STR("2"), why));
	assert_int_equal(bun_add(b, row->path, BYTES_STR("3"), NULL), row->want);
	bun_free(&b);
}

/* Nothing can be left out that the verifier needs. */
static void
test_incomplete(void **state)
{
	const char *left_out = *state;
	static const struct fix_bundle plain;
	const struct bun_expiry expiry = { "x", FIX_EXPIRY };
	struct bun_predicate p = { .expires = &expiry, .nexpires = 1 };
	struct tr *t = fix_transcript(&prod, &fix_plain);
	struct bun *b = NULL, *part = NULL;
	struct sn_why said = { 0 };

	FIX_OK(bun_new(&b, why));
	fix_add_trust(&prod, &plain, b);
	fix_add_transcript(&prod, &plain, t, b);
	fix_audit(&prod, &plain, b);
	fix_tpm(&prod, &plain, b);
	fix_seal(&prod, &plain, t, b);
	fix_sign(&prod, &plain, t, b);
	FIX_OK(bun_new(&part, why));
	for (size_t i = 0; i < bun_count(b); i++)
		if (strcmp(bun_file(b, i).path, left_out) != 0)
			(void)!bun_add(part, bun_file(b, i).path, bun_file(b, i).data, NULL);
	assert_int_equal(bun_seal(part, &p, &said), SN_E_BUNDLE);
	assert_non_null(strstr(said.text, left_out));
	bun_free(&b);
	bun_free(&part);
	tr_free(&t);
}

/* The store's type is the only way into collateral/original/. */
static void
test_collateral_type(void **state)
{
	enum sn_err (*add)(struct bun *, const struct col_verified *, struct sn_why *) =
	    bun_add_collateral;

	(void)state;
	assert_true(_Generic(&bun_add_collateral,
		enum sn_err(*)(struct bun *, const struct col_verified *,
		    struct sn_why *): true,
		default: false));
	assert_non_null(add);
}

/* What is written is what is verified, through the careful writer. */
static void
test_write(void **state)
{
	static const struct fix_bundle plain;
	const struct bun_policy policy = fix_policy(&prod);
	char *dir = test_format("%s/out", test_tmpdir());
	struct tr *t = NULL;
	struct bun *b = filled(&t);

	(void)state;
	fix_seal(&prod, &plain, t, b);
	fix_sign(&prod, &plain, t, b);
	assert_int_equal(mkdir(dir, 0755), 0);
	const int fd = open(dir, O_RDONLY | O_DIRECTORY);
	FIX_OK(bun_write(b, fd, why));
	assert_int_equal(bun_write(b, fd, NULL), SN_E_IO); /* nothing is replaced */
	close(fd);
	assert_int_equal(fix_verify(dir, &policy, NULL, NULL), SN_OK);
	bun_free(&b);
	tr_free(&t);
	free(dir);
}

/* VERIFY.txt is prose of 80 columns; only commands may be longer. */
static void
test_verify_text(void **state)
{
	static const struct fix_bundle plain;
	struct tr *t = NULL;
	struct bun *b = filled(&t);
	size_t commands = 0;

	(void)state;
	fix_seal(&prod, &plain, t, b);
	fix_sign(&prod, &plain, t, b);
	for (size_t i = 0; i < bun_count(b); i++) {
		struct bytes text = bun_file(b, i).data;

		if (strcmp(bun_file(b, i).path, BUN_VERIFY_TXT) != 0)
			continue;
		while (text.n > 0) {
			const size_t n = bytes_find(text, BYTES_STR("\n"));

			assert_int_not_equal(n, SIZE_MAX);
			if (n > 2 && memcmp(text.p, "$ ", 2) == 0)
				commands++;
			else
				assert_in_range(n, 0, 80);
			text.p += n + 1;
			text.n -= n + 1;
		}
	}
	assert_in_range(commands, 30, 40);
	bun_free(&b);
	tr_free(&t);
}

int
main(void)
{
	struct test_list *l = test_list_new();

	fix_start();
	fix_make(&prod, 1, PLAN_PRODUCTION);
	test_list_add(l, test_order, NULL, "the closing order and no other");
	test_list_add(l, test_false_approval, NULL, "approvals are checked at once");
	test_list_add(l, test_collateral_type, NULL, "collateral comes verified");
	test_list_add(l, test_write, NULL, "written, verified, not replaced");
	test_list_add(l, test_verify_text, NULL, "VERIFY.txt's lines");
	for (size_t i = 0; i < SN_NITEMS(paths); i++)
		test_list_add(l, test_path, (void *)(uintptr_t)&paths[i], "add: \"%s\"",
		    paths[i].path);
	for (size_t i = 0; bun_required(BUN_KIND_BUNDLE, i) != NULL; i++)
		if (bun_class_of(bun_required(BUN_KIND_BUNDLE, i)) == BUN_BOUND &&
		    strcmp(bun_required(BUN_KIND_BUNDLE, i), BUN_SUMS) != 0 &&
		    strcmp(bun_required(BUN_KIND_BUNDLE, i), BUN_VERIFY_TXT) != 0)
			test_list_add(l, test_incomplete,
			    (void *)(uintptr_t)bun_required(BUN_KIND_BUNDLE, i),
			    "sealing without %s", bun_required(BUN_KIND_BUNDLE, i));
	const int status = test_list_run(l, "writer");
	fix_done(&prod);
	return status;
}
