/* Which image was started: the event log against the TPM, sticks, releases. */
#include <limits.h>

#include "appliance/base/text.h"
#include "appliance/crypto/digest.h"
#include "appliance/init/image.h"
#include "tests/appliance/init/rig.h"
#include "tests/lib/measure.h"

#define PCR4 "/sys/class/tpm/tpm0/pcr-sha256/4"
#define LOG "/sys/kernel/security/tpm0/binary_bios_measurements"
#define SECURE_BOOT "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

static void
log_event(struct sn_buf *b, uint8_t pcr4[32], uint32_t type, uint8_t fill)
{
	uint8_t both[64];

	memcpy(both, pcr4, 32);
	memset(both + 32, fill, 32);
	assert_int_equal(cry_digest(CRY_SHA256, BYTES_OF(both), pcr4, NULL), SN_OK);
	rig_event(b, 4, type, fill);
}

static const struct log_row {
	const char *name;
	uint8_t started[3]; /* what the digest of each program is filled with */
	enum init_image_source want;
	const char *reason;
	uint8_t digest;
	bool secure_boot, forged, cut, no_log;
} logs[] = {
	{ "the image, then its kernel", { 0xaa, 0xbb }, INIT_IMAGE_MEASURED, "",
	    .digest = 0xaa },
	{ "a shell before the image", { 0x11, 0xaa, 0xbb }, INIT_IMAGE_MEASURED, "",
	    .digest = 0xaa },
	{ "Secure Boot: the image", { 0xaa }, INIT_IMAGE_MEASURED, "", .digest = 0xaa,
	    .secure_boot = true },
	{ "a log that the TPM contradicts", { 0xaa, 0xbb }, INIT_IMAGE_UNKNOWN, "PCR 4",
	    .forged = true },
	{ "a log that is cut", { 0xaa, 0xbb }, INIT_IMAGE_UNKNOWN, "event log", .cut = true },
	{ "no program was started", { 0 }, INIT_IMAGE_UNKNOWN, "no program", .digest = 0 },
	{ "a TPM without a log", { 0xaa, 0xbb }, INIT_IMAGE_UNKNOWN, "no such file",
	    .no_log = true },
};

static void
put_file(const char *root, const char *name, struct bytes v)
{
	char *path = test_format("%s%s", root, name);
	FILE *f;

	rig_parents(path);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(v.p, 1, v.n, f), v.n);
	assert_int_equal(fclose(f), 0);
	free(path);
}

static char *
new_root(void)
{
	static unsigned int count;
	char *root = test_format("%s/machine%u", test_tmpdir(), count++);

	assert_int_equal(mkdir(root, 0755), 0);
	return root;
}

