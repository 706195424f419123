#include "appliance/tpm/ident.h"

#include <stdio.h>
#include <string.h>

#include <tss2/tss2_mu.h>

#include "appliance/base/text.h"

/* PolicySecret(TPM_RH_ENDORSEMENT), SHA-256 [TCG EK profile, PolicyA]. */
static const uint8_t ident_policy_a[] = { 0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a,
	0x90, 0xcc, 0x8d, 0x46, 0xa5, 0xd7, 0x24, 0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52, 0x0b,
	0x64, 0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa };

/* PolicyOR of PolicyA and PolicyC, SHA-384 [TCG EK profile, PolicyB]. */
static const uint8_t ident_policy_b[] = { 0xb2, 0x6e, 0x7d, 0x28, 0xd1, 0x1a, 0x50, 0xbc, 0x53,
	0xd8, 0x82, 0xbc, 0xf5, 0xfd, 0x3a, 0x1a, 0x07, 0x41, 0x48, 0xbb, 0x35, 0xd3, 0xb4,
	0xe4, 0xcb, 0x1c, 0x0a, 0xd9, 0xbd, 0xe4, 0x19, 0xca, 0xcb, 0x47, 0xba, 0x09, 0x69,
	0x96, 0x46, 0x15, 0x0f, 0x9f, 0xc0, 0x00, 0xf3, 0xf8, 0x0e, 0x12 };

#define IDENT_EK_ATTRIBUTES                                                                    \
	(TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |    \
	    TPMA_OBJECT_ADMINWITHPOLICY | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT)

static const TPMT_SYM_DEF_OBJECT ident_aes = {
	.algorithm = TPM2_ALG_AES, .keyBits.aes = 128, .mode.aes = TPM2_ALG_CFB
};

static TPM2B_PUBLIC
ident_ek(TPMI_ALG_PUBLIC type)
{
	TPM2B_PUBLIC p = { 0 };

	p.publicArea.type = type;
	p.publicArea.nameAlg = TPM2_ALG_SHA256;
	p.publicArea.objectAttributes = IDENT_EK_ATTRIBUTES;
	p.publicArea.authPolicy.size = sizeof(ident_policy_a);
	memcpy(p.publicArea.authPolicy.buffer, ident_policy_a, sizeof(ident_policy_a));
	return p;
}

/* L-2: the unique field is two coordinates of zero bytes. */
static TPM2B_PUBLIC
ident_ek_p256(void)
{
	TPM2B_PUBLIC p = ident_ek(TPM2_ALG_ECC);
	TPMS_ECC_PARMS *e = &p.publicArea.parameters.eccDetail;

	e->symmetric = ident_aes;
	e->scheme.scheme = TPM2_ALG_NULL;
	e->curveID = TPM2_ECC_NIST_P256;
	e->kdf.scheme = TPM2_ALG_NULL;
	p.publicArea.unique.ecc.x.size = 32;
	p.publicArea.unique.ecc.y.size = 32;
	return p;
}

/* L-1: a modulus of zero bytes. */
static TPM2B_PUBLIC
ident_ek_rsa2048(void)
{
	TPM2B_PUBLIC p = ident_ek(TPM2_ALG_RSA);
	TPMS_RSA_PARMS *r = &p.publicArea.parameters.rsaDetail;

	r->symmetric = ident_aes;
	r->scheme.scheme = TPM2_ALG_NULL;
	r->keyBits = 2048;
	p.publicArea.unique.rsa.size = 256;
	return p;
}

