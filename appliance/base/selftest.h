/*
 * selftest - a row of a known-answer test: what goes in, what a published source says
 * must come out. The tests themselves stand with what they test.
 *
 * Owns: nothing. May include: base. A list ends with a row that has no name. Rows are
 * data, so that a test can spoil each part of each row and demand that it then fails.
 */
#ifndef SN_SELFTEST_H
#define SN_SELFTEST_H

#include "appliance/base/err.h"

struct sn_selftest {
	const char *name;   /* at most 19 characters */
	const char *source; /* who says so; shown when the answer is right */
	/*
	 * SN_OK; SN_E_MISSING when this machine does not have what is to be tested and may
	 * lack it; any other failure: it is there and wrong.
	 */
	enum sn_err (*run)(const struct sn_selftest *t, struct sn_why *why);
	int kind; /* for run: which algorithm */
	/* Hexadecimal; NULL: not used. */
	const char *key, *salt, *data, *more, *want;
};

#endif
