#include <stdlib.h>
#include <string.h>

#include "appliance/base/file.h"
#include "appliance/base/text.h"
#include "appliance/crosscheck/crosscheck.h"
#include "appliance/crosscheck/tls.h"

#define WHAT XC_STATEMENT
#define MAX_TEXT 200
#define MAX_SHARES 16

static enum sn_err
get_subjects(struct xc_statement *s, yyjson_val *root, struct sn_why *why)
{
	static const char *const keys[] = { "digest", "name", NULL };
	static const char *const digests[] = { "sha256", NULL };
	yyjson_val *arr, *v, *digest;
	size_t i, max;

	SN_TRY(sn_json_arr(root, "subject", 1, XC_MAX_FILES, &arr, WHAT, why));
	s->subject = calloc(yyjson_arr_size(arr), sizeof(*s->subject));
	if (s->subject == NULL)
		return sn_fail(why, SN_E_NOMEM, WHAT);
	yyjson_arr_foreach(arr, i, max, v)
	{
		struct xc_subject *x = &s->subject[i];

		if (!yyjson_is_obj(v))
			return sn_fail(why, SN_E_FORMAT, WHAT ": a subject is no object");
		SN_TRY(sn_json_only(v, keys, WHAT, why));
		SN_TRY(sn_json_str(v, "name", 255, &x->path, WHAT, why));
		SN_TRY(sn_json_obj(v, "digest", &digest, WHAT, why));
		SN_TRY(sn_json_only(digest, digests, WHAT, why));
		SN_TRY(sn_json_hex(digest, "sha256", x->sha256, 32, WHAT, why));
		if (!sn_path_ok(x->path) || (i > 0 && strcmp(x[-1].path, x->path) >= 0))
			return sn_fail(why, SN_E_FORMAT,
			    WHAT ": subject %s is no path, or "
				 "out of order",
			    x->path);
	}
	s->nsubjects = yyjson_arr_size(arr);
	return SN_OK;
}

