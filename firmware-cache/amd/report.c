#include <stdio.h>
#include <string.h>

#include "firmware-cache/amd/report.h"

/* [AMD 56860 table 23] */
#define AT_CPUID 0x188
#define AT_SIGNATURE 0x2a0
#define NUMBER_LEN 72 /* R, then S, little-endian */
#define P384_LEN 48

#define VERSION_MIN 2
#define VERSION_MAX 5
#define VERSION_CPUID 3 /* the first with family, model and stepping */
#define ALGO_ECDSA_P384_SHA384 1

#define FLAGS_SIGNING_KEY_SHIFT 2
#define FLAGS_SIGNING_KEY_MASK 7U
#define SIGNING_KEY_NONE 7U

/* Byte strings of a report: from where to where. */
static const struct {
	size_t at, n, offset;
} strings[] = {
	{ 0x038, AMD_RAW_TCB_LEN, offsetof(struct amd_report, current_tcb) },
	{ 0x050, 64, offsetof(struct amd_report, report_data) },
	{ 0x090, 48, offsetof(struct amd_report, measurement) },
	{ 0x0c0, 32, offsetof(struct amd_report, host_data) },
	{ 0x140, 32, offsetof(struct amd_report, report_id) },
	{ 0x180, AMD_RAW_TCB_LEN, offsetof(struct amd_report, reported_tcb) },
	{ 0x1a0, AMD_CHIP_ID_LEN, offsetof(struct amd_report, chip_id) },
	{ 0x1e0, AMD_RAW_TCB_LEN, offsetof(struct amd_report, committed_tcb) },
	{ 0x1f0, AMD_RAW_TCB_LEN, offsetof(struct amd_report, launch_tcb) },
};

/* CPUID's combined family and model of each product; Bergamo and Siena are Genoa here. */
static const struct {
	uint8_t family, model_first, model_last;
	enum amd_product product;
} families[] = {
	{ 0x19, 0x00, 0x0f, AMD_MILAN },
	{ 0x19, 0x10, 0x1f, AMD_GENOA },
	{ 0x19, 0xa0, 0xaf, AMD_GENOA },
	{ 0x1a, 0x00, 0x11, AMD_TURIN },
};

/* Where TCB_VERSION keeps each level [AMD 56860 table 3]; fmc only on Turin. */
static const struct {
	uint8_t bl, tee, snp, ucode, fmc;
	bool has_fmc;
} places[AMD_PRODUCT_COUNT] = {
	[AMD_MILAN] = { 0, 1, 6, 7, 0, false },
	[AMD_GENOA] = { 0, 1, 6, 7, 0, false },
	[AMD_TURIN] = { 1, 2, 3, 7, 0, true },
};

bool
amd_report_looks_like(struct bytes b)
{
	return b.n == AMD_REPORT_LEN && b.p[0] >= VERSION_MIN && b.p[0] <= VERSION_MAX &&
	    b.p[1] == 0 && b.p[2] == 0 && b.p[3] == 0;
}

static bool
all_zero(struct bytes b)
{
	for (size_t i = 0; i < b.n; i++)
		if (b.p[i] != 0)
			return false;
	return true;
}

static enum sn_err
read_u32(struct bytes b, size_t at, uint32_t *ret, const char *what, struct sn_why *why)
{
	struct bytes v = { 0 };

	SN_TRY(bytes_slice(b, at, sizeof(*ret), &v, what, why));
	return bytes_le32(&v, ret, what, why);
}

static enum sn_err
read_u64(struct bytes b, size_t at, uint64_t *ret, const char *what, struct sn_why *why)
{
	struct bytes v = { 0 };

	SN_TRY(bytes_slice(b, at, sizeof(*ret), &v, what, why));
	return bytes_le64(&v, ret, what, why);
}

static enum amd_product
product_of(const struct amd_report *r, const uint8_t cpuid[2])
{
	for (size_t i = 0; r->version >= VERSION_CPUID && i < SN_NITEMS(families); i++)
		if (cpuid[0] == families[i].family && cpuid[1] >= families[i].model_first &&
		    cpuid[1] <= families[i].model_last)
			return families[i].product;
	/* Before version 3 only Turin's short chip ids tell anything. */
	if (r->version < VERSION_CPUID && !all_zero(BYTES_OF(r->chip_id)) &&
	    all_zero((struct bytes){ r->chip_id + 8, AMD_CHIP_ID_LEN - 8 }))
		return AMD_TURIN;
	return AMD_PRODUCT_COUNT;
}

