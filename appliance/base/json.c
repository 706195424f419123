#include "appliance/base/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appliance/base/text.h"

void
sn_json_free(yyjson_doc **docp)
{
	if (docp == NULL)
		return;
	yyjson_doc_free(*docp);
	*docp = NULL;
}

void
sn_json_mut_free(yyjson_mut_doc **docp)
{
	if (docp == NULL)
		return;
	yyjson_mut_doc_free(*docp);
	*docp = NULL;
}

/* The depth of brackets outside strings; what is not JSON the parser refuses later. */
static enum sn_err
json_check_depth(struct bytes text, const char *what, struct sn_why *why)
{
	bool in_string = false;
	size_t depth = 0;

	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = text.p[i];

		if (in_string && c == '\\')
			i++;
		else if (c == '"')
			in_string = !in_string;
		else if (!in_string && (c == '[' || c == '{'))
			depth++;
		else if (!in_string && (c == ']' || c == '}') && depth > 0)
			depth--;
		if (depth > SN_JSON_MAX_DEPTH)
			return sn_fail(why, SN_E_LIMIT, "%s: nested deeper than %d", what,
			    SN_JSON_MAX_DEPTH);
	}
	return SN_OK;
}

static void
json_free_keys(yyjson_val ***keys)
{
	free(*keys);
	*keys = NULL;
}

static int
json_compare_keys(const void *a, const void *b)
{
	yyjson_val *const *x = a, *const *y = b;
	size_t nx = yyjson_get_len(*x), ny = yyjson_get_len(*y);

	if (nx != ny)
		return nx < ny ? -1 : 1;
	return memcmp(yyjson_get_str(*x), yyjson_get_str(*y), nx);
}

static enum sn_err
json_check_keys(yyjson_val *obj, const char *what, struct sn_why *why)
{
	SN_CLEANUP(json_free_keys) yyjson_val **keys = NULL;
	yyjson_obj_iter it = yyjson_obj_iter_with(obj);
	size_t n = yyjson_obj_size(obj);

	if (n < 2)
		return SN_OK;
	keys = reallocarray(NULL, n, sizeof(yyjson_val *));
	if (keys == NULL)
		return sn_fail(why, SN_E_NOMEM, "%s: a list of %zu keys", what, n);
	for (size_t i = 0; i < n; i++)
		keys[i] = yyjson_obj_iter_next(&it);
	qsort(keys, n, sizeof(yyjson_val *), json_compare_keys);
	for (size_t i = 1; i < n; i++)
		if (json_compare_keys(&keys[i - 1], &keys[i]) == 0)
			return sn_fail(why, SN_E_FORMAT, "%s: the key \"%s\" is there twice",
			    what, yyjson_get_str(keys[i]));
	return SN_OK;
}

/* A container on the way down; key is NULL in arrays. */
struct json_level {
	yyjson_obj_iter obj;
	yyjson_arr_iter arr;
	bool is_obj;
};

static yyjson_val *
json_level_next(struct json_level *l)
{
	yyjson_val *key;

	if (!l->is_obj)
		return yyjson_arr_iter_next(&l->arr);
	key = yyjson_obj_iter_next(&l->obj);
	return key != NULL ? yyjson_obj_iter_get_val(key) : NULL;
}

/* What the parser lets through: duplicate keys and floats, anywhere in the tree. */
static enum sn_err
json_check_tree(yyjson_val *root, const char *what, bool allow_floats, struct sn_why *why)
{
	struct json_level stack[SN_JSON_MAX_DEPTH + 1];
	yyjson_val *v = root;
	size_t depth = 0;

	for (;;) {
		if (yyjson_is_real(v) && !allow_floats)
			return sn_fail(why, SN_E_FORMAT,
			    "%s: a number that is not a whole one, or is too large", what);
		if (yyjson_is_obj(v))
			SN_TRY(json_check_keys(v, what, why));
		if (yyjson_is_ctn(v)) {
			if (depth == SN_NITEMS(stack))
				return sn_fail(why, SN_E_INTERNAL, "%s: depth", what);
			stack[depth++] = (struct json_level){
				.obj = yyjson_obj_iter_with(v),
				.arr = yyjson_arr_iter_with(v),
				.is_obj = yyjson_is_obj(v),
			};
		}
		v = NULL;
		while (depth > 0 && v == NULL) {
			v = json_level_next(&stack[depth - 1]);
			if (v == NULL)
				depth--;
		}
		if (v == NULL)
			return SN_OK;
	}
}

enum sn_err
sn_json_parse(struct bytes text, const char *what, bool allow_floats, yyjson_doc **ret_doc,
    struct sn_why *why)
{
	static const uint8_t bom[] = { 0xef, 0xbb, 0xbf };
	SN_CLEANUP(sn_json_free) yyjson_doc *doc = NULL;
	yyjson_read_err err = { 0 };

	if (text.n == 0)
		return sn_fail(why, SN_E_FORMAT, "%s: empty, JSON is needed", what);
	if (text.n > SN_JSON_MAX_BYTES)
		return sn_fail(why, SN_E_LIMIT, "%s: %zu bytes of JSON, at most %u are allowed",
		    what, text.n, SN_JSON_MAX_BYTES);
	if (text.n >= sizeof(bom) && memcmp(text.p, bom, sizeof(bom)) == 0)
		return sn_fail(why, SN_E_FORMAT, "%s: begins with a byte order mark", what);
	SN_TRY(json_check_depth(text, what, why));

