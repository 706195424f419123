#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "appliance/base/file.h"
#include "appliance/base/json.h"
#include "appliance/base/text.h"
#include "appliance/crypto/digest.h"
#include "appliance/measure/disk.h"
#include "appliance/measure/measure.h"
#include "ceremony/node/release.h"

/* Files that are read for what they say, not for their digest alone. */
enum { ISO, UKI, MEASUREMENTS, PROVENANCE, BILL, NPAPERS };

static const char *const papers[NPAPERS] = {
	[ISO] = "cornerstone.iso",
	[UKI] = "iso/cornerstone.efi",
	[MEASUREMENTS] = "measurements.json",
	[PROVENANCE] = "provenance.json",
	[BILL] = "sbom.spdx.json",
};

/* Files that are sections of the unified kernel image. */
static const struct {
	const char *path, *section;
} parts[] = {
	{ "kernel/bzImage", ".linux" },
	{ "iso/initramfs.zst", ".initrd" },
};

/* What people could boot or believe; nothing of these names lies in the folder unlisted. */
static const char *const believable[] = { "*.iso", "*.efi", "*.img", "bzImage*", "vmlinuz*",
	"initramfs*", "*measurements*.json", "*provenance*.json", "*.spdx*", "*.intoto*",
	"SHA256SUMS?*" };

struct reading {
	struct sn_buf paper[NPAPERS];
	struct measure_values values;
};

static void
reading_done(struct reading *r)
{
	for (size_t i = 0; i < NPAPERS; i++)
		sn_buf_done(&r->paper[i]);
}

/* ---- files and digests */

static enum sn_err
check_listed(const struct sums *sums, struct sn_why *why)
{
	for (size_t i = 0; i < NPAPERS; i++)
		if (sums_find(sums, papers[i]) == NULL)
			return sn_fail(why, SN_E_MISSING, "SHA256SUMS does not list %s",
			    papers[i]);
	for (size_t i = 0; i < SN_NITEMS(parts); i++)
		if (sums_find(sums, parts[i].path) == NULL)
			return sn_fail(why, SN_E_MISSING, "SHA256SUMS does not list %s",
			    parts[i].path);
	return SN_OK;
}

static enum sn_err
check_name(const struct sums *sums, const char *name, struct sn_why *why)
{
	for (size_t i = 0; i < SN_NITEMS(believable); i++)
		if (fnmatch(believable[i], name, FNM_CASEFOLD) == 0 &&
		    sums_find(sums, name) == NULL)
			return sn_fail(why, SN_E_MISSING,
			    "%s lies in the folder but is not in SHA256SUMS; move it elsewhere",
			    name);
	return SN_OK;
}

static void
close_dir(DIR **d)
{
	if (*d != NULL)
		closedir(*d);
}

static enum sn_err
check_unlisted(int dirfd, const struct sums *sums, struct sn_why *why)
{
	SN_CLEANUP(sn_fd_done) int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	SN_CLEANUP(close_dir) DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (d == NULL)
		return sn_fail(why, SN_E_IO, "the folder cannot be listed: %s",
		    strerror(errno));
	fd = -1;
	for (;;) {
		errno = 0;
		const struct dirent *entry = readdir(d);

		if (entry == NULL)
			break;
		SN_TRY(check_name(sums, entry->d_name, why));
	}
	if (errno != 0)
		return sn_fail(why, SN_E_IO, "the folder cannot be listed: %s",
		    strerror(errno));
	return SN_OK;
}

static enum sn_err
check_digest(const struct sums_row *row, struct bytes file, struct sn_why *why)
{
	uint8_t digest[32];
	char got[65], want[65];

	SN_TRY(cry_digest(CRY_SHA256, file, digest, why));
	if (bytes_equal(BYTES_OF(digest), BYTES_OF(row->sha256)))
		return SN_OK;
	sn_hex(BYTES_OF(digest), got);
	sn_hex(BYTES_OF(row->sha256), want);
	return sn_fail(why, SN_E_SIGNATURE, "%s: its SHA-256 is %s, SHA256SUMS says %s",
	    row->path, got, want);
}

