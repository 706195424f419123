/*
 * Laptops of all kinds, down to the whole report: reports/NAME.txt. After a wanted change:
 * GOLDEN=write make check T=report, and read the diff.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "appliance/laptop/live.h"
#include "appliance/laptop/report.h"
#include "tests/lib/test.h"

#define GUID "-8be4df61-93ca-11d2-aa0d-00e098032b8c"
#define VARS "/sys/firmware/efi/efivars/"
#define DMI "/sys/class/dmi/id/"
#define TPM "/sys/class/tpm/tpm0/"
#define PCI "/sys/bus/pci/devices/"
#define USB "/sys/bus/usb/devices/"
#define ZERO "0000000000000000000000000000000000000000000000000000000000000000\n"
#define NOW 1780000000
#define LAPTOP_THINGS_MAX 64

#define KEYBOARD_PS2                                                                           \
	"I: Bus=0011 Vendor=0001 Product=0001 Version=ab41\n"                                  \
	"N: Name=\"AT Translated Set 2 keyboard\"\nP: Phys=isa0060/serio0/input0\n"            \
	"H: Handlers=kbd \nB: EV=120013\n\n"
#define KEYBOARD_USB                                                                           \
	"I: Bus=0003 Vendor=0627 Product=0001 Version=0111\n"                                  \
	"N: Name=\"Keyboard\"\nP: Phys=usb-0000:00:03.0-2/input0\nB: EV=120013\n\n"
#define KEYBOARD_I2C                                                                           \
	"I: Bus=0018 Vendor=04f3 Product=0001 Version=0100\n"                                  \
	"N: Name=\"ELAN keyboard\"\nP: Phys=i2c-ELAN0001:00\nB: EV=120013\n\n"
#define POWER_BUTTON                                                                           \
	"I: Bus=0019 Vendor=0000 Product=0001 Version=0000\n"                                  \
	"N: Name=\"Power Button\"\nP: Phys=PNP0C0C/button/input0\nB: EV=3\n\n"

/* A file with its text, or a link with its target. */
struct thing {
	const char *path, *text, *link;
};
#define F(path_, text_) { .path = path_, .text = text_ }
#define L(path_, target_) { .path = path_, .link = target_ }

struct laptop_row {
	const char *name;
	struct init_facts facts;
	struct laptop_live live;
	bool with_tpm;	  /* the TPM answers as answer() says */
	const char *cert; /* its endorsement certificate */
	enum tpm_condition condition;
	const char *problem; /* unless it is usable */
	struct thing thing[LAPTOP_THINGS_MAX];
};

#define FINE_TESTS                                                                             \
	.check = { { "sockets", "none of 64 families", INIT_OK },                              \
		{ "secure boot", "on", INIT_OK } },                                            \
	.nchecks = 2
#define FINE_LIVE                                                                              \
	.now = NOW, .build_date = NOW - 86400, .columns = 120, .rows = 33, .cell_width = 16,   \
	.cell_height = 32, .rtc_seconds = 3, .rtc_ns = 3000412345

