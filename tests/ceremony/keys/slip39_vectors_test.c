/* The 45 published vectors of SLIP-0039, each a test of its own. */
#include <string.h>

#include "ceremony/keys/slip39.h"
#include "tests/lib/test.h"

#define VECTORS "slip39/vectors.json"
#define PASSPHRASE "TREZOR"

static enum sn_err
combine_vector(yyjson_val *mnemonics, struct sn_secret *ret)
{
	struct slip39_share shares[SLIP39_MAX_SHARES] = { 0 };
	enum sn_err e = SN_OK;
	size_t n = 0, i, max;
	yyjson_val *v;

	yyjson_arr_foreach(mnemonics, i, max, v)
	{
		if (e == SN_OK)
			e = slip39_decode(bytes_str(yyjson_get_str(v)), &shares[n], NULL);
		if (e == SN_OK)
			n++;
	}
	if (e == SN_OK)
		e = slip39_combine(shares, n, BYTES_STR(PASSPHRASE), ret, NULL);
	for (i = 0; i < n; i++)
		slip39_share_done(&shares[i]);
	return e;
}

static void
test_vector(void **state)
{
	yyjson_val *row = *state;
	struct test_bytes want = test_unhex(yyjson_get_str(yyjson_arr_get(row, 2)));
	struct sn_secret got = { 0 };
	enum sn_err e = combine_vector(yyjson_arr_get(row, 1), &got);

	if (want.len == 0) {
		assert_int_equal(e, SN_E_SHARE);
		assert_null(got.p);
	} else {
		assert_int_equal(e, SN_OK);
		assert_int_equal(got.n, want.len);
		assert_memory_equal(got.p, want.data, want.len);
	}
	sn_secret_done(&got);
	test_bytes_done(&want);
	assert_int_equal(sn_secret_alive(), 0);
}

/* A share that decodes gives the same words again. */
static void
test_encode(void **state)
{
	const char *text = *state;
	struct slip39_share s = { 0 };
	struct sn_secret again = { 0 };

	assert_int_equal(slip39_decode(bytes_str(text), &s, NULL), SN_OK);
	assert_int_equal(slip39_encode(&s, &again, NULL), SN_OK);
	assert_int_equal(again.n, strlen(text));
	assert_memory_equal(again.p, text, again.n);
	sn_secret_done(&again);
	slip39_share_done(&s);
}

static void
test_skipped(void **state)
{
	(void)state;
	test_need_data(VECTORS);
}

static void
test_word_list(void **state)
{
	struct test_bytes list;
	size_t i, at = 0;

	(void)state;
	test_need_data("slip39/wordlist.txt");
	list = test_read_data("slip39/wordlist.txt");
	for (i = 0; i < SLIP39_WORDS; i++) {
		size_t n = strnlen(slip39_words[i], SLIP39_WORD_MAX);

		assert_memory_equal(list.data + at, slip39_words[i], n);
		assert_int_equal(list.data[at + n], '\n');
		at += n + 1;
	}
	assert_int_equal(at, list.len);
	test_bytes_done(&list);
}

static const char *
text_of(yyjson_val *v)
{
	const char *s = yyjson_get_str(v);

	return s != NULL ? s : "";
}

static void
add_rows(struct test_list *l, yyjson_val *root)
{
	size_t i, max;
	yyjson_val *row;

	yyjson_arr_foreach(root, i, max, row)
	{
		const char *name = text_of(yyjson_arr_get(row, 0));
		const char *secret = text_of(yyjson_arr_get(row, 2));
		yyjson_val *first = yyjson_arr_get(yyjson_arr_get(row, 1), 0);

		test_list_add(l, test_vector, row, "%s", name);
		if (secret[0] != '\0')
			test_list_add(l, test_encode, yyjson_get_str(first), "encode %s", name);
	}
}

int
main(void)
{
	struct test_list *l = test_list_new();
	yyjson_doc *doc = NULL;
	struct sn_why why = { 0 };
	int status;

	if (sn_secret_start(1U << 20, &why) != SN_OK || cry_start(&why) != SN_OK)
		return sn_err_exit(why.err);
	test_list_add(l, test_word_list, NULL, "the word list is the published one");
	if (test_have_data(VECTORS)) {
		doc = test_read_json(VECTORS);
		add_rows(l, yyjson_doc_get_root(doc));
	} else {
		test_list_add(l, test_skipped, NULL, "published vectors");
	}
	status = test_list_run(l, "slip39 vectors");
	yyjson_doc_free(doc);
	return status;
}
