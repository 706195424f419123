/*
 * timeout: 400
 *
 * Every fault at every command of a ceremony, from identify to quote. The commands are
 * counted when the test starts, so one that is new is in here without being named. Each
 * ends with a reason, without a seed and without evidence, and the TPM stays dead; or
 * what was changed is read by nobody, and then all that was delivered is the truth.
 */
#include <signal.h>

#include "tests/appliance/tpm/rig.h"

#define HANG_MS 80	/* how long the code under test waits for a TPM that hangs */
#define CASE_SECONDS 60 /* a case that has not ended by then never will */
#define COMMANDS_MAX 200
#define SEED 0x9e3779b97f4a7c15ULL /* of the places that are flipped */

static const uint8_t qualifying[32] = { 9 }, digest[32] = { 15 };

/* What one run leaves. */
struct outcome {
	struct tpm_ident ident;
	struct sn_secret seed;
	struct tpm_audit audit;
	struct tpm_quoted quoted;
	struct tpm_attested creation;
	struct tpm_counter counter;
	struct sn_why why;
	enum sn_err err;
	bool seeded; /* the seed was given before the fault came */
};

static void
outcome_done(struct rig *r, struct outcome *o)
{
	if (o->ident.ak_key != NULL)
		tpm_ident_done(r->dev, &o->ident);
	sn_secret_done(&o->seed);
	tpm_audit_done(&o->audit);
	tpm_quoted_done(&o->quoted);
	tpm_attested_done(&o->creation);
	tpm_counter_done(&o->counter);
}

/* All that a ceremony asks of its TPM, in its order. Stops at the first failure. */
static enum sn_err
whole(struct rig *r, struct outcome *o)
{
	SN_TRY(tpm_ident_open(r->dev, TPM_SOFTWARE, "softtpm", &o->ident, &o->why));
	SN_TRY(tpm_work_seed(r->dev, &o->ident, qualifying, &o->seed, &o->audit, &o->why));
	o->seeded = true;
	SN_TRY(tpm_work_creation(r->dev, &o->ident, qualifying, &o->creation, &o->why));
	SN_TRY(tpm_work_counter(r->dev, &o->ident, qualifying, &o->counter, &o->why));
	SN_TRY(tpm_dev_pcr_extend(r->dev, o->ident.link, TPM_PCR_TRANSCRIPT, digest, &o->why));
	return tpm_work_quote(r->dev, &o->ident, qualifying, TPM_QUOTE_MASK, &o->quoted,
	    &o->why);
}

/* ---- the eight faults, in an answer or instead of one */

static struct tpm_msg previous; /* the last good answer before the fault */

static void
set_length(struct tpm_msg *m)
{
	m->b[4] = (uint8_t)(m->n >> 8);
	m->b[5] = (uint8_t)m->n;
}

/* The same places in every run; another index and turn, another place. */
static uint64_t
chance(unsigned int index, unsigned int turn)
{
	uint64_t x = SEED ^ ((uint64_t)index << 32 | turn);

	for (int i = 0; i < 3; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
	}
	return x;
}

#define SPOIL(name)                                                                            \
	static enum sn_err name(struct rig *r SN_UNUSED, struct bytes command SN_UNUSED,       \
	    struct tpm_msg *m SN_UNUSED, struct sn_why *why SN_UNUSED)

static unsigned int flip_turn;

SPOIL(flip)
{
	uint64_t x = chance(r->nth, flip_turn);

	m->b[(x >> 8) % m->n] ^= (uint8_t)(1U << (x & 7));
	return SN_OK;
}

SPOIL(shorten)
{
	m->n =
	    m->n > TPM_MSG_HEADER + 1 ? TPM_MSG_HEADER + (m->n - TPM_MSG_HEADER) / 2 : m->n - 1;
	set_length(m);
	return SN_OK;
}

/* Behind the header; where there is nothing behind it, the header itself. */
SPOIL(zero)
{
	size_t from = m->n > TPM_MSG_HEADER ? TPM_MSG_HEADER : 0;

	memset(m->b + from, 0, m->n - from);
	return SN_OK;
}

