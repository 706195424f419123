/* export: the derived forms of verified collateral, into a folder that is not there yet. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "appliance/base/file.h"
#include "appliance/base/json.h"
#include "appliance/base/text.h"
#include "appliance/crypto/digest.h"
#include "firmware-cache/cache/fresh.h"
#include "firmware-cache/cmd/cmd.h"
#include "firmware-cache/layouts/platforms.h"

#define PATH_ROOM 4096
#define NAMES_MAX 32
#define NAMES_ROOM 512
#define OPEN_FOLDERS 16
#define BYTES_MAX (512U << 20)
#define NANOSECONDS 1000000000U
#define LEFT_OUT_FILE "LEFT-OUT.txt"

/* Where an export goes: written beside its place, and moved there whole. */
struct target {
	char tmp[PATH_ROOM]; /* "" when there is nothing to remove */
	size_t files;
	int64_t newest; /* time of a file */
	struct sn_buf left_out;
};

static int
remove_one(const char *path, const struct stat *st SN_UNUSED, int type SN_UNUSED,
    struct FTW *ftw SN_UNUSED)
{
	return remove(path);
}

static void
target_done(struct target *t)
{
	if (t->tmp[0] != '\0')
		(void)nftw(t->tmp, remove_one, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS);
	t->tmp[0] = '\0';
	sn_buf_done(&t->left_out);
}

/*
 * From when the content is; and, since Trustee looks for another time only, nanoseconds that
 * come from the content, so that a change without a newer item in it is a change as well.
 */
static enum sn_err
file_time(struct bytes bytes, int64_t mtime, struct timespec *ret, struct sn_why *why)
{
	uint8_t digest[CRY_SHA256_LEN];
	uint32_t n;

	SN_TRY(cry_digest(CRY_SHA256, bytes, digest, why));
	n = (uint32_t)digest[0] << 24 | (uint32_t)digest[1] << 16 | (uint32_t)digest[2] << 8 |
	    digest[3];
	*ret = (struct timespec){ .tv_sec = (time_t)mtime, .tv_nsec = (long)(n % NANOSECONDS) };
	return SN_OK;
}

static enum sn_err
put_file(void *arg, const char *path, struct bytes bytes, int64_t mtime, struct sn_why *why)
{
	struct target *t = arg;
	struct timespec times[2];
	char full[PATH_ROOM + LAY_PATH_MAX + 2];

	if (!sn_path_ok(path))
		return sn_fail(why, SN_E_INTERNAL, "\"%s\" is no path for a derived file",
		    path);
	snprintf(full, sizeof(full), "%s/%s", t->tmp, path);
	SN_TRY(file_time(bytes, mtime, &times[1], why));
	times[0] = times[1];
	SN_TRY(sn_file_parents(AT_FDCWD, full, why));
	SN_TRY(sn_file_write(AT_FDCWD, full, bytes, 0644, false, why));
	if (utimensat(AT_FDCWD, full, times, AT_SYMLINK_NOFOLLOW) != 0)
		return sn_fail(why, SN_E_IO, "%s: %s", full, strerror(errno));
	if (mtime > t->newest)
		t->newest = mtime;
	t->files++;
	return SN_OK;
}

static enum sn_err
put_left_out(void *arg, const char *layout, const char *what, const char *reason,
    struct sn_why *why)
{
	struct target *t = arg;

	sn_buf_fmt(&t->left_out, "%s: %s: %s\n", layout, what, reason);
	return sn_buf_check(&t->left_out, why);
}

