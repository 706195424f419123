#include "firmware-cache/layouts/collaterals.h"

#include <stdlib.h>
#include <string.h>

#include "appliance/base/json.h"
#include "appliance/base/text.h"
#include "firmware-cache/layouts/form.h"
#include "firmware-cache/layouts/roundtrip.h"

#define WHAT "platform_collaterals.json"
#define CHAIN_TCB "TCB-Info-Issuer-Chain"
#define CHAIN_IDENTITY "SGX-Enclave-Identity-Issuer-Chain"
#define CHAIN_PCK "SGX-PCK-Certificate-Issuer-Chain"

static const char *const tcb_keys[LAY_TEES][LAY_CHANNELS] = {
	{ "sgx_tcbinfo", "sgx_tcbinfo_early" },
	{ "tdx_tcbinfo", "tdx_tcbinfo_early" },
};
static const char *const identity_keys[LAY_IDENTITIES][LAY_CHANNELS] = {
	{ "qeidentity", "qeidentity_early" },
	{ "tdqeidentity", "tdqeidentity_early" },
	{ "qveidentity", "qveidentity_early" },
};
static const char *const ca_keys[LAY_CAS] = { "PROCESSOR", "PLATFORM" };
static const char *const crl_keys[LAY_CAS] = { "processorCrl", "platformCrl" };
static const char *const body_keys[] = {
	[INTEL_JSON_TCB_INFO] = "tcbInfo",
	[INTEL_JSON_IDENTITY] = "enclaveIdentity",
};

static void
free_text(char **p)
{
	free(*p);
	*p = NULL;
}

/* ---- what a dialect's reader would spoil */

/* PCCS parses and writes with JavaScript's JSON: the same tokens without white space. */
static enum sn_err
survives_pccs(yyjson_val *body, struct bytes signed_bytes, struct sn_why *why)
{
	SN_CLEANUP(free_text) char *text = yyjson_val_write(body, 0, NULL);

	if (text == NULL)
		return sn_fail(why, SN_E_NOMEM, WHAT);
	return bytes_equal(bytes_str(text), signed_bytes)
	    ? SN_OK
	    : sn_fail(why, SN_E_SIGNATURE,
		  "PCCS writes it anew with other bytes than were signed");
}

static enum sn_err
survives(const struct lay_body *b, enum lay_dialect d, struct sn_why *why)
{
	SN_CLEANUP(sn_json_free) yyjson_doc *doc = NULL;

	if (d == LAY_FOR_TRUSTEE)
		return lay_trustee_survives(&b->slice, why);
	if (b->claim.kind == INTEL_JSON_IDENTITY)
		return SN_OK; /* a string, which nobody writes anew */
	SN_TRY(sn_json_parse(b->slice.body, "body", false, &doc, why));
	return survives_pccs(yyjson_doc_get_root(doc), b->slice.body, why);
}

static enum sn_err
filter_one(const struct lay_body **place, enum lay_dialect d, const char *layout,
    const struct lay_out *out, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf reason = { 0 };
	struct sn_why own = { 0 };
	enum sn_err e;

	if (*place == NULL)
		return SN_OK;
	e = survives(*place, d, &own);
	if (e == SN_OK)
		return SN_OK;
	if (e != SN_E_FORMAT && e != SN_E_SIGNATURE)
		return sn_fail(why, e, "%s", own.text);
	sn_buf_fmt(&reason, "%s%s", own.text,
	    (*place)->claim.lower_fmspc && d == LAY_FOR_TRUSTEE
		? "; fetch it with an upper-case FMSPC"
		: "");
	SN_TRY(out->left_out(out->arg, layout, (*place)->row->path, sn_buf_cstr(&reason), why));
	*place = NULL;
	return SN_OK;
}

