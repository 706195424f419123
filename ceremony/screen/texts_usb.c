#include "ceremony/screen/texts.h"

/* USB devices, between the questions of the steps. */
static const struct text rows[] = {
	/* USB devices, between the questions of the steps */
	{ "usb.line", "[US] {line}" },
	{ "usb.head", "A keyboard that came later" },
	{ "usb.device", "{device} \"{name}\"\nat port {port}" },
	{ "usb.whether",
	    "It was plugged in during the ceremony and is refused: nothing is heard that is typed on "
	    "it. A device that looks like a keyboard can type by itself. Accept it only if you "
	    "know it and need it; two approvers sign for it with their sticks." },
	{ "usb.media",
	    "Two different approvers accept this keyboard, each with the own stick and "
	    "passphrase. Accepted by {have} of 2." },
	{ "usb.pass", "{person} accepts this keyboard, from now to the end." },
	{ "usb.prompt", "Type \"accept\" or \"refuse\", then Enter." },
	{ "usb.prompt-stick", "Insert the stick {label}, or type \"refuse\"." },
	{ "usb.note-refused", "USB refused: {device} \"{name}\" at {port}: {reason}" },
	{ "usb.note-later",
	    "Keyboard {device} at {port} is refused. Approvers can accept it when the plan is approved." },
	{ "usb.note-late",
	    "Keyboard {device} at {port} is refused: the transcript is closed." },
	{ "usb.note-returned",
	    "Keyboard {device} \"{name}\" is back at {port} and can be used." },
	{ "usb.note-gone", "Keyboard {device} \"{name}\" at {port} was pulled." },
	{ "usb.note-vanished", "The keyboard in question was pulled; nobody accepted it." },
	{ "usb.note-declined", "The keyboard stays refused." },
	{ "usb.note-accepted", "The keyboard is accepted and can be used." },
	{ "usb.note-neither", "That was neither \"accept\" nor \"refuse\". Type it again." },
};
const struct texts texts_usb = { rows, SN_NITEMS(rows) };
