/* CMS signatures and envelopes: what is accepted, and all that must not be. */
#include "tests/appliance/crypto/pki.h"

#define ARENA (1U << 20)

static struct pki p384, mldsa, other384;
static const struct bytes content = BYTES_STR("{\"statement\":\"for a test\"}\n");

static struct sn_buf
sign(const struct pki *w, enum pki_leaf leaf)
{
	const struct cry_cert *extra[] = { w->ca };
	struct sn_buf out = { 0 };
	struct sn_why why = { 0 };

	if (cry_cms_sign(w->leaf_key[leaf], w->leaf[leaf], extra, 1, content, &out, &why) !=
	    SN_OK)
		fail_msg("%s", why.text);
	return out;
}

struct row {
	const char *name;
	const struct pki *signed_by;
	enum pki_leaf leaf;
	const struct pki *root; /* whose root verifies */
	enum cry_sigalg alg;
	const char *eku;
	int64_t at;
	const char *content; /* NULL: what was signed */
	enum sn_err want;
};

static const struct row rows[] = {
	{ "P-384 statement", &p384, PKI_SIGNER, &p384, CRY_SIG_ECDSA_P384_SHA384,
	    CRY_EKU_STATEMENT, PKI_NOW, NULL, SN_OK },
	{ "ML-DSA-87 statement", &mldsa, PKI_SIGNER, &mldsa, CRY_SIG_MLDSA87, CRY_EKU_STATEMENT,
	    PKI_NOW, NULL, SN_OK },
	{ "P-384 operations", &p384, PKI_OPERATIONS, &p384, CRY_SIG_ECDSA_P384_SHA384,
	    CRY_EKU_OPERATIONS, PKI_NOW, NULL, SN_OK },
	{ "no EKU asked for", &p384, PKI_SIGNER, &p384, CRY_SIG_ECDSA_P384_SHA384, NULL,
	    PKI_NOW, NULL, SN_OK },
	{ "operations signer for a statement", &p384, PKI_OPERATIONS, &p384,
	    CRY_SIG_ECDSA_P384_SHA384, CRY_EKU_STATEMENT, PKI_NOW, NULL, SN_E_ROLE },
	{ "statement signer for operations", &mldsa, PKI_SIGNER, &mldsa, CRY_SIG_MLDSA87,
	    CRY_EKU_OPERATIONS, PKI_NOW, NULL, SN_E_ROLE },
	{ "token key signs a statement", &p384, PKI_TOKEN, &p384, CRY_SIG_ECDSA_P384_SHA384,
	    CRY_EKU_STATEMENT, PKI_NOW, NULL, SN_E_ROLE },
	{ "TLS key signs a statement", &p384, PKI_TLS, &p384, CRY_SIG_ECDSA_P384_SHA384,
	    CRY_EKU_STATEMENT, PKI_NOW, NULL, SN_E_ROLE },
	{ "TLS key, no EKU asked for", &mldsa, PKI_TLS, &mldsa, CRY_SIG_MLDSA87, NULL, PKI_NOW,
	    NULL, SN_E_ROLE },
	{ "other content", &p384, PKI_SIGNER, &p384, CRY_SIG_ECDSA_P384_SHA384,
	    CRY_EKU_STATEMENT, PKI_NOW, "{\"statement\":\"for b test\"}\n", SN_E_SIGNATURE },
	{ "no content", &mldsa, PKI_SIGNER, &mldsa, CRY_SIG_MLDSA87, CRY_EKU_STATEMENT, PKI_NOW,
	    "", SN_E_SIGNATURE },
	{ "a root of the same name with another key", &p384, PKI_SIGNER, &other384,
	    CRY_SIG_ECDSA_P384_SHA384, CRY_EKU_STATEMENT, PKI_NOW, NULL, SN_E_SIGNATURE },
	{ "signature of the other world under our root", &other384, PKI_SIGNER, &p384,
	    CRY_SIG_ECDSA_P384_SHA384, CRY_EKU_STATEMENT, PKI_NOW, NULL, SN_E_SIGNATURE },
	{ "P-384 signature where ML-DSA is demanded", &p384, PKI_SIGNER, &p384, CRY_SIG_MLDSA87,
	    CRY_EKU_STATEMENT, PKI_NOW, NULL, SN_E_FORMAT },
	{ "ML-DSA signature where P-384 is demanded", &mldsa, PKI_SIGNER, &mldsa,
	    CRY_SIG_ECDSA_P384_SHA384, CRY_EKU_STATEMENT, PKI_NOW, NULL, SN_E_FORMAT },
	{ "any algorithm is no demand", &p384, PKI_SIGNER, &p384, CRY_SIG_ANY,
	    CRY_EKU_STATEMENT, PKI_NOW, NULL, SN_E_USAGE },
	{ "before the signer's time", &p384, PKI_SIGNER, &p384, CRY_SIG_ECDSA_P384_SHA384,
	    CRY_EKU_STATEMENT, PKI_FROM - 1, NULL, SN_E_EXPIRED },
	{ "the signer's last second", &p384, PKI_SHORT, &p384, CRY_SIG_ECDSA_P384_SHA384,
	    CRY_EKU_STATEMENT, PKI_FROM + 31 * 86400, NULL, SN_OK },
	{ "a second after the signer's time", &p384, PKI_SHORT, &p384,
	    CRY_SIG_ECDSA_P384_SHA384, CRY_EKU_STATEMENT, PKI_FROM + 31 * 86400 + 1, NULL,
	    SN_E_EXPIRED },
	{ "ML-DSA after the signer's time", &mldsa, PKI_SHORT, &mldsa, CRY_SIG_MLDSA87,
	    CRY_EKU_STATEMENT, PKI_NOW, NULL, SN_E_EXPIRED },
};

