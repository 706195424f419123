#include "appliance/init/image.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "appliance/base/file.h"
#include "appliance/base/text.h"
#include "appliance/init/look.h"
#include "appliance/measure/disk.h"
#include "appliance/measure/eventlog.h"
#include "appliance/measure/pe.h"

#define EVENT_LOG "/sys/kernel/security/tpm0/binary_bios_measurements"
#define SECURE_BOOT "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
#define OS_RELEASE "/etc/os-release"
#define BOOT_MANAGER_PCR 4
#define SECTOR 512
#define GPT_BACKUP_AT 32 /* in the header: the last sector, where the copy of it lies */
#define CHILD_SECONDS 20

const char *
init_image_source_name(enum init_image_source s)
{
	static const char *const names[] = { "unknown", "measured by the firmware",
		"read from the boot stick, not measured" };

	return names[s];
}

bool
init_pcr_read(const struct init_machine *m, unsigned int pcr, uint8_t ret[32])
{
	char path[64], text[72];

	snprintf(path, sizeof(path), "/sys/class/tpm/tpm0/pcr-sha256/%u", pcr);
	return look_line(m, path, text, sizeof(text)) &&
	    sn_hex_parse(text, ret, 32, "PCR", NULL) == SN_OK;
}

/* ---- the release */

static void
release_field(struct bytes line, const char *key, char *ret, size_t max)
{
	struct bytes k = bytes_str(key);

	if (line.n < k.n || memcmp(line.p, k.p, k.n) != 0)
		return;
	line = (struct bytes){ line.p + k.n, line.n - k.n };
	if (line.n >= 2 && line.p[0] == '"' && line.p[line.n - 1] == '"')
		line = (struct bytes){ line.p + 1, line.n - 2 };
	if (line.n < max && text_printable(line, max))
		snprintf(ret, max, "%.*s", (int)line.n, (const char *)line.p);
}

void
init_release_read(const struct init_machine *m, struct init_release *ret)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf text = { 0 };
	char path[PATH_MAX];
	struct bytes left;

	*ret = (struct init_release){ 0 };
	snprintf(path, sizeof(path), "%s" OS_RELEASE, m->root);
	if (sn_file_read(AT_FDCWD, path, 4096, &text, NULL) != SN_OK)
		return;
	for (left = sn_buf_bytes(&text); left.n > 0;) {
		size_t n = bytes_find(left, BYTES_STR("\n"));
		struct bytes line = { left.p, n == SIZE_MAX ? left.n : n };

		release_field(line, "VERSION_ID=", ret->version, sizeof(ret->version));
		release_field(line, "VARIANT_ID=", ret->variant, sizeof(ret->variant));
		n = n == SIZE_MAX ? left.n : n + 1;
		left = (struct bytes){ left.p + n, left.n - n };
	}
}

/* ---- from the event log */

static bool
secure_boot_on(const struct init_machine *m)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf v = { 0 };
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s" SECURE_BOOT, m->root);
	return sn_file_read(AT_FDCWD, path, 16, &v, NULL) == SN_OK && v.n == 5 && v.p[4] == 1;
}

static enum sn_err
from_event_log(const struct init_machine *m, const uint8_t pcr4[32], uint8_t ret[32],
    struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf log = { 0 };
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s" EVENT_LOG, m->root);
	SN_TRY(sn_file_read(AT_FDCWD, path, EVENTLOG_MAX, &log, why));
	return eventlog_image(sn_buf_bytes(&log), pcr4, secure_boot_on(m), ret, why);
}

/* ---- from the boot stick */

