/*
 * The mix survives any single bad source. Each source in turn is dead, stuck, known to an
 * enemy, stale or a copy of another one, while the others are good: the ceremony is refused
 * with the source's name, or the bad one is left out, or two runs give different masters.
 */
#include <string.h>

#include "appliance/crypto/digest.h"
#include "appliance/entropy/entropy.h"
#include "tests/lib/test.h"

#define DICE 200

/* A good source: other bytes in each run. known: the same ones in every run. */
enum { RUNS = 2, KNOWN = 99 };

static void
good(struct ent_source *s, enum ent_id id, uint8_t run)
{
	size_t n = id == ENT_DICE ? DICE : ENT_SAMPLE_LEN;
	uint8_t in[3] = { (uint8_t)id, run, 0 }, block[32];

	s->id = id;
	assert_int_equal(sn_secret_new(n, &s->bytes, NULL), SN_OK);
	for (size_t at = 0; at < n; at++) {
		in[2] = (uint8_t)(at / sizeof(block));
		if (at % sizeof(block) == 0)
			assert_int_equal(cry_digest(CRY_SHA256, BYTES_OF(in), block, NULL),
			    SN_OK);
		s->bytes.p[at] =
		    id == ENT_DICE ? (uint8_t)('1' + block[at % 32] % 6) : block[at % 32];
	}
}

typedef void bad_fn(struct ent_source *all, size_t victim, size_t other);

static void
bad_zero(struct ent_source *all, size_t victim, size_t other SN_UNUSED)
{
	memset(all[victim].bytes.p, 0, all[victim].bytes.n);
}

static void
bad_ones(struct ent_source *all, size_t victim, size_t other SN_UNUSED)
{
	memset(all[victim].bytes.p, 0xff, all[victim].bytes.n);
}

static void
bad_constant(struct ent_source *all, size_t victim, size_t other SN_UNUSED)
{
	memset(all[victim].bytes.p, '3', all[victim].bytes.n);
}

static void
bad_counter(struct ent_source *all, size_t victim, size_t other SN_UNUSED)
{
	for (size_t i = 0; i < all[victim].bytes.n; i++)
		all[victim].bytes.p[i] = (uint8_t)i;
}

static void
bad_short_cycle(struct ent_source *all, size_t victim, size_t other SN_UNUSED)
{
	for (size_t i = 40; i < all[victim].bytes.n; i++)
		all[victim].bytes.p[i] = all[victim].bytes.p[i - 40];
}

/* Looks as good as any, but an enemy knows it, or it is the last run's. */
static void
bad_known(struct ent_source *all, size_t victim, size_t other SN_UNUSED)
{
	enum ent_id id = all[victim].id;

	ent_source_done(&all[victim]);
	good(&all[victim], id, KNOWN);
}

static void
bad_copy(struct ent_source *all, size_t victim, size_t other)
{
	for (size_t i = 0; i < all[victim].bytes.n; i++)
		all[victim].bytes.p[i] = all[other].bytes.p[i % all[other].bytes.n];
}

static void
bad_copies_half(struct ent_source *all, size_t victim, size_t other)
{
	for (size_t i = all[victim].bytes.n / 2; i < all[victim].bytes.n; i++)
		all[victim].bytes.p[i] = all[other].bytes.p[i % all[other].bytes.n];
}

static void
bad_absent(struct ent_source *all, size_t victim, size_t other SN_UNUSED)
{
	sn_secret_done(&all[victim].bytes);
}

/* May such a source be mixed in? Then it must not decide anything. */
static const struct bad {
	const char *name;
	bad_fn *spoil;
	bool of_another; /* needs a second source */
	bool passes;	 /* no test can find it */
} bads[] = {
	{ "zero", bad_zero, false, false },
	{ "ones", bad_ones, false, false },
	{ "constant", bad_constant, false, false },
	{ "counter", bad_counter, false, false },
	{ "short-cycle", bad_short_cycle, false, false },
	{ "known", bad_known, false, true },
	{ "copy", bad_copy, true, false },
	{ "half-a-copy", bad_copies_half, true, false },
	{ "absent", bad_absent, false, false },
};

struct row {
	const struct bad *bad;
	size_t victim, other;
};

static void
all_good(struct ent_source all[ENT_NIDS], uint8_t run)
{
	for (size_t i = 0; i < ENT_NIDS; i++)
		good(&all[i], (enum ent_id)(i + 1), run);
}

static void
all_done(struct ent_source all[ENT_NIDS])
{
	for (size_t i = 0; i < ENT_NIDS; i++)
		ent_source_done(&all[i]);
}

