/*
 * vendor - NVIDIA's row in the store's table: reference integrity manifests (RIM) and
 * certificates, carried and never verified here.
 *
 * Owns: nothing. May include: base, crypto, firmware-cache/vendor. A RIM is a SWID tag in
 * XML [ISO/IEC 19770-2] with an XML signature; also as base64, as Trustee's reference value
 * service takes it. See docs/COLLATERAL.md.
 */
#ifndef NVIDIA_VENDOR_H
#define NVIDIA_VENDOR_H

#include "firmware-cache/vendor/vendor.h"

#define NVIDIA_RIM_MAX (256U << 10) /* bytes of one RIM; those published have 27 KiB */

extern const struct col_vendor_ops nvidia_vendor;

#endif
