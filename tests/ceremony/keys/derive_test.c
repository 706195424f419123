/* Derivation: known answers from derive.kat, and what every input changes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/ceremony/keys/fixture.h"

#define KAT "tests/ceremony/keys/derive.kat"

struct kat_row {
	char *line; /* cut into the fields below */
	char *world, *parent, *label, *seed;
	uint32_t generation;
};

static struct kat_row kat[64];
static size_t nkat;

static enum sn_err
kat_seed(const struct kat_row *row, size_t n, struct sn_secret *ret)
{
	enum plan_world world =
	    strcmp(row->world, "production") == 0 ? PLAN_PRODUCTION : PLAN_REHEARSAL;
	struct derive_scope scope = fixture_scope(world);
	struct sn_secret operations = { 0 };
	struct bytes parent = fixture_master();
	enum sn_err e;

	assert_string_equal(plan_world_name(world), row->world);
	if (strcmp(row->parent, "operations") == 0) {
		assert_int_equal(derive_operations(&scope, parent, row->generation, &operations,
				     NULL),
		    SN_OK);
		parent = sn_secret_bytes(&operations);
	}
	e = derive_seed(&scope, parent, row->label, row->generation, n, ret, NULL);
	sn_secret_done(&operations);
	return e;
}

static void
test_known(void **state)
{
	const struct kat_row *row = *state;
	struct test_bytes want = test_unhex(row->seed);
	struct sn_secret got = { 0 };

	assert_int_equal(kat_seed(row, want.len, &got), SN_OK);
	assert_int_equal(got.n, want.len);
	assert_memory_equal(got.p, want.data, want.len);
	sn_secret_done(&got);
	test_bytes_done(&want);
}

/* The file covers every label with the length that the table says. */
static void
test_covered(void **state)
{
	(void)state;
	for (unsigned int k = 0; k < KEY_COUNT; k++) {
		const struct key_row *row = key_row((enum key_id)k);
		bool found = false;

		assert_int_equal(key_by_label(row->label), k);
		for (size_t i = 0; i < nkat; i++)
			if (strcmp(kat[i].label, row->label) == 0 &&
			    strlen(kat[i].seed) == 2 * row->seed_len &&
			    strcmp(kat[i].parent,
				row->parent == KEY_OF_MASTER ? "master" : "operations") == 0)
				found = true;
		assert_true(found);
	}
	assert_int_equal(key_by_label("root-p38"), KEY_COUNT);
	assert_int_equal(key_by_label(""), KEY_COUNT);
}

struct change_row {
	const char *name;
	enum plan_world world;
	const char *label;
	uint32_t generation;
	uint8_t flip_master, flip_id; /* xor of the last byte */
};

static const struct change_row base = { "base", PLAN_PRODUCTION, "root-p384", 1, 0, 0 };
static const struct change_row changes[] = {
	{ "another world", PLAN_REHEARSAL, "root-p384", 1, 0, 0 },
	{ "another label", PLAN_PRODUCTION, "root-mldsa87", 1, 0, 0 },
	{ "a longer label", PLAN_PRODUCTION, "root-p3841", 1, 0, 0 },
	{ "another generation", PLAN_PRODUCTION, "root-p384", 2, 0, 0 },
	{ "another master secret", PLAN_PRODUCTION, "root-p384", 1, 1, 0 },
	{ "another sanctum", PLAN_PRODUCTION, "root-p384", 1, 0, 1 },
};

static void
change_seed(const struct change_row *row, struct sn_secret *ret)
{
	struct derive_scope scope = fixture_scope(row->world);
	uint8_t master[DERIVE_MASTER_LEN];

	memcpy(master, fixture_master().p, sizeof(master));
	master[31] ^= row->flip_master;
	scope.sanctum_id[15] ^= row->flip_id;
	assert_int_equal(derive_seed(&scope, BYTES_OF(master), row->label, row->generation, 48,
			     ret, NULL),
	    SN_OK);
}