/* A new folder beside out, which must not be there. */
static enum sn_err
target_open(struct target *t, const char *out, struct sn_why *why)
{
	struct stat st;
	size_t n = strlen(out);

	while (n > 1 && out[n - 1] == '/')
		n--;
	if (n == 0 || n + 16 >= sizeof(t->tmp))
		return sn_fail(why, SN_E_LIMIT, "\"%.64s\": not a path that is taken", out);
	if (lstat(out, &st) == 0)
		return sn_fail(why, SN_E_IO, "%s is there already; nothing is ever overwritten",
		    out);
	SN_TRY(sn_file_parents(AT_FDCWD, out, why));
	snprintf(t->tmp, sizeof(t->tmp), "%.*s.part-%d", (int)n, out, (int)getpid());
	if (mkdir(t->tmp, 0755) == 0)
		return SN_OK;
	(void)sn_fail(why, SN_E_IO, "%s: %s", t->tmp, strerror(errno));
	t->tmp[0] = '\0';
	return SN_E_IO;
}

static enum sn_err
target_close(struct target *t, const char *out, struct sn_why *why)
{
	if (t->left_out.n > 0)
		SN_TRY(put_file(t, LEFT_OUT_FILE, sn_buf_bytes(&t->left_out), t->newest, why));
	if (renameat2(AT_FDCWD, t->tmp, AT_FDCWD, out, RENAME_NOREPLACE) != 0)
		return sn_fail(why, SN_E_IO, "%s: %s", out, strerror(errno));
	t->tmp[0] = '\0';
	return SN_OK;
}

/* "a,b,c" cut up in place. */
static enum sn_err
split_names(const char *list, char room[NAMES_ROOM], const char *names[NAMES_MAX],
    size_t *ret_n, struct sn_why *why)
{
	size_t n = 0;
	char *s = room;

	if (list == NULL)
		return SN_OK;
	if (strlen(list) >= NAMES_ROOM)
		return sn_fail(why, SN_E_USAGE, "--layout: too long");
	snprintf(room, NAMES_ROOM, "%s", list);
	for (;;) {
		char *end = strchr(s, ',');

		if (n == NAMES_MAX)
			return sn_fail(why, SN_E_USAGE, "--layout: too many names");
		names[n++] = s;
		if (end == NULL)
			break;
		*end = '\0';
		s = end + 1;
	}
	*ret_n = n;
	return SN_OK;
}

static enum sn_err
read_platforms(const char *path, struct lay_platforms *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };

	if (path == NULL)
		return SN_OK;
	SN_TRY(sn_file_read(AT_FDCWD, path, SN_JSON_MAX_BYTES, &b, why));
	return lay_platforms_parse(sn_buf_bytes(&b), path, ret, why);
}

/* ---- what is exported: a folder, or a cache */

struct from_cache {
	const struct cache *cache;
	const struct cache_view *view;
	struct col_store *store;
	struct sn_buf *stale; /* lines on what is older than the newest seen */
};

/* An original under the channel and the name by which it came, which layouts look at. */
static enum sn_err
add_original(void *arg, const struct cache_entry *entry, struct sn_why *why)
{
	struct from_cache *f = arg;
	const struct cache_origin *o;
	const struct cache_item *it;
	char path[PATH_ROOM], hex[65];

	if (entry->bad != NULL)
		return SN_OK; /* status names it */
	it = cache_view_find(f->view, entry->sha256);
	if (it != NULL && it->older) {
		sn_buf_fmt(f->stale, "refused: %s: %s\n", it->path, it->reason);
		return SN_OK;
	}
	o = cache_origin_of(f->cache, entry->sha256);
	sn_hex((struct bytes){ entry->sha256, CRY_SHA256_LEN }, hex);
	if (o != NULL)
		snprintf(path, sizeof(path), "%s/%.16s/%s", o->channel, hex, o->path);
	return col_store_add(f->store, o != NULL && sn_path_ok(path) ? path : entry->path,
	    entry->bytes, why);
}

static enum sn_err
load(struct col_store *s, const char *dir, const struct col_policy *policy,
    struct sn_buf *stale, struct sn_why *why)
{
	SN_CLEANUP(cache_close) struct cache *cache = NULL;
	SN_CLEANUP(cache_view_done) struct cache_view view = { 0 };
	SN_CLEANUP(cache_fresh_done) struct cache_fresh fresh = { 0 };
	char originals[PATH_ROOM];
	struct stat st;
	int n = snprintf(originals, sizeof(originals), "%s/originals", dir);

