/* Devices of good and of ill will, as their descriptors. */
#include <string.h>

#include "appliance/usb/policy.h"
#include "tests/lib/test.h"

/* class: three bytes; configurations: one. All numbers are little-endian. */
#define DEVICE(class, configurations)                                                          \
	"12010002" class "40"                                                                  \
			 "6d041cc3"                                                            \
			 "0001"                                                                \
			 "010203" configurations
#define CONFIG(total, interfaces) "0902" total interfaces "0100a032"
#define INTERFACE(number, alternate, class) "0904" number alternate "01" class "00"
#define HID "092111010001223f00"
#define IN "07058103080010"
#define BULK                                                                                   \
	"07058102000200"                                                                       \
	"07050202000200"

#define PLAIN DEVICE("000000", "01")
#define KEYBOARD INTERFACE("00", "00", "030101") HID IN
#define STICK INTERFACE("00", "00", "080650") BULK
#define ONE_KEYBOARD CONFIG("2200", "01") KEYBOARD
#define ONE_STICK CONFIG("2000", "01") STICK

struct device_row {
	const char *name, *hex;
	enum usb_kind kind;
	const char *reason; /* must be part of it */
};

static const struct device_row rows[] = {
	/* what may be used */
	{ "keyboard", PLAIN ONE_KEYBOARD, USB_KEYBOARD, "" },
	{ "keyboard with media keys",
	    PLAIN CONFIG("3b00", "02") KEYBOARD INTERFACE("01", "00", "030000") HID IN,
	    USB_KEYBOARD, "" },
	{ "keyboard with a pointing stick",
	    PLAIN CONFIG("3b00", "02") KEYBOARD INTERFACE("01", "00", "030102") HID IN,
	    USB_KEYBOARD, "" },
	{ "keyboard with interface associations", DEVICE("ef0201", "01") ONE_KEYBOARD,
	    USB_KEYBOARD, "" },
	{ "keyboard in two like configurations",
	    DEVICE("000000", "02") ONE_KEYBOARD ONE_KEYBOARD, USB_KEYBOARD, "" },
	{ "stick", PLAIN ONE_STICK, USB_STORAGE, "" },
	{ "stick that can do UAS",
	    PLAIN CONFIG("3700", "01") STICK INTERFACE("00", "01", "080662") BULK, USB_STORAGE,
	    "" },
	{ "hub", DEVICE("090001", "01") CONFIG("1900", "01") INTERFACE("00", "00", "090000") IN,
	    USB_HUB, "" },
	{ "hub with two ways to translate",
	    DEVICE("090002", "01") CONFIG("2900", "01") INTERFACE("00", "00", "090001")
		IN INTERFACE("00", "01", "090002") IN,
	    USB_HUB, "" },

	/* other kinds */
	{ "mouse", PLAIN CONFIG("2200", "01") INTERFACE("00", "00", "030102") HID IN,
	    USB_REFUSED, "mouse" },
	{ "tablet", PLAIN CONFIG("2200", "01") INTERFACE("00", "00", "030000") HID IN,
	    USB_REFUSED, "no keyboard" },
	{ "network card", PLAIN CONFIG("1900", "01") INTERFACE("00", "00", "020600") IN,
	    USB_REFUSED, "network" },
	{ "network card that speaks RNDIS",
	    PLAIN CONFIG("1900", "01") INTERFACE("00", "00", "e00103") IN, USB_REFUSED,
	    "wireless or network" },
	{ "serial line",
	    DEVICE("020000", "01") CONFIG("1900", "01") INTERFACE("00", "00", "ff0000") IN,
	    USB_REFUSED, "maker's own" },
	{ "camera", PLAIN CONFIG("1900", "01") INTERFACE("00", "00", "0e0100") IN, USB_REFUSED,
	    "video" },
	{ "sound", PLAIN CONFIG("1900", "01") INTERFACE("00", "00", "010100") IN, USB_REFUSED,
	    "sound" },
	{ "Bluetooth",
	    DEVICE("e00101", "01") CONFIG("1900", "01") INTERFACE("00", "00", "e00101") IN,
	    USB_REFUSED, "wireless" },
	{ "floppy drive", PLAIN CONFIG("2000", "01") INTERFACE("00", "00", "080401") BULK,
	    USB_REFUSED, "storage of an old" },
	{ "class nobody knows", PLAIN CONFIG("1900", "01") INTERFACE("00", "00", "aabbcc") IN,
	    USB_REFUSED, "unknown kind (class aa/bb/cc)" },

	/* one thing that is several */
	{ "keyboard that is a stick too",
	    PLAIN CONFIG("3900", "02") KEYBOARD INTERFACE("01", "00", "080650") BULK,
	    USB_REFUSED, "several kinds" },
	{ "keyboard with a network card",
	    PLAIN CONFIG("3200", "02") KEYBOARD INTERFACE("01", "00", "020d00") IN, USB_REFUSED,
	    "network" },
	{ "keyboard with a part of the maker's own",
	    PLAIN CONFIG("3200", "02") KEYBOARD INTERFACE("01", "00", "ff0000") IN, USB_REFUSED,
	    "maker's own" },
	{ "keyboard with an odd input",
	    PLAIN CONFIG("3b00", "02") KEYBOARD INTERFACE("01", "00", "030201") HID IN,
	    USB_REFUSED, "input device of an unknown kind" },
	{ "stick with a hub inside",
	    PLAIN CONFIG("3000", "02") STICK INTERFACE("01", "00", "090000") IN, USB_REFUSED,
	    "several kinds" },
	{ "stick with firmware update",
	    PLAIN CONFIG("2900", "02") STICK INTERFACE("01", "00", "fe0101"), USB_REFUSED,
	    "firmware" },
	{ "two sticks in one",
	    PLAIN CONFIG("3700", "02") STICK INTERFACE("01", "00", "080650") BULK, USB_REFUSED,
	    "several sticks" },
	{ "hub that is a keyboard too",
	    DEVICE("090000", "01") CONFIG("3200", "02") KEYBOARD INTERFACE("01", "00", "090000")
		IN,
	    USB_REFUSED, "several kinds" },
	{ "keyboard only in another setting",
	    PLAIN CONFIG("3b00", "01") INTERFACE("00", "00", "030000")
		HID IN INTERFACE("00", "01", "030101") HID IN,
	    USB_REFUSED, "no keyboard" },
	{ "stick whose other setting is a network card",
	    PLAIN CONFIG("3000", "01") STICK INTERFACE("00", "01", "020600") IN, USB_REFUSED,
	    "network" },
	{ "UAS and nothing else",
	    PLAIN CONFIG("2000", "01") INTERFACE("00", "00", "080662") BULK, USB_REFUSED,
	    "without bulk-only" },
	{ "second configuration is a network card",
	    DEVICE("000000", "02") ONE_STICK CONFIG("1900", "01")
		INTERFACE("00", "00", "020600") IN,
	    USB_REFUSED, "network" },
	{ "second configuration is a stick", DEVICE("000000", "02") ONE_KEYBOARD ONE_STICK,
	    USB_REFUSED, "another kind" },
	{ "keyboard whose device says maker's own", DEVICE("ff0000", "01") ONE_KEYBOARD,
	    USB_REFUSED, "maker's own" },
	{ "keyboard whose device says hub", DEVICE("090000", "01") ONE_KEYBOARD, USB_REFUSED,
	    "hub inside" },
	{ "stick with interface associations", DEVICE("ef0201", "01") ONE_STICK, USB_REFUSED,
	    "miscellaneous" },
	{ "hub that says nothing",
	    PLAIN CONFIG("1900", "01") INTERFACE("00", "00", "090000") IN, USB_REFUSED,
	    "does not call itself" },

	/* lies */
	{ "nothing at all", "", USB_REFUSED, "cannot be read" },
	{ "device descriptor cut", "12010002000000406d041cc3000101020", USB_REFUSED,
	    "cannot be read" },
	{ "device descriptor too long",
	    "13010002000000406d041cc30001010203"
	    "01"
	    "00" ONE_KEYBOARD,
	    USB_REFUSED, "cannot be read" },
	{ "configuration first", ONE_KEYBOARD PLAIN, USB_REFUSED, "cannot be read" },
	{ "no configuration", DEVICE("000000", "00"), USB_REFUSED, "0 configurations" },
	{ "255 configurations", DEVICE("000000", "ff") ONE_KEYBOARD, USB_REFUSED,
	    "255 configurations" },
	{ "one configuration said, none there", PLAIN, USB_REFUSED, "cut short" },
	{ "one configuration said, two there", PLAIN ONE_KEYBOARD ONE_STICK, USB_REFUSED,
	    "bytes behind" },
	{ "two configurations said, one there", DEVICE("000000", "02") ONE_KEYBOARD,
	    USB_REFUSED, "cut short" },
	{ "configuration without interface", PLAIN CONFIG("0900", "00"), USB_REFUSED,
	    "no interface" },
	{ "one interface said, none there", PLAIN CONFIG("0900", "01"), USB_REFUSED,
	    "no interface" },
	{ "one interface said, two there",
	    PLAIN CONFIG("3b00", "01") KEYBOARD INTERFACE("01", "00", "030000") HID IN,
	    USB_REFUSED, "not numbered" },
	{ "two interfaces said, one there", PLAIN CONFIG("2200", "02") KEYBOARD, USB_REFUSED,
	    "says 2 interfaces and has 1" },
	{ "configuration longer than the rest", PLAIN CONFIG("ffff", "01") KEYBOARD,
	    USB_REFUSED, "cut short" },
	{ "configuration shorter than its head", PLAIN CONFIG("0800", "01") KEYBOARD,
	    USB_REFUSED, "cut short" },
	{ "configuration ends inside a descriptor", PLAIN CONFIG("2000", "01") KEYBOARD,
	    USB_REFUSED, "a descriptor lies" },
	{ "descriptor of no length", PLAIN CONFIG("2400", "01") KEYBOARD "0004", USB_REFUSED,
	    "a descriptor lies" },
	{ "descriptor of one byte", PLAIN CONFIG("2300", "01") KEYBOARD "01", USB_REFUSED,
	    "a descriptor lies" },
	{ "interface of eight bytes", PLAIN CONFIG("1100", "01") "0804000001030101",
	    USB_REFUSED, "a descriptor lies" },
	{ "device inside a configuration", PLAIN CONFIG("3400", "01") KEYBOARD PLAIN,
	    USB_REFUSED, "a descriptor lies" },
	{ "configuration inside a configuration",
	    PLAIN CONFIG("2b00", "01") KEYBOARD CONFIG("0900", "01"), USB_REFUSED,
	    "a descriptor lies" },
	{ "one number for two interfaces",
	    PLAIN CONFIG("3b00", "02") KEYBOARD INTERFACE("00", "00", "030000") HID IN,
	    USB_REFUSED, "one number" },
	{ "setting of an interface that is not there",
	    PLAIN CONFIG("3b00", "01") KEYBOARD INTERFACE("01", "01", "030000") HID IN,
	    USB_REFUSED, "not numbered" },
	{ "interface number 255",
	    PLAIN CONFIG("2200", "01") INTERFACE("ff", "00", "030101") HID IN, USB_REFUSED,
	    "not numbered" },
};

