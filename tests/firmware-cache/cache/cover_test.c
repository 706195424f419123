/*
 * Coverage: what a node needs, from items made by hand; and plans that are none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appliance/base/text.h"
#include "firmware-cache/cache/cover.h"
#include "tests/lib/test.h"

#define AT 1750000000
#define DAYS(n) (AT + (int64_t)(n) * COVER_DAY)
#define ITEMS 12

/* An item in few words; hold says until which day it is good, 0 that it is refused. */
struct sketch {
	enum col_kind kind;
	const char *label;
	int hold;
	enum sn_err err; /* why it is refused */
	enum amd_product product;
	uint8_t id; /* first byte of hwid or PPID; 0 for none */
	uint8_t bl; /* of a VCEK */
	uint32_t number;
	enum intel_role ca;
	unsigned int notes;
};

#define CHAIN { COL_KIND_AMD_CHAIN, "AMD Milan ASK, ARK", 900, SN_OK, AMD_MILAN, 0, 0, 0, 0, 0 }
#define CRL(days)                                                                              \
	{ COL_KIND_AMD_CRL, "AMD Milan CRL", days, SN_E_EXPIRED, AMD_MILAN, 0, 0, 0, 0, 0 }
#define VCEK(id, bl, days)                                                                     \
	{ COL_KIND_AMD_VCEK, "AMD Milan VCEK", days, SN_E_SIGNATURE, AMD_MILAN, id, bl, 0, 0,  \
		0 }
#define INTEL(kind, label, days, number)                                                       \
	{ kind, label, days, SN_E_EXPIRED, AMD_PRODUCT_COUNT, 0, 0, number, 0, 0 }
#define ROOT_CRL INTEL(COL_KIND_INTEL_ROOT_CRL, "Intel root CA CRL", 300, 0)
#define PLATFORM_CRL INTEL(COL_KIND_INTEL_PCK_CRL, "Intel PCK Platform CA CRL", 20, 0)
#define PROCESSOR_CRL INTEL(COL_KIND_INTEL_PCK_CRL, "Intel PCK Processor CA CRL", 20, 0)
#define TCB(tee, days, n)                                                                      \
	INTEL(COL_KIND_INTEL_TCB_INFO, "TCB info " tee " 0A0000000000", days, n)
#define TCB_PCE_1 INTEL(COL_KIND_INTEL_TCB_INFO, "TCB info SGX 0A0000000000 PCE 0001", 30, 17)
#define QE INTEL(COL_KIND_INTEL_IDENTITY, "QE identity", 20, 17)
#define TD_QE INTEL(COL_KIND_INTEL_IDENTITY, "TD QE identity", 20, 17)
#define PCK(ca)                                                                                \
	{ COL_KIND_INTEL_PCK_SET, "PCK set", 700, SN_OK, AMD_PRODUCT_COUNT, 0x11, 0, 0, ca, 0 }

#define MILAN_ID "11" ZEROS "00000000000000000000000000000000000000000000000000000000000000"
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define NODES(node, tcb) "{\"nodes\":[{\"name\":\"n\"," node "}]" tcb "}"
#define AMD_NODE NODES("\"hardware\":\"amd\",\"product\":\"Milan\",\"id\":\"" MILAN_ID "\"", "")
#define INTEL_NODE                                                                             \
	NODES("\"hardware\":\"intel\",\"id\":\"11000000000000000000000000000000\"", "")

