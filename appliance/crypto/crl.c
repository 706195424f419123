#include <stdlib.h>
#include <string.h>

#include "appliance/base/text.h"
#include "appliance/crypto/der.h"
#include "appliance/crypto/priv.h"

/* Extensions that change what a CRL covers; we read complete, direct ones only. */
static const struct {
	int nid;
	const char *what;
} refused[] = {
	{ NID_delta_crl, "CRL: it is a delta" },
	{ NID_issuing_distribution_point, "CRL: it covers only a part" },
};

static enum sn_err
check_extensions(const X509_CRL *x, struct sn_why *why)
{
	for (size_t i = 0; i < SN_NITEMS(refused); i++)
		if (X509_CRL_get_ext_by_NID(x, refused[i].nid, -1) >= 0)
			return sn_fail(why, SN_E_FORMAT, "%s", refused[i].what);
	for (int i = 0; i < X509_CRL_get_ext_count(x); i++) {
		const ASN1_OBJECT *o = X509_EXTENSION_get_object(X509_CRL_get_ext(x, i));

		if (X509_CRL_get_ext_by_OBJ(x, o, i) >= 0)
			return sn_fail(why, SN_E_FORMAT, "CRL: the same extension twice");
	}
	/* Nothing that we know and accept in a CRL is critical. */
	if (X509_CRL_get_ext_by_critical(x, 1, -1) >= 0)
		return sn_fail(why, SN_E_FORMAT, "CRL: unknown critical extension");
	return SN_OK;
}

static enum sn_err
check_entries(X509_CRL *x, struct sn_why *why)
{
	STACK_OF(X509_REVOKED) *list = X509_CRL_get_REVOKED(x);

	for (int i = 0; i < sk_X509_REVOKED_num(list); i++)
		if (X509_REVOKED_get_ext_by_critical(sk_X509_REVOKED_value(list, i), 1, -1) >=
		    0)
			return sn_fail(why, SN_E_FORMAT,
			    "CRL: an entry has a critical "
			    "extension");
	return SN_OK;
}

/*
 * [RFC 5280 5.1.1.2] The AlgorithmIdentifier inside is the one outside. OpenSSL says of others
 * only that the signature does not verify, and has no getter for the one inside.
 */
static enum sn_err
check_algorithms(struct bytes der, struct sn_why *why)
{
	struct bytes list = { 0 }, tbs = { 0 }, version = { 0 };
	struct bytes inside = { 0 }, outside = { 0 };

	SN_TRY(der_take(&der, DER_SEQUENCE, &list, "CRL", why));
	SN_TRY(der_take(&list, DER_SEQUENCE, &tbs, "CRL", why));
	SN_TRY(der_take(&list, DER_SEQUENCE, &outside, "CRL", why));
	if (tbs.n > 0 && tbs.p[0] == DER_INTEGER)
		SN_TRY(der_take(&tbs, DER_INTEGER, &version, "CRL", why));
	SN_TRY(der_take(&tbs, DER_SEQUENCE, &inside, "CRL", why));
	if (!bytes_equal(inside, outside))
		return sn_fail(why, SN_E_FORMAT,
		    "CRL: signature algorithms inside and outside differ");
	return SN_OK;
}

static enum sn_err
fill(struct cry_crl *c, struct sn_why *why)
{
	if (X509_CRL_get0_nextUpdate(c->x) == NULL)
		return sn_fail(why, SN_E_FORMAT, "CRL: without a next update");
	SN_TRY(cry_time(X509_CRL_get0_lastUpdate(c->x), "CRL", &c->this_update, why));
	SN_TRY(cry_time(X509_CRL_get0_nextUpdate(c->x), "CRL", &c->next_update, why));
	if (c->this_update > c->next_update)
		return sn_fail(why, SN_E_FORMAT, "CRL: its next update is before this one");
	SN_TRY(check_algorithms(sn_buf_bytes(&c->der), why));
	SN_TRY(check_extensions(c->x, why));
	SN_TRY(check_entries(c->x, why));
	return cry_name_der(X509_CRL_get_issuer(c->x), &c->issuer, why);
}

enum sn_err
cry_crl_parse(struct bytes der, struct cry_crl **ret, struct sn_why *why)
{
	SN_CLEANUP(cry_crl_free) struct cry_crl *c = NULL;
	const unsigned char *p = der.p;

	if (der.n > CRY_CRL_MAX)
		return sn_fail(why, SN_E_LIMIT, "CRL: %zu bytes", der.n);
	SN_TRY(der_strict(der, "CRL", why));
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return sn_fail(why, SN_E_NOMEM, "CRL");
	c->x = d2i_X509_CRL(NULL, &p, (long)der.n);
	if (c->x == NULL)
		return cry_fail(why, SN_E_FORMAT, "CRL");
	if (p != der.p + der.n)
		return sn_fail(why, SN_E_FORMAT, "CRL: something behind it");
	sn_buf_put(&c->der, der);
	SN_TRY(sn_buf_check(&c->der, why));
	SN_TRY(fill(c, why));
	*ret = SN_TAKE(c);
	return SN_OK;
}

