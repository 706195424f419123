/* Sticks: which is which, the export. */
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
};
const struct texts texts_media = { rows, SN_NITEMS(rows) };
