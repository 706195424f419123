#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "appliance/base/json.h"
#include "appliance/base/text.h"

#define CANON_MAX_INT ((UINT64_C(1) << 53) - 1)

/* One member of a container; key is NULL in arrays. */
struct canon_item {
	yyjson_mut_val *key, *val;
};

/* A container that is being written: its members in order, and the next one. */
struct canon_level {
	struct canon_item *items;
	size_t n, next;
	bool is_obj;
};

struct canon {
	struct sn_buf *out;
	struct canon_level stack[SN_JSON_MAX_DEPTH];
	size_t depth;
};

static void
canon_pop(struct canon *c)
{
	c->depth--;
	free(c->stack[c->depth].items);
}

static void
canon_done(struct canon *c)
{
	while (c->depth > 0)
		canon_pop(c);
}

static struct bytes
canon_str(yyjson_mut_val *v)
{
	return (struct bytes){ (const uint8_t *)yyjson_mut_get_str(v), yyjson_mut_get_len(v) };
}

/* A number that sorts as the character does in UTF-16, where the surrogates of
 * U+10000 and up come before U+E000 to U+FFFF. */
static uint32_t
canon_utf16_rank(uint32_t c)
{
	return c >= 0xe000 && c <= 0xffff ? c + 0x110000 : c;
}

static int
canon_compare(const void *a, const void *b)
{
	const struct canon_item *x = a, *y = b;
	struct bytes s = canon_str(x->key), t = canon_str(y->key);
	uint32_t c, d;

	for (;;) {
		bool more_s = text_utf8_next(&s, &c), more_t = text_utf8_next(&t, &d);

		if (!more_s || !more_t)
			return (int)more_s - (int)more_t;
		c = canon_utf16_rank(c);
		d = canon_utf16_rank(d);
		if (c != d)
			return c < d ? -1 : 1;
	}
}

/* RFC 8785 3.2.2.2: two-character escapes where there are any, else \u00xx. */
static enum sn_err
canon_put_str(struct sn_buf *out, struct bytes s, struct sn_why *why)
{
	static const char shorts[0x60] = {
		['\b'] = 'b',
		['\t'] = 't',
		['\n'] = 'n',
		['\f'] = 'f',
		['\r'] = 'r',
		['"'] = '"',
		['\\'] = '\\',
	};
	struct bytes left = s;
	uint32_t c;

	sn_buf_u8(out, '"');
	while (left.n > 0) {
		struct bytes raw = left;

		if (!text_utf8_next(&left, &c))
			return sn_fail(why, SN_E_FORMAT, "a string that is not UTF-8");
		raw.n -= left.n;
		if (c < sizeof(shorts) && shorts[c] != '\0')
			sn_buf_fmt(out, "\\%c", shorts[c]);
		else if (c < 0x20)
			sn_buf_fmt(out, "\\u%04x", (unsigned int)c);
		else
			sn_buf_put(out, raw);
	}
	sn_buf_u8(out, '"');
	return SN_OK;
}

static enum sn_err
canon_put_number(struct sn_buf *out, yyjson_mut_val *v, struct sn_why *why)
{
	int64_t sint = yyjson_mut_get_sint(v);
	bool negative = yyjson_mut_is_sint(v) && sint < 0;
	uint64_t size = negative ? 0 - (uint64_t)sint : yyjson_mut_get_uint(v);

	if (!yyjson_mut_is_int(v))
		return sn_fail(why, SN_E_FORMAT, "a number that is not a whole one");
	if (size > CANON_MAX_INT)
		return sn_fail(why, SN_E_FORMAT, "the number %s%" PRIu64 " is over 2^53-1",
		    negative ? "-" : "", size);
	sn_buf_fmt(out, "%s%" PRIu64, negative ? "-" : "", size);
	return SN_OK;
}

static enum sn_err
canon_put_scalar(struct sn_buf *out, yyjson_mut_val *v, struct sn_why *why)
{
	if (yyjson_mut_is_str(v))
		return canon_put_str(out, canon_str(v), why);
	if (yyjson_mut_is_num(v))
		return canon_put_number(out, v, why);
	if (yyjson_mut_is_null(v))
		sn_buf_str(out, "null");
	else if (yyjson_mut_is_bool(v))
		sn_buf_str(out, yyjson_mut_is_true(v) ? "true" : "false");
	else
		return sn_fail(why, SN_E_FORMAT, "a JSON value of an unknown kind");
	return SN_OK;
}

