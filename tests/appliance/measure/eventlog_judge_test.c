/*
 * Event logs against tpm2_eventlog: 200 mutations of each log. Whatever it refuses, and
 * whatever changes a register, must not pass here; where we refuse more, it is said why.
 */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "appliance/base/text.h"
#include "appliance/measure/eventlog.h"
#include "tests/lib/measure.h"

#define MUTATIONS 200
#define EVENTS_MAX 256
#define SHA1_LEN 20
#define OWN "tests/appliance/measure/eventlog_fuzz/ovmf"

static const char *const files[] = { "eventlogs/arch-linux-workstation.bin",
	"eventlogs/eventlogwithsp800155.bin", "eventlogs/rhel8-uefi.bin",
	"eventlogs/ubuntu-2104-no-secure-boot.bin", OWN };

/* ---- a log taken apart, so that it can be broken where it hurts */

struct span {
	size_t at, body, end; /* body: of its data; its length lies in the 4 bytes before */
	uint32_t type;
};
struct layout {
	struct test_bytes log;
	size_t head; /* bytes before the first event */
	struct span event[EVENTS_MAX];
	size_t n;
	uint8_t pcr[EVENTLOG_PCRS][32];
	char dir[64];
};

static void
take_apart(const char *file, struct layout *x)
{
	struct sn_why why = { 0 };
	struct eventlog log;
	struct eventlog_event e;
	bool end = false;

	*x = (struct layout){ .log = strcmp(file, OWN) == 0 ? test_read(file)
							    : test_read_data(file) };
	const struct bytes all = { x->log.data, x->log.len };
	if (eventlog_replay(all, x->pcr, &why) != SN_OK ||
	    eventlog_open(all, &log, &why) != SN_OK)
		fail_msg("%s: %s", file, why.text);
	x->head = (size_t)(log.left.p - all.p);
	for (;;) {
		const size_t at = (size_t)(log.left.p - all.p);

		assert_int_equal(eventlog_next(&log, &e, &end, &why), SN_OK);
		if (end)
			break;
		assert_true(x->n < EVENTS_MAX);
		x->event[x->n++] = (struct span){ at, (size_t)(e.data.p - all.p),
			(size_t)(log.left.p - all.p), e.type };
	}
}

/* xorshift: the same mutations each time, on each machine */
static uint32_t seed;

static size_t
pick(size_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % below;
}

static size_t
pick_event(const struct layout *x)
{
	return pick(x->n);
}

static void
flip(struct sn_buf *b, size_t at, size_t n)
{
	b->p[at + pick(n)] ^= (uint8_t)(1U << pick(8));
}

/* Take n bytes out at a place, put others in. */
static void
splice(struct sn_buf *b, size_t at, size_t n, struct bytes in)
{
	struct sn_buf all = { 0 };

	sn_buf_put(&all, (struct bytes){ b->p, at });
	sn_buf_put(&all, in);
	sn_buf_put(&all, (struct bytes){ b->p + at + n, b->n - at - n });
	sn_buf_done(b);
	*b = all;
}

static void
put_le(struct sn_buf *b, size_t at, uint32_t v)
{
	rig_set(b, at, v, 4);
}

/* ---- the ways to break it; i counts within the kind */

static void
head_register(const struct layout *x SN_UNUSED, size_t i, struct sn_buf *b)
{
	b->p[i / 2] ^= (uint8_t)(1U << pick(8)); /* register, kind */
}

static void
head_digest(const struct layout *x SN_UNUSED, size_t i SN_UNUSED, struct sn_buf *b)
{
	flip(b, 8, SHA1_LEN);
}

static void
head_size(const struct layout *x SN_UNUSED, size_t i, struct sn_buf *b)
{
	b->p[28 + i / 4] ^= (uint8_t)(1U << pick(8));
}

static void
spec_id(const struct layout *x, size_t i SN_UNUSED, struct sn_buf *b)
{
	flip(b, 32, x->head - 32);
}

static void
spec_id_bank(const struct layout *x, size_t i, struct sn_buf *b)
{
	const size_t at = 56 + i % (x->head - 56);

	b->p[at] ^= (uint8_t)(1U << pick(8)); /* number, names and lengths of banks */
}

