#include <stdlib.h>
#include <string.h>

#include "appliance/crypto/der.h"
#include "appliance/crypto/priv.h"

#define OID_MAX 64 /* content octets of an object identifier that we look for */
#define DER_BIT_STRING 0x03
#define DER_KEY_ID 0x80 /* [0] of an authorityKeyIdentifier */
#define DER_URI 0x86	/* [6] of a GeneralName */

static bool
ext_is(const struct cry_ext *e, struct bytes oid)
{
	return e->oid.n == oid.n && memcmp(e->oid.p, oid.p, oid.n) == 0;
}

/* Is v element in element, by these tags from the outside in, each with nothing behind it? */
static bool
is_nested(struct bytes v, const uint8_t *tags, size_t n)
{
	struct bytes in = v;

	for (size_t i = 0; i < n; i++) {
		struct bytes all = in;

		if (der_take(&all, tags[i], &in, "extension", NULL) != SN_OK || all.n > 0)
			return false;
	}
	return true;
}

/* ---- extensions in which OpenSSL can find no fault */

static bool
plain_basic(struct bytes v)
{
	static const uint8_t no_ca[] = { DER_SEQUENCE, 0 };

	return bytes_equal(v, BYTES_OF(no_ca));
}

/* One byte of bits, at least one of them set. */
static bool
plain_usage(struct bytes v)
{
	return v.n == 4 && v.p[0] == DER_BIT_STRING && v.p[1] == 2 && v.p[2] < 8 &&
	    (v.p[3] >> v.p[2]) != 0;
}

static bool
plain_subject_id(struct bytes v)
{
	return is_nested(v, (const uint8_t[]){ DER_OCTETS }, 1);
}

static bool
plain_authority_id(struct bytes v)
{
	return is_nested(v, (const uint8_t[]){ DER_SEQUENCE, DER_KEY_ID }, 2);
}

/* One distribution point: one URI. */
static bool
plain_crl_points(struct bytes v)
{
	return is_nested(v,
	    (const uint8_t[]){
		DER_SEQUENCE, DER_SEQUENCE, DER_CONTEXT0, DER_CONTEXT0, DER_URI },
	    5);
}

/* Of a private arc, none of which OpenSSL looks into. */
static bool
plain_private(struct bytes v SN_UNUSED)
{
	return true;
}

#define ID_CE(n) 0x55, 0x1d, (n) /* 2.5.29.n */

/* What stands in a certificate of one machine. */
static const struct {
	uint8_t oid[8];
	size_t n;
	bool below;    /* all that is below it */
	bool critical; /* may be: OpenSSL knows it */
	bool (*plain)(struct bytes v);
} plains[] = {
	{ { 0x2b, 0x06, 0x01, 0x04, 0x01 }, 5, true, false, plain_private }, /* enterprises */
	{ { 0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d }, 6, true, false, plain_private }, /* Intel */
	{ { ID_CE(14) }, 3, false, false, plain_subject_id },
	{ { ID_CE(15) }, 3, false, true, plain_usage },
	{ { ID_CE(19) }, 3, false, true, plain_basic },
	{ { ID_CE(31) }, 3, false, true, plain_crl_points },
	{ { ID_CE(35) }, 3, false, false, plain_authority_id },
};

static bool
is_plain(const struct cry_ext *e, bool *unknown_critical)
{
	for (size_t i = 0; i < SN_NITEMS(plains); i++) {
		size_t n = plains[i].n;

		if ((plains[i].below ? e->oid.n <= n : e->oid.n != n) ||
		    memcmp(e->oid.p, plains[i].oid, n) != 0)
			continue;
		if (e->critical && !plains[i].critical)
			*unknown_critical = true;
		return plains[i].plain(e->value);
	}
	return false;
}

/* Each is there once; every look for one goes through this list. */
static enum sn_err
index_extensions(struct cry_cert *c, struct sn_why *why)
{
	int n = X509_get_ext_count(c->x);

	if (n > CRY_EXTENSIONS_MAX)
		return sn_fail(why, SN_E_LIMIT, "certificate: %d extensions", n);
	c->exts = calloc((size_t)n + 1, sizeof(*c->exts));
	if (c->exts == NULL)
		return sn_fail(why, SN_E_NOMEM, "certificate");
	for (int i = 0; i < n; i++) {
		X509_EXTENSION *e = X509_get_ext(c->x, i);
		const ASN1_OBJECT *o = X509_EXTENSION_get_object(e);
		const ASN1_OCTET_STRING *v = X509_EXTENSION_get_data(e);
		struct cry_ext *ext = &c->exts[c->nexts];

		ext->oid = (struct bytes){ OBJ_get0_data(o), OBJ_length(o) };
		ext->value =
		    (struct bytes){ ASN1_STRING_get0_data(v), (size_t)ASN1_STRING_length(v) };
		ext->critical = X509_EXTENSION_get_critical(e) != 0;
		for (size_t k = 0; k < c->nexts; k++)
			if (ext_is(&c->exts[k], ext->oid))
				return sn_fail(why, SN_E_FORMAT,
				    "certificate: the same extension twice");
		c->nexts++;
	}
	return SN_OK;
}

/*
 * A certificate whose extensions are all plain, as those of machines are, cannot have one that
 * OpenSSL calls malformed. Asking it all the same costs half of what parsing an AMD one costs,
 * and a quarter for Intel.
 */
enum sn_err
cry_cert_extensions(struct cry_cert *c, struct sn_why *why)
{
	SN_TRY(index_extensions(c, why));
	c->plain = true;
	for (size_t i = 0; i < c->nexts; i++)
		c->plain = is_plain(&c->exts[i], &c->plain_critical) && c->plain;
	if (!c->plain && (X509_get_extension_flags(c->x) & EXFLAG_INVALID) != 0)
		return cry_fail(why, SN_E_FORMAT, "certificate: an extension is malformed");
	return SN_OK;
}

bool
cry_cert_unknown_critical(const struct cry_cert *c)
{
	return c->plain ? c->plain_critical
			: (X509_get_extension_flags(c->x) & EXFLAG_CRITICAL) != 0;
}

struct bytes
cry_cert_ext_der(const struct cry_cert *c, struct bytes oid)
{
	for (size_t i = 0; i < c->nexts; i++)
		if (ext_is(&c->exts[i], oid))
			return c->exts[i].value;
	return (struct bytes){ 0 };
}

enum sn_err
cry_cert_ext(const struct cry_cert *c, const char *oid, struct bytes *ret, struct sn_why *why)
{
	uint8_t want[OID_MAX];
	int len = a2d_ASN1_OBJECT(want, sizeof(want), oid, -1);

	if (len <= 0)
		return cry_fail(why, SN_E_USAGE, "object identifier");
	*ret = cry_cert_ext_der(c, (struct bytes){ want, (size_t)len });
	return SN_OK;
}
