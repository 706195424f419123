/*
 * The boot that a statement was made in: the firmware's log explains what the TPM quoted, and
 * what it quoted is what an expected image leads to.
 */
#include <string.h>

#include "appliance/measure/bootlog.h"
#include "ceremony/bundle/judge.h"

#define PCR_PROGRAMS 4
#define PCR_POLICY 7

static const uint8_t nothing[32];

/* swtpm is a program that stands in for a machine, in rehearsals. */
bool
bun_tpm_is_device(const struct bun_case *c, yyjson_val *backend)
{
	if (yyjson_equals_str(backend, "swtpm"))
		return strcmp(c->st.world, "rehearsal") == 0;
	return !yyjson_equals_str(backend, "software");
}

/* Each register but the transcript's holds what the log's events give, or nothing. */
static enum sn_err
check_replay(const struct bun_facts *f, struct bytes log, struct sn_why *why)
{
	uint8_t pcr[EVENTLOG_PCRS][32];

	SN_TRY(eventlog_replay(log, pcr, why));
	for (unsigned int i = 0; i < BUN_PCR_TRANSCRIPT; i++)
		if (memcmp(pcr[i], f->pcr[i], 32) != 0)
			return sn_fail(why, SN_E_SIGNATURE,
			    "its events do not give what the TPM quoted in PCR %u", i);
	return SN_OK;
}

static enum sn_err
check_log(struct bun_facts *f, struct bytes log, struct sn_why *why)
{
	struct bootlog b;

	SN_TRY(check_replay(f, log, why));
	SN_TRY(bootlog_read(log, &b, why));
	if (b.transcript > 0)
		return sn_fail(why, SN_E_SIGNATURE,
		    "an event in PCR %d, which is the ceremony's", BUN_PCR_TRANSCRIPT);
	f->events = b.events;
	f->programs = b.programs;
	f->secure_boot = (int)b.secure_boot;
	f->locality = b.locality;
	return SN_OK;
}

/* A software TPM has seen no boot. */
static enum sn_err
check_unbooted(const struct bun_facts *f, struct sn_why *why)
{
	for (unsigned int i = 0; i < BUN_PCR_TRANSCRIPT; i++)
		if (memcmp(f->pcr[i], nothing, 32) != 0)
			return sn_fail(why, SN_E_SIGNATURE,
			    BUN_QUOTE_PCR ": PCR %u of a software TPM is not zero", i);
	return SN_OK;
}

enum sn_err
bun_check_boot(struct bun_case *c, struct sn_why *why)
{
	const struct bun_loaded *log = bun_dir_find(&c->dir, BUN_EVENTLOG);
	struct bun_facts *f = &c->report->facts;
	struct sn_why inner = { 0 };
	enum sn_err e;

	f->device = bun_tpm_is_device(c, bun_last_said(c, "tpm.opened", "backend"));
	if (log == NULL && !f->device)
		return check_unbooted(f, why);
	if (log == NULL) {
		bun_note(c, "no event log: what else PCR 0 to 14 hold is not explained");
		return SN_OK;
	}
	e = check_log(f, sn_buf_bytes(&log->data), &inner);
	if (e != SN_OK)
		return sn_fail(why, e, BUN_EVENTLOG ": %s", inner.text);
	f->logged = true;
	bun_note(c, "event log: %zu events give PCR 0 to 14 as quoted; Secure Boot %s",
	    f->events,
	    f->secure_boot == BOOTLOG_ON	? "on"
		: f->secure_boot == BOOTLOG_OFF ? "off"
						: "not said");
	return SN_OK;
}

/* ---- against an image */

/* What of the quote is not as that image leads to; NULL when all is. */
static const char *
differs(const struct bun_facts *f, const struct bun_measured *m)
{
	const bool on = memcmp(f->pcr[PCR_PROGRAMS], m->pcr4_sb, 32) == 0,
		   off = memcmp(f->pcr[PCR_PROGRAMS], m->pcr4_nosb, 32) == 0;
	const bool said_on = f->secure_boot == BOOTLOG_ON,
		   said_off = f->secure_boot == BOOTLOG_OFF;

	for (unsigned int i = 0; i < BUN_PCR_TRANSCRIPT; i++)
		if ((m->zero & 1U << i) != 0 && memcmp(f->pcr[i], nothing, 32) != 0)
			return "a register that it leaves at zero is not (8, 10, 12, 13, 14)";
	if (memcmp(f->pcr[9], m->pcr9, 32) != 0)
		return "PCR 9, command line and initramfs";
	if (memcmp(f->pcr[11], m->pcr11, 32) != 0)
		return "PCR 11, the image's sections";
	if (!(on && !said_off) && !(off && !said_on))
		return "PCR 4, the programs that the firmware started";
	if (m->has_pcr7_sb && memcmp(f->pcr[PCR_POLICY], m->pcr7_sb, 32) != 0)
		return "PCR 7, Secure Boot with these keys";
	return NULL;
}

/* The log, if there is one, names the image that PCR 4 speaks of. */
static enum sn_err
check_image(const struct bun_case *c, const struct bun_measured *m, const char **ret_wrong,
    struct sn_why *why)
{
	const struct bun_loaded *log = bun_dir_find(&c->dir, BUN_EVENTLOG);
	bool found = true;

	*ret_wrong = differs(&c->report->facts, m);
	if (*ret_wrong != NULL || log == NULL)
		return SN_OK;
	SN_TRY(bootlog_program(sn_buf_bytes(&log->data), m->image, &found, why));
	if (!found)
		*ret_wrong = "the log, the image is not among the programs";
	return SN_OK;
}

enum sn_err
bun_check_measured(const struct bun_case *c, struct sn_why *why)
{
	const struct bun_expect *x = c->policy->expect;
	struct bun_facts *f = &c->report->facts;
	const char *first = NULL, *wrong;

	if (x == NULL || x->nmeasured == 0)
		return SN_OK;
	f->compared = true;
	if (!f->device)
		return sn_fail(why, SN_E_EVIDENCE,
		    BUN_QUOTE_PCR ": a software TPM has measured no image (--measurements)");
	for (size_t i = 0; i < x->nmeasured; i++) {
		SN_TRY(check_image(c, &x->measured[i], &wrong, why));
		if (wrong == NULL) {
			f->measured = true;
			memcpy(f->image, x->measured[i].image, 32);
			return SN_OK;
		}
		first = first == NULL ? wrong : first;
	}
	return sn_fail(why, SN_E_EVIDENCE,
	    BUN_QUOTE_PCR ": not what the expected image leads to: %s", first);
}