/* What the row's cells must be: letters in order of enum cover_item. */
static const struct row {
	const char *name, *plan;
	struct sketch items[ITEMS];
	const char *once;  /* the newest seen names this, though it is not here */
	const char *cells; /* - not needed, o ok, s soon, l lapsed, r refused, m missing */
	int first;	   /* day of the first lapse; -1: nothing is good */
} rows[] = {
	{ "an AMD node with all", AMD_NODE, { CHAIN, CRL(100), VCEK(0x11, 3, 500) }, NULL,
	    "ooo-------", 100 },
	{ "a CRL that lapses on the seventh day", AMD_NODE,
	    { CHAIN, CRL(7), VCEK(0x11, 3, 500) }, NULL, "oso-------", 7 },
	{ "and on the eighth", AMD_NODE, { CHAIN, CRL(8), VCEK(0x11, 3, 500) }, NULL,
	    "ooo-------", 8 },
	{ "a lapsed CRL", AMD_NODE, { CHAIN, CRL(0), VCEK(0x11, 3, 500) }, NULL, "olo-------",
	    500 },
	{ "a lapsed CRL beside a good one", AMD_NODE,
	    { CHAIN, CRL(0), CRL(50), VCEK(0x11, 3, 500) }, NULL, "ooo-------", 50 },
	{ "another chip's VCEK", AMD_NODE, { CHAIN, CRL(100), VCEK(0x22, 3, 500) }, NULL,
	    "oom-------", 100 },
	{ "a refused VCEK", AMD_NODE, { CHAIN, CRL(100), VCEK(0x11, 3, 0) }, NULL, "oor-------",
	    100 },
	{ "a refused VCEK beside a good one", AMD_NODE,
	    { CHAIN, CRL(100), VCEK(0x11, 3, 0), VCEK(0x11, 3, 500) }, NULL, "ooo-------",
	    100 },
	{ "a VCEK below the least",
	    NODES("\"hardware\":\"amd\",\"product\":\"Milan\",\"id\":\"" MILAN_ID "\"",
		",\"tcb\":{\"amd\":{\"Milan\":{\"boot_loader\":4,\"tee\":0,\"snp\":0,"
		"\"microcode\":0}}}"),
	    { CHAIN, CRL(100), VCEK(0x11, 3, 500) }, NULL, "oom-------", 100 },
	{ "one below, one at the least",
	    NODES("\"hardware\":\"amd\",\"product\":\"Milan\",\"id\":\"" MILAN_ID "\"",
		",\"tcb\":{\"amd\":{\"Milan\":{\"boot_loader\":4,\"tee\":0,\"snp\":0,"
		"\"microcode\":0}}}"),
	    { CHAIN, CRL(100), VCEK(0x11, 3, 900), VCEK(0x11, 4, 500) }, NULL, "ooo-------",
	    100 },
	{ "an AMD node without a chip id",
	    NODES("\"hardware\":\"amd\",\"product\":\"Milan\"", ""),
	    { CHAIN, CRL(100), VCEK(0x11, 3, 500) }, NULL, "oom-------", 100 },
	{ "another product's chain", NODES("\"hardware\":\"amd\",\"product\":\"Genoa\"", ""),
	    { CHAIN, CRL(100) }, NULL, "mmm-------", -1 },
	{ "an ARK alone is no chain", AMD_NODE,
	    { { COL_KIND_AMD_CHAIN, "AMD Milan ARK", 900, SN_OK, AMD_MILAN, 0, 0, 0, 0, 0 },
		CRL(100), VCEK(0x11, 3, 500) },
	    NULL, "moo-------", 100 },
	{ "an SGX platform", INTEL_NODE,
	    { ROOT_CRL, PROCESSOR_CRL, PCK(INTEL_ROLE_PROCESSOR_CA), TCB("SGX", 19, 17), QE },
	    NULL, "---oooo-o-", 19 },
	{ "Processor CA's CRL where Platform CA's is due", INTEL_NODE,
	    { ROOT_CRL, PROCESSOR_CRL, PCK(INTEL_ROLE_PLATFORM_CA), TCB("SGX", 19, 17), QE },
	    NULL, "---omoo-o-", 19 },
	{ "a TDX platform", INTEL_NODE,
	    { ROOT_CRL, PLATFORM_CRL, PCK(INTEL_ROLE_PLATFORM_CA), TCB("TDX", 19, 17), TD_QE },
	    NULL, "---ooo-o-o", 19 },
	{ "TDX went away, SGX stayed", INTEL_NODE,
	    { ROOT_CRL, PLATFORM_CRL, PCK(INTEL_ROLE_PLATFORM_CA), TCB("SGX", 19, 17), QE },
	    "TCB info TDX 0A0000000000", "---oooomom", 19 },
	{ "TCB info has lapsed", INTEL_NODE,
	    { ROOT_CRL, PLATFORM_CRL, PCK(INTEL_ROLE_PLATFORM_CA), TCB("TDX", 0, 17), TD_QE },
	    NULL, "---ooo-l-o", 20 },
	{ "no TCB info at all", INTEL_NODE,
	    { ROOT_CRL, PLATFORM_CRL, PCK(INTEL_ROLE_PLATFORM_CA), QE }, NULL, "---ooommom",
	    20 },
	{ "a TCB info of another PCE-ID", INTEL_NODE,
	    { ROOT_CRL, PLATFORM_CRL, PCK(INTEL_ROLE_PLATFORM_CA), TCB_PCE_1, QE }, NULL,
	    "---ooommom", 20 },
	{ "an evaluation below the least",
	    NODES("\"hardware\":\"intel\",\"id\":\"11000000000000000000000000000000\"",
		",\"tcb\":{\"intel\":{\"evaluation\":18,\"date\":\"2025-01-01T00:00:00Z\"}}"),
	    { ROOT_CRL, PLATFORM_CRL, PCK(INTEL_ROLE_PLATFORM_CA), TCB("TDX", 19, 18), TD_QE },
	    NULL, "---ooo-o-m", 19 },
	{ "an Intel node without PCK certificates", INTEL_NODE,
	    { ROOT_CRL, PLATFORM_CRL, TCB("TDX", 19, 17), TD_QE }, NULL, "---ommmmmm", 300 },
	{ "an Intel node without a PPID", NODES("\"hardware\":\"intel\"", ""),
	    { ROOT_CRL, PLATFORM_CRL, PCK(INTEL_ROLE_PLATFORM_CA), TCB("TDX", 19, 17), TD_QE },
	    NULL, "---ommmmmm", 300 },
	{ "a VCEK's id is no PPID", INTEL_NODE,
	    { ROOT_CRL, PLATFORM_CRL, VCEK(0x11, 3, 500), TCB("TDX", 19, 17), TD_QE }, NULL,
	    "---ommmmmm", 300 },
};

