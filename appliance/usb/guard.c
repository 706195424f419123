#include "appliance/usb/guard.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "appliance/base/file.h"

#define DEVICES "bus/usb/devices"
#define INPUTS "class/input"
#define PATH_MAX_LEN 96
#define BUS_USB 0x03 /* <linux/input.h> */
#define EV_KEY 0x01
#define EV_REP 0x14 /* keys that repeat: a keyboard, not a power button */

void
usb_guard_init(struct usb_guard *g, int sys)
{
	memset(g, 0, sizeof(*g));
	g->sys = sys;
}

void
usb_guard_done(struct usb_guard *g)
{
	for (size_t i = 0; i < g->st.n; i++)
		sn_fd_done(&g->held[i].fd);
	g->st.n = 0;
}

/* ---- small files of the kernel */

/* What can be read, at most max bytes; the number of bytes, or -1. */
static ssize_t
read_at(int dir, const char *name, void *ret, size_t max)
{
	SN_CLEANUP(sn_fd_done) int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	size_t n = 0;

	while (fd >= 0 && n < max) {
		ssize_t got = read(fd, (uint8_t *)ret + n, max - n);

		if (got < 0)
			return -1;
		if (got == 0)
			break;
		n += (size_t)got;
	}
	return fd >= 0 ? (ssize_t)n : -1;
}

/* A line of text from outside, in printable ASCII; "" when there is none. */
static void
line_at(int dir, const char *name, char *ret, size_t size)
{
	ssize_t n = read_at(dir, name, ret, size - 1);
	size_t i = 0;

	for (; n > 0 && i < (size_t)n && ret[i] != '\n'; i++)
		if (ret[i] < 0x20 || ret[i] > 0x7e)
			ret[i] = '?';
	ret[i] = '\0';
}

static bool
is_on(int fd)
{
	char c = '0';

	return pread(fd, &c, 1, 0) == 1 && c == '1';
}

static bool
set_on(int fd, bool on)
{
	return pwrite(fd, on ? "1" : "0", 1, 0) == 1 && is_on(fd) == on;
}

/* ---- keyboards that come back */

static bool
same_keyboard(const struct usb_gone *a, const struct usb_device *d)
{
	return strcmp(a->port, d->port) == 0 && strcmp(a->name, d->name) == 0 &&
	    bytes_equal((struct bytes){ a->raw, a->nraw }, (struct bytes){ d->raw, d->nraw });
}

static void
remember_gone(struct usb_guard *g, const struct usb_device *d)
{
	struct usb_gone *a = &g->gone[g->ngone];

	if (g->ngone == USB_GONE_MAX)
		return; /* it will be asked about */
	memcpy(a->port, d->port, sizeof(a->port));
	memcpy(a->name, d->name, sizeof(a->name));
	memcpy(a->raw, d->raw, sizeof(a->raw));
	a->nraw = d->nraw;
	g->ngone++;
}

