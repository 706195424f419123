#include <string.h>
#include <strings.h>

#include "appliance/base/file.h"
#include "appliance/base/json.h"
#include "ceremony/bundle/judge.h"

enum sn_err
bun_check_load(struct bun_case *c, const struct bun_source *source, struct sn_why *why)
{
	enum sn_err e = c->kind == BUN_KIND_OPS
	    ? bun_dir_load_ops(source, c->number, &c->dir, why)
	    : bun_dir_load(source, &c->dir, why);

	if (e == SN_E_LIMIT && why != NULL)
		why->err = SN_E_FORMAT;
	if (e != SN_OK)
		return e == SN_E_LIMIT ? SN_E_FORMAT : e;
	SN_TRY(bun_dir_get(&c->dir, BUN_STATEMENT, &c->text, why));
	e = bun_statement_parse_kind(c->kind, c->text, &c->st, why);
	if (e == SN_E_LIMIT && why != NULL)
		why->err = SN_E_FORMAT;
	c->report->files = c->dir.n + c->dir.uncovered;
	return e == SN_E_LIMIT ? SN_E_FORMAT : e;
}

/* FAT and many a copy know no case: two such names would become one file. */
static enum sn_err
check_case(const struct bun_dir *d, struct sn_why *why)
{
	for (size_t i = 0; i < d->n; i++)
		for (size_t k = i + 1; k < d->n; k++)
			if (strcasecmp(d->file[i].path, d->file[k].path) == 0)
				return sn_fail(why, SN_E_MISSING,
				    "%s: differs only in case from %s", d->file[k].path,
				    d->file[i].path);
	return SN_OK;
}

enum sn_err
bun_check_listed(struct bun_case *c, struct sn_why *why)
{
	const char *path;

	for (size_t i = 0; (path = bun_required(c->kind, i)) != NULL; i++)
		if (bun_dir_find(&c->dir, path) == NULL)
			return sn_fail(why, SN_E_MISSING, "%s: is missing", path);
	for (size_t i = 0; i < c->st.nsubjects; i++)
		if (bun_dir_find(&c->dir, c->st.subject[i].path) == NULL)
			return sn_fail(why, SN_E_MISSING, "%s: is missing",
			    c->st.subject[i].path);
	for (size_t i = 0; (path = bun_required(c->kind, i)) != NULL; i++)
		if (bun_class_of(path) == BUN_BOUND &&
		    bun_statement_subject(&c->st, path) == NULL)
			return sn_fail(why, SN_E_MISSING, "%s: the statement does not list it",
			    path);
	for (size_t i = 0; i < c->dir.n; i++) {
		const struct bun_loaded *f = &c->dir.file[i];

		if (f->class == BUN_BOUND && bun_statement_subject(&c->st, f->path) == NULL)
			return sn_fail(why, SN_E_MISSING, "%s: the statement does not list it",
			    f->path);
	}
	SN_TRY(check_case(&c->dir, why));
	bun_note(c, "%zu files, %zu of them bound by the statement", c->dir.n, c->st.nsubjects);
	if (c->dir.unjudged > 0)
		bun_note(c, "%zu files of later events are there, and NOT judged here",
		    c->dir.unjudged);
	return SN_OK;
}

enum sn_err
bun_check_digests(struct bun_case *c, struct sn_why *why)
{
	for (size_t i = 0; i < c->st.nsubjects; i++) {
		const struct bun_subject *s = &c->st.subject[i];
		const struct bun_loaded *f = bun_dir_find(&c->dir, s->path);

		if (f == NULL || memcmp(f->sha256, s->sha256, sizeof(s->sha256)) != 0)
			return sn_fail(why, SN_E_SIGNATURE,
			    "%s: is not the file that the statement lists", s->path);
	}
	return SN_OK;
}

