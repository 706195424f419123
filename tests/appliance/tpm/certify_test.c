/*
 * timeout: 300
 *
 * The certificates of the attestation key and of our counter; the third kind of
 * endorsement key; and a TPM in every state that stock tools can bring it into.
 */
#include <signal.h>

#include "appliance/crypto/cert.h"
#include "tests/appliance/tpm/swtpm.h"

static const uint8_t qualifying[32] = { 0x5e, 0xed };

static void
open_ok(struct rig *r, struct tpm_ident *i)
{
	struct sn_why why = { 0 };

	swtpm_rig(r);
	if (tpm_ident_open(r->dev, TPM_DEVICE, "swtpm", i, &why) != SN_OK)
		fail_msg("%s", why.text);
}

static void
close_ok(struct rig *r, struct tpm_ident *i)
{
	tpm_ident_done(r->dev, i);
	rig_done(r);
}

static uint64_t
count_ok(struct rig *r, struct tpm_ident *i)
{
	struct tpm_counter c = { 0 };
	struct sn_why why = { 0 };
	uint64_t value;

	if (tpm_work_counter(r->dev, i, qualifying, &c, &why) != SN_OK)
		fail_msg("%s", why.text);
	if (!c.present)
		fail_msg("no counter: %s", sn_buf_cstr(&c.reason));
	assert_true(c.by.msg.n > 0 && c.by.sig.n > 0 && c.by.body.n > 0);
	value = c.value;
	tpm_counter_done(&c);
	return value;
}

/* What tpm2_nvread shows, as a number. */
static uint64_t
stock_count(void)
{
	struct test_bytes b;
	uint64_t v = 0;

	assert_int_equal(test_sh(SWTPM_TOOL "tpm2_nvread 0x01815c01 -C o -o count"), 0);
	b = test_get("count");
	assert_int_equal(b.len, 8);
	for (size_t i = 0; i < 8; i++)
		v = v << 8 | b.data[i];
	test_bytes_done(&b);
	return v;
}

/* Once per opening, the same when asked again, and never back: not even when the owner
 * removes the index and lets it be made again. */
static void
test_counter(void **state)
{
	struct tpm_ident i;
	struct rig r;
	uint64_t first, second, third;

	(void)state;
	swtpm_new();
	open_ok(&r, &i);
	first = count_ok(&r, &i);
	assert_true(count_ok(&r, &i) == first);
	close_ok(&r, &i);
	assert_true(stock_count() == first);
	open_ok(&r, &i);
	second = count_ok(&r, &i);
	close_ok(&r, &i);
	assert_true(second == first + 1);
	assert_int_equal(test_sh(SWTPM_TOOL "tpm2_nvundefine -C o 0x01815c01"), 0);
	open_ok(&r, &i);
	third = count_ok(&r, &i);
	close_ok(&r, &i);
	assert_true(third > second);
	assert_true(stock_count() == third);
	swtpm_stop();
}

/* tpm2_nvreadpublic gives the name that the certificate is about. */
static void
test_counter_by_stock_tools(void **state)
{
	struct tpm_ident i;
	struct tpm_counter c = { 0 };
	struct rig r;

	(void)state;
	swtpm_new();
	open_ok(&r, &i);
	assert_int_equal(tpm_work_counter(r.dev, &i, qualifying, &c, NULL), SN_OK);
	close_ok(&r, &i);
	test_put("pub", sn_buf_bytes(&c.by.body));
	test_put("msg", sn_buf_bytes(&c.by.msg));
	assert_int_equal(test_sh(SWTPM_TOOL
			     "tpm2_nvreadpublic 0x01815c01 | grep -o 'name: .*' | cut -c7- "
			     ">name"),
	    0);
	assert_int_equal(test_sh("sha256sum <pub | cut -c-64 | sed 's/^/000b/' | cmp - name"),
	    0);
	/* and that name is in what was signed */
	assert_int_equal(test_sh("od -An -v -tx1 msg | tr -d ' \\n' | grep -q \"$(cat name)\""),
	    0);
	tpm_counter_done(&c);
	swtpm_stop();
}

