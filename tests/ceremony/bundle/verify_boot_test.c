/* The firmware's log against the quote, and the quote against an expected image. */
#include "appliance/measure/bootlog.h"
#include "tests/ceremony/bundle/fixture.h"

static struct fix prod;
static const char *root;

static char *
fresh(void)
{
	static unsigned int n;

	return test_format("%s/b%u", root, n++);
}

#define EVENT(i) (RIG_LOG_HEAD + (size_t)(i) * FIX_EVENT)

static void
drop(struct sn_buf *log, size_t i)
{
	memmove(log->p + EVENT(i), log->p + EVENT(i + 1), log->n - EVENT(i + 1));
	log->n -= FIX_EVENT;
}

static void
no_log(struct sn_buf *log, uint8_t pcr[16][32] SN_UNUSED)
{
	log->n = 0;
}

static void
last_event_gone(struct sn_buf *log, uint8_t pcr[16][32] SN_UNUSED)
{
	log->n -= FIX_EVENT;
}

static void
first_event_gone(struct sn_buf *log, uint8_t pcr[16][32] SN_UNUSED)
{
	drop(log, 0);
}

static void
events_moved(struct sn_buf *log, uint8_t pcr[16][32] SN_UNUSED)
{
	uint8_t event[FIX_EVENT];

	/* the two of PCR 9 */
	memcpy(event, log->p + EVENT(9), sizeof(event));
	memcpy(log->p + EVENT(9), log->p + EVENT(10), sizeof(event));
	memcpy(log->p + EVENT(10), event, sizeof(event));
}

static void
event_twice(struct sn_buf *log, uint8_t pcr[16][32] SN_UNUSED)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf copy = { 0 };

	sn_buf_put(&copy, (struct bytes){ log->p + EVENT(7), FIX_EVENT });
	sn_buf_put(log, sn_buf_bytes(&copy));
}

static void
digest_changed(struct sn_buf *log, uint8_t pcr[16][32] SN_UNUSED)
{
	log->p[EVENT(6) + 20] ^= 1;
}

static void
other_register(struct sn_buf *log, uint8_t pcr[16][32] SN_UNUSED)
{
	log->p[EVENT(7)] = 12;
}

static void
not_extended(struct sn_buf *log, uint8_t pcr[16][32] SN_UNUSED)
{
	rig_set(log, EVENT(7) + 4, EVENTLOG_NO_ACTION, 4);
}

static void
event_for_transcript(struct sn_buf *log, uint8_t pcr[16][32] SN_UNUSED)
{
	uint8_t digest[32];

	fix_measure("a record", digest);
	fix_event(log, 15, FIX_EV_IPL, false, digest);
}

static void
log_cut(struct sn_buf *log, uint8_t pcr[16][32] SN_UNUSED)
{
	log->n--;
}

static void
register_changed(struct sn_buf *log SN_UNUSED, uint8_t pcr[16][32])
{
	pcr[4][31] ^= 1;
}

static void
unused_register(struct sn_buf *log SN_UNUSED, uint8_t pcr[16][32])
{
	pcr[10][0] = 1;
}

static void
reset_register(struct sn_buf *log SN_UNUSED, uint8_t pcr[16][32])
{
	memset(pcr[14], 0xff, 32);
}

static void
of_another_boot(struct sn_buf *log, uint8_t pcr[16][32] SN_UNUSED)
{
	uint8_t other[16][32];

	log->n = 0;
	fix_boot(true, log, other);
}

static void
software_registers(struct sn_buf *log SN_UNUSED, uint8_t pcr[16][32])
{
	pcr[0][0] = 1;
}

static void
software_log(struct sn_buf *log, uint8_t pcr[16][32] SN_UNUSED)
{
	uint8_t other[16][32];

	fix_boot(false, log, other);
}

struct row {
	const char *name;
	struct fix_bundle make;
	enum sn_err want;
	const char *says;
};

#define LOG "evidence/eventlog: "

