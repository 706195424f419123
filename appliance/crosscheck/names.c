#include <string.h>

#include "appliance/base/text.h"
#include "appliance/crosscheck/tls.h"
#include "appliance/crosscheck/trust.h"

#define WHAT XC_IDENTITY
#define MAX_CARD 4096
#define MAX_NAME 64

const struct xc_cert_row xc_cert_rows[XC_CERTS] = {
	[XC_ROOT_P384] = { "root-p384", "Root P-384", XC_ROOT_P384, XC_P384, XC_IS_ROOT },
	[XC_ROOT_MLDSA] = { "root-mldsa87", "Root ML-DSA-87", XC_ROOT_MLDSA, XC_MLDSA87,
	    XC_IS_ROOT },
	[XC_SIGNING_P384] = { "signing-ca-p384", "Signing CA P-384", XC_ROOT_P384, XC_P384,
	    XC_IS_CA },
	[XC_SIGNING_MLDSA] = { "signing-ca-mldsa87", "Signing CA ML-DSA-87", XC_ROOT_MLDSA,
	    XC_MLDSA87, XC_IS_CA },
	[XC_STATEMENT_P384] = { "statement-p384", "Statement P-384", XC_SIGNING_P384, XC_P384,
	    XC_IS_STATEMENT },
	[XC_STATEMENT_MLDSA] = { "statement-mldsa87", "Statement ML-DSA-87", XC_SIGNING_MLDSA,
	    XC_MLDSA87, XC_IS_STATEMENT },
	[XC_TOKEN_CA] = { "token-ca-p384", "Token CA P-384", XC_ROOT_P384, XC_P384, XC_IS_CA },
	[XC_OPERATIONS_P384] = { "operations-p384", "Operations P-384", XC_SIGNING_P384,
	    XC_P384, XC_IS_OPERATIONS },
	[XC_OPERATIONS_MLDSA] = { "operations-mldsa87", "Operations ML-DSA-87",
	    XC_SIGNING_MLDSA, XC_MLDSA87, XC_IS_OPERATIONS },
	[XC_TOKEN] = { "token-p256", "Attestation Token P-256", XC_TOKEN_CA, XC_P256,
	    XC_IS_TOKEN },
};

/* Columns of a row. */
enum { ROW_LABEL, ROW_NAME, ROW_GENERATION, ROW_FROM, ROW_TO, ROW_SERIAL, ROW_LEN };

static enum sn_err
row_text(yyjson_val *row, size_t column, const char **ret, struct sn_why *why)
{
	yyjson_val *v = yyjson_arr_get(row, column);

	if (!yyjson_is_str(v) || yyjson_get_len(v) > MAX_NAME ||
	    strlen(yyjson_get_str(v)) != yyjson_get_len(v))
		return sn_fail(why, SN_E_FORMAT, WHAT ": a certificate's column %zu", column);
	*ret = yyjson_get_str(v);
	return SN_OK;
}

/* The first 20 bytes of a digest over the rest of the row. */
enum sn_err
xc_serial(const struct xc *c, enum xc_cert_id id, uint32_t generation, int64_t from, int64_t to,
    uint8_t ret[20], struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	uint8_t digest[32];

	sn_buf_put(&b, BYTES_OF("cornerstone/v1/serial")); /* with its NUL */
	sn_buf_put(&b, (struct bytes){ (const uint8_t *)c->st.world, strlen(c->st.world) + 1 });
	SN_TRY(der_put_hex(&b, c->st.sanctum_id, why));
	sn_buf_str(&b, xc_cert_rows[id].label);
	sn_buf_u8(&b, 0);
	sn_buf_u32(&b, generation);
	sn_buf_u64(&b, (uint64_t)from);
	sn_buf_u64(&b, (uint64_t)to);
	SN_TRY(sn_buf_check(&b, why));
	SN_TRY(tls_hash(GNUTLS_DIG_SHA256, sn_buf_bytes(&b), digest, why));
	digest[0] = (digest[0] & 0x7f) | 0x40;
	memcpy(ret, digest, 20);
	return SN_OK;
}

static enum sn_err
check_serial(const struct xc *c, enum xc_cert_id id, struct sn_why *why)
{
	const struct xc_cert *x = &c->cert[id];
	uint8_t serial[20];

	SN_TRY(xc_serial(c, id, x->generation, x->from, x->to, serial, why));
	if (memcmp(serial, x->serial, sizeof(serial)) != 0)
		return sn_fail(why, SN_E_SIGNATURE, WHAT ": %s: the serial does not fit",
		    xc_cert_rows[id].label);
	return SN_OK;
}

