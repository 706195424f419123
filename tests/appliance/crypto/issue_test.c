/* Our own certificates: the same every time, and refused in every wrong place. */
#include "appliance/crypto/makepki.h"
#include "tests/appliance/crypto/pki.h"

#define ARENA (1U << 20)

static const enum cry_alg algs[] = { CRY_P384, CRY_MLDSA87, CRY_P256 };
static struct pki worlds[SN_NITEMS(algs)];

static void
same_every_time(void **state)
{
	const struct pki *w = *state;
	struct pki again = pki_make(w->alg, 0);

	assert_true(bytes_equal(cry_cert_der(w->root), cry_cert_der(again.root)));
	assert_true(bytes_equal(cry_cert_der(w->ca), cry_cert_der(again.ca)));
	for (enum pki_leaf i = 0; i < PKI_LEAVES; i++)
		assert_true(bytes_equal(cry_cert_der(w->leaf[i]), cry_cert_der(again.leaf[i])));
	pki_done(&again);
}

static void
fields(void **state)
{
	const struct pki *w = *state;
	const struct cry_cert *signer = w->leaf[PKI_SIGNER];
	struct bytes ku = { 0 }, bc = { 0 }, akid = { 0 }, skid = { 0 };
	struct sn_buf pem = { 0 };
	struct cry_cert *back[CRY_PEM_CHAIN_MAX] = { NULL };
	size_t n = 0;

	assert_string_equal(cry_cert_cn(signer), "Statement Signer");
	assert_int_equal(cry_cert_not_before(signer), PKI_FROM);
	assert_int_equal(cry_cert_not_after(signer), PKI_FROM + PKI_LEAF_TIME);
	assert_int_equal(cry_cert_serial(signer).n, 20);
	assert_true(cry_cert_self_issued(w->root));
	assert_true(cry_cert_is_ca(w->root) && cry_cert_is_ca(w->ca));
	assert_false(cry_cert_is_ca(signer));
	assert_true(cry_cert_has_eku(signer, CRY_EKU_STATEMENT));
	assert_true(cry_cert_has_eku(signer, PKI_EMAIL));
	assert_false(cry_cert_has_eku(signer, CRY_EKU_OPERATIONS));
	assert_false(cry_cert_has_eku(w->root, PKI_EMAIL));
	assert_int_equal(cry_cert_ext(signer, "2.5.29.15", &ku, NULL), SN_OK);
	assert_true(bytes_equal(ku, BYTES_OF(((uint8_t[]){ 3, 2, 7, 0x80 }))));
	assert_int_equal(cry_cert_ext(w->ca, "2.5.29.19", &bc, NULL), SN_OK);
	assert_true(bytes_equal(bc, BYTES_OF(((uint8_t[]){ 48, 6, 1, 1, 0xff, 2, 1, 0 }))));
	assert_int_equal(cry_cert_ext(signer, "2.5.29.19", &bc, NULL), SN_OK);
	assert_null(bc.p);
	assert_int_equal(cry_cert_ext(signer, "2.5.29.35", &akid, NULL), SN_OK);
	assert_int_equal(cry_cert_ext(w->ca, "2.5.29.14", &skid, NULL), SN_OK);
	assert_true(bytes_equal((struct bytes){ akid.p + 4, 20 },
	    (struct bytes){ skid.p + 2, 20 }));
	assert_int_equal(cry_cert_pem(cry_cert_der(signer), &pem, NULL), SN_OK);
	assert_int_equal(cry_cert_pem(cry_cert_der(w->ca), &pem, NULL), SN_OK);
	assert_int_equal(cry_cert_parse_pem(sn_buf_bytes(&pem), back, &n, NULL), SN_OK);
	assert_int_equal(n, 2);
	assert_true(bytes_equal(cry_cert_der(back[1]), cry_cert_der(w->ca)));
	cry_cert_free_all(back, n);
	sn_buf_str(&pem, "x");
	assert_int_equal(cry_cert_parse_pem(sn_buf_bytes(&pem), back, &n, NULL), SN_E_FORMAT);
	sn_buf_done(&pem);
}

/* What is put where: the leaf, its issuer (or none), the root. */
enum piece { NONE, LEAF, CA, ROOT, OTHER_ROOT, ROGUE };

struct chain_row {
	const char *name;
	enum piece chain[3], root;
	int64_t at;
	const char *eku;
	enum sn_err want;
};

