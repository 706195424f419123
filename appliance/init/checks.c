#include "appliance/init/checks.h"

#include <stdio.h>
#include <unistd.h>

static const struct init_rule *const tables[] = { init_network_rules, init_kernel_rules,
	init_process_rules, init_machine_rules };

static long
kernel_call(long number, long a, long b, long c, long d, long e)
{
	return syscall(number, a, b, c, d, e);
}

const struct init_machine init_this_machine = { .root = "", .call = kernel_call };

const struct init_rule *
init_rule(size_t i)
{
	for (size_t t = 0; t < SN_NITEMS(tables); t++)
		for (const struct init_rule *r = tables[t]; r->name != NULL; r++)
			if (i-- == 0)
				return r;
	return NULL;
}

static void
keep(struct init_facts *ret, const char *name, enum init_state state,
    const char detail[INIT_DETAIL])
{
	struct init_check *c = &ret->check[ret->nchecks++];

	snprintf(c->name, sizeof(c->name), "%s", name);
	snprintf(c->detail, sizeof(c->detail), "%s", detail);
	c->state = state;
}

bool
init_check_all(const struct init_machine *m, struct init_facts *ret)
{
	const struct init_rule *r;
	bool all = true;

	ret->nchecks = 0;
	for (size_t i = 0; (r = init_rule(i)) != NULL; i++) {
		char detail[INIT_DETAIL] = "";
		enum init_state state;

		if (ret->nchecks == INIT_CHECKS_MAX)
			return false; /* a test counts them */
		state = r->run(m, detail);
		keep(ret, r->name, state, detail);
		all = all && state != INIT_FAILED;
	}
	return all;
}

const char *
init_state_name(enum init_state s)
{
	static const char *const names[] = { "ok", "note", "failed" };

	return names[s];
}
