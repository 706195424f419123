#include "firmware-cache/cache/import.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appliance/base/file.h"
#include "appliance/base/text.h"
#include "firmware-cache/cache/view_priv.h"

#define DATE_LEN 10
#define NAMED_MAX 12 /* of what is not in the set: the others are counted */

struct work {
	struct cache *cache;
	struct cache_import *im;
	struct cache_view view;
	struct cache_fresh before, after;
	struct cache_item **found; /* the folder's items in order of path */
	size_t n;
};

static void
work_done(struct work *w)
{
	cache_view_done(&w->view);
	cache_fresh_done(&w->before);
	cache_fresh_done(&w->after);
	free(w->found);
}

static int
by_path(const void *a, const void *b)
{
	const struct cache_item *const *x = a, *const *y = b;

	return strcmp((*x)->path, (*y)->path);
}

static enum sn_err
judge_folder(struct work *w, int dirfd, const char *dir, struct sn_why *why)
{
	SN_TRY(cache_fresh_load(w->cache, &w->before, why));
	SN_TRY(cache_view_add_cache(&w->view, w->cache, why));
	SN_TRY(cache_view_add_folder(&w->view, dirfd, dir, why));
	SN_TRY(cache_view_judge(&w->view, w->cache, w->im->policy, why));
	w->found = calloc(w->view.n + 1, sizeof(*w->found));
	if (w->found == NULL)
		return sn_fail(why, SN_E_NOMEM, "%zu items", w->view.n);
	for (size_t i = 0; i < w->view.n; i++) {
		struct cache_item *it = &w->view.v[i];

		if (it->in_cache)
			SN_TRY(cache_fresh_raise(&w->before, it, why));
		if (it->in_folder)
			w->found[w->n++] = it;
	}
	if (w->n > 0)
		qsort(w->found, w->n, sizeof(*w->found), by_path);
	return SN_OK;
}

static bool
is_taken(const struct work *w, const struct cache_item *it)
{
	return (it->ok || it->carried) && !it->in_cache &&
	    (!it->older || w->im->accept_older != NULL);
}

static void
mark_older(struct work *w)
{
	for (size_t i = 0; i < w->n; i++) {
		struct cache_item *it = w->found[i];
		const struct cache_newest *newest = NULL;
		char is[TEXT_TIME_LEN + 1], was[TEXT_TIME_LEN + 1];

		if (!it->ok || it->in_cache || !cache_fresh_older(&w->before, it, &newest))
			continue;
		it->older = true;
		if (w->im->older++ > 0 || w->im->accept_older != NULL)
			continue;
		text_from_time(it->issued, is);
		text_from_time(newest->issued, was);
		(void)sn_fail(&w->im->verdict, SN_E_SEQUENCE,
		    "%s: %s, issued %s, number %u, is older than the newest seen here, "
		    "issued %s, number %u; fetch it again, or --accept-older REASON",
		    it->path, it->label, is, it->number, was, newest->number);
	}
}

/* ---- writing */

static enum sn_err
record(struct work *w, struct sn_why *why)
{
	struct cache_origin *add = calloc(w->n + 1, sizeof(*add));
	size_t n = 0;
	enum sn_err e;

	if (add == NULL)
		return sn_fail(why, SN_E_NOMEM, "%zu origins", w->n);
	for (size_t i = 0; i < w->n; i++) {
		const struct cache_item *it = w->found[i];
		struct cache_origin *o = &add[n];

		if (!is_taken(w, it) && !((it->ok || it->carried) && it->in_cache))
			continue;
		*o = (struct cache_origin){ .at = w->im->now,
			.path = it->path,
			.url = it->url,
			.fetched = it->fetched,
			.channel = it->folder_channel,
			.decision = it->older ? w->im->accept_older : NULL };
		memcpy(o->sha256, it->sha256, sizeof(o->sha256));
		n++;
	}
	e = cache_record(w->cache, add, n, why);
	free(add);
	return e;
}

