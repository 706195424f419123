/* The operations secret among approvers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ceremony/keys/opshares.h"
#include "tests/lib/test.h"

#define COUNT 3

static struct approver_keys keys[COUNT];
static struct plan_approver people[COUNT];
static const uint8_t operations[32] = { 0xde, 0xad };

static int
setup(void)
{
	for (size_t i = 0; i < COUNT; i++) {
		uint8_t seed[32] = { (uint8_t)(i + 1) };
		SN_CLEANUP(sn_buf_done) struct sn_buf sign = { 0 }, seal = { 0 };

		if (approver_keys_from_seed("x", BYTES_OF(seed), &keys[i], NULL) != SN_OK ||
		    cry_key_spki(keys[i].sign, &sign, NULL) != SN_OK ||
		    cry_key_spki(keys[i].seal, &seal, NULL) != SN_OK)
			return 1;
		memcpy(people[i].sign, sign.p, sign.n);
		memcpy(people[i].seal, seal.p, seal.n);
		people[i].sign_len = sign.n;
		people[i].seal_len = seal.n;
	}
	return 0;
}

static void
done(struct sn_secret *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sn_secret_done(&s[i]);
}

/* Split, seal to each, open with each, join any two. */
static void
test_round(void **state)
{
	struct sn_secret texts[COUNT] = { 0 }, opened[COUNT] = { 0 };

	(void)state;
	assert_int_equal(opshares_split(BYTES_OF(operations), PLAN_REHEARSAL, 2, COUNT, texts,
			     NULL),
	    SN_OK);
	for (size_t i = 0; i < COUNT; i++) {
		SN_CLEANUP(sn_buf_done) struct sn_buf cms = { 0 };
		struct sn_secret wrong = { 0 };

		assert_int_equal(opshares_seal(&people[i], sn_secret_bytes(&texts[i]), &cms,
				     NULL),
		    SN_OK);
		assert_int_equal(bytes_find(sn_buf_bytes(&cms), sn_secret_bytes(&texts[i])),
		    SIZE_MAX);
		assert_int_equal(opshares_open(&keys[i], sn_buf_bytes(&cms), &opened[i], NULL),
		    SN_OK);
		assert_int_not_equal(opshares_open(&keys[(i + 1) % COUNT], sn_buf_bytes(&cms),
					 &wrong, NULL),
		    SN_OK);
		assert_null(wrong.p);
	}
	for (size_t i = 0; i < COUNT; i++) {
		const struct bytes two[] = { sn_secret_bytes(&opened[i]),
			sn_secret_bytes(&opened[(i + 1) % COUNT]) };
		struct sn_secret got = { 0 };

		assert_int_equal(opshares_join(two, 2, PLAN_REHEARSAL, &got, NULL), SN_OK);
		assert_int_equal(got.n, sizeof(operations));
		assert_memory_equal(got.p, operations, sizeof(operations));
		sn_secret_done(&got);
	}
	done(texts, COUNT);
	done(opened, COUNT);
	assert_int_equal(sn_secret_alive(), 0);
}

struct join_row {
	const char *name;
	size_t n;
	size_t pick[4]; /* 0 to 2: the first splitting, 3 to 5: another one */
	enum plan_world world;
	enum sn_err expect;
};

static const struct join_row join_rows[] = {
	{ "two of three", 2, { 0, 2 }, PLAN_PRODUCTION, SN_OK },
	{ "all three", 3, { 0, 1, 2 }, PLAN_PRODUCTION, SN_OK },
	{ "one of three", 1, { 1 }, PLAN_PRODUCTION, SN_E_SHARE },
	{ "none", 0, { 0 }, PLAN_PRODUCTION, SN_E_SHARE },
	{ "one of them twice", 2, { 1, 1 }, PLAN_PRODUCTION, SN_E_SHARE },
	{ "of two splittings", 2, { 0, 4 }, PLAN_PRODUCTION, SN_E_SHARE },
	{ "of the other world", 2, { 0, 1 }, PLAN_REHEARSAL, SN_E_SHARE },
};

static void
test_join(void **state)
{
	const struct join_row *row = *state;
	struct sn_secret texts[2 * COUNT] = { 0 }, got = { 0 };
	struct bytes some[4];

	for (size_t i = 0; i < 2; i++)
		assert_int_equal(opshares_split(BYTES_OF(operations), PLAN_PRODUCTION, 2, COUNT,
				     texts + i * COUNT, NULL),
		    SN_OK);
	for (size_t i = 0; i < row->n; i++)
		some[i] = sn_secret_bytes(&texts[row->pick[i]]);
	assert_int_equal(opshares_join(some, row->n, row->world, &got, NULL), row->expect);
	assert_int_equal(got.p != NULL, row->expect == SN_OK);
	sn_secret_done(&got);
	done(texts, 2 * COUNT);
}

static void
test_rehearsal_share(void **state)
{
	struct sn_secret texts[COUNT] = { 0 }, got = { 0 };
	struct bytes two[2];

	(void)state;
	assert_int_equal(opshares_split(BYTES_OF(operations), PLAN_REHEARSAL, 2, COUNT, texts,
			     NULL),
	    SN_OK);
	two[0] = sn_secret_bytes(&texts[0]);
	two[1] = sn_secret_bytes(&texts[1]);
	assert_int_equal(opshares_join(two, 2, PLAN_PRODUCTION, &got, NULL), SN_E_SHARE);
	done(texts, COUNT);
}

static void
test_threshold(void **state)
{
	struct sn_secret texts[COUNT] = { 0 };

	(void)state;
	assert_int_equal(opshares_split(BYTES_OF(operations), PLAN_REHEARSAL, 1, COUNT, texts,
			     NULL),
	    SN_E_POLICY);
	assert_int_equal(opshares_split(BYTES_OF(operations), PLAN_REHEARSAL, 4, COUNT, texts,
			     NULL),
	    SN_E_POLICY);
	assert_null(texts[0].p);
}

int
main(void)
{
	struct test_list *l = test_list_new();
	struct sn_why why = { 0 };
	int status;

	if (sn_secret_start(1U << 20, &why) != SN_OK || cry_start(&why) != SN_OK)
		return sn_err_exit(why.err);
	if (setup() != 0)
		return 99;
	test_list_add(l, test_round, NULL, "split, seal, open, join");
	for (size_t i = 0; i < SN_NITEMS(join_rows); i++)
		test_list_add(l, test_join, &join_rows[i], "join %s", join_rows[i].name);
	test_list_add(l, test_rehearsal_share, NULL, "a rehearsal's shares in production");
	test_list_add(l, test_threshold, NULL, "thresholds that cannot be");
	status = test_list_run(l, "operations shares");
	for (size_t i = 0; i < COUNT; i++)
		approver_keys_done(&keys[i]);
	return status;
}
