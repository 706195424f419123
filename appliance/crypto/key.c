#include <stdlib.h>
#include <string.h>

#include "appliance/crypto/priv.h"

#define RSA_MIN_BITS 2048
#define RSA_MAX_BITS 8192
#define SPKI_MAX 4096

static const struct cry_alg_info algs[] = {
	[CRY_P256] = { "P-256", "EC", "prime256v1", "SHA256", "det ECDSA key gen P-256",
	    NID_X9_62_prime256v1, 16, 128, 32, 91 },
	[CRY_P384] = { "P-384", "EC", "secp384r1", "SHA384", "det ECDSA key gen P-384",
	    NID_secp384r1, 16, 128, 48, 120 },
	[CRY_MLDSA87] = { "ML-DSA-87", "ML-DSA-87", NULL, NULL, NULL, 0, 32, 32, 32, 2614 },
	[CRY_ED25519] = { "Ed25519", "ED25519", NULL, NULL, NULL, 0, 32, 32, 32, 44 },
	[CRY_P521] = { "P-521", "EC", "secp521r1", "SHA512", NULL, NID_secp521r1, 0, 0, 66,
	    158 },
	[CRY_RSA] = { "RSA", "RSA", NULL, NULL, NULL, 0, 0, 0, 0, 0 },
};

const struct cry_alg_info *
cry_alg_info(enum cry_alg a)
{
	return &algs[a];
}

const char *
cry_alg_name(enum cry_alg a)
{
	return algs[a].name;
}

enum cry_alg
cry_key_alg(const struct cry_key *k)
{
	return k->alg;
}

void
cry_key_free(struct cry_key **kp)
{
	if (kp == NULL || *kp == NULL)
		return;
	EVP_PKEY_free((*kp)->pkey);
	free(*kp);
	*kp = NULL;
}

enum sn_err
cry_key_wrap(EVP_PKEY *pkey, enum cry_alg alg, bool priv, struct cry_key **ret,
    struct sn_why *why)
{
	struct cry_key *k = malloc(sizeof(*k));

	if (k == NULL) {
		EVP_PKEY_free(pkey);
		return sn_fail(why, SN_E_NOMEM, "key");
	}
	*k = (struct cry_key){ .pkey = pkey, .alg = alg, .priv = priv };
	*ret = k;
	return SN_OK;
}

/* Which of our algorithms is this? */
static enum sn_err
alg_of(const EVP_PKEY *pkey, enum cry_alg *ret, struct sn_why *why)
{
	bool curve = EVP_PKEY_is_a(pkey, "EC") == 1;
	char group[32] = "";

	if (curve && EVP_PKEY_get_group_name(pkey, group, sizeof(group), NULL) != 1)
		group[0] = '\0';
	for (enum cry_alg a = CRY_P256; a <= CRY_RSA; a++) {
		if (algs[a].group != NULL ? !curve || strcmp(group, algs[a].group) != 0
					  : curve || EVP_PKEY_is_a(pkey, algs[a].evp) != 1)
			continue;
		*ret = a;
		return SN_OK;
	}
	return sn_fail(why, SN_E_FORMAT, "public key: of a kind that is not used here");
}

enum sn_err
cry_put_der(struct sn_buf *ret, int len, unsigned char *der, const char *what,
    struct sn_why *why)
{
	if (len <= 0 || der == NULL) {
		OPENSSL_free(der);
		return cry_fail(why, SN_E_CRYPTO, what);
	}
	sn_buf_put(ret, (struct bytes){ der, (size_t)len });
	OPENSSL_free(der);
	return sn_buf_check(ret, why);
}

/* Named curve and uncompressed point give one length; RSA has limits. The length comes from
 * the caller: to write a P-384 key out again takes half as long as verifying RSA-4096. */
