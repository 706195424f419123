#include "firmware-cache/cache/fresh.h"

#include <stdlib.h>
#include <string.h>

#include "appliance/base/file.h"
#include "appliance/base/json.h"
#include "appliance/base/text.h"
#include "firmware-cache/cache/view_priv.h"

#define FRESH_VERSION 1
#define NAME_ROOM 32

void
cache_fresh_done(struct cache_fresh *f)
{
	if (f == NULL)
		return;
	free(f->v);
	*f = (struct cache_fresh){ 0 };
}

/* ---- the list */

static int
by_key(const void *a, const void *b)
{
	const struct cache_newest *x = a, *y = b;
	int order = strcmp(col_vendor_name(x->vendor), col_vendor_name(y->vendor));

	if (order == 0)
		order = strcmp(col_kind_name(x->kind), col_kind_name(y->kind));
	if (order == 0)
		order = strcmp(x->subject, y->subject);
	return order != 0 ? order : strcmp(x->channel, y->channel);
}

static struct cache_newest *
find(const struct cache_fresh *f, const struct cache_item *it, const char *channel)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->v[i].kind == it->kind && f->v[i].vendor == it->vendor &&
		    strcmp(f->v[i].subject, it->label) == 0 &&
		    strcmp(f->v[i].channel, channel) == 0)
			return &f->v[i];
	return NULL;
}

static enum sn_err
append(struct cache_fresh *f, const struct cache_newest *x, struct sn_why *why)
{
	if (f->n == CACHE_FRESH_MAX)
		return sn_fail(why, SN_E_LIMIT, CACHE_FRESHNESS ": more than %u entries",
		    CACHE_FRESH_MAX);
	if (f->n == f->cap) {
		size_t cap = 2 * f->cap + 16;
		struct cache_newest *v = reallocarray(f->v, cap, sizeof(*v));

		if (v == NULL)
			return sn_fail(why, SN_E_NOMEM, "%zu entries", cap);
		f->v = v;
		f->cap = cap;
	}
	f->v[f->n++] = *x;
	return SN_OK;
}

static enum sn_err
raise_one(struct cache_fresh *f, const struct cache_item *it, const char *channel,
    struct sn_why *why)
{
	struct cache_newest *x = find(f, it, channel), new = { 0 };

	if (x == NULL) {
		new.vendor = it->vendor;
		new.kind = it->kind;
		memcpy(new.subject, it->label, sizeof(new.subject));
		memcpy(new.channel, channel, strlen(channel) + 1);
		new.issued = it->issued;
		new.number = it->number;
		memcpy(new.sha256, it->sha256, sizeof(new.sha256));
		return append(f, &new, why);
	}
	if (it->issued <= x->issued && it->number <= x->number)
		return SN_OK;
	x->issued = it->issued > x->issued ? it->issued : x->issued;
	x->number = it->number > x->number ? it->number : x->number;
	memcpy(x->sha256, it->sha256, sizeof(x->sha256));
	return SN_OK;
}

enum sn_err
cache_fresh_raise(struct cache_fresh *f, const struct cache_item *it, struct sn_why *why)
{
	if (!it->ok || !cache_kind_counts(it->kind))
		return SN_OK;
	for (size_t i = 0; i < it->nchannels; i++)
		SN_TRY(raise_one(f, it, it->channel[i], why));
	return SN_OK;
}

bool
cache_fresh_older(const struct cache_fresh *f, const struct cache_item *it,
    const struct cache_newest **ret_newest)
{
	const struct cache_newest *last = NULL;

	if (!cache_kind_counts(it->kind))
		return false;
	for (size_t i = 0; i < it->nchannels; i++) {
		const struct cache_newest *x = find(f, it, it->channel[i]);

		if (x == NULL || (it->issued >= x->issued && it->number >= x->number))
			return false;
		last = x;
	}
	if (ret_newest != NULL)
		*ret_newest = last;
	return last != NULL;
}

/* A clock that was set back hides the newest, too; that it was seen still counts. */
static enum sn_err
refuse_older(struct cache_item *it, const struct cache_newest *newest, int64_t at,
    struct sn_why *why)
{
	struct sn_why own = { 0 };
	char when[TEXT_TIME_LEN + 1];

