#include <string.h>

#include "appliance/base/json.h"
#include "appliance/base/text.h"
#include "firmware-cache/intel/body.h"
#include "firmware-cache/intel/headers.h"

#define WHAT "pckcerts"
#define ARRAY "sgxtcbcomponents" /* v4; v3 names each component */
#define NOT_AVAILABLE "Not available"
#define CERT_TEXT_MAX (16U << 10)

static bool
is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool
intel_looks_pck_set(struct bytes b)
{
	size_t i = 0;

	while (i < b.n && is_space(b.p[i]))
		i++;
	return i < b.n && b.p[i] == '[';
}

/* What stands beside the certificate must say what the certificate says. */
static enum sn_err
check_beside(yyjson_val *entry, const struct intel_pck *p, struct sn_why *why)
{
	uint8_t tcbm[INTEL_TCBM_LEN], want[INTEL_TCBM_LEN];
	struct intel_tcb tcb = { 0 };
	yyjson_val *obj = NULL;
	uint32_t n = 0;

	SN_TRY(sn_json_obj(entry, "tcb", &obj, WHAT, why));
	SN_TRY(intel_components_read(obj, ARRAY, yyjson_obj_get(obj, ARRAY) != NULL,
	    tcb.component, NULL, WHAT, why));
	SN_TRY(sn_json_u32(obj, "pcesvn", 0, UINT16_MAX, &n, WHAT, why));
	tcb.pce_svn = (uint16_t)n;
	if (memcmp(tcb.component, p->tcb.component, sizeof(tcb.component)) != 0 ||
	    tcb.pce_svn != p->tcb.pce_svn)
		return sn_fail(why, SN_E_FORMAT, WHAT ": tcb is not that of its certificate");
	SN_TRY(sn_json_hex(entry, "tcbm", tcbm, sizeof(tcbm), WHAT, why));
	intel_pck_tcbm(p, want);
	if (memcmp(tcbm, want, sizeof(want)) != 0)
		return sn_fail(why, SN_E_FORMAT, WHAT ": tcbm is not that of its certificate");
	return SN_OK;
}

/* All of one platform, each TCB once. */
static enum sn_err
check_same(const struct intel_pck_set *s, const struct intel_pck *p, struct sn_why *why)
{
	const struct intel_pck *first = &s->pcks[0];

	if (s->n == 0)
		return SN_OK;
	if (memcmp(first->ppid, p->ppid, INTEL_PPID_LEN) != 0)
		return sn_fail(why, SN_E_FORMAT, WHAT ": certificates of two platforms (PPID)");
	if (memcmp(first->pce_id, p->pce_id, INTEL_PCEID_LEN) != 0)
		return sn_fail(why, SN_E_FORMAT, WHAT ": certificates of two PCE-IDs");
	if (memcmp(first->fmspc, p->fmspc, INTEL_FMSPC_LEN) != 0)
		return sn_fail(why, SN_E_FORMAT, WHAT ": certificates of two FMSPCs");
	for (size_t i = 0; i < s->n; i++)
		if (memcmp(s->pcks[i].cpu_svn, p->cpu_svn, INTEL_CPUSVN_LEN) == 0 &&
		    s->pcks[i].tcb.pce_svn == p->tcb.pce_svn)
			return sn_fail(why, SN_E_FORMAT, WHAT ": one TCB twice");
	return SN_OK;
}

static enum sn_err
read_entry(yyjson_val *entry, struct intel_pck_set *s, struct sn_why *why)
{
	static const char *const keys[] = { "tcb", "tcbm", "cert", NULL };
	SN_CLEANUP(sn_buf_done) struct sn_buf pem = { 0 };
	struct cry_cert *certs[CRY_PEM_CHAIN_MAX] = { 0 };
	const char *text = NULL;
	size_t n = 0;

	if (!yyjson_is_obj(entry))
		return sn_fail(why, SN_E_FORMAT, WHAT ": an entry is no object");
	SN_TRY(sn_json_only(entry, keys, WHAT, why));
	SN_TRY(sn_json_str(entry, "cert", CERT_TEXT_MAX, &text, WHAT, why));
	if (strcmp(text, NOT_AVAILABLE) == 0) {
		s->unavailable++;
		return SN_OK;
	}
	SN_TRY(intel_url_decode(bytes_str(text), &pem, why));
	SN_TRY(cry_cert_parse_pem(sn_buf_bytes(&pem), certs, &n, why));
	if (n != 1) {
		cry_cert_free_all(certs, n);
		return sn_fail(why, SN_E_FORMAT, WHAT ": %zu certificates in one entry", n);
	}
	s->certs[s->n] = certs[0];
	SN_TRY(intel_pck_parse(certs[0], &s->pcks[s->n], why));
	SN_TRY(check_beside(entry, &s->pcks[s->n], why));
	SN_TRY(check_same(s, &s->pcks[s->n], why));
	s->n++;
	return SN_OK;
}

enum sn_err
intel_pck_set_parse(struct bytes json, struct intel_pck_set *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_json_free) yyjson_doc *doc = NULL;
	struct intel_pck_set s = { 0 };
	enum sn_err e = SN_OK;
	yyjson_val *root, *entry;
	size_t i, n;

	if (json.n > INTEL_JSON_MAX)
		return sn_fail(why, SN_E_LIMIT, WHAT " has %zu bytes, at most %u are taken",
		    json.n, INTEL_JSON_MAX);
	SN_TRY(sn_json_parse(json, WHAT, false, &doc, why));
	root = yyjson_doc_get_root(doc);
	if (!yyjson_is_arr(root) || yyjson_arr_size(root) == 0)
		return sn_fail(why, SN_E_FORMAT, WHAT ": not a list of certificates");
	if (yyjson_arr_size(root) > INTEL_PCK_SET_MAX)
		return sn_fail(why, SN_E_LIMIT, WHAT ": more than %d certificates",
		    INTEL_PCK_SET_MAX);
	yyjson_arr_foreach(root, i, n, entry)
	{
		e = read_entry(entry, &s, why);
		if (e != SN_OK)
			break;
	}
	if (e == SN_OK && s.n == 0)
		e = sn_fail(why, SN_E_FORMAT, WHAT ": no certificate is available in it");
	if (e != SN_OK) {
		cry_cert_free_all(s.certs, INTEL_PCK_SET_MAX);
		return e;
	}
	*ret = s;
	return SN_OK;
}
