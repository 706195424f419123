#include "appliance/crypto/kat.h"

#include <stdlib.h>
#include <string.h>

#include "appliance/base/text.h"
#include "appliance/crypto/cms.h"

#define PART_MAX 4096
#define SIGNED_AT 1751328000 /* 2025-07-01T00:00:00Z, within every row's certificates */
#define ARGON2_KIB 256
#define ARGON2_PASSES 2
#define EMAIL_PROTECTION "1.3.6.1.5.5.7.3.4"

/* A row's parts as bytes. */
struct kat {
	struct sn_buf key, salt, data, more, want;
};

static void
kat_done(struct kat *k)
{
	sn_buf_done(&k->key);
	sn_buf_done(&k->salt);
	sn_buf_done(&k->data);
	sn_buf_done(&k->more);
	sn_buf_done(&k->want);
}

static enum sn_err
kat_load(const struct sn_selftest *t, struct kat *ret, struct sn_why *why)
{
	const struct {
		const char *hex;
		struct sn_buf *ret;
	} parts[] = { { t->key, &ret->key }, { t->salt, &ret->salt }, { t->data, &ret->data },
		{ t->more, &ret->more }, { t->want, &ret->want } };

	for (size_t i = 0; i < SN_NITEMS(parts); i++)
		if (parts[i].hex != NULL)
			SN_TRY(sn_hex_parse_buf(bytes_str(parts[i].hex), PART_MAX, parts[i].ret,
			    t->name, why));
	return SN_OK;
}

#define KAT(k) SN_CLEANUP(kat_done) struct kat k = { 0 }
#define B(field) sn_buf_bytes(&k.field)

static enum sn_err
kat_wrong(const struct sn_selftest *t, struct sn_why *why)
{
	return sn_fail(why, SN_E_CRYPTO, "%s gives another answer than %s", t->name, t->source);
}

static enum sn_err
kat_same(const struct sn_selftest *t, struct bytes got, struct bytes want, struct sn_why *why)
{
	return bytes_equal(got, want) ? SN_OK : kat_wrong(t, why);
}

static enum sn_err
kat_same_digest(const struct sn_selftest *t, struct bytes got, struct bytes want,
    struct sn_why *why)
{
	uint8_t digest[CRY_SHA256_LEN];

	SN_TRY(cry_digest(CRY_SHA256, got, digest, why));
	return kat_same(t, BYTES_OF(digest), want, why);
}

/* What must be refused was: anything but a refused signature is a failure. */
static enum sn_err
kat_refused(const struct sn_selftest *t, enum sn_err e, struct sn_why *why)
{
	if (e == SN_E_SIGNATURE)
		return SN_OK;
	return sn_fail(why, SN_E_CRYPTO, "%s accepts what was altered", t->name);
}

/* The signature verifies, and not once a bit of it or of the data is another. */
static enum sn_err
kat_verify(const struct sn_selftest *t, const struct cry_key *key, struct sn_buf *data,
    struct sn_buf *sig, struct sn_why *why)
{
	enum sn_err e;

	SN_TRY(cry_verify(key, sn_buf_bytes(data), sn_buf_bytes(sig), why));
	sig->p[sig->n / 2] ^= 1;
	e = cry_verify(key, sn_buf_bytes(data), sn_buf_bytes(sig), NULL);
	sig->p[sig->n / 2] ^= 1;
	SN_TRY(kat_refused(t, e, why));
	data->p[0] ^= 1;
	e = cry_verify(key, sn_buf_bytes(data), sn_buf_bytes(sig), NULL);
	data->p[0] ^= 1;
	return kat_refused(t, e, why);
}

/* ---- digests and derivations */

enum sn_err
cry_kat_digest(const struct sn_selftest *t, struct sn_why *why)
{
	const enum cry_hash h = (enum cry_hash)t->kind;
	uint8_t got[CRY_MAX_HASH];

	KAT(k);
	SN_TRY(kat_load(t, &k, why));
	SN_TRY(cry_digest(h, B(data), got, why));
	return kat_same(t, (struct bytes){ got, cry_hash_len(h) }, B(want), why);
}

