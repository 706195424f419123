/*
 * statement - statement.json taken apart and checked for form.
 *
 * Owns: the JSON tree and the arrays until bun_statement_done(). Only for
 * ceremony/bundle and its users on the verifying side. May include: base.
 * See docs/FORMAT-BUNDLE.md.
 */
#ifndef BUNDLE_STATEMENT_H
#define BUNDLE_STATEMENT_H

#include "appliance/base/json.h"
#include "ceremony/bundle/format.h"

struct bun_subject {
	const char *path;
	uint8_t sha256[32];
};
struct bun_stated_approver {
	const char *name;
	uint8_t key_sha256[32];
};
struct bun_stated_expiry {
	const char *what;
	int64_t at;
};

/* Claims: nothing here is verified but its form. Strings live in doc. */
struct bun_statement {
	yyjson_doc *doc;
	struct bun_subject *subject; /* in byte order of the path */
	size_t nsubjects;
	int64_t time, collateral_time, earliest_expiry;
	bool has_collateral_time, has_previous;
	const char *exception; /* reason of an expired-collateral exception, or NULL */
	bool reduced;	       /* separation: two people held every role */
	const char *world, *mode, *evidence_class, *sanctum_name;
	uint32_t sequence;
	uint8_t previous[32], plan_sha256[32], identity_sha256[32], sanctum_id[16];
	uint8_t base_sha256[32]; /* an operations statement's: the bundle that it adds to */
	uint32_t approvals, ops_threshold, share_threshold, share_count;
	struct bun_stated_approver approver[BUN_MAX_APPROVERS];
	size_t napprovers;
	struct bun_stated_expiry *expiry;
	size_t nexpiries;
	size_t npeople, nprofiles;
	yyjson_val *profiles; /* names */
	uint32_t transcript_size;
	uint8_t transcript_root[32];
};

/* SN_E_FORMAT, SN_E_LIMIT. text must outlive *ret no longer than this call. */
SN_MUST_USE enum sn_err bun_statement_parse(struct bytes text, struct bun_statement *ret,
    struct sn_why *why);
/* The same of one kind; another kind is SN_E_FORMAT. The above is of BUN_KIND_BUNDLE. */
SN_MUST_USE enum sn_err bun_statement_parse_kind(enum bun_kind kind, struct bytes text,
    struct bun_statement *ret, struct sn_why *why);
void bun_statement_done(struct bun_statement *s); /* NULL-safe, idempotent */

/* The subject with that path, or NULL. */
const struct bun_subject *bun_statement_subject(const struct bun_statement *s,
    const char *path);
const struct bun_stated_approver *bun_statement_approver(const struct bun_statement *s,
    const char *name);

#endif
