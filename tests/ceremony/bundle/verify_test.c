/* The verifier: a good bundle, every file flipped, missing or extra, and bad bundles whole. */
#include "ceremony/bundle/format.h"
#include "ceremony/bundle/statement.h"
#include "tests/ceremony/bundle/fixture.h"

static struct fix prod, other;
static const char *root; /* working directory of this program's bundles */
static char *good;

static char *
below(const char *name)
{
	return test_format("%s/%s", root, name);
}

/* A fresh directory name for one test. */
static char *
fresh(void)
{
	static unsigned int n;

	return test_format("%s/t%u", root, n++);
}

static void
test_good(void **state)
{
	const struct bun_policy p = fix_policy(&prod);
	struct bun_report r;
	struct sn_why why = { 0 };

	(void)state;
	if (fix_verify(good, &p, &r, &why) != SN_OK)
		fail_msg("%s", why.text);
	assert_true(r.authentic && r.current && r.accepted);
	assert_string_equal(r.world, "production");
	assert_int_equal(r.sequence, 1);
	assert_int_equal(r.records, 12);
	assert_int_equal(r.approvals, 2);
	assert_int_equal(r.good_until, FIX_EXPIRY);
	assert_memory_equal(r.identity, prod.identity, 32);
}

/* Both computations of the identity digest agree. */
static void
test_identity(void **state)
{
	struct sn_buf a = { 0 }, b = { 0 };
	uint8_t digest[32];

	(void)state;
	FIX_OK(cry_key_spki(prod.certs.key[KEY_ROOT_P384], &a, why));
	FIX_OK(cry_key_spki(prod.certs.key[KEY_ROOT_MLDSA87], &b, why));
	FIX_OK(bun_identity(sn_buf_bytes(&a), sn_buf_bytes(&b), digest, why));
	assert_memory_equal(digest, prod.identity, 32);
	sn_buf_done(&a);
	sn_buf_done(&b);
}

/* ---- every file */

static char **paths;
static size_t npaths;

static enum sn_err
collect(void *arg, const struct sn_walk_entry *e, struct sn_why *why)
{
	(void)arg;
	(void)why;
	paths = reallocarray(paths, npaths + 1, sizeof(paths[0]));
	paths[npaths++] = strdup(e->path);
	return SN_OK;
}

static void
collect_paths(void)
{
	const int fd = open(good, O_RDONLY | O_DIRECTORY);

	FIX_OK(sn_file_walk(fd, ".", collect, NULL, why));
	close(fd);
}

static void
test_flip(void **state)
{
	const char *path = *state;
	const struct bun_policy p = fix_policy(&prod);
	struct sn_buf data = { 0 };
	struct sn_why why = { 0 };

	fix_get(good, path, &data);
	const size_t at = data.n / 2;
	data.p[at] ^= 0x01;
	fix_put(good, path, sn_buf_bytes(&data));
	const enum sn_err e = fix_verify(good, &p, NULL, &why);
	data.p[at] ^= 0x01;
	fix_put(good, path, sn_buf_bytes(&data));
	if (strcmp(path, BUN_STATEMENT) == 0)
		assert_true(e == SN_E_FORMAT || e == SN_E_SIGNATURE || e == SN_E_MISSING);
	else
		assert_int_equal(e, SN_E_SIGNATURE);
	assert_string_not_equal(why.text, "");
	sn_buf_done(&data);
}

static void
test_append(void **state)
{
	const char *path = *state;
	const struct bun_policy p = fix_policy(&prod);
	struct sn_buf data = { 0 };

	fix_get(good, path, &data);
	sn_buf_u8(&data, '\n');
	fix_put(good, path, sn_buf_bytes(&data));
	const enum sn_err e = fix_verify(good, &p, NULL, NULL);
	data.n--;
	fix_put(good, path, sn_buf_bytes(&data));
	assert_true(e == SN_E_SIGNATURE ||
	    (e == SN_E_FORMAT && strcmp(path, BUN_STATEMENT) == 0));
	sn_buf_done(&data);
}

static void
test_missing(void **state)
{
	const char *path = *state;
	const struct bun_policy p = fix_policy(&prod);
	struct sn_buf data = { 0 };
	struct sn_why why = { 0 };

	fix_get(good, path, &data);
	fix_remove(good, path);
	const enum sn_err e = fix_verify(good, &p, NULL, &why);
	fix_put(good, path, sn_buf_bytes(&data));
	sn_buf_done(&data);
	if (strcmp(path, BUN_OPENINGS) == 0) { /* withheld for redaction */
		assert_int_equal(e, SN_OK);
		return;
	}
	assert_int_equal(e, SN_E_MISSING);
	if (strncmp(path, "approvals/", 10) != 0)
		assert_non_null(strstr(why.text, path));
}

