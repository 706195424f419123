#include "ceremony/bundle/quote.h"

#include <string.h>

#include "appliance/base/text.h"

#define TPM_GENERATED 0xff544347U
#define ATTEST_AUDIT 0x8016
#define ATTEST_QUOTE 0x8018
#define ALG_RSASSA 0x0014
#define ALG_RSAPSS 0x0016
#define ALG_ECDSA 0x0018
#define ALG_SHA256 0x000b
#define MAX_2B 1024
#define CC_GET_RANDOM 0x0000017bU
#define DRAW 32	    /* bytes asked for */
#define MAX_RESTS 3 /* commands for what draws left out */
#define MAX_COMMANDS 1024

static enum sn_err
get_2b(struct bytes *b, struct bytes *ret, const char *what, struct sn_why *why)
{
	uint16_t n;

	SN_TRY(bytes_u16(b, &n, what, why));
	if (n > MAX_2B)
		return sn_fail(why, SN_E_LIMIT, "%s: a field of %u bytes", what, n);
	return bytes_take(b, n, ret, what, why);
}

/* Everything before the attested part [TCG P2 10.12.12]; *b moves there. */
static enum sn_err
attest_head(struct bytes *b, uint16_t type, const uint8_t qualifying[32], const char *what,
    struct sn_why *why)
{
	struct bytes signer, extra, skipped;
	uint32_t magic;
	uint16_t said;

	SN_TRY(bytes_u32(b, &magic, what, why));
	SN_TRY(bytes_u16(b, &said, what, why));
	if (magic != TPM_GENERATED || said != type)
		return sn_fail(why, SN_E_FORMAT, "%s: not an attestation of type %04x", what,
		    type);
	SN_TRY(get_2b(b, &signer, what, why));
	SN_TRY(get_2b(b, &extra, what, why));
	/* clock u64, reset and restart counts u32, safe u8; firmware version u64 */
	SN_TRY(bytes_take(b, 17 + 8, &skipped, what, why));
	if (!bytes_equal(extra, (struct bytes){ qualifying, 32 }))
		return sn_fail(why, SN_E_SIGNATURE,
		    "%s: was made over something else (qualifying data)", what);
	return SN_OK;
}

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

/* The n-th PCR of the mask, or QUOTE_PCRS. */
static unsigned int
nth_pcr(uint32_t mask, uint32_t n)
{
	for (unsigned int i = 0; i < QUOTE_PCRS; i++)
		if ((mask & (1U << i)) != 0 && n-- == 0)
			return i;
	return QUOTE_PCRS;
}