static const struct laptop_row rows[] = {
	{
	    .name = "good",
	    .facts = { .console = "framebuffer",
		.release = { "1.0", "locked" },
		.image = { INIT_IMAGE_MEASURED, { 0xab, 0xcd }, "" },
		FINE_TESTS },
	    .live = { FINE_LIVE, .enter_interrupts = 2 },
	    .with_tpm = true,
	    .thing = {
		F(DMI "sys_vendor", "LENOVO\n"), F(DMI "product_name", "20XW\n"),
		F(DMI "product_version", "ThinkPad X1\n"), F(DMI "board_name", "20XW00\n"),
		F(DMI "bios_vendor", "LENOVO\n"), F(DMI "bios_version", "N32ET75W\n"),
		F(DMI "bios_date", "01/01/2026\n"),
		F("/sys/firmware/efi/fw_platform_size", "64\n"),
		F(VARS "SecureBoot" GUID, "\6aaa\1"), F(VARS "PK" GUID, "aaaaPK"),
		F("/proc/cpuinfo",
		    "processor\t: 0\nmodel name\t: A good processor\nmicrocode\t: 0xb4\n"
		    "flags\t\t: fpu rdrand tme rdseed\n\nprocessor\t: 1\n"),
		F("/proc/meminfo", "MemTotal:       16384000 kB\nMemAvailable:   16284000 kB\n"),
		L("/sys/class/iommu/dmar0", "../../devices/virtual/iommu/dmar0"),
		F("/sys/class/rtc/rtc0/name", "rtc_cmos rtc_cmos\n"),
		F("/sys/class/power_supply/AC/type", "Mains\n"),
		F("/sys/class/power_supply/AC/online", "1\n"),
		F("/sys/class/power_supply/BAT0/type", "Battery\n"),
		F("/sys/class/power_supply/BAT0/status", "Full\n"),
		F("/sys/class/power_supply/BAT0/capacity", "98\n"),
		F(TPM "tpm_version_major", "2\n"),
		L(TPM "device/driver", "../../../bus/acpi/drivers/tpm_crb"),
		F(TPM "pcr-sha256/0", ZERO), F(TPM "pcr-sha256/4", ZERO),
		F("/proc/bus/input/devices", POWER_BUTTON KEYBOARD_PS2),
		F(PCI "0000:00:14.0/class", "0x0c0330\n"),
		F(PCI "0000:00:14.0/vendor", "0x8086\n"),
		F(PCI "0000:00:14.0/device", "0x9a13\n"),
		L(PCI "0000:00:14.0/driver", "../../../bus/pci/drivers/xhci_hcd"),
		L("/sys/block/sda", "../devices/pci0000:00/0000:00:14.0/usb1/1-1/block/sda"),
	    },
	},
	{
	    .name = "poor",
	    .facts = { .console = "serial",
		.image = { INIT_IMAGE_STICK, { 0xab, 0xcd }, "" },
		.check = { { "tpm", "no TPM: rehearsals only", INIT_NOTE },
		    { "iommu", "none", INIT_NOTE } },
		.nchecks = 2 },
	    .live = { FINE_LIVE },
	    .thing = {
		F("/sys/firmware/efi/fw_platform_size", "64\n"),
		F("/proc/cpuinfo", "processor : 0\nflags : xrdrand hypervisor rdrandom\n"),
		F("/sys/class/rtc/rtc0/name", "rtc_cmos\n"),
		F("/proc/bus/input/devices", KEYBOARD_PS2 KEYBOARD_USB),
		F(PCI "0000:00:04.0/class", "0x010802\n"),
		F(PCI "0000:00:04.0/vendor", "0x1b36\n"),
		F(PCI "0000:00:04.0/device", "0x0010\n"),
		F(PCI "0000:00:05.0/class", "0x028000\n"),
		F(PCI "0000:00:05.0/vendor", "0x8086\n"),
		F(PCI "0000:00:05.0/device", "0x2725\n"),
		F(PCI "0000:00:06.0/class", "0x0c0340\n"),
		F(PCI "0000:00:07.0/class", "0x060000\n"),
	    },
	},
	{
	    .name = "broken",
	    .facts = { .console = "framebuffer",
		.image = { .reason = "the firmware keeps no log of what it measured" },
		.check = { { "sockets", "AF_INET works", INIT_FAILED },
		    { "disks", "a disk that is not on USB: nvme0n1", INIT_FAILED } },
		.nchecks = 2 },
	    .live = { .now = NOW, .build_date = NOW + 86400, .columns = 64, .rows = 20,
		.enter_interrupts = -1, .tpm_asked = true, .tpm_err = SN_E_TPM,
		.tpm_why = { SN_E_TPM, "TPM2_Startup: 0x101" } },
	    .thing = {
		F("/sys/class/rtc/rtc0/name", "rtc_cmos\n"),
		F(TPM "tpm_version_major", "2\n"),
		L(TPM "device/driver", "../../../bus/spi/drivers/tpm_tis_spi"),
		F("/proc/bus/input/devices", KEYBOARD_USB KEYBOARD_I2C),
		L("/sys/block/nvme0n1", "../devices/pci0000:00/nvme/nvme0/nvme0n1"),
	    },
	},
	{
	    .name = "owned",
	    .facts = { .console = "framebuffer",
		.image = { INIT_IMAGE_MEASURED, { 0xab, 0xcd }, "" },
		FINE_TESTS },
	    .live = { FINE_LIVE },
	    .with_tpm = true,
	    .condition = TPM_OWNED,
	    .problem = "TPM2_CreatePrimary: the endorsement hierarchy has a password: clear the "
		       "TPM in the firmware's menu (0x9a2)",
	    .thing = {
		F(TPM "tpm_version_major", "2\n"),
		L(TPM "device/driver", "../../../bus/acpi/drivers/tpm_crb"),
		F("/sys/class/rtc/rtc0/name", "rtc_cmos\n"),
		F("/proc/bus/input/devices", KEYBOARD_PS2),
	    },
	},
	{
	    .name = "hostile",
	    .facts = { .console = "framebuffer",
		.release = { "\033[2J", "un\blocked" },
		.image = { .reason = "event log: \033]0;owned" },
		FINE_TESTS },
	    .live = { FINE_LIVE },
	    .with_tpm = true,
	    .cert = "\060\202\001\033[2J",
	    .thing = {
		F(DMI "sys_vendor", "Evil\033[2J\033[H\n"),
		F(DMI "product_name",
		    "a name that is so long that it goes over the line and on the next one "
		    "tries to say  Verdict      FIT FOR PRODUCTION for itself\n"),
		F(DMI "bios_vendor",
		    "nospacesnospacesnospacesnospacesnospacesnospacesnospacesnospacesnospaces\n"),
		F(DMI "bios_version", "\xe2\x80\xae\xff\xfe%n%s%s\r\b\t\n"),
		F("/sys/firmware/efi/fw_platform_size", "64\n"),
		F(VARS "SecureBoot" GUID, "\6aaa\7"), F(VARS "PK" GUID, "aaa"),
		F("/proc/cpuinfo", "processor"), F("/proc/meminfo", "MemTotal: -1 kB"),
		F("/sys/class/rtc/rtc0/name", "\033c\n"),
		F("/sys/class/power_supply/BAT\033[m/type", "Battery\033[m\n"),
		F(TPM "tpm_version_major", "2\n"),
		L(TPM "device/driver", "../../../bus/acpi/drivers/\033[mtpm"),
		F(TPM "pcr-sha256/4", "no number\n"),
		F("/proc/bus/input/devices",
		    "N: Name=\nI: Bus=\nP: Phys=\nB: EV=zzzz\nN: Name=\"\033]0;owned\a\"\n\n\n"),
		F(USB "1-1/product", "Keyboard\n  Verdict      FIT\n"),
		F(USB "1-1/descriptors", "\x12\x01\x10\x02 lies"), F(USB "1-1/authorized", "0\n"),
		F(PCI "0000:00:04.0/class", "0x02\033[m\n"),
		F(PCI "0000:00:04.0/vendor", "x"), F(PCI "0000:00:04.0/device", ""),
	    },
	},
};

