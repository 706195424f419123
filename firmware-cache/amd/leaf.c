#include <stdio.h>
#include <string.h>

#include "appliance/crypto/der.h"
#include "firmware-cache/amd/amd.h"

/* [AMD 57230 table 8]: the arc below which all of AMD's extensions lie. */
#define ARC 0x2b, 0x06, 0x01, 0x04, 0x01, 0x9c, 0x78, 0x01 /* 1.3.6.1.4.1.3704.1 */
#define ARC_LEN 8
#define OID_MAX (ARC_LEN + 2)

/* An object identifier below it, as it stands in DER. */
struct oid {
	uint8_t der[OID_MAX];
	size_t n;
};
#define OID(a) { { ARC, (a) }, ARC_LEN + 1 }
#define OID_LEVEL(a) { { ARC, 3, (a) }, ARC_LEN + 2 }

static const struct oid oid_struct_version = OID(1);
static const struct oid oid_product = OID(2);
static const struct oid oid_fmc = OID_LEVEL(9);
static const struct oid oid_hwid = OID(4);
static const struct oid oid_csp = OID(5);

#define DER_IA5_STRING 0x16

#define STRUCT_VERSION_FMC 1 /* the first version with fmcSPL */
#define HWID_LEN 64
#define HWID_LEN_TURIN 8
#define PRODUCT_NAME_MAX 16

/* The levels that every leaf has, and the reserved ones that some have. */
static const struct {
	struct oid oid;
	const char *name;
	bool required;
	size_t offset; /* in struct amd_tcb; SIZE_MAX when the value is only checked */
} levels[] = {
	{ OID_LEVEL(1), "blSPL", true, offsetof(struct amd_tcb, bl) },
	{ OID_LEVEL(2), "teeSPL", true, offsetof(struct amd_tcb, tee) },
	{ OID_LEVEL(3), "snpSPL", true, offsetof(struct amd_tcb, snp) },
	{ OID_LEVEL(8), "ucodeSPL", true, offsetof(struct amd_tcb, ucode) },
	{ OID_LEVEL(4), "spl4", false, SIZE_MAX },
	{ OID_LEVEL(5), "spl5", false, SIZE_MAX },
	{ OID_LEVEL(6), "spl6", false, SIZE_MAX },
	{ OID_LEVEL(7), "spl7", false, SIZE_MAX },
};

/* A DER INTEGER between 0 and 255, shortest form, nothing behind it. */
static enum sn_err
read_u8(struct bytes ext, uint8_t *ret, const char *what, struct sn_why *why)
{
	struct bytes v = { 0 };

	SN_TRY(der_take(&ext, DER_INTEGER, &v, what, why));
	SN_TRY(bytes_end(&ext, what, why));
	if (v.n == 1 && v.p[0] < 0x80)
		*ret = v.p[0];
	else if (v.n == 2 && v.p[0] == 0 && v.p[1] >= 0x80)
		*ret = v.p[1];
	else
		return sn_fail(why, SN_E_FORMAT, "%s: not an INTEGER from 0 to 255", what);
	return SN_OK;
}

static enum sn_err
read_ia5(struct bytes ext, struct bytes *ret, const char *what, struct sn_why *why)
{
	struct bytes v = { 0 };

	SN_TRY(der_take(&ext, DER_IA5_STRING, &v, what, why));
	SN_TRY(bytes_end(&ext, what, why));
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] <= ' ' || v.p[i] > '~')
			return sn_fail(why, SN_E_FORMAT, "%s: byte 0x%02x in its text", what,
			    v.p[i]);
	*ret = v;
	return SN_OK;
}

/* Find an extension; absent is SN_E_FORMAT when it is required. */
static enum sn_err
find_ext(const struct cry_cert *c, const struct oid *oid, const char *what, bool required,
    struct bytes *ret, struct sn_why *why)
{
	*ret = cry_cert_ext_der(c, (struct bytes){ oid->der, oid->n });
	if (ret->p == NULL && required)
		return sn_fail(why, SN_E_FORMAT, "%s: extension %s is missing", cry_cert_cn(c),
		    what);
	return SN_OK;
}

static enum sn_err
read_levels(const struct cry_cert *c, struct amd_tcb *ret, struct sn_why *why)
{
	for (size_t i = 0; i < SN_NITEMS(levels); i++) {
		struct bytes ext = { 0 };
		uint8_t v;

		SN_TRY(find_ext(c, &levels[i].oid, levels[i].name, levels[i].required, &ext,
		    why));
		if (ext.p == NULL)
			continue;
		SN_TRY(read_u8(ext, &v, levels[i].name, why));
		if (levels[i].offset != SIZE_MAX)
			((uint8_t *)ret)[levels[i].offset] = v;
	}
	return SN_OK;
}