	text_from_time(newest->issued, when);
	(void)sn_fail(&own, SN_E_SEQUENCE,
	    "older than the newest seen (issued %s, number %u), which %s", when, newest->number,
	    newest->issued > at ? "is later than the time of judging; look at the clock"
				: "is not accepted here; fetch it again");
	it->older = true;
	return cache_item_refuse(it, &own, why);
}

enum sn_err
cache_fresh_apply(const struct cache_fresh *f, struct cache_view *v, struct sn_why *why)
{
	SN_CLEANUP(cache_fresh_done) struct cache_fresh here = { 0 };

	for (size_t i = 0; i < v->n; i++)
		SN_TRY(cache_fresh_raise(&here, &v->v[i], why));
	for (size_t i = 0; i < v->n; i++) {
		struct cache_item *it = &v->v[i];
		const struct cache_newest *newest = NULL;

		if (!it->ok)
			continue;
		if (cache_fresh_older(&here, it, NULL))
			it->notes |= COL_NOTE_SUPERSEDED;
		else if (cache_fresh_older(f, it, &newest) && it->decision == NULL)
			SN_TRY(refuse_older(it, newest, v->at, why));
	}
	return SN_OK;
}

/* ---- the file */

static enum col_vendor
vendor_from_name(const char *name)
{
	for (enum col_vendor v = COL_VENDOR_AMD; v < COL_VENDOR_COUNT; v++)
		if (strcmp(col_vendor_name(v), name) == 0)
			return v;
	return COL_VENDOR_NONE;
}

static enum col_kind
kind_from_name(const char *name)
{
	for (enum col_kind k = COL_KIND_UNKNOWN; k < COL_KIND_COUNT; k++)
		if (strcmp(col_kind_name(k), name) == 0)
			return k;
	return COL_KIND_UNKNOWN;
}

static enum sn_err
read_entry(struct cache_fresh *f, yyjson_val *obj, struct sn_why *why)
{
	static const char *const keys[] = { "channel", "issued", "kind", "number", "sha256",
		"subject", "vendor", NULL };
	const char *what = CACHE_FRESHNESS, *vendor, *kind, *subject, *channel;
	struct cache_newest x = { 0 };

	if (!yyjson_is_obj(obj))
		return sn_fail(why, SN_E_FORMAT, "%s: an entry is no object", what);
	SN_TRY(sn_json_only(obj, keys, what, why));
	SN_TRY(sn_json_str(obj, "vendor", NAME_ROOM, &vendor, what, why));
	SN_TRY(sn_json_str(obj, "kind", NAME_ROOM, &kind, what, why));
	SN_TRY(sn_json_str(obj, "subject", COL_LABEL_MAX - 1, &subject, what, why));
	SN_TRY(sn_json_str(obj, "channel", CACHE_CHANNEL_MAX - 1, &channel, what, why));
	SN_TRY(sn_json_time(obj, "issued", &x.issued, what, why));
	SN_TRY(sn_json_u32(obj, "number", 0, UINT32_MAX, &x.number, what, why));
	SN_TRY(sn_json_hex(obj, "sha256", x.sha256, sizeof(x.sha256), what, why));
	x.vendor = vendor_from_name(vendor);
	x.kind = kind_from_name(kind);
	if (x.vendor == COL_VENDOR_NONE || !cache_kind_counts(x.kind))
		return sn_fail(why, SN_E_FORMAT, "%s: \"%s\" of \"%s\" is not kept here", what,
		    kind, vendor);
	memcpy(x.subject, subject, strlen(subject) + 1);
	memcpy(x.channel, channel, strlen(channel) + 1);
	return append(f, &x, why);
}