/* H-3: the high range, whose unique field is empty. */
static TPM2B_PUBLIC
ident_ek_p384(void)
{
	TPM2B_PUBLIC p = { 0 };
	TPMS_ECC_PARMS *e = &p.publicArea.parameters.eccDetail;

	p.publicArea.type = TPM2_ALG_ECC;
	p.publicArea.nameAlg = TPM2_ALG_SHA384;
	p.publicArea.objectAttributes = IDENT_EK_ATTRIBUTES | TPMA_OBJECT_USERWITHAUTH;
	p.publicArea.authPolicy.size = sizeof(ident_policy_b);
	memcpy(p.publicArea.authPolicy.buffer, ident_policy_b, sizeof(ident_policy_b));
	e->symmetric = ident_aes;
	e->symmetric.keyBits.aes = 256;
	e->scheme.scheme = TPM2_ALG_NULL;
	e->curveID = TPM2_ECC_NIST_P384;
	e->kdf.scheme = TPM2_ALG_NULL;
	return p;
}

static TPM2B_PUBLIC
ident_ak_template(void)
{
	TPM2B_PUBLIC p = { 0 };
	TPMS_ECC_PARMS *e = &p.publicArea.parameters.eccDetail;

	p.publicArea.type = TPM2_ALG_ECC;
	p.publicArea.nameAlg = TPM2_ALG_SHA256;
	p.publicArea.objectAttributes = TPM_AK_ATTRIBUTES;
	e->symmetric.algorithm = TPM2_ALG_NULL;
	e->scheme.scheme = TPM2_ALG_ECDSA;
	e->scheme.details.ecdsa.hashAlg = TPM2_ALG_SHA256;
	e->curveID = TPM2_ECC_NIST_P256;
	e->kdf.scheme = TPM2_ALG_NULL;
	return p;
}

/* In the order of preference among those with, then among those without certificate. */
static const struct ident_template {
	const char *name;
	uint32_t cert_index;
	TPM2B_PUBLIC (*make)(void);
} ident_templates[] = {
	{ "ecc-p256", 0x01c0000a, ident_ek_p256 },
	{ "rsa-2048", 0x01c00002, ident_ek_rsa2048 },
	{ "ecc-p384", 0x01c00016, ident_ek_p384 },
};

/* The NV index may be longer than the certificate: the outer SEQUENCE says. */
static size_t
ident_der_len(struct bytes v)
{
	size_t n;

	if (v.n < 4 || v.p[0] != 0x30 || v.p[1] != 0x82)
		return 0;
	n = 4 + ((size_t)v.p[2] << 8 | v.p[3]);
	return n <= v.n ? n : 0;
}

static enum sn_err
ident_cert(struct tpm_dev *d, uint32_t index, struct tpm_info *info, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf nv = { 0 };
	size_t n;

	SN_TRY(tpm_dev_nv_read(d, index, &nv, why));
	n = ident_der_len(sn_buf_bytes(&nv));
	if (n == 0)
		return SN_OK;
	sn_buf_put(&info->ek_cert, (struct bytes){ nv.p, n });
	info->ek_cert_index = index;
	return sn_buf_check(&info->ek_cert, why);
}

/* Which templates have a certificate in NV: bit k is ident_templates[k]. */
static enum sn_err
ident_certified(struct tpm_dev *d, unsigned int *ret, struct sn_why *why)
{
	unsigned int found = 0;

	for (size_t k = 0; k < SN_NITEMS(ident_templates); k++) {
		bool exists = false;

		SN_TRY(tpm_dev_nv_exists(d, ident_templates[k].cert_index, &exists, why));
		found |= (exists ? 1U : 0) << k;
	}
	*ret = found;
	return SN_OK;
}

/* Try these templates; *ret_done says if one took. */
static enum sn_err
ident_ek_pass(struct tpm_dev *d, unsigned int which, struct tpm_ident *i, bool *ret_done,
    struct sn_why *why)
{
	for (size_t k = 0; k < SN_NITEMS(ident_templates); k++) {
		const struct ident_template *t = &ident_templates[k];
		TPM2B_PUBLIC template = t->make();
		bool refused = false;

		if ((which >> k & 1) == 0)
			continue;
		SN_TRY(tpm_dev_primary(d, ESYS_TR_PASSWORD, &template, &i->ek, &refused, why));
		if (refused)
			continue;
		snprintf(i->info.ek_template, sizeof(i->info.ek_template), "%s", t->name);
		*ret_done = true;
		return SN_OK;
	}
	*ret_done = false;
	return SN_OK;
}

