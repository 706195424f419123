#include <stdlib.h>
#include <string.h>

#include "appliance/base/text.h"
#include "tests/lib/test.h"

struct hex_row {
	const char *name, *text;
	size_t n; /* bytes asked for, and the limit of the appending form */
	enum sn_err want, want_buf;
};

static const struct hex_row hex_rows[] = {
	{ "lower case", "00ff10", 3, SN_OK, SN_OK },
	{ "upper and lower case", "aAbBcC", 3, SN_OK, SN_OK },
	{ "nothing", "", 0, SN_OK, SN_OK },
	{ "odd length", "00ff1", 3, SN_E_FORMAT, SN_E_FORMAT },
	{ "odd length, rounded down fits", "00ff101", 3, SN_E_FORMAT, SN_E_FORMAT },
	{ "too long", "00ff1000", 3, SN_E_FORMAT, SN_E_LIMIT },
	{ "too short", "00ff", 3, SN_E_FORMAT, SN_OK },
	{ "letter after f", "00fg10", 3, SN_E_FORMAT, SN_E_FORMAT },
	{ "prefix 0x", "0x00ff", 3, SN_E_FORMAT, SN_E_FORMAT },
	{ "space inside", "00 ff1", 3, SN_E_FORMAT, SN_E_FORMAT },
	{ "newline at the end", "00ff1\n", 3, SN_E_FORMAT, SN_E_FORMAT },
	{ "sign", "-0ff10", 3, SN_E_FORMAT, SN_E_FORMAT },
	{ "colon", "00:ff:", 3, SN_E_FORMAT, SN_E_FORMAT },
	{ "slash, one below 0", "0/ff10", 3, SN_E_FORMAT, SN_E_FORMAT },
	{ "at sign, one below A", "0@ff10", 3, SN_E_FORMAT, SN_E_FORMAT },
	{ "byte with the top bit",
	    "0\xb0"
	    "ff10",
	    3, SN_E_FORMAT, SN_E_FORMAT },
};

static void
hex_has_one_form(void **state)
{
	const struct hex_row *row = *state;
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	uint8_t out[4] = { 0xee, 0xee, 0xee, 0xee };
	struct sn_why why = { 0 };

	assert_int_equal(sn_hex_parse(row->text, out, row->n, "id", &why), row->want);
	assert_int_equal(why.err, row->want);
	assert_int_equal(out[3], 0xee);
	if (row->want != SN_OK)
		assert_int_equal(out[0], 0xee);
	sn_buf_u8(&b, 0x77);
	assert_int_equal(sn_hex_parse_buf(bytes_str(row->text), row->n, &b, "id", NULL),
	    row->want_buf);
	assert_int_equal(b.n, row->want_buf == SN_OK ? 1 + strlen(row->text) / 2 : 1);
	assert_int_equal(b.p[0], 0x77);
}

static void
hex_goes_round(void **state)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	uint8_t all[256], back[256];
	char text[2 * sizeof(all) + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (uint8_t)i;
	sn_hex(BYTES_OF(all), text);
	assert_int_equal(strlen(text), 512);
	assert_memory_equal(text + 2 * 0xa7, "a7a8", 4);
	assert_int_equal(sn_hex_parse(text, back, sizeof(back), "all", NULL), SN_OK);
	assert_memory_equal(all, back, sizeof(all));
	sn_buf_hex(&b, BYTES_OF(all));
	assert_string_equal(sn_buf_cstr(&b), text);
	sn_hex((struct bytes){ NULL, 0 }, text);
	assert_string_equal(text, "");
}

struct b64_row {
	const char *name, *text, *plain; /* plain is NULL: refused */
	enum sn_err want;
};

