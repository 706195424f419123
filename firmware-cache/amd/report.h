/*
 * report - an SNP attestation report: read strictly, and checked against the VCEK or VLEK
 * that must have signed it.
 *
 * Owns: nothing. May include: base, crypto. Source: AMD 56860 (SNP firmware ABI) table 23,
 * versions 2 to 5. A report is evidence, not collateral: it names the chip to ask for.
 */
#ifndef AMD_REPORT_H
#define AMD_REPORT_H

#include "firmware-cache/amd/amd.h"

#define AMD_REPORT_LEN 1184
#define AMD_CHIP_ID_LEN 64
#define AMD_RAW_TCB_LEN 8

/* What a report says. Numbers are the host's; byte strings as they stand in it. */
struct amd_report {
	uint32_t version, guest_svn, vmpl;
	uint64_t policy, platform_info;
	/* By its CPUID fields; version 2 has none, and is Turin when the chip id has 8 bytes.
	 * Else, and for a family that is not known here, AMD_PRODUCT_COUNT. */
	enum amd_product product;
	enum amd_role signer; /* VCEK or VLEK; AMD_ROLE_NONE: not signed at all */
	bool masked_chip_id;  /* all zero: it names no chip */
	uint8_t current_tcb[AMD_RAW_TCB_LEN], reported_tcb[AMD_RAW_TCB_LEN];
	uint8_t committed_tcb[AMD_RAW_TCB_LEN], launch_tcb[AMD_RAW_TCB_LEN];
	uint8_t chip_id[AMD_CHIP_ID_LEN];
	uint8_t report_data[64], measurement[48], host_data[32], report_id[32];
};

/* Is it as long as a report, of a version that is known? For telling items apart. */
bool amd_report_looks_like(struct bytes b);

/*
 * Read a report; no signature is checked. SN_E_FORMAT: length, version, signature algorithm,
 * signing key, or bytes set where the signature's numbers have none (a big-endian one is
 * refused by this or by the signature).
 */
SN_MUST_USE enum sn_err amd_report_parse(struct bytes b, struct amd_report *ret,
    struct sn_why *why);

/* TCB_VERSION's eight bytes as patch levels: their places depend on the product. */
void amd_tcb_from_raw(enum amd_product p, const uint8_t raw[AMD_RAW_TCB_LEN],
    struct amd_tcb *ret);
bool amd_tcb_equal(const struct amd_tcb *a, const struct amd_tcb *b);

/*
 * Does this certificate's key sign the report, and do chip, product and reported TCB agree with
 * its extensions? The certificate must have been verified by amd_leaf_check() already, which
 * gave leaf. SN_E_ROLE: the report names the other kind of key, or none; SN_E_SIGNATURE;
 * SN_E_CHAIN: another chip, product or TCB, or a masked chip under a VCEK.
 */
SN_MUST_USE enum sn_err amd_report_check(struct bytes report, const struct cry_cert *x,
    const struct amd_leaf *leaf, struct amd_report *ret, struct sn_why *why);

#endif
