/*
 * expect - what a verifier knows of TPM and image from outside the bundle: measurements of
 * images, pinned keys, the plan. And what a bundle's evidence came to, for people.
 *
 * Owns: the plans, until bun_expect_done(). May include: base, keys. See
 * docs/FORMAT-BUNDLE.md, "Evidence".
 */
#ifndef BUNDLE_EXPECT_H
#define BUNDLE_EXPECT_H

#include "ceremony/bundle/tpm_json.h"

#define BUN_EXPECT_MAX 8 /* of a kind: laptops and images change over the years */
#define BUN_PCRS 16	 /* a ceremony quotes PCR 0 to 15 */

/* What a TPM holds after one image has booted: build/measurements.json. */
struct bun_measured {
	uint8_t image[32], pcr4_sb[32], pcr4_nosb[32], pcr9[32], pcr11[32];
	bool has_pcr7_sb; /* of a site's keys: then Secure Boot must be on with them */
	uint8_t pcr7_sb[32];
	uint32_t zero; /* bit n: PCR n must be zero */
};

/* Keys: SHA-256 of the TPMT_PUBLIC, as in plans. */
struct bun_pins {
	uint8_t digest[BUN_EXPECT_MAX][32];
	size_t n;
};

struct plan;

/* Every statement's evidence must fit one of each kind that is given. */
struct bun_expect {
	struct bun_measured measured[BUN_EXPECT_MAX];
	size_t nmeasured;
	struct bun_pins ek, ak; /* endorsement keys; attestation keys that were enrolled */
	bool has_min_counter;	/* of the newest statement: it must be above */
	uint64_t min_counter;
	struct plan
	    *plan[BUN_EXPECT_MAX]; /* each is the plan of a statement, and pins its TPM */
	size_t nplans;
};
void bun_expect_done(struct bun_expect *x); /* idempotent */

/*
 * The form that `sanctum explain measurements --json` and `make iso` write; what names the
 * file. SN_E_FORMAT; SN_E_LIMIT when BUN_EXPECT_MAX are there already.
 */
SN_MUST_USE enum sn_err bun_expect_measurements(struct bun_expect *x, struct bytes json,
    const char *what, struct sn_why *why);

/* 64 hex digits. SN_E_USAGE, SN_E_LIMIT. */
SN_MUST_USE enum sn_err bun_expect_pin(struct bun_pins *pins, const char *hex, const char *what,
    struct sn_why *why);
/* A plan as it lies on the stick. SN_E_FORMAT, SN_E_POLICY, SN_E_LIMIT. */
SN_MUST_USE enum sn_err bun_expect_plan(struct bun_expect *x, struct bytes text,
    const char *what, struct sn_why *why);

/* What one statement's evidence says, as far as it was checked. */
struct bun_facts {
	bool quoted;		    /* the quote is over the statement, PCR 15 is its records */
	uint8_t pcr[BUN_PCRS][32];  /* as quoted */
	size_t records, before_cut; /* of its transcript; the first ones, not in PCR 15 */
	bool device; /* by the transcript: a machine's TPM, not the program softtpm */
	bool logged; /* the event log explains PCR 0 to 14 */
	size_t events, programs; /* of it */
	int secure_boot;	 /* by the log, enum bootlog_secure */
	bool locality;		 /* by the log, PCR 0 did not start from zero */
	bool compared;		 /* with an expected image, whatever came of it */
	bool measured;		 /* an expected image was started, and nothing else */
	uint8_t image[32];	 /* which */
	bool audited;		 /* the secret's random bytes, of the TPM */
	size_t draws;		 /* commands for them */
	/* the secret was made before a cut: with this TPM, as the transcript has it */
	bool seeded_before, seed_software;
	uint8_t seed_ak[32], seed_ek[32];
	bool described; /* tpm is what the TPM said of itself: nothing signed */
	struct bun_tpm tpm;
	bool created;	  /* its key was made in it, as a key that signs only what it attests */
	bool has_counter; /* signed: how often a ceremony was opened with it */
	uint64_t counter;
	uint32_t resets, restarts; /* one boot signed all of it */
	bool certified;		   /* there is a certificate of the endorsement key */
	bool chained, generated;   /* up to a root; which is nobody's but the plan's */
	size_t chain;		   /* certificates above it */
	char root[BUN_TPM_TEXT_MAX + 1], chip[BUN_TPM_TEXT_MAX + 1]; /* root, maker by it */
	/* judged with what the caller knows; empty when the judging did not come to it */
	char class[16];		  /* what is proven; never above the statement's claim */
	char why_not[SN_WHY_MAX]; /* why it is not "vendor" */
	bool vendor_root, ek_pinned, ak_pinned;
};

#endif
