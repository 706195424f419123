#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "appliance/base/secret.h"
#include "firmware-cache/collect/fetch.h"

#define AGENT "cornerstone-firmware-cache"
#define KEY_HEADER "Ocp-Apim-Subscription-Key: "
#define KEY_MIN 16U
#define KEY_MAX 128U
#define CONNECT_SECONDS 30L
#define SLOW_BYTES 64L /* a second, over SLOW_SECONDS: hangs */
#define SLOW_SECONDS 30L
#define STATUS_OK 200L

struct clt_fetch {
	struct clt_fetch_options options;
	CURL *curl;
	struct curl_slist *via, *plain, *with_key, *post_key;
	char error[CURL_ERROR_SIZE];
};

/* What a transfer writes to. */
struct transfer {
	CURL *curl;
	struct clt_reply *reply;
	uint32_t max;	/* bytes of body that are taken */
	size_t ignored; /* bytes of body behind any status but 200 */
	bool too_large, in_body, head_ended;
};

void
clt_reply_done(struct clt_reply *r)
{
	if (r == NULL)
		return;
	sn_buf_done(&r->body);
	sn_buf_done(&r->headers);
}

/* ---- callbacks */

static size_t
take_body(char *p, size_t one, size_t n, void *arg)
{
	struct transfer *t = arg;
	long status = 0;

	t->in_body = true;
	n *= one;
	curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status != STATUS_OK) {
		t->ignored += n;
		return t->ignored <= REQ_REPLY_MAX ? n : CURL_WRITEFUNC_ERROR;
	}
	if (n > t->max - t->reply->body.n) {
		t->too_large = true;
		return CURL_WRITEFUNC_ERROR;
	}
	sn_buf_put(&t->reply->body, (struct bytes){ (const uint8_t *)p, n });
	return t->reply->body.failed ? CURL_WRITEFUNC_ERROR : n;
}

/* Line by line. An interim reply (status 1xx) comes before the one that counts; what comes
 * behind a body in parts is no header of it. */
static size_t
take_header(char *p, size_t one, size_t n, void *arg)
{
	struct transfer *t = arg;
	struct sn_buf *b = &t->reply->headers;

	n *= one;
	if (t->in_body || (t->head_ended && !(n >= 5 && memcmp(p, "HTTP/", 5) == 0)))
		return n;
	if (t->head_ended)
		b->n = 0;
	t->head_ended = n > 0 && (p[0] == '\r' || p[0] == '\n');
	if (n > CLT_HEADERS_MAX - b->n) {
		t->too_large = true;
		return CURL_WRITEFUNC_ERROR;
	}
	sn_buf_put(b, (struct bytes){ (const uint8_t *)p, n });
	return b->failed ? CURL_WRITEFUNC_ERROR : n;
}

static int
watch(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const struct clt_fetch *f = arg;

	(void)a, (void)b, (void)c, (void)d;
	return f->options.stop != NULL && *f->options.stop != 0;
}

/* ---- headers that are sent */

static enum sn_err
add_header(struct curl_slist **list, const char *line, struct sn_why *why)
{
	struct curl_slist *more = curl_slist_append(*list, line);

	if (more == NULL)
		return sn_fail(why, SN_E_NOMEM, "a header");
	*list = more;
	return SN_OK;
}

static enum sn_err
check_key(struct bytes key, struct sn_why *why)
{
	if (key.n < KEY_MIN || key.n > KEY_MAX)
		return sn_fail(why, SN_E_FORMAT,
		    "the key file does not hold a key: "
		    "%u to %u letters and digits",
		    KEY_MIN, KEY_MAX);
	for (size_t i = 0; i < key.n; i++)
		if (!((key.p[i] >= '0' && key.p[i] <= '9') ||
			(key.p[i] >= 'a' && key.p[i] <= 'z') ||
			(key.p[i] >= 'A' && key.p[i] <= 'Z')))
			return sn_fail(why, SN_E_FORMAT,
			    "the key file holds something else "
			    "than letters and digits");
	return SN_OK;
}

