/*
 * writer - puts a bundle together in the closing order and in no other.
 *
 * Owns: every file's bytes until bun_free(). May include: base, crypto, keys,
 * transcript, firmware-cache/store. The node side does not link it. Paths,
 * exempt files and the statement: docs/FORMAT-BUNDLE.md.
 *
 * Order, kept by the object's own state (anything else is SN_E_BUNDLE):
 *   bun_add, bun_add_collateral ... -> bun_seal -> bun_add_approval (K distinct)
 *   -> bun_set_cms -> bun_set_quote -> bun_count/bun_file/bun_write
 */
#ifndef BUNDLE_WRITER_H
#define BUNDLE_WRITER_H

#include "ceremony/bundle/file.h"

struct col_verified;
struct col_carried;
struct bun; /* opaque */

SN_MUST_USE enum sn_err bun_new(struct bun **ret, struct sn_why *why);
void bun_free(struct bun **bp); /* NULL-safe, idempotent */

/*
 * Add a bound file; the bytes are copied. Refused: paths that are not
 * sn_path_ok(), doubles (also in another case), names that only the writer makes
 * (statement.*, SHA256SUMS, VERIFY.txt), exempt places, collateral/original/ and
 * collateral/carried/.
 */
SN_MUST_USE enum sn_err bun_add(struct bun *b, const char *path, struct bytes data,
    struct sn_why *why);
/* A verified vendor item goes to collateral/original/<its path>; nothing else can. */
SN_MUST_USE enum sn_err bun_add_collateral(struct bun *b, const struct col_verified *item,
    struct sn_why *why);
/* One that nothing here can verify goes to collateral/carried/<its path>, and nowhere else. */
SN_MUST_USE enum sn_err bun_add_carried(struct bun *b, const struct col_carried *item,
    struct sn_why *why);
/* transcript/openings.jsonl: not bound, may be withheld for redaction. */
SN_MUST_USE enum sn_err bun_set_openings(struct bun *b, struct bytes openings,
    struct sn_why *why);

struct bun_approver {
	const char *name;
	uint8_t key_sha256[32]; /* of the signing key's DER SPKI; trust/approvers/<name>.pem */
};
struct bun_person {
	const char *role;
	uint8_t commit[32]; /* tr_commit() of the full name */
};
struct bun_expiry {
	const char *what; /* "operations certificate", "collateral intel/tcb-info" */
	int64_t at;
};

/* What the statement says. Strings and arrays are the caller's. */
struct bun_predicate {
	int64_t time;	   /* ceremony time of the statement */
	const char *world; /* "production", "rehearsal" */
	const char *mode;  /* "genesis", "rebuild", "rotate"; "refresh", "amend" */
	uint32_t sequence;
	const uint8_t *previous; /* SHA-256 of the previous statement, or NULL */
	/* An operations statement: SHA-256 of the bundle's statement, or NULL; sequence and
	 * previous are then those of operations statements. */
	const uint8_t *base_sha256;
	uint8_t plan_sha256[32];
	uint8_t identity_sha256[32]; /* the identity digest */
	uint8_t sanctum_id[16];
	const char *sanctum_name;
	uint32_t approvals;		       /* K */
	uint32_t share_threshold, share_count; /* M of N */
	uint32_t ops_threshold;
	const struct bun_approver *approvers;
	size_t napprovers;
	const struct bun_person *people;
	size_t npeople;
	const char *const *profiles; /* "trustee-0.21" */
	size_t nprofiles;
	const char *evidence_class; /* "vendor", "pinned", "software" */
	bool has_collateral_time;
	int64_t collateral_time;
	bool reduced;	       /* separation: a team of two */
	const char *exception; /* the reason of an expired-collateral exception, or NULL */
	const struct bun_expiry *expires; /* at least one */
	size_t nexpires;
	uint64_t transcript_size;
	uint8_t transcript_root[32];
};

/*
 * Close the bundle: adds VERIFY.txt and SHA256SUMS, makes statement.json over
 * every bound file. Afterwards no bound file can be added.
 */
SN_MUST_USE enum sn_err bun_seal(struct bun *b, const struct bun_predicate *p,
    struct sn_why *why);
struct bytes bun_statement(const struct bun *b); /* empty before bun_seal */
/* SHA-256 of statement.json: the quote's qualifying data. */
SN_MUST_USE enum sn_err bun_statement_sha256(const struct bun *b, uint8_t ret[32],
    struct sn_why *why);

/* A DER ECDSA P-384/SHA-384 signature over statement.json, checked here against
 * trust/approvers/<name>.pem and the statement's list. */
SN_MUST_USE enum sn_err bun_add_approval(struct bun *b, const char *name, struct bytes sig,
    struct sn_why *why);
SN_MUST_USE enum sn_err bun_set_cms(struct bun *b, struct bytes p384, struct bytes mldsa,
    struct sn_why *why);
SN_MUST_USE enum sn_err bun_set_quote(struct bun *b, struct bytes msg, struct bytes sig,
    struct bytes pcr, struct sn_why *why);

/*
 * An operations statement: what is added goes to ops/<n>/, and the bundle that it is for is
 * carried along. Then in the order above; bun_seal() wants base_sha256. What its mode may
 * add is for the verifier to judge.
 */
SN_MUST_USE enum sn_err bun_new_ops(uint32_t n, struct bun **ret, struct sn_why *why);
/* A file of the bundle as it was, by its path there; any but one below ops/<n>/. */
SN_MUST_USE enum sn_err bun_carry(struct bun *b, const char *path, struct bytes data,
    struct sn_why *why);
/* An approver in force, with the signing key as PEM: only they can approve the statement. */
SN_MUST_USE enum sn_err bun_ops_approver(struct bun *b, const char *name, struct bytes pem,
    struct sn_why *why);
/*
 * Instead of all that: a finished bundle as it was written earlier, file by file, then
 * bun_adopted(), which returns the SHA-256 of its statement. Whoever exports it judges it.
 */
SN_MUST_USE enum sn_err bun_adopt(struct bun *b, const char *path, struct bytes data,
    struct sn_why *why);
SN_MUST_USE enum sn_err bun_adopted(struct bun *b, uint8_t ret_statement_sha256[32],
    struct sn_why *why);

/* The whole bundle, in byte order of the paths. SN_E_BUNDLE before the quote. */
size_t bun_count(const struct bun *b); /* 0 before the quote */
struct bun_file bun_file(const struct bun *b, size_t i);
/* Below an existing, empty directory. */
SN_MUST_USE enum sn_err bun_write(const struct bun *b, int dirfd, struct sn_why *why);

#endif