static const struct chain_row chains[] = {
	{ "leaf, CA, root", { LEAF, CA }, ROOT, PKI_NOW, CRY_EKU_STATEMENT, SN_OK },
	{ "no use asked for", { LEAF, CA }, ROOT, PKI_NOW, NULL, SN_OK },
	{ "first second", { LEAF, CA }, ROOT, PKI_FROM, NULL, SN_OK },
	{ "last second", { LEAF, CA }, ROOT, PKI_FROM + PKI_LEAF_TIME, NULL, SN_OK },
	{ "a second too early", { LEAF, CA }, ROOT, PKI_FROM - 1, NULL, SN_E_EXPIRED },
	{ "a second too late", { LEAF, CA }, ROOT, PKI_FROM + PKI_LEAF_TIME + 1, NULL,
	    SN_E_EXPIRED },
	{ "another use", { LEAF, CA }, ROOT, PKI_NOW, CRY_EKU_OPERATIONS, SN_E_ROLE },
	{ "issuing CA missing", { LEAF }, ROOT, PKI_NOW, NULL, SN_E_CHAIN },
	{ "issuing CA twice", { LEAF, CA, CA }, ROOT, PKI_NOW, NULL, SN_E_CHAIN },
	{ "root inside the chain", { LEAF, CA, ROOT }, ROOT, PKI_NOW, NULL, SN_E_CHAIN },
	{ "another root of that name", { LEAF, CA }, OTHER_ROOT, PKI_NOW, NULL,
	    SN_E_SIGNATURE },
	{ "the issuing CA as root: no partial chains", { LEAF }, CA, PKI_NOW, NULL,
	    SN_E_CHAIN },
	{ "issued by a leaf", { ROGUE, LEAF, CA }, ROOT, PKI_NOW, NULL, SN_E_ROLE },
	{ "wrong order", { CA, LEAF }, ROOT, PKI_NOW, NULL, SN_E_CHAIN },
	{ "nothing", { NONE }, ROOT, PKI_NOW, NULL, SN_E_LIMIT },
};

struct chain_case {
	const struct chain_row *row;
	const struct pki *w;
};

static void
chain(void **state)
{
	const struct chain_case *c = *state;
	struct pki other = pki_make(c->w->alg, 60);
	struct cry_profile p = pki_leaf_profile(PKI_TOKEN);
	struct cry_cert *rogue = pki_issue(&p, c->w->leaf_key[PKI_TOKEN],
	    c->w->leaf_key[PKI_SIGNER], c->w->leaf[PKI_SIGNER]);
	const struct cry_cert *pieces[] = { [LEAF] = c->w->leaf[PKI_SIGNER],
		[CA] = c->w->ca,
		[ROOT] = c->w->root,
		[OTHER_ROOT] = other.root,
		[ROGUE] = rogue };
	const struct cry_cert *list[3];
	struct sn_why why = { 0 };
	size_t n = 0;
	enum sn_err e;

	while (n < 3 && c->row->chain[n] != NONE) {
		list[n] = pieces[c->row->chain[n]];
		n++;
	}
	e = cry_chain_verify(list, n, pieces[c->row->root], c->row->at, c->row->eku, &why);
	if (e != c->row->want)
		print_error("%s: %s\n", sn_err_name(e), why.text);
	assert_int_equal(e, c->row->want);
	cry_cert_free(&rogue);
	pki_done(&other);
}

struct bad {
	const char *name;
	void (*spoil)(struct cry_profile *p);
	enum sn_err want;
};

static void
spoil_serial_zero(struct cry_profile *p)
{
	memset(p->serial, 0, sizeof(p->serial));
}

static void
spoil_serial_top(struct cry_profile *p)
{
	p->serial[0] = 0x80;
}

static void
spoil_dates(struct cry_profile *p)
{
	p->not_after = p->not_before - 1;
}

static void
spoil_no_cn(struct cry_profile *p)
{
	p->common_name = NULL;
}

static void
spoil_cn_newline(struct cry_profile *p)
{
	p->common_name = "Sanctum\nRoot";
}

static void
spoil_long_cn(struct cry_profile *p)
{
	p->common_name = "0123456789012345678901234567890123456789012345678901234567890123x";
}

static void
spoil_eku(struct cry_profile *p)
{
	static const char *const ekus[] = { "emailProtection, but not a number", NULL };

	p->ekus = ekus;
}

