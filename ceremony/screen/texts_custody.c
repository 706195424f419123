/* Custody: the check of shares, new shares for the same secret. */
#include "ceremony/screen/texts.h"

static const struct text rows[] = {
	/* check: custodians one by one, and what they get */
	{ "check.title", "Custodians" },
	{ "check.head", "Custodian check" },
	{ "check.who",
	    "Who comes to the keyboard? Type a custodian's name, or \"end\" when all who are "
	    "here are done." },
	{ "check.unseen", "not here yet" },
	{ "check.proven", "proven" },
	{ "check.unproven", "NOT proven" },
	{ "check.typed",
	    "{person} types share {number} of {count} from the sheet. Everybody else: look away. "
	    "It is compared with its commitment at once and then forgotten; no secret is "
	    "put together. An empty line gives up." },
	{ "check.nothing", "no share was typed" },
	{ "check.is-proven",
	    "Share {number} of {count}, which {person} typed, is proven: it has the "
	    "commitment that identity.json lists." },
	{ "check.is-not", "Share {number} of {count}, of {person}, is NOT proven: {reason}." },
	{ "check.agree",
	    "{person} and {witness} read this together; it goes into the receipt and the "
	    "record. {person} puts the sheet away." },
	{ "receipt.title", "Receipts" },
	{ "receipt.head", "Receipts and transcript" },
	{ "receipt.media",
	    "The stick CS-LOG receives a receipt for each custodian and the transcript, in a "
	    "folder of its own. What is on it stays." },
	{ "receipt.body",
	    "{files} files were written to {label}, folder {folder}, read back from the stick past "
	    "the cache, and compared byte for byte." },
	{ "receipt.proven", "PROVEN" },
	{ "receipt.unproven", "NOT PROVEN" },
	{ "receipt.text",
	    "Cornerstone: receipt of a custodian check\n"
	    "\n"
	    "world      {world}\n"
	    "ceremony   {ceremony}\n"
	    "sanctum    {sanctum} ({id})\n"
	    "share      {number} of {count}, {threshold} are needed\n"
	    "custodian  {person}\n"
	    "witness    {witness}\n"
	    "time       {time}\n"
	    "result     {result}\n"
	    "reason     {reason}\n"
	    "\n"
	    "SHA-256 of identity.json\n"
	    "  {identity}\n"
	    "SHA-256 of the plan\n"
	    "  {plan}\n"
	    "\n"
	    "PROVEN means: the words that were typed have the commitment which that\n"
	    "identity.json lists for this share. No secret was put together, and none is\n"
	    "here. A check has no signing key; this paper is worth the signatures below.\n"
	    "\n"
	    "custodian  ______________________    witness  ______________________\n" },
	{ "checked.head", "The check is over" },
	{ "checked.body",
	    "Print the receipts; custodian and witness sign them. A share that is not "
	    "proven counts as lost: plan a reshare while enough others are left." },

	/* reshare */
	{ "review.reshare",
	    "For \"{sanctum}\": the same identity and the same master secret, split anew into "
	    "{threshold} of {count} shares. Until the old sheets are destroyed, any {old_threshold} of "
	    "the {old_count} old shares stay as good as the new ones. Approved {have} of {need}." },
	{ "recover.old", "These are shares of the OLD splitting." },
	{ "shares.anew",
	    "This is a NEW share: take a new sheet. The old sheets stay valid; keep them until "
	    "this ceremony asks for them at its end." },
	{ "keys.reshared",
	    "All keys are derived again. This is the identity digest over both roots; it must be "
	    "the one on your old sheets. If it is not, type \"no\". Write it on the new sheets." },
	{ "old.title", "Old sheets" },
	{ "old.head", "The old sheets" },
	{ "old.busy", "Writing the end of the log and reading it back from the stick itself." },
	{ "old.valid",
	    "The new bundle is on its sticks. Any {threshold} of the {count} old shares still give the "
	    "master secret, and will until too few of those sheets are left." },
	{ "old.sheet",
	    "Old share {number} of {count} (splitting {identifier}): its custodian destroys the sheet "
	    "now, under the eyes of {witness}, who then types \"destroyed\". If that sheet is "
	    "not here, {witness} types \"kept\"." },
	{ "old.media",
	    "The stick CS-LOG receives the whole log, with what happened since the statement, in a "
	    "folder of its own. What is on it stays." },
	{ "reshared.kept",
	    "Old sheets that were NOT destroyed: {kept}. {threshold} of them are enough for the "
	    "master secret." },
	{ "end.old-sheets",
	    "Nothing was exported, and this machine has forgotten everything. The OLD sheets stay "
	    "valid: keep them. Destroy every sheet that was written today, and delete "
	    "operations-*.p7m of today from the approvers' sticks." },
	{ "end.reshared",
	    "The new bundle was exported before this. Old and new sheets are valid: keep the "
	    "new ones, and destroy the old ones once the bundle has been verified." },

	/* records */
	{ "share.destroyed",
	    "Old share {number} of splitting {identifier} was destroyed; {witness} saw it." },
	{ "share.kept",
	    "Old share {number} of splitting {identifier} was not destroyed; {witness} says so." },
	{ "share.proven",
	    "Share {number}, typed by {name}, has its commitment; {witness} agreed." },
	{ "share.unproven",
	    "Share {number}, of {name}, was not proven: {reason}; {witness} agreed." },
	{ "transcript.ended", "The log was closed; no statement follows." },
};
const struct texts texts_custody = { rows, SN_NITEMS(rows) };
