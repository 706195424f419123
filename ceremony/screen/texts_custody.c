/* Custody: the check of shares. */
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

	/* records */
	{ "share.proven",
	    "Share {number}, typed by {name}, has its commitment; {witness} agreed." },
	{ "share.unproven",
	    "Share {number}, of {name}, was not proven: {reason}; {witness} agreed." },
	{ "transcript.ended", "The transcript was closed; this ceremony makes no statement." },
};
const struct texts texts_custody = { rows, SN_NITEMS(rows) };