static enum sn_err
check_size(const EVP_PKEY *pkey, enum cry_alg alg, size_t spki_len, struct sn_why *why)
{
	int bits = EVP_PKEY_get_bits(pkey);

	if (algs[alg].spki != 0 && spki_len != algs[alg].spki)
		return sn_fail(why, SN_E_FORMAT,
		    "public key: %zu bytes, %s has %zu: explicit "
		    "curve or compressed point",
		    spki_len, algs[alg].name, algs[alg].spki);
	if (alg == CRY_RSA && (bits < RSA_MIN_BITS || bits > RSA_MAX_BITS))
		return sn_fail(why, SN_E_FORMAT, "public key: RSA of %d bits", bits);
	return SN_OK;
}

static enum sn_err
check_point(EVP_PKEY *pkey, enum cry_alg alg, struct sn_why *why)
{
	SN_CLEANUP(cry_pkey_ctx_done) EVP_PKEY_CTX *ctx = NULL;

	if (algs[alg].group == NULL)
		return SN_OK;
	ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	if (ctx == NULL || EVP_PKEY_public_check(ctx) != 1)
		return cry_fail(why, SN_E_FORMAT, "public key: not a point of the curve");
	return SN_OK;
}

enum sn_err
cry_key_kind(const EVP_PKEY *pkey, size_t spki_len, enum cry_alg *ret, struct sn_why *why)
{
	enum cry_alg alg = CRY_RSA;

	SN_TRY(alg_of(pkey, &alg, why));
	SN_TRY(check_size(pkey, alg, spki_len, why));
	*ret = alg;
	return SN_OK;
}

enum sn_err
cry_key_wrap_public(EVP_PKEY *pkey, size_t spki_len, struct cry_key **ret, struct sn_why *why)
{
	SN_CLEANUP(cry_pkey_done) EVP_PKEY *own = pkey;
	enum cry_alg alg = CRY_RSA;

	SN_TRY(cry_key_kind(own, spki_len, &alg, why));
	SN_TRY(check_point(own, alg, why));
	return cry_key_wrap(SN_TAKE(own), alg, false, ret, why);
}

enum sn_err
cry_key_from_spki(struct bytes spki, struct cry_key **ret, struct sn_why *why)
{
	SN_CLEANUP(cry_pkey_done) EVP_PKEY *pkey = NULL;
	SN_CLEANUP(sn_buf_done) struct sn_buf again = { 0 };
	const unsigned char *p = spki.p;
	unsigned char *der = NULL;
	int len;

	if (spki.n == 0 || spki.n > SPKI_MAX)
		return sn_fail(why, SN_E_LIMIT, "public key: %zu bytes", spki.n);
	pkey = d2i_PUBKEY(NULL, &p, (long)spki.n);
	if (pkey == NULL)
		return cry_fail(why, SN_E_FORMAT, "public key");
	if (p != spki.p + spki.n)
		return sn_fail(why, SN_E_FORMAT, "public key: something behind it");
	len = i2d_PUBKEY(pkey, &der);
	SN_TRY(cry_put_der(&again, len, der, "public key", why));
	if (!bytes_equal(sn_buf_bytes(&again), spki))
		return sn_fail(why, SN_E_FORMAT, "public key: not in its one DER form");
	return cry_key_wrap_public(SN_TAKE(pkey), spki.n, ret, why);
}

enum sn_err
cry_key_from_point(enum cry_alg alg, struct bytes xy, struct cry_key **ret, struct sn_why *why)
{
	SN_CLEANUP(cry_pkey_done) EVP_PKEY *pkey = NULL;
	SN_CLEANUP(cry_pkey_ctx_done) EVP_PKEY_CTX *ctx = NULL;
	uint8_t point[1 + 2 * 66] = { POINT_CONVERSION_UNCOMPRESSED };
	OSSL_PARAM params[3];

	if (algs[alg].group == NULL || xy.n != 2 * algs[alg].scalar)
		return sn_fail(why, SN_E_FORMAT, "point: %zu bytes are not one of %s", xy.n,
		    algs[alg].name);
	memcpy(point + 1, xy.p, xy.n);
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
	    (char *)(uintptr_t)algs[alg].group, 0);
	params[1] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, 1 + xy.n);
	params[2] = OSSL_PARAM_construct_end();
	ctx = EVP_PKEY_CTX_new_from_name(NULL, algs[alg].evp, NULL);
	if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1)
		return cry_fail(why, SN_E_CRYPTO, "point");
	if (EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
		return cry_fail(why, SN_E_FORMAT, "point: not on the curve");
	return cry_key_wrap_public(SN_TAKE(pkey), algs[alg].spki, ret, why);
}

