/* The order and pace of requests, with a clock that is only a number. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firmware-cache/collect/queue.h"
#include "tests/lib/test.h"

#define KDS "https://kdsintf.amd.com/"
#define API "https://api.trustedservices.intel.com/"

struct world {
	struct req_list list;
	struct clt_queue *q;
	int64_t now;
};

static void
must(enum sn_err e, const struct sn_why *why)
{
	if (e != SN_OK)
		fail_msg("%s: %s", sn_err_name(e), why->text);
}

/* n requests at AMD, then m at Intel, of which every other needs the key. */
static void
start(struct world *w, size_t n, size_t m, const struct clt_pace *pace)
{
	struct sn_why why = { 0 };

	*w = (struct world){ 0 };
	for (size_t i = 0; i < n + m; i++) {
		char url[80], file[16];
		struct req r = { .kind = "x", .url = url, .file = file, .max = 1 };

		snprintf(url, sizeof(url), "%s%zu", i < n ? KDS : API, i);
		snprintf(file, sizeof(file), "%zu", i);
		r.key = i >= n && i % 2 == 0;
		must(req_list_add(&w->list, &r, &why), &why);
	}
	must(clt_queue_new(&w->list, pace, &w->q, &why), &why);
	for (size_t i = 0; i < n + m; i++)
		must(clt_queue_add(w->q, i, &why), &why);
}

static void
done(struct world *w)
{
	clt_queue_free(&w->q);
	req_list_done(&w->list);
}

/* The next one, and let the time pass that it has to wait. */
static bool
next(struct world *w, size_t *ret)
{
	int64_t at = 0;

	if (!clt_queue_next(w->q, w->now, ret, &at))
		return false;
	assert_true(at >= w->now);
	w->now = at;
	return true;
}

static const struct clt_pace usual = { 100, 3, 60 };

static void
interval(void **state)
{
	struct world w;
	size_t i = 0;

	(void)state;
	start(&w, 3, 3, &usual);
	for (size_t k = 0; k < 6; k++) {
		assert_true(next(&w, &i));
		/* two hosts in turn, each at its own pace */
		assert_int_equal(i, k % 2 == 0 ? k / 2 : 3 + k / 2);
		assert_int_equal(w.now, 100 * (int64_t)(k / 2));
		clt_queue_done(w.q, i, w.now);
		assert_int_equal(clt_queue_tries(w.q, i), 1);
	}
	assert_false(next(&w, &i));
	done(&w);
}

static void
one_busy_request(void **state)
{
	struct world w;
	size_t i = 0;

	(void)state;
	start(&w, 3, 0, &usual);
	assert_true(next(&w, &i));
	assert_int_equal(i, 0);
	assert_int_equal(clt_queue_busy(w.q, 0, w.now, 0, false), CLT_LATER);
	for (size_t k = 1; k < 3; k++) { /* the others are not held up */
		assert_true(next(&w, &i));
		assert_int_equal(i, k);
		assert_int_equal(w.now, 100 * (int64_t)k);
		clt_queue_done(w.q, i, w.now);
	}
	assert_true(next(&w, &i));
	assert_int_equal(i, 0);
	assert_int_equal(w.now, 1000);
	assert_int_equal(clt_queue_busy(w.q, 0, w.now, 0, false), CLT_LATER);
	assert_true(next(&w, &i));
	assert_int_equal(w.now, 3000); /* twice as long */
	assert_int_equal(clt_queue_busy(w.q, 0, w.now, 0, false), CLT_OVER);
	assert_int_equal(clt_queue_tries(w.q, 0), 3);
	assert_false(next(&w, &i));
	done(&w);
}

static void
busy_host(void **state)
{
	struct world w;
	size_t i = 0;

	(void)state;
	start(&w, 2, 1, &usual);
	assert_true(next(&w, &i));
	assert_int_equal(clt_queue_busy(w.q, i, w.now, 60, true), CLT_LATER);
	assert_true(next(&w, &i));
	assert_int_equal(i, 2); /* the other host */
	assert_int_equal(w.now, 0);
	clt_queue_done(w.q, i, w.now);
	assert_true(next(&w, &i));
	assert_int_equal(i, 1); /* all of the host waited; the one behind is first */
	assert_int_equal(w.now, 60000);
	assert_int_equal(clt_queue_busy(w.q, i, w.now, 61, true), CLT_HOST);
	assert_true(clt_queue_drop(w.q, i, false, &i));
	assert_int_equal(i, 0);
	assert_false(clt_queue_drop(w.q, i, false, &i));
	assert_false(next(&w, &i));
	done(&w);
}

static void
silent_host(void **state)
{
	struct world w;
	size_t i = 0;

	(void)state;
	start(&w, 5, 0, &usual);
	for (size_t k = 0; k < 2; k++) {
		assert_true(next(&w, &i));
		assert_int_equal(i, k);
		assert_int_equal(clt_queue_silent(w.q, i, w.now), CLT_LATER);
	}
	assert_true(next(&w, &i));
	assert_int_equal(w.now, 3000);
	assert_int_equal(clt_queue_silent(w.q, i, w.now), CLT_HOST);
	done(&w);
	/* an answer of any kind begins the count anew */
	start(&w, 5, 0, &usual);
	for (size_t k = 0; k < 4; k++) {
		assert_true(next(&w, &i));
		if (k % 2 == 0)
			assert_int_equal(clt_queue_silent(w.q, i, w.now), CLT_LATER);
		else
			clt_queue_done(w.q, i, w.now);
	}
	done(&w);
}

static void
key_refused(void **state)
{
	struct world w;
	size_t i = 0, n = 0;

	(void)state;
	start(&w, 0, 9, &usual);
	assert_true(next(&w, &i));
	clt_queue_done(w.q, i, w.now);
	while (clt_queue_drop(w.q, 0, true, &i)) {
		assert_true(w.list.v[i].key);
		n++;
	}
	assert_int_equal(n, 4);
	for (n = 0; next(&w, &i); n++) {
		assert_false(w.list.v[i].key);
		clt_queue_done(w.q, i, w.now);
	}
	assert_int_equal(n, 4);
	done(&w);
}

/* A whole fleet against a host that takes only one in five: each is served once, nothing is
 * asked before its time, and no request fails for the host's sake. */
static void
fleet(void **state)
{
	const struct clt_pace pace = { 0, 6, 60 };
	enum { N = 20000 };
	bool *served = calloc(N, sizeof(*served));
	size_t i = 0, n = 0, asked = 0;
	struct world w;

	(void)state;
	assert_non_null(served);
	start(&w, N, 0, &pace);
	while (next(&w, &i)) {
		if (asked++ % 5 == 4) {
			assert_int_equal(clt_queue_busy(w.q, i, w.now, 1, true), CLT_LATER);
			continue;
		}
		assert_false(served[i]);
		served[i] = true;
		n++;
		clt_queue_done(w.q, i, w.now);
	}
	assert_int_equal(n, N);
	assert_int_equal(w.now, 1000 * (int64_t)(asked / 5));
	free(served);
	done(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interval),
		cmocka_unit_test(one_busy_request),
		cmocka_unit_test(busy_host),
		cmocka_unit_test(silent_host),
		cmocka_unit_test(key_refused),
		cmocka_unit_test(fleet),
	};

	return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}
