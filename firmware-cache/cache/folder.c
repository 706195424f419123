#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "appliance/base/file.h"
#include "appliance/crypto/digest.h"
#include "firmware-cache/cache/view_priv.h"
#include "firmware-cache/requests/record.h"

#define RECORD "collect.jsonl"
#define REPLIES "originals"
#define FOLDERS_MAX 16384U

/* A walk that goes on behind what it refuses, unlike sn_file_walk(). */
struct folder {
	struct cache_view *view;
	int root;
	char **waiting; /* folders still to be read, "" is the root */
	size_t n, cap, files, bytes;
	size_t first; /* of the view's items that are the folder's */
	char key[COL_PATH_MAX + 1];
};

static void
folder_done(struct folder *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->waiting[i]);
	free(f->waiting);
	sn_fd_done(&f->root);
}

static enum sn_err
wait_for(struct folder *f, const char *path, struct sn_why *why)
{
	if (f->n == FOLDERS_MAX)
		return sn_fail(why, SN_E_LIMIT, "%s: more than %u folders", path, FOLDERS_MAX);
	if (f->n == f->cap) {
		size_t cap = 2 * f->cap + 16;
		char **p = reallocarray(f->waiting, cap, sizeof(*p));

		if (p == NULL)
			return sn_fail(why, SN_E_NOMEM, "%zu folders", cap);
		f->waiting = p;
		f->cap = cap;
	}
	f->waiting[f->n] = strdup(path);
	if (f->waiting[f->n] == NULL)
		return sn_fail(why, SN_E_NOMEM, "%zu folders", f->n);
	f->n++;
	return SN_OK;
}

static enum sn_err
refuse_path(struct folder *f, const char *path, enum sn_err err, const char *reason,
    struct sn_why *why)
{
	struct cache_item *it = NULL;
	struct sn_why own = { 0 };

	(void)sn_fail(&own, err, "%s", reason);
	SN_TRY(cache_view_new(f->view, path, &it, why));
	it->in_folder = true;
	return cache_item_refuse(it, &own, why);
}

/* Read once: these bytes are judged, and these are kept. */
static enum sn_err
add_file(struct folder *f, const char *path, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	struct cache_item *it = NULL;
	struct sn_why own = { 0 };
	char channel[CACHE_CHANNEL_MAX];
	enum sn_err e;

	e = sn_file_read(f->root, path, COL_ITEM_BYTES_MAX, &b, &own);
	if (e == SN_E_NOMEM)
		return sn_fail(why, e, "%s", own.text);
	if (e != SN_OK)
		return refuse_path(f, path, e, own.text, why);
	if (++f->files > CACHE_ITEMS_MAX)
		return sn_fail(why, SN_E_LIMIT, "%s: more than %u files", path,
		    CACHE_ITEMS_MAX);
	f->bytes += b.n;
	if (f->bytes > CACHE_FOLDER_BYTES_MAX)
		return sn_fail(why, SN_E_LIMIT,
		    "%s: more than %u bytes in one folder; import parts of it", path,
		    CACHE_FOLDER_BYTES_MAX);
	SN_TRY(cache_view_new(f->view, path, &it, why));
	SN_TRY(cry_digest(CRY_SHA256, sn_buf_bytes(&b), it->sha256, why));
	it->has_sha256 = it->in_folder = true;
	it->size = b.n;
	it->signer = cache_may_sign(sn_buf_bytes(&b));
	it->bytes = b;
	b = (struct sn_buf){ 0 };
	cache_item_add_channel(it, cache_channel(NULL, path, channel));
	memcpy(it->folder_channel, channel, sizeof(channel));
	return SN_OK;
}

