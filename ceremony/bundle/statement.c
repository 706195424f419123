#include "ceremony/bundle/statement.h"

#include <stdlib.h>
#include <string.h>

#include "appliance/base/file.h"
#include "appliance/base/text.h"

#define WHAT BUN_STATEMENT

void
bun_statement_done(struct bun_statement *s)
{
	if (s == NULL)
		return;
	sn_json_free(&s->doc);
	free(s->subject);
	free(s->expiry);
	s->subject = NULL;
	s->expiry = NULL;
	s->nsubjects = 0;
	s->nexpiries = 0;
}

static enum sn_err
get_text(yyjson_val *obj, const char *key, const char **ret, struct sn_why *why)
{
	SN_TRY(sn_json_str(obj, key, BUN_MAX_TEXT, ret, WHAT, why));
	if (!bun_text_ok(*ret))
		return sn_fail(why, SN_E_FORMAT, WHAT ": %s is empty or not printable", key);
	return SN_OK;
}

static enum sn_err
get_word(yyjson_val *obj, const char *key, bool (*ok)(const char *), const char **ret,
    struct sn_why *why)
{
	SN_TRY(sn_json_str(obj, key, BUN_MAX_TEXT, ret, WHAT, why));
	if (!ok(*ret))
		return sn_fail(why, SN_E_FORMAT, WHAT ": %s is \"%s\"", key, *ret);
	return SN_OK;
}

static enum sn_err
parse_subject(yyjson_val *obj, struct bun_subject *ret, struct sn_why *why)
{
	static const char *const keys[] = { "digest", "name", NULL };
	static const char *const digests[] = { "sha256", NULL };
	yyjson_val *digest;

	if (!yyjson_is_obj(obj))
		return sn_fail(why, SN_E_FORMAT, WHAT ": a subject is no object");
	SN_TRY(sn_json_only(obj, keys, WHAT, why));
	SN_TRY(sn_json_str(obj, "name", 255, &ret->path, WHAT, why));
	SN_TRY(sn_json_obj(obj, "digest", &digest, WHAT, why));
	SN_TRY(sn_json_only(digest, digests, WHAT, why));
	SN_TRY(sn_json_hex(digest, "sha256", ret->sha256, 32, WHAT, why));
	if (!sn_path_ok(ret->path) || bun_class_of(ret->path) != BUN_BOUND)
		return sn_fail(why, SN_E_FORMAT, WHAT ": %s cannot be a subject", ret->path);
	return SN_OK;
}

static enum sn_err
parse_subjects(struct bun_statement *s, yyjson_val *root, struct sn_why *why)
{
	yyjson_val *arr, *v;
	size_t i, max;

	SN_TRY(sn_json_arr(root, "subject", 1, BUN_MAX_FILES, &arr, WHAT, why));
	s->subject = calloc(yyjson_arr_size(arr), sizeof(*s->subject));
	if (s->subject == NULL)
		return sn_fail(why, SN_E_NOMEM, WHAT);
	yyjson_arr_foreach(arr, i, max, v)
	{
		SN_TRY(parse_subject(v, &s->subject[i], why));
		if (i > 0 && strcmp(s->subject[i - 1].path, s->subject[i].path) >= 0)
			return sn_fail(why, SN_E_FORMAT, WHAT ": subject %s is out of order",
			    s->subject[i].path);
	}
	s->nsubjects = yyjson_arr_size(arr);
	return SN_OK;
}

static enum sn_err
parse_approvers(struct bun_statement *s, yyjson_val *p, struct sn_why *why)
{
	static const char *const keys[] = { "key_sha256", "name", NULL };
	yyjson_val *arr, *v;
	size_t i, max;

	SN_TRY(sn_json_arr(p, "approvers", 2, BUN_MAX_APPROVERS, &arr, WHAT, why));
	yyjson_arr_foreach(arr, i, max, v)
	{
		struct bun_stated_approver *a = &s->approver[i];

		if (!yyjson_is_obj(v))
			return sn_fail(why, SN_E_FORMAT, WHAT ": an approver is no object");
		SN_TRY(sn_json_only(v, keys, WHAT, why));
		SN_TRY(get_word(v, "name", text_name_ok, &a->name, why));
		SN_TRY(sn_json_hex(v, "key_sha256", a->key_sha256, 32, WHAT, why));
		if (i > 0 && strcmp(s->approver[i - 1].name, a->name) >= 0)
			return sn_fail(why, SN_E_FORMAT, WHAT ": approver %s is out of order",
			    a->name);
		for (size_t k = 0; k < i; k++)
			if (memcmp(s->approver[k].key_sha256, a->key_sha256, 32) == 0)
				return sn_fail(why, SN_E_FORMAT,
				    WHAT ": approvers %s and %s have one key",
				    s->approver[k].name, a->name);
	}
	s->napprovers = yyjson_arr_size(arr);
	return SN_OK;
}

