#include <stdio.h>
#include <string.h>

#include "appliance/base/json.h"
#include "appliance/base/text.h"
#include "firmware-cache/intel/body.h"

#define WORD_MAX 64
#define FMSPC_HEX_LEN (2 * INTEL_FMSPC_LEN)

/* Which bodies exist: a version 2 TCB info has no id and is for SGX. */
static const struct {
	const char *name; /* the value of "id" */
	enum intel_json kind;
	uint32_t version_min, version_max;
} ids[INTEL_ID_COUNT] = {
	[INTEL_ID_SGX] = { "SGX", INTEL_JSON_TCB_INFO, 3, 3 },
	[INTEL_ID_TDX] = { "TDX", INTEL_JSON_TCB_INFO, 3, 3 },
	[INTEL_ID_QE] = { "QE", INTEL_JSON_IDENTITY, 2, 2 },
	[INTEL_ID_TD_QE] = { "TD_QE", INTEL_JSON_IDENTITY, 2, 2 },
	[INTEL_ID_QVE] = { "QVE", INTEL_JSON_IDENTITY, 2, 2 },
};
#define TCB_INFO_VERSION_NO_ID 2U
#define EVALUATION_VERSION 1U
#define EVALUATIONS_MAX 64U
#define VERSION_MIN 2U
#define VERSION_MAX 3U
#define TCB_TYPE_MAX 0U /* how levels compare: the one way that is known */

const char *
intel_id_name(enum intel_id id)
{
	return id < INTEL_ID_COUNT ? ids[id].name : "unknown";
}

void
intel_pce_text(const uint8_t pce_id[INTEL_PCEID_LEN], char ret[INTEL_PCE_TEXT])
{
	ret[0] = '\0';
	if (pce_id[0] != 0 || pce_id[1] != 0)
		snprintf(ret, INTEL_PCE_TEXT, " PCE %02X%02X", pce_id[0], pce_id[1]);
}

/* Lists of evaluation numbers have versions of their own. */
static enum sn_err
read_list_id(yyjson_val *root, struct intel_claim *c, struct sn_why *why)
{
	const char *what = intel_json_key(c->kind), *id = NULL;

	SN_TRY(sn_json_u32(root, "version", 0, UINT32_MAX, &c->version, what, why));
	if (c->version != EVALUATION_VERSION)
		return sn_fail(why, SN_E_FORMAT, "%s: version %u is not supported", what,
		    c->version);
	SN_TRY(sn_json_str(root, "id", WORD_MAX, &id, what, why));
	for (enum intel_id i = INTEL_ID_SGX; i <= INTEL_ID_TDX; i++)
		if (strcmp(ids[i].name, id) == 0) {
			c->id = i;
			return SN_OK;
		}
	return sn_fail(why, SN_E_FORMAT, "%s: id \"%s\" is not known", what, id);
}

/* The numbers that the service still answers for; the highest is the "early" channel's. */
static enum sn_err
read_list(yyjson_val *root, struct intel_claim *c, struct sn_why *why)
{
	const char *what = intel_json_key(c->kind);
	yyjson_val *list = NULL, *entry;
	size_t i, n;

	SN_TRY(sn_json_arr(root, "tcbEvalNumbers", 1, EVALUATIONS_MAX, &list, what, why));
	yyjson_arr_foreach(list, i, n, entry)
	{
		uint32_t number = 0;
		int64_t date = 0;

		if (!yyjson_is_obj(entry))
			return sn_fail(why, SN_E_FORMAT, "%s: [%zu] is not an object", what, i);
		SN_TRY(sn_json_u32(entry, "tcbEvaluationDataNumber", 1, UINT32_MAX, &number,
		    what, why));
		SN_TRY(sn_json_time(entry, "tcbRecoveryEventDate", &date, what, why));
		SN_TRY(sn_json_time(entry, "tcbDate", &date, what, why));
		if (number > c->evaluation)
			c->evaluation = number;
	}
	return SN_OK;
}