enum sn_err
lay_collaterals_filter(struct lay_set *set, enum lay_dialect d, const char *layout,
    const struct lay_out *out, struct sn_why *why)
{
	size_t kept = 0;

	for (enum lay_channel c = 0; c < LAY_CHANNELS; c++) {
		for (size_t i = 0; i < set->nfmspcs; i++)
			for (enum lay_tee t = 0; t < LAY_TEES; t++)
				SN_TRY(filter_one(&set->fmspcs[i].body[t][c], d, layout, out,
				    why));
		for (enum lay_identity i = 0; i < LAY_IDENTITIES; i++)
			SN_TRY(filter_one(&set->identity[i][c], d, layout, out, why));
	}
	for (size_t i = 0; i < set->nfmspcs; i++) {
		const struct lay_fmspc *f = &set->fmspcs[i];
		bool any = false;

		for (enum lay_tee t = 0; t < LAY_TEES; t++)
			any = any || f->body[t][LAY_STANDARD] != NULL ||
			    f->body[t][LAY_EARLY] != NULL;
		if (any)
			set->fmspcs[kept++] = *f;
	}
	set->nfmspcs = kept;
	return SN_OK;
}

const char *
lay_collaterals_missing(const struct lay_set *set)
{
	const struct {
		const void *what;
		const char *reason;
	} needed[] = {
		{ set->signing, "there is no accepted TCB Signing chain" },
		{ set->root_crl, "there is no accepted root CA CRL" },
		{ set->ca[LAY_PROCESSOR], "there is no accepted PCK Processor CA" },
		{ set->ca[LAY_PLATFORM], "there is no accepted PCK Platform CA" },
		{ set->crl[LAY_PROCESSOR], "there is no accepted PCK Processor CA CRL" },
		{ set->crl[LAY_PLATFORM], "there is no accepted PCK Platform CA CRL" },
	};

	for (size_t i = 0; i < SN_NITEMS(needed); i++)
		if (needed[i].what == NULL)
			return needed[i].reason;
	return set->nfmspcs == 0 ? "there is no TCB info that its reader takes" : NULL;
}

/* ---- writing */

static void
put_member(struct sn_buf *b, const char *key, const char *value, const char *end)
{
	sn_buf_fmt(b, "\"%s\": ", key);
	lay_json_string(b, bytes_str(value));
	sn_buf_str(b, end);
}

static void
put_platform(struct sn_buf *b, const struct lay_platform *p)
{
	sn_buf_u8(b, '{');
	put_member(b, "enc_ppid", p->enc_ppid, ", ");
	put_member(b, "pce_id", p->pce_id, ", ");
	put_member(b, "cpu_svn", p->cpu_svn, ", ");
	put_member(b, "pce_svn", p->pce_svn, ", ");
	put_member(b, "qe_id", p->qe_id, ", ");
	put_member(b, "platform_manifest", p->platform_manifest, "}");
}

enum sn_err
lay_platform_list(const struct lay_input *in, struct sn_buf *ret, struct sn_why *why)
{
	sn_buf_u8(ret, '[');
	for (size_t i = 0; i < in->nplatforms; i++) {
		sn_buf_str(ret, i > 0 ? ", " : "");
		put_platform(ret, &in->platforms[i]);
	}
	sn_buf_u8(ret, ']');
	return sn_buf_check(ret, why);
}

enum sn_err
lay_pck_json(const struct lay_hosts *all, const struct lay_host *h, struct sn_buf *ret,
    struct sn_why *why)
{
	sn_buf_u8(ret, '[');
	for (size_t i = 0; i < h->n; i++) {
		const struct lay_pck *p = lay_host_pck(all, h, i);
		SN_CLEANUP(sn_buf_done) struct sn_buf pem = { 0 };

		sn_buf_str(ret, i > 0 ? ", {\"tcb\": {" : "{\"tcb\": {");
		for (size_t k = 0; k < INTEL_COMPONENTS; k++)
			sn_buf_fmt(ret, "\"sgxtcbcomp%02zusvn\": %u, ", k + 1,
			    p->facts.tcb.component[k]);
		sn_buf_fmt(ret, "\"pcesvn\": %u}, \"tcbm\": \"", p->facts.tcb.pce_svn);
		lay_hex_upper(ret, BYTES_OF(p->facts.cpu_svn));
		sn_buf_fmt(ret, "%02X%02X\", \"cert\": \"", p->facts.tcb.pce_svn & 0xffU,
		    (unsigned int)p->facts.tcb.pce_svn >> 8);
		SN_TRY(lay_pem_chain(p->x, NULL, &pem, why));
		lay_url_encode(ret, sn_buf_bytes(&pem));
		sn_buf_str(ret, "\"}");
	}
	sn_buf_u8(ret, ']');
	return sn_buf_check(ret, why);
}

