/* The derived VCEK store must equal the published one, file by file and byte by byte. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "appliance/base/file.h"
#include "appliance/base/text.h"
#include "firmware-cache/layouts/kds.h"
#include "tests/lib/test.h"

#define EXPECTED "amd/assembled/kds-store"
#define MAX_FILES 16

struct tree {
	char *paths[MAX_FILES];
	struct test_bytes bytes[MAX_FILES];
	size_t n;
};

static void
must(enum sn_err e, const struct sn_why *why)
{
	if (e != SN_OK)
		fail_msg("%s: %s", sn_err_name(e), why->text);
}

static void
tree_done(struct tree *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free(t->paths[i]);
		test_bytes_done(&t->bytes[i]);
	}
}

static enum sn_err
add_expected(void *arg, const struct sn_walk_entry *entry, struct sn_why *why SN_UNUSED)
{
	struct tree *t = arg;
	char *rel = test_format(EXPECTED "/%s", entry->path);

	assert_true(t->n < MAX_FILES);
	t->paths[t->n] = test_format(KDS_FOLDER "/%s", entry->path);
	t->bytes[t->n++] = test_read_data(rel);
	free(rel);
	return SN_OK;
}

struct compare {
	const struct tree *want;
	size_t n;
};

static enum sn_err
compare_one(void *arg, const char *path, struct bytes bytes, int64_t mtime,
    struct sn_why *why SN_UNUSED)
{
	struct compare *c = arg;

	assert_true(c->n < c->want->n);
	assert_string_equal(path, c->want->paths[c->n]);
	assert_int_equal(bytes.n, c->want->bytes[c->n].len);
	assert_memory_equal(bytes.p, c->want->bytes[c->n].data, bytes.n);
	assert_true(sn_path_ok(path));
	assert_true(mtime > 0);
	c->n++;
	return SN_OK;
}

typedef enum sn_err file_fn(void *arg, const char *path, struct bytes bytes, int64_t mtime,
    struct sn_why *why);

static enum sn_err
nothing_left_out(void *arg SN_UNUSED, const char *layout SN_UNUSED, const char *what,
    const char *reason, struct sn_why *why SN_UNUSED)
{
	fail_msg("%s was left out: %s", what, reason);
	return SN_E_INTERNAL;
}

static enum sn_err
write_kds(const struct col_store *s, file_fn *fn, void *arg, struct sn_why *why)
{
	const char *const names[] = { "trustee-kds" };

	return lay_write(&(struct lay_input){ .store = s }, names, 1,
	    &(struct lay_out){ fn, nothing_left_out, arg }, why);
}

static struct col_store *
new_store(const char *at)
{
	struct col_policy policy = { 0 };
	struct col_store *s = NULL;
	struct sn_why why = { 0 };

	must(text_to_time(at, &policy.at, "at", &why), &why);
	must(col_store_new(&policy, &s, &why), &why);
	return s;
}

static void
add(struct col_store *s, const char *rel, const char *as)
{
	struct test_bytes b = test_read_data(rel);
	struct sn_why why = { 0 };

	must(col_store_add(s, as, (struct bytes){ b.data, b.len }, &why), &why);
	test_bytes_done(&b);
}

/* In August 2026 all six chips are inside their windows. Names on the stick mean nothing. */
static void
equals_the_published_tree(void **state SN_UNUSED)
{
	struct tree want = { 0 };
	struct compare c = { .want = &want };
	struct sn_why why = { 0 };
	struct col_store *s;
	char name[32];

	test_need_data(EXPECTED);
	must(sn_file_walk(AT_FDCWD, test_data_path(EXPECTED), add_expected, &want, &why), &why);
	assert_int_equal(want.n, 6);
	s = new_store("2026-08-01T00:00:00Z");
	add(s, "amd/trustee-builtin/milan_ask_ark_asvk.pem", "a");
	add(s, "amd/trustee-builtin/genoa_ask_ark_asvk.pem", "b");
	add(s, "amd/trustee-builtin/turin_ask_ark_asvk.pem", "c");
	for (size_t i = 0; i < want.n; i++) {
		snprintf(name, sizeof(name), "chip%zu.bin", want.n - i);
		must(col_store_add(s, name,
			 (struct bytes){ want.bytes[i].data, want.bytes[i].len }, &why),
		    &why);
	}
	must(col_store_check(s, &why), &why);
	assert_int_equal(col_store_refused(s), 0);
	must(write_kds(s, compare_one, &c, &why), &why);
	assert_int_equal(c.n, want.n);
	tree_done(&want);
	col_store_free(&s);
}

static enum sn_err
count_one(void *arg, const char *path, struct bytes bytes, int64_t mtime,
    struct sn_why *why SN_UNUSED)
{
	size_t *n = arg;

