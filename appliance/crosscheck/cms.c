#include <gnutls/pkcs7.h>
#include <string.h>

#include "appliance/crosscheck/tls.h"
#include "appliance/crosscheck/trust.h"

#define MLDSA87_SIG 4627
#define CMS_CERTS 2

#define OID_DATA "06092a864886f70d010701"
#define OID_SIGNED_DATA "06092a864886f70d010702"
#define OID_CONTENT_TYPE "06092a864886f70d010903"
#define OID_MESSAGE_DIGEST "06092a864886f70d010904"

static const struct cms_row {
	const char *path;
	enum xc_cert_id signer, ca;
	gnutls_digest_algorithm_t hash;
	size_t hash_len;
	const char *hash_alg; /* AlgorithmIdentifier */
} rows[] = {
	{ XC_CMS_P384, XC_STATEMENT_P384, XC_SIGNING_P384, GNUTLS_DIG_SHA384, 48,
	    "300b0609608648016503040202" },
	{ XC_CMS_MLDSA, XC_STATEMENT_MLDSA, XC_SIGNING_MLDSA, GNUTLS_DIG_SHA512, 64,
	    "300b0609608648016503040203" },
	/* operations statements */
	{ XC_CMS_P384, XC_OPERATIONS_P384, XC_SIGNING_P384, GNUTLS_DIG_SHA384, 48,
	    "300b0609608648016503040202" },
	{ XC_CMS_MLDSA, XC_OPERATIONS_MLDSA, XC_SIGNING_MLDSA, GNUTLS_DIG_SHA512, 64,
	    "300b0609608648016503040203" },
};

static void
pkcs7_done(gnutls_pkcs7_t *p)
{
	if (*p != NULL)
		gnutls_pkcs7_deinit(*p);
	*p = NULL;
}

/* Attribute with one value. */
static enum sn_err
put_attr(struct sn_buf *b, const char *oid, struct bytes value, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf attr = { 0 };

	SN_TRY(der_put_hex(&attr, oid, why));
	der_put(&attr, DER_SET, value);
	SN_TRY(sn_buf_check(&attr, why));
	der_put(b, DER_SEQUENCE, sn_buf_bytes(&attr));
	return SN_OK;
}

static enum sn_err
put_attrs(const struct xc *c, const struct cms_row *row, struct sn_buf *b, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf attrs = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf type = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf digest = { 0 };
	uint8_t hash[64];

	SN_TRY(tls_hash(row->hash, c->text, hash, why));
	SN_TRY(der_put_hex(&type, OID_DATA, why));
	der_put(&digest, DER_OCTETS, (struct bytes){ hash, row->hash_len });
	SN_TRY(sn_buf_check(&digest, why));
	SN_TRY(put_attr(&attrs, OID_CONTENT_TYPE, sn_buf_bytes(&type), why));
	SN_TRY(put_attr(&attrs, OID_MESSAGE_DIGEST, sn_buf_bytes(&digest), why));
	SN_TRY(sn_buf_check(&attrs, why));
	der_put(b, DER_CONTEXT0, sn_buf_bytes(&attrs));
	return SN_OK;
}

/* SignerInfo version 1 [RFC 5652 5.3]. */
static enum sn_err
put_signer(const struct xc *c, const struct cms_row *row, struct bytes sig, struct sn_buf *b,
    struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf si = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf sid = { 0 };

	SN_TRY(xc_put_name(c, row->ca, &sid, why));
	der_put(&sid, DER_INTEGER, BYTES_OF(c->cert[row->signer].serial));
	SN_TRY(sn_buf_check(&sid, why));
	SN_TRY(der_put_hex(&si, "020101", why));
	der_put(&si, DER_SEQUENCE, sn_buf_bytes(&sid));
	SN_TRY(der_put_hex(&si, row->hash_alg, why));
	SN_TRY(put_attrs(c, row, &si, why));
	SN_TRY(der_put_hex(&si, xc_sig_alg(row->signer), why));
	der_put(&si, DER_OCTETS, sig);
	SN_TRY(sn_buf_check(&si, why));
	der_put(b, DER_SEQUENCE, sn_buf_bytes(&si));
	return SN_OK;
}

/* The SET OF both certificates: DER sorts them by their bytes [X.690 11.6]. */
static void
put_certs(const struct xc *c, const struct cms_row *row, struct sn_buf *b)
{
	const struct bytes ca = tls_bytes(&c->cert[row->ca].der);
	const struct bytes leaf = tls_bytes(&c->cert[row->signer].der);
	const bool ca_first = memcmp(ca.p, leaf.p, ca.n < leaf.n ? ca.n : leaf.n) < 0;

	sn_buf_put(b, ca_first ? ca : leaf);
	sn_buf_put(b, ca_first ? leaf : ca);
}

/*
 * What no signature covers (versions, digest sets, certificates, the signer's
 * name) could be changed unnoticed; so the whole is built and compared.
 */
