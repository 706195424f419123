#include "ceremony/node/explain_evidence.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "appliance/base/text.h"
#include "appliance/measure/bootlog.h"

static void say(struct evidence_words *w, bool proven, const char *files, const char *fmt, ...)
    SN_PRINTF(4, 5);

static void
say(struct evidence_words *w, bool proven, const char *files, const char *fmt, ...)
{
	struct evidence_line *l = &w->line[w->n];
	va_list ap;

	if (w->n == EVIDENCE_LINES_MAX)
		return;
	l->proven = proven;
	l->files = files;
	va_start(ap, fmt);
	(void)vsnprintf(l->text, sizeof(l->text), fmt, ap);
	va_end(ap);
	w->n++;
}

/* ---- which TPM */

/* Something was given that would settle it, but a verdict before that ended the judging. */
static bool
unjudged(const struct bun_report *r, bool was_given)
{
	return was_given && r->facts.class[0] == '\0';
}

static void
say_ak(const struct bun_report *r, const struct evidence_given *given, struct evidence_words *w)
{
	if (r->facts.ak_pinned)
		say(w, true, "ak.pub",
		    "The attestation key is the one that you enrolled: only the TPM that "
		    "answered then can have signed this.");
	else if (unjudged(r, given->ak || given->plan))
		say(w, false, "ak.pub ek.pub",
		    "That the attestation key is in a TPM that you know. What you gave was not "
		    "judged to the end: %s.",
		    given->reason);
	else
		say(w, false, "ak.pub ek.pub",
		    "That the attestation key is in a TPM that you know. Only enrolment ties it "
		    "to one: give its digest with --tpm-ak, or a plan that has it (--plan).");
}

static void
say_key(const struct bun_report *r, const struct evidence_given *given,
    struct evidence_words *w)
{
	const struct bun_facts *f = &r->facts;

	say(w, true, "quote.* ak.pem ak.pub",
	    "The attestation key has signed the digest of this statement, with the registers as "
	    "they were then. No other statement fits this quote.");
	say(w, true, "creation.* ak.pub",
	    "If that key is in a TPM, it was made in there, cannot leave it, and signs nothing "
	    "but what that TPM itself says.");
	say(w, true, "quote.msg audit.msg creation.msg counter.msg",
	    "One boot of one TPM signed all of it%s (resets %u, restarts %u).",
	    f->seeded_before ? " but the audit" : "", f->resets, f->restarts);
	if (!f->device) {
		say(w, false, "tpm.json ek.pub",
		    "That there was a TPM at all: a program (%s) stood in for it. Whoever ran it "
		    "could make it say anything. The rest shows only that the pieces "
		    "fit together.",
		    strcmp(f->tpm.backend, "swtpm") == 0 ? "swtpm" : "softtpm");
		return;
	}
	say_ak(r, given, w);
}

static void
say_vendor(const struct bun_report *r, const struct evidence_given *given,
    struct evidence_words *w)
{
	const struct bun_facts *f = &r->facts;

	if (f->chained && (f->vendor_root || !f->generated))
		say(w, true, "ekcert.der ek-chain.pem ek.pub",
		    "A vendor vouches for the endorsement key as that of a TPM%s%s: %zu "
		    "certificates up to the root \"%s\"%s.",
		    f->chip[0] != '\0' ? " by " : "", f->chip, f->chain, f->root,
		    f->generated ? ", which is nobody's but the plan's" : "");
	else if (f->chained)
		say(w, false, "ek-chain.pem",
		    "That a vendor made this TPM: the chain ends in a root of the rehearsal's "
		    "own. %s%s.",
		    unjudged(r, given->plan) ? "The plan was not judged to the end: "
					     : "--plan says whether it is the plan's",
		    unjudged(r, given->plan) ? given->reason : "");
	else if (f->device)
		say(w, false, f->certified ? "ekcert.der" : "ek.pub",
		    "That a vendor made this TPM: %s.",
		    f->certified ? "its certificate was not followed up to a known root"
				 : "there is no certificate of its endorsement key");
	if (f->chained && f->ak_pinned && !f->ek_pinned)
		say(w, false, "ekcert.der ak.pub",
		    "That the enrolled attestation key is in the TPM of this certificate. It is "
		    "in the one that it was enrolled with: give that one's endorsement key, too "
		    "(--tpm-ek, or tpm_ek in the plan).");
	if (f->ek_pinned)
		say(w, true, "ek.pub",
		    "The endorsement key is the one that was pinned. By itself that does not "
		    "say that it was this TPM that signed; the attestation key does.");
	if (f->chained)
		say(w, false, "ekcert.der",
		    "That the vendor has not revoked that certificate since: its lists are not "
		    "looked at.");
}

/* ---- what ran, and what was done */

static void
say_image(const struct bun_facts *f, const struct evidence_given *given,
    struct evidence_words *w)
{
	char hex[65];

	if (f->measured) {
		sn_hex(BYTES_OF(f->image), hex);
		say(w, true, "quote.pcr eventlog",
		    "The image that was started is %s, with its own kernel, command line and "
		    "initramfs, and the firmware started no other program.",
		    hex);
		say(w, false, "quote.pcr",
		    "Which firmware, drivers and option ROMs ran before it: PCR 0 to 3, 5 and 6 "
		    "are not compared with anything.");
	} else if (!f->device)
		say(w, false, "quote.pcr", "Which image ran: a software TPM has seen no boot.");
	else if (given->image)
		say(w, false, "quote.pcr", "Which image ran: %s%s.",
		    f->compared ? "" : "the expected one was not compared, because ",
		    given->reason);
	else
		say(w, false, "quote.pcr",
		    "Which image ran: give --measurements of an image that you built or "
		    "checked.");
}

