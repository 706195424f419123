/*
 * Every request in every state: those that docs/FORMAT-KEYS.md, "The keeper", allows get
 * past the state check, all others are refused and change nothing.
 * timeout: 240
 */
#include "ceremony/keeper/process.h"
#include "tests/ceremony/keeper/rig.h"

#define M 2
#define N 2
#define REQUESTS 24 /* 0, 1 to 22, 23: the first and the last do not exist */

/* The document's table, written down once more: 'x' where a request is allowed. */
struct state_row {
	enum keeper_state state;
	const char *name, *allowed; /* one letter per request, from 0 */
};

static const struct state_row state_rows[] = {
	/*                              0123456789.123456789.123 */
	{ KS_NEW, "new", "-xxx--------------------" },
	{ KS_PLANNED, "planned", "--x-x----------------x--" },
	{ KS_APPROVED, "approved", "--x-xx---x------xxxx----" },
	{ KS_SHARING, "sharing", "--x---xx--------x-------" },
	{ KS_TYPED, "typed", "--x-----x-------x-------" },
	{ KS_RECOVERING, "recovering", "--x-------x-----x-------" },
	{ KS_MASTER, "master", "--x--------x----x-------" },
	{ KS_DERIVED, "derived", "--x---------xxxxx-------" },
	{ KS_SIGNED, "signed", "------------------------" },
	{ KS_DEAD, "dead", "------------------------" },
	{ KS_OPENING, "opening", "--x-------------x---x---" },
	{ KS_OPERATIONS, "operations", "--x---------xxxxx-------" },
	{ KS_CHECKING, "checking", "--x-------------------x-" },
};

#define STATES SN_NITEMS(state_rows)

static char *plan, *rebuild_plan, *refresh_plan, *check_plan;
static struct sn_buf identity_file;
static struct sn_buf trust_files; /* as KR_OPERATIONS takes them */
static struct sn_buf ops_share[RIG_APPROVERS];

/* ---- a keeper spoken to in bare frames */

struct driven {
	struct sn_child child;
	bool running;
};
static struct driven driven[STATES];

static enum sn_err
say(struct driven *d, uint16_t type, struct bytes request, struct sn_buf *ret)
{
	SN_CLEANUP(sn_frame_done) struct sn_frame reply = { 0 };
	enum sn_err e = sn_frame_call(&d->child.link, type, request, false, &reply, NULL);

	if (e == SN_OK && ret != NULL)
		sn_buf_put(ret, sn_buf_bytes(&reply.open));
	return e;
}

static void
must(struct driven *d, uint16_t type, struct bytes request, struct sn_buf *ret)
{
	enum sn_err e = say(d, type, request, ret);

	if (e != SN_OK)
		fail_msg("request %u: %s", type, sn_err_name(e));
}

static const struct bytes nothing;

static void
launch(struct driven *d, int seed_fd)
{
	char self[] = "keeper", role[] = "--role=keeper";
	char *const argv[] = { self, role, NULL };

	assert_int_equal(sn_child_start(rig_self(), argv, seed_fd, &d->child, NULL), SN_OK);
	d->child.link.timeout_ms = 60000;
	close(seed_fd);
	d->running = true;
}

static void
approve(struct driven *d, uint16_t type, size_t who)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf request = { 0 };

	sn_buf_blob32(&request, bytes_str(rig_approvers[who].name));
	sn_buf_blob32(&request, sn_buf_bytes(&rig_approvers[who].key));
	sn_buf_blob32(&request, BYTES_STR(RIG_PASSPHRASE));
	must(d, type, sn_buf_bytes(&request), NULL);
}

/* Each takes a keeper from the state before to the next one. */
static void
to_planned(struct driven *d, const char *text)
{
	must(d, KR_DATA, bytes_str(text), NULL);
	must(d, KR_PLAN, nothing, NULL);
}

static void
to_approved(struct driven *d)
{
	approve(d, KR_APPROVE_PLAN, 0);
	approve(d, KR_APPROVE_PLAN, 1);
}

