/* The printable record: its lines, what it withholds, what it escapes, the calendar's form. */
#include <stdlib.h>
#include <string.h>

#include "ceremony/record/record.h"
#include "tests/lib/test.h"

#define T0 1767225600 /* 2026-01-01T00:00:00Z */

static const char *
catalogue(const char *id)
{
	if (strcmp(id, "person.present") == 0)
		return "{full} is here as {name}.";
	if (strcmp(id, "a.sheet") == 0)
		return "Sheet by {name}.\nExpected: {expected}\nDecided: {decided}";
	if (strcmp(id, "odd.template") == 0)
		return "An {unknown} place, an open {brace";
	return NULL;
}

static struct tr *
sample(void)
{
	const struct tr_arg person[] = { TR_ARG_STR("name", "wilma"),
		TR_ARG_PERSONAL("full",
		    "Wilma <b>&\"Witness\"</b> of the very long family name") };
	const struct tr_arg plain[] = { TR_ARG_INT("share", 2),
		TR_ARG_STR("text", "<script>") };
	const struct tr_arg sheet[] = { TR_ARG_STR("name", "wilma"),
		TR_ARG_PERSONAL("expected", "tea"), TR_ARG_PERSONAL("decided", "coffee") };
	struct merkle_hash leaf;
	struct tr *t = NULL;

	assert_int_equal(tr_new(&t, NULL), SN_OK);
	assert_int_equal(tr_append(t, T0 - 90, "person.present", "people", person, 2, &leaf,
			     NULL),
	    SN_OK);
	assert_int_equal(tr_append(t, T0 - 60, "no.template", "work", plain, 2, &leaf, NULL),
	    SN_OK);
	assert_int_equal(tr_append(t, T0 - 40, "a.sheet", "work", sheet, 3, &leaf, NULL),
	    SN_OK);
	assert_int_equal(tr_append(t, T0 - 30, "odd.template", "work", NULL, 0, &leaf, NULL),
	    SN_OK);
	return t;
}

static const struct rec_expiry expires[] = {
	{ "collateral: Intel; TCB info, of a platform with a really long label \xc3\xa4\xc3\xb6 here",
	    T0 + 2 * 86400 },
	{ "operations signer certificates", T0 + 86400 },
};
static const struct rec_approver approvers[] = { { "alice", { 1, 2, 3 } } };

static struct rec_facts
facts(const struct tr_read *r, const char *world)
{
	return (struct rec_facts){ .ceremony = "2026-01",
		.sanctum_name = "Vault & Co",
		.organization = "Bank",
		.sanctum_id = { 0xab },
		.world = world,
		.mode = "genesis",
		.evidence_class = "vendor",
		.sequence = 3,
		.time = T0,
		.plan_sha256 = { 1 },
		.identity_sha256 = { 2 },
		.approvals = 2,
		.share_threshold = 2,
		.share_count = 3,
		.ops_threshold = 2,
		.approvers = approvers,
		.napprovers = 1,
		.expires = expires,
		.nexpires = SN_NITEMS(expires),
		.collateral = BYTES_STR("AMD <Milan>\nIntel\n"),
		.transcript = r,
		.text = catalogue };
}

enum form { TEXT, HTML, CALENDAR };

/* One form of the sample's record; opened says whether openings were given. */
static void
make(enum form form, bool opened, const char *world, struct sn_buf *ret)
{
	enum sn_err (*const forms[])(const struct rec_facts *, struct sn_buf *,
	    struct sn_why *) = { rec_text, rec_html, rec_calendar };
	struct tr *t = sample();
	struct tr_read *r = NULL;

	assert_int_equal(tr_read_new(tr_records(t), &r, NULL), SN_OK);
	if (opened)
		assert_int_equal(tr_read_openings(r, tr_openings(t), NULL), SN_OK);
	const struct rec_facts f = facts(r, world);
	assert_int_equal(forms[form](&f, ret, NULL), SN_OK);
	tr_read_free(&r);
	tr_free(&t);
}

/* Columns of the widest line; a multi-byte character is one. */
static size_t
widest(const char *text)
{
	size_t max = 0, n = 0;

	for (; *text != '\0'; text++) {
		if (*text == '\n')
			n = 0;
		else if (((unsigned char)*text & 0xc0) != 0x80 && ++n > max)
			max = n;
	}
	return max;
}

struct row {
	const char *name;
	enum form form;
	bool opened;
	const char *world, *has, *has_not;
};

