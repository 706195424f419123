/* PE images that lie in one place; the digest is judged by others in judges_test.py. */
#include "appliance/measure/measure.h"
#include "appliance/measure/pe.h"
#include "tests/lib/measure.h"

#define NO_CHANGE 0, 0x5a4d, 2

static const struct rig_change changes[] = {
	{ "as it is", NO_CHANGE, SN_OK, "" },
	{ "empty", 0, 0, 0, SN_E_FORMAT, "PE image" },
	{ "only MZ", 2, 0, 0, SN_E_FORMAT, "header" },
	{ "cut in the optional header", RIG_CHECKSUM, 0, 0, SN_E_FORMAT, "PE image" },
	{ "cut in the section table", RIG_SECTION(2), 0, 0, SN_E_FORMAT, "PE image" },
	{ "cut in the last section", 1024, 0, 0, SN_E_FORMAT, "section" },
	{ "not MZ", 0, 0x4d5a, 2, SN_E_FORMAT, "begin with MZ" },
	{ "header far outside", 0x3c, 0xfffffff0, 4, SN_E_FORMAT, "header" },
	{ "header at the last bytes", 0x3c, 1020, 4, SN_E_FORMAT, "header" },
	{ "not PE", RIG_PE_AT, 0x4550 << 8, 4, SN_E_FORMAT, "no PE header" },
	{ "a 32-bit image", RIG_MAGIC, 0x10b, 2, SN_E_FORMAT, "64-bit" },
	{ "optional header too short for signatures", RIG_PE_AT + 20, 112, 2, SN_E_FORMAT,
	    "64-bit" },
	{ "optional header over the end", RIG_PE_AT + 20, 0xffff, 2, SN_E_FORMAT, "table" },
	{ "no data directory for signatures", RIG_DIRECTORIES, 4, 4, SN_E_FORMAT,
	    "no place for signatures" },
	{ "sections without end", RIG_PE_AT + 6, 0xffff, 2, SN_E_LIMIT, "sections" },
	{ "one section too many", RIG_PE_AT + 6, PE_SECTIONS_MAX + 1, 2, SN_E_LIMIT,
	    "sections" },
	{ "headers end before the signatures' entry", RIG_HEADERS, RIG_CERTIFICATES, 4,
	    SN_E_FORMAT, "SizeOfHeaders" },
	{ "headers larger than the file", RIG_HEADERS, 0x7fffffff, 4, SN_E_FORMAT,
	    "SizeOfHeaders" },
	{ "headers that cover the sections", RIG_HEADERS, 1024, 4, SN_E_FORMAT, "overlap" },
	{ "a section outside the file", RIG_SECTION(1) + 20, 0x7fffff00, 4, SN_E_FORMAT,
	    "section" },
	{ "a section over the end", RIG_SECTION(4) + 16, 0xffffffff, 4, SN_E_FORMAT,
	    "section" },
	{ "two sections at one place", RIG_SECTION(1) + 16, 4 * RIG_ALIGN, 4, SN_E_FORMAT,
	    "overlap" },
	{ "a section that covers all", RIG_SECTION(0) + 16, 0x2c0, 4, SN_E_FORMAT, "overlap" },
	{ "two sections of one name", RIG_SECTION(1), 0x656e696c646d632e, 8, SN_E_FORMAT,
	    "two sections .cmdline" },
	{ "a section's name that moves the cursor", RIG_SECTION(1), 0x1b2e, 2, SN_E_FORMAT,
	    "name" },
	{ "a section's name that is not ASCII", RIG_SECTION(1), 0xff2e, 2, SN_E_FORMAT,
	    "name" },
	{ "signatures before the end", RIG_CERTIFICATES, 0x0000000800000100, 8, SN_E_FORMAT,
	    "not at the end" },
	{ "signatures behind the end", RIG_CERTIFICATES, 0xffffffff00000100, 8, SN_E_FORMAT,
	    "not at the end" },
	{ "signatures without length", RIG_CERTIFICATES, 0x0000000000000100, 8, SN_OK, "" },
	{ "length no multiple of 8", 1085, 0, 0, SN_E_FORMAT, "multiple of 8" },
};

