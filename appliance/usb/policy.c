#include "appliance/usb/policy.h"

#include <stdarg.h>
#include <stdio.h>

#define DEVICE_LEN 18 /* [USB 2.0 table 9-8] */
#define CONFIGURATION_LEN 9
#define INTERFACE_LEN 9
#define CONFIGURATIONS_MAX 8 /* the kernel takes no more */
#define INTERFACES_MAX 32

#define TYPE_DEVICE 1
#define TYPE_CONFIGURATION 2
#define TYPE_INTERFACE 4

#define CLASS_HID 0x03
#define CLASS_STORAGE 0x08
#define CLASS_HUB 0x09
#define PROTOCOL_UAS 0x62
#define ANY (-1)

/* One bit per kind that an interface may belong to. */
#define FITS(kind) (1U << (kind))

struct triple {
	uint8_t class, subclass, protocol;
};

/* The interfaces that may be there at all. */
static const struct interface_row {
	int class, subclass, protocol;
	enum usb_kind kind;
	bool proves; /* without one of these it is not that kind */
} interface_rows[] = {
	{ CLASS_HUB, 0, ANY, USB_HUB, true },
	{ CLASS_HID, 1, 1, USB_KEYBOARD, true },
	{ CLASS_HID, 1, 0, USB_KEYBOARD, false },
	{ CLASS_HID, 1, 2, USB_KEYBOARD, false },
	{ CLASS_HID, 0, ANY, USB_KEYBOARD, false },
	{ CLASS_STORAGE, 6, 0x50, USB_STORAGE, true },
	{ CLASS_STORAGE, 6, PROTOCOL_UAS, USB_STORAGE, false },
};

/* What a device may say of itself as a whole, and for which kind. */
static const struct interface_row device_rows[] = {
	{ CLASS_HUB, 0, ANY, USB_HUB, true },
	{ 0, 0, 0, USB_KEYBOARD, true },
	{ 0xef, 2, 1, USB_KEYBOARD, true }, /* composite, with interface associations */
	{ 0, 0, 0, USB_STORAGE, true },
};

static const struct class_row {
	uint8_t class;
	const char *what;
} class_rows[] = {
	{ 0x01, "sound" },
	{ 0x02, "network, modem or serial line" },
	{ 0x03, "input device of an unknown kind" },
	{ 0x05, "force feedback" },
	{ 0x06, "camera" },
	{ 0x07, "printer" },
	{ 0x08, "storage of an old or unknown kind" },
	{ 0x09, "hub inside another device" },
	{ 0x0a, "network, modem or serial line" },
	{ 0x0b, "smart card" },
	{ 0x0d, "content security" },
	{ 0x0e, "video" },
	{ 0x10, "audio and video" },
	{ 0x11, "billboard" },
	{ 0xdc, "diagnosis" },
	{ 0xe0, "wireless or network" },
	{ 0xef, "miscellaneous" },
	{ 0xfe, "firmware update or the like" },
	{ 0xff, "maker's own kind" },
};

/* What has been seen of one configuration. */
struct config {
	bool seen[INTERFACES_MAX];
	unsigned int interfaces, said;
	unsigned int fits;   /* kinds that every interface may belong to */
	unsigned int proved; /* kinds of which one has been seen */
	bool mouse;
};

static void refuse(struct usb_verdict *v, const char *fmt, ...) SN_PRINTF(2, 3);

static void
refuse(struct usb_verdict *v, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(v->reason, sizeof(v->reason), fmt, ap);
	va_end(ap);
	v->kind = USB_REFUSED;
}

static void
refuse_class(struct usb_verdict *v, struct triple t)
{
	const char *what = "unknown kind";

	for (size_t i = 0; i < SN_NITEMS(class_rows); i++)
		if (class_rows[i].class == t.class)
			what = class_rows[i].what;
	v->class = t.class;
	v->subclass = t.subclass;
	v->protocol = t.protocol;
	refuse(v, "%s (class %02x/%02x/%02x)", what, t.class, t.subclass, t.protocol);
}

static uint16_t
le16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static bool
row_fits(const struct interface_row *r, struct triple t)
{
	return (r->class == t.class) && (r->subclass == ANY || r->subclass == t.subclass) &&
	    (r->protocol == ANY || r->protocol == t.protocol);
}

/* One setting of one interface. */
static bool
judge_interface(struct config *c, const uint8_t *p, struct usb_verdict *v)
{
	const struct triple t = { p[5], p[6], p[7] };
	const uint8_t number = p[2], alternate = p[3];
	unsigned int fits = 0;

	if (number >= INTERFACES_MAX || number >= c->said ||
	    (alternate != 0 && !c->seen[number])) {
		refuse(v, "its interfaces are not numbered as they must be");
		return false;
	}
	for (size_t i = 0; i < SN_NITEMS(interface_rows); i++) {
		const struct interface_row *r = &interface_rows[i];

		if (!row_fits(r, t))
			continue;
		fits |= FITS(r->kind);
		if (r->proves && alternate == 0)
			c->proved |= FITS(r->kind);
	}
	if (fits == 0) {
		refuse_class(v, t);
		return false;
	}
	if (alternate == 0 && c->seen[number]) {
		refuse(v, "two interfaces have one number");
		return false;
	}
	if (v->class == 0)
		*v = (struct usb_verdict){ v->kind, v->vendor, v->product, t.class, t.subclass,
			t.protocol, "" };
	c->mouse = c->mouse || (t.class == CLASS_HID && t.subclass == 1 && t.protocol == 2);
	c->interfaces += alternate == 0;
	c->seen[number] = true;
	c->fits &= fits;
	return true;
}

