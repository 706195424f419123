/* Typed text, splitting, joining and what is refused. */
#include <string.h>

#include "ceremony/keys/slip39.h"
#include "tests/lib/test.h"

/* A share of the published vectors: number 4, 2-of-3, 128 bits. */
#define GOOD                                                                                   \
	"shadow pistol academic always adequate wildlife fancy gross oasis cylinder mustang "  \
	"wrist rescue view short owner flip making coding armed"
#define GOOD_PREFIXES                                                                          \
	"shad pist acad alwa adeq wild fanc gros oasi cyli must wris resc view shor owne "     \
	"flip maki codi arme"

struct typed_row {
	const char *name, *text;
	enum sn_err expect;
	uint32_t word; /* the one that slip39_canonical names */
};

static const struct typed_row typed_rows[] = {
	{ "as written", GOOD, SN_OK, 0 },
	{ "first four letters", GOOD_PREFIXES, SN_OK, 0 },
	{ "upper case",
	    "SHADOW Pistol ACADEMIC always adequate wildlife fancy gross oasis cylinder "
	    "mustang wrist rescue view short owner flip making coding armed",
	    SN_OK, 0 },
	{ "many blanks",
	    "  shadow\tpistol \r\n academic always adequate wildlife fancy gross oasis "
	    "cylinder mustang wrist rescue view short owner flip making coding armed\n",
	    SN_OK, 0 },
	{ "empty", "", SN_E_SHARE, 0 },
	{ "only blanks", " \t\n ", SN_E_SHARE, 0 },
	{ "unknown first word", "shadoww pistol", SN_E_SHARE, 1 },
	{ "unknown third word", "shadow pistol qqqq always", SN_E_SHARE, 3 },
	{ "three letters", "shadow pis academic", SN_E_SHARE, 2 },
	{ "five letters of a longer word", "shadow pisto academic", SN_E_SHARE, 2 },
	{ "four letters and a wrong ending", "shadow pistal academic", SN_E_SHARE, 2 },
	{ "a word too long for the list", "shadow pistolpistol", SN_E_SHARE, 2 },
	{ "a digit inside", "shadow pist0l", SN_E_SHARE, 2 },
	{ "a hyphen", "shadow-pistol", SN_E_SHARE, 1 },
	{ "a byte below the letters", "shadow pist@l", SN_E_SHARE, 2 },
	{ "a byte above the letters", "shadow pist[l", SN_E_SHARE, 2 },
	{ "a control byte", "shadow pis\001ol", SN_E_SHARE, 2 },
	{ "a letter with its high bit set", "shadow p\xe9stol", SN_E_SHARE, 2 },
	{ "a two-byte letter", "shadow pist\xc3\xb6l", SN_E_SHARE, 2 },
	{ "34 words",
	    "acid acid acid acid acid acid acid acid acid acid acid acid acid acid acid acid acid "
	    "acid acid acid acid acid acid acid acid acid acid acid acid acid acid acid acid acid",
	    SN_E_SHARE, 0 },
	/* slip39_canonical takes these, slip39_decode does not */
	{ "19 words",
	    "shadow pistol academic always adequate wildlife fancy gross oasis cylinder mustang "
	    "wrist rescue view short owner flip making coding",
	    SN_E_SHARE, 0 },
	{ "21 words, a length no share has", GOOD " armed", SN_E_SHARE, 0 },
	{ "one word changed",
	    "shadow pistol academic always adequate wildlife fancy gross oasis cylinder mustang "
	    "wrist rescue view short owner flip making coding arena",
	    SN_E_SHARE, 0 },
	{ "two words exchanged",
	    "shadow pistol academic always wildlife adequate fancy gross oasis cylinder mustang "
	    "wrist rescue view short owner flip making coding armed",
	    SN_E_SHARE, 0 },
	{ "the first word changed",
	    "pistol pistol academic always adequate wildlife fancy gross oasis cylinder mustang "
	    "wrist rescue view short owner flip making coding armed",
	    SN_E_SHARE, 0 },
};

