/* Real certificates and CRLs of AMD and Intel; the examples of RFC 9881 and 9882. */
#include <stdlib.h>
#include <string.h>

#include "appliance/base/text.h"
#include "appliance/crypto/cert.h"
#include "tests/lib/test.h"

#define ARENA (1U << 20)
#define JULY_2025 1751328000 /* 2025-07-01T00:00:00Z */

/* The index-th certificate of a file, DER or PEM. */
static enum sn_err
load(const char *file, size_t index, struct cry_cert **ret, struct sn_why *why)
{
	struct test_bytes f = test_read_data(file);
	struct bytes b = { f.data, f.len };
	struct cry_cert *all[CRY_PEM_CHAIN_MAX] = { NULL };
	size_t n = 0;
	enum sn_err e;

	if (f.len != 0 && f.data[0] == 0x30) {
		e = cry_cert_parse(b, ret, why);
	} else {
		e = cry_cert_parse_pem(b, all, &n, why);
		if (e == SN_OK) {
			assert_true(index < n);
			*ret = SN_TAKE(all[index]);
		}
		cry_cert_free_all(all, n);
	}
	test_bytes_done(&f);
	return e;
}

static struct cry_cert *
must_load(const char *file, size_t index)
{
	struct cry_cert *c = NULL;
	struct sn_why why = { 0 };

	if (load(file, index, &c, &why) != SN_OK)
		fail_msg("%s: %s", file, why.text);
	return c;
}

struct step {
	const char *name, *file;
	size_t index;
	const char *issuer;
	size_t issuer_index;
	enum cry_sigalg alg;
	enum sn_err want;
};

#define PSS CRY_SIG_RSA_PSS_SHA384
#define P256 CRY_SIG_ECDSA_P256_SHA256
#define CA(p, c) "amd/ca/" p "/" c ".der"
#define ROOT "intel/root/IntelSGXRootCA.cert.der"

static const struct step steps[] = {
	{ "Milan ARK by itself", CA("milan", "ark"), 0, CA("milan", "ark"), 0, PSS, SN_OK },
	{ "Milan ASK", CA("milan", "ask"), 0, CA("milan", "ark"), 0, PSS, SN_OK },
	{ "Milan ASVK", CA("milan", "asvk"), 0, CA("milan", "ark"), 0, PSS, SN_OK },
	{ "Genoa ARK by itself", CA("genoa", "ark"), 0, CA("genoa", "ark"), 0, PSS, SN_OK },
	{ "Genoa ASK", CA("genoa", "ask"), 0, CA("genoa", "ark"), 0, PSS, SN_OK },
	{ "Turin ASK", CA("turin", "ask"), 0, CA("turin", "ark"), 0, PSS, SN_OK },
	{ "Milan KDS chain", "amd/kds/vcek_v1_Milan_cert_chain.pem", 0,
	    "amd/kds/vcek_v1_Milan_cert_chain.pem", 1, PSS, SN_OK },
	{ "Turin KDS chain", "amd/kds/vcek_v1_Turin_cert_chain.pem", 0,
	    "amd/kds/vcek_v1_Turin_cert_chain.pem", 1, PSS, SN_OK },
	{ "Milan VCEK", "amd/trustee-snp/test-vcek.der", 0, CA("milan", "ask"), 0, PSS, SN_OK },
	{ "Milan VCEK, another", "amd/virtee-sev/vcek_milan.der", 0, CA("milan", "ask"), 0, PSS,
	    SN_OK },
	{ "Milan VCEK, a third", "amd/milan-gosev/vcek.der", 0, CA("milan", "ask"), 0, PSS,
	    SN_OK },
	{ "Turin VCEK", "amd/virtee-sev/vcek_turin.der", 0, CA("turin", "ask"), 0, PSS, SN_OK },
	{ "Milan VLEK", "amd/trustee-snp/test-vlek.der", 0, CA("milan", "asvk"), 0, PSS,
	    SN_OK },
	{ "Milan VCEK, algorithm not named", "amd/trustee-snp/test-vcek.der", 0,
	    CA("milan", "ask"), 0, CRY_SIG_ANY, SN_OK },
	{ "VCEK with a broken signature", "amd/trustee-snp/test-vcek-invalid-new.der", 0,
	    CA("milan", "ask"), 0, PSS, SN_E_SIGNATURE },
	{ "old VCEK with a broken signature", "amd/trustee-snp/test-vcek-invalid-legacy.der", 0,
	    CA("milan", "ask"), 0, PSS, SN_E_SIGNATURE },
	{ "Milan VCEK under the Genoa ASK", "amd/trustee-snp/test-vcek.der", 0,
	    CA("genoa", "ask"), 0, PSS, SN_E_CHAIN },
	{ "VCEK under the ASVK", "amd/trustee-snp/test-vcek.der", 0, CA("milan", "asvk"), 0,
	    PSS, SN_E_CHAIN },
	{ "PSS where PKCS#1 v1.5 is demanded", CA("milan", "ask"), 0, CA("milan", "ark"), 0,
	    CRY_SIG_RSA_SHA384, SN_E_SIGNATURE },
	{ "PSS where ECDSA is demanded", CA("milan", "ask"), 0, CA("milan", "ark"), 0, P256,
	    SN_E_SIGNATURE },
	{ "Intel root by itself", ROOT, 0, ROOT, 0, P256, SN_OK },
	{ "Intel TCB signing", "intel/phala/sgx_quote/tcb_issuer_chain.pem", 0, ROOT, 0, P256,
	    SN_OK },
	{ "Intel Platform CA", "intel/phala/tdx_quote/pckcrl_issuer_chain.pem", 0, ROOT, 0,
	    P256, SN_OK },
	{ "Intel TCB signing, P-384 demanded", "intel/phala/sgx_quote/tcb_issuer_chain.pem", 0,
	    ROOT, 0, CRY_SIG_ECDSA_P384_SHA384, SN_E_SIGNATURE },
	{ "Intel's test root is another root", "intel/qvl-sgx-testroot/tcbSignChain.pem", 0,
	    ROOT, 0, P256, SN_E_SIGNATURE },
	{ "a TCB signer is no CA", "intel/phala/sgx_quote/tcb_issuer_chain.pem", 0,
	    "intel/phala/sgx_quote/tcb_issuer_chain.pem", 0, P256, SN_E_CHAIN },
};

