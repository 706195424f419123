#include "appliance/jail/jail.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

#include "appliance/jail/priv.h"

/*
 * Below 1 no new descriptor has a number, as 0 is in use; poll() on one descriptor
 * still works, which below 0 it would not. Descriptors that are open stay usable.
 */
#define FILES 1

#define WRITTEN_NONE 0
#define WRITTEN_TEXT (1U << 30) /* standard output or error may be a long log already */

#define MEMORY_SOFTTPM (128U << 20)

const struct jail_policy jail_policies[JAIL_ROLES] = {
	[JAIL_KEEPER] = { "keeper", 61001, 0, WRITTEN_NONE, 0, NULL },
	[JAIL_TPM_DEVICE] = { "tpm", 61002, 0, WRITTEN_NONE, 0, NULL },
	[JAIL_TPM_SOFTWARE] = { "tpm", 61002, 0, WRITTEN_NONE, 0, NULL },
	[JAIL_CROSSCHECK] = { "crosscheck", 61003, 0, WRITTEN_TEXT, 0, NULL },
	[JAIL_SOFTTPM] = { "softtpm", 61004, 0, WRITTEN_TEXT, MEMORY_SOFTTPM, NULL },
	[JAIL_USB] = { "usb", 61005, 0, WRITTEN_NONE, 0, NULL },
};

static enum sn_err
enter_limits(const struct jail_policy *p, struct sn_why *why)
{
	const struct {
		__rlimit_resource_t which;
		rlim_t value;
		const char *what;
	} limits[] = {
		{ RLIMIT_CORE, 0, "core files" },
		{ RLIMIT_FSIZE, p->written, "file sizes" },
		{ RLIMIT_NPROC, 0, "children" },
		{ RLIMIT_NOFILE, p->files != NULL ? p->files->open : FILES, "descriptors" },
#ifndef __SANITIZE_ADDRESS__ /* whose shadow has terabytes of addresses */
		{ RLIMIT_AS, p->memory != 0 ? p->memory : RLIM_INFINITY, "memory" },
#endif
	};

	for (size_t i = 0; i < SN_NITEMS(limits); i++) {
		struct rlimit limit;

		if (getrlimit(limits[i].which, &limit) != 0)
			return sn_fail(why, SN_E_INTERNAL, "%s: limit on %s: %s", p->name,
			    limits[i].what, strerror(errno));
		/* one that is lower already stays */
		if (limit.rlim_max > limits[i].value)
			limit.rlim_max = limits[i].value;
		if (limit.rlim_cur > limits[i].value)
			limit.rlim_cur = limits[i].value;
		if (setrlimit(limits[i].which, &limit) != 0)
			return sn_fail(why, SN_E_INTERNAL, "%s: limit on %s: %s", p->name,
			    limits[i].what, strerror(errno));
	}
	return SN_OK;
}

static enum sn_err
enter_flags(const struct jail_policy *p, struct sn_why *why)
{
	/* past the limit on sizes write() fails; a closed pipe is an error like others */
	if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return sn_fail(why, SN_E_INTERNAL, "%s: signals: %s", p->name, strerror(errno));
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return sn_fail(why, SN_E_INTERNAL, "%s: prctl: %s", p->name, strerror(errno));
	return SN_OK;
}

#ifdef __SANITIZE_ADDRESS__
/* The leak check at the end traces its own process, which a jail does not allow. */
static bool entered;

__attribute__((weak)) int __lsan_is_turned_off(void); /* a test may have its own */

int
__lsan_is_turned_off(void)
{
	return entered;
}
#endif

/*
 * The order: a change of user may set the dumpable flag, so flags come after it;
 * Landlock needs no_new_privs, and a descriptor, so it stands between flags and
 * limits; the filter takes away what all the others need.
 */
enum sn_err
jail_enter(const struct jail_policy *p, struct sn_why *why)
{
	tzset(); /* or the first gmtime_r(), say on a certificate, would look for a file */
#ifdef __SANITIZE_ADDRESS__
	entered = true;
#endif
#ifdef SN_IMAGE
	if (p->files != NULL)
		SN_TRY(jail_keep_root(p->files->root, p->id, why));
	else
		SN_TRY(jail_leave_root(JAIL_EMPTY_DIR, p->id, why));
	SN_TRY(enter_flags(p, why));
	SN_TRY(jail_landlock(p, true, why));
	return enter_limits(p, why);
#else
	SN_TRY(enter_flags(p, why));
	SN_TRY(jail_landlock(p, false, why));
	SN_TRY(enter_limits(p, why));
	return jail_filter(p, why);
#endif
}
