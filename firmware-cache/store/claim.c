#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appliance/base/text.h"
#include "firmware-cache/store/priv.h"

#define PEM_BEGIN "-----BEGIN "
#define PEM_CERT PEM_BEGIN "CERTIFICATE-----"
#define PEM_CRL PEM_BEGIN "X509 CRL-----"
#define PEM_CRL_END "-----END X509 CRL-----"

#define DER_SEQUENCE 0x30
#define DER_INTEGER 0x02
#define DER_OID 0x06
#define DER_INDEFINITE 0x80
#define DER_VERSION 0xa0 /* [0]: how a certificate begins, and a CRL never does */

bool
col_fatal(enum sn_err e)
{
	return e == SN_E_NOMEM || e == SN_E_INTERNAL || e == SN_E_LOCK;
}

/* Behind the tag and length at i, or 0 when they are not those of a short-enough value. */
static size_t
der_content(struct bytes b, size_t i)
{
	size_t more;

	if (i + 2 > b.n)
		return 0;
	more = b.p[i + 1] < 0x80 ? 0 : b.p[i + 1] & 0x7fU;
	return more > 4 || i + 2 + more >= b.n ? 0 : i + 2 + more;
}

static bool
der_is_certificate(struct bytes b)
{
	size_t i = der_content(b, 0);

	if (i == 0 || b.p[i] != DER_SEQUENCE)
		return false;
	i = der_content(b, i);
	return i != 0 && b.p[i] == DER_VERSION;
}

/* A number first: PKCS #8, SEC 1, PKCS #1 or #12. An algorithm first: encrypted PKCS #8. */
static bool
der_is_key(struct bytes b)
{
	size_t i = b.n > 1 && b.p[1] != DER_INDEFINITE ? der_content(b, 0) : 0;

	if (i == 0 || b.p[i] == DER_INTEGER)
		return i != 0;
	i = b.p[i] == DER_SEQUENCE ? der_content(b, i) : 0;
	return i != 0 && b.p[i] == DER_OID;
}

/* ---- certificates */

/* Whose it is: the first vendor who knows its names. Only a signer is told by its key. */
static enum sn_err
read_role(struct col_cert *c, struct sn_why *why)
{
	const struct col_vendor_ops *v;

	for (size_t i = 0; (v = col_vendor_at(i)) != NULL; i++) {
		c->role = v->role_of != NULL ? v->role_of(c->x, &c->product) : 0;
		if (c->role == 0)
			continue;
		c->vendor = v->vendor;
		break;
	}
	return col_role(c)->alone ? SN_OK : cry_cert_spki_sha256(c->x, c->spki, why);
}

static enum sn_err
check_pair(const struct col_cert *a, const struct col_cert *b, struct sn_why *why)
{
	if (a->vendor != b->vendor || a->product != b->product)
		return sn_fail(why, SN_E_FORMAT, "\"%s\" and \"%s\" in one file",
		    cry_cert_shown(a->x), cry_cert_shown(b->x));
	return SN_OK;
}

/* Every certificate of one vendor and product, no role twice. */
static enum sn_err
check_set(const struct col_claim *c, struct sn_why *why)
{
	for (size_t i = 0; i < c->ncerts; i++) {
		const struct col_cert *x = &c->certs[i];

		if (x->vendor == COL_VENDOR_NONE)
			return sn_fail(why, SN_E_FORMAT,
			    "\"%s\" is no certificate that is known here",
			    cry_cert_shown(x->x));
		SN_TRY(check_pair(&c->certs[0], x, why));
		if (col_role(x)->alone && c->ncerts != 1)
			return sn_fail(why, SN_E_FORMAT, "a %s comes alone, not in a chain",
			    col_role(x)->name);
		for (size_t k = 0; k < i; k++)
			if (c->certs[k].role == x->role)
				return sn_fail(why, SN_E_FORMAT, "\"%s\" twice in one file",
				    cry_cert_shown(x->x));
	}
	return SN_OK;
}

/* "AMD Milan ASK, ARK" or "Intel root CA, TCB Signing". */
static void
label_chain(const struct col_vendor_ops *v, struct col_claim *c)
{
	const char *product = v->nproducts > 0 ? v->products[c->certs[0].product] : "";
	size_t n;

	snprintf(c->label, sizeof(c->label), "%s %s%s", v->title, product,
	    v->nproducts > 0 ? " " : "");
	for (size_t i = 0; i < c->ncerts; i++) {
		n = strlen(c->label);
		snprintf(c->label + n, sizeof(c->label) - n, "%s%s", i > 0 ? ", " : "",
		    col_role(&c->certs[i])->name);
	}
}

