#include "firmware-cache/layouts/platforms.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appliance/base/json.h"

#define QE_ID_MAX 260U
#define MANIFEST_MAX (2 * 53000U)
#define WHERE_MAX 96

void
lay_platforms_done(struct lay_platforms *p)
{
	if (p == NULL)
		return;
	sn_json_free(&p->doc);
	free(p->v);
	*p = (struct lay_platforms){ 0 };
}

/* The members of a platform: so many hex digits, or when 0 any even number up to max. */
static const struct {
	const char *key;
	size_t digits, max, offset;
	bool needed, hex;
} fields[] = {
	{ "enc_ppid", 768, 768, offsetof(struct lay_platform, enc_ppid), false, true },
	{ "pce_id", 4, 4, offsetof(struct lay_platform, pce_id), true, true },
	{ "cpu_svn", 32, 32, offsetof(struct lay_platform, cpu_svn), false, true },
	{ "pce_svn", 4, 4, offsetof(struct lay_platform, pce_svn), false, true },
	{ "qe_id", 0, QE_ID_MAX, offsetof(struct lay_platform, qe_id), true, false },
	{ "platform_manifest", 0, MANIFEST_MAX,
	    offsetof(struct lay_platform, platform_manifest), false, true },
};

static bool
all_in(const char *s, bool hex)
{
	for (; *s != '\0'; s++) {
		char last = hex ? 'f' : 'z';
		char c = *s >= 'A' && *s <= 'Z' ? (char)(*s - 'A' + 'a') : *s;

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= last)))
			return false;
	}
	return true;
}

static enum sn_err
read_field(yyjson_val *obj, size_t i, const char *where, const char **ret, struct sn_why *why)
{
	const char *s = "";
	size_t n;

	if (yyjson_obj_get(obj, fields[i].key) != NULL || fields[i].needed)
		SN_TRY(sn_json_str(obj, fields[i].key, fields[i].max, &s, where, why));
	n = strlen(s);
	if (n == 0 && !fields[i].needed) {
		*ret = s;
		return SN_OK;
	}
	if (n == 0 || !all_in(s, fields[i].hex) ||
	    (fields[i].digits != 0 && n != fields[i].digits) || (fields[i].hex && n % 2 != 0))
		return sn_fail(why, SN_E_FORMAT, "%s: %s is not of the form that it has", where,
		    fields[i].key);
	*ret = s;
	return SN_OK;
}

static enum sn_err
read_platform(yyjson_val *obj, const char *where, struct lay_platform *ret, struct sn_why *why)
{
	static const char *const keys[] = { "enc_ppid", "pce_id", "cpu_svn", "pce_svn", "qe_id",
		"platform_manifest", "pckid_filename", NULL };

	if (!yyjson_is_obj(obj))
		return sn_fail(why, SN_E_FORMAT, "%s: not an object", where);
	SN_TRY(sn_json_only(obj, keys, where, why));
	for (size_t i = 0; i < SN_NITEMS(fields); i++) {
		const char **place = (const char **)(void *)((char *)ret + fields[i].offset);

		SN_TRY(read_field(obj, i, where, place, why));
	}
	return SN_OK;
}

enum sn_err
lay_platforms_parse(struct bytes json, const char *what, struct lay_platforms *ret,
    struct sn_why *why)
{
	SN_CLEANUP(lay_platforms_done) struct lay_platforms p = { 0 };
	yyjson_val *root, *one;
	size_t i, n;

	SN_TRY(sn_json_parse(json, what, false, &p.doc, why));
	root = yyjson_doc_get_root(p.doc);
	if (!yyjson_is_arr(root))
		return sn_fail(why, SN_E_FORMAT, "%s: not a list of platforms", what);
	if (yyjson_arr_size(root) > LAY_PLATFORMS_MAX)
		return sn_fail(why, SN_E_LIMIT, "%s: %zu platforms, at most %u are taken", what,
		    yyjson_arr_size(root), LAY_PLATFORMS_MAX);
	p.v = calloc(yyjson_arr_size(root) + 1, sizeof(*p.v));
	if (p.v == NULL)
		return sn_fail(why, SN_E_NOMEM, "%s", what);
	yyjson_arr_foreach(root, i, n, one)
	{
		char where[WHERE_MAX];

		snprintf(where, sizeof(where), "%.60s: platform %zu", what, i + 1);
		SN_TRY(read_platform(one, where, &p.v[i], why));
	}
	p.n = yyjson_arr_size(root);
	*ret = p;
	p = (struct lay_platforms){ 0 };
	return SN_OK;
}
