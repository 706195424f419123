#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appliance/base/file.h"
#include "appliance/base/json.h"
#include "appliance/base/text.h"
#include "firmware-cache/cache/priv.h"

#define ORIGINS "origins.jsonl"
#define ORIGIN_MAX 8192
#define PATH_ROOM 255

void
cache_origins_done(struct cache *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->texts[i]);
	free(c->texts);
	free(c->origins);
	free(c->sorted);
	c->texts = NULL;
	c->origins = NULL;
	c->sorted = NULL;
	c->n = c->cap = c->nsorted = 0;
}

/* ---- the list in memory */

static enum sn_err
make_room(struct cache *c, struct sn_why *why)
{
	size_t cap = c->cap != 0 ? 2 * c->cap : 64;
	struct cache_origin *origins;
	char **texts;

	if (c->n < c->cap)
		return SN_OK;
	if (c->n >= CACHE_ORIGINS_MAX)
		return sn_fail(why, SN_E_LIMIT,
		    ORIGINS ": more than %u origins; start a new "
			    "cache from what is needed",
		    CACHE_ORIGINS_MAX);
	origins = reallocarray(c->origins, cap, sizeof(*origins));
	if (origins == NULL)
		return sn_fail(why, SN_E_NOMEM, "%zu origins", cap);
	c->origins = origins;
	texts = reallocarray(c->texts, cap, sizeof(*texts));
	if (texts == NULL)
		return sn_fail(why, SN_E_NOMEM, "%zu origins", cap);
	c->texts = texts;
	c->cap = cap;
	return SN_OK;
}

/* Copy s behind *at; NULL stays NULL. */
static const char *
keep(char **at, const char *s)
{
	char *mine = *at;

	if (s == NULL)
		return NULL;
	memcpy(mine, s, strlen(s) + 1);
	*at += strlen(s) + 1;
	return mine;
}

static size_t
room_of(const char *s)
{
	return s != NULL ? strlen(s) + 1 : 0;
}

static enum sn_err
append(struct cache *c, const struct cache_origin *o, struct sn_why *why)
{
	struct cache_origin *mine;
	char *at;

	SN_TRY(make_room(c, why));
	at = malloc(room_of(o->path) + room_of(o->url) + room_of(o->channel) +
	    room_of(o->decision) + 1);
	if (at == NULL)
		return sn_fail(why, SN_E_NOMEM, "an origin");
	c->texts[c->n] = at;
	mine = &c->origins[c->n++];
	*mine = *o;
	mine->path = keep(&at, o->path);
	mine->url = keep(&at, o->url);
	mine->channel = keep(&at, o->channel);
	mine->decision = keep(&at, o->decision);
	return SN_OK;
}

static int
by_digest(const void *a, const void *b, void *arg)
{
	const struct cache_origin *origins = arg;
	const uint32_t *x = a, *y = b;
	int order = memcmp(origins[*x].sha256, origins[*y].sha256, 32);

	return order != 0 ? order : (*x > *y) - (*x < *y);
}

static enum sn_err
sort(struct cache *c, struct sn_why *why)
{
	uint32_t *sorted = calloc(c->n + 1, sizeof(*sorted));

	if (sorted == NULL)
		return sn_fail(why, SN_E_NOMEM, "%zu origins", c->n);
	for (size_t i = 0; i < c->n; i++)
		sorted[i] = (uint32_t)i;
	if (c->n > 0)
		qsort_r(sorted, c->n, sizeof(*sorted), by_digest, c->origins);
	free(c->sorted);
	c->sorted = sorted;
	c->nsorted = c->n;
	return SN_OK;
}

/* The i-th in order of digest. */
static const struct cache_origin *
nth(const struct cache *c, size_t i)
{
	return &c->origins[c->sorted[i]];
}