	/* Without YYJSON_READ_INSITU the text is only read. */
	doc =
	    yyjson_read_opts((char *)(uintptr_t)text.p, text.n, YYJSON_READ_NOFLAG, NULL, &err);
	if (doc == NULL && err.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION)
		return sn_fail(why, SN_E_NOMEM, "%s: its tree", what);
	if (doc == NULL)
		return sn_fail(why, SN_E_FORMAT, "%s: not JSON at byte %zu: %s", what, err.pos,
		    err.msg);
	SN_TRY(json_check_tree(yyjson_doc_get_root(doc), what, allow_floats, why));
	*ret_doc = SN_TAKE(doc);
	return SN_OK;
}

static yyjson_val *
json_get(yyjson_val *obj, const char *key)
{
	return yyjson_is_obj(obj) ? yyjson_obj_get(obj, key) : NULL;
}

/* The failure of every getter: says which key, and what was wanted of it. */
static enum sn_err
json_refuse(yyjson_val *v, const char *key, const char *wanted, const char *what,
    struct sn_why *why)
{
	return sn_fail(why, SN_E_FORMAT, "%s: \"%s\" is %s, %s is needed", what, key,
	    v == NULL ? "missing" : yyjson_get_type_desc(v), wanted);
}

enum sn_err
sn_json_str(yyjson_val *obj, const char *key, size_t max, const char **ret, const char *what,
    struct sn_why *why)
{
	yyjson_val *v = json_get(obj, key);
	struct bytes s;

	if (!yyjson_is_str(v))
		return json_refuse(v, key, "a string", what, why);
	s = (struct bytes){ (const uint8_t *)yyjson_get_str(v), yyjson_get_len(v) };
	if (s.n > max)
		return sn_fail(why, SN_E_FORMAT,
		    "%s: \"%s\" has %zu bytes, at most %zu are "
		    "allowed",
		    what, key, s.n, max);
	if (!text_printable(s, max))
		return sn_fail(why, SN_E_FORMAT,
		    "%s: \"%s\" holds characters that cannot be shown", what, key);
	*ret = yyjson_get_str(v);
	return SN_OK;
}

static enum sn_err
json_uint(yyjson_val *obj, const char *key, uint64_t min, uint64_t max, uint64_t *ret,
    const char *what, struct sn_why *why)
{
	yyjson_val *v = json_get(obj, key);
	uint64_t n;

	if (!yyjson_is_uint(v))
		return json_refuse(v, key, "a whole number that is not negative", what, why);
	n = yyjson_get_uint(v);
	if (n < min || n > max)
		return sn_fail(why, SN_E_FORMAT,
		    "%s: \"%s\" is %" PRIu64 ", a number from %" PRIu64 " to %" PRIu64
		    " is needed",
		    what, key, n, min, max);
	*ret = n;
	return SN_OK;
}

enum sn_err
sn_json_u32(yyjson_val *obj, const char *key, uint32_t min, uint32_t max, uint32_t *ret,
    const char *what, struct sn_why *why)
{
	uint64_t n = 0;

	SN_TRY(json_uint(obj, key, min, max, &n, what, why));
	*ret = (uint32_t)n;
	return SN_OK;
}

enum sn_err
sn_json_u64(yyjson_val *obj, const char *key, uint64_t max, uint64_t *ret, const char *what,
    struct sn_why *why)
{
	return json_uint(obj, key, 0, max, ret, what, why);
}

enum sn_err
sn_json_time(yyjson_val *obj, const char *key, int64_t *ret, const char *what,
    struct sn_why *why)
{
	const char *s;
	char name[128];

	SN_TRY(sn_json_str(obj, key, TEXT_TIME_LEN, &s, what, why));
	snprintf(name, sizeof(name), "%s: \"%s\"", what, key);
	return text_to_time(s, ret, name, why);
}

enum sn_err
sn_json_hex(yyjson_val *obj, const char *key, void *ret, size_t n, const char *what,
    struct sn_why *why)
{
	const char *s;
	char name[128];

	SN_TRY(sn_json_str(obj, key, 2 * n, &s, what, why));
	snprintf(name, sizeof(name), "%s: \"%s\"", what, key);
	return sn_hex_parse(s, ret, n, name, why);
}

enum sn_err
sn_json_obj(yyjson_val *obj, const char *key, yyjson_val **ret, const char *what,
    struct sn_why *why)
{
	yyjson_val *v = json_get(obj, key);

	if (!yyjson_is_obj(v))
		return json_refuse(v, key, "an object", what, why);
	*ret = v;
	return SN_OK;
}

enum sn_err
sn_json_arr(yyjson_val *obj, const char *key, size_t min, size_t max, yyjson_val **ret,
    const char *what, struct sn_why *why)
{
	yyjson_val *v = json_get(obj, key);

	if (!yyjson_is_arr(v))
		return json_refuse(v, key, "an array", what, why);
	if (yyjson_arr_size(v) < min || yyjson_arr_size(v) > max)
		return sn_fail(why, SN_E_FORMAT,
		    "%s: \"%s\" has %zu entries, %zu to %zu are needed", what, key,
		    yyjson_arr_size(v), min, max);
	*ret = v;
	return SN_OK;
}

enum sn_err
sn_json_only(yyjson_val *obj, const char *const *keys, const char *what, struct sn_why *why)
{
	yyjson_obj_iter it;
	yyjson_val *key;
	size_t i;

	if (!yyjson_is_obj(obj))
		return sn_fail(why, SN_E_FORMAT, "%s: an object is needed", what);
	it = yyjson_obj_iter_with(obj);
	while ((key = yyjson_obj_iter_next(&it)) != NULL) {
		for (i = 0; keys[i] != NULL; i++)
			if (yyjson_equals_str(key, keys[i]))
				break;
		if (keys[i] == NULL)
			return sn_fail(why, SN_E_FORMAT, "%s: the key \"%s\" is not known here",
			    what, yyjson_get_str(key));
	}
	return SN_OK;
}
