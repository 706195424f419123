/* C2SP signed notes: the published vectors, hostile notes, checkpoints, our own signatures. */
#include <stdlib.h>
#include <string.h>

#include "appliance/base/text.h"
#include "ceremony/transcript/note.h"
#include "tests/lib/test.h"

#define VECTORS "c2sp/signed-note-vectors.json"

static yyjson_val *vectors;

static const char *
item(const char *list, size_t i)
{
	return yyjson_get_str(yyjson_arr_get(yyjson_obj_get(vectors, list), i));
}

/* The published text with signature lines a and b (either may be NULL). */
static char *
make_note(const char *a, const char *b)
{
	return test_format("%s\n%s%s%s%s", yyjson_get_str(yyjson_obj_get(vectors, "text")),
	    a ? a : "", a ? "\n" : "", b ? b : "", b ? "\n" : "");
}

static void
test_vkey(void **state)
{
	const char *text = *state;
	struct note_vkey v;
	struct sn_buf b = { 0 };

	assert_int_equal(note_vkey_parse(bytes_str(text), &v, NULL), SN_OK);
	note_vkey_format(&v, &b);
	assert_string_equal(sn_buf_cstr(&b), text);
	sn_buf_done(&b);
}

static void
test_vkey_refused(void **state)
{
	struct note_vkey v;

	assert_int_equal(note_vkey_parse(bytes_str(*state), &v, NULL), SN_E_FORMAT);
}

static void
test_published(void **state)
{
	struct note_vkey peter, enoch;
	struct bytes text;
	char *both = make_note(item("signature_lines", 0), item("signature_lines", 1));

	(void)state;
	assert_int_equal(note_vkey_parse(bytes_str(item("verifier_keys", 0)), &peter, NULL),
	    SN_OK);
	assert_int_equal(note_vkey_parse(bytes_str(item("verifier_keys", 1)), &enoch, NULL),
	    SN_OK);
	assert_int_equal(note_verify(bytes_str(both), &peter, &text, NULL), SN_OK);
	assert_true(bytes_equal(text,
	    bytes_str(yyjson_get_str(yyjson_obj_get(vectors, "text")))));
	assert_int_equal(note_verify(bytes_str(both), &enoch, &text, NULL), SN_OK);
	free(both);
}

/* The published private key signs to the published line: Ed25519 has one signature. */
static void
test_sign(void **state)
{
	const char *skey = yyjson_get_str(yyjson_obj_get(vectors, "signer_key"));
	struct sn_buf raw = { 0 }, note = { 0 };
	struct cry_key *key = NULL;
	char *want = make_note(item("signature_lines", 0), NULL);

	(void)state;
	for (int plus = 0; plus < 4; plus++) /* PRIVATE+KEY+name+id+key */
		skey = strchr(skey, '+') + 1;
	assert_int_equal(sn_base64_parse(bytes_str(skey), 64, &raw, "key", NULL), SN_OK);
	assert_int_equal(raw.n, 33);
	assert_int_equal(cry_key_from_seed(CRY_ED25519, (struct bytes){ raw.p + 1, 32 }, &key,
			     NULL),
	    SN_OK);
	assert_int_equal(note_sign(bytes_str(yyjson_get_str(yyjson_obj_get(vectors, "text"))),
			     "PeterNeumann", key, &note, NULL),
	    SN_OK);
	assert_string_equal(sn_buf_cstr(&note), want);
	cry_key_free(&key);
	sn_buf_done(&raw);
	sn_buf_done(&note);
	free(want);
}

struct hostile {
	const char *name;
	enum sn_err want;
	char *(*make)(void);
};

static char *
unsigned_note(void)
{
	return make_note(NULL, NULL);
}
static char *
other_signer(void)
{
	return make_note(item("signature_lines", 1), NULL);
}
static char *
changed_text(void)
{
	char *n = make_note(item("signature_lines", 0), NULL);

	n[3] ^= 1;
	return n;
}
static char *
changed_signature(void)
{
	char *n = make_note(item("signature_lines", 0), NULL);
	char *at = strstr(n, "x08go/ZJ") + 12;

	*at = *at == 'A' ? 'B' : 'A';
	return n;
}
static char *
no_last_newline(void)
{
	char *n = make_note(item("signature_lines", 0), NULL);

	n[strlen(n) - 1] = '\0';
	return n;
}
static char *
no_empty_line(void)
{
	return test_format("%s%s\n", yyjson_get_str(yyjson_obj_get(vectors, "text")),
	    item("signature_lines", 0));
}
static char *
control_character(void)
{
	char *n = make_note(item("signature_lines", 0), NULL);

	n[5] = '\r';
	return n;
}
static char *
bad_utf8(void)
{
	char *n = make_note(item("signature_lines", 0), NULL);

	n[5] = (char)0xff;
	return n;
}
static char *
hyphen_for_dash(void)
{
	char *line = test_format("- %s", item("signature_lines", 0) + strlen("\xe2\x80\x94 "));
	char *n = make_note(line, NULL);

	free(line);
	return n;
}
static char *
text_behind(void)
{
	return make_note(item("signature_lines", 0), "more text");
}
static char *
signed_twice(void)
{
	return make_note(item("signature_lines", 0), item("signature_lines", 0));
}
static char *
bad_base64(void)
{
	char *line = test_format("%s!", item("signature_lines", 1));
	char *n = make_note(item("signature_lines", 0), line);

	free(line);
	return n;
}
static char *
many_signatures(void)
{
	char *all = make_note(item("signature_lines", 0), NULL);

	for (int i = 0; i < NOTE_SIGS_MAX; i++) {
		char *more = test_format("%s%s\n", all, item("signature_lines", 1));

		free(all);
		all = more;
	}
	return all;
}

