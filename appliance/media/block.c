#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "appliance/base/text.h"
#include "appliance/media/port.h"

#define OWN_LABEL "CORNERSTONE" /* what the image itself was booted from */
#define STICK_PREFIX "CS-"
#define PARTITIONS_MAX 16
#define DISKS_MAX 26

#define MOUNT_FLAGS (MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME)

static const struct {
	const char *type, *options;
} mounts[] = {
	[FAT_VFAT] = { "vfat", "utf8=1,umask=0077,shortname=mixed,errors=remount-ro" },
	[FAT_EXFAT] = { "exfat", "iocharset=utf8,umask=0077,errors=remount-ro" },
};

/* One number from a file of the kernel; false when it is not there. */
static bool
kernel_number(const char *disk, const char *name, uint64_t *ret)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf text = { 0 };
	char path[96];
	uint64_t v = 0;

	snprintf(path, sizeof(path), "/sys/block/%s/%s", disk, name);
	if (sn_file_read(AT_FDCWD, path, 4096, &text, NULL) != SN_OK || text.n < 2)
		return false;
	for (size_t i = 0; i < text.n && text.p[i] != '\n'; i++) {
		if (text.p[i] < '0' || text.p[i] > '9' || v > UINT64_MAX / 10 - 1)
			return false;
		v = v * 10 + (uint64_t)(text.p[i] - '0');
	}
	*ret = v;
	return true;
}

/* Is it on USB? Its place in the machine says so; sticks need not call themselves removable. */
static bool
disk_is_usb(const char *disk)
{
	char path[96], target[PATH_MAX];
	ssize_t n;

	snprintf(path, sizeof(path), "/sys/block/%s", disk);
	n = readlink(path, target, sizeof(target) - 1);
	if (n <= 0)
		return false;
	target[n] = '\0';
	return strstr(target, "/usb") != NULL;
}

/*
 * FAT shouts: many systems store a label in capitals. Roles are in capitals and
 * people's names in small letters here, whatever the stick says.
 */
static void
label_canonical(char *label)
{
	static const char *const roles[] = { "IN", "OUT-A", "OUT-B", "JOURNAL", "LOG" };
	char *name = label + sizeof(STICK_PREFIX) - 1;

	if (strncasecmp(label, STICK_PREFIX, sizeof(STICK_PREFIX) - 1) != 0)
		return;
	memcpy(label, STICK_PREFIX, sizeof(STICK_PREFIX) - 1);
	for (size_t i = 0; i < SN_NITEMS(roles); i++)
		if (strcasecmp(name, roles[i]) == 0) {
			memcpy(name, roles[i], strlen(roles[i]));
			return;
		}
	for (; *name != '\0'; name++)
		if (*name >= 'A' && *name <= 'Z')
			*name = (char)(*name - 'A' + 'a');
}

static bool
identify(const char *device, struct med_stick *s)
{
	SN_CLEANUP(sn_fd_done) int fd = -1;
	char path[64], label[FAT_LABEL_MAX + 1];

	snprintf(path, sizeof(path), "/dev/%s", device);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fat_identify(fd, &s->kind, label, NULL) != SN_OK || s->kind == FAT_NONE)
		return false;
	label_canonical(label);
	memcpy(s->label, label, sizeof(label));
	snprintf(s->device, sizeof(s->device), "%s", device);
	return true;
}

/* The first FAT on the disk: the whole disk, or the lowest partition that has one. */
static void
identify_disk(struct med_stick *s)
{
	char device[MED_DEVICE_MAX + 4];

	if (identify(s->disk, s))
		return;
	for (unsigned int i = 1; i <= PARTITIONS_MAX; i++) {
		snprintf(device, sizeof(device), "%s%u", s->disk, i);
		if (identify(device, s))
			return;
	}
	s->kind = FAT_NONE;
	s->label[0] = '\0';
}

static void
block_close(struct med *m, struct med_stick *s)
{
	char path[MED_MOUNTDIR_MAX + 16];

	if (s->root >= 0)
		(void)syncfs(s->root);
	sn_fd_done(&s->root);
	if (!s->mounted)
		return;
	snprintf(path, sizeof(path), "%s/%u", m->mountdir, s->slot);
	if (umount2(path, UMOUNT_NOFOLLOW) != 0)
		(void)umount2(path, UMOUNT_NOFOLLOW | MNT_DETACH);
	(void)rmdir(path);
	s->mounted = false;
}

static void
drop_pulled(struct med *m)
{
	uint64_t sequence;

	for (size_t i = m->n; i-- > 0;) {
		struct med_stick *s = &m->stick[i];

		if (kernel_number(s->disk, "diskseq", &sequence) && sequence == s->sequence)
			continue;
		block_close(m, s);
		med_forget(m, i);
	}
}

static unsigned int
free_slot(const struct med *m)
{
	unsigned int slot = 0;

	for (size_t i = 0; i < m->n; i++)
		if (m->stick[i].slot == slot) {
			slot++;
			i = (size_t)-1; /* look again from the start */
		}
	return slot;
}

