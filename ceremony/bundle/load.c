#include "ceremony/bundle/load.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

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
load_file(struct loading *l, const struct sn_walk_entry *entry, struct sn_why *why)
{
	struct bun_dir *d = l->dir;

	if (d->n >= BUN_MAX_FILES)
		return sn_fail(why, SN_E_FORMAT, "more than %d files", BUN_MAX_FILES);
	SN_TRY(grow(d, why));
	struct bun_loaded *f = &d->file[d->n];
	*f = (struct bun_loaded){ .path = strdup(entry->path) };
	if (f->path == NULL)
		return sn_fail(why, SN_E_NOMEM, "bundle");
	d->n++; /* from here on bun_dir_done() frees it */
	SN_TRY(sn_file_read(l->dirfd, entry->path, BUN_MAX_FILE, &f->data, why));
	d->total += f->data.n;
	if (d->total > BUN_MAX_TOTAL)
		return sn_fail(why, SN_E_FORMAT, "more than %u bytes", BUN_MAX_TOTAL);
	f->class = bun_class_of(f->path);
	return cry_digest(CRY_SHA256, sn_buf_bytes(&f->data), f->sha256, why);
}

static enum sn_err
load_one(void *arg, const struct sn_walk_entry *entry, struct sn_why *why)
{
	struct loading *l = arg;

	if (bun_class_of(entry->path) == BUN_UNCOVERED) {
		l->dir->uncovered++; /* whatever it is: other signatures cover it */
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

enum sn_err
bun_dir_load(int dirfd, struct bun_dir *ret, struct sn_why *why)
{
	SN_CLEANUP(bun_dir_done) struct bun_dir d = { 0 };
	struct loading l = { &d, dirfd, false };

	SN_TRY(walk(&l, why));
	if (d.n > 0)
		qsort(d.file, d.n, sizeof(d.file[0]), by_path);
	*ret = d;
	d = (struct bun_dir){ 0 };
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
