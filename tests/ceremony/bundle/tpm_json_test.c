/* evidence/tpm.json: what is written is read, and nothing else is. */
#include "ceremony/bundle/tpm_json.h"

#include <stdlib.h>
#include <string.h>

#include "tests/lib/test.h"

static const char good[] =
    "{\"backend\":\"device\",\"counter\":{\"value\":7},\"device\":\"/dev/tpmrm0\","
    "\"ek\":\"ecc-p256\",\"ek_certificate\":\"01c0000a\",\"firmware\":\"20191023001636ff\","
    "\"format\":\"cornerstone-tpm-1\",\"hierarchies\":{\"endorsement\":true,\"owner\":true,"
    "\"platform\":false},\"lockout\":{\"failures\":1,\"limit\":3,\"locked\":false,"
    "\"seconds\":1000},\"manufacturer\":\"IBM\",\"passwords\":{\"endorsement\":false,"
    "\"lockout\":true,\"owner\":false},\"revision\":164,\"slowest_ms\":21,"
    "\"vendor\":\"SW   TPM\"}\n";

static struct bun_tpm
facts(void)
{
	return (struct bun_tpm){ .backend = "device",
		.device = "/dev/tpmrm0",
		.manufacturer = "IBM",
		.vendor = "SW   TPM",
		.firmware = 0x20191023001636ff,
		.revision = 164,
		.ek = "ecc-p256",
		.ek_certificate = 0x01c0000a,
		.owner = true,
		.endorsement = true,
		.lockout_password = true,
		.lockout_failures = 1,
		.lockout_limit = 3,
		.lockout_seconds = 1000,
		.slowest_ms = 21,
		.has_counter = true,
		.counter = 7 };
}

static char *
replaced(const char *find, const char *put)
{
	const char *at = strstr(good, find);

	assert_non_null(at);
	return test_format("%.*s%s%s", (int)(at - good), good, put, at + strlen(find));
}

static const struct row {
	const char *name, *find, *put;
	enum sn_err want;
} rows[] = {
	{ "as it was written", "\n", "\n", SN_OK },
	{ "no counter, and why", "{\"value\":7}", "{\"none\":\"owner password\"}", SN_OK },
	{ "the highest counter", "\"value\":7", "\"value\":9007199254740991", SN_OK },
	{ "a counter that JSON cannot hold", "\"value\":7", "\"value\":9007199254740992",
	    SN_E_FORMAT },
	{ "a counter below zero", "\"value\":7", "\"value\":-7", SN_E_FORMAT },
	{ "a counter, and why there is none", "{\"value\":7}", "{\"none\":\"x\",\"value\":7}",
	    SN_E_FORMAT },
	{ "a counter of nothing", "{\"value\":7}", "{}", SN_E_FORMAT },
	{ "a counter that is a number", "{\"value\":7}", "7", SN_E_FORMAT },
	{ "no newline", "\n", "", SN_E_FORMAT },
	{ "two newlines", "\n", "\n\n", SN_E_FORMAT },
	{ "a blank", "{\"value\":7}", "{ \"value\":7}", SN_E_FORMAT },
	{ "another format", "-tpm-1", "-tpm-2", SN_E_FORMAT },
	{ "a password that is said", "\"owner\":false},\"rev", "\"owner\":\"secret\"},\"rev",
	    SN_E_FORMAT },
	{ "a hierarchy that nobody knows", "\"platform\":false", "\"platfurm\":false",
	    SN_E_FORMAT },
	{ "a member too many", "\"revision\":164", "\"revision\":164,\"seen\":1", SN_E_FORMAT },
	{ "a member of the counter elsewhere", "\"seconds\":1000",
	    "\"seconds\":1000,\"value\":1", SN_E_FORMAT },
	{ "a member missing", "\"revision\":164,", "", SN_E_FORMAT },
	{ "a member twice", "\"revision\":164", "\"revision\":164,\"revision\":164",
	    SN_E_FORMAT },
	{ "firmware in capitals", "1636ff", "1636FF", SN_E_FORMAT },
	{ "firmware one digit short", "1636ff", "1636f", SN_E_FORMAT },
	{ "a vendor that paints over the screen", "SW   TPM", "\\u001b[2J", SN_E_FORMAT },
	{ "a vendor of 65 bytes", "SW   TPM",
	    "01234567890123456789012345678901234567890123456789012345678901234", SN_E_FORMAT },
	{ "a back end that nobody knows", "\"device\",\"c", "\"Software\",\"c", SN_E_FORMAT },
	{ "an array", good, "[]\n", SN_E_FORMAT },
	{ "nothing", good, "", SN_E_FORMAT },
};

static void
test_row(void **state)
{
	const struct row *row = *state;
	SN_CLEANUP(sn_buf_done) struct sn_buf again = { 0 };
	char *text = replaced(row->find, row->put);
	struct sn_why why = { 0 };
	struct bun_tpm t = { .revision = 77 };
	enum sn_err e = bun_tpm_parse(bytes_str(text), &t, &why);

	if (e != row->want)
		fail_msg("%s, expected %s: %s", sn_err_name(e), sn_err_name(row->want),
		    why.text);
	if (e != SN_OK) {
		assert_int_equal(t.revision, 77);
		assert_true(strlen(why.text) > 10);
	} else {
		assert_int_equal(bun_tpm_json(&t, &again, NULL), SN_OK);
		assert_string_equal(sn_buf_cstr(&again), text);
	}
	free(text);
}

static void
test_written(void **state)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf out = { 0 };
	struct bun_tpm t = facts();

	(void)state;
	assert_int_equal(bun_tpm_json(&t, &out, NULL), SN_OK);
	assert_string_equal(sn_buf_cstr(&out), good);
	t.vendor[0] = '\033';
	assert_int_equal(bun_tpm_json(&t, &out, NULL), SN_E_FORMAT);
	assert_string_equal(sn_buf_cstr(&out), good);
}

int
main(void)
{
	struct test_list *l = test_list_new();

	test_list_add(l, test_written, NULL, "the golden file");
	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		test_list_add(l, test_row, &rows[i], "%s", rows[i].name);
	return test_list_run(l, "tpm_json");
}
