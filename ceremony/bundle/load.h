/*
 * load - every file of a bundle's directory, read once and kept with its digest.
 *
 * Owns: all bytes until bun_dir_done(). Only for ceremony/bundle. May include:
 * base, crypto.
 */
#ifndef BUNDLE_LOAD_H
#define BUNDLE_LOAD_H

#include "ceremony/bundle/file.h"
#include "ceremony/bundle/format.h"

struct bun_loaded {
	char *path;
	struct sn_buf data;
	uint8_t sha256[32];
	enum bun_class class;
};
struct bun_dir {
	struct bun_loaded *file; /* in byte order of the path */
	size_t n, cap, total;
	size_t uncovered; /* files of later events: counted, not read, not in file */
	size_t unjudged;  /* those of them that nothing here judges */
	size_t later;	  /* those of them below closing/ and ops/ */
	size_t strays;	  /* those of them below ops/, but not below an ops/N/ */
	uint32_t ops;	  /* the highest N of ops/N/ */
};

/* Where a bundle is: below a directory, or n files in memory when dirfd is -1. */
struct bun_source {
	int dirfd;
	const struct bun_file *file;
	size_t n;
};

/*
 * SN_E_MISSING for what no bundle has: names that could not be a bundle's, links and
 * other things that are no file; SN_E_FORMAT, SN_E_LIMIT, SN_E_IO, SN_E_NOMEM.
 */
SN_MUST_USE enum sn_err bun_dir_load(const struct bun_source *source, struct bun_dir *ret,
    struct sn_why *why);
/* The same of what ops/N/ adds, with paths within that folder. SN_E_MISSING when it is not. */
SN_MUST_USE enum sn_err bun_dir_load_ops(const struct bun_source *source, uint32_t n,
    struct bun_dir *ret, struct sn_why *why);
void bun_dir_done(struct bun_dir *d); /* NULL-safe, idempotent */

const struct bun_loaded *bun_dir_find(const struct bun_dir *d, const char *path);
/* The file's bytes; SN_E_MISSING names it. */
SN_MUST_USE enum sn_err bun_dir_get(const struct bun_dir *d, const char *path,
    struct bytes *ret, struct sn_why *why);

#endif
