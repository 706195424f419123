#include "ceremony/journal/lines.h"

#include <stdio.h>
#include <string.h>

#include "appliance/base/file.h"
#include "appliance/base/text.h"

#define FORMAT "cornerstone-journal-1"
#define WORD_MAX 15

static struct journal_ceremony *
last(struct journal *j)
{
	return j->n > 0 ? &j->ceremony[j->n - 1] : NULL;
}

/* A ceremony that is in one of these states, or the line makes no sense. */
static enum sn_err
in_state(struct journal *j, unsigned int states, struct journal_ceremony **ret,
    struct sn_why *why)
{
	struct journal_ceremony *c = last(j);

	if (c == NULL)
		return sn_fail(why, SN_E_FORMAT, WHAT ": a line before any ceremony begins");
	if ((1U << c->state & states) == 0)
		return sn_fail(why, SN_E_FORMAT,
		    WHAT ": ceremony %s: a line that cannot stand there", c->ceremony);
	*ret = c;
	return SN_OK;
}

#define GOING_ON (1U << JOURNAL_OPEN | 1U << JOURNAL_SECRET | 1U << JOURNAL_MADE)

static enum sn_err
text_of(yyjson_val *obj, const char *key, char *ret, size_t max, struct sn_why *why)
{
	const char *s = NULL;

	SN_TRY(sn_json_str(obj, key, max, &s, WHAT, why));
	(void)snprintf(ret, max + 1, "%s", s);
	return SN_OK;
}

static void
forget(struct journal *j)
{
	j->records.n = j->openings.n = 0;
	for (size_t i = 0; i < j->nfiles; i++)
		sn_buf_done(&j->file[i].data);
	j->nfiles = 0;
}

static enum sn_err
apply_begin(struct journal *j, struct bytes rest SN_UNUSED, yyjson_val *o, struct sn_why *why)
{
	struct journal_ceremony c = { .state = JOURNAL_OPEN };
	const char *format = NULL;

	SN_TRY(sn_json_str(o, "format", JOURNAL_NAME_MAX, &format, WHAT, why));
	if (strcmp(format, FORMAT) != 0)
		return sn_fail(why, SN_E_FORMAT, WHAT ": format \"%s\" is not known here",
		    format);
	SN_TRY(text_of(o, "ceremony", c.ceremony, JOURNAL_NAME_MAX, why));
	SN_TRY(text_of(o, "world", c.world, WORD_MAX, why));
	SN_TRY(text_of(o, "mode", c.mode, WORD_MAX, why));
	SN_TRY(sn_json_hex(o, "plan", c.plan, sizeof(c.plan), WHAT, why));
	SN_TRY(sn_json_hex(o, "sanctum", c.sanctum, sizeof(c.sanctum), WHAT, why));
	SN_TRY(sn_json_u32(o, "sequence", 1, UINT32_MAX, &c.sequence, WHAT, why));
	if (j->n == JOURNAL_MAX_CEREMONIES)
		return sn_fail(why, SN_E_LIMIT,
		    WHAT ": more than %d ceremonies; take another "
			 "stick and keep this one",
		    JOURNAL_MAX_CEREMONIES);
	forget(j);
	j->ceremony[j->n++] = c;
	return SN_OK;
}

static enum sn_err
apply_record(struct journal *j, struct bytes rest, yyjson_val *o SN_UNUSED, struct sn_why *why)
{
	struct journal_ceremony *c = NULL;

	SN_TRY(in_state(j, GOING_ON, &c, why));
	sn_buf_put(&j->records, rest);
	sn_buf_u8(&j->records, '\n');
	c->records++;
	return sn_buf_check(&j->records, why);
}

static enum sn_err
apply_opening(struct journal *j, struct bytes rest, yyjson_val *o SN_UNUSED, struct sn_why *why)
{
	struct journal_ceremony *c = NULL;

	SN_TRY(in_state(j, GOING_ON, &c, why));
	sn_buf_put(&j->openings, rest);
	sn_buf_u8(&j->openings, '\n');
	return sn_buf_check(&j->openings, why);
}

static enum sn_err
apply_file(struct journal *j, struct bytes rest, yyjson_val *o SN_UNUSED, struct sn_why *why)
{
	const uint8_t *blank = rest.n > 0 ? memchr(rest.p, ' ', rest.n) : NULL;
	size_t n = blank != NULL ? (size_t)(blank - rest.p) : 0;
	struct journal_kept_file *f = &j->file[j->nfiles];
	struct journal_ceremony *c = NULL;

	SN_TRY(in_state(j, GOING_ON, &c, why));
	if (j->nfiles == JOURNAL_MAX_FILES || n == 0 || n > JOURNAL_NAME_MAX)
		return sn_fail(why, SN_E_FORMAT, WHAT ": a file without a name, or too many");
	memcpy(f->path, rest.p, n);
	f->path[n] = '\0';
	if (!sn_path_ok(f->path))
		return sn_fail(why, SN_E_FORMAT, WHAT ": not a name of a file");
	f->data = (struct sn_buf){ 0 };
	j->nfiles++; /* from here on journal_free() frees it */
	return sn_base64_parse((struct bytes){ rest.p + n + 1, rest.n - n - 1 },
	    JOURNAL_MAX_LINE, &f->data, WHAT, why);
}