/* What the TPM says; the names carry what a hostile one may still send. */
static void
answer(struct tpm_info *i)
{
	i->backend = TPM_DEVICE;
	snprintf(i->manufacturer, sizeof(i->manufacturer), "IFX");
	snprintf(i->vendor, sizeof(i->vendor), "SLB9672");
	snprintf(i->ek_template, sizeof(i->ek_template), "ecc-p256");
	i->firmware = 0x0010000500060000;
	i->revision = 159;
}

static void
put_parents(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash != NULL;
	    slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(path, 0755);
		*slash = '/';
	}
}

static void
put_thing(const char *root, const struct thing *t)
{
	char *path = test_format("%s%s", root, t->path);
	FILE *f;

	put_parents(path);
	if (t->link != NULL) {
		assert_int_equal(symlink(t->link, path), 0);
	} else {
		f = fopen(path, "w");
		assert_non_null(f);
		fputs(t->text, f);
		assert_int_equal(fclose(f), 0);
	}
	free(path);
}

static void
test_report(void **state)
{
	const struct laptop_row *row = *state;
	char *root = test_format("%s/%s", test_tmpdir(), row->name);
	struct init_machine m = { .root = root };
	struct laptop_live live = row->live;
	struct laptop l = { .m = &m, .facts = &row->facts, .live = &live };
	SN_CLEANUP(sn_buf_done) struct sn_buf report = { 0 };
	const char *golden = getenv("GOLDEN");
	char *path = test_format("tests/appliance/laptop/reports/%s.txt", row->name);
	struct test_bytes want;
	FILE *f;

	assert_int_equal(mkdir(root, 0755), 0);
	for (size_t i = 0; i < LAPTOP_THINGS_MAX && row->thing[i].path != NULL; i++)
		put_thing(root, &row->thing[i]);
	if (row->with_tpm) {
		live.tpm_asked = true;
		answer(&live.tpm);
		live.tpm.condition = row->condition;
		if (row->problem != NULL)
			sn_buf_str(&live.tpm.problem, row->problem);
		if (row->cert != NULL)
			sn_buf_str(&live.tpm.ek_cert, row->cert);
	}
	laptop_examine(&l);
	assert_int_equal(laptop_report(&l, &report, NULL), SN_OK);
	if (golden != NULL && strcmp(golden, "write") == 0) {
		f = fopen(path, "w");
		assert_non_null(f);
		fputs(sn_buf_cstr(&report), f);
		assert_int_equal(fclose(f), 0);
	}
	want = test_read(path);
	assert_string_equal(sn_buf_cstr(&report), (const char *)want.data);
	test_bytes_done(&want);
	free(path);
	tpm_info_done(&live.tpm);
	laptop_done(&l);
	free(root);
}

