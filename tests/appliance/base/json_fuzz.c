#include <stdlib.h>

#include "appliance/base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever is read can be written, and what is written is read back as canonical. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SN_CLEANUP(sn_json_free) yyjson_doc *doc = NULL;
	SN_CLEANUP(sn_json_mut_free) yyjson_mut_doc *mut = NULL;
	SN_CLEANUP(sn_buf_done) struct sn_buf out = { 0 };
	struct bytes text = { data, size };

	if (sn_json_parse(text, "in", true, &doc, NULL) != SN_OK) {
		if (sn_json_is_canon(text, "in", NULL) == SN_OK)
			abort();
		return 0;
	}
	mut = yyjson_doc_mut_copy(doc, NULL);
	if (mut == NULL)
		abort();
	if (sn_json_canon(yyjson_mut_doc_get_root(mut), &out, NULL) != SN_OK)
		return 0;
	if (sn_json_is_canon(sn_buf_bytes(&out), "out", NULL) != SN_OK)
		abort();
	return 0;
}