static void
event_register(const struct layout *x, size_t i SN_UNUSED, struct sn_buf *b)
{
	flip(b, x->event[pick_event(x)].at, 1);
}

static void
event_type(const struct layout *x, size_t i SN_UNUSED, struct sn_buf *b)
{
	flip(b, x->event[pick_event(x)].at + 4, 4);
}

static void
event_count(const struct layout *x, size_t i SN_UNUSED, struct sn_buf *b)
{
	flip(b, x->event[pick_event(x)].at + 8, 4);
}

static void
event_algorithm(const struct layout *x, size_t i SN_UNUSED, struct sn_buf *b)
{
	flip(b, x->event[pick_event(x)].at + 12, 2);
}

static void
event_digest(const struct layout *x, size_t i SN_UNUSED, struct sn_buf *b)
{
	const struct span *e = &x->event[pick_event(x)];

	flip(b, e->at + 14, e->body - 4 - e->at - 14);
}

static void
event_size(const struct layout *x, size_t i SN_UNUSED, struct sn_buf *b)
{
	flip(b, x->event[pick_event(x)].body - 4, 4);
}

/* The first bytes of the data: lengths are there, if anywhere. */
static void
event_data(const struct layout *x, size_t i SN_UNUSED, struct sn_buf *b)
{
	const struct span *e = &x->event[pick_event(x)];
	const size_t n = e->end - e->body;

	if (n > 0)
		flip(b, e->body, n < 64 ? n : 64);
	else
		flip(b, e->body - 4, 4);
}

static void
cut(const struct layout *x, size_t i, struct sn_buf *b)
{
	const struct span *e = &x->event[pick_event(x)];
	const size_t borders[] = { e->at, e->at + 4, e->at + 8, e->at + 12, e->at + 14,
		e->body - 4, e->body, e->end - 1, e->end };

	b->n = borders[i % SN_NITEMS(borders)];
}

static void
cut_head(const struct layout *x, size_t i, struct sn_buf *b)
{
	const size_t borders[] = { 0, 4, 8, 28, 32, 48, 56, 60, x->head - 1, x->head };

	b->n = borders[i % SN_NITEMS(borders)];
}

static void
twice(const struct layout *x, size_t i SN_UNUSED, struct sn_buf *b)
{
	const struct span *e = &x->event[pick_event(x)];

	splice(b, e->end, 0, (struct bytes){ x->log.data + e->at, e->end - e->at });
}

static void
removed(const struct layout *x, size_t i SN_UNUSED, struct sn_buf *b)
{
	const struct span *e = &x->event[pick_event(x)];

	splice(b, e->at, e->end - e->at, (struct bytes){ 0 });
}

static void
swapped(const struct layout *x, size_t i SN_UNUSED, struct sn_buf *b)
{
	const struct span *e = &x->event[pick(x->n - 1)];
	struct sn_buf both = { 0 };

	sn_buf_put(&both, (struct bytes){ x->log.data + e[1].at, e[1].end - e[1].at });
	sn_buf_put(&both, (struct bytes){ x->log.data + e->at, e->end - e->at });
	splice(b, e->at, both.n, sn_buf_bytes(&both));
	sn_buf_done(&both);
}

static void
another_type(const struct layout *x, size_t i, struct sn_buf *b)
{
	static const uint32_t types[] = { EVENTLOG_NO_ACTION, 0x80000001, 0x80000002, 7,
		0x80000008, EVENTLOG_APPLICATION, 0x80000004, 0x80000006, 0x8000000c,
		0x80000010, 0x800000e0, 0, 0xffffffff };

	put_le(b, x->event[pick_event(x)].at + 4, types[i % SN_NITEMS(types)]);
}

static void
no_such_register(const struct layout *x, size_t i, struct sn_buf *b)
{
	static const uint32_t pcrs[] = { 24, 31, 32, 255, 0x7fffffff, 0xffffffff };

	put_le(b, x->event[pick_event(x)].at, pcrs[i % SN_NITEMS(pcrs)]);
}

