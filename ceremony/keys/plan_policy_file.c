/* The policy as files of the bundle: made by the ceremony, and again by the keeper. */
#include "ceremony/keys/plan_policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appliance/base/json.h"
#include "appliance/base/text.h"
#include "ceremony/keys/plan.h"

struct made {
	yyjson_mut_doc *doc;
	bool failed; /* an allocation */
};

static void
made_done(struct made *m)
{
	sn_json_mut_free(&m->doc);
}

static void
put_text(struct made *m, yyjson_mut_val *o, const char *key, const char *s)
{
	m->failed |= !yyjson_mut_obj_add_strcpy(m->doc, o, key, s);
}

static void
put_uint(struct made *m, yyjson_mut_val *o, const char *key, uint64_t n)
{
	m->failed |= !yyjson_mut_obj_add_uint(m->doc, o, key, n);
}

static yyjson_mut_val *
put_val(struct made *m, yyjson_mut_val *o, const char *key, yyjson_mut_val *v)
{
	m->failed |= v == NULL || !yyjson_mut_obj_add_val(m->doc, o, key, v);
	return v;
}

static void
add_text(struct made *m, yyjson_mut_val *array, bool there, const char *s)
{
	if (there)
		m->failed |= !yyjson_mut_arr_add_str(m->doc, array, s);
}

static void
put_amd(struct made *m, yyjson_mut_val *tcb, const struct plan_policy *y)
{
	yyjson_mut_val *amd = NULL;

	for (unsigned int p = 0; p < PLAN_PRODUCTS; p++) {
		const struct plan_amd_tcb *t = &y->amd[p];
		yyjson_mut_val *o;

		if (!t->given)
			continue;
		if (amd == NULL)
			amd = put_val(m, tcb, "amd", yyjson_mut_obj(m->doc));
		o = put_val(m, amd, plan_product_name((enum plan_product)p),
		    yyjson_mut_obj(m->doc));
		put_uint(m, o, "boot_loader", t->boot_loader);
		put_uint(m, o, "tee", t->tee);
		put_uint(m, o, "snp", t->snp);
		put_uint(m, o, "microcode", t->microcode);
		if (p == PLAN_TURIN)
			put_uint(m, o, "fmc", t->fmc);
	}
}

static void
put_tcb(struct made *m, yyjson_mut_val *root, const struct plan_policy *y)
{
	yyjson_mut_val *tcb = put_val(m, root, "tcb", yyjson_mut_obj(m->doc)), *intel;
	char date[TEXT_TIME_LEN + 1];

	put_amd(m, tcb, y);
	if (!y->has_intel)
		return;
	intel = put_val(m, tcb, "intel", yyjson_mut_obj(m->doc));
	text_from_time(y->intel_date, date);
	put_uint(m, intel, "evaluation", y->intel_evaluation);
	put_text(m, intel, "date", date);
}

static void
put_policy(struct made *m, yyjson_mut_val *root, const struct plan *p)
{
	yyjson_mut_val *accept = put_val(m, root, "accept", yyjson_mut_arr(m->doc));
	yyjson_mut_val *profiles = put_val(m, root, "profiles", yyjson_mut_arr(m->doc));
	yyjson_mut_val *languages = put_val(m, root, "languages", yyjson_mut_arr(m->doc));
	const char *name;

	put_text(m, root, "format", "cornerstone-policy-1");
	add_text(m, accept, p->accept_pinned, "pinned");
	add_text(m, accept, p->accept_software, "software");
	add_text(m, accept, p->accept_vendor, "vendor");
	for (size_t i = 0; (name = plan_profile(p, i)) != NULL; i++)
		add_text(m, profiles, true, name);
	add_text(m, languages, true, "en");
	put_text(m, root, "freshness", plan_freshness_name(p->policy.freshness));
	put_tcb(m, root, &p->policy);
}

static void
put_node(struct made *m, yyjson_mut_val *root, const struct plan_node *n)
{
	put_text(m, root, "format", "cornerstone-node-1");
	put_text(m, root, "name", n->name);
	put_text(m, root, "hardware", plan_hardware_name(n->hardware));
	if (n->hardware == PLAN_AMD)
		put_text(m, root, "product", plan_product_name(n->product));
	if (n->id[0] != '\0')
		put_text(m, root, "id", n->id);
}

size_t
plan_policy_count(const struct plan *p)
{
	return p->policy.given ? p->policy.nnodes + 1 : 0;
}

/* The node with that many names before its own, in byte order. */
static const struct plan_node *
node_at(const struct plan_policy *y, size_t rank)
{
	for (size_t i = 0; i < y->nnodes; i++) {
		size_t before = 0;

		for (size_t k = 0; k < y->nnodes; k++)
			before += strcmp(y->node[k].name, y->node[i].name) < 0;
		if (before == rank)
			return &y->node[i];
	}
	return NULL;
}

enum sn_err
plan_policy_file(const struct plan *p, size_t i, char ret_path[PLAN_POLICY_PATH_MAX],
    struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(made_done) struct made m = { yyjson_mut_doc_new(NULL), false };
	yyjson_mut_val *root = yyjson_mut_obj(m.doc);
	const struct plan_node *node = node_at(&p->policy, i);

	if (root == NULL || i >= plan_policy_count(p))
		return sn_fail(why, SN_E_NOMEM, "policy");
	if (node != NULL)
		put_node(&m, root, node);
	else
		put_policy(&m, root, p);
	if (m.failed)
		return sn_fail(why, SN_E_NOMEM, "policy");
	SN_TRY(sn_json_canon(root, ret, why));
	sn_buf_str(ret, "\n");
	SN_TRY(sn_buf_check(ret, why));
	if (node != NULL)
		(void)snprintf(ret_path, PLAN_POLICY_PATH_MAX, PLAN_NODES_FOLDER "%s.json",
		    node->name);
	else
		(void)snprintf(ret_path, PLAN_POLICY_PATH_MAX, PLAN_POLICY_PATH);
	return SN_OK;
}
