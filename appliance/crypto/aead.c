#include <limits.h>

#include "appliance/crypto/priv.h"

#define KEY_LEN 32
#define NONCE_LEN 12
#define TAG_LEN 16
#define PLAIN_MAX (64U << 20)

static void
cipher_ctx_done(EVP_CIPHER_CTX **p)
{
	EVP_CIPHER_CTX_free(*p);
	*p = NULL;
}

/* Set up key, nonce and associated data for one message. */
static enum sn_err
aead_init(bool seal, struct bytes key, struct bytes nonce, struct bytes aad, size_t n,
    EVP_CIPHER_CTX **ret, struct sn_why *why)
{
	SN_CLEANUP(cipher_ctx_done) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int got = 0;

	if (key.n != KEY_LEN || nonce.n != NONCE_LEN)
		return sn_fail(why, SN_E_FORMAT,
		    "AES-256-GCM: key of %zu and nonce of %zu "
		    "bytes, not %d and %d",
		    key.n, nonce.n, KEY_LEN, NONCE_LEN);
	if (n > PLAIN_MAX || aad.n > PLAIN_MAX)
		return sn_fail(why, SN_E_LIMIT, "AES-256-GCM: %zu bytes", n);
	if (ctx == NULL)
		return sn_fail(why, SN_E_NOMEM, "AES-256-GCM");
	if (EVP_CipherInit_ex2(ctx, EVP_aes_256_gcm(), key.p, nonce.p, seal, NULL) != 1)
		return cry_fail(why, SN_E_CRYPTO, "AES-256-GCM");
	if (aad.n != 0 && EVP_CipherUpdate(ctx, NULL, &got, aad.p, (int)aad.n) != 1)
		return cry_fail(why, SN_E_CRYPTO, "AES-256-GCM");
	*ret = SN_TAKE(ctx);
	return SN_OK;
}

enum sn_err
cry_aead_seal(struct bytes key32, struct bytes nonce12, struct bytes aad, struct bytes plain,
    struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(cipher_ctx_done) EVP_CIPHER_CTX *ctx = NULL;
	SN_CLEANUP(sn_buf_done) struct sn_buf out = { 0 };
	uint8_t chunk[512], tag[TAG_LEN];
	int got = 0;

	SN_TRY(aead_init(true, key32, nonce12, aad, plain.n, &ctx, why));
	while (plain.n != 0) {
		size_t n = plain.n < sizeof(chunk) ? plain.n : sizeof(chunk);

		if (EVP_CipherUpdate(ctx, chunk, &got, plain.p, (int)n) != 1 ||
		    (size_t)got != n)
			return cry_fail(why, SN_E_CRYPTO, "AES-256-GCM");
		sn_buf_put(&out, (struct bytes){ chunk, n });
		plain.p += n;
		plain.n -= n;
	}
	if (EVP_CipherFinal_ex(ctx, chunk, &got) != 1 || got != 0)
		return cry_fail(why, SN_E_CRYPTO, "AES-256-GCM");
	if (EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_LEN, tag) != 1)
		return cry_fail(why, SN_E_CRYPTO, "AES-256-GCM");
	sn_buf_put(&out, BYTES_OF(tag));
	SN_TRY(sn_buf_check(&out, why));
	sn_buf_put(ret, sn_buf_bytes(&out));
	return sn_buf_check(ret, why);
}

enum sn_err
cry_aead_open(struct bytes key32, struct bytes nonce12, struct bytes aad, struct bytes sealed,
    struct sn_secret *ret, struct sn_why *why)
{
	SN_CLEANUP(cipher_ctx_done) EVP_CIPHER_CTX *ctx = NULL;
	SN_CLEANUP(sn_secret_done) struct sn_secret out = { 0 };
	uint8_t tag[TAG_LEN], none[EVP_MAX_BLOCK_LENGTH];
	size_t n;
	int got = 0;

	if (sealed.n < TAG_LEN)
		return sn_fail(why, SN_E_FORMAT, "AES-256-GCM: %zu bytes hold no tag",
		    sealed.n);
	n = sealed.n - TAG_LEN;
	for (size_t i = 0; i < TAG_LEN; i++)
		tag[i] = sealed.p[n + i];
	SN_TRY(aead_init(false, key32, nonce12, aad, n, &ctx, why));
	SN_TRY(sn_secret_new(n, &out, why));
	if (n != 0 &&
	    (EVP_CipherUpdate(ctx, out.p, &got, sealed.p, (int)n) != 1 || (size_t)got != n))
		return cry_fail(why, SN_E_CRYPTO, "AES-256-GCM");
	if (EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_LEN, tag) != 1)
		return cry_fail(why, SN_E_CRYPTO, "AES-256-GCM");
	if (EVP_CipherFinal_ex(ctx, none, &got) != 1)
		return cry_fail(why, SN_E_SIGNATURE, "AES-256-GCM: the tag does not match");
	*ret = out;
	out = (struct sn_secret){ 0 };
	return SN_OK;
}
