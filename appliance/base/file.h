/*
 * file - whole files, read once and written so that a cut leaves old or new.
 *
 * Owns: nothing between calls. May include: base.h, err.h, bytes.h.
 */
#ifndef SN_FILE_H
#define SN_FILE_H

#include <sys/types.h>

#include "appliance/base/bytes.h"

/*
 * Read a regular file whole: opened once (O_NOFOLLOW|O_CLOEXEC), fstat, read
 * to the end with a limit. SN_E_MISSING no such file; SN_E_FORMAT not a
 * regular file; SN_E_LIMIT over max bytes; SN_E_IO anything else.
 * dirfd may be AT_FDCWD. On success the caller owns ret (sn_buf_done).
 */
SN_MUST_USE enum sn_err sn_file_read(int dirfd, const char *path, size_t max,
    struct sn_buf *ret, struct sn_why *why);

/*
 * Write a whole file: temporary name beside it, fsync, rename, fsync of the
 * directory. An existing file is replaced only if replace is true, else
 * SN_E_IO. mode is the permission bits (0600 or 0644), less the umask. On
 * failure no temporary file stays behind; one left by a power cut is called
 * sn-tmp-PID, and the next write there by the same PID removes it.
 */
SN_MUST_USE enum sn_err sn_file_write(int dirfd, const char *path, struct bytes data,
    unsigned int mode, bool replace, struct sn_why *why);

/* mkdir -p of every parent of path (relative to dirfd), mode 0755. */
SN_MUST_USE enum sn_err sn_file_parents(int dirfd, const char *path, struct sn_why *why);

struct sn_walk_entry {
	const char *path; /* relative to the root of the walk, '/' separated */
	uint64_t size;
};

typedef enum sn_err sn_walk_fn(void *arg, const struct sn_walk_entry *entry,
    struct sn_why *why);
typedef enum sn_err sn_walk_refused_fn(void *arg, const char *path, const struct sn_why *own,
    struct sn_why *why);

#define SN_WALK_MAX_DEPTH 12
#define SN_WALK_MAX_FILES 20000

/*
 * Call fn for every regular file below dir in byte order of the path. Anything
 * that is neither a directory nor a regular file is SN_E_FORMAT (named);
 * deeper than SN_WALK_MAX_DEPTH or more than SN_WALK_MAX_FILES is SN_E_LIMIT;
 * names must pass sn_path_ok(). fn's failure ends the walk and is returned.
 */
SN_MUST_USE enum sn_err sn_file_walk(int dirfd, const char *dir, sn_walk_fn *fn, void *arg,
    struct sn_why *why);
/*
 * The same, and what would end it as SN_E_FORMAT, SN_E_IO or for its depth is handed to
 * refused and left out; path may hold any byte then. Only the number of files and the root
 * itself are not an entry's fault.
 */
SN_MUST_USE enum sn_err sn_file_walk_on(int dirfd, const char *dir, sn_walk_fn *fn,
    sn_walk_refused_fn *refused, void *arg, struct sn_why *why);

/*
 * A relative path that survives FAT and cannot escape: components of
 * [A-Za-z0-9._-], 1 to 128 bytes, none ".", "..", none starting or ending
 * with '.'; '/' between; at most 255 bytes, SN_WALK_MAX_DEPTH components.
 */
bool sn_path_ok(const char *path);

/* Close a descriptor unless it is -1, and make it -1: for SN_CLEANUP. */
void sn_fd_done(int *fd);

/* Read or write exactly n bytes on a pipe, retrying on EINTR. SN_E_IO, and
 * SN_E_PROTO when the other end closed first. */
SN_MUST_USE enum sn_err sn_fd_read(int fd, void *p, size_t n, struct sn_why *why);
SN_MUST_USE enum sn_err sn_fd_write(int fd, struct bytes v, struct sn_why *why);

/* One write(2) that never raises SIGPIPE: its result, and errno. */
ssize_t sn_fd_write_some(int fd, struct bytes v);

#endif
