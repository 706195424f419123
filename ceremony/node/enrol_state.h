/*
 * enrol_state - what the approvers keep between the challenge for a laptop's TPM and its
 * answer: the request, and the digest of what the answer must be. Nothing of it is secret.
 *
 * Owns: the buffers in struct enrol_state. Only for ceremony/node. May include: base. See
 * docs/TPM.md, "Enrolment".
 */
#ifndef NODE_ENROL_STATE_H
#define NODE_ENROL_STATE_H

#include "appliance/base/bytes.h"

/* The files of a request, as "check this laptop" writes them. */
#define ENROL_EK_PUB "ek.pub"
#define ENROL_EK_CERT "ekcert.der"
#define ENROL_EK_CHAIN "ek-chain.der"
#define ENROL_AK_PUB "ak.pub"
#define ENROL_AK_NAME "ak.name"
#define ENROL_PUB_MAX 1024
#define ENROL_CERT_MAX 16384
#define ENROL_CHAIN_MAX 32768

struct enrol_state {
	struct sn_buf ek_pub, ak_pub; /* TPM2B_PUBLIC */
	struct sn_buf ek_cert;	      /* DER; empty when there is none */
	struct sn_buf ek_chain;	      /* what NV has above it, DER; empty when there is none */
	uint8_t secret_sha256[32];    /* of the secret in the challenge */
};
void enrol_state_done(struct enrol_state *s); /* NULL-safe, idempotent */

/* A new file, canonical JSON; one that is there is SN_E_IO. */
SN_MUST_USE enum sn_err enrol_state_write(const struct enrol_state *s, const char *path,
    struct sn_why *why);
/* The caller owns *ret. SN_E_FORMAT, SN_E_MISSING. */
SN_MUST_USE enum sn_err enrol_state_read(const char *path, struct enrol_state *ret,
    struct sn_why *why);

#endif
