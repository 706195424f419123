/* The caller's policy over authentic bundles: world, evidence, sequence, time, identity. */
#include "tests/ceremony/bundle/fixture.h"

static struct fix prod, rehearsal;
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

struct policy_row {
	const char *name;
	const struct fix *of;
	struct fix_bundle make;
	bool rehearsal, not_pinned, software, no_identity;
	uint32_t min_sequence;
	int64_t as_of;
	enum sn_err want;
};

static const struct policy_row policies[] = {
	{ .name = "rehearsal refused", .of = &rehearsal, .want = SN_E_REHEARSAL },
	{ .name = "rehearsal refused even without an identity",
	    .of = &rehearsal,
	    .no_identity = true,
	    .want = SN_E_REHEARSAL },
	{ .name = "rehearsal taken", .of = &rehearsal, .rehearsal = true, .want = SN_OK },
	{ .name = "rehearsal taken with a software TPM",
	    .of = &rehearsal,
	    .make = { .evidence = "software" },
	    .rehearsal = true,
	    .not_pinned = true,
	    .want = SN_OK },
	{ .name = "rehearsal with a pinned TPM",
	    .of = &rehearsal,
	    .rehearsal = true,
	    .not_pinned = true,
	    .want = SN_E_EVIDENCE },
	{ .name = "pinned TPM not accepted",
	    .of = &prod,
	    .not_pinned = true,
	    .want = SN_E_EVIDENCE },
	{ .name = "nobody takes a vendor's TPM on its word",
	    .of = &prod,
	    .make = { .evidence = "vendor" },
	    .not_pinned = true,
	    .want = SN_E_EVIDENCE },
	{ .name = "a rehearsal's is worth what it proves",
	    .of = &rehearsal,
	    .make = { .evidence = "vendor" },
	    .not_pinned = true,
	    .want = SN_E_REHEARSAL },
	{ .name = "production under --rehearsal",
	    .of = &prod,
	    .rehearsal = true,
	    .want = SN_OK },
	{ .name = "--rehearsal takes no software TPM in production",
	    .of = &prod,
	    .make = { .evidence = "software" },
	    .rehearsal = true,
	    .want = SN_E_EVIDENCE },
	{ .name = "a production is no software TPM's, whatever is accepted",
	    .of = &prod,
	    .make = { .evidence = "software" },
	    .software = true,
	    .want = SN_E_EVIDENCE },
	{ .name = "pinned TPM accepted", .of = &prod, .want = SN_OK },
	{ .name = "pinned accepted is not software accepted",
	    .of = &prod,
	    .make = { .evidence = "software" },
	    .want = SN_E_EVIDENCE },
	{ .name = "no identity", .of = &prod, .no_identity = true, .want = SN_E_UNANCHORED },
	{ .name = "sequence at the minimum",
	    .of = &prod,
	    .make = { .sequence = 7 },
	    .min_sequence = 7,
	    .want = SN_OK },
	{ .name = "sequence below the minimum",
	    .of = &prod,
	    .make = { .sequence = 6 },
	    .min_sequence = 7,
	    .want = SN_E_SEQUENCE },
	{ .name = "expired", .of = &prod, .as_of = FIX_EXPIRY + 1, .want = SN_E_EXPIRED },
	{ .name = "expired, whatever the statement says of it",
	    .of = &prod,
	    .make = { .expiry = FIX_ROOT_TO },
	    .as_of = FIX_EXPIRY + 1,
	    .want = SN_E_EXPIRED },
	{ .name = "a statement that ends before its certificates",
	    .of = &prod,
	    .make = { .expiry = FIX_T0 + 2 * FIX_DAY },
	    .as_of = FIX_T0 + 3 * FIX_DAY,
	    .want = SN_E_EXPIRED },
	{ .name = "a rehearsal's collateral has lapsed",
	    .of = &rehearsal,
	    .make = { .collateral_until = FIX_T0 + 3600 },
	    .rehearsal = true,
	    .want = SN_E_EXPIRED },
	{ .name = "a rehearsal's collateral has lapsed, but was judged at another time",
	    .of = &rehearsal,
	    .make = { .collateral_until = FIX_T0 + 3600, .has_collateral_time = true },
	    .rehearsal = true,
	    .want = SN_OK },
	{ .name = "a production's collateral has lapsed, under an exception",
	    .of = &prod,
	    .make = { .collateral_until = FIX_T0 + 3600,
		.has_collateral_time = true,
		.exception = "air gap" },
	    .want = SN_OK },
	{ .name = "a production's exception, and its TPM is not taken",
	    .of = &prod,
	    .make = { .has_collateral_time = true, .exception = "air gap" },
	    .not_pinned = true,
	    .want = SN_E_EVIDENCE },
	{ .name = "in its last second", .of = &prod, .as_of = FIX_EXPIRY, .want = SN_OK },
	{ .name = "long before it was made",
	    .of = &prod,
	    .as_of = FIX_T0 - 30 * FIX_DAY,
	    .want = SN_E_EXPIRED },
};

static void
test_policy(void **state)
{
	const struct policy_row *row = *state;
	struct bun_policy p = fix_policy(row->of);
	struct bun_report r;
	char *dir = fresh();

	p.rehearsal = row->rehearsal;
	p.accept_pinned = !row->not_pinned;
	p.accept_software = row->software;
	p.has_identity = !row->no_identity;
	p.has_min_sequence = row->min_sequence != 0;
	p.min_sequence = row->min_sequence;
	if (row->as_of != 0)
		p.as_of = row->as_of;
	fix_write(row->of, &row->make, dir);
	assert_int_equal(fix_verify(dir, &p, &r, NULL), row->want);
	assert_true(r.authentic == p.has_identity);
	assert_true(r.accepted == (row->want == SN_OK));
	assert_int_equal(r.verdict, row->want);
	free(dir);
}

