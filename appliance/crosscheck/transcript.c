#include <stdlib.h>
#include <string.h>

#include "appliance/base/text.h"
#include "appliance/crosscheck/crosscheck.h"
#include "appliance/crosscheck/tls.h"

#define MAX_LINE 8192
#define MAX_SIGNATURES 100
#define MAX_FIELD 32
#define MAX_OPENED 1024
#define TREE_LEVELS 13 /* 2^12 records at most */
#define NOTE_KEY_ID 4
#define ED25519_LEN 32
#define ED25519_SIG 64

static const uint8_t leaf_tag[] = { 0 }, node_tag[] = { 1 };

/* Cut the next line off, without its newline. */
static enum sn_err
next_line(struct bytes *v, struct bytes *ret, const char *what, struct sn_why *why)
{
	const uint8_t *end = v->n == 0 ? NULL : memchr(v->p, '\n', v->n);

	if (end == NULL)
		return sn_fail(why, SN_E_FORMAT, "%s: a line without an end", what);
	*ret = (struct bytes){ v->p, (size_t)(end - v->p) };
	v->p += ret->n + 1;
	v->n -= ret->n + 1;
	return SN_OK;
}

/* ---- the tree [RFC 6962 2.1] */

static enum sn_err
hash_node(const uint8_t left[32], const uint8_t right[32], uint8_t ret[32], struct sn_why *why)
{
	const struct bytes parts[] = { BYTES_OF(node_tag), { left, 32 }, { right, 32 } };

	return tls_sha256_v(parts, SN_NITEMS(parts), ret, why);
}

/* Full subtrees wait on a stack, the largest at the bottom. */
static enum sn_err
tree_root(uint8_t (*leaf)[32], size_t n, uint8_t ret[32], struct sn_why *why)
{
	uint8_t stack[TREE_LEVELS + 1][32];
	size_t depth = 0;

	for (size_t i = 0; i < n; i++) {
		memcpy(stack[depth++], leaf[i], 32);
		for (size_t k = i + 1; (k & 1) == 0; k >>= 1, depth--)
			SN_TRY(hash_node(stack[depth - 2], stack[depth - 1], stack[depth - 2],
			    why));
	}
	for (; depth > 1; depth--)
		SN_TRY(hash_node(stack[depth - 2], stack[depth - 1], stack[depth - 2], why));
	memcpy(ret, stack[0], 32);
	return SN_OK;
}

/* ---- records */

/* The leaves alone: nothing is taken apart before the tree has been verified. */
static enum sn_err
hash_records(struct xc *c, struct sn_why *why)
{
	struct bytes all, line;

	c->record = calloc(XC_MAX_RECORDS, sizeof(*c->record));
	c->leaf = calloc(XC_MAX_RECORDS, sizeof(*c->leaf));
	if (c->record == NULL || c->leaf == NULL)
		return sn_fail(why, SN_E_NOMEM, XC_RECORDS);
	SN_TRY(xc_get(c, XC_RECORDS, &all, why));
	while (all.n > 0) {
		SN_TRY(next_line(&all, &line, XC_RECORDS, why));
		if (c->nrecords >= XC_MAX_RECORDS || line.n > MAX_LINE)
			return sn_fail(why, SN_E_FORMAT,
			    XC_RECORDS ": too many records or bytes");
		const struct bytes parts[] = { BYTES_OF(leaf_tag), line };
		SN_TRY(tls_sha256_v(parts, SN_NITEMS(parts), c->leaf[c->nrecords++], why));
	}
	return SN_OK;
}

