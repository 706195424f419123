/*
 * identity - trust/identity.json: every public fact that certificates are made
 * from, so that M shares and this file alone give the same certificates again.
 *
 * Owns: nothing; struct identity is plain data. May include: base, crypto.
 * Format: docs/FORMAT-KEYS.md, "The identity file".
 */
#ifndef IDENTITY_H
#define IDENTITY_H

#include "ceremony/keys/derive.h"

#define IDENTITY_FORMAT "cornerstone-identity-1"
#define IDENTITY_MAX_BYTES 4096
#define IDENTITY_CN_MAX 64
/* An operations signer lives at most two years; the plan counts them as 366 days. */
#define IDENTITY_OPERATIONS_MAX (732LL * 86400)

/* KEY_TRANSCRIPT_LOG has no certificate: its row is all zero. */
struct identity_cert {
	char cn[IDENTITY_CN_MAX + 1];
	uint32_t generation;
	int64_t from, to;
	uint8_t serial[20];
};

/* A generation of operations that a later one superseded: the dates of its certificates. */
#define IDENTITY_PAST_MAX 8
struct identity_past {
	int64_t operations_from, operations_to, token_from, token_to;
};

struct identity {
	enum plan_world world;
	uint8_t sanctum_id[16];
	char sanctum_name[PLAN_FULL_MAX + 1];
	char organization[PLAN_FULL_MAX + 1];
	struct identity_cert cert[KEY_COUNT];
	uint32_t share_threshold, share_count;
	uint16_t share_identifier;
	uint8_t commitment[PLAN_MAX_SHARES][32]; /* share_count of them */
	uint32_t operations_generation, operations_threshold, operations_count;
	struct identity_past past[IDENTITY_PAST_MAX]; /* of generation 1 and so on */
	uint32_t npast;				      /* operations_generation - 1 */
};

/*
 * From a genesis plan and the shares made; commitments has plan->share_count rows.
 * SN_E_POLICY when the plan's dates do not nest or an operations signer would
 * live too long.
 */
SN_MUST_USE enum sn_err identity_build(const struct plan *plan, uint16_t share_identifier,
    const uint8_t (*commitments)[32], struct identity *ret, struct sn_why *why);
/* Append the canonical JSON, at most IDENTITY_MAX_BYTES. */
SN_MUST_USE enum sn_err identity_write(const struct identity *id, struct sn_buf *ret,
    struct sn_why *why);
/*
 * Strict: canonical bytes (one line end behind them is allowed), exactly these
 * keys, serials recomputed. SN_E_FORMAT, SN_E_POLICY, or SN_E_SIGNATURE for a
 * serial that does not fit what it is made of (a typing error on the card).
 */
SN_MUST_USE enum sn_err identity_parse(struct bytes text, struct identity *ret,
    struct sn_why *why);

/*
 * The identity that a ceremony under this plan makes from the one before, old. In a rebuild
 * (and a reshare, which replaces the shares later) the same, but that signers whose time was
 * over before the window begin anew, as the next generation with the plan's dates; a rotation
 * supersedes operations and token signers in any case, and the statement signers when the
 * plan gives them other dates. SN_E_POLICY names what the plan says otherwise: world, sanctum,
 * shares, and of what stays every date and the approvers' numbers. SN_E_LIMIT after
 * IDENTITY_PAST_MAX generations.
 */
SN_MUST_USE enum sn_err identity_next(const struct identity *old, const struct plan *plan,
    struct identity *ret, struct sn_why *why);

/*
 * Does the plan say what id says: sanctum, thresholds, counts, and each certificate's dates?
 * (For ceremonies that make no certificate; the number of approvers may have been amended.)
 * SN_E_POLICY with the difference named.
 */
SN_MUST_USE enum sn_err identity_fits(const struct identity *id, const struct plan *plan,
    struct sn_why *why);

/* A certificate's row: its name in that sanctum and world, the plan's dates. */
SN_MUST_USE enum sn_err identity_plan_cert(const struct identity *id, const struct plan *plan,
    enum key_id key, uint32_t generation, struct identity_cert *ret, struct sn_why *why);

/*
 * Does id belong to the sanctum and the custodians that a custodian check's plan names: world,
 * sanctum, threshold and number of shares? Certificates and dates do not matter.
 */
SN_MUST_USE enum sn_err identity_custody_fits(const struct identity *id,
    const struct plan *plan, struct sn_why *why);

/*
 * The same identity with the plan's threshold and number of shares, and these shares instead:
 * identifier and plan->share_count commitments. SN_E_POLICY: the splitting is the old one.
 */
SN_MUST_USE enum sn_err identity_reshare(const struct plan *plan, uint16_t share_identifier,
    const uint8_t (*commitments)[32], struct identity *id, struct sn_why *why);

/* The rules that a new identity and a read one both obey: SN_E_POLICY, SN_E_SIGNATURE. */
SN_MUST_USE enum sn_err identity_check(const struct identity *id, struct sn_why *why);

struct derive_scope identity_scope(const struct identity *id);
/* The number of the share with that commitment, from 1; 0 when none has it. */
uint32_t identity_share_number(const struct identity *id, const uint8_t commitment[32]);

/*
 * The transcript log's name: origin line of its checkpoints and name of its
 * signed-note key. "cornerstone/rehearsal/<sanctum id in hex>".
 */
#define IDENTITY_LOG_NAME_MAX 64
void identity_log_name(enum plan_world world, const uint8_t sanctum_id[16],
    char ret[IDENTITY_LOG_NAME_MAX]);

/* Serial of a certificate of a superseded generation, 1 to id->npast. */
SN_MUST_USE enum sn_err identity_past_serial(const struct identity *id, enum key_id key,
    uint32_t generation, uint8_t ret[20], struct sn_why *why);

/* Serial number of a certificate: 160 bits of SHA-256 over what is public about it. */
SN_MUST_USE enum sn_err identity_serial(const struct derive_scope *scope, const char *label,
    uint32_t generation, int64_t from, int64_t to, uint8_t ret[20], struct sn_why *why);

#endif
