/*
 * The bytes of trust/identity.json: writer and reader.
 */
#include "ceremony/keys/identity.h"

#include <string.h>

#include "appliance/base/json.h"
#include "appliance/base/text.h"
#include "ceremony/keys/certs.h"

#define WHAT "identity.json"
#define ROW_ITEMS 6  /* label, common name, generation, from, to, serial */
#define PAST_ITEMS 4 /* operations from, to, token from, to */

/* ---- writing */

static bool
add_hex(yyjson_mut_doc *doc, yyjson_mut_val *arr, struct bytes v)
{
	char hex[2 * 32 + 1];

	sn_hex(v, hex);
	return yyjson_mut_arr_add_strcpy(doc, arr, hex);
}

static bool
add_cert(yyjson_mut_doc *doc, yyjson_mut_val *rows, const char *label,
    const struct identity_cert *c)
{
	yyjson_mut_val *row = yyjson_mut_arr_add_arr(doc, rows);
	char from[TEXT_TIME_LEN + 1], to[TEXT_TIME_LEN + 1];

	text_from_time(c->from, from);
	text_from_time(c->to, to);
	return row != NULL && yyjson_mut_arr_add_str(doc, row, label) &&
	    yyjson_mut_arr_add_str(doc, row, c->cn) &&
	    yyjson_mut_arr_add_uint(doc, row, c->generation) &&
	    yyjson_mut_arr_add_strcpy(doc, row, from) &&
	    yyjson_mut_arr_add_strcpy(doc, row, to) && add_hex(doc, row, BYTES_OF(c->serial));
}

static bool
add_certs(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct identity *id)
{
	yyjson_mut_val *rows = yyjson_mut_obj_add_arr(doc, root, "certificates");
	bool ok = rows != NULL;
	unsigned int k;

	for (k = 0; ok && k < KEY_COUNT; k++)
		if (certs_row((enum key_id)k)->kind != CERTS_NONE)
			ok = add_cert(doc, rows, key_row((enum key_id)k)->label, &id->cert[k]);
	return ok;
}

static bool
add_shares(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct identity *id)
{
	yyjson_mut_val *shares = yyjson_mut_obj_add_obj(doc, root, "shares");
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, shares, "commitments");
	bool ok = shares != NULL && list != NULL;
	uint32_t i;

	for (i = 0; ok && i < id->share_count; i++)
		ok = add_hex(doc, list, BYTES_OF(id->commitment[i]));
	return ok && yyjson_mut_obj_add_uint(doc, shares, "count", id->share_count) &&
	    yyjson_mut_obj_add_uint(doc, shares, "identifier", id->share_identifier) &&
	    yyjson_mut_obj_add_uint(doc, shares, "threshold", id->share_threshold);
}

/* Four times per superseded generation; nothing as long as there is none. */
static bool
add_past(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct identity *id)
{
	yyjson_mut_val *rows;
	bool ok;

	if (id->npast == 0)
		return true;
	rows = yyjson_mut_obj_add_arr(doc, root, "superseded");
	ok = rows != NULL;
	for (uint32_t i = 0; ok && i < id->npast; i++) {
		const struct identity_past *p = &id->past[i];
		const int64_t times[PAST_ITEMS] = { p->operations_from, p->operations_to,
			p->token_from, p->token_to };
		yyjson_mut_val *row = yyjson_mut_arr_add_arr(doc, rows);
		char text[TEXT_TIME_LEN + 1];

		ok = row != NULL;
		for (size_t k = 0; ok && k < PAST_ITEMS; k++) {
			text_from_time(times[k], text);
			ok = yyjson_mut_arr_add_strcpy(doc, row, text);
		}
	}
	return ok;
}

static bool
add_rest(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct identity *id)
{
	yyjson_mut_val *operations = yyjson_mut_obj_add_obj(doc, root, "operations");
	yyjson_mut_val *sanctum = yyjson_mut_obj_add_obj(doc, root, "sanctum");
	char hex[2 * sizeof(id->sanctum_id) + 1];

	sn_hex(BYTES_OF(id->sanctum_id), hex);
	return yyjson_mut_obj_add_str(doc, root, "format", IDENTITY_FORMAT) &&
	    yyjson_mut_obj_add_uint(doc, operations, "count", id->operations_count) &&
	    yyjson_mut_obj_add_uint(doc, operations, "generation", id->operations_generation) &&
	    yyjson_mut_obj_add_uint(doc, operations, "threshold", id->operations_threshold) &&
	    yyjson_mut_obj_add_str(doc, root, "organization", id->organization) &&
	    yyjson_mut_obj_add_strcpy(doc, sanctum, "id", hex) &&
	    yyjson_mut_obj_add_str(doc, sanctum, "name", id->sanctum_name) &&
	    yyjson_mut_obj_add_str(doc, root, "world", plan_world_name(id->world));
}

