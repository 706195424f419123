/* Published vectors: Wycheproof, C2SP det-keygen, NIST ACVP, RFC 6979, RFC 9106. */
#include <stdlib.h>
#include <string.h>

#include "appliance/base/text.h"
#include "appliance/crypto/key.h"
#include "tests/lib/test.h"

#define ARENA (1U << 20)

struct row {
	enum cry_hash hash;
	yyjson_val *group, *test;
};

/* What the rows point at lives to the end. */
static void **kept;
static size_t nkept;
static yyjson_doc *docs[16];
static size_t ndocs;

static void *
keep(void *p)
{
	kept = realloc(kept, (nkept + 1) * sizeof(*kept));
	assert_non_null(kept);
	kept[nkept++] = p;
	return p;
}

static yyjson_val *
keep_json(const char *file)
{
	assert_true(ndocs < SN_NITEMS(docs));
	docs[ndocs] = test_read_json(file);
	return yyjson_doc_get_root(docs[ndocs++]);
}

static void
keep_done(void)
{
	for (size_t i = 0; i < nkept; i++)
		free(kept[i]);
	for (size_t i = 0; i < ndocs; i++)
		yyjson_doc_free(docs[i]);
	free(kept);
}

static struct bytes
bytes_of(struct test_bytes v)
{
	return (struct bytes){ keep(v.data), v.len };
}

static const char *
str(yyjson_val *obj, const char *key)
{
	const char *s = yyjson_get_str(yyjson_obj_get(obj, key));

	assert_non_null(s);
	return s;
}

static struct bytes
hex(yyjson_val *obj, const char *key)
{
	return bytes_of(test_unhex(str(obj, key)));
}

static size_t
num(yyjson_val *obj, const char *key)
{
	return (size_t)yyjson_get_uint(yyjson_obj_get(obj, key));
}

static bool
is_valid(yyjson_val *test)
{
	return strcmp(str(test, "result"), "valid") == 0;
}

static void
hkdf(void **state)
{
	const struct row *row = *state;
	struct bytes ikm = hex(row->test, "ikm"), salt = hex(row->test, "salt");
	struct bytes info = hex(row->test, "info");
	size_t n = num(row->test, "size");
	struct sn_secret prk = { 0 }, okm = { 0 };
	enum sn_err e;

	assert_int_equal(cry_hkdf_extract(row->hash, salt, ikm, &prk, NULL), SN_OK);
	assert_int_equal(prk.n, cry_hash_len(row->hash));
	e = cry_hkdf_expand(row->hash, sn_secret_bytes(&prk), info, n, &okm, NULL);
	if (is_valid(row->test)) {
		assert_int_equal(e, SN_OK);
		assert_true(bytes_equal(sn_secret_bytes(&okm), hex(row->test, "okm")));
	} else {
		assert_int_equal(e, SN_E_LIMIT);
		assert_null(okm.p);
	}
	sn_secret_done(&prk);
	sn_secret_done(&okm);
}

static void
hmac(void **state)
{
	const struct row *row = *state;
	struct bytes tag = hex(row->test, "tag");
	uint8_t got[CRY_MAX_HASH];
	bool same;

	assert_int_equal(cry_hmac(row->hash, hex(row->test, "key"), hex(row->test, "msg"), got,
			     NULL),
	    SN_OK);
	assert_true(tag.n <= cry_hash_len(row->hash));
	same = memcmp(got, tag.p, tag.n) == 0; /* some groups cut the tag */
	assert_int_equal(same, is_valid(row->test));
}

static void
pbkdf2(void **state)
{
	const struct row *row = *state;
	struct sn_secret dk = { 0 };

	assert_true(is_valid(row->test));
	assert_int_equal(cry_pbkdf2_sha256(hex(row->test, "password"), hex(row->test, "salt"),
			     (uint32_t)num(row->test, "iterationCount"),
			     num(row->test, "dkLen"), &dk, NULL),
	    SN_OK);
	assert_true(bytes_equal(sn_secret_bytes(&dk), hex(row->test, "dk")));
	sn_secret_done(&dk);
}

