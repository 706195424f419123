#include <errno.h>
#include <sys/random.h>

#include "appliance/crypto/priv.h"

static const struct {
	const char *name;
	size_t len;
} hashes[] = {
	[CRY_SHA256] = { "SHA256", 32 },
	[CRY_SHA384] = { "SHA384", 48 },
	[CRY_SHA512] = { "SHA512", 64 },
};

size_t
cry_hash_len(enum cry_hash h)
{
	return hashes[h].len;
}

const char *
cry_hash_name(enum cry_hash h)
{
	return hashes[h].name;
}

enum sn_err
cry_fail(struct sn_why *why, enum sn_err err, const char *what)
{
	unsigned long code = ERR_peek_last_error();
	const char *reason = code == 0 ? NULL : ERR_reason_error_string(code);

	ERR_clear_error();
	if (reason == NULL)
		return sn_fail(why, err, "%s", what);
	return sn_fail(why, err, "%s: %s", what, reason);
}

enum sn_err
cry_digest(enum cry_hash h, struct bytes data, uint8_t *ret, struct sn_why *why)
{
	return cry_digest_v(h, &data, 1, ret, why);
}

enum sn_err
cry_digest_v(enum cry_hash h, const struct bytes *parts, size_t n, uint8_t *ret,
    struct sn_why *why)
{
	SN_CLEANUP(cry_md_ctx_done) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t out[CRY_MAX_HASH];
	unsigned int len = 0;

	if (ctx == NULL)
		return sn_fail(why, SN_E_NOMEM, "digest");
	if (EVP_DigestInit_ex(ctx, EVP_get_digestbyname(hashes[h].name), NULL) != 1)
		return cry_fail(why, SN_E_CRYPTO, hashes[h].name);
	for (size_t i = 0; i < n; i++)
		if (parts[i].n != 0 && EVP_DigestUpdate(ctx, parts[i].p, parts[i].n) != 1)
			return cry_fail(why, SN_E_CRYPTO, hashes[h].name);
	if (EVP_DigestFinal_ex(ctx, out, &len) != 1 || len != hashes[h].len)
		return cry_fail(why, SN_E_CRYPTO, hashes[h].name);
	for (size_t i = 0; i < len; i++)
		ret[i] = out[i];
	return SN_OK;
}

/* OpenSSL wants a pointer also where there is nothing to point at. */
static const uint8_t *
ptr(struct bytes b)
{
	static const uint8_t nothing[1];

	return b.n == 0 ? nothing : b.p;
}

static OSSL_PARAM
octets(const char *key, struct bytes v)
{
	/* The constructor takes a pointer to change; a KDF only reads. */
	return OSSL_PARAM_construct_octet_string(key, (void *)(uintptr_t)ptr(v), v.n);
}

static OSSL_PARAM
text(const char *key, const char *v)
{
	return OSSL_PARAM_construct_utf8_string(key, (char *)(uintptr_t)v, 0);
}

enum sn_err
cry_hmac(enum cry_hash h, struct bytes key, struct bytes data, uint8_t *ret, struct sn_why *why)
{
	uint8_t out[CRY_MAX_HASH];
	size_t len = 0;
	const void *p = EVP_Q_mac(NULL, "HMAC", NULL, hashes[h].name, NULL, ptr(key), key.n,
	    ptr(data), data.n, out, sizeof(out), &len);

	if (p == NULL || len != hashes[h].len) {
		sn_wipe(out, sizeof(out));
		return cry_fail(why, SN_E_CRYPTO, "HMAC");
	}
	for (size_t i = 0; i < len; i++)
		ret[i] = out[i];
	sn_wipe(out, sizeof(out));
	return SN_OK;
}

/* Derive n fresh bytes; ret is untouched on failure. */
static enum sn_err
derive(const char *name, const OSSL_PARAM *params, size_t n, struct sn_secret *ret,
    struct sn_why *why)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret out = { 0 };
	EVP_KDF *kdf;
	EVP_KDF_CTX *ctx;
	int ok;

	if (n == 0)
		return sn_fail(why, SN_E_LIMIT, "%s: nothing to derive", name);
	SN_TRY(sn_secret_new(n, &out, why));
	kdf = EVP_KDF_fetch(NULL, name, NULL);
	ctx = kdf == NULL ? NULL : EVP_KDF_CTX_new(kdf);
	EVP_KDF_free(kdf);
	if (ctx == NULL)
		return cry_fail(why, SN_E_CRYPTO, name);
	ok = EVP_KDF_derive(ctx, out.p, n, params);
	EVP_KDF_CTX_free(ctx);
	if (ok != 1)
		return cry_fail(why, SN_E_CRYPTO, name);
	*ret = out;
	out = (struct sn_secret){ 0 };
	return SN_OK;
}