static enum sn_err
ident_public(const TPM2B_PUBLIC *pub, struct sn_buf *ret, struct sn_why *why)
{
	uint8_t out[sizeof(TPM2B_PUBLIC)];
	size_t n = 0;

	if (Tss2_MU_TPM2B_PUBLIC_Marshal(pub, out, sizeof(out), &n) != TSS2_RC_SUCCESS)
		return sn_fail(why, SN_E_TPM, "a public area of unknown form");
	sn_buf_put(ret, (struct bytes){ out, n });
	return sn_buf_check(ret, why);
}

static enum sn_err
ident_endorsement(struct tpm_dev *d, unsigned int certified, struct tpm_ident *i,
    struct sn_why *why)
{
	bool done = false;

	SN_TRY(ident_ek_pass(d, certified, i, &done, why));
	if (!done)
		SN_TRY(ident_ek_pass(d, ~certified, i, &done, why));
	if (!done)
		return sn_fail(why, SN_E_TPM,
		    "the TPM makes no P-256, RSA-2048 or P-384 endorsement key");
	memcpy(i->info.ek_name, i->ek.name, TPM_NAME_LEN);
	return ident_public(&i->ek.pub, &i->info.ek_pub, why);
}

/* Left-padded to the field's length, as a TPM may drop leading zeros. */
static enum sn_err
ident_field(uint8_t ret[32], const TPM2B_ECC_PARAMETER *v, const char *what, struct sn_why *why)
{
	if (v->size == 0 || v->size > 32)
		return sn_fail(why, SN_E_FORMAT, "%s has %u bytes, 1 to 32 can be", what,
		    v->size);
	memset(ret, 0, 32);
	memcpy(ret + 32 - v->size, v->buffer, v->size);
	return SN_OK;
}

/* Made through the link, so that nobody on the bus can put another key in its place. */
static enum sn_err
ident_attestation(struct tpm_dev *d, struct tpm_ident *i, struct sn_why *why)
{
	const TPM2B_PUBLIC template = ident_ak_template();
	uint8_t xy[64];

	SN_TRY(tpm_dev_primary(d, i->link, &template, &i->ak, NULL, why));
	SN_TRY(ident_field(xy, &i->ak.pub.publicArea.unique.ecc.x, "attestation key x", why));
	SN_TRY(ident_field(xy + 32, &i->ak.pub.publicArea.unique.ecc.y, "attestation key y",
	    why));
	SN_TRY(cry_key_from_point(CRY_P256, BYTES_OF(xy), &i->ak_key, why));
	SN_TRY(cry_key_pem(i->ak_key, &i->info.ak_pem, why));
	memcpy(i->info.ak_name, i->ak.name, TPM_NAME_LEN);
	return ident_public(&i->ak.pub, &i->info.ak_pub, why);
}

/* Four characters a property; what cannot be shown becomes '?', padding is cut. */
static void
ident_text(char *ret, const uint32_t *words, size_t n)
{
	size_t at = 0;

	for (size_t k = 0; k < 4 * n; k++) {
		char c = (char)(words[k / 4] >> (24 - 8 * (k % 4)));

		if (c != '\0')
			ret[at++] = c >= ' ' && c <= '~' ? c : '?';
	}
	while (at > 0 && ret[at - 1] == ' ')
		at--;
	ret[at] = '\0';
}

static enum sn_err
ident_facts(struct tpm_dev *d, struct tpm_info *info, struct sn_why *why)
{
	enum { REVISION = TPM2_PT_REVISION, COUNT = TPM2_PT_FIRMWARE_VERSION_2 - REVISION + 1 };
	uint32_t v[COUNT];

	SN_TRY(tpm_dev_properties(d, REVISION, COUNT, v, why));
	info->revision = v[0];
	ident_text(info->manufacturer, &v[TPM2_PT_MANUFACTURER - REVISION], 1);
	ident_text(info->vendor, &v[TPM2_PT_VENDOR_STRING_1 - REVISION], 4);
	info->firmware = (uint64_t)v[TPM2_PT_FIRMWARE_VERSION_1 - REVISION] << 32 |
	    v[TPM2_PT_FIRMWARE_VERSION_2 - REVISION];
	return SN_OK;
}

