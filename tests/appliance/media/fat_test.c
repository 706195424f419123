#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "appliance/base/base.h"
#include "appliance/media/fat.h"
#include "tests/lib/test.h"

#define IMAGE_MAX (300L << 20)

/* An image that mkfs.vfat makes: size in KiB, arguments, what must be found. */
struct made_row {
	const char *name;
	long kib;
	const char *bits, *label;
	enum fat_kind kind;
	const char *want;
};

static const struct made_row made_rows[] = {
	{ "FAT12", 1440, "12", "CS-IN", FAT_VFAT, "CS-IN" },
	{ "FAT16", 16384, "16", "CS-OUT-A", FAT_VFAT, "CS-OUT-A" },
	{ "FAT32", 65536, "32", "CS-JOURNAL", FAT_VFAT, "CS-JOURNAL" },
	{ "FAT32, small letters", 65536, "32", "CS-alice", FAT_VFAT, "CS-alice" },
	{ "FAT16, eleven characters", 16384, "16", "CORNERSTONE", FAT_VFAT, "CORNERSTONE" },
	{ "FAT16, no label", 16384, "16", NULL, FAT_VFAT, "" },
};

static char *
image_new(void)
{
	static unsigned int count;

	return test_format("%s/image%u", test_tmpdir(), count++);
}

