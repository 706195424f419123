#include "appliance/init/setup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "appliance/init/init.h"
#include "appliance/jail/jail.h"

#define NOTHING_RUNS (MS_NOSUID | MS_NODEV | MS_NOEXEC)

static const struct mount_row {
	const char *type, *where, *options;
	unsigned long flags;
	bool optional;
} mounts[] = {
	{ "proc", "/proc", NULL, NOTHING_RUNS, false },
	{ "sysfs", "/sys", NULL, NOTHING_RUNS, false }, /* see read_only_sys() */
	{ "devtmpfs", "/dev", "mode=0755", MS_NOSUID | MS_NOEXEC, false },
	{ "securityfs", "/sys/kernel/security", NULL, NOTHING_RUNS | MS_RDONLY, false },
	{ "efivarfs", "/sys/firmware/efi/efivars", NULL, NOTHING_RUNS | MS_RDONLY, true },
	{ "tmpfs", "/run", "mode=0700,size=128m", NOTHING_RUNS, false },
};

static const char *const folders[] = { INIT_RUN_DIR, INIT_MEDIA_DIR, JAIL_EMPTY_DIR };
/* The root that the other processes retire to: nothing in it, nothing can be put there. */
static const struct mount_row empty_root = { "tmpfs", JAIL_EMPTY_DIR, "mode=0555,nr_inodes=1",
	NOTHING_RUNS | MS_RDONLY, false };

const struct init_switch init_switches[] = {
	{ "/proc/sys/kernel/yama/ptrace_scope", "3" },
	{ "/proc/sys/kernel/kptr_restrict", "2" },
	{ "/proc/sys/kernel/dmesg_restrict", "1" },
	{ "/proc/sys/kernel/perf_event_paranoid", "3" },
	{ "/proc/sys/kernel/ctrl-alt-del", "0" },
	{ "/proc/sys/fs/suid_dumpable", "0" },
	{ "/proc/sys/fs/protected_symlinks", "1" },
	{ "/proc/sys/fs/protected_hardlinks", "1" },
	{ "/proc/sys/dev/tty/ldisc_autoload", "0" },
};
const size_t init_nswitches = SN_NITEMS(init_switches);

static enum sn_err
write_switch(const char *path, const char *value, struct sn_why *why)
{
	size_t n = strlen(value);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t written = fd >= 0 ? write(fd, value, n) : -1;
	int reason = errno;

	if (fd >= 0)
		close(fd);
	if (written != (ssize_t)n)
		return sn_fail(why, SN_E_IO, "%s: %s", path, strerror(reason));
	return SN_OK;
}

static enum sn_err
mount_one(const struct mount_row *m, struct sn_why *why)
{
	if (mount(m->type, m->where, m->type, m->flags, m->options) != 0 && !m->optional)
		return sn_fail(why, SN_E_IO, "%s: %s", m->where, strerror(errno));
	return SN_OK;
}

/*
 * The file system itself stays writable, for the USB guard, which takes the flag off in
 * its own view of the mounts; everybody else has only this mount.
 */
static enum sn_err
read_only_sys(struct sn_why *why)
{
	if (mount(NULL, "/sys", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | NOTHING_RUNS, NULL) !=
	    0)
		return sn_fail(why, SN_E_IO, "/sys: %s", strerror(errno));
	return SN_OK;
}

enum sn_err
init_setup(struct sn_why *why)
{
	static const struct rlimit no_core = { 0, 0 };

	umask(077);
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || setrlimit(RLIMIT_CORE, &no_core) != 0)
		return sn_fail(why, SN_E_IO, "core files: %s", strerror(errno));
	for (size_t i = 0; i < SN_NITEMS(mounts); i++) {
		const struct mount_row *m = &mounts[i];

		if (mount(m->type, m->where, m->type, m->flags, m->options) != 0 &&
		    !m->optional)
			return sn_fail(why, SN_E_IO, "%s: %s", m->where, strerror(errno));
	}
	SN_TRY(read_only_sys(why));
	for (size_t i = 0; i < SN_NITEMS(folders); i++)
		if (mkdir(folders[i], 0700) != 0)
			return sn_fail(why, SN_E_IO, "%s: %s", folders[i], strerror(errno));
	SN_TRY(mount_one(&empty_root, why));
	for (size_t i = 0; i < init_nswitches; i++)
		SN_TRY(write_switch(init_switches[i].path, init_switches[i].value, why));
	if (mount(NULL, "/", NULL, MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL) != 0)
		return sn_fail(why, SN_E_IO, "/: %s", strerror(errno));
	if (reboot(RB_DISABLE_CAD) != 0)
		return sn_fail(why, SN_E_IO, "Ctrl-Alt-Del: %s", strerror(errno));
	return SN_OK;
}

/* Pages that only a per-CPU list still holds are freed, and so wiped, by the first; the
   others let a process have nearly all of the memory. */
static const struct init_switch last_switches[] = {
	{ "/proc/sys/vm/drop_caches", "3" },
	{ "/proc/sys/vm/lowmem_reserve_ratio", "0 0 0" },
	{ "/proc/sys/vm/min_free_kbytes", "2048" },
};

void
init_putaway(void)
{
	(void)umount2("/run", MNT_DETACH);
	sync();
	for (size_t i = 0; i < SN_NITEMS(last_switches); i++)
		(void)write_switch(last_switches[i].path, last_switches[i].value, NULL);
}