static void
more_bytes(const struct layout *x, size_t i, struct sn_buf *b)
{
	static const uint8_t zeros[64], ones[1] = { 0xff };
	const size_t at = i % 2 == 0 ? b->n : x->event[pick_event(x)].end;

	splice(b, at, 0, i % 3 == 0 ? BYTES_OF(ones) : (struct bytes){ zeros, 1 + pick(64) });
}

/* The length says nothing, and the data is there, or is not. */
static void
no_length(const struct layout *x, size_t i, struct sn_buf *b)
{
	const struct span *e = &x->event[pick_event(x)];

	put_le(b, e->body - 4, 0);
	if (i % 2 == 0)
		splice(b, e->body, e->end - e->body, (struct bytes){ 0 });
}

static void
huge(const struct layout *x, size_t i, struct sn_buf *b)
{
	static const uint32_t sizes[] = { 0xffffffff, 0x80000000, 0x7fffffff, 0x00100000 };

	put_le(b, x->event[pick_event(x)].body - 4, sizes[i % SN_NITEMS(sizes)]);
}

static void
digest_count(const struct layout *x, size_t i, struct sn_buf *b)
{
	static const uint32_t counts[] = { 0, 0xffffffff, 0x10000, 17 };

	put_le(b, x->event[pick_event(x)].at + 8, counts[i % SN_NITEMS(counts)]);
}

/* An event that says where PCR 0 starts, at the front or anywhere. */
static void
locality(const struct layout *x, size_t i, struct sn_buf *b)
{
	static const uint8_t values[] = { 0, 3, 4, 255 };
	static const char text[] = "StartupLocality";
	const struct span *e = &x->event[0];
	struct sn_buf one = { 0 };

	sn_buf_put(&one, (struct bytes){ x->log.data + e->at, e->body - e->at });
	put_le(&one, 0, 0);
	put_le(&one, 4, EVENTLOG_NO_ACTION);
	put_le(&one, one.n - 4, sizeof(text) + 1);
	sn_buf_put(&one, BYTES_OF(text));
	sn_buf_u8(&one, values[i % 4]);
	splice(b, i < 4 ? x->head : x->event[pick_event(x)].end, 0, sn_buf_bytes(&one));
	sn_buf_done(&one);
}

static void
hcrtm(const struct layout *x, size_t i, struct sn_buf *b)
{
	const struct span *e = &x->event[0];
	struct sn_buf one = { 0 };

	sn_buf_put(&one, (struct bytes){ x->log.data + e->at, e->body - e->at });
	put_le(&one, 0, i == 2 ? 1 : 0);
	put_le(&one, 4, 0x80000010);
	put_le(&one, one.n - 4, 5);
	sn_buf_str(&one, i == 3 ? "HCRTX" : "HCRTM");
	splice(b, i == 1 ? x->event[x->n / 2].end : x->head, 0, sn_buf_bytes(&one));
	sn_buf_done(&one);
}

static const struct kind {
	const char *name;
	size_t count;
	void (*change)(const struct layout *x, size_t i, struct sn_buf *b);
} kinds[] = {
	{ "a bit of the head's register or kind", 8, head_register },
	{ "a bit of the head's digest", 4, head_digest },
	{ "a bit of the head's length", 8, head_size },
	{ "a bit of the Spec ID event", 8, spec_id },
	{ "a bit of the Spec ID event's banks", 12, spec_id_bank },
	{ "a bit of an event's register", 10, event_register },
	{ "a bit of an event's type", 12, event_type },
	{ "a bit of an event's number of digests", 8, event_count },
	{ "a bit of an algorithm id", 10, event_algorithm },
	{ "a bit of a digest", 16, event_digest },
	{ "a bit of an event's length", 12, event_size },
	{ "a bit of an event's data", 20, event_data },
	{ "cut at a border of an event", 9, cut },
	{ "cut at a border of the head", 10, cut_head },
	{ "an event twice", 6, twice },
	{ "an event removed", 6, removed },
	{ "two events swapped", 6, swapped },
	{ "another type", 13, another_type },
	{ "a register that is not there", 6, no_such_register },
	{ "bytes that are too many", 6, more_bytes },
	{ "no length", 6, no_length },
	{ "a huge length", 4, huge },
	{ "no digests, or far too many", 4, digest_count },
	{ "another locality", 8, locality },
	{ "an H-CRTM", 4, hcrtm },
};