static void
signed_by(void **state)
{
	const struct step *s = *state;
	struct cry_cert *c, *issuer;
	struct sn_why why = { 0 };
	enum sn_err e;

	test_need_data(s->file);
	c = must_load(s->file, s->index);
	issuer = must_load(s->issuer, s->issuer_index);
	e = cry_cert_signed_by(c, issuer, s->alg, &why);
	if (e != s->want)
		print_error("%s: %s\n", sn_err_name(e), why.text);
	assert_int_equal(e, s->want);
	/* an issuer that is prepared gives the same verdict, the second time as well */
	for (unsigned int turn = 0; turn < 2; turn++) {
		struct sn_why again = { 0 };

		assert_int_equal(cry_cert_warm(issuer, &again), SN_OK);
		assert_int_equal(cry_cert_signed_by(c, issuer, s->alg, &again), e);
		assert_string_equal(again.text, why.text);
	}
	cry_cert_free(&c);
	cry_cert_free(&issuer);
}

/* Any one bit of a certificate that verifies: it must not verify any more, also not under an
 * issuer that is prepared, which says the same of it. */
static void
mutated(void **state)
{
	const struct step *s = *state;
	struct test_bytes f;
	struct cry_cert *c = NULL, *issuer, *warm;

	test_need_data(s->file);
	f = test_read_data(s->file);
	issuer = must_load(s->issuer, s->issuer_index);
	warm = must_load(s->issuer, s->issuer_index);
	assert_int_equal(cry_cert_warm(warm, NULL), SN_OK);
	for (size_t i = 0; i < f.len; i += 3) {
		struct sn_why why = { 0 }, again = { 0 };

		f.data[i] ^= 0x04;
		if (cry_cert_parse((struct bytes){ f.data, f.len }, &c, NULL) == SN_OK) {
			if (cry_cert_signed_by(c, issuer, s->alg, &why) == SN_OK)
				fail_msg("byte %zu of %zu does not count", i, f.len);
			assert_int_equal(cry_cert_signed_by(c, warm, s->alg, &again), why.err);
			assert_string_equal(again.text, why.text);
		}
		cry_cert_free(&c);
		f.data[i] ^= 0x04;
	}
	test_bytes_done(&f);
	cry_cert_free(&issuer);
	cry_cert_free(&warm);
}

