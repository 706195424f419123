#include <string.h>

#include "appliance/base/text.h"
#include "appliance/crosscheck/crosscheck.h"
#include "appliance/crosscheck/tls.h"

#define FOLDER "approvals/"

/* trust/approvers/NAME.pem of who, the key that this statement names. */
static enum sn_err
approver_key(const struct xc *who, const struct xc_approver *a, gnutls_pubkey_t *ret,
    struct sn_why *why)
{
	SN_CLEANUP(tls_pubkey_done) gnutls_pubkey_t key = NULL;
	SN_CLEANUP(tls_datum_done) gnutls_datum_t spki = { 0 };
	uint8_t digest[32];
	struct bytes pem;
	char path[64];

	(void)snprintf(path, sizeof(path), "trust/approvers/%s.pem", a->name);
	SN_TRY(xc_get(who, path, &pem, why));
	SN_TRY(tls_pubkey(pem, GNUTLS_ECC_CURVE_SECP384R1, path, &key, why));
	if (gnutls_pubkey_export2(key, GNUTLS_X509_FMT_DER, &spki) != 0)
		return sn_fail(why, SN_E_CRYPTO, "%s", path);
	SN_TRY(tls_hash(GNUTLS_DIG_SHA256, tls_bytes(&spki), digest, why));
	if (memcmp(digest, a->key_sha256, sizeof(digest)) != 0)
		return sn_fail(why, SN_E_SIGNATURE,
		    "%s: is not the key that the statement names", path);
	xc_mark(who, path);
	*ret = SN_TAKE(key);
	return SN_OK;
}

static enum sn_err
check_one(const struct xc *c, const struct xc_approver *a, const struct xc_file *sig,
    struct sn_why *why)
{
	SN_CLEANUP(tls_pubkey_done) gnutls_pubkey_t key = NULL;

	SN_TRY(approver_key(c->approving, a, &key, why));
	SN_TRY(tls_verify(key, GNUTLS_SIGN_ECDSA_SHA384, c->text, sn_buf_bytes(&sig->data),
	    sig->path, why));
	xc_mark(c, sig->path);
	return SN_OK;
}

/* Those who have not signed this one have keys, too: whoever comes next needs them. */
static enum sn_err
check_keys(const struct xc *c, uint32_t *ret_n, struct sn_why *why)
{
	for (size_t i = 0; i < c->st.napprovers; i++) {
		SN_CLEANUP(tls_pubkey_done) gnutls_pubkey_t key = NULL;
		char path[64];

		(void)snprintf(path, sizeof(path), "trust/approvers/%s.pem",
		    c->st.approver[i].name);
		if (c->number > 0 && xc_find(c, path) == NULL)
			continue; /* an operations statement may name those in force */
		SN_TRY(approver_key(c, &c->st.approver[i], &key, why));
		(*ret_n)++;
	}
	return SN_OK;
}

/* By name; path is where the name was found. */
static enum sn_err
approver_of(const struct xc *c, const char *path, const char *name, size_t n,
    const struct xc_approver **ret, struct sn_why *why)
{
	const struct xc_statement *s = &c->approving->st;

	for (size_t i = 0; i < s->napprovers; i++)
		if (strlen(s->approver[i].name) == n &&
		    strncmp(s->approver[i].name, name, n) == 0) {
			*ret = &s->approver[i];
			return SN_OK;
		}
	return sn_fail(why, SN_E_SIGNATURE, "%s: %.*s is no approver", path, (int)n, name);
}

enum sn_err
xc_check_approvals(struct xc *c, struct sn_buf *line, struct sn_why *why)
{
	const struct xc_approver *a = NULL;
	uint32_t n = 0, keys = 0;

	for (size_t i = 0; i < c->n; i++) {
		if (strncmp(c->file[i].path, FOLDER, strlen(FOLDER)) != 0)
			continue;
		const char *path = c->file[i].path, *name = path + strlen(FOLDER);

		/* files.c has seen the form */
		SN_TRY(approver_of(c, path, name, strlen(name) - strlen(".sig"), &a, why));
		SN_TRY(check_one(c, a, &c->file[i], why));
		n++;
	}
	if (n < c->st.approvals)
		return sn_fail(why, SN_E_MISSING, FOLDER ": %u of %u approvals are here", n,
		    c->st.approvals);
	SN_TRY(check_keys(c, &keys, why));
	sn_buf_fmt(line, "%u valid, %u needed; %u keys", n, c->st.approvals, keys);
	return SN_OK;
}

/* ---- approvals of the plan, in the transcript (docs/FORMAT-KEYS.md) */

static enum sn_err
check_plan_approval(const struct xc *c, yyjson_val *args, struct sn_why *why)
{
	SN_CLEANUP(tls_pubkey_done) gnutls_pubkey_t key = NULL;
	SN_CLEANUP(sn_buf_done) struct sn_buf message = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf sig = { 0 };
	const struct xc_approver *a = NULL;
	const char *name, *text;

	if (!yyjson_is_obj(args))
		return sn_fail(why, SN_E_FORMAT,
		    XC_RECORDS ": plan.approved without arguments");
	SN_TRY(sn_json_str(args, "approver", 16, &name, XC_RECORDS, why));
	SN_TRY(sn_json_str(args, "signature", 256, &text, XC_RECORDS, why));
	SN_TRY(approver_of(c, XC_RECORDS, name, strlen(name), &a, why));
	SN_TRY(approver_key(c->approving, a, &key, why));
	SN_TRY(sn_base64_parse(bytes_str(text), 192, &sig, XC_RECORDS, why));
	sn_buf_str(&message, "cornerstone/v1/approve-plan\n");
	sn_buf_put(&message, BYTES_OF(c->st.plan_sha256));
	SN_TRY(sn_buf_check(&message, why));
	return tls_verify(key, GNUTLS_SIGN_ECDSA_SHA384, sn_buf_bytes(&message),
	    sn_buf_bytes(&sig), XC_RECORDS ": plan.approved", why);
}

enum sn_err
xc_check_plan(struct xc *c, struct sn_buf *line, struct sn_why *why)
{
	unsigned int n = 0;

	for (size_t i = 0; i < c->nrecords; i++) {
		yyjson_val *root = yyjson_doc_get_root(c->record[i]);

		if (!yyjson_equals_str(yyjson_obj_get(root, "id"), "plan.approved"))
			continue;
		SN_TRY(check_plan_approval(c, yyjson_obj_get(root, "args"), why));
		n++;
	}
	sn_buf_fmt(line, "%u approvals of it in the transcript", n);
	return SN_OK;
}
