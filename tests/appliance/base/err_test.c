#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "appliance/base/text.h"
#include "tests/lib/test.h"

struct status_row {
	enum sn_err err;
	int status;
	const char *name;
};

/* What `sanctum verify` promises, and the two ends of the list. */
static const struct status_row status_rows[] = {
	{ SN_OK, 0, "SN_OK" },
	{ SN_E_INTERNAL, 1, "SN_E_INTERNAL" },
	{ SN_E_USAGE, 2, "SN_E_USAGE" },
	{ SN_E_FORMAT, 10, "SN_E_FORMAT" },
	{ SN_E_SIGNATURE, 11, "SN_E_SIGNATURE" },
	{ SN_E_MISSING, 12, "SN_E_MISSING" },
	{ SN_E_SEQUENCE, 13, "SN_E_SEQUENCE" },
	{ SN_E_REHEARSAL, 14, "SN_E_REHEARSAL" },
	{ SN_E_EVIDENCE, 15, "SN_E_EVIDENCE" },
	{ SN_E_UNANCHORED, 16, "SN_E_UNANCHORED" },
	{ SN_E_EXPIRED, 17, "SN_E_EXPIRED" },
	{ SN_ERR_COUNT, 1, "SN_E_INTERNAL" },
	{ (enum sn_err)9999, 1, "SN_E_INTERNAL" },
};

static void
status_is_promised(void **state)
{
	const struct status_row *row = *state;

	assert_int_equal(sn_err_exit(row->err), row->status);
	assert_string_equal(sn_err_name(row->err), row->name);
}

static void
statuses_differ_and_fit(void **state)
{
	(void)state;
	for (int a = 0; a < SN_ERR_COUNT; a++) {
		int status = sn_err_exit((enum sn_err)a);

		assert_in_range(status, 0, 125);
		assert_true(strlen(sn_err_sentence((enum sn_err)a)) >= 4);
		for (int b = 0; b < a; b++)
			assert_int_not_equal(status, sn_err_exit((enum sn_err)b));
	}
}

struct text_row {
	const char *name, *text, *want;
};

static const struct text_row text_rows[] = {
	{ "plain", "plan.json: no", "plan.json: no" },
	{ "UTF-8 stays", "M\xc3\xbcller", "M\xc3\xbcller" },
	{ "newline", "a\nb", "a?b" },
	{ "escape sequence", "\033[2Jgone", "?[2Jgone" },
	{ "delete", "a\x7f", "a?" },
	{ "tab and carriage return", "a\tb\r", "a?b?" },
	{ "C1 control in UTF-8",
	    "a\xc2\x9b"
	    "b",
	    "a??b" },
	{ "Latin-1 byte", "caf\xe9", "caf?" },
	{ "text that changes direction",
	    "a\xe2\x80\xae"
	    "b",
	    "a???b" },
	{ "empty", "", "" },
};

static void
text_is_printable(void **state)
{
	const struct text_row *row = *state;
	struct sn_why why = { 0 };

	assert_int_equal(sn_fail(&why, SN_E_FORMAT, "%s", row->text), SN_E_FORMAT);
	assert_string_equal(why.text, row->want);
	assert_true(text_printable(bytes_str(why.text), SN_WHY_MAX));
}

static void
long_text_is_cut_between_characters(void **state)
{
	char text[SN_WHY_MAX + 10];
	struct sn_why why = { 0 };

	(void)state;
	/* Every position of a four-byte character across the cut. */
	for (size_t shift = 0; shift < 5; shift++) {
		memset(text, 'x', sizeof(text));
		memcpy(text + SN_WHY_MAX - 1 - shift, "\xf0\x9f\x94\x91", 4);
		text[sizeof(text) - 1] = '\0';
		sn_why_clear(&why);
		(void)sn_fail(&why, SN_E_IO, "%s", text);
		assert_null(strchr(why.text, '?'));
		assert_true(strlen(why.text) >= SN_WHY_MAX - 4);
		assert_true(text_printable(bytes_str(why.text), SN_WHY_MAX));
	}
}

static void
first_noticer_wins(void **state)
{
	struct sn_why why = { 0 };

	(void)state;
	assert_int_equal(sn_fail(&why, SN_E_IO, "first %d", 1), SN_E_IO);
	assert_int_equal(sn_fail(&why, SN_E_FORMAT, "second"), SN_E_FORMAT);
	assert_int_equal(why.err, SN_E_IO);
	assert_string_equal(why.text, "first 1");
	sn_why_clear(&why);
	assert_int_equal(why.err, SN_OK);
	assert_string_equal(why.text, "");
	assert_int_equal(sn_fail(&why, SN_E_FORMAT, "third"), SN_E_FORMAT);
	assert_string_equal(why.text, "third");
}

static void
no_why_is_no_fault(void **state)
{
	(void)state;
	assert_int_equal(sn_fail(NULL, SN_E_TPM, "%s", "unheard"), SN_E_TPM);
	sn_why_clear(NULL);
}

static void
failure_is_never_success(void **state)
{
	struct sn_why why = { 0 };

	(void)state;
	assert_int_equal(sn_fail(&why, SN_OK, "odd"), SN_E_INTERNAL);
	assert_int_equal(why.err, SN_E_INTERNAL);
	assert_int_equal(sn_fail(NULL, SN_ERR_COUNT, "odd"), SN_E_INTERNAL);
}

/* What sn_err_print() writes to standard error. */
static void
printed(enum sn_err err, const struct sn_why *why, char *ret, size_t size)
{
	int fds[2], saved = dup(2);
	ssize_t n;

	assert_int_equal(pipe(fds), 0);
	dup2(fds[1], 2);
	sn_err_print("sanctum", err, why);
	fflush(stderr);
	dup2(saved, 2);
	close(saved);
	close(fds[1]);
	n = read(fds[0], ret, size - 1);
	close(fds[0]);
	assert_true(n > 0);
	ret[n] = '\0';
}

static void
print_is_one_line(void **state)
{
	struct sn_why why = { 0 };
	char line[1000];

	(void)state;
	(void)sn_fail(&why, SN_E_SIGNATURE, "statement.json: two\nlines");
	printed(SN_E_SIGNATURE, &why, line, sizeof(line));
	assert_string_equal(line,
	    "sanctum: a signature or digest does not match: "
	    "statement.json: two?lines\n");
	printed(SN_E_SIGNATURE, NULL, line, sizeof(line));
	assert_string_equal(line, "sanctum: a signature or digest does not match\n");
}

int
main(void)
{
	struct test_list *l = test_list_new();

	for (size_t i = 0; i < SN_NITEMS(status_rows); i++)
		test_list_add(l, status_is_promised, &status_rows[i], "exit status: %s (%d)",
		    status_rows[i].name, (int)status_rows[i].err);
	for (size_t i = 0; i < SN_NITEMS(text_rows); i++)
		test_list_add(l, text_is_printable, &text_rows[i], "why is printable: %s",
		    text_rows[i].name);
	test_list_add(l, statuses_differ_and_fit, NULL, "exit statuses differ");
	test_list_add(l, long_text_is_cut_between_characters, NULL, "why is cut: long text");
	test_list_add(l, first_noticer_wins, NULL, "first noticer wins");
	test_list_add(l, no_why_is_no_fault, NULL, "why may be NULL");
	test_list_add(l, failure_is_never_success, NULL, "failure is never success");
	test_list_add(l, print_is_one_line, NULL, "print is one line");
	return test_list_run(l, "err");
}