static void
parse_strictly(void **state)
{
	const char *file = *state;
	struct test_bytes f;
	struct cry_cert *c = NULL;
	struct sn_buf more = { 0 };

	test_need_data(file);
	f = test_read_data(file);
	sn_buf_put(&more, (struct bytes){ f.data, f.len });
	sn_buf_u8(&more, 0);
	assert_int_equal(cry_cert_parse(sn_buf_bytes(&more), &c, NULL), SN_E_FORMAT);
	for (size_t n = 0; n < f.len; n += 1 + f.len / 100)
		assert_int_equal(cry_cert_parse((struct bytes){ f.data, n }, &c, NULL),
		    SN_E_FORMAT);
	/* the outer length written longer than needed: BER, not DER */
	more.n = 0;
	sn_buf_put(&more, (struct bytes){ f.data, 1 });
	sn_buf_u8(&more, 0x83);
	sn_buf_u8(&more, 0);
	sn_buf_put(&more, (struct bytes){ f.data + 2, f.len - 2 });
	assert_int_equal(cry_cert_parse(sn_buf_bytes(&more), &c, NULL), SN_E_FORMAT);
	assert_null(c);
	sn_buf_done(&more);
	test_bytes_done(&f);
}

static void
fields_of_a_vcek(void **state)
{
	static const char file[] = "amd/trustee-snp/test-vcek.der";
	struct cry_cert *c, *ask;
	struct cry_key *k = NULL;
	struct bytes ext = { 0 };

	(void)state;
	test_need_data(file);
	c = must_load(file, 0);
	ask = must_load("amd/ca/milan/ask.der", 0);
	assert_string_equal(cry_cert_cn(c), "SEV-VCEK");
	assert_int_equal(cry_cert_serial(c).n, 1);
	assert_int_equal(cry_cert_serial(c).p[0], 0);
	assert_false(cry_cert_is_ca(c));
	assert_true(cry_cert_is_ca(ask));
	assert_false(cry_cert_self_issued(c));
	assert_true(bytes_equal(cry_cert_issuer_der(c), cry_cert_subject_der(ask)));
	assert_int_equal(cry_cert_key(c, &k, NULL), SN_OK);
	assert_int_equal(cry_key_alg(k), CRY_P384);
	cry_key_free(&k);
	assert_int_equal(cry_cert_key(ask, &k, NULL), SN_OK);
	assert_int_equal(cry_key_alg(k), CRY_RSA);
	assert_int_equal(cry_cert_ext(c, "1.3.6.1.4.1.3704.1.4", &ext, NULL), SN_OK);
	assert_int_equal(ext.n, 64);
	assert_int_equal(cry_cert_ext(c, "1.3.6.1.4.1.3704.1.5", &ext, NULL), SN_OK);
	assert_null(ext.p);
	cry_key_free(&k);
	cry_cert_free(&c);
	cry_cert_free(&ask);
}

struct crl_row {
	const char *name, *file, *issuer;
	size_t index;
	enum cry_sigalg alg;
	int64_t at;
	const char *serial; /* hex, or NULL */
	bool revoked;
	enum sn_err want;
};

