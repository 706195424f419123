#include "appliance/crosscheck/tls.h"

#include <gnutls/crypto.h>
#include <string.h>
#include <time.h>

#include "appliance/base/text.h"

#define MAX_CONSTANT 256

/* GnuTLS asks for the time by a function without argument. */
static time_t judged_at;

static time_t
get_judged_at(time_t *t)
{
	if (t != NULL)
		*t = judged_at;
	return judged_at;
}

void
tls_set_time(int64_t t)
{
	judged_at = (time_t)t;
	gnutls_global_set_time_function(get_judged_at);
}

gnutls_datum_t
tls_datum(struct bytes v)
{
	/* GnuTLS takes input through pointers that are not const, and leaves it alone. */
	return (gnutls_datum_t){ (unsigned char *)(uintptr_t)v.p, (unsigned int)v.n };
}

struct bytes
tls_bytes(const gnutls_datum_t *d)
{
	return (struct bytes){ d->data, d->size };
}

void
tls_datum_done(gnutls_datum_t *d)
{
	gnutls_free(d->data);
	*d = (gnutls_datum_t){ 0 };
}

void
tls_pubkey_done(gnutls_pubkey_t *k)
{
	if (*k != NULL)
		gnutls_pubkey_deinit(*k);
	*k = NULL;
}

enum sn_err
tls_hash(gnutls_digest_algorithm_t alg, struct bytes v, uint8_t *ret, struct sn_why *why)
{
	if (gnutls_hash_fast(alg, v.p, v.n, ret) != 0)
		return sn_fail(why, SN_E_CRYPTO, "GnuTLS: digest");
	return SN_OK;
}

enum sn_err
tls_sha256_v(const struct bytes *parts, size_t n, uint8_t ret[32], struct sn_why *why)
{
	gnutls_hash_hd_t h;
	bool ok = true;

	if (gnutls_hash_init(&h, GNUTLS_DIG_SHA256) != 0)
		return sn_fail(why, SN_E_CRYPTO, "GnuTLS: SHA-256");
	for (size_t i = 0; i < n; i++)
		ok = ok && (parts[i].n == 0 || gnutls_hash(h, parts[i].p, parts[i].n) == 0);
	gnutls_hash_deinit(h, ret);
	if (!ok)
		return sn_fail(why, SN_E_CRYPTO, "GnuTLS: SHA-256");
	return SN_OK;
}

/* ---- public keys */

enum sn_err
tls_pubkey(struct bytes pem, gnutls_ecc_curve_t curve, const char *what, gnutls_pubkey_t *ret,
    struct sn_why *why)
{
	SN_CLEANUP(tls_pubkey_done) gnutls_pubkey_t key = NULL;
	SN_CLEANUP(tls_datum_done) gnutls_datum_t again = { 0 };
	SN_CLEANUP(tls_datum_done) gnutls_datum_t x = { 0 };
	SN_CLEANUP(tls_datum_done) gnutls_datum_t y = { 0 };
	gnutls_datum_t in = tls_datum(pem);
	gnutls_ecc_curve_t is = GNUTLS_ECC_CURVE_INVALID;

	if (gnutls_pubkey_init(&key) != 0)
		return sn_fail(why, SN_E_NOMEM, "%s", what);
	if (gnutls_pubkey_import(key, &in, GNUTLS_X509_FMT_PEM) != 0 ||
	    gnutls_pubkey_export2(key, GNUTLS_X509_FMT_PEM, &again) != 0 ||
	    !bytes_equal(tls_bytes(&again), pem))
		return sn_fail(why, SN_E_FORMAT, "%s: not one public key in PEM", what);
	if (gnutls_pubkey_export_ecc_raw(key, &is, &x, &y) != 0 || is != curve)
		return sn_fail(why, SN_E_FORMAT, "%s: not a key on %s", what,
		    gnutls_ecc_curve_get_name(curve));
	*ret = SN_TAKE(key);
	return SN_OK;
}

enum sn_err
tls_verify(gnutls_pubkey_t key, gnutls_sign_algorithm_t alg, struct bytes data,
    struct bytes sig, const char *what, struct sn_why *why)
{
	gnutls_datum_t d = tls_datum(data), s = tls_datum(sig);

	/* no negative value but a non-negative one means valid [GnuTLS reference] */
	if (gnutls_pubkey_verify_data2(key, alg, 0, &d, &s) < 0)
		return sn_fail(why, SN_E_SIGNATURE, "%s: the signature does not match", what);
	return SN_OK;
}

/* ---- DER */

void
der_put(struct sn_buf *b, uint8_t tag, struct bytes content)
{
	unsigned int octets = 0;

	sn_buf_u8(b, tag);
	for (size_t n = content.n; content.n > 0x7f && n > 0; n >>= 8)
		octets++;
	if (octets > 0)
		sn_buf_u8(b, (uint8_t)(0x80 | octets));
	else
		sn_buf_u8(b, (uint8_t)content.n);
	while (octets > 0)
		sn_buf_u8(b, (uint8_t)(content.n >> (8 * --octets)));
	sn_buf_put(b, content);
}

enum sn_err
der_put_hex(struct sn_buf *b, const char *hex, struct sn_why *why)
{
	return sn_hex_parse_buf(bytes_str(hex), MAX_CONSTANT, b, "constant", why);
}

enum sn_err
der_take(struct bytes *v, uint8_t want, struct bytes *ret_whole, struct bytes *ret_content,
    const char *what, struct sn_why *why)
{
	struct bytes left = *v, content;
	uint8_t tag, first, octet;
	size_t n = 0;

	SN_TRY(bytes_u8(&left, &tag, what, why));
	SN_TRY(bytes_u8(&left, &first, what, why));
	if (tag != want || first == 0x80 || first > 0x83)
		return sn_fail(why, SN_E_FORMAT, "%s: DER element %02x %02x, not %02x", what,
		    tag, first, want);
	if (first < 0x80)
		n = first;
	for (unsigned int i = first & 0x7f; first > 0x80 && i > 0; i--) {
		SN_TRY(bytes_u8(&left, &octet, what, why));
		n = n << 8 | octet;
	}
	SN_TRY(bytes_take(&left, n, &content, what, why));
	if (ret_whole != NULL)
		*ret_whole = (struct bytes){ v->p, v->n - left.n };
	if (ret_content != NULL)
		*ret_content = content;
	*v = left;
	return SN_OK;
}