static enum sn_err
parse_thresholds(struct bun_statement *s, yyjson_val *p, struct sn_why *why)
{
	static const char *const keys[] = { "approvals", "operations", "shares", "shares_of",
		NULL };
	const uint32_t n = (uint32_t)s->napprovers;
	yyjson_val *t;

	SN_TRY(sn_json_obj(p, "thresholds", &t, WHAT, why));
	SN_TRY(sn_json_only(t, keys, WHAT, why));
	SN_TRY(sn_json_u32(t, "approvals", 2, n, &s->approvals, WHAT, why));
	SN_TRY(sn_json_u32(t, "operations", 2, n, &s->ops_threshold, WHAT, why));
	SN_TRY(sn_json_u32(t, "shares_of", 2, 16, &s->share_count, WHAT, why));
	return sn_json_u32(t, "shares", 2, s->share_count, &s->share_threshold, WHAT, why);
}

static enum sn_err
parse_people(struct bun_statement *s, yyjson_val *p, struct sn_why *why)
{
	static const char *const keys[] = { "commit", "role", NULL };
	yyjson_val *arr, *v;
	uint8_t commit[32];
	const char *role;
	size_t i, max;

	SN_TRY(sn_json_arr(p, "people", 0, BUN_MAX_PEOPLE, &arr, WHAT, why));
	yyjson_arr_foreach(arr, i, max, v)
	{
		if (!yyjson_is_obj(v))
			return sn_fail(why, SN_E_FORMAT, WHAT ": a person is no object");
		SN_TRY(sn_json_only(v, keys, WHAT, why));
		SN_TRY(get_text(v, "role", &role, why));
		SN_TRY(sn_json_hex(v, "commit", commit, sizeof(commit), WHAT, why));
	}
	s->npeople = yyjson_arr_size(arr);
	return SN_OK;
}

/* Absent, or "reduced": then two people, who are all approvers and hold all shares. */
static enum sn_err
parse_separation(struct bun_statement *s, yyjson_val *p, struct sn_why *why)
{
	yyjson_val *v = yyjson_obj_get(p, "separation");

	s->reduced = v != NULL;
	if (v != NULL && !yyjson_equals_str(v, "reduced"))
		return sn_fail(why, SN_E_FORMAT, WHAT ": separation is not \"reduced\"");
	if (s->reduced && (s->napprovers != 2 || s->share_count != 2 || s->npeople != 2))
		return sn_fail(why, SN_E_FORMAT,
		    WHAT ": separation is reduced, but these are not two people");
	return SN_OK;
}

static enum sn_err
parse_profiles(struct bun_statement *s, yyjson_val *p, struct sn_why *why)
{
	yyjson_val *arr, *v;
	size_t i, max;

	SN_TRY(sn_json_arr(p, "profiles", 0, BUN_MAX_PROFILES, &arr, WHAT, why));
	yyjson_arr_foreach(arr, i, max, v)
	{
		if (!yyjson_is_str(v) || strlen(yyjson_get_str(v)) != yyjson_get_len(v) ||
		    !sn_path_ok(yyjson_get_str(v)))
			return sn_fail(why, SN_E_FORMAT, WHAT ": a profile is no name");
	}
	s->nprofiles = yyjson_arr_size(arr);
	s->profiles = arr;
	return SN_OK;
}

static enum sn_err
parse_expiries(struct bun_statement *s, yyjson_val *p, struct sn_why *why)
{
	static const char *const keys[] = { "at", "what", NULL };
	yyjson_val *arr, *v;
	size_t i, max;

	SN_TRY(sn_json_arr(p, "expires", 1, BUN_MAX_EXPIRES, &arr, WHAT, why));
	s->expiry = calloc(yyjson_arr_size(arr), sizeof(*s->expiry));
	if (s->expiry == NULL)
		return sn_fail(why, SN_E_NOMEM, WHAT);
	yyjson_arr_foreach(arr, i, max, v)
	{
		struct bun_stated_expiry *e = &s->expiry[i];

		if (!yyjson_is_obj(v))
			return sn_fail(why, SN_E_FORMAT, WHAT ": an expiry is no object");
		SN_TRY(sn_json_only(v, keys, WHAT, why));
		SN_TRY(sn_json_time(v, "at", &e->at, WHAT, why));
		SN_TRY(get_text(v, "what", &e->what, why));
		if (i > 0 && e->at < e[-1].at)
			return sn_fail(why, SN_E_FORMAT, WHAT ": expiries are out of order");
	}
	s->nexpiries = yyjson_arr_size(arr);
	SN_TRY(sn_json_time(p, "earliest_expiry", &s->earliest_expiry, WHAT, why));
	if (s->earliest_expiry != s->expiry[0].at)
		return sn_fail(why, SN_E_FORMAT,
		    WHAT ": earliest_expiry is not the first of expires");
	return SN_OK;
}

