/* Collateral is verified: what was taken, what was refused and why. */
#include "ceremony/core/cer.h"

#include <stdio.h>
#include <string.h>

#include "appliance/base/text.h"

#define COLLATERAL_SKIPPED_MAX 200 /* files that get a record each */
#define COLLATERAL_ROW_LINES 8	   /* what one refused item can take on the screen */

static int64_t
collateral_time(struct cer *c)
{
	return c->plan->has_collateral_time ? c->plan->collateral_time : cer_now(c);
}

static enum sn_err
collateral_policy(struct cer *c, struct col_policy *ret, struct sn_why *why)
{
	const struct plan *p = c->plan;

	memset(ret, 0, sizeof(*ret));
	ret->at = collateral_time(c);
	ret->rehearsal = p->world == PLAN_REHEARSAL;
	ret->extra.has[COL_VENDOR_INTEL][0] = p->has_intel_root;
	memcpy(ret->extra.spki[COL_VENDOR_INTEL][0], p->intel_root, 32);
	ret->extra.has[COL_VENDOR_IBM_SE][0] = p->has_ibm_root;
	memcpy(ret->extra.spki[COL_VENDOR_IBM_SE][0], p->ibm_root, 32);
	for (size_t i = 0; i < p->namd_roots; i++) {
		enum amd_product product =
		    amd_product_from_name(bytes_str(p->amd_roots[i].product));

		if (product == AMD_PRODUCT_COUNT)
			return sn_fail(why, SN_E_INTERNAL, "AMD product %s",
			    p->amd_roots[i].product);
		ret->extra.has[COL_VENDOR_AMD][product] = true;
		memcpy(ret->extra.spki[COL_VENDOR_AMD][product], p->amd_roots[i].spki, 32);
	}
	if (!ret->rehearsal && col_roots_any(&ret->extra))
		return sn_fail(why, SN_E_REHEARSAL, "plan.json: vendor_pki");
	return SN_OK;
}

/* One record for every item: what was taken, what was refused and why. */
static enum sn_err
collateral_records(struct cer *c, struct sn_why *why)
{
	const struct col_row *rows = NULL;
	size_t n = 0;

	SN_TRY(col_store_rows(c->col, &rows, &n, why));
	for (size_t i = 0; i < n; i++) {
		const struct col_row *r = &rows[i];

		if (r->ok)
			SN_TRY(CER_RECORD(c, "collateral.accepted", why,
			    TR_ARG_STR("label", r->label), TR_ARG_STR("sha256", r->sha256),
			    TR_ARG_STR("until", cer_time_text(r->good_until))));
		else if (r->carried)
			SN_TRY(CER_RECORD(c, "collateral.carried", why,
			    TR_ARG_STR("path", r->path), TR_ARG_STR("sha256", r->sha256)));
		else
			SN_TRY(CER_RECORD(c, "collateral.refused", why,
			    TR_ARG_STR("path", r->path), TR_ARG_STR("sha256", r->sha256),
			    TR_ARG_STR("reason", r->why.text)));
	}
	if (c->skipped > COLLATERAL_SKIPPED_MAX)
		SN_TRY(CER_RECORD(c, "collateral.more-refused", why,
		    TR_ARG_INT("count", c->skipped - COLLATERAL_SKIPPED_MAX)));
	return CER_RECORD(c, "collateral.judged", why,
	    TR_ARG_STR("time", cer_time_text(collateral_time(c))),
	    TR_ARG_INT("accepted", col_store_accepted(c->col)),
	    TR_ARG_INT("refused", col_store_refused(c->col) + c->skipped));
}

/* A file that could not even be read is a refusal like any other. */
static void
collateral_skipped(void *arg, const char *path, const struct sn_why *reason)
{
	struct cer *c = arg;
	struct sn_why why = { 0 };
	char shown[TR_MAX_TEXT / 4];

	if (++c->skipped > COLLATERAL_SKIPPED_MAX)
		return; /* counted in the last record of this step */
	(void)snprintf(shown, sizeof(shown), "%s", path);
	if (!text_printable(bytes_str(shown), sizeof(shown)))
		(void)snprintf(shown, sizeof(shown), "(a name that cannot be shown)");
	/* A full transcript fails the step's own records soon enough. */
	if (CER_RECORD(c, "collateral.refused", &why, TR_ARG_STR("path", shown),
		TR_ARG_STR("sha256", ""), TR_ARG_STR("reason", reason->text)) != SN_OK)
		return;
}

