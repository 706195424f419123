#include "appliance/crosscheck/selftest.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "appliance/base/text.h"
#include "appliance/crosscheck/tls.h"

#define PART_MAX 256

/* A row's parts as bytes. */
struct parts {
	struct sn_buf key, data, want;
};

static void
parts_done(struct parts *p)
{
	sn_buf_done(&p->key);
	sn_buf_done(&p->data);
	sn_buf_done(&p->want);
}

static enum sn_err
parts_load(const struct sn_selftest *t, struct parts *ret, struct sn_why *why)
{
	if (t->key != NULL)
		SN_TRY(sn_hex_parse_buf(bytes_str(t->key), PART_MAX, &ret->key, t->name, why));
	SN_TRY(sn_hex_parse_buf(bytes_str(t->data), PART_MAX, &ret->data, t->name, why));
	return sn_hex_parse_buf(bytes_str(t->want), PART_MAX, &ret->want, t->name, why);
}

static enum sn_err
digest(const struct sn_selftest *t, struct sn_why *why)
{
	SN_CLEANUP(parts_done) struct parts p = { 0 };
	const gnutls_digest_algorithm_t alg = (gnutls_digest_algorithm_t)t->kind;
	uint8_t got[64];

	SN_TRY(parts_load(t, &p, why));
	SN_TRY(tls_hash(alg, sn_buf_bytes(&p.data), got, why));
	if (!bytes_equal((struct bytes){ got, gnutls_hash_get_len(alg) },
		sn_buf_bytes(&p.want)))
		return sn_fail(why, SN_E_CRYPTO, "%s gives another answer than %s", t->name,
		    t->source);
	return SN_OK;
}

/* It verifies, and not once a bit of the data is another. */
static enum sn_err
verified(const struct sn_selftest *t, gnutls_pubkey_t key, gnutls_sign_algorithm_t alg,
    struct sn_buf *data, struct bytes sig, struct sn_why *why)
{
	SN_TRY(tls_verify(key, alg, sn_buf_bytes(data), sig, t->name, why));
	data->p[0] ^= 1;
	if (tls_verify(key, alg, sn_buf_bytes(data), sig, t->name, NULL) == SN_OK)
		return sn_fail(why, SN_E_CRYPTO, "%s accepts what was altered", t->name);
	return SN_OK;
}

static enum sn_err
raw_key(const struct sn_selftest *t, gnutls_ecc_curve_t curve, struct bytes x, struct bytes y,
    gnutls_pubkey_t *ret, struct sn_why *why)
{
	gnutls_datum_t dx = tls_datum(x), dy = tls_datum(y);

	if (gnutls_pubkey_init(ret) != 0 ||
	    gnutls_pubkey_import_ecc_raw(*ret, curve, &dx, y.n != 0 ? &dy : NULL) != 0)
		return sn_fail(why, SN_E_CRYPTO, "%s: the key is refused", t->name);
	return SN_OK;
}

/* key is X and Y, want is r and s. */
static enum sn_err
ecdsa(const struct sn_selftest *t, struct sn_why *why)
{
	SN_CLEANUP(parts_done) struct parts p = { 0 };
	SN_CLEANUP(tls_pubkey_done) gnutls_pubkey_t key = NULL;
	SN_CLEANUP(tls_datum_done) gnutls_datum_t sig = { 0 };
	const gnutls_ecc_curve_t curve = (gnutls_ecc_curve_t)t->kind;
	gnutls_datum_t r, s;
	size_t half;

	SN_TRY(parts_load(t, &p, why));
	half = p.key.n / 2;
	SN_TRY(raw_key(t, curve, (struct bytes){ p.key.p, half },
	    (struct bytes){ p.key.p + half, half }, &key, why));
	half = p.want.n / 2;
	r = tls_datum((struct bytes){ p.want.p, half });
	s = tls_datum((struct bytes){ p.want.p + half, half });
	if (gnutls_encode_rs_value(&sig, &r, &s) != 0)
		return sn_fail(why, SN_E_CRYPTO, "%s: the signature is refused", t->name);
	return verified(t, key,
	    curve == GNUTLS_ECC_CURVE_SECP384R1 ? GNUTLS_SIGN_ECDSA_SHA384
						: GNUTLS_SIGN_ECDSA_SHA256,
	    &p.data, tls_bytes(&sig), why);
}