static const struct row rows[] = {
	{ "as it is", { 0 }, SN_OK, "" },
	{ "Secure Boot", { .secure_boot = true }, SN_OK, "" },
	{ "no log", { .boot = no_log }, SN_OK, "" },
	{ "the last event is gone", { .boot = last_event_gone }, SN_E_SIGNATURE, LOG },
	{ "the first event is gone", { .boot = first_event_gone }, SN_E_SIGNATURE, LOG },
	{ "two events moved", { .boot = events_moved }, SN_E_SIGNATURE, LOG },
	{ "an event twice", { .boot = event_twice }, SN_E_SIGNATURE, LOG },
	{ "another digest", { .boot = digest_changed }, SN_E_SIGNATURE, LOG },
	{ "another register", { .boot = other_register }, SN_E_SIGNATURE, LOG },
	{ "an event that says it was not extended", { .boot = not_extended }, SN_E_SIGNATURE,
	    LOG },
	{ "an event in PCR 15", { .boot = event_for_transcript }, SN_E_SIGNATURE,
	    LOG "an event in PCR 15" },
	{ "cut", { .boot = log_cut }, SN_E_FORMAT, LOG },
	{ "a register is another", { .boot = register_changed }, SN_E_SIGNATURE, "PCR 4" },
	{ "a register without events is not zero", { .boot = unused_register }, SN_E_SIGNATURE,
	    "PCR 10" },
	{ "a register without events is all ones", { .boot = reset_register }, SN_E_SIGNATURE,
	    "PCR 14" },
	{ "the log of another boot", { .boot = of_another_boot }, SN_E_SIGNATURE, LOG },
	{ "a software TPM", { .software = true }, SN_OK, "" },
	{ "a software TPM that measured", { .software = true, .boot = software_registers },
	    SN_E_SIGNATURE, "PCR 0 of a software TPM" },
	{ "a software TPM with a log", { .software = true, .boot = software_log },
	    SN_E_SIGNATURE, LOG },
};

static void
test_row(void **state)
{
	const struct row *row = *state;
	struct bun_policy p = fix_policy(&prod);
	struct sn_why why = { 0 };
	struct bun_report r;
	char *dir = fresh();

	p.accept_software = row->make.software;
	fix_write(&prod, &row->make, dir);
	const enum sn_err e = fix_verify(dir, &p, &r, &why);
	if (e != row->want || strstr(why.text, row->says) == NULL)
		fail_msg("%s: %s", sn_err_name(e), why.text);
	assert_true(e != SN_OK ||
	    r.facts.logged == (row->make.boot != no_log && !row->make.software));
	free(dir);
}

/* ---- an expected image */

/* What the fixture's boot leads to, with or without Secure Boot. */
static void
expected(struct bun_measured *m)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf log = { 0 };
	uint8_t pcr[16][32];

	*m = (struct bun_measured){ .zero =
					1U << 8 | 1U << 10 | 1U << 12 | 1U << 13 | 1U << 14 };
	fix_measure("image", m->image);
	fix_boot(true, &log, pcr);
	memcpy(m->pcr4_sb, pcr[4], 32);
	memcpy(m->pcr7_sb, pcr[7], 32);
	log.n = 0;
	fix_boot(false, &log, pcr);
	memcpy(m->pcr4_nosb, pcr[4], 32);
	memcpy(m->pcr9, pcr[9], 32);
	memcpy(m->pcr11, pcr[11], 32);
}

static void
another_image(struct bun_measured *m)
{
	m->pcr4_sb[0] ^= 1;
	m->pcr4_nosb[0] ^= 1;
}

static void
another_line(struct bun_measured *m)
{
	m->pcr9[0] ^= 1;
}

static void
other_sections(struct bun_measured *m)
{
	m->pcr11[0] ^= 1;
}

static void
other_digest(struct bun_measured *m)
{
	m->image[0] ^= 1;
}

/* The values with and without Secure Boot changed for each other: PCR 4 alone would do. */
static void
secure_for_not(struct bun_measured *m)
{
	uint8_t sb[32];

	memcpy(sb, m->pcr4_sb, 32);
	memcpy(m->pcr4_sb, m->pcr4_nosb, 32);
	memcpy(m->pcr4_nosb, sb, 32);
}

static void
with_keys(struct bun_measured *m)
{
	m->has_pcr7_sb = true;
}

static void
with_other_keys(struct bun_measured *m)
{
	m->has_pcr7_sb = true;
	m->pcr7_sb[0] ^= 1;
}

static void
must_be_zero(struct bun_measured *m)
{
	m->zero |= 1U << 11;
}

struct measured_row {
	const char *name;
	struct fix_bundle make;
	void (*change)(struct bun_measured *m);
	enum sn_err want;
	const char *says;
};

