/* A network, wherever it may hide. */
#include <sys/syscall.h>

#include "tests/appliance/init/rig.h"

#define NIC "/sys/bus/pci/devices/0000:00:03.0"

static const struct machine_row rows[] = {
	{ "no family", "sockets", INIT_OK, "none of 64", BARE },
	{ "one odd family among many", "sockets", INIT_FAILED, "family 40",
	    SAYS({ .number = SYS_socket, .first = 40, .result = 900, .there = true }) },
	{ "no class net", "network interfaces", INIT_OK, "no network interfaces", BARE },
	{ "class net, though empty", "network interfaces", INIT_FAILED, "/sys/class/net",
	    HAS(F("/sys/class/net/.keep", "")) },
	{ "no controller", "network controllers", INIT_OK, "no network controller",
	    HAS(F(NIC "/class", "0x010601\n")) },
	{ "controller without driver", "network controllers", INIT_OK,
	    "0x8086:0x10d3 no driver",
	    HAS(F(NIC "/class", "0x020000\n"), F(NIC "/vendor", "0x8086\n"),
		F(NIC "/device", "0x10d3\n")) },
	{ "controller with a driver", "network controllers", INIT_FAILED, "HAS A DRIVER",
	    HAS(F(NIC "/class", "0x020000\n"), L(NIC "/driver", ".")) },
	{ "wireless controller with a driver", "network controllers", INIT_FAILED,
	    "HAS A DRIVER", HAS(F(NIC "/class", "0x0d1100\n"), L(NIC "/driver", ".")) },
	{ "one of two with a driver", "network controllers", INIT_FAILED, "no driver, ",
	    HAS(F("/sys/bus/pci/devices/0000:00:02.0/class", "0x028000\n"),
		F(NIC "/class", "0x020000\n"), L(NIC "/driver", ".")) },
	{ "keyboards and sticks", "usb drivers", INIT_OK, "only",
	    HAS(F("/sys/bus/usb/drivers/usbhid/x", ""),
		F("/sys/bus/usb/drivers/usb-storage/x", "")) },
	{ "USB network driver", "usb drivers", INIT_FAILED, "cdc_ether",
	    HAS(F("/sys/bus/usb/drivers/cdc_ether/x", "")) },
	{ "no USB at all", "usb policy", INIT_OK, "on 0 buses", BARE },
	{ "two buses that let nothing in", "usb policy", INIT_OK, "on 2 buses",
	    HAS(F("/sys/bus/usb/devices/usb1/authorized_default", "0\n"),
		F("/sys/bus/usb/devices/usb2/authorized_default", "0\n"),
		F("/sys/bus/usb/devices/1-1/authorized", "0\n")) },
	{ "the second bus lets all in", "usb policy", INIT_FAILED, "usb2 lets devices in",
	    HAS(F("/sys/bus/usb/devices/usb1/authorized_default", "0\n"),
		F("/sys/bus/usb/devices/usb2/authorized_default", "1\n")) },
	{ "a bus that lets in what is built in", "usb policy", INIT_FAILED, "(2)",
	    HAS(F("/sys/bus/usb/devices/usb1/authorized_default", "2\n")) },
	{ "a bus that does not say", "usb policy", INIT_FAILED, "(?)",
	    HAS(F("/sys/bus/usb/devices/usb1/speed", "480\n")) },
};

int
main(void)
{
	return rig_run(init_network_rules, rows, SN_NITEMS(rows), "init network");
}
