#include "firmware-cache/cache/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
cache_status_done(struct cache_status *s)
{
	if (s == NULL)
		return;
	cache_view_done(&s->view);
	cache_fresh_done(&s->fresh);
	free(s->v);
	s->v = NULL;
	s->n = 0;
}

/* ---- the lines */

/* With a plan: what its nodes need. */
static void
lines_of_plan(struct cache_status *s)
{
	for (size_t i = 0; i < s->cover.n; i++) {
		const struct cover_row *r = &s->cover.row[i];

		for (enum cover_item k = COVER_AMD_CHAIN; k < COVER_ITEMS; k++) {
			const struct cover_cell *c = &r->cell[k];
			struct status_line *l = &s->v[s->n];

			if (c->state == COVER_NOT_NEEDED)
				continue;
			*l = (struct status_line){ .node = r->node->name,
				.item = cover_item_name(k),
				.channel = "",
				.state = c->state,
				.good_until = c->good_until,
				.reason = c->reason,
				.err = c->state == COVER_MISSING ? SN_E_MISSING
				    : c->item != NULL		 ? c->item->err
								 : SN_OK,
				.count = 1 };
			memcpy(l->label, c->wanted, sizeof(l->label));
			s->n++;
		}
	}
}

/* Is there a good item that says the same as this lapsed one? */
static bool
replaced(const struct cache_view *v, const struct cache_item *old)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->v[i].ok && v->v[i].kind == old->kind &&
		    strcmp(v->v[i].label, old->label) == 0 && v->v[i].issued >= old->issued)
			return true;
	return false;
}

static void
line_of_item(const struct cache_view *v, const struct cache_item *it, struct status_line *l)
{
	*l = (struct status_line){ .node = "",
		.item = col_kind_name(it->kind),
		.channel = it->nchannels > 0 ? it->channel[0] : "",
		.state = COVER_OK,
		.good_until = it->good_until,
		.reason = it->reason != NULL ? it->reason : "",
		.err = it->err,
		.count = 1 };
	snprintf(l->label, sizeof(l->label), "%.*s", COL_LABEL_MAX - 1,
	    it->label[0] != '\0' ? it->label : it->path);
	if (!it->ok)
		l->state = it->err == SN_E_EXPIRED ? COVER_LAPSED : COVER_REFUSED;
	else if (it->good_until - v->at <= (int64_t)COVER_SOON_DAYS * COVER_DAY)
		l->state = COVER_SOON;
}

/* The line of all machines' certificates of that kind and product; NULL when there is none. */
static struct status_line *
line_of_kind(struct cache_status *s, const char *label)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].count > 0 && strcmp(s->v[i].label, label) == 0)
			return &s->v[i];
	return NULL;
}

static void
add_leaf(struct cache_status *s, const struct cache_item *it)
{
	char label[COL_LABEL_MAX];
	struct status_line *l, one;

	if (it->facts.product != AMD_PRODUCT_COUNT)
		snprintf(label, sizeof(label), "%s %s", col_kind_name(it->kind),
		    amd_product_name(it->facts.product));
	else
		snprintf(label, sizeof(label), "%s", col_kind_name(it->kind));
	line_of_item(&s->view, it, &one);
	memcpy(one.label, label, sizeof(one.label));
	one.channel = "";
	l = line_of_kind(s, label);
	if (l == NULL) {
		s->v[s->n++] = one;
		return;
	}
	one.count += l->count;
	if (one.good_until < l->good_until)
		*l = one;
	else
		l->count = one.count;
}

/* Without a plan: what is here and was not replaced; machines' certificates together. */
static void
lines_of_view(struct cache_status *s)
{
	for (size_t i = 0; i < s->view.n; i++) {
		const struct cache_item *it = &s->view.v[i];

		if (it->carried || (it->notes & COL_NOTE_SUPERSEDED) != 0)
			continue;
		if (it->ok && cache_kind_leaf(it->kind))
			add_leaf(s, it);
		else if (it->ok || (it->err != SN_E_EXPIRED && it->err != SN_E_SEQUENCE) ||
		    !replaced(&s->view, it))
			line_of_item(&s->view, it, &s->v[s->n++]);
	}
}

static int
by_line(const void *a, const void *b)
{
	const struct status_line *x = a, *y = b;
	int order = strcmp(x->item, y->item);

	if (order == 0)
		order = strcmp(x->label, y->label);
	return order != 0 ? order : strcmp(x->channel, y->channel);
}

/* ---- making */

static void
count(struct cache_status *s, const struct cache *c)
{
	size_t n = 0;
	const struct cache_origin *all = cache_origins(c, &n);

	for (size_t i = 0; i < s->view.n; i++) {
		const struct cache_item *it = &s->view.v[i];

		if (it->carried)
			s->carried++;
		else if (!it->ok)
			*(it->err == SN_E_EXPIRED ? &s->lapsed : &s->refused) += 1;
		else
			*((it->notes & COL_NOTE_SUPERSEDED) != 0 ? &s->superseded
								 : &s->accepted) += 1;
	}
	for (size_t i = 0; i < n; i++)
		s->absent += cache_origin_of(c, all[i].sha256) == &all[i] &&
		    cache_view_find(&s->view, all[i].sha256) == NULL;
}

enum sn_err
cache_status_make(const struct cache *c, const struct col_policy *policy,
    const struct cache_plan *plan, struct cache_status *ret, struct sn_why *why)
{
	struct cache_status *s = ret;

	memset(s, 0, sizeof(*s));
	SN_TRY(cache_view_make(c, policy, &s->fresh, &s->view, why));
	count(s, c);
	s->v = calloc(s->view.n + (size_t)CACHE_NODES_MAX * COVER_ITEMS + 1, sizeof(*s->v));
	if (s->v == NULL)
		return sn_fail(why, SN_E_NOMEM, "%zu lines", s->view.n);
	s->planned = plan != NULL;
	if (plan != NULL) {
		s->plan = *plan;
		cache_cover(&s->view, &s->fresh, &s->plan, &s->cover);
		lines_of_plan(s);
	} else {
		lines_of_view(s);
		if (s->n > 0)
			qsort(s->v, s->n, sizeof(*s->v), by_line);
	}
	for (size_t i = 0; i < s->n; i++)
		if (cover_is_good(s->v[i].state) &&
		    (s->first == NULL || s->v[i].good_until < s->first->good_until))
			s->first = &s->v[i];
	return SN_OK;
}

enum sn_err
cache_status_verdict(const struct cache_status *s, struct sn_why *why)
{
	const struct status_line *bad = NULL;
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (cover_is_good(s->v[i].state))
			continue;
		n++;
		if (bad == NULL)
			bad = &s->v[i];
	}
	if (bad != NULL)
		return sn_fail(why, bad->err, "%zu of %zu wanting, first %s%s%s: %s", n, s->n,
		    bad->node, bad->node[0] != '\0' ? ": " : "", bad->label, bad->reason);
	if (s->n == 0)
		return sn_fail(why, SN_E_MISSING, "there is nothing to cover: no %s",
		    s->planned ? "nodes in the plan" : "collateral in this cache");
	for (size_t i = 0; i < s->view.n; i++)
		if (!s->view.v[i].has_sha256 && !s->view.v[i].ok)
			return sn_fail(why, s->view.v[i].err, "%s: %s", s->view.v[i].path,
			    s->view.v[i].reason);
	return SN_OK;
}
