/*
 * rig - machines that never were: a folder of files and links as the kernel would show
 * them, and answers to system calls. One row each; the rule must say what the row wants.
 *
 * Owns: the folders until the test ends. May include: appliance/init, cmocka. Test only.
 */
#ifndef INIT_RIG_H
#define INIT_RIG_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "appliance/init/checks.h"
#include "tests/lib/test.h"

/* A file with its text, or a link with its target. mode 0: the usual one. */
struct thing {
	const char *path, *text, *link;
	mode_t mode;
};
#define THINGS_MAX 16

/* The answer to a system call; a system call that has none here is ENOSYS. */
struct reply {
	long number, first; /* only when the first argument is this; RIG_ANY: always */
	long result;
	int error; /* errno when the result is negative */
	/* instead of result: may look at the arguments and write where they point */
	long (*act)(const long arg[5]);
	bool there; /* this row is one */
};
#define RIG_ANY (-99)
#define REPLIES_MAX 8

struct machine_row {
	const char *name, *rule;
	enum init_state want;
	const char *detail; /* must be part of what is said */
	struct thing thing[THINGS_MAX];
	struct reply reply[REPLIES_MAX];
	enum sn_err confine; /* what confining a process ends with */
};

/* The parts of a row's machine. */
#define F(path_, text_) { .path = path_, .text = text_ }
#define L(path_, target_) { .path = path_, .link = target_ }
#define GIVES(n, result_) { .number = n, .first = RIG_ANY, .result = result_, .there = true }
#define FAILS(n, error_) { .number = n, .first = RIG_ANY, .error = error_, .there = true }
#define DOES(n, act_) { .number = n, .first = RIG_ANY, .act = act_, .there = true }
#define HAS(...) .thing = { __VA_ARGS__ }
#define SAYS(...) .reply = { __VA_ARGS__ }
#define BARE .thing = { { 0 } }

static const struct machine_row *rig_row; /* the one that answers system calls now */

static inline long
rig_call(long number, long a, long b, long c, long d, long e)
{
	const long arg[5] = { a, b, c, d, e };

	for (size_t i = 0; i < REPLIES_MAX; i++) {
		const struct reply *r = &rig_row->reply[i];

		if (!r->there || r->number != number || (r->first != RIG_ANY && r->first != a))
			continue;
		if (r->act != NULL)
			return r->act(arg);
		errno = r->error;
		return r->error != 0 ? -1 : r->result;
	}
	errno = ENOSYS;
	return -1;
}

/* The clock of a made-up machine, and when its image was built. */
#define RIG_BUILT 1700000000
#define RIG_COMMAND_LINE "console=tty0 lockdown=confidentiality iommu.strict=1"

static inline enum sn_err
rig_confine(struct sn_why *why)
{
	return rig_row->confine == SN_OK ? SN_OK : sn_fail(why, rig_row->confine, "rig");
}

static inline struct init_machine
rig_machine(const char *root)
{
	return (struct init_machine){
		.root = root,
		.call = rig_call,
		.confine = rig_confine,
		.command_line = RIG_COMMAND_LINE,
		.build_date = RIG_BUILT,
		.patience_s = 5,
	};
}

static inline void
rig_parents(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash != NULL;
	    slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(path, 0755);
		*slash = '/';
	}
}

static inline void
rig_thing(const char *root, const struct thing *t)
{
	char *path = test_format("%s%s", root, t->path);
	FILE *f;

	rig_parents(path);
	if (t->link != NULL) {
		assert_int_equal(symlink(t->link, path), 0);
	} else {
		f = fopen(path, "w");
		assert_non_null(f);
		fputs(t->text, f);
		assert_int_equal(fclose(f), 0);
		if (t->mode != 0)
			assert_int_equal(chmod(path, t->mode), 0);
	}
	free(path);
}

static inline const struct init_rule *
rig_rule(const struct init_rule *table, const char *name)
{
	for (const struct init_rule *r = table; r->name != NULL; r++)
		if (strcmp(r->name, name) == 0)
			return r;
	fail_msg("there is no rule \"%s\"", name);
	return NULL;
}

static const struct init_rule *rig_table; /* under test */
static const struct machine_row *rig_rows;
static size_t rig_nrows;

static inline void
rig_judge(void **state)
{
	const struct machine_row *row = *state;
	static unsigned int count;
	char *root = test_format("%s/machine%u", test_tmpdir(), count++);
	struct init_machine m = rig_machine(root);
	char detail[INIT_DETAIL] = "";

	rig_row = row;
	assert_int_equal(mkdir(root, 0755), 0);
	for (size_t i = 0; i < THINGS_MAX && row->thing[i].path != NULL; i++)
		rig_thing(root, &row->thing[i]);
	assert_int_equal(rig_rule(rig_table, row->rule)->run(&m, detail), row->want);
	if (strstr(detail, row->detail) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", row->detail, detail);
	free(root);
}

/* Every rule but a fact has a machine on which it fails, and every one a good machine. */
static inline void
rig_no_rule_without_negative(void **state)
{
	(void)state;
	for (const struct init_rule *r = rig_table; r->name != NULL; r++) {
		bool has[3] = { false, false, false };

		for (size_t i = 0; i < rig_nrows; i++)
			if (strcmp(rig_rows[i].rule, r->name) == 0)
				has[rig_rows[i].want] = true;
		if (!has[INIT_FAILED] && !r->fact)
			fail_msg("no machine fails the rule \"%s\"", r->name);
		if (has[INIT_FAILED] && r->fact)
			fail_msg("the fact \"%s\" fails", r->name);
		if (!has[INIT_OK] && !has[INIT_NOTE])
			fail_msg("no machine is right for the rule \"%s\"", r->name);
		assert_true(strlen(r->name) <= 19);
	}
}

/* The table's tests as main()'s exit status. */
static inline int
rig_run(const struct init_rule *table, const struct machine_row *rows, size_t nrows,
    const char *group)
{
	struct test_list *l = test_list_new();

	rig_table = table;
	rig_rows = rows;
	rig_nrows = nrows;
	for (size_t i = 0; i < nrows; i++)
		test_list_add(l, rig_judge, &rows[i], "%s: %s", rows[i].rule, rows[i].name);
	test_list_add(l, rig_no_rule_without_negative, NULL, "no rule without a negative");
	return test_list_run(l, group);
}

#endif