/* What the interfaces of a configuration are together. */
static enum usb_kind
config_kind(const struct config *c, struct usb_verdict *v)
{
	if (c->interfaces == 0)
		refuse(v, "it has no interface");
	else if (c->interfaces != c->said)
		refuse(v, "it says %u interfaces and has %u", c->said, c->interfaces);
	else if (c->fits == 0)
		refuse(v, "several kinds of device in one");
	else if ((c->fits & c->proved) == 0 && (c->fits & FITS(USB_KEYBOARD)) != 0)
		refuse(v, c->mouse ? "mouse or touchpad" : "input device, but no keyboard");
	else if ((c->fits & c->proved) == 0)
		refuse(v, "storage without bulk-only transport");
	else if (c->fits == FITS(USB_STORAGE) && c->interfaces != 1)
		refuse(v, "several sticks in one device");
	else
		for (enum usb_kind k = USB_HUB; k < USB_KINDS; k++)
			if (c->fits == FITS(k))
				return k;
	return USB_REFUSED;
}

/* One configuration with all that belongs to it; b is moved behind it. */
static enum usb_kind
judge_config(struct bytes *b, struct usb_verdict *v)
{
	struct config c = { .fits = ~0U };
	struct bytes in;

	if (b->n < CONFIGURATION_LEN || b->p[0] < CONFIGURATION_LEN ||
	    b->p[1] != TYPE_CONFIGURATION || le16(b->p + 2) > b->n ||
	    le16(b->p + 2) < b->p[0]) {
		refuse(v, "a configuration is cut short or lies about its length");
		return USB_REFUSED;
	}
	in = (struct bytes){ b->p + b->p[0], (size_t)le16(b->p + 2) - b->p[0] };
	c.said = b->p[4];
	b->n -= le16(b->p + 2);
	b->p += le16(b->p + 2);
	while (in.n > 0) {
		if (in.n < 2 || in.p[0] < 2 || in.p[0] > in.n || in.p[1] == TYPE_DEVICE ||
		    in.p[1] == TYPE_CONFIGURATION ||
		    (in.p[1] == TYPE_INTERFACE && in.p[0] < INTERFACE_LEN)) {
			refuse(v, "a descriptor lies about its length or kind");
			return USB_REFUSED;
		}
		if (in.p[1] == TYPE_INTERFACE && !judge_interface(&c, in.p, v))
			return USB_REFUSED;
		in.n -= in.p[0];
		in.p += in.p[0];
	}
	return config_kind(&c, v);
}

/* Does the device as a whole say what its interfaces say? */
static void
judge_device(const uint8_t *p, struct usb_verdict *v)
{
	const struct triple t = { p[4], p[5], p[6] };

	for (size_t i = 0; i < SN_NITEMS(device_rows); i++)
		if (device_rows[i].kind == v->kind && row_fits(&device_rows[i], t))
			return;
	if (t.class != 0)
		refuse_class(v, t);
	else
		refuse(v, "a hub that does not call itself one");
}

void
usb_judge(struct bytes b, struct usb_verdict *ret)
{
	struct usb_verdict v = { 0 };
	const uint8_t *device = b.p;
	const size_t size = b.n;
	enum usb_kind kind = USB_REFUSED;

	*ret = v;
	if (b.n < DEVICE_LEN || b.n > USB_DESCRIPTORS_MAX || b.p[0] != DEVICE_LEN ||
	    b.p[1] != TYPE_DEVICE) {
		refuse(ret, "it cannot be read");
		return;
	}
	v.vendor = le16(device + 8);
	v.product = le16(device + 10);
	b = (struct bytes){ b.p + DEVICE_LEN, b.n - DEVICE_LEN };
	if (device[17] == 0 || device[17] > CONFIGURATIONS_MAX)
		refuse(&v, "it has %u configurations", device[17]);
	for (unsigned int i = 0; i < device[17] && v.reason[0] == '\0'; i++) {
		enum usb_kind one = judge_config(&b, &v);

		if (one != USB_REFUSED && i > 0 && one != kind)
			refuse(&v, "each configuration is another kind of device");
		kind = one;
	}
	if (v.reason[0] == '\0' && b.n > 0)
		refuse(&v, "bytes behind its last configuration");
	v.kind = v.reason[0] == '\0' ? kind : USB_REFUSED;
	if (v.kind != USB_REFUSED)
		judge_device(device, &v);
	if (v.kind == USB_KEYBOARD && size > USB_KEYBOARD_MAX)
		refuse(&v, "a keyboard with %zu bytes of descriptors", size);
	*ret = v;
}

const char *
usb_kind_name(enum usb_kind kind)
{
	static const char *const names[USB_KINDS] = { "refused", "hub", "keyboard", "stick" };

	return (unsigned int)kind < USB_KINDS ? names[kind] : "unknown";
}
