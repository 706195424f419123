/*
 * headers - response headers as a vendor's service sent them, and the issuer chain in them.
 *
 * Owns: nothing between calls. May include: base, crypto. Sources: RFC 9112 section 2 and 5,
 * RFC 3986 section 2.1, Intel PCS API v4. See docs/COLLATERAL.md.
 */
#ifndef INTEL_HEADERS_H
#define INTEL_HEADERS_H

#include "appliance/crypto/cert.h"

#define INTEL_HEADERS_MAX (64U << 10) /* one block of headers */
#define INTEL_HEADER_LINES_MAX 128U

/*
 * Append what URL-encoded text says. Only letters, digits and -_.~ stand for themselves,
 * every other byte is %XX; no zero byte, no '+'. SN_E_FORMAT.
 */
SN_MUST_USE enum sn_err intel_url_decode(struct bytes text, struct sn_buf *ret,
    struct sn_why *why);
/* Append bytes URL-encoded the same way, hex in upper case. */
void intel_url_encode(struct bytes b, struct sn_buf *ret);

/* Does it begin as a block of headers does: "HTTP/"? */
bool intel_looks_headers(struct bytes b);
/*
 * Check a block of headers (status 200, whole lines, nothing behind the empty line) and find
 * the one header whose name ends in Issuer-Chain; ret is a view of its value, p NULL when
 * there is none. SN_E_FORMAT, SN_E_LIMIT.
 */
SN_MUST_USE enum sn_err intel_headers_chain(struct bytes b, struct bytes *ret,
    struct sn_why *why);

#endif
