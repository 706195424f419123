/*
 * intel - Intel SGX and TDX collateral: certificates by role, CRLs, and the
 * signed JSON bodies sliced out of their original bytes.
 *
 * Owns: nothing between calls. May include: base, crypto. Sources: Intel
 * Provisioning Certification Service API v4, RFC 5280. See docs/COLLATERAL.md.
 */
#ifndef INTEL_INTEL_H
#define INTEL_INTEL_H

#include "appliance/crypto/cert.h"

/* What a certificate claims to be, by its subject's common name alone. */
enum intel_role {
	INTEL_ROLE_NONE, /* not Intel's */
	INTEL_ROLE_ROOT,
	INTEL_ROLE_TCB_SIGNING,
	INTEL_ROLE_PLATFORM_CA,
	INTEL_ROLE_PROCESSOR_CA,
	INTEL_ROLE_PCK, /* belongs to one host */
	INTEL_ROLE_COUNT,
};
enum intel_role intel_cert_role(const struct cry_cert *c);

/* Is this the pinned digest of the Intel SGX Root CA key (SHA-256 of its SPKI)? */
bool intel_root_pinned(const uint8_t spki_sha256[32]);

/* A root: self-signed with P-256, a CA, valid at the time. The caller decides whether
 * its key is trusted. */
SN_MUST_USE enum sn_err intel_root_check(const struct cry_cert *c, int64_t at,
    struct sn_why *why);
/* TCB signing, Platform CA or Processor CA, signed by that root and fit for its role. */
SN_MUST_USE enum sn_err intel_intermediate_check(const struct cry_cert *c,
    const struct cry_cert *root, int64_t at, struct sn_why *why);
/* A PCK certificate signed by that PCK CA and fit for its role; pck.h reads its extension. */
SN_MUST_USE enum sn_err intel_leaf_check(const struct cry_cert *c, const struct cry_cert *ca,
    int64_t at, struct sn_why *why);
/* The CRL of the root, or of a PCK CA, current at the time. */
SN_MUST_USE enum sn_err intel_crl_check(const struct cry_crl *crl,
    const struct cry_cert *issuer, int64_t at, struct sn_why *why);

#define INTEL_JSON_MAX (1U << 20) /* one signed JSON response */
#define INTEL_SIG_LEN 64

enum intel_json { INTEL_JSON_TCB_INFO, INTEL_JSON_IDENTITY, INTEL_JSON_EVALUATION };
/* The outer member that holds it: "tcbInfo". */
const char *intel_json_key(enum intel_json kind);

/* A signed JSON response, cut up; views into the original bytes. */
struct intel_slice {
	enum intel_json kind;
	struct bytes body;	    /* exactly the bytes that are signed */
	uint8_t sig[INTEL_SIG_LEN]; /* r || s */
};

/*
 * Slice {"tcbInfo":{...},"signature":"<128 hex>"}, or the same with "enclaveIdentity" or
 * "tcbEvaluationDataNumbers": one object with
 * exactly two members in either order, no escapes in any key, no key twice at any depth,
 * nothing behind it. SN_E_FORMAT, SN_E_LIMIT.
 */
SN_MUST_USE enum sn_err intel_slice(struct bytes json, struct intel_slice *ret,
    struct sn_why *why);
/* Does it look like such a response at all (first bytes only)? */
bool intel_looks_signed_json(struct bytes b);

enum intel_id {
	INTEL_ID_SGX,
	INTEL_ID_TDX,
	INTEL_ID_QE,
	INTEL_ID_TD_QE,
	INTEL_ID_QVE,
	INTEL_ID_COUNT
};
const char *intel_id_name(enum intel_id id); /* "TD_QE" */

#define INTEL_FMSPC_LEN 6

/* What a body says; unverified until intel_json_check() has accepted its slice. */
#define INTEL_PCEID_LEN 2
struct intel_claim {
	enum intel_json kind;
	enum intel_id id;
	uint32_t version;
	uint32_t evaluation; /* tcbEvaluationDataNumber; the highest of a list of them */
	int64_t issued, next_update;
	uint8_t fmspc[INTEL_FMSPC_LEN]; /* TCB info only */
	bool lower_fmspc;		/* written with a-f */
	uint8_t pce_id[INTEL_PCEID_LEN];
};

#define INTEL_PCE_TEXT 10
/* What tells TCB infos of one FMSPC apart: " PCE 0001", or "" for PCE-ID 0, nearly everyone's. */
void intel_pce_text(const uint8_t pce_id[INTEL_PCEID_LEN], char ret[INTEL_PCE_TEXT]);
/* Parse the body: TCB info version 3 (SGX, TDX) or 2 (SGX), identity version 2, evaluation
 * numbers version 1 (SGX, TDX). */
SN_MUST_USE enum sn_err intel_body_parse(const struct intel_slice *s, struct intel_claim *ret,
    struct sn_why *why);
/* Signed by that TCB signing certificate, and inside its window at the time. */
SN_MUST_USE enum sn_err intel_json_check(const struct intel_slice *s,
    const struct intel_claim *claim, const struct cry_cert *signer, int64_t at,
    struct sn_why *why);

#endif
