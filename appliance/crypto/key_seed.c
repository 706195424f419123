#include "appliance/crypto/priv.h"

#define MAC CRY_SHA256_LEN

/*
 * HMAC_DRBG with SHA-256 [SP 800-90A 10.1.2] as far as [C2SP det-keygen] needs
 * it: seed and personalization string in, candidates out. The libcrypto KDF of
 * that name makes one request only; the P-256 retry is a second request, and
 * between two requests the state is updated.
 */
struct drbg {
	struct sn_secret k, v;
};

static void
drbg_done(struct drbg *d)
{
	sn_secret_done(&d->k);
	sn_secret_done(&d->v);
}

/* K = HMAC(K, V || mark || seed || pers), V = HMAC(K, V) */
static enum sn_err
drbg_update(struct drbg *d, uint8_t mark, struct bytes seed, struct bytes pers,
    struct sn_why *why)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret m = { 0 };

	SN_TRY(sn_secret_copy(sn_secret_bytes(&d->v), &m, why));
	SN_TRY(sn_secret_append(&m, (struct bytes){ &mark, 1 }, why));
	SN_TRY(sn_secret_append(&m, seed, why));
	SN_TRY(sn_secret_append(&m, pers, why));
	SN_TRY(cry_hmac(CRY_SHA256, sn_secret_bytes(&d->k), sn_secret_bytes(&m), d->k.p, why));
	return cry_hmac(CRY_SHA256, sn_secret_bytes(&d->k), sn_secret_bytes(&d->v), d->v.p,
	    why);
}

static enum sn_err
drbg_start(struct drbg *d, struct bytes seed, struct bytes pers, struct sn_why *why)
{
	SN_TRY(sn_secret_new(MAC, &d->k, why));
	SN_TRY(sn_secret_new(MAC, &d->v, why));
	for (size_t i = 0; i < MAC; i++)
		d->v.p[i] = 1;
	SN_TRY(drbg_update(d, 0, seed, pers, why));
	return drbg_update(d, 1, seed, pers, why);
}

static enum sn_err
drbg_generate(struct drbg *d, struct sn_secret *ret, struct sn_why *why)
{
	for (size_t done = 0; done < ret->n;) {
		SN_TRY(cry_hmac(CRY_SHA256, sn_secret_bytes(&d->k), sn_secret_bytes(&d->v),
		    d->v.p, why));
		for (size_t i = 0; i < MAC && done < ret->n; i++)
			ret->p[done++] = d->v.p[i];
	}
	return SN_OK;
}

/* The scalar of [C2SP det-keygen]: one retry, and only for P-256. */
static enum sn_err
ec_scalar(const struct cry_alg_info *info, const BIGNUM *order, struct bytes seed, BIGNUM *d,
    struct sn_why *why)
{
	SN_CLEANUP(drbg_done) struct drbg drbg = { 0 };
	SN_CLEANUP(sn_secret_done) struct sn_secret cand = { 0 };
	int tries = info->nid == NID_X9_62_prime256v1 ? 2 : 1;
	const struct bytes none = { 0 };

	SN_TRY(drbg_start(&drbg, seed, bytes_str(info->drbg_pers), why));
	SN_TRY(sn_secret_new(info->scalar, &cand, why));
	for (int i = 0; i < tries; i++) {
		if (i != 0)
			SN_TRY(drbg_update(&drbg, 0, none, none, why));
		SN_TRY(drbg_generate(&drbg, &cand, why));
		if (BN_bin2bn(cand.p, (int)cand.n, d) == NULL)
			return cry_fail(why, SN_E_CRYPTO, "key from seed");
		if (!BN_is_zero(d) && BN_cmp(d, order) < 0)
			return SN_OK;
	}
	return sn_fail(why, SN_E_CRYPTO, "key from seed: the scalar is out of range");
}

static void
group_done(EC_GROUP **p)
{
	EC_GROUP_free(*p);
	*p = NULL;
}

static void
point_done(EC_POINT **p)
{
	EC_POINT_free(*p);
	*p = NULL;
}

static void
bld_done(OSSL_PARAM_BLD **p)
{
	OSSL_PARAM_BLD_free(*p);
	*p = NULL;
}

static void
params_done(OSSL_PARAM **p)
{
	OSSL_PARAM_free(*p); /* clears what came from the secure heap */
	*p = NULL;
}

static enum sn_err
ec_import(const struct cry_alg_info *info, const BIGNUM *d, struct bytes pub, EVP_PKEY **ret,
    struct sn_why *why)
{
	SN_CLEANUP(bld_done) OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	SN_CLEANUP(params_done) OSSL_PARAM *params = NULL;
	SN_CLEANUP(cry_pkey_ctx_done) EVP_PKEY_CTX *ctx = NULL;
	SN_CLEANUP(cry_pkey_ctx_done) EVP_PKEY_CTX *check = NULL;
	SN_CLEANUP(cry_pkey_done) EVP_PKEY *pkey = NULL;