/* Certificates of a vendor whose items are never verified here. */
static enum sn_err
carry_certs(const struct col_vendor_ops *v, struct col_claim *c, struct sn_why *why)
{
	for (size_t i = 0; i < c->ncerts; i++)
		SN_TRY(check_pair(&c->certs[0], &c->certs[i], why));
	if (c->ncerts == 1)
		snprintf(c->label, sizeof(c->label), "%s certificate %.40s", v->title,
		    cry_cert_shown(c->certs[0].x));
	else
		snprintf(c->label, sizeof(c->label), "%s, %zu certificates", v->title,
		    c->ncerts);
	c->vendor = v->vendor;
	c->kind = col_role(&c->certs[0])->kind;
	c->carried = true;
	return SN_OK;
}

/* c->certs hold the parsed certificates: say what they are together. */
static enum sn_err
claim_certs(struct col_claim *c, struct sn_why *why)
{
	const struct col_vendor_ops *v;

	for (size_t i = 0; i < c->ncerts; i++) {
		SN_TRY(read_role(&c->certs[i], why));
		if (cry_cert_not_before(c->certs[i].x) > c->issued)
			c->issued = cry_cert_not_before(c->certs[i].x);
	}
	if (c->kind != COL_KIND_UNKNOWN)
		return SN_OK;
	v = col_vendor_ops(c->certs[0].vendor);
	if (v != NULL && v->check == NULL)
		return carry_certs(v, c, why);
	SN_TRY(check_set(c, why));
	if (col_role(&c->certs[0])->alone)
		SN_TRY(v->tell(c, why));
	else
		label_chain(v, c);
	c->vendor = v->vendor;
	c->kind = col_role(&c->certs[0])->kind;
	return SN_OK;
}

static enum sn_err
claim_pem_certs(struct bytes b, struct col_claim *c, struct sn_why *why)
{
	struct cry_cert *certs[CRY_PEM_CHAIN_MAX] = { 0 };
	size_t n = 0;

	SN_TRY(cry_cert_parse_pem(b, certs, &n, why));
	SN_TRY(col_claim_certs(c, certs, n, why));
	return claim_certs(c, why);
}

static enum sn_err
claim_der_cert(struct bytes b, struct col_claim *c, struct sn_why *why)
{
	struct cry_cert *x = NULL;

	SN_TRY(cry_cert_parse(b, &x, why));
	SN_TRY(col_claim_certs(c, &x, 1, why));
	return claim_certs(c, why);
}

/* ---- revocation lists */

static bool
tell_crl(const struct col_vendor_ops *v, struct bytes issuer, struct col_claim *c)
{
	for (size_t i = 0; i < v->ncrl_issuers; i++) {
		const struct col_crl_issuer *row = &v->crl_issuers[i];

		if (bytes_find(issuer, bytes_str(row->cn)) == SIZE_MAX)
			continue;
		c->vendor = v->vendor;
		c->kind = row->kind;
		snprintf(c->label, sizeof(c->label), "%s", row->label);
		snprintf(c->scope, sizeof(c->scope), "%s", row->scope);
		return true;
	}
	return false;
}

static enum sn_err
claim_der_crl(struct bytes b, struct col_claim *c, struct sn_why *why)
{
	const struct col_vendor_ops *v;

	SN_TRY(cry_crl_parse(b, &c->crl, why));
	c->issued = cry_crl_this_update(c->crl);
	for (size_t i = 0; (v = col_vendor_at(i)) != NULL; i++)
		if (tell_crl(v, cry_crl_issuer_der(c->crl), c))
			return SN_OK;
	return sn_fail(why, SN_E_FORMAT, "a CRL whose issuer is not known here");
}

/* One PEM CRL, as Intel's service sends it unless asked for DER; only white space around. */
static enum sn_err
claim_pem_crl(struct bytes b, struct col_claim *c, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf text = { 0 }, der = { 0 };
	size_t start = bytes_find(b, BYTES_STR(PEM_CRL)) + sizeof(PEM_CRL) - 1;
	size_t end = bytes_find(b, BYTES_STR(PEM_CRL_END));
	size_t rest = end == SIZE_MAX ? b.n : end + sizeof(PEM_CRL_END) - 1;

	if (end == SIZE_MAX || end < start)
		return sn_fail(why, SN_E_FORMAT, "the PEM CRL has no end");
	for (; rest < b.n; rest++)
		if (strchr(" \t\r\n", b.p[rest]) == NULL || b.p[rest] == '\0')
			return sn_fail(why, SN_E_FORMAT, "something stands behind the PEM CRL");
	for (size_t i = start; i < end; i++)
		if (b.p[i] != '\n' && b.p[i] != '\r')
			sn_buf_u8(&text, b.p[i]);
	SN_TRY(sn_buf_check(&text, why));
	SN_TRY(sn_base64_parse(sn_buf_bytes(&text), CRY_CRL_MAX, &der, "PEM CRL", why));
	return claim_der_crl(sn_buf_bytes(&der), c, why);
}

