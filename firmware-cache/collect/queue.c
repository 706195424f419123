#include <stdlib.h>
#include <string.h>

#include "firmware-cache/collect/queue.h"

#define HOSTS_MAX 8

/* What is known of one request. */
struct place {
	uint8_t host;
	uint32_t tries;
	int64_t not_before;
};

/* A host's requests as a ring; what is tried again goes to its end. */
struct host {
	struct bytes name; /* in the list's address */
	size_t *ring, cap, first, n;
	int64_t not_before;
	uint32_t interval_ms, silent, busy;
};

struct clt_queue {
	const struct req_list *list;
	struct clt_pace pace;
	struct place *places;
	struct host hosts[HOSTS_MAX];
	size_t nhosts;
};

/* ---- making */

static enum sn_err
find_host(struct clt_queue *q, const char *url, uint8_t *ret, struct sn_why *why)
{
	struct bytes name = { 0 };
	bool key = false;

	SN_TRY(req_url_host(url, &name, &key, why));
	for (size_t i = 0; i < q->nhosts; i++)
		if (bytes_equal(q->hosts[i].name, name)) {
			*ret = (uint8_t)i;
			return SN_OK;
		}
	if (q->nhosts == HOSTS_MAX)
		return sn_fail(why, SN_E_LIMIT, "over %d hosts", HOSTS_MAX);
	q->hosts[q->nhosts] = (struct host){ .name = name, .interval_ms = q->pace.interval_ms };
	*ret = (uint8_t)q->nhosts++;
	return SN_OK;
}

enum sn_err
clt_queue_new(const struct req_list *l, const struct clt_pace *pace, struct clt_queue **ret,
    struct sn_why *why)
{
	SN_CLEANUP(clt_queue_free) struct clt_queue *q = calloc(1, sizeof(*q));

	if (q == NULL || (q->places = calloc(l->n, sizeof(*q->places))) == NULL)
		return sn_fail(why, SN_E_NOMEM, "a queue of %zu", l->n);
	q->list = l;
	q->pace = *pace;
	for (size_t i = 0; i < l->n; i++) {
		SN_TRY(find_host(q, l->v[i].url, &q->places[i].host, why));
		q->hosts[q->places[i].host].cap++;
	}
	for (size_t h = 0; h < q->nhosts; h++) {
		q->hosts[h].ring = calloc(q->hosts[h].cap, sizeof(*q->hosts[h].ring));
		if (q->hosts[h].ring == NULL)
			return sn_fail(why, SN_E_NOMEM, "a queue of %zu", q->hosts[h].cap);
	}
	*ret = SN_TAKE(q);
	return SN_OK;
}

void
clt_queue_free(struct clt_queue **qp)
{
	if (*qp == NULL)
		return;
	for (size_t h = 0; h < (*qp)->nhosts; h++)
		free((*qp)->hosts[h].ring);
	free((*qp)->places);
	free(*qp);
	*qp = NULL;
}

/* ---- in and out */

static void
push(struct host *h, size_t i)
{
	h->ring[(h->first + h->n++) % h->cap] = i;
}

static size_t
pop(struct host *h)
{
	size_t i = h->ring[h->first];

	h->first = (h->first + 1) % h->cap;
	h->n--;
	return i;
}

enum sn_err
clt_queue_add(struct clt_queue *q, size_t i, struct sn_why *why)
{
	struct host *h = &q->hosts[q->places[i].host];

	if (h->n == h->cap)
		return sn_fail(why, SN_E_INTERNAL, "request %zu is in the queue already", i);
	push(h, i);
	return SN_OK;
}

static int64_t
max_ms(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* The first of a host stands for it: what waits for another try is behind all others. */
bool
clt_queue_next(struct clt_queue *q, int64_t now_ms, size_t *ret_i, int64_t *ret_at)
{
	struct host *best = NULL;
	int64_t best_at = 0;

	for (size_t k = 0; k < q->nhosts; k++) {
		struct host *h = &q->hosts[k];
		int64_t at;

		if (h->n == 0)
			continue;
		at = max_ms(h->not_before, q->places[h->ring[h->first]].not_before);
		if (best == NULL || at < best_at) {
			best = h;
			best_at = at;
		}
	}
	if (best == NULL)
		return false;
	*ret_i = pop(best);
	*ret_at = max_ms(best_at, now_ms);
	return true;
}

bool
clt_queue_drop(struct clt_queue *q, size_t i, bool key_only, size_t *ret_other)
{
	struct host *h = &q->hosts[q->places[i].host];

	for (size_t left = h->n; left > 0; left--) {
		size_t other = pop(h);

		if (!key_only || q->list->v[other].key) {
			*ret_other = other;
			return true;
		}
		push(h, other);
	}
	return false;
}

/* ---- after a try */

uint32_t
clt_queue_tries(const struct clt_queue *q, size_t i)
{
	return q->places[i].tries;
}

static uint32_t
backoff_ms(uint32_t tries)
{
	uint32_t ms = CLT_BACKOFF_MS;

	for (uint32_t i = 1; i < tries && ms < CLT_BACKOFF_MAX_MS; i++)
		ms *= 2;
	return ms < CLT_BACKOFF_MAX_MS ? ms : CLT_BACKOFF_MAX_MS;
}

void
clt_queue_done(struct clt_queue *q, size_t i, int64_t now_ms)
{
	struct host *h = &q->hosts[q->places[i].host];

	q->places[i].tries++;
	h->silent = 0;
	h->busy = 0;
	h->not_before = now_ms + h->interval_ms;
}

/* Behind the others of its host. */
static enum clt_next
later(struct clt_queue *q, size_t i, int64_t at)
{
	q->places[i].not_before = at;
	push(&q->hosts[q->places[i].host], i);
	return CLT_LATER;
}

/* A host that is busy with everything is no request's fault: only its own count ends it. */
enum clt_next
clt_queue_busy(struct clt_queue *q, size_t i, int64_t now_ms, uint32_t retry_after_s,
    bool whole_host)
{
	struct place *p = &q->places[i];
	struct host *h = &q->hosts[p->host];
	int64_t wait = (int64_t)retry_after_s * 1000;

	p->tries++;
	h->silent = 0;
	if (retry_after_s > q->pace.max_wait_s)
		return CLT_HOST;
	if (!whole_host) {
		h->not_before = now_ms + h->interval_ms;
		return p->tries >= q->pace.tries
		    ? CLT_OVER
		    : later(q, i, now_ms + (wait != 0 ? wait : backoff_ms(p->tries)));
	}
	if (++h->busy >= q->pace.tries)
		return CLT_HOST;
	if (h->interval_ms < CLT_BACKOFF_MS / 2)
		h->interval_ms *= 2;
	h->not_before = now_ms + (wait != 0 ? wait : backoff_ms(h->busy));
	return later(q, i, h->not_before);
}

enum clt_next
clt_queue_silent(struct clt_queue *q, size_t i, int64_t now_ms)
{
	struct host *h = &q->hosts[q->places[i].host];

	q->places[i].tries++;
	if (++h->silent >= q->pace.tries)
		return CLT_HOST;
	h->not_before = now_ms + backoff_ms(h->silent);
	return later(q, i, h->not_before);
}