/* The first seven rows are RFC 4648 section 10. */
static const struct b64_row b64_rows[] = {
	{ "RFC 4648: empty", "", "", SN_OK },
	{ "RFC 4648: f", "Zg==", "f", SN_OK },
	{ "RFC 4648: fo", "Zm8=", "fo", SN_OK },
	{ "RFC 4648: foo", "Zm9v", "foo", SN_OK },
	{ "RFC 4648: foob", "Zm9vYg==", "foob", SN_OK },
	{ "RFC 4648: fooba", "Zm9vYmE=", "fooba", SN_OK },
	{ "RFC 4648: foobar", "Zm9vYmFy", "foobar", SN_OK },
	{ "plus and slash", "+/+/", "\xfb\xff\xbf", SN_OK },
	{ "spare bits, two pads", "Zh==", NULL, SN_E_FORMAT },
	{ "spare bits, top one, two pads", "Zo==", NULL, SN_E_FORMAT },
	{ "spare bits, one pad", "Zm9=", NULL, SN_E_FORMAT },
	{ "padding missing", "Zg", NULL, SN_E_FORMAT },
	{ "one pad missing", "Zg=", NULL, SN_E_FORMAT },
	{ "three pads", "Z===", NULL, SN_E_FORMAT },
	{ "four pads", "====", NULL, SN_E_FORMAT },
	{ "padding in the middle", "Zg==Zm9v", NULL, SN_E_FORMAT },
	{ "pad between digits", "Zg=v", NULL, SN_E_FORMAT },
	{ "line break", "Zm9v\nYg==", NULL, SN_E_FORMAT },
	{ "line break that keeps the count", "Zm9\nYg==", NULL, SN_E_FORMAT },
	{ "space", "Zm9 ", NULL, SN_E_FORMAT },
	{ "URL alphabet", "-_-_", NULL, SN_E_FORMAT },
	{ "over the limit", "Zm9vYmFyZm9v", NULL, SN_E_LIMIT },
};

static void
base64_has_one_form(void **state)
{
	const struct b64_row *row = *state;
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 }, back = { 0 };
	struct sn_why why = { 0 };

	sn_buf_str(&b, ">");
	assert_int_equal(sn_base64_parse(bytes_str(row->text), 8, &b, "field", &why),
	    row->want);
	if (row->plain == NULL) {
		assert_string_equal(sn_buf_cstr(&b), ">");
		assert_int_equal(why.err, row->want);
		return;
	}
	assert_string_equal(sn_buf_cstr(&b) + 1, row->plain);
	sn_buf_base64(&back, bytes_str(row->plain));
	assert_string_equal(sn_buf_cstr(&back), row->text);
}

static void
base64_of_every_byte(void **state)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf text = { 0 }, back = { 0 };
	uint8_t all[256];

	(void)state;
	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (uint8_t)i;
	sn_buf_base64(&text, BYTES_OF(all));
	assert_int_equal(sn_base64_parse(sn_buf_bytes(&text), 256, &back, "all", NULL), SN_OK);
	assert_true(bytes_equal(sn_buf_bytes(&back), BYTES_OF(all)));
}

struct u32_row {
	const char *name, *text;
	uint32_t min, max;
	enum sn_err want;
	uint32_t value;
};

static const struct u32_row u32_rows[] = {
	{ "zero", "0", 0, 9, SN_OK, 0 },
	{ "the largest", "4294967295", 0, UINT32_MAX, SN_OK, UINT32_MAX },
	{ "least allowed", "2", 2, 5, SN_OK, 2 },
	{ "most allowed", "5", 2, 5, SN_OK, 5 },
	{ "below the range", "1", 2, 5, SN_E_FORMAT, 0 },
	{ "above the range", "6", 2, 5, SN_E_FORMAT, 0 },
	{ "overflow by one", "4294967296", 0, UINT32_MAX, SN_E_FORMAT, 0 },
	{ "overflow to a small number", "4294967299", 2, 5, SN_E_FORMAT, 0 },
	{ "overflow of 64 bits", "18446744073709551619", 2, 5, SN_E_FORMAT, 0 },
	{ "empty", "", 0, 9, SN_E_FORMAT, 0 },
	{ "leading zero", "03", 0, 9, SN_E_FORMAT, 0 },
	{ "two zeros", "00", 0, 9, SN_E_FORMAT, 0 },
	{ "plus sign", "+3", 0, 9, SN_E_FORMAT, 0 },
	{ "minus sign", "-3", 0, UINT32_MAX, SN_E_FORMAT, 0 },
	{ "minus zero", "-0", 0, 9, SN_E_FORMAT, 0 },
	{ "space before", " 3", 0, 9, SN_E_FORMAT, 0 },
	{ "space behind", "3 ", 0, 9, SN_E_FORMAT, 0 },
	{ "newline behind", "3\n", 0, 9, SN_E_FORMAT, 0 },
	{ "hexadecimal", "0x3", 0, 9, SN_E_FORMAT, 0 },
	{ "fraction", "3.0", 0, 9, SN_E_FORMAT, 0 },
	{ "letters behind", "3of5", 0, 9, SN_E_FORMAT, 0 },
};

