/*
 * The room: bags that are opened, the inspection of the machine, bags for afterwards. Every
 * serial is typed by two people, neither of whom sees the other's or the last record's.
 */
#include "ceremony/core/cer.h"

#include <stdio.h>
#include <string.h>

#include "appliance/base/text.h"

#define TYPED_TWICE 2 /* asks for each bag */
#define BROKEN "BROKEN"

/* Two different people: safe controllers before the usual pair. */
static const struct plan_person *
room_pair(const struct plan *p, size_t i)
{
	const struct plan_person *first = plan_first(p, PLAN_ROLE_SAFE);

	if (first == NULL)
		first = cer_pair(p, 0);
	if (i == 0)
		return first;
	for (size_t k = 0; k < p->npeople; k++)
		if (&p->people[k] != first && (p->people[k].roles & PLAN_ROLE_SAFE) != 0)
			return &p->people[k];
	return cer_pair(p, 1) != first ? cer_pair(p, 1) : cer_pair(p, 0);
}

enum sn_err
cer_room_fits(const struct plan *p, struct sn_why *why)
{
	if (p->world == PLAN_REHEARSAL || plan_is_operations(p))
		return SN_OK;
	if (p->inspection && p->nseals > 0)
		return SN_OK;
	return sn_fail(why, SN_E_POLICY,
	    "plan.json: production needs inspection: true, and at least one bag in seals");
}

/* ---- serials, typed twice */

/* Capitals, without blanks around: what the plan has. */
static enum sn_err
serial_read(const char *text, char ret[PLAN_SERIAL_MAX + 1], struct sn_why *why)
{
	size_t n = strlen(text);

	while (n > 0 && text[n - 1] == ' ')
		n--;
	for (; n > 0 && *text == ' '; n--)
		text++;
	if (n > PLAN_SERIAL_MAX)
		n = 0; /* which is no serial */
	for (size_t i = 0; i < n; i++)
		ret[i] =
		    text[i] >= 'a' && text[i] <= 'z' ? (char)(text[i] - 'a' + 'A') : text[i];
	ret[n] = '\0';
	if (plan_serial_ok(ret))
		return SN_OK;
	return sn_fail(why, SN_E_MEDIA, "a serial has %d to %d letters, digits or -",
	    PLAN_SERIAL_MIN, PLAN_SERIAL_MAX);
}

static void
serial_show(const struct cer *c, size_t i, struct view *v, const char *head, const char *body)
{
	cer_view(v, VIEW_TEXT, "typed", head);
	v->person = room_pair(c->plan, i % TYPED_TWICE)->name;
	view_say(v, body,
	    CAT_ARGS({ "number", cer_num(i / TYPED_TWICE + 1) },
		{ "count", cer_num(c->plan->nseals) },
		{ "what", c->plan->seals[i / TYPED_TWICE].what }, { "person", v->person }));
}

/*
 * The first answer is kept, the second compared with it: *ret_both says that they agree.
 * Where they do not, both are asked again.
 */
static enum sn_err
serial_typed(struct cer *c, size_t i, const char *text, char ret[PLAN_SERIAL_MAX + 1],
    bool *ret_both, struct sn_why *why)
{
	*ret_both = false;
	SN_TRY(serial_read(text, ret, why));
	if (i % TYPED_TWICE == 0) {
		(void)snprintf(c->room.first, sizeof(c->room.first), "%s", ret);
		return SN_OK;
	}
	*ret_both = strcmp(c->room.first, ret) == 0;
	if (*ret_both)
		return SN_OK;
	c->ask = i - 1 - (size_t)1; /* raised by one */
	cer_note(c, "seals.apart", NULL);
	return SN_OK;
}

/* ---- bags that are opened */

static bool
seal_differs(const struct cer *c, size_t k)
{
	const char *serial = c->plan->seals[k].serial, *now = c->room.opened[k];

	return now[0] != '\0' &&
	    (strcmp(now, BROKEN) == 0 || (serial[0] != '\0' && strcmp(now, serial) != 0));
}

static bool
seals_differ(const struct cer *c)
{
	for (size_t k = 0; k < c->plan->nseals; k++)
		if (seal_differs(c, k))
			return true;
	return false;
}

