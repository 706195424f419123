/* Every role: nothing of the table of deeds can be done, and its own work still can. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <time.h>

#include "appliance/base/file.h"
#include "appliance/base/frame.h"
#include "appliance/jail/jail.h"
#include "appliance/jail/priv.h"
#include "tests/appliance/jail/deeds.h"
#include "tests/lib/test.h"

#define NOBODY 65534

/* A child's exit status. */
enum { REFUSED, COULD, NO_USER = 20, NO_JAIL, NO_LANDLOCK, BROKEN };

#ifdef __SANITIZE_ADDRESS__
static const bool filtered = false; /* the sanitizer's runtime could not live with it */
#else
static const bool filtered = true;
#endif

struct row {
	enum jail_role role;
	const struct deed *deed;
	bool as_nobody;
};

static void
prepare(void)
{
	static unsigned int count;
	int fd;

	snprintf(deed_dir, sizeof(deed_dir), "%s/%u", test_tmpdir(), count++);
	assert_int_equal(mkdir(deed_dir, 0700), 0);
	/* open to the other user, so that only the jail is in its way */
	assert_int_equal(chmod(deed_dir, 0777), 0);
	assert_int_equal(chmod(test_tmpdir(), 0755), 0);
	fd = open(deed_path("there"), O_CREAT | O_WRONLY | O_CLOEXEC, 0666);
	assert_true(fd >= 0);
	assert_int_equal(fchmod(fd, 0666), 0);
	close(fd);
	assert_int_equal(pipe(deed_pipe), 0);
	deed_parent = getpid();
}

static void
tidy(void)
{
	close(deed_pipe[0]);
	close(deed_pipe[1]);
}

/* In the child: the other user, a mount namespace to spoil, and no messages. */
static void
start(bool as_nobody)
{
	if (getuid() == 0 && unshare(CLONE_NEWNS) == 0)
		(void)mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	if (as_nobody && setresuid(NOBODY, NOBODY, NOBODY) != 0)
		_exit(NO_USER);
	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	/* after a change of user; without it the control could not trace */
	(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static int
status_of(pid_t pid)
{
	int status = -1;

	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == NO_USER) {
		print_message("there is no other user here\n");
		skip();
	}
	return status;
}

static void
assert_exit(int status, int expected)
{
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), expected);
}

static void
assert_filtered(int status)
{
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSYS);
}

/* ---- without a jail all of it works, or the tests below would show nothing */

static void
works_outside(void **state)
{
	const struct deed *d = *state;
	int status;
	pid_t pid;

	prepare();
	pid = fork();
	if (pid == 0) {
		start(false);
		_exit(d->do_it() ? 0 : errno);
	}
	tidy();
	status = status_of(pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == ENOSYS)
		return; /* this kernel has no such call (x32): nothing to take away */
	if (WIFEXITED(status) && WEXITSTATUS(status) == EPERM) {
		print_message("this user may not do it anyhow\n");
		skip();
	}
	assert_exit(status, 0);
}

/* ---- the whole jail */

static void
role_refuses(void **state)
{
	const struct row *r = *state;
	int status;
	pid_t pid;

	prepare();
	pid = fork();
	if (pid == 0) {
		start(r->as_nobody);
		if (jail_enter(&jail_policies[r->role], NULL) != SN_OK)
			_exit(NO_JAIL);
		_exit(r->deed->do_it() ? COULD : REFUSED);
	}
	tidy();
	status = status_of(pid);
	if (filtered)
		assert_filtered(status);
	else
		assert_exit(status, REFUSED);
}

/* ---- Landlock alone, as in the image */

static void
landlock_refuses(void **state)
{
	const struct row *r = *state;
	int status;
	pid_t pid;

	prepare();
	pid = fork();
	if (pid == 0) {
		struct sn_why why = { 0 };

		start(r->as_nobody);
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
			_exit(BROKEN);
		if (jail_landlock(&jail_policies[r->role], true, &why) != SN_OK)
			_exit(NO_LANDLOCK);
		_exit(r->deed->do_it() ? COULD : REFUSED);
	}
	tidy();
	status = status_of(pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == NO_LANDLOCK) {
		print_message("this kernel has no Landlock\n");
		skip();
	}
	assert_exit(status, REFUSED);
}

/* ---- what still works */

struct work {
	const char *name;
	bool (*do_it)(void);
};

static bool
work_pipe(void)
{
	struct pollfd p = { .fd = deed_pipe[0], .events = POLLIN };
	char c = 0;

	return sn_fd_write(deed_pipe[1], BYTES_STR("x"), NULL) == SN_OK &&
	    poll(&p, 1, 100) == 1 && read(deed_pipe[0], &c, 1) == 1 && c == 'x' &&
	    close(deed_pipe[0]) == 0;
}

static bool
work_closed_pipe(void)
{
	struct pollfd p = { .fd = deed_pipe[1], .events = 0 };

	/* once the parent has closed its end as well */
	return close(deed_pipe[0]) == 0 && poll(&p, 1, 5000) == 1 &&
	    sn_fd_write(deed_pipe[1], BYTES_STR("x"), NULL) != SN_OK &&
	    write(deed_pipe[1], "x", 1) < 0 && errno == EPIPE;
}