enum sn_err
cry_kat_hmac(const struct sn_selftest *t, struct sn_why *why)
{
	const enum cry_hash h = (enum cry_hash)t->kind;
	uint8_t got[CRY_MAX_HASH];

	KAT(k);
	SN_TRY(kat_load(t, &k, why));
	SN_TRY(cry_hmac(h, B(key), B(data), got, why));
	return kat_same(t, (struct bytes){ got, cry_hash_len(h) }, B(want), why);
}

enum sn_err
cry_kat_hkdf(const struct sn_selftest *t, struct sn_why *why)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret prk = { 0 };
	SN_CLEANUP(sn_secret_done) struct sn_secret out = { 0 };
	const enum cry_hash h = (enum cry_hash)t->kind;

	KAT(k);
	SN_TRY(kat_load(t, &k, why));
	SN_TRY(cry_hkdf_extract(h, B(salt), B(key), &prk, why));
	SN_TRY(cry_hkdf_expand(h, sn_secret_bytes(&prk), B(data), k.want.n, &out, why));
	return kat_same(t, sn_secret_bytes(&out), B(want), why);
}

enum sn_err
cry_kat_pbkdf2(const struct sn_selftest *t, struct sn_why *why)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret out = { 0 };

	KAT(k);
	SN_TRY(kat_load(t, &k, why));
	SN_TRY(cry_pbkdf2_sha256(B(key), B(salt), (uint32_t)t->kind, k.want.n, &out, why));
	return kat_same(t, sn_secret_bytes(&out), B(want), why);
}

enum sn_err
cry_kat_argon2id(const struct sn_selftest *t, struct sn_why *why)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret out = { 0 };

	KAT(k);
	SN_TRY(kat_load(t, &k, why));
	SN_TRY(cry_argon2id(B(key), B(salt), ARGON2_KIB, ARGON2_PASSES, 1, k.want.n, &out,
	    why));
	return kat_same(t, sn_secret_bytes(&out), B(want), why);
}

enum sn_err
cry_kat_gcm(const struct sn_selftest *t, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf sealed = { 0 };
	SN_CLEANUP(sn_secret_done) struct sn_secret plain = { 0 };

	KAT(k);
	SN_TRY(kat_load(t, &k, why));
	SN_TRY(cry_aead_seal(B(key), B(salt), B(more), B(data), &sealed, why));
	SN_TRY(kat_same(t, sn_buf_bytes(&sealed), B(want), why));
	SN_TRY(cry_aead_open(B(key), B(salt), B(more), B(want), &plain, why));
	SN_TRY(kat_same(t, sn_secret_bytes(&plain), B(data), why));
	sn_secret_done(&plain);
	k.want.p[0] ^= 1;
	return kat_refused(t, cry_aead_open(B(key), B(salt), B(more), B(want), &plain, NULL),
	    why);
}

/* ---- signatures */

enum sn_err
cry_kat_ec_key(const struct sn_selftest *t, struct sn_why *why)
{
	SN_CLEANUP(cry_key_free) struct cry_key *key = NULL;
	SN_CLEANUP(sn_secret_done) struct sn_secret d = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf one = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf two = { 0 };

	KAT(k);
	SN_TRY(kat_load(t, &k, why));
	SN_TRY(cry_key_from_seed((enum cry_alg)t->kind, B(key), &key, why));
	SN_TRY(cry_key_private(key, &d, why));
	SN_TRY(kat_same(t, sn_secret_bytes(&d), B(want), why));
	SN_TRY(cry_sign(key, B(key), &one, why));
	SN_TRY(cry_sign(key, B(key), &two, why));
	SN_TRY(kat_same(t, sn_buf_bytes(&one), sn_buf_bytes(&two), why));
	return kat_verify(t, key, &k.key, &one, why);
}

enum sn_err
cry_kat_ecdsa(const struct sn_selftest *t, struct sn_why *why)
{
	SN_CLEANUP(cry_key_free) struct cry_key *key = NULL;
	const enum cry_alg alg = (enum cry_alg)t->kind;
	const enum cry_hash h = alg == CRY_P384 ? CRY_SHA384 : CRY_SHA256;

	KAT(k);
	SN_TRY(kat_load(t, &k, why));
	SN_TRY(cry_key_from_point(alg, B(key), &key, why));
	SN_TRY(cry_verify_raw_ecdsa(key, h, B(data), B(want), why));
	k.want.p[0] ^= 1;
	SN_TRY(kat_refused(t, cry_verify_raw_ecdsa(key, h, B(data), B(want), NULL), why));
	k.want.p[0] ^= 1;
	k.data.p[0] ^= 1;
	return kat_refused(t, cry_verify_raw_ecdsa(key, h, B(data), B(want), NULL), why);
}

