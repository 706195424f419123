#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "appliance/base/json.h"
#include "appliance/base/text.h"
#include "firmware-cache/requests/priv.h"

#define CHAIN_MAX (64U << 10)
#define HEADER_FMSPC "sgx-fmspc:"

/* What Intel platforms share; %s is the channel: as Intel's service wants it, and its name. */
static const struct {
	const char *kind, *url, *file;
	bool channels;
} intel_items[] = {
	{ "intel-root-crl", REQ_INTEL_FILES "IntelSGXRootCA.der", "intel/IntelSGXRootCA.der",
	    false },
	{ "intel-pck-crl", REQ_INTEL "sgx/certification/v4/pckcrl?ca=platform&encoding=der",
	    "intel/pckcrl_platform.der", false },
	{ "intel-pck-crl", REQ_INTEL "sgx/certification/v4/pckcrl?ca=processor&encoding=der",
	    "intel/pckcrl_processor.der", false },
	{ "intel-evaluation", REQ_INTEL "sgx/certification/v4/tcbevaluationdatanumbers",
	    "intel/tcbevaluationdatanumbers_sgx.json", false },
	{ "intel-evaluation", REQ_INTEL "tdx/certification/v4/tcbevaluationdatanumbers",
	    "intel/tcbevaluationdatanumbers_tdx.json", false },
	{ "intel-identity", REQ_INTEL "sgx/certification/v4/qe/identity?%s",
	    "intel/qe_identity_%s.json", true },
	{ "intel-identity", REQ_INTEL "sgx/certification/v4/qve/identity?%s",
	    "intel/qve_identity_%s.json", true },
	{ "intel-identity", REQ_INTEL "tdx/certification/v4/qe/identity?%s",
	    "intel/td_qe_identity_%s.json", true },
};

struct channel {
	char query[48], name[24];
};
#define CHANNELS_MAX 3

/* ---- Intel */

/* form with its %s, if it has one, replaced. */
static void
put_form(struct sn_buf *b, const char *form, const char *word)
{
	const char *mark = strstr(form, "%s");

	if (mark == NULL) {
		sn_buf_str(b, form);
		return;
	}
	sn_buf_put(b, (struct bytes){ (const uint8_t *)form, (size_t)(mark - form) });
	sn_buf_str(b, word);
	sn_buf_str(b, mark + strlen("%s"));
}

static enum sn_err
add_item(struct req_wants *w, size_t i, const struct channel *c, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf url = { 0 }, file = { 0 };
	struct req r = { .kind = intel_items[i].kind, .max = REQ_REPLY_MAX };

	put_form(&url, intel_items[i].url, c->query);
	put_form(&file, intel_items[i].file, c->name);
	SN_TRY(sn_buf_check(&url, why));
	SN_TRY(sn_buf_check(&file, why));
	r.url = sn_buf_cstr(&url);
	r.file = sn_buf_cstr(&file);
	return req_list_add(w->list, &r, why);
}

/* In upper case: Intel signs an FMSPC as it was asked for, and Trustee's file back end
 * writes it anew in upper case. */
static enum sn_err
add_tcb_info(struct req_wants *w, const uint8_t fmspc[REQ_FMSPC_LEN], const struct channel *c,
    struct sn_why *why)
{
	static const char *const tees[] = { "sgx", "tdx" };

	for (size_t i = 0; i < SN_NITEMS(tees); i++) {
		SN_CLEANUP(sn_buf_done) struct sn_buf url = { 0 }, file = { 0 };
		/* not every processor can do TDX */
		struct req r = {
			.kind = "intel-tcb-info", .max = REQ_REPLY_MAX, .optional = i > 0
		};
		char hex[2 * REQ_FMSPC_LEN + 1];

		for (size_t k = 0; k < REQ_FMSPC_LEN; k++)
			snprintf(hex + 2 * k, 3, "%02X", fmspc[k]);
		sn_buf_fmt(&url, REQ_INTEL "%s/certification/v4/tcb?fmspc=%s&%s", tees[i], hex,
		    c->query);
		sn_buf_fmt(&file, "intel/tcb_%s_%s_%s.json", tees[i], hex, c->name);
		SN_TRY(sn_buf_check(&url, why));
		SN_TRY(sn_buf_check(&file, why));
		r.url = sn_buf_cstr(&url);
		r.file = sn_buf_cstr(&file);
		SN_TRY(req_list_add(w->list, &r, why));
	}
	return SN_OK;
}

/* Intel serves what is current for everybody, what will be, or one evaluation by its number. */
static size_t
channels_of(const struct req_wants *w, struct channel ret[CHANNELS_MAX])
{
	static const struct {
		enum req_channel bit;
		const char *name;
	} updates[] = { { REQ_STANDARD, "standard" }, { REQ_EARLY, "early" } };
	size_t n = 0;

	for (size_t i = 0; i < SN_NITEMS(updates); i++) {
		if ((w->channels & updates[i].bit) == 0)
			continue;
		snprintf(ret[n].query, sizeof(ret[n].query), "update=%s", updates[i].name);
		snprintf(ret[n++].name, sizeof(ret[0].name), "%s", updates[i].name);
	}
	if (w->evaluation != 0) {
		snprintf(ret[n].query, sizeof(ret[n].query), "tcbEvaluationDataNumber=%u",
		    w->evaluation);
		snprintf(ret[n++].name, sizeof(ret[0].name), "number-%u", w->evaluation);
	}
	return n;
}

