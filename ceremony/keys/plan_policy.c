#include "ceremony/keys/plan_parts.h"

#include <string.h>

#include "appliance/base/json.h"
#include "appliance/base/text.h"

static const struct plan_word hardware_names[] = { { "amd", PLAN_AMD },
	{ "intel", PLAN_INTEL } };
static const struct plan_word product_names[] = { { "Milan", PLAN_MILAN },
	{ "Genoa", PLAN_GENOA }, { "Turin", PLAN_TURIN } };
static const struct plan_word freshness_names[] = { { "refuse", PLAN_STALE_REFUSE },
	{ "exception", PLAN_STALE_EXCEPTION } };
static const struct plan_word profile_names[] = { { "trustee-0.21", PLAN_PROFILE_TRUSTEE } };

static const char *const policy_keys[] = { "freshness", "nodes", "tcb", "profiles", "languages",
	NULL };
static const char *const node_keys[] = { "name", "hardware", "product", "id", NULL };
static const char *const tcb_keys[] = { "amd", "intel", NULL };
static const char *const amd_keys[] = { "Milan", "Genoa", "Turin", NULL };
static const char *const svn_keys[] = { "boot_loader", "tee", "snp", "microcode", NULL };
static const char *const turin_keys[] = { "fmc", "boot_loader", "tee", "snp", "microcode",
	NULL };
static const char *const intel_keys[] = { "evaluation", "date", NULL };

/* ---- nodes */

/* Hex digits of an id: what the maker's certificates call the machine. */
static bool
id_length_ok(const struct plan_node *n, size_t digits)
{
	if (n->hardware == PLAN_INTEL)
		return digits == 32;				/* PPID */
	return digits == (n->product == PLAN_TURIN ? 16 : 128); /* CHIP_ID */
}

static enum sn_err
node_id(struct plan_node *n, yyjson_val *v, struct sn_why *why)
{
	uint8_t raw[PLAN_NODE_ID_MAX / 2];
	const char *s = NULL;

	if (yyjson_obj_get(v, "id") == NULL)
		return SN_OK;
	SN_TRY(sn_json_str(v, "id", PLAN_NODE_ID_MAX, &s, WHAT, why));
	if (!id_length_ok(n, strlen(s)))
		return sn_fail(why, SN_E_FORMAT,
		    WHAT ": nodes: the id of %s has %zu hex digits; docs/FORMAT-PLAN.md says "
			 "how many its hardware has",
		    n->name, strlen(s));
	SN_TRY(sn_hex_parse(s, raw, strlen(s) / 2, WHAT ": nodes: id", why));
	sn_hex((struct bytes){ raw, strlen(s) / 2 }, n->id);
	return SN_OK;
}

static enum sn_err
node_hardware(struct plan_node *n, yyjson_val *v, struct sn_why *why)
{
	unsigned int choice = 0;

	SN_TRY(plan_choice(v, "hardware", hardware_names, SN_NITEMS(hardware_names), &choice,
	    why));
	n->hardware = (enum plan_hardware)choice;
	if (n->hardware == PLAN_INTEL) {
		if (yyjson_obj_get(v, "product") != NULL)
			return sn_fail(why, SN_E_FORMAT,
			    WHAT ": nodes: %s is intel, which has no product here", n->name);
		return SN_OK;
	}
	SN_TRY(plan_choice(v, "product", product_names, SN_NITEMS(product_names), &choice,
	    why));
	n->product = (enum plan_product)choice;
	return SN_OK;
}