enum sn_err
cry_kat_ed25519(const struct sn_selftest *t, struct sn_why *why)
{
	SN_CLEANUP(cry_key_free) struct cry_key *key = NULL;
	SN_CLEANUP(sn_buf_done) struct sn_buf sig = { 0 };

	KAT(k);
	SN_TRY(kat_load(t, &k, why));
	SN_TRY(cry_key_from_seed(CRY_ED25519, B(key), &key, why));
	SN_TRY(cry_sign(key, B(data), &sig, why));
	SN_TRY(kat_same(t, sn_buf_bytes(&sig), B(want), why));
	return kat_verify(t, key, &k.data, &sig, why);
}

enum sn_err
cry_kat_mldsa(const struct sn_selftest *t, struct sn_why *why)
{
	SN_CLEANUP(cry_key_free) struct cry_key *key = NULL;
	SN_CLEANUP(sn_buf_done) struct sn_buf raw = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf sig = { 0 };

	KAT(k);
	SN_TRY(kat_load(t, &k, why));
	SN_TRY(cry_key_from_seed(CRY_MLDSA87, B(key), &key, why));
	SN_TRY(cry_key_raw(key, &raw, why));
	SN_TRY(kat_same_digest(t, sn_buf_bytes(&raw), B(salt), why));
	SN_TRY(cry_sign(key, B(data), &sig, why));
	SN_TRY(kat_same_digest(t, sn_buf_bytes(&sig), B(want), why));
	return kat_verify(t, key, &k.data, &sig, why);
}

/* ---- certificates and CMS */

enum sn_err
cry_kat_self_signed(const struct sn_selftest *t, struct sn_why *why)
{
	SN_CLEANUP(cry_cert_free) struct cry_cert *good = NULL;
	SN_CLEANUP(cry_cert_free) struct cry_cert *bad = NULL;
	const enum cry_sigalg alg = (enum cry_sigalg)t->kind;

	KAT(k);
	SN_TRY(kat_load(t, &k, why));
	SN_TRY(cry_cert_parse(B(data), &good, why));
	SN_TRY(cry_cert_signed_by(good, good, alg, why));
	k.data.p[k.data.n - 1] ^= 1; /* the signature's last byte */
	SN_TRY(cry_cert_parse(B(data), &bad, why));
	return kat_refused(t, cry_cert_signed_by(bad, good, alg, NULL), why);
}

enum sn_err
cry_kat_chain(const struct sn_selftest *t, struct sn_why *why)
{
	SN_CLEANUP(cry_cert_free) struct cry_cert *leaf = NULL;
	SN_CLEANUP(cry_cert_free) struct cry_cert *root = NULL;
	const struct cry_cert *chain[1];

	KAT(k);
	SN_TRY(kat_load(t, &k, why));
	SN_TRY(cry_cert_parse(B(data), &leaf, why));
	SN_TRY(cry_cert_parse(B(more), &root, why));
	chain[0] = leaf;
	SN_TRY(cry_chain_verify(chain, 1, root, SIGNED_AT, NULL, why));
	if (cry_chain_verify(chain, 1, root, cry_cert_not_after(leaf) + 1, NULL, NULL) == SN_OK)
		return sn_fail(why, SN_E_CRYPTO, "%s accepts what has expired", t->name);
	chain[0] = root;
	if (cry_chain_verify(chain, 1, leaf, SIGNED_AT, NULL, NULL) == SN_OK)
		return sn_fail(why, SN_E_CRYPTO, "%s accepts another root", t->name);
	return cry_cert_signed_by(root, root, CRY_SIG_ECDSA_P256_SHA256, why);
}

static enum sn_err
kat_certificate(const struct cry_profile *p, const struct cry_key *subject,
    const struct cry_key *issuer, const struct cry_cert *issuer_cert, struct cry_cert **ret,
    struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf der = { 0 };

	SN_TRY(cry_cert_issue(p, subject, issuer, issuer_cert, &der, why));
	return cry_cert_parse(sn_buf_bytes(&der), ret, why);
}