static void
test_change(void **state)
{
	const struct rig_change *c = *state;
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	struct sn_why why = { 0 };
	uint8_t digest[32];
	struct pe pe;
	enum sn_err e;

	rig_uki(&b);
	rig_apply(&b, c);
	e = pe_parse(sn_buf_bytes(&b), &pe, &why);
	if (e == SN_OK)
		e = pe_authenticode(&pe, digest, &why);
	rig_expect(c, e, &why);
}

static void
digest_of(const struct sn_buf *b, uint8_t ret[32])
{
	struct sn_why why = { 0 };
	struct pe pe;

	assert_int_equal(pe_parse(sn_buf_bytes(b), &pe, &why), SN_OK);
	assert_int_equal(pe_authenticode(&pe, ret, &why), SN_OK);
}

/* Every byte counts, but the checksum, the signatures' entry and the signatures. */
static void
test_every_byte(void **state)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	uint8_t want[32], got[32];

	(void)state;
	rig_uki(&b);
	digest_of(&b, want);
	for (size_t i = 0; i < b.n; i++) {
		bool left_out = (i >= RIG_CHECKSUM && i < RIG_CHECKSUM + 4) ||
		    (i >= RIG_CERTIFICATES && i < RIG_CERTIFICATES + 4);
		struct sn_why why = { 0 };
		struct pe pe;

		b.p[i] ^= 1;
		if (pe_parse(sn_buf_bytes(&b), &pe, &why) == SN_OK &&
		    pe_authenticode(&pe, got, &why) == SN_OK &&
		    (memcmp(want, got, 32) == 0) != left_out)
			fail_msg("byte %zu: %s", i, left_out ? "it counts" : "no difference");
		b.p[i] ^= 1;
	}
}

static void
test_signed(void **state)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	uint8_t want[32], got[32];

	(void)state;
	rig_uki(&b);
	digest_of(&b, want);
	rig_set(&b, RIG_CERTIFICATES, b.n, 4);
	rig_set(&b, RIG_CERTIFICATES + 4, 16, 4);
	rig_set(&b, RIG_CHECKSUM, 7, 4);
	for (size_t i = 0; i < 16; i++)
		sn_buf_u8(&b, 0xaa);
	digest_of(&b, got);
	assert_memory_equal(want, got, 32);
}

/* ---- what makes it our image */

static const struct rig_change images[] = {
	{ "as it is", NO_CHANGE, SN_OK, "" },
	{ "no kernel", RIG_SECTION(4), 0x7878, 2, SN_E_FORMAT, "no section .linux" },
	{ "no command line", RIG_SECTION(0), 0x7878, 2, SN_E_FORMAT, "no command line" },
	{ "no initramfs", RIG_SECTION(3), 0x7878, 2, SN_E_FORMAT, "no initramfs" },
	{ "a section that the stub puts into the initramfs", RIG_SECTION(1), 0x6c6572736f2e, 8,
	    SN_E_FORMAT, "section .osrel" },
	{ "microcode", RIG_SECTION(1), 0x65646f63752e, 8, SN_E_FORMAT, "section .ucode" },
	{ "a section that grows in memory", RIG_SECTION(3) + 8, 0x7fffffff, 4, SN_E_FORMAT,
	    ".initrd grows" },
	{ "a command line that is not ASCII", 576, 0xc3, 1, SN_E_FORMAT, "its command line" },
	{ "a kernel that is no program", RIG_SECTION(4) + 8, 8, 4, SN_E_FORMAT, "PE image" },
};

static void
test_image(void **state)
{
	const struct rig_change *c = *state;
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	struct measure_values v;
	struct sn_why why = { 0 };

	rig_uki(&b);
	assert_memory_equal(b.p + 576, "quiet", 5);
	rig_apply(&b, c);
	rig_expect(c, measure_uki(sn_buf_bytes(&b), &v, &why), &why);
}

int
main(void)
{
	struct test_list *l = test_list_new();

	for (size_t i = 0; i < SN_NITEMS(changes); i++)
		test_list_add(l, test_change, &changes[i], "%s", changes[i].name);
	test_list_add(l, test_every_byte, NULL, "every byte counts but those left out");
	test_list_add(l, test_signed, NULL, "a signature changes nothing");
	for (size_t i = 0; i < SN_NITEMS(images); i++)
		test_list_add(l, test_image, &images[i], "image: %s", images[i].name);
	return test_list_run(l, "PE images");
}
