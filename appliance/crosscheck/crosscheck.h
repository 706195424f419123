/*
 * crosscheck - a second opinion about a bundle: GnuTLS reads and verifies what
 * OpenSSL made. One case is loaded once and goes through the checks in order.
 *
 * Owns: everything in struct xc until xc_done(). May include: base, gnutls. The
 * program never links OpenSSL. See docs/FORMAT-BUNDLE.md, docs/FORMAT-KEYS.md,
 * docs/FORMAT-TRANSCRIPT.md and docs/TPM.md. It judges at the statement's own time;
 * whether a bundle is still current, or good enough, is for `sanctum verify`.
 */
#ifndef CROSSCHECK_H
#define CROSSCHECK_H

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "appliance/base/json.h"

#define XC_MAX_FILES 4096
#define XC_MAX_FILE (16U << 20)
#define XC_MAX_TOTAL (256U << 20)
#define XC_MAX_STATEMENT (1U << 20)
#define XC_MAX_APPROVERS 16
#define XC_MAX_RECORDS 4096
#define XC_MAX_OPS 999

#define XC_STATEMENT "statement.json"
#define XC_CMS_P384 "statement.p384.p7s"
#define XC_CMS_MLDSA "statement.mldsa87.p7s"
#define XC_SUMS "SHA256SUMS"
#define XC_IDENTITY "trust/identity.json"
#define XC_LOG_KEY "trust/log.pem"
#define XC_RECORDS "transcript/records.jsonl"
#define XC_CHECKPOINT "transcript/checkpoint"
#define XC_OPENINGS "transcript/openings.jsonl"
#define XC_AK "evidence/ak.pem"
#define XC_SEED_AK "evidence/seed-ak.pem" /* there after a cut */
#define XC_QUOTE_MSG "evidence/quote.msg"
#define XC_QUOTE_SIG "evidence/quote.sig"
#define XC_QUOTE_PCR "evidence/quote.pcr"
#define XC_AUDIT_MSG "evidence/audit.msg"
#define XC_AUDIT_SIG "evidence/audit.sig"
#define XC_AUDIT_LIST "evidence/audit.list"
#define XC_AK_PUB "evidence/ak.pub"
#define XC_SEED_AK_PUB "evidence/seed-ak.pub"
#define XC_LOG_VKEY "trust/log.vkey"

struct xc_file {
	char *path;
	struct sn_buf data;
	uint8_t sha256[32];
	bool checked; /* what is in it was verified; see coverage.c */
};
struct xc_subject {
	const char *path;
	uint8_t sha256[32];
};
struct xc_approver {
	const char *name;
	uint8_t key_sha256[32];
};

/* What is used of statement.json; strings live in doc. */
struct xc_statement {
	yyjson_doc *doc;
	struct xc_subject *subject; /* in byte order of the path */
	size_t nsubjects;
	int64_t time, collateral_time; /* the same, unless the statement says otherwise */
	const char *world, *mode;
	char sanctum_id[33];
	uint8_t plan_sha256[32], identity_sha256[32], root[32];
	uint8_t previous[32], base_sha256[32]; /* zero when they are not there */
	uint32_t sequence, approvals, records;
	uint32_t operations, shares, shares_of; /* the other thresholds */
	struct xc_approver approver[XC_MAX_APPROVERS];
	size_t napprovers;
};

/* The certificates of docs/FORMAT-KEYS.md, in the order of identity.json. */
enum xc_cert_id {
	XC_ROOT_P384,
	XC_ROOT_MLDSA,
	XC_SIGNING_P384,
	XC_SIGNING_MLDSA,
	XC_STATEMENT_P384,
	XC_STATEMENT_MLDSA,
	XC_TOKEN_CA,
	XC_OPERATIONS_P384,
	XC_OPERATIONS_MLDSA,
	XC_TOKEN,
	XC_CERTS
};
struct xc_cert {
	gnutls_x509_crt_t crt;
	gnutls_datum_t der;
	struct bytes spki; /* inside der */
	const char *cn;	   /* from here on: its row of identity.json */
	uint32_t generation;
	int64_t from, to;
	uint8_t serial[20];
};

