#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "appliance/base/file.h"
#include "appliance/base/text.h"
#include "ceremony/node/builders.h"

#define SIGNATURE_LEN 64
#define KEY_FILE_MAX 1024
#define FILE_NAME_MAX (BUILDER_NAME_MAX + 4)
#define FILES_MAX ((size_t)2 * BUILDERS_MAX)

static const char pem_begin[] = "-----BEGIN PUBLIC KEY-----\n";
static const char pem_end[] = "\n-----END PUBLIC KEY-----\n";

void
builders_done(struct builders *b)
{
	for (size_t i = 0; i < b->n; i++)
		cry_key_free(&b->one[i].key);
	b->n = 0;
}

/* ---- names of a folder, sorted */

struct names {
	char name[FILES_MAX][FILE_NAME_MAX + 1];
	size_t n;
};

static int
by_bytes(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void
close_dir(DIR **d)
{
	if (*d != NULL)
		closedir(*d);
}

/* what names the folder; with only set, names of other endings are left out. */
static enum sn_err
list_folder(int dirfd, const char *only, const char *what, struct names *ret,
    struct sn_why *why)
{
	SN_CLEANUP(sn_fd_done) int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	SN_CLEANUP(close_dir) DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (d == NULL)
		return sn_fail(why, SN_E_IO, "%s cannot be listed: %s", what, strerror(errno));
	fd = -1;
	ret->n = 0;
	while ((errno = 0, entry = readdir(d)) != NULL) {
		const char *name = entry->d_name, *dot = strrchr(name, '.');

		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
		    (only != NULL && (dot == NULL || strcmp(dot, only) != 0)))
			continue;
		if (strlen(name) > FILE_NAME_MAX)
			return sn_fail(why, SN_E_FORMAT, "%s: %s is too long a name", what,
			    name);
		if (ret->n == FILES_MAX)
			return sn_fail(why, SN_E_LIMIT, "%s holds more than %zu files", what,
			    FILES_MAX);
		snprintf(ret->name[ret->n++], sizeof(ret->name[0]), "%s", name);
	}
	if (errno != 0)
		return sn_fail(why, SN_E_IO, "%s cannot be listed: %s", what, strerror(errno));
	qsort(ret->name, ret->n, sizeof(ret->name[0]), by_bytes);
	return SN_OK;
}

/* [a-z0-9][a-z0-9-]*, then the ending; the same names that iso/attest takes. */
static bool
take_name(const char *file, const char *ending, char ret[BUILDER_NAME_MAX + 1])
{
	const size_t n = strspn(file, "abcdefghijklmnopqrstuvwxyz0123456789-");

	if (n == 0 || n > BUILDER_NAME_MAX || file[0] == '-' || strcmp(file + n, ending) != 0)
		return false;
	memcpy(ret, file, n);
	ret[n] = '\0';
	return true;
}

/* ---- keys */

/* The one form that openssl writes, so that two files differ only if the keys do. */
static enum sn_err
read_key(int dirfd, const char *file, struct cry_key **ret, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf pem = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf spki = { 0 };
	SN_CLEANUP(cry_key_free) struct cry_key *key = NULL;

	SN_TRY(sn_file_read(dirfd, file, KEY_FILE_MAX, &pem, why));
	struct bytes v = sn_buf_bytes(&pem);
	const struct bytes begin = BYTES_STR(pem_begin), end = BYTES_STR(pem_end);

	if (v.n < begin.n + end.n || memcmp(v.p, begin.p, begin.n) != 0 ||
	    memcmp(v.p + v.n - end.n, end.p, end.n) != 0)
		return sn_fail(why, SN_E_FORMAT, "%s is no public key in PEM", file);
	v = (struct bytes){ v.p + begin.n, v.n - begin.n - end.n };
	if (memchr(v.p, '\n', v.n) != NULL)
		return sn_fail(why, SN_E_FORMAT, "%s is no Ed25519 key: it is too long", file);
	SN_TRY(sn_base64_parse(v, KEY_FILE_MAX, &spki, file, why));
	SN_TRY(cry_key_from_spki(sn_buf_bytes(&spki), &key, why));
	if (cry_key_alg(key) != CRY_ED25519)
		return sn_fail(why, SN_E_FORMAT, "%s is a key for %s, not for Ed25519", file,
		    cry_alg_name(cry_key_alg(key)));
	*ret = SN_TAKE(key);
	return SN_OK;
}

static enum sn_err
fingerprint(const struct cry_key *key, uint8_t ret[32], struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf spki = { 0 };

	SN_TRY(cry_key_spki(key, &spki, why));
	return cry_digest(CRY_SHA256, sn_buf_bytes(&spki), ret, why);
}

static enum sn_err
find_same(const struct builders *b, const struct cry_key *key, size_t *ret, struct sn_why *why)
{
	uint8_t mine[32], other[32];
	size_t i;

	SN_TRY(fingerprint(key, mine, why));
	for (i = 0; i < b->n; i++) {
		SN_TRY(fingerprint(b->one[i].key, other, why));
		if (memcmp(mine, other, sizeof(mine)) == 0)
			break;
	}
	*ret = i;
	return SN_OK;
}

