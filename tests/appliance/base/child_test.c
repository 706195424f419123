#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "appliance/base/file.h"
#include "appliance/base/frame.h"
#include "tests/lib/test.h"

/* This program is its own child: "child_test MODE" does what MODE says. */
static char self[] = "/proc/self/exe";
static char exe[4096];

static struct sn_link parent_link = { SN_CHILD_IN, SN_CHILD_OUT, 20000 };

/* ---- the child's side */

static int
say(const struct sn_buf *b)
{
	return sn_frame_send(&parent_link, 1, 0, sn_buf_bytes(b), NULL) == SN_OK ? 0 : 1;
}

static int
child_fds(void)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };

	for (int fd = 0; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			sn_buf_fmt(&b, "%d ", fd);
	return say(&b);
}

static int
child_env(void)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };

	for (char **e = environ; *e != NULL; e++)
		sn_buf_fmt(&b, "%s|", *e);
	return say(&b);
}

static int
child_state(void)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	struct stat in, null;
	sigset_t mask;
	int death = 0;
	bool masked = false;

	prctl(PR_GET_PDEATHSIG, &death, 0, 0, 0);
	sigprocmask(SIG_SETMASK, NULL, &mask);
	for (int s = 1; s < 32; s++)
		masked = masked || sigismember(&mask, s) == 1;
	fstat(0, &in);
	stat("/dev/null", &null);
	sn_buf_fmt(&b, "death %d, privs %d, masked %d, null %d", death,
	    prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), masked, in.st_rdev == null.st_rdev);
	return say(&b);
}

static int
child_echo(void)
{
	SN_CLEANUP(sn_frame_done) struct sn_frame f = { 0 };

	while (sn_frame_recv(&parent_link, false, &f, NULL) == SN_OK)
		if (sn_frame_send(&parent_link, f.type, 0, sn_buf_bytes(&f.open), NULL) !=
		    SN_OK)
			return 1;
	return 0;
}

static int
child_extra(void)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	char word[6] = "";

	if (sn_fd_read(SN_CHILD_EXTRA, word, 5, NULL) != SN_OK)
		return 1;
	sn_buf_str(&b, word);
	return say(&b);
}

static int
child_stubborn(void)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };

	signal(SIGTERM, SIG_IGN);
	sn_buf_str(&b, "ready");
	if (say(&b) != 0)
		return 1;
	for (;;)
		pause();
}

static int
child_ends(void)
{
	return 7;
}

/* Starts a child of its own, tells its number, and dies without a word to it. */
static int
child_orphans(void)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	SN_CLEANUP(sn_frame_done) struct sn_frame f = { 0 };
	char mode[] = "stubborn", *argv[] = { self, mode, NULL };
	struct sn_child c;

	if (sn_child_start(self, argv, -1, &c, NULL) != SN_OK ||
	    sn_frame_recv(&c.link, false, &f, NULL) != SN_OK)
		return 1;
	sn_buf_fmt(&b, "%d", (int)c.pid);
	return say(&b);
}

struct mode {
	const char *name;
	int (*fn)(void);
};

static const struct mode modes[] = {
	{ "fds", child_fds },
	{ "env", child_env },
	{ "state", child_state },
	{ "echo", child_echo },
	{ "extra", child_extra },
	{ "stubborn", child_stubborn },
	{ "ends", child_ends },
	{ "orphans", child_orphans },
};

/* ---- the parent's side */

static void
start(const char *mode, int extra_fd, struct sn_child *ret)
{
	char word[16], *argv[] = { self, word, NULL };
	struct sn_why why = { 0 };

	snprintf(word, sizeof(word), "%s", mode);
	assert_int_equal(sn_child_start(exe, argv, extra_fd, ret, &why), SN_OK);
	assert_true(ret->pid > 0);
	assert_int_equal(ret->link.timeout_ms, 0);
	ret->link.timeout_ms = 20000;
}

/* What a child in this mode says first. */
static void
hear(struct sn_child *c, const char *want)
{
	SN_CLEANUP(sn_frame_done) struct sn_frame f = { 0 };

	assert_int_equal(sn_frame_recv(&c->link, false, &f, NULL), SN_OK);
	assert_string_equal(sn_buf_cstr(&f.open), want);
}

static int
count_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

struct hear_row {
	const char *mode, *want;
};

static const struct hear_row hear_rows[] = {
	{ "fds", "0 1 2 3 4 " },
	{ "env", "LC_CTYPE=C.UTF-8|" },
	{ "state", "death 9, privs 1, masked 0, null 1" },
};

