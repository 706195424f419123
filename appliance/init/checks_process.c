/* What processes are among, what they can rely on, and how they are confined. */
#include "appliance/init/look.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LOCK_BYTES (8U << 20)
#define RANDOM_WAIT_S 60
#define MOUNTS_MAX 8192

/* ---- files */

/* Every mount there may be, and what it must have; "ro" is left out where we write. */
static const struct mount_rule {
	const char *where;
	const char *options[4];
} mount_rules[] = {
	{ "/", { "ro", "nosuid", "nodev" } },
	{ "/proc", { "nosuid", "nodev", "noexec" } },
	{ "/sys", { "ro", "nosuid", "nodev", "noexec" } },
	{ "/dev", { "nosuid", "noexec" } },
	{ "/sys/kernel/security", { "ro", "nosuid", "nodev", "noexec" } },
	{ "/sys/firmware/efi/efivars", { "ro", "nosuid", "nodev", "noexec" } },
	{ "/run", { "nosuid", "nodev", "noexec" } },
	{ "/run/cornerstone/empty", { "ro", "nosuid", "nodev", "noexec" } },
};

/* One whole option of a comma-separated list? */
static bool
has_option(const char *list, const char *option)
{
	size_t n = strlen(option);

	for (const char *p = list; (p = strstr(p, option)) != NULL; p += n)
		if ((p == list || p[-1] == ',') && (p[n] == ',' || p[n] == '\0'))
			return true;
	return false;
}

static enum init_state
mount_judge(const char *where, const char *options, char detail[INIT_DETAIL])
{
	for (size_t i = 0; i < SN_NITEMS(mount_rules); i++) {
		const struct mount_rule *r = &mount_rules[i];

		if (strcmp(r->where, where) != 0)
			continue;
		for (size_t o = 0; o < SN_NITEMS(r->options) && r->options[o] != NULL; o++)
			if (!has_option(options, r->options[o]))
				return look_say(detail, INIT_FAILED, "%s is not %s", where,
				    r->options[o]);
		return INIT_OK;
	}
	return look_say(detail, INIT_FAILED, "%.80s should not be mounted", where);
}

/* The next field up to a space; the line moves behind it. */
static const char *
next_field(char **line)
{
	const char *field = strsep(line, " ");

	return field != NULL ? field : "";
}

static enum init_state
check_mounts(const struct init_machine *m, char detail[INIT_DETAIL])
{
	char text[MOUNTS_MAX], *rest = text, *line;
	unsigned int n = 0;
	bool root = false;

	(void)look_text(m, "/proc/self/mounts", text, sizeof(text));
	while ((line = strsep(&rest, "\n")) != NULL) {
		const char *where, *options;

		if (line[0] == '\0')
			continue;
		(void)next_field(&line);
		where = next_field(&line);
		(void)next_field(&line);
		options = next_field(&line);
		if (mount_judge(where, options, detail) == INIT_FAILED)
			return INIT_FAILED;
		root = root || strcmp(where, "/") == 0;
		n++;
	}
	if (!root)
		return look_say(detail, INIT_FAILED, "the kernel does not say");
	return look_say(detail, INIT_OK, "%u, as they must be", n);
}

static const char *const programs[] = { "/crosscheck", "/init", "/lib64/ld-linux-x86-64.so.2",
	"/softtpm" };
static const char *const elsewhere[] = { "/dev", "/proc", "/run", "/sys" };

static bool
listed(const char *name, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(name, list[i]) == 0)
			return true;
	return false;
}

/* One file: its name below the root and its mode. */
static enum init_state
program_judge(const char *name, mode_t mode, unsigned int *found, char detail[INIT_DETAIL])
{
	if ((mode & (S_ISUID | S_ISGID)) != 0)
		return look_say(detail, INIT_FAILED, "%.80s is setuid", name);
	if ((mode & (S_IWGRP | S_IWOTH)) != 0)
		return look_say(detail, INIT_FAILED, "%.80s can be written by others", name);
	if ((mode & (S_IXUSR | S_IXGRP | S_IXOTH)) == 0)
		return INIT_OK;
	if (!listed(name, programs, SN_NITEMS(programs)))
		return look_say(detail, INIT_FAILED, "%.80s should not be a program", name);
	(*found)++;
	return INIT_OK;
}

