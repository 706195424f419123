/* What the plan accepts, the machines it names, the layouts it wants. */
#include <string.h>

#include "appliance/base/text.h"
#include "appliance/crypto/digest.h"
#include "ceremony/core/cer.h"

#define ID_SHOWN 16 /* digits of a node's id that fit beside its name */

static void
policy_list(struct sn_buf *b, bool there, const char *name)
{
	if (there)
		sn_buf_fmt(b, "%s%s", b->n > 0 ? ", " : "", name);
}

static void
policy_accept(const struct plan *p, struct view *v)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf classes = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf layouts = { 0 };
	const char *name;

	policy_list(&classes, p->accept_pinned, "pinned");
	policy_list(&classes, p->accept_software, "software");
	policy_list(&classes, p->accept_vendor, "vendor");
	for (size_t i = 0; (name = plan_profile(p, i)) != NULL; i++)
		policy_list(&layouts, true, name);
	policy_list(&layouts, layouts.n == 0, "none");
	view_say(v, "plan.policy",
	    CAT_ARGS({ "classes", sn_buf_cstr(&classes) },
		{ "layouts", sn_buf_cstr(&layouts) }));
	view_say(v,
	    p->policy.freshness == PLAN_STALE_REFUSE ? "plan.stale-refuse"
						     : "plan.stale-exception",
	    NULL);
}

static void
policy_tcb(const struct plan_policy *y, struct view *v)
{
	size_t given = y->has_intel;

	for (size_t i = 0; i < PLAN_PRODUCTS; i++)
		given += y->amd[i].given;
	view_blank(v);
	view_say(v, given > 0 ? "plan.tcb" : "plan.no-tcb", NULL);
	for (unsigned int i = 0; i < PLAN_PRODUCTS; i++) {
		const struct plan_amd_tcb *t = &y->amd[i];

		if (t->given)
			view_say(v, i == PLAN_TURIN ? "plan.tcb-turin" : "plan.tcb-amd",
			    CAT_ARGS({ "product", plan_product_name((enum plan_product)i) },
				{ "boot", cer_num(t->boot_loader) }, { "tee", cer_num(t->tee) },
				{ "snp", cer_num(t->snp) },
				{ "microcode", cer_num(t->microcode) },
				{ "fmc", cer_num(t->fmc) }));
	}
	if (y->has_intel)
		view_say(v, "plan.tcb-intel",
		    CAT_ARGS({ "number", cer_num(y->intel_evaluation) },
			{ "date", cer_time_text(y->intel_date) }));
}

static void
policy_nodes(const struct plan_policy *y, struct view *v)
{
	view_blank(v);
	view_say(v, y->nnodes > 0 ? "plan.nodes" : "plan.no-nodes",
	    CAT_ARGS({ "count", cer_num(y->nnodes) }));
	for (size_t i = 0; i < y->nnodes; i++) {
		const struct plan_node *n = &y->node[i];
		const char *product =
		    n->hardware == PLAN_AMD ? plan_product_name(n->product) : "";

		view_line(v, "  %-16s %-5s %-6s %.*s%s", n->name,
		    plan_hardware_name(n->hardware), product, ID_SHOWN, n->id,
		    strlen(n->id) > ID_SHOWN ? "..." : "");
	}
}

void
cer_policy_show(const struct plan *p, struct view *v)
{
	cer_view(v, VIEW_WORD, "policy", "plan.policy-head");
	policy_accept(p, v);
	policy_tcb(&p->policy, v);
	policy_nodes(&p->policy, v);
}

enum sn_err
cer_policy_take(struct cer *c, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf file = { 0 };
	char path[PLAN_POLICY_PATH_MAX], hex[2 * CRY_SHA256_LEN + 1];
	uint8_t digest[CRY_SHA256_LEN];

	/* the last of them is policy.json */
	SN_TRY(plan_policy_file(c->plan, plan_policy_count(c->plan) - 1, path, &file, why));
	SN_TRY(cry_digest(CRY_SHA256, sn_buf_bytes(&file), digest, why));
	sn_hex(BYTES_OF(digest), hex);
	return CER_RECORD(c, "policy.agreed", why, TR_ARG_STR("policy", hex),
	    TR_ARG_INT("nodes", c->plan->policy.nnodes));
}

enum sn_err
cer_policy_files(struct cer *c, struct sn_why *why)
{
	for (size_t i = 0; i < plan_policy_count(c->plan); i++) {
		SN_CLEANUP(sn_buf_done) struct sn_buf file = { 0 };
		char path[PLAN_POLICY_PATH_MAX];

		SN_TRY(plan_policy_file(c->plan, i, path, &file, why));
		SN_TRY(bun_add(c->bun, path, sn_buf_bytes(&file), why));
	}
	return SN_OK;
}