/* Where we may refuse what tpm2_eventlog takes, with the same registers. */
static const struct stricter {
	const char *why, *reason;
} stricter[] = {
	{ "does not begin with its kind", "without a Spec ID event there is no SHA-256" },
	{ "crypto-agile form", "tpm2_eventlog does not look at the signature" },
	{ "event log: bank", "the Spec ID event says which banks each event has" },
	{ "banks", "the Spec ID event says which banks each event has" },
	{ "is named twice", "the Spec ID event says which banks each event has" },
	{ "no SHA-256 bank", "the Spec ID event says which banks each event has" },
	{ "event log: first event", "lengths in the Spec ID event must add up" },
	{ "event log: vendor", "lengths in the Spec ID event must add up" },
	{ " digests", "each event has one digest of each bank" },
	{ ", bank ", "each event has one digest of each bank" },
	{ "longer than its event", "lengths that overflow 64 bits" },
	{ "event log: a variable", "tpm2_eventlog only warns of the newer type's lengths" },
	{ "comes after the start", "it would change a register that has been extended" },
};

/* ---- the judge */

static void
write_file(const char *path, struct bytes data)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(data.p, 1, data.n, f), data.n);
	assert_int_equal(fclose(f), 0);
}

/* tpm2_eventlog over every file of a folder, some at a time. */
static void
judge(const char *dir)
{
	static char script[] =
	    "cd \"$1\" && ls | xargs -n 1 -P 3 sh -c "
	    "'timeout 20 tpm2_eventlog \"$0\" >\"$0.yaml\" 2>\"$0.err\"; echo $? >\"$0.rc\"'";
	char sh[] = "sh", c[] = "-c", *folder = strdup(dir);
	char *argv[] = { sh, c, script, sh, folder, NULL };
	int status = -1;
	pid_t pid;

	assert_int_equal(posix_spawnp(&pid, "sh", NULL, NULL, argv, environ), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	free(folder);
}

struct verdict {
	bool refused;
	size_t events;
	uint8_t pcr[EVENTLOG_PCRS][32]; /* zero where no event is */
};

static size_t
count_of(const char *text, const char *part)
{
	size_t n = 0;

	for (; (text = strstr(text, part)) != NULL; text += strlen(part))
		n++;
	return n;
}

/* Errors that it survives count as refusals, too: it has not read that part. */
static void
read_verdict(const char *path, struct verdict *v)
{
	struct test_bytes rc = test_read(test_format("%s.rc", path)),
			  err = test_read(test_format("%s.err", path)),
			  yaml = test_read(test_format("%s.yaml", path));
	char *at = strstr((char *)yaml.data, "\npcrs:"), *bank;
	unsigned int n;
	char hex[65];

	*v = (struct verdict){ .events = count_of((char *)yaml.data, "- EventNum:") };
	v->refused = strcmp((char *)rc.data, "0\n") != 0 ||
	    strstr((char *)err.data, "ERROR") != NULL || at == NULL;
	bank = at == NULL ? NULL : strstr(at, "  sha256:\n");
	for (at = bank; at != NULL && (at = strchr(at, '\n')) != NULL; at++) {
		n = (unsigned int)strtoul(at + 1, NULL, 10);
		if (strncmp(at + 1, "    ", 4) != 0)
			break;
		snprintf(hex, sizeof(hex), "%.64s", strstr(at + 1, "0x") + 2);
		if (n < EVENTLOG_PCRS)
			assert_int_equal(sn_hex_parse(hex, v->pcr[n], 32, "PCR", NULL), SN_OK);
	}
	test_bytes_done(&rc);
	test_bytes_done(&err);
	test_bytes_done(&yaml);
}

static size_t
count_events(struct bytes all)
{
	struct eventlog log;
	struct eventlog_event e;
	struct sn_why why = { 0 };
	bool end = false;

	if (eventlog_open(all, &log, &why) != SN_OK)
		return 0;
	while (!end && eventlog_next(&log, &e, &end, &why) == SN_OK)
		;
	return log.events + 1; /* with the head */
}

/* ---- one log, 200 times */

static const char *
reason_of(const char *why)
{
	for (size_t i = 0; i < SN_NITEMS(stricter); i++)
		if (strstr(why, stricter[i].why) != NULL)
			return stricter[i].reason;
	return NULL;
}

/* Empty when both say the same, or may differ. */
static const char *
compare(const struct layout *x, const char *path, bool *ret_stricter)
{
	uint8_t pcr[EVENTLOG_PCRS][32] = { 0 };
	struct test_bytes data = test_read(path);
	const struct bytes log = { data.data, data.len };
	struct sn_why why = { 0 };
	struct verdict theirs;
	const enum sn_err e = eventlog_replay(log, pcr, &why);
	const bool passes = e == SN_OK && memcmp(pcr, x->pcr, sizeof(pcr)) == 0;
	const char *bad = "";

	read_verdict(path, &theirs);
	const bool same = memcmp(theirs.pcr, x->pcr, sizeof(pcr)) == 0;
	if (passes && theirs.refused)
		bad = "we take what tpm2_eventlog refuses";
	else if (passes && !same)
		bad = "we see the quoted registers where tpm2_eventlog sees others";
	else if (e == SN_OK && !theirs.refused && memcmp(theirs.pcr, pcr, sizeof(pcr)) != 0)
		bad = "both take it and see other registers";
	else if (e == SN_OK && !theirs.refused && theirs.events != count_events(log))
		bad = "both take it and count other events";
	*ret_stricter = e != SN_OK && !theirs.refused && same;
	if (*ret_stricter && reason_of(why.text) == NULL)
		bad = test_format("we refuse what is the same to tpm2_eventlog: %s", why.text);
	else if (*ret_stricter)
		printf("#   stricter: %s: %s\n", why.text, reason_of(why.text));
	test_bytes_done(&data);
	return bad;
}

static void
test_log(void **state)
{
	const char *file = *state;
	char dir[128], path[160];
	static struct layout x;
	size_t n = 0, wrong = 0, more = 0;

	if (strcmp(file, OWN) != 0)
		test_need_data(file);
	take_apart(file, &x);
	seed = 0x5eed0001;
	snprintf(dir, sizeof(dir), "%s/%zu", test_tmpdir(), x.log.len);
	assert_int_equal(mkdir(dir, 0700), 0);
	snprintf(path, sizeof(path), "%s/000", dir);
	write_file(path, (struct bytes){ x.log.data, x.log.len });
	for (size_t k = 0; k < SN_NITEMS(kinds); k++)
		for (size_t i = 0; i < kinds[k].count; i++) {
			struct sn_buf b = { 0 };

			sn_buf_put(&b, (struct bytes){ x.log.data, x.log.len });
			kinds[k].change(&x, i, &b);
			snprintf(path, sizeof(path), "%s/%03zu", dir, ++n);
			write_file(path, sn_buf_bytes(&b));
			sn_buf_done(&b);
		}
	judge(dir);
	snprintf(path, sizeof(path), "%s/000", dir);
	struct verdict whole;
	read_verdict(path, &whole);
	assert_false(whole.refused);
	assert_memory_equal(whole.pcr, x.pcr, sizeof(x.pcr));
	assert_int_equal(whole.events, x.n + 1);
	n = 0;
	for (size_t k = 0; k < SN_NITEMS(kinds); k++)
		for (size_t i = 0; i < kinds[k].count; i++) {
			bool is_stricter;
			const char *bad;

			snprintf(path, sizeof(path), "%s/%03zu", dir, ++n);
			bad = compare(&x, path, &is_stricter);
			more += is_stricter;
			if (bad[0] != '\0')
				printf("# %s, %s, number %zu: %s\n", file, kinds[k].name, i,
				    bad);
			wrong += bad[0] != '\0';
		}
	printf("# %s: %zu events, %zu mutations, %zu refused here alone\n", file, x.n + 1, n,
	    more);
	assert_true(n >= MUTATIONS);
	assert_int_equal(wrong, 0);
	test_bytes_done(&x.log);
}

int
main(void)
{
	struct test_list *l = test_list_new();

	for (size_t i = 0; i < SN_NITEMS(files); i++)
		test_list_add(l, test_log, files[i], "%s, 200 mutations", files[i]);
	return test_list_run(l, "event logs, tpm2_eventlog as the judge");
}
