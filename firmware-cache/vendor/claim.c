#include <stdlib.h>

#include "firmware-cache/vendor/vendor.h"

static const char *const vendor_names[COL_VENDOR_COUNT] = {
	[COL_VENDOR_NONE] = "none",
	[COL_VENDOR_AMD] = "amd",
	[COL_VENDOR_INTEL] = "intel",
	[COL_VENDOR_IBM_SE] = "ibm-se",
	[COL_VENDOR_NVIDIA] = "nvidia",
	[COL_VENDOR_ARM_CCA] = "arm-cca",
};

static const char *const kind_names[COL_KIND_COUNT] = {
	[COL_KIND_UNKNOWN] = "unknown",
	[COL_KIND_AMD_CHAIN] = "amd-chain",
	[COL_KIND_AMD_VCEK] = "amd-vcek",
	[COL_KIND_AMD_VLEK] = "amd-vlek",
	[COL_KIND_AMD_CRL] = "amd-crl",
	[COL_KIND_INTEL_CHAIN] = "intel-chain",
	[COL_KIND_INTEL_ROOT_CRL] = "intel-root-crl",
	[COL_KIND_INTEL_PCK_CRL] = "intel-pck-crl",
	[COL_KIND_INTEL_TCB_INFO] = "intel-tcb-info",
	[COL_KIND_INTEL_IDENTITY] = "intel-identity",
	[COL_KIND_INTEL_EVALUATION] = "intel-evaluation",
	[COL_KIND_INTEL_PCK] = "intel-pck",
	[COL_KIND_INTEL_PCK_SET] = "intel-pck-set",
	[COL_KIND_IBM_CHAIN] = "ibm-chain",
	[COL_KIND_IBM_CRL] = "ibm-crl",
	[COL_KIND_IBM_HOST_KEY] = "ibm-host-key",
	[COL_KIND_IBM_HEADER] = "ibm-header",
	[COL_KIND_NVIDIA_RIM] = "nvidia-rim",
	[COL_KIND_NVIDIA_CERTIFICATE] = "nvidia-certificate",
	[COL_KIND_ARM_CCA] = "arm-cca",
};

const char *
col_vendor_name(enum col_vendor v)
{
	return v < COL_VENDOR_COUNT ? vendor_names[v] : "none";
}

const char *
col_kind_name(enum col_kind k)
{
	return k < COL_KIND_COUNT ? kind_names[k] : "unknown";
}

enum sn_err
col_claim_certs(struct col_claim *c, struct cry_cert *const *certs, size_t n,
    struct sn_why *why)
{
	enum sn_err e = SN_OK;

	if (n > COL_CERTS_MAX)
		e = sn_fail(why, SN_E_LIMIT,
		    "%zu certificates in one item, at most %d are taken", n, COL_CERTS_MAX);
	else if ((c->certs = calloc(n + 1, sizeof(*c->certs))) == NULL)
		e = sn_fail(why, SN_E_NOMEM, "%zu certificates", n);
	for (size_t i = 0; i < n; i++) {
		struct cry_cert *x = certs[i];

		if (e != SN_OK) {
			cry_cert_free(&x);
			continue;
		}
		c->certs[i].x = x;
		c->ncerts = i + 1;
	}
	return e;
}

void
col_claim_done(struct col_claim *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->ncerts; i++)
		cry_cert_free(&c->certs[i].x);
	free(c->certs);
	c->certs = NULL;
	c->ncerts = 0;
	cry_crl_free(&c->crl);
	free(c->facts);
	c->facts = NULL;
}
