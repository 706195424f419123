#include <stdlib.h>

#include "appliance/base/json.h"
#include "firmware-cache/layouts/roundtrip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What Trustee writes it takes, and writes as it was; and only that survives. */
static void
body(enum intel_json kind, struct bytes text)
{
	SN_CLEANUP(sn_json_free) yyjson_doc *doc = NULL, *again = NULL;
	SN_CLEANUP(sn_buf_done) struct sn_buf once = { 0 }, twice = { 0 };
	struct intel_slice s = { .kind = kind, .body = text };
	enum sn_err survives = lay_trustee_survives(&s, NULL);

	if (sn_json_parse(text, "body", false, &doc, NULL) != SN_OK ||
	    lay_trustee_again(kind, yyjson_doc_get_root(doc), &once, NULL) != SN_OK) {
		if (survives == SN_OK || survives == SN_E_SIGNATURE)
			abort();
		return;
	}
	if (bytes_equal(sn_buf_bytes(&once), text) != (survives == SN_OK))
		abort();
	s.body = sn_buf_bytes(&once);
	if (sn_json_parse(s.body, "again", false, &again, NULL) != SN_OK ||
	    lay_trustee_again(kind, yyjson_doc_get_root(again), &twice, NULL) != SN_OK ||
	    !bytes_equal(s.body, sn_buf_bytes(&twice)) ||
	    lay_trustee_survives(&s, NULL) != SN_OK)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct intel_slice s = { 0 };

	body(INTEL_JSON_TCB_INFO, (struct bytes){ data, size });
	body(INTEL_JSON_IDENTITY, (struct bytes){ data, size });
	if (intel_slice((struct bytes){ data, size }, &s, NULL) == SN_OK &&
	    s.kind != INTEL_JSON_EVALUATION)
		body(s.kind, s.body);
	return 0;
}
