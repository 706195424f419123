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

/* What state a TPM is in. All but the first: there is no work to be done with it. */
enum tpm_condition {
	TPM_USABLE,
	TPM_ABSENT,   /* the machine shows none; nothing below says so, only its callers */
	TPM_FAILED,   /* its self-test failed, it is in failure mode */
	TPM_DISABLED, /* the endorsement hierarchy is off */
	TPM_OWNED,    /* the endorsement hierarchy has a password */
	TPM_NO_ROOM,  /* others hold its few slots, and nobody swaps them */
	TPM_CONDITIONS
};
const char *tpm_condition_name(enum tpm_condition c); /* "usable", "absent", "no-room" ... */

struct tpm; /* opaque: a running TPM process, its TPM started and identified */

#define TPM_NAME_LEN 34	 /* u16 0x000b | SHA-256 of the public area */
#define TPM_SEED_LEN 512 /* bytes that tpm_seed() writes to the seed descriptor */
#define TPM_PCRS 24	 /* SHA-256 bank */
#define TPM_PCR_TRANSCRIPT 15
#define TPM_QUOTE_MASK 0xffffU /* PCRs 0 to 15 */
/* What an attestation key of ours must be: restricted, sign, noDA, userWithAuth,
 * sensitiveDataOrigin, fixedParent, fixedTPM [TCG P2 8.3]. */
#define TPM_AK_ATTRIBUTES 0x00050472U
#define TPM_AK_OUTSIDE "cornerstone/v1/ak" /* the AK's outside information at creation */
/* Our counter, in the owner's range; defined when it is not there, never removed. */
#define TPM_COUNTER_INDEX 0x01815c01U

/*
 * Start the TPM process (self_exe --role=tpm), open the back end, start the TPM,
 * make endorsement and attestation key (transient). A TPM whose state forbids that is
 * no error: tpm_info() says its condition, and every other call is refused. path is the
 * program of TPM_SOFTWARE or the socket of TPM_SWTPM, else NULL. seed_fd, or -1, is the
 * write end of the pipe that will take the seed; the process gets a copy, the caller
 * closes its own.
 */
SN_MUST_USE enum sn_err tpm_start(const char *self_exe, enum tpm_backend backend,
    const char *path, int seed_fd, struct tpm **ret, struct sn_why *why);
void tpm_free(struct tpm **tp); /* flushes, ends the process; NULL-safe, idempotent */

/* Is there a TPM device that this process may open? */
bool tpm_device_present(void);
/* The softtpm program beside the running executable ("/init" -> "/softtpm"). */
SN_MUST_USE enum sn_err tpm_softtpm_path(struct sn_buf *ret, struct sn_why *why);

/* What a TPM says of its own state, at the start [TCG P2 6.13, 8.6, 8.7]. */
struct tpm_state {
	uint32_t permanent;	   /* TPMA_PERMANENT */
	uint32_t startup_clear;	   /* TPMA_STARTUP_CLEAR */
	uint32_t lockout_counter;  /* wrong passwords so far */
	uint32_t lockout_max;	   /* and how many lock it */
	uint32_t lockout_recovery; /* seconds until one is forgotten */
};
#define TPM_OWNER_AUTH_SET 0x001U /* of permanent: the owner hierarchy has a password */
#define TPM_ENDORSEMENT_AUTH_SET 0x002U
#define TPM_LOCKOUT_AUTH_SET 0x004U
#define TPM_IN_LOCKOUT 0x200U
#define TPM_PH_ENABLE 0x1U /* of startup_clear: the platform hierarchy is on */
#define TPM_SH_ENABLE 0x2U /* the owner hierarchy */
#define TPM_EH_ENABLE 0x4U

#define TPM_SLOW_MS 10000U /* a TPM that took longer for one command is called slow */
#define TPM_CHAIN_MAX 32768U

#define TPM_DEVICE_MAX 31
struct tpm_info {
	enum tpm_condition condition; /* not TPM_USABLE: no keys below, and problem says why */
	struct sn_buf problem;	      /* a sentence; empty when usable */
	enum tpm_backend backend;
	char device[TPM_DEVICE_MAX + 1]; /* "/dev/tpmrm0", "softtpm", "swtpm" */
	char manufacturer[5];		 /* "IBM", printable */
	char vendor[17];		 /* vendor string, printable */
	uint64_t firmware;		 /* both version words */
	uint32_t revision;		 /* of the specification; 164 is 1.64 */
	struct tpm_state state;
	uint32_t slowest_ms;  /* the longest that one command took so far */
	char ek_template[12]; /* "ecc-p256", "rsa-2048", "ecc-p384" */
	/* 0x000b | SHA-256 of the public area; of a P-384 EK, too, whose own name is longer */
	uint8_t ek_name[TPM_NAME_LEN], ak_name[TPM_NAME_LEN];
	struct sn_buf ek_pub;	/* TPM2B_PUBLIC */
	struct sn_buf ek_cert;	/* DER from NV; empty when there is none */
	uint32_t ek_cert_index; /* 0 when there is none */
	struct sn_buf
	    ek_chain;	      /* what lies in NV 0x01c00100 to 0x01c001ff, one after another */
	struct sn_buf ak_pub; /* TPM2B_PUBLIC */
	struct sn_buf ak_pem; /* PEM "PUBLIC KEY" */
};
void tpm_info_done(struct tpm_info *i);
/* SN_OK, or SN_E_TPM with the problem of a TPM that is not usable. */
SN_MUST_USE enum sn_err tpm_usable(const struct tpm_info *i, struct sn_why *why);
SN_MUST_USE enum sn_err tpm_info(struct tpm *t, struct tpm_info *ret, struct sn_why *why);

/* All PCRs of the SHA-256 bank, through the link; for showing only. */
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

/* An attestation by the attestation key, and what it is about. */
struct tpm_attested {
	struct sn_buf msg;  /* TPMS_ATTEST */
	struct sn_buf sig;  /* TPMT_SIGNATURE */
	struct sn_buf body; /* creation: TPMS_CREATION_DATA; counter: TPMS_NV_PUBLIC */
};
void tpm_attested_done(struct tpm_attested *a);
/* TPM2_CertifyCreation of the attestation key by itself, over qualifying. */
SN_MUST_USE enum sn_err tpm_creation(struct tpm *t, const uint8_t qualifying[32],
    struct tpm_attested *ret, struct sn_why *why);

struct tpm_counter {
	bool present;		/* false: the TPM does not let us have one; reason says why */
	struct sn_buf reason;	/* a few words; empty when present */
	uint64_t value;		/* after this boot's increment */
	struct tpm_attested by; /* TPM2_NV_Certify; empty when not present */
};
void tpm_counter_done(struct tpm_counter *c);
/*
 * Our counter, made when it is not there, and incremented at the first call of this
 * process; its certificate over qualifying. That the TPM refuses to make it is no error.
 */
SN_MUST_USE enum sn_err tpm_counter(struct tpm *t, const uint8_t qualifying[32],
    struct tpm_counter *ret, struct sn_why *why);

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

/*
 * TPM2_ActivateCredential of a challenge in the form of tpm2_makecredential: what was wrapped
 * in it for the endorsement key and the attestation key's name, appended. Any other challenge
 * is SN_E_SIGNATURE or SN_E_FORMAT, and latched like every failure.
 */
SN_MUST_USE enum sn_err tpm_activate(struct tpm *t, struct bytes challenge, struct sn_buf *ret,
    struct sn_why *why);

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
