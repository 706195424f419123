/* trust/identity.json: its one form, its size, and what a changed byte does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/ceremony/keys/fixture.h"

static char *
written(const struct identity *id)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };

	assert_int_equal(identity_write(id, &b, NULL), SN_OK);
	return test_format("%s", sn_buf_cstr(&b));
}

struct size_row {
	enum plan_world world;
	uint32_t m, n;
	size_t max;
};

static const struct size_row size_rows[] = {
	{ PLAN_PRODUCTION, 2, 3, 2048 },
	{ PLAN_REHEARSAL, 2, 3, 2048 },
	{ PLAN_PRODUCTION, 3, 5, 2048 },
	{ PLAN_REHEARSAL, 5, 8, 2600 },
};

static void
test_round(void **state)
{
	const struct size_row *row = *state;
	struct identity id = fixture_identity(row->world, row->m, row->n), back;
	char *text = written(&id), *again;

	assert_true(strlen(text) <= row->max);
	assert_int_equal(identity_parse(bytes_str(text), &back, NULL), SN_OK);
	again = written(&back);
	assert_string_equal(text, again);
	assert_memory_equal(&id, &back, sizeof(id));
	free(text);
	free(again);
}

static void
test_line_end(void **state)
{
	struct identity id = fixture_identity(PLAN_PRODUCTION, 2, 3), back = { 0 };
	char *text = written(&id);
	char *one = test_format("%s\n", text), *two = test_format("%s\n\n", text);

	(void)state;
	assert_int_equal(identity_parse(bytes_str(one), &back, NULL), SN_OK);
	assert_int_equal(identity_parse(bytes_str(two), &back, NULL), SN_E_FORMAT);
	free(text);
	free(one);
	free(two);
}

/* Replace the first occurrence of from and read the result. */
struct hostile_row {
	const char *name, *from, *to;
	enum sn_err expect;
};