static enum sn_err
get_approvers(struct xc_statement *s, yyjson_val *p, struct sn_why *why)
{
	static const char *const keys[] = { "key_sha256", "name", NULL };
	yyjson_val *arr, *v;
	size_t i, max;

	SN_TRY(sn_json_arr(p, "approvers", 2, XC_MAX_APPROVERS, &arr, WHAT, why));
	yyjson_arr_foreach(arr, i, max, v)
	{
		struct xc_approver *a = &s->approver[i];

		if (!yyjson_is_obj(v))
			return sn_fail(why, SN_E_FORMAT, WHAT ": an approver is no object");
		SN_TRY(sn_json_only(v, keys, WHAT, why));
		SN_TRY(sn_json_str(v, "name", 16, &a->name, WHAT, why));
		SN_TRY(sn_json_hex(v, "key_sha256", a->key_sha256, 32, WHAT, why));
		if (!text_name_ok(a->name) || (i > 0 && strcmp(a[-1].name, a->name) >= 0))
			return sn_fail(why, SN_E_FORMAT,
			    WHAT ": approver %s is no name, or out of order", a->name);
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
get_thresholds(struct xc_statement *s, yyjson_val *p, struct sn_why *why)
{
	static const char *const keys[] = { "approvals", "operations", "shares", "shares_of",
		NULL };
	const uint32_t n = (uint32_t)s->napprovers;
	yyjson_val *t;

	SN_TRY(sn_json_obj(p, "thresholds", &t, WHAT, why));
	SN_TRY(sn_json_only(t, keys, WHAT, why));
	SN_TRY(sn_json_u32(t, "approvals", 2, n, &s->approvals, WHAT, why));
	SN_TRY(sn_json_u32(t, "operations", 2, n, &s->operations, WHAT, why));
	SN_TRY(sn_json_u32(t, "shares_of", 2, MAX_SHARES, &s->shares_of, WHAT, why));
	return sn_json_u32(t, "shares", 2, s->shares_of, &s->shares, WHAT, why);
}

static enum sn_err
get_word(yyjson_val *obj, const char *key, const char *const *words, const char **ret,
    struct sn_why *why)
{
	SN_TRY(sn_json_str(obj, key, MAX_TEXT, ret, WHAT, why));
	for (size_t i = 0; words[i] != NULL; i++)
		if (strcmp(*ret, words[i]) == 0)
			return SN_OK;
	return sn_fail(why, SN_E_FORMAT, WHAT ": %s is \"%s\"", key, *ret);
}

/* Collateral judged at another time: a rehearsal, or an exception with its reason. */
static enum sn_err
get_exception(struct xc_statement *s, yyjson_val *p, struct sn_why *why)
{
	static const char *const keys[] = { "reason", "what", NULL };
	static const char *const whats[] = { "expired-collateral", NULL };
	yyjson_val *arr, *o;
	const char *text;

	s->collateral_time = s->time;
	if (yyjson_obj_get(p, "collateral_time") != NULL)
		SN_TRY(sn_json_time(p, "collateral_time", &s->collateral_time, WHAT, why));
	if (yyjson_obj_get(p, "exceptions") == NULL) {
		if (yyjson_obj_get(p, "collateral_time") == NULL ||
		    strcmp(s->world, "rehearsal") == 0)
			return SN_OK;
		return sn_fail(why, SN_E_FORMAT,
		    WHAT ": collateral_time in production, without an exception");
	}
	SN_TRY(sn_json_arr(p, "exceptions", 1, 1, &arr, WHAT, why));
	o = yyjson_arr_get_first(arr);
	if (!yyjson_is_obj(o) || yyjson_obj_get(p, "collateral_time") == NULL)
		return sn_fail(why, SN_E_FORMAT,
		    WHAT ": exceptions: no object, or without collateral_time");
	SN_TRY(sn_json_only(o, keys, WHAT, why));
	SN_TRY(get_word(o, "what", whats, &text, why));
	return sn_json_str(o, "reason", MAX_TEXT, &text, WHAT, why);
}

/* What an operations statement follows. */
static enum sn_err
get_chain(struct xc_statement *s, yyjson_val *p, struct sn_why *why)
{
	const char *previous;

	SN_TRY(sn_json_hex(p, "base_sha256", s->base_sha256, 32, WHAT, why));
	SN_TRY(sn_json_str(p, "previous", 64, &previous, WHAT, why));
	if (previous[0] == '\0')
		return SN_OK;
	return sn_hex_parse(previous, s->previous, 32, WHAT " previous", why);
}

static enum sn_err
get_predicate(struct xc_statement *s, bool ops, yyjson_val *p, struct sn_why *why)
{
	const char *const keys[] = { "approvers", "collateral_time", "earliest_expiry",
		"evidence_class", "exceptions", "expires", "identity_sha256", "mode", "people",
		"plan_sha256", "previous", "profiles", "sanctum", "separation", "sequence",
		"thresholds", "time", "time_unix", "transcript", "world",
		ops ? "base_sha256" : NULL, NULL };
	static const char *const ops_modes[] = { "refresh", "amend", NULL };
	static const char *const worlds[] = { "production", "rehearsal", NULL };
	static const char *const modes[] = { "genesis", "rebuild", "rotate", "reshare", NULL };
	static const char *const separations[] = { "reduced", NULL };
	yyjson_val *seconds = yyjson_obj_get(p, "time_unix"), *sanctum, *tree;
	const char *separation;
	uint8_t id[16];

	SN_TRY(sn_json_only(p, keys, WHAT, why));
	SN_TRY(get_word(p, "world", worlds, &s->world, why));
	SN_TRY(get_word(p, "mode", ops ? ops_modes : modes, &s->mode, why));
	if (ops)
		SN_TRY(get_chain(s, p, why));
	if (yyjson_obj_get(p, "separation") != NULL)
		SN_TRY(get_word(p, "separation", separations, &separation, why));
	SN_TRY(sn_json_time(p, "time", &s->time, WHAT, why));
	SN_TRY(get_exception(s, p, why));
	if (!yyjson_is_uint(seconds) || yyjson_get_uint(seconds) != (uint64_t)s->time)
		return sn_fail(why, SN_E_FORMAT, WHAT ": time_unix is not time");
	SN_TRY(sn_json_u32(p, "sequence", 1, UINT32_MAX, &s->sequence, WHAT, why));
	SN_TRY(sn_json_hex(p, "plan_sha256", s->plan_sha256, 32, WHAT, why));
	SN_TRY(sn_json_hex(p, "identity_sha256", s->identity_sha256, 32, WHAT, why));
	SN_TRY(sn_json_obj(p, "sanctum", &sanctum, WHAT, why));
	SN_TRY(sn_json_hex(sanctum, "id", id, sizeof(id), WHAT, why));
	sn_hex(BYTES_OF(id), s->sanctum_id);
	SN_TRY(sn_json_obj(p, "transcript", &tree, WHAT, why));
	SN_TRY(sn_json_hex(tree, "root", s->root, 32, WHAT, why));
	SN_TRY(sn_json_u32(tree, "size", 1, XC_MAX_RECORDS, &s->records, WHAT, why));
	SN_TRY(get_approvers(s, p, why));
	return get_thresholds(s, p, why);
}

enum sn_err
xc_check_statement(struct xc *c, struct sn_buf *line, struct sn_why *why)
{
	static const char *const keys[] = { "_type", "predicate", "predicateType", "subject",
		NULL };
	static const char *const types[] = { "https://in-toto.io/Statement/v1", NULL };
	const bool ops = c->number > 0;
	const char *const predicates[] = {
		ops ? "urn:cornerstone:operations:1" : "urn:cornerstone:statement:1", NULL
	};
	yyjson_val *root, *predicate;
	const char *type;

	SN_TRY(xc_get(c, XC_STATEMENT, &c->text, why));
	if (c->text.n > XC_MAX_STATEMENT)
		return sn_fail(why, SN_E_FORMAT, WHAT ": more than %u bytes", XC_MAX_STATEMENT);
	SN_TRY(sn_json_is_canon(c->text, WHAT, why));
	SN_TRY(sn_json_parse(c->text, WHAT, false, &c->st.doc, why));
	root = yyjson_doc_get_root(c->st.doc);
	if (!yyjson_is_obj(root))
		return sn_fail(why, SN_E_FORMAT, WHAT ": not an object");
	SN_TRY(sn_json_only(root, keys, WHAT, why));
	SN_TRY(get_word(root, "_type", types, &type, why));
	SN_TRY(get_word(root, "predicateType", predicates, &type, why));
	SN_TRY(get_subjects(&c->st, root, why));
	SN_TRY(sn_json_obj(root, "predicate", &predicate, WHAT, why));
	SN_TRY(get_predicate(&c->st, ops, predicate, why));
	SN_TRY(tls_hash(GNUTLS_DIG_SHA256, c->text, c->text_sha256, why));
	xc_mark(c, XC_STATEMENT);
	sn_buf_fmt(line, "canonical, %s %s, sequence %u", c->st.world, c->st.mode,
	    c->st.sequence);
	return SN_OK;
}
