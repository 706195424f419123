#include "ceremony/journal/journal.h"

#include <stdlib.h>
#include <string.h>

#include "appliance/base/text.h"
#include "ceremony/journal/lines.h"

enum sn_err
journal_new(struct journal **ret, struct sn_why *why)
{
	struct journal *j = calloc(1, sizeof(*j));

	if (j == NULL)
		return sn_fail(why, SN_E_NOMEM, "journal");
	*ret = j;
	return SN_OK;
}

void
journal_free(struct journal **jp)
{
	struct journal *j = *jp;

	if (j == NULL)
		return;
	for (size_t i = 0; i < j->nfiles; i++)
		sn_buf_done(&j->file[i].data);
	sn_buf_done(&j->text);
	sn_buf_done(&j->records);
	sn_buf_done(&j->openings);
	free(j);
	*jp = NULL;
}

/* ---- reading */

/* One line, taken apart; what is behind its newline stays in *rest. */
struct line {
	uint8_t digest[CRY_SHA256_LEN];
	struct bytes said, kind, rest; /* "kind rest", and both */
};

/* false: there is no whole line, or it has not the form of one. */
static bool
next_line(struct bytes *rest, struct line *ret)
{
	const uint8_t *end = rest->n > 0 ? memchr(rest->p, '\n', rest->n) : NULL, *blank;
	char hex[HEX_LEN + 1];
	size_t n;

	if (end == NULL)
		return false;
	n = (size_t)(end - rest->p);
	if (n < HEX_LEN + 1 || n > JOURNAL_MAX_LINE || rest->p[HEX_LEN] != ' ')
		return false;
	memcpy(hex, rest->p, HEX_LEN);
	hex[HEX_LEN] = '\0';
	if (sn_hex_parse(hex, ret->digest, sizeof(ret->digest), WHAT, NULL) != SN_OK)
		return false;
	ret->said = (struct bytes){ rest->p + HEX_LEN + 1, n - HEX_LEN - 1 };
	blank = ret->said.n > 0 ? memchr(ret->said.p, ' ', ret->said.n) : NULL;
	if (blank == NULL)
		return false;
	ret->kind = (struct bytes){ ret->said.p, (size_t)(blank - ret->said.p) };
	ret->rest = (struct bytes){ blank + 1, ret->said.n - ret->kind.n - 1 };
	rest->p += n + 1;
	rest->n -= n + 1;
	return true;
}

static bool
verifies(const uint8_t previous[CRY_SHA256_LEN], const struct line *l)
{
	uint8_t digest[CRY_SHA256_LEN];

	return journal_chain(previous, l->said, digest, NULL) == SN_OK &&
	    memcmp(digest, l->digest, sizeof(digest)) == 0;
}

/* How far the chain holds, and behind its last line that ends a batch. */
static size_t
sound_length(struct bytes text, size_t *ret_chain)
{
	uint8_t head[CRY_SHA256_LEN] = { 0 };
	struct bytes rest = text;
	size_t sound = 0;
	struct line l;

	*ret_chain = 0;
	while (next_line(&rest, &l) && verifies(head, &l)) {
		const struct journal_kind *k = journal_kind(l.kind);

		memcpy(head, l.digest, sizeof(head));
		*ret_chain = text.n - rest.n;
		if (k != NULL && k->ends)
			sound = *ret_chain;
	}
	return sound;
}

/* Do lines behind the break still hang together? Then it is damage: a cut leaves nothing. */
static bool
goes_on(struct bytes behind)
{
	struct line l = { 0 }, before = { 0 };
	bool have = false;

	while (behind.n > 0) {
		const uint8_t *end = memchr(behind.p, '\n', behind.n);
		size_t skip = end != NULL ? (size_t)(end - behind.p) + 1 : behind.n;

		if (!next_line(&behind, &l)) {
			behind.p += skip;
			behind.n -= skip;
			have = false;
			continue;
		}
		if (have && verifies(before.digest, &l))
			return true;
		before = l;
		have = true;
	}
	return false;
}

