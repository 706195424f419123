#include "tests/lib/workdir.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

const char *
test_workdir(void)
{
	static char *dir;

	if (dir == NULL)
		dir = strdup(test_tmpdir());
	return dir;
}

void
test_put(const char *name, struct bytes v)
{
	char *path = test_format("%s/%s", test_workdir(), name);
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	if (v.n > 0)
		assert_int_equal(fwrite(v.p, 1, v.n, f), v.n);
	assert_int_equal(fclose(f), 0);
	free(path);
}

struct test_bytes
test_get(const char *name)
{
	char *path = test_format("%s/%s", test_workdir(), name);
	struct test_bytes b = test_read(path);

	free(path);
	return b;
}

int
test_sh(const char *script)
{
	char *line = test_format("cd %s && ( %s ) >log 2>&1", test_workdir(), script);
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", line, (char *)NULL);
		_exit(127);
	}
	free(line);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}
