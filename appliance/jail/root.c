#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "appliance/jail/priv.h"

#define LOCKED_MAX (64U << 20) /* for locking after the user is not root */

static enum sn_err
enter_empty(const char *empty, struct sn_why *why)
{
	struct statvfs fs;

	if (chdir(empty) != 0 || statvfs(".", &fs) != 0)
		return sn_fail(why, SN_E_INTERNAL, "%s: %s", empty, strerror(errno));
	if ((fs.f_flag & ST_RDONLY) == 0)
		return sn_fail(why, SN_E_INTERNAL, "%s: not mounted read-only", empty);
	if (chroot(".") != 0)
		return sn_fail(why, SN_E_INTERNAL, "%s: %s", empty, strerror(errno));
	return SN_OK;
}

/* A change of user forgets the signal for the parent's death. */
static enum sn_err
follow_parent(pid_t parent, int death, struct sn_why *why)
{
	if (prctl(PR_SET_PDEATHSIG, death, 0, 0, 0) != 0)
		return sn_fail(why, SN_E_INTERNAL, "signal: %s", strerror(errno));
	if (death != 0 && getppid() != parent)
		return sn_fail(why, SN_E_PROTO, "the parent process is gone");
	return SN_OK;
}

static enum sn_err
become(unsigned int id, struct sn_why *why)
{
	uid_t r = 0, e = 0, s = 0;

	if (id == 0)
		return sn_fail(why, SN_E_INTERNAL, "root is not a user to become");
	/* group before user: afterwards it is not allowed */
	if (setgroups(0, NULL) != 0 || setresgid(id, id, id) != 0 || setresuid(id, id, id) != 0)
		return sn_fail(why, SN_E_INTERNAL, "user %u: %s", id, strerror(errno));
	if (getresuid(&r, &e, &s) != 0 || r != id || e != id || s != id ||
	    setresuid((uid_t)-1, 0, (uid_t)-1) == 0)
		return sn_fail(why, SN_E_INTERNAL, "user %u: root is still there", id);
	return SN_OK;
}

/*
 * Only root may lock without limit. What is locked stays so; as locking later on is
 * fatal where it fails, a limit that cannot be raised far enough is no failure here.
 */
static enum sn_err
may_lock(struct sn_why *why)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_MEMLOCK, &l) != 0)
		return sn_fail(why, SN_E_INTERNAL, "limit on locked memory: %s",
		    strerror(errno));
	if (l.rlim_max < LOCKED_MAX &&
	    setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){ LOCKED_MAX, LOCKED_MAX }) == 0)
		return SN_OK;
	l.rlim_cur = l.rlim_max;
	if (setrlimit(RLIMIT_MEMLOCK, &l) != 0)
		return sn_fail(why, SN_E_INTERNAL, "limit on locked memory: %s",
		    strerror(errno));
	return SN_OK;
}

enum sn_err
jail_leave_root(const char *empty, unsigned int id, struct sn_why *why)
{
	const pid_t parent = getppid();
	int death = 0;

	if (prctl(PR_GET_PDEATHSIG, &death, 0, 0, 0) != 0)
		return sn_fail(why, SN_E_INTERNAL, "signal: %s", strerror(errno));
	SN_TRY(may_lock(why));
	SN_TRY(enter_empty(empty, why));
	SN_TRY(become(id, why));
	return follow_parent(parent, death, why);
}

/* All capabilities but those over the modes of files are given up, for good. */
static enum sn_err
keep_files(struct sn_why *why)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	const uint32_t bit = 1U << CAP_DAC_OVERRIDE;
	struct __user_cap_data_struct data[2] = { { bit, bit, 0 }, { 0, 0, 0 } }, left[2];

	if (syscall(SYS_capset, &head, data) != 0 || syscall(SYS_capget, &head, left) != 0)
		return sn_fail(why, SN_E_INTERNAL, "capabilities: %s", strerror(errno));
	if (left[0].effective != bit || left[0].permitted != bit || left[1].effective != 0 ||
	    left[1].permitted != 0)
		return sn_fail(why, SN_E_INTERNAL, "capabilities are still there");
	return SN_OK;
}

enum sn_err
jail_keep_root(const char *root, unsigned int id, struct sn_why *why)
{
	const pid_t parent = getppid();
	int death = 0;

	if (prctl(PR_GET_PDEATHSIG, &death, 0, 0, 0) != 0 ||
	    prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0)
		return sn_fail(why, SN_E_INTERNAL, "signal: %s", strerror(errno));
	if (chdir(root) != 0 || chroot(".") != 0)
		return sn_fail(why, SN_E_INTERNAL, "%s: %s", root, strerror(errno));
	SN_TRY(become(id, why));
	SN_TRY(keep_files(why));
	return follow_parent(parent, death, why);
}