/* Each file is read once, and what was hashed is what is used. */
static enum sn_err
read_files(int dirfd, const struct sums *sums, struct reading *r, struct sn_why *why)
{
	for (size_t i = 0; i < sums->n; i++) {
		SN_CLEANUP(sn_buf_done) struct sn_buf file = { 0 };
		const struct sums_row *row = &sums->row[i];

		SN_TRY(sn_file_read(dirfd, row->path, DISK_IMAGE_MAX, &file, why));
		SN_TRY(check_digest(row, sn_buf_bytes(&file), why));
		for (size_t k = 0; k < NPAPERS; k++) {
			if (strcmp(papers[k], row->path) != 0)
				continue;
			r->paper[k] = file;
			file = (struct sn_buf){ 0 };
		}
	}
	return SN_OK;
}

/* ---- what they say */

static enum sn_err
contradiction(struct sn_why *why, const char *one, const char *other, const char *what)
{
	return sn_fail(why, SN_E_SIGNATURE, "%s and %s do not agree on %s", one, other, what);
}

static enum sn_err
check_image(const struct sums *sums, struct reading *r, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf uki = { 0 };

	SN_TRY(disk_find_uki(sn_buf_bytes(&r->paper[ISO]), &uki, why));
	if (!bytes_equal(sn_buf_bytes(&uki), sn_buf_bytes(&r->paper[UKI])))
		return contradiction(why, papers[ISO], papers[UKI],
		    "the unified kernel image's bytes");
	SN_TRY(measure_uki(sn_buf_bytes(&uki), &r->values, why));
	for (size_t i = 0; i < SN_NITEMS(parts); i++) {
		const struct sums_row *row = sums_find(sums, parts[i].path);
		bool same = false;

		for (size_t k = 0; k < r->values.nsections; k++)
			if (strcmp(r->values.section[k].name, parts[i].section) == 0)
				same = bytes_equal(BYTES_OF(r->values.section[k].sha256),
				    BYTES_OF(row->sha256));
		if (!same)
			return contradiction(why, papers[UKI], parts[i].path, parts[i].section);
	}
	return SN_OK;
}

static enum sn_err
check_measurements(const struct reading *r, struct sn_why *why)
{
	const struct {
		const char *key;
		const uint8_t *value;
	} rows[] = {
		{ "authenticode", r->values.authenticode },
		{ "pcr4_sb", r->values.pcr4_sb },
		{ "pcr4_nosb", r->values.pcr4_nosb },
		{ "pcr9", r->values.pcr9 },
		{ "pcr11", r->values.pcr11 },
	};
	SN_CLEANUP(sn_json_free) yyjson_doc *doc = NULL;
	const char *what = papers[MEASUREMENTS];
	uint8_t said[32];

	SN_TRY(sn_json_parse(sn_buf_bytes(&r->paper[MEASUREMENTS]), what, false, &doc, why));
	for (size_t i = 0; i < SN_NITEMS(rows); i++) {
		SN_TRY(sn_json_hex(yyjson_doc_get_root(doc), rows[i].key, said, sizeof(said),
		    what, why));
		if (memcmp(said, rows[i].value, sizeof(said)) != 0)
			return contradiction(why, what, papers[UKI], rows[i].key);
	}
	return SN_OK;
}

/* One subject of the provenance is a listed file with the listed digest. */
static enum sn_err
check_subject(yyjson_val *subject, const struct sums *sums, struct sn_why *why)
{
	const char *what = papers[PROVENANCE], *name;
	yyjson_val *digest;
	uint8_t said[32];

	SN_TRY(sn_json_str(subject, "name", SUMS_PATH_MAX, &name, what, why));
	SN_TRY(sn_json_obj(subject, "digest", &digest, what, why));
	SN_TRY(sn_json_hex(digest, "sha256", said, sizeof(said), what, why));
	const struct sums_row *row = sums_find(sums, name);

	if (row == NULL || memcmp(said, row->sha256, sizeof(said)) != 0)
		return contradiction(why, what, "SHA256SUMS", name);
	return SN_OK;
}