struct extra_row {
	const char *path;
	enum sn_err want;
};

static const struct extra_row extras[] = {
	{ "extra.txt", SN_E_MISSING },
	{ "trust/approvers/mallory.pem", SN_E_MISSING },
	{ "trust/evil-chain.pem", SN_E_MISSING },
	{ "secrets/node-1/token.key.cms", SN_E_MISSING },
	{ "evidence/quote.txt", SN_E_MISSING },
	{ "approvals/notes.txt", SN_E_MISSING },
	{ "approvals/Alice.sig", SN_E_MISSING },
	{ "approvals/alice.sig.bak", SN_E_MISSING },
	{ "approvals/a/b.sig", SN_E_MISSING },
	{ "transcript/other.jsonl", SN_E_MISSING },
	{ "collateral/original/crl.der", SN_E_MISSING },
	{ "statement.p521.p7s", SN_E_MISSING },
	{ "closing", SN_E_MISSING },
	{ "approvals/mallory.sig", SN_E_SIGNATURE },
	{ ".hidden", SN_E_MISSING },
	{ ".DS_Store", SN_E_MISSING },
	{ "record/.DS_Store", SN_E_MISSING },
	{ "a b", SN_E_MISSING },
	{ "trust/mallory.pem", SN_E_MISSING },
	{ "closing/late.jsonl", SN_OK },
	{ "ops/1/statement.json", SN_E_FORMAT },
	{ "ops/1/record/record.txt", SN_E_MISSING },
	{ "ops/2/statement.json", SN_E_MISSING },
	{ "ops/01/statement.json", SN_E_MISSING },
	{ "ops/1000/statement.json", SN_E_MISSING },
	{ "ops/one/statement.json", SN_E_MISSING },
	{ "ops/README", SN_E_MISSING },
	{ "transcript/cosignatures/witness.note", SN_OK },
};

static void
test_extra(void **state)
{
	const struct extra_row *row = *state;
	const struct bun_policy p = fix_policy(&prod);
	char *dir = fresh();

	fix_write(&prod, NULL, dir);
	fix_put(dir, row->path, BYTES_STR("more\n"));
	assert_int_equal(fix_verify(dir, &p, NULL, NULL), row->want);
	free(dir);
}

/* A symbolic link is not a file, wherever it leads. */
static void
test_symlink(void **state)
{
	const struct bun_policy p = fix_policy(&prod);
	char *dir = fresh(), *link = test_format("%s/record/record.txt", dir),
	     *to = test_format("%s/record/record.txt", good);

	(void)state;
	fix_write(&prod, NULL, dir);
	assert_int_equal(unlink(link), 0);
	assert_int_equal(symlink(to, link), 0);
	assert_int_equal(fix_verify(dir, &p, NULL, NULL), SN_E_MISSING);
	free(dir);
	free(link);
	free(to);
}

/* An extra one, beside files that are all as they were. */
static void
test_extra_symlink(void **state)
{
	const struct bun_policy p = fix_policy(&prod);
	struct sn_why why = { 0 };
	char *dir = fresh(), *link = test_format("%s/record/more.txt", dir);

	(void)state;
	fix_write(&prod, NULL, dir);
	assert_int_equal(symlink("record.txt", link), 0);
	assert_int_equal(fix_verify(dir, &p, NULL, &why), SN_E_MISSING);
	assert_non_null(strstr(why.text, "record/more.txt"));
	free(dir);
	free(link);
}

/* Later events may be as large as they like: they are not read, only counted. */
static void
test_large_uncovered(void **state)
{
	const struct bun_policy p = fix_policy(&prod);
	struct bun_report r, plain;
	char *dir = fresh(), *path = test_format("%s/%s", dir, (const char *)*state);

	fix_write(&prod, NULL, dir);
	assert_int_equal(fix_verify(dir, &p, &plain, NULL), SN_OK);
	fix_put(dir, *state, BYTES_STR("x"));
	assert_int_equal(truncate(path, (off_t)BUN_MAX_FILE + 1), 0);
	assert_int_equal(fix_verify(dir, &p, &r, NULL), SN_OK);
	assert_int_equal(r.files, plain.files + 1);
	free(dir);
	free(path);
}

