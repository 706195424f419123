#include <string.h>

#include "appliance/crosscheck/crosscheck.h"
#include "appliance/crosscheck/tls.h"

#define FOLDER "approvals/"

static enum sn_err
check_one(const struct xc *c, const struct xc_approver *a, const struct xc_file *sig,
    struct sn_why *why)
{
	SN_CLEANUP(tls_pubkey_done) gnutls_pubkey_t key = NULL;
	SN_CLEANUP(tls_datum_done) gnutls_datum_t spki = { 0 };
	uint8_t digest[32];
	struct bytes pem;
	char path[64];

	(void)snprintf(path, sizeof(path), "trust/approvers/%s.pem", a->name);
	SN_TRY(xc_get(c->approving, path, &pem, why));
	SN_TRY(tls_pubkey(pem, GNUTLS_ECC_CURVE_SECP384R1, path, &key, why));
	if (gnutls_pubkey_export2(key, GNUTLS_X509_FMT_DER, &spki) != 0)
		return sn_fail(why, SN_E_CRYPTO, "%s", path);
	SN_TRY(tls_hash(GNUTLS_DIG_SHA256, tls_bytes(&spki), digest, why));
	if (memcmp(digest, a->key_sha256, sizeof(digest)) != 0)
		return sn_fail(why, SN_E_SIGNATURE,
		    "%s: is not the key that the statement names", path);
	return tls_verify(key, GNUTLS_SIGN_ECDSA_SHA384, c->text, sn_buf_bytes(&sig->data),
	    sig->path, why);
}

/* The approver of approvals/NAME.sig; the statement must know the name. */
static enum sn_err
approver_of(const struct xc *c, const char *path, const struct xc_approver **ret,
    struct sn_why *why)
{
	const char *name = path + strlen(FOLDER);
	const size_t n = strlen(name) - strlen(".sig"); /* files.c has seen the form */

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
	uint32_t n = 0;

	for (size_t i = 0; i < c->n; i++) {
		if (strncmp(c->file[i].path, FOLDER, strlen(FOLDER)) != 0)
			continue;
		SN_TRY(approver_of(c, c->file[i].path, &a, why));
		SN_TRY(check_one(c, a, &c->file[i], why));
		n++;
	}
	if (n < c->st.approvals)
		return sn_fail(why, SN_E_MISSING, FOLDER ": %u of %u approvals are here", n,
		    c->st.approvals);
	sn_buf_fmt(line, "%u valid, %u needed", n, c->st.approvals);
	return SN_OK;
}
