/*
 * boot - the first screen and its menu: what was started, and what to do with it.
 *
 * Owns: nothing. May include: base, usb, init.h, console.h, page.h. The menu is a table
 * in boot.c: a key, what it is called, what it does; the program adds choices of its own.
 */
#ifndef INIT_BOOT_H
#define INIT_BOOT_H

#include "appliance/init/checks.h"
#include "appliance/init/console.h"
#include "appliance/usb/usb.h"

struct boot {
	const struct init_ops *ops;
	const struct init_machine *machine;
	struct consoles *cs;
	struct init_facts *facts;
	struct usb_status usb; /* as it is shown now */
};

/*
 * Show the first screen on every console, with the USB devices as they come, and obey its
 * menu until somebody presses Enter alone: the console on which that was. When a self-test
 * failed this means switching off, else a ceremony on that console; *ret is NULL when a
 * choice of the program ended with switching off. Fails when the USB guard is gone.
 */
SN_MUST_USE enum sn_err boot_choose(struct boot *b, struct console **ret, struct sn_why *why);

#endif