static void
the_child_has_only_this(void **state)
{
	const struct hear_row *row = *state;
	struct sn_child c = { 0 };
	sigset_t usr1, old;
	/* Descriptors that could leak, also at the numbers the child uses. */
	int leaks[8], high, before;

	for (size_t i = 0; i < SN_NITEMS(leaks); i++)
		leaks[i] = open("/dev/null", O_RDONLY);
	high = dup2(leaks[0], 500);
	setenv("SECRET_LOOKING", "value", 1);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, &old);
	before = count_fds();
	start(row->mode, -1, &c);
	hear(&c, row->want);
	sn_child_done(&c);
	assert_int_equal(count_fds(), before);
	sigprocmask(SIG_SETMASK, &old, NULL);
	for (size_t i = 0; i < SN_NITEMS(leaks); i++)
		close(leaks[i]);
	close(high);
}

static void
an_extra_pipe_end_is_number_5(void **state)
{
	struct sn_child c = { 0 };
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	start("fds", fds[0], &c);
	hear(&c, "0 1 2 3 4 5 ");
	sn_child_done(&c);
	start("extra", fds[0], &c);
	assert_int_equal(sn_fd_write(fds[1], BYTES_STR("seeds"), NULL), SN_OK);
	hear(&c, "seeds");
	sn_child_done(&c);
	close(fds[0]);
	close(fds[1]);
}

struct overlap_row {
	const char *name;
	int taken[6], n; /* numbers that are open in the parent beforehand */
	int extra;	 /* the number that the extra pipe end has in the parent */
};

/* The kernel gives the lowest numbers: make the pipes land in every bad place. */
static const struct overlap_row overlap_rows[] = {
	{ "3 and up are free", { 0 }, 0, 60 },
	{ "extra is 3", { 0 }, 0, 3 },
	{ "extra is 4", { 0 }, 0, 4 },
	{ "extra is 5", { 0 }, 0, 5 },
	{ "extra is 6", { 0 }, 0, 6 },
	{ "3 is taken", { 3 }, 1, 60 },
	{ "3 and 5 are taken", { 3, 5 }, 2, 4 },
	{ "4 and 6 are taken", { 4, 6 }, 2, 5 },
	{ "3 to 6 are taken", { 3, 4, 5, 6 }, 4, 16 },
	{ "3 to 8 are taken", { 3, 4, 5, 6, 7, 8 }, 6, 17 },
};

static int
overlap(const struct overlap_row *row)
{
	char mode[] = "extra", *argv[] = { self, mode, NULL };
	SN_CLEANUP(sn_frame_done) struct sn_frame f = { 0 };
	struct sn_child c = { 0 };
	int fds[2], write_end;

	for (int i = 0; i < row->n; i++)
		if (dup2(1, row->taken[i]) < 0)
			return 1;
	if (pipe(fds) != 0)
		return 2;
	write_end = fcntl(fds[1], F_DUPFD, 70);
	if (write_end < 0 || dup2(fds[0], 80) < 0)
		return 3;
	close(fds[0]);
	close(fds[1]);
	if (dup2(80, row->extra) < 0)
		return 4;
	close(80);
	if (sn_child_start(exe, argv, row->extra, &c, NULL) != SN_OK)
		return 5;
	if (sn_fd_write(write_end, BYTES_STR("seeds"), NULL) != SN_OK ||
	    sn_frame_recv(&c.link, false, &f, NULL) != SN_OK)
		return 6;
	sn_child_done(&c);
	return strcmp(sn_buf_cstr(&f.open), "seeds") == 0 ? 0 : 7;
}

static void
descriptors_do_not_collide(void **state)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		close_range(3, ~0U, 0);
		_exit(overlap(*state));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
calls_go_round(void **state)
{
	SN_CLEANUP(sn_frame_done) struct sn_frame f = { 0 };
	struct sn_child c = { 0 };
	int64_t began;

	(void)state;
	start("echo", -1, &c);
	for (uint16_t i = 1; i < 100; i++) {
		assert_int_equal(sn_frame_call(&c.link, i, BYTES_STR("ping"), false, &f, NULL),
		    SN_OK);
		assert_string_equal(sn_buf_cstr(&f.open), "ping");
	}
	began = now_ms();
	sn_child_done(&c);
	assert_in_range(now_ms() - began, 0, 900);
}

