#include <stdlib.h>
#include <string.h>

#include "appliance/base/file.h"
#include "appliance/base/json.h"
#include "appliance/base/text.h"
#include "firmware-cache/cache/import.h"

#define INDEX_VERSION "1"

static yyjson_mut_val *
origins_json(yyjson_mut_doc *d, const struct cache *c, const uint8_t sha256[32])
{
	yyjson_mut_val *arr = yyjson_mut_arr(d);
	const struct cache_origin *o;

	for (size_t i = 0; (o = cache_origin_nth(c, sha256, i)) != NULL; i++) {
		yyjson_mut_val *obj = yyjson_mut_arr_add_obj(d, arr);

		yyjson_mut_obj_add_str(d, obj, "path", o->path);
		yyjson_mut_obj_add_str(d, obj, "channel", o->channel);
		if (o->url != NULL)
			yyjson_mut_obj_add_str(d, obj, "url", o->url);
	}
	return arr;
}

static enum sn_err
put_item(const struct cache *c, const struct cache_item *it, struct sn_buf *ret,
    struct sn_why *why)
{
	SN_CLEANUP(sn_json_mut_free) yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *obj = yyjson_mut_obj(d);
	char hex[65], when[TEXT_TIME_LEN + 1];

	if (obj == NULL)
		return sn_fail(why, SN_E_NOMEM, CACHE_INDEX);
	sn_hex(BYTES_OF(it->sha256), hex);
	text_from_time(it->issued, when);
	yyjson_mut_obj_add_str(d, obj, "sha256", hex);
	yyjson_mut_obj_add_uint(d, obj, "size", it->size);
	yyjson_mut_obj_add_str(d, obj, "vendor", col_vendor_name(it->vendor));
	yyjson_mut_obj_add_str(d, obj, "kind", col_kind_name(it->kind));
	yyjson_mut_obj_add_str(d, obj, "label", it->label);
	if (it->issued != 0)
		yyjson_mut_obj_add_str(d, obj, "issued", when);
	yyjson_mut_obj_add_val(d, obj, "origins", origins_json(d, c, it->sha256));
	return sn_json_canon(obj, ret, why);
}

static bool
is_here(const struct cache_view *v, const uint8_t sha256[32])
{
	const struct cache_item *it = cache_view_find(v, sha256);

	return it != NULL && it->in_cache;
}

static int
by_digest(const void *a, const void *b)
{
	return memcmp(a, b, 32);
}

/* Digests that an origin names and that are not here, each once. */
static enum sn_err
put_absent(const struct cache *c, const struct cache_view *v, struct sn_buf *ret,
    struct sn_why *why)
{
	size_t n = 0, absent = 0;
	const struct cache_origin *all = cache_origins(c, &n);
	uint8_t(*list)[32] = calloc(n + 1, 32);

	if (list == NULL)
		return sn_fail(why, SN_E_NOMEM, "%zu origins", n);
	for (size_t i = 0; i < n; i++)
		if (cache_origin_of(c, all[i].sha256) == &all[i] && !is_here(v, all[i].sha256))
			memcpy(list[absent++], all[i].sha256, 32);
	if (absent > 0)
		qsort(list, absent, 32, by_digest);
	for (size_t i = 0; i < absent; i++) {
		sn_buf_str(ret, i > 0 ? ",\"" : "\"");
		sn_buf_hex(ret, (struct bytes){ list[i], 32 });
		sn_buf_str(ret, "\"");
	}
	free(list);
	return sn_buf_check(ret, why);
}

/* Written member by member, each canonical, so that it can be longer than one tree. */
enum sn_err
cache_index_json(const struct cache *c, const struct cache_view *v, struct sn_buf *ret,
    struct sn_why *why)
{
	bool first = true;

	sn_buf_str(ret, "{\"absent\":[");
	SN_TRY(put_absent(c, v, ret, why));
	sn_buf_str(ret, "],\"items\":[");
	for (size_t i = 0; i < v->n; i++) {
		if (!v->v[i].has_sha256 || !v->v[i].in_cache)
			continue;
		if (!first)
			sn_buf_u8(ret, ',');
		first = false;
		SN_TRY(put_item(c, &v->v[i], ret, why));
	}
	sn_buf_str(ret, "],\"version\":" INDEX_VERSION "}\n");
	return sn_buf_check(ret, why);
}

enum sn_err
cache_rebuild(struct cache *c, const struct col_policy *policy, struct sn_why *why)
{
	SN_CLEANUP(cache_view_done) struct cache_view v = { 0 };
	SN_CLEANUP(cache_fresh_done) struct cache_fresh f = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };

	SN_TRY(cache_fresh_load(c, &f, why));
	SN_TRY(cache_view_add_cache(&v, c, why));
	SN_TRY(cache_view_judge(&v, c, policy, why));
	for (size_t i = 0; i < v.n; i++)
		SN_TRY(cache_fresh_raise(&f, &v.v[i], why));
	SN_TRY(cache_fresh_save(&f, c, why));
	SN_TRY(cache_index_json(c, &v, &b, why));
	return cache_write(c, CACHE_INDEX, sn_buf_bytes(&b), why);
}
