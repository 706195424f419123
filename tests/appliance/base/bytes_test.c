#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "appliance/base/bytes.h"
#include "tests/lib/test.h"

static const uint8_t counting[] = { 0, 0, 0, 3, 'a', 'b', 'c', 0xff };

enum getter { U8, U16, U32, U64, TAKE, COPY, BLOB };

struct get_row {
	const char *name;
	enum getter get;
	size_t have, arg; /* bytes in the view; count or limit */
	enum sn_err want;
	uint64_t value;
	size_t left;
};

static const struct get_row get_rows[] = {
	{ "u8", U8, 1, 0, SN_OK, 0, 0 },
	{ "u8 of nothing", U8, 0, 0, SN_E_FORMAT, 0, 0 },
	{ "u16", U16, 4, 0, SN_OK, 0, 2 },
	{ "u16 cut", U16, 1, 0, SN_E_FORMAT, 0, 1 },
	{ "u32 is big-endian", U32, 8, 0, SN_OK, 3, 4 },
	{ "u32 cut", U32, 3, 0, SN_E_FORMAT, 0, 3 },
	{ "u64 is big-endian", U64, 8, 0, SN_OK, 0x00000003616263ff, 0 },
	{ "u64 cut", U64, 7, 0, SN_E_FORMAT, 0, 7 },
	{ "take all", TAKE, 8, 8, SN_OK, 8, 0 },
	{ "take nothing", TAKE, 0, 0, SN_OK, 0, 0 },
	{ "take one too many", TAKE, 8, 9, SN_E_FORMAT, 0, 8 },
	{ "take SIZE_MAX", TAKE, 8, SIZE_MAX, SN_E_FORMAT, 0, 8 },
	{ "copy", COPY, 8, 4, SN_OK, 3, 4 },
	{ "copy too many", COPY, 3, 4, SN_E_FORMAT, 0, 3 },
	{ "blob", BLOB, 8, 3, SN_OK, 3, 1 },
	{ "blob cut in its length", BLOB, 3, 3, SN_E_FORMAT, 0, 3 },
	{ "blob cut in its bytes", BLOB, 6, 3, SN_E_FORMAT, 0, 6 },
	{ "blob over its limit", BLOB, 8, 2, SN_E_LIMIT, 0, 8 },
};

static enum sn_err
get(const struct get_row *row, struct bytes *b, uint64_t *value)
{
	struct sn_why why = { 0 };
	struct bytes part = { NULL, 99 };
	uint8_t raw[4] = { 0, 0, 0, 99 }, u8 = 99;
	uint16_t u16 = 99;
	uint32_t u32 = 99;
	enum sn_err e = SN_E_INTERNAL;

	switch (row->get) {
	case U8:
		e = bytes_u8(b, &u8, "field", &why);
		*value = u8;
		break;
	case U16:
		e = bytes_u16(b, &u16, "field", &why);
		*value = u16;
		break;
	case U32:
		e = bytes_u32(b, &u32, "field", &why);
		*value = u32;
		break;
	case U64:
		*value = 99;
		e = bytes_u64(b, value, "field", &why);
		break;
	case TAKE:
		e = bytes_take(b, row->arg, &part, "field", &why);
		*value = part.n;
		break;
	case COPY:
		e = bytes_copy(b, raw, row->arg, "field", &why);
		*value = raw[3];
		break;
	case BLOB:
		e = bytes_blob32(b, row->arg, &part, "field", &why);
		*value = part.n;
		break;
	}
	assert_int_equal(why.err, e);
	assert_true(e == SN_OK || strstr(why.text, "field") != NULL);
	return e;
}

static void
getter_keeps_its_bounds(void **state)
{
	const struct get_row *row = *state;
	/* On the heap and of this size, so that a sanitizer sees the next byte. */
	uint8_t *p = malloc(row->have + 1);
	struct bytes b;
	uint64_t value = 0;

	assert_non_null(p);
	memcpy(p + 1, counting, row->have);
	b = (struct bytes){ p + 1, row->have };
	assert_int_equal(get(row, &b, &value), row->want);
	assert_int_equal(value, row->want == SN_OK ? row->value : 99);
	assert_int_equal(b.n, row->left);
	assert_ptr_equal(b.p, p + 1 + (row->have - row->left));
	free(p);
}

static void
end_wants_an_end(void **state)
{
	struct sn_why why = { 0 };
	struct bytes none = BYTES_STR(""), one = BYTES_STR("x");

	(void)state;
	assert_int_equal(bytes_end(&none, "thing", &why), SN_OK);
	assert_int_equal(bytes_end(&one, "thing", &why), SN_E_FORMAT);
	assert_string_equal(why.text, "thing: 1 bytes too many at the end");
}

struct find_row {
	const char *name, *haystack, *needle;
	size_t at;
};

static const struct find_row find_rows[] = {
	{ "begin", "abcabc", "ab", 0 },
	{ "first of two", "xabcabc", "abc", 1 },
	{ "end", "abc", "c", 2 },
	{ "whole", "abc", "abc", 0 },
	{ "absent", "abc", "d", SIZE_MAX },
	{ "longer than the haystack", "ab", "abc", SIZE_MAX },
	{ "begins at the end but is cut", "abca", "ab\1", SIZE_MAX },
	{ "empty needle", "abc", "", 0 },
	{ "both empty", "", "", 0 },
	{ "empty haystack", "", "a", SIZE_MAX },
};

