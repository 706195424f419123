/*
 * judge - the verifier's own header: one bundle under judgement, and the checks
 * that verify.c calls in order.
 *
 * Owns: everything in struct bun_case until verify.c frees it. Only for
 * ceremony/bundle. May include: base, crypto, attest, measure, keys, transcript.
 */
#ifndef BUNDLE_JUDGE_H
#define BUNDLE_JUDGE_H

#include "appliance/attest/attest.h"
#include "appliance/crypto/cms.h"
#include "ceremony/bundle/load.h"
#include "ceremony/bundle/statement.h"
#include "ceremony/bundle/verify.h"
#include "ceremony/keys/identity.h"
#include "ceremony/transcript/transcript.h"

#define BUN_PCR_TRANSCRIPT 15

enum bun_signer { BUN_SIGNER_P384, BUN_SIGNER_MLDSA, BUN_SIGNERS };

struct bun_case {
	enum bun_kind kind;
	uint32_t number;	     /* of the operations statement; 0: the bundle itself */
	const struct bun_case *base; /* the bundle; itself when this is it */
	/* whose statement and folder name the approvers that count for this one */
	const struct bun_case *approving;
	const struct bun_policy *policy;
	struct bun_report *report;
	struct bun_dir dir;
	struct bytes text; /* statement.json */
	struct bun_statement st;
	struct cry_cert *root_p384, *root_mldsa;
	struct cry_cert *signer[BUN_SIGNERS]; /* out of the two CMS */
	/* the first end of all certificates in trust/, and whose it is */
	int64_t certs_until;
	const char *certs_until_what;
	struct tr_read *transcript;
	struct att_ak ak;	/* that signed the quote; key NULL before it was checked */
	struct att_clock clock; /* of the quote */
	struct bun_case *ops;	/* the bundle's operations statements, in order */
	uint32_t nops;
};
void bun_case_done(struct bun_case *c); /* all but roots that are the base's */

/* One check of a case, and what its failure is, given where its input comes from. */
struct bun_check {
	enum sn_err (*run)(struct bun_case *c, struct sn_why *why);
	enum sn_err (*as)(enum sn_err e, struct sn_why *why);
};
SN_MUST_USE enum sn_err bun_run_checks(struct bun_case *c, const struct bun_check *checks,
    size_t n, struct sn_why *why);

/* A line for the report; cut to its width, dropped when there are too many. */
void bun_note(struct bun_case *c, const char *fmt, ...) SN_PRINTF(2, 3);

/* A failed check of something that only a signature can vouch for is a bad
 * signature, whatever the reason. Missing files, memory and reading stay what they are. */
enum sn_err bun_as_signature(enum sn_err e, struct sn_why *why);
/* Of bound files' contents: the form stays a matter of form. */
enum sn_err bun_as_bound(enum sn_err e, struct sn_why *why);

/* verify_files.c */
SN_MUST_USE enum sn_err bun_check_load(struct bun_case *c, const struct bun_source *source,
    struct sn_why *why);
SN_MUST_USE enum sn_err bun_check_listed(struct bun_case *c, struct sn_why *why);
SN_MUST_USE enum sn_err bun_check_digests(struct bun_case *c, struct sn_why *why);
SN_MUST_USE enum sn_err bun_check_sums(struct bun_case *c, struct sn_why *why);
SN_MUST_USE enum sn_err bun_check_collateral(struct bun_case *c, struct sn_why *why);

/* verify_sign.c */
SN_MUST_USE enum sn_err bun_check_roots(struct bun_case *c, struct sn_why *why);
SN_MUST_USE enum sn_err bun_check_cms(struct bun_case *c, struct sn_why *why);
SN_MUST_USE enum sn_err bun_check_approvals(struct bun_case *c, struct sn_why *why);
/* trust/approvers/NAME.pem of c, which must be the key that its statement names. */
SN_MUST_USE enum sn_err bun_approver_key(const struct bun_case *c,
    const struct bun_stated_approver *a, struct cry_key **ret, struct sn_why *why);

