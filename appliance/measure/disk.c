#include "appliance/measure/disk.h"

#include <string.h>

#define SECTOR 512
#define GPT_ENTRIES_MAX 256
#define DIRECTORY_MAX 4096 /* entries looked at in one folder */
#define ENTRY_LEN 32
#define DISC_SECTOR 2048
#define DISC_BOOT_RECORD 17
#define DISC_CATALOGUE_AT 71
#define DISC_BOOTABLE 0x88
#define ATTR_LONG_NAME 0x0f
#define ATTR_VOLUME 0x08
#define ATTR_FOLDER 0x10

/* C12A7328-F81F-11D2-BA4B-00A0C93EC93B as it lies on the disk */
static const uint8_t esp_type[16] = { 0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11, 0xba,
	0x4b, 0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b };

/* Names of eight and three, as folders hold them. */
static const char *const uki_path[] = { "EFI        ", "BOOT       ", "BOOTX64 EFI" };

struct fat {
	struct bytes fs;
	uint32_t cluster_len, clusters, fat_at, root_at, root_len, root_cluster, data_at;
	unsigned int bits; /* 12, 16, 32 */
};

/* ---- partition table */

static bool
has_table(struct bytes disk)
{
	return disk.n >= 2 * SECTOR && memcmp(disk.p + SECTOR, "EFI PART", 8) == 0;
}

static enum sn_err
gpt_entry(struct bytes disk, struct bytes row, struct bytes *ret, bool *ret_esp,
    struct sn_why *why)
{
	struct bytes type;
	uint64_t first, last;

	SN_TRY(bytes_take(&row, 16, &type, "partition table", why));
	*ret_esp = memcmp(type.p, esp_type, 16) == 0;
	if (!*ret_esp)
		return SN_OK;
	SN_TRY(bytes_take(&row, 16, &type, "partition table", why));
	SN_TRY(bytes_le64(&row, &first, "partition table", why));
	SN_TRY(bytes_le64(&row, &last, "partition table", why));
	if (first > last || last >= disk.n / SECTOR)
		return sn_fail(why, SN_E_FORMAT,
		    "partition table: the boot partition lies outside the file");
	return bytes_slice(disk, first * SECTOR, (last - first + 1) * SECTOR, ret,
	    "boot partition", why);
}

enum sn_err
disk_find_esp(struct bytes disk, struct bytes *ret, struct sn_why *why)
{
	struct bytes header, row;
	uint64_t at;
	uint32_t n, len;
	bool esp = false;

	SN_TRY(bytes_slice(disk, SECTOR, 92, &header, "partition table", why));
	if (memcmp(header.p, "EFI PART", 8) != 0)
		return sn_fail(why, SN_E_FORMAT,
		    "neither an ISO or stick with a GPT, nor a boot partition, nor an image");
	header = (struct bytes){ header.p + 72, 20 };
	SN_TRY(bytes_le64(&header, &at, "partition table", why));
	SN_TRY(bytes_le32(&header, &n, "partition table", why));
	SN_TRY(bytes_le32(&header, &len, "partition table", why));
	if (n > GPT_ENTRIES_MAX || len < 128 || len > 4096 || at > disk.n / SECTOR)
		return sn_fail(why, SN_E_FORMAT, "partition table: %u entries of %u bytes", n,
		    len);
	for (uint32_t i = 0; i < n; i++) {
		SN_TRY(bytes_slice(disk, at * SECTOR + (uint64_t)i * len, len, &row,
		    "partition table", why));
		SN_TRY(gpt_entry(disk, row, ret, &esp, why));
		if (esp)
			return SN_OK;
	}
	return sn_fail(why, SN_E_MISSING, "partition table: no EFI system partition");
}

/* ---- the same bytes as a disc */

