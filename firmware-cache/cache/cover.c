#include "firmware-cache/cache/cover.h"

#include <stdio.h>
#include <string.h>

#include "appliance/base/text.h"

#define FMSPC_TEXT (2 * INTEL_FMSPC_LEN + 1)

static const char *const states[COVER_STATES] = {
	[COVER_NOT_NEEDED] = "not-needed",
	[COVER_OK] = "ok",
	[COVER_SOON] = "soon",
	[COVER_LAPSED] = "lapsed",
	[COVER_REFUSED] = "refused",
	[COVER_MISSING] = "missing",
};

static const char *const items[COVER_ITEMS] = {
	[COVER_AMD_CHAIN] = "amd-chain",
	[COVER_AMD_CRL] = "amd-crl",
	[COVER_AMD_VCEK] = "vcek",
	[COVER_INTEL_ROOT_CRL] = "root-crl",
	[COVER_INTEL_PCK_CRL] = "pck-crl",
	[COVER_INTEL_PCK] = "pck",
	[COVER_INTEL_TCB_SGX] = "tcb-sgx",
	[COVER_INTEL_TCB_TDX] = "tcb-tdx",
	[COVER_INTEL_QE] = "qe",
	[COVER_INTEL_TD_QE] = "td-qe",
};

/* For people, as long as it is not known of which platform. */
static const char *const titles[COVER_ITEMS] = {
	[COVER_INTEL_PCK_CRL] = "Intel PCK CA CRL",
	[COVER_INTEL_TCB_SGX] = "TCB info SGX",
	[COVER_INTEL_TCB_TDX] = "TCB info TDX",
	[COVER_INTEL_QE] = "QE identity",
	[COVER_INTEL_TD_QE] = "TD QE identity",
};

const char *
cover_state_name(enum cover_state s)
{
	return states[s];
}

const char *
cover_item_name(enum cover_item i)
{
	return items[i];
}

bool
cover_is_good(enum cover_state s)
{
	return s == COVER_NOT_NEEDED || s == COVER_OK || s == COVER_SOON;
}

int64_t
cover_days(int64_t at, int64_t t)
{
	return t > at ? (t - at) / COVER_DAY : 0;
}

static bool
counts(const struct cache_item *it)
{
	return it->ok && (it->notes & COL_NOTE_SUPERSEDED) == 0;
}

/* ---- looking for one thing */

/* What it must be; what is zero or NULL may be anything. */
struct want {
	enum col_kind kind, or_kind;
	const char *label;	      /* exactly */
	const char *part;	      /* of the label */
	const struct cache_node *who; /* whose product; and, with mine, whose id */
	bool mine;
	const struct amd_tcb *least;
	uint32_t evaluation;
};

static bool
fits(const struct want *w, const struct cache_item *it)
{
	const struct cache_facts *f = &it->facts;

	if (it->kind != w->kind && (w->or_kind == COL_KIND_UNKNOWN || it->kind != w->or_kind))
		return false;
	if (w->label != NULL && strcmp(it->label, w->label) != 0)
		return false;
	if (w->part != NULL && strstr(it->label, w->part) == NULL)
		return false;
	if (w->who != NULL && w->who->product != f->product)
		return false;
	return !w->mine ||
	    (f->id_len == w->who->id_len && memcmp(f->id, w->who->id, f->id_len) == 0);
}

/* Of the right thing, but too low for the plan? */
static bool
too_low(const struct want *w, const struct cache_item *it)
{
	const struct amd_tcb *a = &it->facts.tcb, *b = w->least;

	if (it->number < w->evaluation)
		return true;
	return b != NULL &&
	    (a->bl < b->bl || a->tee < b->tee || a->snp < b->snp || a->ucode < b->ucode ||
		(b->has_fmc && a->fmc < b->fmc));
}

/* The better of two that fit: good ones first, then the longer-lived or later one. */
static bool
better(const struct want *w, const struct cache_item *a, const struct cache_item *b)
{
	bool good_a, good_b;

	if (b == NULL)
		return true;
	good_a = counts(a) && !too_low(w, a);
	good_b = counts(b) && !too_low(w, b);
	if (good_a != good_b)
		return good_a;
	if (a->ok != b->ok)
		return a->ok;
	if (a->ok)
		return a->good_until > b->good_until;
	if ((a->err == SN_E_EXPIRED) != (b->err == SN_E_EXPIRED))
		return a->err == SN_E_EXPIRED;
	return a->issued > b->issued;
}

