/* What is built in or plugged in: keyboard, screen, USB, PCI, disks. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appliance/laptop/report.h"
#include "appliance/usb/policy.h"

#define INPUT_MAX 65536
#define NAME_MAX_SHOWN 80
#define USB_DEVICES "/sys/bus/usb/devices"
#define PCI_DEVICES "/sys/bus/pci/devices"
#define DESCRIPTORS_MAX (128U << 10) /* what the kernel says such a file may have */
#define BOOT_PARAMS "/sys/kernel/boot_params/data"
#define BOOT_PARAMS_MAX 8192
#define LFB_WIDTH 0x12 /* in screen_info [Linux include/uapi/linux/screen_info.h] */
#define LFB_HEIGHT 0x14
#define EV_REP (1UL << 20) /* a device that repeats keys is a keyboard */
#define COLUMNS 80
#define ROWS 24

/* ---- keyboard */

/* By the kernel's bus numbers [include/uapi/linux/input.h]. */
static const struct bus_row {
	const char *bus, *name;
} buses[] = {
	{ "0003", "USB" },
	{ "0005", "Bluetooth" },
	{ "0011", "PS/2" },
	{ "0018", "I2C" },
	{ "0019", "built in" },
	{ "001c", "SPI" },
};

struct input {
	char bus[5], name[NAME_MAX_SHOWN], where[NAME_MAX_SHOWN];
	bool keyboard;
};

static const char *
bus_name(const char *bus)
{
	for (size_t i = 0; i < SN_NITEMS(buses); i++)
		if (strcmp(buses[i].bus, bus) == 0)
			return buses[i].name;
	return "bus unknown";
}

/* The next block of /proc/bus/input/devices; false at the end. */
static bool
next_input(const char **text, struct input *ret)
{
	const char *s = *text;

	*ret = (struct input){ 0 };
	while (*s == '\n')
		s++;
	if (*s == '\0')
		return false;
	while (*s != '\0' && *s != '\n') {
		int n = (int)strcspn(s, "\n");

		if (strncmp(s, "I: Bus=", 7) == 0)
			snprintf(ret->bus, sizeof(ret->bus), "%.*s", n - 7, s + 7);
		else if (strncmp(s, "N: Name=", 8) == 0)
			snprintf(ret->name, sizeof(ret->name), "%.*s", n - 8, s + 8);
		else if (strncmp(s, "P: Phys=", 8) == 0)
			snprintf(ret->where, sizeof(ret->where), "%.*s", n - 8, s + 8);
		else if (strncmp(s, "B: EV=", 6) == 0)
			ret->keyboard = (strtoul(s + 6, NULL, 16) & EV_REP) != 0;
		s += n;
		s += *s == '\n';
	}
	*text = s;
	return true;
}

/* Which path the last Enter took, as far as it can be told. */
static void
put_enter(struct laptop *l, const bool on[SN_NITEMS(buses)])
{
	const char *found = NULL;

	if (strcmp(l->facts->console, "framebuffer") != 0) {
		sheet_item(&l->body, "Enter", "came over the serial line");
		laptop_say(l, LAPTOP_NOTE,
		    "the serial line was used: production needs screen and keyboard, or a plan "
		    "that says console: serial");
		return;
	}
	if (l->live->enter_interrupts > 0) {
		sheet_item(&l->body, "Enter", "came over PS/2: its controller called");
		return;
	}
	for (size_t i = 0; i < SN_NITEMS(buses); i++)
		if (on[i] && strcmp(buses[i].name, "PS/2") != 0)
			found = found == NULL ? buses[i].name : "USB or another bus";
	sheet_item(&l->body, "Enter", "came over %s",
	    found != NULL ? found : "an unknown path");
}

