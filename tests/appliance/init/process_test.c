/* Files, neighbours, memory and confinement that are not as they must be. */
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "tests/appliance/init/rig.h"

#define ROOT "rootfs / rootfs ro,nosuid,nodev,size=1k 0 0\n"
#define MOUNTS                                                                                 \
	ROOT "proc /proc proc rw,nosuid,nodev,noexec,relatime 0 0\n"                           \
	     "sysfs /sys sysfs ro,nosuid,nodev,noexec 0 0\n"                                   \
	     "devtmpfs /dev devtmpfs rw,nosuid,noexec,size=4k 0 0\n"                           \
	     "tmpfs /run tmpfs rw,nosuid,nodev,noexec,size=131072k 0 0\n"                      \
	     "tmpfs /run/cornerstone/empty tmpfs ro,nosuid,nodev,noexec,nr_inodes=1 0 0\n"

#define X(path_) { .path = path_, .text = "", .mode = 0555 }
#define R(path_) { .path = path_, .text = "", .mode = 0444 }
#define PROGRAMS X("/init"), X("/crosscheck"), X("/softtpm"), X("/lib64/ld-linux-x86-64.so.2")
#define LIBRARY R("/lib/x86_64-linux-gnu/libc.so.6")

static long
core_none(const long arg[5])
{
	*(struct rlimit *)arg[3] = (struct rlimit){ 0, 0 };
	return 0;
}

static long
core_hard_limit(const long arg[5])
{
	*(struct rlimit *)arg[3] = (struct rlimit){ 0, RLIM_INFINITY };
	return 0;
}

static long
dies(const long arg[5] SN_UNUSED)
{
	return raise(SIGKILL);
}

