/* Sticks and boot partitions that lie in one place. */
#include "appliance/measure/disk.h"
#include "tests/lib/measure.h"

#define ESP (RIG_ESP_FIRST * RIG_SECTOR)
#define NO_CHANGE 510, 0, 1

static const struct rig_change sticks[] = {
	{ "as it is", NO_CHANGE, SN_OK, "" },
	{ "empty", 0, 0, 0, SN_E_FORMAT, "partition table" },
	{ "cut in the partition table", RIG_GPT + 80, 0, 0, SN_E_FORMAT, "partition table" },
	{ "cut in its entries", RIG_GPT_ENTRY + 100, 0, 0, SN_E_FORMAT, "partition table" },
	{ "cut in the boot partition", ESP + 100, 0, 0, SN_E_FORMAT, "outside the file" },
	{ "no partition table", RIG_GPT, 0, 8, SN_E_FORMAT, "neither an ISO" },
	{ "entries far outside", RIG_GPT + 72, 0x7fffffffffffffff, 8, SN_E_FORMAT,
	    "partition table" },
	{ "entries whose place overflows", RIG_GPT + 72, 0xffffffffffffffff, 8, SN_E_FORMAT,
	    "partition table" },
	{ "too many entries", RIG_GPT + 80, 0xffffffff, 4, SN_E_FORMAT, "entries" },
	{ "entries too short", RIG_GPT + 84, 16, 4, SN_E_FORMAT, "entries" },
	{ "entries too long", RIG_GPT + 84, 0x80000000, 4, SN_E_FORMAT, "entries" },
	{ "no boot partition", RIG_GPT_ENTRY, 0, 1, SN_E_MISSING, "no EFI system partition" },
	{ "no entries", RIG_GPT + 80, 0, 4, SN_E_MISSING, "no EFI system partition" },
	{ "a boot partition that ends before it begins", RIG_GPT_ENTRY + 40, 3, 8, SN_E_FORMAT,
	    "outside" },
	{ "a boot partition that begins at the end of numbers", RIG_GPT_ENTRY + 32,
	    0xffffffffffffffff, 8, SN_E_FORMAT, "outside" },
	{ "a boot partition that ends at the end of numbers", RIG_GPT_ENTRY + 40,
	    0xffffffffffffffff, 8, SN_E_FORMAT, "outside" },
	{ "not FAT", ESP + 510, 0, 2, SN_E_FORMAT, "not a FAT" },
	{ "sectors of 4096 bytes", ESP + 11, 4096, 2, SN_E_FORMAT, "not a FAT" },
	{ "clusters of no sectors", ESP + 13, 0, 1, SN_E_FORMAT, "not a FAT" },
	{ "clusters of three sectors", ESP + 13, 3, 1, SN_E_FORMAT, "not a FAT" },
	{ "no reserved sectors", ESP + 14, 0, 2, SN_E_FORMAT, "makes no sense" },
	{ "no FAT at all", ESP + 16, 0, 1, SN_E_FORMAT, "makes no sense" },
	{ "255 FATs", ESP + 16, 255, 1, SN_E_FORMAT, "makes no sense" },
	{ "a root folder larger than all", ESP + 17, 0xffff, 2, SN_E_FORMAT, "makes no sense" },
	{ "more sectors than there are", ESP + 19, 0x7fff, 2, SN_E_FORMAT, "makes no sense" },
	{ "fewer sectors than its tables take", ESP + 19, 2, 2, SN_E_FORMAT, "makes no sense" },
	{ "a FAT of 2^32 sectors", ESP + 22, 0xffffffff0000, 6, SN_E_FORMAT, "makes no sense" },
	{ "no folder EFI", ESP + RIG_ROOT, 0xe5, 1, SN_E_MISSING, "BOOTX64.EFI" },
	{ "EFI is a file", ESP + RIG_ROOT + 11, 0x20, 1, SN_E_MISSING, "BOOTX64.EFI" },
	{ "EFI is the volume's label", ESP + RIG_ROOT + 11, 0x08, 1, SN_E_MISSING,
	    "BOOTX64.EFI" },
	{ "EFI is part of a long name", ESP + RIG_ROOT + 11, 0x0f, 1, SN_E_MISSING,
	    "BOOTX64.EFI" },
	{ "EFI lies outside", ESP + RIG_ROOT + 26, 0xfff0, 2, SN_E_MISSING, "BOOTX64.EFI" },
	{ "EFI is the image itself", ESP + RIG_ROOT + 26, 4, 2, SN_E_MISSING, "BOOTX64.EFI" },
	{ "EFI is in itself", ESP + RIG_DATA + 26, 2, 2, SN_E_MISSING, "BOOTX64.EFI" },
	{ "the image is a folder", ESP + RIG_DATA + RIG_SECTOR + 11, 0x10, 1, SN_E_MISSING,
	    "BOOTX64.EFI" },
	{ "the image is longer than its clusters", ESP + RIG_DATA + RIG_SECTOR + 28, 100000, 4,
	    SN_E_FORMAT, "cut short" },
	{ "the image of 4 GB", ESP + RIG_DATA + RIG_SECTOR + 28, 0xffffffff, 4, SN_E_FORMAT,
	    "cut short" },
	{ "the image's clusters go in a circle", ESP + RIG_FAT + 6, 0x004004, 3, SN_E_LIMIT,
	    "more than" },
	{ "a folder's clusters go in a circle", ESP + RIG_FAT + 3, 0x003003, 3, SN_E_LIMIT,
	    "more than" },
	{ "the first cluster of the image is none", ESP + RIG_DATA + RIG_SECTOR + 26, 0, 2,
	    SN_E_FORMAT, "cut short" },
};

