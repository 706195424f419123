#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/appliance/base/secret_rig.h"
#include "tests/lib/test.h"

/* What a forked child does; its exit status is the answer. */
typedef int child_fn(uint8_t *p);

static int
in_child(child_fn *fn, uint8_t *p)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		signal(SIGSEGV, SIG_DFL);
		signal(SIGABRT, SIG_DFL);
		_exit(fn(p));
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static int
sees_zeros(uint8_t *p)
{
	return all_zero(p, UNIT) ? 0 : 1;
}

static void
a_forked_child_sees_zeros(void **state)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret s = { 0 };

	(void)state;
	assert_int_equal(sn_secret_new(UNIT, &s, NULL), SN_OK);
	memset(s.p, 0x5a, s.n);
	assert_int_equal(in_child(sees_zeros, s.p), 0);
	assert_int_equal(s.p[0], 0x5a);
}

static int
makes_a_secret(uint8_t *p)
{
	struct sn_secret s;

	(void)p;
	/* The lock is not inherited: first its own arena, then its own secret. */
	if (sn_secret_new(1, &s, NULL) != SN_E_LOCK)
		return 1;
	sn_secret_stop();
	if (sn_secret_start(4096, NULL) != SN_OK || sn_secret_new(1, &s, NULL) != SN_OK)
		return 2;
	return 0;
}

static void
a_forked_child_needs_its_own_arena(void **state)
{
	(void)state;
	assert_int_equal(in_child(makes_a_secret, NULL), 0);
}

static int
touches(uint8_t *p)
{
	*(volatile uint8_t *)p = 1;
	return 0;
}

struct guard_row {
	const char *name;
	ptrdiff_t at; /* from the first byte of the arena */
	bool faults;
};

static const struct guard_row guard_rows[] = {
	{ "first byte is usable", 0, false },
	{ "last byte is usable", ARENA - 1, false },
	{ "byte before the arena faults", -1, true },
	{ "page before the arena faults", -4096, true },
	{ "byte behind the arena faults", ARENA, true },
	{ "page behind the arena faults", ARENA + 4095, true },
};

static void
guard_pages_fault(void **state)
{
	const struct guard_row *row = *state;
	SN_CLEANUP(sn_secret_done) struct sn_secret all = { 0 };
	int status;

	assert_int_equal(sn_secret_new(ARENA, &all, NULL), SN_OK);
	status = in_child(touches, all.p + row->at);
	if (row->faults)
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	else
		assert_int_equal(status, 0);
}

static int
frees_in_the_middle(uint8_t *p)
{
	struct sn_secret s = { p + UNIT, UNIT, UNIT };

	sn_secret_done(&s);
	return 0;
}

static int
frees_what_is_not_ours(uint8_t *p)
{
	static uint8_t other[UNIT];
	struct sn_secret s = { other, UNIT, UNIT };

	(void)p;
	sn_secret_done(&s);
	return 0;
}

static int
frees_twice(uint8_t *p)
{
	struct sn_secret s = { p, 2 * UNIT, 2 * UNIT }, again = s;

	sn_secret_done(&s);
	sn_secret_done(&again);
	return 0;
}

static int
frees_less(uint8_t *p)
{
	struct sn_secret s = { p, UNIT, UNIT };

	sn_secret_done(&s);
	return 0;
}

struct abort_row {
	const char *name;
	child_fn *fn;
};

static const struct abort_row abort_rows[] = {
	{ "a pointer into the middle", frees_in_the_middle },
	{ "memory that is not ours", frees_what_is_not_ours },
	{ "the same secret twice", frees_twice },
	{ "a smaller size", frees_less },
};

static void
a_wrong_free_ends_the_program(void **state)
{
	const struct abort_row *row = *state;
	SN_CLEANUP(sn_secret_done) struct sn_secret s = { 0 };
	int status;

	assert_int_equal(sn_secret_new(2 * UNIT, &s, NULL), SN_OK);
	status = in_child(row->fn, s.p);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

/* The kernel's flags of the mapping that holds p: lo locked, dd no dump, wf wiped. */
static void
the_kernel_agrees(void **state)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret s = { 0 };
	char line[512], flags[512] = "";
	unsigned long from, to;
	bool ours = false;
	FILE *f = fopen("/proc/self/smaps", "r");

	(void)state;
	assert_non_null(f);
	assert_int_equal(sn_secret_new(1, &s, NULL), SN_OK);
	while (fgets(line, sizeof(line), f) != NULL) {
		char *end;

		from = strtoul(line, &end, 16);
		if (*end == '-') {
			to = strtoul(end + 1, NULL, 16);
			ours = from <= (uintptr_t)s.p && (uintptr_t)s.p < to;
		}
		if (ours && strncmp(line, "VmFlags:", 8) == 0)
			memcpy(flags, line, sizeof(flags));
	}
	fclose(f);
#ifndef __SANITIZE_ADDRESS__ /* which turns mlock() into nothing */
	assert_non_null(strstr(flags, " lo"));
#endif
	assert_non_null(strstr(flags, " dd"));
	assert_non_null(strstr(flags, " wf"));
}

