#include "ceremony/screen/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appliance/base/json.h"

#define WHAT "screen"
#define ARGS_MAX 24
#define TEXT_MAX 4096

struct view_log {
	yyjson_mut_doc *doc; /* owns the values below */
	yyjson_mut_val *body, *title, *prompt;
	bool failed; /* memory ran out: view_log_text() says so */
};

void
view_log_free(struct view_log **lp)
{
	if (lp == NULL || *lp == NULL)
		return;
	sn_json_mut_free(&(*lp)->doc);
	free(*lp);
	*lp = NULL;
}

enum sn_err
view_log_new(struct view_log **ret, struct sn_why *why)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret != NULL ? SN_OK : sn_fail(why, SN_E_NOMEM, WHAT);
}

void
view_log_begin(struct view_log *l, struct view *v)
{
	memset(v, 0, sizeof(*v));
	v->log = l;
	sn_json_mut_free(&l->doc);
	l->title = l->prompt = NULL;
	l->doc = yyjson_mut_doc_new(NULL);
	l->body = yyjson_mut_arr(l->doc);
	l->failed = l->body == NULL;
}

/* Has the message a place for this argument? One that nobody knows may have. */
static bool
log_place(const char *id, const char *name)
{
	const char *text = cat_text(id);
	char place[40];

	(void)snprintf(place, sizeof(place), "{%s}", name);
	return text == NULL || strstr(text, place) != NULL;
}

/* ["id"], or ["id",{"name":"value",...}] with the arguments that are shown */
static yyjson_mut_val *
log_message(struct view_log *l, const char *id, const struct cat_arg *args)
{
	yyjson_mut_val *m = yyjson_mut_arr(l->doc), *o;

	if (!yyjson_mut_arr_add_strcpy(l->doc, m, id))
		return NULL;
	for (o = NULL; args != NULL && args->name != NULL; args++) {
		if (!log_place(id, args->name))
			continue;
		if (o == NULL)
			o = yyjson_mut_arr_add_obj(l->doc, m);
		yyjson_mut_val *k = yyjson_mut_strcpy(l->doc, args->name);

		if (!yyjson_mut_obj_put(o, k, yyjson_mut_strcpy(l->doc, args->value)))
			return NULL;
	}
	return m;
}

void
view_log_say(struct view_log *l, const char *id, const struct cat_arg *args)
{
	if (l != NULL && !yyjson_mut_arr_append(l->body, log_message(l, id, args)))
		l->failed = true;
}

void
view_log_line(struct view_log *l, const char *text)
{
	if (l != NULL && !yyjson_mut_arr_add_strcpy(l->doc, l->body, text))
		l->failed = true;
}

void
view_log_title(struct view_log *l, const char *id, const struct cat_arg *args)
{
	if (l == NULL)
		return;
	l->title = log_message(l, id, args);
	l->failed |= l->title == NULL;
}

void
view_log_prompt(struct view_log *l, const char *id, const struct cat_arg *args)
{
	if (l == NULL)
		return;
	l->prompt = log_message(l, id, args);
	l->failed |= l->prompt == NULL;
}

enum sn_err
view_log_text(const struct view_log *l, const struct view *v, struct sn_buf *ret,
    struct sn_why *why)
{
	yyjson_mut_val *o = l->failed ? NULL : yyjson_mut_obj(l->doc);
	bool ok = o != NULL && yyjson_mut_obj_add_val(l->doc, o, "body", l->body);

	if (ok && l->title != NULL)
		ok = yyjson_mut_obj_add_val(l->doc, o, "title", l->title);
	if (ok && l->prompt != NULL)
		ok = yyjson_mut_obj_add_val(l->doc, o, "prompt", l->prompt);
	if (ok && v->note[0] != '\0')
		ok = yyjson_mut_obj_add_str(l->doc, o, "note", v->note);
	return ok ? sn_json_canon(o, ret, why) : sn_fail(why, SN_E_NOMEM, WHAT);
}

/* ---- and back */

struct said {
	const char *id;
	struct cat_arg args[ARGS_MAX + 1];
};

static enum sn_err
said_read(yyjson_val *v, struct said *ret, struct sn_why *why)
{
	yyjson_obj_iter iter = yyjson_obj_iter_with(yyjson_arr_get(v, 1));
	yyjson_val *key;
	size_t n = 0;

	memset(ret, 0, sizeof(*ret));
	ret->id = yyjson_get_str(yyjson_arr_get_first(v));
	if (ret->id == NULL)
		return sn_fail(why, SN_E_FORMAT, WHAT ": no message id");
	while ((key = yyjson_obj_iter_next(&iter)) != NULL) {
		const char *value = yyjson_get_str(yyjson_obj_iter_get_val(key));

		if (value == NULL || n == ARGS_MAX)
			return sn_fail(why, SN_E_FORMAT, WHAT ": arguments of %s", ret->id);
		ret->args[n++] = (struct cat_arg){ yyjson_get_str(key), value };
	}
	return SN_OK;
}

static enum sn_err
show_body(yyjson_val *body, struct view *ret, struct sn_why *why)
{
	struct said s;
	size_t i, n;
	yyjson_val *v;

	yyjson_arr_foreach(body, i, n, v)
	{
		if (yyjson_is_str(v)) {
			view_line(ret, "%s", yyjson_get_str(v));
			continue;
		}
		SN_TRY(said_read(v, &s, why));
		view_say(ret, s.id, s.args);
	}
	return SN_OK;
}

enum sn_err
view_log_show(struct bytes text, struct view *ret, struct sn_why *why)
{
	static const char *const keys[] = { "body", "title", "prompt", "note", NULL };
	SN_CLEANUP(sn_json_free) yyjson_doc *doc = NULL;
	const char *note = NULL;
	yyjson_val *o, *body = NULL;
	struct said s;

	SN_TRY(sn_json_parse(text, WHAT, false, &doc, why));
	o = yyjson_doc_get_root(doc);
	SN_TRY(sn_json_only(o, keys, WHAT, why));
	SN_TRY(sn_json_arr(o, "body", 0, VIEW_MAX_LINES, &body, WHAT, why));
	SN_TRY(show_body(body, ret, why));
	if (yyjson_obj_get(o, "title") != NULL) {
		SN_TRY(said_read(yyjson_obj_get(o, "title"), &s, why));
		view_title(ret, s.id, s.args);
	}
	if (yyjson_obj_get(o, "prompt") != NULL) {
		SN_TRY(said_read(yyjson_obj_get(o, "prompt"), &s, why));
		view_prompt(ret, s.id, s.args);
	}
	if (yyjson_obj_get(o, "note") == NULL)
		return SN_OK;
	SN_TRY(sn_json_str(o, "note", TEXT_MAX, &note, WHAT, why));
	view_copy(ret->note, sizeof(ret->note), note);
	return SN_OK;
}
