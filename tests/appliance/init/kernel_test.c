/* Kernels that can do too much. */
#include <sys/syscall.h>

#include "appliance/init/setup.h"
#include "tests/appliance/init/rig.h"

#define LOG                                                                                    \
	"<6>Linux version 6.12\n<6>mem auto-init: stack:all(zero), heap alloc:on, heap free:on\n"
#define SWITCHES_RIGHT                                                                         \
	F("/proc/sys/kernel/yama/ptrace_scope", "3\n"),                                        \
	    F("/proc/sys/kernel/kptr_restrict", "2\n"),                                        \
	    F("/proc/sys/kernel/dmesg_restrict", "1\n"),                                       \
	    F("/proc/sys/kernel/perf_event_paranoid", "3\n"),                                  \
	    F("/proc/sys/kernel/ctrl-alt-del", "0\n"), F("/proc/sys/fs/suid_dumpable", "0\n"), \
	    F("/proc/sys/fs/protected_symlinks", "1\n"),                                       \
	    F("/proc/sys/fs/protected_hardlinks", "1\n")

static long
say(const long arg[5], const char *text)
{
	return snprintf((char *)arg[1], (size_t)arg[2], "%s", text);
}

static long
log_right(const long arg[5])
{
	return say(arg, LOG);
}

static long
log_free_off(const long arg[5])
{
	return say(arg, "mem auto-init: stack:all(zero), heap alloc:on, heap free:off\n");
}

static long
log_alloc_off(const long arg[5])
{
	return say(arg, "mem auto-init: stack:all(zero), heap alloc:off, heap free:on\n");
}

static long
log_stack_off(const long arg[5])
{
	return say(arg, "mem auto-init: stack:off, heap alloc:on, heap free:on\n");
}

static long
log_cut(const long arg[5])
{
	return say(arg, "usb 1-1: new device\nheap free:on\n");
}