static void
test_typed(void **state)
{
	const struct typed_row *row = *state;
	struct slip39_share s = { 0 };
	struct sn_secret text = { 0 };
	struct sn_why why = { 0 };
	uint32_t word = 99;
	enum sn_err canonical = slip39_canonical(bytes_str(row->text), &text, &word, &why);

	assert_int_equal(slip39_decode(bytes_str(row->text), &s, NULL), row->expect);
	assert_int_equal(word, row->word);
	if (row->word > 0) {
		assert_int_equal(canonical, SN_E_SHARE);
		assert_non_null(strstr(why.text, test_format("word %u ", row->word)));
	}
	if (row->expect == SN_OK) {
		assert_int_equal(canonical, SN_OK);
		assert_int_equal(text.n, strlen(GOOD));
		assert_memory_equal(text.p, GOOD, text.n);
	} else {
		assert_null(s.value.p);
	}
	sn_secret_done(&text);
	slip39_share_done(&s);
	assert_int_equal(sn_secret_alive(), 0);
}

static void
test_too_long(void **state)
{
	char text[SLIP39_TYPED_MAX + 1];
	struct slip39_share s = { 0 };

	(void)state;
	memset(text, ' ', sizeof(text));
	memcpy(text, GOOD, strlen(GOOD));
	assert_int_equal(slip39_decode((struct bytes){ (uint8_t *)text, SLIP39_TYPED_MAX }, &s,
			     NULL),
	    SN_OK);
	slip39_share_done(&s);
	assert_int_equal(slip39_decode((struct bytes){ (uint8_t *)text, sizeof(text) }, &s,
			     NULL),
	    SN_E_SHARE);
}

/* No word of the share may get into a message. */
static void
test_no_leak(void **state)
{
	struct sn_why why = { 0 };
	struct slip39_share s = { 0 };
	uint32_t word;

	(void)state;
	assert_int_equal(slip39_decode(BYTES_STR("shadow pistol wrongword"), &s, &why),
	    SN_E_SHARE);
	assert_null(strstr(why.text, "wrongword"));
	assert_null(strstr(why.text, "pistol"));
	sn_why_clear(&why);
	assert_int_equal(slip39_compare(BYTES_STR(GOOD), BYTES_STR("shadow armed"), &word,
			     &why),
	    SN_E_SHARE);
	assert_null(strstr(why.text, "armed"));
	assert_null(strstr(why.text, "pistol"));
}

struct compare_row {
	const char *name, *typed;
	enum sn_err expect;
	uint32_t word;
};

static const struct compare_row compare_rows[] = {
	{ "the same", GOOD, SN_OK, 0 },
	{ "the same by prefixes", GOOD_PREFIXES, SN_OK, 0 },
	{ "another second word",
	    "shadow academic academic always adequate wildlife fancy gross oasis cylinder "
	    "mustang wrist rescue view short owner flip making coding armed",
	    SN_E_SHARE, 2 },
	{ "another last word",
	    "shadow pistol academic always adequate wildlife fancy gross oasis cylinder "
	    "mustang wrist rescue view short owner flip making coding arena",
	    SN_E_SHARE, 20 },
	{ "an unknown word",
	    "shadow pistol academic always adequate wildlife fancy gross oasis cylinder "
	    "mustang wrist rescue view short owner flip making coding armwrong",
	    SN_E_SHARE, 20 },
	{ "a word left out",
	    "shadow pistol academic adequate wildlife fancy gross oasis cylinder mustang "
	    "wrist rescue view short owner flip making coding armed",
	    SN_E_SHARE, 4 },
	{ "the last word left out",
	    "shadow pistol academic always adequate wildlife fancy gross oasis cylinder "
	    "mustang wrist rescue view short owner flip making coding",
	    SN_E_SHARE, 0 },
	{ "a word too many", GOOD " armed", SN_E_SHARE, 0 },
	{ "nothing", "", SN_E_SHARE, 0 },
};

static void
test_compare(void **state)
{
	const struct compare_row *row = *state;
	uint32_t word = 99;

	assert_int_equal(slip39_compare(BYTES_STR(GOOD), bytes_str(row->typed), &word, NULL),
	    row->expect);
	assert_int_equal(word, row->word);
}

/* ---- splitting */

static const uint8_t secret[32] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 250, 251, 252, 253, 254, 255 };

struct split_row {
	uint32_t m, n;
	size_t len;
};

