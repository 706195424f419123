/*
 * The class of TPM evidence over what it depends on: who made the keys, the certificate, its
 * path, the pins, the world, the time.
 */
#include "tests/lib/tpm_pki.h"

static struct pki pki;
static struct cry_cert *ek_cert, *other_cert;

enum cert { CERT_NONE, CERT_NV, CERT_NV_PADDED, CERT_STICK, CERT_OTHER, CERT_RUBBISH };
enum pin { PIN_NONE, PIN_RIGHT, PIN_WRONG };

static const struct row {
	const char *name;
	bool software, production;
	enum cert cert;
	bool chain; /* authority and root are on the stick */
	enum pin ek, ak, root;
	int64_t later;
	enum sn_err want;
	enum att_level level;
	const char *says; /* in why_not; of a refusal, in its reason */
} rows[] = {
	{ "vendor", .cert = CERT_NV, .chain = true, .ak = PIN_RIGHT, .root = PIN_RIGHT,
	    .level = ATT_LEVEL_VENDOR, .says = "" },
	{ "vendor-padded", .cert = CERT_NV_PADDED, .chain = true, .ak = PIN_RIGHT,
	    .root = PIN_RIGHT, .level = ATT_LEVEL_VENDOR, .says = "" },
	{ "vendor-from-the-stick", .cert = CERT_STICK, .chain = true, .ak = PIN_RIGHT,
	    .root = PIN_RIGHT, .level = ATT_LEVEL_VENDOR, .says = "" },
	{ "vendor-and-pinned", .cert = CERT_NV, .chain = true, .ek = PIN_RIGHT, .ak = PIN_RIGHT,
	    .root = PIN_RIGHT, .level = ATT_LEVEL_VENDOR, .says = "" },
	{ "not-enrolled", .cert = CERT_NV, .chain = true, .root = PIN_RIGHT,
	    .level = ATT_LEVEL_SOFTWARE, .says = "nothing ties the attestation key" },
	{ "not-enrolled-but-pinned", .cert = CERT_NV, .chain = true, .ek = PIN_RIGHT,
	    .root = PIN_RIGHT, .level = ATT_LEVEL_PINNED,
	    .says = "nothing ties the attestation key" },
	{ "softtpm", .software = true, .level = ATT_LEVEL_SOFTWARE, .says = "software TPM" },
	{ "softtpm-with-everything", .software = true, .cert = CERT_NV, .chain = true,
	    .ek = PIN_RIGHT, .ak = PIN_RIGHT, .root = PIN_RIGHT, .level = ATT_LEVEL_SOFTWARE,
	    .says = "software TPM" },
	{ "nothing-known", .level = ATT_LEVEL_SOFTWARE, .says = "no certificate" },
	{ "ek-pinned", .ek = PIN_RIGHT, .level = ATT_LEVEL_PINNED, .says = "no certificate" },
	{ "both-pinned", .ek = PIN_RIGHT, .ak = PIN_RIGHT, .level = ATT_LEVEL_PINNED,
	    .says = "no certificate" },
	{ "ak-alone", .ak = PIN_RIGHT, .level = ATT_LEVEL_SOFTWARE, .says = "no certificate" },
	{ "no-authorities", .cert = CERT_NV, .ek = PIN_RIGHT, .ak = PIN_RIGHT,
	    .root = PIN_RIGHT, .level = ATT_LEVEL_PINNED, .says = "is not there" },
	{ "unknown-root", .cert = CERT_NV, .chain = true, .ak = PIN_RIGHT,
	    .level = ATT_LEVEL_SOFTWARE, .says = "no root of a TPM vendor" },
	{ "another-root-generated", .cert = CERT_NV, .chain = true, .ak = PIN_RIGHT,
	    .root = PIN_WRONG, .level = ATT_LEVEL_SOFTWARE, .says = "no root of a TPM vendor" },
	{ "certificate-of-another-tpm", .cert = CERT_OTHER, .chain = true, .ak = PIN_RIGHT,
	    .root = PIN_RIGHT, .level = ATT_LEVEL_SOFTWARE, .says = "another key" },
	{ "certificate-unreadable", .cert = CERT_RUBBISH, .chain = true, .ek = PIN_RIGHT,
	    .ak = PIN_RIGHT, .root = PIN_RIGHT, .level = ATT_LEVEL_PINNED,
	    .says = "ekcert.der" },
	{ "certificate-expired", .cert = CERT_NV, .chain = true, .ak = PIN_RIGHT,
	    .root = PIN_RIGHT, .later = 11 * PKI_YEAR, .level = ATT_LEVEL_SOFTWARE,
	    .says = "is valid from" },
	{ "wrong-ek", .cert = CERT_NV, .chain = true, .ek = PIN_WRONG, .ak = PIN_RIGHT,
	    .root = PIN_RIGHT, .want = SN_E_EVIDENCE, .says = "tpm_ek" },
	{ "wrong-ak", .cert = CERT_NV, .chain = true, .ek = PIN_RIGHT, .ak = PIN_WRONG,
	    .root = PIN_RIGHT, .want = SN_E_EVIDENCE, .says = "tpm_ak" },
	{ "wrong-ek-softtpm", .software = true, .ek = PIN_WRONG, .want = SN_E_EVIDENCE,
	    .says = "tpm_ek" },
	{ "production-generated-root", .production = true, .cert = CERT_NV, .chain = true,
	    .ak = PIN_RIGHT, .root = PIN_RIGHT, .want = SN_E_POLICY,
	    .says = "rehearsals only" },
	{ "production-pinned", .production = true, .cert = CERT_NV, .chain = true,
	    .ek = PIN_RIGHT, .ak = PIN_RIGHT, .level = ATT_LEVEL_PINNED,
	    .says = "no root of a TPM vendor" },
};