static const struct machine_row rows[] = {
	{ "no modules", "modules", INIT_OK, "cannot", BARE },
	{ "modules", "modules", INIT_FAILED, "can load", HAS(F("/proc/modules", "")) },
	{ "lockdown", "lockdown", INIT_OK, "[confidentiality]",
	    HAS(F("/sys/kernel/security/lockdown", "none integrity [confidentiality]\n")) },
	{ "lockdown too weak", "lockdown", INIT_FAILED, "[integrity]",
	    HAS(F("/sys/kernel/security/lockdown", "none [integrity] confidentiality\n")) },
	{ "no lockdown", "lockdown", INIT_FAILED, "no lockdown", BARE },
	{ "the image's own", "command line", INIT_OK, "own",
	    HAS(F("/proc/cmdline", RIG_COMMAND_LINE " \n")) },
	{ "one word more", "command line", INIT_FAILED, "init=/bin/sh",
	    HAS(F("/proc/cmdline", RIG_COMMAND_LINE " init=/bin/sh\n")) },
	{ "its end is missing", "command line", INIT_FAILED, "(its end)",
	    HAS(F("/proc/cmdline", "console=tty0 lockdown=confidentiality\n")) },
	{ "one character changed", "command line", INIT_FAILED, "from character 14",
	    HAS(F("/proc/cmdline", "console=tty0 Lockdown=confidentiality iommu.strict=1\n")) },
	{ "none", "command line", INIT_FAILED, "does not say", BARE },
	{ "no windows", "memory windows", INIT_OK, "no window", BARE },
	{ "kcore", "memory windows", INIT_FAILED, "/proc/kcore", HAS(F("/proc/kcore", "")) },
	{ "swap", "memory windows", INIT_FAILED, "/proc/swaps", HAS(F("/proc/swaps", "")) },
	{ "mem", "memory windows", INIT_FAILED, "/dev/mem", HAS(F("/dev/mem", "")) },
	{ "a link that leads nowhere", "memory windows", INIT_FAILED, "/dev/mem",
	    HAS(L("/dev/mem", "/nowhere")) },
	{ "registers of processors", "memory windows", INIT_FAILED, "/dev/cpu",
	    HAS(F("/dev/cpu/0/msr", "")) },
	{ "debugfs", "memory windows", INIT_FAILED, "/sys/kernel/debug",
	    HAS(F("/sys/kernel/debug/x", "")) },
	{ "all wiped", "memory wiping", INIT_OK, "when freed",
	    SAYS(DOES(SYS_syslog, log_right)) },
	{ "freed memory stays", "memory wiping", INIT_FAILED, "heap free:off",
	    SAYS(DOES(SYS_syslog, log_free_off)) },
	{ "given memory is old", "memory wiping", INIT_FAILED, "heap alloc:off",
	    SAYS(DOES(SYS_syslog, log_alloc_off)) },
	{ "the stack is old", "memory wiping", INIT_FAILED, "stack:off",
	    SAYS(DOES(SYS_syslog, log_stack_off)) },
	{ "a log that lost its beginning", "memory wiping", INIT_NOTE, "lost",
	    SAYS(DOES(SYS_syslog, log_cut)) },
	{ "a log that cannot be read", "memory wiping", INIT_FAILED, "cannot be read",
	    SAYS(FAILS(SYS_syslog, EPERM)) },
	{ "none of the doors", "system calls", INIT_OK, "not there", BARE },
	{ "io_uring", "system calls", INIT_FAILED, "io_uring_setup()",
	    SAYS(FAILS(SYS_io_uring_setup, EFAULT)) },
	{ "kexec that is only forbidden", "system calls", INIT_FAILED, "kexec_load()",
	    SAYS(FAILS(SYS_kexec_load, EPERM)) },
	{ "the last door", "system calls", INIT_FAILED, "open_by_handle_at()",
	    SAYS(GIVES(SYS_open_by_handle_at, 3)) },
	{ "no pseudo-terminals", "pseudo-terminals", INIT_OK, "none", BARE },
	{ "pseudo-terminals", "pseudo-terminals", INIT_FAILED, "/dev/ptmx",
	    HAS(F("/dev/ptmx", "")) },
	{ "no sleep", "sleep", INIT_OK, "neither", BARE },
	{ "an empty list", "sleep", INIT_OK, "neither", HAS(F("/sys/power/state", "\n")) },
	{ "suspend", "sleep", INIT_FAILED, "freeze mem",
	    HAS(F("/sys/power/state", "freeze mem\n")) },
	{ "hibernation", "sleep", INIT_FAILED, "to disk",
	    HAS(F("/sys/power/disk", "[platform]\n")) },
	{ "no user namespaces", "user namespaces", INIT_OK, "none",
	    SAYS(FAILS(SYS_unshare, EINVAL)) },
	{ "user namespaces", "user namespaces", INIT_FAILED, "make its own",
	    SAYS(GIVES(SYS_unshare, 0)) },
	{ "user namespaces, all used up", "user namespaces", INIT_FAILED, "knows them",
	    SAYS(FAILS(SYS_unshare, ENOSPC)) },
	{ "forbidden", "debugging", INIT_OK, "forbidden", SAYS(FAILS(SYS_ptrace, EPERM)) },
	{ "a debugger works", "debugging", INIT_FAILED, "look into",
	    SAYS(GIVES(SYS_ptrace, 0)) },
	{ "a debugger fails for another reason", "debugging", INIT_FAILED, "not forbidden",
	    SAYS(FAILS(SYS_ptrace, ESRCH)) },
	{ "all as set", "kernel switches", INIT_OK, "as set",
	    HAS(SWITCHES_RIGHT, F("/proc/sys/dev/tty/ldisc_autoload", "0\n")) },
	{ "one missing", "kernel switches", INIT_FAILED, "ldisc_autoload is not there",
	    HAS(SWITCHES_RIGHT) },
	{ "one that sprang back", "kernel switches", INIT_FAILED, "is 1, not 0",
	    HAS(SWITCHES_RIGHT, F("/proc/sys/dev/tty/ldisc_autoload", "1\n")) },
	{ "untainted", "kernel taint", INIT_OK, "none",
	    HAS(F("/proc/sys/kernel/tainted", "0\n")) },
	{ "firmware bug", "kernel taint", INIT_NOTE, "2048",
	    HAS(F("/proc/sys/kernel/tainted", "2048\n")) },
	{ "a module by force", "kernel taint", INIT_FAILED, "4098",
	    HAS(F("/proc/sys/kernel/tainted", "4098\n")) },
	{ "no number", "kernel taint", INIT_FAILED, "",
	    HAS(F("/proc/sys/kernel/tainted", "0x")) },
	{ "silence", "kernel taint", INIT_FAILED, "does not say", BARE },
};

int
main(void)
{
	return rig_run(init_kernel_rules, rows, SN_NITEMS(rows), "init kernel");
}
