/*
 * A power cut by hand: preloaded into the ceremony program, which stays as it is. Before every
 * call that changes a file below $CUT_ROOT, and in the middle of every write, it tells
 * the test on descriptor $CUT_FD what is about to happen and stops itself. What
 * the sticks hold at that moment is what a cut would leave. Built by powercut_test.py.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static const char *root;
static int tell = -1;

#define REAL(name) ((__typeof__(name) *)dlsym(RTLD_NEXT, #name))

/* The keeper and the TPM process are started from the same file; they have no sticks. */
static bool
is_role(void)
{
	char line[512] = "";
	FILE *f = fopen("/proc/self/cmdline", "r");
	size_t n = f != NULL ? fread(line, 1, sizeof(line) - 1, f) : 0;

	if (f != NULL)
		fclose(f);
	for (size_t i = 0; i < n; i++)
		if (strncmp(line + i, "--role=", 7) == 0)
			return true;
	return false;
}

__attribute__((constructor)) static void
start(void)
{
	const char *fd = getenv("CUT_FD");

	if (fd == NULL || is_role())
		return;
	root = getenv("CUT_ROOT");
	tell = (int)strtol(fd, NULL, 10);
}

/* Where a descriptor points to, when that is below the root. */
static bool
below(int fd, const char *name, char ret[1024])
{
	char link[64], at[512];
	ssize_t n;

	if (tell < 0 || root == NULL)
		return false;
	if (name != NULL && name[0] == '/') {
		snprintf(ret, 1024, "%s", name);
	} else {
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		n = fd == AT_FDCWD ? readlink("/proc/self/cwd", at, sizeof(at) - 1)
				   : readlink(link, at, sizeof(at) - 1);
		if (n <= 0)
			return false;
		at[n] = '\0';
		snprintf(ret, 1024, "%s%s%s", at, name != NULL ? "/" : "",
		    name != NULL ? name : "");
	}
	return strncmp(ret, root, strlen(root)) == 0;
}

static void
moment(const char *what, int fd, const char *name)
{
	char path[1024], line[1200];
	int n;

	if (!below(fd, name, path))
		return;
	n = snprintf(line, sizeof(line), "%s %s\n", what, path + strlen(root));
	if (REAL(write)(tell, line, (size_t)n) != n)
		_exit(1);
	raise(SIGSTOP);
}

ssize_t
write(int fd, const void *data, size_t n)
{
	char path[1024];
	ssize_t half;

	if (n < 2 || fd <= 2 || !below(fd, NULL, path))
		return REAL(write)(fd, data, n);
	moment("write", fd, NULL);
	half = REAL(write)(fd, data, n / 2);
	moment("write-half", fd, NULL);
	if (half >= 0)
		half += REAL(write)(fd, (const char *)data + half, n - (size_t)half);
	return half;
}

ssize_t
pwrite(int fd, const void *data, size_t n, off_t at)
{
	char path[1024];
	ssize_t half;

	if (n < 2 || !below(fd, NULL, path))
		return REAL(pwrite)(fd, data, n, at);
	moment("pwrite", fd, NULL);
	half = REAL(pwrite)(fd, data, n / 2, at);
	moment("pwrite-half", fd, NULL);
	if (half >= 0)
		half +=
		    REAL(pwrite)(fd, (const char *)data + half, n - (size_t)half, at + half);
	return half;
}

int
openat(int fd, const char *name, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = (flags & O_CREAT) != 0 ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	if ((flags & O_CREAT) != 0)
		moment("create", fd, name);
	return REAL(openat)(fd, name, flags, mode);
}

int
fsync(int fd)
{
	moment("fsync", fd, NULL);
	return REAL(fsync)(fd);
}

int
syncfs(int fd)
{
	moment("syncfs", fd, NULL);
	return REAL(syncfs)(fd);
}

int
ftruncate(int fd, off_t n)
{
	moment("truncate", fd, NULL);
	return REAL(ftruncate)(fd, n);
}

int
mkdirat(int fd, const char *name, mode_t mode)
{
	moment("mkdir", fd, name);
	return REAL(mkdirat)(fd, name, mode);
}

int
unlinkat(int fd, const char *name, int flags)
{
	moment("unlink", fd, name);
	return REAL(unlinkat)(fd, name, flags);
}

int
renameat2(int from, const char *name, int to, const char *new_name, unsigned int flags)
{
	moment("rename", from, name);
	return REAL(renameat2)(from, name, to, new_name, flags);
}
