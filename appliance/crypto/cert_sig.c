#include <string.h>

#include "appliance/crypto/der.h"
#include "appliance/crypto/priv.h"

#define PSS_SALT 48
#define PSS_TRAILER 1

/* What each of our signature algorithms looks like inside an AlgorithmIdentifier. */
static const struct cry_sigalg_info sigalgs[] = {
	[CRY_SIG_ECDSA_P256_SHA256] = { "ECDSA P-256 with SHA-256", NID_ecdsa_with_SHA256,
	    CRY_P256, V_ASN1_UNDEF, "SHA256", 0 },
	[CRY_SIG_ECDSA_P384_SHA384] = { "ECDSA P-384 with SHA-384", NID_ecdsa_with_SHA384,
	    CRY_P384, V_ASN1_UNDEF, "SHA384", 0 },
	[CRY_SIG_MLDSA87] = { "ML-DSA-87", NID_ML_DSA_87, CRY_MLDSA87, V_ASN1_UNDEF, NULL, 0 },
	[CRY_SIG_RSA_PSS_SHA384] = { "RSASSA-PSS with SHA-384", NID_rsassaPss, CRY_RSA,
	    V_ASN1_SEQUENCE, "SHA384", PSS_SALT },
	[CRY_SIG_RSA_SHA256] = { "RSA with SHA-256", NID_sha256WithRSAEncryption, CRY_RSA,
	    V_ASN1_NULL, "SHA256", 0 },
	[CRY_SIG_RSA_SHA384] = { "RSA with SHA-384", NID_sha384WithRSAEncryption, CRY_RSA,
	    V_ASN1_NULL, "SHA384", 0 },
	[CRY_SIG_RSA_SHA512] = { "RSA with SHA-512", NID_sha512WithRSAEncryption, CRY_RSA,
	    V_ASN1_NULL, "SHA512", 0 },
	[CRY_SIG_ANY] = { "one that is accepted", NID_undef, CRY_RSA, V_ASN1_UNDEF, NULL, 0 },
	[CRY_SIG_RSA_SHA2] = { "RSA with SHA-256, SHA-384 or SHA-512", NID_undef, CRY_RSA,
	    V_ASN1_UNDEF, NULL, 0 },
	[CRY_SIG_SHA2] = { "RSA or ECDSA with SHA-256, SHA-384 or SHA-512", NID_undef, CRY_RSA,
	    V_ASN1_UNDEF, NULL, 0 },
};

const struct cry_sigalg_info *
cry_sigalg_info(enum cry_sigalg a)
{
	return &sigalgs[a];
}

const char *
cry_sigalg_name(enum cry_sigalg a)
{
	return sigalgs[a].name;
}

static void
pss_done(RSA_PSS_PARAMS **p)
{
	RSA_PSS_PARAMS_free(*p);
	*p = NULL;
}

static bool
algor_is(const X509_ALGOR *a, int nid)
{
	const ASN1_OBJECT *o = NULL;

	if (a == NULL)
		return false;
	X509_ALGOR_get0(&o, NULL, NULL, a);
	return OBJ_obj2nid(o) == nid;
}

/* The two forms that are written, by AMD and by us: without and with the default trailer. */
static bool
pss_is_usual(const ASN1_STRING *der)
{
	static const uint8_t usual[] = { 0xa0, 0x0f, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48,
		0x01, 0x65, 0x03, 0x04, 0x02, 0x02, 0x05, 0x00, 0xa1, 0x1c, 0x30, 0x1a, 0x06,
		0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08, 0x30, 0x0d, 0x06,
		0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02, 0x05, 0x00, 0xa2,
		0x03, 0x02, 0x01, PSS_SALT, 0xa3, 0x03, 0x02, 0x01, PSS_TRAILER };
	const size_t head = 2, trailer = 5, all = head + sizeof(usual);
	const unsigned char *p = ASN1_STRING_get0_data(der);
	size_t n = (size_t)ASN1_STRING_length(der);

	return (n == all || n == all - trailer) && p[0] == DER_SEQUENCE && p[1] == n - head &&
	    memcmp(p + head, usual, n - head) == 0;
}

