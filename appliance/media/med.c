#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "appliance/media/port.h"

#define COMPARE_CHUNK 65536

void
med_forget(struct med *m, size_t i)
{
	sn_fd_done(&m->stick[i].root);
	memmove(&m->stick[i], &m->stick[i + 1], (m->n - i - 1) * sizeof(m->stick[0]));
	m->n--;
}

void
med_free(struct med **mp)
{
	if (*mp == NULL)
		return;
	while ((*mp)->n > 0) {
		(*mp)->backend->close(*mp, &(*mp)->stick[0]);
		med_forget(*mp, 0);
	}
	free(*mp);
	*mp = NULL;
}

/* A FAT label has 11 characters; what people call the stick may have more. */
static bool
label_fits(const struct med_stick *s, const char *wanted)
{
	if (strcmp(s->label, wanted) == 0)
		return true;
	return s->kind != FAT_NONE && strlen(s->label) == FAT_LABEL_MAX &&
	    strlen(wanted) > FAT_LABEL_MAX && strncmp(s->label, wanted, FAT_LABEL_MAX) == 0;
}

static enum sn_err
update(struct med *m, struct sn_why *why)
{
	return m->backend->scan != NULL ? m->backend->scan(m, why) : SN_OK;
}

static enum sn_err
find(struct med *m, const char *label, struct med_stick **ret, struct sn_why *why)
{
	struct med_stick *found = NULL;

	SN_TRY(update(m, why));
	for (size_t i = 0; i < m->n; i++) {
		if (!label_fits(&m->stick[i], label))
			continue;
		if (found != NULL)
			return sn_fail(why, SN_E_MEDIA, "two sticks are labelled %s", label);
		found = &m->stick[i];
	}
	if (found == NULL)
		return sn_fail(why, SN_E_MEDIA, "stick %s is not there", label);
	*ret = found;
	return SN_OK;
}

enum sn_err
med_find_open(struct med *m, const char *label, struct med_stick **ret, struct sn_why *why)
{
	SN_TRY(find(m, label, ret, why));
	return (*ret)->root >= 0 ? SN_OK : m->backend->open(m, *ret, why);
}

enum sn_err
med_scan(struct med *m, char ret_labels[MED_STICKS_MAX][MED_LABEL_MAX + 1], size_t *ret_n,
    struct sn_why *why)
{
	SN_TRY(update(m, why));
	for (size_t i = 0; i < m->n; i++)
		for (size_t j = 0; j < i; j++)
			if (m->stick[i].label[0] != '\0' &&
			    strcmp(m->stick[i].label, m->stick[j].label) == 0)
				return sn_fail(why, SN_E_MEDIA, "two sticks are labelled %s",
				    m->stick[i].label);
	for (size_t i = 0; i < m->n; i++)
		memcpy(ret_labels[i], m->stick[i].label, sizeof(ret_labels[i]));
	*ret_n = m->n;
	return SN_OK;
}

bool
med_present(struct med *m, const char *label)
{
	struct med_stick *s;

	return find(m, label, &s, NULL) == SN_OK;
}

void
med_eject(struct med *m, const char *label)
{
	struct med_stick *s;

	if (find(m, label, &s, NULL) != SN_OK)
		return;
	m->backend->close(m, s);
}

/* ---- reading */

enum sn_err
med_open_folder(int dirfd, const char *path, int *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_fd_done) int fd = -1;
	char name[256];
	const char *p = path;

	fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return sn_fail(why, SN_E_MEDIA, "the stick: %s", strerror(errno));
	while (*p != '\0') {
		size_t n = strcspn(p, "/");
		int next;

		if (n >= sizeof(name))
			return sn_fail(why, SN_E_LIMIT, "the name of a folder is too long");
		memcpy(name, p, n);
		name[n] = '\0';
		next = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0 && (errno == ENOENT || errno == ENOTDIR))
			return sn_fail(why, SN_E_MISSING, "%s: there is no such folder", path);
		if (next < 0)
			return sn_fail(why, errno == ELOOP ? SN_E_FORMAT : SN_E_MEDIA, "%s: %s",
			    path, strerror(errno));
		close(fd);
		fd = next;
		p += n + (p[n] == '/');
	}
	*ret = fd;
	fd = -1;
	return SN_OK;
}

/* The folder that holds path, without following any link, and path's last name. */
static enum sn_err
open_parent(int root, const char *path, int *ret_dir, const char **ret_name, struct sn_why *why)
{
	const char *slash = strrchr(path, '/');
	char folder[256] = "";

	if (!sn_path_ok(path))
		return sn_fail(why, SN_E_FORMAT, "%s: not a name for a file on a stick", path);
	if (slash != NULL) {
		memcpy(folder, path, (size_t)(slash - path));
		folder[slash - path] = '\0';
	}
	*ret_name = slash != NULL ? slash + 1 : path;
	return med_open_folder(root, folder, ret_dir, why);
}