static const struct row rows[] = {
	{ "text: a template is filled", TEXT, true, "production", "family name is", "{full}" },
	{ "text: opened names are shown", TEXT, true, "production", "Wilma <b>", "withheld" },
	{ "text: other names are withheld", TEXT, false, "production", "[withheld, commitment ",
	    "Wilma" },
	{ "text: a sheet is printed from its openings", TEXT, true, "production",
	    "Sheet by wilma.\n                Expected: tea\n                Decided: coffee\n",
	    NULL },
	{ "text: a sheet is withheld without", TEXT, false, "production",
	    "Decided: [withheld, commitment ", "coffee" },
	{ "text: an id without template", TEXT, false, "production",
	    "no.template share=2 text=<script>", NULL },
	{ "text: a place without argument", TEXT, false, "production",
	    "An {unknown} place, an open {brace", NULL },
	{ "text: time of day of a record", TEXT, false, "production", "   0  23:58:30  ",
	    NULL },
	{ "text: the sanctum", TEXT, false, "production", "Vault & Co", NULL },
	{ "text: the collateral", TEXT, false, "production", "\nAMD <Milan>\nIntel\n", NULL },
	{ "text: a production says nothing of rehearsals", TEXT, false, "production", "Record",
	    "REHEARSAL" },
	{ "text: a rehearsal says so first", TEXT, false, "rehearsal", "THIS WAS A REHEARSAL",
	    NULL },
	{ "text: what expires first comes first", TEXT, false, "production",
	    "2026-01-02T00:00:00Z  operations signer certificates\n2026-01-03T00:00:00Z  collateral: ",
	    NULL },
	{ "html: is self-contained", HTML, true, "production", "default-src 'none'", "src=" },
	{ "html: names are escaped", HTML, true, "production",
	    "Wilma &lt;b&gt;&amp;&quot;Witness&quot;&lt;/b&gt;", "<b>" },
	{ "html: arguments are escaped", HTML, true, "production", "&lt;script&gt;",
	    "<script" },
	{ "html: collateral is escaped", HTML, false, "production",
	    "AMD &lt;Milan&gt;<br>Intel", "<Milan>" },
	{ "html: other names are withheld", HTML, false, "production", "[withheld", "Wilma" },
	{ "html: a rehearsal says so", HTML, false, "rehearsal", "This was a rehearsal", NULL },
	{ "html: tables are closed", HTML, false, "production", "</table>\n</body>\n</html>\n",
	    NULL },
	{ "calendar: the first expiry", CALENDAR, false, "production",
	    "DTSTART:20260102T000000Z\r\n", NULL },
	{ "calendar: an alarm a month before", CALENDAR, false, "production",
	    "TRIGGER:-P30D\r\n", NULL },
	{ "calendar: text is escaped", CALENDAR, false, "production", "Intel\\; TCB info\\, of",
	    NULL },
	{ "calendar: events have names", CALENDAR, false, "production",
	    "UID:ab000000000000000000000000000000-3-1\r\n", NULL },
};

static void
test_row(void **state)
{
	const struct row *row = *state;
	struct sn_buf b = { 0 };

	make(row->form, row->opened, row->world, &b);
	if (strstr(sn_buf_cstr(&b), row->has) == NULL)
		fail_msg("\"%s\" is not in:\n%s", row->has, sn_buf_cstr(&b));
	if (row->has_not != NULL)
		assert_null(strstr(sn_buf_cstr(&b), row->has_not));
	sn_buf_done(&b);
}

static void
test_columns(void **state)
{
	struct sn_buf b = { 0 };

	(void)state;
	make(TEXT, true, "rehearsal", &b);
	assert_in_range(widest(sn_buf_cstr(&b)), 40, 72);
	sn_buf_done(&b);
}

/* [RFC 5545 3.1]: CRLF, at most 75 octets, no character cut in two. */
static void
test_calendar_lines(void **state)
{
	struct sn_buf b = { 0 };
	size_t folded = 0;

	(void)state;
	make(CALENDAR, false, "production", &b);
	for (struct bytes rest = sn_buf_bytes(&b); rest.n > 0;) {
		const size_t n = bytes_find(rest, BYTES_STR("\r\n"));

		assert_in_range(n, 1, 75);
		assert_int_not_equal(rest.p[0] & 0xc0, 0x80);
		folded += rest.p[0] == ' ';
		rest.p += n + 2;
		rest.n -= n + 2;
	}
	assert_in_range(folded, 1, 8);
	sn_buf_done(&b);
}

/* The same facts give the same bytes: a record can be made again and compared. */
static void
test_same(void **state)
{
	struct tr *t = sample();
	struct tr_read *r = NULL;
	struct sn_buf a = { 0 }, b = { 0 };

	(void)state;
	assert_int_equal(tr_read_new(tr_records(t), &r, NULL), SN_OK);
	const struct rec_facts f = facts(r, "production");
	assert_int_equal(rec_text(&f, &a, NULL), SN_OK);
	assert_int_equal(rec_text(&f, &b, NULL), SN_OK);
	assert_true(bytes_equal(sn_buf_bytes(&a), sn_buf_bytes(&b)));
	sn_buf_done(&a);
	sn_buf_done(&b);
	tr_read_free(&r);
	tr_free(&t);
}

static void
test_unprintable_collateral(void **state)
{
	struct tr *t = sample();
	struct tr_read *r = NULL;
	struct sn_buf b = { 0 };

	(void)state;
	assert_int_equal(tr_read_new(tr_records(t), &r, NULL), SN_OK);
	struct rec_facts f = facts(r, "production");
	f.collateral = BYTES_STR("AMD\x1b[2J\n");
	assert_int_equal(rec_text(&f, &b, NULL), SN_E_FORMAT);
	sn_buf_done(&b);
	tr_read_free(&r);
	tr_free(&t);
}

int
main(void)
{
	struct test_list *l = test_list_new();
	struct sn_why why = { 0 };

	if (sn_secret_start(1U << 18, &why) != SN_OK || cry_start(&why) != SN_OK)
		return sn_err_exit(why.err);
	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		test_list_add(l, test_row, (void *)(uintptr_t)&rows[i], "%s", rows[i].name);
	test_list_add(l, test_columns, NULL, "text: 72 columns");
	test_list_add(l, test_calendar_lines, NULL, "calendar: lines");
	test_list_add(l, test_same, NULL, "text: the same again");
	test_list_add(l, test_unprintable_collateral, NULL, "text: unprintable collateral");
	return test_list_run(l, "record");
}