static void
to_typed(struct driven *d)
{
	for (uint8_t i = 0; i < N; i++) {
		const uint8_t number[4] = { 0, 0, 0, i };
		SN_CLEANUP(sn_buf_done) struct sn_buf request = { 0 }, verdict = { 0 };

		sn_buf_put(&request, BYTES_OF(number));
		must(d, KR_SHARE, BYTES_OF(number), &request);
		must(d, KR_SHARE_CHECK, sn_buf_bytes(&request), &verdict);
		assert_int_equal(verdict.n, 6); /* right: no text behind verdict and word */
	}
}

static void
to_signed(struct driven *d, const uint8_t identity[32])
{
	char *statement = rig_statement(plan, identity);

	for (size_t who = 0; who < 2; who++) {
		must(d, KR_DATA, bytes_str(statement), NULL);
		approve(d, KR_APPROVE_STATEMENT, who);
	}
	must(d, KR_DATA, bytes_str(statement), NULL);
	must(d, KR_STATEMENT, nothing, NULL);
	free(statement);
}

static void
to_derived(struct driven *d, uint8_t ret_identity[32])
{
	SN_CLEANUP(sn_buf_done) struct sn_buf files = { 0 };

	must(d, KR_DERIVE, nothing, &files);
	assert_true(files.n > 32);
	memcpy(ret_identity, files.p, 32);
}

static void
open_share(struct driven *d, size_t who)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf data = { 0 };

	sn_buf_u32(&data, 1);
	sn_buf_blob32(&data, sn_buf_bytes(&ops_share[who]));
	must(d, KR_DATA, sn_buf_bytes(&data), NULL);
	approve(d, KR_OPEN_SHARE, who);
}

static void
to_operations(struct driven *d)
{
	open_share(d, 2);
	open_share(d, 0);
}

static const char *
plan_of(enum keeper_state want)
{
	if (want == KS_OPENING || want == KS_OPERATIONS)
		return refresh_plan;
	if (want == KS_CHECKING)
		return check_plan;
	return want == KS_RECOVERING ? rebuild_plan : plan;
}

/* Along a refresh: opening, operations. */
static struct driven *
drive_operations(struct driven *d, enum keeper_state want)
{
	must(d, KR_DATA, sn_buf_bytes(&trust_files), NULL);
	must(d, KR_OPERATIONS, nothing, NULL);
	if (want == KS_OPERATIONS)
		to_operations(d);
	return d;
}

/* Drive a keeper along the genesis as far as the state; rebuild and dead are beside it. */
static struct driven *
drive(size_t at)
{
	struct driven *d = &driven[at];
	enum keeper_state want = state_rows[at].state;
	uint8_t identity[32];

	if (d->running)
		return d;
	launch(d, rig_seed(want == KS_DEAD ? 0 : RIG_SEED_LEN));
	if (want == KS_NEW)
		return d;
	to_planned(d, plan_of(want));
	if (want == KS_PLANNED)
		return d;
	if (want == KS_CHECKING) {
		must(d, KR_DATA, sn_buf_bytes(&identity_file), NULL);
		must(d, KR_CHECK, nothing, NULL);
		return d;
	}
	to_approved(d);
	if (want == KS_APPROVED)
		return d;
	if (want == KS_RECOVERING) {
		must(d, KR_DATA, sn_buf_bytes(&identity_file), NULL);
		must(d, KR_REBUILD, nothing, NULL);
		return d;
	}
	if (want == KS_OPENING || want == KS_OPERATIONS)
		return drive_operations(d, want);
	if (want == KS_DEAD) {
		assert_int_not_equal(say(d, KR_SEED, nothing, NULL), SN_OK);
		return d;
	}
	must(d, KR_SEED, nothing, NULL);
	if (want == KS_SHARING)
		return d;
	to_typed(d);
	if (want == KS_TYPED)
		return d;
	must(d, KR_TRIAL, nothing, NULL);
	if (want == KS_MASTER)
		return d;
	to_derived(d, identity);
	if (want == KS_SIGNED)
		to_signed(d, identity);
	return d;
}

struct cell {
	size_t at;
	uint16_t request;
};

/* A forbidden request: refused as such, whatever it carries, twice. */
static void
test_forbidden(void **state)
{
	const struct cell *c = *state;
	struct driven *d = drive(c->at);

	assert_int_equal(say(d, c->request, nothing, NULL), SN_E_PROTO);
	assert_int_equal(say(d, c->request, BYTES_STR("\0\0\0\1x"), NULL), SN_E_PROTO);
}

