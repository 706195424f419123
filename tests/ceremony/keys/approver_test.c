/*
 * Approvers: new keys, opening, every byte of approver.key changed, approvals that
 * openssl checks.
 * timeout: 180
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appliance/base/file.h"
#include "ceremony/keys/approver.h"
#include "tests/ceremony/keys/judge.h"
#include "tests/lib/test.h"

#define PASSPHRASE "correct horse"

static struct sn_buf pub, priv;
static struct sn_buf quick; /* a private file with the least cost that is allowed */
static struct plan_approver pinned;

static int
setup(void)
{
	struct sn_why why = { 0 };

	static const struct approver_cost least = { APPROVER_MEMORY_KIB_MIN, 1, 1 };
	struct sn_buf ignored = { 0 };
	enum sn_err e =
	    approver_new_cost("ada", BYTES_STR(PASSPHRASE), &least, &ignored, &quick, &why);

	sn_buf_done(&ignored);
	if (e == SN_OK &&
	    approver_new("ada", BYTES_STR(PASSPHRASE), &pub, &priv, &why) == SN_OK &&
	    approver_public_parse(sn_buf_bytes(&pub), &pinned, &why) == SN_OK)
		return 0;
	fprintf(stderr, "%s\n", why.text);
	return 1;
}

static void
test_opens(void **state)
{
	struct approver_keys keys = { 0 };

	(void)state;
	assert_int_equal(approver_open(sn_buf_bytes(&priv), BYTES_STR(PASSPHRASE), &keys, NULL),
	    SN_OK);
	assert_string_equal(keys.name, "ada");
	assert_int_equal(approver_is(&keys, &pinned, NULL), SN_OK);
	approver_keys_done(&keys);
	assert_int_equal(sn_secret_alive(), 0);
}

static void
test_not_pinned(void **state)
{
	struct approver_keys keys = { 0 };
	struct plan_approver other = pinned;

	(void)state;
	assert_int_equal(approver_open(sn_buf_bytes(&priv), BYTES_STR(PASSPHRASE), &keys, NULL),
	    SN_OK);
	memcpy(other.name, "bob", 4);
	assert_int_equal(approver_is(&keys, &other, NULL), SN_E_POLICY);
	other = pinned;
	other.sign[other.sign_len - 1] ^= 1;
	assert_int_equal(approver_is(&keys, &other, NULL), SN_E_POLICY);
	other = pinned;
	other.seal[other.seal_len - 1] ^= 1;
	assert_int_equal(approver_is(&keys, &other, NULL), SN_E_POLICY);
	approver_keys_done(&keys);
}

/* ---- passphrases and names */

struct phrase_row {
	const char *name, *phrase;
	enum sn_err expect;
};

static const struct phrase_row phrase_rows[] = {
	{ "another passphrase", "correct horsf", SN_E_PASSPHRASE },
	{ "upper case", "Correct horse", SN_E_PASSPHRASE },
	{ "a blank behind it", "correct horse ", SN_E_PASSPHRASE },
	{ "cut short", "correct hors", SN_E_PASSPHRASE },
	{ "7 bytes", "correct", SN_E_PASSPHRASE },
	{ "empty", "", SN_E_PASSPHRASE },
};

static void
test_phrase(void **state)
{
	const struct phrase_row *row = *state;
	struct approver_keys keys = { 0 };
	struct sn_why why = { 0 };

	assert_int_equal(approver_open(sn_buf_bytes(&priv), bytes_str(row->phrase), &keys,
			     &why),
	    row->expect);
	assert_null(keys.sign);
	assert_null(keys.seal);
	assert_null(strstr(why.text, "correct"));
	assert_int_equal(sn_secret_alive(), 0);
}

struct new_row {
	const char *why, *name, *phrase;
	enum sn_err expect;
};