enum sn_err
identity_write(const struct identity *id, struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_json_mut_free) yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	SN_CLEANUP(sn_buf_done) struct sn_buf text = { 0 };
	yyjson_mut_val *root = yyjson_mut_obj(doc);

	if (!add_certs(doc, root, id) || !add_shares(doc, root, id) ||
	    !add_rest(doc, root, id) || !add_past(doc, root, id))
		return sn_fail(why, SN_E_NOMEM, WHAT);
	SN_TRY(sn_json_canon(root, &text, why));
	SN_TRY(sn_buf_check(&text, why));
	if (text.n > IDENTITY_MAX_BYTES)
		return sn_fail(why, SN_E_LIMIT, WHAT ": %zu bytes, at most %d", text.n,
		    IDENTITY_MAX_BYTES);
	sn_buf_put(ret, sn_buf_bytes(&text));
	return sn_buf_check(ret, why);
}

/* ---- reading: fields here, the form by writing it again and comparing */

static enum sn_err
copy_text(const char *s, size_t max, char *ret, const char *name, struct sn_why *why)
{
	size_t n = s == NULL ? 0 : strlen(s);

	if (n == 0 || n > max || !text_printable((struct bytes){ (const uint8_t *)s, n }, max))
		return sn_fail(why, SN_E_FORMAT,
		    WHAT ": %s: a text of 1 to %zu bytes is needed", name, max);
	memcpy(ret, s, n + 1);
	return SN_OK;
}

static enum sn_err
read_time(yyjson_val *v, const char *name, int64_t *ret, struct sn_why *why)
{
	if (!yyjson_is_str(v))
		return sn_fail(why, SN_E_FORMAT, WHAT ": %s: not a time", name);
	return text_to_time(yyjson_get_str(v), ret, name, why);
}

static enum sn_err
read_cert(yyjson_val *row, enum key_id key, struct identity_cert *ret, struct sn_why *why)
{
	const char *label = key_row(key)->label;
	const char *serial = yyjson_get_str(yyjson_arr_get(row, 5));
	uint64_t generation = yyjson_get_uint(yyjson_arr_get(row, 2));

	if (!yyjson_is_arr(row) || yyjson_arr_size(row) != ROW_ITEMS ||
	    !yyjson_equals_str(yyjson_arr_get(row, 0), label))
		return sn_fail(why, SN_E_FORMAT,
		    WHAT ": certificates: a row of %d values for %s is needed here", ROW_ITEMS,
		    label);
	SN_TRY(copy_text(yyjson_get_str(yyjson_arr_get(row, 1)), IDENTITY_CN_MAX, ret->cn,
	    label, why));
	if (!yyjson_is_uint(yyjson_arr_get(row, 2)) || generation > UINT32_MAX)
		return sn_fail(why, SN_E_FORMAT, WHAT ": %s: not a generation", label);
	ret->generation = (uint32_t)generation;
	SN_TRY(read_time(yyjson_arr_get(row, 3), label, &ret->from, why));
	SN_TRY(read_time(yyjson_arr_get(row, 4), label, &ret->to, why));
	if (serial == NULL)
		return sn_fail(why, SN_E_FORMAT, WHAT ": %s: not a serial number", label);
	return sn_hex_parse(serial, ret->serial, sizeof(ret->serial), label, why);
}

static enum sn_err
read_certs(yyjson_val *root, struct identity *id, struct sn_why *why)
{
	yyjson_val *rows;
	size_t at = 0;
	unsigned int k;

	SN_TRY(sn_json_arr(root, "certificates", 1, KEY_COUNT, &rows, WHAT, why));
	for (k = 0; k < KEY_COUNT; k++)
		if (certs_row((enum key_id)k)->kind != CERTS_NONE)
			SN_TRY(read_cert(yyjson_arr_get(rows, at++), (enum key_id)k,
			    &id->cert[k], why));
	return SN_OK;
}

static enum sn_err
read_shares(yyjson_val *root, struct identity *id, struct sn_why *why)
{
	yyjson_val *shares, *list;
	uint32_t identifier, i;

	SN_TRY(sn_json_obj(root, "shares", &shares, WHAT, why));
	SN_TRY(sn_json_u32(shares, "threshold", 2, PLAN_MAX_SHARES, &id->share_threshold, WHAT,
	    why));
	SN_TRY(sn_json_u32(shares, "count", 2, PLAN_MAX_SHARES, &id->share_count, WHAT, why));
	SN_TRY(sn_json_u32(shares, "identifier", 0, UINT16_MAX, &identifier, WHAT, why));
	id->share_identifier = (uint16_t)identifier;
	SN_TRY(sn_json_arr(shares, "commitments", id->share_count, id->share_count, &list, WHAT,
	    why));
	for (i = 0; i < id->share_count; i++) {
		const char *hex = yyjson_get_str(yyjson_arr_get(list, i));

		if (hex == NULL)
			return sn_fail(why, SN_E_FORMAT, WHAT ": commitment %u", i + 1);
		SN_TRY(sn_hex_parse(hex, id->commitment[i], sizeof(id->commitment[i]),
		    "identity.json: commitment", why));
	}
	return SN_OK;
}

