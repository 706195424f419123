#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "appliance/base/file.h"
#include "tests/lib/test.h"

/* A new empty directory for one test, as an open descriptor. */
static int
new_dir(void)
{
	static int serial;
	char *path = test_format("%s/file-%d", test_tmpdir(), serial++);
	int fd;

	assert_int_equal(mkdir(path, 0755), 0);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	free(path);
	return fd;
}

static void
put(int dir, const char *path, const char *text)
{
	assert_int_equal(sn_file_parents(dir, path, NULL), SN_OK);
	assert_int_equal(sn_file_write(dir, path, bytes_str(text), 0644, true, NULL), SN_OK);
}

static void
assert_holds(int dir, const char *path, const char *want)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };

	assert_int_equal(sn_file_read(dir, path, 1000, &b, NULL), SN_OK);
	assert_string_equal(sn_buf_cstr(&b), want);
}

static enum sn_err
count_one(void *arg, const struct sn_walk_entry *entry, struct sn_why *why)
{
	(void)entry;
	(void)why;
	++*(size_t *)arg;
	return SN_OK;
}

static size_t
count_files(int dir)
{
	size_t n = 0;

	assert_int_equal(sn_file_walk(dir, ".", count_one, &n, NULL), SN_OK);
	return n;
}

struct read_row {
	const char *name, *path;
	size_t max;
	enum sn_err want;
};

static const struct read_row read_rows[] = {
	{ "of exactly max bytes", "ten", 10, SN_OK },
	{ "one byte over max", "ten", 9, SN_E_LIMIT },
	{ "empty, none allowed", "empty", 0, SN_OK },
	{ "not there", "absent", 10, SN_E_MISSING },
	{ "below a file", "ten/x", 10, SN_E_MISSING },
	{ "below what is not there", "absent/x", 10, SN_E_MISSING },
	{ "directory", "dir", 10, SN_E_FORMAT },
	{ "symbolic link", "link", 10, SN_E_FORMAT },
	{ "symbolic link to nothing", "dangling", 10, SN_E_FORMAT },
	{ "FIFO that nobody writes", "fifo", 10, SN_E_FORMAT },
	{ "device", "/dev/zero", 10, SN_E_FORMAT },
	{ "endless device with a large max", "/dev/zero", 1UL << 40, SN_E_FORMAT },
	{ "kernel file of size 0", "/proc/self/status", 100000, SN_OK },
	{ "kernel file over max", "/proc/self/status", 10, SN_E_LIMIT },
	{ "empty name", "", 10, SN_E_MISSING },
};

static void
read_refuses(void **state)
{
	const struct read_row *row = *state;
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	struct sn_why why = { 0 };
	int dir = new_dir();

	put(dir, "ten", "0123456789");
	put(dir, "empty", "");
	assert_int_equal(mkdirat(dir, "dir", 0755), 0);
	assert_int_equal(symlinkat("ten", dir, "link"), 0);
	assert_int_equal(symlinkat("absent", dir, "dangling"), 0);
	assert_int_equal(mkfifoat(dir, "fifo", 0644), 0);
	sn_buf_str(&b, "old");
	assert_int_equal(sn_file_read(dir, row->path, row->max, &b, &why), row->want);
	assert_int_equal(why.err, row->want);
	if (row->want != SN_OK) {
		assert_string_equal(sn_buf_cstr(&b), "old");
		assert_non_null(strstr(why.text, row->path));
	} else {
		assert_string_not_equal(sn_buf_cstr(&b), "old");
	}
	close(dir);
}

static void
read_gives_all_bytes(void **state)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf in = { 0 }, out = { 0 };
	int dir = new_dir();

	(void)state;
	for (uint32_t i = 0; i < 50000; i++)
		sn_buf_u32(&in, i);
	assert_int_equal(sn_file_write(dir, "big", sn_buf_bytes(&in), 0600, false, NULL),
	    SN_OK);
	assert_int_equal(sn_file_read(dir, "big", 1 << 20, &out, NULL), SN_OK);
	assert_true(bytes_equal(sn_buf_bytes(&in), sn_buf_bytes(&out)));
	close(dir);
}

