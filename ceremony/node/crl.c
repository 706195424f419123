#include "ceremony/node/crl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "appliance/base/file.h"

void
crl_files_done(struct crl_files *f)
{
	if (f == NULL)
		return;
	for (size_t i = 0; i < f->n; i++) {
		cry_crl_free(&f->crl[i].crl);
		free((char *)(uintptr_t)f->crl[i].name);
	}
	f->n = 0;
}

static enum sn_err
keep(struct crl_files *f, const char *name, struct cry_crl **crl, struct sn_why *why)
{
	char *copy;

	if (f->n == CRL_FILES_MAX)
		return sn_fail(why, SN_E_LIMIT, "more than %d revocation lists", CRL_FILES_MAX);
	copy = strdup(name);
	if (copy == NULL)
		return sn_fail(why, SN_E_NOMEM, "revocation list");
	f->crl[f->n++] = (struct bun_crl){ copy, SN_TAKE(*crl) };
	return SN_OK;
}

/* One list in DER, or one after the other in PEM. */
static enum sn_err
take(struct crl_files *f, const char *name, struct bytes data, struct sn_why *why)
{
	const bool pem = data.n > 0 && data.p[0] == '-';

	do {
		SN_CLEANUP(cry_crl_free) struct cry_crl *crl = NULL;
		struct sn_why inner = { 0 };
		const enum sn_err e = pem ? cry_crl_next_pem(&data, &crl, &inner)
					  : cry_crl_parse(data, &crl, &inner);

		if (e != SN_OK)
			return sn_fail(why, e, "--crl %s: %s", name, inner.text);
		SN_TRY(keep(f, name, &crl, why));
	} while (pem && data.n > 0);
	return SN_OK;
}

struct folder {
	struct crl_files *f;
	const char *path;
	int dirfd;
};

static bool
ends_with(const char *s, const char *tail)
{
	const size_t n = strlen(s), t = strlen(tail);

	return n > t && strcmp(s + n - t, tail) == 0;
}

static enum sn_err
take_entry(void *arg, const struct sn_walk_entry *entry, struct sn_why *why)
{
	const struct folder *d = arg;
	SN_CLEANUP(sn_buf_done) struct sn_buf data = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf name = { 0 };

	if (strchr(entry->path, '/') != NULL ||
	    (!ends_with(entry->path, ".pem") && !ends_with(entry->path, ".der")))
		return SN_OK;
	SN_TRY(sn_file_read(d->dirfd, entry->path, 2 * CRY_CRL_MAX, &data, why));
	sn_buf_fmt(&name, "%s/%s", d->path, entry->path);
	SN_TRY(sn_buf_check(&name, why));
	return take(d->f, sn_buf_cstr(&name), sn_buf_bytes(&data), why);
}

enum sn_err
crl_files_add(struct crl_files *f, const char *path, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf data = { 0 };
	SN_CLEANUP(sn_fd_done) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct folder d = { f, path, fd };
	const size_t before = f->n;

	if (fd < 0 && errno != ENOTDIR)
		return sn_fail(why, errno == ENOENT ? SN_E_MISSING : SN_E_IO, "--crl %s: %s",
		    path, strerror(errno));
	if (fd < 0) {
		SN_TRY(sn_file_read(AT_FDCWD, path, 2 * CRY_CRL_MAX, &data, why));
		return take(f, path, sn_buf_bytes(&data), why);
	}
	SN_TRY(sn_file_walk(fd, ".", take_entry, &d, why));
	if (f->n == before)
		return sn_fail(why, SN_E_MISSING, "--crl %s: no revocation list in it", path);
	return SN_OK;
}
