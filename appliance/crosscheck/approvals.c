#include <string.h>

#include "appliance/crosscheck/crosscheck.h"
#include "appliance/crosscheck/tls.h"

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
	SN_TRY(xc_get(c, path, &pem, why));
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

enum sn_err
xc_check_approvals(struct xc *c, struct sn_buf *line, struct sn_why *why)
{
	size_t there = 0;
	uint32_t valid = 0;
	char path[64];

	for (size_t i = 0; i < c->n; i++)
		there += strncmp(c->file[i].path, "approvals/", 10) == 0;
	for (size_t i = 0; i < c->st.napprovers; i++) {
		(void)snprintf(path, sizeof(path), "approvals/%s.sig", c->st.approver[i].name);
		const struct xc_file *sig = xc_find(c, path);

		if (sig == NULL)
			continue;
		SN_TRY(check_one(c, &c->st.approver[i], sig, why));
		valid++;
	}
	if (valid < there)
		return sn_fail(why, SN_E_SIGNATURE,
		    "approvals/: %zu are here, the statement names %u of them", there, valid);
	if (valid < c->st.approvals)
		return sn_fail(why, SN_E_SIGNATURE, "approvals/: %u of the %u that it takes",
		    valid, c->st.approvals);
	sn_buf_fmt(line, "%u valid, %u needed", valid, c->st.approvals);
	return SN_OK;
}
