#include <string.h>

#include "appliance/attest/priv.h"

#define TPM_GENERATED 0xff544347U
#define MAX_2B 1024
#define OUTSIDE_INFO "cornerstone/v1/ak"
#define COUNTER_LEN 8
#define NV_TYPE 0x000000f0U    /* TPMA_NV: TPM_NT [TCG P2 13.4] */
#define NV_COUNTER 0x00000010U /* TPM_NT_COUNTER */
#define NV_WRITTEN 0x20000000U

enum sn_err
att_get_2b(struct bytes *b, struct bytes *ret, const char *what, struct sn_why *why)
{
	uint16_t n;

	SN_TRY(bytes_u16(b, &n, what, why));
	if (n > MAX_2B)
		return sn_fail(why, SN_E_LIMIT, "%s: a field of %u bytes", what, n);
	return bytes_take(b, n, ret, what, why);
}

struct bytes
att_name_bytes(const struct att_name *n)
{
	return (struct bytes){ n->b, n->n };
}

enum sn_err
att_name_sha256(const struct bytes *parts, size_t n, struct att_name *ret, struct sn_why *why)
{
	struct att_name out = { .b = { ALG_SHA256 >> 8, ALG_SHA256 & 0xff }, .n = 2 + 32 };

	SN_TRY(cry_digest_v(CRY_SHA256, parts, n, out.b + 2, why));
	*ret = out;
	return SN_OK;
}

/* r or s, without leading zeros, to exactly 32 bytes. */
static enum sn_err
pad_scalar(struct bytes v, uint8_t ret[32], const char *what, struct sn_why *why)
{
	if (v.n > 32)
		return sn_fail(why, SN_E_FORMAT, "%s: a scalar of %zu bytes", what, v.n);
	memset(ret, 0, 32 - v.n);
	if (v.n > 0)
		memcpy(ret + 32 - v.n, v.p, v.n);
	return SN_OK;
}

/* A TPMT_SIGNATURE of the one scheme that our keys have [TCG P2 11.3]. */
static enum sn_err
check_signature(const struct att_ak *ak, struct bytes msg, const char *msg_what,
    struct bytes sig, const char *what, struct sn_why *why)
{
	struct bytes r, s;
	uint8_t rs[64];
	uint16_t alg, hash;

	SN_TRY(bytes_u16(&sig, &alg, what, why));
	SN_TRY(bytes_u16(&sig, &hash, what, why));
	if (alg != ALG_ECDSA || hash != ALG_SHA256)
		return sn_fail(why, SN_E_FORMAT,
		    "%s: scheme %04x with hash %04x, not ECDSA with SHA-256", what, alg, hash);
	SN_TRY(att_get_2b(&sig, &r, what, why));
	SN_TRY(att_get_2b(&sig, &s, what, why));
	SN_TRY(bytes_end(&sig, what, why));
	SN_TRY(pad_scalar(r, rs, what, why));
	SN_TRY(pad_scalar(s, rs + 32, what, why));
	if (cry_verify_raw_ecdsa(ak->key, CRY_SHA256, msg, BYTES_OF(rs), NULL) != SN_OK)
		return sn_fail(why, SN_E_SIGNATURE,
		    "%s: not the attestation key's signature over %s", what, msg_what);
	return SN_OK;
}

/* TPMS_CLOCK_INFO, and the firmware's version, which tpm.json has in plain words. */
static enum sn_err
get_clock(struct bytes *b, struct att_clock *ret, const char *what, struct sn_why *why)
{
	struct att_clock out = { 0 };
	uint64_t firmware;
	uint8_t safe;

	SN_TRY(bytes_u64(b, &out.ms, what, why));
	SN_TRY(bytes_u32(b, &out.resets, what, why));
	SN_TRY(bytes_u32(b, &out.restarts, what, why));
	SN_TRY(bytes_u8(b, &safe, what, why));
	SN_TRY(bytes_u64(b, &firmware, what, why));
	if (safe > 1)
		return sn_fail(why, SN_E_FORMAT, "%s: neither yes nor no in the clock", what);
	out.safe = safe == 1;
	*ret = out;
	return SN_OK;
}

enum sn_err
att_open(const struct att_ak *ak, struct bytes *b, struct bytes sig, enum att_type type,
    const uint8_t qualifying[32], const char *what, const char *sig_what, struct att_clock *ret,
    struct sn_why *why)
{
	struct bytes at = *b, signer, extra;
	uint32_t magic;
	uint16_t said;

