#include "firmware-cache/store/fleet_walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "appliance/base/file.h"
#include "firmware-cache/store/fleet.h"

#define DEPTH_MAX 8

/* One directory that is being read: its names, sorted. */
struct level {
	int fd;
	char **names;
	size_t n, next;
	size_t path_len; /* of the path before this directory's names */
};

struct walk {
	struct level levels[DEPTH_MAX];
	size_t depth;
	char path[COL_PATH_MAX + 2];
};

static void
level_done(struct level *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->names[i]);
	free(l->names);
	if (l->fd >= 0)
		close(l->fd);
	*l = (struct level){ .fd = -1 };
}

static void
walk_done(struct walk *w)
{
	while (w->depth > 0)
		level_done(&w->levels[--w->depth]);
}

static void
dir_done(DIR **dp)
{
	if (*dp != NULL)
		closedir(*dp);
	*dp = NULL;
}

static int
by_name(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

static enum sn_err
read_names(struct level *l, const char *path, struct sn_why *why)
{
	SN_CLEANUP(dir_done) DIR *d = NULL;
	int fd = openat(l->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *e;

	if (fd < 0 || (d = fdopendir(fd)) == NULL)
		return sn_fail(why, SN_E_IO, "%s: %s", path, strerror(errno));
	l->names = calloc(COL_FLEET_DIR_MAX, sizeof(*l->names));
	if (l->names == NULL)
		return sn_fail(why, SN_E_NOMEM, "%s: its names", path);
	while ((e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (l->n == COL_FLEET_DIR_MAX)
			return sn_fail(why, SN_E_LIMIT, "%s: more than %u entries", path,
			    COL_FLEET_DIR_MAX);
		l->names[l->n] = strdup(e->d_name);
		if (l->names[l->n] == NULL)
			return sn_fail(why, SN_E_NOMEM, "%s: its names", path);
		l->n++;
	}
	qsort(l->names, l->n, sizeof(*l->names), by_name);
	return SN_OK;
}

static enum sn_err
push(struct walk *w, int at, const char *name, size_t path_len, struct sn_why *why)
{
	struct level *l = &w->levels[w->depth];

	if (w->depth == DEPTH_MAX)
		return sn_fail(why, SN_E_LIMIT, "%s: deeper than %d directories", w->path,
		    DEPTH_MAX);
	*l = (struct level){ .path_len = path_len };
	l->fd = openat(at, name,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC | (w->depth > 0 ? O_NOFOLLOW : 0));
	if (l->fd < 0)
		return sn_fail(why, SN_E_MISSING, "%s: not a directory that can be read",
		    w->depth > 0 ? w->path : name);
	w->depth++;
	return read_names(l, w->depth > 1 ? w->path : name, why);
}

static enum sn_err
set_path(struct walk *w, const struct level *l, const char *name, struct sn_why *why)
{
	size_t room = sizeof(w->path) - l->path_len;
	int n = snprintf(w->path + l->path_len, room, "%s", name);

	if (n < 0 || (size_t)n >= room - 1)
		return sn_fail(why, SN_E_LIMIT, "%.64s...: the path is too long", w->path);
	if (!sn_path_ok(w->path))
		return sn_fail(why, SN_E_FORMAT, "%s: not a name that is allowed here",
		    w->path);
	return SN_OK;
}

enum sn_err
fleet_walk(int dirfd, const char *dir,
    enum sn_err (*fn)(void *arg, int at, const char *name, const char *path, uint64_t size,
	struct sn_why *why),
    void *arg, struct sn_why *why)
{
	SN_CLEANUP(walk_done) struct walk w = { 0 };

	SN_TRY(push(&w, dirfd, dir, 0, why));
	while (w.depth > 0) {
		struct level *l = &w.levels[w.depth - 1];
		const char *name;
		struct stat st;

		if (l->next == l->n) {
			level_done(l);
			w.depth--;
			continue;
		}
		name = l->names[l->next++];
		SN_TRY(set_path(&w, l, name, why));
		if (fstatat(l->fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			return sn_fail(why, SN_E_IO, "%s: %s", w.path, strerror(errno));
		if (S_ISREG(st.st_mode)) {
			SN_TRY(fn(arg, l->fd, name, w.path, (uint64_t)st.st_size, why));
		} else if (S_ISDIR(st.st_mode)) {
			size_t len = strlen(w.path);

			w.path[len] = '/';
			w.path[len + 1] = '\0';
			SN_TRY(push(&w, l->fd, name, len + 1, why));
		} else {
			return sn_fail(why, SN_E_FORMAT, "%s: neither a file nor a directory",
			    w.path);
		}
	}
	return SN_OK;
}
