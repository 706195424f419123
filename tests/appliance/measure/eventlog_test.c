/* Logs that lie in one place, and how far PCR 4 lets them. */
#include <stdlib.h>

#include "appliance/base/text.h"
#include "appliance/crypto/digest.h"
#include "appliance/measure/bootlog.h"
#include "tests/lib/measure.h"

#define FIRST RIG_LOG_HEAD
#define SECOND (RIG_LOG_HEAD + RIG_LOG_EVENT)
#define END (RIG_LOG_HEAD + 2 * RIG_LOG_EVENT)
#define NO_CHANGE 8, 0, 1

static const struct rig_change changes[] = {
	{ "as it is", NO_CHANGE, SN_OK, "" },
	{ "empty", 0, 0, 0, SN_E_FORMAT, "first event" },
	{ "only the head", FIRST, 0, 0, SN_OK, "" },
	{ "cut in the head", 40, 0, 0, SN_E_FORMAT, "event log" },
	{ "cut in a digest", SECOND + 30, 0, 0, SN_E_FORMAT, "event log" },
	{ "cut before the last byte", END - 1, 0, 0, SN_E_FORMAT, "data" },
	{ "one byte behind the end", END + 1, 0, 0, SN_E_FORMAT, "register" },
	{ "a log of before 2014", 4, 8, 4, SN_E_FORMAT, "begin with its kind" },
	{ "another signature", 32, 'X', 1, SN_E_FORMAT, "crypto-agile" },
	{ "a signature without its NUL", 47, '!', 1, SN_E_FORMAT, "crypto-agile" },
	{ "a head that ends too late", 28, 34, 4, SN_E_FORMAT, "first event" },
	{ "a head that ends too early", 28, 32, 4, SN_E_FORMAT, "vendor" },
	{ "a head of 4 GB", 28, 0xffffffff, 4, SN_E_FORMAT, "first event" },
	{ "no banks", 56, 0, 4, SN_E_LIMIT, "0 banks" },
	{ "2^32 banks", 56, 0xffffffff, 4, SN_E_LIMIT, "banks" },
	{ "only another bank", 60, 0x0012, 2, SN_E_FORMAT, "no SHA-256" },
	{ "SHA-384 of 32 bytes", 60, 0x000c, 2, SN_E_FORMAT, "bank 0xc of 32" },
	{ "a digest in the head", 20, 1, 1, SN_E_FORMAT, "begin with its kind" },
	{ "SHA-256 of 20 bytes", 62, 20, 2, SN_E_FORMAT, "bank" },
	{ "a bank of no bytes", 60, 0x000000ff, 4, SN_E_FORMAT, "bank" },
	{ "a bank of 65535 bytes", 60, 0xffff00ff, 4, SN_E_FORMAT, "bank" },
	{ "vendor data over the end", 64, 255, 1, SN_E_FORMAT, "vendor" },
	{ "register 24", FIRST, 24, 4, SN_E_FORMAT, "register 24" },
	{ "register 2^32 - 1", FIRST, 0xffffffff, 4, SN_E_FORMAT, "register" },
	{ "an event without digests", FIRST + 8, 0, 4, SN_E_FORMAT, "0 digests" },
	{ "an event with two digests", FIRST + 8, 2, 4, SN_E_FORMAT, "2 digests" },
	{ "a digest of a bank that is not named", FIRST + 12, 0x000c, 2, SN_E_FORMAT, "bank" },
	{ "an event of 4 GB", FIRST + 46, 0xffffffff, 4, SN_E_LIMIT, "an event of" },
	{ "an event over the end", SECOND + 46, 33, 4, SN_E_FORMAT, "data" },
	{ "a firmware volume of 32 bytes", SECOND + 4, 0x80000008, 4, SN_OK, "" },
	{ "a variable without a name", SECOND + 4, 0x80000001, 4, SN_OK, "" },
	{ "a partition table of 32 bytes", SECOND + 4, 0x80000006, 4, SN_E_FORMAT,
	    "a partition table" },
	{ "an H-CRTM that is none", SECOND + 4, 0x80000010, 4, SN_E_FORMAT, "H-CRTM" },
};

static void
make_log(struct sn_buf *b)
{
	rig_log(b);
	rig_event(b, 4, RIG_SEPARATOR, 0x11);
	rig_event(b, 4, RIG_APPLICATION, 0x22);
	assert_int_equal(b->n, END);
	sn_buf_u8(b, 0); /* for a row that wants it */
}

