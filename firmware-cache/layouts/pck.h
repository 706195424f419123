/*
 * pck - which accepted PCK certificates belong to which platform of the platform list.
 *
 * Owns: its lists; views into the store and the input. May include: base, crypto, store,
 * intel. See docs/COLLATERAL.md.
 */
#ifndef LAY_PCK_H
#define LAY_PCK_H

#include "firmware-cache/layouts/set.h"

#define LAY_COMPONENTS 16

/* One PCK certificate and what its extension says. */
struct lay_pck {
	const struct col_row *row;
	const struct cry_cert *x;
	enum lay_ca ca;
	uint8_t component[LAY_COMPONENTS], cpu_svn[16], pce_id[2], fmspc[INTEL_FMSPC_LEN];
	uint16_t pce_svn;
};

/* One platform with its certificates, highest TCB first. */
struct lay_host {
	const struct lay_platform *platform;
	const struct lay_pck *const *pcks;
	size_t npcks; /* at least one */
};

struct lay_hosts {
	struct lay_host *hosts; /* in the order of the platform list */
	size_t n;
	struct lay_pck *pcks;
	size_t npcks;
	const struct lay_pck **refs;
};

/*
 * The platforms of the input that have certificates under the set's CAs; those that have none
 * are told to out under the layout's name. The caller owns ret (lay_hosts_done).
 */
SN_MUST_USE enum sn_err lay_hosts_read(const struct lay_input *in, const struct lay_set *set,
    const char *layout, const struct lay_out *out, struct lay_hosts *ret, struct sn_why *why);
void lay_hosts_done(struct lay_hosts *h); /* NULL-safe, idempotent */

#endif
