/*
 * checks - what must be true of the machine before anybody types anything.
 *
 * Owns: nothing. May include: base, init.h. The rules stand in one table each, by
 * meaning: network, kernel, process, machine. See docs/SELF-TEST.md.
 */
#ifndef INIT_CHECKS_H
#define INIT_CHECKS_H

#include "appliance/init/init.h"

/* The machine that is looked at: tests bring made-up ones. */
struct init_machine {
	const char *root; /* every file is looked up below it; "" is this machine */
	/* syscall(2): its result, or -1 and errno. */
	long (*call)(long number, long a, long b, long c, long d, long e);
};

struct init_rule {
	const char *name; /* at most 19 characters */
	/* Say in detail what was found, and whether it is as it must be. */
	enum init_state (*run)(const struct init_machine *m, char detail[INIT_DETAIL]);
	/* Only records something that plan and people judge later: it never fails. */
	bool fact;
};

/* Each ends with a row that has no name. */
extern const struct init_rule init_network_rules[];
extern const struct init_rule init_kernel_rules[];
extern const struct init_rule init_process_rules[];
extern const struct init_rule init_machine_rules[];

/* All of them in their order: the i-th, or NULL past the end. */
const struct init_rule *init_rule(size_t i);

/* This machine. */
extern const struct init_machine init_this_machine;

/* Run all rules on a machine. False when one fails. */
bool init_check_all(const struct init_machine *m, struct init_facts *ret);

#endif
