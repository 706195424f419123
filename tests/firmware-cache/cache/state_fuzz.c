#include <stdlib.h>

#include "firmware-cache/cache/cover.h"
#include "firmware-cache/cache/priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is read and written is read again, and written as it was. */
static void
origins(struct bytes text)
{
	struct cache a = { 0 }, b = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf once = { 0 }, twice = { 0 };

	if (cache_origins_parse(&a, text, NULL) == SN_OK) {
		if (cache_origins_write(&a, &once, NULL) != SN_OK ||
		    cache_origins_parse(&b, sn_buf_bytes(&once), NULL) != SN_OK ||
		    cache_origins_write(&b, &twice, NULL) != SN_OK || a.n != b.n ||
		    !bytes_equal(sn_buf_bytes(&once), sn_buf_bytes(&twice)))
			abort();
		for (size_t i = 0; i < a.n; i++)
			if (cache_origin_of(&a, a.origins[i].sha256) == NULL)
				abort();
	}
	cache_origins_done(&a);
	cache_origins_done(&b);
}

static void
freshness(struct bytes text)
{
	SN_CLEANUP(cache_fresh_done) struct cache_fresh a = { 0 };
	SN_CLEANUP(cache_fresh_done) struct cache_fresh b = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf once = { 0 }, twice = { 0 };

	if (cache_fresh_parse(text, &a, NULL) != SN_OK)
		return;
	if (cache_fresh_write(&a, &once, NULL) != SN_OK ||
	    cache_fresh_parse(sn_buf_bytes(&once), &b, NULL) != SN_OK ||
	    cache_fresh_write(&b, &twice, NULL) != SN_OK ||
	    !bytes_equal(sn_buf_bytes(&once), sn_buf_bytes(&twice)))
		abort();
}

/* Any plan that is read can be covered, by nothing. */
static void
plan(struct bytes text)
{
	const struct cache_view view = { 0 };
	const struct cache_fresh fresh = { 0 };
	struct cache_plan p = { 0 };
	struct cover k;

	if (cache_plan_read(text, "plan", &p, NULL) != SN_OK)
		return;
	cache_cover(&view, &fresh, &p, &k);
	if (k.n != p.n || (p.n > 0) != (k.wanting > 0))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes text = { data, size };

	origins(text);
	freshness(text);
	plan(text);
	return 0;
}
