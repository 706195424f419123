/*
 * kds - the offline VCEK store that Trustee reads, derived from verified VCEKs.
 *
 * Owns: nothing. May include: base, firmware-cache/store, amd. Layout:
 * vcek/<hwid>/<tcb>_vcek.der below the store's root. See docs/COLLATERAL.md.
 */
#ifndef KDS_KDS_H
#define KDS_KDS_H

#include "firmware-cache/store/store.h"

/* Where the store lies below a bundle's root. */
#define KDS_PREFIX "collateral/trustee/kds-store"
#define KDS_PATH_MAX 256

/*
 * Call fn for every file of the store, path starting with KDS_PREFIX, in byte order of the
 * path. The bytes are the certificate's DER. fn's failure ends it and is returned.
 */
SN_MUST_USE enum sn_err kds_each(const struct col_store *s,
    enum sn_err (*fn)(void *arg, const char *path, struct bytes bytes, struct sn_why *why),
    void *arg, struct sn_why *why);

#endif
