/* The clock: two people read it off the wall, each without the other's answer. */
#include "ceremony/core/cer.h"

#include <stdio.h>
#include <string.h>

#include "appliance/base/text.h"

enum { ASK_FIRST, ASK_SECOND, ASK_AGREE, TIME_ASKS };

#define TYPED_LEN 16	  /* "2026-11-25 15:14" */
#define TIME_APART_S 120  /* how far the two may be from each other */
#define TIME_OFFSET_S 600 /* and the machine's clock from them */

/* Without an administrator or a witness, whoever comes first. */
const struct plan_person *
cer_pair(const struct plan *p, size_t i)
{
	const struct plan_person *first = plan_first(p, PLAN_ROLE_ADMINISTRATOR);

	if (first == NULL)
		first = &p->people[0];
	if (i == 0)
		return first;
	for (size_t k = 0; k < p->npeople; k++)
		if (&p->people[k] != first && (p->people[k].roles & PLAN_ROLE_WITNESS) != 0)
			return &p->people[k];
	return first == &p->people[0] ? &p->people[1] : &p->people[0];
}

size_t
step_time_count(const struct cer *c SN_UNUSED)
{
	return TIME_ASKS;
}

enum sn_err
step_time_show(struct cer *c, size_t i, struct view *v, struct sn_why *why SN_UNUSED)
{
	if (i == ASK_AGREE) {
		cer_view(v, VIEW_WORD, "agree", "time.head");
		view_say(v, "time.body",
		    CAT_ARGS({ "time", cer_time_text(cer_now(c)) },
			{ "offset", cer_minutes(c->clock_offset) },
			{ "from", cer_time_text(c->plan->window.from) },
			{ "to", cer_time_text(c->plan->window.to) }));
		return SN_OK;
	}
	cer_view(v, VIEW_TEXT, "typed", "time.head");
	v->person = cer_pair(c->plan, i)->name;
	view_say(v, "time.typed", CAT_ARGS({ "person", v->person }));
	return SN_OK;
}

/* "2026-11-25 15:14", UTC, to the minute; a blank or a T between. */
static enum sn_err
time_parse(const char *text, int64_t *ret, struct sn_why *why)
{
	char full[TEXT_TIME_LEN + 1];
	struct sn_why own = { 0 };
	size_t n = strlen(text);

	while (n > 0 && text[n - 1] == ' ')
		n--;
	if (n != TYPED_LEN || (text[10] != ' ' && text[10] != 'T'))
		return sn_fail(why, SN_E_MEDIA,
		    "type date and time in UTC like 2026-11-25 15:14");
	(void)snprintf(full, sizeof(full), "%.10sT%.5s:00Z", text, text + 11);
	if (text_to_time(full, ret, "time", &own) != SN_OK)
		return sn_fail(why, SN_E_MEDIA, "there is no such date or time");
	return SN_OK;
}

/* Rules for the time that people state; what they mistype they may type again. */
static enum sn_err
time_judge(const struct cer *c, int64_t t, struct sn_why *why)
{
	const struct plan *p = c->plan;

	if (t < c->ports.build_date)
		return sn_fail(why, SN_E_MEDIA, "that is before this program was built (%s)",
		    cer_time_text(c->ports.build_date));
	if (t < p->window.from || t > p->window.to)
		return sn_fail(why, SN_E_MEDIA, "that is outside the plan's window, %s to %s",
		    cer_time_text(p->window.from), cer_time_text(p->window.to));
	return SN_OK;
}

static enum sn_err
time_typed(struct cer *c, size_t i, const char *text, struct sn_why *why)
{
	int64_t now = cer_now(c), t = 0, apart;

	SN_TRY(time_parse(text, &t, why));
	SN_TRY(time_judge(c, t, why));
	c->typed_offset[i] = t + 30 - now; /* they read minutes; its middle is nearest */
	SN_TRY(CER_RECORD(c, "time.stated", why, TR_ARG_STR("name", cer_pair(c->plan, i)->name),
	    TR_ARG_STR("typed", cer_time_text(t)), TR_ARG_STR("clock", cer_time_text(now))));
	if (i == ASK_FIRST)
		return SN_OK;
	apart = c->typed_offset[0] - c->typed_offset[1];
	if (apart > TIME_APART_S || apart < -TIME_APART_S) {
		c->ask = ASK_FIRST - (size_t)1; /* raised by one: both type again */
		cer_note(c, "time.apart", NULL);
		return SN_OK;
	}
	c->clock_offset = (c->typed_offset[0] + c->typed_offset[1]) / 2;
	if (c->clock_offset > TIME_OFFSET_S || c->clock_offset < -TIME_OFFSET_S)
		return sn_fail(why, SN_E_POLICY,
		    "the machine's clock is %s minutes off; set it in the firmware and begin "
		    "again",
		    cer_minutes(c->clock_offset));
	return SN_OK;
}

enum sn_err
step_time_take(struct cer *c, size_t i, const struct answer *a, struct sn_why *why)
{
	if (i != ASK_AGREE)
		return time_typed(c, i, a->text, why);
	return CER_RECORD(c, "time.agreed", why, TR_ARG_STR("clock", cer_time_text(cer_now(c))),
	    TR_ARG_STR("offset", cer_minutes(c->clock_offset)));
}