static void
find_is_exact(void **state)
{
	const struct find_row *row = *state;

	assert_true(bytes_find(bytes_str(row->haystack), bytes_str(row->needle)) == row->at);
}

static void
equal_looks_at_all(void **state)
{
	struct bytes null = { NULL, 0 };

	(void)state;
	assert_true(bytes_equal(BYTES_STR("abc"), BYTES_STR("abc")));
	assert_false(bytes_equal(BYTES_STR("abc"), BYTES_STR("abd")));
	assert_false(bytes_equal(BYTES_STR("abc"), BYTES_STR("ab")));
	assert_true(bytes_equal(null, BYTES_STR("")));
	assert_false(bytes_equal(null, BYTES_STR("a")));
}

static void
buffer_writes_what_getters_read(void **state)
{
	static const uint8_t want[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 0,
		0, 2, 'x', 'y', 'z', '-', '7' };
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };

	(void)state;
	sn_buf_u8(&b, 1);
	sn_buf_u16(&b, 0x0203);
	sn_buf_u32(&b, 0x04050607);
	sn_buf_u64(&b, 0x08090a0b0c0d0e0f);
	sn_buf_blob32(&b, BYTES_STR("xy"));
	sn_buf_str(&b, "z");
	sn_buf_fmt(&b, "%d", -7);
	assert_int_equal(sn_buf_check(&b, NULL), SN_OK);
	assert_true(bytes_equal(sn_buf_bytes(&b), BYTES_OF(want)));
	assert_int_equal(b.p[b.n], 0);
}

static void
buffer_is_a_string(void **state)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	char big[3000];

	(void)state;
	assert_string_equal(sn_buf_cstr(&b), "");
	memset(big, 'k', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	for (size_t n = 1; n <= 3; n++) {
		sn_buf_fmt(&b, "%s", big);
		assert_int_equal(strlen(sn_buf_cstr(&b)), n * (sizeof(big) - 1));
	}
	sn_buf_done(&b);
	sn_buf_done(&b);
	sn_buf_done(NULL);
	assert_null(b.p);
}

static void
failed_buffer_stays_failed(void **state)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	struct sn_why why = { 0 };

	(void)state;
	sn_buf_str(&b, "ab");
	sn_buf_put(&b, (struct bytes){ counting, SIZE_MAX - 1 });
	sn_buf_str(&b, "cd");
	assert_int_equal(b.n, 2);
	assert_int_equal(sn_buf_check(&b, &why), SN_E_NOMEM);
	assert_int_equal(why.err, SN_E_NOMEM);
	assert_string_equal(sn_buf_cstr(&b), "");
}

static void
blob_longer_than_its_length_field(void **state)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };

	(void)state;
	sn_buf_blob32(&b, (struct bytes){ counting, (size_t)UINT32_MAX + 1 });
	assert_int_equal(sn_buf_check(&b, NULL), SN_E_NOMEM);
	assert_int_equal(b.n, 0);
}

/* In a child that may have no more memory: growing fails, nothing crashes. */
static int
grow_without_memory(void)
{
	const struct rlimit limit = { 64UL << 20, 64UL << 20 };
	struct sn_buf b = { 0 };
	static uint8_t block[1 << 20];

	if (setrlimit(RLIMIT_AS, &limit) != 0)
		return 1;
	for (size_t i = 0; i < 200 && !b.failed; i++)
		sn_buf_put(&b, BYTES_OF(block));
	return sn_buf_check(&b, NULL) == SN_E_NOMEM && b.n % sizeof(block) == 0 ? 0 : 2;
}

static void
buffer_survives_full_memory(void **state)
{
	int status = 0;
	pid_t pid;

	(void)state;
#ifdef __SANITIZE_ADDRESS__
	print_message("the address sanitizer ends the program instead\n");
	skip();
#endif
	pid = fork();
	if (pid == 0)
		_exit(grow_without_memory());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int
main(void)
{
	struct test_list *l = test_list_new();

	for (size_t i = 0; i < SN_NITEMS(get_rows); i++)
		test_list_add(l, getter_keeps_its_bounds, &get_rows[i], "getter: %s",
		    get_rows[i].name);
	for (size_t i = 0; i < SN_NITEMS(find_rows); i++)
		test_list_add(l, find_is_exact, &find_rows[i], "find: %s", find_rows[i].name);
	test_list_add(l, end_wants_an_end, NULL, "end: trailing byte");
	test_list_add(l, equal_looks_at_all, NULL, "equal");
	test_list_add(l, buffer_writes_what_getters_read, NULL, "buffer: every writer");
	test_list_add(l, buffer_is_a_string, NULL, "buffer: a NUL behind the bytes");
	test_list_add(l, failed_buffer_stays_failed, NULL, "buffer: impossible size");
	test_list_add(l, blob_longer_than_its_length_field, NULL, "buffer: blob of 4 GiB");
	test_list_add(l, buffer_survives_full_memory, NULL, "buffer: memory runs out");
	return test_list_run(l, "bytes");
}
