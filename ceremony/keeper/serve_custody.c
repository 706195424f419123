/*
 * Custodian check: one typed share against its commitment. Nothing is joined, and from
 * here no way leads to keys.
 */
#include "ceremony/keeper/process.h"

enum sn_err
serve_check(struct process *p, struct bytes request, struct answer_to *ret SN_UNUSED,
    struct sn_why *why)
{
	struct identity id;

	SN_TRY(bytes_end(&request, "keeper: check", why));
	if (p->plan->mode != PLAN_CHECK)
		return sn_fail(why, SN_E_PROTO, "keeper: the plan is not a custodian check");
	SN_TRY(identity_named(p->plan, sn_buf_bytes(&p->data), why));
	SN_TRY(identity_parse(sn_buf_bytes(&p->data), &id, why));
	SN_TRY(identity_custody_fits(&id, p->plan, why));
	p->identity = id;
	p->identifier = id.share_identifier;
	p->state = KS_CHECKING;
	return SN_OK;
}

/* The share itself is gone when this returns. */
static enum sn_err
check_share(const struct process *p, uint32_t expected, struct bytes typed, uint32_t *ret_word,
    struct sn_why *why)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret text = { 0 };
	SN_CLEANUP(slip39_share_done) struct slip39_share s = { 0 };
	uint8_t commitment[CRY_MAX_HASH];
	uint32_t number;

	SN_TRY(slip39_canonical(typed, &text, ret_word, why));
	SN_TRY(slip39_decode(sn_secret_bytes(&text), &s, why));
	SN_TRY(slip39_check(&s, p->plan->world == PLAN_REHEARSAL, p->identifier, NULL, 0, why));
	SN_TRY(slip39_commitment(sn_secret_bytes(&text), commitment, why));
	number = identity_share_number(&p->identity, commitment);
	if (number == 0)
		return sn_fail(why, SN_E_SHARE,
		    "share: it is none of the shares that the identity file lists");
	if (number != expected)
		return sn_fail(why, SN_E_SHARE,
		    "share: this is share %u, not share %u; another custodian holds it", number,
		    expected);
	return SN_OK;
}

enum sn_err
serve_check_share(struct process *p, struct bytes request, struct answer_to *ret,
    struct sn_why *why)
{
	struct sn_why said = { 0 };
	uint32_t expected, word = 0;
	enum sn_err e;

	SN_TRY(bytes_u32(&request, &expected, "keeper: share number", why));
	if (expected == 0 || expected > p->identity.share_count)
		return sn_fail(why, SN_E_FORMAT, "keeper: there is no share %u", expected);
	e = check_share(p, expected, request, &word, &said);
	put_verdict(&ret->open, e, word, &said);
	return SN_OK;
}
