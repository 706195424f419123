/*
 * ibmse - the folder from which Trustee's verifier of IBM Secure Execution reads host keys,
 * their chain and CRLs.
 *
 * Owns: nothing. May include: base, crypto, firmware-cache/store, ibm-se. Source: Trustee,
 * deps/verifier/src/se, and s390-tools' pv crate which it calls. See docs/COLLATERAL.md.
 */
#ifndef IBMSE_IBMSE_H
#define IBMSE_IBMSE_H

#include "firmware-cache/layouts/layouts.h"

#define IBMSE_NAME "trustee-ibmse"
#define IBMSE_FOLDER "trustee/ibmse"

/* A struct lay_layout's write: one signing key, its chain, their CRLs, its host keys. */
SN_MUST_USE enum sn_err ibmse_write(const struct lay_input *in, const struct lay_out *out,
    struct sn_why *why);

#endif