static void
judge(void **state)
{
	const struct device_row *row = *state;
	struct usb_verdict v;
	char even[2048];
	struct test_bytes b;

	/* a row may end in half a byte, to be cut there */
	(void)snprintf(even, sizeof(even), "%.*s", (int)(strlen(row->hex) / 2 * 2), row->hex);
	b = test_unhex(even);
	usb_judge((struct bytes){ b.data, b.len }, &v);
	assert_string_equal(usb_kind_name(v.kind), usb_kind_name(row->kind));
	if (strstr(v.reason, row->reason) == NULL ||
	    (v.reason[0] == '\0') != (v.kind != USB_REFUSED))
		fail_msg("\"%s\" is not in \"%s\"", row->reason, v.reason);
	if (v.kind != USB_REFUSED) {
		assert_int_equal(v.vendor, 0x046d);
		assert_int_equal(v.product, 0xc31c);
	}
	test_bytes_done(&b);
}

/* Whatever is cut off or put behind a good device, it is not good any more. */
static void
no_other_length(void **state)
{
	struct test_bytes b = test_unhex(PLAIN ONE_KEYBOARD "00");
	struct usb_verdict v;

	(void)state;
	for (size_t n = 0; n <= b.len; n++) {
		usb_judge((struct bytes){ b.data, n }, &v);
		assert_int_equal(v.kind, n == b.len - 1 ? USB_KEYBOARD : USB_REFUSED);
	}
	test_bytes_done(&b);
}

/* A change of any one bit of what decides makes it another device, or none. */
static void
every_bit_counts(void **state)
{
	static const struct {
		size_t from, to;
	} decides[] = { { 0, 2 }, { 4, 7 }, { 17, 23 }, { 27, 31 }, { 32, 35 } };
	struct test_bytes b = test_unhex(PLAIN ONE_STICK);
	struct usb_verdict v;

	(void)state;
	for (size_t k = 0; k < SN_NITEMS(decides); k++)
		for (size_t bit = decides[k].from * 8; bit < decides[k].to * 8; bit++) {
			b.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
			usb_judge((struct bytes){ b.data, b.len }, &v);
			if (v.kind == USB_STORAGE)
				fail_msg("byte %zu, bit %zu does not matter", bit / 8, bit % 8);
			b.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
		}
	test_bytes_done(&b);
}

int
main(void)
{
	struct test_list *l = test_list_new();

	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		test_list_add(l, judge, &rows[i], "%s", rows[i].name);
	test_list_add(l, no_other_length, NULL, "a keyboard has one length");
	test_list_add(l, every_bit_counts, NULL, "every bit that decides counts");
	return test_list_run(l, "policy");
}