static void
test_log(void **state)
{
	const struct log_row *row = *state;
	SN_CLEANUP(sn_buf_done) struct sn_buf log = { 0 };
	char *root = new_root(), hex[65];
	struct init_machine m = { .root = root };
	struct init_image got;
	uint8_t pcr4[32] = { 0 }, want[32];

	rig_log(&log);
	log_event(&log, pcr4, RIG_SEPARATOR, 0);
	for (size_t i = 0; i < SN_NITEMS(row->started) && row->started[i] != 0; i++)
		log_event(&log, pcr4, RIG_APPLICATION, row->started[i]);
	pcr4[0] ^= row->forged;
	sn_hex(BYTES_OF(pcr4), hex);
	put_file(root, PCR4, bytes_str(hex));
	if (!row->no_log)
		put_file(root, LOG, (struct bytes){ log.p, log.n - row->cut });
	if (row->secure_boot)
		put_file(root, SECURE_BOOT, (struct bytes){ (const uint8_t *)"\6\0\0\0\1", 5 });
	init_image_find(&m, &got);
	assert_int_equal(got.source, row->want);
	memset(want, row->digest, sizeof(want));
	assert_memory_equal(got.sha256, want, sizeof(want));
	if (strstr(got.reason, row->reason) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", row->reason, got.reason);
	free(root);
}

/* ---- sticks */

static const struct stick_row {
	const char *name, *target[2];
	const char *reason;
	bool image[2];
	enum init_image_source want;
} sticks[] = {
	{ "the boot stick", { "../devices/usb1/block/sda" }, "", { true }, INIT_IMAGE_STICK },
	{ "the boot stick and another", { "../devices/usb1/sda", "../devices/usb1/sdb" }, "",
	    { false, true }, INIT_IMAGE_STICK },
	{ "two sticks with an image", { "../devices/usb1/sda", "../devices/usb1/sdb" },
	    "more than one", { true, true }, INIT_IMAGE_UNKNOWN },
	{ "an image on a disk that is not on USB", { "../devices/pci/block/sda" },
	    "no stick with an image", { true }, INIT_IMAGE_UNKNOWN },
	{ "no stick at all", { NULL }, "no stick with an image", { false },
	    INIT_IMAGE_UNKNOWN },
};

static void
test_sticks(void **state)
{
	const struct stick_row *row = *state;
	SN_CLEANUP(sn_buf_done) struct sn_buf stick = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf program = { 0 };
	char *root = new_root();
	struct init_machine m = { .root = root };
	struct init_image got;

	rig_uki(&program);
	rig_stick(&stick, sn_buf_bytes(&program));
	rig_zeros(&stick, 4096); /* the stick is larger than the image */
	for (size_t i = 0; i < 2 && row->target[i] != NULL; i++) {
		char *name = test_format("/dev/sd%c", (int)('a' + i));
		char *link = test_format("/sys/block/sd%c", (int)('a' + i));

		put_file(root, name,
		    row->image[i] ? sn_buf_bytes(&stick) : BYTES_STR("nothing"));
		rig_thing(root, &(struct thing){ .path = link, .link = row->target[i] });
		free(name);
		free(link);
	}
	init_image_find(&m, &got);
	if (strstr(got.reason, row->reason) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", row->reason, got.reason);
	assert_int_equal(got.source, row->want);
	free(root);
}

/* ---- releases */

static const struct release_row {
	const char *name, *text, *version, *variant;
} releases[] = {
	{ "plain", "NAME=x\nVERSION_ID=1.2\nVARIANT_ID=unlocked\n", "1.2", "unlocked" },
	{ "in quotes", "VERSION_ID=\"1.2\"\nVARIANT_ID=\"\"", "1.2", "" },
	{ "no end of line", "VARIANT_ID=site", "", "site" },
	{ "another key that ends the same", "MY_VERSION_ID=1\n", "", "" },
	{ "a version that moves the cursor", "VERSION_ID=1\033[2J\nVARIANT_ID=a", "", "a" },
	{ "a version too long for the title", "VERSION_ID=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
	    "", "" },
	{ "empty", "", "", "" },
	{ "not there", NULL, "", "" },
};

static void
test_release(void **state)
{
	const struct release_row *row = *state;
	char *root = new_root();
	struct init_machine m = { .root = root };
	struct init_release got;

	if (row->text != NULL)
		put_file(root, "/etc/os-release", bytes_str(row->text));
	init_release_read(&m, &got);
	assert_string_equal(got.version, row->version);
	assert_string_equal(got.variant, row->variant);
	free(root);
}

int
main(void)
{
	struct test_list *l = test_list_new();

	for (size_t i = 0; i < SN_NITEMS(logs); i++)
		test_list_add(l, test_log, &logs[i], "%s", logs[i].name);
	for (size_t i = 0; i < SN_NITEMS(sticks); i++)
		test_list_add(l, test_sticks, &sticks[i], "%s", sticks[i].name);
	for (size_t i = 0; i < SN_NITEMS(releases); i++)
		test_list_add(l, test_release, &releases[i], "release: %s", releases[i].name);
	return test_list_run(l, "which image");
}
