#include <string.h>

#include "appliance/base/json.h"
#include "appliance/base/text.h"
#include "firmware-cache/intel/intel.h"

#define WHAT "signed JSON"

static const struct {
	const char *key;
	enum intel_json kind;
} bodies[] = {
	{ "tcbInfo", INTEL_JSON_TCB_INFO },
	{ "enclaveIdentity", INTEL_JSON_IDENTITY },
	{ "tcbEvaluationDataNumbers", INTEL_JSON_EVALUATION },
};
#define KEY_SIGNATURE "signature"

const char *
intel_json_key(enum intel_json kind)
{
	for (size_t i = 0; i < SN_NITEMS(bodies); i++)
		if (bodies[i].kind == kind)
			return bodies[i].key;
	return "body";
}

static bool
is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t
skip_space(struct bytes b, size_t i)
{
	while (i < b.n && is_space(b.p[i]))
		i++;
	return i;
}

bool
intel_looks_signed_json(struct bytes b)
{
	size_t i = skip_space(b, 0);

	return i < b.n && b.p[i] == '{';
}

/* From the opening quote at i: the index behind the closing one, or b.n. */
static size_t
skip_string(struct bytes b, size_t i, bool *ret_escaped)
{
	*ret_escaped = false;
	for (i++; i < b.n && b.p[i] != '"'; i++)
		if (b.p[i] == '\\') {
			*ret_escaped = true;
			i++;
		}
	return i < b.n ? i + 1 : b.n;
}

/* What the scan knows: how deep it is, and the outer members found. */
struct scan {
	struct bytes in;
	size_t depth;
	size_t body_start, body_end; /* body_end 0 until it is known */
	bool body_open;
};

/* A key behind which a value starts at value_at: is it the body's? */
static void
note_key(struct scan *s, struct bytes key, size_t value_at)
{
	if (s->depth != 1)
		return;
	for (size_t i = 0; i < SN_NITEMS(bodies); i++)
		if (bytes_equal(key, bytes_str(bodies[i].key))) {
			s->body_start = skip_space(s->in, value_at);
			s->body_open = true;
		}
}

/*
 * One pass over text that a strict parser has already accepted: strings are skipped whole, so
 * that brackets and names inside them mean nothing; the only thing looked for is where the
 * body's object begins and ends. Keys with escapes are refused everywhere, because two readers
 * may disagree on what such a key says.
 */
static enum sn_err
scan_text(struct scan *s, struct sn_why *why)
{
	size_t i = 0;

	while (i < s->in.n) {
		uint8_t c = s->in.p[i];

		if (c == '"') {
			bool escaped;
			size_t end = skip_string(s->in, i, &escaped);
			size_t next = skip_space(s->in, end);
			bool key = next < s->in.n && s->in.p[next] == ':';

			if (key && escaped)
				return sn_fail(why, SN_E_FORMAT,
				    WHAT ": a key at byte %zu has an escape in it", i);
			if (key)
				note_key(s, (struct bytes){ s->in.p + i + 1, end - i - 2 },
				    next + 1);
			i = end;
			continue;
		}
		if (c == '{' || c == '[')
			s->depth++;
		if ((c == '}' || c == ']') && s->depth > 0)
			s->depth--;
		i++;
		if (c == '}' && s->depth == 1 && s->body_open) {
			s->body_end = i;
			s->body_open = false;
		}
	}
	return SN_OK;
}

/* The outer object: one body, one signature, nothing else. */
static enum sn_err
read_outer(yyjson_val *root, enum intel_json *ret_kind, uint8_t sig[INTEL_SIG_LEN],
    struct sn_why *why)
{
	const char *key = NULL;
	yyjson_val *body = NULL;

	if (!yyjson_is_obj(root) || yyjson_obj_size(root) != 2)
		return sn_fail(why, SN_E_FORMAT, WHAT ": not an object with two members");
	for (size_t i = 0; i < SN_NITEMS(bodies); i++)
		if (yyjson_obj_get(root, bodies[i].key) != NULL) {
			key = bodies[i].key;
			*ret_kind = bodies[i].kind;
		}
	if (key == NULL)
		return sn_fail(why, SN_E_FORMAT,
		    WHAT ": neither tcbInfo, enclaveIdentity nor "
			 "tcbEvaluationDataNumbers is in it");
	SN_TRY(sn_json_obj(root, key, &body, WHAT, why));
	return sn_json_hex(root, KEY_SIGNATURE, sig, INTEL_SIG_LEN, WHAT, why);
}

enum sn_err
intel_slice(struct bytes json, struct intel_slice *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_json_free) yyjson_doc *doc = NULL;
	struct intel_slice out = { 0 };
	struct scan s = { .in = json };

	if (json.n > INTEL_JSON_MAX)
		return sn_fail(why, SN_E_LIMIT, WHAT " has %zu bytes, at most %u are taken",
		    json.n, INTEL_JSON_MAX);
	SN_TRY(sn_json_parse(json, WHAT, false, &doc, why));
	SN_TRY(read_outer(yyjson_doc_get_root(doc), &out.kind, out.sig, why));
	SN_TRY(scan_text(&s, why));
	if (s.body_end <= s.body_start || json.p[s.body_start] != '{')
		return sn_fail(why, SN_E_FORMAT, WHAT ": its body cannot be cut out");
	out.body = (struct bytes){ json.p + s.body_start, s.body_end - s.body_start };
	*ret = out;
	return SN_OK;
}
