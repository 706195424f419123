#include "ceremony/bundle/compose.h"

#include <stdlib.h>
#include <string.h>

#include "appliance/base/text.h"
#include "ceremony/bundle/statement.h"

/* A JSON object under construction; a failed allocation is noticed once, at the end. */
struct obj {
	yyjson_mut_doc *doc;
	yyjson_mut_val *v;
	bool *failed;
};

static struct obj
obj_in(struct obj *parent, const char *key)
{
	struct obj o = { parent->doc, yyjson_mut_obj(parent->doc), parent->failed };

	if (!yyjson_mut_obj_add_val(parent->doc, parent->v, key, o.v))
		*parent->failed = true;
	return o;
}

static yyjson_mut_val *
array_in(struct obj *parent, const char *key)
{
	yyjson_mut_val *a = yyjson_mut_arr(parent->doc);

	if (!yyjson_mut_obj_add_val(parent->doc, parent->v, key, a))
		*parent->failed = true;
	return a;
}

static struct obj
obj_at(struct obj *parent, yyjson_mut_val *array)
{
	struct obj o = { parent->doc, yyjson_mut_arr_add_obj(parent->doc, array),
		parent->failed };

	if (o.v == NULL)
		*parent->failed = true;
	return o;
}

static void
put_text(struct obj *o, const char *key, const char *s)
{
	if (!yyjson_mut_obj_add_strcpy(o->doc, o->v, key, s))
		*o->failed = true;
}

static void
put_uint(struct obj *o, const char *key, uint64_t n)
{
	if (!yyjson_mut_obj_add_uint(o->doc, o->v, key, n))
		*o->failed = true;
}

static void
put_hex(struct obj *o, const char *key, const uint8_t *p, size_t n)
{
	char hex[2 * 32 + 1];

	sn_hex((struct bytes){ p, n }, hex);
	put_text(o, key, hex);
}

static void
put_time(struct obj *o, const char *key, int64_t t)
{
	char s[TEXT_TIME_LEN + 1];

	text_from_time(t, s);
	put_text(o, key, s);
}

