#include <stdlib.h>
#include <string.h>

#include "appliance/base/text.h"
#include "firmware-cache/cache/view_priv.h"

#define VIEW_ITEMS_MAX (2 * CACHE_ITEMS_MAX)

static void
item_done(struct cache_item *it)
{
	free(it->path);
	free(it->url);
	free(it->reason);
	sn_buf_done(&it->bytes);
}

void
cache_view_done(struct cache_view *v)
{
	if (v == NULL)
		return;
	for (size_t i = 0; i < v->n; i++)
		item_done(&v->v[i]);
	free(v->v);
	*v = (struct cache_view){ 0 };
}

enum sn_err
cache_view_new(struct cache_view *v, const char *path, struct cache_item **ret,
    struct sn_why *why)
{
	if (v->n >= VIEW_ITEMS_MAX)
		return sn_fail(why, SN_E_LIMIT, "more than %u files", VIEW_ITEMS_MAX);
	if (v->n == v->cap) {
		size_t cap = v->cap != 0 ? 2 * v->cap : 64;
		struct cache_item *items = reallocarray(v->v, cap, sizeof(*items));

		if (items == NULL)
			return sn_fail(why, SN_E_NOMEM, "%zu items", cap);
		v->v = items;
		v->cap = cap;
	}
	*ret = &v->v[v->n];
	**ret = (struct cache_item){ .path = strdup(path) };
	if ((*ret)->path == NULL)
		return sn_fail(why, SN_E_NOMEM, "%zu items", v->n);
	v->n++;
	for (char *s = (*ret)->path; *s != '\0'; s++)
		if (*s < ' ' || *s > '~')
			*s = '?';
	(*ret)->facts.product = AMD_PRODUCT_COUNT;
	return SN_OK;
}

enum sn_err
cache_item_refuse(struct cache_item *it, const struct sn_why *bad, struct sn_why *why)
{
	free(it->reason);
	it->reason = strdup(bad->text);
	if (it->reason == NULL)
		return sn_fail(why, SN_E_NOMEM, "a reason");
	it->ok = false;
	it->judged = true;
	it->err = bad->err;
	it->notes = 0;
	it->good_until = 0;
	return SN_OK;
}

bool
cache_item_has_channel(const struct cache_item *it, const char *channel)
{
	for (size_t i = 0; i < it->nchannels; i++)
		if (strcmp(it->channel[i], channel) == 0)
			return true;
	return false;
}

void
cache_item_add_channel(struct cache_item *it, const char *channel)
{
	if (it->nchannels < CACHE_CHANNELS && !cache_item_has_channel(it, channel))
		memcpy(it->channel[it->nchannels++], channel, strlen(channel) + 1);
}

bool
cache_kind_counts(enum col_kind k)
{
	switch (k) {
	case COL_KIND_AMD_CRL:
	case COL_KIND_INTEL_ROOT_CRL:
	case COL_KIND_INTEL_PCK_CRL:
	case COL_KIND_INTEL_TCB_INFO:
	case COL_KIND_INTEL_IDENTITY:
	case COL_KIND_INTEL_EVALUATION:
	case COL_KIND_IBM_CRL:
		return true;
	case COL_KIND_UNKNOWN:
	case COL_KIND_AMD_CHAIN:
	case COL_KIND_AMD_VCEK:
	case COL_KIND_AMD_VLEK:
	case COL_KIND_INTEL_CHAIN:
	case COL_KIND_INTEL_PCK:
	case COL_KIND_INTEL_PCK_SET:
	case COL_KIND_IBM_CHAIN:
	case COL_KIND_IBM_HOST_KEY:
	case COL_KIND_IBM_HEADER:
	case COL_KIND_NVIDIA_RIM:
	case COL_KIND_NVIDIA_CERTIFICATE:
	case COL_KIND_ARM_CCA:
	case COL_KIND_COUNT:
		break;
	}
	return false;
}

bool
cache_kind_leaf(enum col_kind k)
{
	return k == COL_KIND_AMD_VCEK || k == COL_KIND_AMD_VLEK || k == COL_KIND_INTEL_PCK ||
	    k == COL_KIND_INTEL_PCK_SET || k == COL_KIND_IBM_HOST_KEY;
}

bool
cache_may_sign(struct bytes b)
{
	SN_CLEANUP(cry_cert_free) struct cry_cert *c = NULL;
	enum amd_product product;
	enum amd_role amd;

	if (b.n == 0 || b.p[0] == '{' || b.p[0] == '[' || b.p[0] == '<')
		return false;
	if (b.p[0] == 0x30 && cry_cert_parse(b, &c, NULL) != SN_OK)
		return true; /* a CRL, or nothing */
	if (c == NULL) {
		struct cry_cert *pem[CRY_PEM_CHAIN_MAX] = { 0 };
		size_t n = 0;

		if (cry_cert_parse_pem(b, pem, &n, NULL) != SN_OK)
			return true;
		c = SN_TAKE(pem[0]);
		cry_cert_free_all(pem, CRY_PEM_CHAIN_MAX);
		if (n != 1)
			return true;
	}
	amd = amd_cert_role(c, &product);
	return amd != AMD_ROLE_VCEK && amd != AMD_ROLE_VLEK &&
	    intel_cert_role(c) != INTEL_ROLE_PCK;
}