static enum sn_err
read_record(struct xc *c, size_t i, struct bytes line, struct sn_why *why)
{
	static const char *const keys[] = { "args", "id", "n", "step", "t", NULL };
	yyjson_val *root;
	uint32_t n;

	SN_TRY(sn_json_is_canon(line, XC_RECORDS, why));
	SN_TRY(sn_json_parse(line, XC_RECORDS, false, &c->record[i], why));
	root = yyjson_doc_get_root(c->record[i]);
	if (!yyjson_is_obj(root))
		return sn_fail(why, SN_E_FORMAT, XC_RECORDS ": line %zu is no object", i + 1);
	SN_TRY(sn_json_only(root, keys, XC_RECORDS, why));
	SN_TRY(sn_json_u32(root, "n", 0, XC_MAX_RECORDS, &n, XC_RECORDS, why));
	if (n != i)
		return sn_fail(why, SN_E_FORMAT, XC_RECORDS ": line %zu is record %u", i + 1,
		    n);
	return SN_OK;
}

static enum sn_err
read_records(struct xc *c, struct sn_why *why)
{
	struct bytes all, line;

	SN_TRY(xc_get(c, XC_RECORDS, &all, why));
	for (size_t i = 0; i < c->nrecords; i++) {
		SN_TRY(next_line(&all, &line, XC_RECORDS, why));
		SN_TRY(read_record(c, i, line, why));
	}
	return SN_OK;
}

/* ---- the checkpoint: a signed note [C2SP signed-note, tlog-checkpoint] */

struct log_key {
	gnutls_pubkey_t key;
	uint8_t id[NOTE_KEY_ID];
	char name[64];
};

static void
log_key_done(struct log_key *k)
{
	tls_pubkey_done(&k->key);
}

/* trust/log.vkey is the same key in the form of signed notes. */
static enum sn_err
check_vkey(const struct xc *c, const struct log_key *k, struct bytes key, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf want = { 0 };
	const struct xc_file *f = xc_find(c, XC_LOG_VKEY);

	xc_mark(c, XC_LOG_KEY);
	if (f == NULL)
		return SN_OK;
	sn_buf_fmt(&want, "%s+", k->name);
	sn_buf_hex(&want, BYTES_OF(k->id));
	sn_buf_str(&want, "+");
	sn_buf_base64(&want, key);
	sn_buf_str(&want, "\n");
	SN_TRY(sn_buf_check(&want, why));
	if (!bytes_equal((struct bytes){ f->data.p, f->data.n }, sn_buf_bytes(&want)))
		return sn_fail(why, SN_E_SIGNATURE, XC_LOG_VKEY ": is not " XC_LOG_KEY);
	xc_mark(c, XC_LOG_VKEY);
	return SN_OK;
}

static enum sn_err
read_log_key(const struct xc *c, struct log_key *ret, struct sn_why *why)
{
	static const uint8_t ed25519[] = { '\n', 1 };
	SN_CLEANUP(tls_datum_done) gnutls_datum_t x = { 0 };
	gnutls_ecc_curve_t curve;
	uint8_t digest[32];
	struct bytes pem;

	SN_TRY(xc_get(c->base, XC_LOG_KEY, &pem, why));
	SN_TRY(tls_pubkey(pem, GNUTLS_ECC_CURVE_ED25519, XC_LOG_KEY, &ret->key, why));
	if (gnutls_pubkey_export_ecc_raw(ret->key, &curve, &x, NULL) != 0 ||
	    x.size != ED25519_LEN)
		return sn_fail(why, SN_E_FORMAT, XC_LOG_KEY ": not an Ed25519 key");
	(void)snprintf(ret->name, sizeof(ret->name), "cornerstone/%s/%s", c->st.world,
	    c->st.sanctum_id);
	const struct bytes parts[] = { bytes_str(ret->name), BYTES_OF(ed25519), tls_bytes(&x) };
	SN_TRY(tls_sha256_v(parts, SN_NITEMS(parts), digest, why));
	memcpy(ret->id, digest, NOTE_KEY_ID);
	SN_CLEANUP(sn_buf_done) struct sn_buf both = { 0 };
	sn_buf_u8(&both, ed25519[1]);
	sn_buf_put(&both, tls_bytes(&x));
	SN_TRY(sn_buf_check(&both, why));
	return check_vkey(c->base, ret, sn_buf_bytes(&both), why);
}