/* At most one exception, of the one kind there is; it is about collateral_time. */
static enum sn_err
parse_exceptions(struct bun_statement *s, yyjson_val *p, struct sn_why *why)
{
	static const char *const keys[] = { "reason", "what", NULL };
	yyjson_val *arr, *o;
	const char *what;

	if (yyjson_obj_get(p, "exceptions") == NULL)
		return SN_OK;
	SN_TRY(sn_json_arr(p, "exceptions", 1, 1, &arr, WHAT, why));
	o = yyjson_arr_get_first(arr);
	if (!yyjson_is_obj(o) || !s->has_collateral_time)
		return sn_fail(why, SN_E_FORMAT,
		    WHAT ": exceptions: no object, or without collateral_time");
	SN_TRY(sn_json_only(o, keys, WHAT, why));
	SN_TRY(sn_json_str(o, "what", BUN_MAX_TEXT, &what, WHAT, why));
	if (strcmp(what, BUN_EXPIRED_COLLATERAL) != 0)
		return sn_fail(why, SN_E_FORMAT, WHAT ": exceptions: \"%s\" is not known",
		    what);
	return get_text(o, "reason", &s->exception, why);
}

static enum sn_err
parse_times(struct bun_statement *s, yyjson_val *p, struct sn_why *why)
{
	yyjson_val *seconds = yyjson_obj_get(p, "time_unix");

	SN_TRY(sn_json_time(p, "time", &s->time, WHAT, why));
	if (!yyjson_is_uint(seconds) || yyjson_get_uint(seconds) != (uint64_t)s->time)
		return sn_fail(why, SN_E_FORMAT, WHAT ": time_unix is not time");
	s->has_collateral_time = yyjson_obj_get(p, "collateral_time") != NULL;
	SN_TRY(parse_exceptions(s, p, why));
	if (!s->has_collateral_time)
		return SN_OK;
	if (strcmp(s->world, "rehearsal") != 0 && s->exception == NULL)
		return sn_fail(why, SN_E_FORMAT,
		    WHAT ": collateral_time, which needs an exception in production");
	return sn_json_time(p, "collateral_time", &s->collateral_time, WHAT, why);
}

static enum sn_err
parse_digests(struct bun_statement *s, yyjson_val *p, struct sn_why *why)
{
	static const char *const sanctum_keys[] = { "id", "name", NULL };
	static const char *const tree_keys[] = { "root", "size", NULL };
	yyjson_val *sanctum, *tree;
	const char *previous;

	SN_TRY(sn_json_str(p, "previous", 64, &previous, WHAT, why));
	s->has_previous = previous[0] != '\0';
	if (s->has_previous)
		SN_TRY(sn_hex_parse(previous, s->previous, 32, WHAT " previous", why));
	SN_TRY(sn_json_hex(p, "plan_sha256", s->plan_sha256, 32, WHAT, why));
	SN_TRY(sn_json_hex(p, "identity_sha256", s->identity_sha256, 32, WHAT, why));
	SN_TRY(sn_json_obj(p, "sanctum", &sanctum, WHAT, why));
	SN_TRY(sn_json_only(sanctum, sanctum_keys, WHAT, why));
	SN_TRY(sn_json_hex(sanctum, "id", s->sanctum_id, 16, WHAT, why));
	SN_TRY(get_text(sanctum, "name", &s->sanctum_name, why));
	SN_TRY(sn_json_obj(p, "transcript", &tree, WHAT, why));
	SN_TRY(sn_json_only(tree, tree_keys, WHAT, why));
	SN_TRY(sn_json_hex(tree, "root", s->transcript_root, 32, WHAT, why));
	return sn_json_u32(tree, "size", 1, UINT32_MAX, &s->transcript_size, WHAT, why);
}

/* What an operations statement follows: the bundle, and the one before but for the first. */
static enum sn_err
parse_operations(struct bun_statement *s, yyjson_val *p, struct sn_why *why)
{
	SN_TRY(sn_json_hex(p, "base_sha256", s->base_sha256, 32, WHAT, why));
	if (s->sequence > BUN_OPS_MAX || s->has_previous != (s->sequence > 1))
		return sn_fail(why, SN_E_FORMAT,
		    WHAT ": operations statement %u %s a previous one", s->sequence,
		    s->has_previous ? "names" : "does not name");
	return SN_OK;
}