static const struct bad bads[] = {
	{ "serial number zero", spoil_serial_zero, SN_E_FORMAT },
	{ "serial number with its top bit", spoil_serial_top, SN_E_FORMAT },
	{ "ends before it begins", spoil_dates, SN_E_FORMAT },
	{ "no common name", spoil_no_cn, SN_E_FORMAT },
	{ "a control character in the name", spoil_cn_newline, SN_E_FORMAT },
	{ "a name of 65 bytes", spoil_long_cn, SN_E_FORMAT },
	{ "an EKU that is no number", spoil_eku, SN_E_FORMAT },
};

static void
bad_profile(void **state)
{
	const struct bad *bad = *state;
	struct cry_profile p = pki_leaf_profile(PKI_SIGNER);
	struct sn_buf der = { 0 };

	bad->spoil(&p);
	assert_int_equal(cry_cert_issue(&p, worlds[0].leaf_key[0], worlds[0].ca_key,
			     worlds[0].ca, &der, NULL),
	    bad->want);
	assert_int_equal(der.n, 0);
}

static void
wrong_key_issues(void **state)
{
	struct cry_profile p = pki_leaf_profile(PKI_SIGNER);
	struct sn_buf der = { 0 };

	(void)state;
	assert_int_equal(cry_cert_issue(&p, worlds[0].leaf_key[0], worlds[0].root_key,
			     worlds[0].ca, &der, NULL),
	    SN_E_CHAIN);
	assert_int_equal(cry_cert_issue(&p, worlds[0].leaf_key[0], worlds[0].ca_key, NULL, &der,
			     NULL),
	    SN_E_CHAIN);
	assert_int_equal(der.n, 0);
}

/* A year after 2049 is a GeneralizedTime [RFC 5280 4.1.2.5]. */
static void
after_2049(void **state)
{
	struct cry_profile p = pki_ca_profile("Far Root", 9, -1);
	struct cry_cert *c;

	(void)state;
	p.not_after = 2556144000; /* 2051-01-01T00:00:00Z */
	c = pki_issue(&p, worlds[0].root_key, worlds[0].root_key, NULL);
	assert_int_equal(cry_cert_not_after(c), p.not_after);
	assert_true(bytes_find(cry_cert_der(c), BYTES_STR("20510101000000Z")) != SIZE_MAX);
	cry_cert_free(&c);
}

/* ---- a vendor-like PKI */

static struct cry_cert *
issue_raw(const struct cry_profile *p, const struct cry_raw_ext *exts, size_t n, bool bare,
    const struct cry_key *subject, const struct cry_key *issuer,
    const struct cry_cert *issuer_cert)
{
	struct sn_buf der = { 0 };
	struct cry_cert *c = NULL;
	struct sn_why why = { 0 };

	if (cry_cert_issue_raw(p, exts, n, bare, subject, issuer, issuer_cert, &der, &why) !=
		SN_OK ||
	    cry_cert_parse(sn_buf_bytes(&der), &c, &why) != SN_OK)
		fail_msg("%s", why.text);
	sn_buf_done(&der);
	return c;
}

