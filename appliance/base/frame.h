/*
 * frame - the one protocol between the ceremony's processes: length-prefixed
 * frames over two inherited pipes, and starting such a process.
 *
 * Owns: the child's pipes and pid until sn_child_done(). May include: base
 * headers. Frame: u32 payload length | u16 type | u16 status | payload, all
 * big-endian, payload at most SN_FRAME_MAX. A reply repeats the request's type;
 * status is an enum sn_err, and for a failure the payload is the why text.
 */
#ifndef SN_FRAME_H
#define SN_FRAME_H

#include <sys/types.h>

#include "appliance/base/secret.h"

#define SN_FRAME_MAX (16U << 20)

struct sn_link {
	int in, out;		 /* read end, write end */
	unsigned int timeout_ms; /* per frame; 0 waits for ever */
};

struct sn_frame {
	uint16_t type, status;
	struct sn_secret secret; /* payload when it was asked for as secret */
	struct sn_buf open;	 /* payload otherwise */
};
void sn_frame_done(struct sn_frame *f); /* wipes both; idempotent */

/* SN_E_PROTO: closed, too long, cut or late. */
SN_MUST_USE enum sn_err sn_frame_send(struct sn_link *l, uint16_t type, uint16_t status,
    struct bytes payload, struct sn_why *why);
/* Receive; the payload lands in f->secret when secret is true (at most 64 KiB). */
SN_MUST_USE enum sn_err sn_frame_recv(struct sn_link *l, bool secret, struct sn_frame *f,
    struct sn_why *why);
/* Send a request, await its reply; a failure status becomes the return value and
 * the peer's why text is passed on. */
SN_MUST_USE enum sn_err sn_frame_call(struct sn_link *l, uint16_t type, struct bytes payload,
    bool secret_reply, struct sn_frame *reply, struct sn_why *why);

struct sn_child {
	pid_t pid; /* 0 when there is none */
	struct sn_link link;
};

#define SN_CHILD_IN 3	 /* the child's end of the pipes ... */
#define SN_CHILD_OUT 4	 /* ... always have these numbers */
#define SN_CHILD_EXTRA 5 /* an optional further pipe end, e.g. seed from TPM to keeper */

/*
 * fork + execv(path, argv) with the two pipes at SN_CHILD_IN/OUT, extra_fd (or
 * -1) at SN_CHILD_EXTRA, every other descriptor above 2 closed, an empty
 * environment but LC_CTYPE=C.UTF-8, PR_SET_NO_NEW_PRIVS, PR_SET_PDEATHSIG=SIGKILL. Standard
 * input is /dev/null; standard error is kept.
 */
SN_MUST_USE enum sn_err sn_child_start(const char *path, char *const argv[], int extra_fd,
    struct sn_child *ret, struct sn_why *why);
/* Close the pipes, give it a second to end, then SIGKILL; reap. Idempotent. */
void sn_child_done(struct sn_child *c);

#endif
