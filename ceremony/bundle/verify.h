/*
 * verify - read a bundle from a directory and judge it: authentic, current,
 * accepted.
 *
 * Owns: everything it read until it returns. May include: base, crypto, keys,
 * transcript. Each file is read once, with limits, and the bytes that were
 * verified are the bytes that were used. See docs/FORMAT-BUNDLE.md.
 */
#ifndef BUNDLE_VERIFY_H
#define BUNDLE_VERIFY_H

#include "appliance/base/text.h"
#include "appliance/crypto/cert.h"
#include "ceremony/bundle/expect.h"
#include "ceremony/bundle/file.h"
#include "ceremony/transcript/note.h"

#define BUN_NOTES_MAX 48
#define BUN_NOTE_LEN 160
#define BUN_REPORT_APPROVERS 16

/* A revocation list from outside the bundle. */
struct bun_crl {
	const char *name; /* for the verdict's text */
	struct cry_crl *crl;
};

/* Is told every digest that went into a register, in order, once all was checked. */
struct bun_replay {
	enum sn_err (*extend)(void *arg, unsigned int pcr, const uint8_t digest[32],
	    struct sn_why *why);
	void *arg;
};

/* What the caller knows from outside and what it is willing to take. */
struct bun_policy {
	bool has_identity;
	uint8_t identity[32]; /* from paper */
	bool rehearsal;	      /* take a rehearsal (and then class software too) */
	bool accept_pinned, accept_software;
	bool has_min_sequence;
	uint32_t min_sequence;
	uint32_t min_operations;   /* operations statements at least, at exactly min_sequence */
	int state_dirfd;	   /* high-water marks per identity; -1 for none */
	const struct bun_crl *crl; /* ncrls of them, each of a CA of the bundle */
	size_t ncrls;
	const struct note_vkey *witness; /* nwitnesses, each of which must have cosigned */
	size_t nwitnesses;
	const struct bun_expect *expect; /* of TPM and image; NULL: nothing is known */
	uint32_t facts_of; /* whose evidence the report has: 0 the bundle's, N that of ops/N/ */
	const struct bun_replay *replay; /* of the same; NULL: not wanted */
	int64_t as_of;			 /* the time at which `current` is judged */
};

/* One thing that was checked, in the order of checking, as a printable line. */
struct bun_report {
	/* consistent: every check passed; authentic, too, when the identity is from outside */
	bool consistent, authentic, current, accepted;
	enum sn_err verdict;
	char world[16], mode[16], evidence_class[16], sanctum_name[64];
	char sanctum_id[33];
	uint8_t identity[32]; /* computed from the bundle's roots */
	uint8_t statement_sha256[32];
	uint32_t sequence;
	int64_t time, good_until;
	char good_until_what[96];
	size_t files, records, approvals;
	struct bun_facts facts; /* the bundle's own evidence, or that of ops/N/ (facts_of) */
	uint32_t operations;	/* operations statements, and of the newest its facts */
	char operations_mode[16];
	int64_t operations_time;
	uint8_t operations_sha256[32];
	/* who may approve what comes next, by the newest statement that says so */
	struct bun_report_approver {
		char name[17];
		uint8_t key_sha256[32];
	} approver[BUN_REPORT_APPROVERS];
	size_t napprovers;
	char note[BUN_NOTES_MAX][BUN_NOTE_LEN];
	size_t nnotes;
};

/*
 * Judge the bundle below dirfd. The return value is the verdict (also in
 * ret->verdict): SN_OK accepted, SN_E_FORMAT, SN_E_SIGNATURE, SN_E_MISSING,
 * SN_E_SEQUENCE, SN_E_REHEARSAL, SN_E_EVIDENCE, SN_E_UNANCHORED, SN_E_EXPIRED, or
 * SN_E_IO/NOMEM when nothing could be judged. why names file and reason. The
 * report is filled as far as the check came. With a state directory the mark is
 * raised only when the bundle was accepted.
 */
SN_MUST_USE enum sn_err bun_verify(int dirfd, const struct bun_policy *policy,
    struct bun_report *ret, struct sn_why *why);

/* The same of n files in memory, in any order. */
SN_MUST_USE enum sn_err bun_verify_files(const struct bun_file *files, size_t n,
    const struct bun_policy *policy, struct bun_report *ret, struct sn_why *why);

/* SHA-256 over u32 length || SPKI of the P-384 root, then of the ML-DSA-87 root. */
SN_MUST_USE enum sn_err bun_identity(struct bytes spki_p384, struct bytes spki_mldsa,
    uint8_t ret[32], struct sn_why *why);

#endif
