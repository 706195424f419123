/*
 * derive - every key from the master secret by its label.
 *
 * Owns: nothing between calls. May include: base, crypto. The table of labels
 * is the only list of what is derived; docs/FORMAT-KEYS.md, "Derivation".
 */
#ifndef DERIVE_H
#define DERIVE_H

#include "appliance/crypto/key.h"
#include "ceremony/keys/plan.h"

#define DERIVE_MASTER_LEN 32
#define DERIVE_OPERATIONS_LEN 32
#define DERIVE_LABEL_MAX 24

/* In the order of the table in docs/FORMAT-KEYS.md. */
enum key_id {
	KEY_ROOT_P384,
	KEY_ROOT_MLDSA87,
	KEY_SIGNING_CA_P384,
	KEY_SIGNING_CA_MLDSA87,
	KEY_STATEMENT_P384,
	KEY_STATEMENT_MLDSA87,
	KEY_TOKEN_CA_P384,
	KEY_OPERATIONS_P384,
	KEY_OPERATIONS_MLDSA87,
	KEY_TOKEN_P256,
	KEY_TRANSCRIPT_LOG,
	KEY_COUNT
};

enum key_parent { KEY_OF_MASTER, KEY_OF_OPERATIONS };

struct key_row {
	const char *label; /* enters the derivation: never changes */
	enum cry_alg alg;
	enum key_parent parent;
	size_t seed_len;
};
const struct key_row *key_row(enum key_id id);
/* The key with that label, or KEY_COUNT. */
enum key_id key_by_label(const char *label);

/* What a derivation depends on besides the secret. All of it is public. */
struct derive_scope {
	enum plan_world world;
	uint8_t sanctum_id[16];
};

/*
 * PRK = HKDF-SHA-512-Extract("cornerstone/v1/" world, parent), seed = Expand(
 * "cornerstone/v1" 00 sanctum id 00 label 00 generation, n). A fresh secret.
 * parent is 32 bytes; generation is at least 1.
 */
SN_MUST_USE enum sn_err derive_seed(const struct derive_scope *scope, struct bytes parent,
    const char *label, uint32_t generation, size_t n, struct sn_secret *ret,
    struct sn_why *why);
/* The operations secret of a generation, from the master secret. */
SN_MUST_USE enum sn_err derive_operations(const struct derive_scope *scope, struct bytes master,
    uint32_t generation, struct sn_secret *ret, struct sn_why *why);
/* A key of the table from its parent (master or operations secret, see the row). */
SN_MUST_USE enum sn_err derive_key(const struct derive_scope *scope, struct bytes parent,
    enum key_id id, uint32_t generation, struct cry_key **ret, struct sn_why *why);

#endif
