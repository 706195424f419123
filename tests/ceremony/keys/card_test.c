/* The recovery card: any file there and back, and what a slip of the pen does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appliance/crypto/digest.h"
#include "ceremony/keys/card.h"
#include "tests/ceremony/keys/fixture.h"

static char *
card_of(struct bytes file, enum card_form form)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };

	assert_int_equal(card_lines(file, form, 0, SIZE_MAX, &b, NULL), SN_OK);
	return test_format("%s", sn_buf_cstr(&b));
}

static char *
identity_text(void)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	struct identity id = fixture_identity(PLAN_REHEARSAL, 2, 3);

	assert_int_equal(identity_write(&id, &b, NULL), SN_OK);
	return test_format("%s", sn_buf_cstr(&b));
}

/* ---- there and back */

static const char *const files[] = {
	"x",
	"two words, an_underscore and a ~tilde",
	"{\"name\":\"Caf\xc3\xa9 \xe2\x82\xac\"}",
	"exactly forty-eight characters are in this line.",
	"exactly forty-eight characters are in this line.!",
	"                                                ",
};

static void
round_trip(struct bytes file)
{
	static const enum card_form forms[] = { CARD_GROUPS, CARD_SHORT };

	for (size_t i = 0; i < SN_NITEMS(forms); i++) {
		SN_CLEANUP(sn_buf_done) struct sn_buf back = { 0 };
		char *card = card_of(file, forms[i]);

		assert_true(card_is(bytes_str(card)));
		assert_int_equal(card_read(bytes_str(card), &back, NULL), SN_OK);
		assert_true(bytes_equal(sn_buf_bytes(&back), file));
		free(card);
	}
}

static void
test_round(void **state)
{
	round_trip(bytes_str(*state));
}

static void
test_every_byte(void **state)
{
	uint8_t all[256];

	(void)state;
	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (uint8_t)i;
	round_trip(BYTES_OF(all));
}

static void
test_identity(void **state)
{
	char *text = identity_text();

	(void)state;
	round_trip(bytes_str(text));
	assert_false(card_is(bytes_str(text)));
	free(text);
}

static void
test_long(void **state)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	static uint8_t big[IDENTITY_MAX_BYTES + 1];

	(void)state;
	round_trip((struct bytes){ big, IDENTITY_MAX_BYTES });
	assert_int_equal(card_count((struct bytes){ big, IDENTITY_MAX_BYTES }), CARD_MAX_LINES);
	assert_int_equal(card_lines(BYTES_OF(big), CARD_SHORT, 0, SIZE_MAX, &b, NULL),
	    SN_E_LIMIT);
	assert_int_equal(card_lines((struct bytes){ big, 0 }, CARD_SHORT, 0, SIZE_MAX, &b,
			     NULL),
	    SN_E_LIMIT);
}

/* ---- what people mistype: the first occurrence of from becomes to */

static const struct slip {
	const char *name, *from, *to, *say;
} slips[] = {
	{ "a letter of line 3", "\n03  ", "\n03  X", "line 3 " },
	{ "the check of line 1", "01  ", "01  ", NULL },
	{ "a line that is left out", "\n04 ", "\n# ", "line 4 is missing" },
	{ "two lines swapped", "\n05 ", "\n06 ", "line 5 is missing" },
	{ "a line twice", "\n05 ", "\n04 ", "line 4 is there twice" },
	{ "no number", "\n07  ", "\n", "line 7 " },
	{ "a number with a sign", "\n07  ", "\n+7  ", "line 7 begins with" },
	{ "no end", "\nend ", "\n# ", "its end is missing" },
	{ "an end too early", "\n07 ", "\nend 6 0123456789abcdef\n07 ", "check of the whole" },
	{ "an end of another count", "\nend ", "\nend 9", "its end says" },
	{ "a blank more", "\n03  ", "\n  03 \t ", NULL },
	{ "line ends of another system", "\n04 ", "\r\n04 ", NULL },
	{ "a note", "\n03 ", "\n# looked at twice\n\n03 ", NULL },
};

