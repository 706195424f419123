/*
 * keeper - the client of the keeper process, the only process that ever holds
 * the master secret and private keys.
 *
 * Owns: the child process until keeper_stop(). May include: base, crypto, keys.
 * Frames: docs/FORMAT-KEYS.md, section "The keeper". Every request is refused
 * with SN_E_PROTO outside the states in which it is allowed.
 */
#ifndef KEEPER_H
#define KEEPER_H

#include "appliance/base/secret.h"

struct keeper; /* opaque */

/* The keeper's side: `ceremony --role=keeper` calls this; returns an exit status. */
int keeper_process_main(void);

/*
 * Start it from the program file self with argv { self, "--role=keeper", NULL }.
 * seed_fd is the read end of the pipe on which the TPM process writes the seed
 * bytes; -1 for a rebuild. The caller closes its own copy afterwards.
 */
SN_MUST_USE enum sn_err keeper_start(const char *self, int seed_fd, struct keeper **ret,
    struct sn_why *why);
void keeper_stop(struct keeper **kp); /* wipes and ends the process; idempotent */

/* Load the plan (its bytes); the keeper parses it itself and pins the approvers. */
SN_MUST_USE enum sn_err keeper_plan(struct keeper *k, struct bytes plan, struct sn_why *why);

/*
 * Approve with an approver's key: file is the approver.key from the stick. kind
 * PLAN signs the plan's digest, kind STATEMENT signs message (the statement's
 * bytes), kind USB the description of a keyboard, of which two approvers must be different
 * people. SN_E_PASSPHRASE, SN_E_POLICY (not the pinned key, or has approved
 * already). The signature (DER ECDSA) is appended to ret.
 */
enum keeper_approval {
	KEEPER_APPROVE_PLAN = 1,
	KEEPER_APPROVE_STATEMENT = 2,
	KEEPER_ACCEPT_USB = 3,
};
#define KEEPER_USB_MAX 512 /* bytes of a keyboard's description */
SN_MUST_USE enum sn_err keeper_approve(struct keeper *k, const char *name,
    enum keeper_approval kind, struct bytes file, struct bytes passphrase, struct bytes message,
    struct sn_buf *ret_sig, struct sn_why *why);

/*
 * Genesis with dice: all rolls as one person typed them, then the last KEEPER_DICE_LAST of
 * them by another. Refused before K approvals of the plan. SN_E_MEDIA says what is wrong with
 * what was typed; it can be typed again. *ret_count is how many rolls there are.
 */
#define KEEPER_DICE_LAST 10
SN_MUST_USE enum sn_err keeper_dice(struct keeper *k, struct bytes typed, uint32_t *ret_count,
    struct sn_why *why);
SN_MUST_USE enum sn_err keeper_dice_last(struct keeper *k, struct bytes typed,
    struct sn_why *why);
/*
 * Genesis: take the TPM bytes from the seed pipe, gather kernel and CPU bytes,
 * test each, mix, make the master secret and the custodians' shares. Refused
 * before K approvals of the plan. report is canonical JSON without secrets
 * (evidence/entropy.json), appended.
 */
SN_MUST_USE enum sn_err keeper_seed(struct keeper *k, struct sn_buf *ret_report,
    struct sn_why *why);
/* Share i (0-based) as text, words separated by one space; a fresh secret. */
SN_MUST_USE enum sn_err keeper_share(struct keeper *k, uint32_t i, struct sn_secret *ret,
    struct sn_why *why);
/* The share typed back. SN_E_SHARE: *ret_word is the first wrong word, 1-based (0
 * when the count is wrong). */
SN_MUST_USE enum sn_err keeper_share_check(struct keeper *k, uint32_t i, struct bytes typed,
    uint32_t *ret_word, struct sn_why *why);
/* Recombine every M-subset of the typed shares; *ret_subsets is how many. */
SN_MUST_USE enum sn_err keeper_trial(struct keeper *k, uint32_t *ret_subsets,
    struct sn_why *why);

/* Rebuild: the identity file instead of a seed (needs the plan and its approvals). */
SN_MUST_USE enum sn_err keeper_rebuild(struct keeper *k, struct bytes identity,
    struct sn_why *why);
