/*
 * Operations statements: good ones, and what nobody may add to a bundle.
 * timeout: 120
 */
#include "ceremony/bundle/format.h"
#include "tests/ceremony/bundle/fixture_ops.h"

static struct fix prod, other;
static const char *root;
static char *good; /* a bundle with a refresh, an amendment and a refresh */

static char *
fresh(void)
{
	static unsigned int n;

	return test_format("%s/t%u", root, n++);
}

/* A bundle with n refreshes. */
static char *
refreshed(uint32_t n)
{
	char *dir = fresh();

	fix_write(&prod, NULL, dir);
	for (uint32_t i = 1; i <= n; i++)
		fix_ops_write(&prod, NULL, i, dir);
	return dir;
}

static void
judge(const char *dir, const struct bun_policy *p, enum sn_err want, const char *says)
{
	struct sn_why why = { 0 };
	const enum sn_err e = fix_verify(dir, p, NULL, &why);

	if (e != want || (says != NULL && strstr(why.text, says) == NULL))
		fail_msg("%s: %s", sn_err_name(e), why.text);
}

static void
test_good(void **state)
{
	const struct bun_policy p = fix_policy(&prod);
	struct bun_report r;
	struct sn_why why = { 0 };
	uint8_t newest[32];

	(void)state;
	if (fix_verify(good, &p, &r, &why) != SN_OK)
		fail_msg("%s", why.text);
	assert_true(r.accepted);
	assert_int_equal(r.sequence, 1);
	assert_int_equal(r.operations, 3);
	assert_string_equal(r.operations_mode, "refresh");
	fix_digest_of(good, "ops/3/statement.json", newest);
	assert_memory_equal(r.operations_sha256, newest, 32);
	assert_int_equal(r.napprovers, FIX_APPROVERS);
	assert_string_equal(r.approver[2].name, "carol");
}

/* ---- every file of one */

static char **paths;
static size_t npaths;

static enum sn_err
collect(void *arg, const struct sn_walk_entry *e, struct sn_why *why)
{
	(void)arg;
	(void)why;
	if (strncmp(e->path, "ops/2/", 6) != 0)
		return SN_OK;
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
	if (strstr(path, BUN_STATEMENT) != NULL)
		assert_int_not_equal(e, SN_OK);
	else
		assert_int_equal(e, SN_E_SIGNATURE);
	assert_memory_equal(why.text, "ops/2", 5);
	sn_buf_done(&data);
}

static void
test_missing(void **state)
{
	const char *path = *state;
	const struct bun_policy p = fix_policy(&prod);
	struct sn_buf data = { 0 };

	fix_get(good, path, &data);
	fix_remove(good, path);
	const enum sn_err e = fix_verify(good, &p, NULL, NULL);
	fix_put(good, path, sn_buf_bytes(&data));
	sn_buf_done(&data);
	assert_int_equal(e, strstr(path, BUN_OPENINGS) != NULL ? SN_OK : SN_E_MISSING);
}

/* ---- made badly: a second operations statement of a bundle with one */

static const uint8_t zeros[32];
static const struct fix_who pair[] = { { "alice", 0 }, { "dora", 2 }, { NULL, 0 } };

