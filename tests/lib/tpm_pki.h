/*
 * tpm_pki - a generated TPM vendor: a root, an authority, and endorsement certificates for keys
 * that tpm2_createek made in an swtpm.
 *
 * Owns: everything until pki_done(). May include: crypto, attest, tests/lib. Header only,
 * because only tests of attest and bundle use it, which link these modules.
 */
#ifndef TEST_TPM_PKI_H
#define TEST_TPM_PKI_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "appliance/attest/class.h"
#include "appliance/crypto/makepki.h"
#include "tests/lib/workdir.h"

#define PKI_FROM 1735689600LL /* 2025-01-01T00:00:00Z */
#define PKI_NOW 1751328000LL  /* 2025-07-01T00:00:00Z */
#define PKI_YEAR (365 * 86400LL)
#define PKI_EKU "2.23.133.8.1"

/* By enum att_ek_kind. */
static const char *const pki_ek_hex[] = {
	[ATT_EK_P256] =
	    "007a0023000b000300b20020837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b3314"
	    "69aa0006008000430010000300100020ef60806447f3ab734c2b9315828bad459d15d16565561c7f32d2"
	    "b196d24ccb68002033485c9c6bf980971c92a1c2b143411691a19cde4ba75068a9c8533850a478ec",
	[ATT_EK_RSA2048] =
	    "013a0001000b000300b20020837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b3314"
	    "69aa00060080004300100800000000000100e577916d8317b4d13c3ec76d54e6967fdeaba8407965e014"
	    "10d97de4079bc4a4efbf0a2ce5693e71b43372fa0a705ffa312b2d35f73a4aca17c75aecbd8ea1cfa56a"
	    "b560bebc6a8081982e483a8a225be305249372eb7858c502126c77cb2957905730d22c548fd358178d90"
	    "70c84c26883e678c5000dbb6c57016d7748ae5f587093038c2e2381f53bebb2cd24f4b1e8f30d5788960"
	    "5eb99d8510f96990249c5fb5b09eabee93d230d4584978537d9f2eed48db1644d099893610b86a23a840"
	    "c21d958ea3b25c391011675552c5ad951633553f2b5b3a095d5635e532fce825e261ce80d7a7c721c47e"
	    "7923d1d1ccacb4541eb737d3033a4ac891f0c8ee121d",
	[ATT_EK_P384] =
	    "00aa0023000c000300f20030b26e7d28d11a50bc53d882bcf5fd3a1a074148bb35d3b4e4cb1c0ad9bde4"
	    "19cacb47ba09699646150f9fc000f3f80e1200060100004300100004001000309596ed7326983c820aab"
	    "f7ed5aca90d290d1d3be96746daefb0406a3f98971d4c41f868a9853ccfc051bbbba08e316120030ba26"
	    "082eaf8a486f9a52dd8bc1cb5a2d3b8731575ace9adf86ac99dc4927a0a999656c05e30fe0357d63ed10"
	    "200af7b6",
};

/* GeneralNames: one directoryName with manufacturer, model and version, critical. */
static const char pki_san_hex[] =
    "304aa448304631163014060567810502010c0b69643a303030303130313431163014060567810502"
    "020c0b43532d544553542d54504d31143012060567810502030c0969643a323032343031";

struct pki {
	struct cry_key *root_key, *ca_key, *other_key;
	struct cry_cert *root, *ca;
	struct test_bytes san;
	struct att_ek ek[3];
	struct test_bytes ek_pub[3];
	struct sn_buf ak_pub;
	uint8_t root_spki[32], ak_digest[32];
};

#define PKI_OK(call)                                                                           \
	do {                                                                                   \
		struct sn_why why_ = { 0 }, *why = &why_;                                      \
		if ((call) != SN_OK)                                                           \
			fail_msg("%s", why_.text);                                             \
	} while (0)

static SN_UNUSED struct bytes
pki_bytes(const struct test_bytes *b)
{
	return (struct bytes){ b->data, b->len };
}

static struct cry_key *
pki_key(enum cry_alg alg, uint8_t n)
{
	uint8_t seed[48] = { 0x7c, n };
	struct cry_key *k = NULL;

	PKI_OK(cry_key_from_seed(alg, (struct bytes){ seed, alg == CRY_P384 ? 48 : 32 }, &k,
	    why));
	return k;
}

