/* Folders with something odd in them: it gets a row of its own, and the others keep theirs. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "appliance/base/file.h"
#include "tests/firmware-cache/store/set.h"

#define NOW "2026-11-26T00:00:00Z"
#define TOKEN "\xd9\x01\xf5\xa0" /* an empty CoRIM: carried, whatever stands beside it */

/* ---- a folder with one carried file, and something beside it */

static void
put_bytes(int dir, const char *path, const void *p, size_t n)
{
	int fd = openat(dir, path, O_WRONLY | O_CREAT | O_EXCL, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, p, n), n);
	close(fd);
}

static void
put_text(int dir, const char *path)
{
	put_bytes(dir, path, path, strlen(path));
}

static void
with_link(int dir)
{
	assert_int_equal(symlinkat("good.cbor", dir, "link.cbor"), 0);
}

static void
with_link_outside(int dir)
{
	assert_int_equal(symlinkat("/etc/passwd", dir, "passwd"), 0);
}

static void
with_linked_folder(int dir)
{
	assert_int_equal(symlinkat("/etc", dir, "folder"), 0);
}

static void
with_pipe(int dir)
{
	assert_int_equal(mkfifoat(dir, "pipe", 0600), 0);
}

static void
with_query(int dir)
{
	put_text(dir, "vcek?blSPL=3");
}

static void
with_hidden(int dir)
{
	put_text(dir, ".hidden");
}

static void
with_newline(int dir)
{
	put_text(dir, "two\nlines");
}

static void
with_not_utf8(int dir)
{
	put_text(dir, "\xc3\x28.der");
}

static void
with_accent(int dir)
{
	put_text(dir, "cl\xc3\xa9.der");
}

static void
with_twin(int dir)
{
	put_text(dir, "GOOD.cbor");
}

static void
with_twin_folder(int dir)
{
	assert_int_equal(mkdirat(dir, "A", 0700), 0);
	assert_int_equal(mkdirat(dir, "a", 0700), 0);
	put_text(dir, "A/x");
	put_bytes(dir, "a/x", TOKEN "\0", 5);
}

static void
with_large(int dir)
{
	put_text(dir, "large");
	int fd = openat(dir, "large", O_WRONLY);

	assert_int_equal(ftruncate(fd, COL_ITEM_BYTES_MAX + 1), 0);
	close(fd);
}

static void
with_depth(int dir)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf path = { 0 };

	for (int i = 0; i < SN_WALK_MAX_DEPTH; i++) {
		sn_buf_str(&path, i > 0 ? "/d" : "d");
		assert_int_equal(mkdirat(dir, sn_buf_cstr(&path), 0700), 0);
	}
	sn_buf_str(&path, "/file");
	put_text(dir, sn_buf_cstr(&path));
}

static const struct row {
	const char *name;
	void (*make)(int dir);
	const char *path; /* of the refused row */
	enum sn_err err;
	const char *says;
	size_t refused;
} rows[] = {
	{ "a link beside it", with_link, "link.cbor", SN_E_FORMAT, "neither a file nor", 1 },
	{ "a link out of the folder", with_link_outside, "passwd", SN_E_FORMAT,
	    "neither a file nor", 1 },
	{ "a linked folder", with_linked_folder, "folder", SN_E_FORMAT, "neither a file nor",
	    1 },
	{ "a pipe", with_pipe, "pipe", SN_E_FORMAT, "neither a file nor", 1 },
	{ "a query for a name", with_query, "vcek?blSPL=3", SN_E_FORMAT, "not a name", 1 },
	{ "a hidden file", with_hidden, ".hidden", SN_E_FORMAT, "not a name", 1 },
	{ "a name of two lines", with_newline, "two?lines", SN_E_FORMAT, "not a name", 1 },
	{ "a name that is not UTF-8", with_not_utf8, "?(.der", SN_E_FORMAT, "not a name", 1 },
	{ "a name with an accent", with_accent, "cl??.der", SN_E_FORMAT, "not a name", 1 },
	{ "a twin in upper case", with_twin, "good.cbor", SN_E_FORMAT, "case alone", 2 },
	{ "twins below folders", with_twin_folder, "a/x", SN_E_FORMAT, "case alone", 2 },
	{ "a file over the limit", with_large, "large", SN_E_LIMIT, "1048577 bytes", 1 },
	{ "a folder too deep", with_depth, "d/d/d/d/d/d/d/d/d/d/d/d/file", SN_E_LIMIT,
	    "deeper than", 1 },
};

static const struct col_row *
find(const struct col_store *s, const char *path)
{
	const struct col_row *got = NULL;
	struct sn_why why = { 0 };
	size_t n = 0;

	must(col_store_rows(s, &got, &n, &why), &why);
	for (size_t i = 0; i < n; i++)
		if (strcmp(got[i].path, path) == 0)
			return &got[i];
	fail_msg("no row for %s", path);
	return NULL;
}

static int
new_folder(void)
{
	static unsigned int n;
	char *path = test_format("%s/folder%u", test_tmpdir(), n++);
	int fd;

	assert_int_equal(mkdir(path, 0700), 0);
	fd = open(path, O_RDONLY | O_DIRECTORY);
	assert_true(fd >= 0);
	free(path);
	return fd;
}