static enum sn_err
check_provenance(const struct reading *r, const struct sums *sums, struct release *ret,
    struct sn_why *why)
{
	SN_CLEANUP(sn_json_free) yyjson_doc *doc = NULL;
	const char *what = papers[PROVENANCE], *commit, *packages;
	yyjson_val *subjects, *o, *inner;
	bool has_iso = false;

	SN_TRY(sn_json_parse(sn_buf_bytes(&r->paper[PROVENANCE]), what, false, &doc, why));
	yyjson_val *root = yyjson_doc_get_root(doc);

	SN_TRY(sn_json_arr(root, "subject", 1, SUMS_MAX, &subjects, what, why));
	for (size_t i = 0; i < yyjson_arr_size(subjects); i++) {
		yyjson_val *subject = yyjson_arr_get(subjects, i);

		SN_TRY(check_subject(subject, sums, why));
		has_iso |= yyjson_equals_str(yyjson_obj_get(subject, "name"), papers[ISO]);
	}
	if (!has_iso)
		return sn_fail(why, SN_E_FORMAT, "%s: %s is not among its subjects", what,
		    papers[ISO]);
	SN_TRY(sn_json_obj(root, "predicate", &o, what, why));
	SN_TRY(sn_json_obj(o, "buildDefinition", &o, what, why));
	SN_TRY(sn_json_obj(o, "internalParameters", &inner, what, why));
	SN_TRY(sn_json_str(inner, "packages", RELEASE_WORD_MAX, &packages, what, why));
	SN_TRY(sn_json_obj(o, "externalParameters", &inner, what, why));
	SN_TRY(sn_json_obj(inner, "source", &inner, what, why));
	SN_TRY(sn_json_str(inner, "commit", RELEASE_WORD_MAX, &commit, what, why));
	snprintf(ret->commit, sizeof(ret->commit), "%s", commit);
	snprintf(ret->packages, sizeof(ret->packages), "%s", packages);
	ret->dirty = yyjson_get_bool(yyjson_obj_get(inner, "dirty"));
	return SN_OK;
}

/* The bill of materials names the ISO that it is of. */
static enum sn_err
check_bill(const struct reading *r, const struct sums *sums, struct sn_why *why)
{
	SN_CLEANUP(sn_json_free) yyjson_doc *doc = NULL;
	yyjson_val *packages, *package, *sum;
	const char *what = papers[BILL];
	size_t i, max, k, kmax;
	char want[65];

	sn_hex(BYTES_OF(sums_find(sums, papers[ISO])->sha256), want);
	SN_TRY(sn_json_parse(sn_buf_bytes(&r->paper[BILL]), what, false, &doc, why));
	SN_TRY(sn_json_arr(yyjson_doc_get_root(doc), "packages", 1, 1000, &packages, what,
	    why));
	yyjson_arr_foreach(packages, i, max, package)
	{
		if (!yyjson_equals_str(yyjson_obj_get(package, "SPDXID"), "SPDXRef-Image"))
			continue;
		yyjson_arr_foreach(yyjson_obj_get(package, "checksums"), k, kmax, sum)
		{
			if (yyjson_equals_str(yyjson_obj_get(sum, "checksumValue"), want))
				return SN_OK;
		}
	}
	return contradiction(why, what, "SHA256SUMS", papers[ISO]);
}

enum sn_err
release_check(int dirfd, const struct sums *sums, struct release *ret, struct sn_why *why)
{
	SN_CLEANUP(reading_done) struct reading r = { .paper = { { 0 } } };
	struct release found = { .files = sums->n };

	SN_TRY(check_listed(sums, why));
	SN_TRY(check_unlisted(dirfd, sums, why));
	SN_TRY(read_files(dirfd, sums, &r, why));
	SN_TRY(check_image(sums, &r, why));
	SN_TRY(check_measurements(&r, why));
	SN_TRY(check_provenance(&r, sums, &found, why));
	SN_TRY(check_bill(&r, sums, why));
	memcpy(found.image, r.values.authenticode, sizeof(found.image));
	*ret = found;
	return SN_OK;
}
