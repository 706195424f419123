#include "ceremony/bundle/load.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "appliance/base/file.h"

struct loading {
	struct bun_dir *dir;
	int dirfd;
	bool entered; /* load_one() has the word: a failure is its own, not the walk's */
};

void
bun_dir_done(struct bun_dir *d)
{
	if (d == NULL)
		return;
	for (size_t i = 0; i < d->n; i++) {
		free(d->file[i].path);
		sn_buf_done(&d->file[i].data);
	}
	free(d->file);
	*d = (struct bun_dir){ 0 };
}

static enum sn_err
grow(struct bun_dir *d, struct sn_why *why)
{
	if (d->n < d->cap)
		return SN_OK;
	const size_t cap = d->cap == 0 ? 64 : d->cap * 2;
	struct bun_loaded *more = reallocarray(d->file, cap, sizeof(*more));

	if (more == NULL)
		return sn_fail(why, SN_E_NOMEM, "bundle");
	d->file = more;
	d->cap = cap;
	return SN_OK;
}

static enum sn_err
begin_file(struct bun_dir *d, const char *path, struct bun_loaded **ret, struct sn_why *why)
{
	if (d->n >= BUN_MAX_FILES)
		return sn_fail(why, SN_E_FORMAT, "more than %d files", BUN_MAX_FILES);
	SN_TRY(grow(d, why));
	struct bun_loaded *f = &d->file[d->n];
	*f = (struct bun_loaded){ .path = strdup(path) };
	if (f->path == NULL)
		return sn_fail(why, SN_E_NOMEM, "bundle");
	d->n++; /* from here on bun_dir_done() frees it */
	*ret = f;
	return SN_OK;
}

static enum sn_err
end_file(struct bun_dir *d, struct bun_loaded *f, struct sn_why *why)
{
	d->total += f->data.n;
	if (d->total > BUN_MAX_TOTAL)
		return sn_fail(why, SN_E_FORMAT, "more than %u bytes", BUN_MAX_TOTAL);
	f->class = bun_class_of(f->path);
	return cry_digest(CRY_SHA256, sn_buf_bytes(&f->data), f->sha256, why);
}

static enum sn_err
load_file(struct loading *l, const struct sn_walk_entry *entry, struct sn_why *why)
{
	struct bun_loaded *f = NULL;

	SN_TRY(begin_file(l->dir, entry->path, &f, why));
	SN_TRY(sn_file_read(l->dirfd, entry->path, BUN_MAX_FILE, &f->data, why));
	return end_file(l->dir, f, why);
}

/* Whatever it is: other signatures cover it. */
static void
count_uncovered(struct bun_dir *d, const char *path)
{
	const uint32_t ops = bun_ops_of(path);

	d->uncovered++;
	d->strays += ops == 0 && strncmp(path, BUN_OPS, strlen(BUN_OPS)) == 0;
	d->unjudged += ops == 0;
	d->later += strncmp(path, BUN_COSIGNATURES, strlen(BUN_COSIGNATURES)) != 0;
	if (ops > d->ops)
		d->ops = ops;
}

static enum sn_err
load_one(void *arg, const struct sn_walk_entry *entry, struct sn_why *why)
{
	struct loading *l = arg;

	if (bun_class_of(entry->path) == BUN_UNCOVERED) {
		count_uncovered(l->dir, entry->path);
		return SN_OK;
	}
	l->entered = true;
	SN_TRY(load_file(l, entry, why));
	l->entered = false;
	return SN_OK;
}

/* The walk itself refuses names and kinds of files that no statement can list. */
static enum sn_err
walk(struct loading *l, struct sn_why *why)
{
	struct sn_why inner = { 0 };
	const enum sn_err e = sn_file_walk(l->dirfd, ".", load_one, l, &inner);

	if (e == SN_OK)
		return SN_OK;
	if (e == SN_E_FORMAT && !l->entered)
		return sn_fail(why, SN_E_MISSING, "%s: the statement cannot list it",
		    inner.text);
	return sn_fail(why, e, "%s", inner.text);
}

static int
by_path(const void *a, const void *b)
{
	const struct bun_loaded *x = a, *y = b;

	return strcmp(x->path, y->path);
}

/* Files in memory; with a prefix only those, without it in their paths. */
static enum sn_err
load_memory(const struct bun_source *source, const char *prefix, struct bun_dir *d,
    struct sn_why *why)
{
	for (size_t i = 0; i < source->n; i++) {
		const struct bun_file *from = &source->file[i];
		const size_t n = strlen(prefix);
		struct bun_loaded *f = NULL;

		if (strncmp(from->path, prefix, n) != 0)
			continue;
		if (!sn_path_ok(from->path + n))
			return sn_fail(why, SN_E_MISSING, "the statement cannot list a name");
		if (bun_class_of(from->path + n) == BUN_UNCOVERED) {
			count_uncovered(d, from->path + n);
			continue;
		}
		SN_TRY(begin_file(d, from->path + n, &f, why));
		sn_buf_put(&f->data, from->data);
		SN_TRY(sn_buf_check(&f->data, why));
		SN_TRY(end_file(d, f, why));
	}
	return SN_OK;
}

static enum sn_err
load(int dirfd, const struct bun_source *source, const char *prefix, struct bun_dir *ret,
    struct sn_why *why)
{
	SN_CLEANUP(bun_dir_done) struct bun_dir d = { 0 };
	struct loading l = { &d, dirfd, false };

	SN_TRY(dirfd >= 0 ? walk(&l, why) : load_memory(source, prefix, &d, why));
	if (d.n > 0)
		qsort(d.file, d.n, sizeof(d.file[0]), by_path);
	*ret = d;
	d = (struct bun_dir){ 0 };
	return SN_OK;
}

enum sn_err
bun_dir_load(const struct bun_source *source, struct bun_dir *ret, struct sn_why *why)
{
	return load(source->dirfd, source, "", ret, why);
}

enum sn_err
bun_dir_load_ops(const struct bun_source *source, uint32_t n, struct bun_dir *ret,
    struct sn_why *why)
{
	SN_CLEANUP(sn_fd_done) int dirfd = -1;
	char path[16];

	(void)snprintf(path, sizeof(path), BUN_OPS "%u/", n);
	if (source->dirfd >= 0) {
		dirfd = openat(source->dirfd, path,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (dirfd < 0)
			return sn_fail(why, SN_E_MISSING, "%s: is missing", path);
	}
	SN_TRY(load(dirfd, source, path, ret, why));
	if (ret->n == 0)
		return sn_fail(why, SN_E_MISSING, "%s: is missing", path);
	return SN_OK;
}

const struct bun_loaded *
bun_dir_find(const struct bun_dir *d, const char *path)
{
	size_t lo = 0, hi = d->n;

	while (lo < hi) {
		const size_t mid = lo + (hi - lo) / 2;
		const int c = strcmp(d->file[mid].path, path);

		if (c == 0)
			return &d->file[mid];
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

enum sn_err
bun_dir_get(const struct bun_dir *d, const char *path, struct bytes *ret, struct sn_why *why)
{
	const struct bun_loaded *f = bun_dir_find(d, path);

	if (f == NULL)
		return sn_fail(why, SN_E_MISSING, "%s: is missing", path);
	*ret = sn_buf_bytes(&f->data);
	return SN_OK;
}
