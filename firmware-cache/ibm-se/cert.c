#include <string.h>

#include "appliance/crypto/der.h"
#include "firmware-cache/ibm-se/ibm.h"

/*
 * SHA-256 of the SubjectPublicKeyInfo of DigiCert Trusted Root G4, whose list is among those
 * that IBM's verifiers ask for. Source: Debian's ca-certificates 20250419, the certificate
 * with SHA-256 552f7bdcf1a7af9e6ce672017f4f12abf77240c78e761ac203d1d9d20ac89988.
 */
static const uint8_t root_spki[32] = { 0x59, 0xdf, 0x31, 0x7b, 0xfa, 0x9f, 0x4f, 0x0a, 0xb7,
	0xca, 0x51, 0x4d, 0x77, 0x72, 0x29, 0x6a, 0xa2, 0xc7, 0x65, 0xb8, 0x76, 0x64, 0xd0,
	0x8b, 0x96, 0xe5, 0x73, 0x99, 0xe3, 0x64, 0x72, 0x9c };

#define OID_SUBJECT_KEY_ID "2.5.29.14"
#define OID_KEY_USAGE "2.5.29.15"
#define OID_BASIC_CONSTRAINTS "2.5.29.19"
#define OID_AUTHORITY_KEY_ID "2.5.29.35"
#define OID_EXT_KEY_USAGE "2.5.29.37"
#define OID_CODE_SIGNING "1.3.6.1.5.5.7.3.3"

#define COMPANY "International Business Machines Corporation"
#define CODE_CA_PREFIX "DigiCert Trusted G4 Code Signing "

/* [RFC 5280 4.2.1.3] the bits of keyUsage, which fit in its first byte. */
#define USAGE_DIGITAL_SIGNATURE 0x80
#define USAGE_KEY_AGREEMENT 0x08
#define USAGE_CERT_SIGN 0x04
#define USAGE_CRL_SIGN 0x02
#define USAGE_CA (USAGE_CERT_SIGN | USAGE_CRL_SIGN)

/* An RSA key of 3072 bits, the least that a code signing CA may certify since 2021 [CA/B
 * Forum, Code Signing Baseline Requirements 6.1.5.1], has an SPKI of this length. */
#define RSA_SPKI_MIN 422
#define P521_SPKI_LEN 158

static const uint8_t ca_false[] = { 0x30, 0x00 };

/* One row per role: what the certificate must say. */
static const struct {
	const char *name;
	bool ca;
	uint8_t usage, usage_more; /* keyUsage: these bits, and perhaps those */
	bool code_signing;	   /* extKeyUsage must have it */
	enum cry_alg key;
	enum ibm_role issuer;
} roles[IBM_ROLE_COUNT] = {
	[IBM_ROLE_NONE] = { .name = "none" },
	[IBM_ROLE_ROOT] = { "root CA", true, USAGE_CA, USAGE_DIGITAL_SIGNATURE, false, CRY_RSA,
	    IBM_ROLE_ROOT },
	[IBM_ROLE_CODE_CA] = { "code signing CA", true, USAGE_CA, USAGE_DIGITAL_SIGNATURE,
	    false, CRY_RSA, IBM_ROLE_ROOT },
	[IBM_ROLE_SIGNING] = { "host key signing key", false, USAGE_DIGITAL_SIGNATURE, 0, true,
	    CRY_RSA, IBM_ROLE_CODE_CA },
	[IBM_ROLE_HOST] = { "host key", false, USAGE_KEY_AGREEMENT, 0, false, CRY_P521,
	    IBM_ROLE_SIGNING },
	[IBM_ROLE_STRANGE] = { .name = "certificate of another unit" },
};

/* What tells a certificate of IBM's own: the end of its organizational unit. */
static const struct {
	const char *unit;
	enum ibm_role role;
} units[] = {
	{ "IBM Z Root CA", IBM_ROLE_ROOT },
	{ "IBM Z Intermediate CA", IBM_ROLE_CODE_CA },
	{ "IBM Z Host Key", IBM_ROLE_HOST },
};

const char *
ibm_role_name(enum ibm_role r)
{
	return r < IBM_ROLE_COUNT ? roles[r].name : "unknown";
}

static bool
ends_with(struct bytes b, const char *end)
{
	size_t n = strlen(end);

	return b.n >= n && memcmp(b.p + b.n - n, end, n) == 0;
}

