#include "firmware-cache/layouts/roundtrip.h"

#include <string.h>

#include "appliance/base/json.h"
#include "appliance/base/text.h"
#include "firmware-cache/layouts/form.h"

#define HEX_MAX 64U
#define COMPONENTS 16U
#define LIST_MAX 4096U

enum type { T_STR, T_UINT, T_TIME, T_HEX, T_STATUS, T_OBJ, T_LIST, T_STRS };

struct shape;

/* One field of a struct of Trustee's; optional ones are left out when absent or null. */
struct field {
	const char *key;
	enum type type;
	bool optional;
	uint32_t n; /* T_UINT: the largest; T_HEX, T_LIST: so many, 0 for any number */
	const struct shape *shape; /* T_OBJ, T_LIST */
};

struct shape {
	const char *what;
	const struct field *fields;
	size_t n;
};

#define SHAPE(name, fields)                                                                    \
	static const struct shape name = { #name, fields, SN_NITEMS(fields) }

static const struct field component_fields[] = {
	{ "svn", T_UINT, false, UINT8_MAX, NULL },
	{ "category", T_STR, true, 0, NULL },
	{ "type", T_STR, true, 0, NULL },
};
SHAPE(component, component_fields);

static const struct field tcb_fields[] = {
	{ "sgxtcbcomponents", T_LIST, true, COMPONENTS, &component },
	{ "pcesvn", T_UINT, true, UINT16_MAX, NULL },
	{ "tdxtcbcomponents", T_LIST, true, COMPONENTS, &component },
	{ "isvsvn", T_UINT, true, UINT8_MAX, NULL },
};
SHAPE(tcb, tcb_fields);

static const struct field level_fields[] = {
	{ "tcb", T_OBJ, false, 0, &tcb },
	{ "tcbDate", T_TIME, false, 0, NULL },
	{ "tcbStatus", T_STATUS, false, 0, NULL },
	{ "advisoryIDs", T_STRS, true, 0, NULL },
};
SHAPE(level, level_fields);

static const struct field module_fields[] = {
	{ "mrsigner", T_HEX, false, 0, NULL },
	{ "attributes", T_HEX, false, 8, NULL },
	{ "attributesMask", T_HEX, false, 8, NULL },
};
SHAPE(module, module_fields);

static const struct field module_identity_fields[] = {
	{ "id", T_STR, false, 0, NULL },
	{ "mrsigner", T_HEX, false, 0, NULL },
	{ "attributes", T_HEX, false, 8, NULL },
	{ "attributesMask", T_HEX, false, 8, NULL },
	{ "tcbLevels", T_LIST, false, 0, &level },
};
SHAPE(module_identity, module_identity_fields);

static const struct field tcb_info_fields[] = {
	{ "id", T_STR, false, 0, NULL },
	{ "version", T_UINT, false, UINT8_MAX, NULL },
	{ "issueDate", T_TIME, false, 0, NULL },
	{ "nextUpdate", T_TIME, false, 0, NULL },
	{ "fmspc", T_HEX, false, 6, NULL },
	{ "pceId", T_HEX, false, 2, NULL },
	{ "tcbType", T_UINT, false, UINT8_MAX, NULL },
	{ "tcbEvaluationDataNumber", T_UINT, false, UINT32_MAX, NULL },
	{ "tdxModule", T_OBJ, true, 0, &module },
	{ "tdxModuleIdentities", T_LIST, true, 0, &module_identity },
	{ "tcbLevels", T_LIST, false, 0, &level },
};
SHAPE(tcb_info, tcb_info_fields);

static const struct field identity_fields[] = {
	{ "id", T_STR, false, 0, NULL },
	{ "version", T_UINT, false, UINT8_MAX, NULL },
	{ "issueDate", T_TIME, false, 0, NULL },
	{ "nextUpdate", T_TIME, false, 0, NULL },
	{ "tcbEvaluationDataNumber", T_UINT, false, UINT32_MAX, NULL },
	{ "miscselect", T_HEX, false, 4, NULL },
	{ "miscselectMask", T_HEX, false, 4, NULL },
	{ "attributes", T_HEX, false, 16, NULL },
	{ "attributesMask", T_HEX, false, 16, NULL },
	{ "mrsigner", T_HEX, false, 32, NULL },
	{ "isvprodid", T_UINT, false, UINT16_MAX, NULL },
	{ "tcbLevels", T_LIST, false, 0, &level },
};
SHAPE(identity, identity_fields);

/* The statuses that Trustee knows; any other sinks the file. */
static const char *const statuses[] = {
	"UpToDate",
	"SWHardeningNeeded",
	"ConfigurationNeeded",
	"ConfigurationAndSWHardeningNeeded",
	"OutOfDate",
	"OutOfDateConfigurationNeeded",
	"Revoked",
};

static struct bytes
str_of(yyjson_val *v)
{
	return (struct bytes){ (const uint8_t *)yyjson_get_str(v), yyjson_get_len(v) };
}

static enum sn_err
unfit(const struct shape *s, const struct field *f, struct sn_why *why)
{
	return sn_fail(why, SN_E_FORMAT, "%s: %s is not what Trustee reads there", s->what,
	    f->key);
}

static enum sn_err
put_hex(struct sn_buf *b, const struct shape *s, const struct field *f, yyjson_val *v,
    struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf raw = { 0 };
	struct sn_why own = { 0 };

	if (!yyjson_is_str(v) ||
	    sn_hex_parse_buf(str_of(v), HEX_MAX, &raw, f->key, &own) != SN_OK ||
	    (f->n != 0 && raw.n != f->n))
		return unfit(s, f, why);
	sn_buf_u8(b, '"');
	lay_hex_upper(b, sn_buf_bytes(&raw));
	sn_buf_u8(b, '"');
	return SN_OK;
}

/* A time that is written anew as it was: seconds, Z. Others might be read, yet differently. */
static enum sn_err
put_time(struct sn_buf *b, const struct shape *s, const struct field *f, yyjson_val *v,
    struct sn_why *why)
{
	char text[TEXT_TIME_LEN + 1];
	struct sn_why own = { 0 };
	int64_t t = 0;

	if (!yyjson_is_str(v) || text_to_time(yyjson_get_str(v), &t, f->key, &own) != SN_OK)
		return unfit(s, f, why);
	text_from_time(t, text);
	lay_json_string(b, bytes_str(text));
	return SN_OK;
}

static enum sn_err
put_status(struct sn_buf *b, const struct shape *s, const struct field *f, yyjson_val *v,
    struct sn_why *why)
{
	for (size_t i = 0; i < SN_NITEMS(statuses); i++)
		if (yyjson_equals_str(v, statuses[i])) {
			lay_json_string(b, str_of(v));
			return SN_OK;
		}
	return unfit(s, f, why);
}

static enum sn_err
put_strings(struct sn_buf *b, const struct shape *s, const struct field *f, yyjson_val *v,
    struct sn_why *why)
{
	yyjson_val *one;
	size_t i, n;

	if (!yyjson_is_arr(v))
		return unfit(s, f, why);
	sn_buf_u8(b, '[');
	yyjson_arr_foreach(v, i, n, one)
	{
		if (!yyjson_is_str(one))
			return unfit(s, f, why);
		if (i > 0)
			sn_buf_u8(b, ',');
		lay_json_string(b, str_of(one));
	}
	sn_buf_u8(b, ']');
	return SN_OK;
}

static enum sn_err put_object(struct sn_buf *b, const struct shape *s, yyjson_val *v,
    struct sn_why *why);

static enum sn_err
put_list(struct sn_buf *b, const struct shape *s, const struct field *f, yyjson_val *v,
    struct sn_why *why)
{
	yyjson_val *one;
	size_t i, n;

	if (!yyjson_is_arr(v) || yyjson_arr_size(v) > LIST_MAX ||
	    (f->n != 0 && yyjson_arr_size(v) != f->n))
		return unfit(s, f, why);
	sn_buf_u8(b, '[');
	yyjson_arr_foreach(v, i, n, one)
	{
		if (i > 0)
			sn_buf_u8(b, ',');
		SN_TRY(put_object(b, f->shape, one, why));
	}
	sn_buf_u8(b, ']');
	return SN_OK;
}

static enum sn_err
put_value(struct sn_buf *b, const struct shape *s, const struct field *f, yyjson_val *v,
    struct sn_why *why)
{
	switch (f->type) {
	case T_STR:
		if (!yyjson_is_str(v))
			return unfit(s, f, why);
		lay_json_string(b, str_of(v));
		return SN_OK;
	case T_UINT:
		if (!yyjson_is_uint(v) || yyjson_get_uint(v) > f->n)
			return unfit(s, f, why);
		sn_buf_fmt(b, "%u", (unsigned int)yyjson_get_uint(v));
		return SN_OK;
	case T_TIME:
		return put_time(b, s, f, v, why);
	case T_HEX:
		return put_hex(b, s, f, v, why);
	case T_STATUS:
		return put_status(b, s, f, v, why);
	case T_OBJ:
		return put_object(b, f->shape, v, why);
	case T_LIST:
		return put_list(b, s, f, v, why);
	case T_STRS:
		return put_strings(b, s, f, v, why);
	}
	return unfit(s, f, why);
}

/* As deep as the tables above, whatever the input. */
static enum sn_err
put_object(struct sn_buf *b, const struct shape *s, yyjson_val *v, struct sn_why *why)
{
	bool first = true;

	if (!yyjson_is_obj(v))
		return sn_fail(why, SN_E_FORMAT, "%s is not an object", s->what);
	sn_buf_u8(b, '{');
	for (size_t i = 0; i < s->n; i++) {
		const struct field *f = &s->fields[i];
		yyjson_val *one = yyjson_obj_get(v, f->key);

		if (f->optional && (one == NULL || yyjson_is_null(one)))
			continue;
		if (one == NULL)
			return sn_fail(why, SN_E_FORMAT, "%s: %s is missing", s->what, f->key);
		if (!first)
			sn_buf_u8(b, ',');
		first = false;
		lay_json_string(b, bytes_str(f->key));
		sn_buf_u8(b, ':');
		SN_TRY(put_value(b, s, f, one, why));
	}
	sn_buf_u8(b, '}');
	return SN_OK;
}

enum sn_err
lay_trustee_again(enum intel_json kind, yyjson_val *body, struct sn_buf *ret,
    struct sn_why *why)
{
	const struct shape *s = kind == INTEL_JSON_TCB_INFO ? &tcb_info : &identity;

	SN_TRY(put_object(ret, s, body, why));
	return sn_buf_check(ret, why);
}

enum sn_err
lay_trustee_survives(const struct intel_slice *s, struct sn_why *why)
{
	SN_CLEANUP(sn_json_free) yyjson_doc *doc = NULL;
	SN_CLEANUP(sn_buf_done) struct sn_buf again = { 0 };

	SN_TRY(sn_json_parse(s->body, "body", false, &doc, why));
	SN_TRY(lay_trustee_again(s->kind, yyjson_doc_get_root(doc), &again, why));
	return bytes_equal(s->body, sn_buf_bytes(&again))
	    ? SN_OK
	    : sn_fail(why, SN_E_SIGNATURE,
		  "Trustee writes it anew with other bytes than were signed");
}
