#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "appliance/base/file.h"
#include "appliance/base/json.h"
#include "firmware-cache/requests/requests.h"

#define SCHEME "https://"
#define HEADERS ".hdr" /* what collect puts beside a reply */
#define LINE_MAX_BYTES (REQ_BODY_MAX + (8U << 10))

/* Where vendors serve collateral, and who is told Intel's subscription key. */
static const struct {
	const char *name;
	bool key;
} hosts[] = {
	{ "api.trustedservices.intel.com", true },
	{ "certificates.trustedservices.intel.com", false },
	{ "kdsintf.amd.com", false },
};

#define WHERE_MAX 160

/* ---- one request */

static bool
all_of(const char *s, size_t max, const char *also)
{
	size_t n = strlen(s);

	if (n == 0 || n > max)
		return false;
	for (size_t i = 0; i < n; i++) {
		bool alnum = (s[i] >= 'a' && s[i] <= 'z') || (s[i] >= 'A' && s[i] <= 'Z') ||
		    (s[i] >= '0' && s[i] <= '9');

		if (!alnum && strchr(also, s[i]) == NULL)
			return false;
	}
	return true;
}

enum sn_err
req_url_host(const char *url, struct bytes *ret, bool *ret_key_allowed, struct sn_why *why)
{
	const char *host, *end;

	if (!all_of(url, REQ_URL_MAX, ":/?=&._-") || strncmp(url, SCHEME, strlen(SCHEME)) != 0)
		return sn_fail(why, SN_E_FORMAT, "\"%.80s\" is not an https address", url);
	host = url + strlen(SCHEME);
	end = strchr(host, '/');
	for (size_t i = 0; end != NULL && i < SN_NITEMS(hosts); i++) {
		size_t n = strlen(hosts[i].name);

		if ((size_t)(end - host) != n || memcmp(host, hosts[i].name, n) != 0)
			continue;
		*ret = (struct bytes){ (const uint8_t *)host, n };
		*ret_key_allowed = hosts[i].key;
		return SN_OK;
	}
	return sn_fail(why, SN_E_POLICY, "%.80s: not at a vendor's host", url);
}

static bool
body_ok(const char *body)
{
	size_t n = strlen(body);

	if (n < 2 || n > REQ_BODY_MAX || body[0] != '{' || body[n - 1] != '}')
		return false;
	for (size_t i = 0; i < n; i++)
		if (body[i] < ' ' || body[i] > '~' || body[i] == '\\')
			return false;
	return true;
}

static enum sn_err
req_check(const struct req *r, struct sn_why *why)
{
	struct bytes host = { 0 };
	bool key_allowed = false;
	size_t n;

	SN_TRY(req_url_host(r->url, &host, &key_allowed, why));
	n = strlen(r->file);
	if (!sn_path_ok(r->file) ||
	    (n >= strlen(HEADERS) && strcmp(r->file + n - strlen(HEADERS), HEADERS) == 0))
		return sn_fail(why, SN_E_FORMAT, "\"%.80s\" is no name for a reply", r->file);
	if (!all_of(r->kind, REQ_KIND_MAX, "-"))
		return sn_fail(why, SN_E_FORMAT, "%.80s: no kind", r->file);
	if (r->max == 0 || r->max > REQ_REPLY_MAX)
		return sn_fail(why, SN_E_LIMIT, "%.80s: %u bytes, at most %u are taken",
		    r->file, r->max, REQ_REPLY_MAX);
	if (r->body != NULL && !body_ok(r->body))
		return sn_fail(why, SN_E_FORMAT, "%.80s: what is to be sent is no JSON object",
		    r->file);
	if ((r->key || r->body != NULL) && !key_allowed)
		return sn_fail(why, SN_E_POLICY, "%.80s: not to be told a key or platform",
		    r->url);
	return SN_OK;
}

/* ---- the list */

static void
free_p(void *p)
{
	free(*(void **)p);
}

void
req_list_done(struct req_list *l)
{
	if (l == NULL)
		return;
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i].block);
	free(l->v);
	*l = (struct req_list){ 0 };
}

static const char *
put(char **at, const char *s)
{
	char *start = *at;
	size_t n = strlen(s) + 1;

	memcpy(start, s, n);
	*at += n;
	return start;
}

