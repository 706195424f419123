#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "appliance/jail/priv.h"

#include "appliance/base/file.h"

/* What each version adds; a right that is handled and never granted is denied. */
static const struct abi_row {
	long abi;
	uint64_t fs, net, scoped;
} abi_rows[] = {
	{ 1, (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1, 0, 0 },
	{ 2, LANDLOCK_ACCESS_FS_REFER, 0, 0 },
	{ 3, LANDLOCK_ACCESS_FS_TRUNCATE, 0, 0 },
	{ 4, 0, LANDLOCK_ACCESS_NET_BIND_TCP | LANDLOCK_ACCESS_NET_CONNECT_TCP, 0 },
	{ 5, LANDLOCK_ACCESS_FS_IOCTL_DEV, 0, 0 },
	{ 6, 0, 0, LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | LANDLOCK_SCOPE_SIGNAL },
};

static struct landlock_ruleset_attr
ruleset(const struct jail_policy *p, long abi)
{
	struct landlock_ruleset_attr attr = { 0 };

	for (size_t i = 0; i < SN_NITEMS(abi_rows) && abi_rows[i].abi <= abi; i++) {
		attr.handled_access_fs |= abi_rows[i].fs;
		attr.handled_access_net |= abi_rows[i].net;
		attr.scoped |= abi_rows[i].scoped;
	}
	/* a child that was started before is an outsider */
	if (p->child != 0)
		attr.scoped &= ~(uint64_t)LANDLOCK_SCOPE_SIGNAL;
	return attr;
}

/* Read all below the root directory, write below the folders that are given. */
static enum sn_err
grant(const struct jail_policy *p, int rules, struct sn_why *why)
{
	SN_CLEANUP(sn_fd_done) int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct landlock_path_beneath_attr rule = {
		.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
		.parent_fd = root,
	};

	for (size_t i = 0; i <= p->files->nwritable; i++) {
		if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule,
			0) != 0)
			return sn_fail(why, SN_E_INTERNAL, "%s: Landlock rule: %s", p->name,
			    strerror(errno));
		if (i < p->files->nwritable)
			rule = (struct landlock_path_beneath_attr){
				LANDLOCK_ACCESS_FS_WRITE_FILE,
				p->files->writable[i],
			};
	}
	return SN_OK;
}

enum sn_err
jail_landlock(const struct jail_policy *p, bool demanded, struct sn_why *why)
{
	long abi =
	    syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	struct landlock_ruleset_attr attr;
	SN_CLEANUP(sn_fd_done) int rules = -1;

	/* the kernel is older, was built without it, or was started without it */
	if (abi < 0 && !demanded && (errno == ENOSYS || errno == EOPNOTSUPP))
		return SN_OK;
	if (abi < 1)
		return sn_fail(why, SN_E_INTERNAL, "%s: Landlock: %s", p->name,
		    strerror(errno));
	attr = ruleset(p, abi);
	rules = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (rules < 0)
		return sn_fail(why, SN_E_INTERNAL, "%s: Landlock ruleset: %s", p->name,
		    strerror(errno));
	if (p->files != NULL)
		SN_TRY(grant(p, rules, why));
	if (syscall(SYS_landlock_restrict_self, rules, 0) != 0)
		return sn_fail(why, SN_E_INTERNAL, "%s: Landlock: %s", p->name,
		    strerror(errno));
	return SN_OK;
}
