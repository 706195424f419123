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

/* One attestation: what hooks may change before it is signed. */
static void
fix_attested(const struct fix *f, const struct fix_bundle *o, struct fix_attest *a,
    struct sn_buf *msg, struct sn_buf *sig)
{
	if (o->attest != NULL)
		o->attest(f, a);
	sn_buf_u32(msg, 0xff544347);
	sn_buf_u16(msg, a->type);
	sn_buf_u16(msg, sizeof(a->signer));
	sn_buf_put(msg, BYTES_OF(a->signer));
	sn_buf_u16(msg, 32);
	sn_buf_put(msg, BYTES_OF(a->qualifying));
	sn_buf_u64(msg, 12345); /* clock */
	sn_buf_u32(msg, a->resets);
	sn_buf_u32(msg, a->restarts);
	sn_buf_u8(msg, 1);
	sn_buf_u64(msg, 0x20240101);
	sn_buf_put(msg, sn_buf_bytes(&a->body));
	fix_tpm_signature(a->key, sn_buf_bytes(msg), sig);
}

static void
fix_attest_start(const struct fix *f, enum fix_signed what, uint16_t type,
    const uint8_t qualifying[32], struct fix_attest *a)
{
	*a = (struct fix_attest){
		.what = what, .type = type, .resets = 1, .restarts = 2, .key = f->ak
	};
	memcpy(a->qualifying, qualifying, 32);
	fix_signer(f, a->signer);
}

/* Adds NAME.msg, NAME.sig and the file beside them. */
static void
fix_attest_files(const struct fix *f, const struct fix_bundle *o, struct fix_attest *a,
    const char *name, const char *file, struct bun *b)
{
	struct sn_buf msg = { 0 }, sig = { 0 };
	const struct {
		const char *end;
		const struct sn_buf *data;
	} rows[] = { { "msg", &msg }, { "sig", &sig }, { file, &a->file } };

	fix_attested(f, o, a, &msg, &sig);
	for (size_t i = 0; i < SN_NITEMS(rows); i++) {
		char *path = test_format("evidence/%s.%s", name, rows[i].end);

		FIX_OK(bun_add(b, path, sn_buf_bytes(rows[i].data), why));
		free(path);
	}
	sn_buf_done(&msg);
	sn_buf_done(&sig);
	sn_buf_done(&a->body);
	sn_buf_done(&a->file);
}

static void
fix_le32(struct sn_buf *b, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		sn_buf_u8(b, (uint8_t)(v >> (8 * i)));
}