static const struct new_row new_rows[] = {
	{ "7 bytes of passphrase", "ada", "1234567", SN_E_PASSPHRASE },
	{ "no name", "", PASSPHRASE, SN_E_USAGE },
	{ "an upper-case name", "Ada", PASSPHRASE, SN_E_USAGE },
	{ "a name of 17 letters", "abcdefghijklmnopq", PASSPHRASE, SN_E_USAGE },
	{ "a name longer than a label", "ada-love1", PASSPHRASE, SN_E_USAGE },
	{ "the IN stick's name", "in", PASSPHRASE, SN_E_USAGE },
	{ "the OUT stick's name", "out", PASSPHRASE, SN_E_USAGE },
	{ "the first OUT stick's name", "out-a", PASSPHRASE, SN_E_USAGE },
	{ "the second OUT stick's name", "out-b", PASSPHRASE, SN_E_USAGE },
	{ "the LOG stick's name", "log", PASSPHRASE, SN_E_USAGE },
	{ "the JOURNAL stick's name", "journal", PASSPHRASE, SN_E_USAGE },
	{ "a name with a slash", "../ada", PASSPHRASE, SN_E_USAGE },
};

static void
test_new_refused(void **state)
{
	const struct new_row *row = *state;
	struct sn_buf a = { 0 }, b = { 0 };

	assert_int_equal(approver_new(row->name, bytes_str(row->phrase), &a, &b, NULL),
	    row->expect);
	assert_int_equal(a.n, 0);
	assert_int_equal(b.n, 0);
}

static void
test_cost_refused(void **state)
{
	static const struct approver_cost rows[] = { { 8191, 1, 1 }, { 1048577, 1, 1 },
		{ 8192, 0, 1 }, { 8192, 17, 1 }, { 8192, 1, 0 }, { 8192, 1, 5 } };
	struct sn_buf a = { 0 }, b = { 0 };

	(void)state;
	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		assert_int_equal(approver_new_cost("ada", BYTES_STR(PASSPHRASE), &rows[i], &a,
				     &b, NULL),
		    SN_E_LIMIT);
}

static void
test_long_phrase(void **state)
{
	char phrase[APPROVER_PASSPHRASE_MAX + 1];
	struct sn_buf a = { 0 }, b = { 0 };

	(void)state;
	memset(phrase, 'x', sizeof(phrase));
	assert_int_equal(approver_new("ada", BYTES_OF(phrase), &a, &b, NULL), SN_E_PASSPHRASE);
}

/* Too large to be a key: another file, not a fault that ends anything. */
static void
test_huge_file(void **state)
{
	static const uint8_t huge[APPROVER_FILE_MAX + 1];
	struct approver_keys keys = { 0 };
	struct plan_approver read;
	struct sn_why why = { 0 };

	(void)state;
	assert_int_equal(approver_open(BYTES_OF(huge), BYTES_STR(PASSPHRASE), &keys, &why),
	    SN_E_FORMAT);
	assert_non_null(strstr(why.text, "at most 4096"));
	assert_int_equal(approver_public_parse(BYTES_OF(huge), &read, NULL), SN_E_FORMAT);
}

/* As long as a label lets it be. */
static void
test_name_of_8(void **state)
{
	static const struct approver_cost least = { APPROVER_MEMORY_KIB_MIN, 1, 1 };
	SN_CLEANUP(sn_buf_done) struct sn_buf a = { 0 }, b = { 0 };
	struct plan_approver read;

	(void)state;
	assert_int_equal(approver_new_cost("ada-love", BYTES_STR(PASSPHRASE), &least, &a, &b,
			     NULL),
	    SN_OK);
	assert_int_equal(approver_public_parse(sn_buf_bytes(&a), &read, NULL), SN_OK);
	assert_string_equal(read.name, "ada-love");
}

/* ---- approver.key with a changed byte */

/*
 * Each byte of the file is changed. What does not parse is refused at once; what still
 * parses must not open.
 */
static void
test_changed(void **state)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	size_t parsed = 0;

	(void)state;
	sn_buf_put(&b, sn_buf_bytes(&quick));
	for (size_t i = 0; i < b.n - 1; i++) {
		struct approver_keys keys = { 0 };
		enum sn_err e;

		b.p[i] ^= 1;
		e = approver_open(sn_buf_bytes(&b), BYTES_STR(PASSPHRASE), &keys, NULL);
		assert_int_not_equal(e, SN_OK);
		assert_null(keys.sign);
		parsed += e == SN_E_PASSPHRASE ? 1 : 0;
		b.p[i] ^= 1;
	}
	assert_true(parsed > 50); /* name, salt, nonce, sealed, small parameters */
	assert_int_equal(sn_secret_alive(), 0);
}