/* The creation data's digest is in what was signed, and so is the key's name. */
static void
test_creation(void **state)
{
	struct tpm_ident i;
	struct tpm_attested a = { 0 };
	struct sn_why why = { 0 };
	struct rig r;
	uint8_t digest[32];

	(void)state;
	swtpm_new();
	open_ok(&r, &i);
	if (tpm_work_creation(r.dev, &i, qualifying, &a, &why) != SN_OK)
		fail_msg("%s", why.text);
	assert_int_equal(cry_digest(CRY_SHA256, sn_buf_bytes(&a.body), digest, NULL), SN_OK);
	assert_true(bytes_find(sn_buf_bytes(&a.msg), BYTES_OF(digest)) != SIZE_MAX);
	assert_true(bytes_find(sn_buf_bytes(&a.msg), BYTES_OF(i.ak.name)) != SIZE_MAX);
	assert_true(bytes_find(sn_buf_bytes(&a.msg), BYTES_OF(qualifying)) != SIZE_MAX);
	assert_true(bytes_find(sn_buf_bytes(&a.body), bytes_str("cornerstone/v1/ak")) !=
	    SIZE_MAX);
	tpm_attested_done(&a);
	close_ok(&r, &i);
	swtpm_stop();
}

static enum sn_err
spoil_curve(struct rig *r SN_UNUSED, struct bytes command SN_UNUSED, struct tpm_msg *m,
    struct sn_why *why SN_UNUSED)
{
	static const uint8_t unknown[] = { 0x80, 0x01, 0, 0, 0, 10, 0, 0, 0x02, 0xe6 };

	memcpy(m->b, unknown, sizeof(unknown));
	m->n = sizeof(unknown);
	return SN_OK;
}

/* Where only the high range's certificate is there: that key, and the whole work with it. */
static void
test_p384(void **state)
{
	struct tpm_ident i = { 0 };
	struct sn_secret seed = { 0 };
	struct tpm_audit audit = { 0 };
	struct sn_why why = { 0 };
	struct cry_cert *cert = NULL;
	struct cry_key *key = NULL;
	struct sn_buf spki = { 0 };
	struct rig r;

	(void)state;
	swtpm_new();
	swtpm_rig(&r);
	/* the RSA key's certificate is there, too, but this TPM knows no RSA today */
	r.spoil = spoil_curve;
	r.cc = TPM2_CC_CreatePrimary;
	r.nth = 1;
	r.instead = true;
	if (tpm_ident_open(r.dev, TPM_DEVICE, "swtpm", &i, &why) != SN_OK)
		fail_msg("%s", why.text);
	assert_string_equal(i.info.ek_template, "ecc-p384");
	assert_int_equal(i.info.ek_cert_index, 0x01c00016);
	assert_int_equal(cry_cert_parse(sn_buf_bytes(&i.info.ek_cert), &cert, &why), SN_OK);
	assert_int_equal(cry_cert_key(cert, &key, NULL), SN_OK);
	assert_int_equal(cry_key_spki(key, &spki, NULL), SN_OK);
	assert_true(bytes_find(sn_buf_bytes(&spki),
			(struct bytes){ i.ek.pub.publicArea.unique.ecc.x.buffer, 48 }) !=
	    SIZE_MAX);
	if (tpm_work_seed(r.dev, &i, qualifying, &seed, &audit, &why) != SN_OK)
		fail_msg("%s", why.text);
	tpm_audit_done(&audit);
	sn_secret_done(&seed);
	sn_buf_done(&spki);
	cry_key_free(&key);
	cry_cert_free(&cert);
	close_ok(&r, &i);
	swtpm_stop();
}

/* ---- states */