/* verify_policy.c: what policy/ and nodes/ say was agreed to. */
SN_MUST_USE enum sn_err bun_check_policy(struct bun_case *c, struct sn_why *why);

/* verify_trust.c */
SN_MUST_USE enum sn_err bun_check_trust(struct bun_case *c, struct sn_why *why);

/* verify_crl.c: the lists in trust/crl/, and those of the policy; cert is all of trust/. */
SN_MUST_USE enum sn_err bun_check_lists(struct bun_case *c, const struct identity *id,
    struct cry_cert *const cert[KEY_COUNT], struct sn_why *why);
SN_MUST_USE enum sn_err bun_check_revoked(struct bun_case *c,
    struct cry_cert *const cert[KEY_COUNT], struct sn_why *why);

/* verify_ops.c: every ops/N/ of the bundle, once all else is checked. */
SN_MUST_USE enum sn_err bun_check_operations(struct bun_case *c,
    const struct bun_source *source, struct sn_why *why);
/* Which statement's collateral counts: that of the newest refresh, or the bundle's own. */
const struct bun_case *bun_collateral_of(const struct bun_case *c);

/* verify_evidence.c */
SN_MUST_USE enum sn_err bun_check_transcript(struct bun_case *c, struct sn_why *why);
SN_MUST_USE enum sn_err bun_check_quote(struct bun_case *c, struct sn_why *why);
SN_MUST_USE enum sn_err bun_check_audit(struct bun_case *c, struct sn_why *why);

/* verify_boot.c: what the registers hold, explained by the log; compared with an image. */
SN_MUST_USE enum sn_err bun_check_boot(struct bun_case *c, struct sn_why *why);
SN_MUST_USE enum sn_err bun_check_measured(const struct bun_case *c, struct sn_why *why);

/* verify_tpm.c: which TPM it was: its description, creation of its key, counter. */
SN_MUST_USE enum sn_err bun_check_tpm(struct bun_case *c, struct sn_why *why);

/* verify_class.c: the endorsement key's chain; for the policy, class, plans and counters. */
SN_MUST_USE enum sn_err bun_check_chain(struct bun_case *c, struct sn_why *why);
SN_MUST_USE enum sn_err bun_check_class(const struct bun_case *c, struct sn_why *why);
SN_MUST_USE enum sn_err bun_check_plans(const struct bun_case *c, struct sn_why *why);
/* newest: no later statement is there, so that it is held to --min-counter. */
SN_MUST_USE enum sn_err bun_check_counter(const struct bun_case *c, bool newest,
    struct sn_why *why);

/* The argument of the last record with that id, or NULL. */
yyjson_val *bun_last_said(const struct bun_case *c, const char *id, const char *arg);

/* verify_replay.c: tells all digests of the statement that the policy asks about; its facts. */
SN_MUST_USE enum sn_err bun_replay_facts(const struct bun_case *c, struct sn_why *why);

/* A machine's TPM by a record tpm.opened, not a program; what is not said is a device. */
bool bun_tpm_is_device(const struct bun_case *c, yyjson_val *backend);

/* verify_story.c: what the transcript says happened is what the statement says. */
SN_MUST_USE enum sn_err bun_check_story(struct bun_case *c, struct sn_why *why);

/* verify_cosign.c: every witness of the policy has signed the checkpoint. */
SN_MUST_USE enum sn_err bun_check_cosignatures(struct bun_case *c,
    const struct bun_source *source, struct sn_why *why);

/* verify_halts.c: nobody ended the ceremony, and two let it go on after every pause. */
SN_MUST_USE enum sn_err bun_check_halts(struct bun_case *c, struct sn_why *why);

/* state.c: the mark of the highest sequence accepted so far, one file per identity. */
SN_MUST_USE enum sn_err bun_state_check(const struct bun_case *c, struct sn_why *why);
SN_MUST_USE enum sn_err bun_state_raise(const struct bun_case *c, struct sn_why *why);

#endif