static enum sn_err
apply_secret(struct journal *j, struct bytes rest SN_UNUSED, yyjson_val *o SN_UNUSED,
    struct sn_why *why)
{
	struct journal_ceremony *c = NULL;

	SN_TRY(in_state(j, 1U << JOURNAL_OPEN | 1U << JOURNAL_SECRET, &c, why));
	c->state = JOURNAL_SECRET;
	return SN_OK;
}

static enum sn_err
apply_border(struct journal *j, struct bytes rest SN_UNUSED, yyjson_val *o, struct sn_why *why)
{
	struct journal_ceremony *c = NULL;
	uint32_t records = 0;

	SN_TRY(in_state(j, GOING_ON | 1U << JOURNAL_BUNDLED, &c, why));
	SN_TRY(sn_json_u32(o, "records", 0, UINT32_MAX, &records, WHAT, why));
	SN_TRY(text_of(o, "step", c->step, JOURNAL_NAME_MAX, why));
	if (records != c->records)
		return sn_fail(why, SN_E_FORMAT, WHAT ": border %s counts %u records, not %u",
		    c->step, records, c->records);
	return SN_OK;
}

static enum sn_err
apply_commit(struct journal *j, struct bytes rest SN_UNUSED, yyjson_val *o, struct sn_why *why)
{
	struct journal_ceremony *c = NULL;

	SN_TRY(in_state(j, 1U << JOURNAL_SECRET, &c, why));
	SN_TRY(sn_json_hex(o, "identity", c->identity, sizeof(c->identity), WHAT, why));
	c->state = JOURNAL_MADE;
	c->made = true;
	return SN_OK;
}

static enum sn_err
apply_bundle(struct journal *j, struct bytes rest SN_UNUSED, yyjson_val *o, struct sn_why *why)
{
	struct journal_ceremony *c = NULL;

	SN_TRY(in_state(j, GOING_ON, &c, why));
	SN_TRY(sn_json_hex(o, "statement", c->statement, sizeof(c->statement), WHAT, why));
	c->state = JOURNAL_BUNDLED;
	c->bundled = true;
	return SN_OK;
}

static enum sn_err
apply_discard(struct journal *j, struct bytes rest SN_UNUSED, yyjson_val *o SN_UNUSED,
    struct sn_why *why)
{
	struct journal_ceremony *c = NULL;

	SN_TRY(in_state(j, 1U << JOURNAL_SECRET, &c, why));
	c->state = JOURNAL_DISCARDED;
	return SN_OK;
}

static enum sn_err
apply_done(struct journal *j, struct bytes rest SN_UNUSED, yyjson_val *o SN_UNUSED,
    struct sn_why *why)
{
	struct journal_ceremony *c = NULL;

	SN_TRY(in_state(j, GOING_ON | 1U << JOURNAL_BUNDLED, &c, why));
	c->state = JOURNAL_DONE;
	return SN_OK;
}

static const char *const begin_keys[] = { "ceremony", "format", "mode", "plan", "sanctum",
	"sequence", "world", NULL };
static const char *const border_keys[] = { "records", "step", NULL };
static const char *const commit_keys[] = { "identity", NULL };
static const char *const bundle_keys[] = { "statement", NULL };
static const char *const discard_keys[] = { "step", NULL };
static const char *const no_keys[] = { NULL };

static const struct journal_kind kinds[] = {
	{ "begin", true, true, begin_keys, apply_begin },
	{ "record", false, false, NULL, apply_record },
	{ "opening", false, false, NULL, apply_opening },
	{ "file", false, false, NULL, apply_file },
	{ "secret", false, true, no_keys, apply_secret },
	{ "border", true, true, border_keys, apply_border },
	{ "commit", true, true, commit_keys, apply_commit },
	{ "bundle", true, true, bundle_keys, apply_bundle },
	{ "discard", true, true, discard_keys, apply_discard },
	{ "done", true, true, no_keys, apply_done },
};

const struct journal_kind *
journal_kind(struct bytes name)
{
	for (size_t i = 0; i < SN_NITEMS(kinds); i++)
		if (bytes_equal(name, bytes_str(kinds[i].name)))
			return &kinds[i];
	return NULL;
}

enum sn_err
journal_apply(struct journal *j, const struct journal_kind *k, struct bytes rest,
    struct sn_why *why)
{
	SN_CLEANUP(sn_json_free) yyjson_doc *doc = NULL;
	yyjson_val *obj = NULL;

	if (k->json) {
		SN_TRY(sn_json_is_canon(rest, WHAT, why));
		SN_TRY(sn_json_parse(rest, WHAT, false, &doc, why));
		obj = yyjson_doc_get_root(doc);
		if (!yyjson_is_obj(obj))
			return sn_fail(why, SN_E_FORMAT, WHAT ": %s: not an object", k->name);
		SN_TRY(sn_json_only(obj, k->keys, WHAT, why));
	}
	return k->apply(j, rest, obj, why);
}

enum sn_err
journal_chain(const uint8_t previous[CRY_SHA256_LEN], struct bytes line,
    uint8_t ret[CRY_SHA256_LEN], struct sn_why *why)
{
	const struct bytes parts[] = { { previous, CRY_SHA256_LEN }, line };

	return cry_digest_v(CRY_SHA256, parts, SN_NITEMS(parts), ret, why);
}