static void
mkfs(const char *path, const struct made_row *row)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY);

		dup2(null, 1);
		dup2(null, 2);
		execlp("mkfs.vfat", "mkfs.vfat", "-F", row->bits, "-n",
		    row->label != NULL ? row->label : "", path, (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
identify(const char *path, enum fat_kind kind, const char *want)
{
	enum fat_kind found = FAT_EXFAT;
	char label[FAT_LABEL_MAX + 1] = "untouched";
	int fd = open(path, O_RDONLY);

	assert_true(fd >= 0);
	assert_int_equal(fat_identify(fd, &found, label, NULL), SN_OK);
	close(fd);
	assert_int_equal(found, kind);
	assert_string_equal(label, want);
}

static void
test_made(void **state)
{
	const struct made_row *row = *state;
	char *path = image_new();
	int fd = open(path, O_RDWR | O_CREAT, 0600);

	assert_true(row->kib * 1024 < IMAGE_MAX);
	assert_int_equal(ftruncate(fd, row->kib * 1024), 0);
	close(fd);
	mkfs(path, row);
	identify(path, row->kind, row->want);
	free(path);
}

/* Boot sectors by hand: what is patched into a good FAT16 of 16 MiB. */
struct patch_row {
	const char *name;
	long at;
	const char *bytes;
	size_t n;
	enum fat_kind kind;
	const char *want;
};

static const struct patch_row patch_rows[] = {
	{ "no boot signature", 510, "\0\0", 2, FAT_NONE, "" },
	{ "no jump", 0, "\x33\xc0", 2, FAT_NONE, "" },
	{ "sectors of 1 byte", 11, "\1\0", 2, FAT_NONE, "" },
	{ "sectors of 513 bytes", 11, "\1\2", 2, FAT_NONE, "" },
	{ "clusters of 0 sectors", 13, "\0", 1, FAT_NONE, "" },
	{ "clusters of 3 sectors", 13, "\3", 1, FAT_NONE, "" },
	{ "no reserved sectors", 14, "\0\0", 2, FAT_NONE, "" },
	{ "200 FATs", 16, "\xc8", 1, FAT_NONE, "" },
	{ "no root entries", 17, "\0\0", 2, FAT_NONE, "" },
	{ "root beyond the end: label of the boot sector", 22, "\xff\xff", 2, FAT_VFAT,
	    "CS-OUT-A" },
	{ "FAT32 with root entries", 22, "\0\0", 2, FAT_NONE, "" },
	{ "control character in the boot label", 43, "\033", 1, FAT_VFAT, "CS-OUT-A" },
};

static void
test_patched(void **state)
{
	static const struct made_row good = { "", 16384, "16", "CS-OUT-A", FAT_VFAT, "" };
	const struct patch_row *row = *state;
	char *path = image_new();
	int fd = open(path, O_RDWR | O_CREAT, 0600);

	assert_int_equal(ftruncate(fd, good.kib * 1024), 0);
	mkfs(path, &good);
	assert_int_equal(pwrite(fd, row->bytes, row->n, row->at), row->n);
	close(fd);
	identify(path, row->kind, row->want);
	free(path);
}

/* exFAT by hand: 512-byte sectors, 8 to a cluster, heap at sector 256, root in cluster 5. */
struct exfat_row {
	const char *name;
	unsigned char sector_shift, cluster_shift, root, type, length;
	const char *label;
	enum fat_kind kind;
	const char *want;
};

static const struct exfat_row exfat_rows[] = {
	{ "exFAT", 9, 3, 5, 0x83, 8, "CS-OUT-B", FAT_EXFAT, "CS-OUT-B" },
	{ "exFAT, label deleted", 9, 3, 5, 0x03, 8, "CS-OUT-B", FAT_EXFAT, "" },
	{ "exFAT, label of 200 characters", 9, 3, 5, 0x83, 200, "CS-OUT-B", FAT_EXFAT, "" },
	{ "exFAT, control character", 9, 3, 5, 0x83, 3, "C\nS", FAT_EXFAT, "" },
	{ "exFAT, sectors of 2^40 bytes", 40, 3, 5, 0x83, 8, "CS-OUT-B", FAT_NONE, "" },
	{ "exFAT, clusters of 2^90 bytes", 9, 90, 5, 0x83, 8, "CS-OUT-B", FAT_NONE, "" },
	{ "exFAT, root in cluster 1", 9, 3, 1, 0x83, 8, "CS-OUT-B", FAT_NONE, "" },
	{ "exFAT, root beyond the end", 12, 16, 200, 0x83, 8, "CS-OUT-B", FAT_EXFAT, "" },
};

static void
test_exfat(void **state)
{
	const struct exfat_row *row = *state;
	unsigned char boot[512] = { 0xeb, 0x76, 0x90, 'E', 'X', 'F', 'A', 'T', ' ', ' ', ' ' };
	unsigned char entry[64] = { 0x81 };
	char *path = image_new();
	int fd = open(path, O_RDWR | O_CREAT, 0600);

	boot[89] = 1; /* heap: 256 */
	boot[96] = row->root;
	boot[108] = row->sector_shift;
	boot[109] = row->cluster_shift;
	boot[510] = 0x55;
	boot[511] = 0xaa;
	entry[32] = row->type;
	entry[33] = row->length;
	for (size_t i = 0; row->label[i] != '\0'; i++)
		entry[34 + 2 * i] = (unsigned char)row->label[i];
	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	assert_int_equal(pwrite(fd, boot, sizeof(boot), 0), sizeof(boot));
	assert_int_equal(pwrite(fd, entry, sizeof(entry), (256 + 3 * 8) * 512), sizeof(entry));
	close(fd);
	identify(path, row->kind, row->want);
	free(path);
}

static void
test_short(void **state)
{
	char label[FAT_LABEL_MAX + 1] = "untouched";
	enum fat_kind kind = FAT_EXFAT;
	struct sn_why why = { 0 };
	char *path = image_new();
	int fd = open(path, O_RDWR | O_CREAT, 0600);

	(void)state;
	assert_int_equal(ftruncate(fd, 511), 0);
	assert_int_equal(fat_identify(fd, &kind, label, &why), SN_E_IO);
	assert_int_equal(kind, FAT_EXFAT);
	assert_string_equal(label, "untouched");
	close(fd);
	free(path);
}

int
main(void)
{
	struct test_list *l = test_list_new();

	for (size_t i = 0; i < SN_NITEMS(made_rows); i++)
		test_list_add(l, test_made, &made_rows[i], "label: %s", made_rows[i].name);
	for (size_t i = 0; i < SN_NITEMS(patch_rows); i++)
		test_list_add(l, test_patched, &patch_rows[i], "boot sector: %s",
		    patch_rows[i].name);
	for (size_t i = 0; i < SN_NITEMS(exfat_rows); i++)
		test_list_add(l, test_exfat, &exfat_rows[i], "label: %s", exfat_rows[i].name);
	test_list_add(l, test_short, NULL, "shorter than a sector");
	return test_list_run(l, "fat");
}
