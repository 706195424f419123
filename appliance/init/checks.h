/*
 * checks - what must be true of the machine before anybody types anything.
 *
 * Owns: nothing. May include: base, init.h. The rules stand in one table each, by
 * meaning: network, kernel, process, machine, and facts. See docs/SELF-TEST.md.
 */
#ifndef INIT_CHECKS_H
#define INIT_CHECKS_H

#include "appliance/init/init.h"

/* The machine that is looked at: tests bring made-up ones. */
struct init_machine {
	const char *root; /* every file is looked up below it; "" is this machine */
	/* syscall(2): its result, or -1 and errno. */
	long (*call)(long number, long a, long b, long c, long d, long e);
	/* Confine this process as the keeper is; irrevocable. */
	enum sn_err (*confine)(struct sn_why *why);
	const char *command_line; /* that the image was built with */
	int64_t build_date;	  /* the clock's floor, seconds since 1970 */
	unsigned int patience_s;  /* how long one rule may take */
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
extern const struct init_rule init_fact_rules[];

/* This machine, with what the program says of its image. */
struct init_machine init_this_machine(const struct init_ops *ops);

/*
 * Rules and tests that share a process, so that the first process parses nothing,
 * holds no library's state, and outlives a rule that crashes or hangs: that one has
 * failed, and the ones behind it run in another process. Exactly one of the two lists.
 */
struct init_list {
	const struct init_rule *rules;
	const struct init_tests *tests;
};

/* All rules, then the program's tests: fills ret, at most max lists. How many they are. */
size_t init_lists(const struct init_ops *ops, struct init_list *ret, size_t max);
#define INIT_LISTS_MAX 12

/* Run them on a machine, in order. False when one failed. */
bool init_check_all(const struct init_machine *m, const struct init_list *lists, size_t n,
    struct init_facts *ret);

#endif
