#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "appliance/base/file.h"
#include "appliance/base/text.h"
#include "firmware-cache/store/priv.h"

static void
item_free(struct col_item **ip)
{
	if (*ip == NULL)
		return;
	col_claim_done(&(*ip)->claim);
	sn_buf_done(&(*ip)->bytes);
	free(*ip);
	*ip = NULL;
}

enum sn_err
col_store_new(const struct col_policy *policy, struct col_store **ret, struct sn_why *why)
{
	struct col_store *s;

	if (!policy->rehearsal && col_roots_any(&policy->extra))
		return sn_fail(why, SN_E_REHEARSAL,
		    "root keys beside the vendors' own are for rehearsals only");
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return sn_fail(why, SN_E_NOMEM, "collateral store");
	s->policy = *policy;
	if (s->policy.max_items == 0)
		s->policy.max_items = COL_ITEMS_MAX;
	if (s->policy.max_bytes == 0)
		s->policy.max_bytes = COL_TOTAL_BYTES_MAX;
	s->items = calloc(s->policy.max_items, sizeof(struct col_item *));
	if (s->items == NULL) {
		free(s);
		return sn_fail(why, SN_E_NOMEM, "collateral store");
	}
	*ret = s;
	return SN_OK;
}

void
col_store_free(struct col_store **sp)
{
	struct col_store *s;

	if (sp == NULL || *sp == NULL)
		return;
	s = *sp;
	for (size_t i = 0; i < s->n; i++)
		item_free(&s->items[i]);
	free(s->items);
	free(s->rows);
	free(s->pool.certs);
	free(s->pool.crls);
	free(s);
	*sp = NULL;
}

/* FNV-1a of the path in lower case: what differs in it differs in more than case. */
static uint32_t
fold(const char *path)
{
	uint32_t h = 2166136261U;

	for (; *path != '\0'; path++) {
		unsigned char c = (unsigned char)*path;

		if (c >= 'A' && c <= 'Z')
			c = (unsigned char)(c + ('a' - 'A'));
		h = (h ^ c) * 16777619U;
	}
	return h;
}

/* A new item at the end of the store, its path set. */
static enum sn_err
new_item(struct col_store *s, const char *path, struct col_item **ret, struct sn_why *why)
{
	struct col_item *it;

	if (s->n == s->policy.max_items)
		return sn_fail(why, SN_E_LIMIT, "%s: more than %zu items of collateral", path,
		    s->policy.max_items);
	it = calloc(1, sizeof(*it));
	if (it == NULL)
		return sn_fail(why, SN_E_NOMEM, "%s", path);
	snprintf(it->path, sizeof(it->path), "%s", path);
	it->fold = fold(path);
	*ret = it;
	return SN_OK;
}

enum sn_err
col_store_add_refused(struct col_store *s, const char *path, const struct sn_why *own,
    struct sn_why *why)
{
	struct col_item *it = NULL;

