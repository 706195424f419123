/* Whose keys signed the evidence: attestation key, endorsement key, counter. */
#include <string.h>

#include "appliance/base/text.h"
#include "appliance/crosscheck/evidence.h"
#include "appliance/crosscheck/pool.h"
#include "appliance/crosscheck/tls.h"

#define EK "evidence/ek.pub"
#define EK_CERT "evidence/ekcert.der"
#define EK_CHAIN "evidence/ek-chain.pem"
#define CREATION_MSG "evidence/creation.msg"
#define CREATION_SIG "evidence/creation.sig"
#define CREATION_DATA "evidence/creation.data"
#define COUNTER_MSG "evidence/counter.msg"
#define COUNTER_SIG "evidence/counter.sig"
#define COUNTER_PUB "evidence/counter.pub"
#define OUTSIDE_INFO "cornerstone/v1/ak"
#define COUNTER_INDEX 0x01815c01U
#define COUNTER_LEN 8
#define NV_TYPE 0x000000f0U    /* TPMA_NV: TPM_NT [TCG P2 13.4] */
#define NV_COUNTER 0x00000010U /* TPM_NT_COUNTER */
#define NV_WRITTEN 0x20000000U
#define ALG_NULL 0x0010
#define MAX_CHAIN 16

/* TPMT_PUBLIC of our attestation key, up to its point (docs/TPM.md) [TCG P2 12.2.4] */
static const char ak_head[] = "0023000b00050472000000100018000b00030010";

/* Below Name: the number of SHA-256, and the digest [TCG P1 16]. */
static enum sn_err
name_of(struct bytes area, uint8_t ret[34], struct sn_why *why)
{
	ret[0] = XC_ALG_SHA256 >> 8;
	ret[1] = XC_ALG_SHA256 & 0xff;
	return tls_hash(GNUTLS_DIG_SHA256, area, ret + 2, why);
}

/* ---- ak.pub is ak.pem */

/* A coordinate, with the zeros in front that its field has room for. */
static void
put_padded(struct sn_buf *b, struct bytes v, size_t len)
{
	for (size_t i = v.n; i < len; i++)
		sn_buf_u8(b, 0);
	sn_buf_put(b, v);
}

/* Without a sign's zero, as GnuTLS puts it in front. */
static struct bytes
unsigned_bytes(const gnutls_datum_t *d, size_t len)
{
	struct bytes v = tls_bytes(d);

	while (v.n > len && v.p[0] == 0) {
		v.p++;
		v.n--;
	}
	return v;
}

/* A TPM may have dropped the zeros in front of a coordinate: with them again. */
static enum sn_err
padded_ak(struct bytes area, const char *path, struct sn_buf *ret, struct sn_why *why)
{
	struct bytes head, v;

	SN_TRY(bytes_take(&area, strlen(ak_head) / 2, &head, path, why));
	sn_buf_put(ret, head);
	for (unsigned int i = 0; i < 2; i++) {
		SN_TRY(xc_get_2b(&area, &v, path, why));
		if (v.n == 0 || v.n > 32)
			return sn_fail(why, SN_E_FORMAT, "%s: a coordinate of %zu bytes", path,
			    v.n);
		sn_buf_u16(ret, 32);
		put_padded(ret, v, 32);
	}
	SN_TRY(bytes_end(&area, path, why));
	return sn_buf_check(ret, why);
}

static enum sn_err
put_ak(gnutls_pubkey_t key, struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(tls_datum_done) gnutls_datum_t x = { 0 };
	SN_CLEANUP(tls_datum_done) gnutls_datum_t y = { 0 };
	gnutls_ecc_curve_t curve;

	if (gnutls_pubkey_export_ecc_raw(key, &curve, &x, &y) != 0)
		return sn_fail(why, SN_E_CRYPTO, XC_AK);
	SN_TRY(der_put_hex(ret, ak_head, why));
	sn_buf_u16(ret, 32);
	put_padded(ret, unsigned_bytes(&x, 32), 32);
	sn_buf_u16(ret, 32);
	put_padded(ret, unsigned_bytes(&y, 32), 32);
	return sn_buf_check(ret, why);
}

