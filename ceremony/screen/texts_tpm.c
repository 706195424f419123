#include "ceremony/screen/texts.h"

static const struct text rows[] = {
	{ "tpm.title", "TPM" },
	{ "tpm.head", "The TPM" },
	{ "tpm.busy", "Opening the TPM and its session." },
	{ "tpm.body", "{manufacturer} {vendor}, firmware {firmware}, {backend}." },
	{ "tpm.class", "Evidence class: {class}." },
	{ "tpm.why-not", "Not \"vendor\": {reason}." },
	{ "tpm.certified",
	    "Its endorsement key is certified: {depth} certificates up to the root \"{root}\"." },
	{ "tpm.certified-generated",
	    "Its endorsement key is certified: {depth} certificates up to \"{root}\", a root of "
	    "the plan's, which is for practice." },
	{ "tpm.count", "Its counter is at {value}." },
	{ "tpm.ek", "Digest of the endorsement key (EK):" },
	{ "tpm.ak", "Digest of the attestation key (AK):" },
	{ "tpm.software",
	    "This TPM proves nothing to others. Its evidence class is \"software\", and every "
	    "production verifier refuses it." },

	/* what people should know of it, and goes on with */
	{ "tpm.no-counter",
	    "It lets us have no counter: {reason}. So nobody can tell by it whether an older state "
	    "of this machine was used." },
	{ "tpm.lockout",
	    "It is in lockout after wrong passwords; one is forgotten every {recovery} seconds. "
	    "Nothing here needs a password, so the ceremony goes on." },
	{ "tpm.slow",
	    "It is slow: one command took {seconds} seconds. Making and signing will take "
	    "minutes; that is no error." },

	/* it cannot be used */
	{ "tpm.state-head", "The TPM cannot be used" },
	{ "tpm.absent",
	    "This machine shows no TPM. Look in the firmware's menu, under security: it may be "
	    "switched off there, and be called TPM, TCG, PTT or fTPM." },
	{ "tpm.failed",
	    "The TPM failed its own self-test and does no work any more. Switch the machine off, "
	    "take its power away for a minute, and begin again. If it fails once more, take another "
	    "machine." },
	{ "tpm.disabled",
	    "The TPM's endorsement hierarchy is switched off, so that it has no key to sign with. "
	    "Look in the firmware's menu, under security or TPM: what may be switched off there is "
	    "called endorsement hierarchy, or TPM availability." },
	{ "tpm.owned",
	    "Somebody has set a password on the TPM's endorsement hierarchy. Who manages this "
	    "machine can take it off. Clearing the TPM in the firmware's menu does, too, and "
	    "destroys every key that others have in it; nothing is cleared here." },
	{ "tpm.no-room",
	    "Other programs hold the TPM's few places for keys, and nothing makes room. Switch the "
	    "machine off and on, and begin again." },
	{ "tpm.problem", "In detail: {problem}." },
	{ "tpm.without",
	    "This is a rehearsal: it can go on with the software TPM, whose evidence has class "
	    "\"software\". If all agree, type \"software\"." },
	{ "tpm.needed",
	    "The plan needs a TPM, and there is no other: the ceremony ends here, and nothing was "
	    "made. Once that is mended, begin again with the same sticks." },
	{ "tpm.prompt-end", "Press Enter to end the ceremony." },
	{ "refused.end-head", "The machine will not do" },
	{ "refused.end", "The ceremony ended: {reason}." },

	/* records */
	{ "tpm.opened",
	    "TPM {manufacturer} {vendor}, firmware {firmware}, back end {backend}; EK {ek}, AK "
	    "{ak}; evidence class {class}." },
	{ "tpm.chain",
	    "The endorsement key's certificate was verified: {depth} certificates up to the root "
	    "{root}. It says: {manufacturer} {model} {version}." },
	{ "tpm.ca-refused", "{path} is no certificate that could be read: {reason}." },
	{ "tpm.counter", "The TPM's counter was raised to {value}." },
	{ "tpm.state", "The TPM's state was {state}; what was decided: {decision}." },
};
const struct texts texts_tpm = { rows, SN_NITEMS(rows) };
