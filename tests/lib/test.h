/*
 * test - what every test needs: published data, hex, and counted table rows.
 *
 * Owns: what it returns until the program ends, unless a free is named. May
 * include: cmocka, yyjson, the C library. See docs/ARCHITECTURE.md.
 */
#ifndef SN_TEST_H
#define SN_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <yyjson.h>

struct test_bytes {
	uint8_t *data; /* one zero byte follows, so text can be used as a string */
	size_t len;
};

/* TESTDATA/rel, valid until the next call. */
const char *test_data_path(const char *rel);

/* Is TESTDATA/rel there? */
bool test_have_data(const char *rel);

/* Skip the running test, with the reason, unless TESTDATA/rel is there. */
void test_need_data(const char *rel);

/* A whole file; path is as given, rel is below TESTDATA. Missing files end the program. */
struct test_bytes test_read(const char *path);
struct test_bytes test_read_data(const char *rel);

/* TESTDATA/rel as JSON; freed with yyjson_doc_free(). */
yyjson_doc *test_read_json(const char *rel);

/* Hex to bytes; anything but an even number of hex digits ends the program. */
struct test_bytes test_unhex(const char *hex);

/* Bytes to lower-case hex in a new string. */
char *test_hex(const void *data, size_t len);

void test_bytes_done(struct test_bytes *b);

/* A new empty directory, removed with all its content when the program ends. */
const char *test_tmpdir(void);

/* A new string as printf would print it. */
char *test_format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * A list of tests that grows: rows of tables become counted tests of their own.
 * The name is copied; row reaches the test function as *state.
 */
struct test_list;

struct test_list *test_list_new(void);
void test_list_add(struct test_list *l, CMUnitTestFunction fn, const void *row, const char *fmt,
    ...) __attribute__((format(printf, 4, 5)));

/* Run all, free the list, return main's exit status. */
int test_list_run(struct test_list *l, const char *group);

#endif
