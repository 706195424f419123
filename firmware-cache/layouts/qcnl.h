/*
 * qcnl - the on-disk cache of Intel's quote configuration library: verification collateral
 * by the digest of its URL, PCK certificates by platform.
 *
 * Owns: nothing. May include: base, crypto, store, intel. Source: Intel DCAP, local_cache.h,
 * certification_provider.cpp, PcsClientTool. See docs/COLLATERAL.md.
 */
#ifndef LAY_QCNL_H
#define LAY_QCNL_H

#include "firmware-cache/layouts/layouts.h"

#define QCNL_NAME "qcnl"
#define QCNL_FOLDER "qcnl"
#define QCNL_CACHE QCNL_FOLDER "/dcap-qcnl" /* its files belong into .dcap-qcnl */

enum qcnl_type { QCNL_CERT = 1, QCNL_COLLATERAL = 2, QCNL_MULTI_CERT = 4 };

#define QCNL_PARTS_MAX 4

/* A cache file cut up: header, then one or more parts with a 32-bit length each. */
struct qcnl_file {
	enum qcnl_type type;
	int64_t expiry;
	struct bytes parts[QCNL_PARTS_MAX]; /* views: 2 of a response, 4 of PCK certificates */
	size_t n;
};

/* As QCNL reads it: version 1, a known type, its parts, nothing behind. SN_E_FORMAT. */
SN_MUST_USE enum sn_err qcnl_parse(struct bytes b, struct qcnl_file *ret, struct sn_why *why);

/* A struct lay_layout's write: the cache's files, and INDEX.txt beside it. */
SN_MUST_USE enum sn_err qcnl_write(const struct lay_input *in, const struct lay_out *out,
    struct sn_why *why);

#endif