static struct test_bytes
base64(yyjson_val *obj, const char *key)
{
	struct sn_buf b = { 0 };

	assert_int_equal(sn_base64_parse(bytes_str(str(obj, key)), 4096, &b, key, NULL), SN_OK);
	return (struct test_bytes){ b.p, b.n };
}

/* The scalar must be the one in the PKCS#8 of the vector, and the point too. */
static void
det_keygen(void **state)
{
	const struct row *row = *state;
	bool p256 = strcmp(str(row->test, "curve"), "secp256r1") == 0;
	struct bytes seed = bytes_of(base64(row->test, "seed"));
	struct bytes pkcs8 = bytes_of(base64(row->test, "private_key_pkcs8"));
	struct cry_key *k = NULL;
	struct sn_secret d = { 0 };
	struct sn_buf raw = { 0 };
	size_t at;

	assert_int_equal(cry_key_from_seed(p256 ? CRY_P256 : CRY_P384, seed, &k, NULL), SN_OK);
	assert_int_equal(cry_key_private(k, &d, NULL), SN_OK);
	assert_int_equal(d.n, p256 ? 32 : 48);
	/* ECPrivateKey: version 1, then the OCTET STRING of d */
	at = bytes_find(pkcs8, sn_secret_bytes(&d));
	assert_true(at != SIZE_MAX && at > 5);
	assert_int_equal(pkcs8.p[at - 2], 0x04);
	assert_int_equal(pkcs8.p[at - 1], d.n);
	assert_int_equal(cry_key_raw(k, &raw, NULL), SN_OK);
	assert_int_equal(raw.n, 1 + 2 * d.n);
	assert_true(bytes_find(pkcs8, sn_buf_bytes(&raw)) == pkcs8.n - raw.n);
	sn_buf_done(&raw);
	sn_secret_done(&d);
	cry_key_free(&k);
}

static void
mldsa_keygen(void **state)
{
	const struct row *row = *state;
	struct bytes seed = hex(row->test, "seed");
	struct cry_key *k = NULL;
	struct sn_buf raw = { 0 };
	struct sn_secret xi = { 0 };

	assert_int_equal(cry_key_from_seed(CRY_MLDSA87, seed, &k, NULL), SN_OK);
	assert_int_equal(cry_key_raw(k, &raw, NULL), SN_OK);
	assert_true(bytes_equal(sn_buf_bytes(&raw), hex(row->test, "pk")));
	assert_int_equal(cry_key_private(k, &xi, NULL), SN_OK);
	assert_true(bytes_equal(sn_secret_bytes(&xi), seed));
	sn_secret_done(&xi);
	sn_buf_done(&raw);
	cry_key_free(&k);
}

/* Only rows without a context string are ours: pure ML-DSA, empty context. */
static void
mldsa_sigver(void **state)
{
	static const uint8_t head[] = { 0x30, 0x82, 0x0a, 0x32, 0x30, 0x0b, 0x06, 0x09, 0x60,
		0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x13, 0x03, 0x82, 0x0a, 0x21, 0 };
	const struct row *row = *state;
	struct sn_buf spki = { 0 };
	struct cry_key *k = NULL;
	bool empty = str(row->test, "context")[0] == '\0';
	bool pass = yyjson_get_bool(yyjson_obj_get(row->test, "testPassed"));
	enum sn_err e;

	sn_buf_put(&spki, BYTES_OF(head));
	sn_buf_put(&spki, hex(row->test, "pk"));
	assert_int_equal(cry_key_from_spki(sn_buf_bytes(&spki), &k, NULL), SN_OK);
	e = cry_verify(k, hex(row->test, "message"), hex(row->test, "signature"), NULL);
	/* A signature made for another context must not be good for the empty one. */
	assert_int_equal(e, pass && empty ? SN_OK : SN_E_SIGNATURE);
	cry_key_free(&k);
	sn_buf_done(&spki);
}

/* RFC 6979 A.2.5 and A.2.6 need given private keys; det-keygen cannot reach them.
 * So: same key, same data, same signature; other data, another. */
