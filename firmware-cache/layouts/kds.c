#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appliance/base/text.h"
#include "firmware-cache/layouts/kds.h"

/* One file of the derived store. */
struct entry {
	char path[LAY_PATH_MAX + 1];
	const struct col_verified *item;
	int64_t issued;
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
		snprintf(e->path, sizeof(e->path), KDS_FOLDER "/vcek/%s/%s", hwid, name);
		e->item = rows[i].verified;
		e->issued = rows[i].issued;
		ret->n++;
	}
	if (ret->n > 0)
		qsort(ret->entries, ret->n, sizeof(*ret->entries), by_path);
	return SN_OK;
}

/* What Trustee loads is this certificate's levels and chip, or the file is not handed out. */
static enum sn_err
read_back(const struct entry *e, struct sn_why *why)
{
	SN_CLEANUP(cry_cert_free) struct cry_cert *cert = NULL;
	struct amd_leaf leaf = { 0 };
	char path[LAY_PATH_MAX + 1], hwid[2 * AMD_HWID_MAX + 1], name[AMD_TCB_NAME_MAX];

	SN_TRY(cry_cert_parse(col_verified_leaf_der(e->item), &cert, why));
	SN_TRY(amd_leaf_parse(cert, &leaf, why));
	sn_hex((struct bytes){ leaf.hwid, leaf.hwid_len }, hwid);
	amd_tcb_name(&leaf.tcb, name);
	snprintf(path, sizeof(path), KDS_FOLDER "/vcek/%s/%s", hwid, name);
	return strcmp(path, e->path) == 0
	    ? SN_OK
	    : sn_fail(why, SN_E_INTERNAL, "%s does not read back", e->path);
}

static bool
has_chain(const struct col_store *s)
{
	const struct col_row *rows = NULL;
	size_t n = 0;

	if (col_store_rows(s, &rows, &n, NULL) != SN_OK)
		return false;
	for (size_t i = 0; i < n; i++)
		if (rows[i].ok && rows[i].kind == COL_KIND_AMD_CHAIN)
			return true;
	return false;
}

enum sn_err
kds_write(const struct lay_input *in, const struct lay_out *out, struct sn_why *why)
{
	SN_CLEANUP(list_done) struct list l = { 0 };

	SN_TRY(collect(in->store, &l, why));
	if (l.n == 0 && has_chain(in->store))
		return out->left_out(out->arg, "trustee-kds", KDS_FOLDER,
		    "no VCEK is here, and Trustee's offline store must not be empty", why);
	for (size_t i = 0; i < l.n; i++) {
		const struct entry *e = &l.entries[i];

		if (i > 0 && strcmp(e[-1].path, e->path) == 0)
			continue;
		SN_TRY(read_back(e, why));
		SN_TRY(out->file(out->arg, e->path, col_verified_leaf_der(e->item), e->issued,
		    why));
	}
	return SN_OK;
}