static enum sn_err
write_all(struct work *w, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf index = { 0 };

	SN_TRY(record(w, why));
	for (size_t i = 0; i < w->n; i++) {
		struct cache_item *it = w->found[i];

		if (!is_taken(w, it))
			continue;
		SN_TRY(cache_put(w->cache, it->sha256, sn_buf_bytes(&it->bytes), why));
		it->in_cache = true;
		w->im->taken++;
	}
	for (size_t i = 0; i < w->view.n; i++)
		if (w->view.v[i].in_cache)
			SN_TRY(cache_fresh_raise(&w->before, &w->view.v[i], why));
	SN_TRY(cache_fresh_save(&w->before, w->cache, why));
	SN_TRY(cache_index_json(w->cache, &w->view, &index, why));
	return cache_write(w->cache, CACHE_INDEX, sn_buf_bytes(&index), why);
}

/* ---- the report */

static void
put_found(const struct cache_item *it, bool was_here, bool taken, struct sn_buf *b)
{
	char until[TEXT_TIME_LEN + 1];

	text_from_time(it->good_until, until);
	if (it->carried)
		sn_buf_fmt(b, "%-7s %-38.38s not verified here\n",
		    was_here ? "here" : "carried", it->label);
	else if (!it->ok)
		sn_buf_fmt(b, "REFUSED %s: %s\n", it->path, it->reason);
	else if (it->older && !taken)
		sn_buf_fmt(b, "OLDER   %-38.38s issued before the newest seen\n", it->label);
	else
		sn_buf_fmt(b, "%-7s %-38.38s until %.*s%s\n", was_here ? "here" : "ok",
		    it->label, DATE_LEN, until, it->older ? ", older" : "");
}

/* Does the folder hold anything that speaks of the same? */
static bool
in_folder(const struct work *w, enum col_kind kind, const char *label)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->found[i]->ok && w->found[i]->kind == kind &&
		    strcmp(w->found[i]->label, label) == 0)
			return true;
	return false;
}

/* A folder of AMD's files says nothing of Intel's. */
static bool
speaks_of(const struct work *w, enum col_vendor vendor)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->found[i]->ok && w->found[i]->vendor == vendor)
			return true;
	return false;
}

/* A set that lacks what an earlier one had says nothing of it by itself, so we do. */
static void
put_dropped(const struct work *w, struct sn_buf *b)
{
	size_t more = 0, leaves = 0, named = 0;

	for (size_t i = 0; i < w->before.n; i++) {
		const struct cache_newest *x = &w->before.v[i];

		if (!speaks_of(w, x->vendor) || in_folder(w, x->kind, x->subject))
			continue;
		if (named++ < NAMED_MAX)
			sn_buf_fmt(b, "not in this set: %s (%s), which an earlier one had\n",
			    x->subject, x->channel);
		else
			more++;
	}
	for (size_t i = 0; i < w->view.n; i++)
		leaves += w->view.v[i].ok && !w->view.v[i].in_folder &&
		    speaks_of(w, w->view.v[i].vendor) && cache_kind_leaf(w->view.v[i].kind);
	if (more > 0)
		sn_buf_fmt(b, "not in this set: %zu others\n", more);
	if (leaves > 0)
		sn_buf_fmt(b, "not in this set: %zu certificates of machines\n", leaves);
}

enum sn_err
cache_import(struct cache *c, int dirfd, const char *dir, struct cache_import *im,
    struct sn_buf *report, struct sn_why *why)
{
	SN_CLEANUP(work_done) struct work w = { .cache = c, .im = im };

	SN_TRY(judge_folder(&w, dirfd, dir, why));
	mark_older(&w);
	for (size_t i = 0; i < w.n; i++) {
		const struct cache_item *it = w.found[i];

		im->here += (it->ok || it->carried) && it->in_cache;
		put_found(it, it->in_cache, is_taken(&w, it), report);
		if (it->ok || it->carried)
			continue;
		if (im->refused++ == 0)
			(void)sn_fail(&im->verdict, it->err, "%s: %s", it->path, it->reason);
	}
	put_dropped(&w, report);
	SN_TRY(write_all(&w, why));
	sn_buf_fmt(report, "%zu taken, %zu here before, %zu older, %zu refused\n", im->taken,
	    im->here, im->older, im->refused);
	return sn_buf_check(report, why);
}