static enum sn_err
apply_all(struct journal *j, struct sn_why *why)
{
	struct bytes rest = sn_buf_bytes(&j->text);
	struct line l;

	while (next_line(&rest, &l)) {
		const struct journal_kind *k = journal_kind(l.kind);

		if (k == NULL)
			return sn_fail(why, SN_E_FORMAT, WHAT ": a line of an unknown kind");
		SN_TRY(journal_apply(j, k, l.rest, why));
		memcpy(j->head, l.digest, sizeof(j->head));
	}
	return bytes_end(&rest, WHAT, why);
}

enum sn_err
journal_read(struct bytes text, struct journal **ret, size_t *ret_cut, struct sn_why *why)
{
	SN_CLEANUP(journal_free) struct journal *j = NULL;
	size_t chain = 0, sound;

	if (text.n > JOURNAL_MAX_BYTES)
		return sn_fail(why, SN_E_LIMIT, WHAT ": over %u bytes", JOURNAL_MAX_BYTES);
	sound = sound_length(text, &chain);
	if (goes_on((struct bytes){ text.p + chain, text.n - chain }))
		return sn_fail(why, SN_E_SIGNATURE,
		    WHAT ": damaged at byte %zu, with lines behind it; keep the stick and "
			 "begin under a new number on another",
		    chain);
	/* a first line that was torn has no end */
	if (sound == 0 && text.n > 0 && memchr(text.p, '\n', text.n) != NULL)
		return sn_fail(why, SN_E_FORMAT, WHAT ": not a journal");
	SN_TRY(journal_new(&j, why));
	sn_buf_put(&j->text, (struct bytes){ text.p, sound });
	SN_TRY(sn_buf_check(&j->text, why));
	SN_TRY(apply_all(j, why));
	*ret_cut = text.n - sound;
	*ret = SN_TAKE(j);
	return SN_OK;
}

/* ---- what is in it */

struct bytes
journal_text(const struct journal *j)
{
	return sn_buf_bytes(&j->text);
}

size_t
journal_count(const struct journal *j)
{
	return j->n;
}

const struct journal_ceremony *
journal_ceremony(const struct journal *j, size_t i)
{
	return i < j->n ? &j->ceremony[i] : NULL;
}

const struct journal_ceremony *
journal_last(const struct journal *j)
{
	return j->n > 0 ? &j->ceremony[j->n - 1] : NULL;
}

struct bytes
journal_records(const struct journal *j)
{
	return sn_buf_bytes(&j->records);
}

struct bytes
journal_openings(const struct journal *j)
{
	return sn_buf_bytes(&j->openings);
}

enum sn_err
journal_file(const struct journal *j, const char *path, struct bytes *ret, struct sn_why *why)
{
	for (size_t i = 0; i < j->nfiles; i++) {
		if (strcmp(j->file[i].path, path) != 0)
			continue;
		*ret = sn_buf_bytes(&j->file[i].data);
		return SN_OK;
	}
	return sn_fail(why, SN_E_MISSING, WHAT ": it holds no %s", path);
}

/* ---- adding lines */

static enum sn_err
add(struct journal *j, const char *kind, struct bytes rest, struct sn_why *why)
{
	const struct journal_kind *k = journal_kind(bytes_str(kind));
	SN_CLEANUP(sn_buf_done) struct sn_buf said = { 0 };
	uint8_t digest[CRY_SHA256_LEN];

	sn_buf_fmt(&said, "%s ", kind);
	sn_buf_put(&said, rest);
	SN_TRY(sn_buf_check(&said, why));
	if (k == NULL || said.n + HEX_LEN + 1 > JOURNAL_MAX_LINE ||
	    j->text.n + said.n + HEX_LEN + 2 > JOURNAL_MAX_BYTES)
		return sn_fail(why, SN_E_LIMIT, WHAT ": no room for a line of kind %s", kind);
	SN_TRY(journal_chain(j->head, sn_buf_bytes(&said), digest, why));
	SN_TRY(journal_apply(j, k, rest, why));
	memcpy(j->head, digest, sizeof(digest));
	sn_buf_hex(&j->text, BYTES_OF(digest));
	sn_buf_u8(&j->text, ' ');
	sn_buf_put(&j->text, sn_buf_bytes(&said));
	sn_buf_u8(&j->text, '\n');
	return sn_buf_check(&j->text, why);
}

