#include "appliance/init/checks.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "appliance/base/file.h"

#define FAMILIES 64 /* AF_MAX is 46; a newer kernel's families fail the same way */
#define DETAIL 120
#define FILE_LIMIT 4096
#define LOCK_BYTES (8U << 20)
#define RANDOM_WAIT_S 60

#define PCI_CLASS_NETWORK 0x02
#define PCI_CLASS_WIRELESS 0x0d

static void
say(char detail[DETAIL], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(detail, DETAIL, fmt, ap);
	va_end(ap);
}

static void
add(char detail[DETAIL], const char *fmt, ...)
{
	size_t n = strlen(detail);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(detail + n, DETAIL - n, fmt, ap);
	va_end(ap);
}

static bool
exists(const char *root, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s%s", root, name);
	return access(path, F_OK) == 0;
}

/* A small file of the kernel as one line of text; false when it is not there. */
static bool
line_of(const char *root, const char *name, char *ret, size_t max)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf text = { 0 };
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s%s", root, name);
	if (sn_file_read(AT_FDCWD, path, FILE_LIMIT, &text, NULL) != SN_OK)
		return false;
	snprintf(ret, max, "%s", sn_buf_cstr(&text));
	ret[strcspn(ret, "\n")] = '\0';
	return true;
}

static int
not_dot(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

/* The sorted names in a folder, -1 when it is not there; freed by names_done(). */
struct names {
	struct dirent **e;
	int n;
};

static void
names_done(struct names *l)
{
	for (int i = 0; i < l->n; i++)
		free(l->e[i]);
	free(l->e);
	*l = (struct names){ NULL, 0 };
}

static struct names
names_in(const char *root, const char *folder)
{
	struct names l = { NULL, 0 };
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s%s", root, folder);
	l.n = scandir(path, &l.e, not_dot, alphasort);
	return l;
}

/* ---- the network */

static bool
check_sockets(const char *root, char detail[DETAIL])
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET };
	int last = 0;

	(void)root;
	for (int family = 0; family < FAMILIES; family++)
		for (size_t i = 0; i < SN_NITEMS(types); i++) {
			int fd = socket(family, types[i] | SOCK_CLOEXEC, 0);

			last = errno;
			if (fd < 0)
				continue;
			close(fd);
			say(detail, "a socket of family %d can be opened", family);
			return false;
		}
	say(detail, "none of %d families: %s", FAMILIES, strerror(last));
	return true;
}

static bool
check_network_class(const char *root, char detail[DETAIL])
{
	if (exists(root, "/sys/class/net")) {
		say(detail, "/sys/class/net is there");
		return false;
	}
	say(detail, "the kernel knows no network interfaces");
	return true;
}

static bool
check_network_devices(const char *root, char detail[DETAIL])
{
	SN_CLEANUP(names_done) struct names l = names_in(root, "/sys/bus/pci/devices");
	unsigned int found = 0, driven = 0;

	detail[0] = '\0';
	for (int i = 0; i < l.n; i++) {
		char path[PATH_MAX], class[16], vendor[16], device[16];
		unsigned long kind;
		bool driver;

		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/class", l.e[i]->d_name);
		if (!line_of(root, path, class, sizeof(class)))
			continue;
		kind = strtoul(class, NULL, 16) >> 16;
		if (kind != PCI_CLASS_NETWORK && kind != PCI_CLASS_WIRELESS)
			continue;
		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/vendor", l.e[i]->d_name);
		if (!line_of(root, path, vendor, sizeof(vendor)))
			vendor[0] = '\0';
		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/device", l.e[i]->d_name);
		if (!line_of(root, path, device, sizeof(device)))
			device[0] = '\0';
		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver", l.e[i]->d_name);
		driver = exists(root, path);
		found++;
		driven += driver;
		add(detail, "%s%s:%s %s", found > 1 ? ", " : "", vendor, device,
		    driver ? "HAS A DRIVER" : "no driver");
	}
	if (found == 0)
		say(detail, "no network controller on PCI");
	return driven == 0;
}