void
laptop_put_keyboard(struct laptop *l)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b =
	    laptop_file(l, "/proc/bus/input/devices", INPUT_MAX);
	const char *text = sn_buf_cstr(&b);
	bool on[SN_NITEMS(buses)] = { false };
	unsigned int keyboards = 0;
	struct input in;

	while (next_input(&text, &in)) {
		sheet_item(&l->body, in.keyboard ? "Keyboard" : "Other input", "%s: %s at %s",
		    bus_name(in.bus), in.name, in.where[0] != '\0' ? in.where : "no place");
		keyboards += in.keyboard;
		for (size_t i = 0; i < SN_NITEMS(buses); i++)
			on[i] = on[i] || (in.keyboard && strcmp(buses[i].bus, in.bus) == 0);
	}
	put_enter(l, on);
	if (keyboards == 0)
		laptop_say(l, LAPTOP_NOTE, "no keyboard was found");
	if (keyboards > 1)
		laptop_say(l, LAPTOP_NOTE, "%u keyboards: pull those that nobody needs",
		    keyboards);
}

/* ---- screen */

static void
put_framebuffer(struct laptop *l)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = laptop_file(l, BOOT_PARAMS, BOOT_PARAMS_MAX);
	const uint8_t *p = b.p;

	if (b.n < LFB_HEIGHT + 2 || (p[LFB_WIDTH] | p[LFB_WIDTH + 1]) == 0)
		sheet_item(&l->body, "Screen", "the firmware gave none");
	else
		sheet_item(&l->body, "Screen", "%u x %u pixels, by the firmware",
		    (unsigned int)(p[LFB_WIDTH] | p[LFB_WIDTH + 1] << 8),
		    (unsigned int)(p[LFB_HEIGHT] | p[LFB_HEIGHT + 1] << 8));
}

void
laptop_put_screen(struct laptop *l)
{
	const struct laptop_live *v = l->live;

	put_framebuffer(l);
	sheet_item(&l->body, "In use", "%s",
	    strcmp(l->facts->console, "framebuffer") == 0 ? "the screen" : "the serial line");
	sheet_item(&l->body, "Text", "%u columns, %u rows", v->columns, v->rows);
	if (v->cell_width != 0)
		sheet_item(&l->body, "Letters", "%u x %u pixels", v->cell_width,
		    v->cell_height);
	if (v->columns < COLUMNS || v->rows < ROWS)
		laptop_say(l, LAPTOP_UNFIT, "the screen has no room for %d columns and %d rows",
		    COLUMNS, ROWS);
}

/* ---- USB */

static void
put_usb_device(struct laptop *l, const char *name)
{
	char path[PATH_MAX], maker[NAME_MAX_SHOWN], product[NAME_MAX_SHOWN], authorized[8];
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	struct usb_verdict v;

	snprintf(path, sizeof(path), USB_DEVICES "/%s/descriptors", name);
	b = laptop_file(l, path, DESCRIPTORS_MAX);
	usb_judge(sn_buf_bytes(&b), &v);
	(void)look_attribute(l->m, USB_DEVICES, name, "manufacturer", maker, sizeof(maker));
	(void)look_attribute(l->m, USB_DEVICES, name, "product", product, sizeof(product));
	(void)look_attribute(l->m, USB_DEVICES, name, "authorized", authorized,
	    sizeof(authorized));
	sheet_item(&l->body, name, "%04x:%04x %s%s%s, class %02x/%02x/%02x: %s%s%s%s", v.vendor,
	    v.product, maker, maker[0] != '\0' ? " " : "",
	    product[0] != '\0' ? product : "without a name", v.class, v.subclass, v.protocol,
	    usb_kind_name(v.kind), v.reason[0] != '\0' ? ", " : "", v.reason,
	    strcmp(authorized, "0") == 0 ? " (not in use)" : "");
}

void
laptop_put_usb(struct laptop *l)
{
	SN_CLEANUP(look_names_done) struct look_names names = look_names(l->m, USB_DEVICES);
	int devices = 0;

	for (int i = 0; i < names.n; i++) {
		const char *name = look_name(&names, i);

		if (strchr(name, ':') != NULL) /* an interface */
			continue;
		devices++;
		put_usb_device(l, name);
	}
	if (devices == 0)
		sheet_item(&l->body, "USB", "nothing there");
}

/* ---- disks and PCI */

