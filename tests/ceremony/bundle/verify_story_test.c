/* The verifier against a statement that says other than transcript, identity and audit. */
#include "tests/ceremony/bundle/second.h"

static struct fix prod, two;

struct story_row {
	const char *name;
	struct fix_bundle make;
	const char *says; /* in the reason; NULL: it is accepted */
};

#define DRAWS15 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32
static const uint16_t draws_few[] = { DRAWS15, 0 }, draws_none[] = { 0 },
		      draws_rest[] = { DRAWS15, 32, 31, 16, 4, 0 },
		      draws_rests[] = { DRAWS15, 32, 31, 16, 4, 2, 0 },
		      draws_early[] = { DRAWS15, 16, 32, 0 },
		      draws_large[] = { DRAWS15, 32, 33, 0 },
		      draws_zero_sized[] = { DRAWS15, 32, 256, 0 },
		      draws_small[] = { 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16,
			      16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16,
			      16, 16, 0 };

#define PAUSED { "ceremony.paused", "", "" }
#define RESUMED(a, b) { "ceremony.resumed", a, b }
static const struct fix_halt paused[] = { PAUSED, RESUMED("alice", "bob"), { 0 } },
			     paused_twice[] = { PAUSED, RESUMED("alice", "bob"), PAUSED,
				     RESUMED("bob", "carol"), { 0 } },
			     paused_usb[] = { PAUSED, { "usb.gone", "", "" },
				     RESUMED("alice", "bob"), { 0 } },
			     paused_for_good[] = { PAUSED, { 0 } },
			     paused_work[] = { PAUSED, { "tick", "", "" },
				     RESUMED("alice", "bob"), { 0 } },
			     paused_alone[] = { PAUSED, RESUMED("alice", "alice"), { 0 } },
			     resumed_only[] = { RESUMED("alice", "bob"), { 0 } },
			     sheet[] = { { "exception.sheet", "alice", "bob" }, { 0 } },
			     sheet_alone[] = { { "exception.sheet", "bob", "bob" }, { 0 } },
			     aborted[] = { { "ceremony.aborted", "alice", "bob" }, { 0 } },
			     disagreed[] = { { "ceremony.disagreed", "alice", "" }, { 0 } };

#define POLICY .extra_path = "policy/policy.json", .extra = BYTES_STR("{}\n")
#define POLICY_SHA256 "ca3d163bab055381827226140568f3bef7eaac187cebd76878e0b63e9e442356"
#define OTHER_SHA256 "da3d163bab055381827226140568f3bef7eaac187cebd76878e0b63e9e442356"

static const struct fix_halt counted[] = { { "tpm.counter", "7", "" }, { 0 } };

static void
other_certificate(struct bun_tpm *t)
{
	t->ek_certificate = 0x01c00002;
}

static void
its_certificate(struct bun_tpm *t)
{
	t->ek_certificate = 0x01c0000a;
}

static void
decided(const struct fix *f SN_UNUSED, const struct fix_bundle *o SN_UNUSED, struct tr *t)
{
	FIX_RECORD(t, "tpm.state", TR_ARG_STR("state", "absent"),
	    TR_ARG_STR("decision", "software"));
}

