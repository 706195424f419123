#include "appliance/media/mark.h"

#include <stdio.h>
#include <string.h>

#include "appliance/base/json.h"
#include "appliance/base/text.h"

#define FORMAT "cornerstone-stick-1"

static const struct {
	const char *role, *label; /* NULL: every other label */
} roles[] = {
	{ "in", "CS-IN" },
	{ "out-a", "CS-OUT-A" },
	{ "out-b", "CS-OUT-B" },
	{ "journal", "CS-JOURNAL" },
	{ "log", "CS-LOG" },
	{ "approver", NULL },
};

bool
mark_role_ok(const char *role)
{
	for (size_t i = 0; i < SN_NITEMS(roles); i++)
		if (strcmp(roles[i].role, role) == 0)
			return true;
	return false;
}

const char *
mark_role_of(const char *label)
{
	size_t i = 0;

	while (roles[i].label != NULL && strcmp(roles[i].label, label) != 0)
		i++;
	return roles[i].role;
}

/* World, sanctum and ceremony: all three, or none. */
static enum sn_err
parse_binding(yyjson_val *obj, struct mark *ret, struct sn_why *why)
{
	const char *text = NULL;

	ret->bound = yyjson_obj_size(obj) > 3;
	if (!ret->bound)
		return SN_OK;
	SN_TRY(sn_json_str(obj, "world", sizeof(ret->world) - 1, &text, MARK_FILE, why));
	if (strcmp(text, "rehearsal") != 0 && strcmp(text, "production") != 0)
		return sn_fail(why, SN_E_FORMAT, "%s: world: not a world", MARK_FILE);
	(void)snprintf(ret->world, sizeof(ret->world), "%s", text);
	SN_TRY(sn_json_hex(obj, "sanctum", ret->sanctum, sizeof(ret->sanctum), MARK_FILE, why));
	SN_TRY(sn_json_str(obj, "ceremony", MARK_CEREMONY_MAX, &text, MARK_FILE, why));
	(void)snprintf(ret->ceremony, sizeof(ret->ceremony), "%s", text);
	return SN_OK;
}

enum sn_err
mark_parse(struct bytes text, struct mark *ret, struct sn_why *why)
{
	static const char *const keys[] = { "format", "role", "id", "world", "sanctum",
		"ceremony", NULL };
	SN_CLEANUP(sn_json_free) yyjson_doc *doc = NULL;
	struct mark m = { 0 };
	const char *s = NULL;
	yyjson_val *obj;

	if (text.n > MARK_MAX_BYTES)
		return sn_fail(why, SN_E_LIMIT, "%s: over %d bytes", MARK_FILE, MARK_MAX_BYTES);
	SN_TRY(sn_json_parse(text, MARK_FILE, false, &doc, why));
	obj = yyjson_doc_get_root(doc);
	SN_TRY(sn_json_only(obj, keys, MARK_FILE, why));
	SN_TRY(sn_json_str(obj, "format", sizeof(FORMAT), &s, MARK_FILE, why));
	if (strcmp(s, FORMAT) != 0)
		return sn_fail(why, SN_E_FORMAT, "%s: format is not %s", MARK_FILE, FORMAT);
	SN_TRY(sn_json_str(obj, "role", MARK_ROLE_MAX, &s, MARK_FILE, why));
	if (!mark_role_ok(s))
		return sn_fail(why, SN_E_FORMAT, "%s: role: nobody knows it", MARK_FILE);
	(void)snprintf(m.role, sizeof(m.role), "%s", s);
	SN_TRY(sn_json_hex(obj, "id", m.id, sizeof(m.id), MARK_FILE, why));
	SN_TRY(parse_binding(obj, &m, why));
	*ret = m;
	return SN_OK;
}

enum sn_err
mark_text(const struct mark *m, struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_json_mut_free) yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	char id[2 * MARK_ID_LEN + 1], sanctum[2 * sizeof(m->sanctum) + 1];
	yyjson_mut_val *obj = yyjson_mut_obj(doc);
	bool ok;

	sn_hex(BYTES_OF(m->id), id);
	sn_hex(BYTES_OF(m->sanctum), sanctum);
	ok = yyjson_mut_obj_add_str(doc, obj, "format", FORMAT) &&
	    yyjson_mut_obj_add_str(doc, obj, "role", m->role) &&
	    yyjson_mut_obj_add_str(doc, obj, "id", id);
	if (ok && m->bound)
		ok = yyjson_mut_obj_add_str(doc, obj, "world", m->world) &&
		    yyjson_mut_obj_add_str(doc, obj, "sanctum", sanctum) &&
		    yyjson_mut_obj_add_str(doc, obj, "ceremony", m->ceremony);
	if (!ok)
		return sn_fail(why, SN_E_NOMEM, MARK_FILE);
	SN_TRY(sn_json_canon(obj, ret, why));
	sn_buf_str(ret, "\n");
	return sn_buf_check(ret, why);
}

/* "CS-OUT-A", or "an approver's stick". */
static const char *
role_stick(const char *role)
{
	for (size_t i = 0; i < SN_NITEMS(roles); i++)
		if (roles[i].label != NULL && strcmp(roles[i].role, role) == 0)
			return roles[i].label;
	return "an approver's";
}

enum sn_err
mark_fits(const struct mark *m, const char *label, const char *world, const uint8_t sanctum[16],
    struct sn_why *why)
{
	if (strcmp(m->role, mark_role_of(label)) != 0)
		return sn_fail(why, SN_E_MEDIA,
		    "the stick labelled %s was made as %s; take the right one", label,
		    role_stick(m->role));
	if (!m->bound || world == NULL)
		return SN_OK;
	if (strcmp(m->world, world) != 0)
		return sn_fail(why, SN_E_MEDIA,
		    "stick %s belongs to the %s world (ceremony %s), this is a %s", label,
		    m->world, m->ceremony, world);
	if (memcmp(m->sanctum, sanctum, sizeof(m->sanctum)) != 0)
		return sn_fail(why, SN_E_MEDIA,
		    "stick %s belongs to another sanctum (ceremony %s)", label, m->ceremony);
	return SN_OK;
}
