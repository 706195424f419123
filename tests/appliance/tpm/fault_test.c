/*
 * timeout: 240
 *
 * Faults between tpm2-tss and the TPM, one at a time: never a seed, always a reason,
 * and nothing works afterwards.
 */
#include <signal.h>

#include "tests/appliance/tpm/rig.h"

static const uint8_t qualifying[32] = { 7 };

#define SPOIL(name)                                                                            \
	static enum sn_err name(struct rig *r SN_UNUSED, struct bytes command SN_UNUSED,       \
	    struct tpm_msg *m SN_UNUSED, struct sn_why *why SN_UNUSED)

static void
set_code(struct tpm_msg *m, uint32_t rc)
{
	static const uint8_t head[] = { 0x80, 0x01, 0, 0, 0, 10 };

	memcpy(m->b, head, sizeof(head));
	for (int i = 0; i < 4; i++)
		m->b[6 + i] = (uint8_t)(rc >> (24 - 8 * i));
	m->n = 10;
}

static void
set_length(struct tpm_msg *m)
{
	m->b[4] = (uint8_t)(m->n >> 8);
	m->b[5] = (uint8_t)m->n;
}

SPOIL(flip_parameter)
{
	m->b[10 + 4 + 2 + 5] ^= 0x10;
	return SN_OK;
}

SPOIL(flip_last)
{
	m->b[m->n - 1] ^= 1;
	return SN_OK;
}

SPOIL(zero_random)
{
	memset(m->b + 10 + 4 + 2, 0, 32);
	return SN_OK;
}

/* Says 0 bytes of random, everything else consistent. */
SPOIL(zero_size)
{
	memmove(m->b + 16, m->b + 16 + 32, m->n - 48);
	m->n -= 32;
	m->b[13] = 2;
	m->b[15] = 0;
	set_length(m);
	return SN_OK;
}

SPOIL(short_size)
{
	memmove(m->b + 16 + 8, m->b + 16 + 32, m->n - 48);
	m->n -= 24;
	m->b[13] = 10;
	m->b[15] = 8;
	set_length(m);
	return SN_OK;
}

/* Claims 64 bytes where 32 are. */
SPOIL(over_size)
{
	m->b[15] = 64;
	return SN_OK;
}

SPOIL(parameters_over_size)
{
	m->b[12] = 0xff;
	return SN_OK;
}

SPOIL(cut_silently)
{
	m->n--;
	return SN_OK;
}

SPOIL(cut_consistently)
{
	m->n--;
	set_length(m);
	return SN_OK;
}

SPOIL(cut_to_header)
{
	m->n = 10;
	set_length(m);
	return SN_OK;
}

SPOIL(longer)
{
	m->b[m->n++] = 0;
	set_length(m);
	return SN_OK;
}

/* The same answer again and again, as from a stuck TPM. */
SPOIL(replay)
{
	static struct tpm_msg first;

	if (r->seen == r->nth)
		first = *m;
	else
		*m = first;
	return SN_OK;
}

SPOIL(no_session_tag)
{
	m->b[1] = 0x01;
	return SN_OK;
}

SPOIL(tpm12_tag)
{
	m->b[0] = 0x00;
	m->b[1] = 0xc4;
	return SN_OK;
}

#define CODE(name, rc)                                                                         \
	SPOIL(name)                                                                            \
	{                                                                                      \
		set_code(m, rc);                                                               \
		return SN_OK;                                                                  \
	}
CODE(code_retry, TPM2_RC_RETRY)
CODE(code_testing, TPM2_RC_TESTING)
CODE(code_yielded, TPM2_RC_YIELDED)
CODE(code_failure, TPM2_RC_FAILURE)
CODE(code_lockout, TPM2_RC_LOCKOUT)
CODE(code_bad_auth, 0x9a2)
CODE(code_hierarchy, 0x185)
CODE(code_curve, TPM2_RC_CURVE + TPM2_RC_P + TPM2_RC_2)
CODE(code_object_memory, TPM2_RC_OBJECT_MEMORY)

typedef enum sn_err spoil_fn(struct rig *, struct bytes, struct tpm_msg *, struct sn_why *);

/* A TPM that answers with a code has not executed the command. */
static bool
is_code(spoil_fn *fn)
{
	static spoil_fn *const codes[] = { code_retry, code_testing, code_yielded, code_failure,
		code_lockout, code_bad_auth, code_hierarchy, code_curve, code_object_memory };

	for (size_t i = 0; i < SN_NITEMS(codes); i++) {
		if (codes[i] == fn)
			return true;
	}
	return false;
}

SPOIL(die)
{
	kill(r->tpm.child.pid, SIGKILL);
	return sn_fail(why, SN_E_TPM, "softtpm: died");
}

