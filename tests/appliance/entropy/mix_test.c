/* Mixing: the documented formula, every source counts, nothing unhealthy gets in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "appliance/crypto/digest.h"
#include "appliance/entropy/entropy.h"

static void
stream(uint8_t *p, size_t n, uint8_t which)
{
	uint8_t in[2] = { which }, block[32];

	for (size_t at = 0; at < n; at += sizeof(block)) {
		in[1] = (uint8_t)(at / sizeof(block));
		assert_int_equal(cry_digest(CRY_SHA256, BYTES_OF(in), block, NULL), SN_OK);
		memcpy(p + at, block, n - at < sizeof(block) ? n - at : sizeof(block));
	}
}

struct set {
	struct ent_source s[3];
	size_t n;
};

static void
set_add(struct set *set, enum ent_id id, uint8_t which, size_t n)
{
	struct ent_source *s = &set->s[set->n++];

	s->id = id;
	if (n == 0)
		return;
	assert_int_equal(sn_secret_new(n, &s->bytes, NULL), SN_OK);
	stream(s->bytes.p, n, which);
}

static void
set_done(struct set *set)
{
	for (size_t i = 0; i < set->n; i++)
		ent_source_done(&set->s[i]);
	assert_int_equal(sn_secret_alive(), 0);
}

static void
master(const char *world, const struct set *set, uint8_t ret[32])
{
	struct sn_secret m = { 0 };
	struct ent_report report;
	struct sn_why why = { 0 };

	assert_int_equal(ent_mix(world, set->s, set->n, &m, &report, &why), SN_OK);
	assert_int_equal(m.n, 32);
	memcpy(ret, m.p, 32);
	sn_secret_done(&m);
}

/* HMAC by HMAC as docs/ENTROPY.md says, without the HKDF functions. */
static void
test_formula(void **state)
{
	static const char salt[] = "cornerstone/v1/master/rehearsal";
	struct set set = { 0 };
	struct sn_buf ikm = { 0 };
	uint8_t prk[64], okm[64], got[32];

	(void)state;
	set_add(&set, ENT_TPM, 1, 512);
	set_add(&set, ENT_KERNEL, 2, 512);
	set_add(&set, ENT_CPU, 3, 512);
	for (size_t i = 0; i < 3; i++) {
		sn_buf_u8(&ikm, (uint8_t)(i + 1));
		sn_buf_u32(&ikm, 512);
		sn_buf_put(&ikm, sn_secret_bytes(&set.s[i].bytes));
	}
	assert_int_equal(cry_hmac(CRY_SHA512, BYTES_STR(salt), sn_buf_bytes(&ikm), prk, NULL),
	    SN_OK);
	assert_int_equal(cry_hmac(CRY_SHA512, BYTES_OF(prk), BYTES_STR("master-secret\x01"),
			     okm, NULL),
	    SN_OK);
	master("rehearsal", &set, got);
	assert_memory_equal(got, okm, 32);
	sn_buf_done(&ikm);
	set_done(&set);
}

/* A byte of any source, the world, or a source itself changed: another master. */
static void
test_everything_counts(void **state)
{
	struct set set = { 0 };
	uint8_t first[32], other[32];

	(void)state;
	set_add(&set, ENT_TPM, 1, 512);
	set_add(&set, ENT_KERNEL, 2, 512);
	set_add(&set, ENT_CPU, 3, 512);
	master("rehearsal", &set, first);
	master("rehearsal", &set, other);
	assert_memory_equal(first, other, 32);
	master("production", &set, other);
	assert_memory_not_equal(first, other, 32);
	for (size_t i = 0; i < 3; i++) {
		set.s[i].bytes.p[511] ^= 0x80;
		master("rehearsal", &set, other);
		assert_memory_not_equal(first, other, 32);
		set.s[i].bytes.p[511] ^= 0x80;
	}
	set.n = 2; /* no CPU */
	master("rehearsal", &set, other);
	assert_memory_not_equal(first, other, 32);
	set.n = 3;
	set_done(&set);
}

/* Moving bytes between sources does not give the same input to the mix. */
static void
test_boundaries(void **state)
{
	struct set a = { 0 }, b = { 0 };
	uint8_t all[1025], ma[32], mb[32];

	(void)state;
	stream(all, sizeof(all), 7);
	set_add(&a, ENT_TPM, 0, 512);
	set_add(&a, ENT_KERNEL, 0, 513);
	set_add(&b, ENT_TPM, 0, 513);
	set_add(&b, ENT_KERNEL, 0, 512);
	memcpy(a.s[0].bytes.p, all, 512);
	memcpy(a.s[1].bytes.p, all + 512, 513);
	memcpy(b.s[0].bytes.p, all, 513);
	memcpy(b.s[1].bytes.p, all + 513, 512);
	master("production", &a, ma);
	master("production", &b, mb);
	assert_memory_not_equal(ma, mb, 32);
	ent_source_done(&b.s[0]);
	ent_source_done(&b.s[1]);
	set_done(&a);
}

static void
spoil_stuck(struct ent_source *s)
{
	memset(s->bytes.p, 0, s->bytes.n);
}

static void
spoil_short(struct ent_source *s)
{
	sn_secret_truncate(&s->bytes, 64);
}

static void
spoil_absent(struct ent_source *s)
{
	sn_secret_done(&s->bytes);
}

