#include <stdio.h>
#include <string.h>

#include "appliance/base/json.h"
#include "appliance/base/text.h"
#include "firmware-cache/amd/report.h"
#include "firmware-cache/intel/pck.h"
#include "firmware-cache/requests/priv.h"

#define WHERE_MAX 160
#define NODES_MAX 32
#define WORD_MAX 32
#define HWID_LEN 64
#define HWID_LEN_TURIN 8

size_t
req_hwid_len(enum amd_product p)
{
	return p == AMD_TURIN ? HWID_LEN_TURIN : HWID_LEN;
}

/* ---- a ceremony's plan */

/* The least firmware that the plan accepts of each AMD product. */
enum sn_err
req_plan_least(yyjson_val *root, const char *what, struct req_least *ret, struct sn_why *why)
{
	yyjson_val *amd = yyjson_obj_get(yyjson_obj_get(root, "tcb"), "amd");

	for (enum amd_product p = AMD_MILAN; p < AMD_PRODUCT_COUNT; p++) {
		yyjson_val *o = yyjson_obj_get(amd, amd_product_name(p));
		struct amd_tcb *t = &ret->tcb[p];
		const struct {
			const char *key;
			uint8_t *v;
		} levels[] = { { "boot_loader", &t->bl }, { "tee", &t->tee },
			{ "snp", &t->snp }, { "microcode", &t->ucode }, { "fmc", &t->fmc } };

		if (o == NULL)
			continue;
		t->has_fmc = p == AMD_TURIN;
		for (size_t i = 0; i < SN_NITEMS(levels) - !t->has_fmc; i++) {
			uint32_t n = 0;

			SN_TRY(sn_json_u32(o, levels[i].key, 0, UINT8_MAX, &n, what, why));
			*levels[i].v = (uint8_t)n;
		}
		ret->has[p] = true;
	}
	return SN_OK;
}

static enum sn_err
amd_node(struct req_wants *w, yyjson_val *o, const struct req_least *least, const char *where,
    struct sn_why *why)
{
	const char *product = NULL, *id = NULL;
	uint8_t hwid[HWID_LEN] = { 0 };
	struct bytes chip;
	enum amd_product p;

	SN_TRY(sn_json_str(o, "product", WORD_MAX, &product, where, why));
	p = amd_product_from_name(bytes_str(product));
	if (p == AMD_PRODUCT_COUNT)
		return sn_fail(why, SN_E_FORMAT, "%s: product \"%s\" is not known", where,
		    product);
	w->amd[p] = true;
	if (yyjson_obj_get(o, "id") == NULL || (!least->has[p] && !w->has_next[p])) {
		w->no_level++;
		return SN_OK;
	}
	SN_TRY(sn_json_str(o, "id", 2 * HWID_LEN, &id, where, why));
	SN_TRY(sn_hex_parse(id, hwid, req_hwid_len(p), where, why));
	chip = (struct bytes){ hwid, req_hwid_len(p) };
	if (least->has[p])
		SN_TRY(req_vcek(w, p, chip, &least->tcb[p], why));
	return w->has_next[p] ? req_vcek(w, p, chip, &w->next[p], why) : SN_OK;
}

/* Only what is needed is read: the ceremony judges its plans itself. */
enum sn_err
req_plan(struct req_wants *w, struct bytes text, const char *what, struct sn_why *why)
{
	SN_CLEANUP(sn_json_free) yyjson_doc *doc = NULL;
	yyjson_val *nodes = NULL, *o;
	struct req_least least = { 0 };
	char where[WHERE_MAX];
	size_t i, n;

	SN_TRY(sn_json_parse(text, what, false, &doc, why));
	SN_TRY(sn_json_arr(yyjson_doc_get_root(doc), "nodes", 1, NODES_MAX, &nodes, what, why));
	SN_TRY(req_plan_least(yyjson_doc_get_root(doc), what, &least, why));
	yyjson_arr_foreach(nodes, i, n, o)
	{
		const char *hardware = NULL;

		snprintf(where, sizeof(where), "%.100s node %zu", what, i + 1);
		SN_TRY(sn_json_str(o, "hardware", WORD_MAX, &hardware, where, why));
		if (strcmp(hardware, "amd") == 0)
			SN_TRY(amd_node(w, o, &least, where, why));
		else if (strcmp(hardware, "intel") == 0)
			w->intel = true;
		else
			return sn_fail(why, SN_E_FORMAT, "%s: hardware \"%s\" is not known",
			    where, hardware);
	}
	return SN_OK;
}

/* ---- an SNP report */

/* The levels that the chip signs at: as reported; once what is loaded is committed; and once
 * the host reports what is committed. */