/* A stopped TPM takes the next command and never answers. */
SPOIL(stop)
{
	r->dev->tcti.timeout_ms = 300;
	kill(r->tpm.child.pid, SIGSTOP);
	return SN_OK;
}

/* Somebody else's command in between: the session is no longer exclusive. */
SPOIL(intrude)
{
	static const uint8_t get_random[] = { 0x80, 0x01, 0, 0, 0, 12, 0, 0, 1, 0x7b, 0, 32 };
	struct tpm_msg ignored;

	return r->tpm.wire.exchange(&r->tpm.wire, BYTES_OF(get_random), 10000, &ignored, why);
}

static enum sn_err
raw(struct rig *r, uint32_t cc, struct bytes body, struct tpm_msg *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };

	sn_buf_u16(&b, TPM2_ST_NO_SESSIONS);
	sn_buf_u32(&b, (uint32_t)(TPM_MSG_HEADER + body.n));
	sn_buf_u32(&b, cc);
	sn_buf_put(&b, body);
	SN_TRY(r->tpm.wire.exchange(&r->tpm.wire, sn_buf_bytes(&b), 10000, ret, why));
	if (rig_u32(ret->b + 6) != TPM2_RC_SUCCESS)
		return sn_fail(why, SN_E_TPM, "resource manager: 0x%x", rig_u32(ret->b + 6));
	return SN_OK;
}

/* What the kernel's resource manager does between commands: save, flush, load. */
static enum sn_err
swap_out_and_in(struct rig *r, uint32_t handle, struct sn_why *why)
{
	uint8_t h[4] = { (uint8_t)(handle >> 24), (uint8_t)(handle >> 16),
		(uint8_t)(handle >> 8), (uint8_t)handle };
	struct tpm_msg saved, ignored;

	SN_TRY(raw(r, TPM2_CC_ContextSave, BYTES_OF(h), &saved, why));
	if (handle >> 24 == TPM2_HT_TRANSIENT)
		SN_TRY(raw(r, TPM2_CC_FlushContext, BYTES_OF(h), &ignored, why));
	return raw(r, TPM2_CC_ContextLoad,
	    (struct bytes){ saved.b + TPM_MSG_HEADER, saved.n - TPM_MSG_HEADER }, &ignored,
	    why);
}

SPOIL(resource_manager)
{
	/* the session of this command, and the two keys */
	SN_TRY(swap_out_and_in(r, rig_u32(command.p + 14), why));
	SN_TRY(swap_out_and_in(r, 0x80000000, why));
	return swap_out_and_in(r, 0x80000001, why);
}

/* In a response to TPM2_CreatePrimary: header, handle, parameter size, TPM2B size, ... */
#define PUBLIC_AT (10 + 4 + 4 + 2)
#define ATTRIBUTES_AT (PUBLIC_AT + 2 + 2)

SPOIL(flip_public)
{
	m->b[ATTRIBUTES_AT + 3] ^= 0x40;
	return SN_OK;
}

/* Another key, and its name to it; behind the name is an empty password session. */
SPOIL(other_key)
{
	size_t n = (size_t)m->b[PUBLIC_AT - 2] << 8 | m->b[PUBLIC_AT - 1];

	m->b[ATTRIBUTES_AT + 3] ^= 0x40;
	return cry_digest(CRY_SHA256, (struct bytes){ m->b + PUBLIC_AT, n },
	    m->b + m->n - 5 - 32, why);
}

SPOIL(flip_attest)
{
	m->b[10 + 4 + 2 + 20] ^= 1;
	return SN_OK;
}

SPOIL(flip_nonce)
{
	m->b[10 + 4 + 2] ^= 1;
	return SN_OK;
}