	if (bld == NULL ||
	    OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME, info->group, 0) !=
		1 ||
	    OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY, pub.p, pub.n) != 1 ||
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_PRIV_KEY, d) != 1)
		return cry_fail(why, SN_E_CRYPTO, "key from seed");
	params = OSSL_PARAM_BLD_to_param(bld);
	ctx = EVP_PKEY_CTX_new_from_name(NULL, info->evp, NULL);
	if (params == NULL || ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEYPAIR, params) != 1)
		return cry_fail(why, SN_E_CRYPTO, "key from seed");
	check = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	if (check == NULL || EVP_PKEY_check(check) != 1)
		return cry_fail(why, SN_E_CRYPTO, "key from seed");
	*ret = SN_TAKE(pkey);
	return SN_OK;
}

static enum sn_err
ec_from_seed(const struct cry_alg_info *info, struct bytes seed, EVP_PKEY **ret,
    struct sn_why *why)
{
	SN_CLEANUP(group_done) EC_GROUP *group = EC_GROUP_new_by_curve_name(info->nid);
	SN_CLEANUP(point_done) EC_POINT *point = NULL;
	SN_CLEANUP(cry_bn_done) BIGNUM *d = BN_secure_new();
	uint8_t pub[1 + 2 * 48];
	size_t n;

	point = group == NULL ? NULL : EC_POINT_new(group);
	if (point == NULL || d == NULL)
		return cry_fail(why, SN_E_NOMEM, "key from seed");
	BN_set_flags(d, BN_FLG_CONSTTIME);
	SN_TRY(ec_scalar(info, EC_GROUP_get0_order(group), seed, d, why));
	if (EC_POINT_mul(group, point, d, NULL, NULL, NULL) != 1)
		return cry_fail(why, SN_E_CRYPTO, "key from seed");
	n = EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, pub, sizeof(pub),
	    NULL);
	if (n != 1 + 2 * info->scalar)
		return cry_fail(why, SN_E_CRYPTO, "key from seed");
	return ec_import(info, d, (struct bytes){ pub, n }, ret, why);
}

static enum sn_err
mldsa_from_seed(const struct cry_alg_info *info, struct bytes seed, EVP_PKEY **ret,
    struct sn_why *why)
{
	SN_CLEANUP(cry_pkey_ctx_done) EVP_PKEY_CTX *ctx =
	    EVP_PKEY_CTX_new_from_name(NULL, info->evp, NULL);
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_ML_DSA_SEED,
		    (void *)(uintptr_t)seed.p, seed.n),
		OSSL_PARAM_construct_end(),
	};
	const OSSL_PARAM *can;

	if (ctx == NULL || EVP_PKEY_keygen_init(ctx) != 1)
		return cry_fail(why, SN_E_CRYPTO, "key from seed");
	/* Where the parameter is unknown it is ignored, and the key is random. */
	can = EVP_PKEY_CTX_settable_params(ctx);
	if (can == NULL || OSSL_PARAM_locate_const(can, OSSL_PKEY_PARAM_ML_DSA_SEED) == NULL)
		return sn_fail(why, SN_E_CRYPTO, "this libcrypto has no seed for ML-DSA");
	if (EVP_PKEY_CTX_set_params(ctx, params) != 1 || EVP_PKEY_generate(ctx, ret) != 1)
		return cry_fail(why, SN_E_CRYPTO, "key from seed");
	return SN_OK;
}

static enum sn_err
ed25519_from_seed(const struct cry_alg_info *info, struct bytes seed, EVP_PKEY **ret,
    struct sn_why *why)
{
	*ret = EVP_PKEY_new_raw_private_key_ex(NULL, info->evp, NULL, seed.p, seed.n);
	if (*ret == NULL)
		return cry_fail(why, SN_E_CRYPTO, "key from seed");
	return SN_OK;
}

static enum sn_err
no_seed(const struct cry_alg_info *info, struct bytes seed SN_UNUSED, EVP_PKEY **ret SN_UNUSED,
    struct sn_why *why)
{
	return sn_fail(why, SN_E_FORMAT, "%s keys do not come from a seed here", info->name);
}

typedef enum sn_err from_seed_fn(const struct cry_alg_info *, struct bytes, EVP_PKEY **,
    struct sn_why *);

static from_seed_fn *const makers[] = {
	[CRY_P256] = ec_from_seed,
	[CRY_P384] = ec_from_seed,
	[CRY_MLDSA87] = mldsa_from_seed,
	[CRY_ED25519] = ed25519_from_seed,
	[CRY_P521] = no_seed,
	[CRY_RSA] = no_seed,
};

enum sn_err
cry_key_from_seed(enum cry_alg alg, struct bytes seed, struct cry_key **ret, struct sn_why *why)
{
	SN_CLEANUP(cry_key_free) struct cry_key *k = NULL;
	SN_CLEANUP(sn_buf_done) struct sn_buf sig = { 0 };
	const struct cry_alg_info *info = cry_alg_info(alg);
	EVP_PKEY *pkey = NULL;

	if (seed.n < info->seed_min || seed.n > info->seed_max)
		return sn_fail(why, SN_E_FORMAT, "%s: seed of %zu bytes, not %zu to %zu",
		    info->name, seed.n, info->seed_min, info->seed_max);
	SN_TRY(makers[alg](info, seed, &pkey, why));
	SN_TRY(cry_key_wrap(pkey, alg, true, &k, why));
	/* Signing verifies what it made: this is the pairwise test. */
	SN_TRY(cry_sign(k, BYTES_STR("pairwise test"), &sig, why));
	*ret = SN_TAKE(k);
	return SN_OK;
}