static void
fts_done(FTS **f)
{
	if (*f != NULL)
		fts_close(*f);
}

static enum init_state
check_programs(const struct init_machine *m, char detail[INIT_DETAIL])
{
	char root[PATH_MAX];
	char *const roots[] = { root, NULL };
	unsigned int found = 0;
	FTSENT *e;

	snprintf(root, sizeof(root), "%s/", m->root);
	SN_CLEANUP(fts_done) FTS *f = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	if (f == NULL)
		return look_say(detail, INIT_FAILED, "the files cannot be listed");
	while ((e = fts_read(f)) != NULL) {
		const char *name = e->fts_path + strlen(m->root);

		if (e->fts_info == FTS_D && listed(name, elsewhere, SN_NITEMS(elsewhere)))
			(void)fts_set(f, e, FTS_SKIP);
		if (e->fts_info == FTS_F &&
		    program_judge(name, e->fts_statp->st_mode, &found, detail) == INIT_FAILED)
			return INIT_FAILED;
		if (e->fts_info == FTS_DNR || e->fts_info == FTS_ERR || e->fts_info == FTS_NS)
			return look_say(detail, INIT_FAILED, "%.80s cannot be read", name);
	}
	if (found != SN_NITEMS(programs))
		return look_say(detail, INIT_FAILED, "%u of %zu are there", found,
		    SN_NITEMS(programs));
	return look_say(detail, INIT_OK, "three, one loader, none setuid");
}

/* Kernel threads have no program; everybody else must be this one. */
static enum init_state
check_processes(const struct init_machine *m, char detail[INIT_DETAIL])
{
	SN_CLEANUP(look_names_done) struct look_names l = look_names(m, "/proc");
	unsigned int n = 0;

	for (int i = 0; i < l.n; i++) {
		const char *name = look_name(&l, i);
		char exe[PATH_MAX];

		if (strspn(name, "0123456789") != strlen(name) ||
		    !look_attribute_link(m, "/proc", name, "exe", exe, sizeof(exe)))
			continue;
		if (strcmp(exe, "/init") != 0)
			return look_say(detail, INIT_FAILED, "process %.10s is %.80s", name,
			    exe);
		n++;
	}
	if (n == 0)
		return look_say(detail, INIT_FAILED, "the kernel does not say");
	return look_say(detail, INIT_OK, "all are this program");
}

/* ---- what processes can rely on */

