/*
 * fixture_options - a small Sanctum as data, and what a bundle of it is to be, good or bad.
 *
 * Owns: nothing; fixture.h makes and frees what is in here.
 */
#ifndef TEST_BUNDLE_FIXTURE_OPTIONS_H
#define TEST_BUNDLE_FIXTURE_OPTIONS_H

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "appliance/base/file.h"
#include "appliance/base/text.h"
#include "appliance/crypto/cms.h"
#include "ceremony/bundle/tpm_json.h"
#include "ceremony/bundle/verify.h"
#include "ceremony/bundle/writer.h"
#include "ceremony/keys/certs.h"
#include "ceremony/transcript/transcript.h"
#include "tests/lib/test.h"

#define FIX_T0 1767225600 /* 2026-01-01T00:00:00Z, the statement's time */
#define FIX_DAY 86400
#define FIX_FROM 1735689600    /* 2025-01-01 */
#define FIX_LEAF_TO 1798675200 /* 2026-12-31 */
#define FIX_EXPIRY (FIX_LEAF_TO)
#define FIX_ROOT_TO 2366841600 /* 2045-01-01 */
#define FIX_APPROVERS 3

#define FIX_OK(call)                                                                           \
	do {                                                                                   \
		struct sn_why fix_why_ = { 0 };                                                \
		struct sn_why *why = &fix_why_;                                                \
		const enum sn_err fix_e_ = (call);                                             \
		if (fix_e_ != SN_OK)                                                           \
			fail_msg("%s: %s: %s", #call, sn_err_name(fix_e_), fix_why_.text);     \
	} while (0)

struct fix {
	struct plan plan;
	struct identity id;
	struct certs certs;
	struct certs_files files;
	struct cry_key *approver[FIX_APPROVERS], *ak, *ek;
	uint8_t identity[32];
	uint8_t plan_digest[32];
};

static const char *const fix_names[FIX_APPROVERS] = { "alice", "bob", "carol" };

/* Where the transcript tells another story than the statement. */
enum fix_lie {
	FIX_LIE_NONE,
	FIX_LIE_WORLD,
	FIX_LIE_MODE,
	FIX_LIE_PLAN,
	FIX_LIE_SEQUENCE,
	FIX_LIE_CLASS,
	FIX_LIE_AK,
	FIX_LIE_IDENTITY,
	FIX_LIE_NO_START,
	FIX_LIE_NO_TPM,
	FIX_LIE_ONE_APPROVAL,
	FIX_LIE_ALICE_TWICE,
	FIX_LIE_STRANGER,
	FIX_LIE_OTHER_PLAN,
	FIX_KEYBOARD,		/* no lie: two approvers accepted a keyboard */
	FIX_LIE_KEYBOARD_ONE,	/* the same one twice */
	FIX_LIE_KEYBOARD_OTHER, /* they signed for another keyboard */
	FIX_LIE_NO_EXCEPTION,
	FIX_LIE_AN_EXCEPTION, /* that the statement does not have */
	FIX_LIE_EXCEPTION_TIME,
	FIX_LIE_EXCEPTION_REASON,
	FIX_LIE_REDUCED,	 /* separation, which the statement does not have */
	FIX_LIE_SEPARATION_NONE, /* of a team of two: nobody took note of it */
	FIX_LIE_SEPARATION_ONE,	 /* one of them did, twice */
	FIX_LIE_SECOND_TPM,	 /* a second tpm.opened, of another class */
};

/* A record of what people typed instead of an answer. */
struct fix_halt {
	const char *id, *first, *second;
};

/* An approver by a statement: whose key stands behind the name. */
struct fix_who {
	const char *name;
	size_t key;
};

/* Something that the TPM signs [TCG P2 10.12.12]. */
enum fix_signed { FIX_QUOTE, FIX_AUDIT, FIX_CREATION, FIX_COUNTER };
struct fix_attest {
	enum fix_signed what;
	uint16_t type;
	uint8_t signer[34], qualifying[32];
	uint32_t resets, restarts;
	struct sn_buf body; /* what follows the head */
	struct sn_buf file; /* beside it: quote.pcr, audit.list, creation.data, counter.pub */
	const struct cry_key *key;
};

/* What a bundle is to be; zero is a good production genesis with a pinned TPM. */
struct fix_bundle {
	uint32_t sequence;	  /* 0: 1 */
	const char *evidence;	  /* NULL: "pinned" */
	const char *mode;	  /* NULL: "genesis" */
	int64_t time;		  /* 0: FIX_T0 */
	int64_t collateral_until; /* an expiry "collateral ..."; 0: none */
	bool has_collateral_time;
	const char *exception;		       /* its reason */
	unsigned int approvals;		       /* bits of fix_names; 0: alice and bob */
	enum key_id signer_p384, signer_mldsa; /* 0: the statement signers */
	bool wrong_size;	/* the statement names a transcript of another size */
	const char *extra_path; /* one more bound file */
	struct bytes extra;
	struct bytes records; /* instead of the transcript's (and a fitting checkpoint) */
	const char *agreed;   /* a record policy.agreed with this digest; NULL: none */
	uint32_t agreed_nodes;
	uint32_t skip_pcr15; /* records that PCR 15 has not seen */
	bool of_two;	     /* for tests: which sanctum they take */
	enum fix_lie lie;
	const struct fix_halt *halts; /* up to one without id */
	int64_t expiry;		      /* of the signers, as stated; 0: FIX_EXPIRY */
	uint32_t shares_of;	      /* as stated; 0: 3 */
	uint32_t ops_threshold;	      /* as stated; 0: 2 */
	uint8_t audit_twist;	      /* flips into the audit's qualifying data */
	const uint16_t *draws; /* sizes of the audited draws, up to a 0; NULL: 16 of 32 */
	bool shared_session;   /* the audited session was not exclusive */
	uint8_t ak_twist;      /* flips into the attestation key's attributes */
	bool no_audit;
	bool software;	  /* the transcript says so; no log then, and no registers */
	bool secure_boot; /* the laptop was started with it */
	/* changes the log, and the registers before they are quoted */
	void (*boot)(struct sn_buf *log, uint8_t pcr[16][32]);
	bool no_counter;
	uint64_t count; /* the counter's value; 0: 7 */
	/* change what the TPM says of itself; an attestation before it is signed; the files
	 * creation.data and counter.pub before they are attested */
	void (*tpm)(struct bun_tpm *t);
	void (*attest)(const struct fix *f, struct fix_attest *a);
	void (*creation)(struct sn_buf *data);
	void (*counter)(struct sn_buf *pub);
	/* records of a boot before a cut, and the border behind them */
	void (*before)(const struct fix *f, const struct fix_bundle *o, struct tr *t);
	/* an operations statement: what it follows, set by fix_ops_write() */
	const uint8_t *base_sha256, *previous;
	const struct fix_who *stated; /* the approvers that it names, up to a NULL; NULL: all */
	bool other_world;	      /* as stated */
	const struct fix *roots;      /* put this sanctum's roots into trust/ */
	const struct fix *identity_of;		/* state this sanctum's identity */
	void (*more)(struct bun *b, void *arg); /* adds more files */
	void *arg;
};

#endif
