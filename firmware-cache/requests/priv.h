/*
 * priv - what the request list's files share.
 *
 * Owns: nothing. May include: what requests.h may.
 */
#ifndef REQ_PRIV_H
#define REQ_PRIV_H

#include "firmware-cache/requests/requests.h"

#define REQ_INTEL "https://api.trustedservices.intel.com/"
#define REQ_INTEL_FILES "https://certificates.trustedservices.intel.com/"
#define REQ_AMD "https://kdsintf.amd.com/"

/*
 * Call fn for each line of text (LF or CR LF, the last one may lack it), where naming it for
 * messages; ret_n counts them. SN_E_LIMIT above REQ_PLATFORMS_MAX; fn's failure ends it.
 */
SN_MUST_USE enum sn_err req_each_line(struct req_wants *w, struct bytes text, const char *what,
    enum sn_err (*fn)(struct req_wants *w, struct bytes line, const char *where,
	struct sn_why *why),
    size_t *ret_n, struct sn_why *why);
/* Bytes of a chip's hwID: all 64 of its CHIP_ID, or the first 8. */
size_t req_hwid_len(enum amd_product p);
/* The VCEK of a chip at a level. */
SN_MUST_USE enum sn_err req_vcek(struct req_wants *w, enum amd_product p, struct bytes hwid,
    const struct amd_tcb *tcb, struct sn_why *why);

#endif