static const struct hostile_row hostile_rows[] = {
	{ "another format", "cornerstone-identity-1", "cornerstone-identity-2", SN_E_FORMAT },
	{ "unknown world", "\"world\":\"production\"", "\"world\":\"test\"", SN_E_FORMAT },
	{ "a rehearsal by one word", "\"world\":\"production\"", "\"world\":\"rehearsal\"",
	    SN_E_POLICY },
	{ "unknown member", "{\"certificates\"", "{\"a\":1,\"certificates\"", SN_E_FORMAT },
	{ "unknown member inside", "{\"count\":3,\"generation\"",
	    "{\"a\":1,\"count\":3,\"generation\"", SN_E_FORMAT },
	{ "a blank", "\"format\":", "\"format\": ", SN_E_FORMAT },
	{ "members in another order", "\"count\":3,\"identifier\":2748",
	    "\"identifier\":2748,\"count\":3", SN_E_FORMAT },
	{ "an escaped letter", "Example Bank", "Example \\u0042ank", SN_E_FORMAT },
	{ "a control byte", "Example Bank", "Example \\u0007ank", SN_E_FORMAT },
	{ "no organisation", "Example Bank", "", SN_E_FORMAT },
	{ "a long organisation", "Example Bank",
	    "Example Bank of a name that is longer than sixty bytes, which is too much",
	    SN_E_FORMAT },
	{ "label of another row", "[\"root-p384\"", "[\"root-p385\"", SN_E_FORMAT },
	{ "generation 0", "\"Root P-384 a0a1a2a3\",1,", "\"Root P-384 a0a1a2a3\",0,",
	    SN_E_POLICY },
	{ "generation 2 with the old serial", "\"Root P-384 a0a1a2a3\",1,",
	    "\"Root P-384 a0a1a2a3\",2,", SN_E_SIGNATURE },
	{ "generation as text", "\"Root P-384 a0a1a2a3\",1,", "\"Root P-384 a0a1a2a3\",\"1\",",
	    SN_E_FORMAT },
	{ "generation with a fraction", "\"Root P-384 a0a1a2a3\",1,",
	    "\"Root P-384 a0a1a2a3\",1.0,", SN_E_FORMAT },
	{ "negative generation", "\"Root P-384 a0a1a2a3\",1,", "\"Root P-384 a0a1a2a3\",-1,",
	    SN_E_FORMAT },
	{ "one operations key of another generation", "\"Operations P-384 a0a1a2a3\",1,",
	    "\"Operations P-384 a0a1a2a3\",2,", SN_E_POLICY },
	{ "a rehearsal's name in production", "\"Root P-384 a0a1a2a3\"",
	    "\"REHEARSAL Root P-384 a0a1a2a3\"", SN_E_POLICY },
	{ "a mistyped year", "2045-01-01T00:00:00Z", "2046-01-01T00:00:00Z", SN_E_SIGNATURE },
	{ "a mistyped year that does not nest", "2035-01-01T00:00:00Z", "2055-01-01T00:00:00Z",
	    SN_E_POLICY },
	{ "a 13th month", "2045-01-01T00:00:00Z", "2045-13-01T00:00:00Z", SN_E_FORMAT },
	{ "a date without its letter", "2045-01-01T00:00:00Z", "2045-01-01 00:00:00Z",
	    SN_E_FORMAT },
	{ "a row too short", "\"2025-01-01T00:00:00Z\",\"2045-01-01T00:00:00Z\",",
	    "\"2025-01-01T00:00:00Z\",", SN_E_FORMAT },
	{ "threshold 1", "\"identifier\":2748,\"threshold\":2",
	    "\"identifier\":2748,\"threshold\":1", SN_E_FORMAT },
	{ "threshold over count", "\"identifier\":2748,\"threshold\":2",
	    "\"identifier\":2748,\"threshold\":4", SN_E_POLICY },
	{ "a rehearsal's identifier", "\"identifier\":2748", "\"identifier\":19132",
	    SN_E_POLICY },
	{ "a 16-bit identifier", "\"identifier\":2748", "\"identifier\":32769", SN_E_POLICY },
	{ "more shares than commitments", "\"count\":3,\"identifier\"",
	    "\"count\":4,\"identifier\"", SN_E_FORMAT },
	{ "a short commitment", "0101", "01", SN_E_FORMAT },
	{ "a commitment that is no hex", "0101", "01g1", SN_E_FORMAT },
	{ "an upper-case sanctum id", "abacadaeaf", "ABACADAEAF", SN_E_FORMAT },
	{ "another sanctum id", "abacadaeaf", "abacadaeb0", SN_E_SIGNATURE },
	{ "operations threshold 1", "\"generation\":1,\"threshold\":2",
	    "\"generation\":1,\"threshold\":1", SN_E_FORMAT },
	{ "operations threshold over count", "\"generation\":1,\"threshold\":2",
	    "\"generation\":1,\"threshold\":4", SN_E_POLICY },
	{ "something behind it", "\"world\":\"production\"}", "\"world\":\"production\"}{}",
	    SN_E_FORMAT },
	{ "cut short", "\"world\":\"production\"}", "\"world\":\"production\"", SN_E_FORMAT },
	{ "a member twice", "\"format\":", "\"format\":\"x\",\"format\":", SN_E_FORMAT },
};

static void
test_hostile(void **state)
{
	const struct hostile_row *row = *state;
	struct identity id = fixture_identity(PLAN_PRODUCTION, 2, 3), back = { 0 };
	static const struct identity untouched;
	char *text = written(&id), *at = strstr(text, row->from), *bad;
	struct sn_why why = { 0 };

	assert_non_null(at);
	bad = test_format("%.*s%s%s", (int)(at - text), text, row->to, at + strlen(row->from));
	assert_int_equal(identity_parse(bytes_str(bad), &back, &why), row->expect);
	assert_memory_equal(&back, &untouched, sizeof(back));
	assert_true(why.text[0] != '\0');
	free(text);
	free(bad);
}

