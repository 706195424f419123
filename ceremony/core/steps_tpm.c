/* The machine's part: TPM and keeper are started. */
#include "ceremony/core/cer.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "appliance/base/file.h"

/* Which TPM: the plan's word, and in a rehearsal the helper where there is none. */
static enum sn_err
tpm_choose(const struct cer *c, enum tpm_backend *ret, struct sn_why *why)
{
	bool software = c->plan->software_tpm;

	if (!software && c->ports.swtpm != NULL) {
		*ret = TPM_SWTPM;
		return SN_OK;
	}
	if (!software && !tpm_device_present()) {
		if (c->plan->world == PLAN_PRODUCTION)
			return sn_fail(why, SN_E_TPM,
			    "there is no TPM; production needs one. Enable it in the firmware");
		software = true;
	}
	if (software && c->ports.softtpm == NULL)
		return sn_fail(why, SN_E_TPM, "the software TPM's program is not there");
	*ret = software ? TPM_SOFTWARE : TPM_DEVICE;
	return SN_OK;
}

/* The class follows from what was verified here, never from a claim. */
static enum sn_err
tpm_class(struct cer *c, struct sn_why *why)
{
	const struct plan *p = c->plan;
	bool accepted = p->accept_software;

	c->evidence_class = "software";
	if (p->tpm_ek_pinned && c->info.backend != TPM_SOFTWARE) {
		if (memcmp(c->info.ek_name + 2, p->tpm_ek, sizeof(p->tpm_ek)) != 0)
			return sn_fail(why, SN_E_EVIDENCE,
			    "this TPM's endorsement key is not the one in the plan (tpm_ek)");
		c->evidence_class = "pinned";
		accepted = p->accept_pinned;
	}
	if (!accepted)
		return sn_fail(why, SN_E_EVIDENCE,
		    "this TPM's evidence is of class \"%s\", which the plan does not accept",
		    c->evidence_class);
	return SN_OK;
}

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

/* The seed goes from the TPM process to the keeper on a pipe of their own. */
enum sn_err
step_tpm_enter(struct cer *c, struct sn_why *why)
{
	SN_CLEANUP(sn_fd_done) int to_keeper = -1;
	SN_CLEANUP(sn_fd_done) int from_tpm = -1;
	enum tpm_backend backend;
	const char *path;
	int fds[2];

	SN_TRY(tpm_choose(c, &backend, why));
	if (pipe2(fds, O_CLOEXEC) != 0)
		return sn_fail(why, SN_E_IO, "pipe for the seed");
	from_tpm = fds[0];
	to_keeper = fds[1];
	path = backend == TPM_SWTPM ? c->ports.swtpm : c->ports.softtpm;
	SN_TRY(tpm_start(c->ports.self, backend, path, to_keeper, &c->tpm, why));
	SN_TRY(keeper_start(c->ports.self, from_tpm, &c->keeper, why));
	SN_TRY(tpm_info(c->tpm, &c->info, why));
	SN_TRY(tpm_usable(&c->info, why));
	SN_TRY(tpm_class(c, why));
	SN_TRY(tpm_pcr_fresh(c, why));
	SN_TRY(keeper_plan(c->keeper, sn_buf_bytes(&c->plan->bytes), why));
	return tpm_record(c, why);
}

enum sn_err
step_tpm_show(struct cer *c, size_t i SN_UNUSED, struct view *v, struct sn_why *why SN_UNUSED)
{
	char firmware[40];

	(void)snprintf(firmware, sizeof(firmware), "%08x.%08x",
	    (unsigned int)(c->info.firmware >> 32), (unsigned int)c->info.firmware);
	cer_view(v, VIEW_INFO, "ok", "tpm.head");
	view_say(v, "tpm.body",
	    CAT_ARGS({ "manufacturer", c->info.manufacturer }, { "vendor", c->info.vendor },
		{ "firmware", firmware }, { "backend", c->info.device }));
	view_say(v, "tpm.class", CAT_ARGS({ "class", c->evidence_class }));
	view_blank(v);
	view_say(v, "tpm.ek", NULL);
	view_hex(v, (struct bytes){ c->info.ek_name + 2, 32 });
	view_say(v, "tpm.ak", NULL);
	view_hex(v, (struct bytes){ c->info.ak_name + 2, 32 });
	view_blank(v);
	if (strcmp(c->evidence_class, "software") == 0)
		view_say(v, "tpm.software", NULL);
	return SN_OK;
}