static const struct row {
	const char *name;
	enum ent_id victim;
	void (*spoil)(struct ent_source *s);
	enum sn_err err;
	const char *says;
	enum ent_state state; /* of the victim, when the mix goes on */
} rows[] = {
	{ "tpm-all-zero", ENT_TPM, spoil_stuck, SN_E_ENTROPY, "tpm: every byte", ENT_FAILED },
	{ "tpm-short", ENT_TPM, spoil_short, SN_E_ENTROPY, "tpm: the sample", ENT_FAILED },
	{ "tpm-absent", ENT_TPM, spoil_absent, SN_E_ENTROPY, "tpm: this source is mandatory",
	    ENT_ABSENT },
	{ "kernel-all-zero", ENT_KERNEL, spoil_stuck, SN_E_ENTROPY, "kernel: every byte",
	    ENT_FAILED },
	{ "kernel-short", ENT_KERNEL, spoil_short, SN_E_ENTROPY, "kernel: the sample",
	    ENT_FAILED },
	{ "kernel-absent", ENT_KERNEL, spoil_absent, SN_E_ENTROPY,
	    "kernel: this source is mandatory", ENT_ABSENT },
	{ "cpu-all-zero-left-out", ENT_CPU, spoil_stuck, SN_OK, "cpu: every byte", ENT_FAILED },
	{ "cpu-short-left-out", ENT_CPU, spoil_short, SN_OK, "cpu: the sample", ENT_FAILED },
	{ "cpu-absent-recorded", ENT_CPU, spoil_absent, SN_OK, "none", ENT_ABSENT },
};

static void
test_row(void **state)
{
	const struct row *r = *state;
	struct set set = { 0 };
	struct sn_secret m = { 0 };
	struct ent_report report = { 0 };
	struct sn_why why = { 0 };
	uint8_t without[32];
	size_t v = (size_t)r->victim - 1;

	set_add(&set, ENT_TPM, 1, 512);
	set_add(&set, ENT_KERNEL, 2, 512);
	set_add(&set, ENT_CPU, 3, 512);
	r->spoil(&set.s[v]);
	assert_int_equal(ent_mix("production", set.s, 3, &m, &report, &why), r->err);
	if (r->err != SN_OK) {
		assert_non_null(strstr(why.text, r->says));
		assert_null(m.p);
	} else {
		assert_int_equal(report.row[v].state, r->state);
		assert_int_equal(report.row[v].bytes, 0);
		assert_non_null(strstr(report.row[v].tests, r->says));
		assert_int_equal(report.row[0].state, ENT_USED);
		assert_int_equal(report.row[0].bytes, 512);
		/* left out means: as if it had never been there */
		set.n = 2;
		master("production", &set, without);
		set.n = 3;
		assert_memory_equal(m.p, without, 32);
	}
	sn_secret_done(&m);
	set_done(&set);
}

static void
test_report_names(void **state)
{
	(void)state;
	assert_string_equal(ent_name(ENT_TPM), "tpm");
	assert_string_equal(ent_name(ENT_CPU), "cpu");
	assert_string_equal(ent_name((enum ent_id)9), "unknown");
	assert_string_equal(ent_state_name(ENT_FAILED), "failed");
	assert_true(ent_mandatory(ENT_KERNEL));
	assert_false(ent_mandatory(ENT_CPU));
}

static void
refuse(const char *world, const struct set *set, enum sn_err err)
{
	struct sn_secret m = { 0 };
	struct ent_report report;

	assert_int_equal(ent_mix(world, set->s, set->n, &m, &report, NULL), err);
	assert_null(m.p);
}

static void
test_order_and_world(void **state)
{
	struct set set = { 0 };
	struct ent_source t;

	(void)state;
	set_add(&set, ENT_TPM, 1, 512);
	set_add(&set, ENT_KERNEL, 2, 512);
	refuse("Production", &set, SN_E_INTERNAL);
	refuse("", &set, SN_E_INTERNAL);
	t = set.s[0];
	set.s[0] = set.s[1];
	set.s[1] = t;
	refuse("production", &set, SN_E_INTERNAL);
	set.s[0].id = ENT_TPM; /* twice the same */
	refuse("production", &set, SN_E_INTERNAL);
	set.s[1].id = (enum ent_id)(ENT_NIDS + 1);
	refuse("production", &set, SN_E_INTERNAL);
	set.n = 0;
	refuse("production", &set, SN_E_ENTROPY);
	set.n = 2;
	set_done(&set);
}

/* A source that copies another is refused, mandatory or not. */
static void
test_copies(void **state)
{
	struct set set = { 0 };

	(void)state;
	set_add(&set, ENT_TPM, 1, 512);
	set_add(&set, ENT_KERNEL, 2, 512);
	set_add(&set, ENT_CPU, 2, 512);
	refuse("production", &set, SN_E_ENTROPY);
	set_done(&set);
}

int
main(void)
{
	struct CMUnitTest tests[SN_NITEMS(rows) + 6] = {
		cmocka_unit_test(test_formula),
		cmocka_unit_test(test_everything_counts),
		cmocka_unit_test(test_boundaries),
		cmocka_unit_test(test_report_names),
		cmocka_unit_test(test_order_and_world),
		cmocka_unit_test(test_copies),
	};

	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		tests[i + 6] = (struct CMUnitTest){ .name = rows[i].name,
			.test_func = test_row,
			.initial_state = (void *)(uintptr_t)&rows[i] };
	if (sn_secret_start(65536, NULL) != SN_OK || cry_start(NULL) != SN_OK)
		return 1;
	return cmocka_run_group_tests_name("mix", tests, NULL, NULL);
}