static enum sn_err
put_cms(const struct xc *c, const struct cms_row *row, struct bytes sig, struct sn_buf *ret,
    struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf data = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf part = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf info = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf certs = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf signers = { 0 };

	SN_TRY(der_put_hex(&data, "020101", why));
	SN_TRY(der_put_hex(&part, row->hash_alg, why));
	der_put(&data, DER_SET, sn_buf_bytes(&part));
	part.n = 0;
	SN_TRY(der_put_hex(&part, OID_DATA, why)); /* detached: the type alone */
	der_put(&data, DER_SEQUENCE, sn_buf_bytes(&part));
	put_certs(c, row, &certs);
	der_put(&data, DER_CONTEXT0, sn_buf_bytes(&certs));
	SN_TRY(put_signer(c, row, sig, &signers, why));
	der_put(&data, DER_SET, sn_buf_bytes(&signers));
	SN_TRY(sn_buf_check(&certs, why));
	SN_TRY(sn_buf_check(&signers, why));
	part.n = 0;
	der_put(&part, DER_SEQUENCE, sn_buf_bytes(&data));
	SN_TRY(der_put_hex(&info, OID_SIGNED_DATA, why));
	der_put(&info, DER_CONTEXT0, sn_buf_bytes(&part));
	SN_TRY(sn_buf_check(&data, why));
	SN_TRY(sn_buf_check(&part, why));
	SN_TRY(sn_buf_check(&info, why));
	der_put(ret, DER_SEQUENCE, sn_buf_bytes(&info));
	return sn_buf_check(ret, why);
}

static enum sn_err
check_form(const struct xc *c, const struct cms_row *row, struct bytes cms, struct bytes sig,
    struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf expected = { 0 };

	SN_TRY(put_cms(c, row, sig, &expected, why));
	if (!bytes_equal(sn_buf_bytes(&expected), cms))
		return sn_fail(why, SN_E_SIGNATURE,
		    "%s: is not the form of a signature over " XC_STATEMENT " by %s", row->path,
		    xc_cert_rows[row->signer].label);
	return SN_OK;
}

/* The certificate in it is the one for statements, and no other that we issued. */
static enum sn_err
check_signer(const struct xc *c, const struct cms_row *row, gnutls_pkcs7_t p,
    struct sn_why *why)
{
	for (unsigned int i = 0; i < CMS_CERTS; i++) {
		SN_CLEANUP(tls_datum_done) gnutls_datum_t der = { 0 };

		if (gnutls_pkcs7_get_crt_raw2(p, i, &der) == 0 &&
		    bytes_equal(tls_bytes(&der), tls_bytes(&c->cert[row->signer].der)))
			return SN_OK;
	}
	return sn_fail(why, SN_E_SIGNATURE,
	    "%s: its signer may not sign statements, it is not %s of trust/", row->path,
	    xc_cert_rows[row->signer].label);
}

static enum sn_err
open_cms(const struct xc *c, const struct cms_row *row, struct bytes *ret_der,
    gnutls_pkcs7_t *ret, struct sn_why *why)
{
	SN_CLEANUP(pkcs7_done) gnutls_pkcs7_t p = NULL;

	SN_TRY(xc_get(c, row->path, ret_der, why));
	gnutls_datum_t in = tls_datum(*ret_der);
	if (gnutls_pkcs7_init(&p) != 0)
		return sn_fail(why, SN_E_NOMEM, "%s", row->path);
	if (gnutls_pkcs7_import(p, &in, GNUTLS_X509_FMT_DER) != 0)
		return sn_fail(why, SN_E_SIGNATURE, "%s: not a CMS in DER", row->path);
	if (gnutls_pkcs7_get_signature_count(p) != 1 ||
	    gnutls_pkcs7_get_crt_count(p) != CMS_CERTS)
		return sn_fail(why, SN_E_SIGNATURE,
		    "%s: not one signer with its certificate and its CA's", row->path);
	SN_TRY(check_signer(c, row, p, why));
	*ret = SN_TAKE(p);
	return SN_OK;
}

enum sn_err
xc_check_cms_p384(struct xc *c, struct sn_buf *line, struct sn_why *why)
{
	SN_CLEANUP(pkcs7_done) gnutls_pkcs7_t p = NULL;
	const struct cms_row *row = &rows[c->number > 0 ? 2 : 0];
	gnutls_pkcs7_signature_info_st info = { 0 };
	gnutls_datum_t text = tls_datum(c->text);
	struct bytes der;
	enum sn_err e;

	SN_TRY(open_cms(c, row, &der, &p, why));
	/* the signer is the certificate whose chain xc_check_chains() has verified */
	if (gnutls_pkcs7_verify_direct(p, c->cert[row->signer].crt, 0, &text, 0) < 0)
		return sn_fail(why, SN_E_SIGNATURE, "%s: the signature does not match",
		    row->path);
	if (gnutls_pkcs7_get_signature_info(p, 0, &info) != 0)
		return sn_fail(why, SN_E_SIGNATURE, "%s: the signer", row->path);
	e = check_form(c, row, der, tls_bytes(&info.sig), why);
	gnutls_pkcs7_signature_info_deinit(&info);
	SN_TRY(e);
	xc_mark(c, row->path);
	sn_buf_str(line, XC_CMS_P384);
	return SN_OK;
}

enum sn_err
xc_check_cms_mldsa(struct xc *c, struct sn_buf *line, struct sn_why *why)
{
	SN_CLEANUP(pkcs7_done) gnutls_pkcs7_t p = NULL;
	const struct cms_row *row = &rows[c->number > 0 ? 3 : 1];
	struct bytes der;

	SN_TRY(open_cms(c, row, &der, &p, why));
	if (der.n < MLDSA87_SIG)
		return sn_fail(why, SN_E_SIGNATURE, "%s: is too short", row->path);
	/* the signature is the last element */
	SN_TRY(check_form(c, row, der,
	    (struct bytes){ der.p + der.n - MLDSA87_SIG, MLDSA87_SIG }, why));
	xc_mark(c, row->path);
	sn_buf_str(line, "ML-DSA form, digest");
	return SN_OK;
}
