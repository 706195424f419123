/*
 * edits - every simple change inside one record, as a table.
 *
 * Owns: nothing. Only for mutation_test.c. May include: base, transcript, tests/lib.
 */
#ifndef TESTS_TRANSCRIPT_EDITS_H
#define TESTS_TRANSCRIPT_EDITS_H

#include <string.h>

#include "appliance/base/json.h"
#include "appliance/base/text.h"
#include "ceremony/transcript/transcript.h"
#include "tests/lib/test.h"

#define TIME_FROM_END (TEXT_TIME_LEN + 2) /* 2026-01-01T00:00:00Z"} */

enum by { READER, CHECKPOINT, EITHER };

/* ---- inside one record: argument k of it, or the record itself when k is 0 */

static yyjson_mut_val *
args_of(yyjson_mut_val *rec)
{
	return yyjson_mut_obj_get(rec, "args");
}

static yyjson_mut_val *
key_at(yyjson_mut_val *rec, size_t k)
{
	yyjson_mut_obj_iter iter = yyjson_mut_obj_iter_with(args_of(rec));
	yyjson_mut_val *key = yyjson_mut_obj_iter_next(&iter);

	for (; key != NULL && k > 0; k--)
		key = yyjson_mut_obj_iter_next(&iter);
	return key;
}

static bool
set_text(yyjson_mut_doc *doc, yyjson_mut_val *v, const char *text, const char *more)
{
	char *s = test_format("%s%s", text, more);
	const bool set = yyjson_mut_set_str(v, yyjson_mut_get_str(yyjson_mut_strcpy(doc, s)));

	free(s);
	return set;
}

static bool
value_changed(yyjson_mut_doc *doc, yyjson_mut_val *rec, size_t k)
{
	yyjson_mut_val *key = key_at(rec, k), *v;
	char hex[2 * CRY_SHA256_LEN + 1];

	if (key == NULL)
		return false;
	v = yyjson_mut_obj_iter_get_val(key);
	if (yyjson_mut_is_uint(v))
		return yyjson_mut_set_uint(v, yyjson_mut_get_uint(v) + 1);
	if (yyjson_mut_is_str(v))
		return set_text(doc, v, yyjson_mut_get_str(v), "x");
	v = yyjson_mut_obj_get(v, "commit");
	snprintf(hex, sizeof(hex), "%s", yyjson_mut_get_str(v));
	hex[0] = hex[0] == '0' ? '1' : '0';
	return set_text(doc, v, hex, "");
}
static bool
kind_changed(yyjson_mut_doc *doc, yyjson_mut_val *rec, size_t k)
{
	yyjson_mut_val *key = key_at(rec, k), *v;

	if (key == NULL)
		return false;
	v = yyjson_mut_obj_iter_get_val(key);
	(void)doc;
	return yyjson_mut_is_str(v) ? yyjson_mut_set_uint(v, 1) : yyjson_mut_set_str(v, "1");
}
static bool
argument_renamed(yyjson_mut_doc *doc, yyjson_mut_val *rec, size_t k)
{
	yyjson_mut_val *key = key_at(rec, k);

	return key != NULL && set_text(doc, key, yyjson_mut_get_str(key), "x");
}
static bool
argument_removed(yyjson_mut_doc *doc, yyjson_mut_val *rec, size_t k)
{
	yyjson_mut_val *key = key_at(rec, k);

	(void)doc;
	return key != NULL &&
	    yyjson_mut_obj_remove_key(args_of(rec), yyjson_mut_get_str(key)) != NULL;
}
static bool
argument_added(yyjson_mut_doc *doc, yyjson_mut_val *rec, size_t k)
{
	return k == 0 && yyjson_mut_obj_add_str(doc, args_of(rec), "zz", "x");
}
static bool
id_changed(yyjson_mut_doc *doc, yyjson_mut_val *rec, size_t k)
{
	yyjson_mut_val *v = yyjson_mut_obj_get(rec, "id");

	return k == 0 && set_text(doc, v, yyjson_mut_get_str(v), "x");
}
static bool
step_changed(yyjson_mut_doc *doc, yyjson_mut_val *rec, size_t k)
{
	yyjson_mut_val *v = yyjson_mut_obj_get(rec, "step");

	return k == 0 && set_text(doc, v, yyjson_mut_get_str(v), "x");
}
static bool
number_changed(yyjson_mut_doc *doc, yyjson_mut_val *rec, size_t k)
{
	yyjson_mut_val *v = yyjson_mut_obj_get(rec, "n");

	(void)doc;
	return k == 0 && yyjson_mut_set_uint(v, yyjson_mut_get_uint(v) + 1);
}
static bool
time_changed(yyjson_mut_doc *doc, yyjson_mut_val *rec, size_t at, char c)
{
	yyjson_mut_val *v = yyjson_mut_obj_get(rec, "t");
	char when[TEXT_TIME_LEN + 1];

	snprintf(when, sizeof(when), "%s", yyjson_mut_get_str(v));
	when[at] = when[at] == c ? '0' : c;
	return set_text(doc, v, when, "");
}
static bool
a_year_later(yyjson_mut_doc *doc, yyjson_mut_val *rec, size_t k)
{
	return k == 0 && time_changed(doc, rec, 3, '7');
}
static bool
a_year_earlier(yyjson_mut_doc *doc, yyjson_mut_val *rec, size_t k)
{
	return k == 0 && time_changed(doc, rec, 3, '5');
}
static bool
another_second(yyjson_mut_doc *doc, yyjson_mut_val *rec, size_t k)
{
	return k == 0 && time_changed(doc, rec, 18, '3');
}

struct edit {
	const char *name;
	bool (*apply)(yyjson_mut_doc *doc, yyjson_mut_val *rec, size_t k);
	bool restated; /* also with all restated, which would undo the others */
	enum by plain;
};
static const struct edit edits[] = {
	{ "an argument's value", value_changed, true, EITHER },
	{ "an argument's kind", kind_changed, true, EITHER },
	{ "an argument's name", argument_renamed, true, EITHER },
	{ "an argument left out", argument_removed, true, EITHER },
	{ "an argument more", argument_added, true, CHECKPOINT },
	{ "id", id_changed, true, CHECKPOINT },
	{ "step", step_changed, true, CHECKPOINT },
	{ "number", number_changed, false, READER },
	{ "a year later", a_year_later, true, EITHER },
	{ "a year earlier", a_year_earlier, false, EITHER },
	{ "another second", another_second, false, EITHER },
};

#endif