static void
done_is_idempotent(void **state)
{
	struct sn_child none = { 0 }, c = { 0 };

	(void)state;
	sn_child_done(NULL);
	sn_child_done(&none);
	assert_true(fcntl(0, F_GETFD) >= 0);
	start("echo", -1, &c);
	sn_child_done(&c);
	assert_int_equal(c.pid, 0);
	assert_int_equal(c.link.in, -1);
	sn_child_done(&c);
	assert_true(fcntl(0, F_GETFD) >= 0);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void
a_stubborn_child_is_killed(void **state)
{
	struct sn_child c = { 0 };
	int64_t began;
	pid_t pid;

	(void)state;
	start("stubborn", -1, &c);
	hear(&c, "ready");
	pid = c.pid;
	began = now_ms();
	sn_child_done(&c);
	assert_in_range(now_ms() - began, 900, 20000);
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(errno, ESRCH);
}

static void
a_child_that_ends_early_is_noticed(void **state)
{
	SN_CLEANUP(sn_frame_done) struct sn_frame f = { 0 };
	struct sn_child c = { 0 };
	struct sn_why why = { 0 };

	(void)state;
	start("ends", -1, &c);
	assert_int_equal(sn_frame_call(&c.link, 1, BYTES_STR("q"), false, &f, &why),
	    SN_E_PROTO);
	assert_int_equal(why.err, SN_E_PROTO);
	sn_child_done(&c);
}

static void
a_grandchild_dies_with_its_parent(void **state)
{
	SN_CLEANUP(sn_frame_done) struct sn_frame f = { 0 };
	const struct timespec step = { 0, 10000000 };
	struct sn_child c = { 0 };
	pid_t grandchild;
	int tries = 0;

	(void)state;
	/* Adopt it, so that its end can be waited for. */
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	start("orphans", -1, &c);
	assert_int_equal(sn_frame_recv(&c.link, false, &f, NULL), SN_OK);
	grandchild = (pid_t)strtol(sn_buf_cstr(&f.open), NULL, 10);
	assert_true(grandchild > 1);
	sn_child_done(&c);
	while (waitpid(grandchild, NULL, WNOHANG) != grandchild && tries++ < 500)
		nanosleep(&step, NULL);
	assert_in_range(tries, 0, 499);
	prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
}

struct path_row {
	const char *name, *path;
};

static const struct path_row path_rows[] = {
	{ "not there", "/absent/program" },
	{ "directory", "/" },
	{ "not executable", "/proc/self/status" },
	{ "empty", "" },
	{ "looked up in no PATH", "true" },
};

static void
what_is_no_program_is_refused(void **state)
{
	const struct path_row *row = *state;
	char word[] = "x", *argv[] = { word, NULL };
	struct sn_child c = { .pid = 77 };
	struct sn_why why = { 0 };
	int before = count_fds();

	assert_int_equal(sn_child_start(row->path, argv, -1, &c, &why), SN_E_IO);
	assert_int_equal(why.err, SN_E_IO);
	assert_int_equal(c.pid, 77);
	assert_int_equal(count_fds(), before);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

int
main(int argc, char **argv)
{
	struct test_list *l;
	ssize_t n;

	if (argc == 2)
		for (size_t i = 0; i < SN_NITEMS(modes); i++)
			if (strcmp(argv[1], modes[i].name) == 0)
				return modes[i].fn();
	n = readlink(self, exe, sizeof(exe) - 1);
	if (n < 0)
		return 99;
	exe[n] = '\0';

	l = test_list_new();
	for (size_t i = 0; i < SN_NITEMS(hear_rows); i++)
		test_list_add(l, the_child_has_only_this, &hear_rows[i], "child has only: %s",
		    hear_rows[i].mode);
	for (size_t i = 0; i < SN_NITEMS(overlap_rows); i++)
		test_list_add(l, descriptors_do_not_collide, &overlap_rows[i],
		    "descriptors: %s", overlap_rows[i].name);
	for (size_t i = 0; i < SN_NITEMS(path_rows); i++)
		test_list_add(l, what_is_no_program_is_refused, &path_rows[i], "no program: %s",
		    path_rows[i].name);
	test_list_add(l, an_extra_pipe_end_is_number_5, NULL, "extra pipe end");
	test_list_add(l, calls_go_round, NULL, "calls go round");
	test_list_add(l, done_is_idempotent, NULL, "done: twice, and none");
	test_list_add(l, a_stubborn_child_is_killed, NULL, "done: stubborn child");
	test_list_add(l, a_child_that_ends_early_is_noticed, NULL, "child ends early");
	test_list_add(l, a_grandchild_dies_with_its_parent, NULL, "parent dies first");
	return test_list_run(l, "child");
}