/* The public area, TPM2B_PUBLIC without its length, holds the key in PEM, as what ours is. */
static enum sn_err
check_ak(const struct xc *c, const char *pem_path, const char *pub_path, struct sn_why *why)
{
	SN_CLEANUP(tls_pubkey_done) gnutls_pubkey_t key = NULL;
	SN_CLEANUP(sn_buf_done) struct sn_buf want = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf is = { 0 };
	struct bytes pem, pub, area;

	SN_TRY(xc_get(c, pem_path, &pem, why));
	SN_TRY(xc_get(c, pub_path, &pub, why));
	SN_TRY(tls_pubkey(pem, GNUTLS_ECC_CURVE_SECP256R1, pem_path, &key, why));
	SN_TRY(xc_get_2b(&pub, &area, pub_path, why));
	SN_TRY(bytes_end(&pub, pub_path, why));
	SN_TRY(put_ak(key, &want, why));
	SN_TRY(padded_ak(area, pub_path, &is, why));
	if (!bytes_equal(sn_buf_bytes(&is), sn_buf_bytes(&want)))
		return sn_fail(why, SN_E_SIGNATURE, "%s: is not %s as an attestation key",
		    pub_path, pem_path);
	xc_mark(c, pub_path);
	xc_mark(c, pem_path);
	return SN_OK;
}

/* ---- the endorsement key: its certificate is for it */

static const struct ek_row {
	uint16_t curve; /* TPM_ECC_CURVE; 0: RSA-2048 */
	size_t len;	/* of a coordinate, of the modulus */
	const char *name;
} ek_rows[] = { { 3, 32, "P-256" }, { 4, 48, "P-384" }, { 0, 256, "RSA-2048" } };

/* RSAPublicKey [RFC 8017 A.1.1]; exponent 0 stands for 65537. */
static enum sn_err
put_rsa(struct bytes *area, struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf both = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf modulus = { 0 };
	uint32_t exponent;
	uint16_t bits;
	struct bytes n;

	SN_TRY(bytes_u16(area, &bits, EK, why));
	SN_TRY(bytes_u32(area, &exponent, EK, why));
	SN_TRY(xc_get_2b(area, &n, EK, why));
	if (bits != 2048 || exponent != 0 || n.n != 256)
		return sn_fail(why, SN_E_SIGNATURE, EK ": not RSA-2048 with exponent 65537");
	sn_buf_u8(&modulus, 0);
	sn_buf_put(&modulus, n);
	der_put(&both, DER_INTEGER, sn_buf_bytes(&modulus));
	SN_TRY(der_put_hex(&both, "0203010001", why));
	SN_TRY(sn_buf_check(&both, why));
	der_put(ret, DER_SEQUENCE, sn_buf_bytes(&both));
	return sn_buf_check(ret, why);
}

static enum sn_err
put_point(struct bytes *area, const struct ek_row **ret_row, struct sn_buf *ret,
    struct sn_why *why)
{
	uint16_t curve, kdf;
	struct bytes x, y;

	SN_TRY(bytes_u16(area, &curve, EK, why));
	SN_TRY(bytes_u16(area, &kdf, EK, why));
	SN_TRY(xc_get_2b(area, &x, EK, why));
	SN_TRY(xc_get_2b(area, &y, EK, why));
	for (size_t i = 0; i < SN_NITEMS(ek_rows); i++) {
		const size_t len = ek_rows[i].len;

		if (ek_rows[i].curve != curve || curve == 0 || kdf != ALG_NULL || x.n > len ||
		    y.n > len)
			continue;
		*ret_row = &ek_rows[i];
		sn_buf_u8(ret, 4); /* uncompressed [SEC 1 2.3.3] */
		put_padded(ret, x, len);
		put_padded(ret, y, len);
		return sn_buf_check(ret, why);
	}
	return sn_fail(why, SN_E_SIGNATURE, EK ": not on P-256 or P-384");
}

