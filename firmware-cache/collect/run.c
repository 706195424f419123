#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "appliance/base/file.h"
#include "appliance/crypto/digest.h"
#include "firmware-cache/collect/priv.h"

#define SAVE_MS 5000  /* a kill costs at most what was fetched in this time */
#define SLICE_MS 1000 /* of a wait, to show how it goes */
#define NO_KEY "needs Intel's subscription key: --key-file"

struct run {
	struct clt_rows *rows;
	struct clt_queue *queue;
	struct clt_fetch *fetch;
	const struct clt_ports *ports;
	const struct clt_watcher *watcher;
	int dir, originals;
	int64_t saved;
};

/* ---- what a status means */

enum meaning { M_FETCHED, M_ABSENT, M_AGAIN, M_HOST_BUSY, M_KEY, M_REFUSED };

static const struct {
	uint32_t first, last;
	enum meaning meaning;
} statuses[] = {
	{ 200, 200, M_FETCHED },
	{ 401, 401, M_KEY },
	{ 403, 403, M_KEY },
	{ 404, 404, M_ABSENT },
	{ 408, 408, M_AGAIN },
	{ 410, 410, M_ABSENT },
	{ 429, 429, M_HOST_BUSY },
	{ 503, 503, M_HOST_BUSY },
	{ 500, 599, M_AGAIN },
};

/* Everything else, redirections with it, is refused: replies come from where they were asked
 * for, or not at all. */
static enum meaning
meaning_of(uint32_t status)
{
	for (size_t i = 0; i < SN_NITEMS(statuses); i++)
		if (status >= statuses[i].first && status <= statuses[i].last)
			return statuses[i].meaning;
	return M_REFUSED;
}

/* ---- rows */

static enum sn_err
settle(struct run *s, size_t i, const struct req_result *x, enum sn_err err, struct sn_why *why)
{
	struct req_result r = *x;

	r.at = s->ports->wall();
	r.tries = clt_queue_tries(s->queue, i);
	SN_TRY(clt_rows_set(s->rows, i, &r, err, why));
	s->watcher->row(s->watcher->arg, &s->rows->v[i], &s->rows->n);
	return SN_OK;
}

static enum sn_err
fail_row(struct run *s, size_t i, enum req_outcome outcome, enum sn_err err, uint32_t status,
    const char *reason, struct sn_why *why)
{
	struct req_result x = { .outcome = outcome, .status = status, .reason = reason };

	return settle(s, i, &x, err, why);
}

/* What waits for the same host, or for the same key, ends for the same reason. */
static enum sn_err
fail_others(struct run *s, size_t i, bool key_only, enum sn_err err, const char *reason,
    struct sn_why *why)
{
	size_t other = 0;

	while (clt_queue_drop(s->queue, i, key_only, &other))
		SN_TRY(fail_row(s, other, REQ_FAILED, err, 0, reason, why));
	return SN_OK;
}

/* ---- one reply */

static enum sn_err
keep(struct run *s, size_t i, const struct clt_reply *reply, struct sn_why *why)
{
	struct req_result x = { .outcome = REQ_FETCHED, .status = reply->status };
	const char *file = s->rows->list->v[i].file;
	struct bytes body = sn_buf_bytes(&reply->body), head = sn_buf_bytes(&reply->headers);
	char headers[CLT_NAME_ROOM];

	if (body.n == 0)
		return fail_row(s, i, REQ_REFUSED, SN_E_FORMAT, reply->status,
		    "the reply is empty", why);
	clt_headers_name(file, headers);
	SN_TRY(cry_digest(CRY_SHA256, body, x.sha256, why));
	SN_TRY(cry_digest(CRY_SHA256, head, x.headers_sha256, why));
	x.bytes = (uint32_t)body.n;
	SN_TRY(sn_file_parents(s->originals, file, why));
	SN_TRY(sn_file_write(s->originals, headers, head, 0644, true, why));
	SN_TRY(sn_file_write(s->originals, file, body, 0644, true, why));
	return settle(s, i, &x, SN_OK, why);
}

/* Not served now. */
static enum sn_err
put_off(struct run *s, size_t i, enum clt_next next, uint32_t status, enum sn_err err,
    const char *reason, struct sn_why *why)
{
	if (next == CLT_LATER)
		return SN_OK;
	SN_TRY(fail_row(s, i, REQ_FAILED, err, status, reason, why));
	return next == CLT_HOST ? fail_others(s, i, false, err, reason, why) : SN_OK;
}

static enum sn_err
take_answer(struct run *s, size_t i, const struct clt_reply *reply, struct sn_why *why)
{
	const struct req *r = &s->rows->list->v[i];
	enum meaning m = meaning_of(reply->status);
	int64_t now = s->ports->mono_ms();
	char reason[CLT_ERROR_MAX];
	enum clt_next next;

	snprintf(reason, sizeof(reason), "status %u", reply->status);
	if (m == M_AGAIN || m == M_HOST_BUSY) {
		next = clt_queue_busy(s->queue, i, now, reply->retry_after, m == M_HOST_BUSY);
		if (next == CLT_HOST)
			snprintf(reason, sizeof(reason), "status %u, to be asked again in %u s",
			    reply->status, reply->retry_after);
		return put_off(s, i, next, reply->status, SN_E_IO, reason, why);
	}
	clt_queue_done(s->queue, i, now);
	if (m == M_FETCHED)
		return keep(s, i, reply, why);
	if (m == M_ABSENT)
		return fail_row(s, i, REQ_ABSENT, SN_E_MISSING, reply->status, reason, why);
	SN_TRY(fail_row(s, i, REQ_REFUSED, SN_E_IO, reply->status, reason, why));
	return m == M_KEY && r->key
	    ? fail_others(s, i, true, SN_E_IO, "Intel does not take the subscription key", why)
	    : SN_OK;
}

