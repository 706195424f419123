#include <stdlib.h>

#include "appliance/base/json.h"
#include "firmware-cache/intel/intel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is cut out lies inside, is one JSON object by itself, and is the tree's member. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SN_CLEANUP(sn_json_free) yyjson_doc *whole = NULL, *body = NULL;
	struct intel_slice s = { 0 };
	struct intel_claim c = { 0 };
	const char *key;

	if (intel_slice((struct bytes){ data, size }, &s, NULL) != SN_OK)
		return 0;
	if (s.body.p <= data || s.body.p + s.body.n >= data + size || s.body.p[0] != '{')
		abort();
	if (sn_json_parse((struct bytes){ data, size }, "whole", false, &whole, NULL) !=
		SN_OK ||
	    sn_json_parse(s.body, "body", false, &body, NULL) != SN_OK)
		abort();
	key = intel_json_key(s.kind);
	if (!yyjson_equals(yyjson_obj_get(yyjson_doc_get_root(whole), key),
		yyjson_doc_get_root(body)))
		abort();
	if (intel_body_parse(&s, &c, NULL) == SN_OK && c.next_update <= c.issued)
		abort();
	return 0;
}