void
laptop_put_disks(struct laptop *l)
{
	SN_CLEANUP(look_names_done) struct look_names names = look_names(l->m, "/sys/block");

	for (int i = 0; i < names.n; i++) {
		const char *name = look_name(&names, i);
		char path[300], target[PATH_MAX], size[24], model[NAME_MAX_SHOWN];

		snprintf(path, sizeof(path), "/sys/block/%s", name);
		(void)look_link(l->m, path, target, sizeof(target));
		(void)look_attribute(l->m, "/sys/block", name, "size", size, sizeof(size));
		(void)look_attribute(l->m, "/sys/block", name, "device/model", model,
		    sizeof(model));
		sheet_item(&l->body, name, "%llu MiB, %s, %s", strtoull(size, NULL, 10) / 2048,
		    strstr(target, "/usb") != NULL ? "a stick on USB" : "NOT ON USB",
		    model[0] != '\0' ? model : "without a name");
	}
	if (names.n <= 0)
		sheet_item(&l->body, "Disks", "none");
}

enum pci_note { PCI_QUIET, PCI_DISK, PCI_NETWORK, PCI_DMA };

/* What matters here, by class code [PCI Code and ID Assignment]; first fit. */
static const struct pci_row {
	const char *prefix, *what;
	enum pci_note note;
} pci_rows[] = {
	{ "0x0108", "internal NVMe disk", PCI_DISK },
	{ "0x01", "controller of internal disks", PCI_DISK },
	{ "0x02", "network", PCI_NETWORK },
	{ "0x0d", "radio", PCI_NETWORK },
	{ "0x0c0340", "Thunderbolt or USB4", PCI_DMA },
	{ "0x0c00", "FireWire", PCI_DMA },
	{ "0x0c03", "USB", PCI_QUIET },
	{ "0x03", "graphics", PCI_QUIET },
	{ "0x04", "sound or video", PCI_QUIET },
	{ "0x0805", "card reader", PCI_QUIET },
	{ "0x0780", "management engine or serial line", PCI_QUIET },
	{ "0x0700", "serial line", PCI_QUIET },
};

static const char *const pci_advice[] = {
	[PCI_DISK] = "no driver: it cannot be reached; take it out if nobody needs it",
	[PCI_NETWORK] = "no driver: it cannot be used; take it out if that is possible",
	[PCI_DMA] = "no driver; switch it off in the firmware's setup",
};

static void
put_pci_device(struct laptop *l, const char *name, const struct pci_row *row)
{
	char vendor[8], device[8], path[PATH_MAX], driver[40];

	(void)look_attribute(l->m, PCI_DEVICES, name, "vendor", vendor, sizeof(vendor));
	(void)look_attribute(l->m, PCI_DEVICES, name, "device", device, sizeof(device));
	snprintf(path, sizeof(path), PCI_DEVICES "/%s/driver", name);
	laptop_link_name(l, path, driver, sizeof(driver));
	sheet_item(&l->body, name, "%s:%s %s: %s%s", strlen(vendor) > 2 ? vendor + 2 : "?",
	    strlen(device) > 2 ? device + 2 : "?", row->what,
	    driver[0] != '\0' ? "driver " : "no driver", driver);
	if (row->note == PCI_QUIET)
		return;
	laptop_say(l, LAPTOP_NOTE, "%s at %s: %s%s", row->what, name,
	    driver[0] != '\0' ? "the kernel drives it: " : pci_advice[row->note], driver);
}

void
laptop_put_pci(struct laptop *l)
{
	SN_CLEANUP(look_names_done) struct look_names names = look_names(l->m, PCI_DEVICES);

	for (int i = 0; i < names.n; i++) {
		char class[16];
		size_t k = 0;

		(void)look_attribute(l->m, PCI_DEVICES, look_name(&names, i), "class", class,
		    sizeof(class));
		while (k < SN_NITEMS(pci_rows) &&
		    strncmp(class, pci_rows[k].prefix, strlen(pci_rows[k].prefix)) != 0)
			k++;
		if (k < SN_NITEMS(pci_rows))
			put_pci_device(l, look_name(&names, i), &pci_rows[k]);
	}
	sheet_item(&l->body, "All", "%d devices; only the kinds that matter are named",
	    names.n > 0 ? names.n : 0);
}
