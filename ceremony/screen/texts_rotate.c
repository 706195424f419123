/* Rotation: the next generation under the same roots. */
#include "ceremony/screen/texts.h"

static const struct text rows[] = {
	{ "rotate.title", "Rotation" },
	{ "rotate.head", "Generation {old} becomes {new}" },
	{ "rotate.new",
	    "New under the same roots: operations signers, token signer, transcript log key, and "
	    "the secret that the approvers share." },
	{ "rotate.statement", "New, too: the statement signers, generation {new}." },
	{ "rotate.statement-kept", "As before: the statement signers, generation {new}." },
	{ "rotate.superseded",
	    "Superseded, and revoked by the lists in trust/crl/: {count} certificates of "
	    "generation {old}. Its operations shares open nothing of this bundle." },
	{ "rotate.approvers-same", "Approvers: the same people with the same keys." },
	{ "rotate.approver-in", "Approver {name} is NEW." },
	{ "rotate.approver-key", "Approver {name} has ANOTHER KEY than before." },
	{ "rotate.approver-out", "Approver {name} is one NO MORE." },
	{ "rotate.inventory",
	    "record/inventory.txt lists what has to be loaded or pinned anew, and where. The "
	    "recovery card is a new one; the custodians' shares stay as they are." },
	{ "review.rotate",
	    "For \"{sanctum}\": the next generation of the operations secret and of the signers "
	    "below it, from {threshold} of {count} shares. Roots and identity stay. Approved "
	    "{have} of {need}." },
	{ "rotation.agreed",
	    "Rotation agreed: operations generation {old} to {new}, statement signers generation "
	    "{statement}; approvers that changed: {approvers}; after the statement {follows}." },

	/* record/inventory.txt, in this order */
	{ "inventory.head",
	    "Cornerstone: inventory of a rotation\n"
	    "\n"
	    "sanctum    {sanctum} ({id})\n"
	    "world      {world}\n"
	    "ceremony   {ceremony}, sequence {sequence}, follows {previous}\n"
	    "operations generation {old} becomes {new}\n"
	    "\n"
	    "Stays as it is\n"
	    "  identity digest, pinned on paper and with --identity\n"
	    "      {identity}\n"
	    "  both roots, both signing CAs, the token CA\n"
	    "  the custodians' shares\n" },
	{ "inventory.statement-kept", "  the statement signers, generation {generation}\n" },
	{ "inventory.renew",
	    "\n"
	    "Load or pin anew\n"
	    "  the whole bundle, sequence {sequence}\n"
	    "      on every importer; its operations statements begin again at 1\n"
	    "  trust/token-chain.pem\n"
	    "      the attestation service signs with the new key; who pinned the token signer\n"
	    "      itself pins the new one, who pinned a root or the token CA does nothing\n"
	    "  trust/crl/*.pem\n"
	    "      wherever revocation lists are loaded; they have the number {number}\n"
	    "  trust/log.vkey\n"
	    "      witnesses and monitors of the transcript log\n"
	    "      {vkey}\n"
	    "  the recovery card\n"
	    "      trust/identity.json, SHA-256 {card};\n"
	    "      a new card with every custodian's sheet, the old ones destroyed\n"
	    "  the approvers' operations shares\n"
	    "      written to the approvers' sticks in this ceremony; the old ones destroyed\n" },
	{ "inventory.statement-new",
	    "  the statement signers, generation {generation}\n"
	    "      who pinned one of them itself; who pinned a root does nothing\n" },
	{ "inventory.certs", "\n{what}\n" },
	{ "inventory.certs-new", "New certificates" },
	{ "inventory.certs-old", "Superseded certificates, revoked by trust/crl/" },
	{ "inventory.cert",
	    "  {label}, generation {generation}\n"
	    "      serial {serial}, {from} to {to}\n" },
	{ "inventory.approvers",
	    "\nApprovers ({threshold} of {count} open the operations secret)\n" },
	{ "inventory.approver", "  {name}, {what}\n" },
	{ "inventory.same", "as before" },
	{ "inventory.key", "with another key" },
	{ "inventory.in", "new" },
	{ "inventory.out", "no more" },
};
const struct texts texts_rotate = { rows, SN_NITEMS(rows) };