static const struct story_row stories[] = {
	{ "a machine's TPM where people decided on software", { .before = decided },
	    "tpm.json: back end device" },
	{ "a list of no audit",
	    { .mode = "rebuild",
		.no_audit = true,
		.extra_path = "evidence/audit.list",
		.extra = BYTES_STR("x\n") },
	    "audit.msg: is missing" },
	{ "a counter that tpm.json denies", { .no_counter = true, .halts = counted },
	    "says that there is no counter" },
	{ "a counter of another value", { .halts = counted }, "counter.msg" },
	{ "a certificate of another kind of key", { .tpm = other_certificate },
	    "ek_certificate 01c00002" },
	{ "a certificate of this kind of key", { .tpm = its_certificate }, NULL },
	{ "a policy that was agreed to", { POLICY, .agreed = POLICY_SHA256 }, NULL },
	{ "a policy that nobody agreed to", { POLICY }, "nobody agreed" },
	{ "another policy than was agreed to", { POLICY, .agreed = OTHER_SHA256 },
	    "policy is not the one" },
	{ "a policy of more nodes", { POLICY, .agreed = POLICY_SHA256, .agreed_nodes = 1 },
	    "0 nodes are bound" },
	{ "a policy that was agreed to and is not there", { .agreed = POLICY_SHA256 },
	    "is not bound" },
	{ "a node without a policy",
	    { .extra_path = "nodes/n1.json", .extra = BYTES_STR("{}\n") }, "nobody agreed" },
	{ "another world in the transcript", { .lie = FIX_LIE_WORLD },
	    "ceremony.start: world" },
	{ "another mode in the transcript", { .lie = FIX_LIE_MODE }, "ceremony.start: mode" },
	{ "another plan in the transcript", { .lie = FIX_LIE_PLAN }, "plan.loaded: plan" },
	{ "another sequence in the transcript", { .lie = FIX_LIE_SEQUENCE },
	    "plan.loaded: sequence" },
	{ "another class of TPM in the transcript", { .lie = FIX_LIE_CLASS },
	    "tpm.opened: class" },
	{ "a second TPM of another class", { .lie = FIX_LIE_SECOND_TPM }, "tpm.opened: class" },
	{ "another attestation key in the transcript", { .lie = FIX_LIE_AK },
	    "tpm.opened: ak" },
	{ "another identity in the transcript", { .lie = FIX_LIE_IDENTITY },
	    "keys.derived: identity" },
	{ "a ceremony that never began", { .lie = FIX_LIE_NO_START },
	    "no record ceremony.start" },
	{ "no TPM in the transcript", { .lie = FIX_LIE_NO_TPM }, "no record tpm.opened" },
	{ "a plan that one approved", { .lie = FIX_LIE_ONE_APPROVAL }, "1 approved the plan" },
	{ "a plan that one approved twice", { .lie = FIX_LIE_ALICE_TWICE },
	    "1 approved the plan" },
	{ "a plan that a stranger approved", { .lie = FIX_LIE_STRANGER }, "mallory" },
	{ "an approval of another plan", { .lie = FIX_LIE_OTHER_PLAN },
	    "bob's approval is not of this plan" },
	{ "a keyboard that two approvers accepted", { .lie = FIX_KEYBOARD }, NULL },
	{ "a keyboard that one accepted twice", { .lie = FIX_LIE_KEYBOARD_ONE },
	    "one person accepted" },
	{ "an acceptance of another keyboard", { .lie = FIX_LIE_KEYBOARD_OTHER },
	    "alice's acceptance is not of this keyboard" },
	{ "a first TPM's key though nothing was cut",
	    { .extra_path = "evidence/seed-ak.pub", .extra = BYTES_STR("\0\4none") },
	    "not made with the TPM" },
	{ "fewer shares in the identity file", { .shares_of = 4 }, "number of shares" },
	{ "another operations threshold", { .ops_threshold = 3 }, "operations shares" },
	{ "a seeding of fifteen draws", { .draws = draws_few }, "15 draws" },
	{ "a seeding of no draws", { .draws = draws_none }, "audit" },
	{ "a seeding that asked for the rest", { .draws = draws_rest }, NULL },
	{ "a seeding that asked once too often", { .draws = draws_rests }, "line 20" },
	{ "an exception", { .has_collateral_time = true, .exception = "air gap" }, NULL },
	{ "an exception that nobody agreed to",
	    { .has_collateral_time = true,
		.exception = "air gap",
		.lie = FIX_LIE_NO_EXCEPTION },
	    "no record exception.agreed" },
	{ "an exception for another time",
	    { .has_collateral_time = true,
		.exception = "air gap",
		.lie = FIX_LIE_EXCEPTION_TIME },
	    "exception.agreed: time" },
	{ "an exception for another reason",
	    { .has_collateral_time = true,
		.exception = "air gap",
		.lie = FIX_LIE_EXCEPTION_REASON },
	    "exception.agreed: reason" },
	{ "an exception that the statement keeps quiet", { .lie = FIX_LIE_AN_EXCEPTION },
	    "has no exception" },
	{ "reduced separation that the statement keeps quiet", { .lie = FIX_LIE_REDUCED },
	    "separation.reduced" },
	{ "a pause that two people ended", { .halts = paused }, NULL },
	{ "two pauses", { .halts = paused_twice }, NULL },
	{ "a pause in which a device was pulled", { .halts = paused_usb }, NULL },
	{ "a pause that nobody ended", { .halts = paused_for_good }, "was paused" },
	{ "a pause in which work went on", { .halts = paused_work }, "tick" },
	{ "a pause that one person ended", { .halts = paused_alone }, "alice alone" },
	{ "the end of a pause that there was not", { .halts = resumed_only },
	    "nothing was paused" },
	{ "an exception sheet", { .halts = sheet }, NULL },
	{ "an exception sheet by one person", { .halts = sheet_alone }, "bob alone" },
	{ "a ceremony that was aborted", { .halts = aborted }, "ceremony.aborted" },
	{ "a ceremony that ended in disagreement", { .halts = disagreed },
	    "ceremony.disagreed" },
	{ "a team of two", { .of_two = true }, NULL },
	{ "a team of two whom nobody warned",
	    { .of_two = true, .lie = FIX_LIE_SEPARATION_NONE }, "0 people took note" },
	{ "a team of two of whom one was warned twice",
	    { .of_two = true, .lie = FIX_LIE_SEPARATION_ONE }, "1 people took note" },
	{ "a seeding that went on after the rest", { .draws = draws_early }, "line 17" },
	{ "a seeding of half draws", { .draws = draws_small }, "line 4" },
	{ "a seeding with a draw of 33 bytes", { .draws = draws_large }, "line 17" },
	{ "a seeding with another command", { .draws = draws_zero_sized }, "line 17" },
	{ "a seeding in a session that was shared", { .shared_session = true }, "exclusive" },
	{ "a stated expiry behind the certificates'", { .expiry = FIX_ROOT_TO, .time = FIX_T0 },
	    NULL },
};