/* ---- the originals of a cache */

struct adding {
	struct cache_view *view;
	const struct cache *cache;
};

static enum sn_err
add_origins(struct cache_item *it, const struct cache *c, struct sn_why *why)
{
	const struct cache_origin *last = cache_origin_of(c, it->sha256);
	char channel[CACHE_CHANNEL_MAX];

	if (last == NULL) {
		cache_item_add_channel(it, cache_channel(NULL, "", channel));
		return SN_OK;
	}
	for (size_t i = 0; cache_origin_nth(c, it->sha256, i) != NULL; i++) {
		const struct cache_origin *o = cache_origin_nth(c, it->sha256, i);

		cache_item_add_channel(it, o->channel);
		if (o->decision != NULL)
			it->decision = o->decision;
	}
	free(it->path);
	it->path = strdup(last->path);
	if (last->url != NULL)
		it->url = strdup(last->url);
	it->fetched = last->fetched;
	if (it->path == NULL || (last->url != NULL && it->url == NULL))
		return sn_fail(why, SN_E_NOMEM, "an origin");
	return SN_OK;
}

static enum sn_err
add_original(void *arg, const struct cache_entry *entry, struct sn_why *why)
{
	struct adding *a = arg;
	struct cache_item *it = NULL;

	SN_TRY(cache_view_new(a->view, entry->path, &it, why));
	it->in_cache = true;
	if (entry->bad != NULL)
		return cache_item_refuse(it, entry->bad, why);
	it->has_sha256 = true;
	memcpy(it->sha256, entry->sha256, 32);
	it->size = entry->bytes.n;
	it->signer = cache_may_sign(entry->bytes);
	if (it->signer) {
		sn_buf_put(&it->bytes, entry->bytes);
		SN_TRY(sn_buf_check(&it->bytes, why));
	}
	return add_origins(it, a->cache, why);
}

enum sn_err
cache_view_add_cache(struct cache_view *v, const struct cache *c, struct sn_why *why)
{
	struct adding a = { v, c };

	return cache_each(c, add_original, &a, why);
}

struct cache_item *
cache_view_find(const struct cache_view *v, const uint8_t sha256[32])
{
	size_t low = 0, high = v->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = v->v[mid].has_sha256 ? memcmp(v->v[mid].sha256, sha256, 32) : 1;

		if (order == 0)
			return &v->v[mid];
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

/* ---- the same bytes are one item */

/* Strangers last, in order of path; a cache's before a folder's of the same digest. */
static int
by_digest(const void *a, const void *b)
{
	const struct cache_item *x = a, *y = b;
	int order;

	if (x->has_sha256 != y->has_sha256)
		return x->has_sha256 ? -1 : 1;
	order = x->has_sha256 ? memcmp(x->sha256, y->sha256, 32) : 0;
	if (order == 0 && x->in_cache != y->in_cache)
		return x->in_cache ? -1 : 1;
	return order != 0 ? order : strcmp(x->path, y->path);
}

/* The folder's item y is x already: the cache keeps its copy, the folder says where from. */
static enum sn_err
merge_into(struct cache_item *x, const struct cache_item *y, struct sn_why *why)
{
	for (size_t i = 0; i < y->nchannels; i++)
		cache_item_add_channel(x, y->channel[i]);
	if (!x->in_folder && y->in_folder) {
		free(x->path);
		x->path = strdup(y->path);
		memcpy(x->folder_channel, y->folder_channel, sizeof(x->folder_channel));
		if (x->path == NULL)
			return sn_fail(why, SN_E_NOMEM, "a path");
	}
	x->in_folder = x->in_folder || y->in_folder;
	return SN_OK;
}

enum sn_err
cache_view_merge(struct cache_view *v, struct sn_why *why)
{
	size_t kept = 0;

	if (v->n == 0)
		return SN_OK;
	qsort(v->v, v->n, sizeof(*v->v), by_digest);
	for (size_t i = 0; i < v->n; i++) {
		struct cache_item *last = kept > 0 ? &v->v[kept - 1] : NULL;

		if (last == NULL || !v->v[i].has_sha256 ||
		    memcmp(last->sha256, v->v[i].sha256, 32) != 0) {
			if (kept != i) {
				v->v[kept] = v->v[i];
				v->v[i] = (struct cache_item){ 0 };
			}
			kept++;
			continue;
		}
		SN_TRY(merge_into(last, &v->v[i], why));
		item_done(&v->v[i]);
		v->v[i] = (struct cache_item){ 0 };
	}
	v->n = kept;
	return SN_OK;
}
