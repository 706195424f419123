#include <string.h>

#include "appliance/crypto/priv.h"

#define SECURE_HEAP (64U << 10)
#define SECURE_MIN 32

/*
 * A parameter that a libcrypto does not know is silently ignored, and the key
 * or signature is then random. So each one that matters is looked for first.
 */
static const struct {
	const char *what, *alg, *param;
} needed_params[] = {
	{ "ECDSA by RFC 6979", "ECDSA", OSSL_SIGNATURE_PARAM_NONCE_TYPE },
	{ "deterministic ML-DSA", "ML-DSA-87", OSSL_SIGNATURE_PARAM_DETERMINISTIC },
};

static const char *const needed_kdfs[] = { "HKDF", "PBKDF2" };

/* NIST ACVP ML-DSA-keyGen-FIPS204, ML-DSA-87, tcId 51: seed, SHA-256 of pk. */
static const uint8_t kat_seed[32] = { 0xa1, 0x6f, 0x5b, 0x07, 0x96, 0x70, 0x3e, 0x2d, 0x1a,
	0x01, 0x40, 0xa3, 0x5c, 0xbf, 0x36, 0xef, 0xab, 0xe7, 0x0e, 0x75, 0x2b, 0xa5, 0x9b,
	0x6a, 0x9a, 0x0e, 0x9c, 0x4b, 0x05, 0x30, 0x2f, 0x73 };
static const uint8_t kat_mldsa_pk[32] = { 0x33, 0xf4, 0x96, 0x49, 0xf0, 0x5e, 0xc2, 0xfc, 0x3b,
	0x05, 0x00, 0x07, 0xb1, 0x8a, 0xde, 0x04, 0x3b, 0xbc, 0x8d, 0x1c, 0x0d, 0xed, 0x03,
	0xa2, 0x69, 0xd5, 0x40, 0x48, 0x6d, 0xaa, 0xa5, 0xf4 };
/* FIPS 180-4, SHA-256 of "abc". */
static const uint8_t kat_abc[32] = { 0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41,
	0x40, 0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c,
	0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad };

static enum sn_err
start_heap(struct sn_why *why)
{
	if (CRYPTO_secure_malloc_initialized() == 1)
		return SN_OK;
	/* 2 means: works, but is not protected. */
	if (CRYPTO_secure_malloc_init(SECURE_HEAP, SECURE_MIN) != 1)
		return cry_fail(why, SN_E_LOCK, "OpenSSL's secure heap");
	return SN_OK;
}

static enum sn_err
start_params(struct sn_why *why)
{
	for (size_t i = 0; i < SN_NITEMS(needed_params); i++) {
		EVP_SIGNATURE *sig = EVP_SIGNATURE_fetch(NULL, needed_params[i].alg, NULL);
		const OSSL_PARAM *can = NULL;

		if (sig != NULL)
			can = EVP_SIGNATURE_settable_ctx_params(sig);
		if (can != NULL)
			can = OSSL_PARAM_locate_const(can, needed_params[i].param);
		EVP_SIGNATURE_free(sig);
		if (can == NULL)
			return sn_fail(why, SN_E_CRYPTO, "this libcrypto lacks %s",
			    needed_params[i].what);
	}
	return SN_OK;
}

static enum sn_err
start_kdfs(struct sn_why *why)
{
	for (size_t i = 0; i < SN_NITEMS(needed_kdfs); i++) {
		EVP_KDF *kdf = EVP_KDF_fetch(NULL, needed_kdfs[i], NULL);

		if (kdf == NULL)
			return sn_fail(why, SN_E_CRYPTO, "this libcrypto lacks %s",
			    needed_kdfs[i]);
		EVP_KDF_free(kdf);
	}
	return SN_OK;
}

static enum sn_err
start_sha256(struct sn_why *why)
{
	uint8_t got[CRY_SHA256_LEN];

	SN_TRY(cry_digest(CRY_SHA256, BYTES_STR("abc"), got, why));
	if (memcmp(got, kat_abc, sizeof(got)) != 0)
		return sn_fail(why, SN_E_CRYPTO, "SHA-256 fails its known answer");
	return SN_OK;
}

static enum sn_err
start_mldsa(struct sn_why *why)
{
	SN_CLEANUP(cry_key_free) struct cry_key *k = NULL;
	SN_CLEANUP(sn_buf_done) struct sn_buf raw = { 0 };
	uint8_t got[CRY_SHA256_LEN];

	SN_TRY(cry_key_from_seed(CRY_MLDSA87, BYTES_OF(kat_seed), &k, why));
	SN_TRY(cry_key_raw(k, &raw, why));
	SN_TRY(cry_digest(CRY_SHA256, sn_buf_bytes(&raw), got, why));
	if (memcmp(got, kat_mldsa_pk, sizeof(got)) != 0)
		return sn_fail(why, SN_E_CRYPTO,
		    "ML-DSA-87 key generation fails its known answer");
	return SN_OK;
}

enum sn_err
cry_start(struct sn_why *why)
{
	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1)
		return cry_fail(why, SN_E_CRYPTO, "starting OpenSSL");
	SN_TRY(start_heap(why));
	SN_TRY(start_params(why));
	SN_TRY(start_kdfs(why));
	SN_TRY(start_sha256(why));
	return start_mldsa(why);
}
