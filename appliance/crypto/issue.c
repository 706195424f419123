#include "appliance/base/text.h"
#include "appliance/crypto/issue.h"

#define NAME_MAX_CHARS 64 /* [RFC 5280 A.1] ub-common-name, ub-organization-name */
#define PSS_SALT 48

static enum sn_err
set_serial(const struct cry_profile *p, bool zero_ok, X509 *x, struct sn_why *why)
{
	SN_CLEANUP(cry_bn_done) BIGNUM *n = BN_bin2bn(p->serial, sizeof(p->serial), NULL);
	SN_CLEANUP(cry_integer_done) ASN1_INTEGER *serial = NULL;

	if (n == NULL)
		return cry_fail(why, SN_E_NOMEM, "certificate");
	if ((p->serial[0] & 0x80) != 0 || (BN_is_zero(n) && !zero_ok))
		return sn_fail(why, SN_E_FORMAT,
		    "certificate: serial number is zero or has "
		    "its top bit set");
	serial = BN_to_ASN1_INTEGER(n, NULL);
	if (serial == NULL || X509_set_serialNumber(x, serial) != 1)
		return cry_fail(why, SN_E_NOMEM, "certificate");
	return SN_OK;
}

static enum sn_err
set_subject(const struct cry_profile *p, X509 *x, struct sn_why *why)
{
	const struct {
		int nid, type;
		const char *value;
	} parts[] = {
		{ NID_countryName, V_ASN1_PRINTABLESTRING, p->country },
		{ NID_stateOrProvinceName, V_ASN1_UTF8STRING, p->state },
		{ NID_localityName, V_ASN1_UTF8STRING, p->locality },
		{ NID_organizationName, V_ASN1_UTF8STRING, p->organization },
		{ NID_organizationalUnitName, V_ASN1_UTF8STRING, p->organizational_unit },
		{ NID_commonName, V_ASN1_UTF8STRING, p->common_name },
	};
	X509_NAME *name = X509_get_subject_name(x);

	if (p->common_name == NULL)
		return sn_fail(why, SN_E_FORMAT, "certificate: without a common name");
	for (size_t i = 0; i < SN_NITEMS(parts); i++) {
		const char *v = parts[i].value;

		if (v == NULL)
			continue;
		if (v[0] == '\0' || !text_printable(bytes_str(v), NAME_MAX_CHARS))
			return sn_fail(why, SN_E_FORMAT,
			    "certificate: a part of the name is "
			    "empty, longer than %d bytes or not printable",
			    NAME_MAX_CHARS);
		if (X509_NAME_add_entry_by_NID(name, parts[i].nid, parts[i].type,
			(const unsigned char *)v, -1, -1, 0) != 1)
			return cry_fail(why, SN_E_CRYPTO, "certificate: name");
	}
	return SN_OK;
}

enum sn_err
cry_issue_body(const struct cry_profile *p, bool zero_serial_ok, const struct cry_key *subject,
    const struct cry_cert *issuer_cert, X509 **ret, struct sn_why *why)
{
	SN_CLEANUP(cry_x509_done) X509 *x = X509_new();

	if (x == NULL)
		return cry_fail(why, SN_E_NOMEM, "certificate");
	if (p->not_before > p->not_after)
		return sn_fail(why, SN_E_FORMAT, "certificate: ends before it begins");
	SN_TRY(set_serial(p, zero_serial_ok, x, why));
	SN_TRY(set_subject(p, x, why));
	if (X509_set_version(x, X509_VERSION_3) != 1 ||
	    X509_set_issuer_name(x,
		X509_get_subject_name(issuer_cert == NULL ? x : issuer_cert->x)) != 1 ||
	    ASN1_TIME_set(X509_getm_notBefore(x), (time_t)p->not_before) == NULL ||
	    ASN1_TIME_set(X509_getm_notAfter(x), (time_t)p->not_after) == NULL ||
	    X509_set_pubkey(x, subject->pkey) != 1)
		return cry_fail(why, SN_E_CRYPTO, "certificate");
	*ret = SN_TAKE(x);
	return SN_OK;
}

static enum sn_err
add_ext(X509 *x, int nid, void *value, bool critical, struct sn_why *why)
{
	if (X509_add1_ext_i2d(x, nid, value, critical, X509V3_ADD_APPEND) != 1)
		return cry_fail(why, SN_E_CRYPTO, "certificate: extension");
	return SN_OK;
}