static const char *const large[] = { "closing/late.bin", "transcript/cosignatures/all.bin" };

/* ---- bundles that were made badly */

struct made_row {
	const char *name;
	struct fix_bundle make;
	enum sn_err want;
	const char *says; /* in the reason; NULL: anything */
};

static const struct made_row made[] = {
	{ "three approvals where two are needed", { .approvals = 7 }, SN_OK, NULL },
	{ "the other two approvers", { .approvals = 6 }, SN_OK, NULL },
	{ "a rebuild without a seeding audit", { .mode = "rebuild", .no_audit = true }, SN_OK,
	    NULL },
	{ "a genesis without a seeding audit", { .no_audit = true }, SN_E_MISSING,
	    "audit.msg" },
	{ "P-384 signed by the operations signer", { .signer_p384 = KEY_OPERATIONS_P384 },
	    SN_E_SIGNATURE, "statement.p384.p7s" },
	{ "ML-DSA signed by the operations signer", { .signer_mldsa = KEY_OPERATIONS_MLDSA87 },
	    SN_E_SIGNATURE, "statement.mldsa87.p7s" },
	{ "signer's certificate not valid yet", { .time = FIX_FROM - FIX_DAY }, SN_E_SIGNATURE,
	    "statement.p384.p7s" },
	{ "signer's certificate over", { .time = FIX_LEAF_TO + FIX_DAY }, SN_E_SIGNATURE,
	    "statement.p384.p7s" },
	{ "the statement names a longer transcript", { .wrong_size = true }, SN_E_SIGNATURE,
	    "transcript" },
	{ "PCR 15 has not seen the last record", { .skip_pcr15 = 1 }, SN_E_SIGNATURE,
	    "PCR 15" },
	{ "the audit is of another plan", { .audit_twist = 1 }, SN_E_SIGNATURE, "audit.msg" },
	{ "an attestation key outside a TPM", { .ak_twist = 0x02 }, SN_E_SIGNATURE, "ak.pub" },
	{ "records that are not canonical",
	    { .records = BYTES_STR("{\"id\":\"a\",\"args\":{}}\n") }, SN_E_FORMAT,
	    "records.jsonl" },
	{ "records that the checkpoint does not cover",
	    { .records = BYTES_STR("{\"args\":{},\"id\":\"a\",\"n\":0,\"step\":\"s\",\"t\":"
				   "\"2026-01-01T00:00:00Z\"}\n") },
	    SN_E_SIGNATURE, "checkpoint" },
	{ "roots of another sanctum, identity of ours", { .roots = &other }, SN_E_SIGNATURE,
	    "identity" },
	{ "roots and identity of another sanctum, signed by ours",
	    { .roots = &other, .identity_of = &other }, SN_E_SIGNATURE, "identity digest" },
	{ "identity of another sanctum", { .identity_of = &other }, SN_E_SIGNATURE,
	    "identity" },
	{ "a chain that is none",
	    { .extra_path = "trust/more-chain.pem", .extra = BYTES_STR("no PEM\n") },
	    SN_E_FORMAT, "trust/more-chain.pem" },
	{ "a third root",
	    { .extra_path = "trust/root-p521.pem", .extra = BYTES_STR("no PEM\n") },
	    SN_E_FORMAT, "trust/root-p521.pem" },
	{ "a collateral status without originals",
	    { .extra_path = "collateral/status.json",
		.extra =
		    BYTES_STR("{\"items\":[{\"accepted\":true,\"path\":\"x.der\",\"sha256\":"
			      "\"000102030405060708090a0b0c0d0e0f"
			      "000102030405060708090a0b0c0d0e0f\"}]}") },
	    SN_E_MISSING, "collateral/original/x.der" },
	{ "a collateral status that refused everything",
	    { .extra_path = "collateral/status.json",
		.extra = BYTES_STR("{\"items\":[{\"accepted\":false,\"path\":\"x.der\"}]}") },
	    SN_OK, NULL },
	{ "evidence software", { .evidence = "software" }, SN_E_EVIDENCE, "software" },
	{ "collateral has lapsed", { .collateral_until = FIX_T0 + 3600 }, SN_E_EXPIRED,
	    "collateral" },
	{ "a statement two days from now", { .time = FIX_T0 + 3 * FIX_DAY }, SN_E_EXPIRED,
	    "the future" },
	{ "a statement one hour from now", { .time = FIX_T0 + FIX_DAY + 3600 }, SN_OK, NULL },
};

