#include "ceremony/screen/texts.h"

/* The sentences of the transcript's records. */
static const struct text rows[] = {
	/* records of the transcript */
	{ "ceremony.start", "The ceremony {ceremony} began; world {world}, mode {mode}." },
	{ "machine.image", "The image that ran has the digest {digest}: {source}." },
	{ "machine.check", "Self-test {name}: {result}. {detail}" },
	{ "plan.loaded", "The plan with digest {plan} was loaded; sequence {sequence}." },
	{ "plan.agreed", "Those present agreed that this is the plan." },
	{ "exception.agreed",
	    "Those present agreed to an exception, {what}: collateral is judged at {time}. Reason: "
	    "{reason}" },
	{ "separation.reduced",
	    "{name} took note that two people hold every role, and typed: {typed}." },
	{ "person.present", "{full} was present as {name}: {roles}." },
	{ "time.stated", "{name} typed the time {typed} when the clock said {clock}." },
	{ "time.agreed",
	    "Those present agreed with the clock, {clock}; the time they typed differs by "
	    "{offset} minutes." },
	{ "collateral.accepted", "Accepted {label} ({sha256}), good until {until}." },
	{ "collateral.carried", "Carried {path} ({sha256}), not verified here." },
	{ "collateral.refused", "Refused {path} ({sha256}): {reason}." },
	{ "collateral.more-refused", "{count} further files were refused." },
	{ "collateral.judged",
	    "Collateral was judged at {time}: {accepted} accepted, {refused} refused." },
	{ "plan.approved", "{approver} approved the plan; signature {signature}." },
	{ "dice.rolled",
	    "{name} typed {count} rolls of dice; {second} confirmed the last {last}." },
	{ "seed.made", "The master secret was made from: {sources}." },
	{ "share.read-back", "Share {number} of {count} was read back by {name}." },
	{ "trial.done", "The master secret was destroyed; each of {subsets} sets of {threshold} shares gave it again." },
	{ "share.entered", "Share {number} was entered." },
	{ "keys.derived", "All keys were derived; identity digest {identity}." },
	{ "keys.agreed", "Those present wrote down the identity digest." },
	{ "operations.share-written",
	    "The operations share of {approver} was written to stick {label} and read back." },
	{ "usb.keyboard",
	    "Keyboard {device} \"{name}\" at port {port} was there from the start; descriptors "
	    "{descriptors}." },
	{ "usb.refused",
	    "USB device {device} \"{name}\" at port {port}, class {class}, was refused: {reason}." },
	{ "usb.late",
	    "Keyboard {device} \"{name}\" came to port {port} and was refused; descriptors "
	    "{descriptors}." },
	{ "usb.returned",
	    "The only keyboard {device} \"{name}\" was pulled and came back to port {port}; "
	    "descriptors {descriptors}." },
	{ "usb.gone",
	    "Keyboard {device} \"{name}\" at port {port} was pulled; descriptors {descriptors}." },
	{ "usb.declined", "Those present left this keyboard refused: {keyboard}." },
	{ "usb.accepted",
	    "{first} and {second} accepted this keyboard: {keyboard}; signatures "
	    "{first_signature} and {second_signature}." },
	{ "usb.more", "After {count} events, USB devices are not recorded one by one." },
	{ "screen.shown", "The screen {screen} was shown, part {part} of {parts}." },
	{ "transcript.closed", "The transcript was closed before the statement was made." },
};
const struct texts texts_records = { rows, SN_NITEMS(rows) };
