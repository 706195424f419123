/*
 * Vendors' collateral: what status.json calls accepted is verified again below the roots that
 * the bundle has, and every certificate in another form is one of those.
 */
#include "appliance/base/text.h"
#include "appliance/crosscheck/pool.h"
#include "appliance/crosscheck/tls.h"

#include <string.h>

#define STATUS "collateral/status.json"
#define FOLDER "collateral/"
#define ORIGINAL FOLDER "original/"
#define CARRIED FOLDER "carried/"
#define MAX_STATUS (16U << 20)
#define SIGNATURE_LEN 64

enum form { FORM_CERT, FORM_CRL, FORM_SIGNED };

/* By the kind in status.json; what is not here, GnuTLS has no means to judge. */
static const struct kind_row {
	const char *kind;
	enum form form;
	struct xc_pool_role role;
} kinds[] = {
	{ "amd-chain", FORM_CERT, { .vendor = "amd", .issues = true } },
	{ "amd-vcek", FORM_CERT, { .vendor = "amd" } },
	{ "amd-vlek", FORM_CERT, { .vendor = "amd" } },
	{ "amd-crl", FORM_CRL, { .vendor = "amd" } },
	{ "intel-chain", FORM_CERT, { .vendor = "intel", .issues = true } },
	{ "intel-root-crl", FORM_CRL, { .vendor = "intel" } },
	{ "intel-pck-crl", FORM_CRL, { .vendor = "intel" } },
	{ "intel-tcb-info", FORM_SIGNED, { .vendor = "intel" } },
	{ "intel-identity", FORM_SIGNED, { .vendor = "intel" } },
	{ "intel-evaluation", FORM_SIGNED, { .vendor = "intel" } },
	{ "intel-pck", FORM_CERT, { .vendor = "intel" } },
	{ "intel-pck-set", FORM_CERT, { .vendor = "intel" } },
	{ "ibm-chain", FORM_CERT, { .vendor = "ibm", .issues = true, .any_name = true } },
	{ "ibm-crl", FORM_CRL, { .vendor = "ibm", .any_name = true } },
	{ "ibm-host-key", FORM_CERT, { .vendor = "ibm", .any_name = true } },
};

/* ---- which items there are */

static enum sn_err
row_of(yyjson_val *item, const struct kind_row **ret, struct sn_why *why)
{
	const char *kind;

	*ret = NULL;
	if (!yyjson_is_obj(item))
		return sn_fail(why, SN_E_FORMAT, STATUS ": an item is no object");
	SN_TRY(sn_json_str(item, "kind", 64, &kind, STATUS, why));
	for (size_t i = 0; i < SN_NITEMS(kinds); i++)
		if (strcmp(kinds[i].kind, kind) == 0)
			*ret = &kinds[i];
	return SN_OK;
}

/* The file of an accepted item; NULL for another, or one that lies elsewhere. */
static enum sn_err
file_of(const struct xc *c, yyjson_val *item, const struct xc_file **ret, struct sn_why *why)
{
	const char *path;
	char whole[512];

	*ret = NULL;
	if (!yyjson_is_true(yyjson_obj_get(item, "accepted")))
		return SN_OK;
	SN_TRY(sn_json_str(item, "path", 255, &path, STATUS, why));
	(void)snprintf(whole, sizeof(whole), ORIGINAL "%s", path);
	*ret = xc_find(c, whole);
	return SN_OK;
}

static enum sn_err
read_items(const struct xc *c, yyjson_val *items, struct xc_pool *pool, struct sn_why *why)
{
	const struct kind_row *row = NULL;
	const struct xc_file *f = NULL;
	yyjson_val *item;
	size_t i, n;

	yyjson_arr_foreach(items, i, n, item)
	{
		SN_TRY(row_of(item, &row, why));
		if (row == NULL || row->form == FORM_SIGNED)
			continue;
		SN_TRY(file_of(c, item, &f, why));
		if (f == NULL)
			continue;
		SN_TRY(xc_pool_add_file(pool, f, row->form == FORM_CRL, row->role, why));
	}
	return SN_OK;
}

