#include "appliance/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FILE_CHUNK 16384
#define PATH_OK_MAX 255
#define NAME_OK_MAX 128

void
sn_fd_done(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static enum sn_err
file_open(int dirfd, const char *path, int *ret, struct sn_why *why)
{
	/* O_NONBLOCK: a FIFO must be refused, not waited for. */
	int fd = openat(dirfd, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0) {
		*ret = fd;
		return SN_OK;
	}
	switch (errno) {
	case ENOENT:
	case ENOTDIR:
		return sn_fail(why, SN_E_MISSING, "%s: there is no such file", path);
	case ELOOP:
		return sn_fail(why, SN_E_FORMAT, "%s: a symbolic link, not a file", path);
	case ENXIO:
		return sn_fail(why, SN_E_FORMAT, "%s: not a regular file", path);
	default:
		return sn_fail(why, SN_E_IO, "%s: %s", path, strerror(errno));
	}
}

enum sn_err
sn_file_read(int dirfd, const char *path, size_t max, struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_fd_done) int fd = -1;
	SN_CLEANUP(sn_buf_done) struct sn_buf all = { 0 };
	uint8_t chunk[FILE_CHUNK];
	struct stat st;

	SN_TRY(file_open(dirfd, path, &fd, why));
	if (fstat(fd, &st) != 0)
		return sn_fail(why, SN_E_IO, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return sn_fail(why, SN_E_FORMAT, "%s: not a regular file", path);
	if (st.st_size < 0 || (uint64_t)st.st_size > max)
		return sn_fail(why, SN_E_LIMIT, "%s: %lld bytes, at most %zu are allowed", path,
		    (long long)st.st_size, max);

	/* The size is only a promise (and 0 for the kernel's own files): read to the end. */
	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return sn_fail(why, SN_E_IO, "%s: %s", path, strerror(errno));
		if (n == 0)
			break;
		if ((size_t)n > max - all.n)
			return sn_fail(why, SN_E_LIMIT, "%s: more than %zu bytes", path, max);
		sn_buf_put(&all, (struct bytes){ chunk, (size_t)n });
		SN_TRY(sn_buf_check(&all, why));
	}
	sn_buf_done(ret);
	*ret = all;
	all = (struct sn_buf){ 0 };
	return SN_OK;
}

/* Split path into an open parent directory and the last component. */
static enum sn_err
file_open_parent(int dirfd, const char *path, int *ret_dir, const char **ret_name,
    struct sn_why *why)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	char dir[PATH_MAX];
	int fd;

	if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return sn_fail(why, SN_E_IO, "%s: not the name of a file", path);
	if (slash != NULL && (size_t)(slash - path) + 1 >= sizeof(dir))
		return sn_fail(why, SN_E_IO, "a path of %zu bytes is too long", strlen(path));
	if (slash == NULL)
		snprintf(dir, sizeof(dir), ".");
	else
		snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path) + 1, path);
	fd = openat(dirfd, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return sn_fail(why, SN_E_IO, "%s: %s", dir, strerror(errno));
	*ret_dir = fd;
	*ret_name = name;
	return SN_OK;
}

/* Make a fresh temporary file; one that an earlier cut left behind is removed. */
static int
file_open_temp(int dir, const char *temp, unsigned int mode)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
	int fd = openat(dir, temp, flags, (mode_t)mode);

	if (fd < 0 && errno == EEXIST && unlinkat(dir, temp, 0) == 0)
		fd = openat(dir, temp, flags, (mode_t)mode);
	return fd;
}