struct xc {
	uint32_t number; /* of an operations statement; 0: the bundle itself */
	const struct xc *base, *approving; /* the bundle; whose approvers count */
	struct xc *ops;			   /* the bundle's operations statements */
	uint32_t nops;
	bool has_identity, list_files;
	uint8_t identity[32]; /* from paper */
	struct xc_file *file; /* in byte order of the path */
	size_t n, cap, total;
	size_t uncovered; /* files that the statement does not cover: counted */
	size_t later;	  /* of these, files of later events: not read at all */
	struct xc_statement st;
	struct bytes text; /* statement.json */
	uint8_t text_sha256[32];
	yyjson_doc *card; /* identity.json */
	const char *organization;
	struct xc_cert cert[XC_CERTS];
	yyjson_doc **record; /* the transcript, a tree and a leaf hash per line */
	uint8_t (*leaf)[32];
	size_t nrecords;
	uint8_t boot[8]; /* resets and restarts of the first attestation of this boot */
	bool has_boot;
};

void xc_done(struct xc *c); /* NULL-safe, idempotent */

/* files.c */
SN_MUST_USE enum sn_err xc_load(struct xc *c, int dirfd, struct sn_why *why);
const struct xc_file *xc_find(const struct xc *c, const char *path);
SN_MUST_USE enum sn_err xc_get(const struct xc *c, const char *path, struct bytes *ret,
    struct sn_why *why);

/* A check has verified what is in this file. */
void xc_mark(const struct xc *c, const char *path);

/*
 * The checks: each may rely on those before it, and says in line what it has seen
 * (at most 58 columns with what main.c puts before it).
 */
SN_MUST_USE enum sn_err xc_check_statement(struct xc *c, struct sn_buf *line,
    struct sn_why *why);
SN_MUST_USE enum sn_err xc_check_files(struct xc *c, struct sn_buf *line, struct sn_why *why);
SN_MUST_USE enum sn_err xc_check_names(struct xc *c, struct sn_buf *line, struct sn_why *why);
SN_MUST_USE enum sn_err xc_check_identity(struct xc *c, struct sn_buf *line,
    struct sn_why *why);
SN_MUST_USE enum sn_err xc_check_chains(struct xc *c, struct sn_buf *line, struct sn_why *why);
SN_MUST_USE enum sn_err xc_check_twins(struct xc *c, struct sn_buf *line, struct sn_why *why);
SN_MUST_USE enum sn_err xc_check_lists(struct xc *c, struct sn_buf *line, struct sn_why *why);
SN_MUST_USE enum sn_err xc_check_cms_p384(struct xc *c, struct sn_buf *line,
    struct sn_why *why);
SN_MUST_USE enum sn_err xc_check_cms_mldsa(struct xc *c, struct sn_buf *line,
    struct sn_why *why);
SN_MUST_USE enum sn_err xc_check_approvals(struct xc *c, struct sn_buf *line,
    struct sn_why *why);
SN_MUST_USE enum sn_err xc_check_transcript(struct xc *c, struct sn_buf *line,
    struct sn_why *why);
SN_MUST_USE enum sn_err xc_check_openings(struct xc *c, struct sn_buf *line,
    struct sn_why *why);
/* The approvers' signatures over the plan, in the transcript. */
SN_MUST_USE enum sn_err xc_check_plan(struct xc *c, struct sn_buf *line, struct sn_why *why);
SN_MUST_USE enum sn_err xc_check_quote(struct xc *c, struct sn_buf *line, struct sn_why *why);
/* Whose keys these are: ak.pub is ak.pem; the EK is its certificate's, with its chain. */
SN_MUST_USE enum sn_err xc_check_keys(struct xc *c, struct sn_buf *line, struct sn_why *why);
SN_MUST_USE enum sn_err xc_check_creation(struct xc *c, struct sn_buf *line,
    struct sn_why *why);
SN_MUST_USE enum sn_err xc_check_counter(struct xc *c, struct sn_buf *line, struct sn_why *why);
/* Vendors' certificates, lists and signed data below the roots in the bundle; and copies. */
SN_MUST_USE enum sn_err xc_check_collateral(struct xc *c, struct sn_buf *line,
    struct sn_why *why);
/* Each ops/<n>/ in order; no line when there is none. */
SN_MUST_USE enum sn_err xc_check_operations(struct xc *c, struct sn_buf *line,
    struct sn_why *why);
SN_MUST_USE enum sn_err xc_check_audit(struct xc *c, struct sn_buf *line, struct sn_why *why);

/*
 * coverage.c: print what no check has seen, by kind of file, with the reason; with files, one
 * line a file ("path: checked", "path: not checked: ..."). Every file is in one of them.
 */
void xc_print_unchecked(const struct xc *c, bool files);

#endif