/* Who signed, by bits 4:2 of the flags. */
static enum sn_err
read_signer(struct bytes b, struct amd_report *ret, struct sn_why *why)
{
	static const enum amd_role signers[] = { AMD_ROLE_VCEK, AMD_ROLE_VLEK };
	uint32_t flags, key;

	SN_TRY(read_u32(b, 0x048, &flags, "report: flags", why));
	key = flags >> FLAGS_SIGNING_KEY_SHIFT & FLAGS_SIGNING_KEY_MASK;
	if (key < SN_NITEMS(signers))
		ret->signer = signers[key];
	else if (key != SIGNING_KEY_NONE)
		return sn_fail(why, SN_E_FORMAT, "report: signing key %u is not known here",
		    key);
	return SN_OK;
}

/* R and S are 48 bytes long; what stands above and behind them must be zero. */
static enum sn_err
check_signature_form(struct bytes b, struct sn_why *why)
{
	static const struct {
		const char *name;
		size_t at, n;
	} gaps[] = {
		{ "R", P384_LEN, NUMBER_LEN - P384_LEN },
		{ "S", NUMBER_LEN + P384_LEN, NUMBER_LEN - P384_LEN },
		{ "the signature", (size_t)2 * NUMBER_LEN,
		    AMD_REPORT_LEN - AT_SIGNATURE - (size_t)2 * NUMBER_LEN },
	};

	for (size_t i = 0; i < SN_NITEMS(gaps); i++) {
		struct bytes gap = { 0 };

		SN_TRY(bytes_slice(b, AT_SIGNATURE + gaps[i].at, gaps[i].n, &gap,
		    "report: signature", why));
		if (!all_zero(gap))
			return sn_fail(why, SN_E_FORMAT,
			    "report: bytes that must be zero are set behind %s", gaps[i].name);
	}
	return SN_OK;
}

enum sn_err
amd_report_parse(struct bytes b, struct amd_report *ret, struct sn_why *why)
{
	struct amd_report r = { 0 };
	uint32_t algo;

	if (b.n != AMD_REPORT_LEN)
		return sn_fail(why, SN_E_FORMAT, "report: %zu bytes, not %d", b.n,
		    AMD_REPORT_LEN);
	SN_TRY(read_u32(b, 0x000, &r.version, "report: version", why));
	if (r.version < VERSION_MIN || r.version > VERSION_MAX)
		return sn_fail(why, SN_E_FORMAT, "report: version %u is not known here",
		    r.version);
	SN_TRY(read_u32(b, 0x034, &algo, "report: signature algorithm", why));
	if (algo != ALGO_ECDSA_P384_SHA384)
		return sn_fail(why, SN_E_FORMAT,
		    "report: signature algorithm %u, not 1 (ECDSA P-384 with SHA-384)", algo);
	SN_TRY(read_u32(b, 0x004, &r.guest_svn, "report: guest SVN", why));
	SN_TRY(read_u64(b, 0x008, &r.policy, "report: policy", why));
	SN_TRY(read_u32(b, 0x030, &r.vmpl, "report: VMPL", why));
	SN_TRY(read_u64(b, 0x040, &r.platform_info, "report: platform info", why));
	SN_TRY(read_signer(b, &r, why));
	SN_TRY(check_signature_form(b, why));
	for (size_t i = 0; i < SN_NITEMS(strings); i++)
		memcpy((uint8_t *)&r + strings[i].offset, b.p + strings[i].at, strings[i].n);
	r.product = product_of(&r, b.p + AT_CPUID);
	r.masked_chip_id = all_zero(BYTES_OF(r.chip_id));
	*ret = r;
	return SN_OK;
}

/* ---- against a certificate */

void
amd_tcb_from_raw(enum amd_product p, const uint8_t raw[AMD_RAW_TCB_LEN], struct amd_tcb *ret)
{
	/* A version 2 report names no product; Turin's are newer. */
	size_t row = p < AMD_PRODUCT_COUNT ? p : AMD_MILAN;

	*ret = (struct amd_tcb){
		.bl = raw[places[row].bl],
		.tee = raw[places[row].tee],
		.snp = raw[places[row].snp],
		.ucode = raw[places[row].ucode],
		.fmc = places[row].has_fmc ? raw[places[row].fmc] : 0,
		.has_fmc = places[row].has_fmc,
	};
}

