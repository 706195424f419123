#include "appliance/crosscheck/trust.h"

#include <string.h>

#include "appliance/base/text.h"
#include "appliance/crosscheck/tls.h"

#define MLDSA87_SIG 4627
#define MAX_CHAIN 2

/* The PEM files: leaf first. A CA lies in each chain that needs it, always the same. */
static const struct pem_row {
	const char *path;
	size_t n;
	enum xc_cert_id cert[MAX_CHAIN];
} pems[] = {
	{ "trust/root-p384.pem", 1, { XC_ROOT_P384 } },
	{ "trust/root-mldsa87.pem", 1, { XC_ROOT_MLDSA } },
	{ "trust/statement-p384-chain.pem", 2, { XC_STATEMENT_P384, XC_SIGNING_P384 } },
	{ "trust/statement-mldsa87-chain.pem", 2, { XC_STATEMENT_MLDSA, XC_SIGNING_MLDSA } },
	{ "trust/operations-p384-chain.pem", 2, { XC_OPERATIONS_P384, XC_SIGNING_P384 } },
	{ "trust/operations-mldsa87-chain.pem", 2, { XC_OPERATIONS_MLDSA, XC_SIGNING_MLDSA } },
	{ "trust/token-chain.pem", 2, { XC_TOKEN, XC_TOKEN_CA } },
};

/* A SubjectPublicKeyInfo: how it begins, and its whole length. */
static const struct spki_row {
	const char *head;
	size_t len;
} spkis[] = {
	[XC_P384] = { "3076301006072a8648ce3d020106052b8104002203620004", 120 },
	[XC_P256] = { "3059301306072a8648ce3d020106082a8648ce3d03010703420004", 91 },
	[XC_MLDSA87] = { "30820a32300b060960864801650304031303820a2100", 2614 },
};

/* ---- reading */

static enum sn_err
find_spki(struct xc_cert *x, enum xc_key key, const char *what, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf head = { 0 };
	/* of TBSCertificate, before the public key */
	static const uint8_t before[] = { DER_CONTEXT0, DER_INTEGER, DER_SEQUENCE, DER_SEQUENCE,
		DER_SEQUENCE, DER_SEQUENCE };
	struct bytes der = tls_bytes(&x->der), cert, tbs;

	SN_TRY(der_take(&der, DER_SEQUENCE, NULL, &cert, what, why));
	SN_TRY(der_take(&cert, DER_SEQUENCE, NULL, &tbs, what, why));
	for (size_t i = 0; i < sizeof(before); i++)
		SN_TRY(der_take(&tbs, before[i], NULL, NULL, what, why));
	SN_TRY(der_take(&tbs, DER_SEQUENCE, &x->spki, NULL, what, why));
	SN_TRY(der_put_hex(&head, spkis[key].head, why));
	SN_TRY(sn_buf_check(&head, why));
	if (x->spki.n != spkis[key].len || memcmp(x->spki.p, head.p, head.n) != 0)
		return sn_fail(why, SN_E_SIGNATURE, "%s: not a key of the right kind", what);
	return SN_OK;
}

/* Take one over into the table, or find that it is there already. */
static enum sn_err
keep_cert(struct xc *c, enum xc_cert_id id, gnutls_x509_crt_t *crt, const char *what,
    struct sn_why *why)
{
	SN_CLEANUP(tls_datum_done) gnutls_datum_t der = { 0 };
	struct xc_cert *x = &c->cert[id];

	if (gnutls_x509_crt_export2(*crt, GNUTLS_X509_FMT_DER, &der) != 0)
		return sn_fail(why, SN_E_FORMAT, "%s: a certificate", what);
	if (x->crt != NULL) {
		if (!bytes_equal(tls_bytes(&der), tls_bytes(&x->der)))
			return sn_fail(why, SN_E_SIGNATURE, "%s: %s differs between files",
			    what, xc_cert_rows[id].label);
		return SN_OK;
	}
	x->crt = SN_TAKE(*crt);
	x->der = der;
	der = (gnutls_datum_t){ 0 };
	return find_spki(x, xc_cert_rows[id].key, what, why);
}

struct crt_list {
	gnutls_x509_crt_t *crt;
	unsigned int n;
};

static void
crt_list_done(struct crt_list *l)
{
	for (unsigned int i = 0; i < l->n; i++)
		if (l->crt[i] != NULL)
			gnutls_x509_crt_deinit(l->crt[i]);
	gnutls_free(l->crt);
	*l = (struct crt_list){ 0 };
}

