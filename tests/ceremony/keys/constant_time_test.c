/*
 * No branch and no index depends on a secret while it is split: valgrind's memcheck,
 * told that the secret is undefined, finds every one that does. The program runs itself
 * under valgrind; a planted branch shows that it would be found.
 * timeout: 120
 */
#include <stdio.h>
#include <string.h>
#include <valgrind/memcheck.h>

#include "ceremony/keys/shamir.h"
#include "ceremony/keys/slip39.h"
#include "tests/ceremony/keys/judge.h"
#include "tests/lib/test.h"

#define FOUND 9 /* valgrind's exit status when it found something */

static volatile int sink;

/* ---- what runs under valgrind */

static int
run_arithmetic(void)
{
	uint8_t y[3][4] = { { 1, 2, 3, 4 }, { 5, 6, 7, 8 }, { 9, 10, 11, 12 } }, out[4], a = 7;
	const struct shamir_point points[3] = { { 0, y[0] }, { 1, y[1] }, { 5, y[2] } };

	VALGRIND_MAKE_MEM_UNDEFINED(y, sizeof(y));
	VALGRIND_MAKE_MEM_UNDEFINED(&a, sizeof(a));
	shamir_interpolate(points, 3, sizeof(out), 255, out);
	a = shamir_inverse(shamir_mul(a, out[0]));
	VALGRIND_MAKE_MEM_DEFINED(&a, sizeof(a));
	sink = a;
	return 0;
}

static enum sn_err
undefined_fill(void *arg, void *ret, size_t n, struct sn_why *why)
{
	enum sn_err e = cry_random(ret, n, why);

	(void)arg;
	VALGRIND_MAKE_MEM_UNDEFINED(ret, n);
	return e;
}

static int
run_split(void)
{
	const struct slip39_random source = { undefined_fill, NULL };
	struct slip39_share shares[5] = { 0 };
	struct sn_secret secret = { 0 };

	if (sn_secret_start(1U << 16, NULL) != SN_OK || cry_start(NULL) != SN_OK ||
	    cry_random_secret(32, &secret, NULL) != SN_OK)
		return 3;
	VALGRIND_MAKE_MEM_UNDEFINED(secret.p, secret.n);
	if (slip39_split(sn_secret_bytes(&secret), 1, 3, 5, &source, shares, NULL) != SN_OK)
		return 3;
	for (size_t i = 0; i < SN_NITEMS(shares); i++)
		slip39_share_done(&shares[i]);
	sn_secret_done(&secret);
	return 0;
}

static int
run_planted(void)
{
	uint8_t secret = 1;

	VALGRIND_MAKE_MEM_UNDEFINED(&secret, sizeof(secret));
	if (secret == 1)
		sink = 1;
	return 0;
}

/* ---- the tests */

static const struct run_row {
	const char *name;
	int (*run)(void);
	int expect;
} rows[] = {
	{ "arithmetic", run_arithmetic, 0 },
	{ "split", run_split, 0 },
	{ "planted", run_planted, FOUND },
};

static void
test_run(void **state)
{
	const struct run_row *row = *state;
	char self[4096] = { 0 };
	char *command;

	if (judge_sh(test_tmpdir(), "command -v valgrind", "out") != 0) {
		print_message("valgrind is not installed\n");
		skip();
	}
#ifdef __SANITIZE_ADDRESS__
	print_message("valgrind does not run what has sanitizers in it\n");
	skip();
#endif
	assert_true(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	command = test_format("valgrind -q --error-exitcode=%d %s %s", FOUND, self, row->name);
	assert_int_equal(judge_sh(test_tmpdir(), command, "out"), row->expect);
	free(command);
}

int
main(int argc, char **argv)
{
	struct test_list *l = test_list_new();

	for (size_t i = 0; i < SN_NITEMS(rows); i++) {
		if (argc == 2 && strcmp(argv[1], rows[i].name) == 0)
			return rows[i].run();
		test_list_add(l, test_run, &rows[i], "%s", rows[i].name);
	}
	return test_list_run(l, "constant time");
}
