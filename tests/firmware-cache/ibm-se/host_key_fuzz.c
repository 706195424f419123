#include <stdlib.h>
#include <string.h>

#include "appliance/crypto/der.h"
#include "firmware-cache/ibm-se/vendor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define AT 1751328000 /* 2025-07-01 */

/* Only a root vouches for itself; a name fits itself when it is one of IBM's form. */
static void
certificate(const struct cry_cert *c)
{
	enum ibm_role role = ibm_cert_role(c);
	struct bytes subject = cry_cert_subject_der(c);
	struct ibm_name n = { 0 };
	unsigned int product = 0;

	if (role >= IBM_ROLE_COUNT || ibm_vendor.role_of(c, &product) >= ibm_vendor.nroles)
		abort();
	if (ibm_cert_check(c, c, AT, NULL) == SN_OK && role != IBM_ROLE_ROOT)
		abort();
	if (ibm_name_parse(subject, &n, NULL) == SN_OK && !ibm_names_fit(subject, c))
		abort();
	(void)ibm_crl_found(cry_cert_issuer_der(c), c);
}

/* What a key signs, whatever its name says, has a name that fits. */
static void
signed_by(const struct cry_cert *issuer, struct bytes b)
{
	SN_CLEANUP(cry_cert_free) struct cry_cert *c = NULL;
	SN_CLEANUP(cry_crl_free) struct cry_crl *crl = NULL;

	if (cry_cert_parse(b, &c, NULL) == SN_OK) {
		certificate(c);
		if (ibm_cert_check(c, issuer, AT, NULL) == SN_OK &&
		    (!ibm_names_fit(cry_cert_issuer_der(c), issuer) ||
			ibm_cert_role(c) <= ibm_cert_role(issuer)))
			abort();
	}
	if (cry_crl_parse(b, &crl, NULL) == SN_OK) {
		if (ibm_crl_check(crl, issuer, AT, NULL) == SN_OK &&
		    !ibm_names_fit(cry_crl_issuer_der(crl), issuer))
			abort();
		(void)ibm_crl_found(cry_crl_issuer_der(crl), issuer);
	}
}

/* A header of an image is carried or refused, whatever is in it. */
static void
header(struct bytes b)
{
	struct col_claim c = { 0 };
	bool mine = false;
	enum sn_err e = ibm_vendor.read(b, &c, &mine, NULL);

	if ((!mine && e != SN_OK) || (mine && e == SN_OK && !c.carried) ||
	    memchr(c.label, '\0', sizeof(c.label)) == NULL)
		abort();
	col_claim_done(&c);
}

/* A header, or a certificate and behind it what it may have signed. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SN_CLEANUP(cry_cert_free) struct cry_cert *c = NULL;
	struct bytes rest = { data, size }, inside = { 0 }, first = rest;

	header(rest);
	if (der_take(&rest, DER_SEQUENCE, &inside, "first", NULL) != SN_OK)
		return 0;
	first.n -= rest.n;
	if (cry_cert_parse(first, &c, NULL) != SN_OK)
		return 0;
	certificate(c);
	signed_by(c, rest);
	return 0;
}