static const struct made_row {
	const char *name;
	struct fix_bundle make;
	enum sn_err want;
	const char *says;
} made[] = {
	{ "a second refresh", { 0 }, SN_OK, NULL },
	{ "an amendment", { .mode = "amend" }, SN_OK, NULL },
	{ "by the other two approvers", { .approvals = 6 }, SN_OK, NULL },
	{ "other approvers from now on", { .mode = "amend", .stated = pair }, SN_OK, NULL },
	{ "P-384 signed by the statement signer", { .signer_p384 = KEY_STATEMENT_P384 },
	    SN_E_SIGNATURE, "ops/2: statement.p384.p7s" },
	{ "ML-DSA signed by the statement signer", { .signer_mldsa = KEY_STATEMENT_MLDSA87 },
	    SN_E_SIGNATURE, "ops/2: statement.mldsa87.p7s" },
	{ "of another bundle", { .base_sha256 = zeros }, SN_E_SIGNATURE, "another bundle" },
	{ "a fork: it follows another one", { .previous = zeros }, SN_E_SEQUENCE, "fork" },
	{ "of another number", { .sequence = 3 }, SN_E_SEQUENCE, "number 3" },
	{ "older than what it follows", { .time = FIX_T0 - 1 }, SN_E_SIGNATURE, "older" },
	{ "signers over", { .time = FIX_LEAF_TO + FIX_DAY }, SN_E_SIGNATURE,
	    "statement.p384.p7s" },
	{ "of the other world", { .other_world = true }, SN_E_SIGNATURE, "world" },
	{ "of another identity", { .identity_of = &other }, SN_E_SIGNATURE, "identity_sha256" },
	{ "with another number of shares", { .shares_of = 4 }, SN_E_SIGNATURE, "shares_of" },
	{ "opened by another number", { .ops_threshold = 3 }, SN_E_SIGNATURE,
	    "thresholds.operations" },
	{ "a refresh without collateral", { .no_audit = true }, SN_E_MISSING, "status.json" },
	{ "a refresh with policy", { .extra_path = "policy/p.rego", .extra = BYTES_STR("x") },
	    SN_E_SIGNATURE, "policy/p.rego" },
	{ "a refresh with approvers",
	    { .extra_path = "trust/approvers/eve.pem", .extra = BYTES_STR("x") },
	    SN_E_SIGNATURE, "trust/approvers/eve.pem" },
	{ "a root", { .extra_path = "trust/root-p384.pem", .extra = BYTES_STR("x") },
	    SN_E_SIGNATURE, "trust/root-p384.pem" },
	{ "an audit of no seeding",
	    { .extra_path = "evidence/audit.list", .extra = BYTES_STR("x") }, SN_E_SIGNATURE,
	    "evidence/audit.list" },
	{ "a key of no seeding",
	    { .extra_path = "evidence/seed-ak.pem", .extra = BYTES_STR("x") }, SN_E_SIGNATURE,
	    "evidence/seed-ak.pem" },
	{ "secrets", { .extra_path = "secrets/n1/key", .extra = BYTES_STR("x") },
	    SN_E_SIGNATURE, "secrets/n1/key" },
	{ "what consumers load", { .extra_path = "render/t/x", .extra = BYTES_STR("x") },
	    SN_E_SIGNATURE, "render/t/x" },
	{ "an amendment with collateral",
	    { .mode = "amend",
		.extra_path = "collateral/status.json",
		.extra = BYTES_STR("{\"items\":[]}") },
	    SN_E_SIGNATURE, "collateral/status.json" },
	{ "a key that no approver has",
	    { .mode = "amend",
		.stated = pair,
		.extra_path = "trust/approvers/eve.pem",
		.extra = BYTES_STR("x") },
	    SN_E_SIGNATURE, "3 keys for 2" },
	{ "PCR 15 has not seen the last record", { .skip_pcr15 = 1 }, SN_E_SIGNATURE,
	    "PCR 15" },
	{ "a transcript of another mode", { .lie = FIX_LIE_MODE }, SN_E_SIGNATURE, "mode" },
	{ "a transcript of another plan", { .lie = FIX_LIE_PLAN }, SN_E_SIGNATURE, "plan" },
	{ "a transcript of another identity", { .lie = FIX_LIE_IDENTITY }, SN_E_SIGNATURE,
	    "identity" },
	{ "one approved the plan", { .lie = FIX_LIE_ONE_APPROVAL }, SN_E_SIGNATURE, "1 app" },
	{ "one approved the plan twice", { .lie = FIX_LIE_ALICE_TWICE }, SN_E_SIGNATURE,
	    "1 app" },
	{ "made with a software TPM", { .evidence = "software" }, SN_E_EVIDENCE, "software" },
};