static void
odd_folder(void **state)
{
	const struct row *r = *state;
	struct col_policy policy = { .at = set_time(NOW) };
	SN_CLEANUP(sn_buf_done) struct sn_buf json = { 0 }, text = { 0 };
	struct col_store *s = NULL;
	struct sn_why why = { 0 };
	const struct col_row *bad;
	int dir = new_folder();

	put_bytes(dir, "good.cbor", TOKEN, 4);
	r->make(dir);
	must(col_store_new(&policy, &s, &why), &why);
	must(col_store_add_dir(s, dir, ".", &why), &why);
	must(col_store_check(s, &why), &why);
	bad = find(s, r->path);
	assert_err(bad->why.err, r->err, &bad->why);
	assert_false(bad->ok || bad->carried || bad->verified != NULL);
	if (strstr(bad->why.text, r->says) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", r->says, bad->why.text);
	assert_int_equal(col_store_refused(s), r->refused);
	if (r->make != with_twin)
		assert_true(find(s, "good.cbor")->carried);
	/* whatever a name holds, it can be said */
	must(col_store_status_json(s, &json, &why), &why);
	must(col_store_status_txt(s, &text, &why), &why);
	col_store_free(&s);
	close(dir);
}

/* ---- limits of the whole */

static void
over_the_total(void **state SN_UNUSED)
{
	struct col_policy policy = { .at = set_time(NOW), .max_bytes = 8 };
	struct col_store *s = NULL;
	struct sn_why why = { 0 };
	int dir = new_folder();

	put_bytes(dir, "a.cbor", TOKEN, 4);
	put_text(dir, "b-is-too-much");
	put_bytes(dir, "c.cbor", "\xd9\x01\xf5\xf6", 4);
	must(col_store_new(&policy, &s, &why), &why);
	must(col_store_add_dir(s, dir, ".", &why), &why);
	must(col_store_check(s, &why), &why);
	assert_true(find(s, "a.cbor")->carried);
	assert_int_equal(find(s, "b-is-too-much")->why.err, SN_E_LIMIT);
	assert_true(find(s, "c.cbor")->carried);
	col_store_free(&s);
	close(dir);
}

static void
too_many_rows(void **state SN_UNUSED)
{
	struct col_policy policy = { .at = set_time(NOW), .max_items = 2 };
	struct col_store *s = NULL;
	struct sn_why why = { 0 };
	int dir = new_folder();

	put_text(dir, "a");
	put_text(dir, "b");
	put_text(dir, "c");
	must(col_store_new(&policy, &s, &why), &why);
	assert_int_equal(col_store_add_dir(s, dir, ".", &why), SN_E_LIMIT);
	assert_non_null(strstr(why.text, "more than 2 items"));
	col_store_free(&s);
	close(dir);
}

/* ---- the same bytes under several names */

static void
names_of_one_certificate(void **state)
{
	/* both orders: the right name before the wrong one, and behind it */
	const bool wrong_first = *state != NULL;
	struct col_store *s;
	struct sn_why why = { 0 };
	struct test_bytes b;
	struct bytes v;
	struct amd_leaf leaf = { 0 };
	char hwid[2 * AMD_HWID_MAX + 1], tcb[AMD_TCB_NAME_MAX], *right, *wrong;

	test_need_data("amd/trustee-snp/test-vcek.der");
	b = test_read_data("amd/trustee-snp/test-vcek.der");
	v = (struct bytes){ b.data, b.len };
	s = set_store(SET_AMD, "2025-07-01T00:00:00Z", NULL);
	struct cry_cert *x = NULL;
	must(cry_cert_parse(v, &x, &why), &why);
	must(amd_leaf_parse(x, &leaf, &why), &why);
	cry_cert_free(&x);
	sn_hex((struct bytes){ leaf.hwid, leaf.hwid_len }, hwid);
	amd_tcb_name(&leaf.tcb, tcb);
	right = test_format("vcek/%s/%s", hwid, tcb);
	hwid[0] = hwid[0] == '0' ? '1' : '0';
	wrong = test_format("vcek/%s/%s", hwid, tcb);
	must(col_store_add(s, wrong_first ? wrong : right, v, &why), &why);
	must(col_store_add(s, wrong_first ? right : wrong, v, &why), &why);
	must(col_store_check(s, &why), &why);
	assert_true(find(s, right)->ok);
	assert_false(find(s, wrong)->ok);
	assert_null(find(s, wrong)->verified);
	free(right);
	free(wrong);
	test_bytes_done(&b);
	col_store_free(&s);
}

int
main(void)
{
	struct test_list *l = test_list_new();
	struct sn_why why = { 0 };

	if (cry_start(&why) != SN_OK)
		return 1;
	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		test_list_add(l, odd_folder, &rows[i], "%s", rows[i].name);
	test_list_add(l, over_the_total, NULL, "what is over the total is refused alone");
	test_list_add(l, too_many_rows, NULL, "too many rows end it");
	test_list_add(l, names_of_one_certificate, NULL, "a right name, then a wrong one");
	test_list_add(l, names_of_one_certificate, &rows[0], "a wrong name, then a right one");
	return test_list_run(l, "folder");
}
