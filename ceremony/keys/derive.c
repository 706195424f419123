#include "ceremony/keys/derive.h"

#include <string.h>

static const struct key_row rows[KEY_COUNT] = {
	[KEY_ROOT_P384] = { "root-p384", CRY_P384, KEY_OF_MASTER, 48 },
	[KEY_ROOT_MLDSA87] = { "root-mldsa87", CRY_MLDSA87, KEY_OF_MASTER, 32 },
	[KEY_SIGNING_CA_P384] = { "signing-ca-p384", CRY_P384, KEY_OF_MASTER, 48 },
	[KEY_SIGNING_CA_MLDSA87] = { "signing-ca-mldsa87", CRY_MLDSA87, KEY_OF_MASTER, 32 },
	[KEY_STATEMENT_P384] = { "statement-p384", CRY_P384, KEY_OF_MASTER, 48 },
	[KEY_STATEMENT_MLDSA87] = { "statement-mldsa87", CRY_MLDSA87, KEY_OF_MASTER, 32 },
	[KEY_TOKEN_CA_P384] = { "token-ca-p384", CRY_P384, KEY_OF_MASTER, 48 },
	[KEY_OPERATIONS_P384] = { "operations-p384", CRY_P384, KEY_OF_OPERATIONS, 48 },
	[KEY_OPERATIONS_MLDSA87] = { "operations-mldsa87", CRY_MLDSA87, KEY_OF_OPERATIONS, 32 },
	[KEY_TOKEN_P256] = { "token-p256", CRY_P256, KEY_OF_OPERATIONS, 32 },
	[KEY_TRANSCRIPT_LOG] = { "transcript-log", CRY_ED25519, KEY_OF_OPERATIONS, 32 },
};

const struct key_row *
key_row(enum key_id id)
{
	return &rows[id];
}

enum key_id
key_by_label(const char *label)
{
	unsigned int i;

	for (i = 0; i < KEY_COUNT; i++)
		if (strcmp(rows[i].label, label) == 0)
			break;
	return (enum key_id)i;
}

enum sn_err
derive_seed(const struct derive_scope *scope, struct bytes parent, const char *label,
    uint32_t generation, size_t n, struct sn_secret *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret prk = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf salt = { 0 }, info = { 0 };

	if (parent.n != DERIVE_MASTER_LEN)
		return sn_fail(why, SN_E_INTERNAL, "derivation: a parent of %zu bytes, not %d",
		    parent.n, DERIVE_MASTER_LEN);
	if (generation == 0)
		return sn_fail(why, SN_E_INTERNAL, "derivation of %s: generation 0", label);
	sn_buf_fmt(&salt, "cornerstone/v1/%s", plan_world_name(scope->world));
	sn_buf_put(&info, BYTES_OF("cornerstone/v1")); /* with its NUL */
	sn_buf_put(&info, BYTES_OF(scope->sanctum_id));
	sn_buf_u8(&info, 0);
	sn_buf_str(&info, label);
	sn_buf_u8(&info, 0);
	sn_buf_u32(&info, generation);
	SN_TRY(sn_buf_check(&salt, why));
	SN_TRY(sn_buf_check(&info, why));
	SN_TRY(cry_hkdf_extract(CRY_SHA512, sn_buf_bytes(&salt), parent, &prk, why));
	return cry_hkdf_expand(CRY_SHA512, sn_secret_bytes(&prk), sn_buf_bytes(&info), n, ret,
	    why);
}

enum sn_err
derive_operations(const struct derive_scope *scope, struct bytes master, uint32_t generation,
    struct sn_secret *ret, struct sn_why *why)
{
	return derive_seed(scope, master, "operations", generation, DERIVE_OPERATIONS_LEN, ret,
	    why);
}

enum sn_err
derive_key(const struct derive_scope *scope, struct bytes parent, enum key_id id,
    uint32_t generation, struct cry_key **ret, struct sn_why *why)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret seed = { 0 };
	const struct key_row *row = key_row(id);

	SN_TRY(derive_seed(scope, parent, row->label, generation, row->seed_len, &seed, why));
	return cry_key_from_seed(row->alg, sn_secret_bytes(&seed), ret, why);
}