static const struct hostile hostile[] = {
	{ "no signature", SN_E_FORMAT, unsigned_note },
	{ "signed by another key only", SN_E_SIGNATURE, other_signer },
	{ "one bit of the text", SN_E_SIGNATURE, changed_text },
	{ "one letter of the signature", SN_E_SIGNATURE, changed_signature },
	{ "no newline at the end", SN_E_FORMAT, no_last_newline },
	{ "no empty line before signatures", SN_E_FORMAT, no_empty_line },
	{ "control character", SN_E_FORMAT, control_character },
	{ "invalid UTF-8", SN_E_FORMAT, bad_utf8 },
	{ "hyphen instead of dash", SN_E_FORMAT, hyphen_for_dash },
	{ "text behind the signatures", SN_E_FORMAT, text_behind },
	{ "the same key twice", SN_E_FORMAT, signed_twice },
	{ "another line that is no base64", SN_E_FORMAT, bad_base64 },
	{ "101 signatures", SN_E_LIMIT, many_signatures },
};

static void
test_hostile(void **state)
{
	const struct hostile *h = *state;
	struct note_vkey peter;
	struct bytes text = { 0 };
	char *note = h->make();

	assert_int_equal(note_vkey_parse(bytes_str(item("verifier_keys", 0)), &peter, NULL),
	    SN_OK);
	assert_int_equal(note_verify(bytes_str(note), &peter, &text, NULL), h->want);
	assert_null(text.p);
	free(note);
}

struct checkpoint_row {
	const char *name, *text;
	enum sn_err want;
};

#define ROOT "XcnapwpZqarVWctwHt2aKrmcgjqtL0lgz+Nw7/RgQyg="
static const struct checkpoint_row checkpoints[] = {
	{ "plain", "origin\n8\n" ROOT "\n", SN_OK },
	{ "with an extension line", "origin\n8\n" ROOT "\nmore\n", SN_OK },
	{ "size zero", "origin\n0\n" ROOT "\n", SN_OK },
	{ "two lines", "origin\n8\n", SN_E_FORMAT },
	{ "empty origin", "\n8\n" ROOT "\n", SN_E_FORMAT },
	{ "size with leading zero", "origin\n08\n" ROOT "\n", SN_E_FORMAT },
	{ "size with sign", "origin\n+8\n" ROOT "\n", SN_E_FORMAT },
	{ "empty size", "origin\n\n" ROOT "\n", SN_E_FORMAT },
	{ "size of 20 digits", "origin\n18446744073709551616\n" ROOT "\n", SN_E_FORMAT },
	{ "short root", "origin\n8\nAAAA\n", SN_E_FORMAT },
	{ "long root", "origin\n8\nAAAA" ROOT "\n", SN_E_LIMIT },
	{ "root without padding", "origin\n8\nXcnapwpZqarVWctwHt2aKrmcgjqtL0lgz+Nw7/RgQyg\n",
	    SN_E_FORMAT },
};

static void
test_checkpoint(void **state)
{
	const struct checkpoint_row *r = *state;
	struct note_checkpoint c;
	const enum sn_err e = note_checkpoint_parse(bytes_str(r->text), &c, NULL);

	if (r->want == SN_OK) {
		assert_int_equal(e, SN_OK);
		assert_string_equal(c.origin, "origin");
	} else {
		assert_true(e == r->want || (r->want == SN_E_LIMIT && e == SN_E_FORMAT));
	}
}

static void
test_checkpoint_round(void **state)
{
	struct note_checkpoint c;
	struct sn_buf b = { 0 };

	(void)state;
	assert_int_equal(note_checkpoint_parse(bytes_str(checkpoints[0].text), &c, NULL),
	    SN_OK);
	assert_int_equal(c.size, 8);
	note_checkpoint_format(&c, &b);
	assert_string_equal(sn_buf_cstr(&b), checkpoints[0].text);
	sn_buf_done(&b);
}

static void
add_published(struct test_list *l)
{
	yyjson_val *v;
	size_t i, max;

	yyjson_arr_foreach(yyjson_obj_get(vectors, "verifier_keys"), i, max, v) test_list_add(l,
	    test_vkey, (void *)(uintptr_t)yyjson_get_str(v), "verifier key %zu", i);
	yyjson_arr_foreach(yyjson_obj_get(vectors, "refused_verifier_keys"), i, max, v)
	    test_list_add(l, test_vkey_refused, (void *)(uintptr_t)yyjson_get_str(v),
		"refused verifier key %zu", i);
	test_list_add(l, test_published, NULL, "the published note, both keys");
	test_list_add(l, test_sign, NULL, "signing gives the published line");
	for (i = 0; i < SN_NITEMS(hostile); i++)
		test_list_add(l, test_hostile, (void *)(uintptr_t)&hostile[i], "note: %s",
		    hostile[i].name);
}

int
main(void)
{
	struct test_list *l = test_list_new();
	yyjson_doc *doc = NULL;
	struct sn_why why = { 0 };

	if (sn_secret_start(1U << 18, &why) != SN_OK || cry_start(&why) != SN_OK)
		return sn_err_exit(why.err);
	if (test_have_data(VECTORS)) {
		doc = test_read_json(VECTORS);
		vectors = yyjson_doc_get_root(doc);
		add_published(l);
	}
	for (size_t i = 0; i < SN_NITEMS(checkpoints); i++)
		test_list_add(l, test_checkpoint, (void *)(uintptr_t)&checkpoints[i],
		    "checkpoint: %s", checkpoints[i].name);
	test_list_add(l, test_checkpoint_round, NULL, "checkpoint: there and back");
	const int status = test_list_run(l, "note");
	yyjson_doc_free(doc);
	return status;
}