/* ---- Intel's signed JSON: {"tcbInfo":{...},"signature":"hex"}, over the bytes of {...} */

/* From an opening bracket to its closing one; strings are skipped whole. */
static size_t
object_len(struct bytes b)
{
	size_t depth = 0;
	bool in_string = false;

	for (size_t i = 0; i < b.n; i++) {
		const uint8_t c = b.p[i];

		if (in_string && c == '\\')
			i++;
		else if (c == '"')
			in_string = !in_string;
		else if (!in_string && c == '{')
			depth++;
		else if (!in_string && c == '}' && --depth == 0)
			return i + 1;
	}
	return 0;
}

/* The only object in the outer one. */
static enum sn_err
signed_body(const struct xc_file *f, struct bytes *ret, struct sn_why *why)
{
	struct bytes b = { f->data.p, f->data.n };
	bool in_string = false;

	for (size_t i = 0, depth = 0; i < b.n; i++) {
		if (in_string && b.p[i] == '\\') {
			i++;
		} else if (b.p[i] == '"') {
			in_string = !in_string;
		} else if (!in_string && b.p[i] == '{' && ++depth == 2) {
			const size_t len = object_len((struct bytes){ b.p + i, b.n - i });

			*ret = (struct bytes){ b.p + i, len };
			if (len > 0)
				return SN_OK;
			break;
		}
	}
	return sn_fail(why, SN_E_FORMAT, "%s: no signed object in it", f->path);
}

static enum sn_err
put_integer(struct sn_buf *b, const uint8_t v[32])
{
	SN_CLEANUP(sn_buf_done) struct sn_buf n = { 0 };
	size_t zeros = 0;

	while (zeros < 31 && v[zeros] == 0)
		zeros++;
	if ((v[zeros] & 0x80) != 0)
		sn_buf_u8(&n, 0);
	sn_buf_put(&n, (struct bytes){ v + zeros, 32 - zeros });
	der_put(b, DER_INTEGER, sn_buf_bytes(&n));
	return sn_buf_check(b, NULL);
}

static enum sn_err
read_signed(const struct xc_file *f, struct bytes *ret_body, struct sn_buf *ret_sig,
    struct sn_why *why)
{
	SN_CLEANUP(sn_json_free) yyjson_doc *doc = NULL;
	SN_CLEANUP(sn_buf_done) struct sn_buf both = { 0 };
	uint8_t sig[SIGNATURE_LEN];
	yyjson_val *root;

	SN_TRY(sn_json_parse((struct bytes){ f->data.p, f->data.n }, f->path, false, &doc,
	    why));
	root = yyjson_doc_get_root(doc);
	if (!yyjson_is_obj(root) || yyjson_obj_size(root) != 2)
		return sn_fail(why, SN_E_FORMAT, "%s: not an object and its signature",
		    f->path);
	SN_TRY(sn_json_hex(root, "signature", sig, sizeof(sig), f->path, why));
	SN_TRY(signed_body(f, ret_body, why));
	SN_TRY(put_integer(&both, sig));
	SN_TRY(put_integer(&both, sig + 32));
	der_put(ret_sig, DER_SEQUENCE, sn_buf_bytes(&both));
	return sn_buf_check(ret_sig, why);
}

/* By a certificate of a chain that is no CA: Intel's TCB signing. */
static enum sn_err
check_signed(const struct xc_pool *pool, const struct xc_file *f, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf sig = { 0 };
	struct bytes body = { 0 };

	SN_TRY(read_signed(f, &body, &sig, why));
	for (size_t i = 0; i < pool->ncerts; i++) {
		SN_CLEANUP(tls_pubkey_done) gnutls_pubkey_t key = NULL;
		const struct xc_pool_cert *x = &pool->cert[i];
		unsigned int critical;

		if (!x->role.issues || strcmp(x->role.vendor, "intel") != 0 ||
		    gnutls_x509_crt_get_ca_status(x->crt, &critical) > 0 ||
		    gnutls_pubkey_init(&key) != 0 ||
		    gnutls_pubkey_import_x509(key, x->crt, 0) != 0)
			continue;
		if (tls_verify(key, GNUTLS_SIGN_ECDSA_SHA256, body, sn_buf_bytes(&sig), f->path,
			NULL) == SN_OK)
			return SN_OK;
	}
	return sn_fail(why, SN_E_SIGNATURE, "%s: signed by no certificate of the bundle",
	    f->path);
}