static enum sn_err
make_headers(struct clt_fetch *f, struct sn_why *why)
{
	char line[sizeof(KEY_HEADER) + KEY_MAX];
	enum sn_err e;

	SN_TRY(add_header(&f->plain, "Accept: */*", why));
	if (f->options.key.n == 0)
		return SN_OK;
	SN_TRY(check_key(f->options.key, why));
	snprintf(line, sizeof(line), KEY_HEADER "%.*s", (int)f->options.key.n,
	    (const char *)f->options.key.p);
	e = add_header(&f->with_key, line, why);
	if (e == SN_OK)
		e = add_header(&f->post_key, line, why);
	if (e == SN_OK)
		e = add_header(&f->post_key, "Content-Type: application/json", why);
	if (e == SN_OK)
		e = add_header(&f->post_key, "Expect:", why);
	sn_wipe(line, sizeof(line));
	return e;
}

static void
wipe_headers(struct curl_slist **list)
{
	for (struct curl_slist *l = *list; l != NULL; l = l->next)
		sn_wipe(l->data, strlen(l->data));
	curl_slist_free_all(*list);
	*list = NULL;
}

/* ---- open and close */

/* What holds for every request. A refusal by libcurl would leave a check out: fatal. */
static enum sn_err
set_fixed(struct clt_fetch *f, struct sn_why *why)
{
	const struct clt_fetch_options *o = &f->options;
	CURL *c = f->curl;
	CURLcode e[] = {
		curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https"),
		curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1),
		curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L),
		curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L),
		curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L),
		curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2),
		curl_easy_setopt(c, CURLOPT_PROXY, o->proxy != NULL ? o->proxy : ""),
		curl_easy_setopt(c, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L),
		curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED),
		curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS),
		curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)o->timeout),
		curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, SLOW_BYTES),
		curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, SLOW_SECONDS),
		curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L),
		curl_easy_setopt(c, CURLOPT_USERAGENT, AGENT),
		curl_easy_setopt(c, CURLOPT_ERRORBUFFER, f->error),
		curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body),
		curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_header),
		curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L),
		curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, watch),
		curl_easy_setopt(c, CURLOPT_XFERINFODATA, f),
		o->ca != NULL ? curl_easy_setopt(c, CURLOPT_CAINFO, o->ca) : CURLE_OK,
		o->ca != NULL ? curl_easy_setopt(c, CURLOPT_CAPATH, NULL) : CURLE_OK,
		f->via != NULL ? curl_easy_setopt(c, CURLOPT_CONNECT_TO, f->via) : CURLE_OK,
	};

	for (size_t i = 0; i < SN_NITEMS(e); i++)
		if (e[i] != CURLE_OK)
			return sn_fail(why, SN_E_IO, "libcurl refuses option %zu: %s", i,
			    curl_easy_strerror(e[i]));
	return SN_OK;
}

enum sn_err
clt_fetch_open(const struct clt_fetch_options *o, struct clt_fetch **ret, struct sn_why *why)
{
	SN_CLEANUP(clt_fetch_close) struct clt_fetch *f = calloc(1, sizeof(*f));
	char via[CLT_ERROR_MAX];

	if (f == NULL)
		return sn_fail(why, SN_E_NOMEM, "libcurl");
	f->options = *o;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return sn_fail(why, SN_E_IO, "libcurl does not start");
	f->curl = curl_easy_init();
	if (f->curl == NULL)
		return sn_fail(why, SN_E_IO, "libcurl does not start");
	if (o->via != NULL) {
		snprintf(via, sizeof(via), "::%s", o->via);
		SN_TRY(add_header(&f->via, via, why));
	}
	SN_TRY(make_headers(f, why));
	SN_TRY(set_fixed(f, why));
	*ret = SN_TAKE(f);
	return SN_OK;
}

void
clt_fetch_close(struct clt_fetch **fp)
{
	struct clt_fetch *f = *fp;

	if (f == NULL)
		return;
	curl_easy_cleanup(f->curl);
	curl_slist_free_all(f->via);
	curl_slist_free_all(f->plain);
	wipe_headers(&f->with_key);
	wipe_headers(&f->post_key);
	free(f);
	*fp = NULL;
	curl_global_cleanup();
}

