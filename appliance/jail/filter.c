#include "appliance/jail/priv.h"

#if defined(SN_IMAGE) || defined(__SANITIZE_ADDRESS__)

/* The image's kernel has no filters; the sanitizer's runtime reads files as it likes. */
enum sn_err
jail_filter(const struct jail_policy *p SN_UNUSED, struct sn_why *why SN_UNUSED)
{
	return SN_OK;
}

#else

#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

/* Who may: everyone; who has a child, with that as the first argument. */
enum call_group { CALL_ALL, CALL_CHILD };

/* Argument n of the call, under the mask, is value. */
struct call_arg {
	unsigned int n;
	uint64_t mask, value;
};

static const struct call_row {
	int number;
	enum call_group group;
	bool checked;
	struct call_arg arg;
} call_rows[] = {
	/* pipes, the device, standard error */
	{ SCMP_SYS(read), CALL_ALL, false, { 0 } },
	{ SCMP_SYS(write), CALL_ALL, false, { 0 } },
	{ SCMP_SYS(writev), CALL_ALL, false, { 0 } },
	{ SCMP_SYS(poll), CALL_ALL, false, { 0 } },
	{ SCMP_SYS(close), CALL_ALL, false, { 0 } },
	{ SCMP_SYS(fstat), CALL_ALL, false, { 0 } }, /* stdio, at the first write */
	{ SCMP_SYS(ioctl), CALL_ALL, true, { 1, UINT32_MAX, TCGETS } }, /* isatty() */
	/* memory, never executable */
	{ SCMP_SYS(mmap), CALL_ALL, true, { 2, PROT_EXEC, 0 } },
	{ SCMP_SYS(mprotect), CALL_ALL, true, { 2, PROT_EXEC, 0 } },
	{ SCMP_SYS(munmap), CALL_ALL, false, { 0 } },
	{ SCMP_SYS(mremap), CALL_ALL, false, { 0 } },
	{ SCMP_SYS(brk), CALL_ALL, false, { 0 } },
	{ SCMP_SYS(madvise), CALL_ALL, false, { 0 } },
	{ SCMP_SYS(mlock), CALL_ALL, false, { 0 } },
	{ SCMP_SYS(mlock2), CALL_ALL, false, { 0 } },
	{ SCMP_SYS(munlock), CALL_ALL, false, { 0 } },
	/* chance, time, locks */
	{ SCMP_SYS(getrandom), CALL_ALL, false, { 0 } },
	{ SCMP_SYS(clock_gettime), CALL_ALL, false, { 0 } },
	{ SCMP_SYS(gettimeofday), CALL_ALL, false, { 0 } },
	{ SCMP_SYS(time), CALL_ALL, false, { 0 } },
	{ SCMP_SYS(clock_nanosleep), CALL_ALL, false, { 0 } },
	{ SCMP_SYS(restart_syscall), CALL_ALL, false, { 0 } },
	{ SCMP_SYS(futex), CALL_ALL, false, { 0 } },
	/* itself */
	{ SCMP_SYS(getpid), CALL_ALL, false, { 0 } },
	{ SCMP_SYS(getppid), CALL_ALL, false, { 0 } },
	{ SCMP_SYS(gettid), CALL_ALL, false, { 0 } },
	{ SCMP_SYS(rt_sigaction), CALL_ALL, false, { 0 } },
	{ SCMP_SYS(rt_sigprocmask), CALL_ALL, false, { 0 } },
	{ SCMP_SYS(rt_sigpending), CALL_ALL, false, { 0 } },
	{ SCMP_SYS(rt_sigtimedwait), CALL_ALL, false, { 0 } },
	{ SCMP_SYS(rt_sigreturn), CALL_ALL, false, { 0 } },
	{ SCMP_SYS(exit), CALL_ALL, false, { 0 } },
	{ SCMP_SYS(exit_group), CALL_ALL, false, { 0 } },
	/* softtpm's end */
	{ SCMP_SYS(wait4), CALL_CHILD, false, { 0 } },
	{ SCMP_SYS(kill), CALL_CHILD, true, { 1, UINT32_MAX, SIGKILL } },
};

static void
filter_done(scmp_filter_ctx *c)
{
	if (*c != NULL)
		seccomp_release(*c);
}

static enum sn_err
filter_add(scmp_filter_ctx c, const struct jail_policy *p, const struct call_row *row,
    struct sn_why *why)
{
	struct scmp_arg_cmp cmp[2];
	unsigned int n = 0;
	int rc;

	if (row->group == CALL_CHILD)
		cmp[n++] = (struct scmp_arg_cmp){ 0, SCMP_CMP_EQ, (scmp_datum_t)p->child, 0 };
	if (row->checked)
		cmp[n++] = (struct scmp_arg_cmp){ row->arg.n, SCMP_CMP_MASKED_EQ, row->arg.mask,
			row->arg.value };
	rc = seccomp_rule_add_array(c, SCMP_ACT_ALLOW, row->number, n, cmp);
	if (rc != 0)
		return sn_fail(why, SN_E_INTERNAL, "%s: system call %d: %s", p->name,
		    row->number, strerror(-rc));
	return SN_OK;
}

enum sn_err
jail_filter(const struct jail_policy *p, struct sn_why *why)
{
	SN_CLEANUP(filter_done) scmp_filter_ctx c = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int rc;

	if (c == NULL)
		return sn_fail(why, SN_E_NOMEM, "%s: filter of system calls", p->name);
	rc = seccomp_attr_set(c, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (rc != 0)
		return sn_fail(why, SN_E_INTERNAL, "%s: filter of system calls: %s", p->name,
		    strerror(-rc));
	for (size_t i = 0; i < SN_NITEMS(call_rows); i++)
		if (call_rows[i].group == CALL_ALL || p->child > 0)
			SN_TRY(filter_add(c, p, &call_rows[i], why));
	rc = seccomp_load(c);
	if (rc != 0)
		return sn_fail(why, SN_E_INTERNAL, "%s: filter of system calls: %s", p->name,
		    strerror(-rc));
	return SN_OK;
}

#endif