static enum sn_err
add_intel(struct req_wants *w, struct sn_why *why)
{
	static const struct channel none;
	struct channel channels[CHANNELS_MAX] = { 0 };
	size_t n = channels_of(w, channels);

	for (size_t i = 0; i < SN_NITEMS(intel_items); i++) {
		if (!intel_items[i].channels)
			SN_TRY(add_item(w, i, &none, why));
		for (size_t c = 0; intel_items[i].channels && c < n; c++)
			SN_TRY(add_item(w, i, &channels[c], why));
	}
	for (size_t i = 0; i < w->nfmspc; i++)
		for (size_t c = 0; c < n; c++)
			SN_TRY(add_tcb_info(w, w->fmspc[i], &channels[c], why));
	return SN_OK;
}

enum sn_err
req_fmspc(struct req_wants *w, const uint8_t fmspc[REQ_FMSPC_LEN], struct sn_why *why)
{
	w->intel = true;
	for (size_t i = 0; i < w->nfmspc; i++)
		if (memcmp(w->fmspc[i], fmspc, REQ_FMSPC_LEN) == 0)
			return SN_OK;
	if (w->nfmspc == REQ_FMSPCS_MAX)
		return sn_fail(why, SN_E_LIMIT, "more than %u FMSPCs", REQ_FMSPCS_MAX);
	memcpy(w->fmspc[w->nfmspc++], fmspc, REQ_FMSPC_LEN);
	return SN_OK;
}

/* ---- AMD */

/* Both kinds of key have a chain and a CRL of their own, at addresses alike. */
static enum sn_err
add_product(struct req_wants *w, const char *key, const char *product, struct sn_why *why)
{
	static const struct {
		const char *kind, *url, *file;
		uint32_t max;
	} items[] = {
		{ "amd-chain", "cert_chain", "cert_chain.pem", CHAIN_MAX },
		{ "amd-crl", "crl", "crl.der", REQ_REPLY_MAX },
	};

	for (size_t i = 0; i < SN_NITEMS(items); i++) {
		struct req r = { .kind = items[i].kind, .max = items[i].max };
		char url[REQ_URL_MAX], file[REQ_FILE_MAX];

		snprintf(url, sizeof(url), REQ_AMD "%s/v1/%s/%s", key, product, items[i].url);
		snprintf(file, sizeof(file), "amd/%s/%s_%s", product, key, items[i].file);
		r.url = url;
		r.file = file;
		SN_TRY(req_list_add(w->list, &r, why));
	}
	return SN_OK;
}

enum sn_err
req_vcek(struct req_wants *w, enum amd_product p, struct bytes hwid, const struct amd_tcb *tcb,
    struct sn_why *why)
{
	struct req r = { .kind = "amd-vcek", .max = AMD_LEAF_MAX };
	char url[REQ_URL_MAX], file[REQ_FILE_MAX], hex[2 * AMD_HWID_MAX + 1];
	char fmc[16] = "", name[AMD_TCB_NAME_MAX];

	sn_hex(hwid, hex);
	if (tcb->has_fmc) /* first in the address, last in the name */
		snprintf(fmc, sizeof(fmc), "fmcSPL=%02u&", tcb->fmc);
	amd_tcb_name(tcb, name);
	snprintf(url, sizeof(url),
	    REQ_AMD "vcek/v1/%s/%s?%sblSPL=%02u&teeSPL=%02u&snpSPL=%02u&ucodeSPL=%02u",
	    amd_product_name(p), hex, fmc, tcb->bl, tcb->tee, tcb->snp, tcb->ucode);
	snprintf(file, sizeof(file), "amd/%s/vcek/%s/%s", amd_product_name(p), hex, name);
	r.url = url;
	r.file = file;
	return req_list_add(w->list, &r, why);
}

enum sn_err
req_common(struct req_wants *w, struct sn_why *why)
{
	for (enum amd_product p = AMD_MILAN; p < AMD_PRODUCT_COUNT; p++) {
		if (w->amd[p])
			SN_TRY(add_product(w, "vcek", amd_product_name(p), why));
		if (w->vlek[p])
			SN_TRY(add_product(w, "vlek", amd_product_name(p), why));
	}
	return w->intel ? add_intel(w, why) : SN_OK;
}

/* ---- the headers of an earlier reply */

static bool
starts(struct bytes line, const char *name)
{
	size_t n = strlen(name);

	return line.n >= n && strncasecmp((const char *)line.p, name, n) == 0;
}

enum sn_err
req_headers(struct req_wants *w, struct bytes text, const char *what, struct sn_why *why)
{
	while (text.n > 0) {
		const uint8_t *end = memchr(text.p, '\n', text.n);
		uint8_t fmspc[REQ_FMSPC_LEN];
		char hex[2 * REQ_FMSPC_LEN + 1];
		struct bytes line = { 0 };

		SN_TRY(bytes_take(&text, end != NULL ? (size_t)(end - text.p) + 1 : text.n,
		    &line, what, why));
		if (!starts(line, HEADER_FMSPC))
			continue;
		line.p += strlen(HEADER_FMSPC);
		line.n -= strlen(HEADER_FMSPC);
		while (line.n > 0 && (line.p[0] == ' ' || line.p[0] == '\t'))
			line = (struct bytes){ line.p + 1, line.n - 1 };
		while (line.n > 0 && line.p[line.n - 1] <= ' ')
			line.n--;
		snprintf(hex, sizeof(hex), "%.*s", (int)line.n, (const char *)line.p);
		if (line.n != strlen(hex))
			return sn_fail(why, SN_E_FORMAT, "%s: SGX-FMSPC is too long", what);
		SN_TRY(sn_hex_parse(hex, fmspc, sizeof(fmspc), what, why));
		SN_TRY(req_fmspc(w, fmspc, why));
	}
	return SN_OK;
}