static void
amd_like(void **state)
{
	static const uint8_t bl[] = { 2, 1, 3 }, hwid[64] = { 0xaa, 0xbb };
	const struct cry_raw_ext exts[] = {
		{ "1.3.6.1.4.1.3704.1.3.1", false, BYTES_OF(bl) },
		{ "1.3.6.1.4.1.3704.1.4", false, BYTES_OF(hwid) },
	};
	struct cry_profile ark = pki_ca_profile("ARK-Test", 1, -1);
	struct cry_profile ask = pki_ca_profile("SEV-Test", 2, 0);
	struct cry_profile vcek = { .common_name = "SEV-VCEK",
		.organization = "Test Devices",
		.organizational_unit = "Engineering",
		.country = "US",
		.state = "CA",
		.locality = "Santa Clara",
		.not_before = PKI_FROM,
		.not_after = PKI_FROM + 7LL * PKI_YEAR,
		.pathlen = -1 };
	struct cry_key *ark_key = NULL, *ask_key = NULL, *vcek_key = pki_key(CRY_P384, 77);
	struct cry_cert *ark_cert, *ask_cert, *vcek_cert;
	struct bytes ext = { 0 }, gone = { (const uint8_t[]){ 0x02, 0x00, 0x01 }, 3 };
	struct sn_buf der = { 0 };
	struct cry_crl *crl = NULL;

	(void)state;
	assert_int_equal(cry_key_generate_rsa(4096, &ark_key, NULL), SN_OK);
	assert_int_equal(cry_key_generate_rsa(2048, &ask_key, NULL), SN_OK);
	ark_cert = issue_raw(&ark, NULL, 0, false, ark_key, ark_key, NULL);
	ask_cert = issue_raw(&ask, NULL, 0, false, ask_key, ark_key, ark_cert);
	vcek_cert = issue_raw(&vcek, exts, 2, true, vcek_key, ask_key, ask_cert);
	assert_int_equal(cry_cert_signed_by(ark_cert, ark_cert, CRY_SIG_RSA_PSS_SHA384, NULL),
	    SN_OK);
	assert_int_equal(cry_cert_signed_by(ask_cert, ark_cert, CRY_SIG_RSA_PSS_SHA384, NULL),
	    SN_OK);
	assert_int_equal(cry_cert_signed_by(vcek_cert, ask_cert, CRY_SIG_RSA_PSS_SHA384, NULL),
	    SN_OK);
	assert_int_equal(cry_cert_serial(vcek_cert).n, 1);
	assert_int_equal(cry_cert_ext(vcek_cert, exts[1].oid, &ext, NULL), SN_OK);
	assert_true(bytes_equal(ext, BYTES_OF(hwid)));
	assert_int_equal(cry_cert_ext(vcek_cert, "2.5.29.35", &ext, NULL), SN_OK);
	assert_null(ext.p);
	assert_int_equal(cry_crl_issue(ark_key, ark_cert, PKI_FROM, PKI_FROM + PKI_YEAR, 6,
			     &gone, 1, &der, NULL),
	    SN_OK);
	assert_int_equal(cry_crl_parse(sn_buf_bytes(&der), &crl, NULL), SN_OK);
	assert_int_equal(cry_crl_verify(crl, ark_cert, CRY_SIG_RSA_PSS_SHA384, PKI_NOW, NULL),
	    SN_OK);
	assert_int_equal(cry_crl_verify(crl, ask_cert, CRY_SIG_RSA_PSS_SHA384, PKI_NOW, NULL),
	    SN_E_CHAIN);
	assert_true(cry_crl_revokes(crl, gone));
	assert_false(cry_crl_revokes(crl, cry_cert_serial(ask_cert)));
	cry_crl_free(&crl);
	sn_buf_done(&der);
	cry_cert_free(&vcek_cert);
	cry_cert_free(&ask_cert);
	cry_cert_free(&ark_cert);
	cry_key_free(&vcek_key);
	cry_key_free(&ask_key);
	cry_key_free(&ark_key);
}

static void
intel_like(void **state)
{
	const struct pki *w = &worlds[2];
	static const struct bytes body = BYTES_STR("{\"id\":\"TDX\"}");
	struct sn_buf rs = { 0 }, der = { 0 };
	struct cry_crl *crl = NULL;

	(void)state;
	assert_int_equal(cry_sign_raw_ecdsa(w->ca_key, body, &rs, NULL), SN_OK);
	assert_int_equal(rs.n, 64);
	assert_int_equal(cry_verify_raw_ecdsa(w->ca_key, CRY_SHA256, body, sn_buf_bytes(&rs),
			     NULL),
	    SN_OK);
	rs.p[63] ^= 1;
	assert_int_equal(cry_verify_raw_ecdsa(w->ca_key, CRY_SHA256, body, sn_buf_bytes(&rs),
			     NULL),
	    SN_E_SIGNATURE);
	assert_int_equal(cry_crl_issue(w->root_key, w->root, PKI_FROM, PKI_FROM + PKI_YEAR, 1,
			     NULL, 0, &der, NULL),
	    SN_OK);
	assert_int_equal(cry_crl_parse(sn_buf_bytes(&der), &crl, NULL), SN_OK);
	assert_int_equal(cry_crl_verify(crl, w->root, CRY_SIG_ECDSA_P256_SHA256, PKI_NOW, NULL),
	    SN_OK);
	cry_crl_free(&crl);
	sn_buf_done(&der);
	sn_buf_done(&rs);
}

static void
same_extension_twice(void **state)
{
	static const uint8_t v[] = { 2, 1, 3 };
	const struct cry_raw_ext exts[] = {
		{ "1.3.6.1.4.1.3704.1.3.1", false, BYTES_OF(v) },
		{ "1.3.6.1.4.1.3704.1.3.1", false, BYTES_OF(v) },
	};
	struct cry_profile p = pki_leaf_profile(PKI_SIGNER);
	const struct pki *w = &worlds[0];
	struct sn_buf der = { 0 };
	struct cry_cert *c = NULL;

	(void)state;
	assert_int_equal(cry_cert_issue_raw(&p, exts, 2, false, w->leaf_key[0], w->ca_key,
			     w->ca, &der, NULL),
	    SN_OK);
	assert_int_equal(cry_cert_parse(sn_buf_bytes(&der), &c, NULL), SN_E_FORMAT);
	sn_buf_done(&der);
}

