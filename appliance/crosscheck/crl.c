/* Revocation lists: each rebuilt from identity.json, compared whole, and its signature. */
#include <stdlib.h>
#include <string.h>

#include "appliance/base/text.h"
#include "appliance/crosscheck/tls.h"
#include "appliance/crosscheck/trust.h"

#define FOLDER "trust/crl/"
#define SEALED "trust/revocation.sealed"
#define MAX_PAST 8
#define MAX_ENTRIES (2 * MAX_PAST)
#define PAST_ITEMS 4 /* operations from, to, token from, to */

static const struct list_row {
	enum xc_cert_id ca;
	const char *path;
} lists[] = {
	{ XC_ROOT_P384, FOLDER "root-p384.pem" },
	{ XC_ROOT_MLDSA, FOLDER "root-mldsa87.pem" },
	{ XC_SIGNING_P384, FOLDER "signing-ca-p384.pem" },
	{ XC_SIGNING_MLDSA, FOLDER "signing-ca-mldsa87.pem" },
	{ XC_TOKEN_CA, FOLDER "token-ca-p384.pem" },
};

/* Leaves that a new generation supersedes. */
static const struct leaf_row {
	enum xc_cert_id cert;
	size_t from; /* column of a row of "superseded" */
} leaves[] = {
	{ XC_OPERATIONS_P384, 0 },
	{ XC_OPERATIONS_MLDSA, 0 },
	{ XC_TOKEN, 2 },
};

struct entries {
	uint8_t serial[MAX_ENTRIES][20];
	size_t n;
};

/* ---- what a list must say */

static int
compare_serial(const void *a, const void *b)
{
	return memcmp(a, b, 20);
}

static enum sn_err
past_time(yyjson_val *row, size_t column, int64_t *ret, struct sn_why *why)
{
	const char *text = yyjson_get_str(yyjson_arr_get(row, column));

	if (text == NULL || yyjson_arr_size(row) != PAST_ITEMS)
		return sn_fail(why, SN_E_FORMAT, XC_IDENTITY ": superseded: a row");
	return text_to_time(text, ret, XC_IDENTITY, why);
}

/* Serials of the superseded certificates of one CA, in the order of a list. */
static enum sn_err
get_entries(const struct xc *c, enum xc_cert_id ca, struct entries *ret, struct sn_why *why)
{
	yyjson_val *rows = yyjson_obj_get(yyjson_doc_get_root(c->card), "superseded");
	const size_t n = rows == NULL ? 0 : yyjson_arr_size(rows);
	int64_t from, to;

	if (n > MAX_PAST || (rows != NULL && n == 0) ||
	    c->cert[XC_OPERATIONS_P384].generation != n + 1)
		return sn_fail(why, SN_E_SIGNATURE,
		    XC_IDENTITY ": superseded does not lead to generation %u",
		    c->cert[XC_OPERATIONS_P384].generation);
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < SN_NITEMS(leaves); k++) {
			yyjson_val *row = yyjson_arr_get(rows, i);

			if (xc_cert_rows[leaves[k].cert].issuer != ca)
				continue;
			SN_TRY(past_time(row, leaves[k].from, &from, why));
			SN_TRY(past_time(row, leaves[k].from + 1, &to, why));
			SN_TRY(xc_serial(c, leaves[k].cert, (uint32_t)i + 1, from, to,
			    ret->serial[ret->n++], why));
		}
	}
	qsort(ret->serial, ret->n, sizeof(ret->serial[0]), compare_serial);
	return SN_OK;
}

static enum sn_err
put_entries(const struct xc *c, enum xc_cert_id ca, struct sn_buf *tbs, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf all = { 0 };
	struct entries e = { .n = 0 };

	SN_TRY(get_entries(c, ca, &e, why));
	for (size_t i = 0; i < e.n; i++) {
		SN_CLEANUP(sn_buf_done) struct sn_buf one = { 0 };

		der_put(&one, DER_INTEGER, BYTES_OF(e.serial[i]));
		SN_TRY(xc_put_time(&one, c->cert[ca].from, why));
		SN_TRY(sn_buf_check(&one, why));
		der_put(&all, DER_SEQUENCE, sn_buf_bytes(&one));
	}
	SN_TRY(sn_buf_check(&all, why));
	if (e.n > 0)
		der_put(tbs, DER_SEQUENCE, sn_buf_bytes(&all));
	return SN_OK;
}

/* cRLNumber, authorityKeyIdentifier. Each issue is a statement or operations generation. */
static enum sn_err
put_extensions(const struct xc *c, enum xc_cert_id ca, struct sn_buf *tbs, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf list = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf sequence = { 0 };
	const uint32_t issue =
	    c->cert[XC_STATEMENT_P384].generation + c->cert[XC_OPERATIONS_P384].generation - 1;

	if (issue > 63)
		return sn_fail(why, SN_E_LIMIT, XC_IDENTITY ": too many generations");
	SN_TRY(der_put_hex(&list, "300a0603551d140403020100", why));
	SN_TRY(sn_buf_check(&list, why));
	list.p[list.n - 1] = (uint8_t)(2 * issue - 1);
	SN_TRY(xc_put_key_id(&list, "301f0603551d23041830168014", c->cert[ca].spki, why));
	SN_TRY(sn_buf_check(&list, why));
	der_put(&sequence, DER_SEQUENCE, sn_buf_bytes(&list));
	SN_TRY(sn_buf_check(&sequence, why));
	der_put(tbs, DER_CONTEXT0, sn_buf_bytes(&sequence));
	return SN_OK;
}

