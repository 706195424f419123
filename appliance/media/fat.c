#include "appliance/media/fat.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BOOT_BYTES 512
#define ENTRY_BYTES 32
#define ROOT_MAX 65536 /* no more than this of the root directory is looked at */
#define CLUSTER_SHIFT_MAX 16

#define FAT_ATTR_VOLUME 0x08
#define FAT_ATTR_LONG_NAME 0x0f
#define FAT_ATTR_MASK 0x3f
#define EXFAT_ENTRY_LABEL 0x83

struct root_dir {
	uint64_t at; /* byte offset */
	size_t n;
};

static unsigned int
le16(const uint8_t *p)
{
	return (unsigned int)p[0] | (unsigned int)p[1] << 8;
}

static uint32_t
le32(const uint8_t *p)
{
	return le16(p) | (uint32_t)le16(p + 2) << 16;
}

static bool
power_of_two(uint32_t v, uint32_t min, uint32_t max)
{
	return v >= min && v <= max && (v & (v - 1)) == 0;
}

/* Printable ASCII up to the trailing blanks, or nothing at all. */
static void
label_set(const uint8_t *p, size_t n, char ret[FAT_LABEL_MAX + 1])
{
	while (n > 0 && p[n - 1] == ' ')
		n--;
	for (size_t i = 0; i < n; i++)
		if (p[i] < 0x20 || p[i] > 0x7e)
			return;
	memcpy(ret, p, n);
	ret[n] = '\0';
}

/* Where the root directory of a FAT12, FAT16 or FAT32 lies; false when the boot sector lies. */
static bool
fat_root(const uint8_t boot[BOOT_BYTES], struct root_dir *ret, size_t *ret_label)
{
	uint32_t sector = le16(boot + 11), cluster = boot[13], reserved = le16(boot + 14);
	uint32_t fats = boot[16], entries = le16(boot + 17), fat_size = le16(boot + 22);
	uint64_t start;

	if (boot[510] != 0x55 || boot[511] != 0xaa || (boot[0] != 0xeb && boot[0] != 0xe9))
		return false;
	if (!power_of_two(sector, 512, 4096) || !power_of_two(cluster, 1, 128) ||
	    reserved == 0 || fats == 0 || fats > 2)
		return false;
	if (fat_size != 0) {
		if (entries == 0)
			return false;
		start = reserved + (uint64_t)fats * fat_size;
		*ret = (struct root_dir){ start * sector, (size_t)entries * ENTRY_BYTES };
		*ret_label = boot[38] == 0x29 ? 43 : 0;
		return true;
	}
	fat_size = le32(boot + 36);
	if (entries != 0 || fat_size == 0 || le32(boot + 44) < 2)
		return false;
	start =
	    reserved + (uint64_t)fats * fat_size + (uint64_t)(le32(boot + 44) - 2) * cluster;
	*ret = (struct root_dir){ start * sector, (size_t)cluster * sector };
	*ret_label = boot[66] == 0x29 ? 71 : 0;
	return true;
}

static bool
exfat_root(const uint8_t boot[BOOT_BYTES], struct root_dir *ret)
{
	unsigned int sector_shift = boot[108], cluster_shift = boot[109];
	uint32_t heap = le32(boot + 88), root = le32(boot + 96);
	uint64_t sector;

	if (memcmp(boot + 3, "EXFAT   ", 8) != 0 || boot[510] != 0x55 || boot[511] != 0xaa)
		return false;
	if (sector_shift < 9 || sector_shift > 12 || cluster_shift > CLUSTER_SHIFT_MAX ||
	    root < 2)
		return false;
	sector = heap + ((uint64_t)(root - 2) << cluster_shift);
	*ret = (struct root_dir){ sector << sector_shift,
		(size_t)1 << (cluster_shift + sector_shift) };
	return true;
}

/* Read up to n bytes at an offset that an untrusted sector named. */
static size_t
read_at(int fd, uint64_t at, uint8_t *p, size_t n)
{
	size_t got = 0;

	if (at > (uint64_t)INT64_MAX - n)
		return 0;
	while (got < n) {
		ssize_t r = pread(fd, p + got, n - got, (off_t)(at + got));

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			break;
		got += (size_t)r;
	}
	return got;
}

static bool
fat_entry(const uint8_t *e, char ret[FAT_LABEL_MAX + 1])
{
	if (e[0] == 0xe5 || (e[11] & FAT_ATTR_MASK) == FAT_ATTR_LONG_NAME ||
	    !(e[11] & FAT_ATTR_VOLUME))
		return false;
	label_set(e, FAT_LABEL_MAX, ret);
	return true;
}

static bool
exfat_entry(const uint8_t *e, char ret[FAT_LABEL_MAX + 1])
{
	uint8_t text[FAT_LABEL_MAX];

	if (e[0] != EXFAT_ENTRY_LABEL || e[1] > FAT_LABEL_MAX)
		return false;
	for (size_t i = 0; i < e[1]; i++)
		text[i] = e[3 + 2 * i] == 0 ? e[2 + 2 * i] : 0;
	label_set(text, e[1], ret);
	return true;
}

static bool
root_label(int fd, const struct root_dir *root,
    bool (*entry)(const uint8_t *e, char ret[FAT_LABEL_MAX + 1]), char ret[FAT_LABEL_MAX + 1])
{
	uint8_t block[BOOT_BYTES];
	size_t end = root->n < ROOT_MAX ? root->n : ROOT_MAX;

	for (size_t at = 0; at + sizeof(block) <= end; at += sizeof(block)) {
		if (read_at(fd, root->at + at, block, sizeof(block)) != sizeof(block))
			return false;
		for (size_t i = 0; i < sizeof(block); i += ENTRY_BYTES) {
			if (block[i] == 0)
				return false;
			if (entry(block + i, ret))
				return true;
		}
	}
	return false;
}

enum sn_err
fat_identify(int fd, enum fat_kind *ret_kind, char ret_label[FAT_LABEL_MAX + 1],
    struct sn_why *why)
{
	uint8_t boot[BOOT_BYTES];
	char label[FAT_LABEL_MAX + 1] = "";
	enum fat_kind kind = FAT_NONE;
	struct root_dir root;
	size_t boot_label = 0;

	if (read_at(fd, 0, boot, sizeof(boot)) != sizeof(boot))
		return sn_fail(why, SN_E_IO, "the stick's first sector cannot be read");
	if (exfat_root(boot, &root)) {
		kind = FAT_EXFAT;
		(void)root_label(fd, &root, exfat_entry, label);
	} else if (fat_root(boot, &root, &boot_label)) {
		kind = FAT_VFAT;
		if (!root_label(fd, &root, fat_entry, label) && boot_label != 0 &&
		    memcmp(boot + boot_label, "NO NAME    ", FAT_LABEL_MAX) != 0)
			label_set(boot + boot_label, FAT_LABEL_MAX, label);
	}
	*ret_kind = kind;
	memcpy(ret_label, label, sizeof(label));
	return SN_OK;
}