static enum sn_err
add_text(struct journal *j, const char *kind, struct sn_buf *rest, struct sn_why *why)
{
	SN_TRY(sn_buf_check(rest, why));
	return add(j, kind, sn_buf_bytes(rest), why);
}

/* {"key":"hex"} */
static enum sn_err
add_hex(struct journal *j, const char *kind, const char *key, const uint8_t digest[32],
    struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };

	sn_buf_fmt(&b, "{\"%s\":\"", key);
	sn_buf_hex(&b, (struct bytes){ digest, 32 });
	sn_buf_str(&b, "\"}");
	return add_text(j, kind, &b, why);
}

enum sn_err
journal_begin(struct journal *j, const struct journal_ceremony *c, struct sn_why *why)
{
	SN_CLEANUP(sn_json_mut_free) yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *o = yyjson_mut_obj(doc);
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	char plan[2 * sizeof(c->plan) + 1], sanctum[2 * sizeof(c->sanctum) + 1];

	sn_hex(BYTES_OF(c->plan), plan);
	sn_hex(BYTES_OF(c->sanctum), sanctum);
	if (!yyjson_mut_obj_add_str(doc, o, "ceremony", c->ceremony) ||
	    !yyjson_mut_obj_add_str(doc, o, "format", "cornerstone-journal-1") ||
	    !yyjson_mut_obj_add_str(doc, o, "mode", c->mode) ||
	    !yyjson_mut_obj_add_str(doc, o, "plan", plan) ||
	    !yyjson_mut_obj_add_str(doc, o, "sanctum", sanctum) ||
	    !yyjson_mut_obj_add_uint(doc, o, "sequence", c->sequence) ||
	    !yyjson_mut_obj_add_str(doc, o, "world", c->world))
		return sn_fail(why, SN_E_NOMEM, "journal");
	SN_TRY(sn_json_canon(o, &b, why));
	return add_text(j, "begin", &b, why);
}

static enum sn_err
add_lines(struct journal *j, const char *kind, struct bytes lines, struct sn_why *why)
{
	while (lines.n > 0) {
		const uint8_t *end = memchr(lines.p, '\n', lines.n);
		size_t n = end != NULL ? (size_t)(end - lines.p) : 0;

		if (end == NULL)
			return sn_fail(why, SN_E_INTERNAL, "journal: half a line");
		SN_TRY(add(j, kind, (struct bytes){ lines.p, n }, why));
		lines.p += n + 1;
		lines.n -= n + 1;
	}
	return SN_OK;
}

enum sn_err
journal_add_records(struct journal *j, struct bytes lines, struct sn_why *why)
{
	return add_lines(j, "record", lines, why);
}

enum sn_err
journal_add_openings(struct journal *j, struct bytes lines, struct sn_why *why)
{
	return add_lines(j, "opening", lines, why);
}

enum sn_err
journal_add_file(struct journal *j, const char *path, struct bytes data, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };

	sn_buf_fmt(&b, "%s ", path);
	sn_buf_base64(&b, data);
	return add_text(j, "file", &b, why);
}

enum sn_err
journal_secret(struct journal *j, struct sn_why *why)
{
	return add(j, "secret", BYTES_STR("{}"), why);
}

enum sn_err
journal_border(struct journal *j, const char *step, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	const struct journal_ceremony *c = journal_last(j);

	sn_buf_fmt(&b, "{\"records\":%u,\"step\":\"%s\"}", c != NULL ? c->records : 0, step);
	return add_text(j, "border", &b, why);
}

enum sn_err
journal_commit(struct journal *j, const uint8_t identity[32], struct sn_why *why)
{
	return add_hex(j, "commit", "identity", identity, why);
}

enum sn_err
journal_bundle(struct journal *j, const uint8_t statement[32], struct sn_why *why)
{
	return add_hex(j, "bundle", "statement", statement, why);
}

enum sn_err
journal_discard(struct journal *j, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	const struct journal_ceremony *c = journal_last(j);

	sn_buf_fmt(&b, "{\"step\":\"%s\"}", c != NULL ? c->step : "");
	return add_text(j, "discard", &b, why);
}

enum sn_err
journal_done(struct journal *j, struct sn_why *why)
{
	return add(j, "done", BYTES_STR("{}"), why);
}