struct edit_row {
	const char *name, *from, *to;
	enum sn_err expect;
};

static const struct edit_row key_rows[] = {
	{ "too little memory", "\"memory_kib\":65536", "\"memory_kib\":8191", SN_E_LIMIT },
	{ "too much memory", "\"memory_kib\":65536", "\"memory_kib\":1048577", SN_E_LIMIT },
	{ "no passes", "\"passes\":3", "\"passes\":0", SN_E_LIMIT },
	{ "too many passes", "\"passes\":3", "\"passes\":17", SN_E_LIMIT },
	{ "no lanes", "\"lanes\":1", "\"lanes\":0", SN_E_LIMIT },
	{ "too many lanes", "\"lanes\":1", "\"lanes\":5", SN_E_LIMIT },
	{ "less memory", "\"memory_kib\":65536", "\"memory_kib\":8192", SN_E_PASSPHRASE },
	{ "fewer passes", "\"passes\":3", "\"passes\":1", SN_E_PASSPHRASE },
	{ "another name", "\"ada\"", "\"adb\"", SN_E_PASSPHRASE },
	{ "no name at all", "\"ada\"", "\"\"", SN_E_FORMAT },
	{ "another format", "approver-key-1", "approver-key-2", SN_E_FORMAT },
	{ "an unknown member", "{\"argon2id\"", "{\"a\":1,\"argon2id\"", SN_E_FORMAT },
	{ "an unknown member inside", "{\"lanes\"", "{\"a\":1,\"lanes\"", SN_E_FORMAT },
	{ "a blank", "\"lanes\":1", "\"lanes\": 1", SN_E_FORMAT },
	{ "a number as text", "\"lanes\":1", "\"lanes\":\"1\"", SN_E_FORMAT },
	{ "an empty nonce", "\"nonce\":\"", "\"nonce\":\"\",\"x\":\"", SN_E_FORMAT },
	{ "two line ends", "}\n", "}\n\n", SN_E_FORMAT },
	{ "something behind it", "}\n", "}{}\n", SN_E_FORMAT },
};

static const struct edit_row public_rows[] = {
	{ "another format", "cornerstone-approver-1", "cornerstone-approver-2", SN_E_FORMAT },
	{ "an upper-case name", "\"ada\"", "\"ADA\"", SN_E_FORMAT },
	{ "a name longer than a label", "\"ada\"", "\"ada-love1\"", SN_E_FORMAT },
	{ "the IN stick's name", "\"ada\"", "\"in\"", SN_E_FORMAT },
	{ "an unknown member", "{\"format\"", "{\"a\":1,\"format\"", SN_E_FORMAT },
	{ "no sealing key", "\"seal\":", "\"sale\":", SN_E_FORMAT },
	{ "a key of another curve", "FK4EEACI", "FK4EEACM", SN_E_FORMAT },
	{ "a key that is no base64", "FK4EEACI", "FK4EEAC.", SN_E_FORMAT },
	{ "two line ends", "}\n", "}\n\n", SN_E_FORMAT },
};

static char *
edited(const struct sn_buf *b, const struct edit_row *row)
{
	char *text = test_format("%.*s", (int)b->n, (const char *)b->p);
	char *at = strstr(text, row->from), *bad;

	assert_non_null(at);
	bad = test_format("%.*s%s%s", (int)(at - text), text, row->to, at + strlen(row->from));
	free(text);
	return bad;
}

static void
test_key_edit(void **state)
{
	struct approver_keys keys = { 0 };
	const struct edit_row *row = *state;
	char *bad = edited(&priv, row);

	assert_int_equal(approver_open(bytes_str(bad), BYTES_STR(PASSPHRASE), &keys, NULL),
	    row->expect);
	assert_null(keys.sign);
	free(bad);
}

