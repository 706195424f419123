/*
 * second - the second checker as a judge of the fixture's bundles.
 *
 * Owns: nothing. For tests of bundle, each a program of its own, so everything is static.
 */
#ifndef TEST_BUNDLE_SECOND_H
#define TEST_BUNDLE_SECOND_H

#include <spawn.h>
#include <sys/wait.h>

#include "tests/ceremony/bundle/fixture.h"

/* Its exit status; the test is skipped where it is not built. */
static int
second_judge(const struct fix *f, const char *dir)
{
	const char *build = getenv("BUILD");
	char *program = test_format("%s/bin/crosscheck", build != NULL ? build : "build");
	char hex[65],
	    *argv[] = { program, (char *)(uintptr_t)dir, (char *)(uintptr_t)"--identity", hex,
		    NULL };
	posix_spawn_file_actions_t a;
	pid_t pid;
	int status;

	if (access(program, X_OK) != 0) {
		printf("# %s is not built\n", program);
		skip();
	}
	sn_hex(BYTES_OF(f->identity), hex);
	posix_spawn_file_actions_init(&a);
	posix_spawn_file_actions_addopen(&a, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_adddup2(&a, 1, 2);
	assert_int_equal(posix_spawn(&pid, program, &a, NULL, argv, NULL), 0);
	posix_spawn_file_actions_destroy(&a);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	free(program);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

#endif