static void
test_made(void **state)
{
	const struct made_row *row = *state;
	const struct bun_policy p = fix_policy(&prod);
	char *dir = refreshed(1);

	fix_ops_write(&prod, &row->make, 2, dir);
	judge(dir, &p, row->want, row->says);
	free(dir);
}

/* ---- folders */

static void
test_gap(void **state)
{
	const struct bun_policy p = fix_policy(&prod);
	char *dir = refreshed(2), *from = test_format("%s/ops/1", dir),
	     *to = test_format("%s/ops/3", dir);

	(void)state;
	assert_int_equal(rename(from, to), 0);
	judge(dir, &p, SN_E_MISSING, "ops/1");
	free(dir);
	free(from);
	free(to);
}

/* What nothing signed, beside what is signed. */
static void
test_unsigned(void **state)
{
	static const struct {
		const char *path;
		enum sn_err want;
	} rows[] = {
		{ "ops/1/collateral/more.der", SN_E_MISSING },
		{ "ops/1/policy/p.rego", SN_E_MISSING },
		{ "ops/1/closing/late.jsonl", SN_E_MISSING },
		{ "ops/1/ops/1/statement.json", SN_E_MISSING },
		{ "ops/1/approvals/mallory.sig", SN_E_SIGNATURE },
		{ "ops/1/transcript/cosignatures/wilma.note", SN_OK },
		{ "ops/x", SN_E_MISSING },
	};
	const struct bun_policy p = fix_policy(&prod);

	(void)state;
	for (size_t i = 0; i < SN_NITEMS(rows); i++) {
		char *dir = refreshed(1);

		fix_put(dir, rows[i].path, BYTES_STR("x"));
		judge(dir, &p, rows[i].want, NULL);
		free(dir);
	}
}

/* A whole one of another sanctum, or of another bundle of this one. */
static void
test_transplant(void **state)
{
	const struct bun_policy p = fix_policy(&prod);
	const struct fix_bundle second = { .sequence = 2 };
	char *dir = fresh();

	(void)state;
	fix_write(&prod, &second, dir);
	fix_ops_write(&prod, NULL, 1, dir);
	for (size_t i = 0; i < 2; i++) { /* the statement and its files from elsewhere */
		char *into = refreshed(0);

		if (i == 0)
			fix_ops_write(&other, NULL, 1, into);
		else
			fix_ops_write(&prod, &(struct fix_bundle){ .base_sha256 = zeros }, 1,
			    into);
		judge(into, &p, SN_E_SIGNATURE, NULL);
		free(into);
	}
	free(dir);
}

/* A bundle's own statement, moved to ops/1/, is none; nor the reverse. */
static void
test_kinds(void **state)
{
	const struct bun_policy p = fix_policy(&prod);
	char *dir = refreshed(1);
	struct sn_buf base = { 0 }, ops = { 0 };

	(void)state;
	fix_get(dir, "statement.json", &base);
	fix_get(dir, "ops/1/statement.json", &ops);
	fix_put(dir, "ops/1/statement.json", sn_buf_bytes(&base));
	judge(dir, &p, SN_E_FORMAT, "ops/1");
	fix_put(dir, "ops/1/statement.json", sn_buf_bytes(&ops));
	fix_put(dir, "statement.json", sn_buf_bytes(&ops));
	judge(dir, &p, SN_E_FORMAT, "statement.json");
	sn_buf_done(&base);
	sn_buf_done(&ops);
	free(dir);
}

/* ---- approvers */

