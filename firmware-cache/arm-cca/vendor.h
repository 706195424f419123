/*
 * vendor - Arm CCA's row in the store's table: CoRIM and CoMID in CBOR, CCA tokens, and the
 * trust anchor and reference value stores of Trustee's verifier; carried, never verified here.
 *
 * Owns: nothing. May include: base, crypto, firmware-cache/vendor. Sources: RFC 8949 (CBOR),
 * draft-ietf-rats-corim, draft-ffm-rats-cca-token, Trustee's cca verifier. A CoRIM may be
 * another vendor's: what tells it is its form. See docs/COLLATERAL.md.
 */
#ifndef ARM_VENDOR_H
#define ARM_VENDOR_H

#include "firmware-cache/vendor/vendor.h"

#define ARM_ITEM_MAX (256U << 10)
#define ARM_CBOR_DEPTH 24

/*
 * Is this exactly one well-formed CBOR item, nested no deeper than ARM_CBOR_DEPTH? SN_E_FORMAT,
 * SN_E_LIMIT.
 */
SN_MUST_USE enum sn_err arm_cbor_check(struct bytes b, struct sn_why *why);

extern const struct col_vendor_ops arm_vendor;

#endif
