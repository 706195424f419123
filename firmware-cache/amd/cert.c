#include <stdio.h>
#include <string.h>

#include "firmware-cache/amd/amd.h"

/* What is the same for every product but its name and key. */
static const struct {
	const char *name;
	/* SHA-256 of the ARK's SubjectPublicKeyInfo. Source: the ARK in AMD's KDS response
	 * /vcek/v1/<product>/cert_chain, the same as in the VLEK chains. */
	uint8_t ark_spki[32];
} products[AMD_PRODUCT_COUNT] = {
	[AMD_MILAN] = { "Milan",
	    { 0x9f, 0x05, 0x6b, 0xee, 0x44, 0x37, 0x7e, 0x29, 0x30, 0x8c, 0xb5, 0xff, 0xa8,
		0x95, 0xbd, 0xfb, 0x62, 0xd1, 0x88, 0x81, 0xfa, 0x6b, 0xed, 0x8d, 0x6f, 0x07,
		0x5b, 0x02, 0x04, 0x08, 0x9c, 0xb9 } },
	[AMD_GENOA] = { "Genoa",
	    { 0x42, 0x9a, 0x69, 0xc9, 0x42, 0x2a, 0xa2, 0x58, 0xee, 0x4d, 0x8d, 0xb5, 0xfc,
		0xda, 0x9c, 0x64, 0x70, 0xef, 0x15, 0xf8, 0xcd, 0x5a, 0x9c, 0xeb, 0xd6, 0xcb,
		0xc7, 0xd9, 0x0b, 0x86, 0x38, 0x31 } },
	[AMD_TURIN] = { "Turin",
	    { 0x4f, 0x12, 0x54, 0x10, 0x56, 0x3a, 0x2a, 0xb9, 0xa5, 0x03, 0x56, 0xf9, 0x24,
		0x3f, 0x6f, 0xe0, 0xb6, 0xf7, 0x3d, 0xe9, 0x86, 0x03, 0xf5, 0x3f, 0x90, 0x33,
		0x9c, 0x70, 0xe9, 0xd7, 0xad, 0x08 } },
};

#define OID_KEY_USAGE "2.5.29.15"
#define OID_BASIC_CONSTRAINTS "2.5.29.19"

/* RSA 4096 with exponent 65537 has an SPKI of exactly this length; P-384 likewise. */
#define RSA_4096_SPKI_LEN 550
#define P384_SPKI_LEN 120

/* [RFC 5280 4.2.1.3] the bits of keyUsage, which fit in its first byte. */
#define USAGE_CERT_SIGN 0x04
#define USAGE_CRL_SIGN 0x02
/* A CA without, and with path length 0. */
static const uint8_t ca_any[] = { 0x30, 0x03, 0x01, 0x01, 0xff };
static const uint8_t ca_zero[] = { 0x30, 0x06, 0x01, 0x01, 0xff, 0x02, 0x01, 0x00 };

/* One row per role: what its name looks like and what the certificate must say. */
static const struct {
	const char *name;   /* ours */
	const char *prefix; /* the common name, or what stands before the product */
	bool with_product;
	uint8_t usage;	 /* exactly these bits; 0: no keyUsage */
	struct bytes ca; /* exactly this basicConstraints; empty: none */
	enum cry_alg key;
	size_t spki_len;
} roles[] = {
	[AMD_ROLE_NONE] = { .name = "none" },
	[AMD_ROLE_ARK] = { "ARK", "ARK-", true, USAGE_CERT_SIGN | USAGE_CRL_SIGN,
	    BYTES_OF(ca_any), CRY_RSA, RSA_4096_SPKI_LEN },
	[AMD_ROLE_ASK] = { "ASK", "SEV-", true, USAGE_CERT_SIGN, BYTES_OF(ca_zero), CRY_RSA,
	    RSA_4096_SPKI_LEN },
	[AMD_ROLE_ASVK] = { "ASVK", "SEV-VLEK-", true, USAGE_CERT_SIGN, BYTES_OF(ca_zero),
	    CRY_RSA, RSA_4096_SPKI_LEN },
	[AMD_ROLE_VCEK] = { "VCEK", "SEV-VCEK", false, 0, { 0 }, CRY_P384, P384_SPKI_LEN },
	[AMD_ROLE_VLEK] = { "VLEK", "SEV-VLEK", false, 0, { 0 }, CRY_P384, P384_SPKI_LEN },
};