	SN_TRY(check_signature(ak, *b, what, sig, sig_what, why));
	SN_TRY(bytes_u32(&at, &magic, what, why));
	SN_TRY(bytes_u16(&at, &said, what, why));
	if (magic != TPM_GENERATED || said != type)
		return sn_fail(why, SN_E_FORMAT, "%s: not an attestation of type %04x", what,
		    (unsigned int)type);
	SN_TRY(att_get_2b(&at, &signer, what, why));
	SN_TRY(att_get_2b(&at, &extra, what, why));
	SN_TRY(get_clock(&at, ret, what, why));
	/* else the counts in the clock are not the TPM's own [TCG P1 36.7] */
	if (!bytes_equal(signer, att_name_bytes(&ak->qualified)))
		return sn_fail(why, SN_E_SIGNATURE,
		    "%s: its signer is not the key as a primary of the endorsement hierarchy",
		    what);
	if (!bytes_equal(extra, (struct bytes){ qualifying, 32 }))
		return sn_fail(why, SN_E_SIGNATURE,
		    "%s: was made over something else (qualifying data)", what);
	*b = at;
	return SN_OK;
}

enum sn_err
att_same_boot(const struct att_clock *a, const char *a_name, const struct att_clock *b,
    const char *b_name, struct sn_why *why)
{
	if (a->resets != b->resets || a->restarts != b->restarts)
		return sn_fail(why, SN_E_SIGNATURE,
		    "%s: not of the same boot as %s (resets %u and %u, restarts %u and %u)",
		    a_name, b_name, a->resets, b->resets, a->restarts, b->restarts);
	return SN_OK;
}

static enum sn_err
pcr_digest(const struct att_pcrs *pcrs, uint8_t ret[32], struct sn_why *why)
{
	struct bytes parts[ATT_PCRS];
	size_t n = 0;

	for (unsigned int i = 0; i < ATT_PCRS; i++)
		if ((pcrs->mask & (1U << i)) != 0)
			parts[n++] = BYTES_OF(pcrs->value[i]);
	return cry_digest_v(CRY_SHA256, parts, n, ret, why);
}

/* TPMS_QUOTE_INFO [TCG P2 10.12.4] to its end. */
static enum sn_err
check_quoted(struct bytes b, const struct att_pcrs *pcrs, const char *what, struct sn_why *why)
{
	struct bytes select, digest;
	uint8_t computed[32], size;
	uint32_t count;
	uint16_t hash;

	SN_TRY(bytes_u32(&b, &count, what, why));
	SN_TRY(bytes_u16(&b, &hash, what, why));
	SN_TRY(bytes_u8(&b, &size, what, why));
	if (count != 1 || hash != ALG_SHA256 || size != 3)
		return sn_fail(why, SN_E_FORMAT, "%s: not the SHA-256 bank alone", what);
	SN_TRY(bytes_take(&b, size, &select, what, why));
	SN_TRY(att_get_2b(&b, &digest, what, why));
	SN_TRY(bytes_end(&b, what, why));
	const uint32_t mask =
	    (uint32_t)select.p[0] | (uint32_t)select.p[1] << 8 | (uint32_t)select.p[2] << 16;
	if (mask != pcrs->mask)
		return sn_fail(why, SN_E_SIGNATURE, "%s: quotes other PCRs than quote.pcr",
		    what);
	SN_TRY(pcr_digest(pcrs, computed, why));
	if (!bytes_equal(digest, BYTES_OF(computed)))
		return sn_fail(why, SN_E_SIGNATURE, "%s: its digest is not that of quote.pcr",
		    what);
	return SN_OK;
}

enum sn_err
att_quote(const struct att_ak *ak, struct bytes msg, struct bytes sig,
    const uint8_t qualifying[32], const struct att_pcrs *pcrs, struct att_clock *ret_clock,
    struct sn_why *why)
{
	static const char what[] = "quote.msg";
	struct att_clock clock;

	SN_TRY(att_open(ak, &msg, sig, ATT_QUOTE, qualifying, what, "quote.sig", &clock, why));
	SN_TRY(check_quoted(msg, pcrs, what, why));
	*ret_clock = clock;
	return SN_OK;
}

/* TPML_PCR_SELECTION: which PCRs were noted at the creation; any may be. */
static enum sn_err
skip_selection(struct bytes *b, const char *what, struct sn_why *why)
{
	struct bytes skipped;
	uint32_t count;
	uint16_t hash;
	uint8_t size;

	SN_TRY(bytes_u32(b, &count, what, why));
	if (count > 16)
		return sn_fail(why, SN_E_FORMAT, "%s: %u banks of PCRs", what, count);
	for (uint32_t i = 0; i < count; i++) {
		SN_TRY(bytes_u16(b, &hash, what, why));
		SN_TRY(bytes_u8(b, &size, what, why));
		SN_TRY(bytes_take(b, size, &skipped, what, why));
	}
	return SN_OK;
}

