#include "ceremony/screen/texts.h"

/* Statement, signature, export, end. */
static const struct text rows[] = {
	/* close */
	{ "close.title", "Statement" },
	{ "close.head", "The statement" },
	{ "close.busy", "Closing the transcript and writing the statement." },
	{ "close.body",
	    "The transcript is closed with {records} records. The statement binds {files} files. "
	    "Evidence class {class}. Good until {expiry} ({what})." },
	{ "close.collateral", "Collateral was judged at {time}; its own dates do not count." },
	{ "close.digest", "Digest of the statement:" },

	/* approve */
	{ "approve.title", "Signature" },
	{ "approve.head", "Approve the statement" },
	{ "approve.body", "{person} approves the statement with this digest:" },
	{ "approve.media",
	    "Approvers sign the statement with their sticks. Approved {have} of {need}." },

	/* sign */
	{ "sign.title", "Second check" },
	{ "sign.head", "Signed, quoted, checked" },
	{ "sign.busy", "Signing, taking the TPM quote, asking the second checker." },
	{ "sign.body",
	    "The statement carries two CMS signatures (P-384 and ML-DSA-87), {approvals} approvals "
	    "and a TPM quote. The second checker, built on another library, says:" },

	/* end */
	{ "end.title", "End" },
	{ "end.head", "The ceremony is over" },
	{ "end.body",
	    "Compare this once more with your sheets. Keep a copy of trust/identity.json with them: a "
	    "rebuild needs it. The bundle is good until {expiry} ({what})." },
	{ "end.identity", "identity digest (hex):" },
	{ "end.failed-head", "The ceremony ended without a result" },
	{ "end.failed", "{sentence}." },
	{ "end.nothing",
	    "Nothing was exported and nothing secret was made. Start again when this is mended." },
	{ "end.exported",
	    "A whole bundle had been written to an OUT stick before this. It verifies. Agree on "
	    "what becomes of that stick, and write it down." },
	{ "end.same-sheets",
	    "Nothing was exported, and this machine has forgotten everything. The custodians' "
	    "sheets stay valid: KEEP them. Approvers: delete operations-*.p7m of today from your "
	    "sticks. Start again under a new ceremony number." },
	{ "end.sheets",
	    "Nothing was exported, and this machine has forgotten everything. Custodians: destroy "
	    "every sheet of this ceremony. Approvers: delete operations-*.p7m from your sticks. "
	    "Start again under a new ceremony number." },
};
const struct texts texts_close = { rows, SN_NITEMS(rows) };
