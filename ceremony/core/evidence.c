/*
 * Evidence of the TPM: what it attests when it is opened, and the files below evidence/.
 */
#include "ceremony/core/cer.h"

#include <stdio.h>
#include <string.h>

#include "appliance/base/text.h"
#include "ceremony/bundle/tpm_json.h"

void
cer_evidence_done(struct cer_evidence *e)
{
	tpm_attested_done(&e->creation);
	tpm_counter_done(&e->counter);
	sn_buf_done(&e->json);
}

void
cer_words(const struct sn_buf *b, char *ret, size_t max)
{
	const struct bytes text = sn_buf_bytes(b);

	if (text_printable(text, max))
		(void)snprintf(ret, max + 1, "%.*s", (int)text.n, (const char *)text.p);
	else
		(void)snprintf(ret, max + 1, "(it cannot be shown)");
}

/* Cut at the struct's end: what a TPM says of itself is shorter. */
#define PUT(to, from) ((void)snprintf((to), sizeof(to), "%s", (from)))

static enum sn_err
evidence_json(struct cer *c, struct sn_why *why)
{
	const struct tpm_info *i = &c->info;
	const struct tpm_state *s = &i->state;
	const struct tpm_counter *n = &c->evidence.counter;
	struct bun_tpm t = {
		.firmware = i->firmware,
		.revision = i->revision,
		.ek_certificate = i->ek_cert_index,
		.platform = (s->startup_clear & TPM_PH_ENABLE) != 0,
		.owner = (s->startup_clear & TPM_SH_ENABLE) != 0,
		.endorsement = (s->startup_clear & TPM_EH_ENABLE) != 0,
		.owner_password = (s->permanent & TPM_OWNER_AUTH_SET) != 0,
		.endorsement_password = (s->permanent & TPM_ENDORSEMENT_AUTH_SET) != 0,
		.lockout_password = (s->permanent & TPM_LOCKOUT_AUTH_SET) != 0,
		.in_lockout = (s->permanent & TPM_IN_LOCKOUT) != 0,
		.lockout_failures = s->lockout_counter,
		.lockout_limit = s->lockout_max,
		.lockout_seconds = s->lockout_recovery,
		.slowest_ms = i->slowest_ms,
		.has_counter = n->present,
		.counter = n->value,
	};

	PUT(t.backend, tpm_backend_name(i->backend));
	PUT(t.device, i->device);
	PUT(t.manufacturer, i->manufacturer);
	PUT(t.vendor, i->vendor);
	PUT(t.ek, i->ek_template);
	if (!n->present)
		PUT(t.no_counter, c->evidence.no_counter);
	return bun_tpm_json(&t, &c->evidence.json, why);
}

/* A counter that stands still, or goes back, is that of an older state of the machine. */
static enum sn_err
evidence_counter(const struct cer *c, struct sn_why *why)
{
	const struct tpm_counter *n = &c->evidence.counter;
	const struct plan *p = c->plan;

	if (!p->has_tpm_counter || c->info.backend == TPM_SOFTWARE)
		return SN_OK;
	if (!n->present)
		return sn_fail(why, SN_E_EVIDENCE,
		    "the plan wants the TPM's counter above %llu, but it has none: %s",
		    (unsigned long long)p->tpm_counter, c->evidence.no_counter);
	if (n->value > p->tpm_counter)
		return SN_OK;
	return sn_fail(why, SN_E_EVIDENCE,
	    "the TPM's counter is at %llu, but the plan wants it above %llu: this is another TPM, "
	    "or one that was cleared",
	    (unsigned long long)n->value, (unsigned long long)p->tpm_counter);
}

enum sn_err
cer_evidence_open(struct cer *c, struct sn_why *why)
{
	struct cer_evidence *e = &c->evidence;

	SN_TRY(tpm_counter(c->tpm, c->plan->digest, &e->counter, why));
	cer_words(&e->counter.reason, e->no_counter, CER_REASON_MAX);
	SN_TRY(evidence_counter(c, why));
	SN_TRY(tpm_creation(c->tpm, c->plan->digest, &e->creation, why));
	return evidence_json(c, why);
}

/* The secret was made before a cut, maybe on another machine: its TPM signed the audit. */
static enum sn_err
evidence_seed_key(struct cer *c, struct sn_why *why)
{
	static const char *const paths[] = { "evidence/seed-ak.pem", "evidence/seed-ak.pub" };

	if (c->journal.going != CER_SHARES)
		return SN_OK;
	for (size_t i = 0; i < SN_NITEMS(paths); i++) {
		struct bytes data;

		SN_TRY(journal_file(c->journal.j, paths[i], &data, why));
		SN_TRY(bun_add(c->bun, paths[i], data, why));
	}
	return SN_OK;
}

enum sn_err
cer_evidence_files(struct cer *c, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf log = { 0 };
	struct sn_why none = { 0 };
	const struct {
		const char *path;
		const struct sn_buf *data; /* empty: there is no such file */
	} files[] = {
		{ "evidence/ak.pem", &c->info.ak_pem },
		{ "evidence/ak.pub", &c->info.ak_pub },
		{ "evidence/ek.pub", &c->info.ek_pub },
		{ "evidence/ekcert.der", &c->verdict.ek_cert }, /* from the stick, too */
		{ "evidence/ek-chain.pem", &c->verdict.path.pem },
		{ "evidence/entropy.json", &c->entropy },
		{ "evidence/audit.msg", &c->audit.msg },
		{ "evidence/audit.sig", &c->audit.sig },
		{ "evidence/audit.list", &c->audit.list },
		{ "evidence/creation.msg", &c->evidence.creation.msg },
		{ "evidence/creation.sig", &c->evidence.creation.sig },
		{ "evidence/creation.data", &c->evidence.creation.body },
		{ "evidence/counter.msg", &c->evidence.counter.by.msg },
		{ "evidence/counter.sig", &c->evidence.counter.by.sig },
		{ "evidence/counter.pub", &c->evidence.counter.by.body },
		{ BUN_TPM_JSON, &c->evidence.json },
		{ "evidence/eventlog", &log },
	};

	/* A software TPM measured no boot, so it has no log. */
	if (c->info.backend == TPM_DEVICE) {
		enum sn_err e = tpm_eventlog(TPM_EVENTLOG, &log, &none);

		if (e != SN_OK && e != SN_E_MISSING)
			return sn_fail(why, e, "%s", none.text);
	}
	for (size_t i = 0; i < SN_NITEMS(files); i++) {
		if (files[i].data->n > 0)
			SN_TRY(bun_add(c->bun, files[i].path, sn_buf_bytes(files[i].data),
			    why));
	}
	return evidence_seed_key(c, why);
}