static void
write_replaces_only_when_told(void **state)
{
	struct sn_why why = { 0 };
	struct stat st;
	int dir = new_dir();

	(void)state;
	assert_int_equal(sn_file_write(dir, "f", BYTES_STR("one"), 0600, false, NULL), SN_OK);
	assert_int_equal(fstatat(dir, "f", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(sn_file_write(dir, "f", BYTES_STR("two"), 0600, false, &why), SN_E_IO);
	assert_int_equal(why.err, SN_E_IO);
	assert_holds(dir, "f", "one");
	assert_int_equal(sn_file_write(dir, "f", BYTES_STR("two"), 0600, true, NULL), SN_OK);
	assert_holds(dir, "f", "two");
	assert_int_equal(count_files(dir), 1);
	close(dir);
}

static void
write_never_follows_a_link(void **state)
{
	int dir = new_dir();

	(void)state;
	put(dir, "target", "safe");
	assert_int_equal(symlinkat("target", dir, "link"), 0);
	assert_int_equal(sn_file_write(dir, "link", BYTES_STR("x"), 0600, false, NULL),
	    SN_E_IO);
	assert_int_equal(sn_file_write(dir, "link", BYTES_STR("x"), 0600, true, NULL), SN_OK);
	assert_holds(dir, "target", "safe");
	assert_holds(dir, "link", "x");
	close(dir);
}

static void
write_clears_what_a_cut_left(void **state)
{
	int dir = new_dir();
	char *temp = test_format("sn-tmp-%ld", (long)getpid());

	(void)state;
	put(dir, temp, "half of an earl");
	assert_int_equal(sn_file_write(dir, "f", BYTES_STR("new"), 0644, false, NULL), SN_OK);
	assert_holds(dir, "f", "new");
	assert_int_equal(count_files(dir), 1);
	free(temp);
	close(dir);
}

struct write_row {
	const char *name, *path;
};

static const struct write_row write_rows[] = {
	{ "empty name", "" },
	{ "directory that is not there", "absent/f" },
	{ "below a file", "file/f" },
	{ "name ends in a slash", "dir/" },
	{ "a directory", "dir" },
	{ "the directory itself", "." },
	{ "the directory above", "dir/.." },
	{ "no file can be made there", "/proc/f" },
	{ "name of 300 bytes",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" },
};

static void
write_refuses(void **state)
{
	const struct write_row *row = *state;
	struct sn_why why = { 0 };
	int dir = new_dir();

	put(dir, "file", "kept");
	assert_int_equal(mkdirat(dir, "dir", 0755), 0);
	for (int replace = 0; replace < 2; replace++)
		assert_int_equal(sn_file_write(dir, row->path, BYTES_STR("x"), 0644, replace,
				     &why),
		    SN_E_IO);
	assert_int_equal(why.err, SN_E_IO);
	assert_holds(dir, "file", "kept");
	assert_int_equal(count_files(dir), 1);
	close(dir);
}

/* In a child that may write 4096 bytes: the file that was there stays whole. */
static int
write_with_a_full_disk(int dir)
{
	static uint8_t data[10000];
	const struct rlimit limit = { 4096, 4096 };

	signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
		return 1;
	return sn_file_write(dir, "f", BYTES_OF(data), 0644, true, NULL) == SN_E_IO ? 0 : 2;
}

static void
write_that_runs_full_leaves_the_old(void **state)
{
	int dir = new_dir(), status = -1;
	pid_t pid;

	(void)state;
	put(dir, "f", "old");
	pid = fork();
	if (pid == 0)
		_exit(write_with_a_full_disk(dir));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_holds(dir, "f", "old");
	assert_int_equal(count_files(dir), 1);
	close(dir);
}

static void
parents_are_made_once(void **state)
{
	struct sn_why why = { 0 };
	struct stat st;
	int dir = new_dir();

	(void)state;
	assert_int_equal(sn_file_parents(dir, "a/b/c/file", NULL), SN_OK);
	assert_int_equal(sn_file_parents(dir, "a/b/c/file", NULL), SN_OK);
	assert_int_equal(sn_file_parents(dir, "a//b/d/", NULL), SN_OK);
	assert_int_equal(sn_file_parents(dir, "file", NULL), SN_OK);
	assert_int_equal(sn_file_parents(dir, "", NULL), SN_OK);
	assert_int_equal(fstatat(dir, "a/b/c", &st, 0), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(fstatat(dir, "a/b/d", &st, 0), 0);
	assert_int_equal(fstatat(dir, "a/b/c/file", &st, 0), -1);
	assert_int_equal(fstatat(dir, "file", &st, 0), -1);
	put(dir, "plain", "x");
	assert_int_equal(sn_file_parents(dir, "plain/x", &why), SN_E_IO);
	assert_string_equal(why.text, "plain: not a directory");
	assert_int_equal(sn_file_parents(dir, "plain/x/y", NULL), SN_E_IO);
	assert_int_equal(sn_file_parents(dir, "/proc/absent/x", NULL), SN_E_IO);
	close(dir);
}

static enum sn_err
join(void *arg, const struct sn_walk_entry *entry, struct sn_why *why)
{
	(void)why;
	sn_buf_fmt(arg, "%s:%u ", entry->path, (unsigned int)entry->size);
	return SN_OK;
}

static void
walk_is_in_byte_order(void **state)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	int dir = new_dir();

	(void)state;
	/* '-' and '.' sort before '/': order is by whole path, not by directory. */
	put(dir, "a/x", "1");
	put(dir, "a-b", "22");
	put(dir, "a.b", "333");
	put(dir, "a0", "");
	put(dir, "a/b/c", "4444");
	put(dir, "Z", "1");
	assert_int_equal(mkdirat(dir, "hollow", 0755), 0);
	assert_int_equal(sn_file_walk(dir, ".", join, &b, NULL), SN_OK);
	assert_string_equal(sn_buf_cstr(&b), "Z:1 a-b:2 a.b:3 a/b/c:4 a/x:1 a0:0 ");
	sn_buf_done(&b);
	assert_int_equal(sn_file_walk(dir, "a", join, &b, NULL), SN_OK);
	assert_string_equal(sn_buf_cstr(&b), "b/c:4 x:1 ");
	close(dir);
}

static enum sn_err
stop_at_second(void *arg, const struct sn_walk_entry *entry, struct sn_why *why)
{
	if (++*(size_t *)arg == 2)
		return sn_fail(why, SN_E_SIGNATURE, "%s: no", entry->path);
	return SN_OK;
}

static void
walk_ends_at_a_failure(void **state)
{
	struct sn_why why = { 0 };
	size_t calls = 0;
	int dir = new_dir();

	(void)state;
	put(dir, "a", "");
	put(dir, "b", "");
	put(dir, "c", "");
	assert_int_equal(sn_file_walk(dir, ".", stop_at_second, &calls, &why), SN_E_SIGNATURE);
	assert_int_equal(calls, 2);
	assert_string_equal(why.text, "b: no");
	close(dir);
}

enum odd { SYMLINK, LINK_TO_DIR, FIFO, NAME, DEEP, DEEP_DIR };

struct walk_row {
	const char *name;
	enum odd kind;
	const char *path;
	enum sn_err want;
};

static const struct walk_row walk_rows[] = {
	{ "symbolic link", SYMLINK, "link", SN_E_FORMAT },
	{ "symbolic link to a directory", LINK_TO_DIR, "link", SN_E_FORMAT },
	{ "FIFO", FIFO, "fifo", SN_E_FORMAT },
	{ "hidden file", NAME, ".hidden", SN_E_FORMAT },
	{ "name with a space", NAME, "System Volume", SN_E_FORMAT },
	{ "name with a newline", NAME, "a\nb", SN_E_FORMAT },
	{ "name with a colon", NAME, "a:b", SN_E_FORMAT },
	{ "name with a trailing dot", NAME, "a.", SN_E_FORMAT },
	{ "12 components", DEEP, "1/2/3/4/5/6/7/8/9/10/11/12", SN_OK },
	{ "13 components", DEEP, "1/2/3/4/5/6/7/8/9/10/11/12/13", SN_E_LIMIT },
	{ "13 empty directories", DEEP_DIR, "1/2/3/4/5/6/7/8/9/10/11/12/13/14", SN_E_LIMIT },
};

static void
walk_refuses(void **state)
{
	const struct walk_row *row = *state;
	struct sn_why why = { 0 };
	size_t calls = 0;
	int dir = new_dir();

	put(dir, "first", "x");
	switch (row->kind) {
	case SYMLINK:
		assert_int_equal(symlinkat("first", dir, row->path), 0);
		break;
	case LINK_TO_DIR:
		assert_int_equal(symlinkat("..", dir, row->path), 0);
		break;
	case FIFO:
		assert_int_equal(mkfifoat(dir, row->path, 0644), 0);
		break;
	case NAME:
	case DEEP:
		put(dir, row->path, "x");
		break;
	case DEEP_DIR:
		assert_int_equal(sn_file_parents(dir, row->path, NULL), SN_OK);
		break;
	}
	assert_int_equal(sn_file_walk(dir, ".", count_one, &calls, &why), row->want);
	/* What is refused is refused before the first file is handed out. */
	assert_int_equal(calls, row->want == SN_OK ? 2 : 0);
	assert_int_equal(why.err, row->want);
	close(dir);
}

static void
walk_of_nothing(void **state)
{
	size_t calls = 0;
	int dir = new_dir();

	(void)state;
	assert_int_equal(sn_file_walk(dir, ".", count_one, &calls, NULL), SN_OK);
	assert_int_equal(sn_file_walk(dir, "absent", count_one, &calls, NULL), SN_E_MISSING);
	put(dir, "file", "x");
	assert_int_equal(sn_file_walk(dir, "file", count_one, &calls, NULL), SN_E_IO);
	assert_int_equal(calls, 0);
	close(dir);
}

static void
walk_counts_files(void **state)
{
	struct sn_why why = { 0 };
	size_t calls = 0;
	int dir = new_dir();
	char name[16];

	(void)state;
	for (int i = 0; i <= SN_WALK_MAX_FILES; i++) {
		snprintf(name, sizeof(name), "%d", i);
		assert_int_equal(mknodat(dir, name, S_IFREG | 0600, 0), 0);
	}
	assert_int_equal(sn_file_walk(dir, ".", count_one, &calls, &why), SN_E_LIMIT);
	assert_int_equal(calls, 0);
	assert_int_equal(unlinkat(dir, "7", 0), 0);
	assert_int_equal(sn_file_walk(dir, ".", count_one, &calls, NULL), SN_OK);
	assert_int_equal(calls, SN_WALK_MAX_FILES);
	close(dir);
}

struct path_row {
	const char *path;
	bool want;
};

#define A32 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A128 A32 A32 A32 A32

static const struct path_row path_rows[] = {
	{ "statement.json", true },
	{ "collateral/original/VCEK_1.0-b.der", true },
	{ "1/2/3/4/5/6/7/8/9/10/11/12", true },
	{ "1/2/3/4/5/6/7/8/9/10/11/12/13", false },
	{ A128, true },
	{ A128 "a", false },
	{ A128 "/" A32 A32 A32 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", true },
	{ A128 "/" A32 A32 A32 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
	{ "-", true },
	{ "", false },
	{ "/", false },
	{ "/etc/passwd", false },
	{ "a/", false },
	{ "a//b", false },
	{ ".", false },
	{ "..", false },
	{ "../a", false },
	{ "a/../b", false },
	{ "a/..", false },
	{ "a/./b", false },
	{ "...", false },
	{ ".hidden", false },
	{ "a/.hidden", false },
	{ "trailing.", false },
	{ "trailing./b", false },
	{ "a b", false },
	{ "a\\b", false },
	{ "..\\a", false },
	{ "C:a", false },
	{ "a:b", false },
	{ "a*", false },
	{ "a?", false },
	{ "a\"b", false },
	{ "a|b", false },
	{ "a<b", false },
	{ "a\nb", false },
	{ "a\x7f", false },
	{ "~", false },
	{ "\xc3\xa9", false },
	{ "a%2e", false },
};

static void
paths_survive_fat(void **state)
{
	const struct path_row *row = *state;

	assert_int_equal(sn_path_ok(row->path), row->want);
}

static void
pipe_bytes_are_exact(void **state)
{
	struct sn_why why = { 0 };
	char got[6] = "";
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(sn_fd_write(fds[1], BYTES_STR("hello"), NULL), SN_OK);
	assert_int_equal(sn_fd_write(fds[1], BYTES_STR(""), NULL), SN_OK);
	assert_int_equal(sn_fd_read(fds[0], got, 2, NULL), SN_OK);
	assert_int_equal(sn_fd_read(fds[0], got + 2, 3, NULL), SN_OK);
	assert_int_equal(sn_fd_read(fds[0], got, 0, NULL), SN_OK);
	assert_string_equal(got, "hello");
	assert_int_equal(sn_fd_write(fds[1], BYTES_STR("ab"), NULL), SN_OK);
	close(fds[1]);
	assert_int_equal(sn_fd_read(fds[0], got, 3, &why), SN_E_PROTO);
	assert_int_equal(why.err, SN_E_PROTO);
	close(fds[0]);
	assert_int_equal(sn_fd_read(fds[0], got, 1, NULL), SN_E_IO);
	assert_int_equal(sn_fd_write(fds[1], BYTES_STR("x"), NULL), SN_E_IO);
}

static void
a_closed_pipe_is_no_signal(void **state)
{
	sigset_t pending, mask;
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	close(fds[0]);
	signal(SIGPIPE, SIG_DFL);
	assert_int_equal(sn_fd_write(fds[1], BYTES_STR("x"), NULL), SN_E_PROTO);
	sigpending(&pending);
	sigprocmask(SIG_SETMASK, NULL, &mask);
	assert_false(sigismember(&pending, SIGPIPE));
	assert_false(sigismember(&mask, SIGPIPE));
	close(fds[1]);
}

static void
a_full_device_is_refused(void **state)
{
	struct sn_why why = { 0 };
	int fd = open("/dev/full", O_WRONLY);

	(void)state;
	if (fd < 0) {
		print_message("no /dev/full\n");
		skip();
	}
	assert_int_equal(sn_fd_write(fd, BYTES_STR("x"), &why), SN_E_IO);
	assert_non_null(strstr(why.text, strerror(ENOSPC)));
	close(fd);
}

int
main(void)
{
	struct test_list *l = test_list_new();

	umask(022);
	for (size_t i = 0; i < SN_NITEMS(read_rows); i++)
		test_list_add(l, read_refuses, &read_rows[i], "read: %s", read_rows[i].name);
	for (size_t i = 0; i < SN_NITEMS(write_rows); i++)
		test_list_add(l, write_refuses, &write_rows[i], "write: %s",
		    write_rows[i].name);
	for (size_t i = 0; i < SN_NITEMS(walk_rows); i++)
		test_list_add(l, walk_refuses, &walk_rows[i], "walk: %s", walk_rows[i].name);
	for (size_t i = 0; i < SN_NITEMS(path_rows); i++)
		test_list_add(l, paths_survive_fat, &path_rows[i], "path: row %zu, %s", i,
		    path_rows[i].want ? "good" : "refused");
	test_list_add(l, read_gives_all_bytes, NULL, "read: all bytes");
	test_list_add(l, write_replaces_only_when_told, NULL, "write: replace");
	test_list_add(l, write_never_follows_a_link, NULL, "write: symbolic link");
	test_list_add(l, write_clears_what_a_cut_left, NULL, "write: after a cut");
	test_list_add(l, write_that_runs_full_leaves_the_old, NULL, "write: no room");
	test_list_add(l, parents_are_made_once, NULL, "parents");
	test_list_add(l, walk_is_in_byte_order, NULL, "walk: order");
	test_list_add(l, walk_ends_at_a_failure, NULL, "walk: failure ends it");
	test_list_add(l, walk_of_nothing, NULL, "walk: nothing there");
	test_list_add(l, walk_counts_files, NULL, "walk: 20001 files");
	test_list_add(l, pipe_bytes_are_exact, NULL, "pipe: exact bytes");
	test_list_add(l, a_closed_pipe_is_no_signal, NULL, "pipe: closed, no signal");
	test_list_add(l, a_full_device_is_refused, NULL, "pipe: ENOSPC");
	return test_list_run(l, "file");
}
