/* The proof that there is no network: neither in the kernel nor on the buses. */
#include "appliance/init/look.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define FAMILIES 64 /* AF_MAX is 46; a newer kernel's families fail the same way */
#define PCI "/sys/bus/pci/devices"
#define USB "/sys/bus/usb/devices"

#define PCI_CLASS_NETWORK 0x02
#define PCI_CLASS_WIRELESS 0x0d

static enum init_state
check_sockets(const struct init_machine *m, char detail[INIT_DETAIL])
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET };

	for (int family = 0; family < FAMILIES; family++)
		for (size_t i = 0; i < SN_NITEMS(types); i++) {
			long fd = m->call(SYS_socket, family, types[i] | SOCK_CLOEXEC, 0, 0, 0);

			if (fd < 0)
				continue;
			(void)m->call(SYS_close, fd, 0, 0, 0, 0);
			return look_say(detail, INIT_FAILED,
			    "a socket of family %d can be opened", family);
		}
	return look_say(detail, INIT_OK, "none of %d families", FAMILIES);
}

static enum init_state
check_network_class(const struct init_machine *m, char detail[INIT_DETAIL])
{
	if (look_exists(m, "/sys/class/net"))
		return look_say(detail, INIT_FAILED, "/sys/class/net is there");
	return look_say(detail, INIT_OK, "no network interfaces");
}

static enum init_state
check_network_devices(const struct init_machine *m, char detail[INIT_DETAIL])
{
	SN_CLEANUP(look_names_done) struct look_names l = look_names(m, PCI);
	unsigned int found = 0, driven = 0;

	detail[0] = '\0';
	for (int i = 0; i < l.n; i++) {
		char class[16], vendor[16], device[16], driver[200];
		const char *name = look_name(&l, i);
		unsigned long kind;
		bool has;

		if (!look_attribute(m, PCI, name, "class", class, sizeof(class)))
			continue;
		kind = strtoul(class, NULL, 16) >> 16;
		if (kind != PCI_CLASS_NETWORK && kind != PCI_CLASS_WIRELESS)
			continue;
		(void)look_attribute(m, PCI, name, "vendor", vendor, sizeof(vendor));
		(void)look_attribute(m, PCI, name, "device", device, sizeof(device));
		has = look_attribute_link(m, PCI, name, "driver", driver, sizeof(driver));
		found++;
		driven += has;
		look_add(detail, "%s%s:%s %s", found > 1 ? ", " : "", vendor, device,
		    has ? "HAS A DRIVER" : "no driver");
	}
	if (found == 0)
		return look_say(detail, INIT_OK, "no network controller on PCI");
	return driven == 0 ? INIT_OK : INIT_FAILED;
}

static enum init_state
check_usb_drivers(const struct init_machine *m, char detail[INIT_DETAIL])
{
	static const char *const allowed[] = { "hub", "uas", "usb", "usb-storage", "usbfs",
		"usbhid" };
	SN_CLEANUP(look_names_done) struct look_names l = look_names(m, "/sys/bus/usb/drivers");

	for (int i = 0; i < l.n; i++) {
		const char *name = look_name(&l, i);
		size_t j = 0;

		while (j < SN_NITEMS(allowed) && strcmp(name, allowed[j]) != 0)
			j++;
		if (j == SN_NITEMS(allowed))
			return look_say(detail, INIT_FAILED,
			    "a USB driver that should not be: %.60s", name);
	}
	return look_say(detail, INIT_OK, "hubs, keyboards and sticks only");
}

/* The guard decides on every device: the kernel must not let one in before. */
static enum init_state
check_usb_policy(const struct init_machine *m, char detail[INIT_DETAIL])
{
	SN_CLEANUP(look_names_done) struct look_names l = look_names(m, USB);
	unsigned int buses = 0;

	for (int i = 0; i < l.n; i++) {
		const char *name = look_name(&l, i);
		char value[16];

		if (strncmp(name, "usb", 3) != 0)
			continue;
		(void)look_attribute(m, USB, name, "authorized_default", value, sizeof(value));
		if (strcmp(value, "0") != 0)
			return look_say(detail, INIT_FAILED,
			    "%.20s lets devices in by itself (%s)", name,
			    value[0] != '\0' ? value : "?");
		buses++;
	}
	return look_say(detail, INIT_OK, "nothing on %u buses is let in unjudged", buses);
}

const struct init_rule init_network_rules[] = {
	{ "sockets", check_sockets, false },
	{ "network interfaces", check_network_class, false },
	{ "network controllers", check_network_devices, false },
	{ "usb drivers", check_usb_drivers, false },
	{ "usb policy", check_usb_policy, false },
	{ NULL, NULL, false },
};
