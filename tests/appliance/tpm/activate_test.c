/*
 * timeout: 240
 *
 * Credential activation: what stock tpm2_makecredential wraps for our endorsement and
 * attestation keys, our TPM process opens; and nothing else.
 */
#include <signal.h>

#include "appliance/tpm/proto.h"
#include "tests/appliance/tpm/swtpm.h"
#include "tests/lib/tpm_role.h"

/* The stock tool's challenge for that key pair; the caller frees it. */
static struct test_bytes
stock(struct bytes ek_pub, struct bytes ak_name, struct bytes secret)
{
	char hex[2 * TPM_NAME_LEN + 1];
	char *line;

	test_put("ek.pub", ek_pub);
	test_put("secret", secret);
	for (size_t i = 0; i < ak_name.n; i++)
		snprintf(hex + 2 * i, 3, "%02x", ak_name.p[i]);
	line = test_format("rm -f blob; tpm2_makecredential -T none -u ek.pub -s secret -n %s "
			   "-o blob",
	    hex);
	if (test_sh(line) != 0)
		fail_msg("tpm2_makecredential failed, see %s/log", test_workdir());
	free(line);
	return test_get("blob");
}

static const uint8_t nonce[32] = { 0x5e, 0xc2, 0xe7, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
	14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29 };

struct opened {
	struct rig rig;
	struct tpm_ident ident;
};

static void
identify(struct opened *o, enum tpm_backend backend)
{
	struct sn_why why = { 0 };

	if (tpm_ident_open(o->rig.dev, backend, "test", &o->ident, &why) != SN_OK)
		fail_msg("%s", why.text);
}

static void
opened(struct opened *o)
{
	memset(o, 0, sizeof(*o));
	rig_start(&o->rig);
	identify(o, TPM_SOFTWARE);
}

static void
closed(struct opened *o)
{
	tpm_ident_done(o->rig.dev, &o->ident);
	rig_done(&o->rig);
}

static struct test_bytes
challenge_for(const struct tpm_info *i)
{
	return stock(sn_buf_bytes(&i->ek_pub), BYTES_OF(i->ak_name), BYTES_OF(nonce));
}

/* The challenge is refused without a fault: the next one is answered. */
static void
expect_refused(struct opened *o, struct bytes challenge, enum sn_err err, const char *what)
{
	struct sn_buf got = { 0 };
	struct sn_why why = { 0 };
	enum sn_err e = tpm_work_activate(o->rig.dev, &o->ident, challenge, &got, &why);

	if ((err == SN_OK ? e == SN_OK : e != err) || why.text[0] == '\0' || got.n != 0 ||
	    o->rig.dev->fault.err != SN_OK)
		fail_msg("%s: %s, \"%s\"", what, sn_err_name(e), why.text);
}

static void
expect_opened(struct opened *o, struct bytes challenge)
{
	struct sn_buf got = { 0 };
	struct sn_why why = { 0 };

	if (tpm_work_activate(o->rig.dev, &o->ident, challenge, &got, &why) != SN_OK)
		fail_msg("%s", why.text);
	assert_int_equal(got.n, sizeof(nonce));
	assert_memory_equal(got.p, nonce, sizeof(nonce));
	sn_buf_done(&got);
}

static struct bytes
bytes_of(const struct test_bytes *b)
{
	return (struct bytes){ b->data, b->len };
}

/* ---- an swtpm whose NV says which endorsement key it has a certificate for */

#define DEFINE                                                                                 \
	SWTPM_TOOL "tpm2_nvdefine %s -C p -s 16 "                                              \
		   "-a 'ppwrite|ppread|authread|ownerread|no_da|platformcreate'"
#define NOTHING_LEFT                                                                           \
	"test -z \"$(" SWTPM_TOOL "tpm2_getcap handles-transient)\" && "                       \
	"test -z \"$(" SWTPM_TOOL "tpm2_getcap handles-loaded-session)\""

static const struct kind_row {
	const char *name, *index, *template;
	size_t step; /* every byte is flipped, or every so many */
} kinds[] = {
	{ "ecc-p256", "0x01c0000a", "ecc-p256", 1 },
	{ "rsa-2048", "0x01c00002", "rsa-2048", 5 },
	{ "ecc-p384", "0x01c00016", "ecc-p384", 3 },
};

