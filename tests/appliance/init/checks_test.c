#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "appliance/init/checks.h"
#include "tests/lib/test.h"

/* What a made-up machine has: files with their text, or links with their targets. */
struct thing {
	const char *path, *text, *link;
};
#define THINGS_MAX 8

struct machine_row {
	const char *name, *rule;
	bool want;
	const char *detail; /* must be part of what is said */
	struct thing thing[THINGS_MAX];
};

#define CMDLINE                                                                                \
	"console=tty0 init_on_alloc=1 init_on_free=1 lockdown=confidentiality iommu.strict=1"
#define NIC "/sys/bus/pci/devices/0000:00:03.0"
#define SECURE_BOOT "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

static const struct machine_row rows[] = {
	{ "sockets on a workstation are found", "sockets", false, "can be opened", { { 0 } } },
	{ "no class net", "network interfaces", true, "no network interfaces", { { 0 } } },
	{ "class net, though empty", "network interfaces", false, "/sys/class/net",
	    { { "/sys/class/net/.keep", "", NULL } } },
	{ "no controller", "network controllers", true, "no network controller",
	    { { NIC "/class", "0x010601\n", NULL } } },
	{ "controller without driver", "network controllers", true, "0x8086:0x10d3 no driver",
	    { { NIC "/class", "0x020000\n", NULL }, { NIC "/vendor", "0x8086\n", NULL },
		{ NIC "/device", "0x10d3\n", NULL } } },
	{ "controller with a driver", "network controllers", false, "HAS A DRIVER",
	    { { NIC "/class", "0x020000\n", NULL }, { NIC "/driver", NULL, "." } } },
	{ "wireless controller with a driver", "network controllers", false, "HAS A DRIVER",
	    { { NIC "/class", "0x0d1100\n", NULL }, { NIC "/driver", NULL, "." } } },
	{ "one of two with a driver", "network controllers", false, "no driver, ",
	    { { "/sys/bus/pci/devices/0000:00:02.0/class", "0x028000\n", NULL },
		{ NIC "/class", "0x020000\n", NULL }, { NIC "/driver", NULL, "." } } },
	{ "keyboards and sticks", "usb drivers", true, "only",
	    { { "/sys/bus/usb/drivers/usbhid/x", "", NULL },
		{ "/sys/bus/usb/drivers/usb-storage/x", "", NULL } } },
	{ "USB network driver", "usb drivers", false, "cdc_ether",
	    { { "/sys/bus/usb/drivers/cdc_ether/x", "", NULL } } },
	{ "no modules", "modules", true, "cannot", { { 0 } } },
	{ "modules", "modules", false, "can load", { { "/proc/modules", "", NULL } } },
	{ "lockdown", "lockdown", true, "[confidentiality]",
	    { { "/sys/kernel/security/lockdown", "none integrity [confidentiality]\n",
		NULL } } },
	{ "lockdown too weak", "lockdown", false, "[integrity]",
	    { { "/sys/kernel/security/lockdown", "none [integrity] confidentiality\n",
		NULL } } },
	{ "no lockdown", "lockdown", false, "no lockdown", { { 0 } } },
	{ "no windows", "memory windows", true, "no window", { { 0 } } },
	{ "kcore", "memory windows", false, "/proc/kcore", { { "/proc/kcore", "", NULL } } },
	{ "swap", "memory windows", false, "/proc/swaps", { { "/proc/swaps", "", NULL } } },
	{ "mem", "memory windows", false, "/dev/mem", { { "/dev/mem", "", NULL } } },
	{ "command line", "memory wiping", true, "wiped",
	    { { "/proc/cmdline", CMDLINE "\n", NULL } } },
	{ "command line switched off", "memory wiping", false, "init_on_free=1",
	    { { "/proc/cmdline", "init_on_alloc=1 init_on_free=0 lockdown=confidentiality\n",
		NULL } } },
	{ "command line with a longer word", "memory wiping", false, "init_on_free=1",
	    { { "/proc/cmdline", "init_on_alloc=1 xinit_on_free=1\n", NULL } } },
	{ "no command line", "memory wiping", false, "without", { { 0 } } },
	{ "sticks", "disks", true, "1, all on USB",
	    { { "/sys/block/sda", NULL,
		"../devices/pci0000:00/0000:00:02.0/usb1/1-1/block/sda" } } },
	{ "an internal disk", "disks", false, "nvme0n1",
	    { { "/sys/block/sda", NULL,
		  "../devices/pci0000:00/0000:00:02.0/usb1/1-1/block/sda" },
		{ "/sys/block/nvme0n1", NULL, "../devices/pci0000:00/nvme/nvme0/nvme0n1" } } },
	{ "a TPM", "tpm", true, "TPM 2",
	    { { "/sys/class/tpm/tpm0/tpm_version_major", "2\n", NULL },
		{ "/dev/tpmrm0", "", NULL } } },
	{ "no TPM is a fact, not a failure", "tpm", true, "no TPM", { { 0 } } },
	{ "Secure Boot on", "secure boot", true, "on", { { SECURE_BOOT, "\6aaa\1", NULL } } },
	{ "Secure Boot unknown", "secure boot", true, "unknown",
	    { { SECURE_BOOT, "\6aa", NULL } } },
	{ "a machine with a control character", "machine", true, "Evil?[2J Laptop",
	    { { "/sys/class/dmi/id/sys_vendor", "Evil\033[2J\n", NULL },
		{ "/sys/class/dmi/id/product_name", "Laptop\n", NULL } } },
};

static void
make_parents(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash != NULL;
	    slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(path, 0755);
		*slash = '/';
	}
}

static void
make_thing(const char *root, const struct thing *t)
{
	char *path = test_format("%s%s", root, t->path);
	FILE *f;

	make_parents(path);
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

static const struct init_rule *
rule_of(const char *name)
{
	for (size_t i = 0; i < init_nrules; i++)
		if (strcmp(init_rules[i].name, name) == 0)
			return &init_rules[i];
	fail_msg("there is no rule \"%s\"", name);
	return NULL;
}

static void
judge(void **state)
{
	const struct machine_row *row = *state;
	static unsigned int count;
	char *root = test_format("%s/machine%u", test_tmpdir(), count++);
	char detail[120] = "";

	assert_int_equal(mkdir(root, 0755), 0);
	for (size_t i = 0; i < THINGS_MAX && row->thing[i].path != NULL; i++)
		make_thing(root, &row->thing[i]);
	assert_int_equal(rule_of(row->rule)->run(root, detail), row->want);
	if (strstr(detail, row->detail) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", row->detail, detail);
	free(root);
}

static void
one_failure_fails_all(void **state)
{
	struct init_facts facts = { 0 };
	size_t failed = 0;

	(void)state;
	assert_false(init_check_all("/does/not/exist", &facts));
	assert_int_equal(facts.nchecks, init_nrules);
	for (size_t i = 0; i < facts.nchecks; i++) {
		assert_string_equal(facts.check[i].name, init_rules[i].name);
		assert_true(facts.check[i].detail[0] != '\0');
		failed += !facts.check[i].ok;
	}
	assert_true(failed >= 3);
}

int
main(void)
{
	struct test_list *l = test_list_new();

	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		test_list_add(l, judge, &rows[i], "%s", rows[i].name);
	test_list_add(l, one_failure_fails_all, NULL, "one failure fails all");
	return test_list_run(l, "init");
}
