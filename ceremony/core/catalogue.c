#include "ceremony/core/catalogue.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "appliance/base/text.h"

struct message {
	const char *id, *text;
};

/* Grouped by step: title (rail), head (body title), body, prompt, then records. */
static const struct message messages[] = {
	/* words on every screen */
	{ "ui.rehearsal", "REHEARSAL" },
	{ "ui.production", "PRODUCTION" },
	{ "ui.enter", "Press Enter to go on." },
	{ "ui.more", "Press Enter for the next page." },
	{ "ui.busy", "Please wait." },
	{ "ui.text", "Type it and Enter, or \"no\" to end the ceremony." },
	{ "ui.word", "Type \"{word}\" and Enter to agree, \"no\" to end the ceremony." },
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

	/* tpm */
	{ "tpm.title", "TPM" },
	{ "tpm.head", "The TPM" },
	{ "tpm.busy", "Opening the TPM and its session." },
	{ "tpm.body", "{manufacturer} {vendor}, firmware {firmware}, {backend}." },
	{ "tpm.class", "Evidence class: {class}." },
	{ "tpm.ek", "Digest of the endorsement key (EK):" },
	{ "tpm.ak", "Digest of the attestation key (AK):" },
	{ "tpm.software",
	    "This TPM proves nothing to others. Its evidence class is \"software\", and every "
	    "production verifier refuses it." },

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
	    "Every set of {threshold} shares, {subsets} in all, was recombined from the words that "
	    "the custodians typed. Each gives the same master secret." },

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

	/* export */
	{ "export.title", "Export" },
	{ "export.head", "Export" },
	{ "export.busy", "Writing the bundle and reading it back from the stick itself." },
	{ "export.media",
	    "The stick CS-OUT-A receives the bundle. It must hold no other bundle." },
	{ "export.body",
	    "{files} files, {bytes} bytes were written to {label}, read back from the stick past the "
	    "cache, and compared byte for byte." },

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
	{ "end.sheets",
	    "Nothing was exported, and this machine has forgotten everything. Custodians: destroy "
	    "every sheet of this ceremony. Approvers: delete operations-*.p7m from your sticks. "
	    "Start again under a new ceremony number." },

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

	/* records of the transcript */
	{ "ceremony.start", "The ceremony {ceremony} began; world {world}, mode {mode}." },
	{ "machine.image", "The image that ran has the digest {digest}: {source}." },
	{ "machine.check", "Self-test {name}: {result}. {detail}" },
	{ "plan.loaded", "The plan with digest {plan} was loaded; sequence {sequence}." },
	{ "plan.agreed", "Those present agreed that this is the plan." },
	{ "exception.agreed",
	    "Those present agreed to an exception, {what}: collateral is judged at {time}. Reason: "
	    "{reason}" },
	{ "person.present", "{full} was present as {name}: {roles}." },
	{ "time.stated", "{name} typed the time {typed} when the clock said {clock}." },
	{ "time.agreed",
	    "Those present agreed with the clock, {clock}; the time they typed differs by "
	    "{offset} minutes." },
	{ "tpm.opened",
	    "TPM {manufacturer} {vendor}, firmware {firmware}, back end {backend}; EK {ek}, AK {ak}; "
	    "evidence class {class}." },
	{ "collateral.accepted", "Accepted {label} ({sha256}), good until {until}." },
	{ "collateral.refused", "Refused {path} ({sha256}): {reason}." },
	{ "collateral.more-refused", "{count} further files were refused." },
	{ "collateral.judged",
	    "Collateral was judged at {time}: {accepted} accepted, {refused} refused." },
	{ "plan.approved", "{approver} approved the plan; signature {signature}." },
	{ "dice.rolled",
	    "{name} typed {count} rolls of dice; {second} confirmed the last {last}." },
	{ "seed.made", "The master secret was made from: {sources}." },
	{ "share.read-back", "Share {number} of {count} was read back by {name}." },
	{ "trial.done", "{subsets} sets of {threshold} shares were recombined and agreed." },
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
	{ "transcript.closed", "The transcript was closed before the statement was made." },
};