static void
u32_has_one_form(void **state)
{
	const struct u32_row *row = *state;
	struct sn_why why = { 0 };
	uint32_t v = 77;

	assert_int_equal(text_to_u32(row->text, row->min, row->max, &v, "count", &why),
	    row->want);
	assert_int_equal(why.err, row->want);
	assert_int_equal(v, row->want == SN_OK ? row->value : 77);
}

struct time_row {
	const char *name, *text;
	int64_t value; /* -1: refused */
};

static const struct time_row time_rows[] = {
	{ "the epoch", "1970-01-01T00:00:00Z", 0 },
	{ "a summer's day", "2025-07-01T00:00:00Z", 1751328000 },
	{ "leap day", "2024-02-29T23:59:59Z", 1709251199 },
	{ "leap day of a century", "2000-02-29T00:00:00Z", 951782400 },
	{ "end of a year", "2024-12-31T23:59:59Z", 1735689599 },
	{ "past 2038", "2040-01-01T00:00:00Z", 2208988800 },
	{ "the last second", "9999-12-31T23:59:59Z", 253402300799 },
	{ "no leap day in 2025", "2025-02-29T00:00:00Z", -1 },
	{ "no leap day in 2100", "2100-02-29T00:00:00Z", -1 },
	{ "31 April", "2025-04-31T00:00:00Z", -1 },
	{ "day 0", "2025-04-00T00:00:00Z", -1 },
	{ "month 0", "2025-00-01T00:00:00Z", -1 },
	{ "month 13", "2025-13-01T00:00:00Z", -1 },
	{ "24:00:00", "2025-07-01T24:00:00Z", -1 },
	{ "minute 60", "2025-07-01T00:60:00Z", -1 },
	{ "leap second", "2016-12-31T23:59:60Z", -1 },
	{ "year 1969", "1969-12-31T23:59:59Z", -1 },
	{ "year 0000", "0000-01-01T00:00:00Z", -1 },
	{ "year 10000", "10000-01-01T00:00:00Z", -1 },
	{ "lower-case z", "2025-07-01T00:00:00z", -1 },
	{ "lower-case t", "2025-07-01t00:00:00Z", -1 },
	{ "space for T", "2025-07-01 00:00:00Z", -1 },
	{ "no zone", "2025-07-01T00:00:00", -1 },
	{ "offset", "2025-07-01T00:00:00+00:00", -1 },
	{ "fraction", "2025-07-01T00:00:00.0Z", -1 },
	{ "one digit", "2025-7-01T00:00:00Z", -1 },
	{ "sign in the year", "+025-07-01T00:00:00Z", -1 },
	{ "space in a field", "2025-07- 1T00:00:00Z", -1 },
	{ "text behind", "2025-07-01T00:00:00Zx", -1 },
	{ "empty", "", -1 },
};

static void
time_has_one_form(void **state)
{
	const struct time_row *row = *state;
	char text[TEXT_TIME_LEN + 1];
	struct sn_why why = { 0 };
	int64_t t = 77;

	if (row->value < 0) {
		assert_int_equal(text_to_time(row->text, &t, "at", &why), SN_E_FORMAT);
		assert_int_equal(why.err, SN_E_FORMAT);
		assert_int_equal(t, 77);
		return;
	}
	assert_int_equal(text_to_time(row->text, &t, "at", &why), SN_OK);
	assert_int_equal(t, row->value);
	text_from_time(row->value, text);
	assert_string_equal(text, row->text);
}

