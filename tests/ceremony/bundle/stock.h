/*
 * stock - the commands of VERIFY.txt, run as they are by sh with stock tools.
 *
 * Owns: the lines, until the program ends. Only for tests of bundle, so everything is static.
 */
#ifndef TEST_BUNDLE_STOCK_H
#define TEST_BUNDLE_STOCK_H

#include <spawn.h>
#include <sys/wait.h>

#include "ceremony/bundle/format.h"
#include "tests/ceremony/bundle/fixture.h"

#define STOCK_LINES 48

static char *stock_line[STOCK_LINES];
static size_t stock_n;

/* The lines that begin with "$ ", from the bundle's own VERIFY.txt. */
static void
stock_read(const char *dir)
{
	struct sn_buf text = { 0 };

	fix_get(dir, BUN_VERIFY_TXT, &text);
	for (struct bytes rest = sn_buf_bytes(&text); rest.n > 0;) {
		const size_t n = bytes_find(rest, BYTES_STR("\n"));

		assert_int_not_equal(n, SIZE_MAX);
		if (n > 2 && memcmp(rest.p, "$ ", 2) == 0 && stock_n < STOCK_LINES)
			stock_line[stock_n++] =
			    test_format("%.*s", (int)n - 2, (const char *)rest.p + 2);
		rest.p += n + 1;
		rest.n -= n + 1;
	}
	sn_buf_done(&text);
}

/* Run one line in dir; its exit status. identity NULL leaves it unset. */
static int
stock_run(const char *dir, const char *command, const char *identity)
{
	char *env_identity = test_format("IDENTITY=%s", identity != NULL ? identity : "");
	char *env[] = { (char *)(uintptr_t)"PATH=/usr/bin:/bin",
		(char *)(uintptr_t)"LC_ALL=C.UTF-8", identity != NULL ? env_identity : NULL,
		NULL };
	char *argv[] = { (char *)(uintptr_t)"sh", (char *)(uintptr_t)"-c",
		(char *)(uintptr_t)command, NULL };
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int status;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addchdir_np(&actions, dir);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	assert_int_equal(posix_spawn(&pid, "/bin/sh", &actions, NULL, argv, env), 0);
	posix_spawn_file_actions_destroy(&actions);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	free(env_identity);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static const char *
stock_identity(const struct fix *f)
{
	static char hex[65];

	sn_hex(BYTES_OF(f->identity), hex);
	return hex;
}

/* The number of the first line that refuses dir, from 1; 0 when all accept. */
static size_t
stock_refusal(const char *dir, const struct fix *f)
{
	for (size_t i = 0; i < stock_n; i++)
		if (stock_run(dir, stock_line[i], stock_identity(f)) != 0)
			return i + 1;
	return 0;
}

#endif
