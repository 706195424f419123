/*
 * trustee - what Trustee's DCAP verifier reads without a network: one JSON file, and the
 * lines of its configuration that name it.
 *
 * Owns: nothing. May include: base, store, intel. Source: Trustee 0.21, deps/verifier/src/
 * intel_dcap. See docs/COLLATERAL.md.
 */
#ifndef LAY_TRUSTEE_H
#define LAY_TRUSTEE_H

#include "firmware-cache/layouts/layouts.h"

#define TRUSTEE_DCAP_NAME "trustee-dcap"
#define TRUSTEE_DCAP_FOLDER "trustee/dcap"

/* A struct lay_layout's write. Without a complete set there is no file, and it is told. */
SN_MUST_USE enum sn_err trustee_dcap_write(const struct lay_input *in,
    const struct lay_out *out, struct sn_why *why);

#endif
