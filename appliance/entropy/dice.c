/* Dice: what people rolled and typed, and whether it can be the rolls of a die. */
#include "appliance/entropy/entropy.h"

#define DICE_FACES 6
/*
 * False alarms of a good die below 2^-20: 9 equal rolls in a row [SP 800-90B 4.4.1, H =
 * log2 6], and chi-square of the six counts over 36 (5 degrees of freedom).
 */
#define DICE_RUN 9
#define DICE_CHI 36

enum sn_err
ent_dice(struct bytes typed, struct ent_source *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret rolls = { 0 };

	if (typed.n > 2 * ENT_DICE_MAX)
		return sn_fail(why, SN_E_ENTROPY, "dice: more than %d rolls", ENT_DICE_MAX);
	SN_TRY(sn_secret_new(typed.n + 1, &rolls, why));
	sn_secret_truncate(&rolls, 0);
	for (size_t i = 0; i < typed.n; i++) {
		if (typed.p[i] == ' ')
			continue;
		if (typed.p[i] < '1' || typed.p[i] > '0' + DICE_FACES)
			return sn_fail(why, SN_E_ENTROPY,
			    "dice: behind %zu rolls stands something that is not 1 to 6; type "
			    "all again",
			    rolls.n);
		SN_TRY(sn_secret_append(&rolls, (struct bytes){ typed.p + i, 1 }, why));
	}
	SN_TRY(ent_health(ENT_DICE, sn_secret_bytes(&rolls), why));
	*ret = (struct ent_source){ .id = ENT_DICE, .bytes = rolls };
	rolls = (struct sn_secret){ 0 };
	return SN_OK;
}

/* n * 6 * sum(count^2) / n^2 - n > DICE_CHI, in whole numbers. */
static bool
dice_uneven(struct bytes v)
{
	size_t count[DICE_FACES] = { 0 }, squares = 0;

	for (size_t i = 0; i < v.n; i++)
		count[v.p[i] - '1']++;
	for (size_t i = 0; i < DICE_FACES; i++)
		squares += count[i] * count[i];
	sn_wipe(count, sizeof(count));
	return DICE_FACES * squares > v.n * (v.n + DICE_CHI);
}

enum sn_err
ent_dice_health(struct bytes v, struct sn_why *why)
{
	size_t run = 0;

	if (v.n < ENT_DICE_MIN || v.n > ENT_DICE_MAX)
		return sn_fail(why, SN_E_ENTROPY,
		    "dice: %zu rolls, not %d to %d; roll more and type all of them", v.n,
		    ENT_DICE_MIN, ENT_DICE_MAX);
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] < '1' || v.p[i] > '0' + DICE_FACES)
			return sn_fail(why, SN_E_ENTROPY, "dice: a roll is not 1 to 6");
		run = i > 0 && v.p[i] == v.p[i - 1] ? run + 1 : 1;
		if (run >= DICE_RUN)
			return sn_fail(why, SN_E_ENTROPY,
			    "dice: one number came %d times in a row; roll again", DICE_RUN);
	}
	if (dice_uneven(v))
		return sn_fail(why, SN_E_ENTROPY,
		    "dice: the numbers come too unevenly for a die; roll again with others");
	if (ent_repeats(v))
		return sn_fail(why, SN_E_ENTROPY,
		    "dice: a row of %d rolls came twice; roll, do not copy", ENT_BLOCK);
	return SN_OK;
}
