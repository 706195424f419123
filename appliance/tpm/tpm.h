/*
 * tpm - the TPM, seen from the ceremony: a process of its own does the work,
 * this is the client of it, and that process' entry point.
 *
 * Owns: the TPM process, until tpm_free(). May include: base, crypto, entropy.
 * See docs/TPM.md. Every call is one request with a deadline. The first failure
 * is latched: all later calls fail with the first reason.
 */
#ifndef TPM_TPM_H
#define TPM_TPM_H

#include "appliance/base/frame.h"

enum tpm_backend {
	TPM_DEVICE = 1,	  /* /dev/tpmrm0, else /dev/tpm0 */
	TPM_SOFTWARE = 2, /* the softtpm program; rehearsals only */
	TPM_SWTPM = 3,	  /* a socket of swtpm; workstations only, not in the image */
};
const char *tpm_backend_name(enum tpm_backend b); /* "device", "software", "swtpm" */

struct tpm; /* opaque: a running TPM process, its TPM started and identified */

#define TPM_NAME_LEN 34	 /* u16 0x000b | SHA-256 of the public area */
#define TPM_SEED_LEN 512 /* bytes that tpm_seed() writes to the seed descriptor */
#define TPM_PCRS 24	 /* SHA-256 bank */
#define TPM_PCR_TRANSCRIPT 15
#define TPM_QUOTE_MASK 0xffffU /* PCRs 0 to 15 */
/* What an attestation key of ours must be: restricted, sign, noDA, userWithAuth,
 * sensitiveDataOrigin, fixedParent, fixedTPM [TCG P2 8.3]. */
#define TPM_AK_ATTRIBUTES 0x00050472U

/*
 * Start the TPM process (self_exe --role=tpm), open the back end, start the TPM,
 * make endorsement and attestation key (transient). path is the program of
 * TPM_SOFTWARE or the socket of TPM_SWTPM, else NULL. seed_fd, or -1, is the write end
 * of the pipe that will take the seed; the process gets a copy, the caller closes its own.
 */
SN_MUST_USE enum sn_err tpm_start(const char *self_exe, enum tpm_backend backend,
    const char *path, int seed_fd, struct tpm **ret, struct sn_why *why);
void tpm_free(struct tpm **tp); /* flushes, ends the process; NULL-safe, idempotent */

/* Is there a TPM device that this process may open? */
bool tpm_device_present(void);
/* The softtpm program beside the running executable ("/init" -> "/softtpm"). */
SN_MUST_USE enum sn_err tpm_softtpm_path(struct sn_buf *ret, struct sn_why *why);

#define TPM_DEVICE_MAX 31
struct tpm_info {
	enum tpm_backend backend;
	char device[TPM_DEVICE_MAX + 1]; /* "/dev/tpmrm0", "softtpm", "swtpm" */
	char manufacturer[5];		 /* "IBM", printable */
	char vendor[17];		 /* vendor string, printable */
	uint64_t firmware;		 /* both version words */
	uint32_t revision;		 /* of the specification; 164 is 1.64 */
	char ek_template[12];		 /* "ecc-p256", "rsa-2048" */
	uint8_t ek_name[TPM_NAME_LEN], ak_name[TPM_NAME_LEN];
	struct sn_buf ek_pub;	/* TPM2B_PUBLIC */
	struct sn_buf ek_cert;	/* DER from NV; empty when there is none */
	uint32_t ek_cert_index; /* 0 when there is none */
	struct sn_buf ak_pub;	/* TPM2B_PUBLIC */
	struct sn_buf ak_pem;	/* PEM "PUBLIC KEY" */
};
void tpm_info_done(struct tpm_info *i);
SN_MUST_USE enum sn_err tpm_info(struct tpm *t, struct tpm_info *ret, struct sn_why *why);

/* All PCRs of the SHA-256 bank; not protected on the bus, for showing only. */
SN_MUST_USE enum sn_err tpm_pcr_read(struct tpm *t, uint8_t ret[TPM_PCRS][32],
    struct sn_why *why);

struct tpm_audit {
	struct sn_buf msg;  /* TPMS_ATTEST of type session audit */
	struct sn_buf sig;  /* TPMT_SIGNATURE by the attestation key */
	struct sn_buf list; /* text, "cphash rphash\n" per command; docs/TPM.md */
};
void tpm_audit_done(struct tpm_audit *a);
/*
 * TPM_SEED_LEN bytes from TPM2_GetRandom through a salted, encrypted, audited
 * session; health-tested; the session's audit digest signed over qualifying and
 * compared; only then written to seed_fd, which is closed. Once per process.
 */
SN_MUST_USE enum sn_err tpm_seed(struct tpm *t, const uint8_t qualifying[32],
    struct tpm_audit *ret, struct sn_why *why);

/* Extend pcr (TPM_PCR_TRANSCRIPT, no other) with a SHA-256 digest. */
SN_MUST_USE enum sn_err tpm_extend(struct tpm *t, unsigned int pcr, const uint8_t digest[32],
    struct sn_why *why);

struct tpm_quoted {
	struct sn_buf msg; /* TPMS_ATTEST of type quote */
	struct sn_buf sig; /* TPMT_SIGNATURE */
	struct sn_buf pcr; /* the PCR values as tpm2-tools 5.7 stores them */
};
void tpm_quoted_done(struct tpm_quoted *q);
/* Quote the PCRs in mask (bit n is PCR n, within TPM_QUOTE_MASK, not 0), checked
 * against a PCR read and the attestation key before it is returned. */
SN_MUST_USE enum sn_err tpm_quote(struct tpm *t, const uint8_t qualifying[32], uint32_t mask,
    struct tpm_quoted *ret, struct sn_why *why);

#define TPM_EVENTLOG "/sys/kernel/security/tpm0/binary_bios_measurements"
#define TPM_EVENTLOG_MAX (1U << 20)
/* The firmware's event log, read by the caller's own process. SN_E_MISSING if none. */
SN_MUST_USE enum sn_err tpm_eventlog(const char *path, struct sn_buf *ret, struct sn_why *why);

struct tpm_process_args {
	int in, out; /* frames; SN_CHILD_IN, SN_CHILD_OUT */
	int seed_fd; /* SN_CHILD_EXTRA; -1 or a closed descriptor: no seeding */
};
/* What `--role=tpm` runs: serves until the client closes. Returns an exit status. */
int tpm_process_main(const struct tpm_process_args *args);

#endif
