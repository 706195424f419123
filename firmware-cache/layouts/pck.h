/*
 * pck - which accepted PCK certificates belong to which platform of the platform list.
 *
 * Owns: its lists; views into the store and the input. May include: base, crypto, store,
 * intel. See docs/COLLATERAL.md.
 */
#ifndef LAY_PCK_H
#define LAY_PCK_H

#include "firmware-cache/intel/pck.h"
#include "firmware-cache/layouts/set.h"

/* One PCK certificate and what its extension says. */
struct lay_pck {
	const struct col_row *row;
	const struct cry_cert *x;
	enum lay_ca ca;
	struct intel_pck facts;
};

/* One platform with its certificates, in the order in which they came. */
struct lay_host {
	const struct lay_platform *platform;
	size_t first, n; /* in refs of the list; at least one */
};

struct lay_hosts {
	struct lay_host *hosts; /* in the order of the platform list */
	size_t n;
	struct lay_pck *pcks; /* all that there are */
	size_t npcks;
	const struct lay_pck **refs;
	size_t nrefs, cap;
};

/*
 * The platforms of the input that have certificates under the set's CAs; those that have none
 * are told to out under the layout's name. A platform's certificates are in a file named
 * <qe_id>_<pce_id>.json (as `requests` names it; any ending), lower-case; without such a file
 * they are those of the one PPID of which a certificate has exactly the platform's TCB, when
 * no other platform of the list has it, too. The caller owns ret (lay_hosts_done).
 */
SN_MUST_USE enum sn_err lay_hosts_read(const struct lay_input *in, const struct lay_set *set,
    const char *layout, const struct lay_out *out, struct lay_hosts *ret, struct sn_why *why);
void lay_hosts_done(struct lay_hosts *h); /* NULL-safe, idempotent */

/* The ith certificate of a host. */
const struct lay_pck *lay_host_pck(const struct lay_hosts *all, const struct lay_host *h,
    size_t i);

#endif
