#include "ceremony/bundle/tpm_json.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "appliance/base/json.h"
#include "appliance/base/text.h"

#define WHAT BUN_TPM_JSON
#define FORMAT "cornerstone-tpm-1"

/* The file as tables: one row a member, walked by the writer and by the reader. */
enum kind { TEXT, HEX64, HEX32, NUMBER, TRUTH };
struct member {
	const char *object; /* in which object, or NULL: the root */
	const char *key;
	enum kind kind;
	size_t at; /* in struct bun_tpm */
};
#define MEMBER(object, key, kind, field) { object, key, kind, offsetof(struct bun_tpm, field) }
static const struct member members[] = {
	MEMBER(NULL, "backend", TEXT, backend),
	MEMBER(NULL, "device", TEXT, device),
	MEMBER(NULL, "ek", TEXT, ek),
	MEMBER(NULL, "ek_certificate", HEX32, ek_certificate),
	MEMBER(NULL, "firmware", HEX64, firmware),
	MEMBER(NULL, "manufacturer", TEXT, manufacturer),
	MEMBER(NULL, "revision", NUMBER, revision),
	MEMBER(NULL, "slowest_ms", NUMBER, slowest_ms),
	MEMBER(NULL, "vendor", TEXT, vendor),
	MEMBER("hierarchies", "endorsement", TRUTH, endorsement),
	MEMBER("hierarchies", "owner", TRUTH, owner),
	MEMBER("hierarchies", "platform", TRUTH, platform),
	MEMBER("lockout", "failures", NUMBER, lockout_failures),
	MEMBER("lockout", "limit", NUMBER, lockout_limit),
	MEMBER("lockout", "locked", TRUTH, in_lockout),
	MEMBER("lockout", "seconds", NUMBER, lockout_seconds),
	MEMBER("passwords", "endorsement", TRUTH, endorsement_password),
	MEMBER("passwords", "lockout", TRUTH, lockout_password),
	MEMBER("passwords", "owner", TRUTH, owner_password),
};
static const char *const objects[] = { "counter", "hierarchies", "lockout", "passwords" };
#define OBJECT_KEYS 12 /* of one object, and the NULL */

/* ---- writing */

static bool
put_member(yyjson_mut_doc *doc, yyjson_mut_val *o, const struct member *m,
    const struct bun_tpm *t)
{
	const char *field = (const char *)t + m->at;
	char hex[17];
	uint64_t u64;
	uint32_t u32;

	switch (m->kind) {
	case TEXT:
		return yyjson_mut_obj_add_strcpy(doc, o, m->key, field);
	case HEX64:
		memcpy(&u64, field, sizeof(u64));
		(void)snprintf(hex, sizeof(hex), "%016" PRIx64, u64);
		return yyjson_mut_obj_add_strcpy(doc, o, m->key, hex);
	case HEX32:
		memcpy(&u32, field, sizeof(u32));
		(void)snprintf(hex, sizeof(hex), "%08" PRIx32, u32);
		return yyjson_mut_obj_add_strcpy(doc, o, m->key, hex);
	case NUMBER:
		memcpy(&u32, field, sizeof(u32));
		return yyjson_mut_obj_add_uint(doc, o, m->key, u32);
	case TRUTH:
		return yyjson_mut_obj_add_bool(doc, o, m->key, *(const bool *)field);
	}
	return false;
}

static bool
put_counter(yyjson_mut_doc *doc, yyjson_mut_val *o, const struct bun_tpm *t)
{
	if (t->has_counter)
		return yyjson_mut_obj_add_uint(doc, o, "value", t->counter);
	return yyjson_mut_obj_add_strcpy(doc, o, "none", t->no_counter);
}

enum sn_err
bun_tpm_json(const struct bun_tpm *t, struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_json_mut_free) yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	SN_CLEANUP(sn_buf_done) struct sn_buf out = { 0 };
	yyjson_mut_val *root = yyjson_mut_obj(doc);
	struct bun_tpm again;
	bool good = yyjson_mut_obj_add_str(doc, root, "format", FORMAT);

	for (size_t i = 0; i < SN_NITEMS(objects); i++)
		good =
		    good && yyjson_mut_obj_add_val(doc, root, objects[i], yyjson_mut_obj(doc));
	for (size_t i = 0; i < SN_NITEMS(members); i++) {
		const struct member *m = &members[i];
		yyjson_mut_val *o =
		    m->object == NULL ? root : yyjson_mut_obj_get(root, m->object);

		good = good && put_member(doc, o, m, t);
	}
	if (!good || !put_counter(doc, yyjson_mut_obj_get(root, "counter"), t))
		return sn_fail(why, SN_E_NOMEM, WHAT);
	SN_TRY(sn_json_canon(root, &out, why));
	sn_buf_str(&out, "\n");
	SN_TRY(sn_buf_check(&out, why));
	SN_TRY(bun_tpm_parse(sn_buf_bytes(&out), &again, why)); /* else nobody could read it */
	sn_buf_put(ret, sn_buf_bytes(&out));
	return sn_buf_check(ret, why);
}

/* ---- reading */

static enum sn_err
get_text(yyjson_val *o, const char *key, size_t max, char *ret, struct sn_why *why)
{
	const char *s = NULL;

	SN_TRY(sn_json_str(o, key, max, &s, WHAT, why));
	memcpy(ret, s, strlen(s) + 1);
	return SN_OK;
}

