#include "appliance/init/look.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "appliance/jail/jail.h"

#define PATIENCE_S 90 /* the slowest rule waits 60 s for the kernel's random generator */

static const struct init_rule *const tables[] = { init_network_rules, init_kernel_rules,
	init_process_rules, init_machine_rules, init_fact_rules };

static const char *const state_names[] = {
	[INIT_OK] = "ok",
	[INIT_NOTE] = "note",
	[INIT_FAILED] = "failed",
};

const char *
init_state_name(enum init_state s)
{
	return state_names[s];
}

/* ---- this machine */

static long
kernel_call(long number, long a, long b, long c, long d, long e)
{
	return syscall(number, a, b, c, d, e);
}

static enum sn_err
keeper_jail(struct sn_why *why)
{
	return jail_enter(&jail_policies[JAIL_KEEPER], why);
}

struct init_machine
init_this_machine(const struct init_ops *ops)
{
	return (struct init_machine){
		.root = "",
		.call = kernel_call,
		.confine = keeper_jail,
		.command_line = ops->command_line,
		.build_date = ops->build_date,
		.patience_s = PATIENCE_S,
	};
}

size_t
init_lists(const struct init_ops *ops, struct init_list *ret, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < SN_NITEMS(tables) && n < max; i++)
		ret[n++] = (struct init_list){ .rules = tables[i] };
	for (size_t i = 0; i < ops->ntests && n < max; i++)
		ret[n++] = (struct init_list){ .tests = &ops->tests[i] };
	return n;
}

/* ---- one list, its rows and tests alike */

/* What the process of a list says of one row; written whole, as a pipe allows. */
struct said {
	enum init_state state;
	char detail[INIT_DETAIL];
};

static const char *
row_name(const struct init_list *l, size_t row)
{
	return l->rules != NULL ? l->rules[row].name : l->tests->tests[row].name;
}

static enum init_state
test_state(enum sn_err e)
{
	if (e == SN_OK)
		return INIT_OK;
	return e == SN_E_MISSING ? INIT_NOTE : INIT_FAILED;
}

static void
run_row(const struct init_machine *m, const struct init_list *l, size_t row,
    const struct sn_why *start, struct said *ret)
{
	struct sn_why why = { 0 };

	if (l->rules != NULL) {
		ret->state = l->rules[row].run(m, ret->detail);
		return;
	}
	if (start->err != SN_OK) {
		ret->state = look_say(ret->detail, INIT_FAILED, "%s", start->text);
		return;
	}
	ret->state = test_state(l->tests->tests[row].run(&l->tests->tests[row], &why));
	(void)look_say(ret->detail, ret->state, "%s",
	    ret->state == INIT_OK ? l->tests->tests[row].source : why.text);
}

/* The list's process, from a row on. */
static _Noreturn void
list_process(const struct init_machine *m, const struct init_list *l, size_t row, int out)
{
	struct sn_why start = { 0 };

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (l->tests != NULL && l->tests->start != NULL && l->tests->start(&start) != SN_OK &&
	    start.err == SN_OK)
		start.err = SN_E_INTERNAL;
	for (; row_name(l, row) != NULL; row++) {
		struct said said = { INIT_FAILED, "" };

		run_row(m, l, row, &start, &said);
		if (write(out, &said, sizeof(said)) != (ssize_t)sizeof(said))
			_exit(1);
	}
	_exit(0);
}

static void
keep(struct init_facts *ret, const char *name, const struct said *said)
{
	struct init_check *c;

	if (ret->nchecks == INIT_CHECKS_MAX)
		return; /* init_check_all() notices */
	c = &ret->check[ret->nchecks++];
	snprintf(c->name, sizeof(c->name), "%s", name);
	snprintf(c->detail, sizeof(c->detail), "%.*s", INIT_DETAIL - 1, said->detail);
	c->state = said->state;
	if ((unsigned int)said->state > INIT_FAILED)
		c->state = INIT_FAILED;
}

/* The next row's result: false when there is none in time, and *ret_late says which. */
static bool
hear(int in, unsigned int patience_s, struct said *ret, bool *ret_late)
{
	struct pollfd p = { .fd = in, .events = POLLIN };
	int n;

	do {
		n = poll(&p, 1, (int)patience_s * 1000);
	} while (n < 0 && errno == EINTR);
	*ret_late = n == 0;
	return n > 0 && read(in, ret, sizeof(*ret)) == (ssize_t)sizeof(*ret);
}

/* Why a process ended in the middle of a row. */
static void
broke_off(pid_t pid, bool late, unsigned int patience_s, struct said *ret)
{
	int status = 0;

	(void)kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (late)
		ret->state =
		    look_say(ret->detail, INIT_FAILED, "no answer within %u s", patience_s);
	else
		ret->state = look_say(ret->detail, INIT_FAILED, "the test broke off (%s %d)",
		    WIFSIGNALED(status) ? "signal" : "status",
		    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

/* One process for the rows from *row on; *row is then the first one not heard of. */
static void
run_some(const struct init_machine *m, const struct init_list *l, size_t *row,
    struct init_facts *ret)
{
	struct said said = { INIT_FAILED, "no process can be started" };
	int fds[2] = { -1, -1 };
	bool late = false;
	pid_t pid = -1;

	if (pipe(fds) == 0)
		pid = fork();
	if (pid == 0) {
		close(fds[0]);
		list_process(m, l, *row, fds[1]);
	}
	if (fds[1] >= 0)
		close(fds[1]);
	while (pid > 0 && row_name(l, *row) != NULL &&
	    hear(fds[0], m->patience_s, &said, &late))
		keep(ret, row_name(l, (*row)++), &said);
	if (pid > 0)
		broke_off(pid, late, m->patience_s, &said);
	if (row_name(l, *row) != NULL)
		keep(ret, row_name(l, (*row)++), &said);
	if (fds[0] >= 0)
		close(fds[0]);
}

bool
init_check_all(const struct init_machine *m, const struct init_list *lists, size_t n,
    struct init_facts *ret)
{
	size_t failed = 0;

	ret->nchecks = 0;
	for (size_t i = 0; i < n; i++)
		for (size_t row = 0; row_name(&lists[i], row) != NULL;)
			run_some(m, &lists[i], &row, ret);
	for (size_t i = 0; i < ret->nchecks; i++)
		failed += ret->check[i].state == INIT_FAILED;
	return failed == 0 && ret->nchecks > 0 && ret->nchecks < INIT_CHECKS_MAX;
}
