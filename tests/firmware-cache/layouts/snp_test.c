/* The folders for snpguest and snphost: names, chains as openssl sees them, tables. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "appliance/base/file.h"
#include "appliance/base/text.h"
#include "firmware-cache/layouts/snp.h"
#include "tests/lib/test.h"

#define AT "2025-07-01T00:00:00Z"
#define AT_SECONDS "1751328000"
#define MAX_FILES 64

static void
must(enum sn_err e, const struct sn_why *why)
{
	if (e != SN_OK)
		fail_msg("%s: %s", sn_err_name(e), why->text);
}

static void
add(struct col_store *s, const char *rel)
{
	struct test_bytes b = test_read_data(rel);
	struct sn_why why = { 0 };

	must(col_store_add(s, rel, (struct bytes){ b.data, b.len }, &why), &why);
	test_bytes_done(&b);
}

static const char *const items[] = {
	"amd/trustee-builtin/milan_ask_ark_asvk.pem",
	"amd/trustee-builtin/genoa_ask_ark_asvk.pem",
	"amd/trustee-builtin/turin_ask_ark_asvk.pem",
	"amd/kds/vcek_v1_Milan_crl.der",
	"amd/kds/vcek_v1_Genoa_crl.der",
	"amd/milan-gosev/vcek.der",
	"amd/trustee-snp/test-vcek.der",
	"amd/trustee-snp/test-vcek-invalid-new.der",
	"amd/virtee-sev/vcek_turin.der",
};

static struct col_store *
judged(const char *at, const char *more)
{
	struct col_policy policy = { 0 };
	struct col_store *s = NULL;
	struct sn_why why = { 0 };

	must(text_to_time(at, &policy.at, "at", &why), &why);
	must(col_store_new(&policy, &s, &why), &why);
	for (size_t i = 0; i < SN_NITEMS(items); i++)
		add(s, items[i]);
	if (more != NULL)
		add(s, more);
	must(col_store_check(s, &why), &why);
	return s;
}

/* ---- files, kept in memory and written out */

struct files {
	char *paths[MAX_FILES];
	struct sn_buf bytes[MAX_FILES];
	size_t n;
	const char *dir; /* not NULL: written below it, too */
};

static enum sn_err
keep(void *arg, const char *path, struct bytes bytes, int64_t mtime, struct sn_why *why)
{
	struct files *f = arg;
	char *full;

	assert_true(f->n < MAX_FILES && mtime > 0 && sn_path_ok(path));
	if (f->n > 0)
		assert_true(strcmp(f->paths[f->n - 1], path) < 0);
	f->paths[f->n] = test_format("%s", path);
	sn_buf_put(&f->bytes[f->n++], bytes);
	if (f->dir == NULL)
		return SN_OK;
	full = test_format("%s/%s", f->dir, path);
	must(sn_file_parents(AT_FDCWD, full, why), why);
	must(sn_file_write(AT_FDCWD, full, bytes, 0644, false, why), why);
	free(full);
	return SN_OK;
}

static enum sn_err
nothing_left_out(void *arg SN_UNUSED, const char *layout SN_UNUSED, const char *what,
    const char *reason, struct sn_why *why SN_UNUSED)
{
	fail_msg("%s was left out: %s", what, reason);
	return SN_E_INTERNAL;
}

static void
write_out(const struct col_store *s, const char *layout, struct files *f)
{
	struct lay_input in = { .store = s };
	struct lay_out out = { keep, nothing_left_out, f };
	struct sn_why why = { 0 };

	must(lay_write(&in, &layout, 1, &out, &why), &why);
}

static void
files_done(struct files *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->paths[i]);
		sn_buf_done(&f->bytes[i]);
	}
}

/* The bytes of the file with that end, whose folder has that part in its name. */
static struct bytes
find(const struct files *f, const char *part, const char *end)
{
	for (size_t i = 0; i < f->n; i++) {
		size_t n = strlen(f->paths[i]), e = strlen(end);

		if (strstr(f->paths[i], part) != NULL && n > e &&
		    strcmp(f->paths[i] + n - e, end) == 0)
			return sn_buf_bytes(&f->bytes[i]);
	}
	fail_msg("no %s in %s", end, part);
	return (struct bytes){ 0 };
}

static bool
same_as(struct bytes b, const char *rel)
{
	struct test_bytes want = test_read_data(rel);
	bool same = bytes_equal(b, (struct bytes){ want.data, want.len });

	test_bytes_done(&want);
	return same;
}

/* ---- what is in the folders */

#define LEVELS_GOSEV "/bl02_tee00_snp05_ucode68/"
#define LEVELS_TURIN "/bl00_tee00_snp00_ucode09_fmc00/"

static void
host_folders(void **state SN_UNUSED)
{
	struct files f = { 0 };
	struct col_store *s;

	test_need_data(items[0]);
	s = judged(AT, NULL);
	write_out(s, "snphost", &f);
	/* two of Milan with a CRL, one of Turin without */
	assert_int_equal(f.n, 5 + 5 + 4);
	assert_true(same_as(find(&f, LEVELS_GOSEV, "/vcek.der"), "amd/milan-gosev/vcek.der"));
	assert_true(same_as(find(&f, LEVELS_GOSEV, "/ask.der"), "amd/ca/milan/ask.der"));
	assert_true(same_as(find(&f, LEVELS_GOSEV, "/ark.der"), "amd/ca/milan/ark.der"));
	assert_true(same_as(find(&f, LEVELS_GOSEV, "/Milan.crl"),
	    "amd/kds/vcek_v1_Milan_crl.der"));
	assert_true(same_as(find(&f, LEVELS_TURIN, "/ask.der"), "amd/ca/turin/ask.der"));
	for (size_t i = 0; i < f.n; i++)
		assert_null(strstr(f.paths[i], "Turin.crl"));
	files_done(&f);
	col_store_free(&s);
}

