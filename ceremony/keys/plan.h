/*
 * plan - what a ceremony is to do, agreed on before the day.
 *
 * Owns: the parsed plan and its original bytes until plan_free(). May include:
 * base, crypto. Format: docs/FORMAT-PLAN.md. The plan's digest is SHA-256 over
 * its bytes as they lie on the stick; every approval binds it.
 */
#ifndef PLAN_H
#define PLAN_H

#include "appliance/base/bytes.h"
#include "ceremony/keys/plan_policy.h"

#define PLAN_MAX_BYTES (64U << 10)
#define PLAN_MAX_PEOPLE 24
#define PLAN_MAX_APPROVERS 8
#define PLAN_MAX_SHARES 8
#define PLAN_NAME_MAX 16
#define PLAN_APPROVER_NAME_MAX 8 /* CS-<name> is a FAT label, which has 11 characters */
#define PLAN_FULL_MAX 60
#define PLAN_SPKI_MAX 128
#define PLAN_AMD_ROOTS 4
#define PLAN_REASON_MAX 120
#define PLAN_MAX_SEALS 8
#define PLAN_SEAL_WHAT_MAX 40
#define PLAN_SERIAL_MIN 3
#define PLAN_SERIAL_MAX 24
#define PLAN_EXPIRED_COLLATERAL "expired-collateral" /* the one exception there is */

enum plan_world { PLAN_REHEARSAL, PLAN_PRODUCTION };
enum plan_mode {
	PLAN_GENESIS,
	PLAN_REBUILD,
	PLAN_REFRESH,
	PLAN_AMEND,
	PLAN_CHECK,
	PLAN_ROTATE,
	PLAN_RESHARE,
	PLAN_REVOKE
};
enum plan_console { PLAN_CONSOLE_ANY, PLAN_CONSOLE_SERIAL, PLAN_CONSOLE_FRAMEBUFFER };

#define PLAN_ROLE_ADMINISTRATOR 1U
#define PLAN_ROLE_WITNESS 2U
#define PLAN_ROLE_CUSTODIAN 4U
#define PLAN_ROLE_APPROVER 8U
#define PLAN_ROLE_AUDITOR 16U
#define PLAN_ROLE_OLD 64U  /* reshare: holds a share of the splitting that is replaced */
#define PLAN_ROLE_SAFE 32U /* opens the safe: types the serials of bags and seals */

struct plan_person {
	char name[PLAN_NAME_MAX + 1]; /* text_name_ok() */
	char full[PLAN_FULL_MAX + 1]; /* personal: enters records as a commitment */
	unsigned int roles;
};

struct plan_approver {
	char name[PLAN_NAME_MAX + 1];			  /* a person with the role approver */
	uint8_t sign[PLAN_SPKI_MAX], seal[PLAN_SPKI_MAX]; /* DER SPKI, P-384 */
	size_t sign_len, seal_len;
};

/* A bag with a seal: what is in it, and its serial by the last record ("": there is none). */
struct plan_seal {
	char what[PLAN_SEAL_WHAT_MAX + 1];
	char serial[PLAN_SERIAL_MAX + 1]; /* plan_serial_ok() */
};

struct plan_dates {
	int64_t from, to;
};

struct plan_amd_root {
	char product[8];  /* "Milan", "Genoa", "Turin" */
	uint8_t spki[32]; /* SHA-256 of the ARK's SPKI */
};

