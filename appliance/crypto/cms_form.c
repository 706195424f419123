#include "appliance/crypto/cms_priv.h"
#include "appliance/crypto/der.h"

/*
 * What the signature does not cover (versions, digest sets, certificates, the
 * signer's identifier) could be changed without being noticed, and two verifiers
 * could read two things. So the expected bytes are built and compared whole.
 */
static const struct {
	enum cry_sigalg alg;
	enum cry_hash hash;
	int hash_nid, sig_nid;
} forms[] = {
	{ CRY_SIG_ECDSA_P256_SHA256, CRY_SHA256, NID_sha256, NID_ecdsa_with_SHA256 },
	{ CRY_SIG_ECDSA_P384_SHA384, CRY_SHA384, NID_sha384, NID_ecdsa_with_SHA384 },
	{ CRY_SIG_MLDSA87, CRY_SHA512, NID_sha512, NID_ML_DSA_87 },
};

static enum sn_err
form_of(enum cry_sigalg alg, size_t *ret, struct sn_why *why)
{
	for (size_t i = 0; i < SN_NITEMS(forms); i++)
		if (forms[i].alg == alg) {
			*ret = i;
			return SN_OK;
		}
	return sn_fail(why, SN_E_USAGE, "CMS: %s is not used", cry_sigalg_name(alg));
}

enum sn_err
cry_cms_hash(enum cry_sigalg alg, enum cry_hash *ret, struct sn_why *why)
{
	size_t i = 0;

	SN_TRY(form_of(alg, &i, why));
	*ret = forms[i].hash;
	return SN_OK;
}

static enum sn_err
put_oid(struct sn_buf *b, int nid, struct sn_why *why)
{
	unsigned char *der = NULL;
	int len = i2d_ASN1_OBJECT(OBJ_nid2obj(nid), &der);

	return cry_put_der(b, len, der, "CMS", why);
}

/* AlgorithmIdentifier without parameters [RFC 5754, RFC 5758, RFC 9882]. */
static enum sn_err
put_algor(struct sn_buf *b, int nid, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf oid = { 0 };

	SN_TRY(put_oid(&oid, nid, why));
	der_put(b, DER_SEQUENCE, sn_buf_bytes(&oid));
	return SN_OK;
}

/* Attribute with one value. */
static enum sn_err
put_attr(struct sn_buf *b, int nid, struct bytes value, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf attr = { 0 };

	SN_TRY(put_oid(&attr, nid, why));
	der_put(&attr, DER_SET, value);
	der_put(b, DER_SEQUENCE, sn_buf_bytes(&attr));
	return SN_OK;
}

/* contentType, messageDigest: in this order as DER sorts a SET OF. */
static enum sn_err
put_attrs(struct sn_buf *b, struct bytes content, enum cry_hash hash, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf attrs = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf type = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf digest = { 0 };
	uint8_t md[CRY_MAX_HASH];

	SN_TRY(cry_digest(hash, content, md, why));
	SN_TRY(put_oid(&type, NID_pkcs7_data, why));
	der_put(&digest, DER_OCTETS, (struct bytes){ md, cry_hash_len(hash) });
	SN_TRY(put_attr(&attrs, NID_pkcs9_contentType, sn_buf_bytes(&type), why));
	SN_TRY(put_attr(&attrs, NID_pkcs9_messageDigest, sn_buf_bytes(&digest), why));
	der_put(b, DER_CONTEXT0, sn_buf_bytes(&attrs));
	return SN_OK;
}

static const uint8_t version1[] = { 1 };

/* SignerInfo, version 1: issuerAndSerialNumber. */
static enum sn_err
put_signer(const struct cry_cms *c, struct bytes content, size_t form, struct sn_buf *b,
    struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf si = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf sid = { 0 };
	const struct cry_cert *signer = c->certs[c->signer];
	const ASN1_OCTET_STRING *sig = CMS_SignerInfo_get0_signature(c->si);
	unsigned char *serial = NULL;
	int len = i2d_ASN1_INTEGER(X509_get0_serialNumber(signer->x), &serial);

	der_put(&si, DER_INTEGER, BYTES_OF(version1));
	sn_buf_put(&sid, cry_cert_issuer_der(signer));
	SN_TRY(cry_put_der(&sid, len, serial, "CMS", why));
	der_put(&si, DER_SEQUENCE, sn_buf_bytes(&sid));
	SN_TRY(put_algor(&si, forms[form].hash_nid, why));
	SN_TRY(put_attrs(&si, content, forms[form].hash, why));
	SN_TRY(put_algor(&si, forms[form].sig_nid, why));
	der_put(&si, DER_OCTETS,
	    (struct bytes){ ASN1_STRING_get0_data(sig), (size_t)ASN1_STRING_length(sig) });
	der_put(b, DER_SEQUENCE, sn_buf_bytes(&si));
	return SN_OK;
}

/* What is inside SignedData, version 1. */
static enum sn_err
put_signed_data(const struct cry_cms *c, struct bytes content, size_t form, struct sn_buf *b,
    struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf hashes = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf certs = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf signers = { 0 };

	der_put(b, DER_INTEGER, BYTES_OF(version1));
	SN_TRY(put_algor(&hashes, forms[form].hash_nid, why));
	der_put(b, DER_SET, sn_buf_bytes(&hashes));
	SN_TRY(put_algor(b, NID_pkcs7_data, why)); /* detached: the type alone */
	for (size_t i = 0; i < c->ncerts; i++)
		sn_buf_put(&certs, cry_cert_der(c->certs[i]));
	der_put(b, DER_CONTEXT0, sn_buf_bytes(&certs));
	SN_TRY(put_signer(c, content, form, &signers, why));
	der_put(b, DER_SET, sn_buf_bytes(&signers));
	return SN_OK;
}

enum sn_err
cry_cms_form(const struct cry_cms *c, struct bytes content, enum cry_sigalg alg,
    struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf data = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf sequence = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf info = { 0 };
	size_t form = 0;

	SN_TRY(form_of(alg, &form, why));
	SN_TRY(put_signed_data(c, content, form, &data, why));
	der_put(&sequence, DER_SEQUENCE, sn_buf_bytes(&data));
	SN_TRY(put_oid(&info, NID_pkcs7_signed, why));
	der_put(&info, DER_CONTEXT0, sn_buf_bytes(&sequence));
	der_put(ret, DER_SEQUENCE, sn_buf_bytes(&info));
	return sn_buf_check(ret, why);
}
