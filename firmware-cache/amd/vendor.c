#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appliance/base/text.h"
#include "firmware-cache/amd/ghcb.h"
#include "firmware-cache/amd/names.h"
#include "firmware-cache/amd/report.h"
#include "firmware-cache/amd/vendor.h"

#define NO_ROOT "root certificate of its issuer"

static const char *const products[] = { "Milan", "Genoa", "Turin" };

static const char *const machine_names[] = { "SEV-VCEK", "SEV-VLEK" };

static const struct col_role roles[] = {
	[AMD_ROLE_NONE] = { .name = "none" },
	[AMD_ROLE_ARK] = { "ARK", 0, COL_KIND_AMD_CHAIN, false, false, COL_CRL_NONE, NO_ROOT,
	    NULL },
	[AMD_ROLE_ASK] = { "ASK", 1, COL_KIND_AMD_CHAIN, false, false, COL_CRL_WANTED, NO_ROOT,
	    NULL },
	[AMD_ROLE_ASVK] = { "ASVK", 1, COL_KIND_AMD_CHAIN, false, false, COL_CRL_WANTED,
	    NO_ROOT, NULL },
	/* Leaf serials are 0, and ARKs' CRLs list ASKs and ASVKs only [AMD 57230]. */
	[AMD_ROLE_VCEK] = { "VCEK", 2, COL_KIND_AMD_VCEK, true, false, COL_CRL_NONE,
	    "ASK of its product", NULL },
	[AMD_ROLE_VLEK] = { "VLEK", 2, COL_KIND_AMD_VLEK, true, false, COL_CRL_NONE,
	    "ASVK of its product", NULL },
};

static const struct col_crl_issuer crl_issuers[] = {
	{ "ARK-Milan", "AMD Milan CRL", "Milan", COL_KIND_AMD_CRL },
	{ "ARK-Genoa", "AMD Genoa CRL", "Genoa", COL_KIND_AMD_CRL },
	{ "ARK-Turin", "AMD Turin CRL", "Turin", COL_KIND_AMD_CRL },
};

static unsigned int
role_of(const struct cry_cert *x, unsigned int *ret_product)
{
	enum amd_product p;
	enum amd_role r = amd_cert_role(x, &p);

	/* A leaf's name does not say its product; its issuer must. */
	*ret_product = p == AMD_PRODUCT_COUNT ? 0 : p;
	return r;
}

static bool
pinned(unsigned int product, const uint8_t spki_sha256[32])
{
	return amd_root_pinned((enum amd_product)product, spki_sha256);
}

static enum sn_err
check(const struct col_cert *c, const struct col_cert *issuer, int64_t at, struct sn_why *why)
{
	struct amd_leaf leaf;

	switch ((enum amd_role)c->role) {
	case AMD_ROLE_ARK:
		return amd_ark_check(c->x, at, why);
	case AMD_ROLE_ASK:
	case AMD_ROLE_ASVK:
		return amd_intermediate_check(c->x, issuer->x, at, why);
	case AMD_ROLE_VCEK:
	case AMD_ROLE_VLEK:
		return amd_leaf_check(c->x, issuer->x, at, &leaf, why);
	case AMD_ROLE_NONE:
		break;
	}
	return sn_fail(why, SN_E_ROLE, "%s: no role of AMD's", cry_cert_cn(c->x));
}

static enum sn_err
crl_check(const struct cry_crl *crl, const struct col_cert *issuer, int64_t at,
    struct sn_why *why)
{
	return amd_crl_check(crl, issuer->x, at, why);
}

/* "AMD Milan VCEK 3ac3fe21 2.0.5.68", or with the provider's name for a VLEK. */
static void
label_leaf(const struct amd_leaf *leaf, struct col_claim *c)
{
	const struct amd_tcb *t = &leaf->tcb;
	const char *csp = strncmp(leaf->csp, "CN=", 3) == 0 ? leaf->csp + 3 : leaf->csp;
	char hwid[2 * AMD_HWID_MAX + 1] = "", tcb[AMD_TCB_NAME_MAX], fmc[8] = "";

	sn_hex((struct bytes){ leaf->hwid, leaf->hwid_len }, hwid);
	amd_tcb_name(t, tcb);
	snprintf(c->scope, sizeof(c->scope), "%s/%s/%s", hwid, csp, tcb);
	if (t->has_fmc)
		snprintf(fmc, sizeof(fmc), ".%u", t->fmc);
	if (leaf->role == AMD_ROLE_VCEK)
		snprintf(c->label, sizeof(c->label), "AMD %s VCEK %.8s %u.%u.%u.%u%s",
		    products[leaf->product], hwid, t->bl, t->tee, t->snp, t->ucode, fmc);
	else
		snprintf(c->label, sizeof(c->label), "AMD %s VLEK %.40s",
		    products[leaf->product], csp);
}

/* What an unverified leaf says of itself; why it says nothing is the check's to tell. */
static enum sn_err
tell(struct col_claim *c, struct sn_why *why)
{
	struct sn_why none = { 0 };
	struct amd_leaf *leaf = calloc(1, sizeof(*leaf));

	if (leaf == NULL)
		return sn_fail(why, SN_E_NOMEM, "a certificate's extensions");
	c->facts = leaf;
	snprintf(c->label, sizeof(c->label), "AMD %s", roles[c->certs[0].role].name);
	if (amd_leaf_parse(c->certs[0].x, leaf, &none) == SN_OK)
		label_leaf(leaf, c);
	return SN_OK;
}

/* What comes with evidence is AMD's, and still no collateral: say what to give instead. */
static enum sn_err
read_evidence(struct bytes b, struct col_claim *c, bool *ret_mine, struct sn_why *why)
{
	bool report = amd_report_looks_like(b), table = ghcb_looks_like(b);

	if (!report && !table)
		return SN_OK;
	*ret_mine = true;
	c->vendor = COL_VENDOR_AMD;
	if (table)
		return sn_fail(why, SN_E_FORMAT,
		    "a host's certificate table (GHCB); give its certificates one by one");
	return sn_fail(why, SN_E_FORMAT,
	    "an SNP attestation report is evidence, not collateral; `requests` reads it");
}

static enum sn_err
named(const char *path, const struct col_claim *c, struct sn_why *why)
{
	const struct amd_leaf *leaf = c->facts;

	/* Without a role it could not be parsed, which the check will say. */
	if (leaf == NULL || leaf->role == AMD_ROLE_NONE)
		return SN_OK;
	return amd_name_check(path, leaf, why);
}

const struct col_vendor_ops amd_vendor = {
	.vendor = COL_VENDOR_AMD,
	.title = "AMD",
	.products = products,
	.nproducts = SN_NITEMS(products),
	.roles = roles,
	.nroles = SN_NITEMS(roles),
	.crl_issuers = crl_issuers,
	.ncrl_issuers = SN_NITEMS(crl_issuers),
	.machine_names = machine_names,
	.nmachine_names = SN_NITEMS(machine_names),
	.role_of = role_of,
	.pinned = pinned,
	.check = check,
	.crl_check = crl_check,
	.tell = tell,
	.read = read_evidence,
	.named = named,
};