static enum sn_err
add_basic_constraints(const struct cry_profile *p, X509 *x, struct sn_why *why)
{
	SN_CLEANUP(cry_integer_done) ASN1_INTEGER *pathlen = NULL;
	BASIC_CONSTRAINTS bc = { .ca = 0xff };

	if (!p->ca)
		return SN_OK;
	if (p->pathlen >= 0) {
		pathlen = ASN1_INTEGER_new();
		if (pathlen == NULL || ASN1_INTEGER_set(pathlen, p->pathlen) != 1)
			return cry_fail(why, SN_E_NOMEM, "certificate");
		bc.pathlen = pathlen;
	}
	return add_ext(x, NID_basic_constraints, &bc, true, why);
}

static enum sn_err
add_key_usage(const struct cry_profile *p, X509 *x, struct sn_why *why)
{
	/* Bit numbers of [RFC 5280 4.2.1.3]. */
	const struct {
		bool on;
		int bit;
	} bits[] = {
		{ p->digital_signature, 0 },
		{ p->key_agreement, 4 },
		{ p->key_cert_sign, 5 },
		{ p->crl_sign, 6 },
	};
	ASN1_BIT_STRING *ku = ASN1_BIT_STRING_new();
	enum sn_err e = SN_OK;
	bool any = false;

	for (size_t i = 0; i < SN_NITEMS(bits) && e == SN_OK; i++) {
		any = any || bits[i].on;
		if (ku == NULL ||
		    (bits[i].on && ASN1_BIT_STRING_set_bit(ku, bits[i].bit, 1) != 1))
			e = cry_fail(why, SN_E_NOMEM, "certificate");
	}
	if (e == SN_OK && any)
		e = add_ext(x, NID_key_usage, ku, true, why);
	ASN1_BIT_STRING_free(ku);
	return e;
}

static enum sn_err
add_ekus(const struct cry_profile *p, X509 *x, struct sn_why *why)
{
	EXTENDED_KEY_USAGE *ekus;
	enum sn_err e = SN_OK;

	if (p->ekus == NULL || p->ekus[0] == NULL)
		return SN_OK;
	ekus = sk_ASN1_OBJECT_new_null();
	for (size_t i = 0; p->ekus[i] != NULL && e == SN_OK; i++) {
		ASN1_OBJECT *o = OBJ_txt2obj(p->ekus[i], 1);

		if (o == NULL || ekus == NULL || sk_ASN1_OBJECT_push(ekus, o) <= 0) {
			ASN1_OBJECT_free(o);
			e = cry_fail(why, SN_E_FORMAT, "certificate: extended key usage");
		}
	}
	if (e == SN_OK)
		e = add_ext(x, NID_ext_key_usage, ekus, false, why);
	EXTENDED_KEY_USAGE_free(ekus);
	return e;
}

static enum sn_err
push_dns(GENERAL_NAMES *names, const char *dns, struct sn_why *why)
{
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_IA5STRING *ia5 = ASN1_IA5STRING_new();

	if (name == NULL || ia5 == NULL || names == NULL ||
	    ASN1_STRING_set(ia5, dns, -1) != 1) {
		GENERAL_NAME_free(name);
		ASN1_IA5STRING_free(ia5);
		return cry_fail(why, SN_E_NOMEM, "certificate");
	}
	GENERAL_NAME_set0_value(name, GEN_DNS, ia5);
	if (sk_GENERAL_NAME_push(names, name) > 0)
		return SN_OK;
	GENERAL_NAME_free(name);
	return cry_fail(why, SN_E_NOMEM, "certificate");
}

static enum sn_err
add_dns_names(const struct cry_profile *p, X509 *x, struct sn_why *why)
{
	GENERAL_NAMES *names;
	enum sn_err e = SN_OK;

	if (p->dns_names == NULL || p->dns_names[0] == NULL)
		return SN_OK;
	names = sk_GENERAL_NAME_new_null();
	for (size_t i = 0; p->dns_names[i] != NULL && e == SN_OK; i++)
		e = push_dns(names, p->dns_names[i], why);
	if (e == SN_OK)
		e = add_ext(x, NID_subject_alt_name, names, false, why);
	GENERAL_NAMES_free(names);
	return e;
}

enum sn_err
cry_issue_usage(const struct cry_profile *p, X509 *x, struct sn_why *why)
{
	SN_TRY(add_basic_constraints(p, x, why));
	SN_TRY(add_key_usage(p, x, why));
	SN_TRY(add_ekus(p, x, why));
	return add_dns_names(p, x, why);
}

enum sn_err
cry_issue_key_ids(const struct cry_key *subject, const struct cry_cert *issuer_cert, X509 *x,
    struct sn_why *why)
{
	SN_CLEANUP(cry_octets_done) ASN1_OCTET_STRING *ski = ASN1_OCTET_STRING_new();
	AUTHORITY_KEYID akid = { 0 };
	uint8_t id[CRY_KEY_ID_LEN];
	int ok;