/* One "— name base64" line; *ours counts the valid ones of the log's key. */
static enum sn_err
check_note_line(const struct log_key *k, struct bytes text, struct bytes line,
    unsigned int *ours, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf head = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf sig = { 0 };

	sn_buf_fmt(&head, "\xe2\x80\x94 %s ", k->name);
	SN_TRY(sn_buf_check(&head, why));
	if (line.n <= head.n || memcmp(line.p, head.p, head.n) != 0)
		return line.n > 4 && memcmp(line.p, "\xe2\x80\x94 ", 4) == 0
		    ? SN_OK
		    : sn_fail(why, SN_E_FORMAT, XC_CHECKPOINT ": not a signature line");
	SN_TRY(sn_base64_parse((struct bytes){ line.p + head.n, line.n - head.n },
	    NOTE_KEY_ID + ED25519_SIG, &sig, XC_CHECKPOINT, why));
	if (sig.n < NOTE_KEY_ID || memcmp(sig.p, k->id, NOTE_KEY_ID) != 0)
		return SN_OK; /* another key of that name: not ours to judge */
	if (sig.n != NOTE_KEY_ID + ED25519_SIG)
		return sn_fail(why, SN_E_FORMAT, XC_CHECKPOINT ": a signature of %zu bytes",
		    sig.n);
	(*ours)++;
	return tls_verify(k->key, GNUTLS_SIGN_EDDSA_ED25519, text,
	    (struct bytes){ sig.p + NOTE_KEY_ID, ED25519_SIG }, XC_CHECKPOINT, why);
}

static enum sn_err
check_note(const struct xc *c, const uint8_t root[32], struct sn_why *why)
{
	SN_CLEANUP(log_key_done) struct log_key key = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf expected = { 0 };
	unsigned int ours = 0, lines = 0;
	struct bytes note, text, line;

	SN_TRY(read_log_key(c, &key, why));
	SN_TRY(xc_get(c, XC_CHECKPOINT, &note, why));
	sn_buf_fmt(&expected, "%s\n%zu\n", key.name, c->nrecords);
	sn_buf_base64(&expected, (struct bytes){ root, 32 });
	sn_buf_str(&expected, "\n");
	SN_TRY(sn_buf_check(&expected, why));
	if (note.n <= expected.n || memcmp(note.p, expected.p, expected.n) != 0)
		return sn_fail(why, SN_E_SIGNATURE,
		    XC_CHECKPOINT ": is not about these %zu records", c->nrecords);
	SN_TRY(bytes_take(&note, expected.n, &text, XC_CHECKPOINT, why));
	SN_TRY(next_line(&note, &line, XC_CHECKPOINT, why));
	if (line.n != 0)
		return sn_fail(why, SN_E_FORMAT, XC_CHECKPOINT ": the text has more lines");
	for (; note.n > 0; lines++) {
		if (lines >= MAX_SIGNATURES)
			return sn_fail(why, SN_E_FORMAT, XC_CHECKPOINT ": too many signatures");
		SN_TRY(next_line(&note, &line, XC_CHECKPOINT, why));
		SN_TRY(check_note_line(&key, text, line, &ours, why));
	}
	if (ours == 0)
		return sn_fail(why, SN_E_SIGNATURE,
		    XC_CHECKPOINT ": is not signed by " XC_LOG_KEY);
	return SN_OK;
}

enum sn_err
xc_check_transcript(struct xc *c, struct sn_buf *line, struct sn_why *why)
{
	uint8_t root[32];

	SN_TRY(hash_records(c, why));
	if (c->nrecords != c->st.records)
		return sn_fail(why, SN_E_SIGNATURE,
		    XC_RECORDS ": %zu records, the statement says %u", c->nrecords,
		    c->st.records);
	SN_TRY(tree_root(c->leaf, c->nrecords, root, why));
	if (memcmp(root, c->st.root, sizeof(root)) != 0)
		return sn_fail(why, SN_E_SIGNATURE,
		    XC_RECORDS ": its root is not the one that the statement says");
	SN_TRY(check_note(c, root, why));
	SN_TRY(read_records(c, why));
	xc_mark(c, XC_RECORDS);
	xc_mark(c, XC_CHECKPOINT);
	sn_buf_fmt(line, "%zu records, checkpoint", c->nrecords);
	return SN_OK;
}