static void
swtpm_opened(struct opened *o, const struct kind_row *r)
{
	char *line = test_format(DEFINE, r->index), *path = test_format("%s/s", test_workdir());
	struct sn_why why = { 0 };

	memset(o, 0, sizeof(*o));
	o->rig.wire.exchange = rig_exchange;
	assert_int_equal(test_sh("rm -rf st && mkdir st"), 0);
	swtpm_start();
	assert_int_equal(test_sh(line), 0);
	if (tpm_wire_swtpm(path, &o->rig.tpm, &why) != SN_OK ||
	    tpm_dev_open(&o->rig.wire, &o->rig.dev, &why) != SN_OK)
		fail_msg("%s", why.text);
	identify(o, TPM_SWTPM);
	assert_string_equal(o->ident.info.ek_template, r->template);
	free(line);
	free(path);
}

static void
swtpm_closed(struct opened *o)
{
	closed(o);
	assert_int_equal(test_sh(NOTHING_LEFT), 0);
	swtpm_stop();
}

/* Each byte changed, one at a time: what wraps the secret is refused, every time. */
static void
expect_flips_refused(struct opened *o, const struct test_bytes *good, size_t step)
{
	for (size_t at = 0; at < good->len; at += step) {
		char what[32];

		snprintf(what, sizeof(what), "byte %zu", at);
		good->data[at] ^= 1;
		expect_refused(o, bytes_of(good), SN_OK, what);
		good->data[at] ^= 1;
	}
}

static void
test_kind(void **state)
{
	const struct kind_row *r = *state;
	struct opened o;
	struct test_bytes good;

	swtpm_opened(&o, r);
	good = challenge_for(&o.ident.info);
	o.rig.stream.n = 0;
	expect_opened(&o, bytes_of(&good));
	assert_true(bytes_find(sn_buf_bytes(&o.rig.stream), BYTES_OF(nonce)) == SIZE_MAX);
	expect_flips_refused(&o, &good, r->step);
	expect_opened(&o, bytes_of(&good));
	test_bytes_done(&good);
	swtpm_closed(&o);
}

/* ---- challenges that are for somebody else, or none */

static void
test_other_ek(void **state)
{
	struct opened o, other;
	struct test_bytes b;

	(void)state;
	opened(&o);
	opened(&other);
	b = stock(sn_buf_bytes(&other.ident.info.ek_pub), BYTES_OF(o.ident.info.ak_name),
	    BYTES_OF(nonce));
	expect_refused(&o, bytes_of(&b), SN_E_SIGNATURE, "another endorsement key");
	test_bytes_done(&b);
	b = stock(sn_buf_bytes(&o.ident.info.ek_pub), BYTES_OF(other.ident.info.ak_name),
	    BYTES_OF(nonce));
	expect_refused(&o, bytes_of(&b), SN_E_SIGNATURE, "another attestation key");
	test_bytes_done(&b);
	closed(&other);
	closed(&o);
}

static void
test_other_key_type(void **state)
{
	struct opened rsa, ecc;
	struct test_bytes b;

	(void)state;
	opened(&ecc);
	swtpm_opened(&rsa, &kinds[1]);
	b = stock(sn_buf_bytes(&rsa.ident.info.ek_pub), BYTES_OF(ecc.ident.info.ak_name),
	    BYTES_OF(nonce));
	expect_refused(&ecc, bytes_of(&b), SN_E_SIGNATURE, "a challenge for an RSA key");
	test_bytes_done(&b);
	b = stock(sn_buf_bytes(&ecc.ident.info.ek_pub), BYTES_OF(rsa.ident.info.ak_name),
	    BYTES_OF(nonce));
	expect_refused(&rsa, bytes_of(&b), SN_E_SIGNATURE, "a challenge for an ECC key");
	test_bytes_done(&b);
	swtpm_closed(&rsa);
	closed(&ecc);
}

/* The form: what is put in the place of the bytes from at on. */
static const struct form_row {
	const char *name;
	size_t keep;	   /* bytes of the good one, SIZE_MAX: all */
	const char *more;  /* hex, behind them */
	size_t at;	   /* and this is overwritten */
	const char *there; /* hex */
} forms[] = {
	{ "empty", 0, "", 0, "" },
	{ "one-byte", 1, "", 0, "" },
	{ "magic-alone", 4, "", 0, "" },
	{ "head-alone", 8, "", 0, "" },
	{ "cut-in-the-credential", 40, "", 0, "" },
	{ "without-the-seed", 78, "", 0, "" },
	{ "cut-by-one", SIZE_MAX - 1, "", 0, "" },
	{ "one-byte-behind", SIZE_MAX, "00", 0, "" },
	{ "another-magic", SIZE_MAX, "", 0, "badcc0df" },
	{ "version-2", SIZE_MAX, "", 4, "00000002" },
	{ "credential-of-no-bytes", 8, "0000000100", 0, "" },
	{ "credential-too-long", SIZE_MAX, "", 8, "ffff" },
	{ "seed-of-no-bytes", 78, "0000", 0, "" },
	{ "not-a-challenge", 0, "3082010a", 0, "" },
};