static void
test_story(void **state)
{
	const struct story_row *row = *state;
	const struct fix *f = row->make.of_two ? &two : &prod;
	const struct bun_policy p = fix_policy(f);
	const enum sn_err want = row->says == NULL    ? SN_OK
	    : strstr(row->says, "is missing") != NULL ? SN_E_MISSING
						      : SN_E_SIGNATURE;
	static unsigned int n;
	struct sn_why why = { 0 };
	char *dir = test_format("%s/s%u", test_tmpdir(), n++);

	fix_write(f, &row->make, dir);
	const enum sn_err e = fix_verify(dir, &p, NULL, &why);
	if (e != want || (row->says != NULL && strstr(why.text, row->says) == NULL))
		fail_msg("%s: %s", sn_err_name(e), why.text);
	free(dir);
}

static bool
is_for_crosscheck(const struct story_row *row)
{
	return ((row->make.exception != NULL || row->make.of_two) && row->says == NULL) ||
	    row->make.draws != NULL || row->make.shared_session || row->make.shares_of != 0 ||
	    row->make.ops_threshold != 0;
}

static void
test_crosscheck(void **state)
{
	const struct story_row *row = *state;
	const struct fix *f = row->make.of_two ? &two : &prod;
	static unsigned int n;
	char *dir = test_format("%s/x%u", test_tmpdir(), n++);

	fix_write(f, &row->make, dir);
	assert_int_equal(second_judge(f, dir), row->says == NULL ? 0 : 11);
	free(dir);
}

int
main(void)
{
	struct test_list *l = test_list_new();

	fix_start();
	fix_make(&prod, 1, PLAN_PRODUCTION);
	fix_make_team(&two, 2, PLAN_PRODUCTION, true);
	for (size_t i = 0; i < SN_NITEMS(stories); i++)
		test_list_add(l, test_story, (void *)(uintptr_t)&stories[i], "story: %s",
		    stories[i].name);
	for (size_t i = 0; i < SN_NITEMS(stories); i++)
		if (is_for_crosscheck(&stories[i]))
			test_list_add(l, test_crosscheck, (void *)(uintptr_t)&stories[i],
			    "crosscheck: %s", stories[i].name);
	const int status = test_list_run(l, "story");
	fix_done(&prod);
	fix_done(&two);
	return status;
}
