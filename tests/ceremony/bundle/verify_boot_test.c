/* The firmware's log against the quote, and the quote against an expected image. */
#include "appliance/measure/bootlog.h"
#include "tests/ceremony/bundle/bad_boot.h"

static struct fix prod, rehearsal;
static const char *root;

static char *
fresh(void)
{
	static unsigned int n;

	return test_format("%s/b%u", root, n++);
}

static void
test_row(void **state)
{
	const struct boot_row *row = *state;
	const struct fix *f = row->make.software ? &rehearsal : &prod;
	struct bun_policy p = fix_policy(f);
	struct sn_why why = { 0 };
	struct bun_report r;
	char *dir = fresh();

	p.rehearsal = row->make.software;
	fix_write(f, &row->make, dir);
	const enum sn_err e = fix_verify(dir, &p, &r, &why);
	if (e != row->want || strstr(why.text, row->says) == NULL)
		fail_msg("%s: %s", sn_err_name(e), why.text);
	assert_true(e != SN_OK ||
	    r.facts.logged == (row->make.boot != boot_no_log && !row->make.software));
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
	{ "no log", { .boot = boot_no_log }, NULL, SN_OK, "" },
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
	const struct fix *f = row->make.software ? &rehearsal : &prod;
	struct bun_policy p = fix_policy(f);
	struct bun_expect x = *p.expect;
	struct sn_why why = { 0 };
	struct bun_report r;
	char *dir = fresh();

	x.nmeasured = 1;
	expected(&x.measured[0]);
	if (row->change != NULL)
		row->change(&x.measured[0]);
	p.expect = &x;
	p.rehearsal = row->make.software;
	fix_write(f, &row->make, dir);
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
	fix_make(&rehearsal, 1, PLAN_REHEARSAL);
	root = test_tmpdir();
	for (size_t i = 0; i < SN_NITEMS(boot_rows); i++)
		test_list_add(l, test_row, (void *)(uintptr_t)&boot_rows[i], "log: %s",
		    boot_rows[i].name);
	for (size_t i = 0; i < SN_NITEMS(measured); i++)
		test_list_add(l, test_measured, (void *)(uintptr_t)&measured[i], "image: %s",
		    measured[i].name);
	for (size_t i = 0; i < SN_NITEMS(files); i++)
		test_list_add(l, test_file, (void *)(uintptr_t)&files[i], "file: %s",
		    files[i].name);
	const int status = test_list_run(l, "boot");
	fix_done(&prod);
	fix_done(&rehearsal);
	return status;
}