/* What a certificate's subjectPublicKey must hold for the key of ek.pub. */
static enum sn_err
ek_key(const struct xc *c, const struct ek_row **ret_row, struct sn_buf *ret,
    struct sn_why *why)
{
	struct bytes pub, area, policy, symmetric;
	uint32_t attributes;
	uint16_t type, name, scheme;

	SN_TRY(xc_get(c, EK, &pub, why));
	SN_TRY(xc_get_2b(&pub, &area, EK, why));
	SN_TRY(bytes_end(&pub, EK, why));
	SN_TRY(bytes_u16(&area, &type, EK, why));
	SN_TRY(bytes_u16(&area, &name, EK, why));
	SN_TRY(bytes_u32(&area, &attributes, EK, why));
	SN_TRY(xc_get_2b(&area, &policy, EK, why));
	SN_TRY(bytes_take(&area, 6, &symmetric, EK, why)); /* AES, bits, CFB */
	SN_TRY(bytes_u16(&area, &scheme, EK, why));
	if ((type != 0x0001 && type != 0x0023) || scheme != ALG_NULL)
		return sn_fail(why, SN_E_SIGNATURE, EK ": not an endorsement key");
	*ret_row = &ek_rows[2];
	if (type == 0x0001)
		SN_TRY(put_rsa(&area, ret, why));
	else
		SN_TRY(put_point(&area, ret_row, ret, why));
	return bytes_end(&area, EK, why);
}

/* By DER alone: makers use algorithm identifiers for RSA that GnuTLS does not know. */
static enum sn_err
cert_key(struct bytes der, struct bytes *ret, struct sn_why *why)
{
	static const uint8_t before[] = { DER_INTEGER, DER_SEQUENCE, DER_SEQUENCE, DER_SEQUENCE,
		DER_SEQUENCE };
	struct bytes cert, tbs, spki;

	SN_TRY(der_take(&der, DER_SEQUENCE, NULL, &cert, EK_CERT, why));
	SN_TRY(bytes_end(&der, EK_CERT, why));
	SN_TRY(der_take(&cert, DER_SEQUENCE, NULL, &tbs, EK_CERT, why));
	if (tbs.n > 0 && tbs.p[0] == DER_CONTEXT0)
		SN_TRY(der_take(&tbs, DER_CONTEXT0, NULL, NULL, EK_CERT, why));
	for (size_t i = 0; i < sizeof(before); i++)
		SN_TRY(der_take(&tbs, before[i], NULL, NULL, EK_CERT, why));
	SN_TRY(der_take(&tbs, DER_SEQUENCE, NULL, &spki, EK_CERT, why));
	SN_TRY(der_take(&spki, DER_SEQUENCE, NULL, NULL, EK_CERT, why));
	SN_TRY(der_take(&spki, DER_BITS, NULL, ret, EK_CERT, why));
	if (ret->n < 1 || ret->p[0] != 0)
		return sn_fail(why, SN_E_FORMAT, EK_CERT ": its key");
	ret->p++;
	ret->n--;
	return SN_OK;
}

/* ---- its chain */

static enum sn_err
import(struct bytes der, const char *path, gnutls_x509_crt_t *ret, struct sn_why *why)
{
	const gnutls_datum_t in = tls_datum(der);

	if (gnutls_x509_crt_init(ret) != 0)
		return sn_fail(why, SN_E_NOMEM, "%s", path);
	if (gnutls_x509_crt_import(*ret, &in, GNUTLS_X509_FMT_DER) != 0)
		return sn_fail(why, SN_E_FORMAT, "%s: a certificate", path);
	return SN_OK;
}

static void
crt_done(gnutls_x509_crt_t *x)
{
	if (*x != NULL)
		gnutls_x509_crt_deinit(*x);
	*x = NULL;
}

