#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "appliance/media/port.h"

#define TREE_PATH_MAX 256

struct tree {
	struct med_paths *files;
	struct med_paths folders; /* still to be read */
	size_t seen;
	void (*skipped)(void *arg, const char *path, const struct sn_why *reason);
	void *arg;
};

static void
dir_done(DIR **d)
{
	if (*d != NULL)
		closedir(*d);
	*d = NULL;
}

void
med_paths_done(struct med_paths *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->path[i]);
	free(p->path);
	*p = (struct med_paths){ 0 };
}

static enum sn_err
paths_add(struct med_paths *p, const char *path, struct sn_why *why)
{
	char *copy;

	if (p->n == p->cap) {
		size_t cap = p->cap == 0 ? 64 : 2 * p->cap;
		char **grown = reallocarray(p->path, cap, sizeof(*grown));

		if (grown == NULL)
			return sn_fail(why, SN_E_NOMEM, "a list of %zu files", cap);
		p->path = grown;
		p->cap = cap;
	}
	copy = strdup(path);
	if (copy == NULL)
		return sn_fail(why, SN_E_NOMEM, "the name of a file");
	p->path[p->n++] = copy;
	return SN_OK;
}

static int
paths_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Hand an entry that is refused to the caller, or end the walk with the reason. */
static enum sn_err
tree_skip(struct tree *t, enum sn_err err, const char *path, const char *reason,
    struct sn_why *why)
{
	char shown[TREE_PATH_MAX];
	struct sn_why because = { 0 };
	size_t n = 0;

	for (; path[n] != '\0' && n < sizeof(shown) - 1; n++)
		shown[n] = path[n] > 0x20 && path[n] < 0x7f ? path[n] : '?';
	shown[n] = '\0';
	if (t->skipped == NULL)
		return sn_fail(why, err, "%s: %s", shown, reason);
	(void)sn_fail(&because, err, "%s: %s", shown, reason);
	t->skipped(t->arg, shown, &because);
	return SN_OK;
}

static unsigned int
path_depth(const char *path)
{
	unsigned int depth = 1;

	for (; *path != '\0'; path++)
		depth += *path == '/';
	return depth;
}

static enum sn_err
tree_entry(struct tree *t, int dir, const char *folder, const char *name, struct sn_why *why)
{
	char path[TREE_PATH_MAX];
	struct stat st;
	int n;

	if (++t->seen > SN_WALK_MAX_FILES)
		return sn_fail(why, SN_E_LIMIT, "more than %d files and folders",
		    SN_WALK_MAX_FILES);
	n = snprintf(path, sizeof(path), "%s%s%s", folder, folder[0] != '\0' ? "/" : "", name);
	if (n < 0 || (size_t)n >= sizeof(path))
		return tree_skip(t, SN_E_LIMIT, path, "the path is too long", why);
	if (path_depth(path) > SN_WALK_MAX_DEPTH)
		return tree_skip(t, SN_E_LIMIT, path, "too deep", why);
	if (!sn_path_ok(path))
		return tree_skip(t, SN_E_FORMAT, path,
		    "a name may hold letters, digits, '.', '_' and '-' only", why);
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return tree_skip(t, SN_E_IO, path, strerror(errno), why);
	if (S_ISDIR(st.st_mode))
		return paths_add(&t->folders, path, why);
	if (S_ISREG(st.st_mode))
		return paths_add(t->files, path, why);
	return tree_skip(t, SN_E_FORMAT, path, "neither a file nor a folder", why);
}

static enum sn_err
tree_folder(struct tree *t, int root, const char *folder, struct sn_why *why)
{
	SN_CLEANUP(dir_done) DIR *d = NULL;
	const struct dirent *e;
	int fd = -1;

	SN_TRY(med_open_folder(root, folder, &fd, why));
	d = fdopendir(fd);
	if (d == NULL) {
		close(fd);
		return sn_fail(why, SN_E_IO, "%s: %s", folder, strerror(errno));
	}
	for (;;) {
		errno = 0;
		e = readdir(d);
		if (e == NULL && errno != 0)
			return sn_fail(why, SN_E_MEDIA, "%s: %s", folder, strerror(errno));
		if (e == NULL)
			return SN_OK;
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			SN_TRY(tree_entry(t, dirfd(d), folder, e->d_name, why));
	}
}

enum sn_err
med_tree(int dir, void (*skipped)(void *arg, const char *path, const struct sn_why *reason),
    void *arg, struct med_paths *ret, struct sn_why *why)
{
	SN_CLEANUP(med_paths_done) struct med_paths files = { 0 };
	struct tree t = { .files = &files, .skipped = skipped, .arg = arg };
	enum sn_err e = tree_folder(&t, dir, "", why);

	/* Folders are read in the order in which they were found; the list only grows. */
	for (size_t i = 0; e == SN_OK && i < t.folders.n; i++)
		e = tree_folder(&t, dir, t.folders.path[i], why);
	med_paths_done(&t.folders);
	if (e != SN_OK)
		return e;
	if (files.n > 0)
		qsort(files.path, files.n, sizeof(*files.path), paths_compare);
	*ret = files;
	files = (struct med_paths){ 0 };
	return SN_OK;
}