static void
test_public_edit(void **state)
{
	const struct edit_row *row = *state;
	static const struct plan_approver untouched;
	struct plan_approver got = { 0 };
	char *bad = edited(&pub, row);

	assert_int_equal(approver_public_parse(bytes_str(bad), &got, NULL), row->expect);
	assert_memory_equal(&got, &untouched, sizeof(got));
	free(bad);
}

static void
test_public_same_keys(void **state)
{
	char *text = test_format("%.*s", (int)pub.n, (const char *)pub.p);
	char *seal = strstr(text, "\"seal\":\"") + 8, *sign = strstr(text, "\"sign\":\"") + 8;
	struct plan_approver got;

	(void)state;
	memcpy(seal, sign, strcspn(sign, "\""));
	assert_int_equal(approver_public_parse(bytes_str(text), &got, NULL), SN_E_FORMAT);
	free(text);
}

/* ---- a known answer: the keys of a seed */

static void
test_known_keys(void **state)
{
	uint8_t seed[32] = { 0 };
	struct approver_keys a = { 0 }, b = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf sign = { 0 }, seal = { 0 }, again = { 0 };

	(void)state;
	assert_int_equal(approver_keys_from_seed("x", BYTES_OF(seed), &a, NULL), SN_OK);
	assert_int_equal(approver_keys_from_seed("x", BYTES_OF(seed), &b, NULL), SN_OK);
	assert_int_equal(cry_key_spki(a.sign, &sign, NULL), SN_OK);
	assert_int_equal(cry_key_spki(a.seal, &seal, NULL), SN_OK);
	assert_int_equal(cry_key_spki(b.sign, &again, NULL), SN_OK);
	assert_true(bytes_equal(sn_buf_bytes(&sign), sn_buf_bytes(&again)));
	assert_false(bytes_equal(sn_buf_bytes(&sign), sn_buf_bytes(&seal)));
	approver_keys_done(&a);
	approver_keys_done(&b);
}

static void
test_digest(void **state)
{
	struct plan_approver other = pinned;
	uint8_t a[32], b[32];

	(void)state;
	assert_int_equal(approver_digest(&pinned, a, NULL), SN_OK);
	memcpy(other.sign, pinned.seal, sizeof(other.sign));
	memcpy(other.seal, pinned.sign, sizeof(other.seal));
	assert_int_equal(approver_digest(&other, b, NULL), SN_OK);
	assert_memory_not_equal(a, b, 32);
}

/* ---- approvals */

static void
test_plan_approval(void **state)
{
	struct approver_keys keys = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf sig = { 0 };
	uint8_t digest[32] = { 7 };

	(void)state;
	assert_int_equal(approver_open(sn_buf_bytes(&priv), BYTES_STR(PASSPHRASE), &keys, NULL),
	    SN_OK);
	assert_int_equal(approver_sign_plan(&keys, digest, &sig, NULL), SN_OK);
	assert_int_equal(approver_check_plan(&pinned, digest, sn_buf_bytes(&sig), NULL), SN_OK);
	/* not valid as an approval of a statement, nor of another plan, nor changed */
	assert_int_equal(approver_check_statement(&pinned, BYTES_OF(digest), sn_buf_bytes(&sig),
			     NULL),
	    SN_E_SIGNATURE);
	digest[31] ^= 1;
	assert_int_equal(approver_check_plan(&pinned, digest, sn_buf_bytes(&sig), NULL),
	    SN_E_SIGNATURE);
	digest[31] ^= 1;
	sig.p[sig.n - 1] ^= 1;
	assert_int_equal(approver_check_plan(&pinned, digest, sn_buf_bytes(&sig), NULL),
	    SN_E_SIGNATURE);
	approver_keys_done(&keys);
}

