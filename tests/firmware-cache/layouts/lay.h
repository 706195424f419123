/*
 * lay - layouts written into memory, for the tests of layouts.
 *
 * Owns: what a struct lay_files holds until lay_files_done(). May include: tests/lib, the
 * store, layouts. Published collateral is added under the paths that a test names.
 */
#ifndef TEST_LAY_H
#define TEST_LAY_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appliance/base/file.h"
#include "appliance/base/text.h"
#include "firmware-cache/layouts/layouts.h"
#include "tests/lib/test.h"

#define LAY_FILES_MAX 64
#define MID_2025 "2025-07-01T00:00:00Z"

struct lay_files {
	char *paths[LAY_FILES_MAX];
	struct sn_buf bytes[LAY_FILES_MAX];
	int64_t mtimes[LAY_FILES_MAX];
	size_t n;
	struct sn_buf left_out; /* "layout what: reason" a line */
};

static inline void
must(enum sn_err e, const struct sn_why *why)
{
	if (e != SN_OK)
		fail_msg("%s: %s", sn_err_name(e), why->text);
}

static inline void
lay_files_done(struct lay_files *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->paths[i]);
		sn_buf_done(&f->bytes[i]);
	}
	sn_buf_done(&f->left_out);
	*f = (struct lay_files){ 0 };
}

static inline enum sn_err
lay_keep(void *arg, const char *path, struct bytes bytes, int64_t mtime,
    struct sn_why *why SN_UNUSED)
{
	struct lay_files *f = arg;

	assert_true(f->n < LAY_FILES_MAX);
	assert_true(sn_path_ok(path));
	assert_true(f->n == 0 || strcmp(f->paths[f->n - 1], path) < 0);
	f->paths[f->n] = test_format("%s", path);
	sn_buf_put(&f->bytes[f->n], bytes);
	f->mtimes[f->n++] = mtime;
	return SN_OK;
}

static inline enum sn_err
lay_keep_left_out(void *arg, const char *layout, const char *what, const char *reason,
    struct sn_why *why SN_UNUSED)
{
	struct lay_files *f = arg;

	sn_buf_fmt(&f->left_out, "%s %s: %s\n", layout, what, reason);
	return SN_OK;
}

/* One layout of a checked store. */
static inline void
lay_derive(struct lay_files *f, const struct lay_input *in, const char *layout)
{
	const struct lay_out out = { lay_keep, lay_keep_left_out, f };
	struct sn_why why = { 0 };

	must(lay_write(in, &layout, 1, &out, &why), &why);
}

static inline struct bytes
lay_file(struct lay_files *f, const char *path)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->paths[i], path) == 0)
			return sn_buf_bytes(&f->bytes[i]);
	fail_msg("there is no %s; left out:\n%s", path, sn_buf_cstr(&f->left_out));
	return (struct bytes){ 0 };
}

static inline struct col_store *
lay_store(const char *at)
{
	struct col_policy policy = { 0 };
	struct col_store *s = NULL;
	struct sn_why why = { 0 };

	must(text_to_time(at, &policy.at, "at", &why), &why);
	must(col_store_new(&policy, &s, &why), &why);
	return s;
}

/* Published file rel, under another name. */
static inline void
lay_add(struct col_store *s, const char *rel, const char *as)
{
	struct test_bytes b = test_read_data(rel);
	struct sn_why why = { 0 };

	must(col_store_add(s, as, (struct bytes){ b.data, b.len }, &why), &why);
	test_bytes_done(&b);
}

/* What the published assembled samples were made of. */
static const char *const lay_sample_parts[] = {
	"intel/phala/sgx_quote/tcb.json",
	"intel/phala/sgx_quote/qe_identity.json",
	"intel/phala/sgx_quote/pckcrl.der",
	"intel/phala/sgx_quote/pckcrl_issuer_chain.pem",
	"intel/phala/sgx_quote/rootcacrl.der",
	"intel/phala/sgx_quote/tcb_issuer_chain.pem",
	"intel/phala/tdx_quote/tcb.json",
	"intel/phala/tdx_quote/qe_identity.json",
	"intel/phala/tdx_quote/pckcrl.der",
	"intel/phala/tdx_quote/pckcrl_issuer_chain.pem",
};

/* A store of them, not yet checked. */
static inline struct col_store *
lay_sample_store(void)
{
	struct col_store *s = lay_store(MID_2025);

	for (size_t i = 0; i < SN_NITEMS(lay_sample_parts); i++)
		lay_add(s, lay_sample_parts[i], lay_sample_parts[i]);
	return s;
}

static inline void
lay_check(struct col_store *s)
{
	struct sn_why why = { 0 };

	must(col_store_check(s, &why), &why);
}

static inline void
lay_assert_same(struct bytes got, struct bytes want)
{
	for (size_t i = 0; i < got.n && i < want.n; i++)
		if (got.p[i] != want.p[i])
			fail_msg("byte %zu: %.60s, expected %.60s", i,
			    (const char *)got.p + (i > 20 ? i - 20 : 0),
			    (const char *)want.p + (i > 20 ? i - 20 : 0));
	assert_int_equal(got.n, want.n);
}

#endif