/* SHA-384, MGF1 with SHA-384, salt 48, trailer 1. Values count, not their DER. */
static bool
pss_is_sha384(const ASN1_STRING *der)
{
	const unsigned char *p = ASN1_STRING_get0_data(der);
	SN_CLEANUP(pss_done) RSA_PSS_PARAMS *pss =
	    d2i_RSA_PSS_PARAMS(NULL, &p, ASN1_STRING_length(der));
	const void *mgf_param = NULL;
	X509_ALGOR *mgf_hash = NULL;
	int type = V_ASN1_UNDEF;
	bool ok;

	ERR_clear_error();
	if (pss == NULL || p != ASN1_STRING_get0_data(der) + ASN1_STRING_length(der))
		return false;
	if (!algor_is(pss->hashAlgorithm, NID_sha384) ||
	    !algor_is(pss->maskGenAlgorithm, NID_mgf1))
		return false;
	if (pss->saltLength == NULL || ASN1_INTEGER_get(pss->saltLength) != PSS_SALT)
		return false;
	if (pss->trailerField != NULL && ASN1_INTEGER_get(pss->trailerField) != PSS_TRAILER)
		return false;
	X509_ALGOR_get0(NULL, &type, &mgf_param, pss->maskGenAlgorithm);
	if (type != V_ASN1_SEQUENCE)
		return false;
	mgf_hash = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(X509_ALGOR),
	    pss->maskGenAlgorithm->parameter);
	ok = algor_is(mgf_hash, NID_sha384);
	X509_ALGOR_free(mgf_hash);
	ERR_clear_error();
	return ok;
}

/* Is this AlgorithmIdentifier the row's, with a key of the row's kind? */
static bool
matches(const X509_ALGOR *algor, enum cry_alg key, enum cry_sigalg a)
{
	const ASN1_OBJECT *o = NULL;
	const void *value = NULL;
	int type = V_ASN1_UNDEF;

	X509_ALGOR_get0(&o, &type, &value, algor);
	if (OBJ_obj2nid(o) != sigalgs[a].nid || key != sigalgs[a].key ||
	    type != sigalgs[a].param)
		return false;
	return type != V_ASN1_SEQUENCE || pss_is_usual(value) || pss_is_sha384(value);
}

/* Is a, one algorithm, among those wanted? */
static bool
covers(enum cry_sigalg want, enum cry_sigalg a)
{
	return want == a || want == CRY_SIG_ANY ||
	    ((want == CRY_SIG_RSA_SHA2 || want == CRY_SIG_SHA2) &&
		sigalgs[a].param == V_ASN1_NULL);
}

/* ECDSA with a hash of SHA-2, whatever the curve: P-256 keys sign with SHA-384 too. */
static bool
ecdsa_sha2(const X509_ALGOR *algor, enum cry_alg key)
{
	static const int nids[] = { NID_ecdsa_with_SHA256, NID_ecdsa_with_SHA384,
		NID_ecdsa_with_SHA512 };
	const ASN1_OBJECT *o = NULL;
	const void *value = NULL;
	int type = V_ASN1_UNDEF;

	X509_ALGOR_get0(&o, &type, &value, algor);
	if ((key != CRY_P256 && key != CRY_P384 && key != CRY_P521) || type != V_ASN1_UNDEF)
		return false;
	for (size_t i = 0; i < SN_NITEMS(nids); i++)
		if (OBJ_obj2nid(o) == nids[i])
			return true;
	return false;
}

enum sn_err
cry_sigalg_check(const X509_ALGOR *inside, const X509_ALGOR *outside, enum cry_alg key,
    enum cry_sigalg want, const char *what, enum cry_sigalg *ret, struct sn_why *why)
{
	if (X509_ALGOR_cmp(inside, outside) != 0)
		return sn_fail(why, SN_E_FORMAT,
		    "%s: signature algorithms inside and outside "
		    "differ",
		    what);
	for (enum cry_sigalg a = 0; a < CRY_SIG_ANY; a++) {
		if (!covers(want, a) || !matches(outside, key, a))
			continue;
		*ret = a;
		return SN_OK;
	}
	if (want == CRY_SIG_SHA2 && ecdsa_sha2(outside, key)) {
		*ret = CRY_SIG_SHA2;
		return SN_OK;
	}
	return sn_fail(why, SN_E_SIGNATURE, "%s: signature algorithm is not %s", what,
	    sigalgs[want].name);
}

