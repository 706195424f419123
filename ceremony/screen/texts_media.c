/* Sticks: which is which, the export. The room: bags, the inspection of the machine. */
#include "ceremony/screen/texts.h"

static const struct text rows[] = {
	{ "ui.wrong-stick", "Pull the stick {stick}; what is wanted is {label}." },
	{ "ui.no-label", "without a label" },

	/* export */
	{ "export.title", "Export" },
	{ "export.head", "Export" },
	{ "export.busy", "Working with the stick." },
	{ "export.media",
	    "Copy {number} of {count}: the stick {label} receives the bundle, and the recovery card "
	    "beside it. It must hold neither." },
	{ "export.pull",
	    "The bundle was written to {label}. Pull the stick, so that what is read back comes from "
	    "the stick itself." },
	{ "export.again",
	    "Put in the same stick, {label}, once more. It is read as a stranger would read it, and "
	    "compared with what was made." },
	{ "export.body",
	    "Copy {number} of {count}: {files} files, {bytes} bytes were written to {label}. The stick "
	    "was pulled, put in again, read past the cache and compared byte for byte." },
	{ "export.differs", "Stick {label} is refused; take another. {reason}" },

	/* seals: bags that are opened */
	{ "seals.head", "Seals of the bags" },
	{ "seals.typed",
	    "Bag {number} of {count}: {what}\n\n{person}, look at the seal on both sides. Type the "
	    "serial off the bag itself, not off a list, and without being told; a second person "
	    "types it, too. If the seal is damaged, or there is none, type \"broken\"." },
	{ "seals.apart", "The two serials differ. Both read the bag again." },
	{ "seals.differs", "These bags are not as the last record left them:" },
	{ "seals.line", "\n{what}\n  last record: {serial}\n  on the bag:  {now}" },
	{ "seals.agree",
	    "\nSomebody may have opened them. {person}: to go on all the same, after those present "
	    "have talked about it, type \"other\". It goes into the record." },
	{ "seals.none", "none" },

	/* bags: what is closed again */
	{ "bags.head", "Bags for afterwards" },
	{ "bags.typed",
	    "Bag {number} of {count}: {what}\n\n{person}, take the new bag that it goes into when "
	    "the ceremony is over, and type its serial. A second person types it, too. The next "
	    "plan states it." },
	{ "bags.old", "That is the serial of another bag here. Take a new bag." },

	/* inspection */
	{ "inspection.head", "Inspection of the machine" },
	{ "inspection.body",
	    "{person} looks, {second} watches. Type \"ok\", or in a few words what is wrong: "
	    "all may read it, so no names." },
	{ "inspection.ask-lid", "Lid: every screw there, no mark of a tool" },
	{ "inspection.ask-ports", "Ports: nothing in them but power and boot stick" },
	{ "inspection.ask-radio", "Radio: cards out, switch off" },
	{ "inspection.ask-disk", "Disk: none built in" },
	{ "inspection.now", "> {what}?" },
	{ "inspection.done", "  {what}:\n      {found}" },
	{ "inspection.empty", "Type \"ok\", or what is wrong, in at most {count} letters." },
	{ "inspection.findings",
	    "\nThis was found. {second}: to go on all the same, after those present have talked "
	    "about it, type \"found\". It goes into the record." },

	/* records */
	{ "seal.opened",
	    "The bag \"{what}\" was opened; {first} and {second} both typed the serial {serial}. "
	    "Last record: {expected}." },
	{ "seal.agreed", "{name} agreed to go on, although seals differ: {what}." },
	{ "seal.closed",
	    "The bag for \"{what}\" has the serial {serial}, which {first} and {second} both typed." },
	{ "inspection.lid", "Lid and screws, seen by {name} and {second}: {found}." },
	{ "inspection.ports", "Ports, seen by {name} and {second}: {found}." },
	{ "inspection.radio", "Radio cards, seen by {name} and {second}: {found}." },
	{ "inspection.disk", "Disk, seen by {name} and {second}: {found}." },
	{ "inspection.agreed",
	    "{name} agreed to go on with what the inspection found: {what}." },
};
const struct texts texts_media = { rows, SN_NITEMS(rows) };