const char *
amd_product_name(enum amd_product p)
{
	return p < AMD_PRODUCT_COUNT ? products[p].name : "unknown";
}

enum amd_product
amd_product_from_name(struct bytes name)
{
	for (enum amd_product p = AMD_MILAN; p < AMD_PRODUCT_COUNT; p++)
		if (bytes_equal(name, bytes_str(products[p].name)))
			return p;
	return AMD_PRODUCT_COUNT;
}

const char *
amd_role_name(enum amd_role r)
{
	return r < SN_NITEMS(roles) ? roles[r].name : "unknown";
}

enum amd_role
amd_cert_role(const struct cry_cert *c, enum amd_product *ret_product)
{
	const char *cn = cry_cert_cn(c);

	for (enum amd_role r = AMD_ROLE_ARK; r < SN_NITEMS(roles); r++) {
		enum amd_product p = AMD_PRODUCT_COUNT;
		size_t n = strlen(roles[r].prefix);

		if (strncmp(cn, roles[r].prefix, n) != 0)
			continue;
		if (roles[r].with_product)
			p = amd_product_from_name(bytes_str(cn + n));
		if (roles[r].with_product ? p == AMD_PRODUCT_COUNT : cn[n] != '\0')
			continue;
		*ret_product = p;
		return r;
	}
	*ret_product = AMD_PRODUCT_COUNT;
	return AMD_ROLE_NONE;
}

bool
amd_root_pinned(enum amd_product p, const uint8_t spki_sha256[32])
{
	return p < AMD_PRODUCT_COUNT && memcmp(products[p].ark_spki, spki_sha256, 32) == 0;
}

/* The bits of keyUsage, 0 without one. AMD's ASKs do not count the unused bits as DER wants,
 * so the count is not compared. */
static enum sn_err
read_usage(const struct cry_cert *c, uint8_t *ret, struct sn_why *why)
{
	static const uint8_t head[] = { 0x03, 0x02 }; /* BIT STRING of one byte */
	struct bytes v = { 0 };

	SN_TRY(cry_cert_ext(c, OID_KEY_USAGE, &v, why));
	*ret = 0;
	if (v.p == NULL)
		return SN_OK;
	if (v.n != 4 || memcmp(v.p, head, sizeof(head)) != 0 || v.p[2] > 7 || v.p[3] == 0)
		return sn_fail(why, SN_E_ROLE, "%s: keyUsage is not what its role needs",
		    cry_cert_cn(c));
	*ret = v.p[3];
	return SN_OK;
}

static enum sn_err
check_extensions(const struct cry_cert *c, enum amd_role role, struct sn_why *why)
{
	struct bytes ca = { 0 };
	uint8_t usage;

	SN_TRY(cry_cert_ext(c, OID_BASIC_CONSTRAINTS, &ca, why));
	if ((ca.p == NULL) != (roles[role].ca.p == NULL) || !bytes_equal(ca, roles[role].ca))
		return sn_fail(why, SN_E_ROLE,
		    "%s: basicConstraints is not what its role needs", cry_cert_cn(c));
	SN_TRY(read_usage(c, &usage, why));
	if (usage != roles[role].usage)
		return sn_fail(why, SN_E_ROLE, "%s: keyUsage is not what its role needs",
		    cry_cert_cn(c));
	return SN_OK;
}