	assert_true(bytes.n > 0 && bytes.p[0] == 0x30 && mtime > 0);
	assert_int_equal(strncmp(path, KDS_FOLDER "/vcek/", sizeof(KDS_FOLDER "/vcek/") - 1),
	    0);
	++*n;
	return SN_OK;
}

/* A PEM VCEK comes out as DER, once, though the DER is there as well; a VLEK does not. */
static void
pem_and_der_are_one_file(void **state SN_UNUSED)
{
	struct col_store *s;
	struct sn_why why = { 0 };
	size_t n = 0;

	test_need_data("amd/dstack/vcek.pem");
	s = new_store("2026-08-01T00:00:00Z");
	add(s, "amd/trustee-builtin/milan_ask_ark_asvk.pem", "chain");
	add(s, "amd/dstack/vcek.pem", "vcek.pem");
	add(s,
	    "amd/assembled/kds-store/vcek/38d174589d2dff97a6d40cb9f9d90b9507c027491219083cef"
	    "3ce73ed18f7289142d941ad61eabecd27d25f268c1095d665f6001358e98a4769c82734a6bb877/"
	    "bl04_tee00_snp23_ucode213_vcek.der",
	    "vcek.der");
	must(col_store_check(s, &why), &why);
	assert_int_equal(col_store_accepted(s), 3);
	must(write_kds(s, count_one, &n, &why), &why);
	assert_int_equal(n, 1);
	col_store_free(&s);
}

/* An empty store folder would be no use to Trustee: it is told, by the folder's name. */
static enum sn_err
told_empty(void *arg, const char *layout SN_UNUSED, const char *what, const char *reason,
    struct sn_why *why SN_UNUSED)
{
	assert_string_equal(what, "trustee/kds-store");
	assert_non_null(strstr(reason, "no VCEK is here"));
	*(size_t *)arg += 100;
	return SN_OK;
}

/* What was refused is not laid out. */
static void
refused_chips_stay_out(void **state SN_UNUSED)
{
	const char *const names[] = { "trustee-kds" };
	struct col_store *s;
	struct sn_why why = { 0 };
	size_t n = 0;

	test_need_data("amd/trustee-snp/test-vcek-invalid-new.der");
	s = new_store("2025-07-01T00:00:00Z");
	add(s, "amd/trustee-builtin/milan_ask_ark_asvk.pem", "chain");
	add(s, "amd/trustee-snp/test-vcek-invalid-new.der", "bad1");
	add(s, "amd/trustee-snp/test-vcek-invalid-legacy.der", "bad2");
	add(s, "amd/trustee-snp/test-vlek.der", "vlek");
	add(s, "amd/virtee-sev/vcek_turin.der", "no-chain");
	must(col_store_check(s, &why), &why);
	must(lay_write(&(struct lay_input){ .store = s }, names, 1,
		 &(struct lay_out){ count_one, told_empty, &n }, &why),
	    &why);
	assert_int_equal(n, 100);
	col_store_free(&s);
}

static enum sn_err
fail_at_once(void *arg, const char *path SN_UNUSED, struct bytes bytes SN_UNUSED,
    int64_t mtime SN_UNUSED, struct sn_why *why)
{
	++*(size_t *)arg;
	return sn_fail(why, SN_E_IO, "no room");
}

static void
a_failure_is_passed_on(void **state SN_UNUSED)
{
	struct col_store *s;
	struct sn_why why = { 0 };
	size_t n = 0;

	test_need_data("amd/milan-gosev/vcek.der");
	s = new_store("2025-07-01T00:00:00Z");
	assert_int_equal(write_kds(s, count_one, &n, NULL), SN_E_INTERNAL);
	add(s, "amd/trustee-builtin/milan_ask_ark_asvk.pem", "chain");
	add(s, "amd/milan-gosev/vcek.der", "one");
	add(s, "amd/trustee-snp/test-vcek.der", "two");
	must(col_store_check(s, &why), &why);
	assert_int_equal(write_kds(s, fail_at_once, &n, &why), SN_E_IO);
	assert_int_equal(n, 1);
	col_store_free(&s);
}

int
main(void)
{
	struct test_list *l = test_list_new();
	struct sn_why why = { 0 };

	if (cry_start(&why) != SN_OK)
		return 1;
	test_list_add(l, equals_the_published_tree, NULL, "equals the published tree");
	test_list_add(l, pem_and_der_are_one_file, NULL,
	    "PEM and DER of one chip are one file");
	test_list_add(l, refused_chips_stay_out, NULL, "refused chips stay out");
	test_list_add(l, a_failure_is_passed_on, NULL, "a failure is passed on");
	return test_list_run(l, "kds");
}
