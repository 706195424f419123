#include "appliance/crypto/cms_priv.h"
#include "appliance/crypto/der.h"

static enum sn_err
open_envelope(struct bytes der, CMS_ContentInfo **ret, struct sn_why *why)
{
	SN_CLEANUP(cry_cms_info_done) CMS_ContentInfo *cms = NULL;
	STACK_OF(CMS_RecipientInfo) * ris;
	const unsigned char *p = der.p;

	if (der.n > CRY_CMS_MAX)
		return sn_fail(why, SN_E_LIMIT, "CMS: %zu bytes", der.n);
	SN_TRY(der_strict(der, "CMS", why));
	cms = d2i_CMS_ContentInfo(NULL, &p, (long)der.n);
	if (cms == NULL)
		return cry_fail(why, SN_E_FORMAT, "CMS");
	if (OBJ_obj2nid(CMS_get0_type(cms)) != NID_id_smime_ct_authEnvelopedData)
		return sn_fail(why, SN_E_FORMAT, "CMS: not an AuthEnvelopedData");
	ris = CMS_get0_RecipientInfos(cms);
	if (sk_CMS_RecipientInfo_num(ris) != 1 ||
	    CMS_RecipientInfo_type(sk_CMS_RecipientInfo_value(ris, 0)) != CMS_RECIPINFO_AGREE)
		return sn_fail(why, SN_E_FORMAT,
		    "CMS: not for exactly one key-agreement "
		    "recipient");
	*ret = SN_TAKE(cms);
	return SN_OK;
}

static enum sn_err
check_cipher(BIO *bio, struct sn_why *why)
{
	EVP_CIPHER_CTX *ctx = NULL;

	if (BIO_get_cipher_ctx(bio, &ctx) != 1 || ctx == NULL ||
	    EVP_CIPHER_CTX_get_nid(ctx) != NID_aes_256_gcm)
		return sn_fail(why, SN_E_FORMAT, "CMS: not encrypted with AES-256-GCM");
	return SN_OK;
}

/* Read to the end straight into locked memory; the tag is checked at the end. */
static enum sn_err
read_all(BIO *bio, struct sn_secret *out, struct sn_why *why)
{
	size_t done = 0;

	for (;;) {
		int got =
		    done == out->n ? 0 : BIO_read(bio, out->p + done, (int)(out->n - done));

		if (got <= 0)
			break;
		done += (size_t)got;
	}
	if (BIO_method_type(bio) != BIO_TYPE_CIPHER || BIO_get_cipher_status(bio) != 1)
		return cry_fail(why, SN_E_SIGNATURE, "CMS: not for this key, or altered");
	sn_secret_truncate(out, done);
	return SN_OK;
}

enum sn_err
cry_cms_decrypt(const struct cry_key *recipient, struct bytes cms, struct sn_secret *ret,
    struct sn_why *why)
{
	SN_CLEANUP(cry_cms_info_done) CMS_ContentInfo *info = NULL;
	SN_CLEANUP(sn_secret_done) struct sn_secret out = { 0 };
	SN_CLEANUP(cry_bio_done) BIO *bio = NULL;

	if (!recipient->priv || recipient->alg != CRY_P384)
		return sn_fail(why, SN_E_USAGE, "CMS: this key does not decrypt here");
	SN_TRY(open_envelope(cms, &info, why));
	if (CMS_decrypt_set1_pkey(info, recipient->pkey, NULL) != 1)
		return cry_fail(why, SN_E_SIGNATURE, "CMS: not for this key, or altered");
	bio = CMS_dataInit(info, NULL);
	if (bio == NULL)
		return cry_fail(why, SN_E_FORMAT, "CMS");
	SN_TRY(check_cipher(bio, why));
	/* The plaintext is shorter than what carries it: there is always room. */
	SN_TRY(sn_secret_new(cms.n, &out, why));
	SN_TRY(read_all(bio, &out, why));
	*ret = out;
	out = (struct sn_secret){ 0 };
	return SN_OK;
}
