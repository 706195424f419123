#include "appliance/attest/credential.h"

#include "appliance/crypto/wrap.h"

#define FILE_MAGIC 0xbadcc0deU /* tpm2-tools, tpm2_makecredential */
#define FILE_VERSION 1
#define DRAWS_MAX 64
#define IDENTITY "IDENTITY" /* with its NUL [TCG P1 B.10.4, C.6.4] */

static void
put_2b(struct sn_buf *b, struct bytes v)
{
	sn_buf_u16(b, (uint16_t)v.n);
	sn_buf_put(b, v);
}

static enum sn_err
seed_rsa(const struct cry_key *key, enum cry_hash name_alg, struct sn_buf *ret_wrapped,
    struct sn_secret *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret seed = { 0 };

	SN_TRY(cry_random_secret(cry_hash_len(name_alg), &seed, why));
	SN_TRY(cry_oaep_encrypt(key, name_alg, BYTES_OF(IDENTITY), sn_secret_bytes(&seed),
	    ret_wrapped, why));
	*ret = seed;
	seed = (struct sn_secret){ 0 };
	return SN_OK;
}

/*
 * Some TPMs drop leading zero bytes of a coordinate before they derive from it. A draw without
 * such bytes is understood by all; one in a hundred is drawn again.
 */
static enum sn_err
ecdh_draw(const struct cry_key *key, struct sn_buf *ret_xy, struct sn_secret *ret_x,
    struct sn_why *why)
{
	for (int i = 0; i < DRAWS_MAX; i++) {
		SN_CLEANUP(sn_secret_done) struct sn_secret x = { 0 };
		SN_CLEANUP(sn_buf_done) struct sn_buf xy = { 0 };

		SN_TRY(cry_ecdh_once(key, &xy, &x, why));
		if (x.p[0] == 0 || xy.p[0] == 0 || xy.p[xy.n / 2] == 0)
			continue;
		sn_buf_put(ret_xy, sn_buf_bytes(&xy));
		SN_TRY(sn_buf_check(ret_xy, why));
		*ret_x = x;
		x = (struct sn_secret){ 0 };
		return SN_OK;
	}
	return sn_fail(why, SN_E_CRYPTO, "ECDH: the generator keeps giving leading zeros");
}

/* The seed is derived from what both sides share; the one-time point goes along. */
static enum sn_err
seed_ecc(const struct cry_key *key, enum cry_hash name_alg, struct sn_buf *ret_wrapped,
    struct sn_secret *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret z = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf xy = { 0 }, info = { 0 }, peer = { 0 };
	size_t field;

	SN_TRY(cry_key_raw(key, &peer, why));
	SN_TRY(ecdh_draw(key, &xy, &z, why));
	field = xy.n / 2;
	sn_buf_put(&info, BYTES_OF(IDENTITY));
	sn_buf_put(&info, (struct bytes){ xy.p, field });
	sn_buf_put(&info, (struct bytes){ peer.p + 1, field });
	SN_TRY(sn_buf_check(&info, why));
	put_2b(ret_wrapped, (struct bytes){ xy.p, field });
	put_2b(ret_wrapped, (struct bytes){ xy.p + field, field });
	SN_TRY(sn_buf_check(ret_wrapped, why));
	return cry_sskdf(name_alg, sn_secret_bytes(&z), sn_buf_bytes(&info),
	    cry_hash_len(name_alg), ret, why);
}

/* What the template of an endorsement key says of its name and of its symmetric cipher. */
static const struct credential_row {
	enum sn_err (*seed)(const struct cry_key *key, enum cry_hash name_alg,
	    struct sn_buf *ret_wrapped, struct sn_secret *ret, struct sn_why *why);
	enum cry_hash name_alg;
	size_t aes_bytes;
} kinds[] = {
	[ATT_EK_P256] = { seed_ecc, CRY_SHA256, 16 },
	[ATT_EK_RSA2048] = { seed_rsa, CRY_SHA256, 16 },
	[ATT_EK_P384] = { seed_ecc, CRY_SHA384, 32 },
};

/* The secret under a key bound to the name, and a MAC over both [TCG P1 24.4, 24.5]. */
static enum sn_err
put_id_object(const struct credential_row *k, struct bytes seed, struct bytes name,
    struct bytes secret, struct sn_buf *ret, struct sn_why *why)
{
	const uint8_t length[2] = { 0, ATT_CREDENTIAL_LEN };
	SN_CLEANUP(sn_secret_done) struct sn_secret aes = { 0 }, mac_key = { 0 }, plain = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf maced = { 0 };
	const size_t n = cry_hash_len(k->name_alg);
	uint8_t mac[CRY_MAX_HASH];
	size_t cipher;

	SN_TRY(sn_secret_copy(BYTES_OF(length), &plain, why));
	SN_TRY(sn_secret_append(&plain, secret, why));
	SN_TRY(cry_kbkdf(k->name_alg, seed, BYTES_STR("STORAGE"), name, k->aes_bytes, &aes,
	    why));
	SN_TRY(cry_kbkdf(k->name_alg, seed, BYTES_STR("INTEGRITY"), (struct bytes){ 0 }, n,
	    &mac_key, why));
	SN_TRY(cry_cfb_once(sn_secret_bytes(&aes), sn_secret_bytes(&plain), &maced, why));
	cipher = maced.n;
	sn_buf_put(&maced, name);
	SN_TRY(sn_buf_check(&maced, why));
	SN_TRY(cry_hmac(k->name_alg, sn_secret_bytes(&mac_key), sn_buf_bytes(&maced), mac,
	    why));
	sn_buf_u16(ret, (uint16_t)(2 + n + cipher));
	put_2b(ret, (struct bytes){ mac, n });
	sn_buf_put(ret, (struct bytes){ maced.p, cipher });
	return sn_buf_check(ret, why);
}

enum sn_err
att_credential_make(const struct att_ek *ek, const struct att_name *object, struct bytes secret,
    struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret seed = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf wrapped = { 0 }, file = { 0 };
	const struct credential_row *k = &kinds[ek->kind];

	if (secret.n != ATT_CREDENTIAL_LEN)
		return sn_fail(why, SN_E_USAGE, "a challenge of %zu bytes, not %d", secret.n,
		    ATT_CREDENTIAL_LEN);
	SN_TRY(k->seed(ek->key, k->name_alg, &wrapped, &seed, why));
	sn_buf_u32(&file, FILE_MAGIC);
	sn_buf_u32(&file, FILE_VERSION);
	SN_TRY(put_id_object(k, sn_secret_bytes(&seed), att_name_bytes(object), secret, &file,
	    why));
	put_2b(&file, sn_buf_bytes(&wrapped));
	SN_TRY(sn_buf_check(&file, why));
	sn_buf_put(ret, sn_buf_bytes(&file));
	return sn_buf_check(ret, why);
}
