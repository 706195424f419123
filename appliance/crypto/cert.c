#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "appliance/base/text.h"
#include "appliance/crypto/der.h"
#include "appliance/crypto/priv.h"

#define SERIAL_MAX 20
#define X509_V3 2

enum sn_err
cry_time(const ASN1_TIME *t, const char *what, int64_t *ret, struct sn_why *why)
{
	struct tm tm = { 0 };
	int len = t == NULL ? 0 : ASN1_STRING_length(t);
	const unsigned char *p = len == 0 ? NULL : ASN1_STRING_get0_data(t);
	int want = ASN1_STRING_type(t) == V_ASN1_UTCTIME ? 13 : 15;

	/* [RFC 5280 4.1.2.5] seconds are there, Z is there, nothing else is. */
	if (p == NULL || len != want || p[len - 1] != 'Z' || ASN1_TIME_to_tm(t, &tm) != 1)
		return sn_fail(why, SN_E_FORMAT, "%s: not a time of RFC 5280", what);
	*ret = (int64_t)timegm(&tm);
	return SN_OK;
}

enum sn_err
cry_name_der(const X509_NAME *name, struct bytes *ret, struct sn_why *why)
{
	const unsigned char *der = NULL;
	size_t len = 0;

	if (X509_NAME_get0_der(name, &der, &len) != 1 || len == 0)
		return cry_fail(why, SN_E_CRYPTO, "name");
	*ret = (struct bytes){ der, len };
	return SN_OK;
}

/* The only part of that kind, or NULL. */
static const ASN1_STRING *
only_part(const X509_NAME *name, int nid)
{
	int at = X509_NAME_get_index_by_NID(name, nid, -1);

	if (at < 0 || X509_NAME_get_index_by_NID(name, nid, at) >= 0)
		return NULL;
	return X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
}

/* Text whose UTF-8 is the bytes that stand there. */
static bool
is_plain(const ASN1_STRING *part)
{
	const unsigned char *p = ASN1_STRING_get0_data(part);
	int type = ASN1_STRING_type(part), len = ASN1_STRING_length(part);

	if (type != V_ASN1_UTF8STRING && type != V_ASN1_PRINTABLESTRING)
		return false;
	for (int i = 0; i < len; i++)
		if (p[i] < ' ' || p[i] > '~')
			return false;
	return len > 0 && len <= CRY_CN_MAX;
}

/* As text, if it may be shown; else "". */
static void
set_text(const ASN1_STRING *part, char ret[CRY_CN_MAX + 1])
{
	unsigned char *utf8 = NULL;
	int len;

	if (part == NULL)
		return;
	if (is_plain(part)) {
		memcpy(ret, ASN1_STRING_get0_data(part), (size_t)ASN1_STRING_length(part));
		return;
	}
	len = ASN1_STRING_to_UTF8(&utf8, part);

	if (len > 0 && text_printable((struct bytes){ utf8, (size_t)len }, CRY_CN_MAX))
		memcpy(ret, utf8, (size_t)len);
	OPENSSL_free(utf8);
	ERR_clear_error();
}

static void
set_names(struct cry_cert *c)
{
	const X509_NAME *name = X509_get_subject_name(c->x);
	const ASN1_STRING *cn = only_part(name, NID_commonName);
	const ASN1_STRING *o = only_part(name, NID_organizationName);

	set_text(cn, c->cn);
	if (cn != NULL && o != NULL && ASN1_STRING_cmp(cn, o) == 0)
		set_text(only_part(name, NID_organizationalUnitName), c->shown);
	if (c->shown[0] == '\0')
		memcpy(c->shown, c->cn, sizeof(c->cn));
}

static enum sn_err
check_serial(const X509 *x, struct sn_why *why)
{
	const ASN1_INTEGER *s = X509_get0_serialNumber(x);

	/* Zero is not refused: AMD's VCEKs have it. */
	if (ASN1_STRING_type(s) == V_ASN1_NEG_INTEGER || ASN1_STRING_length(s) > SERIAL_MAX)
		return sn_fail(why, SN_E_FORMAT,
		    "certificate: serial number is negative or "
		    "longer than %d bytes",
		    SERIAL_MAX);
	return SN_OK;
}

/* A key of no use is refused where it is used. */
static void
set_key(struct cry_cert *c)
{
	const EVP_PKEY *pkey = X509_get0_pubkey(c->x);

	c->key_known = pkey != NULL &&
	    cry_key_kind(pkey, cry_cert_spki_len(c), &c->key_alg, NULL) == SN_OK;
	if (!c->key_known)
		ERR_clear_error();
}

static enum sn_err
fill(struct cry_cert *c, struct bytes der, struct sn_why *why)
{
	if (X509_get_version(c->x) != X509_V3)
		return sn_fail(why, SN_E_FORMAT, "certificate: not version 3");
	SN_TRY(check_serial(c->x, why));
	SN_TRY(cry_cert_extensions(c, why));
	SN_TRY(cry_time(X509_get0_notBefore(c->x), "certificate", &c->not_before, why));
	SN_TRY(cry_time(X509_get0_notAfter(c->x), "certificate", &c->not_after, why));
	if (c->not_before > c->not_after)
		return sn_fail(why, SN_E_FORMAT, "certificate: ends before it begins");
	SN_TRY(cry_name_der(X509_get_subject_name(c->x), &c->subject, why));
	SN_TRY(cry_name_der(X509_get_issuer_name(c->x), &c->issuer, why));
	set_names(c);
	set_key(c);
	sn_buf_put(&c->der, der);
	return sn_buf_check(&c->der, why);
}

