#include "appliance/crypto/makepki.h"
#include "appliance/crypto/issue.h"

enum sn_err
cry_key_generate_rsa(unsigned int bits, struct cry_key **ret, struct sn_why *why)
{
	EVP_PKEY *pkey;

	if (bits < 2048 || bits > 4096)
		return sn_fail(why, SN_E_USAGE, "RSA of %u bits", bits);
	pkey = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)bits);
	if (pkey == NULL)
		return cry_fail(why, SN_E_CRYPTO, "RSA key");
	return cry_key_wrap(pkey, CRY_RSA, true, ret, why);
}

/* One member of an EC key, by name; NULL leaves it. */
static bool
set_form(EVP_PKEY *pkey, const char *name, const char *value)
{
	return value == NULL || EVP_PKEY_set_utf8_string_param(pkey, name, value) == 1;
}

enum sn_err
cry_key_generate_p521(enum cry_ec_form form, struct cry_key **ret, struct sn_why *why)
{
	SN_CLEANUP(cry_pkey_done) EVP_PKEY *pkey =
	    EVP_PKEY_Q_keygen(NULL, NULL, "EC", cry_alg_info(CRY_P521)->group);

	if (pkey == NULL ||
	    !set_form(pkey, OSSL_PKEY_PARAM_EC_ENCODING,
		form == CRY_EC_EXPLICIT ? OSSL_PKEY_EC_ENCODING_EXPLICIT : NULL) ||
	    !set_form(pkey, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
		form == CRY_EC_COMPRESSED ? OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_COMPRESSED
					  : NULL))
		return cry_fail(why, SN_E_CRYPTO, "P-521 key");
	return cry_key_wrap(SN_TAKE(pkey), CRY_P521, true, ret, why);
}

static void
ext_done(X509_EXTENSION **p)
{
	X509_EXTENSION_free(*p);
	*p = NULL;
}

static enum sn_err
make_raw(const struct cry_raw_ext *raw, X509_EXTENSION **ret, struct sn_why *why)
{
	SN_CLEANUP(cry_obj_done) ASN1_OBJECT *oid = OBJ_txt2obj(raw->oid, 1);
	SN_CLEANUP(cry_octets_done) ASN1_OCTET_STRING *v = ASN1_OCTET_STRING_new();

	if (oid == NULL || v == NULL ||
	    ASN1_OCTET_STRING_set(v, raw->der.p, (int)raw->der.n) != 1)
		return cry_fail(why, SN_E_CRYPTO, "certificate: extension");
	*ret = X509_EXTENSION_create_by_OBJ(NULL, oid, raw->critical, v);
	if (*ret == NULL)
		return cry_fail(why, SN_E_CRYPTO, "certificate: extension");
	return SN_OK;
}

static enum sn_err
add_raw(X509 *x, const struct cry_raw_ext *raw, struct sn_why *why)
{
	SN_CLEANUP(ext_done) X509_EXTENSION *ext = NULL;

	SN_TRY(make_raw(raw, &ext, why));
	if (X509_add_ext(x, ext, -1) != 1)
		return cry_fail(why, SN_E_NOMEM, "certificate: extension");
	return SN_OK;
}

enum sn_err
cry_cert_issue_raw(const struct cry_profile *profile, const struct cry_raw_ext *exts,
    size_t nexts, bool no_key_ids, const struct cry_key *subject, const struct cry_key *issuer,
    const struct cry_cert *issuer_cert, struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(cry_x509_done) X509 *x = NULL;

	SN_TRY(cry_issue_check(subject, issuer, issuer_cert, why));
	SN_TRY(cry_issue_body(profile, true, subject, issuer_cert, &x, why));
	SN_TRY(cry_issue_usage(profile, x, why));
	if (!no_key_ids)
		SN_TRY(cry_issue_key_ids(subject,
		    cry_issue_has_ski(issuer_cert) ? issuer_cert : NULL, x, why));
	for (size_t i = 0; i < nexts; i++)
		SN_TRY(add_raw(x, &exts[i], why));
	return cry_issue_sign(x, issuer, ret, why);
}