void
cry_crl_free(struct cry_crl **cp)
{
	if (cp == NULL || *cp == NULL)
		return;
	X509_CRL_free((*cp)->x);
	sn_buf_done(&(*cp)->der);
	free(*cp);
	*cp = NULL;
}

struct bytes
cry_crl_der(const struct cry_crl *c)
{
	return sn_buf_bytes(&c->der);
}

struct bytes
cry_crl_issuer_der(const struct cry_crl *c)
{
	return c->issuer;
}

int64_t
cry_crl_this_update(const struct cry_crl *c)
{
	return c->this_update;
}

int64_t
cry_crl_next_update(const struct cry_crl *c)
{
	return c->next_update;
}

static enum sn_err
current(const struct cry_crl *crl, const struct cry_cert *issuer, int64_t at,
    struct sn_why *why)
{
	char from[TEXT_TIME_LEN + 1], to[TEXT_TIME_LEN + 1], now[TEXT_TIME_LEN + 1];

	if (crl->this_update <= at && at <= crl->next_update)
		return SN_OK;
	text_from_time(crl->this_update, from);
	text_from_time(crl->next_update, to);
	text_from_time(at, now);
	return sn_fail(why, SN_E_EXPIRED, "CRL of \"%s\" is good from %s to %s, not at %s",
	    issuer->shown, from, to, now);
}

enum sn_err
cry_crl_verify(const struct cry_crl *crl, const struct cry_cert *issuer, enum cry_sigalg alg,
    int64_t at, struct sn_why *why)
{
	SN_TRY(cry_crl_signed_by(crl, issuer, alg, why));
	return current(crl, issuer, at, why);
}

enum sn_err
cry_crl_verify_key(const struct cry_crl *crl, const struct cry_cert *issuer,
    enum cry_sigalg alg, int64_t at, struct sn_why *why)
{
	SN_TRY(cry_crl_signed_by_key(crl, issuer, alg, why));
	return current(crl, issuer, at, why);
}

enum sn_err
cry_crl_ext(const struct cry_crl *crl, const char *oid, struct bytes *ret, struct sn_why *why)
{
	SN_CLEANUP(cry_obj_done) ASN1_OBJECT *want = OBJ_txt2obj(oid, 1);
	const ASN1_OCTET_STRING *v;
	int at;

	if (want == NULL)
		return cry_fail(why, SN_E_USAGE, "object identifier");
	at = X509_CRL_get_ext_by_OBJ(crl->x, want, -1);
	if (at < 0) {
		*ret = (struct bytes){ 0 };
		return SN_OK;
	}
	if (X509_CRL_get_ext_by_OBJ(crl->x, want, at) >= 0)
		return sn_fail(why, SN_E_FORMAT, "CRL: extension %s twice", oid);
	v = X509_EXTENSION_get_data(X509_CRL_get_ext(crl->x, at));
	*ret = (struct bytes){ ASN1_STRING_get0_data(v), (size_t)ASN1_STRING_length(v) };
	return SN_OK;
}

bool
cry_crl_revokes(const struct cry_crl *crl, struct bytes serial)
{
	STACK_OF(X509_REVOKED) *list = X509_CRL_get_REVOKED(crl->x);

	for (int i = 0; i < sk_X509_REVOKED_num(list); i++) {
		const ASN1_INTEGER *s =
		    X509_REVOKED_get0_serialNumber(sk_X509_REVOKED_value(list, i));
		struct bytes v = { ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s) };

		if (ASN1_STRING_type(s) == V_ASN1_INTEGER && bytes_equal(v, serial))
			return true;
	}
	return false;
}

size_t
cry_crl_count(const struct cry_crl *crl)
{
	const int n = sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl->x));

	return n > 0 ? (size_t)n : 0;
}

enum sn_err
cry_crl_number(const struct cry_crl *crl, uint32_t *ret, struct sn_why *why)
{
	SN_CLEANUP(cry_integer_done) ASN1_INTEGER *i =
	    X509_CRL_get_ext_d2i(crl->x, NID_crl_number, NULL, NULL);
	uint64_t n = 0;

	if (i == NULL || ASN1_INTEGER_get_uint64(&n, i) != 1 || n > UINT32_MAX) {
		ERR_clear_error();
		return sn_fail(why, SN_E_FORMAT, "CRL: without a number of at most 32 bits");
	}
	*ret = (uint32_t)n;
	return SN_OK;
}
