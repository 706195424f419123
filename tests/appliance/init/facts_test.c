/* What is recorded of odd machines. */
#include "tests/appliance/init/rig.h"

#define SECURE_BOOT "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
#define CPU(flags_)                                                                            \
	F("/proc/cpuinfo",                                                                     \
	    "processor\t: 0\nmodel name\t: Some CPU @ 3\nflags\t\t: fpu " flags_               \
	    "\nbugs\t\t: spectre_v1\n\nprocessor\t: 1\nmodel name\t: Other\n")
#define WEAK "/sys/devices/system/cpu/vulnerabilities/"

static const struct machine_row rows[] = {
	{ "plain", "machine", INIT_OK, "QEMU Standard PC",
	    HAS(F("/sys/class/dmi/id/sys_vendor", "QEMU\n"),
		F("/sys/class/dmi/id/product_name", "Standard PC\n")) },
	{ "a control character in its name", "machine", INIT_OK, "Evil?[2J Laptop",
	    HAS(F("/sys/class/dmi/id/sys_vendor", "Evil\033[2J\n"),
		F("/sys/class/dmi/id/product_name", "Laptop\n")) },
	{ "with a random source", "processor", INIT_OK, "Some CPU @ 3",
	    HAS(CPU("rdseed aes")) },
	{ "without one", "processor", INIT_NOTE, "without a random", HAS(CPU("aes")) },
	{ "a flag that only looks like it", "processor", INIT_NOTE, "without a random",
	    HAS(CPU("xrdrand rdrandom")) },
	{ "two threads", "threads", INIT_OK, "two on a core (on)",
	    HAS(F("/sys/devices/system/cpu/smt/active", "1\n"),
		F("/sys/devices/system/cpu/smt/control", "on\n")) },
	{ "unknown", "threads", INIT_OK, "one on a core (unknown)", BARE },
	{ "mitigated", "processor faults", INIT_OK, "mitigated",
	    HAS(F(WEAK "meltdown", "Mitigation: PTI\n")) },
	{ "two are not", "processor faults", INIT_NOTE, "not mitigated: mds, srbds",
	    HAS(F(WEAK "mds", "Vulnerable: no microcode\n"),
		F(WEAK "meltdown", "Not affected\n"), F(WEAK "srbds", "Vulnerable\n")) },
	{ "unknown", "processor faults", INIT_NOTE, "unknown", BARE },
	{ "real", "virtual machine", INIT_OK, "no", HAS(CPU("aes")) },
	{ "virtual", "virtual machine", INIT_NOTE, "yes", HAS(CPU("aes hypervisor")) },
	{ "silence", "virtual machine", INIT_NOTE, "unknown", BARE },
	{ "on", "secure boot", INIT_OK, "on", HAS(F(SECURE_BOOT, "\6aaa\1")) },
	{ "unknown", "secure boot", INIT_NOTE, "unknown", HAS(F(SECURE_BOOT, "\6aa")) },
	{ "off", "secure boot", INIT_NOTE, "off", HAS(F(SECURE_BOOT, "\6aaa\2")) },
	{ "locked", "image", INIT_OK, "locked",
	    HAS(F("/etc/os-release", "NAME=Cornerstone\nVARIANT_ID=locked\n")) },
	{ "unlocked", "image", INIT_NOTE, "unlocked: not all",
	    HAS(F("/etc/os-release", "VARIANT_ID=unlocked\nNAME=Cornerstone\n")) },
	{ "silence", "image", INIT_NOTE, "does not say", BARE },
};

int
main(void)
{
	return rig_run(init_fact_rules, rows, SN_NITEMS(rows), "init facts");
}
