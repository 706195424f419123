/*
 * proto - what the keeper and its client say to each other: request numbers,
 * states, and which request is allowed in which state.
 *
 * Owns: nothing. May include: base. See docs/FORMAT-KEYS.md, "The keeper".
 */
#ifndef KEEPER_PROTO_H
#define KEEPER_PROTO_H

#include "appliance/base/frame.h"

/* A request lands in locked memory, so it is small; larger public data goes ahead in pieces. */
#define KEEPER_REQUEST_MAX (48U << 10)
#define KEEPER_DATA_PIECE (32U << 10)
#define KEEPER_DATA_MAX (1U << 20)
#define KEEPER_TIMEOUT_MS 180000U

/* One bit each, so that a set of states is a mask. */
enum keeper_state {
	KS_NEW = 1,	      /* nothing but the process */
	KS_PLANNED = 2,	      /* a plan; approvals of it are coming in */
	KS_APPROVED = 4,      /* K approvers approved the plan */
	KS_SHARING = 8,	      /* genesis: a master secret; shares shown and typed back */
	KS_TYPED = 16,	      /* genesis: every share was typed back */
	KS_RECOVERING = 32,   /* rebuild: the identity is there; shares are typed in */
	KS_MASTER = 64,	      /* the master secret is proved to be recoverable */
	KS_DERIVED = 128,     /* keys and certificates; only signers are kept */
	KS_SIGNED = 256,      /* the statement is signed; nothing is kept */
	KS_DEAD = 512,	      /* something that cannot be repeated went wrong */
	KS_OPENING = 1024,    /* operations: approvers' shares of its secret are coming in */
	KS_OPERATIONS = 2048, /* operations signers and no master secret */
	KS_CHECKING = 4096,   /* custodian check: shares are proven; nothing follows */
};
#define KS_ALL 8191U

/*      type                       number  allowed in */
#define KEEPER_REQUESTS(X)                                                                     \
	X(KR_HELLO, 1, KS_NEW, serve_hello)                                                    \
	X(KR_DATA, 2, KS_ALL & ~(unsigned int)(KS_SIGNED | KS_DEAD), serve_data)               \
	X(KR_PLAN, 3, KS_NEW, serve_plan)                                                      \
	X(KR_APPROVE_PLAN, 4, KS_PLANNED | KS_APPROVED, serve_approve_plan)                    \
	X(KR_SEED, 5, KS_APPROVED, serve_seed)                                                 \
	X(KR_SHARE, 6, KS_SHARING, serve_share)                                                \
	X(KR_SHARE_CHECK, 7, KS_SHARING, serve_share_check)                                    \
	X(KR_TRIAL, 8, KS_TYPED, serve_trial)                                                  \
	X(KR_REBUILD, 9, KS_APPROVED, serve_rebuild)                                           \
	X(KR_REBUILD_SHARE, 10, KS_RECOVERING, serve_rebuild_share)                            \
	X(KR_DERIVE, 11, KS_MASTER, serve_derive)                                              \
	X(KR_OPS_SHARE, 12, KS_DERIVED | KS_OPERATIONS, serve_ops_share)                       \
	X(KR_CHECKPOINT, 13, KS_DERIVED | KS_OPERATIONS, serve_checkpoint)                     \
	X(KR_APPROVE_STATEMENT, 14, KS_DERIVED | KS_OPERATIONS, serve_approve_statement)       \
	X(KR_STATEMENT, 15, KS_DERIVED | KS_OPERATIONS, serve_statement)                       \
	X(KR_ACCEPT_USB, 16,                                                                   \
	    KS_APPROVED | KS_SHARING | KS_TYPED | KS_RECOVERING | KS_MASTER | KS_DERIVED |     \
		KS_OPENING | KS_OPERATIONS,                                                    \
	    serve_accept_usb)                                                                  \
	X(KR_DICE, 17, KS_APPROVED, serve_dice)                                                \
	X(KR_DICE_LAST, 18, KS_APPROVED, serve_dice_last)                                      \
	X(KR_OPERATIONS, 19, KS_APPROVED, serve_operations)                                    \
	X(KR_OPEN_SHARE, 20, KS_OPENING, serve_open_share)                                     \
	X(KR_CHECK, 21, KS_PLANNED, serve_check)                                               \
	X(KR_CHECK_SHARE, 22, KS_CHECKING, serve_check_share)                                  \
	X(KR_REVOKE, 30, KS_OPERATIONS, serve_revoke)

#define KEEPER_REQUEST_ENUM_(name, number, states, serve) name = number,
enum keeper_request { KEEPER_REQUESTS(KEEPER_REQUEST_ENUM_) KR_END };

#endif