static const struct crl_row crls[] = {
	{ "Milan", "amd/kds/vcek_v1_Milan_crl.der", CA("milan", "ark"), 0, PSS, JULY_2025,
	    "010001", false, SN_OK },
	{ "Genoa revokes the first ASK", "amd/kds/vcek_v1_Genoa_crl.der", CA("genoa", "ark"), 0,
	    PSS, JULY_2025, "020001", true, SN_OK },
	{ "Genoa does not revoke this ASK", "amd/kds/vcek_v1_Genoa_crl.der", CA("genoa", "ark"),
	    0, PSS, JULY_2025, "020002", false, SN_OK },
	{ "Genoa CRL under Milan", "amd/kds/vcek_v1_Genoa_crl.der", CA("milan", "ark"), 0, PSS,
	    JULY_2025, NULL, false, SN_E_CHAIN },
	{ "Milan, other algorithm", "amd/kds/vcek_v1_Milan_crl.der", CA("milan", "ark"), 0,
	    CRY_SIG_RSA_SHA384, JULY_2025, NULL, false, SN_E_SIGNATURE },
	{ "Milan, too early", "amd/kds/vcek_v1_Milan_crl.der", CA("milan", "ark"), 0, PSS,
	    1700000000, NULL, false, SN_E_EXPIRED },
	{ "Milan, too late", "amd/kds/vcek_v1_Milan_crl.der", CA("milan", "ark"), 0, PSS,
	    1800000000, NULL, false, SN_E_EXPIRED },
	{ "Intel root CRL", "intel/phala/sgx_quote/rootcacrl.der", ROOT, 0, P256, JULY_2025,
	    "01", false, SN_OK },
	{ "Intel PCK CRL", "intel/phala/sgx_quote/pckcrl.der",
	    "intel/phala/sgx_quote/pckcrl_issuer_chain.pem", 0, P256, JULY_2025, NULL, false,
	    SN_OK },
	{ "Intel Processor CRL under the Platform CA", "intel/phala/sgx_quote/pckcrl.der",
	    "intel/phala/tdx_quote/pckcrl_issuer_chain.pem", 0, P256, JULY_2025, NULL, false,
	    SN_E_CHAIN },
	{ "Intel test-root CRL", "intel/qvl-sgx-testroot/rootCaCrl.der", ROOT, 0, P256,
	    JULY_2025, NULL, false, SN_E_SIGNATURE },
};

static void
crl(void **state)
{
	const struct crl_row *row = *state;
	struct test_bytes f, serial;
	struct cry_crl *c = NULL;
	struct cry_cert *issuer;
	struct sn_why why = { 0 };
	enum sn_err e;

	test_need_data(row->file);
	f = test_read_data(row->file);
	issuer = must_load(row->issuer, row->index);
	if (cry_crl_parse((struct bytes){ f.data, f.len }, &c, &why) != SN_OK)
		fail_msg("%s", why.text);
	e = cry_crl_verify(c, issuer, row->alg, row->at, &why);
	if (e != row->want)
		print_error("%s: %s\n", sn_err_name(e), why.text);
	assert_int_equal(e, row->want);
	assert_true(cry_crl_this_update(c) < cry_crl_next_update(c));
	if (row->serial != NULL) {
		serial = test_unhex(row->serial);
		assert_int_equal(cry_crl_revokes(c, (struct bytes){ serial.data, serial.len }),
		    row->revoked);
		test_bytes_done(&serial);
	}
	for (size_t i = 0; row->want == SN_OK && i < f.len; i += 1 + f.len / 97) {
		struct cry_crl *bad = NULL;

		f.data[i] ^= 0x04;
		assert_true(cry_crl_parse((struct bytes){ f.data, f.len }, &bad, NULL) !=
			SN_OK ||
		    cry_crl_verify(bad, issuer, row->alg, row->at, NULL) != SN_OK);
		cry_crl_free(&bad);
		f.data[i] ^= 0x04;
	}
	cry_crl_free(&c);
	cry_cert_free(&issuer);
	test_bytes_done(&f);
}

struct chain_row {
	const char *name, *file;
	size_t n; /* certificates of the file before the root */
	const char *root;
	int64_t at;
	enum sn_err want;
};

static const struct chain_row chains[] = {
	{ "Intel TCB signing", "intel/phala/sgx_quote/tcb_issuer_chain.pem", 1, ROOT, JULY_2025,
	    SN_OK },
	{ "Intel QE identity", "intel/phala/tdx_quote/qe_identity_issuer_chain.pem", 1, ROOT,
	    JULY_2025, SN_OK },
	{ "Intel Platform CA", "intel/phala/tdx_quote/pckcrl_issuer_chain.pem", 1, ROOT,
	    JULY_2025, SN_OK },
	{ "before it began", "intel/phala/sgx_quote/tcb_issuer_chain.pem", 1, ROOT, 1600000000,
	    SN_E_EXPIRED },
	{ "after it ended", "intel/phala/sgx_quote/tcb_issuer_chain.pem", 1, ROOT, 2000000000,
	    SN_E_EXPIRED },
	{ "Intel's test root under the real root", "intel/qvl-sgx-testroot/pckSignChain.pem", 1,
	    ROOT, JULY_2025, SN_E_SIGNATURE },
};