bool
amd_tcb_equal(const struct amd_tcb *a, const struct amd_tcb *b)
{
	return a->bl == b->bl && a->tee == b->tee && a->snp == b->snp && a->ucode == b->ucode &&
	    a->has_fmc == b->has_fmc && a->fmc == b->fmc;
}

static enum sn_err
check_signer(const struct amd_report *r, const struct amd_leaf *leaf, struct sn_why *why)
{
	if (r->signer == AMD_ROLE_NONE)
		return sn_fail(why, SN_E_ROLE,
		    "report: the host has it unsigned (signing key none); it proves nothing");
	if (r->signer != leaf->role)
		return sn_fail(why, SN_E_ROLE, "report: signed by a %s, and this is a %s",
		    amd_role_name(r->signer), amd_role_name(leaf->role));
	return SN_OK;
}

/* R and S turned round: the library wants them big-endian, 48 bytes each. */
static enum sn_err
check_signature(struct bytes b, const struct cry_cert *x, struct sn_why *why)
{
	SN_CLEANUP(cry_key_free) struct cry_key *key = NULL;
	uint8_t rs[2 * P384_LEN];

	for (size_t i = 0; i < P384_LEN; i++) {
		rs[P384_LEN - 1 - i] = b.p[AT_SIGNATURE + i];
		rs[2 * P384_LEN - 1 - i] = b.p[AT_SIGNATURE + NUMBER_LEN + i];
	}
	SN_TRY(cry_cert_key(x, &key, why));
	if (cry_key_alg(key) != CRY_P384)
		return sn_fail(why, SN_E_FORMAT, "report: the key of \"%s\" is %s, not P-384",
		    cry_cert_cn(x), cry_alg_name(cry_key_alg(key)));
	return cry_verify_raw_ecdsa(key, CRY_SHA384, (struct bytes){ b.p, AT_SIGNATURE },
	    BYTES_OF(rs), why);
}

static void
tcb_text(const struct amd_tcb *t, char ret[24])
{
	char fmc[8] = "";

	if (t->has_fmc)
		snprintf(fmc, sizeof(fmc), ".%u", t->fmc);
	snprintf(ret, 24, "%u.%u.%u.%u%s", t->bl, t->tee, t->snp, t->ucode, fmc);
}

static enum sn_err
check_tcb(const struct amd_report *r, const struct amd_leaf *leaf, struct sn_why *why)
{
	struct amd_tcb tcb;
	char reported[24], named[24];

	amd_tcb_from_raw(leaf->product, r->reported_tcb, &tcb);
	if (amd_tcb_equal(&tcb, &leaf->tcb))
		return SN_OK;
	tcb_text(&tcb, reported);
	tcb_text(&leaf->tcb, named);
	return sn_fail(why, SN_E_CHAIN, "report: its reported TCB is %s, the %s is for %s",
	    reported, amd_role_name(leaf->role), named);
}

/* Chip, product and reported levels as the certificate has them. */
static enum sn_err
check_subject(const struct amd_report *r, const struct amd_leaf *leaf, struct sn_why *why)
{
	if (r->product != AMD_PRODUCT_COUNT && r->product != leaf->product)
		return sn_fail(why, SN_E_CHAIN,
		    "report: its processor is a %s, the %s is for %s",
		    amd_product_name(r->product), amd_role_name(leaf->role),
		    amd_product_name(leaf->product));
	if (leaf->role == AMD_ROLE_VCEK && r->masked_chip_id)
		return sn_fail(why, SN_E_CHAIN,
		    "report: its chip id is masked (all zero), so no VCEK can be matched");
	if (leaf->role == AMD_ROLE_VCEK && memcmp(r->chip_id, leaf->hwid, leaf->hwid_len) != 0)
		return sn_fail(why, SN_E_CHAIN, "report: it is of another chip than the VCEK");
	return check_tcb(r, leaf, why);
}

enum sn_err
amd_report_check(struct bytes report, const struct cry_cert *x, const struct amd_leaf *leaf,
    struct amd_report *ret, struct sn_why *why)
{
	struct amd_report r = { 0 };

	SN_TRY(amd_report_parse(report, &r, why));
	SN_TRY(check_signer(&r, leaf, why));
	SN_TRY(check_signature(report, x, why));
	SN_TRY(check_subject(&r, leaf, why));
	*ret = r;
	return SN_OK;
}