static void
sign_twice(void **state)
{
	const enum cry_alg *alg = *state;
	uint8_t seed[48] = { 7 };
	struct bytes s = { seed, *alg == CRY_P384 ? 48 : 32 };
	struct cry_key *k = NULL;
	struct sn_buf a = { 0 }, b = { 0 }, c = { 0 };

	assert_int_equal(cry_key_from_seed(*alg, s, &k, NULL), SN_OK);
	assert_int_equal(cry_sign(k, BYTES_STR("one"), &a, NULL), SN_OK);
	assert_int_equal(cry_sign(k, BYTES_STR("one"), &b, NULL), SN_OK);
	assert_int_equal(cry_sign(k, BYTES_STR("two"), &c, NULL), SN_OK);
	assert_true(bytes_equal(sn_buf_bytes(&a), sn_buf_bytes(&b)));
	assert_false(bytes_equal(sn_buf_bytes(&a), sn_buf_bytes(&c)));
	assert_int_equal(cry_verify(k, BYTES_STR("one"), sn_buf_bytes(&a), NULL), SN_OK);
	assert_int_equal(cry_verify(k, BYTES_STR("two"), sn_buf_bytes(&a), NULL),
	    SN_E_SIGNATURE);
	a.p[a.n / 2] ^= 1;
	assert_int_equal(cry_verify(k, BYTES_STR("one"), sn_buf_bytes(&a), NULL),
	    SN_E_SIGNATURE);
	sn_buf_done(&a);
	sn_buf_done(&b);
	sn_buf_done(&c);
	cry_key_free(&k);
}

/* RFC 9106 5.3 has a secret and associated data, which we do not use; this row is
 * from the reference implementation's test.c: t=2 m=256 p=1 "password" "somesalt". */
static void
argon2id(void **state)
{
	struct bytes want = bytes_of(
	    test_unhex("9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe"));
	struct sn_secret out = { 0 };

	(void)state;
	assert_int_equal(cry_argon2id(BYTES_STR("password"), BYTES_STR("somesalt"), 256, 2, 1,
			     32, &out, NULL),
	    SN_OK);
	assert_true(bytes_equal(sn_secret_bytes(&out), want));
	sn_secret_done(&out);
}