static enum sn_err
parse_predicate(struct bun_statement *s, enum bun_kind kind, yyjson_val *p, struct sn_why *why)
{
	const char *const keys[] = { "approvers", "collateral_time", "earliest_expiry",
		"evidence_class", "exceptions", "expires", "identity_sha256", "mode", "people",
		"plan_sha256", "previous", "profiles", "sanctum", "separation", "sequence",
		"thresholds", "time", "time_unix", "transcript", "world",
		kind == BUN_KIND_OPS ? "base_sha256" : NULL, NULL };

	SN_TRY(sn_json_only(p, keys, WHAT, why));
	SN_TRY(get_word(p, "world", bun_world_ok, &s->world, why));
	SN_TRY(get_word(p, "mode", kind == BUN_KIND_OPS ? bun_ops_mode_ok : bun_mode_ok,
	    &s->mode, why));
	SN_TRY(get_word(p, "evidence_class", bun_evidence_ok, &s->evidence_class, why));
	SN_TRY(sn_json_u32(p, "sequence", 1, UINT32_MAX, &s->sequence, WHAT, why));
	SN_TRY(parse_times(s, p, why));
	SN_TRY(parse_digests(s, p, why));
	SN_TRY(parse_approvers(s, p, why));
	SN_TRY(parse_thresholds(s, p, why));
	SN_TRY(parse_people(s, p, why));
	SN_TRY(parse_separation(s, p, why));
	SN_TRY(parse_profiles(s, p, why));
	if (kind == BUN_KIND_OPS)
		SN_TRY(parse_operations(s, p, why));
	return parse_expiries(s, p, why);
}

static enum sn_err
parse_root(struct bun_statement *s, enum bun_kind kind, struct bytes text, struct sn_why *why)
{
	const char *const wanted =
	    kind == BUN_KIND_OPS ? BUN_OPS_PREDICATE_TYPE : BUN_PREDICATE_TYPE;
	static const char *const keys[] = { "_type", "predicate", "predicateType", "subject",
		NULL };
	const char *type, *predicate_type;
	yyjson_val *root, *predicate;

	SN_TRY(sn_json_is_canon(text, WHAT, why));
	SN_TRY(sn_json_parse(text, WHAT, false, &s->doc, why));
	root = yyjson_doc_get_root(s->doc);
	if (!yyjson_is_obj(root))
		return sn_fail(why, SN_E_FORMAT, WHAT ": not an object");
	SN_TRY(sn_json_only(root, keys, WHAT, why));
	SN_TRY(sn_json_str(root, "_type", BUN_MAX_TEXT, &type, WHAT, why));
	SN_TRY(sn_json_str(root, "predicateType", BUN_MAX_TEXT, &predicate_type, WHAT, why));
	if (strcmp(type, BUN_TYPE) != 0 || strcmp(predicate_type, wanted) != 0)
		return sn_fail(why, SN_E_FORMAT, WHAT ": not a statement of this kind");
	SN_TRY(parse_subjects(s, root, why));
	SN_TRY(sn_json_obj(root, "predicate", &predicate, WHAT, why));
	return parse_predicate(s, kind, predicate, why);
}

enum sn_err
bun_statement_parse(struct bytes text, struct bun_statement *ret, struct sn_why *why)
{
	return bun_statement_parse_kind(BUN_KIND_BUNDLE, text, ret, why);
}

enum sn_err
bun_statement_parse_kind(enum bun_kind kind, struct bytes text, struct bun_statement *ret,
    struct sn_why *why)
{
	SN_CLEANUP(bun_statement_done) struct bun_statement s = { 0 };

	if (text.n > BUN_MAX_STATEMENT)
		return sn_fail(why, SN_E_LIMIT, WHAT ": more than %u bytes", BUN_MAX_STATEMENT);
	SN_TRY(parse_root(&s, kind, text, why));
	*ret = s;
	s = (struct bun_statement){ 0 };
	return SN_OK;
}

const struct bun_subject *
bun_statement_subject(const struct bun_statement *s, const char *path)
{
	size_t lo = 0, hi = s->nsubjects;

	while (lo < hi) {
		const size_t mid = lo + (hi - lo) / 2;
		const int c = strcmp(s->subject[mid].path, path);

		if (c == 0)
			return &s->subject[mid];
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

const struct bun_stated_approver *
bun_statement_approver(const struct bun_statement *s, const char *name)
{
	for (size_t i = 0; i < s->napprovers; i++)
		if (strcmp(s->approver[i].name, name) == 0)
			return &s->approver[i];
	return NULL;
}