enum sn_err
cry_cert_parse(struct bytes der, struct cry_cert **ret, struct sn_why *why)
{
	SN_CLEANUP(cry_cert_free) struct cry_cert *c = NULL;
	const unsigned char *p = der.p;

	if (der.n > CRY_CERT_MAX)
		return sn_fail(why, SN_E_LIMIT, "certificate: %zu bytes", der.n);
	SN_TRY(der_strict(der, "certificate", why));
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return sn_fail(why, SN_E_NOMEM, "certificate");
	c->x = d2i_X509(NULL, &p, (long)der.n);
	if (c->x == NULL)
		return cry_fail(why, SN_E_FORMAT, "certificate");
	if (p != der.p + der.n)
		return sn_fail(why, SN_E_FORMAT, "certificate: something behind it");
	SN_TRY(fill(c, der, why));
	*ret = SN_TAKE(c);
	return SN_OK;
}

void
cry_cert_free(struct cry_cert **cp)
{
	if (cp == NULL || *cp == NULL)
		return;
	X509_free((*cp)->x);
	cry_warm_free(&(*cp)->warm);
	free((*cp)->exts);
	sn_buf_done(&(*cp)->der);
	free(*cp);
	*cp = NULL;
}

void
cry_cert_free_all(struct cry_cert **certs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		cry_cert_free(&certs[i]);
}

struct bytes
cry_cert_der(const struct cry_cert *c)
{
	return sn_buf_bytes(&c->der);
}

struct bytes
cry_cert_subject_der(const struct cry_cert *c)
{
	return c->subject;
}

struct bytes
cry_cert_issuer_der(const struct cry_cert *c)
{
	return c->issuer;
}

struct bytes
cry_cert_serial(const struct cry_cert *c)
{
	const ASN1_INTEGER *s = X509_get0_serialNumber(c->x);

	return (struct bytes){ ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s) };
}

const char *
cry_cert_cn(const struct cry_cert *c)
{
	return c->cn;
}

const char *
cry_cert_shown(const struct cry_cert *c)
{
	return c->shown;
}

int64_t
cry_cert_not_before(const struct cry_cert *c)
{
	return c->not_before;
}

int64_t
cry_cert_not_after(const struct cry_cert *c)
{
	return c->not_after;
}

bool
cry_cert_is_ca(const struct cry_cert *c)
{
	uint32_t flags = X509_get_extension_flags(c->x);

	return (flags & EXFLAG_BCONS) != 0 && (flags & EXFLAG_CA) != 0;
}

int
cry_cert_pathlen(const struct cry_cert *c)
{
	long n = X509_get_pathlen(c->x);

	return n < 0 ? -1 : n > INT_MAX ? INT_MAX : (int)n;
}

bool
cry_cert_self_issued(const struct cry_cert *c)
{
	return X509_NAME_cmp(X509_get_subject_name(c->x), X509_get_issuer_name(c->x)) == 0;
}

bool
cry_cert_has_eku(const struct cry_cert *c, const char *oid)
{
	SN_CLEANUP(cry_obj_done) ASN1_OBJECT *want = OBJ_txt2obj(oid, 1);
	EXTENDED_KEY_USAGE *ekus = X509_get_ext_d2i(c->x, NID_ext_key_usage, NULL, NULL);
	bool found = false;

	for (int i = 0; want != NULL && i < sk_ASN1_OBJECT_num(ekus); i++)
		if (OBJ_cmp(sk_ASN1_OBJECT_value(ekus, i), want) == 0)
			found = true;
	EXTENDED_KEY_USAGE_free(ekus);
	ERR_clear_error();
	return found;
}

enum sn_err
cry_cert_key(const struct cry_cert *c, struct cry_key **ret, struct sn_why *why)
{
	EVP_PKEY *pkey = X509_get_pubkey(c->x);

	if (pkey == NULL)
		return cry_fail(why, SN_E_FORMAT, "certificate: public key");
	return cry_key_wrap_public(pkey, cry_cert_spki_len(c), ret, why);
}

enum sn_err
cry_cert_key_alg(const struct cry_cert *c, enum cry_alg *ret, struct sn_why *why)
{
	SN_CLEANUP(cry_key_free) struct cry_key *key = NULL;

	if (!c->key_known) {
		SN_TRY(cry_cert_key(c, &key, why)); /* says why not */
		return sn_fail(why, SN_E_FORMAT, "certificate: public key");
	}
	*ret = c->key_alg;
	return SN_OK;
}

size_t
cry_cert_spki_len(const struct cry_cert *c)
{
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(c->x), NULL);

	return len > 0 ? (size_t)len : 0;
}

enum sn_err
cry_cert_spki_sha256(const struct cry_cert *c, uint8_t ret[32], struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf spki = { 0 };
	unsigned char *der = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(c->x), &der);

	SN_TRY(cry_put_der(&spki, len, der, "certificate", why));
	return cry_digest(CRY_SHA256, sn_buf_bytes(&spki), ret, why);
}

enum sn_err
cry_cert_valid_at(const struct cry_cert *c, int64_t at, struct sn_why *why)
{
	char from[TEXT_TIME_LEN + 1], to[TEXT_TIME_LEN + 1], now[TEXT_TIME_LEN + 1];

	if (c->not_before <= at && at <= c->not_after)
		return SN_OK;
	text_from_time(c->not_before, from);
	text_from_time(c->not_after, to);
	text_from_time(at, now);
	return sn_fail(why, SN_E_EXPIRED,
	    "certificate \"%s\" is valid from %s to %s, not at "
	    "%s",
	    c->shown, from, to, now);
}