/* An amendment changes who approves; from then on only they do. */
static void
test_approvers(void **state)
{
	const struct bun_policy p = fix_policy(&prod);
	struct bun_report r;
	char *dir = refreshed(0);

	(void)state;
	fix_ops_write(&prod, &(struct fix_bundle){ .mode = "amend", .stated = pair }, 1, dir);
	assert_int_equal(fix_verify(dir, &p, &r, NULL), SN_OK);
	assert_int_equal(r.napprovers, 2);
	assert_string_equal(r.approver[1].name, "dora");
	/* bob approved it, and approves nothing any more */
	fix_ops_write(&prod, NULL, 2, dir);
	judge(dir, &p, SN_E_SIGNATURE, "ops/2");
	free(dir);
}

/* ---- time and marks */

static void
test_collateral(void **state)
{
	const struct fix_bundle base = { .collateral_until = FIX_T0 + 10 * FIX_DAY };
	const struct fix_bundle refresh = { .collateral_until = FIX_T0 + 40 * FIX_DAY,
		.time = FIX_T0 + 9 * FIX_DAY };
	struct bun_policy p = fix_policy(&prod);
	struct bun_report r;
	char *dir = fresh();

	(void)state;
	fix_write(&prod, &base, dir);
	p.as_of = FIX_T0 + 20 * FIX_DAY;
	judge(dir, &p, SN_E_EXPIRED, NULL);
	fix_ops_write(&prod, &refresh, 1, dir);
	assert_int_equal(fix_verify(dir, &p, &r, NULL), SN_OK);
	assert_int_equal(r.good_until, FIX_T0 + 40 * FIX_DAY);
	fix_ops_write(&prod, &(struct fix_bundle){ .mode = "amend", .time = refresh.time }, 2,
	    dir); /* which says nothing of collateral */
	assert_int_equal(fix_verify(dir, &p, &r, NULL), SN_OK);
	assert_int_equal(r.good_until, FIX_T0 + 40 * FIX_DAY);
	p.as_of = FIX_T0 + 41 * FIX_DAY;
	judge(dir, &p, SN_E_EXPIRED, NULL);
	p.as_of = FIX_T0 + 2 * FIX_DAY; /* a refresh out of the future */
	judge(dir, &p, SN_E_EXPIRED, "future");
	free(dir);
}

/* The same bundle again, to add other things to. */
static const char *copy_from, *copy_to;

static enum sn_err
copy_file(void *arg, const struct sn_walk_entry *e, struct sn_why *why)
{
	struct sn_buf data = { 0 };

	(void)arg;
	(void)why;
	fix_get(copy_from, e->path, &data);
	fix_put(copy_to, e->path, sn_buf_bytes(&data));
	sn_buf_done(&data);
	return SN_OK;
}

static char *
copied(const char *from)
{
	const int fd = open(from, O_RDONLY | O_DIRECTORY);
	char *to = fresh();

	copy_from = from;
	copy_to = to;
	assert_int_equal(mkdir(to, 0755), 0);
	FIX_OK(sn_file_walk(fd, ".", copy_file, NULL, why));
	close(fd);
	return to;
}

static void
test_marks(void **state)
{
	struct bun_policy p = fix_policy(&prod), floor = p;
	char *none = refreshed(0), *one = copied(none), *fork = copied(none), *two;
	char *marks = fresh();

	(void)state;
	fix_ops_write(&prod, NULL, 1, one);
	two = copied(one);
	fix_ops_write(&prod, NULL, 2, two);
	fix_ops_write(&prod, &(struct fix_bundle){ .mode = "amend" }, 1, fork);
	fix_ops_write(&prod, NULL, 2, fork);
	assert_int_equal(mkdir(marks, 0755), 0);
	p.state_dirfd = open(marks, O_RDONLY | O_DIRECTORY);
	judge(none, &p, SN_OK, NULL);
	judge(one, &p, SN_OK, NULL);
	judge(none, &p, SN_E_SEQUENCE, "1 were accepted before");
	judge(fork, &p, SN_E_SEQUENCE, "fork");
	judge(two, &p, SN_OK, NULL);
	judge(one, &p, SN_E_SEQUENCE, "2 were accepted before");
	judge(two, &p, SN_OK, NULL);
	close(p.state_dirfd);
	floor.has_min_sequence = true;
	floor.min_sequence = 1;
	floor.min_operations = 2;
	judge(two, &floor, SN_OK, NULL);
	judge(one, &floor, SN_E_SEQUENCE, "1 operations statements, 2 are known");
	free(one);
	free(two);
	free(none);
	free(fork);
	free(marks);
}