#define IDENT_CHAIN_FIRST 0x01c00100U
#define IDENT_CHAIN_LAST 0x01c001ffU
#define IDENT_CHAIN_INDICES 16

/* Certificates above the EK's, where a maker put them into NV [EK profile 2.2.1.5.2]. */
static enum sn_err
ident_chain(struct tpm_dev *d, struct tpm_info *info, struct sn_why *why)
{
	uint32_t index[IDENT_CHAIN_INDICES];
	size_t n = 0;

	SN_TRY(tpm_dev_nv_list(d, IDENT_CHAIN_FIRST, IDENT_CHAIN_LAST, SN_NITEMS(index), index,
	    &n, why));
	for (size_t i = 0; i < n; i++) {
		SN_CLEANUP(sn_buf_done) struct sn_buf nv = { 0 };

		SN_TRY(tpm_dev_nv_read(d, index[i], &nv, why));
		if (info->ek_chain.n + nv.n <= TPM_CHAIN_MAX)
			sn_buf_put(&info->ek_chain, sn_buf_bytes(&nv));
	}
	return sn_buf_check(&info->ek_chain, why);
}

/* The certificate of the key that was made, if that one has any. */
static enum sn_err
ident_own_cert(struct tpm_dev *d, unsigned int certified, struct tpm_info *info,
    struct sn_why *why)
{
	for (size_t k = 0; k < SN_NITEMS(ident_templates); k++) {
		const struct ident_template *t = &ident_templates[k];

		if ((certified >> k & 1) != 0 && strcmp(t->name, info->ek_template) == 0)
			return ident_cert(d, t->cert_index, info, why);
	}
	return SN_OK;
}

/*
 * What came over the bare bus before there was a link served to make the link, and is now
 * asked again under its HMAC: from here on a changed answer is noticed.
 */
static enum sn_err
ident_protected(struct tpm_dev *d, unsigned int certified, struct tpm_ident *i,
    struct sn_why *why)
{
	unsigned int again = 0;

	SN_TRY(tpm_dev_session(d, i->ek.tr, TPMA_SESSION_CONTINUESESSION, &i->link, why));
	SN_TRY(tpm_dev_protect(d, i->link, why));
	SN_TRY(ident_certified(d, &again, why));
	if (again != certified)
		return sn_fail(why, SN_E_TPM,
		    "the TPM says now that it has other certificates than before: something "
		    "between here and the TPM changed an answer");
	SN_TRY(ident_facts(d, &i->info, why));
	SN_TRY(tpm_dev_state(d, &i->info.state, why));
	SN_TRY(ident_own_cert(d, certified, &i->info, why));
	return ident_chain(d, &i->info, why);
}

static enum sn_err
ident_fill(struct tpm_dev *d, struct tpm_ident *i, struct sn_why *why)
{
	unsigned int certified = 0;

	SN_TRY(tpm_dev_startup(d, why));
	SN_TRY(ident_facts(d, &i->info, why));
	SN_TRY(tpm_dev_state(d, &i->info.state, why));
	SN_TRY(ident_certified(d, &certified, why));
	SN_TRY(ident_endorsement(d, certified, i, why));
	SN_TRY(ident_protected(d, certified, i, why));
	return ident_attestation(d, i, why);
}

/* A TPM that is in no state to work: that is an answer. Nothing made so far is of use. */
static enum sn_err
ident_unusable(struct tpm_dev *d, struct tpm_ident *i, struct sn_why *why)
{
	struct tpm_info *info = &i->info;
	struct sn_buf *const made[] = { &info->ek_pub, &info->ek_cert, &info->ek_chain,
		&info->ak_pub, &info->ak_pem };

	for (size_t k = 0; k < SN_NITEMS(made); k++)
		sn_buf_done(made[k]);
	cry_key_free(&i->ak_key);
	info->condition = d->condition;
	sn_buf_str(&info->problem, d->fault.text);
	return sn_buf_check(&info->problem, why);
}