static void
unknown_critical_extension(void **state)
{
	static const uint8_t v[] = { 2, 1, 3 };
	const struct cry_raw_ext ext = { "1.3.6.1.4.1.3704.1.3.1", true, BYTES_OF(v) };
	struct cry_profile p = pki_leaf_profile(PKI_SIGNER);
	const struct pki *w = &worlds[0];
	struct cry_cert *c = issue_raw(&p, &ext, 1, false, w->leaf_key[0], w->ca_key, w->ca);
	const struct cry_cert *list[] = { c, w->ca };

	(void)state;
	assert_int_equal(cry_cert_signed_by(c, w->ca, w->sig, NULL), SN_E_FORMAT);
	assert_int_equal(cry_chain_verify(list, 2, w->root, PKI_NOW, NULL, NULL), SN_E_FORMAT);
	cry_cert_free(&c);
}

/* ---- public keys from outside */

static void
spki_strictly(void **state)
{
	const struct pki *w = *state;
	struct sn_buf spki = { 0 }, more = { 0 };
	struct cry_key *k = NULL;

	assert_int_equal(cry_key_spki(w->root_key, &spki, NULL), SN_OK);
	assert_int_equal(cry_key_from_spki(sn_buf_bytes(&spki), &k, NULL), SN_OK);
	assert_int_equal(cry_key_alg(k), w->alg);
	cry_key_free(&k);
	sn_buf_put(&more, sn_buf_bytes(&spki));
	sn_buf_u8(&more, 0);
	assert_int_equal(cry_key_from_spki(sn_buf_bytes(&more), &k, NULL), SN_E_FORMAT);
	assert_int_equal(cry_key_from_spki((struct bytes){ spki.p, spki.n - 1 }, &k, NULL),
	    SN_E_FORMAT);
	assert_int_equal(cry_key_from_spki((struct bytes){ 0 }, &k, NULL), SN_E_LIMIT);
	assert_null(k);
	sn_buf_done(&more);
	sn_buf_done(&spki);
}

static void
points(void **state)
{
	struct sn_buf raw = { 0 }, back = { 0 };
	struct cry_key *k = NULL;

	(void)state;
	assert_int_equal(cry_key_raw(worlds[0].root_key, &raw, NULL), SN_OK);
	assert_int_equal(raw.n, 97);
	assert_int_equal(cry_key_from_point(CRY_P384, (struct bytes){ raw.p + 1, 96 }, &k,
			     NULL),
	    SN_OK);
	assert_int_equal(cry_key_raw(k, &back, NULL), SN_OK);
	assert_true(bytes_equal(sn_buf_bytes(&raw), sn_buf_bytes(&back)));
	cry_key_free(&k);
	raw.p[96] ^= 1;
	assert_int_equal(cry_key_from_point(CRY_P384, (struct bytes){ raw.p + 1, 96 }, &k,
			     NULL),
	    SN_E_FORMAT);
	assert_int_equal(cry_key_from_point(CRY_P256, (struct bytes){ raw.p + 1, 96 }, &k,
			     NULL),
	    SN_E_FORMAT);
	assert_int_equal(cry_key_from_point(CRY_MLDSA87, (struct bytes){ raw.p + 1, 96 }, &k,
			     NULL),
	    SN_E_FORMAT);
	assert_null(k);
	sn_buf_done(&back);
	sn_buf_done(&raw);
}

static const struct {
	enum cry_alg alg;
	size_t n;
	enum sn_err want;
} seeds[] = {
	{ CRY_P256, 15, SN_E_FORMAT },
	{ CRY_P256, 16, SN_OK },
	{ CRY_P384, 48, SN_OK },
	{ CRY_P384, 129, SN_E_FORMAT },
	{ CRY_MLDSA87, 31, SN_E_FORMAT },
	{ CRY_MLDSA87, 33, SN_E_FORMAT },
	{ CRY_ED25519, 32, SN_OK },
	{ CRY_ED25519, 64, SN_E_FORMAT },
	{ CRY_RSA, 0, SN_E_FORMAT },
	{ CRY_RSA, 32, SN_E_FORMAT },
};

