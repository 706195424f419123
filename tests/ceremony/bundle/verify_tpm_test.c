/*
 * Evidence of the TPM: bad evidence under good signatures, and every byte of good evidence.
 * timeout: 600
 */
#include "ceremony/bundle/format.h"
#include "tests/ceremony/bundle/bad_evidence.h"
#include "tests/ceremony/bundle/fixture_ops.h"

static struct fix prod;
static const char *root;
static char *good;

static char *
fresh(void)
{
	static unsigned int n;

	return test_format("%s/t%u", root, n++);
}

static void
test_bad(void **state)
{
	const struct bad_row *row = *state;
	const struct bun_policy p = fix_policy(&prod);
	struct sn_why why = { 0 };
	char *dir = fresh();

	bad_write(&prod, row, dir);
	const enum sn_err e = fix_verify(dir, &p, NULL, &why);
	if (e != SN_E_SIGNATURE && e != SN_E_FORMAT)
		fail_msg("%s: %s", sn_err_name(e), why.text);
	if (strstr(why.text, row->says) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", why.text, row->says);
	free(dir);
}

/* ---- every byte of every file of evidence */

static char **paths;
static size_t npaths;

static enum sn_err
collect(void *arg, const struct sn_walk_entry *e, struct sn_why *why)
{
	(void)arg;
	(void)why;
	if (strncmp(e->path, "evidence/", 9) == 0) {
		paths = reallocarray(paths, npaths + 1, sizeof(paths[0]));
		paths[npaths++] = strdup(e->path);
	}
	return SN_OK;
}

static void
test_every_byte(void **state)
{
	const char *path = *state;
	const char *name = strrchr(path, '/') + 1;
	const struct bun_policy p = fix_policy(&prod);
	struct sn_buf data = { 0 };

	fix_get(good, path, &data);
	for (size_t i = 0; i < data.n; i++) {
		struct sn_why why = { 0 };

		data.p[i] ^= (uint8_t)(1U << (i % 8));
		fix_put(good, path, sn_buf_bytes(&data));
		const enum sn_err e = fix_verify(good, &p, NULL, &why);

		if ((e != SN_E_SIGNATURE && e != SN_E_FORMAT) || strstr(why.text, name) == NULL)
			fail_msg("byte %zu of %s: %s: %s", i, path, sn_err_name(e), why.text);
		data.p[i] ^= (uint8_t)(1U << (i % 8));
	}
	fix_put(good, path, sn_buf_bytes(&data));
	assert_int_equal(fix_verify(good, &p, NULL, NULL), SN_OK);
	sn_buf_done(&data);
}

/* ---- counters of one TPM */

struct count_row {
	const char *name;
	uint64_t bundle, first, second; /* 0: none */
	enum sn_err want;
};

static const struct count_row counts[] = {
	{ "grows", 7, 8, 10, SN_OK },
	{ "stands still", 7, 7, 8, SN_E_SIGNATURE },
	{ "goes back", 7, 6, 8, SN_E_SIGNATURE },
	{ "goes back behind the one before", 7, 9, 8, SN_E_SIGNATURE },
	{ "lost, then back", 7, 0, 7, SN_E_SIGNATURE },
	{ "there is none any more", 7, 0, 0, SN_OK },
};

static void
test_count(void **state)
{
	const struct count_row *row = *state;
	const struct bun_policy p = fix_policy(&prod);
	const struct fix_bundle base = { .count = row->bundle };
	const struct fix_bundle ops[] = {
		{ .count = row->first, .no_counter = row->first == 0 },
		{ .count = row->second, .no_counter = row->second == 0 },
	};
	struct sn_why why = { 0 };
	char *dir = fresh();

	fix_write(&prod, &base, dir);
	for (uint32_t i = 0; i < 2; i++)
		fix_ops_write(&prod, &ops[i], i + 1, dir);
	const enum sn_err e = fix_verify(dir, &p, NULL, &why);
	if (e != row->want || (e != SN_OK && strstr(why.text, "counter.msg") == NULL))
		fail_msg("%s: %s", sn_err_name(e), why.text);
	free(dir);
}

int
main(void)
{
	struct test_list *l = test_list_new();
	int fd;

	fix_start();
	fix_make(&prod, 1, PLAN_PRODUCTION);
	root = test_tmpdir();
	good = fresh();
	fix_write(&prod, NULL, good);
	fd = open(good, O_RDONLY | O_DIRECTORY);
	FIX_OK(sn_file_walk(fd, ".", collect, NULL, why));
	close(fd);
	for (size_t i = 0; i < SN_NITEMS(bad_rows); i++)
		test_list_add(l, test_bad, (void *)(uintptr_t)&bad_rows[i], "%s",
		    bad_rows[i].name);
	for (size_t i = 0; i < npaths; i++)
		test_list_add(l, test_every_byte, paths[i], "every byte: %s", paths[i]);
	for (size_t i = 0; i < SN_NITEMS(counts); i++)
		test_list_add(l, test_count, (void *)(uintptr_t)&counts[i], "counter %s",
		    counts[i].name);
	const int status = test_list_run(l, "evidence");
	fix_done(&prod);
	return status;
}
