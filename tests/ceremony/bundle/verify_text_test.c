/*
 * VERIFY.txt: its commands, run as they are by sh with stock tools, accept a good bundle
 * and refuse bad ones. timeout: 600
 */
#include "ceremony/bundle/format.h"
#include "tests/ceremony/bundle/stock.h"

static struct fix prod, other, rehearsal;
static const char *root;
static char *good;

static char *
fresh(void)
{
	static unsigned int n;

	return test_format("%s/s%u", root, n++);
}

static bool
refuses(const char *dir, const char *part)
{
	bool found = false;

	for (size_t i = 0; i < stock_n; i++)
		if (strstr(stock_line[i], part) != NULL) {
			found = true;
			if (stock_run(dir, stock_line[i], stock_identity(&prod)) != 0)
				return true;
		}
	assert_true(found);
	return false;
}

static void
test_line_accepts(void **state)
{
	const char *l = *state;

	assert_int_equal(stock_run(good, l, stock_identity(&prod)), 0);
}

static void
test_count(void **state)
{
	(void)state;
	assert_in_range(stock_n, 10, STOCK_LINES - 1);
	assert_int_not_equal(stock_run(good, stock_line[0], NULL), 0);
	assert_int_not_equal(stock_run(good, stock_line[0], "xyz"), 0);
}

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

/* All lines accept, and no file has come or gone. */
static void
test_writes_nothing(void **state)
{
	const struct bun_policy policy = fix_policy(&prod);
	const size_t before = npaths;
	char **kept = paths;

	(void)state;
	assert_int_equal(stock_refusal(good, &prod), 0);
	assert_int_equal(fix_verify(good, &policy, NULL, NULL), SN_OK);
	paths = NULL;
	npaths = 0;
	collect_paths();
	assert_int_equal(npaths, before);
	for (size_t i = 0; i < npaths; i++)
		free(paths[i]);
	free(paths);
	paths = kept;
}

/* Openings are for `sanctum verify` alone. */
static void
test_flip(void **state)
{
	const char *path = *state;
	struct sn_buf data = { 0 };

	fix_get(good, path, &data);
	const size_t at = data.n / 2;
	data.p[at] ^= 1;
	fix_put(good, path, sn_buf_bytes(&data));
	const size_t refused = stock_refusal(good, &prod);
	data.p[at] ^= 1;
	fix_put(good, path, sn_buf_bytes(&data));
	if (strcmp(path, BUN_OPENINGS) != 0)
		assert_int_not_equal(refused, 0);
	sn_buf_done(&data);
}

static void
test_missing(void **state)
{
	const char *path = *state;
	struct sn_buf data = { 0 };

	fix_get(good, path, &data);
	fix_remove(good, path);
	const size_t refused = stock_refusal(good, &prod);
	fix_put(good, path, sn_buf_bytes(&data));
	if (strcmp(path, BUN_OPENINGS) != 0)
		assert_int_not_equal(refused, 0);
	sn_buf_done(&data);
}

static const char *const extras[] = { "extra.txt", "a b", ".hidden", "trust/x.pem",
	"approvals/notes.txt", "evidence/quote.txt", "closing", "statement.json.old",
	"line\nfeed", "statement.json\nxxstatement.json" };

static void
test_extra(void **state)
{
	char *dir = fresh();

	fix_write(&prod, NULL, dir);
	fix_put(dir, *state, BYTES_STR("more\n"));
	assert_int_not_equal(stock_refusal(dir, &prod), 0);
	free(dir);
}

/* ---- whole bundles */

struct bad_row {
	const char *name;
	struct fix_bundle make;
	const char *line; /* a part of the line that must refuse it */
};

static const struct bad_row bad[] = {
	{ "P-384 signed by the operations signer", { .signer_p384 = KEY_OPERATIONS_P384 },
	    "statement.p384.p7s -content" },
	{ "ML-DSA signed by the operations signer", { .signer_mldsa = KEY_OPERATIONS_MLDSA87 },
	    "statement.mldsa87.p7s -content" },
	{ "signer's certificate over", { .time = FIX_LEAF_TO + FIX_DAY },
	    "statement.p384.p7s -content" },
	{ "signer's certificate over, GnuTLS", { .time = FIX_LEAF_TO + FIX_DAY }, "certtool" },
	{ "signer's certificate over, ML-DSA", { .time = FIX_LEAF_TO + FIX_DAY },
	    "statement.mldsa87.p7s -content" },
	{ "roots of another sanctum", { .roots = &other, .identity_of = &other },
	    "$IDENTITY\"" },
};

static void
test_bad(void **state)
{
	const struct bad_row *row = *state;
	char *dir = fresh();

	fix_write(&prod, &row->make, dir);
	assert_true(refuses(dir, row->line));
	free(dir);
}

/* Somebody else's bundle, consistent in itself: only the identity tells. */
static void
test_other_sanctum(void **state)
{
	char *dir = fresh();

	(void)state;
	fix_write(&other, NULL, dir);
	assert_int_not_equal(stock_refusal(dir, &prod), 0);
	assert_int_equal(stock_refusal(dir, &other), 0);
	free(dir);
}

/* The world and the names of the roots go together, either way. */
static void
test_world(void **state)
{
	struct fix forged = { 0 };
	char *dir = fresh(), *good_rehearsal = fresh(), *dir2 = fresh();

	(void)state;
	fix_write(&rehearsal, NULL, good_rehearsal);
	assert_int_equal(stock_refusal(good_rehearsal, &rehearsal), 0);
	assert_false(refuses(good_rehearsal, "REHEARSAL"));
	forged = rehearsal; /* its certificates, all else of production */
	forged.id = prod.id;
	fix_write(&forged, NULL, dir);
	assert_true(refuses(dir, "REHEARSAL"));
	forged = prod;
	forged.id = rehearsal.id;
	fix_write(&forged, NULL, dir2);
	assert_true(refuses(dir2, "REHEARSAL"));
	free(dir);
	free(dir2);
	free(good_rehearsal);
}