/* The commands of VERIFY.txt, on one approval. */
static void
test_openssl(void **state)
{
	const char *dir = test_tmpdir();
	struct approver_keys keys = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf sig = { 0 }, pem = { 0 };
	struct bytes statement = BYTES_STR("{\"predicate\":{}}");
	const struct {
		const char *name;
		struct bytes data;
	} files[] = { { "statement.json", statement }, { "ada.sig", { 0 } },
		{ "ada.pem", { 0 } }, { "other.json", BYTES_STR("{\"predicate\":{} }") } };
	const char *verify = "openssl dgst -sha384 -verify ada.pem -signature ada.sig ";
	char *good = test_format("%s statement.json", verify);
	char *bad = test_format("%s other.json", verify);

	(void)state;
	assert_int_equal(approver_open(sn_buf_bytes(&priv), BYTES_STR(PASSPHRASE), &keys, NULL),
	    SN_OK);
	assert_int_equal(approver_sign_statement(&keys, statement, &sig, NULL), SN_OK);
	assert_int_equal(approver_pem(&pinned, &pem, NULL), SN_OK);
	for (size_t i = 0; i < SN_NITEMS(files); i++) {
		char *path = test_format("%s/%s", dir, files[i].name);
		struct bytes data = i == 1 ? sn_buf_bytes(&sig)
		    : i == 2		   ? sn_buf_bytes(&pem)
					   : files[i].data;

		assert_int_equal(sn_file_write(AT_FDCWD, path, data, 0644, true, NULL), SN_OK);
		free(path);
	}
	assert_int_equal(judge_sh(dir, good, "out"), 0);
	assert_int_not_equal(judge_sh(dir, bad, "out"), 0);
	free(good);
	free(bad);
	approver_keys_done(&keys);
}

/* Nothing of the private file shows the seed or the passphrase, and salts differ. */
static void
test_fresh(void **state)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf a = { 0 }, b = { 0 };

	(void)state;
	assert_int_equal(approver_new("ada", BYTES_STR(PASSPHRASE), &a, &b, NULL), SN_OK);
	assert_false(bytes_equal(sn_buf_bytes(&a), sn_buf_bytes(&pub)));
	assert_false(bytes_equal(sn_buf_bytes(&b), sn_buf_bytes(&priv)));
	assert_int_equal(bytes_find(sn_buf_bytes(&b), BYTES_STR(PASSPHRASE)), SIZE_MAX);
}

int
main(void)
{
	struct test_list *l = test_list_new();
	struct sn_why why = { 0 };
	int status;
	size_t i;

	if (sn_secret_start(1U << 20, &why) != SN_OK || cry_start(&why) != SN_OK)
		return sn_err_exit(why.err);
	if (setup() != 0)
		return 99;
	test_list_add(l, test_opens, NULL, "opens with its passphrase");
	test_list_add(l, test_not_pinned, NULL, "another name or key than the plan's");
	for (i = 0; i < SN_NITEMS(phrase_rows); i++)
		test_list_add(l, test_phrase, &phrase_rows[i], "does not open: %s",
		    phrase_rows[i].name);
	for (i = 0; i < SN_NITEMS(new_rows); i++)
		test_list_add(l, test_new_refused, &new_rows[i], "not made: %s",
		    new_rows[i].why);
	for (i = 0; i < SN_NITEMS(key_rows); i++)
		test_list_add(l, test_key_edit, &key_rows[i], "approver.key: %s",
		    key_rows[i].name);
	for (i = 0; i < SN_NITEMS(public_rows); i++)
		test_list_add(l, test_public_edit, &public_rows[i], "approver.json: %s",
		    public_rows[i].name);
	test_list_add(l, test_public_same_keys, NULL, "approver.json: the same key twice");
	test_list_add(l, test_long_phrase, NULL, "not made: 257 bytes of passphrase");
	test_list_add(l, test_huge_file, NULL, "refused: a file that is too large for a key");
	test_list_add(l, test_name_of_8, NULL, "a name of 8 letters");
	test_list_add(l, test_cost_refused, NULL, "not made: a cost out of bounds");
	test_list_add(l, test_changed, NULL, "approver.key: every byte changed");
	test_list_add(l, test_known_keys, NULL, "keys follow from the seed");
	test_list_add(l, test_digest, NULL, "digest tells sign from seal");
	test_list_add(l, test_plan_approval, NULL, "approval of a plan");
	test_list_add(l, test_openssl, NULL, "openssl checks an approval of a statement");
	test_list_add(l, test_fresh, NULL, "two approvers have nothing in common");
	status = test_list_run(l, "approver");
	sn_buf_done(&pub);
	sn_buf_done(&priv);
	sn_buf_done(&quick);
	return status;
}
