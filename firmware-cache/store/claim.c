#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appliance/base/text.h"
#include "firmware-cache/store/priv.h"

#define PEM_BEGIN "-----BEGIN "
#define PEM_CERT PEM_BEGIN "CERTIFICATE-----"
#define PEM_CRL PEM_BEGIN "X509 CRL-----"
#define PEM_CRL_END "-----END X509 CRL-----"

#define DER_SEQUENCE 0x30
#define DER_VERSION 0xa0 /* [0]: how a certificate begins, and a CRL never does */

bool
col_fatal(enum sn_err e)
{
	return e == SN_E_NOMEM || e == SN_E_INTERNAL || e == SN_E_LOCK;
}

void
col_claim_done(struct col_claim *c)
{
	for (size_t i = 0; i < c->ncerts; i++)
		cry_cert_free(&c->certs[i].x);
	cry_crl_free(&c->crl);
	c->ncerts = 0;
}

/* Behind the tag and length at i, or 0 when they are not those of a short-enough value. */
static size_t
der_content(struct bytes b, size_t i)
{
	size_t more;

	if (i + 2 > b.n)
		return 0;
	more = b.p[i + 1] < 0x80 ? 0 : b.p[i + 1] & 0x7fU;
	return more > 4 || i + 2 + more >= b.n ? 0 : i + 2 + more;
}

static bool
der_is_certificate(struct bytes b)
{
	size_t i = der_content(b, 0);

	if (i == 0 || b.p[i] != DER_SEQUENCE)
		return false;
	i = der_content(b, i);
	return i != 0 && b.p[i] == DER_VERSION;
}

/* ---- certificates */

static enum sn_err
read_role(struct col_cert *c, struct sn_why *why)
{
	c->amd = amd_cert_role(c->x, &c->product);
	c->intel = intel_cert_role(c->x);
	return cry_cert_spki_sha256(c->x, c->spki, why);
}

static bool
is_leaf(const struct col_cert *c)
{
	return c->amd == AMD_ROLE_VCEK || c->amd == AMD_ROLE_VLEK;
}

/* Every certificate of one vendor and product, no role twice. */
static enum sn_err
check_set(const struct col_claim *c, struct sn_why *why)
{
	const struct col_cert *first = &c->certs[0];

	for (size_t i = 0; i < c->ncerts; i++) {
		const struct col_cert *x = &c->certs[i];

		if (x->amd == AMD_ROLE_NONE && x->intel == INTEL_ROLE_NONE)
			return sn_fail(why, SN_E_FORMAT,
			    "\"%s\" is no certificate that is known here", cry_cert_cn(x->x));
		if (x->intel == INTEL_ROLE_PCK)
			return sn_fail(why, SN_E_FORMAT,
			    "a PCK certificate belongs to one host and is not collateral here");
		if ((x->amd == AMD_ROLE_NONE) != (first->amd == AMD_ROLE_NONE) ||
		    x->product != first->product)
			return sn_fail(why, SN_E_FORMAT, "\"%s\" and \"%s\" in one file",
			    cry_cert_cn(first->x), cry_cert_cn(x->x));
		if (is_leaf(x) && c->ncerts != 1)
			return sn_fail(why, SN_E_FORMAT, "a %s comes alone, not in a chain",
			    amd_role_name(x->amd));
		for (size_t k = 0; k < i; k++)
			if (c->certs[k].amd == x->amd && c->certs[k].intel == x->intel)
				return sn_fail(why, SN_E_FORMAT, "\"%s\" twice in one file",
				    cry_cert_cn(x->x));
	}
	return SN_OK;
}

/* "Milan ASK, ARK" or "root CA, TCB Signing". */
static void
label_chain(struct col_claim *c)
{
	const struct col_cert *first = &c->certs[0];
	bool amd = first->amd != AMD_ROLE_NONE;
	size_t n;

	snprintf(c->label, sizeof(c->label), "%s ", amd ? "AMD" : "Intel");
	if (amd)
		snprintf(c->label + 4, sizeof(c->label) - 4, "%s ",
		    amd_product_name(first->product));
	for (size_t i = 0; i < c->ncerts; i++) {
		n = strlen(c->label);
		snprintf(c->label + n, sizeof(c->label) - n, "%s%s", i > 0 ? ", " : "",
		    amd ? amd_role_name(c->certs[i].amd) : intel_role_name(c->certs[i].intel));
	}
}

