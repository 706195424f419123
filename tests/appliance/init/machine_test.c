/* Laptops of all kinds. */
#include "tests/appliance/init/rig.h"

#define SECURE_BOOT "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

static const struct machine_row rows[] = {
	{ "sticks", "disks", INIT_OK, "1, all on USB",
	    HAS(L("/sys/block/sda", "../devices/pci0000:00/0000:00:02.0/usb1/1-1/block/sda")) },
	{ "an internal disk", "disks", INIT_FAILED, "nvme0n1",
	    HAS(L("/sys/block/sda", "../devices/pci0000:00/0000:00:02.0/usb1/1-1/block/sda"),
		L("/sys/block/nvme0n1", "../devices/pci0000:00/nvme/nvme0/nvme0n1")) },
	{ "a TPM", "tpm", INIT_OK, "TPM 2",
	    HAS(F("/sys/class/tpm/tpm0/tpm_version_major", "2\n"), F("/dev/tpmrm0", "")) },
	{ "no TPM is a note, not a failure", "tpm", INIT_NOTE, "no TPM", BARE },
	{ "a TPM that the kernel does not manage", "tpm", INIT_FAILED, "/dev/tpmrm0",
	    HAS(F("/sys/class/tpm/tpm0/tpm_version_major", "2\n")) },
	{ "a TPM of the old kind", "tpm", INIT_NOTE, "TPM 1 is too old",
	    HAS(F("/sys/class/tpm/tpm0/tpm_version_major", "1\n")) },
	{ "Secure Boot on", "secure boot", INIT_OK, "on", HAS(F(SECURE_BOOT, "\6aaa\1")) },
	{ "Secure Boot unknown", "secure boot", INIT_NOTE, "unknown",
	    HAS(F(SECURE_BOOT, "\6aa")) },
	{ "a machine with a control character", "machine", INIT_OK, "Evil?[2J Laptop",
	    HAS(F("/sys/class/dmi/id/sys_vendor", "Evil\033[2J\n"),
		F("/sys/class/dmi/id/product_name", "Laptop\n")) },
};

int
main(void)
{
	return rig_run(init_machine_rules, rows, SN_NITEMS(rows), "init machine");
}
