#include <stdlib.h>

#include "appliance/crypto/priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
cert(struct bytes in)
{
	SN_CLEANUP(cry_cert_free) struct cry_cert *c = NULL;
	SN_CLEANUP(cry_key_free) struct cry_key *k = NULL;
	struct bytes ext = { 0 };

	if (cry_cert_parse(in, &c, NULL) != SN_OK)
		return;
	/* What was read is exactly what came. */
	if (!bytes_equal(cry_cert_der(c), in) || cry_cert_not_before(c) > cry_cert_not_after(c))
		abort();
	/* What is taken for plain is so for OpenSSL. */
	if ((X509_get_extension_flags(c->x) & EXFLAG_INVALID) != 0 ||
	    cry_cert_unknown_critical(c) !=
		((X509_get_extension_flags(c->x) & EXFLAG_CRITICAL) != 0))
		abort();
	(void)cry_cert_has_eku(c, CRY_EKU_STATEMENT);
	(void)cry_cert_is_ca(c);
	if (cry_cert_ext(c, "2.5.29.15", &ext, NULL) != SN_OK ||
	    cry_cert_signed_by(c, c, CRY_SIG_ANY, NULL) == SN_OK)
		return;
	(void)!cry_cert_key(c, &k, NULL);
}

static void
crl(struct bytes in)
{
	SN_CLEANUP(cry_crl_free) struct cry_crl *c = NULL;

	if (cry_crl_parse(in, &c, NULL) != SN_OK)
		return;
	if (cry_crl_this_update(c) > cry_crl_next_update(c))
		abort();
	(void)cry_crl_revokes(c, (struct bytes){ (const uint8_t[]){ 1 }, 1 });
}

static void
pem(struct bytes in)
{
	struct cry_cert *all[CRY_PEM_CHAIN_MAX] = { NULL };
	size_t n = 0;

	if (cry_cert_parse_pem(in, all, &n, NULL) == SN_OK && (n == 0 || n > CRY_PEM_CHAIN_MAX))
		abort();
	cry_cert_free_all(all, n);
}

static void
spki(struct bytes in)
{
	SN_CLEANUP(cry_key_free) struct cry_key *k = NULL;
	SN_CLEANUP(sn_buf_done) struct sn_buf back = { 0 };

	if (cry_key_from_spki(in, &k, NULL) != SN_OK)
		return;
	if (cry_key_spki(k, &back, NULL) != SN_OK || !bytes_equal(sn_buf_bytes(&back), in))
		abort();
}

/* Certificate, CRL, PEM or public key: whichever it is taken for, nothing breaks. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = { data, size };

	cert(in);
	crl(in);
	pem(in);
	spki(in);
	return 0;
}
