#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "appliance/base/file.h"
#include "appliance/base/text.h"
#include "appliance/crypto/digest.h"
#include "firmware-cache/cache/priv.h"

#define ORIGINALS "originals"
#define ITEM_MAX (1U << 20) /* as much as is taken of any item, docs/COLLATERAL.md */
#define TEMP "sn-tmp-"	    /* what a cut write leaves, appliance/base/file.h */
#define SHARDS 256
#define NAMES_MAX 65536 /* entries in one folder */

/* ---- opening */

void
cache_close(struct cache **cp)
{
	struct cache *c;

	if (cp == NULL || *cp == NULL)
		return;
	c = *cp;
	cache_origins_done(c);
	sn_fd_done(&c->originals);
	sn_fd_done(&c->lock);
	sn_fd_done(&c->fd);
	free(c);
	*cp = NULL;
}

int
cache_fd(const struct cache *c)
{
	return c->fd;
}

static int
open_folder(int dirfd, const char *path)
{
	return openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

/* Names in a folder but "." and "..", or -1. */
static int
count_names(int fd)
{
	int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), n = 0;
	DIR *d = again >= 0 ? fdopendir(again) : NULL;
	const struct dirent *entry;

	if (d == NULL) {
		sn_fd_done(&again);
		return -1;
	}
	while ((entry = readdir(d)) != NULL)
		n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	closedir(d);
	return n;
}

