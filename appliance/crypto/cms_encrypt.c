#include "appliance/crypto/cms_priv.h"

#define ENCRYPT_FLAGS (CMS_BINARY | CMS_USE_KEYID | CMS_KEY_PARAM)

/* OpenSSL names a recipient by certificate only: one that carries the key and its
 * identifier, is never signed and never leaves. */
static enum sn_err
carrier(const struct cry_key *recipient, X509 **ret, struct sn_why *why)
{
	SN_CLEANUP(cry_x509_done) X509 *x = X509_new();
	SN_CLEANUP(cry_octets_done) ASN1_OCTET_STRING *ski = ASN1_OCTET_STRING_new();
	uint8_t id[CRY_KEY_ID_LEN];

	SN_TRY(cry_key_id(recipient, id, why));
	if (x == NULL || ski == NULL || ASN1_OCTET_STRING_set(ski, id, sizeof(id)) != 1 ||
	    X509_set_version(x, X509_VERSION_3) != 1 ||
	    X509_set_pubkey(x, recipient->pkey) != 1 ||
	    X509_add1_ext_i2d(x, NID_subject_key_identifier, ski, 0, X509V3_ADD_APPEND) != 1)
		return cry_fail(why, SN_E_NOMEM, "CMS: recipient");
	*ret = SN_TAKE(x);
	return SN_OK;
}

/* [RFC 5753] ephemeral-static ECDH with the SHA-384 KDF and AES-256 wrap. */
static enum sn_err
add_recipient(CMS_ContentInfo *cms, const struct cry_key *recipient, struct sn_why *why)
{
	SN_CLEANUP(cry_x509_done) X509 *x = NULL;
	CMS_RecipientInfo *ri;
	EVP_PKEY_CTX *ctx;
	EVP_CIPHER_CTX *wrap;

	SN_TRY(carrier(recipient, &x, why));
	ri = CMS_add1_recipient(cms, x, NULL, NULL, ENCRYPT_FLAGS);
	ctx = ri == NULL ? NULL : CMS_RecipientInfo_get0_pkey_ctx(ri);
	wrap = ri == NULL ? NULL : CMS_RecipientInfo_kari_get0_ctx(ri);
	if (ctx == NULL || wrap == NULL ||
	    EVP_PKEY_CTX_set_ecdh_kdf_md(ctx, EVP_sha384()) != 1 ||
	    EVP_EncryptInit_ex(wrap, EVP_aes_256_wrap(), NULL, NULL, NULL) != 1)
		return cry_fail(why, SN_E_CRYPTO, "CMS: recipient");
	return SN_OK;
}

enum sn_err
cry_cms_encrypt(const struct cry_key *recipient, struct bytes plain, struct sn_buf *ret,
    struct sn_why *why)
{
	SN_CLEANUP(cry_cms_info_done) CMS_ContentInfo *cms = NULL;
	SN_CLEANUP(cry_bio_done) BIO *in = NULL;
	unsigned char *der = NULL;
	int len;

	if (recipient->alg != CRY_P384)
		return sn_fail(why, SN_E_USAGE, "CMS: the recipient's key is %s, not P-384",
		    cry_alg_name(recipient->alg));
	if (plain.n == 0 || plain.n > CRY_CMS_MAX / 2)
		return sn_fail(why, SN_E_LIMIT, "CMS: %zu bytes to encrypt", plain.n);
	cms = CMS_AuthEnvelopedData_create(EVP_aes_256_gcm());
	in = BIO_new_mem_buf(plain.p, (int)plain.n);
	if (cms == NULL || in == NULL || CMS_set_detached(cms, 0) != 1)
		return cry_fail(why, SN_E_NOMEM, "CMS");
	SN_TRY(add_recipient(cms, recipient, why));
	if (CMS_final(cms, in, NULL, CMS_BINARY) != 1)
		return cry_fail(why, SN_E_CRYPTO, "CMS: encrypting");
	len = i2d_CMS_ContentInfo(cms, &der);
	return cry_put_der(ret, len, der, "CMS", why);
}
