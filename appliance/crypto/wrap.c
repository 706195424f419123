#include "appliance/crypto/wrap.h"

#include <string.h>

#include "appliance/crypto/priv.h"

#define MODULUS_MAX 1024 /* RSA of 8192 bits */
#define PLAIN_MAX 1024

/* OpenSSL takes over the label once it has accepted it. */
static enum sn_err
oaep_label(EVP_PKEY_CTX *ctx, struct bytes label, struct sn_why *why)
{
	unsigned char *own = OPENSSL_memdup(label.p, label.n);

	if (own == NULL)
		return sn_fail(why, SN_E_NOMEM, "OAEP label");
	if (EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, own, (int)label.n) != 1) {
		OPENSSL_free(own);
		return cry_fail(why, SN_E_CRYPTO, "OAEP label");
	}
	return SN_OK;
}

enum sn_err
cry_oaep_encrypt(const struct cry_key *k, enum cry_hash h, struct bytes label,
    struct bytes plain, struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(cry_pkey_ctx_done) EVP_PKEY_CTX *ctx =
	    EVP_PKEY_CTX_new_from_pkey(NULL, k->pkey, NULL);
	const EVP_MD *md = EVP_get_digestbyname(cry_hash_name(h));
	uint8_t out[MODULUS_MAX];
	size_t n = sizeof(out);

	if (k->alg != CRY_RSA)
		return sn_fail(why, SN_E_USAGE, "OAEP needs an RSA key");
	if (ctx == NULL || EVP_PKEY_encrypt_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) != 1 ||
	    EVP_PKEY_CTX_set_rsa_oaep_md(ctx, md) != 1 ||
	    EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, md) != 1)
		return cry_fail(why, SN_E_CRYPTO, "OAEP");
	SN_TRY(oaep_label(ctx, label, why));
	if (EVP_PKEY_encrypt(ctx, out, &n, plain.p, plain.n) != 1)
		return cry_fail(why, SN_E_CRYPTO, "OAEP");
	sn_buf_put(ret, (struct bytes){ out, n });
	return sn_buf_check(ret, why);
}

static enum sn_err
ecdh_point(const EVP_PKEY *own, size_t field, struct sn_buf *ret_xy, struct sn_why *why)
{
	uint8_t point[1 + 2 * 66];
	size_t n = 0;

	if (EVP_PKEY_get_octet_string_param(own, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point),
		&n) != 1 ||
	    n != 1 + 2 * field || point[0] != POINT_CONVERSION_UNCOMPRESSED)
		return cry_fail(why, SN_E_CRYPTO, "ECDH: the point of a fresh key");
	sn_buf_put(ret_xy, (struct bytes){ point + 1, 2 * field });
	return sn_buf_check(ret_xy, why);
}

enum sn_err
cry_ecdh_once(const struct cry_key *peer, struct sn_buf *ret_xy, struct sn_secret *ret_x,
    struct sn_why *why)
{
	const struct cry_alg_info *info = cry_alg_info(peer->alg);
	SN_CLEANUP(cry_pkey_done) EVP_PKEY *own = NULL;
	SN_CLEANUP(cry_pkey_ctx_done) EVP_PKEY_CTX *ctx = NULL;
	SN_CLEANUP(sn_secret_done) struct sn_secret x = { 0 };
	size_t n = info->scalar;

	if (peer->alg != CRY_P256 && peer->alg != CRY_P384)
		return sn_fail(why, SN_E_USAGE, "ECDH with a key of %s", info->name);
	own = EVP_PKEY_Q_keygen(NULL, NULL, "EC", info->group);
	ctx = own == NULL ? NULL : EVP_PKEY_CTX_new_from_pkey(NULL, own, NULL);
	SN_TRY(sn_secret_new(n, &x, why));
	if (ctx == NULL || EVP_PKEY_derive_init(ctx) != 1 ||
	    EVP_PKEY_derive_set_peer(ctx, peer->pkey) != 1 ||
	    EVP_PKEY_derive(ctx, x.p, &n) != 1 || n != x.n)
		return cry_fail(why, SN_E_CRYPTO, "ECDH");
	SN_TRY(ecdh_point(own, info->scalar, ret_xy, why));
	*ret_x = x;
	x = (struct sn_secret){ 0 };
	return SN_OK;
}

static void
cipher_ctx_done(EVP_CIPHER_CTX **p)
{
	EVP_CIPHER_CTX_free(*p);
	*p = NULL;
}

enum sn_err
cry_cfb_once(struct bytes key, struct bytes plain, struct sn_buf *ret, struct sn_why *why)
{
	static const uint8_t iv[16];
	SN_CLEANUP(cipher_ctx_done) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	const EVP_CIPHER *cipher = key.n == 16 ? EVP_aes_128_cfb128() : EVP_aes_256_cfb128();
	uint8_t out[PLAIN_MAX];
	int got = 0;

	if ((key.n != 16 && key.n != 32) || plain.n > PLAIN_MAX)
		return sn_fail(why, SN_E_USAGE, "AES-CFB: key of %zu bytes, text of %zu", key.n,
		    plain.n);
	if (ctx == NULL || EVP_EncryptInit_ex2(ctx, cipher, key.p, iv, NULL) != 1 ||
	    EVP_EncryptUpdate(ctx, out, &got, plain.p, (int)plain.n) != 1 ||
	    (size_t)got != plain.n)
		return cry_fail(why, SN_E_CRYPTO, "AES-CFB");
	sn_buf_put(ret, (struct bytes){ out, plain.n });
	return sn_buf_check(ret, why);
}