static const uint8_t wrong[32] = { 1 };

static const uint8_t *
pin(enum pin p, const uint8_t right[32])
{
	return p == PIN_NONE ? NULL : p == PIN_RIGHT ? right : wrong;
}

static struct bytes
nv_cert(enum cert cert, uint8_t *nv, size_t max)
{
	struct bytes der = cry_cert_der(cert == CERT_OTHER ? other_cert : ek_cert);

	if (cert == CERT_NONE || cert == CERT_STICK)
		return (struct bytes){ 0 };
	memset(nv, 0xff, max);
	assert_true(der.n < max);
	memcpy(nv, der.p, der.n);
	if (cert == CERT_RUBBISH)
		nv[0] = 0x31;
	return (struct bytes){ nv, cert == CERT_NV_PADDED ? max : der.n };
}

/* What goes into the bundle is there exactly when the verdict says so. */
static void
check_files(const struct row *r, const struct att_verdict *v)
{
	assert_int_equal(v->chain, v->path.n > 0);
	assert_int_equal(v->chain, v->path.pem.n > 0);
	assert_int_equal(v->chain, v->chain_why_not[0] == '\0');
	if (v->chain)
		assert_string_equal(v->path.root, "Generated Root");
	if (r->cert == CERT_NONE || r->cert == CERT_RUBBISH)
		assert_int_equal(v->ek_cert.n, 0);
	else
		assert_true(bytes_equal(sn_buf_bytes(&v->ek_cert),
		    cry_cert_der(r->cert == CERT_OTHER ? other_cert : ek_cert)));
	assert_int_equal(v->ek_pinned, r->ek == PIN_RIGHT);
	assert_int_equal(v->ak_pinned, r->ak == PIN_RIGHT);
}

static void
test_row(void **state)
{
	const struct row *r = *state;
	struct att_heap *h = NULL;
	struct att_verdict v = { 0 };
	struct sn_why said = { 0 };
	uint8_t nv[4096];
	enum sn_err e;

	PKI_OK(att_heap_new(&h, why));
	if (r->chain) {
		PKI_OK(att_heap_file(h, cry_cert_der(pki.ca), "ca", why));
		PKI_OK(att_heap_file(h, cry_cert_der(pki.root), "root", why));
	}
	if (r->cert == CERT_STICK)
		PKI_OK(att_heap_file(h, cry_cert_der(ek_cert), "ek", why));
	const struct att_facts f = { .software = r->software,
		.rehearsal = !r->production,
		.ek_pub = pki_bytes(&pki.ek_pub[ATT_EK_P384]),
		.ak_pub = sn_buf_bytes(&pki.ak_pub),
		.ek_cert = nv_cert(r->cert, nv, sizeof(nv)),
		.heap = r->chain || r->cert == CERT_STICK ? h : NULL,
		.pins = { pin(r->ek, pki.ek[ATT_EK_P384].digest), pin(r->ak, pki.ak_digest),
		    pin(r->root, pki.root_spki) },
		.at = PKI_NOW + r->later };
	e = att_class(&f, &v, &said);
	if (e != r->want)
		fail_msg("%s, wanted %s: %s", sn_err_name(e), sn_err_name(r->want), said.text);
	if (e != SN_OK) {
		assert_non_null(strstr(said.text, r->says));
	} else {
		assert_string_equal(att_level_name(v.level), att_level_name(r->level));
		if (strstr(v.why_not, r->says) == NULL)
			fail_msg("%s", v.why_not);
		assert_int_equal(v.why_not[0] == '\0', v.level == ATT_LEVEL_VENDOR);
		check_files(r, &v);
	}
	att_verdict_done(&v);
	att_heap_free(&h);
}

