/*
 * guard - inside the guard's process: the table of devices, and authorising them.
 *
 * Owns: one descriptor per device until usb_guard_done(). May include: base. All it
 * touches lies below a folder that is /sys, so that tests can bring machines of their own.
 */
#ifndef USB_GUARD_H
#define USB_GUARD_H

#include <sys/types.h>

#include "appliance/usb/usb.h"

#define USB_GONE_MAX 8

/* The file that authorises a device, held open: a device in its place is another file. */
struct usb_held {
	int fd;
	ino_t file;
};

struct usb_gone {
	char port[USB_PORT_MAX + 1], name[USB_NAME_MAX + 1];
	uint8_t raw[USB_KEYBOARD_MAX];
	size_t nraw;
};

struct usb_guard {
	int sys; /* the folder; the caller's */
	bool other_input;
	uint32_t last_id;
	struct usb_status st;
	struct usb_held held[USB_DEVICES_MAX]; /* of st.device[i] */
	struct usb_gone gone[USB_GONE_MAX];    /* keyboards that were on, and were pulled */
	size_t ngone;
};

/* Nothing is known yet: the first look makes generation 1. */
void usb_guard_init(struct usb_guard *g, int sys);
void usb_guard_done(struct usb_guard *g); /* idempotent */

/* Look once: forget what is gone, judge what is new, authorise what may be used. True when
 * something was authorised, as there may be more behind it. */
bool usb_guard_look(struct usb_guard *g);
void usb_guard_freeze(struct usb_guard *g, bool other_input);
SN_MUST_USE enum sn_err usb_guard_accept(struct usb_guard *g, uint32_t id, struct sn_why *why);

/* The whole loop on a link, until the client closes it. */
void usb_guard_run(struct usb_guard *g, struct sn_link *link);

/*
 * The guard's side in the image: `ceremony --role=usb`, started by PID 1, calls this.
 * Takes the only writable /sys there is, goes to jail there, and guards until PID 1 and
 * the ceremony have closed its pipes. An exit status.
 */
int usb_process_main(void);

#endif
