/*
 * fixture_tpm - quotes and audits as a TPM would make them, out of a key of the fixture.
 *
 * Owns: nothing. Only for fixture.h, so everything is static.
 */
#ifndef TEST_BUNDLE_FIXTURE_TPM_H
#define TEST_BUNDLE_FIXTURE_TPM_H

#include "tests/ceremony/bundle/fixture_boot.h"

/* The two INTEGERs of a DER ECDSA signature as TPM2B's. */
static void
fix_tpm_signature(const struct cry_key *key, struct bytes msg, struct sn_buf *ret)
{
	struct sn_buf der = { 0 };
	const uint8_t *p;

	FIX_OK(cry_sign(key, msg, &der, why));
	sn_buf_u16(ret, 0x0018); /* TPM_ALG_ECDSA */
	sn_buf_u16(ret, 0x000b); /* TPM_ALG_SHA256 */
	p = der.p + 2;
	for (int i = 0; i < 2; i++) {
		size_t n = p[1];
		const uint8_t *v = p + 2;

		p = v + n;
		while (n > 0 && *v == 0) {
			v++;
			n--;
		}
		sn_buf_u16(ret, (uint16_t)n);
		sn_buf_put(ret, (struct bytes){ v, n });
	}
	sn_buf_done(&der);
}

/* The attestation key's public area, as the TPM gives it. */
static void
fix_ak_area(const struct fix *f, struct sn_buf *ret)
{
	struct sn_buf point = { 0 };

	FIX_OK(cry_key_raw(f->ak, &point, why));
	sn_buf_u16(ret, 88);
	sn_buf_put(ret,
	    BYTES_STR("\x00\x23\x00\x0b\x00\x05\x04\x72\x00\x00\x00\x10\x00\x18"
		      "\x00\x0b\x00\x03\x00\x10\x00\x20"));
	sn_buf_put(ret, (struct bytes){ point.p + 1, 32 });
	sn_buf_u16(ret, 32);
	sn_buf_put(ret, (struct bytes){ point.p + 33, 32 });
	sn_buf_done(&point);
}

/* Its qualified name: it is a primary of the endorsement hierarchy. */
static void
fix_signer(const struct fix *f, uint8_t ret[34])
{
	uint8_t joined[4 + 34] = { 0x40, 0, 0, 0x0b, 0, 0x0b };
	struct sn_buf pub = { 0 };

	fix_ak_area(f, &pub);
	FIX_OK(cry_digest(CRY_SHA256, (struct bytes){ pub.p + 2, pub.n - 2 }, joined + 6, why));
	ret[0] = 0;
	ret[1] = 0x0b;
	FIX_OK(cry_digest(CRY_SHA256, BYTES_OF(joined), ret + 2, why));
	sn_buf_done(&pub);
}

static void
fix_attest_head(const struct fix *f, struct sn_buf *b, uint16_t type,
    const uint8_t qualifying[32])
{
	uint8_t signer[34];

	fix_signer(f, signer);
	sn_buf_u32(b, 0xff544347);
	sn_buf_u16(b, type);
	sn_buf_u16(b, sizeof(signer));
	sn_buf_put(b, BYTES_OF(signer));
	sn_buf_u16(b, 32);
	sn_buf_put(b, (struct bytes){ qualifying, 32 });
	sn_buf_u64(b, 12345); /* clock */
	sn_buf_u32(b, 1);
	sn_buf_u32(b, 2);
	sn_buf_u8(b, 1);
	sn_buf_u64(b, 0x20240101);
}

static void
fix_le32(struct sn_buf *b, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		sn_buf_u8(b, (uint8_t)(v >> (8 * i)));
}

/* These registers, with PCR 15: quote.msg, and quote.pcr as tpm2-tools writes it. */
static void
fix_quote(const struct fix *f, const uint8_t qualifying[32], const uint8_t values[16][32],
    struct sn_buf *msg, struct sn_buf *sig, struct sn_buf *pcr)
{
	static const uint8_t zero[128];
	uint8_t digest[32];

	FIX_OK(cry_digest(CRY_SHA256, (struct bytes){ values[0], 16 * 32 }, digest, why));
	fix_attest_head(f, msg, 0x8018, qualifying);
	sn_buf_u32(msg, 1);
	sn_buf_u16(msg, 0x000b);
	sn_buf_put(msg, BYTES_STR("\x03\xff\xff\x00"));
	sn_buf_u16(msg, 32);
	sn_buf_put(msg, BYTES_OF(digest));
	fix_tpm_signature(f->ak, sn_buf_bytes(msg), sig);

	fix_le32(pcr, 1);
	sn_buf_put(pcr, BYTES_STR("\x0b\x00\x03\xff\xff\x00\x00\x00"));
	sn_buf_put(pcr, (struct bytes){ zero, 15 * 8 });
	fix_le32(pcr, 2);
	for (int list = 0; list < 2; list++) {
		fix_le32(pcr, 8);
		for (int i = 0; i < 8; i++) {
			sn_buf_put(pcr, BYTES_STR("\x20\x00"));
			sn_buf_put(pcr, BYTES_OF(values[8 * list + i]));
			sn_buf_put(pcr, (struct bytes){ zero, 32 });
		}
	}
}

static void
fix_audit(const struct fix *f, const struct fix_bundle *o, struct bun *b)
{
	struct sn_buf msg = { 0 }, sig = { 0 }, list = { 0 };
	static const uint16_t sixteen[] = { 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32,
		32, 32, 32, 0 };
	const uint16_t *draws = o->draws != NULL ? o->draws : sixteen;
	uint8_t digest[32] = { 0 }, cp[32], rp[32], qualifying[32];

	memcpy(qualifying, f->plan_digest, 32);
	qualifying[0] ^= o->audit_twist;
	for (int i = 0; draws[i] != 0; i++) {
		/* TPM2_GetRandom of that many bytes */
		const uint8_t command[] = { 0, 0, 1, 0x7b, (uint8_t)(draws[i] >> 8),
			(uint8_t)draws[i] };

		FIX_OK(cry_digest(CRY_SHA256, BYTES_OF(command), cp, why));
		memset(rp, i, 32);
		const struct bytes parts[] = { BYTES_OF(digest), BYTES_OF(cp), BYTES_OF(rp) };
		FIX_OK(cry_digest_v(CRY_SHA256, parts, 3, digest, why));
		sn_buf_hex(&list, BYTES_OF(cp));
		sn_buf_u8(&list, ' ');
		sn_buf_hex(&list, BYTES_OF(rp));
		sn_buf_u8(&list, '\n');
	}
	fix_attest_head(f, &msg, 0x8016, qualifying);
	sn_buf_u8(&msg, o->shared_session ? 0 : 1);
	sn_buf_u16(&msg, 32);
	sn_buf_put(&msg, BYTES_OF(digest));
	fix_tpm_signature(f->ak, sn_buf_bytes(&msg), &sig);
	FIX_OK(bun_add(b, "evidence/audit.msg", sn_buf_bytes(&msg), why));
	FIX_OK(bun_add(b, "evidence/audit.sig", sn_buf_bytes(&sig), why));
	FIX_OK(bun_add(b, "evidence/audit.list", sn_buf_bytes(&list), why));
	sn_buf_done(&msg);
	sn_buf_done(&sig);
	sn_buf_done(&list);
}

#endif
