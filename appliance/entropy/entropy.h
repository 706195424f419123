/*
 * entropy - where the master secret comes from: sources, their health tests,
 * and the one way to mix them.
 *
 * Owns: nothing between calls; secrets leave only as sn_secret. May include:
 * base, crypto. See docs/ENTROPY.md.
 */
#ifndef ENT_ENTROPY_H
#define ENT_ENTROPY_H

#include "appliance/base/secret.h"
#include "appliance/base/selftest.h"

/* The numbers go into the mix and never change. Sources are mixed in this order. */
enum ent_id {
	ENT_TPM = 1,	/* TPM2_GetRandom through the salted session; mandatory */
	ENT_KERNEL = 2, /* getrandom(2); mandatory */
	ENT_CPU = 3,	/* RDSEED or RDRAND; used where the processor has it */
	ENT_DICE = 4, /* rolls that people typed, '1' to '6'; used where the plan wants them */
};
#define ENT_NIDS 4

/* What is collected from each source: one window of the adaptive proportion test. */
#define ENT_SAMPLE_LEN 512
#define ENT_SAMPLE_MAX 4096
#define ENT_MASTER_LEN 32
#define ENT_BLOCK 32 /* bytes that no source may show twice */
#define ENT_DICE_MIN 100
#define ENT_DICE_MAX 400

const char *ent_name(enum ent_id id); /* "tpm", "kernel", "cpu", "dice" */
bool ent_mandatory(enum ent_id id);

struct ent_source {
	enum ent_id id;
	struct sn_secret bytes;
};
void ent_source_done(struct ent_source *s); /* wipes; NULL-safe, idempotent */

/* ENT_SAMPLE_LEN bytes from getrandom(2). */
SN_MUST_USE enum sn_err ent_kernel(struct ent_source *ret, struct sn_why *why);
/*
 * ENT_SAMPLE_LEN bytes from RDSEED, else from RDRAND. On a processor that has
 * neither, or that does not deliver within the retry limits, *ret becomes an
 * ENT_CPU source without bytes, which ent_mix() records as absent. *ret_how is a
 * constant: "rdseed", "rdrand" or "none".
 */
SN_MUST_USE enum sn_err ent_cpu(struct ent_source *ret, const char **ret_how,
    struct sn_why *why);

/*
 * Rolls of dice as people type them, blanks anywhere: an ENT_DICE source of ENT_DICE_MIN to
 * ENT_DICE_MAX bytes '1' to '6' that passes the health tests. SN_E_ENTROPY says what people
 * have to do.
 */
SN_MUST_USE enum sn_err ent_dice(struct bytes typed, struct ent_source *ret,
    struct sn_why *why);

/*
 * The health tests of docs/ENTROPY.md on one sample: SN_E_ENTROPY names the source
 * and the test, never a value.
 */
SN_MUST_USE enum sn_err ent_health(enum ent_id id, struct bytes sample, struct sn_why *why);
/* SN_E_ENTROPY when two samples share a 32-byte block at any offset. */
SN_MUST_USE enum sn_err ent_distinct(const struct ent_source *sources, size_t n,
    struct sn_why *why);

/* Parts of these: those of dice; does a block of ENT_BLOCK bytes come twice? */
SN_MUST_USE enum sn_err ent_dice_health(struct bytes rolls, struct sn_why *why);
bool ent_repeats(struct bytes sample);

/* Two samples of one source: both pass the health tests, and neither is the other. */
SN_MUST_USE enum sn_err ent_alive(const struct ent_source two[2], struct sn_why *why);
/* Kernel and processor, for the boot's self-test; ends with a row without a name. */
extern const struct sn_selftest ent_selftests[];

enum ent_state { ENT_USED, ENT_ABSENT, ENT_FAILED };
const char *ent_state_name(enum ent_state s); /* "used", "absent", "failed" */

/* What may be told about a mix; holds no secret. One row per source, in order. */
struct ent_report {
	struct ent_report_row {
		enum ent_id id;
		enum ent_state state;
		uint32_t bytes; /* that went into the mix */
		char tests[96]; /* "repetition proportion blocks": passed; or the refusal */
	} row[ENT_NIDS];
};

/*
 * Test every source, then mix. world is "production" or "rehearsal". Sources stand in
 * the order of their numbers, each at most once. A mandatory source that is missing,
 * short or unhealthy is SN_E_ENTROPY, and so are unhealthy dice; another optional one is
 * left out and recorded.
 * On success *ret_master is a fresh secret of ENT_MASTER_LEN bytes.
 */
SN_MUST_USE enum sn_err ent_mix(const char *world, const struct ent_source *sources, size_t n,
    struct sn_secret *ret_master, struct ent_report *ret_report, struct sn_why *why);

#endif
