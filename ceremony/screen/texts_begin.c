#include "ceremony/screen/texts.h"

/* From the first screen to the approval of the plan. */
static const struct text rows[] = {
	/* words on every screen */
	{ "ui.rehearsal", "REHEARSAL" },
	{ "ui.production", "PRODUCTION" },
	{ "ui.enter", "Press Enter to go on." },
	{ "ui.more", "Press Enter for the next page." },
	{ "ui.busy", "Please wait." },
	{ "ui.text", "Type it and Enter, or \"no\" to end the ceremony." },
	{ "ui.word", "Type \"{word}\" and Enter to agree, \"no\" to end here." },
	{ "ui.media", "Insert the stick {label}, or type \"no\" to end." },
	{ "ui.remove", "Pull the stick {label}." },
	{ "ui.passphrase", "{person}: your passphrase (empty: another approver)." },
	{ "ui.written", "{person}: when every word is on paper, type \"written\"." },
	{ "ui.typed", "{person}: type the words from your paper, then Enter." },
	{ "ui.end", "Press Enter. The machine forgets everything and ends." },
	{ "ui.not-the-word", "That was neither \"{word}\" nor \"no\". Type it again." },

	/* start */
	{ "start.title", "Start" },
	{ "start.head", "Before anything else" },
	{ "start.body",
	    "This machine holds a key ceremony. It is a trusted verifier and a source of keys; "
	    "it is not a TEE. Whoever controls this image or its firmware controls the "
	    "ceremony, so check the image's digest on another machine first." },
	{ "start.checks",
	    "Self-tests passed: {passed} of {total}; {notes} are notes to be judged by people. "
	    "Console: {console}." },
	{ "start.workstation",
	    "This runs on a workstation: only a rehearsal is possible here. What it makes "
	    "belongs to the rehearsal world and no verifier takes it for real." },

	/* plan */
	{ "plan.title", "Plan" },
	{ "plan.head", "The plan" },
	{ "plan.media", "The IN stick holds plan.json and the folder collateral/." },
	{ "plan.body",
	    "{mode} of \"{sanctum}\" ({organization}), sequence {sequence}, ceremony {ceremony}, "
	    "world: {world}." },
	{ "plan.shares",
	    "Shares: {threshold} of {count} custodians. Approvals: {approvals} of {approvers} approvers." },
	{ "plan.collateral-time",
	    "Collateral is judged at {time}, not now: this is a rehearsal." },
	{ "plan.two", "A team of TWO PEOPLE, who hold one of two shares each." },
	{ "plan.has-exception", "This plan makes an EXCEPTION; the next screen shows it." },
	{ "plan.exception-head", "Exception: expired collateral" },
	{ "plan.exception",
	    "Vendor collateral is judged as of\n\n      {time}\n\nand not as of today. What has "
	    "expired since then is taken, and what was revoked since then is not seen. The reason "
	    "that the plan gives:\n\n{reason}\n\nThe approvals of the plan are approvals of this "
	    "exception, too. The transcript, the statement and the record state it, and every "
	    "verifier shows it." },
	{ "plan.vendor-pki", "Generated vendor roots are accepted: this is a rehearsal." },
	{ "plan.digest", "The plan's digest; compare it with your invitation:" },

	/* people */
	{ "people.title", "People" },
	{ "people.head", "Who is here" },
	{ "people.body", "Everybody in this list is in the room, and nobody else:" },

	/* time */
	{ "time.title", "Time" },
	{ "time.head", "The clock" },
	{ "time.typed",
	    "{person}, read date and time in UTC off the wall clock, not off this screen, and "
	    "type them to the minute, like\n\n      2026-11-25 15:14" },
	{ "time.apart",
	    "The two answers are more than two minutes apart. Both read the clock again." },
	{ "time.body",
	    "This machine's clock says, in UTC:\n\n      {time}\n\nas of this screen. What the two "
	    "typed differs from it by {offset} minutes. The plan allows {from} to {to}." },

	/* collateral */
	{ "collateral.title", "Collateral" },
	{ "collateral.head", "Vendor collateral" },
	{ "collateral.busy", "Reading and verifying collateral from the IN stick." },
	{ "collateral.body", "{accepted} accepted, {refused} refused, judged at {time}." },
	{ "collateral.first", "First to lapse: {label}, good until {time}." },
	{ "collateral.refusal", "REFUSED, {phrase}: {reason}" },
	{ "collateral.skipped",
	    "{count} files could not be taken at all (name, size or number); see the record." },
	{ "collateral.more", "... and more; all of them are in collateral/status.txt." },
	{ "collateral.none", "There is no collateral on this stick." },

	/* review */
	{ "review.title", "Approval" },
	{ "review.head", "What is about to be made" },
	{ "review.body",
	    "For \"{sanctum}\": a master secret in {threshold} of {count} shares; two roots (P-384 "
	    "and ML-DSA-87) and their statement signers; the operations secret and its signers; "
	    "the attestation token signer. Approved {have} of {need}." },
	{ "review.rebuild",
	    "For \"{sanctum}\": the same identity, rebuilt from {threshold} of {count} shares. "
	    "Approved {have} of {need}." },
	{ "review.exception", "With the exception: collateral is judged as of {time}." },
	{ "review.pass", "{person} approves the plan with this digest:" },
	{ "review.media",
	    "An approver who has not yet approved puts in the stick with the key." },
};
const struct texts texts_begin = { rows, SN_NITEMS(rows) };