/* Structure version 1 brought fmcSPL: there with it, absent without. */
static enum sn_err
read_version(const struct cry_cert *c, struct amd_leaf *ret, struct sn_why *why)
{
	struct bytes ext = { 0 };

	SN_TRY(find_ext(c, &oid_struct_version, "structVersion", true, &ext, why));
	SN_TRY(read_u8(ext, &ret->struct_version, "structVersion", why));
	if (ret->struct_version > STRUCT_VERSION_FMC)
		return sn_fail(why, SN_E_FORMAT, "structVersion %u is not known",
		    ret->struct_version);
	ret->tcb.has_fmc = ret->struct_version == STRUCT_VERSION_FMC;
	SN_TRY(find_ext(c, &oid_fmc, "fmcSPL", ret->tcb.has_fmc, &ext, why));
	if (!ret->tcb.has_fmc && ext.p != NULL)
		return sn_fail(why, SN_E_FORMAT, "fmcSPL in structVersion 0");
	return ret->tcb.has_fmc ? read_u8(ext, &ret->tcb.fmc, "fmcSPL", why) : SN_OK;
}

/* "Milan-B0", "Genoa": the product, then perhaps a stepping. */
static enum sn_err
read_product(const struct cry_cert *c, enum amd_product *ret, struct sn_why *why)
{
	struct bytes ext = { 0 }, name = { 0 };
	const uint8_t *dash;
	enum amd_product p;

	SN_TRY(find_ext(c, &oid_product, "productName", true, &ext, why));
	SN_TRY(read_ia5(ext, &name, "productName", why));
	if (name.n == 0 || name.n > PRODUCT_NAME_MAX)
		return sn_fail(why, SN_E_FORMAT, "productName has %zu characters", name.n);
	dash = memchr(name.p, '-', name.n);
	if (dash != NULL)
		name.n = (size_t)(dash - name.p);
	p = amd_product_from_name(name);
	if (p == AMD_PRODUCT_COUNT)
		return sn_fail(why, SN_E_FORMAT, "productName \"%.*s\" is not known",
		    (int)name.n, (const char *)name.p);
	*ret = p;
	return SN_OK;
}

/* A VCEK names a chip by raw bytes; all zero is a masked identity, which names none. */
static enum sn_err
read_hwid(const struct cry_cert *c, struct amd_leaf *ret, struct sn_why *why)
{
	size_t want = ret->product == AMD_TURIN ? HWID_LEN_TURIN : HWID_LEN;
	static const uint8_t zero[AMD_HWID_MAX];
	struct bytes ext = { 0 };
	bool vcek = ret->role == AMD_ROLE_VCEK;

	SN_TRY(find_ext(c, &oid_hwid, "hwID", vcek, &ext, why));
	if (!vcek)
		return ext.p == NULL ? SN_OK : sn_fail(why, SN_E_ROLE, "hwID in a VLEK");
	if (ext.n != want)
		return sn_fail(why, SN_E_FORMAT, "hwID has %zu bytes, not %zu", ext.n, want);
	if (memcmp(ext.p, zero, want) == 0)
		return sn_fail(why, SN_E_FORMAT, "hwID is all zero");
	memcpy(ret->hwid, ext.p, want);
	ret->hwid_len = want;
	return SN_OK;
}

static enum sn_err
read_csp(const struct cry_cert *c, struct amd_leaf *ret, struct sn_why *why)
{
	bool vlek = ret->role == AMD_ROLE_VLEK;
	struct bytes ext = { 0 }, csp = { 0 };

	SN_TRY(find_ext(c, &oid_csp, "cspID", vlek, &ext, why));
	if (!vlek)
		return ext.p == NULL ? SN_OK : sn_fail(why, SN_E_ROLE, "cspID in a VCEK");
	SN_TRY(read_ia5(ext, &csp, "cspID", why));
	if (csp.n == 0 || csp.n >= AMD_CSP_MAX)
		return sn_fail(why, SN_E_FORMAT, "cspID has %zu characters", csp.n);
	memcpy(ret->csp, csp.p, csp.n);
	return SN_OK;
}

enum sn_err
amd_leaf_parse(const struct cry_cert *c, struct amd_leaf *ret, struct sn_why *why)
{
	struct amd_leaf leaf = { 0 };
	enum amd_product none;

	leaf.role = amd_cert_role(c, &none);
	if (leaf.role != AMD_ROLE_VCEK && leaf.role != AMD_ROLE_VLEK)
		return sn_fail(why, SN_E_ROLE, "%s: neither a VCEK nor a VLEK", cry_cert_cn(c));
	if (cry_cert_der(c).n > AMD_LEAF_MAX)
		return sn_fail(why, SN_E_LIMIT, "%s has %zu bytes, at most %u are taken",
		    cry_cert_cn(c), cry_cert_der(c).n, AMD_LEAF_MAX);
	SN_TRY(read_version(c, &leaf, why));
	SN_TRY(read_product(c, &leaf.product, why));
	SN_TRY(read_levels(c, &leaf.tcb, why));
	SN_TRY(read_hwid(c, &leaf, why));
	SN_TRY(read_csp(c, &leaf, why));
	*ret = leaf;
	return SN_OK;
}

void
amd_tcb_name(const struct amd_tcb *tcb, char ret[AMD_TCB_NAME_MAX])
{
	char fmc[8] = "";

	if (tcb->has_fmc)
		snprintf(fmc, sizeof(fmc), "_fmc%02u", tcb->fmc);
	snprintf(ret, AMD_TCB_NAME_MAX, "bl%02u_tee%02u_snp%02u_ucode%02u%s_vcek.der", tcb->bl,
	    tcb->tee, tcb->snp, tcb->ucode, fmc);
}
