#include "appliance/crosscheck/pool.h"

#include <stdlib.h>
#include <string.h>

#include "appliance/base/text.h"
#include "appliance/crosscheck/tls.h"

#define LEVELS 4 /* a root, and at most three certificates below it */
#define FLAGS (GNUTLS_VERIFY_DISABLE_TIME_CHECKS | GNUTLS_VERIFY_DO_NOT_ALLOW_SAME)

void
xc_pool_done(struct xc_pool *p)
{
	for (size_t i = 0; i < p->ncerts; i++) {
		gnutls_x509_crt_deinit(p->cert[i].crt);
		gnutls_free(p->cert[i].der.data);
	}
	for (size_t i = 0; i < p->ncrls; i++) {
		gnutls_x509_crl_deinit(p->crl[i].crl);
		gnutls_free(p->crl[i].der.data);
	}
	free(p->cert);
	free(p->crl);
	*p = (struct xc_pool){ 0 };
}

/* ---- PEM, wherever it stands */

#define BEGIN "-----BEGIN"
#define END "-----END"
#define DASHES "-----"

static bool
is_base64(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	    c == '+' || c == '/' || c == '=';
}

/* One character of what may be JSON's or a URL's way to write it; 0: none, a line end. */
static uint8_t
unescape(struct bytes *b)
{
	char hex[3] = { 0 };
	uint8_t c = b->p[0], n = 1;

	if (c == '%' && b->n > 2) {
		memcpy(hex, b->p + 1, 2);
		if (sn_hex_parse(hex, &c, 1, "PEM", NULL) == SN_OK)
			n = 3;
	} else if (c == '\\' && b->n > 1) {
		c = b->p[1] == '/' ? '/' : 0;
		n = 2;
	}
	b->p += n;
	b->n -= n;
	return c;
}

static void
skip(struct bytes *b, size_t n)
{
	b->p += n;
	b->n -= n;
}

enum sn_err
xc_pem_next(struct bytes *text, struct sn_buf *ret_der, bool *ret_is_crl, bool *ret_end,
    const char *what, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf base64 = { 0 };
	size_t at = bytes_find(*text, BYTES_STR(BEGIN)), label;
	struct bytes body;

	*ret_end = at == SIZE_MAX;
	if (*ret_end)
		return SN_OK;
	skip(text, at + sizeof(BEGIN) - 1);
	label = bytes_find(*text, BYTES_STR(DASHES));
	at = bytes_find(*text, BYTES_STR(END));
	if (at == SIZE_MAX || label + sizeof(DASHES) - 1 > at)
		return sn_fail(why, SN_E_FORMAT, "%s: a block of PEM without an end", what);
	*ret_is_crl =
	    bytes_find((struct bytes){ text->p, label }, BYTES_STR("CRL")) != SIZE_MAX;
	body = (struct bytes){ text->p, at };
	skip(&body, label + sizeof(DASHES) - 1);
	while (body.n > 0) {
		const uint8_t c = unescape(&body);

		if (is_base64(c))
			sn_buf_u8(&base64, c);
		else if (c != 0 && c != '\r' && c != '\n' && c != ' ')
			return sn_fail(why, SN_E_FORMAT, "%s: byte %02x in a block of PEM",
			    what, c);
	}
	skip(text, at + sizeof(END) - 1);
	SN_TRY(sn_buf_check(&base64, why));
	ret_der->n = 0;
	return sn_base64_parse(sn_buf_bytes(&base64), XC_MAX_DER, ret_der, what, why);
}

/* ---- what is here */

static enum sn_err
grow(void **items, size_t n, size_t *cap, size_t size, struct sn_why *why)
{
	const size_t more = *cap == 0 ? 32 : 2 * *cap;
	void *p;

	if (n < *cap)
		return SN_OK;
	p = reallocarray(*items, more, size);
	if (p == NULL)
		return sn_fail(why, SN_E_NOMEM, "certificates");
	*items = p;
	*cap = more;
	return SN_OK;
}

static bool
same(const gnutls_datum_t *a, struct bytes b)
{
	return bytes_equal(tls_bytes(a), b);
}

bool
xc_pool_has(const struct xc_pool *p, bool is_crl, struct bytes der)
{
	for (size_t i = 0; i < p->ncrls && is_crl; i++)
		if (same(&p->crl[i].der, der))
			return true;
	for (size_t i = 0; i < p->ncerts && !is_crl; i++)
		if (same(&p->cert[i].der, der))
			return true;
	return false;
}

static enum sn_err
add_crl(struct xc_pool *p, struct bytes der, const char *path, struct xc_pool_role role,
    struct sn_why *why)
{
	const gnutls_datum_t in = tls_datum(der);
	struct xc_pool_crl *l;

