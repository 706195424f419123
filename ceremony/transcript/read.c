#include <stdlib.h>
#include <string.h>

#include "appliance/base/text.h"
#include "ceremony/transcript/internal.h"

struct opening {
	size_t record;
	const char *field, *text; /* in doc */
	yyjson_doc *doc;
};

struct tr_read {
	struct sn_buf bytes;
	size_t n, segment; /* segment: number of the last segment's first record */
	struct tr_record *record;
	yyjson_doc **doc;
	struct merkle_hash *leaf;
	struct merkle_hash root;
	size_t ncommitments, nopenings;
	struct opening *opening;
};

void
tr_read_free(struct tr_read **rp)
{
	if (rp == NULL || *rp == NULL)
		return;
	struct tr_read *r = *rp;

	for (size_t i = 0; r->doc != NULL && i < r->n; i++)
		sn_json_free(&r->doc[i]);
	for (size_t i = 0; i < r->nopenings; i++)
		sn_json_free(&r->opening[i].doc);
	sn_buf_done(&r->bytes);
	free(r->record);
	free(r->doc);
	free(r->leaf);
	free(r->opening);
	free(r);
	*rp = NULL;
}

/* The commitment's hex when v is one, else NULL. */
static const char *
commitment_of(yyjson_val *v)
{
	const char *hex = yyjson_get_str(yyjson_obj_get(v, "commit"));
	uint8_t raw[CRY_SHA256_LEN];

	if (!yyjson_is_obj(v) || yyjson_obj_size(v) != 1 || hex == NULL ||
	    sn_hex_parse(hex, raw, sizeof(raw), "commit", NULL) != SN_OK)
		return NULL;
	return hex;
}

static enum sn_err
check_args(struct tr_read *r, const struct tr_record *rec, const char *what, struct sn_why *why)
{
	yyjson_obj_iter iter = yyjson_obj_iter_with(rec->args);
	yyjson_val *key;

	if (yyjson_obj_size(rec->args) > TR_MAX_ARGS)
		return sn_fail(why, SN_E_LIMIT, "%s: more than %d arguments", what,
		    TR_MAX_ARGS);
	while ((key = yyjson_obj_iter_next(&iter)) != NULL) {
		yyjson_val *v = yyjson_obj_iter_get_val(key);
		const char *name = yyjson_get_str(key);

		if (strlen(name) != yyjson_get_len(key) || !tr_arg_name_ok(name))
			return sn_fail(why, SN_E_FORMAT, "%s: bad argument name", what);
		if (commitment_of(v) != NULL)
			r->ncommitments++;
		else if (yyjson_is_str(v) && strlen(yyjson_get_str(v)) == yyjson_get_len(v) &&
		    tr_text_ok(yyjson_get_str(v)))
			continue;
		else if (!yyjson_is_uint(v) || yyjson_get_uint(v) > TR_MAX_INT)
			return sn_fail(why, SN_E_FORMAT,
			    "%s: argument %s is no text, number or commitment", what, name);
	}
	return SN_OK;
}

/* A new boot segment names the head of the old one. */
static enum sn_err
check_segment(struct tr_read *r, size_t i, const char *what, struct sn_why *why)
{
	struct merkle_hash head;
	uint8_t said[MERKLE_LEN];

	if (strcmp(r->record[i].id, TR_SEGMENT_ID) != 0)
		return SN_OK;
	if (i == 0)
		return sn_fail(why, SN_E_FORMAT, "%s: a segment without one before it", what);
	SN_TRY(sn_json_hex(r->record[i].args, "head", said, sizeof(said), what, why));
	SN_TRY(merkle_root(r->leaf, i, &head, why));
	if (memcmp(said, head.h, sizeof(said)) != 0)
		return sn_fail(why, SN_E_SIGNATURE, "%s: the old segment's head is another",
		    what);
	r->segment = i;
	return SN_OK;
}

