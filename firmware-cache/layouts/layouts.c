#include <string.h>

#include "firmware-cache/layouts/ibmse.h"
#include "firmware-cache/layouts/kds.h"
#include "firmware-cache/layouts/layouts.h"
#include "firmware-cache/layouts/pccs.h"
#include "firmware-cache/layouts/qcnl.h"
#include "firmware-cache/layouts/snp.h"
#include "firmware-cache/layouts/trustee.h"

/* In byte order of folder, so that all files come in byte order of path. */
static const struct lay_layout table[] = {
	{ PCCS_NAME, "PCCS of DCAP 1.2x, CachingFillMode OFFLINE: pccsadmin put", PCCS_FOLDER,
	    pccs_write, false },
	{ QCNL_NAME, "QCNL of DCAP 1.2x: AZDCAP_CACHE, local_cache_only", QCNL_FOLDER,
	    qcnl_write, false },
	{ "snpguest", "snpguest verify: its directory of certificates", SNP_GUEST_FOLDER,
	    snp_guest_write, true },
	{ "snphost", "snphost verify and import; certs.bin: QEMU's certs-path", SNP_HOST_FOLDER,
	    snp_host_write, true },
	{ TRUSTEE_DCAP_NAME, "Trustee 0.21: dcap_verifier's collateral_service",
	    TRUSTEE_DCAP_FOLDER, trustee_dcap_write, false },
	{ IBMSE_NAME,
	    "Trustee's se verifier, CERTS_OFFLINE_VERIFICATION=true: mounted as "
	    "/run/confidential-containers/ibmse",
	    IBMSE_FOLDER, ibmse_write, false },
	{ "trustee-kds", "Trustee 0.18 and later: snp_verifier's OfflineStore", KDS_FOLDER,
	    kds_write, false },
};

const struct lay_layout *
lay_find(const char *name)
{
	for (size_t i = 0; i < SN_NITEMS(table); i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

static bool
wanted(const struct lay_layout *l, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], l->name) == 0)
			return true;
	return n == 0;
}

enum sn_err
lay_write(const struct lay_input *in, const char *const *names, size_t n,
    const struct lay_out *out, struct sn_why *why)
{
	for (size_t i = 0; i < n; i++)
		if (lay_find(names[i]) == NULL)
			return sn_fail(why, SN_E_USAGE,
			    "\"%.32s\" is no layout; docs/COLLATERAL.md lists those there are",
			    names[i]);
	for (size_t i = 0; i < SN_NITEMS(table); i++)
		if (wanted(&table[i], names, n))
			SN_TRY(table[i].write(in, out, why));
	return SN_OK;
}

enum sn_err
lay_write_bundle(const struct lay_input *in, const struct lay_out *out, struct sn_why *why)
{
	for (size_t i = 0; i < SN_NITEMS(table); i++)
		if (!table[i].per_host)
			SN_TRY(table[i].write(in, out, why));
	return SN_OK;
}