static enum sn_err
check_link(const struct xc *c, struct bytes child_der, const char *child_path,
    gnutls_x509_crt_t issuer, struct sn_why *why)
{
	SN_CLEANUP(crt_done) gnutls_x509_crt_t child = NULL;
	unsigned int critical;

	SN_TRY(import(child_der, child_path, &child, why));
	if (gnutls_x509_crt_get_activation_time(child) > c->st.time ||
	    gnutls_x509_crt_get_expiration_time(child) < c->st.time)
		return sn_fail(why, SN_E_SIGNATURE,
		    "%s: a certificate that is not valid at the statement's time", child_path);
	const int alg = gnutls_x509_crt_get_signature_algorithm(child);
	if (gnutls_x509_crt_check_issuer(child, issuer) != 1 ||
	    gnutls_x509_crt_get_ca_status(issuer, &critical) <= 0 || alg < 0 ||
	    !xc_signed_by(child_der, (gnutls_sign_algorithm_t)alg, issuer))
		return sn_fail(why, SN_E_SIGNATURE,
		    "%s: not signed by the next certificate of " EK_CHAIN, child_path);
	return SN_OK;
}

/* The lines around a block: nothing else may be in the file. */
static enum sn_err
take_line(struct bytes *text, const char *line, struct sn_why *why)
{
	struct bytes taken = { 0 };

	if (text->n < strlen(line) || memcmp(text->p, line, strlen(line)) != 0)
		return sn_fail(why, SN_E_FORMAT, EK_CHAIN ": not certificates alone");
	return bytes_take(text, strlen(line), &taken, EK_CHAIN, why);
}

/* The next certificate of the chain, in PEM as we write it. */
static enum sn_err
next_of_chain(struct bytes *text, struct sn_buf *ret, struct sn_why *why)
{
	struct bytes begin = *text;
	bool is_crl = false, end = false;

	SN_TRY(take_line(&begin, "-----BEGIN CERTIFICATE-----\n", why));
	SN_TRY(xc_pem_next(text, ret, &is_crl, &end, EK_CHAIN, why));
	return take_line(text, " CERTIFICATE-----\n", why);
}

/* Each signed by the next; whose root the last is is for `sanctum verify`. */
static enum sn_err
check_ek_chain(const struct xc *c, struct bytes cert, unsigned int *ret_n, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf child = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf next = { 0 };
	const struct xc_file *f = xc_find(c, EK_CHAIN);
	struct bytes text = { f->data.p, f->data.n };

	sn_buf_put(&child, cert);
	SN_TRY(sn_buf_check(&child, why));
	for (unsigned int n = 0;; n++) {
		SN_CLEANUP(crt_done) gnutls_x509_crt_t issuer = NULL;

		if (text.n == 0 && n > 0) {
			*ret_n = n;
			return SN_OK;
		}
		if (n == MAX_CHAIN)
			return sn_fail(why, SN_E_FORMAT, EK_CHAIN ": more than %d certificates",
			    MAX_CHAIN);
		SN_TRY(next_of_chain(&text, &next, why));
		SN_TRY(import(sn_buf_bytes(&next), EK_CHAIN, &issuer, why));
		SN_TRY(check_link(c, sn_buf_bytes(&child), n == 0 ? EK_CERT : EK_CHAIN, issuer,
		    why));
		child.n = 0;
		sn_buf_put(&child, sn_buf_bytes(&next));
		SN_TRY(sn_buf_check(&child, why));
	}
}

