#include <string.h>
#include <time.h>

#include "appliance/crosscheck/tls.h"
#include "appliance/crosscheck/trust.h"

#define UTCTIME_END 2050 /* RFC 5280 4.1.2.5: from this year on GeneralizedTime */

static const char *const sig_algs[] = {
	[XC_P384] = "300a06082a8648ce3d040303", /* ecdsa-with-SHA384 */
	[XC_P256] =
	    "300a06082a8648ce3d040302", /* ecdsa-with-SHA256; no issuer has such a key */
	[XC_MLDSA87] = "300b0609608648016503040313",
};

/* basicConstraints, keyUsage and extKeyUsage, in the order of the certificate */
#define EXT_ROOT "300f0603551d130101ff040530030101ff"
#define EXT_CA "30120603551d130101ff040830060101ff020100"
#define EXT_USAGE_CA "300e0603551d0f0101ff040403020106"
#define EXT_USAGE_SIGN "300e0603551d0f0101ff040403020780"
/* emailProtection and our 2.25.1129532500.N */
#define EXT_MAIL "301c0603551d250415301306082b06010505070304060769849acd9854"
#define EXT_TOKEN "30130603551d25040c300a06082b06010505070325"
static const char *const profiles[] = {
	[XC_IS_ROOT] = EXT_ROOT EXT_USAGE_CA,
	[XC_IS_CA] = EXT_CA EXT_USAGE_CA,
	[XC_IS_STATEMENT] = EXT_USAGE_SIGN EXT_MAIL "01",
	[XC_IS_OPERATIONS] = EXT_USAGE_SIGN EXT_MAIL "02",
	[XC_IS_TOKEN] = EXT_USAGE_SIGN EXT_TOKEN,
};

const char *
xc_sig_alg(enum xc_cert_id id)
{
	return sig_algs[xc_cert_rows[xc_cert_rows[id].issuer].key];
}

const char *
xc_own_alg(enum xc_cert_id id)
{
	return sig_algs[xc_cert_rows[id].key];
}

/* RelativeDistinguishedName with one UTF8String. */
static enum sn_err
put_rdn(struct sn_buf *b, const char *oid, const char *text, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf pair = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf sequence = { 0 };

	SN_TRY(der_put_hex(&pair, oid, why));
	der_put(&pair, DER_UTF8, bytes_str(text));
	der_put(&sequence, DER_SEQUENCE, sn_buf_bytes(&pair));
	SN_TRY(sn_buf_check(&sequence, why));
	der_put(b, DER_SET, sn_buf_bytes(&sequence));
	return SN_OK;
}

enum sn_err
xc_put_name(const struct xc *c, enum xc_cert_id id, struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf rdns = { 0 };

	SN_TRY(put_rdn(&rdns, "060355040a", c->organization, why));
	SN_TRY(put_rdn(&rdns, "0603550403", c->cert[id].cn, why));
	der_put(ret, DER_SEQUENCE, sn_buf_bytes(&rdns));
	return sn_buf_check(ret, why);
}

enum sn_err
xc_put_time(struct sn_buf *b, int64_t t, struct sn_why *why)
{
	const time_t when = (time_t)t;
	char text[32];
	struct tm tm;

	if (gmtime_r(&when, &tm) == NULL)
		return sn_fail(why, SN_E_FORMAT, XC_IDENTITY ": a date");
	const bool utc = tm.tm_year + 1900 < UTCTIME_END;
	if (strftime(text, sizeof(text), "%Y%m%d%H%M%SZ", &tm) == 0)
		return sn_fail(why, SN_E_FORMAT, XC_IDENTITY ": a date");
	/* UTCTime leaves the century out */
	der_put(b, utc ? DER_UTCTIME : DER_GENTIME, bytes_str(utc ? text + 2 : text));
	return SN_OK;
}

enum sn_err
xc_put_key_id(struct sn_buf *b, const char *head, struct bytes spki, struct sn_why *why)
{
	uint8_t digest[32];

	SN_TRY(tls_hash(GNUTLS_DIG_SHA256, spki, digest, why));
	SN_TRY(der_put_hex(b, head, why));
	sn_buf_put(b, (struct bytes){ digest, 20 });
	return SN_OK;
}

static enum sn_err
put_extensions(const struct xc *c, enum xc_cert_id id, struct sn_buf *b, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf list = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf sequence = { 0 };
	const struct xc_cert_row *row = &xc_cert_rows[id];

	SN_TRY(der_put_hex(&list, profiles[row->profile], why));
	SN_TRY(xc_put_key_id(&list, "301d0603551d0e04160414", c->cert[id].spki, why));
	if (row->profile != XC_IS_ROOT)
		SN_TRY(xc_put_key_id(&list, "301f0603551d23041830168014",
		    c->cert[row->issuer].spki, why));
	der_put(&sequence, DER_SEQUENCE, sn_buf_bytes(&list));
	SN_TRY(sn_buf_check(&sequence, why));
	der_put(b, DER_CONTEXT3, sn_buf_bytes(&sequence));
	return SN_OK;
}

static enum sn_err
put_tbs(const struct xc *c, enum xc_cert_id id, struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf tbs = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf dates = { 0 };
	const struct xc_cert *x = &c->cert[id];

	SN_TRY(der_put_hex(&tbs, "a003020102", why)); /* version 3 */
	der_put(&tbs, DER_INTEGER, BYTES_OF(x->serial));
	SN_TRY(der_put_hex(&tbs, xc_sig_alg(id), why));
	SN_TRY(xc_put_name(c, xc_cert_rows[id].issuer, &tbs, why));
	SN_TRY(xc_put_time(&dates, x->from, why));
	SN_TRY(xc_put_time(&dates, x->to, why));
	der_put(&tbs, DER_SEQUENCE, sn_buf_bytes(&dates));
	SN_TRY(xc_put_name(c, id, &tbs, why));
	sn_buf_put(&tbs, x->spki);
	SN_TRY(put_extensions(c, id, &tbs, why));
	SN_TRY(sn_buf_check(&dates, why));
	SN_TRY(sn_buf_check(&tbs, why));
	der_put(ret, DER_SEQUENCE, sn_buf_bytes(&tbs));
	return SN_OK;
}

enum sn_err
xc_put_cert(const struct xc *c, enum xc_cert_id id, struct bytes signature, struct sn_buf *ret,
    struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf cert = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf bits = { 0 };

	SN_TRY(put_tbs(c, id, &cert, why));
	SN_TRY(der_put_hex(&cert, xc_sig_alg(id), why));
	sn_buf_u8(&bits, 0); /* no unused bits */
	sn_buf_put(&bits, signature);
	SN_TRY(sn_buf_check(&bits, why));
	der_put(&cert, DER_BITS, sn_buf_bytes(&bits));
	SN_TRY(sn_buf_check(&cert, why));
	der_put(ret, DER_SEQUENCE, sn_buf_bytes(&cert));
	return sn_buf_check(ret, why);
}