static int
by_name(const void *a, const void *b)
{
	const struct bun_approver *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static int
by_time(const void *a, const void *b)
{
	const struct bun_expiry *const *x = a, *const *y = b;

	if ((*x)->at != (*y)->at)
		return (*x)->at < (*y)->at ? -1 : 1;
	return strcmp((*x)->what, (*y)->what);
}

static void
put_approvers(struct obj *o, const struct bun_predicate *p)
{
	const struct bun_approver *sorted[BUN_MAX_APPROVERS];
	yyjson_mut_val *array = array_in(o, "approvers");

	for (size_t i = 0; i < p->napprovers; i++)
		sorted[i] = &p->approvers[i];
	qsort(sorted, p->napprovers, sizeof(sorted[0]), by_name);
	for (size_t i = 0; i < p->napprovers; i++) {
		struct obj a = obj_at(o, array);

		put_text(&a, "name", sorted[i]->name);
		put_hex(&a, "key_sha256", sorted[i]->key_sha256, 32);
	}
}

static enum sn_err
put_expiries(struct obj *o, const struct bun_predicate *p, struct sn_why *why)
{
	yyjson_mut_val *array = array_in(o, "expires");
	const struct bun_expiry **sorted = calloc(p->nexpires, sizeof(sorted[0]));

	if (sorted == NULL)
		return sn_fail(why, SN_E_NOMEM, "statement");
	for (size_t i = 0; i < p->nexpires; i++)
		sorted[i] = &p->expires[i];
	qsort(sorted, p->nexpires, sizeof(sorted[0]), by_time);
	for (size_t i = 0; i < p->nexpires; i++) {
		struct obj e = obj_at(o, array);

		put_text(&e, "what", sorted[i]->what);
		put_time(&e, "at", sorted[i]->at);
	}
	put_time(o, "earliest_expiry", sorted[0]->at);
	free(sorted);
	return SN_OK;
}

static void
put_people(struct obj *o, const struct bun_predicate *p)
{
	yyjson_mut_val *people = array_in(o, "people");
	yyjson_mut_val *profiles = array_in(o, "profiles");

	for (size_t i = 0; i < p->npeople; i++) {
		struct obj person = obj_at(o, people);

		put_text(&person, "role", p->people[i].role);
		put_hex(&person, "commit", p->people[i].commit, 32);
	}
	for (size_t i = 0; i < p->nprofiles; i++)
		if (!yyjson_mut_arr_add_strcpy(o->doc, profiles, p->profiles[i]))
			*o->failed = true;
}

static void
put_numbers(struct obj *o, const struct bun_predicate *p)
{
	struct obj sanctum = obj_in(o, "sanctum");
	struct obj thresholds = obj_in(o, "thresholds");
	struct obj tree = obj_in(o, "transcript");

	put_hex(&sanctum, "id", p->sanctum_id, sizeof(p->sanctum_id));
	put_text(&sanctum, "name", p->sanctum_name);
	put_uint(&thresholds, "approvals", p->approvals);
	put_uint(&thresholds, "operations", p->ops_threshold);
	put_uint(&thresholds, "shares", p->share_threshold);
	put_uint(&thresholds, "shares_of", p->share_count);
	put_hex(&tree, "root", p->transcript_root, 32);
	put_uint(&tree, "size", p->transcript_size);
}

static void
put_exceptions(struct obj *o, const char *reason)
{
	yyjson_mut_val *array = array_in(o, "exceptions");
	struct obj e = obj_at(o, array);

	put_text(&e, "what", BUN_EXPIRED_COLLATERAL);
	put_text(&e, "reason", reason);
}

static enum sn_err
put_predicate(struct obj *o, const struct bun_predicate *p, struct sn_why *why)
{
	put_time(o, "time", p->time);
	put_uint(o, "time_unix", (uint64_t)p->time);
	put_text(o, "world", p->world);
	put_text(o, "mode", p->mode);
	put_text(o, "evidence_class", p->evidence_class);
	put_uint(o, "sequence", p->sequence);
	if (p->previous != NULL)
		put_hex(o, "previous", p->previous, 32);
	else
		put_text(o, "previous", "");
	if (p->base_sha256 != NULL)
		put_hex(o, "base_sha256", p->base_sha256, 32);
	put_hex(o, "plan_sha256", p->plan_sha256, 32);
	put_hex(o, "identity_sha256", p->identity_sha256, 32);
	if (p->has_collateral_time)
		put_time(o, "collateral_time", p->collateral_time);
	if (p->exception != NULL)
		put_exceptions(o, p->exception);
	if (p->reduced)
		put_text(o, "separation", "reduced");
	put_numbers(o, p);
	put_approvers(o, p);
	put_people(o, p);
	return put_expiries(o, p, why);
}

static void
put_subjects(struct obj *root, const struct bun_digested *files, size_t n)
{
	yyjson_mut_val *array = array_in(root, "subject");

	for (size_t i = 0; i < n; i++) {
		struct obj s = obj_at(root, array);
		struct obj digest = obj_in(&s, "digest");

		put_text(&s, "name", files[i].path);
		put_hex(&digest, "sha256", files[i].sha256, 32);
	}
}

static enum sn_err
check_predicate(const struct bun_predicate *p, struct sn_why *why)
{
	if (p->time < 0 || p->nexpires == 0 || p->nexpires > BUN_MAX_EXPIRES ||
	    p->napprovers > BUN_MAX_APPROVERS || p->npeople > BUN_MAX_PEOPLE ||
	    p->nprofiles > BUN_MAX_PROFILES)
		return sn_fail(why, SN_E_FORMAT,
		    "statement: nothing that expires, or too many parts");
	return SN_OK;
}

void
bun_compose_sums(const struct bun_digested *files, size_t n, struct sn_buf *ret)
{
	for (size_t i = 0; i < n; i++) {
		sn_buf_hex(ret, BYTES_OF(files[i].sha256));
		sn_buf_fmt(ret, "  %s\n", files[i].path);
	}
}

enum sn_err
bun_compose_statement(const struct bun_predicate *p, const struct bun_digested *files, size_t n,
    struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_json_mut_free) yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	SN_CLEANUP(bun_statement_done) struct bun_statement again = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf text = { 0 };
	const enum bun_kind kind = p->base_sha256 != NULL ? BUN_KIND_OPS : BUN_KIND_BUNDLE;
	bool failed = false;
	struct obj root = { doc, yyjson_mut_obj(doc), &failed };

	SN_TRY(check_predicate(p, why));
	put_text(&root, "_type", BUN_TYPE);
	put_text(&root, "predicateType",
	    kind == BUN_KIND_OPS ? BUN_OPS_PREDICATE_TYPE : BUN_PREDICATE_TYPE);
	put_subjects(&root, files, n);
	struct obj predicate = obj_in(&root, "predicate");
	SN_TRY(put_predicate(&predicate, p, why));
	if (failed)
		return sn_fail(why, SN_E_NOMEM, "statement");
	SN_TRY(sn_json_canon(root.v, &text, why));
	SN_TRY(sn_buf_check(&text, why));
	SN_TRY(bun_statement_parse_kind(kind, sn_buf_bytes(&text), &again, why));
	sn_buf_put(ret, sn_buf_bytes(&text));
	return sn_buf_check(ret, why);
}