size_t
step_seals_count(const struct cer *c)
{
	return c->plan->nseals * TYPED_TWICE + seals_differ(c);
}

static const char *
seal_expected(const struct plan_seal *s)
{
	return s->serial[0] != '\0' ? s->serial : cat_text("seals.none");
}

static void
seals_agree(const struct cer *c, struct view *v)
{
	cer_view(v, VIEW_WORD, "agree", "seals.head");
	v->person = room_pair(c->plan, 1)->name;
	v->word = "other";
	view_say(v, "seals.differs", NULL);
	for (size_t k = 0; k < c->plan->nseals; k++)
		if (seal_differs(c, k))
			view_say(v, "seals.line",
			    CAT_ARGS({ "what", c->plan->seals[k].what },
				{ "serial", seal_expected(&c->plan->seals[k]) },
				{ "now", c->room.opened[k] }));
	view_say(v, "seals.agree", CAT_ARGS({ "person", v->person }));
}

enum sn_err
step_seals_show(struct cer *c, size_t i, struct view *v, struct sn_why *why SN_UNUSED)
{
	if (i < c->plan->nseals * TYPED_TWICE)
		serial_show(c, i, v, "seals.head", "seals.typed");
	else
		seals_agree(c, v);
	return SN_OK;
}

static enum sn_err
seals_agreed(struct cer *c, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf what = { 0 };

	for (size_t k = 0; k < c->plan->nseals; k++)
		if (seal_differs(c, k))
			sn_buf_fmt(&what, "%s%s", what.n > 0 ? ", " : "",
			    c->plan->seals[k].what);
	SN_TRY(sn_buf_check(&what, why));
	return CER_RECORD(c, "seal.agreed", why,
	    TR_ARG_STR("name", room_pair(c->plan, 1)->name),
	    TR_ARG_STR("what", sn_buf_cstr(&what)));
}

enum sn_err
step_seals_take(struct cer *c, size_t i, const struct answer *a, struct sn_why *why)
{
	const struct plan_seal *s = &c->plan->seals[i / TYPED_TWICE];
	char serial[PLAN_SERIAL_MAX + 1];
	bool both;

	if (i >= c->plan->nseals * TYPED_TWICE)
		return seals_agreed(c, why);
	SN_TRY(serial_typed(c, i, a->text, serial, &both, why));
	if (!both)
		return SN_OK;
	memcpy(c->room.opened[i / TYPED_TWICE], serial, sizeof(serial));
	return CER_RECORD(c, "seal.opened", why, TR_ARG_STR("what", s->what),
	    TR_ARG_STR("serial", serial), TR_ARG_STR("first", room_pair(c->plan, 0)->name),
	    TR_ARG_STR("second", room_pair(c->plan, 1)->name),
	    TR_ARG_STR("expected", seal_expected(s)));
}

/* ---- bags for afterwards */

size_t
step_bags_count(const struct cer *c)
{
	return c->plan->nseals * TYPED_TWICE;
}

enum sn_err
step_bags_show(struct cer *c, size_t i, struct view *v, struct sn_why *why SN_UNUSED)
{
	serial_show(c, i, v, "bags.head", "bags.typed");
	return SN_OK;
}

/* A bag that was opened, or one that something else goes into, is no new bag. */
static bool
bag_is_new(const struct cer *c, size_t bag, const char *serial)
{
	bool used = strcmp(serial, BROKEN) == 0;

	for (size_t k = 0; k < c->plan->nseals; k++)
		used = used || strcmp(serial, c->room.opened[k]) == 0 ||
		    strcmp(serial, c->plan->seals[k].serial) == 0 ||
		    (k < bag && strcmp(serial, c->room.closed[k]) == 0);
	return !used;
}