/* No single changed character of a card goes through. */
static void
test_every_byte(void **state)
{
	struct identity id = fixture_identity(PLAN_PRODUCTION, 2, 3), back;
	char *text = written(&id);
	size_t n = strlen(text), accepted = 0;

	(void)state;
	for (size_t i = 0; i < n; i++) {
		char was = text[i];

		text[i] = was == '1' ? '2' : '1';
		if (identity_parse((struct bytes){ (uint8_t *)text, n }, &back, NULL) == SN_OK)
			accepted++;
		text[i] = was;
	}
	/*
	 * What no serial covers: letters of names (cn, organisation, sanctum), hex digits of
	 * commitments and the share identifier. Nothing else.
	 */
	for (size_t i = 0; i < KEY_COUNT; i++)
		n -= strlen(id.cert[i].cn);
	assert_true(accepted <=
	    strlen(text) - n + strlen(id.organization) + strlen(id.sanctum_name) + 3 * 64 + 4);
	free(text);
}

static void
test_large(void **state)
{
	char *text = calloc(1, IDENTITY_MAX_BYTES + 2);
	struct identity back;

	(void)state;
	memset(text, ' ', IDENTITY_MAX_BYTES + 1);
	assert_int_equal(identity_parse((struct bytes){ (uint8_t *)text,
					    IDENTITY_MAX_BYTES + 1 },
			     &back, NULL),
	    SN_E_LIMIT);
	assert_int_equal(identity_parse((struct bytes){ NULL, 0 }, &back, NULL), SN_E_FORMAT);
	assert_int_equal(identity_parse(BYTES_STR("[]"), &back, NULL), SN_E_FORMAT);
	free(text);
}

/* ---- from a plan */

struct plan_row {
	const char *name;
	void (*spoil)(struct plan *p);
	enum sn_err expect;
};

static void
spoil_nest(struct plan *p)
{
	p->statement.to = p->signing.to + 1;
}
static void
spoil_before(struct plan *p)
{
	p->token.from = p->root.from - 1;
}
static void
spoil_order(struct plan *p)
{
	p->root.to = p->root.from;
}
static void
spoil_operations(struct plan *p)
{
	p->operations.to = p->operations.from + IDENTITY_OPERATIONS_MAX + 1;
}
static void
spoil_threshold(struct plan *p)
{
	p->share_threshold = 1;
}
static void
spoil_count(struct plan *p)
{
	p->share_count = PLAN_MAX_SHARES + 1;
}

static const struct plan_row plan_rows[] = {
	{ "statement signer outlives its CA", spoil_nest, SN_E_POLICY },
	{ "token signer before its CA", spoil_before, SN_E_POLICY },
	{ "root without a life", spoil_order, SN_E_POLICY },
	{ "operations signer for too long", spoil_operations, SN_E_POLICY },
	{ "one share is enough", spoil_threshold, SN_E_POLICY },
	{ "more shares than there is room", spoil_count, SN_E_INTERNAL },
};

static void
test_plan(void **state)
{
	static const uint8_t commitments[PLAN_MAX_SHARES][32];
	const struct plan_row *row = *state;
	struct plan p = fixture_plan(PLAN_PRODUCTION, 2, 3);
	struct identity id;

	assert_int_equal(identity_build(&p, 1, commitments, &id, NULL), SN_OK);
	assert_int_equal(identity_build(&p, 0x4001, commitments, &id, NULL), SN_E_POLICY);
	row->spoil(&p);
	assert_int_equal(identity_build(&p, 1, commitments, &id, NULL), row->expect);
}

/* ---- an identity file against the plan of a rebuild */

