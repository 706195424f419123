/*
 * approver - an approver's two keys: making them, opening them, approving with them.
 *
 * Owns: opened keys until approver_keys_done(). May include: base, crypto.
 * Functions on bytes, no file is touched here. Formats of approver.key and
 * approver.json: docs/FORMAT-KEYS.md, "Approvers".
 */
#ifndef APPROVER_H
#define APPROVER_H

#include "appliance/crypto/key.h"
#include "ceremony/keys/plan.h"

#define APPROVER_KEY_FORMAT "cornerstone-approver-key-1"
#define APPROVER_PUBLIC_FORMAT "cornerstone-approver-1"
#define APPROVER_FILE_MAX 4096
#define APPROVER_PASSPHRASE_MIN 8
#define APPROVER_PASSPHRASE_MAX 256
/* What approver_new() takes; what approver_open() bears. */
#define APPROVER_MEMORY_KIB (64U << 10)
#define APPROVER_MEMORY_KIB_MIN (8U << 10)
#define APPROVER_MEMORY_KIB_MAX (1U << 20)
#define APPROVER_PASSES 3U
#define APPROVER_PASSES_MAX 16U
#define APPROVER_LANES 1U
#define APPROVER_LANES_MAX 4U

/* The public side: plan_approver holds the name and both DER SPKI. */
struct approver_keys {
	char name[PLAN_NAME_MAX + 1];
	struct cry_key *sign, *seal; /* both P-384, both with their private part */
};
void approver_keys_done(struct approver_keys *k); /* NULL-safe, idempotent */

/* Both keys from an approver's 32-byte seed; what approver.key holds encrypted. */
SN_MUST_USE enum sn_err approver_keys_from_seed(const char *name, struct bytes seed,
    struct approver_keys *ret, struct sn_why *why);

/*
 * A new approver from kernel randomness: ret_public is approver.json, ret_private
 * is approver.key, both with a line end. SN_E_USAGE for a name that does not
 * fit, SN_E_PASSPHRASE for a passphrase that is too short or too long.
 */
SN_MUST_USE enum sn_err approver_new(const char *name, struct bytes passphrase,
    struct sn_buf *ret_public, struct sn_buf *ret_private, struct sn_why *why);
/* The same with another cost of Argon2id, within the bounds above; SN_E_LIMIT outside. */
struct approver_cost {
	uint32_t memory_kib, passes, lanes;
};
SN_MUST_USE enum sn_err approver_new_cost(const char *name, struct bytes passphrase,
    const struct approver_cost *cost, struct sn_buf *ret_public, struct sn_buf *ret_private,
    struct sn_why *why);
/* Read approver.json: two different P-384 keys. SN_E_FORMAT. */
SN_MUST_USE enum sn_err approver_public_parse(struct bytes text, struct plan_approver *ret,
    struct sn_why *why);
/*
 * Open approver.key. SN_E_FORMAT for its form, SN_E_LIMIT for Argon2id parameters
 * out of bounds, SN_E_PASSPHRASE when it does not open (a wrong passphrase and a
 * changed file cannot be told apart).
 */
SN_MUST_USE enum sn_err approver_open(struct bytes file, struct bytes passphrase,
    struct approver_keys *ret, struct sn_why *why);
/* Only the sizes, before anything is sent: SN_E_FORMAT the file, SN_E_PASSPHRASE. */
SN_MUST_USE enum sn_err approver_fits(struct bytes file, struct bytes passphrase,
    struct sn_why *why);
/* Are these the keys that the plan pins under that name? SN_E_POLICY if not. */
SN_MUST_USE enum sn_err approver_is(const struct approver_keys *k,
    const struct plan_approver *pinned, struct sn_why *why);

/* SHA-256 over sign and seal key, each a u32 length and its DER SPKI. */
SN_MUST_USE enum sn_err approver_digest(const struct plan_approver *a, uint8_t ret[32],
    struct sn_why *why);
/* Append the approver's signing key as PEM, for trust/approvers/NAME.pem. */
SN_MUST_USE enum sn_err approver_pem(const struct plan_approver *a, struct sn_buf *ret,
    struct sn_why *why);

/* Approval of a plan: a signature over "cornerstone/v1/approve-plan\n" and the digest. */
SN_MUST_USE enum sn_err approver_sign_plan(const struct approver_keys *k,
    const uint8_t digest[32], struct sn_buf *ret_sig, struct sn_why *why);
SN_MUST_USE enum sn_err approver_check_plan(const struct plan_approver *a,
    const uint8_t digest[32], struct bytes sig, struct sn_why *why);
/*
 * Acceptance of a keyboard in the ceremony of a plan: a signature over
 * "cornerstone/v1/accept-usb\n", the plan's digest, and the device's description.
 */
SN_MUST_USE enum sn_err approver_sign_usb(const struct approver_keys *k,
    const uint8_t plan_digest[32], struct bytes device, struct sn_buf *ret_sig,
    struct sn_why *why);
SN_MUST_USE enum sn_err approver_check_usb(const struct plan_approver *a,
    const uint8_t plan_digest[32], struct bytes device, struct bytes sig, struct sn_why *why);
/* Approval of a statement: a signature over exactly the bytes of statement.json. */
SN_MUST_USE enum sn_err approver_sign_statement(const struct approver_keys *k,
    struct bytes statement, struct sn_buf *ret_sig, struct sn_why *why);
SN_MUST_USE enum sn_err approver_check_statement(const struct plan_approver *a,
    struct bytes statement, struct bytes sig, struct sn_why *why);

#endif