/* Is there a keyboard that is not on USB: PS/2, I2C? */
static bool
built_in_keyboard(const struct usb_guard *g)
{
	int fd = openat(g->sys, INPUTS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	bool found = false;
	struct dirent *e;

	while (dir != NULL && !found && (e = readdir(dir)) != NULL) {
		char path[PATH_MAX_LEN + 300], text[40];
		unsigned long bus, can;

		if (strncmp(e->d_name, "input", 5) != 0)
			continue;
		(void)snprintf(path, sizeof(path), INPUTS "/%s/id/bustype", e->d_name);
		line_at(g->sys, path, text, sizeof(text));
		bus = strtoul(text, NULL, 16);
		(void)snprintf(path, sizeof(path), INPUTS "/%s/capabilities/ev", e->d_name);
		line_at(g->sys, path, text, sizeof(text));
		can = strtoul(text, NULL, 16);
		found =
		    bus != BUS_USB && (can & 1UL << EV_KEY) != 0 && (can & 1UL << EV_REP) != 0;
	}
	if (dir != NULL)
		(void)closedir(dir);
	else
		sn_fd_done(&fd);
	return found;
}

/*
 * The keyboard that people type on was pulled, or its hub dropped it, and it is back in
 * its port with the same descriptors: only when there is nothing else to type on.
 */
static bool
comes_back(struct usb_guard *g, const struct usb_device *d)
{
	if (g->other_input || built_in_keyboard(g))
		return false;
	for (size_t i = 0; i < g->st.n; i++)
		if (g->st.device[i].verdict.kind == USB_KEYBOARD &&
		    g->st.device[i].state == USB_ON)
			return false;
	for (size_t i = 0; i < g->ngone; i++)
		if (same_keyboard(&g->gone[i], d)) {
			g->gone[i] = g->gone[--g->ngone];
			return true;
		}
	return false;
}

/* ---- the table */

static void
drop(struct usb_guard *g, size_t i)
{
	const struct usb_device *d = &g->st.device[i];
	size_t last = --g->st.n;

	if (d->verdict.kind == USB_KEYBOARD && d->state == USB_ON)
		remember_gone(g, d);
	sn_fd_done(&g->held[i].fd);
	memmove(&g->st.device[i], &g->st.device[i + 1], (last - i) * sizeof(g->st.device[0]));
	memmove(&g->held[i], &g->held[i + 1], (last - i) * sizeof(g->held[0]));
}

static bool
still_there(const struct usb_guard *g, size_t i)
{
	char path[PATH_MAX_LEN], c;
	struct stat st;

	(void)snprintf(path, sizeof(path), DEVICES "/%s/authorized", g->st.device[i].port);
	return fstatat(g->sys, path, &st, 0) == 0 && st.st_ino == g->held[i].file &&
	    pread(g->held[i].fd, &c, 1, 0) == 1;
}

/* "1-2", "3-1.4.2": a device. Root hubs are usbN, interfaces have a colon. */
static bool
is_device(const char *name)
{
	return name[0] >= '0' && name[0] <= '9' && strlen(name) <= USB_PORT_MAX &&
	    strspn(name, "0123456789-.") == strlen(name) && strchr(name, '-') != NULL;
}

/* What it calls itself; many products begin with their maker's name. */
static void
read_name(int dir, char ret[USB_NAME_MAX + 1])
{
	char maker[USB_NAME_MAX + 1], product[USB_NAME_MAX + 1], both[2 * USB_NAME_MAX + 2];

	line_at(dir, "manufacturer", maker, sizeof(maker));
	line_at(dir, "product", product, sizeof(product));
	if (maker[0] == '\0' || strncmp(product, maker, strlen(maker)) == 0)
		(void)snprintf(both, sizeof(both), "%s", product);
	else
		(void)snprintf(both, sizeof(both), "%s %s", maker, product);
	(void)snprintf(ret, USB_NAME_MAX + 1, "%.*s", USB_NAME_MAX,
	    both[0] != '\0' ? both : "(no name)");
}

/* Everything is read through one open folder, so that it is one device. */
static bool
read_device(struct usb_guard *g, const char *port, struct usb_device *d, struct usb_held *h)
{
	uint8_t raw[USB_DESCRIPTORS_MAX + 1];
	SN_CLEANUP(sn_fd_done) int dir = -1;
	char path[PATH_MAX_LEN];
	struct stat st;
	ssize_t n;

	*h = (struct usb_held){ -1, 0 };
	(void)snprintf(path, sizeof(path), DEVICES "/%s", port);
	dir = openat(g->sys, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return false;
	n = read_at(dir, "descriptors", raw, sizeof(raw));
	h->fd = openat(dir, "authorized", O_RDWR | O_CLOEXEC);
	if (n < 0 || h->fd < 0 || fstat(h->fd, &st) != 0) {
		sn_fd_done(&h->fd);
		return false;
	}
	h->file = st.st_ino;
	*d = (struct usb_device){ .id = g->last_id + 1 };
	usb_judge((struct bytes){ raw, (size_t)n }, &d->verdict);
	(void)snprintf(d->port, sizeof(d->port), "%s", port);
	read_name(dir, d->name);
	if (d->verdict.kind == USB_KEYBOARD) {
		memcpy(d->raw, raw, (size_t)n);
		d->nraw = (size_t)n;
	}
	return true;
}

/* What the verdict means today; the device is switched accordingly. */
static bool
decide(struct usb_guard *g, struct usb_device *d, const struct usb_held *h)
{
	bool late = d->verdict.kind == USB_KEYBOARD && g->st.frozen;

	d->returned = late && comes_back(g, d);
	if (d->verdict.kind == USB_REFUSED)
		d->state = USB_OFF;
	else
		d->state = late && !d->returned ? USB_ASKED : USB_ON;
	if (d->state != USB_ON) {
		if (is_on(h->fd))
			(void)set_on(h->fd, false);
		return false;
	}
	if (set_on(h->fd, true))
		return true;
	d->state = USB_OFF;
	d->verdict.kind = USB_REFUSED;
	(void)snprintf(d->verdict.reason, sizeof(d->verdict.reason), "it did not start");
	return false;
}

/* One name of the folder. *ret_on is set when something was authorised. */
static void
look_at(struct usb_guard *g, const char *port, uint32_t *ret_more, bool *ret_on)
{
	struct usb_device *d = &g->st.device[g->st.n];

	for (size_t i = 0; i < g->st.n; i++)
		if (strcmp(g->st.device[i].port, port) == 0)
			return;
	if (g->st.n == USB_DEVICES_MAX) {
		(*ret_more)++;
		return;
	}
	if (!read_device(g, port, d, &g->held[g->st.n]))
		return; /* it is gone already, or not all there yet: next time */
	g->last_id++;
	if (decide(g, d, &g->held[g->st.n]))
		*ret_on = true;
	g->st.n++;
	g->st.generation++;
}

bool
usb_guard_look(struct usb_guard *g)
{
	int fd = openat(g->sys, DEVICES, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	uint32_t more = 0;
	bool on = false;
	struct dirent *e;

	if (g->st.generation == 0)
		g->st.generation = 1;
	for (size_t i = g->st.n; i-- > 0;)
		if (!still_there(g, i)) {
			drop(g, i);
			g->st.generation++;
		}
	while (dir != NULL && (e = readdir(dir)) != NULL)
		if (is_device(e->d_name))
			look_at(g, e->d_name, &more, &on);
	if (dir != NULL)
		(void)closedir(dir);
	else
		sn_fd_done(&fd);
	g->st.generation += more != g->st.more;
	g->st.more = more;
	return on;
}

void
usb_guard_freeze(struct usb_guard *g, bool other_input)
{
	g->st.frozen = true;
	g->other_input = other_input;
	g->st.generation++;
}

enum sn_err
usb_guard_accept(struct usb_guard *g, uint32_t id, struct sn_why *why)
{
	for (size_t i = 0; i < g->st.n; i++) {
		struct usb_device *d = &g->st.device[i];

		if (d->id != id || d->state != USB_ASKED || !still_there(g, i))
			continue;
		if (!set_on(g->held[i].fd, true))
			return sn_fail(why, SN_E_POLICY,
			    "the keyboard at %s did not start; plug it in again", d->port);
		d->state = USB_ON;
		g->st.generation++;
		return SN_OK;
	}
	return sn_fail(why, SN_E_POLICY, "the keyboard is not there any more");
}