/* What an unverified leaf says of itself, for its row only. */
static void
label_leaf(struct col_claim *c)
{
	struct sn_why none = { 0 };
	struct amd_leaf leaf = { 0 };
	const struct amd_tcb *t = &leaf.tcb;
	const char *role = amd_role_name(c->certs[0].amd), *csp;
	char hwid[2 * AMD_HWID_MAX + 1] = "", tcb[AMD_TCB_NAME_MAX], fmc[8] = "";

	if (amd_leaf_parse(c->certs[0].x, &leaf, &none) != SN_OK) {
		snprintf(c->label, sizeof(c->label), "AMD %s", role);
		return;
	}
	csp = strncmp(leaf.csp, "CN=", 3) == 0 ? leaf.csp + 3 : leaf.csp;
	sn_hex((struct bytes){ leaf.hwid, leaf.hwid_len }, hwid);
	amd_tcb_name(t, tcb);
	snprintf(c->scope, sizeof(c->scope), "%s/%s/%s", hwid, csp, tcb);
	if (t->has_fmc)
		snprintf(fmc, sizeof(fmc), ".%u", t->fmc);
	if (leaf.role == AMD_ROLE_VCEK)
		snprintf(c->label, sizeof(c->label), "AMD %s VCEK %.8s %u.%u.%u.%u%s",
		    amd_product_name(leaf.product), hwid, t->bl, t->tee, t->snp, t->ucode, fmc);
	else
		snprintf(c->label, sizeof(c->label), "AMD %s VLEK %.40s",
		    amd_product_name(leaf.product), csp);
}

/* c->certs hold the parsed certificates: say what they are together. */
static enum sn_err
claim_certs(struct col_claim *c, struct sn_why *why)
{
	for (size_t i = 0; i < c->ncerts; i++) {
		SN_TRY(read_role(&c->certs[i], why));
		if (cry_cert_not_before(c->certs[i].x) > c->issued)
			c->issued = cry_cert_not_before(c->certs[i].x);
	}
	SN_TRY(check_set(c, why));
	if (c->certs[0].amd != AMD_ROLE_NONE) {
		c->vendor = COL_VENDOR_AMD;
		c->kind = c->certs[0].amd == AMD_ROLE_VCEK ? COL_KIND_AMD_VCEK
		    : c->certs[0].amd == AMD_ROLE_VLEK	   ? COL_KIND_AMD_VLEK
							   : COL_KIND_AMD_CHAIN;
	} else {
		c->vendor = COL_VENDOR_INTEL;
		c->kind = COL_KIND_INTEL_CHAIN;
	}
	if (is_leaf(&c->certs[0]))
		label_leaf(c);
	else
		label_chain(c);
	return SN_OK;
}

static enum sn_err
claim_pem_certs(struct bytes b, struct col_claim *c, struct sn_why *why)
{
	struct cry_cert *certs[CRY_PEM_CHAIN_MAX] = { 0 };
	size_t n = 0;

	SN_TRY(cry_cert_parse_pem(b, certs, &n, why));
	for (size_t i = 0; i < n; i++)
		c->certs[i].x = certs[i];
	c->ncerts = n;
	return claim_certs(c, why);
}

static enum sn_err
claim_der_cert(struct bytes b, struct col_claim *c, struct sn_why *why)
{
	SN_TRY(cry_cert_parse(b, &c->certs[0].x, why));
	c->ncerts = 1;
	return claim_certs(c, why);
}

/* ---- revocation lists */

/* Whose list it may be, by a name inside the issuer's; the check compares whole names. */
static const struct {
	const char *cn, *label, *scope;
	enum col_vendor vendor;
	enum col_kind kind;
} crl_issuers[] = {
	{ "ARK-Milan", "AMD Milan CRL", "Milan", COL_VENDOR_AMD, COL_KIND_AMD_CRL },
	{ "ARK-Genoa", "AMD Genoa CRL", "Genoa", COL_VENDOR_AMD, COL_KIND_AMD_CRL },
	{ "ARK-Turin", "AMD Turin CRL", "Turin", COL_VENDOR_AMD, COL_KIND_AMD_CRL },
	{ "Intel SGX Root CA", "Intel root CA CRL", "root", COL_VENDOR_INTEL,
	    COL_KIND_INTEL_ROOT_CRL },
	{ "Intel SGX PCK Platform CA", "Intel PCK Platform CA CRL", "platform",
	    COL_VENDOR_INTEL, COL_KIND_INTEL_PCK_CRL },
	{ "Intel SGX PCK Processor CA", "Intel PCK Processor CA CRL", "processor",
	    COL_VENDOR_INTEL, COL_KIND_INTEL_PCK_CRL },
};

static enum sn_err
claim_der_crl(struct bytes b, struct col_claim *c, struct sn_why *why)
{
	struct bytes issuer;

	SN_TRY(cry_crl_parse(b, &c->crl, why));
	issuer = cry_crl_issuer_der(c->crl);
	c->issued = cry_crl_this_update(c->crl);
	for (size_t i = 0; i < SN_NITEMS(crl_issuers); i++) {
		if (bytes_find(issuer, bytes_str(crl_issuers[i].cn)) == SIZE_MAX)
			continue;
		c->vendor = crl_issuers[i].vendor;
		c->kind = crl_issuers[i].kind;
		snprintf(c->label, sizeof(c->label), "%s", crl_issuers[i].label);
		snprintf(c->scope, sizeof(c->scope), "%s", crl_issuers[i].scope);
		return SN_OK;
	}
	return sn_fail(why, SN_E_FORMAT, "a CRL whose issuer is not known here");
}

