/*
 * A team of two: what that means is put to each of them, who types a sentence that nobody
 * types by habit.
 */
#include "ceremony/core/cer.h"

#include <string.h>

#define ASK_AGREE 0 /* who is here; then one ask for each of the two */

size_t
step_people_count(const struct cer *c)
{
	return c->plan->two ? 1 + c->plan->npeople : 1;
}

bool
cer_team_asks(size_t i)
{
	return i > ASK_AGREE;
}

void
cer_team_show(const struct cer *c, size_t i, struct view *v)
{
	cer_view(v, VIEW_WORD, "loss", "team.head");
	v->person = c->plan->people[i - 1].name;
	v->word = cat_text("team.word");
	view_say(v, "team.body", CAT_ARGS({ "person", v->person }));
	view_prompt(v, "team.prompt", CAT_ARGS({ "word", v->word }));
}

enum sn_err
cer_team_take(struct cer *c, size_t i, struct sn_why *why)
{
	return CER_RECORD(c, "separation.reduced", why,
	    TR_ARG_STR("name", c->plan->people[i - 1].name),
	    TR_ARG_STR("typed", cat_text("team.word")));
}
