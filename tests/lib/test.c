#include "tests/lib/test.h"

#include <ctype.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_MAX_LEN 200
#define FILE_MAX_LEN (256u << 20)

struct test_list {
	struct CMUnitTest *tests;
	size_t n, room;
};

/* Test programs have nothing to save: say what is wrong and end. */
static void __attribute__((noreturn, format(printf, 1, 2)))
stop(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(99);
}

static void *
need(void *p)
{
	if (p == NULL)
		stop("test: out of memory");
	return p;
}

const char *
test_data_path(const char *rel)
{
	static char path[PATH_MAX];
	const char *dir = getenv("TESTDATA");
	int n;

	n = snprintf(path, sizeof(path), "%s/%s", dir != NULL ? dir : "../shared/data", rel);
	if (n < 0 || (size_t)n >= sizeof(path))
		stop("test: path too long: %s", rel);
	return path;
}

bool
test_have_data(const char *rel)
{
	return access(test_data_path(rel), R_OK) == 0;
}

void
test_need_data(const char *rel)
{
	if (test_have_data(rel))
		return;
	print_message("no %s\n", test_data_path(rel));
	skip();
}

struct test_bytes
test_read(const char *path)
{
	struct test_bytes b = { NULL, 0 };
	size_t room = 65536, got;
	FILE *f = fopen(path, "rb");

	if (f == NULL)
		stop("test: cannot open %s", path);
	b.data = need(malloc(room + 1));
	while ((got = fread(b.data + b.len, 1, room - b.len, f)) > 0) {
		b.len += got;
		if (b.len < room)
			continue;
		room *= 2;
		if (room > FILE_MAX_LEN)
			stop("test: %s is too large", path);
		b.data = need(realloc(b.data, room + 1));
	}
	if (ferror(f))
		stop("test: cannot read %s", path);
	fclose(f);
	b.data[b.len] = 0;
	return b;
}

struct test_bytes
test_read_data(const char *rel)
{
	return test_read(test_data_path(rel));
}

yyjson_doc *
test_read_json(const char *rel)
{
	struct test_bytes b = test_read_data(rel);
	yyjson_doc *doc = yyjson_read((const char *)b.data, b.len, 0);

	if (doc == NULL)
		stop("test: %s is not JSON", rel);
	test_bytes_done(&b);
	return doc;
}

static int
nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	stop("test: '%c' is no hex digit", c);
}

struct test_bytes
test_unhex(const char *hex)
{
	struct test_bytes b = { NULL, strlen(hex) / 2 };

	if (strlen(hex) % 2 != 0)
		stop("test: odd number of hex digits: %s", hex);
	b.data = need(malloc(b.len + 1));
	for (size_t i = 0; i < b.len; i++)
		b.data[i] = (uint8_t)(nibble(hex[2 * i]) << 4 | nibble(hex[2 * i + 1]));
	b.data[b.len] = 0;
	return b;
}

char *
test_hex(const void *data, size_t len)
{
	const uint8_t *p = data;
	char *s = need(malloc(2 * len + 1));

	for (size_t i = 0; i < len; i++)
		snprintf(s + 2 * i, 3, "%02x", p[i]);
	s[2 * len] = '\0';
	return s;
}

void
test_bytes_done(struct test_bytes *b)
{
	free(b->data);
	b->data = NULL;
	b->len = 0;
}

static char tmpdir[PATH_MAX];
static pid_t tmpdir_owner;

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
	(void)st;
	(void)kind;
	(void)walk;
	return remove(path);
}

/* A forked child ends too; only the program that made it removes it. */
static void
remove_tmpdir(void)
{
	if (getpid() == tmpdir_owner)
		nftw(tmpdir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *
test_tmpdir(void)
{
	const char *base = getenv("TMPDIR");

	if (tmpdir[0] != '\0')
		return tmpdir;
	snprintf(tmpdir, sizeof(tmpdir), "%s/cornerstone-test-XXXXXX",
	    base != NULL ? base : "/tmp");
	if (mkdtemp(tmpdir) == NULL)
		stop("test: cannot make %s", tmpdir);
	tmpdir_owner = getpid();
	atexit(remove_tmpdir);
	return tmpdir;
}

char *
test_format(const char *fmt, ...)
{
	char *s = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n < 0)
		stop("test: out of memory");
	return s;
}

struct test_list *
test_list_new(void)
{
	return need(calloc(1, sizeof(struct test_list)));
}

void
test_list_add(struct test_list *l, CMUnitTestFunction fn, const void *row, const char *fmt, ...)
{
	char name[NAME_MAX_LEN];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(name, sizeof(name), fmt, ap);
	va_end(ap);
	if (l->n == l->room) {
		l->room = l->room == 0 ? 32 : 2 * l->room;
		l->tests = need(reallocarray(l->tests, l->room, sizeof(*l->tests)));
	}
	l->tests[l->n] = (struct CMUnitTest){
		.name = need(strdup(name)),
		.test_func = fn,
		.initial_state = (void *)(uintptr_t)row,
	};
	l->n++;
}

int
test_list_run(struct test_list *l, const char *group)
{
	int failed = _cmocka_run_group_tests(group, l->tests, l->n, NULL, NULL);

	for (size_t i = 0; i < l->n; i++)
		free((void *)(uintptr_t)l->tests[i].name);
	free(l->tests);
	free(l);
	return failed == 0 ? 0 : 1;
}