/* IBM's tools take a CRL beside the certificates of one file, in either order. */
static enum sn_err
claim_pem_both(struct bytes certs, struct bytes crl, struct col_claim *c, struct sn_why *why)
{
	struct col_claim list = { 0 };
	enum sn_err e;

	SN_TRY(claim_pem_certs(certs, c, why));
	e = claim_pem_crl(crl, &list, why);
	if (e == SN_OK && (list.vendor != c->vendor || col_role(&c->certs[0])->alone))
		e = sn_fail(why, SN_E_FORMAT, "a CRL beside a certificate that it is not for");
	if (e == SN_OK) {
		size_t n = strlen(c->label);

		snprintf(c->label + n, sizeof(c->label) - n, " and CRL");
		c->crl = SN_TAKE(list.crl);
	}
	col_claim_done(&list);
	return e;
}

static enum sn_err
claim_pem(struct bytes b, struct col_claim *c, struct sn_why *why)
{
	size_t cert = bytes_find(b, BYTES_STR(PEM_CERT));
	size_t crl = bytes_find(b, BYTES_STR(PEM_CRL));
	size_t second = cert > crl ? cert : crl;
	struct bytes head = { b.p, second }, tail;

	if (crl == SIZE_MAX)
		return claim_pem_certs(b, c, why);
	if (cert == SIZE_MAX)
		return claim_pem_crl(b, c, why);
	tail = (struct bytes){ b.p + second, b.n - second };
	return cert == 0 ? claim_pem_both(head, tail, c, why)
			 : claim_pem_both(tail, head, c, why);
}

/* ---- telling which */

/* Anything else is offered to each vendor in turn. */
static enum sn_err
claim_data(struct bytes b, struct col_claim *c, bool *ret_mine, struct sn_why *why)
{
	const struct col_vendor_ops *v;

	for (size_t i = 0; (v = col_vendor_at(i)) != NULL; i++) {
		if (v->read == NULL)
			continue;
		SN_TRY(v->read(b, c, ret_mine, why));
		if (!*ret_mine)
			continue;
		return c->ncerts > 0 ? claim_certs(c, why) : SN_OK;
	}
	return SN_OK;
}

static bool
starts_with(struct bytes b, const char *s)
{
	return bytes_find(b, bytes_str(s)) == 0;
}

/* Quote verification libraries hand CRLs out as hex; the vendors do not. */
static bool
is_hex_text(struct bytes b)
{
	for (size_t i = 0; i < b.n; i++)
		if (b.p[i] == '\0' || strchr("0123456789abcdefABCDEF\r\n", b.p[i]) == NULL)
			return false;
	return true;
}

static enum sn_err
tell(struct bytes b, struct col_claim *c, struct sn_why *why)
{
	bool mine = false;

	if (b.n == 0)
		return sn_fail(why, SN_E_FORMAT, "the file is empty");
	if (is_hex_text(b))
		return sn_fail(why, SN_E_FORMAT, "hex text; give the bytes themselves (DER)");
	if (b.p[0] == DER_SEQUENCE && der_is_key(b))
		return sn_fail(why, SN_E_FORMAT,
		    "a key in DER, perhaps a private key; it does not belong on this stick");
	if (b.p[0] == DER_SEQUENCE)
		return der_is_certificate(b) ? claim_der_cert(b, c, why)
					     : claim_der_crl(b, c, why);
	if (bytes_find(b, BYTES_STR("PRIVATE KEY-----")) != SIZE_MAX)
		return sn_fail(why, SN_E_FORMAT,
		    "a private key; it does not belong on this stick");
	if (starts_with(b, PEM_CRL) || starts_with(b, PEM_CERT))
		return claim_pem(b, c, why);
	SN_TRY(claim_data(b, c, &mine, why));
	if (mine)
		return SN_OK;
	return sn_fail(why, SN_E_FORMAT,
	    "neither a certificate, nor a CRL, nor signed JSON; expected PEM, DER or JSON");
}

/* The end of a long path says more than its beginning. */
void
col_label_path(struct col_claim *c, const char *path)
{
	size_t n = strlen(path), room = 38;

	if (n <= room)
		snprintf(c->label, sizeof(c->label), "%s", path);
	else
		snprintf(c->label, sizeof(c->label), "...%s", path + n - (room - 3));
}

/* A name proves nothing, but a consumer who looks something up by it must not be misled. */
enum sn_err
col_claim_named(const char *path, const struct col_claim *c, struct sn_why *why)
{
	const struct col_vendor_ops *v = col_vendor_ops(c->vendor);

	return v != NULL && v->named != NULL ? v->named(path, c, why) : SN_OK;
}

enum sn_err
col_claim_read(const char *path, struct bytes b, struct col_claim *ret, struct sn_why *why)
{
	struct sn_why own = { 0 };
	enum sn_err e = tell(b, ret, &own);

	if (e == SN_OK)
		e = col_claim_named(path, ret, &own);
	if (col_fatal(e))
		return sn_fail(why, e, "%s", own.text);
	if (e != SN_OK)
		ret->why = own;
	if (ret->label[0] == '\0')
		col_label_path(ret, path);
	return SN_OK;
}