static void
there_are_no_dumps(void **state)
{
	struct rlimit core;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_CORE, &core), 0);
	assert_int_equal(core.rlim_cur, 0);
	assert_int_equal(core.rlim_max, 0);
	assert_int_equal(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
}

static int
may_not_lock(uint8_t *p)
{
	const struct rlimit none = { 0, 0 };
	struct sn_why why = { 0 };
	struct sn_secret s;

	(void)p;
	/* Root may lock past its limit; where there is another user, be that one. */
	if (setrlimit(RLIMIT_MEMLOCK, &none) != 0)
		return 1;
	if (setresuid(65534, 65534, 65534) != 0 && errno != EINVAL && errno != EPERM)
		return 2;
	if (sn_secret_start(ARENA, &why) != SN_E_LOCK || why.err != SN_E_LOCK)
		return 3;
	return sn_secret_new(1, &s, NULL) == SN_E_LOCK ? 0 : 4;
}

static void
memory_that_cannot_be_locked_is_refused(void **state)
{
	(void)state;
#ifdef __SANITIZE_ADDRESS__
	print_message("the address sanitizer turns mlock() into nothing\n");
	skip();
#endif
	assert_int_equal(in_child(may_not_lock, NULL), 0);
}

static int
may_not_map(uint8_t *p)
{
	const struct rlimit none = { 0, 0 };

	(void)p;
	if (setrlimit(RLIMIT_AS, &none) != 0)
		return 1;
	return sn_secret_start(4U << 20, NULL) == SN_E_LOCK ? 0 : 2;
}

static void
memory_that_cannot_be_mapped_is_refused(void **state)
{
	(void)state;
#ifdef __SANITIZE_ADDRESS__
	print_message("the address sanitizer itself needs to map memory\n");
	skip();
#endif
	assert_int_equal(in_child(may_not_map, NULL), 0);
}

struct plain_row {
	const char *name;
	CMUnitTestFunction fn;
};

/* With an arena; each of these ends with no secret alive. */
static const struct plain_row inside_rows[] = {
	{ "fork: child sees zeros", a_forked_child_sees_zeros },
	{ "fork: child has no arena", a_forked_child_needs_its_own_arena },
	{ "start: the kernel's flags", the_kernel_agrees },
	{ "start: no dumps", there_are_no_dumps },
};

static const struct plain_row outside_rows[] = {
	{ "start: lock refused", memory_that_cannot_be_locked_is_refused },
	{ "start: mapping refused", memory_that_cannot_be_mapped_is_refused },
};

/* A row's test between start() and stop(), which say what they think themselves. */
static void
run_inside(void **state, CMUnitTestFunction fn)
{
	(void)stop(); /* what a failed test left */
	assert_int_equal(start(), 0);
	fn(state);
	assert_int_equal(stop(), 0);
}

static void
inside(void **state)
{
	const struct plain_row *row = *state;

	run_inside(state, row->fn);
}

static void
inside_guard(void **state)
{
	run_inside(state, guard_pages_fault);
}

static void
inside_abort(void **state)
{
	run_inside(state, a_wrong_free_ends_the_program);
}

int
main(void)
{
	struct test_list *l = test_list_new();

	for (size_t i = 0; i < SN_NITEMS(outside_rows); i++)
		test_list_add(l, outside_rows[i].fn, NULL, "%s", outside_rows[i].name);
	for (size_t i = 0; i < SN_NITEMS(inside_rows); i++)
		test_list_add(l, inside, &inside_rows[i], "%s", inside_rows[i].name);
	for (size_t i = 0; i < SN_NITEMS(guard_rows); i++)
		test_list_add(l, inside_guard, &guard_rows[i], "guard: %s", guard_rows[i].name);
	for (size_t i = 0; i < SN_NITEMS(abort_rows); i++)
		test_list_add(l, inside_abort, &abort_rows[i], "wrong free: %s",
		    abort_rows[i].name);
	return test_list_run(l, "secret_kernel");
}