static bool
work_frames(void)
{
	struct sn_link l = { deed_pipe[0], deed_pipe[1], 1000 };
	SN_CLEANUP(sn_frame_done) struct sn_frame f = { 0 };

	return sn_frame_send(&l, 7, 0, BYTES_STR("hello"), NULL) == SN_OK &&
	    sn_frame_recv(&l, false, &f, NULL) == SN_OK && f.type == 7 && f.open.n == 5;
}

static bool
work_secrets(void)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret s = { 0 };
	bool ok = sn_secret_new(64, &s, NULL) == SN_OK &&
	    sn_secret_append(&s, BYTES_STR("more"), NULL) == SN_OK && s.n == 68;

	sn_secret_done(&s);
	sn_secret_stop();
	return ok;
}

static bool
work_lock(void)
{
	void *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p != MAP_FAILED && mlock(p, 8192) == 0 && mprotect(p, 4096, PROT_NONE) == 0 &&
	    madvise(p, 8192, MADV_DONTDUMP) == 0 && munlock(p, 8192) == 0 &&
	    munmap(p, 8192) == 0;
}

static bool
work_heap(void)
{
	size_t n = 8U << 20;
	char *p = malloc(n), *q = NULL;

	if (p != NULL) {
		memset(p, 1, n);
		q = realloc(p, 2 * n);
	}
	free(q != NULL ? q : p);
	return q != NULL;
}

static bool
work_random(void)
{
	uint8_t b[32];

	return getrandom(b, sizeof(b), 0) == sizeof(b) && getentropy(b, sizeof(b)) == 0;
}

static bool
work_clock(void)
{
	const struct timespec ms = { 0, 1000000 };
	struct timespec ts;

	return clock_gettime(CLOCK_MONOTONIC, &ts) == 0 &&
	    syscall(SYS_clock_gettime, CLOCK_REALTIME, &ts) == 0 && nanosleep(&ms, NULL) == 0;
}

static bool
work_message(void)
{
	return isatty(1) >= 0 && fprintf(stderr, "# a message to standard error\n") > 0 &&
	    fflush(stderr) == 0;
}

static bool
work_exit(void)
{
	exit(COULD);
}

static const struct work works[] = {
	{ "a pipe", work_pipe },
	{ "a closed pipe", work_closed_pipe },
	{ "frames", work_frames },
	{ "secrets from before", work_secrets },
	{ "locking more memory", work_lock },
	{ "heap", work_heap },
	{ "random bytes", work_random },
	{ "clocks", work_clock },
	{ "a message", work_message },
	{ "the usual exit", work_exit },
};

struct work_row {
	enum jail_role role;
	const struct work *work;
	bool as_nobody;
};

static void
role_works(void **state)
{
	const struct work_row *r = *state;
	int status;
	pid_t pid;

	prepare();
	pid = fork();
	if (pid == 0) {
		start(r->as_nobody);
		/* a message goes to a pipe: a file may be too long already */
		if (sn_secret_start(65536, NULL) != SN_OK || dup2(deed_pipe[1], 2) != 2 ||
		    jail_enter(&jail_policies[r->role], NULL) != SN_OK)
			_exit(NO_JAIL);
		_exit(r->work->do_it() ? COULD : REFUSED);
	}
	tidy();
	status = status_of(pid);
	assert_exit(status, COULD);
}

/* ---- main */

#define USERS 2 /* as is, nobody */

static struct row role_rows[USERS][JAIL_ROLES][SN_NITEMS(deeds)];
static struct row landlock_rows[USERS][SN_NITEMS(deeds)];
static struct work_row work_rows[USERS][JAIL_ROLES][SN_NITEMS(works)];

static void
add_role(struct test_list *l, enum jail_role k, bool as_nobody)
{
	const char *user = as_nobody ? "nobody, " : "";

	for (size_t i = 0; i < SN_NITEMS(deeds); i++) {
		struct row *r = &role_rows[as_nobody][k][i];

		*r = (struct row){ k, &deeds[i], as_nobody };
		if (filtered || (deeds[i].by & BY_LANDLOCK) != 0)
			test_list_add(l, role_refuses, r, "%s%s %u: no: %s", user,
			    jail_policies[k].name, k, deeds[i].name);
	}
	for (size_t i = 0; i < SN_NITEMS(works); i++) {
		struct work_row *r = &work_rows[as_nobody][k][i];

		*r = (struct work_row){ k, &works[i], as_nobody };
		test_list_add(l, role_works, r, "%s%s %u: yes: %s", user, jail_policies[k].name,
		    k, works[i].name);
	}
}

static void
add_user(struct test_list *l, bool as_nobody)
{
	for (unsigned int k = 0; k < JAIL_ROLES; k++)
		add_role(l, (enum jail_role)k, as_nobody);
	for (size_t i = 0; i < SN_NITEMS(deeds); i++) {
		struct row *r = &landlock_rows[as_nobody][i];

		*r = (struct row){ JAIL_KEEPER, &deeds[i], as_nobody };
		if ((deeds[i].by & BY_LANDLOCK) != 0)
			test_list_add(l, landlock_refuses, r, "%sLandlock: no: %s",
			    as_nobody ? "nobody, " : "", deeds[i].name);
	}
}

int
main(void)
{
	struct test_list *l = test_list_new();

	for (size_t i = 0; i < SN_NITEMS(deeds); i++)
		test_list_add(l, works_outside, &deeds[i], "outside: yes: %s", deeds[i].name);
	add_user(l, false);
	if (getuid() == 0)
		add_user(l, true);
	return test_list_run(l, "jail");
}