static void
time_goes_round_on_every_day(void **state)
{
	char text[TEXT_TIME_LEN + 1], last[TEXT_TIME_LEN + 1] = "";
	int64_t back;

	(void)state;
	for (int64_t t = 12345; t < 253402300800; t += 86400) {
		text_from_time(t, text);
		assert_true(strcmp(last, text) < 0);
		assert_int_equal(text_to_time(text, &back, "day", NULL), SN_OK);
		assert_true(back == t);
		memcpy(last, text, sizeof(last));
	}
}

static void
time_is_clamped(void **state)
{
	char text[TEXT_TIME_LEN + 1];

	(void)state;
	text_from_time(-1, text);
	assert_string_equal(text, "1970-01-01T00:00:00Z");
	text_from_time(INT64_MIN, text);
	assert_string_equal(text, "1970-01-01T00:00:00Z");
	text_from_time(253402300800, text);
	assert_string_equal(text, "9999-12-31T23:59:59Z");
	text_from_time(INT64_MAX, text);
	assert_string_equal(text, "9999-12-31T23:59:59Z");
}

struct print_row {
	const char *name;
	struct bytes v;
	size_t max;
	bool want;
};

static const struct print_row print_rows[] = {
	{ "ASCII", BYTES_STR("Plan 9 ~"), 8, true },
	{ "over max", BYTES_STR("Plan 9 ~"), 7, false },
	{ "empty", BYTES_STR(""), 0, true },
	{ "two, three and four bytes", BYTES_STR("\xc3\xa9\xe2\x82\xac\xf0\x9f\x94\x91"), 99,
	    true },
	{ "right-to-left letters", BYTES_STR("\xd7\xa9\xd7\x9c"), 99, true },
	{ "largest character", BYTES_STR("\xf4\x8f\xbf\xbf"), 99, true },
	{ "NUL", BYTES_STR("a\0b"), 99, false },
	{ "newline", BYTES_STR("a\n"), 99, false },
	{ "escape", BYTES_STR("\033[1m"), 99, false },
	{ "delete", BYTES_STR("\x7f"), 99, false },
	{ "C1 control", BYTES_STR("\xc2\x85"), 99, false },
	{ "overlong slash, two bytes", BYTES_STR("\xc0\xaf"), 99, false },
	{ "overlong slash, three bytes", BYTES_STR("\xe0\x80\xaf"), 99, false },
	{ "overlong slash, four bytes", BYTES_STR("\xf0\x80\x80\xaf"), 99, false },
	{ "overlong NUL", BYTES_STR("\xc0\x80"), 99, false },
	{ "surrogate", BYTES_STR("\xed\xa0\x80"), 99, false },
	{ "surrogate pair", BYTES_STR("\xed\xa0\xbd\xed\xb8\x82"), 99, false },
	{ "above U+10FFFF", BYTES_STR("\xf4\x90\x80\x80"), 99, false },
	{ "five-byte form", BYTES_STR("\xf8\x88\x80\x80\x80"), 99, false },
	{ "byte FF", BYTES_STR("\xff"), 99, false },
	{ "lone continuation", BYTES_STR("a\x80"), 99, false },
	{ "cut character", BYTES_STR("a\xe2\x82"), 99, false },
	{ "character cut by a letter",
	    BYTES_STR("\xe2\x82"
		      "a"),
	    99, false },
	{ "right-to-left override",
	    BYTES_STR("a\xe2\x80\xae"
		      "b"),
	    99, false },
	{ "left-to-right embedding", BYTES_STR("\xe2\x80\xaa"), 99, false },
	{ "isolate", BYTES_STR("\xe2\x81\xa6"), 99, false },
	{ "pop isolate", BYTES_STR("\xe2\x81\xa9"), 99, false },
	{ "left-to-right mark", BYTES_STR("\xe2\x80\x8e"), 99, false },
	{ "Arabic letter mark", BYTES_STR("\xd8\x9c"), 99, false },
	{ "line separator", BYTES_STR("\xe2\x80\xa8"), 99, false },
	{ "byte order mark",
	    BYTES_STR("\xef\xbb\xbf"
		      "a"),
	    99, false },
	{ "tag character", BYTES_STR("\xf3\xa0\x81\xa1"), 99, false },
};