static enum init_state
check_core_dumps(const struct init_machine *m, char detail[INIT_DETAIL])
{
	struct rlimit limit = { 1, 1 };

	if (look_exists(m, "/proc/sys/kernel/core_pattern"))
		return look_say(detail, INIT_FAILED, "the kernel can write them");
	if (m->call(SYS_prctl, PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
		return look_say(detail, INIT_FAILED, "this process may be dumped");
	if (m->call(SYS_prlimit64, 0, RLIMIT_CORE, 0, (long)&limit, 0) != 0 ||
	    limit.rlim_cur != 0 || limit.rlim_max != 0)
		return look_say(detail, INIT_FAILED, "this process may write them");
	return look_say(detail, INIT_OK, "none");
}

static enum init_state
check_locked_memory(const struct init_machine *m, char detail[INIT_DETAIL])
{
	void *p =
	    mmap(NULL, LOCK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool ok = p != MAP_FAILED && m->call(SYS_mlock, (long)p, LOCK_BYTES, 0, 0, 0) == 0;

	if (p != MAP_FAILED)
		munmap(p, LOCK_BYTES);
	return look_say(detail, ok ? INIT_OK : INIT_FAILED, "%u KiB%s", LOCK_BYTES / 1024,
	    ok ? "" : " cannot be locked");
}

static enum init_state
check_random(const struct init_machine *m, char detail[INIT_DETAIL])
{
	static const struct timespec pause = { 0, 100000000 };
	uint8_t byte;

	for (int i = 0; i < RANDOM_WAIT_S * 10; i++) {
		if (m->call(SYS_getrandom, (long)&byte, 1, GRND_NONBLOCK, 0, 0) == 1)
			return look_say(detail, INIT_OK, "the kernel's generator is seeded");
		(void)m->call(SYS_nanosleep, (long)&pause, 0, 0, 0, 0);
	}
	return look_say(detail, INIT_FAILED, "the kernel's generator is not seeded after %d s",
	    RANDOM_WAIT_S);
}

/* ---- confinement */

static enum init_state
check_landlock(const struct init_machine *m, char detail[INIT_DETAIL])
{
	long abi =
	    m->call(SYS_landlock_create_ruleset, 0, 0, LANDLOCK_CREATE_RULESET_VERSION, 0, 0);

	if (abi < 1)
		return look_say(detail, INIT_FAILED, "not there: %s", strerror(errno));
	return look_say(detail, INIT_OK, "version %ld", abi);
}

/* Run fn in a child of its own; its wait status, or -1. */
static int
apart(int (*fn)(const struct init_machine *m), const struct init_machine *m)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(fn(m));
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return pid > 0 ? status : -1;
}

/* Returns at all only when the kernel does not keep its word. */
static int
seccomp_child(const struct init_machine *m)
{
	if (m->call(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0) != 0)
		return 2;
	(void)m->call(SYS_getppid, 0, 0, 0, 0, 0);
	return 1;
}

static enum init_state
check_seccomp(const struct init_machine *m, char detail[INIT_DETAIL])
{
	int status = apart(seccomp_child, m);

	if (status != -1 && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return look_say(detail, INIT_OK, "strict mode kills");
	if (status != -1 && WIFEXITED(status) && WEXITSTATUS(status) == 2)
		return look_say(detail, INIT_FAILED, "not there");
	return look_say(detail, INIT_FAILED, "strict mode does not kill");
}

/* What a process in the keeper's jail must not be able to do. */
static const struct deed {
	long number, a, b, c;
	const char *what;
} deeds[] = {
	{ SYS_openat, AT_FDCWD, (long)"/", O_RDONLY | O_DIRECTORY, "open a folder" },
	{ SYS_mkdirat, AT_FDCWD, (long)"/x", 0700, "make a folder" },
	{ SYS_mount, (long)"proc", (long)"/", (long)"proc", "mount" },
	{ SYS_kill, 1, 0, 0, "send a signal to the first process" },
	{ SYS_ptrace, PTRACE_SEIZE, 1, 0, "look into the first process" },
	{ SYS_setuid, 0, 0, 0, "become root" },
	{ SYS_chroot, (long)"/", 0, 0, "change its root" },
	{ SYS_reboot, 0, 0, 0, "switch the machine off" },
	{ SYS_fork, 0, 0, 0, "start another process" },
};
#define DEEDS_BASE 10 /* exit statuses from here on: a deed that was done */

static int
confined_child(const struct init_machine *m)
{
	struct sn_why why = { 0 };

	if (m->confine(&why) != SN_OK)
		return 1;
	for (size_t i = 0; i < SN_NITEMS(deeds); i++)
		if (m->call(deeds[i].number, deeds[i].a, deeds[i].b, deeds[i].c, 0, 0) != -1)
			return DEEDS_BASE + (int)i;
	return 0;
}

static enum init_state
check_confinement(const struct init_machine *m, char detail[INIT_DETAIL])
{
	int status = apart(confined_child, m), exit;

	if (status == -1 || !WIFEXITED(status))
		return look_say(detail, INIT_FAILED, "a confined process breaks off");
	exit = WEXITSTATUS(status);
	if (exit >= DEEDS_BASE && exit < DEEDS_BASE + (int)SN_NITEMS(deeds))
		return look_say(detail, INIT_FAILED, "a confined process can %s",
		    deeds[exit - DEEDS_BASE].what);
	if (exit != 0)
		return look_say(detail, INIT_FAILED, "a process cannot be confined");
	return look_say(detail, INIT_OK, "user, root, Landlock, limits");
}

const struct init_rule init_process_rules[] = {
	{ "mounts", check_mounts, false },
	{ "programs", check_programs, false },
	{ "processes", check_processes, false },
	{ "core dumps", check_core_dumps, false },
	{ "locked memory", check_locked_memory, false },
	{ "random generator", check_random, false },
	{ "landlock", check_landlock, false },
	{ "seccomp", check_seccomp, false },
	{ "confinement", check_confinement, false },
	{ NULL, NULL, false },
};
