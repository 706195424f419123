/*
 * format - what writer and verifier of a bundle agree on: limits, which file
 * belongs where, the statement's words, public keys as files.
 *
 * Owns: nothing between calls. Only for ceremony/bundle. May include: base,
 * crypto. See docs/FORMAT-BUNDLE.md.
 */
#ifndef BUNDLE_FORMAT_H
#define BUNDLE_FORMAT_H

#include "appliance/crypto/key.h"

#define BUN_MAX_FILES 4096
#define BUN_MAX_FILE (16U << 20)
#define BUN_MAX_TOTAL (256U << 20)
#define BUN_MAX_STATEMENT (1U << 20)
#define BUN_MAX_APPROVERS 16
#define BUN_MAX_PEOPLE 64
#define BUN_MAX_PROFILES 32
#define BUN_MAX_EXPIRES 1024
#define BUN_MAX_TEXT 200 /* bytes of a text in the predicate */

#define BUN_STATEMENT "statement.json"
#define BUN_CMS_P384 "statement.p384.p7s"
#define BUN_CMS_MLDSA "statement.mldsa87.p7s"
#define BUN_SUMS "SHA256SUMS"
#define BUN_VERIFY_TXT "VERIFY.txt"
#define BUN_IDENTITY "trust/identity.json"
#define BUN_ROOT_P384 "trust/root-p384.pem"
#define BUN_ROOT_MLDSA "trust/root-mldsa87.pem"
#define BUN_TOKEN_CHAIN "trust/token-chain.pem"
#define BUN_LOG_KEY "trust/log.pem"
#define BUN_RECORDS "transcript/records.jsonl"
#define BUN_CHECKPOINT "transcript/checkpoint"
#define BUN_OPENINGS "transcript/openings.jsonl"
#define BUN_QUOTE_MSG "evidence/quote.msg"
#define BUN_QUOTE_SIG "evidence/quote.sig"
#define BUN_QUOTE_PCR "evidence/quote.pcr"
#define BUN_AK "evidence/ak.pem"
#define BUN_AK_PUB "evidence/ak.pub"
#define BUN_EK_PUB "evidence/ek.pub"
#define BUN_EVENTLOG "evidence/eventlog"
#define BUN_TPM_JSON "evidence/tpm.json"
#define BUN_CREATION_MSG "evidence/creation.msg"
#define BUN_CREATION_SIG "evidence/creation.sig"
#define BUN_CREATION_DATA "evidence/creation.data"
#define BUN_EK_CERT "evidence/ekcert.der"    /* when there is one */
#define BUN_EK_CHAIN "evidence/ek-chain.pem" /* when it was verified */
#define BUN_SEED_AK "evidence/seed-ak.pem"   /* there after a cut */
#define BUN_SEED_AK_PUB "evidence/seed-ak.pub"
#define BUN_ORIGINALS "collateral/original/"
#define BUN_CARRIED "collateral/carried/"
#define BUN_STATUS "collateral/status.json"

#define BUN_EXPIRED_COLLATERAL "expired-collateral" /* the one exception there is */

#define BUN_TYPE "https://in-toto.io/Statement/v1"
#define BUN_PREDICATE_TYPE "urn:cornerstone:statement:1"
#define BUN_OPS_PREDICATE_TYPE "urn:cornerstone:operations:1"
#define BUN_OPS "ops/"
#define BUN_OPS_MAX 999 /* operations statements of one bundle */
#define BUN_OPS_REFRESH "refresh"
#define BUN_APPROVERS "trust/approvers/"
#define BUN_COSIGNATURES "transcript/cosignatures/"

/* What a statement is of: a whole bundle, or what ops/<n>/ adds to one. */
enum bun_kind { BUN_KIND_BUNDLE, BUN_KIND_OPS };

/* How the statement treats a path. */
enum bun_class {
	BUN_BOUND,     /* a subject of the statement */
	BUN_SIGNED,    /* the statement itself and its two signatures */
	BUN_APPROVAL,  /* approvals/<name>.sig */
	BUN_QUOTE,     /* made over the statement */
	BUN_OPENING,   /* may be withheld */
	BUN_UNCOVERED, /* later events; other signatures cover them */
};
enum bun_class bun_class_of(const char *path);
/* "approvals/alice.sig" -> "alice" when the name is one; else false. */
bool bun_approver_of(const char *path, char ret[17]);

/* Files without which a statement of that kind cannot be judged. NULL past the end. */
const char *bun_required(enum bun_kind kind, size_t i);
/* The number N of a path "ops/N/...", 1 to BUN_OPS_MAX; 0 when it is no such path. */
uint32_t bun_ops_of(const char *path);
/* May an operations statement of that mode bind this path (within ops/<n>/)? */
bool bun_ops_scope(const char *mode, const char *path);

bool bun_world_ok(const char *s);
bool bun_mode_ok(const char *s);
bool bun_ops_mode_ok(const char *s);
bool bun_evidence_ok(const char *s);
bool bun_text_ok(const char *s); /* printable, not empty, at most BUN_MAX_TEXT */

/* One PEM "PUBLIC KEY" exactly as cry_key_pem() writes it, and nothing else. */
SN_MUST_USE enum sn_err bun_key_parse(struct bytes pem, const char *what, struct cry_key **ret,
    struct sn_why *why);
SN_MUST_USE enum sn_err bun_key_sha256(const struct cry_key *k, uint8_t ret[32],
    struct sn_why *why);

#endif
