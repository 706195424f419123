/*
 * The commands of VERIFY.txt and the verifier give the same answer: on good bundles, and on
 * each of the tables of bad evidence, which is signed again so that only the evidence is bad.
 * timeout: 600
 */
#include "tests/ceremony/bundle/bad_boot.h"
#include "tests/ceremony/bundle/bad_chain.h"
#include "tests/ceremony/bundle/bad_evidence.h"
#include "tests/ceremony/bundle/stock.h"

static struct fix prod, rehearsal;
static const char *root;

static char *
fresh(void)
{
	static unsigned int n;

	return test_format("%s/a%u", root, n++);
}

/* Both accept, or both refuse; want is which. */
static void
judge(const struct fix *f, const char *dir, bool software, bool want)
{
	struct bun_policy p = fix_policy(f);
	struct sn_why why = { 0 };

	p.accept_software = software;
	p.rehearsal = true;
	const enum sn_err e = fix_verify(dir, &p, NULL, &why);
	const size_t line = stock_refusal(dir, f);
	if ((e == SN_OK) != (line == 0))
		fail_msg("sanctum: %s %s; VERIFY.txt: line %zu, %.80s", sn_err_name(e),
		    why.text, line, line > 0 ? stock_line[line - 1] : "accepts");
	if ((e == SN_OK) != want)
		fail_msg("both %s", want ? "refuse" : "accept");
}

static void
test_evidence(void **state)
{
	char *dir = fresh();

	bad_write(&prod, *state, dir);
	judge(&prod, dir, false, false);
	free(dir);
}

static void
test_boot(void **state)
{
	const struct boot_row *row = *state;
	const struct fix *f = row->make.software ? &rehearsal : &prod;
	char *dir = fresh();

	fix_write(f, &row->make, dir);
	judge(f, dir, row->make.software, row->want == SN_OK);
	free(dir);
}

static void
test_chain(void **state)
{
	const struct chain_row *row = *state;
	const struct fix_bundle make = { .more = chain_add,
		.arg = (void *)(uintptr_t)&row->fault };
	char *dir = fresh();

	fix_write(&rehearsal, &make, dir);
	judge(&rehearsal, dir, true, row->want == SN_OK);
	free(dir);
}

static const struct good_row {
	const char *name;
	struct fix_bundle make;
} goods[] = {
	{ "a genesis", { 0 } },
	{ "a rebuild without a seeding", { .mode = "rebuild", .no_audit = true } },
	{ "no counter", { .no_counter = true } },
	{ "a counter of many digits", { .count = 0xfedcba9876543 } },
	{ "Secure Boot", { .secure_boot = true } },
	{ "a software TPM", { .software = true } },
	{ "short draws, and the rest",
	    { .draws = (const uint16_t[]){ 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32,
		  32, 32, 32, 5, 31, 1, 0 } } },
};

static void
test_good(void **state)
{
	const struct good_row *row = *state;
	const struct fix *f = row->make.software ? &rehearsal : &prod;
	char *dir = fresh();

	fix_write(f, &row->make, dir);
	judge(f, dir, row->make.software, true);
	free(dir);
}

/* What no statement binds: bytes of the quote's files, each refused by a line about them. */
static const struct quote_row {
	const char *path;
	size_t step;
} quotes[] = { { BUN_QUOTE_MSG, 3 }, { BUN_QUOTE_SIG, 3 }, { BUN_QUOTE_PCR, 11 } };

static bool
quote_refused(const char *dir)
{
	for (size_t i = 0; i < stock_n; i++)
		if (strstr(stock_line[i], "quote") != NULL &&
		    stock_run(dir, stock_line[i], stock_identity(&prod)) != 0)
			return true;
	return false;
}

static void
test_quote(void **state)
{
	const struct quote_row *row = *state;
	struct sn_buf data = { 0 };
	char *dir = fresh();

	fix_write(&prod, NULL, dir);
	assert_false(quote_refused(dir));
	fix_get(dir, row->path, &data);
	for (size_t i = 0; i < data.n; i += row->step) {
		data.p[i] ^= (uint8_t)(1U << (i % 8));
		fix_put(dir, row->path, sn_buf_bytes(&data));
		if (!quote_refused(dir))
			fail_msg("byte %zu of %s: VERIFY.txt accepts", i, row->path);
		data.p[i] ^= (uint8_t)(1U << (i % 8));
	}
	sn_buf_done(&data);
	free(dir);
}

int
main(void)
{
	struct test_list *l = test_list_new();
	char *good;

	fix_start();
	fix_make(&prod, 1, PLAN_PRODUCTION);
	fix_make(&rehearsal, 1, PLAN_REHEARSAL);
	pki_make(&pki);
	chain_of = &prod;
	root = test_tmpdir();
	good = fresh();
	fix_write(&prod, NULL, good);
	stock_read(good);
	for (size_t i = 0; i < SN_NITEMS(goods); i++)
		test_list_add(l, test_good, (void *)(uintptr_t)&goods[i], "good: %s",
		    goods[i].name);
	for (size_t i = 0; i < SN_NITEMS(bad_rows); i++)
		test_list_add(l, test_evidence, (void *)(uintptr_t)&bad_rows[i], "bad: %s",
		    bad_rows[i].name);
	for (size_t i = 0; i < SN_NITEMS(boot_rows); i++)
		test_list_add(l, test_boot, (void *)(uintptr_t)&boot_rows[i], "boot: %s",
		    boot_rows[i].name);
	for (size_t i = 0; i < SN_NITEMS(chain_rows); i++)
		test_list_add(l, test_chain, (void *)(uintptr_t)&chain_rows[i], "chain: %s",
		    chain_rows[i].name);
	for (size_t i = 0; i < SN_NITEMS(quotes); i++)
		test_list_add(l, test_quote, (void *)(uintptr_t)&quotes[i], "bytes of %s",
		    quotes[i].path);
	const int status = test_list_run(l, "agreement");
	pki_done(&pki);
	fix_done(&prod);
	fix_done(&rehearsal);
	free(good);
	return status;
}
