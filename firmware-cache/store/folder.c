#include <fcntl.h>
#include <unistd.h>

#include "appliance/base/file.h"
#include "firmware-cache/store/priv.h"

struct folder {
	struct col_store *store;
	int fd;
};

/*
 * A bad name, a link, a device, a file that cannot be read: one row more, and the others stay
 * as they are. When there are too many rows, the whole is refused.
 */
static enum sn_err
refused(void *arg, const char *path, const struct sn_why *own, struct sn_why *why)
{
	const struct folder *f = arg;

	return col_store_add_refused(f->store, path, own, why);
}

static bool
own_fault(enum sn_err e)
{
	return e == SN_E_FORMAT || e == SN_E_LIMIT || e == SN_E_IO || e == SN_E_MISSING;
}

static enum sn_err
add_entry(void *arg, const struct sn_walk_entry *entry, struct sn_why *why)
{
	const struct folder *f = arg;
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	struct sn_why own = { 0 };
	enum sn_err e;

	if (entry->size > COL_ITEM_BYTES_MAX)
		e = sn_fail(&own, SN_E_LIMIT, "%llu bytes, at most %u are taken",
		    (unsigned long long)entry->size, COL_ITEM_BYTES_MAX);
	else
		e = sn_file_read(f->fd, entry->path, COL_ITEM_BYTES_MAX, &b, &own);
	if (e == SN_OK)
		e = col_store_add(f->store, entry->path, sn_buf_bytes(&b), &own);
	if (own_fault(e))
		return refused(arg, entry->path, &own, why);
	return e == SN_OK ? SN_OK : sn_fail(why, e, "%s", own.text);
}

enum sn_err
col_store_add_dir(struct col_store *s, int dirfd, const char *dir, struct sn_why *why)
{
	struct folder f = { .store = s };
	enum sn_err e;

	f.fd = openat(dirfd, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f.fd < 0)
		return sn_fail(why, SN_E_MISSING, "%s: not a directory that can be read", dir);
	e = sn_file_walk_on(f.fd, ".", add_entry, refused, &f, why);
	close(f.fd);
	return e;
}