/* What the role's row says about extensions and key. */
static enum sn_err
check_role(const struct cry_cert *c, enum amd_role role, struct sn_why *why)
{
	enum cry_alg key = CRY_RSA;
	size_t n = cry_cert_spki_len(c);

	SN_TRY(check_extensions(c, role, why));
	SN_TRY(cry_cert_key_alg(c, &key, why));
	if (key != roles[role].key || n != roles[role].spki_len)
		return sn_fail(why, SN_E_FORMAT, "%s: its key is %s with %zu bytes, not %s",
		    cry_cert_cn(c), cry_alg_name(key), n,
		    roles[role].key == CRY_RSA ? "RSA 4096" : "P-384");
	return SN_OK;
}

enum sn_err
amd_ark_check(const struct cry_cert *ark, int64_t at, struct sn_why *why)
{
	enum amd_product p;

	if (amd_cert_role(ark, &p) != AMD_ROLE_ARK)
		return sn_fail(why, SN_E_ROLE, "%s: not an ARK", cry_cert_cn(ark));
	SN_TRY(cry_cert_signed_by(ark, ark, CRY_SIG_RSA_PSS_SHA384, why));
	SN_TRY(check_role(ark, AMD_ROLE_ARK, why));
	return cry_cert_valid_at(ark, at, why);
}

enum sn_err
amd_intermediate_check(const struct cry_cert *c, const struct cry_cert *ark, int64_t at,
    struct sn_why *why)
{
	enum amd_product p, issuer_p;
	enum amd_role role = amd_cert_role(c, &p);

	if (role != AMD_ROLE_ASK && role != AMD_ROLE_ASVK)
		return sn_fail(why, SN_E_ROLE, "%s: neither an ASK nor an ASVK",
		    cry_cert_cn(c));
	if (amd_cert_role(ark, &issuer_p) != AMD_ROLE_ARK || issuer_p != p)
		return sn_fail(why, SN_E_CHAIN, "%s: %s is not its product's ARK",
		    cry_cert_cn(c), cry_cert_cn(ark));
	SN_TRY(cry_cert_signed_by(c, ark, CRY_SIG_RSA_PSS_SHA384, why));
	SN_TRY(check_role(c, role, why));
	return cry_cert_valid_at(c, at, why);
}

enum sn_err
amd_crl_check(const struct cry_crl *crl, const struct cry_cert *ark, int64_t at,
    struct sn_why *why)
{
	enum amd_product p;

	if (amd_cert_role(ark, &p) != AMD_ROLE_ARK)
		return sn_fail(why, SN_E_ROLE, "%s: only an ARK signs AMD's CRLs",
		    cry_cert_cn(ark));
	return cry_crl_verify(crl, ark, CRY_SIG_RSA_PSS_SHA384, at, why);
}

enum sn_err
amd_leaf_check(const struct cry_cert *c, const struct cry_cert *issuer, int64_t at,
    struct amd_leaf *ret, struct sn_why *why)
{
	struct amd_leaf leaf = { 0 };
	enum amd_product p;
	enum amd_role role = amd_cert_role(c, &p), want;

	if (role != AMD_ROLE_VCEK && role != AMD_ROLE_VLEK)
		return sn_fail(why, SN_E_ROLE, "%s: neither a VCEK nor a VLEK", cry_cert_cn(c));
	want = role == AMD_ROLE_VCEK ? AMD_ROLE_ASK : AMD_ROLE_ASVK;
	if (amd_cert_role(issuer, &p) != want)
		return sn_fail(why, SN_E_ROLE, "%s: %s does not sign a %s", cry_cert_cn(c),
		    cry_cert_cn(issuer), roles[role].name);
	SN_TRY(cry_cert_signed_by(c, issuer, CRY_SIG_RSA_PSS_SHA384, why));
	SN_TRY(check_role(c, role, why));
	SN_TRY(amd_leaf_parse(c, &leaf, why));
	if (leaf.product != p)
		return sn_fail(why, SN_E_ROLE, "%s: it is for %s but %s signed it",
		    cry_cert_cn(c), products[leaf.product].name, cry_cert_cn(issuer));
	SN_TRY(cry_cert_valid_at(c, at, why));
	*ret = leaf;
	return SN_OK;
}
