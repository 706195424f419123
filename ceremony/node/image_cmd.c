/* `sanctum verify-image`: is this the image that enough builders made? */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "appliance/base/file.h"
#include "appliance/base/text.h"
#include "appliance/base/words.h"
#include "ceremony/node/builders.h"
#include "ceremony/node/cmd.h"
#include "ceremony/node/release.h"

static const struct option_row rows[] = {
	{ "--builders", "DIR2",
	    "the trusted builders' public keys, NAME.pem, from elsewhere than DIR; without "
	    "them nothing is accepted" },
	{ "--threshold", "N", "accept when N distinct builders signed, at least 1" },
};

const struct option_row *
cmd_verify_image_option(size_t i)
{
	return i < SN_NITEMS(rows) ? &rows[i] : NULL;
}

struct asked {
	const char *dir, *builders;
	uint32_t threshold; /* 0: not given */
};

static enum sn_err
parse_args(int argc, char **argv, struct asked *ret, struct sn_why *why)
{
	for (int i = 0; i < argc; i++) {
		const bool has_value = i + 1 < argc;

		if (strcmp(argv[i], "--builders") == 0 && has_value) {
			ret->builders = argv[++i];
		} else if (strcmp(argv[i], "--threshold") == 0 && has_value) {
			if (text_to_u32(argv[++i], 1, BUILDERS_MAX, &ret->threshold,
				"--threshold", why) != SN_OK)
				return SN_E_USAGE;
		} else if (argv[i][0] == '-' || ret->dir != NULL) {
			return sn_fail(why, SN_E_USAGE,
			    "verify-image: \"%s\" is not understood", argv[i]);
		} else {
			ret->dir = argv[i];
		}
	}
	if (ret->dir == NULL)
		return sn_fail(why, SN_E_USAGE, "verify-image: no DIR is given");
	if ((ret->builders != NULL) != (ret->threshold != 0))
		return sn_fail(why, SN_E_USAGE, "--builders and --threshold go together");
	return SN_OK;
}

/* Keys that came with the image say nothing about it. */
static enum sn_err
check_elsewhere(int dirfd, int builders, struct sn_why *why)
{
	struct stat own, given;

	if (fstat(builders, &given) != 0)
		return sn_fail(why, SN_E_IO, "the builders' folder: %s", strerror(errno));
	for (int i = 0; i < 2; i++)
		if (fstatat(dirfd, i == 0 ? "." : BUILDER_FOLDER, &own, 0) == 0 &&
		    own.st_dev == given.st_dev && own.st_ino == given.st_ino)
			return sn_fail(why, SN_E_UNANCHORED,
			    "these builders' keys came with the image; get them elsewhere");
	return SN_OK;
}

static void
tell(void *arg SN_UNUSED, enum builders_saw saw, const char *file, const char *trusted,
    const uint8_t key[32])
{
	static const char *const says[] = {
		[BUILDERS_COUNTS] = "counts",
		[BUILDERS_AGAIN] = "does not count again",
		[BUILDERS_UNKNOWN] = "does not count: no trusted builder has this key",
	};
	char hex[65];

	sn_hex((struct bytes){ key, 32 }, hex);
	printf("%-10s %s.sig, by %s, key %s\n%-10s %s\n", "signature", file,
	    trusted != NULL ? trusted : "an unknown key", hex, "", says[saw]);
}

static enum sn_err
print_release(const struct release *r, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf words = { 0 };
	char hex[65];

	words_put(&words, BYTES_OF(r->image));
	SN_TRY(sn_buf_check(&words, why));
	sn_hex(BYTES_OF(r->image), hex);
	printf("%-10s %zu, all as SHA256SUMS says, and they agree with each other\n", "files",
	    r->files);
	printf("%-10s %s\n%-10s %s\n", "image", hex, "in words", sn_buf_cstr(&words));
	printf("%-10s %s%s\n%-10s %s\n", "commit", r->commit, r->dirty ? ", changed" : "",
	    "packages", r->packages);
	return SN_OK;
}

/* The folder as a whole: list, files, what they say; the list's bytes are in text. */
static enum sn_err
check_folder(int dirfd, struct sn_buf *text, struct release *ret, struct sn_why *why)
{
	struct sums sums;

	SN_TRY(sn_file_read(dirfd, "SHA256SUMS", SUMS_BYTES_MAX, text, why));
	SN_TRY(sums_parse(sn_buf_bytes(text), &sums, why));
	SN_TRY(release_check(dirfd, &sums, ret, why));
	return print_release(ret, why);
}

static enum sn_err
count(const struct asked *asked, int dirfd, struct bytes list, struct sn_why *why)
{
	SN_CLEANUP(sn_fd_done) int fd = -1;
	SN_CLEANUP(builders_done) struct builders b = { .n = 0 };
	size_t n = 0;

	SN_TRY(cmd_open_dir(asked->builders, &fd, why));
	SN_TRY(check_elsewhere(dirfd, fd, why));
	SN_TRY(builders_read(fd, &b, why));
	for (size_t i = 0; i < b.n; i++)
		if (b.one[i].same_as != i)
			printf("%-10s %s has the key of %s: one builder, not two\n", "builders",
			    b.one[i].name, b.one[b.one[i].same_as].name);
	if (asked->threshold > builders_distinct(&b))
		return sn_fail(why, SN_E_USAGE,
		    "--threshold %u can never be met: %zu distinct builders are given",
		    asked->threshold, builders_distinct(&b));
	SN_TRY(builders_count(dirfd, list, &b, tell, NULL, &n, why));
	if (n < asked->threshold)
		return sn_fail(why, SN_E_UNANCHORED,
		    "%zu of %zu trusted builders signed, %u are needed", n,
		    builders_distinct(&b), asked->threshold);
	printf("%-10s %zu of %zu trusted builders signed, %u are needed\n", "builders", n,
	    builders_distinct(&b), asked->threshold);
	return SN_OK;
}

enum sn_err
cmd_verify_image(int argc, char **argv, int64_t now SN_UNUSED, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf text = { 0 };
	SN_CLEANUP(sn_fd_done) int dirfd = -1;
	struct asked asked = { 0 };
	struct release release;
	char hex[65];

	SN_TRY(parse_args(argc, argv, &asked, why));
	SN_TRY(cmd_open_dir(asked.dir, &dirfd, why));
	SN_TRY(check_folder(dirfd, &text, &release, why));
	if (asked.builders == NULL)
		return sn_fail(why, SN_E_UNANCHORED,
		    "the files agree, but no builder is trusted: --builders DIR2 --threshold N");
	SN_TRY(count(&asked, dirfd, sn_buf_bytes(&text), why));
	sn_hex(BYTES_OF(release.image), hex);
	printf("sanctum: accepted: image %s\n", hex);
	return SN_OK;
}
