/*
 * vendor - AMD's row in the store's table of vendors.
 *
 * Owns: nothing. May include: base, crypto, firmware-cache/vendor. A claim's facts are a
 * struct amd_leaf for a VCEK or VLEK, and NULL for everything else. See docs/COLLATERAL.md.
 */
#ifndef AMD_VENDOR_H
#define AMD_VENDOR_H

#include "firmware-cache/vendor/vendor.h"

extern const struct col_vendor_ops amd_vendor;

#endif