static void
test_change(void **state)
{
	struct sn_secret a = { 0 }, b = { 0 }, again = { 0 };

	change_seed(&base, &a);
	change_seed(&base, &again);
	change_seed(*state, &b);
	assert_true(sn_secret_equal(sn_secret_bytes(&a), sn_secret_bytes(&again)));
	assert_false(sn_secret_equal(sn_secret_bytes(&a), sn_secret_bytes(&b)));
	sn_secret_done(&a);
	sn_secret_done(&b);
	sn_secret_done(&again);
}

static void
test_refused(void **state)
{
	struct derive_scope scope = fixture_scope(PLAN_PRODUCTION);
	struct sn_secret out = { 0 };
	uint8_t small[31] = { 0 }, large[33] = { 0 };

	(void)state;
	assert_int_equal(derive_seed(&scope, fixture_master(), "root-p384", 0, 32, &out, NULL),
	    SN_E_INTERNAL);
	assert_int_equal(derive_seed(&scope, BYTES_OF(small), "root-p384", 1, 32, &out, NULL),
	    SN_E_INTERNAL);
	assert_int_equal(derive_seed(&scope, BYTES_OF(large), "root-p384", 1, 32, &out, NULL),
	    SN_E_INTERNAL);
	assert_null(out.p);
	assert_int_equal(sn_secret_alive(), 0);
}

static void
test_key(void **state)
{
	struct derive_scope scope = fixture_scope(PLAN_PRODUCTION);
	SN_CLEANUP(sn_buf_done) struct sn_buf a = { 0 }, b = { 0 };
	struct cry_key *key = NULL;
	enum key_id id = *(const enum key_id *)*state;

	for (int i = 0; i < 2; i++) {
		assert_int_equal(derive_key(&scope, fixture_master(), id, 1, &key, NULL),
		    SN_OK);
		assert_int_equal(cry_key_alg(key), key_row(id)->alg);
		assert_int_equal(cry_key_spki(key, i == 0 ? &a : &b, NULL), SN_OK);
		cry_key_free(&key);
	}
	assert_true(bytes_equal(sn_buf_bytes(&a), sn_buf_bytes(&b)));
	assert_int_equal(sn_secret_alive(), 0);
}

/* "world parent label generation seed" */
static bool
read_row(const char *line, struct kat_row *r)
{
	char *at;

	r->line = at = test_format("%.*s", (int)strcspn(line, "\n"), line);
	r->world = strsep(&at, " ");
	r->parent = strsep(&at, " ");
	r->label = strsep(&at, " ");
	return at != NULL &&
	    text_to_u32(strsep(&at, " "), 1, 9, &r->generation, KAT, NULL) == SN_OK &&
	    (r->seed = at) != NULL;
}

static void
read_kat(void)
{
	FILE *f = fopen(KAT, "r");
	char line[400];
	bool ok = f != NULL;

	while (ok && nkat < SN_NITEMS(kat) && fgets(line, sizeof(line), f) != NULL)
		if (line[0] != '#')
			ok = read_row(line, &kat[nkat++]);
	if (!ok || nkat == 0) {
		fprintf(stderr, "%s: not readable\n", KAT);
		exit(99);
	}
	fclose(f);
}

int
main(void)
{
	static enum key_id ids[KEY_COUNT];
	struct test_list *l = test_list_new();
	struct sn_why why = { 0 };

	if (sn_secret_start(1U << 20, &why) != SN_OK || cry_start(&why) != SN_OK)
		return sn_err_exit(why.err);
	read_kat();
	for (size_t i = 0; i < nkat; i++)
		test_list_add(l, test_known, &kat[i], "known answer %s %s %u", kat[i].world,
		    kat[i].label, kat[i].generation);
	for (size_t i = 0; i < SN_NITEMS(changes); i++)
		test_list_add(l, test_change, &changes[i], "changes with %s", changes[i].name);
	for (unsigned int k = 0; k < KEY_COUNT; k++) {
		ids[k] = (enum key_id)k;
		test_list_add(l, test_key, &ids[k], "key %s", key_row(ids[k])->label);
	}
	test_list_add(l, test_covered, NULL, "every label has a known answer");
	test_list_add(l, test_refused, NULL, "generation 0 and wrong lengths");
	return test_list_run(l, "derivation");
}
