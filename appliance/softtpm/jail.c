#include "appliance/softtpm/jail.h"

#include <errno.h>
#include <linux/landlock.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define JAIL_MEMORY (128UL << 20)
#define JAIL_STDERR (1UL << 20) /* standard error may be a file */

/* What each Landlock version adds; a right that is handled and never granted is denied. */
static const struct jail_abi {
	long abi;
	uint64_t fs, net, scoped;
} jail_abis[] = {
	{ 1, (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1, 0, 0 },
	{ 2, LANDLOCK_ACCESS_FS_REFER, 0, 0 },
	{ 3, LANDLOCK_ACCESS_FS_TRUNCATE, 0, 0 },
	{ 4, 0, LANDLOCK_ACCESS_NET_BIND_TCP | LANDLOCK_ACCESS_NET_CONNECT_TCP, 0 },
	{ 5, LANDLOCK_ACCESS_FS_IOCTL_DEV, 0, 0 },
	{ 6, 0, 0, LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | LANDLOCK_SCOPE_SIGNAL },
};

/* Descriptors that are open stay usable: the limit is on new ones. */
static const struct jail_limit {
	__rlimit_resource_t which;
	rlim_t value;
	const char *what;
} jail_limits[] = {
	{ RLIMIT_CORE, 0, "core files" },
	{ RLIMIT_FSIZE, JAIL_STDERR, "file sizes" },
	{ RLIMIT_NPROC, 0, "children" },
	{ RLIMIT_NOFILE, 0, "new files" },
#if !defined(__SANITIZE_ADDRESS__)
	{ RLIMIT_AS, JAIL_MEMORY, "memory" },
#endif
};

static enum sn_err
jail_landlock(struct sn_why *why)
{
	struct landlock_ruleset_attr attr = { 0 };
	long abi =
	    syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	int fd;
	long rc;

	if (abi < 1)
		return SN_OK; /* an older kernel, or one started without it */
	for (size_t i = 0; i < SN_NITEMS(jail_abis); i++) {
		if (jail_abis[i].abi > abi)
			break;
		attr.handled_access_fs |= jail_abis[i].fs;
		attr.handled_access_net |= jail_abis[i].net;
		attr.scoped |= jail_abis[i].scoped;
	}
	fd = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (fd < 0)
		return sn_fail(why, SN_E_INTERNAL, "Landlock ruleset: %s", strerror(errno));
	rc = syscall(SYS_landlock_restrict_self, fd, 0);
	close(fd);
	if (rc != 0)
		return sn_fail(why, SN_E_INTERNAL, "Landlock: %s", strerror(errno));
	return SN_OK;
}

#if defined(__SANITIZE_ADDRESS__)
/* The leak check traces this process, which the jail does not allow. */
int __lsan_is_turned_off(void);

int
__lsan_is_turned_off(void)
{
	return 1;
}
#endif

enum sn_err
jail_enter(struct sn_why *why)
{
	umask(077);
	if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return sn_fail(why, SN_E_INTERNAL, "signals: %s", strerror(errno));
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return sn_fail(why, SN_E_INTERNAL, "prctl: %s", strerror(errno));
	/* the ruleset needs a descriptor, so it comes before the limits */
	SN_TRY(jail_landlock(why));
	for (size_t i = 0; i < SN_NITEMS(jail_limits); i++) {
		const struct rlimit limit = { jail_limits[i].value, jail_limits[i].value };

		if (setrlimit(jail_limits[i].which, &limit) != 0)
			return sn_fail(why, SN_E_INTERNAL, "limit on %s: %s",
			    jail_limits[i].what, strerror(errno));
	}
	return SN_OK;
}
