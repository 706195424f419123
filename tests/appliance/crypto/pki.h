/*
 * pki - a small world of our own certificates for the tests of this folder: a
 * root, an issuing CA and leaves of one algorithm, from fixed seeds.
 *
 * Owns: everything until pki_done(). May include: crypto, tests/lib. Header only,
 * because only the tests of this folder use it.
 */
#ifndef TESTS_CRYPTO_PKI_H
#define TESTS_CRYPTO_PKI_H

#include <stdlib.h>
#include <string.h>

#include "appliance/crypto/cms.h"
#include "tests/lib/test.h"

#define PKI_FROM 1735689600 /* 2025-01-01T00:00:00Z */
#define PKI_NOW 1751328000  /* 2025-07-01T00:00:00Z */
#define PKI_YEAR (365 * 86400)
#define PKI_LEAF_TIME (15LL * PKI_YEAR)
#define PKI_EMAIL "1.3.6.1.5.5.7.3.4"
#define PKI_SERVER "1.3.6.1.5.5.7.3.1"

enum pki_leaf {
	PKI_SIGNER,	/* emailProtection and our statement EKU */
	PKI_OPERATIONS, /* emailProtection and the operations EKU */
	PKI_TOKEN,	/* digitalSignature, a token EKU of ours */
	PKI_TLS,	/* serverAuth with a DNS name */
	PKI_SHORT,	/* a signer that ends after a month */
	PKI_LEAVES
};

struct pki {
	enum cry_alg alg;
	enum cry_sigalg sig;
	struct cry_key *root_key, *ca_key, *leaf_key[PKI_LEAVES];
	struct cry_cert *root, *ca, *leaf[PKI_LEAVES];
};

static const char *const pki_ekus[PKI_LEAVES][3] = {
	[PKI_SIGNER] = { PKI_EMAIL, CRY_EKU_STATEMENT, NULL },
	[PKI_OPERATIONS] = { PKI_EMAIL, CRY_EKU_OPERATIONS, NULL },
	[PKI_TOKEN] = { "2.25.1129532500.9", NULL, NULL },
	[PKI_TLS] = { PKI_SERVER, NULL, NULL },
	[PKI_SHORT] = { PKI_EMAIL, CRY_EKU_STATEMENT, NULL },
};
static const char *const pki_dns[] = { "kbs.sanctum.example", NULL };
static const char *const pki_names[PKI_LEAVES] = { "Statement Signer", "Operations Signer",
	"Token Signer", "kbs.sanctum.example", "Short Signer" };

static inline struct cry_key *
pki_key(enum cry_alg alg, uint8_t n)
{
	uint8_t seed[48] = { 0x5e, n };
	struct bytes s = { seed, alg == CRY_P384 ? 48 : 32 };
	struct cry_key *k = NULL;

	assert_int_equal(cry_key_from_seed(alg, s, &k, NULL), SN_OK);
	return k;
}

static inline struct cry_profile
pki_ca_profile(const char *cn, uint8_t serial, int pathlen)
{
	return (struct cry_profile){
		.common_name = cn,
		.organization = "Inner Sanctum",
		.serial = { [0] = 0x11, [19] = serial },
		.not_before = PKI_FROM,
		.not_after = PKI_FROM + 20LL * PKI_YEAR,
		.ca = true,
		.pathlen = pathlen,
		.key_cert_sign = true,
		.crl_sign = true,
	};
}

static inline struct cry_profile
pki_leaf_profile(enum pki_leaf leaf)
{
	return (struct cry_profile){
		.common_name = pki_names[leaf],
		.organization = "Inner Sanctum",
		.serial = { [0] = 0x22, [19] = (uint8_t)(leaf + 1) },
		.not_before = PKI_FROM,
		.not_after = PKI_FROM + (leaf == PKI_SHORT ? 31LL * 86400 : PKI_LEAF_TIME),
		.digital_signature = true,
		.pathlen = -1,
		.ekus = pki_ekus[leaf],
		.dns_names = leaf == PKI_TLS ? pki_dns : NULL,
	};
}

static inline struct cry_cert *
pki_issue(const struct cry_profile *p, const struct cry_key *subject,
    const struct cry_key *issuer, const struct cry_cert *issuer_cert)
{
	struct sn_buf der = { 0 };
	struct cry_cert *c = NULL;
	struct sn_why why = { 0 };

	if (cry_cert_issue(p, subject, issuer, issuer_cert, &der, &why) != SN_OK)
		fail_msg("%s", why.text);
	if (cry_cert_parse(sn_buf_bytes(&der), &c, &why) != SN_OK)
		fail_msg("%s", why.text);
	sn_buf_done(&der);
	return c;
}

/* salt makes another world with the same names. */
static inline struct pki
pki_make(enum cry_alg alg, uint8_t salt)
{
	struct pki w = { .alg = alg };
	struct cry_profile root = pki_ca_profile("Sanctum Root", 1, -1);
	struct cry_profile ca = pki_ca_profile("Sanctum Statement CA", 2, 0);

	w.sig = alg == CRY_P384 ? CRY_SIG_ECDSA_P384_SHA384
	    : alg == CRY_P256	? CRY_SIG_ECDSA_P256_SHA256
				: CRY_SIG_MLDSA87;
	w.root_key = pki_key(alg, (uint8_t)(salt + 100));
	w.ca_key = pki_key(alg, (uint8_t)(salt + 101));
	w.root = pki_issue(&root, w.root_key, w.root_key, NULL);
	w.ca = pki_issue(&ca, w.ca_key, w.root_key, w.root);
	for (enum pki_leaf l = 0; l < PKI_LEAVES; l++) {
		struct cry_profile p = pki_leaf_profile(l);

		w.leaf_key[l] = pki_key(alg, (uint8_t)(salt + l));
		w.leaf[l] = pki_issue(&p, w.leaf_key[l], w.ca_key, w.ca);
	}
	return w;
}

static inline void
pki_done(struct pki *w)
{
	for (enum pki_leaf l = 0; l < PKI_LEAVES; l++) {
		cry_key_free(&w->leaf_key[l]);
		cry_cert_free(&w->leaf[l]);
	}
	cry_key_free(&w->root_key);
	cry_key_free(&w->ca_key);
	cry_cert_free(&w->root);
	cry_cert_free(&w->ca);
}

#endif