static enum sn_err
read_at_start(int fd, size_t n, struct sn_buf *ret, struct sn_why *why)
{
	uint8_t chunk[65536];

	for (size_t at = 0; at < n;) {
		size_t want = n - at < sizeof(chunk) ? n - at : sizeof(chunk);
		ssize_t got = pread(fd, chunk, want, (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return sn_fail(why, SN_E_IO, "boot stick: %s",
			    got == 0 ? "it is too short" : strerror(errno));
		sn_buf_put(ret, (struct bytes){ chunk, (size_t)got });
		at += (size_t)got;
	}
	return sn_buf_check(ret, why);
}

/* Only the image's own bytes of a stick: up to the copy of its partition table. */
static enum sn_err
read_image(int fd, struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf head = { 0 };
	struct bytes b;
	uint64_t last;

	SN_TRY(read_at_start(fd, 2 * SECTOR, &head, why));
	b = (struct bytes){ head.p + SECTOR, SECTOR };
	if (memcmp(b.p, "EFI PART", 8) != 0)
		return sn_fail(why, SN_E_FORMAT, "boot stick: no partition table");
	SN_TRY(bytes_slice(b, GPT_BACKUP_AT, 8, &b, "boot stick", why));
	SN_TRY(bytes_le64(&b, &last, "boot stick", why));
	if (last >= DISK_IMAGE_MAX / SECTOR)
		return sn_fail(why, SN_E_LIMIT, "boot stick: it holds more than one image");
	return read_at_start(fd, (size_t)(last + 1) * SECTOR, ret, why);
}

static enum sn_err
stick_digest(const struct init_machine *m, const char *name, uint8_t ret[32],
    struct sn_why *why)
{
	SN_CLEANUP(sn_fd_done) int fd = -1;
	SN_CLEANUP(sn_buf_done) struct sn_buf disk = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf uki = { 0 };
	char path[PATH_MAX];
	struct pe pe;

	snprintf(path, sizeof(path), "%s/dev/%s", m->root, name);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	if (fd < 0)
		return sn_fail(why, SN_E_IO, "boot stick: %s", strerror(errno));
	SN_TRY(read_image(fd, &disk, why));
	SN_TRY(disk_find_uki(sn_buf_bytes(&disk), &uki, why));
	SN_TRY(pe_parse(sn_buf_bytes(&uki), &pe, why));
	return pe_authenticode(&pe, ret, why);
}

/* The digest of the only stick that holds an image; how many do. */
static unsigned int
from_sticks(const struct init_machine *m, uint8_t ret[32])
{
	SN_CLEANUP(look_names_done) struct look_names l = look_names(m, "/sys/block");
	unsigned int found = 0;

	for (int i = 0; i < l.n; i++) {
		char target[PATH_MAX];

		(void)look_attribute_link(m, "/sys", "block", look_name(&l, i), target,
		    sizeof(target));
		if (strstr(target, "/usb") != NULL &&
		    stick_digest(m, look_name(&l, i), ret, NULL) == SN_OK)
			found++;
	}
	return found;
}

static void
look_at_sticks(const struct init_machine *m, struct init_image *ret)
{
	static const struct timespec pause = { 0, 100000000 };
	unsigned int n = 0;

	for (int i = 0; i < IMAGE_STICK_WAIT_S * 10 && n == 0; i++) {
		if (i > 0)
			nanosleep(&pause, NULL);
		n = from_sticks(m, ret->sha256);
	}
	if (n == 1)
		ret->source = INIT_IMAGE_STICK;
	else
		look_say(ret->reason, INIT_NOTE, "%s",
		    n == 0 ? "no TPM, and no stick with an image"
			   : "no TPM, and more than one stick with an image");
}

/* ---- both */

void
init_image_look(const struct init_machine *m, struct init_image *ret)
{
	struct sn_why why = { 0 };
	uint8_t pcr4[32];

	*ret = (struct init_image){ 0 };
	if (!init_pcr_read(m, BOOT_MANAGER_PCR, pcr4))
		look_at_sticks(m, ret);
	else if (from_event_log(m, pcr4, ret->sha256, &why) == SN_OK)
		ret->source = INIT_IMAGE_MEASURED;
	else
		look_say(ret->reason, INIT_NOTE, "%s", why.text);
	if (ret->source == INIT_IMAGE_UNKNOWN)
		memset(ret->sha256, 0, sizeof(ret->sha256));
}

/* All of a child's answer, or false when time is up or it went away. */
static bool
answer(int fd, void *ret, size_t n)
{
	uint8_t *p = ret;
	struct pollfd wait = { .fd = fd, .events = POLLIN };

	while (n > 0) {
		ssize_t got;

		if (poll(&wait, 1, CHILD_SECONDS * 1000) <= 0)
			return false;
		got = read(fd, p, n);
		if (got <= 0)
			return false;
		p += got;
		n -= (size_t)got;
	}
	return true;
}

void
init_image_find(const struct init_machine *m, struct init_image *ret)
{
	struct init_image found = { 0 };
	int ends[2] = { -1, -1 };
	pid_t pid = pipe2(ends, O_CLOEXEC) == 0 ? fork() : -1;
	bool whole;

	if (pid == 0) {
		init_image_look(m, &found);
		_exit(write(ends[1], &found, sizeof(found)) == sizeof(found) ? 0 : 1);
	}
	sn_fd_done(&ends[1]);
	whole = pid > 0 && answer(ends[0], &found, sizeof(found)) &&
	    found.source <= INIT_IMAGE_STICK;
	if (pid > 0) {
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
	}
	sn_fd_done(&ends[0]);
	if (whole) {
		*ret = found;
		return;
	}
	*ret = (struct init_image){ 0 };
	look_say(ret->reason, INIT_NOTE, "the search for it broke off");
}
