#include "tests/appliance/crypto/pki.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Only the signature that the world's signer makes is accepted, whatever comes. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct bytes content = BYTES_STR("{\"statement\":\"for a test\"}\n");
	static struct sn_buf good;
	static struct pki w;
	SN_CLEANUP(cry_cert_free) struct cry_cert *signer = NULL;
	SN_CLEANUP(sn_secret_done) struct sn_secret plain = { 0 };
	struct bytes in = { data, size };
	enum sn_err e;

	if (w.root == NULL) {
		if (sn_secret_start(1U << 20, NULL) != SN_OK || cry_start(NULL) != SN_OK)
			abort();
		w = pki_make(CRY_P384, 0);
		if (cry_cms_sign(w.leaf_key[PKI_SIGNER], w.leaf[PKI_SIGNER],
			(const struct cry_cert *const *)&w.ca, 1, content, &good,
			NULL) != SN_OK)
			abort();
	}
	e = cry_cms_verify(in, content, w.root, w.sig, CRY_EKU_STATEMENT, PKI_NOW, &signer,
	    NULL);
	if (e == SN_OK && !bytes_equal(in, sn_buf_bytes(&good)))
		abort();
	(void)!cry_cms_decrypt(w.leaf_key[PKI_SIGNER], in, &plain, NULL);
	return 0;
}