static const struct measured_row measured[] = {
	{ "Secure Boot off", { 0 }, NULL, SN_OK, "" },
	{ "Secure Boot on", { .secure_boot = true }, NULL, SN_OK, "" },
	{ "on, with its keys", { .secure_boot = true }, with_keys, SN_OK, "" },
	{ "on, with other keys", { .secure_boot = true }, with_other_keys, SN_E_EVIDENCE,
	    "PCR 7" },
	{ "off, where keys are expected", { 0 }, with_keys, SN_E_EVIDENCE, "PCR 7" },
	{ "no log", { .boot = no_log }, NULL, SN_OK, "" },
	{ "another image", { 0 }, another_image, SN_E_EVIDENCE, "PCR 4" },
	{ "another command line", { 0 }, another_line, SN_E_EVIDENCE, "PCR 9" },
	{ "other sections", { 0 }, other_sections, SN_E_EVIDENCE, "PCR 11" },
	{ "an image that is not in the log", { 0 }, other_digest, SN_E_EVIDENCE,
	    "the log, the image" },
	{ "the kernel's digest with Secure Boot on", { 0 }, secure_for_not, SN_E_EVIDENCE,
	    "PCR 4" },
	{ "a register that must be zero", { 0 }, must_be_zero, SN_E_EVIDENCE, "zero" },
	{ "a software TPM", { .software = true }, NULL, SN_E_EVIDENCE, "software TPM" },
};

static void
test_measured(void **state)
{
	const struct measured_row *row = *state;
	struct bun_policy p = fix_policy(&prod);
	struct bun_expect x = *p.expect;
	struct sn_why why = { 0 };
	struct bun_report r;
	char *dir = fresh();

	x.nmeasured = 1;
	expected(&x.measured[0]);
	if (row->change != NULL)
		row->change(&x.measured[0]);
	p.expect = &x;
	p.accept_software = row->make.software;
	fix_write(&prod, &row->make, dir);
	enum sn_err e = fix_verify(dir, &p, &r, &why);
	if (e != row->want || strstr(why.text, row->says) == NULL)
		fail_msg("%s: %s", sn_err_name(e), why.text);
	assert_true(r.authentic && r.facts.measured == (e == SN_OK));
	expected(&x.measured[x.nmeasured++]); /* one of two */
	e = fix_verify(dir, &p, &r, &why);
	if (!row->make.software)
		assert_int_equal(e, SN_OK);
	free(dir);
}

/* ---- the file of an image's measurements */

#define HEX32 "000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f"
#define REST(zero)                                                                             \
	"\"pcr4_sb\":\"" HEX32 "\",\"pcr4_nosb\":\"" HEX32 "\",\"pcr9\":\"" HEX32              \
	"\",\"pcr11\":\"" HEX32 "\",\"sections\":{},\"zero\":" zero

static const struct file_row {
	const char *name, *text;
	enum sn_err want;
} files[] = {
	{ "as it is", "{\"authenticode\":\"" HEX32 "\"," REST("[8,10]") "}", SN_OK },
	{ "with keys",
	    "{\"authenticode\":\"" HEX32 "\",\"pcr7_sb\":\"" HEX32 "\"," REST("[]") "}",
	    SN_OK },
	{ "no image", "{" REST("[8]") "}", SN_E_FORMAT },
	{ "a short digest", "{\"authenticode\":\"00\"," REST("[8]") "}", SN_E_FORMAT },
	{ "a key that is not known",
	    "{\"authenticode\":\"" HEX32 "\",\"pcr3\":\"\"," REST("[8]") "}", SN_E_FORMAT },
	{ "register 15 must be zero", "{\"authenticode\":\"" HEX32 "\"," REST("[15]") "}",
	    SN_E_FORMAT },
	{ "a register by name", "{\"authenticode\":\"" HEX32 "\"," REST("[\"8\"]") "}",
	    SN_E_FORMAT },
	{ "empty", "", SN_E_FORMAT },
};

static void
test_file(void **state)
{
	const struct file_row *row = *state;
	struct bun_expect x = { 0 };
	struct sn_why why = { 0 };

	const enum sn_err e = bun_expect_measurements(&x, bytes_str(row->text), "m.json", &why);
	if (e != row->want)
		fail_msg("%s: %s", sn_err_name(e), why.text);
	assert_int_equal(x.nmeasured, e == SN_OK);
}

int
main(void)
{
	struct test_list *l = test_list_new();

	fix_start();
	fix_make(&prod, 1, PLAN_PRODUCTION);
	root = test_tmpdir();
	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		test_list_add(l, test_row, (void *)(uintptr_t)&rows[i], "log: %s",
		    rows[i].name);
	for (size_t i = 0; i < SN_NITEMS(measured); i++)
		test_list_add(l, test_measured, (void *)(uintptr_t)&measured[i], "image: %s",
		    measured[i].name);
	for (size_t i = 0; i < SN_NITEMS(files); i++)
		test_list_add(l, test_file, (void *)(uintptr_t)&files[i], "file: %s",
		    files[i].name);
	const int status = test_list_run(l, "boot");
	fix_done(&prod);
	return status;
}