static enum sn_err
v15_ctx(const struct cry_key *issuer, enum cry_hash hash, EVP_MD_CTX **ret, struct sn_why *why)
{
	SN_CLEANUP(cry_md_ctx_done) EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (issuer->alg != CRY_RSA)
		return sn_fail(why, SN_E_USAGE, "%s does not sign so",
		    cry_alg_name(issuer->alg));
	if (ctx == NULL ||
	    EVP_DigestSignInit_ex(ctx, NULL, cry_hash_name(hash), NULL, NULL, issuer->pkey,
		NULL) != 1)
		return cry_fail(why, SN_E_CRYPTO, "signature");
	*ret = SN_TAKE(ctx);
	return SN_OK;
}

enum sn_err
cry_cert_issue_v15(const struct cry_profile *profile, const struct cry_raw_ext *exts,
    size_t nexts, const struct cry_key *subject, const struct cry_key *issuer,
    const struct cry_cert *issuer_cert, const struct cry_cert *akid_cert, enum cry_hash hash,
    struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(cry_x509_done) X509 *x = NULL;
	SN_CLEANUP(cry_md_ctx_done) EVP_MD_CTX *ctx = NULL;

	SN_TRY(cry_issue_check(subject, issuer, issuer_cert, why));
	SN_TRY(cry_issue_body(profile, true, subject, issuer_cert, &x, why));
	SN_TRY(cry_issue_usage(profile, x, why));
	SN_TRY(cry_issue_key_ids(subject, akid_cert, x, why));
	for (size_t i = 0; i < nexts; i++)
		SN_TRY(add_raw(x, &exts[i], why));
	SN_TRY(v15_ctx(issuer, hash, &ctx, why));
	return cry_issue_sign_ctx(x, issuer, ctx, ret, why);
}

enum sn_err
cry_crl_issue_v15(const struct cry_key *issuer, const struct cry_cert *issuer_cert,
    int64_t this_update, int64_t next_update, const struct bytes *serials, size_t n,
    enum cry_hash hash, struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(cry_x509_crl_done) X509_CRL *crl = NULL;
	SN_CLEANUP(cry_md_ctx_done) EVP_MD_CTX *ctx = NULL;

	SN_TRY(cry_issue_crl_body(issuer, issuer_cert, this_update, next_update, 1, serials, n,
	    &crl, why));
	SN_TRY(v15_ctx(issuer, hash, &ctx, why));
	return cry_issue_crl_sign(crl, issuer, ctx, ret, why);
}

static void
sig_done(ECDSA_SIG **p)
{
	ECDSA_SIG_free(*p);
	*p = NULL;
}

enum sn_err
cry_sign_raw_ecdsa(const struct cry_key *k, struct bytes data, struct sn_buf *ret,
    struct sn_why *why)
{
	SN_CLEANUP(sig_done) ECDSA_SIG *sig = NULL;
	SN_CLEANUP(sn_buf_done) struct sn_buf der = { 0 };
	const struct cry_alg_info *info = cry_alg_info(k->alg);
	const unsigned char *p;
	uint8_t rs[2 * 66];

	if (info->group == NULL)
		return sn_fail(why, SN_E_USAGE, "%s is not ECDSA", info->name);
	SN_TRY(cry_sign(k, data, &der, why));
	p = der.p;
	sig = d2i_ECDSA_SIG(NULL, &p, (long)der.n);
	if (sig == NULL || BN_bn2binpad(ECDSA_SIG_get0_r(sig), rs, (int)info->scalar) < 0 ||
	    BN_bn2binpad(ECDSA_SIG_get0_s(sig), rs + info->scalar, (int)info->scalar) < 0)
		return cry_fail(why, SN_E_CRYPTO, "ECDSA signature");
	sn_buf_put(ret, (struct bytes){ rs, 2 * info->scalar });
	return sn_buf_check(ret, why);
}