static enum sn_err
add_name(struct folder *f, int dir, const char *parent, const char *name, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	const char *path;
	struct stat st;

	sn_buf_fmt(&b, "%s%s%s", parent, parent[0] != '\0' ? "/" : "", name);
	SN_TRY(sn_buf_check(&b, why));
	path = sn_buf_cstr(&b);
	if (!sn_path_ok(path))
		return refuse_path(f, path, SN_E_FORMAT, "not a name that is accepted", why);
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return refuse_path(f, path, SN_E_IO, strerror(errno), why);
	if (S_ISDIR(st.st_mode))
		return wait_for(f, path, why);
	if (S_ISLNK(st.st_mode))
		return refuse_path(f, path, SN_E_FORMAT,
		    "a symbolic link; links are not followed, copy the file itself", why);
	if (!S_ISREG(st.st_mode))
		return refuse_path(f, path, SN_E_FORMAT, "neither a file nor a folder", why);
	return add_file(f, path, why);
}

static void
close_dir(DIR **dp)
{
	if (*dp != NULL)
		closedir(*dp);
	*dp = NULL;
}

static enum sn_err
read_folder(struct folder *f, const char *path, struct sn_why *why)
{
	SN_CLEANUP(close_dir) DIR *d = NULL;
	const struct dirent *entry;
	int fd = openat(f->root, path[0] != '\0' ? path : ".",
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return refuse_path(f, path, SN_E_IO, strerror(errno), why);
	d = fdopendir(fd);
	if (d == NULL) {
		close(fd);
		return sn_fail(why, SN_E_NOMEM, "%s: its list of names", path);
	}
	while ((entry = readdir(d)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		SN_TRY(add_name(f, fd, path, entry->d_name, why));
	}
	return SN_OK;
}

static int
by_path(const void *a, const void *b)
{
	const struct cache_item *x = a, *y = b;

	return strcmp(x->path, y->path);
}

/* ---- what collect says of where replies come from */

static enum sn_err
set_url(void *arg, const struct req_result *r, struct sn_why *why)
{
	struct folder *f = arg;
	struct cache_item key = { .path = f->key }, *it;
	size_t n = strlen(r->file);

	if (r->outcome != REQ_FETCHED || n >= sizeof(f->key) || f->view->n == f->first)
		return SN_OK;
	memcpy(f->key, r->file, n + 1);
	it = bsearch(&key, f->view->v + f->first, f->view->n - f->first, sizeof(*it), by_path);
	/* A file that was changed since is not what came from there. */
	if (it == NULL || !it->has_sha256 || memcmp(it->sha256, r->sha256, 32) != 0)
		return SN_OK;
	free(it->url);
	it->url = strdup(r->url);
	if (it->url == NULL)
		return sn_fail(why, SN_E_NOMEM, "an address");
	it->fetched = r->at;
	it->nchannels = 0;
	cache_item_add_channel(it, cache_channel(it->url, it->path, it->folder_channel));
	return SN_OK;
}

static enum sn_err
read_record(struct folder *f, int top, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };

	SN_TRY(sn_file_read(top, RECORD, REQ_BYTES_MAX, &b, why));
	return req_results_parse(sn_buf_bytes(&b), RECORD, set_url, f, why);
}

enum sn_err
cache_view_add_folder(struct cache_view *v, int dirfd, const char *dir, struct sn_why *why)
{
	SN_CLEANUP(folder_done) struct folder f = { .view = v, .root = -1, .first = v->n };
	SN_CLEANUP(sn_fd_done) int top = openat(dirfd, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool collected;

	if (top < 0)
		return sn_fail(why, SN_E_MISSING, "%s: not a folder that can be read", dir);
	collected = faccessat(top, RECORD, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	f.root = openat(top, collected ? REPLIES : ".",
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (f.root < 0)
		return sn_fail(why, SN_E_MISSING, "%s: has " RECORD ", but no " REPLIES, dir);
	SN_TRY(wait_for(&f, "", why));
	for (size_t i = 0; i < f.n; i++)
		SN_TRY(read_folder(&f, f.waiting[i], why));
	if (v->n > f.first)
		qsort(v->v + f.first, v->n - f.first, sizeof(*v->v), by_path);
	return collected ? read_record(&f, top, why) : SN_OK;
}