/* What each changes, identity_check() allows: only the plan tells that it is wrong. */
static void
unfit_nothing(struct identity *id SN_UNUSED)
{
}
static void
unfit_generation(struct identity *id)
{
	id->operations_generation = 2;
	id->past[id->npast++] = (struct identity_past){ id->cert[KEY_OPERATIONS_P384].from,
		id->cert[KEY_OPERATIONS_P384].to, id->cert[KEY_TOKEN_P256].from,
		id->cert[KEY_TOKEN_P256].to };
	id->cert[KEY_OPERATIONS_P384].generation = 2;
	id->cert[KEY_OPERATIONS_MLDSA87].generation = 2;
	id->cert[KEY_TOKEN_P256].generation = 2;
}
static void
unfit_root_generation(struct identity *id)
{
	id->cert[KEY_ROOT_P384].generation = 2;
}
static void
unfit_name(struct identity *id)
{
	memcpy(id->cert[KEY_TOKEN_CA_P384].cn, "REHEARSAL Token CA",
	    sizeof("REHEARSAL Token CA"));
}
static void
unfit_from(struct identity *id)
{
	id->cert[KEY_STATEMENT_MLDSA87].from++;
}
static void
unfit_to(struct identity *id)
{
	id->cert[KEY_OPERATIONS_P384].to--;
}
static void
unfit_shares(struct identity *id)
{
	id->share_count++;
}
static void
unfit_approvers(struct identity *id)
{
	id->operations_count++;
}

struct fit_row {
	const char *name, *said;
	void (*change)(struct identity *id);
	enum sn_err expect;
};

static const struct fit_row fit_rows[] = {
	{ "what a genesis made", "", unfit_nothing, SN_OK },
	{ "what a rotation made", "", unfit_generation, SN_OK },
	{ "a root of generation 2", "root-p384: its generation", unfit_root_generation,
	    SN_E_POLICY },
	{ "another common name", "token-ca-p384: its common name", unfit_name, SN_E_POLICY },
	{ "a later first date", "statement-mldsa87: its first date", unfit_from, SN_E_POLICY },
	{ "a sooner last date", "operations-p384: its last date", unfit_to, SN_E_POLICY },
	{ "one share more", "number of shares", unfit_shares, SN_E_POLICY },
	{ "one approver more", "number of approvers", unfit_approvers, SN_E_POLICY },
};

static void
test_fits(void **state)
{
	const struct fit_row *row = *state;
	struct plan p = fixture_plan(PLAN_REHEARSAL, 2, 3);
	struct identity id = fixture_identity(PLAN_REHEARSAL, 2, 3);
	struct derive_scope scope = identity_scope(&id);
	struct identity ret;
	struct sn_why why = { 0 };

	row->change(&id);
	for (unsigned int k = 0; k < KEY_COUNT; k++) {
		struct identity_cert *c = &id.cert[k];

		if (c->generation != 0)
			assert_int_equal(identity_serial(&scope, key_row((enum key_id)k)->label,
					     c->generation, c->from, c->to, c->serial, NULL),
			    SN_OK);
	}
	assert_int_equal(identity_check(&id, &why), SN_OK);
	assert_int_equal(identity_next(&id, &p, &ret, &why), row->expect);
	assert_non_null(strstr(why.text, row->said));
	if (id.cert[KEY_ROOT_P384].generation == 1) /* which no plan states */
		assert_int_equal(identity_fits(&id, &p, NULL), row->expect);
	if (row->expect == SN_OK) { /* made again as it was */
		SN_CLEANUP(sn_buf_done) struct sn_buf a = { 0 }, b = { 0 };

		assert_int_equal(identity_write(&id, &a, NULL), SN_OK);
		assert_int_equal(identity_write(&ret, &b, NULL), SN_OK);
		assert_true(bytes_equal(sn_buf_bytes(&a), sn_buf_bytes(&b)));
	}
}

/* ---- the next generation */

struct next_row {
	const char *name;
	enum plan_mode mode;
	const char *window, *operations, *token, *statement; /* NULL: as it was */
	uint32_t generation, statement_generation;	     /* afterwards; 0: refused */
	const char *said;
};

