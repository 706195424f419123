#include <stdlib.h>
#include <string.h>

#include "appliance/base/text.h"
#include "ceremony/transcript/internal.h"

struct tr {
	struct sn_buf records, openings;
	size_t n;
	int64_t last; /* time of the last record */
	size_t end[TR_MAX_RECORDS];
	struct merkle_hash leaf[TR_MAX_RECORDS];
};

enum sn_err
tr_new(struct tr **ret, struct sn_why *why)
{
	struct tr *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return sn_fail(why, SN_E_NOMEM, "transcript");
	*ret = t;
	return SN_OK;
}

void
tr_free(struct tr **tp)
{
	if (tp == NULL || *tp == NULL)
		return;
	sn_buf_done(&(*tp)->records);
	/* Openings are personal data, not secrets, but there is no need to leave them. */
	if ((*tp)->openings.p != NULL)
		sn_wipe((*tp)->openings.p, (*tp)->openings.n);
	sn_buf_done(&(*tp)->openings);
	free(*tp);
	*tp = NULL;
}

/* The opening's line; the commitment goes to ret_hex. */
static enum sn_err
commit_arg(uint64_t n, const struct tr_arg *a, struct sn_buf *ret_opening,
    char ret_hex[2 * CRY_SHA256_LEN + 1], struct sn_why *why)
{
	SN_CLEANUP(sn_json_mut_free) yyjson_mut_doc *doc = NULL;
	uint8_t salt[TR_SALT_LEN], commit[CRY_SHA256_LEN];
	char hex[2 * TR_SALT_LEN + 1];

	SN_TRY(cry_random(salt, sizeof(salt), why));
	SN_TRY(tr_commit(salt, a->name, bytes_str(a->text), commit, why));
	sn_hex(BYTES_OF(salt), hex);

	doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *obj = yyjson_mut_obj(doc);
	if (!yyjson_mut_obj_add_str(doc, obj, "field", a->name) ||
	    !yyjson_mut_obj_add_uint(doc, obj, "n", n) ||
	    !yyjson_mut_obj_add_str(doc, obj, "salt", hex) ||
	    !yyjson_mut_obj_add_str(doc, obj, "text", a->text))
		return sn_fail(why, SN_E_NOMEM, "transcript opening");
	SN_TRY(sn_json_canon(obj, ret_opening, why));
	sn_buf_u8(ret_opening, '\n');
	sn_hex(BYTES_OF(commit), ret_hex);
	return SN_OK;
}

static enum sn_err
check_arg(const char *id, const struct tr_arg *a, struct sn_why *why)
{
	if (!tr_arg_name_ok(a->name))
		return sn_fail(why, SN_E_FORMAT, "record %s: bad argument name", id);
	switch (a->kind) {
	case TR_STR:
	case TR_PERSONAL:
		if (a->text == NULL || !tr_text_ok(a->text))
			return sn_fail(why, SN_E_FORMAT,
			    "record %s: argument %s is not printable text", id, a->name);
		return SN_OK;
	case TR_INT:
		if (a->number > TR_MAX_INT)
			return sn_fail(why, SN_E_FORMAT, "record %s: argument %s is too large",
			    id, a->name);
		return SN_OK;
	}
	return sn_fail(why, SN_E_INTERNAL, "record %s: argument kind", id);
}

static enum sn_err
add_arg(yyjson_mut_doc *doc, yyjson_mut_val *args, uint64_t n, const struct tr_arg *a,
    struct sn_buf *openings, struct sn_why *why)
{
	char hex[2 * CRY_SHA256_LEN + 1];
	yyjson_mut_val *v = NULL;

	switch (a->kind) {
	case TR_STR:
		v = yyjson_mut_str(doc, a->text);
		break;
	case TR_INT:
		v = yyjson_mut_uint(doc, a->number);
		break;
	case TR_PERSONAL:
		SN_TRY(commit_arg(n, a, openings, hex, why));
		v = yyjson_mut_obj(doc);
		if (!yyjson_mut_obj_add_strcpy(doc, v, "commit", hex))
			v = NULL;
		break;
	}
	if (v == NULL || !yyjson_mut_obj_add(args, yyjson_mut_str(doc, a->name), v))
		return sn_fail(why, SN_E_NOMEM, "transcript record");
	return SN_OK;
}

/* Openings are kept in the order of the arguments' names, as the format says. */
static void
sort_args(const struct tr_arg *args, size_t nargs, const struct tr_arg *ret[TR_MAX_ARGS])
{
	for (size_t i = 0; i < nargs; i++) {
		size_t at = i;

		for (; at > 0 && strcmp(ret[at - 1]->name, args[i].name) > 0; at--)
			ret[at] = ret[at - 1];
		ret[at] = &args[i];
	}
}

static enum sn_err
check_record(const struct tr *t, int64_t time, const char *id, const char *step,
    const struct tr_arg *args, size_t nargs, struct sn_why *why)
{
	if (!tr_id_ok(id) || !tr_id_ok(step))
		return sn_fail(why, SN_E_FORMAT, "record %zu: bad message id or step", t->n);
	if (nargs > TR_MAX_ARGS || t->n >= TR_MAX_RECORDS)
		return sn_fail(why, SN_E_LIMIT, "record %s: too many records or arguments", id);
	if (time < 0 || (t->n > 0 && time < t->last))
		return sn_fail(why, SN_E_FORMAT, "record %s: the time goes back", id);
	for (size_t i = 0; i < nargs; i++)
		SN_TRY(check_arg(id, &args[i], why));
	return SN_OK;
}

