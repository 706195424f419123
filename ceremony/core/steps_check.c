/*
 * The custodian check: one custodian after the other proves a share against its commitment;
 * each gets a receipt. Nothing is joined, derived, signed or approved.
 */
#include "ceremony/core/cer.h"

#include <stdio.h>
#include <string.h>

#include "appliance/base/text.h"
#include "ceremony/keys/identity.h"

/* Ask 0 is to pull the IN stick; then three for each custodian who comes. */
enum { ASK_WHO, ASK_TYPED, ASK_AGREE, ASKS_EACH };
enum { ASK_STICK, ASK_WRITTEN, ASK_PULL, LOG_ASKS };

#define WORD_END "end"

enum sn_err
step_check_enter(struct cer *c, struct sn_why *why)
{
	med_eject(c->ports.media, CER_LABEL_IN);
	return keeper_check(c->keeper, sn_buf_bytes(&c->identity_file), why);
}

size_t
step_check_count(const struct cer *c)
{
	return c->custody.ended ? 0 : c->ask + 1;
}

/* What is known about each custodian by now. */
static void
check_lines(const struct cer *c, struct view *v)
{
	static const char *const ids[] = { [CER_SHARE_UNSEEN] = "check.unseen",
		[CER_SHARE_PROVEN] = "check.proven",
		[CER_SHARE_UNPROVEN] = "check.unproven" };

	for (uint32_t i = 0; i < c->plan->share_count; i++)
		view_line(v, "  %u  %-16s  %s", i + 1, plan_custodian(c->plan, i)->name,
		    cat_text(ids[c->custody.share[i].state]));
}

static const char *
check_person(const struct cer *c)
{
	return plan_custodian(c->plan, c->custody.who)->name;
}

static void
check_result(const struct cer *c, struct view *v)
{
	const struct cer_share *s = &c->custody.share[c->custody.who];
	const char *witness = cer_pair(c->plan, 1)->name;

	cer_view(v, VIEW_WORD, "agree", "check.head");
	v->person = witness;
	view_say(v, s->reason[0] == '\0' ? "check.is-proven" : "check.is-not",
	    CAT_ARGS({ "number", cer_num(c->custody.who + 1) },
		{ "count", cer_num(c->plan->share_count) }, { "person", check_person(c) },
		{ "reason", s->reason }));
	view_blank(v);
	view_say(v, "check.agree",
	    CAT_ARGS({ "person", check_person(c) }, { "witness", witness }));
}

enum sn_err
step_check_show(struct cer *c, size_t i, struct view *v, struct sn_why *why SN_UNUSED)
{
	if (i == 0) {
		cer_view(v, VIEW_REMOVE, "pull", "check.head");
		cer_view_media(v, CER_LABEL_IN);
		return SN_OK;
	}
	switch ((i - 1) % ASKS_EACH) {
	case ASK_WHO:
		cer_view(v, VIEW_TEXT, "who", "check.head");
		view_say(v, "check.who", NULL);
		view_blank(v);
		check_lines(c, v);
		break;
	case ASK_TYPED:
		cer_view(v, VIEW_WORDS, "typed", "check.head");
		v->person = check_person(c);
		view_say(v, "check.typed",
		    CAT_ARGS({ "person", v->person }, { "number", cer_num(c->custody.who + 1) },
			{ "count", cer_num(c->plan->share_count) }));
		break;
	default:
		check_result(c, v);
		break;
	}
	return SN_OK;
}

static enum sn_err
check_who(struct cer *c, const char *text, struct sn_why *why)
{
	bool any = false;

	for (uint32_t i = 0; i < c->plan->share_count; i++) {
		struct cer_share *s = &c->custody.share[i];

		any = any || s->state != CER_SHARE_UNSEEN;
		if (strcmp(plan_custodian(c->plan, i)->name, text) != 0)
			continue;
		if (s->state == CER_SHARE_PROVEN)
			return sn_fail(why, SN_E_MEDIA, "%s's share is proven already", text);
		c->custody.who = i;
		s->reason[0] = '\0';
		return SN_OK;
	}
	if (strcmp(text, WORD_END) != 0)
		return sn_fail(why, SN_E_MEDIA,
		    "\"%.20s\" is no custodian of this plan; type a name from the list", text);
	if (!any)
		return sn_fail(why, SN_E_MEDIA,
		    "nobody has typed a share yet; type \"no\" to end without a receipt");
	c->custody.ended = true;
	return SN_OK;
}

/* An empty line gives up: then the last refusal is what the receipt says. */
static enum sn_err
check_typed(struct cer *c, struct bytes typed, struct sn_why *why)
{
	struct cer_share *s = &c->custody.share[c->custody.who];
	struct sn_why said = { 0 };
	uint32_t word = 0;
	enum sn_err e;

	if (typed.n == 0) {
		if (s->reason[0] == '\0')
			view_copy(s->reason, sizeof(s->reason), cat_text("check.nothing"));
		return SN_OK;
	}
	e = keeper_check_share(c->keeper, (uint32_t)c->custody.who + 1, typed, &word, &said);
	if (e == SN_OK) {
		s->reason[0] = '\0';
		return SN_OK;
	}
	if (e == SN_E_SHARE)
		view_copy(s->reason, sizeof(s->reason), said.text);
	if (e == SN_E_SHARE && word > 0)
		cer_note(c, "recover.wrong-word", CAT_ARGS({ "number", cer_num(word) }));
	return sn_fail(why, e, "%s", said.text);
}