static enum sn_err
put_hosts(struct sn_buf *b, const struct lay_hosts *hosts, struct sn_why *why)
{
	sn_buf_str(b, "{\"platforms\": [");
	for (size_t i = 0; i < hosts->n; i++) {
		sn_buf_str(b, i > 0 ? ", " : "");
		put_platform(b, hosts->hosts[i].platform);
	}
	sn_buf_str(b, "], \"collaterals\": {\"version\": 4, \"pck_certs\": [");
	for (size_t i = 0; i < hosts->n; i++) {
		const struct lay_platform *p = hosts->hosts[i].platform;

		sn_buf_str(b, i > 0 ? ", {" : "{");
		put_member(b, "qe_id", p->qe_id, ", ");
		put_member(b, "pce_id", p->pce_id, ", ");
		put_member(b, "enc_ppid", p->enc_ppid, ", ");
		put_member(b, "platform_manifest", p->platform_manifest, ", \"certs\": ");
		SN_TRY(lay_pck_json(hosts, &hosts->hosts[i], b, why));
		sn_buf_u8(b, '}');
	}
	sn_buf_str(b, "]");
	return SN_OK;
}

static void
put_tcb_infos(struct sn_buf *b, const struct lay_set *set)
{
	sn_buf_str(b, ", \"tcbinfos\": [");
	for (size_t i = 0; i < set->nfmspcs; i++) {
		const struct lay_fmspc *f = &set->fmspcs[i];

		sn_buf_str(b, i > 0 ? ", {\"fmspc\": \"" : "{\"fmspc\": \"");
		lay_hex_upper(b, BYTES_OF(f->fmspc));
		sn_buf_u8(b, '"');
		for (enum lay_tee t = 0; t < LAY_TEES; t++)
			for (enum lay_channel c = 0; c < LAY_CHANNELS; c++) {
				if (f->body[t][c] == NULL)
					continue;
				sn_buf_fmt(b, ", \"%s\": ", tcb_keys[t][c]);
				lay_json_spaced(b,
				    col_verified_bytes(f->body[t][c]->row->verified));
			}
		sn_buf_u8(b, '}');
	}
	sn_buf_u8(b, ']');
}

/* An identity: for Trustee the object, for PCCS its text as a string. */
static void
put_identities(struct sn_buf *b, const struct lay_set *set, enum lay_dialect d)
{
	for (enum lay_identity i = 0; i < LAY_IDENTITIES; i++)
		for (enum lay_channel c = 0; c < LAY_CHANNELS; c++) {
			const struct lay_body *body = set->identity[i][c];
			struct bytes text;

			if (body == NULL)
				continue;
			text = col_verified_bytes(body->row->verified);
			sn_buf_fmt(b, ", \"%s\": ", identity_keys[i][c]);
			if (d == LAY_FOR_TRUSTEE)
				lay_json_spaced(b, text);
			else
				lay_json_string(b, text);
		}
}

enum sn_err
lay_url_chain(const struct cry_cert *leaf, const struct cry_cert *root, struct sn_buf *ret,
    struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf pem = { 0 };

	SN_TRY(lay_pem_chain(leaf, root, &pem, why));
	lay_url_encode(ret, sn_buf_bytes(&pem));
	return sn_buf_check(ret, why);
}

static enum sn_err
put_chain(struct sn_buf *b, const char *key, const struct cry_cert *leaf,
    const struct cry_cert *root, const char *end, struct sn_why *why)
{
	sn_buf_fmt(b, "\"%s\": \"", key);
	SN_TRY(lay_url_chain(leaf, root, b, why));
	sn_buf_fmt(b, "\"%s", end);
	return SN_OK;
}

