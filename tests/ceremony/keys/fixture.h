/*
 * fixture - a plan as tests of keys and keeper need it, and its fixed master secret.
 */
#ifndef KEYS_FIXTURE_H
#define KEYS_FIXTURE_H

#include <string.h>

#include "appliance/base/text.h"
#include "ceremony/keys/certs.h"
#include "tests/lib/test.h"

/* 00 01 02 ... 1f: known to everybody, like its answers in derive.kat. */
static inline struct bytes
fixture_master(void)
{
	static uint8_t master[DERIVE_MASTER_LEN];

	for (size_t i = 0; i < sizeof(master); i++)
		master[i] = (uint8_t)i;
	return BYTES_OF(master);
}

static inline struct derive_scope
fixture_scope(enum plan_world world)
{
	struct derive_scope scope = { .world = world };

	for (size_t i = 0; i < sizeof(scope.sanctum_id); i++)
		scope.sanctum_id[i] = (uint8_t)(0xa0 + i);
	return scope;
}

static inline struct plan_dates
fixture_dates(const char *from, const char *to)
{
	struct plan_dates d = { 0 };

	assert_int_equal(text_to_time(from, &d.from, "from", NULL), SN_OK);
	assert_int_equal(text_to_time(to, &d.to, "to", NULL), SN_OK);
	return d;
}

/* What identity_build() reads of a plan; M of N shares, 2 of 3 approvers. */
static inline struct plan
fixture_plan(enum plan_world world, uint32_t m, uint32_t n)
{
	struct derive_scope scope = fixture_scope(world);
	struct plan p = {
		.world = world,
		.mode = PLAN_GENESIS,
		.sanctum_name = "Inner Sanctum North",
		.organization = "Example Bank",
		.napprovers = 3,
		.approvals = 2,
		.ops_threshold = 2,
		.share_threshold = m,
		.share_count = n,
		.root = fixture_dates("2025-01-01T00:00:00Z", "2045-01-01T00:00:00Z"),
		.signing = fixture_dates("2025-01-01T00:00:00Z", "2035-01-01T00:00:00Z"),
		.statement = fixture_dates("2025-01-01T00:00:00Z", "2035-01-01T00:00:00Z"),
		.operations = fixture_dates("2026-01-01T00:00:00Z", "2028-01-01T00:00:00Z"),
		.token = fixture_dates("2025-06-01T00:00:00Z", "2030-01-01T00:00:00Z"),
	};

	memcpy(p.sanctum_id, scope.sanctum_id, sizeof(p.sanctum_id));
	return p;
}

#define FIXTURE_IDENTIFIER(world) ((world) == PLAN_REHEARSAL ? 0x4abc : 0x0abc)

static inline struct identity
fixture_identity(enum plan_world world, uint32_t m, uint32_t n)
{
	struct plan p = fixture_plan(world, m, n);
	uint8_t commitments[PLAN_MAX_SHARES][32];
	struct identity id = { 0 };
	struct sn_why why = { 0 };

	for (size_t i = 0; i < PLAN_MAX_SHARES; i++)
		memset(commitments[i], (int)(i + 1), 32);
	if (identity_build(&p, (uint16_t)FIXTURE_IDENTIFIER(world),
		(const uint8_t(*)[32])commitments, &id, &why) != SN_OK)
		fail_msg("identity_build: %s", why.text);
	return id;
}

#endif
