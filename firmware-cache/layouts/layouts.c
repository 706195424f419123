#include <string.h>

#include "firmware-cache/layouts/kds.h"
#include "firmware-cache/layouts/layouts.h"
#include "firmware-cache/layouts/snp.h"

static const struct lay_layout table[] = {
	{ "trustee-kds", "Trustee 0.18 and later: snp_verifier's OfflineStore", KDS_FOLDER,
	    kds_write },
	{ "snpguest", "snpguest verify: its directory of certificates", SNP_GUEST_FOLDER,
	    snp_guest_write },
	{ "snphost", "snphost verify and import; certs.bin: QEMU's certs-path", SNP_HOST_FOLDER,
	    snp_host_write },
};

const struct lay_layout *
lay_table(size_t *ret_n)
{
	*ret_n = SN_NITEMS(table);
	return table;
}

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
			    "%s is no layout; --help lists those there are", names[i]);
	for (size_t i = 0; i < SN_NITEMS(table); i++)
		if (wanted(&table[i], names, n))
			SN_TRY(table[i].write(in, out, why));
	return SN_OK;
}