/* id and version, which must go together. */
static enum sn_err
read_id(yyjson_val *root, struct intel_claim *c, struct sn_why *why)
{
	const char *what = intel_json_key(c->kind), *id = NULL;

	SN_TRY(sn_json_u32(root, "version", 0, UINT32_MAX, &c->version, what, why));
	if (c->version < VERSION_MIN || c->version > VERSION_MAX)
		return sn_fail(why, SN_E_FORMAT, "%s: version %u is not supported", what,
		    c->version);
	if (c->kind == INTEL_JSON_TCB_INFO && c->version == TCB_INFO_VERSION_NO_ID) {
		c->id = INTEL_ID_SGX;
		return yyjson_obj_get(root, "id") == NULL
		    ? SN_OK
		    : sn_fail(why, SN_E_FORMAT, "tcbInfo: version 2 with an id");
	}
	SN_TRY(sn_json_str(root, "id", WORD_MAX, &id, what, why));
	for (enum intel_id i = INTEL_ID_SGX; i < INTEL_ID_COUNT; i++)
		if (ids[i].kind == c->kind && strcmp(ids[i].name, id) == 0) {
			c->id = i;
			if (c->version >= ids[i].version_min &&
			    c->version <= ids[i].version_max)
				return SN_OK;
			return sn_fail(why, SN_E_FORMAT, "%s: version %u is not supported",
			    what, c->version);
		}
	return sn_fail(why, SN_E_FORMAT, "%s: id \"%s\" is not known", what, id);
}

static enum sn_err
read_window(yyjson_val *root, struct intel_claim *c, struct sn_why *why)
{
	const char *what = intel_json_key(c->kind);

	SN_TRY(sn_json_time(root, "issueDate", &c->issued, what, why));
	SN_TRY(sn_json_time(root, "nextUpdate", &c->next_update, what, why));
	if (c->next_update <= c->issued)
		return sn_fail(why, SN_E_FORMAT, "%s: nextUpdate is not after issueDate", what);
	if (c->kind == INTEL_JSON_EVALUATION)
		return SN_OK;
	return sn_json_u32(root, "tcbEvaluationDataNumber", 0, UINT32_MAX, &c->evaluation, what,
	    why);
}

/* FMSPC and PCE-ID; Intel signs the FMSPC in the case it was asked for. */
static enum sn_err
read_platform(yyjson_val *root, struct intel_body *b, struct sn_why *why)
{
	struct intel_claim *c = &b->claim;
	const char *fmspc = NULL;
	uint32_t type = 0;

	SN_TRY(sn_json_str(root, "fmspc", FMSPC_HEX_LEN, &fmspc, "tcbInfo", why));
	SN_TRY(sn_hex_parse(fmspc, c->fmspc, INTEL_FMSPC_LEN, "tcbInfo: fmspc", why));
	c->lower_fmspc = strpbrk(fmspc, "abcdef") != NULL;
	SN_TRY(sn_json_u32(root, "tcbType", 0, TCB_TYPE_MAX, &type, "tcbInfo", why));
	SN_TRY(sn_json_hex(root, "pceId", b->pce_id, sizeof(b->pce_id), "tcbInfo", why));
	memcpy(c->pce_id, b->pce_id, sizeof(c->pce_id));
	return SN_OK;
}

static enum sn_err
read_enclave(yyjson_val *root, struct intel_enclave *e, struct sn_why *why)
{
	const struct {
		const char *key;
		void *to;
		size_t n;
	} fields[] = {
		{ "miscselect", e->miscselect, sizeof(e->miscselect) },
		{ "miscselectMask", e->miscselect_mask, sizeof(e->miscselect_mask) },
		{ "attributes", e->attributes, sizeof(e->attributes) },
		{ "attributesMask", e->attributes_mask, sizeof(e->attributes_mask) },
		{ "mrsigner", e->mrsigner, sizeof(e->mrsigner) },
	};
	const char *what = intel_json_key(INTEL_JSON_IDENTITY);
	uint32_t product = 0;

	for (size_t i = 0; i < SN_NITEMS(fields); i++)
		SN_TRY(sn_json_hex(root, fields[i].key, fields[i].to, fields[i].n, what, why));
	SN_TRY(sn_json_u32(root, "isvprodid", 0, UINT16_MAX, &product, what, why));
	e->isv_prod_id = (uint16_t)product;
	return SN_OK;
}