static bool
check_usb_drivers(const char *root, char detail[DETAIL])
{
	static const char *const allowed[] = { "hub", "uas", "usb", "usb-storage", "usbfs",
		"usbhid" };
	SN_CLEANUP(names_done) struct names l = names_in(root, "/sys/bus/usb/drivers");

	for (int i = 0; i < l.n; i++) {
		size_t j = 0;

		while (j < SN_NITEMS(allowed) && strcmp(l.e[i]->d_name, allowed[j]) != 0)
			j++;
		if (j < SN_NITEMS(allowed))
			continue;
		say(detail, "a USB driver that should not be: %.60s", l.e[i]->d_name);
		return false;
	}
	say(detail, "hubs, keyboards and sticks only");
	return true;
}

/* ---- what the kernel cannot do */

static bool
check_modules(const char *root, char detail[DETAIL])
{
	if (exists(root, "/proc/modules")) {
		say(detail, "the kernel can load modules");
		return false;
	}
	say(detail, "the kernel cannot load modules");
	return true;
}

static bool
check_lockdown(const char *root, char detail[DETAIL])
{
	char text[96];

	if (!line_of(root, "/sys/kernel/security/lockdown", text, sizeof(text)))
		text[0] = '\0';
	say(detail, "%s", text[0] != '\0' ? text : "no lockdown");
	return strstr(text, "[confidentiality]") != NULL;
}

static bool
check_memory_windows(const char *root, char detail[DETAIL])
{
	static const char *const windows[] = { "/proc/kcore", "/proc/vmcore", "/proc/swaps",
		"/dev/mem", "/dev/kmem", "/dev/port", "/dev/fb0", "/sys/kernel/debug/tracing" };

	for (size_t i = 0; i < SN_NITEMS(windows); i++)
		if (exists(root, windows[i])) {
			say(detail, "%s is there", windows[i]);
			return false;
		}
	say(detail, "no window into memory, no swap");
	return true;
}

static bool
check_command_line(const char *root, char detail[DETAIL])
{
	static const char *const words[] = { "init_on_alloc=1", "init_on_free=1",
		"lockdown=confidentiality", "iommu.strict=1" };
	char text[2048], padded[2052];

	if (!line_of(root, "/proc/cmdline", text, sizeof(text)))
		text[0] = '\0';
	snprintf(padded, sizeof(padded), " %s ", text);
	for (size_t i = 0; i < SN_NITEMS(words); i++) {
		char word[40];

		snprintf(word, sizeof(word), " %s ", words[i]);
		if (strstr(padded, word) == NULL) {
			say(detail, "the kernel was started without %s", words[i]);
			return false;
		}
	}
	say(detail, "freed memory is wiped");
	return true;
}

static bool
check_disks(const char *root, char detail[DETAIL])
{
	SN_CLEANUP(names_done) struct names l = names_in(root, "/sys/block");
	unsigned int n = 0;

	for (int i = 0; i < l.n; i++) {
		char path[PATH_MAX], target[PATH_MAX];
		ssize_t len;

		snprintf(path, sizeof(path), "%s/sys/block/%s", root, l.e[i]->d_name);
		len = readlink(path, target, sizeof(target) - 1);
		target[len > 0 ? len : 0] = '\0';
		if (strstr(target, "/usb") == NULL) {
			say(detail, "a disk that is not on USB: %.60s", l.e[i]->d_name);
			return false;
		}
		n++;
	}
	say(detail, "%u, all on USB", n);
	return true;
}

static bool
check_landlock(const char *root, char detail[DETAIL])
{
	long abi =
	    syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	(void)root;
	if (abi < 1) {
		say(detail, "not there: %s", strerror(errno));
		return false;
	}
	say(detail, "version %ld", abi);
	return true;
}

