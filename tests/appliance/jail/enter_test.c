/* What jail_enter() leaves behind, as the kernel and the other process see it. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "appliance/base/file.h"
#include "appliance/base/frame.h"
#include "appliance/jail/jail.h"
#include "appliance/jail/priv.h"
#include "tests/lib/test.h"

#ifdef __SANITIZE_ADDRESS__
static const bool filtered = false;
#else
static const bool filtered = true;
#endif

static const char *
fresh_dir(void)
{
	static char path[256];
	static unsigned int count;

	snprintf(path, sizeof(path), "%s/%u", test_tmpdir(), count++);
	assert_int_equal(mkdir(path, 0700), 0);
	return path;
}

static int
wait_for(pid_t pid)
{
	int status = -1;

	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* ---- what /proc says about a jailed process */

struct seen_row {
	const char *name;
	enum jail_role role;
	const char *file, *line;
};

static const struct seen_row seen_rows[] = {
	{ "no new privileges", JAIL_KEEPER, "status", "NoNewPrivs:\t1\n" },
	{ "filter", JAIL_KEEPER, "status", "Seccomp:\t2\n" },
	{ "no core file", JAIL_KEEPER, "limits",
	    "Max core file size        0                    0                    bytes" },
	{ "no bytes into files", JAIL_KEEPER, "limits",
	    "Max file size             0                    0                    bytes" },
	{ "some text into files", JAIL_CROSSCHECK, "limits",
	    "Max file size             1073741824           1073741824           bytes" },
	{ "no children", JAIL_KEEPER, "limits",
	    "Max processes             0                    0                    processes" },
	{ "no descriptors", JAIL_TPM_SOFTWARE, "limits",
	    "Max open files            1                    1                    files" },
	{ "bounded memory", JAIL_SOFTTPM, "limits",
	    "Max address space         134217728            134217728            bytes" },
};

/* A jailed child that waits until stop is closed. */
static pid_t
start_waiting(enum jail_role role, int *ret_stop)
{
	int stop[2], ready[2];
	char c = 0;
	pid_t pid;

	assert_int_equal(pipe2(stop, O_CLOEXEC), 0);
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		close(stop[1]);
		close(ready[0]);
		if (jail_enter(&jail_policies[role], NULL) == SN_OK)
			(void)!write(ready[1], "x", 1);
		close(ready[1]);
		_exit(read(stop[0], &c, 1) == 0 ? 0 : 1);
	}
	close(stop[0]);
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	*ret_stop = stop[1];
	return pid;
}

static void
the_kernel_agrees(void **state)
{
	const struct seen_row *r = *state;
	char path[64], text[4096];
	int stop;
	pid_t pid;
	FILE *f;
	size_t n;

	if (!filtered &&
	    (strcmp(r->name, "filter") == 0 || strcmp(r->name, "bounded memory") == 0)) {
		print_message("not under the address sanitizer\n");
		skip();
	}
	pid = start_waiting(r->role, &stop);
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, r->file);
	f = fopen(path, "re");
	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
	close(stop);
	assert_int_equal(wait_for(pid), 0);
	assert_non_null(strstr(text, r->line));
}

static void
a_file_takes_nothing(void **state)
{
	char *path = test_format("%s/file", fresh_dir());
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	struct stat st;
	pid_t pid;

	(void)state;
	assert_true(fd >= 0);
	pid = fork();
	if (pid == 0) {
		if (jail_enter(&jail_policies[JAIL_KEEPER], NULL) != SN_OK)
			_exit(2);
		_exit(write(fd, "secret", 6) < 0 && errno == EFBIG ? 0 : 1);
	}
	assert_int_equal(wait_for(pid), 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, 0);
	close(fd);
	free(path);
}

/* ---- the one child */

struct child_row {
	const char *name;
	bool other, reap; /* the parent rather than the child; wait afterwards */
	int signal;
	bool killed;
};

static const struct child_row child_rows[] = {
	{ "is killed and reaped", false, true, SIGKILL, false },
	{ "gets no other signal", false, false, SIGTERM, true },
	{ "is the only one", true, false, SIGKILL, true },
};