/* Sort the members of an object; keys must be UTF-8 and differ. */
static enum sn_err
canon_sort(struct canon_level *l, struct sn_why *why)
{
	for (size_t i = 0; i < l->n; i++) {
		struct bytes s = canon_str(l->items[i].key);
		uint32_t c;

		while (s.n > 0)
			if (!text_utf8_next(&s, &c))
				return sn_fail(why, SN_E_FORMAT, "a key that is not UTF-8");
	}
	qsort(l->items, l->n, sizeof(*l->items), canon_compare);
	for (size_t i = 1; i < l->n; i++)
		if (canon_compare(&l->items[i - 1], &l->items[i]) == 0)
			return sn_fail(why, SN_E_FORMAT, "the key \"%s\" is there twice",
			    yyjson_mut_get_str(l->items[i].key));
	return SN_OK;
}

static enum sn_err
canon_push(struct canon *c, yyjson_mut_val *v, struct sn_why *why)
{
	yyjson_mut_obj_iter obj = yyjson_mut_obj_iter_with(v);
	yyjson_mut_arr_iter arr = yyjson_mut_arr_iter_with(v);
	struct canon_level l = { .is_obj = yyjson_mut_is_obj(v) };

	if (c->depth == SN_NITEMS(c->stack))
		return sn_fail(why, SN_E_FORMAT, "nested deeper than %d", SN_JSON_MAX_DEPTH);
	l.n = l.is_obj ? yyjson_mut_obj_size(v) : yyjson_mut_arr_size(v);
	l.items = calloc(l.n + 1, sizeof(*l.items));
	if (l.items == NULL)
		return sn_fail(why, SN_E_NOMEM, "a list of %zu JSON values", l.n);
	for (size_t i = 0; i < l.n; i++) {
		if (l.is_obj) {
			l.items[i].key = yyjson_mut_obj_iter_next(&obj);
			l.items[i].val = yyjson_mut_obj_iter_get_val(l.items[i].key);
		} else {
			l.items[i].val = yyjson_mut_arr_iter_next(&arr);
		}
	}
	c->stack[c->depth++] = l;
	sn_buf_u8(c->out, l.is_obj ? '{' : '[');
	return l.is_obj ? canon_sort(&c->stack[c->depth - 1], why) : SN_OK;
}

/* Step to the next value to write: NULL when the whole tree is written. */
static enum sn_err
canon_next(struct canon *c, yyjson_mut_val **ret, struct sn_why *why)
{
	while (c->depth > 0) {
		struct canon_level *l = &c->stack[c->depth - 1];

		if (l->next == l->n) {
			sn_buf_u8(c->out, l->is_obj ? '}' : ']');
			canon_pop(c);
			continue;
		}
		if (l->next > 0)
			sn_buf_u8(c->out, ',');
		if (l->is_obj) {
			SN_TRY(canon_put_str(c->out, canon_str(l->items[l->next].key), why));
			sn_buf_u8(c->out, ':');
		}
		*ret = l->items[l->next++].val;
		return SN_OK;
	}
	*ret = NULL;
	return SN_OK;
}

static enum sn_err
canon_write(yyjson_mut_val *v, struct sn_buf *out, struct sn_why *why)
{
	SN_CLEANUP(canon_done) struct canon c = { .out = out };

	while (v != NULL) {
		if (yyjson_mut_is_ctn(v))
			SN_TRY(canon_push(&c, v, why));
		else
			SN_TRY(canon_put_scalar(c.out, v, why));
		SN_TRY(canon_next(&c, &v, why));
	}
	return sn_buf_check(out, why);
}

enum sn_err
sn_json_canon(const yyjson_mut_val *v, struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf out = { 0 };

	if (v == NULL)
		return sn_fail(why, SN_E_FORMAT, "there is no JSON value to write");
	/* yyjson's getters want a pointer they could write through; they only read. */
	SN_TRY(canon_write((yyjson_mut_val *)(uintptr_t)v, &out, why));
	sn_buf_put(ret, sn_buf_bytes(&out));
	return sn_buf_check(ret, why);
}

enum sn_err
sn_json_is_canon(struct bytes text, const char *what, struct sn_why *why)
{
	SN_CLEANUP(sn_json_free) yyjson_doc *doc = NULL;
	SN_CLEANUP(sn_json_mut_free) yyjson_mut_doc *mut = NULL;
	SN_CLEANUP(sn_buf_done) struct sn_buf out = { 0 };

	SN_TRY(sn_json_parse(text, what, false, &doc, why));
	mut = yyjson_doc_mut_copy(doc, NULL);
	if (mut == NULL)
		return sn_fail(why, SN_E_NOMEM, "%s: a copy of its tree", what);
	SN_TRY(sn_json_canon(yyjson_mut_doc_get_root(mut), &out, why));
	if (!bytes_equal(sn_buf_bytes(&out), text))
		return sn_fail(why, SN_E_FORMAT, "%s: JSON, but not in its canonical form",
		    what);
	return SN_OK;
}