/* operations end in 2028, token 2030, statement 2035 */
static const struct next_row next_rows[] = {
	{ "a rotation", PLAN_ROTATE, NULL, NULL, NULL, NULL, 2, 1, "" },
	{ "a rotation with other dates", PLAN_ROTATE, NULL, "2028", "2028", NULL, 2, 1, "" },
	{ "a rotation with statement signers", PLAN_ROTATE, NULL, NULL, NULL, "2029", 2, 2,
	    "" },
	{ "a rebuild in time", PLAN_REBUILD, "2027", NULL, NULL, NULL, 1, 1, "" },
	{ "a rebuild too late, with the old dates", PLAN_REBUILD, "2029", NULL, NULL, NULL, 1,
	    1, "" },
	{ "a rebuild too late, new operations signers", PLAN_REBUILD, "2029", "2029", NULL,
	    NULL, 2, 1, "" },
	{ "a rebuild after the token signer's time", PLAN_REBUILD, "2031", "2031", "2031", NULL,
	    2, 1, "" },
	{ "a rebuild in time with new operations dates", PLAN_REBUILD, "2027", "2027", NULL,
	    NULL, 0, 0, "operations-p384: its first date" },
	{ "a rebuild in time with new token dates", PLAN_REBUILD, "2029", NULL, "2029", NULL, 0,
	    0, "token-p256: its first date" },
	{ "a rebuild in time with new statement dates", PLAN_REBUILD, "2029", "2029", NULL,
	    "2029", 0, 0, "statement-p384: its first date" },
};

static struct plan_dates
year_from(const char *year, const struct plan_dates *old)
{
	char *from, *to;
	struct plan_dates d;

	if (year == NULL)
		return *old;
	from = test_format("%s-01-01T00:00:00Z", year);
	to = test_format("%s-12-31T00:00:00Z", year);
	d = fixture_dates(from, to);
	free(from);
	free(to);
	return d;
}

static void
test_next(void **state)
{
	const struct next_row *row = *state;
	const struct identity old = fixture_identity(PLAN_PRODUCTION, 2, 3);
	struct plan p = fixture_plan(PLAN_PRODUCTION, 2, 3);
	struct sn_why why = { 0 };
	struct identity id = { 0 };
	uint8_t serial[20];

	p.mode = row->mode;
	p.window = year_from(row->window, &p.statement);
	p.operations = year_from(row->operations, &p.operations);
	p.token = year_from(row->token, &p.token);
	p.statement = year_from(row->statement, &p.statement);
	assert_int_equal(identity_next(&old, &p, &id, &why),
	    row->generation == 0 ? SN_E_POLICY : SN_OK);
	assert_non_null(strstr(why.text, row->said));
	if (row->generation == 0)
		return;
	assert_int_equal(id.operations_generation, row->generation);
	assert_int_equal(id.cert[KEY_TOKEN_P256].generation, row->generation);
	assert_int_equal(id.cert[KEY_STATEMENT_MLDSA87].generation, row->statement_generation);
	assert_int_equal(id.cert[KEY_ROOT_P384].generation, 1);
	assert_int_equal(id.npast, row->generation - 1);
	if (id.npast == 0)
		return;
	assert_int_equal(identity_past_serial(&id, KEY_TOKEN_P256, 1, serial, NULL), SN_OK);
	assert_memory_equal(serial, old.cert[KEY_TOKEN_P256].serial, 20);
}

/* Rotations come to an end before the card is full; what it says survives reading. */
static void
test_next_limit(void **state)
{
	struct identity id = fixture_identity(PLAN_REHEARSAL, 5, 8), again;
	struct plan p = fixture_plan(PLAN_REHEARSAL, 5, 8);
	SN_CLEANUP(sn_buf_done) struct sn_buf card = { 0 };

	(void)state;
	p.mode = PLAN_ROTATE;
	for (int i = 0; i < IDENTITY_PAST_MAX; i++)
		assert_int_equal(identity_next(&id, &p, &id, NULL), SN_OK);
	assert_int_equal(identity_next(&id, &p, &id, NULL), SN_E_LIMIT);
	assert_int_equal(id.operations_generation, IDENTITY_PAST_MAX + 1);
	assert_int_equal(identity_write(&id, &card, NULL), SN_OK);
	assert_int_equal(identity_parse(sn_buf_bytes(&card), &again, NULL), SN_OK);
	assert_int_equal(again.npast, IDENTITY_PAST_MAX);
}

