/* What the laptop has: disks, TPM, firmware. */
#include "appliance/init/look.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "appliance/base/file.h"

#define SECURE_BOOT "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

static enum init_state
check_disks(const struct init_machine *m, char detail[INIT_DETAIL])
{
	SN_CLEANUP(look_names_done) struct look_names l = look_names(m, "/sys/block");
	unsigned int n = 0;

	for (int i = 0; i < l.n; i++) {
		char path[300], target[PATH_MAX];

		snprintf(path, sizeof(path), "/sys/block/%s", look_name(&l, i));
		(void)look_link(m, path, target, sizeof(target));
		if (strstr(target, "/usb") == NULL)
			return look_say(detail, INIT_FAILED, "a disk that is not on USB: %.60s",
			    look_name(&l, i));
		n++;
	}
	return look_say(detail, INIT_OK, "%u, all on USB", n);
}

static enum init_state
check_tpm(const struct init_machine *m, char detail[INIT_DETAIL])
{
	char text[16];

	if (!look_line(m, "/sys/class/tpm/tpm0/tpm_version_major", text, sizeof(text)))
		return look_say(detail, INIT_NOTE, "no TPM: rehearsals only");
	if (strcmp(text, "2") != 0)
		return look_say(detail, INIT_NOTE, "TPM %s is too old: rehearsals only", text);
	if (!look_exists(m, "/dev/tpmrm0"))
		return look_say(detail, INIT_FAILED,
		    "the kernel does not manage this TPM: /dev/tpmrm0 is not there");
	return look_say(detail, INIT_OK, "TPM %s", text);
}

static enum init_state
fact_secure_boot(const struct init_machine *m, char detail[INIT_DETAIL])
{
	SN_CLEANUP(sn_buf_done) struct sn_buf v = { 0 };
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s" SECURE_BOOT, m->root);
	if (sn_file_read(AT_FDCWD, path, 16, &v, NULL) != SN_OK || v.n != 5)
		return look_say(detail, INIT_NOTE, "unknown");
	if (v.p[4] != 1)
		return look_say(detail, INIT_NOTE, "off");
	return look_say(detail, INIT_OK, "on");
}

static enum init_state
fact_iommu(const struct init_machine *m, char detail[INIT_DETAIL])
{
	SN_CLEANUP(look_names_done) struct look_names l = look_names(m, "/sys/class/iommu");

	if (l.n > 0)
		return look_say(detail, INIT_OK, "%d units", l.n);
	return look_say(detail, INIT_NOTE,
	    "none: devices on Thunderbolt or PCI could read memory");
}

static enum init_state
fact_machine(const struct init_machine *m, char detail[INIT_DETAIL])
{
	char vendor[48], product[48];

	(void)look_line(m, "/sys/class/dmi/id/sys_vendor", vendor, sizeof(vendor));
	(void)look_line(m, "/sys/class/dmi/id/product_name", product, sizeof(product));
	return look_say(detail, INIT_OK, "%s %s", vendor, product);
}

const struct init_rule init_machine_rules[] = {
	{ "disks", check_disks, false },
	{ "tpm", check_tpm, false },
	{ "secure boot", fact_secure_boot, true },
	{ "iommu", fact_iommu, true },
	{ "machine", fact_machine, true },
	{ NULL, NULL, false },
};