static enum sn_err
check_agreed(struct cer *c, struct sn_why *why)
{
	struct cer_share *s = &c->custody.share[c->custody.who];
	const char *name = check_person(c), *witness = cer_pair(c->plan, 1)->name;

	s->at = cer_now(c);
	if (s->reason[0] == '\0') {
		s->state = CER_SHARE_PROVEN;
		return CER_RECORD(c, "share.proven", why,
		    TR_ARG_INT("number", c->custody.who + 1), TR_ARG_STR("name", name),
		    TR_ARG_STR("witness", witness));
	}
	s->state = CER_SHARE_UNPROVEN;
	return CER_RECORD(c, "share.unproven", why, TR_ARG_INT("number", c->custody.who + 1),
	    TR_ARG_STR("name", name), TR_ARG_STR("witness", witness),
	    TR_ARG_STR("reason", s->reason));
}

enum sn_err
step_check_take(struct cer *c, size_t i, const struct answer *a, struct sn_why *why)
{
	switch ((i - 1) % ASKS_EACH) {
	case ASK_WHO:
		return check_who(c, a->text, why);
	case ASK_TYPED:
		return check_typed(c, a->secret, why);
	default:
		return check_agreed(c, why);
	}
}

/* ---- receipts, and the transcript without a bundle */

static enum sn_err
receipt(const struct cer *c, uint32_t i, struct sn_buf *ret, struct sn_why *why)
{
	const struct cer_share *s = &c->custody.share[i];
	const struct plan *p = c->plan;
	char plan[65], file[65], id[33];

	sn_hex(BYTES_OF(p->digest), plan);
	sn_hex(BYTES_OF(p->identity_sha256), file);
	sn_hex(BYTES_OF(p->sanctum_id), id);
	cat_put(ret, "receipt.text",
	    CAT_ARGS({ "world", plan_world_name(p->world) }, { "ceremony", p->ceremony },
		{ "sanctum", p->sanctum_name }, { "id", id }, { "plan", plan },
		{ "identity", file }, { "number", cer_num(i + 1) },
		{ "count", cer_num(p->share_count) },
		{ "threshold", cer_num(p->share_threshold) },
		{ "person", plan_custodian(p, i)->name }, { "time", cer_time_text(s->at) },
		{ "result",
		    cat_text(s->state == CER_SHARE_PROVEN ? "receipt.proven"
							  : "receipt.unproven") },
		{ "reason", s->reason[0] != '\0' ? s->reason : "-" },
		{ "witness", cer_pair(p, 1)->name }));
	return sn_buf_check(ret, why);
}

enum sn_err
step_receipt_enter(struct cer *c, struct sn_why *why)
{
	return cer_log_close(c, why);
}

size_t
step_receipt_count(const struct cer *c SN_UNUSED)
{
	return LOG_ASKS;
}

enum sn_err
step_receipt_show(struct cer *c, size_t i, struct view *v, struct sn_why *why SN_UNUSED)
{
	switch (i) {
	case ASK_STICK:
		cer_view(v, VIEW_MEDIA, "stick", "receipt.head");
		view_say(v, "receipt.media", NULL);
		cer_view_media(v, CER_LABEL_LOG);
		break;
	case ASK_WRITTEN:
		cer_view(v, VIEW_INFO, "ok", "receipt.head");
		view_say(v, "receipt.body",
		    CAT_ARGS({ "files", cer_num(c->log_files) }, { "label", CER_LABEL_LOG },
			{ "folder", c->log_folder }));
		break;
	default:
		cer_view(v, VIEW_REMOVE, "pull", "receipt.head");
		cer_view_media(v, CER_LABEL_LOG);
		break;
	}
	return SN_OK;
}

enum sn_err
step_receipt_there(struct cer *c, size_t i SN_UNUSED, const char *label, struct sn_why *why)
{
	struct sn_buf text[PLAN_MAX_SHARES] = { 0 };
	char name[PLAN_MAX_SHARES][PLAN_NAME_MAX + sizeof("receipt-.txt")];
	struct med_file files[PLAN_MAX_SHARES];
	enum sn_err e = SN_OK;
	size_t n = 0;

	for (uint32_t k = 0; k < c->plan->share_count && e == SN_OK; k++) {
		if (c->custody.share[k].state == CER_SHARE_UNSEEN)
			continue;
		(void)snprintf(name[n], sizeof(name[n]), "receipt-%s.txt",
		    plan_custodian(c->plan, k)->name);
		e = receipt(c, k, &text[n], why);
		files[n] = (struct med_file){ name[n], sn_buf_bytes(&text[n]) };
		n++;
	}
	if (e == SN_OK)
		e = cer_log_files(c, label, files, n, why);
	for (size_t k = 0; k < SN_NITEMS(text); k++)
		sn_buf_done(&text[k]);
	return e;
}

enum sn_err
step_checked_show(struct cer *c, size_t i SN_UNUSED, struct view *v,
    struct sn_why *why SN_UNUSED)
{
	cer_view(v, VIEW_END, "ok", "checked.head");
	view_say(v, "checked.body", NULL);
	view_blank(v);
	check_lines(c, v);
	return SN_OK;
}
