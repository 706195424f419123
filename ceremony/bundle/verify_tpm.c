/*
 * Which TPM it was: what it said of itself, the creation of its attestation key, its counter,
 * and that one boot of it signed all.
 */
#include <string.h>

#include "ceremony/bundle/judge.h"

#define COUNTER_MSG "evidence/counter.msg"
#define COUNTER_SIG "evidence/counter.sig"
#define COUNTER_PUB "evidence/counter.pub"

yyjson_val *
bun_last_said(const struct bun_case *c, const char *id, const char *arg)
{
	for (size_t i = tr_read_size(c->transcript); i-- > 0;) {
		const struct tr_record *r = tr_read_record(c->transcript, i);

		if (strcmp(r->id, id) == 0)
			return yyjson_obj_get(r->args, arg);
	}
	return NULL;
}

/* ---- tpm.json */

/* How a template is called, and where its certificate lies in NV [TCG EK profile 2.2.1]. */
static const struct {
	const char *word;
	uint32_t index;
} ek_kinds[] = {
	[ATT_EK_P256] = { "ecc-p256", 0x01c0000a },
	[ATT_EK_RSA2048] = { "rsa-2048", 0x01c00002 },
	[ATT_EK_P384] = { "ecc-p384", 0x01c00016 },
};

/* The description, the transcript and the endorsement key speak of one TPM. */
static enum sn_err
check_described(const struct bun_case *c, const struct bun_tpm *t, const struct att_ek *ek,
    struct sn_why *why)
{
	char digest[65], firmware[17];
	uint8_t fw[8];

	for (size_t i = 0; i < 8; i++)
		fw[i] = (uint8_t)(t->firmware >> (56 - 8 * i));
	sn_hex(BYTES_OF(fw), firmware);
	sn_hex(BYTES_OF(ek->digest), digest);
	const struct {
		const char *arg, *value, *path;
	} rows[] = {
		{ "backend", t->backend, BUN_TPM_JSON },
		{ "manufacturer", t->manufacturer, BUN_TPM_JSON },
		{ "vendor", t->vendor, BUN_TPM_JSON },
		{ "firmware", firmware, BUN_TPM_JSON },
		{ "ek", digest, BUN_EK_PUB },
	};

	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		if (!yyjson_equals_str(bun_last_said(c, "tpm.opened", rows[i].arg),
			rows[i].value))
			return sn_fail(why, SN_E_SIGNATURE,
			    "%s: its %s is not what the transcript says (tpm.opened)",
			    rows[i].path, rows[i].arg);
	if (strcmp(t->ek, ek_kinds[ek->kind].word) != 0)
		return sn_fail(why, SN_E_SIGNATURE,
		    BUN_TPM_JSON ": names another kind of endorsement key than " BUN_EK_PUB);
	if (t->ek_certificate != 0 && t->ek_certificate != ek_kinds[ek->kind].index)
		return sn_fail(why, SN_E_SIGNATURE,
		    BUN_TPM_JSON ": ek_certificate %08x is not for such an endorsement key",
		    t->ek_certificate);
	return SN_OK;
}

/* People who went on without the machine's TPM went on with softtpm, not with another one. */
static enum sn_err
check_decided(const struct bun_case *c, const struct bun_tpm *t, struct sn_why *why)
{
	const char *software = "software";

	for (size_t i = tr_read_segment(c->transcript); i < tr_read_size(c->transcript); i++) {
		const struct tr_record *r = tr_read_record(c->transcript, i);

		if (strcmp(r->id, "tpm.state") == 0 &&
		    yyjson_equals_str(yyjson_obj_get(r->args, "decision"), software) &&
		    strcmp(t->backend, software) != 0)
			return sn_fail(why, SN_E_SIGNATURE,
			    BUN_TPM_JSON ": back end %s, but people decided to go on with the "
					 "software TPM (record %zu, tpm.state)",
			    t->backend, i);
	}
	return SN_OK;
}

static enum sn_err
check_description(struct bun_case *c, struct sn_why *why)
{
	SN_CLEANUP(att_ek_done) struct att_ek ek = { 0 };
	struct bun_facts *f = &c->report->facts;
	struct bytes json, pub;

	SN_TRY(bun_dir_get(&c->dir, BUN_TPM_JSON, &json, why));
	SN_TRY(bun_dir_get(&c->dir, BUN_EK_PUB, &pub, why));
	SN_TRY(bun_tpm_parse(json, &f->tpm, why));
	SN_TRY(att_ek_open(pub, &ek, why));
	SN_TRY(check_described(c, &f->tpm, &ek, why));
	SN_TRY(check_decided(c, &f->tpm, why));
	f->described = true;
	return SN_OK;
}

/* ---- what the attestation key signed */

static enum sn_err
check_boot_of(struct bun_case *c, const struct att_clock *clock, const char *path,
    struct sn_why *why)
{
	return att_same_boot(&c->clock, BUN_QUOTE_MSG, clock, path, why);
}

