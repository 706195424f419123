/*
 * checks - what must be true of the machine before anybody types anything.
 *
 * Owns: nothing. May include: base, init.h. Every file is looked up below a root,
 * so that tests can bring machines of their own.
 */
#ifndef INIT_CHECKS_H
#define INIT_CHECKS_H

#include "appliance/init/init.h"

struct init_rule {
	const char *name;
	/* Say what was found in detail, and whether it is as it must be. A rule that
	 * only records a fact always says true. */
	bool (*run)(const char *root, char detail[120]);
};

extern const struct init_rule init_rules[];
extern const size_t init_nrules;

/* Run all rules on the machine at root ("" is this one). False when one fails. */
bool init_check_all(const char *root, struct init_facts *ret);

#endif