/* What is spoiled, and what must be said about it. says NULL: it must not matter. */
static const struct row {
	const char *name;
	uint32_t cc;
	unsigned int nth;
	bool for_ever;
	spoil_fn *spoil;
	const char *says;
} rows[] = {
	{ "startup-failure-mode", TPM2_CC_Startup, 1, false, code_failure, "failure mode" },
	{ "startup-cut-silently", TPM2_CC_Startup, 1, false, cut_silently, "TPM2_Startup" },
	{ "startup-cut-to-9", TPM2_CC_Startup, 1, false, cut_consistently, "TPM2_Startup" },
	{ "startup-longer", TPM2_CC_Startup, 1, false, longer, "TPM2_" },
	{ "startup-tpm12", TPM2_CC_Startup, 1, false, tpm12_tag, "tag 0x00c4" },
	{ "startup-retry-storm", TPM2_CC_Startup, 1, true, code_retry, "busy (0x922)" },
	{ "startup-retry-once", TPM2_CC_Startup, 1, false, code_retry, NULL },
	{ "startup-dies", TPM2_CC_Startup, 1, false, die, "TPM2_Startup: softtpm: died" },
	{ "startup-hangs-after", TPM2_CC_Startup, 1, false, stop, "no answer in time" },
	{ "self-test-testing-once", TPM2_CC_SelfTest, 1, false, code_testing, NULL },
	{ "self-test-failure", TPM2_CC_SelfTest, 1, false, code_failure, "failure mode" },
	{ "properties-header-only", TPM2_CC_GetCapability, 1, false, cut_to_header,
	    "TPM2_GetCapability" },
	{ "ek-owned-by-another", TPM2_CC_CreatePrimary, 1, false, code_bad_auth,
	    "has a password" },
	{ "ek-hierarchy-off", TPM2_CC_CreatePrimary, 1, false, code_hierarchy,
	    "hierarchy is off" },
	{ "ek-no-room", TPM2_CC_CreatePrimary, 1, false, code_object_memory, "no room" },
	{ "ek-other-attributes", TPM2_CC_CreatePrimary, 1, false, flip_public,
	    "TPM2_CreatePrimary" },
	{ "ek-another-key", TPM2_CC_CreatePrimary, 1, false, other_key,
	    "another key than was asked for" },
	{ "ek-p256-unknown-then-rsa", TPM2_CC_CreatePrimary, 1, false, code_curve, NULL },
	{ "ek-nothing-known", TPM2_CC_CreatePrimary, 1, true, code_curve, "makes no P-256" },
	{ "link-nonce-flipped", TPM2_CC_StartAuthSession, 1, false, flip_nonce,
	    "TPM2_GetCapability" },
	{ "ak-flipped-under-hmac", TPM2_CC_CreatePrimary, 2, false, flip_public,
	    "HMAC is wrong" },
	{ "ak-last-byte", TPM2_CC_CreatePrimary, 2, false, flip_last, "HMAC is wrong" },
	{ "random-flip", TPM2_CC_GetRandom, 1, false, flip_parameter, "HMAC is wrong" },
	{ "random-flip-hmac", TPM2_CC_GetRandom, 16, false, flip_last, "HMAC is wrong" },
	{ "random-zeroed", TPM2_CC_GetRandom, 3, false, zero_random, "HMAC is wrong" },
	{ "random-zero-size", TPM2_CC_GetRandom, 2, false, zero_size, "TPM2_GetRandom" },
	{ "random-short", TPM2_CC_GetRandom, 2, false, short_size, "TPM2_GetRandom" },
	{ "random-over-size", TPM2_CC_GetRandom, 2, false, over_size, "TPM2_GetRandom" },
	{ "random-parameters-over-size", TPM2_CC_GetRandom, 2, false, parameters_over_size,
	    "TPM2_GetRandom" },
	{ "random-cut", TPM2_CC_GetRandom, 5, false, cut_consistently, "TPM2_GetRandom" },
	{ "random-cut-to-header", TPM2_CC_GetRandom, 5, false, cut_to_header,
	    "TPM2_GetRandom" },
	{ "random-longer", TPM2_CC_GetRandom, 5, false, longer, "TPM2_GetRandom" },
	{ "random-stuck", TPM2_CC_GetRandom, 4, true, replay, "HMAC is wrong" },
	{ "random-session-tag-lost", TPM2_CC_GetRandom, 1, false, no_session_tag,
	    "tag 0x8001 to a command with 0x8002" },
	{ "random-retry-twice", TPM2_CC_GetRandom, 6, false, code_retry, NULL },
	{ "random-yielded", TPM2_CC_GetRandom, 6, false, code_yielded, NULL },
	{ "random-lockout", TPM2_CC_GetRandom, 6, false, code_lockout, "wrong passwords" },
	{ "random-dies", TPM2_CC_GetRandom, 8, false, die, "died" },
	{ "random-hangs-after", TPM2_CC_GetRandom, 8, false, stop, "no answer in time" },
	{ "random-resource-manager", TPM2_CC_GetRandom, 1, true, resource_manager, NULL },
	{ "random-others-in-between", TPM2_CC_GetRandom, 9, false, intrude,
	    "other commands ran between" },
	{ "random-others-after-the-last", TPM2_CC_GetRandom, 16, false, intrude,
	    "other commands ran between" },
	{ "audit-attest-flipped", TPM2_CC_GetSessionAuditDigest, 1, false, flip_attest, "" },
	{ "audit-cut", TPM2_CC_GetSessionAuditDigest, 1, false, cut_consistently,
	    "TPM2_GetSessionAuditDigest" },
	{ "quote-attest-flipped", TPM2_CC_Quote, 1, false, flip_attest, "" },
	{ "quote-lockout", TPM2_CC_Quote, 1, false, code_lockout, "wrong passwords" },
	{ "pcr-read-header-only", TPM2_CC_PCR_Read, 1, false, cut_to_header, "TPM2_PCR_Read" },
};