/* TPMS_CREATION_DATA [TCG P2 15.1]; a primary's parent is a hierarchy's handle. */
static enum sn_err
check_creation_data(struct bytes b, struct sn_why *why)
{
	static const char what[] = "creation.data";
	static const uint8_t parent[] = { 0x40, 0x00, 0x00, 0x0b };
	struct bytes pcrs, name, qualified, outside;
	uint16_t alg;
	uint8_t locality;

	SN_TRY(skip_selection(&b, what, why));
	SN_TRY(att_get_2b(&b, &pcrs, what, why));
	SN_TRY(bytes_u8(&b, &locality, what, why));
	SN_TRY(bytes_u16(&b, &alg, what, why));
	SN_TRY(att_get_2b(&b, &name, what, why));
	SN_TRY(att_get_2b(&b, &qualified, what, why));
	SN_TRY(att_get_2b(&b, &outside, what, why));
	SN_TRY(bytes_end(&b, what, why));
	if (alg != ALG_NULL || !bytes_equal(name, BYTES_OF(parent)) ||
	    !bytes_equal(qualified, BYTES_OF(parent)))
		return sn_fail(why, SN_E_SIGNATURE,
		    "%s: the key was not made as a primary of the endorsement hierarchy", what);
	if (!bytes_equal(outside, BYTES_STR(OUTSIDE_INFO)))
		return sn_fail(why, SN_E_SIGNATURE,
		    "%s: the key was made for something else (outside info)", what);
	return SN_OK;
}

enum sn_err
att_creation(const struct att_ak *ak, struct bytes msg, struct bytes sig,
    const uint8_t qualifying[32], struct bytes data, struct att_clock *ret_clock,
    struct sn_why *why)
{
	static const char what[] = "creation.msg";
	struct att_clock clock;
	struct bytes object, hash;
	uint8_t computed[32];

	SN_TRY(att_open(ak, &msg, sig, ATT_CREATION, qualifying, what, "creation.sig", &clock,
	    why));
	SN_TRY(att_get_2b(&msg, &object, what, why));
	SN_TRY(att_get_2b(&msg, &hash, what, why));
	SN_TRY(bytes_end(&msg, what, why));
	if (!bytes_equal(object, att_name_bytes(&ak->name)))
		return sn_fail(why, SN_E_SIGNATURE, "%s: certifies another key than ak.pub",
		    what);
	SN_TRY(cry_digest(CRY_SHA256, data, computed, why));
	if (!bytes_equal(hash, BYTES_OF(computed)))
		return sn_fail(why, SN_E_SIGNATURE,
		    "%s: its digest is not that of creation.data", what);
	SN_TRY(check_creation_data(data, why));
	*ret_clock = clock;
	return SN_OK;
}

/* TPMS_NV_PUBLIC [TCG P2 13.6]. */
static enum sn_err
check_counter_public(struct bytes b, struct sn_why *why)
{
	static const char what[] = "counter.pub";
	struct bytes policy;
	uint32_t index, attributes;
	uint16_t alg, size;

	SN_TRY(bytes_u32(&b, &index, what, why));
	SN_TRY(bytes_u16(&b, &alg, what, why));
	SN_TRY(bytes_u32(&b, &attributes, what, why));
	SN_TRY(att_get_2b(&b, &policy, what, why));
	SN_TRY(bytes_u16(&b, &size, what, why));
	SN_TRY(bytes_end(&b, what, why));
	if (index != ATT_COUNTER_INDEX || alg != ALG_SHA256)
		return sn_fail(why, SN_E_SIGNATURE,
		    "%s: NV index %08x with hash %04x, not %08x", what, index, alg,
		    ATT_COUNTER_INDEX);
	if ((attributes & NV_TYPE) != NV_COUNTER || (attributes & NV_WRITTEN) == 0 ||
	    size != COUNTER_LEN)
		return sn_fail(why, SN_E_SIGNATURE,
		    "%s: not a counter that was incremented (attributes %08x, %u bytes)", what,
		    attributes, size);
	return SN_OK;
}

enum sn_err
att_counter(const struct att_ak *ak, struct bytes msg, struct bytes sig,
    const uint8_t qualifying[32], struct bytes pub, uint64_t *ret_value,
    struct att_clock *ret_clock, struct sn_why *why)
{
	static const char what[] = "counter.msg";
	struct att_clock clock;
	struct att_name name;
	struct bytes index, contents;
	uint64_t value;
	uint16_t offset;

	SN_TRY(att_open(ak, &msg, sig, ATT_NV, qualifying, what, "counter.sig", &clock, why));
	SN_TRY(att_get_2b(&msg, &index, what, why));
	SN_TRY(bytes_u16(&msg, &offset, what, why));
	SN_TRY(att_get_2b(&msg, &contents, what, why));
	SN_TRY(bytes_end(&msg, what, why));
	SN_TRY(att_name_sha256(&pub, 1, &name, why));
	if (!bytes_equal(index, att_name_bytes(&name)))
		return sn_fail(why, SN_E_SIGNATURE,
		    "%s: certifies another NV index than counter.pub", what);
	SN_TRY(check_counter_public(pub, why));
	if (offset != 0 || contents.n != COUNTER_LEN)
		return sn_fail(why, SN_E_SIGNATURE, "%s: not the whole value of a counter",
		    what);
	SN_TRY(bytes_u64(&contents, &value, what, why));
	*ret_value = value;
	*ret_clock = clock;
	return SN_OK;
}