static enum sn_err
check_ek(const struct xc *c, struct sn_buf *line, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf want = { 0 };
	const struct ek_row *row = NULL;
	struct bytes cert, key;
	unsigned int n = 0;

	SN_TRY(ek_key(c, &row, &want, why));
	sn_buf_fmt(line, "; EK %s", row->name);
	if (xc_find(c, EK_CERT) == NULL && xc_find(c, EK_CHAIN) == NULL)
		return SN_OK;
	SN_TRY(xc_get(c, EK_CERT, &cert, why));
	SN_TRY(cert_key(cert, &key, why));
	if (!bytes_equal(key, sn_buf_bytes(&want)))
		return sn_fail(why, SN_E_SIGNATURE, EK_CERT ": is for another key than " EK);
	xc_mark(c, EK);
	sn_buf_str(line, " as certified");
	if (xc_find(c, EK_CHAIN) == NULL)
		return SN_OK; /* nothing here vouches for the certificate */
	SN_TRY(check_ek_chain(c, cert, &n, why));
	xc_mark(c, EK_CERT);
	xc_mark(c, EK_CHAIN);
	sn_buf_fmt(line, ", chain of %u", n);
	return SN_OK;
}

enum sn_err
xc_check_keys(struct xc *c, struct sn_buf *line, struct sn_why *why)
{
	if (xc_find(c, XC_AK_PUB) != NULL) {
		SN_TRY(check_ak(c, XC_AK, XC_AK_PUB, why));
		sn_buf_str(line, "AK restricted");
	}
	if (xc_find(c, XC_SEED_AK) != NULL)
		SN_TRY(check_ak(c, XC_SEED_AK, XC_SEED_AK_PUB, why));
	return xc_find(c, EK) != NULL ? check_ek(c, line, why) : SN_OK;
}

/* ---- creation and counter */

/*
 * TPMS_CREATION_DATA names the parent, of a primary its hierarchy, and ends with what we gave
 * from outside [TCG P2 15.1].
 */
static enum sn_err
check_creation_data(struct bytes data, struct sn_why *why)
{
	static const char what[] = CREATION_DATA;
	static const uint8_t endorsement[] = { 0x40, 0, 0, 0x0b };
	struct bytes skipped, outside, parent, qualified;
	uint32_t banks;
	uint8_t size, locality;
	uint16_t alg;

	SN_TRY(bytes_u32(&data, &banks, what, why));
	for (; banks > 0; banks--) {
		SN_TRY(bytes_u16(&data, &alg, what, why));
		SN_TRY(bytes_u8(&data, &size, what, why));
		SN_TRY(bytes_take(&data, size, &skipped, what, why));
	}
	SN_TRY(xc_get_2b(&data, &skipped, what, why)); /* digest of the PCRs */
	SN_TRY(bytes_u8(&data, &locality, what, why));
	SN_TRY(bytes_u16(&data, &alg, what, why));
	SN_TRY(xc_get_2b(&data, &parent, what, why));
	SN_TRY(xc_get_2b(&data, &qualified, what, why));
	SN_TRY(xc_get_2b(&data, &outside, what, why));
	SN_TRY(bytes_end(&data, what, why));
	if (alg != ALG_NULL || !bytes_equal(parent, BYTES_OF(endorsement)) ||
	    !bytes_equal(qualified, BYTES_OF(endorsement)))
		return sn_fail(why, SN_E_SIGNATURE,
		    "%s: not of a primary of the endorsement hierarchy", what);
	if (!bytes_equal(outside, BYTES_STR(OUTSIDE_INFO)))
		return sn_fail(why, SN_E_SIGNATURE, "%s: not made by us (outside information)",
		    what);
	return SN_OK;
}