/* ---- openings of personal fields */

struct opened {
	uint32_t n;
	char field[MAX_FIELD + 1];
};

static enum sn_err
check_opening(const struct xc *c, struct bytes line, struct opened *last, struct sn_why *why)
{
	static const char *const keys[] = { "field", "n", "salt", "text", NULL };
	SN_CLEANUP(sn_json_free) yyjson_doc *doc = NULL;
	struct opened o = { 0 };
	const char *field, *text;
	uint8_t salt[16], commit[32], digest[32];
	yyjson_val *root, *arg;

	SN_TRY(sn_json_is_canon(line, XC_OPENINGS, why));
	SN_TRY(sn_json_parse(line, XC_OPENINGS, false, &doc, why));
	root = yyjson_doc_get_root(doc);
	if (!yyjson_is_obj(root))
		return sn_fail(why, SN_E_FORMAT, XC_OPENINGS ": not an object");
	SN_TRY(sn_json_only(root, keys, XC_OPENINGS, why));
	SN_TRY(sn_json_str(root, "field", MAX_FIELD, &field, XC_OPENINGS, why));
	SN_TRY(sn_json_str(root, "text", MAX_OPENED, &text, XC_OPENINGS, why));
	SN_TRY(sn_json_hex(root, "salt", salt, sizeof(salt), XC_OPENINGS, why));
	SN_TRY(sn_json_u32(root, "n", 0, (uint32_t)c->nrecords - 1, &o.n, XC_OPENINGS, why));
	(void)snprintf(o.field, sizeof(o.field), "%s", field);
	if (last->field[0] != '\0' &&
	    (o.n < last->n || (o.n == last->n && strcmp(o.field, last->field) <= 0)))
		return sn_fail(why, SN_E_FORMAT, XC_OPENINGS ": out of order, or twice");
	arg =
	    yyjson_obj_get(yyjson_obj_get(yyjson_doc_get_root(c->record[o.n]), "args"), field);
	if (!yyjson_is_obj(arg))
		return sn_fail(why, SN_E_SIGNATURE, XC_OPENINGS ": record %u has no such field",
		    o.n);
	SN_TRY(sn_json_hex(arg, "commit", commit, sizeof(commit), XC_RECORDS, why));
	const struct bytes parts[] = { BYTES_OF("cornerstone/v1/opening"), BYTES_OF(salt),
		{ (const uint8_t *)field, strlen(field) + 1 }, bytes_str(text) };
	SN_TRY(tls_sha256_v(parts, SN_NITEMS(parts), digest, why));
	if (memcmp(digest, commit, sizeof(digest)) != 0)
		return sn_fail(why, SN_E_SIGNATURE, XC_OPENINGS ": does not open record %u",
		    o.n);
	*last = o;
	return SN_OK;
}

enum sn_err
xc_check_openings(struct xc *c, struct sn_buf *line, struct sn_why *why)
{
	const struct xc_file *f = xc_find(c, XC_OPENINGS);
	struct opened last = { 0 };
	struct bytes all = { 0 }, one;
	size_t n = 0;

	if (f != NULL)
		all = sn_buf_bytes(&f->data);
	for (; all.n > 0; n++) {
		SN_TRY(next_line(&all, &one, XC_OPENINGS, why));
		SN_TRY(check_opening(c, one, &last, why));
	}
	xc_mark(c, XC_OPENINGS);
	sn_buf_fmt(line, "%zu openings", n);
	return SN_OK;
}
