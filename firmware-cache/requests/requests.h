/*
 * requests - what to fetch, from where, under which name: the request list.
 *
 * Owns: nothing between calls. May include: base, crypto, firmware-cache/{amd,intel}. What
 * comes in was written by other machines: no name in it becomes a path unless it is checked.
 * See docs/FORMAT-REQUESTS.md.
 */
#ifndef REQ_REQUESTS_H
#define REQ_REQUESTS_H

#include <yyjson.h>

#include "appliance/base/bytes.h"
#include "firmware-cache/amd/amd.h"

#define REQ_LIST_MAX 100000U	  /* requests in one list */
#define REQ_BYTES_MAX (64U << 20) /* of requests.jsonl */
#define REQ_URL_MAX 2048
#define REQ_FILE_MAX 255
#define REQ_BODY_MAX (108U << 10) /* of what is sent: a platform manifest in hex */
#define REQ_REPLY_MAX (1U << 20)
#define REQ_KIND_MAX 31

/* One request. In a list the strings are the list's. */
struct req {
	const char *kind; /* what is asked for: "intel-tcb-info", as in status.json */
	const char *url;  /* https, at one of the vendors' hosts */
	const char *file; /* where the reply goes; passes sn_path_ok() */
	const char *body; /* JSON to send by POST; NULL for a GET */
	uint32_t max;	  /* bytes of a reply, at most */
	bool key;	  /* needs Intel's subscription key */
	bool optional;	  /* may well not exist: no failure when it does not */
	char *block;	  /* the list's own: where its strings lie */
};

struct req_list {
	struct req *v; /* after req_list_finish() in byte order of url, then body */
	size_t n, cap;
};

void req_list_done(struct req_list *l); /* frees, NULL-safe, idempotent */
/* Copy a request into the list. SN_E_FORMAT when it is not one, SN_E_LIMIT. */
SN_MUST_USE enum sn_err req_list_add(struct req_list *l, const struct req *r,
    struct sn_why *why);
/* Sort; the same request twice becomes one, and so do two with one file: the first in
 * order stays. *ret_dropped, when not NULL, counts only the latter. */
SN_MUST_USE enum sn_err req_list_finish(struct req_list *l, size_t *ret_dropped,
    struct sn_why *why);

/* requests.jsonl, and what of it anybody can fetch with nothing but an address: urls.txt. */
SN_MUST_USE enum sn_err req_list_write(const struct req_list *l, struct sn_buf *ret,
    struct sn_why *why);
SN_MUST_USE enum sn_err req_list_urls(const struct req_list *l, struct sn_buf *ret,
    struct sn_why *why);
/* Read requests.jsonl, strictly: only what req_list_write() writes. The caller owns ret. */
SN_MUST_USE enum sn_err req_list_parse(struct bytes text, const char *what,
    struct req_list *ret, struct sn_why *why);

/* The host of an address at one of the vendors, or SN_E_POLICY; a view into url. */
SN_MUST_USE enum sn_err req_url_host(const char *url, struct bytes *ret, bool *ret_key_allowed,
    struct sn_why *why);

/* ---- what is wanted */

#define REQ_FMSPC_LEN 6
#define REQ_FMSPCS_MAX 256U
#define REQ_PLATFORMS_MAX 10000U /* in one file */
#define REQ_QE_ID_MAX 260
#define REQ_ENC_PPID_LEN 384
#define REQ_MANIFEST_MAX 53000

enum req_channel { REQ_STANDARD = 1, REQ_EARLY = 2 }; /* of Intel's updates; a set */

/* What is known of the wish before the inputs are read, and what they came to. */
struct req_wants {
	struct req_list *list; /* requests go here; the caller's */
	/* set by the caller */
	unsigned int channels; /* set of enum req_channel */
	uint32_t evaluation;   /* and this TCB evaluation data number; 0: none */
	struct amd_tcb next[AMD_PRODUCT_COUNT]; /* firmware to come */
	bool has_next[AMD_PRODUCT_COUNT];
	enum amd_product product; /* of reports that do not say theirs; or AMD_PRODUCT_COUNT */
	/* added to by the inputs; the caller may add, too */
	uint8_t fmspc[REQ_FMSPCS_MAX][REQ_FMSPC_LEN];
	size_t nfmspc;
	bool intel, amd[AMD_PRODUCT_COUNT], vlek[AMD_PRODUCT_COUNT];
	size_t no_ppid;	 /* Intel platforms without what their certificates are asked for by */
	size_t no_level; /* AMD nodes of a plan for whom no firmware level is known */
};

/* Remember an FMSPC, once. SN_E_LIMIT. */
SN_MUST_USE enum sn_err req_fmspc(struct req_wants *w, const uint8_t fmspc[REQ_FMSPC_LEN],
    struct sn_why *why);

/* pckid_retrieval.csv, as Intel's PCK id retrieval tool writes it: 5 or 6 fields of hex. */
SN_MUST_USE enum sn_err req_pckid_csv(struct req_wants *w, struct bytes text, const char *what,
    struct sn_why *why);
/* platform_list.json, as pcsclient and pccsadmin write it. */
SN_MUST_USE enum sn_err req_platform_list(struct req_wants *w, struct bytes text,
    const char *what, struct sn_why *why);
/* A ceremony's plan: its nodes, and the least firmware that it accepts. */
SN_MUST_USE enum sn_err req_plan(struct req_wants *w, struct bytes text, const char *what,
    struct sn_why *why);
/* An SNP report: its chip at the reported level, and at committed and current where they
 * differ. SN_E_MISSING when it names no chip or no product. */
SN_MUST_USE enum sn_err req_report(struct req_wants *w, struct bytes report, const char *what,
    struct sn_why *why);
/* Addresses of VCEKs, one a line, as snphost and snpguest show them: chip and level. */
SN_MUST_USE enum sn_err req_vcek_urls(struct req_wants *w, struct bytes text, const char *what,
    struct sn_why *why);
/* The headers of an earlier reply: only their SGX-FMSPC, if there is one, counts. */
SN_MUST_USE enum sn_err req_headers(struct req_wants *w, struct bytes text, const char *what,
    struct sn_why *why);
/* The reply to a request for PCK certificates: their FMSPC. Nothing is verified here. */
SN_MUST_USE enum sn_err req_pck_set(struct req_wants *w, struct bytes json, const char *what,
    struct sn_why *why);
/* Any of these, or a PCK certificate, told by its content. SN_E_FORMAT when it is none. */
SN_MUST_USE enum sn_err req_input(struct req_wants *w, struct bytes b, const char *what,
    struct sn_why *why);

/* Last: what all of them need, and a chip does not: chains, CRLs, TCB information. */
SN_MUST_USE enum sn_err req_common(struct req_wants *w, struct sn_why *why);

/* The least firmware that a plan accepts, by product: its "tcb" member's "amd". */
struct req_least {
	bool has[AMD_PRODUCT_COUNT];
	struct amd_tcb tcb[AMD_PRODUCT_COUNT];
};
/* Read it from the plan's root; a product that is not there has none. SN_E_FORMAT. */
SN_MUST_USE enum sn_err req_plan_least(yyjson_val *root, const char *what,
    struct req_least *ret, struct sn_why *why);

#endif
