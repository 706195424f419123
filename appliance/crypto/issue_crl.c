#include "appliance/crypto/issue.h"

bool
cry_issue_has_ski(const struct cry_cert *c)
{
	return c != NULL && X509_get_ext_by_NID(c->x, NID_subject_key_identifier, -1) >= 0;
}

/* Serial number and date of one entry; the list takes it over. */
static enum sn_err
add_revoked(X509_CRL *crl, struct bytes serial, const ASN1_TIME *when, struct sn_why *why)
{
	SN_CLEANUP(cry_bn_done) BIGNUM *n = BN_bin2bn(serial.p, (int)serial.n, NULL);
	SN_CLEANUP(cry_integer_done) ASN1_INTEGER *i = NULL;
	X509_REVOKED *r = X509_REVOKED_new();

	if (n != NULL)
		i = BN_to_ASN1_INTEGER(n, NULL);
	if (r == NULL || i == NULL || X509_REVOKED_set_serialNumber(r, i) != 1 ||
	    X509_REVOKED_set_revocationDate(r, (ASN1_TIME *)(uintptr_t)when) != 1 ||
	    X509_CRL_add0_revoked(crl, r) != 1) {
		X509_REVOKED_free(r);
		return cry_fail(why, SN_E_NOMEM, "CRL");
	}
	return SN_OK;
}

static enum sn_err
crl_exts(X509_CRL *crl, const struct cry_cert *issuer, uint32_t number, struct sn_why *why)
{
	SN_CLEANUP(cry_integer_done) ASN1_INTEGER *n = ASN1_INTEGER_new();
	AUTHORITY_KEYID akid = { 0 };
	int ok;

	if (n == NULL || ASN1_INTEGER_set_uint64(n, number) != 1 ||
	    X509_CRL_add1_ext_i2d(crl, NID_crl_number, n, 0, X509V3_ADD_APPEND) != 1)
		return cry_fail(why, SN_E_CRYPTO, "CRL: extension");
	if (!cry_issue_has_ski(issuer))
		return SN_OK;
	akid.keyid = X509_get_ext_d2i(issuer->x, NID_subject_key_identifier, NULL, NULL);
	if (akid.keyid == NULL)
		return cry_fail(why, SN_E_CRYPTO, "CRL: extension");
	ok = X509_CRL_add1_ext_i2d(crl, NID_authority_key_identifier, &akid, 0,
	    X509V3_ADD_APPEND);
	ASN1_OCTET_STRING_free(akid.keyid);
	if (ok != 1)
		return cry_fail(why, SN_E_CRYPTO, "CRL: extension");
	return SN_OK;
}

static void
time_done(ASN1_TIME **p)
{
	ASN1_TIME_free(*p);
	*p = NULL;
}

static enum sn_err
crl_body(const struct cry_cert *issuer, int64_t this_update, int64_t next_update,
    const struct bytes *serials, size_t n, X509_CRL *crl, struct sn_why *why)
{
	SN_CLEANUP(time_done) ASN1_TIME *from = ASN1_TIME_set(NULL, (time_t)this_update);
	SN_CLEANUP(time_done) ASN1_TIME *to = ASN1_TIME_set(NULL, (time_t)next_update);

	if (from == NULL || to == NULL || X509_CRL_set_version(crl, X509_CRL_VERSION_2) != 1 ||
	    X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer->x)) != 1 ||
	    X509_CRL_set1_lastUpdate(crl, from) != 1 || X509_CRL_set1_nextUpdate(crl, to) != 1)
		return cry_fail(why, SN_E_CRYPTO, "CRL");
	for (size_t i = 0; i < n; i++)
		SN_TRY(add_revoked(crl, serials[i], from, why));
	if (X509_CRL_sort(crl) != 1)
		return cry_fail(why, SN_E_CRYPTO, "CRL");
	return SN_OK;
}

enum sn_err
cry_issue_crl_body(const struct cry_key *issuer, const struct cry_cert *issuer_cert,
    int64_t this_update, int64_t next_update, uint32_t number, const struct bytes *serials,
    size_t n, X509_CRL **ret, struct sn_why *why)
{
	SN_CLEANUP(cry_x509_crl_done) X509_CRL *crl = X509_CRL_new();

	if (crl == NULL)
		return cry_fail(why, SN_E_NOMEM, "CRL");
	SN_TRY(cry_issue_check(issuer, issuer, issuer_cert, why));
	SN_TRY(crl_body(issuer_cert, this_update, next_update, serials, n, crl, why));
	SN_TRY(crl_exts(crl, issuer_cert, number, why));
	*ret = SN_TAKE(crl);
	return SN_OK;
}

enum sn_err
cry_issue_crl_sign(X509_CRL *crl, const struct cry_key *issuer, EVP_MD_CTX *ctx,
    struct sn_buf *ret, struct sn_why *why)
{
	unsigned char *der = NULL;
	int len;

	if (X509_CRL_sign_ctx(crl, ctx) <= 0)
		return cry_fail(why, SN_E_CRYPTO, "CRL: signing");
	if (X509_CRL_verify(crl, issuer->pkey) != 1)
		return cry_fail(why, SN_E_CRYPTO, "CRL: own signature does not verify");
	len = i2d_X509_CRL(crl, &der);
	return cry_put_der(ret, len, der, "CRL", why);
}

enum sn_err
cry_crl_issue(const struct cry_key *issuer, const struct cry_cert *issuer_cert,
    int64_t this_update, int64_t next_update, uint32_t number, const struct bytes *serials,
    size_t n, struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(cry_x509_crl_done) X509_CRL *crl = NULL;
	SN_CLEANUP(cry_md_ctx_done) EVP_MD_CTX *ctx = NULL;

	SN_TRY(cry_issue_crl_body(issuer, issuer_cert, this_update, next_update, number,
	    serials, n, &crl, why));
	SN_TRY(cry_issue_ctx(issuer, &ctx, why));
	return cry_issue_crl_sign(crl, issuer, ctx, ret, why);
}
