#include <string.h>

#include "appliance/attest/attest.h"
#include "appliance/base/text.h"
#include "ceremony/bundle/judge.h"
#include "ceremony/keys/identity.h"

#define AUDIT_MSG "evidence/audit.msg"
#define AUDIT_SIG "evidence/audit.sig"
#define AUDIT_LIST "evidence/audit.list"

/* The log key as a note key: its file, and the name that follows from the sanctum. */
static enum sn_err
log_key(const struct bun_case *c, struct note_vkey *ret, struct sn_why *why)
{
	SN_CLEANUP(cry_key_free) struct cry_key *key = NULL;
	SN_CLEANUP(sn_buf_done) struct sn_buf raw = { 0 };
	char name[IDENTITY_LOG_NAME_MAX];
	struct bytes pem;

	SN_TRY(bun_dir_get(&c->base->dir, BUN_LOG_KEY, &pem, why));
	SN_TRY(bun_key_parse(pem, BUN_LOG_KEY, &key, why));
	if (cry_key_alg(key) != CRY_ED25519)
		return sn_fail(why, SN_E_FORMAT, BUN_LOG_KEY ": not an Ed25519 key");
	SN_TRY(cry_key_raw(key, &raw, why));
	identity_log_name(strcmp(c->st.world, "production") == 0 ? PLAN_PRODUCTION
								 : PLAN_REHEARSAL,
	    c->st.sanctum_id, name);
	return note_vkey_make(name, raw.p, ret, why);
}

static enum sn_err
check_openings(struct bun_case *c, struct sn_why *why)
{
	const struct bun_loaded *f = bun_dir_find(&c->dir, BUN_OPENINGS);
	size_t commitments, opened;

	if (f != NULL)
		SN_TRY(bun_as_signature(tr_read_openings(c->transcript, sn_buf_bytes(&f->data),
					    why),
		    why));
	tr_read_count(c->transcript, &commitments, &opened);
	bun_note(c, "transcript of %zu records, %zu of %zu personal fields opened",
	    tr_read_size(c->transcript), opened, commitments);
	return SN_OK;
}

enum sn_err
bun_check_transcript(struct bun_case *c, struct sn_why *why)
{
	struct note_vkey key;
	struct bytes records, note;

	SN_TRY(bun_dir_get(&c->dir, BUN_RECORDS, &records, why));
	SN_TRY(bun_dir_get(&c->dir, BUN_CHECKPOINT, &note, why));
	SN_TRY(tr_read_new(records, &c->transcript, why));
	SN_TRY(log_key(c, &key, why));
	SN_TRY(tr_read_checkpoint(c->transcript, note, &key, why));
	if (tr_read_size(c->transcript) != c->st.transcript_size ||
	    memcmp(tr_read_root(c->transcript)->h, c->st.transcript_root, MERKLE_LEN) != 0)
		return sn_fail(why, SN_E_SIGNATURE,
		    BUN_STATEMENT ": names another transcript than " BUN_RECORDS);
	c->report->records = tr_read_size(c->transcript);
	return check_openings(c, why);
}

static enum sn_err
attestation_key(const struct bun_case *c, const char *pem_path, const char *pub_path,
    struct att_ak *ret, struct sn_why *why)
{
	SN_CLEANUP(cry_key_free) struct cry_key *key = NULL;
	SN_CLEANUP(att_ak_done) struct att_ak ak = { 0 };
	struct bytes pem, pub;

	SN_TRY(bun_dir_get(&c->dir, pem_path, &pem, why));
	SN_TRY(bun_dir_get(&c->dir, pub_path, &pub, why));
	SN_TRY(bun_key_parse(pem, pem_path, &key, why));
	SN_TRY(att_ak_open(pub, &ak, why));
	SN_TRY(att_ak_is(&ak, key, why));
	*ret = ak;
	ak.key = NULL;
	return SN_OK;
}

enum sn_err
bun_check_quote(struct bun_case *c, struct sn_why *why)
{
	struct bytes msg, sig, pcr;
	struct att_pcrs pcrs;
	uint8_t replay[32];

	SN_TRY(bun_dir_get(&c->dir, BUN_QUOTE_MSG, &msg, why));
	SN_TRY(bun_dir_get(&c->dir, BUN_QUOTE_SIG, &sig, why));
	SN_TRY(bun_dir_get(&c->dir, BUN_QUOTE_PCR, &pcr, why));
	SN_TRY(attestation_key(c, BUN_AK, BUN_AK_PUB, &c->ak, why));
	SN_TRY(att_pcrs_parse(pcr, &pcrs, why));
	SN_TRY(att_quote(&c->ak, msg, sig, c->report->statement_sha256, &pcrs, &c->clock, why));
	if (pcrs.mask != (1U << BUN_PCRS) - 1)
		return sn_fail(why, SN_E_SIGNATURE,
		    BUN_QUOTE_PCR ": not PCR 0 to 15 are quoted");
	SN_TRY(tr_read_pcr15(c->transcript, replay, why));
	if (memcmp(replay, pcrs.value[BUN_PCR_TRANSCRIPT], sizeof(replay)) != 0)
		return sn_fail(why, SN_E_SIGNATURE,
		    BUN_QUOTE_PCR ": PCR 15 is not the replay of the transcript");
	memcpy(c->report->facts.pcr, pcrs.value, sizeof(c->report->facts.pcr));
	c->report->facts.quoted = true;
	c->report->facts.records = tr_read_size(c->transcript);
	c->report->facts.before_cut = tr_read_segment(c->transcript);
	bun_note(c, "TPM quote over the statement, PCR 15 is the transcript");
	return SN_OK;
}

static bool
has_audit(const struct bun_case *c)
{
	static const char *const paths[] = { AUDIT_MSG, AUDIT_SIG, AUDIT_LIST, BUN_SEED_AK,
		BUN_SEED_AK_PUB };

	for (size_t i = 0; i < SN_NITEMS(paths); i++)
		if (bun_dir_find(&c->dir, paths[i]) != NULL)
			return true;
	return false;
}

/* A genesis draws from the TPM; the session's audit shows how often. */
enum sn_err
bun_check_audit(struct bun_case *c, struct sn_why *why)
{
	SN_CLEANUP(att_ak_done) struct att_ak before = { 0 };
	const bool after_cut = bun_dir_find(&c->dir, BUN_SEED_AK) != NULL;
	struct att_clock clock;
	const bool genesis = strcmp(c->st.mode, "genesis") == 0;
	struct bytes msg, sig, list;
	size_t commands;

	if (!genesis && !has_audit(c))
		return SN_OK;
	SN_TRY(bun_dir_get(&c->dir, AUDIT_MSG, &msg, why));
	SN_TRY(bun_dir_get(&c->dir, AUDIT_SIG, &sig, why));
	SN_TRY(bun_dir_get(&c->dir, AUDIT_LIST, &list, why));
	/* by the TPM that the secret was made with; verify_story.c ties it to its record */
	if (after_cut)
		SN_TRY(attestation_key(c, BUN_SEED_AK, BUN_SEED_AK_PUB, &before, why));
	SN_TRY(att_audit(after_cut ? &before : &c->ak, msg, sig, c->st.plan_sha256, list,
	    &commands, &clock, why));
	if (!after_cut)
		SN_TRY(att_same_boot(&c->clock, BUN_QUOTE_MSG, &clock, AUDIT_MSG, why));
	c->report->facts.audited = true;
	c->report->facts.draws = commands;
	bun_note(c, "TPM audit of the seeding: %zu commands, bound to the plan", commands);
	return SN_OK;
}