/* Every m of n up to 5, one large one, and 128 bits. */
static const struct split_row split_rows[] = {
	{ 2, 2, 32 },
	{ 2, 3, 32 },
	{ 3, 3, 32 },
	{ 2, 4, 32 },
	{ 3, 4, 32 },
	{ 4, 4, 32 },
	{ 2, 5, 32 },
	{ 3, 5, 32 },
	{ 4, 5, 32 },
	{ 5, 5, 32 },
	{ 5, 8, 32 },
	{ 2, 3, 16 },
	{ 3, 5, 16 },
};

/* Join the shares of a set; *ret is what came out. */
static enum sn_err
join(const struct slip39_share *shares, uint32_t n, uint32_t set, struct sn_secret *ret)
{
	struct slip39_share some[SLIP39_MAX_SHARES];
	size_t have = 0;
	uint32_t i;

	for (i = 0; i < n; i++)
		if ((set >> i & 1U) != 0)
			some[have++] = shares[i];
	return slip39_combine(some, have, (struct bytes){ NULL, 0 }, ret, NULL);
}

/* Exactly the sets of m give the secret; smaller and larger ones are refused. */
static void
test_split(void **state)
{
	const struct split_row *row = *state;
	struct slip39_share shares[SLIP39_MAX_SHARES] = { 0 };
	uint32_t set, i;

	assert_int_equal(slip39_split((struct bytes){ secret, row->len }, 0x1234, row->m,
			     row->n, NULL, shares, NULL),
	    SN_OK);
	for (i = 0; i < row->n; i++) {
		assert_int_equal(shares[i].identifier, 0x1234);
		assert_true(shares[i].extendable);
		assert_int_equal(shares[i].exponent, 1);
		assert_int_equal(shares[i].member_index, i);
		assert_int_equal(shares[i].member_threshold, row->m);
		assert_int_equal(shares[i].group_count, 1);
	}
	for (set = 1; set < 1U << row->n; set++) {
		struct sn_secret got = { 0 };
		bool enough = (uint32_t)__builtin_popcount(set) == row->m;

		assert_int_equal(join(shares, row->n, set, &got), enough ? SN_OK : SN_E_SHARE);
		if (enough) {
			assert_int_equal(got.n, row->len);
			assert_memory_equal(got.p, secret, row->len);
		}
		sn_secret_done(&got);
	}
	for (i = 0; i < row->n; i++)
		slip39_share_done(&shares[i]);
	assert_int_equal(sn_secret_alive(), 0);
}

struct refused_row {
	const char *name;
	uint32_t m, n;
	size_t len;
	uint16_t identifier;
	enum sn_err expect;
};

static const struct refused_row refused_rows[] = {
	{ "one of one", 1, 1, 32, 1, SN_E_POLICY },
	{ "one of three", 1, 3, 32, 1, SN_E_POLICY },
	{ "none of three", 0, 3, 32, 1, SN_E_POLICY },
	{ "four of three", 4, 3, 32, 1, SN_E_POLICY },
	{ "two of seventeen", 2, 17, 32, 1, SN_E_POLICY },
	{ "14 bytes", 2, 3, 14, 1, SN_E_INTERNAL },
	{ "34 bytes", 2, 3, 34, 1, SN_E_INTERNAL },
	{ "17 bytes", 2, 3, 17, 1, SN_E_INTERNAL },
	{ "a 16-bit identifier", 2, 3, 32, 0x8000, SN_E_INTERNAL },
};

static void
test_refused(void **state)
{
	const struct refused_row *row = *state;
	struct slip39_share shares[SLIP39_MAX_SHARES] = { 0 };
	uint8_t buf[40] = { 0 };

	assert_int_equal(slip39_split((struct bytes){ buf, row->len }, row->identifier, row->m,
			     row->n, NULL, shares, NULL),
	    row->expect);
	assert_null(shares[0].value.p);
	assert_int_equal(sn_secret_alive(), 0);
}

/* A source that breaks on its second call. */
static enum sn_err
broken_fill(void *arg, void *ret, size_t n, struct sn_why *why)
{
	int *calls = arg;

	memset(ret, 7, n);
	if (++*calls == 2)
		return sn_fail(why, SN_E_CRYPTO, "no randomness");
	return SN_OK;
}