/* IBM's signing key is told by its whole name, the others by their unit alone. */
static bool
is_signing(const struct ibm_name *n)
{
	return n->parts == 6 && bytes_equal(n->country, BYTES_STR("US")) &&
	    bytes_equal(n->state, BYTES_STR("New York")) &&
	    (bytes_equal(n->locality, BYTES_STR("Armonk")) ||
		bytes_equal(n->locality, BYTES_STR("Poughkeepsie"))) &&
	    bytes_equal(n->organization, BYTES_STR(COMPANY)) &&
	    bytes_equal(n->common, BYTES_STR(COMPANY)) &&
	    ends_with(n->unit, "Key Signing Service");
}

/* By a subject of IBM's own; IBM_ROLE_NONE when it is not IBM's. */
static enum ibm_role
subject_role(struct bytes subject)
{
	struct ibm_name n = { 0 };
	struct sn_why none = { 0 };

	if (bytes_find(subject, BYTES_STR(COMPANY)) == SIZE_MAX)
		return IBM_ROLE_NONE;
	if (ibm_name_parse(subject, &n, &none) != SN_OK ||
	    !bytes_equal(n.organization, BYTES_STR(COMPANY)))
		return IBM_ROLE_STRANGE;
	if (is_signing(&n))
		return IBM_ROLE_SIGNING;
	for (size_t i = 0; i < SN_NITEMS(units); i++)
		if (ends_with(n.unit, units[i].unit))
			return units[i].role;
	return IBM_ROLE_STRANGE;
}

enum ibm_role
ibm_cert_role(const struct cry_cert *c)
{
	struct ibm_name issuer = { 0 };
	struct sn_why none = { 0 };
	enum ibm_role role;

	if (strcmp(cry_cert_cn(c), "DigiCert Trusted Root G4") == 0)
		return IBM_ROLE_ROOT;
	if (strncmp(cry_cert_cn(c), CODE_CA_PREFIX, strlen(CODE_CA_PREFIX)) == 0)
		return IBM_ROLE_CODE_CA;
	role = subject_role(cry_cert_subject_der(c));
	/* IBM's tools do not look at a host key's own name: it is what the service signs. */
	if ((role == IBM_ROLE_NONE || role == IBM_ROLE_STRANGE) &&
	    ibm_name_parse(cry_cert_issuer_der(c), &issuer, &none) == SN_OK &&
	    is_signing(&issuer))
		return IBM_ROLE_HOST;
	return role;
}

bool
ibm_root_pinned(const uint8_t spki_sha256[32])
{
	return memcmp(root_spki, spki_sha256, sizeof(root_spki)) == 0;
}

/* ---- what a role must say */

static enum sn_err
check_constraints(const struct cry_cert *c, enum ibm_role role, struct sn_why *why)
{
	struct bytes ca = { 0 };

	SN_TRY(cry_cert_ext(c, OID_BASIC_CONSTRAINTS, &ca, why));
	if (roles[role].ca ? !cry_cert_is_ca(c)
			   : ca.p != NULL && !bytes_equal(ca, BYTES_OF(ca_false)))
		return sn_fail(why, SN_E_ROLE,
		    "%s: basicConstraints is not what its role needs", roles[role].name);
	return SN_OK;
}

/* A BIT STRING of one byte, the unused bits counted and zero. */
static enum sn_err
check_usage(const struct cry_cert *c, enum ibm_role role, struct sn_why *why)
{
	static const uint8_t head[] = { 0x03, 0x02 };
	struct bytes v = { 0 };
	uint8_t bits;

	SN_TRY(cry_cert_ext(c, OID_KEY_USAGE, &v, why));
	bits = v.n == 4 && memcmp(v.p, head, sizeof(head)) == 0 && v.p[2] < 8 ? v.p[3] : 0;
	if ((bits & roles[role].usage) != roles[role].usage ||
	    (bits & ~(roles[role].usage | roles[role].usage_more)) != 0)
		return sn_fail(why, SN_E_ROLE, "%s: keyUsage is not what its role needs",
		    roles[role].name);
	return SN_OK;
}

static enum sn_err
check_purpose(const struct cry_cert *c, enum ibm_role role, struct sn_why *why)
{
	struct bytes v = { 0 };

	SN_TRY(cry_cert_ext(c, OID_EXT_KEY_USAGE, &v, why));
	if ((v.p != NULL || roles[role].code_signing) && !cry_cert_has_eku(c, OID_CODE_SIGNING))
		return sn_fail(why, SN_E_ROLE, "%s: not for code signing", roles[role].name);
	return SN_OK;
}

