#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "appliance/media/port.h"

/* The whole file, opened to be written; one that is not there is made. */
static enum sn_err
open_file(int root, const char *path, int *ret, struct stat *ret_st, struct sn_why *why)
{
	SN_CLEANUP(sn_fd_done) int fd =
	    openat(root, path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);

	if (fd < 0)
		return sn_fail(why, SN_E_MEDIA, "%s: %s", path, strerror(errno));
	if (fstat(fd, ret_st) != 0 || !S_ISREG(ret_st->st_mode))
		return sn_fail(why, SN_E_MEDIA, "%s: not a file", path);
	*ret = fd;
	fd = -1;
	return SN_OK;
}

static enum sn_err
begins_so(int fd, const char *path, struct bytes expected, struct sn_why *why)
{
	uint8_t chunk[4096];
	size_t at = 0;

	while (at < expected.n) {
		size_t want = expected.n - at < sizeof(chunk) ? expected.n - at : sizeof(chunk);
		ssize_t n = pread(fd, chunk, want, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return sn_fail(why, SN_E_MEDIA, "%s: %s", path,
			    n < 0 ? strerror(errno) : "it ends too early");
		if (memcmp(chunk, expected.p + at, (size_t)n) != 0)
			return sn_fail(why, SN_E_MEDIA,
			    "%s on this stick is not the one of this ceremony", path);
		at += (size_t)n;
	}
	return SN_OK;
}

static enum sn_err
write_behind(int fd, const char *path, struct bytes data, size_t at, struct sn_why *why)
{
	while (at < data.n) {
		ssize_t n = pwrite(fd, data.p + at, data.n - at, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return sn_fail(why, SN_E_MEDIA, "%s: %s", path,
			    n < 0 ? strerror(errno) : "nothing was written");
		at += (size_t)n;
	}
	/* A stick that was pulled says so here and nowhere else. */
	if (fsync(fd) != 0)
		return sn_fail(why, SN_E_MEDIA, "%s: %s", path, strerror(errno));
	return SN_OK;
}

static enum sn_err
extend(int root, const char *path, struct bytes data, size_t keep, struct sn_why *why)
{
	SN_CLEANUP(sn_fd_done) int fd = -1;
	struct stat st;
	size_t there;

	SN_TRY(open_file(root, path, &fd, &st, why));
	there = (size_t)st.st_size < keep ? (size_t)st.st_size : keep;
	SN_TRY(begins_so(fd, path, (struct bytes){ data.p, there }, why));
	if ((size_t)st.st_size > there && ftruncate(fd, (off_t)there) != 0)
		return sn_fail(why, SN_E_MEDIA, "%s: %s", path, strerror(errno));
	SN_TRY(write_behind(fd, path, data, there, why));
	if (fsync(root) != 0 || syncfs(root) != 0)
		return sn_fail(why, SN_E_MEDIA, "the stick: %s", strerror(errno));
	return SN_OK;
}

enum sn_err
med_extend(struct med *m, const char *label, const char *path, struct bytes data, size_t keep,
    struct sn_why *why)
{
	struct med_stick *s;
	enum sn_err e;

	if (!sn_path_ok(path) || strchr(path, '/') != NULL || keep > data.n)
		return sn_fail(why, SN_E_FORMAT, "%s: not a file that can be extended", path);
	SN_TRY(med_find_open(m, label, &s, why));
	SN_TRY(m->backend->begin_write(m, s, why));
	e = extend(s->root, path, data, keep, why);
	m->backend->end_write(m, s);
	return e;
}