/*
 * An allowed request with a payload that makes no sense: it is looked at, refused for
 * another reason, and the state stays. Requests without a payload would really run.
 */
static void
test_allowed(void **state)
{
	const struct cell *c = *state;
	struct driven *d = drive(c->at);
	enum sn_err e = say(d, c->request, BYTES_STR("\xff\xff\xff"), NULL);

	if (c->request == KR_DATA || c->request == KR_REBUILD_SHARE)
		assert_int_equal(e, SN_OK); /* taken as data; a verdict */
	else if (c->request == KR_DICE || c->request == KR_DICE_LAST)
		assert_int_equal(e, SN_E_POLICY); /* the plan has none */
	else
		assert_int_equal(e, SN_E_FORMAT);
	(void)say(d, REQUESTS, nothing, NULL); /* does not exist; what was sent ahead is gone */
}

/* After all that the keeper still goes on from its state. */
static void
test_goes_on(void **state)
{
	const struct state_row *row = *state;
	struct driven *d = drive((size_t)(row - state_rows));
	uint8_t identity[32];

	switch (row->state) {
	case KS_NEW:
		to_planned(d, plan);
		break;
	case KS_PLANNED:
		to_approved(d);
		break;
	case KS_APPROVED:
		must(d, KR_SEED, nothing, NULL);
		break;
	case KS_SHARING:
		to_typed(d);
		break;
	case KS_TYPED:
		must(d, KR_TRIAL, nothing, NULL);
		break;
	case KS_RECOVERING:
	case KS_CHECKING:
		must(d, KR_DATA, BYTES_STR("x"), NULL);
		break;
	case KS_MASTER:
		to_derived(d, identity);
		break;
	case KS_OPENING:
		to_operations(d);
		break;
	case KS_DERIVED:
	case KS_OPERATIONS:
	case KS_SIGNED:
	case KS_DEAD:
		break;
	}
}

/* ---- frames that are none */

static void
test_huge_frame(void **state)
{
	struct driven d = { 0 };
	static const uint8_t header[8] = { 0x7f, 0xff, 0xff, 0xff, 0, 1, 0, 0 };
	uint8_t byte;

	(void)state;
	launch(&d, rig_seed(RIG_SEED_LEN));
	must(&d, KR_HELLO, nothing, NULL);
	assert_int_equal(write(d.child.link.out, header, sizeof(header)), sizeof(header));
	/* it says nothing and ends */
	assert_int_equal(read(d.child.link.in, &byte, 1), 0);
	sn_child_done(&d.child);
}

static void
test_large_request(void **state)
{
	struct driven d = { 0 };
	static const uint8_t large[KEEPER_REQUEST_MAX + 1];

	(void)state;
	launch(&d, rig_seed(RIG_SEED_LEN));
	assert_int_equal(say(&d, KR_DATA, BYTES_OF(large), NULL), SN_E_PROTO);
	must(&d, KR_HELLO, nothing, NULL);
	sn_child_done(&d.child);
}

/* The keeper measures too: whoever speaks to it gets the errors that can be mended. */
static void
test_large_approval(void **state)
{
	static const uint8_t filler[APPROVER_FILE_MAX + 1];
	SN_CLEANUP(sn_buf_done) struct sn_buf phrase = { 0 }, file = { 0 };
	const struct bytes key = sn_buf_bytes(&rig_approvers[0].key);
	struct driven d = { 0 };

	(void)state;
	launch(&d, rig_seed(RIG_SEED_LEN));
	to_planned(&d, plan);
	sn_buf_blob32(&phrase, BYTES_STR("ada"));
	sn_buf_blob32(&phrase, key);
	sn_buf_blob32(&phrase, (struct bytes){ filler, APPROVER_PASSPHRASE_MAX + 1 });
	sn_buf_blob32(&file, BYTES_STR("ada"));
	sn_buf_blob32(&file, BYTES_OF(filler));
	sn_buf_blob32(&file, BYTES_STR(RIG_PASSPHRASE));
	assert_int_equal(say(&d, KR_APPROVE_PLAN, sn_buf_bytes(&phrase), NULL),
	    SN_E_PASSPHRASE);
	assert_int_equal(say(&d, KR_APPROVE_PLAN, sn_buf_bytes(&file), NULL), SN_E_FORMAT);
	to_approved(&d);
	sn_child_done(&d.child);
}