static enum sn_err
read_pem(struct xc *c, const struct pem_row *row, struct sn_why *why)
{
	SN_CLEANUP(crt_list_done) struct crt_list list = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf again = { 0 };
	struct bytes pem;

	SN_TRY(xc_get(c, row->path, &pem, why));
	gnutls_datum_t in = tls_datum(pem);
	if (gnutls_x509_crt_list_import2(&list.crt, &list.n, &in, GNUTLS_X509_FMT_PEM, 0) < 0 ||
	    list.n != row->n)
		return sn_fail(why, SN_E_FORMAT, "%s: not %zu certificates in PEM", row->path,
		    row->n);
	for (unsigned int i = 0; i < list.n; i++) {
		SN_CLEANUP(tls_datum_done) gnutls_datum_t one = { 0 };

		if (gnutls_x509_crt_export2(list.crt[i], GNUTLS_X509_FMT_PEM, &one) != 0)
			return sn_fail(why, SN_E_FORMAT, "%s: a certificate", row->path);
		sn_buf_put(&again, tls_bytes(&one));
		SN_TRY(keep_cert(c, row->cert[i], &list.crt[i], row->path, why));
	}
	SN_TRY(sn_buf_check(&again, why));
	if (!bytes_equal(sn_buf_bytes(&again), pem))
		return sn_fail(why, SN_E_FORMAT, "%s: more than its certificates", row->path);
	xc_mark(c, row->path);
	return SN_OK;
}

/* A file in trust/ that the table does not know would go unchecked. */
static enum sn_err
refuse_strangers(const struct xc *c, struct sn_why *why)
{
	for (size_t i = 0; i < c->n; i++) {
		const char *path = c->file[i].path, *dot = strrchr(path, '.');
		bool known = strcmp(path, XC_LOG_KEY) == 0;

		if (strncmp(path, "trust/", 6) != 0 || strchr(path + 6, '/') != NULL ||
		    dot == NULL || strcmp(dot, ".pem") != 0)
			continue;
		for (size_t k = 0; k < SN_NITEMS(pems); k++)
			known = known || strcmp(path, pems[k].path) == 0;
		if (!known)
			return sn_fail(why, SN_E_FORMAT, "%s: has no place in trust/", path);
	}
	return SN_OK;
}

/* ---- the identity digest */

enum sn_err
xc_check_identity(struct xc *c, struct sn_buf *line, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf both = { 0 };
	uint8_t digest[32];
	char hex[65];

	SN_TRY(refuse_strangers(c, why));
	for (size_t i = 0; i < SN_NITEMS(pems); i++)
		SN_TRY(read_pem(c, &pems[i], why));
	sn_buf_blob32(&both, c->cert[XC_ROOT_P384].spki);
	sn_buf_blob32(&both, c->cert[XC_ROOT_MLDSA].spki);
	SN_TRY(sn_buf_check(&both, why));
	SN_TRY(tls_hash(GNUTLS_DIG_SHA256, sn_buf_bytes(&both), digest, why));
	sn_hex(BYTES_OF(digest), hex);
	if (memcmp(digest, c->st.identity_sha256, sizeof(digest)) != 0)
		return sn_fail(why, SN_E_SIGNATURE,
		    XC_STATEMENT ": names another identity than the roots in trust/");
	if (c->has_identity && memcmp(digest, c->identity, sizeof(digest)) != 0)
		return sn_fail(why, SN_E_SIGNATURE,
		    "trust/root-p384.pem: roots of another sanctum, their identity is %s", hex);
	sn_buf_fmt(line, "%.16s..., %s", hex, c->has_identity ? "as given" : "not compared");
	return SN_OK;
}

/* ---- chains */

/* The file that a certificate lies in, the first of them. */
static const char *
path_of(enum xc_cert_id id)
{
	for (size_t i = 0; i < SN_NITEMS(pems); i++)
		for (size_t k = 0; k < pems[i].n; k++)
			if (pems[i].cert[k] == id)
				return pems[i].path;
	return "trust/";
}

static enum sn_err
check_form(const struct xc *c, enum xc_cert_id id, struct bytes signature, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf expected = { 0 };

	SN_TRY(xc_put_cert(c, id, signature, &expected, why));
	if (!bytes_equal(sn_buf_bytes(&expected), tls_bytes(&c->cert[id].der)))
		return sn_fail(why, SN_E_SIGNATURE,
		    "%s: the certificate %s is not as identity.json and its profile want",
		    path_of(id), xc_cert_rows[id].label);
	return SN_OK;
}

static void
trust_list_done(gnutls_x509_trust_list_t *l)
{
	if (*l != NULL)
		gnutls_x509_trust_list_deinit(*l, 0); /* the certificates are the case's */
	*l = NULL;
}

/* In GnuTLS' own words. */
static enum sn_err
untrusted(const char *path, unsigned int verdict, struct sn_why *why)
{
	SN_CLEANUP(tls_datum_done) gnutls_datum_t text = { 0 };

	if (gnutls_certificate_verification_status_print(verdict, GNUTLS_CRT_X509, &text, 0) !=
	    0)
		return sn_fail(why, SN_E_SIGNATURE, "%s: GnuTLS refuses it", path);
	return sn_fail(why, SN_E_SIGNATURE, "%s: to the P-384 root at the statement's time: %s",
	    path, (const char *)text.data);
}