static enum sn_err
get_row(struct xc *c, enum xc_cert_id id, yyjson_val *row, struct sn_why *why)
{
	const struct xc_cert_row *want = &xc_cert_rows[id];
	struct xc_cert *x = &c->cert[id];
	yyjson_val *generation = yyjson_arr_get(row, ROW_GENERATION);
	const char *label, *from, *to, *serial;
	char name[MAX_NAME + 1];

	if (!yyjson_is_arr(row) || yyjson_arr_size(row) != ROW_LEN ||
	    !yyjson_is_uint(generation) || yyjson_get_uint(generation) < 1 ||
	    yyjson_get_uint(generation) > UINT32_MAX)
		return sn_fail(why, SN_E_FORMAT, WHAT ": the row of %s", want->label);
	SN_TRY(row_text(row, ROW_LABEL, &label, why));
	SN_TRY(row_text(row, ROW_NAME, &x->cn, why));
	SN_TRY(row_text(row, ROW_FROM, &from, why));
	SN_TRY(row_text(row, ROW_TO, &to, why));
	SN_TRY(row_text(row, ROW_SERIAL, &serial, why));
	x->generation = (uint32_t)yyjson_get_uint(generation);
	SN_TRY(text_to_time(from, &x->from, WHAT, why));
	SN_TRY(text_to_time(to, &x->to, WHAT, why));
	SN_TRY(sn_hex_parse(serial, x->serial, sizeof(x->serial), WHAT, why));
	(void)snprintf(name, sizeof(name), "%s%s %.8s",
	    strcmp(c->st.world, "rehearsal") == 0 ? "REHEARSAL " : "", want->name,
	    c->st.sanctum_id);
	if (strcmp(label, want->label) != 0 || strcmp(x->cn, name) != 0)
		return sn_fail(why, SN_E_SIGNATURE, WHAT ": names %s \"%s\", not \"%s\"", label,
		    x->cn, name);
	if (x->from >= x->to || x->from < c->cert[want->issuer].from ||
	    x->to > c->cert[want->issuer].to)
		return sn_fail(why, SN_E_SIGNATURE,
		    WHAT ": %s: the dates do not lie inside the issuer's", label);
	return check_serial(c, id, why);
}

/* Who can recover what, and how many of them it takes: as the statement says. */
static enum sn_err
check_thresholds(const struct xc *c, yyjson_val *root, struct sn_why *why)
{
	const struct {
		const char *object, *key;
		uint32_t stated;
	} rows[] = {
		{ "shares", "threshold", c->st.shares },
		{ "shares", "count", c->st.shares_of },
		{ "operations", "threshold", c->st.operations },
		{ "operations", "count", (uint32_t)c->st.napprovers },
	};
	yyjson_val *obj;
	uint32_t n;

	for (size_t i = 0; i < SN_NITEMS(rows); i++) {
		SN_TRY(sn_json_obj(root, rows[i].object, &obj, WHAT, why));
		SN_TRY(sn_json_u32(obj, rows[i].key, 1, UINT32_MAX, &n, WHAT, why));
		if (n != rows[i].stated)
			return sn_fail(why, SN_E_SIGNATURE,
			    WHAT ": %s %s is %u, the statement says %u", rows[i].object,
			    rows[i].key, n, rows[i].stated);
	}
	return SN_OK;
}

enum sn_err
xc_check_names(struct xc *c, struct sn_buf *line, struct sn_why *why)
{
	struct bytes text;
	yyjson_val *root, *rows, *sanctum;
	const char *world, *id;

	SN_TRY(xc_get(c, WHAT, &text, why));
	if (text.n > MAX_CARD)
		return sn_fail(why, SN_E_FORMAT, WHAT ": more than %d bytes", MAX_CARD);
	SN_TRY(sn_json_is_canon(text, WHAT, why));
	SN_TRY(sn_json_parse(text, WHAT, false, &c->card, why));
	root = yyjson_doc_get_root(c->card);
	SN_TRY(sn_json_str(root, "organization", 60, &c->organization, WHAT, why));
	SN_TRY(sn_json_str(root, "world", 16, &world, WHAT, why));
	SN_TRY(sn_json_obj(root, "sanctum", &sanctum, WHAT, why));
	SN_TRY(sn_json_str(sanctum, "id", 32, &id, WHAT, why));
	if (strcmp(world, c->st.world) != 0 || strcmp(id, c->st.sanctum_id) != 0)
		return sn_fail(why, SN_E_SIGNATURE,
		    WHAT ": is of another world or sanctum than the statement");
	SN_TRY(check_thresholds(c, root, why));
	SN_TRY(sn_json_arr(root, "certificates", XC_CERTS, XC_CERTS, &rows, WHAT, why));
	for (unsigned int i = 0; i < XC_CERTS; i++)
		SN_TRY(get_row(c, (enum xc_cert_id)i, yyjson_arr_get(rows, i), why));
	xc_mark(c, WHAT);
	sn_buf_fmt(line, "%d names, dates and serials fit", XC_CERTS);
	return SN_OK;
}