/*
 * The attack on the root files: our root first, so that the identity fits, and the
 * attacker's behind it, so that it would be trusted too.
 */
static void
test_two_roots(void **state)
{
	static const char *const name[] = { "trust/root-p384.pem", "trust/root-mldsa87.pem" };
	struct sn_buf ours = { 0 }, theirs = { 0 };
	char *dir = fresh();

	(void)state;
	fix_write(&other, NULL, dir);
	for (size_t i = 0; i < SN_NITEMS(name); i++) {
		ours.n = theirs.n = 0;
		fix_get(good, name[i], &ours);
		fix_get(dir, name[i], &theirs);
		sn_buf_put(&ours, sn_buf_bytes(&theirs));
		fix_put(dir, name[i], sn_buf_bytes(&ours));
	}
	assert_false(refuses(dir, "$IDENTITY\""));
	assert_true(refuses(dir, "statement.p384.p7s -content"));
	assert_true(refuses(dir, "statement.mldsa87.p7s -content"));
	sn_buf_done(&ours);
	sn_buf_done(&theirs);
	free(dir);
}

static void
swap(const char *dir, const char *path, const char *from)
{
	struct sn_buf data = { 0 };

	fix_get(dir, from, &data);
	fix_put(dir, path, sn_buf_bytes(&data));
	sn_buf_done(&data);
}

static void
test_approvals(void **state)
{
	char *dir = fresh();

	(void)state;
	fix_write(&prod, NULL, dir);
	assert_false(refuses(dir, "approvals/*.sig"));
	swap(dir, "approvals/carol.sig", "approvals/alice.sig"); /* one signature twice */
	assert_true(refuses(dir, "approvals/*.sig"));
	fix_remove(dir, "approvals/carol.sig");
	swap(dir, "trust/approvers/mallory.pem", "trust/approvers/alice.pem");
	swap(dir, "approvals/mallory.sig", "approvals/alice.sig"); /* one key twice */
	assert_true(refuses(dir, "approvals/*.sig"));
	fix_remove(dir, "approvals/mallory.sig");
	fix_remove(dir, "approvals/bob.sig"); /* below the threshold */
	assert_true(refuses(dir, "approvals/*.sig"));
	fix_remove(dir, "approvals/alice.sig"); /* none at all */
	assert_true(refuses(dir, "approvals/*.sig"));
	free(dir);
}

/* A quote over another statement of the same keys. */
static void
test_quote(void **state)
{
	const struct fix_bundle second = { .sequence = 2 };
	char *dir = fresh(), *dir2 = fresh();

	(void)state;
	fix_write(&prod, NULL, dir);
	fix_write(&prod, &second, dir2);
	assert_false(refuses(dir, "tpm2_checkquote"));
	for (size_t i = 0; i < 3; i++) {
		static const char *const name[] = { BUN_QUOTE_MSG, BUN_QUOTE_SIG,
			BUN_QUOTE_PCR };
		struct sn_buf data = { 0 };

		fix_get(dir2, name[i], &data);
		fix_put(dir, name[i], sn_buf_bytes(&data));
		sn_buf_done(&data);
	}
	assert_true(refuses(dir, "tpm2_checkquote"));
	free(dir);
	free(dir2);
}

int
main(void)
{
	struct test_list *l = test_list_new();

	fix_start();
	fix_make(&prod, 1, PLAN_PRODUCTION);
	fix_make(&other, 2, PLAN_PRODUCTION);
	fix_make(&rehearsal, 1, PLAN_REHEARSAL);
	root = test_tmpdir();
	good = fresh();
	fix_write(&prod, NULL, good);
	stock_read(good);
	collect_paths();
	test_list_add(l, test_count, NULL, "there are lines; the first wants IDENTITY");
	for (size_t i = 0; i < stock_n; i++)
		test_list_add(l, test_line_accepts, stock_line[i], "accepts: %.40s",
		    stock_line[i]);
	test_list_add(l, test_writes_nothing, NULL, "nothing is written into the bundle");
	for (size_t i = 0; i < npaths; i++)
		test_list_add(l, test_flip, paths[i], "one flipped bit: %s", paths[i]);
	for (size_t i = 0; i < npaths; i++)
		test_list_add(l, test_missing, paths[i], "missing: %s", paths[i]);
	for (size_t i = 0; i < SN_NITEMS(extras); i++)
		test_list_add(l, test_extra, (void *)(uintptr_t)extras[i], "extra: %zu", i);
	for (size_t i = 0; i < SN_NITEMS(bad); i++)
		test_list_add(l, test_bad, (void *)(uintptr_t)&bad[i], "refuses: %s",
		    bad[i].name);
	test_list_add(l, test_other_sanctum, NULL, "a consistent bundle of another sanctum");
	test_list_add(l, test_world, NULL, "a rehearsal as production, and the reverse");
	test_list_add(l, test_two_roots, NULL, "a second root behind ours");
	test_list_add(l, test_approvals, NULL, "approvals: twice, under another name, too few");
	test_list_add(l, test_quote, NULL, "a quote over another statement");
	const int status = test_list_run(l, "stock tools");
	fix_done(&prod);
	fix_done(&other);
	fix_done(&rehearsal);
	return status;
}