static void
test_change(void **state)
{
	const struct rig_change *c = *state;
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	uint8_t pcr[EVENTLOG_PCRS][32];
	struct sn_why why = { 0 };

	make_log(&b);
	if (c->len != 0)
		b.n = END;
	rig_apply(&b, c);
	rig_expect(c, eventlog_replay(sn_buf_bytes(&b), pcr, &why), &why);
}

static void
extend(uint8_t pcr[32], uint8_t fill)
{
	uint8_t both[64];

	memcpy(both, pcr, 32);
	memset(both + 32, fill, 32);
	assert_int_equal(cry_digest(CRY_SHA256, BYTES_OF(both), pcr, NULL), SN_OK);
}

/* No change of any single bit of an event's register, type or digest survives PCR 4. */
static void
test_every_bit(void **state)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	uint8_t pcr4[32] = { 0 }, got[32];
	struct sn_why why = { 0 };

	(void)state;
	make_log(&b);
	b.n = END;
	extend(pcr4, 0x11);
	extend(pcr4, 0x22);
	assert_int_equal(eventlog_image(sn_buf_bytes(&b), pcr4, true, got, &why), SN_OK);
	assert_int_equal(got[0], 0x22);
	for (size_t i = 8 * FIRST; i < 8 * (END - 4 - RIG_LOG_DATA); i++) {
		size_t at = i / 8;
		enum sn_err e;

		if ((at >= SECOND - 4 - RIG_LOG_DATA && at < SECOND) ||
		    (at >= FIRST + 4 && at < FIRST + 8))
			continue; /* data, and what kind of event the first one is */
		b.p[at] ^= (uint8_t)(1U << i % 8);
		e = eventlog_image(sn_buf_bytes(&b), pcr4, true, got, &why);
		b.p[at] ^= (uint8_t)(1U << i % 8);
		if (e == SN_OK)
			fail_msg("bit %zu of byte %zu", i % 8, at);
	}
}

/* ---- what events say of themselves, where PCR 0 starts */

#define VARIABLE(name_len, data_len) "00112233445566778899aabbccddeeff" name_len data_len
#define LEN(n) #n "00000000000000"
#define START "537461727475704c6f63616c69747900" /* "StartupLocality" and its NUL */

static const struct body_case {
	const char *name;
	uint32_t pcr, type;
	const char *data; /* of an event, before a separator of PCR 0; or behind it */
	bool behind;
	enum sn_err want;
	uint8_t start; /* of PCR 0; 255: the H-CRTM is the first event */
} body_cases[] = {
	{ "a variable", 1, 0x80000002, VARIABLE(LEN(01), LEN(02)) "6100ffff", false, SN_OK, 0 },
	{ "a variable and padding", 1, 0x800000e0, VARIABLE(LEN(00), LEN(00)) "00", false,
	    SN_OK, 0 },
	{ "a variable, cut", 1, 0x80000001, VARIABLE(LEN(01), "0200"), false, SN_E_FORMAT, 0 },
	{ "a name over the end", 1, 0x80000001, VARIABLE(LEN(02), LEN(00)) "6100", false,
	    SN_E_FORMAT, 0 },
	{ "a value over the end", 1, 0x80000001, VARIABLE(LEN(01), LEN(03)) "6100ffff", false,
	    SN_E_FORMAT, 0 },
	{ "lengths that overflow", 1, 0x80000001, VARIABLE("0000000000000080", LEN(00)), false,
	    SN_E_FORMAT, 0 },
	{ "a name that is not ASCII", 1, 0x8000000c, VARIABLE(LEN(01), LEN(00)) "6101", false,
	    SN_E_FORMAT, 0 },
	{ "no partition table", 5, 0x80000006, "", false, SN_OK, 0 },
	{ "a firmware volume of 15 bytes", 0, 7, "000102030405060708090a0b0c0d0e", false,
	    SN_E_FORMAT, 0 },
	{ "an image of no bytes", 2, 0x80000004, "", false, SN_E_FORMAT, 0 },
	{ "no locality", 0, EVENTLOG_NO_ACTION, START "00", false, SN_OK, 0 },
	{ "locality 3", 0, EVENTLOG_NO_ACTION, START "03", false, SN_OK, 3 },
	{ "locality 3, of another register", 1, EVENTLOG_NO_ACTION, START "03", false, SN_OK,
	    0 },
	{ "a locality that is missing", 0, EVENTLOG_NO_ACTION, START, false, SN_OK, 0 },
	{ "locality 3 and more", 0, EVENTLOG_NO_ACTION, START "0300", false, SN_OK, 3 },
	{ "no locality, after the start", 0, EVENTLOG_NO_ACTION, START "00", true, SN_OK, 0 },
	{ "locality 3, after the start", 0, EVENTLOG_NO_ACTION, START "03", true, SN_E_FORMAT,
	    0 },
	{ "an H-CRTM", 0, 0x80000010, "484352544d", false, SN_OK, 255 },
	{ "an H-CRTM in another register", 1, 0x80000010, "484352544d", false, SN_OK, 0 },
	{ "an H-CRTM after the start", 0, 0x80000010, "484352544d", true, SN_E_FORMAT, 0 },
};