static const struct {
	const char *name, *text, *hash;
	enum cry_hash h;
} digests[] = {
	{ "SHA-256 of abc", "abc",
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", CRY_SHA256 },
	{ "SHA-256 of nothing", "",
	    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", CRY_SHA256 },
	{ "SHA-384 of abc", "abc",
	    "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc23"
	    "58baeca134c825a7",
	    CRY_SHA384 },
	{ "SHA-512 of abc", "abc",
	    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a8"
	    "36ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
	    CRY_SHA512 },
};

static void
digest(void **state)
{
	const size_t i = (size_t)(uintptr_t)*state - 1;
	struct bytes all = bytes_str(digests[i].text),
		     want = bytes_of(test_unhex(digests[i].hash));
	struct bytes parts[2] = { { all.p, all.n / 2 },
		{ all.p + all.n / 2, all.n - all.n / 2 } };
	uint8_t got[CRY_MAX_HASH];

	assert_int_equal(cry_digest(digests[i].h, all, got, NULL), SN_OK);
	assert_memory_equal(got, want.p, want.n);
	memset(got, 0, sizeof(got));
	assert_int_equal(cry_digest_v(digests[i].h, parts, 2, got, NULL), SN_OK);
	assert_memory_equal(got, want.p, want.n);
}

static void
need(void **state)
{
	test_need_data(*state);
}

static struct row *
row_new(enum cry_hash h, yyjson_val *group, yyjson_val *test)
{
	struct row *r = keep(calloc(1, sizeof(*r)));

	*r = (struct row){ h, group, test };
	return r;
}

static const struct {
	const char *file, *name;
	CMUnitTestFunction fn;
	enum cry_hash hash;
} wycheproof[] = {
	{ "wycheproof/hkdf_sha256_test.json", "HKDF-SHA-256", hkdf, CRY_SHA256 },
	{ "wycheproof/hkdf_sha384_test.json", "HKDF-SHA-384", hkdf, CRY_SHA384 },
	{ "wycheproof/hkdf_sha512_test.json", "HKDF-SHA-512", hkdf, CRY_SHA512 },
	{ "wycheproof/hmac_sha256_test.json", "HMAC-SHA-256", hmac, CRY_SHA256 },
	{ "wycheproof/pbkdf2_hmacsha256_test.json", "PBKDF2-HMAC-SHA-256", pbkdf2, CRY_SHA256 },
	{ "acvp/ml-dsa-87-keygen.json", "ACVP ML-DSA-87 keygen", mldsa_keygen, CRY_SHA256 },
	{ "acvp/ml-dsa-87-sigver.json", "ACVP ML-DSA-87 sigver", mldsa_sigver, CRY_SHA256 },
};

/* Of ACVP's groups only pure signatures over a message are ours. */
static bool
wanted(yyjson_val *group)
{
	const char *iface = yyjson_get_str(yyjson_obj_get(group, "signatureInterface"));

	return iface == NULL ||
	    (strcmp(iface, "external") == 0 && strcmp(str(group, "preHash"), "pure") == 0);
}

static void
add_groups(struct test_list *l, size_t i)
{
	yyjson_val *root, *group, *test;
	size_t gi, gn, ti, tn;

	if (!test_have_data(wycheproof[i].file)) {
		test_list_add(l, need, wycheproof[i].file, "%s", wycheproof[i].name);
		return;
	}
	root = keep_json(wycheproof[i].file);
	yyjson_arr_foreach(yyjson_obj_get(root, "testGroups"), gi, gn, group)
	{
		if (!wanted(group))
			continue;
		yyjson_arr_foreach(yyjson_obj_get(group, "tests"), ti, tn, test)
		{
			const char *c = yyjson_get_str(yyjson_obj_get(test, "comment"));

			test_list_add(l, wycheproof[i].fn,
			    row_new(wycheproof[i].hash, group, test), "%s tcId %zu %s",
			    wycheproof[i].name, num(test, "tcId"), c == NULL ? "" : c);
		}
	}
}

static void
add_det_keygen(struct test_list *l)
{
	static const char file[] = "c2sp/det-keygen-ecdsa.json";
	yyjson_val *root, *test;
	size_t i, n;

	if (!test_have_data(file)) {
		test_list_add(l, need, file, "C2SP det-keygen");
		return;
	}
	root = keep_json(file);
	yyjson_arr_foreach(root, i, n, test)
	{
		const char *curve = str(test, "curve");

		if (strcmp(curve, "secp256r1") == 0 || strcmp(curve, "secp384r1") == 0)
			test_list_add(l, det_keygen, row_new(CRY_SHA256, NULL, test),
			    "C2SP det-keygen row %zu %s seed %s", i, curve, str(test, "seed"));
	}
}

int
main(void)
{
	static const enum cry_alg signers[] = { CRY_P256, CRY_P384, CRY_MLDSA87, CRY_ED25519 };
	struct test_list *l = test_list_new();
	struct sn_why why = { 0 };
	int status;

	if (sn_secret_start(ARENA, &why) != SN_OK || cry_start(&why) != SN_OK) {
		print_error("%s\n", why.text);
		return 1;
	}
	for (size_t i = 0; i < SN_NITEMS(digests); i++)
		test_list_add(l, digest, (void *)(uintptr_t)(i + 1), "%s", digests[i].name);
	for (size_t i = 0; i < SN_NITEMS(signers); i++)
		test_list_add(l, sign_twice, &signers[i], "signs the same twice: %s",
		    cry_alg_name(signers[i]));
	test_list_add(l, argon2id, NULL, "Argon2id reference row");
	for (size_t i = 0; i < SN_NITEMS(wycheproof); i++)
		add_groups(l, i);
	add_det_keygen(l);
	status = test_list_run(l, "crypto vectors");
	keep_done();
	return status;
}
