/*
 * policy - may this USB device be used here? A pure function over the descriptors
 * that the kernel read from it.
 *
 * Owns: nothing. May include: base. Hubs, boot keyboards and bulk storage may; all
 * else is refused, and so is everything that contradicts itself. See docs/USB.md.
 */
#ifndef USB_POLICY_H
#define USB_POLICY_H

#include "appliance/base/bytes.h"

#define USB_DESCRIPTORS_MAX 4096 /* bytes; a keyboard has about 60, a stick 32 to 120 */
#define USB_KEYBOARD_MAX 1024	 /* the same for a keyboard, which is kept to be compared */
#define USB_REASON_MAX 60

enum usb_kind { USB_REFUSED, USB_HUB, USB_KEYBOARD, USB_STORAGE, USB_KINDS };

struct usb_verdict {
	enum usb_kind kind;
	uint16_t vendor, product;	   /* 0 when not even these can be read */
	uint8_t class, subclass, protocol; /* what decided: the interface, or the device */
	char reason[USB_REASON_MAX + 1];   /* a phrase in printable ASCII; "" unless refused */
};

/*
 * Judge what /sys/bus/usb/devices/NAME/descriptors holds: the device descriptor, then
 * every configuration with all that belongs to it [USB 2.0 9.6]. All configurations must
 * agree, as the kernel picks one by itself. Never fails: what cannot be read is refused.
 */
void usb_judge(struct bytes descriptors, struct usb_verdict *ret);

const char *usb_kind_name(enum usb_kind kind); /* "keyboard" */

#endif