static void
printable_is_honest(void **state)
{
	const struct print_row *row = *state;

	assert_int_equal(text_printable(row->v, row->max), row->want);
}

static void
utf8_next_goes_through_every_character(void **state)
{
	(void)state;
	for (uint32_t c = 0; c <= 0x10ffff; c++) {
		uint8_t u[4];
		struct bytes b = { u, c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4 };
		static const uint8_t lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
		size_t n = b.n;
		uint32_t got = 77;

		for (size_t i = 0; i < n; i++)
			u[i] = (uint8_t)(0x80 | (c >> 6 * (n - 1 - i) & 0x3f));
		u[0] = (uint8_t)(n == 1 ? c : lead[n] | c >> 6 * (n - 1));
		if (c >= 0xd800 && c <= 0xdfff) {
			assert_false(text_utf8_next(&b, &got));
			assert_int_equal(b.n, n);
			continue;
		}
		assert_true(text_utf8_next(&b, &got));
		assert_int_equal(got, c);
		assert_int_equal(b.n, 0);
		assert_false(text_utf8_next(&b, &got));
	}
}

struct name_row {
	const char *name;
	bool want;
};

static const struct name_row name_rows[] = {
	{ "alice", true },
	{ "a", true },
	{ "node-1", true },
	{ "sixteen-letters-", true },
	{ "seventeen-letters", false },
	{ "", false },
	{ "1node", false },
	{ "-node", false },
	{ "Alice", false },
	{ "alice smith", false },
	{ "alice_s", false },
	{ "../up", false },
	{ "m\xc3\xbcller", false },
	{ "alice\n", false },
};

static void
names_are_plain(void **state)
{
	const struct name_row *row = *state;

	assert_int_equal(text_name_ok(row->name), row->want);
}

int
main(void)
{
	struct test_list *l = test_list_new();

	for (size_t i = 0; i < SN_NITEMS(hex_rows); i++)
		test_list_add(l, hex_has_one_form, &hex_rows[i], "hex: %s", hex_rows[i].name);
	for (size_t i = 0; i < SN_NITEMS(b64_rows); i++)
		test_list_add(l, base64_has_one_form, &b64_rows[i], "base64: %s",
		    b64_rows[i].name);
	for (size_t i = 0; i < SN_NITEMS(u32_rows); i++)
		test_list_add(l, u32_has_one_form, &u32_rows[i], "number: %s",
		    u32_rows[i].name);
	for (size_t i = 0; i < SN_NITEMS(time_rows); i++)
		test_list_add(l, time_has_one_form, &time_rows[i], "time: %s",
		    time_rows[i].name);
	for (size_t i = 0; i < SN_NITEMS(print_rows); i++)
		test_list_add(l, printable_is_honest, &print_rows[i], "printable: %s",
		    print_rows[i].name);
	for (size_t i = 0; i < SN_NITEMS(name_rows); i++)
		test_list_add(l, names_are_plain, &name_rows[i], "name: row %zu", i);
	test_list_add(l, hex_goes_round, NULL, "hex: every byte");
	test_list_add(l, base64_of_every_byte, NULL, "base64: every byte");
	test_list_add(l, time_goes_round_on_every_day, NULL, "time: every day to 9999");
	test_list_add(l, time_is_clamped, NULL, "time: out of range is clamped");
	test_list_add(l, utf8_next_goes_through_every_character, NULL, "UTF-8: all characters");
	return test_list_run(l, "text");
}