/* Every boot entry of an ISO's catalogue [El Torito 1.0] must be the boot partition. */
static enum sn_err
check_disc(struct bytes disk, struct bytes esp, struct sn_why *why)
{
	static const char mark[] = "\0CD001\1EL TORITO SPECIFICATION";
	struct bytes b, row;
	uint32_t at, first;

	if (bytes_slice(disk, DISC_BOOT_RECORD * DISC_SECTOR, DISC_SECTOR, &b, "disc", NULL) !=
		SN_OK ||
	    memcmp(b.p, mark, sizeof(mark) - 1) != 0)
		return SN_OK;
	b = (struct bytes){ b.p + DISC_CATALOGUE_AT, 4 };
	SN_TRY(bytes_le32(&b, &at, "disc", why));
	SN_TRY(bytes_slice(disk, (uint64_t)at * DISC_SECTOR, DISC_SECTOR, &b,
	    "disc: boot catalogue", why));
	while (b.n > 0) {
		SN_TRY(bytes_take(&b, ENTRY_LEN, &row, "disc: boot catalogue", why));
		if (row.p[0] != DISC_BOOTABLE)
			continue;
		row = (struct bytes){ row.p + 8, 4 };
		SN_TRY(bytes_le32(&row, &first, "disc: boot catalogue", why));
		if ((uint64_t)first * DISC_SECTOR != (uint64_t)(esp.p - disk.p))
			return sn_fail(why, SN_E_FORMAT,
			    "as a disc it boots something else than as a stick");
	}
	return SN_OK;
}

/* ---- FAT */

static uint32_t
le(const uint8_t *p, size_t n)
{
	uint32_t v = 0;

	while (n-- > 0)
		v = v << 8 | p[n];
	return v;
}

static enum sn_err
fat_parse(struct bytes fs, struct fat *ret, struct sn_why *why)
{
	struct bytes b;
	uint32_t reserved, fats, fat_len, total;
	uint64_t data_at;

	SN_TRY(bytes_slice(fs, 0, SECTOR, &b, "boot partition", why));
	if (b.p[510] != 0x55 || b.p[511] != 0xaa || le(b.p + 11, 2) != SECTOR || b.p[13] == 0 ||
	    (b.p[13] & (b.p[13] - 1)) != 0)
		return sn_fail(why, SN_E_FORMAT, "boot partition: not a FAT file system");
	*ret = (struct fat){ .fs = fs, .cluster_len = b.p[13] * (uint32_t)SECTOR };
	reserved = le(b.p + 14, 2);
	fats = b.p[16];
	ret->root_len = le(b.p + 17, 2) * ENTRY_LEN;
	total = le(b.p + 19, 2) != 0 ? le(b.p + 19, 2) : le(b.p + 32, 4);
	fat_len = le(b.p + 22, 2) != 0 ? le(b.p + 22, 2) : le(b.p + 36, 4);
	ret->root_cluster = le(b.p + 44, 4);
	data_at = ((uint64_t)reserved + (uint64_t)fats * fat_len) * SECTOR + ret->root_len;
	if (reserved == 0 || fats == 0 || fats > 2 || fat_len == 0 || data_at >= fs.n ||
	    total > fs.n / SECTOR || data_at / SECTOR >= total)
		return sn_fail(why, SN_E_FORMAT, "boot partition: its FAT makes no sense");
	ret->fat_at = reserved * SECTOR;
	ret->data_at = (uint32_t)data_at;
	ret->root_at = ret->data_at - ret->root_len;
	ret->clusters = (uint32_t)(((uint64_t)total * SECTOR - data_at) / ret->cluster_len);
	ret->bits = ret->clusters < 4085 ? 12 : ret->clusters < 65525 ? 16 : 32;
	return SN_OK;
}

/* The cluster behind this one; one that is none ends the chain. */
static enum sn_err
fat_next(const struct fat *f, uint32_t cluster, uint32_t *ret, struct sn_why *why)
{
	uint64_t at = f->fat_at + (uint64_t)cluster * f->bits / 8;
	struct bytes b;

	SN_TRY(bytes_slice(f->fs, at, f->bits == 32 ? 4 : 2, &b, "boot partition: FAT", why));
	*ret = le(b.p, b.n);
	if (f->bits == 12)
		*ret = (cluster & 1) != 0 ? *ret >> 4 : *ret & 0xfff;
	else if (f->bits == 32)
		*ret &= 0x0fffffff;
	return SN_OK;
}

