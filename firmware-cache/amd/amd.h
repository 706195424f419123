/*
 * amd - AMD SEV-SNP certificates and CRLs: what a file claims to be, and the
 * checks that make it AMD's.
 *
 * Owns: nothing between calls. May include: base, crypto. Sources: AMD 57230
 * (VCEK and KDS interface), RFC 4055, RFC 5280. See docs/COLLATERAL.md.
 */
#ifndef AMD_AMD_H
#define AMD_AMD_H

#include "appliance/crypto/cert.h"

enum amd_product { AMD_MILAN, AMD_GENOA, AMD_TURIN, AMD_PRODUCT_COUNT };
const char *amd_product_name(enum amd_product p); /* "Milan", as in KDS addresses */
/* AMD_PRODUCT_COUNT when the name is not known; case matters. */
enum amd_product amd_product_from_name(struct bytes name);

#define AMD_LEAF_MAX (4U << 10) /* a VCEK or VLEK in DER */

/* What a certificate claims to be, by its subject's common name alone. */
enum amd_role {
	AMD_ROLE_NONE, /* not AMD's */
	AMD_ROLE_ARK,
	AMD_ROLE_ASK,
	AMD_ROLE_ASVK,
	AMD_ROLE_VCEK,
	AMD_ROLE_VLEK,
};
const char *amd_role_name(enum amd_role r); /* "ARK" */
/* *ret_product is AMD_PRODUCT_COUNT for the leaf roles, whose name does not say it. */
enum amd_role amd_cert_role(const struct cry_cert *c, enum amd_product *ret_product);

/* Is this digest the pinned one of the product's ARK key (SHA-256 of its SPKI)? */
bool amd_root_pinned(enum amd_product p, const uint8_t spki_sha256[32]);

/* An ARK: self-signed, PSS SHA-384, a CA, RSA 4096, valid at the time. The caller
 * decides whether its key is trusted. */
SN_MUST_USE enum sn_err amd_ark_check(const struct cry_cert *ark, int64_t at,
    struct sn_why *why);
/* An ASK or ASVK signed by that ARK, of the same product. */
SN_MUST_USE enum sn_err amd_intermediate_check(const struct cry_cert *c,
    const struct cry_cert *ark, int64_t at, struct sn_why *why);
/* The CRL of that ARK, current at the time. */
SN_MUST_USE enum sn_err amd_crl_check(const struct cry_crl *crl, const struct cry_cert *ark,
    int64_t at, struct sn_why *why);

#define AMD_HWID_MAX 64
#define AMD_CSP_MAX 64

/* The security patch levels in a VCEK's or VLEK's extensions. */
struct amd_tcb {
	uint8_t bl, tee, snp, ucode, fmc;
	bool has_fmc; /* structure version 1 (Turin) only */
};

/* A leaf's extensions, parsed strictly. */
struct amd_leaf {
	enum amd_role role; /* AMD_ROLE_VCEK or AMD_ROLE_VLEK */
	enum amd_product product;
	uint8_t struct_version;
	struct amd_tcb tcb;
	size_t hwid_len; /* VCEK: 64, or 8 for Turin; VLEK: 0 */
	uint8_t hwid[AMD_HWID_MAX];
	char csp[AMD_CSP_MAX]; /* VLEK: the provider's name; VCEK: "" */
};

/* Parse the extensions [AMD 57230 table 8]; no signature is checked. SN_E_FORMAT, SN_E_ROLE. */
SN_MUST_USE enum sn_err amd_leaf_parse(const struct cry_cert *c, struct amd_leaf *ret,
    struct sn_why *why);
/* A VCEK signed by that ASK, or a VLEK by that ASVK, of the same product, key P-384; then
 * its extensions. SN_E_SIGNATURE comes before anything that an unsigned byte could cause. */
SN_MUST_USE enum sn_err amd_leaf_check(const struct cry_cert *c, const struct cry_cert *issuer,
    int64_t at, struct amd_leaf *ret, struct sn_why *why);

/* The name under which Trustee's offline store looks for a VCEK:
 * "bl03_tee00_snp08_ucode115_vcek.der", with "_fmc00" before "_vcek" on Turin. */
#define AMD_TCB_NAME_MAX 64
void amd_tcb_name(const struct amd_tcb *tcb, char ret[AMD_TCB_NAME_MAX]);

#endif