static enum sn_err
read_past(yyjson_val *root, struct identity *id, struct sn_why *why)
{
	yyjson_val *rows;

	if (yyjson_obj_get(root, "superseded") == NULL)
		return SN_OK;
	SN_TRY(sn_json_arr(root, "superseded", 1, IDENTITY_PAST_MAX, &rows, WHAT, why));
	for (size_t i = 0; i < yyjson_arr_size(rows); i++) {
		yyjson_val *row = yyjson_arr_get(rows, i);
		struct identity_past *p = &id->past[i];
		int64_t *const times[PAST_ITEMS] = { &p->operations_from, &p->operations_to,
			&p->token_from, &p->token_to };

		if (!yyjson_is_arr(row) || yyjson_arr_size(row) != PAST_ITEMS)
			return sn_fail(why, SN_E_FORMAT,
			    WHAT ": superseded: a row of %d times is needed", PAST_ITEMS);
		for (size_t k = 0; k < PAST_ITEMS; k++)
			SN_TRY(read_time(yyjson_arr_get(row, k), "superseded", times[k], why));
		id->npast++;
	}
	return SN_OK;
}

static enum sn_err
read_rest(yyjson_val *root, struct identity *id, struct sn_why *why)
{
	yyjson_val *operations, *sanctum;
	const char *s;

	SN_TRY(sn_json_str(root, "format", 64, &s, WHAT, why));
	if (strcmp(s, IDENTITY_FORMAT) != 0)
		return sn_fail(why, SN_E_FORMAT, WHAT ": format is %s, not %s", s,
		    IDENTITY_FORMAT);
	SN_TRY(sn_json_str(root, "world", 16, &s, WHAT, why));
	id->world =
	    strcmp(s, plan_world_name(PLAN_PRODUCTION)) == 0 ? PLAN_PRODUCTION : PLAN_REHEARSAL;
	if (strcmp(s, plan_world_name(id->world)) != 0)
		return sn_fail(why, SN_E_FORMAT, WHAT ": world %s is not known", s);
	SN_TRY(sn_json_obj(root, "operations", &operations, WHAT, why));
	SN_TRY(sn_json_u32(operations, "generation", 1, UINT32_MAX, &id->operations_generation,
	    WHAT, why));
	SN_TRY(sn_json_u32(operations, "threshold", 2, PLAN_MAX_APPROVERS,
	    &id->operations_threshold, WHAT, why));
	SN_TRY(sn_json_u32(operations, "count", 2, PLAN_MAX_APPROVERS, &id->operations_count,
	    WHAT, why));
	SN_TRY(sn_json_str(root, "organization", PLAN_FULL_MAX, &s, WHAT, why));
	SN_TRY(copy_text(s, PLAN_FULL_MAX, id->organization, "organization", why));
	SN_TRY(sn_json_obj(root, "sanctum", &sanctum, WHAT, why));
	SN_TRY(sn_json_hex(sanctum, "id", id->sanctum_id, sizeof(id->sanctum_id), WHAT, why));
	SN_TRY(sn_json_str(sanctum, "name", PLAN_FULL_MAX, &s, WHAT, why));
	return copy_text(s, PLAN_FULL_MAX, id->sanctum_name, "sanctum.name", why);
}

enum sn_err
identity_parse(struct bytes text, struct identity *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_json_free) yyjson_doc *doc = NULL;
	SN_CLEANUP(sn_buf_done) struct sn_buf again = { 0 };
	struct identity id = { 0 };
	yyjson_val *root;

	if (text.n > IDENTITY_MAX_BYTES)
		return sn_fail(why, SN_E_LIMIT, WHAT ": %zu bytes, at most %d", text.n,
		    IDENTITY_MAX_BYTES);
	if (text.n > 0 && text.p[text.n - 1] == '\n')
		text.n--;
	SN_TRY(sn_json_parse(text, WHAT, false, &doc, why));
	root = yyjson_doc_get_root(doc);
	if (!yyjson_is_obj(root))
		return sn_fail(why, SN_E_FORMAT, WHAT ": not an object");
	SN_TRY(read_rest(root, &id, why));
	SN_TRY(read_shares(root, &id, why));
	SN_TRY(read_certs(root, &id, why));
	SN_TRY(read_past(root, &id, why));
	SN_TRY(identity_check(&id, why));
	SN_TRY(identity_write(&id, &again, why));
	if (!bytes_equal(text, sn_buf_bytes(&again)))
		return sn_fail(why, SN_E_FORMAT,
		    WHAT
		    ": it is not in its one canonical form, or has members that are not known");
	*ret = id;
	return SN_OK;
}