static void
test_form(void **state)
{
	const struct form_row *r = *state;
	struct test_bytes more = test_unhex(r->more), there = test_unhex(r->there), good;
	struct sn_buf b = { 0 };
	struct opened o;

	opened(&o);
	good = challenge_for(&o.ident.info);
	sn_buf_put(&b,
	    (struct bytes){
		good.data, r->keep > good.len ? good.len - (SIZE_MAX - r->keep) : r->keep });
	sn_buf_put(&b, bytes_of(&more));
	if (there.len > 0)
		memcpy(b.p + r->at, there.data, there.len);
	expect_refused(&o, sn_buf_bytes(&b), SN_E_FORMAT, r->name);
	sn_buf_done(&b);
	test_bytes_done(&good);
	test_bytes_done(&more);
	test_bytes_done(&there);
	closed(&o);
}

/* The choke point: no session, a password, a session that does not encrypt. */
static void
test_unprotected(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		TPM2B_ID_OBJECT blob = { .size = 70 };
		TPM2B_ENCRYPTED_SECRET wrapped = { .size = 68 };
		struct sn_buf got = { 0 };
		struct sn_why why = { 0 };
		struct opened o;
		unsigned int before;

		opened(&o);
		before = o.rig.commands;
		const ESYS_TR session[] = { ESYS_TR_NONE, ESYS_TR_PASSWORD, o.ident.link };
		assert_int_equal(tpm_dev_activate(o.rig.dev, o.ident.ak.tr, o.ident.link,
				     o.ident.ek.tr, session[i], &blob, &wrapped, &got, &why),
		    SN_E_TPM);
		assert_non_null(strstr(why.text,
		    i < 2 ? "without a session" : "does not protect"));
		assert_int_equal(o.rig.commands, before);
		assert_int_not_equal(o.rig.dev->fault.err, SN_OK);
		closed(&o);
	}
}

/* ---- faults at each command that an activation takes */

#define SPOIL(name)                                                                            \
	static enum sn_err name(struct rig *r SN_UNUSED, struct bytes command SN_UNUSED,       \
	    struct tpm_msg *m SN_UNUSED, struct sn_why *why SN_UNUSED)

SPOIL(flip_last)
{
	m->b[m->n - 1] ^= 1;
	return SN_OK;
}

SPOIL(flip_all_parameters)
{
	for (size_t i = TPM_MSG_HEADER; i < m->n; i++)
		m->b[i] ^= 0xff;
	return SN_OK;
}

SPOIL(all_zero)
{
	memset(m->b + TPM_MSG_HEADER, 0, m->n - TPM_MSG_HEADER);
	return SN_OK;
}

SPOIL(one_short)
{
	m->n--;
	m->b[4] = (uint8_t)(m->n >> 8);
	m->b[5] = (uint8_t)m->n;
	return SN_OK;
}

SPOIL(failure)
{
	static const uint8_t code[] = { 0x80, 1, 0, 0, 0, 10, 0, 0, 0x01, 0x01 };

	memcpy(m->b, code, sizeof(code));
	m->n = sizeof(code);
	return SN_OK;
}

SPOIL(gone)
{
	return sn_fail(why, SN_E_TPM, "the TPM is gone");
}

static const struct spoil_row {
	const char *name;
	enum sn_err (*spoil)(struct rig *r, struct bytes command, struct tpm_msg *m,
	    struct sn_why *why);
	bool for_ever;
} spoils[] = {
	{ "flip-last", flip_last, false },
	{ "flip-all-parameters", flip_all_parameters, false },
	{ "all-zero", all_zero, false },
	{ "one-short", one_short, false },
	{ "failure-mode", failure, true },
	{ "gone", gone, false },
};