	SN_TRY(grow((void **)&p->crl, p->ncrls, &p->cap_crls, sizeof(*p->crl), why));
	l = &p->crl[p->ncrls];
	*l = (struct xc_pool_crl){ .path = path, .role = role };
	if (gnutls_x509_crl_init(&l->crl) != 0)
		return sn_fail(why, SN_E_NOMEM, "%s", path);
	p->ncrls++; /* from here on xc_pool_done() frees it */
	if (gnutls_x509_crl_import(l->crl, &in, GNUTLS_X509_FMT_DER) != 0 ||
	    gnutls_x509_crl_export2(l->crl, GNUTLS_X509_FMT_DER, &l->der) != 0 ||
	    !same(&l->der, der))
		return sn_fail(why, SN_E_FORMAT, "%s: not a revocation list in DER", path);
	return SN_OK;
}

static enum sn_err
add_cert(struct xc_pool *p, struct bytes der, const char *path, struct xc_pool_role role,
    struct sn_why *why)
{
	const gnutls_datum_t in = tls_datum(der);
	struct xc_pool_cert *x;

	for (size_t i = 0; i < p->ncerts && role.issues; i++)
		if (p->cert[i].role.issues &&
		    strcmp(p->cert[i].role.vendor, role.vendor) == 0 &&
		    same(&p->cert[i].der, der))
			return SN_OK;
	SN_TRY(grow((void **)&p->cert, p->ncerts, &p->cap_certs, sizeof(*p->cert), why));
	x = &p->cert[p->ncerts];
	*x = (struct xc_pool_cert){ .path = path, .role = role };
	if (gnutls_x509_crt_init(&x->crt) != 0)
		return sn_fail(why, SN_E_NOMEM, "%s", path);
	p->ncerts++;
	if (gnutls_x509_crt_import(x->crt, &in, GNUTLS_X509_FMT_DER) != 0 ||
	    gnutls_x509_crt_export2(x->crt, GNUTLS_X509_FMT_DER, &x->der) != 0 ||
	    !same(&x->der, der))
		return sn_fail(why, SN_E_FORMAT, "%s: not a certificate in DER", path);
	return SN_OK;
}

enum sn_err
xc_pool_add(struct xc_pool *p, bool is_crl, struct bytes der, const char *path,
    struct xc_pool_role role, struct sn_why *why)
{
	return is_crl ? add_crl(p, der, path, role, why) : add_cert(p, der, path, role, why);
}

enum sn_err
xc_pool_add_file(struct xc_pool *p, const struct xc_file *f, bool is_crl,
    struct xc_pool_role role, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf der = { 0 };
	struct bytes text = { f->data.p, f->data.n };
	bool end = false;

	if (text.n > 0 && text.p[0] == DER_SEQUENCE)
		return xc_pool_add(p, is_crl, text, f->path, role, why);
	for (size_t n = 0;; n++) {
		SN_TRY(xc_pem_next(&text, &der, &is_crl, &end, f->path, why));
		if (end && n == 0)
			return sn_fail(why, SN_E_FORMAT, "%s: no certificate or list in it",
			    f->path);
		if (end)
			return SN_OK;
		SN_TRY(xc_pool_add(p, is_crl, sn_buf_bytes(&der), f->path, role, why));
	}
}

/* ---- who signed it */

bool
xc_signed_by(struct bytes der, gnutls_sign_algorithm_t alg, gnutls_x509_crt_t issuer)
{
	SN_CLEANUP(tls_pubkey_done) gnutls_pubkey_t key = NULL;
	struct bytes all, tbs, bits;

	if (der_take(&der, DER_SEQUENCE, NULL, &all, "signed", NULL) != SN_OK ||
	    der_take(&all, DER_SEQUENCE, &tbs, NULL, "signed", NULL) != SN_OK ||
	    der_take(&all, DER_SEQUENCE, NULL, NULL, "signed", NULL) != SN_OK ||
	    der_take(&all, DER_BITS, NULL, &bits, "signed", NULL) != SN_OK || bits.n < 2 ||
	    bits.p[0] != 0 || gnutls_pubkey_init(&key) != 0 ||
	    gnutls_pubkey_import_x509(key, issuer, 0) != 0)
		return false;
	return tls_verify(key, alg, tbs, (struct bytes){ bits.p + 1, bits.n - 1 }, "signed",
		   NULL) == SN_OK;
}

static bool
may_sign(const struct xc_pool_role *issuer, const struct xc_pool_role *child)
{
	return issuer->issues && strcmp(issuer->vendor, child->vendor) == 0;
}

