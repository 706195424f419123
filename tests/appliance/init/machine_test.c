/* Laptops that will not do. */
#include <sys/syscall.h>
#include <time.h>

#include "tests/appliance/init/rig.h"

#define PCI "/sys/bus/pci/devices/"
#define STICK L("/sys/block/sda", "../devices/pci0000:00/0000:00:02.0/usb1/1-1/block/sda")
#define BAT "/sys/class/power_supply/BAT0/"
#define AC "/sys/class/power_supply/AC/"
#define BATTERY(status_, percent_)                                                             \
	F(BAT "type", "Battery\n"), F(BAT "status", status_ "\n"),                             \
	    F(BAT "capacity", percent_ "\n")
#define MAINS(online_) F(AC "type", "Mains\n"), F(AC "online", online_ "\n")
#define MEMORY(total_, free_)                                                                  \
	F("/proc/meminfo",                                                                     \
	    "MemTotal: " total_ " kB\nMemFree: 1 kB\nMemAvailable: " free_ " kB\n")
#define GROUP "/sys/kernel/iommu_groups/"
#define UNIT F("/sys/class/iommu/dmar0/x", "")
#define RTC "/sys/class/rtc/rtc0/"
#define TPM "/sys/class/tpm/tpm0/"
#define TPM2 F(TPM "tpm_version_major", "2\n")
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

static long
set_clock(const long arg[5], int64_t at)
{
	*(struct timespec *)arg[1] = (struct timespec){ .tv_sec = at };
	return 0;
}

static long
at_build(const long arg[5])
{
	return set_clock(arg, RIG_BUILT);
}

static long
before_build(const long arg[5])
{
	return set_clock(arg, RIG_BUILT - 1);
}

static long
far_future(const long arg[5])
{
	return set_clock(arg, RIG_BUILT + 21LL * 366 * 86400);
}