/* quote.pcr as tpm2-tools writes it. */
static void
fix_pcr_file(const uint8_t values[16][32], struct sn_buf *pcr)
{
	static const uint8_t zero[128];

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

/* These registers, with PCR 15; not bound by the statement, that it is over. */
static void
fix_quote(const struct fix *f, const struct fix_bundle *o, const uint8_t qualifying[32],
    const uint8_t values[16][32], struct bun *b)
{
	struct sn_buf msg = { 0 }, sig = { 0 };
	struct fix_attest a;
	uint8_t digest[32];

	FIX_OK(cry_digest(CRY_SHA256, (struct bytes){ values[0], 16 * 32 }, digest, why));
	fix_attest_start(f, FIX_QUOTE, 0x8018, qualifying, &a);
	sn_buf_u32(&a.body, 1);
	sn_buf_u16(&a.body, 0x000b);
	sn_buf_put(&a.body, BYTES_STR("\x03\xff\xff\x00"));
	sn_buf_u16(&a.body, 32);
	sn_buf_put(&a.body, BYTES_OF(digest));
	fix_pcr_file(values, &a.file);
	fix_attested(f, o, &a, &msg, &sig);
	FIX_OK(bun_set_quote(b, sn_buf_bytes(&msg), sn_buf_bytes(&sig), sn_buf_bytes(&a.file),
	    why));
	sn_buf_done(&a.body);
	sn_buf_done(&a.file);
	sn_buf_done(&msg);
	sn_buf_done(&sig);
}

static void
fix_audit(const struct fix *f, const struct fix_bundle *o, struct bun *b)
{
	static const uint16_t sixteen[] = { 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32,
		32, 32, 32, 0 };
	const uint16_t *draws = o->draws != NULL ? o->draws : sixteen;
	uint8_t digest[32] = { 0 }, cp[32], rp[32];
	struct fix_attest a;

	fix_attest_start(f, FIX_AUDIT, 0x8016, f->plan_digest, &a);
	a.qualifying[0] ^= o->audit_twist;
	for (int i = 0; draws[i] != 0; i++) {
		/* TPM2_GetRandom of that many bytes */
		const uint8_t command[] = { 0, 0, 1, 0x7b, (uint8_t)(draws[i] >> 8),
			(uint8_t)draws[i] };

		FIX_OK(cry_digest(CRY_SHA256, BYTES_OF(command), cp, why));
		memset(rp, i, 32);
		const struct bytes parts[] = { BYTES_OF(digest), BYTES_OF(cp), BYTES_OF(rp) };
		FIX_OK(cry_digest_v(CRY_SHA256, parts, 3, digest, why));
		sn_buf_hex(&a.file, BYTES_OF(cp));
		sn_buf_u8(&a.file, ' ');
		sn_buf_hex(&a.file, BYTES_OF(rp));
		sn_buf_u8(&a.file, '\n');
	}
	sn_buf_u8(&a.body, o->shared_session ? 0 : 1);
	sn_buf_u16(&a.body, 32);
	sn_buf_put(&a.body, BYTES_OF(digest));
	fix_attest_files(f, o, &a, "audit", "list", b);
}

/* ---- which TPM it is */

/* The attestation key's creation, as a primary of the endorsement hierarchy. */
static void
fix_creation(const struct fix *f, const struct fix_bundle *o, struct bun *b)
{
	uint8_t digest[32];
	struct fix_attest a;
	struct sn_buf pub = { 0 };

	fix_attest_start(f, FIX_CREATION, 0x801a, f->plan_digest, &a);
	sn_buf_put(&a.file,
	    BYTES_STR("\x00\x00\x00\x00\x00\x00\x01\x00\x10"
		      "\x00\x04\x40\x00\x00\x0b\x00\x04\x40\x00\x00\x0b"));
	sn_buf_u16(&a.file, strlen("cornerstone/v1/ak"));
	sn_buf_put(&a.file, BYTES_STR("cornerstone/v1/ak"));
	if (o->creation != NULL)
		o->creation(&a.file);
	fix_ak_area(f, &pub);
	FIX_OK(cry_digest(CRY_SHA256, (struct bytes){ pub.p + 2, pub.n - 2 }, digest, why));
	sn_buf_u16(&a.body, 34);
	sn_buf_u16(&a.body, 0x000b);
	sn_buf_put(&a.body, BYTES_OF(digest));
	FIX_OK(cry_digest(CRY_SHA256, sn_buf_bytes(&a.file), digest, why));
	sn_buf_u16(&a.body, 32);
	sn_buf_put(&a.body, BYTES_OF(digest));
	sn_buf_done(&pub);
	fix_attest_files(f, o, &a, "creation", "data", b);
}

static void
fix_counter(const struct fix *f, const struct fix_bundle *o, uint64_t value, struct bun *b)
{
	struct fix_attest a;
	uint8_t digest[32];

	fix_attest_start(f, FIX_COUNTER, 0x8014, f->plan_digest, &a);
	/* index, SHA-256, attributes, no policy, 8 bytes */
	sn_buf_put(&a.file,
	    BYTES_STR("\x01\x81\x5c\x01\x00\x0b\x22\x06\x00\x16\x00\x00\x00\x08"));
	if (o->counter != NULL)
		o->counter(&a.file);
	FIX_OK(cry_digest(CRY_SHA256, sn_buf_bytes(&a.file), digest, why));
	sn_buf_u16(&a.body, 34);
	sn_buf_u16(&a.body, 0x000b);
	sn_buf_put(&a.body, BYTES_OF(digest));
	sn_buf_u16(&a.body, 0); /* offset */
	sn_buf_u16(&a.body, 8);
	sn_buf_u64(&a.body, value);
	fix_attest_files(f, o, &a, "counter", "pub", b);
}

/* The endorsement key, P-256 [TCG EK profile, L-2]. */
static void
fix_ek_pub(const struct fix *f, struct sn_buf *ret)
{
	struct sn_buf point = { 0 };

	FIX_OK(cry_key_raw(f->ek, &point, why));
	sn_buf_u16(ret, 122);
	sn_buf_put(ret,
	    BYTES_STR("\x00\x23\x00\x0b\x00\x03\x00\xb2\x00\x20\x83\x71\x97\x67\x44\x84"
		      "\xb3\xf8\x1a\x90\xcc\x8d\x46\xa5\xd7\x24\xfd\x52\xd7\x6e\x06\x52"
		      "\x0b\x64\xf2\xa1\xda\x1b\x33\x14\x69\xaa\x00\x06\x00\x80\x00\x43"
		      "\x00\x10\x00\x03\x00\x10"));
	for (size_t i = 0; i < 2; i++) {
		sn_buf_u16(ret, 32);
		sn_buf_put(ret, (struct bytes){ point.p + 1 + 32 * i, 32 });
	}
	sn_buf_done(&point);
}

/* What a plan pins: SHA-256 of a public area without its two bytes of length. */
static SN_UNUSED void
fix_pin(const struct sn_buf *pub, uint8_t ret[32])
{
	FIX_OK(cry_digest(CRY_SHA256, (struct bytes){ pub->p + 2, pub->n - 2 }, ret, why));
}

static struct bun_tpm
fix_tpm_said(const struct fix_bundle *o)
{
	struct bun_tpm t = { .backend = "device",
		.device = "/dev/tpmrm0",
		.manufacturer = "FIXT",
		.vendor = "Fixture",
		.firmware = 0x0001000200030004,
		.revision = 159,
		.ek = "ecc-p256",
		.owner = true,
		.endorsement = true,
		.lockout_limit = 32,
		.lockout_seconds = 7200,
		.slowest_ms = 40,
		.has_counter = !o->no_counter,
		.counter = o->count != 0 ? o->count : 7 };

	if (o->software)
		snprintf(t.backend, sizeof(t.backend), "software");
	if (o->no_counter) {
		t.counter = 0;
		snprintf(t.no_counter, sizeof(t.no_counter), "an owner's password is set");
	}
	return t;
}

/* All of it; what it says of itself is changed last. */
static void
fix_tpm(const struct fix *f, const struct fix_bundle *o, struct bun *b)
{
	struct bun_tpm t = fix_tpm_said(o);
	struct sn_buf pub = { 0 }, json = { 0 };

	fix_creation(f, o, b);
	if (t.has_counter)
		fix_counter(f, o, t.counter, b);
	fix_ek_pub(f, &pub);
	FIX_OK(bun_add(b, "evidence/ek.pub", sn_buf_bytes(&pub), why));
	if (o->tpm != NULL)
		o->tpm(&t);
	FIX_OK(bun_tpm_json(&t, &json, why));
	FIX_OK(bun_add(b, BUN_TPM_JSON, sn_buf_bytes(&json), why));
	sn_buf_done(&pub);
	sn_buf_done(&json);
}

#endif
