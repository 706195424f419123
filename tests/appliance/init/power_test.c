/* The power button: a signal that whoever waits for people or a child acts on. */
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "appliance/init/child.h"
#include "appliance/init/console.h"
#include "appliance/init/power.h"
#include "tests/lib/test.h"

static jmp_buf switched_off;

static void
off(struct consoles *cs SN_UNUSED)
{
	longjmp(switched_off, 1);
}

/* As the first process has them: signals blocked, one terminal that says nothing. */
static struct consoles
waiting(int quiet[2])
{
	struct consoles cs = { .c = { { .fd = -1 }, { .fd = -1 } }, .off = off };

	assert_int_equal(pipe(quiet), 0);
	cs.c[0].fd = quiet[0];
	cs.power = power_open(-1);
	assert_true(cs.power >= 0);
	return cs;
}

static void
done(const struct consoles *cs, const int quiet[2])
{
	(void)close(quiet[0]);
	(void)close(quiet[1]);
	(void)close(cs->power);
}

static void
press(void)
{
	assert_int_equal(kill(getpid(), SIGINT), 0);
}

static pid_t
child(unsigned int seconds, int status)
{
	pid_t pid = fork();

	if (pid == 0) {
		(void)sleep(seconds);
		_exit(status);
	}
	return pid;
}

static void
test_not_pressed(void **state SN_UNUSED)
{
	int quiet[2];
	struct consoles cs = waiting(quiet);

	assert_false(power_pressed(-1));
	assert_false(power_pressed(cs.power));
	press();
	assert_true(power_pressed(cs.power));
	assert_false(power_pressed(cs.power));
	done(&cs, quiet);
}

/* A child that ends wakes whoever waits for a line; it is not the button. */
static void
test_waiting_for_a_line(void **state SN_UNUSED)
{
	int quiet[2];
	struct consoles cs = waiting(quiet);
	pid_t pid = child(0, 7);

	if (setjmp(switched_off) == 0) {
		assert_null(console_wait_enter(&cs, 1));
		assert_int_equal(WEXITSTATUS(init_child_wait(pid, &cs)), 7);
		press();
		(void)console_wait_enter(&cs, 60);
		fail_msg("nobody switched the machine off");
	}
	done(&cs, quiet);
}

static void
test_waiting_for_a_child(void **state SN_UNUSED)
{
	int quiet[2];
	struct consoles cs = waiting(quiet);
	pid_t pid = child(60, 0);

	if (setjmp(switched_off) == 0) {
		press();
		(void)init_child_wait(pid, &cs);
		fail_msg("nobody switched the machine off");
	}
	assert_int_equal(kill(pid, SIGKILL), 0);
	cs.off = NULL;
	assert_true(WIFSIGNALED(init_child_wait(pid, &cs)));
	assert_int_equal(init_child_wait(pid, &cs), -1);
	done(&cs, quiet);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_not_pressed),
		cmocka_unit_test(test_waiting_for_a_line),
		cmocka_unit_test(test_waiting_for_a_child),
	};
	sigset_t heard;

	sigemptyset(&heard);
	sigaddset(&heard, SIGINT);
	sigaddset(&heard, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &heard, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