static void
only_the_child(void **state)
{
	const struct child_row *r = *state;
	pid_t pid, parent = getpid();
	int status;

	if (!filtered && r->killed) {
		print_message("not under the address sanitizer\n");
		skip();
	}
	pid = fork();
	if (pid == 0) {
		struct jail_policy p = jail_policies[JAIL_TPM_SOFTWARE];
		pid_t child = fork();

		if (child == 0) {
			(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
			for (;;)
				pause();
		}
		p.child = child;
		if (child < 0 || jail_enter(&p, NULL) != SN_OK)
			_exit(2);
		if (kill(r->other ? parent : child, r->signal) != 0)
			_exit(3);
		if (r->reap && (waitpid(child, &status, 0) != child || !WIFSIGNALED(status)))
			_exit(4);
		_exit(0);
	}
	status = wait_for(pid);
	if (r->killed)
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
	else
		assert_int_equal(status, 0);
}

/* ---- the other process */

#define ROLE "--breaks-out"

/* Serves one request as a jailed process that an attacker has taken over. */
static int
breaks_out(void)
{
	struct sn_link link = { SN_CHILD_IN, SN_CHILD_OUT, 0 };
	SN_CLEANUP(sn_frame_done) struct sn_frame f = { 0 };

	if (jail_enter(&jail_policies[JAIL_KEEPER], NULL) != SN_OK ||
	    sn_frame_recv(&link, false, &f, NULL) != SN_OK)
		return 1;
	if (open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0)
		return sn_frame_send(&link, f.type, 0, BYTES_STR("out"), NULL) == SN_OK ? 0 : 1;
	return 1;
}

static void
the_client_is_told(void **state)
{
	SN_CLEANUP(sn_frame_done) struct sn_frame reply = { 0 };
	struct sn_child child = { 0 };
	struct sn_why why = { 0 };
	char self[] = "/proc/self/exe", role[] = ROLE;
	char *argv[] = { self, role, NULL };

	(void)state;
	assert_int_equal(sn_child_start(self, argv, -1, &child, &why), SN_OK);
	child.link.timeout_ms = 10000;
	assert_int_equal(sn_frame_call(&child.link, 1, BYTES_STR(""), false, &reply, &why),
	    SN_E_PROTO);
	assert_non_null(strstr(why.text, "closed its pipe"));
	sn_child_done(&child);
}

/* ---- the image's part */

#define IMAGE_ID 61001U
#define NOTHING_RUNS (MS_NOSUID | MS_NODEV | MS_NOEXEC)

enum { OK, NO_NAMESPACE = 30, REFUSED };

/* An empty file system at DIR/empty in a namespace of our own. */
static void
mount_empty(const char *dir, char *ret, size_t n, unsigned long flags)
{
	snprintf(ret, n, "%s/empty", dir);
	/* EINVAL: the build root is no mount, and in it nothing is shared */
	if (unshare(CLONE_NEWNS) != 0 ||
	    (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 && errno != EINVAL) ||
	    mkdir(ret, 0700) != 0 ||
	    mount("tmpfs", ret, "tmpfs", NOTHING_RUNS | flags, "mode=0") != 0)
		_exit(NO_NAMESPACE);
}

/* In a small user namespace there may be too few users. */
static bool
is_there(unsigned int id)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(setresgid(id, id, id) == 0 && setresuid(id, id, id) == 0 ? 0 : 1);
	return wait_for(pid) == 0;
}

static int
in_the_image(int (*fn)(const char *dir))
{
	const char *dir = fresh_dir();
	int status;
	pid_t pid;

	if (geteuid() != 0 || !is_there(IMAGE_ID)) {
		print_message("only root can leave root, and only where the user is\n");
		skip();
	}
	pid = fork();
	if (pid == 0)
		_exit(fn(dir));
	status = wait_for(pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == NO_NAMESPACE) {
		print_message("no mounts here\n");
		skip();
	}
	return WEXITSTATUS(status);
}

static bool
leave(const char *dir, unsigned int id, unsigned long flags)
{
	char empty[300];

	mount_empty(dir, empty, sizeof(empty), flags);
	return jail_leave_root(empty, id, NULL) == SN_OK;
}

static int
is_another(const char *dir)
{
	uid_t u[3];
	gid_t g[3];

	if (!leave(dir, IMAGE_ID, MS_RDONLY))
		return REFUSED;
	if (getresuid(&u[0], &u[1], &u[2]) != 0 || getresgid(&g[0], &g[1], &g[2]) != 0)
		return 1;
	for (size_t i = 0; i < 3; i++)
		if (u[i] != IMAGE_ID || g[i] != IMAGE_ID)
			return 2;
	return getgroups(0, NULL) == 0 && setresuid(0, 0, 0) != 0 && setresgid(0, 0, 0) != 0
	    ? OK
	    : 3;
}

static int
sees_nothing(const char *dir)
{
	struct stat st;

	if (!leave(dir, IMAGE_ID, MS_RDONLY))
		return REFUSED;
	if (open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC) >= 0 || stat("/etc", &st) == 0 ||
	    stat("../etc", &st) == 0 || mkdir("/new", 0700) == 0)
		return 1;
	return mount("none", "/", "tmpfs", 0, NULL) != 0 && chroot("/") != 0 ? OK : 2;
}

static int
stays_locked(const char *dir)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret s = { 0 };
	char line[200], *flags = NULL;
	/* read before and after through the same open file: there is no /proc then */
	FILE *f = fopen("/proc/self/status", "re");
	void *p;

	if (f == NULL || sn_secret_start(65536, NULL) != SN_OK ||
	    sn_secret_new(64, &s, NULL) != SN_OK || !leave(dir, IMAGE_ID, MS_RDONLY))
		return REFUSED;
	while (flags == NULL && fgets(line, sizeof(line), f) != NULL)
		flags = strncmp(line, "VmLck:", 6) == 0 ? line + 6 : NULL;
	/* the sanitizer turns mlock() into nothing */
	if (filtered && (flags == NULL || strtoul(flags, NULL, 10) < 64))
		return 1;
	p = mmap(NULL, 1U << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return p != MAP_FAILED && mlock(p, 1U << 20) == 0 ? OK : 2;
}