	SN_TRY(new_item(s, path, &it, why));
	for (char *c = it->path; *c != '\0'; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	col_label_path(&it->claim, it->path);
	it->claim.why = *own;
	s->items[s->n++] = it;
	return SN_OK;
}

/* Something too large is a row like any other, without bytes. */
enum sn_err
col_store_add_oversize(struct col_store *s, const char *path, uint64_t size, struct sn_why *why)
{
	struct sn_why own = { 0 };

	(void)sn_fail(&own, SN_E_LIMIT, "%llu bytes, at most %u are taken",
	    (unsigned long long)size, COL_ITEM_BYTES_MAX);
	return col_store_add_refused(s, path, &own, why);
}

static enum sn_err
check_new(const struct col_store *s, const char *path, struct sn_why *why)
{
	if (s->checked)
		return sn_fail(why, SN_E_INTERNAL, "%s: the store is closed", path);
	if (!sn_path_ok(path))
		return sn_fail(why, SN_E_FORMAT, "\"%s\" is not a path that is accepted", path);
	for (size_t i = 0, h = fold(path); i < s->n; i++) {
		const char *other = s->items[i]->path;

		if (s->items[i]->fold != h)
			continue;
		if (strcmp(other, path) == 0)
			return sn_fail(why, SN_E_FORMAT, "%s: there twice", path);
		if (strcasecmp(other, path) == 0)
			return sn_fail(why, SN_E_FORMAT,
			    "%s: differs from %s in upper and lower case alone", path, other);
	}
	return SN_OK;
}

/*
 * The same bytes again: one item, under the first path that agrees with them. A path that does
 * not is refused, wherever the others stand.
 */
static enum sn_err
merge(struct col_store *s, struct col_item *it, const char *path, struct sn_why *why)
{
	struct col_claim again = { 0 };
	struct sn_why own = { 0 };
	char first[COL_PATH_MAX + 1];
	enum sn_err e;

	if (it->claim.why.err == SN_OK) {
		e = col_claim_named(path, &it->claim, &own);
		if (col_fatal(e))
			return sn_fail(why, e, "%s", own.text);
		return e == SN_OK ? SN_OK : col_store_add_refused(s, path, &own, why);
	}
	e = col_claim_read(path, sn_buf_bytes(&it->bytes), &again, why);
	if (e != SN_OK || again.why.err != SN_OK) {
		col_claim_done(&again);
		return e; /* refused for what it is */
	}
	own = it->claim.why;
	memcpy(first, it->path, sizeof(first));
	col_claim_done(&it->claim);
	it->claim = again;
	snprintf(it->path, sizeof(it->path), "%s", path);
	it->fold = fold(path);
	return col_store_add_refused(s, first, &own, why);
}

enum sn_err
col_store_add(struct col_store *s, const char *path, struct bytes bytes, struct sn_why *why)
{
	SN_CLEANUP(item_free) struct col_item *it = NULL;
	uint8_t sha256[32];

	SN_TRY(check_new(s, path, why));
	if (bytes.n > COL_ITEM_BYTES_MAX)
		return col_store_add_oversize(s, path, bytes.n, why);
	if (bytes.n > s->policy.max_bytes - s->total)
		return sn_fail(why, SN_E_LIMIT, "%s: more than %zu bytes of collateral", path,
		    s->policy.max_bytes);
	SN_TRY(cry_digest(CRY_SHA256, bytes, sha256, why));
	for (size_t i = 0; i < s->n; i++)
		if (s->items[i]->has_sha256 && memcmp(s->items[i]->sha256, sha256, 32) == 0)
			return merge(s, s->items[i], path, why);
	SN_TRY(new_item(s, path, &it, why));
	sn_buf_put(&it->bytes, bytes);
	SN_TRY(sn_buf_check(&it->bytes, why));
	memcpy(it->sha256, sha256, sizeof(sha256));
	it->has_sha256 = true;
	SN_TRY(col_claim_read(path, sn_buf_bytes(&it->bytes), &it->claim, why));
	s->total += bytes.n;
	s->items[s->n++] = SN_TAKE(it);
	return SN_OK;
}

/* ---- verdicts */

static int
by_path(const void *a, const void *b)
{
	const struct col_item *const *x = a, *const *y = b;

	return strcmp((*x)->path, (*y)->path);
}

void
col_fill_row(const struct col_item *it, struct col_row *row)
{
	memcpy(row->path, it->path, sizeof(row->path));
	memcpy(row->label, it->claim.label, sizeof(row->label));
	if (it->has_sha256)
		sn_hex(BYTES_OF(it->sha256), row->sha256);
	row->claim = &it->claim;
	row->vendor = it->claim.vendor;
	row->kind = it->claim.kind;
	row->carried = !it->refused && it->claim.carried;
	row->ok = !it->refused && !row->carried;
	row->notes = it->notes;
	row->issued = it->claim.issued;
	row->good_until = it->good_until;
	if (it->refused)
		row->why = it->why;
	else if (row->ok)
		row->verified = &it->verified;
}

enum sn_err
col_store_check(struct col_store *s, struct sn_why *why)
{
	if (s->checked)
		return sn_fail(why, SN_E_INTERNAL, "the collateral store was judged before");
	if (s->n > 0)
		qsort(s->items, s->n, sizeof(struct col_item *), by_path);
	SN_TRY(col_judge(s, why));
	s->rows = calloc(s->n + 1, sizeof(*s->rows));
	if (s->rows == NULL)
		return sn_fail(why, SN_E_NOMEM, "%zu rows", s->n);
	for (size_t i = 0; i < s->n; i++)
		col_fill_row(s->items[i], &s->rows[i]);
	s->checked = true;
	return SN_OK;
}

enum sn_err
col_store_rows(const struct col_store *s, const struct col_row **ret_rows, size_t *ret_n,
    struct sn_why *why)
{
	if (!s->checked)
		return sn_fail(why, SN_E_INTERNAL, "the collateral store is not judged yet");
	*ret_rows = s->rows;
	*ret_n = s->n;
	return SN_OK;
}

size_t
col_store_accepted(const struct col_store *s)
{
	size_t n = 0;

	for (size_t i = 0; s->checked && i < s->n; i++)
		n += s->rows[i].ok;
	return n;
}

size_t
col_store_refused(const struct col_store *s)
{
	return s->checked ? s->n - col_store_accepted(s) - col_store_carried(s) : 0;
}

size_t
col_store_carried(const struct col_store *s)
{
	size_t n = 0;

	for (size_t i = 0; s->checked && i < s->n; i++)
		n += s->rows[i].carried;
	return n;
}

const struct col_row *
col_store_first_to_lapse(const struct col_store *s)
{
	const struct col_row *first = NULL;

	for (size_t i = 0; s->checked && i < s->n; i++) {
		const struct col_row *r = &s->rows[i];

		if (r->ok && (r->notes & COL_NOTE_SUPERSEDED) == 0 &&
		    (first == NULL || r->good_until < first->good_until))
			first = r;
	}
	return first;
}

/* ---- verified originals */

struct bytes
col_verified_bytes(const struct col_verified *v)
{
	return sn_buf_bytes(&v->item->bytes);
}

const char *
col_verified_path(const struct col_verified *v)
{
	return v->item->path;
}

const uint8_t *
col_verified_sha256(const struct col_verified *v)
{
	return v->item->sha256;
}

enum col_kind
col_verified_kind(const struct col_verified *v)
{
	return v->item->claim.kind;
}

static bool
has_leaf(const struct col_verified *v)
{
	return v->item->claim.kind == COL_KIND_AMD_VCEK ||
	    v->item->claim.kind == COL_KIND_AMD_VLEK;
}

const struct amd_leaf *
col_verified_amd_leaf(const struct col_verified *v)
{
	return has_leaf(v) ? v->item->claim.facts : NULL;
}

struct bytes
col_verified_leaf_der(const struct col_verified *v)
{
	return has_leaf(v) ? cry_cert_der(v->item->claim.certs[0].x) : (struct bytes){ 0 };
}

const struct cry_cert *
col_verified_cert(const struct col_verified *v, size_t nth)
{
	const struct col_claim *c = &v->item->claim;

	return nth < c->ncerts ? c->certs[nth].x : NULL;
}

const struct cry_crl *
col_verified_crl(const struct col_verified *v)
{
	return v->item->claim.crl;
}

const struct intel_pck_facts *
col_verified_intel_pcks(const struct col_verified *v)
{
	enum col_kind k = v->item->claim.kind;

	return k == COL_KIND_INTEL_PCK || k == COL_KIND_INTEL_PCK_SET ? v->item->claim.facts
								      : NULL;
}

enum sn_err
col_store_each(const struct col_store *s,
    enum sn_err (*fn)(void *arg, const struct col_verified *v, struct sn_why *why), void *arg,
    struct sn_why *why)
{
	const struct col_row *rows = NULL;
	size_t n = 0;

	SN_TRY(col_store_rows(s, &rows, &n, why));
	for (size_t i = 0; i < n; i++)
		if (rows[i].ok)
			SN_TRY(fn(arg, rows[i].verified, why));
	return SN_OK;
}
