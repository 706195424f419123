/*
 * ghcb - the certificate table that a host hands to its guests with an extended report.
 *
 * Owns: nothing. May include: base. Source: AMD 56421 (GHCB) 4.1.8.1. Written and read here:
 * entries of GUID (16 bytes as its text has them), u32 offset, u32 length, little-endian, an
 * entry of zeros, then the parts, one behind the other.
 */
#ifndef AMD_GHCB_H
#define AMD_GHCB_H

#include "appliance/base/bytes.h"

/* In the order in which they are written. */
enum ghcb_part {
	GHCB_VCEK,
	GHCB_VLEK,
	GHCB_ASK, /* the ASVK as well, with a VLEK */
	GHCB_ARK,
	GHCB_CRL,
	GHCB_PARTS,
};
const char *ghcb_part_name(enum ghcb_part p); /* "VCEK" */

/* Does it begin as a table does, with the GUID of a part? For telling items apart. */
bool ghcb_looks_like(struct bytes b);

#define GHCB_PART_MAX (64U << 10)

/* The parts, DER; n is 0 where there is none. */
struct ghcb_table {
	struct bytes parts[GHCB_PARTS];
};

/* Exactly one of VCEK and VLEK must be there, the others as they are. Appended. SN_E_LIMIT. */
SN_MUST_USE enum sn_err ghcb_write(const struct ghcb_table *t, struct sn_buf *ret,
    struct sn_why *why);

/*
 * Read a table as ghcb_write() writes it, its entries in any order: known GUIDs, none twice,
 * the parts behind the entries without gap, overlap or rest. SN_E_FORMAT, SN_E_LIMIT. The
 * result points into b.
 */
SN_MUST_USE enum sn_err ghcb_read(struct bytes b, struct ghcb_table *ret, struct sn_why *why);

#endif
