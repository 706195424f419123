#include "appliance/attest/heap.h"

#include <stdlib.h>
#include <string.h>

#include "appliance/crypto/der.h"

#define PEM_BEGIN "-----BEGIN CERTIFICATE-----"
#define PEM_END "-----END CERTIFICATE-----"

enum sn_err
att_heap_new(struct att_heap **ret, struct sn_why *why)
{
	struct att_heap *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return sn_fail(why, SN_E_NOMEM, "TPM certificates");
	*ret = h;
	return SN_OK;
}

static void
forget_from(struct att_heap *h, size_t n)
{
	while (h->n > n)
		cry_cert_free(&h->cert[--h->n]);
}

void
att_heap_free(struct att_heap **hp)
{
	if (hp == NULL || *hp == NULL)
		return;
	forget_from(*hp, 0);
	free(*hp);
	*hp = NULL;
}

size_t
att_heap_count(const struct att_heap *h)
{
	return h->n;
}

/* c is the heap's from then on, or gone. */
static enum sn_err
keep(struct att_heap *h, struct cry_cert *c, const char *what, struct sn_why *why)
{
	SN_CLEANUP(cry_cert_free) struct cry_cert *own = c;

	for (size_t i = 0; i < h->n; i++)
		if (bytes_equal(cry_cert_der(h->cert[i]), cry_cert_der(own)))
			return SN_OK;
	if (h->n == ATT_HEAP_MAX)
		return sn_fail(why, SN_E_LIMIT,
		    "%s: more than %d certificates of TPM authorities, keep those of this TPM's "
		    "vendor",
		    what, ATT_HEAP_MAX);
	h->cert[h->n++] = SN_TAKE(own);
	return SN_OK;
}

/* The element that v starts with, header and all; v is moved behind it. */
static enum sn_err
next_der(struct bytes *v, struct bytes *ret, const char *what, struct sn_why *why)
{
	const uint8_t *start = v->p;
	struct bytes content;

	SN_TRY(der_take(v, DER_SEQUENCE, &content, what, why));
	*ret = (struct bytes){ start, (size_t)(content.p + content.n - start) };
	return SN_OK;
}

static enum sn_err
add_der(struct att_heap *h, struct bytes *v, const char *what, struct sn_why *why)
{
	struct cry_cert *c = NULL;
	struct sn_why detail = { 0 };
	struct bytes der;
	enum sn_err e = next_der(v, &der, what, &detail);

	if (e == SN_OK)
		e = cry_cert_parse(der, &c, &detail);
	if (e != SN_OK)
		return sn_fail(why, e, "%s: no certificate that can be read (%.200s)", what,
		    detail.text);
	return keep(h, c, what, why);
}

static enum sn_err
add_pem(struct att_heap *h, struct bytes v, const char *what, struct sn_why *why)
{
	const size_t at = bytes_find(v, BYTES_STR(PEM_BEGIN));
	struct sn_why detail = { 0 };

	if (at == SIZE_MAX)
		return sn_fail(why, SN_E_FORMAT, "%s: no certificate, neither PEM nor DER",
		    what);
	for (size_t begin = at; begin != SIZE_MAX;) {
		struct cry_cert *c[CRY_PEM_CHAIN_MAX] = { NULL };
		size_t n = 0;
		enum sn_err e;

		v = (struct bytes){ v.p + begin, v.n - begin };
		const size_t end = bytes_find(v, BYTES_STR(PEM_END));
		if (end == SIZE_MAX)
			return sn_fail(why, SN_E_FORMAT, "%s: \"" PEM_END "\" is missing",
			    what);
		const size_t len = end + sizeof(PEM_END) - 1;
		e = cry_cert_parse_pem((struct bytes){ v.p, len }, c, &n, &detail);
		if (e != SN_OK)
			return sn_fail(why, e, "%s: no certificate that can be read (%.200s)",
			    what, detail.text);
		SN_TRY(keep(h, c[0], what, why));
		v = (struct bytes){ v.p + len, v.n - len };
		begin = bytes_find(v, BYTES_STR(PEM_BEGIN));
	}
	return SN_OK;
}

static bool
is_der(struct bytes v)
{
	return v.n >= 2 && v.p[0] == DER_SEQUENCE && v.p[1] >= 0x80;
}

static enum sn_err
add_file(struct att_heap *h, struct bytes file, const char *what, struct sn_why *why)
{
	if (!is_der(file))
		return add_pem(h, file, what, why);
	while (file.n > 0)
		SN_TRY(add_der(h, &file, what, why));
	return SN_OK;
}

enum sn_err
att_heap_file(struct att_heap *h, struct bytes file, const char *what, struct sn_why *why)
{
	const size_t before = h->n;
	enum sn_err e = add_file(h, file, what, why);

	if (e != SN_OK)
		forget_from(h, before);
	return e;
}

/* What an NV index has behind its content: never written, or erased. */
static bool
is_padding(struct bytes v)
{
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] != v.p[0] || (v.p[i] != 0x00 && v.p[i] != 0xff))
			return false;
	return true;
}

enum sn_err
att_heap_nv(struct att_heap *h, struct bytes nv, const char *what, struct sn_why *why)
{
	const size_t before = h->n;

	while (!is_padding(nv)) {
		enum sn_err e = add_der(h, &nv, what, why);

		if (e != SN_OK) {
			forget_from(h, before);
			return e;
		}
	}
	return SN_OK;
}

enum sn_err
att_cert_in_nv(struct bytes nv, struct bytes *ret, struct sn_why *why)
{
	static const char what[] = "ekcert.der";
	struct bytes der;

	SN_TRY(next_der(&nv, &der, what, why));
	if (!is_padding(nv))
		return sn_fail(why, SN_E_FORMAT, "%s: something behind the certificate", what);
	*ret = der;
	return SN_OK;
}

enum sn_err
att_cert_is_for(const struct cry_cert *c, const struct att_ek *ek, bool *ret,
    struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf spki = { 0 };
	uint8_t want[32], is[32];

	SN_TRY(cry_key_spki(ek->key, &spki, why));
	SN_TRY(cry_digest(CRY_SHA256, sn_buf_bytes(&spki), want, why));
	SN_TRY(cry_cert_spki_sha256(c, is, why));
	*ret = memcmp(is, want, sizeof(is)) == 0;
	return SN_OK;
}

enum sn_err
att_heap_find_ek(const struct att_heap *h, const struct att_ek *ek, struct bytes *ret,
    struct sn_why *why)
{
	bool found = false;

	*ret = (struct bytes){ 0 };
	for (size_t i = 0; i < h->n && !found; i++) {
		if (cry_cert_is_ca(h->cert[i]))
			continue;
		SN_TRY(att_cert_is_for(h->cert[i], ek, &found, why));
		if (found)
			*ret = cry_cert_der(h->cert[i]);
	}
	return SN_OK;
}
