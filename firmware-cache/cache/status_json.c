#include "appliance/base/json.h"
#include "appliance/base/text.h"
#include "firmware-cache/cache/status.h"

#define STATUS_VERSION 1

static void
put_time(yyjson_mut_doc *d, yyjson_mut_val *obj, const char *key, int64_t t)
{
	char text[TEXT_TIME_LEN + 1];

	text_from_time(t, text);
	yyjson_mut_obj_add_strcpy(d, obj, key, text);
}

static yyjson_mut_val *
json_line(yyjson_mut_doc *d, int64_t at, const struct status_line *l)
{
	yyjson_mut_val *obj = yyjson_mut_obj(d);

	if (l->node[0] != '\0')
		yyjson_mut_obj_add_str(d, obj, "node", l->node);
	yyjson_mut_obj_add_str(d, obj, "item", l->item);
	yyjson_mut_obj_add_str(d, obj, "label", l->label);
	yyjson_mut_obj_add_str(d, obj, "state", cover_state_name(l->state));
	if (l->channel[0] != '\0')
		yyjson_mut_obj_add_str(d, obj, "channel", l->channel);
	if (l->count > 1)
		yyjson_mut_obj_add_uint(d, obj, "count", l->count);
	if (cover_is_good(l->state)) {
		put_time(d, obj, "good_until", l->good_until);
		yyjson_mut_obj_add_uint(d, obj, "days_left",
		    (uint64_t)cover_days(at, l->good_until));
	} else {
		yyjson_mut_obj_add_str(d, obj, "error", sn_err_name(l->err));
		yyjson_mut_obj_add_str(d, obj, "reason", l->reason);
	}
	return obj;
}

/* Originals whose bytes or names are wrong: they speak for nothing. */
static yyjson_mut_val *
json_strangers(yyjson_mut_doc *d, const struct cache_view *v)
{
	yyjson_mut_val *arr = yyjson_mut_arr(d);

	for (size_t i = 0; i < v->n; i++) {
		yyjson_mut_val *obj;

		if (v->v[i].has_sha256)
			continue;
		obj = yyjson_mut_arr_add_obj(d, arr);
		yyjson_mut_obj_add_str(d, obj, "path", v->v[i].path);
		yyjson_mut_obj_add_str(d, obj, "reason", v->v[i].reason);
	}
	return arr;
}

enum sn_err
cache_status_json(const struct cache_status *s, struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_json_mut_free) yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(d), *lines = yyjson_mut_arr(d);
	const struct {
		const char *key;
		size_t n;
	} counts[] = { { "good", s->accepted }, { "superseded", s->superseded },
		{ "lapsed", s->lapsed }, { "refused", s->refused }, { "carried", s->carried },
		{ "absent", s->absent } };

	if (root == NULL || lines == NULL)
		return sn_fail(why, SN_E_NOMEM, "status");
	yyjson_mut_obj_add_uint(d, root, "version", STATUS_VERSION);
	put_time(d, root, "judged_at", s->view.at);
	yyjson_mut_obj_add_bool(d, root, "planned", s->planned);
	yyjson_mut_obj_add_bool(d, root, "covered", cache_status_verdict(s, NULL) == SN_OK);
	for (size_t i = 0; i < SN_NITEMS(counts); i++)
		yyjson_mut_obj_add_uint(d, root, counts[i].key, counts[i].n);
	for (size_t i = 0; i < s->n; i++)
		if (!yyjson_mut_arr_add_val(lines, json_line(d, s->view.at, &s->v[i])))
			return sn_fail(why, SN_E_NOMEM, "status");
	yyjson_mut_obj_add_val(d, root, "items", lines);
	yyjson_mut_obj_add_val(d, root, "strangers", json_strangers(d, &s->view));
	if (s->first != NULL)
		yyjson_mut_obj_add_val(d, root, "first_to_lapse",
		    json_line(d, s->view.at, s->first));
	SN_TRY(sn_json_canon(root, ret, why));
	sn_buf_u8(ret, '\n');
	return sn_buf_check(ret, why);
}
