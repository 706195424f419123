/* Memory is overwritten by a helper that holds it, and nobody else is in danger. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "appliance/init/wipe.h"
#include "tests/lib/test.h"

#define MORE_THAN_THERE_IS ((size_t)1 << 40)

/* The number behind a name in a helper's file below /proc, or -1. */
static long
number_of(pid_t pid, const char *file, const char *name)
{
	char *path = test_format("/proc/%d/%s", (int)pid, file), line[128];
	FILE *f = fopen(path, "re");
	long found = -1;

	while (f != NULL && found < 0 && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, name, strlen(name)) == 0)
			found = strtol(line + strlen(name), NULL, 10);
	if (f != NULL)
		(void)fclose(f);
	free(path);
	return found;
}

static void
end(pid_t helper)
{
	assert_int_equal(kill(helper, SIGKILL), 0);
	assert_int_equal(waitpid(helper, NULL, 0), helper);
}

static void
test_holds_what_it_overwrote(void **state SN_UNUSED)
{
	struct wipe_result r = wipe_free_memory(0, 24, 60);

	assert_true(r.helper > 0);
	assert_int_equal(r.done, 24);
	assert_true(r.total > r.done);
	assert_true(number_of(r.helper, "status", "VmRSS:") >= 24 * 1024);
	assert_int_equal(number_of(r.helper, "oom_score_adj", ""), 1000);
	end(r.helper);
}

static void
test_leaves_what_is_asked_for(void **state SN_UNUSED)
{
	struct wipe_result r = wipe_free_memory(MORE_THAN_THERE_IS, 0, 60);

	assert_true(r.helper > 0);
	assert_int_equal(r.done, 0);
	end(r.helper);
}

/* Where no more memory is given it stops, says how far it came, and holds that. */
static void
test_stops_where_memory_ends(void **state SN_UNUSED)
{
	struct rlimit was, now;
	struct wipe_result r;
	long used = number_of(getpid(), "status", "VmSize:") * 1024;

	assert_int_equal(getrlimit(RLIMIT_AS, &was), 0);
	now = (struct rlimit){ (rlim_t)used + (18U << 20), was.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_AS, &now), 0);
	r = wipe_free_memory(0, 0, 60);
	assert_int_equal(setrlimit(RLIMIT_AS, &was), 0);
	assert_true(r.helper > 0);
	assert_int_equal(r.done, 16);
	end(r.helper);
}

/* A helper that is too slow is ended; what it held is free again, and that is said. */
static void
test_ends_one_that_is_too_slow(void **state SN_UNUSED)
{
	struct wipe_result r = wipe_free_memory(0, 1 << 20, 0);

	assert_int_equal(r.helper, 0);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_holds_what_it_overwrote),
		cmocka_unit_test(test_leaves_what_is_asked_for),
		cmocka_unit_test(test_stops_where_memory_ends),
		cmocka_unit_test(test_ends_one_that_is_too_slow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