/* The mark rises only with what was accepted; older ones and forks are refused. */
static void
test_state(void **state)
{
	struct bun_policy p = fix_policy(&prod);
	char *dirs[4], *marks = below("marks");
	const struct fix_bundle make[4] = { { .sequence = 5 }, { .sequence = 4 },
		{ .sequence = 5, .approvals = 7 }, { .sequence = 6 } };

	(void)state;
	for (int i = 0; i < 4; i++) {
		dirs[i] = fresh();
		fix_write(&prod, &make[i], dirs[i]);
	}
	assert_int_equal(mkdir(marks, 0755), 0);
	p.state_dirfd = open(marks, O_RDONLY | O_DIRECTORY);
	p.has_identity = false; /* not accepted: no mark */
	assert_int_equal(fix_verify(dirs[3], &p, NULL, NULL), SN_E_UNANCHORED);
	p.has_identity = true;
	assert_int_equal(fix_verify(dirs[0], &p, NULL, NULL), SN_OK);
	assert_int_equal(fix_verify(dirs[0], &p, NULL, NULL), SN_OK);
	assert_int_equal(fix_verify(dirs[1], &p, NULL, NULL), SN_E_SEQUENCE);
	/* dirs[2] has the same number and, for its salts, another statement. */
	assert_int_equal(fix_verify(dirs[2], &p, NULL, NULL), SN_E_SEQUENCE);
	assert_int_equal(fix_verify(dirs[3], &p, NULL, NULL), SN_OK);
	assert_int_equal(fix_verify(dirs[0], &p, NULL, NULL), SN_E_SEQUENCE);
	close(p.state_dirfd);
	for (int i = 0; i < 4; i++)
		free(dirs[i]);
	free(marks);
}

static void
test_bad_mark(void **state)
{
	struct bun_policy p = fix_policy(&prod);
	char *marks = below("bad-marks"), *name, hex[65];

	(void)state;
	assert_int_equal(mkdir(marks, 0755), 0);
	sn_hex(BYTES_OF(prod.identity), hex);
	name = test_format("%s.mark", hex);
	fix_put(marks, name, BYTES_STR("7\n"));
	p.state_dirfd = open(marks, O_RDONLY | O_DIRECTORY);
	assert_int_equal(fix_verify(good, &p, NULL, NULL), SN_E_FORMAT);
	close(p.state_dirfd);
	free(marks);
	free(name);
}

/* Only a rehearsal may judge collateral at another time; it is a matter of form. */
static void
test_collateral_time(void **state)
{
	static const char from[] = "\"world\":\"rehearsal\"", to[] = "\"world\":\"production\"";
	const struct fix_bundle make = { .has_collateral_time = true };
	struct bun_policy p = fix_policy(&rehearsal);
	struct sn_buf was = { 0 }, now = { 0 };
	struct sn_why why = { 0 };
	char *dir = fresh();

	(void)state;
	p.rehearsal = true;
	fix_write(&rehearsal, &make, dir);
	assert_int_equal(fix_verify(dir, &p, NULL, NULL), SN_OK);
	fix_get(dir, "statement.json", &was);
	const size_t at = bytes_find(sn_buf_bytes(&was), BYTES_STR(from));
	assert_int_not_equal(at, SIZE_MAX);
	sn_buf_put(&now, (struct bytes){ was.p, at });
	sn_buf_str(&now, to);
	sn_buf_put(&now,
	    (struct bytes){ was.p + at + strlen(from), was.n - at - strlen(from) });
	fix_put(dir, "statement.json", sn_buf_bytes(&now));
	assert_int_equal(fix_verify(dir, &p, NULL, &why), SN_E_FORMAT);
	assert_non_null(strstr(why.text, "collateral_time"));
	sn_buf_done(&was);
	sn_buf_done(&now);
	free(dir);
}

/* Every verifier says that there is an exception, and why. */
static void
test_exception_is_told(void **state)
{
	const struct fix_bundle make = { .has_collateral_time = true, .exception = "air gap" };
	struct bun_policy p = fix_policy(&prod);
	struct bun_report r;
	bool told = false;
	char *dir = fresh();

	(void)state;
	fix_write(&prod, &make, dir);
	assert_int_equal(fix_verify(dir, &p, &r, NULL), SN_OK);
	for (size_t i = 0; i < r.nnotes; i++)
		told = told || strcmp(r.note[i], "exception expired-collateral: air gap") == 0;
	assert_true(told);
	free(dir);
}

int
main(void)
{
	struct test_list *l = test_list_new();

	fix_start();
	fix_make(&prod, 1, PLAN_PRODUCTION);
	fix_make(&rehearsal, 1, PLAN_REHEARSAL);
	root = test_tmpdir();
	good = below("good");
	fix_write(&prod, NULL, good);
	for (size_t i = 0; i < SN_NITEMS(policies); i++)
		test_list_add(l, test_policy, (void *)(uintptr_t)&policies[i], "policy: %s",
		    policies[i].name);
	test_list_add(l, test_collateral_time, NULL, "collateral_time in production");
	test_list_add(l, test_exception_is_told, NULL, "an exception is told");
	test_list_add(l, test_state, NULL, "marks: older ones and forks");
	test_list_add(l, test_bad_mark, NULL, "marks: one that is damaged");
	const int status = test_list_run(l, "policy");
	fix_done(&prod);
	fix_done(&rehearsal);
	return status;
}
