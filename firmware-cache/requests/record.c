#include <stdio.h>
#include <string.h>

#include "appliance/base/file.h"
#include "appliance/base/json.h"
#include "appliance/base/text.h"
#include "firmware-cache/requests/record.h"

#define LINE_MAX_BYTES 4096
#define WHERE_MAX 160
#define STATUS_MAX 999
#define TRIES_MAX 1000

static const char *const names[REQ_OUTCOME_COUNT] = {
	[REQ_FETCHED] = "fetched",
	[REQ_ABSENT] = "absent",
	[REQ_REFUSED] = "refused",
	[REQ_FAILED] = "failed",
};

const char *
req_outcome_name(enum req_outcome o)
{
	return names[o];
}

/* ---- writing */

/* Others' words, without what a line of JSON or of a terminal could be broken by. */
static bool
is_plain(char c)
{
	return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

static void
put_reason(struct sn_buf *b, const char *s)
{
	for (size_t i = 0; s[i] != '\0' && i < REQ_REASON_MAX; i++)
		sn_buf_u8(b, is_plain(s[i]) ? (uint8_t)s[i] : '?');
}

/* Members in order of their names: the line is canonical. */
enum sn_err
req_result_write(const struct req_result *r, struct sn_buf *ret, struct sn_why *why)
{
	char at[TEXT_TIME_LEN + 1];

	text_from_time(r->at, at);
	sn_buf_fmt(ret, "{\"at\":\"%s\",", at);
	if (r->outcome == REQ_FETCHED)
		sn_buf_fmt(ret, "\"bytes\":%u,", r->bytes);
	sn_buf_fmt(ret, "\"file\":\"%s\",", r->file);
	if (r->outcome == REQ_FETCHED) {
		sn_buf_str(ret, "\"headers_sha256\":\"");
		sn_buf_hex(ret, BYTES_OF(r->headers_sha256));
		sn_buf_str(ret, "\",");
	}
	sn_buf_fmt(ret, "\"outcome\":\"%s\",", names[r->outcome]);
	if (r->outcome == REQ_FETCHED) {
		sn_buf_str(ret, "\"sha256\":\"");
		sn_buf_hex(ret, BYTES_OF(r->sha256));
		sn_buf_str(ret, "\",");
	} else {
		sn_buf_str(ret, "\"reason\":\"");
		put_reason(ret, r->reason);
		sn_buf_str(ret, "\",");
	}
	sn_buf_fmt(ret, "\"status\":%u,\"tries\":%u,\"url\":\"%s\"}\n", r->status, r->tries,
	    r->url);
	return sn_buf_check(ret, why);
}

/* ---- reading */

static enum sn_err
read_outcome(yyjson_val *o, enum req_outcome *ret, const char *what, struct sn_why *why)
{
	const char *s = NULL;

	SN_TRY(sn_json_str(o, "outcome", REQ_KIND_MAX, &s, what, why));
	for (enum req_outcome i = REQ_FETCHED; i < REQ_OUTCOME_COUNT; i++)
		if (strcmp(s, names[i]) == 0) {
			*ret = i;
			return SN_OK;
		}
	return sn_fail(why, SN_E_FORMAT, "%s: outcome \"%s\" is not known", what, s);
}

static enum sn_err
read_fetched(yyjson_val *o, struct req_result *r, const char *what, struct sn_why *why)
{
	static const char *const keys[] = { "at", "bytes", "file", "headers_sha256", "outcome",
		"sha256", "status", "tries", "url", NULL };

	SN_TRY(sn_json_only(o, keys, what, why));
	SN_TRY(sn_json_u32(o, "bytes", 0, REQ_REPLY_MAX, &r->bytes, what, why));
	SN_TRY(sn_json_hex(o, "sha256", r->sha256, sizeof(r->sha256), what, why));
	return sn_json_hex(o, "headers_sha256", r->headers_sha256, sizeof(r->headers_sha256),
	    what, why);
}

static enum sn_err
read_other(yyjson_val *o, struct req_result *r, const char *what, struct sn_why *why)
{
	static const char *const keys[] = { "at", "file", "outcome", "reason", "status",
		"tries", "url", NULL };

	SN_TRY(sn_json_only(o, keys, what, why));
	SN_TRY(sn_json_str(o, "reason", REQ_REASON_MAX, &r->reason, what, why));
	for (const char *c = r->reason; *c != '\0'; c++)
		if (!is_plain(*c))
			return sn_fail(why, SN_E_FORMAT, "%s: a reason that is not plain text",
			    what);
	return SN_OK;
}

static enum sn_err
read_line(struct bytes line, const char *what,
    enum sn_err (*fn)(void *arg, const struct req_result *r, struct sn_why *why), void *arg,
    struct sn_why *why)
{
	SN_CLEANUP(sn_json_free) yyjson_doc *doc = NULL;
	struct bytes host = { 0 };
	struct req_result r = { 0 };
	bool key = false;
	yyjson_val *o;

	SN_TRY(sn_json_parse(line, what, false, &doc, why));
	SN_TRY(sn_json_is_canon(line, what, why));
	o = yyjson_doc_get_root(doc);
	if (!yyjson_is_obj(o))
		return sn_fail(why, SN_E_FORMAT, "%s: not an object", what);
	SN_TRY(read_outcome(o, &r.outcome, what, why));
	SN_TRY(r.outcome == REQ_FETCHED ? read_fetched(o, &r, what, why)
					: read_other(o, &r, what, why));
	SN_TRY(sn_json_time(o, "at", &r.at, what, why));
	SN_TRY(sn_json_u32(o, "status", 0, STATUS_MAX, &r.status, what, why));
	SN_TRY(sn_json_u32(o, "tries", 0, TRIES_MAX, &r.tries, what, why));
	SN_TRY(sn_json_str(o, "file", REQ_FILE_MAX, &r.file, what, why));
	SN_TRY(sn_json_str(o, "url", REQ_URL_MAX, &r.url, what, why));
	SN_TRY(req_url_host(r.url, &host, &key, why));
	if (!sn_path_ok(r.file))
		return sn_fail(why, SN_E_FORMAT, "%s: \"%.80s\" is no name for a reply", what,
		    r.file);
	return fn(arg, &r, why);
}

enum sn_err
req_results_parse(struct bytes text, const char *what,
    enum sn_err (*fn)(void *arg, const struct req_result *r, struct sn_why *why), void *arg,
    struct sn_why *why)
{
	char where[WHERE_MAX];
	size_t n = 0;

	if (text.n > REQ_BYTES_MAX)
		return sn_fail(why, SN_E_LIMIT, "%s: over %u bytes", what, REQ_BYTES_MAX);
	while (text.n > 0) {
		const uint8_t *end = memchr(text.p, '\n', text.n);
		struct bytes line = { 0 }, feed = { 0 };

		snprintf(where, sizeof(where), "%.100s line %zu", what, ++n);
		if (end == NULL || end - text.p > LINE_MAX_BYTES || n > REQ_LIST_MAX)
			return sn_fail(why, SN_E_FORMAT, "%s: cut off, or too long", where);
		SN_TRY(bytes_take(&text, (size_t)(end - text.p), &line, where, why));
		SN_TRY(bytes_take(&text, 1, &feed, where, why));
		SN_TRY(read_line(line, where, fn, arg, why));
	}
	return SN_OK;
}
