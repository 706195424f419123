/* Dice: one person types the rolls, another the last of them again. */
#include "ceremony/core/cer.h"

#include <stdio.h>

#include "appliance/entropy/entropy.h"

enum { ASK_ROLLS, ASK_LAST, DICE_ASKS };

size_t
step_dice_count(const struct cer *c)
{
	return c->plan->dice ? DICE_ASKS : 0;
}

enum sn_err
step_dice_show(struct cer *c, size_t i, struct view *v, struct sn_why *why SN_UNUSED)
{
	static const char *const asks[] = { "rolls", "last" };
	static const char *const heads[] = { "dice.head", "dice.last-head" };

	cer_view(v, VIEW_WORDS, asks[i], heads[i]);
	v->person = cer_pair(c->plan, i)->name;
	view_title(v, heads[i], CAT_ARGS({ "count", cer_num(c->rolls) }));
	view_prompt(v, "dice.prompt", CAT_ARGS({ "person", v->person }));
	view_say(v, i == ASK_ROLLS ? "dice.rolls" : "dice.last",
	    CAT_ARGS({ "person", cer_pair(c->plan, 0)->name },
		{ "second", cer_pair(c->plan, 1)->name }, { "least", cer_num(ENT_DICE_MIN) },
		{ "count", cer_num(c->rolls) }, { "last", cer_num(KEEPER_DICE_LAST) }));
	return SN_OK;
}

static enum sn_err
dice_last(struct cer *c, struct bytes typed, struct sn_why *why)
{
	enum sn_err e;

	if (bytes_equal(typed, BYTES_STR("again"))) {
		c->ask = ASK_ROLLS - (size_t)1; /* raised by one */
		return SN_OK;
	}
	e = keeper_dice_last(c->keeper, typed, why);
	if (e == SN_E_MEDIA)
		cer_note(c, "dice.differ", NULL);
	if (e != SN_OK)
		return e;
	return CER_RECORD(c, "dice.rolled", why, TR_ARG_STR("name", cer_pair(c->plan, 0)->name),
	    TR_ARG_INT("count", c->rolls), TR_ARG_STR("second", cer_pair(c->plan, 1)->name),
	    TR_ARG_INT("last", KEEPER_DICE_LAST));
}

enum sn_err
step_dice_take(struct cer *c, size_t i, const struct answer *a, struct sn_why *why)
{
	if (i == ASK_LAST)
		return dice_last(c, a->secret, why);
	return keeper_dice(c->keeper, a->secret, &c->rolls, why);
}