static const struct machine_row rows[] = {
	{ "as they must be", "mounts", INIT_OK, "6, as they",
	    HAS(F("/proc/self/mounts", MOUNTS)) },
	{ "a root that can be written", "mounts", INIT_FAILED, "/ is not ro",
	    HAS(F("/proc/self/mounts", "rootfs / rootfs rw,nosuid,nodev 0 0\n")) },
	{ "an option that only looks like one", "mounts", INIT_FAILED, "/ is not nosuid",
	    HAS(F("/proc/self/mounts", "rootfs / rootfs ro,xnosuid,nosuids,nodev 0 0\n")) },
	{ "programs can be put into memory", "mounts", INIT_FAILED, "/run is not noexec",
	    HAS(F("/proc/self/mounts", ROOT "tmpfs /run tmpfs rw,nosuid,nodev 0 0\n")) },
	{ "a disk is mounted", "mounts", INIT_FAILED, "/mnt should not",
	    HAS(F("/proc/self/mounts", MOUNTS "/dev/nvme0n1p2 /mnt ext4 ro 0 0\n")) },
	{ "an empty list", "mounts", INIT_FAILED, "does not say",
	    HAS(F("/proc/self/mounts", "\n")) },
	{ "a torn line", "mounts", INIT_FAILED, "should not",
	    HAS(F("/proc/self/mounts", "rootfs\n")) },
	{ "exactly these", "programs", INIT_OK, "none setuid",
	    HAS(PROGRAMS, LIBRARY, X("/dev/x"), X("/proc/x"), X("/sys/x"), X("/run/x")) },
	{ "a shell", "programs", INIT_FAILED, "/bin/sh should not",
	    HAS(PROGRAMS, LIBRARY, X("/bin/sh")) },
	{ "a program whose folder is not shown", "programs", INIT_FAILED, "/.x/y should not",
	    HAS(PROGRAMS, X("/.x/y")) },
	{ "a setuid file, though no program", "programs", INIT_FAILED, "setuid",
	    HAS(PROGRAMS, { .path = "/etc/x", .text = "", .mode = 04444 }) },
	{ "a library that others may write", "programs", INIT_FAILED, "by others",
	    HAS(PROGRAMS, { .path = "/lib/x", .text = "", .mode = 0666 }) },
	{ "the second checker is missing", "programs", INIT_FAILED, "3 of 4",
	    HAS(X("/init"), X("/softtpm"), X("/lib64/ld-linux-x86-64.so.2")) },
	{ "this program and kernel threads", "processes", INIT_OK, "this program",
	    HAS(L("/proc/1/exe", "/init"), F("/proc/2/comm", "kthreadd\n"),
		L("/proc/90/exe", "/init"), L("/proc/self/exe", "/elsewhere")) },
	{ "a stranger", "processes", INIT_FAILED, "process 17 is /bin/sh",
	    HAS(L("/proc/1/exe", "/init"), L("/proc/17/exe", "/bin/sh")) },
	{ "a program that was deleted", "processes", INIT_FAILED, "(deleted)",
	    HAS(L("/proc/1/exe", "/init"), L("/proc/17/exe", "/init (deleted)")) },
	{ "nobody", "processes", INIT_FAILED, "does not say", BARE },
	{ "none", "core dumps", INIT_OK, "none",
	    SAYS(GIVES(SYS_prctl, 0), DOES(SYS_prlimit64, core_none)) },
	{ "the kernel can", "core dumps", INIT_FAILED, "can write",
	    HAS(F("/proc/sys/kernel/core_pattern", "core\n")),
	    SAYS(GIVES(SYS_prctl, 0), DOES(SYS_prlimit64, core_none)) },
	{ "dumpable", "core dumps", INIT_FAILED, "dumped",
	    SAYS(GIVES(SYS_prctl, 1), DOES(SYS_prlimit64, core_none)) },
	{ "a limit that can be raised", "core dumps", INIT_FAILED, "may write",
	    SAYS(GIVES(SYS_prctl, 0), DOES(SYS_prlimit64, core_hard_limit)) },
	{ "memory can be locked", "locked memory", INIT_OK, "8192 KiB",
	    SAYS(GIVES(SYS_mlock, 0)) },
	{ "memory cannot be locked", "locked memory", INIT_FAILED, "cannot",
	    SAYS(FAILS(SYS_mlock, ENOMEM)) },
	{ "a seeded generator", "random generator", INIT_OK, "is seeded",
	    SAYS(GIVES(SYS_getrandom, 1)) },
	{ "a generator that is never seeded", "random generator", INIT_FAILED, "not seeded",
	    SAYS(FAILS(SYS_getrandom, EAGAIN)) },
	{ "landlock", "landlock", INIT_OK, "version 6",
	    SAYS(GIVES(SYS_landlock_create_ruleset, 6)) },
	{ "a kernel without landlock", "landlock", INIT_FAILED, "not there", BARE },
	{ "strict mode", "seccomp", INIT_OK, "kills",
	    SAYS(GIVES(SYS_prctl, 0), DOES(SYS_getppid, dies)) },
	{ "a kernel without seccomp", "seccomp", INIT_FAILED, "not there",
	    SAYS(FAILS(SYS_prctl, EINVAL)) },
	{ "strict mode in name only", "seccomp", INIT_FAILED, "does not kill",
	    SAYS(GIVES(SYS_prctl, 0), GIVES(SYS_getppid, 1)) },
	{ "nothing is possible", "confinement", INIT_OK, "Landlock", BARE },
	{ "a jail that cannot be entered", "confinement", INIT_FAILED, "cannot be confined",
	    BARE, .confine = SN_E_INTERNAL },
	{ "a jail with files", "confinement", INIT_FAILED, "can open a folder",
	    SAYS(GIVES(SYS_openat, 7)) },
	{ "a jail with signals", "confinement", INIT_FAILED, "can send a signal",
	    SAYS(GIVES(SYS_kill, 0)) },
	{ "a jail with children", "confinement", INIT_FAILED, "can start another",
	    SAYS(GIVES(SYS_fork, 99)) },
	{ "a jail that kills", "confinement", INIT_FAILED, "breaks off",
	    SAYS(DOES(SYS_openat, dies)) },
};

int
main(void)
{
	return rig_run(init_process_rules, rows, SN_NITEMS(rows), "init process");
}