static const struct state_row {
	const char *name;
	const char *tools; /* what brings the TPM there */
	enum tpm_condition condition;
	const char *problem;   /* a part of what people read */
	uint32_t permanent;    /* bits that must show */
	const char *uncounted; /* a part of why there is no counter; NULL: there is one */
	bool no_cert;
} state_rows[] = {
	{ "untouched", "true", TPM_USABLE, "", 0, NULL, false },
	{ "owner-password", SWTPM_TOOL "tpm2_changeauth -c o secret", TPM_USABLE, "",
	    TPM_OWNER_AUTH_SET, "has a password", false },
	{ "endorsement-password", SWTPM_TOOL "tpm2_changeauth -c e secret", TPM_OWNED,
	    "clear the TPM in the firmware's menu", TPM_ENDORSEMENT_AUTH_SET, NULL, false },
	{ "endorsement-hierarchy-off", SWTPM_TOOL "tpm2_hierarchycontrol -C p ehEnable clear",
	    TPM_DISABLED, "turn it on", 0, NULL, false },
	{ "owner-hierarchy-off", SWTPM_TOOL "tpm2_hierarchycontrol -C p shEnable clear",
	    TPM_USABLE, "", 0, "hierarchy is off", false },
	{ "in-lockout",
	    SWTPM_TOOL "tpm2_dictionarylockout -s -n 1 -t 100 -l 100 && " SWTPM_TOOL
		       "tpm2_createprimary -C o -p right -c p.ctx && { " SWTPM_TOOL
		       "tpm2_create -C p.ctx -p wrong -u u -r r; true; } && " SWTPM_TOOL
		       "tpm2_flushcontext -t",
	    TPM_USABLE, "", TPM_IN_LOCKOUT, NULL, false },
	{ "slots-taken",
	    "for i in 1 2 3; do " SWTPM_TOOL
	    "tpm2_createprimary -C n -G ecc -c k.ctx || exit 1; done",
	    TPM_NO_ROOM, "no room", 0, NULL, false },
	{ "no-certificates",
	    SWTPM_TOOL "tpm2_nvundefine -C p 0x01c00002 && " SWTPM_TOOL
		       "tpm2_nvundefine -C p 0x01c00016",
	    TPM_USABLE, "", 0, NULL, true },
	{ "another-index-at-ours",
	    SWTPM_TOOL "tpm2_nvdefine -C o -s 8 -a 'ownerread|ownerwrite' 0x01815c01",
	    TPM_USABLE, "", 0, "something else", false },
};

static void
check_counter(struct rig *r, struct tpm_ident *i, const char *uncounted)
{
	struct tpm_counter c = { 0 };
	struct sn_why why = { 0 };

	if (tpm_work_counter(r->dev, i, qualifying, &c, &why) != SN_OK)
		fail_msg("%s", why.text);
	if (c.present != (uncounted == NULL))
		fail_msg("counter: %s", c.present ? "there" : sn_buf_cstr(&c.reason));
	if (!c.present && strstr(sn_buf_cstr(&c.reason), uncounted) == NULL)
		fail_msg("said: %s", sn_buf_cstr(&c.reason));
	assert_int_equal(c.by.msg.n != 0, c.present);
	/* what was refused is no fault: the quote goes on working */
	assert_int_equal(r->dev->fault.err, SN_OK);
	tpm_counter_done(&c);
}

static void
test_state(void **state)
{
	const struct state_row *row = *state;
	struct tpm_ident i = { 0 };
	struct rig r;

	swtpm_new();
	if (test_sh(row->tools) != 0)
		fail_msg("the stock tools did not get it there");
	open_ok(&r, &i);
	if (i.info.condition != row->condition)
		fail_msg("condition %s", tpm_condition_name(i.info.condition));
	if (strstr(sn_buf_cstr(&i.info.problem), row->problem) == NULL)
		fail_msg("said: %s", sn_buf_cstr(&i.info.problem));
	assert_int_equal(i.info.state.permanent & row->permanent, row->permanent);
	assert_int_equal(i.ak_key != NULL, row->condition == TPM_USABLE);
	assert_int_equal(i.info.ek_cert.n == 0, row->no_cert || row->condition != TPM_USABLE);
	if (row->condition == TPM_USABLE)
		check_counter(&r, &i, row->uncounted);
	close_ok(&r, &i);
	swtpm_stop();
}

int
main(void)
{
	struct test_list *l = test_list_new();

	rig_prepare();
	signal(SIGPIPE, SIG_IGN);
	test_list_add(l, test_counter, NULL, "counter-goes-up-only");
	test_list_add(l, test_counter_by_stock_tools, NULL, "counter-by-stock-tools");
	test_list_add(l, test_creation, NULL, "creation");
	test_list_add(l, test_p384, NULL, "p384-endorsement-key");
	for (size_t i = 0; i < SN_NITEMS(state_rows); i++)
		test_list_add(l, test_state, &state_rows[i], "state-%s", state_rows[i].name);
	return test_list_run(l, "certify");
}