static enum sn_err
ed25519(const struct sn_selftest *t, struct sn_why *why)
{
	SN_CLEANUP(parts_done) struct parts p = { 0 };
	SN_CLEANUP(tls_pubkey_done) gnutls_pubkey_t key = NULL;

	SN_TRY(parts_load(t, &p, why));
	SN_TRY(raw_key(t, GNUTLS_ECC_CURVE_ED25519, sn_buf_bytes(&p.key), (struct bytes){ 0 },
	    &key, why));
	return verified(t, key, GNUTLS_SIGN_EDDSA_ED25519, &p.data, sn_buf_bytes(&p.want), why);
}

const struct sn_selftest xc_selftests[] = {
	{
	    .name = "SHA-256",
	    .source = "FIPS 180, two blocks",
	    .run = digest,
	    .kind = GNUTLS_DIG_SHA256,
	    .data = "6162636462636465636465666465666765666768666768696768696a68696a6b696a6b6c"
		    "6a6b6c6d6b6c6d6e6c6d6e6f6d6e6f706e6f7071",
	    .want = "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
	},
	{
	    .name = "SHA-384",
	    .source = "FIPS 180, two blocks",
	    .run = digest,
	    .kind = GNUTLS_DIG_SHA384,
	    .data = "61626364656667686263646566676869636465666768696a6465666768696a6b65666768"
		    "696a6b6c666768696a6b6c6d6768696a6b6c6d6e68696a6b6c6d6e6f696a6b6c6d6e6f70"
		    "6a6b6c6d6e6f70716b6c6d6e6f7071726c6d6e6f707172736d6e6f70717273746e6f7071"
		    "72737475",
	    .want = "09330c33f71147e83d192fc782cd1b4753111b173b3b05d22fa08086e3b0f712fcc7c71a"
		    "557e2db966c3e9fa91746039",
	},
	{
	    .name = "SHA-512",
	    .source = "FIPS 180, two blocks",
	    .run = digest,
	    .kind = GNUTLS_DIG_SHA512,
	    .data = "61626364656667686263646566676869636465666768696a6465666768696a6b65666768"
		    "696a6b6c666768696a6b6c6d6768696a6b6c6d6e68696a6b6c6d6e6f696a6b6c6d6e6f70"
		    "6a6b6c6d6e6f70716b6c6d6e6f7071726c6d6e6f707172736d6e6f70717273746e6f7071"
		    "72737475",
	    .want = "8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018501d289e"
		    "4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909",
	},
	{
	    .name = "ECDSA P-256",
	    .source = "RFC 6979, A.2.5",
	    .run = ecdsa,
	    .kind = GNUTLS_ECC_CURVE_SECP256R1,
	    .key = "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb67903fe10"
		   "08b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
	    .data = "73616d706c65",
	    .want = "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716f7cb1c94"
		    "2d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
	},
	{
	    .name = "ECDSA P-384",
	    .source = "RFC 6979, A.2.6",
	    .run = ecdsa,
	    .kind = GNUTLS_ECC_CURVE_SECP384R1,
	    .key = "ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0ea"
		   "9055866064a254515480bc138015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9"
		   "f54ca84b3f1c9db1288b231c3ae0d4fe7344fd2533264720",
	    .data = "73616d706c65",
	    .want = "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a64815"
		    "2e44acf96e36dd1e80fabe4699ef4aeb15f178cea1fe40db2603138f130e740a19624526"
		    "203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8",
	},
	{
	    .name = "Ed25519",
	    .source = "RFC 8032, 7.1, test 2",
	    .run = ed25519,
	    .kind = 0,
	    .key = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
	    .data = "72",
	    .want = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e4"
		    "3e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
	},
	{ .name = NULL },
};