static bool
disk_known(const struct med *m, const char *disk)
{
	for (size_t i = 0; i < m->n; i++)
		if (strcmp(m->stick[i].disk, disk) == 0)
			return true;
	return false;
}

static void
add_disk(struct med *m, const char *disk)
{
	struct med_stick s = { .root = -1, .slot = free_slot(m) };
	uint64_t size;

	if (strlen(disk) >= sizeof(s.disk) || m->n == MED_STICKS_MAX || disk_known(m, disk) ||
	    !disk_is_usb(disk) || !kernel_number(disk, "size", &size) || size == 0 ||
	    !kernel_number(disk, "diskseq", &s.sequence))
		return;
	memcpy(s.disk, disk, strlen(disk) + 1);
	identify_disk(&s);
	if (strcmp(s.label, OWN_LABEL) != 0)
		m->stick[m->n++] = s;
}

static int
is_scsi_disk(const struct dirent *e)
{
	return strncmp(e->d_name, "sd", 2) == 0;
}

static enum sn_err
block_scan(struct med *m, struct sn_why *why)
{
	struct dirent **entry = NULL;
	int n;

	drop_pulled(m);
	n = scandir("/sys/block", &entry, is_scsi_disk, alphasort);
	if (n < 0)
		return sn_fail(why, SN_E_MEDIA, "/sys/block: %s", strerror(errno));
	for (int i = 0; i < n; i++) {
		if (i < DISKS_MAX)
			add_disk(m, entry[i]->d_name);
		free(entry[i]);
	}
	free(entry);
	return SN_OK;
}

static enum sn_err
block_open(struct med *m, struct med_stick *s, struct sn_why *why)
{
	char path[MED_MOUNTDIR_MAX + 16], device[64];

	if (s->kind == FAT_NONE)
		return sn_fail(why, SN_E_MEDIA, "stick %s has no FAT or exFAT on it", s->label);
	snprintf(path, sizeof(path), "%s/%u", m->mountdir, s->slot);
	snprintf(device, sizeof(device), "/dev/%s", s->device);
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return sn_fail(why, SN_E_MEDIA, "%s: %s", path, strerror(errno));
	if (mount(device, path, mounts[s->kind].type, MOUNT_FLAGS | MS_RDONLY,
		mounts[s->kind].options) != 0)
		return sn_fail(why, SN_E_MEDIA, "stick %s cannot be mounted: %s", s->label,
		    strerror(errno));
	s->mounted = true;
	s->root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->root < 0)
		return sn_fail(why, SN_E_MEDIA, "stick %s: %s", s->label, strerror(errno));
	return SN_OK;
}

static enum sn_err
remount(struct med *m, struct med_stick *s, unsigned long flags)
{
	char path[MED_MOUNTDIR_MAX + 16];

	snprintf(path, sizeof(path), "%s/%u", m->mountdir, s->slot);
	return mount(NULL, path, NULL, MOUNT_FLAGS | MS_REMOUNT | flags,
		   mounts[s->kind].options) == 0
	    ? SN_OK
	    : SN_E_MEDIA;
}

static enum sn_err
block_begin_write(struct med *m, struct med_stick *s, struct sn_why *why)
{
	if (remount(m, s, 0) != SN_OK)
		return sn_fail(why, SN_E_MEDIA, "stick %s cannot be written: %s", s->label,
		    strerror(errno));
	return SN_OK;
}

/* Read-only between writes, so that a stick may be pulled at any other time. */
static void
block_end_write(struct med *m, struct med_stick *s)
{
	(void)syncfs(s->root);
	(void)remount(m, s, MS_RDONLY);
}

static enum sn_err
block_reopen(struct med *m, struct med_stick *s, struct sn_why *why)
{
	SN_CLEANUP(sn_fd_done) int fd = -1;
	char device[64];

	block_close(m, s);
	snprintf(device, sizeof(device), "/dev/%s", s->device);
	fd = open(device, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, BLKFLSBUF, 0) != 0)
		return sn_fail(why, SN_E_MEDIA, "stick %s: %s", s->label, strerror(errno));
	return block_open(m, s, why);
}

static const struct med_backend block_backend = {
	.scan = block_scan,
	.open = block_open,
	.begin_write = block_begin_write,
	.end_write = block_end_write,
	.reopen = block_reopen,
	.close = block_close,
	.drop_pages = false,
};

enum sn_err
med_open_block(const char *mountdir, struct med **ret, struct sn_why *why)
{
	struct med *m;

	if (strlen(mountdir) >= MED_MOUNTDIR_MAX)
		return sn_fail(why, SN_E_USAGE, "%s: too long for the folder of mounts",
		    mountdir);
	m = calloc(1, sizeof(*m));
	if (m == NULL)
		return sn_fail(why, SN_E_NOMEM, "the stick port");
	m->backend = &block_backend;
	memcpy(m->mountdir, mountdir, strlen(mountdir) + 1);
	*ret = m;
	return SN_OK;
}
