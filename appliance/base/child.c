#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "appliance/base/frame.h"

#define CHILD_REPORT 6 /* where the child says why it could not start; closed by exec */
#define CHILD_SPARE 16 /* the child's pipe ends wait above this while 3 to 6 are set */
#define CHILD_GRACE_MS 1000
#define CHILD_STEP_MS 5

/* Both pipes and the report pipe, as [read end, write end]. */
struct child_pipes {
	int request[2], reply[2], report[2];
};

static void
child_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void
child_pipes_done(struct child_pipes *p)
{
	for (size_t i = 0; i < 2; i++) {
		child_close(&p->request[i]);
		child_close(&p->reply[i]);
		child_close(&p->report[i]);
	}
}

/* In the child: leave with errno on the report pipe. */
static _Noreturn void
child_give_up(int report)
{
	int err = errno;

	(void)!write(report, &err, sizeof(err));
	_exit(127);
}

/* In the child: the numbers 3 to 6, and nothing above them. */
static void
child_place_fds(const struct child_pipes *p, int extra_fd)
{
	int spare[4] = { p->request[0], p->reply[1], extra_fd, p->report[1] };
	int null;

	/* First out of the way, so that no dup2 below closes another one's source. */
	for (size_t i = 0; i < SN_NITEMS(spare); i++) {
		if (spare[i] < 0)
			continue;
		spare[i] = fcntl(spare[i], F_DUPFD_CLOEXEC, CHILD_SPARE);
		if (spare[i] < 0)
			child_give_up(p->report[1]);
	}
	null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (null < 0 || (null != 0 && dup2(null, 0) < 0) ||
	    (null == 0 && fcntl(0, F_SETFD, 0) < 0) || dup2(spare[0], SN_CHILD_IN) < 0 ||
	    dup2(spare[1], SN_CHILD_OUT) < 0 ||
	    (spare[2] >= 0 && dup2(spare[2], SN_CHILD_EXTRA) < 0) ||
	    dup3(spare[3], CHILD_REPORT, O_CLOEXEC) < 0)
		child_give_up(spare[3]);
	if (spare[2] < 0)
		close(SN_CHILD_EXTRA);
	if (close_range(CHILD_REPORT + 1, ~0U, 0) != 0)
		child_give_up(CHILD_REPORT);
}

static _Noreturn void
child_run(const char *path, char *const argv[], int extra_fd, const struct child_pipes *p,
    pid_t parent)
{
	static char locale[] = "LC_CTYPE=C.UTF-8";
	char *const env[] = { locale, NULL };
	sigset_t none;

	child_place_fds(p, extra_fd);
	sigemptyset(&none);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    sigprocmask(SIG_SETMASK, &none, NULL) != 0)
		child_give_up(CHILD_REPORT);
	if (getppid() != parent) /* it died before the death signal was set */
		_exit(127);
	execve(path, argv, env);
	child_give_up(CHILD_REPORT);
}

/* Wait for the exec: the report pipe ends with nothing in it, or with errno. */
static enum sn_err
child_await_exec(const char *path, int report, struct sn_why *why)
{
	ssize_t n;
	int err = 0;

	do {
		n = read(report, &err, sizeof(err));
	} while (n < 0 && errno == EINTR);
	if (n == 0)
		return SN_OK;
	if (n < 0)
		err = errno;
	return sn_fail(why, SN_E_IO, "%s: could not be started: %s", path, strerror(err));
}

static void
child_reap(pid_t pid)
{
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
}

enum sn_err
sn_child_start(const char *path, char *const argv[], int extra_fd, struct sn_child *ret,
    struct sn_why *why)
{
	SN_CLEANUP(child_pipes_done) struct child_pipes p = { { -1, -1 }, { -1, -1 },
		{ -1, -1 } };
	const pid_t parent = getpid();
	enum sn_err e;
	pid_t pid;

	if (pipe2(p.request, O_CLOEXEC) != 0 || pipe2(p.reply, O_CLOEXEC) != 0 ||
	    pipe2(p.report, O_CLOEXEC) != 0)
		return sn_fail(why, SN_E_IO, "%s: pipes: %s", path, strerror(errno));
	pid = fork();
	if (pid < 0)
		return sn_fail(why, SN_E_IO, "%s: fork: %s", path, strerror(errno));
	if (pid == 0)
		child_run(path, argv, extra_fd, &p, parent);

	child_close(&p.report[1]);
	e = child_await_exec(path, p.report[0], why);
	if (e != SN_OK) {
		child_reap(pid);
		return e;
	}
	*ret = (struct sn_child){ pid, { .in = p.reply[0], .out = p.request[1] } };
	p.reply[0] = -1;
	p.request[1] = -1;
	return SN_OK;
}

void
sn_child_done(struct sn_child *c)
{
	const struct timespec step = { 0, CHILD_STEP_MS * 1000000L };

	if (c == NULL || c->pid <= 0)
		return;
	child_close(&c->link.in);
	child_close(&c->link.out);
	for (int ms = 0; ms < CHILD_GRACE_MS; ms += CHILD_STEP_MS) {
		pid_t got = waitpid(c->pid, NULL, WNOHANG);

		if (got == c->pid || (got < 0 && errno != EINTR)) {
			c->pid = 0;
			return;
		}
		nanosleep(&step, NULL);
	}
	kill(c->pid, SIGKILL);
	child_reap(c->pid);
	c->pid = 0;
}