static enum sn_err
report_vceks(struct req_wants *w, enum amd_product p, const struct amd_report *r,
    struct sn_why *why)
{
	const uint8_t *const raw[] = { r->reported_tcb, r->committed_tcb, r->current_tcb };
	struct bytes chip = { r->chip_id, req_hwid_len(p) };

	for (size_t i = 0; i < SN_NITEMS(raw); i++) {
		struct amd_tcb tcb;

		amd_tcb_from_raw(p, raw[i], &tcb);
		SN_TRY(req_vcek(w, p, chip, &tcb, why));
	}
	return w->has_next[p] ? req_vcek(w, p, chip, &w->next[p], why) : SN_OK;
}

enum sn_err
req_report(struct req_wants *w, struct bytes report, const char *what, struct sn_why *why)
{
	struct amd_report r = { 0 };
	enum amd_product p;

	SN_TRY(amd_report_parse(report, &r, why));
	p = r.product != AMD_PRODUCT_COUNT ? r.product : w->product;
	if (p == AMD_PRODUCT_COUNT)
		return sn_fail(why, SN_E_MISSING,
		    "%s: this report does not say its product; give --product", what);
	/* A VLEK comes from the provider; only what it hangs on can be fetched. */
	if (r.signer == AMD_ROLE_VLEK) {
		w->vlek[p] = true;
		return SN_OK;
	}
	w->amd[p] = true;
	if (r.masked_chip_id)
		return sn_fail(why, SN_E_MISSING,
		    "%s: the chip's identity is masked (MASK_CHIP_ID); make the report "
		    "without that setting",
		    what);
	return report_vceks(w, p, &r, why);
}

/* ---- PCK certificates */

static void
free_certs(struct cry_cert **certs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		cry_cert_free(&certs[i]);
}

/* All of a set are of one platform. */
enum sn_err
req_pck_set(struct req_wants *w, struct bytes json, const char *what, struct sn_why *why)
{
	struct intel_pck_set set = { 0 };

	SN_TRY(intel_pck_set_parse(json, &set, why));
	free_certs(set.certs, set.n);
	if (set.n == 0)
		return sn_fail(why, SN_E_MISSING, "%s: no certificate is in it", what);
	return req_fmspc(w, set.pcks[0].fmspc, why);
}

/* Alone, or the first of a chain; unverified, since it only says what to ask for. */
static enum sn_err
pck_cert(struct req_wants *w, struct bytes b, struct sn_why *why)
{
	struct cry_cert *certs[CRY_PEM_CHAIN_MAX] = { NULL };
	struct intel_pck pck = { 0 };
	enum sn_err e;
	size_t n = 1;

	if (b.p[0] == '-')
		SN_TRY(cry_cert_parse_pem(b, certs, &n, why));
	else
		SN_TRY(cry_cert_parse(b, &certs[0], why));
	e = intel_pck_parse(certs[0], &pck, why);
	free_certs(certs, n);
	return e == SN_OK ? req_fmspc(w, pck.fmspc, why) : e;
}

/* ---- any */

#define DER_SEQUENCE_BYTE 0x30

static bool
is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

enum sn_err
req_input(struct req_wants *w, struct bytes b, const char *what, struct sn_why *why)
{
	size_t i = 0;

	if (amd_report_looks_like(b))
		return req_report(w, b, what, why);
	while (i < b.n && is_space(b.p[i]))
		i++;
	if (i < b.n && b.p[i] == '[' && bytes_find(b, BYTES_STR("\"tcbm\"")) != SIZE_MAX)
		return req_pck_set(w, b, what, why);
	if (i < b.n && b.p[i] == '[')
		return req_platform_list(w, b, what, why);
	if (i < b.n && b.p[i] == '{')
		return req_plan(w, b, what, why);
	if (b.n > 8 && memcmp(b.p, "https://", 8) == 0)
		return req_vcek_urls(w, b, what, why);
	if (b.n > 5 && memcmp(b.p, "HTTP/", 5) == 0)
		return req_headers(w, b, what, why);
	/* a line of digits may begin with 0 as DER does, but goes on with another digit */
	if (i == 0 && b.n > 1 &&
	    (b.p[0] == '-' || (b.p[0] == DER_SEQUENCE_BYTE && b.p[1] >= 0x80)))
		return pck_cert(w, b, why);
	if (i == 0 && b.n > 0 && memchr(b.p, ',', b.n) != NULL)
		return req_pckid_csv(w, b, what, why);
	return sn_fail(why, SN_E_FORMAT,
	    "%s: neither an SNP report, a VCEK's address, a platform list, a PCK id CSV "
	    "file, a PCK certificate nor a plan",
	    what);
}