static enum sn_err
put_tbs(const struct xc *c, enum xc_cert_id ca, struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf tbs = { 0 };

	SN_TRY(der_put_hex(&tbs, "020101", why)); /* version 2 */
	SN_TRY(der_put_hex(&tbs, xc_own_alg(ca), why));
	SN_TRY(xc_put_name(c, ca, &tbs, why));
	SN_TRY(xc_put_time(&tbs, c->cert[ca].from, why));
	SN_TRY(xc_put_time(&tbs, c->cert[ca].to, why));
	SN_TRY(put_entries(c, ca, &tbs, why));
	SN_TRY(put_extensions(c, ca, &tbs, why));
	SN_TRY(sn_buf_check(&tbs, why));
	der_put(ret, DER_SEQUENCE, sn_buf_bytes(&tbs));
	return sn_buf_check(ret, why);
}

/* ---- the files */

static void
crl_done(gnutls_x509_crl_t *l)
{
	if (*l != NULL)
		gnutls_x509_crl_deinit(*l);
	*l = NULL;
}

/* One list in PEM, exactly as GnuTLS would write it. */
static enum sn_err
read_pem(const struct xc *c, const char *path, gnutls_datum_t *ret_der, struct sn_why *why)
{
	SN_CLEANUP(crl_done) gnutls_x509_crl_t crl = NULL;
	SN_CLEANUP(tls_datum_done) gnutls_datum_t again = { 0 };
	struct bytes pem;

	SN_TRY(xc_get(c, path, &pem, why));
	const gnutls_datum_t in = tls_datum(pem);
	if (gnutls_x509_crl_init(&crl) != 0 ||
	    gnutls_x509_crl_import(crl, &in, GNUTLS_X509_FMT_PEM) != 0 ||
	    gnutls_x509_crl_export2(crl, GNUTLS_X509_FMT_PEM, &again) != 0 ||
	    !bytes_equal(tls_bytes(&again), pem))
		return sn_fail(why, SN_E_FORMAT, "%s: not one revocation list in PEM", path);
	if (gnutls_x509_crl_export2(crl, GNUTLS_X509_FMT_DER, ret_der) != 0)
		return sn_fail(why, SN_E_FORMAT, "%s: a revocation list", path);
	return SN_OK;
}

static enum sn_err
verify_list(const struct xc *c, const struct list_row *row, struct bytes tbs,
    struct bytes signature, struct sn_why *why)
{
	SN_CLEANUP(tls_pubkey_done) gnutls_pubkey_t key = NULL;

	if (gnutls_pubkey_init(&key) != 0 ||
	    gnutls_pubkey_import_x509(key, c->cert[row->ca].crt, 0) != 0)
		return sn_fail(why, SN_E_FORMAT, "%s: the CA's key", row->path);
	return tls_verify(key, GNUTLS_SIGN_ECDSA_SHA384, tbs, signature, row->path, why);
}

static enum sn_err
check_list(const struct xc *c, const struct list_row *row, struct sn_why *why)
{
	SN_CLEANUP(tls_datum_done) gnutls_datum_t der = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf expected = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf alg = { 0 };
	struct bytes v, list, tbs, there, bits;

	SN_TRY(read_pem(c, row->path, &der, why));
	v = tls_bytes(&der);
	SN_TRY(der_take(&v, DER_SEQUENCE, NULL, &list, row->path, why));
	SN_TRY(bytes_end(&v, row->path, why));
	SN_TRY(der_take(&list, DER_SEQUENCE, &tbs, NULL, row->path, why));
	SN_TRY(der_take(&list, DER_SEQUENCE, &there, NULL, row->path, why));
	SN_TRY(der_take(&list, DER_BITS, NULL, &bits, row->path, why));
	SN_TRY(bytes_end(&list, row->path, why));
	SN_TRY(put_tbs(c, row->ca, &expected, why));
	SN_TRY(der_put_hex(&alg, xc_own_alg(row->ca), why));
	SN_TRY(sn_buf_check(&alg, why));
	if (!bytes_equal(tbs, sn_buf_bytes(&expected)) ||
	    !bytes_equal(there, sn_buf_bytes(&alg)) || bits.n < 1 || bits.p[0] != 0)
		return sn_fail(why, SN_E_SIGNATURE,
		    "%s: is not as identity.json and its profile want", row->path);
	xc_mark(c, row->path);
	if (xc_cert_rows[row->ca].key == XC_MLDSA87)
		return SN_OK;
	return verify_list(c, row, tbs, (struct bytes){ bits.p + 1, bits.n - 1 }, why);
}

/* Whoever loads the folder would load what lies beside. */
static enum sn_err
refuse_strangers(const struct xc *c, struct sn_why *why)
{
	for (size_t i = 0; i < c->n; i++) {
		const char *path = c->file[i].path;
		bool known = strncmp(path, FOLDER, sizeof(FOLDER) - 1) != 0;

		for (size_t k = 0; k < SN_NITEMS(lists); k++)
			known = known || strcmp(path, lists[k].path) == 0;
		if (!known)
			return sn_fail(why, SN_E_FORMAT, "%s: has no place in " FOLDER, path);
	}
	return SN_OK;
}

enum sn_err
xc_check_lists(struct xc *c, struct sn_buf *line, struct sn_why *why)
{
	struct bytes sealed;

	SN_TRY(refuse_strangers(c, why));
	for (size_t i = 0; i < SN_NITEMS(lists); i++)
		SN_TRY(check_list(c, &lists[i], why));
	SN_TRY(xc_get(c, SEALED, &sealed, why));
	sn_buf_fmt(line, "%zu CRLs", SN_NITEMS(lists));
	return SN_OK;
}