/* The same verdict over files in memory. */
struct memory {
	int dirfd;
	struct bun_file file[128];
	struct sn_buf data[128];
	size_t n;
};

static enum sn_err
remember(void *arg, const struct sn_walk_entry *e, struct sn_why *why)
{
	struct memory *m = arg;

	SN_TRY(sn_file_read(m->dirfd, e->path, 16U << 20, &m->data[m->n], why));
	m->file[m->n] = (struct bun_file){ strdup(e->path), sn_buf_bytes(&m->data[m->n]) };
	m->n++;
	return SN_OK;
}

static void
test_memory(void **state)
{
	const struct bun_policy p = fix_policy(&prod);
	struct memory m = { .dirfd = open(good, O_RDONLY | O_DIRECTORY) };
	struct bun_report r, there;
	struct sn_why said = { 0 };

	(void)state;
	FIX_OK(sn_file_walk(m.dirfd, ".", remember, &m, why));
	assert_int_equal(fix_verify(good, &p, &there, NULL), SN_OK);
	if (bun_verify_files(m.file, m.n, &p, &r, &said) != SN_OK)
		fail_msg("%s", said.text);
	assert_int_equal(r.operations, there.operations);
	assert_memory_equal(r.operations_sha256, there.operations_sha256, 32);
	assert_int_equal(r.files, there.files);
	m.data[m.n / 2].p[0] ^= 1;
	assert_int_not_equal(bun_verify_files(m.file, m.n, &p, &r, NULL), SN_OK);
	m.data[m.n / 2].p[0] ^= 1;
	assert_int_equal(bun_verify_files(m.file, m.n - 1, &p, &r, NULL), SN_E_MISSING);
	close(m.dirfd);
	for (size_t i = 0; i < m.n; i++) {
		free((void *)(uintptr_t)m.file[i].path);
		sn_buf_done(&m.data[i]);
	}
}

int
main(void)
{
	struct test_list *l = test_list_new();
	int status;

	fix_start();
	root = test_tmpdir();
	fix_make(&prod, 1, PLAN_PRODUCTION);
	fix_make(&other, 2, PLAN_PRODUCTION);
	good = refreshed(1);
	fix_ops_write(&prod, &(struct fix_bundle){ .mode = "amend" }, 2, good);
	fix_ops_write(&prod, NULL, 3, good);
	collect_paths();
	test_list_add(l, test_good, NULL, "a refresh, an amendment, a refresh");
	for (size_t i = 0; i < npaths; i++) {
		test_list_add(l, test_flip, paths[i], "%s: a bit flipped", paths[i]);
		test_list_add(l, test_missing, paths[i], "%s: missing", paths[i]);
	}
	for (size_t i = 0; i < SN_NITEMS(made); i++)
		test_list_add(l, test_made, (void *)(uintptr_t)&made[i], "%s", made[i].name);
	test_list_add(l, test_gap, NULL, "a gap");
	test_list_add(l, test_unsigned, NULL, "what nothing signed");
	test_list_add(l, test_transplant, NULL, "from elsewhere");
	test_list_add(l, test_kinds, NULL, "statements of the other kind");
	test_list_add(l, test_approvers, NULL, "other approvers");
	test_list_add(l, test_collateral, NULL, "good until the newest collateral's end");
	test_list_add(l, test_marks, NULL, "marks and floors");
	test_list_add(l, test_memory, NULL, "files in memory");
	status = test_list_run(l, "operations statements");
	fix_done(&prod);
	fix_done(&other);
	return status;
}