/* No byte that moves a cursor, no line that is too long, whatever the machine says. */
static void
test_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < SN_NITEMS(rows); i++) {
		char *path = test_format("tests/appliance/laptop/reports/%s.txt", rows[i].name);
		struct test_bytes b = test_read(path);
		size_t column = 0;

		for (size_t k = 0; k < b.len; k++) {
			assert_true(b.data[k] == '\n' ||
			    (b.data[k] >= ' ' && b.data[k] <= '~'));
			column = b.data[k] == '\n' ? 0 : column + 1;
			assert_true(column <= SHEET_COLUMNS);
		}
		test_bytes_done(&b);
		free(path);
	}
}

static void
test_interrupts(void **state)
{
	static const struct {
		const char *text;
		int64_t want;
	} counts[] = {
		{ "", -1 },
		{ "           CPU0       CPU1\n   4:     10     2  IO-APIC   4-edge  ttyS0\n",
		    -1 },
		{ "   1:     10      5   IO-APIC   1-edge      i8042\n"
		  "  12:      3      0   IO-APIC  12-edge      i8042\n",
		    18 },
		{ "i8042", 0 },
		{ "   1: 7 i8042\nNMI: 4 Non-maskable interrupts i8042x\n", 7 },
	};
	(void)state;
	for (size_t i = 0; i < SN_NITEMS(counts); i++) {
		char *root = test_format("%s/interrupts%zu", test_tmpdir(), i);
		struct init_machine m = { .root = root };

		assert_int_equal(mkdir(root, 0755), 0);
		put_thing(root, &(struct thing)F("/proc/interrupts", counts[i].text));
		assert_int_equal(laptop_live_interrupts(&m), counts[i].want);
		free(root);
	}
}

int
main(void)
{
	struct test_list *list = test_list_new();

	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		test_list_add(list, test_report, &rows[i], "report: %s", rows[i].name);
	test_list_add(list, test_form, NULL, "every report is plain text of 79 columns");
	test_list_add(list, test_interrupts, NULL, "interrupts of the PS/2 controller");
	return test_list_run(list, "laptop report");
}