/* An error with a reason, or what the challenge really holds: never another answer. */
static void
spoil_at(const struct spoil_row *r, unsigned int nth, unsigned int *ret_commands)
{
	struct sn_buf got = { 0 };
	struct sn_why why = { 0 };
	struct opened o;
	struct test_bytes b;
	unsigned int before;
	enum sn_err e;

	opened(&o);
	b = challenge_for(&o.ident.info);
	before = o.rig.commands;
	o.rig.spoil = r->spoil;
	o.rig.nth = nth;
	o.rig.for_ever = r->for_ever && nth != 0;
	e = tpm_work_activate(o.rig.dev, &o.ident, bytes_of(&b), &got, &why);
	*ret_commands = o.rig.commands - before;
	if (e == SN_OK ? got.n != sizeof(nonce) || memcmp(got.p, nonce, got.n) != 0
		       : got.n != 0 || why.text[0] == '\0')
		fail_msg("%s at %u: %s, %zu bytes", r->name, nth, sn_err_name(e), got.n);
	sn_buf_done(&got);
	test_bytes_done(&b);
	closed(&o);
}

static void
test_spoiled(void **state)
{
	unsigned int commands = 1, all = 0;

	spoil_at(*state, 0, &all); /* nothing is spoiled: how many there are */
	assert_true(all >= 3);
	for (unsigned int nth = 1; nth <= all; nth++)
		spoil_at(*state, nth, &commands);
}

/* Through the process and its client; what is no challenge for it ends the work with it. */
static void
test_client(void **state)
{
	struct tpm *t = NULL;
	struct tpm_info i = { 0 };
	struct sn_buf got = { 0 };
	struct sn_why why = { 0 };
	struct test_bytes b;

	(void)state;
	if (tpm_start(TPM_ROLE_SELF, TPM_SOFTWARE, rig_softtpm(), -1, &t, &why) != SN_OK ||
	    tpm_info(t, &i, &why) != SN_OK)
		fail_msg("%s", why.text);
	b = challenge_for(&i);
	if (tpm_activate(t, bytes_of(&b), &got, &why) != SN_OK)
		fail_msg("%s", why.text);
	assert_int_equal(got.n, sizeof(nonce));
	assert_memory_equal(got.p, nonce, sizeof(nonce));
	b.data[b.len - 1] ^= 1;
	got.n = 0;
	assert_int_equal(tpm_activate(t, bytes_of(&b), &got, &why), SN_E_SIGNATURE);
	assert_non_null(strstr(why.text, "the challenge is not for this TPM"));
	b.data[b.len - 1] ^= 1;
	assert_int_equal(tpm_activate(t, bytes_of(&b), &got, NULL), SN_E_SIGNATURE);
	assert_int_equal(got.n, 0);
	sn_buf_done(&got);
	test_bytes_done(&b);
	tpm_info_done(&i);
	tpm_free(&t);
}

/* Somebody else's endorsement password: there is nothing to enrol, and we clear nothing. */
static void
test_owned(void **state)
{
	char *path = test_format("%s/s", test_workdir());
	struct tpm *t = NULL;
	struct sn_buf got = { 0 };
	struct sn_why why = { 0 };

	(void)state;
	assert_int_equal(test_sh("rm -rf st && mkdir st"), 0);
	swtpm_start();
	assert_int_equal(test_sh(SWTPM_TOOL "tpm2_changeauth -c e password"), 0);
	if (tpm_start(TPM_ROLE_SELF, TPM_SWTPM, path, -1, &t, &why) != SN_OK)
		fail_msg("%s", why.text);
	assert_int_equal(tpm_activate(t, BYTES_OF(nonce), &got, &why), SN_E_TPM);
	assert_non_null(strstr(why.text, "has a password"));
	assert_int_equal(got.n, 0);
	tpm_free(&t);
	swtpm_stop();
	free(path);
}

int
main(int argc, char **argv)
{
	struct test_list *l;
	int status = 0;

	if (tpm_role(argc, argv, &status))
		return status;
	rig_prepare();
	signal(SIGPIPE, SIG_IGN);
	l = test_list_new();
	for (size_t i = 0; i < SN_NITEMS(kinds); i++)
		test_list_add(l, test_kind, &kinds[i], "activate: %s", kinds[i].name);
	for (size_t i = 0; i < SN_NITEMS(forms); i++)
		test_list_add(l, test_form, &forms[i], "challenge: %s", forms[i].name);
	test_list_add(l, test_other_ek, NULL, "challenge: another-ek, another-ak");
	test_list_add(l, test_other_key_type, NULL, "challenge: another-key-type");
	test_list_add(l, test_unprotected, NULL, "no-session-no-activation");
	for (size_t i = 0; i < SN_NITEMS(spoils); i++)
		test_list_add(l, test_spoiled, &spoils[i], "fault: %s", spoils[i].name);
	test_list_add(l, test_client, NULL, "through-the-client");
	test_list_add(l, test_owned, NULL, "endorsement-password");
	return test_list_run(l, "activate");
}
