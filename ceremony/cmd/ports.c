/* What the engine gets from the program: programs beside it, clock, second checker. */
#include "ceremony/cmd/cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "appliance/base/file.h"
#include "appliance/base/text.h"

#ifndef SN_BUILD_DATE
#error "SN_BUILD_DATE comes from iso/build-date"
#endif
#define CROSSCHECK_OUTPUT_MAX (64U << 10)
#define CROSSCHECK_SECONDS 120

static int64_t
clock_now(void *arg SN_UNUSED)
{
	struct timespec ts;

	return clock_gettime(CLOCK_REALTIME, &ts) == 0 ? ts.tv_sec : 0;
}

/* The program NAME in the folder of the running one. */
static enum sn_err
beside(struct bytes self, const char *name, struct sn_buf *ret, struct sn_why *why)
{
	size_t n = self.n;

	while (n > 0 && self.p[n - 1] != '/')
		n--;
	sn_buf_put(ret, (struct bytes){ self.p, n });
	sn_buf_str(ret, name);
	return sn_buf_check(ret, why);
}

/* ---- the second checker */

#define CROSSCHECK_ARGS 3

static void
child_exec(const char *path, const char *const args[CROSSCHECK_ARGS], int out)
{
	char *argv[CROSSCHECK_ARGS + 2] = { strdup(path) };
	static char *const env[] = { NULL };

	for (size_t i = 0; i < CROSSCHECK_ARGS && args[i] != NULL; i++)
		argv[i + 1] = strdup(args[i]);

	if (dup2(out, STDOUT_FILENO) < 0 || dup2(out, STDERR_FILENO) < 0)
		_exit(sn_err_exit(SN_E_IO));
	(void)close_range(3, ~0U, 0);
	(void)execve(path, argv, env);
	_exit(sn_err_exit(SN_E_MISSING));
}

/* Collect what it prints until it closes, within the time. */
static enum sn_err
child_collect(int fd, struct sn_buf *ret, struct sn_why *why)
{
	int64_t until = clock_now(NULL) + CROSSCHECK_SECONDS;
	uint8_t chunk[4096];

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t n;

		if (clock_now(NULL) > until || ret->n > CROSSCHECK_OUTPUT_MAX)
			return sn_fail(why, SN_E_DISAGREE, "crosscheck: no answer in time");
		if (poll(&p, 1, 1000) <= 0)
			continue;
		n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return sn_buf_check(ret, why);
		sn_buf_put(ret, (struct bytes){ chunk, (size_t)n });
	}
}

/* The last line of what was printed; cuts the line end behind it. */
static const char *
last_line(struct sn_buf *b)
{
	char *s, *nl;

	while (b->n > 0 && b->p[b->n - 1] == '\n')
		b->n--;
	if (b->n == 0)
		return "";
	b->p[b->n] = '\0'; /* there is room: a line end, or the buffer's own NUL */
	s = (char *)b->p;
	nl = strrchr(s, '\n');
	return nl != NULL ? nl + 1 : s;
}

static enum sn_err
crosscheck_exec(const char *path, const char *const args[CROSSCHECK_ARGS],
    struct sn_buf *ret_lines, struct sn_why *why)
{
	SN_CLEANUP(sn_fd_done) int rd = -1;
	int fds[2], status = -1;
	enum sn_err e;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) != 0)
		return sn_fail(why, SN_E_IO, "crosscheck: pipe");
	rd = fds[0];
	pid = fork();
	if (pid == 0)
		child_exec(path, args, fds[1]);
	(void)close(fds[1]);
	if (pid < 0)
		return sn_fail(why, SN_E_IO, "crosscheck: fork");
	e = child_collect(rd, ret_lines, why);
	if (e != SN_OK)
		(void)kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	SN_TRY(e);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return SN_OK;
	return sn_fail(why, SN_E_DISAGREE, "crosscheck ended with status %d: %s",
	    WIFEXITED(status) ? WEXITSTATUS(status) : 128, last_line(ret_lines));
}