static enum sn_err
copy(const struct req *r, struct req *ret, struct sn_why *why)
{
	size_t n = strlen(r->kind) + strlen(r->url) + strlen(r->file) + 3;
	char *at;

	if (r->body != NULL)
		n += strlen(r->body) + 1;
	at = malloc(n);
	if (at == NULL)
		return sn_fail(why, SN_E_NOMEM, "a request");
	*ret = *r;
	ret->block = at;
	ret->kind = put(&at, r->kind);
	ret->url = put(&at, r->url);
	ret->file = put(&at, r->file);
	ret->body = r->body != NULL ? put(&at, r->body) : NULL;
	return SN_OK;
}

enum sn_err
req_list_add(struct req_list *l, const struct req *r, struct sn_why *why)
{
	SN_TRY(req_check(r, why));
	if (l->n == REQ_LIST_MAX)
		return sn_fail(why, SN_E_LIMIT, "more than %u requests; make several lists",
		    REQ_LIST_MAX);
	if (l->n == l->cap) {
		size_t cap = l->cap != 0 ? 2 * l->cap : 64;
		struct req *v = reallocarray(l->v, cap, sizeof(*v));

		if (v == NULL)
			return sn_fail(why, SN_E_NOMEM, "a list of %zu requests", cap);
		l->v = v;
		l->cap = cap;
	}
	SN_TRY(copy(r, &l->v[l->n], why));
	l->n++;
	return SN_OK;
}

static int
by_request(const void *a, const void *b)
{
	const struct req *x = a, *y = b;
	int c = strcmp(x->url, y->url);

	return c != 0 ? c
		      : strcmp(x->body != NULL ? x->body : "", y->body != NULL ? y->body : "");
}

/* By file, however its letters are written; then as they stand in the list. */
static int
by_file(const void *a, const void *b)
{
	const struct req *x = *(const struct req *const *)a, *y = *(const struct req *const *)b;
	int c = strcasecmp(x->file, y->file);

	return c != 0 ? c : (x > y) - (x < y);
}

/* Free the marked ones and close the gaps. */
static void
drop(struct req_list *l, const bool *marked)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		if (marked[i])
			free(l->v[i].block);
		else
			l->v[n++] = l->v[i];
	l->n = n;
}

enum sn_err
req_list_finish(struct req_list *l, size_t *ret_dropped, struct sn_why *why)
{
	SN_CLEANUP(free_p) const struct req **files = NULL;
	SN_CLEANUP(free_p) bool *marked = NULL;
	size_t dropped = 0;

	if (l->n == 0)
		return sn_fail(why, SN_E_MISSING, "there is nothing to ask for");
	files = calloc(l->n, sizeof(*files));
	marked = calloc(l->n, sizeof(*marked));
	if (files == NULL || marked == NULL)
		return sn_fail(why, SN_E_NOMEM, "a list of %zu requests", l->n);
	qsort(l->v, l->n, sizeof(*l->v), by_request);
	for (size_t i = 1; i < l->n; i++)
		marked[i] = by_request(&l->v[i - 1], &l->v[i]) == 0;
	drop(l, marked);
	memset(marked, 0, l->n);
	for (size_t i = 0; i < l->n; i++)
		files[i] = &l->v[i];
	qsort(files, l->n, sizeof(*files), by_file);
	for (size_t i = 1; i < l->n; i++)
		if (strcasecmp(files[i - 1]->file, files[i]->file) == 0) {
			marked[files[i] - l->v] = true;
			dropped++;
		}
	drop(l, marked);
	if (ret_dropped != NULL)
		*ret_dropped = dropped;
	return SN_OK;
}

/* ---- requests.jsonl */

/* Every string has passed req_check(): only the body can have what JSON escapes. */
static void
put_body(struct sn_buf *b, const char *body)
{
	for (; *body != '\0'; body++) {
		if (*body == '"')
			sn_buf_u8(b, '\\');
		sn_buf_u8(b, (uint8_t)*body);
	}
}

enum sn_err
req_list_write(const struct req_list *l, struct sn_buf *ret, struct sn_why *why)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct req *r = &l->v[i];

		sn_buf_str(ret, "{");
		if (r->body != NULL) {
			sn_buf_str(ret, "\"body\":\"");
			put_body(ret, r->body);
			sn_buf_str(ret, "\",");
		}
		sn_buf_fmt(ret, "\"file\":\"%s\",", r->file);
		if (r->key)
			sn_buf_str(ret, "\"key\":true,");
		sn_buf_fmt(ret, "\"kind\":\"%s\",\"max\":%u,", r->kind, r->max);
		if (r->optional)
			sn_buf_str(ret, "\"optional\":true,");
		sn_buf_fmt(ret, "\"url\":\"%s\"}\n", r->url);
	}
	return sn_buf_check(ret, why);
}

