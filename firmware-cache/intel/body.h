/*
 * body - all that a signed JSON body says: TCB levels, TDX modules, an enclave's identity.
 *
 * Owns: nothing between calls. May include: base, crypto. Sources: Intel PCS API v4 (TCB Info
 * v3, Enclave Identity v2), v3 (TCB Info v2). See docs/COLLATERAL.md.
 */
#ifndef INTEL_BODY_H
#define INTEL_BODY_H

#include "appliance/base/json.h"
#include "firmware-cache/intel/pck.h"

enum intel_status {
	INTEL_STATUS_UP_TO_DATE,
	INTEL_STATUS_SW_HARDENING,
	INTEL_STATUS_CONFIGURATION,
	INTEL_STATUS_CONFIGURATION_AND_SW_HARDENING,
	INTEL_STATUS_OUT_OF_DATE,
	INTEL_STATUS_OUT_OF_DATE_CONFIGURATION,
	INTEL_STATUS_REVOKED,
	INTEL_STATUS_COUNT,
};
const char *intel_status_name(enum intel_status s); /* "UpToDate", as Intel writes it */

/* One TCB level; what its body's kind does not have is zero. */
struct intel_level {
	struct intel_tcb tcb;	       /* TCB info */
	uint8_t tdx[INTEL_COMPONENTS]; /* TDX TCB info */
	uint16_t isv_svn;	       /* identities and TDX modules */
	bool beyond; /* a component above 255, held as 255: no platform reaches it */
	enum intel_status status;
	int64_t date;
};

#define INTEL_LEVELS_MAX 256
#define INTEL_MODULES_MAX 16
#define INTEL_MODULE_LEVELS_MAX 64
#define INTEL_MODULE_ID_MAX 16

struct intel_module {
	char id[INTEL_MODULE_ID_MAX]; /* "TDX_01"; "" for tdxModule */
	uint8_t mrsigner[48], attributes[8], attributes_mask[8];
	struct intel_level levels[INTEL_MODULE_LEVELS_MAX];
	size_t nlevels; /* 0 for tdxModule */
};

/* An enclave: which one an identity speaks of. */
struct intel_enclave {
	uint8_t miscselect[4], miscselect_mask[4], attributes[16], attributes_mask[16];
	uint8_t mrsigner[32];
	uint16_t isv_prod_id;
};

/* Whatever order a body has, its levels are here highest first, each TCB once. */
struct intel_body {
	struct intel_claim claim;
	uint8_t pce_id[INTEL_PCEID_LEN]; /* TCB info */
	struct intel_enclave enclave;	 /* identity */
	struct intel_module module;	 /* TDX TCB info */
	struct intel_module *modules;	 /* nmodules, owned; TDX TCB info */
	size_t nmodules;
	struct intel_level *levels; /* nlevels, owned; none for evaluation numbers */
	size_t nlevels;
};
void intel_body_done(struct intel_body *b); /* NULL-safe, idempotent */

/* Parse a body whole; intel_body_parse() refuses what this refuses. The caller owns *ret.
 * SN_E_FORMAT, SN_E_LIMIT, SN_E_NOMEM. Untouched on failure. */
SN_MUST_USE enum sn_err intel_body_read(const struct intel_slice *s, struct intel_body *ret,
    struct sn_why *why);

/* The first level of a TCB info that this TCB reaches, its SGX side alone; NULL when none. */
const struct intel_level *intel_level_of(const struct intel_body *b,
    const struct intel_tcb *tcb);

/* For body.c: levels and modules of a parsed root. And the components of a TCB, from the array
 * or (version 2) from a member each; above 255 they are refused unless ret_beyond is given. */
SN_MUST_USE enum sn_err intel_levels_read(yyjson_val *root, struct intel_body *b,
    struct sn_why *why);
SN_MUST_USE enum sn_err intel_modules_read(yyjson_val *root, struct intel_body *b,
    struct sn_why *why);
SN_MUST_USE enum sn_err intel_components_read(yyjson_val *tcb, const char *array, bool v3,
    uint8_t ret[INTEL_COMPONENTS], bool *ret_beyond, const char *what, struct sn_why *why);

#endif
