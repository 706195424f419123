#include <stdlib.h>

#include "appliance/crypto/der.h"
#include "appliance/crypto/priv.h"

#define DER_BIT_STRING 0x03

/* What X509_verify() sets up anew for each signature: the digest, the key's context. */
struct cry_warm {
	EVP_MD_CTX *hash;
	struct {
		EVP_MD *md;
		EVP_PKEY_CTX *key;
	} by[CRY_SIG_ANY]; /* without a key: not of this kind, or nothing to prepare */
};

void
cry_warm_free(struct cry_warm **wp)
{
	struct cry_warm *w = *wp;

	if (w == NULL)
		return;
	for (enum cry_sigalg a = 0; a < CRY_SIG_ANY; a++) {
		EVP_MD_free(w->by[a].md);
		EVP_PKEY_CTX_free(w->by[a].key);
	}
	EVP_MD_CTX_free(w->hash);
	free(w);
	*wp = NULL;
}

/* The text of a parameter, which OpenSSL only reads. */
static OSSL_PARAM
name_param(const char *key, const char *name)
{
	return OSSL_PARAM_construct_utf8_string(key, (char *)(uintptr_t)name, 0);
}

/* One algorithm, its parameters fixed here and never read from a certificate. */
static bool
prepare(struct cry_warm *w, EVP_PKEY *pkey, const struct cry_sigalg_info *info,
    enum cry_sigalg a)
{
	int pad = info->pss_salt != 0 ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING;
	int salt = info->pss_salt;
	OSSL_PARAM params[5];
	size_t n = 0;

	params[n++] = name_param(OSSL_SIGNATURE_PARAM_DIGEST, info->md);
	if (info->key == CRY_RSA)
		params[n++] = OSSL_PARAM_construct_int(OSSL_SIGNATURE_PARAM_PAD_MODE, &pad);
	if (info->pss_salt != 0) {
		params[n++] = OSSL_PARAM_construct_int(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, &salt);
		params[n++] = name_param(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, info->md);
	}
	params[n] = OSSL_PARAM_construct_end();
	w->by[a].md = EVP_MD_fetch(NULL, info->md, NULL);
	w->by[a].key = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	return w->by[a].md != NULL && w->by[a].key != NULL &&
	    EVP_PKEY_verify_init_ex(w->by[a].key, params) == 1;
}

enum sn_err
cry_cert_warm(struct cry_cert *c, struct sn_why *why)
{
	SN_CLEANUP(cry_warm_free) struct cry_warm *w = NULL;

	if (c->warm != NULL || !c->key_known)
		return SN_OK;
	w = calloc(1, sizeof(*w));
	if (w == NULL || (w->hash = EVP_MD_CTX_new()) == NULL)
		return sn_fail(why, SN_E_NOMEM, "certificate: a key's context");
	for (enum cry_sigalg a = 0; a < CRY_SIG_ANY; a++) {
		const struct cry_sigalg_info *info = cry_sigalg_info(a);

		if (info->md != NULL && info->key == c->key_alg &&
		    !prepare(w, X509_get0_pubkey(c->x), info, a))
			return cry_fail(why, SN_E_CRYPTO, "certificate: a key's context");
	}
	c->warm = SN_TAKE(w);
	return SN_OK;
}

/* [RFC 5280 4.1] the signed part with its head, and the signature: whole bytes alone. */
static enum sn_err
take_signed(struct bytes der, struct bytes *ret_tbs, struct bytes *ret_sig, struct sn_why *why)
{
	struct bytes list = { 0 }, tbs, v = { 0 };

	SN_TRY(der_take(&der, DER_SEQUENCE, &list, "certificate", why));
	tbs = list;
	SN_TRY(der_take(&list, DER_SEQUENCE, &v, "certificate", why));
	tbs.n = (size_t)(list.p - tbs.p);
	SN_TRY(der_take(&list, DER_SEQUENCE, &v, "certificate", why));
	SN_TRY(der_take(&list, DER_BIT_STRING, &v, "certificate", why));
	if (v.n == 0 || v.p[0] != 0)
		return sn_fail(why, SN_E_SIGNATURE, "certificate: bits left over");
	*ret_tbs = tbs;
	*ret_sig = (struct bytes){ v.p + 1, v.n - 1 };
	return SN_OK;
}

bool
cry_warm_verifies(const struct cry_cert *c, const struct cry_cert *issuer, enum cry_sigalg a)
{
	struct cry_warm *w = issuer->warm;
	struct bytes tbs = { 0 }, sig = { 0 };
	uint8_t hash[EVP_MAX_MD_SIZE];
	unsigned int n = 0;

	/* what stands for several algorithms has nothing prepared */
	if (w == NULL || a >= CRY_SIG_ANY || w->by[a].key == NULL)
		return X509_verify(c->x, X509_get0_pubkey(issuer->x)) == 1;
	return take_signed(sn_buf_bytes(&c->der), &tbs, &sig, NULL) == SN_OK &&
	    EVP_DigestInit_ex2(w->hash, w->by[a].md, NULL) == 1 &&
	    EVP_DigestUpdate(w->hash, tbs.p, tbs.n) == 1 &&
	    EVP_DigestFinal_ex(w->hash, hash, &n) == 1 &&
	    EVP_PKEY_verify(w->by[a].key, sig.p, sig.n, hash, n) == 1;
}
