#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appliance/base/text.h"
#include "firmware-cache/layouts/kds.h"

/* One file of the derived store. */
struct entry {
	char path[KDS_PATH_MAX];
	const struct col_verified *item;
};

struct list {
	struct entry *entries;
	size_t n;
};

static void
list_done(struct list *l)
{
	free(l->entries);
	*l = (struct list){ 0 };
}

/* By path; where two items claim one path, the one with the smaller digest comes first. */
static int
by_path(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = strcmp(x->path, y->path);

	return order != 0
	    ? order
	    : memcmp(col_verified_sha256(x->item), col_verified_sha256(y->item), 32);
}

static enum sn_err
collect(const struct col_store *s, struct list *ret, struct sn_why *why)
{
	const struct col_row *rows = NULL;
	size_t n = 0;

	SN_TRY(col_store_rows(s, &rows, &n, why));
	ret->entries = calloc(n + 1, sizeof(*ret->entries));
	if (ret->entries == NULL)
		return sn_fail(why, SN_E_NOMEM, "%zu VCEKs", n);
	for (size_t i = 0; i < n; i++) {
		struct entry *e = &ret->entries[ret->n];
		char hwid[2 * AMD_HWID_MAX + 1], name[AMD_TCB_NAME_MAX];
		const struct amd_leaf *leaf;

		if (!rows[i].ok || rows[i].kind != COL_KIND_AMD_VCEK ||
		    (rows[i].notes & COL_NOTE_SUPERSEDED) != 0)
			continue;
		leaf = col_verified_amd_leaf(rows[i].verified);
		sn_hex((struct bytes){ leaf->hwid, leaf->hwid_len }, hwid);
		amd_tcb_name(&leaf->tcb, name);
		snprintf(e->path, sizeof(e->path), KDS_PREFIX "/vcek/%s/%s", hwid, name);
		e->item = rows[i].verified;
		ret->n++;
	}
	if (ret->n > 0)
		qsort(ret->entries, ret->n, sizeof(*ret->entries), by_path);
	return SN_OK;
}

enum sn_err
kds_each(const struct col_store *s,
    enum sn_err (*fn)(void *arg, const char *path, struct bytes bytes, struct sn_why *why),
    void *arg, struct sn_why *why)
{
	SN_CLEANUP(list_done) struct list l = { 0 };

	SN_TRY(collect(s, &l, why));
	for (size_t i = 0; i < l.n; i++) {
		if (i > 0 && strcmp(l.entries[i - 1].path, l.entries[i].path) == 0)
			continue;
		SN_TRY(fn(arg, l.entries[i].path, col_verified_leaf_der(l.entries[i].item),
		    why));
	}
	return SN_OK;
}
