#include <stdlib.h>

#include "firmware-cache/requests/requests.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever is accepted becomes a list that is read back and written to the same bytes. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SN_CLEANUP(req_list_done) struct req_list list = { 0 }, back = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf out = { 0 }, again = { 0 };
	struct req_wants w = {
		.list = &list, .channels = REQ_STANDARD | REQ_EARLY, .product = AMD_GENOA
	};
	struct sn_why why = { 0 };

	if (req_input(&w, (struct bytes){ data, size }, "input", &why) != SN_OK) {
		if (why.text[0] == '\0')
			abort();
		return 0;
	}
	if (req_common(&w, &why) != SN_OK || req_list_finish(&list, NULL, &why) != SN_OK) {
		if (why.err != SN_E_MISSING) /* headers may name nothing */
			abort();
		return 0;
	}
	if (req_list_write(&list, &out, NULL) != SN_OK ||
	    req_list_parse(sn_buf_bytes(&out), "list", &back, NULL) != SN_OK ||
	    req_list_write(&back, &again, NULL) != SN_OK ||
	    !bytes_equal(sn_buf_bytes(&out), sn_buf_bytes(&again)))
		abort();
	return 0;
}