static enum sn_err
put_certificates(struct sn_buf *b, const struct lay_set *set, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf cdp = { 0 };

	sn_buf_str(b, ", \"certificates\": {\"" CHAIN_PCK "\": {");
	for (enum lay_ca ca = 0; ca < LAY_CAS; ca++)
		SN_TRY(put_chain(b, ca_keys[ca], set->ca[ca], set->root,
		    ca == LAY_PLATFORM ? "}, " : ", ", why));
	SN_TRY(put_chain(b, CHAIN_TCB, set->signing, set->root, ", ", why));
	SN_TRY(put_chain(b, CHAIN_IDENTITY, set->signing, set->root, "}, ", why));
	sn_buf_str(b, "\"rootcacrl\": \"");
	sn_buf_hex(b, lay_crl_der(set->root_crl));
	sn_buf_u8(b, '"');
	SN_TRY(lay_root_cdp(set->root, &cdp, why));
	if (cdp.n > 0) {
		sn_buf_str(b, ", \"rootcacrl_cdp\": ");
		lay_json_string(b, sn_buf_bytes(&cdp));
	}
	sn_buf_str(b, "}}");
	return SN_OK;
}

enum sn_err
lay_collaterals_write(const struct lay_set *set, const struct lay_hosts *hosts,
    enum lay_dialect d, struct sn_buf *ret, struct sn_why *why)
{
	SN_TRY(put_hosts(ret, hosts, why));
	put_tcb_infos(ret, set);
	sn_buf_str(ret, ", \"pckcacrl\": {");
	for (enum lay_ca ca = 0; ca < LAY_CAS; ca++) {
		sn_buf_fmt(ret, "\"%s\": \"", crl_keys[ca]);
		sn_buf_hex(ret, lay_crl_der(set->crl[ca]));
		sn_buf_str(ret, ca == LAY_PLATFORM ? "\"}" : "\", ");
	}
	put_identities(ret, set, d);
	SN_TRY(put_certificates(ret, set, why));
	return sn_buf_check(ret, why);
}

/* ---- reading back */

static struct bytes
str_of(yyjson_val *v)
{
	return (struct bytes){ (const uint8_t *)yyjson_get_str(v), yyjson_get_len(v) };
}

static enum sn_err
not_back(const char *key, struct sn_why *why)
{
	return sn_fail(why, SN_E_INTERNAL, WHAT ": %s does not read back", key);
}

/* The response under a key, read in the dialect's way, is what was signed. */
static enum sn_err
body_back(yyjson_val *obj, const char *key, const struct lay_body *b, enum lay_dialect d,
    struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf again = { 0 };
	yyjson_val *v = yyjson_obj_get(obj, key), *body;
	struct intel_slice s = { 0 };

	if (d == LAY_FOR_PCCS && b->claim.kind == INTEL_JSON_IDENTITY) {
		if (!yyjson_is_str(v))
			return not_back(key, why);
		SN_TRY(intel_slice(str_of(v), &s, why));
		return bytes_equal(s.body, b->slice.body) ? SN_OK : not_back(key, why);
	}
	body = yyjson_obj_get(v, body_keys[b->claim.kind]);
	if (body == NULL)
		return not_back(key, why);
	if (d == LAY_FOR_PCCS)
		return survives_pccs(body, b->slice.body, why);
	SN_TRY(lay_trustee_again(b->claim.kind, body, &again, why));
	return bytes_equal(sn_buf_bytes(&again), b->slice.body) ? SN_OK : not_back(key, why);
}

/* The first entry of an FMSPC is the one that Trustee takes. */
static yyjson_val *
entry_of(yyjson_val *infos, const uint8_t fmspc[INTEL_FMSPC_LEN])
{
	yyjson_val *one;
	size_t i, n;

	yyjson_arr_foreach(infos, i, n, one)
	{
		uint8_t got[INTEL_FMSPC_LEN] = { 0 };
		struct sn_why none = { 0 };

		if (sn_json_hex(one, "fmspc", got, sizeof(got), WHAT, &none) == SN_OK &&
		    memcmp(got, fmspc, sizeof(got)) == 0)
			return one;
	}
	return NULL;
}