/* Append a chain of clusters, at most max bytes; a loop ends at the limit. */
static enum sn_err
fat_chain(const struct fat *f, uint32_t cluster, size_t max, struct sn_buf *ret,
    struct sn_why *why)
{
	while (cluster >= 2 && cluster < f->clusters + 2) {
		struct bytes b;

		SN_TRY(bytes_slice(f->fs, f->data_at + (uint64_t)(cluster - 2) * f->cluster_len,
		    f->cluster_len, &b, "boot partition: cluster", why));
		if (ret->n + b.n > max)
			return sn_fail(why, SN_E_LIMIT,
			    "boot partition: a file or folder of more than %zu bytes", max);
		sn_buf_put(ret, b);
		SN_TRY(sn_buf_check(ret, why));
		SN_TRY(fat_next(f, cluster, &cluster, why));
	}
	return SN_OK;
}

/* Look a name up in a folder's entries. */
static enum sn_err
fat_lookup(struct bytes folder, const char *name, bool wants_folder, uint32_t *ret_cluster,
    uint32_t *ret_size, struct sn_why *why)
{
	for (size_t i = 0; i + ENTRY_LEN <= folder.n && i / ENTRY_LEN < DIRECTORY_MAX;
	    i += ENTRY_LEN) {
		const uint8_t *e = folder.p + i;

		if (e[0] == 0)
			break;
		if (e[0] == 0xe5 || (e[11] & ATTR_LONG_NAME) == ATTR_LONG_NAME ||
		    (e[11] & ATTR_VOLUME) != 0 || memcmp(e, name, 11) != 0)
			continue;
		if (((e[11] & ATTR_FOLDER) != 0) != wants_folder)
			continue;
		*ret_cluster = le(e + 20, 2) << 16 | le(e + 26, 2);
		*ret_size = le(e + 28, 4);
		return SN_OK;
	}
	return sn_fail(why, SN_E_MISSING, "boot partition: no \\EFI\\BOOT\\BOOTX64.EFI");
}

static enum sn_err
fat_root(const struct fat *f, struct sn_buf *ret, struct sn_why *why)
{
	struct bytes b;

	if (f->bits == 32)
		return fat_chain(f, f->root_cluster, DIRECTORY_MAX * ENTRY_LEN, ret, why);
	SN_TRY(bytes_slice(f->fs, f->root_at, f->root_len, &b, "boot partition", why));
	sn_buf_put(ret, b);
	return sn_buf_check(ret, why);
}

static enum sn_err
fat_read_uki(struct bytes fs, struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf folder = { 0 };
	struct fat f;
	uint32_t cluster = 0, size = 0;

	SN_TRY(fat_parse(fs, &f, why));
	SN_TRY(fat_root(&f, &folder, why));
	for (size_t i = 0; i < SN_NITEMS(uki_path); i++) {
		bool last = i + 1 == SN_NITEMS(uki_path);
		size_t max = last ? DISK_UKI_MAX : DIRECTORY_MAX * ENTRY_LEN;

		SN_TRY(fat_lookup(sn_buf_bytes(&folder), uki_path[i], !last, &cluster, &size,
		    why));
		folder.n = 0;
		SN_TRY(fat_chain(&f, cluster, max, &folder, why));
	}
	if (size > folder.n)
		return sn_fail(why, SN_E_FORMAT, "BOOTX64.EFI: it is cut short");
	sn_buf_put(ret, (struct bytes){ folder.p, size });
	return sn_buf_check(ret, why);
}

enum sn_err
disk_find_uki(struct bytes disk, struct sn_buf *ret, struct sn_why *why)
{
	struct bytes esp = disk;

	if (disk.n >= 2 && memcmp(disk.p, "MZ", 2) == 0) {
		sn_buf_put(ret, disk);
		return sn_buf_check(ret, why);
	}
	/* a partition table is what firmware goes by, whatever stands before it */
	if (disk.n < SECTOR || disk.p[0] != 0xeb || disk.p[2] != 0x90 || has_table(disk)) {
		SN_TRY(disk_find_esp(disk, &esp, why));
		SN_TRY(check_disc(disk, esp, why));
	}
	return fat_read_uki(esp, ret, why);
}