static struct cache_item
make(const struct sketch *k)
{
	struct cache_item it = { .has_sha256 = true, .judged = true, .ok = k->hold > 0 };

	it.kind = k->kind;
	snprintf(it.label, sizeof(it.label), "%s", k->label);
	it.err = it.ok ? SN_OK : k->err;
	it.reason = it.ok ? NULL : test_format("made so");
	it.good_until = it.ok ? DAYS(k->hold) : 0;
	it.number = k->number;
	it.notes = k->notes;
	it.facts.product = k->product;
	if (k->kind == COL_KIND_AMD_VCEK)
		it.facts.id_len = AMD_HWID_MAX;
	if (k->kind == COL_KIND_INTEL_PCK_SET) {
		it.facts.id_len = 16;
		it.facts.has_fmspc = true;
		it.facts.fmspc[0] = 0x0a;
		it.facts.ca = k->ca;
	}
	it.facts.id[0] = k->id;
	it.facts.tcb.bl = k->bl;
	return it;
}

static void
coverage(void **state)
{
	static const char letters[COVER_STATES] = "-oslrm";
	const struct row *r = *state;
	struct cache_item items[ITEMS];
	struct cache_view view = { .v = items, .at = AT };
	struct cache_newest once = { .vendor = COL_VENDOR_INTEL,
		.kind = COL_KIND_INTEL_TCB_INFO };
	struct cache_fresh fresh = { .v = &once, .n = r->once != NULL };
	struct cache_plan plan = { 0 };
	struct sn_why why = { 0 };
	struct cover k;

	for (; view.n < ITEMS && r->items[view.n].label != NULL; view.n++)
		items[view.n] = make(&r->items[view.n]);
	if (r->once != NULL)
		snprintf(once.subject, sizeof(once.subject), "%s", r->once);
	if (cache_plan_read(bytes_str(r->plan), "plan.json", &plan, &why) != SN_OK)
		fail_msg("%s", why.text);
	cache_cover(&view, &fresh, &plan, &k);
	assert_int_equal(k.n, 1);
	for (size_t i = 0; i < COVER_ITEMS; i++) {
		const struct cover_cell *c = &k.row[0].cell[i];

		if (letters[c->state] != r->cells[i])
			fail_msg("%s is %s, not %c: %s", cover_item_name((enum cover_item)i),
			    cover_state_name(c->state), r->cells[i], c->reason);
		assert_int_equal(c->reason[0] != '\0', !cover_is_good(c->state));
		assert_int_equal(c->wanted[0] != '\0', c->state != COVER_NOT_NEEDED);
	}
	if (r->first < 0)
		assert_null(k.first);
	else
		assert_int_equal(k.first->good_until, DAYS(r->first));
	for (size_t i = 0; i < view.n; i++)
		free(items[i].reason);
}

