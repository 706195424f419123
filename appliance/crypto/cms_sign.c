#include "appliance/crypto/cms_priv.h"

#define SIGN_FLAGS                                                                             \
	(CMS_DETACHED | CMS_BINARY | CMS_PARTIAL | CMS_NOSMIMECAP | CMS_NO_SIGNING_TIME)

/* Which form goes with which key. */
static const struct {
	enum cry_alg key;
	enum cry_sigalg sig;
} uses[] = {
	{ CRY_P256, CRY_SIG_ECDSA_P256_SHA256 },
	{ CRY_P384, CRY_SIG_ECDSA_P384_SHA384 },
	{ CRY_MLDSA87, CRY_SIG_MLDSA87 },
};

static enum sn_err
sigalg_of(const struct cry_key *key, enum cry_sigalg *ret, struct sn_why *why)
{
	for (size_t i = 0; i < SN_NITEMS(uses); i++)
		if (uses[i].key == key->alg) {
			*ret = uses[i].sig;
			return SN_OK;
		}
	return sn_fail(why, SN_E_USAGE, "CMS: %s does not sign here", cry_alg_name(key->alg));
}

static enum sn_err
add_signer(CMS_ContentInfo *cms, const struct cry_key *key, const struct cry_cert *signer,
    enum cry_hash hash, struct sn_why *why)
{
	/* ML-DSA takes no parameters in CMS and stays hedged; ECDSA gets RFC 6979. */
	bool ecdsa = cry_alg_info(key->alg)->group != NULL;
	unsigned int flags = SIGN_FLAGS | (ecdsa ? CMS_KEY_PARAM : 0U);
	OSSL_PARAM params[CRY_DET_PARAMS];
	CMS_SignerInfo *si;

	si = CMS_add1_signer(cms, signer->x, key->pkey,
	    EVP_get_digestbyname(cry_hash_name(hash)), flags);
	if (si == NULL)
		return cry_fail(why, SN_E_CRYPTO, "CMS: signer");
	if (!ecdsa)
		return SN_OK;
	cry_det_params(key->alg, params);
	if (EVP_PKEY_CTX_set_params(CMS_SignerInfo_get0_pkey_ctx(si), params) != 1)
		return cry_fail(why, SN_E_CRYPTO, "CMS: signer");
	return SN_OK;
}

static enum sn_err
make(const struct cry_key *key, const struct cry_cert *signer,
    const struct cry_cert *const *extra, size_t nextra, struct bytes content,
    enum cry_hash hash, struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(cry_cms_info_done) CMS_ContentInfo *cms = NULL;
	SN_CLEANUP(cry_bio_done) BIO *in = NULL;
	unsigned char *der = NULL;
	int len;

	cms = CMS_sign(NULL, NULL, NULL, NULL, SIGN_FLAGS);
	in = BIO_new_mem_buf(content.n == 0 ? (const void *)"" : content.p, (int)content.n);
	if (cms == NULL || in == NULL)
		return cry_fail(why, SN_E_NOMEM, "CMS");
	SN_TRY(add_signer(cms, key, signer, hash, why));
	for (size_t i = 0; i < nextra; i++)
		if (CMS_add1_cert(cms, extra[i]->x) != 1)
			return cry_fail(why, SN_E_CRYPTO, "CMS: certificate");
	if (CMS_final(cms, in, NULL, SIGN_FLAGS) != 1)
		return cry_fail(why, SN_E_CRYPTO, "CMS: signing");
	len = i2d_CMS_ContentInfo(cms, &der);
	return cry_put_der(ret, len, der, "CMS", why);
}

enum sn_err
cry_cms_sign(const struct cry_key *key, const struct cry_cert *signer,
    const struct cry_cert *const *extra, size_t nextra, struct bytes content,
    struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf out = { 0 };
	SN_CLEANUP(cry_cms_done) struct cry_cms check = { 0 };
	enum cry_sigalg alg = CRY_SIG_ANY;
	enum cry_hash hash = CRY_SHA512;

	if (!key->priv)
		return sn_fail(why, SN_E_USAGE, "CMS: the signing key is public only");
	if (content.n > INT32_MAX)
		return sn_fail(why, SN_E_LIMIT, "CMS: content of %zu bytes", content.n);
	SN_TRY(sigalg_of(key, &alg, why));
	SN_TRY(cry_cms_hash(alg, &hash, why));
	if (EVP_PKEY_eq(X509_get0_pubkey(signer->x), key->pkey) != 1) {
		ERR_clear_error();
		return sn_fail(why, SN_E_CHAIN, "CMS: the key is not that of \"%s\"",
		    signer->cn);
	}
	SN_TRY(make(key, signer, extra, nextra, content, hash, &out, why));
	SN_TRY(cry_cms_open(sn_buf_bytes(&out), content, alg, &check, why));
	sn_buf_put(ret, sn_buf_bytes(&out));
	return sn_buf_check(ret, why);
}
