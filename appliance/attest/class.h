/*
 * class - the one place where the class of TPM evidence is decided, in the ceremony and
 * by everybody who verifies its bundle.
 *
 * Owns: what is in a verdict until att_verdict_done(). May include: base, crypto. See
 * docs/TPM.md "Class".
 */
#ifndef ATT_CLASS_H
#define ATT_CLASS_H

#include "appliance/attest/ek.h"

enum att_level { ATT_LEVEL_SOFTWARE, ATT_LEVEL_PINNED, ATT_LEVEL_VENDOR };
const char *att_level_name(enum att_level l); /* "software": as in statement and plan */

/* What the plan, or who verifies, knows of the TPM from elsewhere. NULL: nothing. */
struct att_pins {
	const uint8_t *ek;   /* tpm_ek: SHA-256 of the endorsement key's TPMT_PUBLIC */
	const uint8_t *ak;   /* tpm_ak: the same of the attestation key; it was enrolled */
	const uint8_t *root; /* vendor_pki.tpm: SHA-256 of a generated root's SPKI */
};

struct att_facts {
	bool software;		     /* the back end is softtpm: nothing can raise its class */
	bool rehearsal;		     /* else pins.root is refused */
	struct bytes ek_pub, ak_pub; /* TPM2B_PUBLIC */
	struct bytes ek_cert; /* DER, as in NV, padding and all; n 0 when there is none */
	const struct att_heap
	    *heap; /* certificates from the stick, NV or ek-chain.pem; or NULL */
	struct att_pins pins;
	int64_t at; /* the certificates are judged at this time */
};

struct att_verdict {
	enum att_level level;
	struct sn_buf
	    ek_cert; /* the certificate alone, also if it came from the heap; or none */
	bool chain;  /* path is there: the certificate chains to a known root */
	struct att_path path;
	bool ek_pinned, ak_pinned;	/* it is the pin's */
	char why_not[SN_WHY_MAX];	/* one sentence: why not vendor; "" when it is */
	char chain_why_not[SN_WHY_MAX]; /* why there is no path; "" when there is */
};
void att_verdict_done(struct att_verdict *v); /* NULL-safe, idempotent */

/*
 * The class of these facts. A pin that does not fit is refused (SN_E_EVIDENCE), so is a key
 * that is none of a TPM's (SN_E_SIGNATURE, SN_E_FORMAT). That no path is found is no failure
 * but a lower class. The caller calls att_verdict_done().
 *
 *   vendor    the certificate is the EK's, its path leads to a known root, and the AK is the
 *             pin's, since only enrolment ties it to that EK
 *   pinned    the EK is the pin's
 *   software  all else, and whatever softtpm says
 */
SN_MUST_USE enum sn_err att_class(const struct att_facts *f, struct att_verdict *ret,
    struct sn_why *why);

#endif
