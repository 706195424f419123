/*
 * tpm_json - evidence/tpm.json: what the TPM of a ceremony said of itself.
 *
 * Owns: nothing between calls. May include: base, crypto. Format: docs/TPM.md, "tpm.json". Nothing in
 * it is signed by the TPM; the statement binds the file, and readers compare it with what is.
 */
#ifndef BUNDLE_TPM_JSON_H
#define BUNDLE_TPM_JSON_H

#include "ceremony/bundle/format.h"

#define BUN_TPM_TEXT_MAX 64    /* bytes of a name in it */
#define BUN_TPM_REASON_MAX 256 /* of why there is no counter */

struct bun_tpm {
	char backend[BUN_TPM_TEXT_MAX + 1]; /* "device", "software", "swtpm" */
	char device[BUN_TPM_TEXT_MAX + 1];
	char manufacturer[BUN_TPM_TEXT_MAX + 1], vendor[BUN_TPM_TEXT_MAX + 1];
	uint64_t firmware;	       /* both version words */
	uint32_t revision;	       /* of the specification: 164 is 1.64 */
	char ek[BUN_TPM_TEXT_MAX + 1]; /* the endorsement key's template, "ecc-p256" */
	uint32_t ek_certificate;       /* its certificate's NV index; 0: there is none in NV */
	bool platform, owner, endorsement;			     /* is this hierarchy on? */
	bool owner_password, endorsement_password, lockout_password; /* is one set? */
	bool in_lockout;
	uint32_t lockout_failures, lockout_limit, lockout_seconds; /* until one is forgotten */
	uint32_t slowest_ms; /* the longest that a command took, up to the opening */
	bool has_counter;
	uint64_t counter;			 /* when has_counter */
	char no_counter[BUN_TPM_REASON_MAX + 1]; /* when not: why */
};

/* Append the canonical bytes and a newline. SN_E_FORMAT: a text that a reader would refuse. */
SN_MUST_USE enum sn_err bun_tpm_json(const struct bun_tpm *t, struct sn_buf *ret,
    struct sn_why *why);
/* Strictly: canonical, no key missing or unknown. SN_E_FORMAT. */
SN_MUST_USE enum sn_err bun_tpm_parse(struct bytes json, struct bun_tpm *ret,
    struct sn_why *why);

#endif