/* An empty folder becomes a cache; one that holds something else does not. */
static enum sn_err
make_cache(struct cache *c, const char *path, struct sn_why *why)
{
	if (faccessat(c->fd, ORIGINALS, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return SN_OK;
	if (count_names(c->fd) != 0 && faccessat(c->fd, "lock", F_OK, AT_SYMLINK_NOFOLLOW) != 0)
		return sn_fail(why, SN_E_IO,
		    "%s: holds something that is no cache; name an empty folder", path);
	return SN_OK;
}

static enum sn_err
lock_cache(struct cache *c, const char *path, struct sn_why *why)
{
	c->lock = openat(c->fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (c->lock < 0)
		return sn_fail(why, SN_E_IO, "%s/lock: %s", path, strerror(errno));
	if (flock(c->lock, LOCK_EX | LOCK_NB) != 0)
		return sn_fail(why, SN_E_IO,
		    "%s: another process writes to this cache; wait for it", path);
	if (mkdirat(c->fd, ORIGINALS, 0755) != 0 && errno != EEXIST)
		return sn_fail(why, SN_E_IO, "%s/" ORIGINALS ": %s", path, strerror(errno));
	return SN_OK;
}

/* Folders of digests, and the cache itself: remove what a cut left. */
static void
sweep(int fd)
{
	int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = again >= 0 ? fdopendir(again) : NULL;
	const struct dirent *entry;

	if (d == NULL) {
		sn_fd_done(&again);
		return;
	}
	while ((entry = readdir(d)) != NULL)
		if (strncmp(entry->d_name, TEMP, sizeof(TEMP) - 1) == 0)
			(void)unlinkat(fd, entry->d_name, 0); /* harmless where it stays */
	closedir(d);
}

enum sn_err
cache_open(int dirfd, const char *path, enum cache_mode mode, struct cache **ret,
    struct sn_why *why)
{
	SN_CLEANUP(cache_close) struct cache *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return sn_fail(why, SN_E_NOMEM, "%s", path);
	c->fd = c->originals = c->lock = -1;
	if (mode == CACHE_WRITE && mkdirat(dirfd, path, 0755) != 0 && errno != EEXIST)
		return sn_fail(why, SN_E_IO, "%s: %s", path, strerror(errno));
	c->fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c->fd < 0)
		return sn_fail(why, SN_E_MISSING, "%s: not a folder that can be read", path);
	if (mode == CACHE_WRITE) {
		SN_TRY(make_cache(c, path, why));
		SN_TRY(lock_cache(c, path, why));
		sweep(c->fd);
	}
	c->originals = open_folder(c->fd, ORIGINALS);
	if (c->originals < 0)
		return sn_fail(why, SN_E_MISSING, "%s: not a cache; import makes one", path);
	SN_TRY(cache_origins_load(c, why));
	*ret = SN_TAKE(c);
	return SN_OK;
}

enum sn_err
cache_write(const struct cache *c, const char *name, struct bytes bytes, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };

	if (sn_file_read(c->fd, name, CACHE_JSON_MAX, &b, NULL) == SN_OK &&
	    bytes_equal(sn_buf_bytes(&b), bytes))
		return SN_OK;
	return sn_file_write(c->fd, name, bytes, 0644, true, why);
}

/* ---- one original */

struct name {
	char shard[3], file[65];
};

static void
name_of(const uint8_t sha256[32], struct name *ret)
{
	sn_hex((struct bytes){ sha256, 32 }, ret->file);
	memcpy(ret->shard, ret->file, 2);
	ret->shard[2] = '\0';
}

static enum sn_err
read_whole(int shard, const char *file, const uint8_t sha256[32], struct sn_buf *ret,
    struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	uint8_t is[32];

	SN_TRY(sn_file_read(shard, file, ITEM_MAX, &b, why));
	SN_TRY(cry_digest(CRY_SHA256, sn_buf_bytes(&b), is, why));
	if (memcmp(is, sha256, sizeof(is)) != 0)
		return sn_fail(why, SN_E_SIGNATURE,
		    "%s: its bytes are not those of its name; import it again", file);
	sn_buf_done(ret);
	*ret = b;
	b = (struct sn_buf){ 0 };
	return SN_OK;
}

enum sn_err
cache_get(const struct cache *c, const uint8_t sha256[32], struct sn_buf *ret,
    struct sn_why *why)
{
	SN_CLEANUP(sn_fd_done) int shard = -1;
	struct name name;

	name_of(sha256, &name);
	shard = open_folder(c->originals, name.shard);
	if (shard < 0)
		return sn_fail(why, SN_E_MISSING, "%s: is not in this cache", name.file);
	return read_whole(shard, name.file, sha256, ret, why);
}

enum sn_err
cache_put(struct cache *c, const uint8_t sha256[32], struct bytes bytes, struct sn_why *why)
{
	SN_CLEANUP(sn_fd_done) int shard = -1;
	SN_CLEANUP(sn_buf_done) struct sn_buf there = { 0 };
	struct name name;
	uint8_t is[32];

	SN_TRY(cry_digest(CRY_SHA256, bytes, is, why));
	if (memcmp(is, sha256, sizeof(is)) != 0)
		return sn_fail(why, SN_E_INTERNAL, "an original under another's digest");
	name_of(sha256, &name);
	if (mkdirat(c->originals, name.shard, 0755) == 0 && fsync(c->originals) != 0)
		return sn_fail(why, SN_E_IO, ORIGINALS ": %s", strerror(errno));
	shard = open_folder(c->originals, name.shard);
	if (shard < 0)
		return sn_fail(why, SN_E_IO, ORIGINALS "/%s: %s", name.shard, strerror(errno));
	if (read_whole(shard, name.file, sha256, &there, NULL) == SN_OK)
		return SN_OK;
	sweep(shard);
	return sn_file_write(shard, name.file, bytes, 0444, true, why);
}

/* ---- all of them */

struct names {
	char **p;
	size_t n;
};

static void
names_done(struct names *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->p[i]);
	free(l->p);
	*l = (struct names){ 0 };
}

