/*
 * pccs - what pccsadmin puts into a PCCS that has no network: platform_list.json and
 * platform_collaterals.json.
 *
 * Owns: nothing. May include: base, store, intel. Source: Intel DCAP, PCCS schema version 4.
 * PCCS verifies none of it. See docs/COLLATERAL.md.
 */
#ifndef LAY_PCCS_H
#define LAY_PCCS_H

#include "firmware-cache/layouts/layouts.h"

#define PCCS_NAME "pccs"
#define PCCS_FOLDER "pccs"

/* A struct lay_layout's write. Without a complete set there is no file, and it is told. */
SN_MUST_USE enum sn_err pccs_write(const struct lay_input *in, const struct lay_out *out,
    struct sn_why *why);

#endif
