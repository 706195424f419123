#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appliance/base/text.h"
#include "firmware-cache/intel/headers.h"
#include "firmware-cache/intel/vendor.h"

#define NO_ROOT "root certificate of its issuer"
#define QUOTE_HEADER_LEN 48
#define QUOTE_VENDOR_AT 12
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

static const char *const machine_names[] = { "Intel SGX PCK Certificate" };

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
	struct intel_pck pck;

	if (c->role == INTEL_ROLE_ROOT)
		return intel_root_check(c->x, at, why);
	if (c->role == INTEL_ROLE_PCK)
		return intel_pck_check(c->x, issuer->x, at, &pck, why);
	return intel_intermediate_check(c->x, issuer->x, at, why);
}

static enum sn_err
crl_check(const struct cry_crl *crl, const struct col_cert *issuer, int64_t at,
    struct sn_why *why)
{
	return intel_crl_check(crl, issuer->x, at, why);
}

/* ---- PCK certificates */

/* An FMSPC as Intel prints it. */
static void
fmspc_text(const uint8_t fmspc[INTEL_FMSPC_LEN], char ret[2 * INTEL_FMSPC_LEN + 1])
{
	sn_hex((struct bytes){ fmspc, INTEL_FMSPC_LEN }, ret);
	for (char *s = ret; *s != '\0'; s++)
		if (*s >= 'a')
			*s = (char)(*s - 'a' + 'A');
}

/* "PCK 00906EA10000 8a2f01c4 13" (FMSPC, PPID, PCESVN), or "PCK set ..., 3" certificates. */
static void
label_pck(const struct intel_pck_facts *f, bool set, struct col_claim *c)
{
	const struct intel_pck *p = &f->pcks[0];
	char fmspc[2 * INTEL_FMSPC_LEN + 1], ppid[2 * INTEL_PPID_LEN + 1],
	    tcbm[2 * INTEL_TCBM_LEN + 1];
	uint8_t raw[INTEL_TCBM_LEN];

	fmspc_text(p->fmspc, fmspc);
	sn_hex(BYTES_OF(p->ppid), ppid);
	intel_pck_tcbm(p, raw);
	sn_hex(BYTES_OF(raw), tcbm);
	if (set)
		snprintf(c->label, sizeof(c->label), "PCK set %s %.8s, %zu", fmspc, ppid, f->n);
	else
		snprintf(c->label, sizeof(c->label), "PCK %s %.8s %u", fmspc, ppid,
		    p->tcb.pce_svn);
	snprintf(c->scope, sizeof(c->scope), "%s/%02x%02x/%s", ppid, p->pce_id[0], p->pce_id[1],
	    set ? "set" : tcbm);
}

/* What an unverified certificate says of itself; why it says nothing is the check's to tell. */
static enum sn_err
tell(struct col_claim *c, struct sn_why *why)
{
	struct intel_pck_facts *f = calloc(1, sizeof(*f) + sizeof(f->pcks[0]));
	struct sn_why none = { 0 };

	if (f == NULL)
		return sn_fail(why, SN_E_NOMEM, "a certificate's extension");
	f->n = 1;
	c->facts = f;
	snprintf(c->label, sizeof(c->label), "Intel PCK certificate");
	if (intel_pck_parse(c->certs[0].x, &f->pcks[0], &none) == SN_OK)
		label_pck(f, false, c);
	return SN_OK;
}

static enum sn_err
read_pck_set(struct bytes b, struct col_claim *c, struct sn_why *why)
{
	struct intel_pck_set set = { 0 };
	struct intel_pck_facts *f;

	SN_TRY(intel_pck_set_parse(b, &set, why));
	SN_TRY(col_claim_certs(c, set.certs, set.n, why));
	f = calloc(1, sizeof(*f) + set.n * sizeof(f->pcks[0]));
	if (f == NULL)
		return sn_fail(why, SN_E_NOMEM, "%zu certificates", set.n);
	c->facts = f;
	f->n = set.n;
	f->unavailable = set.unavailable;
	memcpy(f->pcks, set.pcks, set.n * sizeof(f->pcks[0]));
	c->vendor = COL_VENDOR_INTEL;
	c->kind = COL_KIND_INTEL_PCK_SET;
	label_pck(f, true, c);
	return SN_OK;
}

/* ---- signed JSON */

