/*
 * platforms - a platform list, as Intel's tools write it, read strictly.
 *
 * Owns: the parsed document until lay_platforms_done(). May include: base. Other machines
 * wrote it: no name in it becomes a path unless it is checked. Source: Intel DCAP,
 * PcsClientTool and PCCS's platforms schema.
 */
#ifndef LAY_PLATFORMS_H
#define LAY_PLATFORMS_H

#include <yyjson.h>

#include "firmware-cache/layouts/layouts.h"

struct lay_platforms {
	yyjson_doc *doc; /* the strings of v are in it */
	struct lay_platform *v;
	size_t n;
};

/*
 * Parse [{"enc_ppid","pce_id","cpu_svn","pce_svn","qe_id","platform_manifest"}...]; a
 * pckid_filename beside them is not looked at. pce_id and qe_id must be there; what else is
 * not is "". qe_id: 1 to 260 letters and digits. SN_E_FORMAT, SN_E_LIMIT. The caller owns ret.
 */
SN_MUST_USE enum sn_err lay_platforms_parse(struct bytes json, const char *what,
    struct lay_platforms *ret, struct sn_why *why);
void lay_platforms_done(struct lay_platforms *p); /* NULL-safe, idempotent */

#endif
