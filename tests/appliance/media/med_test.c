#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "appliance/media/med.h"
#include "tests/lib/test.h"

#define LABEL "CS-OUT-A"
#define MAX 4096

/* A stick that is a fresh folder, in the port. */
struct stick {
	struct med *m;
	char *path;
};

static struct stick
stick_new(void)
{
	struct stick s = { 0 };
	static unsigned int count;

	s.path = test_format("%s/stick%u", test_tmpdir(), count++);
	assert_int_equal(mkdir(s.path, 0755), 0);
	assert_int_equal(med_open_dir(&s.m, NULL), SN_OK);
	assert_int_equal(med_dir_insert(s.m, LABEL, s.path, NULL), SN_OK);
	return s;
}

static void
stick_done(struct stick *s)
{
	med_free(&s->m);
	free(s->path);
}

static void
put(const struct stick *s, const char *name, const char *text)
{
	char *path = test_format("%s/%s", s->path, name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
	free(path);
}

static void
folder(const struct stick *s, const char *name)
{
	char *path = test_format("%s/%s", s->path, name);

	assert_int_equal(mkdir(path, 0755), 0);
	free(path);
}

static bool
there(const struct stick *s, const char *name)
{
	char *path = test_format("%s/%s", s->path, name);
	bool yes = access(path, F_OK) == 0;

	free(path);
	return yes;
}

/* ---- what one file may be */

static void
make_plain(const struct stick *s)
{
	put(s, "f", "hello");
}

static void
make_nothing(const struct stick *s)
{
	(void)s;
}

static void
make_link(const struct stick *s)
{
	char *path = test_format("%s/f", s->path);

	put(s, "target", "secret");
	assert_int_equal(symlink("target", path), 0);
	free(path);
}

static void
make_fifo(const struct stick *s)
{
	char *path = test_format("%s/f", s->path);

	assert_int_equal(mkfifo(path, 0600), 0);
	free(path);
}

static void
make_folder(const struct stick *s)
{
	folder(s, "f");
}

static void
make_huge(const struct stick *s)
{
	char *path = test_format("%s/f", s->path);

	put(s, "f", "");
	assert_int_equal(truncate(path, MAX + 1), 0);
	free(path);
}

static void
make_link_folder(const struct stick *s)
{
	char *path = test_format("%s/d", s->path);

	folder(s, "real");
	put(s, "real/f", "through a link");
	assert_int_equal(symlink("real", path), 0);
	free(path);
}

static void
make_nested(const struct stick *s)
{
	folder(s, "d");
	put(s, "d/f", "hello");
}

struct read_row {
	const char *name, *path;
	void (*make)(const struct stick *s);
	enum sn_err want;
};

static const struct read_row read_rows[] = {
	{ "a plain file", "f", make_plain, SN_OK },
	{ "a file in a folder", "d/f", make_nested, SN_OK },
	{ "no file", "f", make_nothing, SN_E_MISSING },
	{ "no folder", "d/f", make_nothing, SN_E_MISSING },
	{ "symbolic link", "f", make_link, SN_E_FORMAT },
	{ "folder that is a symbolic link", "d/f", make_link_folder, SN_E_MISSING },
	{ "fifo does not block", "f", make_fifo, SN_E_FORMAT },
	{ "folder instead of file", "f", make_folder, SN_E_FORMAT },
	{ "one byte over the limit", "f", make_huge, SN_E_LIMIT },
	{ "path that climbs out", "../f", make_plain, SN_E_FORMAT },
	{ "absolute path", "/etc/passwd", make_plain, SN_E_FORMAT },
};

static void
read_one(void **state)
{
	const struct read_row *row = *state;
	struct stick s = stick_new();
	SN_CLEANUP(sn_buf_done) struct sn_buf data = { 0 };
	struct sn_why why = { 0 };

	row->make(&s);
	assert_int_equal(med_read(s.m, LABEL, row->path, MAX, &data, &why), row->want);
	if (row->want == SN_OK) {
		assert_memory_equal(data.p, "hello", 5);
	} else {
		assert_null(data.p);
		assert_true(why.text[0] != '\0');
	}
	stick_done(&s);
}

/* ---- trees */

struct seen {
	char *files, *skipped;
	enum sn_err answer;
};

static enum sn_err
see(void *arg, const char *path, struct bytes data, struct sn_why *why)
{
	struct seen *seen = arg;
	char *longer = test_format("%s%s:%zu ", seen->files, path, data.n);

	(void)why;
	free(seen->files);
	seen->files = longer;
	return seen->answer;
}

static void
skip_file(void *arg, const char *path, const struct sn_why *reason)
{
	struct seen *seen = arg;
	char *longer = test_format("%s%s(%s) ", seen->skipped, path, sn_err_name(reason->err));

	free(seen->skipped);
	seen->skipped = longer;
}

static struct seen
seen_new(void)
{
	return (struct seen){ test_format("%s", ""), test_format("%s", ""), SN_OK };
}

static void
seen_done(struct seen *seen)
{
	free(seen->files);
	free(seen->skipped);
}

static void
test_tree_order(void **state)
{
	struct stick s = stick_new();
	struct seen seen = seen_new();

	(void)state;
	folder(&s, "c");
	folder(&s, "c/a");
	put(&s, "c/a/z", "1");
	put(&s, "c/a-b", "22");
	put(&s, "c/B", "333");
	put(&s, "outside", "4444");
	assert_int_equal(med_read_tree(s.m, LABEL, "c", MAX, see, skip_file, &seen, NULL),
	    SN_OK);
	assert_string_equal(seen.files, "B:3 a-b:2 a/z:1 ");
	assert_string_equal(seen.skipped, "");
	seen_done(&seen);
	stick_done(&s);
}

static void
test_tree_hostile(void **state)
{
	struct stick s = stick_new();
	struct seen seen = seen_new();

	(void)state;
	make_link(&s);
	put(&s, "good", "ok");
	put(&s, "bad name", "x");
	put(&s, "control\033[2J", "x");
	folder(&s, ".hidden");
	put(&s, ".hidden/f", "x");
	folder(&s, "deep");
	for (size_t i = 0; i < SN_WALK_MAX_DEPTH; i++) {
		char path[64] = "deep";

		for (size_t j = 0; j <= i; j++)
			memcpy(path + 4 + 2 * j, "/d", 3);
		folder(&s, path);
	}
	assert_int_equal(med_read_tree(s.m, LABEL, "", MAX, see, skip_file, &seen, NULL),
	    SN_OK);
	assert_string_equal(seen.files, "good:2 target:6 ");
	assert_non_null(strstr(seen.skipped, "f(SN_E_FORMAT)"));
	assert_non_null(strstr(seen.skipped, "bad?name(SN_E_FORMAT)"));
	assert_non_null(strstr(seen.skipped, "control?[2J(SN_E_FORMAT)"));
	assert_non_null(strstr(seen.skipped, ".hidden(SN_E_FORMAT)"));
	assert_non_null(strstr(seen.skipped, "/d(SN_E_LIMIT)"));
	seen_done(&seen);
	stick_done(&s);
}

static void
test_tree_huge_file_is_skipped(void **state)
{
	struct stick s = stick_new();
	struct seen seen = seen_new();

	(void)state;
	make_huge(&s);
	put(&s, "g", "rest");
	assert_int_equal(med_read_tree(s.m, LABEL, "", MAX, see, skip_file, &seen, NULL),
	    SN_OK);
	assert_string_equal(seen.files, "g:4 ");
	assert_string_equal(seen.skipped, "f(SN_E_LIMIT) ");
	seen_done(&seen);
	stick_done(&s);
}

static void
test_tree_caller_ends_it(void **state)
{
	struct stick s = stick_new();
	struct seen seen = seen_new();

	(void)state;
	put(&s, "a", "1");
	put(&s, "b", "2");
	seen.answer = SN_E_POLICY;
	assert_int_equal(med_read_tree(s.m, LABEL, "", MAX, see, skip_file, &seen, NULL),
	    SN_E_POLICY);
	assert_string_equal(seen.files, "a:1 ");
	assert_int_equal(med_read_tree(s.m, LABEL, "none", MAX, see, skip_file, &seen, NULL),
	    SN_E_MISSING);
	seen_done(&seen);
	stick_done(&s);
}

/* ---- writing and reading back */

static const struct med_file three[] = {
	{ "statement.json", { (const uint8_t *)"{}", 2 } },
	{ "trust/deep/root.pem", { (const uint8_t *)"root", 4 } },
	{ "trust/empty", { (const uint8_t *)"", 0 } },
};

static void
tamper_nothing(const struct stick *s)
{
	(void)s;
}

static void
tamper_byte(const struct stick *s)
{
	put(s, "b/trust/deep/root.pem", "rood");
}

static void
tamper_shorter(const struct stick *s)
{
	put(s, "b/trust/deep/root.pem", "roo");
}

static void
tamper_longer(const struct stick *s)
{
	put(s, "b/trust/empty", "x");
}

static void
tamper_missing(const struct stick *s)
{
	char *path = test_format("%s/b/statement.json", s->path);

	assert_int_equal(unlink(path), 0);
	free(path);
}

static void
tamper_extra(const struct stick *s)
{
	put(s, "b/trust/extra", "x");
}

static void
tamper_extra_link(const struct stick *s)
{
	char *path = test_format("%s/b/link", s->path);

	assert_int_equal(symlink("statement.json", path), 0);
	free(path);
}

static void
tamper_link_instead(const struct stick *s)
{
	char *path = test_format("%s/b/statement.json", s->path);

	assert_int_equal(unlink(path), 0);
	put(s, "b-elsewhere", "{}");
	assert_int_equal(symlink("../b-elsewhere", path), 0);
	free(path);
}

struct tamper_row {
	const char *name;
	void (*tamper)(const struct stick *s);
	bool accepted;
};

static const struct tamper_row tamper_rows[] = {
	{ "untouched", tamper_nothing, true },
	{ "one byte changed", tamper_byte, false },
	{ "one byte missing", tamper_shorter, false },
	{ "a byte in an empty file", tamper_longer, false },
	{ "a file missing", tamper_missing, false },
	{ "an extra file", tamper_extra, false },
	{ "an extra symbolic link", tamper_extra_link, false },
	{ "a symbolic link to the same bytes", tamper_link_instead, false },
};

static void
test_compare(void **state)
{
	const struct tamper_row *row = *state;
	struct stick s = stick_new();
	struct sn_why why = { 0 };
	enum sn_err e;

	assert_int_equal(med_write(s.m, LABEL, "b", three, SN_NITEMS(three), &why), SN_OK);
	assert_false(there(&s, "unfinished.tmp"));
	row->tamper(&s);
	e = med_compare(s.m, LABEL, "b", three, SN_NITEMS(three), &why);
	if (row->accepted)
		assert_int_equal(e, SN_OK);
	else
		assert_true(e == SN_E_MEDIA || e == SN_E_FORMAT);
	assert_int_equal(row->accepted, why.text[0] == '\0');
	stick_done(&s);
}

struct refuse_row {
	const char *name, *root;
	struct med_file file[2];
	const char *exists; /* put there before */
	enum sn_err want;
};

static const struct refuse_row refuse_rows[] = {
	{ "the folder exists", "b", { { "f", { NULL, 0 } }, { "g", { NULL, 0 } } }, "b",
	    SN_E_MEDIA },
	{ "the file exists", "", { { "g", { NULL, 0 } }, { "f", { NULL, 0 } } }, "f",
	    SN_E_MEDIA },
	{ "one name twice", "b", { { "f", { NULL, 0 } }, { "f", { NULL, 0 } } }, NULL,
	    SN_E_MEDIA },
	{ "a file that is also a folder", "b", { { "f", { NULL, 0 } }, { "f/g", { NULL, 0 } } },
	    NULL, SN_E_MEDIA },
	{ "a name that climbs out", "b", { { "f", { NULL, 0 } }, { "../g", { NULL, 0 } } },
	    NULL, SN_E_FORMAT },
	{ "a root that climbs out", "../b", { { "f", { NULL, 0 } }, { "g", { NULL, 0 } } },
	    NULL, SN_E_FORMAT },
};

/* A refused or failed write changes nothing and leaves nothing behind. */
static void
test_write_refused(void **state)
{
	const struct refuse_row *row = *state;
	struct stick s = stick_new();
	struct sn_why why = { 0 };

	if (row->exists != NULL)
		put(&s, row->exists, "old");
	assert_int_equal(med_write(s.m, LABEL, row->root, row->file, 2, &why), row->want);
	assert_true(why.text[0] != '\0');
	assert_false(there(&s, "unfinished.tmp"));
	assert_false(there(&s, "g"));
	assert_false(there(&s, "b/f"));
	stick_done(&s);
}

static void
test_write_after_a_cut(void **state)
{
	struct stick s = stick_new();

	(void)state;
	folder(&s, "unfinished.tmp");
	folder(&s, "unfinished.tmp/trust");
	put(&s, "unfinished.tmp/trust/half", "ha");
	assert_int_equal(med_write(s.m, LABEL, "b", three, SN_NITEMS(three), NULL), SN_OK);
	assert_false(there(&s, "unfinished.tmp"));
	assert_int_equal(med_compare(s.m, LABEL, "b", three, SN_NITEMS(three), NULL), SN_OK);
	stick_done(&s);
}

static void
test_write_singles(void **state)
{
	struct stick s = stick_new();

	(void)state;
	put(&s, "approver.json", "old");
	assert_int_equal(med_write(s.m, LABEL, "", three, SN_NITEMS(three), NULL), SN_OK);
	assert_int_equal(med_compare(s.m, LABEL, "", three, SN_NITEMS(three), NULL), SN_OK);
	assert_true(there(&s, "approver.json"));
	assert_int_equal(med_write(s.m, LABEL, "", three, SN_NITEMS(three), NULL), SN_E_MEDIA);
	stick_done(&s);
}

/* ---- one file that grows */

struct extend_row {
	const char *name, *there; /* NULL: no file */
	const char *data;
	size_t keep;
	enum sn_err want;
	const char *after;
};

static const struct extend_row extends[] = {
	{ "a new file", NULL, "one\n", 0, SN_OK, "one\n" },
	{ "behind what is there", "one\n", "one\ntwo\n", 4, SN_OK, "one\ntwo\n" },
	{ "a torn tail is cut", "one\ntw", "one\n2\n", 4, SN_OK, "one\n2\n" },
	{ "an empty stick gets all of it", NULL, "one\ntwo\n", 4, SN_OK, "one\ntwo\n" },
	{ "a shorter file is filled", "on", "one\ntwo\n", 4, SN_OK, "one\ntwo\n" },
	{ "another file", "uno\n", "one\ntwo\n", 4, SN_E_MEDIA, "uno\n" },
	{ "another, longer file", "uno\ndue\n", "one\ntwo\n", 4, SN_E_MEDIA, "uno\ndue\n" },
};

static void
test_extend(void **state)
{
	const struct extend_row *row = *state;
	struct stick s = stick_new();
	struct sn_buf got = { 0 };

	if (row->there != NULL)
		put(&s, "j.log", row->there);
	assert_int_equal(med_extend(s.m, LABEL, "j.log", bytes_str(row->data), row->keep, NULL),
	    row->want);
	assert_int_equal(med_read(s.m, LABEL, "j.log", 100, &got, NULL), SN_OK);
	assert_string_equal(sn_buf_cstr(&got), row->after);
	sn_buf_done(&got);
	stick_done(&s);
}

static void
test_extend_refused(void **state)
{
	struct stick s = stick_new();

	(void)state;
	assert_int_equal(med_extend(s.m, LABEL, "a/b", BYTES_STR("x"), 0, NULL), SN_E_FORMAT);
	assert_int_equal(med_extend(s.m, LABEL, "b", BYTES_STR("x"), 2, NULL), SN_E_FORMAT);
	assert_int_equal(med_extend(s.m, "CS-NONE", "b", BYTES_STR("x"), 0, NULL), SN_E_MEDIA);
	stick_done(&s);
}

/* ---- coming and going */

static void
test_insert_and_pull(void **state)
{
	struct stick s = stick_new();
	char labels[MED_STICKS_MAX][MED_LABEL_MAX + 1];
	SN_CLEANUP(sn_buf_done) struct sn_buf data = { 0 };
	size_t n = 0;

	(void)state;
	put(&s, "f", "hello");
	assert_true(med_present(s.m, LABEL));
	assert_false(med_present(s.m, "CS-IN"));
	assert_int_equal(med_dir_insert(s.m, LABEL, s.path, NULL), SN_E_MEDIA);
	assert_int_equal(med_dir_insert(s.m, "CS-IN", "/does/not/exist", NULL), SN_E_MEDIA);
	assert_int_equal(med_scan(s.m, labels, &n, NULL), SN_OK);
	assert_int_equal(n, 1);
	assert_string_equal(labels[0], LABEL);
	med_eject(s.m, LABEL);
	assert_int_equal(med_read(s.m, LABEL, "f", MAX, &data, NULL), SN_OK);
	assert_int_equal(med_dir_pull(s.m, LABEL, NULL), SN_OK);
	assert_int_equal(med_dir_pull(s.m, LABEL, NULL), SN_E_MEDIA);
	assert_false(med_present(s.m, LABEL));
	assert_int_equal(med_read(s.m, LABEL, "f", MAX, &data, NULL), SN_E_MEDIA);
	assert_int_equal(med_write(s.m, LABEL, "b", three, SN_NITEMS(three), NULL), SN_E_MEDIA);
	med_eject(s.m, LABEL);
	stick_done(&s);
}

static void
test_blocks_cannot_be_put_in(void **state)
{
	struct med *m = NULL;

	(void)state;
	assert_int_equal(med_open_block("/nowhere", &m, NULL), SN_OK);
	assert_int_equal(med_dir_insert(m, LABEL, "/tmp", NULL), SN_E_USAGE);
	assert_int_equal(med_dir_pull(m, LABEL, NULL), SN_E_USAGE);
	med_free(&m);
	med_free(&m);
	assert_null(m);
}

int
main(void)
{
	struct test_list *l = test_list_new();

	for (size_t i = 0; i < SN_NITEMS(read_rows); i++)
		test_list_add(l, read_one, &read_rows[i], "read: %s", read_rows[i].name);
	test_list_add(l, test_tree_order, NULL, "tree: byte order of the path");
	test_list_add(l, test_tree_hostile, NULL, "tree: links, names and depths are skipped");
	test_list_add(l, test_tree_huge_file_is_skipped, NULL, "tree: a huge file is skipped");
	test_list_add(l, test_tree_caller_ends_it, NULL, "tree: the caller ends it");
	for (size_t i = 0; i < SN_NITEMS(tamper_rows); i++)
		test_list_add(l, test_compare, &tamper_rows[i], "read back: %s",
		    tamper_rows[i].name);
	for (size_t i = 0; i < SN_NITEMS(refuse_rows); i++)
		test_list_add(l, test_write_refused, &refuse_rows[i], "write refused: %s",
		    refuse_rows[i].name);
	test_list_add(l, test_write_after_a_cut, NULL, "write: what a cut left is removed");
	test_list_add(l, test_write_singles, NULL, "write: single files beside others");
	for (size_t i = 0; i < SN_NITEMS(extends); i++)
		test_list_add(l, test_extend, &extends[i], "extend: %s", extends[i].name);
	test_list_add(l, test_extend_refused, NULL, "extend: names, lengths, no stick");
	test_list_add(l, test_insert_and_pull, NULL, "insert, eject, pull");
	test_list_add(l, test_blocks_cannot_be_put_in, NULL, "blocks are put in by hand only");
	return test_list_run(l, "media");
}