static enum sn_err
bodies_back(yyjson_val *col, const struct lay_set *set, enum lay_dialect d, struct sn_why *why)
{
	yyjson_val *infos = yyjson_obj_get(col, "tcbinfos");

	for (enum lay_channel c = 0; c < LAY_CHANNELS; c++) {
		for (size_t i = 0; i < set->nfmspcs; i++) {
			const struct lay_fmspc *f = &set->fmspcs[i];
			yyjson_val *entry = entry_of(infos, f->fmspc);

			for (enum lay_tee t = 0; t < LAY_TEES; t++)
				if (f->body[t][c] != NULL)
					SN_TRY(body_back(entry, tcb_keys[t][c], f->body[t][c],
					    d, why));
		}
		for (enum lay_identity i = 0; i < LAY_IDENTITIES; i++)
			if (set->identity[i][c] != NULL)
				SN_TRY(body_back(col, identity_keys[i][c], set->identity[i][c],
				    d, why));
	}
	return SN_OK;
}

static enum sn_err
crl_back(yyjson_val *obj, const char *key, const struct col_row *crl, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf der = { 0 };
	yyjson_val *v = yyjson_obj_get(obj, key);

	if (!yyjson_is_str(v))
		return not_back(key, why);
	SN_TRY(sn_hex_parse_buf(str_of(v), CRY_CRL_MAX, &der, key, why));
	return bytes_equal(sn_buf_bytes(&der), lay_crl_der(crl)) ? SN_OK : not_back(key, why);
}

static enum sn_err
chain_back(yyjson_val *obj, const char *key, const struct cry_cert *leaf,
    const struct cry_cert *root, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf pem = { 0 };
	yyjson_val *v = yyjson_obj_get(obj, key);
	struct cry_cert *certs[CRY_PEM_CHAIN_MAX] = { 0 };
	size_t n = 0;
	bool same;

	if (!yyjson_is_str(v))
		return not_back(key, why);
	SN_TRY(lay_url_decode(str_of(v), &pem, why));
	SN_TRY(cry_cert_parse_pem(sn_buf_bytes(&pem), certs, &n, why));
	same = n == 2 && bytes_equal(cry_cert_der(certs[0]), cry_cert_der(leaf)) &&
	    bytes_equal(cry_cert_der(certs[1]), cry_cert_der(root));
	cry_cert_free_all(certs, n);
	return same ? SN_OK : not_back(key, why);
}

enum sn_err
lay_collaterals_read_back(const struct lay_set *set, enum lay_dialect d, struct bytes file,
    struct sn_why *why)
{
	SN_CLEANUP(sn_json_free) yyjson_doc *doc = NULL;
	yyjson_val *col = NULL, *certs = NULL, *pck = NULL, *crls = NULL;

	SN_TRY(sn_json_parse(file, WHAT, false, &doc, why));
	SN_TRY(sn_json_obj(yyjson_doc_get_root(doc), "collaterals", &col, WHAT, why));
	SN_TRY(sn_json_obj(col, "certificates", &certs, WHAT, why));
	SN_TRY(sn_json_obj(certs, CHAIN_PCK, &pck, WHAT, why));
	SN_TRY(sn_json_obj(col, "pckcacrl", &crls, WHAT, why));
	SN_TRY(bodies_back(col, set, d, why));
	for (enum lay_ca ca = 0; ca < LAY_CAS; ca++) {
		SN_TRY(crl_back(crls, crl_keys[ca], set->crl[ca], why));
		SN_TRY(chain_back(pck, ca_keys[ca], set->ca[ca], set->root, why));
	}
	SN_TRY(crl_back(col, "rootcacrl", set->root_crl, why));
	SN_TRY(chain_back(certs, CHAIN_TCB, set->signing, set->root, why));
	return chain_back(certs, CHAIN_IDENTITY, set->signing, set->root, why);
}
