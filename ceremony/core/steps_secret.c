/* The secret's steps: seed, shares, trial recovery, recovery, keys. */
#include "ceremony/core/cer.h"

#include <stdio.h>
#include <string.h>

#include "appliance/base/json.h"
#include "appliance/base/text.h"

/* ---- seed */

/* Each source out of the keeper's report: a line for the view, or words for the record. */
static enum sn_err
seed_sources(struct cer *c, struct view *v, struct sn_buf *words, struct sn_why *why)
{
	SN_CLEANUP(sn_json_free) yyjson_doc *doc = NULL;
	yyjson_val *sources = NULL, *s;
	size_t i, n;

	SN_TRY(sn_json_parse(sn_buf_bytes(&c->entropy), "entropy.json", false, &doc, why));
	SN_TRY(sn_json_arr(yyjson_doc_get_root(doc), "sources", 1, 8, &sources, "entropy.json",
	    why));
	yyjson_arr_foreach(sources, i, n, s)
	{
		const char *name = NULL, *health = NULL;
		uint32_t bytes = 0;

		SN_TRY(sn_json_str(s, "name", 16, &name, "entropy.json", why));
		SN_TRY(sn_json_str(s, "health", 40, &health, "entropy.json", why));
		SN_TRY(sn_json_u32(s, "bytes", 0, 1U << 20, &bytes, "entropy.json", why));
		if (v != NULL)
			view_say(v, "seed.source",
			    CAT_ARGS({ "name", name }, { "bytes", cer_num(bytes) },
				{ "health", health }));
		if (words != NULL)
			sn_buf_fmt(words, "%s%s %u bytes", words->n > 0 ? ", " : "", name,
			    bytes);
	}
	return SN_OK;
}

enum sn_err
step_seed_enter(struct cer *c, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf sources = { 0 };

	SN_TRY(tpm_seed(c->tpm, c->plan->digest, &c->audit, why));
	SN_TRY(keeper_seed(c->keeper, &c->entropy, why));
	SN_TRY(seed_sources(c, NULL, &sources, why));
	SN_TRY(sn_buf_check(&sources, why));
	return CER_RECORD(c, "seed.made", why, TR_ARG_STR("sources", sn_buf_cstr(&sources)),
	    TR_ARG_STR("report", sn_buf_cstr(&c->entropy)));
}

enum sn_err
step_seed_show(struct cer *c, size_t i SN_UNUSED, struct view *v, struct sn_why *why)
{
	cer_view(v, VIEW_INFO, "ok", "seed.head");
	view_say(v, "seed.body", NULL);
	view_blank(v);
	return seed_sources(c, v, NULL, why);
}

/* ---- shares: for each custodian make room, show, type back */

enum { ASK_READY, ASK_WRITE, ASK_TYPED, ASKS_EACH };

size_t
step_shares_count(const struct cer *c)
{
	return (size_t)c->plan->share_count * ASKS_EACH;
}

enum sn_err
step_shares_show(struct cer *c, size_t i, struct view *v, struct sn_why *why)
{
	static const char *const heads[] = { "shares.ready-head", "shares.write-head",
		"shares.typed-head" };
	static const char *const asks[] = { "ready", "write", "typed" };
	static const enum view_kind kinds[] = { VIEW_INFO, VIEW_SHOW, VIEW_WORDS };
	size_t what = i % ASKS_EACH, number = i / ASKS_EACH;
	const char *name = plan_custodian(c->plan, number)->name;

	cer_view(v, kinds[what], asks[what], heads[what]);
	view_title(v, heads[what],
	    CAT_ARGS({ "number", cer_num(number + 1) },
		{ "count", cer_num(c->plan->share_count) }, { "person", name }));
	v->person = name;
	sn_secret_done(&c->shown);
	if (what == ASK_READY)
		view_say(v, "shares.ready", CAT_ARGS({ "person", name }));
	if (what == ASK_READY && c->plan->mode == PLAN_RESHARE)
		view_say(v, "shares.anew", NULL);
	if (what == ASK_TYPED)
		view_say(v, "shares.typed", NULL);
	if (what != ASK_WRITE)
		return SN_OK;
	SN_TRY(keeper_share(c->keeper, (uint32_t)number, &c->shown, why));
	v->secret = sn_secret_bytes(&c->shown);
	return SN_OK;
}

static void
shares_note(struct cer *c, const char *id, uint32_t word)
{
	if (word > 0)
		cer_note(c, id, CAT_ARGS({ "number", cer_num(word) }));
}