enum sn_err
step_bags_take(struct cer *c, size_t i, const struct answer *a, struct sn_why *why)
{
	size_t bag = i / TYPED_TWICE;
	char serial[PLAN_SERIAL_MAX + 1];
	bool both;

	SN_TRY(serial_typed(c, i, a->text, serial, &both, why));
	if (!both)
		return SN_OK;
	if (!bag_is_new(c, bag, serial)) {
		c->ask = bag * TYPED_TWICE - (size_t)1; /* raised by one */
		cer_note(c, "bags.old", NULL);
		return SN_OK;
	}
	memcpy(c->room.closed[bag], serial, sizeof(serial));
	return CER_RECORD(c, "seal.closed", why, TR_ARG_STR("what", c->plan->seals[bag].what),
	    TR_ARG_STR("serial", serial), TR_ARG_STR("first", room_pair(c->plan, 0)->name),
	    TR_ARG_STR("second", room_pair(c->plan, 1)->name));
}

/* ---- the inspection */

static const struct {
	const char *ask, *text, *record;
} places[CER_PLACES] = {
	{ "lid", "inspection.ask-lid", "inspection.lid" },
	{ "ports", "inspection.ask-ports", "inspection.ports" },
	{ "radio", "inspection.ask-radio", "inspection.radio" },
	{ "disk", "inspection.ask-disk", "inspection.disk" },
};

/* What was found, "; " between; nothing where all is well. */
static void
inspection_findings(const struct cer *c, struct sn_buf *ret)
{
	for (size_t k = 0; k < CER_PLACES; k++)
		if (c->room.found[k][0] != '\0' && strcmp(c->room.found[k], "ok") != 0)
			sn_buf_fmt(ret, "%s%s: %s", ret->n > 0 ? "; " : "", places[k].ask,
			    c->room.found[k]);
}

size_t
step_inspection_count(const struct cer *c)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf found = { 0 };

	if (!c->plan->inspection)
		return 0;
	inspection_findings(c, &found);
	return CER_PLACES + (found.n > 0);
}

/* One sheet: what was answered, and what is asked now. */
enum sn_err
step_inspection_show(struct cer *c, size_t i, struct view *v, struct sn_why *why SN_UNUSED)
{
	const char *second = room_pair(c->plan, 1)->name;
	bool agree = i == CER_PLACES;

	cer_view(v, agree ? VIEW_WORD : VIEW_TEXT, agree ? "agree" : places[i].ask,
	    "inspection.head");
	v->person = agree ? second : room_pair(c->plan, 0)->name;
	if (agree)
		v->word = "found";
	else
		view_say(v, "inspection.body",
		    CAT_ARGS({ "person", v->person }, { "second", second }));
	for (size_t k = 0; k < i; k++)
		view_say(v, "inspection.done",
		    CAT_ARGS({ "what", cat_text(places[k].text) },
			{ "found", c->room.found[k] }));
	if (agree)
		view_say(v, "inspection.findings", CAT_ARGS({ "second", second }));
	else
		view_say(v, "inspection.now", CAT_ARGS({ "what", cat_text(places[i].text) }));
	return SN_OK;
}

static enum sn_err
inspection_agreed(struct cer *c, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf found = { 0 };

	inspection_findings(c, &found);
	SN_TRY(sn_buf_check(&found, why));
	return CER_RECORD(c, "inspection.agreed", why,
	    TR_ARG_STR("name", room_pair(c->plan, 1)->name),
	    TR_ARG_STR("what", sn_buf_cstr(&found)));
}

enum sn_err
step_inspection_take(struct cer *c, size_t i, const struct answer *a, struct sn_why *why)
{
	struct bytes text = bytes_str(a->text);

	if (i == CER_PLACES)
		return inspection_agreed(c, why);
	while (text.n > 0 && text.p[text.n - 1] == ' ')
		text.n--;
	if (text.n == 0 || !text_printable(text, CER_FOUND_MAX)) {
		cer_note(c, "inspection.empty", CAT_ARGS({ "count", cer_num(CER_FOUND_MAX) }));
		return sn_fail(why, SN_E_MEDIA, "no answer");
	}
	(void)snprintf(c->room.found[i], sizeof(c->room.found[i]), "%.*s", (int)text.n,
	    (const char *)text.p);
	return CER_RECORD(c, places[i].record, why,
	    TR_ARG_STR("name", room_pair(c->plan, 0)->name),
	    TR_ARG_STR("second", room_pair(c->plan, 1)->name),
	    TR_ARG_STR("found", c->room.found[i]));
}