static SN_UNUSED struct cry_profile
pki_ca_profile(const char *cn, uint8_t serial, int pathlen)
{
	return (struct cry_profile){ .common_name = cn,
		.organization = "Generated TPM Vendor",
		.serial = { [0] = 0x21, [19] = serial },
		.not_before = PKI_FROM,
		.not_after = PKI_FROM + 20 * PKI_YEAR,
		.ca = true,
		.pathlen = pathlen,
		.key_cert_sign = true };
}

static SN_UNUSED struct cry_profile
pki_ek_profile(const char *const *ekus)
{
	return (struct cry_profile){ .common_name = "a TPM",
		.serial = { [0] = 0x22, [19] = 1 },
		.not_before = PKI_FROM,
		.not_after = PKI_FROM + 10 * PKI_YEAR,
		.pathlen = -1,
		.key_agreement = true,
		.ekus = ekus };
}

/* A certificate by issuer; issuer_cert NULL: self-signed. */
static struct cry_cert *
pki_issue(const struct cry_profile *p, const struct cry_raw_ext *exts, size_t n,
    const struct cry_key *subject, const struct cry_key *issuer,
    const struct cry_cert *issuer_cert)
{
	struct sn_buf der = { 0 };
	struct cry_cert *c = NULL;

	PKI_OK(cry_cert_issue_raw(p, exts, n, false, subject, issuer, issuer_cert, &der, why));
	PKI_OK(cry_cert_parse(sn_buf_bytes(&der), &c, why));
	sn_buf_done(&der);
	return c;
}

/* The public area of an attestation key of ours, made from a key of the test. */
static SN_UNUSED void
pki_make_ak(struct pki *p)
{
	static const uint8_t head[] = { 0x00, 0x58, 0x00, 0x23, 0x00, 0x0b, 0x00, 0x05, 0x04,
		0x72, 0x00, 0x00, 0x00, 0x10, 0x00, 0x18, 0x00, 0x0b, 0x00, 0x03, 0x00, 0x10,
		0x00, 0x20 };
	struct cry_key *k = pki_key(CRY_P256, 9);
	struct sn_buf point = { 0 };
	struct att_ak ak = { 0 };

	PKI_OK(cry_key_raw(k, &point, why));
	sn_buf_put(&p->ak_pub, BYTES_OF(head));
	sn_buf_put(&p->ak_pub, (struct bytes){ point.p + 1, 32 });
	sn_buf_u16(&p->ak_pub, 32);
	sn_buf_put(&p->ak_pub, (struct bytes){ point.p + 33, 32 });
	PKI_OK(att_ak_open(sn_buf_bytes(&p->ak_pub), &ak, why));
	memcpy(p->ak_digest, ak.digest, 32);
	att_ak_done(&ak);
	sn_buf_done(&point);
	cry_key_free(&k);
}

static SN_UNUSED void
pki_make(struct pki *p)
{
	const struct cry_profile root = pki_ca_profile("Generated Root", 1, -1),
				 ca = pki_ca_profile("Generated CA", 2, 0);

	memset(p, 0, sizeof(*p));
	p->root_key = pki_key(CRY_P384, 1);
	p->ca_key = pki_key(CRY_P384, 2);
	p->other_key = pki_key(CRY_P384, 3);
	p->root = pki_issue(&root, NULL, 0, p->root_key, p->root_key, NULL);
	p->ca = pki_issue(&ca, NULL, 0, p->ca_key, p->root_key, p->root);
	PKI_OK(cry_cert_spki_sha256(p->root, p->root_spki, why));
	p->san = test_unhex(pki_san_hex);
	for (size_t k = 0; k < 3; k++) {
		p->ek_pub[k] = test_unhex(pki_ek_hex[k]);
		PKI_OK(att_ek_open(pki_bytes(&p->ek_pub[k]), &p->ek[k], why));
		assert_int_equal(p->ek[k].kind, k);
	}
	pki_make_ak(p);
}

static SN_UNUSED void
pki_done(struct pki *p)
{
	for (size_t k = 0; k < 3; k++) {
		att_ek_done(&p->ek[k]);
		test_bytes_done(&p->ek_pub[k]);
	}
	sn_buf_done(&p->ak_pub);
	test_bytes_done(&p->san);
	cry_cert_free(&p->root);
	cry_cert_free(&p->ca);
	cry_key_free(&p->root_key);
	cry_key_free(&p->ca_key);
	cry_key_free(&p->other_key);
}

#endif