/* The canonical line, and the openings' lines, without touching the transcript. */
static enum sn_err
build_record(uint64_t n, int64_t time, const char *id, const char *step,
    const struct tr_arg *const *args, size_t nargs, struct sn_buf *ret_line,
    struct sn_buf *ret_openings, struct sn_why *why)
{
	SN_CLEANUP(sn_json_mut_free) yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	char when[TEXT_TIME_LEN + 1];

	text_from_time(time, when);
	yyjson_mut_val *obj = yyjson_mut_obj(doc);
	yyjson_mut_val *arg_obj = yyjson_mut_obj(doc);
	for (size_t i = 0; i < nargs; i++) {
		if (i > 0 && strcmp(args[i - 1]->name, args[i]->name) == 0)
			return sn_fail(why, SN_E_FORMAT, "record %s: argument %s twice", id,
			    args[i]->name);
		SN_TRY(add_arg(doc, arg_obj, n, args[i], ret_openings, why));
	}
	if (!yyjson_mut_obj_add_val(doc, obj, "args", arg_obj) ||
	    !yyjson_mut_obj_add_str(doc, obj, "id", id) ||
	    !yyjson_mut_obj_add_uint(doc, obj, "n", n) ||
	    !yyjson_mut_obj_add_str(doc, obj, "step", step) ||
	    !yyjson_mut_obj_add_str(doc, obj, "t", when))
		return sn_fail(why, SN_E_NOMEM, "transcript record");
	SN_TRY(sn_json_canon(obj, ret_line, why));
	SN_TRY(sn_buf_check(ret_line, why));
	return sn_buf_check(ret_openings, why);
}

enum sn_err
tr_append(struct tr *t, int64_t time, const char *id, const char *step,
    const struct tr_arg *args, size_t nargs, struct merkle_hash *ret_leaf, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf line = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf openings = { 0 };
	const struct tr_arg *sorted[TR_MAX_ARGS] = { NULL };
	struct merkle_hash leaf;

	SN_TRY(check_record(t, time, id, step, args, nargs, why));
	sort_args(args, nargs, sorted);
	SN_TRY(build_record(t->n, time, id, step, sorted, nargs, &line, &openings, why));
	if (line.n > TR_MAX_LINE || t->records.n + line.n + 1 > TR_MAX_BYTES)
		return sn_fail(why, SN_E_LIMIT, "record %s: too long", id);
	SN_TRY(merkle_leaf(sn_buf_bytes(&line), &leaf, why));

	sn_buf_u8(&line, '\n');
	SN_TRY(sn_buf_check(&line, why));
	sn_buf_put(&t->records, sn_buf_bytes(&line));
	SN_TRY(sn_buf_check(&t->records, why));
	sn_buf_put(&t->openings, sn_buf_bytes(&openings));
	SN_TRY(sn_buf_check(&t->openings, why));
	t->leaf[t->n] = leaf;
	t->end[t->n] = t->records.n;
	t->n++;
	t->last = time;
	*ret_leaf = leaf;
	return SN_OK;
}

enum sn_err
tr_load(struct tr *t, struct bytes records, struct bytes openings, struct sn_why *why)
{
	SN_CLEANUP(tr_read_free) struct tr_read *r = NULL;
	size_t at = 0;

	if (t->n > 0)
		return sn_fail(why, SN_E_INTERNAL, "transcript: it has records already");
	SN_TRY(tr_read_new(records, &r, why));
	if (openings.n > 0)
		SN_TRY(tr_read_openings(r, openings, why));
	sn_buf_put(&t->records, records);
	sn_buf_put(&t->openings, openings);
	SN_TRY(sn_buf_check(&t->records, why));
	SN_TRY(sn_buf_check(&t->openings, why));
	for (size_t i = 0; i < tr_read_size(r); i++) {
		const struct tr_record *rec = tr_read_record(r, i);

		at += rec->line.n + 1;
		t->leaf[i] = rec->leaf;
		t->end[i] = at;
		t->last = rec->time;
	}
	t->n = tr_read_size(r);
	return SN_OK;
}

size_t
tr_size(const struct tr *t)
{
	return t->n;
}

struct bytes
tr_line(const struct tr *t, size_t i)
{
	if (i >= t->n)
		return (struct bytes){ NULL, 0 };
	const size_t start = i == 0 ? 0 : t->end[i - 1];
	return (struct bytes){ t->records.p + start, t->end[i] - start };
}

struct bytes
tr_records(const struct tr *t)
{
	return sn_buf_bytes(&t->records);
}

struct bytes
tr_openings(const struct tr *t)
{
	return sn_buf_bytes(&t->openings);
}

enum sn_err
tr_root(const struct tr *t, struct merkle_hash *ret, struct sn_why *why)
{
	return merkle_root(t->leaf, t->n, ret, why);
}

enum sn_err
tr_checkpoint(const struct tr *t, const char *origin, struct sn_buf *ret, struct sn_why *why)
{
	struct note_checkpoint c = { .size = t->n };

	if (strlen(origin) > NOTE_NAME_MAX)
		return sn_fail(why, SN_E_FORMAT, "checkpoint: the origin is too long");
	memcpy(c.origin, origin, strlen(origin) + 1);
	SN_TRY(tr_root(t, &c.root, why));
	note_checkpoint_format(&c, ret);
	return sn_buf_check(ret, why);
}
