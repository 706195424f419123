/*
 * process - inside the keeper: what it holds, and the functions that serve requests.
 *
 * Owns: all secrets of the ceremony until process_done(). May include: base,
 * crypto, entropy, keys, transcript, bundle. See docs/FORMAT-KEYS.md, "The keeper".
 */
#ifndef KEEPER_PROCESS_H
#define KEEPER_PROCESS_H

#include "appliance/entropy/entropy.h"
#include "ceremony/keeper/keeper.h"
#include "ceremony/keeper/proto.h"
#include "ceremony/keys/approver.h"
#include "ceremony/keys/certs.h"
#include "ceremony/keys/slip39.h"

struct approvals {
	bool given[PLAN_MAX_APPROVERS];
	struct sn_buf sig[PLAN_MAX_APPROVERS];
};

/* The share texts that one approver's stick held; one of each splitting. */
#define OPENED_MAX KEEPER_SHARE_FILES
struct opened {
	bool given;
	struct sn_secret text[OPENED_MAX];
	size_t n;
};
void opened_done(struct opened *o); /* wipes; idempotent */

struct process {
	enum keeper_state state;
	int seed_fd;	    /* -1 once it was read */
	struct sn_buf data; /* public bytes that a request is about, sent ahead */
	struct plan *plan;
	struct approvals plan_approvals, statement_approvals;
	struct approvals usb_approvals;
	struct sn_buf usb; /* the keyboard that those are about */
	bool has_statement;
	uint8_t statement_digest[32]; /* what the statement approvals are about */

	struct ent_source dice; /* what was rolled; none before */
	bool dice_agreed;	/* a second person typed the last rolls */
	bool resumed;		/* a genesis that goes on from its shares after a cut */
	struct sn_secret master;
	uint16_t identifier;
	struct sn_secret shown[PLAN_MAX_SHARES]; /* genesis: the texts that were made */
	struct sn_secret typed[PLAN_MAX_SHARES]; /* canonical texts that people typed */
	uint32_t ntyped;
	uint8_t commitment[PLAN_MAX_SHARES][32];

	struct identity identity;
	struct slip39_share entered[PLAN_MAX_SHARES]; /* rebuild */
	struct certs certs; /* after derivation: the signers' keys and all certificates */
	struct sn_secret ops_text[PLAN_MAX_APPROVERS];
	struct sn_secret operations; /* operations: what the approvers' shares gave */
	struct opened opened[PLAN_MAX_APPROVERS];
	uint8_t identity_digest[32];
	char log_name[IDENTITY_LOG_NAME_MAX];
	uint64_t log_size; /* of the last checkpoint signed; 0 before the first */
	uint8_t log_root[32];
};
void process_done(struct process *p); /* wipes everything; idempotent */

/* What a request is answered with: open bytes, or one secret. */
struct answer_to {
	struct sn_buf open;
	struct sn_secret secret;
};

#define KEEPER_SERVE_(name, number, states, serve)                                             \
	enum sn_err serve(struct process *p, struct bytes request, struct answer_to *ret,      \
	    struct sn_why *why);
KEEPER_REQUESTS(KEEPER_SERVE_)

/* Salt and SHA-256(salt || rolls), as hex. */
struct dice_digest {
	char salt[33], sha256[65];
};
SN_MUST_USE enum sn_err dice_digest(struct bytes rolls, struct dice_digest *ret,
    struct sn_why *why);

/*
 * serve_plan.c: out of a request (blob name, blob approver.key, blob passphrase) the keys of
 * an approver whom the plan pins, and the number. SN_E_POLICY, SN_E_PASSPHRASE, SN_E_FORMAT.
 */
SN_MUST_USE enum sn_err process_open_pinned(const struct process *p, struct bytes request,
    struct approver_keys *ret_keys, size_t *ret_index, struct sn_why *why);

/* How many approvers have approved. */
uint32_t approvals_count(const struct approvals *a);
void approvals_done(struct approvals *a);

/* Is this the identity file that the plan names, to the byte? SN_E_POLICY. */
SN_MUST_USE enum sn_err identity_named(const struct plan *plan, struct bytes file,
    struct sn_why *why);
/* The verdict on typed words travels in the answer, so that the word can be named. */
void put_verdict(struct sn_buf *ret, enum sn_err e, uint32_t word, const struct sn_why *said);

/* Does the statement say what the plan says, and name the identity made here? SN_E_POLICY. */
SN_MUST_USE enum sn_err statement_fits(const struct process *p, struct bytes statement,
    struct sn_why *why);

/* The whole loop on a link; ends when the client closes it or breaks the rules of frames. */
void process_run(struct process *p, struct sn_link *link);

#endif
