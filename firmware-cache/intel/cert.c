#include <string.h>

#include "firmware-cache/intel/intel.h"

/* SHA-256 of the SubjectPublicKeyInfo of the Intel SGX Root CA. Source: the root certificate
 * in Intel's issuer chains (SGX-PCK-CRL-Issuer-Chain and others) and in go-tdx-guest and
 * dcap-qvl, all with this key. */
static const uint8_t root_spki[32] = { 0xa0, 0xaf, 0x03, 0x12, 0x89, 0xf5, 0xd5, 0xd4, 0x13,
	0x2f, 0x91, 0x86, 0x06, 0x8a, 0x7f, 0xc1, 0x36, 0x28, 0x63, 0x3b, 0xa2, 0x35, 0x77,
	0x74, 0x72, 0xe2, 0x9b, 0x6b, 0x6c, 0x67, 0xa4, 0x9e };

#define OID_KEY_USAGE "2.5.29.15"
#define OID_BASIC_CONSTRAINTS "2.5.29.19"

/* keyCertSign and cRLSign; digitalSignature and nonRepudiation; a CA with path length 1 and 0,
 * and not a CA. */
static const uint8_t usage_ca[] = { 0x03, 0x02, 0x01, 0x06 };
static const uint8_t usage_sign[] = { 0x03, 0x02, 0x06, 0xc0 };
static const uint8_t ca_one[] = { 0x30, 0x06, 0x01, 0x01, 0xff, 0x02, 0x01, 0x01 };
static const uint8_t ca_zero[] = { 0x30, 0x06, 0x01, 0x01, 0xff, 0x02, 0x01, 0x00 };
static const uint8_t ca_false[] = { 0x30, 0x00 };

/* One row per role: what the certificate must say. */
static const struct {
	const char *cn;
	struct bytes usage, ca;
} roles[INTEL_ROLE_COUNT] = {
	[INTEL_ROLE_NONE] = { .cn = "" },
	[INTEL_ROLE_ROOT] = { "Intel SGX Root CA", BYTES_OF(usage_ca), BYTES_OF(ca_one) },
	[INTEL_ROLE_TCB_SIGNING] = { "Intel SGX TCB Signing", BYTES_OF(usage_sign),
	    BYTES_OF(ca_false) },
	[INTEL_ROLE_PLATFORM_CA] = { "Intel SGX PCK Platform CA", BYTES_OF(usage_ca),
	    BYTES_OF(ca_zero) },
	[INTEL_ROLE_PROCESSOR_CA] = { "Intel SGX PCK Processor CA", BYTES_OF(usage_ca),
	    BYTES_OF(ca_zero) },
	[INTEL_ROLE_PCK] = { "Intel SGX PCK Certificate", BYTES_OF(usage_sign),
	    BYTES_OF(ca_false) },
};

enum intel_role
intel_cert_role(const struct cry_cert *c)
{
	const char *cn = cry_cert_cn(c);

	for (enum intel_role r = INTEL_ROLE_ROOT; r < INTEL_ROLE_COUNT; r++)
		if (strcmp(cn, roles[r].cn) == 0)
			return r;
	return INTEL_ROLE_NONE;
}

bool
intel_root_pinned(const uint8_t spki_sha256[32])
{
	return memcmp(root_spki, spki_sha256, sizeof(root_spki)) == 0;
}

/* The extensions that say what the certificate may do, and the kind of key. */
static enum sn_err
check_role(const struct cry_cert *c, enum intel_role role, struct sn_why *why)
{
	enum cry_alg key = CRY_RSA;
	struct bytes usage = { 0 }, ca = { 0 };

	SN_TRY(cry_cert_ext(c, OID_BASIC_CONSTRAINTS, &ca, why));
	if (ca.p == NULL || !bytes_equal(ca, roles[role].ca))
		return sn_fail(why, SN_E_ROLE,
		    "%s: basicConstraints is not what its role needs", cry_cert_cn(c));
	SN_TRY(cry_cert_ext(c, OID_KEY_USAGE, &usage, why));
	if (usage.p == NULL || !bytes_equal(usage, roles[role].usage))
		return sn_fail(why, SN_E_ROLE, "%s: keyUsage is not what its role needs",
		    cry_cert_cn(c));
	SN_TRY(cry_cert_key_alg(c, &key, why));
	if (key != CRY_P256)
		return sn_fail(why, SN_E_FORMAT, "%s: its key is %s, not P-256", cry_cert_cn(c),
		    cry_alg_name(key));
	return SN_OK;
}

enum sn_err
intel_root_check(const struct cry_cert *c, int64_t at, struct sn_why *why)
{
	if (intel_cert_role(c) != INTEL_ROLE_ROOT)
		return sn_fail(why, SN_E_ROLE, "%s: not the root CA", cry_cert_cn(c));
	SN_TRY(cry_cert_signed_by(c, c, CRY_SIG_ECDSA_P256_SHA256, why));
	SN_TRY(check_role(c, INTEL_ROLE_ROOT, why));
	return cry_cert_valid_at(c, at, why);
}

static bool
signed_by_root(enum intel_role r)
{
	return r == INTEL_ROLE_TCB_SIGNING || r == INTEL_ROLE_PLATFORM_CA ||
	    r == INTEL_ROLE_PROCESSOR_CA;
}

enum sn_err
intel_intermediate_check(const struct cry_cert *c, const struct cry_cert *root, int64_t at,
    struct sn_why *why)
{
	enum intel_role role = intel_cert_role(c);

	if (!signed_by_root(role))
		return sn_fail(why, SN_E_ROLE, "%s: the root CA signs no such certificate",
		    cry_cert_cn(c));
	if (intel_cert_role(root) != INTEL_ROLE_ROOT)
		return sn_fail(why, SN_E_ROLE, "%s: not the root CA", cry_cert_cn(root));
	SN_TRY(cry_cert_signed_by(c, root, CRY_SIG_ECDSA_P256_SHA256, why));
	SN_TRY(check_role(c, role, why));
	return cry_cert_valid_at(c, at, why);
}

enum sn_err
intel_leaf_check(const struct cry_cert *c, const struct cry_cert *ca, int64_t at,
    struct sn_why *why)
{
	enum intel_role issuer = intel_cert_role(ca);

	if (intel_cert_role(c) != INTEL_ROLE_PCK)
		return sn_fail(why, SN_E_ROLE, "%s: no PCK certificate", cry_cert_cn(c));
	if (issuer != INTEL_ROLE_PLATFORM_CA && issuer != INTEL_ROLE_PROCESSOR_CA)
		return sn_fail(why, SN_E_ROLE, "%s: %s signs no PCK certificate",
		    cry_cert_cn(c), cry_cert_cn(ca));
	SN_TRY(cry_cert_signed_by(c, ca, CRY_SIG_ECDSA_P256_SHA256, why));
	SN_TRY(check_role(c, INTEL_ROLE_PCK, why));
	return cry_cert_valid_at(c, at, why);
}

enum sn_err
intel_crl_check(const struct cry_crl *crl, const struct cry_cert *issuer, int64_t at,
    struct sn_why *why)
{
	enum intel_role role = intel_cert_role(issuer);

	if (role != INTEL_ROLE_ROOT && role != INTEL_ROLE_PLATFORM_CA &&
	    role != INTEL_ROLE_PROCESSOR_CA)
		return sn_fail(why, SN_E_ROLE, "%s: signs no CRL", cry_cert_cn(issuer));
	return cry_crl_verify(crl, issuer, CRY_SIG_ECDSA_P256_SHA256, at, why);
}