enum sn_err
req_list_urls(const struct req_list *l, struct sn_buf *ret, struct sn_why *why)
{
	for (size_t i = 0; i < l->n; i++)
		if (!l->v[i].key && l->v[i].body == NULL)
			sn_buf_fmt(ret, "%s\n", l->v[i].url);
	return sn_buf_check(ret, why);
}

/* A member that is true or absent. */
static enum sn_err
read_flag(yyjson_val *o, const char *key, bool *ret, const char *what, struct sn_why *why)
{
	yyjson_val *v = yyjson_obj_get(o, key);

	*ret = v != NULL;
	return v == NULL || yyjson_is_true(v)
	    ? SN_OK
	    : sn_fail(why, SN_E_FORMAT, "%s: %s is true or not there", what, key);
}

static enum sn_err
read_line(struct bytes line, const char *what, struct req_list *l, struct sn_why *why)
{
	static const char *const keys[] = { "body", "file", "key", "kind", "max", "optional",
		"url", NULL };
	SN_CLEANUP(sn_json_free) yyjson_doc *doc = NULL;
	struct req r = { 0 };
	yyjson_val *o;

	SN_TRY(sn_json_parse(line, what, false, &doc, why));
	SN_TRY(sn_json_is_canon(line, what, why));
	o = yyjson_doc_get_root(doc);
	SN_TRY(sn_json_only(o, keys, what, why));
	if (yyjson_obj_get(o, "body") != NULL)
		SN_TRY(sn_json_str(o, "body", REQ_BODY_MAX, &r.body, what, why));
	SN_TRY(sn_json_str(o, "file", REQ_FILE_MAX, &r.file, what, why));
	SN_TRY(sn_json_str(o, "kind", REQ_KIND_MAX, &r.kind, what, why));
	SN_TRY(sn_json_str(o, "url", REQ_URL_MAX, &r.url, what, why));
	SN_TRY(sn_json_u32(o, "max", 1, REQ_REPLY_MAX, &r.max, what, why));
	SN_TRY(read_flag(o, "key", &r.key, what, why));
	SN_TRY(read_flag(o, "optional", &r.optional, what, why));
	return req_list_add(l, &r, why);
}

/* The order of the lines is checked, so that no request is there twice. */
static enum sn_err
check_last(const struct req_list *l, const char *what, struct sn_why *why)
{
	if (l->n < 2 || by_request(&l->v[l->n - 2], &l->v[l->n - 1]) < 0)
		return SN_OK;
	return sn_fail(why, SN_E_FORMAT, "%s: not in order, or there twice", what);
}

enum sn_err
req_list_parse(struct bytes text, const char *what, struct req_list *ret, struct sn_why *why)
{
	SN_CLEANUP(req_list_done) struct req_list l = { 0 };
	char where[WHERE_MAX];
	size_t dropped = 0, n = 0;

	if (text.n > REQ_BYTES_MAX)
		return sn_fail(why, SN_E_LIMIT, "%s: over %u bytes", what, REQ_BYTES_MAX);
	while (text.n > 0) {
		const uint8_t *end = memchr(text.p, '\n', text.n);
		struct bytes line = { 0 };

		snprintf(where, sizeof(where), "%.100s line %zu", what, ++n);
		if (end == NULL || (size_t)(end - text.p) > LINE_MAX_BYTES)
			return sn_fail(why, SN_E_FORMAT, "%s: cut off, or too long", where);
		SN_TRY(bytes_take(&text, (size_t)(end - text.p), &line, where, why));
		SN_TRY(bytes_take(&text, 1, &(struct bytes){ 0 }, where, why));
		SN_TRY(read_line(line, where, &l, why));
		SN_TRY(check_last(&l, where, why));
	}
	SN_TRY(req_list_finish(&l, &dropped, why));
	if (dropped != 0)
		return sn_fail(why, SN_E_FORMAT, "%s: two requests have one file", what);
	*ret = l;
	l = (struct req_list){ 0 };
	return SN_OK;
}