/* Identify, seed, quote, as a ceremony does. Stops at the first failure. */
static enum sn_err
whole(struct rig *r, struct tpm_ident *ident, struct sn_secret *seed, struct sn_why *why)
{
	SN_CLEANUP(tpm_audit_done) struct tpm_audit audit = { 0 };
	SN_CLEANUP(tpm_quoted_done) struct tpm_quoted quoted = { 0 };

	SN_TRY(tpm_ident_open(r->dev, TPM_SOFTWARE, "softtpm", ident, why));
	SN_TRY(tpm_work_seed(r->dev, ident, qualifying, seed, &audit, why));
	return tpm_work_quote(r->dev, ident, qualifying, TPM_QUOTE_MASK, &quoted, why);
}

/* What the whole run leaves when it went well, and what it must never leave when not. */
static void
check_end(const struct row *row, enum sn_err e, const struct sn_secret *seed,
    const struct sn_why *why)
{
	bool before_quote = row->cc != TPM2_CC_Quote && row->cc != TPM2_CC_PCR_Read;

	if (row->says == NULL) {
		assert_string_equal(why->text, "");
		assert_int_equal(e, SN_OK);
		assert_int_equal(seed->n, TPM_SEED_LEN);
		return;
	}
	if (e == SN_OK)
		fail_msg("went well");
	assert_int_equal(e, why->err);
	assert_true(e == SN_E_TPM || e == SN_E_SIGNATURE || e == SN_E_FORMAT);
	assert_true(why->text[0] != '\0');
	if (strstr(why->text, row->says) == NULL)
		fail_msg("said: %s", why->text);
	if (before_quote)
		assert_null(seed->p);
}

static void
test_row(void **state)
{
	const struct row *row = *state;
	struct tpm_ident ident = { 0 };
	struct sn_secret seed = { 0 };
	struct sn_why why = { 0 };
	size_t alive = sn_secret_alive();
	struct rig r;
	enum sn_err e;

	rig_start(&r);
	r.spoil = row->spoil;
	r.cc = row->cc;
	r.nth = row->nth;
	r.for_ever = row->for_ever;
	r.instead = is_code(row->spoil);
	e = whole(&r, &ident, &seed, &why);
	assert_true(r.seen >= row->nth);
	check_end(row, e, &seed, &why);
	rig_check_latched(&r, &why);
	if (ident.ak_key != NULL)
		tpm_ident_done(r.dev, &ident);
	else
		tpm_info_done(&ident.info); /* of a TPM that is in no state to work */
	sn_secret_done(&seed);
	rig_done(&r);
	assert_int_equal(sn_secret_alive(), alive);
}

/* The TPM dies at each command of the whole run in turn. */
static void
test_dies_at_every_command(void **state)
{
	unsigned int n = 1;

	(void)state;
	for (;; n++) {
		struct tpm_ident ident = { 0 };
		struct sn_secret seed = { 0 };
		struct sn_why why = { 0 };
		struct rig r;
		enum sn_err e;
		bool done;

		rig_start(&r);
		r.spoil = die;
		r.cc = RIG_ANY;
		r.nth = n;
		e = whole(&r, &ident, &seed, &why);
		done = r.seen < n;
		if (done)
			assert_int_equal(e, SN_OK);
		else
			assert_int_equal(e, SN_E_TPM);
		rig_check_latched(&r, &why);
		if (ident.ak_key != NULL)
			tpm_ident_done(r.dev, &ident);
		sn_secret_done(&seed);
		rig_done(&r);
		if (done)
			break;
	}
	assert_true(n > 25);
}

/* P-256 unknown: the RSA key carries the whole run. */
static void
test_rsa_endorsement_key(void **state)
{
	struct tpm_ident ident = { 0 };
	struct sn_secret seed = { 0 };
	struct sn_why why = { 0 };
	struct rig r;

	(void)state;
	rig_start(&r);
	r.spoil = code_curve;
	r.instead = true;
	r.cc = TPM2_CC_CreatePrimary;
	r.nth = 1;
	assert_int_equal(whole(&r, &ident, &seed, &why), SN_OK);
	assert_string_equal(ident.info.ek_template, "rsa-2048");
	assert_true(ident.info.ek_pub.n > 256);
	tpm_ident_done(r.dev, &ident);
	sn_secret_done(&seed);
	rig_done(&r);
}

int
main(void)
{
	struct test_list *l = test_list_new();

	rig_prepare();
	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		test_list_add(l, test_row, &rows[i], "%s", rows[i].name);
	test_list_add(l, test_dies_at_every_command, NULL, "dies-at-every-command");
	test_list_add(l, test_rsa_endorsement_key, NULL, "rsa-endorsement-key");
	return test_list_run(l, "fault");
}