/* One custodian's typed share, checked against its commitment. *ret_index is the
 * share's number (1-based), *ret_needed how many are still missing. */
SN_MUST_USE enum sn_err keeper_rebuild_share(struct keeper *k, struct bytes typed,
    uint32_t *ret_index, uint32_t *ret_needed, uint32_t *ret_word, struct sn_why *why);

/* Custodian check: the identity file (needs the plan, no approval). */
SN_MUST_USE enum sn_err keeper_check(struct keeper *k, struct bytes identity,
    struct sn_why *why);
/*
 * Is what was typed share number (from 1), by its commitment? SN_E_SHARE with *ret_word as in
 * keeper_share_check(). The share is forgotten at once; as often as wanted.
 */
SN_MUST_USE enum sn_err keeper_check_share(struct keeper *k, uint32_t number,
    struct bytes typed, uint32_t *ret_word, struct sn_why *why);

/* Files that the keeper made from public facts and its keys. */
struct keeper_file {
	const char *path; /* within the bundle, "trust/root-p384.pem" */
	struct bytes data;
};
struct keeper_files {
	struct sn_buf store; /* what the entries point into */
	struct keeper_file file[32];
	size_t n;
};
void keeper_files_done(struct keeper_files *f);

/*
 * After trial (genesis) or with M shares (rebuild): derive every key, make every
 * certificate. Returns trust/identity.json and trust/... files, and the identity digest.
 */
SN_MUST_USE enum sn_err keeper_derive(struct keeper *k, struct keeper_files *ret,
    uint8_t ret_identity[32], struct sn_why *why);
/* Approver name's share of the operations secret, encrypted to that approver. */
SN_MUST_USE enum sn_err keeper_ops_share(struct keeper *k, const char *name, struct sn_buf *ret,
    struct sn_why *why);
/*
 * An operations ceremony (after the plan's approvals): the trust files of the bundle that it
 * continues; identity must be the file that the plan names. ret is the identity digest.
 */
struct keeper_trust {
	struct bytes identity;				/* trust/identity.json */
	struct bytes operations_p384, operations_mldsa; /* trust/operations-*-chain.pem */
	struct bytes root_p384, root_mldsa;		/* trust/root-*.pem */
};
SN_MUST_USE enum sn_err keeper_operations(struct keeper *k, const struct keeper_trust *t,
    uint8_t ret_identity[32], struct sn_why *why);
/*
 * Then approvers, each once: file and passphrase as in keeper_approve(), shares the n (1 to
 * KEEPER_SHARE_FILES) operations shares on the approver's stick, of which any may be of other
 * splittings. *ret_missing is how many approvers are still needed, 0 when the operations
 * secret is there. SN_E_MEDIA: none of the files is a share of this approver. SN_E_POLICY, too,
 * when all approvers' shares give no secret of this bundle; the keeper is dead then.
 */
#define KEEPER_SHARE_FILES 9
SN_MUST_USE enum sn_err keeper_open_share(struct keeper *k, const char *name, struct bytes file,
    struct bytes passphrase, const struct bytes *shares, size_t n, uint32_t *ret_missing,
    struct sn_why *why);
/*
 * A revocation, once: open trust/revocation.sealed. ret has the lists one after the other, each
 * a u32 length and DER, in the order of revoke_ca(); nobody has judged them yet. SN_E_SIGNATURE
 * when it is not of this operations secret.
 */
SN_MUST_USE enum sn_err keeper_revoke(struct keeper *k, struct bytes sealed, struct sn_buf *ret,
    struct sn_why *why);
/* Sign a checkpoint body (note text without signatures): the whole signed note. */
SN_MUST_USE enum sn_err keeper_sign_checkpoint(struct keeper *k, struct bytes body,
    struct sn_buf *ret_note, struct sn_why *why);
/* Both CMS over the statement. SN_E_POLICY without the approvals of exactly these bytes. */
SN_MUST_USE enum sn_err keeper_sign_statement(struct keeper *k, struct bytes statement,
    struct sn_buf *ret_p384, struct sn_buf *ret_mldsa, struct sn_why *why);

#endif