enum sn_err
tpm_ident_open(struct tpm_dev *d, enum tpm_backend backend, const char *device,
    struct tpm_ident *ret, struct sn_why *why)
{
	struct tpm_ident i = { .link = ESYS_TR_NONE,
		.counter = ESYS_TR_NONE,
		.ek.tr = ESYS_TR_NONE,
		.ak.tr = ESYS_TR_NONE };
	enum sn_err e;

	i.info.backend = backend;
	snprintf(i.info.device, sizeof(i.info.device), "%s", device);
	e = ident_fill(d, &i, why);
	if (e != SN_OK && d->condition == TPM_USABLE) {
		tpm_ident_done(d, &i);
		return e;
	}
	if (e != SN_OK)
		SN_TRY(ident_unusable(d, &i, why));
	*ret = i;
	return SN_OK;
}

void
tpm_ident_done(struct tpm_dev *d, struct tpm_ident *i)
{
	ESYS_TR *loaded[] = { &i->link, &i->ak.tr, &i->ek.tr };

	for (size_t k = 0; k < SN_NITEMS(loaded); k++) {
		/* a faulted TPM refuses, and then nothing more can be done */
		if (*loaded[k] != ESYS_TR_NONE && tpm_dev_flush(d, loaded[k], NULL) != SN_OK)
			*loaded[k] = ESYS_TR_NONE;
	}
	cry_key_free(&i->ak_key);
	tpm_info_done(&i->info);
}

static enum sn_err
attest_signature(const struct tpm_ident *i, struct bytes msg, struct bytes sig,
    struct sn_why *why)
{
	TPMT_SIGNATURE s;
	uint8_t rs[64];
	size_t at = 0;

	if (Tss2_MU_TPMT_SIGNATURE_Unmarshal(sig.p, sig.n, &at, &s) != TSS2_RC_SUCCESS ||
	    at != sig.n)
		return sn_fail(why, SN_E_FORMAT, "the TPM's signature has an unknown form");
	if (s.sigAlg != TPM2_ALG_ECDSA || s.signature.ecdsa.hash != TPM2_ALG_SHA256)
		return sn_fail(why, SN_E_SIGNATURE, "the TPM signed with algorithm 0x%x",
		    s.sigAlg);
	SN_TRY(ident_field(rs, &s.signature.ecdsa.signatureR, "signature r", why));
	SN_TRY(ident_field(rs + 32, &s.signature.ecdsa.signatureS, "signature s", why));
	return cry_verify_raw_ecdsa(i->ak_key, CRY_SHA256, msg, BYTES_OF(rs), why);
}

enum sn_err
tpm_attest_check(const struct tpm_ident *i, struct bytes msg, struct bytes sig, TPM2_ST type,
    const uint8_t qualifying[32], TPMS_ATTEST *ret, struct sn_why *why)
{
	TPMS_ATTEST a;
	size_t at = 0;

	SN_TRY(attest_signature(i, msg, sig, why));
	if (Tss2_MU_TPMS_ATTEST_Unmarshal(msg.p, msg.n, &at, &a) != TSS2_RC_SUCCESS ||
	    at != msg.n)
		return sn_fail(why, SN_E_FORMAT, "the TPM's attestation has an unknown form");
	if (a.magic != TPM2_GENERATED_VALUE || a.type != type)
		return sn_fail(why, SN_E_FORMAT, "the TPM attests type 0x%x, not 0x%x", a.type,
		    type);
	if (!bytes_equal((struct bytes){ a.extraData.buffer, a.extraData.size },
		(struct bytes){ qualifying, 32 }))
		return sn_fail(why, SN_E_SIGNATURE, "the TPM attests another qualifying value");
	*ret = a;
	return SN_OK;
}