static void
test_stick(void **state)
{
	const struct rig_change *c = *state;
	SN_CLEANUP(sn_buf_done) struct sn_buf stick = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf uki = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf got = { 0 };
	struct sn_why why = { 0 };
	enum sn_err e;

	rig_uki(&uki);
	rig_stick(&stick, sn_buf_bytes(&uki));
	rig_apply(&stick, c);
	e = disk_find_uki(sn_buf_bytes(&stick), &got, &why);
	rig_expect(c, e, &why);
	if (e == SN_OK)
		assert_true(bytes_equal(sn_buf_bytes(&got), sn_buf_bytes(&uki)));
}

/* The image alone, and the boot partition alone. */
static void
test_without_table(void **state)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf uki = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf esp = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf got = { 0 };
	struct sn_why why = { 0 };

	(void)state;
	rig_uki(&uki);
	rig_esp(&esp, sn_buf_bytes(&uki));
	assert_int_equal(disk_find_uki(sn_buf_bytes(&uki), &got, &why), SN_OK);
	assert_true(bytes_equal(sn_buf_bytes(&got), sn_buf_bytes(&uki)));
	got.n = 0;
	assert_int_equal(disk_find_uki(sn_buf_bytes(&esp), &got, &why), SN_OK);
	assert_true(bytes_equal(sn_buf_bytes(&got), sn_buf_bytes(&uki)));
}

/* A boot partition by its first bytes that has a partition table too. */
static void
test_two_faces(void **state)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf uki = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf stick = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf got = { 0 };
	struct sn_why why = { 0 };

	(void)state;
	rig_uki(&uki);
	rig_stick(&stick, sn_buf_bytes(&uki));
	memcpy(stick.p, stick.p + ESP, RIG_SECTOR);
	assert_int_equal(disk_find_uki(sn_buf_bytes(&stick), &got, &why), SN_OK);
	assert_true(bytes_equal(sn_buf_bytes(&got), sn_buf_bytes(&uki)));
}

int
main(void)
{
	struct test_list *l = test_list_new();

	for (size_t i = 0; i < SN_NITEMS(sticks); i++)
		test_list_add(l, test_stick, &sticks[i], "%s", sticks[i].name);
	test_list_add(l, test_without_table, NULL, "an image and a boot partition alone");
	test_list_add(l, test_two_faces, NULL, "a partition table goes before a boot sector");
	return test_list_run(l, "sticks");
}
