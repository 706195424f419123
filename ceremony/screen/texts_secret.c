#include "ceremony/screen/texts.h"

/* Where secrets are made, shown and typed. */
static const struct text rows[] = {
	/* seed */
	{ "seed.title", "Entropy" },
	{ "seed.head", "Entropy" },
	{ "seed.busy", "Taking random bytes from TPM, kernel and CPU, and testing each." },
	{ "seed.body",
	    "The master secret now exists, in the keeper process alone. Any one good source is "
	    "enough; each was tested before they were mixed:" },
	{ "dice.head", "Dice" },
	{ "dice.rolls",
	    "{person} and {second} roll dice, {least} times at least, and write the rolls on paper, "
	    "both watching. Everybody else: look away. {person} types all of them in order, 1 to 6; "
	    "blanks do not count." },
	{ "dice.last-head", "Dice: {count} rolls" },
	{ "dice.last",
	    "{count} rolls were typed. {second}: is that how many are on the paper? Then type the "
	    "last {last} of them from the paper. If not, type \"again\", and {person} types all of them "
	    "anew. Burn the paper when the ceremony is over." },
	{ "dice.prompt", "{person}: type the rolls, then Enter." },
	{ "dice.differ",
	    "These are not the last rolls that were typed. Look at the paper; \"again\" begins anew." },
	{ "seed.source", "  {name}: {bytes} bytes, health test {health}" },

	/* shares */
	{ "shares.title", "Shares" },
	{ "shares.ready-head", "Share {number} of {count}" },
	{ "shares.ready",
	    "The next screen shows the share of {person}. Everybody else: look away and stay away "
	    "from the screen. {person}: take your sheet and a pen." },
	{ "shares.write-head", "Share {number} of {count}: for {person} only" },
	{ "shares.typed-head", "Share {number} of {count}: type it back" },
	{ "shares.typed",
	    "Type the words in order, with a space between. The first four letters of a word are "
	    "enough. If your paper is wrong, type \"show\" to see the words again." },
	{ "shares.wrong-word",
	    "Word {number} is not the one on the share. Look at your paper." },
	/* trial */
	{ "trial.title", "Trial recovery" },
	{ "trial.head", "Trial recovery" },
	{ "trial.busy", "Recombining every possible set of shares." },
	{ "trial.body",
	    "The master secret was destroyed. Every set of {threshold} shares, {subsets} in all, then "
	    "gave it again from the words that the custodians typed." },

	/* recover (rebuild) */
	{ "recover.title", "Recovery" },
	{ "recover.head", "Recovery: {missing} more of {threshold} shares" },
	{ "recover.body",
	    "One custodian comes to the keyboard and types that share. Everybody else: look "
	    "away. The share is checked against its commitment at once." },
	{ "recover.person", "Custodian" },
	{ "recover.wrong-word", "Word {number} is not in the list. Look at your paper." },

	/* keys */
	{ "keys.title", "Keys" },
	{ "keys.head", "The identity" },
	{ "keys.busy", "Deriving every key and certificate." },
	{ "keys.body",
	    "All keys are derived. This is the identity digest over both roots. Write the hex "
	    "digits or the words on every sheet: it is the anchor for all later checks." },
	{ "keys.rebuilt",
	    "All keys are derived again. This is the identity digest over both roots; it must be the "
	    "one on your sheets. If it is not, type \"no\"." },

	/* opshares */
	{ "opshares.title", "Op. shares" },
	{ "opshares.head", "Approvers' shares of the operations secret" },
	{ "opshares.busy", "Writing the share and reading it back from the stick itself." },
	{ "opshares.media",
	    "Each approver's share is encrypted to that approver's key and written to that "
	    "approver's stick. Written: {have} of {need}." },
};
const struct texts texts_secret = { rows, SN_NITEMS(rows) };
