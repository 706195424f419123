/*
 * Dice: all rolls as one person typed them, and the last of them by another, who thereby
 * shows to have followed, and that nothing is missing at the end.
 */
#include <string.h>

#include "appliance/base/text.h"
#include "appliance/crypto/digest.h"
#include "ceremony/keeper/keeper.h"
#include "ceremony/keeper/process.h"

#define SALT_LEN 16

/* What people typed is wrong; they can type it again, and the text says what. */
static void
put_again(struct sn_buf *ret, const char *said)
{
	sn_buf_u16(ret, SN_E_MEDIA);
	sn_buf_u32(ret, 0);
	sn_buf_str(ret, said);
}

static enum sn_err
dice_wanted(const struct process *p, struct sn_why *why)
{
	if (!p->plan->dice)
		return sn_fail(why, SN_E_POLICY, "keeper: the plan has no dice");
	return SN_OK;
}

enum sn_err
serve_dice(struct process *p, struct bytes request, struct answer_to *ret, struct sn_why *why)
{
	struct ent_source dice = { 0 };
	struct sn_why said = { 0 };
	enum sn_err e;

	SN_TRY(dice_wanted(p, why));
	e = ent_dice(request, &dice, &said);
	if (e != SN_OK && e != SN_E_ENTROPY)
		return sn_fail(why, e, "%s", said.text);
	if (e != SN_OK) {
		put_again(&ret->open, said.text);
		return SN_OK;
	}
	ent_source_done(&p->dice);
	p->dice = dice;
	p->dice_agreed = false;
	sn_buf_u16(&ret->open, SN_OK);
	sn_buf_u32(&ret->open, (uint32_t)dice.bytes.n);
	return SN_OK;
}

enum sn_err
serve_dice_last(struct process *p, struct bytes request, struct answer_to *ret,
    struct sn_why *why)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret typed = { 0 };
	const struct bytes all = sn_secret_bytes(&p->dice.bytes);

	SN_TRY(dice_wanted(p, why));
	if (all.n < KEEPER_DICE_LAST)
		return sn_fail(why, SN_E_PROTO, "keeper: nobody has typed rolls yet");
	SN_TRY(sn_secret_new(request.n + 1, &typed, why));
	sn_secret_truncate(&typed, 0);
	for (size_t i = 0; i < request.n; i++)
		if (request.p[i] != ' ')
			SN_TRY(sn_secret_append(&typed, (struct bytes){ request.p + i, 1 },
			    why));
	p->dice_agreed = sn_secret_equal(sn_secret_bytes(&typed),
	    (struct bytes){ all.p + all.n - KEEPER_DICE_LAST, KEEPER_DICE_LAST });
	if (!p->dice_agreed) {
		put_again(&ret->open, "");
		return SN_OK;
	}
	sn_buf_u16(&ret->open, SN_OK);
	sn_buf_u32(&ret->open, (uint32_t)all.n);
	return SN_OK;
}

/* The digest that anybody with the rolls on paper can make again: of a rehearsal only. */
enum sn_err
dice_digest(struct bytes rolls, struct dice_digest *ret, struct sn_why *why)
{
	uint8_t salt[SALT_LEN], digest[CRY_MAX_HASH];
	const struct bytes parts[] = { BYTES_OF(salt), rolls };

	SN_TRY(cry_random(salt, sizeof(salt), why));
	SN_TRY(cry_digest_v(CRY_SHA256, parts, SN_NITEMS(parts), digest, why));
	sn_hex(BYTES_OF(salt), ret->salt);
	sn_hex((struct bytes){ digest, 32 }, ret->sha256);
	return SN_OK;
}
