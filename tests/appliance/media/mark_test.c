/* What stands on a stick: read strictly, and held against label, world and sanctum. */
#include <string.h>

#include "appliance/media/mark.h"
#include "tests/lib/test.h"

#define ID "\"id\":\"000102030405060708090a0b0c0d0e0f\""
#define FORMAT "\"format\":\"cornerstone-stick-1\""
#define BOUND                                                                                  \
	"\"ceremony\":\"2026-1\"," FORMAT "," ID                                               \
	",\"role\":\"out-a\",\"sanctum\":\"ffffffffffffffffffffffffffffffff\",\"world\":"      \
	"\"rehearsal\""

struct parse_row {
	const char *name, *text;
	enum sn_err want;
};

static const struct parse_row parse_rows[] = {
	{ "bound to a sanctum", "{" BOUND "}", SN_OK },
	{ "of no sanctum yet", "{" FORMAT "," ID ",\"role\":\"in\"}", SN_OK },
	{ "nothing", "", SN_E_FORMAT },
	{ "not JSON", "CS-OUT-A", SN_E_FORMAT },
	{ "an array", "[]", SN_E_FORMAT },
	{ "another format", "{\"format\":\"cornerstone-stick-2\"," ID ",\"role\":\"in\"}",
	    SN_E_FORMAT },
	{ "no format", "{" ID ",\"role\":\"in\"}", SN_E_FORMAT },
	{ "a role nobody knows", "{" FORMAT "," ID ",\"role\":\"spare\"}", SN_E_FORMAT },
	{ "a role longer than any", "{" FORMAT "," ID ",\"role\":\"approver-and-more\"}",
	    SN_E_FORMAT },
	{ "a role twice", "{" FORMAT "," ID ",\"role\":\"in\",\"role\":\"out-a\"}",
	    SN_E_FORMAT },
	{ "a short id", "{" FORMAT ",\"id\":\"0001\",\"role\":\"in\"}", SN_E_FORMAT },
	{ "no id", "{" FORMAT ",\"role\":\"in\"}", SN_E_FORMAT },
	{ "a key nobody knows", "{" FORMAT "," ID ",\"role\":\"in\",\"more\":1}", SN_E_FORMAT },
	{ "a world without a sanctum",
	    "{" FORMAT "," ID ",\"role\":\"in\",\"world\":\"rehearsal\"}", SN_E_FORMAT },
	{ "a world nobody knows",
	    "{\"ceremony\":\"1\"," FORMAT "," ID
	    ",\"role\":\"in\",\"sanctum\":\"ffffffffffffffffffffffffffffffff\",\"world\":\"x\"}",
	    SN_E_FORMAT },
	{ "an escape sequence for the terminal in the ceremony",
	    "{\"ceremony\":\"\\u001b[2J\"," FORMAT "," ID
	    ",\"role\":\"in\",\"sanctum\":\"ffffffffffffffffffffffffffffffff\",\"world\":"
	    "\"rehearsal\"}",
	    SN_E_FORMAT },
};

static void
parse(void **state)
{
	const struct parse_row *r = *state;
	struct sn_buf again = { 0 };
	struct mark m = { 0 };

	assert_int_equal(mark_parse(bytes_str(r->text), &m, NULL), r->want);
	if (r->want != SN_OK)
		return;
	assert_int_equal(mark_text(&m, &again, NULL), SN_OK);
	assert_int_equal(again.n, strlen(r->text) + 1); /* canonical, and a line end */
	assert_memory_equal(again.p, r->text, strlen(r->text));
	sn_buf_done(&again);
}

static void
too_long(void **state)
{
	static char text[MARK_MAX_BYTES + 1];
	struct mark m;

	(void)state;
	memset(text, ' ', sizeof(text));
	memcpy(text, "{" BOUND "}", strlen("{" BOUND "}"));
	assert_int_equal(mark_parse((struct bytes){ (uint8_t *)text, sizeof(text) }, &m, NULL),
	    SN_E_LIMIT);
}

struct fits_row {
	const char *name, *role, *label, *world;
	uint8_t sanctum;
	bool bound;
	const char *say; /* NULL: it fits */
};

static const struct fits_row fits_rows[] = {
	{ "the stick it says", "out-a", "CS-OUT-A", "rehearsal", 0xff, true, NULL },
	{ "one of no sanctum yet", "out-b", "CS-OUT-B", "production", 1, false, NULL },
	{ "before there is a plan", "in", "CS-IN", NULL, 0, true, NULL },
	{ "an approver's", "approver", "CS-alice", "rehearsal", 0xff, false, NULL },
	{ "an OUT stick in the place of IN", "out-a", "CS-IN", NULL, 0, true,
	    "the stick labelled CS-IN was made as CS-OUT-A" },
	{ "OUT-A again in the place of OUT-B", "out-a", "CS-OUT-B", "rehearsal", 0xff, true,
	    "was made as CS-OUT-A" },
	{ "a journal in the place of a log", "journal", "CS-LOG", "rehearsal", 0xff, true,
	    "was made as CS-JOURNAL" },
	{ "an approver's stick in the place of OUT-A", "approver", "CS-OUT-A", "rehearsal",
	    0xff, false, "was made as an approver's" },
	{ "the IN stick as an approver's", "in", "CS-alice", "rehearsal", 0xff, true,
	    "was made as CS-IN" },
	{ "a stick of the other world", "out-a", "CS-OUT-A", "production", 0xff, true,
	    "belongs to the rehearsal world (ceremony 2026-1)" },
	{ "a stick of another sanctum", "out-a", "CS-OUT-A", "rehearsal", 0xfe, true,
	    "belongs to another sanctum (ceremony 2026-1)" },
};

static void
fits(void **state)
{
	const struct fits_row *r = *state;
	struct mark m = { .bound = r->bound, .world = "rehearsal", .ceremony = "2026-1" };
	struct sn_why why = { 0 };
	uint8_t sanctum[16];

	memset(m.sanctum, 0xff, sizeof(m.sanctum));
	memset(sanctum, r->sanctum, sizeof(sanctum));
	memcpy(m.role, r->role, strlen(r->role));
	assert_int_equal(mark_fits(&m, r->label, r->world, sanctum, &why),
	    r->say == NULL ? SN_OK : SN_E_MEDIA);
	if (r->say != NULL && strstr(why.text, r->say) == NULL)
		fail_msg("%s", why.text);
}

int
main(void)
{
	struct test_list *l = test_list_new();

	for (size_t i = 0; i < SN_NITEMS(parse_rows); i++)
		test_list_add(l, parse, &parse_rows[i], "read: %s", parse_rows[i].name);
	test_list_add(l, too_long, NULL, "read: longer than it may be");
	for (size_t i = 0; i < SN_NITEMS(fits_rows); i++)
		test_list_add(l, fits, &fits_rows[i], "fits: %s", fits_rows[i].name);
	return test_list_run(l, "mark");
}
