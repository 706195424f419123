#include "firmware-cache/cache/nodes.h"

#include <stdio.h>
#include <string.h>

#include "appliance/base/json.h"
#include "appliance/base/text.h"
#include "firmware-cache/requests/requests.h"

#define WHERE_MAX 160
#define WORD_MAX 32
#define PPID_LEN 16
#define HWID_LEN_TURIN 8

static enum sn_err
read_least(yyjson_val *root, const char *what, struct cache_plan *p, struct sn_why *why)
{
	yyjson_val *intel = yyjson_obj_get(yyjson_obj_get(root, "tcb"), "intel");
	struct req_least least = { 0 };

	SN_TRY(req_plan_least(root, what, &least, why));
	memcpy(p->has_least, least.has, sizeof(p->has_least));
	memcpy(p->least, least.tcb, sizeof(p->least));
	if (yyjson_obj_get(intel, "evaluation") == NULL)
		return SN_OK;
	return sn_json_u32(intel, "evaluation", 0, UINT32_MAX, &p->evaluation, what, why);
}

static enum sn_err
read_node(yyjson_val *o, const char *where, struct cache_node *ret, struct sn_why *why)
{
	const char *name = NULL, *hardware = NULL, *product = NULL;

	SN_TRY(sn_json_str(o, "name", CACHE_NODE_NAME_MAX, &name, where, why));
	if (!text_name_ok(name))
		return sn_fail(why, SN_E_FORMAT, "%s: \"%s\" is not a node's name", where,
		    name);
	memcpy(ret->name, name, strlen(name) + 1);
	ret->product = AMD_PRODUCT_COUNT;
	ret->id_len = PPID_LEN;
	SN_TRY(sn_json_str(o, "hardware", WORD_MAX, &hardware, where, why));
	if (strcmp(hardware, "amd") == 0) {
		SN_TRY(sn_json_str(o, "product", WORD_MAX, &product, where, why));
		ret->product = amd_product_from_name(bytes_str(product));
		if (ret->product == AMD_PRODUCT_COUNT)
			return sn_fail(why, SN_E_FORMAT, "%s: product \"%s\" is not known",
			    where, product);
		ret->id_len = ret->product == AMD_TURIN ? HWID_LEN_TURIN : AMD_HWID_MAX;
	} else if (strcmp(hardware, "intel") != 0) {
		return sn_fail(why, SN_E_FORMAT, "%s: hardware \"%s\" is not known", where,
		    hardware);
	}
	if (yyjson_obj_get(o, "id") != NULL)
		return sn_json_hex(o, "id", ret->id, ret->id_len, where, why);
	ret->id_len = 0;
	return SN_OK;
}

enum sn_err
cache_plan_read(struct bytes text, const char *what, struct cache_plan *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_json_free) yyjson_doc *doc = NULL;
	struct cache_plan p = { 0 };
	yyjson_val *root, *nodes = NULL, *o;
	char where[WHERE_MAX];
	size_t i, n;

	SN_TRY(sn_json_parse(text, what, false, &doc, why));
	root = yyjson_doc_get_root(doc);
	if (!yyjson_is_obj(root))
		return sn_fail(why, SN_E_FORMAT, "%s: not a plan", what);
	SN_TRY(read_least(root, what, &p, why));
	if (yyjson_obj_get(root, "nodes") == NULL) {
		*ret = p;
		return SN_OK;
	}
	SN_TRY(sn_json_arr(root, "nodes", 0, CACHE_NODES_MAX, &nodes, what, why));
	yyjson_arr_foreach(nodes, i, n, o)
	{
		snprintf(where, sizeof(where), "%.100s node %zu", what, i + 1);
		SN_TRY(read_node(o, where, &p.node[p.n++], why));
	}
	*ret = p;
	return SN_OK;
}