/* GnuTLS follows names, CA and usage, and knows RSA-PSS; of IBM's only the key fits. */
static bool
cert_by(const struct xc_pool_cert *x, const struct xc_pool_cert *issuer)
{
	gnutls_x509_crt_t ca = issuer->crt;
	unsigned int verdict = ~0U;

	if (!may_sign(&issuer->role, &x->role))
		return false;
	if (x->role.any_name)
		return xc_signed_by(tls_bytes(&x->der),
		    (gnutls_sign_algorithm_t)gnutls_x509_crt_get_signature_algorithm(x->crt),
		    ca);
	return gnutls_x509_crt_check_issuer(x->crt, ca) == 1 &&
	    gnutls_x509_crt_verify(x->crt, &ca, 1, FLAGS, &verdict) == 0 && verdict == 0;
}

static bool
crl_by(const struct xc_pool_crl *l, const struct xc_pool_cert *issuer)
{
	gnutls_x509_crt_t ca = issuer->crt;
	unsigned int verdict = ~0U;

	if (!may_sign(&issuer->role, &l->role))
		return false;
	if (l->role.any_name)
		return xc_signed_by(tls_bytes(&l->der),
		    (gnutls_sign_algorithm_t)gnutls_x509_crl_get_signature_algorithm(l->crl),
		    ca);
	return gnutls_x509_crl_verify(l->crl, &ca, 1, FLAGS, &verdict) == 0 && verdict == 0;
}

static void
judge_cert(struct xc_pool *p, size_t i)
{
	struct xc_pool_cert *x = &p->cert[i];

	if (x->role.issues && cert_by(x, x)) {
		x->good = x->root = true;
		x->issuer = i;
	}
	for (size_t k = 0; k < p->ncerts && !x->good; k++)
		if (p->cert[k].good && cert_by(x, &p->cert[k])) {
			x->good = true;
			x->issuer = k;
		}
}

static enum sn_err
judge_crl(struct xc_pool *p, struct xc_pool_crl *l, struct sn_why *why)
{
	const int64_t from = gnutls_x509_crl_get_this_update(l->crl),
		      to = gnutls_x509_crl_get_next_update(l->crl);
	size_t k = 0;

	while (k < p->ncerts && !(p->cert[k].good && crl_by(l, &p->cert[k])))
		k++;
	if (k == p->ncerts)
		return sn_fail(why, SN_E_SIGNATURE,
		    "%s: a revocation list that no certificate of the bundle has signed",
		    l->path);
	l->issuer = k;
	if (p->at < from || p->at > to)
		return sn_fail(why, SN_E_SIGNATURE, "%s: not current when it was judged",
		    l->path);
	return SN_OK;
}

/* Signed and valid. */
static enum sn_err
check_cert(const struct xc_pool *p, const struct xc_pool_cert *x, struct sn_why *why)
{
	if (!x->good)
		return sn_fail(why, SN_E_SIGNATURE,
		    "%s: a certificate that no other of the bundle has signed", x->path);
	if (p->at < gnutls_x509_crt_get_activation_time(x->crt) ||
	    p->at > gnutls_x509_crt_get_expiration_time(x->crt))
		return sn_fail(why, SN_E_SIGNATURE,
		    "%s: a certificate that was not valid when it was judged", x->path);
	return SN_OK;
}

/* On no list of whoever signed it. */
static enum sn_err
check_revoked(const struct xc_pool *p, const struct xc_pool_cert *x, struct sn_why *why)
{
	for (size_t i = 0; i < p->ncrls; i++)
		if (p->crl[i].issuer == x->issuer &&
		    gnutls_x509_crt_check_revocation(x->crt, &p->crl[i].crl, 1) != 0)
			return sn_fail(why, SN_E_SIGNATURE, "%s: revoked by %s", x->path,
			    p->crl[i].path);
	return SN_OK;
}

enum sn_err
xc_pool_verify(struct xc_pool *p, struct sn_why *why)
{
	for (unsigned int level = 0; level <= LEVELS; level++)
		for (size_t i = 0; i < p->ncerts; i++)
			if (!p->cert[i].good && p->cert[i].role.issues == (level < LEVELS))
				judge_cert(p, i);
	for (unsigned int issues = 2; issues-- > 0;) /* a chain's fault is its leaf's, too */
		for (size_t i = 0; i < p->ncerts; i++)
			if (p->cert[i].role.issues == (issues == 1))
				SN_TRY(check_cert(p, &p->cert[i], why));
	for (size_t i = 0; i < p->ncrls; i++)
		SN_TRY(judge_crl(p, &p->crl[i], why));
	for (size_t i = 0; i < p->ncerts; i++)
		SN_TRY(check_revoked(p, &p->cert[i], why));
	return SN_OK;
}