enum sn_err
cache_fresh_parse(struct bytes text, struct cache_fresh *ret, struct sn_why *why)
{
	static const char *const keys[] = { "newest", "version", NULL };
	SN_CLEANUP(sn_json_free) yyjson_doc *doc = NULL;
	SN_CLEANUP(cache_fresh_done) struct cache_fresh f = { 0 };
	yyjson_val *root, *arr = NULL, *entry;
	uint32_t version;
	size_t i, n;

	SN_TRY(sn_json_parse(text, CACHE_FRESHNESS, false, &doc, why));
	root = yyjson_doc_get_root(doc);
	if (!yyjson_is_obj(root))
		return sn_fail(why, SN_E_FORMAT, CACHE_FRESHNESS ": not an object");
	SN_TRY(sn_json_only(root, keys, CACHE_FRESHNESS, why));
	SN_TRY(sn_json_u32(root, "version", FRESH_VERSION, FRESH_VERSION, &version,
	    CACHE_FRESHNESS, why));
	SN_TRY(sn_json_arr(root, "newest", 0, CACHE_FRESH_MAX, &arr, CACHE_FRESHNESS, why));
	yyjson_arr_foreach(arr, i, n, entry) SN_TRY(read_entry(&f, entry, why));
	*ret = f;
	f = (struct cache_fresh){ 0 };
	return SN_OK;
}

enum sn_err
cache_fresh_load(const struct cache *c, struct cache_fresh *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	struct sn_why own = { 0 };
	enum sn_err e = sn_file_read(cache_fd(c), CACHE_FRESHNESS, SN_JSON_MAX_BYTES, &b, &own);

	if (e == SN_E_MISSING)
		return SN_OK;
	if (e != SN_OK)
		return sn_fail(why, e, "%s", own.text);
	return cache_fresh_parse(sn_buf_bytes(&b), ret, why);
}

static yyjson_mut_val *
entry_json(yyjson_mut_doc *d, const struct cache_newest *x)
{
	yyjson_mut_val *obj = yyjson_mut_obj(d);
	char hex[65], when[TEXT_TIME_LEN + 1];

	sn_hex(BYTES_OF(x->sha256), hex);
	text_from_time(x->issued, when);
	yyjson_mut_obj_add_str(d, obj, "vendor", col_vendor_name(x->vendor));
	yyjson_mut_obj_add_str(d, obj, "kind", col_kind_name(x->kind));
	yyjson_mut_obj_add_str(d, obj, "subject", x->subject);
	yyjson_mut_obj_add_str(d, obj, "channel", x->channel);
	yyjson_mut_obj_add_strcpy(d, obj, "issued", when);
	yyjson_mut_obj_add_uint(d, obj, "number", x->number);
	yyjson_mut_obj_add_strcpy(d, obj, "sha256", hex);
	return obj;
}

enum sn_err
cache_fresh_write(struct cache_fresh *f, struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_json_mut_free) yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(d), *arr = yyjson_mut_arr(d);

	if (root == NULL || arr == NULL)
		return sn_fail(why, SN_E_NOMEM, CACHE_FRESHNESS);
	if (f->n > 0)
		qsort(f->v, f->n, sizeof(*f->v), by_key);
	for (size_t i = 0; i < f->n; i++)
		if (!yyjson_mut_arr_add_val(arr, entry_json(d, &f->v[i])))
			return sn_fail(why, SN_E_NOMEM, CACHE_FRESHNESS);
	yyjson_mut_obj_add_uint(d, root, "version", FRESH_VERSION);
	yyjson_mut_obj_add_val(d, root, "newest", arr);
	SN_TRY(sn_json_canon(root, ret, why));
	sn_buf_u8(ret, '\n');
	return sn_buf_check(ret, why);
}

enum sn_err
cache_fresh_save(struct cache_fresh *f, const struct cache *c, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };

	SN_TRY(cache_fresh_write(f, &b, why));
	return cache_write(c, CACHE_FRESHNESS, sn_buf_bytes(&b), why);
}

enum sn_err
cache_view_make(const struct cache *c, const struct col_policy *policy,
    struct cache_fresh *ret_fresh, struct cache_view *ret_view, struct sn_why *why)
{
	SN_TRY(cache_fresh_load(c, ret_fresh, why));
	SN_TRY(cache_view_add_cache(ret_view, c, why));
	SN_TRY(cache_view_judge(ret_view, c, policy, why));
	return cache_fresh_apply(ret_fresh, ret_view, why);
}