static enum sn_err
parse_record(struct tr_read *r, size_t i, struct bytes line, struct sn_why *why)
{
	static const char *const keys[] = { "args", "id", "n", "step", "t", NULL };
	struct tr_record *rec = &r->record[i];
	char what[48];
	uint32_t n;

	snprintf(what, sizeof(what), "records.jsonl line %zu", i + 1);
	if (line.n > TR_MAX_LINE)
		return sn_fail(why, SN_E_LIMIT, "%s: too long", what);
	SN_TRY(sn_json_is_canon(line, what, why));
	SN_TRY(sn_json_parse(line, what, false, &r->doc[i], why));

	yyjson_val *obj = yyjson_doc_get_root(r->doc[i]);
	if (!yyjson_is_obj(obj))
		return sn_fail(why, SN_E_FORMAT, "%s: not an object", what);
	SN_TRY(sn_json_only(obj, keys, what, why));
	SN_TRY(sn_json_obj(obj, "args", &rec->args, what, why));
	SN_TRY(sn_json_str(obj, "id", TR_ID_MAX, &rec->id, what, why));
	SN_TRY(sn_json_str(obj, "step", TR_ID_MAX, &rec->step, what, why));
	SN_TRY(sn_json_u32(obj, "n", 0, TR_MAX_RECORDS, &n, what, why));
	SN_TRY(sn_json_time(obj, "t", &rec->time, what, why));
	if (!tr_id_ok(rec->id) || !tr_id_ok(rec->step))
		return sn_fail(why, SN_E_FORMAT, "%s: bad message id or step", what);
	if (n != i)
		return sn_fail(why, SN_E_FORMAT, "%s: has number %u, not %zu", what, n, i);
	if (i > 0 && rec->time < r->record[i - 1].time)
		return sn_fail(why, SN_E_FORMAT, "%s: the time goes back", what);
	rec->n = n;
	rec->line = line;
	SN_TRY(check_args(r, rec, what, why));
	SN_TRY(merkle_leaf(line, &rec->leaf, why));
	r->leaf[i] = rec->leaf;
	return check_segment(r, i, what, why);
}

/* Cut the next line off; every line ends with a newline. */
static enum sn_err
next_line(struct bytes *rest, const char *what, struct bytes *ret, struct sn_why *why)
{
	const uint8_t *at = memchr(rest->p, '\n', rest->n);

	if (at == NULL)
		return sn_fail(why, SN_E_FORMAT, "%s: the last line has no newline", what);
	*ret = (struct bytes){ rest->p, (size_t)(at - rest->p) };
	rest->n -= ret->n + 1;
	rest->p = at + 1;
	return SN_OK;
}

static size_t
count_lines(struct bytes b)
{
	size_t n = 0;

	for (size_t i = 0; i < b.n; i++)
		n += b.p[i] == '\n' ? 1 : 0;
	return n;
}

static enum sn_err
parse_all(struct tr_read *r, struct sn_why *why)
{
	struct bytes rest = sn_buf_bytes(&r->bytes), line;

	for (size_t i = 0; i < r->n; i++) {
		SN_TRY(next_line(&rest, "records.jsonl", &line, why));
		SN_TRY(parse_record(r, i, line, why));
	}
	SN_TRY(bytes_end(&rest, "records.jsonl: behind the last newline", why));
	return merkle_root(r->leaf, r->n, &r->root, why);
}

enum sn_err
tr_read_new(struct bytes records, struct tr_read **ret, struct sn_why *why)
{
	SN_CLEANUP(tr_read_free) struct tr_read *r = NULL;
	const size_t n = count_lines(records);

	if (records.n > TR_MAX_BYTES || n > TR_MAX_RECORDS)
		return sn_fail(why, SN_E_LIMIT, "records.jsonl: too large");
	if (n == 0)
		return sn_fail(why, SN_E_FORMAT, "records.jsonl: no records");
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return sn_fail(why, SN_E_NOMEM, "transcript");
	r->n = n;
	r->record = calloc(n, sizeof(*r->record));
	r->doc = calloc(n, sizeof(yyjson_doc *));
	r->leaf = calloc(n, sizeof(*r->leaf));
	sn_buf_put(&r->bytes, records);
	if (r->record == NULL || r->doc == NULL || r->leaf == NULL)
		return sn_fail(why, SN_E_NOMEM, "transcript");
	SN_TRY(sn_buf_check(&r->bytes, why));
	SN_TRY(parse_all(r, why));
	*ret = SN_TAKE(r);
	return SN_OK;
}

size_t
tr_read_size(const struct tr_read *r)
{
	return r->n;
}

size_t
tr_read_segment(const struct tr_read *r)
{
	return r->segment;
}

const struct tr_record *
tr_read_record(const struct tr_read *r, size_t i)
{
	return i < r->n ? &r->record[i] : NULL;
}

const struct merkle_hash *
tr_read_root(const struct tr_read *r)
{
	return &r->root;
}

enum sn_err
tr_read_pcr15(const struct tr_read *r, uint8_t ret[32], struct sn_why *why)
{
	uint8_t pcr[32] = { 0 };

	for (size_t i = r->segment; i < r->n; i++) {
		const struct bytes parts[] = { BYTES_OF(pcr), BYTES_OF(r->leaf[i].h) };

		SN_TRY(cry_digest_v(CRY_SHA256, parts, SN_NITEMS(parts), pcr, why));
	}
	memcpy(ret, pcr, sizeof(pcr));
	return SN_OK;
}