	SN_TRY(cry_key_id(subject, id, why));
	if (ski == NULL || ASN1_OCTET_STRING_set(ski, id, sizeof(id)) != 1)
		return cry_fail(why, SN_E_NOMEM, "certificate");
	SN_TRY(add_ext(x, NID_subject_key_identifier, ski, false, why));
	if (issuer_cert == NULL)
		return SN_OK;
	akid.keyid = X509_get_ext_d2i(issuer_cert->x, NID_subject_key_identifier, NULL, NULL);
	if (akid.keyid == NULL)
		return sn_fail(why, SN_E_FORMAT,
		    "certificate: its issuer has no key "
		    "identifier");
	ok = X509_add1_ext_i2d(x, NID_authority_key_identifier, &akid, 0, X509V3_ADD_APPEND);
	ASN1_OCTET_STRING_free(akid.keyid);
	if (ok != 1)
		return cry_fail(why, SN_E_CRYPTO, "certificate: extension");
	return SN_OK;
}

enum sn_err
cry_issue_check(const struct cry_key *subject, const struct cry_key *issuer,
    const struct cry_cert *issuer_cert, struct sn_why *why)
{
	const EVP_PKEY *want =
	    issuer_cert == NULL ? subject->pkey : X509_get0_pubkey(issuer_cert->x);

	if (!issuer->priv)
		return sn_fail(why, SN_E_USAGE, "certificate: the issuer's key is public only");
	if (want == NULL || EVP_PKEY_eq(want, issuer->pkey) != 1) {
		ERR_clear_error();
		return sn_fail(why, SN_E_CHAIN,
		    "certificate: the signing key is not the "
		    "issuer's");
	}
	return SN_OK;
}

enum sn_err
cry_issue_ctx(const struct cry_key *issuer, EVP_MD_CTX **ret, struct sn_why *why)
{
	SN_CLEANUP(cry_md_ctx_done) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	const char *md = cry_alg_info(issuer->alg)->md;
	int pad = RSA_PKCS1_PSS_PADDING, salt = PSS_SALT;
	OSSL_PARAM params[3];

	if (ctx == NULL)
		return sn_fail(why, SN_E_NOMEM, "certificate");
	cry_det_params(issuer->alg, params);
	if (issuer->alg == CRY_RSA) {
		md = cry_hash_name(CRY_SHA384);
		params[0] = OSSL_PARAM_construct_int(OSSL_SIGNATURE_PARAM_PAD_MODE, &pad);
		params[1] = OSSL_PARAM_construct_int(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, &salt);
		params[2] = OSSL_PARAM_construct_end();
	}
	if (EVP_DigestSignInit_ex(ctx, NULL, md, NULL, NULL, issuer->pkey, params) != 1)
		return cry_fail(why, SN_E_CRYPTO, "certificate");
	*ret = SN_TAKE(ctx);
	return SN_OK;
}

enum sn_err
cry_issue_sign_ctx(X509 *x, const struct cry_key *issuer, EVP_MD_CTX *ctx, struct sn_buf *ret,
    struct sn_why *why)
{
	unsigned char *der = NULL;
	int len;

	if (X509_sign_ctx(x, ctx) <= 0)
		return cry_fail(why, SN_E_CRYPTO, "certificate: signing");
	if (X509_verify(x, issuer->pkey) != 1)
		return cry_fail(why, SN_E_CRYPTO, "certificate: own signature does not verify");
	len = i2d_X509(x, &der);
	return cry_put_der(ret, len, der, "certificate", why);
}

enum sn_err
cry_issue_sign(X509 *x, const struct cry_key *issuer, struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(cry_md_ctx_done) EVP_MD_CTX *ctx = NULL;

	SN_TRY(cry_issue_ctx(issuer, &ctx, why));
	return cry_issue_sign_ctx(x, issuer, ctx, ret, why);
}

enum sn_err
cry_cert_issue(const struct cry_profile *profile, const struct cry_key *subject,
    const struct cry_key *issuer, const struct cry_cert *issuer_cert, struct sn_buf *ret,
    struct sn_why *why)
{
	SN_CLEANUP(cry_x509_done) X509 *x = NULL;

	if (issuer->alg == CRY_RSA)
		return sn_fail(why, SN_E_USAGE, "certificate: RSA does not issue here");
	SN_TRY(cry_issue_check(subject, issuer, issuer_cert, why));
	SN_TRY(cry_issue_body(profile, false, subject, issuer_cert, &x, why));
	SN_TRY(cry_issue_usage(profile, x, why));
	SN_TRY(cry_issue_key_ids(subject, issuer_cert, x, why));
	return cry_issue_sign(x, issuer, ret, why);
}
