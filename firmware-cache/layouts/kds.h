/*
 * kds - the offline VCEK store that Trustee reads, derived from verified VCEKs.
 *
 * Owns: nothing. May include: base, firmware-cache/store, amd. Layout:
 * vcek/<hwid>/<tcb>_vcek.der below the store's root. See docs/COLLATERAL.md.
 */
#ifndef KDS_KDS_H
#define KDS_KDS_H

#include "firmware-cache/layouts/layouts.h"

/* Where the store lies below the output. */
#define KDS_FOLDER "trustee/kds-store"

/*
 * A struct lay_layout's write: every file of the store in byte order of the path. The bytes
 * are the certificate's DER.
 */
SN_MUST_USE enum sn_err kds_write(const struct lay_input *in, const struct lay_out *out,
    struct sn_why *why);

#endif
