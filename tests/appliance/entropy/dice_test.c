/* Dice: what is taken for rolls, what is not, and that they count in the mix. */
#include <stdlib.h>
#include <string.h>

#include "appliance/crypto/digest.h"
#include "appliance/entropy/entropy.h"
#include "tests/lib/test.h"

/* 120 rolls of a real die. */
#define ROLLS                                                                                  \
	"415326143562215346641352126435516243326154451263"                                     \
	"634215562314143652265413351426624531413265526134"                                     \
	"352164461523215634543216"
#define R10 "4153261435"

struct row {
	const char *name;
	const char *typed;
	size_t times;	  /* typed so often */
	const char *says; /* NULL: taken */
};

static const struct row rows[] = {
	{ "120 rolls", ROLLS, 1, NULL },
	{ "rolls in groups", "41532 61435 " ROLLS " ", 1, NULL },
	{ "nothing", "", 1, "0 rolls" },
	{ "blanks", "     ", 30, "0 rolls" },
	{ "99 rolls",
	    "415326143562215346641352126435516243326154451263634215562314143652"
	    "265413351426624531413265526134352",
	    1, "99 rolls" },
	{ "more than a screen holds", ROLLS ROLLS, 2, "480 rolls" },
	{ "a seven", ROLLS "7", 1, "behind 120 rolls" },
	{ "a zero", "0" ROLLS, 1, "behind 0 rolls" },
	{ "a letter", R10 "l" ROLLS, 1, "behind 10 rolls" },
	{ "the end of a text", ROLLS "\t", 1, "behind 120 rolls" },
	{ "one number only", "4", 120, "in a row" },
	{ "nine in a row", ROLLS "666666666", 1, "in a row" },
	{ "eight in a row, but one more before", ROLLS "1666666661", 1, NULL },
	{ "no six at all", "1234524135", 12, "came twice" },
	{ "a die with two faces", "1212212112212112221212121221121221121221", 3,
	    "too unevenly" },
	{ "half of them sixes",
	    "6162636465666165626361666465626663616462666561666366646561626661636665", 2,
	    "too unevenly" },
	{ "the same rolls twice", ROLLS, 2, "came twice" },
};

static char *
repeated(const struct row *r)
{
	size_t n = strlen(r->typed);
	char *s = calloc(n * r->times + 1, 1);

	assert_non_null(s);
	for (size_t i = 0; i < r->times; i++)
		memcpy(s + n * i, r->typed, n);
	return s;
}

static void
test_row(void **state)
{
	const struct row *r = *state;
	struct ent_source dice = { 0 };
	struct sn_why why = { 0 };
	char *typed = repeated(r);
	enum sn_err e = ent_dice(bytes_str(typed), &dice, &why);

	if (e != (r->says == NULL ? SN_OK : SN_E_ENTROPY) ||
	    (r->says != NULL && strstr(why.text, r->says) == NULL))
		fail_msg("%s: %s", sn_err_name(e), why.text);
	if (e == SN_OK) {
		assert_int_equal(dice.id, ENT_DICE);
		assert_null(memchr(dice.bytes.p, ' ', dice.bytes.n));
		assert_int_equal(ent_health(ENT_DICE, sn_secret_bytes(&dice.bytes), &why),
		    SN_OK);
	} else {
		assert_null(dice.bytes.p);
	}
	ent_source_done(&dice);
	assert_int_equal(sn_secret_alive(), 0);
	free(typed);
}

static void
source(struct ent_source *s, enum ent_id id)
{
	uint8_t in[2] = { (uint8_t)id };

	s->id = id;
	assert_int_equal(sn_secret_new(512, &s->bytes, NULL), SN_OK);
	for (; in[1] < 16; in[1]++)
		assert_int_equal(cry_digest(CRY_SHA256, BYTES_OF(in), s->bytes.p + 32 * in[1],
				     NULL),
		    SN_OK);
}

static void
mixed(const struct ent_source *s, size_t n, uint8_t ret[32], struct ent_report *report)
{
	struct sn_secret m = { 0 };

	assert_int_equal(ent_mix("rehearsal", s, n, &m, report, NULL), SN_OK);
	memcpy(ret, m.p, 32);
	sn_secret_done(&m);
}

/* The documented formula with a fourth source; each roll counts; none is none. */
static void
test_mix(void **state)
{
	struct ent_source s[3] = { { 0 } };
	struct ent_report report;
	struct sn_buf ikm = { 0 };
	uint8_t prk[64], okm[64], got[32], other[32];

	(void)state;
	source(&s[0], ENT_TPM);
	source(&s[1], ENT_KERNEL);
	assert_int_equal(ent_dice(BYTES_STR(ROLLS), &s[2], NULL), SN_OK);
	for (size_t i = 0; i < 3; i++) {
		sn_buf_u8(&ikm, (uint8_t)s[i].id);
		sn_buf_u32(&ikm, (uint32_t)s[i].bytes.n);
		sn_buf_put(&ikm, sn_secret_bytes(&s[i].bytes));
	}
	assert_int_equal(cry_hmac(CRY_SHA512, BYTES_STR("cornerstone/v1/master/rehearsal"),
			     sn_buf_bytes(&ikm), prk, NULL),
	    SN_OK);
	assert_int_equal(cry_hmac(CRY_SHA512, BYTES_OF(prk), BYTES_STR("master-secret\x01"),
			     okm, NULL),
	    SN_OK);
	mixed(s, 3, got, &report);
	assert_memory_equal(got, okm, 32);
	assert_string_equal(ent_name(report.row[3].id), "dice");
	assert_int_equal(report.row[3].state, ENT_USED);
	assert_int_equal(report.row[3].bytes, 120);
	s[2].bytes.p[119] = '1';
	mixed(s, 3, other, &report);
	assert_memory_not_equal(got, other, 32);
	mixed(s, 2, other, &report);
	assert_memory_not_equal(got, other, 32);
	assert_int_equal(report.row[3].state, ENT_ABSENT);
	sn_buf_done(&ikm);
	for (size_t i = 0; i < 3; i++)
		ent_source_done(&s[i]);
}

/* People can roll again, so bad dice are never just left out. */
static void
test_bad_dice_end_it(void **state)
{
	struct ent_source s[3] = { { 0 } };
	struct ent_report report;
	struct sn_secret m = { 0 };
	struct sn_why why = { 0 };

	(void)state;
	source(&s[0], ENT_TPM);
	source(&s[1], ENT_KERNEL);
	assert_int_equal(ent_dice(BYTES_STR(ROLLS), &s[2], NULL), SN_OK);
	memset(s[2].bytes.p, '6', s[2].bytes.n);
	assert_int_equal(ent_mix("rehearsal", s, 3, &m, &report, &why), SN_E_ENTROPY);
	assert_non_null(strstr(why.text, "dice:"));
	assert_null(m.p);
	for (size_t i = 0; i < 3; i++)
		ent_source_done(&s[i]);
}

int
main(void)
{
	struct test_list *l = test_list_new();
	struct sn_why why = { 0 };

	if (sn_secret_start(1U << 18, &why) != SN_OK || cry_start(&why) != SN_OK)
		return sn_err_exit(why.err);
	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		test_list_add(l, test_row, &rows[i], "typed: %s", rows[i].name);
	test_list_add(l, test_mix, NULL, "every roll counts, by the documented formula");
	test_list_add(l, test_bad_dice_end_it, NULL, "bad dice are not left out");
	return test_list_run(l, "dice");
}