struct past_row {
	const char *name, *find, *put;
};

/* "superseded" of a second generation, spoilt; the rest of the file stays right. */
static const struct past_row past_rows[] = {
	{ "gone",
	    ",\"superseded\":[[\"2026-01-01T00:00:00Z\",\"2028-01-01T00:00:00Z\","
	    "\"2025-06-01T00:00:00Z\",\"2030-01-01T00:00:00Z\"]]",
	    "" },
	{ "empty",
	    "[[\"2026-01-01T00:00:00Z\",\"2028-01-01T00:00:00Z\","
	    "\"2025-06-01T00:00:00Z\",\"2030-01-01T00:00:00Z\"]]",
	    "[]" },
	{ "one row more", "[[\"2026-01-01",
	    "[[\"2026-01-01T00:00:00Z\",\"2028-01-01T00:00:00Z\","
	    "\"2025-06-01T00:00:00Z\",\"2030-01-01T00:00:00Z\"],[\"2026-01-01" },
	{ "a row of three", "[[\"2026-01-01T00:00:00Z\",", "[[" },
	{ "backwards", "\"2028-01-01T00:00:00Z\",\"2025-06-01",
	    "\"2025-01-01T00:00:00Z\",\"2025-06-01" },
	{ "longer than two years", "[[\"2026-01-01", "[[\"2025-01-01" },
	{ "before its CA", "\"2025-06-01T00:00:00Z\",\"2030-01-01T00:00:00Z\"]]",
	    "\"2024-06-01T00:00:00Z\",\"2030-01-01T00:00:00Z\"]]" },
};

static void
test_past(void **state)
{
	const struct past_row *row = *state;
	struct identity id = fixture_identity(PLAN_REHEARSAL, 2, 3), again;
	struct plan p = fixture_plan(PLAN_REHEARSAL, 2, 3);
	SN_CLEANUP(sn_buf_done) struct sn_buf card = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf spoilt = { 0 };
	const char *at;
	enum sn_err e;

	p.mode = PLAN_ROTATE;
	assert_int_equal(identity_next(&id, &p, &id, NULL), SN_OK);
	assert_int_equal(identity_write(&id, &card, NULL), SN_OK);
	at = strstr(sn_buf_cstr(&card), ",\"superseded\"");
	assert_non_null(at);
	at = strstr(at, row->find);
	assert_non_null(at);
	sn_buf_put(&spoilt, (struct bytes){ card.p, (size_t)(at - (const char *)card.p) });
	sn_buf_str(&spoilt, row->put);
	sn_buf_str(&spoilt, at + strlen(row->find));
	e = identity_parse(sn_buf_bytes(&spoilt), &again, NULL);
	assert_true(e == SN_E_POLICY || e == SN_E_FORMAT);
}

static void
test_fits_world(void **state)
{
	struct plan p = fixture_plan(PLAN_PRODUCTION, 2, 3);
	struct identity id = fixture_identity(PLAN_REHEARSAL, 2, 3), ret;
	struct sn_why why = { 0 };

	(void)state;
	assert_int_equal(identity_next(&id, &p, &ret, &why), SN_E_POLICY);
	assert_non_null(strstr(why.text, "its world is not the plan's"));
	p = fixture_plan(PLAN_REHEARSAL, 2, 3);
	id = fixture_identity(PLAN_PRODUCTION, 2, 3);
	assert_int_equal(identity_next(&id, &p, &ret, &why), SN_E_POLICY);
	assert_non_null(strstr(why.text, "its world is not the plan's"));
}

