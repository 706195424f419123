/*
 * trustee - the configuration that Trustee's key broker loads, profile
 * trustee-0.21.
 *
 * Owns: nothing. May include: base, crypto, keys. The key names were checked
 * against Trustee's sources; see docs/FORMAT-BUNDLE.md, section "render".
 */
#ifndef LAYOUT_TRUSTEE_H
#define LAYOUT_TRUSTEE_H

#include "appliance/base/bytes.h"

#define LAYOUT_TRUSTEE_PROFILE "trustee-0.21"
#define LAYOUT_TRUSTEE_PATH "render/trustee-0.21/kbs-config.toml"

/* Append kbs-config.toml for the sanctum of that name (printable, at most 60 bytes). */
SN_MUST_USE enum sn_err layout_trustee_config(const char *sanctum_name, struct sn_buf *ret,
    struct sn_why *why);

#endif