static void
seed_length(void **state)
{
	const size_t i = (size_t)(uintptr_t)*state - 1;
	uint8_t seed[129] = { 3 };
	struct cry_key *k = NULL;

	assert_int_equal(cry_key_from_seed(seeds[i].alg, (struct bytes){ seed, seeds[i].n }, &k,
			     NULL),
	    seeds[i].want);
	assert_int_equal(k != NULL, seeds[i].want == SN_OK);
	cry_key_free(&k);
}

static void
aead(void **state)
{
	const uint8_t key[32] = { 1 }, nonce[12] = { 2 };
	const struct bytes aad = BYTES_STR("aad"), plain = BYTES_STR("a secret");
	struct sn_buf sealed = { 0 };
	struct sn_secret back = { 0 };

	(void)state;
	assert_int_equal(cry_aead_seal(BYTES_OF(key), BYTES_OF(nonce), aad, plain, &sealed,
			     NULL),
	    SN_OK);
	assert_int_equal(sealed.n, plain.n + 16);
	assert_int_equal(cry_aead_open(BYTES_OF(key), BYTES_OF(nonce), aad,
			     sn_buf_bytes(&sealed), &back, NULL),
	    SN_OK);
	assert_true(bytes_equal(sn_secret_bytes(&back), plain));
	sn_secret_done(&back);
	assert_int_equal(cry_aead_open(BYTES_OF(key), BYTES_OF(nonce), plain,
			     sn_buf_bytes(&sealed), &back, NULL),
	    SN_E_SIGNATURE);
	for (size_t i = 0; i < sealed.n; i++) {
		sealed.p[i] ^= 1;
		assert_int_equal(cry_aead_open(BYTES_OF(key), BYTES_OF(nonce), aad,
				     sn_buf_bytes(&sealed), &back, NULL),
		    SN_E_SIGNATURE);
		sealed.p[i] ^= 1;
	}
	assert_int_equal(cry_aead_open(BYTES_OF(key), BYTES_OF(nonce), aad,
			     (struct bytes){ sealed.p, 15 }, &back, NULL),
	    SN_E_FORMAT);
	assert_int_equal(cry_aead_open(BYTES_OF(nonce), BYTES_OF(nonce), aad,
			     sn_buf_bytes(&sealed), &back, NULL),
	    SN_E_FORMAT);
	assert_null(back.p);
	sn_buf_done(&sealed);
}

static void
nothing_secret_is_left(void **state)
{
	(void)state;
	assert_int_equal(sn_secret_alive(), 0);
}

static struct chain_case cases[SN_NITEMS(algs)][SN_NITEMS(chains)];

static void
add_world(struct test_list *l, size_t world)
{
	const struct pki *w = &worlds[world];
	const char *alg = cry_alg_name(w->alg);

	test_list_add(l, same_every_time, w, "%s: the same certificates every time", alg);
	test_list_add(l, fields, w, "%s: fields", alg);
	test_list_add(l, spki_strictly, w, "%s: SPKI read strictly", alg);
	for (size_t i = 0; i < SN_NITEMS(chains); i++) {
		cases[world][i] = (struct chain_case){ &chains[i], w };
		test_list_add(l, chain, &cases[world][i], "%s chain: %s is %s", alg,
		    chains[i].name, sn_err_name(chains[i].want));
	}
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
	for (size_t i = 0; i < SN_NITEMS(algs); i++) {
		worlds[i] = pki_make(algs[i], 0);
		add_world(l, i);
	}
	for (size_t i = 0; i < SN_NITEMS(bads); i++)
		test_list_add(l, bad_profile, &bads[i], "refused: %s", bads[i].name);
	test_list_add(l, wrong_key_issues, NULL, "refused: another key issues");
	test_list_add(l, after_2049, NULL, "dates after 2049");
	test_list_add(l, amd_like, NULL, "a PKI like AMD's");
	test_list_add(l, intel_like, NULL, "a PKI like Intel's");
	test_list_add(l, same_extension_twice, NULL, "refused: the same extension twice");
	test_list_add(l, unknown_critical_extension, NULL,
	    "refused: unknown critical extension");
	test_list_add(l, points, NULL, "points");
	for (size_t i = 0; i < SN_NITEMS(seeds); i++)
		test_list_add(l, seed_length, (void *)(uintptr_t)(i + 1),
		    "%s from a seed of %zu bytes is %s", cry_alg_name(seeds[i].alg), seeds[i].n,
		    sn_err_name(seeds[i].want));
	test_list_add(l, aead, NULL, "AES-256-GCM");
	test_list_add(l, nothing_secret_is_left, NULL, "nothing secret is left");
	return test_list_run(l, "certificates");
}