static void
chain(void **state)
{
	const struct chain_row *row = *state;
	struct cry_cert *certs[CRY_PEM_CHAIN_MAX] = { NULL }, *root;
	const struct cry_cert *list[CRY_PEM_CHAIN_MAX];
	struct sn_why why = { 0 };
	enum sn_err e;

	test_need_data(row->file);
	for (size_t i = 0; i < row->n; i++)
		list[i] = certs[i] = must_load(row->file, i);
	root = must_load(row->root, 0);
	e = cry_chain_verify(list, row->n, root, row->at, NULL, &why);
	if (e != row->want)
		print_error("%s: %s\n", sn_err_name(e), why.text);
	assert_int_equal(e, row->want);
	cry_cert_free_all(certs, row->n);
	cry_cert_free(&root);
}

/* RFC 9881 appendix C: seed, public key and self-signed certificate of ML-DSA-87. */
static void
rfc9881(void **state)
{
	static const char file[] = "lamps/dilithium-certificates/examples/ML-DSA-87.crt";
	struct cry_cert *c;
	struct cry_key *k = NULL;
	struct sn_buf spki = { 0 };
	uint8_t seed[32], want[CRY_SHA256_LEN], got[CRY_SHA256_LEN];

	(void)state;
	test_need_data(file);
	for (size_t i = 0; i < sizeof(seed); i++)
		seed[i] = (uint8_t)i;
	c = must_load(file, 0);
	assert_int_equal(cry_cert_signed_by(c, c, CRY_SIG_MLDSA87, NULL), SN_OK);
	assert_int_equal(cry_cert_signed_by(c, c, CRY_SIG_ANY, NULL), SN_OK);
	assert_int_equal(cry_cert_signed_by(c, c, P256, NULL), SN_E_SIGNATURE);
	assert_int_equal(cry_key_from_seed(CRY_MLDSA87, BYTES_OF(seed), &k, NULL), SN_OK);
	assert_int_equal(cry_key_spki(k, &spki, NULL), SN_OK);
	assert_int_equal(cry_digest(CRY_SHA256, sn_buf_bytes(&spki), got, NULL), SN_OK);
	assert_int_equal(cry_cert_spki_sha256(c, want, NULL), SN_OK);
	assert_memory_equal(got, want, sizeof(want));
	sn_buf_done(&spki);
	cry_key_free(&k);
	cry_cert_free(&c);
}

/* The bytes of a PEM file whatever its label. */
static struct sn_buf
pem_bytes(const char *file)
{
	struct test_bytes f = test_read_data(file);
	struct sn_buf b64 = { 0 }, der = { 0 };
	char *rest = (char *)f.data;

	for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n"))
		if (line[0] != '-')
			sn_buf_str(&b64, line);
	assert_int_equal(sn_base64_parse(sn_buf_bytes(&b64), 1U << 16, &der, file, NULL),
	    SN_OK);
	sn_buf_done(&b64);
	test_bytes_done(&f);
	return der;
}

/* RFC 9882 appendix: the signature is over the attributes as a SET, by the key of
 * RFC 9881; content and certificate are carried otherwise than we accept. */
static void
rfc9882(void **state)
{
	static const char file[] = "lamps/cms-ml-dsa/examples/mldsa87-signed-attrs.pem";
	static const uint8_t head[] = { 0xa0, 0x6b, 0x30, 0x18 };
	struct sn_buf cms, attrs = { 0 };
	struct cry_cert *c;
	struct cry_key *k = NULL;
	struct bytes sig;
	size_t at;

	(void)state;
	test_need_data(file);
	cms = pem_bytes(file);
	c = must_load("lamps/dilithium-certificates/examples/ML-DSA-87.crt", 0);
	assert_int_equal(cry_cert_key(c, &k, NULL), SN_OK);
	at = bytes_find(sn_buf_bytes(&cms), BYTES_OF(head));
	assert_true(at != SIZE_MAX && cms.n > at + 2 + 0x6b + 4627);
	sn_buf_u8(&attrs, 0x31);
	sn_buf_put(&attrs, (struct bytes){ cms.p + at + 1, 1 + 0x6b });
	sig = (struct bytes){ cms.p + cms.n - 4627, 4627 };
	assert_int_equal(cry_verify(k, sn_buf_bytes(&attrs), sig, NULL), SN_OK);
	attrs.p[attrs.n - 1] ^= 1;
	assert_int_equal(cry_verify(k, sn_buf_bytes(&attrs), sig, NULL), SN_E_SIGNATURE);
	sn_buf_done(&attrs);
	sn_buf_done(&cms);
	cry_key_free(&k);
	cry_cert_free(&c);
}

