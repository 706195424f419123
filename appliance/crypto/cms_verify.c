#include "appliance/crypto/cms_priv.h"
#include "appliance/crypto/der.h"

#define EKU_EMAIL_PROTECTION "1.3.6.1.5.5.7.3.4"

void
cry_cms_done(struct cry_cms *c)
{
	CMS_ContentInfo_free(c->cms);
	cry_cert_free_all(c->certs, c->ncerts);
	*c = (struct cry_cms){ 0 };
}

static void
x509s_done(STACK_OF(X509) * *p)
{
	sk_X509_pop_free(*p, X509_free);
	*p = NULL;
}

static enum sn_err
open_cert(X509 *x, struct cry_cert **ret, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf der = { 0 };
	unsigned char *p = NULL;
	int len = i2d_X509(x, &p);

	SN_TRY(cry_put_der(&der, len, p, "CMS", why));
	return cry_cert_parse(sn_buf_bytes(&der), ret, why);
}

/* The carried certificates, in their order, and which is the signer's. */
static enum sn_err
open_certs(struct cry_cms *c, struct sn_why *why)
{
	SN_CLEANUP(x509s_done) STACK_OF(X509) *list = CMS_get1_certs(c -> cms);
	int n = sk_X509_num(list);
	bool found = false;

	if (n < 1 || n > CRY_PEM_CHAIN_MAX)
		return sn_fail(why, SN_E_FORMAT,
		    "CMS: %d certificates inside, 1 to %d are "
		    "expected",
		    n < 0 ? 0 : n, CRY_PEM_CHAIN_MAX);
	for (int i = 0; i < n; i++) {
		SN_TRY(open_cert(sk_X509_value(list, i), &c->certs[i], why));
		c->ncerts++;
		if (CMS_SignerInfo_cert_cmp(c->si, sk_X509_value(list, i)) != 0)
			continue;
		c->signer = (size_t)i;
		found = true;
	}
	if (!found)
		return sn_fail(why, SN_E_FORMAT, "CMS: the signer's certificate is not inside");
	return SN_OK;
}

static enum sn_err
open_signer(struct cry_cms *c, struct sn_why *why)
{
	STACK_OF(CMS_SignerInfo) * signers;

	if (OBJ_obj2nid(CMS_get0_type(c->cms)) != NID_pkcs7_signed)
		return sn_fail(why, SN_E_FORMAT, "CMS: not a SignedData");
	signers = CMS_get0_SignerInfos(c->cms);
	if (sk_CMS_SignerInfo_num(signers) != 1)
		return sn_fail(why, SN_E_FORMAT, "CMS: %d signers, exactly 1 is expected",
		    sk_CMS_SignerInfo_num(signers));
	c->si = sk_CMS_SignerInfo_value(signers, 0);
	return open_certs(c, why);
}

static enum sn_err
check_signature(const struct cry_cms *c, struct bytes content, struct sn_why *why)
{
	SN_CLEANUP(cry_bio_done) BIO *in = NULL;
	int ok;

	if (content.n > INT32_MAX)
		return sn_fail(why, SN_E_LIMIT, "CMS: content of %zu bytes", content.n);
	in = BIO_new_mem_buf(content.n == 0 ? (const void *)"" : content.p, (int)content.n);
	if (in == NULL)
		return cry_fail(why, SN_E_NOMEM, "CMS");
	ok = CMS_verify(c->cms, NULL, NULL, in, NULL, CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY);
	if (ok != 1)
		return cry_fail(why, SN_E_SIGNATURE, "CMS signature");
	return SN_OK;
}

enum sn_err
cry_cms_open(struct bytes der, struct bytes content, enum cry_sigalg alg, struct cry_cms *ret,
    struct sn_why *why)
{
	SN_CLEANUP(cry_cms_done) struct cry_cms c = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf form = { 0 };
	const unsigned char *p = der.p;

	if (der.n > CRY_CMS_MAX)
		return sn_fail(why, SN_E_LIMIT, "CMS: %zu bytes", der.n);
	SN_TRY(der_strict(der, "CMS", why));
	c.cms = d2i_CMS_ContentInfo(NULL, &p, (long)der.n);
	if (c.cms == NULL)
		return cry_fail(why, SN_E_FORMAT, "CMS");
	SN_TRY(open_signer(&c, why));
	SN_TRY(check_signature(&c, content, why));
	SN_TRY(cry_cms_form(&c, content, alg, &form, why));
	if (!bytes_equal(sn_buf_bytes(&form), der))
		return sn_fail(why, SN_E_FORMAT,
		    "CMS: not in the one form that %s signatures "
		    "have here",
		    cry_sigalg_name(alg));
	*ret = c;
	c = (struct cry_cms){ 0 };
	return SN_OK;
}

/* Signer first, then each issuer; every carried certificate has its place. */
static enum sn_err
order_chain(const struct cry_cms *c, const struct cry_cert *chain[], struct sn_why *why)
{
	size_t n = 1;

	chain[0] = c->certs[c->signer];
	while (n < c->ncerts) {
		const struct cry_cert *next = NULL;

		for (size_t i = 0; i < c->ncerts; i++)
			if (i != c->signer && !cry_cert_self_issued(c->certs[i]) &&
			    bytes_equal(cry_cert_subject_der(c->certs[i]),
				cry_cert_issuer_der(chain[n - 1])))
				next = c->certs[i];
		if (next == NULL)
			return sn_fail(why, SN_E_CHAIN,
			    "CMS: a certificate inside is not in "
			    "the signer's chain");
		chain[n++] = next;
	}
	return SN_OK;
}

enum sn_err
cry_cms_verify(struct bytes cms, struct bytes content, const struct cry_cert *root,
    enum cry_sigalg alg, const char *eku, int64_t at, struct cry_cert **ret_signer,
    struct sn_why *why)
{
	SN_CLEANUP(cry_cms_done) struct cry_cms c = { 0 };
	const struct cry_cert *chain[CRY_PEM_CHAIN_MAX] = { NULL };

	SN_TRY(cry_cms_open(cms, content, alg, &c, why));
	SN_TRY(order_chain(&c, chain, why));
	if (cry_cert_is_ca(chain[0]))
		return sn_fail(why, SN_E_ROLE, "CMS: the signer \"%s\" is a CA", chain[0]->cn);
	SN_TRY(cry_chain_check(chain, c.ncerts, root, at, alg, X509_PURPOSE_SMIME_SIGN, eku,
	    why));
	if (!cry_cert_has_eku(chain[0], EKU_EMAIL_PROTECTION))
		return sn_fail(why, SN_E_ROLE, "CMS: the signer \"%s\" lacks emailProtection",
		    chain[0]->cn);
	*ret_signer = SN_TAKE(c.certs[c.signer]);
	return SN_OK;
}