/* How many in that order come before the end of the digest's. */
static size_t
upper_bound(const struct cache *c, const uint8_t sha256[32])
{
	size_t low = 0, high = c->nsorted;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (memcmp(nth(c, mid)->sha256, sha256, 32) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

const struct cache_origin *
cache_origins(const struct cache *c, size_t *ret_n)
{
	*ret_n = c->n;
	return c->origins;
}

const struct cache_origin *
cache_origin_of(const struct cache *c, const uint8_t sha256[32])
{
	return cache_origin_nth(c, sha256, 0);
}

const struct cache_origin *
cache_origin_nth(const struct cache *c, const uint8_t sha256[32], size_t i)
{
	size_t end = upper_bound(c, sha256);

	return end > i && memcmp(nth(c, end - 1 - i)->sha256, sha256, 32) == 0
	    ? nth(c, end - 1 - i)
	    : NULL;
}

static bool
same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
known(const struct cache *c, const struct cache_origin *o)
{
	for (size_t i = upper_bound(c, o->sha256); i > 0; i--) {
		const struct cache_origin *x = nth(c, i - 1);

		if (memcmp(x->sha256, o->sha256, 32) != 0)
			return false;

		if (same(x->path, o->path) && same(x->url, o->url) &&
		    same(x->channel, o->channel) && same(x->decision, o->decision))
			return true;
	}
	return false;
}

/* ---- one line */

static void
put_time(yyjson_mut_doc *d, yyjson_mut_val *obj, const char *key, int64_t t)
{
	char text[TEXT_TIME_LEN + 1];

	text_from_time(t, text);
	yyjson_mut_obj_add_strcpy(d, obj, key, text);
}

static enum sn_err
put_line(const struct cache_origin *o, struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_json_mut_free) yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *obj = yyjson_mut_obj(d);
	char hex[65];

	if (obj == NULL)
		return sn_fail(why, SN_E_NOMEM, "a line of " ORIGINS);
	sn_hex(BYTES_OF(o->sha256), hex);
	put_time(d, obj, "at", o->at);
	yyjson_mut_obj_add_str(d, obj, "sha256", hex);
	yyjson_mut_obj_add_str(d, obj, "path", o->path);
	yyjson_mut_obj_add_str(d, obj, "channel", o->channel);
	if (o->url != NULL)
		yyjson_mut_obj_add_str(d, obj, "url", o->url);
	if (o->fetched != 0)
		put_time(d, obj, "fetched", o->fetched);
	if (o->decision != NULL)
		yyjson_mut_obj_add_str(d, obj, "decision", o->decision);
	SN_TRY(sn_json_canon(obj, ret, why));
	sn_buf_u8(ret, '\n');
	return SN_OK;
}

static enum sn_err
optional_str(yyjson_val *obj, const char *key, size_t max, const char **ret, const char *what,
    struct sn_why *why)
{
	if (yyjson_obj_get(obj, key) == NULL)
		return SN_OK;
	return sn_json_str(obj, key, max, ret, what, why);
}

static enum sn_err
read_line(struct cache *c, struct bytes line, const char *what, struct sn_why *why)
{
	static const char *const keys[] = { "at", "channel", "decision", "fetched", "path",
		"sha256", "url", NULL };
	SN_CLEANUP(sn_json_free) yyjson_doc *doc = NULL;
	struct cache_origin o = { 0 };
	yyjson_val *obj;

	SN_TRY(sn_json_parse(line, what, false, &doc, why));
	obj = yyjson_doc_get_root(doc);
	if (!yyjson_is_obj(obj))
		return sn_fail(why, SN_E_FORMAT, "%s: not an object", what);
	SN_TRY(sn_json_only(obj, keys, what, why));
	SN_TRY(sn_json_time(obj, "at", &o.at, what, why));
	SN_TRY(sn_json_hex(obj, "sha256", o.sha256, sizeof(o.sha256), what, why));
	SN_TRY(sn_json_str(obj, "path", PATH_ROOM, &o.path, what, why));
	SN_TRY(sn_json_str(obj, "channel", CACHE_CHANNEL_MAX - 1, &o.channel, what, why));
	SN_TRY(optional_str(obj, "url", CACHE_URL_MAX, &o.url, what, why));
	SN_TRY(optional_str(obj, "decision", CACHE_REASON_MAX, &o.decision, what, why));
	if (yyjson_obj_get(obj, "fetched") != NULL)
		SN_TRY(sn_json_time(obj, "fetched", &o.fetched, what, why));
	if (!sn_path_ok(o.path))
		return sn_fail(why, SN_E_FORMAT, "%s: \"%s\" is not a path that is accepted",
		    what, o.path);
	return append(c, &o, why);
}

/* ---- the file */

enum sn_err
cache_origins_parse(struct cache *c, struct bytes b, struct sn_why *why)
{
	char what[sizeof(ORIGINS) + 32];
	size_t line = 0;

	for (size_t i = 0; i < b.n;) {
		const uint8_t *end = memchr(b.p + i, '\n', b.n - i);
		size_t n = end != NULL ? (size_t)(end - b.p) - i : 0;

		snprintf(what, sizeof(what), ORIGINS " line %zu", ++line);
		if (end == NULL || n > ORIGIN_MAX)
			return sn_fail(why, SN_E_FORMAT, "%s: has no end", what);
		SN_TRY(read_line(c, (struct bytes){ b.p + i, n }, what, why));
		i += n + 1;
	}
	return sort(c, why);
}

enum sn_err
cache_origins_load(struct cache *c, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	struct sn_why own = { 0 };
	enum sn_err e = sn_file_read(c->fd, ORIGINS, CACHE_ORIGINS_BYTES_MAX, &b, &own);

	if (e != SN_OK && e != SN_E_MISSING)
		return sn_fail(why, e, "%s", own.text);
	return cache_origins_parse(c, sn_buf_bytes(&b), why);
}

enum sn_err
cache_origins_write(const struct cache *c, struct sn_buf *ret, struct sn_why *why)
{
	for (size_t i = 0; i < c->n; i++)
		SN_TRY(put_line(&c->origins[i], ret, why));
	return sn_buf_check(ret, why);
}

enum sn_err
cache_record(struct cache *c, const struct cache_origin *add, size_t n, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	size_t before = c->n;

	for (size_t i = 0; i < n; i++) {
		SN_TRY(append(c, &add[i], why));
		c->n--; /* it counts only when nothing like it was there before */
		if (known(c, &add[i]))
			free(c->texts[c->n]);
		else
			c->n++;
	}
	if (c->n == before)
		return SN_OK;
	SN_TRY(cache_origins_write(c, &b, why));
	if (b.n > CACHE_ORIGINS_BYTES_MAX)
		return sn_fail(why, SN_E_LIMIT, ORIGINS ": more than %u bytes",
		    CACHE_ORIGINS_BYTES_MAX);
	SN_TRY(sn_file_write(c->fd, ORIGINS, sn_buf_bytes(&b), 0644, true, why));
	return sort(c, why);
}
