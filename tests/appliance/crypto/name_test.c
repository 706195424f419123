/* Names in certificates as text for people: nothing in them moves a cursor. */
#include <stdlib.h>
#include <string.h>

#include "appliance/crypto/cert.h"
#include "tests/lib/test.h"

static const struct name_row {
	const char *name, *der, *want;
	size_t max; /* 0: room enough */
} rows[] = {
	{ "an organization and a name",
	    "301c310a3008060355040a0c0141310e300c06035504030c0554504d2031", "O=A,CN=TPM 1", 0 },
	{ "escape sequences and accents", "30143112301006035504030c09451b5b324a202cc3a9",
	    "CN=E\\1B[2J \\,\\C3\\A9", 0 },
	{ "cut at the room there is", "3010310e300c06035504030c0554504d2031", "CN=T", 5 },
	{ "empty", "3000", "", 0 },
	{ "not a name", "0403414243", "", 0 },
	{ "cut short", "3010310e300c0603550403", "", 0 },
	{ "nothing", "", "", 0 },
};

static void
test_name(void **state)
{
	const struct name_row *row = *state;
	struct test_bytes der = test_unhex(row->der);
	char text[128];

	cry_name_text((struct bytes){ der.data, der.len }, text,
	    row->max != 0 ? row->max : sizeof(text));
	assert_string_equal(text, row->want);
	test_bytes_done(&der);
}

int
main(void)
{
	struct test_list *l = test_list_new();

	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		test_list_add(l, test_name, &rows[i], "name: %s", rows[i].name);
	return test_list_run(l, "names");
}