static int
by_name(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

static void
close_dir(DIR **dp)
{
	if (*dp != NULL)
		closedir(*dp);
	*dp = NULL;
}

/* The sorted names in a folder, but those of cut writes. */
static enum sn_err
read_names(int fd, struct names *ret, struct sn_why *why)
{
	int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	SN_CLEANUP(close_dir) DIR *d = again >= 0 ? fdopendir(again) : NULL;
	const struct dirent *entry;
	size_t cap = 0;

	if (d == NULL) {
		sn_fd_done(&again);
		return sn_fail(why, SN_E_IO, ORIGINALS ": %s", strerror(errno));
	}
	while ((entry = readdir(d)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    strncmp(entry->d_name, TEMP, sizeof(TEMP) - 1) == 0)
			continue;
		if (ret->n == NAMES_MAX)
			return sn_fail(why, SN_E_LIMIT, ORIGINALS ": too many names");
		if (ret->n == cap) {
			char **p = reallocarray(ret->p, cap = 2 * cap + 16, sizeof(*p));

			if (p == NULL)
				return sn_fail(why, SN_E_NOMEM, "%zu names", cap);
			ret->p = p;
		}
		ret->p[ret->n] = strdup(entry->d_name);
		if (ret->p[ret->n++] == NULL)
			return sn_fail(why, SN_E_NOMEM, "%zu names", ret->n);
	}
	if (ret->n > 0)
		qsort(ret->p, ret->n, sizeof(*ret->p), by_name);
	return SN_OK;
}

struct each {
	enum sn_err (*fn)(void *arg, const struct cache_entry *entry, struct sn_why *why);
	void *arg;
	size_t n;
};

/* Pass on a bad entry; path may hold anything and is made printable. */
static enum sn_err
pass_bad(const struct each *each, const char *path, const uint8_t *sha256,
    const struct sn_why *bad, struct sn_why *why)
{
	char shown[96];
	struct cache_entry entry = { .path = shown, .sha256 = sha256, .bad = bad };

	snprintf(shown, sizeof(shown), "%s", path);
	for (char *s = shown; *s != '\0'; s++)
		if (*s < ' ' || *s > '~')
			*s = '?';
	return each->fn(each->arg, &entry, why);
}

static enum sn_err
pass_name(const struct each *each, int shard, const char *shard_name, const char *file,
    struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	struct sn_why own = { 0 };
	char path[96];
	uint8_t sha256[32];
	struct name name;
	enum sn_err e;

	snprintf(path, sizeof(path), "%s/%.80s", shard_name, file);
	if (strlen(file) != 64 || sn_hex_parse(file, sha256, 32, "name", NULL) != SN_OK)
		memset(sha256, 0, sizeof(sha256));
	name_of(sha256, &name);
	if (strcmp(name.file, file) != 0 || strcmp(name.shard, shard_name) != 0) {
		(void)sn_fail(&own, SN_E_FORMAT, "not the name of an original; it is ignored");
		return pass_bad(each, path, NULL, &own, why);
	}
	e = read_whole(shard, file, sha256, &b, &own);
	if (e == SN_E_NOMEM || e == SN_E_INTERNAL)
		return sn_fail(why, e, "%s", own.text);
	if (e != SN_OK)
		return pass_bad(each, path, sha256, &own, why);
	return each->fn(each->arg,
	    &(struct cache_entry){ .path = path, .sha256 = sha256, .bytes = sn_buf_bytes(&b) },
	    why);
}

static enum sn_err
pass_shard(struct each *each, int originals, const char *shard_name, struct sn_why *why)
{
	SN_CLEANUP(names_done) struct names files = { 0 };
	SN_CLEANUP(sn_fd_done) int shard = open_folder(originals, shard_name);
	struct sn_why own = { 0 };

	if (shard < 0 || strlen(shard_name) != 2) {
		(void)sn_fail(&own, SN_E_FORMAT, "not a folder of originals; it is ignored");
		return pass_bad(each, shard_name, NULL, &own, why);
	}
	SN_TRY(read_names(shard, &files, why));
	each->n += files.n;
	if (each->n > CACHE_ITEMS_MAX)
		return sn_fail(why, SN_E_LIMIT, ORIGINALS ": more than %u", CACHE_ITEMS_MAX);
	for (size_t i = 0; i < files.n; i++)
		SN_TRY(pass_name(each, shard, shard_name, files.p[i], why));
	return SN_OK;
}

enum sn_err
cache_each(const struct cache *c,
    enum sn_err (*fn)(void *arg, const struct cache_entry *entry, struct sn_why *why),
    void *arg, struct sn_why *why)
{
	SN_CLEANUP(names_done) struct names shards = { 0 };
	struct each each = { fn, arg, 0 };

	SN_TRY(read_names(c->originals, &shards, why));
	if (shards.n > 2 * SHARDS)
		return sn_fail(why, SN_E_LIMIT, ORIGINALS ": %zu names", shards.n);
	for (size_t i = 0; i < shards.n; i++)
		SN_TRY(pass_shard(&each, c->originals, shards.p[i], why));
	return SN_OK;
}
