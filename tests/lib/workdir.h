/*
 * workdir - a test's own folder: files in and out, and other programs run in it.
 *
 * Owns: the folder, until the program ends. May include: base (types only), tests/lib.
 */
#ifndef TEST_WORKDIR_H
#define TEST_WORKDIR_H

#include "appliance/base/bytes.h"
#include "tests/lib/test.h"

/* Its path; made at the first call, removed when the program ends. */
const char *test_workdir(void);
/* Write a file of it; anything that fails fails the test. */
void test_put(const char *name, struct bytes v);
/* A file of it, to be freed with test_bytes_done(). */
struct test_bytes test_get(const char *name);
/* The exit status of a script of sh, run in it; what it says is kept as "log" there. */
int test_sh(const char *script);

#endif
