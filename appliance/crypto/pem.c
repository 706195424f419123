#include <string.h>

#include "appliance/base/text.h"
#include "appliance/crypto/priv.h"

#define PEM_LINE 48 /* bytes that make a line of 64 characters */
#define PEM_MAX (CRY_PEM_CHAIN_MAX * 2 * CRY_CERT_MAX)

static const char pem_begin[] = "-----BEGIN CERTIFICATE-----";
static const char pem_end[] = "-----END CERTIFICATE-----";

enum sn_err
cry_pem(const char *label, struct bytes der, struct sn_buf *ret, struct sn_why *why)
{
	sn_buf_fmt(ret, "-----BEGIN %s-----\n", label);
	while (der.n != 0) {
		size_t n = der.n < PEM_LINE ? der.n : PEM_LINE;

		sn_buf_base64(ret, (struct bytes){ der.p, n });
		sn_buf_str(ret, "\n");
		der.p += n;
		der.n -= n;
	}
	sn_buf_fmt(ret, "-----END %s-----\n", label);
	return sn_buf_check(ret, why);
}

enum sn_err
cry_cert_pem(struct bytes der, struct sn_buf *ret, struct sn_why *why)
{
	return cry_pem("CERTIFICATE", der, ret, why);
}

static bool
is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void
skip_space(struct bytes *v)
{
	while (v->n != 0 && is_space(v->p[0])) {
		v->p++;
		v->n--;
	}
}

static bool
skip_text(struct bytes *v, struct bytes text)
{
	if (v->n < text.n || !bytes_equal((struct bytes){ v->p, text.n }, text))
		return false;
	v->p += text.n;
	v->n -= text.n;
	return true;
}

/* The certificate that v starts with; v is moved behind it. */
static enum sn_err
pem_next(struct bytes *v, struct cry_cert **ret, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b64 = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf der = { 0 };
	size_t n;

	if (!skip_text(v, bytes_str(pem_begin)))
		return sn_fail(why, SN_E_FORMAT, "PEM: \"%s\" is expected", pem_begin);
	n = bytes_find(*v, bytes_str(pem_end));
	if (n == SIZE_MAX)
		return sn_fail(why, SN_E_FORMAT, "PEM: \"%s\" is missing", pem_end);
	for (size_t i = 0; i < n; i++)
		if (!is_space(v->p[i]))
			sn_buf_u8(&b64, v->p[i]);
	SN_TRY(sn_buf_check(&b64, why));
	SN_TRY(sn_base64_parse(sn_buf_bytes(&b64), CRY_CERT_MAX, &der, "PEM", why));
	SN_TRY(cry_cert_parse(sn_buf_bytes(&der), ret, why));
	v->p += n + sizeof(pem_end) - 1;
	v->n -= n + sizeof(pem_end) - 1;
	skip_space(v);
	return SN_OK;
}

enum sn_err
cry_cert_parse_pem(struct bytes pem, struct cry_cert **ret, size_t *ret_n, struct sn_why *why)
{
	struct cry_cert *certs[CRY_PEM_CHAIN_MAX] = { NULL };
	size_t n = 0;
	enum sn_err e = SN_OK;

	if (pem.n > PEM_MAX)
		return sn_fail(why, SN_E_LIMIT, "PEM: %zu bytes", pem.n);
	skip_space(&pem);
	do {
		if (n == CRY_PEM_CHAIN_MAX)
			e = sn_fail(why, SN_E_LIMIT, "PEM: more than %d certificates",
			    CRY_PEM_CHAIN_MAX);
		else
			e = pem_next(&pem, &certs[n], why);
		n += e == SN_OK;
	} while (e == SN_OK && pem.n != 0);
	if (e != SN_OK) {
		cry_cert_free_all(certs, n);
		return e;
	}
	for (size_t i = 0; i < n; i++)
		ret[i] = certs[i];
	*ret_n = n;
	return SN_OK;
}

enum sn_err
cry_crl_pem(struct bytes der, struct sn_buf *ret, struct sn_why *why)
{
	return cry_pem("X509 CRL", der, ret, why);
}

enum sn_err
cry_crl_next_pem(struct bytes *pem, struct cry_crl **ret, struct sn_why *why)
{
	static const char begin[] = "-----BEGIN X509 CRL-----\n";
	static const char end[] = "-----END X509 CRL-----\n";
	SN_CLEANUP(cry_crl_free) struct cry_crl *crl = NULL;
	SN_CLEANUP(sn_buf_done) struct sn_buf b64 = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf der = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf again = { 0 };
	const struct bytes whole = *pem;
	const size_t n = bytes_find(whole, bytes_str(end));

	if (n == SIZE_MAX || n < sizeof(begin) - 1 ||
	    memcmp(whole.p, begin, sizeof(begin) - 1) != 0)
		return sn_fail(why, SN_E_FORMAT, "PEM: a CRL is expected");
	for (size_t i = sizeof(begin) - 1; i < n; i++)
		if (whole.p[i] != '\n')
			sn_buf_u8(&b64, whole.p[i]);
	SN_TRY(sn_buf_check(&b64, why));
	SN_TRY(sn_base64_parse(sn_buf_bytes(&b64), CRY_CRL_MAX, &der, "PEM", why));
	SN_TRY(cry_crl_parse(sn_buf_bytes(&der), &crl, why));
	SN_TRY(cry_crl_pem(sn_buf_bytes(&der), &again, why));
	if (again.n > whole.n || memcmp(again.p, whole.p, again.n) != 0)
		return sn_fail(why, SN_E_FORMAT, "PEM: not the one form of this CRL");
	pem->p += again.n;
	pem->n -= again.n;
	*ret = SN_TAKE(crl);
	return SN_OK;
}
