#include "appliance/crypto/priv.h"

static enum sn_err
verify(const struct cry_key *k, const char *md, struct bytes data, struct bytes sig,
    struct sn_why *why)
{
	SN_CLEANUP(cry_md_ctx_done) EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (ctx == NULL)
		return sn_fail(why, SN_E_NOMEM, "signature");
	if (EVP_DigestVerifyInit_ex(ctx, NULL, md, NULL, NULL, k->pkey, NULL) != 1)
		return cry_fail(why, SN_E_CRYPTO, "signature");
	if (EVP_DigestVerify(ctx, sig.p, sig.n, data.p, data.n) != 1) {
		ERR_clear_error();
		return sn_fail(why, SN_E_SIGNATURE, "%s signature does not verify",
		    cry_alg_name(k->alg));
	}
	return SN_OK;
}

enum sn_err
cry_verify(const struct cry_key *k, struct bytes data, struct bytes sig, struct sn_why *why)
{
	if (k->alg == CRY_RSA)
		return sn_fail(why, SN_E_USAGE,
		    "an RSA signature is taken in a certificate only");
	return verify(k, cry_alg_info(k->alg)->md, data, sig, why);
}

static void
sig_done(ECDSA_SIG **p)
{
	ECDSA_SIG_free(*p);
	*p = NULL;
}

/* r or s: as long as the scalar, not zero, below the order. */
static enum sn_err
half(const struct cry_key *k, struct bytes v, const char *name, BIGNUM **ret,
    struct sn_why *why)
{
	SN_CLEANUP(cry_bn_done) BIGNUM *order = NULL;
	SN_CLEANUP(cry_bn_done) BIGNUM *n = BN_bin2bn(v.p, (int)v.n, NULL);

	if (n == NULL || EVP_PKEY_get_bn_param(k->pkey, OSSL_PKEY_PARAM_EC_ORDER, &order) != 1)
		return cry_fail(why, SN_E_CRYPTO, "ECDSA signature");
	if (BN_is_zero(n) || BN_cmp(n, order) >= 0)
		return sn_fail(why, SN_E_SIGNATURE,
		    "ECDSA signature: %s is zero or not below "
		    "the order",
		    name);
	*ret = SN_TAKE(n);
	return SN_OK;
}

enum sn_err
cry_verify_raw_ecdsa(const struct cry_key *k, enum cry_hash h, struct bytes data,
    struct bytes rs, struct sn_why *why)
{
	SN_CLEANUP(sig_done) ECDSA_SIG *sig = ECDSA_SIG_new();
	SN_CLEANUP(sn_buf_done) struct sn_buf der = { 0 };
	SN_CLEANUP(cry_bn_done) BIGNUM *r = NULL;
	SN_CLEANUP(cry_bn_done) BIGNUM *s = NULL;
	size_t n = cry_alg_info(k->alg)->scalar;
	unsigned char *p = NULL;
	int len;

	if (cry_alg_info(k->alg)->group == NULL)
		return sn_fail(why, SN_E_USAGE, "%s is not ECDSA", cry_alg_name(k->alg));
	if (rs.n != 2 * n)
		return sn_fail(why, SN_E_FORMAT, "ECDSA signature: %zu bytes, not %zu", rs.n,
		    2 * n);
	SN_TRY(half(k, (struct bytes){ rs.p, n }, "r", &r, why));
	SN_TRY(half(k, (struct bytes){ rs.p + n, n }, "s", &s, why));
	if (sig == NULL || ECDSA_SIG_set0(sig, r, s) != 1)
		return cry_fail(why, SN_E_NOMEM, "ECDSA signature");
	r = NULL;
	s = NULL;
	len = i2d_ECDSA_SIG(sig, &p);
	SN_TRY(cry_put_der(&der, len, p, "ECDSA signature", why));
	return verify(k, cry_hash_name(h), data, sn_buf_bytes(&der), why);
}
