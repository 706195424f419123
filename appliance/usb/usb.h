/*
 * usb - what the USB guard says about the devices of this machine, and what it can
 * be asked.
 *
 * Owns: nothing; the link to the guard is the caller's. May include: base. The guard
 * is a process of its own, the only one that can authorise a device. See docs/USB.md.
 */
#ifndef USB_USB_H
#define USB_USB_H

#include "appliance/base/frame.h"
#include "appliance/usb/policy.h"

#define USB_DEVICES_MAX 40 /* hubs, keyboards, sticks, refused ones; more are never used */
#define USB_PORT_MAX 31	   /* "1-2.4.1" */
#define USB_NAME_MAX 40
#define USB_LINE_MAX 200

enum usb_state {
	USB_OFF,   /* not authorised, and nobody will be asked */
	USB_ON,	   /* authorised: its driver has it */
	USB_ASKED, /* a keyboard that came after the choice of the console */
	USB_STATES
};

struct usb_device {
	uint32_t id; /* never given twice; what is plugged in again has another one */
	enum usb_state state;
	bool returned; /* the only keyboard, pulled and back in its port: on again by itself */
	struct usb_verdict verdict;
	char port[USB_PORT_MAX + 1];
	char name[USB_NAME_MAX + 1];   /* maker and product as it says, in printable ASCII */
	uint8_t raw[USB_KEYBOARD_MAX]; /* a keyboard's descriptors */
	size_t nraw;
};

struct usb_status {
	uint32_t generation; /* raised by every change; 0: never asked */
	bool frozen;	     /* keyboards that come from now on are asked about */
	uint32_t more;	     /* devices beyond USB_DEVICES_MAX; none of them is authorised */
	struct usb_device device[USB_DEVICES_MAX];
	size_t n;
};

/*
 * Start the guard from the program file self, which calls usb_process_main() for its
 * argument --role=usb. It ends when the last copy of its pipes' ends is closed.
 */
SN_MUST_USE enum sn_err usb_guard_start(const char *self, struct sn_child *ret,
    struct sn_why *why);

/*
 * Ask the guard; *st is what it said last, or zero. *ret_changed: it was changed.
 * SN_E_PROTO, SN_E_IO: the guard is gone, and with it every new stick.
 */
SN_MUST_USE enum sn_err usb_status(struct sn_link *guard, struct usb_status *st,
    bool *ret_changed, struct sn_why *why);
/*
 * From now on a new keyboard is asked about. other_input: people type on something that
 * is no USB keyboard (a serial line), so that no keyboard may come back by itself.
 */
SN_MUST_USE enum sn_err usb_freeze(struct sn_link *guard, bool other_input, struct sn_why *why);
/* Authorise a keyboard in state USB_ASKED. SN_E_POLICY: it is not, or it has gone. */
SN_MUST_USE enum sn_err usb_accept(struct sn_link *guard, uint32_t id, struct sn_why *why);

/* Device id, or NULL when it has gone. */
const struct usb_device *usb_find(const struct usb_status *st, uint32_t id);
/* One line for people: kind, numbers, name, port, and why it is refused. */
void usb_say(const struct usb_device *d, char ret[USB_LINE_MAX]);

/* ---- between client and guard */

/* The requests: u32 known generation; u8 other_input; u32 id. The answer to the first is
 * a status, or its generation alone when that is the known one; to the others, nothing. */
enum usb_request { USB_REQ_STATUS = 1, USB_REQ_FREEZE, USB_REQ_ACCEPT };
#define USB_TIMEOUT_MS 60000U /* a device may hold the guard up for several times 5 s */

void usb_status_put(const struct usb_status *st, struct sn_buf *ret);
/* *ret is zeroed first and of no use after a failure (SN_E_FORMAT, SN_E_LIMIT). */
SN_MUST_USE enum sn_err usb_status_take(struct bytes b, struct usb_status *ret,
    struct sn_why *why);

#endif