/* One PEM CRL, as Intel's service sends it unless asked for DER; only white space around. */
static enum sn_err
claim_pem_crl(struct bytes b, struct col_claim *c, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf text = { 0 }, der = { 0 };
	size_t start = bytes_find(b, BYTES_STR(PEM_CRL)) + sizeof(PEM_CRL) - 1;
	size_t end = bytes_find(b, BYTES_STR(PEM_CRL_END));
	size_t rest = end == SIZE_MAX ? b.n : end + sizeof(PEM_CRL_END) - 1;

	if (end == SIZE_MAX || end < start)
		return sn_fail(why, SN_E_FORMAT, "the PEM CRL has no end");
	for (; rest < b.n; rest++)
		if (strchr(" \t\r\n", b.p[rest]) == NULL || b.p[rest] == '\0')
			return sn_fail(why, SN_E_FORMAT, "something stands behind the PEM CRL");
	for (size_t i = start; i < end; i++)
		if (b.p[i] != '\n' && b.p[i] != '\r')
			sn_buf_u8(&text, b.p[i]);
	SN_TRY(sn_buf_check(&text, why));
	SN_TRY(sn_base64_parse(sn_buf_bytes(&text), CRY_CRL_MAX, &der, "PEM CRL", why));
	return claim_der_crl(sn_buf_bytes(&der), c, why);
}

/* ---- signed JSON */

static void
label_json(struct col_claim *c)
{
	const struct intel_claim *j = &c->json;
	char fmspc[2 * INTEL_FMSPC_LEN + 1];

	sn_hex(BYTES_OF(j->fmspc), fmspc);
	for (char *s = fmspc; *s != '\0'; s++)
		if (*s >= 'a')
			*s = (char)(*s - 'a' + 'A');
	if (j->kind == INTEL_JSON_TCB_INFO)
		snprintf(c->label, sizeof(c->label), "TCB info %s %s", intel_id_name(j->id),
		    fmspc);
	else
		snprintf(c->label, sizeof(c->label), "%s identity",
		    j->id == INTEL_ID_TD_QE	? "TD QE"
			: j->id == INTEL_ID_QVE ? "QvE"
						: "QE");
	snprintf(c->scope, sizeof(c->scope), "%s/%u/%u", c->label, j->version, j->evaluation);
}

static enum sn_err
claim_json(struct bytes b, struct col_claim *c, struct sn_why *why)
{
	SN_TRY(intel_slice(b, &c->slice, why));
	c->vendor = COL_VENDOR_INTEL;
	c->kind = c->slice.kind == INTEL_JSON_TCB_INFO ? COL_KIND_INTEL_TCB_INFO
						       : COL_KIND_INTEL_IDENTITY;
	SN_TRY(intel_body_parse(&c->slice, &c->json, why));
	c->issued = c->json.issued;
	label_json(c);
	return SN_OK;
}

/* ---- telling which */

static bool
starts_with(struct bytes b, const char *s)
{
	return bytes_find(b, bytes_str(s)) == 0;
}

/* Quote verification libraries hand CRLs out as hex; the vendors do not. */
static bool
is_hex_text(struct bytes b)
{
	for (size_t i = 0; i < b.n; i++)
		if (b.p[i] == '\0' || strchr("0123456789abcdefABCDEF\r\n", b.p[i]) == NULL)
			return false;
	return true;
}

static enum sn_err
tell(struct bytes b, struct col_claim *c, struct sn_why *why)
{
	if (b.n == 0)
		return sn_fail(why, SN_E_FORMAT, "the file is empty");
	if (is_hex_text(b))
		return sn_fail(why, SN_E_FORMAT, "hex text; give the bytes themselves (DER)");
	if (b.p[0] == DER_SEQUENCE)
		return der_is_certificate(b) ? claim_der_cert(b, c, why)
					     : claim_der_crl(b, c, why);
	if (bytes_find(b, BYTES_STR("PRIVATE KEY-----")) != SIZE_MAX)
		return sn_fail(why, SN_E_FORMAT,
		    "a private key; it does not belong on this stick");
	if (starts_with(b, PEM_CRL))
		return claim_pem_crl(b, c, why);
	if (starts_with(b, PEM_CERT))
		return claim_pem_certs(b, c, why);
	if (intel_looks_signed_json(b))
		return claim_json(b, c, why);
	return sn_fail(why, SN_E_FORMAT,
	    "neither a certificate, nor a CRL, nor signed JSON; expected PEM, DER or JSON");
}

/* The end of a long path says more than its beginning. */
static void
label_path(struct col_claim *c, const char *path)
{
	size_t n = strlen(path), room = 38;

	if (n <= room)
		snprintf(c->label, sizeof(c->label), "%s", path);
	else
		snprintf(c->label, sizeof(c->label), "...%s", path + n - (room - 3));
}

enum sn_err
col_claim_read(const char *path, struct bytes b, struct col_claim *ret, struct sn_why *why)
{
	struct sn_why own = { 0 };
	enum sn_err e = tell(b, ret, &own);

	if (col_fatal(e))
		return sn_fail(why, e, "%s", own.text);
	if (e != SN_OK)
		ret->why = own;
	if (ret->label[0] == '\0')
		label_path(ret, path);
	return SN_OK;
}