static enum sn_err
file_fill(int fd, struct bytes data, const char *path, struct sn_why *why)
{
	while (data.n > 0) {
		ssize_t n = write(fd, data.p, data.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return sn_fail(why, SN_E_IO, "%s: %s", path,
			    n < 0 ? strerror(errno) : "nothing was written");
		data.p += n;
		data.n -= (size_t)n;
	}
	if (fsync(fd) != 0)
		return sn_fail(why, SN_E_IO, "%s: %s", path, strerror(errno));
	return SN_OK;
}

/* Give temp its name. Both ways without replace are atomic: FAT knows the first,
 * file systems that do not know it have links. */
static int
file_rename(int dir, const char *temp, const char *name, bool replace)
{
	if (replace)
		return renameat(dir, temp, dir, name);
	if (renameat2(dir, temp, dir, name, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	if (linkat(dir, temp, dir, name, 0) != 0)
		return -1;
	return unlinkat(dir, temp, 0);
}

enum sn_err
sn_file_write(int dirfd, const char *path, struct bytes data, unsigned int mode, bool replace,
    struct sn_why *why)
{
	SN_CLEANUP(sn_fd_done) int dir = -1;
	const char *name = NULL;
	char temp[32];
	enum sn_err e;
	int fd;

	SN_TRY(file_open_parent(dirfd, path, &dir, &name, why));
	snprintf(temp, sizeof(temp), "sn-tmp-%ld", (long)getpid());
	fd = file_open_temp(dir, temp, mode);
	if (fd < 0)
		return sn_fail(why, SN_E_IO, "%s: %s", path, strerror(errno));

	e = file_fill(fd, data, path, why);
	if (close(fd) != 0 && e == SN_OK)
		e = sn_fail(why, SN_E_IO, "%s: %s", path, strerror(errno));
	if (e == SN_OK && file_rename(dir, temp, name, replace) != 0)
		e = sn_fail(why, SN_E_IO, "%s: %s", path, strerror(errno));
	if (e != SN_OK) {
		(void)unlinkat(dir, temp, 0); /* the failure already has its words */
		return e;
	}
	if (fsync(dir) != 0)
		return sn_fail(why, SN_E_IO, "%s: its directory: %s", path, strerror(errno));
	return SN_OK;
}

enum sn_err
sn_file_parents(int dirfd, const char *path, struct sn_why *why)
{
	char part[PATH_MAX];
	struct stat st;

	if (strlen(path) >= sizeof(part))
		return sn_fail(why, SN_E_IO, "a path of %zu bytes is too long", strlen(path));
	for (size_t i = 1; path[0] != '\0' && path[i] != '\0'; i++) {
		if (path[i] != '/' || path[i - 1] == '/')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdirat(dirfd, part, 0755) == 0)
			continue;
		if (errno != EEXIST)
			return sn_fail(why, SN_E_IO, "%s: %s", part, strerror(errno));
		if (fstatat(dirfd, part, &st, 0) != 0 || !S_ISDIR(st.st_mode))
			return sn_fail(why, SN_E_IO, "%s: not a directory", part);
	}
	return SN_OK;
}

bool
sn_path_ok(const char *path)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789._-";
	size_t depth = 0;

	if (strlen(path) > PATH_OK_MAX)
		return false;
	for (;;) {
		size_t n = strspn(path, allowed);

		if (n < 1 || n > NAME_OK_MAX || path[0] == '.' || path[n - 1] == '.')
			return false;
		if (++depth > SN_WALK_MAX_DEPTH)
			return false;
		if (path[n] == '\0')
			return true;
		if (path[n] != '/')
			return false;
		path += n + 1;
	}
}

enum sn_err
sn_fd_read(int fd, void *p, size_t n, struct sn_why *why)
{
	uint8_t *at = p;

	while (n > 0) {
		ssize_t got = read(fd, at, n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return sn_fail(why, SN_E_IO, "reading a pipe: %s", strerror(errno));
		if (got == 0)
			return sn_fail(why, SN_E_PROTO,
			    "the other process closed its pipe, %zu bytes were due", n);
		at += got;
		n -= (size_t)got;
	}
	return SN_OK;
}

ssize_t
sn_fd_write_some(int fd, struct bytes v)
{
	const struct timespec now = { 0 };
	sigset_t pipe_set, old, pending;
	ssize_t n;
	int err;

	/* SIGPIPE for this one write only: blocked, and taken back if we caused it. */
	sigemptyset(&pipe_set);
	sigaddset(&pipe_set, SIGPIPE);
	sigpending(&pending);
	sigprocmask(SIG_BLOCK, &pipe_set, &old);
	n = write(fd, v.p, v.n);
	err = errno;
	if (n < 0 && err == EPIPE && sigismember(&pending, SIGPIPE) == 0)
		while (sigtimedwait(&pipe_set, NULL, &now) < 0 && errno == EINTR)
			continue;
	sigprocmask(SIG_SETMASK, &old, NULL);
	errno = err;
	return n;
}

enum sn_err
sn_fd_write(int fd, struct bytes v, struct sn_why *why)
{
	while (v.n > 0) {
		ssize_t n = sn_fd_write_some(fd, v);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EPIPE)
			return sn_fail(why, SN_E_PROTO,
			    "the other process closed its pipe, %zu bytes were left", v.n);
		if (n <= 0)
			return sn_fail(why, SN_E_IO, "writing a pipe: %s",
			    n < 0 ? strerror(errno) : "nothing was written");
		v.p += n;
		v.n -= (size_t)n;
	}
	return SN_OK;
}
