/* The health tests: samples that are as they should be, and samples that are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "appliance/crypto/digest.h"
#include "appliance/entropy/entropy.h"

static void
stuck_00(uint8_t *p, size_t n)
{
	memset(p, 0, n);
}

static void
stuck_ff(uint8_t *p, size_t n)
{
	memset(p, 0xff, n);
}

static void
stuck_a5(uint8_t *p, size_t n)
{
	memset(p, 0xa5, n);
}

static void
run_of_5(uint8_t *p, size_t n)
{
	memset(p + n / 2, 0x11, 5);
	p[n / 2 - 1] = 0x12;
	p[n / 2 + 5] = 0x12;
}

static void
run_of_4(uint8_t *p, size_t n)
{
	memset(p + n / 2, 0x11, 4);
	p[n / 2 - 1] = 0x12;
	p[n / 2 + 4] = 0x12;
}

static void
run_at_end(uint8_t *p, size_t n)
{
	memset(p + n - 5, 0x77, 5);
}

/* The first byte of the window at start comes exactly count times in it. */
static void
proportion(uint8_t *p, size_t start, size_t count)
{
	uint8_t b = p[start];

	for (size_t i = 1; i < 512; i++) {
		if (p[start + i] == b)
			p[start + i] = (uint8_t)(b + 1 + i % 200);
	}
	for (size_t i = 1; i < count; i++)
		p[start + i * 20] = b;
}

static void
proportion_25(uint8_t *p, size_t n)
{
	proportion(p, n - 512, 25);
}

static void
proportion_24(uint8_t *p, size_t n)
{
	proportion(p, n - 512, 24);
}

static void
block_twice(uint8_t *p, size_t n)
{
	memcpy(p + n - 40, p + 3, 32);
}

static void
block_31_twice(uint8_t *p, size_t n)
{
	memcpy(p + n - 40, p + 3, 31);
	p[n - 40 + 31] = (uint8_t)(p[3 + 31] ^ 1);
	p[n - 41] = (uint8_t)(p[2] ^ 1);
}

static void
counter(uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)i;
}

static void
untouched(uint8_t *p, size_t n)
{
	(void)p;
	(void)n;
}

/* refusal NULL: healthy */
static const struct row {
	const char *name;
	size_t n;
	void (*spoil)(uint8_t *p, size_t n);
	const char *refusal;
} rows[] = {
	{ "good-512", 512, untouched, NULL },
	{ "good-513", 513, untouched, NULL },
	{ "good-1000", 1000, untouched, NULL },
	{ "good-4096", 4096, untouched, NULL },
	{ "run-of-4-is-chance", 512, run_of_4, NULL },
	{ "proportion-24-is-chance", 512, proportion_24, NULL },
	{ "31-bytes-twice-is-let-through", 512, block_31_twice, NULL },
	{ "empty", 0, untouched, "the sample has 0 bytes" },
	{ "one-byte-short", 511, untouched, "the sample has 511 bytes" },
	{ "too-long", 4097, untouched, "the sample has 4097 bytes" },
	{ "all-00", 512, stuck_00, "every byte is the same" },
	{ "all-ff", 512, stuck_ff, "every byte is the same" },
	{ "all-a5-long", 4096, stuck_a5, "every byte is the same" },
	{ "run-of-5", 512, run_of_5, "repetition count" },
	{ "run-at-end", 1000, run_at_end, "repetition count" },
	{ "proportion-25", 512, proportion_25, "adaptive proportion" },
	{ "proportion-25-last-window", 1024, proportion_25, "adaptive proportion" },
	{ "proportion-25-reached-back", 700, proportion_25, "adaptive proportion" },
	{ "block-twice", 512, block_twice, "a block of 32 bytes came twice" },
	{ "block-twice-long", 4096, block_twice, "a block of 32 bytes came twice" },
	{ "counter", 512, counter, "a block of 32 bytes came twice" },
};

/* A fixed stream that looks random: SHA-256 of counters. */
static void
stream(uint8_t *p, size_t n, uint8_t which)
{
	uint8_t in[3] = { which }, block[32];

	for (size_t at = 0; at < n; at += sizeof(block)) {
		in[1] = (uint8_t)(at >> 13);
		in[2] = (uint8_t)(at >> 5);
		assert_int_equal(cry_digest(CRY_SHA256, BYTES_OF(in), block, NULL), SN_OK);
		memcpy(p + at, block, n - at < sizeof(block) ? n - at : sizeof(block));
	}
}