static const struct machine_row rows[] = {
	{ "sticks", "disks", INIT_OK, "1, all on USB", HAS(STICK) },
	{ "an internal disk", "disks", INIT_FAILED, "nvme0n1",
	    HAS(STICK, L("/sys/block/nvme0n1", "../devices/pci0000:00/nvme/nvme0/nvme0n1")) },
	{ "a disk that is no link", "disks", INIT_FAILED, "sdb",
	    HAS(F("/sys/block/sdb/size", "1\n")) },
	{ "an NVMe disk without driver", "disk controllers", INIT_OK, "1 internal",
	    HAS(F(PCI "0000:00:04.0/class", "0x010802\n")) },
	{ "an NVMe disk with one", "disk controllers", INIT_FAILED, "0x010802",
	    HAS(F(PCI "0000:00:04.0/class", "0x010802\n"),
		L(PCI "0000:00:04.0/driver", "../nvme")) },
	{ "a card reader with a driver", "disk controllers", INIT_FAILED, "0x080501",
	    HAS(F(PCI "0000:00:05.0/class", "0x080501\n"),
		L(PCI "0000:00:05.0/driver", "../sdhci-pci")) },
	{ "USB and its driver", "disk controllers", INIT_OK, "0 internal",
	    HAS(F(PCI "0000:00:02.0/class", "0x0c0330\n"),
		L(PCI "0000:00:02.0/driver", "../xhci_hcd")) },
	{ "strict", "iommu", INIT_OK, "1 units, 2 groups, strict",
	    HAS(UNIT, F(GROUP "0/type", "DMA\n"), F(GROUP "1/type", "DMA\n")) },
	{ "lazy", "iommu", INIT_FAILED, "group 1 is not strict",
	    HAS(UNIT, F(GROUP "0/type", "DMA\n"), F(GROUP "1/type", "DMA-FQ\n")) },
	{ "a device with all of memory", "iommu", INIT_NOTE, "1 of 2",
	    HAS(UNIT, F(GROUP "0/type", "DMA\n"), F(GROUP "1/type", "identity\n")) },
	{ "none", "iommu", INIT_NOTE, "none", BARE },
	{ "an Intel one that is not in use", "iommu", INIT_FAILED, "not in use",
	    HAS(F("/sys/firmware/acpi/tables/DMAR", "")) },
	{ "an AMD one that is not in use", "iommu", INIT_FAILED, "not in use",
	    HAS(F("/sys/firmware/acpi/tables/IVRS", "")) },
	{ "512 MiB less what the kernel takes", "memory", INIT_OK, "449 MiB",
	    HAS(MEMORY("460000", "400000")) },
	{ "256 MiB", "memory", INIT_FAILED, "at least", HAS(MEMORY("230000", "200000")) },
	{ "no number", "memory", INIT_FAILED, "0 MiB", BARE },
	{ "enough free", "free memory", INIT_OK, "390 MiB", HAS(MEMORY("460000", "400000")) },
	{ "something has eaten it", "free memory", INIT_FAILED, "100 MiB",
	    HAS(MEMORY("4600000", "102400")) },
	{ "no battery", "power", INIT_OK, "no battery", BARE },
	{ "mains", "power", INIT_OK, "mains; battery 5 %",
	    HAS(BATTERY("Discharging", "5"), MAINS("1")) },
	{ "mains that only the battery knows of", "power", INIT_OK, "mains",
	    HAS(BATTERY("Not charging", "80")) },
	{ "on battery", "power", INIT_NOTE, "60 %",
	    HAS(BATTERY("Discharging", "60"), MAINS("0")) },
	{ "nearly empty", "power", INIT_FAILED, "battery 19 %",
	    HAS(BATTERY("Discharging", "19"), MAINS("0")) },
	{ "the second battery is full", "power", INIT_NOTE, "90 %",
	    HAS(BATTERY("Discharging", "3"),
		F("/sys/class/power_supply/BAT1/type", "Battery\n"),
		F("/sys/class/power_supply/BAT1/status", "Discharging\n"),
		F("/sys/class/power_supply/BAT1/capacity", "90\n")) },
	{ "the pointer's battery does not count", "power", INIT_OK, "no battery",
	    HAS(BATTERY("Discharging", "3"), F(BAT "scope", "Device\n")) },
	{ "a battery that says nothing", "power", INIT_NOTE, "does not say",
	    HAS(F(BAT "type", "Battery\n"), F(BAT "status", "Unknown\n")) },
	{ "a battery of -1 per cent", "power", INIT_NOTE, "does not say",
	    HAS(BATTERY("Discharging", "-1")) },
	{ "at the build", "clock", INIT_OK, "2023-11-14T22:13:20Z",
	    SAYS(DOES(SYS_clock_gettime, at_build)) },
	{ "a second before", "clock", INIT_FAILED, "before this image was built",
	    SAYS(DOES(SYS_clock_gettime, before_build)) },
	{ "an empty clock battery", "clock", INIT_FAILED, "1970-01-01", BARE },
	{ "far away", "clock", INIT_FAILED, "20 years after",
	    SAYS(DOES(SYS_clock_gettime, far_future)) },
	{ "agrees", "real-time clock", INIT_OK, "rtc_cmos",
	    HAS(F(RTC "since_epoch", "1700000003\n"), F(RTC "name", "rtc_cmos 00:03\n")),
	    SAYS(DOES(SYS_clock_gettime, at_build)) },
	{ "six seconds apart", "real-time clock", INIT_FAILED, "does not agree",
	    HAS(F(RTC "since_epoch", "1699999994\n")),
	    SAYS(DOES(SYS_clock_gettime, at_build)) },
	{ "none", "real-time clock", INIT_FAILED, "none", BARE },
	{ "a TPM", "tpm", INIT_OK, "TPM 2", HAS(TPM2, F("/dev/tpmrm0", "")) },
	{ "no TPM is a note, not a failure", "tpm", INIT_NOTE, "no TPM", BARE },
	{ "a TPM that the kernel does not manage", "tpm", INIT_FAILED, "/dev/tpmrm0",
	    HAS(TPM2) },
	{ "a TPM of the old kind", "tpm", INIT_NOTE, "TPM 1 is too old",
	    HAS(F(TPM "tpm_version_major", "1\n")) },
	{ "no TPM", "tpm register", INIT_NOTE, "no TPM", BARE },
	{ "zero", "tpm register", INIT_OK, "is zero",
	    HAS(TPM2, F(TPM "pcr-sha256/15", ZEROS "\n")) },
	{ "somebody was here", "tpm register", INIT_FAILED, "used already",
	    HAS(TPM2, F(TPM "pcr-sha256/15", "1" ZEROS "\n")) },
	{ "one bit", "tpm register", INIT_FAILED, "used already",
	    HAS(TPM2,
		F(TPM "pcr-sha256/15",
		    "0000000000000000000000000000000000000000000000000000000000000001\n")) },
	{ "only SHA-1", "tpm register", INIT_FAILED, "no SHA-256",
	    HAS(TPM2, F(TPM "pcr-sha1/15", ZEROS "\n")) },
};

int
main(void)
{
	return rig_run(init_machine_rules, rows, SN_NITEMS(rows), "init machine");
}
