/*
 * wire - raw TPM commands and responses to a back end, each with a deadline.
 *
 * Owns: descriptors and, for the software TPM, the child process. May include:
 * base. A wire is an interface, so that tests can put recorders and faults
 * between. See docs/TPM.md.
 */
#ifndef TPM_WIRE_H
#define TPM_WIRE_H

#include "appliance/base/frame.h"
#include "appliance/tpm/tpm.h"

#define TPM_MSG_MAX 4096
#define TPM_MSG_HEADER 10 /* u16 tag | u32 length | u32 code [TCG P1 18] */

struct tpm_msg {
	uint8_t b[TPM_MSG_MAX];
	size_t n;
};
struct bytes tpm_msg_bytes(const struct tpm_msg *m);

struct tpm_wire {
	/*
	 * Send one command, await one response, whole. The response's header has been
	 * read only for its length, which agrees with what came. SN_E_TPM when the back
	 * end is gone, late, or sends anything else.
	 */
	enum sn_err (*exchange)(struct tpm_wire *w, struct bytes command,
	    unsigned int timeout_ms, struct tpm_msg *ret, struct sn_why *why);
};

/* A wire over descriptors: one for a device or a socket, two for pipes. */
struct tpm_wire_fd {
	struct tpm_wire wire;  /* first */
	int in, out;	       /* read end, write end; -1 when closed; may be the same */
	struct sn_child child; /* pid 0 when there is none */
	char device[TPM_DEVICE_MAX + 1];
};

/* /dev/tpmrm0, else /dev/tpm0. */
SN_MUST_USE enum sn_err tpm_wire_device(struct tpm_wire_fd *ret, struct sn_why *why);
/* The softtpm program at path, as a child. */
SN_MUST_USE enum sn_err tpm_wire_softtpm(const char *path, struct tpm_wire_fd *ret,
    struct sn_why *why);
/* The socket at path on which swtpm takes commands. Not in the image: SN_E_POLICY there. */
SN_MUST_USE enum sn_err tpm_wire_swtpm(const char *path, struct tpm_wire_fd *ret,
    struct sn_why *why);
/* Descriptors that the caller has opened; tpm_wire_done() closes them. */
void tpm_wire_fds(int in, int out, const char *device, struct tpm_wire_fd *ret);
void tpm_wire_done(struct tpm_wire_fd *w); /* idempotent; a zeroed one is fine */

#endif