/* Remove what bun_write() wrote; only folders that are then empty go. */
static void
scratch_remove(int dirfd, const struct bun *bun)
{
	char path[512], *slash;

	for (size_t i = 0; i < bun_count(bun); i++) {
		(void)snprintf(path, sizeof(path), "%s", bun_file(bun, i).path);
		(void)unlinkat(dirfd, path, 0);
		while ((slash = strrchr(path, '/')) != NULL) {
			*slash = '\0';
			if (unlinkat(dirfd, path, AT_REMOVEDIR) != 0)
				break;
		}
	}
}

static enum sn_err
crosscheck(void *arg, const struct bun *bun, const uint8_t identity[32],
    struct sn_buf *ret_lines, struct sn_why *why)
{
	struct cmd_ports *p = arg;
	SN_CLEANUP(sn_fd_done) int dirfd = -1;
	char dir[256], hex[65];
	const char *const args[CROSSCHECK_ARGS] = { dir, "--identity", hex };
	enum sn_err e;

	(void)snprintf(dir, sizeof(dir), "%s/crosscheck-XXXXXX", p->scratch);
	if (mkdtemp(dir) == NULL)
		return sn_fail(why, SN_E_IO, "%s: cannot be made", dir);
	dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	sn_hex((struct bytes){ identity, 32 }, hex);
	e = dirfd < 0 ? sn_fail(why, SN_E_IO, "%s: cannot be opened", dir)
		      : bun_write(bun, dirfd, why);
	if (e == SN_OK)
		e = crosscheck_exec(sn_buf_cstr(&p->crosscheck), args, ret_lines, why);
	if (dirfd >= 0)
		scratch_remove(dirfd, bun);
	(void)rmdir(dir);
	return e;
}

/* The running program's file. */
static enum sn_err
own_path(struct sn_buf *ret, struct sn_why *why)
{
	char self[512];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self));

	if (n <= 0 || (size_t)n >= sizeof(self))
		return sn_fail(why, SN_E_IO, "/proc/self/exe cannot be read");
	sn_buf_put(ret, (struct bytes){ (const uint8_t *)self, (size_t)n });
	return sn_buf_check(ret, why);
}

enum sn_err
cmd_crosscheck_selftest(const struct sn_selftest *t, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf self = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf path = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf lines = { 0 };
	const char *const args[CROSSCHECK_ARGS] = { "--selftest" };

	SN_TRY(own_path(&self, why));
	SN_TRY(beside(sn_buf_bytes(&self), t->data, &path, why));
	return crosscheck_exec(sn_buf_cstr(&path), args, &lines, why);
}

/* ---- all of it */

enum sn_err
cmd_ports_open(struct cmd_ports *p, const char *console, struct sn_why *why)
{
	int64_t built = 0;

	SN_TRY(own_path(&p->self, why));
	SN_TRY(beside(sn_buf_bytes(&p->self), "softtpm", &p->softtpm, why));
	SN_TRY(beside(sn_buf_bytes(&p->self), "crosscheck", &p->crosscheck, why));
	SN_TRY(text_to_time(SN_BUILD_DATE, &built, "iso/build-date", why));
	p->ports.now = clock_now;
	p->ports.crosscheck = crosscheck;
	p->ports.arg = p;
	p->ports.self = sn_buf_cstr(&p->self);
	p->ports.softtpm =
	    access(sn_buf_cstr(&p->softtpm), X_OK) == 0 ? sn_buf_cstr(&p->softtpm) : NULL;
	p->ports.console = console;
	p->ports.build_date = built;
	return SN_OK;
}

enum sn_err
cmd_tpm_option(const char *arg, struct cer_ports *ret SN_UNUSED, struct sn_why *why)
{
#ifndef SN_IMAGE
	static const char option[] = "--tpm=swtpm:";

	if (arg == NULL)
		return SN_OK;
	if (strncmp(arg, option, sizeof(option) - 1) == 0 && arg[sizeof(option) - 1] != '\0') {
		ret->swtpm = arg + sizeof(option) - 1;
		return SN_OK;
	}
#endif
	return arg == NULL ? SN_OK
			   : sn_fail(why, SN_E_USAGE, "%s: --tpm=swtpm:SOCKET can be", arg);
}

void
cmd_ports_done(struct cmd_ports *p)
{
	med_free(&p->ports.media);
	sn_buf_done(&p->self);
	sn_buf_done(&p->softtpm);
	sn_buf_done(&p->crosscheck);
}