enum sn_err
step_shares_take(struct cer *c, size_t i, const struct answer *a, struct sn_why *why)
{
	uint32_t number = (uint32_t)(i / ASKS_EACH), word = 0;
	enum sn_err e;

	sn_secret_done(&c->shown);
	if (i % ASKS_EACH != ASK_TYPED)
		return SN_OK;
	if (bytes_equal(a->secret, BYTES_STR("show"))) {
		c->ask -= 2; /* raised by one: the words once more, for a paper that is wrong */
		return SN_OK;
	}
	e = keeper_share_check(c->keeper, number, a->secret, &word, why);
	if (e == SN_E_SHARE)
		shares_note(c, "shares.wrong-word", word);
	if (e != SN_OK)
		return e;
	return CER_RECORD(c, "share.read-back", why, TR_ARG_INT("number", number + 1),
	    TR_ARG_INT("count", c->plan->share_count),
	    TR_ARG_STR("name", plan_custodian(c->plan, number)->name));
}

/* ---- trial recovery */

enum sn_err
step_trial_enter(struct cer *c, struct sn_why *why)
{
	SN_TRY(keeper_trial(c->keeper, &c->subsets, why));
	return CER_RECORD(c, "trial.done", why, TR_ARG_INT("subsets", c->subsets),
	    TR_ARG_INT("threshold", c->plan->share_threshold));
}

enum sn_err
step_trial_show(struct cer *c, size_t i SN_UNUSED, struct view *v, struct sn_why *why SN_UNUSED)
{
	cer_view(v, VIEW_INFO, "ok", "trial.head");
	view_say(v, "trial.body",
	    CAT_ARGS({ "threshold", cer_num(c->plan->share_threshold) },
		{ "subsets", cer_num(c->subsets) }));
	return SN_OK;
}

/* ---- recovery, in a rebuild */

enum sn_err
step_recover_enter(struct cer *c, struct sn_why *why)
{
	SN_TRY(cer_old_shares(c, why));
	c->missing = c->custody.old_threshold;
	return keeper_rebuild(c->keeper, sn_buf_bytes(&c->identity_file), why);
}

size_t
step_recover_count(const struct cer *c)
{
	return c->custody.old_threshold;
}

enum sn_err
step_recover_show(struct cer *c, size_t i SN_UNUSED, struct view *v,
    struct sn_why *why SN_UNUSED)
{
	cer_view(v, VIEW_WORDS, "typed", "recover.head");
	view_title(v, "recover.head",
	    CAT_ARGS({ "missing", cer_num(c->missing) },
		{ "threshold", cer_num(c->custody.old_threshold) }));
	view_say(v, "recover.body", NULL);
	if (c->plan->mode == PLAN_RESHARE)
		view_say(v, "recover.old", NULL);
	return SN_OK;
}

enum sn_err
step_recover_take(struct cer *c, size_t i SN_UNUSED, const struct answer *a, struct sn_why *why)
{
	uint32_t index = 0, word = 0;
	enum sn_err e =
	    keeper_rebuild_share(c->keeper, a->secret, &index, &c->missing, &word, why);

	if (e == SN_E_SHARE)
		shares_note(c, "recover.wrong-word", word);
	if (e != SN_OK)
		return e;
	return CER_RECORD(c, "share.entered", why, TR_ARG_INT("number", index));
}

/* ---- keys */

enum sn_err
step_keys_enter(struct cer *c, struct sn_why *why)
{
	char hex[65];

	SN_TRY(keeper_derive(c->keeper, &c->files, c->identity, why));
	if (c->journal.going == CER_SHARES &&
	    memcmp(c->identity, c->journal.identity, sizeof(c->identity)) != 0)
		return sn_fail(why, SN_E_POLICY,
		    "the shares give another identity than the one that was made before the cut");
	c->has_identity = true;
	sn_hex(BYTES_OF(c->identity), hex);
	SN_TRY(CER_RECORD(c, "keys.derived", why, TR_ARG_STR("identity", hex)));
	return cer_previous_verify(c, why);
}

static const char *
keys_text(enum plan_mode mode)
{
	if (mode == PLAN_GENESIS)
		return "keys.body";
	return mode == PLAN_RESHARE ? "keys.reshared" : "keys.rebuilt";
}

enum sn_err
step_keys_show(struct cer *c, size_t i SN_UNUSED, struct view *v, struct sn_why *why SN_UNUSED)
{
	cer_view(v, VIEW_WORD, "agree", "keys.head");
	view_say(v, c->journal.going == CER_SHARES ? "keys.rebuilt" : keys_text(c->plan->mode),
	    NULL);
	view_blank(v);
	cer_view_digest(v, c->identity);
	return SN_OK;
}

enum sn_err
step_keys_take(struct cer *c, size_t i SN_UNUSED, const struct answer *a SN_UNUSED,
    struct sn_why *why)
{
	char hex[65];

	sn_hex(BYTES_OF(c->identity), hex);
	return CER_RECORD(c, "keys.agreed", why, TR_ARG_STR("identity", hex));
}
