/*
 * engine - the ceremony itself: a table of steps, walked one question at a time.
 *
 * Owns: keeper and TPM process, transcript, collateral and bundle, until
 * cer_free(). May include: what the layer table gives core. It does no I/O of its
 * own: sticks, clock and second checker come as ports. Drivers use core/view.h.
 */
#ifndef CER_ENGINE_H
#define CER_ENGINE_H

#include "appliance/media/med.h"
#include "appliance/usb/usb.h"
#include "ceremony/bundle/writer.h"
#include "ceremony/core/view.h"

/* One self-test of the boot. A note does not stop a ceremony: people and plan judge it. */
enum cer_check_state { CER_CHECK_OK, CER_CHECK_NOTE, CER_CHECK_FAILED };
struct cer_check {
	char name[40], detail[120];
	enum cer_check_state state;
};

/* The USB guard: usb_status() and usb_accept() of appliance/usb/usb.h. */
struct cer_usb_port {
	enum sn_err (*status)(void *arg, struct usb_status *st, bool *ret_changed,
	    struct sn_why *why);
	enum sn_err (*accept)(void *arg, uint32_t id, struct sn_why *why);
	void *arg;
};

/* What the engine gets from the program around it. All the caller's, for the whole time. */
struct cer_ports {
	struct med *media;
	int64_t (*now)(void *arg); /* the clock, seconds since 1970 */
	/* Judge the finished bundle with the second checker: its lines are appended. Not
	 * SN_OK when it disagrees. */
	enum sn_err (*crosscheck)(void *arg, const struct bun *bun, const uint8_t identity[32],
	    struct sn_buf *ret_lines, struct sn_why *why);
	void *arg;
	const char *self;    /* program file that is started again as keeper and TPM process */
	const char *softtpm; /* the libtpms helper, or NULL */
	const char *swtpm;   /* workstation: a socket of swtpm that is the machine's TPM */
	const char *console; /* "framebuffer", "serial", "terminal" */
	bool image;	     /* runs as the image; a workstation only rehearses */
	int64_t build_date;  /* the clock's floor */
	const struct cer_check *checks; /* what the boot's self-tests said */
	size_t nchecks;
	const struct cer_usb_port *usb; /* NULL where nobody guards: on a workstation */
	const uint8_t *image_digest;	/* SHA-256 of the image that runs; NULL: unknown */
	const char *image_source;	/* who says so, or why nobody does; NULL: no image */
};

SN_MUST_USE enum sn_err cer_new(const struct cer_ports *ports, struct cer **ret,
    struct sn_why *why);
void cer_free(struct cer **cp); /* wipes, ends the processes; NULL-safe, idempotent */

/* How it ended: SN_OK only when the bundle (or the log) was written and compared. */
enum sn_err cer_result(const struct cer *c);
/* Did it end by itself with a failure (rather than being left by its driver)? */
bool cer_failed(const struct cer *c);
/* The same as a failure with its reason: return cer_failure(c, why). */
SN_MUST_USE enum sn_err cer_failure(const struct cer *c, struct sn_why *why);
/* The identity digest, once derived, else NULL. */
const uint8_t *cer_identity(const struct cer *c);
/* The folder that goes out on the OUT sticks: "bundle", "revocation". */
const char *cer_out_folder(const struct cer *c);

/*
 * The step tables, for tests: NULL past the end. Each step names the artefacts it
 * needs and makes, so that the one way in which data flows is itself data.
 */
enum cer_artefact {
	ART_PLAN = 1 << 0,	 /* the plan, agreed */
	ART_TPM = 1 << 1,	 /* TPM and keeper running */
	ART_COLLATERAL = 1 << 2, /* verified vendor items */
	ART_APPROVAL = 1 << 3,	 /* K approvals of the plan */
	ART_MASTER = 1 << 4,	 /* the master secret, in the keeper */
	ART_SHARES = 1 << 5,	 /* every share read back */
	ART_TRIAL = 1 << 6,	 /* every subset recombined */
	ART_KEYS = 1 << 7,	 /* certificates and identity */
	ART_OPS = 1 << 8,	 /* approvers' operations shares written */
	ART_STATEMENT = 1 << 9,	 /* transcript closed, statement made */
	ART_SIGNED = 1 << 10,	 /* K approvals of the statement */
	ART_BUNDLE = 1 << 11,	 /* CMS, quote, second checker agreed */
	ART_DICE = 1 << 13,	 /* rolls in the keeper, if the plan wants them */
	ART_EXPORT = 1 << 12,	 /* on the stick, compared */
	ART_CHECKED = 1 << 14,	 /* custodians' shares judged one by one */
	ART_REVOKING = 1 << 20,	 /* revocation: what ends, agreed */
	ART_ROTATED = 1 << 16,	 /* rotation: what changes, agreed */
	ART_OLD = 1 << 17,	 /* old sheets destroyed, or said to be kept */
	ART_BASE = 1 << 20,	 /* the bundle that is added to, verified */
	ART_LOG = 1 << 15,	 /* no bundle: transcript on the log stick, compared */
};
struct cer_step_facts {
	const char *id;
	unsigned int needs, makes;
};
/* mode: an enum plan_mode. false past the last step, or past the last mode. */
bool cer_step_facts(unsigned int mode, size_t i, struct cer_step_facts *ret);

#endif