static enum sn_err
collateral_add(void *arg, const char *path, struct bytes data, struct sn_why *why)
{
	struct cer *c = arg;
	struct sn_why own = { 0 };
	enum sn_err e = col_store_add(c->col, path, data, &own);

	if (e != SN_E_LIMIT && e != SN_E_FORMAT)
		return e == SN_OK ? SN_OK : sn_fail(why, e, "%s", own.text);
	collateral_skipped(arg, path, &own); /* refused like any other; the rest goes on */
	return SN_OK;
}

enum sn_err
step_collateral_enter(struct cer *c, struct sn_why *why)
{
	struct col_policy policy;
	struct sn_why none = { 0 };
	enum sn_err e;

	SN_TRY(cer_plan_again(c, why));
	SN_TRY(collateral_policy(c, &policy, why));
	SN_TRY(col_store_new(&policy, &c->col, why));
	e = med_read_tree(c->ports.media, CER_LABEL_IN, "collateral", COL_ITEM_BYTES_MAX,
	    collateral_add, collateral_skipped, c, &none);
	if (e != SN_OK && e != SN_E_MISSING) {
		if (why != NULL)
			*why = none;
		return e;
	}
	SN_TRY(col_store_check(c->col, why));
	SN_TRY(collateral_records(c, why));
	med_eject(c->ports.media, CER_LABEL_IN);
	return SN_OK;
}

/* ask 0: agree; ask 1: pull the IN stick. */
size_t
step_collateral_count(const struct cer *c SN_UNUSED)
{
	return 2;
}

static void
collateral_row(const struct col_row *r, struct view *v)
{
	if (r->carried) {
		view_line(v, "[--] %-40.40s carried", r->label);
		return;
	}
	if (!r->ok) {
		view_line(v, "[!!] %.53s", r->path);
		view_say(v, "collateral.refusal",
		    CAT_ARGS({ "phrase", col_refusal_phrase(r) }, { "reason", r->why.text }));
		return;
	}
	view_line(v, "[OK] %-40.40s %.10s", r->label, cer_time_text(r->good_until));
	for (size_t i = 0; col_note_phrase(r->notes, i) != NULL; i++)
		view_line(v, "     (%s)", col_note_phrase(r->notes, i));
}

static enum sn_err
collateral_table(struct cer *c, struct view *v, struct sn_why *why)
{
	const struct col_row *rows = NULL, *first = col_store_first_to_lapse(c->col);
	size_t n = 0;

	SN_TRY(col_store_rows(c->col, &rows, &n, why));
	if (n == 0)
		view_say(v, "collateral.none", NULL);
	if (first != NULL)
		view_say(v, "collateral.first",
		    CAT_ARGS({ "label", first->label },
			{ "time", cer_time_text(first->good_until) }));
	if (c->skipped > 0)
		view_say(v, "collateral.skipped", CAT_ARGS({ "count", cer_num(c->skipped) }));
	/* refusals first: nobody should have to page for them */
	for (size_t k = 0; k < 2 * n; k++) {
		const struct col_row *r = &rows[k % n];

		if ((r->ok || r->carried) != (k >= n))
			continue;
		if (v->nlines + COLLATERAL_ROW_LINES >= VIEW_MAX_LINES) {
			view_say(v, "collateral.more", NULL);
			break;
		}
		collateral_row(r, v);
	}
	return SN_OK;
}

enum sn_err
step_collateral_show(struct cer *c, size_t i, struct view *v, struct sn_why *why)
{
	if (i == 1) {
		cer_view(v, VIEW_REMOVE, "pull", "collateral.head");
		cer_view_media(v, CER_LABEL_IN);
		return SN_OK;
	}
	cer_view(v, VIEW_WORD, "agree", "collateral.head");
	view_say(v, "collateral.body",
	    CAT_ARGS({ "accepted", cer_num(col_store_accepted(c->col)) },
		{ "refused", cer_num(col_store_refused(c->col) + c->skipped) },
		{ "time", cer_time_text(collateral_time(c)) }));
	return collateral_table(c, v, why);
}
