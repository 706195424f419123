#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "appliance/media/port.h"

#define UNFINISHED "unfinished.tmp"

#define REMOVE_ROUNDS 100000 /* far more than a write can have left */

/* Unlink every file of an open folder; the name of one folder in it, if any, goes to sub. */
static void
empty_folder(DIR *d, char *sub, size_t size)
{
	struct dirent *e;

	sub[0] = '\0';
	while ((e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (unlinkat(dirfd(d), e->d_name, 0) != 0)
			snprintf(sub, size, "%s", e->d_name);
	}
}

/*
 * The folder of a write that failed, with all that is in it, empty folders too. Goes
 * down and up on one path rather than calling itself; gives up when something stays.
 */
static void
remove_tree(int top, const char *name)
{
	char path[512], sub[256];
	size_t n;

	snprintf(path, sizeof(path), "%s", name);
	for (int round = 0; round < REMOVE_ROUNDS; round++) {
		int fd = openat(top, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		DIR *d = fd >= 0 ? fdopendir(fd) : NULL;

		if (d == NULL) {
			sn_fd_done(&fd);
			return;
		}
		empty_folder(d, sub, sizeof(sub));
		closedir(d);
		n = strlen(path);
		if (sub[0] != '\0' && n + 1 + strlen(sub) < sizeof(path)) {
			snprintf(path + n, sizeof(path) - n, "/%s", sub);
			continue;
		}
		if (unlinkat(top, path, AT_REMOVEDIR) != 0 || strcmp(path, name) == 0)
			return;
		*strrchr(path, '/') = '\0';
	}
}

static enum sn_err
write_all(int fd, const char *path, struct bytes data, struct sn_why *why)
{
	while (data.n > 0) {
		ssize_t n = write(fd, data.p, data.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return sn_fail(why, SN_E_MEDIA, "%s: %s", path, strerror(errno));
		data.p += n;
		data.n -= (size_t)n;
	}
	/* A stick that was pulled says so here and nowhere else. */
	if (fsync(fd) != 0)
		return sn_fail(why, SN_E_MEDIA, "%s: %s", path, strerror(errno));
	return SN_OK;
}

static enum sn_err
write_file(int dir, const struct med_file *f, struct sn_why *why)
{
	SN_CLEANUP(sn_fd_done) int fd = -1;

	SN_TRY(sn_file_parents(dir, f->path, why));
	fd = openat(dir, f->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return sn_fail(why, SN_E_MEDIA, "%s: %s", f->path, strerror(errno));
	return write_all(fd, f->path, f->data, why);
}

static enum sn_err
sync_folder(int dir, const char *path, struct sn_why *why)
{
	SN_CLEANUP(sn_fd_done) int fd = -1;

	SN_TRY(med_open_folder(dir, path, &fd, why));
	if (fsync(fd) != 0)
		return sn_fail(why, SN_E_MEDIA, "%s: %s", path, strerror(errno));
	return SN_OK;
}

/* Every folder above the file, up to dir itself. */
static enum sn_err
sync_parents(int dir, const char *path, struct sn_why *why)
{
	char folder[256];

	snprintf(folder, sizeof(folder), "%s", path);
	for (char *slash; (slash = strrchr(folder, '/')) != NULL;) {
		*slash = '\0';
		SN_TRY(sync_folder(dir, folder, why));
	}
	return sync_folder(dir, "", why);
}

/* Is file i the first of its folder? Then the folder has not been synced yet. */
static bool
first_of_folder(const struct med_file *files, size_t i)
{
	const char *slash = strrchr(files[i].path, '/');
	size_t n = slash != NULL ? (size_t)(slash - files[i].path) + 1 : 0;

	for (size_t j = 0; j < i; j++)
		if (strncmp(files[j].path, files[i].path, n) == 0 &&
		    strchr(files[j].path + n, '/') == NULL)
			return false;
	return true;
}

static enum sn_err
fill_folder(int top, const struct med_file *files, size_t n, struct sn_why *why)
{
	SN_CLEANUP(sn_fd_done) int dir = -1;

	if (mkdirat(top, UNFINISHED, 0755) != 0)
		return sn_fail(why, SN_E_MEDIA, "%s: %s", UNFINISHED, strerror(errno));
	SN_TRY(med_open_folder(top, UNFINISHED, &dir, why));
	for (size_t i = 0; i < n; i++)
		SN_TRY(write_file(dir, &files[i], why));
	for (size_t i = 0; i < n; i++)
		if (first_of_folder(files, i))
			SN_TRY(sync_parents(dir, files[i].path, why));
	return SN_OK;
}

static enum sn_err
publish(int top, const char *from, const char *to, struct sn_why *why)
{
	if (renameat2(top, from, top, to, RENAME_NOREPLACE) != 0)
		return sn_fail(why, SN_E_MEDIA, "%s: %s", to, strerror(errno));
	SN_TRY(sync_parents(top, to, why));
	if (syncfs(top) != 0)
		return sn_fail(why, SN_E_MEDIA, "the stick: %s", strerror(errno));
	return SN_OK;
}

static enum sn_err
refuse_existing(int top, const char *path, struct sn_why *why)
{
	struct stat st;

	if (fstatat(top, path, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return sn_fail(why, SN_E_MEDIA,
		    "%s is on the stick already; use an empty stick", path);
	return SN_OK;
}

static enum sn_err
write_folder(int top, const char *root, const struct med_file *files, size_t n,
    struct sn_why *why)
{
	enum sn_err e;

	SN_TRY(refuse_existing(top, root, why));
	remove_tree(top, UNFINISHED); /* what an earlier cut left */
	e = sn_file_parents(top, root, why);
	if (e == SN_OK)
		e = fill_folder(top, files, n, why);
	if (e == SN_OK)
		e = publish(top, UNFINISHED, root, why);
	if (e != SN_OK)
		remove_tree(top, UNFINISHED);
	return e == SN_E_IO ? SN_E_MEDIA : e; /* a folder that cannot be made: another stick */
}

static enum sn_err
write_singles(int top, const struct med_file *files, size_t n, struct sn_why *why)
{
	size_t done = 0;
	enum sn_err e = SN_OK;

	for (size_t i = 0; i < n; i++)
		SN_TRY(refuse_existing(top, files[i].path, why));
	for (; e == SN_OK && done < n; done += e == SN_OK) {
		e = sn_file_parents(top, files[done].path, why);
		if (e == SN_OK)
			e = sn_file_write(top, files[done].path, files[done].data, 0644, false,
			    why);
	}
	if (e == SN_OK && syncfs(top) != 0)
		e = sn_fail(why, SN_E_MEDIA, "the stick: %s", strerror(errno));
	if (e != SN_OK)
		while (done-- > 0)
			(void)unlinkat(top, files[done].path, 0);
	return e == SN_E_IO ? SN_E_MEDIA : e;
}

static enum sn_err
check_names(const char *root, const struct med_file *files, size_t n, struct sn_why *why)
{
	if (root[0] != '\0' && !sn_path_ok(root))
		return sn_fail(why, SN_E_FORMAT, "%s: not a name for a folder on a stick",
		    root);
	for (size_t i = 0; i < n; i++)
		if (!sn_path_ok(files[i].path))
			return sn_fail(why, SN_E_FORMAT, "%s: not a name for a file on a stick",
			    files[i].path);
	return SN_OK;
}

enum sn_err
med_write(struct med *m, const char *label, const char *root, const struct med_file *files,
    size_t n, struct sn_why *why)
{
	struct med_stick *s;
	enum sn_err e;

	SN_TRY(check_names(root, files, n, why));
	SN_TRY(med_find_open(m, label, &s, why));
	SN_TRY(m->backend->begin_write(m, s, why));
	e = root[0] != '\0' ? write_folder(s->root, root, files, n, why)
			    : write_singles(s->root, files, n, why);
	m->backend->end_write(m, s);
	return e;
}