static enum sn_err
check_creation(struct bun_case *c, struct sn_why *why)
{
	struct bytes msg, sig, data;
	struct att_clock clock;

	SN_TRY(bun_dir_get(&c->dir, BUN_CREATION_MSG, &msg, why));
	SN_TRY(bun_dir_get(&c->dir, BUN_CREATION_SIG, &sig, why));
	SN_TRY(bun_dir_get(&c->dir, BUN_CREATION_DATA, &data, why));
	SN_TRY(att_creation(&c->ak, msg, sig, c->st.plan_sha256, data, &clock, why));
	SN_TRY(check_boot_of(c, &clock, BUN_CREATION_MSG, why));
	c->report->facts.created = true;
	return SN_OK;
}

/* What was recorded of the counter since the TPM was opened; NULL when nothing was. */
static const struct tr_record *
recorded_counter(const struct bun_case *c)
{
	for (size_t i = tr_read_size(c->transcript); i-- > 0;) {
		const struct tr_record *r = tr_read_record(c->transcript, i);

		if (strcmp(r->id, "tpm.counter") == 0)
			return r;
		if (strcmp(r->id, "tpm.opened") == 0)
			return NULL;
	}
	return NULL;
}

/* There is a counter exactly when the description says so. */
static enum sn_err
check_no_counter(const struct bun_case *c, struct sn_why *why)
{
	static const char *const paths[] = { COUNTER_MSG, COUNTER_SIG, COUNTER_PUB };

	if (recorded_counter(c) != NULL)
		return sn_fail(why, SN_E_SIGNATURE,
		    BUN_TPM_JSON ": says that there is no counter, but the transcript has it "
				 "(tpm.counter)");
	for (size_t i = 0; i < SN_NITEMS(paths); i++)
		if (bun_dir_find(&c->dir, paths[i]) != NULL)
			return sn_fail(why, SN_E_SIGNATURE,
			    "%s: " BUN_TPM_JSON " says that there is no counter", paths[i]);
	return SN_OK;
}

static enum sn_err
check_counter(struct bun_case *c, struct sn_why *why)
{
	const struct tr_record *said = recorded_counter(c);
	struct bun_facts *f = &c->report->facts;
	struct bytes msg, sig, pub;
	struct att_clock clock;

	if (!f->tpm.has_counter)
		return check_no_counter(c, why);
	SN_TRY(bun_dir_get(&c->dir, COUNTER_MSG, &msg, why));
	SN_TRY(bun_dir_get(&c->dir, COUNTER_SIG, &sig, why));
	SN_TRY(bun_dir_get(&c->dir, COUNTER_PUB, &pub, why));
	SN_TRY(att_counter(&c->ak, msg, sig, c->st.plan_sha256, pub, &f->counter, &clock, why));
	SN_TRY(check_boot_of(c, &clock, COUNTER_MSG, why));
	if (f->counter != f->tpm.counter)
		return sn_fail(why, SN_E_SIGNATURE,
		    COUNTER_MSG ": its value is not the one in " BUN_TPM_JSON);
	yyjson_val *value = said == NULL ? NULL : yyjson_obj_get(said->args, "value");

	if (said != NULL && (!yyjson_is_uint(value) || yyjson_get_uint(value) != f->counter))
		return sn_fail(why, SN_E_SIGNATURE,
		    COUNTER_MSG ": its value is not what the transcript says (tpm.counter)");
	f->has_counter = true;
	return SN_OK;
}

/* The same TPM was opened again for a later statement: its counter has moved on. */
static enum sn_err
check_counter_grows(const struct bun_case *c, struct sn_why *why)
{
	const struct bun_facts *f = &c->report->facts;

	for (uint32_t i = 0; c->kind == BUN_KIND_OPS && i < c->number; i++) {
		const struct bun_case *before = i == 0 ? c->base : &c->base->ops[i - 1];
		const struct bun_facts *b = &before->report->facts;

		if (f->has_counter && b->has_counter &&
		    memcmp(c->ak.digest, before->ak.digest, 32) == 0 &&
		    f->counter <= b->counter)
			return sn_fail(why, SN_E_SIGNATURE,
			    COUNTER_MSG ": %llu, but an earlier statement has %llu",
			    (unsigned long long)f->counter, (unsigned long long)b->counter);
	}
	return SN_OK;
}

enum sn_err
bun_check_tpm(struct bun_case *c, struct sn_why *why)
{
	struct bun_facts *f = &c->report->facts;

	f->resets = c->clock.resets;
	f->restarts = c->clock.restarts;
	SN_TRY(check_description(c, why));
	SN_TRY(check_creation(c, why));
	SN_TRY(check_counter(c, why));
	SN_TRY(check_counter_grows(c, why));
	if (f->has_counter)
		bun_note(c, "TPM %s: key made in it, counter %llu, boot %u.%u",
		    f->tpm.manufacturer, (unsigned long long)f->counter, f->resets,
		    f->restarts);
	else
		bun_note(c, "TPM %s: key made in it, no counter, boot %u.%u",
		    f->tpm.manufacturer, f->resets, f->restarts);
	return SN_OK;
}
