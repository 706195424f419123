#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "appliance/base/file.h"
#include "firmware-cache/cmd/cmd.h"
#include "firmware-cache/cmd/pki.h"

#define PATH_ROOM 4096
#define SECRETS (64U << 10) /* locked memory for making keys */

static enum sn_err
write_below(const char *dir, const char *folder, const char *name, struct bytes bytes,
    struct sn_why *why)
{
	char path[PATH_ROOM];
	int n = snprintf(path, sizeof(path), "%s/%s%s", dir, folder, name);

	if (n < 0 || (size_t)n >= sizeof(path))
		return sn_fail(why, SN_E_LIMIT, "%s: the path is too long", dir);
	SN_TRY(sn_file_parents(AT_FDCWD, path, why));
	return sn_file_write(AT_FDCWD, path, bytes, 0644, false, why);
}

static enum sn_err
write_item(void *arg, const char *path, struct bytes bytes, struct sn_why *why)
{
	const char *const *dir = arg;

	return write_below(*dir, "collateral/", path, bytes, why);
}

enum sn_err
cmd_rehearsal_pki(int argc, char **argv, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf roots = { 0 };
	SN_CLEANUP(pki_done) struct pki p = { 0 };
	static const char *const names[] = { "DIR" };
	const char *dir = NULL;

	SN_TRY(fc_args(argc, argv, NULL, 0, names, &dir, 1, why));
	SN_TRY(sn_secret_start(SECRETS, why));
	SN_TRY(pki_make(&p, why));
	SN_TRY(pki_roots_json(&p, &roots, why));
	SN_TRY(pki_each(&p, write_item, &dir, why));
	SN_TRY(write_below(dir, "", "roots.json", sn_buf_bytes(&roots), why));
	printf("Vendor-like PKI for rehearsals in %s/collateral; its roots, for the plan's\n"
	       "\"vendor_pki\", in %s/roots.json. The keys are gone.\n",
	    dir, dir);
	return SN_OK;
}