static enum sn_err
node_one(struct plan_policy *y, yyjson_val *v, struct sn_why *why)
{
	struct plan_node *n = &y->node[y->nnodes];

	if (!yyjson_is_obj(v))
		return sn_fail(why, SN_E_FORMAT, WHAT ": nodes: not an object");
	SN_TRY(sn_json_only(v, node_keys, WHAT, why));
	SN_TRY(plan_string(v, "name", n->name, PLAN_NODE_NAME_MAX, why));
	if (!text_name_ok(n->name))
		return sn_fail(why, SN_E_FORMAT,
		    WHAT ": nodes: \"%s\" is not a name ([a-z][a-z0-9-]*)", n->name);
	SN_TRY(node_hardware(n, v, why));
	SN_TRY(node_id(n, v, why));
	for (size_t i = 0; i < y->nnodes; i++)
		if (strcmp(y->node[i].name, n->name) == 0 ||
		    (n->id[0] != '\0' && strcmp(y->node[i].id, n->id) == 0))
			return sn_fail(why, SN_E_POLICY,
			    WHAT ": nodes: %s is there twice, by its name or its id", n->name);
	y->nnodes++;
	return SN_OK;
}

static enum sn_err
policy_nodes(struct plan_policy *y, yyjson_val *root, struct sn_why *why)
{
	yyjson_val *arr = NULL, *v;
	size_t i, n;

	if (yyjson_obj_get(root, "nodes") == NULL)
		return SN_OK;
	SN_TRY(sn_json_arr(root, "nodes", 0, PLAN_MAX_NODES, &arr, WHAT, why));
	yyjson_arr_foreach(arr, i, n, v)
	{
		SN_TRY(node_one(y, v, why));
	}
	return SN_OK;
}

/* ---- the least firmware */

static enum sn_err
tcb_svn(yyjson_val *o, const char *key, uint8_t *ret, struct sn_why *why)
{
	uint32_t n = 0;

	SN_TRY(sn_json_u32(o, key, 0, 255, &n, WHAT, why));
	*ret = (uint8_t)n;
	return SN_OK;
}

static enum sn_err
tcb_amd(struct plan_policy *y, yyjson_val *amd, enum plan_product p, struct sn_why *why)
{
	struct plan_amd_tcb *t = &y->amd[p];
	yyjson_val *o = NULL;

	if (yyjson_obj_get(amd, product_names[p].name) == NULL)
		return SN_OK;
	SN_TRY(sn_json_obj(amd, product_names[p].name, &o, WHAT, why));
	SN_TRY(sn_json_only(o, p == PLAN_TURIN ? turin_keys : svn_keys, WHAT, why));
	SN_TRY(tcb_svn(o, "boot_loader", &t->boot_loader, why));
	SN_TRY(tcb_svn(o, "tee", &t->tee, why));
	SN_TRY(tcb_svn(o, "snp", &t->snp, why));
	SN_TRY(tcb_svn(o, "microcode", &t->microcode, why));
	if (p == PLAN_TURIN)
		SN_TRY(tcb_svn(o, "fmc", &t->fmc, why));
	t->given = true;
	return SN_OK;
}

static enum sn_err
policy_tcb(struct plan_policy *y, yyjson_val *root, struct sn_why *why)
{
	yyjson_val *o = NULL, *amd = NULL, *intel = NULL;

	if (yyjson_obj_get(root, "tcb") == NULL)
		return SN_OK;
	SN_TRY(sn_json_obj(root, "tcb", &o, WHAT, why));
	SN_TRY(sn_json_only(o, tcb_keys, WHAT, why));
	if (yyjson_obj_get(o, "amd") != NULL) {
		SN_TRY(sn_json_obj(o, "amd", &amd, WHAT, why));
		SN_TRY(sn_json_only(amd, amd_keys, WHAT, why));
		for (unsigned int p = 0; p < PLAN_PRODUCTS; p++)
			SN_TRY(tcb_amd(y, amd, (enum plan_product)p, why));
	}
	if (yyjson_obj_get(o, "intel") == NULL)
		return SN_OK;
	SN_TRY(sn_json_obj(o, "intel", &intel, WHAT, why));
	SN_TRY(sn_json_only(intel, intel_keys, WHAT, why));
	SN_TRY(sn_json_u32(intel, "evaluation", 1, UINT32_MAX, &y->intel_evaluation, WHAT,
	    why));
	SN_TRY(sn_json_time(intel, "date", &y->intel_date, WHAT, why));
	y->has_intel = true;
	return SN_OK;
}

