#include <string.h>

#include "appliance/attest/priv.h"
#include "appliance/crypto/der.h"

#define PUBLIC_MAX 1024
#define FIELD_MAX 48
#define RSA_EXPONENT 65537 /* what a zero in the public area stands for */

/* TPMT_PUBLIC up to the unique field [TCG P2 12.2.4], and what that field is. */
struct template
{
	struct bytes head;
	enum cry_alg alg;
	size_t field; /* bytes of a coordinate or of the modulus */
};

/* ECC, name SHA-256; fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, noDA,
 * restricted, sign; no policy; no symmetric algorithm, ECDSA with SHA-256, P-256, no KDF */
static const uint8_t ak_head[] = { 0x00, 0x23, 0x00, 0x0b, 0x00, 0x05, 0x04, 0x72, 0x00, 0x00,
	0x00, 0x10, 0x00, 0x18, 0x00, 0x0b, 0x00, 0x03, 0x00, 0x10 };
static const struct template ak_template = { BYTES_OF(ak_head), CRY_P256, 32 };

/* fixedTPM, fixedParent, sensitiveDataOrigin, adminWithPolicy, restricted, decrypt */
#define LOW_ATTRIBUTES 0x00, 0x03, 0x00, 0xb2
/* and userWithAuth */
#define HIGH_ATTRIBUTES 0x00, 0x03, 0x00, 0xf2
/* PolicyA, SHA-256: PolicySecret(TPM_RH_ENDORSEMENT) [TCG EK profile B.6] */
#define POLICY_A                                                                               \
	0x00, 0x20, 0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a, 0x90, 0xcc, 0x8d,    \
	    0x46, 0xa5, 0xd7, 0x24, 0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52, 0x0b, 0x64, 0xf2,      \
	    0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa
/* PolicyB, SHA-384: PolicyOR of the same and of one that NV index 0x01c07f02 authorises */
#define POLICY_B                                                                               \
	0x00, 0x30, 0xb2, 0x6e, 0x7d, 0x28, 0xd1, 0x1a, 0x50, 0xbc, 0x53, 0xd8, 0x82, 0xbc,    \
	    0xf5, 0xfd, 0x3a, 0x1a, 0x07, 0x41, 0x48, 0xbb, 0x35, 0xd3, 0xb4, 0xe4, 0xcb,      \
	    0x1c, 0x0a, 0xd9, 0xbd, 0xe4, 0x19, 0xca, 0xcb, 0x47, 0xba, 0x09, 0x69, 0x96,      \
	    0x46, 0x15, 0x0f, 0x9f, 0xc0, 0x00, 0xf3, 0xf8, 0x0e, 0x12
#define AES_128_CFB 0x00, 0x06, 0x00, 0x80, 0x00, 0x43
#define AES_256_CFB 0x00, 0x06, 0x01, 0x00, 0x00, 0x43
#define NONE 0x00, 0x10

static const uint8_t p256_head[] = { 0x00, 0x23, 0x00, 0x0b, LOW_ATTRIBUTES, POLICY_A,
	AES_128_CFB, NONE, 0x00, 0x03, NONE };
/* 2048 bits, exponent 0 */
static const uint8_t rsa_head[] = { 0x00, 0x01, 0x00, 0x0b, LOW_ATTRIBUTES, POLICY_A,
	AES_128_CFB, NONE, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00 };
static const uint8_t p384_head[] = { 0x00, 0x23, 0x00, 0x0c, HIGH_ATTRIBUTES, POLICY_B,
	AES_256_CFB, NONE, 0x00, 0x04, NONE };

static const struct {
	struct template t;
	const char *name;
} ek_templates[] = {
	[ATT_EK_P256] = { { BYTES_OF(p256_head), CRY_P256, 32 }, "P-256" },
	[ATT_EK_RSA2048] = { { BYTES_OF(rsa_head), CRY_RSA, 256 }, "RSA-2048" },
	[ATT_EK_P384] = { { BYTES_OF(p384_head), CRY_P384, 48 }, "P-384" },
};

const char *
att_ek_kind_name(enum att_ek_kind k)
{
	return ek_templates[k].name;
}

/* The TPMT_PUBLIC in a TPM2B_PUBLIC. */
static enum sn_err
unwrap(struct bytes pub, struct bytes *ret, const char *what, struct sn_why *why)
{
	struct bytes area;

	SN_TRY(att_get_2b(&pub, &area, what, why));
	SN_TRY(bytes_end(&pub, what, why));
	*ret = area;
	return SN_OK;
}

static bool
starts_with(struct bytes area, const struct template *t)
{
	return area.n > t->head.n && memcmp(area.p, t->head.p, t->head.n) == 0;
}

/* Two coordinates; a TPM may drop leading zeros. */
static enum sn_err
get_point(struct bytes b, const struct template *t, struct cry_key **ret, const char *what,
    struct sn_why *why)
{
	uint8_t xy[2 * FIELD_MAX] = { 0 };
	struct bytes v;

	for (size_t i = 0; i < 2; i++) {
		SN_TRY(att_get_2b(&b, &v, what, why));
		if (v.n == 0 || v.n > t->field)
			return sn_fail(why, SN_E_FORMAT, "%s: a coordinate of %zu bytes", what,
			    v.n);
		memcpy(xy + (i + 1) * t->field - v.n, v.p, v.n);
	}
	SN_TRY(bytes_end(&b, what, why));
	return cry_key_from_point(t->alg, (struct bytes){ xy, 2 * t->field }, ret, why);
}

