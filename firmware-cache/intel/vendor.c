#include <stdio.h>
#include <stdlib.h>

#include "appliance/base/text.h"
#include "firmware-cache/intel/vendor.h"

#define NO_ROOT "root certificate of its issuer"
#define NO_CRL "add IntelSGXRootCA.der"

/* Intel's relying parties refuse collateral without the root's CRL, so it is needed here. */
static const struct col_role roles[INTEL_ROLE_COUNT] = {
	[INTEL_ROLE_NONE] = { .name = "none" },
	[INTEL_ROLE_ROOT] = { "root CA", 0, COL_KIND_INTEL_CHAIN, false, false, COL_CRL_NONE,
	    NO_ROOT, NULL },
	[INTEL_ROLE_TCB_SIGNING] = { "TCB Signing", 1, COL_KIND_INTEL_CHAIN, false, true,
	    COL_CRL_NEEDED, NO_ROOT, NO_CRL },
	[INTEL_ROLE_PLATFORM_CA] = { "PCK Platform CA", 1, COL_KIND_INTEL_CHAIN, false, false,
	    COL_CRL_NEEDED, NO_ROOT, NO_CRL },
	[INTEL_ROLE_PROCESSOR_CA] = { "PCK Processor CA", 1, COL_KIND_INTEL_CHAIN, false, false,
	    COL_CRL_NEEDED, NO_ROOT, NO_CRL },
	[INTEL_ROLE_PCK] = { "PCK certificate", 2, COL_KIND_INTEL_PCK, true, false,
	    COL_CRL_NEEDED, "PCK CA of its issuer's name", "add its CA's CRL" },
};

static const struct col_crl_issuer crl_issuers[] = {
	{ "Intel SGX Root CA", "Intel root CA CRL", "root", COL_KIND_INTEL_ROOT_CRL },
	{ "Intel SGX PCK Platform CA", "Intel PCK Platform CA CRL", "platform",
	    COL_KIND_INTEL_PCK_CRL },
	{ "Intel SGX PCK Processor CA", "Intel PCK Processor CA CRL", "processor",
	    COL_KIND_INTEL_PCK_CRL },
};

static unsigned int
role_of(const struct cry_cert *x, unsigned int *ret_product)
{
	*ret_product = 0;
	return intel_cert_role(x);
}

static bool
pinned(unsigned int product SN_UNUSED, const uint8_t spki_sha256[32])
{
	return intel_root_pinned(spki_sha256);
}

static enum sn_err
check(const struct col_cert *c, const struct col_cert *issuer, int64_t at, struct sn_why *why)
{
	if (c->role == INTEL_ROLE_ROOT)
		return intel_root_check(c->x, at, why);
	return intel_intermediate_check(c->x, issuer->x, at, why);
}

static enum sn_err
crl_check(const struct cry_crl *crl, const struct col_cert *issuer, int64_t at,
    struct sn_why *why)
{
	return intel_crl_check(crl, issuer->x, at, why);
}

static enum sn_err
tell(struct col_claim *c SN_UNUSED, struct sn_why *why)
{
	return sn_fail(why, SN_E_FORMAT,
	    "a PCK certificate belongs to one host and is not collateral here");
}

static void
label_json(const struct intel_claim *j, struct col_claim *c)
{
	static const char *const identities[INTEL_ID_COUNT] = {
		[INTEL_ID_QE] = "QE identity",
		[INTEL_ID_TD_QE] = "TD QE identity",
		[INTEL_ID_QVE] = "QvE identity",
	};
	char fmspc[2 * INTEL_FMSPC_LEN + 1];

	sn_hex(BYTES_OF(j->fmspc), fmspc);
	for (char *s = fmspc; *s != '\0'; s++)
		if (*s >= 'a')
			*s = (char)(*s - 'a' + 'A');
	if (j->kind == INTEL_JSON_TCB_INFO)
		snprintf(c->label, sizeof(c->label), "TCB info %s %s", intel_id_name(j->id),
		    fmspc);
	else
		snprintf(c->label, sizeof(c->label), "%s", identities[j->id]);
	snprintf(c->scope, sizeof(c->scope), "%s/%u/%u", c->label, j->version, j->evaluation);
}

static enum sn_err
read_json(struct bytes b, struct col_claim *c, bool *ret_mine, struct sn_why *why)
{
	struct intel_facts *f;

	if (!intel_looks_signed_json(b))
		return SN_OK;
	*ret_mine = true;
	f = calloc(1, sizeof(*f));
	if (f == NULL)
		return sn_fail(why, SN_E_NOMEM, "signed JSON");
	c->facts = f;
	SN_TRY(intel_slice(b, &f->slice, why));
	c->vendor = COL_VENDOR_INTEL;
	c->kind = f->slice.kind == INTEL_JSON_TCB_INFO ? COL_KIND_INTEL_TCB_INFO
						       : COL_KIND_INTEL_IDENTITY;
	SN_TRY(intel_body_parse(&f->slice, &f->json, why));
	c->issued = f->json.issued;
	c->next_update = f->json.next_update;
	if (f->json.kind == INTEL_JSON_TCB_INFO && f->json.lower_fmspc)
		c->notes |= COL_NOTE_LOWER_FMSPC;
	label_json(&f->json, c);
	return SN_OK;
}

static enum sn_err
data_check(const struct col_claim *c, const struct col_cert *signer, int64_t at,
    struct sn_why *why)
{
	const struct intel_facts *f = c->facts;

	return intel_json_check(&f->slice, &f->json, signer->x, at, why);
}

const struct col_vendor_ops intel_vendor = {
	.vendor = COL_VENDOR_INTEL,
	.title = "Intel",
	.roles = roles,
	.nroles = SN_NITEMS(roles),
	.crl_issuers = crl_issuers,
	.ncrl_issuers = SN_NITEMS(crl_issuers),
	.data_signer = "TCB Signing",
	.role_of = role_of,
	.pinned = pinned,
	.check = check,
	.crl_check = crl_check,
	.tell = tell,
	.read = read_json,
	.data_check = data_check,
};
