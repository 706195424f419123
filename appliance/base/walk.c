#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "appliance/base/file.h"

struct walk_item {
	char *path; /* relative to the root; "" is the root itself */
	uint64_t size;
};

struct walk_list {
	struct walk_item *items;
	size_t n, cap;
};

/* Directories wait in dirs until they are read; files are sorted at the end. */
struct walk {
	int root;
	struct walk_list dirs, files;
	sn_walk_refused_fn *refused; /* NULL: what is refused ends the walk */
	void *arg;
};

static void
walk_list_done(struct walk_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->items[i].path);
	free(l->items);
	*l = (struct walk_list){ 0 };
}

static void
walk_done(struct walk *w)
{
	walk_list_done(&w->dirs);
	walk_list_done(&w->files);
	if (w->root >= 0)
		close(w->root);
	w->root = -1;
}

static enum sn_err
walk_list_add(struct walk_list *l, const char *path, uint64_t size, struct sn_why *why)
{
	struct walk_item *items;
	size_t cap;

	if (l->n == SN_WALK_MAX_FILES)
		return sn_fail(why, SN_E_LIMIT, "%s: more than %d files", path,
		    SN_WALK_MAX_FILES);
	if (l->n == l->cap) {
		cap = l->cap != 0 ? 2 * l->cap : 64;
		items = reallocarray(l->items, cap, sizeof(*items));
		if (items == NULL)
			return sn_fail(why, SN_E_NOMEM, "a list of %zu files", cap);
		l->items = items;
		l->cap = cap;
	}
	l->items[l->n].size = size;
	l->items[l->n].path = strdup(path);
	if (l->items[l->n].path == NULL)
		return sn_fail(why, SN_E_NOMEM, "a list of %zu files", l->n);
	l->n++;
	return SN_OK;
}

static size_t
walk_depth(const char *path)
{
	size_t depth = 1;

	for (; *path != '\0'; path++)
		depth += *path == '/';
	return depth;
}

/* May it be in a tree at all? */
static enum sn_err
walk_check(int dir, const char *path, const char *name, struct stat *ret, struct sn_why *why)
{
	if (walk_depth(path) > SN_WALK_MAX_DEPTH)
		return sn_fail(why, SN_E_LIMIT, "%s: deeper than %d directories", path,
		    SN_WALK_MAX_DEPTH);
	if (!sn_path_ok(path))
		return sn_fail(why, SN_E_FORMAT, "%s: not a name that is allowed here", path);
	if (fstatat(dir, name, ret, AT_SYMLINK_NOFOLLOW) != 0)
		return sn_fail(why, SN_E_IO, "%s: %s", path, strerror(errno));
	if (S_ISDIR(ret->st_mode) || S_ISREG(ret->st_mode))
		return SN_OK;
	return sn_fail(why, SN_E_FORMAT, "%s: neither a file nor a directory", path);
}

/* It ends the walk, or is told and left out. */
static enum sn_err
walk_refuse(struct walk *w, const char *path, const struct sn_why *own, struct sn_why *why)
{
	if (w->refused != NULL)
		return w->refused(w->arg, path, own, why);
	return sn_fail(why, own->err, "%s", own->text);
}

/* One name found in directory dir, whose path below the root is in parent. */
static enum sn_err
walk_entry(struct walk *w, int dir, const char *parent, const char *name, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf buf = { 0 };
	struct sn_why own = { 0 };
	const char *path;
	struct stat st;

	sn_buf_fmt(&buf, "%s%s%s", parent, parent[0] != '\0' ? "/" : "", name);
	SN_TRY(sn_buf_check(&buf, why));
	path = sn_buf_cstr(&buf);
	if (walk_check(dir, path, name, &st, &own) != SN_OK)
		return walk_refuse(w, path, &own, why);
	if (S_ISDIR(st.st_mode))
		return walk_list_add(&w->dirs, path, 0, why);
	return walk_list_add(&w->files, path, (uint64_t)st.st_size, why);
}

static void
walk_close_dir(DIR **dp)
{
	if (*dp != NULL)
		closedir(*dp);
	*dp = NULL;
}

static enum sn_err
walk_dir(struct walk *w, const char *path, struct sn_why *why)
{
	SN_CLEANUP(walk_close_dir) DIR *d = NULL;
	int fd = openat(w->root, path[0] != '\0' ? path : ".",
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct sn_why own = { 0 };

	if (fd < 0) {
		(void)sn_fail(&own, SN_E_IO, "%s: %s", path, strerror(errno));
		return walk_refuse(w, path, &own, why);
	}
	d = fdopendir(fd);
	if (d == NULL) {
		close(fd);
		return sn_fail(why, SN_E_NOMEM, "%s: its list of names", path);
	}
	for (;;) {
		struct dirent *entry;

		errno = 0;
		entry = readdir(d);
		if (entry == NULL && errno != 0)
			return sn_fail(why, SN_E_IO, "%s: %s", path, strerror(errno));
		if (entry == NULL)
			return SN_OK;
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		SN_TRY(walk_entry(w, fd, path, entry->d_name, why));
	}
}

static int
walk_compare(const void *a, const void *b)
{
	const struct walk_item *x = a, *y = b;

	return strcmp(x->path, y->path);
}

enum sn_err
sn_file_walk(int dirfd, const char *dir, sn_walk_fn *fn, void *arg, struct sn_why *why)
{
	return sn_file_walk_on(dirfd, dir, fn, NULL, arg, why);
}

enum sn_err
sn_file_walk_on(int dirfd, const char *dir, sn_walk_fn *fn, sn_walk_refused_fn *refused,
    void *arg, struct sn_why *why)
{
	SN_CLEANUP(walk_done) struct walk w = { .root = -1, .refused = refused, .arg = arg };

	w.root = openat(dirfd, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (w.root < 0 && errno == ENOENT)
		return sn_fail(why, SN_E_MISSING, "%s: there is no such directory", dir);
	if (w.root < 0)
		return sn_fail(why, SN_E_IO, "%s: %s", dir, strerror(errno));

	SN_TRY(walk_dir(&w, "", why));
	/* The list grows while it is read; a path's place in it may move. */
	for (size_t i = 0; i < w.dirs.n; i++)
		SN_TRY(walk_dir(&w, w.dirs.items[i].path, why));

	if (w.files.n > 0)
		qsort(w.files.items, w.files.n, sizeof(*w.files.items), walk_compare);
	for (size_t i = 0; i < w.files.n; i++) {
		struct sn_walk_entry entry = { w.files.items[i].path, w.files.items[i].size };

		SN_TRY(fn(arg, &entry, why));
	}
	return SN_OK;
}