	if (n < 0 || (size_t)n >= sizeof(originals))
		return sn_fail(why, SN_E_LIMIT, "%.64s: the path is too long", dir);
	if (lstat(originals, &st) != 0)
		return col_store_add_dir(s, AT_FDCWD, dir, why);
	SN_TRY(cache_open(AT_FDCWD, dir, CACHE_READ, &cache, why));
	SN_TRY(cache_view_make(cache, policy, &fresh, &view, why));
	return cache_each(cache, add_original, &(struct from_cache){ cache, &view, s, stale },
	    why);
}

/* What people read: how much there is, what was refused, what was left out. */
static enum sn_err
report(const struct target *t, const struct col_store *s, const struct sn_buf *stale,
    const char *out, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf text = { 0 };
	const struct col_row *rows = NULL;
	size_t n = 0;

	SN_TRY(col_store_rows(s, &rows, &n, why));
	sn_buf_fmt(&text,
	    "%zu files in %s, from %zu accepted items; %zu refused, %zu carried\n", t->files,
	    out, col_store_accepted(s), col_store_refused(s), col_store_carried(s));
	for (size_t i = 0; i < n; i++)
		if (!rows[i].ok && !rows[i].carried)
			sn_buf_fmt(&text, "refused: %s: %s\n", rows[i].path, rows[i].why.text);
	sn_buf_put(&text, sn_buf_bytes(stale));
	if (t->left_out.n > 0)
		sn_buf_str(&text, "left out (and in " LEFT_OUT_FILE "):\n");
	sn_buf_put(&text, sn_buf_bytes(&t->left_out));
	return fc_print(&text, why);
}

enum sn_err
cmd_export(int argc, char **argv, struct sn_why *why)
{
	SN_CLEANUP(col_store_free) struct col_store *s = NULL;
	SN_CLEANUP(lay_platforms_done) struct lay_platforms platforms = { 0 };
	SN_CLEANUP(target_done) struct target t = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf stale = { 0 };
	static const char *const operands[] = { "DIR", "OUT" };
	const char *at = NULL, *rehearsal = NULL, *layout = NULL, *list = NULL, *expiry = NULL;
	const char *paths[2] = { NULL, NULL }, *names[NAMES_MAX];
	const struct fc_option options[] = {
		{ "--at", &at, NULL },
		{ "--rehearsal", &rehearsal, NULL },
		{ "--layout", &layout, NULL },
		{ "--platforms", &list, NULL },
		{ "--qcnl-expiry", &expiry, NULL },
	};
	const struct lay_out out = { put_file, put_left_out, &t };
	struct lay_input in = { 0 };
	struct col_policy policy = { 0 };
	char room[NAMES_ROOM];
	size_t n = 0;

	SN_TRY(fc_args(argc, argv, options, SN_NITEMS(options), operands, paths, 2, why));
	SN_TRY(split_names(layout, room, names, &n, why));
	if (expiry != NULL)
		SN_TRY(text_to_time(expiry, &in.qcnl_expiry, "--qcnl-expiry", why));
	SN_TRY(fc_policy(at, rehearsal, &policy, why));
	policy.max_items = SN_WALK_MAX_FILES;
	policy.max_bytes = BYTES_MAX;
	SN_TRY(read_platforms(list, &platforms, why));
	SN_TRY(col_store_new(&policy, &s, why));
	SN_TRY(load(s, paths[0], &policy, &stale, why));
	SN_TRY(col_store_check(s, why));
	SN_TRY(target_open(&t, paths[1], why));
	in.store = s;
	in.platforms = platforms.v;
	in.nplatforms = platforms.n;
	SN_TRY(lay_write(&in, names, n, &out, why));
	if (t.files > 0)
		SN_TRY(target_close(&t, paths[1], why));
	SN_TRY(report(&t, s, &stale, paths[1], why));
	return t.files > 0
	    ? SN_OK
	    : sn_fail(why, SN_E_MISSING, "nothing can be derived from what is accepted here");
}