/* ---- layouts, languages, freshness */

static enum sn_err
policy_profiles(struct plan_policy *y, yyjson_val *root, struct sn_why *why)
{
	yyjson_val *arr = NULL, *v;
	size_t i, n;

	y->profiles = PLAN_PROFILES_ALL;
	if (yyjson_obj_get(root, "profiles") == NULL)
		return SN_OK;
	SN_TRY(sn_json_arr(root, "profiles", 0, SN_NITEMS(profile_names), &arr, WHAT, why));
	y->profiles = 0;
	yyjson_arr_foreach(arr, i, n, v)
	{
		unsigned int bit = 0;

		for (size_t k = 0; k < SN_NITEMS(profile_names); k++)
			if (yyjson_equals_str(v, profile_names[k].name))
				bit = profile_names[k].bit;
		if (bit == 0 || (y->profiles & bit) != 0)
			return sn_fail(why, SN_E_FORMAT,
			    WHAT ": profiles: a layout that is unknown or there twice");
		y->profiles |= bit;
	}
	return SN_OK;
}

static enum sn_err
policy_languages(yyjson_val *root, struct sn_why *why)
{
	yyjson_val *arr = NULL;

	if (yyjson_obj_get(root, "languages") == NULL)
		return SN_OK;
	SN_TRY(sn_json_arr(root, "languages", 1, 8, &arr, WHAT, why));
	if (yyjson_arr_size(arr) != 1 || !yyjson_equals_str(yyjson_arr_get_first(arr), "en"))
		return sn_fail(why, SN_E_POLICY,
		    WHAT ": languages: this program speaks English; write [\"en\"]");
	return SN_OK;
}

static enum sn_err
policy_freshness(struct plan *p, yyjson_val *root, struct sn_why *why)
{
	unsigned int choice = p->has_exception ? PLAN_STALE_EXCEPTION : PLAN_STALE_REFUSE;

	if (yyjson_obj_get(root, "freshness") != NULL)
		SN_TRY(plan_choice(root, "freshness", freshness_names,
		    SN_NITEMS(freshness_names), &choice, why));
	p->policy.freshness = (enum plan_freshness)choice;
	if (p->has_exception && choice == PLAN_STALE_REFUSE)
		return sn_fail(why, SN_E_POLICY,
		    WHAT ": freshness is refuse, but exceptions takes expired collateral; "
			 "leave one of them out");
	if (!p->has_exception && choice == PLAN_STALE_EXCEPTION)
		return sn_fail(why, SN_E_POLICY,
		    WHAT ": freshness is exception, but exceptions names none with its reason");
	return SN_OK;
}

enum sn_err
plan_policy(struct plan *p, yyjson_val *root, struct sn_why *why)
{
	for (size_t i = 0; policy_keys[i] != NULL; i++)
		p->policy.given |= yyjson_obj_get(root, policy_keys[i]) != NULL;
	SN_TRY(policy_freshness(p, root, why));
	SN_TRY(policy_nodes(&p->policy, root, why));
	SN_TRY(policy_tcb(&p->policy, root, why));
	SN_TRY(policy_profiles(&p->policy, root, why));
	return policy_languages(root, why);
}

/* ---- names */

const char *
plan_hardware_name(enum plan_hardware h)
{
	return hardware_names[h].name;
}

const char *
plan_product_name(enum plan_product p)
{
	return product_names[p].name;
}

const char *
plan_freshness_name(enum plan_freshness f)
{
	return freshness_names[f].name;
}

const char *
plan_profile(const struct plan *p, size_t i)
{
	for (size_t k = 0; k < SN_NITEMS(profile_names); k++)
		if ((p->policy.profiles & profile_names[k].bit) != 0 && i-- == 0)
			return profile_names[k].name;
	return NULL;
}

bool
plan_wants(const struct plan *p, const char *profile)
{
	const char *name;

	for (size_t i = 0; (name = plan_profile(p, i)) != NULL; i++)
		if (strcmp(name, profile) == 0)
			return true;
	return false;
}
