/*
 * vendor - Intel's row in the store's table of vendors.
 *
 * Owns: nothing. May include: base, crypto, firmware-cache/vendor. A claim's facts are a
 * struct intel_facts for signed JSON, and NULL for everything else. See docs/COLLATERAL.md.
 */
#ifndef INTEL_VENDOR_H
#define INTEL_VENDOR_H

#include "firmware-cache/intel/intel.h"
#include "firmware-cache/vendor/vendor.h"

/* Signed JSON: the slice's views are into the item's own bytes. */
struct intel_facts {
	struct intel_slice slice;
	struct intel_claim json;
};

extern const struct col_vendor_ops intel_vendor;

#endif