/* A VLEK has a folder of its own, and its table is the published one. */
static void
vlek_table_is_the_published_one(void **state SN_UNUSED)
{
	const char *vlek = "amd/trustee-snp/test-vlek.der";
	struct files f = { 0 };
	struct col_store *s;

	test_need_data("amd/trustee-snp/test-vlek.der");
	s = judged(AT, vlek);
	write_out(s, "snphost", &f);
	assert_true(same_as(find(&f, "snphost/vlek/cc-us-east-2.amazonaws.com/Milan/bl04",
				"/certs.bin"),
	    "amd/assembled/milan_vlek_cert_table.bin"));
	assert_true(same_as(find(&f, "snphost/vlek/", "/asvk.der"), "amd/ca/milan/asvk.der"));
	assert_true(same_as(find(&f, "snphost/vlek/", "/vlek.der"), vlek));
	files_done(&f);
	col_store_free(&s);
}

/* openssl verify in a folder; its exit status. */
static int
openssl_verify(const char *folder)
{
	pid_t pid = fork();
	int status = -1;

	assert_true(pid >= 0);
	if (pid == 0) {
		if (chdir(folder) == 0)
			execlp("openssl", "openssl", "verify", "-attime", AT_SECONDS, "-CAfile",
			    "ark.pem", "-untrusted", "ask.pem", "vcek.pem", (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Every folder for snpguest verifies by openssl alone, at the same time. */
static void
guest_folders_by_openssl(void **state SN_UNUSED)
{
	struct files f = { .dir = test_tmpdir() };
	struct col_store *s;
	size_t folders = 0;

	test_need_data(items[0]);
	s = judged(AT, NULL);
	write_out(s, "snpguest", &f);
	for (size_t i = 0; i < f.n; i++) {
		size_t n = strlen(f.paths[i]);
		char *folder;

		if (strcmp(f.paths[i] + n - 9, "/vcek.pem") != 0)
			continue;
		folders++;
		folder = test_format("%s/%.*s", f.dir, (int)(n - 9), f.paths[i]);
		if (openssl_verify(folder) != 0)
			fail_msg("openssl refuses %s", folder);
		free(folder);
	}
	assert_int_equal(folders, 3);
	assert_int_equal(f.n, 4 + 4 + 3);
	files_done(&f);
	col_store_free(&s);
}

/* The same items, the same bytes: nothing comes from the clock or from the order. */
static void
derived_again(void **state SN_UNUSED)
{
	static const char *const layouts[] = { "snpguest", "snphost" };

	test_need_data(items[0]);
	for (size_t k = 0; k < SN_NITEMS(layouts); k++) {
		struct files a = { 0 }, b = { 0 };
		struct col_store *s = judged(AT, NULL);
		struct col_store *t = judged("2025-08-01T00:00:00Z", NULL);

		write_out(s, layouts[k], &a);
		write_out(t, layouts[k], &b);
		assert_int_equal(a.n, b.n);
		for (size_t i = 0; i < a.n; i++) {
			assert_string_equal(a.paths[i], b.paths[i]);
			assert_true(bytes_equal(sn_buf_bytes(&a.bytes[i]),
			    sn_buf_bytes(&b.bytes[i])));
		}
		files_done(&a);
		files_done(&b);
		col_store_free(&s);
		col_store_free(&t);
	}
}

static enum sn_err
not_per_host(void *arg, const char *path, struct bytes bytes SN_UNUSED, int64_t mtime SN_UNUSED,
    struct sn_why *why SN_UNUSED)
{
	assert_int_not_equal(strncmp(path, "snp", 3), 0);
	++*(size_t *)arg;
	return SN_OK;
}

static enum sn_err
anything_left_out(void *arg SN_UNUSED, const char *layout SN_UNUSED, const char *what SN_UNUSED,
    const char *reason SN_UNUSED, struct sn_why *why SN_UNUSED)
{
	return SN_OK;
}

/* A bundle's files are counted: folders per host are exported only. */
static void
not_in_bundles(void **state SN_UNUSED)
{
	size_t n = 0;
	struct lay_out out = { not_per_host, anything_left_out, &n };
	struct sn_why why = { 0 };
	struct col_store *s;

	test_need_data("amd/milan-gosev/vcek.der");
	s = judged(AT, NULL);
	must(lay_write_bundle(&(struct lay_input){ .store = s }, &out, &why), &why);
	assert_true(n >= 3);
	col_store_free(&s);
}

int
main(void)
{
	struct test_list *l = test_list_new();
	struct sn_why why = { 0 };

	if (cry_start(&why) != SN_OK)
		return 1;
	test_list_add(l, host_folders, NULL, "snphost's folders");
	test_list_add(l, vlek_table_is_the_published_one, NULL,
	    "a VLEK's table is the published one");
	test_list_add(l, guest_folders_by_openssl, NULL,
	    "openssl verifies every folder of snpguest's");
	test_list_add(l, not_in_bundles, NULL, "a bundle has no folders per host");
	test_list_add(l, derived_again, NULL, "derived again, the same");
	return test_list_run(l, "snp");
}
