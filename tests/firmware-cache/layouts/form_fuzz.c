#include <stdlib.h>
#include <string.h>

#include "appliance/base/json.h"
#include "firmware-cache/intel/headers.h"
#include "firmware-cache/layouts/form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Spaced and compact say what the text says, and are made from each other. */
static void
json(struct bytes text)
{
	SN_CLEANUP(sn_json_free) yyjson_doc *doc = NULL, *wide = NULL, *narrow = NULL;
	SN_CLEANUP(sn_buf_done) struct sn_buf spaced = { 0 }, compact = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf from_spaced = { 0 }, from_compact = { 0 };

	if (sn_json_parse(text, "text", false, &doc, NULL) != SN_OK)
		return;
	lay_json_spaced(&spaced, text);
	lay_json_compact(&compact, text);
	lay_json_compact(&from_spaced, sn_buf_bytes(&spaced));
	lay_json_spaced(&from_compact, sn_buf_bytes(&compact));
	if (!bytes_equal(sn_buf_bytes(&compact), sn_buf_bytes(&from_spaced)) ||
	    !bytes_equal(sn_buf_bytes(&spaced), sn_buf_bytes(&from_compact)) ||
	    sn_json_parse(sn_buf_bytes(&spaced), "spaced", false, &wide, NULL) != SN_OK ||
	    sn_json_parse(sn_buf_bytes(&compact), "compact", false, &narrow, NULL) != SN_OK ||
	    !yyjson_equals(yyjson_doc_get_root(doc), yyjson_doc_get_root(wide)) ||
	    !yyjson_equals(yyjson_doc_get_root(doc), yyjson_doc_get_root(narrow)))
		abort();
}

/* What is decoded is encoded as it was; and Intel's headers are decoded alike. */
static void
url(struct bytes text)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf said = { 0 }, again = { 0 }, other = { 0 };

	if (lay_url_decode(text, &said, NULL) != SN_OK)
		return;
	lay_url_encode(&again, sn_buf_bytes(&said));
	if (!bytes_equal(text, sn_buf_bytes(&again)))
		abort();
	if (said.n > 0 && memchr(said.p, '\0', said.n) == NULL &&
	    (intel_url_decode(text, &other, NULL) != SN_OK ||
		!bytes_equal(sn_buf_bytes(&said), sn_buf_bytes(&other))))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes text = { data, size };

	json(text);
	if (size > 0 && data[size - 1] == '\n')
		text.n--; /* seeds are files of text */
	url(text);
	return 0;
}