enum sn_err
builders_read(int dirfd, struct builders *ret, struct sn_why *why)
{
	SN_CLEANUP(builders_done) struct builders b = { .n = 0 };
	struct names files;

	SN_TRY(list_folder(dirfd, ".pem", "the builders' folder", &files, why));
	for (size_t i = 0; i < files.n; i++) {
		if (b.n == BUILDERS_MAX)
			return sn_fail(why, SN_E_LIMIT, "there are more than %d builders",
			    BUILDERS_MAX);
		struct builder *one = &b.one[b.n];

		if (!take_name(files.name[i], ".pem", one->name))
			return sn_fail(why, SN_E_FORMAT,
			    "%s is not named after a builder: a-z, 0-9 and -, then .pem",
			    files.name[i]);
		SN_TRY(read_key(dirfd, files.name[i], &one->key, why));
		b.n++;
		SN_TRY(find_same(&b, one->key, &one->same_as, why));
		one->signed_it = false;
	}
	if (b.n == 0)
		return sn_fail(why, SN_E_UNANCHORED,
		    "the builders' folder holds no NAME.pem: nobody is trusted");
	*ret = b;
	b.n = 0;
	return SN_OK;
}

size_t
builders_distinct(const struct builders *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++)
		n += b->one[i].same_as == i;
	return n;
}

/* ---- signatures */

struct count {
	int fd; /* the release's folder of signatures */
	struct bytes list;
	struct builders *b;
	builders_tell *tell;
	void *arg;
	size_t n;
};

static struct builder *
whose(const struct count *c, struct bytes signature)
{
	for (size_t i = 0; i < c->b->n; i++)
		if (cry_verify(c->b->one[i].key, c->list, signature, NULL) == SN_OK)
			return &c->b->one[c->b->one[i].same_as];
	return NULL;
}

/* Nobody trusted: it must at least be what the key beside it signed. */
static enum sn_err
unknown_signature(struct count *c, const char *name, struct bytes signature, struct sn_why *why)
{
	SN_CLEANUP(cry_key_free) struct cry_key *key = NULL;
	char file[FILE_NAME_MAX + 1];
	uint8_t print[32];

	snprintf(file, sizeof(file), "%s.pem", name);
	if (read_key(c->fd, file, &key, NULL) != SN_OK ||
	    cry_verify(key, c->list, signature, NULL) != SN_OK)
		return sn_fail(why, SN_E_SIGNATURE,
		    "%s/%s.sig is no signature over this SHA256SUMS, neither by a trusted "
		    "builder nor by the key beside it; %s must sign again",
		    BUILDER_FOLDER, name, name);
	SN_TRY(fingerprint(key, print, why));
	c->tell(c->arg, BUILDERS_UNKNOWN, name, NULL, print);
	return SN_OK;
}

static enum sn_err
judge_signature(struct count *c, const char *name, const char *file, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf signature = { 0 };
	uint8_t print[32];

	SN_TRY(sn_file_read(c->fd, file, KEY_FILE_MAX, &signature, why));
	if (signature.n != SIGNATURE_LEN)
		return sn_fail(why, SN_E_SIGNATURE,
		    "%s/%s has %zu bytes, a signature has %d; %s must sign again",
		    BUILDER_FOLDER, file, signature.n, SIGNATURE_LEN, name);
	struct builder *one = whose(c, sn_buf_bytes(&signature));

	if (one == NULL)
		return unknown_signature(c, name, sn_buf_bytes(&signature), why);
	SN_TRY(fingerprint(one->key, print, why));
	c->tell(c->arg, one->signed_it ? BUILDERS_AGAIN : BUILDERS_COUNTS, name, one->name,
	    print);
	c->n += !one->signed_it;
	one->signed_it = true;
	return SN_OK;
}

static enum sn_err
judge_file(struct count *c, const struct names *all, const char *file, struct sn_why *why)
{
	char name[BUILDER_NAME_MAX + 1], beside[FILE_NAME_MAX + 1];

	if (take_name(file, ".sig", name))
		return judge_signature(c, name, file, why);
	if (!take_name(file, ".pem", name))
		return sn_fail(why, SN_E_MISSING,
		    "%s/%s is neither a NAME.sig nor a NAME.pem; move it elsewhere",
		    BUILDER_FOLDER, file);
	snprintf(beside, sizeof(beside), "%s.sig", name);
	if (bsearch(beside, all->name, all->n, sizeof(all->name[0]), by_bytes) == NULL)
		return sn_fail(why, SN_E_MISSING, "%s/%s is missing, %s is there",
		    BUILDER_FOLDER, beside, file);
	return SN_OK;
}

enum sn_err
builders_count(int dirfd, struct bytes list, struct builders *b, builders_tell *tell, void *arg,
    size_t *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_fd_done) int fd =
	    openat(dirfd, BUILDER_FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	struct count c = { fd, list, b, tell, arg, 0 };
	struct names files = { .n = 0 };

	if (fd < 0 && errno != ENOENT)
		return sn_fail(why, SN_E_IO, "%s: %s", BUILDER_FOLDER, strerror(errno));
	if (fd >= 0)
		SN_TRY(list_folder(fd, NULL, BUILDER_FOLDER, &files, why));
	for (size_t i = 0; i < files.n; i++)
		SN_TRY(judge_file(&c, &files, files.name[i], why));
	*ret = c.n;
	return SN_OK;
}