/* Data sent ahead is limited, and forgotten by the next other request. */
static void
test_data_limit(void **state)
{
	struct driven d = { 0 };
	static const uint8_t piece[KEEPER_DATA_PIECE];
	size_t i;

	(void)state;
	launch(&d, rig_seed(RIG_SEED_LEN));
	for (i = 0; i < KEEPER_DATA_MAX / KEEPER_DATA_PIECE; i++)
		must(&d, KR_DATA, BYTES_OF(piece), NULL);
	assert_int_equal(say(&d, KR_DATA, BYTES_STR("x"), NULL), SN_E_LIMIT);
	must(&d, KR_HELLO, nothing, NULL);
	to_planned(&d, plan);
	sn_child_done(&d.child);
}

static void
add_cells(struct test_list *l)
{
	static struct cell cells[STATES * REQUESTS];
	size_t n = 0;

	for (size_t at = 0; at < STATES; at++) {
		assert_int_equal(strlen(state_rows[at].allowed), REQUESTS);
		for (uint16_t r = 0; r < REQUESTS; r++) {
			bool allowed = state_rows[at].allowed[r] == 'x';

			cells[n] = (struct cell){ at, r };
			test_list_add(l, allowed ? test_allowed : test_forbidden, &cells[n++],
			    "%s: request %u is %s", state_rows[at].name, r,
			    allowed ? "looked at" : "refused");
		}
		test_list_add(l, test_goes_on, &state_rows[at], "%s: goes on",
		    state_rows[at].name);
	}
}

/* What a later refresh begins with: the bundle's trust files, the approvers' shares. */
static void
keep_operations(struct keeper *k, const struct keeper_files *files)
{
	const struct keeper_trust t = rig_trust(files);
	const struct bytes all[] = { t.identity, t.operations_p384, t.operations_mldsa,
		t.root_p384, t.root_mldsa };

	for (size_t i = 0; i < SN_NITEMS(all); i++)
		sn_buf_blob32(&trust_files, all[i]);
	for (size_t i = 0; i < RIG_APPROVERS; i++)
		RIG_OK(keeper_ops_share(k, rig_approvers[i].name, &ops_share[i], &why));
}

int
main(int argc, char **argv)
{
	struct test_list *l = test_list_new();
	struct keeper_files files = { 0 };
	uint8_t identity[32];
	struct keeper *k;
	int status;

	rig_start(argc, argv);
	plan = rig_plan("genesis", M, N);
	k = rig_genesis(plan, N, NULL, &files, identity);
	sn_buf_put(&identity_file, rig_file(&files, "trust/identity.json"));
	rebuild_plan = rig_rebuild_plan(M, N, sn_buf_bytes(&identity_file));
	check_plan = rig_plan_about("check", M, N, sn_buf_bytes(&identity_file));
	refresh_plan = rig_ops_plan("refresh", M, N, sn_buf_bytes(&identity_file));
	keep_operations(k, &files);
	keeper_stop(&k);
	keeper_files_done(&files);
	add_cells(l);
	test_list_add(l, test_huge_frame, NULL, "a frame of 2 GiB");
	test_list_add(l, test_large_request, NULL, "a request that is too large");
	test_list_add(l, test_large_approval, NULL, "a passphrase and a key that are too long");
	test_list_add(l, test_data_limit, NULL, "data that is too much");
	status = test_list_run(l, "keeper's order");
	for (size_t i = 0; i < STATES; i++)
		if (driven[i].running)
			sn_child_done(&driven[i].child);
	sn_buf_done(&identity_file);
	free(plan);
	free(rebuild_plan);
	free(refresh_plan);
	free(check_plan);
	sn_buf_done(&trust_files);
	for (size_t i = 0; i < RIG_APPROVERS; i++)
		sn_buf_done(&ops_share[i]);
	rig_stop();
	return status;
}
