#include <stdio.h>
#include <string.h>

#include "appliance/base/json.h"
#include "firmware-cache/arm-cca/vendor.h"

/* How a document of each form begins. */
static const struct {
	uint8_t head[8];
	size_t n;
	const char *within; /* and has this in it; NULL: nothing more */
	const char *label;
} forms[] = {
	{ { 0xd9, 0x01, 0xf5 }, 3, NULL, "CoRIM, unsigned" },		/* tag 501 */
	{ { 0xd9, 0x01, 0xf4 }, 3, NULL, "CoRIM" },			/* tag 500 */
	{ { 0xd9, 0x01, 0xf6 }, 3, NULL, "CoRIM, signed" },		/* tag 502 */
	{ { 0xd2, 0x84 }, 2, "application/rim+cbor", "CoRIM, signed" }, /* COSE_Sign1 */
	{ { 0xd9, 0x01, 0xfa }, 3, NULL, "CoMID" },			/* tag 506 */
	{ { 0xa2, 0x01, 0xa1, 0x00 }, 4, NULL, "CoMID" }, /* {1: {0: tag-id}, 4: ...} */
	{ { 0xa3, 0x01, 0xa1, 0x00 }, 4, NULL, "CoMID" },
	{ { 0xa4, 0x01, 0xa1, 0x00 }, 4, NULL, "CoMID" },
	{ { 0xd9, 0x01, 0x8f, 0xa2, 0x19, 0xac, 0xca }, 7, NULL, "CCA token" }, /* 399, 44234 */
};

static const char *
cbor_form(struct bytes b)
{
	for (size_t i = 0; i < SN_NITEMS(forms); i++)
		if (b.n > forms[i].n && memcmp(b.p, forms[i].head, forms[i].n) == 0 &&
		    (forms[i].within == NULL ||
			bytes_find(b, bytes_str(forms[i].within)) != SIZE_MAX))
			return forms[i].label;
	return NULL;
}

/* ---- the stores of Trustee's verifier, told by their members */

static bool
all_have(yyjson_val *arr, const char *key)
{
	size_t i, n;
	yyjson_val *v;

	if (!yyjson_is_arr(arr) || yyjson_arr_size(arr) == 0)
		return false;
	yyjson_arr_foreach(arr, i, n, v) if (yyjson_obj_get(v, key) == NULL) return false;
	return true;
}

static const char *
json_form(yyjson_doc *doc)
{
	yyjson_val *root = yyjson_doc_get_root(doc);

	if (all_have(root, "pkey"))
		return "CCA trust anchors (tastore)";
	if (all_have(yyjson_obj_get(root, "platform"), "implementation-id"))
		return "CCA reference values (rvstore)";
	if (yyjson_is_obj(yyjson_obj_get(root, "cca-verifier")))
		return "CCA verifier configuration";
	return NULL;
}

/* Words without which it is none of them, so that other vendors' JSON is not parsed twice. */
static bool
looks_json(struct bytes b)
{
	return (b.p[0] == '{' || b.p[0] == '[') &&
	    (bytes_find(b, BYTES_STR("\"implementation-id\"")) != SIZE_MAX ||
		bytes_find(b, BYTES_STR("\"cca-verifier\"")) != SIZE_MAX);
}

static enum sn_err
read_any(struct bytes b, struct col_claim *c, bool *ret_mine, struct sn_why *why)
{
	SN_CLEANUP(sn_json_free) yyjson_doc *doc = NULL;
	const char *form = cbor_form(b);
	bool json = form == NULL && looks_json(b);

	if (form == NULL && !json)
		return SN_OK;
	*ret_mine = true;
	c->vendor = COL_VENDOR_ARM_CCA;
	c->kind = COL_KIND_ARM_CCA;
	c->carried = true;
	if (b.n > ARM_ITEM_MAX)
		return sn_fail(why, SN_E_LIMIT,
		    "%zu bytes of CoRIM or CCA store, at most %u "
		    "are taken",
		    b.n, ARM_ITEM_MAX);
	if (json) {
		SN_TRY(sn_json_parse(b, "CCA store", true, &doc, why));
		form = json_form(doc);
	} else {
		SN_TRY(arm_cbor_check(b, why));
	}
	if (form == NULL)
		return sn_fail(why, SN_E_FORMAT,
		    "neither trust anchors nor reference values of a CCA verifier");
	snprintf(c->label, sizeof(c->label), "%s", form);
	return SN_OK;
}

const struct col_vendor_ops arm_vendor = {
	.vendor = COL_VENDOR_ARM_CCA,
	.title = "Arm CCA",
	.read = read_any,
};