/* Intel's signed JSON: {"tcbInfo":{...},"signature":"<r||s in hex>"}. */
static void
intel_json(void **state)
{
	static const char file[] = "intel/phala/sgx_quote/tcb.json";
	static const char mark[] = "\"signature\":\"", body[] = "\"tcbInfo\":";
	struct test_bytes f;
	struct cry_cert *c;
	struct cry_key *k = NULL;
	struct bytes all, signed_part, zero = { (const uint8_t[64]){ 0 }, 64 };
	uint8_t rs[64];
	size_t at, from;
	char hex[129] = "";

	(void)state;
	test_need_data(file);
	f = test_read_data(file);
	all = (struct bytes){ f.data, f.len };
	c = must_load("intel/phala/sgx_quote/tcb_issuer_chain.pem", 0);
	assert_int_equal(cry_cert_key(c, &k, NULL), SN_OK);
	from = bytes_find(all, bytes_str(body));
	at = bytes_find(all, bytes_str(mark));
	assert_true(from != SIZE_MAX && at != SIZE_MAX && at > from);
	memcpy(hex, f.data + at + sizeof(mark) - 1, 128);
	assert_int_equal(sn_hex_parse(hex, rs, sizeof(rs), "signature", NULL), SN_OK);
	from += sizeof(body) - 1;
	signed_part = (struct bytes){ f.data + from, at - from - 1 };
	assert_int_equal(cry_verify_raw_ecdsa(k, CRY_SHA256, signed_part, BYTES_OF(rs), NULL),
	    SN_OK);
	assert_int_equal(cry_verify_raw_ecdsa(k, CRY_SHA384, signed_part, BYTES_OF(rs), NULL),
	    SN_E_SIGNATURE);
	assert_int_equal(cry_verify_raw_ecdsa(k, CRY_SHA256, signed_part, zero, NULL),
	    SN_E_SIGNATURE);
	assert_int_equal(cry_verify_raw_ecdsa(k, CRY_SHA256, signed_part,
			     (struct bytes){ rs, 63 }, NULL),
	    SN_E_FORMAT);
	memset(rs, 0xff, 32); /* r above the order */
	assert_int_equal(cry_verify_raw_ecdsa(k, CRY_SHA256, signed_part, BYTES_OF(rs), NULL),
	    SN_E_SIGNATURE);
	cry_key_free(&k);
	cry_cert_free(&c);
	test_bytes_done(&f);
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
	for (size_t i = 0; i < SN_NITEMS(steps); i++)
		test_list_add(l, signed_by, &steps[i], "%s is %s", steps[i].name,
		    sn_err_name(steps[i].want));
	test_list_add(l, mutated, &steps[1], "mutated Milan ASK");
	test_list_add(l, mutated, &steps[8], "mutated Milan VCEK");
	test_list_add(l, mutated, &steps[20], "mutated Intel root");
	test_list_add(l, parse_strictly, "amd/trustee-snp/test-vcek.der",
	    "parsed strictly: VCEK");
	test_list_add(l, parse_strictly, ROOT, "parsed strictly: Intel root");
	test_list_add(l, fields_of_a_vcek, NULL, "fields of a VCEK");
	for (size_t i = 0; i < SN_NITEMS(crls); i++)
		test_list_add(l, crl, &crls[i], "CRL: %s is %s", crls[i].name,
		    sn_err_name(crls[i].want));
	for (size_t i = 0; i < SN_NITEMS(chains); i++)
		test_list_add(l, chain, &chains[i], "chain: %s is %s", chains[i].name,
		    sn_err_name(chains[i].want));
	test_list_add(l, rfc9881, NULL, "RFC 9881 example");
	test_list_add(l, rfc9882, NULL, "RFC 9882 example");
	test_list_add(l, intel_json, NULL, "Intel's signed JSON");
	return test_list_run(l, "vendors");
}