static enum sn_err
check_key(const struct cry_cert *c, enum ibm_role role, struct sn_why *why)
{
	SN_CLEANUP(cry_key_free) struct cry_key *key = NULL;
	SN_CLEANUP(sn_buf_done) struct sn_buf spki = { 0 };
	bool rsa = roles[role].key == CRY_RSA;

	SN_TRY(cry_cert_key(c, &key, why));
	SN_TRY(cry_key_spki(key, &spki, why));
	if (cry_key_alg(key) != roles[role].key ||
	    (rsa ? spki.n < RSA_SPKI_MIN : spki.n != P521_SPKI_LEN))
		return sn_fail(why, SN_E_FORMAT, "%s: its key is %s with %zu bytes, not %s",
		    roles[role].name, cry_alg_name(cry_key_alg(key)), spki.n,
		    rsa ? "RSA of 3072 bits or more" : "P-521");
	return SN_OK;
}

static enum sn_err
check_role(const struct cry_cert *c, enum ibm_role role, struct sn_why *why)
{
	SN_TRY(check_constraints(c, role, why));
	SN_TRY(check_usage(c, role, why));
	SN_TRY(check_purpose(c, role, why));
	return check_key(c, role, why);
}

/* ---- who signed it */

/*
 * The keyIdentifier of an authorityKeyIdentifier [RFC 5280 4.2.1.1], where there is one, is
 * the issuer's subjectKeyIdentifier.
 */
static enum sn_err
check_authority(struct bytes akid, const struct cry_cert *issuer, const char *what,
    struct sn_why *why)
{
	struct bytes seq = { 0 }, id = { 0 }, ski = { 0 }, own = { 0 };

	if (akid.p == NULL)
		return SN_OK;
	SN_TRY(der_take(&akid, DER_SEQUENCE, &seq, "authorityKeyIdentifier", why));
	SN_TRY(bytes_end(&akid, "authorityKeyIdentifier", why));
	if (seq.n == 0 || seq.p[0] != 0x80) /* [0] keyIdentifier */
		return SN_OK;
	SN_TRY(der_take(&seq, 0x80, &id, "authorityKeyIdentifier", why));
	SN_TRY(cry_cert_ext(issuer, OID_SUBJECT_KEY_ID, &ski, why));
	if (ski.p != NULL) {
		SN_TRY(der_take(&ski, DER_OCTETS, &own, "subjectKeyIdentifier", why));
		SN_TRY(bytes_end(&ski, "subjectKeyIdentifier", why));
	}
	if (!bytes_equal(id, own))
		return sn_fail(why, SN_E_CHAIN,
		    "%s: its authority key identifier is not that of the %s that signed it",
		    what, ibm_role_name(ibm_cert_role(issuer)));
	return SN_OK;
}

enum sn_err
ibm_cert_check(const struct cry_cert *c, const struct cry_cert *issuer, int64_t at,
    struct sn_why *why)
{
	enum ibm_role role = ibm_cert_role(c);
	struct bytes akid = { 0 };

	if (role == IBM_ROLE_NONE || role == IBM_ROLE_STRANGE)
		return sn_fail(why, SN_E_ROLE, "%s: no name that IBM signs host keys with",
		    cry_cert_shown(c));
	if (ibm_cert_role(issuer) != roles[role].issuer)
		return sn_fail(why, SN_E_ROLE, "%s: a %s does not sign it", roles[role].name,
		    ibm_role_name(ibm_cert_role(issuer)));
	if (!ibm_names_fit(cry_cert_issuer_der(c), issuer))
		return sn_fail(why, SN_E_CHAIN, "%s: its issuer has another name",
		    roles[role].name);
	SN_TRY(cry_cert_signed_by_key(c, issuer, CRY_SIG_RSA_SHA2, why));
	SN_TRY(cry_cert_ext(c, OID_AUTHORITY_KEY_ID, &akid, why));
	SN_TRY(check_authority(akid, issuer, roles[role].name, why));
	SN_TRY(check_role(c, role, why));
	return cry_cert_valid_at(c, at, why);
}

enum sn_err
ibm_crl_check(const struct cry_crl *crl, const struct cry_cert *issuer, int64_t at,
    struct sn_why *why)
{
	enum ibm_role role = ibm_cert_role(issuer);
	struct bytes akid = { 0 };

	if (role != IBM_ROLE_ROOT && role != IBM_ROLE_CODE_CA && role != IBM_ROLE_SIGNING)
		return sn_fail(why, SN_E_ROLE, "%s: signs no CRL", ibm_role_name(role));
	if (!ibm_names_fit(cry_crl_issuer_der(crl), issuer))
		return sn_fail(why, SN_E_CHAIN, "CRL: its issuer is not the %s",
		    ibm_role_name(role));
	SN_TRY(cry_crl_verify_key(crl, issuer, CRY_SIG_RSA_SHA2, at, why));
	SN_TRY(cry_crl_ext(crl, OID_AUTHORITY_KEY_ID, &akid, why));
	return check_authority(akid, issuer, "CRL", why);
}