static enum sn_err
verify(struct bytes cms, const struct row *row, struct cry_cert **signer, struct sn_why *why)
{
	struct bytes data = row->content == NULL ? content : bytes_str(row->content);

	return cry_cms_verify(cms, data, row->root->root, row->alg, row->eku, row->at, signer,
	    why);
}

static void
signature(void **state)
{
	const struct row *row = *state;
	struct sn_buf cms = sign(row->signed_by, row->leaf);
	struct cry_cert *signer = NULL;
	struct sn_why why = { 0 };
	enum sn_err e = verify(sn_buf_bytes(&cms), row, &signer, &why);

	if (e != row->want)
		print_error("%s: %s\n", sn_err_name(e), why.text);
	assert_int_equal(e, row->want);
	if (e == SN_OK) {
		assert_string_equal(cry_cert_cn(signer), pki_names[row->leaf]);
		assert_true(bytes_equal(cry_cert_der(signer),
		    cry_cert_der(row->signed_by->leaf[row->leaf])));
	} else {
		assert_null(signer);
		assert_int_not_equal(why.text[0], '\0');
	}
	cry_cert_free(&signer);
	sn_buf_done(&cms);
}

/* No byte anywhere, covered by the signature or not, may change. */
static void
every_byte_counts(void **state)
{
	const struct row *row = *state;
	struct sn_buf cms = sign(row->signed_by, row->leaf);
	struct cry_cert *signer = NULL;
	size_t step = cms.n > 4096 ? 97 : 1;

	for (size_t i = 0; i < cms.n; i += i < 600 || i + 300 > cms.n ? 1 : step) {
		cms.p[i] ^= 1;
		if (verify(sn_buf_bytes(&cms), row, &signer, NULL) == SN_OK)
			fail_msg("byte %zu of %zu does not count", i, cms.n);
		assert_null(signer);
		cms.p[i] ^= 1;
	}
	assert_int_equal(verify(sn_buf_bytes(&cms), row, &signer, NULL), SN_OK);
	cry_cert_free(&signer);
	sn_buf_done(&cms);
}

static void
every_cut_counts(void **state)
{
	const struct row *row = *state;
	struct sn_buf cms = sign(row->signed_by, row->leaf);
	struct cry_cert *signer = NULL;

	for (size_t n = 0; n < cms.n; n += 1 + cms.n / 300)
		assert_int_not_equal(verify((struct bytes){ cms.p, n }, row, &signer, NULL),
		    SN_OK);
	sn_buf_u8(&cms, 0);
	assert_int_equal(verify(sn_buf_bytes(&cms), row, &signer, NULL), SN_E_FORMAT);
	sn_buf_done(&cms);
}