static void
put_event(struct sn_buf *b, const struct body_case *c)
{
	struct test_bytes data = test_unhex(c->data);

	rig_event(b, c->pcr, c->type, 0x33);
	b->n -= 4 + RIG_LOG_DATA;
	rig_le(b, data.len, 4);
	sn_buf_put(b, (struct bytes){ data.data, data.len });
	test_bytes_done(&data);
}

static void
test_body(void **state)
{
	const struct body_case *c = *state;
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	uint8_t pcr[EVENTLOG_PCRS][32], want[32] = { 0 };
	struct sn_why why = { 0 };
	struct bootlog said;
	enum sn_err e;

	rig_log(&b);
	if (!c->behind)
		put_event(&b, c);
	rig_event(&b, 0, RIG_SEPARATOR, 0x11);
	if (c->behind)
		put_event(&b, c);
	e = eventlog_replay(sn_buf_bytes(&b), pcr, &why);
	if (e != c->want)
		fail_msg("%s: %s, \"%s\"", c->name, sn_err_name(e), why.text);
	if (e != SN_OK)
		return;
	want[31] = c->start == 255 ? 4 : c->start;
	if (c->start == 255 || (c->pcr == 0 && c->type == 7))
		extend(want, 0x33);
	extend(want, 0x11);
	assert_memory_equal(pcr[0], want, 32);
	assert_int_equal(bootlog_read(sn_buf_bytes(&b), &said, NULL), SN_OK);
	assert_int_equal(said.locality, c->start != 0);
}

static void
test_too_many(void **state)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	uint8_t pcr[EVENTLOG_PCRS][32];
	struct sn_why why = { 0 };

	(void)state;
	rig_log(&b);
	for (size_t i = 0; i <= EVENTLOG_EVENTS_MAX; i++)
		rig_event(&b, 4, RIG_SEPARATOR, 1);
	assert_int_equal(eventlog_replay(sn_buf_bytes(&b), pcr, &why), SN_E_LIMIT);
	rig_zeros(&b, EVENTLOG_MAX);
	assert_int_equal(eventlog_replay(sn_buf_bytes(&b), pcr, &why), SN_E_LIMIT);
}

/* ---- real logs: each line of eventlogs.txt is one register, by tpm2_eventlog */

#define GOLDEN "tests/appliance/measure/eventlogs.txt"
#define OWN "tests/"

static void
test_register(void **state)
{
	char file[128], hex[65];
	unsigned int n;
	const char *line = *state, *first = strchr(line, ' '), *second = strchr(first + 1, ' ');
	uint8_t pcr[EVENTLOG_PCRS][32], want[32];
	struct sn_why why = { 0 };
	struct test_bytes log;

	snprintf(file, sizeof(file), "%.*s", (int)(first - line), line);
	snprintf(hex, sizeof(hex), "%.64s", second + 1);
	n = (unsigned int)strtoul(first, NULL, 10);
	assert_int_equal(sn_hex_parse(hex, want, 32, "PCR", &why), SN_OK);
	if (strncmp(file, OWN, strlen(OWN)) == 0) {
		log = test_read(file);
	} else {
		test_need_data(file);
		log = test_read_data(file);
	}
	if (eventlog_replay((struct bytes){ log.data, log.len }, pcr, &why) != SN_OK)
		fail_msg("%s: %s", file, why.text);
	assert_memory_equal(pcr[n], want, 32);
	test_bytes_done(&log);
}

int
main(void)
{
	struct test_list *l = test_list_new();
	struct test_bytes golden = test_read(GOLDEN);
	char *line = (char *)golden.data;

	for (size_t i = 0; i < SN_NITEMS(changes); i++)
		test_list_add(l, test_change, &changes[i], "%s", changes[i].name);
	test_list_add(l, test_every_bit, NULL, "PCR 4 confirms every bit of its events");
	for (size_t i = 0; i < SN_NITEMS(body_cases); i++)
		test_list_add(l, test_body, &body_cases[i], "%s", body_cases[i].name);
	test_list_add(l, test_too_many, NULL, "more events, more bytes than allowed");
	for (char *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		*end = '\0';
		test_list_add(l, test_register, line, "%s", line);
	}
	const int status = test_list_run(l, "event logs");
	test_bytes_done(&golden);
	return status;
}
