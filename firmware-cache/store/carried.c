#include "firmware-cache/store/priv.h"

struct bytes
col_carried_bytes(const struct col_carried *c)
{
	return sn_buf_bytes(&c->item->bytes);
}

const char *
col_carried_path(const struct col_carried *c)
{
	return c->item->path;
}

enum sn_err
col_store_each_carried(const struct col_store *s,
    enum sn_err (*fn)(void *arg, const struct col_carried *c, struct sn_why *why), void *arg,
    struct sn_why *why)
{
	if (!s->checked)
		return sn_fail(why, SN_E_INTERNAL, "the collateral store is not judged yet");
	for (size_t i = 0; i < s->n; i++)
		if (s->items[i]->carried.item != NULL)
			SN_TRY(fn(arg, &s->items[i]->carried, why));
	return SN_OK;
}
