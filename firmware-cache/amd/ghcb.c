#include <string.h>

#include "firmware-cache/amd/ghcb.h"

#define GUID_LEN 16
#define ENTRY_LEN (GUID_LEN + 8)

static const struct {
	const char *name;
	uint8_t guid[GUID_LEN];
} kinds[GHCB_PARTS] = {
	[GHCB_VCEK] = { "VCEK",
	    { 0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64, 0xad, 0xc5, 0xf4, 0xb9, 0x3b,
		0xe8, 0xac, 0xcd } },
	[GHCB_VLEK] = { "VLEK",
	    { 0xa8, 0x07, 0x4b, 0xc2, 0xa2, 0x5a, 0x48, 0x3e, 0xaa, 0xe6, 0x39, 0xc0, 0x45,
		0xa0, 0xb8, 0xa1 } },
	[GHCB_ASK] = { "ASK",
	    { 0x4a, 0xb7, 0xb3, 0x79, 0xbb, 0xac, 0x4f, 0xe4, 0xa0, 0x2f, 0x05, 0xae, 0xf3,
		0x27, 0xc7, 0x82 } },
	[GHCB_ARK] = { "ARK",
	    { 0xc0, 0xb4, 0x06, 0xa4, 0xa8, 0x03, 0x49, 0x52, 0x97, 0x43, 0x3f, 0xb6, 0x01,
		0x4c, 0xd0, 0xae } },
	[GHCB_CRL] = { "CRL",
	    { 0x92, 0xf8, 0x1b, 0xc3, 0x58, 0x11, 0x4d, 0x3d, 0x97, 0xff, 0xd1, 0x9f, 0x88,
		0xdc, 0x67, 0xea } },
};

const char *
ghcb_part_name(enum ghcb_part p)
{
	return p < GHCB_PARTS ? kinds[p].name : "unknown";
}

bool
ghcb_looks_like(struct bytes b)
{
	for (enum ghcb_part p = GHCB_VCEK; b.n > ENTRY_LEN && p < GHCB_PARTS; p++)
		if (memcmp(b.p, kinds[p].guid, GUID_LEN) == 0)
			return true;
	return false;
}

/* One VCEK or one VLEK, nothing over its limit; how many parts there are. */
static enum sn_err
check_parts(const struct ghcb_table *t, size_t *ret_n, struct sn_why *why)
{
	size_t n = 0;

	if ((t->parts[GHCB_VCEK].n == 0) == (t->parts[GHCB_VLEK].n == 0))
		return sn_fail(why, SN_E_FORMAT,
		    "certificate table: it needs either a VCEK or a VLEK, not both");
	for (enum ghcb_part p = GHCB_VCEK; p < GHCB_PARTS; p++) {
		if (t->parts[p].n > GHCB_PART_MAX)
			return sn_fail(why, SN_E_LIMIT,
			    "certificate table: the %s has %zu bytes, at most %u are taken",
			    kinds[p].name, t->parts[p].n, GHCB_PART_MAX);
		n += t->parts[p].n != 0;
	}
	*ret_n = n;
	return SN_OK;
}

static void
put_le32(struct sn_buf *b, size_t v)
{
	for (int i = 0; i < 4; i++)
		sn_buf_u8(b, (uint8_t)(v >> 8 * i));
}

enum sn_err
ghcb_write(const struct ghcb_table *t, struct sn_buf *ret, struct sn_why *why)
{
	static const uint8_t last[ENTRY_LEN];
	size_t n = 0, offset;

	SN_TRY(check_parts(t, &n, why));
	offset = ENTRY_LEN * (n + 1);
	for (enum ghcb_part p = GHCB_VCEK; p < GHCB_PARTS; p++) {
		if (t->parts[p].n == 0)
			continue;
		sn_buf_put(ret, BYTES_OF(kinds[p].guid));
		put_le32(ret, offset);
		put_le32(ret, t->parts[p].n);
		offset += t->parts[p].n;
	}
	sn_buf_put(ret, BYTES_OF(last));
	for (enum ghcb_part p = GHCB_VCEK; p < GHCB_PARTS; p++)
		sn_buf_put(ret, t->parts[p]);
	return sn_buf_check(ret, why);
}

/* ---- reading */

struct entry {
	uint8_t guid[GUID_LEN];
	uint32_t offset, length;
};

static enum sn_err
read_entry(struct bytes *b, struct entry *ret, struct sn_why *why)
{
	SN_TRY(bytes_copy(b, ret->guid, GUID_LEN, "certificate table: GUID", why));
	SN_TRY(bytes_le32(b, &ret->offset, "certificate table: offset", why));
	return bytes_le32(b, &ret->length, "certificate table: length", why);
}

static enum ghcb_part
part_of(const struct entry *e)
{
	enum ghcb_part p = GHCB_VCEK;

	while (p < GHCB_PARTS && memcmp(kinds[p].guid, e->guid, GUID_LEN) != 0)
		p++;
	return p;
}

/* One entry that is not the last: its part begins where the one before ended. */
static enum sn_err
take_part(struct bytes whole, const struct entry *e, size_t *next, struct ghcb_table *t,
    struct sn_why *why)
{
	enum ghcb_part p = part_of(e);

	if (p == GHCB_PARTS)
		return sn_fail(why, SN_E_FORMAT,
		    "certificate table: a GUID beginning %02x%02x%02x%02x is not known here",
		    e->guid[0], e->guid[1], e->guid[2], e->guid[3]);
	if (t->parts[p].n != 0)
		return sn_fail(why, SN_E_FORMAT, "certificate table: two entries for the %s",
		    kinds[p].name);
	if (e->length == 0)
		return sn_fail(why, SN_E_FORMAT, "certificate table: the %s is empty",
		    kinds[p].name);
	if (*next != 0 && e->offset != *next)
		return sn_fail(why, SN_E_FORMAT,
		    "certificate table: the %s is at %u, and what is before it ends at %zu",
		    kinds[p].name, e->offset, *next);
	SN_TRY(bytes_slice(whole, e->offset, e->length, &t->parts[p], kinds[p].name, why));
	*next = (size_t)e->offset + e->length;
	return SN_OK;
}

enum sn_err
ghcb_read(struct bytes b, struct ghcb_table *ret, struct sn_why *why)
{
	static const uint8_t none[GUID_LEN];
	struct ghcb_table t = { 0 };
	struct bytes rest = b;
	struct entry e = { 0 };
	size_t n = 0, first = 0, next = 0;

	SN_TRY(read_entry(&rest, &e, why));
	first = e.offset;
	while (memcmp(e.guid, none, GUID_LEN) != 0) {
		SN_TRY(take_part(b, &e, &next, &t, why));
		SN_TRY(read_entry(&rest, &e, why));
	}
	if (e.offset != 0 || e.length != 0)
		return sn_fail(why, SN_E_FORMAT,
		    "certificate table: the last entry is not all zero");
	SN_TRY(check_parts(&t, &n, why));
	if (first != ENTRY_LEN * (n + 1))
		return sn_fail(why, SN_E_FORMAT,
		    "certificate table: its parts begin at %zu, and its entries end at %zu",
		    first, ENTRY_LEN * (n + 1));
	if (next != b.n)
		return sn_fail(why, SN_E_FORMAT,
		    "certificate table: %zu bytes behind its last part", b.n - next);
	*ret = t;
	return SN_OK;
}
