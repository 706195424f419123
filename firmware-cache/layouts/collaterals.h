/*
 * collaterals - platform_collaterals.json, in the two forms that its two readers disagree
 * on: Trustee wants identities as objects, PCCS as strings.
 *
 * Owns: nothing. May include: base, crypto, intel. Written as Intel's own tool writes it, so
 * that the same input gives the same bytes. Sources: Intel DCAP's PcsClientTool and PCCS,
 * Trustee's collateral_service.rs. See docs/COLLATERAL.md.
 */
#ifndef LAY_COLLATERALS_H
#define LAY_COLLATERALS_H

#include "firmware-cache/layouts/pck.h"
#include "firmware-cache/layouts/set.h"

enum lay_dialect { LAY_FOR_TRUSTEE, LAY_FOR_PCCS };

/*
 * Take out of the set what the dialect's reader would not read as it was signed; each goes to
 * out->left_out under the layout's name.
 */
SN_MUST_USE enum sn_err lay_collaterals_filter(struct lay_set *set, enum lay_dialect d,
    const char *layout, const struct lay_out *out, struct sn_why *why);

/*
 * What is missing so that there can be no file at all ("no accepted ..."), or NULL.
 */
const char *lay_collaterals_missing(const struct lay_set *set);

/* Append the file. Nothing may be missing. */
SN_MUST_USE enum sn_err lay_collaterals_write(const struct lay_set *set,
    const struct lay_hosts *hosts, enum lay_dialect d, struct sn_buf *ret, struct sn_why *why);

/*
 * Read the file as its reader does, and find in it the signed bytes of every body of the set,
 * the CRLs and the chains. SN_E_INTERNAL when it does not read back.
 */
SN_MUST_USE enum sn_err lay_collaterals_read_back(const struct lay_set *set, enum lay_dialect d,
    struct bytes file, struct sn_why *why);

/* Append the certificates of a host as Intel's pckcerts service answers: [{tcb,tcbm,cert}]. */
SN_MUST_USE enum sn_err lay_pck_json(const struct lay_hosts *all, const struct lay_host *h,
    struct sn_buf *ret, struct sn_why *why);
/* Append leaf and root as URL-encoded PEM, as Intel's headers carry them. */
SN_MUST_USE enum sn_err lay_url_chain(const struct cry_cert *leaf, const struct cry_cert *root,
    struct sn_buf *ret, struct sn_why *why);

/* Append "platform_list.json" in the form of Intel's tools: all platforms given. */
SN_MUST_USE enum sn_err lay_platform_list(const struct lay_input *in, struct sn_buf *ret,
    struct sn_why *why);

#endif