/* ---- one request */

static bool
is_encoded(CURL *c)
{
	struct curl_header *h = NULL;

	return curl_easy_header(c, "Content-Encoding", 0, CURLH_HEADER, -1, &h) == CURLHE_OK &&
	    strcasecmp(h->value, "identity") != 0;
}

static enum clt_end
judge(CURL *c, CURLcode code, const struct transfer *t)
{
	if (t->too_large)
		return CLT_TOO_LARGE;
	if (t->ignored != 0) /* the status says all, however its page ends */
		return CLT_ANSWER;
	if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE ||
	    code == CURLE_SSL_ISSUER_ERROR)
		return CLT_UNTRUSTED;
	if (code != CURLE_OK)
		return CLT_NO_ANSWER;
	return is_encoded(c) ? CLT_ENCODED : CLT_ANSWER;
}

static void
explain(const struct clt_fetch *f, const struct req *r, const struct transfer *t, CURLcode code,
    struct clt_reply *reply)
{
	switch (reply->end) {
	case CLT_ANSWER:
		break;
	case CLT_TOO_LARGE:
		snprintf(reply->error, sizeof(reply->error), "the %s more than %u bytes",
		    t->in_body ? "reply has" : "headers have",
		    t->in_body ? r->max : CLT_HEADERS_MAX);
		break;
	case CLT_ENCODED:
		snprintf(reply->error, sizeof(reply->error),
		    "the reply is compressed: not the bytes that the vendor signed");
		break;
	case CLT_NO_ANSWER:
	case CLT_UNTRUSTED:
		snprintf(reply->error, sizeof(reply->error), "%.150s",
		    f->error[0] != '\0' ? f->error : curl_easy_strerror(code));
		break;
	}
}

static enum sn_err
set_request(struct clt_fetch *f, const struct req *r, struct transfer *t, struct sn_why *why)
{
	struct curl_slist *headers = !r->key ? f->plain
	    : r->body != NULL		     ? f->post_key
					     : f->with_key;
	CURL *c = f->curl;
	CURLcode e[] = {
		curl_easy_setopt(c, CURLOPT_HTTPGET, 1L), /* and forget a POST before */
		r->body != NULL ? curl_easy_setopt(c, CURLOPT_POSTFIELDS, r->body) : CURLE_OK,
		curl_easy_setopt(c, CURLOPT_URL, r->url),
		curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers),
		curl_easy_setopt(c, CURLOPT_WRITEDATA, t),
		curl_easy_setopt(c, CURLOPT_HEADERDATA, t),
	};

	for (size_t i = 0; i < SN_NITEMS(e); i++)
		if (e[i] != CURLE_OK)
			return sn_fail(why, SN_E_IO, "%s: libcurl: %s", r->file,
			    curl_easy_strerror(e[i]));
	return SN_OK;
}

enum sn_err
clt_fetch(struct clt_fetch *f, const struct req *r, struct clt_reply *ret, struct sn_why *why)
{
	SN_CLEANUP(clt_reply_done) struct clt_reply reply = { 0 };
	struct transfer t = { .curl = f->curl, .reply = &reply, .max = r->max };
	curl_off_t after = 0;
	CURLcode code;
	long status = 0;

	if (r->key && f->options.key.n == 0)
		return sn_fail(why, SN_E_INTERNAL, "%s: there is no key", r->file);
	SN_TRY(set_request(f, r, &t, why));
	f->error[0] = '\0';
	code = curl_easy_perform(f->curl);
	SN_TRY(sn_buf_check(&reply.body, why));
	SN_TRY(sn_buf_check(&reply.headers, why));
	curl_easy_getinfo(f->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(f->curl, CURLINFO_RETRY_AFTER, &after);
	reply.status = status > 0 && status <= 999 ? (uint32_t)status : 0;
	reply.retry_after = after < 0 || after > UINT32_MAX ? UINT32_MAX : (uint32_t)after;
	reply.end = judge(f->curl, code, &t);
	explain(f, r, &t, code, &reply);
	*ret = reply;
	reply = (struct clt_reply){ 0 };
	return SN_OK;
}
