#include "appliance/crypto/priv.h"

#define SIG_MAX 8192

void
cry_det_params(enum cry_alg alg, OSSL_PARAM params[CRY_DET_PARAMS])
{
	/* Only read, and outlive every call. */
	static unsigned int rfc6979 = 1;
	static int deterministic = 1;
	size_t n = 0;

	if (cry_alg_info(alg)->group != NULL)
		params[n++] =
		    OSSL_PARAM_construct_uint(OSSL_SIGNATURE_PARAM_NONCE_TYPE, &rfc6979);
	else if (alg == CRY_MLDSA87)
		params[n++] = OSSL_PARAM_construct_int(OSSL_SIGNATURE_PARAM_DETERMINISTIC,
		    &deterministic);
	params[n] = OSSL_PARAM_construct_end();
}

enum sn_err
cry_sign(const struct cry_key *k, struct bytes data, struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(cry_md_ctx_done) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	const struct cry_alg_info *info = cry_alg_info(k->alg);
	OSSL_PARAM params[CRY_DET_PARAMS];
	uint8_t sig[SIG_MAX];
	size_t n = sizeof(sig);

	if (!k->priv || k->alg == CRY_RSA)
		return sn_fail(why, SN_E_USAGE, "%s: this key does not sign here", info->name);
	if (ctx == NULL)
		return sn_fail(why, SN_E_NOMEM, "signature");
	cry_det_params(k->alg, params);
	if (EVP_DigestSignInit_ex(ctx, NULL, info->md, NULL, NULL, k->pkey, params) != 1 ||
	    EVP_DigestSign(ctx, sig, &n, data.p, data.n) != 1)
		return cry_fail(why, SN_E_CRYPTO, "signature");
	/* A fault while signing would give the key away: look before it leaves. */
	if (cry_verify(k, data, (struct bytes){ sig, n }, NULL) != SN_OK)
		return sn_fail(why, SN_E_CRYPTO, "%s: own signature does not verify",
		    info->name);
	sn_buf_put(ret, (struct bytes){ sig, n });
	return sn_buf_check(ret, why);
}