enum sn_err
tr_read_checkpoint(const struct tr_read *r, struct bytes note, const struct note_vkey *key,
    struct sn_why *why)
{
	struct note_checkpoint c;
	struct bytes text;

	SN_TRY(note_verify(note, key, &text, why));
	SN_TRY(note_checkpoint_parse(text, &c, why));
	if (strcmp(c.origin, key->name) != 0)
		return sn_fail(why, SN_E_SIGNATURE, "checkpoint: its origin is %s, not %s",
		    c.origin, key->name);
	if (c.size != r->n || memcmp(c.root.h, r->root.h, MERKLE_LEN) != 0)
		return sn_fail(why, SN_E_SIGNATURE,
		    "checkpoint: it is not over these %zu records", r->n);
	return SN_OK;
}

const char *
tr_read_opened(const struct tr_read *r, size_t i, const char *field)
{
	for (size_t k = 0; k < r->nopenings; k++)
		if (r->opening[k].record == i && strcmp(r->opening[k].field, field) == 0)
			return r->opening[k].text;
	return NULL;
}

static enum sn_err
parse_opening(struct tr_read *r, size_t i, struct bytes line, struct sn_why *why)
{
	static const char *const keys[] = { "field", "n", "salt", "text", NULL };
	struct opening *o = &r->opening[i];
	uint8_t salt[TR_SALT_LEN], commit[CRY_SHA256_LEN], said[CRY_SHA256_LEN];
	char what[48];
	uint32_t n;

	snprintf(what, sizeof(what), "openings.jsonl line %zu", i + 1);
	SN_TRY(sn_json_is_canon(line, what, why));
	SN_TRY(sn_json_parse(line, what, false, &o->doc, why));
	r->nopenings = i + 1; /* the document is freed from here on */

	yyjson_val *obj = yyjson_doc_get_root(o->doc);
	if (!yyjson_is_obj(obj))
		return sn_fail(why, SN_E_FORMAT, "%s: not an object", what);
	SN_TRY(sn_json_only(obj, keys, what, why));
	SN_TRY(sn_json_str(obj, "field", TR_ARG_NAME_MAX, &o->field, what, why));
	SN_TRY(sn_json_str(obj, "text", TR_MAX_TEXT, &o->text, what, why));
	SN_TRY(sn_json_hex(obj, "salt", salt, sizeof(salt), what, why));
	SN_TRY(sn_json_u32(obj, "n", 0, TR_MAX_RECORDS, &n, what, why));
	if (n >= r->n)
		return sn_fail(why, SN_E_FORMAT, "%s: there is no record %u", what, n);
	o->record = n;
	if (i > 0 &&
	    (o[-1].record > n || (o[-1].record == n && strcmp(o[-1].field, o->field) >= 0)))
		return sn_fail(why, SN_E_FORMAT, "%s: out of order, or twice", what);

	const char *hex = commitment_of(yyjson_obj_get(r->record[n].args, o->field));
	if (hex == NULL)
		return sn_fail(why, SN_E_SIGNATURE, "%s: record %u has no commitment %s", what,
		    n, o->field);
	SN_TRY(sn_hex_parse(hex, said, sizeof(said), what, why));
	SN_TRY(tr_commit(salt, o->field, bytes_str(o->text), commit, why));
	if (memcmp(commit, said, sizeof(said)) != 0)
		return sn_fail(why, SN_E_SIGNATURE, "%s: does not open the commitment", what);
	return SN_OK;
}

enum sn_err
tr_read_openings(struct tr_read *r, struct bytes openings, struct sn_why *why)
{
	const size_t n = count_lines(openings);
	struct bytes line;

	if (r->opening != NULL)
		return sn_fail(why, SN_E_INTERNAL, "openings are read once");
	if (openings.n > TR_MAX_BYTES || n > r->ncommitments)
		return sn_fail(why, SN_E_LIMIT,
		    "openings.jsonl: more openings than commitments");
	r->opening = calloc(n + 1, sizeof(*r->opening));
	if (r->opening == NULL)
		return sn_fail(why, SN_E_NOMEM, "transcript openings");
	for (size_t i = 0; i < n; i++) {
		SN_TRY(next_line(&openings, "openings.jsonl", &line, why));
		SN_TRY(parse_opening(r, i, line, why));
	}
	return bytes_end(&openings, "openings.jsonl: behind the last newline", why);
}

void
tr_read_count(const struct tr_read *r, size_t *ret_commitments, size_t *ret_opened)
{
	*ret_commitments = r->ncommitments;
	*ret_opened = r->nopenings;
}