static void
test_made(void **state)
{
	const struct made_row *row = *state;
	const struct bun_policy p = fix_policy(&prod);
	struct sn_why why = { 0 };
	struct bun_report r;
	char *dir = fresh();

	fix_write(&prod, &row->make, dir);
	const enum sn_err e = fix_verify(dir, &p, &r, &why);
	if (e != row->want)
		fail_msg("%s: %s, not %s", sn_err_name(e), why.text, sn_err_name(row->want));
	assert_true(r.accepted == (row->want == SN_OK));
	if (row->says != NULL && strstr(why.text, row->says) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", why.text, row->says);
	free(dir);
}

/* ---- files of a good bundle changed for others that are well made */

struct swap_row {
	const char *name;
	const char *path;
	void (*make)(struct bytes statement, struct sn_buf *ret);
	enum sn_err want;
};

static void
swap_mldsa_cms(struct bytes s, struct sn_buf *ret)
{
	fix_cms(&prod, KEY_STATEMENT_MLDSA87, s, ret);
}
static void
swap_p384_cms(struct bytes s, struct sn_buf *ret)
{
	fix_cms(&prod, KEY_STATEMENT_P384, s, ret);
}
static void
swap_other_p384(struct bytes s, struct sn_buf *ret)
{
	fix_cms(&other, KEY_STATEMENT_P384, s, ret);
}
static void
swap_other_mldsa(struct bytes s, struct sn_buf *ret)
{
	fix_cms(&other, KEY_STATEMENT_MLDSA87, s, ret);
}
static void
swap_token_signer(struct bytes s, struct sn_buf *ret)
{
	/* The token key is P-256: sign as its certificate allows nobody to. */
	SN_CLEANUP(sn_buf_done) struct sn_buf cms = { 0 };
	const struct cry_cert *extra[1] = { prod.certs.cert[KEY_TOKEN_CA_P384] };

	/* Our own signer refuses such a key outright; that is as good. */
	if (cry_cms_sign(prod.certs.key[KEY_TOKEN_P256], prod.certs.cert[KEY_TOKEN_P256], extra,
		1, s, &cms, NULL) == SN_OK)
		sn_buf_put(ret, sn_buf_bytes(&cms));
	else
		sn_buf_str(ret, "refused");
}
static void
swap_other_content(struct bytes s, struct sn_buf *ret)
{
	(void)s;
	fix_cms(&prod, KEY_STATEMENT_P384, BYTES_STR("{}"), ret);
}
static void
swap_empty(struct bytes s, struct sn_buf *ret)
{
	(void)s;
	sn_buf_str(ret, "");
}
static void
swap_alice(struct bytes s, struct sn_buf *ret)
{
	FIX_OK(cry_sign(prod.approver[0], s, ret, why));
}
static void
swap_bob_of_plan(struct bytes s, struct sn_buf *ret)
{
	(void)s;
	FIX_OK(cry_sign(prod.approver[1], BYTES_OF(prod.plan_digest), ret, why));
}
static void
swap_openings(struct bytes s, struct sn_buf *ret)
{
	(void)s;
	static const struct fix_bundle plain;
	struct tr *t = fix_transcript(&prod, &plain); /* the same names under other salts */

	sn_buf_put(ret, tr_openings(t));
	tr_free(&t);
}

static const struct swap_row swaps[] = {
	{ "P-384 file holds the ML-DSA signature", BUN_CMS_P384, swap_mldsa_cms,
	    SN_E_SIGNATURE },
	{ "ML-DSA file holds the P-384 signature", BUN_CMS_MLDSA, swap_p384_cms,
	    SN_E_SIGNATURE },
	{ "P-384 signature of another sanctum", BUN_CMS_P384, swap_other_p384, SN_E_SIGNATURE },
	{ "ML-DSA signature of another sanctum", BUN_CMS_MLDSA, swap_other_mldsa,
	    SN_E_SIGNATURE },
	{ "signed by the token signer", BUN_CMS_P384, swap_token_signer, SN_E_SIGNATURE },
	{ "signature over something else", BUN_CMS_P384, swap_other_content, SN_E_SIGNATURE },
	{ "an empty P-384 file", BUN_CMS_P384, swap_empty, SN_E_SIGNATURE },
	{ "an empty ML-DSA file", BUN_CMS_MLDSA, swap_empty, SN_E_SIGNATURE },
	{ "one approver twice", "approvals/bob.sig", swap_alice, SN_E_SIGNATURE },
	{ "one approver a third time", "approvals/carol.sig", swap_alice, SN_E_SIGNATURE },
	{ "an approval of the plan, not the statement", "approvals/bob.sig", swap_bob_of_plan,
	    SN_E_SIGNATURE },
	{ "an approver that the statement does not name", "approvals/mallory.sig", swap_alice,
	    SN_E_SIGNATURE },
	{ "an empty approval", "approvals/bob.sig", swap_empty, SN_E_SIGNATURE },
	{ "openings of another transcript", BUN_OPENINGS, swap_openings, SN_E_SIGNATURE },
	{ "openings all withheld", BUN_OPENINGS, swap_empty, SN_OK },
};

static void
test_swap(void **state)
{
	const struct swap_row *row = *state;
	const struct bun_policy p = fix_policy(&prod);
	struct sn_buf statement = { 0 }, data = { 0 };
	struct sn_why why = { 0 };
	char *dir = fresh();

	fix_write(&prod, NULL, dir);
	fix_get(dir, BUN_STATEMENT, &statement);
	row->make(sn_buf_bytes(&statement), &data);
	fix_put(dir, row->path, sn_buf_bytes(&data));
	const enum sn_err e = fix_verify(dir, &p, NULL, &why);
	if (e != row->want)
		fail_msg("%s: %s", sn_err_name(e), why.text);
	sn_buf_done(&statement);
	sn_buf_done(&data);
	free(dir);
}

/* A whole bundle of somebody else, consistent in itself. */
static void
test_other_sanctum(void **state)
{
	struct bun_policy p = fix_policy(&prod);
	struct sn_why why = { 0 };
	struct bun_report r;
	char *dir = fresh();

	(void)state;
	fix_write(&other, NULL, dir);
	assert_int_equal(fix_verify(dir, &p, &r, &why), SN_E_SIGNATURE);
	assert_non_null(strstr(why.text, "identity digest"));
	p.has_identity = false;
	assert_int_equal(fix_verify(dir, &p, &r, NULL), SN_E_UNANCHORED);
	assert_false(r.authentic || r.accepted);
	p = fix_policy(&other);
	assert_int_equal(fix_verify(dir, &p, &r, NULL), SN_OK);
	free(dir);
}

static void
add_rows(struct test_list *l)
{
	for (size_t i = 0; i < npaths; i++) {
		test_list_add(l, test_flip, paths[i], "one flipped bit: %s", paths[i]);
		test_list_add(l, test_append, paths[i], "one more byte: %s", paths[i]);
		test_list_add(l, test_missing, paths[i], "missing: %s", paths[i]);
	}
	test_list_add(l, test_good, NULL, "the same bundle, put back");
	for (size_t i = 0; i < SN_NITEMS(extras); i++)
		test_list_add(l, test_extra, (void *)(uintptr_t)&extras[i], "extra: %s",
		    extras[i].path);
	for (size_t i = 0; i < SN_NITEMS(made); i++)
		test_list_add(l, test_made, (void *)(uintptr_t)&made[i], "made: %s",
		    made[i].name);
	for (size_t i = 0; i < SN_NITEMS(large); i++)
		test_list_add(l, test_large_uncovered, (void *)(uintptr_t)large[i],
		    "over the limit, but not covered: %s", large[i]);
	for (size_t i = 0; i < SN_NITEMS(swaps); i++)
		test_list_add(l, test_swap, (void *)(uintptr_t)&swaps[i], "swapped: %s",
		    swaps[i].name);
}

int
main(void)
{
	struct test_list *l = test_list_new();

	fix_start();
	fix_make(&prod, 1, PLAN_PRODUCTION);
	fix_make(&other, 2, PLAN_PRODUCTION);
	root = test_tmpdir();
	good = below("good");
	fix_write(&prod, NULL, good);
	collect_paths();
	test_list_add(l, test_good, NULL, "a good bundle");
	test_list_add(l, test_identity, NULL, "identity digest, computed twice");
	add_rows(l);
	test_list_add(l, test_symlink, NULL, "a symbolic link");
	test_list_add(l, test_extra_symlink, NULL, "an extra symbolic link");
	test_list_add(l, test_other_sanctum, NULL, "a consistent bundle of another sanctum");
	const int status = test_list_run(l, "verify");
	fix_done(&prod);
	fix_done(&other);
	return status;
}