static bool
check_locked_memory(const char *root, char detail[DETAIL])
{
	void *p =
	    mmap(NULL, LOCK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool ok = p != MAP_FAILED && mlock(p, LOCK_BYTES) == 0;

	(void)root;
	say(detail, "%u KiB%s", LOCK_BYTES / 1024, ok ? "" : " cannot be locked");
	if (p != MAP_FAILED)
		munmap(p, LOCK_BYTES);
	return ok;
}

static bool
check_random(const char *root, char detail[DETAIL])
{
	static const struct timespec pause = { 0, 100000000 };
	uint8_t byte;

	(void)root;
	for (int i = 0; i < RANDOM_WAIT_S * 10; i++) {
		if (getrandom(&byte, 1, GRND_NONBLOCK) == 1) {
			say(detail, "the kernel's generator is seeded");
			return true;
		}
		nanosleep(&pause, NULL);
	}
	say(detail, "the kernel's generator is not seeded after %d s", RANDOM_WAIT_S);
	return false;
}

/* ---- facts: recorded, judged later by plan and people */

static bool
fact_tpm(const char *root, char detail[DETAIL])
{
	char text[16];

	if (!line_of(root, "/sys/class/tpm/tpm0/tpm_version_major", text, sizeof(text)))
		text[0] = '\0';
	if (text[0] != '\0' && exists(root, "/dev/tpmrm0"))
		say(detail, "TPM %s", text);
	else
		say(detail, "no TPM");
	return true;
}

static bool
fact_secure_boot(const char *root, char detail[DETAIL])
{
	SN_CLEANUP(sn_buf_done) struct sn_buf v = { 0 };
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s%s", root,
	    "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c");
	if (sn_file_read(AT_FDCWD, path, 16, &v, NULL) != SN_OK || v.n != 5)
		say(detail, "unknown");
	else
		say(detail, "%s", v.p[4] == 1 ? "on" : "off");
	return true;
}

static bool
fact_iommu(const char *root, char detail[DETAIL])
{
	SN_CLEANUP(names_done) struct names l = names_in(root, "/sys/class/iommu");

	if (l.n > 0)
		say(detail, "%d units", l.n);
	else
		say(detail, "none: devices on Thunderbolt or PCI could read memory");
	return true;
}

static bool
fact_machine(const char *root, char detail[DETAIL])
{
	char vendor[48] = "", product[48] = "";

	(void)line_of(root, "/sys/class/dmi/id/sys_vendor", vendor, sizeof(vendor));
	(void)line_of(root, "/sys/class/dmi/id/product_name", product, sizeof(product));
	say(detail, "%s %s", vendor, product);
	for (char *p = detail; *p != '\0'; p++)
		if (*p < 0x20 || *p > 0x7e)
			*p = '?';
	return true;
}

const struct init_rule init_rules[] = {
	{ "sockets", check_sockets },
	{ "network interfaces", check_network_class },
	{ "network controllers", check_network_devices },
	{ "usb drivers", check_usb_drivers },
	{ "modules", check_modules },
	{ "lockdown", check_lockdown },
	{ "memory windows", check_memory_windows },
	{ "memory wiping", check_command_line },
	{ "disks", check_disks },
	{ "landlock", check_landlock },
	{ "locked memory", check_locked_memory },
	{ "random generator", check_random },
	{ "tpm", fact_tpm },
	{ "secure boot", fact_secure_boot },
	{ "iommu", fact_iommu },
	{ "machine", fact_machine },
};
const size_t init_nrules = SN_NITEMS(init_rules);

bool
init_check_all(const char *root, struct init_facts *ret)
{
	bool all = true;

	_Static_assert(SN_NITEMS(init_rules) <= INIT_CHECKS_MAX, "every rule has its place");
	ret->nchecks = 0;
	for (size_t i = 0; i < init_nrules; i++) {
		struct init_check *c = &ret->check[ret->nchecks++];

		snprintf(c->name, sizeof(c->name), "%s", init_rules[i].name);
		c->ok = init_rules[i].run(root, c->detail);
		all = all && c->ok;
	}
	return all;
}