enum sn_err
quote_pcrs_parse(struct bytes file, struct quote_pcrs *ret, struct sn_why *why)
{
	struct quote_pcrs out = { 0 };
	struct bytes head, lists, list;
	uint8_t value[32];
	uint32_t n = 0;

	SN_TRY(bytes_take(&file, TOOLS_SELECTION, &head, "quote.pcr", why));
	SN_TRY(tools_selection(head, &out.mask, why));
	SN_TRY(bytes_take(&file, 4, &lists, "quote.pcr", why));
	const uint32_t nlists = get_le32(lists.p);
	if (nlists > QUOTE_PCRS / 8)
		return sn_fail(why, SN_E_FORMAT, "quote.pcr: %u lists of values", nlists);
	for (uint32_t i = 0; i < nlists; i++) {
		SN_TRY(bytes_take(&file, TOOLS_DIGESTS, &list, "quote.pcr", why));
		const uint32_t count = get_le32(list.p);
		for (uint32_t row = 0; row < 8; row++) {
			SN_TRY(tools_digest(list.p, count, row, value, why));
			if (row >= count)
				continue;
			const unsigned int pcr = nth_pcr(out.mask, n++);
			if (pcr == QUOTE_PCRS)
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

enum sn_err
quote_signature(struct bytes msg, struct bytes sig, const struct cry_key *ak, const char *what,
    struct sn_why *why)
{
	struct bytes r, s;
	uint8_t rs[64];
	uint16_t alg, hash;

	SN_TRY(bytes_u16(&sig, &alg, what, why));
	SN_TRY(bytes_u16(&sig, &hash, what, why));
	if (hash != ALG_SHA256)
		return sn_fail(why, SN_E_FORMAT, "%s: not a SHA-256 signature", what);
	SN_TRY(get_2b(&sig, &r, what, why));
	switch (alg) {
	case ALG_ECDSA:
		SN_TRY(get_2b(&sig, &s, what, why));
		SN_TRY(bytes_end(&sig, what, why));
		if (cry_key_alg(ak) != CRY_P256)
			return sn_fail(why, SN_E_SIGNATURE, "%s: the key is not P-256", what);
		SN_TRY(pad_scalar(r, rs, what, why));
		SN_TRY(pad_scalar(s, rs + 32, what, why));
		return cry_verify_raw_ecdsa(ak, CRY_SHA256, msg, BYTES_OF(rs), why);
	case ALG_RSASSA:
	case ALG_RSAPSS:
		SN_TRY(bytes_end(&sig, what, why));
		if (cry_key_alg(ak) != CRY_RSA)
			return sn_fail(why, SN_E_SIGNATURE, "%s: the key is not RSA", what);
		return cry_verify_rsa(ak, CRY_SHA256, alg == ALG_RSAPSS, msg, r, why);
	default:
		return sn_fail(why, SN_E_FORMAT, "%s: signature scheme %04x", what, alg);
	}
}

/*
 * The public area that an attestation key of ours must have [TCG P2 12.2.4], built from
 * ak and compared whole: P-256, SHA-256 name, fixedTPM, fixedParent, sensitiveDataOrigin,
 * userWithAuth, noDA, restricted, sign; no policy; ECDSA with SHA-256.
 */
enum sn_err
quote_key(struct bytes pub, const struct cry_key *ak, struct sn_why *why)
{
	static const uint8_t head[] = { 0x00, 0x23, 0x00, 0x0b, 0x00, 0x05, 0x04, 0x72, 0x00,
		0x00, 0x00, 0x10, 0x00, 0x18, 0x00, 0x0b, 0x00, 0x03, 0x00, 0x10 };
	SN_CLEANUP(sn_buf_done) struct sn_buf point = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf want = { 0 };

	if (cry_key_alg(ak) != CRY_P256)
		return sn_fail(why, SN_E_SIGNATURE, "ak.pem: not a P-256 key");
	SN_TRY(cry_key_raw(ak, &point, why)); /* 04 || X || Y */
	if (point.n != 65)
		return sn_fail(why, SN_E_INTERNAL, "ak.pem: a point of %zu bytes", point.n);
	sn_buf_u16(&want, sizeof(head) + 2 * (2 + 32));
	sn_buf_put(&want, BYTES_OF(head));
	for (size_t i = 0; i < 2; i++) {
		sn_buf_u16(&want, 32);
		sn_buf_put(&want, (struct bytes){ point.p + 1 + 32 * i, 32 });
	}
	SN_TRY(sn_buf_check(&want, why));
	if (!bytes_equal(sn_buf_bytes(&want), pub))
		return sn_fail(why, SN_E_SIGNATURE,
		    "ak.pub: not the key ak.pem as a TPM's attestation key");
	return SN_OK;
}

static enum sn_err
pcr_digest(const struct quote_pcrs *pcrs, uint8_t ret[32], struct sn_why *why)
{
	struct bytes parts[QUOTE_PCRS];
	size_t n = 0;

	for (unsigned int i = 0; i < QUOTE_PCRS; i++)
		if ((pcrs->mask & (1U << i)) != 0)
			parts[n++] = BYTES_OF(pcrs->value[i]);
	return cry_digest_v(CRY_SHA256, parts, n, ret, why);
}

enum sn_err
quote_check(struct bytes msg, const uint8_t qualifying[32], const struct quote_pcrs *pcrs,
    struct sn_why *why)
{
	static const char what[] = "quote.msg";
	struct bytes select, digest;
	uint8_t computed[32], size;
	uint32_t count;
	uint16_t hash;

	SN_TRY(attest_head(&msg, ATTEST_QUOTE, qualifying, what, why));
	SN_TRY(bytes_u32(&msg, &count, what, why));
	SN_TRY(bytes_u16(&msg, &hash, what, why));
	SN_TRY(bytes_u8(&msg, &size, what, why));
	if (count != 1 || hash != ALG_SHA256 || size != 3)
		return sn_fail(why, SN_E_FORMAT, "%s: not the SHA-256 bank alone", what);
	SN_TRY(bytes_take(&msg, size, &select, what, why));
	SN_TRY(get_2b(&msg, &digest, what, why));
	SN_TRY(bytes_end(&msg, what, why));
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

/* A session's audit while its list is read. */
struct audit {
	uint8_t digest[32];
	size_t commands, draws, rests;
};

/* cpHash of TPM2_GetRandom(n): command code and parameter [TCG P1 16.7, P3 16.1]. */
static enum sn_err
is_get_random(const uint8_t cp[32], uint16_t n, bool *ret, struct sn_why *why)
{
	const uint8_t command[] = { 0, 0, CC_GET_RANDOM >> 8, CC_GET_RANDOM & 0xff,
		(uint8_t)(n >> 8), (uint8_t)n };
	uint8_t want[32];

	SN_TRY(cry_digest(CRY_SHA256, BYTES_OF(command), want, why));
	*ret = memcmp(cp, want, sizeof(want)) == 0;
	return SN_OK;
}

/* A draw of 32 bytes; at the end, what short draws left out. */
static enum sn_err
count_command(struct audit *a, const uint8_t cp[32], struct sn_why *why)
{
	bool found;

	SN_TRY(is_get_random(cp, DRAW, &found, why));
	if (found && a->rests == 0) {
		a->draws++;
		return SN_OK;
	}
	found = false;
	for (uint16_t n = 1; n < DRAW && !found; n++)
		SN_TRY(is_get_random(cp, n, &found, why));
	if (!found || ++a->rests > MAX_RESTS)
		return sn_fail(why, SN_E_SIGNATURE,
		    "audit.list: line %zu is no command of the seeding", a->commands);
	return SN_OK;
}

/* One "cphash rphash" line folded into the session's digest [TCG P1 31.3.3]. */
static enum sn_err
fold_command(struct bytes line, struct audit *a, struct sn_why *why)
{
	char text[2 * 64 + 2];
	uint8_t cp[32], rp[32];

	if (line.n != 129 || line.p[64] != ' ')
		return sn_fail(why, SN_E_FORMAT, "audit.list: not two digests on a line");
	memcpy(text, line.p, line.n);
	text[64] = '\0';
	text[129] = '\0';
	SN_TRY(sn_hex_parse(text, cp, sizeof(cp), "audit.list", why));
	SN_TRY(sn_hex_parse(text + 65, rp, sizeof(rp), "audit.list", why));
	SN_TRY(count_command(a, cp, why));
	const struct bytes parts[] = { BYTES_OF(a->digest), BYTES_OF(cp), BYTES_OF(rp) };
	return cry_digest_v(CRY_SHA256, parts, SN_NITEMS(parts), a->digest, why);
}

static enum sn_err
fold_list(struct bytes list, struct audit *a, struct sn_why *why)
{
	while (list.n > 0) {
		const uint8_t *end = memchr(list.p, '\n', list.n);

		if (end == NULL || ++a->commands > MAX_COMMANDS)
			return sn_fail(why, SN_E_FORMAT,
			    "audit.list: a cut line, or too many of them");
		const size_t len = (size_t)(end - list.p);
		SN_TRY(fold_command((struct bytes){ list.p, len }, a, why));
		list.p = end + 1;
		list.n -= len + 1;
	}
	return SN_OK;
}

enum sn_err
quote_audit(struct bytes msg, const uint8_t qualifying[32], struct bytes list,
    size_t *ret_commands, struct sn_why *why)
{
	static const char what[] = "audit.msg";
	struct audit folded = { 0 };
	struct bytes digest;
	uint8_t exclusive;

	SN_TRY(attest_head(&msg, ATTEST_AUDIT, qualifying, what, why));
	SN_TRY(bytes_u8(&msg, &exclusive, what, why));
	SN_TRY(get_2b(&msg, &digest, what, why));
	SN_TRY(bytes_end(&msg, what, why));
	if (exclusive != 1)
		return sn_fail(why, SN_E_SIGNATURE, "%s: the session was not exclusive", what);
	SN_TRY(fold_list(list, &folded, why));
	if (!bytes_equal(digest, BYTES_OF(folded.digest)))
		return sn_fail(why, SN_E_SIGNATURE, "%s: its digest is not that of audit.list",
		    what);
	if (folded.draws < QUOTE_DRAWS)
		return sn_fail(why, SN_E_SIGNATURE,
		    "audit.list: %zu draws of %d random bytes, at least %d are needed",
		    folded.draws, DRAW, QUOTE_DRAWS);
	*ret_commands = folded.commands;
	return SN_OK;
}