/* ---- all that are accepted */

static enum sn_err
check_items(const struct xc *c, yyjson_val *items, const struct xc_pool *pool, size_t *ret_data,
    struct sn_why *why)
{
	const struct kind_row *row = NULL;
	const struct xc_file *f = NULL;
	yyjson_val *item;
	size_t i, n;

	yyjson_arr_foreach(items, i, n, item)
	{
		SN_TRY(row_of(item, &row, why));
		SN_TRY(file_of(c, item, &f, why));
		if (row == NULL || f == NULL)
			continue;
		if (row->form == FORM_SIGNED) {
			SN_TRY(check_signed(pool, f, why));
			(*ret_data)++;
		}
		xc_mark(c, f->path);
	}
	return SN_OK;
}

/* ---- other forms of the same */

/* A certificate or list alone must be one that was verified; *ret_alone when it was. */
static enum sn_err
check_copy(const struct xc_pool *pool, const struct xc_file *f, size_t *ret_n, bool *ret_alone,
    struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf der = { 0 };
	struct bytes text = { f->data.p, f->data.n };
	bool is_crl = false, end = false;

	*ret_alone = text.n > 0 && text.p[0] == DER_SEQUENCE;
	if (*ret_alone) {
		(*ret_n)++;
		if (xc_pool_has(pool, false, text) || xc_pool_has(pool, true, text))
			return SN_OK;
		return sn_fail(why, SN_E_SIGNATURE, "%s: is not in " ORIGINAL, f->path);
	}
	*ret_alone = bytes_find(text, BYTES_STR("-----BEGIN")) == 0;
	for (;;) {
		SN_TRY(xc_pem_next(&text, &der, &is_crl, &end, f->path, why));
		if (end)
			return SN_OK;
		(*ret_n)++;
		if (!xc_pool_has(pool, is_crl, sn_buf_bytes(&der)))
			return sn_fail(why, SN_E_SIGNATURE,
			    "%s: a certificate in it is not in " ORIGINAL, f->path);
	}
}

static bool
below(const char *path, const char *folder)
{
	return strncmp(path, folder, strlen(folder)) == 0;
}

static enum sn_err
check_copies(const struct xc *c, const struct xc_pool *pool, size_t *ret_n, struct sn_why *why)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct xc_file *f = &c->file[i];
		bool alone = false;

		if (!below(f->path, FOLDER) || below(f->path, ORIGINAL) ||
		    below(f->path, CARRIED))
			continue;
		SN_TRY(check_copy(pool, f, ret_n, &alone, why));
		if (alone)
			xc_mark(c, f->path);
	}
	return SN_OK;
}

enum sn_err
xc_check_collateral(struct xc *c, struct sn_buf *line, struct sn_why *why)
{
	SN_CLEANUP(xc_pool_done) struct xc_pool pool = { .at = c->st.collateral_time };
	SN_CLEANUP(sn_json_free) yyjson_doc *doc = NULL;
	const struct xc_file *status = xc_find(c, STATUS);
	size_t data = 0, copies = 0;
	yyjson_val *items;

	if (status == NULL)
		return SN_OK;
	SN_TRY(sn_json_parse((struct bytes){ status->data.p, status->data.n }, STATUS, false,
	    &doc, why));
	SN_TRY(sn_json_arr(yyjson_doc_get_root(doc), "items", 0, XC_MAX_FILES, &items, STATUS,
	    why));
	SN_TRY(read_items(c, items, &pool, why));
	tls_set_time(pool.at);
	SN_TRY(xc_pool_verify(&pool, why));
	tls_set_time(c->st.time);
	SN_TRY(check_items(c, items, &pool, &data, why));
	SN_TRY(check_copies(c, &pool, &copies, why));
	sn_buf_fmt(line, "%zu certs, %zu CRLs, %zu data, %zu copies", pool.ncerts, pool.ncrls,
	    data, copies);
	return SN_OK;
}