static enum sn_err
check_chain(const struct xc *c, const struct pem_row *row, struct sn_why *why)
{
	SN_CLEANUP(trust_list_done) gnutls_x509_trust_list_t list = NULL;
	const unsigned int flags =
	    GNUTLS_VERIFY_DISABLE_CRL_CHECKS | GNUTLS_PROFILE_TO_VFLAGS(GNUTLS_PROFILE_HIGH);
	gnutls_x509_crt_t root = c->cert[XC_ROOT_P384].crt, chain[MAX_CHAIN];
	unsigned int verdict = ~0U;

	for (size_t i = 0; i < row->n; i++) {
		const enum xc_cert_id issuer = xc_cert_rows[row->cert[i]].issuer;

		chain[i] = c->cert[row->cert[i]].crt;
		if (gnutls_x509_crt_check_issuer(chain[i], c->cert[issuer].crt) != 1 ||
		    gnutls_x509_crt_get_signature_algorithm(chain[i]) !=
			GNUTLS_SIGN_ECDSA_SHA384)
			return sn_fail(why, SN_E_SIGNATURE,
			    "%s: is not issued by %s with ECDSA-SHA384", row->path,
			    xc_cert_rows[issuer].label);
	}
	if (gnutls_x509_trust_list_init(&list, 0) != 0 ||
	    gnutls_x509_trust_list_add_cas(list, &root, 1, 0) != 1)
		return sn_fail(why, SN_E_NOMEM, "%s", row->path);
	if (gnutls_x509_trust_list_verify_crt(list, chain, (unsigned int)row->n, flags,
		&verdict, NULL) != 0 ||
	    verdict != 0)
		return untrusted(row->path, verdict, why);
	return SN_OK;
}

/* Self-signed: the trust list takes its anchors on faith. */
static enum sn_err
check_root(const struct xc *c, struct sn_why *why)
{
	gnutls_x509_crt_t root = c->cert[XC_ROOT_P384].crt;
	unsigned int verdict = ~0U;

	if (gnutls_x509_crt_verify(root, &root, 1, GNUTLS_VERIFY_DO_NOT_ALLOW_SAME, &verdict) !=
		0 ||
	    verdict != 0)
		return untrusted(pems[0].path, verdict, why);
	return SN_OK;
}

enum sn_err
xc_check_chains(struct xc *c, struct sn_buf *line, struct sn_why *why)
{
	uint8_t sig[256];
	unsigned int n = 0;

	tls_set_time(c->st.time);
	SN_TRY(check_root(c, why));
	for (size_t i = 0; i < SN_NITEMS(pems); i++)
		if (xc_cert_rows[pems[i].cert[0]].key != XC_MLDSA87)
			SN_TRY(check_chain(c, &pems[i], why));
	for (unsigned int i = 0; i < XC_CERTS; i++) {
		size_t len = sizeof(sig);

		if (xc_cert_rows[i].key == XC_MLDSA87)
			continue;
		if (gnutls_x509_crt_get_signature(c->cert[i].crt, (char *)sig, &len) != 0)
			return sn_fail(why, SN_E_FORMAT, "%s: the certificate %s",
			    path_of((enum xc_cert_id)i), xc_cert_rows[i].label);
		SN_TRY(check_form(c, (enum xc_cert_id)i, (struct bytes){ sig, len }, why));
		n++;
	}
	sn_buf_fmt(line, "%u to the root", n);
	return SN_OK;
}

/* ---- the other half: everything but the signature */

enum sn_err
xc_check_twins(struct xc *c, struct sn_buf *line, struct sn_why *why)
{
	unsigned int n = 0;

	for (unsigned int i = 1; i < XC_CERTS; i++) {
		const struct xc_cert *x = &c->cert[i];

		if (xc_cert_rows[i].key != XC_MLDSA87)
			continue;
		/* the row before is its twin: same profile, and so must be the rest */
		if (x->from != x[-1].from || x->to != x[-1].to ||
		    x->generation != x[-1].generation)
			return sn_fail(why, SN_E_SIGNATURE,
			    XC_IDENTITY ": %s and %s have different dates or generations",
			    xc_cert_rows[i].label, xc_cert_rows[i - 1].label);
		if (x->der.size < MLDSA87_SIG)
			return sn_fail(why, SN_E_FORMAT, "%s: the certificate %s",
			    path_of((enum xc_cert_id)i), xc_cert_rows[i].label);
		SN_TRY(check_form(c, (enum xc_cert_id)i,
		    (struct bytes){ x->der.data + x->der.size - MLDSA87_SIG, MLDSA87_SIG },
		    why));
		n++;
	}
	sn_buf_fmt(line, "%u ML-DSA twins", n);
	return SN_OK;
}
