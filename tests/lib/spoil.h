/*
 * spoil - the test of a list of known-answer tests: every row passes, and fails once a
 * character of any of its parts is another.
 *
 * Owns: nothing. May include: appliance/base. Header only, for the lists of every room.
 */
#ifndef SN_TEST_SPOIL_H
#define SN_TEST_SPOIL_H

#include <stdlib.h>
#include <string.h>

#include "appliance/base/selftest.h"
#include "tests/lib/test.h"

static inline void
spoil_right(void **state)
{
	const struct sn_selftest *t = *state;
	struct sn_why why = { 0 };

	assert_true(strlen(t->name) <= 19);
	assert_non_null(t->source);
	if (t->run(t, &why) != SN_OK)
		fail_msg("%s: %s", t->name, why.text);
}

/* Alter the character at a place of one part; the row must then fail. */
static inline void
spoil_one(const struct sn_selftest *t, size_t part, size_t at)
{
	struct sn_selftest bad = *t;
	const char **parts[] = { &bad.key, &bad.salt, &bad.data, &bad.more, &bad.want };
	char *text = strdup(*parts[part]);
	struct sn_why why = { 0 };

	assert_non_null(text);
	text[at] = text[at] == '0' ? '1' : text[at] == 'a' ? 'b' : text[at] > '9' ? 'a' : '0';
	*parts[part] = text;
	if (t->run(&bad, &why) == SN_OK)
		fail_msg("%s does not look at character %zu of part %zu", t->name, at, part);
	assert_true(why.text[0] != '\0');
	free(text);
}

static inline void
spoil_each_part(void **state)
{
	const struct sn_selftest *t = *state;
	const char *const parts[] = { t->key, t->salt, t->data, t->more, t->want };
	size_t n = 0;

	for (size_t i = 0; i < SN_NITEMS(parts); i++) {
		if (parts[i] == NULL)
			continue;
		spoil_one(t, i, 0);
		spoil_one(t, i, strlen(parts[i]) / 2);
		spoil_one(t, i, strlen(parts[i]) - 1);
		n++;
	}
	assert_true(n > 0);
}

static inline void
spoil_add(struct test_list *l, const struct sn_selftest *tests)
{
	for (const struct sn_selftest *t = tests; t->name != NULL; t++) {
		test_list_add(l, spoil_right, t, "%s: %s", t->name, t->source);
		test_list_add(l, spoil_each_part, t, "%s: no part may be another", t->name);
	}
}

#endif