static enum sn_err
no_unknown_critical(const struct cry_cert *c, struct sn_why *why)
{
	if (cry_cert_unknown_critical(c))
		return sn_fail(why, SN_E_FORMAT,
		    "certificate \"%s\": unknown critical "
		    "extension",
		    c->shown);
	return SN_OK;
}

/* May issuer sign this? A missing keyUsage allows all, as RFC 5280 says. */
static enum sn_err
check_issuer(const struct cry_cert *issuer, uint32_t usage, const char *what,
    struct sn_why *why)
{
	uint32_t flags = X509_get_extension_flags(issuer->x);

	SN_TRY(no_unknown_critical(issuer, why));
	if (!cry_cert_is_ca(issuer))
		return sn_fail(why, SN_E_ROLE, "%s: signed by \"%s\", which is not a CA", what,
		    issuer->shown);
	if ((flags & EXFLAG_KUSAGE) != 0 && (X509_get_key_usage(issuer->x) & usage) == 0)
		return sn_fail(why, SN_E_ROLE, "%s: the key usage of \"%s\" does not allow it",
		    what, issuer->shown);
	return SN_OK;
}

enum sn_err
cry_cert_signed_by_key(const struct cry_cert *c, const struct cry_cert *issuer,
    enum cry_sigalg alg, struct sn_why *why)
{
	enum cry_alg key = CRY_RSA;
	enum cry_sigalg found = CRY_SIG_ANY;
	const X509_ALGOR *outside = NULL;

	SN_TRY(no_unknown_critical(c, why));
	SN_TRY(no_unknown_critical(issuer, why));
	SN_TRY(cry_cert_key_alg(issuer, &key, why));
	X509_get0_signature(NULL, &outside, c->x);
	SN_TRY(cry_sigalg_check(X509_get0_tbs_sigalg(c->x), outside, key, alg, "certificate",
	    &found, why));
	if (!cry_warm_verifies(c, issuer, found)) {
		ERR_clear_error();
		return sn_fail(why, SN_E_SIGNATURE,
		    "certificate \"%s\": the signature of "
		    "\"%s\" does not verify",
		    c->shown, issuer->shown);
	}
	return SN_OK;
}

enum sn_err
cry_cert_signed_by(const struct cry_cert *c, const struct cry_cert *issuer, enum cry_sigalg alg,
    struct sn_why *why)
{
	if (X509_NAME_cmp(X509_get_issuer_name(c->x), X509_get_subject_name(issuer->x)) != 0)
		return sn_fail(why, SN_E_CHAIN, "certificate \"%s\": its issuer is not \"%s\"",
		    c->shown, issuer->shown);
	SN_TRY(no_unknown_critical(c, why));
	SN_TRY(check_issuer(issuer, KU_KEY_CERT_SIGN, "certificate", why));
	return cry_cert_signed_by_key(c, issuer, alg, why);
}

enum sn_err
cry_crl_signed_by_key(const struct cry_crl *crl, const struct cry_cert *issuer,
    enum cry_sigalg alg, struct sn_why *why)
{
	SN_CLEANUP(cry_key_free) struct cry_key *key = NULL;
	enum cry_sigalg found = CRY_SIG_ANY;
	const X509_ALGOR *outside = NULL;

	SN_TRY(cry_cert_key(issuer, &key, why));
	X509_CRL_get0_signature(crl->x, NULL, &outside);
	/* The one inside has no getter; cry_crl_parse() has compared it with outside. */
	SN_TRY(cry_sigalg_check(outside, outside, key->alg, alg, "CRL", &found, why));
	if (X509_CRL_verify(crl->x, key->pkey) != 1) {
		ERR_clear_error();
		return sn_fail(why, SN_E_SIGNATURE,
		    "CRL: the signature of \"%s\" does not "
		    "verify",
		    issuer->shown);
	}
	return SN_OK;
}

enum sn_err
cry_crl_signed_by(const struct cry_crl *crl, const struct cry_cert *issuer, enum cry_sigalg alg,
    struct sn_why *why)
{
	if (X509_NAME_cmp(X509_CRL_get_issuer(crl->x), X509_get_subject_name(issuer->x)) != 0)
		return sn_fail(why, SN_E_CHAIN, "CRL: its issuer is not \"%s\"", issuer->shown);
	SN_TRY(check_issuer(issuer, KU_CRL_SIGN, "CRL", why));
	return cry_crl_signed_by_key(crl, issuer, alg, why);
}