enum sn_err
xc_check_creation(struct xc *c, struct sn_buf *line, struct sn_why *why)
{
	static const struct xc_attest_row row = { XC_AK, CREATION_MSG, CREATION_SIG,
		XC_ST_CREATION, true };
	struct bytes body, object, hash, data, pub, area;
	uint8_t name[34], digest[32];

	if (xc_find(c, CREATION_MSG) == NULL)
		return SN_OK;
	SN_TRY(xc_attest_open(c, &row, c->st.plan_sha256, &body, why));
	SN_TRY(xc_get_2b(&body, &object, CREATION_MSG, why));
	SN_TRY(xc_get_2b(&body, &hash, CREATION_MSG, why));
	SN_TRY(bytes_end(&body, CREATION_MSG, why));
	SN_TRY(xc_get(c, XC_AK_PUB, &pub, why));
	SN_TRY(xc_get_2b(&pub, &area, XC_AK_PUB, why));
	SN_TRY(name_of(area, name, why));
	SN_TRY(xc_get(c, CREATION_DATA, &data, why));
	SN_TRY(tls_hash(GNUTLS_DIG_SHA256, data, digest, why));
	if (!bytes_equal(object, BYTES_OF(name)))
		return sn_fail(why, SN_E_SIGNATURE,
		    CREATION_MSG ": of another key than " XC_AK);
	if (!bytes_equal(hash, BYTES_OF(digest)))
		return sn_fail(why, SN_E_SIGNATURE,
		    CREATION_DATA ": is not what " CREATION_MSG " certifies");
	SN_TRY(check_creation_data(data, why));
	xc_mark(c, CREATION_DATA);
	sn_buf_str(line, "AK made in this TPM, over the plan");
	return SN_OK;
}

/* TPMS_NV_PUBLIC: our index, a counter of eight bytes that was incremented [TCG P2 13.6]. */
static enum sn_err
check_counter_pub(struct bytes pub, struct sn_why *why)
{
	struct bytes policy;
	uint32_t index, attributes;
	uint16_t name, size;

	SN_TRY(bytes_u32(&pub, &index, COUNTER_PUB, why));
	SN_TRY(bytes_u16(&pub, &name, COUNTER_PUB, why));
	SN_TRY(bytes_u32(&pub, &attributes, COUNTER_PUB, why));
	SN_TRY(xc_get_2b(&pub, &policy, COUNTER_PUB, why));
	SN_TRY(bytes_u16(&pub, &size, COUNTER_PUB, why));
	SN_TRY(bytes_end(&pub, COUNTER_PUB, why));
	if (index != COUNTER_INDEX || name != XC_ALG_SHA256 ||
	    (attributes & NV_TYPE) != NV_COUNTER || (attributes & NV_WRITTEN) == 0 ||
	    size != COUNTER_LEN)
		return sn_fail(why, SN_E_SIGNATURE,
		    COUNTER_PUB ": not a counter at %08x that was incremented", COUNTER_INDEX);
	return SN_OK;
}

enum sn_err
xc_check_counter(struct xc *c, struct sn_buf *line, struct sn_why *why)
{
	static const struct xc_attest_row row = { XC_AK, COUNTER_MSG, COUNTER_SIG, XC_ST_NV,
		true };
	struct bytes body, index, contents, pub;
	uint8_t name[34];
	uint16_t offset;
	uint64_t value;

	if (xc_find(c, COUNTER_MSG) == NULL)
		return SN_OK;
	SN_TRY(xc_attest_open(c, &row, c->st.plan_sha256, &body, why));
	SN_TRY(xc_get_2b(&body, &index, COUNTER_MSG, why));
	SN_TRY(bytes_u16(&body, &offset, COUNTER_MSG, why));
	SN_TRY(xc_get_2b(&body, &contents, COUNTER_MSG, why));
	SN_TRY(bytes_end(&body, COUNTER_MSG, why));
	SN_TRY(xc_get(c, COUNTER_PUB, &pub, why));
	SN_TRY(name_of(pub, name, why));
	SN_TRY(check_counter_pub(pub, why));
	if (!bytes_equal(index, BYTES_OF(name)))
		return sn_fail(why, SN_E_SIGNATURE,
		    COUNTER_PUB ": is not the index that " COUNTER_MSG " certifies");
	if (offset != 0 || contents.n != COUNTER_LEN)
		return sn_fail(why, SN_E_SIGNATURE, COUNTER_MSG ": not the whole counter");
	SN_TRY(bytes_u64(&contents, &value, COUNTER_MSG, why));
	xc_mark(c, COUNTER_PUB);
	sn_buf_fmt(line, "%llu, over the plan", (unsigned long long)value);
	return SN_OK;
}
