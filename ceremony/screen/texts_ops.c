#include "ceremony/screen/texts.h"

/* Operations ceremonies: the bundle that is added to, the operations secret. */
static const struct text rows[] = {
	/* base */
	{ "base.title", "Bundle" },
	{ "base.head", "The bundle that is added to" },
	{ "base.busy", "Reading and verifying the bundle on the IN stick." },
	{ "base.body",
	    "The bundle on the IN stick is authentic and the one that the plan names: sequence "
	    "{sequence}, {files} files, {operations} operations statements. It is good until "
	    "{until} ({what})." },
	{ "base.identity", "Compare its identity digest with the one on your sheets:" },

	/* review */
	{ "review.refresh",
	    "This ceremony brings new collateral to the bundle of {sanctum} and signs it with the "
	    "operations signers. No custodian is needed. Approved {have} of {need}." },

	{ "review.amend",
	    "This ceremony amends the bundle of {sanctum} as those present have just seen, and "
	    "signs that with the operations signers. No custodian is needed. Approved {have} of "
	    "{need}." },

	/* amend */
	{ "amend.title", "Changes" },
	{ "amend.head", "What is amended" },
	{ "amend.body",
	    "{files} files are brought; [new] was not there, [<>] was otherwise, [==] is as it "
	    "was. What is not named stays. - is the old, + is the new." },
	{ "amend.same-approvers", "The approvers stay as they are." },
	{ "amend.approvers", "From now on these approve, and nobody else:" },
	{ "amend.old-shares",
	    "Old operations shares still give the same secret: destroy them. A rotation ends "
	    "them." },

	/* open */
	{ "open.title", "Operations" },
	{ "open.head", "Open the operations secret" },
	{ "open.busy", "Giving the bundle's certificates to the keeper." },
	{ "open.media",
	    "Approvers open their shares of the operations secret, each with the own stick and "
	    "passphrase. {need} are needed, {missing} are missing." },
	{ "open.body", "{person} opens the share of the operations secret on this stick." },

	/* records */
	{ "bundle.loaded",
	    "The bundle of sequence {sequence} with {operations} operations statements was "
	    "loaded; statement {statement}, identity digest {identity}." },
	{ "bundle.agreed", "Those present found the identity digest {identity} on their sheets." },
	{ "amend.agreed",
	    "Those present agreed to the changes: {files} files; approvers {approvers}." },
	{ "operations.share-opened", "{approver} opened a share of the operations secret." },
	{ "operations.opened",
	    "The operations secret of the identity {identity} was there, without the master "
	    "secret." },
};
const struct texts texts_ops = { rows, SN_NITEMS(rows) };
