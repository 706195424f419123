/* The lists' makers: issuing with a CA's key, sealing and opening what revokes everything. */
#include <string.h>

#include "ceremony/keys/revoke.h"

#define WHAT REVOKE_SEALED
#define LABEL "revocation"
#define KEY_LEN 32
#define NONCE_LEN 12
#define HEAD_LEN (sizeof(magic) - 1 + CRY_SHA256_LEN) /* is authenticated, too */

static const char magic[] = "cornerstone-revocation-1\n";

enum sn_err
revoke_issue(const struct identity *id, enum key_id ca, enum revoke_kind kind,
    const struct cry_key *key, const struct cry_cert *cert, struct sn_buf *ret,
    struct sn_why *why)
{
	struct revoke_entry entry[REVOKE_ENTRIES_MAX];
	struct bytes serial[REVOKE_ENTRIES_MAX];
	size_t n;

	SN_TRY(revoke_entries(id, ca, kind, entry, &n, why));
	for (size_t i = 0; i < n; i++)
		serial[i] = BYTES_OF(entry[i].serial);
	return cry_crl_issue(key, cert, id->cert[ca].from, id->cert[ca].to,
	    revoke_number(id, kind), serial, n, ret, why);
}

static enum sn_err
sealing_key(const struct identity *id, struct bytes operations, struct sn_secret *ret,
    struct sn_why *why)
{
	const struct derive_scope scope = identity_scope(id);

	return derive_seed(&scope, operations, LABEL, id->operations_generation, KEY_LEN, ret,
	    why);
}

enum sn_err
revoke_seal(const struct identity *id, struct bytes operations,
    const struct bytes der[REVOKE_LISTS], struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret key = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf plain = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf head = { 0 };
	uint8_t digest[CRY_MAX_HASH];

	for (size_t i = 0; i < REVOKE_LISTS; i++)
		sn_buf_blob32(&plain, der[i]);
	SN_TRY(sn_buf_check(&plain, why));
	/* a nonce out of what is sealed: other lists under one key never share it */
	SN_TRY(cry_digest(CRY_SHA256, sn_buf_bytes(&plain), digest, why));
	sn_buf_str(&head, magic);
	sn_buf_put(&head, (struct bytes){ digest, CRY_SHA256_LEN });
	SN_TRY(sn_buf_check(&head, why));
	SN_TRY(sealing_key(id, operations, &key, why));
	sn_buf_put(ret, sn_buf_bytes(&head));
	return cry_aead_seal(sn_secret_bytes(&key), (struct bytes){ digest, NONCE_LEN },
	    sn_buf_bytes(&head), sn_buf_bytes(&plain), ret, why);
}

static enum sn_err
split_lists(struct bytes plain, struct bytes ret[REVOKE_LISTS], struct sn_why *why)
{
	for (size_t i = 0; i < REVOKE_LISTS; i++)
		SN_TRY(bytes_blob32(&plain, CRY_CRL_MAX, &ret[i], WHAT, why));
	return bytes_end(&plain, WHAT, why);
}

enum sn_err
revoke_open(const struct identity *id, struct bytes operations, struct bytes file,
    struct sn_secret *ret, struct bytes ret_der[REVOKE_LISTS], struct sn_why *why)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret key = { 0 };
	SN_CLEANUP(sn_secret_done) struct sn_secret plain = { 0 };
	struct bytes der[REVOKE_LISTS];

	if (file.n < HEAD_LEN || file.n > REVOKE_SEALED_MAX ||
	    memcmp(file.p, magic, sizeof(magic) - 1) != 0)
		return sn_fail(why, SN_E_FORMAT, WHAT ": not sealed revocation lists");
	SN_TRY(sealing_key(id, operations, &key, why));
	if (cry_aead_open(sn_secret_bytes(&key),
		(struct bytes){ file.p + sizeof(magic) - 1, NONCE_LEN },
		(struct bytes){ file.p, HEAD_LEN },
		(struct bytes){ file.p + HEAD_LEN, file.n - HEAD_LEN }, &plain, NULL) != SN_OK)
		return sn_fail(why, SN_E_SIGNATURE,
		    WHAT ": the operations secret does not open it; it is of another "
			 "sanctum or generation, or was changed");
	SN_TRY(split_lists(sn_secret_bytes(&plain), der, why));
	memcpy(ret_der, der, sizeof(der));
	*ret = plain;
	plain = (struct sn_secret){ 0 };
	return SN_OK;
}
