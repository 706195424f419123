/*
 * bad_chain - chains of a generated endorsement certificate, good and broken, as files of a
 * bundle.
 *
 * Owns: nothing; the caller makes pki. For tests of bundle, so everything is static.
 */
#ifndef TEST_BUNDLE_BAD_CHAIN_H
#define TEST_BUNDLE_BAD_CHAIN_H

#include "ceremony/bundle/format.h"
#include "tests/ceremony/bundle/fixture.h"
#include "tests/lib/tpm_pki.h"

static struct pki pki;
static const struct fix *chain_of; /* whose endorsement key it is */

enum chain_fault {
	CHAIN_GOOD,
	CHAIN_OF_OTHER_KEY, /* the certificate is another endorsement key's */
	CHAIN_NO_CERT,	    /* ek-chain.pem alone */
	CHAIN_CERT_ALONE,   /* ekcert.der alone */
	CHAIN_TURNED,	    /* root first */
	CHAIN_LONGER,	    /* a certificate that does not belong */
	CHAIN_NO_CA,	    /* the authority is missing */
	CHAIN_WRONG_SIGNER, /* the authority's name, but another key signed */
	CHAIN_EMPTY,
	CHAIN_TEXT, /* text between the certificates */
	CHAIN_OVER, /* the certificate is over at the statement's time */
};

static void
chain_pem(struct sn_buf *b, const struct cry_cert *c)
{
	FIX_OK(cry_cert_pem(cry_cert_der(c), b, why));
}

static struct cry_cert *
chain_issue(enum chain_fault fault)
{
	static const char *const ekus[] = { PKI_EKU, NULL };
	struct cry_profile p = pki_ek_profile(ekus), ca = pki_ca_profile("Generated CA", 2, 0);
	const bool forged = fault == CHAIN_WRONG_SIGNER; /* by an authority of the same name */
	struct cry_cert *twin = NULL, *ret;
	const struct cry_raw_ext san = { "2.5.29.17", true, pki_bytes(&pki.san) };

	if (fault == CHAIN_OVER)
		p.not_after = FIX_T0 - 1;
	twin = pki_issue(&ca, NULL, 0, pki.other_key, pki.root_key, pki.root);
	ret = pki_issue(&p, &san, 1, fault == CHAIN_OF_OTHER_KEY ? chain_of->ak : chain_of->ek,
	    forged ? pki.other_key : pki.ca_key, forged ? twin : pki.ca);
	cry_cert_free(&twin);
	return ret;
}

static void
chain_add(struct bun *b, void *arg)
{
	const enum chain_fault fault = *(const enum chain_fault *)arg;
	struct cry_cert *ek = chain_issue(fault);
	struct sn_buf pem = { 0 };

	if (fault == CHAIN_TURNED)
		chain_pem(&pem, pki.root);
	if (fault != CHAIN_NO_CA)
		chain_pem(&pem, pki.ca);
	if (fault == CHAIN_LONGER)
		chain_pem(&pem, ek);
	if (fault == CHAIN_TEXT)
		sn_buf_str(&pem, "the root:\n");
	if (fault != CHAIN_TURNED)
		chain_pem(&pem, pki.root);
	if (fault == CHAIN_EMPTY)
		pem.n = 0;
	if (fault != CHAIN_NO_CERT)
		FIX_OK(bun_add(b, BUN_EK_CERT, cry_cert_der(ek), why));
	if (fault != CHAIN_CERT_ALONE)
		FIX_OK(bun_add(b, BUN_EK_CHAIN, sn_buf_bytes(&pem), why));
	sn_buf_done(&pem);
	cry_cert_free(&ek);
}

struct chain_row {
	const char *name;
	enum chain_fault fault;
	enum sn_err want;
};

static const struct chain_row chain_rows[] SN_UNUSED = {
	{ "good", CHAIN_GOOD, SN_OK },
	{ "a certificate alone", CHAIN_CERT_ALONE, SN_OK },
	{ "of another endorsement key", CHAIN_OF_OTHER_KEY, SN_E_SIGNATURE },
	{ "without the certificate", CHAIN_NO_CERT, SN_E_MISSING },
	{ "the root first", CHAIN_TURNED, SN_E_SIGNATURE },
	{ "one too many", CHAIN_LONGER, SN_E_SIGNATURE },
	{ "no authority", CHAIN_NO_CA, SN_E_SIGNATURE },
	{ "signed by another key", CHAIN_WRONG_SIGNER, SN_E_SIGNATURE },
	{ "empty", CHAIN_EMPTY, SN_E_FORMAT },
	{ "text in it", CHAIN_TEXT, SN_E_FORMAT },
	{ "over", CHAIN_OVER, SN_E_SIGNATURE },
};

#endif