static enum sn_err
get_truth(yyjson_val *o, const char *key, bool *ret, struct sn_why *why)
{
	yyjson_val *v = yyjson_obj_get(o, key);

	if (!yyjson_is_bool(v))
		return sn_fail(why, SN_E_FORMAT, WHAT ": %s is neither true nor false", key);
	*ret = yyjson_get_bool(v);
	return SN_OK;
}

static enum sn_err
get_member(yyjson_val *o, const struct member *m, struct bun_tpm *t, struct sn_why *why)
{
	char *field = (char *)t + m->at;
	uint8_t b[8] = { 0 };
	char hex[17];
	uint64_t n = 0;
	uint32_t u32 = 0;
	const size_t len = m->kind == HEX64 ? 8 : 4;

	switch (m->kind) {
	case TEXT:
		return get_text(o, m->key, BUN_TPM_TEXT_MAX, field, why);
	case TRUTH:
		return get_truth(o, m->key, (bool *)field, why);
	case NUMBER:
		SN_TRY(sn_json_u32(o, m->key, 0, UINT32_MAX, &u32, WHAT, why));
		memcpy(field, &u32, sizeof(u32));
		return SN_OK;
	case HEX64:
	case HEX32:
		SN_TRY(sn_json_hex(o, m->key, b, len, WHAT, why));
		sn_hex((struct bytes){ b, len }, hex);
		if (!yyjson_equals_str(yyjson_obj_get(o, m->key), hex))
			return sn_fail(why, SN_E_FORMAT, WHAT ": %s has capitals", m->key);
		for (size_t i = 0; i < len; i++)
			n = n << 8 | b[i];
		u32 = (uint32_t)n;
		memcpy(field, m->kind == HEX64 ? (const void *)&n : (const void *)&u32, len);
		return SN_OK;
	}
	return sn_fail(why, SN_E_INTERNAL, WHAT ": %s", m->key);
}

/* Exactly the members of the table that are in this object, and those of more. */
static enum sn_err
only_members(yyjson_val *o, const char *object, const char *const *more, size_t nmore,
    struct sn_why *why)
{
	const char *keys[SN_NITEMS(members) + OBJECT_KEYS] = { NULL };
	size_t n = 0;

	for (size_t i = 0; i < SN_NITEMS(members); i++)
		if (object == NULL
			? members[i].object == NULL
			: members[i].object != NULL && strcmp(members[i].object, object) == 0)
			keys[n++] = members[i].key;
	for (size_t i = 0; i < nmore; i++)
		keys[n++] = more[i];
	return sn_json_only(o, keys, WHAT, why);
}

/* {"value":N} or {"none":"why"}. */
static enum sn_err
get_counter(yyjson_val *o, struct bun_tpm *t, struct sn_why *why)
{
	t->has_counter = yyjson_obj_get(o, "value") != NULL;
	if (yyjson_obj_size(o) != 1)
		return sn_fail(why, SN_E_FORMAT, WHAT ": counter is not value or none");
	if (t->has_counter)
		return sn_json_u64(o, "value", SN_JSON_SAFE, &t->counter, WHAT, why);
	return get_text(o, "none", BUN_TPM_REASON_MAX, t->no_counter, why);
}

static enum sn_err
check_backend(const struct bun_tpm *t, struct sn_why *why)
{
	static const char *const known[] = { "device", "software", "swtpm" };

	for (size_t i = 0; i < SN_NITEMS(known); i++)
		if (strcmp(t->backend, known[i]) == 0)
			return SN_OK;
	return sn_fail(why, SN_E_FORMAT, WHAT ": back end \"%s\" is not known here",
	    t->backend);
}

static enum sn_err
get_all(yyjson_val *root, struct bun_tpm *t, struct sn_why *why)
{
	const char *more[SN_NITEMS(objects) + 1] = { "format" };
	const char *format = NULL;
	yyjson_val *o = NULL;

	memcpy(more + 1, objects, sizeof(objects));
	SN_TRY(only_members(root, NULL, more, SN_NITEMS(more), why));
	SN_TRY(sn_json_str(root, "format", 32, &format, WHAT, why));
	if (strcmp(format, FORMAT) != 0)
		return sn_fail(why, SN_E_FORMAT, WHAT ": format \"%s\" is not known here",
		    format);
	for (size_t i = 0; i < SN_NITEMS(objects); i++) {
		static const char *const either[] = { "value", "none" };
		const bool counter = strcmp(objects[i], "counter") == 0;

		SN_TRY(sn_json_obj(root, objects[i], &o, WHAT, why));
		SN_TRY(only_members(o, objects[i], either, counter ? SN_NITEMS(either) : 0,
		    why));
	}
	for (size_t i = 0; i < SN_NITEMS(members); i++) {
		const struct member *m = &members[i];

		SN_TRY(get_member(m->object == NULL ? root : yyjson_obj_get(root, m->object), m,
		    t, why));
	}
	SN_TRY(check_backend(t, why));
	return get_counter(yyjson_obj_get(root, "counter"), t, why);
}

enum sn_err
bun_tpm_parse(struct bytes json, struct bun_tpm *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_json_free) yyjson_doc *doc = NULL;
	struct bun_tpm t = { .has_counter = false };

	if (json.n == 0 || json.p[json.n - 1] != '\n')
		return sn_fail(why, SN_E_FORMAT, WHAT ": does not end with a newline");
	json.n--;
	SN_TRY(sn_json_is_canon(json, WHAT, why));
	SN_TRY(sn_json_parse(json, WHAT, false, &doc, why));
	SN_TRY(get_all(yyjson_doc_get_root(doc), &t, why));
	*ret = t;
	return SN_OK;
}