static void
look(const struct cache_view *v, const struct want *w, struct cover_cell *c)
{
	const struct cache_item *it = NULL;

	for (size_t i = 0; i < v->n; i++)
		if (fits(w, &v->v[i]) && better(w, &v->v[i], it))
			it = &v->v[i];
	c->item = it;
	if (it == NULL) {
		c->state = COVER_MISSING;
		snprintf(c->reason, sizeof(c->reason), "not here");
	} else if (!it->ok) {
		c->state = it->err == SN_E_EXPIRED ? COVER_LAPSED : COVER_REFUSED;
		snprintf(c->reason, sizeof(c->reason), "%.*s", COVER_REASON_MAX - 1,
		    it->reason != NULL ? it->reason : "");
	} else if (too_low(w, it)) {
		c->state = COVER_MISSING;
		snprintf(c->reason, sizeof(c->reason),
		    "only below the least that the plan accepts: %s", it->label);
	} else {
		c->good_until = it->good_until;
		c->state = it->good_until - v->at <= (int64_t)COVER_SOON_DAYS * COVER_DAY
		    ? COVER_SOON
		    : COVER_OK;
	}
}

static void
unknown(struct cover_cell *c, const char *reason)
{
	c->state = COVER_MISSING;
	snprintf(c->reason, sizeof(c->reason), "%s", reason);
}

/* ---- an AMD node */

static void
cover_amd(const struct cache_view *v, const struct cache_plan *plan, struct cover_row *r)
{
	const struct cache_node *n = r->node;
	const char *product = amd_product_name(n->product);
	struct cover_cell *chain = &r->cell[COVER_AMD_CHAIN], *crl = &r->cell[COVER_AMD_CRL],
			  *vcek = &r->cell[COVER_AMD_VCEK];
	const struct want wants[] = {
		{ .kind = COL_KIND_AMD_CHAIN, .part = "ASK", .who = n },
		{ .kind = COL_KIND_AMD_CRL, .who = n },
		{ .kind = COL_KIND_AMD_VCEK,
		    .who = n,
		    .mine = true,
		    .least = plan->has_least[n->product] ? &plan->least[n->product] : NULL },
	};
	char hwid[2 * AMD_HWID_MAX + 1];

	snprintf(chain->wanted, sizeof(chain->wanted), "AMD %s ASK, ARK", product);
	snprintf(crl->wanted, sizeof(crl->wanted), "AMD %s CRL", product);
	look(v, &wants[0], chain);
	look(v, &wants[1], crl);
	if (n->id_len == 0) {
		snprintf(vcek->wanted, sizeof(vcek->wanted), "AMD %s VCEK", product);
		unknown(vcek, "the plan does not say this node's chip id");
		return;
	}
	sn_hex((struct bytes){ n->id, n->id_len }, hwid);
	snprintf(vcek->wanted, sizeof(vcek->wanted), "AMD %s VCEK %.8s", product, hwid);
	look(v, &wants[2], vcek);
}

/* ---- an Intel node */

/* Was there ever anything of that name? */
static bool
known(const struct cache_view *v, const struct cache_fresh *fresh, const char *label)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->v[i].kind == COL_KIND_INTEL_TCB_INFO &&
		    strcmp(v->v[i].label, label) == 0)
			return true;
	for (size_t i = 0; i < fresh->n; i++)
		if (strcmp(fresh->v[i].subject, label) == 0)
			return true;
	return false;
}

static void
look_label(const struct cache_view *v, enum col_kind kind, const char *label,
    uint32_t evaluation, struct cover_cell *c)
{
	const struct want w = { .kind = kind, .label = label, .evaluation = evaluation };

	snprintf(c->wanted, sizeof(c->wanted), "%.*s", COL_LABEL_MAX - 1, label);
	look(v, &w, c);
}

/*
 * SGX or TDX: what the platform's TCB infos are there for. What was here once stays needed;
 * a platform without either needs both, since nothing says which.
 */