static void
p384_is_reproducible(void **state)
{
	struct sn_buf a = sign(&p384, PKI_SIGNER), b = sign(&p384, PKI_SIGNER);

	(void)state;
	assert_true(bytes_equal(sn_buf_bytes(&a), sn_buf_bytes(&b)));
	sn_buf_done(&a);
	sn_buf_done(&b);
}

static void
signing_refusals(void **state)
{
	const struct cry_cert *extra[] = { p384.ca };
	struct sn_buf out = { 0 }, spki = { 0 };
	struct cry_key *pub = NULL, *ed = pki_key(CRY_ED25519, 9);

	(void)state;
	/* another leaf's key */
	assert_int_equal(cry_cms_sign(p384.leaf_key[PKI_TOKEN], p384.leaf[PKI_SIGNER], extra, 1,
			     content, &out, NULL),
	    SN_E_CHAIN);
	/* the public half */
	assert_int_equal(cry_key_spki(p384.leaf_key[PKI_SIGNER], &spki, NULL), SN_OK);
	assert_int_equal(cry_key_from_spki(sn_buf_bytes(&spki), &pub, NULL), SN_OK);
	assert_int_equal(cry_cms_sign(pub, p384.leaf[PKI_SIGNER], extra, 1, content, &out,
			     NULL),
	    SN_E_USAGE);
	assert_int_equal(cry_cms_sign(ed, p384.leaf[PKI_SIGNER], extra, 1, content, &out, NULL),
	    SN_E_USAGE);
	assert_int_equal(out.n, 0);
	cry_key_free(&pub);
	cry_key_free(&ed);
	sn_buf_done(&spki);
}

/* A certificate that is in nobody's chain could carry anything. */
static void
stray_certificate(void **state)
{
	const struct cry_cert *extra[] = { p384.ca, p384.leaf[PKI_TLS] };
	struct sn_buf cms = { 0 };
	struct cry_cert *signer = NULL;

	(void)state;
	assert_int_equal(cry_cms_sign(p384.leaf_key[PKI_SIGNER], p384.leaf[PKI_SIGNER], extra,
			     2, content, &cms, NULL),
	    SN_OK);
	assert_int_equal(verify(sn_buf_bytes(&cms), &rows[0], &signer, NULL), SN_E_CHAIN);
	sn_buf_done(&cms);
}

static void
missing_intermediate(void **state)
{
	struct sn_buf cms = { 0 };
	struct cry_cert *signer = NULL;

	(void)state;
	assert_int_equal(cry_cms_sign(p384.leaf_key[PKI_SIGNER], p384.leaf[PKI_SIGNER], NULL, 0,
			     content, &cms, NULL),
	    SN_OK);
	assert_int_equal(verify(sn_buf_bytes(&cms), &rows[0], &signer, NULL), SN_E_CHAIN);
	sn_buf_done(&cms);
}

static const struct {
	const char *name;
	size_t n;
} plains[] = { { "1 byte", 1 }, { "a key", 32 }, { "4 KiB", 4096 }, { "65,537 bytes", 65537 } };

static void
envelope(void **state)
{
	const size_t n = plains[(size_t)(uintptr_t)*state - 1].n;
	struct sn_secret back = { 0 };
	struct sn_buf cms = { 0 };
	uint8_t *plain = malloc(n);
	struct sn_why why = { 0 };

	for (size_t i = 0; i < n; i++)
		plain[i] = (uint8_t)(i * 7 + 1);
	if (cry_cms_encrypt(p384.ca_key, (struct bytes){ plain, n }, &cms, &why) != SN_OK)
		fail_msg("%s", why.text);
	assert_true(n < 16 ||
	    bytes_find(sn_buf_bytes(&cms), (struct bytes){ plain, n }) == SIZE_MAX);
	if (cry_cms_decrypt(p384.ca_key, sn_buf_bytes(&cms), &back, &why) != SN_OK)
		fail_msg("%s", why.text);
	assert_true(bytes_equal(sn_secret_bytes(&back), (struct bytes){ plain, n }));
	sn_secret_done(&back);
	sn_buf_done(&cms);
	free(plain);
}

static void
envelope_for_another(void **state)
{
	struct sn_secret back = { 0 };
	struct sn_buf cms = { 0 };

	(void)state;
	assert_int_equal(cry_cms_encrypt(p384.ca_key, content, &cms, NULL), SN_OK);
	assert_int_equal(cry_cms_decrypt(p384.root_key, sn_buf_bytes(&cms), &back, NULL),
	    SN_E_SIGNATURE);
	assert_int_equal(cry_cms_decrypt(mldsa.root_key, sn_buf_bytes(&cms), &back, NULL),
	    SN_E_USAGE);
	assert_null(back.p);
	sn_buf_done(&cms);
}