SPOIL(oversize)
{
	m->b[m->n++] = 0;
	set_length(m);
	return SN_OK;
}

SPOIL(stuck)
{
	*m = previous;
	return SN_OK;
}

SPOIL(retry_storm)
{
	static const uint8_t answer[] = { 0x80, 1, 0, 0, 0, 10, 0, 0, TPM2_RC_RETRY >> 8,
		TPM2_RC_RETRY & 0xff };

	memcpy(m->b, answer, sizeof(answer));
	m->n = sizeof(answer);
	return SN_OK;
}

SPOIL(hang)
{
	kill(r->tpm.child.pid, SIGSTOP);
	return r->tpm.wire.exchange(&r->tpm.wire, command, HANG_MS, m, why);
}

SPOIL(die)
{
	kill(r->tpm.child.pid, SIGKILL);
	return r->tpm.wire.exchange(&r->tpm.wire, command, HANG_MS, m, why);
}

static const struct fault {
	const char *name;
	enum sn_err (*spoil)(struct rig *, struct bytes, struct tpm_msg *, struct sn_why *);
	bool instead, for_ever;
	unsigned int turns; /* how often, each time elsewhere */
} faults[] = {
	{ "flip", flip, false, false, 3 },
	{ "short", shorten, false, false, 1 },
	{ "zero", zero, false, false, 1 },
	{ "oversize", oversize, false, false, 1 },
	{ "stuck", stuck, true, true, 1 },
	{ "retry-storm", retry_storm, true, true, 1 },
	{ "hang", hang, true, false, 1 },
	{ "kill", die, true, false, 1 },
};

/* ---- one case: fault, command, turn */

struct point {
	const struct fault *fault;
	unsigned int index, turn; /* of the command, from 1 */
};

/* Remembers the answer before the fault, for the one that is stuck. */
static enum sn_err
tapped(struct tpm_wire *w, struct bytes command, unsigned int timeout_ms, struct tpm_msg *ret,
    struct sn_why *why)
{
	struct rig *r = (struct rig *)w;

	SN_TRY(rig_exchange(w, command, timeout_ms, ret, why));
	if (r->seen < r->nth)
		previous = *ret;
	return SN_OK;
}

static void
rig_set(struct rig *r, const struct point *p)
{
	rig_start(r);
	r->wire.exchange = tapped;
	r->dev->tcti.pause_max_ms = 1;
	r->spoil = p->fault->spoil;
	r->instead = p->fault->instead;
	r->for_ever = p->fault->for_ever;
	r->cc = RIG_ANY;
	r->nth = p->index;
	flip_turn = p->turn;
	previous = (struct tpm_msg){ .n = TPM_MSG_HEADER };
}

static void
same_buf(const struct sn_buf *a, const struct sn_buf *b)
{
	assert_int_equal(a->n, b->n);
	if (a->n > 0)
		assert_memory_equal(a->p, b->p, a->n);
}

/* Make room for the same keys once more; what was said of them stays. */
static void
unload(struct rig *r, struct tpm_ident *i)
{
	ESYS_TR *const loaded[] = { &i->link, &i->ak.tr, &i->ek.tr };

	for (size_t k = 0; k < SN_NITEMS(loaded); k++)
		assert_int_equal(tpm_dev_flush(r->dev, loaded[k], NULL), SN_OK);
}

