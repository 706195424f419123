#include <string.h>

#include "appliance/attest/priv.h"

static uint32_t
get_le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	    (uint32_t)p[3] << 24;
}

static uint16_t
get_le16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

/*
 * tpm2-tools writes its C structures with little-endian numbers: a
 * TPML_PCR_SELECTION of 16 rows of 8 bytes (hash, size, 4 bytes of mask, one of
 * padding), a count, and that many TPML_DIGEST of 8 rows of 66 bytes.
 */
#define TOOLS_SELECTION (4 + 16 * 8)
#define TOOLS_DIGESTS (4 + 8 * 66)

static enum sn_err
tools_selection(struct bytes head, uint32_t *ret_mask, struct sn_why *why)
{
	const uint8_t *row = head.p + 4;
	uint32_t mask;

	if (get_le32(head.p) != 1 || get_le16(row) != ALG_SHA256 || row[2] != 3)
		return sn_fail(why, SN_E_FORMAT, "quote.pcr: not the SHA-256 bank alone");
	mask = (uint32_t)row[3] | (uint32_t)row[4] << 8 | (uint32_t)row[5] << 16;
	/* Nothing may hide in what the structures leave unused. */
	for (size_t i = 6; i < 16 * 8; i++)
		if (row[i] != 0)
			return sn_fail(why, SN_E_FORMAT, "quote.pcr: bytes that mean nothing");
	*ret_mask = mask;
	return SN_OK;
}

static enum sn_err
tools_digest(const uint8_t *list, uint32_t count, uint32_t row, uint8_t ret[32],
    struct sn_why *why)
{
	const uint8_t *d = list + 4 + (size_t)row * 66;

	if (row >= count) {
		for (size_t i = 0; i < 66; i++)
			if (d[i] != 0)
				return sn_fail(why, SN_E_FORMAT,
				    "quote.pcr: bytes that mean nothing");
		return SN_OK;
	}
	if (get_le16(d) != 32)
		return sn_fail(why, SN_E_FORMAT, "quote.pcr: a value is not 32 bytes");
	memcpy(ret, d + 2, 32);
	for (size_t i = 34; i < 66; i++)
		if (d[i] != 0)
			return sn_fail(why, SN_E_FORMAT, "quote.pcr: bytes that mean nothing");
	return SN_OK;
}

/* The n-th PCR of the mask, or ATT_PCRS. */
static unsigned int
nth_pcr(uint32_t mask, uint32_t n)
{
	for (unsigned int i = 0; i < ATT_PCRS; i++)
		if ((mask & (1U << i)) != 0 && n-- == 0)
			return i;
	return ATT_PCRS;
}

enum sn_err
att_pcrs_parse(struct bytes file, struct att_pcrs *ret, struct sn_why *why)
{
	struct att_pcrs out = { 0 };
	struct bytes head, lists, list;
	uint8_t value[32];
	uint32_t n = 0, left;

	SN_TRY(bytes_take(&file, TOOLS_SELECTION, &head, "quote.pcr", why));
	SN_TRY(tools_selection(head, &out.mask, why));
	SN_TRY(bytes_take(&file, 4, &lists, "quote.pcr", why));
	const uint32_t nlists = get_le32(lists.p);
	if (nlists > ATT_PCRS / 8)
		return sn_fail(why, SN_E_FORMAT, "quote.pcr: %u lists of values", nlists);
	for (uint32_t i = 0; i < nlists; i++) {
		SN_TRY(bytes_take(&file, TOOLS_DIGESTS, &list, "quote.pcr", why));
		const uint32_t count = get_le32(list.p);
		left = (uint32_t)__builtin_popcount(out.mask) - n;
		if (count != (left < 8 ? left : 8) || count == 0)
			return sn_fail(why, SN_E_FORMAT,
			    "quote.pcr: a list of %u values, %u are left", count, left);
		for (uint32_t row = 0; row < 8; row++) {
			SN_TRY(tools_digest(list.p, count, row, value, why));
			if (row >= count)
				continue;
			const unsigned int pcr = nth_pcr(out.mask, n++);
			if (pcr == ATT_PCRS)
				return sn_fail(why, SN_E_FORMAT,
				    "quote.pcr: more values than PCRs");
			memcpy(out.value[pcr], value, 32);
		}
	}
	if (n != (uint32_t)__builtin_popcount(out.mask))
		return sn_fail(why, SN_E_FORMAT, "quote.pcr: fewer values than PCRs");
	SN_TRY(bytes_end(&file, "quote.pcr", why));
	*ret = out;
	return SN_OK;
}
