/*
 * pck - PCK certificates: what their SGX extension says of a platform, and which of them a
 * platform must use.
 *
 * Owns: nothing between calls. May include: base, crypto. Sources: Intel SGX PCK Certificate
 * and CRL Profile Specification 1.5 (section 1.3.5), PCS API v4. See docs/COLLATERAL.md.
 */
#ifndef INTEL_PCK_H
#define INTEL_PCK_H

#include "firmware-cache/intel/intel.h"

#define INTEL_COMPONENTS 16
#define INTEL_PPID_LEN 16
#define INTEL_CPUSVN_LEN 16
#define INTEL_TCBM_LEN (INTEL_CPUSVN_LEN + 2)

enum intel_sgx_type { INTEL_SGX_STANDARD, INTEL_SGX_SCALABLE, INTEL_SGX_SCALABLE_INTEGRITY };

/* A platform's TCB in components, as certificates and TCB levels state it. */
struct intel_tcb {
	uint8_t component[INTEL_COMPONENTS];
	uint16_t pce_svn;
};

/* What a PCK certificate's extension says. */
struct intel_pck {
	uint8_t ppid[INTEL_PPID_LEN];
	struct intel_tcb tcb;
	uint8_t cpu_svn[INTEL_CPUSVN_LEN];
	uint8_t pce_id[INTEL_PCEID_LEN];
	uint8_t fmspc[INTEL_FMSPC_LEN];
	enum intel_sgx_type sgx_type;
	bool platform; /* issued by the Platform CA: the rest is there */
	uint8_t instance_id[16];
	bool dynamic_platform, cached_keys, smt_enabled;
};

/* Parse the extension of a certificate, strictly; no signature is checked. SN_E_FORMAT. */
SN_MUST_USE enum sn_err intel_pck_parse(const struct cry_cert *c, struct intel_pck *ret,
    struct sn_why *why);
/*
 * A PCK certificate signed by that Platform or Processor CA, fit for its role, valid at the
 * time, its extension whole and of that CA's form. SN_E_SIGNATURE comes first.
 */
SN_MUST_USE enum sn_err intel_pck_check(const struct cry_cert *c, const struct cry_cert *ca,
    int64_t at, struct intel_pck *ret, struct sn_why *why);

/* The tcbm that Intel's service names it by: CPUSVN, then PCESVN little-endian. */
void intel_pck_tcbm(const struct intel_pck *p, uint8_t ret[INTEL_TCBM_LEN]);

/* Is every component, and the PCESVN, at least that of low? */
bool intel_tcb_reaches(const struct intel_tcb *have, const struct intel_tcb *low);

/*
 * The certificate that a platform of that raw TCB uses: of those with its PCE-ID that the
 * platform reaches, the one in the highest TCB level, and among those the highest TCB. The
 * levels are of its FMSPC's TCB info, highest first as intel_body_read() sorts them; there may
 * be none. Returns its index, or n when none fits. Source: Intel's PCK Certificate ID
 * selection (pck_cert_selection).
 */
size_t intel_pck_select(const struct intel_pck *pcks, size_t n,
    const struct intel_tcb *platform, const uint8_t pce_id[INTEL_PCEID_LEN],
    const struct intel_tcb *levels, size_t nlevels);

#define INTEL_PCK_SET_MAX 64

/* The certificates of a pckcerts response, still unverified. */
struct intel_pck_set {
	struct cry_cert *certs[INTEL_PCK_SET_MAX]; /* n of them, owned by the caller */
	struct intel_pck pcks[INTEL_PCK_SET_MAX];
	size_t n, unavailable; /* entries that say "Not available" */
};

/* Does it look like a pckcerts response at all? */
bool intel_looks_pck_set(struct bytes b);
/*
 * Parse [{"tcb":{...},"tcbm":"<36 hex>","cert":"<URL-encoded PEM>"}, ...]: tcb and tcbm must
 * say what each certificate's extension says, all of one platform (PPID, PCE-ID, FMSPC), no
 * TCB twice. SN_E_FORMAT, SN_E_LIMIT. Untouched on failure.
 */
SN_MUST_USE enum sn_err intel_pck_set_parse(struct bytes json, struct intel_pck_set *ret,
    struct sn_why *why);

#endif