const char *
cat_text(const char *id)
{
	for (size_t i = 0; i < SN_NITEMS(messages); i++) {
		if (strcmp(messages[i].id, id) == 0)
			return messages[i].text;
	}
	return NULL;
}

const char *
cat_id(size_t i)
{
	return i < SN_NITEMS(messages) ? messages[i].id : NULL;
}

static const char *
cat_value(const struct cat_arg *args, const char *name, size_t n)
{
	for (; args != NULL && args->name != NULL; args++) {
		if (strlen(args->name) == n && memcmp(args->name, name, n) == 0)
			return args->value;
	}
	return NULL;
}

void
cat_put(struct sn_buf *b, const char *id, const struct cat_arg *args)
{
	const char *t = cat_text(id);

	if (t == NULL) {
		sn_buf_fmt(b, "{%s}", id);
		return;
	}
	while (*t != '\0') {
		const char *end = *t == '{' ? strchr(t, '}') : NULL;
		const char *value = NULL;

		if (end != NULL)
			value = cat_value(args, t + 1, (size_t)(end - t - 1));
		if (value == NULL) {
			sn_buf_put(b, (struct bytes){ (const uint8_t *)t, 1 });
			t++;
			continue;
		}
		sn_buf_str(b, value);
		t = end + 1;
	}
}

/* Columns of UTF-8 text: one per character that is not a continuation byte. */
static size_t
text_columns(const char *s, size_t n)
{
	size_t cols = 0;

	for (size_t i = 0; i < n; i++)
		cols += ((unsigned char)s[i] & 0xc0) != 0x80;
	return cols;
}

/* How many bytes of s fit into max columns. */
static size_t
text_fit(const char *s, size_t n, size_t max)
{
	size_t i = 0;

	while (i < n && text_columns(s, i + 1) <= max)
		i++;
	while (i < n && ((unsigned char)s[i] & 0xc0) == 0x80)
		i++;
	return i;
}

void
view_copy(char *ret, size_t size, const char *text)
{
	size_t n = strlen(text);

	if (n > size - 1) {
		n = size - 1;
		while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
			n--;
	}
	memcpy(ret, text, n);
	ret[n] = '\0';
}

static void
view_put_line(struct view *v, const char *s, size_t n)
{
	if (v->nlines >= VIEW_MAX_LINES)
		return;
	n = text_fit(s, n, VIEW_WIDTH);
	if (n > sizeof(v->line[0]) - 1)
		n = sizeof(v->line[0]) - 1;
	memcpy(v->line[v->nlines], s, n);
	v->line[v->nlines][n] = '\0';
	v->nlines++;
}

/* One paragraph, broken at spaces. */
static void
view_wrap(struct view *v, const char *s, size_t n)
{
	do {
		size_t fit = text_fit(s, n, VIEW_WIDTH);
		size_t cut = fit;

		while (fit < n && cut > 0 && s[cut] != ' ')
			cut--;
		if (fit == n || cut == 0)
			cut = fit;
		view_put_line(v, s, cut);
		s += cut;
		n -= cut;
		while (n > 0 && *s == ' ') {
			s++;
			n--;
		}
	} while (n > 0);
}

void
view_say(struct view *v, const char *id, const struct cat_arg *args)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	const char *s;

	cat_put(&b, id, args);
	s = sn_buf_cstr(&b);
	while (*s != '\0') {
		size_t n = strcspn(s, "\n");

		view_wrap(v, s, n);
		s += n;
		if (*s == '\n')
			s++;
	}
}

void
view_line(struct view *v, const char *fmt, ...)
{
	char line[VIEW_WIDTH * 4 + 1];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	view_put_line(v, line, strlen(line));
}

void
view_blank(struct view *v)
{
	view_put_line(v, "", 0);
}

void
view_hex(struct view *v, struct bytes digest)
{
	char half[2][17];

	for (size_t i = 0; i + 16 <= digest.n; i += 16) {
		sn_hex((struct bytes){ digest.p + i, 8 }, half[0]);
		sn_hex((struct bytes){ digest.p + i + 8, 8 }, half[1]);
		view_line(v, "  %s %s", half[0], half[1]);
	}
}
