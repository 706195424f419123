#include <stdio.h>
#include <string.h>

#include "appliance/base/text.h"
#include "firmware-cache/ibm-se/vendor.h"

/* [s390-tools, struct pv_hdr_head] the only version there is; and room for a header with
 * 190 key slots. */
#define HEADER_VERSION 0x100U
#define HEADER_MAX (16U << 10)

#define NO_ROOT "root certificate of its issuer"
#define NO_CODE_CA "code signing CA of its issuer's name"
#define NO_SIGNING "host key signing key of its issuer's name"

/* IBM's tools and Trustee refuse whatever has no current CRL, at every level. */
static const struct col_role roles[IBM_ROLE_COUNT] = {
	[IBM_ROLE_NONE] = { .name = "none" },
	[IBM_ROLE_ROOT] = { "root CA", 0, COL_KIND_IBM_CHAIN, false, false, COL_CRL_NONE,
	    NO_ROOT, NULL },
	[IBM_ROLE_CODE_CA] = { "code signing CA", 1, COL_KIND_IBM_CHAIN, false, false,
	    COL_CRL_NEEDED, NO_ROOT, "add the root's CRL" },
	[IBM_ROLE_SIGNING] = { "host key signing key", 2, COL_KIND_IBM_CHAIN, false, false,
	    COL_CRL_NEEDED, NO_CODE_CA, "add the CRL of the code signing CA" },
	[IBM_ROLE_HOST] = { "host key", 3, COL_KIND_IBM_HOST_KEY, true, false, COL_CRL_NEEDED,
	    NO_SIGNING, "add the CRL of IBM's host key signing key" },
	[IBM_ROLE_STRANGE] = { "certificate of another unit", 3, COL_KIND_IBM_CHAIN, false,
	    false, COL_CRL_NEEDED, "issuer of such a certificate",
	    "such a certificate is refused with one, too" },
};

/* A CRL's scope tells whose it is, so that a newer one of the same issuer supersedes it. */
static const struct col_crl_issuer crl_issuers[] = {
	{ "DigiCert Trusted Root G4", "IBM SE root CA CRL", "root", COL_KIND_IBM_CRL },
	{ "DigiCert Trusted G4 Code Signing", "IBM SE code signing CA CRL", "code-ca",
	    COL_KIND_IBM_CRL },
	{ "IBM Z Root CA", "IBM SE root CA CRL", "root", COL_KIND_IBM_CRL },
	{ "IBM Z Intermediate CA", "IBM SE code signing CA CRL", "code-ca", COL_KIND_IBM_CRL },
	{ "Key Signing Service", "IBM SE host key CRL", "signing", COL_KIND_IBM_CRL },
};

static unsigned int
role_of(const struct cry_cert *x, unsigned int *ret_product)
{
	*ret_product = 0;
	return ibm_cert_role(x);
}

static bool
pinned(unsigned int product SN_UNUSED, const uint8_t spki_sha256[32])
{
	return ibm_root_pinned(spki_sha256);
}

static enum sn_err
check(const struct col_cert *c, const struct col_cert *issuer, int64_t at, struct sn_why *why)
{
	return ibm_cert_check(c->x, issuer->x, at, why);
}

static enum sn_err
crl_check(const struct cry_crl *crl, const struct col_cert *issuer, int64_t at,
    struct sn_why *why)
{
	return ibm_crl_check(crl, issuer->x, at, why);
}

/* A host key document: its key tells the machine. */
static enum sn_err
tell(struct col_claim *c, struct sn_why *why)
{
	uint8_t spki[32];
	char hex[65];

	SN_TRY(cry_cert_spki_sha256(c->certs[0].x, spki, why));
	sn_hex(BYTES_OF(spki), hex);
	snprintf(c->label, sizeof(c->label), "IBM SE host key %.16s", hex);
	snprintf(c->scope, sizeof(c->scope), "%s", hex);
	return SN_OK;
}

/*
 * The header of a Secure Execution image: magic, version and its own size. Trustee takes the
 * image's tags from it. Whoever built the image vouches for it, and nobody else: it is
 * carried, not verified.
 */
static enum sn_err
read_header(struct bytes b, struct col_claim *c, bool *ret_mine, struct sn_why *why)
{
	const struct bytes magic = BYTES_STR("IBMSecEx");
	struct bytes rest = b, skip = { 0 };
	uint32_t version = 0, size = 0;

	if (b.n < magic.n || memcmp(b.p, magic.p, magic.n) != 0)
		return SN_OK;
	*ret_mine = true;
	c->vendor = COL_VENDOR_IBM_SE;
	c->kind = COL_KIND_IBM_HEADER;
	c->carried = true;
	SN_TRY(bytes_take(&rest, magic.n, &skip, "image header", why));
	SN_TRY(bytes_u32(&rest, &version, "image header", why));
	SN_TRY(bytes_u32(&rest, &size, "image header", why));
	if (version != HEADER_VERSION)
		return sn_fail(why, SN_E_FORMAT, "image header of version 0x%x, not 0x%x",
		    version, HEADER_VERSION);
	if (b.n > HEADER_MAX)
		return sn_fail(why, SN_E_LIMIT,
		    "image header of %zu bytes, at most %u are taken", b.n, HEADER_MAX);
	if (size != b.n)
		return sn_fail(why, SN_E_FORMAT,
		    "image header of %zu bytes says that it has %u; give the header alone", b.n,
		    size);
	snprintf(c->label, sizeof(c->label), "IBM SE image header");
	return SN_OK;
}

const struct col_vendor_ops ibm_vendor = {
	.vendor = COL_VENDOR_IBM_SE,
	.title = "IBM SE",
	.roles = roles,
	.nroles = SN_NITEMS(roles),
	.crl_issuers = crl_issuers,
	.ncrl_issuers = SN_NITEMS(crl_issuers),
	.role_of = role_of,
	.pinned = pinned,
	.names_fit = ibm_names_fit,
	.check = check,
	.crl_check = crl_check,
	.tell = tell,
	.read = read_header,
};
