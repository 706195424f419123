/*
 * compose - statement.json and SHA256SUMS from their parts: the writing half of
 * the format that statement.c reads.
 *
 * Owns: nothing between calls. Only for ceremony/bundle's writer, its tests, and the
 * dry run of a plan. May include: base. See docs/FORMAT-BUNDLE.md.
 */
#ifndef BUNDLE_COMPOSE_H
#define BUNDLE_COMPOSE_H

#include "appliance/base/bytes.h"
#include "ceremony/bundle/writer.h"

struct bun_digested {
	const char *path;
	uint8_t sha256[32];
};

/* "<hex>  <path>" lines in the order given. */
void bun_compose_sums(const struct bun_digested *files, size_t n, struct sn_buf *ret);

/* Canonical JSON; files are in byte order of the path. The reader has accepted it
 * before this returns. SN_E_FORMAT. */
SN_MUST_USE enum sn_err bun_compose_statement(const struct bun_predicate *p,
    const struct bun_digested *files, size_t n, struct sn_buf *ret, struct sn_why *why);

/* VERIFY.txt, the same in every bundle. */
extern const char bun_verify_text[];

#endif