static const struct bad_plan {
	const char *name, *text;
} bad_plans[] = {
	{ "no JSON", "nodes" },
	{ "no object", "[]" },
	{ "nodes that are no list", "{\"nodes\":{}}" },
	{ "a node without a name", "{\"nodes\":[{\"hardware\":\"intel\"}]}" },
	{ "a node's name with a line end",
	    "{\"nodes\":[{\"name\":\"a\\nb\",\"hardware\":\"intel\"}]}" },
	{ "a name that is too long",
	    "{\"nodes\":[{\"name\":\"abcdefghijklmnopq\",\"hardware\":\"intel\"}]}" },
	{ "an unknown product",
	    NODES("\"hardware\":\"amd\",\"product\":\"Rome\",\"id\":\"" MILAN_ID "\"", "") },
	{ "a chip id that is too short",
	    NODES("\"hardware\":\"amd\",\"product\":\"Milan\",\"id\":\"11\"", "") },
	{ "Milan's chip id for Turin",
	    NODES("\"hardware\":\"amd\",\"product\":\"Turin\",\"id\":\"" MILAN_ID "\"", "") },
	{ "a level over a byte",
	    "{\"tcb\":{\"amd\":{\"Milan\":{\"boot_loader\":256,\"tee\":0,\"snp\":0,"
	    "\"microcode\":0}}}}" },
	{ "a negative evaluation", "{\"tcb\":{\"intel\":{\"evaluation\":-1}}}" },
};

static void
bad_plan(void **state)
{
	const struct bad_plan *b = *state;
	struct cache_plan plan = { 0 };
	struct sn_why why = { 0 };

	assert_int_equal(cache_plan_read(bytes_str(b->text), "plan.json", &plan, &why),
	    SN_E_FORMAT);
	assert_int_equal(strncmp(why.text, "plan.json", 9), 0);
	assert_int_equal(plan.n, 0);
}

static void
days(void **state SN_UNUSED)
{
	assert_int_equal(cover_days(AT, AT), 0);
	assert_int_equal(cover_days(AT, AT - 1), 0);
	assert_int_equal(cover_days(AT, AT + COVER_DAY - 1), 0);
	assert_int_equal(cover_days(AT, AT + COVER_DAY), 1);
}

int
main(void)
{
	struct test_list *l = test_list_new();

	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		test_list_add(l, coverage, &rows[i], "%s", rows[i].name);
	for (size_t i = 0; i < SN_NITEMS(bad_plans); i++)
		test_list_add(l, bad_plan, &bad_plans[i], "%s", bad_plans[i].name);
	test_list_add(l, days, NULL, "days");
	return test_list_run(l, "cover");
}