static void
test_source_fails(void **state)
{
	struct slip39_share shares[SLIP39_MAX_SHARES] = { 0 };
	int calls = 0;
	const struct slip39_random source = { broken_fill, &calls };

	(void)state;
	assert_int_equal(slip39_split(BYTES_OF(secret), 5, 3, 5, &source, shares, NULL),
	    SN_E_CRYPTO);
	assert_null(shares[0].value.p);
	assert_int_equal(sn_secret_alive(), 0);
}

/* ---- joining what does not belong together */

struct mixed_row {
	const char *name;
	void (*spoil)(struct slip39_share *s);
};

static void
spoil_value(struct slip39_share *s)
{
	s->value.p[31] ^= 1;
}
static void
spoil_identifier(struct slip39_share *s)
{
	s->identifier ^= 1;
}
static void
spoil_index(struct slip39_share *s)
{
	s->member_index = 0;
}
static void
spoil_threshold(struct slip39_share *s)
{
	s->member_threshold = 3;
}
static void
spoil_exponent(struct slip39_share *s)
{
	s->exponent = 0;
}
static void
spoil_extendable(struct slip39_share *s)
{
	s->extendable = false;
}
static void
spoil_group(struct slip39_share *s)
{
	s->group_index = 1;
}
static void
spoil_group_count(struct slip39_share *s)
{
	s->group_count = 2;
}
static void
spoil_length(struct slip39_share *s)
{
	sn_secret_truncate(&s->value, 16);
}

static const struct mixed_row mixed_rows[] = {
	{ "a changed value", spoil_value },
	{ "another identifier", spoil_identifier },
	{ "the same index twice", spoil_index },
	{ "another threshold", spoil_threshold },
	{ "another exponent", spoil_exponent },
	{ "another kind", spoil_extendable },
	{ "another group", spoil_group },
	{ "another number of groups", spoil_group_count },
	{ "another length", spoil_length },
};

static void
test_mixed(void **state)
{
	const struct mixed_row *row = *state;
	struct slip39_share s[3] = { 0 };
	struct sn_secret got = { 0 };

	assert_int_equal(slip39_split(BYTES_OF(secret), 9, 2, 3, NULL, s, NULL), SN_OK);
	row->spoil(&s[1]);
	assert_int_equal(join(s, 3, 3, &got), SN_E_SHARE);
	assert_null(got.p);
	for (size_t i = 0; i < 3; i++)
		slip39_share_done(&s[i]);
	assert_int_equal(sn_secret_alive(), 0);
}

static void
test_count(void **state)
{
	struct slip39_share none = { 0 };
	struct sn_secret got = { 0 };

	(void)state;
	assert_int_equal(slip39_combine(&none, 0, (struct bytes){ NULL, 0 }, &got, NULL),
	    SN_E_SHARE);
	assert_int_equal(slip39_combine(&none, SLIP39_MAX_SHARES + 1, (struct bytes){ NULL, 0 },
			     &got, NULL),
	    SN_E_SHARE);
}

/* ---- beside others, in a recovery */

struct check_row {
	const char *name;
	bool rehearsal;
	uint16_t made, expected;
	bool twice;
	enum sn_err expect;
	const char *said;
};

static const struct check_row check_rows[] = {
	{ "fits in production", false, 0x0123, 0x0123, false, SN_OK, "" },
	{ "fits in a rehearsal", true, 0x4123, 0x4123, false, SN_OK, "" },
	{ "a rehearsal's share in production", false, 0x4123, 0x0123, false, SN_E_SHARE,
	    "a share of a rehearsal" },
	{ "a real share in a rehearsal", true, 0x0123, 0x4123, false, SN_E_SHARE,
	    "a real share" },
	{ "a share of another splitting", false, 0x0124, 0x0123, false, SN_E_SHARE,
	    "another splitting" },
	{ "the same share twice", false, 0x0123, 0x0123, true, SN_E_SHARE, "there already" },
};

