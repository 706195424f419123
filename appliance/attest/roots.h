/*
 * roots - the root certificates of TPM vendors that we know, by digest.
 *
 * Owns: nothing. May include: base. Source: roots.c says where each was published.
 */
#ifndef ATT_ROOTS_H
#define ATT_ROOTS_H

#include "appliance/base/bytes.h"

struct att_root {
	const char *vendor, *name;
	const char *sha256; /* of the certificate's DER, 64 lower-case hex digits */
};
extern const struct att_root att_roots[];
extern const size_t att_roots_n;

/* The row of that certificate, or NULL. */
const struct att_root *att_root_find(const uint8_t sha256[32]);

#endif