/* The SubjectPublicKeyInfo that a modulus stands for [RFC 3279 2.3.1]. */
static enum sn_err
get_modulus(struct bytes b, const struct template *t, struct cry_key **ret, const char *what,
    struct sn_why *why)
{
	/* SEQUENCE { rsaEncryption, NULL }; INTEGER 65537 */
	static const uint8_t algorithm[] = { 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
		0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00 };
	static const uint8_t exponent[] = { 0x02, 0x03, RSA_EXPONENT >> 16,
		(RSA_EXPONENT >> 8) & 0xff, RSA_EXPONENT & 0xff };
	SN_CLEANUP(sn_buf_done) struct sn_buf n = { 0 }, key = { 0 }, bits = { 0 },
					      inner = { 0 }, spki = { 0 };
	struct bytes v;

	SN_TRY(att_get_2b(&b, &v, what, why));
	SN_TRY(bytes_end(&b, what, why));
	if (v.n != t->field || (v.p[0] & 0x80) == 0)
		return sn_fail(why, SN_E_FORMAT, "%s: a modulus of fewer than %zu bits", what,
		    8 * t->field);
	sn_buf_u8(&n, 0); /* or it would be negative */
	sn_buf_put(&n, v);
	der_put(&key, DER_INTEGER, sn_buf_bytes(&n));
	sn_buf_put(&key, BYTES_OF(exponent));
	sn_buf_u8(&bits, 0); /* unused bits */
	der_put(&bits, DER_SEQUENCE, sn_buf_bytes(&key));
	sn_buf_put(&inner, BYTES_OF(algorithm));
	der_put(&inner, 0x03, sn_buf_bytes(&bits));
	der_put(&spki, DER_SEQUENCE, sn_buf_bytes(&inner));
	SN_TRY(sn_buf_check(&spki, why));
	return cry_key_from_spki(sn_buf_bytes(&spki), ret, why);
}

static enum sn_err
get_key(struct bytes area, const struct template *t, struct cry_key **ret, const char *what,
    struct sn_why *why)
{
	const struct bytes unique = { area.p + t->head.n, area.n - t->head.n };

	return t->alg == CRY_RSA ? get_modulus(unique, t, ret, what, why)
				 : get_point(unique, t, ret, what, why);
}

/* 000c and the SHA-384. */
static enum sn_err
name_sha384(struct bytes area, struct att_name *ret, struct sn_why *why)
{
	struct att_name out = { .b = { ALG_SHA384 >> 8, ALG_SHA384 & 0xff }, .n = 2 + 48 };

	SN_TRY(cry_digest(CRY_SHA384, area, out.b + 2, why));
	*ret = out;
	return SN_OK;
}

enum sn_err
att_ak_open(struct bytes pub, struct att_ak *ret, struct sn_why *why)
{
	static const char what[] = "ak.pub";
	static const uint8_t parent[] = { RH_ENDORSEMENT >> 24, 0x00, 0x00,
		RH_ENDORSEMENT & 0xff };
	struct att_ak out = { 0 };
	struct bytes area;

	SN_TRY(unwrap(pub, &area, what, why));
	if (!starts_with(area, &ak_template))
		return sn_fail(why, SN_E_SIGNATURE,
		    "%s: not a TPM's attestation key (attributes or algorithms)", what);
	SN_TRY(att_name_sha256(&area, 1, &out.name, why));
	/* a primary's qualified name is over its hierarchy's handle [TCG P1 16.4] */
	const struct bytes parts[] = { BYTES_OF(parent), att_name_bytes(&out.name) };
	SN_TRY(att_name_sha256(parts, SN_NITEMS(parts), &out.qualified, why));
	memcpy(out.digest, out.name.b + 2, sizeof(out.digest));
	SN_TRY(get_key(area, &ak_template, &out.key, what, why));
	*ret = out;
	return SN_OK;
}

void
att_ak_done(struct att_ak *ak)
{
	if (ak != NULL)
		cry_key_free(&ak->key);
}

enum sn_err
att_ak_is(const struct att_ak *ak, const struct cry_key *key, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf a = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };

	SN_TRY(cry_key_spki(ak->key, &a, why));
	SN_TRY(cry_key_spki(key, &b, why));
	if (!bytes_equal(sn_buf_bytes(&a), sn_buf_bytes(&b)))
		return sn_fail(why, SN_E_SIGNATURE,
		    "ak.pub: not the key ak.pem as a TPM's attestation key");
	return SN_OK;
}

enum sn_err
att_ek_open(struct bytes pub, struct att_ek *ret, struct sn_why *why)
{
	static const char what[] = "ek.pub";
	struct att_ek out = { 0 };
	struct bytes area;
	size_t k = 0;

	SN_TRY(unwrap(pub, &area, what, why));
	while (k < SN_NITEMS(ek_templates) && !starts_with(area, &ek_templates[k].t))
		k++;
	if (k == SN_NITEMS(ek_templates))
		return sn_fail(why, SN_E_SIGNATURE,
		    "%s: not made from a template of the TCG EK profile", what);
	out.kind = (enum att_ek_kind)k;
	if (ek_templates[k].t.alg == CRY_P384)
		SN_TRY(name_sha384(area, &out.name, why));
	else
		SN_TRY(att_name_sha256(&area, 1, &out.name, why));
	SN_TRY(cry_digest(CRY_SHA256, area, out.digest, why));
	SN_TRY(get_key(area, &ek_templates[k].t, &out.key, what, why));
	*ret = out;
	return SN_OK;
}

void
att_ek_done(struct att_ek *ek)
{
	if (ek != NULL)
		cry_key_free(&ek->key);
}