enum sn_err
cry_key_spki(const struct cry_key *k, struct sn_buf *ret, struct sn_why *why)
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(k->pkey, &der);

	return cry_put_der(ret, len, der, "public key", why);
}

enum sn_err
cry_key_id(const struct cry_key *k, uint8_t ret[CRY_KEY_ID_LEN], struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf spki = { 0 };
	uint8_t hash[CRY_SHA256_LEN];

	SN_TRY(cry_key_spki(k, &spki, why));
	SN_TRY(cry_digest(CRY_SHA256, sn_buf_bytes(&spki), hash, why));
	memcpy(ret, hash, CRY_KEY_ID_LEN);
	return SN_OK;
}

enum sn_err
cry_key_pem(const struct cry_key *k, struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf spki = { 0 };

	SN_TRY(cry_key_spki(k, &spki, why));
	return cry_pem("PUBLIC KEY", sn_buf_bytes(&spki), ret, why);
}

enum sn_err
cry_key_raw(const struct cry_key *k, struct sn_buf *ret, struct sn_why *why)
{
	uint8_t raw[SPKI_MAX];
	size_t n = sizeof(raw);
	int ok;

	if (k->alg == CRY_RSA)
		return sn_fail(why, SN_E_FORMAT, "RSA keys have no raw form");
	if (algs[k->alg].group != NULL)
		ok = EVP_PKEY_get_octet_string_param(k->pkey, OSSL_PKEY_PARAM_PUB_KEY, raw,
		    sizeof(raw), &n);
	else
		ok = EVP_PKEY_get_raw_public_key(k->pkey, raw, &n);
	if (ok != 1)
		return cry_fail(why, SN_E_CRYPTO, "public key");
	sn_buf_put(ret, (struct bytes){ raw, n });
	return sn_buf_check(ret, why);
}

/* d as big-endian bytes, straight into locked memory. */
static enum sn_err
private_scalar(const struct cry_key *k, struct sn_secret *out, struct sn_why *why)
{
	SN_CLEANUP(cry_bn_done) BIGNUM *d = BN_secure_new();

	if (d == NULL)
		return cry_fail(why, SN_E_NOMEM, "private key");
	if (EVP_PKEY_get_bn_param(k->pkey, OSSL_PKEY_PARAM_PRIV_KEY, &d) != 1 ||
	    BN_bn2binpad(d, out->p, (int)out->n) != (int)out->n)
		return cry_fail(why, SN_E_CRYPTO, "private key");
	return SN_OK;
}

enum sn_err
cry_key_private(const struct cry_key *k, struct sn_secret *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret out = { 0 };
	size_t n = algs[k->alg].scalar;
	int ok;

	if (!k->priv || n == 0)
		return sn_fail(why, SN_E_USAGE, "%s: no private part here", algs[k->alg].name);
	SN_TRY(sn_secret_new(n, &out, why));
	if (algs[k->alg].group != NULL) {
		SN_TRY(private_scalar(k, &out, why));
	} else {
		ok = k->alg == CRY_MLDSA87 ? EVP_PKEY_get_octet_string_param(k->pkey,
						 OSSL_PKEY_PARAM_ML_DSA_SEED, out.p, out.n, &n)
					   : EVP_PKEY_get_raw_private_key(k->pkey, out.p, &n);
		if (ok != 1 || n != out.n)
			return cry_fail(why, SN_E_CRYPTO, "private key");
	}
	*ret = out;
	out = (struct sn_secret){ 0 };
	return SN_OK;
}