/* Built again from the statement and compared whole. */
enum sn_err
bun_check_sums(struct bun_case *c, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf sums = { 0 };
	struct bytes there;

	for (size_t i = 0; i < c->st.nsubjects; i++) {
		if (strcmp(c->st.subject[i].path, BUN_SUMS) == 0)
			continue;
		sn_buf_hex(&sums, BYTES_OF(c->st.subject[i].sha256));
		sn_buf_fmt(&sums, "  %s\n", c->st.subject[i].path);
	}
	SN_TRY(sn_buf_check(&sums, why));
	SN_TRY(bun_dir_get(&c->dir, BUN_SUMS, &there, why));
	if (!bytes_equal(sn_buf_bytes(&sums), there))
		return sn_fail(why, SN_E_SIGNATURE,
		    BUN_SUMS ": does not say what the "
			     "statement says");
	return SN_OK;
}

static bool
is_true(yyjson_val *item, const char *key)
{
	return yyjson_get_bool(yyjson_obj_get(item, key));
}

/* One row of status.json: what it accepted or carried must be there, byte for byte. */
static enum sn_err
check_item(const struct bun_case *c, yyjson_val *item, size_t *accepted, size_t *carried,
    struct sn_why *why)
{
	const char *path, *word;
	char full[600];
	uint8_t sha256[32];

	if (!yyjson_is_obj(item) || !yyjson_is_bool(yyjson_obj_get(item, "accepted")))
		return sn_fail(why, SN_E_FORMAT, BUN_STATUS ": an item without a verdict");
	if (!is_true(item, "accepted") && !is_true(item, "carried"))
		return SN_OK;
	word = is_true(item, "accepted") ? "accepted" : "carried";
	SN_TRY(sn_json_str(item, "path", 255, &path, BUN_STATUS, why));
	SN_TRY(sn_json_hex(item, "sha256", sha256, sizeof(sha256), BUN_STATUS, why));
	snprintf(full, sizeof(full), "%s%s",
	    is_true(item, "accepted") ? BUN_ORIGINALS : BUN_CARRIED, path);
	const struct bun_loaded *f = bun_dir_find(&c->dir, full);
	if (f == NULL)
		return sn_fail(why, SN_E_MISSING, "%s: was %s and is not here", full, word);
	if (memcmp(f->sha256, sha256, sizeof(sha256)) != 0)
		return sn_fail(why, SN_E_SIGNATURE, "%s: is not what was %s", full, word);
	(*(is_true(item, "accepted") ? accepted : carried))++;
	return SN_OK;
}

static size_t
count_below(const struct bun_case *c, const char *folder)
{
	size_t n = 0;

	for (size_t i = 0; i < c->dir.n; i++)
		n += strncmp(c->dir.file[i].path, folder, strlen(folder)) == 0;
	return n;
}

enum sn_err
bun_check_collateral(struct bun_case *c, struct sn_why *why)
{
	SN_CLEANUP(sn_json_free) yyjson_doc *doc = NULL;
	const size_t originals = count_below(c, BUN_ORIGINALS),
		     others = count_below(c, BUN_CARRIED);
	size_t accepted = 0, carried = 0, i, max;
	struct bytes status;
	yyjson_val *items, *item;

	if (bun_dir_find(&c->dir, BUN_STATUS) == NULL && originals + others == 0)
		return SN_OK;
	SN_TRY(bun_dir_get(&c->dir, BUN_STATUS, &status, why));
	SN_TRY(sn_json_parse(status, BUN_STATUS, false, &doc, why));
	SN_TRY(sn_json_arr(yyjson_doc_get_root(doc), "items", 0, BUN_MAX_FILES, &items,
	    BUN_STATUS, why));
	yyjson_arr_foreach(items, i, max, item)
	    SN_TRY(check_item(c, item, &accepted, &carried, why));
	if (accepted != originals)
		return sn_fail(why, SN_E_SIGNATURE,
		    BUN_STATUS ": accepts %zu items, %zu are here", accepted, originals);
	if (carried != others)
		return sn_fail(why, SN_E_SIGNATURE,
		    BUN_STATUS ": carries %zu items, %zu are here", carried, others);
	bun_note(c, "%zu collateral originals, as accepted", accepted);
	if (carried > 0)
		bun_note(c, "%zu items carried, which nothing here has verified", carried);
	return SN_OK;
}