/* One run with the bad source; *ret_used says if it went into the mix. */
static enum sn_err
mix_run(const struct row *r, uint8_t run, uint8_t ret[ENT_MASTER_LEN], bool *ret_used,
    struct sn_why *why)
{
	struct ent_source all[ENT_NIDS] = { 0 };
	struct ent_report report = { 0 };
	struct sn_secret master = { 0 };
	enum sn_err e;

	all_good(all, run);
	r->bad->spoil(all, r->victim, r->other);
	e = ent_mix("production", all, ENT_NIDS, &master, &report, why);
	if (e == SN_OK)
		memcpy(ret, master.p, ENT_MASTER_LEN);
	else
		assert_null(master.p);
	*ret_used = report.row[r->victim].state == ENT_USED;
	sn_secret_done(&master);
	all_done(all);
	return e;
}

static void
test_row(void **state)
{
	const struct row *r = *state;
	const char *name = ent_name((enum ent_id)(r->victim + 1));
	uint8_t master[RUNS][ENT_MASTER_LEN];
	bool used = false;

	for (uint8_t run = 0; run < RUNS; run++) {
		struct sn_why why = { 0 };
		enum sn_err e = mix_run(r, run, master[run], &used, &why);

		if (e != SN_OK) {
			assert_int_equal(e, SN_E_ENTROPY);
			assert_non_null(strstr(why.text, name));
			assert_false(r->bad->passes);
			return;
		}
		assert_int_equal(used, r->bad->passes);
	}
	assert_memory_not_equal(master[0], master[1], ENT_MASTER_LEN);
	assert_int_equal(sn_secret_alive(), 0);
}

/* An enemy knows all sources but one: that one alone makes another master each time. */
static void
test_one_good_source_is_enough(void **state)
{
	size_t unknown = *(const size_t *)*state;
	uint8_t master[RUNS][ENT_MASTER_LEN];

	for (uint8_t run = 0; run < RUNS; run++) {
		struct ent_source all[ENT_NIDS] = { 0 };
		struct ent_report report = { 0 };
		struct sn_secret m = { 0 };

		for (size_t i = 0; i < ENT_NIDS; i++)
			good(&all[i], (enum ent_id)(i + 1), i == unknown ? run : KNOWN);
		assert_int_equal(ent_mix("production", all, ENT_NIDS, &m, &report, NULL),
		    SN_OK);
		memcpy(master[run], m.p, ENT_MASTER_LEN);
		sn_secret_done(&m);
		all_done(all);
	}
	assert_memory_not_equal(master[0], master[1], ENT_MASTER_LEN);
}

/* The control: with every source known, so is the master. */
static void
test_control_all_known(void **state)
{
	const struct bad all_known = { "known", bad_known, false, true };
	uint8_t master[RUNS][ENT_MASTER_LEN];

	(void)state;
	for (uint8_t run = 0; run < RUNS; run++) {
		const struct row r = { &all_known, 0, 0 };
		bool used;

		assert_int_equal(mix_run(&r, KNOWN, master[run], &used, NULL), SN_OK);
	}
	assert_memory_equal(master[0], master[1], ENT_MASTER_LEN);
}

int
main(void)
{
	static struct row rows[SN_NITEMS(bads) * ENT_NIDS * ENT_NIDS];
	static const size_t ids[ENT_NIDS] = { 0, 1, 2, 3 };
	struct test_list *l = test_list_new();
	size_t n = 0;

	if (sn_secret_start(65536, NULL) != SN_OK || cry_start(NULL) != SN_OK)
		return 1;
	for (size_t b = 0; b < SN_NITEMS(bads); b++) {
		for (size_t v = 0; v < ENT_NIDS; v++) {
			for (size_t o = 0; o < (bads[b].of_another ? ENT_NIDS : 1); o++) {
				if (bads[b].of_another && o == v)
					continue;
				rows[n] = (struct row){ &bads[b], v, o };
				test_list_add(l, test_row, &rows[n++], "%s is %s%s%s",
				    ent_name((enum ent_id)(v + 1)), bads[b].name,
				    bads[b].of_another ? " of " : "",
				    bads[b].of_another ? ent_name((enum ent_id)(o + 1)) : "");
			}
		}
	}
	for (size_t i = 0; i < ENT_NIDS; i++)
		test_list_add(l, test_one_good_source_is_enough, &ids[i],
		    "only %s is not known", ent_name((enum ent_id)(i + 1)));
	test_list_add(l, test_control_all_known, NULL, "control: all are known");
	return test_list_run(l, "bad source");
}
