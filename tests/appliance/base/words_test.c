/* The PGP word list: both published digests, every word there and back, and what is refused. */
#include <string.h>

#include "appliance/base/words.h"
#include "tests/lib/test.h"

#define VECTORS "iana/pgp-words-vectors.json"
#define LIST "iana/pgp-words.txt"

static void
test_vector(void **state)
{
	yyjson_val *v = *state;
	struct test_bytes raw = test_unhex(yyjson_get_str(yyjson_obj_get(v, "sha256")));
	const char *words = yyjson_get_str(yyjson_obj_get(v, "words"));
	struct sn_buf b = { 0 };
	uint8_t back[32];

	words_put(&b, (struct bytes){ raw.data, raw.len });
	assert_string_equal(sn_buf_cstr(&b), words);
	assert_int_equal(words_parse(bytes_str(words), back, sizeof(back), "words", NULL),
	    SN_OK);
	assert_memory_equal(back, raw.data, sizeof(back));
	sn_buf_done(&b);
	test_bytes_done(&raw);
}

/* "8d optic onlooker": one line of the published list, in order. */
static void
test_list(void **state)
{
	struct sn_buf want = { 0 };

	(void)state;
	test_need_data(LIST);
	struct test_bytes text = test_read_data(LIST);

	for (unsigned int i = 0; i < 256; i++)
		sn_buf_fmt(&want, "%02x %s %s\n", i, words_word(0, (uint8_t)i),
		    words_word(7, (uint8_t)i));
	assert_string_equal(sn_buf_cstr(&want), (char *)text.data);
	sn_buf_done(&want);
	test_bytes_done(&text);
}

/* No two bytes share a word, not even across the two lists. */
static void
test_distinct(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 512; i++)
		for (unsigned int k = i + 1; k < 512; k++)
			assert_string_not_equal(words_word(i / 256, (uint8_t)(i % 256)),
			    words_word(k / 256, (uint8_t)(k % 256)));
}

struct row {
	const char *name, *text;
	bool good;
};

/* Four bytes: 8d 9e ad c1 = optic onlooker ringbolt recover. */
static const struct row rows[] = {
	{ "plain", "optic onlooker ringbolt recover", true },
	{ "upper case", "OPTIC Onlooker RINGBOLT recover", true },
	{ "line breaks and tabs", "\n optic\tonlooker\r\n ringbolt  recover \n", true },
	{ "too few words", "optic onlooker ringbolt", false },
	{ "too many words", "optic onlooker ringbolt recover aardvark", false },
	{ "empty", "", false },
	{ "two words swapped", "onlooker optic ringbolt recover", false },
	{ "one word lost from the middle", "optic ringbolt recover upset", false },
	{ "a word cut short", "opti onlooker ringbolt recover", false },
	{ "a word too long", "optics onlooker ringbolt recover", false },
	{ "a very long word", "opticopticopticopticopticopticoptic onlooker ringbolt recover",
	    false },
	{ "a comma", "optic, onlooker ringbolt recover", false },
};

static void
test_parse(void **state)
{
	const struct row *r = *state;
	uint8_t got[4] = { 1, 2, 3, 4 };
	static const uint8_t want[4] = { 0x8d, 0x9e, 0xad, 0xc1 }, before[4] = { 1, 2, 3, 4 };

	enum sn_err e = words_parse(bytes_str(r->text), got, 4, "words", NULL);
	assert_int_equal(e, r->good ? SN_OK : SN_E_FORMAT);
	assert_memory_equal(got, r->good ? want : before, 4);
}

int
main(void)
{
	struct test_list *l = test_list_new();
	yyjson_doc *doc = NULL;
	size_t i, max;
	yyjson_val *v;

	if (test_have_data(VECTORS)) {
		doc = test_read_json(VECTORS);
		yyjson_arr_foreach(yyjson_doc_get_root(doc), i, max, v)
		    test_list_add(l, test_vector, v, "IANA vector \"%s\"",
			yyjson_get_str(yyjson_obj_get(v, "message")));
	}
	test_list_add(l, test_list, NULL, "the whole published list");
	test_list_add(l, test_distinct, NULL, "512 different words");
	for (i = 0; i < SN_NITEMS(rows); i++)
		test_list_add(l, test_parse, (void *)(uintptr_t)&rows[i], "words: %s",
		    rows[i].name);
	const int status = test_list_run(l, "words");
	yyjson_doc_free(doc);
	return status;
}