/* Nothing else may come out, whichever byte is changed; most changes are noticed. */
static void
envelope_altered(void **state)
{
	struct sn_secret back = { 0 };
	struct sn_buf cms = { 0 };
	size_t refused = 0;

	(void)state;
	assert_int_equal(cry_cms_encrypt(p384.ca_key, content, &cms, NULL), SN_OK);
	assert_int_equal(cry_cms_decrypt(p384.ca_key, sn_buf_bytes(&cms), &back, NULL), SN_OK);
	sn_secret_done(&back);
	for (size_t i = 0; i < cms.n; i++) {
		cms.p[i] ^= 1;
		if (cry_cms_decrypt(p384.ca_key, sn_buf_bytes(&cms), &back, NULL) != SN_OK) {
			assert_null(back.p);
			refused++;
		} else {
			assert_true(bytes_equal(sn_secret_bytes(&back), content));
			sn_secret_done(&back);
		}
		cms.p[i] ^= 1;
	}
	/* Versions and the recipient's name are not under the tag: some 25 bytes. */
	assert_true(refused < cms.n && refused + 40 > cms.n);
	sn_buf_done(&cms);
}

static void
envelope_limits(void **state)
{
	static const uint8_t big[CRY_CMS_MAX / 2 + 1];
	struct sn_secret back = { 0 };
	struct sn_buf cms = { 0 }, signature_ = sign(&p384, PKI_SIGNER);

	(void)state;
	assert_int_equal(cry_cms_encrypt(p384.ca_key, BYTES_OF(big), &cms, NULL), SN_E_LIMIT);
	assert_int_equal(cry_cms_encrypt(p384.ca_key, (struct bytes){ 0 }, &cms, NULL),
	    SN_E_LIMIT);
	assert_int_equal(cry_cms_encrypt(mldsa.ca_key, content, &cms, NULL), SN_E_USAGE);
	assert_int_equal(cms.n, 0);
	assert_int_equal(cry_cms_decrypt(p384.ca_key, sn_buf_bytes(&signature_), &back, NULL),
	    SN_E_FORMAT);
	sn_buf_done(&signature_);
}

static void
nothing_secret_is_left(void **state)
{
	(void)state;
	assert_int_equal(sn_secret_alive(), 0);
}

int
main(void)
{
	struct test_list *l = test_list_new();
	struct sn_why why = { 0 };

	if (sn_secret_start(ARENA, &why) != SN_OK || cry_start(&why) != SN_OK) {
		print_error("%s\n", why.text);
		return 1;
	}
	p384 = pki_make(CRY_P384, 0);
	mldsa = pki_make(CRY_MLDSA87, 0);
	other384 = pki_make(CRY_P384, 50);
	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		test_list_add(l, signature, &rows[i], "%s is %s", rows[i].name,
		    sn_err_name(rows[i].want));
	for (size_t i = 0; i < 2; i++) {
		test_list_add(l, every_byte_counts, &rows[i], "%s: every byte counts",
		    rows[i].name);
		test_list_add(l, every_cut_counts, &rows[i], "%s: cut or lengthened",
		    rows[i].name);
	}
	test_list_add(l, p384_is_reproducible, NULL, "P-384 CMS is reproducible");
	test_list_add(l, signing_refusals, NULL, "signing with the wrong key");
	test_list_add(l, stray_certificate, NULL, "a certificate outside the chain");
	test_list_add(l, missing_intermediate, NULL, "the issuing CA is missing");
	for (size_t i = 0; i < SN_NITEMS(plains); i++)
		test_list_add(l, envelope, (void *)(uintptr_t)(i + 1), "envelope of %s",
		    plains[i].name);
	test_list_add(l, envelope_for_another, NULL, "envelope for another key");
	test_list_add(l, envelope_altered, NULL, "envelope altered");
	test_list_add(l, envelope_limits, NULL, "envelope limits");
	test_list_add(l, nothing_secret_is_left, NULL, "nothing secret is left");
	return test_list_run(l, "CMS");
}
