/* The machine's part: TPM and keeper are started. */
#include "ceremony/core/cer.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "appliance/base/file.h"

static enum sn_err
tpm_record(struct cer *c, struct sn_why *why)
{
	char ek[65], ak[65], firmware[17];
	uint8_t fw[8];

	for (size_t i = 0; i < 8; i++)
		fw[i] = (uint8_t)(c->info.firmware >> (56 - 8 * i));
	sn_hex(BYTES_OF(fw), firmware);
	sn_hex((struct bytes){ c->info.ek_name + 2, 32 }, ek);
	sn_hex((struct bytes){ c->info.ak_name + 2, 32 }, ak);
	return CER_RECORD(c, "tpm.opened", why,
	    TR_ARG_STR("manufacturer", c->info.manufacturer),
	    TR_ARG_STR("vendor", c->info.vendor), TR_ARG_STR("firmware", firmware),
	    TR_ARG_STR("backend", tpm_backend_name(c->info.backend)), TR_ARG_STR("ek", ek),
	    TR_ARG_STR("ak", ak), TR_ARG_STR("class", c->evidence_class));
}

static enum sn_err
tpm_pcr_fresh(struct cer *c, struct sn_why *why)
{
	static const uint8_t zero[32];
	uint8_t pcr[TPM_PCRS][32];

	SN_TRY(tpm_pcr_read(c->tpm, pcr, why));
	if (memcmp(pcr[TPM_PCR_TRANSCRIPT], zero, sizeof(zero)) != 0)
		return sn_fail(why, SN_E_TPM,
		    "PCR %d is not zero: something else used it since the machine was started",
		    TPM_PCR_TRANSCRIPT);
	return SN_OK;
}

/* A TPM that can do its work: what it is, what class that gives, what it attests. */
static enum sn_err
tpm_ready(struct cer *c, struct sn_why *why)
{
	SN_TRY(tpm_pcr_fresh(c, why)); /* before any record */
	SN_TRY(cer_tpm_class(c, why));
	SN_TRY(keeper_plan(c->keeper, sn_buf_bytes(&c->plan->bytes), why));
	SN_TRY(cer_evidence_open(c, why));
	SN_TRY(tpm_record(c, why));
	SN_TRY(cer_tpm_class_record(c, why));
	if (!c->evidence.counter.present)
		return SN_OK;
	return CER_RECORD(c, "tpm.counter", why,
	    TR_ARG_INT("value", c->evidence.counter.value));
}

/*
 * Start a TPM; c->condition says whether it can do its work, and only then is there a keeper.
 * The seed goes from the TPM process to the keeper on a pipe of their own.
 */
static enum sn_err
tpm_begin(struct cer *c, enum tpm_backend backend, struct sn_why *why)
{
	SN_CLEANUP(sn_fd_done) int to_keeper = -1;
	SN_CLEANUP(sn_fd_done) int from_tpm = -1;
	const char *path = backend == TPM_SWTPM ? c->ports.swtpm : c->ports.softtpm;
	int fds[2];

	if (backend == TPM_SOFTWARE && c->ports.softtpm == NULL)
		return sn_fail(why, SN_E_TPM, "the software TPM's program is not there");
	if (pipe2(fds, O_CLOEXEC) != 0)
		return sn_fail(why, SN_E_IO, "pipe for the seed");
	from_tpm = fds[0];
	to_keeper = fds[1];
	SN_TRY(tpm_start(c->ports.self, backend, path, to_keeper, &c->tpm, why));
	tpm_info_done(&c->info);
	SN_TRY(tpm_info(c->tpm, &c->info, why));
	c->condition = c->info.condition;
	cer_words(&c->info.problem, c->problem, sizeof(c->problem) - 1);
	if (c->condition == TPM_USABLE)
		return keeper_start(c->ports.self, from_tpm, &c->keeper, why);
	tpm_free(&c->tpm);
	return SN_OK;
}

enum sn_err
step_tpm_enter(struct cer *c, struct sn_why *why)
{
	enum tpm_backend backend = TPM_DEVICE;

	if (c->plan->software_tpm)
		backend = TPM_SOFTWARE;
	else if (c->ports.swtpm != NULL)
		backend = TPM_SWTPM;
	else if (!tpm_device_present())
		c->condition = TPM_ABSENT;
	if (c->condition == TPM_USABLE)
		SN_TRY(tpm_begin(c, backend, why));
	return c->condition == TPM_USABLE ? tpm_ready(c, why) : SN_OK;
}

/* ---- asks: what to do without it, if it cannot be used; what it is */

enum { ASK_STATE, ASK_OK };

size_t
step_tpm_count(const struct cer *c)
{
	return c->condition == TPM_USABLE ? 1 : 2;
}

static size_t
tpm_ask(const struct cer *c, size_t i)
{
	return c->condition == TPM_USABLE ? ASK_OK : i;
}

static void
tpm_show(const struct cer *c, struct view *v)
{
	char firmware[40];

	(void)snprintf(firmware, sizeof(firmware), "%08x.%08x",
	    (unsigned int)(c->info.firmware >> 32), (unsigned int)c->info.firmware);
	cer_view(v, VIEW_INFO, "ok", "tpm.head");
	view_say(v, "tpm.body",
	    CAT_ARGS({ "manufacturer", c->info.manufacturer }, { "vendor", c->info.vendor },
		{ "firmware", firmware }, { "backend", c->info.device }));
	cer_tpm_class_show(c, v);
	if (c->evidence.counter.present)
		view_say(v, "tpm.count",
		    CAT_ARGS({ "value", cer_num(c->evidence.counter.value) }));
	view_blank(v);
	view_say(v, "tpm.ek", NULL);
	view_hex(v, (struct bytes){ c->info.ek_name + 2, 32 });
	view_say(v, "tpm.ak", NULL);
	view_hex(v, (struct bytes){ c->info.ak_name + 2, 32 });
	view_blank(v);
	if (strcmp(c->evidence_class, "software") == 0)
		view_say(v, "tpm.software", NULL);
	cer_tpm_facts_show(c, v);
}

enum sn_err
step_tpm_show(struct cer *c, size_t i, struct view *v, struct sn_why *why SN_UNUSED)
{
	if (tpm_ask(c, i) == ASK_STATE)
		cer_tpm_state_show(c, v);
	else
		tpm_show(c, v);
	return SN_OK;
}

enum sn_err
step_tpm_take(struct cer *c, size_t i, const struct answer *a SN_UNUSED, struct sn_why *why)
{
	const enum tpm_condition condition = c->condition;

	if (tpm_ask(c, i) == ASK_OK)
		return cer_tpm_facts_record(c, why);
	if (!cer_tpm_may_do_without(c))
		return cer_tpm_refuse(c, why);
	SN_TRY(cer_tpm_state_record(c, tpm_condition_name(condition), "software", why));
	SN_TRY(tpm_begin(c, TPM_SOFTWARE, why));
	SN_TRY(tpm_usable(&c->info, why));
	c->condition = condition; /* of the machine's: the asks stay as they are */
	return tpm_ready(c, why);
}
