#include "firmware-cache/arm-cca/vendor.h"

/* [RFC 8949 3] major types, and what the low five bits of a first byte say. */
enum major { M_UINT, M_NINT, M_BYTES, M_TEXT, M_ARRAY, M_MAP, M_TAG, M_SIMPLE };
#define INFO_1 24
#define INFO_8 27
#define INFO_INDEFINITE 31

/* What is still due inside an array, map, tag or string of unknown length. */
struct level {
	uint64_t due;	  /* items; 0 with indefinite */
	bool indefinite;  /* until a break */
	enum major chunk; /* M_BYTES or M_TEXT: only such chunks; else M_UINT */
	bool map, odd;	  /* an indefinite map: a key waits for its value */
};

/* First byte and argument. */
static enum sn_err
take_head(struct bytes *b, enum major *major, unsigned int *info, uint64_t *arg,
    struct sn_why *why)
{
	uint8_t first = 0, byte = 0;

	SN_TRY(bytes_u8(b, &first, "CBOR", why));
	*major = first >> 5;
	*info = first & 0x1f;
	*arg = *info;
	if (*info < INFO_1 || *info == INFO_INDEFINITE)
		return SN_OK;
	if (*info > INFO_8)
		return sn_fail(why, SN_E_FORMAT, "CBOR: reserved length");
	*arg = 0;
	for (unsigned int n = 1U << (*info - INFO_1); n > 0; n--) {
		SN_TRY(bytes_u8(b, &byte, "CBOR", why));
		*arg = *arg << 8 | byte;
	}
	return SN_OK;
}

/* An item begins at this level: may it? */
static enum sn_err
count_item(struct level *l, enum major major, unsigned int info, struct sn_why *why)
{
	if (l->chunk != M_UINT && (major != l->chunk || info == INFO_INDEFINITE))
		return sn_fail(why, SN_E_FORMAT, "CBOR: a string of pieces of another kind");
	if (l->indefinite)
		l->odd = !l->odd;
	else
		l->due--;
	return SN_OK;
}

/* What an item opens below itself; ret->due 0 and not indefinite when nothing. */
static enum sn_err
open_item(struct bytes *b, enum major major, unsigned int info, uint64_t arg, struct level *ret,
    struct sn_why *why)
{
	struct bytes skip = { 0 };
	bool indefinite = info == INFO_INDEFINITE;

	*ret = (struct level){ .indefinite = indefinite, .map = major == M_MAP };
	switch (major) {
	case M_UINT:
	case M_NINT:
		break;
	case M_BYTES:
	case M_TEXT:
		ret->chunk = indefinite ? major : M_UINT;
		return indefinite ? SN_OK : bytes_take(b, arg, &skip, "CBOR string", why);
	case M_ARRAY:
	case M_MAP:
		if (!indefinite && arg > b->n)
			return sn_fail(why, SN_E_FORMAT, "CBOR: more items than bytes");
		ret->due = indefinite ? 0 : major == M_MAP ? 2 * arg : arg;
		return SN_OK;
	case M_TAG:
		ret->due = 1;
		break;
	case M_SIMPLE:
		if (info == INFO_1 && arg < 32)
			return sn_fail(why, SN_E_FORMAT, "CBOR: simple value in two bytes");
		break;
	}
	return indefinite ? sn_fail(why, SN_E_FORMAT, "CBOR: a number without an end") : SN_OK;
}

enum sn_err
arm_cbor_check(struct bytes b, struct sn_why *why)
{
	struct level levels[ARM_CBOR_DEPTH] = { { .due = 1 } };
	size_t depth = 0;

	for (;;) {
		struct level *l = &levels[depth], next = { 0 };
		enum major major = M_UINT;
		unsigned int info = 0;
		uint64_t arg = 0;

		if (!l->indefinite && l->due == 0) {
			if (depth == 0)
				return bytes_end(&b, "CBOR", why);
			depth--;
			continue;
		}
		SN_TRY(take_head(&b, &major, &info, &arg, why));
		if (major == M_SIMPLE && info == INFO_INDEFINITE) {
			if (!l->indefinite || (l->map && l->odd))
				return sn_fail(why, SN_E_FORMAT, "CBOR: a break out of place");
			*l = (struct level){ 0 };
			continue;
		}
		SN_TRY(count_item(l, major, info, why));
		SN_TRY(open_item(&b, major, info, arg, &next, why));
		if (next.due == 0 && !next.indefinite)
			continue;
		if (++depth == ARM_CBOR_DEPTH)
			return sn_fail(why, SN_E_LIMIT, "CBOR nested deeper than %d",
			    ARM_CBOR_DEPTH);
		levels[depth] = next;
	}
}
