/* Kernels that can do too much. */
#include "tests/appliance/init/rig.h"

#define CMDLINE                                                                                \
	"console=tty0 init_on_alloc=1 init_on_free=1 lockdown=confidentiality iommu.strict=1"

static const struct machine_row rows[] = {
	{ "no modules", "modules", INIT_OK, "cannot", BARE },
	{ "modules", "modules", INIT_FAILED, "can load", HAS(F("/proc/modules", "")) },
	{ "lockdown", "lockdown", INIT_OK, "[confidentiality]",
	    HAS(F("/sys/kernel/security/lockdown", "none integrity [confidentiality]\n")) },
	{ "lockdown too weak", "lockdown", INIT_FAILED, "[integrity]",
	    HAS(F("/sys/kernel/security/lockdown", "none [integrity] confidentiality\n")) },
	{ "no lockdown", "lockdown", INIT_FAILED, "no lockdown", BARE },
	{ "no windows", "memory windows", INIT_OK, "no window", BARE },
	{ "kcore", "memory windows", INIT_FAILED, "/proc/kcore", HAS(F("/proc/kcore", "")) },
	{ "swap", "memory windows", INIT_FAILED, "/proc/swaps", HAS(F("/proc/swaps", "")) },
	{ "mem", "memory windows", INIT_FAILED, "/dev/mem", HAS(F("/dev/mem", "")) },
	{ "command line", "memory wiping", INIT_OK, "wiped",
	    HAS(F("/proc/cmdline", CMDLINE "\n")) },
	{ "command line switched off", "memory wiping", INIT_FAILED, "init_on_free=1",
	    HAS(F("/proc/cmdline",
		"init_on_alloc=1 init_on_free=0 lockdown=confidentiality\n")) },
	{ "command line with a longer word", "memory wiping", INIT_FAILED, "init_on_free=1",
	    HAS(F("/proc/cmdline", "init_on_alloc=1 xinit_on_free=1\n")) },
	{ "no command line", "memory wiping", INIT_FAILED, "without", BARE },
};

int
main(void)
{
	return rig_run(init_kernel_rules, rows, SN_NITEMS(rows), "init kernel");
}