static int
dies_with_its_parent(const char *dir)
{
	int death = 0;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || !leave(dir, IMAGE_ID, MS_RDONLY))
		return REFUSED;
	return prctl(PR_GET_PDEATHSIG, &death, 0, 0, 0) == 0 && death == SIGKILL ? OK : 1;
}

static int
wants_no_writing(const char *dir)
{
	return leave(dir, IMAGE_ID, 0) ? 1 : OK;
}

static int
wants_no_root(const char *dir)
{
	return leave(dir, 0, MS_RDONLY) ? 1 : OK;
}

static int
wants_the_folder(const char *dir)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/none", dir);
	return jail_leave_root(path, IMAGE_ID, NULL) == SN_OK ? 1 : OK;
}

/* ---- a role that keeps files: the USB guard */

static void
made_file(const char *dir, const char *name)
{
	char path[300], *slash;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	slash = strrchr(path, '/');
	*slash = '\0';
	(void)mkdir(path, 0700);
	*slash = '/';
	f = fopen(path, "w");
	if (f != NULL)
		fclose(f);
	(void)chmod(path, 0644);
}

static bool
keep(const char *dir, bool landlock)
{
	struct jail_policy p = jail_policies[JAIL_USB];
	SN_CLEANUP(sn_fd_done) int writable = -1;
	struct jail_files files = { dir, 16, &writable, 1 };
	char path[300];

	made_file(dir, "mine/authorized");
	made_file(dir, "others/authorized");
	snprintf(path, sizeof(path), "%s/mine", dir);
	writable = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	p.files = &files;
	return writable >= 0 && jail_keep_root(dir, IMAGE_ID, NULL) == SN_OK &&
	    (!landlock ||
		(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
		    jail_landlock(&p, true, NULL) == SN_OK));
}

/* The files are root's, and it is not root; root's power over files' modes is left. */
static int
keeps_files(const char *dir)
{
	struct stat st;

	if (!keep(dir, false))
		return REFUSED;
	if (stat("/etc", &st) == 0 || getuid() != IMAGE_ID || setresuid(0, 0, 0) == 0)
		return 1;
	if (open("/mine/authorized", O_RDWR | O_CLOEXEC) < 0)
		return 2;
	return kill(getppid(), 0) != 0 && chown("/mine/authorized", IMAGE_ID, IMAGE_ID) != 0 &&
		mount("none", "/", "tmpfs", 0, NULL) != 0 && chroot("/mine") != 0
	    ? OK
	    : 3;
}

static int
writes_only_below(const char *dir)
{
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) < 1)
		return NO_NAMESPACE;
	if (!keep(dir, true))
		return REFUSED;
	if (open("/mine/authorized", O_RDWR | O_CLOEXEC) < 0 ||
	    open("/others/authorized", O_RDONLY | O_CLOEXEC) < 0)
		return 1;
	return open("/others/authorized", O_WRONLY | O_CLOEXEC) < 0 &&
		open("/mine/new", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) < 0 &&
		unlink("/mine/authorized") != 0 && rename("/mine", "/yours") != 0
	    ? OK
	    : 2;
}

struct image_row {
	const char *name;
	int (*fn)(const char *dir);
};

static const struct image_row image_rows[] = {
	{ "another user for ever", is_another },
	{ "an empty world", sees_nothing },
	{ "locked memory stays locked, and more can be", stays_locked },
	{ "dies with its parent", dies_with_its_parent },
	{ "a place to write is refused", wants_no_writing },
	{ "user 0 is refused", wants_no_root },
	{ "a missing directory is refused", wants_the_folder },
	{ "files are kept, and nothing else", keeps_files },
	{ "writes only below what is granted", writes_only_below },
};

static void
the_image(void **state)
{
	const struct image_row *r = *state;

	assert_int_equal(in_the_image(r->fn), OK);
}

/* ---- main */

#define ADD(l, fn, rows, group)                                                                \
	for (size_t i = 0; i < SN_NITEMS(rows); i++)                                           \
	test_list_add(l, fn, &(rows)[i], group ": %s", (rows)[i].name)

int
main(int argc, char **argv)
{
	struct test_list *l;

	if (argc == 2 && strcmp(argv[1], ROLE) == 0)
		return breaks_out();
	l = test_list_new();
	ADD(l, the_kernel_agrees, seen_rows, "the kernel says");
	ADD(l, only_the_child, child_rows, "the child");
	ADD(l, the_image, image_rows, "the image");
	test_list_add(l, a_file_takes_nothing, NULL, "a file takes nothing");
	if (filtered)
		test_list_add(l, the_client_is_told, NULL, "the client is told");
	return test_list_run(l, "enter");
}