/* A root and a signer under it, from fixed seeds. */
struct kat_pki {
	struct cry_key *root_key, *key;
	struct cry_cert *root, *cert;
};

static void
kat_pki_done(struct kat_pki *w)
{
	cry_key_free(&w->root_key);
	cry_key_free(&w->key);
	cry_cert_free(&w->root);
	cry_cert_free(&w->cert);
}

static enum sn_err
kat_pki(const struct kat *k, struct kat_pki *ret, struct sn_why *why)
{
	static const char *const ekus[] = { EMAIL_PROTECTION, CRY_EKU_STATEMENT, NULL };
	struct cry_profile root = {
		.common_name = "Root",
		.organization = "Self-test",
		.serial = { [0] = 0x11 },
		.not_before = SIGNED_AT - 1,
		.not_after = SIGNED_AT + 1,
		.ca = true,
		.pathlen = -1,
		.key_cert_sign = true,
		.crl_sign = true,
	};
	struct cry_profile signer = root;

	signer.common_name = "Signer";
	signer.serial[0] = 0x22;
	signer.ca = signer.key_cert_sign = signer.crl_sign = false;
	signer.digital_signature = true;
	signer.ekus = ekus;
	SN_TRY(cry_key_from_seed(CRY_P384, sn_buf_bytes(&k->key), &ret->root_key, why));
	SN_TRY(cry_key_from_seed(CRY_P384, sn_buf_bytes(&k->salt), &ret->key, why));
	SN_TRY(kat_certificate(&root, ret->root_key, ret->root_key, NULL, &ret->root, why));
	return kat_certificate(&signer, ret->key, ret->root_key, ret->root, &ret->cert, why);
}

enum sn_err
cry_kat_cms(const struct sn_selftest *t, struct sn_why *why)
{
	SN_CLEANUP(kat_pki_done) struct kat_pki w = { 0 };
	SN_CLEANUP(cry_cert_free) struct cry_cert *found = NULL;
	SN_CLEANUP(sn_buf_done) struct sn_buf cms = { 0 };
	enum sn_err e;

	KAT(k);
	SN_TRY(kat_load(t, &k, why));
	SN_TRY(kat_pki(&k, &w, why));
	SN_TRY(cry_cms_sign(w.key, w.cert, NULL, 0, B(data), &cms, why));
	SN_TRY(kat_same_digest(t, sn_buf_bytes(&cms), B(want), why));
	SN_TRY(cry_cms_verify(sn_buf_bytes(&cms), B(data), w.root, CRY_SIG_ECDSA_P384_SHA384,
	    CRY_EKU_STATEMENT, SIGNED_AT, &found, why));
	cry_cert_free(&found);
	k.data.p[0] ^= 1;
	e = cry_cms_verify(sn_buf_bytes(&cms), B(data), w.root, CRY_SIG_ECDSA_P384_SHA384,
	    CRY_EKU_STATEMENT, SIGNED_AT, &found, NULL);
	return kat_refused(t, e, why);
}

enum sn_err
cry_kat_envelope(const struct sn_selftest *t, struct sn_why *why)
{
	SN_CLEANUP(cry_key_free) struct cry_key *key = NULL;
	SN_CLEANUP(cry_key_free) struct cry_key *other = NULL;
	SN_CLEANUP(sn_buf_done) struct sn_buf cms = { 0 };
	SN_CLEANUP(sn_secret_done) struct sn_secret old = { 0 };
	SN_CLEANUP(sn_secret_done) struct sn_secret new = { 0 };

	KAT(k);
	SN_TRY(kat_load(t, &k, why));
	SN_TRY(cry_key_from_seed(CRY_P384, B(key), &key, why));
	SN_TRY(cry_cms_decrypt(key, B(want), &old, why));
	SN_TRY(kat_same(t, sn_secret_bytes(&old), B(data), why));
	SN_TRY(cry_cms_encrypt(key, B(data), &cms, why));
	SN_TRY(cry_cms_decrypt(key, sn_buf_bytes(&cms), &new, why));
	SN_TRY(kat_same(t, sn_secret_bytes(&new), B(data), why));
	sn_secret_done(&new);
	k.key.p[0] ^= 1;
	SN_TRY(cry_key_from_seed(CRY_P384, B(key), &other, why));
	return kat_refused(t, cry_cms_decrypt(other, sn_buf_bytes(&cms), &new, NULL), why);
}