static void
cover_tcb(const struct cache_view *v, const struct cache_fresh *fresh, uint32_t evaluation,
    const struct cache_facts *platform, struct cover_row *r)
{
	static const struct {
		const char *tee, *identity;
		enum cover_item tcb, qe;
	} tees[] = { { "SGX", "QE identity", COVER_INTEL_TCB_SGX, COVER_INTEL_QE },
		{ "TDX", "TD QE identity", COVER_INTEL_TCB_TDX, COVER_INTEL_TD_QE } };
	char label[SN_NITEMS(tees)][COL_LABEL_MAX], fmspc[FMSPC_TEXT], pce[INTEL_PCE_TEXT];
	bool need[SN_NITEMS(tees)], any = false;

	sn_hex(BYTES_OF(platform->fmspc), fmspc);
	intel_pce_text(platform->pce_id, pce);
	for (char *s = fmspc; *s != '\0'; s++)
		if (*s >= 'a')
			*s = (char)(*s - 'a' + 'A');
	for (size_t i = 0; i < SN_NITEMS(tees); i++) {
		snprintf(label[i], sizeof(label[i]), "TCB info %s %s%s", tees[i].tee, fmspc,
		    pce);
		need[i] = known(v, fresh, label[i]);
		any = any || need[i];
	}
	for (size_t i = 0; i < SN_NITEMS(tees); i++) {
		if (any && !need[i])
			continue;
		look_label(v, COL_KIND_INTEL_TCB_INFO, label[i], evaluation,
		    &r->cell[tees[i].tcb]);
		look_label(v, COL_KIND_INTEL_IDENTITY, tees[i].identity, evaluation,
		    &r->cell[tees[i].qe]);
	}
}

static void
cover_intel(const struct cache_view *v, const struct cache_fresh *fresh,
    const struct cache_plan *plan, struct cover_row *r)
{
	static const char no_platform[] =
	    "the FMSPC is not known: no PCK certificate of this platform is here";
	const struct want pck = { .kind = COL_KIND_INTEL_PCK,
		.or_kind = COL_KIND_INTEL_PCK_SET,
		.who = r->node,
		.mine = true };
	struct cover_cell *c = &r->cell[COVER_INTEL_PCK];
	char ppid[2 * AMD_HWID_MAX + 1];

	look_label(v, COL_KIND_INTEL_ROOT_CRL, "Intel root CA CRL", 0,
	    &r->cell[COVER_INTEL_ROOT_CRL]);
	if (r->node->id_len == 0) {
		snprintf(c->wanted, sizeof(c->wanted), "PCK certificate");
		unknown(c, "the plan does not say this node's PPID");
	} else {
		sn_hex((struct bytes){ r->node->id, r->node->id_len }, ppid);
		snprintf(c->wanted, sizeof(c->wanted), "PCK certificate %.8s", ppid);
		look(v, &pck, c);
	}
	if (c->item == NULL || !c->item->facts.has_fmspc) {
		for (enum cover_item i = COVER_INTEL_PCK_CRL; i < COVER_ITEMS; i++) {
			if (i == COVER_INTEL_PCK)
				continue;
			snprintf(r->cell[i].wanted, sizeof(r->cell[i].wanted), "%s", titles[i]);
			unknown(&r->cell[i], no_platform);
		}
		return;
	}
	look_label(v, COL_KIND_INTEL_PCK_CRL,
	    c->item->facts.ca == INTEL_ROLE_PLATFORM_CA ? "Intel PCK Platform CA CRL"
							: "Intel PCK Processor CA CRL",
	    0, &r->cell[COVER_INTEL_PCK_CRL]);
	cover_tcb(v, fresh, plan->evaluation, &c->item->facts, r);
}

/* ---- all */

static void
sum_up(struct cover *k, const struct cover_row *r, const struct cover_cell *c)
{
	if (c->state > k->worst)
		k->worst = c->state;
	if (!cover_is_good(c->state))
		k->wanting++;
	else if (c->state != COVER_NOT_NEEDED &&
	    (k->first == NULL || c->good_until < k->first->good_until)) {
		k->first = c;
		k->first_row = r;
	}
}

void
cache_cover(const struct cache_view *v, const struct cache_fresh *fresh,
    const struct cache_plan *plan, struct cover *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->n = plan->n;
	for (size_t i = 0; i < plan->n; i++) {
		struct cover_row *r = &ret->row[i];

		r->node = &plan->node[i];
		if (r->node->product != AMD_PRODUCT_COUNT)
			cover_amd(v, plan, r);
		else
			cover_intel(v, fresh, plan, r);
		for (enum cover_item k = COVER_AMD_CHAIN; k < COVER_ITEMS; k++)
			sum_up(ret, r, &r->cell[k]);
	}
}