static enum sn_err
read_tcb_info(yyjson_val *root, struct intel_body *b, struct sn_why *why)
{
	SN_TRY(read_platform(root, b, why));
	if (b->claim.id == INTEL_ID_TDX)
		SN_TRY(intel_modules_read(root, b, why));
	return intel_levels_read(root, b, why);
}

static enum sn_err
read_root(yyjson_val *root, struct intel_body *b, struct sn_why *why)
{
	struct intel_claim *c = &b->claim;

	if (!yyjson_is_obj(root))
		return sn_fail(why, SN_E_FORMAT, "%s: not an object", intel_json_key(c->kind));
	SN_TRY(c->kind == INTEL_JSON_EVALUATION ? read_list_id(root, c, why)
						: read_id(root, c, why));
	SN_TRY(read_window(root, c, why));
	if (c->kind == INTEL_JSON_EVALUATION)
		return read_list(root, c, why);
	if (c->kind == INTEL_JSON_TCB_INFO)
		return read_tcb_info(root, b, why);
	SN_TRY(read_enclave(root, &b->enclave, why));
	return intel_levels_read(root, b, why);
}

enum sn_err
intel_body_read(const struct intel_slice *s, struct intel_body *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_json_free) yyjson_doc *doc = NULL;
	struct intel_body b = { .claim.kind = s->kind };
	enum sn_err e;

	SN_TRY(sn_json_parse(s->body, intel_json_key(s->kind), false, &doc, why));
	e = read_root(yyjson_doc_get_root(doc), &b, why);
	if (e == SN_OK)
		*ret = b;
	else
		intel_body_done(&b);
	return e;
}

enum sn_err
intel_body_parse(const struct intel_slice *s, struct intel_claim *ret, struct sn_why *why)
{
	SN_CLEANUP(intel_body_done) struct intel_body b = { 0 };

	SN_TRY(intel_body_read(s, &b, why));
	*ret = b.claim;
	return SN_OK;
}

static enum sn_err
check_window(const struct intel_claim *c, int64_t at, struct sn_why *why)
{
	char limit[TEXT_TIME_LEN + 1], now[TEXT_TIME_LEN + 1];

	if (at >= c->issued && at <= c->next_update)
		return SN_OK;
	text_from_time(at < c->issued ? c->issued : c->next_update, limit);
	text_from_time(at, now);
	return sn_fail(why, SN_E_EXPIRED, "%s: %s %s, judged at %s", intel_json_key(c->kind),
	    at < c->issued ? "issued" : "good until", limit, now);
}

enum sn_err
intel_json_check(const struct intel_slice *s, const struct intel_claim *claim,
    const struct cry_cert *signer, int64_t at, struct sn_why *why)
{
	SN_CLEANUP(cry_key_free) struct cry_key *key = NULL;

	if (intel_cert_role(signer) != INTEL_ROLE_TCB_SIGNING)
		return sn_fail(why, SN_E_ROLE, "%s does not sign %s", cry_cert_cn(signer),
		    intel_json_key(s->kind));
	SN_TRY(cry_cert_key(signer, &key, why));
	if (cry_key_alg(key) != CRY_P256)
		return sn_fail(why, SN_E_FORMAT, "%s: its key is not P-256",
		    cry_cert_cn(signer));
	SN_TRY(cry_verify_raw_ecdsa(key, CRY_SHA256, s->body, BYTES_OF(s->sig), why));
	return check_window(claim, at, why);
}