static void
test_check(void **state)
{
	const struct check_row *row = *state;
	struct slip39_share s[3] = { 0 };
	struct sn_why why = { 0 };

	assert_int_equal(slip39_split(BYTES_OF(secret), row->made, 2, 3, NULL, s, NULL), SN_OK);
	assert_int_equal(slip39_check(&s[row->twice ? 0 : 1], row->rehearsal, row->expected,
			     &s[0], row->twice || row->expect == SN_OK ? 1 : 0, &why),
	    row->expect);
	assert_non_null(strstr(why.text, row->said));
	for (size_t i = 0; i < 3; i++)
		slip39_share_done(&s[i]);
}

static void
test_check_foreign(void **state)
{
	struct slip39_share s[2] = { 0 };

	(void)state;
	assert_int_equal(slip39_split(BYTES_OF(secret), 3, 2, 2, NULL, s, NULL), SN_OK);
	s[0].exponent = 9;
	assert_int_equal(slip39_check(&s[0], false, 3, NULL, 0, NULL), SN_E_SHARE);
	s[0].exponent = 1;
	s[0].group_count = 2;
	assert_int_equal(slip39_check(&s[0], false, 3, NULL, 0, NULL), SN_E_SHARE);
	slip39_share_done(&s[0]);
	slip39_share_done(&s[1]);
}

static void
test_identifier(void **state)
{
	uint16_t a;

	(void)state;
	for (int i = 0; i < 200; i++) {
		assert_int_equal(slip39_identifier(true, &a, NULL), SN_OK);
		assert_true(a >= SLIP39_REHEARSAL && a <= SLIP39_IDENTIFIER_MAX);
		assert_int_equal(slip39_identifier(false, &a, NULL), SN_OK);
		assert_true(a < SLIP39_REHEARSAL);
	}
}

/* The commitment of GOOD, computed with sha256sum over the prefix, a zero byte and the text. */
static void
test_commitment(void **state)
{
	struct test_bytes want =
	    test_unhex("3d729d110d513cd701235ed5b5e2853087d1b9ee73cf251bfa33bc31ae9b5a40");
	uint8_t got[32];

	(void)state;
	assert_int_equal(slip39_commitment(BYTES_STR(GOOD), got, NULL), SN_OK);
	assert_memory_equal(got, want.data, 32);
	test_bytes_done(&want);
}

static void
add_all(struct test_list *l)
{
	size_t i;

	for (i = 0; i < SN_NITEMS(typed_rows); i++)
		test_list_add(l, test_typed, &typed_rows[i], "typed: %s", typed_rows[i].name);
	for (i = 0; i < SN_NITEMS(compare_rows); i++)
		test_list_add(l, test_compare, &compare_rows[i], "typed back: %s",
		    compare_rows[i].name);
	for (i = 0; i < SN_NITEMS(split_rows); i++)
		test_list_add(l, test_split, &split_rows[i], "split %u of %u, %zu bytes",
		    split_rows[i].m, split_rows[i].n, split_rows[i].len);
	for (i = 0; i < SN_NITEMS(refused_rows); i++)
		test_list_add(l, test_refused, &refused_rows[i], "split refused: %s",
		    refused_rows[i].name);
	for (i = 0; i < SN_NITEMS(mixed_rows); i++)
		test_list_add(l, test_mixed, &mixed_rows[i], "join refused: %s",
		    mixed_rows[i].name);
	for (i = 0; i < SN_NITEMS(check_rows); i++)
		test_list_add(l, test_check, &check_rows[i], "beside others: %s",
		    check_rows[i].name);
}

int
main(void)
{
	struct test_list *l = test_list_new();
	struct sn_why why = { 0 };

	if (sn_secret_start(1U << 20, &why) != SN_OK || cry_start(&why) != SN_OK)
		return sn_err_exit(why.err);
	add_all(l);
	test_list_add(l, test_too_long, NULL, "typed: longer than the limit");
	test_list_add(l, test_no_leak, NULL, "no word gets into a message");
	test_list_add(l, test_source_fails, NULL, "split: the random source fails");
	test_list_add(l, test_count, NULL, "join refused: none, too many");
	test_list_add(l, test_check_foreign, NULL, "beside others: not made by a ceremony");
	test_list_add(l, test_identifier, NULL, "identifier's top bit is the world");
	test_list_add(l, test_commitment, NULL, "commitment, known answer");
	return test_list_run(l, "slip39");
}