enum sn_err
cry_hkdf_extract(enum cry_hash h, struct bytes salt, struct bytes ikm,
    struct sn_secret *ret_prk, struct sn_why *why)
{
	int mode = EVP_KDF_HKDF_MODE_EXTRACT_ONLY;
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
		text(OSSL_KDF_PARAM_DIGEST, hashes[h].name),
		octets(OSSL_KDF_PARAM_KEY, ikm),
		octets(OSSL_KDF_PARAM_SALT, salt),
		OSSL_PARAM_construct_end(),
	};

	return derive("HKDF", params, hashes[h].len, ret_prk, why);
}

enum sn_err
cry_hkdf_expand(enum cry_hash h, struct bytes prk, struct bytes info, size_t n,
    struct sn_secret *ret, struct sn_why *why)
{
	int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
		text(OSSL_KDF_PARAM_DIGEST, hashes[h].name),
		octets(OSSL_KDF_PARAM_KEY, prk),
		octets(OSSL_KDF_PARAM_INFO, info),
		OSSL_PARAM_construct_end(),
	};

	if (prk.n < hashes[h].len)
		return sn_fail(why, SN_E_FORMAT,
		    "HKDF: key of %zu bytes, at least %zu "
		    "are needed",
		    prk.n, hashes[h].len);
	if (n > 255 * hashes[h].len)
		return sn_fail(why, SN_E_LIMIT, "HKDF: %zu bytes are more than it gives", n);
	return derive("HKDF", params, n, ret, why);
}

enum sn_err
cry_pbkdf2_sha256(struct bytes password, struct bytes salt, uint32_t iterations, size_t n,
    struct sn_secret *ret, struct sn_why *why)
{
	/* Without the lower bounds of SP 800-132: SLIP-0039 prescribes its own. */
	int pkcs5 = 1;
	unsigned int iter = iterations;
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_int(OSSL_KDF_PARAM_PKCS5, &pkcs5),
		text(OSSL_KDF_PARAM_DIGEST, "SHA256"),
		octets(OSSL_KDF_PARAM_PASSWORD, password),
		octets(OSSL_KDF_PARAM_SALT, salt),
		OSSL_PARAM_construct_uint(OSSL_KDF_PARAM_ITER, &iter),
		OSSL_PARAM_construct_end(),
	};

	return derive("PBKDF2", params, n, ret, why);
}

enum sn_err
cry_kbkdf(enum cry_hash h, struct bytes key, struct bytes label, struct bytes context, size_t n,
    struct sn_secret *ret, struct sn_why *why)
{
	const OSSL_PARAM params[] = {
		text(OSSL_KDF_PARAM_MODE, "counter"),
		text(OSSL_KDF_PARAM_MAC, "HMAC"),
		text(OSSL_KDF_PARAM_DIGEST, hashes[h].name),
		octets(OSSL_KDF_PARAM_KEY, key),
		octets(OSSL_KDF_PARAM_SALT, label),
		octets(OSSL_KDF_PARAM_INFO, context),
		OSSL_PARAM_construct_end(),
	};

	return derive("KBKDF", params, n, ret, why);
}

enum sn_err
cry_sskdf(enum cry_hash h, struct bytes z, struct bytes info, size_t n, struct sn_secret *ret,
    struct sn_why *why)
{
	const OSSL_PARAM params[] = {
		text(OSSL_KDF_PARAM_DIGEST, hashes[h].name),
		octets(OSSL_KDF_PARAM_KEY, z),
		octets(OSSL_KDF_PARAM_INFO, info),
		OSSL_PARAM_construct_end(),
	};

	return derive("SSKDF", params, n, ret, why);
}

enum sn_err
cry_random(void *ret, size_t n, struct sn_why *why)
{
	uint8_t *p = ret;
	size_t done = 0;

	while (done < n) {
		ssize_t r = getrandom(p + done, n - done, 0);

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0) {
			sn_wipe(p, n);
			return sn_fail(why, SN_E_ENTROPY, "getrandom: errno %d", errno);
		}
		done += (size_t)r;
	}
	return SN_OK;
}

enum sn_err
cry_random_secret(size_t n, struct sn_secret *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret out = { 0 };

	SN_TRY(sn_secret_new(n, &out, why));
	SN_TRY(cry_random(out.p, n, why));
	*ret = out;
	out = (struct sn_secret){ 0 };
	return SN_OK;
}