/* Keys that are none of a TPM's are refused before any class. */
static const struct key_row {
	const char *name;
	bool ak;
	size_t at;
	enum sn_err want;
	const char *says;
} keys[] = {
	{ "ek-exportable", false, 7, SN_E_SIGNATURE, "template" },
	{ "ek-other-policy", false, 20, SN_E_SIGNATURE, "template" },
	{ "ek-off-the-curve", false, 80, SN_E_FORMAT, "curve" },
	{ "ek-length", false, 1, SN_E_FORMAT, "ek.pub" },
	{ "ak-exportable", true, 9, SN_E_SIGNATURE, "ak.pub" },
	{ "ak-scheme", true, 15, SN_E_SIGNATURE, "ak.pub" },
	{ "ak-off-the-curve", true, 30, SN_E_FORMAT, "curve" },
	{ "ak-length", true, 1, SN_E_FORMAT, "ak.pub" },
};

static void
test_key(void **state)
{
	const struct key_row *r = *state;
	struct bytes area =
	    r->ak ? sn_buf_bytes(&pki.ak_pub) : pki_bytes(&pki.ek_pub[ATT_EK_P384]);
	struct att_verdict v = { 0 };
	struct sn_why said = { 0 };
	uint8_t copy[512];

	memcpy(copy, area.p, area.n);
	copy[r->at] ^= 2;
	const struct bytes spoilt = { copy, area.n };
	const struct att_facts f = { .rehearsal = true,
		.ek_pub = r->ak ? pki_bytes(&pki.ek_pub[ATT_EK_P384]) : spoilt,
		.ak_pub = r->ak ? spoilt : sn_buf_bytes(&pki.ak_pub),
		.at = PKI_NOW };
	assert_int_equal(att_class(&f, &v, &said), r->want);
	if (strstr(said.text, r->says) == NULL)
		fail_msg("%s", said.text);
}

/* An endorsement key is no attestation key and the other way round. */
static void
test_swapped(void **state)
{
	const struct att_facts f = { .rehearsal = true,
		.ek_pub = sn_buf_bytes(&pki.ak_pub),
		.ak_pub = pki_bytes(&pki.ek_pub[ATT_EK_P256]),
		.at = PKI_NOW };
	struct att_verdict v = { 0 };

	(void)state;
	assert_int_equal(att_class(&f, &v, NULL), SN_E_SIGNATURE);
}

static struct cry_cert *
make_cert(enum att_ek_kind k)
{
	static const char *const ekus[] = { PKI_EKU, NULL };
	const struct cry_profile p = pki_ek_profile(ekus);
	const struct cry_raw_ext san = { "2.5.29.17", true, pki_bytes(&pki.san) };

	return pki_issue(&p, &san, 1, pki.ek[k].key, pki.ca_key, pki.ca);
}

int
main(void)
{
	struct test_list *l = test_list_new();
	int status;

	assert_int_equal(sn_secret_start(1U << 18, NULL), SN_OK);
	assert_int_equal(cry_start(NULL), SN_OK);
	pki_make(&pki);
	ek_cert = make_cert(ATT_EK_P384);
	other_cert = make_cert(ATT_EK_RSA2048);
	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		test_list_add(l, test_row, &rows[i], "%s", rows[i].name);
	for (size_t i = 0; i < SN_NITEMS(keys); i++)
		test_list_add(l, test_key, &keys[i], "%s", keys[i].name);
	test_list_add(l, test_swapped, NULL, "keys-swapped");
	status = test_list_run(l, "class");
	cry_cert_free(&ek_cert);
	cry_cert_free(&other_cert);
	pki_done(&pki);
	return status;
}