static void
test_slip(void **state)
{
	const struct slip *s = *state;
	SN_CLEANUP(sn_buf_done) struct sn_buf back = { 0 };
	struct sn_why why = { 0 };
	char *text = identity_text(), *card = card_of(bytes_str(text), CARD_GROUPS);
	char *at = strstr(card, s->from), *slip;
	enum sn_err e;

	assert_non_null(at);
	slip = test_format("%.*s%s%s", (int)(at - card), card, s->to, at + strlen(s->from));
	e = card_read(bytes_str(slip), &back, &why);
	assert_int_equal(e, s->say == NULL ? SN_OK : SN_E_FORMAT);
	if (s->say != NULL)
		assert_non_null(strstr(why.text, s->say));
	assert_int_equal(back.n, s->say == NULL ? strlen(text) : 0);
	free(slip);
	free(card);
	free(text);
}

/* Every character of the card, changed into its neighbour: named by its line, or harmless. */
static void
test_every_character(void **state)
{
	char *text = identity_text(), *card = card_of(bytes_str(text), CARD_SHORT);
	size_t caught = 0, line = 1;

	(void)state;
	for (char *p = card; *p != '\0'; p++) {
		SN_CLEANUP(sn_buf_done) struct sn_buf back = { 0 };
		struct sn_why why = { 0 };
		char was = *p, named[24];

		if (was == '\n')
			line++;
		if (was == '\n' || was == ' ')
			continue;
		*p = (char)(was ^ 1);
		assert_int_equal(card_read(bytes_str(card), &back, &why), SN_E_FORMAT);
		(void)snprintf(named, sizeof(named), "line %zu ", line);
		caught += strstr(why.text, named) != NULL;
		*p = was;
	}
	/* but for its number and the end, the line is always named */
	assert_true(caught > strlen(text));
	free(card);
	free(text);
}

/* What a program would write that is not ours, checks and all. */
static const struct forged {
	const char *name, *text, *say;
} forged[] = {
	{ "nothing", "", "its end is missing" },
	{ "a letter with an escape", "~41", "one form" },
	{ "upper-case digits of an escape", "~C3", "one form" },
	{ "an escape that is cut", "a~4", "ends within" },
	{ "an escape of other letters", "~zz", "hex" },
};

/* What a card says behind a line, or with number 0 at its end: docs/RECOVERY-CARD.md. */
static const char *
sum(uint8_t number, const char *text)
{
	uint8_t digest[CRY_SHA256_LEN], n[4] = { 0, 0, 0, number };
	const struct bytes parts[] = { { (const uint8_t *)"cornerstone/v1/card", 20 },
		BYTES_OF(n), bytes_str(text) };

	assert_int_equal(cry_digest_v(CRY_SHA256, parts, SN_NITEMS(parts), digest, NULL),
	    SN_OK);
	return test_hex(digest, sizeof(digest));
}

static void
test_forged(void **state)
{
	const struct forged *f = *state;
	SN_CLEANUP(sn_buf_done) struct sn_buf back = { 0 };
	struct sn_why why = { 0 };
	char *card;

	if (f->text[0] == '\0')
		card = test_format("%s", "");
	else
		card = test_format("01 %s %.4s\nend 1 %.16s\n", f->text, sum(1, f->text),
		    sum(0, f->text));
	assert_int_equal(card_read(bytes_str(card), &back, &why), SN_E_FORMAT);
	assert_non_null(strstr(why.text, f->say));
	assert_int_equal(back.n, 0);
	free(card);
}

int
main(void)
{
	struct test_list *l = test_list_new();
	struct sn_why why = { 0 };

	if (sn_secret_start(1U << 16, &why) != SN_OK || cry_start(&why) != SN_OK)
		return sn_err_exit(why.err);
	for (size_t i = 0; i < SN_NITEMS(files); i++)
		test_list_add(l, test_round, files[i], "file %zu", i);
	test_list_add(l, test_every_byte, NULL, "every byte there is");
	test_list_add(l, test_identity, NULL, "an identity file");
	test_list_add(l, test_long, NULL, "as long as can be, and longer");
	for (size_t i = 0; i < SN_NITEMS(slips); i++)
		test_list_add(l, test_slip, &slips[i], "slip: %s", slips[i].name);
	test_list_add(l, test_every_character, NULL, "every character changed");
	for (size_t i = 0; i < SN_NITEMS(forged); i++)
		test_list_add(l, test_forged, &forged[i], "not ours: %s", forged[i].name);
	return test_list_run(l, "card");
}
