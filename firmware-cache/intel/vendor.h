/*
 * vendor - Intel's row in the store's table of vendors.
 *
 * Owns: nothing. May include: base, crypto, firmware-cache/vendor. A claim's facts are a struct
 * intel_facts for signed JSON, a struct intel_pck_facts for PCK certificates, else NULL. See
 * docs/COLLATERAL.md.
 */
#ifndef INTEL_VENDOR_H
#define INTEL_VENDOR_H

#include "firmware-cache/intel/pck.h"
#include "firmware-cache/vendor/vendor.h"

/* Signed JSON: the slice's views are into the item's own bytes. */
struct intel_facts {
	struct intel_slice slice;
	struct intel_claim json;
};

/* PCK certificates, in the order of the claim's certificates. */
struct intel_pck_facts {
	size_t unavailable; /* entries of a response that say "Not available" */
	size_t n;
	struct intel_pck pcks[];
};

extern const struct col_vendor_ops intel_vendor;

#endif
