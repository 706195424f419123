/*
 * cut - a process that ends at its nth write, for tests of what a cut leaves behind.
 *
 * Owns: nothing. These functions stand in front of the C library's, in the test's program
 * only, so that every write of the code under test passes here.
 */
#ifndef TEST_CUT_H
#define TEST_CUT_H

#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#define CUT 99 /* exit status of a process that was cut */

static int writes_left = -1; /* -1: no cut */

static void
count_write(void)
{
	if (writes_left == 0)
		_exit(CUT);
	if (writes_left > 0)
		writes_left--;
}

ssize_t
write(int fd, const void *p, size_t n)
{
	count_write();
	/* half of it is the worst that a cut leaves */
	if (writes_left == 0 && n > 1)
		n /= 2;
	return syscall(SYS_write, fd, p, n);
}

int
fsync(int fd)
{
	count_write();
	return fd >= 0 ? 0 : -1; /* a process is cut here, not the power */
}

int
renameat(int from, const char *a, int to, const char *b)
{
	count_write();
	return (int)syscall(SYS_renameat2, from, a, to, b, 0U);
}

int
mkdirat(int dir, const char *path, mode_t mode)
{
	count_write();
	return (int)syscall(SYS_mkdirat, dir, path, mode);
}

/* The exit status of a child that runs fn and is cut at its nth write: CUT, or fn's. */
static inline int
cut_at(int n, int (*fn)(const char *arg), const char *arg)
{
	pid_t child = fork();
	int status = 0;

	if (child == 0) {
		writes_left = n;
		_exit(fn(arg));
	}
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

#endif