/* It went well in spite of the fault: the same TPM, asked again, says the same. */
static void
check_truth(struct rig *r, struct outcome *o)
{
	const struct tpm_info *a = &o->ident.info, *b;
	struct outcome again = { 0 };

	r->spoil = NULL;
	unload(r, &o->ident);
	if (tpm_ident_open(r->dev, TPM_SOFTWARE, "softtpm", &again.ident, &again.why) !=
		SN_OK ||
	    tpm_work_quote(r->dev, &again.ident, qualifying, TPM_QUOTE_MASK, &again.quoted,
		&again.why) != SN_OK)
		fail_msg("asked again: %s", again.why.text);
	b = &again.ident.info;
	assert_string_equal(a->manufacturer, b->manufacturer);
	assert_string_equal(a->vendor, b->vendor);
	assert_string_equal(a->ek_template, b->ek_template);
	assert_int_equal(a->firmware, b->firmware);
	assert_int_equal(a->revision, b->revision);
	assert_int_equal(a->ek_cert_index, b->ek_cert_index);
	assert_memory_equal(a->ek_name, b->ek_name, TPM_NAME_LEN);
	assert_memory_equal(a->ak_name, b->ak_name, TPM_NAME_LEN);
	same_buf(&a->ek_pub, &b->ek_pub);
	same_buf(&a->ek_cert, &b->ek_cert);
	same_buf(&a->ak_pub, &b->ak_pub);
	same_buf(&a->ak_pem, &b->ak_pem);
	same_buf(&o->quoted.pcr, &again.quoted.pcr);
	outcome_done(r, &again);
}

static void
check_refused(struct rig *r, const struct outcome *o)
{
	assert_int_equal(o->err, o->why.err);
	if (o->err != SN_E_TPM && o->err != SN_E_SIGNATURE && o->err != SN_E_FORMAT)
		fail_msg("status %d: %s", o->err, o->why.text);
	assert_true(strlen(o->why.text) > 10);
	if (!o->seeded)
		assert_null(o->seed.p);
	assert_int_equal(o->quoted.msg.n + o->quoted.sig.n + o->quoted.pcr.n, 0);
	rig_check_latched(r, &o->why);
}

static void
test_point(void **state)
{
	const struct point *p = *state;
	size_t alive = sn_secret_alive();
	struct outcome o = { 0 };
	struct rig r;

	alarm(CASE_SECONDS);
	rig_set(&r, p);
	o.err = whole(&r, &o);
	assert_true(r.seen >= p->index);
	if (o.err == SN_OK)
		check_truth(&r, &o);
	else
		check_refused(&r, &o);
	kill(r.tpm.child.pid, SIGKILL); /* one that hangs would be waited for */
	outcome_done(&r, &o);
	rig_done(&r);
	assert_int_equal(sn_secret_alive(), alive);
	alarm(0);
}

/* ---- what commands there are */

static struct run {
	uint32_t cc[COMMANDS_MAX];
	unsigned int n;
} clean;

static enum sn_err
counted(struct tpm_wire *w, struct bytes command, unsigned int timeout_ms, struct tpm_msg *ret,
    struct sn_why *why)
{
	if (clean.n < COMMANDS_MAX)
		clean.cc[clean.n++] = rig_u32(command.p + 6);
	return rig_exchange(w, command, timeout_ms, ret, why);
}

static void
count_commands(void)
{
	struct outcome o = { 0 };
	struct rig r;

	rig_start(&r);
	r.wire.exchange = counted;
	o.err = whole(&r, &o);
	if (o.err != SN_OK || clean.n < 25 || clean.n == COMMANDS_MAX) {
		fprintf(stderr, "%u commands: %s\n", clean.n, o.why.text);
		exit(1);
	}
	r.wire.exchange = rig_exchange;
	outcome_done(&r, &o);
	rig_done(&r);
}

int
main(void)
{
	struct test_list *l = test_list_new();
	static struct point points[10 * COMMANDS_MAX];
	size_t n = 0;

	rig_prepare();
	count_commands();
	for (size_t f = 0; f < SN_NITEMS(faults); f++) {
		for (unsigned int i = 1; i <= clean.n; i++) {
			for (unsigned int t = 0; t < faults[f].turns; t++) {
				points[n] = (struct point){ &faults[f], i, t };
				test_list_add(l, test_point, &points[n++],
				    "%s-%u at %u (command 0x%x)", faults[f].name, t, i,
				    clean.cc[i - 1]);
			}
		}
	}
	return test_list_run(l, "fault matrix");
}