static void
label_json(const struct intel_claim *j, struct col_claim *c)
{
	static const char *const identities[INTEL_ID_COUNT] = {
		[INTEL_ID_QE] = "QE identity",
		[INTEL_ID_TD_QE] = "TD QE identity",
		[INTEL_ID_QVE] = "QvE identity",
	};
	char fmspc[2 * INTEL_FMSPC_LEN + 1], pce[INTEL_PCE_TEXT];

	fmspc_text(j->fmspc, fmspc);
	intel_pce_text(j->pce_id, pce);
	if (j->kind == INTEL_JSON_TCB_INFO)
		snprintf(c->label, sizeof(c->label), "TCB info %s %s%s", intel_id_name(j->id),
		    fmspc, pce);
	else if (j->kind == INTEL_JSON_EVALUATION)
		snprintf(c->label, sizeof(c->label), "TCB evaluation numbers %s",
		    intel_id_name(j->id));
	else
		snprintf(c->label, sizeof(c->label), "%s", identities[j->id]);
	snprintf(c->scope, sizeof(c->scope), "%s/%u/%u", c->label, j->version, j->evaluation);
}

/* A quote is appraised by TCB info and a QE's identity, together. */
static const char *const sets[INTEL_ID_COUNT] = {
	[INTEL_ID_SGX] = "SGX",
	[INTEL_ID_QE] = "SGX",
	[INTEL_ID_TDX] = "TDX",
	[INTEL_ID_TD_QE] = "TDX",
};

static enum sn_err
read_json(struct bytes b, struct col_claim *c, struct sn_why *why)
{
	static const enum col_kind kinds[] = {
		[INTEL_JSON_TCB_INFO] = COL_KIND_INTEL_TCB_INFO,
		[INTEL_JSON_IDENTITY] = COL_KIND_INTEL_IDENTITY,
		[INTEL_JSON_EVALUATION] = COL_KIND_INTEL_EVALUATION,
	};
	struct intel_facts *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return sn_fail(why, SN_E_NOMEM, "signed JSON");
	c->facts = f;
	SN_TRY(intel_slice(b, &f->slice, why));
	c->vendor = COL_VENDOR_INTEL;
	c->kind = kinds[f->slice.kind];
	SN_TRY(intel_body_parse(&f->slice, &f->json, why));
	c->issued = f->json.issued;
	c->next_update = f->json.next_update;
	c->set = f->json.kind == INTEL_JSON_EVALUATION ? NULL : sets[f->json.id];
	c->number = f->json.evaluation;
	if (f->json.kind == INTEL_JSON_TCB_INFO && f->json.lower_fmspc)
		c->notes |= COL_NOTE_LOWER_FMSPC;
	label_json(&f->json, c);
	return SN_OK;
}

/* The issuer chain that came in a response's headers; other headers say nothing here. */
static enum sn_err
read_headers(struct bytes b, struct col_claim *c, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf pem = { 0 };
	struct cry_cert *certs[CRY_PEM_CHAIN_MAX] = { 0 };
	struct bytes chain = { 0 };
	size_t n = 0;

	SN_TRY(intel_headers_chain(b, &chain, why));
	if (chain.p == NULL) {
		snprintf(c->label, sizeof(c->label), "response headers");
		c->carried = true;
		return SN_OK;
	}
	SN_TRY(intel_url_decode(chain, &pem, why));
	SN_TRY(cry_cert_parse_pem(sn_buf_bytes(&pem), certs, &n, why));
	return col_claim_certs(c, certs, n, why);
}

/* ---- anything but certificates and CRLs */

/* [Intel DCAP quote formats, header] version 3 to 5, and Intel's QE vendor id at byte 12. */
static bool
looks_quote(struct bytes b)
{
	static const uint8_t vendor_id[] = { 0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
		0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07 };

	return b.n >= QUOTE_HEADER_LEN && b.p[0] >= 3 && b.p[0] <= 5 && b.p[1] == 0 &&
	    memcmp(b.p + QUOTE_VENDOR_AT, vendor_id, sizeof(vendor_id)) == 0;
}

static enum sn_err
read_quote(struct bytes b, struct col_claim *c, struct sn_why *why)
{
	snprintf(c->label, sizeof(c->label), "Intel quote, version %u", b.p[0]);
	return sn_fail(why, SN_E_FORMAT,
	    "a quote is evidence of one machine, not collateral; keep it elsewhere");
}

static const struct {
	bool (*looks_like)(struct bytes b);
	enum sn_err (*read)(struct bytes b, struct col_claim *c, struct sn_why *why);
} forms[] = {
	{ intel_looks_signed_json, read_json },
	{ intel_looks_pck_set, read_pck_set },
	{ intel_looks_headers, read_headers },
	{ looks_quote, read_quote },
};

static enum sn_err
read_any(struct bytes b, struct col_claim *c, bool *ret_mine, struct sn_why *why)
{
	for (size_t i = 0; i < SN_NITEMS(forms); i++) {
		if (!forms[i].looks_like(b))
			continue;
		*ret_mine = true;
		return forms[i].read(b, c, why);
	}
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
	.machine_names = machine_names,
	.nmachine_names = SN_NITEMS(machine_names),
	.data_signer = "TCB Signing",
	.role_of = role_of,
	.pinned = pinned,
	.check = check,
	.crl_check = crl_check,
	.tell = tell,
	.read = read_any,
	.data_check = data_check,
};
