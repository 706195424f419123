/*
 * vendor - IBM Secure Execution's row in the store's table.
 *
 * Owns: nothing. May include: vendor, ibm-se. See docs/ADDING-A-VENDOR.md.
 */
#ifndef IBM_VENDOR_H
#define IBM_VENDOR_H

#include "firmware-cache/ibm-se/ibm.h"
#include "firmware-cache/vendor/vendor.h"

extern const struct col_vendor_ops ibm_vendor;

#endif