static void
say_boot(const struct bun_report *r, const struct evidence_given *given,
    struct evidence_words *w)
{
	static const char *const secure[] = {
		[BOOTLOG_UNSAID] = "not said", [BOOTLOG_OFF] = "off", [BOOTLOG_ON] = "on"
	};
	const struct bun_facts *f = &r->facts;

	if (f->logged)
		say(w, true, "eventlog quote.pcr",
		    "The firmware's log is complete: its %zu events give PCR 0 to 14 as the "
		    "TPM quoted them. Secure Boot: %s. By the log %zu programs were started; "
		    "that an event is a program is only said there.",
		    f->events, secure[f->secure_boot], f->programs);
	else if (f->device)
		say(w, false, "quote.pcr",
		    "What PCR 0 to 14 stand for: this firmware left no log.");
	say_image(f, given, w);
}

static void
say_deeds(const struct bun_report *r, struct evidence_words *w)
{
	const struct bun_facts *f = &r->facts;

	say(w, true, "quote.pcr",
	    "The%s %zu records of the transcript are what was put into PCR 15 since the machine "
	    "was last started, in that order, and nothing else was.",
	    f->before_cut > 0 ? " last" : "", f->records - f->before_cut);
	if (f->before_cut > 0)
		say(w, false, "quote.pcr",
		    "That a register has seen the first %zu records: they are of a boot before "
		    "a cut, and the quoted one has their head alone.",
		    f->before_cut);
	if (f->audited && f->seed_software)
		say(w, false, "audit.* seed-ak.pub",
		    "That a TPM was asked for this plan's secret: before the cut a program "
		    "stood in for it.");
	else if (f->audited)
		say(w, true, f->seeded_before ? "audit.* seed-ak.pub" : "audit.*",
		    "For this plan's secret the TPM was asked %zu times for random bytes, %u "
		    "bytes at least, in one session that nobody else used%s.",
		    f->draws, 16 * 32,
		    f->seeded_before ? "; that was before a cut, by the TPM whose key is "
				       "seed-ak.pub"
				     : "");
	if (f->has_counter)
		say(w, true, "counter.*",
		    "The TPM's counter was at %" PRIu64
		    ". It only goes up: give the last value that you know (--min-counter), and "
		    "an older state of this TPM is noticed.",
		    f->counter);
	else
		say(w, false, "tpm.json",
		    "That this is no older state of the TPM, put back: it has no counter (%s).",
		    f->tpm.no_counter);
}

static void
say_replay(const struct bun_report *r, const struct evidence_replay *replay,
    struct evidence_words *w)
{
	if (!replay->done)
		return;
	if (replay->differ > 0)
		say(w, false, "eventlog quote.pcr",
		    "That a second TPM comes to the same registers: told the same events and "
		    "records, a software TPM differs in %u.",
		    replay->differ);
	else
		say(w, true, "eventlog quote.pcr",
		    "A second TPM (softtpm) that was told the same events and records came to "
		    "the same %u registers%s.",
		    replay->equal,
		    r->facts.locality ? "; PCR 0 cannot be compared, since this firmware does "
					"not start it from zero"
				      : "");
}

/* What no evidence of this kind can prove. */
static void
say_never(const struct bun_facts *f, struct evidence_words *w)
{
	say(w, false, "",
	    "That the TPM's random bytes were used. That follows from the image, which mixes "
	    "them with others before keys are made; the TPM does not see it.");
	if (f->device) {
		say(w, false, "",
		    "That the firmware told the truth. It measures itself first; firmware that "
		    "lies can put the right values into every register.");
		say(w, false, "",
		    "That nobody opened the machine, or sat between it and its TPM.");
	}
	say(w, false, "tpm.json",
	    "What the TPM says of itself there (maker, firmware, passwords, lockout): it signs "
	    "none of it.");
}

static void
say_class(const struct bun_report *r, struct evidence_words *w)
{
	const struct bun_facts *f = &r->facts;
	const bool vendor = strcmp(f->class, "vendor") == 0;

	if (f->class[0] == '\0')
		return;
	say(w, true, "", "So its evidence is of class %s. The statement says %s.%s%s%s",
	    f->class, r->evidence_class,
	    vendor || f->why_not[0] == '\0' ? "" : " Not vendor: ", vendor ? "" : f->why_not,
	    vendor || f->why_not[0] == '\0' ? "" : ".");
}

void
evidence_explain(const struct bun_report *r, const struct evidence_given *given,
    const struct evidence_replay *replay, struct evidence_words *ret)
{
	ret->n = 0;
	if (!r->consistent) {
		say(ret, false, "",
		    "Anything: the bundle was refused before its evidence was judged to the "
		    "end.");
		return;
	}
	if (!r->authentic)
		say(ret, false, "",
		    "That this bundle is of your Sanctum: no identity digest from paper was "
		    "given (--identity). All below holds for whoever made it.");
	say_key(r, given, ret);
	say_vendor(r, given, ret);
	say_boot(r, given, ret);
	say_deeds(r, ret);
	say_replay(r, replay, ret);
	say_class(r, ret);
	say_never(&r->facts, ret);
}