static void
test_row(void **state)
{
	const struct row *r = *state;
	uint8_t sample[5000];
	struct sn_why why = { 0 };
	enum sn_err e;

	stream(sample, sizeof(sample), 1);
	r->spoil(sample, r->n);
	e = ent_health(ENT_KERNEL, (struct bytes){ sample, r->n }, &why);
	if (r->refusal == NULL) {
		assert_string_equal(why.text, "");
		assert_int_equal(e, SN_OK);
		return;
	}
	assert_int_equal(e, SN_E_ENTROPY);
	assert_non_null(strstr(why.text, r->refusal));
	assert_int_equal(strncmp(why.text, "kernel: ", 8), 0);
}

/* 2000 good samples, always the same ones: no alarm. */
static void
test_no_false_alarm(void **state)
{
	uint8_t sample[512];
	struct sn_why why = { 0 };

	(void)state;
	for (int i = 0; i < 2000; i++) {
		uint8_t seed[2] = { (uint8_t)(i >> 8), (uint8_t)i }, block[32];

		for (size_t at = 0; at < sizeof(sample); at += 32) {
			struct bytes parts[] = { BYTES_OF(seed), { (const uint8_t *)&at, 8 } };

			assert_int_equal(cry_digest_v(CRY_SHA256, parts, 2, block, NULL),
			    SN_OK);
			memcpy(sample + at, block, 32);
		}
		assert_int_equal(ent_health(ENT_CPU, BYTES_OF(sample), &why), SN_OK);
	}
}

static void
source(struct ent_source *s, enum ent_id id, uint8_t which)
{
	s->id = id;
	assert_int_equal(sn_secret_new(512, &s->bytes, NULL), SN_OK);
	stream(s->bytes.p, 512, which);
}

static void
test_distinct(void **state)
{
	struct ent_source s[3] = { 0 };
	struct sn_why why = { 0 };

	(void)state;
	source(&s[0], ENT_TPM, 1);
	source(&s[1], ENT_KERNEL, 2);
	source(&s[2], ENT_CPU, 3);
	assert_int_equal(ent_distinct(s, 3, &why), SN_OK);
	memcpy(s[2].bytes.p + 101, s[0].bytes.p + 7, 32);
	assert_int_equal(ent_distinct(s, 3, &why), SN_E_ENTROPY);
	assert_non_null(strstr(why.text, "tpm and cpu share"));
	for (size_t i = 0; i < 3; i++)
		ent_source_done(&s[i]);
}

static void
test_sources_deliver(void **state)
{
	struct ent_source k = { 0 }, c = { 0 };
	struct sn_why why = { 0 };
	const char *how = NULL;

	(void)state;
	assert_int_equal(ent_kernel(&k, &why), SN_OK);
	assert_int_equal(k.id, ENT_KERNEL);
	assert_int_equal(k.bytes.n, ENT_SAMPLE_LEN);
	assert_int_equal(ent_health(k.id, sn_secret_bytes(&k.bytes), &why), SN_OK);
	assert_int_equal(ent_cpu(&c, &how, &why), SN_OK);
	assert_int_equal(c.id, ENT_CPU);
	if (strcmp(how, "none") == 0) {
		assert_int_equal(c.bytes.n, 0);
	} else {
		assert_int_equal(c.bytes.n, ENT_SAMPLE_LEN);
		assert_int_equal(ent_health(c.id, sn_secret_bytes(&c.bytes), &why), SN_OK);
		assert_false(sn_secret_equal(sn_secret_bytes(&c.bytes),
		    sn_secret_bytes(&k.bytes)));
	}
	ent_source_done(&k);
	ent_source_done(&c);
	assert_int_equal(sn_secret_alive(), 0);
}

int
main(void)
{
	struct CMUnitTest tests[SN_NITEMS(rows) + 3] = {
		cmocka_unit_test(test_no_false_alarm),
		cmocka_unit_test(test_distinct),
		cmocka_unit_test(test_sources_deliver),
	};

	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		tests[i + 3] = (struct CMUnitTest){ .name = rows[i].name,
			.test_func = test_row,
			.initial_state = (void *)(uintptr_t)&rows[i] };
	if (sn_secret_start(65536, NULL) != SN_OK || cry_start(NULL) != SN_OK)
		return 1;
	return cmocka_run_group_tests_name("health", tests, NULL, NULL);
}