static void
test_serial(void **state)
{
	struct derive_scope scope = fixture_scope(PLAN_PRODUCTION);
	struct test_bytes want = test_unhex("4164dde482cbbe62cf9b3f4cffd186d0950225f9");
	uint8_t serial[20];

	(void)state;
	/* sha256sum over the bytes of docs/FORMAT-KEYS.md, cut to 20, first byte & 7f | 40 */
	assert_int_equal(identity_serial(&scope, "root-p384", 1, 1735689600, 2366841600, serial,
			     NULL),
	    SN_OK);
	assert_memory_equal(serial, want.data, 20);
	test_bytes_done(&want);
}

static void
test_share_number(void **state)
{
	struct identity id = fixture_identity(PLAN_PRODUCTION, 2, 3);
	uint8_t c[32];

	(void)state;
	memset(c, 3, sizeof(c));
	assert_int_equal(identity_share_number(&id, c), 3);
	memset(c, 4, sizeof(c));
	assert_int_equal(identity_share_number(&id, c), 0);
}

static void
test_log_name(void **state)
{
	struct derive_scope scope = fixture_scope(PLAN_REHEARSAL);
	char name[IDENTITY_LOG_NAME_MAX];

	(void)state;
	identity_log_name(PLAN_REHEARSAL, scope.sanctum_id, name);
	assert_string_equal(name, "cornerstone/rehearsal/a0a1a2a3a4a5a6a7a8a9aaabacadaeaf");
	identity_log_name(PLAN_PRODUCTION, scope.sanctum_id, name);
	assert_string_equal(name, "cornerstone/production/a0a1a2a3a4a5a6a7a8a9aaabacadaeaf");
}

int
main(void)
{
	struct test_list *l = test_list_new();
	struct sn_why why = { 0 };
	size_t i;

	if (sn_secret_start(1U << 16, &why) != SN_OK || cry_start(&why) != SN_OK)
		return sn_err_exit(why.err);
	for (i = 0; i < SN_NITEMS(size_rows); i++)
		test_list_add(l, test_round, &size_rows[i],
		    "round trip %s %u of %u, <= %zu bytes", plan_world_name(size_rows[i].world),
		    size_rows[i].m, size_rows[i].n, size_rows[i].max);
	for (i = 0; i < SN_NITEMS(hostile_rows); i++)
		test_list_add(l, test_hostile, &hostile_rows[i], "refused: %s",
		    hostile_rows[i].name);
	for (i = 0; i < SN_NITEMS(plan_rows); i++)
		test_list_add(l, test_plan, &plan_rows[i], "plan refused: %s",
		    plan_rows[i].name);
	for (i = 0; i < SN_NITEMS(fit_rows); i++)
		test_list_add(l, test_fits, &fit_rows[i], "a rebuild's plan: %s",
		    fit_rows[i].name);
	for (i = 0; i < SN_NITEMS(next_rows); i++)
		test_list_add(l, test_next, &next_rows[i], "next: %s", next_rows[i].name);
	test_list_add(l, test_next_limit, NULL, "next: as many as the card has room for");
	for (i = 0; i < SN_NITEMS(past_rows); i++)
		test_list_add(l, test_past, &past_rows[i], "superseded: %s", past_rows[i].name);
	test_list_add(l, test_fits_world, NULL, "a rebuild's plan: of the other world");
	test_list_add(l, test_line_end, NULL, "one line end, not two");
	test_list_add(l, test_every_byte, NULL, "every byte changed");
	test_list_add(l, test_large, NULL, "too large, empty, no object");
	test_list_add(l, test_serial, NULL, "serial, known answer");
	test_list_add(l, test_share_number, NULL, "number of a share by its commitment");
	test_list_add(l, test_log_name, NULL, "the log's name");
	return test_list_run(l, "identity");
}