static enum sn_err
read_file(int root, const char *path, size_t max, struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_fd_done) int dir = -1;
	const char *name;
	enum sn_err e;

	SN_TRY(open_parent(root, path, &dir, &name, why));
	e = sn_file_read(dir, name, max, ret, why);
	return e == SN_E_IO ? SN_E_MEDIA : e;
}

enum sn_err
med_read(struct med *m, const char *label, const char *path, size_t max, struct sn_buf *ret,
    struct sn_why *why)
{
	struct med_stick *s;

	SN_TRY(med_find_open(m, label, &s, why));
	return read_file(s->root, path, max, ret, why);
}

enum sn_err
med_read_tree(struct med *m, const char *label, const char *dir, size_t max,
    enum sn_err (*fn)(void *arg, const char *path, struct bytes data, struct sn_why *why),
    void (*skipped)(void *arg, const char *path, const struct sn_why *reason), void *arg,
    struct sn_why *why)
{
	SN_CLEANUP(med_paths_done) struct med_paths paths = { 0 };
	SN_CLEANUP(sn_fd_done) int fd = -1;
	struct med_stick *s;

	SN_TRY(med_find_open(m, label, &s, why));
	SN_TRY(med_open_folder(s->root, dir, &fd, why));
	SN_TRY(med_tree(fd, skipped, arg, &paths, why));
	for (size_t i = 0; i < paths.n; i++) {
		SN_CLEANUP(sn_buf_done) struct sn_buf data = { 0 };
		struct sn_why reason = { 0 };
		enum sn_err e = read_file(fd, paths.path[i], max, &data, &reason);

		if (e == SN_OK)
			SN_TRY(fn(arg, paths.path[i], sn_buf_bytes(&data), why));
		else if (e == SN_E_NOMEM || skipped == NULL)
			return sn_fail(why, e, "%s", reason.text);
		else
			skipped(arg, paths.path[i], &reason);
	}
	/* The folder of a pulled stick reads as empty, without an error. */
	return find(m, label, &s, why);
}

/* ---- reading back */

static enum sn_err
compare_fd(int fd, const char *path, struct bytes expected, struct sn_why *why)
{
	uint8_t *chunk = malloc(COMPARE_CHUNK);
	size_t at = 0;
	ssize_t n = 0;
	bool same = true;

	if (chunk == NULL)
		return sn_fail(why, SN_E_NOMEM, "a buffer for reading back");
	while (same && (n = read(fd, chunk, COMPARE_CHUNK)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		same = n > 0 && (size_t)n <= expected.n - at &&
		    memcmp(chunk, expected.p + at, (size_t)n) == 0;
		at += same ? (size_t)n : 0;
	}
	free(chunk);
	if (n < 0)
		return sn_fail(why, SN_E_MEDIA, "%s cannot be read back: %s", path,
		    strerror(errno));
	if (!same || at != expected.n)
		return sn_fail(why, SN_E_MEDIA,
		    "%s reads back differently from what was written", path);
	return SN_OK;
}

static enum sn_err
compare_file(const struct med *m, int root, const struct med_file *f, struct sn_why *why)
{
	SN_CLEANUP(sn_fd_done) int dir = -1;
	SN_CLEANUP(sn_fd_done) int fd = -1;
	const char *name;
	struct stat st;

	SN_TRY(open_parent(root, f->path, &dir, &name, why));
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return sn_fail(why, SN_E_MEDIA, "%s was written but is not there", f->path);
	if (m->backend->drop_pages &&
	    (fsync(fd) != 0 || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) != 0))
		return sn_fail(why, SN_E_MEDIA, "%s: %s", f->path, strerror(errno));
	return compare_fd(fd, f->path, f->data, why);
}

static enum sn_err
refuse_extra(int dir, const struct med_file *files, size_t n, struct sn_why *why)
{
	SN_CLEANUP(med_paths_done) struct med_paths paths = { 0 };

	SN_TRY(med_tree(dir, NULL, NULL, &paths, why));
	for (size_t i = 0; i < paths.n; i++) {
		size_t j = 0;

		while (j < n && strcmp(paths.path[i], files[j].path) != 0)
			j++;
		if (j == n)
			return sn_fail(why, SN_E_MEDIA, "%s is there but was not written",
			    paths.path[i]);
	}
	return SN_OK;
}

enum sn_err
med_compare(struct med *m, const char *label, const char *root, const struct med_file *files,
    size_t n, struct sn_why *why)
{
	SN_CLEANUP(sn_fd_done) int dir = -1;
	struct med_stick *s;

	SN_TRY(find(m, label, &s, why));
	SN_TRY(m->backend->reopen(m, s, why));
	SN_TRY(med_open_folder(s->root, root, &dir, why));
	for (size_t i = 0; i < n; i++)
		SN_TRY(compare_file(m, dir, &files[i], why));
	return root[0] != '\0' ? refuse_extra(dir, files, n, why) : SN_OK;
}