struct plan {
	struct sn_buf bytes; /* exactly as read */
	uint8_t digest[32];  /* SHA-256 of bytes */
	enum plan_world world;
	enum plan_mode mode;
	enum plan_console console;
	bool two; /* "team": "two": two people hold every role */
	uint32_t sequence;
	char ceremony[33];	  /* the ceremony's number, for people */
	struct plan_dates window; /* when it may be held */
	uint8_t sanctum_id[16];
	char sanctum_name[PLAN_FULL_MAX + 1];
	char organization[PLAN_FULL_MAX + 1];
	struct plan_person people[PLAN_MAX_PEOPLE];
	size_t npeople;
	struct plan_approver approvers[PLAN_MAX_APPROVERS];
	size_t napprovers;
	uint32_t approvals;	  /* K: approvals that each signature needs */
	uint32_t share_threshold; /* M */
	uint32_t share_count;	  /* N: the custodians, in the order of people */
	uint32_t ops_threshold;	  /* K of L approver shares of the operations secret */
	struct plan_dates root, signing, statement, operations, token;
	bool inspection; /* people look the machine over, and say what they see */
	struct plan_seal seals[PLAN_MAX_SEALS];
	size_t nseals;
	bool closing; /* what comes after the transcript goes to CS-LOG */
	bool has_previous_closing;
	uint8_t previous_closing[32]; /* SHA-256 of closing/events.jsonl of the last ceremony */
	bool dice;		      /* people roll dice, too */
	bool journal;		      /* kept on CS-JOURNAL, to go on after a power cut */
	bool software_tpm;	      /* "tpm": "software" */
	bool tpm_ek_pinned;
	uint8_t tpm_ek[32]; /* SHA-256 of the EK's public area */
	bool tpm_ak_pinned;
	uint8_t tpm_ak[32]; /* the same of the attestation key, which was enrolled */
	bool has_tpm_counter;
	uint64_t tpm_counter; /* the TPM's counter must be above it */
	bool accept_vendor, accept_pinned, accept_software;
	bool has_collateral_time;
	int64_t collateral_time; /* given by itself, or by an exception */
	bool has_exception;	 /* expired-collateral, with its reason */
	char exception_reason[PLAN_REASON_MAX + 1];
	struct plan_amd_root amd_roots[PLAN_AMD_ROOTS]; /* rehearsal only */
	size_t namd_roots;
	struct plan_policy policy;
	bool has_intel_root, has_ibm_root, has_tpm_root; /* rehearsal only */
	uint8_t intel_root[32], ibm_root[32], tpm_root[32];
	bool has_identity_sha256;    /* not in a genesis */
	uint8_t identity_sha256[32]; /* SHA-256 of the identity.json to work from */
	bool has_previous;	     /* rotation, reshare; operations above 1; some rebuilds */
	uint8_t previous[32];	     /* SHA-256 of the statement.json that it follows */
	struct plan_approver next[PLAN_MAX_APPROVERS]; /* amend: who approves from then on */
	size_t nnext;				       /* 0: as before */
	/* What an operations statement follows; sequence is then its number. */
	uint8_t base_sha256[32]; /* SHA-256 of its statement.json; a revocation's, too */
};

/*
 * Read a plan strictly: unknown keys, thresholds that cannot work, dates in the
 * wrong order, a person with roles that exclude each other, approvers without
 * keys, rehearsal-only fields in production: all refused with the field named.
 * SN_E_FORMAT (form), SN_E_POLICY (contents). The caller owns *ret.
 */
SN_MUST_USE enum sn_err plan_parse(struct bytes text, struct plan **ret, struct sn_why *why);
void plan_free(struct plan **pp); /* NULL-safe, idempotent */

/*
 * Can an approver have this name, given that the stick is labelled CS-<name>? NULL,
 * or the rest of a sentence that says why not ("has more than ...").
 */
const char *plan_approver_name_fault(const char *name);

/* Can a seal have this serial: 3 to 24 of A-Z, 0-9 and "-"? */
bool plan_serial_ok(const char *s);

/* Does it name what a TPM must be: its keys, the least of its counter? */
bool plan_pins_tpm(const struct plan *p);
/* Can a ceremony by this plan reach that class ("vendor") and accept it? Only a plan that says
 * which attestation key was enrolled can reach "vendor"; "software" is for rehearsals. */
bool plan_may_reach(const struct plan *p, const char *class);

/*
 * Does a ceremony of this mode add an operations statement to a bundle, signed by the
 * operations signers, rather than make a bundle?
 */
bool plan_is_operations(const struct plan *p);
/* Does it work with a bundle on the IN stick and its approvers' operations shares? All of
 * these do, and a revocation, which opens and publishes what lies sealed in the bundle. */
bool plan_needs_bundle(const struct plan *p);

const char *plan_world_name(enum plan_world w); /* "rehearsal" */
const char *plan_mode_name(enum plan_mode m);	/* "genesis" */

/* The i-th custodian (0 to share_count - 1), in the order of people. */
const struct plan_person *plan_custodian(const struct plan *p, size_t i);
const struct plan_person *plan_person(const struct plan *p, const char *name);
const struct plan_approver *plan_approver(const struct plan *p, const char *name);
const struct plan_approver *plan_next_approver(const struct plan *p, const char *name);
/* Who approves after this ceremony: those whom an amendment brings, or the same as now. */
const struct plan_approver *plan_approvers_after(const struct plan *p, size_t *ret_n);
/* The first person with that role, or NULL. */
const struct plan_person *plan_first(const struct plan *p, unsigned int role);

#endif