static enum sn_err
take_reply(struct run *s, size_t i, const struct clt_reply *reply, struct sn_why *why)
{
	int64_t now = s->ports->mono_ms();

	switch (reply->end) {
	case CLT_ANSWER:
		return take_answer(s, i, reply, why);
	case CLT_NO_ANSWER:
		return put_off(s, i, clt_queue_silent(s->queue, i, now), reply->status, SN_E_IO,
		    reply->error, why);
	case CLT_UNTRUSTED:
		clt_queue_done(s->queue, i, now);
		return put_off(s, i, CLT_HOST, 0, SN_E_CHAIN, reply->error, why);
	case CLT_TOO_LARGE:
	case CLT_ENCODED:
		clt_queue_done(s->queue, i, now);
		return fail_row(s, i, REQ_REFUSED,
		    reply->end == CLT_TOO_LARGE ? SN_E_LIMIT : SN_E_FORMAT, reply->status,
		    reply->error, why);
	}
	return sn_fail(why, SN_E_INTERNAL, "a reply of no kind");
}

/* ---- all of them */

static bool
stopped(const struct run *s)
{
	return *s->ports->stop != 0;
}

static void
wait_until(const struct run *s, size_t i, int64_t at)
{
	int64_t left;

	while (!stopped(s) && (left = at - s->ports->mono_ms()) > 0) {
		s->watcher->wait(s->watcher->arg, s->rows->list->v[i].url, left, &s->rows->n);
		s->ports->sleep_ms(left < SLICE_MS ? left : SLICE_MS);
	}
}

static enum sn_err
save(struct run *s, struct sn_why *why)
{
	if (s->ports->mono_ms() - s->saved < SAVE_MS)
		return SN_OK;
	SN_TRY(clt_rows_write(s->rows, s->dir, why));
	s->saved = s->ports->mono_ms();
	return SN_OK;
}

static enum sn_err
ask_all(struct run *s, struct sn_why *why)
{
	size_t i = 0;
	int64_t at = 0;

	while (clt_queue_next(s->queue, s->ports->mono_ms(), &i, &at)) {
		SN_CLEANUP(clt_reply_done) struct clt_reply reply = { 0 };

		wait_until(s, i, at);
		if (stopped(s))
			return SN_OK;
		SN_TRY(clt_fetch(s->fetch, &s->rows->list->v[i], &reply, why));
		if (stopped(s) && reply.end != CLT_ANSWER)
			return SN_OK;
		SN_TRY(take_reply(s, i, &reply, why));
		SN_TRY(save(s, why));
	}
	return SN_OK;
}

static enum sn_err
fill_queue(struct run *s, bool have_key, struct sn_why *why)
{
	const struct req_list *l = s->rows->list;

	for (size_t i = 0; i < l->n; i++) {
		if (s->rows->v[i].known)
			continue;
		if (l->v[i].key && !have_key)
			SN_TRY(fail_row(s, i, REQ_FAILED, SN_E_MISSING, 0, NO_KEY, why));
		else
			SN_TRY(clt_queue_add(s->queue, i, why));
	}
	return SN_OK;
}

static enum sn_err
open_originals(int dir, int *ret, struct sn_why *why)
{
	if (mkdirat(dir, CLT_ORIGINALS, 0755) != 0 && errno != EEXIST)
		return sn_fail(why, SN_E_IO, CLT_ORIGINALS ": %s", strerror(errno));
	*ret = openat(dir, CLT_ORIGINALS, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return *ret >= 0 ? SN_OK : sn_fail(why, SN_E_IO, CLT_ORIGINALS ": %s", strerror(errno));
}

/* Whatever ends the asking, what there is gets recorded. */
enum sn_err
clt_run(int dir, const struct req_list *list, struct clt_fetch *fetch, bool have_key,
    const struct clt_pace *pace, const struct clt_ports *ports,
    const struct clt_watcher *watcher, struct clt_counts *ret, struct sn_why *why)
{
	SN_CLEANUP(clt_rows_done) struct clt_rows rows = { 0 };
	SN_CLEANUP(clt_queue_free) struct clt_queue *queue = NULL;
	SN_CLEANUP(sn_fd_done) int originals = -1;
	struct run s = {
		.rows = &rows, .fetch = fetch, .ports = ports, .watcher = watcher, .dir = dir
	};
	enum sn_err e, written;

	SN_TRY(open_originals(dir, &originals, why));
	SN_TRY(clt_rows_new(list, &rows, why));
	SN_TRY(clt_rows_resume(&rows, dir, originals, why));
	SN_TRY(clt_queue_new(list, pace, &queue, why));
	s.queue = queue;
	s.originals = originals;
	s.saved = ports->mono_ms();
	e = fill_queue(&s, have_key, why);
	if (e == SN_OK)
		e = ask_all(&s, why);
	*ret = rows.n;
	written = clt_rows_write(&rows, dir, e == SN_OK ? why : NULL);
	if (e != SN_OK || written != SN_OK)
		return e != SN_OK ? e : written;
	return clt_rows_verdict(&rows, why);
}
